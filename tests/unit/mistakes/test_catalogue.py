"""Catalogues: mistakes.py of a unit is read, named, placed and checked."""

import sys

import pytest

from autograder.base.errors import ConfigError
from autograder.course import Course, Unit
from autograder.unit.mistakes.catalogue import load_catalogue, tasks_of_names
from autograder.unit.mistakes.edits import module_namespace

REFERENCE = """def double(x):
    return 2 * x


def _half(x):
    return x / 2


def mean(a, b):
    return _half(a + b)
"""
MASTER = """# %% [markdown]
# # Numbers

# %% task="double"
from solutions.numbers import double

# %% task="mean"
from solutions.numbers import mean
"""
HEAD = """from autograder.mistakes import cheat, edit, instead, mistake, variant
from solutions import numbers as reference
"""


@pytest.fixture
def catalogue(tmp_path, monkeypatch):
    """A function that loads the catalogue of a tiny unit from the text of its mistakes.py."""
    (tmp_path / "solutions").mkdir()
    (tmp_path / "solutions" / "__init__.py").write_text("")
    (tmp_path / "assignments" / "numbers").mkdir(parents=True)
    course = Course("c", "C", (Unit("numbers", "Numbers", due="", hours=1, root=tmp_path),), root=tmp_path)
    unit = course.units[0]
    unit.reference.write_text(REFERENCE)
    unit.master.write_text(MASTER)
    for name in [name for name in sys.modules if name.split(".")[0] == "solutions"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(tmp_path)

    def load(text):
        unit.mistakes.write_text(HEAD + text)
        return load_catalogue(course, "numbers")

    yield load
    for name in [name for name in sys.modules if name.split(".")[0] == "solutions"]:
        del sys.modules[name]


def test_names_and_tasks(catalogue):
    """A mistake's name is its variable, its task the one whose cell imports the definition."""
    found = catalogue(
        'triples = mistake(edit(reference.double, "2", "3"), costs=(0.5, 1), says="You tripled.", hint="2")\n'
        'adds = variant(edit(reference.double, "2 * x", "x + x"))\n'
    )
    assert list(found.mistakes) == ["triples"]
    triples = found.mistakes["triples"]
    assert (triples.name, triples.task, triples.says, triples.hint) == (
        "triples",
        "double",
        "You tripled.",
        "2",
    )
    assert module_namespace(triples.source, "numbers")["double"](2) == 6
    assert module_namespace(found.variants["adds"].source, "numbers")["double"](2) == 4


def test_a_cheat_has_a_bound_and_a_task(catalogue):
    """It is named and placed as a mistake is, and is none."""
    found = catalogue('lazy = cheat(edit(reference.double, "2 * x", "x"), most=0.2, says="Does nothing.")\n')
    lazy = found.cheats["lazy"]
    assert (lazy.name, lazy.task, lazy.most, lazy.says) == ("lazy", "double", 0.2, "Does nothing.")
    assert module_namespace(lazy.source, "numbers")["double"](2) == 2
    assert found.mistakes == {}
    assert list(catalogue("").cheats) == []


def test_a_price_may_be_left_out(catalogue):
    """Then the stored proof says it."""
    found = catalogue('a = mistake(edit(reference.double, "2", "3"), says="s")\n')
    assert found.mistakes["a"].costs is None


def test_helper_needs_a_task(catalogue):
    """A definition that no task's cell imports cannot say which task pays."""
    line = 'third = mistake(edit(reference._half, "2", "3"), costs=(0.5, 1), says="A third."{})\n'
    with pytest.raises(ConfigError, match=r"numbers/mistakes.py: third: no task's cell imports _half"):
        catalogue(line.format(""))
    assert catalogue(line.format(', task="mean"')).mistakes["third"].task == "mean"


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('a = mistake(edit(reference.double, "2", "3"), costs=(0.5, 0.2), says="s")', "a: costs are"),
        ('a = mistake(edit(reference.double, "2", "3"), costs=0.5, says="s")', "a: costs are 0.5, expected"),
        ('a = mistake(edit(reference.double, "2", "3"), costs=(0.5, 1), says=" ")', "a: says is empty"),
        (
            'a = cheat(edit(reference.double, "2", "3"), most=1.0, says="s")',
            "a: most is 1.0, expected 0 <= most",
        ),
        ('a = cheat(edit(reference.double, "2", "3"), most="all", says="s")', "a: most is 'all', expected"),
        ('a = cheat(edit(reference.double, "2", "3"), most=0.1, says="")', "a: says is empty"),
        ('a = cheat(edit(reference._half, "2", "3"), most=0.1, says="s")', "a: no task's cell imports _half"),
        ('a = cheat(edit(reference.double, "2", "3"), most=0, says="s", task="x")', "a: no task 'x'"),
        ("a = cheat(most=0, says='s')", r"cheat\(...\) expects one or more edit"),
        (
            'a = mistake(edit(reference.double, "2", "3"), costs=(0.5, 1), says="s", also=["maen"])',
            "did you mean mean",
        ),
        (
            'a = b = mistake(edit(reference.double, "2", "3"), costs=(0.5, 1), says="s")',
            "b is the same text as a",
        ),
        (
            'a = edit(reference.double, "5", "3")',
            "mistakes.py: edit of double: '5' occurs 0 times, expected once",
        ),
        ("a = mistake(costs=(0.5, 1), says='s')", "expects one or more edit"),
        ("a = 1 / 0", "mistakes.py does not run: ZeroDivisionError"),
        ("EQUIVALENT = {'abc': ''}", "EQUIVALENT is a dict"),
    ],
)
def test_contradictions(catalogue, line, complaint):
    """Each wrong entry is refused with its file and its name."""
    with pytest.raises(ConfigError, match=complaint):
        catalogue(line + "\n")


def test_no_file(tmp_path):
    """A unit without mistakes.py has an empty catalogue."""
    course = Course("c", "C", (Unit("numbers", "Numbers", due="", hours=1, root=tmp_path),), root=tmp_path)
    assert load_catalogue(course, "numbers").mistakes == {}
    assert tasks_of_names(course.units[0]) == {}


def test_digest_follows_the_text(catalogue):
    """Another hint is another digest, so that explanations are redone and marks are not."""
    line = 'a = mistake(edit(reference.double, "2", "3"), costs=(0.5, 1), says="s", hint="{}")\n'
    assert catalogue(line.format("x")).digest != catalogue(line.format("y")).digest
