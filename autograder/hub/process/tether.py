"""What holds the hub's services to it: they end with their parent.

``python -m autograder.hub.process.tether PROGRAM ARG...`` runs a program that ends with its parent. A
hub that is killed cannot stop its proxy and services; left behind, they would answer beside the next
ones, and speak with tokens that the next hub does not know. The kernel sends SIGTERM when the parent is gone
(prctl PR_SET_PDEATHSIG, kept over exec).
"""

from __future__ import annotations

import os
import sys

from ...base.tied import end_with


def tethered(command: list[str]) -> list[str]:
    """The command, ending with the process that starts it."""
    return [sys.executable, "-P", "-m", "autograder.hub.process.tether", *command]


def main() -> None:
    """Tie this process to its parent and become the program."""
    end_with(os.getppid())
    os.execvp(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    main()
