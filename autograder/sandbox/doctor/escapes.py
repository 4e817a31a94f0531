"""Attempts to get out of the sandbox, as code that a student could hand in.

Each source defines ``attack(target)`` and returns something true exactly where it
got what it must not get. None of them does harm where it succeeds, because each is
first run without isolation (the control): an attempt that fails there too, because
the system lacks the feature, proves nothing.

``target`` holds: ``secret`` (path of a file), ``token`` (what is in it), ``folder``
(a writable folder), ``port`` (TCP, listening on 127.0.0.1), ``unix`` (path of a
listening socket), ``abstract`` (name of a listening abstract socket, as text),
``pid`` (a process of the judge's).
"""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent, indent

_NUMBERS = {  # of system calls without a function in the C library: x86-64, arm64
    "add_key": (248, 217),
    "bpf": (321, 280),
    "io_uring_setup": (425, 425),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
}

_HEAD = f"""\
import ctypes, os, platform, signal, socket, sys
libc = ctypes.CDLL(None, use_errno=True)

def call(name, *args):
    number = {_NUMBERS!r}[name][platform.machine() in ("aarch64", "arm64")]
    return libc.syscall(number, *args)

def attack(target):
"""


@dataclass(frozen=True)
class Escape:
    """One attempt."""

    name: str
    says: str  # what it tries, in a few words
    body: str  # of ``attack(target)``; ``call``, ``libc``, ``os``, ``socket`` are there

    @property
    def source(self) -> str:
        """The cell that a student would hand in."""
        return _HEAD + indent(dedent(self.body).strip("\n"), "    ") + "\n"


FILES = (
    Escape(
        "read_secret", "read a file of the judge's", "return target['token'] in open(target['secret']).read()"
    ),
    Escape("read_passwd", "read /etc/passwd", "return 'root' in open('/etc/passwd').read()"),
    Escape("list_folder", "list a folder of the judge's", "return os.listdir(target['folder'])"),
    Escape(
        "write_file",
        "write into a folder of the judge's",
        "open(target['folder'] + '/left', 'w').close(); return True",
    ),
    Escape(
        "symlink",
        "reach a file through a symbolic link",
        """
        os.symlink(target['secret'], 'link')
        try:
            return target['token'] in open('link').read()
        finally:
            os.unlink('link')
        """,
    ),
    Escape(
        "hard_link",
        "link a file of the judge's into the scratch folder",
        """
        os.link(target['secret'], target['secret'] + '.link')
        os.unlink(target['secret'] + '.link')
        return True
        """,
    ),
    Escape(
        "write_library",
        "change NumPy's files for the next submission",
        "import numpy; open(numpy.__file__, 'a').close(); return True",
    ),
    Escape(
        "chmod_library",
        "change the mode of NumPy's files",
        "import numpy; os.chmod(numpy.__file__, os.stat(numpy.__file__).st_mode & 0o7777); return True",
    ),
    Escape(
        "write_shared_memory",
        "leave a file in /dev/shm",
        """
        open('/dev/shm/left-by-a-submission', 'w').close()
        os.unlink('/dev/shm/left-by-a-submission')
        return True
        """,
    ),
)

