"""Processes in which student code runs, in one of three isolation tiers.

with Sandbox.start("walled") as sandbox, sandbox.open(program) as room, room.spawn() as process:
    process.sock  # talks to the student's code
    process.finish(timed_out=True)  # Ending(verdict=TIMEOUT, ...)
"""

from .endings import Ending
from .process import Process
from .room import Room
from .tiers import TIERS
from .zygote import Sandbox

# Modules of this package that other packages import.
FACE = ("doctor.certificates", "doctor.machine", "endings", "libraries")

__all__ = ["TIERS", "Ending", "Process", "Room", "Sandbox"]
