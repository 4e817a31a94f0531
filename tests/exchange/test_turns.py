"""Turns in the queue: many slow attempts of one student stand before nobody's first."""

from autograder.exchange.store import attempts, queue
from autograder.exchange.store.uploads import File, Upload
from tests.postgres import postgres  # noqa: F401 - a fixture

from .test_concurrency import shared  # noqa: F401 - a fixture: on SQLite and on PostgreSQL
from .test_pages import logged_in

UPLOAD = Upload((File("softmax.ipynb", b"{}"),))


def test_one_student_s_many_attempts_come_after_everybody_s_first(shared):  # noqa: F811
    """Fourteen of one student, then one each of five: these come right after the first of the fourteen."""
    many = [_hand_in(shared, "student-001") for _ in range(14)]
    others = [_hand_in(shared, f"student-00{number}") for number in range(2, 7)]
    assert _served(shared) == [many[0], *others, *many[1:]]


def test_of_one_student_one_attempt_is_graded_at_a_time(shared):  # noqa: F811
    """With two workers a student whose attempts are slow holds one of them; the other is everybody else's."""
    many = [_hand_in(shared, "student-001") for _ in range(3)]
    with shared.database.write() as connection:
        slow = queue.take(connection, "w1", 100.0, 20.0, 3)
        assert slow.attempt == many[0]
        assert queue.take(connection, "w2", 101.0, 20.0, 3) is None
    other = _hand_in(shared, "student-002")
    with shared.database.write() as connection:
        assert queue.take(connection, "w2", 102.0, 20.0, 3).attempt == other
        assert queue.end(connection, slow)
        assert queue.take(connection, "w1", 103.0, 20.0, 3).attempt == many[1]


def test_a_first_attempt_waits_for_first_attempts_only(shared):  # noqa: F811
    """Second attempts that were there before come after it; none of them is passed by a later second one."""
    names = [f"student-00{number}" for number in range(1, 5)]
    for name in names:
        _hand_in(shared, name)
    _served(shared)
    again = [_hand_in(shared, name) for name in names]
    first = _hand_in(shared, "student-009")
    last = _hand_in(shared, "student-009")
    assert _served(shared) == [first, *again, last]


def test_places_are_those_in_which_attempts_are_taken(shared):  # noqa: F811
    """What a student reads is the true number of attempts before, whoever handed in when."""
    made = [_hand_in(shared, f"student-00{number}") for number in (1, 1, 2, 1, 3, 2)]
    with shared.database.read() as connection:
        entries = {name: queue.find(connection, name) for name in made}
        places = {name: queue.ahead(connection, entry, 1.0) for name, entry in entries.items()}
    assert sorted(places, key=places.get) == _served(shared)
    assert sorted(places.values()) == list(range(6))


def test_what_is_being_graded_comes_before(shared):  # noqa: F811
    """Also where its turn was later: nobody is next in line while others are at work."""
    second = [_hand_in(shared, "student-001") for _ in range(2)][1]
    with shared.database.write() as connection:
        queue.end(connection, queue.take(connection, "w1", 100.0, 20.0, 3))
        assert queue.take(connection, "w1", 100.0, 20.0, 3).attempt == second
    first = _hand_in(shared, "student-002")
    with shared.database.read() as connection:
        assert queue.ahead(connection, queue.find(connection, first), 101.0) == 1


def test_the_page_says_why_an_attempt_waits(stage, desk):
    """For one's own other attempt, while that is graded; else its place, which may move back."""
    for _ in range(2):
        mine = _hand_in(desk, "student-001")
    with logged_in(stage, "student-001", "nbgrader-course") as browser:
        assert "Place </small>2<small> in line" in browser.get(f"attempts/{mine}").text
        assert "all students take turns" in browser.get(f"attempts/{mine}").text
        with desk.database.write() as connection:
            queue.take(connection, "w1", desk.seconds(), 20.0, 3)
        assert "After your other attempt" in browser.get(f"attempts/{mine}").text
        assert "Next in line" not in browser.get(f"attempts/{mine}").text


def test_an_entry_of_an_older_release_has_its_turn(desk):
    """It stands in no round, and comes before all that do."""
    from autograder.exchange.store.tables import TURNS

    old = _hand_in(desk, "student-001")
    with desk.database.write() as connection:
        connection.execute(TURNS.delete())
    new = _hand_in(desk, "student-002")
    assert _served(desk) == [old, new]


def _hand_in(desk, student):
    return attempts.accept(desk, desk.course.units[0], student, UPLOAD)[0].id


def _served(desk):
    """Attempts in the order in which one worker grades them."""
    order = []
    while True:
        with desk.database.write() as connection:
            entry = queue.take(connection, "w", 100.0, 20.0, 3)
            if entry is None:
                return order
            order.append(entry.attempt)
            queue.end(connection, entry)
