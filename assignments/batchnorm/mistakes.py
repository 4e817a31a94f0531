"""Known mistakes of batchnorm, cheats, and correct variants that must pass."""

import numpy as np

from autograder.mistakes import cheat, edit, instead, mistake, variant
from solutions.batchnorm import (
    BatchNorm,
    _layout,
    batchnorm_backward,
    batchnorm_dx,
    batchnorm_forward,
    bug_hunt,
    fold_batchnorm,
    groupnorm,
    layernorm_backward,
    layernorm_forward,
)

# Said of more than one task.
EPS_OUTSIDE = {
    "says": "You add eps to the standard deviation; it is added to the variance, under the root.",
    "hint": "Variance 0.05 and eps 0.05: the root of 0.1 is 0.32. What do you divide by?",
}

# --- batchnorm_forward ---
unbiased_inside = mistake(
    edit(batchnorm_forward, "centred = x", "var = var * n / (n - 1) if training else var\n    centred = x"),
    says="You normalise with the unbiased variance; in training the biased one is used.",
    hint="By hand: 1, 1, 5, 5 has the biased variance 4. Which of the two does np.var give without ddof?",
)
biased_stored = mistake(
    edit(batchnorm_forward, "var * n / (n - 1)", "var"),
    says="Your running variance follows the biased variance; it keeps the unbiased one.",
    hint="By hand: 16/3, not 4. The running variance is an estimate for all data, not for this batch.",
)
std_stored = mistake(
    edit(batchnorm_forward, "var * n / (n - 1)", "np.sqrt(var * n / (n - 1))"),
    says="Your running variance follows the standard deviation.",
    hint="Is there a root that comes too early?",
)
momentum_turned_round = mistake(
    edit(batchnorm_forward, "    if training:", "    momentum = 1 - momentum\n    if training:"),
    says="Your momentum is the weight of the old statistics; here it is that of the new ones.",
    hint="With momentum 0.1, how far should one strange batch move the running mean?",
)
updates_in_eval = mistake(
    edit(
        batchnorm_forward,
        "mean, var = new_mean, new_var = running_mean, running_var",
        """mean, var = running_mean, running_var
        new_mean = (1 - momentum) * mean + momentum * x.mean(axis=axes)
        new_var = (1 - momentum) * var + momentum * x.var(axis=axes)""",
    ),
    says="Your running statistics change in evaluation, too.",
    hint="In evaluation nothing is learned. What should come back in their place?",
)
batch_statistics_in_eval = mistake(
    edit(
        batchnorm_forward,
        "mean, var = new_mean, new_var = running_mean, running_var",
        "new_mean, new_var, mean, var = running_mean, running_var, x.mean(axis=axes), x.var(axis=axes)",
    ),
    says="In evaluation, too, you normalise with the statistics of the batch.",
    hint="A batch of one sample: what is x minus its mean?",
)
eps_outside = mistake(edit(batchnorm_forward, "np.sqrt(var + eps)", "(np.sqrt(var) + eps)"), **EPS_OUTSIDE)
eps_outside_in_eval = mistake(
    edit(batchnorm_forward, "np.sqrt(var + eps)", "(np.sqrt(var + eps) if training else np.sqrt(var) + eps)"),
    says="In evaluation you add eps to the standard deviation; it belongs under the root, as in training.",
    hint="Can both modes share the lines that normalise?",
)
statistics_per_pixel = mistake(
    edit(_layout, "(0, *range(2, x.ndim)), (1, -1) + (1,) * (x.ndim - 2)", "0, x.shape[1:]"),
    says="Your pictures have a mean and a variance for each pixel; they have one per channel.",
    hint="Which of the four axes stays, and which three are averaged over?",
    task="batchnorm_forward",
    also=("batchnorm_backward", "BatchNorm"),  # sums per pixel, on the way back as well
)
reshaped_without_transpose = mistake(
    edit(
        batchnorm_forward,
        "x.mean(axis=axes), x.var(axis=axes)",
        "x.reshape(-1, x.shape[1]).mean(axis=0), x.reshape(-1, x.shape[1]).var(axis=0)",
    ),
    says="Your channels are mixed up: a plain reshape of (N, C, H, W) to (-1, C) does not move C to the end.",
    hint="Bring C to the end first, then reshape.",
    also=("batchnorm_backward",),  # the cache is not centred
)
beta_forgotten = mistake(
    edit(batchnorm_forward, " + beta.reshape(column)", ""),
    says="Your out is not shifted by beta.",
    hint="By hand: beta 100 is the mean of out.",
)
plain_in_eval = mistake(
    edit(batchnorm_forward, "    return out", "    out = out if training else xhat\n    return out"),
    says="In evaluation your out lacks gamma and beta.",
    hint="Which statistics are used is the only difference between the modes.",
)
mean_of_squares = mistake(
    edit(batchnorm_forward, "x.var(axis=axes)", "(x**2).mean(axis=axes) - x.mean(axis=axes) ** 2"),
    says="Your variance is the mean of squares minus the square of the mean: a large mean eats all digits.",
    hint="In float32, 100000000 + 1 is 100000000. Subtract the mean before you square.",
)
divides_by_variance = mistake(
    edit(batchnorm_forward, "1 / np.sqrt(var + eps)", "1 / (var + eps)"),
    says="You divide by the variance, not by its root.",
    hint="By hand: 1 and 5 lie 2 from the mean, and the variance is 4. They become -1 and 1.",
    also=("batchnorm_backward",),  # 1 / std is another
)
single_is_taken = mistake(
    edit(batchnorm_forward, "if n == 1:", "if n < 1:"),
    says="You accept a batch in which a feature has a single number.",
    hint="Its unbiased variance would be 0 / 0. Raise ValueError before you compute.",
)

