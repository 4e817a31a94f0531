"""One test of each kind of task, on every kind of subject: here, and in each isolation tier."""

import re

import numpy as np
import pytest

from autograder.checks import right
from autograder.checks.structure import ReplyMismatch
from autograder.results.result import Verdict
from autograder.student import Blocked, Student, StudentEnded, StudentRaised

LAYER = """
import numpy as np

def forward(x, w):
    return x @ w.T, (x, w)

def backward(dout, cache):
    x, w = cache
    return dout @ w, dout.T @ x
"""


def test_function_with_arrays_and_opaque_cache(make, rng):
    """The cache stays on the student's side and is passed back as what an earlier step made."""
    student = make(LAYER, ["forward", "backward"])
    x, w = rng.normal(size=(5, 3)), rng.normal(size=(4, 3))
    out, cache = student.forward(x, w)
    dx, dw = student.backward(np.ones((5, 4)), cache)
    np.testing.assert_allclose(out.value, x @ w.T)
    np.testing.assert_allclose(dx.value, np.ones((5, 4)) @ w)
    np.testing.assert_allclose(dw.value, np.ones((5, 4)).T @ x)
    assert len(cache) == 2
    np.testing.assert_array_equal(cache[1].value, w)


def test_arguments_go_by_value(make):
    """A mutated argument does not cascade into the check's own array."""
    student = make("def spoil(x):\n    x[:] = 0\n    return x\n", ["spoil"])
    x = np.ones(3)
    np.testing.assert_array_equal(student.spoil(x).value, np.zeros(3))
    np.testing.assert_array_equal(x, np.ones(3))


def test_what_was_returned_goes_by_value(make):
    """Each use of a returned array is a copy of its own: a call that writes into it spoils no other."""
    source = "def twice(x):\n    return 2 * x\ndef spoil(x):\n    x[:] = 0\n    return x.sum()\n"
    student = make(source, ["twice", "spoil"])
    out = student.twice(np.ones(3))
    assert student.spoil(out).value == 0
    assert student.spoil(out).value == 0
    np.testing.assert_array_equal(out.value, np.full(3, 2.0))


def test_later_changes_of_the_checks_own_array_do_not_count(make):
    """What crosses is what the array was when the call was noted."""
    student = make("def total(x):\n    return x.sum()\n", ["total"])
    x = np.ones(3)
    first = student.total(x)
    x[:] = 5
    second = student.total(x)
    assert (first.value, second.value) == (3.0, 15.0)


def test_global_chance_begins_anew_in_every_check(make):
    """What a check sees does not depend on the checks that ran before it in the same process."""
    source = (
        "import random\nimport numpy as np\ndef noise():\n    return [random.random(), np.random.rand()]\n"
    )
    first = make(source, ["noise"])
    drawn = first.noise().value
    assert first.noise().value != drawn
    second = Student(first._terms, {"noise": lambda: [0.0, 0.0]}, first._subject)
    assert second.noise().value == drawn


SGD = """
class SGD:
    def __init__(self, params, lr):
        self.params, self.lr = params, lr

    def step(self, grads):
        for p, g in zip(self.params, grads):
            p -= self.lr * g
"""


def test_class_that_updates_parameters_in_place(make):
    """Shared arrays live with the student; ``now`` says what became of them, one by one or all together."""
    student = make(SGD, ["SGD"])
    params = [np.ones((2, 3)), np.ones(2)]
    opt = student.SGD(student.share(params), lr=0.5)
    opt.step([np.ones((2, 3)), np.zeros(2)])
    np.testing.assert_array_equal(student.now(params)[0].value, np.full((2, 3), 0.5))
    opt.lr = 0.25
    assert opt.lr.value == 0.25
    opt.step([np.ones((2, 3)), np.ones(2)])
    first, second = student.now(params)
    np.testing.assert_array_equal(first.value, np.full((2, 3), 0.25))
    np.testing.assert_array_equal(second.value, np.full(2, 0.75))
    np.testing.assert_array_equal(student.now(params[1]).value, np.full(2, 0.75))
    np.testing.assert_array_equal(params[0], np.ones((2, 3)))


def test_what_became_of_them_then(make):
    """``now`` is a copy: later steps do not change what it said before."""
    student = make(SGD, ["SGD"])
    params = student.share([np.ones(2)])
    opt = student.SGD(params, lr=0.5)
    opt.step([np.ones(2)])
    first = student.now(params)
    opt.step([np.ones(2)])
    np.testing.assert_array_equal(student.now(params)[0].value, np.zeros(2))
    np.testing.assert_array_equal(first[0].value, np.full(2, 0.5))


