"""The page on which people change their password."""

from __future__ import annotations

from pathlib import Path

from jupyterhub.handlers.base import BaseHandler
from tornado import web

from ...base.errors import UsageError
from .passwords import set_password


class ChangePassword(BaseHandler):
    """``/hub/change-password``; the hub's own protection against cross-site requests holds here."""

    @web.authenticated
    async def get(self) -> None:
        """The form."""
        await self._show()

    @web.authenticated
    async def post(self) -> None:
        """Change it, where the old one is right and the new one is good."""
        username, authenticator = self.current_user.name, self.authenticator
        authenticator.refuse_if_throttled(username, self.request.remote_ip)
        if not await authenticator.is_password_of(username, self._field("old")):
            authenticator.throttle.failed(username, self.request.remote_ip)
            return await self._show(error="The old password is not right.", status=403)
        if self._field("new") != self._field("again"):
            return await self._show(error="The two new passwords differ.", status=400)
        try:
            set_password(Path(authenticator.passwords_file), username, self._field("new"))
        except UsageError as error:
            return await self._show(error=str(error), status=400)
        await self._show(done=True)

    def _field(self, name: str) -> str:
        value: str = self.get_body_argument(name, "", strip=False)
        return value

    async def _show(self, error: str = "", done: bool = False, status: int = 200) -> None:
        self.set_status(status)
        page = await self.render_template("change-password.html", error=error, done=done)
        self.finish(page)
