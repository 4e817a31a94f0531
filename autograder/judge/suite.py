"""The hidden checks of a unit, ready to be run on any subject.

Theory of operation
    ``Suite`` holds the collected checks of a unit (see ``collecting``) and, for each paper, their
    plans (see ``plans``). ``Suite.run`` puts one subject on trial and says how a check ended.
    ``Suite.run_together`` lets all planned checks cross in one frame. What is not answered there, since a
    process ended or took too long, runs again by itself, call by call, so that an end is told of the
    call that it belongs to.

    A check that fails, and stands on other tasks (``on=``), is tried once more with the reference in
    their place, in a process of its own, which ends then: what passes there, passes.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from ..base.errors import SandboxFault
from ..base.threads import calm_torch
from ..base.time_limit import JudgeTimeout, alarm
from ..course import Course, Limits, Unit
from ..inside import wire
from ..results.result import Verdict
from ..sandbox.endings import unharmed
from ..student import Answer, Court, Looks, Student, StudentFault, Subject, Terms
from ..student.faults import ended_at
from ..student.scripts import answers_of
from ..student.session import Budget, Session, Unanswered
from ..student.subjects import LocalSubject, RoomSubject
from ..unit.criteria import Criterion, read_criteria
from .authors import placed, refuse_unknown_names, upset
from .collecting import Collected, Now, is_eager
from .outcome import BROKEN_CHECK, OUR_FAULT, UNUSABLE, Outcome, outcome_of, with_case
from .papers import PUBLISHED_SECRET, Papers
from .plans import JointFrame, Key, Plan, PlansOfPaper, plan_of
from .reference import load_reference

JUDGE_GRACE = 10.0  # seconds beyond a check's own time, for the judge's part
STANDS_ON_OTHERS = (Verdict.FAILED, Verdict.ERROR, Verdict.BLOCKED, Verdict.MISSING)


class Suite:
    """The hidden checks of one unit, ready to be run on any subject."""

    def __init__(
        self,
        course: Course,
        unit: Unit,
        task_of: Mapping[str, str] | None = None,
        secret: bytes = PUBLISHED_SECRET,
    ) -> None:
        self.course = course
        self.unit = unit
        self.limits: Limits = course.limits_of(unit)
        self.papers = Papers(secret, unit.name, course.papers_of(unit))
        self.marks: dict[str, Criterion] = {mark.id: mark for mark in read_criteria(unit.grader)}
        self.reference: dict[str, Any] = vars(load_reference(unit))
        tasks = {mark.task: mark.task for mark in self.marks.values()}
        self.task_of: dict[str, str] = {**tasks, **(task_of or {})}
        known = [name for name in self.task_of if callable(self.reference.get(name))]
        refuse_unknown_names(unit.grader, self.checks, known)
        calm_torch()
        self._eager = is_eager(unit.grader)
        self._collected = Collected(unit, self.marks)
        self._items = self._collected.items
        self._plans: dict[int, PlansOfPaper] = {}

    @property
    def checks(self) -> tuple[Criterion, ...]:
        """The checks in the order of the file."""
        return tuple(self.marks.values())

    @cached_property
    def cases(self) -> tuple[Key, ...]:
        """All cases of all checks, those of one task one after the other."""
        marks = in_task_order(self.checks)
        return tuple((mark.id, number) for mark in marks for number in range(len(self._items[mark.id])))

    # --- plans ---

    def plan(self, check: str, case: int, paper: int) -> Plan:
        """What one case of a check asks and expects on a paper."""
        return self._plans_of(paper).plan(check, case)

    def _plans_of(self, paper: int) -> PlansOfPaper:
        if paper not in self._plans:
            self._plans[paper] = PlansOfPaper(lambda check, case: self._planned(check, case, paper))
        return self._plans[paper]

    def make_plans(self, paper: int) -> None:
        """Make all plans of a paper and the frames that carry them, so that nobody waits for them later."""
        self._plans_of(paper).frames(self.cases)

    def _planned(self, check: str, case: int, paper: int) -> Plan:
        """Run a case on the mirror alone."""
        if self._eager:
            return Plan()
        mark = self.marks[check]
        now = Now(Student(self._terms(mark), self.reference), self._rng(check, case, paper))
        self._perform(self._items[check][case], now)
        if isinstance(now.raised, Looks):
            return Plan()
        if now.raised is not None:  # also an exit or a skip, which must end no command
            return Plan(broken=placed(now.raised, self.unit.grader, mark))
        try:
            return plan_of(now.student.notes)
        except Exception as error:
            return Plan(broken=placed(error, self.unit.grader, mark))

    def _rng(self, check: str, case: int, paper: int) -> np.random.Generator:
        return np.random.default_rng([self.papers.seed(check, paper), case])

    def _terms(self, mark: Criterion) -> Terms:
        return Terms(mark.task, self.task_of, self.limits, self._eager)

    def _stand_ins(self, mark: Criterion) -> dict[str, Any]:
        return {name: self.reference[name] for name in mark.on}

    # --- one check ---

    def run(
        self,
        check: str,
        subject: Subject,
        paper: int,
        *,
        case: int | None = None,
        known: Mapping[int, Outcome] = MappingProxyType({}),
    ) -> Outcome:
        """Run one check; with parameters, its cases one after the other until one fails, or only one.

        Args:
            check: its name.
            subject: who stands trial.
            paper: which inputs it gets.
            case: only this one of a parametrised check.
            known: how cases ended that were run before, by number.
        """
        subject = subject.at(self.marks[check].task)
        outcome = Outcome(Verdict.BROKEN, "No such check was collected.")
        for number in range(len(self._items[check])) if case is None else (case,):
            outcome = known[number] if number in known else self._run_case(check, number, subject, paper)
            if outcome.verdict in STANDS_ON_OTHERS:
                outcome = self._on_reference(outcome, check, number, subject, paper)
            if outcome.case != number:
                outcome = replace(outcome, case=number)
            if outcome.verdict is not Verdict.PASSED:
                break
        return with_case(outcome, self._items[check])

    def _run_case(
        self, check: str, case: int, subject: Subject, paper: int, stand_ins: Mapping[str, Any] | None = None
    ) -> Outcome:
        plan = self.plan(check, case, paper)
        if plan.broken:
            return Outcome(Verdict.BROKEN, BROKEN_CHECK, (plan.broken,))

        def attempt() -> Outcome:
            if plan.live:
                return self._run_live(check, case, subject, paper, stand_ins)
            return self._run_plan(plan, self.marks[check], subject, stand_ins)

        return unharmed(attempt, lambda outcome: outcome.killed)

    def _on_reference(self, outcome: Outcome, check: str, case: int, subject: Subject, paper: int) -> Outcome:
        """Another outcome where a case passes with the reference in the place of what its task stands on.

        In a process that sees no other check's inputs, and is no longer used then. A fault of ours there is
        BROKEN.
        """
        stand_ins = self._stand_ins(self.marks[check])
        if not stand_ins:
            return outcome
        subject.renew()
        try:
            again = self._run_case(check, case, subject, paper, stand_ins)
        finally:
            subject.renew()
        if again.verdict is Verdict.PASSED:
            return Outcome(Verdict.PASSED, court=outcome.court)
        return again if again.reason == OUR_FAULT else outcome

    def _run_plan(
        self, plan: Plan, mark: Criterion, subject: Subject, stand_ins: Mapping[str, Any] | None
    ) -> Outcome:
        """Call by call, so that an end is told of the call that it belongs to."""
        answers: list[Answer] = []
        try:
            link = subject.connect()
            budget = Budget(self.limits.calls, time.monotonic() + self.limits.test_seconds)
            session = Session(link, budget, self.limits.call_seconds, stand_ins)
            answers = session.ask(0, plan.notes.steps, one_by_one=not isinstance(subject, LocalSubject))
        except StudentFault as fault:
            return self._judged(plan, mark, subject, [], fault)
        except SandboxFault as fault:
            return Outcome(Verdict.BROKEN, OUR_FAULT, (str(fault),))
        except Unanswered as error:
            label = plan.notes.steps[len(error.answers)].label
            ended = ended_at(label, subject.ended(error.timed_out))
            return self._judged(plan, mark, subject, error.answers, ended)
        return self._judged(plan, mark, subject, answers)

    def _judged(
        self,
        plan: Plan,
        mark: Criterion,
        subject: Subject,
        answers: list[Answer],
        fatal: StudentFault | None = None,
    ) -> Outcome:
        """Judge what came; an end of the process counts only where nothing before it was wrong."""
        court = Court(self._terms(mark), plan.notes, answers, subject.missing)
        error = court.first_wrong()
        if error is not None:
            fatal = fatal if fatal is not None and fatal.verdict is Verdict.BROKEN else None
        ended = outcome_of(error, fatal, court)
        if ended is None:  # our own comparison could not work with what came; with the reference it does
            assert error is not None
            note = upset(error, self.unit.grader, mark)
            return Outcome(Verdict.FAILED, UNUSABLE, (note,), error=error, court=court)
        return ended

    # --- a check that looks at values ---

    def _run_live(
        self, check: str, case: int, subject: Subject, paper: int, stand_ins: Mapping[str, Any] | None = None
    ) -> Outcome:
        now = self._lived(check, case, subject, paper, stand_ins)
        if now.student.unclear:
            now = self._lived(check, case, subject, paper, stand_ins, one_by_one=True)
        ended = outcome_of(now.raised, now.student.fatal, now.student.court)
        return ended if ended is not None else self._our_fault_or_not(check, case, subject, paper, now)

    def _lived(
        self,
        check: str,
        case: int,
        subject: Subject,
        paper: int,
        stand_ins: Mapping[str, Any] | None,
        one_by_one: bool = False,
    ) -> Now:
        """Run a check on a subject; what was raised and who was asked."""
        student = Student(self._terms(self.marks[check]), self.reference, subject, stand_ins, one_by_one)
        now = Now(student, self._rng(check, case, paper))
        if student.begin():
            self._perform(self._items[check][case], now)
        return now

    def _perform(self, item: pytest.Item, now: Now) -> None:
        """Run a collected check on what is loaded; loading has limits of its own."""
        try:
            with alarm(self.limits.test_seconds + JUDGE_GRACE), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # they say nothing of the student
                self._collected.perform(item, now)
        except JudgeTimeout as error:  # between the test's end and the alarm's
            now.raised = now.raised or error

    def _our_fault_or_not(self, check: str, case: int, subject: Subject, paper: int, now: Now) -> Outcome:
        """A check raised something unforeseen: is it the same with the reference?"""
        assert now.raised is not None
        what = placed(now.raised, self.unit.grader, self.marks[check])
        if isinstance(subject, LocalSubject) and subject.is_reference:
            return Outcome(Verdict.BROKEN, BROKEN_CHECK, (what,))
        control = self._run_live(check, case, reference_subject(self), paper)
        if control.verdict is Verdict.PASSED:
            note = upset(now.raised, self.unit.grader, self.marks[check])
            return Outcome(Verdict.FAILED, UNUSABLE, (note,), error=now.raised, court=now.student.court)
        return Outcome(Verdict.BROKEN, BROKEN_CHECK, (what, *control.notes))

    # --- all planned checks at once ---

    def run_together(self, subject: Subject, paper: int) -> dict[str, dict[int, Outcome]]:
        """Let all planned checks of a submission cross together.

        Returns:
            How the cases of each check ended, by number: what ``run`` takes as ``known``. What does
            not stand there, ``run`` has to run.
        """
        if not isinstance(subject, RoomSubject):
            return {}
        groups: dict[RoomSubject, list[Key]] = {}  # what each load of the notebook is asked
        for key in self.cases:
            groups.setdefault(subject.at(self.marks[key[0]].task), []).append(key)
        outcomes: dict[str, dict[int, Outcome]] = {}
        for one, keys in groups.items():
            for (check, case), outcome in self._joined(one, paper, keys):
                outcomes.setdefault(check, {})[case] = outcome
        return outcomes

    def _joined(self, subject: RoomSubject, paper: int, keys: list[Key]) -> Iterator[tuple[Key, Outcome]]:
        """How the planned ones of these cases ended on one load, as far as they were answered properly."""
        plans = self._plans_of(paper)
        every = len(keys) == len(self.cases)
        for joint in plans.frames(self.cases) if every else plans.joined(keys):
            found: list[tuple[Key, Outcome]] = []
            try:
                for key, plan, answers in self._answered(subject, joint):
                    found.append((key, self._judged(plan, self.marks[key[0]], subject, answers)))
            except (StudentFault, SandboxFault):
                return  # each check will be told by itself
            except wire.WireError:  # somebody wrote who was not asked: whose replies these are nobody knows
                subject.ended(timed_out=False)
                return
            except (TimeoutError, EOFError, OSError) as error:
                subject.ended(isinstance(error, TimeoutError))
            yield from found
            if len(found) < len(joint.members):
                return

    def _answered(self, subject: RoomSubject, joint: JointFrame) -> Iterator[tuple[Key, Plan, list[Answer]]]:
        """The planned cases of a frame with the answers to all their steps, as they come."""
        replies = subject.connect().run_frame(joint.frame, joint.steps, self.limits.call_seconds)
        for key, plan in joint.members:
            end = time.monotonic() + self.limits.test_seconds
            yield key, plan, answers_of(replies, len(plan.notes.steps), end)
        next(replies, None)  # nothing more: else it raises


def in_task_order(marks: tuple[Criterion, ...]) -> list[Criterion]:
    """Checks of one task one after the other."""
    tasks = list(dict.fromkeys(mark.task for mark in marks))
    return sorted(marks, key=lambda mark: tasks.index(mark.task))


def reference_subject(suite: Suite) -> LocalSubject:
    """The reference, as if it were a student."""
    return LocalSubject(suite.reference, is_reference=True)
