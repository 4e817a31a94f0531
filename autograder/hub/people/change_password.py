"""The page on which people change their password."""

from __future__ import annotations

from pathlib import Path

from jupyterhub.handlers.base import BaseHandler
from tornado import web

from ...base.errors import UsageError
from .first_password import Allowed
from .passwords import set_password


class ChangePassword(Allowed, BaseHandler):
    """``/hub/change-password``; the hub's own protection against cross-site requests holds here."""

    @web.authenticated
    async def get(self) -> None:
        """The form."""
        await self._show()

    @web.authenticated
    async def post(self) -> None:
        """Change it, where the old one is right and the new one is good; other browsers are logged out."""
        user, authenticator = self.current_user, self.authenticator
        if not await authenticator.is_own_password(user.name, self._field("old")):
            return await self._show(error="The old password is not right.", status=403)
        new = self._field("new")
        if new != self._field("again"):
            return await self._show(error="The two new passwords differ.", status=400)
        if new == self._field("old"):
            return await self._show(error="The new password is the old one: choose another.", status=400)
        try:
            await authenticator.hashing.run(
                user.name, set_password, Path(authenticator.passwords_file), user.name, new
            )
        except UsageError as error:
            return await self._show(error=str(error), status=400)
        authenticator.end_earlier_sessions(self.db)
        self.set_login_cookie(user)  # this browser stays
        await self._show(done=True)

    def _field(self, name: str) -> str:
        value: str = self.get_body_argument(name, "", strip=False)
        return value

    async def _show(self, error: str = "", done: bool = False, status: int = 200) -> None:
        self.set_status(status)
        page = await self.render_template(
            "change-password.html",
            error=error,
            done=done,
            first=self.authenticator.has_first_password(self.current_user.name),
            next=self._validate_next_url(self.get_argument("next", "")),
        )
        self.finish(page)
