"""``python -m autograder.hub.servers.singleuser``: one person's notebook server, ready sooner.

The same as ``jupyterhub-singleuser``, without what nobody needs at its start.
"""

from __future__ import annotations

from typing import Any


def main() -> None:
    """Become the server."""
    leave_out_yarn()
    from jupyterhub.singleuser import main as serve

    serve()


def leave_out_yarn() -> None:
    """Let JupyterLab go without yarn's settings, which it asks Node.js for to build extensions from source.

    To be called before JupyterLab's own modules are imported.
    """
    from jupyterlab import commands

    commands._yarn_config = _no_settings


def _no_settings(_: Any) -> dict[str, dict[str, str]]:
    return {"yarn config": {}, "npm config": {}}


if __name__ == "__main__":
    main()
