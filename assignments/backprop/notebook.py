# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # Backpropagation: whose fault is the loss?
# A network with a thousand weights is told one number, the loss. Which weight is to blame, and how much? The answer is
# the gradient: for each weight, how much the loss grows if this weight grows a little.
#
# You will find it in three ways. First you *measure* it: slow, but always right. Then every number remembers what it was
# made from, and passes the blame on. At last whole arrays do so. They train a network that reads handwritten digits.
#
# **You need:** the chain rule, NumPy arrays and broadcasting, Python classes with operators. **Lecture:** FAU Deep
# Learning, parts 2.3 and 2.4. **Time:** about 8 hours: `Value` 3, arrays 3, all else 2.
#
# **Points:** 100, and 20 for the bonus. Above each task you can read what its points are given for. The hidden checks use
# other numbers than the public ones. A mistake is charged once. You may define functions of your own in any cell.
#
# **Predict, then run.** Where you read this, write your guess in place of the three dots and only then run the next
# cell. It shows your guess beside the truth. Nobody marks guesses, and a wrong one teaches most.

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits, make_moons

plt.rcParams["figure.constrained_layout.use"] = True

# %% [markdown]
# ## 1. Measure the blame
# **By hand.** Take $f(x) = x^2$ at $x = 3$. Go a step of 0.1 up and a step of 0.1 down:
#
# $$\frac{f(3.1) - f(2.9)}{0.2} = \frac{9.61 - 8.41}{0.2} = 6 = 2x$$
#
# This is the *central* difference: two calls of $f$ for each number of $x$.
# <details><summary>Hint 1: where to begin</summary>First a single number. In an array, which one moves, which stay?</details>
# <details><summary>Hint 2: the object</summary>np.ndindex(x.shape) goes through all places of an array of any shape. What
# does an array of whole numbers do when you write 3.00001 into it?</details>
# <details><summary>Hint 3: the operation</summary>At each place: remember, write up, call f, write down, call f, write
# back what you remembered.</details>

# %% task="numerical_gradient"
from solutions.backprop import numerical_gradient

# %% [markdown]
# **Predict, then run.** A smaller step h should give a better slope. Which is best for a float64: 1e-2, 1e-6 or 1e-14?

# %% scratch=True
my_guess = ...


# %%
def wave(x):
    """A function of one number in an array: exp(x) sin(3x)."""
    return float(np.exp(x[0]) * np.sin(3 * x[0]))


place = np.array([0.7])
truth = np.exp(0.7) * (np.sin(2.1) + 3 * np.cos(2.1))
steps = 10.0 ** np.arange(-14, 0)
central = np.array([abs(numerical_gradient(wave, place, h)[0] - truth) for h in steps])
one_sided = np.array([abs((wave(place + h) - wave(place)) / h - truth) for h in steps])
print(f"my guess: {my_guess}, the best h: {steps[central.argmin()]:g}")
_, axis = plt.subplots(figsize=(6, 3.2))
axis.loglog(steps, central, "o-", label="your central difference")
axis.loglog(steps, one_sided, "s--", label="one-sided: (f(x + h) - f(x)) / h")
axis.set(xlabel="step h", ylabel="error of the slope")
axis.legend()
plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>Error of the slope against h, both logarithmic: two curves like a V. From the
# right, your error falls by 100 when h falls by 10, down to 1e-10 near h = 1e-6. The one-sided error falls only by 10 each
# time and is best near 1e-8, a hundred times worse. Further left both rise: the two values of f are so close that their
# difference is rounding error.</details>
#
# If your curve lies on the dashed one, your difference is one-sided.
#
# ## 2. Numbers that remember
# Measuring costs two runs of the whole network *for each weight*. One run backwards serves all weights together, if each
# number remembers two things: what it was made from (its *parents*) and its *slope* for each parent, the local
# derivative. Blame then goes from the result to the inputs:
#
# $$\text{grad of parent} \mathrel{+}= \text{slope} \cdot \text{own grad}$$
#
# **By hand.** $z = (a + b)(a - b)$ with $a = 3, b = 2$: $s = a + b = 5$, $d = a - b = 1$, $z = s\,d = 5$. z has grad 1:
#
# | s: slope d, times 1 | d: slope s, times 1 | a: 1 · 1 from s, and 1 · 5 from d | b: 1 · 1 from s, and -1 · 5 from d |
# | --- | --- | --- | --- |
# | 1 | 5 | **6** = 2a | **-4** = -2b |
#
# a is used twice and gets two shares. They are *added*: forget this, and the second share overwrites the first.
#
# The constructor is given. Each operation is one line: a new `Value` with its data, parents and slopes. The bonus asks for
# a chain of 5,000 sums, where Python stops a function that calls itself too often.
# <details><summary>Hint 1: where to begin</summary>First __add__, __mul__, and backward for z = a * b alone.</details>
# <details><summary>Hint 2: the object</summary>You need a list of all Values, each after its parents. From its end, each
# one comes after all that use it. Visit parents first; keep a set of those that you met.</details>
# <details><summary>Hint 3: the operation</summary>2 - a calls a.__rsub__(2): make a Value of the 2, then subtract in that
# order. Many slopes can be written with the <i>result</i>: for exp it is the result, for tanh 1 minus its square.</details>

