"""Hidden checks of the unit ``backprop``.

How points are split (100, and 20 bonus)
    numerical_gradient 8, Value 26, linear 14, activations 13, cross_entropy 14, linear_layer 6, MLP 9,
    train_step 5, bug_hunt 5; bonus: a deep graph 4, cross_entropy_general 10, check_gradient 6.

One mistake, one price
    * Operators of `Value` are asked on trees, where each value is used once. Leaves that are used twice,
      inner values that are used twice, and the walking of every path have a check each, made of sums alone.
    * `cross_entropy` gets a single sample where the axis of the softmax is the question. Elsewhere logits
      are `alike`: along either axis they have the same softmax.
    * Weights of `Linear` and `MLP` are overwritten where their spread is not the question.
    * Layers stand on functions of other tasks (`on=`). `train_step` gets a model of ours.

What runs beside the student's code holds nothing that the notebook does not say.
"""

import numpy as np
import pytest

from autograder.checks import close, dtype, right, unchanged
from solutions import backprop as reference

ROUGHLY = {"rtol": 1e-3, "atol": 1e-3}  # for which a one-sided difference is good enough

# --- numerical_gradient: 8 ---


def measured(numerical_gradient, x, cubic, linear, mixed, *h):
    """The measured gradient of a cubic function, whose numbers go their own ways if mixed is 0."""
    return numerical_gradient(lambda x: float((cubic * x**3 + linear * x).sum() + mixed * x.prod()), x, *h)


def slopes(student, draw, x, *h, cubic=1.0, mixed=0.0):
    """The reply for coefficients that differ from place to place."""
    of_cubes, linear = draw.away_from_zero(2, *x.shape)
    return student.beside(measured, student.numerical_gradient, x, cubic * of_cubes, linear, mixed, *h)


@pytest.mark.task("numerical_gradient", points=2)
def test_slope_of_one_number(student, draw):
    """The slope of a function of one number."""
    for _ in range(2):
        right(slopes(student, draw, draw.normal(1)), "The slope", **ROUGHLY)


@pytest.mark.task("numerical_gradient", points=2)
def test_slope_of_each_element(student, draw):
    """Each element in turn, in arrays of any shape and any layout in memory."""
    for x in (draw.normal(4), draw.normal(2, 1, 3), draw.normal(3, 2).T, draw.normal(3, 8)[:, ::2]):
        right(slopes(student, draw, x), "The gradient", **ROUGHLY)


@pytest.mark.task("numerical_gradient", points=2)
def test_slope_is_central(student, draw):
    """The difference is central: its error falls with the square of h."""
    for h in (0.1, 0.05):
        right(slopes(student, draw, draw.normal(1), h), f"With h = {h}, the slope")


@pytest.mark.task("numerical_gradient", points=1)
def test_slope_at_whole_numbers(student, draw):
    """Whole numbers are not cut off when h is added."""
    right(slopes(student, draw, draw.integers(-4, 5, 3)), "The gradient", **ROUGHLY)


@pytest.mark.task("numerical_gradient", points=1, law=True)
def test_slope_leaves_x(student, draw):
    """x holds its values again when the next one is moved, and afterwards."""
    x = draw.normal(2, 3)
    student.share(x)
    reply = slopes(student, draw, x, 0.1, cubic=0.0, mixed=1.0)  # a straight line for each number
    right(reply, "With h = 0.1, the gradient")
    close(student.now(x), x, "Afterwards, x", rtol=1e-12, atol=1e-12)


# --- Value: 26 ---


def blame(student, rng, count, *formulas, low=0.5, high=2.0):
    """For each formula of so many leaves: its value, and the grads that its backward pass leaves in them."""
    for formula in formulas:
        leaves = [student.Value(float(number)) for number in rng.uniform(low, high, count)]
        root = formula(*leaves)
        right(root.data, "The data of the result")
        root.backward()
        for name, leaf in zip("abc", leaves, strict=False):
            right(leaf.grad, f"The grad of {name}")


@pytest.mark.task("Value", points=3)
def test_sum_and_product(student, rng):
    """Sum and product."""
    blame(student, rng, 3, lambda a, b, c: (a + b) * c, lambda a, b, c: b + a * c)