# --- batchnorm_backward ---
VARIANCE = "dcentred += dvar.reshape(column) * 2 * centred / n"
MEAN = "dcentred + dmean.reshape(column) / n"

no_mean_path = mistake(
    edit(batchnorm_backward, MEAN, "dcentred"),
    says="Your dx lacks the path through the mean.",
    hint="A larger x makes the mean larger, too. Whose out falls then?",
)
no_variance_path = mistake(
    edit(batchnorm_backward, VARIANCE, "pass"),
    says="Your dx lacks the path through the variance.",
    hint="By hand: dout (1, 0, 0, 0) gives dx (2.5, -2.5, 0, 0). Have you (3.75, -1.25, -1.25, -1.25)?",
)
no_paths = mistake(
    edit(batchnorm_backward, (VARIANCE, "pass"), (MEAN, "dcentred")),
    says="Your dx is that of evaluation: mean and variance are taken for constants.",
    hint="In training both are made from x. There are three paths from x to out.",
)
gamma_forgotten = mistake(
    edit(batchnorm_backward, "dout * gamma.reshape(column)", "dout * 1"),
    says="Your dx is not scaled by gamma.",
    hint="out = gamma xhat + beta. What is the slope of out for xhat?",
)
pictures_divide_by_samples = mistake(
    edit(batchnorm_backward, "dout.size // dout.shape[1]", "len(dout)"),
    says="For pictures, your paths through mean and variance divide by N; a channel has N H W numbers.",
    hint="Over how many numbers did the forward pass take the mean?",
)
eval_backward_as_training = mistake(
    edit(batchnorm_backward, "if not training:", "if False:"),
    says="In evaluation your dx has the paths of training.",
    hint="Do the running statistics change if x changes?",
)
eps_dropped = mistake(
    edit(batchnorm_forward, "(centred, istd,", "(centred, istd, var,"),
    edit(
        batchnorm_backward,
        "centred, istd, gamma, training = cache",
        "centred, istd, var, gamma, training = cache\n    istd = 1 / np.sqrt(var)",
    ),
    task="batchnorm_backward",
    says="The 1 / std of your backward pass lacks eps.",
    hint="Take the one of the forward pass: put it into the cache.",
)
writes_into_dout = mistake(
    edit(
        batchnorm_backward,
        "dxhat = dout * gamma.reshape(column)",
        "dxhat = dout\n    dxhat *= gamma.reshape(column)",
    ),
    says="You write into dout.",
    hint="dx = dout gives a second name to the same array; *= changes it under both names.",
)
dgamma_of_dout = mistake(
    edit(batchnorm_backward, "(dout * centred).sum(axis=axes) * istd", "dout.sum(axis=axes)"),
    says="Your dgamma is dbeta: the factor xhat is missing.",
    hint="out = gamma xhat + beta. What is the slope of out for gamma?",
)
means_for_sums = mistake(
    edit(
        batchnorm_backward,
        ("(dout * centred).sum(", "(dout * centred).mean("),
        ("dbeta = dout.sum(", "dbeta = dout.mean("),
    ),
    says="Your dgamma and dbeta are means over the batch; they are sums.",
    hint="One gamma serves all samples: it gets the sum of what comes from each.",
)
sums_over_samples = mistake(
    edit(
        batchnorm_backward,
        ("(dout * centred).sum(axis=axes) * istd", "(dout * centred * istd.reshape(column)).sum(axis=0)"),
        ("dbeta = dout.sum(axis=axes)", "dbeta = dout.sum(axis=0)"),
    ),
    says="For pictures your dgamma and dbeta have a number for each pixel.",
    hint="Which shape has gamma? dgamma has the same.",
    also=("BatchNorm",),  # a layer whose backward fails twice
)

