"""One test of each kind of task, on every kind of subject: here, and in each isolation tier."""

import numpy as np
import pytest

from autograder.results.result import Verdict
from autograder.student import Blocked, ReplyMismatch, Student, StudentEnded, StudentRaised

LAYER = """
import numpy as np

def forward(x, w):
    return x @ w.T, (x, w)

def backward(dout, cache):
    x, w = cache
    return dout @ w, dout.T @ x
"""


def test_function_with_arrays_and_opaque_cache(make, rng):
    """The cache stays on the student's side and is passed back by handle."""
    student = make(LAYER, ["forward", "backward"], reference=LAYER)
    x, w = rng.normal(size=(5, 3)), rng.normal(size=(4, 3))
    out, cache = student.forward(x, w)
    dx, dw = student.backward(np.ones((5, 4)), cache)
    np.testing.assert_allclose(out, x @ w.T)
    np.testing.assert_allclose(dx, np.ones((5, 4)) @ w)
    np.testing.assert_allclose(dw, np.ones((5, 4)).T @ x)
    assert len(cache) == 2
    np.testing.assert_array_equal(cache[1], w)


def test_arguments_go_by_value(make):
    """A mutated argument does not cascade into the check's own array."""
    student = make("def spoil(x):\n    x[:] = 0\n    return x\n", ["spoil"])
    x = np.ones(3)
    np.testing.assert_array_equal(student.spoil(x), np.zeros(3))
    np.testing.assert_array_equal(x, np.ones(3))


def test_global_chance_begins_anew_in_every_check(make):
    """What a check sees does not depend on the checks that ran before it in the same process."""
    source = (
        "import random\nimport numpy as np\ndef noise():\n    return [random.random(), np.random.rand()]\n"
    )
    first = make(source, ["noise"])
    drawn = list(first.noise())
    assert list(first.noise()) != drawn
    second = Student(first._subject, first._trial)
    assert list(second.noise()) == drawn


SGD = """
class SGD:
    def __init__(self, params, lr):
        self.params, self.lr = params, lr

    def step(self, grads):
        for p, g in zip(self.params, grads):
            p -= self.lr * g
"""


def test_class_that_updates_parameters_in_place(make):
    """Shared arrays come back after every call, also when the call did not name them."""
    student = make(SGD, ["SGD"], reference=SGD)
    params = [np.ones((2, 3)), np.ones(2)]
    opt = student.SGD(student.share(params), lr=0.5)
    opt.step([np.ones((2, 3)), np.zeros(2)])
    np.testing.assert_array_equal(params[0], np.full((2, 3), 0.5))
    opt.lr = 0.25
    assert opt.lr == 0.25
    opt.step([np.ones((2, 3)), np.ones(2)])
    np.testing.assert_array_equal(params[0], np.full((2, 3), 0.25))
    np.testing.assert_array_equal(params[1], np.full(2, 0.75))


def test_method_of_an_object_that_nobody_keeps(make):
    """``student.SGD(...).step(...)``: the optimizer lives until its method has been called."""
    student = make(SGD, ["SGD"], reference=SGD)
    params = [np.ones(2)]
    student.SGD(student.share(params), lr=0.5).step([np.ones(2)])
    np.testing.assert_array_equal(params[0], np.full(2, 0.5))


def test_rebinding_instead_of_updating_is_seen(make):
    """``p = p - ...`` leaves the judge's array as it was."""
    student = make(SGD.replace("p -= self.lr * g", "p = p - self.lr * g"), ["SGD"])
    params = [np.ones(2)]
    student.SGD(student.share(params), lr=0.5).step([np.ones(2)])
    np.testing.assert_array_equal(params[0], np.ones(2))


VALUE = """
class Value:
    def __init__(self, data):
        self.data, self.grad = data, 0.0
    def __add__(self, other):
        return Value(self.data + (other.data if isinstance(other, Value) else other))
    __radd__ = __add__
    def __mul__(self, other):
        return Value(self.data * (other.data if isinstance(other, Value) else other))
    def __neg__(self):
        return self * -1
    def __lt__(self, other):
        return self.data < other.data
"""


