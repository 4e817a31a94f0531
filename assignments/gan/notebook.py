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
# # Adversarial networks: how do you learn what no formula says?
#
# What makes a picture look real? No loss says it. So let a second network learn the loss. A *forger* makes pictures
# of noise, and a *detective* tells them from real ones. Each learns from the other's success, and at the end of this
# notebook your forger writes digits that nobody has ever written.
#
# The game has one step, and the step has two parts. The commonest mistake is a gradient that goes to the wrong
# network. Often nothing crashes: the losses move, and the pictures stay noise.
#
# **You need:** `autoencoder` (cross-entropy with logits, modules), `optimizers` (Adam).
#
# **Lecture:** FAU Deep Learning, parts 11.3 and 11.5. **Time:** about 6 hours. Noise 0.5, losses 1.5, a step 1.5,
# training 1, coverage 0.5, bug hunt 0.5, question 0.5.
#
# **Points:** 100, 4 for the written question and 20 for the bonus. Above each task you can read what its points are
# given for. The hidden checks use other numbers than the public ones. A mistake is charged once.
#
# **Predict, then run.** Where you read this, write your guess in place of the three dots and only then run the next
# cell. It shows your guess beside the truth. Nobody marks guesses, and a wrong one teaches most.

# %%
from itertools import pairwise

import matplotlib.pyplot as plt
import torch
from sklearn.datasets import load_digits
from torch import nn

torch.set_num_threads(1)
plt.rcParams["figure.constrained_layout.use"] = True

# %% [markdown]
# ## 1. What the forger starts from
#
# The forger is a function G. It turns a row of random numbers, the *noise*, into a sample. Other noise gives another
# sample, so the noise decides what is made. Two kinds are common: normal, and uniform from -1 to 1.
#
# **By hand.** Numbers 0, 0.25 and 1 between 0 and 1 become -1, -0.5 and 1 between -1 and 1.
#
# <details><summary>Hint 1: where to begin</summary>
#
# Which two functions of PyTorch draw normal numbers, and uniform ones between 0 and 1? Both take a generator.
#
# </details>
#
# <details><summary>Hint 2: the object</summary>
#
# The uniform numbers of PyTorch lie in an interval of length 1. Yours must lie in one of length 2.
#
# </details>
#
# <details><summary>Hint 3: the operation</summary>
#
# Stretch first, then move. Any other name of a kind is refused by a ValueError.
#
# </details>

# %% task="sample_noise"
from solutions.gan import sample_noise

# %% [markdown]
# **Predict, then run.** Ten thousand uniform numbers from -1 to 1. What is their standard deviation: 1, 0.58 or 0.5?

# %% scratch=True
my_guess = ...

# %%
chance = torch.Generator().manual_seed(0)
print(f"my guess: {my_guess}, yours: {sample_noise(10_000, 1, chance, 'uniform').std():.2f}")

# %% [markdown]
# ## 2. What the detective pays
#
# The detective is a function D. It gives each sample a *logit* $a$: positive for "real", negative for "fake". With
# the sigmoid $s$, its probability for "real" is $s(a)$. A wrong opinion costs minus the logarithm of the probability
# that was given to the truth:
#
# $$\text{mean of } -\log s(a_\text{real}) \quad + \quad \text{mean of } -\log\big(1 - s(a_\text{fake})\big).$$
#
# **By hand.** D gives the real sample 3/4 (logit $\log 3$) and the fake one 1/4 (logit $-\log 3$). The loss is
# $2 \log \frac{4}{3} = 0.5754$. If D cannot tell, both are 1/2, and the loss is $2 \log 2 = 1.3863$.
#
# <details><summary>Hint 1: where to begin</summary>
#
# Write $-\log s(a)$ and $-\log(1 - s(a))$ as one logarithm each. There is a 1 and an exponential in both.
#
# </details>
#
# <details><summary>Hint 2: the object</summary>
#
# $\log(1 + e^a)$ has a name, *softplus*. PyTorch also has cross-entropies. Some take probabilities, others logits.
#
# </details>
#
# <details><summary>Hint 3: the operation</summary>
#
# A mean over the real logits plus a mean over the fake ones. Which of the two sets has a minus in front of its logits?
#
# </details>

