"""A Python that students of the machine may run, with the packages of the one that runs the tests.

A Python below /root, as a version manager installs it, can be run by nobody else. Debian's own can,
and takes the same packages where its version is the same.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SYSTEM = "/usr/bin/python3"
PROXY = "course-hub-proxy"  # where install_proxy puts it, below an environment's lib


@contextmanager
def shared_python() -> Iterator[Path]:
    """The program ``python`` of an environment that everybody may enter; its scripts lie beside it.

    Where other users cannot read the packages themselves the test is skipped: no Python helps there.
    """
    with tempfile.TemporaryDirectory(prefix="shared-") as name:  # pytest's own folders are closed to others
        Path(name).chmod(0o755)
        yield _made(Path(name) / "python")


def _made(folder: Path) -> Path:
    packages = sysconfig.get_path("purelib")
    subprocess.run([SYSTEM, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / "bin" / "python"
    (own,) = folder.glob("lib/python3*/site-packages")
    (own / "shared.pth").write_text(f"import site; site.addsitedir({packages!r})\n")
    for part in (f"lib/{PROXY}", "share", "etc"):  # Jupyter looks for templates and settings beside Python
        (folder / part).symlink_to(Path(sys.prefix) / part)
    for script in Path(sys.executable).parent.iterdir():
        _copy(script, python)
    tried = subprocess.run(
        [python, "-c", "import jupyterhub, autograder"],
        user="nobody",
        cwd="/",
        capture_output=True,
        text=True,
    )
    if tried.returncode:
        pytest.skip(f"other users cannot read {packages}: {tried.stderr[-200:]}")
    return python


def _copy(script: Path, python: Path) -> None:
    """A script of the environment, run by the new Python."""
    if script.is_symlink() or not script.is_file():
        return
    first, _, rest = script.read_bytes().partition(b"\n")
    if first == b"#!" + sys.executable.encode():
        target = python.with_name(script.name)
        target.write_bytes(b"#!" + str(python).encode() + b"\n" + rest)
        target.chmod(0o755)
