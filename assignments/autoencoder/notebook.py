# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Autoencoder
#
# **Why.** A picture of 64 pixels may have only two things to say: where the spot is, across and down. An
# autoencoder finds such a short description without being told what to look for: it must squeeze every
# sample through a few numbers and rebuild it. The same idea denoises, finds outliers, prepares features for
# other networks, and, with one more step, generates new samples.
#
# **You will be able to** build an autoencoder in PyTorch, compare it with its best linear rival (PCA),
# train it to remove noise, make its code sparse, and turn it into a variational autoencoder.
#
# **You need** the units *backprop* and *optimizers*; a linear layer, a sigmoid and the mean of a tensor in
# PyTorch. Autograd does the backward pass here: you write the forward pass and the losses.
#
# **Lecture:** FAU Deep Learning, part 11.2. **Time:** about 6 hours for the core, 2 more for the bonus.
#
# **Predict, then run.** Where you read this, write your guess in place of the three dots and only then run the
# next cell. It shows your guess beside the truth. Nobody marks guesses, and a wrong one teaches most.
#
# | task | points | what is checked |
# | --- | --- | --- |
# | `Autoencoder` | 18 | code 3, decoding 3, bottleneck 2, last layers 4, activations 2, no hidden layer 1, gradients 2, errors 1 |
# | `reconstruction_loss` | 13 | squared error 3, cross-entropy 2, large logits 3, reductions 3, gradients 1, errors 1 |
# | `pca_reconstruction` | 7 | projection 4, data away from the origin 2, range of k 1 |
# | `train_autoencoder` | 13 | losses 3, weights 2, as good as PCA 3, corruption 3, clean target 2 |
# | `corrupt` | 12 | Gaussian 4, masking 3, salt and pepper 3, generator 1, input and limits 1 |
# | `denoising_loss` | 6 | what the model sees 2, what the loss compares 2, gradients 2 |
# | `kl_sparsity` | 8 | divergence 3, units always on or off 3, gradients 2 |
# | `sparse_loss` | 5 | mean over the batch 2, weight 1, gradients 2 |
# | `reparameterize` | 7 | normal draws of the right spread 3, centre 2, gradients 1, generator 1 |
# | `kl_gauss` | 6 | divergence 2, sum and mean 2, gradients 2 |
# | `bug_hunt` | 5 | an input that shows the bug |
# | bonus: `contractive_penalty` | 10 | norm of the Jacobian 5, batch 2, gradients 3 |
# | bonus: `TiedAutoencoder` | 10 | code 2, reconstruction 3, parameters 2, gradient on both paths 3 |
#
# A law such as "does not modify its input" earns its points only if the values of the same task are right.

# %%
import matplotlib.pyplot as plt
import torch
from torch import nn

torch.manual_seed(0)

# %% [markdown]
# ## 1. A small world with two causes
#
# Each sample is an image of 8 x 8 pixels with one soft spot. Only the centre of the spot differs from image
# to image: 64 numbers, but two causes. Images are rows of a matrix `x` of shape (N, 64), entries in [0, 1].


# %%
def spots(n, generator):
    """Images of a soft spot: (images (n, 64) in [0, 1], centres (n, 2) in pixels, down and across)."""
    centres = 1.5 + 4 * torch.rand(n, 2, generator=generator)
    pixel = torch.arange(8.0)
    down = torch.exp(-((pixel - centres[:, :1]) ** 2) / 2.88)
    across = torch.exp(-((pixel - centres[:, 1:]) ** 2) / 2.88)
    return (down[:, :, None] * across[:, None, :]).reshape(n, 64), centres


def show(rows, labels):
    """Draw rows of images (n, 64), one row of pictures for each entry of `rows`."""
    n = len(rows[0])
    _, axes = plt.subplots(len(rows), n, figsize=(n, 1.15 * len(rows)), squeeze=False)
    for line, images, label in zip(axes, rows, labels, strict=True):
        line[0].set_ylabel(label, rotation=0, ha="right", va="center")
        for axis, image in zip(line, images.detach(), strict=True):
            axis.imshow(image.reshape(8, 8).numpy(), cmap="gray", vmin=0, vmax=1)
            axis.set_xticks([])
            axis.set_yticks([])
    plt.show()


