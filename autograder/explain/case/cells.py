"""A case as a cell that a student can copy, with both answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from ...inside.wire import HandleRef
from ...student.faults import clean
from ..same import is_tensor, same_value
from .filling import Ending
from .programs import Attribute, Blank, Name, Result, Seeded, Step, results_of
from .signatures import arguments, parameter, returned
from .smallest import Case

WIDTH = 88
NOTE = "These numbers are public; the check used others."


def as_cell(case: Case, reference: Mapping[str, Any]) -> dict[str, str]:
    """``{"calls", "got", "expected", "note"}``: plain texts for the feedback page."""
    writer = _Writer(case, reference)
    lines = writer.lines()
    look, got, expected = writer.difference()
    imports = ["import numpy as np"] if any("np." in line for line in lines) else []
    imports += ["import torch"] if any("torch." in line for line in lines) else []
    gap = [""] if imports else []
    return {
        "calls": "\n".join([*imports, *gap, *lines, *([look] if look else [])]),
        "got": got,
        "expected": expected,
        "note": NOTE,
    }


class _Writer:
    def __init__(self, case: Case, reference: Mapping[str, Any]) -> None:
        self._case = case
        self._reference = reference
        self._blanks: dict[int, str] = {}
        self._results: dict[int, tuple[str, ...]] = {}
        self._taken: set[str] = set()

    def lines(self) -> list[str]:
        """One line for each array and each call."""
        lines = []
        for number, step in self._case.program.steps.items():
            label = self._label(step.function)
            for blank, hint in self._new_blanks(step, label):
                self._blanks[blank.number] = self._fresh(hint)
                lines.append(f"{self._blanks[blank.number]} = {_array(blank, self._case)}")
            lines.append(self._call(number, step, label))
        return lines

    def difference(self) -> tuple[str, str, str]:
        """The expression to look at, what it was and what it should have been."""
        got, expected, program = self._case.got, self._case.expected, self._case.program
        if got.raised or expected.raised:
            return "", _raised(got), _raised(expected)
        for number, left, right in zip(program.changed(), got.shared, expected.shared, strict=True):
            if not same_value(left, right):
                return self._blanks[number], *apart(left, right)
        left, right = got.counting(program), expected.counting(program)
        if program.reads is not None:
            return self._text(program.reads) + _keys(program.part), *apart(left, right)
        names = self._results.get(program.last, ("",))
        if left is got.value or right is expected.value:
            left, right = got.value, expected.value
        elif program.part:
            return self._result(Result(program.last, program.part)), *apart(left, right)
        return self._in_reply(left, right, names)

    def _in_reply(self, got: Any, expected: Any, names: tuple[str, ...]) -> tuple[str, str, str]:
        several = isinstance(expected, (tuple, list)) and isinstance(got, (tuple, list))
        if several and len(got) == len(expected):
            for index, (left, right) in enumerate(zip(got, expected, strict=True)):
                if not same_value(left, right):
                    name = names[index] if len(names) == len(expected) > 1 else f"{names[0]}[{index}]"
                    return name, *apart(left, right)
        return ", ".join(names), *apart(got, expected)

    def _new_blanks(self, step: Step, label: str) -> list[tuple[Blank, str]]:
        bound = arguments(self._reference, label, step.args, dict(step.kwargs))
        values = list(bound.items()) or [("a", arg) for arg in step.args]
        found: dict[int, tuple[Blank, str]] = {}
        for name, value in values:
            for blank, hint in _named(value, name):
                if blank.number not in self._blanks:
                    found.setdefault(blank.number, (blank, hint))
        for index, arg in enumerate(step.args):
            for blank, hint in _named(arg, parameter(self._reference, label, index) or "a"):
                if blank.number not in self._blanks:
                    found.setdefault(blank.number, (blank, hint))
        return list(found.values())

    def _call(self, number: int, step: Step, label: str) -> str:
        function = self._text(step.function)
        if step.attribute:
            return f"{function}.{step.attribute} = {self._text(step.args[0])}"
        parts = [self._text(arg) for arg in step.args]
        parts += [f"{key}={self._text(value)}" for key, value in step.kwargs]
        call = f"{function}({', '.join(parts)})"
        names = self._names(number, label)
        self._results[number] = names
        return f"{', '.join(names)} = {call}" if names else call

    def _names(self, number: int, label: str) -> tuple[str, ...]:
        """What the results of a call are called; nothing where it returns nothing."""
        last = number == self._case.program.last
        if last and self._case.program.reads is None and self._case.expected.value is None:
            return ("result",) if self._case.got.value is not None else ()
        found = self._reference.get(label)
        if isinstance(found, type):
            return (self._fresh(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", label).lower()),)
        names = returned(self._reference, label)
        if names:
            return tuple(self._fresh(name) for name in names)
        if not last and not self._used(number):
            return ()
        return (self._fresh("result"),)

    def _used(self, number: int) -> bool:
        return number in {r.step for step in self._case.program.steps.values() for r in _results(step)}

    def _label(self, function: Any) -> str:
        """The name by which the reference knows a function: ``Adam.step``."""
        if isinstance(function, Name):
            return function.name
        if isinstance(function, Attribute):
            return f"{self._label(function.of)}.{function.name}"
        made_by = self._case.program.steps.get(function.step) if isinstance(function, Result) else None
        return self._label(made_by.function) if made_by is not None else ""

    def _fresh(self, name: str) -> str:
        free = name
        number = 2
        while free in self._taken or free in self._reference:
            free, number = f"{name}{number}", number + 1
        self._taken.add(free)
        return free

    def _text(self, value: Any) -> str:
        if isinstance(value, Name):
            return value.name
        if isinstance(value, Result):
            return self._result(value)
        if isinstance(value, Attribute):
            return f"{self._text(value.of)}.{value.name}"
        if isinstance(value, Blank):
            return self._blanks[value.number]
        if isinstance(value, Seeded):
            return (
                "np.random.default_rng(0)" if value.library == "numpy" else "torch.Generator().manual_seed(0)"
            )
        if type(value) is list:
            return "[" + ", ".join(self._text(item) for item in value) + "]"
        if type(value) is tuple:
            return (
                "(" + ", ".join(self._text(item) for item in value) + ("," if len(value) == 1 else "") + ")"
            )
        if type(value) is dict:
            return "{" + ", ".join(f"{key!r}: {self._text(item)}" for key, item in value.items()) + "}"
        return repr(value)

    def _result(self, result: Result) -> str:
        names, path = self._results[result.step], result.path
        return names[path[0]] + _keys(path[1:]) if len(names) > 1 and path else names[0] + _keys(path)


def _keys(path: tuple[Any, ...]) -> str:
    return "".join(f"[{key!r}]" for key in path)


def apart(got: Any, expected: Any) -> tuple[str, str]:
    """Two different values as two different texts, with as many digits as that takes."""
    for digits in (6, 10, 17):
        texts = show(got, digits), show(expected, digits)
        if texts[0] != texts[1]:
            break
    return texts


def show(value: Any, digits: int = 6) -> str:
    """A small value as text; objects by their type's name only."""
    if isinstance(value, HandleRef):
        return f"<{clean(value.name, 60)}>"
    if is_tensor(value):
        return f"tensor({_numbers(value.detach().numpy(), 7, digits)})"
    if isinstance(value, (np.ndarray, np.generic)) and np.ndim(value):
        return f"array({_numbers(np.asarray(value), 6, digits)}{_dtype(np.asarray(value))})"
    if isinstance(value, (bool, type(None))):
        return str(value)
    if isinstance(value, (int, float, complex, np.generic, np.ndarray)):
        return _number(np.asarray(value).item(), digits)
    if isinstance(value, list):
        return "[" + ", ".join(show(item, digits) for item in value) + "]"
    if isinstance(value, tuple):
        return "(" + ", ".join(show(item, digits) for item in value) + ("," if len(value) == 1 else "") + ")"
    return clean(repr(value), 200)


