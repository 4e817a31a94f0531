"""Ports of the loopback address."""

from __future__ import annotations

import socket
from pathlib import Path

from ...base.files import write_private


def free_port(wanted: int = 0) -> int:
    """A port that nobody listens on now: the wanted one where it is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            return free_port()
        port: int = probe.getsockname()[1]
        return port


def kept_port(path: Path) -> int:
    """The same port at every start, as long as nobody else took it.

    Servers that outlive a restart of the hub go on asking where they asked before.
    """
    wanted = int(path.read_text()) if path.exists() else 0
    port = free_port(wanted)
    if port != wanted:
        write_private(path, f"{port}\n")
    return port
