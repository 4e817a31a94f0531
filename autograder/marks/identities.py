"""Which student a learning platform's number is: given once, for ever.

The first download that names a number gives its student the platform's name; see ``notebook/naming.py``.
"""

from __future__ import annotations

import json

from sqlalchemy import Connection, delete, insert, select

from ..base.errors import UsageError
from ..notebook.naming import Identities, KnownAs
from ..notebook.platforms import Submitter
from .database import one_at_a_time
from .tables import ATTEMPTS, IDENTITIES


def read_identities(connection: Connection) -> Identities:
    """What is known; ``new`` of it is what a search for submissions has added."""
    known = [_known(row) for row in connection.execute(select(IDENTITIES)).all()]
    students = connection.execute(select(ATTEMPTS.c.student).distinct()).scalars().all()
    return Identities(known, students)


def note(connection: Connection, identities: Identities) -> None:
    """Keep what is new.

    Raises:
        UsageError: another run gave a number another name meanwhile; nothing is kept then.
    """
    if not identities.new:
        return
    one_at_a_time(connection, "identities")
    for each in identities.new:
        mine = _mine(each)
        student = connection.execute(select(IDENTITIES.c.student).where(mine)).scalar()
        if student is not None and student != each.student:
            raise UsageError(
                f"{each.platform}'s number {each.id} was named {student!r} by another run just now. "
                "Run the same command again."
            )
        connection.execute(delete(IDENTITIES).where(mine))
        people = json.dumps([[person.name, person.sid, person.email] for person in each.people])
        connection.execute(insert(IDENTITIES).values({**vars(each), "people": people}))
    identities.new.clear()


def _mine(known: KnownAs):  # type: ignore[no-untyped-def]
    table = IDENTITIES.c
    return (table.platform == known.platform) & (table.unit == known.unit) & (table.id == known.id)


def _known(row) -> KnownAs:  # type: ignore[no-untyped-def]
    people = tuple(Submitter(*each) for each in json.loads(row.people))
    return KnownAs(row.platform, row.unit, row.id, row.student, row.called, people)
