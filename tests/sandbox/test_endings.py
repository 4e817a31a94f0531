"""Every way in which a process can end has its own verdict and sentence."""

from __future__ import annotations

import signal
from typing import Any

import pytest

from autograder.course import Limits
from autograder.results.result import Verdict
from autograder.sandbox.endings import judge

LIMITS = Limits(cpu_seconds=10, memory_mib=64)


def ending(
    status: int, *, killed: bool = False, cpu: float = 0.0, printed: str = "", timed_out: bool = False
) -> Any:
    report = {"status": status, "killed": killed, "cpu_seconds": cpu}
    return judge(report, LIMITS, printed, timed_out)


@pytest.mark.parametrize(
    ("status", "more", "verdict", "words"),
    [
        (signal.SIGKILL, {"timed_out": True, "killed": True}, Verdict.TIMEOUT, "no answer"),
        (signal.SIGKILL, {"killed": True}, Verdict.CRASHED, "cut its connection"),
        (0 << 8, {}, Verdict.CRASHED, "os._exit or sys.exit"),
        (3 << 8, {}, Verdict.CRASHED, "os._exit or sys.exit"),
        (signal.SIGXCPU, {"cpu": 10.0}, Verdict.TIMEOUT, "10 s of CPU"),
        (signal.SIGKILL, {"cpu": 11.0}, Verdict.TIMEOUT, "10 s of CPU"),
        (signal.SIGXCPU, {"cpu": 6.5}, Verdict.TIMEOUT, "10 s of CPU"),  # ticks of a busy machine
        (signal.SIGXCPU, {"cpu": 0.1}, Verdict.CRASHED, "SIGXCPU"),  # sent by itself
        (signal.SIGKILL, {}, Verdict.MEMORY, "ran out of memory"),
        (signal.SIGABRT, {"printed": "std::bad_alloc"}, Verdict.MEMORY, "64 MiB"),
        (signal.SIGABRT, {}, Verdict.CRASHED, "SIGABRT"),
        (signal.SIGSYS, {}, Verdict.CRASHED, "forbidden"),
        (signal.SIGSEGV, {}, Verdict.CRASHED, "segmentation fault"),
        (signal.SIGSEGV | 0x80, {}, Verdict.CRASHED, "segmentation fault"),
        (signal.SIGTERM, {}, Verdict.CRASHED, "SIGTERM"),
    ],
)
def test_ending(status: int, more: dict[str, Any], verdict: Verdict, words: str) -> None:
    """The verdict follows from what the kernel said, never from what the process claims."""
    found = ending(status, **more)
    assert found.verdict is verdict
    assert words in found.detail


@pytest.mark.parametrize(
    ("status", "more", "killed"),
    [
        (signal.SIGKILL, {}, True),
        (signal.SIGTERM, {}, True),
        (signal.SIGKILL, {"cpu": 11.0}, False),
        (signal.SIGKILL, {"killed": True}, False),
        (signal.SIGKILL, {"killed": True, "timed_out": True}, False),
        (signal.SIGSEGV, {}, False),
        (signal.SIGABRT, {}, False),
        (0, {}, False),
        (0, {"killed": True}, False),
    ],
)
def test_what_may_have_come_from_outside(status: int, more: dict[str, Any], killed: bool) -> None:
    """Only a signal that other programs send: no limit, no error of the processor, no end of one's own."""
    assert ending(status, **more).killed is killed


def test_a_slow_end_is_told_as_what_it_is() -> None:
    """A process that was ending by itself when we killed it ended by itself."""
    assert "os._exit" in ending(3 << 8, killed=True).detail


def test_unknown_signal() -> None:
    """A signal without a name is told by its number."""
    assert "signal 40" in ending(40).detail
