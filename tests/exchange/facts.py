"""Facts for the tests of pages: a changed configuration, graded attempts, what people give."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from autograder.course import CONFIG_NAME
from autograder.exchange.store import attempts, graded, queue
from autograder.exchange.store.desk import stamp
from autograder.marks import by_hand, exceptions
from autograder.marks.by_hand import Entry
from autograder.marks.exceptions import Deed
from autograder.results.result import Check, Result, Verdict, totals

from .stage import files, notebook

WHY = "a stay in hospital"  # for staff only


def configure(desk, due=None, course="", unit="softmax"):
    """Change ``course_config.py``: a unit's date, and arguments of the course; it holds at once."""
    path = desk.course.root / CONFIG_NAME
    text = path.read_text()
    if due is not None:
        moment = due.isoformat(timespec="minutes")
        text = re.sub(rf'(Unit\("{unit}".*?due=")[^"]*', rf"\g<1>{moment}", text, flags=re.S)
    if course:
        text = text.replace("course = Course(", f"course = Course({course}, ", 1)
    path.write_text(text)
    return desk.living.now(at_once=True)


def ago(desk, **time):
    """A moment that long before now, to the minute."""
    return (desk.now() - timedelta(**time)).replace(second=0, microsecond=0)


def handed_in(stage, desk, core, bonus=0.0, student="student-001"):
    """An attempt with this result, as a worker stores it; returns its id."""
    made = stage.student(student).post(
        "api/units/softmax/attempts", json=files(softmax_ipynb=notebook(stage.course))
    )
    assert made.status_code == 201, made.text
    with desk.database.write() as connection:
        entry = queue.take(connection, "w", desk.seconds(), 20.0, 3)
        attempt = attempts.find(connection, entry.attempt)
        graded.finish(connection, entry, attempt, result(core, bonus, student), stamp(desk.now()))
    return made.json()["id"]


def result(core, bonus=0.0, student="student-001"):
    """Of one task of 100 points, and one of 10 bonus points."""
    wrong = {} if core == 100.0 else {"reason": "It is wrong.", "mistake": "axis"}
    if wrong:
        wrong["case"] = {"calls": "f(1)", "got": "2", "expected": "1", "note": ""}
    checks = (
        Check("a", "softmax_forward", "Rows sum to one.", 100.0, core, _verdict(core, 100.0), **wrong),
        Check("b", "faster", "It is fast.", 10.0, bonus, _verdict(bonus, 10.0), bonus=True),
    )
    return Result("softmax", student, checks=checks, **totals(checks))


def _verdict(earned, points):
    return Verdict.PASSED if earned == points else Verdict.FAILED


def give(desk, attempt, points, name="softmax_forward", kind=by_hand.POINTS, answer=""):
    """Points by hand for student-001, as formgrader and ``course mark`` note them."""
    entry = Entry("softmax", "student-001", attempt, name, kind, points, answer=answer)
    with desk.database.write() as connection:
        by_hand.add(connection, entry, Deed("ta-1", stamp(desk.now()), WHY))


def extend(desk, kind, value, student="student-001", unit="softmax"):
    """An exception, as ``course extend`` makes it."""
    with desk.database.write() as connection:
        exceptions.add(connection, unit, student, kind, value, Deed("ta-1", stamp(desk.now()), WHY))


def due_of(answer):
    """The date in an answer of the JSON interface."""
    return datetime.fromisoformat(answer["due"])
