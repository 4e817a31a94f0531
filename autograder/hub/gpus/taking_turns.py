"""Servers of one machine that wait for their GPUs and are given devices of their own.

``TakesTurns`` stands before one of JupyterHub's spawners: it asks the book for a place, waits, tells the page
how many are before, and starts the server with its devices. A variable hides the other devices from
programs that do not look for them; it protects nobody (infra/README.md, "GPUs").
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from jupyterhub.spawner import LocalProcessSpawner, SimpleLocalProcessSpawner, Spawner
from traitlets import Float, List, Unicode

from .book import GpuBook

LOOK_SECONDS = 0.5
CUDA = {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"}  # the order of nvidia-smi; CUDA's own puts the fastest first


class TakesTurns(Spawner):
    """Waits for as many devices as ``gpus`` says, before its server starts."""

    gpu_book = Unicode(help="The file of the book.").tag(config=True)
    gpu_devices = List(Unicode(), help="The devices that are handed out.").tag(config=True)
    look_seconds = Float(LOOK_SECONDS, help="Between two looks at the queue.").tag(config=True)
    environment: Any  # JupyterHub's, what the server finds
    gpus = 0  # of the chosen profile; set before each start
    _before: int | None = None  # how many are served first, while it waits

    async def start(self) -> Any:
        """Start the server when its devices are free."""
        if not self.gpus:
            return await super().start()
        book = self._book()
        place = book.ask(self._key(), self.user.name, self.gpus)
        try:
            self.take(await self._devices(book, place))
            address = await super().start()
        except BaseException as error:  # the hub's own time is over, or the hub ends, or it does not start
            book.give_up(place, f"not started: {type(error).__name__}")
            raise
        finally:
            self._before = None
        book.start(place)
        return address

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
            message = waiting(self._before, len(self.gpu_devices))
            if message != said:
                yield {"progress": 10, "message": message}
            said = message
            await asyncio.sleep(self.look_seconds)
        async for event in super().progress():
            yield event

    def take(self, devices: tuple[str, ...]) -> None:
        """Show a server its devices and no others."""
        self.environment = {**self.environment, **CUDA, "CUDA_VISIBLE_DEVICES": ",".join(devices)}

    async def _devices(self, book: GpuBook, place: int) -> tuple[str, ...]:
        while True:
            turn = book.turn(place)
            if turn.over:
                raise RuntimeError("The place in the queue for a GPU was given up. Please start again.")
            if turn.devices:
                return turn.devices
            self._before = turn.before
            await asyncio.sleep(self.look_seconds)

    def _book(self) -> GpuBook:
        return GpuBook(Path(self.gpu_book), self.gpu_devices)

    def _free(self, how: str) -> None:
        if self.gpu_devices:
            self._book().end(self._key(), how)

    def _key(self) -> str:
        return f"{self.user.name}/{self.name}"


class Simple(TakesTurns, SimpleLocalProcessSpawner):
    """Servers as one system user."""


class System(TakesTurns, LocalProcessSpawner):
    """Servers as their system users."""


def waiting(before: int, gpus: int) -> str:
    """Where somebody stands, in words.

    >>> waiting(2, 8)
    'All 8 GPUs are taken. 2 people are before you. You are let in when it is your turn.'
    """
    taken = "The GPU is taken." if gpus == 1 else f"All {gpus} GPUs are taken."
    people = {0: "You are next.", 1: "One person is before you."}.get(
        before, f"{before} people are before you."
    )
    return f"{taken} {people} You are let in when it is your turn."
