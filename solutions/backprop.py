"""Backpropagation in NumPy: slopes measured, slopes of single numbers, slopes of whole arrays, a network.

Letters, as in PyTorch: N samples, C classes; a weight is (out, in). `dout` is the gradient of the loss with
respect to an output, `dx` that with respect to an input. A forward function returns (out, cache), and its
backward function takes (dout, cache).
"""

import math
from itertools import pairwise

import numpy as np


def numerical_gradient(f, x, h=1e-5):
    """Measure the gradient of f at x by central differences: (f(x + h) - f(x - h)) / 2h.

    Args:
        f: a function that takes an array of x's shape and returns a float.
        x: array of any shape and layout in memory, floats or whole numbers. Each number is moved while all
            others stay. Afterwards x holds the values that it held before.
        h: the step up and down, float > 0.
    Returns:
        float64 array of the shape of x: the slope of f for each number of x.
    Source: Press and others (2007), Numerical Recipes, section 5.7, eq. 5.7.7.

    >>> float(numerical_gradient(lambda x: float((x**2).sum()), np.array([3.0]), h=0.1)[0].round(6))
    6.0
    """
    x = np.array(x, dtype=np.float64)  # a copy, in which whole numbers may get a fraction
    slopes = np.empty_like(x)
    for place in np.ndindex(x.shape):
        middle = x[place]
        x[place] = middle + h
        up = f(x)
        x[place] = middle - h
        down = f(x)
        x[place] = middle
        slopes[place] = (up - down) / (2 * h)
    return slopes


