"""Talks to the exchange over HTTP; knows nothing of nbgrader.

A request that did not reach the exchange, or that it asked to repeat, is sent again. A
submission carries a key of its own, so that sending it again never makes two of it.
"""

from __future__ import annotations

import base64
import os
import random
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from ...base.errors import CourseError, UsageError
from ...base.loopback import connectable

TRIES = 5
LONGEST_WAIT = 20.0  # seconds between two tries
AGAIN = (429, 502, 503, 504)
URL_VARIABLE = "COURSE_EXCHANGE_URL"
TOKEN_VARIABLE = "COURSE_EXCHANGE_TOKEN"
HUB_TOKEN_VARIABLE = "JUPYTERHUB_API_TOKEN"


class ExchangeRefused(CourseError):
    """The exchange said no, or did not answer; the text is its own."""

    def __init__(self, text: str, status: int | None = None) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True)
class Service:
    """One exchange, and the token of who uses it."""

    url: str
    token: str

    def units(self) -> list[dict[str, Any]]:
        """The units, with what is released of them."""
        found: list[dict[str, Any]] = self._ask("GET", "units")
        return found

    def release_files(self, unit: str) -> dict[str, bytes]:
        """The released files of a unit."""
        return _unpacked(self._ask("GET", f"units/{unit}/release"))

    def release(self, unit: str, files: Mapping[str, bytes], force: bool) -> dict[str, Any]:
        """Release a unit."""
        answer: dict[str, Any] = self._ask(
            "PUT", f"units/{unit}/release", {"files": _packed(files)}, params={"force": force}
        )
        return answer

    def withdraw(self, unit: str) -> None:
        """Take a unit back."""
        self._ask("DELETE", f"units/{unit}/release")

    def submit(self, unit: str, files: Mapping[str, bytes]) -> dict[str, Any]:
        """Hand in; the answer holds the receipt."""
        moment = datetime.now(UTC).isoformat()
        upload = {"files": _packed(files), "key": secrets.token_hex(16), "client_time": moment}
        answer: dict[str, Any] = self._ask("POST", f"units/{unit}/attempts", upload)
        return answer

    def look(self, unit: str, files: Mapping[str, bytes]) -> dict[str, Any]:
        """What handing in these files would mean, in words; nothing is handed in."""
        answer: dict[str, Any] = self._ask("POST", f"units/{unit}/look", {"files": _packed(files)})
        return answer

    def attempt(self, attempt: str) -> dict[str, Any]:
        """An attempt, its place in line and its state."""
        found: dict[str, Any] = self._ask("GET", f"attempts/{attempt}")
        return found

    def attempts(self, unit: str) -> list[dict[str, Any]]:
        """The caller's own attempts, oldest first."""
        found: list[dict[str, Any]] = self._ask("GET", f"units/{unit}/attempts")["attempts"]
        return found

    def submissions(self, unit: str) -> list[dict[str, Any]]:
        """All attempts of all students; for staff."""
        found: list[dict[str, Any]] = self._ask("GET", f"units/{unit}/submissions")
        return found

    def files(self, attempt: str) -> dict[str, bytes]:
        """What was handed in."""
        return _unpacked(self._ask("GET", f"attempts/{attempt}/files"))

    def feedback(self, attempt: str) -> tuple[str | None, dict[str, bytes]]:
        """Feedback as HTML pages by file name, and a name for this state of it."""
        answer = self._ask("GET", f"attempts/{attempt}/feedback")
        return answer["name"], _unpacked(answer)

    def release_feedback(self, attempt: str, files: Mapping[str, bytes]) -> None:
        """Give an attempt nbgrader's feedback; for staff."""
        self._ask("PUT", f"attempts/{attempt}/feedback", {"files": _packed(files)})

    def receipt_key(self) -> str:
        """The public key of receipts, PEM."""
        return str(self._ask("GET", "receipt-key")["public_key"])

    def _ask(self, method: str, path: str, body: Any = None, params: Any = None) -> Any:
        answer = self._send(method, path, body, params)
        if answer.is_success:
            return _json(answer)
        said = _json(answer) if "json" in answer.headers.get("content-type", "") else {}
        text = said.get("error") if isinstance(said, dict) else None
        raise ExchangeRefused(
            text or f"The exchange at {self.url} answered {answer.status_code}.", answer.status_code
        )

    def _send(self, method: str, path: str, body: Any, params: Any) -> httpx.Response:
        at, headers = connectable(self.url)
        if self.token:
            headers["Authorization"] = f"token {self.token}"
        with httpx.Client(base_url=f"{at.rstrip('/')}/api/", headers=headers, timeout=60) as client:
            for attempt in range(1, TRIES + 1):
                try:
                    answer = client.request(method, path, json=body, params=params)
                except httpx.TransportError as error:
                    if attempt == TRIES:
                        raise ExchangeRefused(
                            f"The exchange at {self.url} does not answer ({type(error).__name__})."
                        ) from error
                    time.sleep(_wait(attempt, None))
                    continue
                wait = answer.headers.get("retry-after")
                if answer.status_code not in AGAIN or attempt == TRIES or _too_long(wait):
                    return answer
                time.sleep(_wait(attempt, wait))
        raise AssertionError("the loop above always returns or raises")


def service_from_environment(url: str | None = None) -> Service:
    """The exchange that this environment names.

    Raises:
        UsageError: none is named; the text says how to.
    """
    url = url or os.environ.get(URL_VARIABLE, "")
    token = os.environ.get(TOKEN_VARIABLE) or os.environ.get(HUB_TOKEN_VARIABLE, "")
    if not url or not token:
        missing = URL_VARIABLE if not url else f"{TOKEN_VARIABLE} (or {HUB_TOKEN_VARIABLE})"
        raise UsageError(
            f"no exchange is configured: {missing} is not set. On a server of the hub both are; elsewhere "
            f"set {URL_VARIABLE} to its address, such as https://hub.example.org/services/exchange/, and "
            f"{TOKEN_VARIABLE} to a token from the hub's page /hub/token. "
            f"{URL_VARIABLE}=nbgrader:/srv/exchange uses nbgrader's own exchange in that folder."
        )
    return Service(url, token)


def receipt_key(url: str | None = None) -> tuple[str, str]:
    """The address of an exchange, and the public key that its receipts are signed with; for everybody.

    Raises:
        UsageError: no exchange is named.
        ExchangeRefused: it does not answer.
    """
    url = url or os.environ.get(URL_VARIABLE, "")
    if not url:
        raise UsageError(
            f"no key: name the exchange with --url or {URL_VARIABLE}, or a file with its public key with "
            "--key, or call this in the course's folder."
        )
    return url, str(Service(url, "").receipt_key())


def _packed(files: Mapping[str, bytes]) -> list[dict[str, str]]:
    return [{"path": path, "content": base64.b64encode(content).decode()} for path, content in files.items()]


def _unpacked(answer: Mapping[str, Any]) -> dict[str, bytes]:
    return {file["path"]: base64.b64decode(file["content"]) for file in answer["files"]}


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError as error:
        raise ExchangeRefused(
            f"{answer.url} answered something that is not the exchange. Is its address right?"
        ) from error


def _too_long(wait: str | None) -> bool:
    return wait is not None and wait.isdigit() and int(wait) > LONGEST_WAIT


def _wait(attempt: int, asked: str | None) -> float:
    """Seconds until the next try: what was asked for, or doubling; never all clients at once."""
    base = float(asked) if asked is not None and asked.isdigit() else 0.25 * 2**attempt
    return min(base, LONGEST_WAIT) * random.uniform(1.0, 1.3)
