"""The book of GPUs: who waits, who holds which device, and who held how many for how long.

A use begins as a place in the queue, is granted devices, and ends. Places are served strictly in their
order: a request for two GPUs is not overtaken by one for one. The table ``held`` has a device once at most,
by its primary key. Everything is stored before it is acted on, in a database beside the hub's, so that a
hub that is killed finds the queue as it was:

    waiting     keeps its place; who does not come back within HOLD_SECONDS of the hub's start loses it
    granted     and its server never started: goes back to its place, which is before all that still wait
    running     and its server lives: holds its devices; and is gone: ended at its last sign of life, or
                when the scheduler says so (watch.py asks it: ``Held.job``)
    another     boot of the machine: whatever ran is gone
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from ...base.errors import UsageError
from ...base.files import PRIVATE, private_folder

HOLD_SECONDS = 120.0  # that a place is kept for somebody of whom nothing is heard
BUSY_SECONDS = 30.0
TABLES = """
CREATE TABLE IF NOT EXISTS uses (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    server TEXT NOT NULL, user TEXT NOT NULL, gpus INTEGER NOT NULL,
    asked REAL NOT NULL, seen REAL NOT NULL, boot TEXT NOT NULL,
    granted REAL, started REAL, ended REAL, how TEXT NOT NULL DEFAULT '',
    seconds REAL, job TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX IF NOT EXISTS one_open_use ON uses (server) WHERE ended IS NULL;
CREATE INDEX IF NOT EXISTS uses_of ON uses (user, ended);
CREATE TABLE IF NOT EXISTS extra (
    id INTEGER PRIMARY KEY, user TEXT NOT NULL, seconds REAL NOT NULL,
    moment REAL NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS held (device TEXT PRIMARY KEY, place INTEGER NOT NULL);
"""


@dataclass(frozen=True)
class Turn:
    """Where a request stands."""

    devices: tuple[str, ...]  # none: it waits
    before: int  # requests that are served first
    over: bool = False  # it was ended meanwhile


# Of a book that was begun before they were thought of.
LATER = {"seconds": "REAL", "job": "TEXT NOT NULL DEFAULT ''"}


@dataclass(frozen=True)
class Held:
    """What a server that is up holds, as the hub sees it."""

    user: str
    gpus: int
    seconds: float | None = None  # that it may run
    job: str = ""  # of a scheduler
    since: float | None = None  # the scheduler's word; None: the moment at which it is noted


@dataclass(frozen=True)
class Use:
    """One server's use of GPUs; times are seconds since 1970."""

    place: int
    server: str
    user: str
    gpus: int
    asked: float
    seen: float  # the last sign of life
    granted: float | None
    started: float | None
    ended: float | None
    how: str  # it ended
    seconds: float | None = None  # that its server may run
    job: str = ""  # of a scheduler
    devices: tuple[str, ...] = ()

    @property
    def until(self) -> float | None:
        """When its server ends in any case; None where that is not known."""
        begin = self.granted if self.started is None else self.started
        return None if begin is None or self.seconds is None else begin + self.seconds


class GpuBook:
    """Opens the book for each deed; safe in several processes."""

    def __init__(self, path: Path, devices: Sequence[str] = (), boot: str | None = None) -> None:
        """``devices`` are those that are handed out here; none where a scheduler does so."""
        self.path, self.devices = path, tuple(devices)
        self.boot = boot_id() if boot is None else boot
        private_folder(path.parent)
        path.touch(PRIVATE)
        with self._write() as db:
            for statement in filter(str.strip, TABLES.split(";")):
                db.execute(statement)
            there = {row[1] for row in db.execute("PRAGMA table_info(uses)")}
            for name in LATER.keys() - there:
                db.execute(f"ALTER TABLE uses ADD COLUMN {name} {LATER[name]}")

    def ask(self, server: str, user: str, gpus: int, seconds: float | None = None) -> int:
        """A place in the queue; who asks again keeps the one that they have. ``seconds``: it may run.

        Raises:
            UsageError: there are not as many GPUs.
        """
        if not 0 < gpus <= len(self.devices):
            raise UsageError(f"{gpus} GPUs were asked for, and this machine has {len(self.devices)}")
        now = time.time()
        with self._write() as db:
            kept = db.execute(
                "SELECT place FROM uses WHERE server = ? AND ended IS NULL AND started IS NULL AND gpus = ?",
                (server, gpus),
            ).fetchone()
            if kept:
                db.execute("UPDATE uses SET seen = ? WHERE place = ?", (now, kept[0]))
                return int(kept[0])
            _end(db, "server = ? AND ended IS NULL", (server,), "started anew")
            made = db.execute(
                "INSERT INTO uses (server, user, gpus, asked, seen, boot, seconds)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (server, user, gpus, now, now, self.boot, seconds),
            )
            return int(made.lastrowid or 0)

    def turn(self, place: int) -> Turn:
        """Grant what is free to whoever is next, and say where a place stands."""
        stands = self._stands(place)
        if stands.devices or stands.before or stands.over or not self._free():
            return stands
        with self._write() as db:
            self._grant(db)
        return self._stands(place)

    def start(self, place: int) -> None:
        """The server that holds this place's devices is up."""
        with self._write() as db:
            db.execute(
                "UPDATE uses SET started = ?, seen = ? WHERE place = ?", (time.time(), time.time(), place)
            )

    def end(self, server: str, how: str) -> None:
        """A server that was up is not any more; its devices are free. Nothing where it has none, or waits."""
        with self._write() as db:
            _end(db, "server = ? AND ended IS NULL AND started IS NOT NULL", (server,), how, time.time())

    def give_up(self, place: int, how: str) -> None:
        """A server will not start; its place, and devices that were granted for it, go to others."""
        with self._write() as db:
            _end(db, "place = ? AND ended IS NULL", (place,), how, time.time())

    def beat(self, running: Mapping[str, Held], starting: Collection[str]) -> None:
        """Note who is alive, and end what is not; what a scheduler's job holds is ended by ``close`` alone.

        Args:
            running: servers that are up.
            starting: servers that wait, start or stop.
        """
        now = time.time()
        with self._write() as db:
            open_now = "SELECT place, server, started, seen, job FROM uses WHERE ended IS NULL"
            rows = db.execute(open_now).fetchall()
            for place, server, started, seen, job in rows:
                held = running.get(server)
                if held is not None and held.job == job:
                    known = "UPDATE uses SET seen = ?, seconds = COALESCE(?, seconds) WHERE place = ?"
                    db.execute(known, (now, held.seconds, place))
                elif held is None and server in starting:
                    db.execute("UPDATE uses SET seen = ? WHERE place = ?", (now, place))
                elif not job and (started is not None or seen < now - HOLD_SECONDS):
                    _end(db, "place = ?", (place,), "gone")
            there = {(row[1], row[4]) for row in rows}
            for server, held in running.items():
                if held.gpus and (server, held.job) not in there:
                    self._hold(db, server, held, now)

    def note_past(self, server: str, held: Held, end: float, how: str) -> None:
        """A scheduler's job that began and ended while nobody noted it."""
        with self._write() as db:
            if db.execute("SELECT 1 FROM uses WHERE server = ? AND job = ?", (server, held.job)).fetchone():
                return  # an earlier hub did
            _end(db, "place = ?", (self._hold(db, server, held, end),), how, end)

    def close(self, place: int, how: str, begin: float | None = None, end: float | None = None) -> None:
        """A scheduler's job is over; where it does not know when, at its last sign of life."""
        with self._write() as db:
            db.execute("UPDATE uses SET granted = COALESCE(?, granted) WHERE place = ?", (begin, place))
            _end(db, "place = ? AND ended IS NULL", (place,), how, end)

    def take_up(self, alive: Collection[str]) -> None:
        """At a hub's start: end what did not survive, and let the others keep their places.

        Args:
            alive: servers that the hub found.
        """
        now = time.time()
        with self._write() as db:
            rows = db.execute(
                "SELECT place, server, started, boot FROM uses WHERE ended IS NULL AND job = ''"
            ).fetchall()
            for place, server, started, boot in rows:
                if started is None:
                    db.execute("DELETE FROM held WHERE place = ?", (place,))
                    db.execute("UPDATE uses SET granted = NULL, seen = ? WHERE place = ?", (now, place))
                elif boot != self.boot or server not in alive:
                    _end(db, "place = ?", (place,), "gone" if boot == self.boot else "machine restarted")

    def open_uses(self) -> list[Use]:
        """Who holds or waits, in the order of the queue."""
        return self._uses("ended IS NULL ORDER BY place", ())

    def seconds(self, user: str, since: float) -> float:
        """GPU-seconds of a user from a moment until now; of what still runs until its last sign of life."""
        with self._read() as db:
            rows = db.execute(
                "SELECT gpus, granted, COALESCE(ended, seen) FROM uses WHERE user = ? AND granted IS NOT NULL"
                " AND COALESCE(ended, seen) > ?",
                (user, since),
            ).fetchall()
        return sum(gpus * max(0.0, end - max(since, granted)) for gpus, granted, end in rows)

    def users(self, since: float) -> list[str]:
        """Everybody who held a GPU after a moment."""
        held = "SELECT DISTINCT user FROM uses WHERE granted IS NOT NULL AND COALESCE(ended, seen) > ?"
        with self._read() as db:
            return sorted(row[0] for row in db.execute(held, (since,)))

    def give_extra(self, user: str, seconds: float, who: str, why: str) -> None:
        """More GPU-seconds for a user, in the week of this moment."""
        with self._write() as db:
            db.execute(
                "INSERT INTO extra (user, seconds, moment, who, why) VALUES (?, ?, ?, ?, ?)",
                (user, seconds, time.time(), who, why),
            )

    def extra(self, user: str, since: float) -> float:
        """What a user was given in addition, since a moment."""
        query = "SELECT COALESCE(SUM(seconds), 0) FROM extra WHERE user = ? AND moment >= ?"
        with self._read() as db:
            return float(db.execute(query, (user, since)).fetchone()[0])

    def _uses(self, where: str, values: tuple[object, ...]) -> list[Use]:
        with self._read() as db:
            names = "place, server, user, gpus, asked, seen, granted, started, ended, how, seconds, job"
            rows = db.execute(f"SELECT {names} FROM uses WHERE {where}", values).fetchall()
            held = db.execute("SELECT place, device FROM held").fetchall()
        devices: dict[int, list[str]] = {}
        for place, device in held:
            devices.setdefault(place, []).append(device)
        return [replace(Use(*row), devices=tuple(devices.get(row[0], ()))) for row in rows]

    def _hold(self, db: sqlite3.Connection, server: str, held: Held, now: float) -> int:
        """A server is up that did not wait here; its place. One use of a server at a time is open."""
        _end(db, "server = ? AND ended IS NULL", (server,), "started anew")
        begin = now if held.since is None else held.since
        made = db.execute(
            "INSERT INTO uses (server, user, gpus, asked, seen, boot, granted, started, seconds, job)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (server, held.user, held.gpus, begin, now, self.boot, begin, begin, held.seconds, held.job),
        )
        return int(made.lastrowid or 0)

    def _stands(self, place: int) -> Turn:
        with self._read() as db:
            devices = db.execute("SELECT device FROM held WHERE place = ?", (place,)).fetchall()
            ended = db.execute("SELECT ended FROM uses WHERE place = ?", (place,)).fetchone()
            before = db.execute(
                "SELECT COUNT(*) FROM uses WHERE place < ? AND ended IS NULL AND granted IS NULL", (place,)
            ).fetchone()[0]
        given = sorted((each[0] for each in devices), key=self._number)
        return Turn(tuple(given), 0 if given else before, ended is None or ended[0] is not None)

    def _free(self) -> bool:
        """Whether there is a device that nobody holds."""
        with self._read() as db:
            return bool(set(self.devices) - {row[0] for row in db.execute("SELECT device FROM held")})

    def _number(self, device: str) -> int:
        return self.devices.index(device) if device in self.devices else len(self.devices)

    def _grant(self, db: sqlite3.Connection) -> None:
        """Give free devices to those who wait, in their order, until the next one wants more than is free."""
        now = time.time()
        late = "ended IS NULL AND granted IS NULL AND seen < ?"
        _end(db, late, (now - HOLD_SECONDS,), "did not come back")
        taken = {row[0] for row in db.execute("SELECT device FROM held")}
        free = [device for device in self.devices if device not in taken]
        waiting = db.execute(
            "SELECT place, gpus FROM uses WHERE ended IS NULL AND granted IS NULL ORDER BY place"
        ).fetchall()
        for place, gpus in waiting:
            if gpus > len(free):
                return
            mine, free = free[:gpus], free[gpus:]
            db.executemany("INSERT INTO held VALUES (?, ?)", [(device, place) for device in mine])
            db.execute("UPDATE uses SET granted = ? WHERE place = ?", (now, place))

    @contextmanager
    def _read(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)) as db:
            db.execute("BEGIN")
            yield db

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)) as db:
            db.execute("PRAGMA journal_mode=WAL")
            # a power cut ends all uses, and may cost the last seconds
            db.execute("PRAGMA synchronous=NORMAL")
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")


def boot_id() -> str:
    """Which start of this machine it is; empty where the kernel does not say."""
    path = Path("/proc/sys/kernel/random/boot_id")
    return path.read_text().strip() if path.exists() else ""


def _end(
    db: sqlite3.Connection, where: str, values: tuple[object, ...], how: str, moment: float | None = None
) -> None:
    """End uses, and free their devices; at their last sign of life where no moment is known."""
    places = [row[0] for row in db.execute(f"SELECT place FROM uses WHERE {where}", values)]
    for place in places:
        db.execute("DELETE FROM held WHERE place = ?", (place,))
        db.execute("UPDATE uses SET ended = COALESCE(?, seen), how = ? WHERE place = ?", (moment, how, place))
