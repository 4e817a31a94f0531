"""Who is in the class: student-001 and so on, each with one kind of submission."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from ..course import Course, Unit
from ..unit.mistakes.catalogue import Catalogue, load_catalogue
from .mess import HOSTILE_LINES, add_mess, make_hostile
from .solving import Notebook, grade_id, solved, task_cells

# Shares of a class; the cycle makes sure that a small class holds every kind, too.
KINDS = (
    *("solved", "mistake", "half", "mistake", "variant", "mistake", "mess", "two mistakes"),
    *("broken", "hostile", "mistake", "half", "solved", "mess", "mistake", "variant"),
    *("two mistakes", "mistake", "half", "solved"),
)


@dataclass(frozen=True)
class Simulated:
    """One submission: what it is, and the bytes of its file."""

    student: str
    kind: str  # one of KINDS
    detail: str  # the mistake, variant or attack
    content: bytes


def simulate_class(course: Course, unit: Unit, students: int, seed: int = 2026) -> list[Simulated]:
    """A class of that size; the same seed gives the same bytes."""
    release = json.loads(unit.released_notebook.read_text(encoding="utf-8"))
    catalogue = load_catalogue(course, unit)
    return [
        _student(
            unit, release, catalogue, f"student-{number:03d}", KINDS[(number - 1) % len(KINDS)], number, seed
        )
        for number in range(1, students + 1)
    ]


def write_class(folder: Path, unit: Unit, people: Iterable[Simulated]) -> Path:
    """Write the submissions in nbgrader's layout, with timestamps around the due date."""
    due = datetime.fromisoformat(unit.due)
    for number, person in enumerate(people):
        place = folder / person.student / unit.name
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{unit.name}.ipynb").write_bytes(person.content)
        moment = due - timedelta(minutes=(number * 37) % 2000 - 60)
        (place / "timestamp.txt").write_text(moment.isoformat() + "\n")
    return folder


def _student(
    unit: Unit, release: Notebook, catalogue: Catalogue, student: str, kind: str, number: int, seed: int
) -> Simulated:
    rng = random.Random(f"{seed}/{unit.name}/{number}")
    reference = unit.reference.read_text(encoding="utf-8")
    tasks = [grade_id(cell) for cell in task_cells(release)]
    detail, module = "", reference
    if kind == "variant" and catalogue.variants:
        detail = rng.choice(sorted(catalogue.variants))
        module = catalogue.variants[detail].source
    elif kind in ("mistake", "two mistakes") and catalogue.mistakes:
        detail = rng.choice(sorted(catalogue.mistakes))
        module = catalogue.mistakes[detail].source
    notebook = solved(release, module, _done(kind, tasks, rng))
    if kind == "two mistakes" and catalogue.mistakes:
        other = rng.choice(sorted(catalogue.mistakes))
        _mix_in(notebook, solved(release, catalogue.mistakes[other].source), catalogue.mistakes[other].task)
        detail = f"{detail}, {other}"
    if kind == "mess":
        add_mess(notebook, rng)
    if kind == "hostile":
        detail = rng.choice(sorted(HOSTILE_LINES))
        make_hostile(notebook, detail, rng)
    content = json.dumps(notebook, indent=1, ensure_ascii=False).encode() + b"\n"
    if kind == "broken":
        detail, content = _broken(content, rng)
    return Simulated(student, kind, detail, content)


def _done(kind: str, tasks: list[str], rng: random.Random) -> list[str]:
    return tasks[: rng.randrange(len(tasks) > 1, len(tasks))] if kind == "half" else tasks


def _mix_in(notebook: Notebook, other: Notebook, task: str) -> None:
    """Take one task's cell from another notebook."""
    for mine, theirs in zip(notebook["cells"], other["cells"], strict=True):
        if grade_id(mine) == task:
            mine["source"] = theirs["source"]


def _broken(content: bytes, rng: random.Random) -> tuple[str, bytes]:
    kinds = {
        "truncated": content[: len(content) // 2],
        "empty": b"",
        "not text": b"\x89PNG\r\n" + bytes(rng.randrange(256) for _ in range(2000)),
        "a page": b"<!DOCTYPE html><html><title>Log in</title></html>",
    }
    name = rng.choice(sorted(kinds))
    return name, kinds[name]
