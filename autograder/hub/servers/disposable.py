"""A server on which a staff member runs a student's notebook: without course, home or rights.

``python -m autograder.hub.servers.disposable`` runs on that server: it fetches the copy and
becomes a single-user server. On this machine ``walled`` puts it into bubblewrap first:
the file system is read-only and without homes, course and data; /tmp is its own;
other people's processes are out of sight. In a container the container is the wall.
"""

from __future__ import annotations

import os
import sys
import urllib.request
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ...base.loopback import connectable
from ...course import Course

HOME = "/tmp/look"
_MOST_BYTES = 64 << 20
_HIDDEN = ("/tmp", "/home", "/root", "/run", "/mnt", "/srv", "/var/tmp", "/var/lib")


def walled(course: Course, command: list[str]) -> list[str]:
    """The command inside bubblewrap."""
    package = str(Path(__file__).parents[2])
    trusted = [os.environ["SSL_CERT_FILE"]] if "SSL_CERT_FILE" in os.environ else []
    shown = dict.fromkeys([sys.prefix, sys.base_prefix, package, *trusted])
    hidden = [*_HIDDEN, str(course.root), str(course.data_folder)]
    return [
        "bwrap", "--die-with-parent", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--cap-drop", "ALL",
        "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc",
        *(word for path in hidden if Path(path).is_dir() for word in ("--tmpfs", path)),
        *(word for path in shown if not _below_usr(path) for word in ("--ro-bind", path, path)),
        "--ro-bind", "/dev/null", "/etc/shadow",
        "--dir", HOME, "--setenv", "HOME", HOME, "--chdir", HOME,
        *command,
    ]  # fmt: skip


def main() -> None:
    """Fetch the copy, forget where it came from, become the server."""
    home = Path(os.environ.get("HOME", HOME))
    url, name = os.environ.pop("COURSE_COPY_URL"), os.environ.pop("COURSE_COPY_NAME", "submission.ipynb")
    if urlsplit(url).scheme not in ("http", "https"):
        sys.exit(f"COURSE_COPY_URL is {url!r}, expected an address of the hub")
    at, headers = connectable(url)
    with urllib.request.urlopen(urllib.request.Request(at, headers=headers), timeout=60) as answer:
        (home / Path(unquote(name)).name).write_bytes(answer.read(_MOST_BYTES))
    if back := os.environ.pop("COURSE_COPY_CALLBACK", ""):
        os.environ["JUPYTERHUB_OAUTH_CALLBACK_URL"] = back
    os.execvp(
        sys.executable, [sys.executable, "-P", "-m", "autograder.hub.servers.singleuser", *sys.argv[1:]]
    )


def _below_usr(path: str) -> bool:
    return path.startswith("/usr")


if __name__ == "__main__":
    main()
