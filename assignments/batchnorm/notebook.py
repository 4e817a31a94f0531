# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Batch normalisation: can a deep network keep its numbers in one size?
#
# Send a picture through ten layers. Often the numbers that come out are huge, or all but dead. Batch normalisation
# gives each feature mean 0 and variance 1, over the batch, after each layer. Deep networks then learn at rates
# that were impossible before.
#
# There is a price: the samples of a batch now influence one another. On the way back, the loss of one sample pushes
# all the others. You will find these hidden paths, write them down, and train a network of nine layers with them.
#
# **You need:** the chain rule from `backprop`; pictures as (N, C, H, W) from `conv_layer`.
#
# **Lecture:** FAU Deep Learning, part 5.3. **Time:** about 7 hours: 1.5 for the first section, 2 for the second, then
# 1 or less for each.
#
# **Points:** 100, and 20 for the bonus. Above each task you can read what its points are given for. The hidden
# checks use other numbers than the public ones. A mistake is charged once. You may define functions of your own in
# any cell and call them.
#
# **Predict, then run.** Where you read this, write your guess in place of the three dots and only then run the next
# cell. It shows your guess beside the truth. Nobody marks guesses, and a wrong one teaches most.

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

plt.rcParams["figure.constrained_layout.use"] = True
digits = load_digits()
pixels = digits.data / 16  # 1797 digits of 64 pixels

# %% [markdown]
# ## 1. Forward
#
# $$\hat{x} = \frac{x - \text{mean}}{\sqrt{\text{var} + \varepsilon}} \qquad
# \text{out} = \gamma\,\hat{x} + \beta$$
#
# Each feature has its own mean and var, and learns its own $\gamma$ and $\beta$: the size that *it* wants.
#
# **By hand.** One feature, a batch of four: $x = (1, 1, 5, 5)$, $\gamma = 10$, $\beta = 100$, $\varepsilon = 0$.
#
# | | | |
# | --- | --- | --- |
# | mean | 12 / 4 | 3 |
# | biased variance, to normalise | (4 + 4 + 4 + 4) / 4 | 4 |
# | $\hat{x}$ | (x - 3) / 2 | -1, -1, 1, 1 |
# | out | | 90, 90, 110, 110 |
# | unbiased variance, to remember | 16 / 3 | 5.33 |
# | running mean, from 1, momentum 0.25 | 0.75 · 1 + 0.25 · 3 | 1.5 |
# | running variance, from 2, momentum 0.25 | 0.75 · 2 + 0.25 · 16/3 | 2.83 |
#
# In evaluation there may be no batch. So mean and var are then the running ones, and they stay as they are.
#
# <details><summary>Hint 1: where to begin</summary>Samples (N, D) in training first. Then the running statistics, then
# evaluation, and pictures at the end.</details>
# <details><summary>Hint 2: the object</summary>A feature of pictures is a channel: its numbers lie along three axes.
# Which shape must (C,) get, so that it meets (N, C, H, W) at the right axis?</details>
# <details><summary>Hint 3: the operation</summary>mean and var of NumPy take a tuple of axes, and var gives the biased
# variance. Backward will need what you have subtracted and divided by: put it into the cache.</details>

# %% task="batchnorm_forward"
from solutions.batchnorm import batchnorm_forward

# %%
hand_x = np.array([[1.0], [1.0], [5.0], [5.0]])
given = np.array([10.0]), np.array([100.0]), np.array([1.0]), np.array([2.0])
out, new_mean, new_var, cache = batchnorm_forward(hand_x, *given, True, momentum=0.25, eps=0.0)
print("by hand: 90 90 110 110 1.5 2.83; yours:", *out.ravel(), *new_mean, *new_var.round(2))

# %% [markdown]
# **Predict, then run.** Each x becomes 3x + 7. What happens to out: three times as large, moved by 7, both, nothing?

# %% scratch=True
my_guess = ...


# %%
def normalise(x):
    """gamma 1, beta 0, in training."""
    D = x.shape[1]
    return batchnorm_forward(x, np.ones(D), np.zeros(D), np.zeros(D), np.ones(D), True)[0]


change = abs(normalise(3 * hand_x + 7) - normalise(hand_x)).max()
print(f"my guess: {my_guess}, your out changes by at most {change:.1g}")

