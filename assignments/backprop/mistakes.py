"""Known mistakes of backprop, cheats, and correct variants that must pass."""

import numpy as np

from autograder.mistakes import cheat, edit, instead, mistake, variant
from solutions import backprop as bp


def wrong(definition):
    """What makes a mistake of changes in this definition."""
    return lambda *changes, **words: mistake(edit(definition, *changes), **words)


# --- numerical_gradient ---
in_gradient = wrong(bp.numerical_gradient)
COPY, NO_COPY = "np.array(x, dtype=np.float64)", "x.astype(np.float64, copy=False)"
one_sided = in_gradient(
    ("down = f(x)\n        x[place] = middle", "x[place] = middle\n        down = f(x)"),
    ("(2 * h)", "h"),
    says="Your difference is one-sided: its error falls only as fast as h.",
    hint="Take one step up and one step down, and divide by the way between them.",
)
x_left_moved = mistake(
    edit(bp.numerical_gradient, (COPY, NO_COPY), ("        x[place] = middle\n", "")),
    says="Your function leaves x moved by h.",
    hint="Which value had the place before you moved it?",
)
cuts_whole_numbers = mistake(
    edit(bp.numerical_gradient, (COPY, "np.array(x)"), ("np.empty_like(x)", "np.zeros(x.shape)")),
    says="Your step is cut off where x holds whole numbers: an int array cannot hold 3.00001.",
    hint="Make a float copy of x first.",
)
steps_in_a_copy = in_gradient(
    (COPY, f"{NO_COPY}\n    shown, x = x, x.reshape(-1)"),
    ("up = f(x)", "up = f(shown)"),
    ("down = f(x)", "down = f(shown)"),
    ("return slopes", "return slopes.reshape(shown.shape)"),
    says="Your gradient is 0 where x is a view: reshape made a copy, and f never saw your step.",
    hint="Write the step into the array that f is given.",
)

# --- Value ---
in_backward = wrong(bp.Value.backward)
overwrites_grad = in_backward(
    ("parent.grad += ", "parent.grad = "),
    says="A second share overwrites the first: a value that is used twice gets one share only.",
    hint="Blame from several users is added up.",
)


def order_of_meeting(root):
    """Depth first, each value when it is first met."""
    order, left = {}, [root]
    while left:
        value = left.pop(-1)
        if value not in order:
            order[value] = None
            left += value.parents[::-1]
    return list(order)[::-1]


def order_by_recursion(root, order=None):
    """Parents first, by a function that calls itself."""
    order = {} if order is None else order
    for parent in root.parents:
        if parent not in order:
            _parents_first(parent, order)  # noqa: F821 (in the place of which it stands)
    order[root] = None
    return list(order)


TOO_EARLY = {
    "says": "A value passes its grad on before all that use it have added to it.",
    "hint": "Order all values first, parents before children, then walk backwards.",
    "task": "Value",
}
depth_first = mistake(instead(bp._parents_first, order_of_meeting), **TOO_EARLY)
breadth_first = mistake(edit(instead(bp._parents_first, order_of_meeting), "pop(-1)", "pop(0)"), **TOO_EARLY)
recursion = mistake(
    instead(bp._parents_first, order_by_recursion),
    says="Your order calls itself once for each step of the chain, and Python stops that at about 1,000.",
    hint="Keep a list of what is still to be visited.",
    task="Value",
)
walks_every_path = in_backward(
    ("self.grad = 1.0", "left, self.grad = [(self, 1.0)], 1.0"),
    ("for value in reversed(_parents_first(self)):", "for value, share in left:"),
    ("value.grad\n", "share\n                left.append((parent, slope * share))\n"),
    says="You walk along every path: with 25 doublings there are 33 million.",
    hint="Each value needs to be handled once, when its grad is complete.",
)
swapped_rsub = mistake(
    edit(bp.Value.__rsub__, "_value(other) - self", "self - _value(other)"),
    says="With a number on the left, you subtract the wrong way round: 2 - a became a - 2.",
    hint="Python calls a.__rsub__(2). Which of the two is subtracted?",
)
tanh_slope_of_input = mistake(
    edit(bp.Value.tanh, "1 - out**2", "1 - self.data**2"),
    says="Your slope of tanh is computed from the input.",
    hint="1 - t², where t is the result.",
)
clears_grads = in_backward(
    ("self.grad = 1.0", "[setattr(v, 'grad', float(v is self)) for v in _parents_first(self)]"),
    says="Your backward clears the grads of the leaves: what an earlier expression gave them is lost.",
    hint="Who else may have added to the grad of a leaf?",
)

