"""What the course's database has of one student: gathered for an export, or deleted.

Each table says in ``KINDS`` how its rows belong to a student; a test holds that none is forgotten. Names of
staff stand in rows of others and stay. Files are deleted where nothing else has them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, select

from ...marks.attempts import Attempt, attempt_of, load_files
from ...marks.tables import ATTEMPTS, BY_HAND
from ...marks.tables import METADATA as TABLES
from .database import one_at_a_time
from .desk import Desk
from .tables import DRAFTS, FEEDBACK
from .tidying import needed

OWN = "own"  # a column names the student: exported and deleted
OF_ATTEMPT = "of-attempt"  # belongs to an attempt of the student: the same
OF_ENTRY = "of-entry"  # belongs to something that was given to the student by hand: the same
NOBODY = "nobody"  # of no student
KINDS: Mapping[str, str] = {
    "attempts": OWN,
    "by_hand": OWN,
    "drafts": OWN,
    "exceptions": OWN,
    "explained": OWN,
    "feedback": OF_ATTEMPT,
    "handed_out": NOBODY,
    "identities": OWN,
    "in_hand": OF_ATTEMPT,
    "kept": OF_ATTEMPT,
    "openings": OWN,
    "policies": NOBODY,
    "projected": OWN,
    "queue": OF_ATTEMPT,
    "releases": NOBODY,
    "requests": OWN,
    "results": OF_ATTEMPT,
    "rubric": NOBODY,
    "rubric_ticks": OF_ENTRY,
    "schema_version": NOBODY,
    "shown": OWN,
    "standings": OWN,
    "turns": OWN,
    "visits": OWN,
}
FRESH_SECONDS = 3600.0  # a file that was written or touched since may be about to be handed in again
Rows = Mapping[str, list[dict[str, Any]]]  # by table


@dataclass(frozen=True)
class Holding:
    """What the database has of one student."""

    student: str
    rows: Rows
    attempts: tuple[Attempt, ...]
    files: frozenset[str]  # SHA-256 of whatever the student handed in or got as feedback

    @property
    def counts(self) -> dict[str, int]:
        """Rows by table, without empty ones."""
        return {name: len(rows) for name, rows in self.rows.items() if rows}


def holding(connection: Connection, student: str) -> Holding:
    """Everything of a student that the database has."""
    own = connection.execute(select(ATTEMPTS).where(ATTEMPTS.c.student == student)).all()
    attempts = tuple(attempt_of(row) for row in own)
    chosen = {table.name: table.select().where(which) for table, which in _belonging(student).items()}
    rows = {name: [dict(row._mapping) for row in connection.execute(query)] for name, query in chosen.items()}
    listed = [row["files"] for name in (ATTEMPTS.name, DRAFTS.name) for row in rows[name]]
    files = {file.sha256 for text in listed for file in load_files(text)}
    return Holding(student, rows, attempts, frozenset(files | {row["sha256"] for row in rows[FEEDBACK.name]}))


def delete_facts(desk: Desk, student: str) -> tuple[int, int]:
    """Delete every row of a student, and the files that nothing else has.

    Returns:
        how many files went, and how many stay for an hour because they were touched lately.
    """
    old = desk.seconds() - FRESH_SECONDS
    with desk.database.write() as connection:
        one_at_a_time(connection, "blobs")
        found = holding(connection, student)
        belonging = _belonging(student)
        for table in sorted(
            belonging, key=lambda table: table in (ATTEMPTS, BY_HAND)
        ):  # others are found by them
            connection.execute(delete(table).where(belonging[table]))
        free = set(found.files) - needed(connection, set(found.files)) - _drafted(connection)
    gone = {name for name in free if desk.blobs.is_old(name, old)}
    for name in gone:
        desk.blobs.remove(name)
    return len(gone), len(free - gone)


def _belonging(student: str) -> dict[Table, ColumnElement[bool]]:
    """Which rows of each table are the student's."""
    mine = select(ATTEMPTS.c.id).where(ATTEMPTS.c.student == student)
    found: dict[Table, ColumnElement[bool]] = {}
    for table in TABLES.sorted_tables:
        if KINDS[table.name] == OWN:
            found[table] = table.c.student == student
        elif KINDS[table.name] == OF_ATTEMPT:
            found[table] = table.c.attempt.in_(mine)
        elif KINDS[table.name] == OF_ENTRY:
            found[table] = table.c.entry.in_(select(BY_HAND.c.id).where(BY_HAND.c.student == student))
    return found


def _drafted(connection: Connection) -> set[str]:
    texts = connection.execute(select(DRAFTS.c.files)).scalars()
    return {file.sha256 for text in texts for file in load_files(text)}


def as_json(rows: Rows) -> str:
    """The rows for an export; a result's JSON as JSON."""
    return json.dumps(rows, indent=1, ensure_ascii=False, default=str)
