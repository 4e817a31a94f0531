"""A browser that logged in before: a cookie that says so, which opens nothing.

It is signed by the hub's cookie secret and says that this browser has once logged in under some names. It
is no session and outlives log-out and change of password: its only use is that an outsider's failures never
keep its owner out (throttle.py). See "device cookies", OWASP, Slow Down Online Guessing Attacks.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import Any

COOKIE = "course-known-browser"
DAYS = 400  # the longest that browsers keep a cookie
MOST = 8  # names of one browser, as of a computer in a lab; the cookie stays small
_FORM = re.compile(r"[0-9a-f]{16}(:[0-9a-f]{16}){1,8}")


def known_browser(handler: Any, username: str) -> str | None:
    """The browser's id where it logged in as that person before, else None."""
    browser, names = _read(handler)
    return browser if _digest(browser, username) in names else None


def remember_browser(handler: Any, username: str) -> None:
    """Give the browser its cookie, after a login that succeeded."""
    browser, names = _read(handler)
    name = _digest(browser, username)
    value = ":".join([browser, name, *[other for other in names if other != name][: MOST - 1]])
    handler._set_cookie(
        COOKIE, value, encrypted=True, path=handler.hub.base_url, expires_days=DAYS, samesite="Lax"
    )


def _read(handler: Any) -> tuple[str, list[str]]:
    """Id and names in the cookie; a new id and no names where there is none that we signed."""
    found = handler.get_secure_cookie(COOKIE, max_age_days=DAYS)
    text = found.decode("ascii", "replace") if found else ""
    if not _FORM.fullmatch(text):
        return secrets.token_hex(8), []
    browser, *names = text.split(":")
    return browser, names


def _digest(browser: str, username: str) -> str:
    """Stands for a name, so that who else used the computer cannot be read from the cookie."""
    return hashlib.sha256(f"{browser} {username}".encode("utf-8", "replace")).hexdigest()[:16]
