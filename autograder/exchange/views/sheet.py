"""A question's rubric beside the answers that it was used on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import Connection

from ...course import Unit
from ...marks import rubric
from ...marks.rubric import ItemWording
from .pile import PiledAnswer


@dataclass(frozen=True)
class Sheet:
    """The items of a question, and what was ticked."""

    said: tuple[ItemWording, ...]  # all wordings, oldest first
    ticks: Mapping[int, frozenset[int]]  # wordings by entry

    @cached_property
    def items(self) -> list[ItemWording]:
        """As they are now."""
        return rubric.holding(self.said)

    def ticked(self, answer: PiledAnswer) -> tuple[ItemWording, ...]:
        """The wordings for which an answer's points were given, or its comment, where it has none."""
        entry = answer.given or answer.said
        own = self.ticks.get(entry.id, frozenset()) if entry is not None else frozenset()
        return tuple(each for each in self.said if each.id in own)

    def chosen(self, items: Iterable[str]) -> tuple[ItemWording, ...]:
        """The items of these names, as they are now."""
        names = set(items)
        return tuple(each for each in self.items if each.item in names)

    def uses(self, answers: Iterable[PiledAnswer]) -> dict[str, tuple[int, int]]:
        """By item: how many answers have it, and how many of them with an earlier wording."""
        now = {each.id for each in self.items}
        ticked = [each for answer in answers for each in self.ticked(answer)]
        return {
            item.item: (
                sum(each.item == item.item for each in ticked),
                sum(each.item == item.item and each.id not in now for each in ticked),
            )
            for item in self.items
        }


def sheet_of(connection: Connection, unit: Unit, name: str) -> Sheet:
    """The rubric of a written question."""
    said = rubric.wordings(connection, unit.name, name)
    return Sheet(tuple(said), rubric.ticks(connection, unit.name, name))