# %% task="discriminator_loss"
from solutions.gan import discriminator_loss

# %%
log3 = torch.tensor([3.0]).log()
hand = [discriminator_loss(log3, -log3), discriminator_loss(0 * log3, 0 * log3)]
print("by hand: 0.5754 1.3863; yours:", *(f"{loss:.4f}" for loss in hand))

# %% [markdown]
# ## 3. What the forger pays
#
# In the theory, the forger wants D's second term to be large. So its loss is the mean of $\log(1 - s(a_\text{fake}))$.
# At the beginning D is sure of each fake, and there this loss is flat: it *saturates*. In practice the forger makes
# $-\log s(a_\text{fake})$ small. Both want the same, and differ in where they are steep.
#
# **By hand.** D gives the fake 1/4. The loss is $\log 4 = 1.3863$, and its slope by the logit is $-3/4$. The
# saturating loss is $\log \frac{3}{4} = -0.2877$, and its slope is $-1/4$.
#
# <details><summary>Hint 1: where to begin</summary>
#
# Both are in D's loss already, one with another label and one with another sign.
#
# </details>
#
# <details><summary>Hint 2: the object</summary>
#
# The logits of the fake samples, of any shape. The loss is a single number.
#
# </details>
#
# <details><summary>Hint 3: the operation</summary>
#
# The softplus of the logits or of minus the logits; then the mean. Check the signs of both slopes by hand.
#
# </details>

# %% task="generator_loss"
from solutions.gan import generator_loss, saturating_generator_loss

# %% [markdown]
# **Predict, then run.** D is sure of a fake: its logit is -8. What is the slope of each loss there?

# %% scratch=True
my_guess = {"generator_loss": ..., "saturating": ...}


# %%
def slopes(loss, logits):
    """The slope of a loss at each logit."""
    logits = logits.clone().requires_grad_()
    sum(loss(logit) for logit in logits).backward()
    return logits.grad


both = {"generator_loss": generator_loss, "saturating": saturating_generator_loss}
at_minus_8 = {name: round(slopes(loss, torch.tensor([-8.0])).item(), 4) for name, loss in both.items()}
print(f"my guess: {my_guess}")
print(f"yours:    {at_minus_8}")

logits = torch.linspace(-8, 8, 161)
figure, axes = plt.subplots(1, 2, figsize=(8, 2.8))
for (name, loss), style in zip(both.items(), ("-", "--"), strict=True):
    axes[0].plot(logits.tolist(), [loss(logit).item() for logit in logits], style, label=name)
    axes[1].plot(logits.tolist(), slopes(loss, logits).tolist(), style, label=name)
axes[0].set(xlabel="logit of the fake", title="loss")
axes[1].set(xlabel="logit of the fake", title="slope")
axes[0].legend()
plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>
#
# Left, two falling curves. generator_loss falls in a straight line from 8 to 0 and is flat for positive logits. The
# saturating loss is flat at 0 for negative logits and then falls to -8. Right, their slopes. The first rises from -1
# to 0, the second falls from 0 to -1; they meet at the logit 0, where both are -0.5.
#
# </details>
#
# If your solid curve is flat on the left, it saturates. If one of your curves rises, your forger wants to be caught.

