"""``course explain``: the story of a check for staff."""

from contextlib import suppress

import numpy as np
import pytest

from autograder.course import Limits
from autograder.explain.asked import Asked
from autograder.explain.describe import describe
from autograder.explain.replay import replay
from autograder.judge.grader import judge
from autograder.judge.suite import Suite
from autograder.student import Student, Terms
from autograder.student.subjects import LocalSubject
from autograder.unit.mistakes.catalogue import load_catalogue, tasks_of_names
from autograder.unit.mistakes.edits import module_namespace
from tests.student.subjects import namespace_of

REFERENCE = """
import numpy as np
import torch

class Layer:
    def __init__(self, fan_in, fan_out=2):
        self.weight, self.parts = np.zeros((fan_in, fan_out)), [self]
    def __call__(self, x, scale=1.0): return x
    def forward(self, x): return x
    def __add__(self, other): return self
    @staticmethod
    def shape(rows, columns): return rows, columns
    @classmethod
    def square(cls, size): return cls(size, size)

class Deep(Layer):
    pass

class Net(torch.nn.Module):
    def __init__(self, width):
        super().__init__()
        self.width = width
    def forward(self, x): return x

def make(kind): return {"layer": Layer(3), "function": lambda grads, lr: grads}[kind]
def both(seed): return Layer(seed), Layer(seed)
def many(x, *shapes, dtype=None, **options): return x
def only(x, /, y, *, z=0): return x
def apply(function, x): return function(x)
def moves(params): params[0] += 1
"""


def words(ask):
    """What a check asks, step by step, of somebody whose own signatures are others."""
    reference = namespace_of(REFERENCE)
    other = namespace_of(REFERENCE.replace("def many(x, ", "def many(data, ").replace("kind)", "sort)"))
    student = Student(Terms("task", {}, Limits()), reference, LocalSubject(other))
    ask(student)
    with suppress(Exception):  # how the check ends
        student.end()
    transcript = student.court.transcript()
    told = Asked(reference, transcript)
    return [told.words(number) for number in range(len(transcript))]


def scaled(function, args, kwargs):
    """A function of the grader's that hands its arguments on."""
    return function(*args, **kwargs)


def often(times, function, *args):
    """Another one."""
    return [function(*args) for _ in range(times)]