x, centres = spots(512, torch.Generator().manual_seed(0))
show([x[:8]], ["x"])

# %% [markdown]
# <details><summary>Figure in words</summary>
#
# Eight grey images of 8 x 8 pixels, each black with one bright soft spot at another place.
#
# </details>

# %% [markdown]
# ## 2. By hand first
#
# Take three pixels and a code of one number. The encoder takes the mean of the first two pixels,
# $h = \tfrac12 x_1 + \tfrac12 x_2$; the decoder writes the code into these two and 0 into the third,
# $\hat x = (h, h, 0)$. For $x = (2, 4, 3)$:
#
# $$h = 3, \qquad \hat x = (3, 3, 0),
# \qquad \tfrac13\big((3-2)^2 + (3-4)^2 + (0-3)^2\big) = \tfrac{11}{3} \approx 3.667.$$
#
# What the code does not hold is lost: the third pixel, and the difference of the first two. Keep the
# numbers 3 and 3.667: your first checks are built on them.

# %%
encoder_weight = torch.tensor([[0.5, 0.5, 0.0]])  # (K, D) = (1, 3), as torch.nn.Linear stores it
decoder_weight = torch.tensor([[1.0], [1.0], [0.0]])  # (D, K)
sample = torch.tensor([[2.0, 4.0, 3.0]])
code = sample @ encoder_weight.T
rebuilt = code @ decoder_weight.T
print(f"code {code.item()}, rebuilt {rebuilt.tolist()[0]}, error {((rebuilt - sample) ** 2).mean():.3f}")

# %% [markdown]
# ## 3. The network
#
# With `sizes = [64, 32, 2]` the encoder is 64 → 32 → 2 and the decoder 2 → 32 → 64. The activation stands
# between linear layers, never after the last one of either half: with a ReLU at the end, no code and no
# pixel could be negative, and a unit that is stuck at 0 would get no gradient.
#
# <details><summary>Hint 1: where to begin</summary>
# How many linear layers does a list of three sizes make? Write the encoder for [64, 32, 2] by hand before
# you write the loop.
# </details>
# <details><summary>Hint 2: registering layers</summary>
# A module knows its parameters only if its layers are attributes, or sit in an <code>nn.Sequential</code>
# or an <code>nn.ModuleList</code>. In a plain Python list they are invisible to the optimizer.
# </details>
# <details><summary>Hint 3: the decoder</summary>
# The decoder is the encoder's recipe applied to the reversed list of sizes. Build both with one method.
# </details>

# %% task="Autoencoder"
from solutions.autoencoder import Autoencoder

# %% [markdown]
# **Predict, then run.** How many parameters has `Autoencoder([64, 32, 2])`? Count weights and biases of
# four layers.

# %% scratch=True
my_guess = ...

# %%
count = sum(p.numel() for p in Autoencoder([64, 32, 2]).parameters())
print(f"my guess: {my_guess}, yours: {count}")

# %% [markdown]
# <details><summary>The count</summary>
# 64·32 + 32 + 32·2 + 2 + 2·32 + 32 + 32·64 + 64 = 4354. If you got 4290 you forgot the last bias.
# </details>
#
# ## 4. How wrong is a reconstruction?
#
# Two losses, both a negative log-likelihood: the squared error (a Gaussian with fixed variance), and the
# binary cross-entropy (a Bernoulli variable per pixel), which takes *logits* $z$: with the sigmoid $s$,
#
# $$\mathrm{bce}(z, x) = -x \log s(z) - (1 - x)\log(1 - s(z)).$$
#
# Written down literally it fails: in float32, $s(20)$ is exactly 1, and $\log(1 - 1) = -\infty$. Simplify
# before you code. `reduction` says what happens to the N × D entries; the variational bound in section 9
# needs "sample", and mixing up the three is the most common bug in published variational autoencoders.
#
# <details><summary>Hint 1: two logarithms</summary>
# Show that -log s(z) = log(1 + e^-z) and -log(1 - s(z)) = log(1 + e^z). Their difference is a very simple
# function of z.
# </details>
# <details><summary>Hint 2: one logarithm is left</summary>
# The sum becomes log(1 + e^z) minus something linear in z.
# </details>
# <details><summary>Hint 3: e^1000</summary>
# PyTorch has a function for log(e^a + e^b) that never forms e^a. Which a and b do you need?
# </details>

