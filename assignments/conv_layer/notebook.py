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
# # The convolution layer
#
# A fully connected layer on a picture of 32 x 32 pixels has a weight for every pair of an input pixel and an
# output pixel: a million. It must learn an edge anew at each place. A convolution layer uses two facts
# about pictures. What matters locally is local, and a pattern is the same pattern wherever it appears. So it
# slides one small kernel over the whole picture: 9 weights instead of a million.
#
# You will build the layer with nothing but NumPy: the size of its output, its forward pass, its backward
# pass, the trick that makes it fast, and a class that you can put into a network.
#
# **You need:** NumPy slices and broadcasting; the chain rule and the idea *local gradient times upstream
# gradient* from the backprop unit.
#
# **Lecture:** FAU Deep Learning, part 4.3. **Time:** about 9 hours. Output size and filters 1, forward 2, backward
# 3, im2col 1.5, class 1, bug hunt 0.5.
#
# **Points:** 100, and on top of them 20 for the bonus at the end and 4 for a written answer, which a person
# reads. The hidden checks use inputs that you do not see; what they look at is no secret, and stands above
# each task.
#
# A mistake is charged once: a forgotten padding costs the points for padding, and no others. You may define
# functions of your own in any cell and call them.
#
# **Predict, then run.** Where you read this, write your guess in place of the three dots and only then run the next
# cell. It shows your guess beside the truth. Nobody marks guesses, and a wrong one teaches most.

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

rng = np.random.default_rng(2)
plt.rcParams["image.cmap"] = "gray"

# %% [markdown]
# ## A convolution by hand
#
# One row of three pixels, `x = (1, 2, 3)`, and a kernel of two numbers, `w = (1, 10)`. The kernel is laid
# over the first two pixels, then moved by one:
#
# | window | products | output |
# | --- | --- | --- |
# | (1, 2) | 1 · 1 + 2 · 10 | 21 |
# | (2, 3) | 2 · 1 + 3 · 10 | 32 |
#
# With a 1 and a 10 in the kernel you can read in the output which pixel met which number. Mathematicians
# call this *cross-correlation*. In their *convolution* the kernel is turned round first, which would give
# $1 \cdot 10 + 2 \cdot 1 = 12$ and $2 \cdot 10 + 3 \cdot 1 = 23$. Deep learning says convolution and computes
# cross-correlation: the kernel is learned anyway, so nobody needs it turned.
#
# Keep this example. It comes back in every check, and if something goes wrong, in your feedback.

# %%
hand_x = np.array([[[[1.0, 2.0, 3.0]]]])  # (N, C, H, W) = (1, 1, 1, 3)
hand_w = np.array([[[[1.0, 10.0]]]])  # (F, C, KH, KW) = (1, 1, 1, 2)
print(hand_x.shape, hand_w.shape)

# %% [markdown]
# ## How large is the output?
#
# Windows start at pixel 0, then at `stride`, at 2 · `stride` and so on, as long as the whole window fits.
#
# * **Padding** puts zeros around the picture: `padding=1` adds one at *each* end.
# * **Dilation** spreads the kernel's elements: with `dilation=2` there is a hole of one pixel between
#   neighbours, so that a kernel of 3 reaches over 5 pixels.
# * **Remainder**: pixels at the end that are too few for another window are not looked at.
#
# <details><summary>Hint 1: where to begin</summary>
#
# Write the starts of all windows of 3 in a row of 8 pixels down, for stride 1, 2 and 3. Where may the last start be?
#
# </details>
#
# <details><summary>Hint 2: the object</summary>
#
# Two numbers decide: over how many pixels the kernel reaches, with its holes, and how many there are, with the zeros
# at both ends. The difference is the room in which the window moves.
#
# </details>
#
# <details><summary>Hint 3: the operation</summary>
#
# How many steps of `stride` fit into the room? A part of a step is none, so one of Python's divisions is right and the
# other is not. And with no step at all there is already one window.
#
# </details>

# %% task="conv_output_size"
from solutions.conv_layer import conv_output_size

# %% [markdown]
# **Predict, then run.** A picture of 28 pixels, kernel 5, stride 2, no padding. How many windows: 11, 12 or 13?

# %% scratch=True
my_guess = ...

# %%
print(f"my guess: {my_guess}, yours: {conv_output_size(28, 5, stride=2)} windows")

# %% [markdown]
# The picture below is an output-size calculator. Each line is a row of ten pixels, each bar one window. The
# bars are drawn from your answer: where it is too large, a bar leaves the row (the grey box), and where it is
# too small, there is room for another.


# %%
def draw_windows(axis, size, kernel_size, stride=1, padding=0, dilation=1):
    """Bars for the windows, dots for the pixels that they meet, on a row with its padding."""
    axis.axvspan(-0.5, size - 0.5, color="0.85")
    count = conv_output_size(size, kernel_size, stride, padding, dilation)
    for number in range(count):
        met = -padding + number * stride + dilation * np.arange(kernel_size)
        axis.plot(met, np.full(kernel_size, -number), "o-", lw=4, alpha=0.7)
    axis.set_title(f"k={kernel_size} s={stride} p={padding} d={dilation}: {count}", fontsize=9)
    axis.set_xlim(-2.5, size + 1.5)
    axis.set_yticks([])


