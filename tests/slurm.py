"""A real Slurm for tests: one controller and one node on this machine, in a folder of its own.

Debian's packages bring the programs; nothing of a cluster that the machine may have is touched. Jobs run
as system users, so root is needed. Jobs are followed by their processes (proctrack/linuxproc), so that
no cgroup of the machine is needed either, but by the files of ``infra/slurm``.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tests import needs
from tests.waiting import until

PROGRAMS = ("slurmctld", "slurmd", "munged", "sbatch", "sudo")
SECONDS = 30.0  # until a node waits for jobs
PARTITION = "course"
GPUS = 4
SHIPPED = Path(__file__).parents[1] / "infra" / "slurm"


@dataclass(frozen=True)
class Slurm:
    """A running cluster of one node."""

    folder: Path
    stack: ExitStack  # ends what was started

    @property
    def environment(self) -> dict[str, str]:
        """What Slurm's commands need to find it."""
        return {"SLURM_CONF": str(self.folder / "slurm.conf")}

    def ask(self, *command: str) -> str:
        """The output of one of Slurm's commands."""
        done = subprocess.run(
            command, env={**os.environ, **self.environment}, capture_output=True, text=True, timeout=30
        )
        return done.stdout.strip()

    def records(self) -> dict[str, tuple[float, float]]:
        """The controller's records of jobs that are over: begin and end by number, in seconds since 1970."""
        found = {}
        for line in (self.folder / "log" / "jobs").read_text().splitlines():
            said = dict(word.split("=", 1) for word in line.split() if "=" in word)
            begin, end = (datetime.fromisoformat(said[name]).timestamp() for name in ("StartTime", "EndTime"))
            found[said["JobId"]] = begin, end
        return found

    def control(self, stack: ExitStack, *flags: str) -> None:
        """Start the controller."""
        command = ["slurmctld", "-D", *flags, "-f", str(self.folder / "slurm.conf")]
        _daemon(stack, command, self.environment)

    def kill_node(self) -> None:
        """The node's daemon and all of its jobs end at once, as when its machine loses power."""
        listed = [line.split()[0] for line in self.ask("scontrol", "listpids").splitlines()[1:]]
        jobs = [int(pid) for pid in listed if pid.isdecimal()]
        daemon = int((self.folder / "slurmd.pid").read_text())
        for pid in (daemon, *(_parent(pid) for pid in jobs), *jobs):  # the parents would tell the controller
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def start_node(self) -> None:
        """Start the node's daemon, and wait until it takes jobs."""
        command = ["slurmd", "-D", "-f", str(self.folder / "slurm.conf")]
        _daemon(self.stack, command, self.environment)
        _wait_for_node(self)

    @contextmanager
    def silent(self) -> Iterator[None]:
        """No controller meanwhile; it is killed, as when its machine fails."""
        file = self.folder / "slurmctld.pid"
        os.kill(int(file.read_text()), signal.SIGKILL)
        file.unlink()
        try:
            yield
        finally:
            self.control(self.stack)
            until(lambda: "up" in self.ask("sinfo", "-h", "-o", "%a"), "controller that is back", SECONDS)


@contextmanager
def running_slurm(gpus: int = GPUS, more: str = "", shipped: bool = False) -> Iterator[Slurm]:
    """A cluster, ended with all of its jobs when it is no longer needed.

    Args:
        gpus: how many there are, in number only: nothing constrains what a job may open.
        more: lines of slurm.conf.
        shipped: with the files of ``infra/slurm`` instead, whose cgroups do constrain it.
    """
    absent = [name for name in PROGRAMS if shutil.which(name) is None]
    if absent or os.geteuid() != 0:
        needs.missing(f"root and {' '.join(absent)}: apt-get install slurmctld slurmd munge sudo")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="slurm-")))
        folder.chmod(0o755)
        slurm = Slurm(folder, stack)
        _munge(folder, stack)
        if shipped:
            _as_shipped(folder, gpus)
        else:
            _configure(folder, gpus, more)
        slurm.control(stack, "-i")
        slurm.start_node()
        try:
            yield slurm
        finally:
            slurm.ask("scancel", "--full", "--signal=KILL", f"--partition={PARTITION}")


