"""A student asks a person to look at a check or a written answer again."""

from __future__ import annotations

from ...marks import graded, requests
from ...marks.attempts import Attempt
from ...marks.requests import LookAgain
from ..service.refusals import Refused
from .database import one_at_a_time
from .desk import Desk, stamp

SHORTEST, LONGEST = 10, 2000  # characters of a reason


def ask_again(desk: Desk, attempt: Attempt, name: str, check: str, why: str) -> None:
    """Note that the student of an attempt asks; the same asked twice is one request.

    Args:
        desk: the exchange.
        attempt: the student's own.
        name: of the task or the written question.
        check: of the task; "" for a written question.
        why: the student's reason.

    Raises:
        Refused: it is not graded, there is no such check in it (404, 422), the reason is too short or too
            long (422), or too many requests wait (429).
    """
    reason = why.replace("\r\n", "\n").replace("\0", "").strip()  # PostgreSQL stores no NUL
    with desk.database.read() as connection:
        result = graded.result_of(connection, attempt.id)
    if result is None:
        raise Refused(409, "This attempt is not graded yet. Ask when its result is there.")
    tasks = {each.task for each in result.checks}
    if name not in tasks and (check or name not in result.answers):
        raise Refused(404, "There is no such task or question in this attempt.")
    if name in tasks and (name, check) not in {(each.task, each.id) for each in result.checks}:
        raise Refused(422, "Choose the check that a person should look at again.")
    if not SHORTEST <= len(reason) <= LONGEST:
        raise Refused(
            422,
            f"Your reason has {len(reason)} characters; expected {SHORTEST} to {LONGEST}. Say what you "
            "expected and why, so that a person knows what to look at. Nothing was sent.",
        )
    request = LookAgain(attempt.id, attempt.unit, attempt.student, name, check, reason)
    most = desk.limits.requests_waiting
    with desk.database.write() as connection:
        one_at_a_time(connection, "requests of", attempt.student)
        if len(requests.waiting(connection, student=attempt.student)) >= most:
            raise Refused(
                429, f"{most} requests of yours wait for an answer, which is the most. Nothing was sent."
            )
        requests.ask(connection, request, stamp(desk.now()))
