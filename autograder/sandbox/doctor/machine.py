"""What is installed on this machine: versions, programs, GPUs. Nothing heavy is imported."""

from __future__ import annotations

import ctypes.util
import os
import platform
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

DISTRIBUTIONS = (
    *("numpy", "torch", "pytest", "nbgrader", "otter-grader", "jupyterhub", "jupyterlab"),
    *("distributed", "matplotlib"),
)

# Distribution that an extra brings, what it is good for here.
EXTRAS = (
    ("torch", 'units with runtime="torch"'),
    ("distributed", "course grade --cluster"),
    ("matplotlib", "course report"),
)

# Program, what it is good for here, how to get it.
PROGRAMS = (
    ("bwrap", "tier walled", "apt install bubblewrap"),
    ("git", "the course's history", "apt install git"),
    ("configurable-http-proxy", "course hub", "pip install -e '.[hub]'"),
    ("chromium", "tests in a browser", "apt install chromium"),
    ("sbatch", "grading and servers on Slurm", "see infra/README.md"),
    ("docker", "servers in containers", "see infra/README.md"),
    ("podman", "servers in containers without a daemon", "see infra/README.md"),
    ("kubectl", "servers on Kubernetes", "see infra/README.md"),
    ("nvidia-smi", "GPUs", "install NVIDIA's driver"),
)


def versions() -> dict[str, str | None]:
    """Versions of Python, the kernel and what we stand on; None where it is not installed."""
    found: dict[str, str | None] = {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
    }
    for name in DISTRIBUTIONS:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = None
    return found


def programs() -> dict[str, str | None]:
    """Where each program lies, or None."""
    found = {name: _which(name) for name, _, _ in PROGRAMS}
    return {**found, "libseccomp": ctypes.util.find_library("seccomp")}


def gpus() -> list[str]:
    """One line per GPU as NVIDIA's driver names it; empty where there is no driver."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    command = [program, "--query-gpu=name,memory.total", "--format=csv,noheader"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return (
        [line.strip() for line in answer.stdout.splitlines() if line.strip()] if not answer.returncode else []
    )


def resources() -> dict[str, float]:
    """Cores that this process may use and memory of the machine in GiB."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    memory = os.sysconf("SC_PAGESIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    return {"cores": cores, "memory_gib": round(memory, 1)}


def obstacles() -> list[str]:
    """Settings of the kernel that stand in the way of a tier, each with what to do."""
    known = (
        ("/proc/sys/kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"),
        ("/proc/sys/user/max_user_namespaces", "0", "user.max_user_namespaces=10000"),
        (
            "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
            "1",
            "kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile for bwrap",
        ),
    )
    return [
        f"{path} is {bad}: user namespaces are forbidden. An administrator can set {cure}."
        for path, bad, cure in known
        if _first_line(Path(path)) == bad
    ]


def _which(name: str) -> str | None:
    beside = Path(sys.executable).parent / name
    return shutil.which(name) or (str(beside) if os.access(beside, os.X_OK) else None)


def _first_line(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
