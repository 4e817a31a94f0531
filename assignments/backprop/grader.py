"""Hidden checks of backprop.

One mistake, one price: operators of `Value` are asked on trees, where each value is used once; what is used
twice has checks of its own, made of sums. Where the axis of the softmax is not the question, logits are
`alike`. Weights are overwritten where their spread is not the question; `train_step` gets a model of ours.
"""

import numpy as np
import pytest

from autograder.checks import close, dtype, obeys, right, unchanged
from solutions.backprop import tapes_fit


def each(names, replies, others=None, when=""):
    """What came in these places is right, or what came in others."""
    for name, reply, other in zip(names.split(), replies, replies if others is None else others, strict=True):
        right(reply, when + name) if others is None else close(reply, other, when + name)


def measured(numerical_gradient, x, cubic, linear, mixed, *h):
    """The measured gradient of a cubic function, whose numbers go their own ways if mixed is 0."""
    return numerical_gradient(lambda x: float((cubic * x**3 + linear * x).sum() + mixed * x.prod()), x, *h)


def slopes(student, draw, x, *h, cubic=1.0, mixed=0.0):
    """The reply for coefficients that differ; within 1e-3 a one-sided difference is good enough."""
    of_cubes, linear = draw.away_from_zero(2, *x.shape)
    return student.beside(measured, student.numerical_gradient, x, cubic * of_cubes, linear, mixed, *h)


@pytest.mark.task("numerical_gradient", points=2)  # of 8
def test_slope_of_one_number(student, draw):
    """The slope of a function of one number."""
    right(slopes(student, draw, draw.normal(1)), "The slope", rtol=1e-3, atol=1e-3)


@pytest.mark.task("numerical_gradient", points=2)
def test_slope_of_each_element(student, draw):
    """Each element in turn, in arrays of any shape and any layout in memory."""
    for x in (draw.normal(4), draw.normal(2, 1, 3), draw.normal(3, 2).T, draw.normal(3, 8)[:, ::2]):
        right(slopes(student, draw, x), "The gradient", rtol=1e-3, atol=1e-3)


@pytest.mark.task("numerical_gradient", points=2)
def test_slope_is_central(student, draw):
    """The difference is central: its error falls with the square of h."""
    right(slopes(student, draw, draw.normal(1), 0.1), "With h = 0.1, the slope")


@pytest.mark.task("numerical_gradient", points=1)
def test_slope_at_whole_numbers(student, draw):
    """Whole numbers are not cut off when h is added."""
    right(slopes(student, draw, draw.integers(-4, 5, 3)), "The gradient", rtol=1e-3, atol=1e-3)


@pytest.mark.task("numerical_gradient", points=1, law=True)
def test_slope_leaves_x(student, draw):
    """x holds its values again when the next one is moved, and afterwards."""
    student.share(x := draw.normal(2, 3))  # of which f is a straight line, number by number
    right(slopes(student, draw, x, 0.1, cubic=0.0, mixed=1.0), "With h = 0.1, the gradient")
    close(student.now(x), x, "Afterwards, x", rtol=1e-12, atol=1e-12)


def blame(student, rng, *formulas, low=0.5, high=2.0):
    """The value of each formula, and the grads that its backward pass leaves in a, b and c."""
    for formula in formulas:
        leaves = {name: student.Value(float(rng.uniform(low, high))) for name in "abc" if name in formula}
        root = eval(formula, leaves.copy())
        right(root.data, f"The data of {formula}")
        root.backward()
        for name, leaf in leaves.items():
            right(leaf.grad, f"For {formula}, the grad of {name}")


@pytest.mark.task("Value", points=3)  # of 26
def test_sum_and_product(student, rng):
    """Sum and product."""
    blame(student, rng, "(a + b) * c", "b + a * c")


@pytest.mark.task("Value", points=3)
def test_difference_and_quotient(student, rng):
    """Difference, quotient and sign."""
    blame(student, rng, "(a - b) / c", "a / (b - c)", "-((-a) / b) - c")


