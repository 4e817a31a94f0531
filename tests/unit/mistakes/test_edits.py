"""Edits of a reference: they match exactly once, or say what is wrong."""

import importlib
import sys

import pytest

from autograder.base.errors import ConfigError
from autograder.unit.mistakes.edits import edit, instead, module_namespace, spliced

REFERENCE = '''"""A tiny reference."""

import math
from dataclasses import dataclass


@dataclass
class Line:
    """A straight line."""

    slope: float = 1.0

    def at(self, x):
        """The height at x."""
        return self.slope * x

    def steeper(self, factor):
        return Line(self.slope * factor)


def area(radius):
    """The area of a disc."""
    return math.pi * radius**2


def twice(x):
    return x + x
'''


def _area_by_power(radius):
    return math.pi * math.pow(radius, 2)  # noqa: F821 - it will stand in the reference


def _needs_more(radius):
    return unheard_of(radius)  # noqa: F821


class _Flat:
    slope = 0.0

    def at(self, x):
        return 0.0


@pytest.fixture
def reference(tmp_path, monkeypatch):
    (tmp_path / "solutions_tiny.py").write_text(REFERENCE)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("solutions_tiny")
    del sys.modules["solutions_tiny"]


def test_edit_changes_one_definition(reference):
    """The rest of the module stays as it was, to the letter."""
    text = spliced((edit(reference.area, "radius**2", "radius**3"),))
    assert text == REFERENCE.replace("radius**2", "radius**3")
    assert module_namespace(text, "tiny")["area"](1) == pytest.approx(3.14159, abs=1e-4)


def test_edit_of_a_method(reference):
    """A method is edited inside its class, where the same text may stand elsewhere."""
    names = module_namespace(spliced((edit(reference.Line.at, "self.slope * x", "x"),)), "tiny")
    assert names["Line"](5.0).at(2.0) == 2.0
    assert names["Line"](5.0).steeper(2.0).slope == 10.0


def test_an_edit_may_change_several_places(reference):
    """Pairs of old and new text, one after the other; an edit of an edit is the same."""
    both = edit(reference.area, ("math.pi", "3"), ("radius**2", "radius"))
    assert module_namespace(spliced((both,)), "tiny")["area"](5) == 15
    assert both == edit(edit(reference.area, "math.pi", "3"), "radius**2", "radius")
    assert both == edit(edit(reference.area, ("math.pi", "3")), ("radius**2", "radius"))


def test_a_later_pair_sees_what_an_earlier_one_wrote(reference):
    """So two texts can be exchanged by way of a third."""
    swapped = edit(reference.area, ("math.pi", "first"), ("radius**2", "math.pi"), ("first", "radius**2"))
    assert "return radius**2 * math.pi" in swapped.source


@pytest.mark.parametrize(
    "changes", [(), ("pi",), (("math.pi", "3", "4"),), ("pi", 3), (("pi", "3"), "x", "y")]
)
def test_changes_are_pairs_of_texts(reference, changes):
    """Anything else is refused with both forms that are meant."""
    said = r"test_edits.py: edit of area: expected edit\(definition, old, new\) or edit\(definition, \(old"
    with pytest.raises(ConfigError, match=said):
        edit(reference.area, *changes)


def test_edits_of_several_definitions(reference):
    """Definitions may be given in any order."""
    text = spliced((edit(reference.twice, "x + x", "3 * x"), edit(reference.area, "math.pi", "1")))
    names = module_namespace(text, "tiny")
    assert (names["twice"](1), names["area"](2)) == (3, 4)


@pytest.mark.parametrize(("old", "count"), [("window", 0), ("radius", 2)])
def test_edit_must_match_once(reference, old, count):
    """Otherwise the error names the file, the definition, the text and the count."""
    with pytest.raises(
        ConfigError, match=rf"test_edits.py: edit of area: '{old}' occurs {count} times, expected once"
    ):
        edit(reference.area, old, "y")


def test_instead_takes_the_name(reference):
    """A function of another file stands in the reference under the reference's name."""
    text = spliced((instead(reference.area, _area_by_power),))
    assert "_area_by_power" not in text
    assert module_namespace(text, "tiny")["area"](2) == pytest.approx(12.566, abs=1e-3)


def test_instead_of_a_class_and_a_method(reference):
    """Classes and methods are replaced too, with the indentation that the place needs."""
    assert module_namespace(spliced((instead(reference.Line, _Flat),)), "tiny")["Line"]().at(3.0) == 0.0
    text = spliced((instead(reference.Line.at, _Flat.at),))
    assert module_namespace(text, "tiny")["Line"](2.0).at(3.0) == 0.0


def test_instead_with_unknown_names(reference):
    """A replacement that needs names which the reference lacks is refused."""
    with pytest.raises(
        ConfigError, match=r"_needs_more uses unheard_of, which solutions_tiny.py does not define"
    ):
        instead(reference.area, _needs_more)


def test_overlapping_edits(reference):
    """A class and its method cannot both be edited, unless in one edit of the class."""
    with pytest.raises(ConfigError, match="two edits overlap at Line"):
        spliced(
            (
                edit(reference.Line, "slope: float", "slope: int"),
                edit(reference.Line.at, "self.slope * x", "x"),
            )
        )


def test_edit_that_does_not_compile(reference):
    """Broken syntax is the author's error and names the definition."""
    with pytest.raises(ConfigError, match="with the edit of area"):
        spliced((edit(reference.area, "return", "retur"),))


def test_what_cannot_be_edited(reference):
    """Constants and lambdas have no definition."""
    with pytest.raises(ConfigError, match="cannot be edited"):
        edit(3, "a", "b")
