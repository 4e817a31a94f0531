"""What Slurm says of its jobs: one look at a partition's queue for all who wait in it.

Each waiting student would else be one ``sudo squeue`` twice a second. Slurm keeps a job that has ended for
some minutes, so that a look also says how it ended.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

SECONDS = 6.0  # for one of Slurm's commands; where the controller is down they try for nine
FORMAT = "%i|%T|%r|%S|%B"  # nothing that a user writes: a job's name or comment could hold a made-up line
WAITING = frozenset({"PENDING", "CONFIGURING", "SUSPENDED", "STOPPED", "REQUEUED", "RESV_DEL_HOLD"})
ALIVE = frozenset({"RUNNING", "COMPLETING", "SIGNALING", "STAGE_OUT", "RESIZING"})


class SlurmSilent(Exception):
    """Slurm's controller does not answer, or its command is missing; the text is the command's."""


@dataclass(frozen=True)
class QueuedJob:
    """One job, in Slurm's words."""

    number: str
    state: str
    reason: str
    begin: str  # when it began, or is expected to; "N/A" where Slurm does not know
    host: str
    before: int | None = 0  # jobs that wait in front of it; None where it was asked for alone

    @property
    def waits(self) -> bool:
        """Its turn has not come, or its node is being made ready."""
        return self.state in WAITING

    @property
    def runs(self) -> bool:
        """It has its node, for whatever is left of it."""
        return self.state in ALIVE

    def minutes_left(self, now: datetime) -> int | None:
        """Until it is expected to start; None where Slurm does not know."""
        try:
            begin = datetime.fromisoformat(self.begin)
        except ValueError:
            return None
        return max(1, round((begin - now).total_seconds() / 60))


def jobs_in(listing: str) -> dict[str, QueuedJob]:
    """Jobs by number, from a listing in the order of their turns.

    Args:
        listing: lines of ``squeue`` in the form ``FORMAT``.
    """
    found: dict[str, QueuedJob] = {}
    before = 0
    for line in listing.splitlines():
        parts = [part.strip() for part in line.split("|")]
        if len(parts) == 5:
            number, state, reason, begin, host = parts
            found[number] = QueuedJob(number, state, reason, begin, host, before)
            before += state == "PENDING"
    return found


async def ask(command: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
    """What one of Slurm's commands prints.

    Raises:
        SlurmSilent: it failed or did not end in time.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *command, env=environment,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
    except OSError as error:
        raise SlurmSilent(f"{command[0]}: {error.strerror}") from error
    try:
        out, problem = await asyncio.wait_for(process.communicate(), SECONDS)
    except TimeoutError:
        process.kill()
        raise SlurmSilent(f"{command[0]} had no answer after {SECONDS:g} s") from None
    if process.returncode:
        raise SlurmSilent(problem.decode(errors="replace").strip())
    return out.decode(errors="replace")


class Queue:
    """The queue of one partition, looked at no more often than once in a while, by one at a time."""

    def __init__(self, partition: str, seconds: float) -> None:
        self.command = ["squeue", "-h", "-t", "all", "-S", "-p,i", "-o", FORMAT]
        self.command += ["-p", partition] if partition else []
        self.seconds = seconds
        self._looked = -seconds
        self._answer: dict[str, QueuedJob] | SlurmSilent = {}
        self._one = asyncio.Lock()

    async def one(self, number: str, prefix: Sequence[str]) -> dict[str, QueuedJob]:
        """That job alone, asked for as its owner; its place in the queue is not known.

        Raises:
            SlurmSilent: Slurm does not know it, or does not answer.
        """
        alone = jobs_in(await ask([*prefix, "squeue", "-h", "-t", "all", "-j", number, "-o", FORMAT]))
        return {name: replace(job, before=None) for name, job in alone.items()}

    async def jobs(self) -> dict[str, QueuedJob]:
        """Jobs by number, as they were when Slurm was last asked.

        Raises:
            SlurmSilent: it was not told.
        """
        async with self._one:
            if time.monotonic() - self._looked >= self.seconds:
                try:
                    self._answer = jobs_in(await ask(self.command))
                except SlurmSilent as problem:
                    self._answer = problem
                self._looked = time.monotonic()
        if isinstance(self._answer, SlurmSilent):
            raise self._answer
        return self._answer
