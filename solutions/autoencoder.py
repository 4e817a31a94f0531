"""Autoencoders in PyTorch: reconstruction, denoising, sparsity, the variational step, and PCA as yardstick.

Letters: N samples in a batch, D numbers per sample, K units of the code. PyTorch's autograd does the
backward pass, so every function here must let gradients through: no `.item()`, `.numpy()` or `.detach()`
on the way from the inputs to the result.
"""

import torch
from torch import nn


class Autoencoder(nn.Module):
    """A network that squeezes a sample through a small code and rebuilds it.

    The encoder has one `torch.nn.Linear` for each pair of neighbours in `sizes`, the decoder the same in
    reverse order. The activation stands *between* linear layers only: the last layer of the encoder and the
    last layer of the decoder stay linear, so that code and output may take any value.

    Args:
        sizes: list of int, from the input to the code, for example [64, 32, 8]; at least two numbers.
            The encoder is then 64 -> 32 -> 8 and the decoder 8 -> 32 -> 64.
        activation: "relu", "tanh", "sigmoid" or "identity" (no activation: a linear autoencoder).

    Raises:
        ValueError: if `activation` is none of the four names.

    Example:
        >>> model = Autoencoder([64, 32, 8])
        >>> model.encode(torch.zeros(5, 64)).shape
        torch.Size([5, 8])
        >>> sum(p.numel() for p in Autoencoder([3, 2]).parameters())  # 3*2 + 2 and 2*3 + 3
        17

    Source: Rumelhart, Hinton and Williams (1986), "Learning internal representations by error propagation";
    Goodfellow, Bengio and Courville (2016), "Deep Learning", section 14.1.
    """

    def __init__(self, sizes, activation="relu"):
        """Build the layers, with PyTorch's own initial weights."""
        super().__init__()
        self.encoder = self._stack(sizes, activation)
        self.decoder = self._stack(sizes[::-1], activation)

    @staticmethod
    def _stack(sizes, activation):
        kinds = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "identity": nn.Identity}
        if activation not in kinds:
            raise ValueError(f"activation is {activation!r}; expected one of {', '.join(kinds)}")
        layers = []
        for fan_out, fan_in in zip(sizes[1:], sizes[:-1], strict=True):
            layers += [nn.Linear(fan_in, fan_out), kinds[activation]()]
        return nn.Sequential(*layers[:-1])  # without the activation that follows the last linear layer

    def encode(self, x):
        """Code of `x`: (N, D) -> (N, K)."""
        return self.encoder(x)

    def decode(self, h):
        """Reconstruction from the code `h`: (N, K) -> (N, D)."""
        return self.decoder(h)

    def forward(self, x):
        """Reconstruction of `x` by way of the code: (N, D) -> (N, D)."""
        return self.decode(self.encode(x))


