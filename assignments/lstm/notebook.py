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
# # Can a network remember the first word?
#
# A sentence is read word by word, by one small network that calls itself. What it has read must fit into a few numbers.
# Its gradient is a product with one factor for each word: after thirty words it is nothing, or it explodes.
#
# The LSTM adds one line that is a *sum*, with a valve in it. You will write both networks, and both ways, with nothing
# but NumPy. At the end your code reads the names of the 118 chemical elements and invents new ones.
#
# **You need:** the chain rule and `linear` from `backprop`; tanh and sigmoid.
#
# **Lecture:** FAU Deep Learning, parts 8.1 to 8.3. **Time:** about 9 hours. Elman network 2, one step forward 1 and
# back 2.5, sequences 2, start and clipping 0.5, bug hunt 0.5, your own words 0.5.
#
# **Points:** 100, and on top of them 20 for the bonus and 4 for a written answer. Above each task you can read what its
# points are given for. The hidden checks use other numbers than the public ones. A mistake is charged once: who has
# another order of the gates loses the points for the order, and no others.
#
# **Predict, then run.** Where you read this, write your guess in place of the three dots and only then run the next
# cell. It shows your guess beside the truth. Nobody marks guesses, and a wrong one teaches most.

# %%
import matplotlib.pyplot as plt
import numpy as np

plt.rcParams["figure.constrained_layout.use"] = True


def compare(curve, guesses, name, xlabel, ylabel):
    """Draw a curve for each setting that was guessed about, and print its end beside the guess."""
    axis = plt.subplots(figsize=(6, 3))[1]
    for setting, guess in guesses.items():
        sizes = curve(setting)
        print(f"{name} {setting:g}: my guess {guess}, yours {sizes[-1]:.1g}")
        axis.semilogy(range(1, len(sizes) + 1), sizes, label=f"{name} {setting:g}")
    axis.set(xlabel=xlabel, ylabel=ylabel)
    return axis


# %% [markdown]
# ## 1. A network that calls itself
#
# $$h_t = \tanh(W_{ih}\, x_t + W_{hh}\, h_{t-1} + b)$$
#
# The same weights serve at each step. So each of them gets a part of its gradient from each step.
#
# **By hand.** Two words, log 2 and log 3 - 0.6. All weights are 1, b and h_0 are 0. The loss is the last h.
#
# | step | in tanh | h | slope 1 - h² | arrives at h | dz = slope times that |
# | --- | --- | --- | --- | --- | --- |
# | 1 | log 2 | 0.6 | 0.64 | 0.36 | 0.2304 |
# | 2 | log 3 - 0.6 + 0.6 | 0.8 | 0.36 | 1 | 0.36 |
#
# So dx = (0.2304, 0.36) and db = 0.5904, their sum. dw_hh = 0.6 · 0.36 = 0.216: in step 1 it multiplied h_0 = 0.
#
# <details><summary>Hint 1: where to begin</summary>One step and its gradient on paper. Then the two loops.</details>
# <details><summary>Hint 2: the object</summary>On the way back one array walks with you: what came to h of this step
# from the step behind it. At the last step it is 0. What is left of it at the end is dh0.</details>
# <details><summary>Hint 3: the operation</summary>Add <code>dout[:, t]</code> to what came from behind, multiply by the
# slope: that is dz. All else is a product of dz with a weight or an input. Add up gradients of weights.</details>

# %% task="rnn"
from solutions.lstm import rnn_backward, rnn_forward

# %%
x, one = np.array([[[np.log(2)], [np.log(3) - 0.6]]]), np.ones((1, 1))
out, cache = rnn_forward(x, 0 * one, one, one, np.zeros(1))
dx, *_ = rnn_backward(np.array([[[0.0], [1.0]]]), cache)
print("by hand: h 0.6 0.8, dx 0.2304 0.36; yours:", *out.ravel().round(4), *dx.ravel().round(4))

