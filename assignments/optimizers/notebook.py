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
# # Optimizers
#
# **Why.** Backpropagation gives a gradient; an optimizer decides how far to go, and in which units. The same
# network with the same gradients trains in minutes or never, depending on ten lines of code. Most of the
# classical errors in these lines do not crash: the loss still goes down, only slower, and nobody notices.
# Here you write the optimizers that you will use in every later unit, and you learn to notice.
#
# **You need:** gradients (unit `backprop`), NumPy arrays and in-place assignment.
#
# **Lecture:** FAU Deep Learning, part 3.3. **Time:** about five hours for the core; the bonus is extra.
#
# **Predict, then run.** Where you read this, write your guess in place of the three dots and only then run the
# next cell. It shows your guess beside the truth. Nobody marks guesses, and a wrong one teaches most.
#
# **How it is marked.** Numbers of the hidden checks are hidden, criteria are not:
#
# | task | points | criteria |
# | --- | --- | --- |
# | `SGD` | 25 | plain step 4, momentum 6, Nesterov 5, weight decay 3, a changed rate 3, own state 1, laws 3 |
# | `RMSprop` | 15 | values 7, place of ε 4, a changed rate 1, laws 3 |
# | `Adam` | 25 | means 6, bias correction 11, place of ε 3, weight decay 2, a changed rate 1, laws 2 |
# | `AdamW` | 10 | decay alone 2, decay and step 3, no decay 3, default 1, laws 1 |
# | `lr_at` | 10 | warm-up 3, cosine 4, end 1, no warm-up 1, errors 1 |
# | `clip_grad_norm` | 10 | length 2, clipping 4, short gradients 2, place of ε 1, zeros 1 |
# | `bug_hunt` | 5 | your experiment tells right from wrong |
# | bonus | 20 | `Adagrad` 7, `Adadelta` 7, `AMSGrad` 6 |
#
# *Laws* are properties that every right solution has, such as leaving the gradients as they are; they count
# only together with right values.

# %%
import numpy as np
import matplotlib.pyplot as plt

np.set_printoptions(precision=4, suppress=True)
plt.rcParams["figure.constrained_layout.use"] = True

# %% [markdown]
# ## 0. Two landscapes
#
# Given. `bowl` is a valley that is a hundred times steeper across than along:
# $f(x, y) = \frac12 x^2 + 50\,y^2$. `rosenbrock` is a bent valley,
# $f(x, y) = (1-x)^2 + 100\,(y-x^2)^2$, with its lowest point at $(1, 1)$. `run` follows an optimizer and
# records its path.


# %%
def bowl(x, y):
    return (x**2 + 100 * y**2) / 2


def bowl_gradient(p):
    return p * np.array([1.0, 100.0])


def rosenbrock(x, y):
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def rosenbrock_gradient(p):
    x, y = p
    return np.array([-2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)])


def run(make, gradient, start, steps):
    """The path of the optimizer ``make([p])`` from ``start``: an array (steps + 1, 2)."""
    p = np.array(start, dtype=float)
    optimizer = make([p])
    path = [p.copy()]
    for _ in range(steps):
        optimizer.step([gradient(p)])
        path.append(p.copy())
    return np.array(path)


def draw_paths(ax, f, paths, xlim, ylim):
    """Contours of ``f`` and one line for each named path."""
    x, y = np.meshgrid(np.linspace(*xlim, 200), np.linspace(*ylim, 200))
    ax.contour(x, y, np.log10(f(x, y) + 1e-3), levels=15, colors="0.8", linewidths=0.8)
    for (name, path), marker in zip(paths.items(), "osv^Dx", strict=False):
        ax.plot(*path.T, marker=marker, markersize=3, linewidth=1, label=name)
    ax.set(xlim=xlim, ylim=ylim, xlabel="x", ylabel="y")
    ax.legend()


