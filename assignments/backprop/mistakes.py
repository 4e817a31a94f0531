"""Known mistakes of backprop, cheats, and correct variants that must pass."""

import numpy as np

from autograder.mistakes import cheat, edit, instead, mistake, variant
from solutions import backprop as reference
from solutions.backprop import (
    Linear,
    Value,
    cross_entropy,
    linear_backward,
    linear_forward,
    relu_backward,
    relu_forward,
)

# --- numerical_gradient ---

one_sided = mistake(
    edit(
        reference.numerical_gradient,
        ("down = f(x)\n        x[place] = middle", "x[place] = middle\n        down = f(x)"),
        ("(2 * h)", "h"),
    ),
    says="Your difference is one-sided: its error falls only as fast as h.",
    hint="Take one step up and one step down, and divide by the way between them.",
)
x_left_moved = mistake(
    edit(
        reference.numerical_gradient,
        ("x = np.array(x, dtype=np.float64)", "x = x if x.dtype == np.float64 else x.astype(np.float64)"),
        ("        x[place] = middle\n", ""),
    ),
    says="Your function leaves x moved by h.",
    hint="Which value had the place before you moved it?",
)
cuts_whole_numbers = mistake(
    edit(
        reference.numerical_gradient,
        ("np.array(x, dtype=np.float64)", "np.array(x)"),
        ("np.empty_like(x)", "np.zeros(x.shape)"),
    ),
    says="Your step is cut off where x holds whole numbers: an int array cannot hold 3.00001.",
    hint="Make a float copy of x first.",
)


def slopes_of_a_copy(f, x, h=1e-5):
    """Moves the numbers of a flat array, which is a copy where x is a view."""
    x = x if x.dtype == np.float64 else x.astype(np.float64)
    flat, slopes = x.reshape(-1), np.zeros(x.shape)
    for number in range(x.size):
        middle = flat[number]
        flat[number] = middle + h
        up = f(x)
        flat[number] = middle - h
        slopes.flat[number] = (up - f(x)) / (2 * h)
        flat[number] = middle
    return slopes


steps_in_a_copy = mistake(
    instead(reference.numerical_gradient, slopes_of_a_copy),
    says="Your gradient is 0 where x is a view: reshape made a copy, and f never saw your step.",
    hint="Write the step into the array that f is given.",
)
divides_by_one_step = mistake(
    edit(reference.numerical_gradient, "(2 * h)", "h"),
    says="Your slopes are twice too large.",
    hint="How far is it from x - h to x + h?",
)

# --- Value ---

overwrites_grad = mistake(
    edit(reference.Value.backward, "parent.grad += ", "parent.grad = "),
    says="A second share overwrites the first: a value that is used twice gets one share only.",
    hint="Blame from several users is added up.",
)


def backward_when_met(self):
    """Depth first, each value when it is first met."""
    met, left = {self}, [self]
    self.grad = 1.0
    while left:
        value = left.pop()
        for parent, slope in zip(value.parents, value.slopes, strict=True):
            parent.grad += slope * value.grad
        for parent in reversed(value.parents):
            if parent not in met:
                met.add(parent)
                left.append(parent)


def backward_level_by_level(self):
    """Breadth first, each value when it is first met."""
    met, left = {self}, [self]
    self.grad = 1.0
    for value in left:
        for parent, slope in zip(value.parents, value.slopes, strict=True):
            parent.grad += slope * value.grad
            if parent not in met:
                met.add(parent)
                left.append(parent)


def order_by_recursion(root):
    """Parents first, by a function that calls itself."""
    order, met = [], set()

    def visit(value):
        if value not in met:
            met.add(value)
            for parent in value.parents:
                visit(parent)
            order.append(value)

    visit(root)
    return order


def backward_along_paths(self):
    """Each path by itself."""
    self.grad = 0.0
    left = [(self, 1.0)]
    while left:
        value, share = left.pop()
        value.grad += share
        left += [(parent, slope * share) for parent, slope in zip(value.parents, value.slopes, strict=True)]


