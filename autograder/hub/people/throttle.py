"""Failed logins wait: each further failure doubles the pause, success ends it.

Counted per name with address, so that nobody can lock a student out from elsewhere,
and per address and per name with a higher allowance, so that neither many names nor
many addresses help.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field


@dataclass
class _Failures:
    count: int = 0
    last: float = 0.0


@dataclass
class Throttle:
    """Counts failures per key; owned by one authenticator."""

    free: int = 5  # failures before the first pause
    first_pause: float = 2.0  # seconds
    longest_pause: float = 900.0  # seconds
    forget_after: float = 3600.0  # seconds without a failure
    clock: Callable[[], float] = time.monotonic
    _known: dict[Hashable, _Failures] = field(default_factory=dict)

    def wait(self, key: Hashable) -> float:
        """Seconds until the next try is let through; 0 where it is now."""
        failures = self._known.get(key)
        if failures is None or failures.count < self.free:
            return 0.0
        pause = min(self.first_pause * 2.0 ** min(failures.count - self.free, 30), self.longest_pause)
        return max(0.0, failures.last + pause - self.clock())

    def failed(self, key: Hashable) -> None:
        """Note a failure."""
        self._clean()
        failures = self._known.setdefault(key, _Failures())
        failures.count += 1
        failures.last = self.clock()

    def succeeded(self, key: Hashable) -> None:
        """A success ends the pause."""
        self._known.pop(key, None)

    def _clean(self) -> None:
        """Keep the table small, whatever names are tried."""
        old = self.clock() - self.forget_after
        for key in [key for key, failures in self._known.items() if failures.last < old]:
            del self._known[key]


@dataclass
class LoginThrottle:
    """The three counters of a login."""

    pair: Throttle = field(default_factory=Throttle)
    address: Throttle = field(default_factory=lambda: Throttle(free=50))
    name: Throttle = field(default_factory=lambda: Throttle(free=100, longest_pause=60.0))

    def wait(self, name: str, address: str) -> float:
        """Seconds until this name may try again from this address."""
        return max(self.pair.wait((name, address)), self.address.wait(address), self.name.wait(name))

    def failed(self, name: str, address: str) -> None:
        """Note a failed login."""
        self.pair.failed((name, address))
        self.address.failed(address)
        self.name.failed(name)

    def succeeded(self, name: str, address: str) -> None:
        """Note a login; the address keeps its count, since one account may be the attacker's own."""
        self.pair.succeeded((name, address))