@pytest.mark.task("Value", points=3)
def test_difference_and_quotient(student, rng):
    """Difference, quotient and sign."""
    formulas = lambda a, b, c: (a - b) / c, lambda a, b, c: a / (b - c), lambda a, b, c: -((-a) / b) - c
    blame(student, rng, 3, *formulas)


@pytest.mark.task("Value", points=2)
def test_powers(student, rng):
    """Powers with whole, negative and fractional exponents."""
    blame(student, rng, 1, lambda a: (a**3) ** 2, lambda a: (a**0.5) ** -1.5, lambda a: a**-2)


@pytest.mark.task("Value", points=2)
def test_exp_and_log(student, rng):
    """exp and log."""
    blame(student, rng, 1, lambda a: a.exp().exp())
    blame(student, rng, 1, lambda a: a.log().log(), low=3.0, high=6.0)


@pytest.mark.task("Value", points=3)
def test_tanh_and_relu(student, rng):
    """tanh and relu, for positive and negative numbers."""
    formulas = lambda a: a.tanh().tanh(), lambda a: a.relu().tanh(), lambda a: a.tanh().relu()
    blame(student, rng, 1, *formulas)
    blame(student, rng, 1, *formulas, low=-1.5, high=-0.5)


@pytest.mark.task("Value", points=2)
def test_numbers_on_either_side(student, rng):
    """A plain number on either side of an operator."""
    blame(student, rng, 1, lambda a: a + 3, lambda a: a - 2.5, lambda a: a * 2.5, lambda a: a / 2.5)
    blame(student, rng, 1, lambda a: 3 + a, lambda a: 2.5 - a, lambda a: 2.5 * a, lambda a: 2.5 / a)


@pytest.mark.task("Value", points=4)
def test_both_shares(student, rng):
    """A value that is used twice gets both shares."""
    blame(student, rng, 2, lambda a, b: a + a, lambda a, b: (a + b) + a, lambda a, b: (b + b) + (a + a))


@pytest.mark.task("Value", points=5)
def test_waits_for_all(student, rng):
    """A value passes its grad on only after all that use it have added to it."""
    for formula in (
        lambda e, c: e + (e + c),
        lambda e, c: (e + c) + e,
        lambda e, c: (e + ((e + c) + c)) + c,
        lambda e, c: c + (((c + e) + c) + e),
    ):
        blame(student, rng, 3, lambda a, b, c, formula=formula: formula(a + b, c))


def doubled(Value, number, times):
    """The grad of a leaf after so many doublings, and whether it was written a few times only."""

    class Leaf(Value):
        kept, written = 0.0, 0

        def write(self, grad):
            self.kept, self.written = grad, self.written + 1

        grad = property(lambda self: self.kept, write)

    leaf = root = Leaf(number)
    for _ in range(times):
        root = root + root
    root.backward()
    return leaf.grad, "once each" if leaf.written < 50 else "many times"


@pytest.mark.task("Value", points=1)
def test_each_value_once(student, rng):
    """Each value passes its grad on once, however many paths lead to it."""
    grad, often = student.beside(doubled, student.Value, float(rng.uniform(1, 2)), 13)
    right(grad, "After 13 doublings, the grad of the leaf")
    right(often, "How often values pass their grad on (there are 8192 paths)")


@pytest.mark.task("Value", points=1, law=True)
def test_second_expression(student, rng):
    """The grads of a second expression are added to those of the first."""
    a, b = student.Value(float(rng.uniform(1, 2))), student.Value(2.0)
    (a + b).backward()
    (b + a).backward()
    right(a.grad, "After two backward passes, the grad of a")


def long_sum(Value, number, length):
    """A leaf, and the end of a chain of sums."""
    leaf = root = Value(number)
    for _ in range(length):
        root = root + leaf
    return leaf, root


@pytest.mark.task("Value", points=4, bonus=True)
def test_deep_graph(student, rng):
    """A chain of 5,000 sums does not end in a RecursionError."""
    leaf, root = student.beside(long_sum, student.Value, float(rng.uniform(1, 2)), 5000)
    root.backward()
    right(leaf.grad, "The grad of the leaf")


# --- linear: 14 ---


def linear(student, draw, x, w, b=None):
    """out, and the three gradients for a random gradient of out."""
    out, cache = student.linear_forward(x, w, b)
    return out, *student.linear_backward(draw.like(out), cache)


