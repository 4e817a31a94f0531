"""``course extend``: another due date for one student, for a list, or for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click
from sqlalchemy import Connection

from ..base.errors import UsageError
from ..course import Course, Unit, load_course
from ..marks import exceptions, open_facts, read_facts
from ..marks.database import one_at_a_time
from ..marks.dates import closes
from ..marks.effects import Effect, effects, look
from ..marks.exceptions import ALL, DAYS, FACTOR, HOURS, LATE_DAY, UNTIL, Deed, Exemption
from ..marks.extending import WORDS, opening_known, until_moment, when
from .effects import carry_on, deed, noted
from .whom import checked, known_students, names_in

EVERY_UNIT = "all"


@dataclass(frozen=True)
class Wish:
    """What is to be done, for whom, and at which units."""

    course: Course
    units: tuple[Unit, ...]
    unit: str  # as it is stored: "" for all
    students: tuple[str, ...]  # as they are stored: ("",) for all
    seen: tuple[str, ...]  # whose dates are looked at
    deed: Deed


@click.command()
@click.argument("unit")
@click.argument("students", nargs=-1, metavar="[STUDENT]...")
@click.option("--until", metavar="MOMENT", help="The date itself, such as 2027-01-20T23:59.")
@click.option("--days", type=click.IntRange(1), help="Calendar days more, in the course's zone.")
@click.option("--hours", type=click.FloatRange(0, min_open=True), help="Hours more.")
@click.option(
    "--factor",
    type=click.FloatRange(1, min_open=True),
    help="Of the time from the unit's opening to its date: an accommodation.",
)
@click.option(
    "--late-day", is_flag=True, help="Spend one of the student's late days; a lifted one comes back."
)
@click.option("--all", "everybody", is_flag=True, help="For everybody, also who comes later.")
@click.option(
    "--from",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Students in a file: one name per line, or a CSV table with a column 'username'.",
)
@click.option("--reason", metavar="TEXT", help="Why; only staff see it.")
@click.option("--lift", is_flag=True, help="Take extensions back; with --late-day, the last late day spent.")
@click.option("--list", "listing", is_flag=True, help="Print the exceptions of UNIT.")
@click.option("--preview", is_flag=True, help="Print what would change, and change nothing.")
def command(
    unit: str,
    students: tuple[str, ...],
    until: str | None,
    days: int | None,
    hours: float | None,
    factor: float | None,
    late_day: bool,
    everybody: bool,
    file: Path | None,
    reason: str | None,
    lift: bool,
    listing: bool,
    preview: bool,
) -> None:
    """Give STUDENT another due date at UNIT, before or after the first hand-in.

    UNIT may be 'all' with --factor, which then holds for every unit. Days and hours come on top of
    what was given before; the last --until counts. A date takes effect everywhere at once.
    """
    course = load_course()
    if listing:
        _list(course, unit)
        return
    values = {UNTIL: until, DAYS: days, HOURS: hours, FACTOR: factor, LATE_DAY: 1 if late_day else None}
    given = {kind: f"{value:g}" if isinstance(value, float) else str(value) for kind, value in values.items()
             if value is not None}  # fmt: skip
    _check_wanted(unit, course, given, lift)
    units = course.units if _is_every(course, unit) else (course.unit(unit),)
    named = [*students, *(names_in(file) if file else ())]
    if bool(named) == everybody:
        raise UsageError("name students, give --from FILE, or --all for everybody; one of these")
    why = deed(reason)
    with open_facts(course) as database:
        with database.write() as connection:
            wish = _wish(course, connection, unit, units, named, why)
            before = look(course, connection, units, wish.seen)
            done = _lift(connection, wish, given) if lift else _give(connection, wish, given)
            found = effects(before, look(course, connection, units, wish.seen))
            if preview:
                connection.rollback()
            else:
                noted(course, units, f"{done}, for {', '.join(named) or 'everybody'}: {why.why}")
        click.echo(f"{done}{' (preview: nothing was changed)' if preview else ''}")
        _tell(found, everybody)
        if not preview:
            carry_on(course, database, units)


def _check_wanted(unit: str, course: Course, given: dict[str, str], lift: bool) -> None:
    every = _is_every(course, unit)
    if lift and (set(given) - {LATE_DAY}):
        raise UsageError("--lift takes extensions back as a whole; give it alone, or with --late-day")
    if not lift and len(given) != 1:
        raise UsageError(
            "give one of --until, --days, --hours, --factor and --late-day (or --lift, or --list)"
        )
    if every and not lift and FACTOR not in given:
        raise UsageError("for all units there is --factor only; give a unit for another date")


def _is_every(course: Course, unit: str) -> bool:
    return unit == EVERY_UNIT and unit not in {each.name for each in course.units}


def _wish(
    course: Course,
    connection: Connection,
    unit: str,
    units: Sequence[Unit],
    named: Sequence[str],
    why: Deed,
) -> Wish:
    stored = ALL if _is_every(course, unit) else unit
    if not named:
        seen = tuple(sorted(known_students(course, connection, units)))
        return Wish(course, tuple(units), stored, (ALL,), seen, why)
    students = checked(course, connection, units, named)
    return Wish(course, tuple(units), stored, students, students, why)


def _give(connection: Connection, wish: Wish, given: dict[str, str]) -> str:
    """Make the exceptions; what was given, in words."""
    ((kind, value),) = given.items()
    if kind == UNTIL:
        value = _until(wish, value)
    if kind == FACTOR:
        _check_begin(connection, wish)
    for student in wish.students:
        if kind == LATE_DAY:
            _check_late_day(connection, wish, student)
        exceptions.add(connection, wish.unit, student, kind, value, wish.deed)
    return "a late day spent" if kind == LATE_DAY else WORDS[kind].format(value)


def _until(wish: Wish, text: str) -> str:
    """The moment with a zone; which one was taken is said where none was written."""
    moment = until_moment(wish.course, wish.units[0], text)
    if datetime.fromisoformat(text).tzinfo is None:
        whose = (
            f"the course's zone, {wish.course.zone}" if wish.course.zone else "the zone of the unit's date"
        )
        click.echo(f"{text} is taken as {when(moment)}, in {whose}", err=True)
    return moment.isoformat()


def _check_begin(connection: Connection, wish: Wish) -> None:
    """A factor is of the time since the unit opened."""
    unknown = [unit.name for unit in wish.units if not opening_known(connection, unit)]
    if not unknown:
        return
    todo = "Write Unit(opens=...) in course_config.py, or release it with 'course release'"
    if wish.unit != ALL:
        raise UsageError(f"nobody knows when {unknown[0]} opens, of which a factor is taken. {todo}.")
    click.echo(f"not yet at {', '.join(unknown)}: nobody knows when these open. {todo}.", err=True)


def _check_late_day(connection: Connection, wish: Wish, student: str) -> None:
    """Only from the budget, and only as long as handing in counts."""
    (unit,) = wish.units
    if student == ALL:
        raise UsageError("each student spends late days of their own; for everybody there is --days")
    one_at_a_time(connection, "late days", student)  # the student may spend one on the page meanwhile
    budget = wish.course.late_days
    left = budget - exceptions.late_days_spent(exceptions.every(connection), student)
    if left < 1:
        raise UsageError(f"{student} has no late day left of {budget}; --days gives a day without one")
    due = read_facts(connection, wish.course, unit, student).due(student)
    if datetime.now(UTC) > closes(wish.course, due):
        raise UsageError(
            f"the late period of {student} ended at {when(closes(wish.course, due))}, and late days can be "
            "spent until then; --days gives a day without one"
        )


def _lift(connection: Connection, wish: Wish, given: dict[str, str]) -> str:
    """Take back what holds for exactly these; what was taken back, in words."""
    holding = [each for each in exceptions.every(connection) if each.lifted is None]
    count = 0
    for student in wish.students:
        mine = [each for each in holding if (each.unit, each.student) == (wish.unit, student)]
        days = [each for each in mine if each.kind == LATE_DAY][-1:]
        chosen = days if LATE_DAY in given else [each for each in mine if each.kind != LATE_DAY]
        if not chosen:
            raise UsageError(_nothing(wish, student, holding, LATE_DAY in given))
        for each in chosen:
            exceptions.lift(connection, each, wish.deed)
        count += len(chosen)
    return f"{count} exception{'s' if count > 1 else ''} lifted"


def _nothing(wish: Wish, student: str, holding: Sequence[Exemption], late_day: bool) -> str:
    """Why there is nothing to lift, and where an exception that holds comes from."""
    where = f"at {wish.unit}" if wish.unit else "for all units"
    what = "late day" if late_day else "extension"
    said = f"nothing was changed: {student or 'everybody'} has no {what} {where}"
    for each in holding:
        if not late_day and each.kind != LATE_DAY and wish.unit and each.meets(wish.unit, student):
            words = f"course extend {each.unit or EVERY_UNIT} {each.student or '--all'} --lift"
            return f"{said} of their own; one that holds for more was given, which '{words}' takes back"
    return said


def _tell(found: Sequence[Effect], everybody: bool) -> None:
    """A line for each student; of everybody only those whose mark changes, after one line for all."""
    title = ""
    for effect in found:
        if effect.after.unit.title != title:
            title = effect.after.unit.title
            click.echo(f"{title}, due {when(effect.after.due.unit)}")
        if not everybody or effect.marked or not effect.moved:
            click.echo("\n".join(effect.lines()))
    if everybody:
        moved = sum(effect.moved for effect in found)
        click.echo(f"{moved} dates and {sum(effect.marked for effect in found)} marks change")


def _list(course: Course, unit: str) -> None:
    every = _is_every(course, unit)
    name = ALL if every else course.unit(unit).name
    with open_facts(course) as database, database.read() as connection:
        found = [each for each in exceptions.every(connection) if every or each.unit in (ALL, name)]
    for each in found:
        given = "a late day" if each.kind == LATE_DAY else WORDS[each.kind].format(each.value)
        where = f"{each.unit or 'all units'}, " if every or not each.unit else ""
        click.echo(f"{each.student or 'everybody':24} {where}{given}")
        click.echo(f"{'':24} {each.moment[:16]} UTC by {each.who}: {each.why}")
        if each.lifted:
            click.echo(f"{'':24} lifted {each.lifted[:16]} UTC by {each.lifted_by}: {each.lifted_why}")
    if not found:
        click.echo(f"no exceptions {'' if every else f'at {name} '}yet")
