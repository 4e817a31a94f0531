"""One test process, as the judge holds it."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

from ..results.result import Verdict
from .endings import At, Ending

if TYPE_CHECKING:
    from .room import Room

_GRACE = 0.1  # seconds between the end of the connection and the end of the process


class Process:
    """A process that executes the student's code and answers on ``sock``.

    ``sock`` is a connected stream of this process alone, so that a late reply
    cannot answer a later test. Nothing that comes out of it is to be trusted.
    """

    def __init__(self, room: Room, number: int, sock: socket.socket, output: int) -> None:
        self.sock = sock
        self._room = room
        self._number = number
        self.output = output
        self._ending: Ending | None = None
        self._open = True

    def finish(self, *, timed_out: bool = False) -> Ending:
        """Kill the process if it still runs and say how it ended; the same again when asked twice.

        Args:
            timed_out: the judge waited as long as it was willing to.
        """
        if self._ending is None:
            self._ending = self._room.end(
                self._number, 0.0 if timed_out else _GRACE, timed_out, self.printed()
            )
            self._open = False
            self.release()
        return self._ending

    def loading(self) -> tuple[At | None, float]:
        """Which statement of the notebook it is executing while it loads, and for how many seconds."""
        return self._room.look(self._number)

    def printed(self) -> str:
        """What the process wrote so far (its limit is ``output_mib``); for staff, never for students."""
        if self.output < 0:
            return ""
        data = os.pread(self.output, self._room.limits.output_mib << 20, 0)
        return data.decode("utf-8", "replace")

    def close(self) -> None:
        """Kill the process, whatever it is doing, and forget it."""
        if self._open:
            self._open = False
            self._room.drop(self._number)
            self._ending = Ending(Verdict.CRASHED, "the judge ended the process")
        self.release()

    def release(self) -> None:
        """Close the judge's ends."""
        self.sock.close()
        if self.output >= 0:
            os.close(self.output)
            self.output = -1

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
