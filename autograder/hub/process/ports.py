"""Ports of the hub that others can reach: bound once, and held as long as the hub runs, or longer.

Where people connect (the proxy's port), and where their servers do (the hub's own port), cannot be Unix
sockets. If such a port is free for a moment, any account of the machine can take it, and is then told
passwords or tokens. So

- the hub's process binds both, and lends the first to its proxy: a proxy that dies frees nothing;
- the hub's own port lies below 1024 where the hub may bind it: nobody else can while the hub is down;
- systemd can hold both while the hub is down: its socket units (``LISTEN_FDS``) go before all else.
"""

from __future__ import annotations

import errno
import os
import random
import socket
from collections.abc import Iterator
from pathlib import Path

from ...base.files import write_private

PRIVILEGED = range(901, 989)  # few of them have been given to programs
_FIRST_FREE = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
_FIRST_PASSED = 3  # sd_listen_fds(3): standard input, output and error come before
_HELD: dict[int, socket.socket] = {}  # by port


def hold(host: str, port: int) -> socket.socket:
    """The listening socket of that port, open as long as this process: what connects meanwhile waits.

    Raises:
        OSError: somebody else has the port, or this user may not have it.
    """
    _take_over()
    if port not in _HELD:
        made = _listening(host, port)
        _HELD[made.getsockname()[1]] = made
        return made
    return _HELD[port]


def held(port: int) -> socket.socket | None:
    """The socket of that port, if this process holds it."""
    return _HELD.get(port)


def hub_port(file: Path, host: str, wanted: int, public: int) -> int:
    """Hold the hub's own port: the same at every start, since people's servers go on asking there.

    Args:
        file: where the port of the last start is kept.
        host: the address to listen on.
        wanted: the port that the operator chose; 0 for none.
        public: the proxy's port, which is another.

    Raises:
        OSError: the operator's port cannot be had.
    """
    given = wanted or next((port for port in passed() if port != public), 0)
    if given:
        return int(hold(host, given).getsockname()[1])
    last = int(file.read_text()) if file.exists() else 0
    port = _first_of(host, _candidates(last, public))
    if port != last:
        write_private(file, f"{port}\n")
    return port


def anybody_may_take(port: int) -> bool:
    """Whether every account of this machine can listen there while the hub is down."""
    return port >= _first_unprivileged() and port not in passed()


def passed() -> dict[int, int]:
    """The listening sockets that systemd handed to this process: file descriptors by port."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return {}
    found = {}
    for descriptor in range(_FIRST_PASSED, _FIRST_PASSED + int(os.environ.get("LISTEN_FDS", "0"))):
        with socket.socket(fileno=os.dup(descriptor)) as copy:
            if copy.family in (socket.AF_INET, socket.AF_INET6):
                found[copy.getsockname()[1]] = descriptor
    return found


def _take_over() -> None:
    """Make sockets of what systemd passed, which no child is to inherit."""
    for port, descriptor in passed().items():
        os.set_inheritable(descriptor, False)
        _HELD[port] = socket.socket(fileno=descriptor)
    for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"):
        os.environ.pop(name, None)


def _candidates(last: int, public: int) -> Iterator[int]:
    """Ports to try, the best first; 0 is any."""
    privileged = [port for port in PRIVILEGED if port < _first_unprivileged() and port != public]
    if last in privileged:
        yield last
    yield from random.sample(privileged, len(privileged))
    yield last
    yield 0


def _first_of(host: str, ports: Iterator[int]) -> int:
    for port in ports:
        try:
            return int(hold(host, port).getsockname()[1])
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EPERM, errno.EADDRINUSE):
                raise
    raise AssertionError("the system gives any port")


def _listening(host: str, port: int) -> socket.socket:
    host = host.strip("[]")
    family, _, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    return socket.create_server(where, family=family, backlog=2048, dualstack_ipv6=host == "::")


def _first_unprivileged() -> int:
    return int(_FIRST_FREE.read_text()) if _FIRST_FREE.exists() else 1024
