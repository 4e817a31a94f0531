"""The steps that turn a forked process into one that may run a student's code.

Theory of operation. Every step either works or raises, and whoever called it
gives up the process: nothing is ever run with a step missing.

=================  ===========================================  ======  ======
step               what it takes away                           walled  fenced
=================  ===========================================  ======  ======
``wall``           other processes, IPC, mounts; own scratch    room
``lock_room``      files other than libraries; signals          room    room
``end_with``       a life beyond that of its room               test    test
``lock_process``   the above once more, then memory, CPU time,  test    test
                   processes, file size, capabilities, and all
                   system calls but those of ``seccomp.ALLOWED``
=================  ===========================================  ======  ======

"room" is the process that belongs to one submission and starts its tests; "test"
executes the student's code. The network is taken away from the whole zygote by
bubblewrap (walled) and from each test by the filter (both). The order matters:
Landlock opens paths, so it comes before the filter; the filter forbids every
other step, so it comes last.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
from collections.abc import Sequence
from dataclasses import dataclass

from . import landlock, linux, seccomp

_DESCRIPTORS = 64
_EMPTY = linux.MS_RDONLY | linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC


@dataclass(frozen=True)
class Confinement:
    """What the test processes of one zygote may have; made once, in the zygote."""

    tier: str
    readable: tuple[str, ...]  # paths of Python, NumPy and the system's libraries
    address_bytes: int  # of a test process: the zygote's own and the allowance
    file_bytes: int
    scratch_mib: int
    cpu_seconds: int
    filter: bytes


NAMESPACES = linux.CLONE_NEWUSER | linux.CLONE_NEWNS | linux.CLONE_NEWPID | linux.CLONE_NEWIPC


def wall(confinement: Confinement, scratch: str, uid: int, gid: int) -> None:
    """Settle in as process 1 of new ``NAMESPACES``, with the same user and group as before.

    ``scratch`` becomes an empty file system of limited size and number of files;
    /proc and /sys become empty.
    """
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{uid} {uid} 1")
    _write("/proc/self/gid_map", f"{gid} {gid} 1")
    flags = linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC
    linux.mount_tmpfs(scratch, flags, f"size={confinement.scratch_mib}m,nr_inodes=2000,mode=0700")
    linux.mount_tmpfs("/proc", _EMPTY, "size=4k,nr_inodes=1")
    linux.mount_tmpfs("/sys", _EMPTY, "size=4k,nr_inodes=1")


def lock_room(confinement: Confinement, scratch: str) -> None:
    """Confine the process of a submission: libraries and its scratch folder only.

    In tier ``walled`` the end of bubblewrap's first process ends everything.
    """
    if confinement.tier != "walled":
        linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
    linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
    linux.drop_capabilities()
    landlock.restrict(confinement.readable, [scratch])


def end_with(parent: int) -> None:
    """Let the kernel end this process when the one that forked it ends.

    Raises:
        OSError: that has ended already.
    """
    linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        raise linux.Denied(3, "the process that started this one has ended")


def lock_process(confinement: Confinement, scratch: str) -> None:
    """Confine a test process. After this it can compute, and answer on its socket.

    In tier ``fenced`` the scratch folder lies on a real disk, where the number of
    files cannot be limited, so it is readable only.

    Raises:
        OSError: a step failed; the process must end.
    """
    linux.prctl(linux.PR_SET_DUMPABLE, 0)
    linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
    if confinement.tier == "walled":
        landlock.restrict(confinement.readable, [scratch])
    else:
        landlock.restrict((*confinement.readable, scratch))
    linux.drop_capabilities()
    _limit(confinement)
    seccomp.load(confinement.filter)


def _limit(confinement: Confinement) -> None:
    for kind, soft, hard in _limits(confinement):
        _, ceiling = resource.getrlimit(kind)
        if ceiling != resource.RLIM_INFINITY:
            soft, hard = min(soft, ceiling), min(hard, ceiling)
        resource.setrlimit(kind, (soft, hard))


def _limits(confinement: Confinement) -> Sequence[tuple[int, int, int]]:
    """Kind, soft and hard limit. Time: SIGXCPU first, and SIGKILL for who ignores it."""
    cpu = confinement.cpu_seconds
    same = {
        resource.RLIMIT_AS: confinement.address_bytes,
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_FSIZE: confinement.file_bytes,
        resource.RLIMIT_NOFILE: _DESCRIPTORS,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
    }
    return [(resource.RLIMIT_CPU, cpu, cpu + 1), *((kind, value, value) for kind, value in same.items())]


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


def become_unprivileged(uid: int) -> None:
    """Give up root for an unused user, for good, before anything of others is read."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    linux.prctl(linux.PR_SET_DUMPABLE, 1)  # else /proc/self stays root's and wall() cannot write its maps
    with contextlib.suppress(PermissionError):
        os.setuid(0)
        raise linux.Denied(1, "root could be taken back after it was given up")
