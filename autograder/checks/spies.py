"""Spies: functions that a check passes to student code, which keep what they are given.

A spy lives beside the student's code, so that a check with one is planned; a function of the check's own,
which is lent, is called back over the wire, and the check runs live.
"""

from __future__ import annotations

from typing import Any

from .compare import Difference
from .expectations import Obeys

_CALLS = "the number of calls"
_A = "the function "  # no name of a task: what a spy is told is nobody else's fault


def spy(student: Any, signature: str, answer: Any) -> Any:
    """A function that always answers the same.

    Args:
        student: the student.
        signature: what the student is told of it, and how it may be called: "loss(x_hat, target)".
        answer: what it returns.

    Returns:
        A reply, to be passed on as an argument.
    """
    name, _, rest = signature.rstrip(")").partition("(")
    return student.beside(_watched, rest.split(", "), answer, label=f"{_A}{name}")


def heard(spied: Any) -> list[Any]:
    """What a spy was given in its one call, as replies; the check fails where it was not called once."""
    came = spied._student.beside(_heard, spied)
    came._expect(Obeys(came._place, _once, (came._label.removeprefix(_A),), exact=True))
    return [came[key] for key in came._twin if key != _CALLS]


def _watched(names: list[str], answer: Any) -> Any:
    """Beside the student's code: a function of these arguments, by place or by name."""
    calls: list[dict[str, Any]] = []

    def function(*args: Any, **kwargs: Any) -> Any:
        named = dict(zip(names, args, strict=False)) | kwargs
        if len(args) + len(kwargs) != len(names) or named.keys() != set(names):
            raise TypeError("a function that was handed over takes others")
        calls.append(named)
        return answer

    function.calls = calls  # type: ignore[attr-defined]
    function.names = names  # type: ignore[attr-defined]
    return function


def _heard(function: Any) -> dict[str, Any]:
    """Beside the student's code: how often it was called, and with what at first."""
    first = function.calls[0] if function.calls else {}
    return {
        "the number of calls": len(function.calls),
        **{name: first[name] for name in function.names if first},
    }


def _once(came: dict[str, Any], name: str) -> None:
    if came[_CALLS] != 1:
        raise Difference(f"{name} was called {came[_CALLS]} times; expected once.")