def test_a_shared_array_is_one_object(make):
    """By itself, by its list or by what ``share`` gave, it is the same array over there."""
    source = "def same(a, b):\n    return a is b\ndef add(x):\n    x += 1\n"
    student = make(source, ["same", "add"])
    x = np.zeros(2)
    shared = student.share({"x": x})
    assert student.same(x, shared["x"]).value is True
    student.add(x)
    student.add(shared["x"])
    np.testing.assert_array_equal(student.now(shared)["x"].value, np.full(2, 2.0))


def test_method_of_an_object_that_nobody_keeps(make):
    """``student.SGD(...).step(...)``: the optimizer lives until the check ends."""
    student = make(SGD, ["SGD"])
    params = [np.ones(2)]
    student.SGD(student.share(params), lr=0.5).step([np.ones(2)])
    np.testing.assert_array_equal(student.now(params)[0].value, np.full(2, 0.5))


def test_rebinding_instead_of_updating_is_seen(make):
    """``p = p - ...`` leaves the shared array as it was."""
    student = make(SGD.replace("p -= self.lr * g", "p = p - self.lr * g"), ["SGD"], reference=SGD)
    params = [np.ones(2)]
    student.SGD(student.share(params), lr=0.5).step([np.ones(2)])
    np.testing.assert_array_equal(student.now(params)[0].value, np.ones(2))


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
    def __getitem__(self, place):
        return self.data * place
    def __setitem__(self, place, value):
        self.data = place * value
    def __iter__(self):
        return iter([self.data, self.grad])
"""


def test_operators_of_a_value_class(make):
    """Arithmetic, reflected arithmetic, comparisons and items happen in the student's process."""
    student = make(VALUE, ["Value"])
    a, b = student.Value(2.0), student.Value(3.0)
    assert (1 + a * b + (-a)).data.value == 5.0
    assert (a < b).value is True
    assert student.same(a, a).value is True
    assert student.same(a, b).value is False
    a.grad = 4.0
    assert a.grad.value == 4.0
    assert a[3].value == 6.0
    a[2] = 5.0
    assert [each.value for each in a] == [10.0, 4.0]


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
    """Runs in the student's process."""
    with torch.no_grad():  # noqa: F821 (torch is given there)
        model.linear.weight.copy_(weight)
        model.linear.bias.zero_()


def loss_gradient(model, x):
    """The gradient that autograd computes there."""
    model(x).sum().backward()
    return model.linear.weight.grad


@pytest.mark.slow
def test_torch_module_with_weights_set_by_the_judge(make):
    """A module stays an object over there; weights go in, gradients come out as a claim."""
    import torch

    student = make(MODULE, ["Net"], runtime="torch")
    net = student.Net(3)
    student.beside(set_weights, net, torch.ones(1, 3))
    x = torch.arange(6.0).reshape(2, 3)
    assert torch.equal(net(x).value, x.sum(1, keepdim=True))
    assert torch.equal(student.beside(loss_gradient, net, x).value, x.sum(0, keepdim=True))


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
    student = make(NUMERIC, ["slope", "total_reward"])
    calls = []

    def square(x):
        calls.append(x)
        return x * x

    assert student.slope(square, 3.0).value == pytest.approx(6.0)
    assert len(calls) == 2
    env = Environment()
    assert student.total_reward(student.lend(env), 4).value == 16.0
    assert env.calls == 4


def test_only_public_methods_are_lent(make):
    """A private one is not there, and no other attribute leads to it."""
    source = "def f(env):\n    return [hasattr(env, '_secret'), hasattr(env, '__self__'), env.bonus]\n"
    student = make(source, ["f"])
    assert student.f(student.lend(Environment())).value == [False, False, 10]


def test_an_error_in_a_lent_function_is_the_checks_own(make):
    """What the judge's function raises comes out of the check as it was raised."""
    student = make(NUMERIC, ["slope"])

    def fails(x):
        raise AssertionError("x must be 3")

    with pytest.raises(AssertionError, match="x must be 3"):
        student.slope(fails, 1.0)


