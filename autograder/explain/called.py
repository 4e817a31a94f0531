"""What each step of a check calls, as the reference has it: there arguments have names.

A name alone does not tell: ``net(x)`` is no call of the function that made ``net``, and ``Tokenizer.train``
may be bound to its class. So the reference makes all the steps once more, and the object is asked.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from ..inside.objects import Objects, own
from ..student import Call, Step
from ..student.steps import PLACES, Lent, changed


def callees(reference: Mapping[str, Any], transcript: Iterable[Call]) -> list[Any]:
    """For each step the object that it calls or asks; None where the reference has no such object.

    Of a function of the grader's it is the first object of the notebook that this is given.
    """
    objects = Objects(dict(reference))
    objects.begin()
    found = []
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for number, call in enumerate(transcript):
            found.append(_target(objects, call.step))
            _make(objects, number, call.step)
    return found


def _target(objects: Objects, step: Step) -> Any:
    place = step.target or next((arg for arg in step.args if isinstance(arg, PLACES)), None)
    try:
        return None if place is None else objects.resolve(place)
    except Exception:  # an earlier step raised, as it may be asked to
        return None


def _make(objects: Objects, number: int, step: Step) -> None:
    """Carry a step out; later ones that need what it did not make have no object."""

    def here(value: Any) -> Any:
        if isinstance(value, Lent):
            return value.target
        return objects.resolve(value) if isinstance(value, PLACES) else own(value)

    try:
        target = None if step.target is None else objects.resolve(step.target)
        args = [changed(arg, here) for arg in step.args]
        kwargs = {key: changed(value, here) for key, value in step.kwargs.items()}
        objects.carry_out(number, step.kind, target, args, kwargs, step.name)
    except Exception:  # the same
        return


@dataclass(frozen=True)
class GraderFunction:
    """The parameters of a function of the grader's that runs beside the student's code.

    Attributes:
        handed_on: of a parameter that stands with a star in a call of the first object, before how many
            others it stands there: ``args`` of ``function(*args)`` is handed on from place 0.
    """

    parameters: tuple[str, ...]
    rest: str  # the name of ``*rest``; empty where there is none
    handed_on: Mapping[str, int]

    def named(self, args: Sequence[Any]) -> list[tuple[str, Any]]:
        """Its arguments by name."""
        count = len(self.parameters)
        found = list(zip(self.parameters, args, strict=False))
        return [*found, (self.rest, tuple(args[count:]))] if len(args) > count else found


@lru_cache(maxsize=256)
def grader_function(source: str) -> GraderFunction:
    """What the source of a function of the grader's says of its parameters."""
    function = ast.parse(source).body[0]
    assert isinstance(function, ast.FunctionDef)
    names = tuple(each.arg for each in (*function.args.posonlyargs, *function.args.args))
    rest = function.args.vararg.arg if function.args.vararg else ""
    known = {*names, rest}
    handed_on = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in known:
            for offset, arg in enumerate(node.args):
                if isinstance(arg, ast.Starred):
                    if isinstance(arg.value, ast.Name) and arg.value.id in known:
                        handed_on[arg.value.id] = offset
                    break  # what follows a star stands in no certain place
    return GraderFunction(names, rest, handed_on)
