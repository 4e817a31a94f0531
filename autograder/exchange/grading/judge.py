"""Grades attempts in this process, with one warm grader per unit."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from ...batch.warm import made_from, new_grader
from ...course import Course, Unit
from ...judge.grader import Grader
from ...judge.settle import Known, Warm, settle
from ...notebook.finding import Found
from ...notebook.several import is_notebook, why_this_one
from ...results.result import Result
from ..store.attempts import Attempt
from ..store.blobs import Blobs

MOST_WARM = 3  # units whose graders are kept; each holds a zygote


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

        Raises:
            OSError: the blob is gone, which is no fault of the student's.
        """
        unit, notebook = self.course.unit(attempt.unit), attempt.notebook
        path = self.blobs.path(notebook.sha256)
        path.stat()
        warm = Warm(unit, self.tier, partial(self._grader, unit), partial(self._cool, unit.name))
        found = Found(attempt.student, path, attempt.received, called=notebook.path)
        if notebook.alone:
            names = [file.path for file in attempt.files if is_notebook(file.path)]
            found = replace(found, note=why_this_one(notebook.path, names))
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
