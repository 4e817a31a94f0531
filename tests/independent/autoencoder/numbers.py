"""The unit ``autoencoder`` solved sample by sample, and with functions of one's own."""

import itertools

import torch
from torch import nn
from torch.nn import functional


def pairs(sizes):
    """Neighbours."""
    return list(itertools.pairwise(sizes))


class Autoencoder(nn.Module):
    """All layers in one list; the decoder begins in its middle."""

    def __init__(self, sizes, activation="relu"):
        super().__init__()
        bends = {
            "relu": lambda x: x.clamp(min=0),
            "tanh": torch.tanh,
            "sigmoid": torch.sigmoid,
            "identity": torch.clone,
        }
        if bends.get(activation) is None:
            raise ValueError(f"{activation} bends nothing")
        self.bend = bends[activation]
        self.depth = len(sizes) - 1
        self.layers = nn.ModuleList(nn.Linear(*pair) for pair in pairs(sizes) + pairs(sizes[::-1]))

    def between(self, x, first, last):
        """Through some of the layers."""
        for k in range(first, last):
            x = self.layers[k](x)
            if k < last - 1:
                x = self.bend(x)
        return x

    def encode(self, x):
        return self.between(x, 0, self.depth)

    def decode(self, h):
        return self.between(h, self.depth, 2 * self.depth)

    def forward(self, x):
        return self.decode(self.encode(x))


def squares(x_hat, x):
    """Of the differences."""
    return torch.pow(x - x_hat, 2)


def cross_entropies(z, x):
    """Without a large exponential."""
    return torch.relu(z) - z * x + torch.log1p((-z.abs()).exp())


def reconstruction_loss(x_hat, x, kind="mse", reduction="mean"):
    """One sum for each sample."""
    if list(x_hat.shape) != list(x.shape):
        raise ValueError("one shape")
    try:
        entries = {"mse": squares, "bce": cross_entropies}[kind]
        finish = {"mean": lambda s: s.mean() / x[0].numel(), "sum": torch.sum, "sample": torch.mean}[
            reduction
        ]
    except KeyError as error:
        raise ValueError(str(error)) from error
    return finish(torch.stack([entries(mine, yours).sum() for mine, yours in zip(x_hat, x, strict=True)]))


def chances(like, generator):
    """Uniform numbers."""
    return torch.rand(like.shape, generator=generator, dtype=torch.float64)


def corrupt(x, kind, level, generator):
    """By positions in a flat copy."""
    if kind not in {"gaussian", "masking", "salt_pepper"}:
        raise ValueError("kind")
    if not 0 <= level <= (1 if kind != "gaussian" else float("inf")):
        raise ValueError("level")
    noisy = x.clone().flatten()
    if kind == "gaussian":
        for n in range(len(noisy)):
            noisy[n] += torch.normal(0.0, float(level), (), generator=generator)
        return noisy.view(x.shape)
    where = torch.nonzero(chances(noisy, generator) < level).flatten()
    if kind == "masking":
        noisy[where] = 0
    else:
        ends = torch.stack(torch.aminmax(x))
        noisy[where] = ends[torch.randint(2, where.shape, generator=generator)]
    return noisy.view(x.shape)


def denoising_loss(model, x, corruption, loss):
    """The arguments in a list."""
    arguments = [model(corruption(x)), x]
    return loss(*arguments)


def entropy_against(p, q):
    """The cross entropy of two coins."""
    return -p * torch.log(q) - (1 - p) * torch.log(1 - q)


def kl_sparsity(rho, rho_hat):
    """Cross entropy minus entropy."""
    low = torch.full_like(rho_hat, 1e-6)
    q = torch.minimum(torch.maximum(rho_hat, low), 1 - low)
    p = torch.as_tensor(rho, dtype=q.dtype)
    return torch.sum(entropy_against(p, q)) - len(q) * entropy_against(p, p)


def sparse_loss(reconstruction, h, rho, beta, divergence):
    """The sum of rows, divided."""
    activity = sum(row for row in h) / len(h)
    return reconstruction + torch.mul(divergence(rho, activity), beta)


def reparameterize(mu, logvar, generator):
    """In place, on fresh numbers."""
    z = torch.empty(mu.shape, dtype=mu.dtype).normal_(generator=generator)
    return z * torch.exp(logvar).pow(0.5) + mu


def kl_gauss(mu, logvar):
    """The variance first."""
    variance = logvar.exp()
    each = [-0.5 * torch.sum(1 + lv - m * m - var) for m, lv, var in zip(mu, logvar, variance, strict=True)]
    return sum(each) / len(each)


