"""The program that becomes a zygote: give up root first, load anything else after.

Its arguments are the number of the socket to the judge and the folders to import
from. What goes wrong before the zygote is warm is said on that socket.
"""

from __future__ import annotations

import socket
import sys

from . import confine, control


def main() -> None:
    """Read the order, become an unused user where the order says so, and serve."""
    sock = socket.socket(fileno=int(sys.argv[1]))
    message = control.receive(sock)
    if message is None:
        return
    order = message.header
    try:
        if order["uid"] is not None:
            confine.become_unprivileged(order["uid"])
        from .zygote import start  # imports NumPy

        zygote = start(sock, order)
    except BaseException as error:
        control.send(sock, {"fault": f"{type(error).__name__}: {error}"})
        return
    zygote.serve()
