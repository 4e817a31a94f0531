"""Public checks: a case of each criterion, beside the examples of the docstrings. They decide no mark."""

import numpy as np


def equal(came, expected, what):
    """It has these numbers, in this shape."""
    came, expected = np.asarray(came), np.asarray(expected)
    assert came.shape == expected.shape, f"{what}: the shape must be {expected.shape}, not {came.shape}."
    assert np.allclose(came, expected, atol=1e-6), f"{what} must be {expected.tolist()}, not {came.tolist()}."


def slopes(f, x, h=1e-6):
    """The measured slope of f for each number of a row x."""
    return [(f(x + step) - f(x - step)) / (2 * h) for step in h * np.eye(len(x))]


def test_numerical_gradient(numerical_gradient):
    """Two axes, whole numbers, a view, a large step."""

    def cubes(x):
        return float((x**3).sum())

    for x in (np.array([[1.0, 2.0], [-3.0, 0.0]]), np.array([1, 2]), np.arange(6.0).reshape(2, 3).T):
        before = x.copy()
        equal(numerical_gradient(cubes, x), 3 * before**2, f"The slopes of x³ at {before.tolist()}")
        assert np.allclose(x, before, atol=1e-9), "Afterwards x must hold the values that it held before."
    equal(numerical_gradient(cubes, np.array([1.0]), 0.1), [3.01], "x³ at 1, h = 0.1: up and down, the slope")


def test_Value(Value):
    """Each operation and values that are used twice, against measured slopes; two expressions."""
    formulas = "a + b, (a + b) * a, (a - b) / a, -(a / b), a ** 3, b ** -2, a.exp(), a.log(), "
    formulas += "(a * b).tanh(), a.relu() + (-b).relu(), 2 + a - 3, 2 - a, 2 * a / 4, 2 / a, "
    formulas += "(e := a + 1) + (e + b), ((e := a + 1) + b) + e"
    for formula in formulas.split(", "):
        a, b = Value(1.5), Value(0.5)
        eval(formula, {"a": a, "b": b}).backward()
        measured = slopes(lambda x, f=formula: eval(f, {"a": Value(x[0]), "b": Value(x[1])}).data, [1.5, 0.5])
        equal([a.grad, b.grad], measured, f"{formula}, a = 1.5, b = 0.5: the grads (measured by your data)")
    assert (2 - Value(3.0)).data == -1, f"2 - 3 is -1, not {(2 - Value(3.0)).data:g}."
    a = Value(1.0)
    (a + 1).backward()
    (a + 2).backward()
    assert a.grad == 2, f"The grads of two expressions add up to 2 for a, not {a.grad:g}."


def test_linear(linear_forward, linear_backward):
    """Two axes of samples, a bias or none."""
    x, dout = np.arange(24.0).reshape(2, 4, 3), np.ones((2, 4, 2))
    w = np.array([[1.0, 2.0, 3.0], [0.0, 1.0, 0.0]])
    out, cache = linear_forward(x, w, np.array([0.5, 0.0]))
    equal(out, np.stack([x @ w[0] + 0.5, x @ w[1]], axis=-1), "x (2, 4, 3), w (2, 3), b (0.5, 0): out")
    dx, dw, db = linear_backward(dout, cache)
    equal(dx, np.broadcast_to([1.0, 3.0, 3.0], x.shape), "dout = 1: dx, a sum over the outputs,")
    equal(dw, [x.sum(axis=(0, 1))] * 2, "dout = 1: dw, a sum over all samples,")
    equal(db, [8, 8], "Eight samples with dout 1: db, a sum,")
    assert linear_backward(dout, linear_forward(x, w)[1])[2] is None, "Without a bias, db is None."
    assert (dout == 1).all(), "You have written into dout."


def test_activations(
    relu_forward, relu_backward, sigmoid_forward, sigmoid_backward, tanh_forward, tanh_backward
):
    """Each slope against a measured one, a leaky ReLU, and far away from 0."""
    x, dout = np.array([0.3, -1.2, 2.0]), np.array([1.0, 2.0, 3.0])
    for name, forward, backward in (
        ("ReLU", relu_forward, relu_backward),
        ("leaky ReLU", lambda x: relu_forward(x, 0.5), relu_backward),
        ("sigmoid", sigmoid_forward, sigmoid_backward),
        ("tanh", tanh_forward, tanh_backward),
    ):
        measured = slopes(lambda x, forward=forward: (forward(x)[0] * dout).sum(), x)
        equal(backward(dout, forward(x)[1]), measured, f"{name} at {x}, dout {dout}: dx, measured,")
    assert (dout == [1, 2, 3]).all(), "You have written into dout."
    with np.errstate(all="raise", under="ignore"):  # an overflow is an error here
        equal(sigmoid_forward(np.array([1000.0, -1000.0]))[0], [1, 0], "The sigmoid of 1000 and -1000")


