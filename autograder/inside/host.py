"""Answers the judge's calls beside the student's code.

Theory of operation
    A test process loads the submission and then runs ``serve``: it reads a request,
    carries it out, sends one reply, until the judge closes the connection. While a call
    runs, student code may call a function that the judge lent it: then a ``callback``
    frame goes out and its answer comes in before the call goes on.

    A frame ``many`` holds requests of several checks, each check's only one. They are
    carried out one after the other, and replies that follow each other quickly go out in
    one frame (``some``): each crossing costs two switches between processes.

    This code shares its process with the student's, who may rewrite it at will. That is
    no weakness: whatever it sends is only a claim about what the student's code returns.
"""

from __future__ import annotations

import itertools
import linecache
import operator
import socket
import sys
import time
from collections.abc import Callable, Iterator
from functools import cache
from types import CodeType
from typing import Any

import numpy as np

from . import chance, wire
from .wire import HandleRef, LentRef, NameRef, Packer, Unpacker

Exchange = Callable[[dict[str, Any], list[Any]], tuple[dict[str, Any], list[memoryview]]]
QUICKLY = 0.02  # seconds that a reply may wait for others

OPERATORS: dict[str, Callable[..., Any]] = {
    **{
        name: getattr(operator, name)
        for name in (
            "add sub mul truediv floordiv mod pow matmul lshift rshift "
            "eq ne lt le gt ge neg pos abs invert contains"
        ).split()
    },
    "and": operator.and_,
    "or": operator.or_,
    "xor": operator.xor,
    "divmod": divmod,
    "float": float,
    "int": int,
    "bool": bool,
    "complex": complex,
    "round": round,
}


class NameMissing(Exception):
    """The submission does not define a name."""


class LentFunctionFailed(Exception):
    """The judge's function raised; the judge knows why."""


