"""Many at once: threads on SQLite and on PostgreSQL."""

import threading
from dataclasses import replace

import pytest

from autograder.exchange.service.refusals import Refused
from autograder.exchange.store import attempts, graded, queue
from autograder.exchange.store.database import ExchangeDatabase
from autograder.exchange.store.hints import level, pay, spent
from autograder.exchange.store.late_days import Agreed, late_days, spend
from autograder.exchange.store.uploads import File, Upload
from autograder.marks import attempts as facts
from autograder.marks import read_dates
from autograder.marks.exceptions import late_days_spent, of_student
from autograder.results.result import Check, Result, Verdict, totals
from tests.postgres import postgres  # noqa: F401 - a fixture

from .facts import configure
from .test_parts import TOKENS


@pytest.fixture(params=["sqlite", "postgresql"])
def shared(request, desk):
    """A desk whose database several threads use."""
    if request.param == "sqlite":
        yield desk
        return
    database = ExchangeDatabase(request.getfixturevalue("postgres").fresh())
    yield replace(desk, database=database)
    database.close()


def _at_once(jobs):
    """Run functions in threads of their own; their errors are raised here."""
    errors = []

    def run(job):
        try:
            job()
        except Exception as error:  # handed to the caller below
            errors.append(error)

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def test_nothing_is_lost_or_doubled_at_once(shared):
    """Eight clients hand in twenty times each, two of them the same requests; six workers grade all."""
    unit, upload = shared.course.units[0], Upload((File("softmax.ipynb", b"{}"),))

    def client(number):
        student = "student-001" if number < 4 else f"student-{number:03d}"
        for turn in range(20):
            key = f"same-{turn}" if number < 2 else None
            attempts.accept(shared, unit, student, replace(upload, key=key))

    _at_once([lambda number=number: client(number) for number in range(8)])
    with shared.database.read() as connection:
        made = facts.of_unit(connection, "softmax")
        assert len(made) == queue.length(connection) == 140
    assert [one.number for one in made if one.student == "student-001"] == list(range(1, 61))

    ended = []
    _at_once([lambda name=f"w{n}": _work(shared, name, ended) for n in range(6)])
    assert len(ended) == len(set(ended)) == 140


def _work(shared, name, ended):
    check = Check("a", "softmax_forward", "x", 1.0, 1.0, Verdict.PASSED, reason="\ud800 \0")
    while True:
        with shared.database.write() as connection:
            entry = queue.take(connection, name, 100.0, 20.0, 3)
        if entry is None:
            return
        with shared.database.write() as connection:
            attempt = attempts.find(connection, entry.attempt)
            result = Result("softmax", attempt.student, checks=(check,), **totals((check,)))
            if graded.finish(connection, entry, attempt, result, "2027"):
                ended.append(entry.attempt)


def test_a_token_is_spent_once_at_once(shared):
    """Ten requests for ten explanations with two tokens open two."""
    refused = []

    def client(number):
        try:
            with shared.database.write() as connection:
                pay(connection, TOKENS, "softmax", "student-001", f"about-{number}", 1.0)
        except Refused:
            refused.append(number)

    _at_once([lambda number=number: client(number) for number in range(10)])
    with shared.database.read() as connection:
        paid = spent(connection, "softmax", "student-001")
    assert (len(paid), len(refused), level(TOKENS, paid.values(), 1.0).whole) == (2, 8, 0)


def test_a_late_day_is_spent_once_at_once(shared):
    """Ten clicks at once on one form spend one; ten wishes without a form spend what the budget has."""
    course = configure(shared, course="late_days=3")
    unit, refused = course.units[0], []
    with shared.database.read() as connection:
        now = late_days(read_dates(connection, course, unit), "student-001", 0, shared.now())

    def client(student, agreed):
        try:
            spend(shared, unit, student, agreed, student)
        except Refused:
            refused.append(student)

    form = Agreed(until=now.until.isoformat())
    _at_once([lambda: client("student-001", form) for _ in range(10)])
    _at_once([lambda: client("student-002", Agreed()) for _ in range(10)])
    with shared.database.read() as connection:
        spent = {
            name: late_days_spent(of_student(connection, name), name)
            for name in ("student-001", "student-002")
        }
    assert (spent, refused) == ({"student-001": 1, "student-002": 3}, ["student-002"] * 7)


def test_what_is_read_together_fits_together(shared):
    """Whoever reads sees one state, also where somebody writes between two looks."""
    unit, upload = shared.course.units[0], Upload((File("softmax.ipynb", b"{}"),))
    with shared.database.read() as connection:
        assert queue.length(connection) == 0
        attempts.accept(shared, unit, "student-001", upload)
        assert queue.length(connection) == 0
    with shared.database.read() as connection:
        assert queue.length(connection) == 1
