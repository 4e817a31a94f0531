"""The mirror: the reference in the judge's own process, asked the same as the student.

It works like a host, with objects known by number, but nothing is packed: arguments are
copied, so that a mutation cannot cascade, and arrays in replies are copied, too.
"""

from __future__ import annotations

import inspect
import itertools
import sys
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..inside.host import OPERATORS, compiled
from ..inside.wire import HandleRef, NameRef
from .copies import copied
from .side import Lent

PLAIN = (type(None), bool, int, float, complex, str, bytes, np.generic, slice, type(Ellipsis))
_PLAIN = frozenset(PLAIN)  # asked first: to ask for all of them and their subclasses takes ten times as long


class Unmirrored(Exception):
    """Something in a call has no counterpart on the mirror's side."""


class Mirror:
    """A namespace of trusted code and the objects in it that a check knows by number."""

    def __init__(self, namespace: dict[str, Any], twin_of: Callable[[Any], tuple[bool, Any]]) -> None:
        self._namespace = namespace
        self._twin_of = twin_of  # (is it a Remote, what it is called here)
        self._objects: dict[int, Any] = {}
        self._numbers = itertools.count(1)
        self._shared: dict[int, tuple[Any, Any]] = {}  # id -> the check's array and the mirror's own

    def share(self, arrays: Iterable[Any]) -> None:
        """Remember arrays that keep their identity from call to call."""
        for array in arrays:
            self._shared.setdefault(id(array), (array, copied(array)))

    def forget(self, number: int) -> None:
        """An object is no longer used."""
        self._objects.pop(number, None)

    def is_method(self, remote: Any, name: str) -> bool:
        """Whether an attribute of an object is a method of its class here."""
        found, twin = self._twin_of(remote)
        if not found or not isinstance(twin, HandleRef):
            return False
        return inspect.isroutine(getattr(type(self._objects.get(twin.id)), name, None))

    def ask(self, kind: str, remote: Any, args: tuple[Any, ...], kwargs: dict[str, Any], name: str) -> Any:
        """Carry out one request; the reply with objects as ``HandleRef``.

        Raises:
            Unmirrored: an argument has no counterpart here.
            Exception: whatever the reference raises.
        """
        own = [self._own(arg) for arg in args]
        if kind == "call":
            result = self._own(remote)(*own, **{key: self._own(value) for key, value in kwargs.items()})
        elif kind == "inside":
            result = _shipped(name, remote._ref.name)(*own)
        elif kind == "op":
            result = OPERATORS[name](*own)
        elif kind == "same":
            result = own[0] is own[1]
        else:
            result = self._look(kind, self._own(remote), own, name)
        return self._by_value(result) if kind == "value" else self._reply(result)

    def _look(self, kind: str, target: Any, args: list[Any], name: str) -> Any:
        if kind == "get":
            return getattr(target, name)
        if kind == "set":
            return setattr(target, name, args[0])
        if kind == "index":
            return target[args[0]]
        if kind == "assign":
            target[args[0]] = args[1]
            return None
        looks: dict[str, Callable[[Any], Any]] = {"length": len, "items": list, "value": _same}
        return looks[kind](target)

    def _own(self, value: Any) -> Any:
        """What a value of the check's is here."""
        kind = type(value)
        if kind in _PLAIN:
            return value
        if id(value) in self._shared:
            return self._renewed(value)
        if kind is np.ndarray:
            return value.copy(order="K")
        if kind is list or kind is tuple:
            return kind([self._own(item) for item in value])
        if kind is dict:
            return {self._own(key): self._own(item) for key, item in value.items()}
        if isinstance(value, PLAIN):
            return value
        found, twin = self._twin_of(value)
        if found:
            return self._resolved(twin)
        if isinstance(value, Lent) or (callable(value) and not isinstance(value, type)):
            raise Unmirrored  # it may count its calls, or carry state
        return copied(value)

    def _resolved(self, twin: Any) -> Any:
        if isinstance(twin, NameRef):
            return self._namespace[twin.name]
        if isinstance(twin, HandleRef):
            return self._objects[twin.id]
        return copied(twin)

    def _renewed(self, array: Any) -> Any:
        """The mirror's own of a shared array, with the values that the check's holds now."""
        own = self._shared[id(array)][1]
        if isinstance(own, np.ndarray):
            own[...] = array
        else:
            own.detach().copy_(array.detach())
        return own

    def _reply(self, result: Any) -> Any:
        """The outermost container, scalars and arrays by value; the rest by number."""
        kind = type(result)
        if kind is list or kind is tuple:
            return kind(self._element(item) for item in result)
        if kind is dict:
            return {key: self._element(item) for key, item in result.items()}
        return self._element(result)

    def _element(self, item: Any) -> Any:
        if type(item) in _PLAIN or isinstance(item, PLAIN):
            return item
        if _is_value(item):
            return copied(item)
        number = next(self._numbers)
        self._objects[number] = item
        return HandleRef(number, type(item).__name__)

    def _by_value(self, item: Any) -> Any:
        if type(item) in (list, tuple):
            return type(item)(self._by_value(part) for part in item)
        if type(item) is dict:
            return {key: self._by_value(part) for key, part in item.items()}
        return self._element(item)


def _is_value(item: Any) -> bool:
    kind = type(item)
    return kind in (np.ndarray, np.random.Generator) or kind.__name__ in ("Tensor", "Parameter")


def _same(target: Any) -> Any:
    return target


def _shipped(source: str, name: str) -> Callable[..., Any]:
    scope: dict[str, Any] = {"np": np, "torch": sys.modules.get("torch"), "__name__": "inside"}
    exec(compiled(source), scope)
    function: Callable[..., Any] = scope[name]
    return function
