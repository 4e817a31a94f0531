"""Exceptions from the due date that staff make and lift on a page: looked at first, then made once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from ...base.errors import ConfigError, UsageError, did_you_mean
from ...course import Course, Unit
from ...marks import exceptions
from ...marks.effects import Effect, effects, look
from ...marks.exceptions import ALL, DAYS, FACTOR, HOURS, UNTIL, Deed, Exemption
from ...marks.extending import WORDS, opening_known, until_moment
from ...marks.roster import read_roster, roster_file
from ...marks.tables import ATTEMPTS
from ...results.audit import note
from ..service.refusals import Refused
from .desk import Desk, stamp

MOST = {DAYS: 1000, HOURS: 10_000, FACTOR: 100}  # more is a slip of the hand
KINDS = (DAYS, HOURS, UNTIL, FACTOR)


@dataclass(frozen=True)
class Extension:
    """What staff want to give."""

    student: str  # "" for everybody
    kind: str
    value: str
    why: str
    after: int  # id of the last exception that was there when the form was shown

    @property
    def words(self) -> str:
        """What it gives."""
        return WORDS[self.kind].format(self.value)


@dataclass(frozen=True)
class Outlook:
    """What an extension would do."""

    extension: Extension
    effects: Sequence[Effect]

    @property
    def moved(self) -> int:
        """How many dates would be others."""
        return sum(each.moved for each in self.effects)

    @property
    def marked(self) -> list[Effect]:
        """Whose marks would be others."""
        return [each for each in self.effects if each.marked]


def checked(desk: Desk, unit: Unit, wanted: Extension) -> Extension:
    """The extension as it is stored.

    Raises:
        Refused: nobody is called so, no reason was given, or the value is none of its kind.
    """
    try:
        value = _value(desk.course, unit, wanted.kind, wanted.value.strip())
    except ValueError as error:
        raise Refused(422, f"{wanted.value!r} is no number of {wanted.kind}. Nothing was changed.") from error
    except UsageError as error:
        raise Refused(422, f"Nothing was changed: {error}") from error
    if not wanted.why:
        raise Refused(422, "Say why; only staff see it. Nothing was changed.")
    with desk.database.read() as connection:
        known = _students(desk.course, connection, unit)
        if wanted.student != ALL and wanted.student not in known:
            hint = did_you_mean(wanted.student, known) if len(known) < 50 else "look at the list of the class"
            raise Refused(422, f"Nobody is called {wanted.student!r}: {hint}. Nothing was changed.")
        if wanted.kind == FACTOR and not opening_known(connection, unit):
            raise Refused(
                409, f"Nobody knows when {unit.title} opens, of which a factor is taken. Release it."
            )
    return Extension(wanted.student, wanted.kind, value, wanted.why, wanted.after)


def outlook(desk: Desk, unit: Unit, extension: Extension) -> Outlook:
    """What an extension would do; nothing is changed."""
    with desk.database.trial() as connection:
        students = _students(desk.course, connection, unit)
        chosen = sorted(students) if extension.student == ALL else [extension.student]
        before = look(desk.course, connection, [unit], chosen)
        _add(desk, connection, unit, extension, "")
        return Outlook(extension, effects(before, look(desk.course, connection, [unit], chosen)))


def extend(desk: Desk, unit: Unit, extension: Extension, who: str) -> None:
    """Give it; the same form sent twice gives it once."""
    with desk.database.write() as connection:
        if _given_before(connection, unit, extension, who):
            return
        for_whom = extension.student or "everybody"
        note(desk.course, unit.name, f"{extension.words}, for {for_whom}: {extension.why}", who)
        _add(desk, connection, unit, extension, who)


def take_back(desk: Desk, unit: Unit, number: int, who: str, why: str = "") -> None:
    """Lift an exception that was made at this unit; a late day comes back to its student.

    Args:
        desk: the exchange.
        unit: where it holds.
        number: id of the exception.
        who: of the staff.
        why: for staff only.

    Raises:
        Refused: there is none.
    """
    with desk.database.write() as connection:
        held = exceptions.of_unit(connection, unit.name)
        found = next((each for each in held if each.id == number and each.unit == unit.name), None)
        if found is None:
            raise Refused(404, "There is no such exception at this unit, or it was taken back before.")
        exceptions.lift(connection, found, Deed(who, stamp(desk.now()), why))


def _value(course: Course, unit: Unit, kind: str, text: str) -> str:
    if kind == UNTIL:
        return until_moment(course, unit, text).isoformat()
    least = 1 if kind == DAYS else 0
    number = int(text) if kind == DAYS else float(text)
    if kind not in MOST or not math.isfinite(number) or not least <= number <= MOST[kind]:
        raise ValueError(text)
    if kind == FACTOR and number <= 1:
        raise UsageError(f"a factor of {text} gives no time; 1.5 gives half as much again")
    return f"{number:g}"


def _students(course: Course, connection: Connection, unit: Unit) -> set[str]:
    """Students of the roster, and whoever has an attempt at the unit."""
    there = connection.execute(select(ATTEMPTS.c.student).where(ATTEMPTS.c.unit == unit.name).distinct())
    path = roster_file(course)
    try:
        enrolled = read_roster(path).names("student") if path.exists() else []
    except ConfigError as error:
        raise Refused(409, f"The roster cannot be read. Nothing was changed: {error}") from error
    return {*there.scalars(), *enrolled}


def _add(desk: Desk, connection: Connection, unit: Unit, extension: Extension, who: str) -> None:
    deed = Deed(who, stamp(desk.now()), extension.why)
    exceptions.add(connection, unit.name, extension.student, extension.kind, extension.value, deed)


def _given_before(connection: Connection, unit: Unit, extension: Extension, who: str) -> bool:
    return any(_same(each, extension, who) for each in exceptions.of_unit(connection, unit.name))


def _same(each: Exemption, extension: Extension, who: str) -> bool:
    given = (each.student, each.kind, each.value, each.who)
    return each.id > extension.after and given == (extension.student, extension.kind, extension.value, who)