# %% task="Value"
from solutions.backprop import Value

# %% [markdown]
# **Predict, then run.** a is 4, and z = a * a. What is a.grad after z.backward()?

# %% scratch=True
my_guess = ...


# %%
def measured_grads(formula, numbers, h=1e-5):
    """The slopes of a formula of Values, measured by moving one of its numbers at a time."""
    return numerical_gradient(lambda x: formula(*map(Value, x)).data, np.array(numbers), h)


def draw_graph(axis, title, formula, numbers):
    """Draw what a formula is made of; a leaf whose grad differs from the measured one is red."""
    leaves = [Value(number) for number in numbers]
    root = formula(*leaves)
    root.backward()
    level, place, row, depth = {}, {}, [root], 0
    while row:
        level |= dict.fromkeys(row, depth)
        row, depth = list(dict.fromkeys(parent for v in row for parent in v.parents)), depth + 1
    for n in range(depth):  # up and down in turns, so that lines can be seen
        row = [v for v in level if level[v] == n]
        place |= {v: (-n, i - (len(row) - 1) / 2 + 0.25 * (-1) ** n) for i, v in enumerate(row)}
    right = dict(zip(leaves, measured_grads(formula, numbers), strict=True))
    for value, (x, y) in place.items():
        for parent in value.parents:
            axis.plot([place[parent][0], x], [place[parent][1], y], color="0.7", zorder=0)
        wrong = abs(value.grad - right.get(value, value.grad)) > 1e-5
        box = {"boxstyle": "round", "facecolor": "salmon" if wrong else "lightblue"}
        axis.text(x, y, f"{value.data:.3g}\ngrad {value.grad:.3g}", ha="center", va="center", bbox=box)
    axis.set(xlim=(0.4 - depth, 0.6), ylim=(-1.2, 1.2), title=title)
    axis.axis("off")


