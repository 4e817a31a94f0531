"""The same for Docker, whose own ``count=1`` gives everybody the first device."""

from __future__ import annotations

from typing import Any

from docker.errors import APIError
from dockerspawner import DockerSpawner

from ..servers.waited_for import LINES, printable
from .taking_turns import TakesTurns


class Containers(TakesTurns, DockerSpawner):
    """Servers in containers, which see the devices that they were given and no others."""

    extra_host_config: Any

    def take(self, devices: tuple[str, ...]) -> None:
        """Let the container have its devices; inside they have other numbers, so no variable says which."""
        request = {"Driver": "nvidia", "DeviceIDs": list(devices), "Capabilities": [["gpu"]]}
        self.extra_host_config = {**self.extra_host_config, "device_requests": [request]}

    async def last_lines(self) -> str:
        """What its container wrote last."""
        try:
            text: bytes = await self.docker("logs", self.container_id, tail=LINES)
        except APIError as problem:
            self.log.info("no last lines of container %s: %s", self.container_id, problem)
            return ""
        return printable(text.decode(errors="replace"))
