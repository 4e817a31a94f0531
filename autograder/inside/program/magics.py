"""From a cell's text to a syntax tree, as a notebook would read it.

A notebook accepts more than Python: ``%%time``, ``%matplotlib inline``, ``!pip``,
``x = !ls``, ``obj?``, a pasted ``>>>`` prompt, a cell that is indented as a whole.
Text that Python itself parses is left alone, so that a line of a formula or of a
string that starts with ``%`` is no magic. Only where the parser stops is that one
line looked at. Lines are replaced, never removed: line numbers stay the student's.
What writes a file or runs one (``%%writefile``, ``%run``) becomes a call of ours, see ``files``.
"""

from __future__ import annotations

import ast
import re
import textwrap

WRITE = "__write__"  # called with path, text, whether it is appended, and the line where it begins
RUN = "__run__"  # called with a path
MAX_MAGICS = 60  # lines that are looked at one by one; beyond, all suspicious lines go at once

# Cell magics whose text is not Python that defines something here.
ELSEWHERE = frozenset(
    "! bash cmd cython html HTML javascript js latex markdown perl pypy python2 R ruby script sh "
    "sql svg SVG system sx".split()
)
# Line magics that a notebook takes without their percent sign.
BARE = (
    "pip|conda|mamba|uv|cd|ls|ll|pwd|mkdir|rm|cp|mv|cat|matplotlib|load_ext|reload_ext|"
    "autoreload|env|run|timeit"
)

_RUNS = re.compile(r"%(?:time|prun|memit|lprun|mprun)[ \t]+(?!-)(.*)", re.S)  # magics that run their line
_LINE = re.compile(r"[%!]|\?{1,2}[\w.]|[\w.\[\]'\"]+\?{1,2}\s*(?:#.*)?$")
_ASSIGNED = re.compile(r"([^=!<>'\"#()]+=)\s*(%[^=].*|!.*)$", re.S)
_WRITES = re.compile(r"%%(?:writefile|file)[ \t]+((?:-a|--append)[ \t]+)?(['\"]?)([^'\"${}]+?)\2[ \t]*$")
_RUNS_FILE = re.compile(r"%?run[ \t]+(?:-[a-z]+[ \t]+)*(['\"]?)([\w./\\-]+)\1(?:[ \t].*)?$")
_ENDINGS = (".py", ".ipy", ".ipynb")
_BARE = re.compile(rf"(?:{BARE})(?:[ \t]+[^=(.,\s].*)?$")
_PROMPT = re.compile(r"^(?:>>> ?|\.\.\. ?|In \[\d+\]: ?|   \.\.\.: ?)", re.M)


class NoPython(SyntaxError):
    """The text cannot be parsed; ``lineno`` and ``msg`` say where and why."""


def parse(source: str) -> ast.Module | None:
    """The syntax tree of a cell, or None where the cell is for another program.

    Raises:
        NoPython: it is no Python even without its magics.
    """
    head, _, rest = source.lstrip("\ufeff \t\n\f").partition("\n")
    if head.startswith("%%"):
        line = source[: len(source) - len(rest)].count("\n") + 1
        if (writes := _WRITES.match(head)) and rest:
            return ast.parse(
                "\n" * (line - 2) + f"{WRITE}({writes[3]!r}, {rest!r}, {bool(writes[1])}, {line})"
            )
        if head[2:].split(None, 1)[:1] and head[2:].split(None, 1)[0] in (*ELSEWHERE, "writefile", "file"):
            return None
        source = "\n" * (source[: len(source) - len(rest)].count("\n") if rest else 1) + rest
        return parse(source) if rest.strip() else _parse_lines(source)
    return _parse_lines(source.replace("\ufeff", ""))


def _parse_lines(source: str) -> ast.Module:
    for _ in range(MAX_MAGICS):
        try:
            return parse_python(source)
        except NoPython as error:
            repaired = _repair(source, error)
            if repaired == source:
                raise
            source = repaired
    return parse_python("\n".join(_without_magic(line) for line in source.split("\n")))


def magic_lines(source: str) -> list[int]:
    """Numbers (from 1) of the lines that mean nothing to Python and are left out by ``parse``."""
    if _WRITES.match(source.lstrip().partition("\n")[0]):
        return []
    text = "\n" + source.partition("\n")[2] if source.lstrip().startswith("%%") else source
    for _ in range(MAX_MAGICS):
        try:
            parse_python(text)
            break
        except NoPython as error:
            repaired = _repair(text, error)
            if repaired == text:
                break
            text = repaired
    pairs = zip(source.split("\n"), text.split("\n"), strict=False)
    return [number for number, (old, new) in enumerate(pairs, 1) if old.strip() != new.strip()]


def run_by(line: str) -> str:
    """The path of the module that a line runs, ``%run pads.py``; nothing for other lines."""
    found = _RUNS_FILE.match(line.strip())
    return "" if found is None else found[2] if found[2].endswith(_ENDINGS) else f"{found[2]}.py"


def parse_python(source: str) -> ast.Module:
    """``ast.parse`` with one kind of error for every way of failing."""
    try:
        return ast.parse(source)
    except SyntaxError as error:
        raise NoPython(error.msg, (None, error.lineno or 1, error.offset or 1, error.text)) from error
    except (RecursionError, MemoryError) as error:
        raise NoPython("the code is nested too deeply", (None, 1, 1, None)) from error
    except (ValueError, OverflowError) as error:
        raise NoPython(str(error), (None, 1, 1, None)) from error


def _repair(source: str, error: NoPython) -> str:
    """The source with the one line changed that the parser stumbled over, or unchanged."""
    lines = source.split("\n")
    at = min(max((error.lineno or 1) - 1, 0), len(lines) - 1)
    changed = _without_magic(lines[at], bare=True)
    if changed != lines[at]:
        return "\n".join(_blank_continuation(lines, at, changed))
    if error.msg == "unexpected indent" and not any(line.strip() for line in lines[:at]):
        return textwrap.dedent(source)
    if _PROMPT.match(lines[at]) and not any(line.strip() for line in lines[:at]):
        return _PROMPT.sub("", source)
    return source


def _blank_continuation(lines: list[str], at: int, changed: str) -> list[str]:
    """``lines`` with line ``at`` replaced, and what a backslash joined to it removed."""
    lines = list(lines)
    magic, lines[at] = lines[at], changed
    while magic.rstrip().endswith("\\") and at + 1 < len(lines):
        at += 1
        magic, lines[at] = lines[at], ""
    return lines


def _without_magic(line: str, bare: bool = False) -> str:
    """The line as Python: its statement where the magic runs one, else ``pass``."""
    code = line.lstrip()
    indent = line[: len(line) - len(code)]
    runs = _RUNS.match(code)
    if runs:
        return indent + (runs[1] or "pass")
    if path := run_by(code) if bare or code.startswith("%") else "":
        return f"{indent}{RUN}({path!r})"
    if _LINE.match(code) or (bare and _BARE.match(code.rstrip())):
        return indent + "pass"
    assigned = _ASSIGNED.match(code)
    if assigned:
        runs = _RUNS.match(assigned[2])
        return f"{indent}{assigned[1]} {runs[1] if runs else None}"
    return line