# --- batchnorm_dx ---
closed_form_without_n = mistake(
    edit(batchnorm_dx, "(N * dout", "(dout"),
    says="Your closed form lacks the factor N of dout.",
    hint="Bring all three terms over N: what becomes of the first?",
)
closed_without_gamma = mistake(
    edit(batchnorm_dx, "gamma * istd", "istd"),
    says="Your closed form lacks gamma.",
    hint="What is dxhat, if dout is given?",
)

# --- BatchNorm ---
eval_flag_ignored = mistake(
    edit(BatchNorm.forward, "self.running_var, self.training,", "self.running_var, True,"),
    says="Your layer is always in training.",
    hint="Does forward hand on what eval() has set?",
)
statistics_not_kept = mistake(
    edit(BatchNorm.forward, "out, self.running_mean, self.running_var,", "out, _, _,"),
    says="Your layer forgets its running statistics.",
    hint="batchnorm_forward returns new arrays. Who keeps them?",
)
starts_with_variance_0 = mistake(
    edit(
        BatchNorm.__init__,
        "np.zeros(num_features), np.ones(num_features)\n        self.momentum",
        "np.zeros(num_features), np.zeros(num_features)\n        self.momentum",
    ),
    says="Your running_var starts with zeros; it starts with ones.",
    hint="A layer that has seen nothing yet changes nothing in evaluation.",
)
train_forgotten = mistake(
    edit(BatchNorm.train, "self.training = True", "pass"),
    says="Your train() does not lead back from evaluation.",
    hint="Which attribute do train() and eval() set?",
)
gradients_add_up = mistake(
    edit(
        BatchNorm.backward,
        ("dx, self", "old = self.weight_grad\n        dx, self"),
        ("return dx", "self.weight_grad += 0 if old is None else old\n        return dx"),
    ),
    says="Your layer adds the gradients of several backward passes; each replaces the last.",
    hint="What is in weight_grad before the second backward?",
)
first_batch_replaces = mistake(
    edit(
        BatchNorm.forward,
        "momentum = self.momentum\n",
        "momentum = self.momentum if self._batches > 1 else 1\n",
    ),
    says="Your first batch replaces the running statistics; it moves them by momentum, as any other does.",
    hint="By hand: the running mean goes from 0 to 0.75, not to 3.",
)

# --- layernorm ---
norm_over_batch = mistake(
    edit(layernorm_forward, ("x.mean(axis=-1", "x.mean(axis=0"), ("x.var(axis=-1", "x.var(axis=0")),
    edit(
        layernorm_backward,
        ("(dxhat * xhat).mean(axis=-1", "(dxhat * xhat).mean(axis=0"),
        ("dxhat.mean(axis=-1", "dxhat.mean(axis=0"),
    ),
    says="Your layernorm normalises over the batch; it normalises each sample over its features.",
    hint="Which axis is averaged over? Look at a batch of one.",
)
norm_over_all_but_first = mistake(
    edit(
        layernorm_forward,
        ("x.mean(axis=-1", "x.mean(axis=tuple(range(min(1, x.ndim - 1), x.ndim))"),
        ("x.var(axis=-1", "x.var(axis=tuple(range(min(1, x.ndim - 1), x.ndim))"),
    ),
    says="With more than two axes, your layernorm averages over all but the first; only the last one counts.",
    hint="In a text of 4 words, each word is normalised by itself.",
)
ddof_1 = mistake(
    edit(layernorm_forward, "keepdims=True) + eps", "keepdims=True, ddof=1) + eps"),
    says="Your layernorm divides by the unbiased standard deviation; it uses the biased one.",
    hint="By hand: 1, 1, 5, 5 becomes -1, -1, 1, 1.",
)
layernorm_eps_outside = mistake(
    edit(
        layernorm_forward,
        "np.sqrt(x.var(axis=-1, keepdims=True) + eps)",
        "(np.sqrt(x.var(axis=-1, keepdims=True)) + eps)",
    ),
    **EPS_OUTSIDE,
)
layernorm_weight_late = mistake(
    edit(layernorm_backward, ("dxhat = dout * weight", "dxhat = dout"), ("dx = istd", "dx = weight * istd")),
    says="Your weight is multiplied at the end; here it differs along the axis that is averaged over.",
    hint="Multiply dout by the weight first, and take the means of that.",
)
dweight_keeps_time = mistake(
    edit(layernorm_backward, "tuple(range(dout.ndim - 1))", "0"),
    says="Your dweight and dbias are summed over the first axis alone.",
    hint="Which shape has the weight? All other axes must go.",
)

