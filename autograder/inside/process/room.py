"""The process that belongs to one submission: it starts its tests.

Theory of operation. In tier ``walled`` this process is number 1 of a process
namespace: when it ends, the kernel ends everything in it. It never executes the
student's source, so what it says about its children (how they ended, how much they
used) can be believed. It owns every process number that it reports: a child stays a
zombie until its end was asked for, so that no number is used twice.

Each test is a fresh fork: it takes its socket and its output, closes everything
else, is confined, says "confined" on a pipe that student code never sees, and only
then loads the submission. If a step fails it says why on that pipe and ends.

The first test compiles the source itself, before it is confined, and says on the pipe how
that went: most submissions need one test process, and what it has read needs no
copying then. A second test is forked from a room that has compiled it as well.

While it loads, a test announces each statement of the notebook on a page of memory
that it shares with this process, so that a statement that never ends, or ends the
process, can be named and left out of the next. Student code can write to that page.
It gains nothing: all that a lie does is to leave out a statement of its own notebook,
which it could have been submitted without, or to make the judge wait as long as it
does for any notebook.

The judge sends the submission with socket and output of its first test, and then
commands: ``spawn`` (socket and output follow), ``look`` (what it is
executing, and for how long), ``end`` (kill if it does not end by itself in time, and
say how it ended), ``drop`` (kill, say nothing). End of the connection: kill
everything and end.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NoReturn

from .. import host
from ..program import loading, pieces
from ..program.readings import Given
from . import confine, control, output
from .control import Message
from .place import LoadingPlace

FAULTS_OF_THE_SOURCE = (MemoryError, RecursionError, SyntaxError, ValueError, OverflowError)
_SOCKET = 3  # where a test process finds its connection to the judge
_PIPE = 4  # where it says that it is confined, or why not; closed before it loads anything
_NAMES = 200  # of those that a statement binds, as many are told
_ENDS = 1.0  # seconds that a process which has closed its pipe may need to be gone
_CLEAR = 10  # descriptors from here on are in nobody's way


@dataclass(frozen=True)
class Setting:
    """What a zygote tells each of its rooms."""

    tier: str
    limits: dict[str, Any]
    caps: dict[str, Any]  # of the host: bytes of a reply, handles
    confinement: confine.Confinement | None  # None in tier "none"


@dataclass(frozen=True)
class TestProcess:
    """A test process."""

    pid: int
    progress: LoadingPlace


class RoomServer:
    """One submission and its running tests."""

    def __init__(self, sock: socket.socket, setting: Setting, scratch: str, given: Given) -> None:
        self.sock = sock
        self.setting = setting
        self.scratch = scratch
        self.given = given
        self.program: dict[str, Any] = {}
        self.files: dict[str, bytes] = {}
        self.children: dict[int, TestProcess] = {}  # by the number that the judge gave

    def serve(self) -> None:
        """Read the submission and start its first test, then follow commands until the judge closes."""
        message = control.receive(self.sock)
        if message is None or not self._begin(message):
            return
        commands = {"spawn": self._spawn, "look": self._look, "end": self._end, "drop": self._drop}
        while (message := control.receive(self.sock)) is not None:
            commands[message.header["do"]](message)

    def kill_all(self) -> None:
        """End every test that is still there."""
        for number in list(self.children):
            self._reap(number, 0.0)

    @cached_property
    def compiled(self) -> loading.Compiled:
        """The submission, compiled in this process."""
        gc.disable()  # trees are many objects, and all of them are needed
        compiled = loading.compile_program(self.program, self.given)
        gc.freeze()
        gc.enable()
        return compiled

    def _begin(self, message: Message) -> bool:
        """Start the first test; False where the submission cannot be compiled, and the judge is told why."""
        self.program = message.header["program"]
        start = 0
        for name, size in message.header["files"]:
            self.files[name] = message.body[start : start + size]
            start += size
        line, ended, said = self._fork(message, first=True).partition(b"\n")
        if not ended:  # compiling it ended the process
            number = message.header["number"]
            control.send(self.sock, {"ended": number, **self._reap(number, _ENDS)})
            return False
        found = json.loads(line)
        if "compiled" in found:
            found |= self._spawned(message, said)
        control.send(self.sock, found)
        return "compiled" in found

    def _spawn(self, message: Message) -> None:
        self.compiled  # noqa: B018 - here, so that no further test has to do it
        try:
            said = self._fork(message)
        except OSError as error:  # no room for its folder: what the tests before it left is in the way
            for fd in message.fds:
                os.close(fd)
            control.send(self.sock, {"spawned": message.header["number"], "full": str(error)})
            return
        control.send(self.sock, self._spawned(message, said))

    def _spawned(self, message: Message, said: bytes) -> dict[str, Any]:
        fault = None if said == b"confined" else said.decode()
        return {"spawned": message.header["number"], "fault": fault}

    def _fork(self, message: Message, first: bool = False) -> bytes:
        """Start a test process; what it said until it was confined, or ended."""
        number = message.header["number"]
        folder = self._furnish(number)
        progress = LoadingPlace()
        listen, tell = os.pipe()
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            os.close(listen)
            self._test(message, tell, folder, parent, progress, first)
        progress.hide()
        self.children[number] = TestProcess(pid, progress)
        os.close(tell)
        for fd in message.fds:
            os.close(fd)
        with os.fdopen(listen, "rb") as pipe:
            return pipe.read()

    def _furnish(self, number: int) -> str:
        """A fresh folder with the unit's files; nothing of another test is in it."""
        folder = os.path.join(self.scratch, str(number))
        os.mkdir(folder, 0o700)
        for name, data in self.files.items():
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(data)
        return folder

    def _test(
        self, order: Message, tell: int, folder: str, parent: int, progress: LoadingPlace, first: bool
    ) -> NoReturn:
        """The test process; never returns into the loop of its parent."""
        status = 1
        try:
            if self.setting.confinement is not None:
                confine.end_with(parent)
            if first:
                self._compile(tell)
            sock = self._confined(order.fds, tell, folder)
            mode, view = order.header["mode"], order.header["view"]
            without = frozenset(order.header["without"])
            host.serve(
                sock,
                lambda: self.compiled.execute(mode, without, progress.tell, view),
                self.setting.caps,
            )
            status = 0
        finally:
            os._exit(status)

    def _compile(self, tell: int) -> None:
        """Compile the submission and say how that went; raises where it did not."""
        try:
            said: dict[str, Any] = {"compiled": self.compiled.report}
        except FAULTS_OF_THE_SOURCE as error:
            said = {"refused": f"{type(error).__name__}: {error}"[:500]}
            raise
        except Exception as error:  # ours: the judge makes it a fault, not a verdict
            said = {"fault": f"compiling a submission: {type(error).__name__}: {error}"[:500]}
            raise
        finally:
            with os.fdopen(tell, "wb", closefd=False) as pipe:
                pipe.write(json.dumps(said).encode() + b"\n")

    def _confined(self, fds: tuple[int, ...], tell: int, folder: str) -> socket.socket:
        sock = _arrange(fds, tell)
        try:
            _move_to(folder)
            output.redirect(int(self.setting.limits["output_mib"]) << 20)
            if self.setting.confinement is not None:
                confine.lock_process(self.setting.confinement, folder)
        except BaseException as error:
            os.write(_PIPE, f"{type(error).__name__}: {error}".encode())
            raise
        os.write(_PIPE, b"confined")
        os.close(_PIPE)
        return sock

    def _end(self, message: Message) -> None:
        number = message.header["number"]
        progress = self.children[number].progress
        ended = self._reap(number, message.header["grace"])
        control.send(self.sock, {"ended": number, **ended, "at": self._statement(progress.look()[0])})
        progress.close()

    def _look(self, message: Message) -> None:
        number = message.header["number"]
        place, seconds = self.children[number].progress.look()
        at = self._statement(place)
        control.send(self.sock, {"looked": number, "at": at, "seconds": seconds if at else 0.0})

    def _statement(self, place: int) -> dict[str, Any] | None:
        """What the judge may want to know of the statement at ``place``; None where there is none."""
        if place == loading.NOWHERE or not 0 <= place < len(self.compiled.steps):
            return None
        step = self.compiled.steps[place]
        names = sorted(name for name in step.binds if len(name) <= pieces.MAX_TEXT)[:_NAMES]
        return {
            "place": place,
            "cell": step.source.number,
            "line": step.line,
            "text": step.source.line(step.line),
            "names": names,
        }

    def _drop(self, message: Message) -> None:
        number = message.header["number"]
        progress = self.children[number].progress
        self._reap(number, 0.0)
        progress.close()

    def _reap(self, number: int, grace: float) -> dict[str, Any]:
        """Wait ``grace`` seconds, kill, and say how the process ended."""
        pid = self.children.pop(number).pid
        ended = _wait(pid, grace)
        killed = ended is None
        if ended is None:
            os.kill(pid, signal.SIGKILL)
            ended = os.wait4(pid, 0)
        _clear(os.path.join(self.scratch, str(number)))
        _, status, usage = ended
        return {"status": status, "killed": killed, "cpu_seconds": usage.ru_utime + usage.ru_stime}