# %% task="reconstruction_loss"
from solutions.autoencoder import reconstruction_loss

# %%
logits = torch.linspace(-30, 30, 241)
target = torch.zeros_like(logits)
literal = -torch.log(1 - torch.sigmoid(logits))
yours = torch.stack(
    [reconstruction_loss(z[None], t[None], kind="bce") for z, t in zip(logits, target, strict=True)]
)
plt.figure(figsize=(6, 3))
plt.plot(logits.numpy(), literal.numpy(), "o", markersize=3, label="literal formula, float32")
plt.plot(logits.numpy(), yours.numpy(), label="reconstruction_loss")
plt.xlabel("logit z, target x = 0")
plt.ylabel("loss")
plt.legend()
plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>
#
# Cross-entropy against the logit. Your curve is 0 on the left and the straight line z on the
# right; the dots of the literal formula follow it, become ragged near 15 and end at 17, where they turn
# infinite.
#
# </details>
#
# ## 5. The best linear code: PCA
#
# Before you train, know what can be reached. Among all *linear* codes of k numbers, the projection on the
# k leading principal directions rebuilds best; a linear autoencoder has this optimum and no other local
# minimum (Baldi and Hornik, 1989). So PCA is the yardstick: a linear autoencoder that ends far above it
# is not trained right, and none can end below it.
#
# <details><summary>Hint 1: around which point?</summary>
# Directions of a cloud are measured from its centre: subtract the mean sample, and do not forget it at
# the end.
# </details>
# <details><summary>Hint 2: which matrix?</summary>
# <code>torch.linalg.svd(a, full_matrices=False)</code> returns U, S, Vh with a = U diag(S) Vh. For a (N,
# D) matrix, which of them holds directions of length D, and are they rows or columns?
# </details>
# <details><summary>Hint 3: projecting</summary>
# With P (k, D), one direction per row, the code of a centred row vector is a Pᵀ; going back is another
# product.
# </details>

# %% task="pca_reconstruction"
from solutions.autoencoder import pca_reconstruction

# %% [markdown]
# **Predict, then run.** The images have two causes. How many principal directions does it take until less than a
# hundredth of their variance is left?

# %% scratch=True
my_guess = ...

# %%
ks = list(range(1, 13))
pca_error = [((pca_reconstruction(x, k) - x) ** 2).mean().item() for k in ks]
variance = ((x - x.mean(dim=0)) ** 2).mean().item()
enough = next((k for k, error in zip(ks, pca_error, strict=True) if error < variance / 100), "more than 12")
print(f"my guess: {my_guess}, yours: {enough}; two leave {pca_error[1] / variance:.0%}")
plt.figure(figsize=(6, 3))
plt.semilogy(ks, pca_error, "o-")
plt.xlabel("k, numbers in the code")
plt.ylabel("mean squared error")
plt.show()
show([x[:8], pca_reconstruction(x, 2)[:8], pca_reconstruction(x, 8)[:8]], ["x", "k = 2", "k = 8"])

# %% [markdown]
# <details><summary>Figure in words</summary>
#
# Error of PCA against k on a logarithmic axis, falling from 0.024 at k = 1 to 0.012 at k = 2 and
# below 0.001 at k = 8. Below it, images: with two directions the spots are smeared over the picture, with
# eight they look right.
#
# </details>
#
# Two causes, but moving a spot is not a linear operation on pixels: the images lie on a *curved* surface,
# and PCA fits a plane. That is the room that a nonlinear autoencoder has.
#
# ## 6. Training
#
# One step for each row of `rows`, a table of sample numbers; so the batches are chosen outside, and the
# same table gives the same training. The noise of section 7 enters here already: the model sees
# `corruption(batch)`, but it is judged against the clean batch.
#
# <details><summary>Hint 1: the four lines of every step</summary>
# Loss, gradients to zero, backward, step. Which of the four must come first does not matter, but their
# order does.
# </details>
# <details><summary>Hint 2: what lives outside the loop</summary>
# Adam remembers means of past gradients. An optimizer that is made anew in every step remembers nothing.
# </details>
# <details><summary>Hint 3: what to return</summary>
# A list of plain floats. A tensor in the list would keep its whole graph alive.
# </details>

