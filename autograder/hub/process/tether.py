"""What services of the hub hold on to: a port, and their parent.

``python -m autograder.hub.process.tether PROGRAM ARG...`` runs a program that ends with its parent. A
hub that is killed cannot stop its proxy and services; left behind, they would keep their ports and
speak with tokens that the next hub does not know. The kernel sends SIGTERM when the parent is gone
(prctl PR_SET_PDEATHSIG, kept over exec).
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import sys
from pathlib import Path

from ...base.files import write_private

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def tethered(command: list[str]) -> list[str]:
    """The command, ending with the process that starts it."""
    return [sys.executable, "-P", "-m", "autograder.hub.process.tether", *command]


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


def main() -> None:
    """Tie this process to its parent and become the program."""
    parent = os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:  # it went before we were tied
            sys.exit(1)
    os.execvp(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    main()