# %% [markdown]
# ## 4. One step of the game
#
# First D learns, on real samples and on G's. Then G learns, with new noise, from the D that has just got better.
#
# G's gradient must flow *through* D, so D gets one, too. It is not for D, which it would make worse. And in D's part, a
# gradient may flow through the fake samples into G. It is not for G: it would make the fakes worse.
#
# **By hand.** G adds $a$ to its noise, D multiplies by $w$; $a = 0$, $w = 1$, real 1, noise 0, plain descent, lr 0.5.
# To keep it simple, D's loss is $-w \cdot \text{real} + w \cdot \text{fake}$, and G's is $-w \cdot \text{fake}$.
# D's slope is $-1 + 0$, so $w = 1.5$. G's slope is $-w = -1.5$, so $a = 0.75$. With the old $w$ it would be 0.5.
#
# <details><summary>Hint 1: where to begin</summary>
#
# Write D's part alone: fake samples, loss, gradients to zero, backward, step. G's part has the same five lines.
#
# </details>
#
# <details><summary>Hint 2: the object</summary>
#
# Four things hold gradients or change: the parameters of G and D, and their optimizers. Note for each line of your
# code which of them it touches. A tensor can be cut off from what made it.
#
# </details>
#
# <details><summary>Hint 3: the operation</summary>
#
# Set the gradients of a network to zero right before the backward pass that its step uses. Cut G off in D's part;
# never in G's part. Return plain numbers with `.item()`.
#
# </details>

# %% task="train_step"
from solutions.gan import train_step

# %%
D, G = nn.Linear(1, 1, bias=False), nn.Linear(1, 1)
D.weight.data[:], G.weight.data[:], G.bias.data[:] = 1.0, 1.0, 0.0
sgd_g, sgd_d = (torch.optim.SGD(net.parameters(), lr=0.5) for net in (G, D))
simple = (lambda real, fake: fake.mean() - real.mean()), (lambda fake: -fake.mean())
train_step(G, D, sgd_g, sgd_d, torch.ones(1, 1), *torch.zeros(2, 1, 1), simple)
print(f"by hand: w = 1.5, a = 0.75; yours: w = {D.weight.item():g}, a = {G.bias.item():g}")

# %% [markdown]
# ## 5. Playing the game
#
# Two optimizers, one for each network, live through all steps. Adam's usual first beta is 0.9. Here it is smaller:
# the loss changes under the player's feet, and a long memory of old gradients misleads.
#
# **By hand.** Five batches and ten rows of noise make five steps, and a list of five pairs.
#
# <details><summary>Hint 1: where to begin</summary>
#
# What must exist before the first step, and live until the last?
#
# </details>
#
# <details><summary>Hint 2: the object</summary>
#
# `real` has one batch for each step, `noise` two sets for each. Both are tensors; you can walk along their first axis.
#
# </details>
#
# <details><summary>Hint 3: the operation</summary>
#
# One call of your `train_step` in each turn. Its pair goes into the list as it is.
#
# </details>

# %% task="train_gan"
from solutions.gan import train_gan

# %% [markdown]
# First a small world. The real samples are numbers, with mean 3 and standard deviation 0.5. The forger begins near 0.
#
# **Predict, then run.** After 400 steps, what is the mean of the forged numbers? And what logit does D give the real
# ones then: far above 0, near 0, or far below?

# %% scratch=True
my_guess = {"mean": ..., "logit": ...}


# %%
def mlp(*sizes, between):
    """Linear layers of these sizes with an activation between them."""
    parts = [part for pair in pairwise(sizes) for part in (nn.Linear(*pair), between)]
    return nn.Sequential(*parts[:-1])


def play(G, D, batches, dim, **options):
    """Train on these batches (steps, B, d) with normal noise of `dim` numbers."""
    steps, size, _ = batches.shape
    noise = sample_noise(steps * 2 * size, dim, chance).reshape(steps, 2, size, dim)
    return train_gan(G, D, batches, noise, (discriminator_loss, generator_loss), **options)


