"""What every test process does, done in the zygote, so that none of them begins cold.

Python specialises code as it runs, and NumPy looks things up at the first use; a fork
inherits all of that. The functions that are called here are our own: nothing of a course is in
this process.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import wire
from ..host import Host
from ..wire import NameRef, Packer

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
    """Answer a few requests of every common kind over a real connection."""
    host = Host({"halves": _halves, "Thing": _Thing}, _nobody, {"reply_bytes": LIMIT, "handles": 1000})
    judge, process = socket.socketpair()
    with judge, process:
        for _ in range(ROUNDS):
            wire.send(judge, *_many([_call, _make, _ship, _miss]))
            message, buffers = wire.receive(process, LIMIT)
            for reply in host.answer_many(message, buffers):
                wire.send(process, *reply)
                wire.receive(judge, LIMIT)


def _many(requests: list[Callable[[Packer], dict[str, Any]]]) -> tuple[dict[str, Any], list[Any]]:
    """One frame with a few requests, as the judge makes it."""
    asked, every = [], []
    for request in requests:
        packer = Packer(shared={id(_SHARED): 1})
        asked.append([request(packer), len(packer.buffers)])
        every += packer.buffers
    return {"k": "many", "requests": asked, "sources": [_SHIPPED]}, every


_SHARED = np.arange(12.0).reshape(3, 4)


def _call(packer: Packer) -> dict[str, Any]:
    args = (_SHARED, np.random.default_rng(0), None, True, "text", 1.5)
    return {"k": "call", "f": packer.pack(NameRef("halves")), "a": [*map(packer.pack, args)], "w": {}}


def _make(packer: Packer) -> dict[str, Any]:
    params = packer.pack([_SHARED.T, _SHARED[::2]])
    return {"k": "call", "f": packer.pack(NameRef("Thing")), "a": [], "w": {"params": params}}


def _ship(packer: Packer) -> dict[str, Any]:
    calls = [((np.float32(2), 3), {"scale": (1, 2)}), ((np.arange(3),), {})]
    args = [*map(packer.pack, (NameRef("halves"), calls))]
    return {"k": "inside", "source": 0, "name": "several", "a": args}


def _miss(packer: Packer) -> dict[str, Any]:
    return {"k": "call", "f": packer.pack(NameRef("missing")), "a": [], "w": {}}


def _nobody(header: dict[str, Any], buffers: list[Any]) -> Any:
    raise RuntimeError("nothing is lent here")
