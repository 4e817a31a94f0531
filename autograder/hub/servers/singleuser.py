"""``python -m autograder.hub.servers.singleuser``: one person's notebook server, ready sooner.

The same as ``jupyterhub-singleuser``, without what nobody needs at its start.
"""

from __future__ import annotations

from .late_imports import leave_out_yarn


def main() -> None:
    """Become the server."""
    leave_out_yarn()
    from jupyterhub.singleuser import main as serve

    serve()


if __name__ == "__main__":
    main()