a = Value(4.0)
(a * a).backward()
print(f"my guess: {my_guess}, yours: {a.grad:g}, measured: {measured_grads(lambda a: a * a, [4.0])[0]:g}")
figure, axes = plt.subplots(1, 3, figsize=(12, 2.6), width_ratios=[3, 2, 4])
draw_graph(axes[0], "(a + b)(a - b)", lambda a, b: (a + b) * (a - b), [3.0, 2.0])
draw_graph(axes[1], "a a", lambda a: a * a, [4.0])
draw_graph(axes[2], "e tanh(e) with e = a + b", lambda a, b: (e := a + b) * e.tanh(), [0.5, -1.5])
plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>Three graphs, the result at the right and the leaves at the left. Each box
# holds a number and its grad; lines join a value with its parents. In a right graph all boxes are blue. A leaf whose grad
# differs from the measured one is red.</details>
#
# Red in the first two graphs: a second share overwrites the first. Red in the third alone: a value passes its grad on
# too early. Its grad must be complete before it is passed on.
#
# ## 3. Whole arrays: the linear layer
# A graph of single numbers is slow. But its formulas stay true when a step works on whole arrays. So each layer is two
# functions. *Forward* returns the output and a cache for backward. *Backward* gets `dout`, the grad of the output, and
# returns those of the inputs.
#
# **By hand.** One sample $x = (1, 2)$, two outputs with the weights $(1, 10)$ and $(100, 1000)$: $1 + 20 = 21$ and
# $100 + 2000 = 2100$. Upstream comes $dout = (1, 2)$.
#
# | dx: 1 · 1 + 2 · 100, and 1 · 10 + 2 · 1000 | dw: 1 · (1, 2) in row 1, and 2 · (1, 2) in row 2 | db: dout |
# | --- | --- | --- |
# | (201, 2010) | (1, 2), (2, 4) | (1, 2) |
#
# With several samples, each weight is used once for each sample. As with $a \cdot a$, the shares are added.
# <details><summary>Hint 1: where to begin</summary>Write down the shapes: x is (N, in), w is (out, in), dout is (N, out).
# A gradient has the shape of what it is the gradient of.</details>
# <details><summary>Hint 2: the object</summary>Only one product of dout and w has the shape of x. Only one product of dout
# and x has the shape of w, and its sum runs over N.</details>
# <details><summary>Hint 3: the operation</summary>With further axes in front, reshape(-1, size) makes rows of samples.
# Products with the last axis need no reshape.</details>

# %% task="linear"
from solutions.backprop import linear_backward, linear_forward

# %% [markdown]
# **Predict, then run.** All samples of a batch of 5 have dout = 1 at the only output. What is db: 1, 0.2 or 5?

# %% scratch=True
my_guess = ...

# %%
out, cache = linear_forward(np.array([[1.0, 2.0]]), np.array([[1.0, 10.0], [100.0, 1000.0]]), np.zeros(2))
hand = [out, *linear_backward(np.array([[1.0, 2.0]]), cache)]
print("by hand: 21 2100, 201 2010, 1 2 2 4, 1 2; yours:", *np.concatenate(hand, axis=None))
_, cache = linear_forward(np.zeros((5, 3)), np.zeros((1, 3)), np.zeros(1))
print(f"my guess: {my_guess}, yours: {linear_backward(np.ones((5, 1)), cache)[2][0]:g}")

# %% [markdown]
# ## 4. Activations
# Two linear layers in a row are one linear layer. A bend between them makes the difference. Each bend works on single
# numbers, so its gradient is dout times the slope at that number.
#
# **By hand.** At $x = \log 3$ the sigmoid is $1 / (1 + 1/3) = 3/4$. Its slope is $3/4 \cdot 1/4 = 3/16$, from the *output*
# alone. At 0 the ReLU has no slope. The course takes the one of the negative numbers, as PyTorch does.
# <details><summary>Hint 1: where to begin</summary>Is the slope written with the input or the output? Cache that.</details>
# <details><summary>Hint 2: the object</summary>For the sigmoid, exp(1000) is too large for a float64, and NumPy warns.
# exp(-1000) is 0 without a warning. Which of the two can you use for x = 1000, and which for x = -1000?</details>
# <details><summary>Hint 3: the operation</summary>np.where chooses element by element, but it computes <i>both</i> sides
# first. So compute exp once, of a number that is never positive, such as -|x|. dout *= ... would change dout.</details>

# %% task="activations"
from solutions.backprop import relu_backward, relu_forward, sigmoid_backward
from solutions.backprop import sigmoid_forward, tanh_backward, tanh_forward

# %% [markdown]
# **Predict, then run.** What is the greatest slope that a sigmoid has anywhere?

# %% scratch=True
my_guess = ...

# %%
pairs = {
    "ReLU": (relu_forward, relu_backward),
    "sigmoid": (sigmoid_forward, sigmoid_backward),
    "tanh": (tanh_forward, tanh_backward),
}
x = np.array([-4.0, -0.7, 0.0, 0.7, 4.0])
for name, (forward, backward) in pairs.items():
    yours = backward(np.ones(5), forward(x)[1])
    measured = (forward(x + 1e-6)[0] - forward(x - 1e-6)[0]) / 2e-6
    print(f"{name} at {x}: your slopes {yours.round(3)}, measured {measured.round(3)}")
