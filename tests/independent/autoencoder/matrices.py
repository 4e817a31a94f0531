"""The unit ``autoencoder`` solved with matrix products, loops over layers, and torch.linalg."""

import math

import torch
from torch import nn


class Autoencoder(nn.Module):
    """One ModuleDict for both halves; the activation is looked up in torch."""

    def __init__(self, sizes, activation="relu"):
        super().__init__()
        if activation not in ("relu", "tanh", "sigmoid", "identity"):
            raise ValueError("activation")
        self.bend = nn.Identity() if activation == "identity" else getattr(torch, activation)
        halves = {"down": sizes, "up": list(reversed(sizes))}
        self.halves = nn.ModuleDict(
            {
                name: nn.ModuleList(nn.Linear(half[i], half[i + 1]) for i in range(len(half) - 1))
                for name, half in halves.items()
            }
        )

    def through(self, name, x):
        """One half; the bend comes before each layer but the first."""
        for number, layer in enumerate(self.halves[name]):
            x = layer(self.bend(x) if number else x)
        return x

    def encode(self, x):
        return self.through("down", x)

    def decode(self, h):
        return self.through("up", h)

    def forward(self, x):
        return self.through("up", self.encode(x))


def reconstruction_loss(x_hat, x, kind="mse", reduction="mean"):
    """By the logarithm of the sigmoid, and the divisor from a table."""
    if tuple(x_hat.shape) != tuple(x.shape):
        raise ValueError("shapes")
    divisors = {"mean": x.numel(), "sum": 1, "sample": x.shape[0]}
    if kind not in ("mse", "bce") or reduction not in divisors:
        raise ValueError("kind or reduction")
    if kind == "mse":
        total = torch.linalg.vector_norm(x_hat - x) ** 2
    else:
        on, off = nn.functional.logsigmoid(x_hat), nn.functional.logsigmoid(-x_hat)
        total = -(x * on + (1 - x) * off).sum()
    return total / divisors[reduction]


def corrupt(x, kind, level, generator):
    """A permutation of signs and uniform numbers of the input's dtype."""
    if level < 0 or kind not in ("gaussian", "masking", "salt_pepper"):
        raise ValueError("kind or level")
    if kind != "gaussian" and level > 1:
        raise ValueError("level")
    if kind == "gaussian":
        return torch.normal(torch.zeros_like(x), 1.0, generator=generator) * level + x
    hit = torch.bernoulli(torch.full_like(x, level), generator=generator).bool()
    if kind == "masking":
        return x.masked_fill(hit, 0.0)
    high = torch.randint(0, 2, x.shape, generator=generator).bool()
    return x.masked_fill(hit & high, x.max().item()).masked_fill(hit & ~high, x.min().item())


def denoising_loss(model, x, corruption, loss):
    """In three lines."""
    damaged = corruption(x)
    repaired = model(damaged)
    return loss(repaired, x)


def kl_sparsity(rho, rho_hat):
    """Unit by unit."""
    total = torch.zeros((), dtype=rho_hat.dtype)
    for q in rho_hat.clip(1e-6, 1 - 1e-6):
        total = total + rho * (math.log(rho) - q.log())
        total = total + (1 - rho) * (math.log(1 - rho) - (1 - q).log())
    return total


def sparse_loss(reconstruction, h, rho, beta, divergence):
    """The mean as a product with a row of ones."""
    means = torch.ones(len(h), dtype=h.dtype) @ h / len(h)
    return reconstruction + divergence(rho, means) * beta


def reparameterize(mu, logvar, generator):
    """With torch.normal on what needs no gradient."""
    noise = torch.normal(torch.zeros_like(mu.detach()), 1.0, generator=generator)
    return torch.addcmul(mu, torch.exp(logvar * 0.5), noise)


def kl_gauss(mu, logvar):
    """Four sums."""
    sums = (mu * mu).sum() + logvar.exp().sum() - logvar.sum() - mu.numel()
    return 0.5 * sums / mu.size(0)


def pca_reconstruction(x, k):
    """A projector, built from the eigenvectors."""
    if not 0 < k <= min(x.size(0), x.size(1)):
        raise ValueError("k")
    centred = x - x.mean(0)
    values, vectors = torch.linalg.eigh(centred.T @ centred)
    top = vectors[:, values.argsort(descending=True)[:k]]
    return centred @ (top @ top.T) + x.mean(0)


