"""The hidden checks of a unit, ready to be run on any subject.

Theory of operation
    ``Suite`` holds the collected checks of a unit (see ``collecting``). ``Suite.run`` puts one
    subject on trial and says how the check ended.

    ``Suite.run_together`` lets the checks that ask only once ask in one crossing (see ``together``).

    A check may ship functions that make many calls in one crossing. Where it fails, it runs
    once more with the same inputs and each of those calls for itself: the student is told
    which call is wrong, and whose code it is. That second run cannot save the check. Where
    it can change no verdict either, it waits for an explanation that asks for it (``singly``).
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from _pytest.outcomes import Failed

from .alarm import JudgeTimeout, alarm
from .collecting import Collected, Now
from .compare import Difference
from .course import Course, Limits, Unit
from .errors import ConfigError, not_installed
from .marks import Mark, read_marks
from .student import Call, Remote, Student, StudentFault, Subject, Trial
from .student.subjects import LocalSubject, RoomSubject
from .threads import calm_torch
from .together import Apart, Counted, run_together
from .verdicts import Verdict

TOLD_SINGLY = (Verdict.FAILED, Verdict.ERROR, Verdict.MISSING, Verdict.BLOCKED)
OUR_FAULT = "Grading failed through no fault of yours; staff have been told."
JUDGE_GRACE = 10.0  # seconds beyond a check's own time, for the judge's part


@dataclass(frozen=True)
class Outcome:
    """How one check ended on one subject."""

    verdict: Verdict
    reason: str = ""
    notes: tuple[str, ...] = ()  # for staff
    transcript: tuple[Call, ...] = ()
    fault: str = ""  # the label of the call that ended it
    case: int = 0  # which of a parametrised check's cases this is
    unrolled: bool = False  # whether shipped functions were taken apart into their calls
    waits: bool = False  # the run in single calls would only tell more: ``Suite.singly`` makes it
    shipped: Outcome | None = field(default=None, compare=False)  # how it ended before that
    error: BaseException | None = field(default=None, compare=False)

    @property
    def first(self) -> Outcome:
        """The run that decided: a second one with single calls is only told."""
        return self.shipped or self


class Suite:
    """The hidden checks of one unit, ready to be run on any subject."""

    def __init__(self, course: Course, unit: Unit, task_of: Mapping[str, str] | None = None) -> None:
        self.course = course
        self.unit = unit
        self.limits: Limits = course.limits_of(unit)
        self.marks: dict[str, Mark] = {mark.id: mark for mark in read_marks(unit.grader)}
        self.reference: dict[str, Any] = vars(load_reference(unit))
        tasks = {mark.task: mark.task for mark in self.marks.values()}
        self.task_of: dict[str, str] = {**tasks, **(task_of or {})}
        calm_torch()
        self._collected = Collected(unit, self.marks)
        self._items = self._collected.items

    @property
    def checks(self) -> tuple[Mark, ...]:
        """The checks in the order of the file."""
        return tuple(self.marks.values())

    def run(
        self,
        check: str,
        subject: Subject,
        seed: int,
        *,
        mirrored: bool = True,
        case: int | None = None,
        unrolled: bool | None = None,
        known: Mapping[int, Outcome] = MappingProxyType({}),
    ) -> Outcome:
        """Run one check; with parameters, its cases one after the other until one fails, or only one.

        Args:
            check: its name.
            subject: who stands trial.
            seed: of its inputs.
            mirrored: whether replies are compared with the reference's.
            case: only this one of a parametrised check.
            unrolled: take shipped functions apart always or never; None: once more, where the check fails.
            known: how cases ended that were run before, by number.
        """
        outcome = Outcome(Verdict.BROKEN, "No such check was collected.")
        for number, item in enumerate(self._items[check]):
            if case is not None and number != case:
                continue
            again = partial(self._run_item, item, self.marks[check], subject, [seed, number], mirrored)
            outcome = known[number] if number in known else again(bool(unrolled))
            if unrolled is None and outcome.verdict in TOLD_SINGLY and _ships(outcome):
                waits = self._told_enough(self.marks[check], outcome)
                outcome = replace(outcome, waits=True) if waits else _told_singly(outcome, again(True))
            if outcome.case != number:
                outcome = replace(outcome, case=number)
            if outcome.verdict is not Verdict.PASSED:
                break
        return self._with_case(outcome, self._items[check])

    @staticmethod
    def _with_case(outcome: Outcome, items: list[pytest.Item]) -> Outcome:
        """A failure of one case among several says of which."""
        call = getattr(items[outcome.case], "callspec", None) if len(items) > 1 else None
        if call is None or outcome.verdict is not Verdict.FAILED:
            return outcome
        return replace(outcome, reason=f"{outcome.reason} (Case {call.id}.)")

    def singly(self, check: str, subject: Subject, seed: int, outcome: Outcome) -> Outcome:
        """What is told of a check that failed: it runs once more in single calls, where that was put off."""
        if not outcome.waits:
            return outcome
        again = self.run(check, subject, seed, case=outcome.case, unrolled=True)
        return replace(_told_singly(outcome, again), case=outcome.case, waits=False)

    def _told_enough(self, mark: Mark, outcome: Outcome) -> bool:
        """Whether single calls could change no verdict: values are wrong that came of one task's code."""
        if outcome.verdict is not Verdict.FAILED or not isinstance(outcome.error, Difference):
            return False
        shipped = (arg for call in outcome.transcript for arg in call.args if isinstance(arg, Remote))
        names = {call.name for call in outcome.transcript} | {remote._origin for remote in shipped}
        return {self.task_of.get(name.split(".")[0], mark.task) for name in names} == {mark.task}

    def run_together(self, subject: Subject, seeds: Mapping[str, int]) -> dict[str, dict[int, Outcome]]:
        """Run the checks that ask a submission only once, in one crossing.

        Returns:
            How the cases of each check ended, by number: what ``run`` takes as ``known``. What does
            not stand there, ``run`` has to run.
        """
        if not isinstance(subject, RoomSubject):
            return {}
        runs = [
            partial(self._run_one_of_many, item, self.marks[check], [seeds[check], number])
            for check, number, item in self._alone
        ]
        ended = run_together(subject, runs, self.limits.call_seconds, self._most_seconds)
        outcomes: dict[str, dict[int, Outcome]] = {}
        for place, outcome in ended.items():
            check, number, _ = self._alone[place]
            outcomes.setdefault(check, {})[number] = outcome
        return outcomes

    @property
    def _most_seconds(self) -> float:
        """Of a check, all in all."""
        return self.limits.test_seconds + JUDGE_GRACE

    @cached_property
    def shipped(self) -> tuple[str, ...]:
        """The sources of the functions that checks ship."""
        every = [source for counted in self._asked.values() for source in counted.shipped]
        return tuple(dict.fromkeys(every))

    @cached_property
    def _alone(self) -> list[tuple[str, int, pytest.Item]]:
        """The cases that make one request, and lend nothing: check, number of the case, item."""
        return [
            (mark.id, number, item)
            for mark in in_task_order(self.checks)
            for number, item in enumerate(self._items[mark.id])
            if self._collected.is_plain(item) and not mark.isolate
            if (asked := self._asked[item]).requests == 1 and not asked.lends
        ]

    @cached_property
    def _asked(self) -> dict[pytest.Item, Counted]:
        """What each case asks of the reference."""
        found = {}
        for name, items in self._items.items():
            for number, item in enumerate(items):
                counted = found[item] = Counted(reference_subject(self))
                self._run_item(item, self.marks[name], counted, [0, number], False, False)
        return found

    def _run_one_of_many(self, item: pytest.Item, mark: Mark, seed: list[int], subject: Subject) -> Outcome:
        """As ``_run_item``; raises ``Apart`` where the check asks more than once."""
        outcome = self._run_item(item, mark, subject, seed, True, False, timed=False)
        if isinstance(outcome.error, Apart):
            raise outcome.error
        return outcome

    def _run_item(
        self,
        item: pytest.Item,
        mark: Mark,
        subject: Subject,
        seed: list[int],
        mirrored: bool,
        unrolled: bool,
        timed: bool = True,
    ) -> Outcome:
        mirrored = mirrored and mark.mirror
        trial = Trial(mark.task, self.task_of, self.limits, mark.isolate, mirrored, unrolled)
        now = Now(Student(subject, trial, self.reference), np.random.default_rng(seed))
        if now.student.begin():
            self._perform(item, now, timed)
        ended = Outcome(Verdict.BROKEN) if isinstance(now.raised, Apart) else _outcome(now)
        if ended is None:
            ended = self._our_fault_or_not(item, mark, subject, seed, unrolled, now)
        return Outcome(
            ended.verdict,
            ended.reason,
            ended.notes,
            tuple(now.student.transcript),
            ended.fault,
            unrolled=unrolled,
            error=now.raised,
        )

    def _perform(self, item: pytest.Item, now: Now, timed: bool) -> None:
        """Run a collected check on what is loaded; loading has limits of its own."""
        try:
            with alarm(self._most_seconds) if timed else nullcontext():
                self._collected.perform(item, now)
        except JudgeTimeout as error:  # between the test's end and the alarm's
            now.raised = now.raised or error

    def _our_fault_or_not(
        self,
        item: pytest.Item,
        mark: Mark,
        subject: Subject,
        seed: list[int],
        unrolled: bool,
        now: Now,
    ) -> Outcome:
        """A check raised something unforeseen: is it the same with the reference?"""
        what = f"{type(now.raised).__name__}: {now.raised}"
        if isinstance(subject, LocalSubject) and subject.is_reference:
            return Outcome(Verdict.BROKEN, "This check is broken; staff have been told.", (what,))
        control = self._run_item(item, mark, reference_subject(self), seed, False, unrolled)
        if control.verdict is Verdict.PASSED:
            reason = "Your function's answer cannot be used: it is not of the kind that the task asks for."
            return Outcome(
                Verdict.FAILED, reason, (f"the check itself raised {what}; with the reference it passes",)
            )
        return Outcome(Verdict.BROKEN, "This check is broken; staff have been told.", (what, *control.notes))


