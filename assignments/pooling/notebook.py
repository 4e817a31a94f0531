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
# # Pooling: what is kept, what is forgotten
#
# A digit that is moved by one pixel is the same digit. But to a computer it is a different picture: nearly every number
# in it has changed. Pooling looks at a small window and keeps one number of it. It keeps *that* something was there,
# and forgets exactly *where*.
#
# On the way back the gradient must find the pixel that won. You will write both ways with nothing but NumPy. At the end
# your layer helps a small network to read digits that are not where they were in training.
#
# **You need:** windows, stride and padding from `conv_layer`; the chain rule from `backprop`.
#
# **Lecture:** FAU Deep Learning, part 4.4. **Time:** about 4 hours. Maximum 2, means 1, layer 0.5, bug hunt 0.5.
#
# **Points:** 100, and 20 for the bonus. Above each task you can read what its points are given for. The hidden checks
# use other numbers than the public ones. A mistake is charged once. You may define functions of your own in any cell
# and call them.
#
# **Predict, then run.** Where you read this, write your guess in place of the three dots and only then run the next
# cell. It shows your guess beside the truth. Nobody marks guesses, and a wrong one teaches most.

# %%
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

plt.rcParams["figure.constrained_layout.use"] = True
plt.rcParams["image.cmap"] = "gray"
digits = load_digits()


def show(axis, picture, title="", numbers=False, **limits):
    """Draw one channel of one picture (1, 1, H, W), with its numbers if there is room."""
    image = axis.imshow(picture[0, 0], **limits)
    axis.set_title(title, fontsize=10)
    axis.axis("off")
    for (i, j), number in np.ndenumerate(picture[0, 0] if numbers else np.zeros((0, 0))):
        color = "white" if image.norm(number) < 0.5 else "black"
        axis.text(j, i, f"{number:g}", ha="center", va="center", color=color)


# %% [markdown]
# ## 1. Keep the largest
#
# **By hand.** Windows of 2 x 2 pixels, one pixel apart, on
#
# $$x = \begin{pmatrix} 1 & 5 & 2 \\ 3 & 4 & 0 \\ 6 & 0 & 1 \end{pmatrix} \qquad \text{out} = \begin{pmatrix} 5 & 5 \\ 6 & 4 \end{pmatrix}$$
#
# The windows hold 1 5 3 4, then 5 2 4 0, then 3 4 6 0 and 4 0 0 1. The 5 wins twice. Without a stride the windows lie
# side by side: take `kernel_size`. Pixels around the picture must never win. And backward will ask you who won: write
# it into the cache.
#
# <details><summary>Hint 1: where to begin</summary>Take the two loops of your convolution. The window of output pixel
# (i, j) begins at row <code>i * stride</code> of the padded picture.</details>
# <details><summary>Hint 2: the object</summary>A window of all pictures is (N, C, k, k). You want (N, C) maxima, so the
# last two axes disappear. Which number is smaller than every pixel, also than -1000?</details>
# <details><summary>Hint 3: the operation</summary>With the window as rows of k * k numbers, <code>max</code> and
# <code>argmax</code> of the last axis give the maximum and its place, of equal numbers the first.</details>

# %% task="max_pool2d_forward"
from solutions.pooling import max_pool2d_forward

# %%
hand_x = np.array([[[[1.0, 5.0, 2.0], [3.0, 4.0, 0.0], [6.0, 0.0, 1.0]]]])
out, cache = max_pool2d_forward(hand_x, 2, stride=1)
print("by hand: 5 5 6 4; yours:", *out.ravel())

# %% [markdown]
# **Predict, then run.** Take 17 from each pixel of a digit: now they are numbers from -17 to -1. This dark digit is
# pooled with windows of 3, two pixels apart, and `padding=1`. What is the largest number of the output?

# %% scratch=True
my_guess = ...

# %%
digit = digits.images[4][None, None]
dark, pooled = digit - 17, max_pool2d_forward(digit - 17, 3, stride=2, padding=1)[0]
print(f"my guess: {my_guess}, yours: {pooled.max():g}")

