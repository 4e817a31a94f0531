"""The hub's part: every few seconds it notes whose servers live, whatever the spawner.

On a cluster a GPU is held from a job's or a pod's start to its end, which the hub sees seconds later, or not
at all while it is killed. There the book is written from the scheduler's own times (job_times.py,
pod_times.py); what the scheduler has forgotten ends at its last sign of life.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from sqlite3 import Error
from typing import Any

from jupyterhub import orm
from tornado.ioloop import PeriodicCallback

from ..servers.ends import runs_for
from .book import GpuBook, Held
from .job_times import JobTimes, RecordsSilent, times_of
from .kept import delete_expired

BEAT_SECONDS = 5.0
TIDY_SECONDS = 3600.0  # between looks for what the course keeps no longer
Times = Callable[[set[str]], Awaitable[dict[str, JobTimes]]]


class GpuWatch:
    """Compares the hub's servers with the book."""

    def __init__(
        self,
        hub: Any,
        book: GpuBook,
        gpus: Mapping[str, int],
        days: float | None = None,
        times: Times = times_of,
    ) -> None:
        """``gpus`` are those of each profile that is offered; the first is theirs who did not choose.

        What has been over for ``days`` is deleted; ``times`` says when jobs began and ended.
        """
        self.hub, self.book, self.gpus, self.days, self._times = hub, book, gpus, days, times
        self._beating = False
        self._owed: dict[str, tuple[str, Held]] = {}  # jobs of servers, by number, that are not in the book

    def remember(self, database: Any) -> None:
        """Before the hub looks at its servers: the jobs of the last run, which may have ended unseen.

        Args:
            database: the hub's session.
        """
        for kept in database.query(orm.Spawner).all():
            if number := str((kept.state or {}).get("job_id", "")):
                gpus = 0 if kept.name else self._gpus_of(kept)
                self._owed[number] = f"{kept.user.name}/{kept.name}", Held(kept.user.name, gpus)

    async def close_ended(self) -> None:
        """Then, too: what has ended, before the hub deletes what is left of it, as of pods."""
        with self._told():
            self._close_jobs(await self._times_now())

    def begin(self) -> None:
        """At the hub's start, when it knows which servers it has."""
        held, starting = self._servers({})
        self.book.take_up({*held, *starting})
        self._note_jobs()
        PeriodicCallback(self.beat, BEAT_SECONDS * 1000).start()
        PeriodicCallback(self.tidy, TIDY_SECONDS * 1000).start()
        self.tidy()

    def tidy(self) -> None:
        """Delete what the course keeps no longer; tried again in an hour where another one writes."""
        try:
            if count := delete_expired(self.book.path, self.days):
                self.hub.log.info("%s entries of the book of GPUs have expired, and are deleted", count)
        except Error as error:
            self.hub.log.error("the book of GPUs cannot be tidied: %s", error)

    async def beat(self) -> None:
        """Note who is alive; a book that cannot be written is said in the log, and tried again."""
        if self._beating:  # the last one still waits for an answer
            return
        self._beating = True
        try:
            with self._told():
                self._note_jobs()
                times = await self._times_now()
                self._close_jobs(times)
                self.book.beat(*self._servers(times))
        finally:
            self._beating = False

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What keeps the book from being written is said in the log."""
        try:
            yield
        except Error as error:
            self.hub.log.error("the book of GPUs cannot be written: %s", error)
        except RecordsSilent as problem:
            self.hub.log.warning("the book of GPUs is not written, no answer: %s", problem)

    async def _times_now(self) -> dict[str, JobTimes]:
        return await self._times({use.job for use in self.book.open_uses() if use.job} | self._owed.keys())

    def _note_jobs(self) -> None:
        """Remember the servers' jobs: one may begin and end between two looks, or while no hub runs."""
        for user in self.hub.users.values():
            for name, spawner in user.spawners.items():
                if number := str(getattr(spawner, "job_id", "")):
                    self._owed[number] = f"{user.name}/{name}", self._held(user.name, name, spawner, None)

    def _close_jobs(self, times: Mapping[str, JobTimes]) -> None:
        """What the scheduler says is over, or knows no more."""
        for use in self.book.open_uses():
            job = times.get(use.job)
            if use.job and job is None:
                self.book.close(use.place, "gone")
            elif job is not None and job.end is not None:
                self.book.close(use.place, job.state, job.begin, job.end)
                self._owed.pop(use.job, None)
        for number, (server, held) in list(self._owed.items()):
            job = times.get(number)
            if job is None or job.end is not None:
                del self._owed[number]
            if held.gpus and job is not None and job.begin is not None and job.end is not None:
                past = replace(held, job=number, since=job.begin)
                self.book.note_past(server, past, job.end, job.state)

    def _servers(self, times: Mapping[str, JobTimes]) -> tuple[dict[str, Held], set[str]]:
        """What servers hold; and those that start, stop or are looked for."""
        holding, starting = {}, set()
        for user in self.hub.users.values():
            for name, spawner in user.spawners.items():
                key, number = f"{user.name}/{name}", str(getattr(spawner, "job_id", ""))
                job = times.get(number)
                runs = job is not None and job.begin is not None and job.end is None
                if spawner.pending and not runs:
                    starting.add(key)
                elif runs or (spawner.ready and job is None):  # Slurm may not show the hub whose jobs run
                    holding[key] = self._held(user.name, name, spawner, job)
        return holding, starting

    def _held(self, user: str, name: str, spawner: Any, job: JobTimes | None) -> Held:
        return Held(
            user,
            0 if name else self._gpus_of(spawner.orm_spawner),
            runs_for(spawner.environment),  # not known after the hub's restart
            "" if job is None else job.number,
            None if job is None else job.begin,
        )

    def _gpus_of(self, kept: Any) -> int:
        chosen = (kept.user_options or {}).get("profile") or next(iter(self.gpus))
        return self.gpus.get(chosen, 0)
