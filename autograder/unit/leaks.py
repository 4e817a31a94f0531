"""Does a release give away what it must not? Answered on syntax trees, not on text alone.

A *leak* is, anywhere in the release,

- two consecutive statements of the reference, or one of 30 characters or more,
- the same of a hidden check,
- a path of the machine on which the release was built.

Statements are compared in the one form that ``ast.unparse`` gives them, so that layout,
comments and quotes do not hide one. A compound statement counts with its header
(``for i in range(H):``); imports, signatures, docstrings and definitions that the unit
gives away are no secret. Text (Markdown, docstrings, data files) is searched with all
white space removed.

What a unit shows on purpose is listed in its master notebook, with the reason.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from ..base.errors import ConfigError

LONG = 30  # characters from which one statement alone is a leak
_SILENT = (ast.Import, ast.ImportFrom, ast.Pass, ast.Break, ast.Continue, ast.FunctionDef, ast.ClassDef)
_PATH = re.compile(
    r"(?<![\w.:/~-])/(?:home|Users|root|mnt|media|private|tmp|var|opt|srv|workspace|work)/[\w.+-]+|\b[A-Z]:\\\w+"
)


@dataclass(frozen=True)
class Text:
    """One released text: a cell or a file. ``python`` where it can be parsed as such."""

    where: str
    content: str
    python: bool
    excused: bool = False  # the unit says why this text may show reference code


@dataclass(frozen=True)
class LeakLine:
    """One secret statement in its normal form, and where it stands."""

    code: str
    where: str


@dataclass(frozen=True)
class Leak:
    """What was found, where in the release, and where it comes from."""

    where: str
    code: str
    origin: str

    def __str__(self) -> str:
        """``place: shows 'code' of origin``."""
        return f"{self.where}: shows {self.code!r} of {self.origin}"


@dataclass(frozen=True)
class Secrets:
    """What must not be released, as runs of consecutive statements."""

    runs: tuple[tuple[LeakLine, ...], ...] = ()
    open: frozenset[str] = field(default_factory=frozenset)  # statements that are no secret

    def singles(self) -> Iterator[LeakLine]:
        """Each statement that is a leak by itself."""
        for run in self.runs:
            yield from (item for item in run if len(item.code) >= LONG and item.code not in self.open)

    def pairs(self) -> Iterator[tuple[LeakLine, LeakLine]]:
        """Each two consecutive statements, neither of which is open."""
        for run in self.runs:
            for first, second in pairwise(run):
                if first.code not in self.open and second.code not in self.open:
                    yield first, second


def secrets_of(
    sources: Iterable[tuple[str, ast.Module]], given: Iterable[ast.stmt] = (), exceptions: Iterable[str] = ()
) -> Secrets:
    """The secrets of some modules.

    Args:
        sources: pairs of a file's name and its syntax tree: the reference and the hidden checks.
        given: statements and definitions that the unit gives away.
        exceptions: statements that may be shown, as source.

    Raises:
        ConfigError: an exception occurs nowhere in the sources, or is no statement.
    """
    runs = tuple(run for name, tree in sources for run in _runs(tree, name))
    known = {statement.code for run in runs for statement in run}
    excused = {normal(text) for text in exceptions}
    if missing := sorted(excused - known):
        raise ConfigError(
            f"LEAK_EXCEPTIONS lists {missing[0]!r}, which is no statement of the reference or the grader. "
            "Remove it, or write it as it stands there."
        )
    published = {code for node in given for code in _codes([node])}
    return Secrets(runs, frozenset(published | excused))


def find_leaks(texts: Iterable[Text], secrets: Secrets, machine: Iterable[str] = ()) -> tuple[Leak, ...]:
    """Everything in the texts that should not be there, at most once per text and statement.

    Args:
        texts: all of the release.
        secrets: what ``secrets_of`` collected.
        machine: paths of this machine, beyond those that look like one.
    """
    found: dict[tuple[str, str], Leak] = {}
    for text in texts:
        for leak in (*_paths(text, tuple(machine)), *(() if text.excused else _shown(text, secrets))):
            found.setdefault((leak.where, leak.code), leak)
    return tuple(found.values())


def normal(source: str) -> str:
    """One statement in the form in which statements are compared.

    Raises:
        ConfigError: it is no statement.
    """
    text = source.strip()
    for attempt in (text, f"{text} pass", f"{text}:\n pass"):
        try:
            body = ast.parse(attempt).body
        except SyntaxError:
            continue
        if body:
            return _header(body[0])
    raise ConfigError(f"LEAK_EXCEPTIONS: {source!r} is no Python statement")


def _shown(text: Text, secrets: Secrets) -> Iterator[Leak]:
    yield from _in_tree(text, secrets)
    yield from _in_text(text, secrets)


def _in_tree(text: Text, secrets: Secrets) -> Iterator[Leak]:
    if not text.python:
        return
    runs = [[item.code for item in run] for run in _runs(ast.parse(text.content), text.where)]
    single = {code for run in runs for code in run}
    double = {pair for run in runs for pair in pairwise(run)}
    for item in secrets.singles():
        if item.code in single:
            yield Leak(text.where, item.code, item.where)
    for first, second in secrets.pairs():
        if (first.code, second.code) in double:
            yield Leak(text.where, f"{first.code}; {second.code}", first.where)


def _in_text(text: Text, secrets: Secrets) -> Iterator[Leak]:
    """The same in prose, strings and comments: there, layout is all that can be normalised."""
    squeezed = _squeeze(text.content)
    for item in secrets.singles():
        if _squeeze(item.code) in squeezed:
            yield Leak(text.where, item.code, item.where)
    for first, second in secrets.pairs():
        both = _squeeze(first.code) + _squeeze(second.code)
        if len(both) >= LONG and both in squeezed:
            yield Leak(text.where, f"{first.code}; {second.code}", first.where)


def _paths(text: Text, machine: tuple[str, ...]) -> Iterator[Leak]:
    for match in _PATH.finditer(text.content):
        yield Leak(text.where, match.group(), "this machine's paths")
    for path in machine:
        if path in text.content:
            yield Leak(text.where, path, "this machine's paths")


def machine_paths(root: Path) -> tuple[str, ...]:
    """Paths that name this machine: the course's folder and the home, where they say anything."""
    return tuple(str(path) for path in (root.resolve(), Path.home()) if len(path.parts) > 1)