figure, axes = plt.subplots(1, 4, figsize=(10, 2.7))
show(axes[0], digit, "a digit")
show(axes[1], max_pool2d_forward(digit, 2)[0], "largest of 2 x 2", numbers=True)
show(axes[2], dark, "the digit minus 17", vmin=-17, vmax=0)
show(axes[3], pooled, "pooled with padding", numbers=True, vmin=-17, vmax=0)
plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>A handwritten 4 of 8 x 8 pixels, then the same in 4 x 4 pixels: coarse, but
# the bright strokes are still there. Then the 4 minus 17, and that one in 4 x 4 numbers from -17 to -1.</details>
#
# White zeros in the last picture mean that the padding has won. Zeros at the border alone come from the padding, and
# zeros everywhere from a maximum that begins at 0.
#
# ## 2. Find the winner
#
# If the largest pixel grows by a little, the maximum grows by the same. If another pixel grows by a little, nothing
# happens. So each window sends its gradient to its winner, and to nobody else.
#
# **By hand.** Upstream comes `dout`, one number for each window of the example.
#
# $$\text{dout} = \begin{pmatrix} 1 & 10 \\ 100 & 1000 \end{pmatrix} \qquad dx = \begin{pmatrix} 0 & 11 & 0 \\ 0 & 1000 & 0 \\ 100 & 0 & 0 \end{pmatrix}$$
#
# The 5 won in two windows and gets 1 + 10. The 6 gets 100 and the 4 gets 1000.
#
# <details><summary>Hint 1: where to begin</summary>One window first: all of dx is 0, but for one pixel. Then many
# windows side by side, and overlap at the end.</details>
# <details><summary>Hint 2: the object</summary>Your cache says which number of the window has won: 0 to k * k - 1, in
# reading order. Which row and column of the window is that? And of the padded picture?</details>
# <details><summary>Hint 3: the operation</summary><code>np.divmod</code> makes a row and a column of a number. With
# <code>n</code> and <code>c</code> from <code>np.ogrid[:N, :C]</code>, one index reaches the winners of all pictures
# and channels. Add what comes in. Cut the padding off at the end, and try padding 0.</details>

# %% task="max_pool2d_backward"
from solutions.pooling import max_pool2d_backward

# %%
dx = max_pool2d_backward(np.array([[[[1.0, 10.0], [100.0, 1000.0]]]]), cache)
print("by hand: 0 11 0 0 1000 0 100 0 0; yours:", *dx.ravel())

# %% [markdown]
# **Predict, then run.** Two questions. All four pixels of a window are 7, and `dout` is 1: what does each of them get?
# And with windows of 3, one pixel apart: how often can a pixel win at most?

# %% scratch=True
my_guess = {"four pixels of 7 get": ..., "a pixel wins at most": ...}


# %%
def wins(x, kernel_size, stride):
    """How often each pixel has won: what comes back for dout = 1."""
    out, cache = max_pool2d_forward(x, kernel_size, stride)
    return out.size, max_pool2d_backward(np.ones_like(out), cache)


noise = np.random.default_rng(2).normal(size=(1, 1, 8, 8))
sevens = wins(np.full((1, 1, 2, 2), 7.0), 2, 2)[1].ravel()
print(f"my guess: {my_guess}, yours: {sevens} and {wins(noise, 3, 1)[1].max():g}")

shown = ("digit", digit, 2, 2), ("digit", digit, 3, 1), ("noise", noise, 3, 1), ("noise", noise, 2, 3)
figure, axes = plt.subplots(1, 4, figsize=(11, 3))
for axis, (name, x, k, s) in zip(axes, shown, strict=True):
    windows, counts = wins(x, k, s)
    title = f"{name}, k={k}, s={s}:\n{windows} windows, {counts.sum():g} wins"
    show(axis, counts, title, numbers=True, vmin=0, vmax=9)
plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>Four grids of 8 x 8 pixels with the number of wins in each. With windows of
# 2 side by side, 16 pixels have a 1. With windows of 3, one pixel apart, few pixels win, and a very bright one wins 9
# times. With windows of 2, three pixels apart, rows and columns between the windows have 0.</details>
#
# Each window sends once: as many wins as windows. More wins than windows on the digit, but not on the noise: equal
# pixels all get the gradient. Fewer wins than windows: a later window overwrites an earlier one.
#
# ## 3. The mean
#
# The mean asks all pixels instead of the loudest. So all of them get a part of the gradient on the way back: the slope
# of a mean of four numbers is 1/4 for each.
#
# **By hand.** The same windows of the same $x$. Then `dout` = ((4, 8), (12, 16)) comes back.
#
# $$\text{out} = \begin{pmatrix} 3.25 & 2.75 \\ 3.25 & 1.25 \end{pmatrix} \qquad dx = \begin{pmatrix} 1 & 3 & 2 \\ 4 & 10 & 6 \\ 3 & 7 & 4 \end{pmatrix}$$
#
# The middle pixel is in all four windows and gets 1 + 2 + 3 + 4.
#
# <details><summary>Hint 1: where to begin</summary>Copy your forward pass. Two lines change: what stands in the
# padding, and what is done with a window.</details>
# <details><summary>Hint 2: the object</summary>Backward needs no pixel of x, only sizes. Each window adds one number to
# its pixels.</details>
# <details><summary>Hint 3: the operation</summary><code>dout[:, :, i, j]</code> is (N, C), the window of dx is (N, C,
# k, k). Two new axes at the end let NumPy repeat the number.</details>

# %% task="avg_pool2d"
from solutions.pooling import avg_pool2d_backward, avg_pool2d_forward

# %%
out, cache = avg_pool2d_forward(hand_x, 2, stride=1)
print("by hand: 3.25 2.75 3.25 1.25; yours:", *out.ravel())
dx = avg_pool2d_backward(np.array([[[[4.0, 8.0], [12.0, 16.0]]]]), cache)
print("by hand: 1 3 2 4 10 6 3 7 4; yours:", *dx.ravel())

# %% [markdown]
# **Predict, then run.** A picture of 2 x 2 ones, windows of 2, stride 1, `padding=1`. The zeros of the padding count.
# What stands in a corner of the output, at an edge and in the middle?

# %% scratch=True
my_guess = {"corner": ..., "edge": ..., "middle": ...}

# %%
out, _ = avg_pool2d_forward(np.ones((1, 1, 2, 2)), 2, stride=1, padding=1)
print(f"my guess: {my_guess}, yours: {out[0, 0, 0, 0]:g}, {out[0, 0, 0, 1]:g}, {out[0, 0, 1, 1]:g}")

figure, axes = plt.subplots(1, 4, figsize=(10, 2.7))
show(axes[0], out, "2 x 2 ones, padding 1", numbers=True, vmin=0, vmax=2)
show(axes[1], max_pool2d_forward(digit, 2, stride=1)[0], "largest of 2 x 2", vmin=0, vmax=16)
show(axes[2], avg_pool2d_forward(digit, 2, stride=1)[0], "mean of 2 x 2", vmin=0, vmax=16)
out, cache = avg_pool2d_forward(digit, 3, stride=1)
show(axes[3], avg_pool2d_backward(0 * out + 9, cache), "3 x 3: what dout = 9 sends back", numbers=True)
plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>First a grid of 3 x 3 numbers: 0.25 in the corners, 0.5 at the edges, 1 in
# the middle. Then two pictures of the 4: the maximum makes its strokes thick, the mean makes them soft and grey. Last a
# grid of 8 x 8 numbers, from 1 in the corners to 9 in the middle: the number of windows that see a pixel.</details>
#
# Nine ones in the first grid: your mean leaves the padding out. Only ones in the last: windows overwrite each other.
#
# ## 4. One number for a whole channel
#
# A channel of a deep network says how much of a feature is at each place. The mean over *all* places says how much
# there is at all. Then a picture of any size gives equally many numbers.
#
# **By hand.** Two channels, (1, 5, 3, 3) and (0, 0, 0, 2): the means are 3 and 0.5. If a channel of 2 x 3 pixels has
# `dout` = 12, each pixel gets 2.
#
# <details><summary>Hint 1: where to begin</summary>Forward is one line. x is (N, C, H, W), out is (N, C).</details>
# <details><summary>Hint 2: the object</summary>What does backward need to know of x? Its shape, and no pixel.</details>
# <details><summary>Hint 3: the operation</summary>Give <code>dout</code> two more axes, divide by the number of pixels,
# and fill an array of x's shape with it.</details>

