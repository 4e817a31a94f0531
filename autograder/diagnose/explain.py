"""What a student is told beside the verdict: the mistake by name, or what was seen, and where.

Runs after the marks are final and cannot change them. For every failed check: the known
mistake, if exactly one fits all of the task's checks; else how the answer relates to the
right one, and under which settings it is wrong; and for every task the smallest case in
which it shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..cases.cells import as_cell
from ..cases.programs import Program, Unprogrammable, program_of
from ..cases.smallest import Case, Search
from ..course import Course, Unit
from ..digests import digest_of, digest_of_file
from ..grade import Trialled
from ..mistakes import Mistake, load_catalogue
from ..naming import WRONG, Namer, is_own, same_value
from ..plugin import Outcome, Suite, reference_subject
from ..relations import relation
from ..student import NOTHING, Call, Subject
from ..verdicts import Check, Verdict
from .comparison import Difference, first_difference, named_arguments, pairs
from .conditions import Row, condition

PUBLIC_SEED = 0  # the check that shows a known mistake's smallest case
WORDING = ("mistakes.py", "edits.py", "naming.py", "relations", "cases", "diagnose")


def explanation_digest(course: Course, unit: Unit | str) -> str:
    """What explanations depend on beside the marks: the unit's mistakes and the engine's wording."""
    unit = course.unit(unit) if isinstance(unit, str) else unit
    engine = Path(__file__).parents[1]
    files = [path for name in WORDING for path in _python_files(engine / name)]
    return digest_of(*(digest_of_file(path) for path in (unit.mistakes, *files)))


@dataclass
class Diagnosis:
    """Explains the submissions of one unit; keeps what it has compiled and found."""

    suite: Suite
    namer: Namer
    _cases: dict[str, Case | None] = field(default_factory=dict)  # of known mistakes

    def explain(
        self,
        checks: tuple[Check, ...],
        outcomes: Mapping[str, Outcome],
        seeds: Mapping[str, int],
        subject: Subject,
    ) -> tuple[Check, ...]:
        """The checks with mistake, reason, hint and case; verdicts and points as they were."""
        named = self.namer.name(outcomes, seeds)
        told = self._told(checks, outcomes, seeds, named)
        return self._with_cases(told, outcomes, seeds, subject, named)

    # --- in words ---

    def _told(
        self,
        checks: tuple[Check, ...],
        outcomes: Mapping[str, Outcome],
        seeds: Mapping[str, int],
        named: Mapping[str, Mistake],
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
                    conditions[check.task] = self._condition(check.task, outcomes, seeds)
                seen = self._seen(check, outcomes[check.id], seeds[check.id])
                told.append(_add(check, (seen, conditions[check.task])))
        return tuple(told)

    def _seen(self, check: Check, outcome: Outcome, seed: int) -> str | None:
        """How the answer relates to the right one."""
        if check.verdict is not Verdict.FAILED:
            return None
        difference = first_difference(self.suite, check.id, outcome, seed)
        if difference is None:
            return None
        return next(filter(None, map(relation, pairs(self.suite, difference))), None)

    def _condition(self, task: str, outcomes: Mapping[str, Outcome], seeds: Mapping[str, int]) -> str | None:
        mine = [name for name in outcomes if self.suite.marks[name].task == task]
        singly = {name: self._singly(name, outcomes[name], seeds[name]) for name in mine}
        return condition([row for outcome in singly.values() for row in self._rows(task, outcome)])

    def _singly(self, check: str, outcome: Outcome, seed: int) -> Outcome:
        """A check in single calls: one that passed has the same as the reference."""
        if outcome.verdict is not Verdict.PASSED or all(c.kind != "inside" for c in outcome.transcript):
            return outcome
        return self.suite.run(check, reference_subject(self.suite), seed, unrolled=True)

    def _rows(self, task: str, outcome: Outcome) -> Iterator[Row]:
        """The task's calls in one check, each with all that was given in the check so far."""
        known: dict[str, Any] = {}
        for call in outcome.transcript:
            known = known | named_arguments(self.suite, call)
            if call.kind == "call" and is_own(call, task, self.suite.task_of) and _known(call):
                wrong = call.fault is not None or not same_value(call.reply, call.expected)
                yield Row(call.name, known, wrong)

    # --- the smallest case ---

    def _with_cases(
        self,
        checks: tuple[Check, ...],
        outcomes: Mapping[str, Outcome],
        seeds: Mapping[str, int],
        subject: Subject,
        named: Mapping[str, Mistake],
    ) -> tuple[Check, ...]:
        """One case for each task, at its first failed check."""
        first: dict[str, Check] = {}
        for check in checks:
            if check.verdict in WRONG:
                first.setdefault(check.task, check)
        cases = {
            check.id: self._case(check, outcomes[check.id], seeds[check.id], subject, named.get(task))
            for task, check in first.items()
        }
        return tuple(
            replace(check, case=as_cell(case, self.suite.reference))
            if (case := cases.get(check.id))
            else check
            for check in checks
        )

    def _case(
        self, check: Check, outcome: Outcome, seed: int, subject: Subject, mistake: Mistake | None
    ) -> Case | None:
        """The known mistake's case, if the submission fails it, too; else one of its own."""
        search = self._search(check.task, subject)
        if mistake is not None:
            known = self._case_of(mistake, check.task)
            again = search.again(known) if known is not None else None
            if again is not None:
                return again
        return self._own_case(check.id, outcome, seed, search)

    def _case_of(self, mistake: Mistake, task: str) -> Case | None:
        """The smallest case of a known mistake; the same for everyone who made it."""
        key = f"{mistake.name} {task}"
        if key not in self._cases:
            subject = self.namer.subject(mistake)
            self._cases[key] = None
            for mark in self.suite.checks:
                outcome = self.suite.run(mark.id, subject, PUBLIC_SEED) if mark.task == task else None
                if outcome is not None and outcome.verdict in WRONG:
                    self._cases[key] = self._own_case(
                        mark.id, outcome, PUBLIC_SEED, self._search(task, subject)
                    )
                if self._cases[key] is not None:
                    break
        return self._cases[key]

    def _own_case(self, check: str, outcome: Outcome, seed: int, search: Search) -> Case | None:
        difference = first_difference(self.suite, check, outcome, seed)
        if difference is None:
            return None
        program = _program(outcome, difference)
        if program is None:
            return None
        return replace(search, may_raise=difference.right.fault is not None).smallest(program)

    def _search(self, task: str, subject: Subject) -> Search:
        return Search(subject, reference_subject(self.suite), task, self.suite.limits)