def test_operators_of_a_value_class(make):
    """Arithmetic, reflected arithmetic and comparisons happen in the student's process."""
    student = make(VALUE, ["Value"], reference=VALUE)
    a, b = student.Value(2.0), student.Value(3.0)
    assert (1 + a * b + (-a)).data == 5.0
    assert a < b
    assert student.type_name(a) == "Value"
    assert student.same(a, a)
    assert not student.same(a, b)
    a.grad = 4.0
    assert a.grad == 4.0


MODULE = """
import torch

class Net(torch.nn.Module):
    def __init__(self, n):
        super().__init__()
        self.linear = torch.nn.Linear(n, 1)
    def forward(self, x):
        return self.linear(x)
"""


def set_weights(model, weight):
    """Ships to the student's process."""
    with torch.no_grad():  # noqa: F821 (torch is given there)
        model.linear.weight.copy_(weight)
        model.linear.bias.zero_()


def loss_gradient(model, x):
    """The gradient that autograd computes there."""
    model(x).sum().backward()
    return model.linear.weight.grad


@pytest.mark.slow
def test_torch_module_with_weights_set_by_the_judge(make):
    """A module stays a handle; weights go in, gradients come out as a claim."""
    import torch

    student = make(MODULE, ["Net"], reference=MODULE, runtime="torch")
    net = student.Net(3)
    student.inside(set_weights, net, torch.ones(1, 3))
    x = torch.arange(6.0).reshape(2, 3)
    assert torch.equal(net(x), x.sum(1, keepdim=True))
    assert torch.equal(student.inside(loss_gradient, net, x), x.sum(0, keepdim=True))


NUMERIC = """
import numpy as np

def slope(f, x, h=1e-5):
    return (f(x + h) - f(x - h)) / (2 * h)

def total_reward(env, steps):
    return sum(env.step(i) for i in range(steps)) + env.bonus
"""


class Environment:
    bonus = 10

    def __init__(self):
        self.calls = 0

    def step(self, action):
        self.calls += 1
        return float(action)

    def _secret(self):
        raise AssertionError("never callable from there")


def test_task_that_receives_a_callable_or_an_environment(make):
    """The judge's function is called back over the wire; only public methods are lent."""
    student = make(NUMERIC, ["slope", "total_reward"], reference=NUMERIC)
    calls = []

    def square(x):
        calls.append(x)
        return x * x

    assert student.slope(square, 3.0) == pytest.approx(6.0)
    assert len(calls) == 2
    env = Environment()
    assert student.total_reward(student.lend(env), 4) == 16.0
    assert env.calls == 4


def test_an_error_in_a_lent_function_is_the_checks_own(make):
    """What the judge's function raises comes out of the check as it was raised."""
    student = make(NUMERIC, ["slope"])

    def fails(x):
        raise AssertionError("x must be 3")

    with pytest.raises(AssertionError, match="x must be 3"):
        student.slope(fails, 1.0)


def test_generator_state_comes_back(make):
    """A stochastic task uses the given generator, and the judge's advances with it."""
    source = "def noise(n, rng):\n    return rng.normal(size=n)\n"
    student = make(source, ["noise"], reference=source)
    mine, theirs = np.random.default_rng(3), np.random.default_rng(3)
    first, second = student.noise(4, theirs), student.noise(4, theirs)
    np.testing.assert_array_equal(np.concatenate([first, second]), mine.normal(size=8))
    assert mine.bit_generator.state == theirs.bit_generator.state


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("return None", "returned None; expected 2 values. Is there a return statement"),
        ("return x @ w.T", "expected 2 values"),
        ("return (x @ w.T).T, ()", "has the wrong shape: expected (5, 4), got (4, 5)"),
        ("return (x @ w.T).astype(int), ()", "is integers (int64); expected real numbers (float64)"),
        ("return [x @ w.T, None, 3]", "returned a list of 3 values|returned 3 values; expected 2"),
        ("return 'ab'", "expected 2 values"),
        ("return {}, ()", "is an object of type dict; expected a NumPy array of shape (5, 4)"),
    ],
)
def test_a_reply_of_another_structure_is_failed_with_a_sentence(make, body, sentence):
    """The reference's reply to the same call says what is expected."""
    import re

    wrong = LAYER.replace("return x @ w.T, (x, w)", body)
    student = make(wrong, ["forward"], reference=LAYER)
    pattern = "|".join(re.escape(part) for part in sentence.split("|"))
    with pytest.raises(ReplyMismatch, match=pattern):
        student.forward(np.ones((5, 3)), np.ones((4, 3)))