@pytest.mark.task("Value", points=2)
def test_powers(student, rng):
    """Powers with whole, negative and fractional exponents."""
    blame(student, rng, "(a**3) ** 2", "(a**0.5) ** -1.5", "a**-2")


@pytest.mark.task("Value", points=2)
def test_exp_and_log(student, rng):
    """exp and log."""
    blame(student, rng, "a.exp().exp()", "a.exp().exp().log().log()")


@pytest.mark.task("Value", points=3)
def test_tanh_and_relu(student, rng):
    """tanh and relu, for positive and negative numbers."""
    for low in (0.5, -1.5):
        blame(student, rng, "a.tanh().tanh()", "a.relu().tanh()", "a.tanh().relu()", low=low, high=low + 1)


@pytest.mark.task("Value", points=2)
def test_numbers_on_either_side(student, rng):
    """A plain number on either side of an operator."""
    blame(student, rng, "a + 3", "a - 2.5", "a * 2.5", "a / 2.5", "3 + a", "2.5 - a", "2.5 * a", "2.5 / a")


@pytest.mark.task("Value", points=4)
def test_both_shares(student, rng):
    """A value that is used twice gets both shares."""
    blame(student, rng, "a + a", "(a + b) + a", "(b + b) + (a + a)")


@pytest.mark.task("Value", points=5)
def test_waits_for_all(student, rng):
    """A value passes its grad on only after all that use it have added to it."""
    blame(student, rng, "(e := a + b) + (e + c)", "((e := a + b) + c) + e")
    blame(student, rng, "((e := a + b) + ((e + c) + c)) + c", "c + (((c + (e := a + b)) + c) + e)")


@pytest.mark.task("Value", points=1)
def test_each_value_once(student, rng):
    """Each value passes its grad on once, however many paths lead to it."""
    leaf = root = student.Value(float(rng.uniform(1, 2)))
    for _ in range(13):
        root = root + root
    large = student.Value(2.0**53)  # beside its share one of 1 is lost: path by path, 8192 times
    (leaf * large + root + leaf * large).backward()
    right(leaf.grad, "For a sum of 8192 a, the grad of a", rtol=0.0, atol=1.0)


@pytest.mark.task("Value", points=1, law=True)
def test_second_expression(student, rng):
    """The grads of a second expression are added to those of the first."""
    a, b = student.Value(float(rng.uniform(1, 2))), student.Value(2.0)
    for _ in range(2):
        (a + b).backward()
    right(a.grad, "After two backward passes, the grad of a")


def long_sum(Value, number, length):
    """A leaf, and the end of a chain of sums."""
    leaf = Value(number)
    return leaf, sum([leaf] * length, leaf)


@pytest.mark.task("Value", points=4, bonus=True)
def test_deep_graph(student, rng):
    """A chain of 5,000 sums does not end in a RecursionError."""
    leaf, root = student.beside(long_sum, student.Value, float(rng.uniform(1, 2)), 5000)
    root.backward()
    right(leaf.grad, "The grad of the leaf")


def passes(student, draw, name, *inputs):
    """What NAME_forward makes of these, and what NAME_backward makes of a random dout."""
    out, cache = getattr(student, f"{name}_forward")(*inputs)
    return out, getattr(student, f"{name}_backward")(draw.like(out), cache)


@pytest.mark.task("linear", points=3)  # of 14
def test_linear_out(student, draw):
    """Each output is the sum of all inputs times their weights."""
    right(student.linear_forward(draw.normal(5, 3), draw.normal(4, 3))[0], "out")


@pytest.mark.task("linear", points=1)
def test_linear_bias(student, draw):
    """Each output adds its bias, or none; without one, db is None."""
    right(student.linear_forward(np.zeros((5, 3)), draw.normal(4, 3), draw.normal(4))[0], "For x = 0, out")
    right(passes(student, draw, "linear", draw.normal(5, 3), draw.normal(4, 3))[1][2], "db")