# %% [markdown]
# **Predict, then run.** The loss is one number of the last h. $W_{hh}$ is a rotation, times 0.5, 1 or 1.5. How large is
# the gradient that reaches h_0 over 30 words? A guess of its size is enough: 1e-9, 0.1, 1, 20, 1e5?

# %% scratch=True
my_guess = {0.5: ..., 1.0: ..., 1.5: ...}

# %%
rng = np.random.default_rng(0)
rotation = np.linalg.qr(rng.normal(size=(16, 16)))[0]
words, start = 0.1 * rng.normal(size=(1, 30, 16)), np.zeros((1, 16))


def elman_reach(scale):
    """The size of what reaches h_0 over 1, 2, ..., 30 words."""
    sizes = []
    for lag in range(1, 31):
        out, cache = rnn_forward(words[:, :lag], start, np.eye(16), scale * rotation, start[0])
        dout = np.zeros_like(out)
        dout[0, -1, 0] = 1.0
        sizes.append(np.linalg.norm(rnn_backward(dout, cache)[1]))
    return sizes


compare(elman_reach, my_guess, "rotation times", "words between h_0 and the loss", "size of dh0").legend()
plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>Three curves over the number of words, from 1 to 30, the size on a
# logarithmic axis. With 0.5 a straight line falls below 1e-9. With 1 the curve falls only to 0.3, since each tanh takes
# a little. With 1.5 it goes up and down between 1 and 20: there each tanh takes a lot.</details>
#
# All curves end at once, or are empty: the gradient stops after one step. Is what comes from behind handed on?
#
# ## 2. One step of an LSTM
#
# Beside h there is a second memory, c, and it is a sum:
#
# $$c_t = f \cdot c_{t-1} + i \cdot g \qquad h_t = o \cdot \tanh(c_t)$$
#
# The *valves* i, f and o are numbers between 0 and 1, sigmoids. The *candidate* g is a tanh. All four are made from x
# and h by one matrix each. The matrices stand on one another in the order **i, f, g, o**, as in PyTorch.
#
# **By hand.** All weights are 0, so each valve is half open and g is 0.
#
# | step | c before | c = 0.5 c + 0.5 · 0 | h = 0.5 tanh(c) |
# | --- | --- | --- | --- |
# | 1 | 2 | 1 | 0.3808 |
# | 2 | 1 | 0.5 | 0.2311 |
#
# <details><summary>Hint 1: where to begin</summary>One line makes z (N, 4H), before sigmoid and tanh.</details>
# <details><summary>Hint 2: the object</summary>Columns 0 to H - 1 of z belong to i, the next H to f, then g, then o.
# Which of the four is no valve?</details>
# <details><summary>Hint 3: the operation</summary>exp(800) overflows. A sigmoid is half of 1 + tanh of half its number,
# and tanh never overflows. Keep in the cache whatever was multiplied.</details>

# %% task="lstm_cell_forward"
from solutions.lstm import lstm_cell_forward

# %% [markdown]
# **Predict, then run.** The forget gate has bias 0, 1 or 4, all weights are 0, and c begins with 1. How much of c is
# left after 20 steps?

# %% scratch=True
my_guess = {0.0: ..., 1.0: ..., 4.0: ...}

# %%
w, zero = np.zeros((4, 1)), 0 * one
for bias, guess in my_guess.items():
    h, c = zero, one
    for _ in range(20):
        h, c, _ = lstm_cell_forward(zero, h, c, w, w, np.array([0.0, bias, 0.0, 0.0]))
    print(f"forget bias {bias:g}: my guess {guess}, yours {c.item():.2g}")