def test_lists_for_tuples_and_numpy_scalars_for_floats_are_fine(make):
    """Honest variety is no mismatch."""
    source = "import numpy as np\ndef f(x):\n    return [np.float64(x.sum()), x.mean()]\n"
    reference = "def f(x):\n    return float(x.sum()), 1.0\n"
    assert list(make(source, ["f"], reference=reference).f(np.ones(4))) == [4.0, 1.0]


PAIRS = {
    "namedtuple": "from collections import namedtuple\nPair = namedtuple('Pair', 'out cache')",
    "NamedTuple": "from typing import NamedTuple\nclass Pair(NamedTuple):\n    out: list\n    cache: list",
}


@pytest.mark.parametrize("kind", PAIRS)
def test_a_named_tuple_is_a_tuple_where_several_values_are_expected(make, kind):
    """Its parts cross as those of a tuple do, and are compared like them."""
    source = PAIRS[kind] + LAYER.replace("return x @ w.T, (x, w)", "return Pair(x @ w.T, (x, w))")
    student = make(source, ["forward", "backward"], reference=LAYER)
    out, cache = student.forward(np.ones((5, 3)), np.ones((4, 3)))
    assert out.shape == (5, 4)
    assert len(student.backward(out, cache)) == 2
    wrong = make(source.replace("x @ w.T, (x", "(x @ w.T).T, (x"), ["forward"], reference=LAYER)
    with pytest.raises(ReplyMismatch, match=r"1st value that forward returned has the wrong shape"):
        wrong.forward(np.ones((5, 3)), np.ones((4, 3)))


def test_a_named_tuple_is_an_object_where_one_is_expected(make):
    """A class of values may be built on it: its methods and operators stay with it."""
    source = """
    from typing import NamedTuple
    class Dual(NamedTuple):
        value: float
        slope: float
        def __add__(self, other):
            return Dual(self.value + other.value, self.slope + other.slope)
    """
    reference = """
    class Dual:
        def __init__(self, value, slope):
            self.value, self.slope = value, slope
        def __add__(self, other):
            return Dual(self.value + other.value, self.slope + other.slope)
    """
    student = make(source, ["Dual"], reference=reference)
    assert (student.Dual(1.0, 2.0) + student.Dual(3.0, 4.0)).slope == 6.0


def test_a_dtype_that_does_not_cross_is_named(make):
    """An array of long doubles is an array; what it must be instead is said."""
    source = "import numpy as np\ndef f():\n    return np.ones(3, np.longdouble)\n"
    reference = "import numpy as np\ndef f():\n    return np.ones(3)\n"
    sentence = (
        r"f returned a NumPy array of dtype longdouble \(accepted are bool, .*\); expected a NumPy array"
    )
    with pytest.raises(ReplyMismatch, match=sentence):
        make(source, ["f"], reference=reference).f()


def test_exceptions_carry_class_line_and_verdict(make):
    """A builtin class can be caught by name; the reason shows the student's own line."""
    source = "def f(x):\n    if x < 0:\n        raise ValueError('x is %r' % x)\n    return [1, 2][x]\n"
    student = make(source, ["f"])
    with pytest.raises(ValueError, match="f raised ValueError") as caught:
        student.f(-1)
    assert "-1" not in str(caught.value), "the student's own words could carry hidden inputs"
    with pytest.raises(StudentRaised) as caught:
        student.f(7)
    assert caught.value.verdict is Verdict.ERROR
    assert "list index out of range" in caught.value.reason


