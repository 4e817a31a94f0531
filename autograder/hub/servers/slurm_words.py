"""A job of Slurm's in words, for the student who waits for it."""

from __future__ import annotations

import re
from datetime import datetime

from .slurm_queue import QueuedJob
from .waited_for import NEXT, YOUR_TURN

KEPT = "Your place is kept, also when you close this page."
NO_ANSWER = "Slurm, which hands out the machines, does not answer. Try again later."
SILENT = "Slurm, which hands out the machines, does not answer at the moment. " + KEPT
_NEVER = "so that it never starts: tell your instructor"
_USED = "the {} that you or your group have is used up"  # it comes back as Slurm is told to forget
_TAKEN = "your group uses as many of the {} as it may at the moment"
_MINE = "you use as much{} as one person may: end another job of yours"
_REASONS = {
    "Resources": "what your server asks for is taken at the moment",
    "BeginTime": "Slurm starts it in a moment",
    "None": "Slurm starts it in a moment",
    "PartitionTimeLimit": f"it asks for more hours than Slurm gives, {_NEVER}",
    "PartitionDown": "the machines are closed at the moment",
    "PartitionInactive": "the machines are closed at the moment",
    "PartitionNodeLimit": f"it asks for more than any machine has, {_NEVER}",
    "BadConstraints": f"it asks for more than any machine has, {_NEVER}",
    "Nodes_required_for_job_are_DOWN,_DRAINED_or_reserved_for_jobs_in_higher_priority_partitions": (
        "the machines are out of order or kept for others at the moment"
    ),
    "ReqNodeNotAvail": "the machine is out of order or kept for others at the moment",
    "NodeDown": "the machine is out of order at the moment",
    "JobHeldAdmin": "whoever runs the machines holds it back: tell your instructor",
    "JobHeldUser": "it is held back under your account: 'scontrol release' lets it go",
    "AssocGrpGRES": _TAKEN.format("GPUs"),
    "QOSGrpGRES": _TAKEN.format("GPUs"),
    "QOSMaxGRESPerUser": _MINE.format(" of the GPUs"),
    "MaxGRESPerAccount": _TAKEN.format("GPUs"),
    "AssociationJobLimit": _MINE.format(""),
    "AssociationResourceLimit": _TAKEN.format("machines"),
    "AssociationTimeLimit": _USED.format("time"),
    "QOSJobLimit": _MINE.format(""),
    "QOSResourceLimit": _TAKEN.format("machines"),
    "QOSTimeLimit": _USED.format("time"),
    "QOSUsageThreshold": "your group has used so much that others come first for some time",
    "InvalidAccount": f"Slurm does not know the account that it is charged to, {_NEVER}",
    "AccountNotAllowed": f"the account that it is charged to may not use these machines, {_NEVER}",
    "InvalidQOS": f"Slurm does not know its class of service, {_NEVER}",
    "QOSNotAllowed": f"its class of service may not use these machines, {_NEVER}",
    "Licenses": "a licence that it needs is in use",
    "Dependency": "it waits for another job",
    "JobArrayTaskLimit": _MINE.format(""),
}
# Where Slurm has a reason for each kind of limit and resource; the first that fits.
_FAMILIES = {
    r"(Assoc|QOS)Max\w*(PerJob|PerJobLimit|PerNode)": f"it asks for more than one job may, {_NEVER}",
    r"QOSMin\w*": f"it asks for less than a job has to, {_NEVER}",
    r"(Assoc|QOS)Grp\w*RunMinutes\w*": "what runs already may take all the time that you or your group have",
    r"(Assoc|QOS)GrpGRESMinutes": _USED.format("GPU time"),
    r"(Assoc|QOS)Grp\w*(Minutes|MinutesLimit|WallLimit)": _USED.format("time"),
    r"(Assoc|QOS)Max\w*": _MINE.format(""),
    r"(Assoc|QOS)Grp\w*": _TAKEN.format("machines"),
    r"ReqNodeNotAvail.*": _REASONS["ReqNodeNotAvail"],
}
_ENDS = {
    "TIMEOUT": "its time was over",
    "DEADLINE": "its time was over",
    "OUT_OF_MEMORY": "it used more memory than its profile allows",
    "NODE_FAIL": "its machine failed",
    "BOOT_FAIL": "its machine did not start",
    "CANCELLED": "it was cancelled",
    "PREEMPTED": "Slurm gave its place to another job",
}


def waiting(job: QueuedJob, gpus: bool, now: datetime) -> str:
    """Place, reason and expected start of a job whose turn has not come.

    Args:
        job: the job, which waits.
        gpus: whether it asks for GPUs.
        now: the moment for which to say it, in the zone of Slurm's times.
    """
    if job.state != "PENDING":
        return f"{YOUR_TURN}: the machine for your server is made ready."
    minutes = job.minutes_left(now)
    parts = [
        f"Your server waits for its turn{_place(job.before)}.",
        "" if job.reason == "Priority" else f"Why: {_reason(job.reason, gpus)}.",
        f"It is expected to start {in_about(minutes)}." if minutes is not None else "",
        KEPT,
    ]
    return " ".join(filter(None, parts))


def starting(job: QueuedJob) -> str:
    """A job that runs, whose server is not up yet."""
    return f"{YOUR_TURN}: JupyterLab starts on {job.host}."


def ended(job: QueuedJob | None) -> str:
    """How a job ended before its server was up."""
    if job is None:
        return "The job of your server is no longer there"
    return (
        f"The job of your server ended before JupyterLab was up: {_ENDS.get(job.state, 'its program failed')}"
    )


def not_taken(complaint: str) -> str:
    """Why there is no job, from what ``sbatch`` said; it says nothing where its time was over."""
    lines = complaint.strip().splitlines()
    if not lines or "contact slurm controller" in lines[-1]:
        return NO_ANSWER
    return f"Slurm did not take the job of your server: {lines[-1][:300]}"


def _place(before: int | None) -> str:
    if before is None:
        return ""
    return f": {before} before you" if before else f": {NEXT}"


def _reason(word: str, gpus: bool) -> str:
    if word == "Resources" and gpus:
        return "all GPUs are taken at the moment, or the cores and memory beside them"
    known = _REASONS.get(word)
    family = next((text for form, text in _FAMILIES.items() if re.fullmatch(form, word)), None)
    return known or family or f"Slurm says '{word}'"


def in_about(minutes: int) -> str:
    """A time to come, in words."""
    if minutes < 60:
        return f"in about {minutes} minute{'s' * (minutes != 1)}"
    hours = round(minutes / 60)
    return f"in about {hours} hour{'s' * (hours != 1)}"