# %% [markdown]
# Half-open valves leave a millionth, and bias 4 leaves 0.7. A c that grows, or thrice the same: is f the second gate?
#
# ## 3. One step back
#
# c_next is used twice: in h_next, and by the next step. What arrives at it is a sum, which everything behind it uses.
#
# **By hand.** As above, c was 2 and became 1. Only dh_next = 1 comes back.
#
# | | is | |
# | --- | --- | --- |
# | arrives at c_next | o (1 - tanh²(1)) | 0.5 · 0.42 = 0.21 |
# | dc | f times that | 0.105 |
# | i | g · 0.21 times slope i (1 - i) | 0 |
# | f | c · 0.21 times slope f (1 - f) | 2 · 0.21 · 0.25 = 0.105 |
# | g | i · 0.21 times slope 1 - g² | 0.5 · 0.21 = 0.105 |
# | o | tanh(1) times slope o (1 - o) | 0.7616 · 0.25 = 0.190 |
#
# <details><summary>Hint 1: where to begin</summary>What arrives at c_next, by both ways. All but o need it.</details>
# <details><summary>Hint 2: the object</summary>The four slopes side by side are one array of shape (N, 4H), in the
# order of the forward pass. It is for z what dz was for the Elman network.</details>
# <details><summary>Hint 3: the operation</summary>Each factor gets the other one. Which c did f multiply?</details>

# %% task="lstm_cell_backward"
from solutions.lstm import lstm_cell_backward

# %% [markdown]
# **Predict, then run.** Now dc_next = 1 alone comes back, and dh_next is 0. All weights are 0, c was 2. Which of the
# four gates gets no gradient?

# %% scratch=True
my_guess = {"no gradient for": ...}

# %%
*_, cache = lstm_cell_forward(zero, zero, zero + 2, w, w, np.zeros(4))
print("dh_next = 1: by hand 0 0.105 0.105 0.19; yours:", *lstm_cell_backward(one, zero, cache)[-1].round(3))
db = lstm_cell_backward(zero, one, cache)[-1]
print("dc_next = 1: my guess", my_guess, "yours:", dict(zip("ifgo", db.tolist(), strict=True)))

# %% [markdown]
# The candidate is 0, so opening the input valve brings nothing; and the output valve is not on the way to c.
#
# ## 4. Whole sequences
#
# Forward is a loop over your cell. Each step hands two things on: h and c.
#
# **By hand.** The two steps of section 2: out = (0.3808, 0.2311), c_n = 0.5.
#
# <details><summary>Hint 1: where to begin</summary>The loop of your Elman network, with one more thing in it.</details>
# <details><summary>Hint 2: the object</summary>Which h and c come first? What must each step keep?</details>
# <details><summary>Hint 3: the operation</summary>Collect h and the caches in lists. <code>np.stack</code> with
# <code>axis=1</code> puts the time in the middle.</details>

# %% task="lstm_forward"
from solutions.lstm import lstm_forward

# %% [markdown]
# ## 5. Back through time
#
# Three things may have a loss: each step of out, h_n, and c_n. On the way back two arrays walk with you.
#
# **By hand.** All weights 0. dc_n = 1 is halved twice on its way: dc0 = 0.25.
#
# <details><summary>Hint 1: where to begin</summary>Which step's gradients are known first? There you begin.</details>
# <details><summary>Hint 2: the object</summary>Your cell's backward gets the dh and dc that walk along, and gives back
# those of the step before.</details>
# <details><summary>Hint 3: the operation</summary><code>dout[:, t]</code> is added to dh before each step. Weights get
# a part from each step, so add all parts up.</details>

# %% task="lstm_backward"
from solutions.lstm import lstm_backward

# %% [markdown]
# **Predict, then run.** The gradient on c goes back over 30 words. The forget gate has bias 0, 1 or 4, and small random
# weights. What is left of 1?

# %% scratch=True
my_guess = {0.0: ..., 1.0: ..., 4.0: ...}

# %%
small_ih, small_hh = 0.03 * rng.normal(size=(64, 16)), 0.03 * rng.normal(size=(64, 16))


