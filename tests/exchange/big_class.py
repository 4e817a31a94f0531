"""A large class in the database, without a file or a grading: rows as exchange and workers write them."""

from __future__ import annotations

import json
from contextlib import contextmanager

from sqlalchemy import event, insert

from autograder.course import CONFIG_NAME
from autograder.marks.roster import Member, roster_file, write_roster
from autograder.marks.summary import summary_of
from autograder.marks.tables import ATTEMPTS, BY_HAND, EXCEPTIONS, RESULTS

from .facts import result

MOMENT = "2026-01-10T10:00:00.000000+00:00"
HAND_IN = 9  # of ten students
PADDING = 12_000  # letters, so that a result weighs what those of ten tasks do


def with_units(desk, count):
    """Give the course so many further units; their names, the first one's with them."""
    names = [f"unit_{number:02d}" for number in range(2, count + 1)]
    lines = "".join(
        f'        Unit("{name}", "{name.title()}", due="2026-01-17T12:00+00:00", hours=1),\n'
        for name in names
    )
    config = desk.course.root / CONFIG_NAME
    config.write_text(config.read_text().replace("    ),\n    data", f"{lines}    ),\n    data"))
    return [unit.name for unit in desk.living.now(at_once=True).units]


def enrol(desk, students):
    """Put so many students on the roster, each with a name."""
    names = [f"student-{number:04d}" for number in range(1, students + 1)]
    path = roster_file(desk.course)
    path.parent.mkdir(exist_ok=True)
    write_roster(path, [Member(name, "student", f"Student {name[-4:]}") for name in names])
    return names


def fill(desk, units, students, attempts=2):
    """Nine of ten hand in so often at each unit; each tenth has points by hand, each fifth an extension."""
    content = result(60.0, 0.0)
    text, summary = content.to_json() + " " * PADDING, json.dumps(summary_of(content))
    rows, graded, given, moved = [], [], [], []
    for unit in units:
        for index, student in enumerate(students):
            if index % 10 >= HAND_IN:
                continue
            for number in range(1, attempts + 1):
                name = f"{unit}-{student}-{number}"[-32:]
                rows.append(_attempt(name, unit, student, number))
                graded.append(_result(name, content, text, summary))
            if index % 10 == 0:
                given.append(_by_hand(unit, student, name))
            if index % 5 == 0:
                moved.append(_extension(unit, student))
    with desk.database.write() as connection:
        for table, values in ((ATTEMPTS, rows), (RESULTS, graded), (BY_HAND, given), (EXCEPTIONS, moved)):
            connection.execute(insert(table), values)


def _attempt(name, unit, student, number):
    files = json.dumps([[f"{unit}.ipynb", "0" * 64, 1000]])
    known = {"id": name, "unit": unit, "student": student, "number": number, "received": MOMENT}
    return known | {"submitted": MOMENT, "sha256": "0" * 64, "size": 1000, "files": files, "receipt": "-"}


def _result(name, content, text, summary):
    known = {"attempt": name, "graded": MOMENT, "digest": "d", "explained": "e", "score": content.score}
    points = {"max_score": content.max_score, "bonus": content.bonus}
    return known | points | {"content": text, "summary": summary}


def _by_hand(unit, student, attempt):
    said = {"name": "softmax_forward", "answer": "", "kind": "points", "points": 70.0, "comment": ""}
    deed = {"automatic": 60.0, "who": "ta-1", "moment": MOMENT, "why": "looked at"}
    return {"unit": unit, "student": student, "attempt": attempt} | said | deed


def _extension(unit, student):
    deed = {"who": "ta-1", "moment": MOMENT, "why": "ill"}
    return {"unit": unit, "student": student, "kind": "days", "value": "2"} | deed


@contextmanager
def counted(database):
    """The queries that are made meanwhile."""
    made = []
    listener = ("before_cursor_execute", lambda *said: made.append(said[2]))
    event.listen(database._engine, *listener)
    try:
        yield made
    finally:
        event.remove(database._engine, *listener)
