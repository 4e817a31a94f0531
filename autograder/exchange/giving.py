"""Points and a comment for a written answer, as a person gives them on the page of marking.

What is typed is looked at before anything is stored, and what others stored meanwhile is never written over
unseen: a form carries the id of the last entry that it was made with.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection

from ..base.errors import CourseError
from ..base.text import LONG, legible
from ..course import Unit
from ..marks import by_hand, read_facts, rubric
from ..marks.attempts import Attempt
from ..marks.by_hand import COMMENT, POINTS, Entry
from ..marks.exceptions import Deed
from ..marks.rubric import ItemWording
from ..notebook import Question
from .store import in_hand
from .store.database import one_at_a_time
from .store.desk import Desk, stamp
from .views.pile import PiledAnswer, answer_in
from .views.sheet import sheet_of
from .wording import TypedItem, make

WHY = "marked on the page of the question"


@dataclass(frozen=True)
class Typed:
    """What a form holds."""

    points: str
    comment: str
    last: int  # id of the last entry that it was made with
    answer: str  # digest of the text that was read
    items: tuple[str, ...] = ()  # of the rubric, that are ticked


class Unsaved(CourseError):
    """What was typed is not stored; the text says why, for the person who typed it."""


def give(
    desk: Desk,
    unit: Unit,
    question: Question,
    attempt: Attempt,
    typed: Typed,
    who: str,
    new: TypedItem | None = None,
) -> None:
    """Store points and comment, as far as they differ from what holds.

    A field that is empty is filled from the ticked items; where they say nothing, it takes back what held.

    Args:
        desk: the exchange.
        unit: of the attempt.
        question: one of its written questions.
        attempt: whose answer it is.
        typed: what the form holds.
        who: sends it.
        new: an item of the rubric to make, and to tick.

    Raises:
        Unsaved: the points are none, or somebody else was here meanwhile; nothing was stored.
        UnfitItem: the new item is none; nothing was stored.
    """
    points, comment = points_of(question, typed.points), comment_of(typed.comment)
    deed = Deed(who, stamp(desk.now()), WHY)
    with desk.database.write() as connection:
        one_at_a_time(connection, "marking", unit.name, question.name)
        answer = _unchanged(desk, connection, unit, question, attempt, typed)
        made = () if new is None else (make(connection, unit, question, new, deed).item,)
        sheet = sheet_of(connection, unit, question.name)
        ticked = sheet.chosen((*typed.items, *made))
        points = rubric.worth(ticked, question.points) if points is None else points
        comment = comment or comment_of(rubric.words(ticked))
        _store(connection, answer, sheet.ticked(answer), ticked, points, comment, deed)
        in_hand.let_go(connection, question.name, who)


def points_of(question: Question, text: str) -> float | None:
    """The points that were typed; None where the field is empty.

    Raises:
        Unsaved: they are no number, or not between 0 and what the question is worth.
    """
    text = text.strip()
    if not text:
        return None
    most = f"{question.points:g}"
    try:
        points = float(text)
    except ValueError:
        raise Unsaved(f"Points are a number from 0 to {most}, such as 1.5. Nothing was saved.") from None
    if not 0 <= points <= question.points:
        raise Unsaved(f"{text[:20]} points cannot be given: expected 0 to {most}. Nothing was saved.")
    return points


def comment_of(text: str) -> str:
    """The comment that was typed, fit for every database.

    Raises:
        Unsaved: it is too long.
    """
    said = legible(text.replace("\r\n", "\n")).strip()
    if len(said) > LONG:
        raise Unsaved(f"The comment has {len(said)} letters, and {LONG} are kept. Nothing was saved.")
    return said


def _unchanged(
    desk: Desk, connection: Connection, unit: Unit, question: Question, attempt: Attempt, typed: Typed
) -> PiledAnswer:
    """The answer as it is now, if it is what the form was made with.

    Raises:
        Unsaved: it is not.
    """
    facts = read_facts(connection, desk.course, unit, attempt.student)
    marks = facts.mark(attempt.student).attempts
    own = next((each for each in marks if each.attempt.id == attempt.id), None)
    answer = None if own is None else answer_in(facts, own, question)
    if answer is None or answer.digest != typed.answer:
        raise Unsaved("The attempt was graded anew, and its answer is another one now. Read it once more.")
    if answer.last != typed.last:
        who = _last_giver(facts.entries[attempt.student], answer.last)
        raise Unsaved(
            f"{who} has saved here meanwhile; what holds now stands above the fields. Nothing of yours was "
            "saved. Save again, and yours takes its place."
        )
    return answer


def _last_giver(entries: Iterable[Entry], last: int) -> str:
    return next((each.who for each in entries if each.id == last), "somebody")


def _store(
    connection: Connection,
    answer: PiledAnswer,
    before: tuple[ItemWording, ...],
    ticked: tuple[ItemWording, ...],
    points: float | None,
    comment: str,
    deed: Deed,
) -> None:
    """Points that wait for another look are said anew, though they are the same; ticks go with the points."""
    held = None if answer.given is None else answer.given.points
    said = "" if answer.said is None else answer.said.comment
    others, bare = ticked != before, points is None
    if points != held or (not bare and (answer.waits or others)):
        rubric.tick(connection, by_hand.add(connection, answer.entry(POINTS, points), deed), ticked)
    if comment != said or (bare and comment and others):
        entry = by_hand.add(connection, answer.entry(COMMENT, comment=comment), deed)
        rubric.tick(connection, entry, ticked if bare else ())
