"""Public checks: the examples by hand, and a small case of each criterion. Hidden checks decide the mark."""

import numpy as np


def measured(f, x, h=1e-6):
    """The slope of f for each number of a row x."""
    return np.array([(f(x + step) - f(x - step)) / (2 * h) for step in h * np.eye(len(x))])


def test_numerical_gradient(numerical_gradient):
    """x² at 3, then an array, a large step, whole numbers and a view."""

    def cubes(x):
        return float((x**3).sum())

    slope = numerical_gradient(lambda x: float((x**2).sum()), np.array([3.0]))
    assert np.shape(slope) == (1,), f"The gradient must have the shape of x, (1,), not {np.shape(slope)}."
    assert np.allclose(slope, 6), f"The slope of x² at 3 is 6, not {slope[0]:g}."
    x = np.array([[1.0, 2.0], [-3.0, 0.0]])
    slope = numerical_gradient(cubes, x)
    before = np.array([[1.0, 2.0], [-3.0, 0.0]])
    assert np.allclose(x, before, rtol=0, atol=1e-12), (
        "Afterwards x must hold the values that it held before."
    )
    assert np.allclose(slope, 3 * before**2), "Move one number at a time, and all others stay."
    slope = numerical_gradient(cubes, np.array([1.0]), 0.1)
    assert not np.allclose(slope, 3.31), "(f(x + h) - f(x)) / h is one-sided: take a step up and a step down."
    assert np.allclose(slope, 3.01), f"The central difference of x³ at 1, h = 0.1, is 3.01, not {slope[0]:g}."
    whole = numerical_gradient(cubes, np.array([1, 2]))
    assert np.allclose(whole, [3, 12]), f"For whole numbers 1 and 2: 3 and 12, not {whole}. Was h cut off?"
    view = np.arange(6.0).reshape(2, 3).T
    assert np.allclose(numerical_gradient(cubes, view), 3 * view**2), "A transposed x: f must see your step."


def test_Value_operators(Value):
    """Each operation by itself, against a measured slope."""
    formulas = {
        "a + b": lambda a, b: a + b,
        "(a + b) * a": lambda a, b: (a + b) * a,
        "(a - b) / a": lambda a, b: (a - b) / a,
        "-(a / b)": lambda a, b: -(a / b),
        "a ** 3": lambda a, b: a**3,
        "b ** -2": lambda a, b: b**-2,
        "a.exp()": lambda a, b: a.exp(),
        "a.log()": lambda a, b: a.log(),
        "(a * b).tanh()": lambda a, b: (a * b).tanh(),
        "a.relu() + (-b).relu()": lambda a, b: a.relu() + (-b).relu(),
        "2 + a - 3": lambda a, b: 2 + a - 3,
        "2 - a": lambda a, b: 2 - a,
        "2 * a / 4": lambda a, b: 2 * a / 4,
        "2 / a": lambda a, b: 2 / a,
    }
    for name, formula in formulas.items():
        x = np.array([1.5, 0.5])
        a, b = Value(1.5), Value(0.5)
        formula(a, b).backward()
        expected = measured(lambda x, formula=formula: formula(Value(x[0]), Value(x[1])).data, x)
        assert np.allclose([a.grad, b.grad], expected, atol=1e-6), (
            f"{name} with a = 1.5, b = 0.5: your grads are {a.grad:g} and {b.grad:g}, the measured slopes "
            f"of your data are {expected[0]:g} and {expected[1]:g}."
        )


def test_Value(Value):
    """The example by hand, and values that are used twice."""
    a, b = Value(3.0), Value(2.0)
    z = (a + b) * (a - b)
    z.backward()
    assert z.data == 5, f"(3 + 2)(3 - 2) is 5, not {z.data:g}."
    assert a.grad == 6, f"a.grad by hand is 6, not {a.grad:g}: a gets a share from a + b and one from a - b."
    assert b.grad == -4, f"b.grad by hand is -4, not {b.grad:g}."
    assert np.isclose((2 - a).data, -1), f"2 - a with a = 3 is -1, not {(2 - a).data:g}."
    for name, formula in {"e + (e + 1)": lambda e: e + (e + 1), "(e + 1) + e": lambda e: (e + 1) + e}.items():
        a = Value(1.0)
        formula(a + 1).backward()
        assert a.grad == 2, (
            f"{name} with e = a + 1: a.grad is 2, not {a.grad:g}. e must wait for both shares."
        )
    a = Value(1.0)
    (a + 1).backward()
    (a + 2).backward()
    assert a.grad == 2, f"The grads of two expressions add up to 2 for a, not {a.grad:g}."


