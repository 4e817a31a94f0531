"""A mistake of one definition is one of its copies, too; and several can be made at once."""

import importlib
import sys

import pytest

from autograder.unit.mistakes.copies import copies, together
from autograder.unit.mistakes.edits import edit, module_namespace
from autograder.unit.mistakes.entries import Mistake

REFERENCE = '''"""Optimizers."""


class Slow:
    """Its steps have a memory."""

    def __init__(self, p, lr=1.0):
        """Keep what is given."""
        self.p = p
        self.lr = lr
        self.v = 0.0

    def step(self, g):
        """Move."""
        self.v = 0.5 * self.v + g
        self.p -= self.lr * self.v


class Decaying:
    """The same, and the parameter becomes smaller by itself.

    Which is said in many
    words, so that the text of the two
    is mostly another one.
    """

    def __init__(self, p, lr=1.0, decay=0.25):
        self.p = p
        self.lr = lr
        self.decay = decay
        self.v = 0.0

    def step(self, g):
        self.p *= 1 - self.decay
        self.v = 0.5 * self.v + g
        self.p -= self.lr * self.v


def other(p, lr, g):
    v = 0.5 * p + g
    return v - lr


def one(x):
    first = x + 1
    second = first * 2
    return first, second
'''
TASKS = {"Slow": "slow", "Decaying": "decaying", "other": "other", "one": "one"}


@pytest.fixture
def reference(tmp_path, monkeypatch):
    (tmp_path / "solutions_tiny.py").write_text(REFERENCE)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("solutions_tiny")
    del sys.modules["solutions_tiny"]


def known(*edits, task="slow"):
    return Mistake(edits, None, "A mistake.", task=task, name="known")


def after(source, name, steps=2):
    """Where the optimizer of that name arrives."""
    optimizer = module_namespace(source, "tried")[name](8.0)
    for _ in range(steps):
        optimizer.step(1.0)
    return optimizer.p


def test_a_copy_has_the_mistakes_of_what_it_copies(reference):
    """Under the same name, at the expense of the copy's task; what is no copy has none."""
    (copy,) = copies(known(edit(reference.Slow, "0.5 * self.v + g", "g")), TASKS)
    assert (copy.name, copy.task, copy.copied, copy.says) == ("known", "decaying", True, "A mistake.")
    assert copy.key != "known"
    assert after(REFERENCE, "Decaying") == (8 * 0.75 - 1) * 0.75 - 1.5
    assert after(copy.source, "Decaying") == (8 * 0.75 - 1) * 0.75 - 1
    assert after(copy.source, "Slow") == after(REFERENCE, "Slow")


def test_not_where_the_line_is_another_one(reference):
    """The heads of the two constructors are not the same."""
    assert not list(copies(known(edit(reference.Slow, "lr=1.0", "lr=2.0")), TASKS))


def test_not_of_several_definitions(reference):
    """What is changed in two of them belongs together."""
    changed = edit(reference.Slow, "self.v + g", "self.v - g"), edit(reference.one, "x + 1", "x + 2")
    assert not list(copies(known(*changed), TASKS))


def test_several_mistakes_at_once(reference):
    """In one definition, and in two."""
    first = known(edit(reference.one, "x + 1", "x + 2"), task="one")
    second = known(edit(reference.one, "first * 2", "first * 3"), task="one")
    third = known(edit(reference.Slow, "0.5 * self.v + g", "g"))
    names = module_namespace(together([first, second, third]), "tried")
    assert names["one"](1) == (3, 9)
    assert after(together([first, second, third]), "Slow") == 6.0


def test_two_mistakes_of_one_line_cannot_be_made_together(reference):
    """Nobody makes both."""
    one, other = (known(edit(reference.one, "x + 1", new), task="one") for new in ("x + 2", "x + 3"))
    assert together([one, other]) is None