def test_cross_entropy(cross_entropy):
    """A batch, large logits, a tiny probability, other labels."""
    logits, target = np.array([[0.0, 1.0, 3.0], [2.0, -1.0, 0.0]]), np.array([1, 0])
    loss, dlogits = cross_entropy(logits, target)
    (one, d_one), (two, d_two) = (cross_entropy(logits[i : i + 1], target[i : i + 1]) for i in range(2))
    equal(loss, (one + two) / 2, "The loss of two samples, their mean,")
    equal(dlogits, np.concatenate([d_one, d_two]) / 2, "dlogits of two samples, with the factor 1/N,")
    for shift in (1e4, np.array([[1e4], [-1e4]])):
        for came, before in zip(cross_entropy(logits + shift, target), (loss, dlogits), strict=True):
            equal(came, before, "With 10,000 more or less on all logits of a sample, nothing changes: it")
    cost, _ = cross_entropy(np.array([[0.0, -1000.0]]), np.array([1]))
    equal(cost, 1000, "The cost of probability exp(-1000)")
    equal(cross_entropy(logits, target.astype(np.uint8))[0], loss, "With uint8 labels the loss")
    assert (logits == [[0, 1, 3], [2, -1, 0]]).all(), "You have written into logits."


def test_linear_layer(Linear):
    """Weights, and two passes there and back."""
    drawn = np.random.default_rng(0).normal(0, (2 / 3) ** 0.5, size=(2, 3))
    equal(Linear(3, 2, rng=np.random.default_rng(0)).weight, drawn, "weight, by one call of rng.normal,")
    assert Linear(3, 2, bias=False, rng=np.random.default_rng(0)).bias is None, "bias=False: bias is None."
    layer = Linear(3, 1, rng=np.random.default_rng(0))
    equal(layer.bias, [0], "At first bias")
    layer.weight, layer.bias = np.array([[1.0, 10.0, 100.0]]), np.array([0.5])
    for scale in (1.0, 2.0):
        equal(layer.forward(np.array([[1.0, 2.0, 3.0]])), [[321.5]], "out")
        equal(layer.backward(np.array([[scale]])), scale * layer.weight, "dx")
        equal(layer.weight_grad, [[scale, 2 * scale, 3 * scale]], "weight_grad, set anew by each backward,")
        equal(layer.bias_grad, [scale], "bias_grad, set anew by each backward,")


def test_MLP(MLP):
    """A network on paper, then all gradients against measured ones."""
    model = MLP([1, 1, 1], rng=np.random.default_rng(0))
    model.layers[0].weight[...], model.layers[1].weight[...] = 2.0, -3.0
    logits = model.forward(np.array([[1.0], [-1.0]]))
    equal(logits, [[-6], [0]], "1 -> 2 -> -6 and -1 -> -2 -> 0 -> 0: the logits")
    model, rng = MLP([3, 5, 4, 2], rng=np.random.default_rng(0)), np.random.default_rng(1)
    x, dout = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
    before = model.forward(x)
    model.backward(dout)
    gradients = [g.copy() for g in model.grads()]
    for number, (p, g) in enumerate(zip(model.params(), gradients, strict=True)):
        place = (0,) * p.ndim
        p[place] += 1e-6
        equal(g[place], ((model.forward(x) - before) * dout).sum() / 1e-6, f"grads()[{number}], measured,")
        p[place] -= 1e-6


def test_train_step(train_step):
    """One step of a model with two weights for each class."""

    class Model:
        params = staticmethod(lambda: [first, last])

        def forward(self, x):
            self.x = x
            return x * first * last

        def backward(self, dlogits):
            grads = [(dlogits * weight * self.x).sum(axis=0) for weight in (last, first)]
            self.grads = lambda: grads

    first, last = np.array([2.0, 2.0]), np.zeros(2)
    equal(train_step(Model(), np.ones((1, 2)), np.array([0]), 0.5), np.log(2), "The loss before the step")
    equal(last, [0.5, -0.5], "A weight 0 - 0.5 · (-1, 1), in the array of params(),")
    equal(first, [2, 2], "A weight whose gradient is 0 before the others are changed")


def test_bug_hunt(bug_hunt, tapes_fit):
    """What hasty_backward makes of the two tapes."""
    tapes_fit(bug_hunt())


def test_check_gradient(check_gradient):
    """The gradient of x³, and one that ignores dout."""
    forward, x = lambda x: (x**3, x), [np.array([0.5, -1.0, 2.0])]
    for right, backward in ((True, lambda dout, x: (3 * x**2 * dout,)), (False, lambda dout, x: (3 * x**2,))):
        worst = check_gradient(forward, backward, x, np.random.default_rng(0))
        said = "The gradient of x³ is 3 x² dout." if right else "Who ignores dout must be seen: draw it."
        assert (worst < 1e-6) == right, said