def test_a_generator_goes_by_value_unless_it_is_shared(make):
    """Each call gets its own copy in the same state; a shared one goes on, over there."""
    source = "def noise(n, rng):\n    return rng.normal(size=n)\n"
    student = make(source, ["noise"])
    mine, theirs = np.random.default_rng(3), np.random.default_rng(3)
    first, second = student.noise(4, theirs), student.noise(4, theirs)
    drawn = mine.normal(size=8)
    np.testing.assert_array_equal(first.value, drawn[:4])
    np.testing.assert_array_equal(second.value, drawn[:4])
    shared = student.share(theirs)
    first, second = student.noise(4, shared), student.noise(4, theirs)
    np.testing.assert_array_equal(np.concatenate([first.value, second.value]), drawn)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("return None", "returned None; expected 2 values. Is there a return statement"),
        ("return x @ w.T", "expected 2 values"),
        ("return (x @ w.T).T, ()", "has the wrong shape: expected (5, 4), got (4, 5)"),
        ("return (x @ w.T) > 0, ()", "is booleans (bool); expected real numbers (float64)"),
        ("return [x @ w.T, None, 3]", "returned 3 values; expected 2"),
        ("return 'ab'", "expected 2 values"),
        ("return {}, ()", "is an object of type dict; expected a NumPy array of shape (5, 4)"),
    ],
)
@pytest.mark.parametrize("looks", [False, True])
def test_a_reply_of_another_structure_is_failed_with_a_sentence(make, body, sentence, looks):
    """The reference's reply to the same call says what is expected, whether it is compared or looked at."""
    wrong = LAYER.replace("return x @ w.T, (x, w)", body)
    student = make(wrong, ["forward"], reference=LAYER)
    out, _ = student.forward(np.ones((5, 3)), np.ones((4, 3)))
    right(out, "out")
    with pytest.raises(ReplyMismatch, match=re.escape(sentence)):
        _ = out.value if looks else student.end()


def test_only_what_is_compared_must_have_the_structure(make):
    """A part that no check looks at may be anything: the cache is the student's business."""
    student = make(LAYER.replace("(x, w)\n", "17\n"), ["forward"], reference=LAYER)
    out, _ = student.forward(np.ones((5, 3)), np.ones((4, 3)))
    right(out, "out")
    student.end()


def test_lists_for_tuples_and_numpy_scalars_for_floats_are_fine(make):
    """Honest variety is no mismatch."""
    source = "import numpy as np\ndef f(x):\n    return [np.float64(x.sum()), x.mean()]\n"
    reference = "def f(x):\n    return float(x.sum()), 1.0\n"
    student = make(source, ["f"], reference=reference)
    came = student.f(np.ones(4))
    right(came)
    assert list(came.value) == [4.0, 1.0]


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
    dx, _ = student.backward(out, cache)
    right(out, "out")
    right(dx, "dx")
    student.end()
    wrong = make(source.replace("x @ w.T, (x", "(x @ w.T).T, (x"), ["forward"], reference=LAYER)
    out, _ = wrong.forward(np.ones((5, 3)), np.ones((4, 3)))
    right(out, "out")
    with pytest.raises(ReplyMismatch, match=r"^out has the wrong shape"):
        wrong.end()


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
    assert (student.Dual(1.0, 2.0) + student.Dual(3.0, 4.0)).slope.value == 6.0


def test_a_dtype_that_does_not_cross_is_named(make):
    """An array of long doubles is an array; what it must be instead is said."""
    source = "import numpy as np\ndef f():\n    return np.ones(3, np.longdouble)\n"
    reference = "import numpy as np\ndef f():\n    return np.ones(3)\n"
    sentence = (
        r"f returned a NumPy array of dtype longdouble \(accepted are bool, .*\); expected a NumPy array"
    )
    student = make(source, ["f"], reference=reference)
    right(student.f())
    with pytest.raises(ReplyMismatch, match=sentence):
        student.end()


def test_exceptions_carry_class_line_and_verdict(make):
    """A builtin class can be caught by name; the reason shows the student's own line."""
    source = "def f(x):\n    if x < 0:\n        raise ValueError('x is %r' % x)\n    return [1, 2][x]\n"
    student = make(source, ["f"], reference="def f(x):\n    return 1\n")
    with pytest.raises(ValueError, match="f raised ValueError") as caught:
        _ = student.f(-1).value
    assert "-1" not in str(caught.value), "the student's own words could carry hidden inputs"
    with pytest.raises(StudentRaised) as caught:
        _ = student.f(7).value
    assert caught.value.verdict is Verdict.ERROR
    assert "An index lies beyond the end of a list" in caught.value.reason


@pytest.mark.parametrize("kind", ["ValueError", "TypeError", "AttributeError", "KeyError"])
@pytest.mark.parametrize("look", [lambda reply: reply.value, np.asarray, len, float, int])
def test_what_student_code_raises_comes_out_of_a_look(make, kind, look):
    """Whatever its class: none is taken for a missing attribute, a ragged array or the like."""
    student = make(f"def f(x):\n    raise {kind}\n", ["f"], reference="def f(x):\n    return 1.0\n")
    with pytest.raises(StudentRaised, match=f"f raised {kind}"):
        look(student.f(1))


