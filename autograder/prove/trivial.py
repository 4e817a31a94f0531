"""Code that does nothing and must earn nothing.

For each task its names are replaced, and everything else stays right: a check that pays
for the shape alone, or for raising no error, shows here.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..course import Unit
from ..unit.mistakes.edits import Edit, module_namespace, spliced
from ..unit.stubs import Reference, stub

Fill = Callable[[Any, tuple[Any, ...]], Any]  # (the reference's value, the arguments) -> the trivial value


def trivial_namespace(reference: Mapping[str, Any], names: list[str], fill: Fill) -> dict[str, Any]:
    """The reference with trivial code under the given names."""
    return {**reference, **{name: _trivial(reference[name], fill) for name in names}}


def stub_namespace(unit: Unit, names: list[str]) -> dict[str, Any]:
    """The reference with released stubs under the given names: what a student starts from."""
    reference = Reference.parse(unit.reference.read_text(encoding="utf-8"), str(unit.reference))
    edits = tuple(Edit(unit.reference, name, stub(reference, name)) for name in names)
    return module_namespace(spliced(edits), f"{unit.name}_stub")


def nothing(value: Any, arguments: tuple[Any, ...]) -> Any:
    """None, whatever was asked."""
    return None


def zeros(value: Any, arguments: tuple[Any, ...]) -> Any:
    """Zeros of the right structure, shape and dtype."""
    return _mapped(value, lambda array: array * 0)


def noise(value: Any, arguments: tuple[Any, ...]) -> Any:
    """Random numbers of the right structure, shape and dtype."""
    rng = np.random.default_rng(0)
    return _mapped(value, lambda array: _like(array, rng.standard_normal(tuple(getattr(array, "shape", ())))))


def same(value: Any, arguments: tuple[Any, ...]) -> Any:
    """The first argument, as often as values are expected."""
    first = arguments[0] if arguments else None
    return type(value)(first for _ in value) if type(value) in (tuple, list) else first


TRIVIAL: dict[str, Fill] = {"none": nothing, "zeros": zeros, "random": noise, "input": same}


def _trivial(definition: Any, fill: Fill) -> Any:
    if inspect.isclass(definition):
        return _trivial_class(definition, fill)
    if not callable(definition):
        return None

    def function(*args: Any, **kwargs: Any) -> Any:
        return fill(_right(definition, args, kwargs), args)

    return function


def _trivial_class(definition: Any, fill: Fill) -> Any:
    """A class whose methods and attributes answer trivially; a hidden right object knows the shapes."""

    class Trivial:
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            object.__setattr__(self, "_right", _right(definition, args, kwargs))

        def __getattr__(self, name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)
            value = getattr(self._right, name, None)
            if not callable(value):
                return fill(value, ())
            return lambda *args, **kwargs: fill(_right(value, args, kwargs), args)

        def __setattr__(self, name: str, value: Any) -> None:
            setattr(self._right, name, copy.deepcopy(value))

        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            return fill(_right(self._right, args, kwargs), args)

    Trivial.__name__ = definition.__name__
    return Trivial


def _right(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The reference's value on copies; None where it raises: trivial code checks no arguments."""
    try:
        return function(*copy.deepcopy(args), **copy.deepcopy(kwargs))
    except Exception:
        return None


def _mapped(value: Any, change: Callable[[Any], Any]) -> Any:
    if type(value) in (tuple, list):
        return type(value)(_mapped(item, change) for item in value)
    if type(value) is dict:
        return {key: _mapped(item, change) for key, item in value.items()}
    numeric = isinstance(value, (int, float, np.ndarray, np.generic)) and not isinstance(value, bool)
    return change(value) if numeric or hasattr(value, "detach") else value


def _like(value: Any, array: np.ndarray) -> Any:
    if hasattr(value, "detach"):
        return value.detach().new_tensor(array)
    if isinstance(value, (int, float)):
        return type(value)(float(array) * 10)
    return (array * (10 if value.dtype.kind in "iu" else 1)).astype(value.dtype)
