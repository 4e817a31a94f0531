"""Failed logins wait, and nobody can make others wait for long.

Terms:
    known browser  it logged in as that name before, and has the cookie that says so (known_browser.py)
    stranger       any other: perhaps an outsider who guesses, perhaps a student at a new computer

A stranger's attempt passes three counters. The pair of name and address refuses for a while after some
failures, so that one person who guesses one name gets nowhere. The address and the name slow only: above
their allowance attempts are let through one after the other, each after its turn came, which is
bounded (``patience``). So neither many names nor many addresses help much, and a class behind one address,
or a name that an outsider tries to lock out, is slowed by seconds. A known browser passes none of these; it
waits for its own failures alone.

An attempt counts as failed from the moment when it is let in until it succeeded, so that many at the same
time are not free. Each table has a greatest size, so that made-up names and addresses take no memory.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from ...base.forwarded import neighbourhood

LOG = logging.getLogger("course.login")


class TooManyFailures(Exception):
    """An attempt that is not let in now."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Too many failed logins. Please wait {math.ceil(seconds)} seconds.")
        self.seconds = seconds


@dataclass
class _Failures:
    count: int = 0
    last: float = 0.0  # when the last one was
    turn: float = 0.0  # when the next attempt may be let in, of a counter that slows


@dataclass
class Counter:
    """Failures per key, in the order of the last one; the oldest are forgotten."""

    free: int = 5  # failures without consequence
    first_pause: float = 2.0  # seconds; each further failure doubles it
    longest_pause: float = 60.0  # seconds
    forget_after: float = 3600.0  # seconds without a failure
    most: int = 20_000  # keys
    clock: Callable[[], float] = time.monotonic
    _known: dict[Hashable, _Failures] = field(default_factory=dict)

    def count(self, key: Hashable) -> int:
        """How many failures are remembered."""
        failures = self._known.get(key)
        return failures.count if failures else 0

    def failed(self, key: Hashable) -> None:
        """Note a failure."""
        failures = self._known.pop(key, None) or _Failures()
        failures.count += 1
        failures.last = self.clock()
        self._known[key] = failures  # at the end: the table stays in order
        self._clean()

    def begin_pause(self, key: Hashable) -> None:
        """The pause begins now, when who failed is told so."""
        if key in self._known:
            self._known[key].last = self.clock()

    def forgive(self, key: Hashable) -> None:
        """Take one failure back."""
        failures = self._known.get(key)
        if failures is not None:
            failures.count = max(0, failures.count - 1)

    def succeeded(self, key: Hashable) -> None:
        """A success ends the pause."""
        self._known.pop(key, None)

    def pause(self, key: Hashable) -> float:
        """Seconds between two attempts, after as many failures."""
        above = self.count(key) - self.free
        return 0.0 if above < 0 else min(self.first_pause * 2.0 ** min(above, 30), self.longest_pause)

    def _clean(self) -> None:
        old = self.clock() - self.forget_after
        while self._known:
            oldest = next(iter(self._known))
            if len(self._known) <= self.most and self._known[oldest].last >= old:
                return
            del self._known[oldest]


class Throttle(Counter):
    """Refuses for the pause after the last failure."""

    def wait(self, key: Hashable) -> float:
        """Seconds until the next try is let through; 0 where it is now."""
        pause = self.pause(key)
        return max(0.0, self._known[key].last + pause - self.clock()) if pause else 0.0


@dataclass
class Lane(Counter):
    """Lets attempts through one after the other, with the pause between them."""

    patience: float = 30.0  # seconds that an attempt waits at most

    def wait(self, key: Hashable) -> float:
        """Seconds until the next free turn."""
        return max(0.0, self._known[key].turn - self.clock()) if self.pause(key) else 0.0

    def take(self, key: Hashable) -> None:
        """Take that turn."""
        pause = self.pause(key)
        if pause:
            failures = self._known[key]
            failures.turn = max(self.clock(), failures.turn) + pause


@dataclass(frozen=True)
class LoginAttempt:
    """One attempt to log in: a name, a neighbourhood of addresses, and the browser where it is known."""

    name: str
    near: str
    browser: str | None = None

    @property
    def pair(self) -> Hashable:
        """What its own failures are counted by."""
        return self.name, self.browser or self.near


@dataclass
class LoginThrottle:
    """The counters of a login."""

    pair: Throttle = field(default_factory=Throttle)
    known: Throttle = field(default_factory=Throttle)
    address: Lane = field(default_factory=lambda: Lane(free=50, first_pause=0.25, longest_pause=1.0))
    name: Lane = field(
        default_factory=lambda: Lane(free=100, first_pause=0.25, longest_pause=10.0, patience=60.0)
    )

    def begin(self, name: str, address: str, browser: str | None = None) -> tuple[LoginAttempt, float]:
        """Let an attempt in: the attempt, and the seconds until its turn.

        Raises:
            TooManyFailures: it is not let in.
        """
        attempt = LoginAttempt(name, neighbourhood(address), browser)
        own = self.known if browser else self.pair
        wait = own.wait(attempt.pair)
        lanes = [] if browser else [(self.address, attempt.near), (self.name, attempt.name)]
        turns = [lane.wait(key) for lane, key in lanes]
        for (lane, _), turn in zip(lanes, turns, strict=True):
            wait = max(wait, turn - lane.patience)
        if wait > 0:
            raise TooManyFailures(wait)
        for lane, key in lanes:
            lane.take(key)
            lane.failed(key)
        own.failed(attempt.pair)
        self._tell(attempt)
        return attempt, max(turns, default=0.0)

    def succeeded(self, attempt: LoginAttempt) -> None:
        """The password was right; earlier failures from there stay, as the account may be the guesser's."""
        (self.known if attempt.browser else self.pair).succeeded(attempt.pair)
        self._take_back(attempt)

    def failed(self, attempt: LoginAttempt) -> None:
        """The password was wrong; it was counted already."""
        (self.known if attempt.browser else self.pair).begin_pause(attempt.pair)

    def undecided(self, attempt: LoginAttempt) -> None:
        """Nobody looked at the password."""
        (self.known if attempt.browser else self.pair).forgive(attempt.pair)
        self._take_back(attempt)

    def _take_back(self, attempt: LoginAttempt) -> None:
        if not attempt.browser:
            self.address.forgive(attempt.near)
            self.name.forgive(attempt.name)

    def _tell(self, attempt: LoginAttempt) -> None:
        """Say in the log that somebody guesses, each time that their failures have doubled."""
        if attempt.browser:
            return
        for lane, key, what in ((self.address, attempt.near, "from"), (self.name, attempt.name, "as")):
            failures = lane.count(key) - 1  # this attempt is not decided
            if (
                failures >= lane.free
                and (failures // lane.free).bit_count() == 1
                and not failures % lane.free
            ):
                LOG.warning("%d failed logins %s %r: further ones are slowed", failures, what, key)