@pytest.mark.task("linear", points=3)
def test_linear_out(student, draw):
    """Each output is the sum of all inputs times their weights."""
    for N, inputs, outputs in ((5, 3, 4), (2, 4, 3)):
        out, _ = student.linear_forward(draw.normal(N, inputs), draw.normal(outputs, inputs))
        right(out, "out")


@pytest.mark.task("linear", points=1)
def test_linear_bias(student, draw):
    """Each output adds its bias, or none; without one, db is None."""
    out, _ = student.linear_forward(np.zeros((5, 3)), draw.normal(4, 3), draw.normal(4))
    right(out, "For inputs of 0, out")
    *_, db = linear(student, draw, draw.normal(5, 3), draw.normal(4, 3))
    right(db, "db")


@pytest.mark.task("linear", points=3)
def test_linear_dx(student, draw):
    """dx is right for a random dout."""
    _, dx, _, _ = linear(student, draw, draw.normal(5, 3), draw.normal(4, 3), draw.normal(4))
    right(dx, "dx")


@pytest.mark.task("linear", points=3)
def test_linear_dw(student, draw):
    """dw is a sum over the samples."""
    _, _, dw, _ = linear(student, draw, draw.normal(5, 3), draw.normal(4, 3), draw.normal(4))
    right(dw, "dw")


@pytest.mark.task("linear", points=2)
def test_linear_db(student, draw):
    """db is a sum over the samples."""
    *_, db = linear(student, draw, draw.normal(5, 3), draw.normal(4, 3), draw.normal(4))
    right(db, "db")


@pytest.mark.task("linear", points=1)
def test_linear_leading_axes(student, draw):
    """Further axes between the first and the last are samples, too."""
    out, dx, dw, db = linear(student, draw, draw.normal(2, 3, 1), draw.normal(1, 1), np.zeros(1))
    for name, reply in (("out", out), ("dx", dx), ("dw", dw)):
        right(reply, f"For x of shape (2, 3, 1), {name}")
    dtype(db, np.float64, "db")  # and its shape; its values have a check


@pytest.mark.task("linear", points=1, law=True)
def test_linear_unchanged(student, draw):
    """x, w, b and dout are not modified, and a cache can be used twice."""
    inputs, dout = [draw.normal(5, 3), draw.normal(3, 3), draw.normal(3)], draw.normal(5, 3)
    _, cache = student.linear_forward(*student.share(inputs))
    student.share(dout)
    first, second = student.linear_backward(dout, cache), student.linear_backward(dout, cache)
    unchanged(student, inputs, "x w b")
    unchanged(student, dout, "dout")
    for name, one, two in zip(("dx", "dw", "db"), first, second, strict=True):
        close(two, one, f"With the same cache a second time, {name}")


# --- activations: 13 ---


def activation(student, draw, name, x, *slope):
    """out, and dx for a random dout."""
    out, cache = getattr(student, f"{name}_forward")(x, *slope)
    return out, getattr(student, f"{name}_backward")(draw.like(out), cache)


@pytest.mark.task("activations", points=1)
def test_relu(student, draw):
    """The ReLU lets positive numbers through, and makes 0 of negative ones."""
    right(activation(student, draw, "relu", draw.away_from_zero(3, 5))[0], "out")


@pytest.mark.task("activations", points=2)
def test_relu_gradient(student, draw):
    """The gradient of the ReLU."""
    right(activation(student, draw, "relu", draw.away_from_zero(3, 5))[1], "dx")


@pytest.mark.task("activations", points=1)
def test_relu_at_zero(student, draw):
    """At 0 the ReLU has the slope of the negative numbers."""
    for slope in ((), (0.3,)):
        right(activation(student, draw, "relu", np.zeros((2, 3)), *slope)[1], "At 0, dx")


@pytest.mark.task("activations", points=1)
def test_leaky_relu(student, draw, rng):
    """The leaky ReLU and its gradient."""
    out, dx = activation(student, draw, "relu", draw.away_from_zero(3, 5), float(rng.uniform(0.1, 0.4)))
    right(out, "out")
    right(dx, "dx")


@pytest.mark.task("activations", points=2)
def test_sigmoid(student, draw):
    """The sigmoid."""
    right(activation(student, draw, "sigmoid", draw.normal(3, 5, scale=3))[0], "out")


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
    right(activation(student, draw, "sigmoid", draw.normal(3, 5))[1], "dx")


