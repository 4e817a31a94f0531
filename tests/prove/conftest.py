"""A course with one tiny unit, whose proof takes a second."""

import sys
from dataclasses import replace

import pytest

from autograder.course import load_course

CONFIG = """
from autograder.course import Course, Unit

course = Course("tiny", "Tiny", (Unit("numbers", "Numbers", due="2030-01-01T00:00+00:00", hours=1),))
"""
REFERENCE = '''"""Numbers."""

import numpy as np


def scale(x, factor=2.0):
    """Multiply.

    Args:
        x: float array.
        factor: a number that is not negative.

    Raises:
        ValueError: factor is negative.
    """
    if factor < 0:
        raise ValueError(f"factor is {factor}")
    return x * factor


def total(x):
    """Sum over the rows."""
    out = x.sum(axis=0)
    return out, x.shape


class Counter:
    """Adds to an array in place."""

    def __init__(self, params, lr=1.0):
        """Keep the parameters."""
        self.params = params
        self.lr = lr
        self.t = 0

    def step(self, grads):
        """Move by lr, times the number of the step."""
        self.t += 1
        for p, g in zip(self.params, grads):
            p += self.lr * self.t * g
'''
MASTER = """# %% task="scale"
from solutions.numbers import scale

# %% task="total"
from solutions.numbers import total

# %% task="counter"
from solutions.numbers import Counter
"""
GRADER = '''import pytest

from autograder.checks import raises, right


@pytest.mark.task("scale", points=20)
def test_double(student, draw):
    """Twice as much."""
    right(student.scale(draw.normal(3, 4)))


@pytest.mark.task("scale", points=20)
@pytest.mark.parametrize("factor", [3.0, 0.5])
def test_factor(student, draw, factor):
    """Any factor."""
    right(student.scale(draw.normal(3, 4), factor=factor))


@pytest.mark.task("scale", points=5, law=True)
def test_refuses(student, draw):
    """A negative factor is refused."""
    raises(ValueError, student.scale(draw.normal(2), factor=-1.0))


@pytest.mark.task("total", points=30)
def test_total(student, draw):
    """Rows are added."""
    out, _ = student.total(draw.normal(5, 5))
    right(out)


@pytest.mark.task("counter", points=25)
def test_steps(student, draw):
    """Every step is longer than the one before."""
    w = draw.normal(3)
    counter = student.Counter(student.share([w]), lr=0.37)
    for _ in range(3):
        counter.step([draw.normal(3)])
        right(student.now(w), "w")
'''
MISTAKES = """from autograder.mistakes import edit, instead, mistake, variant
from solutions import numbers as reference

adds = mistake(edit(reference.scale, "x * factor", "x + factor"), costs=(0.9, 1.0), says="You add.", hint="*")
ignores_factor = mistake(
    edit(reference.scale, "x * factor", "x * 2.0"), costs=(0.4, 0.5), says="The factor is not used."
)
columns = mistake(edit(reference.total, "axis=0", "axis=1"), costs=(1.0, 1.0), says="You add columns.")
stays = mistake(edit(reference.Counter, "self.t += 1", "self.t = 1"), costs=(1.0, 1.0), says="No clock.")


def turned(x, factor=2.0):
    if not factor >= 0:
        raise ValueError
    return factor * x


reordered = variant(instead(reference.scale, turned))
"""
FILES = {
    "course_config.py": CONFIG,
    "solutions/__init__.py": "",
    "solutions/numbers.py": REFERENCE,
    "assignments/numbers/notebook.py": MASTER,
    "assignments/numbers/grader.py": GRADER,
    "assignments/numbers/mistakes.py": MISTAKES,
}


def _forget_solutions():
    for name in [name for name in sys.modules if name.split(".")[0] in ("solutions", "assignments")]:
        del sys.modules[name]


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """A function that writes the course, with some texts changed, and loads it."""
    kept = {n: m for n, m in sys.modules.items() if n.split(".")[0] in ("solutions", "assignments")}
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])

    def make(**changes):
        for place, text in FILES.items():
            path = tmp_path / place
            path.parent.mkdir(parents=True, exist_ok=True)
            for old, new in changes.get(path.stem, ()):
                assert old in text
                text = text.replace(old, new)
            path.write_text(text)
        _forget_solutions()
        course = load_course(tmp_path)
        return replace(course, limits=replace(course.limits, test_seconds=5.0))

    yield make
    _forget_solutions()
    sys.modules.update(kept)
