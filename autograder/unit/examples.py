"""The examples of a task's docstrings, as public checks.

What stands behind ``>>>`` in the docstring of a released function, class or method is what the student reads;
so it is tried first. Each definition's examples become one test case of ``tests/<task>.py``, whose
arguments are the names of the notebook that they use.
"""

from __future__ import annotations

import ast
import builtins
import doctest
import inspect
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from ..base.errors import ConfigError
from . import shown
from .source import names_bound, names_free
from .stubs import Definition, Reference, methods


@dataclass(frozen=True)
class Examples:
    """The examples of one task: its test cases, and the import statements that they need."""

    cases: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()


@dataclass(frozen=True)
class Support:
    """What a file with examples needs beside its test cases."""

    imports: tuple[str, ...] = ()
    definitions: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Documented:
    """A definition with examples."""

    name: str  # qualified
    line: int
    examples: tuple[doctest.Example, ...]


def examples_of(reference: Reference, names: Collection[str], available: Collection[str]) -> Examples:
    """The examples of one task.

    Args:
        reference: the solution, whose docstrings are released.
        names: what the task's cell asks for.
        available: what the released notebook takes from the reference, this task's names among them.

    Raises:
        ConfigError: an example is malformed, or uses a name that students do not have.
    """
    several = [each for name in names for each in _documented(reference, reference.definition(name))]
    needed = {each.name: _needed(reference, each, available) for each in several}
    several = [each for each in several if set(names) & set(needed[each.name])]  # what tries student code
    imports = dict.fromkeys(
        text for each in several for name in needed[each.name] if (text := _import(reference, name))
    )
    cases = tuple(_case(reference, each, needed[each.name], alone=len(several) == 1) for each in several)
    return Examples(cases, tuple(imports))


def support() -> Support:
    """The imports and the definitions of ``shown``, which tries examples in a student's notebook."""
    source = inspect.getsource(shown)
    nodes = ast.parse(source).body
    imports = [ast.unparse(node) for node in nodes if isinstance(node, ast.Import)]
    definitions = [node for node in nodes if isinstance(node, (ast.ClassDef, ast.FunctionDef))]
    first, *others = (ast.get_source_segment(source, node) or "" for node in definitions)
    return Support(tuple(imports), (f"# How the examples are tried.\n\n\n{first}", *others))


def guard(names: Iterable[str]) -> str:
    """The line of a test case that looks whether its arguments are there."""
    told = ", ".join(f"{name}={name}" for name in names)
    return f"    _defined({told})\n" if told else ""


def _documented(reference: Reference, node: Definition, owner: str = "") -> Iterator[_Documented]:
    """A definition and its public methods, those of them that have examples."""
    name = owner + node.name
    where = f"{reference.path}:{node.lineno}"
    try:
        found = doctest.DocTestParser().get_examples(ast.get_docstring(node) or "", name)
    except ValueError as error:
        raise ConfigError(f"{where}: the examples of {name} cannot be read: {error}") from error
    kept = tuple(each for each in found if not each.options.get(doctest.SKIP))
    if kept:
        yield _Documented(name, node.lineno, kept)
    for method in methods(node) if isinstance(node, ast.ClassDef) else ():
        yield from _documented(reference, method, f"{name}.")


def _needed(reference: Reference, each: _Documented, available: Collection[str]) -> list[str]:
    """Names that the examples use and do not bind."""
    bound = set(dir(builtins))
    free: dict[str, None] = {}
    for example in each.examples:
        tree = _parsed(reference, each, example)
        bound |= names_bound(*tree.body)
        foreign = names_free(*tree.body) - bound
        free |= dict.fromkeys(name for name in _read(tree) if name in foreign)
    for name in free:
        if name not in available and not _import(reference, name):
            raise ConfigError(
                f"{reference.path}:{each.line}: the examples of {each.name} use {name!r}, which students do "
                "not have: use names of the notebook's tasks and given cells, and what the reference imports"
            )
    return list(free)


def _parsed(reference: Reference, each: _Documented, example: doctest.Example) -> ast.Module:
    try:
        return ast.parse(example.source)
    except SyntaxError as error:
        raise ConfigError(
            f"{reference.path}:{each.line}: the examples of {each.name} are not valid Python: {error.msg} "
            f"in {example.source.strip()!r}"
        ) from error


def _read(tree: ast.Module) -> Iterator[str]:
    return (n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load))


def _import(reference: Reference, name: str) -> str:
    """The statement of the reference that imports a name; empty where none does."""
    for node in reference.tree.body:
        if isinstance(node, (ast.Import, ast.ImportFrom)) and name in names_bound(node):
            return ast.unparse(node)
    return ""


def _case(reference: Reference, each: _Documented, needed: list[str], *, alone: bool) -> str:
    """One test case; its title is all that the student sees of it while all is well."""
    title = "The examples of the task" if alone else f"The examples of {each.name}"
    shown_as = f'"{title}"'
    arguments = [name for name in needed if not _import(reference, name)]
    lines = [f"    {line}".rstrip() for example in each.examples for line in _lines(example)]
    told = "".join(f", {name}={name}" for name in needed)
    return (
        f"@test_case(name={shown_as!r})\n"
        f"def test_the_examples_of_{each.name.replace('.', '_')}({', '.join(arguments)}):\n"
        f'    """{title}."""\n{guard(arguments)}'
        f"    examples = {_quoted(lines)}\n"
        f"    _tried(examples{told})"
    )


def _lines(example: doctest.Example) -> Iterator[str]:
    first, *others = example.source.rstrip("\n").split("\n")
    yield f">>> {first}"
    yield from (f"... {line}".rstrip() for line in others)
    yield from example.want.rstrip("\n").split("\n") if example.want else ()


def _quoted(lines: list[str]) -> str:
    text = "\n".join(["", *lines, "    "])
    return repr(text) if "\\" in text or '"""' in text else f'"""{text}"""'