passes_on_too_early = {
    "says": "A value passes its grad on before all that use it have added to it.",
    "hint": "Order all values first, parents before children, then walk backwards.",
}
depth_first = mistake(instead(reference.Value.backward, backward_when_met), **passes_on_too_early)
breadth_first = mistake(instead(reference.Value.backward, backward_level_by_level), **passes_on_too_early)
walks_every_path = mistake(
    instead(reference.Value.backward, backward_along_paths),
    says="You walk along every path: with 25 doublings there are 33 million.",
    hint="Each value needs to be handled once, when its grad is complete.",
)
swapped_rsub = mistake(
    edit(reference.Value.__rsub__, "_value(other) - self", "self - _value(other)"),
    says="With a number on the left, you subtract the wrong way round: 2 - a became a - 2.",
    hint="Python calls a.__rsub__(2). Which of the two is subtracted?",
)
tanh_slope_of_input = mistake(
    edit(reference.Value.tanh, "1 - out**2", "1 - self.data**2"),
    says="Your slope of tanh is computed from the input.",
    hint="1 - t², where t is the result.",
)
power_slope_without_exponent = mistake(
    edit(reference.Value.__pow__, "exponent * self.data ** (exponent - 1)", "self.data ** (exponent - 1)"),
    says="Your slope of a power lacks the exponent as a factor.",
    hint="What is the derivative of a³?",
)
forgets_numbers = mistake(
    edit(reference.Value.__radd__, "return self + other", "return NotImplemented"),
    says="With a number on the left, your sum does not work.",
    hint="sum([...]) begins with 0 + a.",
)
clears_grads = mistake(
    edit(
        reference.Value.backward,
        "        self.grad = 1.0\n",
        "        for value in _parents_first(self):\n            value.grad = 0.0\n        self.grad = 1.0\n",
    ),
    says="Your backward clears the grads of the leaves: what an earlier expression gave them is lost.",
    hint="Who else may have added to the grad of a leaf?",
)
recursion = mistake(
    instead(reference._parents_first, order_by_recursion),
    says="Your order calls itself once for each step of the chain, and Python stops that at about 1,000.",
    hint="Keep a list of what is still to be visited.",
    task="Value",
)

# --- linear ---

db_mean = mistake(
    edit(reference.linear_backward, "rows.sum(axis=0)", "rows.mean(axis=0)"),
    says="Your db is a mean over the samples.",
    hint="The loss has divided by N already.",
)
dw_transposed = mistake(
    edit(
        reference.linear_backward,
        "dw = rows.T @ x.reshape(-1, w.shape[1])",
        "dw = x.reshape(-1, w.shape[1]).T @ rows",
    ),
    says="Your dw is transposed.",
    hint="A gradient has the shape of what it is the gradient of.",
)
dw_averaged = mistake(
    edit(reference.linear_backward, "x.reshape(-1, w.shape[1])", "x.reshape(-1, w.shape[1]) / len(rows)"),
    says="Your dw is divided by the number of samples.",
    hint="The loss has divided by N already.",
)
w_not_transposed = mistake(
    edit(reference.linear_forward, "x @ w.T", "x @ w.reshape(w.shape[::-1])"),
    says="You reshape the weights instead of transposing them.",
    hint="w.T exchanges rows and columns; reshape only cuts the same row of numbers elsewhere.",
)
dx_without_axes = mistake(
    edit(
        reference.linear_backward,
        "    dx = dout @ w\n    rows = dout.reshape(-1, w.shape[0])  # all axes but the last are samples\n",
        "    rows = dout.reshape(-1, w.shape[0])\n    dx = rows @ w\n",
    ),
    says="Your dx has lost the further axes of x.",
    hint="Give dx the shape of x before you return it.",
)
bias_forgotten = mistake(
    edit(reference.linear_forward, "out = out + b", "out = out + 0 * b"),
    says="Your output has no bias.",
    hint="What is the output for an input of 0?",
)
db_always = mistake(
    edit(reference.linear_backward, " if has_bias else None", ""),
    says="You return a db although there was no bias.",
    hint="Without b, db is None.",
)

