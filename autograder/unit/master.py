"""The master notebook: percent text that an instructor edits and runs with the reference.

``assignments/<unit>/notebook.py`` opens as a notebook in JupyterLab (jupytext). What
becomes of a cell on release stands on its first line:

    # %% [markdown]                     text, released as it is
    # %%                                code, released as it is; must not import solutions
    # %% task="conv2d_forward"          from solutions.<unit> import a, b -> their stubs
    # %% given=True                     from solutions.<unit> import c -> its source, for everyone
    # %% [markdown] written="why" points=4    a written answer that a person marks
    # %% scratch=True                   code that students may change freely
    # %% instructor=True                not released (also tags=["instructor"]); as text directly below
                                        a written answer it is that answer's marking guide

``name="..."`` gives a cell an id of its own; ``leak="reason"`` lets the cell show
reference code, for that reason. An instructor cell may list further exceptions of the
leak check: ``LEAK_EXCEPTIONS = {"statement": "reason"}``.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from ..base.errors import ConfigError, did_you_mean
from .percent import RawCell, raw_cells
from .source import imports, read_source

KINDS = ("task", "given", "written", "scratch", "instructor")
OPTIONS = (*KINDS, "name", "leak", "points", "tags")
_JUPYTEXT = (
    "lines_to_next_cell",
    "lines_to_end_of_cell_marker",
    "cell_marker",
    "title",
    "region_name",
)  # what it notes itself
_MAGIC = re.compile(r"^\s*[%!]", re.MULTILINE)


@dataclass(frozen=True)
class MasterCell:
    """One cell. ``kind`` is one of KINDS, "text" or "code"; ``value`` is what the kind was set to."""

    kind: str
    source: str
    line: int  # of the cell's marker
    markdown: bool = False
    value: str = ""  # the name of the task or of the written answer
    name: str = ""  # an id of its own
    leak: str = ""  # why this cell may show reference code
    points: float = 0.0  # of a written answer
    names: tuple[str, ...] = ()  # what a task or given cell imports from the reference


@dataclass(frozen=True)
class Master:
    """A master notebook; ``exceptions`` maps statements that may be shown to the reasons."""

    path: Path
    cells: tuple[MasterCell, ...]
    exceptions: tuple[tuple[str, str], ...] = ()

    def where(self, cell: MasterCell) -> str:
        """``file:line`` of a cell."""
        return f"{self.path}:{cell.line}"

    @property
    def tasks(self) -> dict[str, tuple[str, ...]]:
        """The names that each task's cell brings, in the order of the notebook."""
        return {cell.value: cell.names for cell in self.cells if cell.kind == "task"}

    @property
    def given(self) -> tuple[str, ...]:
        """The reference's names whose source is released."""
        return tuple(name for cell in self.cells if cell.kind == "given" for name in cell.names)

    @property
    def guides(self) -> dict[str, str]:
        """Marking guides by the written answer's name: an instructor's text cell directly below it."""
        return {
            answer.value: below.source
            for answer, below in pairwise(self.cells)
            if answer.kind == "written" and below.kind == "instructor" and below.markdown
        }


def read_master(path: Path, unit: str) -> Master:
    """Read and check a master notebook.

    Raises:
        ConfigError: with file and line, where the file is missing, a cell's options are
            unknown or contradictory, a task or given cell is more than its import, or
            another released cell imports ``solutions`` or ``autograder``.
    """
    cells = tuple(_cell(raw, unit, path) for raw in _raw_cells(path))
    master = Master(path, cells, tuple(pair for cell in cells for pair in _exceptions(cell, path)))
    _check_unique(master)
    return master


def python_of(source: str) -> str:
    """A cell's source with notebook magics blanked, so that it parses; lines keep their numbers."""
    return "\n".join("" if _MAGIC.match(line) else line for line in source.split("\n"))


def read_tasks(path: Path, unit: str) -> dict[str, tuple[str, ...]]:
    """The names that each task's cell brings, read from those cells alone and without jupytext.

    Raises:
        ConfigError: with file and line, where the file is missing, or a task's cell is more than its import.
    """
    return {
        _identifier(raw.options["task"], "task", f"{path}:{raw.line}"): _imported(
            raw.source, unit, f"{path}:{raw.line}"
        )
        for raw in raw_cells(read_source(path))
        if raw.options.get("task") and not _for_instructors(raw)
    }


def _raw_cells(path: Path) -> list[RawCell]:
    """The cells, with the text that jupytext makes of them."""
    import jupytext  # half a second; `course units` does not wait for it

    text = read_source(path)
    cells, read = raw_cells(text), jupytext.reads(text, fmt="py:percent").cells
    if len(read) == len(cells) + 1:  # text above the first marker: a module docstring or an import
        _check_preamble(read.pop(0).source, path)
    if len(read) != len(cells):
        raise ConfigError(
            f"{path}: {len(cells)} lines begin with '# %%' but jupytext reads {len(read)} cells"
        )
    for cell, other in zip(cells, read, strict=True):
        _check_read(cell, other, path)
    return [replace(cell, source=other.source) for cell, other in zip(cells, read, strict=True)]


def _check_read(cell: RawCell, other: Any, path: Path) -> None:
    """What jupytext reads counts in JupyterLab, what we read counts here; so they must be the same."""
    options = {name: value for name, value in other.metadata.items() if name not in _JUPYTEXT}
    if (cell.markdown, cell.options) != (other.cell_type == "markdown", options):
        raise ConfigError(
            f"{path}:{cell.line}: jupytext reads this line as a {other.cell_type} cell with {options}, "
            f'but expected were {cell.options}; write each option as name="text", name=1 or name=True'
        )