@pytest.mark.task("linear", points=3)
def test_linear_dx(student, draw):
    """dx is right for a random dout."""
    right(passes(student, draw, "linear", draw.normal(5, 3), draw.normal(4, 3), draw.normal(4))[1][0], "dx")


@pytest.mark.task("linear", points=3)
def test_linear_dw(student, draw):
    """dw is a sum over the samples."""
    right(passes(student, draw, "linear", draw.normal(5, 3), draw.normal(4, 3), draw.normal(4))[1][1], "dw")


@pytest.mark.task("linear", points=2)
def test_linear_db(student, draw):
    """db is a sum over the samples."""
    right(passes(student, draw, "linear", draw.normal(5, 3), draw.normal(4, 3), draw.normal(4))[1][2], "db")


@pytest.mark.task("linear", points=1)
def test_linear_leading_axes(student, draw):
    """Further axes between the first and the last are samples, too."""
    out, (dx, dw, db) = passes(student, draw, "linear", draw.normal(2, 3, 1), draw.normal(1, 1), np.ones(1))
    each("out dx dw", (out, dx, dw), when="For x of shape (2, 3, 1), ")
    dtype(db, np.float64, "db")  # and its shape; its values have a check


@pytest.mark.task("linear", points=1, law=True)
def test_linear_unchanged(student, draw):
    """x, w, b and dout are not modified, and a cache can be used twice."""
    *inputs, dout = student.share(arrays := [draw.normal(*shape) for shape in ((5, 3), (3, 3), (3,), (5, 3))])
    _, cache = student.linear_forward(*inputs)
    first, second = (student.linear_backward(dout, cache) for _ in range(2))
    unchanged(student, arrays, "x w b dout")
    each("dx dw db", second, first, "With the same cache a second time, ")


@pytest.mark.task("activations", points=1)  # of 13
def test_relu(student, draw):
    """The ReLU lets positive numbers through, and makes 0 of negative ones."""
    right(student.relu_forward(draw.away_from_zero(3, 5))[0], "out")


@pytest.mark.task("activations", points=2)
def test_relu_gradient(student, draw):
    """The gradient of the ReLU."""
    right(passes(student, draw, "relu", draw.away_from_zero(3, 5))[1], "dx")


@pytest.mark.task("activations", points=1)
def test_relu_at_zero(student, draw):
    """At 0 the ReLU has the slope of the negative numbers."""
    for slope in ((), (0.3,)):
        right(passes(student, draw, "relu", np.zeros((2, 3)), *slope)[1], "At 0, dx")


@pytest.mark.task("activations", points=1)
def test_leaky_relu(student, draw, rng):
    """The leaky ReLU and its gradient."""
    each("out dx", passes(student, draw, "relu", draw.away_from_zero(3, 5), float(rng.uniform(0.1, 0.4))))


@pytest.mark.task("activations", points=2)
def test_sigmoid(student, draw):
    """The sigmoid."""
    right(student.sigmoid_forward(draw.normal(3, 5, scale=3))[0], "out")


def without_warning(sigmoid_forward, x):
    """The sigmoid, where an overflow is an error instead of a warning."""
    with np.errstate(over="raise"):
        return sigmoid_forward(x)[0]


@pytest.mark.task("activations", points=2)
def test_sigmoid_far_out(student, draw):
    """The sigmoid of numbers up to ±1000, where nothing overflows."""
    x = np.concatenate([draw.normal(4), draw.uniform(3, low=800, high=1000), [-1000.0, 0.0]])
    right(student.beside(without_warning, student.sigmoid_forward, x * np.array([1, -1, 1] * 3)), "out")


@pytest.mark.task("activations", points=2)
def test_sigmoid_gradient(student, draw):
    """The gradient of the sigmoid."""
    right(passes(student, draw, "sigmoid", draw.away_from_zero(3, 5))[1], "dx")


