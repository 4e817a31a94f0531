"""Known mistakes of backprop, cheats, and correct variants that must pass."""

import numpy as np

from autograder.mistakes import cheat, edit, instead, mistake, variant
from solutions import backprop as bp


def wrong(definition):
    """What makes a mistake of changes in this definition, and of what is said of them."""
    return lambda *words, hint="": mistake(edit(definition, *words[:-1]), says=words[-1], hint=hint)


in_gradient = wrong(bp.numerical_gradient)
COPY, NO_COPY = "np.array(x, dtype=np.float64)", "x.astype(np.float64, copy=False)"
one_sided = in_gradient(
    ("down = f(x)\n        x[place] = middle", "x[place] = middle\n        down = f(x)"),
    ("(2 * h)", "h"),
    "Your difference is one-sided: its error falls only as fast as h.",
    hint="Take one step up and one step down, and divide by the way between them.",
)
x_left_moved = in_gradient(
    (COPY, NO_COPY),
    ("        x[place] = middle\n", ""),
    "Your function leaves x moved by h. Which value had the place before you moved it?",
)
cuts_whole_numbers = in_gradient(
    (COPY, "np.array(x)"),
    ("np.empty_like(x)", "np.zeros(x.shape)"),
    "Your step is cut off where x holds whole numbers: an int array cannot hold 3.00001.",
)
steps_in_a_copy = in_gradient(
    (COPY, f"{NO_COPY}\n    shown, x = x, x.reshape(-1)"),
    ("up = f(x)", "up = f(shown)"),
    ("down = f(x)", "down = f(shown)"),
    ("return slopes", "return slopes.reshape(shown.shape)"),
    "Your gradient is 0 where x is a view: reshape made a copy, and f never saw your step.",
    hint="Write the step into the array that f is given.",
)

in_backward = wrong(bp.Value.backward)
overwrites_grad = in_backward(
    "+= ", "= ", "A second share overwrites the first: the shares of a value that is used twice add up."
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
    says="Your order calls itself at each step of a chain; Python stops that near 1,000. Keep a list.",
    task="Value",
)
walks_every_path = in_backward(
    ("self.grad = 1.0", "left, self.grad = [(self, 1.0)], 1.0"),
    ("for value in reversed(_parents_first(self)):", "for value, share in left:"),
    ("value.grad\n", "share\n                left.append((parent, slope * share))\n"),
    "You walk along every path: with 25 doublings there are 33 million. Handle each value once.",
)
swapped_rsub = wrong(bp.Value.__rsub__)(
    "_value(other) - self", "self - _value(other)", "2 - a became a - 2: which of the two is subtracted?"
)
tanh_slope_of_input = wrong(bp.Value.tanh)(
    "1 - out**2", "1 - self.data**2", "Your slope of tanh is computed from the input, not from the result."
)
clears_grads = in_backward(
    ("self.grad = 1.0", "[setattr(v, 'grad', float(v is self)) for v in _parents_first(self)]"),
    "Your backward clears the grads of the leaves: what an earlier expression gave them is lost.",
)

in_linear, TO_ROWS = wrong(bp.linear_backward), "x.reshape(-1, w.shape[1])"
db_mean = in_linear(
    "rows.sum(axis", "rows.mean(axis", "Your db is a mean over the samples; the loss has divided by N."
)
dw_transposed = in_linear(
    f"rows.T @ {TO_ROWS}", f"{TO_ROWS}.T @ rows", "Your dw is transposed: it has the shape of w."
)
dx_without_axes = in_linear(
    ("dx, rows = dout @ w", "dx, rows = dout.reshape(-1, w.shape[0]) @ w"),
    "Your dx has lost the further axes of x. Give it the shape of x before you return it.",
)

in_relu, in_sigmoid = wrong(bp.relu_backward), wrong(bp.sigmoid_forward)
relu_one_at_zero = in_relu(
    "x > 0", "x >= 0", "At 0 your ReLU has the slope 1. What does the docstring say of the number 0?"
)
sigmoid_slope_of_input = in_sigmoid(
    "out, out", "out, x", "Your slope of the sigmoid is computed from the input, not from the output."
)
naive_sigmoid = in_sigmoid(
    ("np.where(x > 0, 1.0, small) / (1.0 + small)", "1.0 / (1.0 + np.exp(-x))"),
    "exp overflows in your sigmoid: e^1000 is too large. Use exp of numbers <= 0 only.",
)
relu_writes_into_dout = in_relu(
    ("return np.where(x > 0, dout, slope * dout)", "dout[x <= 0] *= slope\n    return dout"),
    "You write into dout, which belongs to the caller. Work on a copy.",
)

