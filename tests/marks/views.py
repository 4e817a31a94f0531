"""Each place where somebody reads a mark, held against the function itself."""

from __future__ import annotations

import csv
import io
import json
import os
from contextlib import contextmanager
from pathlib import Path

from click.testing import CliRunner

from autograder.cli import course as cli
from autograder.course import Course
from autograder.exchange.store.desk import open_desk
from autograder.exchange.views.overview import everyone, overview
from autograder.gradebook.database import open_gradebook
from autograder.marks import Mark, read_facts
from autograder.marks.database import Database
from autograder.marks.graded import result_of
from autograder.results.store import read_result

ROUNDED = 1e-4  # an export writes four digits


def pure(course: Course, database: Database) -> dict[str, Mark]:
    """The function itself, of everybody who has a mark."""
    (unit,) = course.units
    with database.read() as connection:
        marks = read_facts(connection, course, unit).marks()
        return {mark.student: mark for mark in marks if mark.points is not None}


def result_files(course: Course, database: Database, marks: dict[str, Mark]) -> None:
    """The result file is that of the attempt that counts."""
    (unit,) = course.units
    with database.read() as connection:
        for student, mark in marks.items():
            written = read_result(course, unit.name, student)
            stored = result_of(connection, mark.counting.attempt.id)
            assert written is not None, f"no result file of {student}"
            assert written == stored, f"{student}: the file is not of attempt {mark.counting.attempt.number}"


def gradebook(course: Course, database: Database, marks: dict[str, Mark]) -> None:
    """nbgrader's own arithmetic: score less penalty is the mark, and its maximum the denominator."""
    (unit,) = course.units
    with open_gradebook(course) as book:
        rows = {row.student.id: row for row in book.assignment_submissions(unit.name)} if marks else {}
        for student, mark in marks.items():
            row = rows[student]
            score = row.score - sum(each.late_submission_penalty or 0.0 for each in row.notebooks)
            _same("gradebook", student, score, mark.points)
            _same("gradebook's maximum", student, row.max_score, mark.out_of)
            assert row.needs_manual_grade == mark.waits, (
                f"{student}: formgrader waits for {row.needs_manual_grade}"
            )


def exchange(course: Course, database: Database, marks: dict[str, Mark]) -> None:
    """What a student's page and the staff's page of a unit are made of."""
    (unit,) = course.units
    desk = open_desk(course)
    try:
        with desk.database.read() as connection:
            facts = read_facts(connection, desk.course, unit)
            staff = {each.student: each for each in everyone(desk, connection, facts)}
            for student, mark in marks.items():
                for seen in (overview(desk, connection, unit, student), staff[student]):
                    _same("exchange", student, seen.mark.points, mark.points)
                    assert seen.counting.attempt.id == mark.counting.attempt.id
                    _same("exchange's line", student, seen.counting.mark, mark.points)
                    assert seen.mark.due == mark.due
    finally:
        desk.database.close()


def export(course: Course, database: Database, marks: dict[str, Mark]) -> None:
    """The table for a learning platform."""
    (unit,) = course.units
    if not marks:
        return
    rows = csv.DictReader(io.StringIO(printed(course, "export", "grades", unit.name)))
    table = {row["SIS Login ID"]: row[unit.title] for row in rows}
    for student, mark in marks.items():
        _same("export", student, float(table[student]), mark.points, ROUNDED)


def command(course: Course, database: Database, marks: dict[str, Mark]) -> None:
    """What ``course mark`` prints."""
    (unit,) = course.units
    for student, mark in marks.items():
        told = json.loads(printed(course, "mark", unit.name, student, "--json"))
        _same("course mark", student, told["points"], mark.points)
        assert (told["how"], told["out_of"]) == (mark.how, mark.out_of)


VIEWS = (result_files, gradebook, exchange, export, command)


def _same(view: str, student: str, seen: float | None, expected: float | None, within: float = 1e-6) -> None:
    assert seen is not None and abs(seen - expected) <= within, (
        f"{view}: {student} has {seen}, not {expected}"
    )


def printed(course: Course, *words: str) -> str:
    """What a command prints."""
    with _inside(course.root):
        done = CliRunner().invoke(cli, list(words), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


@contextmanager
def _inside(folder: Path):
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
