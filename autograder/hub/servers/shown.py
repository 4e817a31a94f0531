"""Formgrader's page of a submission, drawn beside this server: who else marks meanwhile does not wait.

What is to be drawn is nbgrader's to say; how, and within which limits, is ``gradebook/page.py``'s. MathJax
is served from this machine; ``guarded.py`` says what the page may load and run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import jupyter_server_mathjax
from nbgrader.server_extensions.formgrader import handlers
from tornado import web
from tornado.ioloop import IOLoop

from ...base.apart import NoAnswer
from ...gradebook.page import draw, get_ready

READY_AFTER = 3.0  # seconds; the server's own start goes first
AT_ONCE = 2  # pages that are drawn; who comes then waits, without keeping others from saving marks
MATHJAX = Path(jupyter_server_mathjax.__file__).parent / "static"
MATHJAX_SCRIPT = "MathJax.js?config=TeX-AMS-MML_HTMLorMML-full,Safe"


class _Asked:
    """Takes the place of nbgrader's exporter, and notes what was to be drawn."""

    file: str | None = None
    resources: Mapping[str, Any]

    def from_filename(self, file: str, resources: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        """Draw nothing yet."""
        self.file, self.resources = file, resources
        return "", resources


class SubmissionPage(handlers.SubmissionHandler):
    """nbgrader's handler in all but the drawing."""

    @property
    def exporter(self) -> _Asked:
        """Asked by nbgrader's handler."""
        self.asked = _Asked()
        return self.asked

    @web.authenticated
    async def get(self, submission_id: str) -> None:
        """Let nbgrader find the submission, then draw it."""
        self.asked = _Asked()
        super().get(submission_id)
        if self.asked.file is None:  # it was redirected, or there is no such submission
            return
        get_ready()
        file, told, mathjax = Path(self.asked.file), dict(self.asked.resources), self.mathjax
        try:
            page = await asyncio.wrap_future(_drawers().submit(draw, file, told, mathjax))
        except NoAnswer as error:
            raise web.HTTPError(504, f"This submission cannot be shown: {error}.") from error
        self.write(page)

    @property
    def mathjax(self) -> str:
        """The address of MathJax's script."""
        return f"{self.base_url}/formgrader/mathjax/{MATHJAX_SCRIPT}"


@cache
def _drawers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(AT_ONCE, thread_name_prefix="page")


def shown_handlers() -> list[tuple[Any, ...]]:
    """Addresses below the service's own."""
    IOLoop.current().call_later(READY_AFTER, get_ready)
    return [
        (r"/formgrader/mathjax/(.*)", web.StaticFileHandler, {"path": str(MATHJAX)}),
        (r"/formgrader/submissions/([^/]+)/?", SubmissionPage),
    ]