# %% [markdown]
# ## 1. SGD: momentum, Nesterov, weight decay
#
# Plain gradient descent forgets. Momentum keeps a velocity $v$, a sum of past gradients in which each step
# multiplies the old ones by $\mu$: what points the same way adds up, what changes sign cancels.
#
# **By hand.** One array of two weights, $\mu = 0.5$, learning rate 0.1:
#
# | step | gradient | velocity $v \leftarrow 0.5\,v + g$ | weights $w \leftarrow w - 0.1\,v$ |
# | --- | --- | --- | --- |
# | start | | (0, 0) | (1, 2) |
# | 1 | (1, -2) | (1, -2) | (0.9, 2.2) |
# | 2 | (1, 0) | (1.5, -1) | (0.75, 2.3) |
#
# In step 2 the second weight moves although its gradient is zero.
#
# <details><summary>Hint 1: where do I start?</summary>
# Write the loop over parameters, gradients and velocities with <code>zip</code> first, for momentum 0. The
# velocities need one array per parameter, made once, in <code>__init__</code>.
# </details>
# <details><summary>Hint 2: my weights do not change</summary>
# <code>p = p - …</code> makes a new array and gives it the name <code>p</code>; the caller's array stays as
# it was. <code>p -= …</code> and <code>p[...] = …</code> write into the caller's array.
# </details>
# <details><summary>Hint 3: the gradients change</summary>
# The same effect, unwanted: <code>g += weight_decay * p</code> writes into the caller's gradient, and <code>v
# = g</code> makes the velocity the same array as the gradient. Make a new array there.
# </details>

# %% task="SGD"
from solutions.optimizers import SGD

# %%
w = np.array([1.0, 2.0])
optimizer = SGD([w], lr=0.1, momentum=0.5)
for g, by_hand in (([1.0, -2.0], "[0.9 2.2]"), ([1.0, 0.0], "[0.75 2.3]")):
    optimizer.step([np.array(g)])
    print(f"by hand: {by_hand}, yours: {w}")

# %% [markdown]
# **Predict, then run.** With Nesterov's look-ahead the weights go along $g + \mu v$ and not along $v$. Which two
# weights do you get in step 1 of the example?

# %% scratch=True
my_guess = ...

# %%
w = np.array([1.0, 2.0])
SGD([w], lr=0.1, momentum=0.5, nesterov=True).step([np.array([1.0, -2.0])])
print(f"my guess: {my_guess}, yours: {w}")

# %%
fig, ax = plt.subplots(figsize=(9, 3.5))
draw_paths(
    ax,
    bowl,
    {
        "plain": run(lambda ps: SGD(ps, lr=0.012), bowl_gradient, (-10, 1.5), 60),
        "momentum 0.9": run(lambda ps: SGD(ps, lr=0.012, momentum=0.9), bowl_gradient, (-10, 1.5), 60),
        "Nesterov 0.9": run(
            lambda ps: SGD(ps, lr=0.012, momentum=0.9, nesterov=True), bowl_gradient, (-10, 1.5), 60
        ),
    },
    xlim=(-11, 6),
    ylim=(-3, 3),
)
ax.set_title("60 steps in a valley that is 100 times steeper across than along")
plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>
#
# Contour lines of a flat ellipse with three paths from the left. The plain path is on the valley's
# floor after two steps and then creeps along, half of the way in 60 steps. Momentum swings from wall to wall
# all the way, passes the lowest point and turns back. Nesterov's path is as fast along the valley but stops
# swinging after a few steps.
#
# </details>
#
# If your Nesterov path is thrown out of the picture at once, look at the sign of the look-ahead.

# %% [markdown]
# ## 2. RMSprop: every weight in its own units
#
# In the bowl no single rate is right: what is good across is a hundred times too small along. RMSprop divides
# each element of the gradient by its own recent size, the root of a running mean of squares.
#
# **By hand.** One weight, $\alpha = 0.75$, learning rate 0.1:
#
# | step | $g$ | $v \leftarrow 0.75\,v + 0.25\,g^2$ | $0.1 \cdot g / \sqrt v$ | $w$ |
# | --- | --- | --- | --- | --- |
# | start | | 0 | | 1 |
# | 1 | 4 | 0.25 · 16 = 4 | 0.1 · 4 / 2 = 0.2 | 0.8 |
# | 2 | -2 | 0.75 · 4 + 0.25 · 4 = 4 | 0.1 · (-2) / 2 = -0.1 | 0.9 |
#
# <details><summary>Hint 1: where do I start?</summary>
# Copy the loop of your <code>SGD</code>; instead of a velocity you keep a running mean of <code>g **
# 2</code>.
# </details>
# <details><summary>Hint 2: where does ε go?</summary>
# Read the formula from the inside: root first, then add. With ε = 1e-8 you would not see the difference; set
# it to 0.1 and do one step on paper.
# </details>
# <details><summary>Hint 3: the steps are far too large</summary>
# The new square has the small weight 1 - α, the old mean the large weight α. And the divisor is the root of
# the mean of squares, not the mean itself.
# </details>

# %% task="RMSprop"
from solutions.optimizers import RMSprop

# %% [markdown]
# **Predict, then run.** All gradients of the example become 1000 times as large. Where is the weight after the two
# steps?

# %% scratch=True
my_guess = ...

