"""Makes nbgrader's commands and buttons use the exchange; without this they use nbgrader's own."""

from __future__ import annotations

from typing import Any

from .service import HUB_TOKEN_VARIABLE

PLUGINS = "autograder.exchange.client.plugins"
CLASSES = {
    "exchange": "ServiceExchange",
    "list": "ExchangeList",
    "fetch_assignment": "ExchangeFetchAssignment",
    "fetch_feedback": "ExchangeFetchFeedback",
    "release_assignment": "ExchangeReleaseAssignment",
    "release_feedback": "ExchangeReleaseFeedback",
    "submit": "ExchangeSubmit",
    "collect": "ExchangeCollect",
}


def configure_exchange(config: Any, url: str, token_env: str = HUB_TOKEN_VARIABLE) -> None:
    """Fill nbgrader's configuration object.

    Args:
        config: the object of ``nbgrader_config.py``.
        url: the exchange's address as this machine reaches it, such as
            ``http://127.0.0.1:8000/services/exchange/``.
        token_env: the environment variable that holds the user's token.
    """
    for name, plugin in CLASSES.items():
        config.ExchangeFactory[name] = f"{PLUGINS}.{plugin}"
    config.ServiceExchange.url = url
    config.ServiceExchange.token_env = token_env
