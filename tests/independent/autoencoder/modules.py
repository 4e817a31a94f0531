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


SLIPS = {
    "activation_at_the_end": [
        (
            "return self.last(x if self.before is None else self.bend(self.before(x)))",
            "return self.bend(self.last(x if self.before is None else self.before(x)))",
        ),
    ],
    "decoder_gets_the_input": [
        ("self.decode_half(self.encode_half(x))", "self.decode_half(self.encode_half(x)) + x"),
    ],
    "always_relu": [
        ("        self.bend = bend\n", "        self.bend = nn.ReLU()\n"),
    ],
    "logarithm_of_sigmoid": [
        (
            '    entries = kinds[kind](reduction="none")(x_hat, x)\n',
            '    if kind == "bce":\n        p = torch.sigmoid(x_hat)\n'
            "        entries = -torch.log(p) * x - torch.log(1 - p) * (1 - x)\n    else:\n"
            '        entries = kinds[kind](reduction="none")(x_hat, x)\n',
        ),
    ],
    "logits_refused": [
        ("nn.BCEWithLogitsLoss", "nn.BCELoss"),
    ],
    "sigmoid_before_logits": [
        (
            "    entries = kinds[kind]",
            '    x_hat = nn.Sigmoid()(x_hat) if kind == "bce" else x_hat\n    entries = kinds[kind]',
        ),
    ],
    "sample_averages_features": [
        ("entries.flatten(1).sum(1).mean(0)", "entries.flatten(1).mean(1).mean(0)"),
    ],
    "shapes_broadcast": [
        ("if x_hat.shape != x.shape or kind not", "if kind not"),
    ],
    "data_not_centred": [
        ("left, rebuilt = x - mean, torch", "left, rebuilt = x, torch"),
        ("return rebuilt + mean", "return rebuilt"),
    ],
    "mean_not_restored": [
        ("return rebuilt + mean", "return rebuilt"),
    ],
    "new_optimizer_each_step": [
        ("    adam, losses = torch.optim.Adam(weights, lr=lr), []\n", "    losses = []\n"),
        ("        adam.step()\n", "        torch.optim.Adam(weights, lr=lr).step()\n"),
    ],
    "loss_after_the_update": [
        (
            "        value = loss(model(noisy(x[row])), x[row])\n",
            "        seen = noisy(x[row])\n        value = loss(model(seen), x[row])\n",
        ),
        ("losses += [value.item()]", "losses += [loss(model(seen), x[row]).item()]"),
    ],
    "trains_against_noise": [
        (
            "        value = loss(model(noisy(x[row])), x[row])\n",
            "        batch = noisy(x[row])\n        value = loss(model(batch), batch)\n",
        ),
    ],
    "noise_drawn_once": [
        (
            "    noisy = corruption or (lambda batch: batch)\n",
            "    noisy = corruption(x) if corruption else x\n",
        ),
        ("loss(model(noisy(x[row])), x[row])", "loss(model(noisy[row]), x[row])"),
    ],
    "trains_decoder_only": [
        ("weights = list(model.parameters())", "weights = list(model.parameters())[2:]"),
    ],
    "mask_inverted": [
        ("x * (chance >= level)", "x * (chance < level)"),
    ],
    "masking_scales_up": [
        ("x * (chance >= level)", "x * (chance >= level) / (1 - level)"),
    ],
    "level_as_variance": [
        ("normal_(0, 1, generator=generator) * level", "normal_(0, level**0.5, generator=generator)"),
    ],
    "writes_into_its_input": [
        ("        return x * (chance >= level)\n", "        x *= chance >= level\n        return x\n"),
    ],
    "global_noise": [
        ("normal_(0, 1, generator=generator)", "normal_(0, 1)"),
    ],
    "zero_for_smallest": [
        ("torch.where(chance < level, x.max(), x)", "torch.where(chance < level, torch.ones_like(x), x)"),
        (
            "torch.where(chance < level / 2, x.min(), noisy)",
            "torch.where(chance < level / 2, torch.zeros_like(x), noisy)",
        ),
    ],
    "compares_with_noise": [
        (
            "loss(model(seen), target))(corruption(x), target=x)",
            "loss(model(seen), target))(*[corruption(x)] * 2)",
        ),
    ],
    "model_sees_clean": [
        ("loss(model(seen), target))(corruption(x), target=x)", "loss(model(seen), target))(x, target=x)"),
    ],
    "divergence_turned_round": [
        (
            "kl_divergence(Bernoulli(torch.full_like(observed, rho)), Bernoulli(observed))",
            "kl_divergence(Bernoulli(observed), Bernoulli(torch.full_like(observed, rho)))",
        ),
    ],
    "no_clipping": [
        ("observed = torch.clamp(rho_hat, min=1e-6, max=1 - 1e-6)", "observed = rho_hat"),
    ],
    "averages_units": [
        ("rho)), Bernoulli(observed)).sum()", "rho)), Bernoulli(observed)).mean()"),
    ],
    "mean_over_units": [
        ('torch.einsum("nk->k", h) / h.shape[0]', 'torch.einsum("nk->n", h) / h.shape[1]'),
    ],
    "penalty_without_weight": [
        ("reconstruction + beta * divergence", "reconstruction + divergence"),
    ],
    "variance_for_deviation": [
        ("columns.append(m + v.exp().sqrt() *", "columns.append(m + v.exp() *"),
    ],
    "draw_without_mean": [
        ("columns.append(m + v.exp", "columns.append(v.exp"),
    ],
    "draw_without_gradient": [
        (
            "columns.append(m + v.exp().sqrt() * torch.randn(len(m), generator=generator, dtype=m.dtype))",
            "columns.append(torch.normal(m, v.exp().sqrt(), generator=generator))",
        ),
    ],
    "one_noise_for_all": [
        ("torch.randn(len(m), generator", "torch.randn(1, generator"),
    ],
    "divergence_sign": [
        ("return kl_divergence(Normal(mu", "return -kl_divergence(Normal(mu"),
    ],
    "sums_over_batch": [
        ("Normal(0.0, 1.0)).sum(dim=-1).mean()", "Normal(0.0, 1.0)).sum()"),
    ],
    "averages_code_units": [
        ("Normal(0.0, 1.0)).sum(dim=-1).mean()", "Normal(0.0, 1.0)).mean()"),
    ],
    "deviation_for_variance": [
        ("Normal(mu, logvar.exp().sqrt())", "Normal(mu, logvar.exp())"),
    ],
    "slope_not_squared": [
        ("((h - h * h) ** 2)", "(h - h * h)"),
    ],
    "penalty_summed_over_batch": [
        ("** 2).sum(dim=1).mean()", "** 2).sum()"),
    ],
    "decoder_detached": [
        ('torch.einsum("nk,kd->nd", h, self.weight)', 'torch.einsum("nk,kd->nd", h, self.weight.detach())'),
    ],
    "no_sigmoid": [
        (
            "1 / (1 + torch.exp(-(x @ self.weight.mT) - self.encoder_bias))",
            "x @ self.weight.mT + self.encoder_bias",
        ),
    ],
}
