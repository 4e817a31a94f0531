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
# # Dropout: how does a team play without stars?
#
# A large network can learn a small data set by heart, with all its errors. Its units then rely on one another: one
# corrects what another gets wrong. Dropout forbids that. In each step of training every unit is away with
# probability $p$, so none can rely on a neighbour. On match day, which is called *evaluation*, all are there.
#
# It takes ten lines. The classical mistake is in *when* they run. At the end your layer keeps a network from
# learning wrong labels by heart, and tells you where another network does not know what it says.
#
# **You need:** `backprop`; the mean of a sum of random numbers.
#
# **Lecture:** FAU Deep Learning, part 5.3. **Time:** about 4 hours. Forward 1, backward 0.5, layer 0.5, accuracy
# 0.5, uncertainty 0.5, bug hunt 0.5, question 0.5.
#
# **Points:** 100, 4 for the written question and 20 for the bonus. Above each task you can read what its points are
# given for. The hidden checks use other numbers than the public ones. A mistake is charged once.
#
# **Predict, then run.** Where you read this, write your guess in place of the three dots and only then run the next
# cell. It shows your guess beside the truth. Nobody marks guesses, and a wrong one teaches most.

# %%
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

plt.rcParams["figure.constrained_layout.use"] = True

# %% [markdown]
# ## 1. Who is away today?
#
# Each entry of x is dropped by a draw of its own. The sum would shrink, so what is left is divided by $1 - p$. Then
# the average stays the same: $(1 - p) \cdot \frac{x}{1 - p} + p \cdot 0 = x$.
#
# **By hand.** $p = 0.2$ and $x = (4, 8, 12, 16)$. Say the second is dropped: out $= (5, 0, 15, 20)$. The average of the
# first entry is $0.8 \cdot 5 = 4$.
#
# <details><summary>Hint 1: where to begin</summary>
#
# Evaluation first: one line. Then a mask for training: 0 for who is away, and another number for who is there.
#
# </details>
#
# <details><summary>Hint 2: the object</summary>
#
# You need as many random numbers as x has entries, so an array of x's shape. They lie between 0 and 1. What share of
# them is less than p? And what does your mask hold if p is 1?
#
# </details>
#
# <details><summary>Hint 3: the operation</summary>
#
# Comparing `rng.random` of a shape with p gives booleans. A boolean array divided by a number is float64: look at
# `astype`.
#
# </details>

# %% task="dropout_forward"
from solutions.dropout import dropout_forward

# %%
hand_x = np.array([4.0, 8.0, 12.0, 16.0])
hand_out, hand_cache = dropout_forward(hand_x, 0.2, True, np.random.default_rng(17))
print("by hand, if the second is dropped: 5 0 15 20; yours:", *hand_out)

# %% [markdown]
# **Predict, then run.** A thousand ones, $p = 0.3$. What is the mean of the output, its largest value, and the share
# of zeros?

# %% scratch=True
my_guess = {"mean": ..., "largest": ..., "share of zeros": ...}

# %%
rng = np.random.default_rng(0)
out, _ = dropout_forward(np.ones(1000), 0.3, True, rng)
print(f"my guess: {my_guess}")
print(f"yours: mean {out.mean():.2f}, largest {out.max():.2f}, share of zeros {(out == 0).mean():.2f}")

calls = [dropout_forward(np.ones((10, 16)), 0.3, True, rng)[0] for _ in range(500)]
pictures = {"first call": calls[0], "second call": calls[1], "mean of 500 calls": np.mean(calls, axis=0)}
figure, axes = plt.subplots(1, 3, figsize=(10, 2.5))
for axis, (title, picture) in zip(axes, pictures.items(), strict=True):
    axis.imshow(picture, vmin=0, vmax=1.5, cmap="gray")
    axis.set(title=title, xlabel="feature", ylabel="sample", xticks=[], yticks=[])
plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>
#
# Three grids of 10 samples and 16 features. In the first two, about three of ten cells are black and the others are
# nearly white; the black cells lie at other places in each grid. The third is even grey: on average each entry is 1.
#
# </details>
#
# Black stripes from top to bottom: the samples share one mask. Twice the same picture: your function seeds its
# generator anew, and the third picture is not grey either. A third picture darker than 1: nothing is scaled.

