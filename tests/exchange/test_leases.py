"""A clock that is set back keeps no attempt waiting until it is as late again."""

from autograder.exchange.store import attempts, leases, queue
from autograder.exchange.store.uploads import File, Upload


def test_what_was_held_by_a_later_clock_is_free(desk):
    """A worker that was killed before the clock went back has left a lease of tomorrow."""
    for student in ("student-001", "student-002"):
        attempts.accept(desk, desk.course.units[0], student, Upload((File("softmax.ipynb", b"{}"),)))
    with desk.database.write() as connection:
        tomorrow = queue.take(connection, "gone", 100_000.0, 20.0, 3)
        just_now = queue.take(connection, "alive", 95.0, 20.0, 3)
    with desk.database.write() as connection:
        assert queue.take(connection, "next", 100.0, 20.0, 3) is None
        assert leases.free_later_ones(connection, 100.0, 20.0) == 1
        assert queue.take(connection, "next", 100.0, 20.0, 3).attempt == tomorrow.attempt
        assert queue.find(connection, just_now.attempt).worker == "alive"
