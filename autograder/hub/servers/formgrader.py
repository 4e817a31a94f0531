"""The course's service on the hub: formgrader, and nothing else of a notebook server.

It stands where the gradebook and the hidden checks are, so nothing that came from a
student may run here and nobody may reach files through it: no kernel, no terminal, no
file browser, no JupyterLab. A link of formgrader to a notebook leads to a page that
offers a copy elsewhere (copies.py). What is saved goes into the course's facts (saving.py),
and what is shown is the mark of record (marked.py).

Started by the hub as ``python -m autograder.hub.servers.formgrader``.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from ...base import unix_sockets
from ...base.errors import CourseError
from ...base.files import private_folder
from ...course import Course, load_course
from ...gradebook import Folders
from ...judge.secret import course_secret
from ...marks.log_names import hide_names
from ...marks.roster import roster_file

NOT_HERE = (
    "jupyterlab",
    "jupyter_lsp",
    "jupyter_server_mathjax",  # served by shown.py
    "jupyterlab_jupytext",
    "jupyter_server_terminals",
    "notebook",
    "notebook_shim",
    "nbgrader.server_extensions.assignment_list",
    "nbgrader.server_extensions.course_list",
    "nbgrader.server_extensions.validate_assignment",
)
REFUSAL = "This is the course's formgrader: no notebook runs here, and no files are served."


def main() -> None:
    """Become a single-user server with the settings in ``server_settings/formgrader``."""
    course = load_course(Path(os.environ["COURSE_ROOT"]))
    folders = Folders(course)
    private_folder(Path(os.environ["HOME"]))
    folders.root.mkdir(parents=True, exist_ok=True)
    build_missing(course)
    os.chdir(folders.root)
    os.environ["JUPYTERHUB_SINGLEUSER_APP"] = "jupyter-server"
    os.environ["JUPYTERHUB_COOKIE_HOST_PREFIX_ENABLED"] = os.environ.get("COURSE_HOST_COOKIES", "0")
    from jupyterhub.singleuser import main as serve

    root = ["--allow-root"] if os.geteuid() == 0 else []  # a hub for system users runs as root
    path = unix_sockets.path_of(os.environ["JUPYTERHUB_SERVICE_URL"])
    where = [f"--ServerApp.sock={path}"] if path is not None else []
    serve([f"--ServerApp.root_dir={folders.root}", *where, *root])


def build_missing(course: Course) -> None:
    """Build what formgrader has to show and ``course build`` did not build yet.

    A unit that cannot be built is named in the hub's log; formgrader then shows the others.
    """
    from ...unit.release import build, publish

    for unit in course.units:
        if Folders(course).source(unit.name).exists():
            continue
        try:
            publish(course, unit, build(course, unit))
        except CourseError as error:
            print(f"formgrader lacks {unit.name}, run 'course build': {error}", file=sys.stderr, flush=True)


def configure_server(c: Any) -> None:
    """The settings of this server, from ``jupyter_server_config.py``."""
    c.ServerApp.jpserver_extensions = {
        **dict.fromkeys(NOT_HERE, False),
        "autograder.hub.servers.formgrader": True,
        "nbgrader.server_extensions.formgrader": True,
    }
    c.ServerApp.kernel_manager_class = "autograder.hub.servers.locked.NoKernels"
    c.ServerApp.contents_manager_class = "autograder.hub.servers.locked.NoFiles"
    c.ServerApp.terminals_enabled = False
    c.HubOAuth.cache_max_age = 20  # seconds that somebody who logged out is still known here
    c.ServerApp.open_browser = False
    c.ServerApp.answer_yes = True  # the hub stops it by SIGINT, which would otherwise ask at a terminal
    c.ServerApp.default_url = "/formgrader"


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """How Jupyter Server finds an extension."""
    return [{"module": "autograder.hub.servers.formgrader"}]


def _load_jupyter_server_extension(app: Any) -> None:
    """Add what formgrader saves and shows, pages for copies, and lead JupyterLab's address to formgrader.

    Extensions are loaded by name: this one before nbgrader's, whose addresses ours stand before.
    """
    from .actions import action_handlers
    from .copies import handlers
    from .guarded import Policies, guards
    from .marked import marked_handlers
    from .rights import right_handlers
    from .saving import saving_handlers
    from .shown import shown_handlers

    base = app.web_app.settings["base_url"].rstrip("/")
    course_root = Path(os.environ["COURSE_ROOT"])
    course = load_course(course_root)
    hide_names(app.log, roster_file(course), course_secret(course))
    routes = [
        *guards(),
        *handlers(Path(app.root_dir)),
        *saving_handlers(course_root),
        *marked_handlers(course_root),
        *shown_handlers(),
        *action_handlers(),
        *right_handlers(course_root),
    ]
    app.web_app.transforms.insert(0, Policies)  # before pages are compressed
    app.web_app.add_handlers(".*$", [(base + path, *rest) for path, *rest in routes])


if __name__ == "__main__":
    main()
