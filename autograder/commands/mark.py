"""``course mark``: the mark of one student, how it came about, and points that a person gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import click
from sqlalchemy import Connection

from ..base.errors import UsageError, did_you_mean
from ..course import Course, Unit, load_course
from ..marks import AttemptMark, Mark, UnitFacts, by_hand, exceptions, open_facts, read_facts
from ..marks.by_hand import COMMENT, EXTRA, KINDS, POINTS, Entry
from ..marks.effects import Effect, points
from ..marks.exceptions import Deed
from ..marks.extending import when
from ..marks.graded import result_of
from .effects import carry_on, deed, noted, take_in_others
from .printing import print_json
from .whom import checked


@dataclass(frozen=True)
class Place:
    """What is marked: a task or a written question of one attempt."""

    attempt: AttemptMark
    name: str
    worth: float  # without bonus
    answer: str  # digest of the written answer; "" for a task

    @property
    def held(self) -> Mapping[str, Entry]:
        """What a person gave already, by kind."""
        return {kind: entry for (name, kind), entry in self.attempt.entries.items() if name == self.name}


@click.command()
@click.argument("unit")
@click.argument("student")
@click.argument("name", required=False)
@click.argument("given", metavar="[POINTS]", required=False, type=float)
@click.option("--extra", is_flag=True, help="Points on top, in place of the bonus of NAME.")
@click.option("--comment", metavar="TEXT", help="For the student, beside NAME.")
@click.option("--attempt", type=click.IntRange(1), help="Its number; the one that counts where left out.")
@click.option("--take-back", is_flag=True, help="Let the checks count again at NAME.")
@click.option("--reason", metavar="TEXT", help="Why; only staff see it.")
@click.option("--json", "as_json", is_flag=True, help="Print the mark and its facts as JSON on stdout.")
def command(
    unit: str,
    student: str,
    name: str | None,
    given: float | None,
    extra: bool,
    comment: str | None,
    attempt: int | None,
    take_back: bool,
    reason: str | None,
    as_json: bool,
) -> None:
    """Give POINTS for NAME, a task or a written question; without NAME, print the mark of STUDENT.

    Points for a task stand in place of the checks', in that attempt. Points for a written answer belong to
    its text: the same text keeps them in a later attempt.
    """
    course = load_course()
    chosen = course.unit(unit)
    with open_facts(course) as database:
        if name is None:
            if given is not None or extra or comment or take_back:
                raise UsageError("name a task or a written question, then the points")
            take_in_others(course, database, [chosen])
            with database.read() as connection:
                checked(course, connection, [chosen], [student])
                _print(connection, read_facts(connection, course, chosen, student), student, as_json)
            return
        if take_back == (given is not None or comment is not None):
            raise UsageError("give POINTS or --comment TEXT for it, or --take-back; one of these")
        why = deed(reason)
        with database.write() as connection:
            facts = read_facts(connection, course, chosen, student)
            place = _place(course, connection, facts, student, name, attempt)
            done = _taken_back(place, extra) if take_back else _given(place, given, extra, comment)
            _store(connection, chosen, student, place, done, why)
            after = read_facts(connection, course, chosen, student).mark(student)
            words = "; ".join(_words(kind, value, text) for kind, value, text in done)
            number = place.attempt.attempt.number
            noted(course, [chosen], f"{student}, attempt {number}, {name}: {words}: {why.why}")
        _tell(Effect(facts.mark(student), after), place)
        carry_on(course, database, [chosen])


Given = list[tuple[str, float | None, str]]  # kind, points, comment


def _place(
    course: Course, connection: Connection, facts: UnitFacts, student: str, name: str, number: int | None
) -> Place:
    """What is meant.

    Raises:
        UsageError: there is no such student, attempt or name, or nothing was graded; with what there is.
    """
    checked(course, connection, [facts.unit], [student])
    attempt = _attempt(facts.mark(student), number)
    result = result_of(connection, attempt.attempt.id)
    if result is None or attempt.graded is None or result.score is None:
        raise UsageError(
            f"attempt {attempt.attempt.number} of {student} has no score yet, and points by hand would count "
            f"for nothing. Grade it first, with 'course regrade {facts.unit.name}'."
        )
    worth = {check.task: 0.0 for check in result.checks if check.task}
    for check in result.checks:
        if check.task and not check.bonus:
            worth[check.task] = round(worth[check.task] + check.points, 6)
    if name not in worth and name not in facts.questions:
        known = [*worth, *facts.questions]
        raise UsageError(f"{facts.unit.name} has no task or question {name!r}: {did_you_mean(name, known)}")
    if name in facts.questions:
        return Place(attempt, name, facts.questions[name], attempt.graded.answers.get(name, ""))
    return Place(attempt, name, worth[name], "")


def _attempt(mark: Mark, number: int | None) -> AttemptMark:
    if not mark.attempts:
        raise UsageError(f"{mark.student} has no attempt at {mark.unit.name} yet")
    if number is None:
        return mark.counting or mark.attempts[-1]
    found = next((each for each in mark.attempts if each.attempt.number == number), None)
    if found is None:
        raise UsageError(f"{mark.student} has {len(mark.attempts)} attempts, and no attempt {number}")
    return found


def _given(place: Place, given: float | None, extra: bool, comment: str | None) -> Given:
    """What is to be stored.

    Raises:
        UsageError: the points are below 0, or more than there are.
    """
    if given is not None and not 0 <= given < 1e6:
        raise UsageError(f"{given:g} points cannot be given: expected 0 to {place.worth:g}")
    if given is not None and not extra and given > place.worth:
        raise UsageError(
            f"{place.name} is worth {place.worth:g} points, and {given:g} came. What goes beyond is extra "
            "credit: give the points that it is worth, and the rest once more with --extra."
        )
    told = [] if comment is None else [(COMMENT, None, comment)]
    return [*([] if given is None else [(EXTRA if extra else POINTS, given, "")]), *told]


def _taken_back(place: Place, extra: bool) -> Given:
    kinds = [kind for kind in KINDS if kind in place.held and (kind == EXTRA or not extra)]
    if not kinds:
        raise UsageError(
            f"nothing was given by hand for {place.name} in attempt {place.attempt.attempt.number}"
        )
    return [(kind, None, "") for kind in kinds]


def _store(connection: Connection, unit: Unit, student: str, place: Place, given: Given, why: Deed) -> None:
    cell = place.attempt.cells[place.name]
    for kind, value, text in given:
        automatic = {POINTS: cell.automatic, EXTRA: cell.bonus}.get(kind)
        entry = Entry(
            unit.name,
            student,
            place.attempt.attempt.id,
            place.name,
            kind,
            value,
            text,
            place.answer,
            automatic,
        )
        by_hand.add(connection, entry, why)


def _words(kind: str, value: float | None, text: str) -> str:
    if kind == COMMENT:
        return "a comment" if text else "comment taken back"
    return (
        f"{kind} taken back" if value is None else f"{value:g} {kind if kind == POINTS else 'extra credit'}"
    )


def _tell(effect: Effect, place: Place) -> None:
    before, after = points(effect.before), points(effect.after)
    click.echo(f"{effect.after.student}: {before} -> {after}" if effect.marked else f"{before}, as before")
    if effect.after.how:
        click.echo(effect.after.how)
    counting = effect.after.counting
    if counting is not None and counting.attempt.id != place.attempt.attempt.id:
        click.echo(f"attempt {counting.attempt.number} counts, not attempt {place.attempt.attempt.number}")


def _print(connection: Connection, facts: UnitFacts, student: str, as_json: bool) -> None:
    mark = facts.mark(student)
    own = exceptions.of(facts.exemptions, facts.unit.name, student)
    if as_json:
        print_json(_as_json(mark, facts, own))
        return
    click.echo(f"{student}, {facts.unit.title}: {points(mark)}")
    if mark.how:
        click.echo(mark.how)
    why = f", by {' and '.join(mark.due.why)}; the unit's is {when(mark.due.unit)}" if mark.due.why else ""
    click.echo(f"due {when(mark.due.moment)}{why}")
    for title, lines in (
        ("attempts", [_attempt_line(each, each is mark.counting) for each in mark.attempts]),
        ("by hand", [_entry_line(mark, each) for each in facts.entries.get(student, ())]),
        ("kept", [_kept_line(mark, each) for several in facts.kept.values() for each in several]),
        ("exceptions", [f"{each.kind} {each.value}, {_signed(each)}" for each in own]),
    ):
        if lines:
            click.echo("\n  ".join([title, *lines]))


def _attempt_line(each: AttemptMark, counts: bool) -> str:
    attempt = each.attempt
    final = "no score" if each.final is None else f"{each.final:g} of {each.out_of:g}"
    late = f", late: minus {each.late.percent:g} %" if each.late.percent else ""
    waits = f", {', '.join(each.needs_person)} wait for a person" if each.needs_person else ""
    handed_in = attempt.submitted or "time not known"
    counting = " (counts)" if counts else ""
    return f"{attempt.number} from {attempt.origin}, {handed_in}: {final}{late}{waits}{counting}"


def _entry_line(mark: Mark, entry: Entry) -> str:
    return (
        f"attempt {_number(mark, entry.attempt)}, {entry.name}: "
        f"{_words(entry.kind, entry.points, entry.comment)}, {_signed(entry)}"
    )


def _kept_line(mark: Mark, kept: Any) -> str:
    total = f"{kept.score + kept.bonus:g} of an earlier grading"
    return f"attempt {_number(mark, kept.attempt)}: {total}, {_signed(kept)}"


def _number(mark: Mark, attempt: str) -> Any:
    return next((each.attempt.number for each in mark.attempts if each.attempt.id == attempt), "?")


def _signed(fact: Any) -> str:
    return f"by {fact.who}, {fact.moment[:16]} UTC{f': {fact.why}' if fact.why else ''}"


def _as_json(mark: Mark, facts: UnitFacts, own: Iterable[exceptions.Exemption]) -> dict[str, Any]:
    return {
        "unit": mark.unit.name,
        "student": mark.student,
        "points": mark.points,
        "out_of": mark.out_of,
        "how": mark.how,
        "waits": mark.waits,
        "due": mark.due.moment.isoformat(),
        "unit_due": mark.due.unit.isoformat(),
        "attempts": [
            {
                "attempt": each.attempt.number,
                "origin": each.attempt.origin,
                "submitted": each.attempt.submitted,
                "points": each.final,
                "before_lateness": each.before_lateness if each.sound else None,
                "late_percent": each.late.percent,
                "counts": each is mark.counting,
                "waits": list(each.needs_person),
            }
            for each in mark.attempts
        ],
        "by_hand": [vars(each) for each in facts.entries.get(mark.student, ())],
        "kept": [vars(each) for several in facts.kept.values() for each in several],
        "exceptions": [vars(each) for each in own],
    }
