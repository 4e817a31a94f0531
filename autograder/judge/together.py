"""Several checks make their calls in one crossing.

Theory of operation
    A crossing between judge and room costs two switches between processes, each into
    caches that the other has filled; for most checks that is more than the call itself.
    Most checks make a single request. So each of them runs until it has made it, in a
    ``greenlet`` of its own that stops there; all requests travel in one frame, are carried out
    one after the other, and each check goes on with its own reply.

    Only checks that make one request, and lend nothing, take part: a check's calls must
    follow each other, since honest code may keep something in a global variable from one
    call to the next. Which checks these are is seen on the reference. Where a submission
    makes one of them ask a second time, the check is given up and runs again by itself. And
    where a process ends or gives no answer, nothing is concluded from it: whatever was not
    answered runs again by itself, so that an end is told of the check that it belongs to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from greenlet import greenlet

from ..base.errors import SandboxFault
from ..base.time_limit import alarm_clock
from ..inside import wire
from ..results.result import Verdict
from ..student import StudentFault, Subject
from ..student.links import Frame, Link, OnCallback, Reply
from ..student.subjects import RoomSubject

_UNANSWERED = (EOFError, OSError, wire.WireError)


class Apart(BaseException):
    """A check that takes part asks a second time: it must run by itself."""


class Counted:
    """A subject that counts what a check asks of it."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self.requests = 0
        self.lends = False
        self.shipped: list[str] = []  # the sources of functions that run beside the subject's code

    def connect(self, task: str, isolate: bool) -> Link:
        """A link that counts."""
        self._link = self._subject.connect(task, isolate)
        return self

    def request(
        self, header: dict[str, Any], buffers: list[Any], deadline: float, on_callback: OnCallback
    ) -> Reply:
        """One more."""
        self.requests += 1
        if header["k"] == "inside":
            self.shipped.append(header["source"])

        def called_back(message: dict[str, Any], parts: list[memoryview]) -> Frame:
            self.lends = True
            return on_callback(message, parts)

        return self._link.request(header, buffers, deadline, called_back)

    def ended(self, timed_out: bool) -> tuple[Verdict, str]:
        """As the subject says."""
        return self._subject.ended(timed_out)

    def missing(self, name: str) -> tuple[Verdict, str] | None:
        """As the subject says."""
        return self._subject.missing(name)


class Held:
    """A subject whose request waits for those of other checks; both subject and link of one check."""

    def __init__(self, subject: Subject, judge: greenlet) -> None:
        self._subject = subject
        self._judge = judge
        self._asked = False

    def connect(self, task: str, isolate: bool) -> Link:
        """Itself."""
        return self

    def request(
        self, header: dict[str, Any], buffers: list[Any], deadline: float, on_callback: OnCallback
    ) -> Reply:
        """Hand the request to the judge, stop, and go on with the reply.

        Raises:
            Apart: there was one before.
        """
        if self._asked:
            raise Apart
        self._asked = True
        reply: Reply = self._judge.switch((header, buffers))
        return reply

    def ended(self, timed_out: bool) -> tuple[Verdict, str]:
        """Only the check's own budget can end here."""
        raise Apart

    def missing(self, name: str) -> tuple[Verdict, str] | None:
        """As the subject says."""
        return self._subject.missing(name)


@dataclass(frozen=True)
class _Asking:
    """A check that has stopped at its request."""

    number: int
    check: greenlet
    request: Frame


def run_together(
    subject: RoomSubject, runs: Sequence[Callable[[Subject], Any]], call_seconds: float, judge_seconds: float
) -> dict[int, Any]:
    """Run checks that ask once, with their requests in one frame.

    Args:
        subject: whose process answers.
        runs: each runs one check on the subject that it is given, and returns its outcome.
        call_seconds: that one call may take.
        judge_seconds: that a check may take in this process, at one go.

    Returns:
        The outcome of each run by its number; runs that must be made again by themselves are missing.
    """
    outcomes: dict[int, Any] = {}
    asking: list[_Asking] = []
    with alarm_clock() as start:

        def resume(check: greenlet, value: Any) -> Any:
            start(judge_seconds)
            try:
                return _resumed(check, value)
            finally:
                start(0)

        for number, run in enumerate(runs):
            check = greenlet(run)
            came = resume(check, Held(subject, greenlet.getcurrent()))
            if not check.dead:
                asking.append(_Asking(number, check, came))
            elif came is not Apart:
                outcomes[number] = came  # it asked nothing
        try:
            for each, reply in _replies(subject, asking, call_seconds):
                outcome = resume(each.check, reply)
                if each.check.dead and outcome is not Apart:
                    outcomes[each.number] = outcome
        finally:
            for each in asking:
                _give_up(each.check)
    return outcomes


def _replies(subject: RoomSubject, asking: list[_Asking], seconds: float) -> Iterator[tuple[_Asking, Reply]]:
    """The checks with their replies, as far as there are any."""
    if not asking:
        return
    try:
        link = subject.many()
    except (StudentFault, SandboxFault):
        return  # each check will be told by itself
    try:
        replies = link.request_many([each.request for each in asking], seconds)
        yield from zip(asking, replies, strict=True)
    except _UNANSWERED as error:
        subject.ended(isinstance(error, TimeoutError))


def _give_up(check: greenlet) -> None:
    """End a check that still waits for its reply."""
    if not check.dead:
        with suppress(Apart):
            check.throw(Apart)


def _resumed(check: greenlet, value: Any) -> Any:
    """Let a check run on to its next stop; ``Apart`` where it was given up."""
    try:
        return check.switch(value)
    except Apart:
        return Apart
