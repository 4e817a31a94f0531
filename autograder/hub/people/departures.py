"""Somebody leaves: a running hub stops their servers and forgets their tokens."""

from __future__ import annotations

import urllib.error
import urllib.request
from urllib.parse import quote

from ...course import Course
from ..process.options import hub_folder

_SECONDS = 10.0


def end_on_hub(course: Course, username: str) -> str:
    """Delete the user on the hub where one runs; says in a sentence what happened."""
    folder = hub_folder(course)
    port, token = folder / "ports" / "hub", folder / "tokens" / "roster"
    if not (port.exists() and token.exists()):
        return "No hub was started here yet."
    url = f"http://127.0.0.1:{port.read_text().strip()}/hub/api/users/{quote(username)}"
    headers = {"Authorization": f"token {token.read_text().strip()}"}
    request = urllib.request.Request(url, method="DELETE", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS):
            return "Their server was stopped and their tokens ended."
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return "They were never logged in at the hub."
        return f"The hub answered with status {error.code}: look at its log."
    except OSError:
        return "No hub is running; when it starts, they cannot log in."