@pytest.mark.task("activations", points=1)
def test_tanh(student, draw):
    """tanh and its gradient."""
    each("out dx", passes(student, draw, "tanh", draw.away_from_zero(3, 5)))


@pytest.mark.task("activations", points=1, law=True)
def test_activations_unchanged(student, draw):
    """x and dout are not modified."""
    for name in ("relu", "sigmoid", "tanh"):
        x, dout = student.share([draw.away_from_zero(3, 4), draw.normal(3, 4)])
        getattr(student, f"{name}_backward")(dout, getattr(student, f"{name}_forward")(x)[1])
        unchanged(student, x, f"x of {name}_forward")
        unchanged(student, dout, f"dout of {name}_backward")


def alike(numbers):
    """C samples of C classes with the same softmax along either axis: a symmetric circulant matrix."""
    places = np.arange(len(numbers))
    return (numbers + numbers[-places])[np.subtract.outer(places, places)]


@pytest.mark.task("cross_entropy", points=3)  # of 14
def test_loss_of_one(student, draw, rng):
    """The loss of one sample."""
    right(student.cross_entropy(draw.normal(1, 4), rng.integers(4, size=1))[0], "loss")


@pytest.mark.task("cross_entropy", points=4)
def test_gradient_of_one(student, draw, rng):
    """The gradient of one sample."""
    right(student.cross_entropy(draw.normal(1, 4), rng.integers(4, size=1))[1], "dlogits")


@pytest.mark.task("cross_entropy", points=2)
def test_mean_over_batch(student, draw, rng):
    """Loss and gradient are means over the samples."""
    each("loss dlogits", student.cross_entropy(alike(draw.normal(5)), rng.integers(5, size=5)))


@pytest.mark.task("cross_entropy", points=2, law=True)
def test_huge_logits(student, draw, rng):
    """10,000 more or less on all logits of a sample, or of each, changes neither loss nor gradient."""
    logits, target = alike(draw.normal(4)), rng.integers(4, size=4)
    plain = student.cross_entropy(logits, target)
    for shift in (1e4, -1e4, np.array([[1e4], [-1e4], [0.0], [5e3]])):
        each("loss dlogits", student.cross_entropy(logits + shift, target), plain, "With shifted logits, ")


@pytest.mark.task("cross_entropy", points=1)
def test_tiny_probability(student, rng):
    """A right class whose probability is exp(-1000) costs 1000."""
    right(student.cross_entropy(alike(np.array([-rng.uniform(400, 600), 0, 0])), np.arange(3))[0], "loss")


@pytest.mark.task("cross_entropy", points=1, law=True)
@pytest.mark.parametrize("kind", ["uint8", "int16", "int32"])
def test_kinds_of_labels(student, draw, rng, kind):
    """Labels may have any integer type, and some classes may be missing."""
    logits, target = alike(draw.normal(6)), rng.integers(1, 4, size=6)
    wide, narrow = (student.cross_entropy(logits, labels) for labels in (target, target.astype(kind)))
    each("loss dlogits", narrow, wide, f"With {kind} labels, ")


@pytest.mark.task("cross_entropy", points=1, law=True)
def test_logits_unchanged(student, draw):
    """logits and target are not modified."""
    student.cross_entropy(*student.share(inputs := [draw.normal(4, 3), draw.labels(4, 3)]))
    unchanged(student, inputs, "logits target")


@pytest.mark.task("linear_layer", points=2)  # of 6
def test_layer_weight(student, rng):
    """The weights have the asked-for spread and come from one call of rng.normal."""
    student.share(rng)
    for sizes in ((5, 3), (3, 4)):
        right(student.Linear(*sizes, rng=rng).weight, f"For {sizes[0]} inputs, weight")


@pytest.mark.task("linear_layer", points=1, law=True)
def test_layer_bias(student, rng):
    """The bias begins at 0, or there is none."""
    right(student.Linear(5, 3, rng=rng).bias, "bias")
    right(student.Linear(5, 3, bias=False, rng=rng).bias, "With bias=False, bias")