figure, axes = plt.subplots(2, 3, figsize=(10, 4), layout="constrained")
settings = [(3, 1, 0, 1), (3, 2, 0, 1), (3, 3, 0, 1), (3, 1, 1, 1), (3, 4, 1, 1), (3, 2, 1, 2)]
for axis, setting in zip(axes.flat, settings, strict=True):
    draw_windows(axis, 10, *setting)
plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>
#
# Six panels, each with a grey box for a row of ten pixels and coloured bars below one another for the windows on it.
# Larger strides give fewer bars, padding lets bars begin outside the box, dilation pulls the dots of a bar apart.
#
# </details>
#
# A bar that leaves the box by more than the padding is a window too many.

# %% [markdown]
# ## Filters designed by hand
#
# Before a network learns kernels, design four yourself. A kernel is a question that is put to each place of
# the picture: *is it brighter on the right than on the left?* Here and everywhere in this unit,
#
# $$\text{out}[i, j] = \sum_{u, v} x[i + u, j + v] \; w[u, v].$$
#
# <details><summary>Hint 1: where to begin</summary>
#
# Draw a 3 x 3 window of pixels and write beside it which of them shall count, and with which sign.
#
# </details>
#
# <details><summary>Hint 2: the object</summary>
#
# With padding 1 the kernel's centre `w[1, 1]` stands on the output pixel, `w[1, 0]` on the pixel to its left and
# `w[0, 1]` on the one above.
#
# </details>
#
# <details><summary>Hint 3: the operation</summary>
#
# A mean has weights that add up to 1. An edge filter has weights that add up to 0, negative where it shall be dark. A
# copy of one pixel has a single 1.
#
# </details>

# %% task="make_filter"
from solutions.conv_layer import make_filter

# %% [markdown]
# **Predict, then run.** In which row and column of `shift_right` must the 1 stand, so that the picture moves by one
# pixel to the *right*? An output pixel must copy the pixel to its left.

# %% scratch=True
my_guess = {"row": ..., "column": ...}

# %%
row, column = np.argwhere(make_filter("shift_right"))[0]
print(f"my guess: {my_guess}, yours: row {row}, column {column}")

# %% [markdown]
# To look at your filters, here are a picture and a slow correlation for one channel. The picture is drawn, so
# that you know what is in it: a bar, a disc and a ring.


# %%
def draw_shapes(size=32):
    """A picture (size, size) with a bright bar, disc and ring."""
    row, column = np.mgrid[:size, :size]
    picture = np.zeros((size, size))
    picture[4:14, 4:8] = 1.0
    picture[np.hypot(row - 9, column - 21) < 5.5] = 0.8
    ring = np.hypot(row - 22, column - 15)
    picture[(ring > 5) & (ring < 7.5)] = 1.0
    return picture


def correlate_slowly(picture, kernel, padding=1):
    """Cross-correlation of one picture (H, W) with one kernel (KH, KW), written for reading."""
    padded = np.pad(picture, padding)
    KH, KW = kernel.shape
    H, W = padded.shape
    return np.array(
        [
            [(padded[i : i + KH, j : j + KW] * kernel).sum() for j in range(W - KW + 1)]
            for i in range(H - KH + 1)
        ]
    )


shapes = draw_shapes()
names = ["blur", "sobel_x", "sobel_y", "shift_right"]
figure, axes = plt.subplots(1, 5, figsize=(11, 2.6), layout="constrained")
axes[0].imshow(shapes)
axes[0].set_title("picture")
for axis, name in zip(axes[1:], names, strict=True):
    axis.imshow(correlate_slowly(shapes, make_filter(name)))
    axis.set_title(name)
for axis in axes:
    axis.axis("off")
plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>
#
# The picture, then the four filtered ones. blur softens all edges. sobel_x is white where brightness begins from the
# left, black where it ends, and shows the vertical sides of the bar; sobel_y does the same from top to bottom.
# shift_right looks like the picture, one pixel further right.
#
# </details>
#
# If white and black are exchanged in yours, or the picture moved left, you turned the kernel.

