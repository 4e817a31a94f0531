"""Where a login leads that asked for no page: students to the course's page, others as JupyterHub says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Landing:
    """JupyterHub's ``default_url``, which may be a function of the request."""

    course: str
    exchange: str  # address, without a slash at its end

    def __call__(self, handler: Any) -> str:
        """The page of the course for its students; nothing for others, so that JupyterHub decides."""
        from jupyterhub.handlers.pages import RootHandler

        user = handler.current_user
        if user is None:  # who comes back from a provider's login is known from the next request on
            return "" if isinstance(handler, RootHandler) else str(handler.hub.base_url)
        groups = {group.name for group in getattr(user, "groups", ())}
        return f"{self.exchange}/" if f"nbgrader-{self.course}" in groups else ""
