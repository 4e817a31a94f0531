"""Facts without a sandbox: attempts of the tiny course's unit, and what grading them would have said."""

from __future__ import annotations

import json
from dataclasses import replace

from sqlalchemy import Connection

from autograder.course import Course
from autograder.exchange.store.attempts import accept
from autograder.exchange.store.desk import Desk
from autograder.exchange.store.uploads import File, Upload
from autograder.marks import attempts, graded
from autograder.marks.attempts import Attempt, StoredFile
from autograder.marks.blobs import blobs_of
from autograder.marks.exceptions import Deed
from autograder.marks.files import attempt_for
from autograder.results.result import Result, Verdict
from tests.gradebook.conftest import released, result

UNIT = "relu"
NOW = "2027-01-01T00:00:00+00:00"
DEED = Deed("ta-1", NOW, "as agreed")
PASSED, FAILED = Verdict.PASSED, Verdict.FAILED


def notebook(*marks: str, answer: str = "") -> bytes:
    """A notebook that is told from others by some text in it."""
    made = released()
    for cell in made["cells"]:
        if cell["metadata"]["nbgrader"]["grade_id"] == "why" and answer:
            cell["source"] = answer
    made["metadata"]["told"] = list(marks)
    return json.dumps(made).encode()


def from_file(
    course: Course, connection: Connection, student: str, content: bytes, submitted: str | None
) -> Attempt:
    """An attempt that ``course grade`` found in a folder."""
    file = StoredFile(f"{UNIT}.ipynb", blobs_of(course).put(content), len(content))
    return attempt_for(connection, UNIT, student, file, submitted, received=NOW)


def on_the_hub(desk: Desk, student: str, content: bytes) -> Attempt:
    """An attempt that the exchange took in."""
    upload = Upload((File(f"{UNIT}.ipynb", content),))
    return accept(desk, desk.course.unit(UNIT), student, upload)[0]


def said(attempt: Attempt, *verdicts: Verdict, answer: str = "", digest: str = "d") -> Result:
    """What grading an attempt says: checks of 40, 20, 25 and 15 points, and whether an answer was written."""
    content = result(attempt.student, *verdicts, submitted=attempt.submitted)
    return replace(content, digest=digest * 64, answers={"why": answer})


def with_results(course: Course, database, *several: tuple[str, tuple[Verdict, ...], str]) -> None:
    """Attempts from files, graded: student, verdicts, and when they were handed in."""
    with database.write() as connection:
        for number, (student, verdicts, moment) in enumerate(several):
            attempt = from_file(course, connection, student, notebook(str(number)), moment)
            graded.store(connection, attempt, said(attempt, *verdicts), NOW)


def numbered(connection: Connection, student: str, number: int) -> Attempt:
    """One attempt of a student."""
    return attempts.of_student(connection, UNIT, student)[number - 1]
