"""How much one person may have under way at a time, and how much all uploads together may take.

A person's requests beyond a few wait for one another, not for those of others, and others do not wait for
them. A request that is answered gives its place back, whatever became of it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from .refusals import Refused


@dataclass
class _Line:
    """Who is at one name's desk, and who waits."""

    free: int
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)


class Places:
    """So many at a time of each name; more wait, and too many of one name are refused."""

    def __init__(self, each: int, waiting: int) -> None:
        self._each, self._waiting = each, waiting
        self._lines: dict[str, _Line] = {}

    @asynccontextmanager
    async def of(self, name: str, what: str = "requests") -> AsyncIterator[None]:
        """Have a place for as long as this lasts.

        Raises:
            Refused: as many of that name wait as may.
        """
        line = self._lines.setdefault(name, _Line(self._each))
        if line.free > 0:
            line.free -= 1
        elif len(line.waiting) >= self._waiting:
            raise Refused(429, f"Too many {what} at once. Try again in 2 s.", retry_after=2)
        else:
            await self._wait(name, line)
        try:
            yield
        finally:
            self._leave(name, line)

    async def _wait(self, name: str, line: _Line) -> None:
        turn = asyncio.get_running_loop().create_future()
        line.waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # it was our turn already
                self._leave(name, line)
            else:
                line.waiting.remove(turn)
            raise

    def _leave(self, name: str, line: _Line) -> None:
        while line.waiting:
            turn = line.waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        line.free += 1
        if line.free == self._each:
            del self._lines[name]


class Space:
    """Bytes that uploads may take together; who comes first is let in first."""

    def __init__(self, whole: int) -> None:
        self._whole, self._free = whole, whole
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def of(self, size: int) -> AsyncIterator[None]:
        """Have so many bytes for as long as this lasts."""
        size = min(size, self._whole)
        if self._waiting or self._free < size:
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append((size, turn))
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._give_back(size)
                else:
                    self._waiting.remove((size, turn))
                    self._let_in()
                raise
        else:
            self._free -= size
        try:
            yield
        finally:
            self._give_back(size)

    def _give_back(self, size: int) -> None:
        self._free += size
        self._let_in()

    def _let_in(self) -> None:
        while self._waiting and self._waiting[0][0] <= self._free:
            size, turn = self._waiting.popleft()
            if not turn.done():
                self._free -= size
                turn.set_result(None)


class GivesBack:
    """Gives back what a request has taken, when it has been answered."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and give back."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        async with AsyncExitStack() as held:
            scope.setdefault("state", {})["held"] = held
            await self.app(scope, receive, send)


def held_by(request: Request) -> AsyncExitStack:
    """What a request has taken, and gives back when it has been answered."""
    held: AsyncExitStack = request.state.held
    return held
