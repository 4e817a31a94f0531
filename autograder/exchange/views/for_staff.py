"""What only staff see of a unit: who has which own date and why, and what was given by hand."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from ...marks import Mark, UnitFacts
from ...marks.by_hand import COMMENT, Entry
from ...marks.exceptions import ALL, Exemption


@dataclass(frozen=True)
class ExemptionRow:
    """One exception that holds at a unit, and the date that its student has."""

    exemption: Exemption
    due: datetime

    @property
    def can_be_taken_back(self) -> bool:
        """False for what holds in all units, which ``course extend all`` lifts."""
        return self.exemption.unit != ALL


@dataclass(frozen=True)
class ByHandRow:
    """What a person gave that holds in an attempt."""

    student: str
    number: int  # of the attempt
    attempt: str
    counts: bool
    entry: Entry


def exemption_rows(facts: UnitFacts, students: Collection[str]) -> list[ExemptionRow]:
    """Those for everybody first, then those of these students."""
    mine = [each for each in facts.exemptions if each.student == ALL or each.student in students]
    ordered = sorted(mine, key=lambda each: (each.student, each.id))
    return [ExemptionRow(each, facts.due(each.student).moment) for each in ordered]


def by_hand_rows(marks: Iterable[Mark]) -> list[ByHandRow]:
    """Points by student and attempt; comments stand in formgrader."""
    return [
        ByHandRow(mark.student, each.attempt.number, each.attempt.id, each is mark.counting, entry)
        for mark in marks
        for each in mark.attempts
        for (_, kind), entry in each.entries.items()
        if kind != COMMENT
    ]
