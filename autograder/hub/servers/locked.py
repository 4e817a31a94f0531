"""Parts of a notebook server that refuse: for the server that stands beside the gradebook."""

from __future__ import annotations

from typing import Any, NoReturn

from jupyter_server.services.contents.checkpoints import AsyncCheckpoints
from jupyter_server.services.contents.manager import AsyncContentsManager
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado import web

from .formgrader import REFUSAL


def _refuse() -> NoReturn:
    raise web.HTTPError(403, REFUSAL)


class NoKernels(AsyncMappingKernelManager):
    """Starts no kernel."""

    async def start_kernel(self, **_: Any) -> NoReturn:  # type: ignore[override]
        """Always refused."""
        _refuse()


class NoCheckpoints(AsyncCheckpoints):
    """Keeps none."""


class NoFiles(AsyncContentsManager):
    """Shows, takes and removes no file."""

    checkpoints_class = NoCheckpoints

    def get_extra_handlers(self) -> list[Any]:
        """No address from which files are served as they are."""
        return []

    async def get(self, *_: Any, **__: Any) -> NoReturn:
        """Always refused."""
        _refuse()

    async def save(self, *_: Any, **__: Any) -> NoReturn:
        """Always refused."""
        _refuse()

    async def delete_file(self, *_: Any, **__: Any) -> NoReturn:
        """Always refused."""
        _refuse()

    async def rename_file(self, *_: Any, **__: Any) -> NoReturn:
        """Always refused."""
        _refuse()

    async def file_exists(self, *_: Any, **__: Any) -> bool:
        """Nothing is here."""
        return False

    async def dir_exists(self, path: str) -> bool:
        """Only the root, which the server asks for when it starts."""
        return not path.strip("/")

    async def is_hidden(self, path: str) -> bool:
        """Everything but the root."""
        return bool(path.strip("/"))
