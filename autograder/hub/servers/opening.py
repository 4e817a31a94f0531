"""``/course/<unit>`` on a person's own server: the unit's notebook in JupyterLab, fetched if need be.

The exchange's pages link here, through the hub, which starts the server where it does not run. Fetching is
what nbgrader's button does: files that lie there are never replaced.
"""

from __future__ import annotations

import asyncio
import os
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jupyter_server.base.handlers import JupyterHandler
from tornado import web

NOT_THERE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Not fetched</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body><main><h1>The unit was not fetched</h1><p>{text}</p>
<p><a href="{lab}">Open JupyterLab without it</a></p></main></body></html>
"""
ADDRESS = r"/course/([A-Za-z][A-Za-z0-9_]*)"


class OpenUnit(JupyterHandler):
    """Where "Open in JupyterLab" ends up."""

    @web.authenticated
    async def get(self, unit: str) -> None:
        """Fetch the unit if need be, and go to its notebook; JupyterLab itself where that is not possible."""
        root = Path(self.settings["server_root_dir"]).expanduser()
        folder = root / os.environ.get("COURSE_NAME", "") / unit
        if not folder.is_dir():
            trouble = await asyncio.to_thread(_fetched, folder, unit)
            if trouble:
                self.log.warning("%s was not fetched: %s", unit, trouble)
                self.set_status(404)
                self.finish(NOT_THERE.format(text=escape(trouble), lab=f"{self.base_url}lab"))
                return
        notebook = folder / f"{unit}.ipynb"
        inner = (notebook if notebook.is_file() else folder).relative_to(root).as_posix()
        self.redirect(f"{self.base_url}lab/tree/{quote(inner)}")


def _fetched(folder: Path, unit: str) -> str:
    """Fetch a unit; why not, or nothing. Imported late: no server waits for this at its start."""
    from ...base.errors import CourseError
    from ...exchange.client.service import service_from_environment
    from ...exchange.client.trees import write_tree

    try:
        write_tree(folder, service_from_environment().release_files(unit), replace=False)
    except (CourseError, OSError) as error:
        return str(error)
    return ""


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """How Jupyter Server finds an extension."""
    return [{"module": "autograder.hub.servers.opening"}]


def _load_jupyter_server_extension(app: Any) -> None:
    """Answer at the address."""
    base = app.web_app.settings["base_url"].rstrip("/")
    app.web_app.add_handlers(".*$", [(base + ADDRESS, OpenUnit)])
