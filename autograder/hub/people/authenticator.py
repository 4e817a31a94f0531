"""Login: who is on the roster, and proves it by password or through an OIDC provider.

The roster file is read again at each login and each refresh, so that whoever is
dropped from it is out within ``auth_refresh_age`` seconds, tokens included.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyterhub import orm
from jupyterhub.auth import Authenticator
from jupyterhub.handlers.login import LoginHandler
from oauthenticator.generic import GenericOAuthenticator
from tornado import web
from traitlets import Instance, Unicode, default

from ...base.errors import ConfigError
from ...marks.roster import USERNAME, Member, read_roster
from .change_password import ChangePassword
from .first_password import SENTENCE
from .hashing import Hashing, TooManyLogins
from .known_browser import known_browser, remember_browser
from .logout import LogoutEverywhere, OAuthLogoutEverywhere
from .passwords import NOBODY, Hash, PasswordFile, matches
from .roles import groups_of
from .sessions import end_all_but_servers, mark_in, mark_of, note_server_token, set_mark
from .throttle import LoginAttempt, LoginThrottle, Throttle, TooManyFailures

MANY = "Many people are logging in now. Please try again soon."
MOST_ASLEEP = 500  # attempts that wait for their turn


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
    changes = Instance(Throttle, args=())  # wrong old passwords on the page that changes them
    hashing = Instance(Hashing, kw={"threads": 1, "most": 50, "most_each": 3})  # of known browsers
    strangers = Instance(Hashing, kw={"threads": 2, "most": 40, "most_each": 40})

    _asleep = 0

    @default("passwords")
    def _passwords(self) -> PasswordFile:
        return PasswordFile(Path(self.passwords_file))

    passwords = Instance(PasswordFile)

    async def authenticate(self, handler: Any, data: dict[str, str]) -> dict[str, Any] | None:
        """The member whose password this is, or None; waits are said with status 429."""
        username, address = _name(data), handler.request.remote_ip
        browser = known_browser(handler, username)
        attempt = await self._admit(username, address, browser)
        hashing = self.hashing if browser else self.strangers
        try:
            known = self.member(username)
            right = await self._is_password(hashing, username if known else None, data.get("password", ""))
        except web.HTTPError:
            self.throttle.undecided(attempt)
            raise
        if known is None or not right:
            self.throttle.failed(attempt)
            return None
        self.throttle.succeeded(attempt)
        self._end_before_login(handler.db, username)
        if isinstance(handler, LoginHandler):
            remember_browser(handler, username)
        elif self.has_first_password(username):
            raise web.HTTPError(403, SENTENCE)
        return {"name": username, "groups": groups_of(self.course_name, known)}

    async def is_own_password(self, username: str, password: str) -> bool:
        """Whether it is, of somebody who is logged in; waits are said with status 429."""
        _refuse_for(self.changes.wait(username))
        self.changes.failed(username)
        right = await self._is_password(self.hashing, username, password)
        if right:
            self.changes.succeeded(username)
        return right

    def has_first_password(self, username: str) -> bool:
        """Whether somebody's password was handed out, and never changed."""
        try:
            known = self._hashes().get(username)
        except web.HTTPError:
            if not self.passwords.latest:
                raise
            known = self.passwords.latest.get(username)  # a damaged file does not stop who is logged in
        return known is not None and known.first

    def end_earlier_sessions(self, db: Any) -> None:
        """End what people are logged in with, where it was got with a password that is no longer theirs."""
        hashes = self._hashes()
        for user in db.query(orm.User):
            mark, earlier = mark_of(hashes.get(user.name)), mark_in(user)
            if earlier is None:  # of a release that noted no mark
                set_mark(user, mark)
            elif earlier != mark:
                self.log.info("the password of %s was changed: their sessions and tokens end", user.name)
                end_all_but_servers(db, user, mark)
        db.commit()

    def add_user(self, user: Any) -> None:
        """Note with which password a new user's sessions begin."""
        super().add_user(user)
        user = getattr(user, "orm_user", user)
        if mark_in(user) is None:
            set_mark(user, mark_of(self._hashes().get(user.name)))

    async def pre_spawn_start(self, user: Any, spawner: Any) -> None:
        """A server's own token outlives a change of password."""
        note_server_token(user.db, spawner.api_token)

    def get_handlers(self, app: Any) -> list[tuple[str, Any]]:
        """The login page, log-out, and a page to change the password."""
        if not getattr(app, "leads_to_change", False):
            raise ConfigError(
                "this hub would let people in with first passwords: run it by 'course hub --config FILE' or "
                "'python -m autograder.hub.process.serve -f FILE', not by 'jupyterhub -f FILE'"
            )
        handlers: list[tuple[str, Any]] = super().get_handlers(app)
        return [*handlers, (r"/logout", LogoutEverywhere), (r"/change-password", ChangePassword)]

    def _end_before_login(self, db: Any, username: str) -> None:
        """Where the password is so new that nobody noticed: end the old sessions before this one begins."""
        user = orm.User.find(db, username)
        if user is not None and mark_in(user) != mark_of(self._hashes().get(username)):
            self.end_earlier_sessions(db)

    async def _admit(self, username: str, address: str, browser: str | None) -> LoginAttempt:
        """Wait for this attempt's turn; status 429 where it has none."""
        try:
            attempt, seconds = self.throttle.begin(username, address, browser)
        except TooManyFailures as error:
            self.log.warning("login of %r from %s has to wait %.0f s", username, address, error.seconds)
            raise web.HTTPError(429, str(error)) from error
        if seconds > 0:
            await self._sleep(attempt, seconds)
        return attempt

    async def _sleep(self, attempt: LoginAttempt, seconds: float) -> None:
        if self._asleep >= MOST_ASLEEP:
            self.throttle.undecided(attempt)
            raise web.HTTPError(503, MANY)
        self._asleep += 1
        try:
            await asyncio.sleep(seconds)
        finally:
            self._asleep -= 1

    async def _is_password(self, hashing: Hashing, username: str | None, password: str) -> bool:
        """Whether it is; for a name that is unknown it is not, after the same time."""
        known = self._hashes().get(username) if username else None
        try:
            right = await hashing.run(username or "", matches, password, known or NOBODY)
        except TooManyLogins as error:
            raise web.HTTPError(503, MANY) from error
        if username and self._hashes().get(username) != known:  # changed while this was compared
            return False
        return right and known is not None

    def _hashes(self) -> Mapping[str, Hash]:
        try:
            return self.passwords.hashes()
        except ConfigError as error:
            self.log.error("nobody can log in: %s", error)
            raise web.HTTPError(
                503, "The hub's password file is damaged. Please tell your instructor."
            ) from error


class RosterOAuthenticator(FromRoster, GenericOAuthenticator):
    """An OIDC provider says who it is; the roster says whether they take part."""

    logout_handler = OAuthLogoutEverywhere

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


def _name(data: dict[str, str]) -> str:
    """The name in a login form; "" where it cannot be anybody's, so that it takes no memory."""
    name = data.get("username", "").strip().lower()
    return name if USERNAME.fullmatch(name) else ""


def _refuse_for(seconds: float) -> None:
    if seconds > 0:
        raise web.HTTPError(429, f"Too many failed tries. Please wait {math.ceil(seconds)} seconds.")
