"""Item analysis: what each check tells about the class.

difficulty       the share of students who passed, among those for whom it could be judged
discrimination   the correlation of passing it with the score on all *other* checks
                 (item-rest correlation; with the check itself in the score, it would
                 correlate with itself). Near 0: strong and weak students pass it
                 alike. Negative: strong students fail it, so look at the check first.

Source: R. L. Ebel and D. A. Frisbie, Essentials of Educational Measurement, 5th ed., 1991, ch. 13.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ...results.result import Check, Result, Verdict
from .attention import unreadable

NOT_JUDGED = (Verdict.BLOCKED, Verdict.BROKEN)
STRONG = 0.25  # the upper quarter by the score on all other checks
FEW = 10  # with fewer students a correlation says nothing
WEAK = 0.1  # discrimination below which a check deserves a look


@dataclass(frozen=True)
class Item:
    """One check over the class."""

    id: str
    task: str
    title: str
    judged: int
    passed: int
    discrimination: float | None  # None: everybody or nobody passed, or too few students
    strong_judged: int
    strong_failed: int

    @property
    def difficulty(self) -> float | None:
        """The share that passed, 0 to 1."""
        return self.passed / self.judged if self.judged else None

    @property
    def suspect(self) -> bool:
        """True where the check, and not the class, may be what is wrong."""
        weak = self.discrimination is not None and self.discrimination < WEAK
        return weak or self.failed_by_strong

    @property
    def failed_by_strong(self) -> bool:
        """At least two strong students, and a quarter of them, failed it."""
        return self.strong_failed >= 2 and self.strong_failed >= 0.25 * self.strong_judged


def analyse(results: Iterable[Result]) -> list[Item]:
    """One item per check, in the order of the first result; unreadable and broken results do not count."""
    sound = [result for result in results if result.score is not None and not unreadable(result)]
    order = dict.fromkeys(check.id for result in sound for check in result.checks)
    rows: dict[str, list[tuple[Check, float]]] = {name: [] for name in order}
    for result in sound:
        total = sum(check.earned for check in result.checks)
        for check in result.checks:
            rows[check.id].append((check, total - check.earned))
    return [_item(own) for own in rows.values()]


def _item(rows: list[tuple[Check, float]]) -> Item:
    first = rows[0][0]
    judged = [
        (check.verdict is Verdict.PASSED, rest) for check, rest in rows if check.verdict not in NOT_JUDGED
    ]
    strong = _strong(judged)
    return Item(
        id=first.id,
        task=first.task,
        title=first.title,
        judged=len(judged),
        passed=sum(passed for passed, _ in judged),
        discrimination=_discrimination(judged),
        strong_judged=len(strong),
        strong_failed=sum(not passed for passed in strong),
    )


def _strong(judged: Sequence[tuple[bool, float]]) -> list[bool]:
    """Who passed among those whose score elsewhere reaches the upper quarter; ties belong to it."""
    if not judged:
        return []
    rests = sorted((rest for _, rest in judged), reverse=True)
    bound = rests[max(math.ceil(STRONG * len(rests)) - 1, 0)]
    return [passed for passed, rest in judged if rest >= bound]


def _discrimination(judged: Sequence[tuple[bool, float]]) -> float | None:
    if len(judged) < FEW:
        return None
    return correlation([float(passed) for passed, _ in judged], [rest for _, rest in judged])


def correlation(x: Sequence[float], y: Sequence[float]) -> float | None:
    """Pearson's correlation of two sequences of one length; None where one of them is constant."""
    mx, my = math.fsum(x) / len(x), math.fsum(y) / len(y)
    sxx = math.fsum((a - mx) ** 2 for a in x)
    syy = math.fsum((b - my) ** 2 for b in y)
    sxy = math.fsum((a - mx) * (b - my) for a, b in zip(x, y, strict=True))
    if sxx <= 0 or syy <= 1e-18 * max(1.0, my * my):
        return None
    return max(-1.0, min(1.0, sxy / math.sqrt(sxx * syy)))