def test_linear(linear_forward, linear_backward):
    """The example by hand, then several samples and axes."""
    x, w = np.array([[1.0, 2.0]]), np.array([[1.0, 10.0], [100.0, 1000.0]])
    out, cache = linear_forward(x, w, np.array([0.5, 0.0]))
    assert np.allclose(out, [[21.5, 2100]]), f"By hand, with the bias (0.5, 0): 21.5 and 2100, not {out}."
    gradients = linear_backward(np.array([[1.0, 2.0]]), cache)
    assert isinstance(gradients, (tuple, list)) and len(gradients) == 3, "Return three things: dx, dw and db."
    for name, mine, hand in zip(
        ("dx", "dw", "db"), gradients, ([[201, 2010]], [[1, 2], [2, 4]], [1, 2]), strict=True
    ):
        assert np.shape(mine) == np.shape(hand), (
            f"{name} has the shape {np.shape(mine)}, not {np.shape(hand)}."
        )
        assert np.allclose(mine, hand), f"{name} by hand is {hand}, not {np.asarray(mine).tolist()}."
    assert linear_backward(out, linear_forward(x, w)[1])[2] is None, "Without a bias, db is None."
    x, w, dout = (
        np.arange(24.0).reshape(2, 4, 3),
        np.array([[1.0, 2.0, 3.0], [0.0, 1.0, 0.0]]),
        np.ones((2, 4, 2)),
    )
    out, cache = linear_forward(x, w, np.zeros(2))
    assert np.shape(out) == (2, 4, 2), f"x (2, 4, 3) and w (2, 3): out is (2, 4, 2), not {np.shape(out)}."
    dx, dw, db = linear_backward(dout, cache)
    assert np.shape(dx) == x.shape, f"dx must have the shape of x, {x.shape}, not {np.shape(dx)}."
    assert np.allclose(db, 8), f"Eight samples with dout 1: db is 8 and 8, not {db}. It is a sum."
    assert np.shape(dw) == w.shape, f"dw must have the shape of w, {w.shape}, not {np.shape(dw)}."
    assert np.allclose(dw, x.sum(axis=(0, 1))), "dw is a sum over all samples, whatever axes they stand in."
    assert np.allclose(dout, 1), "You have written into dout."


def test_activations(
    relu_forward, relu_backward, sigmoid_forward, sigmoid_backward, tanh_forward, tanh_backward
):
    """Values by hand, then each slope against a measured one, and far away from 0."""
    out, cache = relu_forward(np.array([-2.0, 3.0]), 0.5)
    assert np.allclose(out, [-1, 3]), f"A leaky ReLU with slope 0.5 makes -1 and 3 of -2 and 3, not {out}."
    assert np.allclose(relu_forward(np.array([-2.0, 3.0]))[0], [0, 3]), "Without a slope, -2 becomes 0."
    dout = np.array([10.0, 10.0])
    assert np.allclose(relu_backward(dout, cache), [5, 10]), "The slope of the leaky ReLU is 0.5, then 1."
    at_zero = relu_backward(dout, relu_forward(np.zeros(2))[1])
    assert np.allclose(at_zero, 0), f"At 0 the ReLU has the slope of the negative numbers, 0: not {at_zero}."
    assert np.allclose(dout, 10), "You have written into dout."
    assert np.allclose(sigmoid_forward(np.array([0.0, np.log(3)]))[0], [0.5, 0.75]), "sigmoid(log 3) is 3/4."
    with np.errstate(all="raise", under="ignore"):
        far = sigmoid_forward(np.array([1000.0, -1000.0]))[0]  # an overflow is an error here
    assert np.allclose(far, [1, 0]), f"The sigmoid of 1000 and -1000 is 1 and 0, not {far}."
    x = np.array([0.3, -1.2, 2.0])
    for name, forward, backward in (
        ("sigmoid", sigmoid_forward, sigmoid_backward),
        ("tanh", tanh_forward, tanh_backward),
    ):
        dx = backward(np.array([1.0, 2.0, 3.0]), forward(x)[1])
        expected = measured(lambda x, forward=forward: (forward(x)[0] * [1.0, 2.0, 3.0]).sum(), x)
        assert np.allclose(dx, expected, atol=1e-6), (
            f"{name}: dx is {dx}; measured it is {expected.round(4)}."
        )