# %% task="train_autoencoder"
from solutions.autoencoder import train_autoencoder


# %%
def batches(steps, size, generator):
    """Row numbers of `steps` random batches of `size` samples each."""
    return torch.randint(len(x), (steps, size), generator=generator)


torch.manual_seed(1)
linear = Autoencoder([64, 2], "identity")
curved = Autoencoder([64, 32, 2], "tanh")
rows = batches(600, 64, torch.Generator().manual_seed(1))
losses = {
    "linear": train_autoencoder(linear, x, rows, nn.functional.mse_loss, lr=0.01),
    "tanh": train_autoencoder(curved, x, rows, nn.functional.mse_loss, lr=0.01),
}
plt.figure(figsize=(6, 3))
for label, values in losses.items():
    plt.semilogy(values, label=label)
plt.axhline(pca_error[1], color="black", linestyle="--", label="PCA, k = 2")
plt.xlabel("step")
plt.ylabel("mean squared error of the batch")
plt.legend()
plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>
#
# Two falling curves on a logarithmic axis. The linear autoencoder settles on the dashed PCA line
# at 0.012; the tanh autoencoder passes through it and ends near 0.0005, with the same two numbers in its
# code.
#
# </details>

# %%
with torch.no_grad():
    show([x[:8], linear(x[:8]), curved(x[:8])], ["x", "linear", "tanh"])
    figure, axes = plt.subplots(1, 2, figsize=(8, 3.4))
    for axis, model, title in zip(axes, (linear, curved), ("linear", "tanh"), strict=True):
        h = model.encode(x).numpy()
        axis.scatter(h[:, 0], h[:, 1], c=centres[:, 0].numpy(), s=8)
        axis.set_title(f"code, {title}")
    plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>
#
# Originals above the reconstructions of both models; the linear ones are smeared, the tanh ones
# hardly differ from the originals. Below, the codes of all images as points, coloured by the height of
# the spot: the colour changes gradually over the cloud, so the code has found the position by itself.
#
# </details>
#
# ## 7. Noise
#
# A denoising autoencoder sees a damaged sample and must name the clean one. Copying is no longer a
# solution, so it has to learn what samples look like. Three kinds of damage:
#
# <details><summary>Hint 1: independent, everywhere</summary>
# Draw one random number per entry, with the generator that you are given, and compare it with the level.
# </details>
# <details><summary>Hint 2: do not write into x</summary>
# <code>torch.where(condition, a, b)</code> makes a new tensor. Assigning to x[...] changes the caller's
# data.
# </details>
# <details><summary>Hint 3: salt and pepper needs two decisions</summary>
# Whether an entry is hit, and if so, by which of the two values. Each decision has its own random number.
# </details>

# %% task="corrupt"
from solutions.autoencoder import corrupt

# %% [markdown]
# **Predict, then run.** Masking with level 0.3 on a row of a thousand ones: what are the mean and the
# largest value afterwards? (Dropout with p = 0.3 would have given mean 1 and largest value 1.43.)

# %% scratch=True
my_guess = {"mean": ..., "largest": ...}

# %%
g = torch.Generator().manual_seed(0)
masked = corrupt(torch.ones(1000), "masking", 0.3, g)
print(f"my guess: {my_guess}, yours: mean {masked.mean():.2f}, largest {masked.max():.2f}")
show(
    [
        x[:8],
        corrupt(x[:8], "gaussian", 0.2, g),
        corrupt(x[:8], "masking", 0.3, g),
        corrupt(x[:8], "salt_pepper", 0.2, g),
    ],
    ["x", "gaussian", "masking", "salt_pepper"],
)

# %% [markdown]
# <details><summary>Figure in words</summary>
#
# A row of clean spots and the same spots with grain, with a third of the pixels black, and with
# single black and white pixels.
#
# </details>
#
# The loss is one line, and the one thing to get right is which `x` goes where.
#
# <details><summary>Hint 1</summary>
# Name the three tensors: clean, noisy, rebuilt. Each of the three functions takes which of them?
# </details>
# <details><summary>Hint 2</summary>
# If the target were the noisy sample, the best model would copy the noise.
# </details>
# <details><summary>Hint 3</summary>
# The corruption is called once: two calls give two different noises.
# </details>