# --- linear ---
TO_ROWS = "x.reshape(-1, w.shape[1])"
db_mean = mistake(
    edit(bp.linear_backward, "rows.sum(axis=0)", "rows.mean(axis=0)"),
    says="Your db is a mean over the samples.",
    hint="The loss has divided by N already.",
)
dw_transposed = mistake(
    edit(bp.linear_backward, f"rows.T @ {TO_ROWS}", f"{TO_ROWS}.T @ rows"),
    says="Your dw is transposed.",
    hint="A gradient has the shape of what it is the gradient of.",
)
dx_without_axes = mistake(
    edit(bp.linear_backward, "dx = dout @ w", "dx = dout.reshape(-1, w.shape[0]) @ w"),
    says="Your dx has lost the further axes of x.",
    hint="Give dx the shape of x before you return it.",
)

# --- activations ---
relu_one_at_zero = mistake(
    edit(bp.relu_backward, "x > 0", "x >= 0"),
    says="At 0 your ReLU has the slope 1.",
    hint="What does the docstring say of the number 0?",
)
sigmoid_slope_of_input = mistake(
    edit(bp.sigmoid_forward, "return out, out", "return out, x"),
    says="Your slope of the sigmoid is z (1 - z) of the input z.",
    hint="s (1 - s), where s is the output.",
)
naive_sigmoid = mistake(
    edit(bp.sigmoid_forward, "np.where(x > 0, 1.0, small) / (1.0 + small)", "1.0 / (1.0 + np.exp(-x))"),
    says="exp overflows in your sigmoid: NumPy warns, since e^1000 is more than a float64 can hold.",
    hint="Use exp of numbers only that are not positive.",
)
IN_PLACE = "dout[x <= 0] *= slope\n    return dout"
relu_writes_into_dout = mistake(
    edit(bp.relu_backward, "return np.where(x > 0, dout, slope * dout)", IN_PLACE),
    says="You write into dout, which belongs to the caller.",
    hint="Work on a copy.",
)

# --- cross_entropy ---
MAX = "logits.max(axis=1, keepdims=True)"
softmax_over_batch = mistake(
    edit(bp.cross_entropy, "np.exp(shifted).sum(axis=1", "np.exp(shifted).sum(axis=0"),
    says="Your softmax runs along the samples: the columns add up to 1, not the rows.",
    hint="Which axis holds the classes?",
)
gradient_not_averaged = mistake(
    edit(bp.cross_entropy, "dlogits / len(logits)", "dlogits"),
    says="Your loss is a mean over the batch, but your gradient is not divided by N.",
    hint="The loss is a sum divided by N; what becomes of its derivative?",
)
no_shift = mistake(
    edit(bp.cross_entropy, f"logits - {MAX}", "logits - 0"),
    says="For large logits exp overflows, and your loss is NaN or infinite.",
    hint="A shift of all logits of a row changes nothing. Which shift helps?",
)
log_of_rounded_probability = mistake(
    edit(bp.cross_entropy, "-log_p[rows, target]", "-np.log(np.exp(log_p))[rows, target]"),
    says="Your loss is infinite where the probability is rounded to 0.",
    hint="log p is a difference of logits and log-sum-exp; it needs no log(p).",
)
writes_into_logits = mistake(
    edit(bp.cross_entropy, f"shifted = logits - {MAX}", f"logits -= {MAX}\n    shifted = logits"),
    says="You write into logits, which belong to the caller.",
    hint="a -= b changes the array that a names.",
)

