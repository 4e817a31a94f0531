"""nbgrader's buttons on a person's own server, loaded when the server is already up.

Importing any part of nbgrader imports all of it: half a second, before the first page.
So this extension stands in for nbgrader's. It loads them a moment after the server has
started, or when one of their addresses is first asked for; such a request waits until
they are loaded and is then answered by nbgrader itself.
"""

from __future__ import annotations

import asyncio
import importlib
from typing import Any

from tornado.httputil import HTTPMessageDelegate, HTTPServerRequest
from tornado.routing import Router
from tornado.web import Application, RequestHandler
from traitlets import Float, List, Unicode
from traitlets.config import LoggingConfigurable

ADDRESSES = r"/(?:assignments(?:/.*)?|courses|nbgrader_version)"


class Buttons(LoggingConfigurable):
    """Loads nbgrader's server extensions, once."""

    modules = List(Unicode(), help="nbgrader's server extensions that this server has.").tag(config=True)
    delay = Float(3.0, help="Seconds until they are loaded without being asked for.").tag(config=True)

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.app: Any = self.parent
        self.loaded = False
        self._loading: asyncio.Task[None] | None = None

    def load(self) -> asyncio.Task[None]:
        """The task that loads them; begun by the first call, on the server's loop."""
        if self._loading is None:
            self._loading = asyncio.get_running_loop().create_task(self._load())
        return self._loading

    async def _load(self) -> None:
        for module in await asyncio.to_thread(_import, list(self.modules)):
            module.load_jupyter_server_extension(self.app)
        self.loaded = True


class UntilLoaded(Router):
    """Leads to ``Waiting`` as long as nbgrader is not there, then lets requests pass to its own routes."""

    def __init__(self, buttons: Buttons) -> None:
        self._buttons = buttons

    def find_handler(self, request: HTTPServerRequest, **_: Any) -> HTTPMessageDelegate | None:
        """Who answers; None: whoever comes next."""
        if self._buttons.loaded:
            return None
        application = self._buttons.app.web_app
        delegate: HTTPMessageDelegate = application.get_handler_delegate(
            request, Waiting, {"buttons": self._buttons}
        )
        return delegate


class Waiting(RequestHandler):
    """Waits for nbgrader and hands the request on, as tornado's FallbackHandler does."""

    def initialize(self, buttons: Buttons) -> None:
        """Take what is waited for."""
        self._buttons = buttons

    def check_xsrf_cookie(self) -> None:
        """Left to the handler that answers, as is the question who asks."""

    async def prepare(self) -> None:
        """Wait, then let nbgrader's handler answer."""
        await asyncio.shield(self._buttons.load())
        self.application(self.request)
        self._finished = True
        self.on_finish()


def _import(names: list[str]) -> list[Any]:
    return [importlib.import_module(name) for name in names]


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """How Jupyter Server finds an extension."""
    return [{"module": "autograder.hub.servers.buttons"}]


def _load_jupyter_server_extension(app: Any) -> None:
    """Stand in for nbgrader's extensions, and have them loaded soon."""
    buttons = Buttons(parent=app)
    base = app.web_app.settings["base_url"].rstrip("/")
    # tornado's method: Jupyter's own looks for the methods of a handler, and this is a router
    Application.add_handlers(app.web_app, ".*$", [(base + ADDRESSES, UntilLoaded(buttons))])
    app.io_loop.call_later(buttons.delay, buttons.load)
