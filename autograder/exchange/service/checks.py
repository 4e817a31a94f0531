"""How often the hub is asked whose a token is, so that made-up ones do not keep it busy.

Answers are kept for a short time, the hub's no as well as its yes; of either a bounded number. A token that
the hub has known, or that stands in a cookie of ours, is nobody's invention: it is asked about at once. All
others wait for one another: one at a time of each address and a few of all, and one that the hub does not
know keeps its place a little longer. Real people's new tokens pass in the hub's own time.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from .identity import CACHE_SECONDS, Identity
from .refusals import Refused
from .room import Places

Model = dict[str, Any]
UNKNOWN_SECONDS = 60.0  # how long the hub's no is believed; no token is ever made that was refused before
KNOWN_BEFORE = 12 * 3600.0  # how long a token is one that the hub has known
MOST = 10_000  # answers of each kind that are kept
NEW_AT_ONCE = 4  # tokens that nobody knows, under way to the hub
MOST_WAITING = 200
OF_ADDRESS_WAITING = 20
PAUSE = 0.05  # seconds after a no: twenty guesses a second and address
WHAT = "requests with unknown tokens"


class Recent:
    """A bounded number of values, each for a time; the one that was put first goes first."""

    def __init__(self, seconds: float, most: int = MOST) -> None:
        self._seconds, self._most = seconds, most
        self._values: OrderedDict[str, tuple[float, Any]] = OrderedDict()

    def __contains__(self, name: str) -> bool:
        found = self._values.get(name)
        return found is not None and time.monotonic() - found[0] < self._seconds

    def __len__(self) -> int:
        return len(self._values)

    def get(self, name: str) -> Any:
        """The value, or None."""
        return self._values[name][1] if name in self else None

    def put(self, name: str, value: Any = True) -> None:
        """Keep a value from now on."""
        self._values.pop(name, None)
        self._values[name] = (time.monotonic(), value)
        while len(self._values) > self._most:
            self._values.popitem(last=False)

    def clear(self) -> None:
        """Forget all."""
        self._values.clear()


class TokenChecks:
    """Asks the hub, as often as it must be."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self.known, self.unknown = Recent(CACHE_SECONDS), Recent(UNKNOWN_SECONDS)
        self._before = Recent(KNOWN_BEFORE)
        self._one_of_each = Places(1, MOST_WAITING)
        self._of_address = Places(1, OF_ADDRESS_WAITING)
        self._new = Places(NEW_AT_ONCE, MOST_WAITING)

    async def model(self, token: str, address: str, vouched: bool = False) -> Model | None:
        """The hub's model of the token's owner, or None where it knows no such token.

        Args:
            token: from a request.
            address: where the request came from.
            vouched: it stood in a cookie that we have signed.

        Raises:
            Refused: the hub does not answer, or too many ask with tokens that it does not know.
        """
        name = hashlib.sha256(token.encode()).hexdigest()
        async with self._one_of_each.of(name):
            if name in self.known:
                kept: Model = self.known.get(name)
                return kept
            if name in self.unknown:
                return None
            if vouched or name in self._before:
                return await self._ask(name, token)
            async with self.stranger(address):
                found = await self._ask(name, token)
                if found is None:
                    await asyncio.sleep(PAUSE)
                return found

    @asynccontextmanager
    async def stranger(self, address: str) -> AsyncIterator[None]:
        """Have a place among those who bring the hub something that nobody knows.

        Raises:
            Refused: too many do.
        """
        async with self._of_address.of(address, WHAT), self._new.of("", WHAT):
            try:
                yield
            except Refused:
                await asyncio.sleep(PAUSE)
                raise

    async def _ask(self, name: str, token: str) -> Model | None:
        found = await self._identity.model(token)
        if found is None:
            self.unknown.put(name)
        else:
            self.known.put(name, found)
            self._before.put(name)
        return found