def lstm_reach(bias):
    """The size of what reaches c_0 over 1, 2, ..., 30 words."""
    sizes, unit, b = [], np.eye(16)[:1], bias * np.repeat([0.0, 1.0, 0.0, 0.0], 16)
    for lag in range(1, 31):
        out, *_, cache = lstm_forward(words[:, :lag], start, start, small_ih, small_hh, b)
        sizes.append(np.linalg.norm(lstm_backward(0 * out, start, unit, cache)[2]))
    return sizes


axis = compare(lstm_reach, my_guess, "LSTM, forget bias", "words between c_0 and the loss", "size of dc0")
axis.semilogy(range(1, 31), elman_reach(0.5), "k--", label="Elman, rotation times 0.5")
axis.legend()
plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>Sizes over the number of words, on a logarithmic axis. With bias 0 a line
# falls as fast as the dashed one of the Elman network. With bias 1 it falls to 1e-4. Bias 4 stays above 0.5.</details>
#
# Three curves in one: dc misses the forget gate, or that gate is not the second. Empty: dc is not handed on.
#
# ## 6. A good start, and a speed limit
#
# With forget bias 1 the valve is 0.73 open at the start. Orthogonal blocks of $W_{hh}$ neither shrink nor stretch. And
# a gradient that explodes all the same is shortened before the step.
#
# **By hand.** b = (0, 1, 0, 0) for H = 1. For gradients (3) and (4) the norm is 5. With max_norm 2.5 both are halved.
#
# <details><summary>Hint 1: where to begin</summary>Write the biases first: which H of the 4H numbers are the forget
# gate's? For clipping, begin with the norm.</details>
# <details><summary>Hint 2: the object</summary>Four square matrices, each drawn by itself. For clipping: one number by
# which all arrays are multiplied.</details>
# <details><summary>Hint 3: the operation</summary><code>np.linalg.qr</code> makes an orthogonal matrix of a random one.
# The norm is the root of one sum over all arrays.</details>

# %% task="init_lstm"
from solutions.lstm import init_lstm

# %% task="clip_gradients"
from solutions.lstm import clip_gradients

# %% [markdown]
# ## 7. Remember the first bit
#
# Here is a network of your parts: an LSTM, a linear layer, cross-entropy, clipping, Adam. It learns from sequences of
# twelve random bits. After the last one it must say the *first*.


# %%
class Reader:
    """Reads sequences and says one of several things after each step."""

    def __init__(self, inputs, memory, things, rng, lr):
        self.weights = [*init_lstm(inputs, memory, rng=rng)]
        self.weights += [rng.normal(0, memory**-0.5, (things, memory)), np.zeros(things)]
        self.means = [[np.zeros_like(w), np.zeros_like(w)] for w in self.weights]
        self.lr, self.steps, self.start = lr, 0, np.zeros((1, memory))

    def read(self, x):
        """h of each step, the probability of each thing, and the cache."""
        start = np.repeat(self.start, len(x), axis=0)
        out, _, c, cache = lstm_forward(x, start, start, *self.weights[:3])
        p = np.exp(out @ self.weights[3].T + self.weights[4])
        return out, p / p.sum(axis=2, keepdims=True), c, cache

    def learn(self, x, target, counts):
        """One step of Adam; counts says after which steps there is something to say. Returns the loss."""
        out, p, c, cache = self.read(x)
        right = np.eye(p.shape[2])[target]
        dlogits = (p - right) * counts[..., None] / counts.sum()
        grads = lstm_backward(dlogits @ self.weights[3], 0 * c, 0 * c, cache)[3:]
        grads = [*grads, np.einsum("ntk,nth->kh", dlogits, out), dlogits.sum(axis=(0, 1))]
        self.steps += 1
        for w, g, (m, v) in zip(self.weights, clip_gradients(grads, 1.0)[0], self.means, strict=True):
            m += 0.1 * (g - m)
            v += 0.001 * (g * g - v)
            scale = np.sqrt(1 - 0.999**self.steps) / (1 - 0.9**self.steps)
            w -= self.lr * scale * m / (np.sqrt(v) + 1e-8)
        return -np.log((p * right).sum(axis=2)[counts]).mean()


