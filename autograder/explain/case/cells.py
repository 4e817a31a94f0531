"""A case as a cell that a student can copy, with both answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from ...inside.wire import HandleRef
from ...student.faults import clean
from ..describe import key_text
from ..same import is_tensor, same_value
from .filling import Observed
from .operators import written
from .programs import (
    Attribute,
    Blank,
    Members,
    Name,
    Operator,
    Part,
    ProgramStep,
    Returned,
    Seeded,
    Shipped,
    Subscript,
    results_of,
)
from .signatures import arguments, label_of_result, parameter, returned
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
        self._program = case.program.on_scale(case.inputs.scale)
        self._reference = reference
        self._blanks: dict[int, str] = {}
        self._results: dict[int, tuple[str, ...]] = {}
        self._taken: set[str] = set()

    def lines(self) -> list[str]:
        """One line for each array and each call, below what is needed of the grader's."""
        functions = [step.function for step in self._program.steps.values()]
        shipped = dict.fromkeys(f.source for f in functions if isinstance(f, Shipped))
        lines = [line for source in shipped for line in (*source.split("\n"), "")]
        for number, step in self._program.steps.items():
            label = self._label(step)
            for blank, hint in self._new_blanks(step, label):
                self._blanks[blank.number] = self._fresh(hint)
                lines.append(f"{self._blanks[blank.number]} = {_array(blank, self._case)}")
            lines.append(self._call(number, step, label))
        return lines

    def difference(self) -> tuple[str, str, str]:
        """The expression to look at, what it was and what it should have been."""
        got, expected, program = self._case.got, self._case.expected, self._program
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
            return self._result(Returned(program.last, program.part)), *apart(left, right)
        return self._in_reply(left, right, names)

    def _in_reply(self, got: Any, expected: Any, names: tuple[str, ...]) -> tuple[str, str, str]:
        several = isinstance(expected, (tuple, list)) and isinstance(got, (tuple, list))
        if several and len(got) == len(expected):
            for index, (left, right) in enumerate(zip(got, expected, strict=True)):
                if not same_value(left, right):
                    name = names[index] if len(names) == len(expected) > 1 else f"{names[0]}[{index}]"
                    return name, *apart(left, right)
        return ", ".join(names), *apart(got, expected)

    def _new_blanks(self, step: ProgramStep, label: str) -> list[tuple[Blank, str]]:
        bound = arguments(self._reference, label, step.args, dict(step.kwargs))
        values = list(bound.items()) or [("a", arg) for arg in step.args]
        found: dict[int, tuple[Blank, str]] = {}
        for name, value in values:
            for blank, hint in _named(value, name):
                if blank.number not in self._blanks:
                    found.setdefault(blank.number, (blank, hint))
        if isinstance(step.function, Blank) and step.function.number not in self._blanks:
            found.setdefault(step.function.number, (step.function, "a"))
        for index, arg in enumerate(step.args):
            for blank, hint in _named(arg, parameter(self._reference, label, index) or "a"):
                if blank.number not in self._blanks:
                    found.setdefault(blank.number, (blank, hint))
        return list(found.values())

    def _label(self, step: ProgramStep) -> str:
        """By what name the reference knows what is called."""
        label, function = self._program.label(step.function), step.function
        if not isinstance(function, Returned):
            return label
        return "" if function.path else label_of_result(self._reference, label)

    def _call(self, number: int, step: ProgramStep, label: str) -> str:
        parts = [self._text(arg) for arg in step.args]
        if step.kind == "set":
            return f"{self._text(step.function)}.{step.attribute} = {parts[0]}"
        if step.kind == "assign":
            return f"{self._text(step.function)}[{self._key(step.args[0])}] = {parts[1]}"
        parts += [f"{key}={self._text(value)}" for key, value in step.kwargs]
        if isinstance(step.function, Operator):
            call = written(step.function.name, parts)
        else:
            call = f"{self._text(step.function)}({', '.join(parts)})"
        names = self._names(number, label)
        self._results[number] = names
        return f"{', '.join(names)} = {call}" if names else call

    def _names(self, number: int, label: str) -> tuple[str, ...]:
        """What the results of a call are called; nothing where it returns nothing."""
        last = number == self._program.last
        if last and self._program.reads is None and self._case.expected.value is None:
            return ("result",) if self._case.got.value is not None else ()
        if last and (self._program.reads is not None or self._program.changed()) and not self._used(number):
            return ()
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
        used = (*self._program.steps.values(), self._program.reads)
        return number in {result.step for each in used for result in results_of(each)}

    def _fresh(self, name: str) -> str:
        free = name
        number = 2
        while free in self._taken or free in self._reference:
            free, number = f"{name}{number}", number + 1
        self._taken.add(free)
        return free

    def _text(self, value: Any) -> str:
        if isinstance(value, (Name, Shipped)):
            return value.name
        if isinstance(value, Returned):
            return self._result(value)
        if isinstance(value, Attribute):
            return f"{self._text(value.of)}.{value.name}"
        if isinstance(value, Subscript):
            return f"{self._text(value.of)}[{self._key(value.key)}]"
        if isinstance(value, Members):
            return f"list({self._text(value.of)})"
        if isinstance(value, Part):
            return self._text(value.of) + _keys(value.path)
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
        return "..." if value is ... else repr(value)

    def _key(self, value: Any) -> str:
        return key_text(value, self._text)

    def _result(self, result: Returned) -> str:
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
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {show(item, digits)}" for key, item in value.items()) + "}"
    return clean(repr(value), 200)


def _number(value: Any, digits: int) -> str:
    """A number; one with a point is seen to have one."""
    if type(value) in (int, bool):
        return str(value)
    text = f"{value:.{digits}g}"
    return f"{text}.0" if text.lstrip("-").isdigit() else text


def _named(value: Any, name: str) -> list[tuple[Blank, str]]:
    if isinstance(value, Blank):
        return [(value, name)]
    if isinstance(value, (list, tuple)):
        single = name[:-1] if name.endswith("s") and len(name) > 1 else name
        return [pair for item in value for pair in _named(item, single)]
    if isinstance(value, dict):
        return [pair for key, item in value.items() for pair in _named(item, _word(key))]
    return []


def _word(key: Any) -> str:
    """What stands under a key is called like it, where that is a name."""
    return key if isinstance(key, str) and key.isidentifier() else "a"


def _array(blank: Blank, case: Case) -> str:
    values = case.inputs.arrays[blank.number]
    text = np.array2string(values, separator=", ", threshold=1000, max_line_width=WIDTH, floatmode="maxprec")
    text = re.sub(r"\s+", " ", text)
    if blank.library == "torch":
        return f"torch.tensor({text}{_torch_dtype(values)}{', requires_grad=True' if blank.gradient else ''})"
    made = f"np.array({text}{_dtype(values, source=True)})"
    return f"np.asfortranarray({made})" if blank.columns else made


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


def _raised(ending: Observed) -> str:
    if not ending.raised:
        return show(ending.value)
    return clean(ending.reason or ending.raised, 300)
