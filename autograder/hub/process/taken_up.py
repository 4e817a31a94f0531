"""What a hub that ended left in Slurm's queue: waited for again, or cancelled where nobody is known to wait.

JupyterHub notes a server when it is up. A hub that is killed before knows nothing of the job, which starts
later without an owner and holds its GPU until its time is over. Here a job that is waited for stands in the
hub's database (``servers/slurm_job.py``), and each job carries a mark: which hub's, of which run of it, for
which course and person.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import shlex
from functools import partial
from typing import Any

from batchspawner.batchspawner import format_template
from jupyterhub import orm
from jupyterhub.metrics import RUNNING_SERVERS
from jupyterhub.objects import Server
from jupyterhub.utils import url_escape_path, url_path_join

from ...base.files import token
from ...course import Course
from ..servers.slurm_queue import SlurmSilent, ask
from .options import hub_folder

RUN = secrets.token_hex(4)  # of this process: its own jobs may not be in the database yet
LOOKS = (0.0, 60.0)  # seconds until jobs without an owner are looked for: one may have been on its way
AGAIN_SECONDS = 10.0  # where Slurm does not answer


def mark_of(course: Course) -> str:
    """How the comments of this hub's jobs begin; other hubs on the cluster have other ones."""
    return f"course-hub/{token(hub_folder(course) / 'tokens' / 'jobs')[:16]}"


def comment(mark: str, course: str, user: str) -> str:
    """A job's comment."""
    return f"{mark}/{RUN}/{course}/{user}"


class TakenUp:
    """The jobs that an earlier run of this hub submitted.

    Args:
        hub: the JupyterHub application, with ``job_mark``.
    """

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
                kept.state = {}  # so that the job is cancelled as one without an owner
                continue
            user = self.hub.users[kept.user]
            spawner = user.spawners[kept.name]
            spawner._spawn_pending = True
            self._waited_for.append((user, spawner))
        self.hub.db.commit()

    def start(self) -> None:
        """When the hub is up: wait for them, and look for jobs that nobody waits for."""
        for user, spawner in self._waited_for:
            self.hub.log.info("Taking up job %s of %s again", spawner.job_id, user.name)
            task = asyncio.create_task(self._wait(user, spawner))
            spawner._spawn_future = task
            task.add_done_callback(partial(_settle, spawner))
        self._tasks.append(asyncio.create_task(self._cancel_unknown()))

    async def _wait(self, user: Any, spawner: Any) -> None:
        """As JupyterHub does after a server's start, with the tokens that the job has already."""
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

    async def _cancel_unknown(self) -> None:
        for pause in LOOKS:
            await asyncio.sleep(pause)
            while True:
                try:
                    await self._cancel_those_now()
                    break
                except SlurmSilent as problem:
                    self.hub.log.warning("Jobs without an owner were not looked for yet: %s", problem)
                    await asyncio.sleep(AGAIN_SECONDS)

    async def _cancel_those_now(self) -> None:
        prefix = self.hub.spawner_class(config=self.hub.config).exec_prefix
        listing = await ask(["squeue", "-h", "-o", "%i %k"])
        for number in re.findall(rf"^(\d+) {self._earlier()}", listing, re.MULTILINE):
            if number in self._known():
                continue
            # A comment may hold a made-up line; a job that is asked for alone has no neighbours.
            said = await ask(["squeue", "-h", "-j", number, "-o", "%u %k"])
            owner = re.match(rf"(\S+) {self._earlier()}", said)
            if owner is None:
                continue
            self.hub.log.warning("Cancelling job %s of %s, for which nobody waits", number, owner[1])
            await ask([*shlex.split(format_template(prefix, username=owner[1])), "scancel", number])

    def _earlier(self) -> str:
        return rf"{re.escape(self.hub.job_mark)}/(?!{RUN}/)"

    def _known(self) -> set[str]:
        states = (state or {} for (state,) in self.hub.db.query(orm.Spawner.state))
        return {str(state.get("job_id")) for state in states}


def _settle(spawner: Any, done: asyncio.Task[None]) -> None:
    """As JupyterHub does: an exception is kept, since the page shows it."""
    if done.cancelled() or done.exception() is None:
        spawner._spawn_future = None
    spawner._spawn_pending = False
