"""The whole story on one machine: release, a simulated class, grading, feedback, report."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..batch.run import Done, book, grade_all
from ..course import Course, Unit, load_course
from ..gradebook import read_booked
from ..judge.secret import publish_secret
from ..notebook.finding import find_submissions
from ..pages.feedback import write_feedback
from ..pages.report import write_reports
from ..results.disclosure import now
from ..unit.release import build, publish
from . import Simulated, simulate_class, write_class

Say = Callable[[str], None]


@dataclass(frozen=True)
class Story:
    """What the demo made for one unit."""

    unit: Unit
    people: tuple[Simulated, ...]
    done: tuple[Done, ...]
    seconds: float


def demo_course(root: Path, fresh: bool = True) -> Course:
    """The course with a data folder of the demo's own, so that no real mark is touched."""
    folder = root / "data" / "demo"
    if fresh and folder.exists():
        shutil.rmtree(folder)
    os.environ["COURSE_DATA"] = str(folder)  # inherited by the workers
    course = load_course(root)
    publish_secret(course)
    return course


def tell(course: Course, unit: Unit, students: int, tier: str, say: Say) -> Story:
    """One unit from release to report."""
    say(f"{unit.name}: building the release")
    publish(course, unit, build(course, unit))
    people = simulate_class(course, unit, students)
    folder = write_class(course.data_folder / "submitted", unit, people)
    found = find_submissions([folder], unit)
    begun = time.perf_counter()
    done = grade_all(course, unit, found, tier)
    seconds = time.perf_counter() - begun
    say(f"{unit.name}: writing gradebook, feedback and report")
    for refusal in book(course, unit, done, everything=True):
        say(f"gradebook: {refusal}")
    results = [item.result for item in done]
    write_feedback(course, unit, results, read_booked(course, unit.name), now())
    return Story(unit, tuple(people), tuple(done), seconds)


def pages(course: Course) -> Path:
    """Write the class reports; returns the page to open first."""
    return write_reports(course, now())[-1]