# %% task="global_avg_pool"
from solutions.pooling import global_avg_pool_backward, global_avg_pool_forward

# %% [markdown]
# **Predict, then run.** A digit is enlarged: each pixel becomes a block of 3 x 3 pixels. What happens to its global
# mean? And what does one pixel get back of the same `dout`, compared with before?

# %% scratch=True
my_guess = {"mean": ..., "gradient of a pixel": ...}

# %%
for name, x in {"8 x 8": digit, "24 x 24": np.kron(digit, np.ones((3, 3)))}.items():
    out, cache = global_avg_pool_forward(x)
    dx = global_avg_pool_backward(np.array([[576.0]]), cache)
    print(f"{name}: mean {out[0, 0]:.4f}, each pixel gets {dx[0, 0, 0, 0]:g} of 576")
print("my guess:", my_guess)

# %% [markdown]
# ## 5. A layer
#
# Your two functions become a layer that fits between the others of this course. It has nothing to learn, so its
# `weight` and `bias` are None.
#
# **By hand.** `MaxPool2d(2)` makes 5 of ((1, 5), (3, 4)). For `dout` = 7, ((0, 7), (0, 0)) comes back.
#
# <details><summary>Hint 1: where to begin</summary>The three methods need five lines. Which default must
# <code>stride</code> have, so that your function sees it?</details>
# <details><summary>Hint 2: the object</summary>A network has several layers: whose last cache does backward
# need?</details>
# <details><summary>Hint 3: the operation</summary>What one method leaves in self, another finds there.</details>

# %% task="MaxPool2d"
from solutions.pooling import MaxPool2d

# %% [markdown]
# **Predict, then run.** 100 digits are moved to the right by one pixel. Without pooling, their pixels change by 81 %
# (the size of the difference, divided by the size of the picture). By how much does the output change after
# `MaxPool2d(3, stride=1)`? And after `MaxPool2d(4)`, if the windows begin where the digit begins?

# %% scratch=True
my_guess = {"MaxPool2d(3, stride=1)": ..., "MaxPool2d(4)": ...}

# %%
framed = np.pad(digits.images[:, None] / 16, ((0, 0), (0, 0), (4, 4), (4, 4)))  # room to move
moves = np.arange(5)


def changes(function):
    """By how much the output changes if 100 digits move by 0, 1, 2, ... pixels."""
    before = function(framed[:100])
    after = [function(np.roll(framed[:100], move, axis=3)) for move in moves]
    return [np.sqrt(((each - before) ** 2).sum() / (before**2).sum()) for each in after]


layers = {"MaxPool2d(3, stride=1)": MaxPool2d(3, stride=1), "MaxPool2d(4)": MaxPool2d(4)}
figure, axis = plt.subplots(figsize=(6, 3))
axis.plot(moves, changes(lambda x: x), "o-", label="no pooling")
for name, layer in layers.items():
    curve = changes(layer.forward)
    print(f"{name}: my guess {my_guess[name]}, truth {curve[1]:.0%}")
    axis.plot(moves, curve, "o-", label=name)
axis.set(xticks=moves, xlabel="moved by so many pixels", ylabel="change of the output")
axis.legend()
plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>Change of the output over the move, from 0 to 4 pixels. Without pooling it
# jumps to 0.8 at once and rises above 1. With windows of 3, one pixel apart, it is lower everywhere. With windows of 4
# side by side it is 0.2 at one pixel, more than three times as much at two, and near 1 at three.</details>
#
# A wide window forgives a small move. But windows side by side hide it only until the digit reaches the next window:
# then much changes at once. Windows that overlap change more evenly. Three curves in one: your layer does not pool.
#
# ## 6. Your layer reads digits that have moved
#
# A small network: a convolution with eight kernels, ReLU, your layer, a linear layer. It learns from 1400 digits in the
# middle of a frame. Then 397 others are read, and they are moved. The kernels learn through your `backward`.


