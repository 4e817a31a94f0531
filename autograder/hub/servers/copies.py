"""A student's notebook for a staff member: a copy on a disposable server.

Formgrader's link to a notebook comes here. Staff get a short-lived signed word that
stands for this one file, and the hub starts a named server that fetches it with the
word (disposable.py). So that server needs no right in the course, and has none.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from itsdangerous import BadSignature, URLSafeTimedSerializer
from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyterhub.handlers.base import BaseHandler
from tornado import web

MINUTES = 10  # from the click until the server is up
PREFIX = "look-"


class Words:
    """Signed words for files below ``autograded``; they end with this process."""

    def __init__(self, root: Path) -> None:
        self.root = (root / "autograded").resolve()
        self._signer = URLSafeTimedSerializer(secrets.token_bytes(32), salt="copy of a submission")

    def word(self, path: str) -> str:
        """The word for a file, as nbgrader links to it: ``./autograded/<student>/<unit>/<unit>.ipynb``.

        Raises:
            tornado.web.HTTPError: there is no such submission.
        """
        inner = re.sub(r"^(\./)*autograded/", "", path)
        self._file(inner)
        return str(self._signer.dumps(inner))

    def file(self, word: str) -> Path:
        """The file that a word stands for.

        Raises:
            tornado.web.HTTPError: the word is forged or too old.
        """
        try:
            return self._file(self._signer.loads(word, max_age=MINUTES * 60))
        except BadSignature as error:
            raise web.HTTPError(
                403, "This link is too old. Go back to formgrader and open it again."
            ) from error

    def _file(self, inner: str) -> Path:
        path = (self.root / inner).resolve()
        if not (path.is_relative_to(self.root) and path.suffix == ".ipynb" and path.is_file()):
            raise web.HTTPError(404, "There is no such submission.")
        return path


class ToFormgrader(JupyterHandler):
    """A server of this kind leads to JupyterLab, which does not run here."""

    @web.authenticated
    def get(self) -> None:
        """Go to formgrader."""
        self.redirect(self.base_url.rstrip("/") + "/formgrader")


class OpenCopy(JupyterHandler):
    """Where formgrader's link to a notebook ends up."""

    def initialize(self, words: Words) -> None:
        """Take what the handlers share."""
        self.words = words

    @web.authenticated
    def get(self, path: str) -> None:
        """Have the hub start a server of the staff member's with a copy."""
        word, user = self.words.word(path), self.current_user.username
        name = PREFIX + hashlib.sha256(path.encode()).hexdigest()[:8]
        hub = os.environ.get("JUPYTERHUB_HOST", "")
        opened = f"/user/{user}/{name}/lab/tree/{Path(path).name}"
        self.redirect(f"{hub}/hub/spawn/{user}/{name}?" + urlencode({"opt-copy": word, "next": opened}))


class GiveCopy(JupyterHandler):
    """Gives a file to whoever has its word."""

    def initialize(self, words: Words) -> None:
        """Take what the handlers share."""
        self.words = words

    @allow_unauthenticated
    def get(self, word: str) -> None:
        """The notebook, never shown inline."""
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("Content-Disposition", 'attachment; filename="submission.ipynb"')
        self.finish(self.words.file(word).read_bytes())


def handlers(root: Path) -> list[tuple[Any, ...]]:
    """Addresses below the service's own; ``root`` is nbgrader's course folder."""
    shared = {"words": Words(root)}
    return [
        (r"/lab/?", ToFormgrader),
        (r"/?", ToFormgrader),
        (r"/open/(.+)", OpenCopy, shared),
        (r"/copies/([A-Za-z0-9._-]+)", GiveCopy, shared),
    ]


class ToService(BaseHandler):
    """``/hub/formgrader``, to which JupyterLab's menu leads, to the service; it runs in the hub."""

    def initialize(self, course: str) -> None:
        """Which course."""
        self.course = course

    @web.authenticated
    def get(self) -> None:
        """Whether this person may is decided there."""
        self.redirect(f"{self.app.base_url}services/{self.course}/formgrader")


class ToCopy(BaseHandler):
    """``/hub/notebooks/<path>`` to ``/services/<course>/open/<path>``; it runs in the hub.

    nbgrader links to ``/notebooks/...`` at the root, which is the hub's.
    """

    def initialize(self, course: str) -> None:
        """Which course."""
        self.course = course

    @web.authenticated
    def get(self, path: str) -> None:
        """Whether this person may is decided there."""
        self.redirect(f"{self.app.base_url}services/{self.course}/open/{path}")


def links(course: str) -> list[tuple[Any, ...]]:
    """JupyterHub's ``extra_handlers``."""
    which = {"course": course}
    return [(r"/notebooks/(.+)", ToCopy, which), (r"/formgrader", ToService, which)]