def reconstruction_loss(x_hat, x, kind="mse", reduction="mean"):
    """How far a reconstruction is from its target.

    Per entry, "mse" is (x_hat - x)^2, and "bce" is the negative log-likelihood of x under a Bernoulli
    variable with *logit* z = x_hat: -x log s(z) - (1 - x) log(1 - s(z)) with s the sigmoid. It must stay
    finite and exact for logits as large as +-1000, so do not take the logarithm of a rounded sigmoid:
    simplify the formula first.

    Args:
        x_hat: float tensor (N, D), the reconstruction ("mse") or its logits ("bce").
        x: float tensor (N, D), the target; in [0, 1] for "bce".
        kind: "mse" or "bce".
        reduction: "mean" over all N*D entries, "sum" over all entries, or "sample": sum over the D entries
            of a sample, then mean over the N samples (this is what the variational bound needs).

    Returns:
        A tensor of shape (), the loss.

    Raises:
        ValueError: if the shapes differ (nothing is broadcast), or `kind` or `reduction` is unknown.

    Example:
        >>> x_hat, x = torch.tensor([[1.0, 2.0]]), torch.tensor([[1.0, 4.0]])
        >>> reconstruction_loss(x_hat, x)                      # (0 + 4) / 2
        tensor(2.)
        >>> reconstruction_loss(x_hat, x, reduction="sample")  # (0 + 4) / 1
        tensor(4.)
        >>> reconstruction_loss(torch.tensor([[1000.0]]), torch.tensor([[0.0]]), kind="bce")
        tensor(1000.)

    Source: Goodfellow, Bengio and Courville (2016), "Deep Learning", sections 6.2.1 and 6.2.2.2
    (both losses are negative log-likelihoods).
    """
    if x_hat.shape != x.shape:
        raise ValueError(
            f"x_hat has shape {tuple(x_hat.shape)} and x has {tuple(x.shape)}; expected equal shapes"
        )
    if kind == "mse":
        loss = (x_hat - x) ** 2
    elif kind == "bce":
        # -log s(z) = log(1 + e^-z) and -log(1 - s(z)) = log(1 + e^z); together log(1 + e^z) - x z
        loss = torch.logaddexp(x_hat, torch.zeros_like(x_hat)) - x * x_hat
    else:
        raise ValueError(f"kind is {kind!r}; expected 'mse' or 'bce'")
    if reduction == "mean":
        return loss.mean()
    if reduction == "sum":
        return loss.sum()
    if reduction == "sample":
        return loss.sum() / len(x)
    raise ValueError(f"reduction is {reduction!r}; expected 'mean', 'sum' or 'sample'")


def corrupt(x, kind, level, generator):
    """A noisy copy of `x` for the denoising autoencoder.

    "gaussian" adds independent normal noise of standard deviation `level` to every entry.
    "masking" sets each entry to 0 with probability `level`, independently; the others stay as they are
    (unlike dropout, nothing is scaled up).
    "salt_pepper" replaces each entry with probability `level`, independently, by the smallest or the
    largest value that occurs in `x`, either with equal chance.

    Args:
        x: float tensor of any shape; it is not modified.
        kind: "gaussian", "masking" or "salt_pepper".
        level: float >= 0; a probability (at most 1) for "masking" and "salt_pepper".
        generator: torch.Generator, the only source of randomness: equal generators give equal noise, and
            each call draws fresh noise.

    Returns:
        A new tensor with the shape and dtype of `x`.

    Raises:
        ValueError: if `kind` is unknown, `level` is negative, or a probability is above 1.

    Example:
        >>> g = torch.Generator().manual_seed(0)
        >>> corrupt(torch.tensor([1.0, 2.0, 3.0]), "masking", 1.0, g)
        tensor([0., 0., 0.])
        >>> corrupt(torch.tensor([1.0, 2.0, 3.0]), "gaussian", 0.0, g)
        tensor([1., 2., 3.])

    Source: Vincent et al. (2010), "Stacked denoising autoencoders", JMLR 11, section 3.3.
    """
    if kind not in ("gaussian", "masking", "salt_pepper"):
        raise ValueError(f"kind is {kind!r}; expected 'gaussian', 'masking' or 'salt_pepper'")
    if level < 0 or (kind != "gaussian" and level > 1):
        raise ValueError(f"level is {level}; expected a number >= 0, and at most 1 if it is a probability")
    if kind == "gaussian":
        return x + level * torch.randn(x.shape, generator=generator, dtype=x.dtype)
    hit = torch.rand(x.shape, generator=generator) < level
    if kind == "masking":
        return torch.where(hit, torch.zeros_like(x), x)
    pepper = torch.rand(x.shape, generator=generator) < 0.5
    return torch.where(hit, torch.where(pepper, x.min(), x.max()), x)