def _arrange(fds: tuple[int, ...], tell: int) -> socket.socket:
    """Put socket, output and pipe in known places and close everything else."""
    sock, out, pipe = (fcntl.fcntl(fd, fcntl.F_DUPFD, _CLEAR) for fd in (*fds, tell))
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.dup2(sock, _SOCKET, inheritable=False)
    os.dup2(pipe, _PIPE, inheritable=False)
    os.closerange(_PIPE + 1, 1024)
    return socket.socket(fileno=_SOCKET)


def _move_to(folder: str) -> None:
    """Make ``folder`` the working, home and temporary folder, from which modules can be imported."""
    os.chdir(folder)
    os.environ["HOME"] = os.environ["TMPDIR"] = tempfile.tempdir = folder
    sys.path.append(folder)


def _clear(folder: str) -> None:
    """Remove what a test has left, also from folders that it has closed."""
    waiting = [folder]
    while waiting:
        with contextlib.suppress(OSError):
            opened = waiting.pop()
            os.chmod(opened, 0o700)
            waiting += [entry.path for entry in os.scandir(opened) if entry.is_dir(follow_symlinks=False)]
    shutil.rmtree(folder, ignore_errors=True)


def _wait(pid: int, seconds: float) -> tuple[int, int, Any] | None:
    """Poll for the end of a child; portable, and quick where it has ended already."""
    deadline = time.monotonic() + seconds
    while True:
        found = os.wait4(pid, os.WNOHANG)
        if found[0] == pid:
            return found
        if time.monotonic() >= deadline:
            return None
        time.sleep(0.0005)


def open_room(sock: socket.socket, setting: Setting, scratch: str, given: Given) -> None:
    """Serve one submission on ``sock``; returns when the judge has closed."""
    room = RoomServer(sock, setting, scratch, given)
    control.send(sock, {"ready": os.getpid()})
    try:
        room.serve()
    except (BrokenPipeError, ConnectionResetError):
        return  # the judge is gone: the same as its closing
    finally:
        with contextlib.suppress(ProcessLookupError):
            room.kill_all()