# %% task="denoising_loss"
from solutions.autoencoder import denoising_loss


# %%
def damage(batch):
    """Salt and pepper on a fifth of the pixels, fresh at every call."""
    return corrupt(batch, "salt_pepper", 0.2, g)


torch.manual_seed(2)
denoiser = Autoencoder([64, 48, 8], "relu")
train_autoencoder(denoiser, x, batches(800, 64, g), nn.functional.mse_loss, lr=0.01, corruption=damage)
fresh, _ = spots(8, torch.Generator().manual_seed(99))
with torch.no_grad():
    noisy = damage(fresh)
    show([fresh, noisy, curved(noisy), denoiser(noisy)], ["clean", "noisy", "plain", "denoiser"])
    print("error of the noisy image", reconstruction_loss(noisy, fresh))
    print("error after denoising   ", reconstruction_loss(denoiser(noisy), fresh))
    print("loss on all images      ", denoising_loss(denoiser, x, damage, reconstruction_loss))

# %% [markdown]
# <details><summary>Figure in words</summary>
#
# Clean spots; the same with white and black pixels; the plain autoencoder's output, often with
# the spot at a wrong place; the denoiser's output, close to the clean spots. The error falls about
# tenfold.
#
# </details>
#
# ## 8. Sparse codes
#
# A code may also be larger than the input if only few of its units are active at a time. Let $h$ be a
# code after a sigmoid and $\hat\rho_j$ the mean of unit j *over the batch*. The penalty compares it with
# a small wanted mean $\rho$, as two coins would be compared:
#
# $$\sum_j \mathrm{KL}(\rho\,\|\,\hat\rho_j)
# = \sum_j \rho\log\frac{\rho}{\hat\rho_j} + (1-\rho)\log\frac{1-\rho}{1-\hat\rho_j}.$$
#
# By hand: ρ = 0.5 and one unit with mean 0.25 give 0.5 log 2 + 0.5 log(2/3) = 0.3466 - 0.2027 = 0.1438.
#
# <details><summary>Hint 1: the order matters</summary>
# KL(a || b) is not KL(b || a). Which of the two numbers stands in front of the logarithms?
# </details>
# <details><summary>Hint 2: a unit that never fires</summary>
# Its mean is 0, and log(rho / 0) is infinite. The docstring says how to clip; clip the observed mean only.
# </details>
# <details><summary>Hint 3: rho is a float</summary>
# <code>torch.log</code> wants a tensor: a float divided by a tensor is one.
# </details>

# %% task="kl_sparsity"
from solutions.autoencoder import kl_sparsity

# %% [markdown]
# <details><summary>Hint 1 for sparse_loss</summary>
# First the mean of each unit, then the divergence. The divergence of single activations asks for
# something else: that every unit is a little active for every sample.
# </details>
# <details><summary>Hint 2</summary>
# h has shape (N, K): one row per sample. What shape must rho_hat have, and over which axis is the mean?
# </details>
# <details><summary>Hint 3</summary>
# beta multiplies the divergence only.
# </details>

# %% task="sparse_loss"
from solutions.autoencoder import sparse_loss

# %%
means = torch.linspace(0.005, 0.995, 199)
plt.figure(figsize=(6, 3))
for rho in (0.05, 0.3):
    plt.plot(means.numpy(), [kl_sparsity(rho, q[None]).item() for q in means], label=f"rho = {rho}")
plt.xlabel("mean activation of a unit")
plt.ylabel("kl_sparsity")
plt.legend()
plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>
#
# Two valleys, with their floor at 0 exactly above 0.05 and 0.3, rising steeply towards 0 and 1.
#
# </details>


# %%
class SigmoidCode(nn.Module):
    """An autoencoder with 32 sigmoid units; returns the reconstruction and the code."""

    def __init__(self):
        super().__init__()
        self.inner = Autoencoder([64, 32], "identity")

    def forward(self, batch):
        h = torch.sigmoid(self.inner.encode(batch))
        return self.inner.decode(h), h