ASKED = {
    "an object of a class": (
        lambda student: student.Layer(3).forward(1.5),
        ["Layer(fan_in=3)", "Layer.forward(x=1.5), on what call 1 gave"],
    ),
    "the object itself is called": (
        lambda student: student.Layer(3)(1.5, scale=2.0),
        ["Layer(fan_in=3)", "Layer.__call__(x=1.5, scale=2.0), on what call 1 gave"],
    ),
    "a module is called": (
        lambda student: student.Net(4)(1.5),
        ["Net(width=4)", "Net.__call__(x=1.5), on what call 1 gave"],
    ),
    "what is inherited": (
        lambda student: student.Deep(3).forward(1.5),
        ["Deep(fan_in=3)", "Deep.forward(x=1.5), on what call 1 gave"],
    ),
    "what a function gave": (
        lambda student: student.make("layer").forward(1.5),
        ["make(kind='layer')", "what call 1 gave.forward(x=1.5)"],
    ),
    "a function that a function gave": (
        lambda student: student.make("function")(1.5, 0.1),
        ["make(kind='function')", "what call 1 gave(grads=1.5, lr=0.1)"],
    ),
    "one of several": (
        lambda student: student.both(3)[1](1.5),
        ["both(seed=3)", "what call 1 gave[1](x=1.5)"],
    ),
    "static and class methods": (
        lambda student: (student.Layer.shape(2, 3), student.Layer.square(4)),
        [
            "reads Layer.shape",
            "Layer.shape(rows=2, columns=3)",
            "reads Layer.square",
            "Layer.square(size=4)",
        ],
    ),
    "a function of a class": (
        lambda student: student.Layer.forward(student.Layer(3), 1.5),
        ["reads Layer.forward", "Layer(fan_in=3)", "Layer.forward(self=what call 2 gave, x=1.5)"],
    ),
    "as many as one likes": (
        lambda student: student.many(1.5, 2, 3, dtype="float32", axis=0),
        ["many(x=1.5, 2, 3, dtype='float32', axis=0)"],
    ),
    "by place and by name only": (
        lambda student: student.only(1, 2, z=3),
        ["only(x=1, y=2, z=3)"],
    ),
    "more than there are": (
        lambda student: student.only(1, 2, 3, w=4),
        ["only(x=1, y=2, 3, w=4)"],
    ),
    "a name that is not there": (lambda student: student.gone(1, a=2), ["gone(1, a=2)"]),
    "lent functions": (
        lambda student: student.apply(abs, -1.5),
        ["apply(function=<abs of the check>, x=-1.5)"],
    ),
    "a method that is handed over": (
        lambda student: student.apply(student.Layer(3).forward, 1.5),
        ["Layer(fan_in=3)", "apply(function=what call 1 gave.forward, x=1.5)"],
    ),
    "functions of the grader": (
        lambda student: (
            student.beside(scaled, student.Layer, [3], {"fan_out": 4}),
            student.beside(often, 2, student.only, 1, 2),
        ),
        [
            "runs beside the student's code scaled(function=Layer, args=[fan_in=3], kwargs={'fan_out': 4})",
            "runs beside the student's code often(times=2, function=only, args=[x=1, y=2])",
        ],
    ),
    "attributes": (
        lambda student: setattr(layer := student.Layer(3), "weight", layer.weight),
        [
            "Layer(fan_in=3)",
            "reads Layer.weight, on what call 1 gave",
            "sets Layer.weight = what call 1 gave.weight, on what call 1 gave",
        ],
    ),
    "items of what an attribute holds": (
        lambda student: student.Layer(3).weight[0, 1:],
        [
            "Layer(fan_in=3)",
            "reads Layer.weight, on what call 1 gave",
            "reads Layer.weight[0, 1:], on what call 1 gave",
        ],
    ),
    "operators and identity": (
        lambda student: student.same(layer := student.Layer(3), layer + 2.0),
        [
            "Layer(fan_in=3)",
            "computes what call 1 gave + 2.0",
            "asks whether what call 1 gave is what call 2 gave",
        ],
    ),
    "what is shared": (
        lambda student: (student.moves(shared := student.share([np.zeros(1)])), student.now(shared)),
        ["lays out [float64[1] [0.]]", "moves(params=what call 1 gave)", "what became of what call 1 gave"],
    ),
}


@pytest.mark.parametrize("what", ASKED)
def test_each_argument_has_its_name(what):
    """As the reference's signature has it, and no name where it has none."""
    ask, expected = ASKED[what]
    assert words(ask) == expected


class Trialled:
    def __init__(self, suite, subject, paper):
        self.suite, self.subject, self.paper = suite, subject, paper
        self.checks, self.outcomes = judge(suite, subject, paper)


def test_replay_shows_calls_and_both_answers(tiny):
    """Inputs by name, paper, the student's answer and the reference's where they differ."""
    course = tiny()
    suite = Suite(course, course.units[0], tasks_of_names(course.units[0]))
    mistake = load_catalogue(course, "numbers").mistakes["stays"]
    subject = LocalSubject(module_namespace(mistake.source, "stays"))
    trialled = Trialled(suite, subject, 3)
    told = replay(trialled, "test_steps")
    assert told.startswith("test_steps (counter, 25 points): FAILED")
    assert "\n  paper 3\n" in told
    assert "lr=0.37" in told
    assert told.count("Counter.step(grads=[float64[3]") == 3
    first, *later = (
        part.split("Counter.step")[0] for part in told.split("what became of what call 1 gave[0]")[1:]
    )
    assert "the same" in first
    assert len(later) == 2
    for part in later:
        assert "the same" not in part
        assert part.count("float64[3] [") == 2


def test_small_arrays_in_full_large_ones_in_short():
    """Staff see all of a small array, and shape, range and first numbers of a large one."""
    assert describe(np.array([1.5, 2.0])) == "float64[2] [1.5, 2. ]"
    text = describe(np.arange(100.0).reshape(10, 10))
    assert text.startswith("float64[10, 10] from 0 to 99: 0., 1., 2.")
    assert len(text) < 80


def test_what_is_told_of_odd_values():
    """One item is a tuple still, nowhere finite is said, and no address in memory is told."""
    assert describe((1,)) == "(1,)"
    assert describe(np.full(30, np.nan)).startswith("float64[30] nowhere finite: nan")
    assert describe(np.random.default_rng(1)) == "<Generator>"
