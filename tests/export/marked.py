"""Students with marks in a database of facts, for tests of tables."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

from autograder.course import Course, Unit
from autograder.export.grades import People, Table, column_of, grades_csv
from autograder.export.tables import read_table
from autograder.marks import open_facts, read_facts
from autograder.marks.files import attempt_for
from autograder.marks.graded import store
from autograder.marks.identities import note, read_identities
from autograder.notebook.finding import find_submissions
from autograder.results.disclosure import now
from autograder.results.result import Check, Result, Verdict

DUE = "2027-01-24T23:59+01:00"
CONV = Unit("conv_layer", "Convolution layer", due=DUE, hours=9)
GAN = Unit("gan", "GAN", due=DUE, hours=9)


def course_at(folder: Path, *units: Unit, **fields) -> Course:
    """A course with its data below a folder."""
    here = tuple(replace(unit, root=folder) for unit in units or (CONV,))
    return Course("c", "C", units=here, data=str(folder / "data"), root=folder, **fields)


def give(course: Course, unit: Unit, marks: dict[str, float | None]) -> None:
    """Let students have these points of 100; None is a fault of ours."""
    with open_facts(course) as database, database.write() as connection:
        for student, points in marks.items():
            attempt = attempt_for(connection, unit.name, student, None, "2027-01-17T12:00+01:00")
            verdict = Verdict.BROKEN if points is None else Verdict.PASSED
            check = Check("test_all", "all", "All.", 100.0, points or 0.0, verdict)
            result = Result(unit.name, student, points, 100.0, checks=(check,))
            store(connection, attempt, result, "2027-01-18T12:00+01:00")


def download(course: Course, unit: Unit, *names: str, folder: str = "in", **texts: str) -> list[str]:
    """Grade a download, as far as names are concerned: the students that were found."""
    root = course.root / folder
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    for name, text in texts.items():
        (root / f"{name}.yml").write_text(text)
    with open_facts(course) as database, database.write() as connection:
        identities = read_identities(connection)
        found = find_submissions([root], unit, None, identities)
        note(connection, identities)
    return [item.student for item in found]


def exported(
    course: Course,
    roster: Path | None = None,
    *,
    style: str = "canvas",
    id_column: str | None = None,
    enrolled: dict[str, tuple[str, str]] | None = None,
    total: bool = False,
) -> Table:
    """What ``course export grades`` writes."""
    with open_facts(course) as database, database.read() as connection:
        columns = [column_of(read_facts(connection, course, unit)) for unit in course.units]
        people = People(read_identities(connection), enrolled or {}, tuple(u.name for u in course.units))
    columns = [column for column in columns if column.of]
    table = None if roster is None else read_table(roster, id_column)
    return grades_csv(style, columns, table, people, now() if total else None)


def cells(table: Table, delimiter: str = ",") -> list[list[str]]:
    """The file as lists of cells."""
    return list(csv.reader(io.StringIO(table.text, newline=""), delimiter=delimiter))


def column(table: Table, title: str, delimiter: str = ",") -> dict[str, str]:
    """One column of a table by the first cell of each row."""
    header, *rows = cells(table, delimiter)
    return {row[0]: row[header.index(title)] for row in rows}


def written(folder: Path, text: str, encoding: str = "utf-8", name: str = "roster.csv") -> Path:
    """A file with a text."""
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path