# %% [markdown]
# ## 2. Who was away is not to blame
#
# Forward multiplied each entry by a factor: 0 or $1 / (1 - p)$. Backward multiplies by the same factors.
#
# **By hand.** As above, and `dout` is 1 everywhere: dx $= (1.25, 0, 1.25, 1.25)$.
#
# <details><summary>Hint 1: where to begin</summary>
#
# Nothing is drawn on the way back. What must forward have written down?
#
# </details>
#
# <details><summary>Hint 2: the object</summary>
#
# The factors have the shape of x. In evaluation there are none, or all are 1.
#
# </details>
#
# <details><summary>Hint 3: the operation</summary>
#
# A product, entry by entry. Make a new array, since `dout` belongs to the caller.
#
# </details>

# %% task="dropout_backward"
from solutions.dropout import dropout_backward

# %%
print(
    "by hand, if the second is dropped: 1.25 0 1.25 1.25; yours:", *dropout_backward(np.ones(4), hand_cache)
)

# %% [markdown]
# **Predict, then run.** x is 0 in 1000 places, as after a ReLU, and $p = 0.3$. So out is 0 in all of them. In what
# share of them is dx not 0?

# %% scratch=True
my_guess = ...

# %%
_, cache = dropout_forward(np.zeros(1000), 0.3, True, rng)
print(f"my guess: {my_guess}, yours: {(dropout_backward(np.ones(1000), cache) != 0).mean():.2f}")

# %% [markdown]
# ## 3. A layer with two moods
#
# The layer knows whether it is training, so that a network need not be told in each call.
#
# **By hand.** $p = 1$ drops 4 and 8: (0, 0). After `eval()` they are (4, 8) again.
#
# <details><summary>Hint 1: where to begin</summary>
#
# Your two functions do the work. The layer keeps what they need: p, the generator, the mode, the last cache.
#
# </details>
#
# <details><summary>Hint 2: the object</summary>
#
# `training` is a bool that two methods change and one method reads.
#
# </details>
#
# <details><summary>Hint 3: the operation</summary>
#
# What one method leaves in `self`, another finds there. A wrong p is refused in `__init__`, by a ValueError.
#
# </details>

# %% task="Dropout"
from solutions.dropout import Dropout

# %% [markdown]
# **Predict, then run.** A thousand ones go through one layer twice, $p = 0.3$. How many are dropped both times? And
# how many after `eval()`?

# %% scratch=True
my_guess = {"both times": ..., "after eval()": ...}

# %%
layer = Dropout(0.3, rng=np.random.default_rng(1))
first, second = (layer.forward(np.ones(1000)) == 0 for _ in range(2))
layer.eval()
print(
    f"my guess: {my_guess}, yours: {(first & second).sum()} and {(layer.forward(np.ones(1000)) == 0).sum()}"
)

# %% [markdown]
# ## 4. Match day
#
# A network is measured with all units there. Afterwards training goes on as before, so each layer gets back the mode
# that it had.
#
# **By hand.** Scores (0, 1), (2, 1), (3, 5) answer 1, 0, 1. If all labels are 1, the accuracy is 2/3.
#
# <details><summary>Hint 1: where to begin</summary>
#
# Three steps: switch to evaluation, run forward through all layers, switch back.
#
# </details>
#
# <details><summary>Hint 2: the object</summary>
#
# Remember the modes before you change the first of them. Layers such as ReLU have no mode at all.
#
# </details>
#
# <details><summary>Hint 3: the operation</summary>
#
# `hasattr(layer, "training")` tells the layers apart. `argmax` along the classes gives the answers.
#
# </details>

# %% task="accuracy"
from solutions.dropout import accuracy

# %% [markdown]
# Now real data: 120 noisy digits of scikit-learn, and three of ten *labels are wrong*. A network with two hidden
# layers of 128 units has room to learn them all by heart. It is measured on 500 other digits, whose labels are right.