torch.manual_seed(0)
G, D = mlp(4, 16, 16, 1, between=nn.ReLU()), mlp(1, 16, 16, 1, between=nn.ReLU())
grid, pairs = torch.linspace(-2, 6, 81)[:, None], []
figure, axes = plt.subplots(1, 5, figsize=(11, 2.4), sharey=True)
for steps, axis in zip(range(0, 500, 100), axes, strict=True):
    if steps:
        pairs += play(G, D, 3 + 0.5 * torch.randn(100, 64, 1, generator=chance), 4, lr=5e-3)
    with torch.no_grad():
        forged, real = G(sample_noise(2000, 4, chance)), 3 + 0.5 * torch.randn(2000, 1, generator=chance)
        axis.plot(grid.numpy(), D(grid).sigmoid().numpy(), "k", label="D says real")
    for values, label in ((real, "real"), (forged, "forged")):
        axis.hist(values.flatten().tolist(), 40, range=(-2, 6), density=True, alpha=0.5, label=label)
    axis.set(title=f"{steps} steps", ylim=(0, 1.5))
axes[0].legend(fontsize=8)
plt.show()
print(f"my guess: {my_guess}")
print(f"yours: mean {forged.mean():.1f}, spread {forged.std():.1f}, logit {D(real).mean():.1f}")
print(f"losses at the end: {pairs[-1][0]:.2f} and {pairs[-1][1]:.2f}; if D cannot tell: 1.39 and 0.69")

# %% [markdown]
# <details><summary>Figure in words</summary>
#
# Five pictures, from 0 to 400 steps. The hill of real numbers stands at 3 in all of them. The hill of forged numbers
# begins as a needle near 0. From 100 steps on it lies on the real one, a little narrower. The black line, D's
# probability for "real", is nearly flat near 0.5 around 3 at the end.
#
# </details>
#
# If the forged hill never moves, G is cut off from its own loss, or wants to be caught. If it runs past 3 and away,
# old gradients pile up.

# %% [markdown]
# ## 6. Did the forger learn all of it?
#
# A lazy forger makes one good picture again and again: the *modes collapse*. One number cannot see it. So you count
# twice: the *share* of good samples, and the *number of modes* that are hit at all.
#
# **By hand.** Centres 0 and 10, radius 1. Of the samples 0, 0.5 and 4, two are good: share 2/3, and one mode of two.
#
# <details><summary>Hint 1: where to begin</summary>
#
# You need the distance of each sample to each centre: a table (n, k).
#
# </details>
#
# <details><summary>Hint 2: the object</summary>
#
# For each sample, the smallest entry in its row, and where it stands.
#
# </details>
#
# <details><summary>Hint 3: the operation</summary>
#
# `torch.cdist`, `min` along an axis, a comparison with the radius, and `torch.bincount` of the good ones.
#
# </details>

# %% task="mode_coverage"
from solutions.gan import mode_coverage

# %% [markdown]
# Eight heaps of points lie on a circle. **Predict, then run.** After 300, 600, ... 1500 steps: does the forger find
# the heaps one by one, or several at once? How many does it hit at the end?

# %% scratch=True
my_guess = {"modes at the end": ...}

# %%
angle = torch.arange(8) * torch.pi / 4
ring = 2 * torch.stack([angle.cos(), angle.sin()], dim=1)
torch.manual_seed(0)
G = mlp(8, 64, 64, 2, between=nn.ReLU())
D = mlp(2, 64, 64, 1, between=nn.LeakyReLU(0.2))
figure, axes = plt.subplots(1, 6, figsize=(11, 2.3), sharex=True, sharey=True)
for steps, axis in zip(range(0, 1800, 300), axes, strict=True):
    if steps:
        heaps = ring[torch.randint(8, (300, 128), generator=chance)]
        play(G, D, heaps + 0.05 * torch.randn(heaps.shape, generator=chance), 8)
    with torch.no_grad():
        samples = G(sample_noise(1000, 8, chance))
    modes, share = mode_coverage(samples, ring, 0.3)
    axis.plot(*ring.T.numpy(), "o", markersize=14, alpha=0.3)
    axis.plot(*samples.T.numpy(), ".", markersize=2)
    axis.set(xlim=(-3, 3), ylim=(-3, 3), aspect="equal")
    axis.set_title(f"{steps}: {modes} modes, {share:.0%}", fontsize=9)
