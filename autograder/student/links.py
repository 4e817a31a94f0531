"""Two ways to reach a host: over a socket, or in this process.

Both take a header with buffers, hand call-backs to ``on_callback``, and return the
final reply. The loopback link copies every buffer, so that values pass by value there too.
"""

from __future__ import annotations

import math
import select
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ..inside import wire
from ..inside.host import Host
from .claims.texts import StudentText

Frame = tuple[dict[str, Any], list[Any]]
Reply = tuple[dict[str, Any], list[memoryview]]
OnCallback = Callable[[dict[str, Any], list[memoryview]], Frame]


class Link(Protocol):
    """A way to a host."""

    def request(
        self, header: dict[str, Any], buffers: list[Any], deadline: float, on_callback: OnCallback
    ) -> tuple[dict[str, Any], list[memoryview]]:
        """Send a request and return its final reply.

        Raises:
            TimeoutError, EOFError, OSError, wire.WireError: the process did not answer properly.
        """


@dataclass
class Allowance:
    """What a submission's replies may take all in all: they are kept until it is graded."""

    bytes: int
    deadline: float = math.inf  # of time.monotonic

    def spend(self, size: int) -> None:
        """Count one reply.

        Raises:
            wire.WireError: nothing is left.
        """
        self.bytes -= size
        if self.bytes < 0:
            raise wire.WireError("all replies together have more bytes than are allowed")


class SocketLink:
    """A host in another process."""

    def __init__(
        self,
        sock: Any,
        max_bytes: int,
        text: StudentText | None = None,
        allowance: Allowance | None = None,
    ) -> None:
        self._sock = sock
        self._max_bytes = max_bytes
        self._text = text
        self._allowance = allowance or Allowance(max_bytes)
        self._begins = False  # the next request is the first of a check

    def begin(self) -> bool:
        """Another check begins; False where the process is gone, or said something unasked."""
        self._begins = True
        return not select.select([self._sock], [], [], 0)[0]

    def request(
        self, header: dict[str, Any], buffers: list[Any], deadline: float, on_callback: OnCallback
    ) -> tuple[dict[str, Any], list[memoryview]]:
        """Send, answer call-backs, return the reply."""
        if self._begins:
            header, self._begins = {**header, "R": True}, False
        wire.send(self._sock, header, buffers, deadline)
        while True:
            frames = wire.Frames(self._sock, self._max_bytes)
            reply, parts = frames.receive(deadline)
            frames.end()
            self._allowance.spend(frames.size)
            if reply.get("k") != "callback":
                return (reply if self._text is None else self._text.believable(reply)), parts
            answer, out = on_callback(reply, parts)
            wire.send(self._sock, answer, out, deadline)

    def request_many(self, requests: Sequence[Frame], seconds: float) -> Iterator[Reply]:
        """Send the only requests of several checks in one frame; the reply to each, in order.

        Args:
            requests: headers with buffers; none of them lends anything.
            seconds: that may pass between two replies.

        Raises:
            TimeoutError, EOFError, OSError, wire.WireError: what was not yielded was not answered properly.
        """
        sources: dict[str, int] = {}  # what is shipped, each once
        asked = [[_numbered(header, sources), len(buffers)] for header, buffers in requests]
        header = {"k": "many", "requests": asked, "sources": list(sources)}
        every = [buffer for _, buffers in requests for buffer in buffers]
        wire.send(self._sock, header, every, time.monotonic() + seconds)
        left = len(requests)
        frames = wire.Frames(self._sock, self._max_bytes + wire.SMALL)
        while left:
            reply, parts = frames.receive(min(time.monotonic() + seconds, self._allowance.deadline))
            self._allowance.spend(frames.size)
            replies = _several(reply, parts)
            if not 0 < len(replies) <= left:
                raise wire.WireError(f"{len(replies)} replies to {left} requests")
            left -= len(replies)
            for answer, own in replies:
                yield (answer if self._text is None else self._text.believable(answer)), own
        frames.end()


def _numbered(header: dict[str, Any], sources: dict[str, int]) -> dict[str, Any]:
    """A request that names its source by number."""
    if "source" not in header:
        return header
    return {**header, "source": sources.setdefault(header["source"], len(sources))}


def _several(reply: dict[str, Any], parts: list[memoryview]) -> list[Reply]:
    """The replies in a frame ``some``.

    Raises:
        wire.WireError: it is none.
    """
    replies = reply.get("replies") if reply.get("k") == "some" else None
    if not isinstance(replies, list):
        raise wire.WireError(f"a frame of kind {reply.get('k')!r} where several replies were expected")
    found: list[Reply] = []
    first = 0
    for each in replies:
        whole = isinstance(each, list) and len(each) == 2 and isinstance(each[0], dict)
        if not whole or type(each[1]) is not int or each[1] < 0:
            raise wire.WireError("a malformed reply among several")
        found.append((each[0], parts[first : first + each[1]]))
        first += each[1]
    if first != len(parts):
        raise wire.WireError(f"several replies with {first} buffers; {len(parts)} came")
    return found


class LoopbackLink:
    """A host in this process, for code that is trusted: reference, mistakes, variants, mutants."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        self._host = Host(namespace, self._exchange, {})
        self._on_callback: OnCallback | None = None

    def request(
        self, header: dict[str, Any], buffers: list[Any], deadline: float, on_callback: OnCallback
    ) -> tuple[dict[str, Any], list[memoryview]]:
        """Answer in this process."""
        outer, self._on_callback = self._on_callback, on_callback
        try:
            reply, out = self._host.answer(header, _copies(buffers))
        finally:
            self._on_callback = outer
        return reply, _copies(out)

    def _exchange(
        self, header: dict[str, Any], buffers: list[Any]
    ) -> tuple[dict[str, Any], list[memoryview]]:
        assert self._on_callback is not None
        answer, out = self._on_callback(header, _copies(buffers))
        return answer, _copies(out)


def _copies(buffers: list[Any]) -> list[memoryview]:
    return [memoryview(bytearray(memoryview(buffer))) for buffer in buffers]