# %%
for scale in (1, 1000):
    w = np.array([1.0])
    optimizer = RMSprop([w], lr=0.1, alpha=0.75)
    for g in (4.0, -2.0):
        optimizer.step([np.array([scale * g])])
    told = "by hand: 0.9" if scale == 1 else f"my guess: {my_guess}"
    print(f"gradients times {scale}: {told}, yours: {w[0]:.4g}")

# %%
fig, ax = plt.subplots(figsize=(9, 6))
draw_paths(
    ax,
    bowl,
    {
        "SGD": run(lambda ps: SGD(ps, lr=0.018), bowl_gradient, (-4, 1.5), 40),
        "RMSprop": run(lambda ps: RMSprop(ps, lr=0.1, alpha=0.9), bowl_gradient, (-4, 1.5), 40),
    },
    xlim=(-4.5, 1),
    ylim=(-2, 2),
)
ax.set(aspect="equal", title="RMSprop does not see that the valley is steep")
plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>
#
# The same valley, both axes to the same scale, with two paths of 40 steps. SGD jumps from wall to
# wall and gets half of the way. RMSprop starts at 45 degrees, as fast along as across, bends towards the
# floor and comes near the lowest point.
#
# </details>
#
# A path that does not start at 45 degrees divides by something that is not the gradient's size.

# %% [markdown]
# ## 3. Adam: both, corrected for the start at zero
#
# Adam keeps a running mean of gradients $m$ and of squares $v$. Both start at zero, so after one step $m$ is
# only $(1-\beta_1)\,g$, far too small. Dividing by $1-\beta_1^t$ repairs this exactly: it is the sum of the
# weights that the mean has handed out so far.
#
# **By hand.** One weight, $\beta_1 = 0.25$, $\beta_2 = 0.5$, learning rate 0.3:
#
# | $t$ | $g$ | $m$ | $\hat m = m / (1 - 0.25^t)$ | $v$ | $\hat v = v / (1 - 0.5^t)$ | $w$ |
# | --- | --- | --- | --- | --- | --- | --- |
# | 0 | | 0 | | 0 | | 1 |
# | 1 | 5 | 0.75 · 5 = 3.75 | 3.75 / 0.75 = 5 | 0.5 · 25 = 12.5 | 12.5 / 0.5 = 25 | 1 - 0.3 · 5/5 = 0.7 |
# | 2 | -1 | 0.25 · 3.75 - 0.75 = 0.1875 | 0.1875 / 0.9375 = 0.2 | 6.25 + 0.5 = 6.75 | 6.75 / 0.75 = 9 | 0.7 - 0.3 · 0.2/3 = 0.68 |
#
# <details><summary>Hint 1: where do I start?</summary>
# Take the loop of <code>RMSprop</code>, add a second list of means and a counter <code>t</code> that grows by
# one in each call of <code>step</code>, before it is used.
# </details>
# <details><summary>Hint 2: the second step is wrong</summary>
# Which quantities live from step to step? Only m, v and t. The corrected m̂ and v̂ are for this step and must
# not be stored in their place. And the power of β is t: it is not the same in every step.
# </details>
# <details><summary>Hint 3: one parameter is right, two are wrong</summary>
# Each parameter needs its own m and v, but there is one t for all: count steps, not parameters.
# </details>

# %% task="Adam"
from solutions.optimizers import Adam

# %%
w = np.array([1.0])
optimizer = Adam([w], lr=0.3, betas=(0.25, 0.5))
for g in (5.0, -1.0):
    optimizer.step([np.array([g])])
    print("by hand: 0.7 and then 0.68, yours:", w)

# %% [markdown]
# **Predict, then run.** The learning rate is 0.3. How long is Adam's first step when the gradient is 0.001, and how
# long when it is 1000?

# %% scratch=True
my_guess = {0.001: ..., 1000: ...}

# %%
for g, guess in my_guess.items():
    w = np.array([0.0])
    Adam([w], lr=0.3).step([np.array([float(g)])])
    print(f"gradient {g}: my guess {guess}, yours {abs(w[0]):.4g}")

# %%
t = np.arange(1, 61)
walk = run(lambda ps: Adam(ps, lr=1.0), lambda p: np.ones(2), (0.0, 0.0), 60)[:, 0]
fig, ax = plt.subplots(figsize=(7, 3.2))
ax.plot(t, -np.diff(walk), "o", markersize=3, label="your Adam")
ax.plot(t, (1 - 0.9**t) / np.sqrt(1 - 0.999**t), "--", label="without bias correction")
ax.set(xlabel="step t", ylabel="length of the step / lr", ylim=(0, 7.5))
ax.set_title("The gradient is 1 in every step")
ax.legend()
plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>
#
# Length of Adam's steps against the number of the step, for a constant gradient. Your points lie on
# a horizontal line at 1; a dashed curve, for Adam without correction, starts at 3 and rises above 6.
#
# </details>
#
# Points on the dashed curve mean that the correction is missing or computed and not used; a line that bends
# means that the power of β does not follow the step.