def _runs(tree: ast.Module, name: str) -> Iterator[tuple[LeakLine, ...]]:
    """Consecutive statements: those of each function in their order, of each class and of the module."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield _run(node.body, name)
        elif isinstance(node, ast.ClassDef):  # annotated fields are the interface, and released
            yield _run([item for item in node.body if not isinstance(item, ast.AnnAssign)], name)


def _run(body: list[ast.stmt], name: str) -> tuple[LeakLine, ...]:
    return tuple(
        LeakLine(_header(node), f"{name}:{node.lineno}")
        for node in _flat(body)
        if not isinstance(node, _SILENT) and not _is_text(node)
    )


def _flat(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements in the order of the source, with those inside loops and branches, not inside functions."""
    for node in body:
        yield node
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        for block in ("body", "orelse", "finalbody"):
            yield from _flat(getattr(node, block, []))
        for part in (*getattr(node, "handlers", []), *getattr(node, "cases", [])):
            yield from _flat(part.body)


def _codes(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        yield from (_header(part) for part in ast.walk(node) if isinstance(part, ast.stmt))


def _header(node: ast.stmt) -> str:
    """The statement without what is nested in it: ``for i in range(H):``."""
    compound = hasattr(node, "body") or isinstance(node, ast.Match)
    return ast.unparse(node).split("\n")[0] if compound else ast.unparse(node)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _squeeze(text: str) -> str:
    return re.sub(r"\s+", "", text).replace('"', "'")


def texts_of_files(files: Mapping[str, bytes]) -> list[Text]:
    """Released files as texts; what is not UTF-8 is searched for paths only, as Latin-1."""
    texts = []
    for name, content in files.items():
        try:
            texts.append(Text(name, content.decode("utf-8"), python=name.endswith(".py")))
        except UnicodeDecodeError:
            texts.append(Text(name, content.decode("latin-1"), python=False))
    return texts
