"""Which submissions a person should open, the most pressing first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from ...results.result import Result, Verdict
from ...results.store import ResultFileError


class Kind(IntEnum):
    """Why a person is needed; smaller is more pressing."""

    BROKEN = 0  # a fault of ours left it without a score
    DAMAGED = 1  # the result file
    UNPROVEN = 2  # nobody knows that the checks are right on these inputs
    UNREADABLE = 3  # the submission is no notebook
    FLAGGED = 4
    HEALED = 5

    @property
    def title(self) -> str:
        """Words for the page."""
        return _TITLES[self]


_TITLES = {
    Kind.BROKEN: "no score: our fault",
    Kind.DAMAGED: "result file damaged",
    Kind.UNPROVEN: "not proven",
    Kind.UNREADABLE: "unreadable file",
    Kind.FLAGGED: "flagged",
    Kind.HEALED: "repaired",
}


@dataclass(frozen=True)
class Reason:
    """One reason to open one submission."""

    kind: Kind
    student: str
    why: str


def needs_a_person(
    results: Iterable[Result], damaged: Iterable[ResultFileError] = (), unproven: str = ""
) -> list[Reason]:
    """All reasons, sorted by urgency and student; a submission may be named more than once.

    Args:
        results: of one unit.
        damaged: files that could not be read.
        unproven: why the papers of the unit are not proven.
    """
    calls = [Reason(Kind.DAMAGED, "", str(error)) for error in damaged]
    calls += [Reason(Kind.UNPROVEN, "", unproven)] if unproven else []
    for result in results:
        calls += _calls(result)
    return sorted(calls, key=lambda call: (call.kind, call.student, call.why))


def unreadable(result: Result) -> bool:
    """True where the file was no notebook, so that its checks say nothing about the student's code."""
    return result.loaded == "not" and not result.broken


def _calls(result: Result) -> list[Reason]:
    student = result.student
    if result.broken or result.score is None:
        return [Reason(Kind.BROKEN, student, _first_note(result))]
    if unreadable(result):
        return [Reason(Kind.UNREADABLE, student, result.checks[0].reason if result.checks else "")]
    calls = [Reason(Kind.FLAGGED, student, text) for text in dict.fromkeys(result.flags)]
    return calls + [Reason(Kind.HEALED, student, text) for text in result.healed]


def _first_note(result: Result) -> str:
    broken = [check for check in result.checks if check.verdict is Verdict.BROKEN]
    notes = [note for check in broken for note in check.notes] + list(result.flags)
    names = ", ".join(check.id for check in broken[:5])
    return f"{notes[0]} ({names})" if notes else names
