"""What can be done through both doors of the exchange: the JSON of programs and the pages of people."""

from __future__ import annotations

from ..course import Unit
from .service.identity import Caller
from .service.refusals import NO_SUCH, Refused
from .store import attempts, graded, hints, queue, releases
from .store.attempts import Attempt
from .store.desk import Desk
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
    return found


def open_task(desk: Desk, member: Caller, attempt: Attempt, task: str) -> int | None:
    """Spend a token on the explanation of one task; returns how many are left.

    Raises:
        Refused: it is not the caller's, there is nothing to open, or no token is left.
    """
    if member.name != attempt.student:
        raise Refused(403, "Only the student who handed this in spends tokens on it.")
    tokens = desk.course.hint_tokens
    with desk.database.write() as connection:
        whole = graded.result_of(connection, attempt.id)
        seen = returned.seen(desk, connection, attempt)
        if whole is None or seen is None:
            raise Refused(409, "This attempt is not graded yet.", retry_after=2)
        if tokens is not None and task in seen.closed:
            name = hints.about(task, whole.checks)
            hints.pay(connection, tokens, attempt.unit, attempt.student, name, desk.seconds())
        elif task not in {check.task for check in whole.checks}:
            raise Refused(404, "There is no such task in this unit.")
        left = purse(desk, connection, desk.course.unit(attempt.unit), attempt.student)
    return None if left is None else left.whole


def requeue(desk: Desk, attempt: str) -> None:
    """Queue one attempt again.

    Raises:
        Refused: there is none of that id.
    """
    with desk.database.write() as connection:
        queue.add(connection, attempts.find(connection, attempt).id)


def requeue_unit(desk: Desk, unit: Unit) -> int:
    """Queue all attempts at a unit that have no score, or whose grading ended in trouble; how many."""
    with desk.database.write() as connection:
        views = everyone(desk, connection, unit)
        again = [line for view in views for line in view.lines if line.state in ("broken", "troubled")]
        for line in again:
            queue.add(connection, line.attempt.id)
    return len(again)
