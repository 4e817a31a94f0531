"""One side of a check's calls: the student's process, or the mirror in this one."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..inside import wire
from ..inside.wire import LentRef, Packer, Unpacker
from .copies import copied
from .faults import StudentFault, raised
from .links import Link

Pack = Callable[[Any], Any]


MOST_HEARD = 100  # calls of lent functions in one request that are remembered


class Unanswered(Exception):
    """The process behind a side gave no proper answer; ``timed_out`` tells a timeout from an end."""

    def __init__(self, timed_out: bool, detail: str) -> None:
        super().__init__(detail)
        self.timed_out = timed_out


class Lent:
    """An object of the judge's whose methods student code may call."""

    def __init__(self, target: Any, methods: tuple[str, ...], constants: dict[str, Any]) -> None:
        self.target = target
        self.methods = methods
        self.constants = constants


@dataclass
class Budget:
    """What is left of a check's calls and time."""

    calls: int
    deadline: float  # of time.monotonic

    def spend(self) -> None:
        """Count one call or call-back."""
        self.calls -= 1
        if self.calls < 0:
            raise Unanswered(True, "more calls than are allowed")


class Side:
    """Packs requests for one host and unpacks its replies."""

    def __init__(self, link: Link, own_reference: Callable[[Any, Side], tuple[bool, Any]]) -> None:
        self._link = link
        self._own_reference = own_reference  # (is it a Remote, what it is called on this side)
        self._lent: dict[int, Any] = {}
        self._numbers = itertools.count(1)
        self._shared: dict[int, tuple[int, Any]] = {}
        self._dropped: list[int] = []
        self.heard: list[tuple[Any, ...]] = []  # what lent functions were given during the last request

    def share(self, arrays: Any) -> None:
        """Remember arrays whose in-place changes come back."""
        for array in arrays:
            self._shared.setdefault(id(array), (next(self._numbers), array))

    def snapshot(self) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """The shared arrays and tensors, and copies of them as they are now."""
        shared = tuple(array for _, array in self._shared.values())
        return shared, tuple(
            array.copy() if isinstance(array, np.ndarray) else array.detach().clone() for array in shared
        )

    def as_sent(self, value: Any) -> Any:
        """What student code would get of a value: a copy, but of what comes back to the check itself."""
        if type(value) in (list, tuple):
            return type(value)(self.as_sent(item) for item in value)
        if type(value) is dict:
            return {key: self.as_sent(item) for key, item in value.items()}
        comes_back = id(value) in self._shared or "Generator" in type(value).__name__
        return value if comes_back or self._own_reference(value, self)[0] else copied(value)

    def forget(self, number: int) -> None:
        """A handle is no longer used; told to the host with the next request."""
        self._dropped.append(number)

    def request(
        self,
        build: Callable[[Pack], dict[str, Any]],
        name: str,
        budget: Budget,
        seconds: float,
        write_back: bool = True,
    ) -> Any:
        """Send what ``build`` makes, return the reply's value with handles as ``HandleRef``.

        Raises:
            StudentFault: student code raised.
            Unanswered: no proper answer came in time.
        """
        budget.spend()
        self.heard = []
        packer = Packer(self._foreign, {key: number for key, (number, _) in self._shared.items()})
        header = build(packer.pack)
        if self._dropped:
            header["D"], self._dropped = self._dropped, []
        deadline = min(budget.deadline, time.monotonic() + seconds)
        failures: list[BaseException] = []

        def on_callback(
            message: dict[str, Any], buffers: list[memoryview]
        ) -> tuple[dict[str, Any], list[Any]]:
            budget.spend()
            return self._answer_callback(message, buffers, failures)

        try:
            reply, buffers = self._link.request(header, packer.buffers, deadline, on_callback)
            return self._take(reply, buffers, packer, name, failures, write_back)
        except TimeoutError as error:
            raise Unanswered(True, str(error)) from error
        except (EOFError, OSError) as error:
            raise Unanswered(False, str(error)) from error
        except (wire.WireError, KeyError, TypeError, ValueError, AttributeError) as error:
            if isinstance(error, StudentFault) or error in failures:
                raise
            raise Unanswered(False, f"its answer was no answer: {error}") from error

    def _take(
        self,
        reply: dict[str, Any],
        buffers: list[memoryview],
        packer: Packer,
        name: str,
        failures: list[BaseException],
        write_back: bool,
    ) -> Any:
        if reply.get("k") == "error":
            if failures and reply.get("class") == "LentFunctionFailed":
                raise failures[-1]
            raise raised(reply, name)
        if reply.get("k") != "value":
            raise wire.WireError(f"a reply of kind {reply.get('k')!r}")
        unpacker = Unpacker(buffers)
        value = unpacker.unpack(reply["v"])
        states = [unpacker.unpack(node) for node in reply.get("G", [])]
        changes = [(number, unpacker.unpack(node)) for number, node in reply.get("S", [])]
        if write_back:
            _write_generators(packer.generators, states)
            self._write_shared(changes)
        return value

    def _write_shared(self, changes: list[tuple[Any, Any]]) -> None:
        arrays = dict(self._shared.values())
        for number, value in changes:
            array = arrays.get(number)
            if array is None or type(value) is not type(array) or value.shape != array.shape:
                raise wire.WireError("a shared array changed its shape or type")
            if isinstance(array, np.ndarray):
                array[...] = value
            else:
                array.detach().copy_(value.detach())

    def _foreign(self, packer: Packer, value: Any) -> Any:
        found, reference = self._own_reference(value, self)
        if found:
            return packer.pack(reference)
        if isinstance(value, Lent):
            return packer.pack(LentRef(self._lend(value), value.methods, tuple(value.constants.items())))
        if callable(value):
            return packer.pack(LentRef(self._lend(value)))
        raise wire.Unsendable(
            f"a {type(value).__name__} cannot cross to student code; send arrays and plain values, "
            "a function, or an object wrapped in student.lend(...)"
        )

    def _lend(self, target: Any) -> int:
        number = next(self._numbers)
        self._lent[number] = target
        return number

    def _answer_callback(
        self, message: dict[str, Any], buffers: list[memoryview], failures: list[BaseException]
    ) -> tuple[dict[str, Any], list[Any]]:
        unpacker = Unpacker(buffers)
        try:
            function = _lent_function(self._lent[message["id"]], message.get("method"))
            args = [unpacker.unpack(node) for node in message["a"]]
            kwargs = {str(key): unpacker.unpack(node) for key, node in message["w"].items()}
            if len(self.heard) < MOST_HEARD:
                self.heard.append((*args, *kwargs.values()))
            packer = Packer(self._foreign)
            return {"k": "answer", "v": packer.pack(function(*args, **kwargs))}, packer.buffers
        except Exception as error:
            failures.append(error)
            return {"k": "failed", "message": f"{type(error).__name__}: {error}"}, []


def _lent_function(target: Any, method: Any) -> Callable[..., Any]:
    if not isinstance(target, Lent):
        function: Callable[..., Any] = target
        return function
    name = "__call__" if method is None else method
    if name not in target.methods:
        raise wire.WireError("a method that was not lent")
    method_of_target: Callable[..., Any] = getattr(target.target, name)
    return method_of_target


def _write_generators(generators: list[Any], states: list[Any]) -> None:
    if len(generators) != len(states):
        return  # only a call that got generators brings states
    for generator, state in zip(generators, states, strict=True):
        if isinstance(generator, np.random.Generator) and isinstance(state, np.random.Generator):
            generator.bit_generator.state = state.bit_generator.state
        elif hasattr(generator, "set_state") and hasattr(state, "get_state"):
            generator.set_state(state.get_state())
