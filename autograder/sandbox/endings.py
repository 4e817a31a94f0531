"""How a test process ended, told from what the kernel said about it.

Everything here comes from the process that reaped it, which never runs student
code: the wait status, whether it had to be killed, and the CPU time it used.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from ..course import Limits
from ..results.result import Verdict

TRIES = 3  # of what ended by a signal that may have come from outside
_FROM_OUTSIDE = (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
_BELIEVED = 0.5  # of the limit, by what the kernel tells the reaper, where SIGXCPU says that it is reached
_T = TypeVar("_T")


@dataclass(frozen=True)
class At:
    """A top-level statement of a submission, as the room that compiled it knows it."""

    place: int  # among all of the notebook
    cell: int  # in the student's notebook, from 1
    line: int
    text: str  # of that line
    names: frozenset[str]  # that it binds


@dataclass(frozen=True)
class Ending:
    """How a test process ended."""

    verdict: Verdict  # TIMEOUT, MEMORY, CRASHED or BROKEN
    detail: str  # a sentence for the student; for BROKEN, for the operator
    during: At | None = None  # what of the notebook it was loading, by its own claim
    killed: bool = False  # by a signal that another program may have sent, and student code to itself


def statement(told: dict[str, Any] | None) -> At | None:
    """A statement from what a room says of it."""
    return None if told is None else At(**{**told, "names": frozenset(told["names"])})


def judge(report: dict[str, Any], limits: Limits, printed: str, timed_out: bool) -> Ending:
    """The ending that a report of the room means.

    Args:
        report: ``status`` as wait(2) gives it, ``killed`` (by us), ``cpu_seconds``, and
            what it was loading as ``at``.
        limits: what the process was allowed.
        printed: the end of what it wrote to standard error and output.
        timed_out: the judge gave up waiting.
    """
    return replace(_judge(report, limits, printed, timed_out), during=statement(report.get("at")))


def _judge(report: dict[str, Any], limits: Limits, printed: str, timed_out: bool) -> Ending:
    if timed_out:
        return Ending(Verdict.TIMEOUT, "there was no answer within the time allowed")
    code = os.waitstatus_to_exitcode(report["status"])
    if report["killed"] and code == -signal.SIGKILL:  # else it was ending by itself, only slowly
        return Ending(
            Verdict.CRASHED, "the process cut its connection to the judge, or sent what is no answer"
        )
    if code >= 0:
        return Ending(Verdict.CRASHED, "the process was ended by os._exit or sys.exit")
    return _of_signal(-code, report, limits, printed)


def unharmed(attempt: Callable[[], _T], killed: Callable[[_T], bool]) -> _T:
    """What an attempt gives that was not killed, of at most ``TRIES``; else what the last one gives."""
    result = attempt()
    for _ in range(TRIES - 1):
        if not killed(result):
            break
        result = attempt()
    return result


def _used_up(number: int, seconds: float, limit: float) -> bool:
    """Whether a signal means that CPU time is used up: SIGXCPU at the limit, and SIGKILL one second later.

    The limit counts whole ticks of the clock, whoever else ran within them. What the reaper is told is scaled
    to the time that the process really ran: on a busy machine that is less, by a third and more.
    """
    if number == signal.SIGXCPU:
        return seconds >= _BELIEVED * limit
    return number == signal.SIGKILL and seconds >= limit - 0.5


def _of_signal(number: int, report: dict[str, Any], limits: Limits, printed: str) -> Ending:
    if _used_up(number, report["cpu_seconds"], limits.cpu_seconds):
        return Ending(Verdict.TIMEOUT, f"more than {limits.cpu_seconds:g} s of CPU time were used")
    if number == signal.SIGKILL:
        return Ending(Verdict.MEMORY, "the system ran out of memory and ended the process", killed=True)
    if number == signal.SIGABRT and ("bad_alloc" in printed or "MemoryError" in printed):
        return Ending(Verdict.MEMORY, f"more than {limits.memory_mib} MiB of memory were asked for")
    if number == signal.SIGSYS:
        return Ending(Verdict.CRASHED, "the process asked the system for something that is forbidden here")
    if number in (signal.SIGSEGV, signal.SIGBUS):
        return Ending(
            Verdict.CRASHED,
            "the process was ended by a memory access error (segmentation fault); "
            "endless recursion is a common cause",
        )
    name = signal.Signals(number).name if number in set(signal.Signals) else str(number)
    return Ending(Verdict.CRASHED, f"the process was ended by signal {name}", killed=number in _FROM_OUTSIDE)