# %% leak="training runs forward through all layers, too; the task is about the modes"
class Linear:
    """out = x w^T + b; backward also takes the step downhill, with momentum."""

    def __init__(self, fan_in, fan_out, rng):
        self.weight, self.bias = rng.normal(0, np.sqrt(2 / fan_in), (fan_out, fan_in)), np.zeros(fan_out)
        self.lr, self.speed = 0.05, [0.0, 0.0]

    def forward(self, x):
        self.x = x
        return x @ self.weight.T + self.bias

    def backward(self, dout):
        dx, grads = dout @ self.weight, (dout.T @ self.x, dout.sum(axis=0))
        self.speed = [0.9 * speed + grad for speed, grad in zip(self.speed, grads, strict=True)]
        self.weight -= self.lr * self.speed[0]
        self.bias -= self.lr * self.speed[1]
        return dx


class ReLU:
    """max(x, 0)"""

    def forward(self, x):
        self.positive = x > 0
        return x * self.positive

    def backward(self, dout):
        return dout * self.positive


def network(sizes, p, rng):
    """Linear, ReLU, Dropout, again and again; a Linear layer at the end."""
    layers = []
    for fan_in, fan_out in pairwise(sizes):
        layers += [Linear(fan_in, fan_out, rng), ReLU(), Dropout(p, rng=rng)]
    return layers[:-2]


def run(layers, x):
    """Forward through all layers, in the mode that they are in."""
    for layer in layers:
        x = layer.forward(x)
    return x


def step(layers, x, slope):
    """One step of training; slope(out) is the gradient of the loss for the output."""
    dout = slope(run(layers, x))
    for layer in reversed(layers):
        dout = layer.backward(dout)


digits = load_digits()
rng = np.random.default_rng(0)
x, truth = digits.data / 16 + rng.normal(0, 0.2, digits.data.shape), digits.target
order = rng.permutation(len(x))
train, test = order[:120], order[500:1000]
labels = truth.copy()
labels[train[:36]] = rng.integers(10, size=36)


def slope_of_cross_entropy(logits):
    """(softmax - one-hot) / N for the training labels."""
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (e / e.sum(axis=1, keepdims=True) - np.eye(10)[labels[train]]) / len(logits)


# %% [markdown]
# **Predict, then run.** Networks with $p$ = 0, 0.25, 0.5 and 0.75 are trained. What does $p = 0$ reach on its own 120
# digits, wrong labels included? Which p does best on the other digits?

# %% scratch=True
my_guess = {"p = 0 on its own digits": ..., "best p": ...}

# %%
ps = (0.0, 0.25, 0.5, 0.75)
scores = {"its own 120 digits": [], "500 others": [], "500 others, measured in training mode": []}
for p in ps:
    shares = []
    for seed in range(4):
        layers = network([64, 128, 128, 10], p, np.random.default_rng(seed))
        for _ in range(300):
            step(layers, x[train], slope_of_cross_entropy)
        noisy = (run(layers, x[test]).argmax(axis=1) == truth[test]).mean()
        shares.append(
            [accuracy(layers, x[train], labels[train]), accuracy(layers, x[test], truth[test]), noisy]
        )
    for curve, share in zip(scores.values(), np.mean(shares, axis=0), strict=True):
        curve.append(share)
print(f"my guess: {my_guess}")
print(f"truth: {scores['its own 120 digits'][0]:.0%}, best p {ps[int(np.argmax(scores['500 others']))]}")

plt.figure(figsize=(6, 3))
for name, curve in scores.items():
    plt.plot(ps, curve, "o-", label=name)
plt.xticks(ps)
plt.xlabel("p")
plt.ylabel("accuracy, mean of 4 networks")
plt.ylim(0, 1.05)
plt.legend()
plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>
#
# Accuracy over p. On its own digits it is 1 up to p = 0.5 and falls a little at 0.75. On others it rises slowly from
# about 0.58 to 0.64 at p = 0.5, and then falls. The third curve begins at the same place as the second and lies below
# it for all other p, farther and farther.
#
# </details>
#
# If the second and third curve are one, your accuracy is measured in training mode: they should meet at p = 0 alone.
# Dropout does no wonders. It wins a few percent, for one line of code.

