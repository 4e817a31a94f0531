"""A check is named after the mistakes that explain it, and after none where there is a doubt."""

import numpy as np
import pytest

from autograder.explain.alike import same_raise
from autograder.explain.naming import Namer
from autograder.explain.same import same_value
from autograder.judge.grader import judge
from autograder.judge.suite import Suite
from autograder.student.subjects import LocalSubject
from autograder.unit.mistakes.catalogue import load_catalogue, tasks_of_names
from autograder.unit.mistakes.edits import module_namespace
from tests.prove import conftest

RIGHT = '''"""Numbers."""

import numpy as np


def layer(x, w):
    """Products, and their sums."""
    if x.shape[1] != len(w):
        raise ValueError("x and w do not fit")
    out = x * w
    total = np.zeros(len(w))
    for row in x:
        total += row * w
    return out, total


class Slow:
    """Adds up with a memory."""

    def __init__(self, params, lr=1.0):
        """Keep what is given."""
        self.params = params
        self.lr = lr
        self.v = [np.zeros(p.shape) for p in params]

    def step(self, grads):
        """Move."""
        for p, v, g in zip(self.params, self.v, grads):
            v *= 0.5
            v += g
            p -= self.lr * v


class Decaying:
    """The same, and the parameters become smaller by themselves."""

    def __init__(self, params, lr=1.0, decay=0.25):
        """Keep what is given."""
        self.params = params
        self.lr = lr
        self.decay = decay
        self.v = [np.zeros(p.shape) for p in params]

    def step(self, grads):
        """Move."""
        for p, v, g in zip(self.params, self.v, grads):
            p *= 1 - self.decay
            v *= 0.5
            v += g
            p -= self.lr * v
'''
MASTER = """# %% task="layer"
from solutions.numbers import layer

# %% task="slow"
from solutions.numbers import Slow

# %% task="decaying"
from solutions.numbers import Decaying
"""
GRADER = '''import pytest

from autograder.checks import raises, right


@pytest.mark.task("layer", points=30)
def test_out(student, draw):
    """Products."""
    out, _ = student.layer(draw.normal(3, 4), draw.normal(4))
    right(out, "out")


@pytest.mark.task("layer", points=30)
def test_total(student, draw):
    """Sums."""
    _, total = student.layer(draw.normal(3, 4), draw.normal(4))
    right(total, "total")


@pytest.mark.task("layer", points=5)
def test_both(student, draw):
    """Both, of a single row."""
    out, total = student.layer(draw.normal(1, 4), draw.normal(4))
    right(out, "out")
    right(total, "total")


@pytest.mark.task("layer", points=5, law=True)
def test_refuses(student, draw):
    """What does not fit is refused."""
    raises(ValueError, student.layer(draw.normal(3, 4), draw.normal(3)))


def moves(student, draw, name, **options):
    """Three steps."""
    params = [draw.normal(3)]
    optimizer = getattr(student, name)(student.share(params), **options)
    for _ in range(3):
        optimizer.step([draw.normal(3)])
        right(student.now(params), "params")


@pytest.mark.task("slow", points=15)
def test_slow(student, draw):
    """With a rate."""
    moves(student, draw, "Slow", lr=0.3)


@pytest.mark.task("decaying", points=15)
def test_decaying(student, draw):
    """With decay."""
    moves(student, draw, "Decaying", lr=0.3, decay=0.1)
'''
MISTAKES = """from autograder.mistakes import edit, mistake
from solutions import numbers as reference

adds = mistake(edit(reference.layer, "out = x * w", "out = x + w"), says="You add.")
mean = mistake(edit(reference.layer, "return out, total", "return out, total / len(x)"), says="A mean.")
shifted = mistake(edit(reference.layer, "np.zeros(len(w))", "np.ones(len(w))"), says="It begins with 1.")
skips = mistake(edit(reference.layer, "for row in x:", "for row in x[1:]:"), says="The first is left out.")
out_of_range = mistake(
    edit(reference.layer, "out = x * w", "out = x * w + 0 * x[len(x)]"), says="You count from 1."
)
accepts = mistake(edit(reference.layer, 'raise ValueError("x and w do not fit")', "w = np.ones(x.shape[1])"),
                  says="You accept all.")
forgets = mistake(edit(reference.Slow, "v *= 0.5", "v *= 0"), says="There is no memory.")
climbs = mistake(edit(reference.Slow, "p -= self.lr", "p += self.lr"), says="You climb.")
decays_late = mistake(
    edit(reference.Decaying, "            p *= 1 - self.decay\\n", ""), says="There is no decay."
)
"""


