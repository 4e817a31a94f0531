"""The hub's proxy: Node's ``configurable-http-proxy``, on a port that the hub holds."""

from __future__ import annotations

import subprocess
from typing import Any
from urllib.parse import urlsplit

from jupyterhub import proxy
from traitlets import default

from ...base import unix_sockets
from ...base.errors import UsageError
from ..install_proxy import COMMAND, imports, node, program
from . import ports
from .tether import tethered


class CourseProxy(proxy.ConfigurableHTTPProxy):
    """A proxy whose port nobody can take when it has died: connections wait for the next one."""

    @default("command")
    def _command(self) -> list[str]:
        found, runtime = program(), node()
        if found is None or runtime is None:
            raise UsageError(f"the hub's proxy is not installed. Run: {COMMAND}")
        return tethered([str(runtime), *imports(), str(found)])

    async def start(self) -> None:
        """Start it on the port that this process holds from now on."""
        parts = urlsplit(self.public_url)
        lent = ports.hold(parts.hostname or "0.0.0.0", parts.port or 443).fileno()
        api = unix_sockets.path_of(self.api_url)
        if api is not None:
            api.unlink(missing_ok=True)  # Node refuses a path where a killed proxy left its socket

        def start_with_socket(
            command: list[str], env: dict[str, str], **rest: Any
        ) -> subprocess.Popen[bytes]:
            env = {**env, "COURSE_LENT_SOCKET": str(lent)}
            return subprocess.Popen(command, env=env, pass_fds=(lent,), **rest)

        proxy.Popen = start_with_socket  # no trait says which descriptors a proxy inherits
        await super().start()
