"""What checks ask as cells to copy: a cell gives what it says, with a visible difference."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import pytest

from autograder.checks import right
from autograder.course import Limits
from autograder.explain.case import reading
from autograder.explain.case.cells import as_cell, show
from autograder.explain.case.reading import Unprogrammable, programs_of
from autograder.explain.case.smallest import CaseSearch
from autograder.student import Student, Terms
from autograder.student.subjects import LocalSubject
from tests.student.subjects import namespace_of

RIGHT = """
import numpy as np

class Value:
    def __init__(self, data, kids=()):
        self.data, self.kids, self.grad = np.asarray(data, float), tuple(kids), 0.0
    def __add__(self, other): return Value(self.data + other.data, (self, other))
    def __mul__(self, other): return Value(self.data * other.data, (self, other))
    def __neg__(self): return Value(-self.data, (self,))
    def __getitem__(self, key): return Value(self.data[key], (self,))
    def __iter__(self): return iter(self.kids)

class Mover:
    def __init__(self, params, lr=0.5, eps=1e-8):
        self.params, self.lr, self.eps, self.n = params, lr, eps, 0
    def step(self, grads):
        self.n += 1
        for p, g in zip(self.params, grads):
            p -= self.lr * g / (np.abs(g) + self.eps)

class Scale:
    def __init__(self, factor=2.0): self.factor = factor
    def __call__(self, x):
        out = x * self.factor
        return out

def scaling(factor): return lambda x: x * factor

def pair(x, w):
    out = x * w
    total = out.sum(axis=0)
    return out, total

def table(x): return {"mean": x.mean(), "twice": 2 * x}
def flat(x): return x.ravel()
def shares(p): return np.clip(p, 0.1, 0.9)
def large(x): return np.log(np.exp(x - x.max()).sum()) + x.max()
def twice(x, scale=1.0): return 2 * x * scale
"""
X = np.linspace(0.37, 2.93, 12).reshape(3, 4)
Ask = Callable[[Student], Any]


def cell(ask: Ask, *changes: tuple[str, str], part: tuple[Any, ...] = ()) -> dict[str, str] | None:
    """The smallest case of the last call of ``ask``, for code that is right but for some changes."""
    source = RIGHT
    for old, new in changes:
        assert source.count(old) == 1, old
        source = source.replace(old, new)
    reference, wrong = namespace_of(RIGHT), namespace_of(source)
    student = Student(Terms("task", {}, Limits()), reference, LocalSubject(wrong))
    ask(student)
    with suppress(Exception):  # how the check ends
        student.end()
    transcript = student.court.transcript()
    subjects = LocalSubject(wrong), LocalSubject(reference)
    for program in programs_of(transcript, len(transcript) - 1, part):
        found = CaseSearch(*subjects, "task", Limits()).smallest(program)
        if found is not None:
            told = as_cell(found, reference)
            assert runs(told["calls"], wrong) == told["got"]
            assert runs(told["calls"], reference) == told["expected"] != told["got"]
            return told
    return None


def runs(calls: str, namespace: dict[str, Any]) -> str:
    """What the last line of a cell shows."""
    *body, look = calls.splitlines()
    names = dict(namespace)
    exec("\n".join(body), names)
    return show(eval(look, names))


def tells(told: dict[str, str] | None, *lines: str) -> None:
    """The cell ends with these lines."""
    assert told is not None
    assert told["calls"].splitlines()[-len(lines) :] == list(lines)


def test_operators() -> None:
    """They are written as in Python."""

    def ask(student: Student) -> None:
        one, other = student.Value(X), student.Value(X + 1)
        right((-one * other + one).data, "data")

    told = cell(ask, ("self.data * other.data", "self.data + other.data"))
    tells(told, "result = -value", "result2 = result * value2", "result3 = result2 + value", "result3.data")


def test_items() -> None:
    """One item, and all of them."""

    def ask(student: Student) -> None:
        right(student.Value(X)[1].data, "data")

    tells(cell(ask, ("self.data[key]", "self.data[key - 1]")), "value = Value(data)", "value[1].data")

    def several(student: Student) -> None:
        right(student.Value(X)[1:, 0].data, "data")

    tells(cell(several, ("self.data[key]", "self.data[key] + 1")), "value = Value(data)", "value[1:, 0].data")

    def members(student: Student) -> None:
        one = student.Value(X)
        first, _ = one + student.Value(X)
        right(first.data, "data")

    told = cell(
        members,
        (
            "Value(self.data + other.data, (self, other))",
            "Value(self.data, (other + other, self)) if other.kids else Value(self.data, (-other, self))",
        ),
    )
    tells(told, "list(result)[0].data")


def test_functions_that_run_beside() -> None:
    """Their source stands above: it crosses anyway."""

    def ask(student: Student) -> None:
        right(student.beside(doubled, student.Value(X)), "twice the data")

    told = cell(ask, ("np.asarray(data, float)", "np.asarray(data, float) + 1"))
    assert told is not None and told["calls"].splitlines()[2:5] == [
        "def doubled(value):",
        "    return 2 * value.data",
        "",
    ]
    tells(told, "value = Value(data)", "result = doubled(value)", "result")


def doubled(value: Any) -> Any:
    """A docstring that the cell does not need."""
    return 2 * value.data


def test_a_long_function_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody copies that."""
    monkeypatch.setattr(reading, "LONGEST", 1)
    with pytest.raises(Unprogrammable):
        cell(lambda student: student.beside(doubled, student.Value(X)), ("float)", "float) + 1"))


