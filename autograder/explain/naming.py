"""Which known mistakes a submission made, told from its outputs.

A check is named after a mistake that fares in it as the submission does (``alike``), and that fails no check
which the submission passes. Where a mistake would fail other checks in another way than the submission
does, that must have a reason: another known mistake, made at the same time. So a task with several
mistakes has its checks named one by one, by the one set of mistakes that explains them. Where two mistakes,
or two sets, would do, none is named. The submission's code is never looked at.

A mistake of a task counts for copies of its definition, too (``unit.mistakes.copies``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import combinations, islice
from typing import Any, Protocol, TypeVar

from ..judge.outcome import Outcome
from ..judge.suite import Suite
from ..results.result import Verdict
from ..student.subjects import LocalSubject
from ..unit.mistakes.catalogue import Catalogue, Mistake
from ..unit.mistakes.copies import copies, together
from ..unit.mistakes.edits import module_namespace
from .alike import alike

WRONG = (Verdict.FAILED, Verdict.ERROR)  # what a known mistake can look like
LASTING = (*WRONG, Verdict.PASSED, Verdict.MISSING, Verdict.BLOCKED)  # whatever else the machine does
MOST_TOGETHER = 3  # mistakes in one set
MOST_SETS = 60  # that are tried for one task of one submission
Found = TypeVar("Found")
Find = Callable[[], tuple[Any, bool]]  # makes a finding, as JSON data; whether it will be the same next time


class Keep(Protocol):
    """Who remembers what is the same for everyone."""

    def __call__(self, name: str, find: Find, read: Callable[[Any], Found]) -> Found:
        """What ``read`` makes of the finding ``name``, which is made where it is not known yet."""


def at_once(name: str, find: Find, read: Callable[[Any], Found]) -> Found:
    """Remembers nothing."""
    return read(find()[0])


@dataclass(frozen=True)
class Naming:
    """What a check is named after: one known mistake, or several that are at work together."""

    mistakes: tuple[Mistake, ...]

    @property
    def name(self) -> str:
        """As staff count it."""
        return " + ".join(mistake.name for mistake in self.mistakes)

    @property
    def says(self) -> str:
        """The sentences for the student."""
        return " ".join(mistake.says for mistake in self.mistakes)

    @property
    def hint(self) -> str:
        """Where to look."""
        return " ".join(mistake.hint for mistake in self.mistakes if mistake.hint)


@dataclass
class Namer:
    """Compares submissions with the known mistakes of a unit; keeps what it has compiled."""

    suite: Suite
    catalogue: Catalogue
    keep: Keep = at_once
    _compiled: dict[str, LocalSubject] = field(default_factory=dict)
    _verdicts: dict[str, dict[str, Verdict]] = field(default_factory=dict)  # mistake -> check -> verdict
    _fared: dict[tuple[str, str, int], Outcome] = field(default_factory=dict)  # mistake, check, paper

    @cached_property
    def mistakes(self) -> tuple[Mistake, ...]:
        """The known mistakes, and those that are made of them for copies."""
        known = self.catalogue.mistakes.values()
        copied = [copy for mistake in known for copy in copies(mistake, self.suite.task_of)]
        texts = {edit for mistake in known for edit in mistake.edits}
        return (*known, *(copy for copy in copied if texts.isdisjoint(copy.edits)))

    def names(self, outcomes: Mapping[str, Outcome], paper: int) -> dict[str, Naming]:
        """What each failed check is named after, where there is one explanation.

        Args:
            outcomes: how each check ended on the submission.
            paper: the inputs that it got.
        """
        failed = [name for name, outcome in outcomes.items() if outcome.verdict in WRONG]
        found: dict[str, Naming] = {}
        for task in sorted({self.suite.marks[name].task for name in failed}):
            found |= _Task(self, task, outcomes, paper).names()
        return found

    def name(self, outcomes: Mapping[str, Outcome], paper: int) -> dict[str, str]:
        """For each task with failed checks the name that all of them have."""
        names = self.names(outcomes, paper)
        found: dict[str, set[str]] = {}
        for check, outcome in outcomes.items():
            if outcome.verdict in WRONG:
                name = names[check].name if check in names else ""
                found.setdefault(self.suite.marks[check].task, set()).add(name)
        return {task: names.pop() for task, names in found.items() if len(names) == 1 and "" not in names}

    def verdicts(self, mistake: Mistake) -> dict[str, Verdict]:
        """How the checks of the tasks that a mistake may fail end on it.

        The same for all submissions: a check's verdict does not depend on the paper, which the proof holds.
        """
        if mistake.key not in self._verdicts:
            find, read = partial(self._tried, mistake), partial(self._read, mistake)
            self._verdicts[mistake.key] = self.keep(mistake.key, find, read)
        return self._verdicts[mistake.key]

    def learn(self, mistake: Mistake, verdicts: Mapping[str, Verdict]) -> None:
        """Take over what another process has found with ``verdicts``."""
        self._verdicts[mistake.key] = dict(verdicts)

    def subject(self, mistake: Mistake) -> LocalSubject:
        """The mistake, ready to stand trial in the submission's place."""
        return self._subject(mistake.key, lambda: mistake.source)

    def fared(self, mistake: Mistake, check: str, paper: int) -> Outcome:
        """How a check ends on a mistake on one paper, with its answers; found once."""
        return self._outcome(mistake.key, self.subject(mistake), check, paper)

    def fared_together(self, several: Sequence[Mistake], check: str, paper: int) -> Outcome | None:
        """The same for several mistakes at once; None where they cannot be made together."""
        key = " + ".join(mistake.key for mistake in several)
        source = together(several) if key not in self._compiled else ""
        if source is None:
            return None
        return self._outcome(key, self._subject(key, lambda: source), check, paper)

    def _subject(self, key: str, source: Callable[[], str]) -> LocalSubject:
        if key not in self._compiled:
            self._compiled[key] = LocalSubject(module_namespace(source(), key))
        return self._compiled[key]

    def _outcome(self, key: str, subject: LocalSubject, check: str, paper: int) -> Outcome:
        if (key, check, paper) not in self._fared:
            self._fared[key, check, paper] = self.suite.run(check, subject, paper)
        return self._fared[key, check, paper]

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


