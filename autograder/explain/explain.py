"""What a student is told beside the verdict: the mistake by name, or what was seen, and where.

Runs after the marks are final and cannot change them. For every failed check: the known
mistake, if exactly one fits all of the task's checks; else how the answer relates to the
right one, and under which settings it is wrong; and for every task the smallest case in
which it shows.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Any

import numpy as np

from ..base.digest import digest_of, digest_of_file, engine_files
from ..course import Course, Unit
from ..judge.grader import UNEXPLAINED, Trialled
from ..judge.outcome import Outcome
from ..judge.suite import Suite, reference_subject
from ..results.result import Check, Verdict
from ..student import NOTHING, Call, Raised, Subject
from ..unit.mistakes.catalogue import Mistake, load_catalogue
from .case.cells import as_cell
from .case.programs import Program, Unprogrammable, program_of
from .case.smallest import Case, Search
from .case.stored import from_data, to_data
from .comparison import Disagreement, first_difference, named_arguments, pairs
from .conditions import Row, condition
from .kept import kept_for
from .naming import WRONG, Namer, is_own
from .relation import relation
from .same import same_value

PUBLIC_PAPER = 0  # where a known mistake's smallest case is looked for; the case has inputs of its own
Differ = Callable[[str], Disagreement | None]  # the first difference in a check
WORDING = ("explain", "unit/mistakes")


def explanation_digest(course: Course, unit: Unit | str) -> str:
    """What explanations depend on beside the marks: the unit's mistakes and the engine's wording."""
    unit = course.unit(unit) if isinstance(unit, str) else unit
    return digest_of(*map(digest_of_file, [unit.mistakes, *engine_files(*WORDING)]))


@dataclass
class Diagnosis:
    """Explains the submissions of one unit; keeps what it has compiled and found."""

    suite: Suite
    namer: Namer
    _cases: dict[tuple[str, str], Case | None] = field(default_factory=dict)  # of known mistakes, by task
    _texts: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)  # these cases as cells

    def explain(
        self,
        checks: tuple[Check, ...],
        outcomes: Mapping[str, Outcome],
        paper: int,
        subject: Subject,
        renew: Callable[[], None] = lambda: None,
    ) -> tuple[Check, ...]:
        """The checks with mistake, reason, hint and case; verdicts and points as they were.

        Args:
            checks: the checks with their points.
            outcomes: how each ended.
            paper: the inputs that it got.
            subject: who stood trial.
            renew: ends the subject's process, so that the next call is answered by a new one.
        """
        named = self.namer.name(outcomes, paper)
        differ = cache(lambda check: first_difference(self.suite, check, outcomes[check], paper))
        told = self._told(checks, outcomes, named, differ)
        cells = self._cells(told, outcomes, subject, named, differ, renew)
        return tuple(replace(c, case=cells[c.id]) if cells.get(c.id) else c for c in told)

    # --- in words ---

    def _told(
        self,
        checks: tuple[Check, ...],
        outcomes: Mapping[str, Outcome],
        named: Mapping[str, Mistake],
        differ: Differ,
    ) -> tuple[Check, ...]:
        conditions: dict[str, str | None] = {}
        told = []
        for check in checks:
            mistake = named.get(check.task)
            if check.verdict not in WRONG:
                told.append(check)
            elif mistake is not None:
                told.append(replace(check, reason=mistake.says, hint=mistake.hint, mistake=mistake.name))
            else:
                if check.task not in conditions:
                    conditions[check.task] = self._condition(check.task, outcomes)
                told.append(_add(check, (self._seen(check, differ), conditions[check.task])))
        return tuple(told)

    def _seen(self, check: Check, differ: Differ) -> str | None:
        """How the answer relates to the right one."""
        difference = differ(check.id) if check.verdict is Verdict.FAILED else None
        if difference is None:
            return None
        return next(filter(None, map(relation, pairs(self.suite, difference))), None)

    def _condition(self, task: str, outcomes: Mapping[str, Outcome]) -> str | None:
        """What separates the task's wrong calls from its right ones."""
        mine = [outcome for name, outcome in outcomes.items() if self.suite.marks[name].task == task]
        return condition([row for outcome in mine for row in self._rows(task, outcome)])

    def _rows(self, task: str, outcome: Outcome) -> Iterator[Row]:
        """The task's calls in one check, each with all that was given in the check so far."""
        known: dict[str, Any] = {}
        for call in outcome.transcript:
            known = known | named_arguments(self.suite, call)
            if call.kind == "call" and is_own(call, task, self.suite.task_of) and _known(call):
                wrong = call.fault is not None or not same_value(call.reply, call.expected)
                yield Row(call.name, known, wrong)

    # --- the smallest case ---

    def _cells(
        self,
        checks: tuple[Check, ...],
        outcomes: Mapping[str, Outcome],
        subject: Subject,
        named: Mapping[str, Mistake],
        differ: Differ,
        renew: Callable[[], None],
    ) -> dict[str, dict[str, str] | None]:
        """One case for each task, at its first failed check, as a cell to copy."""
        first: dict[str, str] = {}
        for check in checks:
            if check.verdict in WRONG and not outcomes[check.id].cause:
                first.setdefault(check.task, check.id)
        cells = {
            name: self._common_cell(named[task], task, subject) if task in named else None
            for task, name in first.items()
        }
        once = cache(renew)
        for task, name in first.items():
            if cells[name] is None:
                case = self._case(task, name, outcomes[name], subject, named.get(task), differ, once)
                cells[name] = as_cell(case, self.suite.reference) if case is not None else None
        return cells

    def _common_cell(self, mistake: Mistake, task: str, subject: Subject) -> dict[str, str] | None:
        """The known mistake's case, if the submission answers it as the mistake does, to the letter.

        Its process has seen hidden inputs, but what is shown is the answer that was computed here.
        """
        case = self._case_of(mistake, task)
        if case is None:
            return None
        key = mistake.name, task
        if key not in self._texts:
            self._texts[key] = as_cell(case, self.suite.reference)
        mine = replace(case, got=self._search(task, subject).answer(case))
        return self._texts[key] if as_cell(mine, self.suite.reference) == self._texts[key] else None

    def _case(
        self,
        task: str,
        check: str,
        outcome: Outcome,
        subject: Subject,
        mistake: Mistake | None,
        differ: Differ,
        renew: Callable[[], None],
    ) -> Case | None:
        """The known mistake's case, if the submission fails it, too; else one of its own.

        Where the mistake has none (it takes too long, say), no other code that answers alike has one.
        """
        known = self._case_of(mistake, task) if mistake is not None else None
        if mistake is not None and known is None:
            return None
        # A new process: one that has seen hidden inputs could give them back as its answer to public
        # ones, which is shown.
        renew()
        search = self._search(task, subject)
        if known is not None:
            again = replace(search, may_raise=bool(known.expected.raised)).again(known.candidate)
            if again is not None:
                return again
        difference = differ(check)
        if mistake is None and difference is not None and _draws(difference):
            return None  # another right answer may draw other numbers from the same generator
        return _smallest(search, outcome, difference)

    def _case_of(self, mistake: Mistake, task: str) -> Case | None:
        """The smallest case of a known mistake; the same for everyone who made it."""
        key = mistake.name, task
        if key not in self._cases:
            subject, verdicts = self.namer.subject(mistake), self.namer.verdicts(mistake)
            checks = [c for c, v in verdicts.items() if self.suite.marks[c].task == task and v in WRONG]
            find = partial(self._find_case, task, subject, checks)
            may_raise, candidate = self.namer.keep(f"{mistake.name}-{task}", find, from_data)
            search = replace(self._search(task, subject), may_raise=may_raise)
            self._cases[key] = search.again(candidate) if candidate is not None else None
        return self._cases[key]

    def _find_case(self, task: str, subject: Subject, checks: list[str]) -> tuple[Any, bool]:
        """Whether the reference is asked to raise, and what to try; lasting, since it is of this process."""
        search = replace(self._search(task, subject), clock=time.process_time)
        for check in checks:
            outcome = self.suite.run(check, subject, PUBLIC_PAPER)
            difference = first_difference(self.suite, check, outcome, PUBLIC_PAPER)
            case = _smallest(search, outcome, difference)
            if case is not None:
                return to_data((bool(case.expected.raised), case.candidate)), True
        return to_data((False, None)), True

    def _search(self, task: str, subject: Subject) -> Search:
        return Search(subject.at(task), reference_subject(self.suite), task, self.suite.limits)