@pytest.mark.task("linear_layer", points=2, on=("linear_forward", "linear_backward"))
def test_layer_passes(student, draw, rng):
    """forward gives the output; backward returns dx and leaves the gradients in the layer."""
    for bias in (draw.normal(4), None):
        layer = student.Linear(3, 4, bias=bias is not None, rng=rng)
        layer.weight, layer.bias = draw.normal(4, 3), bias
        each("out dx", (out := layer.forward(draw.normal(5, 3)), layer.backward(draw.like(out))))
        each("weight_grad bias_grad", (layer.weight_grad, layer.bias_grad))


@pytest.mark.task("linear_layer", points=1, law=True, on=("linear_forward", "linear_backward"))
def test_layer_twice(student, draw, rng):
    """A second backward replaces the gradients of the first."""
    layer = student.Linear(3, 4, rng=rng)
    for _ in range(2):
        layer.backward(draw.like(layer.forward(draw.normal(5, 3))))
    each("weight_grad bias_grad", (layer.weight_grad, layer.bias_grad), when="After the second pass, ")


def overwrite(model, values, by_params=False):
    """Write into the layers' own arrays, or into those that params gives; what the layers have then."""
    own = [p for layer in model.layers for p in (layer.weight, layer.bias)]
    for p, value in zip(model.params() if by_params else own, values, strict=True):
        p.flat = value
    return own


def network(student, draw, rng):
    """A network of three layers whose weights are ours, with logits of both signs."""
    model = student.MLP([4, 6, 5, 3], rng=rng)
    student.beside(overwrite, model, [*map(draw.normal, (24, 6, 30, 5, 15)), np.array([-9.0, 0.0, 9.0])])
    return model


@pytest.mark.task("MLP", points=3, on=("linear_forward", "relu_forward"))  # of 9
def test_mlp_forward(student, draw, rng):
    """Layer, ReLU, layer, ReLU, layer, and no ReLU after that."""
    right(network(student, draw, rng).forward(draw.normal(7, 4)), "The logits")


@pytest.mark.task("MLP", points=4, on=("linear_forward", "linear_backward", "relu_forward", "relu_backward"))
def test_mlp_gradients(student, draw, rng):
    """backward leaves its gradients in every layer and returns dx."""
    model = network(student, draw, rng)
    right(model.backward(draw.like(model.forward(draw.normal(7, 4)))), "dx")
    for number, layer in enumerate(model.layers):
        each("weight_grad bias_grad", (layer.weight_grad, layer.bias_grad), when=f"In layers[{number}], ")


@pytest.mark.task("MLP", points=1, on=("linear_forward", "linear_backward", "relu_forward", "relu_backward"))
def test_mlp_params(student, draw, rng):
    """params and grads stand in the agreed order, and params are the layers' own arrays."""
    model = network(student, draw, rng)
    right(model.params(), "params")
    model.backward(draw.like(model.forward(draw.normal(7, 4))))
    for g in model.grads():
        dtype(g, np.float64, "Of grads, one")  # and its shape; its values have a check
    right(student.beside(overwrite, model, [0.0] * 6, True), "After params are set to 0, the layers' own")


@pytest.mark.task("MLP", points=1, law=True, on=("linear_forward", "relu_forward"))
def test_mlp_one_sample(student, draw, rng):
    """A batch of one gets the same logits as in a larger batch."""
    model, x = network(student, draw, rng), draw.normal(7, 4)
    close(model.forward(x[2:3]), model.forward(x)[2:3], "For one sample alone, the logits")