# %% [markdown]
# **Predict, then run.** How will the network do it? How far are its forget valves and its input valves open, on
# average: 0 is shut, 1 is wide open?

# %% scratch=True
my_guess = {"forget valve": ..., "input valve": ...}

# %%
rng = np.random.default_rng(1)
latch, last = Reader(1, 4, 2, rng, 0.03), np.arange(12) == 11
for _ in range(300):
    bits = rng.integers(0, 2, (32, 12))
    latch.learn(2.0 * bits[..., None] - 1, bits[:, :1] + 0 * bits, last & (bits >= 0))
bits = rng.integers(0, 2, (200, 12))
out, p, *_ = latch.read(2.0 * bits[..., None] - 1)
print(f"first bit recalled: {(p[:, -1].argmax(axis=1) == bits[:, 0]).mean():.0%}")

before = np.concatenate([np.zeros((200, 1, 4)), out[:, :-1]], axis=1)
w_ih, w_hh, b, *_ = latch.weights
valves = 1 / (1 + np.exp(-((2.0 * bits[..., None] - 1) @ w_ih.T + before @ w_hh.T + b)))
shown = {"input valve": valves[..., :4], "forget valve": valves[..., 4:8], "h": out}
figure, axes = plt.subplots(1, 3, figsize=(10, 2.8))
for axis, (name, numbers) in zip(axes, shown.items(), strict=True):
    axis.plot(range(1, 13), numbers[bits[:, 0] == 1].mean(axis=0), "C0")
    axis.plot(range(1, 13), numbers[bits[:, 0] == 0].mean(axis=0), "C1--")
    axis.set(title=name, xlabel="bit", ylim=(-1.05, 1.05) if name == "h" else (0, 1.05))
plt.show()
for name, guess in my_guess.items():
    print(f"{name}: my guess {guess}, truth {shown[name].mean():.2f}")

# %% [markdown]
# <details><summary>Figure in words</summary>Means over 200 sequences, over the bits 1 to 12, for each of four units:
# solid lines if the first bit was 1, dashed ones if it was 0. Most forget valves stay above 0.7, the input valves are
# about half open. In h, solid and dashed lines go apart in the first few steps and stay apart.</details>
#
# About half recalled: the gradient does not reach the first bit. Look at dc and at the order of time in your backward.
#
# ## 8. New elements
#
# The same network now learns to say the next letter of names. Real data: the 118 chemical elements. Put at least thirty
# words or short lines of your own into the list, of the letters a to z, and they are read instead.

# %% scratch=True
my_words = []

# %%
elements = """hydrogen helium lithium beryllium boron carbon nitrogen oxygen fluorine neon sodium magnesium aluminium
silicon phosphorus sulfur chlorine argon potassium calcium scandium titanium vanadium chromium manganese iron cobalt
nickel copper zinc gallium germanium arsenic selenium bromine krypton rubidium strontium yttrium zirconium niobium
molybdenum technetium ruthenium rhodium palladium silver cadmium indium tin antimony tellurium iodine xenon caesium
barium lanthanum cerium praseodymium neodymium promethium samarium europium gadolinium terbium dysprosium holmium
erbium thulium ytterbium lutetium hafnium tantalum tungsten rhenium osmium iridium platinum gold mercury thallium lead
bismuth polonium astatine radon francium radium actinium thorium protactinium uranium neptunium plutonium americium
curium berkelium californium einsteinium fermium mendelevium nobelium lawrencium rutherfordium dubnium seaborgium
bohrium hassium meitnerium darmstadtium roentgenium copernicium nihonium flerovium moscovium livermorium tennessine
oganesson""".split()
letters = ".abcdefghijklmnopqrstuvwxyz"  # the point stands at the beginning and at the end
names = ["".join(a for a in word.lower() if a in letters[1:]) for word in my_words] or elements
length = max(map(len, names)) + 1
codes = np.array([[letters.index(a) for a in f".{name}.".ljust(length + 1, ".")] for name in names])
counts = np.arange(length) <= np.array([[len(name)] for name in names])


