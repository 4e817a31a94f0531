"""When Slurm's jobs began and ended, by Slurm's own word (Kubernetes' pods: pod_times.py).

``squeue`` knows a job for some minutes after its end (MinJobAge); later only Slurm's accounting does, where
it runs (slurmdbd).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from ..servers.slurm_queue import ALIVE, WAITING, SlurmSilent, ask

EPOCH = {"SLURM_TIME_FORMAT": "%s"}  # seconds since 1970: no zone and no summer time to guess


class RecordsSilent(Exception):
    """What knows of jobs does not answer; the text is its own."""


@dataclass(frozen=True)
class JobTimes:
    """One job, or one pod; times are seconds since 1970."""

    number: str
    state: str
    begin: float | None  # None: it has not begun
    end: float | None  # None: it has not ended


async def times_of(jobs: Collection[str]) -> dict[str, JobTimes]:
    """Those of the jobs that Slurm still knows, by number.

    Raises:
        RecordsSilent: it does not answer.
    """
    if not jobs:
        return {}
    environment = {**os.environ, **EPOCH}
    try:
        listing = await ask(["squeue", "-h", "-t", "all", "-o", "%i|%T|%S|%e"], environment)
    except SlurmSilent as problem:
        raise RecordsSilent(f"Slurm: {problem}") from problem
    found = {job.number: job for job in times_in(listing) if job.number in jobs}
    if (forgotten := set(jobs) - found.keys()) and shutil.which("sacct"):
        asked = ["sacct", "-n", "-X", "-P", "-j", ",".join(sorted(forgotten)), "-o", "JobID,State,Start,End"]
        try:
            listing = await ask(asked, environment)
        except SlurmSilent:  # no accounting here
            listing = ""
        found |= {job.number: job for job in times_in(listing) if job.number in forgotten}
    return found


def times_in(listing: str) -> Iterator[JobTimes]:
    """Jobs of a listing: number, state, begin and end, with bars between.

    >>> next(times_in("7|CANCELLED|1800000000|1800000060"))
    JobTimes(number='7', state='CANCELLED', begin=1800000000.0, end=1800000060.0)
    """
    for line in listing.splitlines():
        parts = [part.strip() for part in line.split("|")]
        if len(parts) == 4:
            number, state, begin, end = parts
            state = (state.split() or [""])[0]  # sacct: "CANCELLED by 1000"
            begun, over = state not in WAITING, state not in WAITING | ALIVE
            yield JobTimes(
                number, state, _moment(begin) if begun else None, _moment(end) if begun and over else None
            )


def _moment(text: str) -> float | None:
    return float(text) if text.isdigit() else None
