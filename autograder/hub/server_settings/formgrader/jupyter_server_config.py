"""The server that shows formgrader."""

from autograder.hub.servers.formgrader import configure_server

configure_server(get_config())  # type: ignore[name-defined]  # noqa: F821 - Jupyter provides it
