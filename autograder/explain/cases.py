"""The smallest case for each explanation of a task's failed checks, as a cell to copy."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from ..judge.outcome import Outcome
from ..judge.suite import Suite, reference_subject
from ..results.result import Check
from ..student import Subject
from ..unit.mistakes.catalogue import Mistake
from .case.cells import as_cell
from .case.reading import Unprogrammable, programs_of
from .case.smallest import RUNS, SEEN, Case, CaseSearch
from .case.stored import from_data, to_data
from .comparison import Spot, spot
from .naming import WRONG, Namer, Naming

HARDLY = SEEN / 10  # where nothing differs by more
PATIENT = 4 * RUNS  # for a known mistake, whose case is looked for once
NEVER = 5.0  # seconds of a run: what is kept for all must not hang on how busy the machine was
PUBLIC_PAPER = 0  # where a known mistake's smallest case is looked for; the case has inputs of its own


@dataclass
class Cases:
    """Finds the cases of one unit's submissions; keeps those of known mistakes."""

    suite: Suite
    namer: Namer
    _known: dict[tuple[str, str], Case | None] = field(default_factory=dict)  # of known mistakes, by task
    _texts: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)  # these cases as cells

    def cells(
        self,
        checks: Iterable[Check],
        outcomes: Mapping[str, Outcome],
        paper: int,
        names: Mapping[str, Naming],
        subject: Subject,
        renew: Callable[[], None],
    ) -> dict[str, dict[str, str]]:
        """For each task and each explanation one cell, at the first check that can show it.

        Args:
            checks: the checks with their points.
            outcomes: how each ended.
            paper: the inputs that it got.
            names: what checks are named after.
            subject: who stood trial.
            renew: ends the subject's process, so that the next call is answered by a new one.
        """
        found: dict[str, dict[str, str]] = {}
        left = []
        for several in _groups(checks, outcomes, names):  # those first that need no new process
            name, task = names.get(several[0]), self._task(several[0])
            if name is not None and self._has_none(name, task):
                continue
            cell = self._common_cell(name, task, subject) if name is not None else None
            if cell is None:
                left.append(several)
            else:
                found[several[0]] = cell
        if left:  # a process that has seen hidden inputs could give them back, as its answer to what is shown
            renew()
        for several in left:
            search = self._search(self._task(several[0]), subject)
            for check in several:
                case = self._case(search, check, outcomes[check], paper, names.get(check))
                if case is not None:
                    found[check] = as_cell(case, self.suite.reference)
                    break
        return found

    def _task(self, check: str) -> str:
        return self.suite.marks[check].task

    def _has_none(self, name: Naming, task: str) -> bool:
        """Whether a known mistake has no case, patiently looked for; then nobody who made it has one."""
        return len(name.mistakes) == 1 and self._case_of(name.mistakes[0], task) is None

    def _common_cell(self, name: Naming, task: str, subject: Subject) -> dict[str, str] | None:
        """A known mistake's case, if the submission answers it as the mistake does, to the letter.

        Its process has seen hidden inputs, but what is shown is the answer that was computed here.
        """
        case = self._case_of(name.mistakes[0], task) if len(name.mistakes) == 1 else None
        if case is None:
            return None
        key = name.mistakes[0].key, task
        if key not in self._texts:
            self._texts[key] = as_cell(case, self.suite.reference)
        mine = replace(case, got=self._search(task, subject).answer(case))
        return self._texts[key] if as_cell(mine, self.suite.reference) == self._texts[key] else None

    def _case(
        self, search: CaseSearch, check: str, outcome: Outcome, paper: int, name: Naming | None
    ) -> Case | None:
        """A known mistake's case, if the submission fails it, too; else one of its own."""
        known = self._case_of(name.mistakes[0], search.task) if name and len(name.mistakes) == 1 else None
        if known is not None:
            again = replace(search, may_raise=bool(known.expected.raised)).again(known.candidate)
            if again is not None:
                return again
        return _smallest(search, outcome, spot(self.suite, check, outcome, paper, name is not None))

    def _case_of(self, mistake: Mistake, task: str) -> Case | None:
        """The smallest case of a known mistake; the same for everyone who made it."""
        key = mistake.key, task
        if key not in self._known:
            subject, verdicts = self.namer.subject(mistake), self.namer.verdicts(mistake)
            checks = [c for c, v in verdicts.items() if self.suite.marks[c].task == task and v in WRONG]
            find = partial(self._find, task, subject, checks)
            may_raise, candidate = self.namer.keep(f"{mistake.key}-{task}", find, from_data)
            search = replace(self._search(task, subject), may_raise=may_raise)
            self._known[key] = search.again(candidate) if candidate is not None else None
        return self._known[key]

    def _find(self, task: str, subject: Subject, checks: list[str]) -> tuple[Any, bool]:
        """Whether the reference is asked to raise, and what to try; lasting, since it is of this process."""
        search = replace(self._search(task, subject), clock=time.process_time, runs=PATIENT, slow=NEVER)
        for check in checks:
            outcome = self.suite.run(check, subject, PUBLIC_PAPER)
            case = _smallest(search, outcome, spot(self.suite, check, outcome, PUBLIC_PAPER, known=True))
            if case is not None:
                return to_data((bool(case.expected.raised), case.candidate)), True
        return to_data((False, None)), True

    def _search(self, task: str, subject: Subject) -> CaseSearch:
        return CaseSearch(subject.at(task), reference_subject(self.suite), task, self.suite.limits)


def _groups(
    checks: Iterable[Check], outcomes: Mapping[str, Outcome], names: Mapping[str, Naming]
) -> Iterable[list[str]]:
    """The failed checks of each task with the same name; those without one together."""
    groups: dict[tuple[str, str], list[str]] = {}
    for check in checks:
        if check.verdict in WRONG and not outcomes[check.id].cause:
            name = names[check.id].name if check.id in names else ""
            groups.setdefault((check.task, name), []).append(check.id)
    return groups.values()


def _smallest(search: CaseSearch, outcome: Outcome, where: Spot | None) -> Case | None:
    if where is None:
        return None
    try:
        programs = list(programs_of(outcome.transcript, where.index, where.path))
    except Unprogrammable:
        return None  # a check that lends a function, say, has no short form
    for seen in (SEEN, HARDLY):
        search = replace(search, may_raise=where.asked_to_raise, seen=seen)
        found = next(filter(None, map(search.smallest, programs)), None)
        if found is not None:
            return found
    return None