def denoising_loss(model, x, corruption, loss):
    """Loss of a model that sees a corrupted sample and must rebuild the clean one.

    Args:
        model: function (N, D) -> (N, D), for example an Autoencoder.
        x: float tensor (N, D), the clean samples.
        corruption: function (N, D) -> (N, D) that returns a noisy copy; call it once.
        loss: function (x_hat, target) -> tensor of shape (); call it once.

    Returns:
        A tensor of shape (), what `loss` returned.

    Example:
        >>> def off_by_one(x): return x + 1
        >>> def error(x_hat, target): return (x_hat - target).abs().sum()
        >>> denoising_loss(off_by_one, torch.zeros(1, 3), off_by_one, error)  # |0 + 1 + 1 - 0| three times
        tensor(6.)

    Source: Vincent, Larochelle, Bengio and Manzagol (2008), "Extracting and composing robust features with
    denoising autoencoders", ICML, section 2.3.
    """
    return loss(model(corruption(x)), x)


def kl_sparsity(rho, rho_hat):
    """Divergence between the wanted and the observed mean activation, summed over the units of the code.

    sum_j KL(rho || rho_hat_j) with KL(p || q) = p log(p / q) + (1 - p) log((1 - p) / (1 - q)).

    Args:
        rho: float in (0, 1), the wanted mean activation, for example 0.05.
        rho_hat: float tensor (K,), the observed mean activation of each unit, in [0, 1]. It is first clipped
            to [1e-6, 1 - 1e-6], so that units that are always off or always on give a finite result.

    Returns:
        A tensor of shape (), never negative (up to rounding), 0 where every rho_hat_j equals rho.

    Example:
        >>> kl_sparsity(0.5, torch.tensor([0.5, 0.5]))
        tensor(0.)
        >>> kl_sparsity(0.5, torch.tensor([0.25]))  # 0.5 log 2 + 0.5 log(2/3)
        tensor(0.1438)

    Source: Ng (2011), "Sparse autoencoder", CS294A lecture notes, section 3.
    """
    q = rho_hat.clamp(1e-6, 1 - 1e-6)
    on = rho * torch.log(rho / q)
    off = (1 - rho) * torch.log((1 - rho) / (1 - q))
    return (on + off).sum()


def sparse_loss(reconstruction, h, rho, beta, divergence):
    """Reconstruction loss plus beta times the divergence of the mean activations of the code.

    Sparsity asks that each unit is active for few *samples*: the mean is taken over the batch, for each
    unit, before the divergence.

    Args:
        reconstruction: tensor of shape (), the reconstruction loss.
        h: float tensor (N, K), the code of a batch, entries in (0, 1) (after a sigmoid).
        rho: float in (0, 1), the wanted mean activation.
        beta: float >= 0, the weight of the penalty.
        divergence: function (rho, rho_hat of shape (K,)) -> tensor of shape (); in this notebook it is
            kl_sparsity. Call it once.

    Returns:
        A tensor of shape ().

    Example:
        >>> def distance(rho, rho_hat): return (rho_hat - rho).abs().sum()
        >>> h = torch.tensor([[0.0, 1.0], [0.5, 1.0]])                # mean activations 0.25 and 1.0
        >>> sparse_loss(torch.tensor(2.0), h, 0.25, 10.0, distance)  # 2 + 10 * (0 + 0.75)
        tensor(9.5000)

    Source: Ng (2011), "Sparse autoencoder", CS294A lecture notes, section 3.
    """
    return reconstruction + beta * divergence(rho, h.mean(dim=0))


def reparameterize(mu, logvar, generator):
    """A sample of the normal distribution N(mu, exp(logvar)) through which gradients flow to mu and logvar.

    z = mu + sigma * epsilon, with epsilon standard normal and independent for every entry. `logvar` is the
    logarithm of the *variance* sigma^2.

    Args:
        mu: float tensor (N, K), the means.
        logvar: float tensor (N, K), the logarithms of the variances.
        generator: torch.Generator, the only source of randomness.

    Returns:
        A tensor (N, K) with the dtype of `mu`.

    Example:
        >>> g = torch.Generator().manual_seed(0)
        >>> reparameterize(torch.tensor([[1.0, 2.0]]), torch.tensor([[-200.0, -200.0]]), g)  # sigma = e^-100
        tensor([[1., 2.]])

    Source: Kingma and Welling (2014), "Auto-encoding variational Bayes", section 2.4 and equation 10.
    """
    epsilon = torch.randn(mu.shape, generator=generator, dtype=mu.dtype)
    return mu + torch.exp(logvar / 2) * epsilon


