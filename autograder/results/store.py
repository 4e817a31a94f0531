"""The store of results: one JSON file per student and unit, written atomically.

A student's name becomes a file name by percent-encoding what a file system or a
shell might misread, so that plain names stay as they are, no two names meet, and
the name can be read back. Only names too long for a file system end in a digest
instead; the result inside the file always holds the name itself.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import tempfile
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from urllib.parse import quote

from ..base.errors import CourseError, NotStored, in_words, naming
from ..base.typed import faults
from ..course import Course
from .result import Result, totals

LONGEST_NAME = 120  # bytes; nbgrader's columns hold 128 characters
ROUNDING = 2e-6  # of sums of points
_PLAIN = re.compile("[A-Za-z0-9_@+-]+")  # most names, which need no look at each letter
_UNSAFE = set('/\\%:*?"<>|')
_WRITTEN_BY = re.compile(
    r"\.(.+)-([0-9]+)-\w+\.part"
)  # machine and process in the name of a file being written
_DAY = 24 * 3600.0


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
        _replace(path, _storable(result.to_json()))
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
    except ValueError as error:  # JSON and Unicode errors are some
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


def write_atomically(path: Path, text: str) -> None:
    """Replace ``path`` by ``text`` in one step, after the text has reached the disk."""
    _replace(path, text.encode("utf-8", "replace"))


def _replace(path: Path, content: bytes) -> None:
    with replaced_together() as put:
        put(path, content)


@contextmanager
def replaced_together() -> Iterator[Callable[[Path, bytes], None]]:
    """Replace many files, each in one step, after all of them have reached the disk.

    Yields a function that takes a path and its new content. Files that wait for the disk
    together are on it in half the time, since the file system writes its journal once for
    many. Where anything fails, those not yet replaced stay what they were.
    """
    staged: list[tuple[str, Path]] = []
    try:
        yield partial(_stage, staged)
        for name, path in staged:
            with naming(path):
                reach_disk(Path(name))
        for name, path in staged:
            with naming(path):
                os.replace(name, path)
    except BaseException:
        for name, _ in staged:
            Path(name).unlink(missing_ok=True)
        raise


def _stage(staged: list[tuple[str, Path]], path: Path, content: bytes) -> None:
    with naming(path):
        try:
            handle, name = _beside(path)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = _beside(path)
        staged.append((name, path))
        with open(handle, "wb") as file:
            file.write(content)
            file.flush()
            _begin_to_store(handle)
        os.chmod(name, 0o644)


def _beside(path: Path) -> tuple[int, str]:
    """A new file for what will replace ``path``; its name says who writes it."""
    return tempfile.mkstemp(dir=path.parent, prefix=f".{_machine()}-{os.getpid()}-", suffix=".part")


def clear_leftovers(folder: Path) -> None:
    """Remove what processes left behind that were killed while they wrote a file into the folder."""
    for path in folder.glob(".*.part"):
        with suppress(OSError):  # another run was faster, or may not write here, which its results will say
            if _is_abandoned(path):
                path.unlink()


def _is_abandoned(path: Path) -> bool:
    """Whether nobody writes the file any more; of another machine's processes only its age tells."""
    found = _WRITTEN_BY.fullmatch(path.name)
    if found and found[1] == _machine():
        return not _is_running(int(found[2]))
    return time.time() - path.stat().st_mtime > _DAY


def _machine() -> str:
    return re.sub(r"[^\w.-]", "_", platform.node()) or "unnamed"


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's
        return True
    return True


def _begin_to_store(handle: int) -> None:
    """Let the disk have the file while the next one is prepared: that halves the wait at the end."""
    if hasattr(os, "posix_fadvise"):  # Linux begins to write what it is told to forget
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)


def reach_disk(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