def train_autoencoder(model, x, rows, loss, lr, corruption=None):
    """By number, with a closure for Adam."""
    optimizer = torch.optim.Adam(model.parameters(), lr)

    def taken(batch):
        optimizer.zero_grad()
        value = loss(model(batch if corruption is None else corruption(batch)), batch)
        value.backward()
        return value

    return [float(optimizer.step(lambda batch=x[row]: taken(batch)).detach()) for row in rows]


def bug_hunt():
    """Both signs at once, in double precision."""
    return torch.tensor([40.0, -800.0], dtype=torch.float64), torch.tensor([0.0, 1.0], dtype=torch.float64)


def contractive_penalty(h, weight):
    """The Jacobian of each sample, written out."""
    jacobians = [torch.diag(row - row**2) @ weight for row in h]
    return torch.stack([torch.linalg.matrix_norm(jacobian) ** 2 for jacobian in jacobians]).mean()


class TiedAutoencoder(nn.Module):
    """With addmm."""

    def __init__(self, inputs, units):
        super().__init__()
        self.weight = nn.Parameter(torch.normal(0.0, 1 / math.sqrt(inputs), (units, inputs)))
        self.encoder_bias = nn.Parameter(torch.zeros(units))
        self.decoder_bias = nn.Parameter(torch.zeros(inputs))

    def encode(self, x):
        return torch.addmm(self.encoder_bias, x, self.weight.T).sigmoid()

    def decode(self, h):
        return torch.addmm(self.decoder_bias, h, self.weight)

    def forward(self, x):
        return self.decode(self.encode(x))