# %% [markdown]
# ## Forward
#
# Now with everything: N pictures, C channels, F filters. A filter has a kernel for *each* channel, and the
# products of all channels are summed into one output number:
#
# $$\text{out}[n, f, i, j] = b[f] + \sum_{c, u, v} x_p[n, c, \; i s + u d, \; j s + v d] \; w[f, c, u, v]$$
#
# with stride $s$, dilation $d$, and $x_p$ the picture with its zeros around it.
#
# Return `(out, cache)`. The cache is yours: put in what your backward pass will need. Do not keep it in a
# global variable, since a layer may be used twice before the first backward pass.
#
# <details><summary>Hint 1: where to begin</summary>
#
# Two loops over the output's rows and columns are fine. Ask in the innermost line: which part of x does
# output pixel (i, j) look at?
#
# </details>
#
# <details><summary>Hint 2: the window</summary>
#
# Its first row is `i * stride` of the padded picture. With dilation it takes every `dilation`-th pixel; a
# slice `a:b:step` does that. What must `b` be, so that exactly KH rows are taken?
#
# </details>
#
# <details><summary>Hint 3: all pictures and filters at once</summary>
#
# The window of all pictures is (N, C, KH, KW), the filters are (F, C, KH, KW), and you want (N, F): a sum
# over the three last axes of both. `np.einsum` or `np.tensordot` says so in one line. What dtype should the
# output have if the picture holds whole numbers and the filters do not?
#
# </details>

# %% task="conv2d_forward"
from solutions.conv_layer import conv2d_forward

# %%
out, _ = conv2d_forward(hand_x, hand_w)
print("by hand: 21 32, your function:", *out.ravel())

# %% [markdown]
# **Predict, then run.** The picture of shapes goes through your layer, once as it is and once moved by four
# pixels. What will the greatest difference be between *moved, then convolved* and *convolved, then moved*: 0, less
# than 1 or about 4?

# %% scratch=True
my_guess = ...

# %%
edges = make_filter("sobel_x")[None, None]  # (F, C, KH, KW) = (1, 1, 3, 3)
moved = np.roll(shapes, 4, axis=1)
of_moved = conv2d_forward(moved[None, None], edges, padding=1)[0][0, 0]
moved_after = np.roll(conv2d_forward(shapes[None, None], edges, padding=1)[0][0, 0], 4, axis=1)
print(f"my guess: {my_guess}, yours: {np.abs(of_moved - moved_after).max():g}")

figure, axes = plt.subplots(1, 3, figsize=(9, 3), layout="constrained")
titles = ["moved, then convolved", "convolved, then moved", "difference"]
for axis, image, title in zip(axes, [of_moved, moved_after, of_moved - moved_after], titles, strict=True):
    axis.imshow(image, vmin=-4, vmax=4)
    axis.set_title(title, fontsize=10)
    axis.axis("off")
plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>
#
# Two equal pictures of edges and a third of their difference, which is uniformly grey (zero).
#
# </details>
#
# This is called equivariance: what is learned at one place is known at all places. With a picture that touches the
# border, the difference would be visible there, because the zeros of the padding do not move along.

# %% [markdown]
# ## Backward
#
# Upstream comes `dout`, one number for each output pixel: how much the loss grows if that pixel grows. You
# return the same for x, w and b.
#
# By hand, with `x = (1, 2, 3)`, `w = (1, 10)` and `dout = (1, 2)`. Each output pixel is a small sum of
# products; in each product, one factor's gradient is the other factor times upstream.
#
# | | from window 0 (dout 1) | from window 1 (dout 2) | sum |
# | --- | --- | --- | --- |
# | dx[0] | 1 · 1 | | 1 |
# | dx[1] | 1 · 10 | 2 · 1 | 12 |
# | dx[2] | | 2 · 10 | 20 |
# | dw[0] | 1 · 1 | 2 · 2 | 5 |
# | dw[1] | 1 · 2 | 2 · 3 | 8 |
# | db | 1 | 2 | 3 |
#
# The line of dx[1] is the heart of it: the middle pixel was seen by *two* windows, and what both say is
# added.
#
# Loops are fine, however deep. But a backward pass costs no more than a few forward passes. Who tries each number of
# x and w, one forward pass for each, needs thousands: that is a test of a gradient, and further down you will use it.
#
# <details><summary>Hint 1: where to begin</summary>
#
# Take the loops of your forward pass. Where forward *reads* a window to make output pixel (i, j), backward
# *writes* to the same window.
#
# </details>
#
# <details><summary>Hint 2: padding</summary>
#
# Collect into an array of the padded size, and cut the border off at the end. Try your cut with padding 0:
# what is `a[0:-0]`?
#
# </details>
#
# <details><summary>Hint 3: the sums</summary>
#
# `dout[:, :, i, j]` is (N, F). With the filters (F, C, KH, KW) it makes an (N, C, KH, KW) to be added to dx's
# window: the sum runs over F. With the window of x (N, C, KH, KW) it makes an (F, C, KH, KW) to be added to
# dw: the sum runs over N. For db, everything but F is summed.
#
# </details>

# %% task="conv2d_backward"
from solutions.conv_layer import conv2d_backward

# %%
_, cache = conv2d_forward(hand_x, hand_w, np.zeros(1))
dx, dw, db = conv2d_backward(np.array([[[[1.0, 2.0]]]]), cache)
print("dx by hand: 1 12 20, yours:", *dx.ravel())
print("dw by hand: 5 8,     yours:", *dw.ravel())
print("db by hand: 3,       yours:", *db.ravel())

# %% [markdown]
# **Predict, then run.** Five pixels, a kernel of two ones, stride 2, and `dout = (1, 1)`. Which pixel, counted from 0,
# gets gradient 0?

