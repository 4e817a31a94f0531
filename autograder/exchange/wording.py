"""Rubric items, made and changed on the pages of marking."""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from ..base.errors import CourseError
from ..base.text import legible
from ..course import Unit
from ..marks import by_hand, read_facts, rubric
from ..marks.by_hand import COMMENT, POINTS
from ..marks.exceptions import Deed
from ..marks.rubric import ItemWording
from ..notebook import Question
from .store.database import one_at_a_time
from .store.desk import Desk, stamp
from .views.pile import PiledAnswer, pile_of
from .views.sheet import Sheet, sheet_of

LONGEST = 400  # characters of an item
WHY = "an item of the rubric was changed, and given to the answers that have it"


class UnfitItem(CourseError):
    """What was typed makes no item; the text says why, for the person who typed it."""


@dataclass(frozen=True)
class TypedItem:
    """What the fields of an item hold."""

    text: str
    points: str

    def fit(self, question: Question) -> tuple[str, float]:
        """Text and points.

        Raises:
            UnfitItem: they are none.
        """
        text = " ".join(legible(self.text).split())
        if not 0 < len(text) <= LONGEST:
            raise UnfitItem(f"An item is a text of 1 to {LONGEST} letters. Nothing was saved.")
        try:
            points = float(self.points.strip() or "0")
        except ValueError:
            points = math.nan
        if not abs(points) <= question.points:
            most = f"{question.points:g}"
            raise UnfitItem(
                f"An item has points from -{most} to {most}, such as 1.5 or -1. Nothing was saved."
            )
        return text, points


def make(connection: Connection, unit: Unit, question: Question, typed: TypedItem, deed: Deed) -> ItemWording:
    """Make an item, in a transaction that may write.

    Raises:
        UnfitItem: it is none, there is one of that text, or there are as many as there can be.
    """
    text, points = typed.fit(question)
    there = sheet_of(connection, unit, question.name).items
    if len(there) >= rubric.MOST:
        raise UnfitItem(f"A question has {rubric.MOST} items at most. Withdraw one first. Nothing was saved.")
    if any(each.text == text for each in there):
        raise UnfitItem("There is an item of that text already. Nothing was saved.")
    made = ItemWording(secrets.token_hex(8), unit.name, question.name, text, points)
    return replace(made, id=rubric.write(connection, made, deed))


def change(desk: Desk, unit: Unit, question: Question, item: str, typed: TypedItem, who: str) -> None:
    """Word an item anew; no mark changes.

    Raises:
        UnfitItem: it is none, or there is no such item.
    """
    text, points = typed.fit(question)
    _write(desk, unit, question, item, who, text=text, points=points)


def withdraw(desk: Desk, unit: Unit, question: Question, item: str, who: str) -> None:
    """Let an item be ticked no more; what it was ticked for stays.

    Raises:
        UnfitItem: there is no such item.
    """
    _write(desk, unit, question, item, who, withdrawn=True)


def give_again(desk: Desk, unit: Unit, question: Question, item: str, who: str) -> tuple[int, int]:
    """Give the answers that have an earlier wording of an item the present one.

    Points that a person set otherwise than the items make stay as they are.

    Returns:
        how many answers have it now, and of how many the points stayed.

    Raises:
        UnfitItem: there is no such item.
    """
    deed, changed, stayed = Deed(who, stamp(desk.now()), WHY), 0, 0
    with desk.database.write() as connection:
        one_at_a_time(connection, "marking", unit.name, question.name)
        sheet = sheet_of(connection, unit, question.name)
        now = _found(sheet, item)
        pile = pile_of(read_facts(connection, desk.course, unit), question)
        for answer in sorted(pile.answers, key=lambda each: each.student):
            before = sheet.ticked(answer)
            if any(each.item == item and each.id != now.id for each in before):
                changed += 1
                stayed += not _given_anew(connection, answer, before, now, deed)
    return changed, stayed


def _given_anew(
    connection: Connection, answer: PiledAnswer, before: tuple[ItemWording, ...], now: ItemWording, deed: Deed
) -> bool:
    """Note it; whether the points are those of the items."""
    after = tuple(now if each.item == now.item else each for each in before)
    full, said = answer.question.points, "" if answer.said is None else answer.said.comment
    for old in (each for each in before if each.item == now.item):
        said = said.replace(old.text, now.text)
    comment = answer.entry(COMMENT, comment=said)
    if answer.said is None or said != answer.said.comment:
        made = by_hand.add(connection, comment, deed) if said else 0
        if answer.given is None and made:
            rubric.tick(connection, made, after)
    if answer.given is None:
        return True
    as_made = answer.given.points == rubric.worth(before, full)
    points = rubric.worth(after, full) if as_made else answer.given.points
    rubric.tick(connection, by_hand.add(connection, answer.entry(POINTS, points=points), deed), after)
    return as_made


def _write(desk: Desk, unit: Unit, question: Question, item: str, who: str, **changed: object) -> None:
    with desk.database.write() as connection:
        one_at_a_time(connection, "marking", unit.name, question.name)
        found = _found(sheet_of(connection, unit, question.name), item)
        fresh = replace(found, **changed)  # type: ignore[arg-type]
        if fresh != found:
            rubric.write(connection, fresh, Deed(who, stamp(desk.now())))


def _found(sheet: Sheet, item: str) -> ItemWording:
    found = next(iter(sheet.chosen([item])), None)
    if found is None:
        raise UnfitItem("There is no such item any more. Nothing was saved.")
    return found
