"""What can be done through both doors of the exchange: the JSON of programs and the pages of people."""

from __future__ import annotations

from ..course import Unit
from ..export.grades import Table, column_of, grades_csv, people_of
from ..marks import attempts as facts
from ..marks import graded, read_facts
from ..marks.attempts import Attempt
from ..marks.shown import note_shown
from ..results.audit import note
from ..results.result import Check, Verdict
from .service.identity import Caller
from .service.refusals import NO_SUCH, Refused
from .service.rights import EXTEND, demand
from .store import attempts, hints, late_days, queue, releases
from .store.desk import Desk, stamp
from .store.late_days import Agreed
from .views import returned
from .views.overview import everyone, purse


def released(desk: Desk, unit: Unit) -> releases.Offered:
    """What is released of a unit.

    Raises:
        Refused: nothing is.
    """
    with desk.database.read() as connection:
        made = releases.find(connection, unit.name)
    if made is None:
        raise Refused(404, f"{unit.title} is not released.")
    return made


def visible(desk: Desk, member: Caller, attempt: str) -> Attempt:
    """The attempt of that id, for its owner and for staff.

    Raises:
        Refused: there is none; for others it does not exist.
    """
    with desk.database.read() as connection:
        found = attempts.find(connection, attempt)
    if not member.may_see(found.student):
        raise Refused(404, NO_SUCH)
    if found.unit not in {unit.name for unit in desk.course.units}:
        raise Refused(404, f"The unit {found.unit} is not in the course any more. Nothing of it was lost.")
    return found


def receipt(attempt: Attempt) -> str:
    """The signed receipt of an attempt.

    Raises:
        Refused: it came from a file that the staff graded, and has none.
    """
    if not attempt.receipt:
        raise Refused(404, "This attempt was graded from a file by the course staff: it has no receipt.")
    return attempt.receipt


def spend_late_day(
    desk: Desk, member: Caller, unit: Unit, student: str, agreed: Agreed, why: str = ""
) -> None:
    """Spend a late day of a student: of the caller, or for staff of anybody.

    Raises:
        Refused: it is another student's and the caller may give nobody more time, the unit is not
            released, or no late day can be spent.
    """
    if student != member.name:
        demand(desk.course, member.rights, EXTEND)
    if not (0 < len(student) <= 255 and student.isprintable()):
        raise Refused(422, "Expected a student's name of at most 255 letters. Nothing was spent.")
    released(desk, unit)
    late_days.spend(desk, unit, student, agreed, member.name, why)


def open_task(desk: Desk, member: Caller, attempt: Attempt, task: str) -> int | None:
    """Spend a token on the explanation of one task; returns how many are left.

    Raises:
        Refused: it is not the caller's, there is nothing to open, or no token is left.
    """
    if member.name != attempt.student:
        raise Refused(403, "Only the student who handed this in spends tokens on it.")
    tokens = desk.course.hint_tokens
    with desk.database.read() as connection:
        whole = graded.result_of(connection, attempt.id)
        seen = returned.seen(desk, connection, attempt, returned.opens_for(desk, connection, attempt))
    if whole is None or seen is None:
        raise Refused(409, "This attempt is not graded yet.", retry_after=2)
    if tokens is not None and task in seen.closed:
        name = hints.about(task, whole.checks)
        shows = [hints.explains(check) for check in whole.checks if _is_told(check, task)]
        with desk.database.write() as connection:  # others wait meanwhile: all that can be is done before
            hints.pay(connection, tokens, attempt.unit, attempt.student, name, desk.seconds(), shows)
    elif task not in {check.task for check in whole.checks}:
        raise Refused(404, "There is no such task in this unit.")
    with desk.database.read() as connection:
        left = purse(desk, connection, desk.course.unit(attempt.unit), attempt.student)
    return None if left is None else left.whole


def _is_told(check: Check, task: str) -> bool:
    return check.task == task and check.verdict is not Verdict.PASSED


def requeue(desk: Desk, attempt: str) -> None:
    """Queue one attempt again.

    Raises:
        Refused: there is none of that id, or only its result is kept.
    """
    with desk.database.write() as connection:
        found = attempts.find(connection, attempt)
        if found.notebook is None:
            raise Refused(409, "Of this attempt only the result is kept. Grade its file with 'course grade'.")
        queue.add(connection, found.id)


def requeue_unit(desk: Desk, unit: Unit) -> int:
    """Queue all attempts at a unit that have no score, or whose grading ended in trouble; how many."""
    with desk.database.write() as connection:
        views = everyone(desk, connection, read_facts(connection, desk.course, unit))
        lines = [line for view in views for line in view.lines if line.attempt.notebook is not None]
        again = [line for line in lines if line.state in ("broken", "troubled")]
        queue.add(connection, *(line.attempt.id for line in again))
    return len(again)


def regrade_unit(desk: Desk, unit: Unit, member: Caller) -> int:
    """Queue all attempts at a unit; how many. Those whose results still hold are not run again."""
    with desk.database.write() as connection:
        every = [each.id for each in facts.of_unit(connection, unit.name) if each.notebook is not None]
        note(desk.course, unit.name, f"{len(every)} attempts queued again", member.name)
        queue.add(connection, *every)
    return len(every)


def exported(desk: Desk, unit: Unit, style: str) -> Table:
    """The marks of a unit as a platform's table; from now on they are shown."""
    with desk.database.read() as connection:
        column = column_of(read_facts(connection, desk.course, unit))
        table = grades_csv(style, [column], people=people_of(connection, desk.course))
    if column.marks:
        with desk.database.write() as connection:
            note_shown(connection, desk.course, unit, stamp(desk.now()))
    return table
