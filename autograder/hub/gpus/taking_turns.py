"""Servers of one machine that wait for their GPUs and are given devices of their own.

``TakesTurns`` stands before one of JupyterHub's spawners: it asks the book for a place, waits, tells the page
how many are before, starts the server with its devices, and waits until it listens or has ended. A variable
hides the other devices from programs that do not look for them; it protects nobody (infra/README.md, "GPUs").
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

from jupyterhub.spawner import LocalProcessSpawner, SimpleLocalProcessSpawner, Spawner
from traitlets import Float, List, Unicode

from ..servers.ends import runs_for
from ..servers.slurm_words import KEPT, in_about
from ..servers.waited_for import NEXT, YOUR_TURN, NotStarted, listens
from .book import GpuBook
from .expected import latest_start

LOOK_SECONDS = 0.5  # between two looks at the queue; a stop of this hub's is noticed at once
COUNT_SECONDS = 5.0  # until the latest start is counted anew: who holds a device is known after some seconds
UP_SECONDS = 0.1  # between two looks whether a server listens, or has ended
CUDA = {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"}  # the order of nvidia-smi; CUDA's own puts the fastest first


class TakesTurns(Spawner):
    """Waits for as many devices as ``gpus`` says, before its server starts."""

    gpu_book = Unicode(help="The file of the book.").tag(config=True)
    gpu_devices = List(Unicode(), help="The devices that are handed out.").tag(config=True)
    look_seconds = Float(LOOK_SECONDS, help="Between two looks at the queue.").tag(config=True)
    environment: Any  # JupyterHub's, what the server finds
    gpus = 0  # of the chosen profile; set before each start
    _before: int | None = None  # how many are served first, while it waits
    _minutes: int | None = None  # until it starts at the latest, where that is known
    _counted = 0.0  # when both were noted, by the clock of this process
    _waiting: ClassVar[set[asyncio.Event]] = set()  # of all who wait in this hub: set when a device is free

    @property
    def near(self) -> bool:
        """Whether it is, or is next, the person's turn."""
        return not self._before

    @property
    def says(self) -> str:
        """What its owner reads at the moment."""
        if self._before is not None:
            return waiting(self._before, len(self.gpu_devices), self._minutes)
        return f"{YOUR_TURN}: JupyterLab starts." if self.gpus else "JupyterLab starts."

    async def start(self) -> Any:
        """Start the server when its devices are free.

        Raises:
            NotStarted: with the reason.
        """
        if not self.gpus:
            return await self._until_up(await super().start())
        book = self._book()
        place = book.ask(self._key(), self.user.name, self.gpus, runs_for(self.environment))
        try:
            self.take(await self._devices(book, place))
            address = await super().start()
        except BaseException as error:  # the hub's own time is over, or the hub ends, or it does not start
            book.give_up(place, f"not started: {type(error).__name__}")
            raise
        finally:
            self._before = None
        book.start(place)  # from now on a stop frees its devices
        return await self._until_up(address)

    async def stop(self, now: bool = False) -> None:
        """Stop the server, and free its devices; while it waits there is none yet."""
        if self._before is None:
            await super().stop(now)
            self._free("stopped")

    async def poll(self) -> Any:
        """Whether it runs; devices of one that does not are free at once, and a place in the queue stays."""
        if self._before is not None:
            return None
        status = await super().poll()
        if status is not None:
            self._free("ended")
        return status

    async def progress(self) -> AsyncIterator[dict[str, Any]]:
        """What the page shows: how many are before, each time that it changes."""
        said = ""
        while self._before is not None:
            if self.says != said:
                yield {"progress": 10, "message": self.says}
            said = self.says
            await asyncio.sleep(self.look_seconds)
        yield {"progress": 70, "message": self.says}

    def take(self, devices: tuple[str, ...]) -> None:
        """Show a server its devices and no others."""
        self.environment = {**self.environment, **CUDA, "CUDA_VISIBLE_DEVICES": ",".join(devices)}

    async def _devices(self, book: GpuBook, place: int) -> tuple[str, ...]:
        while True:
            turn = book.turn(place)
            if turn.over:
                raise NotStarted("The place in the queue for a GPU was given up. Please start again.")
            if turn.devices:
                self._before = None
                return turn.devices
            if turn.before != self._before or time.monotonic() - self._counted > COUNT_SECONDS:
                self._count(book, place, turn.before)
            await self._a_free_device()

    def _count(self, book: GpuBook, place: int, before: int) -> None:
        """Note what the person reads: how many are before, and when the turn comes at the latest."""
        now, self._counted = time.time(), time.monotonic()
        latest = latest_start(book.open_uses(), len(self.gpu_devices), place, now)
        self._minutes = None if latest is None else max(1, math.ceil((latest - now) / 60))
        self._before = before

    async def _a_free_device(self) -> None:
        """Wait until this hub has freed one, or for a while: other processes write in the book, too."""
        free = asyncio.Event()
        self._waiting.add(free)
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(free.wait(), self.look_seconds)
        finally:
            self._waiting.discard(free)

    async def _until_up(self, address: Any) -> Any:
        """Wait until the server listens; JupyterHub alone would wait ``http_timeout`` for one that has ended.

        Args:
            address: of the server, as JupyterHub's spawners give it.

        Raises:
            NotStarted: it has ended, or it does not listen in that time.
        """
        at = urlsplit(address) if isinstance(address, str) else None
        host, port = (at.hostname or "", at.port or 80) if at else address
        self._note(host, port)
        end = time.monotonic() + self.http_timeout
        while not await listens(host, port):
            status = await super().poll()
            if status is not None:
                text = f"Your server ended before JupyterLab was up ({ended(status)})."
                raise NotStarted(text, await self.last_lines())
            if time.monotonic() > end:
                text = f"JupyterLab was not up {self.http_timeout} seconds after its start."
                raise NotStarted(text, await self.last_lines())
            await asyncio.sleep(UP_SECONDS)
        return address

    def _note(self, host: str, port: int) -> None:
        """Write down which server it is: a hub that is killed meanwhile finds it at its next start."""
        self.server.ip, self.server.port = host, port
        self.orm_spawner.state = self.get_state()
        self.db.commit()

    async def last_lines(self) -> str:
        """What the server wrote last; empty where that is in the hub's own log."""
        return ""

    def _book(self) -> GpuBook:
        return GpuBook(Path(self.gpu_book), self.gpu_devices)

    def _free(self, how: str) -> None:
        if self.gpu_devices:
            self._book().end(self._key(), how)
            for each in self._waiting:
                each.set()

    def _key(self) -> str:
        return f"{self.user.name}/{self.name}"