@dataclass
class Explainer:
    """What a ``Grader`` calls after the marks are final; loads the unit's mistakes at the first failure."""

    _diagnosis: Diagnosis | None = None

    def __call__(self, trialled: Trialled) -> tuple[Check, ...]:
        """The checks with their explanations.

        A fault of ours in here must not take a mark away: it becomes a note for staff.
        """
        try:
            if self._diagnosis is None or self._diagnosis.suite is not trialled.suite:
                self._diagnosis = diagnosis(trialled.suite)
            # A new process for the search: one that has seen hidden inputs could give them back as
            # its answer to public ones, which is shown.
            trialled.subject.close()
            return self._diagnosis.explain(
                trialled.checks, trialled.outcomes, trialled.seeds, trialled.subject
            )
        except Exception as error:
            note = f"diagnosis failed: {type(error).__name__}: {error}"
            return tuple(
                check if check.verdict is Verdict.PASSED else replace(check, notes=(*check.notes, note))
                for check in trialled.checks
            )


def diagnosis(suite: Suite) -> Diagnosis:
    """Everything that is needed to explain the submissions of the suite's unit.

    Raises:
        ConfigError: ``mistakes.py`` contradicts the unit.
    """
    return Diagnosis(suite, Namer(suite, load_catalogue(suite.course, suite.unit)))


def _python_files(path: Path) -> list[Path]:
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


def _program(outcome: Outcome, difference: Difference) -> Program | None:
    try:
        return program_of(outcome.transcript, difference.index)
    except Unprogrammable:
        return None  # a check that lends a function, say, has no short form


def _known(call: Call) -> bool:
    """Whether the call failed where the mirror did not, or the mirror gave a value to compare with."""
    if type(call.expected).__name__ == "_Raised":
        return False
    return call.fault is not None or call.expected is not NOTHING


def _add(check: Check, sentences: tuple[str | None, ...]) -> Check:
    said = [sentence for sentence in sentences if sentence]
    return replace(check, reason=" ".join([check.reason, *said])) if said else check
