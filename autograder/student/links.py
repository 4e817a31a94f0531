"""Two ways to reach a host: over a socket, or in this process.

Both take the scripts of one frame, hand call-backs to ``on_callback``, and yield one reply for each step.
The loopback link copies every buffer, so that values pass by value there too.
"""

from __future__ import annotations

import math
import os
import select
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ..inside import wire
from ..inside.host import Host
from .claims.texts import StudentText
from .scripts import Frame, Reply, Script, framed

ECHO_SECONDS = 5.0  # a process that has nothing to do answers at once
OnCallback = Callable[[dict[str, Any], list[memoryview]], Frame]


class Link(Protocol):
    """A way to a host."""

    def run(
        self, scripts: Sequence[Script], deadline: float, seconds: float, on_callback: OnCallback
    ) -> Iterator[Reply]:
        """Send the scripts in one frame; the reply to each of their steps, in order.

        Args:
            scripts: of one or several checks.
            deadline: of time.monotonic, for all of them.
            seconds: that may pass between two replies.
            on_callback: answers calls of what was lent.

        Raises:
            TimeoutError, EOFError, OSError, wire.WireError: what was not yielded was not answered properly.
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

    def settled(self) -> bool:
        """Whether the process is there, and nothing stands between what it was asked before and is asked now.

        What it wrote unasked may still be on its way: it comes before the echo.
        """
        if select.select([self._sock], [], [], 0)[0]:
            return False
        deadline = time.monotonic() + ECHO_SECONDS
        try:
            echo = self._ask_for_echo(deadline)
            reply, _ = wire.receive(self._sock, wire.SMALL, deadline)
        except (TimeoutError, EOFError, OSError, wire.WireError):
            return False
        return reply == echo

    def run(
        self, scripts: Sequence[Script], deadline: float, seconds: float, on_callback: OnCallback
    ) -> Iterator[Reply]:
        """Send, answer call-backs, yield the replies."""
        header, buffers = framed(scripts)
        wire.send(self._sock, header, buffers, min(deadline, time.monotonic() + seconds))
        frames = wire.Frames(self._sock, self._max_bytes + wire.SMALL)
        yield from self._replies(frames, sum(len(s.steps) for s in scripts), deadline, seconds, on_callback)
        frames.end()

    def run_frame(self, frame: bytes, steps: int, seconds: float) -> Iterator[Reply]:
        """The same for a frame whose bytes exist already, and which lends nothing.

        An echo is asked for in the same breath: nothing may stand between the last reply and it.
        """
        until = time.monotonic() + seconds
        wire.send_bytes(self._sock, frame, until)
        echo = self._ask_for_echo(until)
        frames = wire.Frames(self._sock, self._max_bytes + wire.SMALL)
        yield from self._replies(frames, steps, math.inf, seconds, _refuse)
        try:
            reply, _ = frames.receive(time.monotonic() + ECHO_SECONDS)
        except (TimeoutError, EOFError, OSError) as error:
            raise wire.WireError("no echo came") from error
        if reply != echo:
            raise wire.WireError("more came than was asked for")
        frames.end()

    def _ask_for_echo(self, deadline: float) -> dict[str, Any]:
        """What the host answers when it has done all that it was asked before."""
        echo = {"k": "echo", "word": os.urandom(8).hex()}
        wire.send(self._sock, dict(echo), [], deadline)
        return echo

    def _replies(
        self, frames: wire.Frames, left: int, deadline: float, seconds: float, on_callback: OnCallback
    ) -> Iterator[Reply]:
        """So many replies, with the call-backs between them answered."""
        while left:
            until = min(time.monotonic() + seconds, deadline, self._allowance.deadline)
            reply, parts = frames.receive(until)
            self._allowance.spend(frames.size)
            if reply.get("k") == "callback":
                frames.end()
                answer, out = on_callback(reply, parts)
                wire.send(self._sock, answer, out, until)
                continue
            several = _several(reply, parts)
            if not 0 < len(several) <= left:
                raise wire.WireError(f"{len(several)} replies to {left} steps")
            left -= len(several)
            for answer, own in several:
                yield (answer if self._text is None else self._text.believable(answer)), own


def _refuse(message: dict[str, Any], buffers: list[memoryview]) -> Frame:
    raise wire.WireError("a call of a function that was not lent")


def _several(reply: dict[str, Any], parts: list[memoryview]) -> list[Reply]:
    """The replies in a frame ``some``.

    Raises:
        wire.WireError: it is none.
    """
    replies = reply.get("replies") if reply.get("k") == "some" else None
    if not isinstance(replies, list):
        raise wire.WireError(f"a frame of kind {reply.get('k')!r} where replies were expected")
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

    def run(
        self, scripts: Sequence[Script], deadline: float, seconds: float, on_callback: OnCallback
    ) -> Iterator[Reply]:
        """Answer in this process."""
        header, buffers = framed(scripts)
        outer, self._on_callback = self._on_callback, on_callback
        try:
            for frame, out in _unwarned(self._host.answer(header, _copies(buffers))):
                yield from _several(frame, _copies(out))
        finally:
            self._on_callback = outer

    def end(self) -> None:
        """Take the functions away that the check put in the place of others."""
        self._host.end()

    def _exchange(
        self, header: dict[str, Any], buffers: list[Any]
    ) -> tuple[dict[str, Any], list[memoryview]]:
        assert self._on_callback is not None
        answer, out = self._on_callback(header, _copies(buffers))
        return answer, _copies(out)


def _unwarned(
    frames: Iterator[tuple[dict[str, Any], list[Any]]],
) -> Iterator[tuple[dict[str, Any], list[Any]]]:
    """The same frames: in a student's process neither warnings nor ``np.seterr`` of ours stop anything."""
    while True:
        with warnings.catch_warnings(), np.errstate(all="warn"):
            warnings.simplefilter("ignore")
            frame = next(frames, None)
        if frame is None:
            return
        yield frame


def _copies(buffers: list[Any]) -> list[memoryview]:
    return [memoryview(bytearray(memoryview(buffer))) for buffer in buffers]