def kl_gauss(mu, logvar):
    """Divergence of N(mu, exp(logvar)) from the standard normal: sum over the code, mean over the batch.

    For one entry, KL = (mu^2 + sigma^2 - log sigma^2 - 1) / 2.

    Args:
        mu: float tensor (N, K), the means.
        logvar: float tensor (N, K), the logarithms of the variances sigma^2.

    Returns:
        A tensor of shape (), never negative (up to rounding), 0 for mu = 0 and logvar = 0.

    Example:
        >>> kl_gauss(torch.tensor([[1.0, 2.0], [0.0, 0.0]]), torch.zeros(2, 2))  # (1/2 + 4/2 + 0) / 2 samples
        tensor(1.2500)

    Source: Kingma and Welling (2014), "Auto-encoding variational Bayes", appendix B (the negative of its
    result) and equation 10.
    """
    per_entry = (mu**2 + torch.exp(logvar) - logvar - 1) / 2
    return per_entry.sum(dim=1).mean()


def pca_reconstruction(x, k):
    """The best reconstruction of `x` that any linear code of k numbers can give.

    Subtract the mean of the samples, project on the k leading principal directions (the right singular
    vectors with the largest singular values), and add the mean again.

    Args:
        x: float tensor (N, D), one sample per row.
        k: int, 1 <= k <= min(N, D), the number of directions.

    Returns:
        A tensor (N, D) with the dtype of `x`.

    Raises:
        ValueError: if k is out of range.

    Example:
        >>> x = torch.tensor([[0.0, 1.0], [2.0, 1.0], [4.0, 1.0]])  # on a line: one direction is enough
        >>> torch.allclose(pca_reconstruction(x, 1), x, atol=1e-5)
        True

    Source: Baldi and Hornik (1989), "Neural networks and principal component analysis: learning from
    examples without local minima", Neural Networks 2 (a linear autoencoder has this optimum and no other
    local minimum); Eckart and Young (1936) for the optimum itself.
    """
    if not 1 <= k <= min(x.shape):
        raise ValueError(f"k is {k}; expected 1 <= k <= min(N, D) = {min(x.shape)}")
    mean = x.mean(dim=0)
    _, _, directions = torch.linalg.svd(x - mean, full_matrices=False)
    top = directions[:k]  # (k, D), one direction per row
    return (x - mean) @ top.T @ top + mean


def train_autoencoder(model, x, rows, loss, lr, corruption=None):
    """Train a model with Adam, one step for each row of `rows`, and return the loss of every step.

    Step t uses the batch x[rows[t]]. The model sees the batch, or corruption(batch) if a corruption is
    given, drawn afresh in every step; the target is always the clean batch. One optimizer,
    `torch.optim.Adam` over all parameters of the model with the given lr, serves all steps.

    Args:
        model: torch.nn.Module, (B, D) -> (B, D); its parameters are changed in place.
        x: float tensor (N, D), the samples.
        rows: int64 tensor (steps, B), which samples make the batch of each step.
        loss: function (x_hat, target) -> tensor of shape ().
        lr: float, the learning rate of Adam.
        corruption: None, or a function (B, D) -> (B, D) that returns a noisy copy.

    Returns:
        A list of `steps` floats; entry t is the loss before the update of step t.

    Example:
        >>> model = nn.Linear(1, 1, bias=False)
        >>> model.weight.data[:] = 3.0
        >>> losses = train_autoencoder(model, torch.ones(1, 1), torch.zeros(2, 1, dtype=torch.int64),
        ...                            nn.functional.mse_loss, lr=0.5)
        >>> losses  # (3 - 1)^2, then (2.5 - 1)^2: Adam's first step is lr long
        [4.0, 2.25]

    Source: Kingma and Ba (2015), "Adam: a method for stochastic optimization"; Vincent et al. (2008) for the
    clean target.
    """
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    losses = []
    for index in rows:
        batch = x[index]
        seen = batch if corruption is None else corruption(batch)
        step_loss = loss(model(seen), batch)
        optimizer.zero_grad()
        step_loss.backward()
        optimizer.step()
        losses.append(step_loss.item())
    return losses


