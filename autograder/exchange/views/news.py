"""What is new for a student since they last looked: a release, another date, a mark, what a person wrote.

Release and date are seen on the unit's page, marks there or on the attempt's page, and what a person wrote
on the attempt's page only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, select

from ...marks import handed_out
from ...marks.by_hand import COMMENT, Entry
from ...marks.tables import ATTEMPTS, REQUESTS
from ...results.late import parse_time
from ..service.refusals import Refused
from ..store import visits
from ..store.desk import Desk, stamp
from ..store.releases import Offered
from ..store.tables import FEEDBACK
from .overview import Line, Overview

MOST = 3  # attempts of a unit that are told one by one

Moments = Mapping[str, str]  # by attempt or place, ISO 8601
RELEASED, DATE, GRADED, BY_HAND = "released", "date", "graded", "by hand"
FEEDBACK_CAME, ANSWERED, COMMENTED = "feedback", "answered", "commented"
NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class News:
    """One thing that the student has not seen."""

    kind: str
    text: str
    attempt: str = ""  # on whose page it is seen, too; "" for what is the unit's

    @property
    def on_unit(self) -> bool:
        """Whether the unit's page shows it."""
        return self.kind not in (FEEDBACK_CAME, ANSWERED, COMMENTED)


@dataclass(frozen=True)
class Seen:
    """What one student has seen, and what people have written to them since."""

    places: Moments
    feedback: Moments  # by attempt: when the staff's feedback came
    answered: Moments  # by attempt: when a request was answered last
    handed_out: Mapping[str, Sequence[tuple[int, str]]]  # by unit: the last comment that was, and when

    def at(self, *places: str) -> datetime:
        """When one of these places was last seen."""
        return max((_time(self.places.get(place)) for place in places), default=NEVER)

    def readable(self, comment: Entry) -> datetime:
        """Since when a comment can be read; never, where it was not handed out."""
        several = self.handed_out.get(comment.unit, ())
        return _time(next((moment for last, moment in several if last >= comment.id), None))


def read_seen(connection: Connection, student: str) -> Seen:
    """What a student has seen so far."""
    mine = select(FEEDBACK.c.attempt, FEEDBACK.c.moment).join(ATTEMPTS, ATTEMPTS.c.id == FEEDBACK.c.attempt)
    feedback = connection.execute(mine.where(ATTEMPTS.c.student == student))
    answers = select(REQUESTS.c.attempt, REQUESTS.c.answered).where(REQUESTS.c.answered.is_not(None))
    answered = connection.execute(answers.where(REQUESTS.c.student == student))
    came, said = _latest((row[0], row[1]) for row in feedback), _latest((row[0], row[1]) for row in answered)
    return Seen(visits.visits(connection, student), came, said, handed_out.times(connection))


def news(view: Overview, released: Offered | None, seen: Seen) -> tuple[News, ...]:
    """What is new at one unit, the unit's own first, then by attempt.

    Args:
        view: of the student at the unit.
        released: what is released of it.
        seen: by the student.
    """
    return (*_of_unit(view, released, seen), *_of_attempts(view, seen))


def note_seen(desk: Desk, student: str, place: str, found: Iterable[News]) -> None:
    """The student sees a place now; nothing is written where there was nothing new to see.

    Where it cannot be written, on a full disk, the page is shown all the same, and stays new.

    Args:
        desk: the exchange.
        student: who looks.
        place: name of the unit, or id of the attempt.
        found: what was new there.
    """
    if any(found):
        with suppress(Refused), desk.database.write() as connection:
            visits.note_visit(connection, student, place, stamp(desk.now()))


def _of_unit(view: Overview, released: Offered | None, seen: Seen) -> Iterator[News]:
    last = seen.at(view.unit.name)
    if released is not None and _time(released.moment) > last:
        yield News(RELEASED, "released" if last == NEVER else "a corrected version is released")
    if _time(view.moved) > last:
        yield News(DATE, "you have another due date")


def _of_attempts(view: Overview, seen: Seen) -> Iterator[News]:
    told = [each for line in view.lines for each in _of_attempt(view.unit.name, line, seen)]
    graded = [each for each in told if each.kind == GRADED]
    if len(graded) > MOST:
        yield News(GRADED, f"{len(graded)} attempts are graded")
        told = [each for each in told if each.kind != GRADED]
    yield from told


def _of_attempt(unit: str, line: Line, seen: Seen) -> Iterator[News]:
    attempt, name = line.attempt.id, f"attempt {line.attempt.number}"
    marks, words = seen.at(unit, attempt), seen.at(attempt)
    if line.state == "graded" and line.graded is not None and _time(line.graded.graded) > marks:
        yield News(GRADED, f"{name} is graded", attempt)
    if any(_time(each.moment) > marks for each in line.worth.entries.values() if each.kind != COMMENT):
        yield News(BY_HAND, f"{name} has points by hand", attempt)
    if _time(seen.feedback.get(attempt)) > words:
        yield News(FEEDBACK_CAME, f"{name} has feedback of the course staff", attempt)
    said = (each for each in line.worth.entries.values() if each.kind == COMMENT and each.comment)
    if any(seen.readable(each) > words for each in said):
        yield News(COMMENTED, f"{name} has a comment of the course staff", attempt)
    if _time(seen.answered.get(attempt)) > words:
        yield News(ANSWERED, f"a request about {name} is answered", attempt)


def _latest(rows: Iterable[tuple[str, str]]) -> Moments:
    found: dict[str, str] = {}
    for attempt, moment in rows:
        found[attempt] = max(moment, found.get(attempt, ""), key=_time)
    return found


def _time(moment: str | None) -> datetime:
    return parse_time(moment) or NEVER
