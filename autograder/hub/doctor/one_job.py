"""``course doctor --infra`` starts one job as a student, where servers run under accounts of the system."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from collections.abc import Iterator

from ...base.errors import UsageError
from ...course import Course
from ...marks.roster import read_roster, roster_file
from ..process.options import Options, hub_folder
from ..process.origins import exchange_url
from ..servers.places import PARTITION

ACCOUNTS = ("system", "slurm")  # servers run as their system users
PROGRAM = "autograder.hub.servers.tried"
NOW_SECONDS = 30  # that Slurm may take to start it; a full cluster is no fault
SECONDS = 90.0  # for all of it
FULL = ("Unable to allocate resources", "queued and waiting", "cancelled")  # what srun says then


def one_job(course: Course, options: Options) -> Iterator[str]:
    """one job as a student: it starts, finds the packages and its home, and reaches hub and exchange"""
    if options.spawner not in ACCOUNTS:
        return
    student = _somebody(course)
    if os.geteuid() != 0:
        raise UsageError("only root starts servers as their users: give this command as root")
    there = [sys.executable, "-P", "-m", PROGRAM, _hub(course, options), _exchange(options)]
    done = _as_job(student, there) if options.spawner == "slurm" else _as_user(student, there)
    last = next((line for line in reversed(done.stderr.splitlines()) if line.strip()), "")[:300]
    if done.returncode and any(words in done.stderr for words in FULL):
        raise UsageError(f"Slurm started no job within {NOW_SECONDS} seconds: {last}")
    if done.returncode:
        yield f"a job of {student} ended with code {done.returncode}: {last}"
    yield from filter(None, done.stdout.splitlines())


def _as_job(student: str, command: list[str]) -> subprocess.CompletedProcess[str]:
    partition = os.environ.get(PARTITION, "course")
    asked = [
        f"--partition={partition}", f"--immediate={NOW_SECONDS}", "--time=2", "--ntasks=1", "--mem=500M",
        "--job-name=course-doctor", "--chdir=/", "--quiet",
    ]  # fmt: skip
    return _run(["sudo", "-E", "-H", "-u", student, "srun", *asked, *command])


def _as_user(student: str, command: list[str]) -> subprocess.CompletedProcess[str]:
    return _run(command, user=student)


def _run(command: list[str], user: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ}
    group: int | None = None
    if user is not None:
        account = pwd.getpwnam(user)
        environment |= {"HOME": account.pw_dir, "USER": user}
        group = account.pw_gid
    try:
        return subprocess.run(
            command, user=user, group=group, extra_groups=[] if user else None, cwd="/", env=environment,
            capture_output=True, text=True, timeout=SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise UsageError(f"it did not end within {SECONDS:g} seconds") from error
    except PermissionError as error:  # not of this account's: the student may not run that Python
        return subprocess.CompletedProcess(command, 126, "", str(error))


def _somebody(course: Course) -> str:
    """The first student who has an account.

    Raises:
        UsageError: nobody has.
    """
    for name in read_roster(roster_file(course)).names("student"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise UsageError("no student on the roster has an account here")


def _hub(course: Course, options: Options) -> str:
    kept = hub_folder(course) / "ports" / "hub"
    port = options.hub_port or (int(kept.read_text()) if kept.exists() else 0)
    return f"http://{options.hub_address or '127.0.0.1'}:{port}/hub/api" if port else ""


def _exchange(options: Options) -> str:
    if options.exchange != "course":
        return ""
    return f"{exchange_url(options).rstrip('/')}/api/health"
