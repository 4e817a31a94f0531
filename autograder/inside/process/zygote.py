"""A warm Python that forks one process tree per submission.

Theory of operation. The judge starts this program once per batch (in tier
``walled`` inside bubblewrap) and talks to it on one socket, whose number is an
argument (``start``). The zygote loads NumPy (and torch), refuses to go on with
more than one thread (a fork would copy a lock that nobody can release), says
"warm", and then only forks:

    judge ──open──► zygote ──clone into namespaces──► room ──fork──► test

In tier ``walled`` the room is number 1 of its own process namespace; in the others
it is an ordinary fork. The zygote never reads a submission; it passes on the
socket on which the judge will send it. What it may read is ours: it compiles the
released cells and the functions that checks ship once, for all rooms. Commands: ``learn``
(these texts), ``open`` (the room's socket follows) and ``close`` (the room has
been told to end; it is killed if it does not).
End of the connection: kill every room and end, and with the zygote all of
bubblewrap.
"""

from __future__ import annotations

import contextlib
import gc
import os
import resource
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NoReturn

from ..program import pieces, readings
from . import cloning, confine, control, imports_first, linux, rehearsal, room, seccomp
from .control import Message

_PATIENCE = 2.0  # seconds that a room may take to end by itself
_MIB = 1 << 20


class Zygote:
    """The warm process: its setting and the rooms that it has open."""

    def __init__(self, sock: socket.socket, setting: room.Setting, scratch: str) -> None:
        self.sock = sock
        self.setting = setting
        self.scratch = scratch
        self.rooms: dict[int, int] = {}  # number that the judge gave -> process id
        self.given: readings.Given = {}  # what was read of releases
        self.closing: dict[int, float] = {}  # process id -> when it is killed

    def serve(self) -> None:
        """Follow commands until the judge closes."""
        while True:
            ready, _, _ = select.select([self.sock], [], [], 0.1 if self.closing else None)
            if ready:
                message = control.receive(self.sock)
                if message is None:
                    break
                commands = {"learn": self._learn, "open": self._open, "close": self._close}
                commands[message.header["do"]](message)
            self._reap()
        self._end_all()

    def _learn(self, message: Message) -> None:
        """Read a release; the memory for it is not taken from that of the tests."""
        confinement = self.setting.confinement
        before = linux.virtual_bytes() if confinement is not None else 0
        libraries = frozenset(message.header["libraries"])
        cells = [
            (pieces.Source(number, None, text).filename, text) for number, text in message.header["cells"]
        ]
        self.given.setdefault(libraries, {}).update(readings.read_release(cells, libraries))
        gc.collect()
        gc.freeze()
        if confinement is not None:
            size = confinement.address_bytes + max(0, linux.virtual_bytes() - before)
            self.setting = replace(self.setting, confinement=replace(confinement, address_bytes=size))

    def _open(self, message: Message) -> None:
        number = message.header["room"]
        connection = socket.socket(fileno=message.fds[0])
        owner = os.getuid(), os.getgid()
        try:
            pid = cloning.fork_into(confine.NAMESPACES) if self.setting.tier == "walled" else os.fork()
        except OSError as error:
            with contextlib.suppress(OSError):  # a judge that waits no longer is not told
                control.send(connection, {"fault": f"{type(error).__name__}: {error}"})
            connection.close()
            return
        if pid == 0:
            self._become_room(connection, number, owner)
        connection.close()
        self.rooms[number] = pid

    def _become_room(self, connection: socket.socket, number: int, owner: tuple[int, int]) -> NoReturn:
        status = 1
        try:
            self.sock.close()
            scratch = self._confine_room(connection, number, owner)
            room.open_room(connection, self.setting, scratch, self.given)
            status = 0
        except BaseException:
            traceback.print_exc()  # into the zygote's log; the judge sees the connection end
        finally:
            os._exit(status)

    def _confine_room(self, connection: socket.socket, number: int, owner: tuple[int, int]) -> str:
        try:
            scratch = self.scratch
            if self.setting.tier == "walled":
                assert self.setting.confinement is not None
                confine.wall(self.setting.confinement, scratch, *owner)
            else:
                scratch = os.path.join(scratch, f"room-{number}")
                os.mkdir(scratch, 0o700)
            if self.setting.confinement is not None:
                confine.lock_room(self.setting.confinement, scratch)
            return scratch
        except BaseException as error:
            control.send(connection, {"fault": f"{type(error).__name__}: {error}"})
            raise

    def _close(self, message: Message) -> None:
        pid = self.rooms.pop(message.header["room"], 0)
        if pid:
            self.closing[pid] = time.monotonic() + (0.0 if message.header["kill"] else _PATIENCE)

    def _end_all(self) -> None:
        """The judge is gone, and so are its ends of the rooms: let them end their tests, then kill."""
        deadline = time.monotonic() + _PATIENCE
        self.closing |= dict.fromkeys(self.rooms.values(), deadline)
        while self.closing:
            self._reap()
            time.sleep(0.002)

    def _reap(self) -> None:
        """Collect rooms that have ended; kill those whose time is over.

        Only rooms that the judge has closed are waited for: until then the number
        of a room that died stays its own.
        """
        for pid, deadline in list(self.closing.items()):
            if time.monotonic() >= deadline:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                del self.closing[pid]
            elif os.waitpid(pid, os.WNOHANG)[0] == pid:
                del self.closing[pid]


def start(sock: socket.socket, order: Mapping[str, Any]) -> Zygote:
    """Load, check and settle what every room will get.

    Args:
        sock: the connection to the judge.
        order: tier, runtime, libraries, limits, caps, readable, scratch.

    Raises:
        OSError: the isolation cannot be prepared.
        RuntimeError: something started a thread.
    """
    versions = imports_first.load(order["runtime"], order["libraries"])
    rehearsal.rehearse()
    confinement = None if order["tier"] == "none" else _prepare(order)
    gc.collect()
    gc.freeze()
    control.send(sock, {"warm": versions, "memory_kib": memory_kib(), "pid": os.getpid()})
    setting = room.Setting(order["tier"], order["limits"], order["caps"], confinement)
    return Zygote(sock, setting, order["scratch"])


def _prepare(order: Mapping[str, Any]) -> confine.Confinement:
    if (threads := linux.thread_count()) != 1:
        raise RuntimeError(f"the warm process has {threads} threads, expected 1: a library started its own")
    linux.prctl(linux.PR_SET_CHILD_SUBREAPER, 1)
    limits = order["limits"]
    return confine.Confinement(
        tier=order["tier"],
        readable=tuple(order["readable"]),
        address_bytes=linux.virtual_bytes() + limits["memory_mib"] * _MIB,
        file_bytes=max(limits["scratch_mib"], limits["output_mib"]) * _MIB,
        scratch_mib=limits["scratch_mib"],
        cpu_seconds=max(1, round(limits["cpu_seconds"])),
        filter=seccomp.build(),
    )


def memory_kib() -> dict[str, int]:
    """What this process holds in KiB: ``rss``, and where the kernel tells it ``pss``.

    PSS divides pages that several processes share among them.
    """
    try:
        with open("/proc/self/smaps_rollup") as file:
            fields = dict(line.split(":", 1) for line in list(file)[1:])
        return {name.lower(): int(fields[name].split()[0]) for name in ("Rss", "Pss")}
    except OSError:
        unit = 1024 if sys.platform == "darwin" else 1
        return {"rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // unit}