@pytest.fixture
def named(tiny, tmp_path):
    """A function that names the checks of code that is right but for some changes."""
    files = {"notebook": (conftest.MASTER, MASTER), "grader": (conftest.GRADER, GRADER)}
    files |= {"mistakes": (conftest.MISTAKES, MISTAKES), "numbers": (conftest.REFERENCE, RIGHT)}
    course = tiny(**{stem: [pair] for stem, pair in files.items()})
    suite = Suite(course, course.units[0], tasks_of_names(course.units[0]))
    namer = Namer(suite, load_catalogue(course, course.units[0]))

    def name(*changes, by_task=False):
        source = RIGHT
        for old, new in changes:
            assert source.count(old) == 1, old
            source = source.replace(old, new)
        with np.errstate(all="ignore"):
            _, outcomes = judge(suite, LocalSubject(module_namespace(source, "student")), 1)
            if by_task:
                return namer.name(outcomes, 1)
            return {check: naming.name for check, naming in namer.names(outcomes, 1).items()}

    return name


ADDS = ("out = x * w", "out = w + x")
MEAN = ("return out, total", "return out, total / x.shape[0]")


def test_one_mistake(named):
    """All of its checks have its name."""
    assert named(ADDS) == {"test_out": "adds", "test_both": "adds"}
    assert named(MEAN) == {"test_total": "mean"}
    assert named() == {}


def test_two_mistakes_are_named_check_by_check(named):
    """Each check after what it shows, and what shows both after both."""
    assert named(ADDS, ("return out, total", "return out, 1 + total")) == {
        "test_out": "adds",
        "test_total": "shifted",
        "test_both": "adds + shifted",
    }


def test_two_mistakes_in_one_number(named):
    """Neither gives it alone."""
    changes = ("np.zeros(len(w))", "1 + np.zeros(len(w))"), ("for row in x:", "for row in x[::-1][:-1]:")
    assert named(*changes) == {"test_total": "shifted + skips", "test_both": "shifted + skips"}


def test_three_of_which_one_hides_behind_another(named):
    """A mistake that is seen nowhere by itself is found where both are made at once."""
    hidden = ("return out, total", "return out, (total + 1) / len(x)")
    assert named(hidden) == {"test_total": "mean + shifted", "test_both": "shifted"}


@pytest.mark.parametrize(
    "changes",
    [
        [("out = x * w", "out = x + w + 1")],  # fails the same checks otherwise
        [("out = x * w", "out = x + w if len(x) > 1 else x * w")],  # passes a check that the mistake fails
        [("out = x * w", "out = x + w if len(x) > 1 else x - w")],  # is the mistake in one check only
        [("out = x * w", "out = (x + w).astype(complex)")],
        [("out = x * w", "out = [x + w]")],
    ],
)
def test_what_is_another_mistake_has_no_name(named, changes):
    """Never a sentence that is false for this code."""
    assert "adds" not in "".join(named(*changes).values())


def test_an_unknown_mistake_takes_no_name_away(named):
    """Beside a known one, in another check."""
    assert named(ADDS, ("return out, total", "return out, total**3 if len(x) > 1 else total")) == {
        "test_out": "adds",
        "test_both": "adds",
    }