def bug_hunt():
    """An input on which `naive_bce` of the notebook goes wrong.

    Returns:
        A pair (logits, x) of float32 or float64 tensors of one equal shape, with at most 16 entries each, all
        finite, and x in [0, 1]. `naive_bce(logits, x)` must differ from
        `reconstruction_loss(logits, x, kind="bce")` by more than a thousandth of its value, or not be finite.
        (Ordinary logits will not do.)

    Source: Goldberg (1991), "What every computer scientist should know about floating-point arithmetic".
    """
    return torch.tensor([[100.0]]), torch.tensor([[0.0]])


def contractive_penalty(h, weight):
    """Squared Frobenius norm of the Jacobian of a sigmoid encoder, mean over the batch.

    For h = s(x W^T + b) with s the sigmoid, dh_j / dx_i = h_j (1 - h_j) W_ji.

    Args:
        h: float tensor (N, K), the code after the sigmoid.
        weight: float tensor (K, D), the encoder's weight W.

    Returns:
        A tensor of shape (), (1/N) sum over n, j, i of (h_nj (1 - h_nj) W_ji)^2.

    Example:
        >>> contractive_penalty(torch.tensor([[0.5]]), torch.tensor([[4.0, 8.0]]))  # (0.25*4)^2 + (0.25*8)^2
        tensor(5.)

    Source: Rifai, Vincent, Muller, Glorot and Bengio (2011), "Contractive auto-encoders: explicit invariance
    during feature extraction", ICML (the Jacobian penalty).
    """
    slope = h * (1 - h)
    return (slope**2 @ (weight**2).sum(dim=1)).mean()


class TiedAutoencoder(nn.Module):
    """An autoencoder with one weight matrix: the decoder uses the transpose of the encoder's.

    encode(x) = s(x W^T + b) with s the sigmoid; decode(h) = h W + c. The module has exactly three
    parameters: `weight` W (K, D), `encoder_bias` b (K,) and `decoder_bias` c (D,). Gradients reach W on both
    paths.

    Args:
        inputs: int, D.
        units: int, K.

    Example:
        >>> sum(p.numel() for p in TiedAutoencoder(3, 2).parameters())  # 2*3 + 2 + 3
        11

    Source: Vincent et al. (2010), "Stacked denoising autoencoders", JMLR 11, section 2.2 (tied weights).
    """

    def __init__(self, inputs, units):
        """Draw W from N(0, 1/D) and set both biases to 0."""
        super().__init__()
        self.weight = nn.Parameter(torch.randn(units, inputs) / inputs**0.5)
        self.encoder_bias = nn.Parameter(torch.zeros(units))
        self.decoder_bias = nn.Parameter(torch.zeros(inputs))

    def encode(self, x):
        """Code of `x`: (N, D) -> (N, K), entries in (0, 1)."""
        return torch.sigmoid(x @ self.weight.T + self.encoder_bias)

    def decode(self, h):
        """Reconstruction from the code `h`: (N, K) -> (N, D)."""
        return h @ self.weight + self.decoder_bias

    def forward(self, x):
        """Reconstruction of `x`: (N, D) -> (N, D)."""
        return self.decode(self.encode(x))