# %% [markdown]
# ### Which learning rate?
#
# **Predict, then run.** Each of four optimizers gets the rate that is best for it, and then one ten times as large.
# Which of them forgive it, so that the loss after 100 steps is still below that of the start? Write their names into
# the list.

# %% scratch=True
my_guess = [...]

# %%
rates = np.logspace(-4, 1, 26)
candidates = {
    "SGD": lambda lr: lambda ps: SGD(ps, lr=lr),
    "SGD, momentum 0.9": lambda lr: lambda ps: SGD(ps, lr=lr, momentum=0.9),
    "RMSprop": lambda lr: lambda ps: RMSprop(ps, lr=lr, alpha=0.9),
    "Adam": lambda lr: lambda ps: Adam(ps, lr=lr),
}
fig, ax = plt.subplots(figsize=(7, 3.5))
forgiving = []
with np.errstate(over="ignore", invalid="ignore"):
    for name, make in candidates.items():
        ends = [run(make(lr), bowl_gradient, (-4, 1.5), 100)[-1] for lr in rates]
        losses = np.nan_to_num([bowl(*end) for end in ends], nan=1e9, posinf=1e9)
        (too_large,) = run(make(10 * rates[losses.argmin()]), bowl_gradient, (-4, 1.5), 100)[-1:]
        if bowl(*too_large) < bowl(-4, 1.5):
            forgiving.append(name)
        ax.loglog(rates, np.clip(losses, 1e-9, 1e9), marker=".", label=name)
ax.axhline(bowl(-4, 1.5), color="0.7", linewidth=0.8)
ax.set(xlabel="learning rate", ylabel="loss after 100 steps", title="A sweep over learning rates in the bowl")
ax.legend()
print(f"my guess: {my_guess}, truth: {forgiving}")
plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>
#
# Loss after 100 steps against the learning rate, both logarithmic. SGD falls and then shoots up at a
# rate of 0.02, where the steep direction becomes unstable; with momentum this happens a little later. RMSprop
# and Adam need larger rates, do well around 0.1, and beyond get worse little by little: nothing shoots up. A
# grey line marks the loss at the start.
#
# </details>

# %% [markdown]
# ## 4. AdamW: decay that decays
#
# In `SGD` the penalty $\frac\lambda2 |w|^2$ and "make $w$ a little smaller in each step" are the same thing.
# In Adam they are not: `weight_decay` of `Adam` joins the gradient and is then divided by $\sqrt{\hat v}$, so
# a weight with large gradients is hardly decayed at all. AdamW takes the decay out of the gradient and
# shrinks the weight itself.
#
# **By hand.** $w = 2$, $g = 3$, learning rate 0.5, $\lambda = 0.1$: shrink, $(1 - 0.5 · 0.1) · 2 = 1.9$; then
# the first step of Adam, which is $0.5 · \mathrm{sign}(g)$: $1.9 - 0.5 = 1.4$. `Adam(weight_decay=0.1)` gives
# $2 - 0.5 = 1.5$.
#
# <details><summary>Hint 1: where do I start?</summary>
# Your <code>Adam</code>, with one line moved and changed. You may copy it or derive from it.
# </details>
# <details><summary>Hint 2: which factor?</summary>
# The parameter is multiplied by 1 - lr · λ: both, not λ alone.
# </details>
# <details><summary>Hint 3: before or after?</summary>
# Shrink the old parameter, then step. If you step first, the step is shrunk too.
# </details>

# %% task="AdamW"
from solutions.optimizers import AdamW

# %%
for name, make, by_hand in (("Adam", Adam, 1.5), ("AdamW", AdamW, 1.4)):
    w = np.array([2.0])
    make([w], lr=0.5, weight_decay=0.1).step([np.array([3.0])])
    print(f"{name}: by hand {by_hand}, yours {w[0]:.4g}")

# %% [markdown]
# **Predict, then run.** A weight starts at 2, and its gradient is zero in every step: only the decay is at work, with
# $\lambda = 0.1$ and a learning rate of 0.1. Where is the weight after *ten* steps under `Adam`, and where under
# `AdamW`?

# %% scratch=True
my_guess = {"Adam": ..., "AdamW": ...}