def train_sparse(beta):
    """Mean activations (32,) of the code after training with the weight beta."""

    def loss(output, target):
        x_hat, h = output
        error = reconstruction_loss(x_hat, target, reduction="sample")
        return sparse_loss(error, h, 0.05, beta, kl_sparsity)

    torch.manual_seed(4)
    model = SigmoidCode()
    train_autoencoder(model, x, batches(400, 64, torch.Generator().manual_seed(4)), loss, lr=0.01)
    return model(x)[1].mean(dim=0).detach()


plt.figure(figsize=(6, 3))
for beta in (0.0, 1.0):
    plt.hist(train_sparse(beta).numpy(), bins=40, range=(0, 1), alpha=0.6, label=f"beta = {beta}")
plt.axvline(0.05, color="black", linestyle="--", label="wanted")
plt.xlabel("mean activation of a unit over all images")
plt.ylabel("units")
plt.legend()
plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>
#
# Histogram of the mean activations of 32 units. Without penalty they spread over the middle of
# the range; with penalty all gather at the dashed line at 0.05.
#
# </details>
#
# ## 9. From a code to a distribution
#
# A variational autoencoder encodes a sample as a normal distribution, mean mu and log variance logvar per
# code unit, draws from it, and decodes the draw. Two pieces are new:
#
# * gradients must pass through a random draw. So draw $\varepsilon$ from a fixed distribution and compute
#   $z = \mu + \sigma\varepsilon$;
# * the distributions are pulled towards the standard normal by $\mathrm{KL} = \tfrac12(\mu^2 + \sigma^2 -
#   \log\sigma^2 - 1)$, so that the space between the codes is filled.
#
# By hand: μ = 1 and σ = 1 give (1 + 1 - 0 - 1)/2 = 0.5; μ = 0 and σ² = e give (e - 1 - 1)/2 = 0.359.
#
# <details><summary>Hint 1: from logvar to sigma</summary>
# logvar = log(sigma²). What is sigma?
# </details>
# <details><summary>Hint 2: which noise</summary>
# <code>torch.randn(shape, generator=..., dtype=...)</code>: one number per entry of mu.
# <code>randn_like</code> without a generator would draw from the global one.
# </details>
# <details><summary>Hint 3: keep the graph</summary>
# Neither <code>torch.normal(mu, sigma)</code> nor <code>.data</code> lets gradients through to mu and
# logvar.
# </details>

# %% task="reparameterize"
from solutions.autoencoder import reparameterize

# %% [markdown]
# <details><summary>Hint 1 for kl_gauss</summary>
# Compute the (N, K) table of the formula first, and check one entry by hand.
# </details>
# <details><summary>Hint 2</summary>
# Code units are independent: their divergences add up. Samples are averaged.
# </details>
# <details><summary>Hint 3</summary>
# If yours is negative, look at the sign; if it is too small by the number of code units, at the mean.
# </details>

# %% task="kl_gauss"
from solutions.autoencoder import kl_gauss

# %% [markdown]
# **Predict, then run.** You want draws with mean 2 and standard deviation 3. Which logvar has to be passed? Of five
# thousand such draws, which share is above 5?

# %% scratch=True
my_guess = {"logvar": ..., "share above 5": ...}

# %%
logvar_of_three = torch.tensor(9.0).log()
draws = reparameterize(torch.full((5000, 1), 2.0), logvar_of_three.expand(5000, 1), g)
print(f"my guess: {my_guess}")
print(
    f"truth: logvar {logvar_of_three:.2f}; normal draws are above 5 in 16 %, yours in {(draws > 5).double().mean():.0%}"
)
print(f"your draws have the mean {draws.mean():.2f} and the standard deviation {draws.std():.2f}")


# %%
class VAE(nn.Module):
    """64 pixels, a normal distribution over 2 code units, 64 logits; returns (logits, mu, logvar)."""

    def __init__(self, generator):
        super().__init__()
        self.generator = generator
        self.body = nn.Sequential(nn.Linear(64, 32), nn.Tanh())
        self.mu, self.logvar = nn.Linear(32, 2), nn.Linear(32, 2)
        self.decoder = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 64))

    def forward(self, batch):
        hidden = self.body(batch)
        mu, logvar = self.mu(hidden), self.logvar(hidden)
        return self.decoder(reparameterize(mu, logvar, self.generator)), mu, logvar