def invent(reader, rng, warmth=0.8):
    """A name, letter by letter; a low warmth prefers the likely ones."""
    h, c, name, letter = reader.start, reader.start, "", 0
    while len(name) < 20:
        h, c, _ = lstm_cell_forward(np.eye(27)[[letter]], h, c, *reader.weights[:3])
        p = np.exp((h @ reader.weights[3].T + reader.weights[4])[0] / warmth)
        letter = rng.choice(27, p=p / p.sum())
        if letter == 0:
            break
        name += letters[letter]
    return name


# %% [markdown]
# **Predict, then run.** 118 names are few. What does the network write after 100 steps, and what after 200?

# %% scratch=True
my_guess = {"after 100 steps": ..., "after 200 steps": ...}

# %%
reader, losses = Reader(27, 64, 27, np.random.default_rng(0), 0.01), []
for step in range(201):
    if step in (0, 30, 100, 200):
        invented = [invent(reader, np.random.default_rng(number)) for number in range(40)]
        new = sorted(set(invented) - set(names))
        print(f"after {step:3} steps, {len(new):2} of 40 are new: {' '.join(new[:6])}")
    losses.append(reader.learn(np.eye(27)[codes[:, :-1]], codes[:, 1:], counts))
print("my guess:", my_guess, " loss of a letter:", *np.round(losses[::50], 2))

# %% [markdown]
# After 100 steps it invents; after 200 it has learned the list by heart. The loss falls from log 27 = 3.3 to 0.56, and
# alone does not tell which you want.
#
# ## Bug hunt
#
# A colleague goes back through time with your cell. Each word and each state is one number, and the loss is the last h.
# Find words, *blind* biases with which all of the slopes are right, and *sharp* ones with which they are clearly wrong.
#
# <details><summary>Hint 1: where to begin</summary>Compare with your <code>lstm_backward</code>. Two things go from
# step to step on the way back. What happens to them here?</details>
# <details><summary>Hint 2: the object</summary>By what is the forgotten thing multiplied at each step?</details>
# <details><summary>Hint 3: the operation</summary>One of the four biases can shut the forgotten path. Do not shut the
# other one with it.</details>


# %% name="suspicious" leak="the bug hunt shows this wrong implementation, which the judge holds too"
def suspicious_backward(x, b):
    """dx (T,) for a loss on the last h; every size is 1. There is a mistake in here."""
    one, caches, dx = np.ones((1, 1)), [], []
    h, c, dh, w_ih, w_hh = 0 * one, 0 * one, one, np.full((4, 1), 0.5), np.full((4, 1), 0.3)
    for word in x:
        h, c, cache = lstm_cell_forward(word * one, h, c, w_ih, w_hh, b)
        caches.append(cache)
    for cache in reversed(caches):
        dx_t, dh, *_ = lstm_cell_backward(dh, 0 * one, cache)
        dx.append(dx_t.item())
    return np.array(dx[::-1])


# %% task="bug_hunt"
from solutions.lstm import bug_hunt

# %%
hunt_x, blind_b, sharp_b = bug_hunt()
for name, b in (("blind_b", blind_b), ("sharp_b", sharp_b)):
    out, *_, cache = lstm_forward(hunt_x[None, :, None], zero, zero, w + 0.5, w + 0.3, b)
    ours = lstm_backward(0 * out, zero + 1, zero, cache)[0].ravel()
    print(f"{name}: yours {ours.round(4)}, hers {suspicious_backward(hunt_x, b).round(4)}")