@pytest.mark.task("activations", points=1)
def test_tanh(student, draw):
    """tanh and its gradient."""
    out, dx = activation(student, draw, "tanh", draw.normal(3, 5))
    right(out, "out")
    right(dx, "dx")


@pytest.mark.task("activations", points=1, law=True)
def test_activations_unchanged(student, draw):
    """x and dout are not modified."""
    for name in ("relu", "sigmoid", "tanh"):
        x, dout = draw.away_from_zero(3, 4), draw.normal(3, 4)
        _, cache = getattr(student, f"{name}_forward")(student.share(x))
        getattr(student, f"{name}_backward")(student.share(dout), cache)
        unchanged(student, x, f"x of {name}_forward, which")
        unchanged(student, dout, f"dout of {name}_backward, which")


# --- cross_entropy: 14 ---


def one_sample(draw, rng):
    """The logits of one sample, and its class."""
    C = int(rng.integers(3, 7))
    return draw.normal(1, C), rng.integers(C, size=1)


def alike(numbers):
    """C samples of C classes with the same softmax along either axis: a symmetric circulant matrix."""
    C = len(numbers)
    row = numbers + numbers[-np.arange(C) % C]
    return row[np.subtract.outer(np.arange(C), np.arange(C)) % C]


@pytest.mark.task("cross_entropy", points=3)
def test_loss_of_one(student, draw, rng):
    """The loss of one sample."""
    loss, _ = student.cross_entropy(*one_sample(draw, rng))
    right(loss, "loss")


@pytest.mark.task("cross_entropy", points=4)
def test_gradient_of_one(student, draw, rng):
    """The gradient of one sample."""
    _, dlogits = student.cross_entropy(*one_sample(draw, rng))
    right(dlogits, "dlogits")


@pytest.mark.task("cross_entropy", points=2)
def test_mean_over_batch(student, draw, rng):
    """Loss and gradient are means over the samples."""
    loss, dlogits = student.cross_entropy(alike(draw.normal(5)), rng.integers(5, size=5))
    right(loss, "loss")
    right(dlogits, "dlogits")


def shifted(student, draw, rng, *shifts):
    """What is added to all logits of a sample changes neither loss nor gradient."""
    logits, target = alike(draw.normal(4)), rng.integers(4, size=4)
    loss, dlogits = student.cross_entropy(logits, target)
    for shift in shifts:
        other_loss, other_dlogits = student.cross_entropy(logits + shift, target)
        close(other_loss, loss, "With shifted logits, loss")
        close(other_dlogits, dlogits, "With shifted logits, dlogits")


@pytest.mark.task("cross_entropy", points=1, law=True)
def test_huge_logits(student, draw, rng):
    """Logits that are all 10,000 larger or smaller give the same loss and gradient."""
    shifted(student, draw, rng, 1e4, -1e4)


@pytest.mark.task("cross_entropy", points=1, law=True)
def test_huge_differences(student, draw, rng):
    """So do logits that are 10,000 larger for one sample and smaller for another."""
    shifted(student, draw, rng, np.array([[1e4], [-1e4], [0.0], [5e3]]))


@pytest.mark.task("cross_entropy", points=1)
def test_tiny_probability(student, rng):
    """A right class whose probability is exp(-1000) costs 1000."""
    logits = alike(np.array([-float(rng.uniform(400, 600)), 0.0, 0.0]))
    loss, _ = student.cross_entropy(logits, np.arange(3))
    right(loss, "loss")


@pytest.mark.task("cross_entropy", points=1, law=True)
@pytest.mark.parametrize("kind", ["uint8", "int16", "int32"])
def test_kinds_of_labels(student, draw, rng, kind):
    """Labels may have any integer type, and some classes may be missing."""
    logits, target = alike(draw.normal(6)), rng.integers(1, 4, size=6)
    loss, dlogits = student.cross_entropy(logits, target)
    other_loss, other_dlogits = student.cross_entropy(logits, target.astype(kind))
    close(other_loss, loss, f"With {kind} labels, loss")
    close(other_dlogits, dlogits, f"With {kind} labels, dlogits")


@pytest.mark.task("cross_entropy", points=1, law=True)
def test_logits_unchanged(student, draw):
    """logits and target are not modified."""
    inputs = [draw.normal(4, 3), draw.labels(4, 3)]
    student.cross_entropy(*student.share(inputs))
    unchanged(student, inputs, "logits target")


