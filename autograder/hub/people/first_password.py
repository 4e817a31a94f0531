"""Until a first password is changed, a login leads to the page that changes it, and nowhere else.

A first password was written down and handed out, so that others may know it. Every page and every
address of the hub's API that is asked with a login cookie passes here; services and servers let nobody in
whom the hub did not send with a token, and no token can be had but through these addresses.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from jupyterhub.apihandlers.base import APIHandler
from jupyterhub.handlers.base import BaseHandler
from jupyterhub.handlers.login import LoginHandler, LogoutHandler
from jupyterhub.user import User
from tornado import web

SENTENCE = "Your password was handed out to you. Change it first, at /hub/change-password."


class ChangeFirst(BaseHandler):
    """Stands before a handler of the hub; the authenticator says whose password is a first one."""

    async def prepare(self) -> None:
        """Lead to the page, or refuse what is not asked for by a person in front of a page."""
        await super().prepare()
        user = self.current_user
        if self._finished or not isinstance(user, User) or getattr(self, "_token_authenticated", False):
            return
        if not self.authenticator.has_first_password(user.name):
            return
        if isinstance(self, APIHandler) or self.request.method not in ("GET", "HEAD"):
            raise web.HTTPError(403, SENTENCE)
        self.redirect(f"{self.hub.base_url}change-password?{urlencode({'next': self.request.uri})}")


class Allowed:
    """A handler that works with a first password."""


def behind_change(handlers: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The hub's addresses, each behind ``ChangeFirst`` where it knows who asks."""
    return [(path, _behind(handler), *rest) for path, handler, *rest in handlers]


def _behind(handler: type) -> type:
    free = issubclass(handler, (LoginHandler, LogoutHandler, Allowed))
    if free or not issubclass(handler, BaseHandler):
        return handler
    return type(handler.__name__, (ChangeFirst, handler), {"__module__": handler.__module__})