# --- activations ---

relu_one_at_zero = mistake(
    edit(reference.relu_backward, "x > 0", "x >= 0"),
    says="At 0 your ReLU has the slope 1.",
    hint="What does the docstring say of the number 0?",
)
relu_ignores_slope = mistake(
    edit(reference.relu_backward, "slope * dout", "0 * dout"),
    says="The gradient of your leaky ReLU is 0 where x is negative.",
    hint="What is the derivative of slope · x?",
)
sigmoid_slope_of_input = mistake(
    edit(reference.sigmoid_forward, "return out, (out,)", "return out, (x,)"),
    says="Your slope of the sigmoid is z (1 - z) of the input z.",
    hint="s (1 - s), where s is the output.",
)
sigmoid_without_slope = mistake(
    edit(reference.sigmoid_backward, "dout * out * (1 - out)", "dout.copy()"),
    says="Your gradient goes through the sigmoid unchanged.",
    hint="Which slope does the sigmoid have?",
)
naive_sigmoid = mistake(
    edit(
        reference.sigmoid_forward,
        "    out = np.where(x > 0, 1.0, small) / (1.0 + small)\n",
        "    out = 1.0 / (1.0 + np.exp(-x))\n",
    ),
    says="exp overflows in your sigmoid: NumPy warns, since e^1000 is more than a float64 can hold.",
    hint="Use exp of numbers only that are not positive.",
)
relu_writes_into_dout = mistake(
    edit(
        reference.relu_backward,
        "    return np.where(x > 0, dout, slope * dout)",
        "    dout[x <= 0] *= slope\n    return dout",
    ),
    says="You write into dout, which belongs to the caller.",
    hint="Work on a copy.",
)

# --- cross_entropy ---

softmax_over_batch = mistake(
    edit(reference.cross_entropy, "np.exp(shifted).sum(axis=1", "np.exp(shifted).sum(axis=0"),
    says="Your softmax runs along the samples: the columns add up to 1, not the rows.",
    hint="Which axis holds the classes?",
)
gradient_not_averaged = mistake(
    edit(reference.cross_entropy, "dlogits / len(logits)", "dlogits"),
    says="Your loss is a mean over the batch, but your gradient is not divided by N.",
    hint="The loss is a sum divided by N; what becomes of its derivative?",
)
sums_over_batch = mistake(
    edit(reference.cross_entropy, ("target].mean()", "target].sum()"), ("dlogits / len(logits)", "dlogits")),
    says="Your loss and gradient are sums over the batch.",
    hint="Divide both by the number of samples.",
)
no_shift = mistake(
    edit(reference.cross_entropy, "logits - logits.max(axis=1, keepdims=True)", "logits - 0"),
    says="For large logits exp overflows, and your loss is NaN or infinite.",
    hint="A shift of all logits of a row changes nothing. Which shift helps?",
)
shift_of_batch = mistake(
    edit(reference.cross_entropy, "logits.max(axis=1, keepdims=True)", "logits.max()"),
    says="You shift all samples by one number, the greatest of the batch: a sample far below costs infinity.",
    hint="Each row has a maximum of its own.",
)
no_shift_in_gradient = mistake(
    edit(
        reference.cross_entropy,
        "dlogits = np.exp(log_p)",
        "dlogits = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)",
    ),
    says="Your loss is shifted, but in the gradient exp still overflows for large logits.",
    hint="Compute the probabilities once, and use them twice.",
)
log_of_rounded_probability = mistake(
    edit(
        reference.cross_entropy,
        "loss = -log_p[rows, target].mean()",
        "loss = -np.log(np.exp(log_p))[rows, target].mean()",
    ),
    says="Your loss is infinite where the probability is rounded to 0.",
    hint="log p is a difference of logits and log-sum-exp; it needs no log(p).",
)
gradient_is_probability = mistake(
    edit(reference.cross_entropy, "    dlogits[rows, target] -= 1\n", ""),
    says="Your gradient is p alone: the 1 at the target is missing.",
    hint="The entries of each row of the gradient add up to 0.",
)
writes_into_logits = mistake(
    edit(
        reference.cross_entropy,
        "shifted = logits - logits.max(axis=1, keepdims=True)",
        "logits -= logits.max(axis=1, keepdims=True)\n    shifted = logits",
    ),
    says="You write into logits, which belong to the caller.",
    hint="a -= b changes the array that a names.",
)

