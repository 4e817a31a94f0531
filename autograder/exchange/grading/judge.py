"""Grades attempts in this process, with one warm grader per unit."""

from __future__ import annotations

from functools import partial

from ...batch.taking_in import handed_in
from ...batch.warm import made_from, new_grader
from ...course import Course, Unit
from ...judge.grader import Grader
from ...judge.settle import Known, Warm, settle
from ...marks.attempts import Attempt
from ...marks.blobs import Blobs
from ...results.result import Result

MOST_WARM = 3  # units whose graders are kept; each holds a zygote


class Stale(Exception):
    """The files of a unit have changed since this process read them."""


class Judge:
    """One process's graders; a context manager's worth of children, closed by ``close``."""

    def __init__(self, course: Course, blobs: Blobs, tier: str) -> None:
        self.course, self.blobs, self.tier = course, blobs, tier
        self._warm: dict[str, Grader] = {}  # the one used last stands last
        self._made_from = self._look()

    def stale(self, course: Course | None = None) -> bool:
        """True where the files of a unit have changed, so that this process would judge by old ones.

        A course with other dates and policies takes the place of the one of before: marks follow from
        them, and no verdict. One with other units or limits makes this process an old one.
        """
        self.course = course or self.course
        return self._made_from != self._look()

    def _look(self) -> dict[str, str]:
        return {unit.name: made_from(self.course, unit, self.tier) for unit in self.course.units}

    def grade(self, attempt: Attempt, known: Known) -> Result:
        """The result of an attempt: one that still holds, else a new one.

        Raises:
            OSError: the blob is gone, which is no fault of the student's.
            Stale: the verdict would be that of old files.
        """
        if attempt.notebook is None:
            raise FileNotFoundError(f"nothing is kept of attempt {attempt.number} of {attempt.student}")
        unit, found = self.course.unit(attempt.unit), handed_in(self.blobs, attempt)
        if self._made_from.get(unit.name) != made_from(self.course, unit, self.tier):
            raise Stale(unit.name)
        found.path.stat()
        warm = Warm(unit, self.tier, partial(self._grader, unit), partial(self._cool, unit.name))
        return settle(found, warm, known).result

    def close(self) -> None:
        """End all zygotes."""
        for unit in list(self._warm):
            self._cool(unit)

    def _grader(self, unit: Unit) -> Grader:
        grader = self._warm.pop(unit.name, None) or new_grader(self.course, unit, self.tier)
        self._warm[unit.name] = grader
        if len(self._warm) > MOST_WARM:
            self._cool(next(iter(self._warm)))
        return grader

    def _cool(self, unit: str) -> None:
        grader = self._warm.pop(unit, None)
        if grader is not None:
            grader.close()
