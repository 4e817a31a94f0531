"""Landlock: which files a process may touch, whoever owns them.

A ruleset lists what is *handled* (denied unless allowed) and the paths beneath
which something is allowed. It can only ever be tightened, and it is inherited.
Newer kernels handle more; what a kernel does not know is left to seccomp.

Source: https://docs.kernel.org/userspace-api/landlock.html
"""

from __future__ import annotations

import ctypes
import os
import stat
from collections.abc import Iterable

from .linux import Denied, call

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # numbers of the system calls, equal on every architecture

_WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 1, 1 << 2, 1 << 3
_REMOVE_DIR, _REMOVE_FILE, _MAKE_DIR, _MAKE_REG = 1 << 4, 1 << 5, 1 << 7, 1 << 8
_TRUNCATE = 1 << 14

READ = _READ_FILE | _READ_DIR
WRITE = READ | _WRITE_FILE | _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_REG | _TRUNCATE
_OF_A_FILE = _READ_FILE | _WRITE_FILE | _TRUNCATE

_BITS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # kinds of file access handled, by version of the interface


class _Ruleset(ctypes.Structure):
    _fields_ = (("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def version() -> int:
    """The kernel's version of the interface, 1 or more.

    Raises:
        Denied: Landlock is not compiled in, not enabled, or forbidden.
    """
    return call("syscall", _CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(1))


def restrict(readable: Iterable[str], writable: Iterable[str] = ()) -> None:
    """Deny this process all files but these, all TCP, and signals to processes outside.

    Needs ``no_new_privs``. Paths that do not exist are passed over.

    Raises:
        Denied: a step failed; the process must not go on.
    """
    abi = version()
    handled = (1 << _BITS.get(abi, 16)) - 1
    net = 0b11 if abi >= 4 else 0  # bind and connect
    scoped = 0b11 if abi >= 6 else 0  # abstract Unix sockets and signals
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    attributes = _Ruleset(handled, net, scoped)
    ruleset = call("syscall", _CREATE, ctypes.byref(attributes), ctypes.c_size_t(size), ctypes.c_uint32(0))
    try:
        for path in readable:
            _allow(ruleset, path, READ & handled)
        for path in writable:
            _allow(ruleset, path, WRITE & handled)
        call("syscall", _RESTRICT, ruleset, ctypes.c_uint32(0))
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, access: int) -> None:
    try:
        parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(parent).st_mode):
            access &= _OF_A_FILE
        rule = _PathBeneath(access, parent)
        call("syscall", _ADD, ruleset, 1, ctypes.byref(rule), ctypes.c_uint32(0))
    finally:
        os.close(parent)


__all__ = ["READ", "WRITE", "Denied", "restrict", "version"]
