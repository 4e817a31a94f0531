"""Which GPUs this machine has, as CUDA and Docker call them."""

from __future__ import annotations

import re
from pathlib import Path

from ...sandbox.doctor.machine import gpus

DEVICES = Path("/dev")


def devices_here(configured: int | None = None) -> tuple[str, ...]:
    """Their numbers in the order of the PCI bus, which is nvidia-smi's; by their device files without it.

    Args:
        configured: how many the operator says that servers may use; None: all.
    """
    if configured is not None:
        return tuple(str(number) for number in range(configured))
    if named := gpus():
        return tuple(str(number) for number in range(len(named)))
    files = (re.fullmatch(r"nvidia(\d+)", path.name) for path in DEVICES.glob("nvidia*"))
    return tuple(sorted((found[1] for found in files if found), key=int))
