"""The mirror: the reference in the judge's own process, which makes the same steps as the student.

It works like a host, but nothing is packed: arguments are copied, so that a mutation cannot
cascade, and arrays in replies are copied, too. It answers at once, so a check knows how many values
there will be, which of them are objects, and what is right.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from ..inside.objects import DEEP, NameMissing, Objects, Unmade, own
from ..inside.wire import HandleRef
from .steps import NOTHING, PLACES, Place, Raised, Step, changed

PLAIN = (type(None), bool, int, float, complex, str, bytes, np.generic, slice, type(Ellipsis))
_PLAIN = frozenset(PLAIN)  # asked first: to ask for all of them and their subclasses takes ten times as long


class Mirror:
    """A namespace of trusted code, and what the steps of one check have made of it."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        self._objects = Objects(namespace)
        self._objects.begin()

    def ask(self, number: int, step: Step) -> Any:
        """Carry out one step; the reply with objects as ``HandleRef``.

        Returns:
            ``Raised`` where the reference raises; ``NOTHING`` where the step uses what has no counterpart
            here.
        """
        return NOTHING if step.lends else self.carry_out(number, step)

    def carry_out(self, number: int, step: Step) -> Any:
        """The same, whatever the step hands over."""
        try:
            target = None if step.target is None else self._objects.resolve(step.target)
            args = [self._own(arg) for arg in step.args]
            kwargs = {key: self._own(value) for key, value in step.kwargs.items()}
        except (Unmade, NameMissing):
            return NOTHING
        try:
            made = self._objects.carry_out(number, step.kind, target, args, kwargs, step.name)
        except Exception as error:
            return Raised(error)
        return _by_value(made) if step.kind in DEEP else _shallow(made)

    def is_method(self, place: Place, name: str) -> bool:
        """Whether an attribute of what stands in a place is a method of its class."""
        try:
            target = self._objects.resolve(place)
        except (Unmade, NameMissing):
            return False
        return inspect.isroutine(getattr(type(target), name, None))

    def _own(self, value: Any) -> Any:
        """What a value of the check's is here."""
        return changed(value, self._leaf)

    def _leaf(self, value: Any) -> Any:
        if type(value) in _PLAIN:
            return value
        return self._objects.resolve(value) if isinstance(value, PLACES) else own(value)


def _shallow(made: Any) -> Any:
    """The outermost container, scalars and arrays by value; the rest as handles."""
    kind = type(made)
    if kind is list or kind is tuple:
        return kind(map(_element, made))
    if kind is dict:
        return {key: _element(item) for key, item in made.items()}
    return _element(made)


def _element(item: Any) -> Any:
    if type(item) in _PLAIN or isinstance(item, PLAIN):
        return item
    kind = type(item)
    if kind in (np.ndarray, np.random.Generator) or kind.__name__ in ("Tensor", "Parameter"):
        return own(item)
    return HandleRef(kind.__name__)


def _by_value(item: Any) -> Any:
    return changed(item, _element)