print(f"my guess: {my_guess}, yours: {sigmoid_backward(np.ones(5), sigmoid_forward(x)[1]).max():g}")

# %% [markdown]
# Only the ReLU at 0 has two numbers to choose from. If others differ, your slope was computed from the wrong number: input
# instead of output. Remember the 1/4. Below, it will cost a deep network its first layers.
#
# ## 5. The loss: cross entropy
# A classifier gives each class a score, the *logits*. Softmax makes probabilities of them: $p_c = e^{l_c} / \sum_k e^{l_k}$.
# A sample costs $-\log p$ of its right class, a batch the mean. The gradient is $p$, minus 1 at the right class, over N.
#
# **By hand.** Logits $(0, 0, \log 2)$ have the exponentials 1, 1, 2, so $p = (1/4, 1/4, 1/2)$. If class 2 is right, the
# loss is $\log 2 = 0.6931$. The gradient $(1/4, 1/4, -1/2)$ pushes the right score up and the others down; its sum is 0.
# <details><summary>Hint 1: where to begin</summary>One sample first. Along which axis do probabilities add up to 1?</details>
# <details><summary>Hint 2: the object</summary>log p is the logit minus the logarithm of the sum of exponentials. It needs
# no log of p, which may be rounded to 0. A shift of a row's logits changes nothing: which one keeps exp small?</details>
# <details><summary>Hint 3: the operation</summary>log_p[rows, target] with rows = np.arange(N) picks one number from each
# row. keepdims=True keeps an axis for broadcasting.</details>

# %% task="cross_entropy"
from solutions.backprop import cross_entropy

# %% [markdown]
# **Predict, then run.** Ten classes, and a network that knows nothing: all logits are 0. What is the loss?

# %% scratch=True
my_guess = ...

# %%
loss, dlogits = cross_entropy(np.array([[0.0, 0.0, np.log(2.0)]]), np.array([2]))
print(f"by hand: 0.6931 and 0.25 0.25 -0.5; yours: {loss:.4f} and", *dlogits.ravel().round(4))
print(f"my guess: {my_guess}, yours: {cross_entropy(np.zeros((1, 10)), np.array([3]))[0]:.4f}")
logits, target = np.random.default_rng(0).normal(size=(4, 3)), np.array([0, 2, 1, 1])
measured = numerical_gradient(lambda logits: cross_entropy(logits, target)[0], logits)
print("a batch, furthest from the measured gradient:", abs(cross_entropy(logits, target)[1] - measured).max())

# %% [markdown]
# ## 6. A layer that keeps its weights
# A network has many layers, and each needs a place for its weights and their gradients: a class. The attributes are those
# of PyTorch, and all later layers of the course have them, too.
#
# **By hand.** With 8 inputs the weights spread by $\sqrt{2/8} = 0.5$.
# <details><summary>Hint 1: where to begin</summary>The three methods need five lines: you have both functions.</details>
# <details><summary>Hint 2: the object</summary>backward needs forward's last cache. Where can forward leave it?</details>
# <details><summary>Hint 3: the operation</summary>The gradients of a second pass replace the first: assign them.</details>

# %% task="linear_layer"
from solutions.backprop import Linear

# %% [markdown]
# **Predict, then run.** Eight layers of 64 numbers, with the same activation after each. The gradient comes in at the end
# with size 1. How large is it at the first layer, with sigmoids: about 1, 0.01 or 0.0001?

# %% scratch=True
my_guess = ...


# %%
def gradient_sizes(forward, backward, depth=8, width=64):
    """The size of the gradient on its way back through a deep stack, relative to the size at the end."""
    rng = np.random.default_rng(1)
    x, steps = rng.normal(size=(32, width)), []
    for _ in range(depth):
        layer = Linear(width, width, rng=rng)
        x, cache = forward(layer.forward(x))
        steps.append((layer, cache))
    dout, sizes = rng.normal(size=x.shape), []
    for layer, cache in reversed(steps):
        dout = layer.backward(backward(dout, cache))
        sizes.append(dout.std())
    return sizes[::-1]


