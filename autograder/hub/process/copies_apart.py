"""A copy that staff open has a sub-domain of its own, although JupyterHub gives one to each user only.

JupyterHub puts a person's named servers below the person's own domain. A copy runs a student's notebook, so
JavaScript in it would be on the same origin as the staff member's own server. Four places of JupyterHub
say where a named server is; here they say ``origins.copy_domain``, and a browser test finds a copy there.
"""

from __future__ import annotations

from typing import Any

from .origins import copy_domain


def keep_copies_apart() -> None:
    """Change JupyterHub in this process; the second call changes nothing."""
    from jupyterhub.handlers.base import UserUrlHandler
    from jupyterhub.proxy import Proxy
    from jupyterhub.user import User

    if getattr(User.server_url, "apart", False):
        return
    User.server_url = _server_url(User.server_url)
    User._new_spawner = _new_spawner(User._new_spawner)
    Proxy.delete_user = _delete_user(Proxy.delete_user)
    UserUrlHandler._redirect_to_user_server = _redirect(UserUrlHandler._redirect_to_user_server)


class _AtItsCopy:
    """A user whose ``host`` is that of one of their copies; everything else is the user's."""

    def __init__(self, user: Any, host: str) -> None:
        self._user, self.host = user, host

    def __getattr__(self, name: str) -> Any:
        return getattr(self._user, name)


def _host(user: Any, server: str) -> str:
    """``scheme://domain[:port]`` of a copy."""
    domain = copy_domain(user.name, server, user.settings["domain"])
    return str(user.host).replace(user.domain, domain, 1)


def _spec(user: Any, server: str) -> str:
    """What the proxy knows a copy by: its domain and path."""
    from jupyterhub.utils import url_escape_path, url_path_join

    domain = copy_domain(user.name, server, user.settings["domain"])
    return str(url_path_join(domain, user.base_url, url_escape_path(server), "/"))


def _server_url(original: Any) -> Any:
    def server_url(self: Any, server_name: str = "") -> str:
        url = str(original(self, server_name))
        return url.replace(self.host, _host(self, server_name), 1) if server_name else url

    server_url.apart = True  # type: ignore[attr-defined]
    return server_url


def _new_spawner(original: Any) -> Any:
    def new_spawner(self: Any, server_name: str, *more: Any, **named: Any) -> Any:
        if server_name:
            named.setdefault("proxy_spec", _spec(self, server_name))
        return original(self, server_name, *more, **named)

    return new_spawner


def _delete_user(original: Any) -> Any:
    async def delete_user(self: Any, user: Any, server_name: str = "") -> None:
        if server_name:
            await self.delete_route(_spec(user, server_name))
        else:
            await original(self, user, server_name)

    return delete_user


def _redirect(original: Any) -> Any:
    async def redirect_to_user_server(self: Any, user: Any, spawner: Any) -> None:
        at = _AtItsCopy(user, _host(user, spawner.name)) if spawner.name else user
        await original(self, at, spawner)

    return redirect_to_user_server