def test_an_exception_is_compared_by_more_than_its_class(named):
    """By the function, what was said, and whether the code raised by itself."""
    beyond = ("out = x * w", "out = np.array([x[i] * w for i in range(1, len(x) + 1)])")
    assert set(named(beyond).values()) == {"out_of_range"}
    by_itself = ("out = x * w", "out = x * w\n    raise IndexError")
    assert named(by_itself) == {}
    helper = (
        ("    out = x * w", "    out = helper(x, w)"),
        ("class Slow:", "def helper(x, w):\n    return w[len(x) * 9]\n\n\nclass Slow:"),
    )
    assert named(*helper) == {}


def test_what_should_have_been_refused(named):
    """What is given instead does not matter."""
    refuses = 'raise ValueError("x and w do not fit")'
    assert named((refuses, "w = np.zeros(x.shape[1])")) == {"test_refuses": "accepts"}


def test_a_copy_has_the_names_of_what_it_copies(named):
    """Where it has none of its own for that."""
    decaying = RIGHT[RIGHT.index("class Decaying") :]
    for old, new, name in (("v *= 0.5", "v *= 0", "forgets"), ("p -= self.lr", "p += self.lr", "climbs")):
        assert named((decaying, decaying.replace(old, new))) == {"test_decaying": name}
    without = decaying.replace("            p *= 1 - self.decay\n", "")
    assert named((decaying, without)) == {"test_decaying": "decays_late"}
    both = without.replace("p -= self.lr", "p += self.lr")
    assert named((decaying, both)) == {"test_decaying": "decays_late + climbs"}


def test_of_two_mistakes_that_fare_alike_none_is_named(tiny):
    """There is no telling which of them was made."""
    twins = [
        (
            'ignores_factor = mistake(\n    edit(reference.scale, "x * factor", "x * 2.0")',
            'ignores_factor = mistake(\n    edit(reference.scale, "x * factor", "factor + x")',
        )
    ]
    course = tiny(mistakes=twins)
    suite = Suite(course, course.units[0], tasks_of_names(course.units[0]))
    namer = Namer(suite, load_catalogue(course, course.units[0]))
    wrong = conftest.REFERENCE.replace("x * factor", "np.add(x, factor)")
    _, outcomes = judge(suite, LocalSubject(module_namespace(wrong, "student")), 0)
    assert namer.names(outcomes, 0) == {}


def test_the_name_of_a_task(named):
    """For staff: where all of its failed checks have one name."""
    assert named(ADDS, by_task=True) == {"layer": "adds"}
    assert named(ADDS, MEAN, by_task=True) == {}


# --- the measures ---


def test_values_that_come_from_single_precision():
    """They are compared as such, whatever type they are stored in."""
    right = np.array([1.0, 2.0, 3.0])
    near = right * (1 + 2e-5)
    assert same_value(near, right, single=True) and not same_value(near, right)
    assert same_value(near.astype(np.float32), right.astype(np.float32))
    assert not same_value(right * 1.001, right, single=True)


def test_zeros_that_were_rounded():
    """The cosine of a right angle is a zero; a number that is only small is none."""
    noise = np.cos(np.pi / 2)
    assert noise != 0 and same_value(float(noise), 0.0) and same_value(np.zeros(2), np.array([0.0, -noise]))
    assert not same_value(1e-12, 0.0) and not same_value(np.zeros(2), np.array([np.nan, 0.0]))
    assert not same_value(1e-20, 2e-20)


LINE = {"cell": "cell 3", "line": 4, "text": "a[i]", "function": "layer", "deepest": True}
CLAIM = {"class": "IndexError", "bases": ["IndexError"], "message": "list index out of range", "line": LINE}


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({}, True),
        ({"line": {**LINE, "text": "b[i + 1]", "line": 9, "cell": "cell 7"}}, True),
        ({"class": "KeyError"}, False),
        ({"message": "tuple index out of range"}, False),
        ({"line": {**LINE, "function": "other"}}, False),
        ({"line": {**LINE, "text": "raise IndexError"}}, False),
        ({"line": {**LINE, "text": "assert i < n"}}, False),
        ({"line": None}, False),
    ],
)
def test_two_exceptions(change, same):
    """Another line of the same function may be the same mistake; another message is not."""
    assert same_raise(CLAIM, {**CLAIM, **change}) is same