# %% [markdown]
# ## 5. How sure is the network?
#
# Leave dropout on after training, and ask several times: each run has another mask, and so asks another team. Where
# the teams agree, the network is sure. The spread of the answers shows where it is not.
#
# **By hand.** Three runs say 1, 2 and 6. Their mean is 3. Their variance is $(4 + 1 + 9) / 3$, the mean of the squared
# distances.
#
# <details><summary>Hint 1: where to begin</summary>
#
# Collect n outputs in a list. Each needs a call of its own.
#
# </details>
#
# <details><summary>Hint 2: the object</summary>
#
# Stacked, n outputs of any shape have one axis more. That axis must disappear again.
#
# </details>
#
# <details><summary>Hint 3: the operation</summary>
#
# `np.stack`, then mean and standard deviation along axis 0. By what number does NumPy divide, unless told otherwise?
#
# </details>

# %% task="mc_dropout_predict"
from solutions.dropout import mc_dropout_predict

# %% [markdown]
# **Predict, then run.** A network learns a curve from points between -3 and 3, but there are none between -1 and 1.
# Where is the band widest, within -3 and 3? And how wide is it at 0 if the same network is put into evaluation?

# %% scratch=True
my_guess = {"widest at": ..., "width at 0 in evaluation": ...}

# %%
rng = np.random.default_rng(0)
points = np.concatenate([rng.uniform(-3, -1, 40), rng.uniform(1, 3, 40)])[:, None]
values = np.sign(points) * (1.6 - abs(points) / 2) + rng.normal(0, 0.1, points.shape)
layers = network([1, 100, 100, 1], 0.1, np.random.default_rng(1))
for layer in layers[::3]:
    layer.lr = 0.005
for _ in range(2000):
    step(layers, points, lambda out: 2 * (out - values) / len(out))

grid = np.linspace(-3, 3, 61)[:, None]
mean, std = mc_dropout_predict(lambda x: run(layers, x), grid, 200)
for layer in layers[2::3]:
    layer.eval()
_, still = mc_dropout_predict(lambda x: run(layers, x), grid, 200)
print(f"my guess: {my_guess}, yours: {grid[std.argmax(), 0]:.1f} and {still[30, 0]:.2f}")

plt.figure(figsize=(6, 3))
plt.fill_between(grid[:, 0], (mean - 2 * std)[:, 0], (mean + 2 * std)[:, 0], alpha=0.3, label="mean, 2 std")
plt.plot(grid, mean)
plt.plot(points, values, ".", label="training points")
plt.xlabel("x")
plt.legend()
plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>
#
# Points fall from 0 to -1 on the left, and from 1 to 0 on the right; between -1 and 1 there are none. A curve follows
# them and bridges the gap with a steep line. The band around it is widest just right of the middle of the gap.
#
# </details>
#
# A band without width: `predict` was called once, or the network was in evaluation. The band is no proof of
# knowledge: it shows where the teams disagree, and teams can be wrong together.

# %% [markdown]
# ## Bug hunt
#
# A colleague saves memory: she keeps no mask. What is 0 in the output must have been dropped, she says. Her tests,
# with random numbers, passed. Find a *blind* input on which she is right, and a *sharp* one on which she is wrong.
#
# <details><summary>Hint 1: where to begin</summary>
#
# Two numbers are enough. When is an entry of out 0?
#
# </details>
#
# <details><summary>Hint 2: the object</summary>
#
# There are two reasons for a 0, and she knows one.
#
# </details>
#
# <details><summary>Hint 3: the operation</summary>
#
# What is 5 times 0, and what is the derivative of 1.25 x at x = 0?
#
# </details>


# %% name="suspicious" leak="the bug hunt shows this wrong implementation, which the judge holds too"
def suspicious_backward(dout, out, p):
    """Dropout backward from the output alone. There is a mistake in here."""
    return dout * (out != 0) / (1 - p)


# %% task="bug_hunt"
from solutions.dropout import bug_hunt