def test_the_part_that_is_compared() -> None:
    """Another part of the answer may be wrong as well."""

    def ask(student: Student) -> None:
        student.pair(X, X[0])

    wrong = ("total = out.sum(axis=0)", "total = out.mean(axis=0)"), ("out = x * w", "out = w * x + 0")
    tells(cell(ask, *wrong, part=(1,)), "out, total = pair(x, w)", "total")
    both = ("out = x * w", "out = x + w"), ("total = out.sum(axis=0)", "total = 2 * (x * w).sum(axis=0)")
    tells(cell(ask, *both, part=(0,)), "out, total = pair(x, w)", "out")
    assert cell(ask, ("total = out.sum(axis=0)", "total = out.mean(axis=0)"), part=(0,)) is None


def test_entries_of_a_dict() -> None:
    """By their keys."""

    def ask(student: Student) -> None:
        student.table(X)

    tells(cell(ask, ("x.mean()", "x.sum()"), part=("mean",)), "result = table(x)", "result['mean']")
    tells(cell(ask, ("2 * x}", "3 * x}"), part=("twice",)), "result = table(x)", "result['twice']")


def steps(student: Student, **options: Any) -> None:
    places = student.share([X.copy(), X[0].copy()])
    mover = student.Mover(places, **options)
    for _ in range(2):
        mover.step([X, X[0]])
    student.now(places)


def test_arrays_in_place() -> None:
    """One parameter, one step, and the array itself to look at."""
    told = cell(steps, ("p -= self.lr", "p += self.lr"))
    tells(told, "mover.step([grad])", "param")
    assert told is not None and told["calls"].count("step(") == 1


def test_what_is_called_has_its_own_names() -> None:
    """An object is no class, and what a function gave is not that function: names are of what is called."""
    told = cell(lambda student: student.Scale(3.0)(X), ("x * self.factor", "x + self.factor"))
    assert told is not None and re.search(r"(?m)^x = np.array", told["calls"])
    tells(told, "out = scale(x)", "out")
    assert "scale = Scale(3.0)" in told["calls"]
    told = cell(lambda student: student.scaling(3.0)(X), ("lambda x: x * factor", "lambda x: x + factor"))
    assert told is not None and re.search(r"(?m)^a = np.array", told["calls"])
    tells(told, "result2 = result(a)", "result2")
    assert "result = scaling(3.0)" in told["calls"]


def test_a_setting_whose_default_hides_the_mistake_stays() -> None:
    """With an eps of 1e-8 nobody sees where it stands; a rate says nothing."""
    told = cell(lambda student: steps(student, lr=0.3, eps=0.1), ("+ self.eps)", "+ self.eps**2)"))
    assert told is not None
    assert "eps=0.1" in told["calls"] and "lr=" not in told["calls"]


def test_a_difference_that_nobody_sees_is_not_shown() -> None:
    """1.0 and 1.001 look the same at a glance."""
    assert cell(lambda student: student.twice(X), ("2 * x * scale", "2.001 * x * scale")) is None
    assert cell(lambda student: student.twice(X), ("2 * x * scale", "2.1 * x * scale")) is not None


def test_arrays_that_lie_by_columns() -> None:
    """Where that is the mistake, the cell makes such an array."""
    told = cell(lambda student: student.flat(np.asfortranarray(X)), ("x.ravel()", "x.ravel('K')"))
    assert told is not None and "np.asfortranarray(np.array([" in told["calls"]


def test_values_at_the_ends_of_their_range() -> None:
    """A share of 0 or 1, and numbers that an exp cannot take, are shown where the mistake needs them."""
    numbers = np.linspace(0, 1, 9)
    told = cell(lambda student: student.shares(numbers), ("np.clip(p, 0.1, 0.9)", "np.clip(p, 0.1, 1.0)"))
    assert told is not None and "1." in told["calls"].split("array(")[1]
    overflows = "np.exp(x - x.max()).sum()) + x.max()", "np.exp(x).sum())"
    with np.errstate(over="ignore"):
        told = cell(lambda student: student.large(800 * X), overflows)
    assert told is not None and told["got"] == "inf"


def test_lists_that_are_changed_item_by_item() -> None:
    """An assignment to a place of an array."""

    def ask(student: Student) -> None:
        places = student.share([X.copy()])
        mover = student.Mover(places)
        places[0][1] = 7.0
        mover.step([X])
        student.now(places)

    told = cell(ask, ("p -= self.lr", "p -= 2 * self.lr"))
    assert told is not None and told["calls"].splitlines()[-1] == "param"
