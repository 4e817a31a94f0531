"""Everything before the hub runs: checks with sentences, first roster, first passwords."""

from __future__ import annotations

import importlib.util
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from ...base.databases import try_to_connect
from ...base.errors import UsageError
from ...base.files import private_folder, write_private
from ...course import Course
from ..people import passwords
from ..people.roster import Member, Roster, add, read_roster
from .options import Options, check, hub_folder, roster_file

CONFIG = Path(__file__).with_name("jupyterhub_config.py")
FIRST_MEMBERS = (
    Member("instructor", "instructor"),
    Member("ta-001", "ta"),
    *(Member(f"student-{number:03}", "student") for number in range(1, 4)),
)
NOT_ISOLATED = (
    "The spawner 'simple' runs everybody's server as the user who started the hub: whoever logs in can "
    "read everybody's files, the course folder and the gradebook. It is for trying things out and for a "
    "machine of your own. infra/README.md has the spawners that isolate."
)


def prepare(course: Course, options: Options) -> Iterator[str]:
    """Check and make what the hub needs; gives the sentences that its operator should read.

    Raises:
        CourseError: what keeps the hub from starting.
    """
    check(options)
    _check_installed(options)
    _check_port(options)
    if options.database:  # JupyterHub itself would not say what is wrong
        try_to_connect(options.database, "the hub's database", "Its URL is --database.")
    folder = private_folder(hub_folder(course))
    private_folder(folder / "homes")
    if not roster_file(course).exists():
        add(roster_file(course), FIRST_MEMBERS)
        yield f"Made a first roster: {roster_file(course)}. Change it with 'course roster'."
    roster = read_roster(roster_file(course))
    yield _counted(roster)
    if options.login == "password":
        yield from _first_passwords(folder, roster)
    if options.spawner == "simple":
        yield NOT_ISOLATED


def become_hub(course: Course, options: Options, config: Path | None = None) -> None:
    """Replace this process by JupyterHub; signals then reach it directly."""
    environment = {**os.environ, "COURSE_ROOT": str(course.root), "COURSE_HUB_OPTIONS": options.to_json()}
    command = [sys.executable, "-P", "-m", "autograder.hub.process.serve", "-f", str(config or CONFIG)]
    os.chdir(hub_folder(course))
    sys.stdout.flush()
    os.execve(sys.executable, command, environment)


def _first_passwords(folder: Path, roster: Roster) -> Iterator[str]:
    made = passwords.make_first(folder / "passwords", roster.names("student", "ta", "instructor"))
    if not made:
        return
    file = folder / "first-passwords.csv"
    older = file.read_text(encoding="utf-8") if file.exists() else "username,password\n"
    write_private(file, older + "".join(f"{name},{password}\n" for name, password in made.items()))
    yield f"First passwords of {len(made)} people are in {file}, which only you can read."
    yield "Hand them out, then delete the file."
    if len(made) <= 10:
        yield "\n".join(f"  {name:24} {password}" for name, password in made.items())


def _counted(roster: Roster) -> str:
    counts = {role: len(roster.names(role)) for role in ("instructor", "ta", "student")}
    return (
        "On the roster: "
        + ", ".join(f"{count} {role}{'s' * (count != 1)}" for role, count in counts.items())
        + "."
    )


def _check_installed(options: Options) -> None:
    needed = {"docker": "dockerspawner", "slurm": "batchspawner", "kubernetes": "kubespawner"}
    modules = ["jupyterhub", "configurable_http_proxy", "jupyterhub_idle_culler", "oauthenticator"]
    modules += [needed[options.spawner]] if options.spawner in needed else []
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        raise UsageError(
            f"not installed: {', '.join(missing)}. Run: pip install 'course-autograder[hub,spawners]'"
        )


def _check_port(options: Options) -> None:
    host = options.host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, options.port))
        except OSError as error:
            raise UsageError(
                f"cannot listen on {options.host}:{options.port}: {error.strerror}. "
                "Another hub may be running; choose another --port, or stop it."
            ) from error
