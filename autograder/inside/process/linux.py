"""System calls that Python 3.11 does not offer, each raising OSError with the call's name.

Importing this file calls nothing, so that it can be imported on systems other
than Linux; the functions work on Linux only.
"""

from __future__ import annotations

import ctypes
import os
from typing import Any

LIBC = ctypes.CDLL(None, use_errno=True)

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38

CLONE_NEWNS = 0x00020000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8

_CAPABILITY_VERSION_3 = 0x20080522


class Denied(OSError):
    """A system call that the isolation needs was refused."""


def call(name: str, *args: Any) -> int:
    """Call the C library's ``name``.

    Raises:
        Denied: the call returned -1; the text names the call and the reason.
    """
    result: int = getattr(LIBC, name)(*args)
    if result == -1:
        number = ctypes.get_errno()
        raise Denied(number, f"{name}: {os.strerror(number)}")
    return result


def prctl(option: int, value: int = 0, extra: Any = 0) -> None:
    """Set one attribute of the calling process."""
    zero = ctypes.c_ulong(0)
    call("prctl", option, ctypes.c_ulong(value), extra or zero, zero, zero)


def mount_tmpfs(target: str, flags: int, options: str) -> None:
    """Mount an empty tmpfs over ``target``."""
    call("mount", b"tmpfs", target.encode(), b"tmpfs", ctypes.c_ulong(flags), options.encode())


def drop_capabilities() -> None:
    """Give up every effective, permitted and inheritable capability."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    call("capset", header, (ctypes.c_uint32 * 6)())


def virtual_bytes() -> int:
    """Size of this process's address space in bytes."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * os.sysconf("SC_PAGESIZE")


def thread_count() -> int:
    """Threads of this process as the kernel counts them."""
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Threads:"))
