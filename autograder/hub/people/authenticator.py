"""Login: who is on the roster, and proves it by password or through an OIDC provider.

The roster file is read again at each login and each refresh, so that whoever is
dropped from it is out within ``auth_refresh_age`` seconds, tokens included.
"""

from __future__ import annotations

import asyncio
import math
from pathlib import Path
from typing import Any

from jupyterhub.auth import Authenticator
from oauthenticator.generic import GenericOAuthenticator
from tornado import web
from traitlets import Instance, Unicode

from ...base.errors import ConfigError
from .change_password import ChangePassword
from .passwords import NOBODY, Hash, matches, read_hashes
from .roles import groups_of
from .roster import Member, read_roster
from .throttle import LoginThrottle


class FromRoster(Authenticator):
    """What both ways of logging in share: membership, groups and refusal come from the roster."""

    course_name = Unicode(help="The course's name, from which groups are named.").tag(config=True)
    roster_file = Unicode(help="The roster, a CSV file.").tag(config=True)
    manage_groups = True
    any_allow_config = True

    def member(self, username: str) -> Member | None:
        """The person of that name.

        Raises:
            tornado.web.HTTPError: the roster cannot be read; the log says why.
        """
        try:
            return read_roster(Path(self.roster_file)).find(username)
        except ConfigError as error:
            self.log.error("nobody can log in: %s", error)
            raise web.HTTPError(
                503, "The course's roster is damaged. Please tell your instructor."
            ) from error

    def check_allowed(self, username: str, authentication: Any = None) -> bool:
        """Only who is on the roster."""
        return self.member(username) is not None

    async def refresh_user(self, user: Any, handler: Any = None) -> bool | dict[str, Any]:
        """The groups of today; False for somebody who was dropped."""
        member = self.member(user.name)
        return {"name": user.name, "groups": groups_of(self.course_name, member)} if member else False


class RosterAuthenticator(FromRoster):
    """Usernames of the roster with passwords of ``data/hub/passwords``."""

    passwords_file = Unicode(help="Hashes, as passwords.py writes them.").tag(config=True)
    throttle = Instance(LoginThrottle, args=())
    _hashing = Instance(asyncio.Semaphore, args=(2,))  # each needs 32 MiB and a fifth of a second

    async def authenticate(self, handler: Any, data: dict[str, str]) -> dict[str, Any] | None:
        """The member whose password this is, or None; waits are said with status 429."""
        username, address = data.get("username", "").strip().lower(), handler.request.remote_ip
        self.refuse_if_throttled(username, address)
        known = self.member(username)
        right = await self.is_password_of(username if known else None, data.get("password", ""))
        if known is None or not right:
            self.throttle.failed(username, address)
            return None
        self.throttle.succeeded(username, address)
        return {"name": username, "groups": groups_of(self.course_name, known)}

    async def is_password_of(self, username: str | None, password: str) -> bool:
        """Whether it is; for a name that is unknown it is not, after the same time."""
        known = self._hashes().get(username) if username else None
        async with self._hashing:
            right = await asyncio.to_thread(matches, password, known or NOBODY)
        return right and known is not None

    def refuse_if_throttled(self, username: str, address: str) -> None:
        """Raise status 429 while this name or address has to wait."""
        seconds = self.throttle.wait(username, address)
        if seconds > 0:
            self.log.warning("login of %r from %s has to wait %.0f s", username[:32], address, seconds)
            raise web.HTTPError(429, f"Too many failed logins. Please wait {math.ceil(seconds)} seconds.")

    def get_handlers(self, app: Any) -> list[tuple[str, Any]]:
        """The login page, and a page to change the password."""
        handlers: list[tuple[str, Any]] = super().get_handlers(app)
        return [*handlers, (r"/change-password", ChangePassword)]

    def _hashes(self) -> dict[str, Hash]:
        try:
            return read_hashes(Path(self.passwords_file))
        except ConfigError as error:
            self.log.error("nobody can log in: %s", error)
            raise web.HTTPError(
                503, "The hub's password file is damaged. Please tell your instructor."
            ) from error


class RosterOAuthenticator(FromRoster, GenericOAuthenticator):
    """An OIDC provider says who it is; the roster says whether they take part."""

    async def authenticate(self, handler: Any, data: Any = None, **rest: Any) -> dict[str, Any] | None:
        """The person whom the provider names, with groups from the roster.

        Set last of all: OAuthenticator itself takes groups from a claim of the provider.
        """
        model: dict[str, Any] | None = await super().authenticate(handler, data, **rest)
        if model is None:
            return None
        member = self.member(model["name"])
        return {**model, "groups": groups_of(self.course_name, member) if member else [], "admin": False}

    async def check_allowed(self, username: str, auth_model: Any) -> bool:  # type: ignore[override]
        """Only who is on the roster; nothing that the provider says can widen that."""
        if self.member(username) is None:
            raise web.HTTPError(403, f"{username} is not on the roster of this course. Ask your instructor.")
        return True
