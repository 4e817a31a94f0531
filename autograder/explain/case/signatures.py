"""What the reference's signatures tell: names of arguments and of returned values."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Mapping
from functools import lru_cache
from typing import Any


def definition(reference: Mapping[str, Any], label: str) -> Any:
    """What ``conv2d_forward`` or ``Adam.step`` is in the reference; None where it has no such name."""
    name, *attributes = label.split(".")
    found = reference.get(name)
    for attribute in attributes:
        found = inspect.getattr_static(found, attribute, None) if found is not None else None
    return found


def arguments(
    reference: Mapping[str, Any], label: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> dict[str, Any]:
    """The arguments of a call by name, defaults included; empty where the signature does not fit."""
    signature = _signature(definition(reference, label))
    if signature is None:
        return {}
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError:
        return {}
    bound.apply_defaults()
    return dict(bound.arguments)


def parameter(reference: Mapping[str, Any], label: str, index: int) -> str:
    """The name of a positional parameter; empty where it is unknown."""
    signature = _signature(definition(reference, label))
    names = list(signature.parameters) if signature is not None else []
    return names[index] if index < len(names) else ""


def default(reference: Mapping[str, Any], label: str, name: str) -> Any:
    """The default of a parameter; ``inspect.Parameter.empty`` where it has none."""
    signature = _signature(definition(reference, label))
    if signature is None or name not in signature.parameters:
        return inspect.Parameter.empty
    return signature.parameters[name].default


def returned(reference: Mapping[str, Any], label: str) -> tuple[str, ...]:
    """The names in ``return dx, dw, db``; none where the reference returns expressions."""
    found = definition(reference, label)
    return _returned(found) if inspect.isfunction(found) else ()


def _signature(found: Any) -> inspect.Signature | None:
    """The signature as a caller sees it, without ``self``."""
    if not callable(found):
        return None
    try:
        signature = inspect.signature(found)
    except (TypeError, ValueError):
        return None
    parameters = list(signature.parameters.values())
    if inspect.isfunction(found) and parameters and parameters[0].name == "self":
        return signature.replace(parameters=parameters[1:])
    return signature


@lru_cache(maxsize=256)
def _returned(function: Any) -> tuple[str, ...]:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, SyntaxError):
        return ()
    values = [
        node.value for node in ast.walk(tree) if isinstance(node, ast.Return) and node.value is not None
    ]
    names = {_names(value) for value in values}
    return names.pop() if len(names) == 1 else ()


def _names(value: ast.expr) -> tuple[str, ...]:
    """The parts of a returned expression; a tuple or dict among them is what backward needs, the cache."""
    parts = value.elts if isinstance(value, ast.Tuple) else [value]
    word = _word if len(parts) > 1 else lambda part: ""
    names = tuple(part.id if isinstance(part, ast.Name) else word(part) for part in parts)
    return names if any(names) and "" not in names[1:] + names[:1] else ()


def _word(part: ast.expr) -> str:
    return "cache" if isinstance(part, (ast.Tuple, ast.Dict)) else ""