# %%
nothing = SimpleNamespace(forward=lambda x: x, backward=lambda dout: dout)  # a layer without pooling


class Reader:
    """Convolution, ReLU, pooling, linear layer; trained with cross-entropy."""

    def __init__(self, pool, rng):
        self.pool = pool
        self.kernels = rng.normal(0, np.sqrt(2 / 9), (8, 3, 3))
        size = pool.forward(self.features(framed[:1])).size
        self.weight, self.bias = rng.normal(0, np.sqrt(1 / size), (10, size)), np.zeros(10)

    def features(self, x):
        """Convolution and ReLU; the windows are kept for the way back."""
        self.windows = np.lib.stride_tricks.sliding_window_view(x[:, 0], (3, 3), axis=(1, 2))
        return np.maximum(np.einsum("nijuv,fuv->nfij", self.windows, self.kernels, optimize=True), 0)

    def scores(self, x):
        """(N, 10) logits."""
        self.active = self.features(x)
        self.pooled = self.pool.forward(self.active)
        return self.pooled.reshape(len(x), -1) @ self.weight.T + self.bias

    def step(self, x, y, lr=0.3):
        """One step downhill."""
        logits = self.scores(x)
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        dlogits = (p - np.eye(10)[y]) / len(x)
        dactive = self.pool.backward((dlogits @ self.weight).reshape(self.pooled.shape)) * (self.active > 0)
        self.weight -= lr * dlogits.T @ self.pooled.reshape(len(x), -1)
        self.bias -= lr * dlogits.sum(axis=0)
        self.kernels -= lr * np.einsum("nfij,nijuv->fuv", dactive, self.windows, optimize=True)


# %% [markdown]
# **Predict, then run.** Both networks read about 97 % of the new digits where they learned them. What share is read
# when the digits move by a single pixel: without pooling, and with `MaxPool2d(4, stride=2)`?

# %% scratch=True
my_guess = {"no pooling": ..., "MaxPool2d(4, stride=2)": ...}

# %%
order = np.random.default_rng(0).permutation(len(framed))
train, test = order[:1400], order[1400:]
moves, shares = np.arange(-3, 4), {}
for name, pool in {"no pooling": nothing, "MaxPool2d(4, stride=2)": MaxPool2d(4, stride=2)}.items():
    rng = np.random.default_rng(1)
    reader = Reader(pool, rng)
    for _ in range(400):
        batch = rng.choice(train, 64)
        reader.step(framed[batch], digits.target[batch])
    moved = [np.roll(framed[test], move, axis=3) for move in moves]
    shares[name] = [(reader.scores(x).argmax(axis=1) == digits.target[test]).mean() for x in moved]
    here, beside = shares[name][3:5]
    print(f"{name}: in place {here:.0%}; moved by one: my guess {my_guess[name]}, yours {beside:.0%}")

figure, axes = plt.subplots(1, 3, figsize=(11, 2.8), width_ratios=[1, 1, 2])
show(axes[0], framed[test[:1]], "in place")
show(axes[1], np.roll(framed[test[:1]], 1, axis=3), "moved by one pixel")
for name, share in shares.items():
    axes[2].plot(moves, share, "o-", label=name)
axes[2].set(xlabel="moved to the right by", ylabel="read right", ylim=(0, 1))
axes[2].legend()
plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>Two pictures of one digit that hardly differ. Beside them the share of
# digits read over the move from -3 to 3: two curves with their peak near 0.97 in the middle. One pixel beside it less
# than half is read without pooling, about 0.7 with it; two pixels beside it, less than 0.3.</details>
#
# Two hills of the same width: does your layer use its kernel size? A low peak with pooling: the kernels get wrong
# gradients. Pooling forgives a small move, not a large one. Deep networks therefore pool again and again.
#
# ## Bug hunt
#
# A colleague's backward compares each window with its largest pixel. Her tests, with random numbers, passed. Find a
# *blind* picture, with equal pixels in a window, on which she is right all the same, and a *sharp* one where she is not.
#
# <details><summary>Hint 1: where to begin</summary>One window is enough. What is her mask for four different
# pixels?</details>
# <details><summary>Hint 2: the object</summary>Two pixels can be equal in two ways: as winners, or as losers.</details>
# <details><summary>Hint 3: the operation</summary>Count the ones in her mask. What is the sum of her dx?</details>