# --- linear_layer: 6 ---


def layer(student, draw, rng, **options):
    """A layer whose weights are ours."""
    made = student.Linear(3, 4, rng=rng, **options)
    made.weight = draw.normal(4, 3)
    if options.get("bias", True):
        made.bias = draw.normal(4)
    return made


@pytest.mark.task("linear_layer", points=2)
def test_layer_weight(student, rng):
    """The weights have the asked-for spread and come from one call of rng.normal."""
    generator = student.share(rng)
    one, two = student.Linear(5, 3, rng=generator), student.Linear(3, 4, rng=generator)
    right(one.weight, "weight")
    right(two.weight, "For a second layer from the same rng, weight")


@pytest.mark.task("linear_layer", points=1, law=True)
def test_layer_bias(student, rng):
    """The bias begins at 0, or there is none."""
    right(student.Linear(5, 3, rng=rng).bias, "bias")
    right(student.Linear(5, 3, bias=False, rng=rng).bias, "With bias=False, bias")


@pytest.mark.task("linear_layer", points=2, on=("linear_forward", "linear_backward"))
def test_layer_passes(student, draw, rng):
    """forward gives the output; backward returns dx and leaves the gradients in the layer."""
    for options in ({}, {"bias": False}):
        made = layer(student, draw, rng, **options)
        out = made.forward(draw.normal(5, 3))
        right(out, "out")
        right(made.backward(draw.like(out)), "dx")
        right(made.weight_grad, "weight_grad")
        right(made.bias_grad, "bias_grad")


@pytest.mark.task("linear_layer", points=1, law=True, on=("linear_forward", "linear_backward"))
def test_layer_twice(student, draw, rng):
    """A second backward replaces the gradients of the first."""
    made = layer(student, draw, rng)
    for _ in range(2):
        made.backward(draw.like(made.forward(draw.normal(5, 3))))
    right(made.weight_grad, "After a second pass, weight_grad")
    right(made.bias_grad, "After a second pass, bias_grad")


# --- MLP: 9 ---


def overwrite(layers, arrays):
    """Other weights in the arrays that the layers have."""
    for layer, (weight, bias) in zip(layers, arrays, strict=True):
        layer.weight[...] = weight
        layer.bias[...] = bias


def network(student, draw, rng):
    """A network of three layers whose weights are ours, with logits of both signs."""
    model = student.MLP([4, 6, 5, 3], rng=rng)
    arrays = [(draw.normal(*shape), draw.normal(shape[0])) for shape in ((6, 4), (5, 6), (3, 5))]
    weight, bias = arrays[-1]  # what comes in is never negative
    weight[:2], bias[:2] = [[-1], [1]] * np.abs(weight[:2]), (-3.0, 3.0)
    student.beside(overwrite, model.layers, arrays)
    return model


@pytest.mark.task("MLP", points=3, on=("linear_forward", "relu_forward"))
def test_mlp_forward(student, draw, rng):
    """Layer, ReLU, layer, ReLU, layer, and no ReLU after that."""
    right(network(student, draw, rng).forward(draw.normal(7, 4)), "The logits")


@pytest.mark.task("MLP", points=4, on=("linear_forward", "linear_backward", "relu_forward", "relu_backward"))
def test_mlp_gradients(student, draw, rng):
    """backward leaves its gradients in every layer and returns dx."""
    model = network(student, draw, rng)
    dx = model.backward(draw.like(model.forward(draw.normal(7, 4))))
    for number, each in enumerate(model.layers):
        right(each.weight_grad, f"weight_grad of layers[{number}]")
        right(each.bias_grad, f"bias_grad of layers[{number}]")
    right(dx, "dx")


def used(model, x, dlogits):
    """A pass, for the shapes of the gradients (their values have a check); then all params are set to 0."""
    model.forward(x)
    model.backward(dlogits)
    for p in model.params():
        p[...] = 0
    return [np.array(g.shape) for g in model.grads()]


@pytest.mark.task("MLP", points=1, on=("linear_forward", "linear_backward", "relu_forward", "relu_backward"))
def test_mlp_params(student, draw, rng):
    """params and grads stand in the agreed order, and params are the layers' own arrays."""
    model = network(student, draw, rng)
    right(model.params(), "params")
    right(student.beside(used, model, draw.normal(7, 4), draw.normal(7, 3)), "The shapes of grads")
    for number, each in enumerate(model.layers):
        right(each.weight, f"After params are set to 0, the weight of layers[{number}]")