def pca_reconstruction(x, k):
    """From the small matrix of products of samples."""
    n, d = x.shape
    if k not in range(1, min(n, d) + 1):
        raise ValueError("k directions there are not")
    mean = torch.sum(x, 0) / n
    away = x - mean
    left = torch.linalg.svd(away)[0][:, :k]
    return left @ (left.T @ away) + mean


def train_autoencoder(model, x, rows, loss, lr, corruption=None):
    """Batches first come from a generator."""

    def batches():
        for row in rows:
            clean = x[row]
            yield (clean if corruption is None else corruption(clean)), clean

    adam = torch.optim.Adam(list(model.parameters()), lr=lr)
    losses = []
    for seen, clean in batches():
        model.zero_grad()
        value = loss(model(seen), clean)
        losses.append(float(value))
        value.backward()
        adam.step()
    return losses


def bug_hunt():
    """Four logits, one of which is too large."""
    return torch.tensor([[0.5, -0.5], [150.0, 0.0]]), torch.zeros(2, 2)


def contractive_penalty(h, weight):
    """Unit by unit."""
    total = 0.0
    for column, row in zip(h.T, weight, strict=True):
        total = total + torch.dot(column * (1 - column), column * (1 - column)) * torch.dot(row, row)
    return total / h.shape[0]


class TiedAutoencoder(nn.Module):
    """With functional.linear and a transpose."""

    def __init__(self, inputs, units):
        super().__init__()
        start = torch.empty(units, inputs)
        nn.init.normal_(start, std=(1 / inputs) ** 0.5)
        self.weight, self.encoder_bias = nn.Parameter(start), nn.Parameter(torch.zeros(units))
        self.decoder_bias = nn.Parameter(torch.zeros(inputs))

    def encode(self, x):
        return functional.sigmoid(functional.linear(x, self.weight, self.encoder_bias))

    def decode(self, h):
        return functional.linear(h, self.weight.t(), self.decoder_bias)

    def forward(self, x):
        return self.decode(self.encode(x))