SLIPS = {
    "activation_at_the_end": [
        ("x = layer(self.bend(x) if number else x)", "x = self.bend(layer(x))"),
        ("for number, layer in enumerate(self.halves[name])", "for layer in self.halves[name]"),
    ],
    "decoder_gets_the_input": [
        ('return self.through("up", self.encode(x))', 'return x + self.through("up", self.encode(x))'),
    ],
    "always_relu": [
        (
            'self.bend = nn.Identity() if activation == "identity" else getattr(torch, activation)',
            "self.bend = nn.ReLU()",
        ),
    ],
    "logarithm_of_sigmoid": [
        (
            "on, off = nn.functional.logsigmoid(x_hat), nn.functional.logsigmoid(-x_hat)",
            "on, off = torch.sigmoid(x_hat).log(), (1 - torch.sigmoid(x_hat)).log()",
        ),
    ],
    "logarithm_of_logits": [
        (
            "on, off = nn.functional.logsigmoid(x_hat), nn.functional.logsigmoid(-x_hat)",
            "on, off = torch.log(x_hat + 1e-8), torch.log(1 - x_hat + 1e-8)",
        ),
    ],
    "sigmoid_before_logits": [
        ("        on, off =", "        x_hat = torch.sigmoid(x_hat)\n        on, off ="),
    ],
    "sample_averages_features": [
        ('"sample": x.shape[0]}', '"sample": x.shape[0] * x.shape[1]}'),
    ],
    "shapes_broadcast": [
        ('    if tuple(x_hat.shape) != tuple(x.shape):\n        raise ValueError("shapes")\n', ""),
    ],
    "data_not_centred": [
        ("    centred = x - x.mean(0)\n", "    centred = x\n"),
        ("return centred @ (top @ top.T) + x.mean(0)", "return centred @ (top @ top.T)"),
    ],
    "mean_not_restored": [
        ("return centred @ (top @ top.T) + x.mean(0)", "return centred @ (top @ top.T)"),
    ],
    "gradients_pile_up": [
        ("        optimizer.zero_grad()\n", ""),
    ],
    "new_optimizer_each_step": [
        ("[float(optimizer.step(", "[float(torch.optim.Adam(model.parameters(), lr).step("),
    ],
    "loss_after_the_update": [
        (
            "    return [float(optimizer.step(lambda batch=x[row]: taken(batch)).detach()) "
            "for row in rows]\n",
            "    losses = []\n    for row in rows:\n"
            "        optimizer.step(lambda batch=x[row]: taken(batch))\n"
            "        losses.append(taken(x[row]).item())\n    return losses\n",
        ),
    ],
    "trains_against_noise": [
        (
            "        value = loss(model(batch if corruption is None else corruption(batch)), batch)\n",
            "        if corruption is not None:\n            batch = corruption(batch)\n"
            "        value = loss(model(batch), batch)\n",
        ),
    ],
    "noise_drawn_once": [
        (
            "    def taken(batch):\n",
            "    noisy = corruption(x) if corruption else x\n\n    def taken(batch, seen):\n",
        ),
        (
            "loss(model(batch if corruption is None else corruption(batch)), batch)",
            "loss(model(seen), batch)",
        ),
        ("lambda batch=x[row]: taken(batch)", "lambda row=row: taken(x[row], noisy[row])"),
    ],
    "trains_decoder_only": [
        ("Adam(model.parameters(), lr)", "Adam(list(model.parameters())[2:], lr)"),
    ],
    "mask_inverted": [
        ("x.masked_fill(hit, 0.0)", "x.masked_fill(~hit, 0.0)"),
    ],
    "masking_scales_up": [
        ("x.masked_fill(hit, 0.0)", "x.masked_fill(hit, 0.0) / (1 - level)"),
    ],
    "level_as_variance": [
        ("1.0, generator=generator) * level + x", "1.0, generator=generator) * math.sqrt(level) + x"),
    ],
    "writes_into_its_input": [
        ("x.masked_fill(hit, 0.0)", "x.masked_fill_(hit, 0.0)"),
    ],
    "global_noise": [
        (
            "torch.normal(torch.zeros_like(x), 1.0, generator=generator)",
            "torch.normal(torch.zeros_like(x), 1.0)",
        ),
    ],
    "zero_for_smallest": [
        ("masked_fill(hit & high, x.max().item())", "masked_fill(hit & high, 1.0)"),
        ("masked_fill(hit & ~high, x.min().item())", "masked_fill(hit & ~high, 0.0)"),
    ],
    "compares_with_noise": [
        ("return loss(repaired, x)", "return loss(repaired, damaged)"),
    ],
    "corrupts_in_vain": [
        ("repaired = model(damaged)", "repaired = model(x)"),
    ],
    "divergence_turned_round": [
        (
            "total = total + rho * (math.log(rho) - q.log())",
            "total = total + q * (q.log() - math.log(rho))",
        ),
        (
            "(1 - rho) * (math.log(1 - rho) - (1 - q).log())",
            "(1 - q) * ((1 - q).log() - math.log(1 - rho))",
        ),
    ],
    "no_clipping": [
        ("rho_hat.clip(1e-6, 1 - 1e-6)", "rho_hat"),
    ],
    "averages_units": [
        ("    return total\n", "    return total / len(rho_hat)\n"),
    ],
    "mean_over_units": [
        (
            "torch.ones(len(h), dtype=h.dtype) @ h / len(h)",
            "h @ torch.ones(h.shape[1], dtype=h.dtype) / h.shape[1]",
        ),
    ],
    "penalty_without_weight": [
        ("divergence(rho, means) * beta", "divergence(rho, means)"),
    ],
    "variance_for_deviation": [
        ("torch.exp(logvar * 0.5)", "torch.exp(logvar)"),
    ],
    "draw_without_mean": [
        ("torch.addcmul(mu, torch.exp(logvar * 0.5), noise)", "torch.exp(logvar * 0.5) * noise"),
    ],
    "draw_without_gradient": [
        (
            "    noise = torch.normal(torch.zeros_like(mu.detach()), 1.0, generator=generator)\n",
            "    deviation = torch.exp(logvar * 0.5)\n",
        ),
        (
            "torch.addcmul(mu, torch.exp(logvar * 0.5), noise)",
            "torch.normal(mu, deviation, generator=generator)",
        ),
    ],
    "one_noise_for_all": [
        ("torch.zeros_like(mu.detach())", "torch.zeros_like(mu[:1].detach())"),
    ],
    "divergence_sign": [
        ("return 0.5 * sums /", "return -0.5 * sums /"),
    ],
    "sums_over_batch": [
        ("0.5 * sums / mu.size(0)", "0.5 * sums"),
    ],
    "averages_code_units": [
        ("0.5 * sums / mu.size(0)", "0.5 * sums / mu.numel()"),
    ],
    "deviation_for_variance": [
        ("logvar.exp().sum() - logvar.sum()", "(logvar.exp() ** 2).sum() - 2 * logvar.sum()"),
    ],
    "penalty_summed_over_batch": [
        ("for jacobian in jacobians]).mean()", "for jacobian in jacobians]).sum()"),
    ],
    "decoder_detached": [
        (
            "torch.addmm(self.decoder_bias, h, self.weight)",
            "torch.addmm(self.decoder_bias, h, self.weight.detach())",
        ),
    ],
    "no_sigmoid": [
        (
            "torch.addmm(self.encoder_bias, x, self.weight.T).sigmoid()",
            "torch.addmm(self.encoder_bias, x, self.weight.T)",
        ),
    ],
}