# %%
for name, tried in zip(("blind", "sharp"), map(np.asarray, bug_hunt()), strict=True):
    out, cache = dropout_forward(tried.astype(float), 0.25, True, np.random.default_rng(4))
    ours, hers = dropout_backward(np.ones(tried.shape), cache), suspicious_backward(1.0, out, 0.25)
    print(f"{name}: yours {ours.round(2).tolist()}, hers {hers.round(2).tolist()}")

# %% [markdown] name="question_training_mode"
# ## In your own words
#
# **Up to 4 points on top of the 100.** A person reads this answer; points and a comment come with the feedback. 120
# words are enough.
#
# A student measures the accuracy on new digits with all dropout layers in *training* mode.
#
# 1. What does he see if he measures twice, and how does his number compare with the right one? Why? (2 points)
# 2. Why does this mistake often go unnoticed? (1 point)
# 3. Write a test of one line that finds it. (1 point)

# %% [markdown] written="training_mode" points=4
# *Double-click here and write your answer in place of this line.*

# %% [markdown] instructor=True
# Four points, in halves where you like. Reasons count; language and length do not.
#
# **1. One point: two measurements differ,** since each draws new masks. **One point: the number is lower on average,**
# since each answer comes from a part of the network, or because noise is added to the scores. "Lower" without a
# reason: half a point. "The scores are scaled wrongly": no point, since inverted dropout keeps their average.
#
# **2. One point:** nothing crashes, shapes and losses look ordinary, and the number is only a little lower, above all
# for small p and many units; a curve over time is noisy anyway. One of these with a reason is enough.
#
# **3. One point:** any comparison of two runs, such as `assert accuracy(layers, x, y) == accuracy(layers, x, y)` or
# that two forward passes on one batch are equal, or a look at `layer.training` during the measurement. A comparison
# with a fixed number: half a point.

# %% [markdown]
# ## Now in PyTorch
#
# You wrote `torch.nn.Dropout`. Its masks are others, so this cell compares what does not depend on chance.

# %%
try:
    import torch
except ImportError:
    print("PyTorch is not installed here, which is fine.")
else:
    leaf = torch.ones(10_000, dtype=torch.float64, requires_grad=True)
    torch.nn.Dropout(0.3)(leaf).sum().backward()
    _, cache = dropout_forward(np.ones(10_000), 0.3, True, np.random.default_rng(0))
    for name, grad in {
        "PyTorch": leaf.grad.numpy(),
        "yours": dropout_backward(np.ones(10_000), cache),
    }.items():
        print(
            f"{name}: gradients {np.unique(grad.round(4)).tolist()}, share of zeros {(grad == 0).mean():.2f}"
        )

# %% [markdown]
# ## Bonus
#
# 20 points beyond the 100. First whole channels, as networks for pictures drop them. Then a surprise: on average,
# dropout in a linear model does the same as a penalty on large weights, and you can say exactly which.

# %% task="dropout2d"
from solutions.dropout import dropout2d_backward, dropout2d_forward

# %% task="dropout_penalty"
from solutions.dropout import dropout_penalty

# %%
_, cache = dropout2d_forward(np.ones((2, 6, 3, 3)), 0.3, True, np.random.default_rng(0))
print("gradients:", dropout2d_backward(np.ones((2, 6, 3, 3)), cache).mean(axis=(2, 3)).round(2).tolist())
rng = np.random.default_rng(1)
one, w = rng.normal(size=4), rng.normal(size=4)
runs, _ = dropout_forward(np.tile(one, (100_000, 1)), 0.4, True, rng)
growth = ((runs @ w - one @ w) ** 2).mean()
print(f"growth over 100,000 masks: {growth:.3f}; your formula: {dropout_penalty(one[None], w, 0.4):.3f}")

# %% [markdown]
# ## To take along
#
# * Dropout multiplies by 0 or $1 / (1 - p)$, so that the average stays, and evaluation has nothing to do.
# * The mask belongs to one forward pass: backward uses it, and nobody guesses it from the output.
# * The mode is part of the result: measure in evaluation, and put back what you found.
#
# **Next unit:** `lstm`. There a network reads a sentence word by word. What must it forget, and what keep?
