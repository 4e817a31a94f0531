"""Which known mistake a submission made, told from its outputs.

A mistake is named for a task only if exactly one fits: with the same inputs it fails the
same checks of the task, passes the same, and gives the same answer to every call. The
submission's code is never looked at. What it gives to functions that a check lends counts
as an answer, too: some checks look at nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, TypeVar

from ..inside.wire import HandleRef
from ..judge.outcome import Outcome
from ..judge.suite import Suite
from ..results.result import Verdict
from ..student import Call
from ..student.subjects import LocalSubject
from ..unit.mistakes.catalogue import Catalogue, Mistake
from ..unit.mistakes.edits import module_namespace
from .same import same_value

WRONG = (Verdict.FAILED, Verdict.ERROR)  # what a known mistake can look like
LASTING = (*WRONG, Verdict.PASSED, Verdict.MISSING, Verdict.BLOCKED)  # whatever else the machine does
Found = TypeVar("Found")
Find = Callable[[], tuple[Any, bool]]  # makes a finding, as JSON data; whether it will be the same next time


class Keep(Protocol):
    """Who remembers what is the same for everyone."""

    def __call__(self, name: str, find: Find, read: Callable[[Any], Found]) -> Found:
        """What ``read`` makes of the finding ``name``, which is made where it is not known yet."""


def at_once(name: str, find: Find, read: Callable[[Any], Found]) -> Found:
    """Remembers nothing."""
    return read(find()[0])


@dataclass
class Namer:
    """Compares submissions with the known mistakes of a unit; keeps what it has compiled."""

    suite: Suite
    catalogue: Catalogue
    keep: Keep = at_once
    _compiled: dict[str, LocalSubject] = field(default_factory=dict)
    _verdicts: dict[str, dict[str, Verdict]] = field(default_factory=dict)  # mistake -> check -> verdict
    _fared: dict[tuple[str, str, int], Outcome] = field(default_factory=dict)  # mistake, check, paper

    def name(self, outcomes: Mapping[str, Outcome], paper: int) -> dict[str, Mistake]:
        """The mistake of each task with failed checks, where exactly one fits.

        Args:
            outcomes: how each check ended on the submission.
            paper: the inputs that it got.
        """
        failed = {
            self.suite.marks[name].task for name, outcome in outcomes.items() if outcome.verdict in WRONG
        }
        found = {task: self._fitting(task, outcomes, paper) for task in sorted(failed)}
        return {task: fitting[0] for task, fitting in found.items() if len(fitting) == 1}

    def verdicts(self, mistake: Mistake) -> dict[str, Verdict]:
        """How the checks of the tasks that a mistake may fail end on it.

        The same for all submissions: a check's verdict does not depend on the paper, which the proof holds.
        """
        if mistake.name not in self._verdicts:
            find, read = partial(self._tried, mistake), partial(self._read, mistake)
            self._verdicts[mistake.name] = self.keep(mistake.name, find, read)
        return self._verdicts[mistake.name]

    def learn(self, mistake: Mistake, verdicts: Mapping[str, Verdict]) -> None:
        """Take over what another process has found with ``verdicts``."""
        self._verdicts[mistake.name] = dict(verdicts)

    def subject(self, mistake: Mistake) -> LocalSubject:
        """The mistake, ready to stand trial in the submission's place."""
        if mistake.name not in self._compiled:
            namespace = module_namespace(mistake.source, mistake.name)
            self._compiled[mistake.name] = LocalSubject(namespace)
        return self._compiled[mistake.name]

    def _checks(self, mistake: Mistake) -> list[str]:
        tasks = (mistake.task, *mistake.also)
        return [mark.id for mark in self.suite.checks if mark.task in tasks]

    def _tried(self, mistake: Mistake) -> tuple[dict[str, str], bool]:
        subject = self.subject(mistake)
        checks = self._checks(mistake)
        verdicts = {check: self.suite.run(check, subject, 0).verdict for check in checks}
        lasting = all(verdict in LASTING for verdict in verdicts.values())
        return {check: verdict.value for check, verdict in verdicts.items()}, lasting

    def _read(self, mistake: Mistake, found: Any) -> dict[str, Verdict]:
        return {check: Verdict(found[check]) for check in self._checks(mistake)}

    def _fitting(self, task: str, outcomes: Mapping[str, Outcome], paper: int) -> list[Mistake]:
        """The mistakes that end every check of the task as the submission does, with the same answers."""
        checks = [
            mark.id for mark in self.suite.checks if mark.task == task and _comparable(outcomes[mark.id])
        ]
        ended = {check: outcomes[check] for check in checks}
        candidates = [m for m in self.catalogue.mistakes.values() if task in (m.task, *m.also)]
        fitting = [m for m in candidates if self._ends_alike(m, ended)]
        for check in (check for check in checks if outcomes[check].verdict in WRONG):
            fitting = [m for m in fitting if self._answers_alike(m, check, outcomes[check], paper)]
        return fitting

    def _ends_alike(self, mistake: Mistake, ended: Mapping[str, Outcome]) -> bool:
        verdicts = self.verdicts(mistake)
        return all(verdicts[check] is outcome.verdict for check, outcome in ended.items())

    def _answers_alike(self, mistake: Mistake, check: str, outcome: Outcome, paper: int) -> bool:
        """Whether the mistake gives the answers that the submission gave in a failed check."""
        again = self.fared(mistake, check, paper)
        if again.case != outcome.case:
            return False
        task = self.suite.marks[check].task
        return same_answers(outcome.transcript, again.transcript, task, self.suite.task_of)

    def fared(self, mistake: Mistake, check: str, paper: int) -> Outcome:
        """How a check ends on a mistake on one paper, with its answers; found once."""
        key = mistake.name, check, paper
        if key not in self._fared:
            self._fared[key] = self.suite.run(check, self.subject(mistake), paper)
        return self._fared[key]