# %%
for name, make in (("Adam", Adam), ("AdamW", AdamW)):
    w = np.array([2.0])
    optimizer = make([w], lr=0.1, weight_decay=0.1)
    for _ in range(10):
        optimizer.step([np.zeros(1)])
    print(f"{name}: my guess {my_guess[name]}, yours {w[0]:.3f}")

# %% [markdown]
# For Adam the decay is a gradient like any other: however small it is, it is divided by its own size, and becomes a
# step of nearly a whole learning rate. AdamW takes one hundredth of the weight in each step.

# %%
rng = np.random.default_rng(0)
# Zero on average: only the decay should be left.
noise = rng.standard_normal((400, 1)) * np.array([0.01, 10.0])
fig, axes = plt.subplots(1, 2, figsize=(9, 3.2), sharey=True)
for ax, (name, make) in zip(axes, (("Adam", Adam), ("AdamW", AdamW)), strict=True):
    gradients = iter(noise)
    path = run(
        lambda ps, make=make: make(ps, lr=0.01, weight_decay=0.5),
        lambda p, gs=gradients: next(gs),
        (3.0, 3.0),
        400,
    )
    ax.plot(path[:, 0], label="small gradients (0.01)")
    ax.plot(path[:, 1], "--", label="large gradients (10)")
    ax.set(title=name, xlabel="step")
axes[0].set_ylabel("weight")
axes[0].legend()
plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>
#
# Two panels with the size of two weights over 400 steps. Under Adam the weight with small gradients
# falls in a smooth curve from 3 to below 0.5 while the one with large gradients stays above 2.5. Under AdamW
# both fall along the same curve.
#
# </details>

# %% [markdown]
# ## 5. A schedule: warm-up and cosine
#
# Running means are poor in the first steps, so the rate starts low; near the end a small rate lets the noise
# average out. With peak 0.4, three steps of warm-up and seven steps in total:
#
# | step | 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 |
# | --- | --- | --- | --- | --- | --- | --- | --- | --- |
# | rate | 0.4 · 1/4 | 0.4 · 2/4 | 0.4 · 3/4 | 0.4 | 0.2 · (1 + cos 45°) | 0.2 · (1 + cos 90°) | 0.2 · (1 + cos 135°) | 0 |
# | | 0.1 | 0.2 | 0.3 | 0.4 | 0.341 | 0.2 | 0.059 | 0 |
#
# <details><summary>Hint 1: where do I start?</summary>
# Three cases in the order of time: before the peak, between peak and end, after the end.
# </details>
# <details><summary>Hint 2: the first step</summary>
# A rate of 0 in step 0 would waste a step; that is why the numerator is step + 1.
# </details>
# <details><summary>Hint 3: the cosine</summary>
# Its argument runs from 0 at <code>step == warmup</code> to π at <code>step == total</code>; the fraction of
# the way is counted from the peak, not from step 0.
# </details>

# %% task="lr_at"
from solutions.optimizers import lr_at

# %%
print("by hand: 0.1 0.2 0.3 0.4 0.341 0.2 0.059 0")
print("yours:  ", *(round(lr_at(step, peak=0.4, warmup=3, total=7), 3) for step in range(8)))

# %% [markdown]
# **Predict, then run.** What is the mean of all rates from a peak of 0.4 to the end of a cosine with floor 0?

# %% scratch=True
my_guess = ...

# %%
after_the_peak = [lr_at(step, peak=0.4, warmup=0, total=1000) for step in range(1000)]
print(f"my guess: {my_guess}, yours: {np.mean(after_the_peak):.3f}")

# %%
steps = np.arange(120)
schedule = [lr_at(int(step), peak=0.1, warmup=20, total=100, floor=0.01) for step in steps]
noise = rng.standard_normal((120, 500, 2)) * np.array([1.0, 30.0])


def noisy_descent(rates):
    """Mean loss of 500 runs after each step of SGD in the bowl, when every gradient is noisy."""
    p = np.tile([-4.0, 1.5], (500, 1))
    optimizer = SGD([p], lr=0.1)
    losses = []
    for rate, e in zip(rates, noise, strict=True):
        optimizer.lr = 0.15 * rate
        optimizer.step([bowl_gradient(p) + e])
        losses.append(bowl(*p.T).mean())
    return losses


