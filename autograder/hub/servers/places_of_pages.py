"""Where the exchange's pages are, as a browser reaches them from a server or from formgrader."""

from __future__ import annotations

import os

from ..people.roles import EXCHANGE


def exchange_pages() -> str:
    """By the hub's address, with a slash at its end; "" where nbgrader's own exchange is used."""
    if not os.environ.get("COURSE_EXCHANGE_URL"):
        return ""
    base = os.environ.get("JUPYTERHUB_BASE_URL", "/").rstrip("/")
    return f"{os.environ.get('JUPYTERHUB_HOST', '')}{base}/services/{EXCHANGE}/"
