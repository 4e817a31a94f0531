"""The hub's address to which servers say how busy their GPUs are, and where one that is idle is stopped.

A server is stopped on a report that has just come, never for silence: what trains is not ended because a
message was lost, and between two reports a cell may have begun. So a server whose owner keeps it from
reporting is not stopped; its owner could as well keep the GPU busy. Instructors see that it says nothing.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from jupyterhub.apihandlers import APIHandler
from tornado import web

from .loads import GpuLoad, Loads, load_from

PATH = r"/api/course/gpus"
NOTICE_SECONDS = 300.0  # before the end; for short limits half of them
# JupyterLab says the moment before it, and shows 140 letters.
WHY = "Nothing has used its GPU for {minutes} minutes. Run a cell to keep it; changed files are saved."


def ends_in(load: GpuLoad, idle_minutes: float | None) -> float | None:
    """Seconds until a server is stopped; None while there is no reason to.

    >>> ends_in(GpuLoad(busy=0, used_mib=0, total_mib=1, idle_seconds=1100.0), 20)
    100.0
    """
    if idle_minutes is None or load.idle_seconds is None:
        return None
    left = idle_minutes * 60 - load.idle_seconds
    return max(0.0, left) if left <= min(NOTICE_SECONDS, idle_minutes * 30) else None


class GpuReport(APIHandler):
    """Takes the report of a server, and answers when and why it is going to end."""

    _stopping: ClassVar[set[asyncio.Task[Any]]] = set()  # a task that nobody holds may vanish

    def initialize(self, book: str, idle_minutes: dict[str, float | None]) -> None:
        """Take where reports are kept, and the limit of each profile; the first is the default one's."""
        self._loads, self._limits = Loads(Path(book)), idle_minutes

    @web.authenticated
    async def post(self) -> None:
        """Note the report, and stop the server where its GPU was idle for too long.

        Raises:
            tornado.web.HTTPError: 400 for what is no report, 403 for anybody but a server that runs.
        """
        try:
            load = load_from(self.get_json_body())
        except ValueError as error:
            raise web.HTTPError(400, str(error)) from error
        spawner = getattr(self.current_user, "spawners", {}).get("")
        if spawner is None or not spawner.ready:
            raise web.HTTPError(403, "Only a server that runs reports how busy its GPUs are.")
        self._loads.note(f"{self.current_user.name}/", load)
        limit = self._limit(spawner)
        seconds = ends_in(load, limit)
        if seconds == 0 and not spawner.pending:
            self.log.info("Stopping the server of %s: its GPU is idle", self.current_user.name)
            task = asyncio.create_task(self.stop_single_user(self.current_user))
            self._stopping.add(task)
            task.add_done_callback(self._stopping.discard)
        self.finish(_end(seconds, limit))

    def _limit(self, spawner: Any) -> float | None:
        chosen = (spawner.orm_spawner.user_options or {}).get("profile") or next(iter(self._limits))
        return self._limits.get(chosen)


def _end(seconds: float | None, limit: float | None) -> dict[str, str | None]:
    if seconds is None or limit is None:
        return {"ends_at": None, "why": ""}
    moment = datetime.now(UTC) + timedelta(seconds=seconds)
    return {"ends_at": moment.isoformat(timespec="seconds"), "why": WHY.format(minutes=f"{limit:g}")}