class Processes(TakesTurns):
    """Servers that are processes of this machine."""

    async def wait_for_death(self, timeout: float = 10) -> bool:
        """Whether it ends in that time; looked at often, since somebody may wait for its devices."""
        end = time.monotonic() + timeout
        while await self.poll() is None:
            if time.monotonic() > end:
                return False
            await asyncio.sleep(UP_SECONDS)
        return True


class Simple(Processes, SimpleLocalProcessSpawner):
    """Servers as one system user."""


class System(Processes, LocalProcessSpawner):
    """Servers as their system users."""


def waiting(before: int, gpus: int, minutes: int | None = None) -> str:
    """Where somebody stands, in words.

    >>> waiting(2, 8)
    'All 8 GPUs are taken: 2 before you. Your place is kept, also when you close this page.'
    """
    taken = "The GPU is taken" if gpus == 1 else f"All {gpus} GPUs are taken"
    place = f"{before} before you" if before else NEXT
    latest = "" if minutes is None else f" Your server starts {in_about(minutes)} at the latest."
    return f"{taken}: {place}.{latest} {KEPT}"


def ended(status: Any) -> str:
    """How a server ended, in words.

    Args:
        status: of a process, its exit status; Docker says more.

    >>> ended(3), ended(-9)
    ('exit status 3', 'killed by signal 9')
    """
    if not isinstance(status, int):
        return str(status)
    return f"killed by signal {-status}" if status < 0 else f"exit status {status}"
