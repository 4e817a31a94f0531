"""One submission in a zygote, as the judge holds it."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import tempfile
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..base.errors import SandboxFault
from ..course import Limits
from ..inside.process import control
from ..inside.process.control import Message
from ..results.result import Verdict
from .endings import At, Ending, judge, statement
from .process import Process

if TYPE_CHECKING:
    from .zygote import Sandbox

_FIRST_MODE = "slice"  # how nearly every submission is loaded first
_SOON = 10.0  # seconds for what takes milliseconds, on a machine under load


class Room:
    """A compiled submission from which fresh test processes are started.

    Attributes:
        compiled: the report of ``inside.loading.compile_program``.
        ending: None, or how compiling the submission ended it; then every process is
            one that has ended in the same way.
    """

    def __init__(self, zygote: Sandbox, number: int, sock: socket.socket, limits: Limits) -> None:
        self.compiled: dict[str, Any] = {}
        self.ending: Ending | None = None
        self.limits = limits
        self._zygote = zygote
        self._number = number
        self._sock = sock
        self._spawned = 0
        self._first: Process | None = None  # started with the room, not yet asked for
        self._hung = False
        self._processes: list[Process] = []

    def compile(self, program: dict[str, Any], files: Mapping[str, bytes]) -> None:
        """Send the submission, and wait until it is compiled and its first process is confined.

        Raises:
            SandboxFault: a step of the isolation failed.
        """
        self._first, theirs = self._process()
        header = {
            "program": program,
            "files": [(name, len(data)) for name, data in files.items()],
            "number": self._spawned,
            "mode": _FIRST_MODE,
            "view": 0,
            "without": [],
        }
        patience = self.limits.load_seconds
        with theirs, contextlib.suppress(BrokenPipeError, ConnectionResetError):
            fds = theirs.fileno(), self._first.output
            control.send(self._sock, header, b"".join(files.values()), fds, seconds=patience)
        if (ready := self._heard(_SOON)) is None or "ready" not in ready.header:
            raise SandboxFault(self._why(ready, "a process for a submission could not be started"))
        try:
            self._settle(self._heard(patience))
        except TimeoutError:
            self._hung = True
            self.ending = Ending(Verdict.TIMEOUT, "the source could not be compiled within the time allowed")

    def spawn(self, mode: str = _FIRST_MODE, without: Iterable[int] = (), view: int = 0) -> Process:
        """A fresh process that loads the submission.

        Args:
            mode: "slice" for definitions and what they need, "whole" for every cell.
            without: places of statements that are left out.
            view: of those that ``compiled`` names, where names mean what they did at a task's check.

        Raises:
            SandboxFault: a step of the isolation failed, or the room is gone.
        """
        places = sorted(without)
        if self._first is not None and view == 0:
            first, self._first = self._first, None
            if mode == _FIRST_MODE and not places:
                return first
            first.close()
        process, theirs = self._process()
        with theirs:
            if self.ending is None:
                order = {"do": "spawn", "mode": mode, "view": view, "without": places}
                self._start(order, theirs.fileno(), process.output)
        return process

    def _process(self) -> tuple[Process, socket.socket]:
        """A process that is yet to be started, and its end of the connection."""
        self._spawned += 1
        ours, theirs = socket.socketpair()
        process = Process(self, self._spawned, ours, _open_output())
        self._processes.append(process)
        return process, theirs

    def end(self, number: int, grace: float, timed_out: bool, printed: str) -> Ending:
        """End one process and say how it did; a fault of ours is BROKEN."""
        if self.ending is not None:
            return self.ending
        try:
            message = self._ask({"do": "end", "number": number, "grace": grace}, grace + _SOON)
            if message.header.get("ended") != number:
                raise SandboxFault(self._why(message, "a process could not be ended"))
        except SandboxFault as fault:
            return Ending(Verdict.BROKEN, str(fault))
        return judge(message.header, self.limits, printed[-4096:], timed_out)

    def look(self, number: int) -> tuple[At | None, float]:
        """Which statement of the notebook a process is loading, and for how many seconds; its own claim.

        Raises:
            SandboxFault: the room is gone.
        """
        if self.ending is not None:
            return None, 0.0
        message = self._ask({"do": "look", "number": number}, _SOON)
        if message.header.get("looked") != number:
            raise SandboxFault(self._why(message, "a process could not be looked at"))
        return statement(message.header["at"]), float(message.header["seconds"])

    def drop(self, number: int) -> None:
        """Kill one process; nobody waits for it."""
        if self.ending is None:
            try:
                control.send(self._sock, {"do": "drop", "number": number}, seconds=_SOON)
            except OSError:
                self._hung = True  # closing the room kills what is left

    def close(self) -> None:
        """Kill everything in the room."""
        if self._sock.fileno() >= 0:
            self._sock.close()
            for process in self._processes:
                process.release()
            self._zygote.release(self._number, kill=self._hung)

    def __enter__(self) -> Room:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _settle(self, message: Message | None) -> None:
        if message is None:
            raise SandboxFault(self._why(message, "the process of a submission is gone"))
        if "ended" in message.header:
            if judge(message.header, self.limits, "", timed_out=False).killed:
                raise SandboxFault(self._why(message, "the process that compiled a submission was killed"))
            self.ending = Ending(Verdict.CRASHED, "reading the source ended the process that compiled it")
        elif "refused" in message.header:
            self.ending = Ending(
                Verdict.CRASHED, f"the source could not be compiled: {message.header['refused']}"
            )
        elif "compiled" in message.header:
            self.compiled = message.header["compiled"]
            self._check_spawned(message)
        else:
            raise SandboxFault(self._why(message, "the submission could not be compiled"))

    def _start(self, order: dict[str, Any], sock: int, output: int) -> None:
        message = self._ask({**order, "number": self._spawned}, _SOON, (sock, output))
        if (
            "full" in message.header
        ):  # the first process found room, and nobody but the submission wrote since
            self.ending = Ending(Verdict.CRASHED, f"the code filled its folder ({message.header['full']})")
            return
        self._check_spawned(message)

    def _check_spawned(self, message: Message) -> None:
        if message.header.get("spawned") != self._spawned or message.header["fault"] is not None:
            raise SandboxFault(self._why(message, "a test process could not be confined"))

    def _ask(self, header: dict[str, Any], seconds: float, fds: tuple[int, ...] = ()) -> Message:
        try:
            control.send(self._sock, header, fds=fds, seconds=seconds)
            message = self._receive(seconds)
        except OSError as error:
            self._hung = True
            raise SandboxFault(f"the process of a submission does not answer: {error}") from error
        if message is None:
            raise SandboxFault(f"the process of a submission is gone. {self._zygote.log()}")
        return message

    def _receive(self, seconds: float) -> Message | None:
        return control.receive(self._sock, seconds, most_fds=0)

    def _heard(self, seconds: float) -> Message | None:
        """The next message; None where the other side is gone."""
        try:
            return self._receive(seconds)
        except ConnectionResetError:
            return None

    def _why(self, message: Message | None, what: str) -> str:
        reason = message.header.get("fault", "an answer out of turn") if message else "it ended at once"
        return f"{what} in tier {self._zygote.tier!r}: {reason}. See 'course doctor'."


def _open_output() -> int:
    """An empty file without a name."""
    if sys.platform == "linux":
        return os.memfd_create("output")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
