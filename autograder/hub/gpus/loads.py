"""How busy the GPUs of each server were when it last said so, beside the book, in the same file.

A server says it about twice a minute (``servers/gpu_reports.py``). What is noted here is shown to instructors
and decides nothing by itself: ``reports.py`` decides, on a report that has just come.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from ...base.files import PRIVATE, private_folder

BUSY_SECONDS = 30.0  # to wait for another process that writes
MOST = 1 << 31  # seconds or MiB; more is no report
TABLE = """
CREATE TABLE IF NOT EXISTS loads (
    server TEXT PRIMARY KEY, moment REAL NOT NULL,
    busy INTEGER, used_mib INTEGER NOT NULL, total_mib INTEGER NOT NULL, idle_seconds REAL
)
"""


@dataclass(frozen=True)
class GpuLoad:
    """A server's GPUs together, at one moment."""

    busy: int | None  # percent, of the busiest; None where the devices do not say
    used_mib: int
    total_mib: int
    idle_seconds: float | None  # since a cell ran or a device computed; None where nobody can know


@dataclass(frozen=True)
class NotedLoad(GpuLoad):
    """A load with its moment, in seconds since 1970."""

    moment: float


class Loads:
    """Safe in several processes."""

    def __init__(self, path: Path) -> None:
        """``path`` is the file of the book."""
        self.path = path

    def note(self, server: str, load: GpuLoad) -> None:
        """Keep what a server said, in place of what it said before."""
        row = {"server": server, "moment": time.time(), **asdict(load)}
        with self._open() as db:
            db.execute(
                f"INSERT OR REPLACE INTO loads ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})",
                tuple(row.values()),
            )

    def of(self, server: str, since: float) -> NotedLoad | None:
        """What a server said last; None where it said nothing after a moment, as when it started."""
        names = ", ".join(field.name for field in fields(NotedLoad))
        with self._open() as db:
            row = db.execute(
                f"SELECT {names} FROM loads WHERE server = ? AND moment >= ?", (server, since)
            ).fetchone()
        return NotedLoad(*row) if row else None

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        private_folder(self.path.parent)
        self.path.touch(PRIVATE)
        with closing(sqlite3.connect(self.path, timeout=BUSY_SECONDS)) as db, db:
            db.execute(TABLE)
            yield db


def load_from(body: Any) -> GpuLoad:
    """A report as it came.

    Raises:
        ValueError: it is none; the text says what was expected.
    """
    names = [field.name for field in fields(GpuLoad)]
    if not isinstance(body, dict) or set(body) != set(names):
        raise ValueError(f"expected an object with {', '.join(names)}")
    for name, value in body.items():
        kinds = (int, float) if name == "idle_seconds" else (int,)
        unknown = value is None and name in ("busy", "idle_seconds")
        if not unknown and (type(value) not in kinds or not 0 <= value <= (100 if name == "busy" else MOST)):
            raise ValueError(f"expected {name} as a number that is not negative, came {str(value)[:40]!r}")
    return GpuLoad(**body)
