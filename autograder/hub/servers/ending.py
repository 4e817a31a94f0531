"""When and why this server ends: ``GET api/course/end`` on a person's own server, which JupyterLab asks.

The answer is ``{"ends_at": "2027-01-17T12:00:00+00:00", "seconds_left": 240, "why": "a sentence"}``, or nulls
and an empty sentence where no end is known. Several things end a server: its profile's hours, by a variable
that is the same for every spawner, and a GPU that is idle; the next to come is told.
"""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from typing import Any

from jupyter_server.base.handlers import APIHandler
from tornado import web

ADDRESS = r"/api/course/end"
END = "COURSE_SERVER_END"  # "+SECONDS" from the server's start, or seconds since 1970
BY_HOURS = "The time of your server is over then. What is saved stays; start another one afterwards."
SETTING = "course_ending"


class KnownEnds:
    """The ends that are known, by what brings them."""

    def __init__(self, started: float) -> None:
        """``started``: when this server did, in seconds since 1970."""
        self._ends: dict[str, tuple[float, str]] = {}
        said = os.environ.get(END, "")
        if (seconds := said.removeprefix("+")).isdecimal():
            self._ends["hours"] = (int(seconds) + (started if said.startswith("+") else 0), BY_HOURS)

    def expect(self, what: str, moment: str | None, why: str) -> None:
        """An end that is going to come, or that is not any more.

        Args:
            what: brings it, such as "gpu"; what it brought before is forgotten.
            moment: in ISO 8601 with a zone; None: there is none.
            why: a sentence for the server's owner.
        """
        if moment is None:
            self._ends.pop(what, None)
        else:
            self._ends[what] = (datetime.fromisoformat(moment).timestamp(), why)

    def to_dict(self) -> dict[str, Any]:
        """What JupyterLab is told."""
        if not self._ends:
            return {"ends_at": None, "seconds_left": None, "why": ""}
        moment, why = min(self._ends.values())
        ends_at = datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")
        return {"ends_at": ends_at, "seconds_left": max(0, round(moment - time.time())), "why": why}


class ServersEnd(APIHandler):
    """Tells it; asking is no activity, or nobody would ever be idle."""

    _track_activity = False  # Jupyter Server's

    @web.authenticated
    def get(self) -> None:
        """When and why."""
        self.finish(ends_of(self.settings).to_dict())


def ends_of(settings: dict[str, Any]) -> KnownEnds:
    """The ends of the server with these settings; other extensions add theirs."""
    found: KnownEnds = settings.setdefault(SETTING, KnownEnds(settings["started"].timestamp()))
    return found


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """How Jupyter Server finds an extension."""
    return [{"module": "autograder.hub.servers.ending"}]


def _load_jupyter_server_extension(app: Any) -> None:
    """Answer at the address."""
    ends_of(app.web_app.settings)
    base = app.web_app.settings["base_url"].rstrip("/")
    app.web_app.add_handlers(".*$", [(base + ADDRESS, ServersEnd)])
