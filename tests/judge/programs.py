"""Random checks, and random submissions to them: what is called, with what, and what is expected.

A check is a list of acts. An act that makes no sense for the reference's answer is left out, which is known
when it is noted, so that every way to run a check leaves out the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import strategies as st

from autograder.checks import close, dtype, raises, right, unchanged
from autograder.inside.wire import HandleRef
from autograder.student import NOTHING, Raised

RIGHT = """
import numpy as np

def double(x):
    return 2 * x

def pair(x):
    return x + 1, {"x": x, "deep": [x, [x]]}

def rest(cache):
    return cache["x"] * 3

def table(x):
    return {"a": x, "b": x - 1}

def mixed(x):
    return [x.sum(), None, "word", x]

def refuses(x):
    raise ValueError("refused")

def draws(rng):
    return rng.normal(size=3)

def fill(x):
    x += 1

def one():
    return 1

class Box:
    def __init__(self, w):
        self.w, self.n = w, 0

    def add(self, x):
        self.n += 1
        self.w = self.w + x
        return self.w, self.n

    def __mul__(self, other):
        return Box(self.w * other)
"""
# What a student may have written in place of a line of it.
SLIPS = (
    ("return 2 * x", "return 3 * x"),
    ("return 2 * x", "return None"),
    ("return 2 * x", "x *= 2\n    return x"),
    ("return 2 * x", "raise KeyError('x')"),
    ("return 2 * x", "raise NotImplementedError"),
    ("return 2 * x", "return [][len(x)]"),
    ("return 2 * x", "return (2 * x).astype(np.float32)"),
    ("return 2 * x", "return np.zeros((2, 2, 2))"),
    ("def double(x)", "def other(x)"),
    ("return x + 1,", "return x + 2,"),
    ('return x + 1, {"x": x, "deep": [x, [x]]}', "return x + 1"),
    ('return x + 1, {"x": x, "deep": [x, [x]]}', "return (x + 1, x, x)"),
    ('return x + 1, {"x": x, "deep": [x, [x]]}', "return [x + 1, {'x': -x}]"),
    ('return x + 1, {"x": x, "deep": [x, [x]]}', "raise ValueError"),
    ('return x + 1, {"x": x, "deep": [x, [x]]}', "x[:] = 0\n    return x + 1, {'x': x}"),
    ('cache["x"] * 3', 'cache["y"] * 3'),
    ('cache["x"] * 3', 'cache.pop("x") * 3'),
    ('return {"a": x, "b": x - 1}', "return {'a': x}"),
    ('return {"a": x, "b": x - 1}', "return {'b': x - 1, 'a': x, 'c': 7}"),
    ('return {"a": x, "b": x - 1}', "return [x, x - 1]"),
    ('[x.sum(), None, "word", x]', '(x.sum(), None, "word", x)'),
    ('[x.sum(), None, "word", x]', '[x.sum(), 0, "words", x]'),
    ('raise ValueError("refused")', "return x"),
    ('raise ValueError("refused")', "raise TypeError"),
    ('raise ValueError("refused")', "return double(x)"),
    ("rng.normal(size=3)", "rng.normal(size=4)[1:]"),
    ("    x += 1", "    x = x + 1"),
    ("    x += 1", "    x += 2"),
    ("self.n += 1", "self.n += 2"),
    ("self.n += 1", "raise AttributeError('n')"),
    ("self.w = self.w + x", "self.w += x"),
    ("return self.w, self.n", "return self.n"),
    ("return Box(self.w * other)", "return Box(self.w)"),
    ("return Box(self.w * other)", "return 5"),
    ("self.w, self.n = w, 0", "self.w, self.m = w, 0"),
)
ENDS = (
    ("return 2 * x", "__import__('os')._exit(3)"),
    ("return 2 * x", "return 2 * x if x.sum() > 0 else __import__('os')._exit(3)"),
    ('cache["x"] * 3', "__import__('os').kill(__import__('os').getpid(), 6)"),
    ("self.n += 1", "self.n += 1\n        if self.n > 1: __import__('os')._exit(0)"),
)
NAMES = ["double", "pair", "rest", "table", "mixed", "refuses", "draws", "fill", "one", "Box"]


@dataclass(frozen=True)
class Act:
    """One line of a check: ``word`` says which, ``which`` chooses among the replies there are."""

    word: str
    which: int = 0
    number: int = 0


@dataclass
class Run:
    """What a check has made so far, while it is being run."""

    student: Any
    rng: np.random.Generator
    replies: list[Any] = field(default_factory=list)
    shared: list[Any] = field(default_factory=list)
    own: list[np.ndarray] = field(default_factory=list)

    def do(self, act: Act) -> None:
        """One line."""
        getattr(self, act.word)(act)

    # --- arguments ---

    def array(self, act: Act) -> Any:
        """A drawn array, one of before, what an earlier call gave, or what was shared."""
        if act.number % 4 == 0 or not (self.replies or self.own):
            self.own.append(self.rng.normal(size=3))
            return self.own[-1]
        if act.number % 4 == 1 and self.own:
            array = self.own[act.which % len(self.own)]
            array[0] += 1  # the check changes its own array between two uses
            return array
        if act.number % 4 == 2 and self.shared:
            return self.shared[act.which % len(self.shared)]
        arrays = [each for each in self.replies if isinstance(each._twin, np.ndarray) and each._twin.shape]
        return arrays[act.which % len(arrays)] if arrays else self.rng.normal(size=3)

    def chosen(self, act: Act, fits: Any) -> Any:
        """One of the replies that fit, or None."""
        fitting = [reply for reply in self.replies if fits(reply._twin)]
        return fitting[act.which % len(fitting)] if fitting else None

    # --- calls ---

    def call(self, act: Act) -> None:
        """A function of one array."""
        name = ("double", "table", "mixed", "pair")[act.which % 4]
        reply = getattr(self.student, name)(self.array(act))
        self.replies.append(reply)

    def unpack(self, act: Act) -> None:
        """The parts of what was returned."""
        reply = self.chosen(act, lambda twin: isinstance(twin, (tuple, list, dict)))
        if reply is not None and isinstance(reply._twin, dict):
            self.replies += [reply[key] for key in reply._twin]
        elif reply is not None:
            self.replies += list(reply)

    def rest(self, act: Act) -> None:
        """A cache goes back to where it came from."""
        _, cache = self.student.pair(self.array(act))
        self.replies.append(self.student.rest(cache))

    def refuse(self, act: Act) -> None:
        """A call that should be refused."""
        raises(ValueError, self.student.refuses(self.array(act)))

    def draw(self, act: Act) -> None:
        """A generator, by value or shared."""
        rng = np.random.default_rng(act.number)
        argument = self.student.share(rng) if act.which % 2 else rng
        self.replies += [self.student.draws(argument), self.student.draws(argument)]

    def share(self, act: Act) -> None:
        """An array that lives over there from now on."""
        self.shared.append(self.student.share(self.rng.normal(size=3)))

    def fill(self, act: Act) -> None:
        """A shared array is written into, and looked at."""
        if self.shared:
            shared = self.shared[act.which % len(self.shared)]
            self.student.fill(shared)
            self.replies.append(self.student.now(shared))

    def untouched(self, act: Act) -> None:
        """Nobody may have written into it but ``fill``."""
        array = self.rng.normal(size=3)
        self.student.share(array)
        self.replies.append(self.student.double(array))
        unchanged(self.student, array, "x")

    def box(self, act: Act) -> None:
        """An object with state: method, attribute, assignment, operator."""
        box = self.student.Box(self.array(act))
        w, n = box.add(self.array(act))
        box.w = self.array(act)
        self.replies += [w, n, box.n, (box * 3).w, box.add(1.0)[0]]

    # --- expectations ---

    def right(self, act: Act) -> None:
        """What the reference gives."""
        reply = self.chosen(act, _comparable)
        if reply is not None:
            right(reply, f"answer {act.number}")

    def close(self, act: Act) -> None:
        """What another reply gives, or the reference's value."""
        reply = self.chosen(act, lambda twin: isinstance(twin, np.ndarray) and twin.shape == (3,))
        other = self.chosen(
            Act("", act.number), lambda twin: isinstance(twin, np.ndarray) and twin.shape == (3,)
        )
        if reply is not None and act.number % 2:
            close(reply, reply._twin.copy(), "the value")
        elif reply is not None and np.array_equal(reply._twin, other._twin):
            close(reply, other, "the same")

    def dtype(self, act: Act) -> None:
        """Which numbers."""
        reply = self.chosen(act, lambda twin: isinstance(twin, np.ndarray))
        if reply is not None:
            dtype(reply, reply._twin.dtype, "the numbers")


def _comparable(twin: Any) -> bool:
    if isinstance(twin, (tuple, list)):
        return all(isinstance(each, (float, np.ndarray, np.generic)) for each in twin)
    return not isinstance(twin, (HandleRef, Raised, dict)) and twin is not NOTHING


WORDS = "call unpack rest refuse draw share fill untouched box right right close dtype".split()
ACTS = st.builds(Act, st.sampled_from(WORDS), st.integers(0, 9), st.integers(0, 9))
CHECKS = st.lists(ACTS, min_size=1, max_size=12)


def submission(slips: tuple[tuple[str, str], ...]) -> str:
    """The right code with some slips in it."""
    text = RIGHT
    for old, new in slips:
        text = text.replace(old, new, 1)
    return text


SUBMISSIONS = st.lists(st.sampled_from(SLIPS), max_size=3, unique_by=lambda slip: slip[0]).map(tuple)


PRESENT: list[Act] = []  # what the present check does


def run(student: Any, rng: np.random.Generator) -> None:
    """Run the present check; it expects something in any case, since else it would be refused."""
    going = Run(student, rng)
    for act in PRESENT:
        going.do(act)
    right(student.one(), "one")