# --- Linear, MLP, train_step, bug_hunt ---
variance_for_std = mistake(
    edit(bp.Linear.__init__, "math.sqrt(2 / in_features)", "2 / in_features"),
    says="Your weights are drawn with a standard deviation of 2 / in; that should be their variance.",
    hint="Which of the two does rng.normal take?",
)
gradients_pile_up = wrong(bp.Linear.backward)(
    ("dx, self", "old = getattr(self, 'weight_grad', 0)\n        dx, self"),
    ("        return dx", "        self.weight_grad += old\n        return dx"),
    says="The gradients of a second pass are added to those of the first.",
    hint="Each backward sets them anew.",
)
relu_after_last = wrong(bp.MLP)(
    ("for layer in self.layers[:-1]:", "for layer in self.layers:"),
    ("        return self.layers[-1].forward(x)", "        return x"),
    ("self.layers[-1].backward(dlogits)", "dlogits"),
    ("reversed(self.layers[:-1])", "reversed(self.layers)"),
    says="There is a ReLU after your last layer: your logits are never negative.",
    hint="How many ReLUs are there between three layers?",
)
no_relu_backward = mistake(
    edit(bp.MLP.backward, "layer.backward(relu_backward(dout, cache))", "layer.backward(dout)"),
    says="Your backward pass goes past the ReLUs.",
    hint="Each step forward has its step backward.",
)
params_are_copies = mistake(
    edit(bp.MLP.params, "return [p for", "return [p.copy() for"),
    says="Your params are copies: whoever changes them does not change the network.",
    hint="The optimizer writes into these arrays.",
)
updates_before_passing_back = wrong(bp.train_step)(
    ("    model.backward(dlogits)\n", ""),
    ("for p, g in zip(model.params(), model.grads()):", "for i in range(len(model.params()))[::-1]:"),
    ("p -= lr * g", "model.backward(dlogits)\n        model.params()[i][...] -= lr * model.grads()[i]"),
    says="You change the weights of a layer before the gradient has gone back through them.",
    hint="First all gradients, then all changes.",
)
makes_new_params = mistake(
    edit(bp.train_step, "p -= lr * g", "p = p - lr * g"),
    says="Your step changes nothing: p = p - ... makes a new array, and the model keeps the old one.",
    hint="How do you write into the array that p names?",
)
loss_after_step = mistake(
    edit(bp.train_step, "    return loss", "    return cross_entropy(model.forward(x), y)[0]"),
    says="You return the loss after the step.",
    hint="You have computed the loss before the step already.",
)
two_blind_tapes = mistake(
    edit(bp.bug_hunt, '("mul", 2, 3)', '("mul", 3, 2)'),
    says="On your sharp tape hasty_backward is right: the long way is visited first.",
    hint="Exchange the operands of the last step, and follow the order by hand.",
)

# --- bonus ---
divides_by_no_samples = mistake(
    edit(bp.cross_entropy_general, "max(counts.sum(), 1)", "counts.sum()"),
    says="With all samples ignored you divide by 0.",
)
dout_of_ones = mistake(
    edit(bp.check_gradient, "dout = rng.normal(size=out.shape)", "dout = np.ones(out.shape)"),
    says="Your check takes dout for ones, so it misses a backward that ignores dout. Draw it.",
)

# --- cheats ---
moves_everything = cheat(
    edit(bp.numerical_gradient, ("x[place] = middle + h", "x += h"), ("x[place] = middle - h", "x -= 2 * h")),
    most=0.65,
    says="Right for single numbers only.",
)
values_only = cheat(
    edit(bp.Value.backward, "parent.grad += slope * value.grad", "pass"), most=0, says="No backward pass."
)
forward_only = cheat(
    edit(bp.linear_backward, "cache\n", "cache\n    dout = 0 * dout\n"), most=0.4, says="All gradients are 0."
)
never_learns = cheat(edit(bp.train_step, "p -= lr * g", "pass"), most=0.25, says="The loss, but no step.")
always_right = cheat(
    edit(bp.check_gradient, "return max(d", "return 0 * max(d"), most=0, says="Always content."
)