def test_stub_and_missing_name_are_missing(make):
    """Both are MISSING, with different sentences."""
    reference = "def f():\n    return 1\ndef g():\n    return 1\n"
    student = make("def f():\n    raise NotImplementedError\n", ["f", "g"], reference=reference, task="f")
    with pytest.raises(StudentRaised, match="not written yet") as caught:
        _ = student.f().value
    assert caught.value.verdict is Verdict.MISSING


def test_undefined_name_is_missing(make):
    """A name that the notebook does not define."""
    student = make("y = 1\n", ["g"], reference="def g():\n    return 1\n")
    with pytest.raises(Exception, match="g is not defined") as caught:
        _ = student.g().value
    assert caught.value.verdict is Verdict.MISSING


def test_another_tasks_failure_blocks(make):
    """backward cannot be judged while forward raises; the reason names forward."""
    source = LAYER.replace("return x @ w.T, (x, w)", "raise NotImplementedError")
    student = make(source, ["forward", "backward"], reference=LAYER, task="backward")
    _, cache = student.forward(np.ones((2, 2)), np.ones((2, 2)))
    student.backward(np.ones((2, 2)), cache)
    with pytest.raises(Blocked, match="before forward works"):
        student.end()


def test_a_stub_called_from_another_task_blocks(make):
    """im2col is still the stub, so the function that calls it is not to blame."""
    source = "def im2col(x):\n    raise NotImplementedError\ndef conv(x):\n    return im2col(x)\n"
    reference = source.replace("raise NotImplementedError", "return x")
    student = make(source, ["im2col", "conv"], reference=reference, task="conv")
    with pytest.raises(Blocked, match="before im2col works"):
        _ = student.conv(np.ones(3)).value


@pytest.mark.parametrize(
    ("task", "kind", "says"),
    [
        ("forward", ReplyMismatch, "^forward returned None; expected 2 values"),
        ("backward", Blocked, "before forward works. forward returned None; expected 2 values"),
    ],
)
def test_an_answer_that_cannot_be_used(make, task, kind, says):
    """The task that gave it fails; a check of another task waits for that one."""
    student = make("def forward(x, w): pass\n", ["forward", "backward"], reference=LAYER, task=task)
    _, cache = student.forward(np.ones((2, 2)), np.ones((2, 2)))
    student.backward(np.ones((2, 2)), cache)
    with pytest.raises(kind, match=says):
        student.end()


def test_objects_refuse_what_is_not_forwarded(make):
    """A silently local attribute would be a wrong mark."""
    student = make(VALUE, ["Value"])
    value = student.Value(1.0)
    with pytest.raises(TypeError, match=r"it is an object \(Value\) that stays with the student"):
        np.asarray(value)
    with pytest.raises(TypeError, match="not forwarded"):
        del value.data
    with pytest.raises(TypeError):
        hash(value)
    with pytest.raises(AttributeError, match="not forwarded"):
        _ = value.__doc_of_nothing__


def test_unforeseen_types_stay_on_the_students_side(make):
    """An array subclass is an object over there, never rebuilt here."""
    source = """
    import numpy as np
    class Fake(np.ndarray):
        def __array_ufunc__(self, *a, **k): return True
    def f():
        return np.zeros(3).view(Fake)
    """
    reference = "import numpy as np\ndef f():\n    return np.ones(3)\n"
    student = make(source, ["f"], reference=reference)
    right(student.f())
    with pytest.raises(ReplyMismatch, match="an object of type Fake"):
        student.end()


@pytest.fixture
def rng():
    return np.random.default_rng(0)


# Only these have a process of their own.
BOXED = pytest.mark.parametrize("make", ["walled", "fenced", "none"], indirect=True)
ONE = "def f():\n    return 1\n"


@BOXED
def test_a_loop_without_end_is_a_timeout(make):
    """The wall clock of one call."""
    student = make("def f():\n    while True:\n        pass\n", ["f"], reference=ONE)
    with pytest.raises(StudentEnded) as caught:
        _ = student.f().value
    assert caught.value.verdict is Verdict.TIMEOUT
    assert student.fatal is caught.value


@BOXED
def test_exit_is_a_crash(make):
    """No answer at all is a verdict of its own."""
    student = make("import os\ndef f():\n    os._exit(0)\n", ["f"], reference=ONE)
    with pytest.raises(StudentEnded) as caught:
        _ = student.f().value
    assert caught.value.verdict is Verdict.CRASHED
