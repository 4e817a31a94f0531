"""Log out: everywhere, since who leaves a computer behind cannot go back to each."""

from __future__ import annotations

from jupyterhub.handlers.login import LogoutHandler
from jupyterhub.user import User
from oauthenticator.oauth2 import OAuthLogoutHandler

from .sessions import end_sessions


class LogoutEverywhere(LogoutHandler):
    """``/hub/logout``: ends the person's login in all browsers, at hub, services and servers."""

    async def get(self) -> None:
        """Log out, unless another site sent the browser here."""
        if self.request.headers.get("Sec-Fetch-Site") == "cross-site":
            self.redirect(self.hub.base_url + "home")
            return
        await super().get()

    def _backend_logout_cleanup(self, name: str) -> None:
        user = self.current_user
        super()._backend_logout_cleanup(name)
        if isinstance(user, User):
            end_sessions(self.db, user.orm_user)


class OAuthLogoutEverywhere(LogoutEverywhere, OAuthLogoutHandler):
    """The same where a provider says who somebody is; its own session is the provider's to end."""
