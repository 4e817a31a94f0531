"""``course person``: all that the course has of one student, as a file, or deleted."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from ..base.errors import UsageError, naming
from ..base.files import PRIVATE
from ..course import Course, load_course
from ..exchange.store.desk import Desk, open_desk
from ..exchange.store.personal import Holding, as_json, delete_facts, holding
from ..gradebook.removing import folders_of_student, remove_from_gradebook
from ..hub.process.options import hub_folder
from ..marks.pseudonyms import pseudonym
from ..marks.roster import read_roster, roster_file
from ..results.audit import note, read_audit, rename
from ..results.store import result_path, safe_name

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
    and feedback files, and the student's lines of the audit. Look through it before you hand it out.
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
    click.echo(f"{file}: {_told(found)}")
    _say_not_covered(course, student)


@command.command("delete")
@click.argument("student")
@click.option("--yes", is_flag=True, help="Do it; else it is only said what would be deleted.")
def delete_person(student: str, yes: bool) -> None:
    """Delete all of STUDENT: attempts, results, marks, files, feedback, rows of the gradebook.

    Without --yes nothing is changed. The audit keeps its lines under a pseudonym, and what each receipt
    said of its attempt. It cannot be taken back.
    """
    course = load_course()
    with _desk(course) as desk:
        found = _known(course, desk, student)
        places = list(_places(course, student))
        click.echo(f"{student}: {_told(found)}")
        for path in places:
            click.echo(f"  {path}")
        if not yes:
            click.echo("Nothing was deleted; with --yes it is.")
        else:
            _delete(course, desk, found, places)
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
    if not found.counts and not list(_places(course, student)):
        raise UsageError(
            f"the course has nothing of {student!r}. 'course roster list' prints who takes part."
        )
    return found


def _told(found: Holding) -> str:
    rows = ", ".join(f"{count} {name}" for name, count in found.counts.items())
    return f"{rows or 'no rows'} in the database, {len(found.files)} files that were handed in or given back"


def _places(course: Course, student: str) -> Iterator[Path]:
    """Files and folders that are written from the facts."""
    for unit in course.units:
        for path in (
            result_path(course, unit.name, student),
            course.data_folder / "feedback" / unit.name / safe_name(student),
        ):
            if path.exists():
                yield path
    yield from folders_of_student(course, student)


def _write(course: Course, desk: Desk, found: Holding, archive: zipfile.ZipFile) -> None:
    archive.writestr("facts.json", as_json(found.rows))
    for attempt in found.attempts:
        folder = f"attempts/{attempt.unit}/{attempt.number}"
        if attempt.receipt:
            archive.writestr(f"{folder}/receipt.txt", attempt.receipt)
        for file in attempt.files:
            archive.writestr(f"{folder}/files/{file.path}", desk.blobs.get(file.sha256))
    for path in _places(course, found.student):
        for each in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if each.is_file() and not each.is_symlink():
                archive.write(each, f"written/{each.relative_to(course.data_folder)}")
    for unit in course.units:
        lines = [line for line in read_audit(course, unit.name) if line.get("student") == found.student]
        if lines:
            archive.writestr(f"audit/{unit.name}.jsonl", "".join(json.dumps(line) + "\n" for line in lines))


def _delete(course: Course, desk: Desk, found: Holding, places: Sequence[Path]) -> None:
    """The record first, then the facts, then what was written from them: a kill leaves work, and no name."""
    from ..judge.secret import course_secret

    name = pseudonym(course_secret(course), found.student)
    for unit in course.units:
        mine = [each for each in found.attempts if each.unit == unit.name]
        rename(course, unit.name, found.student, name)
        for each in mine:
            said = f"received {each.received}, SHA-256 {each.sha256 or 'not kept'}"
            note(course, unit.name, f"data of {name} deleted: attempt {each.number}, {each.id}, {said}")
    gone, left = delete_facts(desk, found.student)
    for path in places:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=False)
        else:
            path.unlink(missing_ok=True)
    remove_from_gradebook(course, found.student)
    click.echo(f"Deleted, with {gone} files; the audit calls the student {name}.")
    if left:
        click.echo(f"{left} files were touched within the hour and stay: give the same command again then.")


def _say_not_covered(course: Course, student: str) -> None:
    path, homes = roster_file(course), hub_folder(course) / "homes"
    if path.exists() and read_roster(path).find(student) is not None:
        click.echo(f"On the roster still: 'course roster drop {student}' ends the account on the hub.")
    if (homes / safe_name(student)).is_dir():
        click.echo(f"Not covered: the home folder {homes / safe_name(student)}")
    for each in NOT_COVERED:
        click.echo(f"Not covered: {each}")