class Host:
    """One namespace and the objects in it that the judge knows by number."""

    def __init__(self, namespace: dict[str, Any], exchange: Exchange, caps: dict[str, int]) -> None:
        self._namespace = namespace
        self._exchange = exchange
        self._caps = caps
        self._objects: dict[int, Any] = {}
        self._numbers = itertools.count(1)
        self._shared: dict[int, Any] = {}
        self._sent: dict[int, Any] = {}
        chance.begin_anew()
        self._actions = {
            "call": self._call,
            "get": lambda un, m: getattr(un.unpack(m["o"]), m["name"]),
            "set": lambda un, m: setattr(un.unpack(m["o"]), m["name"], un.unpack(m["v"])),
            "index": lambda un, m: un.unpack(m["o"])[un.unpack(m["i"])],
            "assign": lambda un, m: operator.setitem(un.unpack(m["o"]), un.unpack(m["i"]), un.unpack(m["v"])),
            "length": lambda un, m: len(un.unpack(m["o"])),
            "items": self._items,
            "op": lambda un, m: OPERATORS[m["op"]](*[un.unpack(node) for node in m["a"]]),
            "inside": self._inside,
            "same": lambda un, m: un.unpack(m["a"][0]) is un.unpack(m["a"][1]),
            "type": lambda un, m: type(un.unpack(m["o"])).__name__,
            "value": lambda un, m: un.unpack(m["o"]),
        }

    def answer(self, message: dict[str, Any], buffers: list[memoryview]) -> tuple[dict[str, Any], list[Any]]:
        """Carry out one request; whatever student code raises becomes an ``error`` reply."""
        if message.get("R"):
            self._reset()
        for number in message.get("D", ()):
            self._objects.pop(number, None)
        unpacker = Unpacker(buffers, self._resolve, self._share)
        try:
            result = self._actions[message["k"]](unpacker, message)
            return self._reply(result, unpacker, deep=message["k"] == "value")
        except BaseException as error:
            return {"k": "error", **describe(error)}, []

    def answer_many(
        self, message: dict[str, Any], buffers: list[memoryview]
    ) -> Iterator[tuple[dict[str, Any], list[Any]]]:
        """Carry out the only requests of several checks; frames with the replies in order."""
        replies: list[Any] = []
        parts: list[Any] = []
        size, first, begun = 0, 0, time.monotonic()
        for number, (request, count) in enumerate(message["requests"], 1):
            if "source" in request:
                request["source"] = message["sources"][request["source"]]
            reply, out = self.answer({**request, "R": True}, buffers[first : first + count])
            first += count
            replies.append([reply, len(out)])
            parts += out
            size += sum(memoryview(part).nbytes for part in out)
            if size > wire.SMALL or number == len(message["requests"]) or time.monotonic() - begun > QUICKLY:
                yield {"k": "some", "replies": replies}, parts
                replies, parts, size, begun = [], [], 0, time.monotonic()
            elif out:  # the next call may overwrite what this one returned
                parts[-len(out) :] = [bytes(memoryview(part)) for part in out]

    # --- requests ---

    def _call(self, un: Unpacker, message: dict[str, Any]) -> Any:
        function = un.unpack(message["f"])
        args = [un.unpack(node) for node in message["a"]]
        kwargs = {name: un.unpack(node) for name, node in message["w"].items()}
        return function(*args, **kwargs)

    def _items(self, un: Unpacker, message: dict[str, Any]) -> Any:
        items = list(itertools.islice(iter(un.unpack(message["o"])), message["n"] + 1))
        if len(items) > message["n"]:
            raise ValueError(f"more than {message['n']} items")
        return items

    def _inside(self, un: Unpacker, message: dict[str, Any]) -> Any:
        scope: dict[str, Any] = {"np": np, "torch": sys.modules.get("torch"), "__name__": "inside"}
        exec(compiled(message["source"]), scope)
        return scope[message["name"]](*[un.unpack(node) for node in message["a"]])

    def _reset(self) -> None:
        """Another check begins: forget what the last one knew by number."""
        self._objects.clear()
        self._shared.clear()
        self._sent.clear()
        chance.begin_anew()

    # --- references ---

    def _resolve(self, reference: HandleRef | NameRef | LentRef) -> Any:
        if isinstance(reference, NameRef):
            if reference.name not in self._namespace:
                raise NameMissing(reference.name)
            return self._namespace[reference.name]
        if isinstance(reference, HandleRef):
            return self._objects[reference.id]
        if reference.methods is None:
            return self._lent_function(reference.id, None)
        return self._lent_object(reference)

    def _lent_function(self, number: int, method: str | None) -> Callable[..., Any]:
        def lent(*args: Any, **kwargs: Any) -> Any:
            packer = Packer(self._foreign)
            header = {
                "k": "callback",
                "id": number,
                "method": method,
                "a": [packer.pack(arg) for arg in args],
                "w": {name: packer.pack(value) for name, value in kwargs.items()},
            }
            reply, buffers = self._exchange(header, packer.buffers)
            if reply["k"] != "answer":
                raise LentFunctionFailed(reply.get("message", "the function failed"))
            return Unpacker(buffers, self._resolve, self._share).unpack(reply["v"])

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

    def _share(self, number: int, value: Any) -> Any:
        """The object that stands for a shared array: always the same one, holding the sent values."""
        if number in self._shared:
            _overwrite(self._shared[number], value)
        else:
            self._shared[number] = value
        self._sent[number] = _copy(value)
        return self._shared[number]

    def _foreign(self, packer: Packer, value: Any) -> Any:
        if len(self._objects) >= self._caps.get("handles", 10_000):
            raise MemoryError("too many objects are kept for the judge")
        number = next(self._numbers)
        self._objects[number] = value
        return {"h": [number, _kind(value)]}

    def _record(self, packer: Packer, value: tuple[Any, ...]) -> Any:
        """A named tuple by number and by value: whether it is an object or a tuple, the judge knows."""
        items = [self._element(packer, item) for item in tuple(value)]
        return {"r": [*self._foreign(packer, value)["h"], items]}

    # --- replies ---

    def _reply(self, result: Any, un: Unpacker, deep: bool) -> tuple[dict[str, Any], list[Any]]:
        packer = Packer(self._foreign)
        node = packer.pack(result) if deep else self._shallow(packer, result)
        header: dict[str, Any] = {"k": "value", "v": node}
        if un.generators:
            header["G"] = [packer.pack(generator) for generator in un.generators]
        if changed := self._changed():
            header["S"] = [[number, packer.pack(value)] for number, value in changed]
        if sum(memoryview(buffer).nbytes for buffer in packer.buffers) > self._caps.get(
            "reply_bytes", 1 << 40
        ):
            raise MemoryError("the reply is too large")
        return header, packer.buffers

    def _shallow(self, packer: Packer, result: Any) -> Any:
        """By value: scalars, arrays, and the outermost list, tuple or dict; deeper ones are handles."""
        kind = type(result)
        if kind is list:
            return [self._element(packer, item) for item in result]
        if kind is tuple:
            return {"t": [self._element(packer, item) for item in result]}
        if kind is dict:
            return {"d": [[packer.pack(k), self._element(packer, v)] for k, v in result.items()]}
        if issubclass(kind, tuple) and (hasattr(kind, "_fields") or hasattr(kind, "n_fields")):
            return self._record(packer, result)
        return packer.pack(result)

    def _element(self, packer: Packer, item: Any) -> Any:
        return self._foreign(packer, item) if type(item) in (list, tuple, dict) else packer.pack(item)

    def _changed(self) -> list[tuple[int, Any]]:
        changed = [(n, v) for n, v in self._shared.items() if not _identical(v, self._sent[n])]
        for number, value in changed:
            self._sent[number] = _copy(value)
        return changed