# --- Linear, MLP, train_step ---

std_of_outputs = mistake(
    edit(reference.Linear.__init__, "2 / in_features", "2 / out_features"),
    says="The spread of your weights follows from the number of outputs.",
    hint="Each output is a sum over the inputs.",
)
variance_for_std = mistake(
    edit(reference.Linear.__init__, "math.sqrt(2 / in_features)", "2 / in_features"),
    says="Your weights are drawn with a standard deviation of 2 / in; that should be their variance.",
    hint="Which of the two does rng.normal take?",
)
bias_drawn = mistake(
    edit(reference.Linear.__init__, "np.zeros(out_features)", "np.ones(out_features)"),
    says="Your bias does not begin at 0.",
    hint="What does the docstring say of the bias?",
)


def backward_that_adds(self, dout):
    """Adds to the gradients of the last pass."""
    dx, dw, db = linear_backward(dout, self._cache)
    self.weight_grad = getattr(self, "weight_grad", 0) + dw
    self.bias_grad = None if db is None else getattr(self, "bias_grad", 0) + db
    return dx


gradients_pile_up = mistake(
    instead(reference.Linear.backward, backward_that_adds),
    says="The gradients of a second pass are added to those of the first.",
    hint="Each backward sets them anew.",
)
relu_after_last = mistake(
    edit(
        reference.MLP,
        ("for layer in self.layers[:-1]:", "for layer in self.layers:"),
        ("        return self.layers[-1].forward(x)", "        return x"),
        ("        dout = self.layers[-1].backward(dlogits)\n", "        dout = dlogits\n"),
        ("reversed(self.layers[:-1])", "reversed(self.layers)"),
    ),
    says="There is a ReLU after your last layer: your logits are never negative.",
    hint="How many ReLUs are there between three layers?",
)
no_relu_backward = mistake(
    edit(reference.MLP.backward, "layer.backward(relu_backward(dout, cache))", "layer.backward(dout)"),
    says="Your backward pass goes past the ReLUs.",
    hint="Each step forward has its step backward.",
)
params_are_copies = mistake(
    edit(reference.MLP.params, "return [p for", "return [p.copy() for"),
    says="Your params are copies: whoever changes them does not change the network.",
    hint="The optimizer writes into these arrays.",
)


def step_layer_by_layer(model, x, y, lr):
    """Changes each layer as soon as its gradients are known."""
    loss, dout = cross_entropy(model.forward(x), y)
    for layer in reversed(model.layers):
        layer.backward(dout)
        layer.weight -= lr * layer.weight_grad
        layer.bias -= lr * layer.bias_grad
        dout = layer.backward(dout)
    return loss