# %% scratch=True
my_guess = ...

# %%
_, cache = conv2d_forward(np.zeros((1, 1, 1, 5)), np.ones((1, 1, 1, 2)), stride=2)
dx = conv2d_backward(np.ones((1, 1, 1, 2)), cache)[0]
print(f"my guess: {my_guess}, yours: pixel {np.flatnonzero(dx == 0)}; dx is", *dx.ravel())

# %% [markdown]
# How many windows see a pixel? Send `dout = 1` back through a kernel of ones and dx counts them.
#
# **Predict, then run.** Kernel 3, 8 x 8 pixels, no padding. What stands in a corner, and what is the largest count?
# With stride 1, and with stride 2?

# %% scratch=True
my_guess = {"stride 1": {"corner": ..., "largest": ...}, "stride 2": {"corner": ..., "largest": ...}}

# %%
figure, axes = plt.subplots(1, 3, figsize=(9, 3), layout="constrained")
for axis, (stride, padding) in zip(axes, [(1, 0), (1, 1), (2, 0)], strict=True):
    out, cache = conv2d_forward(np.zeros((1, 1, 8, 8)), np.ones((1, 1, 3, 3)), None, stride, padding)
    counts = conv2d_backward(np.ones_like(out), cache)[0][0, 0]
    axis.imshow(counts, vmin=0, vmax=9, cmap="viridis")
    axis.set_title(f"stride {stride}, padding {padding}", fontsize=10)
    if padding == 0:
        guess = my_guess[f"stride {stride}"]
        print(f"stride {stride}: my guess {guess}, yours: corner {counts[0, 0]:g}, largest {counts.max():g}")
    for (i, j), count in np.ndenumerate(counts):
        axis.text(j, i, f"{count:g}", ha="center", va="center", color="white" if count < 6 else "black")
    axis.axis("off")
plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>
#
# Three 8 x 8 grids of counts. Stride 1 without padding: 1 in the corners, growing to 9 in the middle. With padding 1
# the corners have 4. With stride 2 there is a pattern of 1, 2 and 4, and the last row and column are 0, since no window
# reaches them.
#
# </details>
#
# If all your counts are 1, your windows overwrite one another.

# %% [markdown]
# The gradient of a sum of many terms is easy to get almost right. So measure it: move one number of x by a
# little, up and down, and see how much the loss `sum(dout * out)` moves.

# %%
x, w, b = rng.normal(size=(2, 3, 5, 6)), rng.normal(size=(4, 3, 3, 2)), rng.normal(size=4)
out, cache = conv2d_forward(x, w, b, stride=2, padding=1)
dout = rng.normal(size=out.shape)
dx, dw, db = conv2d_backward(dout, cache)

h, place = 1e-5, (1, 2, 3, 4)
step = np.zeros_like(x)
step[place] = h
up = (dout * conv2d_forward(x + step, w, b, stride=2, padding=1)[0]).sum()
down = (dout * conv2d_forward(x - step, w, b, stride=2, padding=1)[0]).sum()
print(f"dx{place}: measured {(up - down) / (2 * h):.8f}, yours {dx[place]:.8f}")

# %% [markdown]
# ## im2col: a convolution is a matrix product
#
# Your loops are slow in Python. Processors are fastest at one thing, the product of two matrices, so write
# the convolution as one. Put each window upright as a *column*; then every filter, laid down as a *row*,
# multiplies every column:
#
# $$\underbrace{(1 \;\; 10)}_{F \times C K_H K_W}
# \underbrace{\begin{pmatrix} 1 & 2 \\ 2 & 3 \end{pmatrix}}_{C K_H K_W \times O_H O_W} = (21 \;\; 32)$$
#
# It costs memory, since a pixel is copied once for each window that sees it, and pays off anyway.
#
# <details><summary>Hint 1: which order?</summary>
#
# Down a column the order is that of `w.reshape(F, -1)`: all of channel 0, row by row, then channel 1.
#
# </details>
#
# <details><summary>Hint 2: what to loop over</summary>
#
# There are thousands of windows, but only KH · KW places in a window. What does the kernel's element (0, 0)
# meet while the kernel slides? And the element (u, v)?
#
# </details>
#
# <details><summary>Hint 3: the array to fill</summary>
#
# Fill an array (N, C, KH, KW, OH, OW), one (u, v) at a time, with a slice of the padded picture that steps by
# `stride`. One `reshape` at the end merges the axes in the right order.
#
# </details>

# %% task="im2col"
from solutions.conv_layer import im2col

# %%
print(im2col(hand_x, (1, 2))[0])

# %% [markdown]
# **Predict, then run.** Here is a picture in which each pixel holds its own number, and its matrix for a
# 2 x 2 kernel. How often does pixel 4, the one in the middle, appear, and in which row of the first column?

# %% scratch=True
my_guess = {"how often": ..., "row of column 0": ...}

