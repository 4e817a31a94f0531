"""What a check asks and expects on one paper, made once for everybody.

A check is a function of its inputs and of the replies alone. So it runs once, on the mirror, and what it
noted is its plan: the steps as they cross, what the reference makes of them, and what is expected. Judging
a submission is then a frame out, the student's own computation, and a comparison. A check that looks at a
value has no plan: it runs for each submission.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ..inside import wire
from ..student import Notes, Script, framed, packed
from ..student.scripts import MOST_BYTES
from .authors import refuse_what_judges_nobody

Key = tuple[str, int]  # a check, and the number of its case


@dataclass(frozen=True, eq=False)
class Plan:
    """One case of a check on one paper; without a script it has to run live."""

    notes: Notes = field(default_factory=Notes)
    script: Script | None = None
    broken: str = ""  # what went wrong in the check itself

    @property
    def live(self) -> bool:
        """Whether the check has to run for each submission."""
        return self.script is None and not self.broken


@dataclass(frozen=True, eq=False)
class JointFrame:
    """The plans of several checks in one frame, whose bytes exist already."""

    frame: bytes
    members: tuple[tuple[Key, Plan], ...]

    @property
    def steps(self) -> int:
        """How many replies there will be."""
        return sum(len(plan.notes.steps) for _, plan in self.members)


def plan_of(notes: Notes) -> Plan:
    """The plan that these notes are.

    Raises:
        TypeError: a value among them cannot cross; nothing is expected; or the reference raises where the
            check does not say so.
    """
    refuse_what_judges_nobody(notes)
    return Plan(notes, packed(0, notes.steps))


class PlansOfPaper:
    """The plans of all checks on one paper, each made when it is first needed."""

    def __init__(self, make: Callable[[str, int], Plan]) -> None:
        self._make = make
        self._plans: dict[Key, Plan] = {}
        self._frames: tuple[JointFrame, ...] | None = None

    def plan(self, check: str, case: int) -> Plan:
        """The plan of one case of a check."""
        key = check, case
        if key not in self._plans:
            self._plans[key] = self._make(check, case)
        return self._plans[key]

    def frames(self, keys: Iterable[Key]) -> tuple[JointFrame, ...]:
        """The planned ones of all cases in as few frames as may be; the same each time."""
        if self._frames is None:
            self._frames = self.joined(keys)
        return self._frames

    def joined(self, keys: Iterable[Key]) -> tuple[JointFrame, ...]:
        """The same for some of the cases; made anew."""
        planned = [(key, plan) for key in keys if (plan := self.plan(*key)).script is not None]
        return tuple(map(_joint, _grouped(planned)))


def _grouped(planned: list[tuple[Key, Plan]]) -> Iterator[list[tuple[Key, Plan]]]:
    """As many in a frame as its size allows."""
    group: list[tuple[Key, Plan]] = []
    size = 0
    for key, plan in planned:
        assert plan.script is not None
        if group and size + plan.script.size > MOST_BYTES:
            yield group
            group, size = [], 0
        group.append((key, plan))
        size += plan.script.size
    if group:
        yield group


def _joint(group: list[tuple[Key, Plan]]) -> JointFrame:
    scripts: list[Any] = [plan.script for _, plan in group]
    return JointFrame(wire.frame_of(*framed(scripts)), tuple(group))