def in_task_order(marks: tuple[Mark, ...]) -> list[Mark]:
    """Checks of one task one after the other."""
    tasks = list(dict.fromkeys(mark.task for mark in marks))
    return sorted(marks, key=lambda mark: tasks.index(mark.task))


def _ships(outcome: Outcome) -> bool:
    return any(call.kind == "inside" and not call.whole for call in outcome.transcript)


def _told_singly(first: Outcome, again: Outcome) -> Outcome:
    """The second run, unless it ended otherwise: a function may work only where it was shipped to."""
    raised_only_here = first.verdict is Verdict.FAILED and again.verdict is Verdict.ERROR
    if again.verdict not in TOLD_SINGLY or again.notes or raised_only_here:
        return first
    return replace(again, shipped=first)


def reference_subject(suite: Suite) -> LocalSubject:
    """The reference, as if it were a student."""
    return LocalSubject(suite.reference, is_reference=True)


def load_reference(unit: Unit) -> Any:
    """The module of the reference solution.

    Raises:
        ConfigError: it cannot be imported; the file and the error are named.
    """
    try:
        return importlib.import_module(f"solutions.{unit.name}")
    except (Exception, SystemExit) as error:
        raise ConfigError(f"{unit.reference} cannot be imported: {_why(error)}") from error


