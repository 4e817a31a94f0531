"""One submission in, one ``Result`` out.

Theory of operation
    A ``Grader`` holds what is warm for one unit: the collected checks and the zygote.
    For each submission the file is read and healed here, its cells go to a room of their
    own in the sandbox, and the checks call into it one after the other. Points are given
    in ``points.py`` and nowhere else.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from ..base.digest import digest_of
from ..base.errors import SandboxFault, Unreadable
from ..base.garbage import Collector
from ..base.time_limit import JudgeTimeout, alarm
from ..course import Course, Unit
from ..notebook import (
    Release,
    Submission,
    answers_of,
    importable,
    read_questions,
    read_release,
    read_submission,
    to_program,
)
from ..notebook.release import origin
from ..results.result import Check, Result, Verdict, totals
from ..sandbox import Room, Sandbox
from ..student import Subject
from ..student.claims.texts import text_of
from ..student.subjects import RoomSubject
from .aside import Line, charged_once
from .digest import environment_digest
from .outcome import Outcome
from .points import broken_checks, broken_unit_result, give_points, unreadable_result
from .secret import course_secret, secret_id
from .suite import Suite, in_task_order

Outcomes = dict[str, Outcome]
Tried = tuple[tuple[Check, ...], tuple[str, ...], str]  # checks, flags for staff, how it was loaded
Explain = Callable[["Trialled"], tuple[Check, ...]]
EXPLAIN_SECONDS = 30.0  # for all explanations of a submission; they take well under one
UNEXPLAINED = "diagnosis failed:"  # begins the note on a check that could not be explained
MAX_TIMEOUTS = 2  # of one task; then its other checks are TIMEOUT unrun


class Trialled:
    """A graded submission while its room is still open: what explanations need."""

    def __init__(
        self,
        grader: Grader,
        subject: RoomSubject,
        checks: tuple[Check, ...],
        outcomes: Outcomes,
        paper: int,
    ) -> None:
        self.suite = grader.suite
        self.subject = subject
        self.checks = checks
        self.outcomes = outcomes
        self.paper = paper


class Grader:
    """The warm judge of one unit; a context manager."""

    def __init__(
        self,
        course: Course,
        unit: Unit,
        tier: str = "walled",
        explain: Explain | None = None,
        explained: str = "",
    ) -> None:
        self.course = course
        self.unit = unit
        self.tier = tier
        self.limits = course.limits_of(unit)
        self.release: Release = read_release(unit.released_notebook)
        names = {name: task for task, names in self.release.tasks.items() for name in names}
        secret = course_secret(course)
        self.suite = Suite(course, unit, names, secret)
        self._explain = explain
        self.explained = explained  # digest of what its explanations depend on
        self._environment = environment_digest(course, unit, tier, secret_id(secret))
        self._files = unit.read_files()
        self._questions = tuple(question.name for question in read_questions(unit.released_notebook))
        self._collector = Collector()
        self.zygote = Sandbox.start(
            tier, unit.runtime, unit.libraries, self.limits
        )  # last: it is to be closed

    def __enter__(self) -> Grader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the zygote and all that it started."""
        self.zygote.close()

    def read(self, path: Path) -> Submission:
        """Read and heal one submitted notebook.

        Raises:
            Unreadable: with a sentence for the student.
        """
        submission = read_submission(path, self.release, self.limits.notebook_mib)
        older = self._older_release(submission.version)
        return submission if older is None else read_submission(path, older, self.limits.notebook_mib)

    def _older_release(self, version: str | None) -> Release | None:
        """The archived release that a notebook says it was made from, where it is another one."""
        folder = origin(self.course, self.unit, version)
        if folder is None or version == self.release.version:
            return None
        path = folder / self.unit.released_notebook.name
        return read_release(path) if path.is_file() else None

    def digest(self, submission: Submission, student: str) -> str:
        """What the mark of this submission depends on."""
        return digest_of(
            self._environment, self.release.version, submission.version or "", submission.digest, student
        )

    def unreadable_digest(self, reason: str, student: str) -> str:
        """The same for a file that is no notebook."""
        return digest_of(self._environment, self.release.version, reason, student)

    def look(self, path: Path) -> Submission | Unreadable:
        """Read and heal one submitted notebook, or say why it is none."""
        try:
            return self.read(path)
        except Unreadable as error:
            return error

    def digest_of(self, read: Submission | Unreadable, student: str) -> str:
        """What the mark of a file depends on, whether it is a notebook or not."""
        if isinstance(read, Unreadable):
            return self.unreadable_digest(str(read), student)
        return self.digest(read, student)

    def grade(self, path: Path, student: str) -> Result:
        """Grade one file; whatever is wrong with it becomes a result, too."""
        begun = time.perf_counter()
        return self.grade_read(self.look(path), student, begun)

    def grade_read(self, read: Submission | Unreadable, student: str, begun: float | None = None) -> Result:
        """Grade what came of reading a file."""
        begun = time.perf_counter() if begun is None else begun
        if isinstance(read, Unreadable):
            return self._unreadable(student, str(read), begun)
        return self.grade_submission(read, student, begun)

    def grade_or_say(self, read: Submission | Unreadable, student: str, begun: float) -> Result:
        """The same where a fault of ours over one file must not stop the others: it is BROKEN."""
        try:
            return self.grade_read(read, student, begun)
        except Exception as error:
            why = f"{type(error).__name__}: {error}"
        # Only here is free what the error held on to: it may be that memory was all used up.
        return broken_unit_result(self.unit, self.tier, student, why)

    def grade_submission(self, submission: Submission, student: str, begun: float | None = None) -> Result:
        """Grade what was read and healed before."""
        begun = time.perf_counter() if begun is None else begun
        paper = self.suite.papers.of(student, submission.digest)
        with self._collector.after():
            checks, flags, loaded = self._try(submission, paper, self._explain)
        return Result(
            unit=self.unit.name,
            student=student,
            checks=checks,
            healed=submission.healed,
            isolation=self.tier,
            digest=self.digest(submission, student),
            seconds=round(time.perf_counter() - begun, 4),
            loaded=loaded,
            flags=flags,
            answers=answers_of(self._questions, submission, self.release),
            **totals(checks),
        )

    def sealed_flags(self, submission: Submission, result: Result) -> tuple[str, ...]:
        """What staff should know where the sealed paper disagrees with a result; no mark changes."""
        with self._collector.after():
            checks, _, _ = self._try(submission, self.suite.papers.sealed, None)
        before = {check.id: check for check in result.checks}
        return tuple(
            f"sealed paper: {check.id} is {check.verdict} there and {before[check.id].verdict} here"
            for check in checks
            if check.verdict is not Verdict.BROKEN and bool(check.earned) is not bool(before[check.id].earned)
        )

    def _try(self, submission: Submission, paper: int, explain: Explain | None) -> Tried:
        modules = importable(self.unit.runtime, self.unit.libraries, self.unit.files)
        program = to_program(submission, self.release, modules)
        try:
            room: Room = self.zygote.open(program, self._files)
            return self._tried(room, program, submission, paper, explain)
        except SandboxFault as fault:
            return broken_checks(self.suite.checks, str(fault)), (str(fault),), "not"

    def _tried(
        self,
        room: Room,
        program: dict[str, Any],
        submission: Submission,
        paper: int,
        explain: Explain | None,
    ) -> Tried:
        with closing(room):
            subject = self._subject(room, program, submission.python)
            checks, outcomes = judge(self.suite, subject, paper)

            def without(line: Line) -> AbstractContextManager[RoomSubject]:
                return self._opened({**program, "aside": line}, submission.python)

            charged = charged_once(self.suite, outcomes, paper, without)
            if charged != outcomes:
                checks = give_points(self.suite.checks, charged)
            if explain is not None and any(check.verdict is not Verdict.PASSED for check in checks):
                checks = self._explained(explain, Trialled(self, subject, checks, outcomes, paper))
            subject.close()
            return checks, flags_of(self.suite, outcomes, checks), subject.loaded

    @contextmanager
    def _opened(self, program: dict[str, Any], python: str) -> Iterator[RoomSubject]:
        """A program in a room of its own."""
        with closing(self.zygote.open(program, self._files)) as room:
            subject = self._subject(room, program, python)
            yield subject
            subject.close()

    def _subject(self, room: Room, program: dict[str, Any], python: str) -> RoomSubject:
        text = text_of(program, room.compiled.get("missing_modules", ()))
        return RoomSubject(room, self.limits, text, python)

    def _explained(self, explain: Explain, trialled: Trialled) -> tuple[Check, ...]:
        """The checks with their explanations, where these come in time; the marks are final in any case."""
        try:
            with alarm(EXPLAIN_SECONDS):
                return explain(trialled)
        except JudgeTimeout as late:
            note = f"{UNEXPLAINED} {late}"
            return tuple(replace(check, notes=(*check.notes, note)) for check in trialled.checks)

    def _unreadable(self, student: str, reason: str, begun: float) -> Result:
        return replace(
            unreadable_result(self.unit, self.tier, student, reason),
            digest=self.unreadable_digest(reason, student),
            seconds=round(time.perf_counter() - begun, 4),
        )


