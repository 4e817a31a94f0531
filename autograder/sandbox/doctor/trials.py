"""Running an escape in a tier, and without isolation as its control."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...inside import wire
from ..process import Process
from ..zygote import Sandbox
from .escapes import Escape

_SECONDS = 5.0


@dataclass(frozen=True)
class TriedEscape:
    """What came of one escape."""

    name: str
    says: str
    control: bool  # it succeeds without isolation
    escaped: bool  # it succeeds in the tier
    answer: str  # what it met in the tier

    @property
    def state(self) -> str:
        """ "held", "escaped", or "proves nothing" where it fails everywhere."""
        if self.escaped:
            return "escaped"
        return "held" if self.control else "proves nothing"


@dataclass(frozen=True)
class EscapeAnswer:
    """What a call of student code gave: a value, an exception, or an end of the process."""

    value: Any = None
    error: str = ""
    ended: str = ""

    def __str__(self) -> str:
        return self.error or self.ended or f"returned {self.value!r}"[:200]


def program(source: str, name: str = "attack") -> dict[str, Any]:
    """A notebook of one cell, as ``Sandbox.open`` takes it."""
    cells = [{"id": name, "task": name, "source": source, "index": 0}]
    return {"cells": cells, "tasks": {name: [name]}, "names": [name], "libraries": []}


def ask(
    process: Process, args: tuple[Any, ...], name: str = "attack", seconds: float = _SECONDS
) -> EscapeAnswer:
    """Call one function of the submission, with plain arguments."""
    deadline = time.monotonic() + seconds
    packer = wire.Packer()
    step = {"k": "call", "o": packer.pack(wire.NameRef(name)), "a": [packer.pack(a) for a in args]}
    script = {"n": 0, "s": [step], "b": [len(packer.buffers)]}
    request = {"k": "run", "scripts": [script], "sources": []}
    try:
        wire.receive(process.sock, 1 << 20, deadline)
        wire.send(process.sock, request, packer.buffers, deadline)
        frame, _buffers = wire.receive(process.sock, 1 << 26, deadline)
        reply = _only_reply(frame)
    except TimeoutError:
        return _ended(process, timed_out=True)
    except (EOFError, OSError, wire.WireError):
        return _ended(process, timed_out=False)
    if reply.get("k") == "value":
        return EscapeAnswer(value=reply.get("v"))
    return EscapeAnswer(error=f"{reply.get('class')}: {reply.get('message')}"[:200])


def _only_reply(frame: dict[str, Any]) -> dict[str, Any]:
    """The reply in a frame with one; what is asked here may well forge it."""
    try:
        ((reply, _count),) = frame["replies"]
    except (LookupError, TypeError, ValueError) as error:
        raise wire.WireError(f"no reply came: {error}") from error
    if not isinstance(reply, dict):
        raise wire.WireError("a reply that is none")
    return reply


def _ended(process: Process, timed_out: bool) -> EscapeAnswer:
    ending = process.finish(timed_out=timed_out)
    return EscapeAnswer(ended=f"{ending.verdict}: {ending.detail}")


def attempt(zygote: Sandbox, escape: Escape, target: dict[str, Any]) -> EscapeAnswer:
    """Hand in one escape and call it."""
    with zygote.open(program(escape.source)) as room, room.spawn() as process:
        return ask(process, (target,))


def trials(tier: Sandbox, control: Sandbox, escapes: Iterable[Escape]) -> Iterator[TriedEscape]:
    """Run each escape in ``control`` (tier "none") first, then in ``tier``."""
    with targets() as target:
        for escape in escapes:
            free = attempt(control, escape, target)
            held = attempt(tier, escape, target)
            yield TriedEscape(escape.name, escape.says, _true(free), _true(held), str(held))


def _true(answer: EscapeAnswer) -> bool:
    return answer.value not in (None, False, 0, "", [])


@contextlib.contextmanager
def targets() -> Iterator[dict[str, Any]]:
    """What the escapes are after: a secret file, a folder, listening sockets, this process."""
    token = secrets.token_hex(8)
    with tempfile.TemporaryDirectory(prefix="course-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        (folder / "secret").write_text(token)
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        for address in (str(folder / "socket"), f"\0{token}"):
            listening = stack.enter_context(socket.socket(socket.AF_UNIX))
            listening.bind(address)
            listening.listen(64)
        yield {
            "secret": str(folder / "secret"),
            "token": token,
            "folder": str(folder),
            "port": tcp.getsockname()[1],
            "unix": str(folder / "socket"),
            "abstract": token,
            "pid": os.getpid(),
        }
