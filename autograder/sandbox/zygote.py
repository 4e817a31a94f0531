"""The judge's end of a zygote: starting it, opening rooms in it, ending it.

Theory of operation. The judge makes a socket pair, starts the zygote (in tier
``walled`` through bubblewrap) with one end, sends it its order and waits until it
is warm. For each submission it makes another pair, passes one end through the
zygote to the new room and talks to the room directly; for each test yet another,
passed through the room to the test process. Every wait has an end. Closing the
first socket ends the zygote and everything below it; if that takes too long,
process 1 of bubblewrap's namespace is killed through a pidfd. Whoever kills
bubblewrap while it makes a namespace leaves a process that waits for it for ever:
so we look after bubblewrap itself while we wait, and at the end nothing of its
process group is left. Whoever kills us then leaves bubblewrap to finish its work and
the zygote to see that nobody speaks to it.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from ..base.errors import SandboxFault
from ..course import Limits
from ..inside.process import control
from . import tiers
from .room import Room

_START = 120.0  # seconds until warm; importing torch on a loaded machine is slow
_END = 3.0
_LOOK = 0.05  # seconds between looks whether the first process is still there
_TOLD = 0.001  # seconds between looks at what bubblewrap has told
_MOST_RELEASES = 8  # that one zygote keeps; a class has one, and some older ones
_Heard = TypeVar("_Heard")


class Sandbox:
    """One warm process tree in one tier; a context manager. Not for use by two threads at once.

    Attributes:
        tier: "walled", "fenced" or "none".
        versions: of NumPy and torch as the zygote loaded them.
        memory_mib: ``rss`` and, where the kernel tells it, ``pss`` of the warm process.
    """

    def __init__(self, tier: str, limits: Limits, folder: Path) -> None:
        self.tier = tier
        self.limits = limits
        self.versions: dict[str, str] = {}
        self.memory_mib: dict[str, float] = {}
        self._folder = folder
        self._rooms = 0  # opened so far
        self._open: dict[int, Room] = {}
        self._taught: set[Any] = set()  # releases that the zygote has read
        self._init: int | None = None  # pidfd of process 1 inside bubblewrap

    @classmethod
    def start(
        cls,
        tier: str,
        runtime: str = "numpy",
        libraries: tuple[str, ...] = (),
        limits: Limits = Limits(),  # noqa: B008 - frozen
        inside: Path = tiers.INSIDE,
    ) -> Sandbox:
        """Start a zygote and wait until it is warm.

        Args:
            tier: one of ``TIERS``.
            runtime: "numpy" or "torch".
            libraries: further modules that student code may import.
            limits: of each test process.
            inside: the folder that runs beside the student's code.

        Raises:
            UsageError: there is no such tier, or not on this system.
            SandboxFault: the isolation could not be set up; nothing was started.
        """
        zygote = cls(tier, limits, Path(tempfile.mkdtemp(prefix="course-")))
        try:
            launch = tiers.launch(tier, runtime, libraries, zygote._folder, inside)
            zygote._launch(launch)
            zygote._order(launch, runtime, libraries)
        except BaseException:
            zygote.close()
            raise
        return zygote

    def open(self, program: dict[str, Any], files: Mapping[str, bytes] | None = None) -> Room:
        """Give one submission its own process tree and compile it there.

        Args:
            program: what ``inside.loading.compile_program`` takes; plain JSON. Its
                ``release`` (the released cells), if there, goes to the zygote instead, once for all rooms.
            files: the unit's released helper files by name; they lie in the working
                folder of the student's code.

        Raises:
            SandboxFault: a step of the isolation failed.
        """
        self._teach(program)
        program = {key: value for key, value in program.items() if key != "release"}
        self._rooms += 1
        ours, theirs = socket.socketpair()
        room = self._open[self._rooms] = Room(self, self._rooms, ours, self.limits)
        try:
            with theirs:
                control.send(
                    self._sock, {"do": "open", "room": self._rooms}, fds=[theirs.fileno()], seconds=_START
                )
            room.compile(program, files or {})
        except BaseException as error:
            room.close()
            if isinstance(error, OSError):
                raise SandboxFault(f"the zygote does not answer: {error}") from error
            raise
        return room

    def _teach(self, program: dict[str, Any]) -> None:
        """Let the zygote read the release that a program comes from, before the first of its rooms."""
        cells = program.get("release", ())
        key = (cells, tuple(program["libraries"]))
        if not cells or key in self._taught or len(self._taught) >= _MOST_RELEASES:
            return
        self._taught.add(key)
        lesson = {"cells": cells, "libraries": program["libraries"]}
        try:
            control.send(self._sock, {"do": "learn", **lesson}, seconds=_START)
        except OSError as error:
            raise SandboxFault(f"the zygote does not answer: {error}") from error

    def release(self, number: int, kill: bool) -> None:
        """Tell the zygote that a room was closed, so that it is reaped."""
        self._open.pop(number, None)
        with contextlib.suppress(OSError):  # a zygote that is gone has no rooms
            control.send(self._sock, {"do": "close", "room": number, "kill": kill}, seconds=_END)
        shutil.rmtree(self._folder / "scratch" / f"room-{number}", ignore_errors=True)

    def close(self) -> None:
        """End the zygote and everything below it."""
        for room in list(self._open.values()):
            room.close()
        if hasattr(self, "_sock"):
            self._sock.close()
            self._wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _launch(self, launch: tiers.Launch) -> None:
        self._sock, theirs = socket.socketpair()
        self._log = (self._folder / "stderr").open("w+b")
        with theirs, _info(self.tier) as info:
            words = {"{sock}": theirs.fileno()} | ({} if info is None else {"{info}": info})
            self._program = subprocess.Popen(
                [str(words.get(word, word)) for word in launch.command],
                env=launch.environment,
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                cwd="/",
                pass_fds=tuple(words.values()),
                start_new_session=True,
            )
            theirs.close()  # or we wait for an answer of our own end
            if info is not None:
                self._meet(info)

    def _meet(self, info: int) -> None:
        """Take hold of process 1 of the namespace as soon as bubblewrap has told its number."""
        said = self._await(lambda: self._whole(info))
        with contextlib.suppress(OSError):  # it has ended already, and said why
            self._init = os.pidfd_open(json.loads(said)["child-pid"])

    def _whole(self, info: int) -> bytes:
        """What bubblewrap has said, once it has said all; else nothing, after a little or its end."""
        said = os.pread(info, 4096, 0)
        if said.rstrip().endswith(b"}"):
            return said
        select.select([self._sock], [], [], _TOLD)  # the zygote says nothing yet, but its end is heard
        return b""

    def _await(self, heard: Callable[[], _Heard]) -> _Heard:
        """Ask until something is heard; ``heard`` waits a little itself.

        Raises:
            SandboxFault: the first process ended before that, or it took too long.
        """
        end = time.monotonic() + _START
        while not (found := heard()):
            over = self._program.poll() is not None
            if over and not (found := heard()):
                raise SandboxFault(self._why(f"its first process ended with {self._program.returncode}"))
            if time.monotonic() > end:
                raise SandboxFault(self._why(f"nothing was heard for {_START:.0f} s"))
        return found

    def _order(self, launch: tiers.Launch, runtime: str, libraries: tuple[str, ...]) -> None:
        order = {
            "tier": self.tier,
            "uid": launch.uid,
            "runtime": runtime,
            "libraries": libraries,
            "limits": asdict(self.limits),
            "caps": {"reply_bytes": self.limits.reply_mib << 20, "handles": self.limits.handles},
            "readable": launch.readable,
            "scratch": launch.scratch,
        }
        try:
            control.send(self._sock, order, seconds=_END)
            self._await(lambda: select.select([self._sock], [], [], _LOOK)[0])
            message = control.receive(self._sock, _START, most_fds=0)
        except OSError as error:
            raise SandboxFault(self._why(str(error))) from error
        if message is None or "warm" not in message.header:
            raise SandboxFault(self._why(message.header["fault"] if message else ""))
        self.versions = message.header["warm"]
        self.memory_mib = {name: kib / 1024 for name, kib in message.header["memory_kib"].items()}

    def log(self) -> str:
        """The end of what the zygote and its rooms wrote to standard error; for operators."""
        self._log.seek(0)
        return self._log.read().decode("utf-8", "replace").strip()[-600:]

    def _why(self, reason: str) -> str:
        told = "; ".join(part for part in (reason, self.log()) if part)
        return f"the isolation tier {self.tier!r} could not be set up: {told}. See 'course doctor'."

    def _wait(self) -> None:
        if not hasattr(self, "_program"):
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._program.wait(_END)
        self._kill()
        self._log.close()

    def _kill(self) -> None:
        """End whoever is left: nobody, unless somebody else ended the first process, or it was too slow."""
        if self._init is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._init, signal.SIGKILL)
            os.close(self._init)
            self._init = None
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._program.pid, signal.SIGKILL)
        self._program.wait()


@contextlib.contextmanager
def _info(tier: str) -> Iterator[int | None]:
    """A file in memory for what bubblewrap says of its namespace; None in the tiers without it.

    Not a pipe: once we were killed it has no reader, and bubblewrap would end while it
    writes to it, before it tells the process that it has made to go on.
    """
    if tier != "walled":
        yield None
        return
    file = os.memfd_create("info")
    try:
        yield file
    finally:
        os.close(file)
