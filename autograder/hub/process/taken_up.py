"""What a hub that ended left in a queue: waited for again, or ended where nobody is known to wait.

JupyterHub notes a server when it is up. A hub that is killed before knows nothing of the job or pod, which
starts later without an owner and holds its GPU until its time is over. Here a server that is waited for
stands in the hub's database (``servers/waited_for.py``), and each carries a mark: which hub's, of which run
of it, for which course and person. ``left_jobs.py`` and ``left_pods.py`` look for what carries it.
"""

from __future__ import annotations

import asyncio
import secrets
from functools import partial
from typing import Any

from jupyterhub import orm
from jupyterhub.metrics import RUNNING_SERVERS
from jupyterhub.objects import Server
from jupyterhub.utils import url_escape_path, url_path_join

from ...base.files import token
from ...course import Course
from .options import hub_folder

RUN = secrets.token_hex(4)  # of this process: its own jobs may not be in the database yet
LOOKS = (0.0, 60.0)  # seconds until those without an owner are looked for: one may have been on its way
AGAIN_SECONDS = 10.0  # where the scheduler does not answer


class SchedulerSilent(Exception):
    """What hands out the machines does not answer; the text says how."""


def mark_of(course: Course) -> str:
    """What this hub's jobs and pods carry; other hubs on the cluster have other ones."""
    return token(hub_folder(course) / "tokens" / "jobs")[:16]


class TakenUp:
    """What an earlier run of this hub asked a scheduler for.

    Args:
        hub: the JupyterHub application, with ``job_mark``.
    """

    async def end_unknown(self, states: list[dict[str, Any]]) -> None:
        """End what carries this hub's mark, of an earlier run, and stands in none of these states.

        Raises:
            SchedulerSilent: it was not possible to look.
        """
        raise NotImplementedError

    def __init__(self, hub: Any) -> None:
        self.hub = hub
        self._waited_for: list[tuple[Any, Any]] = []
        self._tasks: list[asyncio.Task[None]] = []

    def set_aside(self) -> None:
        """Before JupyterHub looks at its servers: those that were waited for are none yet."""
        for kept in self.hub.db.query(orm.Spawner).all():
            if not (kept.state or {}).get("waits"):
                continue
            if kept.server is not None:
                self.hub.db.delete(kept.server)
                kept.server = None
            if self.hub.authenticator.member(kept.user.name) is None:
                kept.state = {}  # so that it is ended as one without an owner
                continue
            user = self.hub.users[kept.user]
            spawner = user.spawners[kept.name]
            spawner._spawn_pending = True
            self._waited_for.append((user, spawner))
        self.hub.db.commit()

    def start(self) -> None:
        """When the hub is up: wait for them, and look for those that nobody waits for."""
        for user, spawner in self._waited_for:
            self.hub.log.info("Taking up %s of %s again", spawner.asked_for, user.name)
            task = asyncio.create_task(self._wait(user, spawner))
            spawner._spawn_future = task
            task.add_done_callback(partial(_settle, spawner))
        self._tasks.append(asyncio.create_task(self._look()))

    async def _wait(self, user: Any, spawner: Any) -> None:
        """As JupyterHub does after a server's start, with the token that it has already."""
        base_url = url_path_join(user.base_url, url_escape_path(spawner.name), "/")
        row = orm.Server(base_url=base_url)
        self.hub.db.add(row)
        self.hub.db.commit()
        spawner.server = Server(orm_server=row)
        self.hub.db.commit()  # each request rolls back what another one left uncommitted
        try:
            spawner.server.ip, spawner.server.port = await spawner.until_up()
            spawner.orm_spawner.state = spawner.get_state()
            self.hub.db.commit()
            spawner.start_polling()
            spawner._waiting_for_response = True
            await user._wait_up(spawner)
            await self.hub.proxy.add_user(user, spawner.name)
        except Exception as error:
            self.hub.log.error("The server of %s, which was taken up, did not start: %s", user.name, error)
            if spawner.server is not None:
                await user.stop(spawner.name)
            raise
        RUNNING_SERVERS.inc()
        spawner.add_poll_callback(self._stopped, user, spawner.name)

    async def _stopped(self, user: Any, name: str) -> None:
        await self.hub.proxy.delete_user(user, name)
        await user.stop(name)

    async def _look(self) -> None:
        for pause in LOOKS:
            await asyncio.sleep(pause)
            while True:
                try:
                    await self.end_unknown(self._states())
                    break
                except SchedulerSilent as problem:
                    self.hub.log.warning("What nobody waits for was not looked for yet: %s", problem)
                    await asyncio.sleep(AGAIN_SECONDS)

    def _states(self) -> list[dict[str, Any]]:
        """Of servers that are up or waited for; what is left of others' is nobody's."""
        kept = ((each.state or {}, each.server) for each in self.hub.db.query(orm.Spawner).all())
        return [state for state, server in kept if server is not None or state.get("waits")]


def _settle(spawner: Any, done: asyncio.Task[None]) -> None:
    """As JupyterHub does: an exception is kept, since the page shows it."""
    if done.cancelled() or done.exception() is None:
        spawner._spawn_future = None
    spawner._spawn_pending = False
