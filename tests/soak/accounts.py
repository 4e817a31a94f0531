"""The books of an exchange after it has come to rest: each receipt one result, each mark as undisturbed."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlalchemy import Connection, select

from autograder.course import Course
from autograder.exchange.store import tables
from autograder.exchange.store.receipts import verify_receipt
from autograder.marks import attempts, graded
from autograder.marks.blobs import blobs_of
from autograder.marks.database import Database
from autograder.marks.tables import KEPT, RELEASES
from autograder.results.store import read_results
from tests.marks.views import gradebook, pure

from .clients import Sent
from .notebooks import UNIT

FEW = 5  # sentences of one sort
ALLOWED = 1e-6  # of a sum of points


def wrong_in(
    course: Course, database: Database, sent: Sequence[Sent], scores: Mapping[str, float], key: str
) -> list[str]:
    """What does not hold, a few sentences of each sort."""
    with database.read() as connection:
        sorts = (
            _receipts(sent, key),
            _attempts(connection, sent),
            _results(connection, sent, scores),
            _blobs(course, connection),
            _marks(course, database, sent, scores),
        )
        return [sentence for sort in sorts for sentence in _few(list(sort))]


def _few(sentences: list[str]) -> list[str]:
    more = [f"and {len(sentences) - FEW} more like this"] if len(sentences) > FEW else []
    return [*sentences[:FEW], *more]


def _receipts(sent: Iterable[Sent], key: str) -> Iterator[str]:
    for one in sent:
        said = verify_receipt(one.receipt, key)
        if (said.attempt, said.student) != (one.attempt, one.student):
            yield f"the receipt of {one.student} is of {said.student}"


def _attempts(connection: Connection, sent: Sequence[Sent]) -> Iterator[str]:
    """Each request made one attempt, which has a receipt; nothing waits any more."""
    made = Counter(one.attempt for one in sent)
    stored = {each.id for each in attempts.of_unit(connection, UNIT)}
    yield from (f"attempt {name} has {count} receipts" for name, count in made.items() if count > 1)
    yield from (f"attempt {name} has a receipt and is lost" for name in made.keys() - stored)
    yield from (f"attempt {name} is stored and nobody's" for name in stored - made.keys())
    for row in connection.execute(select(tables.QUEUE)):
        yield f"attempt {row.attempt} still waits ({row.trouble or 'not graded'})"


def _results(connection: Connection, sent: Sequence[Sent], scores: Mapping[str, float]) -> Iterator[str]:
    found = graded.of_unit(connection, UNIT)
    for one in sent:
        result = found.get(one.attempt)
        if result is None:
            yield f"attempt {one.attempt} of {one.student} has no result"
        elif result.score is None or abs(result.score - scores[one.kind]) > ALLOWED:
            yield f"attempt {one.attempt} ({one.kind}) has {result.score}, undisturbed {scores[one.kind]}"
    for row in connection.execute(select(KEPT)):
        yield f"attempt {row.attempt} was graded again, to less than {row.score}"


def _blobs(course: Course, connection: Connection) -> Iterator[str]:
    """Each file of an attempt or a release lies there whole, and no other does."""
    blobs = blobs_of(course)
    wanted = {file.sha256 for each in attempts.of_unit(connection, UNIT) for file in each.files}
    for row in connection.execute(select(RELEASES)):
        wanted |= {sha256 for _, sha256, *_ in json.loads(row.files)}
    stored = {path.name for path in blobs.folder.rglob("*") if path.is_file() and path.suffix != ".part"}
    yield from (f"blob {name} is lost" for name in wanted - stored)
    yield from (f"blob {name} is nobody's" for name in stored - wanted)
    for name in wanted & stored:
        if hashlib.sha256(blobs.get(name)).hexdigest() != name:
            yield f"blob {name} holds something else"


def _marks(
    course: Course, database: Database, sent: Sequence[Sent], scores: Mapping[str, float]
) -> Iterator[str]:
    """The best attempt counts: in the function, in the results folder, in nbgrader's gradebook."""
    expected: dict[str, float] = {}
    for one in sent:
        expected[one.student] = max(expected.get(one.student, 0.0), scores[one.kind])
    marks = pure(course, database)
    for student, points in expected.items():
        mark = marks.get(student)
        if mark is None or abs(float(mark.points or 0.0) - points) > ALLOWED:
            yield f"{student} has {mark and mark.points}, undisturbed {points}"
    written = {result.student: result.score for result in read_results(course, UNIT)}
    if written.keys() != expected.keys():
        yield f"the results folder has {len(written)} students of {len(expected)}"
    try:
        gradebook(course, database, marks)
    except (AssertionError, KeyError) as fault:
        yield f"gradebook: {fault}"
