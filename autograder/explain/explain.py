"""What a student is told beside the verdict: the mistake by name, or what was seen, and where.

Runs after the marks are final and cannot change them. For every failed check: the known
mistakes, if exactly one set explains it (``naming``); else how the value that it compares relates to the
right one, and under which settings it is wrong (``words``); and for every explanation the smallest case in
which it shows (``cases``).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from ..base.digest import digest_of, digest_of_file, engine_files
from ..course import Course, Unit
from ..judge.grader import UNEXPLAINED, Trialled
from ..judge.outcome import Outcome
from ..judge.suite import Suite
from ..results.result import Check, Verdict
from ..student import Subject
from ..unit.mistakes.catalogue import load_catalogue
from .cases import Cases
from .kept import kept_for
from .naming import Namer
from .words import Wording

WORDING = ("explain", "unit/mistakes")


def explanation_digest(course: Course, unit: Unit | str) -> str:
    """What explanations depend on beside the marks: the unit's mistakes and the engine's wording."""
    unit = course.unit(unit) if isinstance(unit, str) else unit
    return digest_of(*map(digest_of_file, [unit.mistakes, *engine_files(*WORDING)]))


class Diagnosis:
    """Explains the submissions of one unit; keeps what it has compiled and found."""

    def __init__(self, suite: Suite, namer: Namer) -> None:
        self.suite = suite
        self.namer = namer
        self._cases = Cases(suite, namer)

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
        names = self.namer.names(outcomes, paper)
        told = Wording(self.suite, outcomes).told(checks, names)
        cells = self._cases.cells(told, outcomes, paper, names, subject, renew)
        return tuple(replace(c, case=cells[c.id]) if c.id in cells else c for c in told)


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