fig, axes = plt.subplots(1, 2, figsize=(9, 3.2))
axes[0].plot(steps, schedule, ".-")
axes[0].set(xlabel="step", ylabel="learning rate", title="peak 0.1, warm-up 20, total 100, floor 0.01")
axes[1].semilogy(steps, noisy_descent([0.1] * 120), "--", label="constant rate")
axes[1].semilogy(steps, noisy_descent(schedule), label="schedule")
axes[1].set(xlabel="step", ylabel="loss", title="noisy gradients, mean of 500 runs")
axes[1].legend()
plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>
#
# Left, the learning rate rises in a straight line for 20 steps to 0.1, falls along half a cosine to
# 0.01 at step 100 and stays there. Right, the mean loss with noisy gradients: with a
# constant rate it soon stays at one level, about 14; with the schedule the level follows the rate, up to the peak and
# then down to about 2.
#
# </details>
#
# A jump in the left curve at step 20 or at step 100 means that two of the three cases do not meet.

# %% [markdown]
# ## 6. Clipping: one bad gradient
#
# One steep place can throw the weights out of everything learned so far. Clipping shortens the gradient of
# **all** parameters together, so that its direction stays.
#
# **By hand.** Two parameters with gradients (3) and (4): together they are $\sqrt{9 + 16} = 5$ long. With
# `max_norm=1` both are multiplied by 1/5: (0.6) and (0.8). Clipped one by one they would be (1) and (1),
# another direction.
#
# <details><summary>Hint 1: where do I start?</summary>
# One sum of squares over all arrays, one root, one factor.
# </details>
# <details><summary>Hint 2: nothing is clipped</summary>
# <code>g = g * scale</code> makes a new array; <code>g *= scale</code> changes the caller's.
# </details>
# <details><summary>Hint 3: short gradients become longer</summary>
# The factor is at most 1.
# </details>

# %% task="clip_grad_norm"
from solutions.optimizers import clip_grad_norm

# %%
gradients = [np.array([3.0]), np.array([[4.0]])]
length = clip_grad_norm(gradients, max_norm=1.0)
print("by hand: 5 0.6 0.8, yours:", *(round(float(x), 4) for x in (length, *gradients[0], *gradients[1][0])))

# %% [markdown]
# **Predict, then run.** The same gradients and `max_norm=10`: which length comes back, and what are the two gradients
# then?

# %% scratch=True
my_guess = ..., ..., ...

# %%
gradients = [np.array([3.0]), np.array([[4.0]])]
length = clip_grad_norm(gradients, max_norm=10.0)
print(f"my guess: {my_guess}, yours: {length:g}, {gradients[0][0]:g}, {gradients[1][0, 0]:g}")


# %%
def clipped(p):
    gradient = rosenbrock_gradient(p)
    clip_grad_norm([gradient], max_norm=10.0)
    return gradient


with np.errstate(over="ignore", invalid="ignore"):
    paths = {
        "not clipped": run(lambda ps: SGD(ps, lr=0.002), rosenbrock_gradient, (1.8, -1.5), 3)[:3],
        "clipped to 10": run(lambda ps: SGD(ps, lr=0.002), clipped, (1.8, -1.5), 3000)[::20],
    }
fig, ax = plt.subplots(figsize=(7, 4))
draw_paths(ax, rosenbrock, paths, xlim=(-6, 3), ylim=(-3, 5))
ax.set_title("A steep wall, with and without clipping")
plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>
#
# Contour lines of a bent valley. From the lower right the path without clipping is thrown in one
# step across the valley to the far left and in the next out of the picture; the clipped path walks down into
# the valley and along its bend to the point (1, 1).
#
# </details>

# %% [markdown]
# ## 7. Bug hunt
#
# A colleague wrote this class, ran it beside `SGD(momentum=0.9)` for an hour on random gradients, and found
# the same weights to the last digit. Yet it is wrong. You are the tester: find an experiment that shows it.


# %%
class SuspectSGD:
    """SGD with momentum, as a colleague wrote it."""

    def __init__(self, params, lr, momentum=0.9):
        self.params, self.lr, self.momentum = params, lr, momentum
        self.moves = [0.0 * p for p in params]

    def step(self, grads):
        for i, p in enumerate(self.params):
            self.moves[i] = self.momentum * self.moves[i] + self.lr * grads[i]
            p -= self.moves[i]


def final_places(rates, gradients):
    """Where your SGD and SuspectSGD end up, from 0, with these rates and gradients."""
    places = []
    for make in (SGD, SuspectSGD):
        p = np.array([0.0])
        optimizer = make([p], lr=1.0, momentum=0.9)
        for rate, gradient in zip(rates, gradients, strict=True):
            optimizer.lr = rate
            optimizer.step([np.array([float(gradient)])])
        places.append(float(p[0]))
    return tuple(places)


print(final_places([1.0, 1.0], [1, -1]))