def test_stub_and_missing_name_are_missing(make):
    """Both are MISSING, with different sentences."""
    student = make("def f():\n    raise NotImplementedError\n", ["f", "g"], task="f")
    with pytest.raises(StudentRaised, match="not written yet") as caught:
        student.f()
    assert caught.value.verdict is Verdict.MISSING


def test_undefined_name_is_missing(make):
    """A name that the notebook does not define."""
    student = make("y = 1\n", ["g"])
    with pytest.raises(Exception, match="g is not defined") as caught:
        student.g()
    assert caught.value.verdict is Verdict.MISSING


def test_another_tasks_failure_blocks(make):
    """backward cannot be judged while forward raises; the reason names forward."""
    source = LAYER.replace("return x @ w.T, (x, w)", "raise NotImplementedError")
    student = make(source, ["forward", "backward"], task="backward")
    with pytest.raises(Blocked, match="before forward works"):
        student.forward(np.ones((2, 2)), np.ones((2, 2)))


def test_a_stub_called_from_another_task_blocks(make):
    """im2col is still the stub, so the function that calls it is not to blame."""
    source = "def im2col(x):\n    raise NotImplementedError\ndef conv(x):\n    return im2col(x)\n"
    student = make(source, ["im2col", "conv"], task="conv")
    with pytest.raises(Blocked, match="before im2col works"):
        student.conv(np.ones(3))


@pytest.mark.parametrize(
    ("task", "kind", "says"),
    [
        ("forward", ReplyMismatch, "^forward must return two values"),
        ("backward", Blocked, "before forward works. forward must return two values"),
    ],
)
def test_an_answer_that_cannot_be_used(make, task, kind, says):
    """The task that gave it fails; a check of another task waits for that one."""
    student = make("def forward(x): pass\n", ["forward", "backward"], task=task)
    with pytest.raises(kind, match=says):
        raise student.unusable("forward", "must return two values.")


def test_handles_refuse_what_they_do_not_forward(make):
    """A silently local attribute would be a wrong mark."""
    student = make(VALUE, ["Value"])
    value = student.Value(1.0)
    with pytest.raises(TypeError, match="no array here"):
        np.asarray(value)
    with pytest.raises(TypeError):
        del value.data
    with pytest.raises(TypeError):
        hash(value)
    with pytest.raises(AttributeError):
        _ = value.__doc_of_nothing__


def test_unforeseen_types_stay_on_the_students_side(make):
    """An array subclass, a namedtuple or an object is a handle, never rebuilt here."""
    source = """
    import numpy as np
    class Fake(np.ndarray):
        def __array_ufunc__(self, *a, **k): return True
    def f():
        return np.zeros(3).view(Fake)
    """
    reference = "import numpy as np\ndef f():\n    return np.ones(3)\n"
    with pytest.raises(ReplyMismatch, match="an object of type Fake"):
        make(source, ["f"], reference=reference).f()


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def boxed(make, request):
    """Only subjects with a process of their own."""
    if "here" in request.node.name:
        pytest.skip("needs a process of its own")
    return make


def test_a_loop_without_end_is_a_timeout(boxed):
    """The wall clock of one call."""
    student = boxed("def f():\n    while True:\n        pass\n", ["f"])
    with pytest.raises(StudentEnded) as caught:
        student.f()
    assert caught.value.verdict is Verdict.TIMEOUT
    assert student.fatal is caught.value


def test_exit_is_a_crash(boxed):
    """No answer at all is a verdict of its own."""
    student = boxed("import os\ndef f():\n    os._exit(0)\n", ["f"])
    with pytest.raises(StudentEnded) as caught:
        student.f()
    assert caught.value.verdict is Verdict.CRASHED
