"""The filter on system calls: an allow-list, everything else answers EPERM.

EPERM and not a kill, because honest libraries probe: a refused call becomes a
Python exception in the student's code, on the student's own line. A call in
another machine's convention (32-bit on x86-64) ends the process with SIGSYS.

What is *not* on the list is the point: fork, clone (so no threads either), exec,
sockets, ptrace and reading other processes' memory, mounts and namespaces,
keyrings, bpf, io_uring, userfaultfd, perf, shared memory, changing modes, owners
or limits. ``fcntl`` and ``ioctl`` are cut down to harmless requests, because
F_SETOWN sends signals to other processes. Signals go to oneself only.

libseccomp resolves the names and writes the program once, in the zygote, with a
placeholder for the process id; a child puts its own id in and loads the bytes.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from typing import Any

from .linux import PR_SET_SECCOMP, Denied, prctl

_ALLOW, _ERRNO, _KILL_PROCESS = 0x7FFF0000, 0x00050000, 0x80000000
_ACTION_FOR_OTHER_MACHINES = 2  # SCMP_FLTATR_ACT_BADARCH
_EQUAL = 4  # SCMP_CMP_EQ
_SECCOMP_MODE_FILTER = 2
_OWN_PID = 0x5EEDF00D  # stands for the process id; larger than any, and in no other rule

ALLOWED = """
    read write readv writev pread64 pwrite64 preadv pwritev close close_range lseek
    open openat stat lstat fstat newfstatat statx access faccessat faccessat2
    readlink readlinkat getdents64 getcwd chdir dup dup2 dup3 flock fsync fdatasync
    mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2 truncate ftruncate
    umask sendfile copy_file_range fadvise64
    mmap munmap mprotect mremap madvise brk msync mincore membarrier
    rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending sigaltstack restart_syscall
    getitimer setitimer alarm pause
    futex set_robust_list get_robust_list rseq set_tid_address
    getpid getppid gettid getuid geteuid getgid getegid getresuid getresgid getgroups getpgrp getpgid getsid
    clock_gettime clock_getres clock_nanosleep nanosleep gettimeofday time times getrusage getrlimit
    getrandom uname sysinfo getcpu sched_getaffinity sched_yield sched_getparam sched_getscheduler getpriority
    poll ppoll select pselect6 epoll_create1 epoll_ctl epoll_wait epoll_pwait eventfd2
    recvfrom recvmsg sendto sendmsg shutdown getsockopt getsockname getpeername
    exit exit_group
""".split()

_FCNTL = (0, 1, 2, 3, 4, 5, 6, 7, 1030)  # duplicate, close-on-exec, status flags, record locks
_IOCTL = (
    0x5401,
    0x5413,
    0x541B,
    0x5421,
    0x5450,
    0x5451,
)  # terminal? size, bytes waiting, blocking, exec flags
_PRCTL = (15, 16)  # set and get the thread's name

# Rules with a condition: call, index of the argument, the values it may have.
CONDITIONAL: tuple[tuple[str, int, tuple[int, ...]], ...] = (
    ("fcntl", 1, _FCNTL),
    ("ioctl", 1, _IOCTL),
    ("prctl", 0, _PRCTL),
    ("prlimit64", 2, (0,)),  # read limits, not set them
    ("kill", 0, (_OWN_PID,)),
    ("tgkill", 0, (_OWN_PID,)),
)


class _Comparison(ctypes.Structure):
    _fields_ = (
        ("argument", ctypes.c_uint),
        ("operator", ctypes.c_int),
        ("value", ctypes.c_uint64),
        ("other", ctypes.c_uint64),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def library() -> ctypes.CDLL:
    """libseccomp.

    Raises:
        Denied: it is not installed.
    """
    for name in ("libseccomp.so.2", "libseccomp.so"):
        try:
            found = ctypes.CDLL(name)
        except OSError:
            continue
        found.seccomp_init.restype = ctypes.c_void_p
        return found
    raise Denied(errno.ENOENT, "libseccomp.so.2 is not installed (Debian and Ubuntu: libseccomp2)")


def build() -> bytes:
    """The filter as the kernel takes it, with the placeholder for the process id.

    Raises:
        Denied: libseccomp is missing or refuses a rule.
    """
    lib = library()
    context = ctypes.c_void_p(lib.seccomp_init(ctypes.c_uint32(_ERRNO | errno.EPERM)))
    if not context:
        raise Denied(errno.ENOMEM, "seccomp_init failed")
    try:
        _expect("seccomp_attr_set", lib.seccomp_attr_set(context, _ACTION_FOR_OTHER_MACHINES, _KILL_PROCESS))
        for name in ALLOWED:
            _rule(lib, context, _ALLOW, name)
        for name, argument, values in CONDITIONAL:
            for value in values:
                _rule(lib, context, _ALLOW, name, _Comparison(argument, _EQUAL, value, 0))
        # The C library then tries the older clone, which is refused as a permission.
        _rule(lib, context, _ERRNO | errno.ENOSYS, "clone3")
        return _export(lib, context)
    finally:
        lib.seccomp_release(context)


def load(program: bytes) -> None:
    """Put this process under the filter, for good. Needs ``no_new_privs``.

    Raises:
        Denied: the kernel refused it; the process must not go on.
    """
    own = program.replace(struct.pack("=I", _OWN_PID), struct.pack("=I", os.getpid()))
    if own == program:
        raise Denied(errno.EINVAL, "the filter has no place for the process id")
    prctl(PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(_Program(len(own) // 8, own)))


def _rule(lib: Any, context: ctypes.c_void_p, action: int, name: str, *where: _Comparison) -> None:
    number = lib.seccomp_syscall_resolve_name(name.encode())
    if number < 0:
        return  # this architecture has no such call
    comparisons = (_Comparison * len(where))(*where)
    result = lib.seccomp_rule_add_array(context, ctypes.c_uint32(action), number, len(where), comparisons)
    _expect(f"seccomp rule for {name}", result)


def _export(lib: Any, context: ctypes.c_void_p) -> bytes:
    with os.fdopen(os.memfd_create("filter"), "rb") as file:
        _expect("seccomp_export_bpf", lib.seccomp_export_bpf(context, file.fileno()))
        file.seek(0)
        return file.read()


def _expect(what: str, result: int) -> None:
    if result != 0:
        raise Denied(abs(result), f"{what}: {os.strerror(abs(result))}")
