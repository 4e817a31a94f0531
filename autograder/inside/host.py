"""Carries out the judge's steps beside the student's code.

Theory of operation
    A test process loads the submission and then runs ``serve``: it reads a frame ``run`` with the
    scripts of one or several checks, carries out their steps in order, and sends one reply
    for each, until the judge closes the connection. Replies that follow each other quickly go out in
    one frame (``some``): each crossing costs two switches between processes. After an exception the
    script goes on; a step that needs what was not made says so. While a step runs, student code may call a
    function that the judge lent it: then a ``callback`` frame goes out and its answer comes in before the
    step goes on.

    This code shares its process with the student's, who may rewrite it at will. That is
    no weakness: whatever it sends is only a claim about what the student's code returns.
"""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from . import wire
from .objects import DEEP, Objects, Unfit, Unmade
from .telling import LentFunctionFailed, describe
from .wire import LentRef, MethodRef, NameRef, Packer, PartRef, Unpacker

Frame = tuple[dict[str, Any], list[Any]]
Sized = tuple[dict[str, Any], list[Any], int]  # the same, and the bytes of its buffers
Exchange = Callable[[dict[str, Any], list[Any]], tuple[dict[str, Any], list[memoryview]]]
QUICKLY = 0.004  # seconds that a reply may wait for others: it is judged while the next is computed


class Host:
    """One namespace, and what the steps of the present check have made of it."""

    def __init__(self, namespace: dict[str, Any], exchange: Exchange, caps: dict[str, int]) -> None:
        self._exchange = exchange
        self._caps = caps
        self._objects = Objects(namespace)
        self._objects.begin()

    def answer(self, message: dict[str, Any], buffers: list[memoryview]) -> Iterator[Frame]:
        """Carry out the scripts of one frame; frames with the replies to all their steps, in order."""
        replies: list[Any] = []
        parts: list[Any] = []
        size, begun = 0, time.monotonic()
        left = sum(len(script["s"]) for script in message["scripts"])
        for reply, out, taken in self._replies(message, buffers):
            left -= 1
            replies.append([reply, len(out)])
            parts += out
            size += taken
            if size > wire.SMALL or not left or time.monotonic() - begun > QUICKLY:
                yield {"k": "some", "replies": replies}, parts
                replies, parts, size, begun = [], [], 0, time.monotonic()
            elif out:  # the next step may overwrite what this one returned
                parts[-len(out) :] = [bytes(memoryview(part)) for part in out]

    def end(self) -> None:
        """The check is over: in this process, others go on with the namespace."""
        self._objects.end()

    def _replies(self, message: dict[str, Any], buffers: list[memoryview]) -> Iterator[Sized]:
        at = 0
        for script in message["scripts"]:
            if script["n"] == 0:
                self._begin(script.get("on", {}))
            for number, (step, count) in enumerate(zip(script["s"], script["b"], strict=True), script["n"]):
                if step["k"] == "beside":
                    step = {**step, "a": [message["sources"][step["a"][0]], *step["a"][1:]]}
                yield self._reply_to(number, step, buffers[at : at + count])
                at += count

    def _begin(self, on: dict[str, Any]) -> None:
        unpacker = Unpacker([], self._resolve)
        self._objects.begin({name: unpacker.unpack(node) for name, node in on.items()})

    def _reply_to(self, number: int, step: dict[str, Any], buffers: list[memoryview]) -> Sized:
        """Do one step; whatever student code raises becomes an ``error`` reply."""
        unpack = Unpacker(buffers, self._resolve).unpack
        try:
            target = unpack(step["o"]) if "o" in step else None
            args = [unpack(node) for node in step.get("a", ())]
            kwargs = {name: unpack(node) for name, node in step.get("w", {}).items()}
            kind = step["k"]
            return self._packed(
                self._objects.carry_out(number, kind, target, args, kwargs, step.get("n", "")), kind in DEEP
            )
        except (Unmade, Unfit):
            return {"k": "unmade"}, [], 0
        except wire.WireError as error:  # an object of the student's was asked for a method that it lacks
            return {"k": "error", **describe(error.__cause__ or error)}, [], 0
        except BaseException as error:
            return {"k": "error", **describe(error)}, [], 0

    # --- references ---

    def _resolve(self, reference: NameRef | PartRef | MethodRef | LentRef) -> Any:
        if not isinstance(reference, LentRef):
            return self._objects.resolve(reference)
        if reference.methods is None:
            return self._lent_function(reference.id, None)
        return self._lent_object(reference)

    def _lent_function(self, number: int, method: str | None) -> Callable[..., Any]:
        def lent(*args: Any, **kwargs: Any) -> Any:
            packer = Packer(_foreign)
            header = {
                "k": "callback",
                "id": number,
                "method": method,
                "a": [packer.pack(arg) for arg in args],
                "w": {name: packer.pack(value) for name, value in kwargs.items()},
            }
            reply, buffers = self._exchange(header, packer.buffers)
            if reply["k"] == "raised":
                raise _builtin(reply)
            if reply["k"] != "answer":
                raise LentFunctionFailed(reply.get("message", "the function failed"))
            return Unpacker(buffers, self._resolve).unpack(reply["v"])

        return lent

    def _lent_object(self, reference: LentRef) -> Any:
        parts: dict[str, Any] = dict(reference.constants)
        for name in reference.methods or ():
            parts[name] = self._lent_function(reference.id, name)
        call = parts.pop("__call__", None)
        kind = type("Lent", (), {} if call is None else {"__call__": lambda self, *a, **w: call(*a, **w)})
        lent = kind()
        lent.__dict__.update(parts)
        return lent

    # --- replies ---

    def _packed(self, result: Any, deep: bool) -> Sized:
        packer = Packer(_foreign)
        node = packer.pack(result) if deep else _shallow(packer, result)
        if packer.size > self._caps.get("reply_bytes", 1 << 40):
            raise MemoryError("the reply is too large")
        return {"k": "value", "v": node}, packer.buffers, packer.size


