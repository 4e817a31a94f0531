"""The assignment in the gradebook: made by nbgrader's own ``generate_assignment``."""

from __future__ import annotations

import hashlib
import logging
from datetime import UTC, datetime
from pathlib import Path

from ..base.errors import ConfigError
from ..base.files import replace_file
from ..course import Course, Unit
from .database import gradebook_exists, one_writer, open_gradebook, quiet
from .folders import Folders
from .settings import nbgrader_config


def ensure_assignment(course: Course, unit: Unit) -> bool:
    """Make or renew the unit's entry in the gradebook; False where it is up to date.

    Raises:
        ConfigError: the source version is missing, or nbgrader refuses it; the text says what to do.
    """
    folders = Folders(course)
    source = folders.source(unit.name)
    _renew_source(course, unit)
    stamp = folders.release(unit.name).with_name(".made-from")
    digest = hashlib.sha256(source.read_bytes() + f"{unit.due} {course.gradebook}".encode()).hexdigest()
    if _is_current(course, unit, stamp, digest):
        return False
    with one_writer(course):
        _generate(course, unit)
        _set_due_date(course, unit)
    replace_file(stamp, digest + "\n")
    return True


def _renew_source(course: Course, unit: Unit) -> None:
    """nbgrader's source version is the release: also where the data folder is new and the release is not."""
    if not unit.released_notebook.is_file():
        raise ConfigError(f"{unit.released_notebook} is missing. Run 'course build {unit.name}' first.")
    from ..unit.release import nbgrader_source, synchronise

    files = {
        path.relative_to(unit.release).as_posix(): path.read_bytes()
        for path in unit.release.rglob("*")
        if path.is_file()
    }
    synchronise(nbgrader_source(course, unit), files)


def _is_current(course: Course, unit: Unit, stamp: Path, digest: str) -> bool:
    folders = Folders(course)
    same = stamp.is_file() and stamp.read_text().strip() == digest
    return bool(same and folders.release(unit.name).is_file() and gradebook_exists(course))


def _generate(course: Course, unit: Unit) -> None:
    with open_gradebook(course):
        pass  # makes the database, and says clearly if it cannot be reached
    with quiet():
        from nbgrader.converters import GenerateAssignment
        from nbgrader.converters.base import NbGraderException
        from nbgrader.coursedir import CourseDirectory

        config = nbgrader_config(course)
        folder = CourseDirectory(config=config)
        folder.assignment_id = unit.name
        log, heard = _listening_log()
        converter = GenerateAssignment(coursedir=folder, config=config, force=True, log=log)
        try:
            converter.start()
        except (NbGraderException, SystemExit) as error:
            raise ConfigError(_refusal(unit, heard.lines)) from error


def _refusal(unit: Unit, lines: list[str]) -> str:
    if any("submissions associated" in line for line in lines):
        return (
            f"{unit.name}: graded submissions exist, and nbgrader adds or removes no cells then. "
            "Keep the tasks as they are, or remove the assignment with "
            f"'nbgrader db assignment remove {unit.name} --force', build again and grade again "
            "(points that people gave are kept, and stand there again)."
        )
    said = " ".join(lines[-1:]) or "it gave no reason"
    return f"nbgrader refuses the source version of {unit.name}: {said}"


def _set_due_date(course: Course, unit: Unit) -> None:
    due = datetime.fromisoformat(unit.due).astimezone(UTC).replace(tzinfo=None)  # nbgrader keeps naive UTC
    with open_gradebook(course) as gradebook:
        gradebook.update_or_create_assignment(unit.name, duedate=due)


class _Heard(logging.Handler):
    """Keeps what nbgrader says, for the text of an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one message."""
        self.lines.append(record.getMessage())


def _listening_log() -> tuple[logging.Logger, _Heard]:
    heard = _Heard()
    log = logging.Logger("course.nbgrader", logging.ERROR)
    log.addHandler(heard)
    return log, heard
