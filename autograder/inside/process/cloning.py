"""Fork into new namespaces: ``os.fork`` and ``unshare`` in one system call.

A process cannot itself become number 1 of a process namespace that it makes, so that
with ``unshare`` a process in between would be forked only to fork again. ``clone``
makes the child and its namespaces at once. Around it Python's own hooks run as they
do in ``os.fork`` (locks, signals, random state). What the C library does besides in
``fork`` matters to threads only, and the zygote has one.

Source: clone(2); the stack's argument 0 means that the child goes on as after fork.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import signal

from .linux import Denied

_NUMBERS = {"x86_64": 56, "aarch64": 220, "riscv64": 220}  # of the system call


def fork_into(namespaces: int) -> int:
    """Fork a child that starts in new namespaces; 0 in the child, its process id here.

    Args:
        namespaces: ``CLONE_NEW...`` of ``linux``.

    Raises:
        Denied: the kernel refused it, or it is not known how to ask on this processor.
    """
    number = _NUMBERS.get(platform.machine())
    if number is None:
        raise Denied(errno.ENOSYS, f"clone: its number is not known on {platform.machine()}")
    python = ctypes.PyDLL(None, use_errno=True)  # the interpreter's lock stays held
    python.syscall.restype = ctypes.c_long
    nothing = ctypes.c_void_p(0)
    python.PyOS_BeforeFork()
    pid: int = python.syscall(
        ctypes.c_long(number), ctypes.c_ulong(namespaces | signal.SIGCHLD), nothing, nothing, nothing, nothing
    )
    reason = ctypes.get_errno()
    if pid == 0:
        python.PyOS_AfterFork_Child()
    else:
        python.PyOS_AfterFork_Parent()
    if pid == -1:
        raise Denied(reason, f"clone: {os.strerror(reason)}")
    return pid