def same_answers(
    left: tuple[Call, ...], right: tuple[Call, ...], task: str, task_of: Mapping[str, str]
) -> bool:
    """Whether the answers to all of the task's own calls in one transcript are those in another.

    The other may go on after that, where the process of the one ended.
    """
    calls = list(_own_calls(left, task, task_of)), list(_own_calls(right, task, task_of))
    return len(calls[0]) <= len(calls[1]) and all(_same_call(*pair) for pair in zip(*calls, strict=False))


def _own_calls(transcript: tuple[Call, ...], task: str, task_of: Mapping[str, str]) -> Iterator[Call]:
    """The calls that are not of another task's functions, without those that fetch an object."""
    for call in transcript:
        if is_own(call, task, task_of) and not (call.kind == "get" and isinstance(call.reply, HandleRef)):
            yield call


def is_own(call: Call, task: str, task_of: Mapping[str, str]) -> bool:
    """Whether a call is not of another task's function."""
    return task_of.get(call.name.split(".")[0], task) == task


def _comparable(outcome: Outcome) -> bool:
    """A check that is blocked by another task says nothing of this one."""
    return outcome.verdict in (*WRONG, Verdict.PASSED)


def _same_call(left: Call, right: Call) -> bool:
    if left.fault is not None or right.fault is not None:
        return left.name == right.name and _raised(left) == _raised(right)
    if (left.kind, left.name) != (right.kind, right.name):
        return False
    return (
        same_value(left.reply, right.reply)
        and _all_among(left.heard, right.heard)
        and _all_among(right.heard, left.heard)
    )


def _all_among(some: tuple[Any, ...], others: tuple[Any, ...]) -> bool:
    """Whether a lent function was given nothing in one call that it was not given in the other.

    In whatever order and however often: a loop may run the other way.
    """
    return all(any(same_value(args, other) for other in others) for args in some)


def _raised(call: Call) -> Any:
    claim = getattr(call.fault, "claim", None)
    return claim.get("class") if isinstance(claim, dict) else None
