"""Passwords and pauses."""

import asyncio
import threading
from contextlib import suppress

import pytest

from autograder.base.errors import ConfigError, UsageError
from autograder.hub.people import passwords
from autograder.hub.people.hashing import Hashing, TooManyLogins
from autograder.hub.people.throttle import LoginThrottle, Throttle, TooManyFailures


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


def test_a_first_password_is_one_until_it_is_changed(tmp_path):
    """Given again, it is a first one again; the file as the hub sees it follows."""
    file = tmp_path / "passwords"
    seen = passwords.PasswordFile(file)
    assert not seen.hashes()
    passwords.make_first(file, ["a", "b"])
    assert all(known.first for known in seen.hashes().values())
    passwords.set_password(file, "a", "correct horse")
    assert not seen.hashes()["a"].first and seen.hashes()["b"].first
    made = passwords.make_first(file, ["a"], again=True)
    assert seen.hashes()["a"].first and passwords.matches(made["a"], seen.hashes()["a"])


def test_a_file_that_others_can_read_is_refused(tmp_path):
    """The error says which command puts it right."""
    file = tmp_path / "passwords"
    passwords.make_first(file, ["a"])
    file.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        passwords.read_hashes(file)


@pytest.mark.parametrize(
    "line", ["a", "a:scrypt:1:2", "a:scrypt:1:8:3:00:00:last", "a:md5:1:1:1:00:00", "a:scrypt:x:8:3:00:00"]
)
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
        _fail(throttle, "student-001", "192.0.2.1")
    with pytest.raises(TooManyFailures, match="Please wait"):
        throttle.begin("student-001", "192.0.2.1")
    assert throttle.begin("student-001", "192.0.2.2")[1] == 0


def test_many_names_from_one_address_are_slowed_and_not_locked_out():
    """A guesser gets one try a second; a classmate at the same address waits for some seconds."""
    throttle, now = _stopped()
    for number in range(60):
        _fail(throttle, f"student-{number:03}", "192.0.2.1")
    turns = [throttle.begin(f"other-{number:03}", "192.0.2.1")[1] for number in range(20)]
    assert turns == sorted(turns) and turns[-1] - turns[-2] == 1.0
    _, turn = throttle.begin("student-500", "192.0.2.1")
    assert 0 < turn <= throttle.address.patience
    now[0] += 3600 + throttle.address.patience
    assert throttle.begin("student-501", "192.0.2.1")[1] == 0


def test_a_line_that_is_too_long_is_refused_with_its_time():
    """Hundreds at once from one address do not wait for ever, and hold no memory."""
    throttle, _ = _stopped()
    for number in range(200):
        _fail(throttle, f"student-{number:03}", "192.0.2.1")
    with pytest.raises(TooManyFailures) as refused:
        throttle.begin("student-500", "192.0.2.1")
    assert 0 < refused.value.seconds <= 60


def test_a_name_that_many_addresses_guess_is_slowed_and_not_locked_out():
    """Spread over addresses, an outsider gets a try each ten seconds; its owner waits a minute at most."""
    throttle, _ = _stopped()
    for number in range(105):
        _fail(throttle, "student-001", f"198.51.100.{number}")
    _, turn = throttle.begin("student-001", "192.0.2.1")
    assert 0 < turn <= throttle.name.patience
    assert throttle.name.pause("student-001") <= 10


def test_a_known_browser_waits_for_its_own_failures_only():
    """Whatever others do from the same address or with the same name."""
    throttle = LoginThrottle()
    for _ in range(200):
        _fail(throttle, "student-001", "192.0.2.1")
    for _ in range(5):
        assert throttle.begin("student-001", "192.0.2.1", "browser")[1] == 0
    with pytest.raises(TooManyFailures):
        throttle.begin("student-001", "192.0.2.1", "browser")
    throttle.begin("student-001", "192.0.2.1", "another browser")


def test_attempts_at_the_same_time_are_not_free():
    """An attempt counts until it has succeeded; one that nobody looked at does not count."""
    throttle = LoginThrottle()
    attempts = [throttle.begin("student-001", "192.0.2.1")[0] for _ in range(5)]
    with pytest.raises(TooManyFailures):
        throttle.begin("student-001", "192.0.2.1")
    throttle.undecided(attempts[0])
    throttle.succeeded(throttle.begin("student-001", "192.0.2.1")[0])
    assert throttle.begin("student-001", "192.0.2.1")[1] == 0


@pytest.mark.parametrize("address", ["2001:db8::{:x}", "2001:db8:0:0:{:x}::1"])
def test_addresses_of_one_ipv6_network_are_one(address):
    """A /64 is what one customer has."""
    throttle = LoginThrottle()
    for number in range(5):
        _fail(throttle, "student-001", address.format(number))
    with pytest.raises(TooManyFailures):
        throttle.begin("student-001", address.format(77))


def test_old_failures_are_forgotten():
    """The table does not grow with every name that is tried."""
    now = [0.0]
    throttle = Throttle(clock=lambda: now[0], forget_after=10)
    for number in range(100):
        now[0] = float(number)
        throttle.failed(number)
    assert len(throttle._known) <= 12


def test_made_up_names_take_no_memory():
    """The table has a greatest size, and the oldest go first."""
    throttle = Throttle(most=1000)
    for number in range(3000):
        throttle.failed(number)
    assert len(throttle._known) == 1000 and throttle.count(2999) == 1 and throttle.count(1999) == 0


def test_few_hashes_run_at_once_and_few_wait():
    """Beside the event loop, which goes on; whoever comes when too many wait is refused."""
    let, running, most = threading.Event(), [], []

    def hash_it():
        running.append(1)
        most.append(len(running))
        let.wait(10)
        running.pop()

    async def flood():
        hashing = Hashing(threads=2, most=10, most_each=6)
        calls = [asyncio.ensure_future(hashing.run(f"student-{n % 2}", hash_it)) for n in range(30)]
        await asyncio.sleep(0.2)  # the loop is free meanwhile
        refused = sum(call.done() for call in calls)
        let.set()
        results = await asyncio.gather(*calls, return_exceptions=True)
        await hashing.run("student-0", hash_it)  # all places are free again
        return refused, results

    refused, results = asyncio.run(flood())
    assert refused == 20 and sum(isinstance(result, TooManyLogins) for result in results) == 20
    assert max(most) == 2


def _fail(throttle, name, address):
    with suppress(TooManyFailures):
        throttle.begin(name, address)


def _stopped():
    """Counters whose clock stands still."""
    now, throttle = [0.0], LoginThrottle()
    for counter in (throttle.pair, throttle.known, throttle.address, throttle.name):
        counter.clock = lambda: now[0]
    return throttle, now
