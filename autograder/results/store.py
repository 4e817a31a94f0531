"""The store of results: one JSON file per student and unit, written atomically.

A student's name becomes a file name by percent-encoding what a file system or a
shell might misread, so that plain names stay as they are, no two names meet, and
the name can be read back. Only names too long for a file system end in a digest
instead; the result inside the file always holds the name itself.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from ..base.errors import CourseError, NotStored, in_words
from ..base.files import replace_file
from ..base.typed import faults
from ..course import Course
from .result import Result, totals

LONGEST_NAME = 120  # bytes; nbgrader's columns hold 128 characters
ROUNDING = 2e-6  # of sums of points
_PLAIN = re.compile("[A-Za-z0-9_@+-]+")  # most names, which need no look at each letter
_UNSAFE = set('/\\%:*?"<>|')


class ResultFileError(CourseError):
    """A result file that no engine wrote, or that was damaged."""


def safe_name(student: str) -> str:
    """The file name, without suffix, of a student's files.

    >>> safe_name("student-001"), safe_name("a/b"), safe_name("..")
    ('student-001', 'a%2Fb', '%2E%2E')

    Raises:
        CourseError: the name is empty.
    """
    if not student:
        raise CourseError(
            "a student's name is empty; give one with --student, or name the file after the student"
        )
    if len(student) <= LONGEST_NAME and _PLAIN.fullmatch(student):
        return student
    composed = unicodedata.is_normalized("NFC", student)
    edge = {0, len(student) - 1}
    name = "".join(
        _encoded(letter) if _unsafe(letter, at_edge=i in edge, composed=composed) else letter
        for i, letter in enumerate(student)
    )
    if len(name.encode()) <= LONGEST_NAME:
        return name
    digest = hashlib.sha256(student.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return (
        name.encode()[: LONGEST_NAME - 33].decode("utf-8", "ignore") + "%" + digest
    )  # no code: '%' plus 32 digits


def _unsafe(letter: str, *, at_edge: bool, composed: bool) -> bool:
    if letter.isascii() and (letter.isalnum() or letter in "-_@+"):
        return False
    if letter in _UNSAFE or (at_edge and letter in ". "):
        return True
    if not letter.isascii() and not composed:
        return True  # some file systems compose letters, and then two names would meet
    return (
        letter != " " and unicodedata.category(letter)[0] in "CZ"
    )  # control, direction, zero width, odd spaces


def _encoded(letter: str) -> str:
    return f"%{ord(letter):02X}" if letter.isascii() else quote(letter.encode("utf-8", "surrogatepass"))


def result_path(course: Course, unit: str, student: str) -> Path:
    """Where the result of one student lies."""
    return course.results(unit) / f"{safe_name(student)}.json"


def write_result(course: Course, result: Result) -> Path:
    """Write a result so that a reader sees the old file or the new one, whatever is killed when.

    Raises:
        NotStored: the disk is full, or the place cannot be written.
    """
    path = result_path(course, result.unit, result.student)
    try:
        replace_file(path, _storable(result.to_json()))
    except OSError as error:
        raise NotStored(f"the result of {result.student} cannot be stored: {in_words(error)}") from error
    return path


def read_result(course: Course, unit: str, student: str) -> Result | None:
    """The result of one student, or None where there is none.

    Raises:
        ResultFileError: the file is damaged.
    """
    path = result_path(course, unit, student)
    return _read(path) if path.exists() else None


def read_results(course: Course, unit: str) -> list[Result]:
    """All readable results of a unit, sorted by student; see ``unreadable_results`` for the rest."""
    return _sorted_results(course, unit)[0]


def unreadable_results(course: Course, unit: str) -> list[ResultFileError]:
    """One error for each result file of the unit that cannot be read."""
    return _sorted_results(course, unit)[1]


def _sorted_results(course: Course, unit: str) -> tuple[list[Result], list[ResultFileError]]:
    good: list[Result] = []
    bad: list[ResultFileError] = []
    for path in sorted(course.results(unit).glob("*.json")):
        if path.name.startswith("."):
            continue  # a file that another process is writing
        try:
            good.append(_read(path))
        except ResultFileError as error:
            bad.append(error)
    return sorted(good, key=lambda result: result.student), bad


def _read(path: Path) -> Result:
    try:
        result = Result.from_json(path.read_text(encoding="utf-8"))
    except (
        ValueError,
        RecursionError,
    ) as error:  # JSON and Unicode errors are some; or it is nested too deeply
        raise _damaged(path, str(error)) from error
    except OSError as error:
        raise ResultFileError(in_words(error)) from error
    for fault in _faults(result, path):
        raise _damaged(path, fault)
    return result


def _damaged(path: Path, why: str) -> ResultFileError:
    return ResultFileError(f"{path}: {why}. Grade this student again with --force.")


def _faults(result: Result, path: Path) -> Iterator[str]:
    """What no engine would have written: a file can be damaged and be JSON all the same."""
    yield from faults(result, "", {})
    if not result.student or safe_name(result.student) != path.name.removesuffix(".json"):
        yield f"it is of student {result.student!r}, whose file has another name"
    if result.unit != path.parent.name:
        yield f"it is of unit {result.unit!r}, expected {path.parent.name!r}"
    for name, expected in totals(result.checks).items():
        stored = getattr(result, name)
        if (stored is None) != (expected is None) or abs((stored or 0.0) - (expected or 0.0)) > ROUNDING:
            yield f"{name} is {stored}, expected {expected}, which is what its checks add up to"


def _storable(text: str) -> bytes:
    """JSON in which half characters, which UTF-8 cannot hold, are escaped; reading gives them back."""
    return text.encode("utf-8", "backslashreplace")  # Python's escape of them is JSON's as well