# --- bug_hunt ---
two_blind = mistake(
    edit(bug_hunt, "sharp = np.array([1.0, 0.0, 0.0, 0.0])", "sharp = np.array([0.0, 0.0, 1.0, -1.0])"),
    says="suspicious_backward is right for both of your gradients.",
    hint="When does dout pull at the variance? Compute the sum of dout times xhat.",
)
two_sharp = mistake(
    edit(bug_hunt, "[1.0, -1.0, 0.0, 0.0]", "[1.0, 0.0, -1.0, 0.0]"),
    says="suspicious_backward is wrong for both of your gradients.",
    hint="Two pushes at samples with the same xhat can cancel.",
)

# --- bonus ---
none_as_default = mistake(
    edit(BatchNorm.forward, "momentum = 1 / max(self._batches, 1)", "momentum = 0.1"),
    says="Your momentum None is a momentum of 0.1.",
)
counts_evaluation = mistake(
    edit(BatchNorm.forward, "self._batches += self.training", "self._batches += 1"),
    says="With momentum None, your layer counts batches in evaluation, too.",
)
groups_interleaved = mistake(
    edit(
        groupnorm,
        ("parts = x.", "order = np.arange(C).reshape(-1, groups).T.ravel()\n    parts = x[:, order]."),
        ("+ eps)).reshape(x.shape)", "+ eps)).reshape(x.shape)[:, np.argsort(order)]"),
    ),
    says="Your groups take every second or third channel; a group holds neighbouring channels.",
)
groups_over_batch = mistake(
    edit(
        groupnorm,
        ("parts.mean(axis=2", "parts.mean(axis=(0, 2)"),
        ("parts.var(axis=2", "parts.var(axis=(0, 2)"),
    ),
    says="Your groups share mean and variance among the pictures.",
)
folded_bias_not_scaled = mistake(
    edit(
        fold_batchnorm, "scale * ((0 if b is None else b) - mean)", "(0 if b is None else b) - scale * mean"
    ),
    says="Your b2 holds b itself; the normalisation scales it like everything that the layer makes.",
)
folded_mean_forgotten = mistake(
    edit(fold_batchnorm, "else b) - mean)", "else b))"),
    says="Your b2 lacks the running mean.",
)

# --- cheats ---
always_evaluation = cheat(
    edit(batchnorm_forward, "    if training:", "    if training and x.size == x.shape[1]:"),
    most=0.37,
    says="Knows evaluation alone.",
)
no_dx = cheat(edit(batchnorm_backward, "return dx, dg", "return 0 * dx, dg"), most=0.35, says="No dx.")
layer_of_forward = cheat(edit(BatchNorm.backward, "return dx", "return 0 * dx"), most=0.85, says="No dx.")