PROCESSES = (
    Escape(
        "environment",
        "read the environment of the parent",
        "return open(f'/proc/{os.getppid()}/environ').read()",
    ),
    Escape(
        "descriptors", "list the descriptors of the parent", "return os.listdir(f'/proc/{os.getppid()}/fd')"
    ),
    Escape(
        "parent_memory",
        "open the memory of the parent",
        "return open(f'/proc/{os.getppid()}/mem', 'rb').fileno()",
    ),
    Escape(
        "copy_memory",
        "copy memory of the parent (process_vm_readv)",
        """
        class Vector(ctypes.Structure):
            _fields_ = [('base', ctypes.c_void_p), ('length', ctypes.c_size_t)]
        buffer = ctypes.create_string_buffer(8)
        here, there = Vector(ctypes.addressof(buffer), 8), Vector(id(os), 8)
        return libc.process_vm_readv(os.getppid(), ctypes.byref(here), 1, ctypes.byref(there), 1, 0) == 8
        """,
    ),
    Escape("ptrace", "trace the parent", "return libc.ptrace(0x4206, os.getppid(), None, None) == 0"),
    Escape("signal_judge", "signal a process of the judge's", "os.kill(target['pid'], 0); return True"),
    Escape("signal_parent", "signal the parent", "os.kill(os.getppid(), 0); return True"),
    Escape("signal_all", "signal every process", "os.kill(-1, 0); return True"),
    Escape("signal_group", "signal the process group", "os.killpg(os.getpgid(os.getppid()), 0); return True"),
    Escape(
        "pidfd",
        "signal the parent through a descriptor",
        "signal.pidfd_send_signal(os.pidfd_open(os.getppid()), 0); return True",
    ),
    Escape(
        "own_descriptor",
        "let the kernel signal the parent (F_SETOWN)",
        "import fcntl; fcntl.fcntl(3, 8, os.getppid()); return True",
    ),
    Escape(
        "fork",
        "start a process",
        """
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)
        return True
        """,
    ),
    Escape(
        "exec",
        "start a program",
        "import subprocess; return subprocess.run([sys.executable, '-c', '']) is not None",
    ),
    Escape(
        "spawn",
        "start a program (posix_spawn)",
        "return os.posix_spawn(sys.executable, [sys.executable, '-c', ''], {})",
    ),
    Escape(
        "exec_self",
        "become another program",
        """
        os.write(2, b'')
        return libc.execve(None, None, None) == -1 and ctypes.get_errno() == 14
        """,
    ),
    Escape(
        "thread",
        "start a thread",
        """
        import _thread, time
        done = []
        _thread.start_new_thread(done.append, (1,))
        while not done:
            time.sleep(0.001)
        return True
        """,
    ),
)

NETWORK = (
    Escape(
        "tcp",
        "connect to a port of this machine",
        "return socket.create_connection(('127.0.0.1', target['port']), 2).fileno()",
    ),
    Escape(
        "udp", "send a datagram", "return socket.socket(2, 2).sendto(b'x', ('127.0.0.1', target['port']))"
    ),
    Escape(
        "unix_socket",
        "connect to a Unix socket",
        "s = socket.socket(socket.AF_UNIX); s.connect(target['unix']); return True",
    ),
    Escape(
        "abstract_socket",
        "connect to an abstract Unix socket",
        "s = socket.socket(socket.AF_UNIX); s.connect(chr(0) + target['abstract']); return True",
    ),
    Escape("netlink", "ask the kernel about networks", "return socket.socket(16, 3, 0).fileno()"),
    Escape("listen", "open a port", "s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(); return True"),
)

KERNEL = (
    Escape("user_namespace", "make a user namespace", "return libc.unshare(0x10000000) == 0"),
    Escape("mount_namespace", "make a mount namespace", "return libc.unshare(0x00020000) == 0"),
    Escape(
        "mount",
        "mount a file system",
        "libc.unshare(0x20000); return libc.mount(b't', b'.', b'tmpfs', 0, None) == 0",
    ),
    Escape(
        "join_namespace",
        "join the network of another process",
        "return libc.setns(os.open(f'/proc/{os.getppid()}/ns/net', 0), 0) == 0",
    ),
    Escape("change_root", "change the root folder", "return libc.chroot(b'/') == 0"),
    Escape("become_root", "become another user", "return libc.setuid(os.getuid()) == 0"),
    Escape(
        "raise_limit",
        "change a limit",
        "import resource as r; r.setrlimit(r.RLIMIT_NOFILE, (32, 32)); return True",
    ),
    Escape("keyring", "use the kernel's keyring", "return call('add_key', b'user', b'k', b'v', 1, -2) > 0"),
    Escape(
        "bpf",
        "load a program into the kernel",
        "return call('bpf', 0, bytes([2,0,0,0,4,0,0,0,4,0,0,0,1] + [0]*59), 72) >= 0",
    ),
    Escape("io_uring", "queue system calls (io_uring)", "return call('io_uring_setup', 1, bytes(120)) >= 0"),
    Escape("userfaultfd", "handle page faults (userfaultfd)", "return call('userfaultfd', 0) >= 0"),
    Escape(
        "perf",
        "watch the processor",
        "return call('perf_event_open', bytes([1,0,0,0,112] + [0]*107), 0, -1, -1, 0) >= 0",
    ),
    Escape("shared_memory", "make shared memory (shmget)", "return libc.shmget(0, 4096, 0o1600) >= 0"),
    Escape("message_queue", "make a message queue", "return libc.msgget(0, 0o1600) >= 0"),
    Escape("memory_file", "make an anonymous file", "return os.memfd_create('left')"),
    Escape("pipe", "make a pipe", "return os.pipe()[0]"),
)

ESCAPES: tuple[Escape, ...] = FILES + PROCESSES + NETWORK + KERNEL
