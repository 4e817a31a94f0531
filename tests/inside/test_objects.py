"""What the steps of a check have made, and what of it is passed on: by value, or as the object that it is."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from autograder.inside.objects import ANY, NameMissing, Objects, Unfit, Unmade
from autograder.inside.wire import MethodRef, NameRef, PartRef


@pytest.fixture
def objects() -> Objects:
    """With a check begun, and nothing made."""
    found = Objects({"f": len, "Box": Box})
    found.begin()
    return found


class Box:
    def __init__(self, w: Any) -> None:
        self.w = w

    def get(self) -> Any:
        return self.w


def made(objects: Objects, value: Any, number: int = 0, kind: str = "call") -> Any:
    """Let a step make a value; gives what it made."""
    if kind == "share":
        return objects.carry_out(number, kind, None, [value], {}, "")
    return objects.carry_out(number, kind, lambda: value, [], {}, "")


# --- by value ---


@pytest.mark.parametrize(
    "value",
    [
        np.arange(6.0).reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(12.0)[::2],
        np.array(1.5),
        np.array([], dtype=int),
    ],
    ids=["plain", "fortran", "strided", "no_axes", "empty"],
)
def test_each_use_of_an_array_is_a_writable_copy(objects, value):
    """In the same layout; writing into one changes neither the next nor what was made."""
    value.flags.writeable = False
    mine = made(objects, value)
    first, second = objects.resolve(PartRef(0)), objects.resolve(PartRef(0))
    assert first.flags.writeable and first.strides == np.copy(value, order="K").strides
    first[...] = 7
    np.testing.assert_array_equal(second, value)
    np.testing.assert_array_equal(mine, value)


@pytest.mark.parametrize("kind", [list, tuple])
def test_each_use_of_the_outermost_container_is_a_copy(objects, kind):
    """With arrays of its own; what lies deeper is the object itself."""
    deep = [np.zeros(2)]
    mine = made(objects, kind([np.zeros(2), deep]))
    first, second = objects.resolve(PartRef(0)), objects.resolve(PartRef(0))
    assert type(first) is kind and first is not mine
    first[0][:] = 7
    assert not second[0].any() and not mine[0].any()
    assert first[1] is second[1] is deep
    assert objects.resolve(PartRef(0, (1,), (2,))) is deep
    entry = objects.resolve(PartRef(0, (0,), (2,)))
    entry[:] = 7
    assert not mine[0].any()


def test_dicts_are_copied_too(objects):
    """Their values as items of a list are."""
    mine = made(objects, {"a": np.zeros(2), "b": (deep := {})})
    first = objects.resolve(PartRef(0))
    first["a"][:] = 7
    first["c"] = 1
    assert mine.keys() == {"a", "b"} and not mine["a"].any()
    assert objects.resolve(PartRef(0))["b"] is deep


def test_a_tensor_and_a_generator_are_copied(objects):
    """The tensor keeps its flag and loses its graph; the generator keeps its state."""
    import torch

    tensor = torch.ones(2, requires_grad=True)
    made(objects, tensor * 1)
    copy = objects.resolve(PartRef(0))
    assert copy.requires_grad and copy.is_leaf and copy.data_ptr() != tensor.data_ptr()
    mine = made(objects, np.random.default_rng(5), 1)
    first, second = objects.resolve(PartRef(1)), objects.resolve(PartRef(1))
    assert first.random() == second.random() == np.random.default_rng(5).random() == mine.random()
    made(objects, torch.Generator().manual_seed(3), 2)
    drawn = [torch.rand(1, generator=objects.resolve(PartRef(2))) for _ in range(2)]
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize("value", [Box(1), iter([1]), np.zeros(2).view(np.recarray), len, {1, 2}])
def test_anything_else_is_the_object_itself(objects, value):
    """A cache, an optimizer, an array of a class of the student's."""
    made(objects, value)
    assert objects.resolve(PartRef(0)) is objects.resolve(PartRef(0)) is value


def test_what_was_shared_is_the_object_itself(objects):
    """One array, or those in a list, of which each use gets a list of its own."""
    array = made(objects, np.zeros(2), kind="share")
    assert objects.resolve(PartRef(0)) is array
    several = made(objects, [np.zeros(2), np.ones(1)], 1, "share")
    first, second = objects.resolve(PartRef(1)), objects.resolve(PartRef(1))
    assert first is not second and first is not several
    assert first[0] is second[0] is several[0] is objects.resolve(PartRef(1, (0,), (2,)))
    named = made(objects, {"x": np.zeros(2)}, 2, "share")
    assert objects.resolve(PartRef(2, ("x",), (1,))) is named["x"]


def test_methods_are_looked_up_when_they_are_called(objects):
    """On the object as it then is."""
    box = made(objects, Box(1))
    method = MethodRef(PartRef(0), "get")
    box.get = lambda: 5
    assert objects.resolve(method)() == 5
    assert objects.resolve(MethodRef(NameRef("Box"), "get")) is Box.get
    with pytest.raises(AttributeError):
        objects.resolve(MethodRef(PartRef(0), "nothing"))


# --- what is not there ---


class Liar:
    """An object that agrees with everything."""

    __class__ = tuple  # type: ignore[assignment]

    def __len__(self) -> int:
        return 2

    def __getitem__(self, key: Any) -> Any:
        return "lied"

    def __contains__(self, key: Any) -> bool:
        return True


class LyingTuple(tuple):
    def __len__(self) -> int:
        return 2

    def __getitem__(self, key: Any) -> Any:
        return "lied"


class LyingDict(dict):
    def __contains__(self, key: Any) -> bool:
        return True

    def __getitem__(self, key: Any) -> Any:
        return "lied"


