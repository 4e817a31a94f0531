"""How one check ended on one subject."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import pytest
from _pytest.outcomes import Failed

from ..checks.expectations import Event
from ..results.result import Verdict
from ..student import Call, Court, StudentEnded, StudentFault

OUR_FAULT = "Grading failed through no fault of yours; staff have been told."
BROKEN_CHECK = "This check is broken; staff have been told."
UNUSABLE = "Your function's answer cannot be used: it is not of the kind that the task asks for."


@dataclass(frozen=True)
class Outcome:
    """How one check ended on one subject."""

    verdict: Verdict
    reason: str = ""
    notes: tuple[str, ...] = ()  # for staff
    fault: str = ""  # the label of the call that ended it
    cause: str = ""  # what kept a name from being there, where that ended it
    killed: bool = False  # the process, by a signal that may have come from outside
    case: int = 0  # which of a parametrised check's cases this is
    error: BaseException | None = field(default=None, compare=False)
    court: Court | None = field(default=None, compare=False, repr=False)  # what it was judged on

    @property
    def event(self) -> Event | None:
        """What of the expectations was not as it should be, where that ended it."""
        court = self.court
        return None if court is None or court.wrong is None else court.notes.events[court.wrong]

    @cached_property
    def transcript(self) -> tuple[Call, ...]:
        """The calls that were answered."""
        return self.court.transcript() if self.court is not None else ()


def outcome_of(
    error: BaseException | None, fatal: StudentFault | None, court: Court | None
) -> Outcome | None:
    """The outcome of what a check raised, or None where that was unforeseen.

    Args:
        error: what it raised.
        fatal: how the subject's process ended, if it did.
        court: what was judged.
    """
    if fatal is not None and fatal.verdict is Verdict.BROKEN:
        return Outcome(Verdict.BROKEN, OUR_FAULT, (fatal.reason,), fatal.name, error=error, court=court)
    if fatal is not None:
        killed = isinstance(fatal, StudentEnded) and fatal.killed
        return Outcome(fatal.verdict, fatal.reason, fault=fatal.name, killed=killed, error=error, court=court)
    if error is None:
        return Outcome(Verdict.PASSED, court=court)
    if isinstance(error, StudentFault):
        return Outcome(
            error.verdict, error.reason, fault=error.name, cause=error.cause, error=error, court=court
        )
    if isinstance(error, AssertionError):
        reason = str(error) or "The result is not what the task asks for."
        return Outcome(Verdict.FAILED, reason, error=error, court=court)
    if type(error) is Failed:  # no skip and no xfail: these are no judgement
        return Outcome(Verdict.FAILED, _words(error), error=error, court=court)
    return None


def with_case(outcome: Outcome, items: Sequence[pytest.Item]) -> Outcome:
    """A failure of one case among several says of which."""
    call = getattr(items[outcome.case], "callspec", None) if len(items) > 1 else None
    if call is None or outcome.verdict is not Verdict.FAILED:
        return outcome
    return replace(outcome, reason=f"{outcome.reason} (Case {call.id}.)")


def _words(error: Failed) -> str:
    message = str(error.msg)
    prefix = "DID NOT RAISE "
    if message.startswith(prefix):
        name = message.removeprefix(prefix).split("'")[1] if "'" in message else message.removeprefix(prefix)
        return f"{name} should have been raised; nothing was."
    return message