# %% name="suspicious" leak="the bug hunt shows this wrong implementation, which the judge holds too"
def suspicious_backward(x, dout):
    """Max pooling backward, one picture (H, W), windows of 2 side by side. There is a mistake in here."""
    dx = np.zeros(x.shape)
    for i, j in np.ndindex(*dout.shape):
        window = x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
        dx[2 * i : 2 * i + 2, 2 * j : 2 * j + 2] = (window == window.max()) * dout[i, j]
    return dx


# %% task="bug_hunt"
from solutions.pooling import bug_hunt

# %%
for name, x in zip(("blind", "sharp"), bug_hunt(), strict=True):
    dout = np.ones((x.shape[0] // 2, x.shape[1] // 2))
    ours = max_pool2d_backward(dout[None, None], max_pool2d_forward(x[None, None], 2)[1])[0, 0]
    print(f"{name}: yours {ours.tolist()}, hers {suspicious_backward(x, dout).tolist()}")

largest = max_pool2d_forward(digits.images[:, None], 2)[0]
print(f"windows of 2 x 2 in the 1797 digits that hold nothing but zeros: {(largest == 0).mean():.0%}")

# %% [markdown]
# Equal pixels are no rare accident. In real pictures, and after each ReLU, whole windows are 0.
#
# ## Now in PyTorch
#
# You wrote `max_pool2d`, `avg_pool2d` and `adaptive_avg_pool2d(x, 1)` of `torch.nn.functional`. Where PyTorch is
# installed, this cell compares values and gradients, with ties.

# %%
try:
    import torch
except ImportError:
    print("PyTorch is not installed here, which is fine.")
else:
    x = np.random.default_rng(2).integers(0, 4, (2, 3, 7, 8)).astype(float)
    maximum = "max_pool2d", max_pool2d_forward, max_pool2d_backward
    for name, forward, backward in (maximum, ("avg_pool2d", avg_pool2d_forward, avg_pool2d_backward)):
        out, cache = forward(x, 3, 2, 1)
        leaf = torch.tensor(x, requires_grad=True)
        theirs = getattr(torch.nn.functional, name)(leaf, 3, 2, 1)
        (theirs**2).sum().backward()
        dx = backward(2 * out, cache)
        print(f"{name}: out {np.allclose(out, theirs.detach())}, dx {np.allclose(dx, leaf.grad)}")

# %% [markdown]
# ## Bonus
#
# 20 points beyond the 100: the places of the winners, with which a picture can be unpooled, as networks do that colour
# each pixel; the two switches of the mean; and windows that divide a picture of any size.

# %% task="max_unpool2d"
from solutions.pooling import max_pool2d_with_indices, max_unpool2d

# %% task="avg_pool2d_general"
from solutions.pooling import avg_pool2d_general

# %% task="adaptive_avg_pool2d"
from solutions.pooling import adaptive_avg_pool2d

# %%
out, indices = max_pool2d_with_indices(digit, 2)
figure, axes = plt.subplots(1, 3, figsize=(7, 2.5))
show(axes[0], adaptive_avg_pool2d(digit, (3, 5)), "3 x 5 means")
show(axes[1], avg_pool2d_general(digit, 3, ceil_mode=True), "ceil_mode")
show(axes[2], max_unpool2d(out, indices, (8, 8)), "unpooled")
plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>The 4 in blocks, 3 x 5 and 3 x 3. Then 16 single pixels on black: the
# winners of windows of 2 at their own places.</details>
#
# ## To take along
#
# * Pooling keeps that something was there and forgets where; its window says how far "where" may be off.
# * The gradient of a maximum goes to the winner alone, and that of a mean to all in equal parts.
# * Test with ties, negative numbers, overlap and remainders: random numbers show none of the first two.
#
# **Next unit:** `dropout`. There a network forgets on purpose, at random, and learns more from it.