def test_cross_entropy(cross_entropy):
    """The example by hand, a batch, and large logits."""
    answer = cross_entropy(np.array([[0.0, 0.0, np.log(2.0)]]), np.array([2]))
    assert isinstance(answer, (tuple, list)) and len(answer) == 2, "Return two things: loss and dlogits."
    loss, dlogits = answer
    assert np.ndim(loss) == 0, "The loss is one number."
    assert np.isclose(loss, np.log(2)), f"By hand the loss is log 2 = 0.6931, not {loss:.4f}."
    assert np.allclose(dlogits, [[0.25, 0.25, -0.5]]), f"By hand: 0.25 0.25 -0.5, not {dlogits}."
    logits, target = np.array([[0.0, 1.0, 3.0], [2.0, -1.0, 0.0]]), np.array([1, 0])
    single = [cross_entropy(logits[i : i + 1], target[i : i + 1]) for i in range(2)]
    loss, dlogits = cross_entropy(logits, target)
    assert np.isclose(loss, (single[0][0] + single[1][0]) / 2), "The loss of two samples is their mean."
    both = np.concatenate([single[0][1], single[1][1]]) / 2
    assert np.allclose(dlogits, both), "The loss is a mean over N samples, so the gradient has a factor 1/N."
    shifted = cross_entropy(logits + 1e4, target)
    assert np.isclose(shifted[0], loss), (
        f"10,000 more on all logits changes nothing; the loss is {shifted[0]}."
    )
    assert np.allclose(shifted[1], dlogits), "10,000 more on all logits changes nothing in dlogits."
    apart = cross_entropy(logits + np.array([[1e4], [-1e4]]), target)[0]
    assert np.isclose(apart, loss), f"Two samples with scores that are 20,000 apart; the loss is {apart}."
    rare = cross_entropy(np.array([[0.0, -1000.0]]), np.array([1]))[0]
    assert np.isclose(rare, 1000), f"A probability of exp(-1000) costs 1000, not {rare}."
    assert np.isclose(cross_entropy(logits, target.astype(np.uint8))[0], loss), "Labels may be uint8, too."
    assert np.allclose(logits, [[0, 1, 3], [2, -1, 0]]), "You have written into logits."


def test_linear_layer(Linear):
    """Weights, a pass there and back, and a second one."""
    layer = Linear(3, 200, rng=np.random.default_rng(0))
    assert np.shape(layer.weight) == (200, 3), (
        f"weight is (out, in) = (200, 3), not {np.shape(layer.weight)}."
    )
    spread = np.std(layer.weight)
    assert 0.7 < spread < 0.93, f"Weights of 3 inputs spread by sqrt(2/3) = 0.82; yours by {spread:.2f}."
    drawn = np.random.default_rng(0).normal(0, (2 / 3) ** 0.5, size=(200, 3))
    assert np.allclose(layer.weight, drawn), "Draw the weights in one call of rng.normal, in their shape."
    assert np.allclose(layer.bias, np.zeros(200)), "The bias begins at 0."
    assert Linear(3, 2, bias=False, rng=np.random.default_rng(0)).bias is None, "bias=False: bias is None."
    layer.weight, layer.bias = np.array([[1.0, 10.0, 100.0]]), np.array([0.5])
    for scale in (1.0, 2.0):
        out = layer.forward(np.array([[1.0, 2.0, 3.0]]))
        assert np.allclose(out, 321.5), f"1 + 20 + 300 + 0.5 is 321.5, not {out}."
        dx = layer.backward(np.array([[scale]]))
        assert np.allclose(dx, [[scale, 10 * scale, 100 * scale]]), "backward returns dx."
        assert np.allclose(layer.weight_grad, [[scale, 2 * scale, 3 * scale]]), (
            "backward sets weight_grad anew."
        )
        assert np.allclose(layer.bias_grad, scale), "backward sets bias_grad anew."


def test_MLP(MLP):
    """A network on paper, then all gradients against measured ones."""
    model = MLP([1, 1, 1], rng=np.random.default_rng(0))
    for layer, weight in zip(model.layers, (2.0, -3.0), strict=True):
        layer.weight[...] = weight
    logits = model.forward(np.array([[1.0], [-1.0]]))
    assert np.allclose(logits, [[-6], [0]]), f"1 -> 2 -> -6 and -1 -> -2 -> 0 -> 0; yours: {logits.ravel()}."
    model = MLP([3, 5, 4, 2], rng=np.random.default_rng(0))
    shapes = [np.shape(p) for p in model.params()]
    assert shapes == [(5, 3), (5,), (4, 5), (4,), (2, 4), (2,)], f"weight, bias, weight, ...: not {shapes}."
    x, dout = np.random.default_rng(1).normal(size=(6, 3)), np.random.default_rng(2).normal(size=(6, 2))
    before = model.forward(x)
    model.backward(dout)
    gradients = [np.array(g) for g in model.grads()]
    for number, p in enumerate(model.params()):
        place = (0,) * p.ndim
        p[place] += 1e-6
        slope = (dout * (model.forward(x) - before)).sum() / 1e-6
        p[place] -= 1e-6
        mine = gradients[number][place]
        assert abs(slope - mine) < 1e-3 * max(1, abs(mine)), (
            f"grads()[{number}] begins with {mine:.4f}; measured by way of params() it is {slope:.4f}."
        )