# %% [markdown]
# Return your experiment from `bug_hunt`. `final_places` above tells you whether it works, provided that your
# `SGD` is right; the judge uses its own.
#
# <details><summary>Hint 1: how do I look for it?</summary>
# Write down v and p of both classes for two steps with letters instead of numbers, and subtract.
# </details>
# <details><summary>Hint 2: what did the colleague never change?</summary>
# In which of the two velocities is there a quantity that the other multiplies only at the end?
# </details>
# <details><summary>Hint 3: the smallest experiment</summary>
# Two steps suffice. The first fills the velocity; in the second only what was stored should matter.
# </details>

# %% task="bug_hunt"
from solutions.optimizers import bug_hunt

# %%
print("SGD and SuspectSGD end at", final_places(*bug_hunt()))

# %% [markdown]
# ## 8. Your optimizers read digits
#
# 1797 pictures of handwritten digits, 8 x 8 pixels, of which 1400 are for training. The network is given, and so is
# its gradient: 64 pixels, 32 hidden units, 10 classes. All that differs is the optimizer: yours.
#
# **Predict, then run.** Which of the four reads most of the 397 unseen digits after 60 steps, and what share of them?

# %% scratch=True
my_guess = ..., ...

# %%
from sklearn.datasets import load_digits

digits = load_digits()
order = np.random.default_rng(0).permutation(len(digits.data))
train, test = order[:1400], order[1400:]
pictures, numbers = digits.data / 16, digits.target


def new_network():
    """Weights and offsets of two layers; the same ones each time."""
    rng = np.random.default_rng(1)
    return [rng.normal(0, 0.2, (64, 32)), np.zeros(32), rng.normal(0, 0.2, (32, 10)), np.zeros(10)]


def loss_and_gradients(params, x, y):
    """Cross entropy of a batch, its gradient for each parameter, and what was read."""
    w1, b1, w2, b2 = params
    hidden = np.maximum(x @ w1 + b1, 0)
    scores = hidden @ w2 + b2
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(len(y)), y]).mean()
    dscores = (p - np.eye(10)[y]) / len(y)
    dhidden = dscores @ w2.T * (hidden > 0)
    return (
        loss,
        [x.T @ dhidden, dhidden.sum(axis=0), hidden.T @ dscores, dscores.sum(axis=0)],
        p.argmax(axis=1),
    )


def learn(make, steps=60, schedule=None, max_norm=None):
    """Losses of all steps, and the share of unseen digits that is read in the end."""
    params, rng, losses = new_network(), np.random.default_rng(2), []
    optimizer = make(params)
    for step in range(steps):
        batch = rng.choice(train, 64)
        loss, gradients, _ = loss_and_gradients(params, pictures[batch], numbers[batch])
        if max_norm:
            clip_grad_norm(gradients, max_norm)
        if schedule:
            optimizer.lr = schedule(step)
        optimizer.step(gradients)
        losses.append(loss)
    read = loss_and_gradients(params, pictures[test], numbers[test])[2]
    return losses, (read == numbers[test]).mean()


# %%
makers = {
    "SGD": lambda ps: SGD(ps, lr=0.1),
    "SGD, Nesterov": lambda ps: SGD(ps, lr=0.1, momentum=0.9, nesterov=True),
    "RMSprop": lambda ps: RMSprop(ps, lr=0.01, alpha=0.9),
    "AdamW": lambda ps: AdamW(ps, lr=0.02),
}
shares = {}
fig, ax = plt.subplots(figsize=(7, 3.2))
for name, make in makers.items():
    losses, shares[name] = learn(make)
    ax.plot(losses, label=f"{name}: {shares[name]:.1%}")
ax.set(xlabel="step", ylabel="loss of the batch", title="and the share of unseen digits that is read")
ax.legend()
best = max(shares, key=shares.get)
print(f"my guess: {my_guess}, truth: {best}, {shares[best]:.1%}")
plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>
#
# Loss over 60 steps, four ragged curves that start at 2.4. Plain SGD creeps down to 1.4 and reads four of five unseen
# digits. The three others lie close together: they are below 0.5 after half of the steps and end near 0.2, with more
# than nine of ten read.
#
# </details>
#
# A Nesterov that looks back drives its loss up, into the hundreds. But most mistakes do not show here: with an Adam
# without bias correction the loss falls just as fast. Units matter little, too, since all pixels have the same: a
# good rate does as much as RMSprop.

# %% [markdown]
# Now with a rate that is ten times as large, and momentum: far too much for the first steps. A warm-up and a cosine
# help, and clipping helps once more.