def negative_bound(output, target):
    """The negative evidence lower bound, mean over the batch: reconstruction plus divergence."""
    z_logits, mu, logvar = output
    return reconstruction_loss(z_logits, target, kind="bce", reduction="sample") + kl_gauss(mu, logvar)


torch.manual_seed(5)
vae = VAE(g)
bounds = train_autoencoder(vae, x, batches(1500, 64, g), negative_bound, lr=0.01)
print(f"negative bound per image: {bounds[0]:.1f} before, {sum(bounds[-50:]) / 50:.1f} after training")

# %%
steps = torch.linspace(-1.6, 1.6, 8)
with torch.no_grad():
    walk = [torch.sigmoid(vae.decoder(torch.stack([torch.full((8,), a), steps], dim=1))) for a in steps]
    show(walk, [f"{a:.1f}" for a in steps])

# %% [markdown]
# <details><summary>Figure in words</summary>
#
# Latent walk, 8 x 8 images decoded from a grid of codes. The spot wanders gradually over the
# picture as the two code numbers change; neighbouring codes give neighbouring positions, and every code
# gives one clean spot.
#
# </details>
#
# **Do not trust this picture, nor the bound.** If sigma is exp(logvar), or the divergence is averaged over the code,
# the walk is as clean as this one, and the bound that you are told is even lower: it is computed with the wrong
# formula itself. A picture shows what the decoder makes of codes that *we* have chosen, and a decoder that got too
# little noise while it learned paints all the sharper. What tells is measured from outside. The next cell draws from
# the distributions that your encoder describes and measures their divergence; and it looks at how far the codes
# that *your* function draws are spread. Over all images they should look like the standard normal: spread about 1.

# %%
with torch.no_grad():
    hidden = vae.body(x)
    mu, logvar = vae.mu(hidden), vae.logvar(hidden)
    described = torch.distributions.Normal(mu, logvar.exp() ** 0.5)
    z = described.sample((200,))
    standard = torch.distributions.Normal(0.0, 1.0)
    measured = (described.log_prob(z) - standard.log_prob(z)).sum(dim=2).mean()
    spread = reparameterize(mu, logvar, g).std(dim=0)
print(f"your divergence {kl_gauss(mu, logvar):.2f}, measured {measured:.2f}")
print(f"spread of the drawn codes {spread[0]:.2f} and {spread[1]:.2f}, expected about 1")

# %% [markdown]
# | | bound that is told | your divergence | measured | spread of z |
# | --- | --- | --- | --- | --- |
# | right | 17.4 | 2.3 | 2.3 | 1.0 |
# | sigma = exp(logvar) | 16.1 | 1.5 | 1.5 | 0.7 |
# | divergence averaged over the code | 16.1 | 1.5 | 3.0 | 1.0 |
# | divergence summed over the batch | 21.7 | 0.0 | 0.0 | 1.0 |
#
# The numbers differ a little from machine to machine. The second row betrays itself by the spread alone, the third
# by the two divergences. In the last one the divergence weighs so much that the code says nothing any more: that is
# the one mistake of the three which the walk shows, too, as 64 times the same image.
#
# ## 10. Bug hunt
#
# The function below is wrong, although it passes most tests that people write. Find an *input* on which
# it differs from your `reconstruction_loss(..., kind="bce")`. You do not have to repair it: return the
# input. The judge runs both on it.


# %% leak="the bug hunt shows this wrong implementation, which the judge holds too"
def naive_bce(logits, x):
    """Binary cross-entropy, the mean over all entries: right on paper, wrong on a computer."""
    s = torch.sigmoid(logits)
    return (-x * torch.log(s) - (1 - x) * torch.log(1 - s)).mean()


z = torch.tensor([[0.5, -2.0]])
t = torch.tensor([[1.0, 0.0]])
print(naive_bce(z, t), reconstruction_loss(z, t, kind="bce"))  # no difference here