# --- correct variants ---
def order_of_kahn(root):
    """A value is ready when all its users are."""
    users, left = {root: 0}, [root]
    for value in left:
        left += [parent for parent in dict.fromkeys(value.parents) if parent not in users]
        for parent in value.parents:
            users[parent] = users.get(parent, 0) + 1
    ready = [root]
    for value in ready:
        for parent in value.parents:
            users[parent] -= 1
            ready += [parent] * (users[parent] == 0)
    return ready[::-1]


def slopes_by_unit_vectors(f, x, h=1e-5):
    """One array for each number."""
    steps = h * np.eye(x.size).reshape(x.size, *x.shape)
    return np.array([f(x + step) - f(x - step) for step in steps]).reshape(x.shape) / 2 / h


PASS_ON = """self.slopes = slopes

        def pass_on():
            for parent, slope in zip(parents, slopes):
                parent.grad = parent.grad + slope * self.grad

        self.pass_on = pass_on"""
closures = variant(
    edit(bp.Value.__init__, "self.slopes = slopes", PASS_ON),
    edit(
        bp.Value.backward,
        ("            for parent, slope in zip(value.parents, value.slopes):\n", ""),
        ("                parent.grad += slope * value.grad", "            value.pass_on()"),
    ),
    edit(bp.bug_hunt, '[("mul", 0, 0)]', '[("add", 0, 1), ("tanh", 0), ("mul", 2, 3)]'),
)
kahn = variant(
    instead(bp._parents_first, order_of_kahn),
    edit(bp.Value.__sub__, "    other = _value(other)\n", "    return self + -_value(other)\n"),
    edit(bp.Value.__rsub__, "_value(other) - self", "-self + other"),
    edit(bp.Value.__truediv__, "    other = _value(other)\n", "    return self * _value(other) ** -1\n"),
    edit(bp.Value.tanh, "1 - out**2", "1 / math.cosh(self.data) ** 2"),
    instead(bp.numerical_gradient, slopes_by_unit_vectors),
)
by_einsum = variant(
    edit(bp.linear_forward, "x @ w.T", "np.einsum('...i,oi->...o', x, w)"),
    edit(bp.linear_backward, f"rows.T @ {TO_ROWS}", f"np.einsum('no,ni->oi', rows, {TO_ROWS})"),
    edit(bp.sigmoid_forward, "np.where(x > 0, 1.0, small) / (1.0 + small)", "0.5 * (1 + np.tanh(x / 2))"),
    edit(
        bp.cross_entropy,
        ("np.log(np.exp(shifted).sum(axis=1, keepdims=True))", "np.logaddexp.reduce(shifted, 1)[:, None]"),
        ("-log_p[rows, target].mean()", "-(np.eye(logits.shape[1])[target] * log_p).sum() / len(target)"),
        ("dlogits[rows, target] -= 1", "dlogits -= np.eye(logits.shape[1])[target]"),
    ),
    edit(bp.Linear.__init__, "rng.normal(0, std, size=(out_", "std * rng.standard_normal((out_"),
    edit(bp.train_step, "p -= lr * g", "np.subtract(p, lr * g, out=p)"),
)


# --- mutants of the reference that are right answers too ---
MANY, DRAWN = "the bug hunt has many answers", "any random directions tell as much"
EQUIVALENT = {
    "f00ec9fcc9": "what the ReLU of a Value has for a slope at 0 is not asked",
    "a72efa3bb2": "NumPy takes any negative size in reshape for 'whatever is left'",
    "c87e6c21e6": "NumPy takes any negative size in reshape for 'whatever is left'",
    "b93a9366e4": "0 times the slope is 0",
    "21754d220a": "at 0 both forms of the sigmoid are 1/2",
    "ac66c9d791": "sizes are passed by position, the generator by name",
    "cbe725de9d": MANY,
    "5651e5caa0": MANY,
    "cc0017f88e": "how many directions were tried cannot be seen",
    "ef804cb297": "how many directions were tried cannot be seen",
    "45ac4ad292": DRAWN,
    "ae5e99f4e9": DRAWN,
}
