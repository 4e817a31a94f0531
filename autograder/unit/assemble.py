"""Master + reference + marks -> the notebook that students receive, as plain data.

Around each task stand four cells, named after the task:

    criteria-<task>   text, locked: what the points are given for (criteria are public, numbers are not)
    <task>            the stub; the only cell of the task that a student edits
    check-<task>      grader.check("<task>"), locked, ungraded: the public checks
    points-<task>     locked, graded: the place in nbgrader's gradebook; ends in a literal 0.0

Bonus: ``points-<task>`` carries the task's core points as nbgrader's maximum (0 for a
bonus task); what bonus checks earn is nbgrader's *extra credit* on the same cell.

Cell ids are the names above; other cells are counted (``text-03``, ``code-02``), so that
correcting a word changes no id: nbgrader refuses new ids once work has been handed in.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..base.errors import ConfigError
from ..base.python import HERE
from .criteria import FULL_MARKS, Criterion, TaskPoints, points_by_task
from .master import Master, MasterCell, python_of
from .source import names_bound
from .stubs import Reference, given, names_needed, stub

SCHEMA = 3  # of nbgrader's cell metadata

SETUP = """\
# Run this cell first. Below, `grader.check(...)` runs the public checks of a task: they find gross errors
# early. The hidden checks decide the mark. Grading runs Python PYTHON.
try:
    from autograder.notebook_checks import grader  # on the course's server: checks what you saved
except ImportError:
    try:
        import otter

        grader = otter.Notebook()  # elsewhere: checks what you ran
    except ImportError:
        from types import SimpleNamespace

        def _no_checks(*tasks):
            print("The public checks need otter-grader: pip install -r requirements.txt, then restart.")

        grader = SimpleNamespace(check=_no_checks, check_all=_no_checks)"""

ONE_THREAD = """\
import torch

torch.set_num_threads(1)  # as grading does: so sums are added up in the same order"""

POINTS = """\
# {worth} for {task}. Hidden checks give them after you submit; leave this cell as it is.
# Running it shows 0.0, which is not your mark: it only keeps the place in the gradebook.
0.0"""


@dataclass(frozen=True)
class MadeCell:
    """One released cell. ``id`` is its nbformat id and, where nbgrader knows it, its grade_id."""

    id: str
    source: str
    markdown: bool = False
    locked: bool = True
    solution: bool = False
    grade: bool = False
    points: float | None = None
    plain: bool = False  # nbgrader does not know it
    leak: str = ""

    def to_json(self) -> dict[str, Any]:
        """The cell as nbformat 4.5 has it."""
        kind = {"cell_type": "markdown"} if self.markdown else {"cell_type": "code"}
        outputs: dict[str, Any] = {} if self.markdown else {"execution_count": None, "outputs": []}
        return {
            **kind,
            **outputs,
            "id": self.id,
            "metadata": {} if self.plain else self._metadata(),
            "source": self.source.splitlines(keepends=True),
        }

    def _metadata(self) -> dict[str, Any]:
        nbgrader: dict[str, Any] = {
            "grade": self.grade,
            "grade_id": self.id,
            "locked": self.locked,
            "schema_version": SCHEMA,
            "solution": self.solution,
            "task": False,
        }
        if self.points is not None:
            nbgrader["points"] = int(self.points) if self.points == int(self.points) else self.points
        access = {"deletable": False, "editable": False} if self.locked else {"deletable": False}
        only_a_place = self.grade and not self.solution  # for points: a reader need not see its source
        folded = {"jupyter": {"source_hidden": True}} if only_a_place else {}
        return {**access, **folded, "nbgrader": nbgrader}


def assemble(
    master: Master,
    reference: Reference,
    marks: tuple[Criterion, ...],
    python: str = HERE,
    runtime: str = "numpy",
) -> tuple[MadeCell, ...]:
    """The released cells, which say which Python grades, and let torch compute as it does there.

    Raises:
        ConfigError: notebook and grader name different tasks, core points do not make
            100, a released definition lacks a docstring, or it uses a name that the
            notebook does not define before it.
    """
    worth = {task.name: task for task in points_by_task(marks)}
    check_agreement(master, worth)
    cells: list[MadeCell] = []
    seen: set[str] = set()
    for number, cell in enumerate(master.cells):
        if cell.kind == "instructor":
            continue
        if not cell.markdown and "setup" not in seen:
            seen.add("setup")
            setup = SETUP.replace("PYTHON", python)
            cells.append(MadeCell("setup", f"{setup}\n\n{ONE_THREAD}" if runtime == "torch" else setup))
        released = _released(cell, number, master, reference, marks, worth)
        _check_names(cell, released, seen, master, reference)
        cells.extend(released)
    return tuple(_numbered(cells))