class _Task:
    """The checks of one task on one submission, and what could explain them."""

    def __init__(self, namer: Namer, task: str, outcomes: Mapping[str, Outcome], paper: int) -> None:
        self._namer = namer
        self._task = task
        self._paper = paper
        mine = [mark.id for mark in namer.suite.checks if mark.task == task and mark.id in outcomes]
        # A check that is blocked by another task says nothing of this one.
        self._ended = {c: outcomes[c] for c in mine if outcomes[c].verdict in (*WRONG, Verdict.PASSED)}
        self._failed = [c for c, outcome in self._ended.items() if outcome.verdict in WRONG]

    def names(self) -> dict[str, Naming]:
        """What each failed check is named after."""
        candidates = list(self._candidates())
        fits = {m: fitting for m in candidates if (fitting := self._fitting(m))}
        whole = _own_first([m for m, fitting in fits.items() if len(fitting) == len(self._failed)])
        if whole:
            return {check: Naming(tuple(whole)) for check in self._failed} if len(whole) == 1 else {}
        solid = {m: fitting for m, fitting in fits.items() if fitting == self._fails(m)}
        sets = self._covering(solid) or self._together(list(fits), candidates)
        return self._one_by_one(sets[0], fits) if len(sets) == 1 else self._unrivalled(solid)

    def _candidates(self) -> Iterator[Mistake]:
        """The mistakes that fail no check which the submission passes."""
        for mistake in self._namer.mistakes:
            if self._task in (mistake.task, *mistake.also):
                verdicts = self._namer.verdicts(mistake)
                if all(verdicts[c] in LASTING for c in self._ended) and self._spares(verdicts):
                    yield mistake

    def _spares(self, verdicts: Mapping[str, Verdict]) -> bool:
        passed = (c for c, outcome in self._ended.items() if outcome.verdict is Verdict.PASSED)
        return all(verdicts[check] is Verdict.PASSED for check in passed)

    def _fails(self, mistake: Mistake) -> set[str]:
        """The failed checks that a mistake fails, too."""
        verdicts = self._namer.verdicts(mistake)
        return {check for check in self._failed if verdicts[check] is not Verdict.PASSED}

    def _fitting(self, mistake: Mistake) -> set[str]:
        """The failed checks in which a mistake fares as the submission does."""
        verdicts = self._namer.verdicts(mistake)
        same = [check for check in self._failed if verdicts[check] is self._ended[check].verdict]
        return {c for c in same if self._alike(c, self._namer.fared(mistake, c, self._paper))}

    def _alike(self, check: str, other: Outcome) -> bool:
        return alike(self._ended[check], other, self._task, self._namer.suite.task_of)

    # --- several mistakes ---

    def _covering(self, solid: Mapping[Mistake, set[str]]) -> list[tuple[Mistake, ...]]:
        """The smallest sets of mistakes that explain all failed checks, each of them some by itself."""
        for count in range(2, MOST_TOGETHER + 1):
            several = combinations(solid, count)
            found = [s for s in several if set().union(*(solid[m] for m in s)) >= set(self._failed)]
            if found:
                return found
        return []

    def _together(
        self, fitting: Sequence[Mistake], candidates: Sequence[Mistake]
    ) -> list[tuple[Mistake, ...]]:
        """The smallest sets of mistakes that, all made at once, fare as the submission does.

        First of those that explain some check by themselves; one may also hide behind another everywhere.
        """
        others = [mistake for mistake in candidates if mistake not in fitting]
        several = [
            *(combinations(fitting, count) for count in range(2, MOST_TOGETHER + 1)),
            combinations([*fitting, *others], 2),
        ]
        left = MOST_SETS
        for sets in several:
            tried = list(islice(sets, left))
            left -= len(tried)
            found = [one for one in tried if self._explain(one)]
            if found:
                return found
        return []

    def _explain(self, several: tuple[Mistake, ...]) -> bool:
        for check in (*self._failed, *self._ended):  # what failed tells most apart
            outcome = self._ended[check]
            other = self._namer.fared_together(several, check, self._paper)
            if other is None:
                return False
            passed = outcome.verdict is Verdict.PASSED
            if not (other.verdict is Verdict.PASSED if passed else self._alike(check, other)):
                return False
        return True

    def _one_by_one(
        self, several: tuple[Mistake, ...], fits: Mapping[Mistake, set[str]]
    ) -> dict[str, Naming]:
        """Each check after the mistake that explains it by itself, else after all that are at work in it."""
        found = {}
        for check in self._failed:
            alone = [mistake for mistake in several if check in fits.get(mistake, ())]
            at_work = [mistake for mistake in several if check in self._fails(mistake)]
            found[check] = Naming(tuple(alone if len(alone) == 1 else at_work or several))
        return found

    def _unrivalled(self, solid: Mapping[Mistake, set[str]]) -> dict[str, Naming]:
        """What is left unexplained does not take the name from a check that one mistake explains."""
        found = {}
        for check in self._failed:
            fitting = [m for m, checks in solid.items() if check in checks and not _outdone(checks, solid)]
            if len(_own_first(fitting)) == 1:
                found[check] = Naming(tuple(_own_first(fitting)))
        return found


def _outdone(checks: set[str], solid: Mapping[Mistake, set[str]]) -> bool:
    """Whether another mistake explains these checks and more."""
    return any(checks < others for others in solid.values())


def _own_first(several: list[Mistake]) -> list[Mistake]:
    """A task's own mistakes, where there are any, before those of a definition that it copies."""
    return [mistake for mistake in several if not mistake.copied] or several