def model_of_scales(first, last):
    """A model that multiplies each number by two weights of its own."""
    methods = {
        "params": lambda self: self.both,
        "forward": lambda self, x: vars(self).update(x=x) or x * self.both[0] * self.both[1],
        "backward": lambda self, g: vars(self).update(kept=[sum(g * a * self.x) for a in self.both[::-1]]),
        "grads": lambda self: self.kept,
    }
    model = type("Model", (), methods)()
    model.both = [first.copy(), last.copy()]
    return model


def trained(student, draw, rng, steps):
    """A model after so many steps, each on a batch of its own, and the losses."""
    model = student.beside(model_of_scales, *draw.away_from_zero(2, 4))
    batches = [(draw.normal(6, 4), rng.integers(4, size=6)) for _ in range(steps)]
    return model, [student.train_step(model, x, y, 0.3) for x, y in batches]


@pytest.mark.task("train_step", points=1, on=("cross_entropy",))  # of 5
def test_step_loss(student, draw, rng):
    """The loss is that of the batch before the step."""
    right(trained(student, draw, rng, 1)[1][0], "loss")


@pytest.mark.task("train_step", points=2, on=("cross_entropy",))
def test_step_params(student, draw, rng):
    """One step changes all parameters in place, by the rate times the gradient."""
    right(trained(student, draw, rng, 1)[0].params(), "After one step, params")


@pytest.mark.task("train_step", points=2, on=("cross_entropy",))
def test_twenty_steps(student, draw, rng):
    """The parameters after 20 steps on changing batches."""
    right(trained(student, draw, rng, 20)[0].params(), "After 20 steps, params")


@pytest.mark.task("bug_hunt", points=5)  # of 5
def test_bug_hunt(student):
    """`hasty_backward` is right on blind, where a value is used twice, and wrong on sharp."""
    obeys(student.bug_hunt(), tapes_fit)


@pytest.mark.task("cross_entropy_general", points=4, bonus=True)
def test_label_smoothing(student, draw):
    """Smoothed labels, in loss and gradient, for small and huge logits."""
    for scale, e in ((1, 0.3), (1e4, 0.15)):
        each("loss dlogits", student.cross_entropy_general(scale * draw.normal(5, 4), draw.labels(5, 4), e))


@pytest.mark.task("cross_entropy_general", points=4, bonus=True)
@pytest.mark.parametrize("label", [-1, 2])
def test_ignored_samples(student, draw, label):
    """Ignored samples have gradient 0 and do not count in the mean."""
    for target in np.array([[0, label, 1, 3, label], [label, label, 3, label, label]]):
        each("loss dlogits", student.cross_entropy_general(draw.normal(5, 4), target, ignore_index=label))


@pytest.mark.task("cross_entropy_general", points=2, bonus=True, law=True)
def test_all_ignored(student, draw):
    """If all samples are ignored, loss and gradient are 0."""
    each("loss dlogits", student.cross_entropy_general(draw.normal(3, 4), np.full(3, -100), 0.1, -100))


def verdict(check_gradient, in_dx, in_dy, in_dout, *given):
    """What check_gradient makes of out = x² y, with faults in dx, in dy and in the use of dout."""
    worst = check_gradient(
        lambda x, y: (x**2 * y, [2 * x * y * (1 + in_dx), x**2 * (1 + in_dy)]),
        lambda dout, slopes: tuple((dout * (1 - in_dout) + in_dout) * slope for slope in slopes),
        *given,
    )
    return "right" if worst < 1e-6 else "wrong" if worst > 1e-4 else "neither"


@pytest.mark.task("check_gradient", points=6, bonus=True)
def test_check_gradient(student, draw, rng):
    """Right is below 1e-6; above 1e-4 is a gradient that is 1 % too large, or takes dout for ones."""
    for faults in ((0, 0, 0), (0.01, 0, 0), (0, 0.01, 0), (0, 0, 1)):
        student.share(inputs := [0.05 * draw.away_from_zero(4, 3), draw.away_from_zero(4, 3)])
        right(student.beside(verdict, student.check_gradient, *faults, inputs, rng), "The judgement")
        unchanged(student, inputs, "An input")