in_entropy, MAX = wrong(bp.cross_entropy), "logits.max(axis=1, keepdims=True)"
softmax_over_batch = in_entropy(
    ("np.exp(shifted).sum(axis=1", "np.exp(shifted).sum(axis=0"),
    "Your softmax runs along the samples: columns add up to 1, not rows. Which axis holds the classes?",
)
gradient_not_averaged = in_entropy(
    "/ len(logits)", "/ 1", "Your loss is a mean over the batch, but your gradient is not divided by N."
)
no_shift = in_entropy(
    f"- {MAX}", "- 0", "For large logits exp overflows. Which shift of all logits of a row changes nothing?"
)
log_of_rounded_probability = in_entropy(
    "-log_p[", "-np.log(np.exp(log_p))[", "Where p is rounded to 0 the loss is infinite: no log(p) is needed."
)
writes_into_logits = in_entropy(
    (f"shifted = logits - {MAX}", f"logits -= {MAX}\n    shifted = logits"),
    "You write into logits, which belong to the caller: a -= b changes the array that a names.",
)

in_step, STD = wrong(bp.train_step), "math.sqrt(2 / in_features)"
variance_for_std = wrong(bp.Linear.__init__)(
    STD, "2 / in_features", "Your weights have a standard deviation of 2 / in; that is their variance."
)
gradients_pile_up = wrong(bp.Linear.backward)(
    ("dx, self", "old = getattr(self, 'weight_grad', 0)\n        dx, self"),
    ("        return dx", "        self.weight_grad += old\n        return dx"),
    "The gradients of a second pass are added to those of the first. Each backward sets them anew.",
)
relu_after_last = wrong(bp.MLP)(
    ("for layer in self.layers[:-1]:", "for layer in self.layers:"),
    ("        return self.layers[-1].forward(x)", "        return x"),
    ("self.layers[-1].backward(dlogits)", "dlogits"),
    ("reversed(self.layers[:-1])", "reversed(self.layers)"),
    "There is a ReLU after your last layer: your logits are never negative. Three layers have two.",
)
no_relu_backward = wrong(bp.MLP.backward)(
    ("layer.backward(relu_backward(dout, cache))", "layer.backward(dout)"),
    "Your backward pass goes past the ReLUs. Each step forward has its step backward.",
)
params_are_copies = wrong(bp.MLP.params)(
    "[p for", "[p.copy() for", "Your params are copies: who writes into them does not change the network."
)
updates_before_passing_back = in_step(
    ("    model.backward(dlogits)\n", ""),
    ("for p, g in zip(model.params(), model.grads()):", "for i in range(len(model.params()))[::-1]:"),
    ("p -= lr * g", "model.backward(dlogits)\n        model.params()[i][...] -= lr * model.grads()[i]"),
    "You change weights before the gradient has gone back through them. First all gradients.",
)
makes_new_params = in_step(
    "p -=", "p = p -", "p = p - ... makes a new array, and changes nothing. Write into the one that p names."
)
loss_after_step = in_step(
    "return loss", "return cross_entropy(model.forward(x), y)[0]", "You return the loss after the step."
)
two_blind_tapes = wrong(bp.bug_hunt)(
    '("mul", 2, 3)', '("mul", 3, 2)', "On your sharp tape hasty_backward is right: the long way comes first."
)

divides_by_no_samples = wrong(bp.cross_entropy_general)(
    "max(counts.sum(), 1)", "counts.sum()", "With all samples ignored you divide by 0."
)
dout_of_ones = wrong(bp.check_gradient)(
    "dout = rng.normal(size=",
    "dout = np.ones(",
    "You take dout for ones, and miss a backward that ignores it.",
)

# --- cheats ---
moves_everything = cheat(
    edit(bp.numerical_gradient, ("x[place] = middle + h", "x += h"), ("x[place] = middle - h", "x -= 2 * h")),
    most=0.65,
    says="Right for single numbers only.",
)
values_only = cheat(edit(bp.Value.backward, "slope * value.grad", "0"), most=0, says="No backward pass.")
forward_only = cheat(
    edit(bp.linear_backward, "cache\n", "cache\n    dout = 0 * dout\n"), most=0.4, says="All gradients are 0."
)
never_learns = cheat(edit(bp.train_step, "p -= lr * g", "pass"), most=0.25, says="The loss, but no step.")
always_right = cheat(edit(bp.check_gradient, "max(differences)", "0.0"), most=0, says="Always content.")


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


PASS_ON = """self.parents, self.slopes = parents, slopes

        def pass_on():
            for parent, slope in zip(parents, slopes):
                parent.grad = parent.grad + slope * self.grad

        self.pass_on = pass_on"""
closures = variant(
    edit(bp.Value.__init__, "self.parents, self.slopes = parents, slopes", PASS_ON),
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
    edit(bp.Linear.__init__, f"rng.normal(0, {STD}, size=(out_", f"{STD} * rng.standard_normal((out_"),
    edit(bp.train_step, "p -= lr * g", "np.subtract(p, lr * g, out=p)"),
)


# --- mutants of the reference that are right answers too ---
MANY, DRAWN = "the bug hunt has many answers", "any random directions tell as much"
EQUIVALENT = {
    "f00ec9fcc9": "what the ReLU of a Value has for a slope at 0 is not asked",
    "9b29410b2a": "NumPy takes any negative size in reshape for 'whatever is left'",
    "7beaf75511": "NumPy takes any negative size in reshape for 'whatever is left'",
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
