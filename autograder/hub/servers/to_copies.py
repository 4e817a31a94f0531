"""nbgrader links to ``/notebooks/...`` at the root, which is the hub's: lead it to the course's service."""

from __future__ import annotations

from typing import Any

from jupyterhub.handlers.base import BaseHandler
from tornado import web


class ToCopy(BaseHandler):
    """``/hub/notebooks/<path>`` to ``/services/<course>/open/<path>``."""

    def initialize(self, course: str) -> None:
        """Which course."""
        self.course = course

    @web.authenticated
    def get(self, path: str) -> None:
        """Whether this person may is decided there."""
        self.redirect(f"{self.app.base_url}services/{self.course}/open/{path}")


def handlers(course: str) -> list[tuple[Any, ...]]:
    """JupyterHub's ``extra_handlers``."""
    return [(r"/notebooks/(.+)", ToCopy, {"course": course})]
