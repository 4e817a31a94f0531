"""``course person``: all that the course has of one student, as a file, or deleted."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from ..base.errors import UsageError, naming
from ..base.files import PRIVATE
from ..course import Course, load_course
from ..exchange.forgetting import forget_student, places_of
from ..exchange.retention import students_of
from ..exchange.store.desk import Desk, open_desk
from ..exchange.store.personal import Holding, as_json, holding
from ..hub.gpus.kept import Rows, forget, rows_of
from ..hub.gpus.settings import book_file
from ..hub.process.options import hub_folder
from ..marks.pseudonyms import pseudonym
from ..marks.roster import read_roster, roster_file
from ..results.audit import lines_about
from ..results.store import safe_name

NOT_COVERED = (
    "backups and copies of databases (data/backups, the operator's archives)",
    "logs of the hub and its services",
    "downloads that 'course grade' was given (data/submitted), exports and reports that were written before",
)


@click.group()
def command() -> None:
    """Export or delete everything that the course has of one student."""


@command.command("export")
@click.argument("student")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export_person(student: str, file: Path) -> None:
    """Write all of STUDENT into FILE, a ZIP archive that only its owner can read.

    It has the rows of the database with what staff wrote as reasons, the files that were handed in, result
    and feedback files, who held which GPU when, and the student's lines of the audit. Look through it before
    you hand it out.
    """
    course = load_course()
    with _desk(course) as desk:
        found = _known(course, desk, student)
        if file.exists():
            raise UsageError(f"{file} is there already; name another file")
        with naming(file):
            file.touch(mode=PRIVATE)
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                _write(course, desk, found, archive)
    click.echo(f"{file}: {_told(found, rows_of(book_file(course), student))}")
    _say_not_covered(course, student)


@command.command("who")
@click.argument("called")
def who_is(called: str) -> None:
    """Say which student a pseudonym in a log, in the audit or in a report means."""
    from ..judge.secret import course_secret

    course = load_course()
    path, secret = roster_file(course), course_secret(course)
    names = set(read_roster(path).names("student")) if path.exists() else set()
    with _desk(course) as desk, desk.database.read() as connection:
        names |= set(students_of(connection))
    found = next((name for name in sorted(names) if pseudonym(secret, name) == called), None)
    if found is None:
        raise UsageError(f"{called!r} is nobody on the roster, and nobody of whom the course has anything")
    click.echo(found)


@command.command("delete")
@click.argument("student")
@click.option("--yes", is_flag=True, help="Do it; else it is only said what would be deleted.")
def delete_person(student: str, yes: bool) -> None:
    """Delete all of STUDENT: attempts, results, marks, files, feedback, rows of the gradebook, uses of GPUs.

    Without --yes nothing is changed. The audit keeps its lines under a pseudonym, and what each receipt
    said of its attempt. It cannot be taken back.
    """
    course = load_course()
    with _desk(course) as desk:
        found = _known(course, desk, student)
        places = list(places_of(course, student))
        click.echo(f"{student}: {_told(found, rows_of(book_file(course), student))}")
        for path in places:
            click.echo(f"  {path}")
        if not yes:
            click.echo("Nothing was deleted; with --yes it is.")
        else:
            name, gone, left = forget_student(desk, found)
            held = forget(book_file(course), student)
            click.echo(f"Deleted, with {gone} files; the audit calls the student {name}.")
            if left:
                click.echo(f"{left} files were touched within the hour and stay: give the same command then.")
            if held:
                click.echo(
                    f"A GPU is held or waited for and stays noted: 'course gpu stop {student}', then again."
                )
    _say_not_covered(course, student)


@contextmanager
def _desk(course: Course) -> Iterator[Desk]:
    desk = open_desk(course)
    try:
        yield desk
    finally:
        desk.database.close()


def _known(course: Course, desk: Desk, student: str) -> Holding:
    with desk.database.read() as connection:
        found = holding(connection, student)
    written = list(places_of(course, student)) or rows_of(book_file(course), student)
    if not found.counts and not written:
        raise UsageError(
            f"the course has nothing of {student!r}. 'course roster list' prints who takes part."
        )
    return found


def _told(found: Holding, gpus: Rows) -> str:
    counts = {**found.counts, **{f"gpu {table}": len(rows) for table, rows in gpus.items()}}
    rows = ", ".join(f"{count} {name}" for name, count in counts.items())
    return f"{rows or 'no rows'} in the databases, {len(found.files)} files that were handed in or given back"


def _write(course: Course, desk: Desk, found: Holding, archive: zipfile.ZipFile) -> None:
    archive.writestr("facts.json", as_json(found.rows))
    if gpus := rows_of(book_file(course), found.student):
        archive.writestr("gpus.json", as_json(gpus))
    for attempt in found.attempts:
        folder = f"attempts/{attempt.unit}/{attempt.number}"
        if attempt.receipt:
            archive.writestr(f"{folder}/receipt.txt", attempt.receipt)
        for file in attempt.files:
            archive.writestr(f"{folder}/files/{file.path}", desk.blobs.get(file.sha256))
    for path in places_of(course, found.student):
        for each in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if each.is_file() and not each.is_symlink():
                archive.write(each, f"written/{each.relative_to(course.data_folder)}")
    for unit in course.units:
        lines = lines_about(course, unit.name, found.student)
        if lines:
            archive.writestr(f"audit/{unit.name}.jsonl", "".join(json.dumps(line) + "\n" for line in lines))


def _say_not_covered(course: Course, student: str) -> None:
    path, homes = roster_file(course), hub_folder(course) / "homes"
    if path.exists() and read_roster(path).find(student) is not None:
        click.echo(f"On the roster still: 'course roster drop {student}' ends the account on the hub.")
    if (homes / safe_name(student)).is_dir():
        click.echo(f"Not covered: the home folder {homes / safe_name(student)}")
    for each in NOT_COVERED:
        click.echo(f"Not covered: {each}")
