"""``python -m autograder.hub.process.tether PROGRAM ARG...``: run a program that ends with its parent.

A hub that is killed cannot stop its proxy and services; left behind, they would keep
their ports and speak with tokens that the next hub does not know. The kernel sends
SIGTERM when the parent is gone (prctl PR_SET_PDEATHSIG, kept over exec).
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


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