# %%
numbered = np.arange(9.0).reshape(1, 1, 3, 3)
columns = im2col(numbered, (2, 2))[0]
print(f"my guess: {my_guess}, yours: {(columns == 4).sum()}, row {np.flatnonzero(columns[:, 0] == 4)}")
figure, axes = plt.subplots(1, 2, figsize=(6, 3), layout="constrained")
for axis, image, title in zip(axes, [numbered[0, 0], columns], ["picture", "im2col"], strict=True):
    axis.imshow(image == 4, vmin=0, vmax=2)
    axis.set_title(title)
    axis.axis("off")
    for (i, j), value in np.ndenumerate(image):
        axis.text(j, i, f"{value:g}", ha="center", va="center", color="white")
plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>
#
# Left a 3 x 3 picture with the numbers 0 to 8, right the 4 x 4 matrix with columns 0 1 3 4, 1 2 4 5, 3 4 6 7 and
# 4 5 7 8. The pixel 4 is highlighted; it appears four times, on the diagonal from bottom left to top right.
#
# </details>
#
# If the 4 stands on the other diagonal, your windows or their pixels come in another order.
#
# The way back, `col2im`, is given. It adds the columns to the pixels that they came from, which is what a
# gradient needs: you could write a fast backward pass with it (dcols = wᵀ dout, then col2im).

# %% given=True
from solutions.conv_layer import col2im

# %%
print("im2col and back again, pixel 4 is counted four times:")
print(col2im(im2col(numbered, (2, 2)), numbered.shape, (2, 2))[0, 0])

# %% [markdown]
# Now the convolution itself. Use your `im2col`, one matrix product and a reshape. (While this task is judged,
# `conv2d_forward` is not there, so that nobody can ask it.)
#
# <details><summary>Hint 1: where to begin</summary>
#
# Write the shapes of the three matrices beside the product above, for one picture. Only then think of N pictures.
#
# </details>
#
# <details><summary>Hint 2: the object</summary>
#
# The filters become a matrix with one row for each filter. The columns of N pictures are a stack of N matrices.
#
# </details>
#
# <details><summary>Hint 3: the operation</summary>
#
# `@` multiplies a matrix with each matrix of a stack. What comes has a row for each filter and one number for each
# window in reading order, which a reshape makes a picture. A bias belongs to a row.
#
# </details>

# %% task="conv2d_im2col"
from solutions.conv_layer import conv2d_im2col

# %%
from time import perf_counter


def seconds(function, *arguments):
    """The best of three runs."""
    times = []
    for _ in range(3):
        start = perf_counter()
        function(*arguments)
        times.append(perf_counter() - start)
    return min(times)


pictures, filters = rng.normal(size=(8, 16, 32, 32)), rng.normal(size=(32, 16, 3, 3))
loops, product = seconds(conv2d_forward, pictures, filters), seconds(conv2d_im2col, pictures, filters)
plt.figure(figsize=(6, 1.8), layout="constrained")
plt.barh(["loops", "im2col"], [1000 * loops, 1000 * product])
plt.xlabel("milliseconds for 8 pictures, 16 channels, 32 x 32 pixels, 32 filters")
plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>
#
# Two bars with the times of your two functions. The bar of im2col is shorter, the more so the more you loop in
# `conv2d_forward`.
#
# </details>
#
# If the bar of im2col is the longer one: is there a loop over output numbers in it? Or does another program use the
# processor's other cores?

# %% [markdown]
# ## A layer that keeps its parameters
#
# A layer needs starting weights. All zeros would make all filters equal for ever. Too large and the numbers
# grow from layer to layer, too small and they die. With a ReLU after each layer, the size of the numbers
# stays about the same if the weights have the variance 2 / fan_in (He and others, 2015).
#
# All randomness comes from the `rng` that is handed in: `rng.normal(0, std, size=...)`, called once.
#
# <details><summary>Hint 1: where to begin</summary>
#
# What must the layer know when `forward` is called, and what when `backward` is? Each of it is an attribute.
#
# </details>
#
# <details><summary>Hint 2: the object</summary>
#
# One output number is a sum of C · KH · KW products: that is fan_in. `rng.normal` takes a standard deviation, not a
# variance.
#
# </details>
#
# <details><summary>Hint 3: the operation</summary>
#
# Both methods call a function that you have. `backward` hands dx on and keeps the other two, in place of those from
# the time before.
#
# </details>

# %% task="conv2d_class"
from solutions.conv_layer import Conv2d

# %% [markdown]
# **Predict, then run.** Noise goes through ten of your layers with a ReLU after each. Where will the size of
# the numbers be after the tenth: near 1, near 0 or in the thousands? The other two lines show what becomes of
# weights that are 1.6 times too small and too large.

# %% scratch=True
my_guess = ...