@dataclass
class Explainer:
    """What a ``Grader`` calls after the marks are final; loads the unit's mistakes at the first failure."""

    _diagnosis: Diagnosis | None = None
    _made: float = field(default_factory=time.time)  # before the grader was, that calls it

    def __call__(self, trialled: Trialled) -> tuple[Check, ...]:
        """The checks with their explanations.

        A fault of ours in here must not take a mark away: it becomes a note for staff.
        """
        try:
            if self._diagnosis is None or self._diagnosis.suite is not trialled.suite:
                self._diagnosis = diagnosis(trialled.suite, self._made)
            subject = trialled.subject
            with np.errstate(all="ignore"):  # known mistakes overflow, as some of them must
                return self._diagnosis.explain(
                    trialled.checks, trialled.outcomes, trialled.paper, subject, renew=subject.close
                )
        except Exception as error:
            note = f"{UNEXPLAINED} {type(error).__name__}: {error}"
            return tuple(
                check if check.verdict is Verdict.PASSED else replace(check, notes=(*check.notes, note))
                for check in trialled.checks
            )


def diagnosis(suite: Suite, loaded: float | None = None) -> Diagnosis:
    """Everything that is needed to explain the submissions of the suite's unit.

    Args:
        suite: the collected checks.
        loaded: when the unit's files were read at the latest (``time.time``); now, where left out.

    Raises:
        ConfigError: ``mistakes.py`` contradicts the unit.
    """
    explanation = explanation_digest(suite.course, suite.unit)
    kept = kept_for(suite, explanation, time.time() if loaded is None else loaded)
    return Diagnosis(suite, Namer(suite, load_catalogue(suite.course, suite.unit), kept))


def _smallest(search: Search, outcome: Outcome, difference: Disagreement | None) -> Case | None:
    program = _program(outcome, difference) if difference is not None else None
    if difference is None or program is None:
        return None
    return replace(search, may_raise=difference.right.fault is not None).smallest(program)


def _draws(difference: Disagreement) -> bool:
    """Whether a call was given a source of chance."""
    return any(type(value).__name__ == "Generator" for value in difference.arguments.values())


def _program(outcome: Outcome, difference: Disagreement) -> Program | None:
    try:
        return program_of(outcome.transcript, difference.index)
    except Unprogrammable:
        return None  # a check that lends a function, say, has no short form


def _known(call: Call) -> bool:
    """Whether the call failed where the mirror did not, or the mirror gave a value to compare with."""
    if isinstance(call.expected, Raised):
        return False
    return call.fault is not None or call.expected is not NOTHING


def _add(check: Check, sentences: tuple[str | None, ...]) -> Check:
    said = [sentence for sentence in sentences if sentence]
    return replace(check, reason=" ".join([check.reason, *said])) if said else check
