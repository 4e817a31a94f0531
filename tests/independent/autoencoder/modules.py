"""The unit ``autoencoder`` solved with what torch.nn and torch.distributions bring along."""

import torch
from torch import nn
from torch.distributions import Bernoulli, Normal, kl_divergence

BENDS = {"relu": nn.ReLU(), "tanh": nn.Tanh(), "sigmoid": nn.Sigmoid(), "identity": nn.Identity()}


class Stack(nn.Module):
    """A half, made from its last layer inwards."""

    def __init__(self, sizes, bend):
        super().__init__()
        self.last = nn.Linear(sizes[-2], sizes[-1])
        self.before = Stack(sizes[:-1], bend) if len(sizes) > 2 else None
        self.bend = bend

    def forward(self, x):
        return self.last(x if self.before is None else self.bend(self.before(x)))


class Autoencoder(nn.Module):
    """Two halves that are made alike."""

    def __init__(self, sizes, activation="relu"):
        super().__init__()
        try:
            bend = BENDS[activation]
        except KeyError as error:
            raise ValueError(f"no activation {activation}") from error
        self.encode_half, self.decode_half = Stack(list(sizes), bend), Stack(list(sizes)[::-1], bend)

    def encode(self, x):
        return self.encode_half(x)

    def decode(self, h):
        return self.decode_half(h)

    def forward(self, x):
        return self.decode_half(self.encode_half(x))


def reconstruction_loss(x_hat, x, kind="mse", reduction="mean"):
    """The modules of torch.nn, and a weight."""
    kinds = {"mse": nn.MSELoss, "bce": nn.BCEWithLogitsLoss}
    if x_hat.shape != x.shape or kind not in kinds or reduction not in ("mean", "sum", "sample"):
        raise ValueError("not to be compared")
    entries = kinds[kind](reduction="none")(x_hat, x)
    if reduction == "sample":
        return entries.flatten(1).sum(1).mean(0)
    return getattr(entries, reduction)()


def corrupt(x, kind, level, generator):
    """A mask from sorted cases."""
    if level < 0:
        raise ValueError("negative")
    match kind:
        case "gaussian":
            return x + torch.empty(x.shape, dtype=x.dtype).normal_(0, 1, generator=generator) * level
        case "masking" | "salt_pepper" if level <= 1:
            chance = torch.empty(x.shape).uniform_(generator=generator)
        case _:
            raise ValueError("no such corruption")
    if kind == "masking":
        return x * (chance >= level)
    noisy = torch.where(chance < level, x.max(), x)
    return torch.where(chance < level / 2, x.min(), noisy)


def denoising_loss(model, x, corruption, loss):
    """The target as a keyword of a lambda."""
    return (lambda seen, target: loss(model(seen), target))(corruption(x), target=x)


def kl_sparsity(rho, rho_hat):
    """Two Bernoulli variables."""
    observed = torch.clamp(rho_hat, min=1e-6, max=1 - 1e-6)
    return kl_divergence(Bernoulli(torch.full_like(observed, rho)), Bernoulli(observed)).sum()


def sparse_loss(reconstruction, h, rho, beta, divergence):
    """With einsum."""
    return reconstruction + beta * divergence(rho, torch.einsum("nk->k", h) / h.shape[0])


def reparameterize(mu, logvar, generator):
    """One column after the other."""
    columns = []
    for m, v in zip(mu.T, logvar.T, strict=True):
        columns.append(m + v.exp().sqrt() * torch.randn(len(m), generator=generator, dtype=m.dtype))
    return torch.stack(columns, dim=1)


def kl_gauss(mu, logvar):
    """Two normal variables."""
    return kl_divergence(Normal(mu, logvar.exp().sqrt()), Normal(0.0, 1.0)).sum(dim=-1).mean()


def pca_reconstruction(x, k):
    """One direction after the other: what is left is projected again."""
    if k < 1 or k > min(x.shape):
        raise ValueError("k")
    mean = x.mean(dim=0, keepdim=True)
    left, rebuilt = x - mean, torch.zeros_like(x)
    for _ in range(k):
        direction = torch.linalg.svd(left, full_matrices=False).Vh[0]
        part = torch.outer(left @ direction, direction)
        left, rebuilt = left - part, rebuilt + part
    return rebuilt + mean


def train_autoencoder(model, x, rows, loss, lr, corruption=None):
    """Gradients by torch.autograd.grad."""
    weights = list(model.parameters())
    adam, losses = torch.optim.Adam(weights, lr=lr), []
    noisy = corruption or (lambda batch: batch)
    for row in rows.tolist():
        value = loss(model(noisy(x[row])), x[row])
        for weight, gradient in zip(weights, torch.autograd.grad(value, weights), strict=True):
            weight.grad = gradient
        adam.step()
        losses += [value.item()]
    return losses


def bug_hunt():
    """A single number, in single precision."""
    return torch.tensor(-200.0), torch.tensor(1.0)


def contractive_penalty(h, weight):
    """A product of norms."""
    return (((h - h * h) ** 2) * weight.norm(dim=1) ** 2).sum(dim=1).mean()


class TiedAutoencoder(nn.Module):
    """The biases in one loop."""

    def __init__(self, inputs, units):
        super().__init__()
        self.register_parameter("weight", nn.Parameter(inputs**-0.5 * torch.randn(units, inputs)))
        for name, size in (("encoder_bias", units), ("decoder_bias", inputs)):
            self.register_parameter(name, nn.Parameter(torch.zeros(size)))

    def encode(self, x):
        return 1 / (1 + torch.exp(-(x @ self.weight.mT) - self.encoder_bias))

    def decode(self, h):
        return torch.einsum("nk,kd->nd", h, self.weight) + self.decoder_bias

    def forward(self, x):
        return self.decode(self.encode(x))


SLIPS = {}
