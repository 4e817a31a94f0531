"""Grades attempts in this process, with one warm grader per unit."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from ...base.errors import SandboxFault
from ...batch.warm import made_from
from ...course import Course, Unit
from ...explain import Explainer, explanation_digest
from ...judge.grader import Grader, broken_unit_result
from ...results.result import Result
from ..store.attempts import Attempt
from ..store.blobs import Blobs

MOST_WARM = 3  # units whose graders are kept; each holds a zygote
Known = Callable[[str, str], Result | None]  # (digest, explained) -> a result that still holds


class Judge:
    """One process's graders; a context manager's worth of children, closed by ``close``."""

    def __init__(self, course: Course, blobs: Blobs, tier: str) -> None:
        self.course, self.blobs, self.tier = course, blobs, tier
        self._warm: dict[str, Grader] = {}  # the one used last stands last
        self._made_from = self._look()

    def stale(self) -> bool:
        """True where the files of a unit have changed, so that this process would judge by old ones."""
        return self._made_from != self._look()

    def _look(self) -> dict[str, str]:
        return {unit.name: made_from(self.course, unit, self.tier) for unit in self.course.units}

    def grade(self, attempt: Attempt, known: Known) -> Result:
        """The result of an attempt: one that still holds, else a new one.

        BROKEN is tried once more with a new sandbox.
        """
        result = self._settle(attempt, known)
        if result.broken:
            self._cool(attempt.unit)
            result = self._settle(attempt, known)
        return replace(result, submitted=attempt.received, source=attempt.notebook.path)

    def close(self) -> None:
        """End all zygotes."""
        for unit in list(self._warm):
            self._cool(unit)

    def _settle(self, attempt: Attempt, known: Known) -> Result:
        unit = self.course.unit(attempt.unit)
        try:
            grader = self._grader(unit)
        except SandboxFault as fault:
            return broken_unit_result(unit, self.tier, attempt.student, str(fault))
        explained = explanation_digest(self.course, unit)
        begun = time.perf_counter()
        read = grader.look(self.blobs.path(attempt.notebook.sha256))
        before = known(grader.digest_of(read, attempt.student), explained)
        if before is not None:
            return before
        return replace(grader.grade_or_say(read, attempt.student, begun), explained=explained)

    def _grader(self, unit: Unit) -> Grader:
        grader = self._warm.pop(unit.name, None)
        if grader is None:
            grader = Grader(self.course, unit, self.tier, explain=Explainer())
        self._warm[unit.name] = grader
        if len(self._warm) > MOST_WARM:
            self._cool(next(iter(self._warm)))
        return grader

    def _cool(self, unit: str) -> None:
        grader = self._warm.pop(unit, None)
        if grader is not None:
            grader.close()