# %%
figure = plt.figure(figsize=(6, 3), layout="constrained")
for factor in (1 / 1.6, 1.0, 1.6):
    activity, sizes = rng.normal(size=(4, 8, 12, 12)), []
    for _ in range(10):
        layer = Conv2d(8, 8, kernel_size=3, padding=1, rng=rng)
        layer.weight = factor * layer.weight
        activity = np.maximum(layer.forward(activity), 0.0)
        sizes.append(np.sqrt((activity**2).mean()))
    plt.semilogy(range(1, 11), sizes, "o-", label=f"weights x {factor:.2g}")
    if factor == 1:
        print(f"my guess: {my_guess}, yours: {sizes[-1]:.2g}")
plt.xlabel("layer")
plt.ylabel("size of the numbers")
plt.legend()
plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>
#
# Three lines over ten layers on a logarithmic axis. With your initialisation the line stays within a factor of ten of 1
# (it sinks a little, since the padding brings zeros in). At the tenth layer the others are about a hundred times
# smaller and larger than yours.
#
# </details>
#
# If your line leaves 1 as fast as the others, look for fan_in and for the root.

# %% [markdown]
# ## Three layers learn to read
#
# Does it all work together? Three of your layers in a row, with a ReLU in between, learn to read scikit-learn's digits.
# The first layer sees 8 x 8 pixels, the second makes 4 x 4 of them, and the kernels of the third are as large as what it
# sees, so that one number for each of ten digits is left. The code around your layers is given.

# %%
digits = load_digits()
pixels = digits.images[:, None] / 16  # (1797, 1, 8, 8), from 0 to 1