def test_train_step(train_step):
    """One step of a model with one weight for each class."""

    class Scores:
        def __init__(self):
            self.weight = np.zeros(2)

        def forward(self, x):
            self.x = x
            return x * self.weight

        def backward(self, dlogits):
            self.grad = (dlogits * self.x).sum(axis=0)

        def params(self):
            return [self.weight]

        def grads(self):
            return [self.grad]

    model = Scores()
    loss = train_step(model, np.ones((1, 2)), np.array([0]), 0.5)
    assert np.isclose(loss, np.log(2)), f"The loss before the step is log 2 = 0.6931, not {loss:.4f}."
    assert not np.allclose(model.weight, 0), (
        "The parameters have not changed: write into the arrays of params()."
    )
    assert np.allclose(model.weight, [0.25, -0.25]), (
        f"0 - 0.5 · (-0.5, 0.5) = (0.25, -0.25), not {model.weight}."
    )


def test_bug_hunt(bug_hunt, play, hasty_backward):
    """The form of the two tapes, and what hasty_backward makes of the sharp one."""
    answer = bug_hunt()
    assert isinstance(answer, (tuple, list)) and len(answer) == 2, "Return two tapes, (blind, sharp)."
    for name, tape in zip(("blind", "sharp"), answer, strict=True):
        assert isinstance(tape, (tuple, list)) and 1 <= len(tape) <= 8, f"{name}: a list of 1 to 8 steps."
        for number, (kind, *places) in enumerate(tape, 2):
            assert kind in ("add", "mul", "tanh"), f"{name}: there is no step {kind!r}."
            assert len(places) == (1 if kind == "tanh" else 2), (
                f"{name}: {kind} has one operand too many or too few."
            )
            assert all(0 <= i < number for i in places), f"{name}: step {number} can use 0 to {number - 1}."
    grads = []
    for backward in (lambda root: root.backward(), hasty_backward):
        values = play(answer[1])
        backward(values[-1])
        grads.append([leaf.grad for leaf in values[:2]])
    assert not np.allclose(*grads), "sharp is not sharp: hasty_backward and your own give the same grads."


def test_cross_entropy_general(cross_entropy_general):
    """Even logits cost log C, ignored samples nothing."""
    logits = np.array([[0.0, 0.0, 0.0], [1.0, 2.0, 3.0]])
    loss, dlogits = cross_entropy_general(logits, np.array([0, -1]), 0.3, -1)
    assert np.isclose(loss, np.log(3)), f"The second sample is ignored, so the loss is log 3, not {loss:.4f}."
    hand = [1 / 3 - 0.8, 1 / 3 - 0.1, 1 / 3 - 0.1]
    assert np.allclose(dlogits, [hand, [0, 0, 0]]), f"dlogits is {dlogits}; by hand {hand} and zeros."
    loss, dlogits = cross_entropy_general(logits, np.array([-1, -1]), 0.0, -1)
    assert loss == 0 and not np.any(dlogits), "If all samples are ignored, loss and gradient are 0."


def test_check_gradient(check_gradient):
    """A right backward pass of x² y, and two wrong ones."""

    def forward(x, y):
        return x**2 * y, (x, y)

    def worst(factor, ones=False):
        def backward(dout, cache):
            x, y = cache
            dout = np.ones(dout.shape) if ones else dout
            return 2 * x * y * dout, factor * x**2 * dout

        inputs = [np.array([1.0, 2.0, 3.0]), np.array([-1.0, 0.5, 2.0])]
        return check_gradient(forward, backward, inputs, np.random.default_rng(0))

    assert worst(1.0) < 1e-6, f"For a right backward pass it is tiny, not {worst(1.0):g}."
    assert worst(1.1) > 1e-4, "The second gradient is 10 % too large, and you do not notice."
    assert worst(1.0, ones=True) > 1e-4, "A backward pass that ignores dout is not noticed: draw dout."