def serve(
    sock: socket.socket, load: Callable[[], tuple[dict[str, Any], dict[str, Any]]], caps: dict[str, int]
) -> None:
    """Load the submission, say how that went, then answer requests until the judge hangs up."""
    namespace, report = load()
    wire.send(sock, {"k": "ready", "report": report, "version": wire.VERSION}, [])
    limit = caps.get("request_bytes", 1 << 30)

    def exchange(header: dict[str, Any], buffers: list[Any]) -> tuple[dict[str, Any], list[memoryview]]:
        wire.send(sock, header, buffers)
        return wire.receive(sock, limit)

    host = Host(namespace, exchange, caps)
    while True:
        try:
            message, buffers = wire.receive(sock, limit)
        except EOFError:
            return
        if message.get("k") == "many":
            for reply in host.answer_many(message, buffers):
                wire.send(sock, *reply)
        else:
            wire.send(sock, *host.answer(message, buffers))


def describe(error: BaseException) -> dict[str, Any]:
    """Class, bases, message and the student's own line of an exception; all of it a claim."""
    kind = type(error)
    bases = [base.__name__ for base in kind.__mro__ if base.__module__ == "builtins"]
    return {
        "class": kind.__name__[:100],
        "bases": bases,
        "message": _text(error)[:500],
        "line": _student_line(error),
        "ours": isinstance(error, (NameMissing, LentFunctionFailed)),
    }


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except BaseException:  # a student's __str__ may raise anything; the class is told all the same
        return ""


def _student_line(error: BaseException) -> dict[str, Any] | None:
    found = None
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if name.startswith("cell "):
            found = (name, trace.tb_lineno, trace.tb_frame.f_code.co_qualname, trace.tb_next is None)
        trace = trace.tb_next
    if found is None:
        return None
    name, number, function, deepest = found
    text = linecache.getline(name, number).strip()[:200]
    return {"cell": name, "line": number, "text": text, "function": function[:200], "deepest": deepest}


def _kind(value: Any) -> str:
    """The name of an object's type, and of the dtype for which an array cannot cross."""
    name = type(value).__name__[:80]
    if type(value) is np.ndarray:
        return f"{name} {value.dtype.type.__name__}"
    torch = sys.modules.get("torch")
    if torch is not None and type(value) in (torch.Tensor, torch.nn.Parameter):
        return f"{name} {value.dtype}".replace("torch.", "")
    return name


@cache
def compiled(source: str) -> CodeType:
    """A function of the grader's, which is shipped again with every call."""
    return compile(source, "the check", "exec")


def _identical(left: Any, right: Any) -> bool:
    if not isinstance(left, np.ndarray):
        left, right = left.detach().numpy(), right.detach().numpy()
    return left.tobytes() == right.tobytes()


def _copy(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else value.detach().clone()


def _overwrite(target: Any, value: Any) -> None:
    if isinstance(target, np.ndarray):
        target[...] = value
    else:
        target.detach().copy_(value.detach())