_, axis = plt.subplots(figsize=(6, 3))
for name in ("ReLU", "sigmoid"):
    sizes = gradient_sizes(*pairs[name])
    axis.semilogy(range(1, 9), sizes, "o-", label=name)
print(f"my guess: {my_guess}, yours: {sizes[0]:.1g}")
axis.set(xlabel="layer (the gradient comes from the right)", ylabel="size of the gradient")
axis.legend()
plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>Size of the gradient over the layers 1 to 8, logarithmic. The ReLU's line
# is level, near 1. The sigmoid's falls to the left by a factor of about 3 per layer, to 1e-4 at layer 1.</details>
#
# Each sigmoid multiplies by 1/4 at best: the first layers learn nothing. With the ReLU and this spread of the weights, the
# size stays. If your ReLU's line falls or rises, look at the spread in `Linear`.
#
# ## 7. A network
# Layer, ReLU, layer, ReLU, ..., layer. The last one gives logits, which may be negative: no ReLU after it.
# <details><summary>Hint 1: where to begin</summary>Forward is a loop. Which caches does the loop back need?</details>
# <details><summary>Hint 2: the object</summary>The ReLUs' caches are yours: one fewer than there are layers.</details>
# <details><summary>Hint 3: the operation</summary>reversed(list) walks backwards. params returns no copies.</details>

# %% task="MLP"
from solutions.backprop import MLP

# %% [markdown]
# Now the step that repeats until the network has learned: loss, backward, and each parameter goes a little downhill. **By
# hand.** p = 2, gradient 3, rate 0.1: $2 - 0.1 \cdot 3 = 1.7$.
# <details><summary>Hint 1: where to begin</summary>Four lines: logits, loss and its gradient, backward, update.</details>
# <details><summary>Hint 2: the object</summary>params() and grads() have the same order: zip walks through both.</details>
# <details><summary>Hint 3: the operation</summary>p = p - ... makes a new array. Write into the one that you got.</details>

# %% task="train_step"
from solutions.backprop import train_step

# %% [markdown]
# **Predict, then run.** Two moons, which no line divides. What share is on the right side after 20 steps, and after 200?

# %% scratch=True
my_guess = {20: ..., 200: ...}

# %%
points, moon = make_moons(200, noise=0.15, random_state=0)
model = MLP([2, 16, 16, 2], rng=np.random.default_rng(3))
grid = np.stack(np.meshgrid(np.linspace(-1.7, 2.7, 80), np.linspace(-1.2, 1.8, 80)), axis=-1)
figure, axes = plt.subplots(1, 3, figsize=(11, 2.8))
for axis, step, more in zip(axes, (0, 20, 200), (0, 20, 180), strict=True):
    for _ in range(more):
        train_step(model, points, moon, lr=0.5)
    says = model.forward(grid.reshape(-1, 2)).argmax(axis=1).reshape(80, 80)
    axis.contourf(grid[..., 0], grid[..., 1], says, levels=1, cmap="coolwarm", alpha=0.3)
    axis.scatter(*points.T, c=moon, s=8, cmap="coolwarm")
    share = (model.forward(points).argmax(axis=1) == moon).mean()
    axis.set_title(f"step {step}: {share:.0%} right")
    print(f"step {step}: my guess {my_guess.get(step, 'none')}, truth {share:.0%}")
plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>Three panels with two half moons of points that reach into each other. The
# background shows which class the network says. Step 0: whatever the random weights say. Step 20: a border with one
# bend, which cuts off the end of a moon. Step 200: a bent border that follows the moons.</details>
#
# A border that stays straight comes from a missing ReLU. One that gets worse comes from a step uphill.
#
# ## 8. Your network reads digits
# 1797 handwritten digits of 8 x 8 pixels. 1400 are for training, and the others are never seen. Every gradient is yours.
#
# **Predict, then run.** What share of the 397 unseen digits will be read right?