# --- correct variants ---
def forward_by_rows(x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    shape = x.shape
    if x.ndim == 4:
        x = x.transpose(0, 2, 3, 1).reshape(-1, shape[1])
    if training and len(x) < 2:
        raise ValueError("too few")
    if training:
        mean, var = np.mean(x, axis=0), np.var(x, axis=0)
        new_mean = running_mean + momentum * (mean - running_mean)
        new_var = running_var + momentum * (np.var(x, axis=0, ddof=1) - running_var)
    else:
        mean, var, new_mean, new_var = running_mean, running_var, running_mean.copy(), running_var.copy()
    std = np.sqrt(var + eps)
    out = (xhat := (x - mean) / std) * gamma + beta
    if len(shape) == 4:
        out = out.reshape(shape[0], *shape[2:], shape[1]).transpose(0, 3, 1, 2)
    return out, new_mean, new_var, {"xhat": xhat, "std": std, "gamma": gamma, "training": training}


def backward_by_rows(dout, cache):
    shape = dout.shape
    if dout.ndim == 4:
        dout = np.moveaxis(dout, 1, -1).reshape(-1, shape[1])
    xhat, factor = cache["xhat"], cache["gamma"] / cache["std"]
    dbeta, dgamma = dout.sum(axis=0), np.einsum("nd,nd->d", dout, xhat)
    dx = factor * dout
    if cache["training"]:
        dx = factor * (dout - dbeta / len(dout) - xhat * dgamma / len(dout))
    if len(shape) == 4:
        dx = np.moveaxis(dx.reshape(shape[0], *shape[2:], shape[1]), -1, 1)
    return dx, dgamma, dbeta


def dx_by_means(dout, xhat, gamma, istd):
    dxhat = dout * gamma
    return (dxhat - dxhat.mean(axis=0) - xhat * (dxhat * xhat).mean(axis=0)) * istd


def layernorm_turned(x, weight, bias, eps=1e-5):
    rows = x.reshape(-1, x.shape[-1])
    rest = np.ones(len(rows)), np.zeros(len(rows)), 0.0, 1.0
    out, _, _, cache = batchnorm_forward(rows.T, *rest, True, eps=eps)
    return (out.T * weight + bias).reshape(x.shape), (out.T, weight, cache)


def layernorm_back_turned(dout, cache):
    xhat, weight, cache = cache
    flat = dout.reshape(xhat.shape)
    dx = batchnorm_backward((flat * weight).T, cache)[0].T
    return dx.reshape(dout.shape), np.einsum("nd,nd->d", flat, xhat), np.einsum("nd->d", flat)


def groups_by_loops(x, groups, weight, bias, eps=1e-5):
    size, rest = divmod(x.shape[1], groups)
    if rest:
        raise ValueError("uneven")
    out = np.empty_like(x)
    for n in range(len(x)):
        for first in range(0, x.shape[1], size):
            part = x[n, first : first + size]
            out[n, first : first + size] = (part - part.mean()) / (part.var() + eps) ** 0.5
    return out * weight[:, None, None] + bias[:, None, None]


by_rows = variant(
    instead(batchnorm_forward, forward_by_rows),
    instead(batchnorm_backward, backward_by_rows),
    instead(batchnorm_dx, dx_by_means),
    edit(BatchNorm.train, "self.training = True", "self.training = True\n        return self"),
    edit(BatchNorm.eval, "self.training = False", "self.training = False\n        return self"),
    instead(layernorm_forward, layernorm_turned),
    instead(layernorm_backward, layernorm_back_turned),
    instead(groupnorm, groups_by_loops),
    edit(bug_hunt, "np.array([1.0, -1.0, 0.0, 0.0])", "np.array([1.0, 0.0, 0.0, 1.0])"),
)

in_formulas = variant(
    edit(batchnorm_forward, "momentum * var * n / (n - 1)", "momentum * x.var(axis=axes, ddof=1)"),
    edit(
        batchnorm_backward,
        "dx = dcentred + dmean.reshape(column) / n",
        """xhat = centred * istd.reshape(column)
    seen = n * dout - dbeta.reshape(column) - xhat * dgamma.reshape(column)
    dx = (gamma * istd / n).reshape(column) * seen""",
    ),
    edit(batchnorm_dx, "(dout * xhat).sum(axis=0)", "np.einsum('nd,nd->d', dout, xhat)"),
)

# --- mutants of the reference that are right answers too ---
EQUIVALENT = {
    "0a632f6776": "n as a float is the same number",
    "c04e51282e": "n as a float is the same number",
    "bfe0f7711c": "a feature of no number at all has no mean either",
    "310e77bce3": "in evaluation the momentum does not matter, and in training a batch has been counted",
    "ab9e98797f": "the bug hunt has many answers",
    "912f99aef8": "the bug hunt has many answers",
    "c60056ef7c": "the bug hunt has many answers",
    "74f48fbaa5": "the bug hunt has many answers",
    "cb150d4df1": "NumPy takes any negative size in reshape for 'whatever is left'",
    "35c2861712": "NumPy takes any negative size in reshape for 'whatever is left'",
}