# %%
for name, options in {
    "constant rate": {},
    "warm-up and cosine": {"schedule": lambda step: lr_at(step, peak=1.0, warmup=20, total=200)},
    "and clipping": {"schedule": lambda step: lr_at(step, peak=1.0, warmup=20, total=200), "max_norm": 1.0},
}.items():
    losses, share = learn(lambda ps: SGD(ps, lr=1.0, momentum=0.9), steps=200, **options)
    print(
        f"{name:20s} loss of the last ten steps {np.mean(losses[-10:]):.3f}, unseen digits read {share:.1%}"
    )

# %% [markdown]
# ## 9. Bonus: Adagrad, Adadelta, AMSGrad
#
# Three answers to "how large was the gradient so far?": the sum of all squares (Adagrad, the ancestor; its
# steps only shrink), the recent steps in the numerator as well (Adadelta, no rate to choose), the largest
# mean so far (AMSGrad).
#
# By hand, `Adagrad` with rate 0.5 and gradients 3 and 4: $s = 9$ and a step of $0.5 · 3/3 = 0.5$; then
# $s = 25$ and a step of $0.5 · 4/5 = 0.4$.
#
# <details><summary>Hint 1: Adagrad</summary>
# <code>RMSprop</code> without forgetting.
# </details>
# <details><summary>Hint 2: Adadelta</summary>
# The order counts: the numerator holds the steps up to the last one, so update it after use. Here ε is inside
# both roots.
# </details>
# <details><summary>Hint 3: AMSGrad</summary>
# Keep v itself as in Adam, and the largest v beside it; the correction is applied to the largest.
# </details>

# %% task="Adagrad"
from solutions.optimizers import Adagrad

# %% task="Adadelta"
from solutions.optimizers import Adadelta

# %% task="AMSGrad"
from solutions.optimizers import AMSGrad

# %%
# A gradient that is large once in 50 steps and small and of the other sign in between.
gradient_at = [20.0 if step % 50 == 10 else -0.1 for step in range(300)]
fig, ax = plt.subplots(figsize=(7, 3.2))
for name, make in {
    "Adagrad": lambda ps: Adagrad(ps, lr=0.1),
    "Adadelta": lambda ps: Adadelta(ps, lr=10.0),
    "Adam": lambda ps: Adam(ps, lr=0.1, betas=(0.0, 0.9)),
    "AMSGrad": lambda ps: AMSGrad(ps, lr=0.1, betas=(0.0, 0.9)),
}.items():
    gradients = iter(gradient_at)
    ax.plot(run(make, lambda p, gs=gradients: np.full(2, next(gs)), (0.0, 0.0), 300)[:, 0], label=name)
ax.set(xlabel="step", ylabel="weight", title="On average the gradient is positive: the weight should fall")
ax.legend(loc="lower left")
plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>
#
# A weight over 300 steps under four optimizers. Adam's weight climbs, with a small drop every 50
# steps, since it has forgotten the large gradient after some steps. AMSGrad's falls like a staircase;
# Adagrad's falls a little, Adadelta's, which forgets as well, does not.
#
# </details>

# %% [markdown]
# ## 10. Now in PyTorch
#
# The same optimizers come with PyTorch, and now you know what is in them. If PyTorch is installed here, this
# cell gives both the same gradients for 20 steps and prints the largest difference, which should be about
# $10^{-15}$.

# %%
try:
    import torch
except ImportError:
    torch = None
    print("PyTorch is not installed here; skip this cell")

if torch is not None:
    pairs = [
        (SGD, torch.optim.SGD, {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01, "nesterov": True}),
        (RMSprop, torch.optim.RMSprop, {"lr": 0.1, "alpha": 0.9}),
        (Adam, torch.optim.Adam, {"lr": 0.1, "weight_decay": 0.01}),
        (AdamW, torch.optim.AdamW, {"lr": 0.1, "weight_decay": 0.1}),
    ]
    for ours, theirs, options in pairs:
        p = rng.standard_normal((3, 4))
        q = torch.tensor(p.copy(), requires_grad=True)
        optimizer, torch_optimizer = ours([p], **options), theirs([q], **options)
        for _ in range(20):
            g = rng.standard_normal((3, 4))
            q.grad = torch.tensor(g.copy())
            optimizer.step([g])
            torch_optimizer.step()
        print(f"{ours.__name__:8s} largest difference {np.abs(p - q.detach().numpy()).max():.1e}")

# %% [markdown]
# ## To take along
#
# * The gradient says where; momentum remembers where it said before, and a running mean of squares says in which units.
# * Running means that start at zero are too small at first, and dividing by what they have weighed so far repairs it.
# * A wrong optimizer still goes downhill: only numbers that you can compute by hand tell it from a right one.
#
# **Next unit:** `conv_layer`. Now that the steps are right, what should a network see of a picture?