def to_json(cells: Iterable[MadeCell], course: Mapping[str, Any]) -> bytes:
    """The notebook file; ``course`` is its metadata of that name. Equal input gives equal bytes."""
    notebook = {
        "cells": [cell.to_json() for cell in cells],
        "metadata": {
            "course": course,
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return (json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def check_agreement(master: Master, worth: Mapping[str, TaskPoints]) -> None:
    """Each task has a cell and checks, and the core makes 100 points.

    Raises:
        ConfigError: otherwise.
    """
    cells = {cell.value: cell for cell in master.cells if cell.kind == "task"}
    for task in worth:
        if task not in cells:
            raise ConfigError(
                f"{master.path}: grader.py gives points for {task}; add a cell '# %% task=\"{task}\"'"
            )
    for task, cell in cells.items():
        if task not in worth:
            raise ConfigError(f"{master.where(cell)}: no check in grader.py is marked with task {task!r}")
    total = sum((task.points for task in worth.values()), 0.0)
    if abs(total - FULL_MARKS) > 1e-6:
        parts = ", ".join(f"{task.name} {task.points:g}" for task in worth.values() if task.points)
        grader = master.path.with_name("grader.py")
        raise ConfigError(f"{grader}: core points make {total:g}, expected {FULL_MARKS:g} ({parts})")


def _released(
    cell: MasterCell,
    number: int,
    master: Master,
    reference: Reference,
    marks: tuple[Criterion, ...],
    worth: Mapping[str, TaskPoints],
) -> list[MadeCell]:
    if cell.kind == "task":
        return _task(cell, reference, [mark for mark in marks if mark.task == cell.value], worth[cell.value])
    if cell.kind == "given":
        source = "\n\n\n".join(given(reference, name) for name in cell.names)
        return [MadeCell(cell.name or f"given-{cell.names[0]}", source, leak="given")]
    if cell.kind == "written":
        return [
            MadeCell(
                cell.value,
                cell.source,
                markdown=True,
                locked=False,
                solution=True,
                grade=True,
                points=cell.points,
            )
        ]
    scratch = cell.kind == "scratch"
    return [
        MadeCell(cell.name, cell.source, cell.markdown, locked=not scratch, plain=scratch, leak=cell.leak)
    ]


def _task(
    cell: MasterCell, reference: Reference, marks: list[Criterion], worth: TaskPoints
) -> list[MadeCell]:
    task = cell.value
    stubs = "\n\n\n".join(stub(reference, name) for name in cell.names)
    return [
        MadeCell(f"criteria-{task}", criteria(worth, marks), markdown=True),
        MadeCell(task, stubs, locked=False, solution=True, leak=cell.leak),
        MadeCell(f"check-{task}", f'grader.check("{task}")'),
        MadeCell(
            f"points-{task}", POINTS.format(worth=_worth(worth), task=task), grade=True, points=worth.points
        ),
    ]


def criteria(worth: TaskPoints, marks: Iterable[Criterion]) -> str:
    """What the points of a task are given for, as Markdown."""
    marks = tuple(marks)
    lines = [
        f"- {_plural(mark.points)}{' bonus' if mark.bonus else ''}: {_escape(_title(mark))}" for mark in marks
    ]
    if any(mark.law for mark in marks):
        lines += ["", "\\* This one counts only if a check of the values of this task has passed."]
    head = f"<details><summary><code>{worth.name}</code>: {_worth(worth)}. What are they given for?</summary>"
    return "\n".join([head, "", *lines, "", "</details>"])


def _title(mark: Criterion) -> str:
    return f"{mark.title} *" if mark.law else mark.title


def _worth(worth: TaskPoints) -> str:
    extra = f"up to {_plural(worth.max_bonus)} extra" if worth.max_bonus else ""
    return " and ".join(filter(None, (_plural(worth.points) if worth.points else "", extra)))


def _plural(points: float) -> str:
    return f"{points:g} point{'' if points == 1 else 's'}"


def _escape(title: str) -> str:
    """A plain sentence as Markdown; what stands in backticks is code and stays."""
    parts = title.split("`")
    for index in range(0, len(parts), 2):
        plain = parts[index].replace("&", "&amp;").replace("<", "&lt;")
        parts[index] = re.sub(r"([*$]|(?<!\w)_)", r"\\\1", plain)
    return "`".join(parts)


def _check_names(
    cell: MasterCell, released: Iterable[MadeCell], seen: set[str], master: Master, reference: Reference
) -> None:
    """Stubs and given code may use only what the notebook has defined above them."""
    for item in released:
        if item.markdown:
            continue
        seen |= names_bound(*ast.parse(python_of(item.source)).body)
        if cell.kind not in ("task", "given") or item.id.startswith(("check-", "points-")):
            continue
        if missing := sorted((names_needed(item.source) & reference.top_level) - seen):
            raise ConfigError(
                f"{master.where(cell)}: {', '.join(cell.names)} uses {missing[0]!r}, which the notebook does "
                "not define above; import it in a cell before, or give it with a cell '# %% given=True'"
            )


def _numbered(cells: Iterable[MadeCell]) -> Iterable[MadeCell]:
    """Give the cells without a name one that counts the cells of their kind."""
    counts = {"text": 0, "code": 0}
    for cell in cells:
        if cell.id:
            yield cell
            continue
        kind = "text" if cell.markdown else "code"
        counts[kind] += 1
        yield MadeCell(**{**vars(cell), "id": f"{kind}-{counts[kind]:02d}"})