def _check_preamble(source: str, path: Path) -> None:
    """Above the first marker only a docstring is fine: it is for the instructor and not released."""
    body = ast.parse(python_of(source)).body
    if any(not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)) for node in body):
        raise ConfigError(f"{path}:1: code above the first '# %%' belongs to no cell; put '# %%' above it")


def _cell(raw: RawCell, unit: str, path: Path) -> MasterCell:
    where = f"{path}:{raw.line}"
    kind = _kind(raw, where)
    value = raw.options.get(kind, "")
    cell = MasterCell(
        kind=kind,
        source=raw.source.strip("\n"),
        line=raw.line,
        markdown=raw.markdown,
        value=_identifier(value, kind, where) if kind in ("task", "written") else "",
        name=_identifier(raw.options["name"], "name", where) if "name" in raw.options else "",
        leak=_reason(raw.options, where),
        points=_points(raw.options, kind, where),
        names=_imported(raw.source, unit, where) if kind in ("task", "given") else (),
    )
    if kind in ("code", "scratch"):
        _check_imports(cell, where)
    return cell


def _kind(raw: RawCell, where: str) -> str:
    for option in raw.options:
        if option not in OPTIONS:
            raise ConfigError(f"{where}: no cell option {option!r}: {did_you_mean(option, OPTIONS)}")
    kinds = [kind for kind in KINDS if raw.options.get(kind)]
    if _for_instructors(raw):
        return "instructor"
    if len(kinds) > 1:
        raise ConfigError(
            f"{where}: a cell is one of {', '.join(KINDS)}; this one says {' and '.join(kinds)}"
        )
    kind = kinds[0] if kinds else ("text" if raw.markdown else "code")
    if (kind in ("text", "written")) != raw.markdown:
        raise ConfigError(
            f"{where}: a {kind} cell is {'code' if raw.markdown else 'markdown'}, which this is not"
        )
    return kind


def _for_instructors(raw: RawCell) -> bool:
    return "instructor" in raw.options.get("tags", []) or bool(raw.options.get("instructor"))


def _identifier(value: Any, option: str, where: str) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", value):
        raise ConfigError(
            f'{where}: {option} is {value!r}, expected a name such as {option}="conv2d_forward"'
        )
    return value


def _reason(options: dict[str, Any], where: str) -> str:
    reason = options.get("leak", "")
    if not isinstance(reason, str) or ("leak" in options and len(reason) < 10):
        raise ConfigError(
            f"{where}: leak is {reason!r}, expected the reason why this cell may show reference code"
        )
    return reason


def _points(options: dict[str, Any], kind: str, where: str) -> float:
    points = options.get("points", 0)
    if isinstance(points, bool) or not isinstance(points, (int, float)) or points < 0:
        raise ConfigError(f"{where}: points is {points!r}, expected a number")
    if bool(points) != (kind == "written"):
        raise ConfigError(
            f"{where}: points belong to a written cell; those of tasks are summed over grader.py"
        )
    return float(points)


def _imported(source: str, unit: str, where: str) -> tuple[str, ...]:
    """The names in ``from solutions.<unit> import a, b``, which must be all that the cell does."""
    expected = f"expected the cell to be nothing but 'from solutions.{unit} import ...'"
    body = _parse(source, where).body
    if not body or not all(isinstance(node, ast.ImportFrom) for node in body):
        raise ConfigError(f"{where}: {expected}")
    names: list[str] = []
    for node in body:
        assert isinstance(node, ast.ImportFrom)
        if node.module != f"solutions.{unit}" or any(
            alias.asname or alias.name == "*" for alias in node.names
        ):
            raise ConfigError(f"{where}: {expected}, by name and without 'as'; found {ast.unparse(node)!r}")
        names.extend(alias.name for alias in node.names)
    return tuple(names)


def _parse(source: str, where: str) -> ast.Module:
    try:
        return ast.parse(python_of(source))
    except SyntaxError as error:
        raise ConfigError(
            f"{where}: line {error.lineno} of this cell is not valid Python: {error.msg}"
        ) from error


def _check_imports(cell: MasterCell, where: str) -> None:
    for _, module in imports(_parse(cell.source, where)):
        if module.lstrip(".").split(".")[0] in ("solutions", "autograder"):
            raise ConfigError(
                f"{where}: this cell would be released and imports {module}, which students do not have. "
                'Mark it task="...", given=True or instructor=True.'
            )


def _exceptions(cell: MasterCell, path: Path) -> list[tuple[str, str]]:
    if cell.kind != "instructor" or cell.markdown:
        return []
    where = f"{path}:{cell.line}"
    for node in _parse(cell.source, where).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "LEAK_EXCEPTIONS":
            return _literal_exceptions(node.value, where)
    return []


def _literal_exceptions(node: ast.expr, where: str) -> list[tuple[str, str]]:
    try:
        pairs = list(ast.literal_eval(node).items())
    except (ValueError, AttributeError):
        pairs = [(None, None)]
    if not all(isinstance(key, str) and isinstance(why, str) and len(why) >= 10 for key, why in pairs):
        raise ConfigError(
            f"{where}: LEAK_EXCEPTIONS is a literal dict from a statement to the reason it may be shown"
        )
    return pairs


def _check_unique(master: Master) -> None:
    seen: dict[str, MasterCell] = {}
    for cell in master.cells:
        for key in filter(None, (cell.value, cell.name, *(f"import of {name}" for name in cell.names))):
            if key in seen:
                raise ConfigError(f"{master.where(cell)}: {key} occurs already in line {seen[key].line}")
            seen[key] = cell
