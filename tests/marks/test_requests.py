"""What a student asks a person to look at again."""

from dataclasses import replace

import pytest

from autograder.marks import open_facts, requests
from autograder.marks.exceptions import Deed
from autograder.marks.requests import LookAgain
from tests.marks.world import DEED, NOW

ONE = LookAgain("a1", "relu", "student-001", "relu", "keeps the sign of zero", "Mine keeps it, see cell 3.")


@pytest.fixture
def database(course):
    with open_facts(course) as database:
        yield database


def test_a_request_is_made_once(database):
    """About one check of one attempt; another check, and another attempt, are others."""
    with database.write() as connection:
        first = requests.ask(connection, ONE, NOW)
        assert requests.ask(connection, replace(ONE, why="again"), NOW) is None
        assert requests.ask(connection, replace(ONE, check=""), NOW) not in (None, first)
        assert requests.ask(connection, replace(ONE, attempt="a2", unit="other"), NOW) not in (None, first)
    with database.read() as connection:
        assert [each.why for each in requests.of_attempt(connection, "a1")] == [ONE.why] * 2
        assert requests.how_many_wait(connection) == {"relu": 2, "other": 1}
        assert len(requests.waiting(connection, "relu", "student-001")) == 2
        assert requests.waiting(connection, student="student-002") == []


def test_the_first_answer_holds(database):
    """Of two people who answer at a time, the second is told."""
    with database.write() as connection:
        number = requests.ask(connection, ONE, NOW)
        assert requests.answer(connection, number, "You are right.", DEED)
        assert not requests.answer(connection, number, "No.", Deed("ta-2", NOW))
        found = requests.find(connection, number)
        assert (found.answer, found.answered_by, found.waits) == ("You are right.", "ta-1", False)
        assert requests.waiting(connection) == [] and requests.find(connection, number + 1) is None