updates_before_passing_back = mistake(
    instead(reference.train_step, step_layer_by_layer),
    says="You change the weights of a layer before the gradient has gone back through them.",
    hint="First all gradients, then all changes.",
)
makes_new_params = mistake(
    edit(reference.train_step, "p -= lr * g", "p = p - lr * g"),
    says="Your step changes nothing: p = p - ... makes a new array, and the model keeps the old one.",
    hint="How do you write into the array that p names?",
)
goes_uphill = mistake(
    edit(reference.train_step, "p -= lr * g", "p += lr * g"),
    says="Your step goes uphill.",
    hint="The gradient points to where the loss grows.",
)
loss_after_step = mistake(
    edit(reference.train_step, "    return loss", "    return cross_entropy(model.forward(x), y)[0]"),
    says="You return the loss after the step.",
    hint="You have computed the loss before the step already.",
)
two_blind_tapes = mistake(
    edit(
        reference.bug_hunt,
        '[("add", 0, 1), ("tanh", 2), ("mul", 2, 3)]',
        '[("add", 0, 1), ("tanh", 2), ("mul", 3, 2)]',
    ),
    says="On your sharp tape hasty_backward is right: the long way is visited first.",
    hint="Exchange the operands of the last step, and follow the order by hand.",
)

# --- bonus ---

smooths_the_others = mistake(
    edit(reference.cross_entropy_general, "label_smoothing / C", "label_smoothing / (C - 1)"),
    says="You divide the smoothing by C - 1.",
    hint="Each of the C classes gets e / C, the target too.",
)
counts_ignored = mistake(
    edit(reference.cross_entropy_general, "max(counts.sum(), 1)", "N"),
    says="Your mean is over all samples, the ignored ones too.",
    hint="How many samples count?",
)
divides_by_no_samples = mistake(
    edit(reference.cross_entropy_general, "max(counts.sum(), 1)", "counts.sum()"),
    says="With all samples ignored you divide by 0.",
    hint="What should the loss of no samples be?",
)
dout_of_ones = mistake(
    edit(reference.check_gradient, "dout = rng.normal(size=out.shape)", "dout = np.ones(out.shape)"),
    says="Your check takes dout for ones, so it misses a backward that ignores dout.",
    hint="Draw dout.",
)
checks_first_input = mistake(
    edit(
        reference.check_gradient,
        ("x + h * u for x, u in", "x + h * u * (x is inputs[0]) for x, u in"),
        ("x - h * u for x, u in", "x - h * u * (x is inputs[0]) for x, u in"),
        (
            "sum((g * u).sum() for g, u in zip(gradients, directions, strict=True))",
            "(gradients[0] * directions[0]).sum()",
        ),
    ),
    says="Your check looks at the gradient of the first input only.",
    hint="Move all inputs at once.",
)

# --- cheats ---


def slopes_all_at_once(f, x, h=1e-5):
    """Moves all numbers together."""
    return np.full(x.shape, (f(x + h) - f(x - h)) / (2 * h))


def zero_gradients(dout, cache):
    """Zeros of the right shapes."""
    x, w, has_bias = cache
    return np.zeros(x.shape), np.zeros(w.shape), np.zeros(len(w)) if has_bias else None


moves_everything = cheat(
    instead(reference.numerical_gradient, slopes_all_at_once),
    most=0.65,
    says="Right for single numbers only.",
)
values_only = cheat(
    edit(reference.Value.backward, "parent.grad += slope * value.grad", "pass"),
    most=0.0,
    says="No backward pass.",
)
forward_only = cheat(
    instead(reference.linear_backward, zero_gradients), most=0.4, says="All gradients are 0."
)
knows_nothing = cheat(
    edit(
        reference.cross_entropy,
        "shifted = logits - logits.max(axis=1, keepdims=True)",
        "shifted = 0 * logits",
    ),
    most=0.0,
    says="The loss and gradient of a network that knows nothing.",
)
never_learns = cheat(
    edit(reference.train_step, "p -= lr * g", "pass"), most=0.25, says="The loss, but no step."
)
always_right = cheat(
    edit(reference.check_gradient, "return max(differences)", "return 0.0"), most=0.0, says="Always content."
)

# --- correct variants ---