@pytest.mark.task("MLP", points=1, law=True, on=("linear_forward", "relu_forward"))
def test_mlp_one_sample(student, draw, rng):
    """A batch of one gets the same logits as in a larger batch."""
    model, x = network(student, draw, rng), draw.normal(7, 4)
    logits = model.forward(x)
    close(model.forward(x[2:3]), logits[2:3], "For one sample alone, the logits")


# --- train_step: 5 ---


def model_of_scales(*scales):
    """A model whose layers multiply each number by a weight of its own, and add a bias of its own."""

    class Scale:
        def __init__(self, scale):
            self.weight, self.bias = scale.copy(), np.zeros(len(scale))

        def forward(self, x):
            self.x = x
            return x * self.weight + self.bias

        def backward(self, dout):
            self.weight_grad, self.bias_grad = (dout * self.x).sum(axis=0), dout.sum(axis=0)
            return dout * self.weight

    class Model:
        def __init__(self):
            self.layers = self.first, self.last = [Scale(scale) for scale in scales]

        def forward(self, x):
            return self.last.forward(self.first.forward(x))

        def backward(self, dout):
            return self.first.backward(self.last.backward(dout))

        def params(self):
            return [self.first.weight, self.first.bias, self.last.weight, self.last.bias]

        def grads(self):
            return [self.first.weight_grad, self.first.bias_grad, self.last.weight_grad, self.last.bias_grad]

    return Model()


def trained(student, draw, rng, steps):
    """A model after so many steps, each on a batch of its own, and the losses."""
    model = student.beside(model_of_scales, *draw.away_from_zero(2, 4))
    batches = [(draw.normal(6, 4), rng.integers(4, size=6)) for _ in range(steps)]
    return model, [student.train_step(model, x, y, 0.3) for x, y in batches]


@pytest.mark.task("train_step", points=1, on=("cross_entropy",))
def test_step_loss(student, draw, rng):
    """The loss is that of the batch before the step."""
    _, (loss,) = trained(student, draw, rng, 1)
    right(loss, "loss")


@pytest.mark.task("train_step", points=2, on=("cross_entropy",))
def test_step_params(student, draw, rng):
    """One step changes all parameters in place, by the rate times the gradient."""
    model, _ = trained(student, draw, rng, 1)
    right(model.params(), "After one step, params")


@pytest.mark.task("train_step", points=2, on=("cross_entropy",))
def test_twenty_steps(student, draw, rng):
    """The parameters after 20 steps on changing batches."""
    model, _ = trained(student, draw, rng, 20)
    right(model.params(), "After 20 steps, params")


# --- bug hunt: 5 ---

LEAVES = ((0.5, -1.5), (1.25, 0.75))


def played(tape, leaves):
    """All values of a tape."""
    values = [reference.Value(leaf) for leaf in leaves]
    for kind, *places in tape:
        a, *b = (values[place] for place in places)
        values.append(a.tanh() if kind == "tanh" else a + b[0] if kind == "add" else a * b[0])
    return values


def hasty_backward(root):
    """The wrong code of the notebook: depth first, each value is handled when it is first met."""
    met = set()

    def visit(value):
        if value not in met:
            met.add(value)
            for parent, slope in zip(value.parents, value.slopes, strict=True):
                parent.grad += slope * value.grad
            for parent in value.parents:
                visit(parent)

    root.grad = 1.0
    visit(root)


def misses(tape, leaves):
    """Whether hasty_backward gives a leaf of the tape a wrong grad."""
    one, other = played(tape, leaves), played(tape, leaves)
    one[-1].backward()
    hasty_backward(other[-1])
    return not np.allclose([v.grad for v in one[:2]], [v.grad for v in other[:2]], rtol=1e-6, atol=1e-9)


def use_of_values(tape):
    """The greatest number of times that a value is used for the result."""
    needed, uses = {len(tape) + 1}, [0] * (len(tape) + 2)
    for number, (_, *places) in reversed(list(enumerate(tape, 2))):
        for place in places if number in needed else ():
            needed.add(place)
            uses[place] += 1
    return max(uses)


