"""Passwords and pauses."""

import pytest

from autograder.base.errors import ConfigError, UsageError
from autograder.hub.people import passwords
from autograder.hub.people.throttle import LoginThrottle, Throttle


def test_only_the_right_password_matches():
    """The same password hashed twice gives two hashes, and both know it."""
    one, two = (passwords.hash_password("correct horse") for _ in range(2))
    assert str(one) != str(two)
    assert passwords.matches("correct horse", one) and passwords.matches("correct horse", two)
    assert not passwords.matches("correct horsf", one) and not passwords.matches("", one)


def test_first_passwords_are_made_once(tmp_path):
    """Who has one keeps it; the file holds hashes only and is its owner's."""
    file = tmp_path / "passwords"
    made = passwords.make_first(file, ["a", "b"])
    assert passwords.make_first(file, ["a", "b", "c"]).keys() == {"c"}
    assert passwords.matches(made["a"], passwords.read_hashes(file)["a"])
    assert made["a"] not in file.read_text() and file.stat().st_mode & 0o777 == 0o600


def test_a_file_that_others_can_read_is_refused(tmp_path):
    """The error says which command puts it right."""
    file = tmp_path / "passwords"
    passwords.make_first(file, ["a"])
    file.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        passwords.read_hashes(file)


@pytest.mark.parametrize("line", ["a", "a:scrypt:1:2", "a:md5:1:1:1:00:00", "a:scrypt:x:8:3:00:00"])
def test_a_damaged_line_is_named(tmp_path, line):
    """With its number, and what to do."""
    file = tmp_path / "passwords"
    file.touch(0o600)
    file.write_text(line + "\n")
    with pytest.raises(ConfigError, match="line 1 is damaged"):
        passwords.read_hashes(file)


@pytest.mark.parametrize("weak", ["short", "x" * 300, "student-001!", "aaaaaaaaaaaa"])
def test_weak_passwords_are_refused(tmp_path, weak):
    """Too short, too long, one's own name, one letter."""
    with pytest.raises(UsageError):
        passwords.set_password(tmp_path / "passwords", "student-001", weak)


def test_pauses_double_and_end():
    """Five failures are free; then 2, 4, 8 seconds; a success ends it."""
    now = [0.0]
    throttle = Throttle(clock=lambda: now[0])
    waits = []
    for _ in range(8):
        throttle.failed("a")
        waits.append(throttle.wait("a"))
    assert waits == [0, 0, 0, 0, 2, 4, 8, 16]
    now[0] = 16.0
    assert throttle.wait("a") == 0
    throttle.succeeded("a")
    throttle.failed("a")
    assert throttle.wait("a") == 0


def test_failures_elsewhere_do_not_lock_a_student_out():
    """Twenty failures from one address leave the same name free at another."""
    throttle = LoginThrottle()
    for _ in range(20):
        throttle.failed("student-001", "192.0.2.1")
    assert throttle.wait("student-001", "192.0.2.1") > 0
    assert throttle.wait("student-001", "192.0.2.2") == 0


def test_many_names_from_one_address_have_to_wait():
    """Trying one password on all names does not get round the pauses."""
    throttle = LoginThrottle()
    for number in range(60):
        throttle.failed(f"student-{number:03}", "192.0.2.1")
    assert throttle.wait("student-500", "192.0.2.1") > 0


def test_old_failures_are_forgotten():
    """The table does not grow with every name that is tried."""
    now = [0.0]
    throttle = Throttle(clock=lambda: now[0], forget_after=10)
    for number in range(100):
        now[0] = float(number)
        throttle.failed(number)
    assert len(throttle._known) <= 12
