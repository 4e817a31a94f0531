"""The hub's part: every few seconds it notes whose servers live, whatever the spawner.

On Slurm a GPU is held from the job's start to its end, which the hub sees seconds later, or not at all while
it is killed. There the book is written from Slurm's own times; a job that Slurm has forgotten ends at its
last sign of life.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from sqlite3 import Error
from typing import Any

from jupyterhub import orm
from tornado.ioloop import PeriodicCallback

from ..servers.ends import runs_for
from ..servers.slurm_queue import SlurmSilent
from .book import GpuBook, Held
from .job_times import JobTimes, times_of

BEAT_SECONDS = 5.0


class GpuWatch:
    """Compares the hub's servers with the book."""

    def __init__(self, hub: Any, book: GpuBook, gpus: Mapping[str, int]) -> None:
        """``gpus`` are those of each profile that is offered; the first is theirs who did not choose."""
        self.hub, self.book, self.gpus = hub, book, gpus
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

    def begin(self) -> None:
        """At the hub's start, when it knows which servers it has."""
        held, starting = self._servers({})
        self.book.take_up({*held, *starting})
        self._note_jobs()
        PeriodicCallback(self.beat, BEAT_SECONDS * 1000).start()

    async def beat(self) -> None:
        """Note who is alive; a book that cannot be written is said in the log, and tried again."""
        if self._beating:  # the last one still waits for Slurm
            return
        self._beating = True
        try:
            self._note_jobs()
            times = await times_of({use.job for use in self.book.open_uses() if use.job} | self._owed.keys())
            self._close_jobs(times)
            self.book.beat(*self._servers(times))
        except Error as error:
            self.hub.log.error("the book of GPUs cannot be written: %s", error)
        except SlurmSilent as problem:
            self.hub.log.warning("the book of GPUs is not written, Slurm does not answer: %s", problem)
        finally:
            self._beating = False

    def _note_jobs(self) -> None:
        """Remember the servers' jobs: one may begin and end between two looks, or while no hub runs."""
        for user in self.hub.users.values():
            for name, spawner in user.spawners.items():
                if number := str(getattr(spawner, "job_id", "")):
                    self._owed[number] = f"{user.name}/{name}", self._held(user.name, name, spawner, None)

    def _close_jobs(self, times: Mapping[str, JobTimes]) -> None:
        """What Slurm says is over, or knows no more."""
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
