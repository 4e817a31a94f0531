"""What the book of GPUs keeps of people: for how long, all of one person for an export, and deleted.

Whose a row is says ``OWNERS``, for every table of the file; a test holds that none is forgotten. A use that
is not over stays in any case, since its devices are free when it ends; so does this week, whose hours count.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from .book import BUSY_SECONDS

# Which rows of a table are a person's, whose name goes in where ":user" stands.
OWNERS: Mapping[str, str] = {
    "uses": "user = :user",
    "extra": "user = :user",
    "loads": "substr(server, 1, length(:user) + 1) = :user || '/'",
    "held": "place IN (SELECT place FROM uses WHERE user = :user)",
}
# Which rows are over, and since when, before ":moment".
OVER: Mapping[str, str] = {
    "uses": "ended < :moment",
    "extra": "moment < :moment",
    "loads": "moment < :moment",
}
LEAST_DAYS = 8.0  # a week that begins on Monday somewhere, which limits count
Rows = dict[str, list[dict[str, Any]]]  # by table


def rows_of(file: Path, user: str) -> Rows:
    """All that the book has of a person; nothing where there is no book."""
    if not file.exists():
        return {}
    with _opened(file) as db:
        db.row_factory = sqlite3.Row
        found = {
            table: [dict(row) for row in db.execute(f"SELECT * FROM {table} WHERE {which}", {"user": user})]
            for table, which in _there(db, OWNERS)
        }
    return {table: rows for table, rows in found.items() if rows}


def forget(file: Path, user: str) -> int:
    """Delete all that the book has of a person; how many uses stay because they are not over."""
    if not file.exists():
        return 0
    with _opened(file) as db:
        for table, which in _there(db, OWNERS):
            over = {"uses": " AND ended IS NOT NULL", "held": " AND 0"}.get(table, "")
            db.execute(f"DELETE FROM {table} WHERE {which}{over}", {"user": user})
        left = db.execute("SELECT COUNT(*) FROM uses WHERE user = ?", (user,)).fetchone()
    return int(left[0])


def count_expired(file: Path, days: float | None, now: float | None = None) -> int:
    """Rows that ``delete_expired`` would delete."""
    return _expired(file, days, now, "SELECT COUNT(*) FROM")


def delete_expired(file: Path, days: float | None, now: float | None = None) -> int:
    """Delete what has been over for so many days; how many rows.

    Args:
        file: of the book.
        days: ``Retention.gpu_days``; None: nothing is deleted.
        now: seconds since 1970, for tests.
    """
    return _expired(file, days, now, "DELETE FROM")


def _expired(file: Path, days: float | None, now: float | None, deed: str) -> int:
    if days is None or not file.exists():
        return 0
    moment = {"moment": (time.time() if now is None else now) - max(days, LEAST_DAYS) * 86_400}
    count = 0
    with _opened(file) as db:
        for table, which in _there(db, OVER):
            done = db.execute(f"{deed} {table} WHERE {which}", moment)
            count += done.fetchone()[0] if done.description else done.rowcount
    return count


def _there(db: sqlite3.Connection, tables: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Those of the tables that the file has: no server may have reported a load yet."""
    names = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    yield from ((table, which) for table, which in tables.items() if table in names)


@contextmanager
def _opened(file: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(file, timeout=BUSY_SECONDS)) as db, db:
        yield db