# %% [markdown] name="question_forget_bias"
# ## In your own words
#
# **Up to 4 points on top of the 100.** A person reads this answer; points and a comment come with the feedback. 150
# words are enough, and no code is needed.
#
# With half-open valves c_20 keeps 0.5^20 = 1e-6 of c_0. A forget gate of 0.9 keeps 0.9^20 = 0.12.
#
# 1. What share does a forget bias of 1 keep over 20 steps at the start, and why does the network learn faster with it,
#    although it may move the bias itself? Argue with the gradient. (2 points)
# 2. "Then I take a forget bias of 10", a colleague says. What can go wrong, in memory and in gradient? (2 points)

# %% [markdown] written="forget_bias" points=4
# *Double-click here and write your answer in place of this line.*

# %% [markdown] instructor=True
# Four points, in halves where you like. Reasons count; language, length and order do not.
#
# * **1. One point: 0.73^20 = 0.002.** Two thousand times more than 1e-6. 0.0019 and "about 0.2 %" are right, too.
# * **1. One point for the gradient.** The same product of forget gates stands in dc_0 / dc_20. With 1e-6 no signal comes
#   from what happened 20 steps ago, so nothing tells the network to open the valve.
# * **2. One point for memory.** The valve is always open: old things are never thrown out, c adds up i g without end, and
#   tanh(c) saturates. So h says nothing of the latest words.
# * **2. One point for the gradient.** The slope f (1 - f) is 0.00005 at 10: the gate hardly learns to close. Or: tanh(c)
#   saturates, and nothing comes back through h. "It explodes", without a reason: no point, since f is at most 1.

# %% [markdown]
# ## Now in PyTorch
#
# You wrote `torch.nn.LSTM(D, H, batch_first=True)`. Where PyTorch is installed, this cell compares.

# %%
try:
    import torch
except ImportError:
    print("PyTorch is not installed here, which is fine.")
else:
    net = torch.nn.LSTM(3, 5, batch_first=True, dtype=torch.float64)
    theirs = [p.detach().numpy() for p in net.parameters()]  # w_ih, w_hh and two biases, which are added
    x, nought = np.random.default_rng(2).normal(size=(2, 6, 3)), np.zeros((2, 5))
    out, _, _, cache = lstm_forward(x, nought, nought, theirs[0], theirs[1], theirs[2] + theirs[3])
    torch_out, _ = net(torch.tensor(x))
    torch_out.sum().backward()
    dw_ih = lstm_backward(np.ones_like(out), nought, nought, cache)[3]
    print("out:", np.allclose(out, torch_out.detach()), " dw_ih:", np.allclose(dw_ih, net.weight_ih_l0.grad))

# %% [markdown]
# ## Bonus
#
# 20 points beyond the 100: sequences of different lengths in one batch, as real sentences have them; the younger sister
# of the LSTM, which has three gates and no c; and a way to read texts without end, with gradients cut every k steps.

# %% task="lstm_forward_lengths"
from solutions.lstm import lstm_forward_lengths

# %% task="gru_cell_forward"
from solutions.lstm import gru_cell_forward

# %% task="truncated_backward"
from solutions.lstm import truncated_backward

# %%
x, two = np.zeros((2, 4, 1)), np.zeros((2, 1)) + 2
print("c_n:", lstm_forward_lengths(x, 0 * two, two, w, w, np.zeros(4), np.array([4, 1]))[2].ravel())
print("GRU:", gru_cell_forward(0 * two, two, w[:3], w[:3], np.zeros(3), np.zeros(3)).ravel())
*_, cache = lstm_forward(x, 0 * two, two, w, w, np.zeros(4))
print("dc0:", [truncated_backward(0 * x, 0 * two, two, cache, k)[2][0, 0] for k in (3, 4)])

# %% [markdown]
# ## To take along
#
# * A gradient through time is a product with a factor for each step: it dies or explodes.
# * The LSTM's c is a sum with a valve; the forget gate is the factor, and its bias decides how long memory lasts.
# * What is used twice gets two gradients, and they are added: h in out and in the next step, c in h and in the next step.
#
# **Next unit:** `autoencoder`. There a network must describe a whole picture by two numbers: what will it keep?