def judge(suite: Suite, subject: Subject, paper: int) -> tuple[tuple[Check, ...], Outcomes]:
    """Run all checks of a suite on a subject and give the points.

    Args:
        suite: the collected checks.
        subject: who stands trial.
        paper: which inputs he gets.
    """
    outcomes: Outcomes = {}
    timeouts: dict[str, int] = {}
    known = suite.run_together(subject, paper)
    for mark in in_task_order(suite.checks):
        if timeouts.get(mark.task, 0) >= MAX_TIMEOUTS:
            reason = f"Not run: {mark.task} was too slow in {MAX_TIMEOUTS} checks already."
            outcomes[mark.id] = Outcome(Verdict.TIMEOUT, reason)
            continue
        ended = known.get(mark.id, {})
        outcome = suite.run(mark.id, subject, paper, known=ended)
        timeouts[mark.task] = timeouts.get(mark.task, 0) + (outcome.verdict is Verdict.TIMEOUT)
        outcomes[mark.id] = outcome
    return give_points(suite.checks, outcomes), outcomes


def flags_of(suite: Suite, outcomes: Outcomes, checks: tuple[Check, ...]) -> tuple[str, ...]:
    """What staff should look at: what a notebook lacks, notes on checks, and once what was not explained."""
    notes = [f"{name}: {note}" for name, outcome in outcomes.items() for note in outcome.notes]
    unexplained = [note for check in checks for note in check.notes if note.startswith(UNEXPLAINED)]
    return (*_causes(suite, outcomes), *notes, *dict.fromkeys(unexplained))


def _causes(suite: Suite, outcomes: Outcomes) -> list[str]:
    """Each thing that kept names from being there, with the tasks that it costs."""
    tasks: dict[str, list[str]] = {}
    for name, outcome in outcomes.items():
        if outcome.cause:
            tasks.setdefault(outcome.cause, []).append(suite.marks[name].task)
    return [f"{cause} Tasks: {', '.join(dict.fromkeys(several))}." for cause, several in tasks.items()]