class Value:
    """A number that remembers what it was made from, so that blame for a result can be passed back.

    Each operation makes a new Value. The other operand of `+ - * /` may be a plain number, on either side;
    the exponent of `**` always is one.

    Attributes, the first three also arguments:
        data: the number.
        parents: the Values that it was made from, a tuple.
        slopes: for each parent, how much the new number grows per growth of this parent (the derivative).
        grad: float, 0.0 at first. After `z.backward()`: how much z grows per growth of this number.
    Source: Goodfellow, Bengio and Courville (2016), Deep Learning, section 6.5.6; A. Karpathy's micrograd.

    >>> a, b = Value(3.0), Value(2.0)
    >>> z = (a + b) * (a - b)
    >>> z.backward()
    >>> z.data, a.grad, b.grad
    (5.0, 6.0, -4.0)
    """

    def __init__(self, data, parents=(), slopes=()):  # given
        self.data, self.grad = float(data), 0.0
        self.parents, self.slopes = parents, slopes

    def __repr__(self):  # given
        return f"Value({self.data:.4g}, grad={self.grad:.4g})"

    def __add__(self, other):
        other = _value(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __radd__(self, other):
        return self + other

    def __sub__(self, other):
        other = _value(other)
        return Value(self.data - other.data, (self, other), (1.0, -1.0))

    def __rsub__(self, other):
        return _value(other) - self

    def __neg__(self):
        return Value(-self.data, (self,), (-1.0,))

    def __mul__(self, other):
        other = _value(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def __rmul__(self, other):
        return self * other

    def __truediv__(self, other):
        other = _value(other)
        out = self.data / other.data
        return Value(out, (self, other), (1 / other.data, -out / other.data))

    def __rtruediv__(self, other):
        return _value(other) / self

    def __pow__(self, exponent):
        return Value(self.data**exponent, (self,), (exponent * self.data ** (exponent - 1),))

    def exp(self):
        """e to the power of self."""
        out = math.exp(self.data)
        return Value(out, (self,), (out,))

    def log(self):
        """The natural logarithm of self, which is above 0."""
        return Value(math.log(self.data), (self,), (1 / self.data,))

    def tanh(self):
        """The hyperbolic tangent of self."""
        out = math.tanh(self.data)
        return Value(out, (self,), (1 - out**2,))

    def relu(self):
        """self where it is positive, else 0."""
        return Value(max(self.data, 0.0), (self,), (float(self.data > 0),))

    def backward(self):
        """Fill in the grad of every Value that this one was made from.

        This Value gets grad 1. Then each Value *adds* to the grad of each parent: slope times its own grad.
        It does so once, and only after every Value that uses it has added to its own grad. What was in the
        grads of the leaves stays in the sum: two expressions add up their shares.
        """
        self.grad = 1.0
        for value in reversed(_parents_first(self)):
            for parent, slope in zip(value.parents, value.slopes):
                parent.grad += slope * value.grad


def _value(number):
    """A plain number as a Value."""
    return number if isinstance(number, Value) else Value(number)


def _parents_first(root):
    """Everything that root was made from and root itself, each after its parents; no recursion."""
    order, met, left = [], set(), [(root, False)]
    while left:
        value, parents_done = left.pop()
        if parents_done:
            order.append(value)
        elif value not in met:
            met.add(value)
            left.append((value, True))
            left += [(parent, False) for parent in value.parents]
    return order


def linear_forward(x, w, b=None):
    """A fully connected layer: out[n, o] = b[o] + sum over i of x[n, i] w[o, i].

    Args:
        x: (N, in) samples, or (N, ..., in) with further axes between. Not changed.
        w: (out, in) weights, one row for each output. Not changed.
        b: (out,) bias, or None.
    Returns:
        out: (N, ..., out).
        cache: whatever `linear_backward` needs. Only your own code looks into it.
    Source: Goodfellow, Bengio and Courville (2016), Deep Learning, eq. 6.36.

    >>> x, w = np.array([[1.0, 2.0]]), np.array([[1.0, 10.0], [100.0, 1000.0]])
    >>> linear_forward(x, w)[0].tolist()
    [[21.0, 2100.0]]
    """
    return x @ w.T + (0 if b is None else b), (x, w, b is not None)


def linear_backward(dout, cache):
    """Gradients of a loss with respect to x, w and b of `linear_forward`.

    Args:
        dout: (N, ..., out), the gradient of the loss with respect to out. Not changed.
        cache: from the `linear_forward` that made out; it can be used a second time.
    Returns:
        dx: of the shape of x, a sum over the outputs.
        dw: (out, in), a sum over the samples (no mean: the loss takes care of that).
        db: (out,), likewise, or None if the forward pass had no bias.
    Source: Goodfellow, Bengio and Courville (2016), Deep Learning, section 6.5.6 (the operation matmul).

    >>> x, w = np.array([[1.0, 2.0]]), np.array([[1.0, 10.0], [100.0, 1000.0]])
    >>> dx, dw, db = linear_backward(np.array([[1.0, 2.0]]), linear_forward(x, w, np.zeros(2))[1])
    >>> dx.tolist(), dw.tolist(), db.tolist()
    ([[201.0, 2010.0]], [[1.0, 2.0], [2.0, 4.0]], [1.0, 2.0])
    """
    x, w, has_bias = cache
    dx, rows = dout @ w, dout.reshape(-1, w.shape[0])  # all axes but the last are samples
    return dx, rows.T @ x.reshape(-1, w.shape[1]), rows.sum(axis=0) if has_bias else None


def relu_forward(x, slope=0.0):
    """Let positive numbers of x through; others times slope (0: the ReLU, above 0: a leaky one).

    x has any shape and is not changed. Returns out, of the same shape, and a cache for `relu_backward`.
    Source: Maas, Hannun and Ng (2013), Rectifier Nonlinearities Improve Acoustic Models, eq. 2.

    >>> relu_forward(np.array([-2.0, 3.0]), slope=0.5)[0].tolist()
    [-1.0, 3.0]
    """
    return np.where(x > 0, x, slope * x), (x, slope)


def relu_backward(dout, cache):
    """dout and the cache -> dx: dout (not changed) where x was positive, else (at 0 too) slope times dout.

    Source: Maas, Hannun and Ng (2013), section 2; 0 at 0 is PyTorch's choice among the subgradients.

    >>> _, cache = relu_forward(np.array([-2.0, 0.0, 3.0]))
    >>> relu_backward(np.array([5.0, 6.0, 7.0]), cache).tolist()
    [0.0, 0.0, 7.0]
    """
    x, slope = cache
    return np.where(x > 0, dout, slope * dout)


def sigmoid_forward(x):
    """1 / (1 + exp(-x)) of an array x of any shape, which is not changed. Returns out and a cache.

    Numbers of any size: at +-1000 nothing overflows and NumPy does not warn.
    Source: Goodfellow, Bengio and Courville (2016), Deep Learning, eq. 3.30.

    >>> sigmoid_forward(np.array([0.0, np.log(3.0), -1000.0]))[0].tolist()
    [0.5, 0.75, 0.0]
    """
    small = np.exp(-np.abs(x))
    out = np.where(x > 0, 1.0, small) / (1.0 + small)
    return out, out


def sigmoid_backward(dout, cache):
    """dout and the cache -> dx: dout (not changed) times s (1 - s), where s is the sigmoid's *output*.

    Source: Goodfellow, Bengio and Courville (2016), Deep Learning, eq. 3.32.

    >>> sigmoid_backward(np.array([16.0]), sigmoid_forward(np.array([np.log(3.0)]))[1]).tolist()
    [3.0]
    """
    return dout * cache * (1 - cache)


def tanh_forward(x):
    """The hyperbolic tangent of an array x of any shape, which is not changed. Returns out and a cache.

    Source: Goodfellow, Bengio and Courville (2016), Deep Learning, section 6.3.2.

    >>> tanh_forward(np.array([0.0, np.log(2.0)]))[0].round(6).tolist()  # (2 - 1/2) / (2 + 1/2)
    [0.0, 0.6]
    """
    out = np.tanh(x)
    return out, out


def tanh_backward(dout, cache):
    """dout and the cache -> dx: dout (not changed) times 1 - t², where t is the output.

    Source: Goodfellow, Bengio and Courville (2016), Deep Learning, section 6.3.2.

    >>> tanh_backward(np.array([100.0]), tanh_forward(np.array([np.log(2.0)]))[1]).round(6).tolist()
    [64.0]
    """
    return dout * (1 - cache**2)


def cross_entropy(logits, target):
    """Mean of -log p[target] over the samples, p = softmax(logits) along each row, and its gradient.

    Args:
        logits: (N, C) scores, of any size: at +-1e4 the results are finite and exact. So write log p as a
            difference, logits minus log-sum-exp; p may be rounded to 0. Not changed.
        target: (N,) numbers of the right classes, 0 to C - 1, any integer dtype.
    Returns:
        loss: float, in nats.
        dlogits: (N, C), the gradient of the loss, (p - 1 at the target) / N.
    Source: Goodfellow, Bengio and Courville (2016), Deep Learning, eq. 6.30 and 6.31.

    >>> loss, dlogits = cross_entropy(np.array([[0.0, 0.0, np.log(2.0)]]), np.array([2]))
    >>> round(loss, 4), dlogits.round(6).tolist()
    (0.6931, [[0.25, 0.25, -0.5]])
    """
    shifted = logits - logits.max(axis=1, keepdims=True)  # the greatest exponent is 0: nothing overflows
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    rows = np.arange(len(logits))
    dlogits = np.exp(log_p)
    dlogits[rows, target] -= 1
    return float(-log_p[rows, target].mean()), dlogits / len(logits)


class Linear:
    """A fully connected layer that keeps its weights, and after a backward pass their gradients.

    Args:
        in_features, out_features: ints >= 1. bias: whether there is one.
        rng: draws the weights by one rng.normal(0, sqrt(2 / in_features), size=(out_features, in_features)).
    Attributes:
        weight: (out_features, in_features). bias: (out_features,), zeros at first, or None.
        weight_grad, bias_grad: of the same shapes (or None), set anew by each backward pass.
    Source: He, Zhang, Ren and Sun (2015), Delving Deep into Rectifiers, eq. 10 (the spread of the weights).

    >>> layer = Linear(2, 3, rng=np.random.default_rng(0))
    >>> layer.forward(np.zeros((5, 2))).shape, layer.bias.tolist()
    ((5, 3), [0.0, 0.0, 0.0])
    """

    def __init__(self, in_features, out_features, *, bias=True, rng):
        self.weight = rng.normal(0, math.sqrt(2 / in_features), size=(out_features, in_features))
        self.bias = np.zeros(out_features) if bias else None

    def forward(self, x):
        """The output for x (N, ..., in_features), as in `linear_forward`; keeps what backward needs."""
        out, self._cache = linear_forward(x, self.weight, self.bias)
        return out

    def backward(self, dout):
        """Set weight_grad and bias_grad for the last forward pass; return dx."""
        dx, self.weight_grad, self.bias_grad = linear_backward(dout, self._cache)
        return dx


class MLP:
    """A network of `Linear` layers, the list `layers`, with a ReLU between any two and none after the last.

    Args:
        sizes: list of ints: the number of inputs, then of the outputs of each layer; [64, 32, 10] makes two.
        rng: the generator that the layers draw from, the first layer first.
    Source: Goodfellow, Bengio and Courville (2016), Deep Learning, algorithms 6.3 and 6.4.

    >>> model = MLP([2, 8, 3], rng=np.random.default_rng(0))
    >>> model.forward(np.zeros((5, 2))).shape, [p.shape for p in model.params()]
    ((5, 3), [(8, 2), (8,), (3, 8), (3,)])
    """

    def __init__(self, sizes, *, rng):
        self.layers = [Linear(size, after, rng=rng) for size, after in pairwise(sizes)]

    def forward(self, x):
        """The logits for x (N, sizes[0])."""
        self._caches = []
        for layer in self.layers[:-1]:
            x, cache = relu_forward(layer.forward(x))
            self._caches.append(cache)
        return self.layers[-1].forward(x)

    def backward(self, dlogits):
        """Set the gradients of all layers for the last forward pass; return the gradient for x."""
        dout = self.layers[-1].backward(dlogits)
        for layer, cache in zip(reversed(self.layers[:-1]), reversed(self._caches)):
            dout = layer.backward(relu_backward(dout, cache))
        return dout

    def params(self):
        """The layers' own arrays in a list: weight and bias of the first layer, of the second, and so on."""
        return [p for layer in self.layers for p in (layer.weight, layer.bias)]

    def grads(self):
        """The gradients of the last backward pass, in the order of `params`."""
        return [g for layer in self.layers for g in (layer.weight_grad, layer.bias_grad)]


def train_step(model, x, y, lr):
    """One step of gradient descent on a batch: loss, backward pass, then each parameter goes downhill.

    Args:
        model: an `MLP`, or anything with forward(x), backward(dlogits), params(), grads(). Use only these.
        x: inputs, an array whose first axis is N. y: (N,) numbers of the right classes.
        lr: learning rate, float > 0. Each array in params() becomes p - lr * gradient, *in place*.
    Returns:
        float, the cross entropy of the batch before the step.
    Source: Goodfellow, Bengio and Courville (2016), Deep Learning, algorithm 8.1.

    >>> model = MLP([2, 3], rng=np.random.default_rng(0))
    >>> model.layers[0].weight[...] = 0
    >>> round(train_step(model, np.ones((4, 2)), np.array([0, 1, 2, 0]), lr=0.1), 4)  # log 3
    1.0986
    """
    loss, dlogits = cross_entropy(model.forward(x), y)
    model.backward(dlogits)
    for p, g in zip(model.params(), model.grads()):
        p -= lr * g
    return loss


def hasty_backward(root):
    """Depth first; each value is handled when it is first met. There is a mistake in here."""
    root.grad, met, left = 1.0, set(), [root]
    while left:
        value = left.pop()
        if value not in met:
            met.add(value)
            for parent, slope in zip(value.parents, value.slopes):
                parent.grad += slope * value.grad
            left += reversed(value.parents)


def play(tape, backward, leaves=(0.5, -1.5)):
    """The grads of the two leaves of a tape after a backward pass from its last step."""
    values = [Value(leaf) for leaf in leaves]
    for kind, *places in tape:
        a, b = values[places[0]], values[places[-1]]
        values.append(a.tanh() if kind == "tanh" else a + b if kind == "add" else a * b)
    backward(values[-1])
    return [value.grad for value in values[:2]]


def tapes_fit(answer):
    """What the checks ask of an answer to the bug hunt."""
    assert isinstance(answer, (tuple, list)) and len(answer) == 2, "bug_hunt must return (blind, sharp)."
    for name, tape in zip(("blind", "sharp"), answer):
        assert type(tape) in (list, tuple) and 1 <= len(tape) <= 8, f"{name} must be a list of 1 to 8 steps."
        for number, step in enumerate(tape, 2):
            kind, *places = step if isinstance(step, (list, tuple)) and step else ("",)
            known = {"add": 2, "mul": 2, "tanh": 1}.get(str(kind)) == len(places)
            assert known, f'{name}: step {number} must be ("add", i, j), ("mul", i, j) or ("tanh", i).'
            earlier = all(type(place) is int and 0 <= place < number for place in places)
            assert earlier, f"{name}: step {number} must use numbers from 0 to {number - 1}."
    blind, sharp = answer
    used, uses = {len(blind) + 1}, []  # what the result of blind depends on, and each use of it
    for number, (_, *places) in reversed(list(enumerate(blind, 2))):
        uses += places if number in used else []
        used.update(uses)
    assert len(set(uses)) < len(uses), "In blind no value is used twice for the result."
    for name, leaves in (("blind", (0.5, -1.5)), ("blind", (2.0, 1.0)), ("sharp", (0.5, -1.5))):
        tape = blind if name == "blind" else sharp
        same = np.allclose(play(tape, Value.backward, leaves), play(tape, hasty_backward, leaves), rtol=1e-6)
        assert same == (name == "blind"), f"{name}: hasty_backward is {'right' if same else 'wrong'}."


def bug_hunt():
    """Find a small computation that a hasty backward pass gets right, and one that it gets wrong.

    The leaves, number 0 and 1, have the values 0.5 and -1.5. A tape is a list of 1 to 8 steps, each of which
    makes the next value: ("add", i, j), ("mul", i, j) or ("tanh", i), where i and j are numbers of leaves or
    of earlier steps (the first step makes number 2). The last step is the result.
    Returns:
        (blind, sharp), two tapes. In `blind` some value that the result depends on is used at least twice,
        and `hasty_backward` gives both leaves their right grad. In `sharp` a leaf's grad is wrong.
    Source: Goodfellow, Bengio and Courville (2016), Deep Learning, section 6.5.3 (the order of the nodes).

    >>> tape = [("add", 0, 1), ("mul", 2, 1)]  # (a + b) * b
    """
    blind = [("mul", 0, 0)]
    sharp = [("add", 0, 1), ("tanh", 2), ("mul", 2, 3)]
    return blind, sharp


def cross_entropy_general(logits, target, label_smoothing=0.0, ignore_index=None):
    """`cross_entropy` for labels that are not quite trusted, and for samples that do not count.

    A sample costs -sum_c q[c] log p[c]. Its answer q is 1 - e at the target, plus e / C at each class.
    Returns loss and dlogits, as `cross_entropy` does.
    Args:
        logits, target: as in `cross_entropy`. Not changed.
        label_smoothing: e, 0 <= e < 1.
        ignore_index: samples with this target, often -1 or -100, do not count: their gradient is 0, and the
            mean is over the others. If all are ignored, the loss is 0.0 (PyTorch: NaN). None: all count.
    Source: Szegedy and others (2016), Rethinking the Inception Architecture, section 7 (label smoothing).

    >>> loss, dlogits = cross_entropy_general(np.zeros((2, 2)), np.array([0, -1]), 0.5, ignore_index=-1)
    >>> round(loss, 4), dlogits.tolist()
    (0.6931, [[-0.25, 0.25], [0.0, 0.0]])
    >>> cross_entropy_general(np.zeros((1, 2)), np.array([-1]), ignore_index=-1)[0] == 0
    True
    """
    N, C = logits.shape
    counts = np.ones(N, bool) if ignore_index is None else target != ignore_index
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    answer = np.full((N, C), label_smoothing / C)
    answer[np.flatnonzero(counts), target[counts]] += 1 - label_smoothing
    weight = counts[:, None] / max(counts.sum(), 1)
    return float(-(weight * answer * log_p).sum()), weight * (np.exp(log_p) - answer)


def check_gradient(forward, backward, inputs, rng):
    """Is a backward pass the derivative of its forward pass? Three random directions tell.

    Draw dout, and directions u for each input. The slope of sum(dout * out) along u is measured by a central
    difference (h = 1e-5, all inputs moved at once) and computed as the sum of all gradient * u.
    Args:
        forward: takes the inputs and returns (out, cache).
        backward: takes (dout, cache) and returns a tuple of gradients, in the order of the inputs.
        inputs: list of float64 arrays. They are not changed. rng: the generator that draws dout and u.
    Returns:
        float, the worst of three relative differences, |measured - computed| / max(|measured|, |computed|):
        about 1e-8 where backward is right, 1 where it is useless.
    Source: Griewank and Walther (2008), Evaluating Derivatives, chapter 3 (directional derivatives).

    >>> backward = lambda dout, cache: (tanh_backward(dout, cache),)
    >>> check_gradient(tanh_forward, backward, [np.ones((2, 3))], np.random.default_rng(0)) < 1e-6
    True
    """
    h, differences = 1e-5, []
    for _ in range(3):
        directions = [rng.normal(size=x.shape) for x in inputs]
        out, cache = forward(*inputs)
        dout = rng.normal(size=out.shape)
        up, _ = forward(*(x + h * u for x, u in zip(inputs, directions)))
        down, _ = forward(*(x - h * u for x, u in zip(inputs, directions)))
        measured = float((dout * (up - down)).sum()) / (2 * h)
        computed = float(sum((g * u).sum() for g, u in zip(backward(dout, cache), directions)))
        differences.append(abs(measured - computed) / max(abs(measured), abs(computed)))
    return max(differences)
