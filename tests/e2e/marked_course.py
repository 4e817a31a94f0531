"""A small course in which both students made a mistake, with a hub of its own: for stories about marks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from autograder.demo.solving import solved
from tests.e2e.mark_views import Class
from tests.e2e.people import Visitor
from tests.hub.support import LITTLE, ROOT, RunningHub

UNIT = "little"
CONFIG = """
from autograder.course import Course, LatePolicy, Unit

course = Course(
    "little",
    "Little",
    (Unit("little", "Little", due="{due}", hours=1),),
    late=LatePolicy(percent_per_day=10.0, days=5, grace_minutes=15),
    late_days=2,
)
"""
QUESTION = """
# %% [markdown]
# ## In your own words
#
# Why has the layer a bias?

# %% [markdown] written="why" points=4
# *Double-click here and write your answer in place of this line.*
"""
BONUS = '''

@pytest.mark.task("windows", points=8, bonus=True)
def test_windows_many(student):
    """Many windows are counted."""
    right(student.windows(1000, 3), "The number of windows")
'''
NO_BIAS = ("        out = out + b", "        out = out")  # a known mistake of student-001
NO_MOMENTUM = ("v *= self.momentum", "v *= 0")  # one of student-002
MILDER = ("lr=0.2, momentum=momentum)", "lr=0.2, momentum=0.0 * momentum)")
ANSWER = "Without it the plane would go through the origin."
SHOTS = ROOT / "tests" / "screenshots"


@contextmanager
def marked_course(folder: Path, chromium: Any, hours: float, built: bool = False) -> Iterator[Class]:
    """Everybody on its roster in front of a browser.

    Args:
        folder: for the course.
        chromium: the browser.
        hours: since the unit was due.
        built: whether the unit lies there to be released; else formgrader builds it.
    """
    hub = RunningHub(folder, original=LITTLE, built=built)
    at = hub.course.root / "assignments" / UNIT
    for path, more in ((at / "notebook.py", QUESTION), (at / "grader.py", BONUS)):
        path.write_text(path.read_text() + more)
    due(hub, hours)
    SHOTS.mkdir(exist_ok=True)
    with hub:
        yield Class(hub, {name: Visitor(chromium, hub, name, SHOTS) for name in hub.passwords})


def due(hub: RunningHub, hours: float) -> None:
    """The unit is due that long ago."""
    moment = (datetime.now(UTC) - timedelta(hours=hours)).isoformat(timespec="minutes")
    (hub.course.root / "course_config.py").write_text(CONFIG.format(due=moment))


def release(of: Class) -> dict[str, Any]:
    """The released notebook."""
    return json.loads(of.course.unit(UNIT).released_notebook.read_text())


def reference(of: Class) -> str:
    """The reference solution."""
    return (of.hub.course.root / "solutions" / f"{UNIT}.py").read_text()


def changed(text: str, change: tuple[str, str]) -> str:
    """A text with one place changed."""
    assert text.count(change[0]) == 1, change
    return text.replace(*change)


def wrong(of: Class, *mistakes: tuple[str, str], answer: str = "") -> dict[str, Any]:
    """A notebook that is right but for these mistakes."""
    text = reference(of)
    for mistake in mistakes:
        text = changed(text, mistake)
    notebook = solved(release(of), text)
    for cell in notebook["cells"]:
        if answer and cell["metadata"].get("nbgrader", {}).get("grade_id") == "why":
            cell["source"] = answer
    return notebook