# %% [markdown]
# <details><summary>Hint 1</summary>
# The picture of section 4 has shown it already.
# </details>
# <details><summary>Hint 2</summary>
# For which logits does 1 - s(z) lose all its digits?
# </details>
# <details><summary>Hint 3</summary>
# One entry is enough. Mind which of the two logarithms your target x switches on.
# </details>

# %% task="bug_hunt"
from solutions.autoencoder import bug_hunt

# %%
found = bug_hunt()
print(naive_bce(*found), reconstruction_loss(*found, kind="bce"))

# %% [markdown]
# ## 11. Bonus: contraction, and one matrix for both ways
#
# A *contractive* autoencoder is told that its code should hardly move when the input moves: the penalty
# is the squared Frobenius norm of the Jacobian of the encoder. For one sigmoid layer it has a closed
# form. By hand: h = 0.5 has slope 0.25; with weights (4, 8) the Jacobian is (1, 2) and the penalty 5.

# %% task="contractive_penalty"
from solutions.autoencoder import contractive_penalty

# %%
w = torch.randn(3, 5, generator=g)
point = torch.randn(5, generator=g)
jacobian = torch.autograd.functional.jacobian(lambda v: torch.sigmoid(w @ v), point)
print((jacobian**2).sum(), contractive_penalty(torch.sigmoid(w @ point)[None], w))

# %% [markdown]
# In a *tied* autoencoder the decoder uses the transpose of the encoder's matrix. It has half the
# parameters, and its matrix gets gradient on two paths: autograd adds them up, if you let it.

# %% task="TiedAutoencoder"
from solutions.autoencoder import TiedAutoencoder

# %%
torch.manual_seed(6)
tied = TiedAutoencoder(64, 16)
train_autoencoder(tied, x, batches(800, 64, g), nn.functional.mse_loss, lr=0.01)
filters = tied.weight.detach()
filters = (filters - filters.min()) / (filters.max() - filters.min())
show([filters[:8], filters[8:]], ["rows of W", ""])

# %% [markdown]
# <details><summary>Figure in words</summary>
#
# Sixteen rows of W as images: grainy light and dark regions at different places, the features that
# the code looks for.
#
# </details>
#
# ## 12. Real data: handwritten digits
#
# 1797 pictures of 8 x 8 pixels, of which 1400 are for training. They have more causes than two; let the code have
# eight numbers. Nobody tells the autoencoder which digit a picture shows.
#
# **Predict, then run.** How large is your autoencoder's error on the unseen pictures, as a share of PCA's with
# eight directions?

# %% scratch=True
my_guess = ...

# %%
from sklearn.datasets import load_digits

digits = torch.tensor(load_digits().data / 16, dtype=torch.float32)
order = torch.randperm(len(digits), generator=torch.Generator().manual_seed(0))
seen, unseen = digits[order[:1400]], digits[order[1400:]]
torch.manual_seed(7)
reader = Autoencoder([64, 64, 8], "relu")
rows = torch.randint(len(seen), (1500, 64), generator=torch.Generator().manual_seed(7))
train_autoencoder(reader, seen, rows, nn.functional.mse_loss, lr=0.003)
with torch.no_grad():
    by_pca = pca_reconstruction(unseen, 8)  # its directions even come from the unseen pictures
    by_code = reader(unseen)
share = (((by_code - unseen) ** 2).mean() / ((by_pca - unseen) ** 2).mean()).item()
print(f"my guess: {my_guess}, yours: {share:.0%}")
show([unseen[:8], by_pca[:8], by_code[:8]], ["x", "PCA, k = 8", "yours"])

# %% [markdown]
# <details><summary>Figure in words</summary>
#
# A row of handwritten digits, and below it two rows of reconstructions. Those of PCA are blurred, with grey shadows
# beside the strokes. Those of the autoencoder have a darker background and clearer strokes.
#
# </details>
#
# ## To take along
#
# * A code is judged by what can be rebuilt from it, and PCA says how good a linear one can be.
# * Noise goes on the input, never on the target.
# * State what a loss sums and what it averages: the balance of two terms hangs on it, and no picture shows it.
#
# **Next unit:** `gan`, another way to make new samples. A question on the way: the error of a *new* image is large
# if it is unlike the training images. How would you find faulty parts on a production line with that?
