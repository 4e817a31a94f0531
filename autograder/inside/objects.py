"""What the steps of one check have made: in the student's process, and in the judge's mirror.

Theory of operation
    A check notes its steps, numbered from 0: call this, read that attribute. A step may use what
    earlier ones made, as ``PartRef``: all of it, or an entry. So many steps cross in one frame.

    What is passed on by value stays by value: arrays, tensors and the outermost list, tuple or dict are
    copied at each use. Anything deeper or foreign (a cache, an optimizer) is passed as the object
    that it is, and so is what was shared.
"""

from __future__ import annotations

import copy
import itertools
import operator
import sys
from collections.abc import Callable, Mapping
from functools import cache
from types import CodeType
from typing import Any

import numpy as np

from . import chance
from .wire import MethodRef, NameRef, PartRef

ANY = -1  # number of entries
MAX_ITEMS = 10_000  # of one iteration over an object

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


class Unmade(Exception):
    """A step uses what another one did not make, since it raised."""


class Unfit(Exception):
    """A step uses an entry of what another one made, and there is no such entry."""


class Objects:
    """The names of one notebook, and what a check's steps have made of them."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        self._namespace = namespace
        self._made: dict[int, Any] = {}
        self._shared: set[int] = set()  # steps whose arrays are passed on as they are
        self._covered: dict[str, Any] = {}  # names with something else in their place, and what was there

    def begin(self, stand_ins: Mapping[str, Any] | None = None) -> None:
        """Another check begins, with other functions under some names: forget the last one's steps."""
        self.end()
        for name, value in (stand_ins or {}).items():
            self._covered[name] = self._namespace.get(name, _ABSENT)
            self._namespace[name] = value
        chance.begin_anew()

    def end(self) -> None:
        """Forget what was made, and let every name mean again what it did."""
        self._made.clear()
        self._shared.clear()
        self._uncover()

    def carry_out(
        self, number: int, kind: str, target: Any, args: list[Any], kwargs: dict[str, Any], name: str
    ) -> Any:
        """Do one step and keep what it made.

        Raises:
            BaseException: whatever the code of the notebook raises.
        """
        made = self._made[number] = _ACTIONS[kind](target, args, kwargs, name)
        if kind == "share":
            self._shared.add(number)
        return made

    def resolve(self, reference: NameRef | PartRef | MethodRef) -> Any:
        """What a reference stands for here.

        Raises:
            NameMissing, Unmade, Unfit: there is no such thing.
        """
        if type(reference) is NameRef:
            if reference.name not in self._namespace:
                raise NameMissing(reference.name)
            return self._namespace[reference.name]
        if type(reference) is MethodRef:
            return getattr(self.resolve(reference.owner), reference.attribute)
        assert type(reference) is PartRef
        value = self._entry(reference)
        if reference.step in self._shared:
            return _same_items(value)
        return own(value) if reference.path else own_outermost(value)

    def _entry(self, part: PartRef) -> Any:
        if part.step not in self._made:
            raise Unmade(part.step)
        value = self._made[part.step]
        for key, count in zip(part.path, part.counts, strict=True):
            value = _entry_of(value, key, count)
        return value

    def _uncover(self) -> None:
        for name, value in self._covered.items():
            if value is _ABSENT:
                self._namespace.pop(name, None)
            else:
                self._namespace[name] = value
        self._covered.clear()


_ABSENT = object()


def _entry_of(value: Any, key: Any, count: int) -> Any:
    """An entry of a tuple, list or dict, asked of these types: an object of the student's may lie."""
    if type(value) is dict:
        if key in value:
            return value[key]
    else:
        kind = next((kind for kind in (tuple, list) if issubclass(type(value), kind)), None)
        if (
            kind is not None
            and type(key) is int
            and 0 <= key < kind.__len__(value)
            and count in (ANY, kind.__len__(value))
        ):
            return kind.__getitem__(value, key)
    raise Unfit


def own(value: Any) -> Any:
    """A copy of an array, tensor or generator in the same layout; anything else as it is."""
    kind = type(value)
    if kind is np.ndarray:
        return value.copy(order="K")
    if kind.__name__ in ("Tensor", "Parameter") and hasattr(value, "detach"):
        return value.detach().clone().requires_grad_(value.requires_grad)
    if kind is np.random.Generator:
        return copy.deepcopy(value)
    return value.clone_state() if kind.__name__ == "Generator" and hasattr(value, "clone_state") else value


def own_outermost(value: Any) -> Any:
    """The same for the items of a list, tuple or dict."""
    kind = type(value)
    if kind is list or kind is tuple:
        return kind(map(own, value))
    if kind is dict:
        return {key: own(item) for key, item in value.items()}
    return own(value)


def _same_items(value: Any) -> Any:
    """Another list with the same arrays: a function may keep the list that it was given."""
    return type(value)(value) if type(value) in (list, tuple, dict) else value


def _items(target: Any) -> list[Any]:
    found = list(itertools.islice(iter(target), MAX_ITEMS + 1))
    if len(found) > MAX_ITEMS:
        raise ValueError(f"more than {MAX_ITEMS} items")
    return found


def _beside(source: str, name: str, args: list[Any]) -> Any:
    """Run a small function of the grader's on these objects."""
    scope: dict[str, Any] = {"np": np, "torch": sys.modules.get("torch"), "__name__": "beside"}
    exec(_compiled(source), scope)
    return scope[name](*args)


@cache
def _compiled(source: str) -> CodeType:
    """A function of the grader's, which many checks use."""
    return compile(source, "the check", "exec")


# kind of step -> what it does, given (target, arguments, keyword arguments, name)
_ACTIONS: dict[str, Callable[[Any, list[Any], dict[str, Any], str], Any]] = {
    "call": lambda target, args, kwargs, name: target(*args, **kwargs),
    "get": lambda target, args, kwargs, name: getattr(target, name),
    "set": lambda target, args, kwargs, name: setattr(target, name, args[0]),
    "index": lambda target, args, kwargs, name: target[args[0]],
    "assign": lambda target, args, kwargs, name: operator.setitem(target, *args),
    "length": lambda target, args, kwargs, name: len(target),
    "items": lambda target, args, kwargs, name: _items(target),
    "op": lambda target, args, kwargs, name: OPERATORS[name](*args),
    "beside": lambda target, args, kwargs, name: _beside(args[0], name, args[1:]),
    "same": lambda target, args, kwargs, name: args[0] is args[1],
    "type": lambda target, args, kwargs, name: type(target).__name__,
    "value": lambda target, args, kwargs, name: target,
    "share": lambda target, args, kwargs, name: args[0],
    "now": lambda target, args, kwargs, name: target,
}
DEEP = frozenset({"value"})  # kinds whose lists in lists are answered by value, too