rng = np.random.default_rng(0)
weights = [rng.normal(0, 2 / np.sqrt(64), (64, 64)) for _ in range(7)]
figure, axes = plt.subplots(2, 4, figsize=(10, 4), sharey=True)
for row, name in enumerate(("as they come", "normalised")):
    x = pixels[:300]
    for layer, weight in enumerate(weights, 1):
        x = normalise(x @ weight.T) if name == "normalised" else x @ weight.T
        if layer % 2 == 1:
            axis = axes[row, layer // 2]
            axis.hist(x.ravel(), bins=np.linspace(-30, 30, 61), density=True)
            axis.set_title(f"layer {layer}, {name}\nstd {x.std():.2g}", fontsize=9)
        x = np.maximum(x, 0)
plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>
# Histograms of the numbers behind layers 1, 3, 5 and 7. As they come they spread: std 1 at layer 1, and 10 at layer 7,
# where the histogram is nearly flat. Normalised they are the same narrow hill in each layer, std 1.</details>
#
# Where a hill of the lower row has another std than 1, look at what you divide by.
#
# ## 2. Backward: three paths
#
# If one $x$ grows, its own $\hat{x}$ grows: the *direct* path. But the mean grows as well, and so do the distances
# that make the variance. Both are part of *every* $\hat{x}$. Go back through the graph, one node at a time:
#
# $$x \to \text{mean} \qquad c = x - \text{mean} \qquad c \to \text{var} \qquad \hat{x} = c / \sqrt{\text{var} +
# \varepsilon} \qquad \text{out} = \gamma\,\hat{x} + \beta$$
#
# **By hand.** The same batch, dout = (1, 0, 0, 0). Then dbeta = 1 and dgamma = 1 · (-1) = -1.
#
# | | sample 1 | 2 | 3 | 4 |
# | --- | --- | --- | --- | --- |
# | direct: dout · 10 / 2 | 5 | 0 | 0 | 0 |
# | through the variance | -1.25 | -1.25 | 1.25 | 1.25 |
# | through the mean | -1.25 | -1.25 | -1.25 | -1.25 |
# | dx | **2.5** | **-2.5** | **0** | **0** |
#
# Sample 2 has no loss of its own, and yet it is pushed.
#
# <details><summary>Hint 1: where to begin</summary>dbeta and dgamma are two sums. Evaluation is the direct path alone.
# Write both before the paths.</details>
# <details><summary>Hint 2: the object</summary>Name the gradient of each node: dxhat, dvar, dc, dmean. dvar and dmean have
# one number per feature; they are sums over all n numbers that use them.</details>
# <details><summary>Hint 3: the operation</summary>c is used twice, so dc is a sum of two shares. The slope of var for c
# is 2 c / n. The slope of the mean for each x is 1 / n, and c falls if the mean grows.</details>

# %% task="batchnorm_backward"
from solutions.batchnorm import batchnorm_backward

# %%
grads = batchnorm_backward(np.array([[1.0], [0.0], [0.0], [0.0]]), cache)
print("by hand: 2.5 -2.5 0 0 -1 1; yours:", *np.concatenate([grad.ravel() for grad in grads]))

# %% [markdown]
# **Predict, then run.** A batch of *two* samples, x = (3, 8), gamma 1, dout = (1, 0). What is dx, roughly?

# %% scratch=True
my_guess = ...

# %%
rest = np.ones(1), np.zeros(1), np.zeros(1), np.ones(1), True
two = batchnorm_forward(np.array([[3.0], [8.0]]), *rest)
dx = batchnorm_backward(np.array([[1.0], [0.0]]), two[3])[0]
print(f"my guess: {my_guess}, yours: {dx.ravel()}, for out = {two[0].ravel()}")

x = np.sort(rng.normal(size=(8, 1)), axis=0)
dout = np.eye(8)[:, :1]  # a loss for sample 0 alone
dx = batchnorm_backward(dout, batchnorm_forward(x, *rest)[3])[0]
measured = [(normalise(x + h) - normalise(x - h))[0, 0] / 2e-5 for h in 1e-5 * np.eye(8)[:, :, None]]
plt.figure(figsize=(6, 2.6))
plt.bar(range(8), dx.ravel(), label="your dx")
plt.plot(range(8), measured, "ko", label="measured with your forward")
plt.xlabel("sample, from the smallest x; only sample 0 has a loss")
plt.legend()
plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>
# Eight bars, a black dot at the end of each. The bar of sample 0 is the highest. Samples 1 and 2, its neighbours, are
# pushed down, the next ones less and less, and the last is pushed up. All bars together make 0.</details>
#
# Two samples become -1 and 1 wherever they lie, so no small move changes anything. If dots lie beside the bars, a path is
# missing: all off by one number, the mean; off in proportion to x, the variance.
#
# ## 3. The three paths in one line
#
# A guided derivation. Write $d = \gamma \cdot$ dout for dxhat and $s = 1 / \sqrt{\text{var} + \varepsilon}$, all sums over
# the batch. Fill the gaps on paper:
#
# 1. $d\text{var} = \sum d\,c \cdot \_\_\_$, since the slope of $s$ for var is $-s^3/2$.
# 2. $dc = d\,s + d\text{var} \cdot 2c/N$. With $c = \hat{x} / s$ this is $dc = s\,(d - \hat{x}\,\_\_\_ / N)$.
# 3. $\sum dc = s\,(\sum d - \_\_\_)$, since $\sum \hat{x} = 0$.
# 4. $dx = dc - \frac{1}{N} \sum dc = s\,(d - \frac{1}{N} \_\_\_ - \frac{1}{N} \hat{x}\,\_\_\_)$
# 5. Put $d = \gamma \cdot$ dout back and take $\gamma s / N$ to the front.
#
# **By hand.** For the second sample: 10 · 0.5 / 4 · (4 · 0 - 1 - (-1)(-1)) = -2.5.
#
# <details><summary>Hint 1: where to begin</summary>Line 4 holds two sums: you know them from dbeta and dgamma.</details>
# <details><summary>Hint 2: the object</summary>Each sum has one number per feature and meets (N, D) as it is.</details>
# <details><summary>Hint 3: the operation</summary>N dout, minus a sum, minus xhat times the other. What is in front?</details>

# %% task="batchnorm_dx"
from solutions.batchnorm import batchnorm_dx

# %% [markdown]
# **Predict, then run.** The loss wants *all* outputs of a batch to grow alike: dout is 1 everywhere. Or it wants them
# further apart: dout = xhat. How large is the largest number of dx?

# %% scratch=True
my_guess = {"dout = 1": ..., "dout = xhat": ...}

# %%
xhat, one = normalise(rng.normal(size=(6, 1))), np.ones(1)
for name, dout in zip(my_guess, (np.ones((6, 1)), xhat), strict=True):
    print(f"{name}: my guess {my_guess[name]}, yours {abs(batchnorm_dx(dout, xhat, one, one)).max():.2g}")

# %% [markdown]
# A normalised layer is blind for both: no x can change the mean or the variance of $\hat{x}$. Only beta and gamma can.
#
# ## 4. A layer
#
# The layer keeps what the functions need: `weight` (gamma), `bias` (beta), the running statistics, the mode, the cache.
#
# **By hand.** `BatchNorm(1, momentum=0.25)` sees 1, 1, 5, 5: the running mean goes from 0 to 0.75, the variance from 1 to
# 2.08. Bonus: with `momentum=None` the third batch has the weight 1/3, and so on.
#
# <details><summary>Hint 1: where to begin</summary>The constructor. Then forward and backward are a call each.</details>
# <details><summary>Hint 2: the object</summary>Of the four things from forward, three must live until the next call.</details>
# <details><summary>Hint 3: the operation</summary>train() and eval() set one attribute, which forward hands on.</details>

# %% task="BatchNorm"
from solutions.batchnorm import BatchNorm

# %% [markdown]
# **Predict, then run.** The running mean starts at 0, the true mean is 1. With momentum 0.1, where is it after 10 batches?

# %% scratch=True
my_guess = ...

# %%
plt.figure(figsize=(6, 2.6))
for momentum in (0.1, 0.5):
    layer, curve = BatchNorm(1, momentum=momentum), [0.0]
    for _ in range(40):
        layer.forward(rng.normal(1, 1, (16, 1)))
        curve.append(layer.running_mean[0])
    plt.plot(curve, label=f"running mean over batches, momentum {momentum}")
    print(f"momentum {momentum}, after 10 batches: my guess {my_guess}, yours {curve[10]:.2f}")
plt.axhline(1, color="black", linestyle="--", label="true mean")
plt.legend()
plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>
# Two curves from 0 to a dashed line at 1. Momentum 0.5 is there after four batches, but goes up and down with each
# batch. Momentum 0.1 needs thirty and is smooth.</details>
#
# Without noise it would be 1 - 0.9^10 = 0.65 after ten batches.
# If the curve of 0.1 is the rough one, your momentum is turned round.
#
# ## 5. Nine layers learn to read
#
# Eight layers of 32 features with ReLU, and a ninth for the ten digits. They learn from 1400 digits, 200 steps of plain
# gradient descent. 397 others are read afterwards, in evaluation, one at a time.


# %%
class Nothing:
    """A layer that leaves everything as it is."""

    weight = bias = weight_grad = bias_grad = 0

    def forward(self, x):
        return x

    backward = forward

    def eval(self):
        return self


def values(x, weights, norms):
    """The input of each linear layer, and the ten logits."""
    inputs = [x]
    for weight, norm in zip(weights, norms, strict=False):
        inputs.append(np.maximum(norm.forward(inputs[-1] @ weight.T), 0))
    return inputs, inputs[-1] @ weights[-1].T


def learn(norms, lr, rng):
    """The losses of 200 steps, and the share of new digits that is read in evaluation."""
    sizes, losses = [64, *[32] * 8, 10], []
    weights = [rng.normal(0, np.sqrt(2 / sizes[i]), (sizes[i + 1], sizes[i])) for i in range(9)]
    for _ in range(200):
        batch = rng.choice(train, 64)
        inputs, logits = values(pixels[batch], weights, norms)
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        losses.append(-np.log(p[range(64), digits.target[batch]] + 1e-9).mean())
        dout = (p - np.eye(10)[digits.target[batch]]) / 64
        for i in range(8, -1, -1):
            dx = dout @ weights[i]
            weights[i] -= lr * dout.T @ inputs[i]
            dout = norms[i - 1].backward(dx * (inputs[i] > 0)) if i else None
        for norm in norms:
            norm.weight = norm.weight - lr * norm.weight_grad
            norm.bias = norm.bias - lr * norm.bias_grad
    for norm in norms:
        norm.eval()
    read = [values(x[None], weights, norms)[1].argmax() for x in pixels[test]]  # one at a time
    return losses, (read == digits.target[test]).mean()


# %% [markdown]
# **Predict, then run.** Without normalisation, at the best of the rates 0.03, 0.1 and 0.3: what share of new digits is
# read? And with it, at the *worst* of the three?

# %% scratch=True
my_guess = {"without, best": ..., "with, worst": ...}

# %%
order = np.random.default_rng(0).permutation(len(pixels))
train, test = order[:1400], order[1400:]
figure, axes = plt.subplots(1, 3, figsize=(11, 2.8), sharey=True)
shares = {"without": [], "with": []}
for axis, lr in zip(axes, (0.03, 0.1, 0.3), strict=True):
    for name, share in shares.items():
        norms = [BatchNorm(32) if name == "with" else Nothing() for _ in range(8)]
        losses, read = learn(norms, lr, np.random.default_rng(1))
        share.append(read)
        axis.plot(np.convolve(losses, np.ones(10) / 10, "valid"), label=f"{name}: {read:.0%} read")
    axis.set(title=f"rate {lr}", xlabel="step", ylabel="loss", ylim=(0, 2.5))
    axis.legend(fontsize=8)
plt.show()
print(f"my guess: {my_guess}, truth: {max(shares['without']):.0%}, {min(shares['with']):.0%}")

# %% [markdown]
# <details><summary>Figure in words</summary>
# Loss over steps at three rates. With normalisation it falls in all three, fastest at 0.1 and 0.3, where about 95 % of new
# digits are read. Without it the loss falls late and in jumps, and far fewer digits are read.</details>
#
# A low loss, but few digits read: does your evaluation use the running statistics, and are they right?
#
# ## 6. The other axis
#
# Text comes in sequences of any length, and often one at a time. *Layer normalisation* takes mean and variance over the
# features of *one* sample. There is no batch, no running statistic, and no second mode.
#
# **By hand.** One sample (1, 1, 5, 5), weight 1: out = (-1, -1, 1, 1). For dout = (4, 0, 0, 0), dx = (1, -1, 0, 0).
#
# <details><summary>Hint 1: where to begin</summary>Your closed form, turned by one axis.</details>
# <details><summary>Hint 2: the object</summary>The weight differs along the axis that is averaged over. So it cannot be
# taken to the front: what do the means run over?</details>
# <details><summary>Hint 3: the operation</summary>axis=-1 with keepdims for dx. For dweight all axes but the last go: a
# reshape to (-1, D) or a tuple of axes.</details>

# %% task="layernorm"
from solutions.batchnorm import layernorm_backward, layernorm_forward

# %%
out, cache = layernorm_forward(hand_x.T, np.ones(4), np.zeros(4), eps=0.0)
dx, dweight, dbias = layernorm_backward(np.array([[4.0, 0.0, 0.0, 0.0]]), cache)
print("by hand: -1 -1 1 1 and 1 -1 0 0; yours:", *out.ravel(), *dx.ravel())

# %% [markdown]
# **Predict, then run.** One number of a batch (5, 8) grows: x[1, 2]. How many outputs change, of 40?

# %% scratch=True
my_guess = {"batch normalisation": ..., "layer normalisation": ...}

# %%
x = rng.normal(size=(5, 8))
moved = x + np.pad([[1.0]], ((1, 3), (2, 5)))
functions = normalise, lambda x: layernorm_forward(x, np.ones(8), np.zeros(8))[0]
figure, axes = plt.subplots(1, 2, figsize=(8, 2.4))
for axis, name, function in zip(axes, my_guess, functions, strict=True):
    changed = abs(function(moved) - function(x)) > 1e-12
    print(f"{name}: my guess {my_guess[name]}, yours {changed.sum()}")
    axis.imshow(changed, cmap="Blues")
    axis.set(title=name, xlabel="feature", ylabel="sample")
plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>
# Two grids of 5 samples and 8 features. Left the column of feature 2 is blue, right the row of sample 1.</details>
#
# Two columns: your layer normalisation averages over the batch.
#
# ## Bug hunt
#
# A colleague's backward has run for a year. For the batch of the hand example, find a dout that does not show its mistake
# (*blind*; its four numbers must not be all equal), and one that does (*sharp*).
#
# <details><summary>Hint 1: where to begin</summary>Which of the three paths do you find in her code?</details>
# <details><summary>Hint 2: the object</summary>A path carries one sum per feature. When is it 0?</details>
# <details><summary>Hint 3: the operation</summary>Multiply dout by (-1, -1, 1, 1) and add up.</details>


# %% name="suspicious" leak="the bug hunt shows this wrong implementation, which the judge holds too"
def suspicious_backward(dout, xhat, gamma, istd):
    """dx of batch normalisation in training, (N, D). There is a mistake in here."""
    dcentred = dout * gamma * istd
    return dcentred - dcentred.mean(axis=0)


# %% task="bug_hunt"
from solutions.batchnorm import bug_hunt

# %%
batch = np.array([[-1.0], [-1.0], [1.0], [1.0]]), np.array([10.0]), np.array([0.5])
for name, dout in zip(("blind", "sharp"), bug_hunt(), strict=True):
    ours, hers = (f(dout[:, None], *batch).ravel() for f in (batchnorm_dx, suspicious_backward))
    print(f"{name}: yours {ours}, hers {hers}")

# %% [markdown]
# ## Now in PyTorch
#
# You wrote `torch.nn.BatchNorm2d` and `layer_norm`. Where PyTorch is installed, this cell compares.

# %%
try:
    import torch
except ImportError:
    print("PyTorch is not installed here, which is fine.")
else:
    x, dout = rng.normal(1, 2, (2, 4, 3, 5, 2))
    ours, theirs = BatchNorm(3), torch.nn.BatchNorm2d(3, dtype=torch.float64)
    leaf = torch.tensor(x, requires_grad=True)
    out = theirs(leaf)
    out.backward(torch.tensor(dout))
    print(
        "out:",
        np.allclose(ours.forward(x), out.detach()),
        " dx:",
        np.allclose(ours.backward(dout), leaf.grad),
    )
    print("running variance:", np.allclose(ours.running_var, theirs.running_var))
    theirs = torch.nn.functional.layer_norm(leaf, (2,)).detach()
    print("layer_norm:", np.allclose(layernorm_forward(x, np.ones(2), np.zeros(2))[0], theirs))

# %% [markdown]
# ## Bonus
#
# 20 points beyond the 100: `momentum=None` in your layer (above), groups of channels, and a way to make the
# normalisation vanish. In evaluation it is a linear map, so a layer before it can do its work.

# %% task="groupnorm"
from solutions.batchnorm import groupnorm

# %% task="fold_batchnorm"
from solutions.batchnorm import fold_batchnorm

# %%
w, b, x = rng.normal(size=(32, 64)), rng.normal(size=32), pixels[:5]
rest = rng.normal(size=32), rng.normal(size=32), rng.normal(size=32), rng.uniform(1, 2, 32)
w2, b2 = fold_batchnorm(w, b, *rest)
print("std of each group:", groupnorm(x.reshape(5, 4, 4, 4), 2, np.ones(4), np.zeros(4)).std())
print("one layer for two:", np.allclose(x @ w2.T + b2, batchnorm_forward(x @ w.T + b, *rest, False)[0]))

# %% [markdown]
# ## To take along
#
# * In training, each feature is normalised by its batch; in evaluation, by what was remembered. Know your mode.
# * Mean and variance are made from x: the gradient has three paths, and samples push one another.
# * Test gradients along directions that isolate one path; a random test cannot tell you which one is missing.
#
# **Next unit:** `dropout`. It has two modes as well. What if noise in training is there on purpose?
