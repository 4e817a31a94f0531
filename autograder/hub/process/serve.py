"""``python -m autograder.hub.process.serve``: the hub itself, with JupyterHub's own arguments."""

from __future__ import annotations

from .app import CourseHub, look_often
from .unix_services import allow_unix_services


def main() -> None:
    """Serve until told to end."""
    look_often()
    allow_unix_services()
    CourseHub.launch_instance()


if __name__ == "__main__":
    main()