SLIPS = {
    "activation_at_the_end": [
        (
            "            if k < last - 1:\n                x = self.bend(x)\n",
            "            x = self.bend(x)\n",
        ),
    ],
    "decoder_gets_the_input": [
        (
            "        return self.decode(self.encode(x))\n\n\ndef squares",
            "        return self.decode(self.encode(x)) + x\n\n\ndef squares",
        ),
    ],
    "always_relu": [
        ("self.bend = bends[activation]", "self.bend = torch.relu"),
    ],
    "logarithm_of_sigmoid": [
        (
            "    return torch.relu(z) - z * x + torch.log1p((-z.abs()).exp())\n",
            "    p = 1 / (1 + torch.exp(-z))\n    return -(x * p.log() + (1 - x) * (1 - p).log())\n",
        ),
    ],
    "logarithm_of_logits": [
        (
            "    return torch.relu(z) - z * x + torch.log1p((-z.abs()).exp())\n",
            "    return -(x * z.log() + (1 - x) * (1 - z).log())\n",
        ),
    ],
    "sigmoid_before_logits": [
        ("    return torch.relu(z) - z * x", "    z = z.sigmoid()\n    return torch.relu(z) - z * x"),
    ],
    "sample_averages_features": [
        ('"sample": torch.mean}', '"sample": lambda s: (s / x.shape[1]).mean()}'),
    ],
    "shapes_broadcast": [
        ('    if list(x_hat.shape) != list(x.shape):\n        raise ValueError("one shape")\n', ""),
    ],
    "data_not_centred": [
        ("    away = x - mean\n", "    away = x\n"),
        ("(left.T @ away) + mean", "(left.T @ away)"),
    ],
    "mean_not_restored": [
        ("(left.T @ away) + mean", "(left.T @ away)"),
    ],
    "gradients_pile_up": [
        ("        model.zero_grad()\n", ""),
    ],
    "new_optimizer_each_step": [
        ("    adam = torch.optim.Adam(list(model.parameters()), lr=lr)\n", ""),
        (
            "        model.zero_grad()\n",
            "        adam = torch.optim.Adam(list(model.parameters()), lr=lr)\n        model.zero_grad()\n",
        ),
    ],
    "loss_after_the_update": [
        ("        losses.append(float(value))\n", ""),
        (
            "        adam.step()\n",
            "        adam.step()\n        losses.append(float(loss(model(seen), clean)))\n",
        ),
    ],
    "trains_against_noise": [
        ("loss(model(seen), clean)", "loss(model(seen), seen)"),
    ],
    "noise_drawn_once": [
        (
            "        for row in rows:\n            clean = x[row]\n",
            "        noisy = x if corruption is None else corruption(x)\n        for row in rows:\n"
            "            clean = x[row]\n",
        ),
        ("yield (clean if corruption is None else corruption(clean)), clean", "yield noisy[row], clean"),
    ],
    "trains_decoder_only": [
        ("list(model.parameters())", "list(model.parameters())[2:]"),
    ],
    "mask_inverted": [
        (
            "        noisy[where] = 0\n",
            "        noisy = torch.zeros_like(noisy).index_copy(0, where, noisy[where])\n",
        ),
    ],
    "masking_scales_up": [
        ("        noisy[where] = 0\n", "        noisy[where] = 0\n        noisy /= 1 - level\n"),
    ],
    "level_as_variance": [
        ("torch.normal(0.0, float(level), (), ", "torch.normal(0.0, float(level) ** 0.5, (), "),
    ],
    "corrupts_in_place": [
        ("noisy = x.clone().flatten()", "noisy = x.flatten()"),
    ],
    "global_noise": [
        ("float(level), (), generator=generator)", "float(level), ())"),
    ],
    "zero_for_smallest": [
        ("ends = torch.stack(torch.aminmax(x))", "ends = torch.tensor([0, 1], dtype=x.dtype)"),
    ],
    "compares_with_noise": [
        (
            "    arguments = [model(corruption(x)), x]\n",
            "    noisy = corruption(x)\n    arguments = [model(noisy), noisy]\n",
        ),
    ],
    "model_sees_clean": [
        ("[model(corruption(x)), x]", "[model(x), x]"),
    ],
    "divergence_turned_round": [
        (
            "torch.sum(entropy_against(p, q)) - len(q) * entropy_against(p, p)",
            "torch.sum(entropy_against(q, p)) - torch.sum(entropy_against(q, q))",
        ),
    ],
    "no_clipping": [
        (
            "    low = torch.full_like(rho_hat, 1e-6)\n"
            "    q = torch.minimum(torch.maximum(rho_hat, low), 1 - low)\n",
            "    q = rho_hat\n",
        ),
    ],
    "averages_units": [
        ("torch.sum(entropy_against(p, q)) - len(q) * ent", "torch.mean(entropy_against(p, q)) - ent"),
    ],
    "mean_over_units": [
        ("sum(row for row in h) / len(h)", "sum(column for column in h.T) / len(h.T)"),
    ],
    "penalty_without_weight": [
        ("torch.mul(divergence(rho, activity), beta)", "divergence(rho, activity)"),
    ],
    "variance_for_deviation": [
        ("torch.exp(logvar).pow(0.5)", "torch.exp(logvar)"),
    ],
    "draw_without_mean": [
        (".pow(0.5) + mu\n", ".pow(0.5)\n"),
        ("return z * torch.exp(logvar)", "return z * torch.exp(logvar)"),
    ],
    "draw_without_gradient": [
        (
            "    z = torch.empty(mu.shape, dtype=mu.dtype).normal_(generator=generator)\n"
            "    return z * torch.exp(logvar).pow(0.5) + mu\n",
            "    return torch.normal(mu, torch.exp(logvar).pow(0.5), generator=generator)\n",
        ),
    ],
    "one_noise_for_all": [
        ("torch.empty(mu.shape, dtype=mu.dtype)", "torch.empty(mu.shape[1], dtype=mu.dtype)"),
    ],
    "divergence_sign": [
        ("[-0.5 * torch.sum", "[0.5 * torch.sum"),
    ],
    "sums_over_batch": [
        ("    return sum(each) / len(each)\n", "    return sum(each)\n"),
    ],
    "averages_code_units": [
        ("-0.5 * torch.sum(", "-0.5 * torch.mean("),
    ],
    "deviation_for_variance": [
        ("variance = logvar.exp()", "logvar = 2 * logvar\n    variance = logvar.exp()"),
    ],
    "slope_not_squared": [
        ("torch.dot(column * (1 - column), column * (1 - column))", "torch.sum(column * (1 - column))"),
    ],
    "penalty_summed_over_batch": [
        ("    return total / h.shape[0]\n", "    return total\n"),
    ],
    "decoder_detached": [
        ("functional.linear(h, self.weight.t(), self", "functional.linear(h, self.weight.data.t(), self"),
    ],
    "no_sigmoid": [
        (
            "functional.sigmoid(functional.linear(x, self.weight, self.encoder_bias))",
            "functional.linear(x, self.weight, self.encoder_bias)",
        ),
    ],
}
