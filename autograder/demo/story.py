"""The whole story on one machine: release, a simulated class, grading, feedback, report."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..batch.booking import book
from ..batch.grading import How, grade_all
from ..batch.run import Done
from ..course import Course, Unit, load_course
from ..judge.secret import publish_secret
from ..marks import counted, open_facts, read_facts
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


def demo_folder(root: Path) -> Path:
    """The demo's own data folder."""
    return root / "data" / "demo"


def demo_hint(course: Course, command: str) -> str:
    """How a command finds what the demo made; empty where there was no demo, or it is looked at."""
    folder = demo_folder(course.root)
    if not folder.is_dir() or course.data_folder == folder:
        return ""
    return f"What 'course demo' made is found with COURSE_DATA={folder} before 'course {command}'."


def demo_course(root: Path, fresh: bool = True) -> Course:
    """The course with a data folder of the demo's own, so that no real mark is touched."""
    folder = demo_folder(root)
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
    with open_facts(course) as database:
        begun = time.perf_counter()
        done = grade_all(course, database, unit, found, How(tier)).done
        seconds = time.perf_counter() - begun
        say(f"{unit.name}: writing gradebook, feedback and report")
        for refusal in book(course, database, unit):
            say(f"not written: {refusal}")
        with database.read() as connection:
            facts = read_facts(connection, course, unit)
            write_feedback(facts, counted(connection, facts.marks()), now())
    return Story(unit, tuple(people), tuple(done), seconds)


def pages(course: Course) -> Path:
    """Write the class reports; returns the page to open first."""
    with open_facts(course) as database:
        return write_reports(course, database, now())[-1]
