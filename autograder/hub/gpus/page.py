"""``/hub/gpus``: who holds GPUs, how busy, until when, who waits; for instructors, who also stop and grant.

It is on the hub's own origin, where servers are stopped and nothing that students wrote is shown. The scopes
are those of the hub's list of people: whoever may stop a server there may do so here.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from jupyterhub.handlers.base import BaseHandler
from jupyterhub.scopes import needs_scope
from tornado import web

from ...course import Course
from ..servers.waited_for import SchedulerSays
from .book import GpuBook
from .overview import overview
from .share import clock

PATH = r"/gpus"
DONE = {
    "stopped": "The server was stopped; its GPUs are free when it has ended, within a minute.",
    "out": "They were taken out of the queue.",
    "granted": "They have more GPU hours, in this week only.",
    "nothing": "Nothing was done: their server starts, stops or has ended. Look again in a moment.",
    "silent": "Nothing was done: what hands out the machines does not answer. Try again later.",
}
MOST_HOURS = 1000


class GpuPage(BaseHandler):
    """The page and its buttons."""

    users: ClassVar[Any]  # JupyterHub's

    def initialize(self, course: Course, book: str) -> None:
        """Take the course, as the hub started with it, and the file of the book."""
        self._course, self._book = course, GpuBook(Path(book))

    @web.authenticated
    @needs_scope("admin-ui")
    async def get(self) -> None:
        """All of it, as of now."""
        seen = overview(self._course, self._book)
        page = await self.render_template(
            "gpus.html",
            seen=seen,
            queued=self._queued({row.use.user for row in seen.rows if row.holds}),
            done=DONE.get(self.get_query_argument("done", "")),
            limit=self._course.gpu_hours_per_week,
            idle=self._course.gpu_idle_minutes,
            clock=clock,
            moment=self._moment,
        )
        self.finish(page)

    @web.authenticated
    @needs_scope("delete:servers")
    async def post(self) -> None:
        """What a button asks for."""
        name, deed = self.get_body_argument("user", ""), self.get_body_argument("deed", "")
        if deed not in ("stop", "grant"):
            raise web.HTTPError(400, "Expected a button of this page.")
        done = self._grant(name) if deed == "grant" else await self._stop(name)
        self.redirect(f"{self.hub.base_url}gpus?done={done}", status=303)

    def _grant(self, name: str) -> str:
        reason = self.get_body_argument("reason", "").strip()
        try:
            hours = float(self.get_body_argument("hours", ""))
        except ValueError:
            hours = 0.0
        if not (0 < hours <= MOST_HOURS) or not reason or self.find_user(name) is None:
            raise web.HTTPError(
                400, f"Expected a person, a number of hours up to {MOST_HOURS}, and a reason, which is kept."
            )
        self._book.give_extra(name, hours * 3600, self.current_user.name, reason[:200])
        return "granted"

    async def _stop(self, name: str) -> str:
        """Stop the server, or take somebody out of the queue, be it the hub's or a cluster's."""
        user = self.find_user(name)
        spawner = user.spawners.get("") if user is not None else None
        if spawner is None:
            return "nothing"
        self.log.info("%s stops the server of %s that has or wants a GPU", self.current_user.name, name)
        if spawner.ready and not spawner.pending:
            await self.stop_single_user(user)
            return "stopped"
        waits = [use for use in self._book.open_uses() if use.user == name and use.granted is None]
        for use in waits:
            self._book.give_up(use.place, f"taken out of the queue by {self.current_user.name}")
        if waits:
            return "out"
        if spawner.pending == "spawn" and getattr(spawner, "job_id", ""):
            try:
                await spawner.give_up()
            except SchedulerSays:
                return "silent"
            return "out"
        return "nothing"

    def _queued(self, holds: set[str]) -> list[tuple[str, str]]:
        """Who waits in a scheduler's queue, which the book does not have, with what they read."""
        return [
            (user.name, spawner.says)
            for user in self.users.values()
            for spawner in user.spawners.values()
            if spawner.pending == "spawn" and getattr(spawner, "wants_gpus", False) and user.name not in holds
        ]

    def _moment(self, seconds: float | None) -> str:
        """A moment where the course is; empty where it is not known."""
        zone = ZoneInfo(self._course.zone) if self._course.zone else UTC
        return "" if seconds is None else f"{datetime.fromtimestamp(seconds, zone):%a %H:%M}"