def _foreign(packer: Packer, value: Any) -> Any:
    """What stays here is told by the name of its type."""
    return {"h": _kind(value)}


def _shallow(packer: Packer, result: Any) -> Any:
    """By value: scalars, arrays, and the outermost list, tuple or dict; deeper ones stay here."""
    kind = type(result)
    if kind is list:
        return [_element(packer, item) for item in result]
    if kind is tuple:
        return {"t": [_element(packer, item) for item in result]}
    if kind is dict:
        return {"d": [[packer.pack(k), _element(packer, v)] for k, v in result.items()]}
    if issubclass(kind, tuple) and (hasattr(kind, "_fields") or hasattr(kind, "n_fields")):
        # A named tuple by name and by value: whether it is an object or a tuple, the judge knows.
        return {"r": [_kind(result), [_element(packer, item) for item in tuple(result)]]}
    return packer.pack(result)


def _element(packer: Packer, item: Any) -> Any:
    return _foreign(packer, item) if type(item) in (list, tuple, dict) else packer.pack(item)


def _kind(value: Any) -> str:
    """The name of an object's type, and of the dtype for which an array cannot cross."""
    name = type(value).__name__[:80]
    if type(value) is np.ndarray:
        return f"{name} {value.dtype.type.__name__}"
    torch = sys.modules.get("torch")
    if torch is not None and type(value) in (torch.Tensor, torch.nn.Parameter):
        return f"{name} {value.dtype}".replace("torch.", "")
    return name


def _builtin(reply: dict[str, Any]) -> Exception:
    """What a lent function of the reference raised, for student code to catch."""
    kinds = {"ValueError": ValueError, "TypeError": TypeError, "IndexError": IndexError, "KeyError": KeyError}
    return kinds.get(str(reply.get("class")), RuntimeError)("refused")


def serve(
    sock: socket.socket, load: Callable[[], tuple[dict[str, Any], dict[str, Any]]], caps: dict[str, int]
) -> None:
    """Load the submission, say how that went, then carry out frames until the judge hangs up."""
    namespace, report = load()
    wire.send(sock, {"k": "ready", "report": report, "version": wire.VERSION}, [])
    frames = wire.Frames(sock, caps.get("request_bytes", 1 << 30))  # the next may come with the last

    def exchange(header: dict[str, Any], buffers: list[Any]) -> tuple[dict[str, Any], list[memoryview]]:
        wire.send(sock, header, buffers)
        return frames.receive()

    host = Host(namespace, exchange, caps)
    while True:
        try:
            message, buffers = frames.receive()
        except EOFError:
            return
        if message["k"] == "echo":
            wire.send(sock, {"k": "echo", "word": message["word"]}, [])
            continue
        for reply in host.answer(message, buffers):
            wire.send(sock, *reply)