# %% scratch=True
my_guess = ...

# %%
digits = load_digits()
order = np.random.default_rng(0).permutation(len(digits.data))
train, test = order[:1400], order[1400:]
pictures, numbers = digits.data / 16, digits.target
rng = np.random.default_rng(1)
model, losses = MLP([64, 32, 10], rng=rng), []
for _ in range(600):
    batch = rng.choice(train, 64)
    losses.append(train_step(model, pictures[batch], numbers[batch], lr=0.3))
read = model.forward(pictures).argmax(axis=1)
right = (read == numbers)[test]
share = right.mean()
print(f"my guess: {my_guess}, truth: {share:.1%} of {len(test)} unseen digits")

figure, axes = plt.subplot_mosaic("LLLabcde", figsize=(11, 2.4))
axes["L"].plot(losses)
axes["L"].set(xlabel="step", ylabel="loss", title=f"first {losses[0]:.2f}, log 10 = {np.log(10):.2f}")
for name, number in zip("abcde", test[np.argsort(right, kind="stable")], strict=False):
    axes[name].imshow(digits.images[number], cmap="gray_r")
    axes[name].set_title(f"is {numbers[number]}, read {read[number]}", fontsize=9)
    axes[name].axis("off")
plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>Left the loss over 600 steps: it begins near log 10, as for a network that
# knows nothing, and falls below 0.2 within 200 steps. Right five digits, those that are read wrongly first. They are hard
# to read for people, too.</details>
#
# A loss that stays near 2.3 learns nothing: measure your gradients. About 96 % is what this network can do.
#
# ## Bug hunt
# A colleague's backward goes depth first, and handles each value when it is first met. Her tests passed. Find two small
# computations: a *blind* one that cannot see the mistake although a value is used twice, and a *sharp* one that can. A
# computation is a *tape*: its leaves have the numbers 0 and 1, and each step makes the next number.
# <details><summary>Hint 1: where to begin</summary>Does it matter when a <i>leaf</i> is handled? Who needs its grad?</details>
# <details><summary>Hint 2: the object</summary>Draw the graph of your tape and number the values in the order in which they
# are handled. Which value is handled before all that use it?</details>
# <details><summary>Hint 3: the operation</summary>An inner value must be met on a short way first, and get another share on
# a longer way later. Which operand is visited first?</details>

# %% given=True
from solutions.backprop import hasty_backward, play, tapes_fit  # noqa: F401

# %% task="bug_hunt"
from solutions.backprop import bug_hunt

# %%
for name, tape in zip(("blind", "sharp"), bug_hunt(), strict=True):
    print(f"{name}: your grads {play(tape, Value.backward)}, hers {play(tape, hasty_backward)}")

# %% [markdown]
# ## Bonus
# 20 points beyond the 100: four belong to `Value`, ten to a loss of real classifiers, six to a tool that tests any layer.

# %% task="cross_entropy_general"
from solutions.backprop import cross_entropy_general

# %%
for score in (3.0, 9.0):  # with smooth labels, being too sure does not pay
    smooth, _ = cross_entropy_general(np.array([[score, 0.0, 0.0]]), np.array([0]), label_smoothing=0.1)
    print(f"score {score} for the right class: loss {smooth:.3f}")

# %% task="check_gradient"
from solutions.backprop import check_gradient

# %%
rng = np.random.default_rng(0)
for name, (forward, backward) in pairs.items():
    tried = forward, lambda dout, cache, f=backward: (f(dout, cache),), [rng.normal(size=(4, 3))], rng
    print(f"{name}: {check_gradient(*tried):.1e}")

# %% [markdown]
# ## To take along
# * The gradient of a sum of paths is the sum over the paths: what is used twice gets two shares.
# * A value passes its blame on only when all that use it have spoken; so backward is forward in reverse order.
# * A gradient that was not measured is not yet right: two calls of f tell the truth.
#
# In PyTorch all of this is `loss.backward()`: a tensor is a `Value` that holds an array.
#
# **Next unit:** `optimizers`. You can find the direction now. How far should one go?
