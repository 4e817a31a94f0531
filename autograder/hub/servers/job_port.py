"""The address to which a Slurm job reports the port of its server.

batchspawner has such an address, ``POST /hub/api/batchspawner``, which sets *any* attribute of the
caller's spawner, among them the prefix of the commands that the hub runs. Ours stands in its
place and takes one port, once, while the server starts.
"""

from __future__ import annotations

from typing import Any

from jupyterhub import apihandlers, orm
from jupyterhub.apihandlers import APIHandler
from tornado import web

PATH = r"/api/batchspawner"  # where a job's ``batchspawner-singleuser`` reports
PORTS = range(1024, 65536)  # that a server without rights can listen on


class JobPort(APIHandler):
    """Takes the port of a server that is starting."""

    @web.authenticated
    async def post(self) -> None:
        """Note the port.

        Raises:
            tornado.web.HTTPError: 400 for anything but one port, 403 for anybody but a starting server.
        """
        spawner = self._starting()
        port = _port(self.get_json_body())
        if spawner is None or spawner.port not in (0, port):  # it may not have heard the answer
            raise web.HTTPError(403, "Only a server that is starting reports its port, and once.")
        spawner.note_port(port)
        self.set_status(201)
        self.finish({"message": "port noted"})

    def _starting(self) -> Any:
        """The spawner whose own token came, while its job is waited for."""
        token = orm.APIToken.find(self.db, self.get_auth_token() or "")
        spawners = getattr(self.current_user, "spawners", {})
        mine = (each for each in spawners.values() if token and each.token_id == token.id)
        return next((each for each in mine if each.pending == "spawn"), None)


def _port(body: Any) -> int:
    port = body.get("port") if isinstance(body, dict) and len(body) == 1 else None
    if type(port) is not int or port not in PORTS:
        raise web.HTTPError(400, f'expected {{"port": a whole number, {PORTS[0]} to {PORTS[-1]}}}')
    return port


def take_the_place_of_batchspawners(c: Any) -> None:
    """Register ours, and take batchspawner's out; it is registered by the import."""
    import batchspawner.api

    theirs = batchspawner.api.BatchSpawnerAPIHandler
    apihandlers.default_handlers[:] = [each for each in apihandlers.default_handlers if each[1] is not theirs]
    c.JupyterHub.extra_handlers = [*c.JupyterHub.extra_handlers, (PATH, JobPort)]
