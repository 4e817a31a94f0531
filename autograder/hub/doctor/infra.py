"""``course doctor --infra``: does this place have what the hub's servers need, as it was started last?"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import stat
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ...base.errors import UsageError
from ...base.loopback import connectable
from ...course import Course
from ...marks.roster import read_roster, roster_file
from ..gpus.machine import devices_here
from ..process.left_open import options_of_last_start
from ..process.options import Options
from ..process.origins import exchange_url
from .cluster import CLUSTERS, rights_there, scheduler
from .finding import UNTRIED, HubFinding
from .one_job import ACCOUNTS, one_job

FINE, WRONG = "fine", "WRONG"
ELSEWHERE = ("docker", "slurm", "kubernetes")  # servers for which 127.0.0.1 is another machine
BESIDE = ("course", "nbgrader", "jupyter-lab", "alembic")  # programs that servers and terminals start
SECONDS = 10.0


@dataclass(frozen=True)
class InfraReport:
    """What was found."""

    spawner: str
    findings: tuple[HubFinding, ...]

    @property
    def ok(self) -> bool:
        """True where nothing is missing."""
        return not any(each.state == WRONG for each in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """The object that ``course doctor --infra --json`` prints."""
        found = [each.to_dict() for each in self.findings]
        return {"spawner": self.spawner, "ok": self.ok, "findings": found}


def examine_infra(course: Course) -> InfraReport:
    """Look at everything that the spawner of the last start needs.

    Raises:
        UsageError: no hub of this course was ever started.
    """
    options = options_of_last_start(course)
    looks: list[Callable[[Course, Options], Iterator[str]]] = [programs, python, accounts, sudo]
    looks += [scheduler, rights_there, engine, devices, addresses, exchange, one_job]
    return InfraReport(options.spawner, tuple(_looked(look, course, options) for look in looks))


def programs(course: Course, options: Options) -> Iterator[str]:
    """PATH: programs beside this Python, and those that start servers"""
    here = Path(sys.executable).parent
    for name in BESIDE:
        if not (here / name).exists():
            yield f"{name} is not beside {sys.executable}: install course-autograder[hub] there"
    needed = {"simple": ("timeout", "prlimit", "bwrap"), "system": ("timeout", "prlimit", "bwrap")}
    needed["slurm"] = ("sbatch", "squeue", "scancel")
    for name in needed.get(options.spawner, ()):
        if shutil.which(name) is None:
            yield f"{name} is not on PATH: see infra/README.md"


def python(course: Course, options: Options) -> Iterator[str]:
    """Python: people's servers can read it, and none of them can write it"""
    if options.spawner not in ACCOUNTS:
        return
    for path in dict.fromkeys([Path(sys.prefix), Path(sys.executable).resolve().parent]):
        for folder in (path, *path.parents):
            mode = folder.stat().st_mode
            if not mode & stat.S_IXOTH:
                yield f"{folder} is closed to others, so no student can start {sys.executable}"
            if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
                yield f"everybody can write to {folder}, from which servers take their code"


def accounts(course: Course, options: Options) -> Iterator[str]:
    """accounts: everybody on the roster has one, with a home of their own"""
    if options.spawner not in ACCOUNTS:
        return
    for name in read_roster(roster_file(course)).names("student", "ta", "instructor"):
        try:
            home = Path(pwd.getpwnam(name).pw_dir)
        except KeyError:
            yield f"{name} is no system user: useradd -m {name}"
            continue
        if not home.is_dir():
            yield f"{name} has no home {home}"
        elif home.stat().st_mode & 0o077:
            yield f"{home} is open to others: chmod 700 {home}"


def sudo(course: Course, options: Options) -> Iterator[str]:
    """rights: the hub can start servers as their users"""
    if options.spawner in ACCOUNTS and os.geteuid() != 0:
        yield "this account is not root: start the hub, and this command, as root"
    if options.spawner == "slurm" and shutil.which("sudo") is None:
        yield "sudo is not on PATH, by which jobs are submitted as their users"


def engine(course: Course, options: Options) -> Iterator[str]:
    """engine: it answers, and it can hand out GPUs where a profile has some"""
    if options.spawner != "docker":
        return
    place = urlsplit(os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock"))
    if place.scheme == "unix" and (why := _no_socket(place.path)):
        yield f"Docker does not answer at {place.path} ({why}): start it, or correct DOCKER_HOST"
        return
    about, version = _asked_docker()
    if not any(profile.gpus for profile in course.profiles):
        return
    if any("podman" in part.get("Name", "").lower() for part in version.get("Components", ())):
        yield "this is podman, which drops requests for GPUs without an error: use Docker or Slurm"
    elif "nvidia" not in about.get("Runtimes", {}):
        yield "Docker has no NVIDIA runtime: install nvidia-container-toolkit, and restart Docker"


def devices(course: Course, options: Options) -> Iterator[str]:
    """GPUs: as many as the profiles ask for"""
    if options.spawner in CLUSTERS:
        return
    there = len(devices_here(options.gpus))
    for profile in course.profiles:
        if profile.gpus > there:
            yield f"profile {profile.name!r} asks for {profile.gpus}, and {there} are here: it is not offered"


def addresses(course: Course, options: Options) -> Iterator[str]:
    """addresses: servers reach the hub and the exchange"""
    if options.spawner not in ELSEWHERE:
        return
    if not options.hub_address:
        yield "no --hub-address: servers would look for the hub on their own machine"
    for host in filter(None, (options.hub_address, urlsplit(exchange_url(options)).hostname)):
        try:
            found = {each[4][0] for each in socket.getaddrinfo(host, None)}
        except OSError as error:
            yield f"{host} cannot be resolved: {error.strerror}"
            continue
        if any(str(each).startswith("127.") or each == "::1" for each in found):
            yield f"{host} is this machine's own loopback address, which no server elsewhere reaches"


def exchange(course: Course, options: Options) -> Iterator[str]:
    """exchange: it answers at the address that servers are given"""
    if options.exchange != "course":
        return
    at, headers = connectable(f"{exchange_url(options).rstrip('/')}/api/health")
    try:
        with urllib.request.urlopen(urllib.request.Request(at, headers=headers), timeout=SECONDS) as answer:
            if answer.status != 200:
                yield f"{at} answers {answer.status}"
    except OSError as error:
        yield f"{at} does not answer ({error}): is the hub running?"


def _no_socket(path: str) -> str:
    """Why nothing answers at a Unix socket; empty where something does."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(SECONDS)
        try:
            probe.connect(path)
        except OSError as error:
            return error.strerror or str(error)
    return ""


def _asked_docker() -> tuple[dict[str, Any], dict[str, Any]]:
    import docker  # of the extra "spawners"

    client = docker.from_env(timeout=SECONDS)
    try:
        return client.info(), client.version()
    except docker.errors.DockerException as error:
        raise UsageError(f"Docker could not be asked: {error}") from error
    finally:
        client.close()


def _looked(look: Callable[[Course, Options], Iterator[str]], course: Course, options: Options) -> HubFinding:
    """One look as a finding; the name and what is fine stand in its docstring."""
    what, _, says = (look.__doc__ or "").partition(": ")
    try:
        faults = list(look(course, options))
    except (OSError, ImportError, UsageError) as error:
        return HubFinding(UNTRIED, what, str(error))
    return HubFinding(WRONG, what, "; ".join(faults)) if faults else HubFinding(FINE, what, says)