class ValueOfClosures:
    """Each value holds a function that passes its grad on; the order counts users, as Kahn's does."""

    def __init__(self, data, parents=(), slopes=()):
        self.data, self.grad, self.parents, self.slopes = data, 0.0, parents, slopes
        self.pass_on = lambda: None

    def made(self, data, *pairs):
        parents, slopes = zip(*pairs, strict=True)
        out = Value(data, parents, slopes)

        def pass_on():
            for parent, slope in pairs:
                parent.grad = parent.grad + slope * out.grad

        out.pass_on = pass_on
        return out

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return self.made(self.data + other.data, (self, 1.0), (other, 1.0))

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return self.made(self.data * other.data, (self, other.data), (other, self.data))

    def __pow__(self, n):
        return self.made(self.data**n, (self, n * self.data ** (n - 1)))

    def exp(self):
        return self.made(np.exp(self.data), (self, np.exp(self.data)))

    def log(self):
        return self.made(np.log(self.data), (self, 1 / self.data))

    def tanh(self):
        return self.made(np.tanh(self.data), (self, 1 / np.cosh(self.data) ** 2))

    def relu(self):
        return self.made(self.data * (self.data > 0), (self, 1.0 if self.data > 0 else 0.0))

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -other

    def __rsub__(self, other):
        return -self + other

    def __truediv__(self, other):
        return self * other**-1

    def __rtruediv__(self, other):
        return self**-1 * other

    __radd__, __rmul__ = __add__, __mul__

    def backward(self):
        users, left = {}, [self]
        met = {id(self)}
        while left:
            value = left.pop()
            for parent in value.parents:
                users[id(parent)] = users.get(id(parent), 0) + 1
                if id(parent) not in met:
                    met.add(id(parent))
                    left.append(parent)
        self.grad, ready = 1, [self]
        while ready:
            value = ready.pop()
            value.pass_on()
            for parent in value.parents:
                users[id(parent)] -= 1
                if users[id(parent)] == 0:
                    ready.append(parent)


def slopes_by_unit_vectors(f, x, h=1e-5):
    """One array for each number."""
    x = x.astype(float)
    steps = h * np.eye(x.size).reshape(x.size, *x.shape)
    return np.array([f(x + step) - f(x - step) for step in steps]).reshape(x.shape) / 2 / h


def linear_by_einsum(x, w, b=None):
    """The sum written out."""
    return np.einsum("...i,oi->...o", x, w) + (0 if b is None else b), [x, w, b]


def linear_backward_by_einsum(dout, cache):
    """The same letters."""
    x, w, b = cache
    samples = list(range(x.ndim - 1))
    dw = np.tensordot(dout, x, axes=(samples, samples))
    return np.einsum("...o,oi->...i", dout, w), dw, None if b is None else dout.sum(tuple(samples))


def relu_by_factor(x, slope=0.0):
    """The cache is the local slope."""
    factor = np.where(x > 0, 1.0, slope)
    return x * factor, factor


def relu_backward_by_factor(dout, cache):
    """One product."""
    return dout * cache


def sigmoid_by_tanh(x):
    """The sigmoid is a tanh."""
    out = 0.5 * (1 + np.tanh(x / 2))
    return out, out


def sigmoid_backward_by_array(dout, cache):
    """The cache is the output."""
    return dout * (cache - cache**2)


def cross_entropy_by_one_hot(logits, target):
    """With logaddexp and one-hot rows."""
    one_hot = np.eye(logits.shape[1])[target]
    log_p = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    return -(one_hot * log_p).sum() / len(target), (np.exp(log_p) - one_hot) / len(target)


class LinearOfStandardNormals:
    """The spread is a factor."""

    def __init__(self, in_features, out_features, *, bias=True, rng):
        self.weight = rng.standard_normal((out_features, in_features)) * (2 / in_features) ** 0.5
        self.bias = np.zeros(out_features) if bias else None
        self.weight_grad = self.bias_grad = None

    def forward(self, x):
        self.x = x
        return linear_forward(x, self.weight, self.bias)[0]

    def backward(self, dout):
        cache = linear_forward(self.x, self.weight, self.bias)[1]
        dx, self.weight_grad, self.bias_grad = linear_backward(dout, cache)
        return dx


