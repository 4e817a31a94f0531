"""The hub's part: every few seconds it notes whose servers live, whatever the spawner."""

from __future__ import annotations

from collections.abc import Mapping
from sqlite3 import Error
from typing import Any

from tornado.ioloop import PeriodicCallback

from .book import GpuBook

BEAT_SECONDS = 5.0


class GpuWatch:
    """Compares the hub's servers with the book."""

    def __init__(self, hub: Any, book: GpuBook, gpus: Mapping[str, int]) -> None:
        """``gpus`` are those of each profile that is offered; the first is theirs who did not choose."""
        self.hub, self.book, self.gpus = hub, book, gpus

    def begin(self) -> None:
        """At the hub's start, when it knows which servers it has."""
        running, starting = self._servers()
        self.book.take_up({*running, *starting})
        PeriodicCallback(self.beat, BEAT_SECONDS * 1000).start()

    def beat(self) -> None:
        """Note who is alive; a book that cannot be written is said in the log, and tried again."""
        try:
            self.book.beat(*self._servers())
        except Error as error:
            self.hub.log.error("the book of GPUs cannot be written: %s", error)

    def _servers(self) -> tuple[dict[str, tuple[str, int]], set[str]]:
        """Servers that are up, with their user and GPUs; and those that start, stop or are looked for."""
        running, starting = {}, set()
        for user in self.hub.users.values():
            for name, spawner in user.spawners.items():
                key = f"{user.name}/{name}"
                if spawner.pending:
                    starting.add(key)
                elif spawner.ready:
                    chosen = (spawner.orm_spawner.user_options or {}).get("profile") or next(iter(self.gpus))
                    running[key] = (user.name, 0 if name else self.gpus.get(chosen, 0))
        return running, starting
