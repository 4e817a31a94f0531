"""What our part of JupyterLab (``hub/lab``) asks a person's own server: units, a look, handing in, the end.

Below ``/course-tools`` are ``units``, ``look/<unit>``, ``submit/<unit>``, ``attempts/<id>`` and ``end``.
Refusals are ``{"message": sentence, "sure": ...}``; not sure is what may have been done all the same.
Whatever waits for the exchange waits in a thread.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Callable
from typing import Any

from jupyter_server.base.handlers import APIHandler
from tornado import web

from ...base.errors import CourseError
from .ending import ends_of

NAME = r"([A-Za-z][A-Za-z0-9_]*)"


class LabTool(APIHandler):
    """What they share: an answer from a thread, or a sentence."""

    async def answer(self, act: Callable[..., Any], *words: str) -> None:
        """Answer what ``act`` returns, or why it does not."""
        try:
            found = await asyncio.to_thread(act, *words)
        except CourseError as error:
            self.log.warning("%s: %s", self.request.path, error)
            self.set_status(409)
            found = {"message": str(error), "sure": getattr(error, "sure", True)}
        self.finish(json.dumps(found))


class ReleasedUnits(LabTool):
    """The course, and its released units."""

    @web.authenticated
    async def get(self) -> None:
        """Name them; none where the course's exchange is not used here."""
        await self.answer(_units)


class LookAtUnit(LabTool):
    """What handing in would mean."""

    @web.authenticated
    async def post(self, unit: str) -> None:
        """Say it."""
        from .submitting import looked

        await self.answer(looked, unit)


class SubmitUnit(LabTool):
    """Handing in."""

    @web.authenticated
    async def post(self, unit: str) -> None:
        """Do it."""
        from .submitting import submitted

        await self.answer(submitted, unit)


class AttemptStands(LabTool):
    """Where an attempt stands."""

    @web.authenticated
    async def get(self, attempt: str) -> None:
        """Say it."""
        from .submitting import stands

        await self.answer(stands, attempt)


class ServerEnd(LabTool):
    """When and why this server ends; asking is no activity, or nobody would ever be idle."""

    _track_activity = False  # Jupyter Server's

    @web.authenticated
    async def get(self) -> None:
        """Seconds that are left, since the browser's clock may be another; null where it has no end."""
        self.finish(json.dumps(ends_of(self.settings).next_one(time.time())))


def _units() -> dict[str, Any]:
    from .places_of_pages import exchange_pages
    from .submitting import released_units

    here = bool(os.environ.get("COURSE_EXCHANGE_URL"))
    units = released_units() if here else []
    return {"course": os.environ.get("COURSE_NAME", ""), "units": units, "pages": exchange_pages()}


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """How Jupyter Server finds an extension."""
    return [{"module": "autograder.hub.servers.lab_tools"}]


def _load_jupyter_server_extension(app: Any) -> None:
    """Answer at the addresses."""
    base = f"{app.web_app.settings['base_url'].rstrip('/')}/course-tools"
    handlers: list[tuple[str, Any]] = [
        (f"{base}/units", ReleasedUnits),
        (f"{base}/look/{NAME}", LookAtUnit),
        (f"{base}/submit/{NAME}", SubmitUnit),
        (rf"{base}/attempts/([0-9a-f]{{32}})", AttemptStands),
        (f"{base}/end", ServerEnd),
    ]
    app.web_app.add_handlers(".*$", handlers)