def _munge(folder: Path, stack: ExitStack) -> None:
    """The daemon by which Slurm's programs believe each other; it refuses to run as root."""
    home = folder / "munge"
    home.mkdir(mode=0o755)
    (home / "key").write_bytes(os.urandom(1024))
    (home / "key").chmod(0o400)
    for path in (home, home / "key"):
        shutil.chown(path, "munge", "munge")
    options = {
        "socket": "socket",
        "key-file": "key",
        "pid-file": "pid",
        "log-file": "log",
        "seed-file": "seed",
    }
    words = [f"--{name}={home / file}" for name, file in options.items()]
    _daemon(stack, ["munged", "--foreground", *words], user="munge")
    until(lambda: (home / "socket").exists(), "munge's socket", SECONDS)


def _configure(folder: Path, gpus: int, more: str) -> None:
    name = _device_nodes(folder, gpus)
    (folder / "gres.conf").write_text(f"NodeName={name} Name=gpu File={folder}/nvidia[0-{gpus - 1}]\n")
    (folder / "slurm.conf").write_text(
        f"""ClusterName=course
SlurmctldHost={name}(127.0.0.1)
AuthType=auth/munge
SlurmUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
GresTypes=gpu
JobCompType=jobcomp/filetxt
JobCompLoc={folder}/log/jobs
ReturnToService=2
NodeName={name} NodeAddr=127.0.0.1 CPUs=8 RealMemory=64000 Gres=gpu:{gpus} State=UNKNOWN
PartitionName={PARTITION} Nodes={name} Default=YES MaxTime=08:00:00 State=UP
SlurmctldParameters=idle_on_node_suspend
SchedulerParameters=sched_min_interval=100000
{_apart(folder)}{more}"""
    )


def _as_shipped(folder: Path, gpus: int) -> None:
    """The files of ``infra/slurm`` with the machine's name, and folders and ports of this cluster's own."""
    name = _device_nodes(folder, gpus)
    changes = {"localhost": name, "/var/lib/slurm/slurmctld": f"{folder}/state",
               "/var/lib/slurm/slurmd": f"{folder}/spool", "/dev/nvidia": f"{folder}/nvidia",
               "SlurmUser=slurm": "SlurmUser=root"}  # fmt: skip
    for file in ("slurm.conf", "gres.conf", "cgroup.conf"):
        text = (SHIPPED / file).read_text()
        for shipped, here in changes.items():
            text = text.replace(shipped, here)
        (folder / file).write_text(text + (_apart(folder) if file == "slurm.conf" else ""))


def _device_nodes(folder: Path, gpus: int) -> str:
    """Device nodes that no driver serves, and folders; this machine's name."""
    for number in range(gpus):
        os.mknod(folder / f"nvidia{number}", stat.S_IFCHR | 0o666, os.makedev(195, number))
        (folder / f"nvidia{number}").chmod(0o666)
    for part in ("state", "spool", "log"):
        (folder / part).mkdir()
    return socket.gethostname().partition(".")[0]


def _apart(folder: Path) -> str:
    """What keeps this cluster apart from one that the machine may have."""
    return f"""
AuthInfo=socket={folder}/munge/socket
SlurmctldPort={_free_port()}
SlurmdPort={_free_port()}
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdLogFile={folder}/log/slurmd.log
SlurmdParameters=config_overrides
"""


def _daemon(
    stack: ExitStack, command: list[str], environment: dict[str, str] | None = None, user: str | None = None
) -> None:
    process = subprocess.Popen(
        [shutil.which(command[0]) or command[0], *command[1:]],
        user=user, group=user, extra_groups=None if user is None else [],
        env={**os.environ, **(environment or {})}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    stack.callback(_end, process)


def _parent(pid: int) -> int:
    """The process that follows a job's; the process itself where it has ended."""
    try:
        found = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return pid
    parent = int(found[1])
    return parent if Path(f"/proc/{parent}/comm").read_text().startswith("slurmstepd") else pid


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait_for_node(slurm: Slurm) -> None:
    try:
        until(lambda: "idle" in slurm.ask("sinfo", "-h", "-o", "%T"), "a node that waits for jobs", SECONDS)
    except AssertionError as error:
        logs = [file.read_text()[-1500:] for file in (slurm.folder / "log").iterdir()]
        raise AssertionError("\n".join([str(error), *logs])) from None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
