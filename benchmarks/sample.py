"""The submissions that every system grades, and a course of their own to grade them in.

The course is a copy in a temporary folder, so that no real mark, gradebook or secret is
touched. Its master notebook keeps the task cells and nothing between them. A third of
the submissions has a known mistake, another one each; the others are the reference,
which is the fastest code of all and so the hardest comparison with the floor.

Beside it lies a course for ``empty``: the same releases and references, but the only check of a unit asks
for nothing of the student's.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import dataclass, replace
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from autograder.course import Course, Unit, load_course
from autograder.demo.solving import Notebook, code_cell, solved
from autograder.judge.papers import PUBLISHED_SECRET, Papers
from autograder.judge.secret import publish_secret
from autograder.notebook import Release, read_release, read_submission
from autograder.notebook.finding import Found
from autograder.unit.criteria import read_criteria
from autograder.unit.mistakes.catalogue import load_catalogue
from autograder.unit.release import build, publish

WARM_UP = "student-000"  # graded before the clock starts; has a mistake, so that diagnosis is warm, too
_KEPT = re.compile(r"task=|given=|instructor=")
EMPTY = "empty"  # folder of the course whose checks ask for nothing
EMPTY_GRADER = '''\
import numpy as np
import pytest

from autograder.checks import right


@pytest.mark.task("{task}", points=100)
def test_nothing(student):
    """A number that crosses comes back."""
    right(student.share(np.ones(1)))
'''


@dataclass(frozen=True)
class Entry:
    """One submission."""

    student: str
    mistake: str  # the known mistake that it has; "" for the reference
    path: Path
    paper: int  # which inputs its checks get, as the engine derives it

    @property
    def found(self) -> Found:
        """As a batch's work list has it."""
        return Found(self.student, self.path)


@dataclass(frozen=True)
class Sample:
    """The work list of one unit."""

    root: Path  # of the course
    unit: str
    warm_up: Entry
    entries: tuple[Entry, ...]

    @property
    def papers(self) -> tuple[int, ...]:
        """The papers that its submissions get."""
        return tuple(sorted({entry.paper for entry in (self.warm_up, *self.entries)}))


@dataclass(frozen=True)
class Graded:
    """What came of one submission."""

    seconds: float
    score: float | None = None  # None: no submission was graded
    bonus: float = 0.0


def make_course(project: Path, folder: Path, units: tuple[str, ...]) -> Course:
    """A course in ``folder`` with the units of the project, without what grading does not need."""
    shutil.copy(project / "course_config.py", folder)
    os.environ["COURSE_DATA"] = str(folder / "data")  # inherited by all processes of the benchmark
    _write(folder / "solutions" / "__init__.py", "")  # found before this project's, by whatever kernel
    for unit in units:
        shutil.copytree(project / "assignments" / unit, folder / "assignments" / unit)
        _write(folder / "solutions" / f"{unit}.py", (project / "solutions" / f"{unit}.py").read_text())
        master = folder / "assignments" / unit / "notebook.py"
        master.write_text(without_demos(master.read_text()))
    course = load_course(folder)
    publish_secret(course)  # fixed, so that every system and every run gets the same inputs
    for name in units:
        publish(course, course.unit(name), build(course, course.unit(name)))
    _make_empty(course, [course.unit(name) for name in units])
    return course


def _make_empty(course: Course, units: list[Unit]) -> None:
    """The course for ``empty``."""
    folder = course.root / EMPTY
    folder.mkdir()
    shutil.copy(course.root / "course_config.py", folder)
    publish_secret(replace(course, data=str(folder / "data")))
    for part in ("assignments", "solutions", "release"):
        shutil.copytree(course.root / part, folder / part)
    for unit in units:
        task = read_criteria(unit.grader)[0].task
        _write(folder / "assignments" / unit.name / "grader.py", EMPTY_GRADER.format(task=task))


def without_demos(master: str) -> str:
    """A master notebook reduced to its task cells, what they need, and one cell of imports.

    >>> "plot" in without_demos('# %%\\nplot()\\n# %% task="f"\\nfrom solutions.u import f\\n')
    False
    """
    head, *cells = re.split(r"^(?=# %%)", master, flags=re.MULTILINE)
    kept = [cell for cell in cells if _KEPT.search(cell.partition("\n")[0])]
    return head + "\n".join([f"# %%\n{_imports(master)}\n", *kept])


def make_sample(course: Course, unit: Unit, submissions: int) -> Sample:
    """Write the submissions of one unit, the warm-up first."""
    release = json.loads(unit.released_notebook.read_text(encoding="utf-8"))
    catalogue = load_catalogue(course, unit)
    last, *others = reversed(catalogue.mistakes)
    wrong = islice(cycle(reversed(others)), submissions)
    reference = unit.reference.read_text(encoding="utf-8")
    entries = [_entry(course, unit, release, WARM_UP, last, catalogue.mistakes[last].source)]
    for number in range(1, submissions + 1):
        mistake = "" if number % 3 else next(wrong)
        source = catalogue.mistakes[mistake].source if mistake else reference
        entries.append(_entry(course, unit, release, f"student-{number:03d}", mistake, source))
    return Sample(course.root, unit.name, entries[0], tuple(entries[1:]))


def filled(release: Notebook, module: str, student: str) -> Notebook:
    """The released notebook with the module's code, and the student's name for the tests of other systems."""
    notebook = solved(release, module)
    notebook["cells"].insert(0, code_cell(f'STUDENT = "{student}"'))
    return notebook


def _entry(course: Course, unit: Unit, release: Notebook, student: str, mistake: str, source: str) -> Entry:
    folder = "warm-up" if student == WARM_UP else "submitted"
    path = course.root / folder / unit.name / student / unit.name / f"{unit.name}.ipynb"
    _write(path, json.dumps(filled(release, source, student), indent=1))
    digest = read_submission(path, read_release(unit.released_notebook)).digest
    return Entry(student, mistake, path, papers_of(course, unit).of(student, digest))


def papers_of(course: Course, unit: Unit) -> Papers:
    """The unit's papers."""
    return Papers(PUBLISHED_SECRET, unit.name, course.papers_of(unit))


def task_of(release: Release) -> dict[str, str]:
    """Each name that a notebook defines, and its task."""
    return {name: task for task, names in release.tasks.items() for name in names}


def own_cells(path: Path) -> list[str]:
    """The sources of the code cells that the student may edit."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    mine = [c for c in cells if c["cell_type"] == "code" and not _locked(c)]
    return ["".join(cell["source"]) for cell in mine]


def _locked(cell: dict[str, Any]) -> bool:
    return bool(cell["metadata"].get("nbgrader", {}).get("locked"))


def _imports(master: str) -> str:
    """The imports of the master's plain cells, without plots."""
    lines = re.findall(r"^(?:import|from) .+$", master, flags=re.MULTILINE)
    return "\n".join(dict.fromkeys(line for line in lines if not re.search("solutions|matplotlib", line)))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
