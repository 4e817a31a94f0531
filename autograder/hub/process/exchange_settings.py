"""nbgrader's exchange on a server of the hub: the course's own service, or the stock folder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def use_exchange(c: Any, environment: Mapping[str, str]) -> None:
    """Point nbgrader's commands to the exchange of this hub.

    The hub says in the environment which: ``COURSE_EXCHANGE_URL``, used with the
    server's own token, or ``COURSE_EXCHANGE_FOLDER``.
    """
    url = environment.get("COURSE_EXCHANGE_URL")
    if url:
        from ...exchange.client.settings import configure_exchange

        configure_exchange(c, url, "JUPYTERHUB_API_TOKEN")
    elif "COURSE_EXCHANGE_FOLDER" in environment:
        c.Exchange.root = environment["COURSE_EXCHANGE_FOLDER"]