plt.show()
print(f"my guess: {my_guess}, yours: {modes}")

# %% [markdown]
# <details><summary>Figure in words</summary>
#
# Six pictures of eight blue discs on a circle. At 0 steps all orange points sit in the middle. At 300 they are a cloud
# at the lower right. At 600 they fill the circle and hit all eight discs, with many points between them. Then they
# gather in the discs: about nine of ten are good at 1500 steps.
#
# </details>
#
# Your picture may look otherwise, since the game has no fixed end. A cloud that never leaves the middle: G does not
# learn. All points in one heap, jumping from heap to heap: collapse, which happens to right code, too.

# %% [markdown]
# ## 7. Forged digits
#
# Now real data: the digits of scikit-learn, 8 x 8 pixels, and nothing but your code. Pixels go from -1 to 1, as the
# `tanh` at the end of G does. Batch normalisation in G works against collapse.
#
# **Predict, then run.** After how many rounds through the 1797 digits do *you* read a digit in the forgeries?

# %% scratch=True
my_guess = {"rounds": ...}

# %%
digits = torch.tensor(load_digits().data).float() / 8 - 1
torch.manual_seed(0)
G = nn.Sequential(
    *(nn.Linear(16, 128), nn.BatchNorm1d(128), nn.ReLU()),
    *(nn.Linear(128, 128), nn.BatchNorm1d(128), nn.ReLU()),
    *(nn.Linear(128, 64), nn.Tanh()),
)
D = mlp(64, 128, 128, 1, between=nn.LeakyReLU(0.2))
same_noise, rounds, rows = sample_noise(16, 16, chance), (0, 1, 5, 20, 120), {}
for begun, done in zip((0, *rounds), rounds, strict=False):
    steps = (done - begun) * len(digits) // 64
    if steps:
        play(G.train(), D, digits[torch.randint(len(digits), (steps, 64), generator=chance)], 16, lr=1e-3)
    rows[f"{done} rounds"] = G.eval()(same_noise).detach()
rows["real"] = digits[:16]

figure, axes = plt.subplots(len(rows), 16, figsize=(9, 0.65 * len(rows)))
for line, (name, pictures) in zip(axes, rows.items(), strict=True):
    line[0].set_ylabel(name, rotation=0, ha="right", va="center")
    for axis, picture in zip(line, pictures, strict=True):
        axis.imshow(picture.reshape(8, 8).numpy(), cmap="gray_r", vmin=-1, vmax=1)
        axis.set(xticks=[], yticks=[])
plt.show()
print(f"my guess: {my_guess}; what you see decides")

# %% [markdown]
# <details><summary>Figure in words</summary>
#
# Six rows of sixteen pictures. The first, before training, is grey noise. After 1 round there are dark blots in the
# middle, after 5 rounds rough strokes, and after 20 many can be read as a digit. The row after 120 rounds looks much
# like the last one, which is real: digits in many hands, a few of them odd.
#
# </details>
#
# Rows that stay grey: G does not learn. Sixteen times the same digit: collapse.

# %% [markdown]
# ## Bug hunt: fool the metric
#
# A colleague reports one number for his forger: the share. Another reports the number of modes. Fool both, on the
# ring of eight with radius 0.3. `collapsed` has a share of at least 0.95 and hits one mode. `scattered` hits all
# eight, with a share below 0.3.
#
# <details><summary>Hint 1: where to begin</summary>
#
# You need no forger: write the 200 samples yourself.
#
# </details>
#
# <details><summary>Hint 2: the object</summary>
#
# `ring` holds the centres. How many samples does a mode need to count, if there are 200?
#
# </details>
#
# <details><summary>Hint 3: the operation</summary>
#
# Repeat rows of a tensor; put tensors one below the other. A sample at the origin hits nothing.
#
# </details>