def _why(error: BaseException) -> str:
    """What went wrong, and what to do."""
    lacking = not_installed(error.name or "") if isinstance(error, ModuleNotFoundError) else None
    return lacking or f"{type(error).__name__}: {error}. Correct it until it runs."


def _outcome(now: Now) -> Outcome | None:
    """The verdict, or None where the check raised something unforeseen."""
    fatal, error = now.student.fatal, now.raised
    if fatal is not None and fatal.verdict is Verdict.BROKEN:
        return Outcome(Verdict.BROKEN, OUR_FAULT, (fatal.reason,), fault=fatal.name)
    if fatal is not None:
        return Outcome(fatal.verdict, fatal.reason, fault=fatal.name)
    if error is None:
        return Outcome(Verdict.PASSED)
    if isinstance(error, StudentFault):
        return Outcome(error.verdict, error.reason, fault=error.name)
    if isinstance(error, AssertionError):
        return Outcome(Verdict.FAILED, str(error) or "The result is not what the task asks for.")
    if type(error) is Failed:  # no skip and no xfail: these are no judgement
        return Outcome(Verdict.FAILED, _words(error))
    return None


def _words(error: Failed) -> str:
    message = str(error.msg)
    prefix = "DID NOT RAISE "
    if message.startswith(prefix):
        name = message.removeprefix(prefix).split("'")[1] if "'" in message else message.removeprefix(prefix)
        return f"{name} should have been raised; nothing was."
    return message
