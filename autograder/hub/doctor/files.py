"""Files that nobody but the operator may read, and code that nobody but the operator may write.

Where accounts of the system run the servers and we are root, it is tried as one of them: as nobody, who
has no more rights than a student. Elsewhere the modes are read.
"""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path

from ...course import Course
from ...marks.roster import roster_file
from ..process.options import hub_folder
from .finding import HubFinding, finding

STRANGER = 65534  # user and group "nobody"
FIRST_PASSWORDS = "first-passwords.csv"
MOST = 5  # paths that a sentence names


def files(course: Course) -> Iterator[HubFinding]:
    """What stands in the course's and the data folder, and the environment that runs it."""
    for what, paths, folder in (
        ("secrets and marks", secrets(course), "the folder"),
        ("hidden checks and solutions", judging(course), "the course"),
    ):
        there = [path for path in paths if path.exists()]
        faults = _named(
            "can be read by every account of this machine", filter(readable, there), f"chmod 700 {folder}"
        )
        yield finding(what, faults, f"{len(there)} files and folders are closed to other accounts")
    code = [Path(sys.executable).parent, Path(sysconfig.get_path("purelib")), Path(__file__).parents[2]]
    yield finding(
        "code of the servers",
        _named("can be changed by every account of this machine", filter(writable, code), "chmod -R go-w it"),
        "only its owner can change it",
    )
    left = hub_folder(course) / FIRST_PASSWORDS
    yield finding(
        "first passwords",
        [f"{left} still holds them in clear text: hand them out, then delete it"] if left.exists() else [],
        "no file holds them",
    )


def secrets(course: Course) -> list[Path]:
    """What decides who somebody is, what they see, and what they get."""
    hub, data = hub_folder(course), course.data_folder
    inside = (
        "passwords",
        "cookie_secret",
        "jupyterhub.sqlite",
        "tokens/roster",
        "tokens/metrics",
        FIRST_PASSWORDS,
    )
    of_data = ("secret", "gradebook.db", "exchange", "exchange/exchange.db", "results")
    return [roster_file(course), *(hub / name for name in inside), *(data / name for name in of_data)]


def judging(course: Course) -> list[Path]:
    """The graders and references of all units."""
    return [path for unit in course.units for path in (unit.grader, unit.reference, unit.mistakes)]


def readable(path: Path) -> bool:
    """Whether an account without rights can read it; a folder: list it."""
    return _may(path, "-r", stat.S_IROTH)


def writable(path: Path) -> bool:
    """Whether an account without rights can write into it."""
    return _may(path, "-w", stat.S_IWOTH)


def _may(path: Path, tried: str, mode: int) -> bool:
    if os.geteuid() == 0:
        return _as_stranger("test", tried, str(path))
    return _let_in(path) and bool(path.stat().st_mode & mode)


def _let_in(path: Path) -> bool:
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in path.resolve().parents)


def _as_stranger(*command: str) -> bool:
    tried = subprocess.run(command, user=STRANGER, group=STRANGER, extra_groups=[], cwd="/", timeout=30)
    return tried.returncode == 0


def _named(what: str, paths: Iterable[Path], remedy: str) -> list[str]:
    found = [str(path) for path in paths]
    more = f" and {len(found) - MOST} more" if len(found) > MOST else ""
    return [f"{', '.join(found[:MOST])}{more} {what}: {remedy}"] if found else []
