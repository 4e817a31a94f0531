"""What the reference's signatures tell: names of arguments and of returned values."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import zip_longest
from typing import Any

CALL = "__call__"
PLACED = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def definition(reference: Mapping[str, Any], label: str) -> Any:
    """What ``conv2d_forward`` or ``Adam.step`` is in the reference; None where it has no such name."""
    name, *attributes = label.split(".")
    found = reference.get(name)
    for attribute in attributes:
        if attribute == CALL and _goes_to_forward(found):
            attribute = "forward"
        found = inspect.getattr_static(found, attribute, None) if found is not None else None
    return found


def label_of_result(reference: Mapping[str, Any], label: str) -> str:
    """The label of what a call of ``label`` gave, where that is called itself.

    ``Linear.__call__`` for an object of a class; empty for all else, of which no name tells what it is.
    """
    return f"{label}.{CALL}" if isinstance(reference.get(label), type) else ""


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


def passed(
    signature: inspect.Signature | None, args: Sequence[Any], kwargs: Mapping[str, Any], first: int = 0
) -> list[tuple[str, Any]]:
    """The arguments of a call, each with its name, as far as they fit; "" where there is none.

    No defaults: what the caller left out may be something else in other code. ``first`` is the place of the
    first one.
    """
    parameters = signature.parameters.values() if signature is not None else ()
    names = [each.name for each in parameters if each.kind in PLACED][first:]
    return [*zip_longest(names[: len(args)], args, fillvalue=""), *kwargs.items()]


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


def signature_of(found: Any) -> inspect.Signature | None:
    """The signature of an object that is called; None where it tells none."""
    if not callable(found):
        return None
    if not isinstance(found, type) and _goes_to_forward(type(found)):
        found = found.forward
    try:
        return inspect.signature(found)
    except (TypeError, ValueError):
        return None


def _signature(found: Any) -> inspect.Signature | None:
    """The same for what a class or the notebook defines, without what a caller does not pass."""
    of_class = isinstance(found, classmethod)
    signature = signature_of(found.__func__ if of_class else found)
    parameters = list(signature.parameters.values()) if signature is not None else []
    if signature is None or not parameters:
        return signature
    bound = of_class or (inspect.isfunction(found) and parameters[0].name == "self")
    return signature.replace(parameters=parameters[1:]) if bound else signature


def _goes_to_forward(kind: Any) -> bool:
    """Whether a call of an object of this class goes on to its ``forward``, as with PyTorch's modules."""
    call = inspect.getattr_static(kind, CALL, None)
    return hasattr(kind, "forward") and str(getattr(call, "__module__", "")).startswith("torch.nn")


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
