"""What students wrote cannot act as the staff member who reads it in formgrader.

Their text is cleaned when it is drawn. This is the layer behind that: the browser is told which scripts a
page may run, and those are the ones that stand above the student's work. Files of a submission are shown
in a sandbox. Addresses from which nbgrader makes scripts, or reads settings, are refused.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Iterable
from html import unescape
from typing import Any

from jupyter_server.base.handlers import JupyterHandler
from tornado import web
from tornado.httputil import HTTPHeaders, HTTPServerRequest

BEGINS = b'id="notebook-container"'  # of nbgrader's page: below it stands what the student wrote
_PAGE = re.compile(r"/formgrader/submissions/[^/]+/?$")
_FILE = re.compile(r"/formgrader/submissions/(?!components/)[^/]+/.+")
_SCRIPT = re.compile(rb"<script\b([^>]*)>(.*?)</script>", re.DOTALL | re.IGNORECASE)
_EVENT = re.compile(rb"""\son[a-z]+="([^"]*)\"""", re.IGNORECASE)
_OURS = "[A-Za-z0-9_.@+/-]|%20|%40|%2B"  # of an address: names of units, people and cells
POLICY = (
    "default-src 'none'; script-src {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data: {hub}; "
    "font-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SANDBOX = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"
NO_PAGE = "There is no such page in formgrader."


def policy_of(page: bytes) -> str:
    """The policy for the page of a submission: of its inline scripts those above the student's work run."""
    above = page.partition(BEGINS)[0]
    inline = [text for attributes, text in _SCRIPT.findall(above) if b"src=" not in attributes]
    events = [unescape(text.decode()).encode() for text in _EVENT.findall(above)]
    # MathJax evaluates its settings, which are one of these scripts
    words = ["'self'", "'unsafe-eval'", *map(_hashed, inline), *(["'unsafe-hashes'"] if events else [])]
    return _policy(dict.fromkeys([*words, *map(_hashed, events)]))


def _policy(scripts: Iterable[str]) -> str:
    """The hub's own picture stands in the tab, and the hub may be on another origin."""
    return POLICY.format(scripts=" ".join(scripts), hub=os.environ.get("JUPYTERHUB_HOST", ""))


def _hashed(script: bytes) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script).digest()).decode()}'"


class Policies(web.OutputTransform):
    """Puts the policy on each of formgrader's pages, whoever draws it."""

    def __init__(self, request: HTTPServerRequest) -> None:
        super().__init__(request)
        self.path = request.path
        if _PAGE.search(self.path):  # "not modified" comes without the page whose scripts are counted
            request.headers.pop("If-None-Match", None)

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        """Set it; a page comes in one piece."""
        if _FILE.search(self.path):
            headers["Content-Security-Policy"] = SANDBOX
            headers["X-Content-Type-Options"] = "nosniff"
        elif _PAGE.search(self.path):
            headers["Content-Security-Policy"] = policy_of(chunk)
        elif "/formgrader" in self.path:
            headers["Content-Security-Policy"] = _policy(("'self'", "'unsafe-inline'"))
        return status_code, headers, chunk


class Formgrader(JupyterHandler):
    """The first page; nbgrader's would read settings from the folder that ``?path=`` names, and run them."""

    @web.authenticated
    def get(self) -> None:
        """Go to the list of units."""
        self.redirect(self.base_url.rstrip("/") + "/formgrader/manage_assignments")


class NoPage(JupyterHandler):
    """nbgrader writes what stands in an address into its pages, and into their scripts."""

    @web.authenticated
    def get(self) -> None:
        """Refuse.

        Raises:
            tornado.web.HTTPError: always.
        """
        raise web.HTTPError(404, NO_PAGE)


def guards() -> list[tuple[Any, ...]]:
    """Addresses below the service's own, which stand before nbgrader's."""
    return [(r"/formgrader/?", Formgrader), (rf"/formgrader/(?!(?:{_OURS})*$).*", NoPage)]