# %% task="bug_hunt"
from solutions.gan import bug_hunt

# %%
for name, found in zip(("collapsed", "scattered"), bug_hunt(), strict=True):
    print(f"{name}: modes and share {mode_coverage(found, ring, 0.3)}")

# %% [markdown] name="question_standing_still"
# ## In your own words
#
# **Up to 4 points on top of the 100.** A person reads this answer; points and a comment come with the feedback. 120
# words are enough.
#
# For 1000 steps, both losses have stood still.
#
# 1. Name three different states of the game that look like this. (3 points)
# 2. How do you tell them apart? Say what you would look at or compute. (1 point)

# %% [markdown] written="standing_still" points=4
# *Double-click here and write your answer in place of this line.*

# %% [markdown] instructor=True
# Four points, in halves where you like. Reasons count; language and length do not.
#
# **1. One point each for three of these:** the game is at its end, D cannot tell (losses 1.39 and 0.69); D has won, its
# loss is near 0 and G's is large, and G gets no useful gradient (above all with the saturating loss); G does not learn
# since it is cut off, its optimizer holds other parameters or its step is missing; nobody learns (lr 0, D constant,
# no step at all: D says 0.5 of everything); collapse with a balance around few modes; both turn in circles, and a
# mean over many steps hides it. A state without what its losses look like: half a point.
#
# **2. One point for a look that separates the states named:** the values of the losses beside 1.39 and 0.69, D's
# accuracy on real and fake, the size of both gradients, whether parameters move, the samples themselves, coverage.
# "Look at the pictures" alone: half a point.

# %% [markdown]
# ## Now in PyTorch
#
# PyTorch has D's loss: the cross-entropy with logits, with ones for real samples and zeros for fake ones.

# %%
real_logits, fake_logits = torch.linspace(-50, 50, 11), torch.linspace(-200, 9, 5)
bce = nn.BCEWithLogitsLoss()
theirs = bce(real_logits, torch.ones(11)) + bce(fake_logits, torch.zeros(5))
print(f"PyTorch: {theirs:.4f}, yours: {discriminator_loss(real_logits, fake_logits):.4f}")

# %% [markdown]
# ## Bonus
#
# 20 points beyond the 100: the same game with other losses. Least squares punish also what is on the right side but
# far away. The Wasserstein critic gives no probability but a score, and its slope must be kept near 1.

# %% task="lsgan_losses"
from solutions.gan import lsgan_losses

# %% task="wgan_losses"
from solutions.gan import wgan_losses

# %% task="gradient_penalty"
from solutions.gan import gradient_penalty

# %%
critic = mlp(64, 32, 1, between=nn.Tanh())
adam, uniform = torch.optim.Adam(critic.parameters(), lr=1e-2), 2 * torch.rand(64, 64, generator=chance) - 1
print(f"by hand: 10 and 4.5; yours: {[loss.item() for loss in lsgan_losses(3 + 0 * log3, 4 + 0 * log3)]}")
for steps in range(201):
    apart = wgan_losses(critic(digits[:64]), critic(uniform))[0]
    penalty = gradient_penalty(critic, digits[:64], uniform, chance)
    if steps % 100 == 0:
        print(f"{steps} steps: critic's loss {apart:.2f}, penalty {penalty:.3f}")
    adam.zero_grad()
    (apart + 10 * penalty).backward()
    adam.step()

# %% [markdown]
# ## To take along
#
# * The loss is learned: D says what is wrong with a sample, and its gradient shows G the way.
# * Each part of a step moves one network, with fresh gradients of its own loss, although they flow through both.
# * Losses do not tell how good the samples are. Look at them, and count modes as well as good samples.
#
# **Next unit:** `dqn`. There nobody shows what is right. How do you learn from rewards alone, that come late?
