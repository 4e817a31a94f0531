"""What every test process does, done in the zygote, so that none of them begins cold.

Python specialises code as it runs, and NumPy looks things up at the first use; a fork
inherits all of that. The functions that are called here are our own: nothing of a course is in
this process.
"""

from __future__ import annotations

import socket
from typing import Any

import numpy as np

from .. import wire
from ..host import Host
from ..wire import NameRef, Packer, PartRef

ROUNDS = 20  # Python specialises what has run some ten times
LIMIT = 1 << 20  # bytes of a frame
_SHIPPED = """
def several(halves, calls):
    return [halves(*args, **settings) for args, settings in calls]
"""


class _Thing:
    def __init__(self, params: Any) -> None:
        self.params = params


def _halves(x: Any, *others: Any, scale: Any = 1) -> Any:
    x += 0  # a shared array is compared with what was sent
    return x / 2, {"others": others, "scale": scale}


def rehearse() -> None:
    """Carry out a few steps of every common kind over a real connection."""
    host = Host({"halves": _halves, "Thing": _Thing}, _nobody, {"reply_bytes": LIMIT})
    judge, process = socket.socketpair()
    with judge, process:
        for _ in range(ROUNDS):
            wire.send(judge, *_frame())
            message, buffers = wire.receive(process, LIMIT)
            for reply in host.answer(message, buffers):
                wire.send(process, *reply)
                wire.receive(judge, LIMIT)


def _frame() -> tuple[dict[str, Any], list[Any]]:
    """A script as the judge makes it."""
    steps, counts, every = [], [], []
    for step in (_share, _call, _make, _part, _beside, _miss):
        packer = Packer()
        steps.append(step(packer))
        counts.append(len(packer.buffers))
        every += packer.buffers
    return {"k": "run", "scripts": [{"n": 0, "s": steps, "b": counts}], "sources": [_SHIPPED]}, every


_ARRAY = np.arange(12.0).reshape(3, 4)


def _share(packer: Packer) -> dict[str, Any]:
    return {"k": "share", "a": [packer.pack([_ARRAY])]}


def _call(packer: Packer) -> dict[str, Any]:
    args = (PartRef(0, (0,), (1,)), np.random.default_rng(0), None, True, "text", 1.5)
    return {"k": "call", "o": packer.pack(NameRef("halves")), "a": [*map(packer.pack, args)]}


def _make(packer: Packer) -> dict[str, Any]:
    params = packer.pack([_ARRAY.T, _ARRAY[::2], np.arange(3), np.float32(2)])
    return {"k": "call", "o": packer.pack(NameRef("Thing")), "w": {"params": params}}


def _part(packer: Packer) -> dict[str, Any]:
    return {"k": "get", "o": packer.pack(PartRef(2)), "n": "params"}


def _beside(packer: Packer) -> dict[str, Any]:
    calls = [((np.float32(2), 3), {"scale": (1, 2)}), ((np.arange(3),), {})]
    args = [*map(packer.pack, (NameRef("halves"), calls))]
    return {"k": "beside", "n": "several", "a": [0, *args]}


def _miss(packer: Packer) -> dict[str, Any]:
    return {"k": "call", "o": packer.pack(NameRef("missing"))}


def _nobody(header: dict[str, Any], buffers: list[Any]) -> Any:
    raise RuntimeError("nothing is lent here")