class MLPOfSteps:
    """A list of what to undo."""

    def __init__(self, sizes, *, rng):
        self.layers = [Linear(sizes[i], sizes[i + 1], rng=rng) for i in range(len(sizes) - 1)]

    def forward(self, x):
        self.undo = []
        for number, layer in enumerate(self.layers):
            if number > 0:
                x, cache = relu_forward(x)
                self.undo.append(lambda dout, cache=cache: relu_backward(dout, cache))
            x = layer.forward(x)
            self.undo.append(layer.backward)
        return x

    def backward(self, dlogits):
        for undo in self.undo[::-1]:
            dlogits = undo(dlogits)
        return dlogits

    def params(self):
        return [getattr(layer, name) for layer in self.layers for name in ("weight", "bias")]

    def grads(self):
        return [getattr(layer, f"{name}_grad") for layer in self.layers for name in ("weight", "bias")]


def step_by_index(model, x, y, lr):
    """In-place by subtract."""
    loss, grad = cross_entropy(model.forward(x), y)
    model.backward(grad)
    params, grads = model.params(), model.grads()
    for i in range(len(params)):
        np.subtract(params[i], lr * grads[i], out=params[i])
    return loss


def other_tapes():
    """Another pair."""
    return [["add", 0, 1], ["tanh", 2], ["mul", 3, 2]], [("mul", 0, 1), ("mul", 2, 2), ("add", 2, 3)]


closures = variant(instead(reference.Value, ValueOfClosures))
recursive = variant(
    edit(reference.bug_hunt, '[("mul", 0, 0)]', '[("add", 0, 1), ("tanh", 0), ("mul", 2, 3)]'),
    instead(reference.numerical_gradient, slopes_by_unit_vectors),
)
by_einsum = variant(
    instead(reference.linear_forward, linear_by_einsum),
    instead(reference.linear_backward, linear_backward_by_einsum),
    instead(reference.relu_forward, relu_by_factor),
    instead(reference.relu_backward, relu_backward_by_factor),
    instead(reference.sigmoid_forward, sigmoid_by_tanh),
    instead(reference.sigmoid_backward, sigmoid_backward_by_array),
    instead(reference.cross_entropy, cross_entropy_by_one_hot),
    instead(reference.Linear, LinearOfStandardNormals),
    instead(reference.MLP, MLPOfSteps),
    instead(reference.train_step, step_by_index),
    instead(reference.bug_hunt, other_tapes),
)

# --- mutants of the reference that are right answers too ---

STRICT = "both have the same length"
DRAWN = "any random directions tell as much"
EQUIVALENT = {
    "f00ec9fcc9": "what the ReLU of a Value has for a slope at 0 is not asked",
    "51484000bf": STRICT,
    "cf08c28a87": STRICT,
    "13c8a6c776": STRICT,
    "d470271620": STRICT,
    "154d539016": STRICT,
    "acd7a8f8c9": STRICT,
    "a72efa3bb2": "NumPy takes any negative size in reshape for 'whatever is left'",
    "c87e6c21e6": "NumPy takes any negative size in reshape for 'whatever is left'",
    "b93a9366e4": "0 times the slope is 0",
    "21754d220a": "at 0 both forms of the sigmoid are 1/2",
    "ac66c9d791": "sizes are passed by position, the generator by name",
    "cbe725de9d": "the bug hunt has many answers",
    "5651e5caa0": "the bug hunt has many answers",
    "cc0017f88e": "how many directions were tried cannot be seen",
    "ef804cb297": "how many directions were tried cannot be seen",
    "45ac4ad292": DRAWN,
    "ae5e99f4e9": DRAWN,
}
