"""Throws away what was only looked at, once it has expired; never a file of an attempt.

A file goes only where an expired draft has it, and no attempt, release, feedback or other draft does. Who
stores anything writes a row of drafts first, and the rows are looked at in a transaction that no other
writer passes, so that nothing is thrown away that somebody is just about to hand in. Commands that store
files without a draft touch them: a file that was written or touched within the hour stays. The files of an
attempt are read-only besides, and what is read-only is never thrown away, whatever a database says that
was restored from a backup.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import Connection, select

from ...marks.attempts import load_files
from ...marks.tables import ATTEMPTS, RELEASES
from .database import one_at_a_time
from .desk import Desk, stamp
from .drafts import all_drafts, forget_drafts
from .tables import FEEDBACK

LOG = logging.getLogger("course.exchange")
SEEN = timedelta(minutes=5)  # attempts that are younger than the first look are looked at once more


def tidy(desk: Desk) -> int:
    """Forget expired drafts, with the files that only they have; returns how many files went.

    Drafts whose files were touched lately stay for the next time.
    """
    now = desk.seconds()
    old = now - desk.limits.draft_seconds
    with desk.database.read() as connection:
        drafts = [draft for draft in all_drafts(connection) if draft.moment < old]
        drafts = [each for each in drafts if all(desk.blobs.is_old(file.sha256, old) for file in each.files)]
        wanted = {file.sha256 for draft in drafts for file in draft.files}
        free = wanted - needed(connection, wanted, "") if wanted else set()
        since = stamp(desk.now() - SEEN)
    if not drafts:
        return 0
    gone = 0
    with desk.database.write() as connection:
        one_at_a_time(connection, "blobs")
        forget_drafts(connection, [draft.id for draft in drafts])
        others = {file.sha256 for draft in all_drafts(connection) for file in draft.files}
        for sha256 in sorted(free - others - needed(connection, free, since)):
            gone += desk.blobs.throw_away(sha256, old)
    LOG.info("%d uploads were not handed in and are forgotten, with %d files", len(drafts), gone)
    return gone


def needed(connection: Connection, wanted: set[str], since: str = "") -> set[str]:
    """Which of these files attempts (from a moment on), releases and feedback have."""
    attempts = connection.execute(select(ATTEMPTS.c.files).where(ATTEMPTS.c.received >= since)).scalars()
    releases = connection.execute(select(RELEASES.c.files)).scalars()
    found = _listed(attempts, wanted) | _listed(releases, wanted)
    return found | set(connection.execute(select(FEEDBACK.c.sha256).distinct()).scalars())


def _listed(texts: Iterable[str], wanted: set[str]) -> set[str]:
    return {file.sha256 for text in texts for file in load_files(text)} & wanted
