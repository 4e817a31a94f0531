"""Somebody leaves: a running hub stops their servers and forgets their tokens."""

from __future__ import annotations

import urllib.error
import urllib.request
from urllib.parse import quote

from ...course import Course
from ..process.options import hub_folder

_SECONDS = 30.0  # a server that ends slowly is answered for after ten
NOT_RUNNING = "No hub is running."


def end_on_hub(course: Course, username: str) -> str:
    """Delete the user on the hub where one runs; says in a sentence what happened."""
    said = _delete(course, quote(username))
    if isinstance(said, str):
        return "No hub is running; when it starts, they cannot log in." if said == NOT_RUNNING else said
    if said == 404:
        return "They were never logged in at the hub."
    return "Their server was stopped and their tokens ended." if said < 300 else _odd(said)


def stop_server(course: Course, username: str) -> str:
    """Stop somebody's server where a hub runs; says in a sentence what happened."""
    said = _delete(course, f"{quote(username)}/server")
    if isinstance(said, str):
        return said
    if said in (400, 404):
        return "They have no server that runs."
    return "Their server was stopped." if said < 300 else _odd(said)


def _odd(status: int) -> str:
    return f"The hub answered with status {status}: look at its log."


def _delete(course: Course, path: str) -> int | str:
    """The hub's answer below ``users/``, or why there is none."""
    folder = hub_folder(course)
    port, token = folder / "ports" / "hub", folder / "tokens" / "roster"
    if not (port.exists() and token.exists()):
        return "No hub was started here yet."
    url = f"http://127.0.0.1:{port.read_text().strip()}/hub/api/users/{path}"
    headers = {"Authorization": f"token {token.read_text().strip()}"}
    request = urllib.request.Request(url, method="DELETE", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return NOT_RUNNING