def _number(value: Any, digits: int) -> str:
    """A number; one with a point is seen to have one."""
    if type(value) in (int, bool):
        return str(value)
    text = f"{value:.{digits}g}"
    return f"{text}.0" if text.lstrip("-").isdigit() else text


def _results(step: Step) -> list[Result]:
    return list(results_of(step))


def _named(value: Any, name: str) -> list[tuple[Blank, str]]:
    if isinstance(value, Blank):
        return [(value, name)]
    if isinstance(value, (list, tuple)):
        single = name[:-1] if name.endswith("s") and len(name) > 1 else name
        return [pair for item in value for pair in _named(item, single)]
    return []


def _array(blank: Blank, case: Case) -> str:
    values = case.inputs.arrays[blank.number]
    text = np.array2string(values, separator=", ", threshold=1000, max_line_width=WIDTH, floatmode="maxprec")
    text = re.sub(r"\s+", " ", text)
    if blank.library == "torch":
        return f"torch.tensor({text}{_torch_dtype(values)}{', requires_grad=True' if blank.gradient else ''})"
    return f"np.array({text}{_dtype(values, source=True)})"


def _dtype(values: np.ndarray, source: bool = False) -> str:
    usual = values.dtype in (np.float64, np.int64, np.bool_)
    return "" if usual else f", dtype={'np.' if source else ''}{values.dtype}"


def _torch_dtype(values: np.ndarray) -> str:
    return "" if values.dtype in (np.float32, np.int64, np.bool_) else f", dtype=torch.{values.dtype}"


def _numbers(values: np.ndarray, indent: int, digits: int) -> str:
    if values.size == 0:
        return f"[], shape={values.shape}"
    text = np.array2string(
        values,
        separator=", ",
        precision=digits,
        suppress_small=True,
        threshold=200,
        max_line_width=WIDTH - indent,
    )
    return text.replace("\n", "\n" + " " * indent)


def _raised(ending: Ending) -> str:
    if not ending.raised:
        return show(ending.value)
    return clean(ending.reason or ending.raised, 300)