def check_tape(tape, name):
    """Say what is wrong with a tape that cannot be played."""
    assert isinstance(tape, (list, tuple)) and 1 <= len(tape) <= 8, f"{name} must be a list of 1 to 8 steps."
    for number, step in enumerate(tape, 2):
        kind, *places = step if isinstance(step, (list, tuple)) and step else ("",)
        assert {"add": 2, "mul": 2, "tanh": 1}.get(str(kind)) == len(places), (
            f'{name}: step {number} must be ("add", i, j), ("mul", i, j) or ("tanh", i).'
        )
        earlier = all(type(place) is int and 0 <= place < number for place in places)
        assert earlier, f"{name}: step {number} must use numbers from 0 to {number - 1}."


@pytest.mark.task("bug_hunt", points=5)
def test_bug_hunt(student):
    """`hasty_backward` is right on blind, where a value is used twice, and wrong on sharp."""
    answer = student.bug_hunt().value  # one of many right ones
    assert isinstance(answer, (tuple, list)) and len(answer) == 2, "bug_hunt must return (blind, sharp)."
    for tape, name in zip(answer, ("blind", "sharp"), strict=True):
        check_tape(tape, name)
    blind, sharp = answer
    assert use_of_values(blind) > 1, "In blind no value is used twice for the result."
    wrong = any(misses(blind, leaves) for leaves in LEAVES)
    assert not wrong, "blind is not blind: hasty_backward gives a leaf a wrong grad."
    assert misses(sharp, LEAVES[0]), "sharp is not sharp: hasty_backward gives both leaves their right grad."


# --- bonus ---


def general(student, *args, **options):
    """Loss and gradient are right."""
    loss, dlogits = student.cross_entropy_general(*args, **options)
    right(loss, "loss")
    right(dlogits, "dlogits")


@pytest.mark.task("cross_entropy_general", points=4, bonus=True)
def test_label_smoothing(student, draw, rng):
    """Smoothed labels, in loss and gradient, for small and huge logits."""
    for scale in (1, 1e4):
        logits, smoothing = draw.normal(5, 4, scale=scale), float(rng.uniform(0.1, 0.4))
        general(student, logits, rng.integers(4, size=5), smoothing)


@pytest.mark.task("cross_entropy_general", points=4, bonus=True)
@pytest.mark.parametrize("label", [-1, 2])
def test_ignored_samples(student, draw, label):
    """Ignored samples have gradient 0 and do not count in the mean."""
    for target in ([0, label, 1, 3, label], [label, label, 3, label, label]):
        general(student, draw.normal(5, 4), np.array(target), ignore_index=label)


@pytest.mark.task("cross_entropy_general", points=2, bonus=True, law=True)
def test_all_ignored(student, draw):
    """If all samples are ignored, loss and gradient are 0."""
    general(student, draw.normal(3, 4), np.full(3, -100), 0.1, -100)


def verdict(check_gradient, inputs, rng, *faults):
    """What check_gradient makes of out = x² y, with faults in dx, in dy and in the use of dout."""
    in_dx, in_dy, in_dout = faults

    def forward(x, y):
        return x**2 * y, (x, y)

    def backward(dout, cache):
        x, y = cache
        dout = dout * (1 - in_dout) + in_dout
        return 2 * x * y * dout * (1 + in_dx), x**2 * dout * (1 + in_dy)

    worst = check_gradient(forward, backward, inputs, rng)
    return "right" if worst < 1e-6 else "wrong" if worst > 1e-4 else "neither"


@pytest.mark.task("check_gradient", points=5, bonus=True)
def test_check_gradient(student, draw, rng):
    """Right is below 1e-6; above 1e-4 is a gradient that is 1 % too large, or takes dout for ones."""
    for faults in ((0, 0, 0), (0.01, 0, 0), (0, 0.01, 0), (0, 0, 1)):
        inputs = [0.05 * draw.away_from_zero(4, 3), draw.away_from_zero(4, 3)]
        right(student.beside(verdict, student.check_gradient, inputs, rng, *faults), "The judgement")


@pytest.mark.task("check_gradient", points=1, bonus=True, law=True)
def test_check_gradient_unchanged(student, draw, rng):
    """The inputs are not modified."""
    inputs = [draw.away_from_zero(4, 3), draw.away_from_zero(4, 3)]
    student.beside(verdict, student.check_gradient, student.share(inputs), rng, 0, 0, 0)
    unchanged(student, inputs, "The first input")