class Reader:
    """Three convolutions, ReLU in between, cross-entropy of ten numbers at the end."""

    def __init__(self, rng):
        self.layers = [
            Conv2d(1, 4, kernel_size=3, padding=1, rng=rng),
            Conv2d(4, 8, kernel_size=3, stride=2, padding=1, rng=rng),
            Conv2d(8, 10, kernel_size=4, rng=rng),
        ]

    def scores(self, x):
        """(N, 10) numbers; what went into the second and the third layer is kept."""
        self.between = []
        for layer in self.layers[:-1]:
            x = np.maximum(layer.forward(x), 0.0)
            self.between.append(x)
        return self.layers[-1].forward(x)[:, :, 0, 0]

    def loss(self, x, y):
        """The mean cross-entropy of a batch, and its gradient with respect to the scores."""
        scores = self.scores(x)
        p = np.exp(scores - scores.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        return -np.log(p[np.arange(len(y)), y]).mean(), (p - np.eye(10)[y]) / len(y)

    def gradients(self, x, y):
        """The loss. All layers get their gradients, with a ReLU in front of each but the first."""
        loss, dscores = self.loss(x, y)
        dout = dscores[:, :, None, None]
        for layer, into in zip(self.layers[::-1], [*self.between[::-1], None], strict=True):
            dout = layer.backward(dout)
            if into is not None:
                dout = dout * (into > 0)
        return loss

    def parameters(self):
        """(layer, name) of all parameters."""
        return [(layer, name) for layer in self.layers for name in ("weight", "bias")]


# %% [markdown]
# **Predict, then run.** 80 steps with 16 digits each, so many digits are never seen. Which share of 397 others will be
# read right: a tenth, a half, or nine tenths? (Who only guesses reads one tenth.)

# %% scratch=True
my_guess = ...


# %%
def train(reader, steps=80, lr=0.3):
    """Gradient descent on batches of 16 digits; the losses."""
    losses = []
    for _ in range(steps):
        batch = rng.choice(1400, 16)
        losses.append(reader.gradients(pixels[batch], digits.target[batch]))
        for layer, name in reader.parameters():
            setattr(layer, name, getattr(layer, name) - lr * getattr(layer, f"{name}_grad"))
    return losses


reader = Reader(np.random.default_rng(3))
losses = train(reader)
read = reader.scores(pixels[1400:]).argmax(axis=1) == digits.target[1400:]
print(f"my guess: {my_guess}, yours: {read.mean():.0%} of the other digits")

# %% [markdown]
# A loss that falls proves little: it falls with many wrong gradients, too, since a direction that is about right goes
# downhill. So measure as you did above, now along the whole gradient of each parameter. Go a little way along it, up and
# down. The loss must change as fast as the gradient is long: their quotient is 1.


# %%
def measured_slopes(reader, x, y, h=1e-5):
    """How fast the loss grows along each parameter's gradient, divided by how fast the gradient says."""
    reader.gradients(x, y)
    slopes = []
    for layer, name in reader.parameters():
        value, grad = getattr(layer, name), getattr(layer, f"{name}_grad")
        length = np.sqrt((grad**2).sum())
        losses = []
        for step in (h, -h):
            setattr(layer, name, value + step * grad / length)
            losses.append(reader.loss(x, y)[0])
        setattr(layer, name, value)
        slopes.append((losses[0] - losses[1]) / (2 * h) / length)
    return slopes


slopes = measured_slopes(reader, pixels[:16], digits.target[:16])

figure, axes = plt.subplots(1, 2, figsize=(10, 2.8), layout="constrained")
axes[0].plot(losses)
axes[0].set(xlabel="step", ylabel="loss", ylim=(0, None))
axes[1].bar(range(6), np.clip(slopes, -2, 3))
axes[1].axhline(1, color="black", lw=1)
axes[1].set_xticks(range(6), [f"{part} {number}" for number in (1, 2, 3) for part in ("weight", "bias")])
axes[1].set(ylabel="measured / yours", ylim=(-2, 3))
for place, slope in enumerate(slopes):
    axes[1].text(place, -1.8, f"{slope:.3g}", ha="center")
plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>
#
# Left the loss over 80 steps. It falls from above 2 to about 0.3, with the ups and downs of small batches. Right six
# bars, for weight and bias of the three layers, all as high as the line at 1.
#
# </details>
#
# The left picture forgives much. With windows that overwrite one another in dx the loss falls as low. With a mean for
# db, too. The right picture forgives neither: there the bars of layer 1 are off, here those of the biases. Bars of
# layers 1 and 2 only: look at dx, which they need. All weights, by the same factor: dw was divided by it.

# %% [markdown]
# ## Bug hunt
#
# Here is a convolution for one picture and one kernel. It is wrong. Somebody tested it with a Sobel filter
# and the test passed. Read it, find the mistake, then hand in one kernel that cannot see it and one that
# can. This is what testing is about: an input that *can* fail.
#
# <details><summary>Hint 1: where to begin</summary>
#
# Compare the innermost line with the formula of this unit. Which pixel meets which element of the kernel?
#
# </details>
#
# <details><summary>Hint 2: the object</summary>
#
# Write the kernel that the wrong code really uses beside yours, for 3 x 2 letters a to f.
#
# </details>
#
# <details><summary>Hint 3: the operation</summary>
#
# For which kernels are the two the same? That is your blind one, and any other is sharp, if the picture is not too
# plain.
#
# </details>


# %% name="suspicious" leak="the bug hunt shows this wrong implementation, which the judge holds too"
def suspicious_conv2d(x, w):
    """Cross-correlation of x (H, W) with w (KH, KW). There is a mistake in here."""
    KH, KW = w.shape
    out = np.zeros((x.shape[0] - KH + 1, x.shape[1] - KW + 1))
    for u in range(KH):
        for v in range(KW):
            out += x[u : u + out.shape[0], v : v + out.shape[1]] * w[KH - 1 - u, v]
    return out


# %% task="bug_hunt"
from solutions.conv_layer import bug_hunt

# %%
hunted_x, blind, sharp = bug_hunt()
for name, kernel in [("blind", blind), ("sharp", sharp)]:
    right = conv2d_forward(hunted_x[None, None], kernel[None, None])[0][0, 0]
    difference = np.abs(suspicious_conv2d(hunted_x, kernel) - right).max()
    print(f"{name}: suspicious_conv2d is off by {difference:g}")

# %% [markdown]
# ## Now in PyTorch
#
# What you wrote is `torch.nn.functional.conv2d`. Where PyTorch is installed, this cell compares your values
# and gradients with it. From now on you know what happens in there.

# %%
try:
    import torch
except ImportError:
    print("PyTorch is not installed here, which is fine.")
else:
    x, w, b = rng.normal(size=(2, 3, 7, 8)), rng.normal(size=(4, 3, 3, 2)), rng.normal(size=4)
    out, cache = conv2d_forward(x, w, b, stride=2, padding=1)
    dout = rng.normal(size=out.shape)
    tensors = [torch.tensor(array, requires_grad=True) for array in (x, w, b)]
    theirs = torch.nn.functional.conv2d(*tensors, stride=2, padding=1)
    theirs.backward(torch.tensor(dout))
    print("out:", np.allclose(out, theirs.detach().numpy()))
    for name, mine, tensor in zip(["dx", "dw", "db"], conv2d_backward(dout, cache), tensors, strict=True):
        print(f"{name}: ", np.allclose(mine, tensor.grad.numpy()))

# %% [markdown]
# ## To think about
#
# Two 3 x 3 convolutions one after the other, stride 1: how many input pixels does one output pixel see along
# each axis? How many weights do the two have per pair of channels, and how many has a single kernel that
# sees as much? And if the first of the two has stride 2? Check yourself with dx: send a single 1 back and
# count the pixels that get a gradient.
#
# **Predict, then run.** How many pixels along each axis does one output pixel of the two layers see?

# %% scratch=True
my_guess = ...

# %%
picture = np.zeros((1, 1, 11, 11))
first, cache_1 = conv2d_forward(picture, np.ones((1, 1, 3, 3)))
second, cache_2 = conv2d_forward(first, np.ones((1, 1, 3, 3)))
single = np.zeros_like(second)
single[0, 0, 3, 3] = 1.0
reached = conv2d_backward(conv2d_backward(single, cache_2)[0], cache_1)[0] != 0
height, width = reached[0, 0].any(axis=1).sum(), reached[0, 0].any(axis=0).sum()
print(f"my guess: {my_guess}, yours: one output pixel sees {height} x {width} input pixels")

# %% [markdown] name="question_own_kernels"
# ## In your own words
#
# **Up to 4 points on top of the 100.** A person reads this answer; points and a comment come with the
# feedback. 150 words are enough, and no code is needed.
#
# A colleague builds a layer for pictures of 32 x 32 pixels in which *every output pixel has a 3 x 3 kernel of
# its own* (one channel, one filter, stride 1, padding 1, no bias). Each output is the same kind of sum as in
# your layer; only the sharing is gone. "My layer can compute whatever yours can, and more", she says. "So on
# new pictures it will be at least as good."
#
# 1. How many weights has her layer, and how many has yours? (1 point)
# 2. Her first sentence is right. Why does the second not follow, if both layers learn from the same few
#    hundred pictures? Argue with the backward pass: over which windows is the gradient of *one* weight summed
#    in your layer, and over which in hers? And what does each layer know of a pattern at a place where it
#    never stood in training? (2 points)
# 3. Describe data for which her layer may win all the same, and say which property of them makes it so.
#    (1 point)

# %% [markdown] written="own_kernels" points=4
# *Double-click here and write your answer in place of this line.*

# %% [markdown] instructor=True
# Four points, in halves where you like. Reasons count; language, length and order do not. A numerical slip
# costs once.
#
# **1. One point: 9 weights against 9 · 32 · 32 = 9216.** Also right, if the reason is given: 94 · 94 = 8836,
# without the weights that only ever meet padding.
#
# **2. One point for the gradient.** A shared weight sums over all 1024 windows of each picture (the line of dw
# in the notebook's table has one term per window); a weight of hers gets one window per picture. So each of
# her weights learns from 1024 times fewer examples, its gradient is noisier, and it fits chance. "More
# weights, so it overfits", without windows: half a point. "It is slower" or "it needs more memory": no
# point, since that says nothing about new pictures.
#
# **2. One point for the place.** Hers knows nothing of a pattern at a place where it never stood: those
# weights have had no gradient from it. Ours knows it everywhere, as the same weights look everywhere
# (equivariance). Who writes "invariant" for "equivariant" loses nothing; put the right word into the comment.
#
# **3. One point for data whose statistics depend on the place, with that reason:** faces that are cut out with
# the eyes always at the same pixels, scans in a fixed frame, a camera that never moves, the frequency axis of
# a spectrogram; the same local pattern then means something else elsewhere. An example without its property:
# half a point. "A very large data set" alone: half a point, since that helps her only if places differ.
#
# *Four points:* "Mine has 9 weights, hers 9216. In dw each of my weights adds up 1024 windows per picture,
# hers one, so hers sees far fewer examples and fits noise. And a bar that was only ever on the left is
# unknown to her kernels on the right, while my kernel finds it there too. With passport photos, where the
# eyes are always at the same place, different places need different detectors; there hers may win."
#
# *Two points:* "9 against 9216. Hers has more parameters and overfits. She may win with faces." (1 + ½ + 0 + ½)

# %% [markdown]
# ## Bonus
#
# Two functions for those who want the whole of `torch.nn.Conv2d`: settings that differ between rows and
# columns, dilation in the backward pass, and groups of channels. You may build on what you have.

# %% task="conv2d_general_forward"
from solutions.conv_layer import conv2d_general_forward

# %% task="conv2d_general_backward"
from solutions.conv_layer import conv2d_general_backward

# %% [markdown]
# With as many groups as channels, every channel has a filter of its own. Below, the picture of shapes comes
# in twice, and one pass blurs the first channel and finds edges in the second. The right picture is the
# gradient of one output pixel with dilation (2, 3).

# %%
twice = np.stack([shapes, shapes])[None]
depthwise = np.stack([make_filter("blur"), make_filter("sobel_x")])[:, None]
of_groups, _ = conv2d_general_forward(twice, depthwise, padding=(1, 1), groups=2)
out, cache = conv2d_general_forward(np.zeros((1, 1, 9, 9)), np.ones((1, 1, 3, 3)), dilation=(2, 3))
spread = conv2d_general_backward((np.arange(out.size) == 4).astype(float).reshape(out.shape), cache)[0]

figure, axes = plt.subplots(1, 3, figsize=(8, 2.8), layout="constrained")
for axis, image in zip(axes, [of_groups[0, 0], of_groups[0, 1], spread[0, 0]], strict=True):
    axis.imshow(image)
    axis.axis("off")
plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>
#
# The blurred shapes, the vertical edges of the shapes, and a 9 x 9 grid with nine bright pixels, two rows and three
# columns apart.
#
# </details>
#
# If the nine pixels are three rows and two columns apart, your pairs are (width, height).

# %% [markdown]
# ## To take along
#
# * One small kernel looks at all places: that takes few weights, and what is learned at one place is known at all.
# * What is used several times in the forward pass gets a sum of gradients in the backward pass.
# * A loss that falls is no proof of a gradient. Measure it.
#
# **Next unit:** `pooling`. How does a network forget exactly where something was, and keep that it was there?