@pytest.mark.parametrize(
    ("value", "key", "count"),
    [
        (Liar(), 0, 2),
        (Liar(), "x", 2),
        (LyingDict(), "x", 1),
        (LyingDict(x=1), "x", 1),
        (LyingTuple((1,)), 1, 2),
        (LyingTuple((1,)), 0, 2),
        ((1, 2), 2, 2),
        ((1, 2), 0, 3),
        ((1, 2), 0, 1),
        ((1, 2), -1, 2),
        ((1, 2), True, 2),
        ((1, 2), "0", 2),
        ((1, 2), 1.0, 2),
        ([], 0, 0),
        ({"a": 1}, "b", 1),
        ({"a": 1}, 0, 1),
        (None, 0, 2),
        (7, 0, 2),
        ("ab", 0, 2),
        (np.zeros(2), 0, 2),
        (range(2), 0, 2),
    ],
    ids=lambda each: type(each).__name__ if "Liar" in type(each).__name__ else repr(each),
)
def test_there_is_no_such_entry(objects, value, key, count):
    """Python's own types are asked, never a method of the student's class."""
    made(objects, value)
    with pytest.raises(Unfit):
        objects.resolve(PartRef(0, (key,), (count,)))


def test_a_subclass_of_tuple_has_the_entries_that_it_has(objects):
    """A named tuple is one; whatever its class says of itself is not asked."""
    made(objects, LyingTuple((1, 5)))
    assert objects.resolve(PartRef(0, (1,), (2,))) == 5
    assert objects.resolve(PartRef(0, (0,), (ANY,))) == 1


def test_a_path_goes_as_deep_as_there_are_entries(objects):
    """And no deeper."""
    made(objects, [1, ({"x": [7]},)])
    assert objects.resolve(PartRef(0, (1, 0, "x", 0), (2, 1, ANY, 1))) == 7
    with pytest.raises(Unfit):
        objects.resolve(PartRef(0, (1, 0, "x", 0, 0), (2, 1, ANY, 1, 1)))


def test_steps_that_made_nothing(objects):
    """Not yet carried out, ended in an exception, or of the check before."""
    made(objects, 1)
    with pytest.raises(Unmade):
        objects.resolve(PartRef(1))
    with pytest.raises(ZeroDivisionError):
        objects.carry_out(1, "call", lambda: 1 / 0, [], {}, "")
    with pytest.raises(Unmade):
        objects.resolve(PartRef(1))
    objects.begin()
    with pytest.raises(Unmade):
        objects.resolve(PartRef(0))
    with pytest.raises(Unmade):
        objects.resolve(MethodRef(PartRef(0), "real"))


def test_a_number_that_was_shared_in_another_check_is_by_value_in_this(objects):
    """What a number stands for begins anew with each check."""
    made(objects, np.zeros(2), kind="share")
    objects.begin()
    array = made(objects, np.zeros(2))
    assert objects.resolve(PartRef(0)) is not array


def test_names_that_are_not_defined(objects):
    """Our own exception, which nobody takes for a NameError of the student's."""
    with pytest.raises(NameMissing, match="nothing"):
        objects.resolve(NameRef("nothing"))


# --- stand-ins ---


def test_stand_ins_cover_names_until_the_next_check():
    """Also a name that was not there, and one that the student's code assigned meanwhile."""
    namespace: dict[str, Any] = {"f": 1, "g": 2}
    objects = Objects(namespace)
    objects.begin({"f": "lent", "h": "lent"})
    assert namespace == {"f": "lent", "g": 2, "h": "lent"}
    namespace["f"] = namespace["h"] = "assigned"
    objects.begin({"g": "lent"})
    assert namespace == {"f": 1, "g": "lent"}
    objects.begin()
    assert namespace == {"f": 1, "g": 2}


def test_stand_ins_go_with_the_last_check():
    """Nothing stays behind where no check follows."""
    namespace: dict[str, Any] = {"f": 1}
    objects = Objects(namespace)
    objects.begin({"f": "lent", "g": "lent"})
    objects.end()
    objects.end()
    assert namespace == {"f": 1}


# --- kinds of steps ---


def test_what_a_step_can_be(objects):
    """One example of each kind."""
    box = Box([1.0, 2.0])
    steps = [
        (("get", box, [], {}, "w"), [1.0, 2.0]),
        (("set", box, [5.0], {}, "w"), None),
        (("call", box.get, [], {}, ""), 5.0),
        (("index", [3, 4], [1], {}, ""), 4),
        (("items", iter("ab"), [], {}, ""), ["a", "b"]),
        (("op", None, [7, 2], {}, "floordiv"), 3),
        (("same", None, [box, box], {}, ""), True),
        (("value", [[1]], [], {}, ""), [[1]]),
        (("beside", None, ["def g(x):\n    return np.sum(x)\n", [1, 2]], {}, "g"), 3),
    ]
    for number, (step, expected) in enumerate(steps):
        assert objects.carry_out(number, *step) == expected
        assert number in objects._made
    values = [1, 2]
    objects.carry_out(9, "assign", values, [0, 7], {}, "")
    assert values == [7, 2]


def test_items_without_end_have_one(objects):
    """An iterator of the student's is not followed for ever."""
    import itertools

    with pytest.raises(ValueError, match="more than 10000 items"):
        objects.carry_out(0, "items", itertools.count(), [], {}, "")


def test_chance_begins_anew_with_each_check(objects):
    """Whatever the check before has drawn."""
    drawn = []
    for _ in range(2):
        objects.begin()
        drawn.append((random.random(), np.random.rand()))
    assert drawn[0] == drawn[1]
