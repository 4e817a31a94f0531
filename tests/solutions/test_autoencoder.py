"""The autoencoder reference against independent oracles: torch, NumPy, finite differences."""

import doctest
import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.distributions import Bernoulli, Normal, kl_divergence
from torch.nn import functional

from solutions import autoencoder
from solutions.autoencoder import (
    Autoencoder,
    TiedAutoencoder,
    bug_hunt,
    contractive_penalty,
    corrupt,
    denoising_loss,
    kl_gauss,
    kl_sparsity,
    pca_reconstruction,
    reconstruction_loss,
    reparameterize,
    sparse_loss,
    train_autoencoder,
)


@pytest.fixture
def g():
    """A seeded torch generator."""
    return torch.Generator().manual_seed(3)


def normal(g, *shape):
    return torch.randn(shape, generator=g, dtype=torch.float64)


def spots(n, g):
    """64 pixels, two causes: images of one soft spot (n, 64)."""
    centres = 1.5 + 4 * torch.rand(n, 2, generator=g)
    pixel = torch.arange(8.0)
    down, across = (torch.exp(-((pixel - c[:, None]) ** 2) / 2.88) for c in centres.T)
    return (down[:, :, None] * across[:, None, :]).reshape(n, 64)


def slope(f, x, h=1e-5):
    """Central differences of a scalar function of a float64 tensor."""
    gradient = torch.zeros_like(x)
    for i in range(x.numel()):
        step = torch.zeros_like(x)
        step.view(-1)[i] = h
        gradient.view(-1)[i] = (f(x + step) - f(x - step)) / (2 * h)
    return gradient


def test_examples_of_the_docstrings():
    """Every example in a docstring, which is the assignment's text, runs as printed."""
    found = doctest.testmod(autoencoder)
    assert found.failed == 0
    assert found.attempted >= 20


# --- Autoencoder ---


@pytest.mark.parametrize(
    ("name", "layer"),
    [("relu", nn.ReLU), ("tanh", nn.Tanh), ("sigmoid", nn.Sigmoid), ("identity", nn.Identity)],
)
def test_autoencoder_is_the_written_out_network(g, name, layer):
    """With equal weights the module computes what a Sequential written by hand computes."""
    model = Autoencoder([7, 5, 3], name).double()
    hand = nn.Sequential(
        nn.Linear(7, 5), layer(), nn.Linear(5, 3), nn.Linear(3, 5), layer(), nn.Linear(5, 7)
    ).double()
    for mine, other in zip(model.parameters(), hand.parameters(), strict=True):
        other.data.copy_(mine.data)
    x = normal(g, 4, 7)
    torch.testing.assert_close(model(x), hand(x))
    torch.testing.assert_close(model.decode(model.encode(x)), hand(x))


def test_autoencoder_does_not_change_its_sizes():
    """The list of sizes may be used again by the caller."""
    sizes = [6, 4, 2]
    Autoencoder(sizes)
    assert sizes == [6, 4, 2]


def test_unknown_activation_is_named():
    """The error of an unknown activation says what came and what is known."""
    with pytest.raises(ValueError, match=r"'softmix'.*relu, tanh"):
        Autoencoder([4, 2], "softmix")


# --- losses ---


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_losses_agree_with_torch(g, reduction):
    """Both kinds agree with torch.nn.functional, value and gradient."""
    for kind, oracle in (("mse", functional.mse_loss), ("bce", functional.binary_cross_entropy_with_logits)):
        mine = (3 * normal(g, 5, 4)).requires_grad_()
        theirs = mine.detach().clone().requires_grad_()
        x = torch.rand(5, 4, generator=g, dtype=torch.float64)
        loss, expected = reconstruction_loss(mine, x, kind, reduction), oracle(theirs, x, reduction=reduction)
        torch.testing.assert_close(loss, expected)
        loss.backward()
        expected.backward()
        torch.testing.assert_close(mine.grad, theirs.grad)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_cross_entropy_of_huge_logits(dtype):
    """For logits of size 1000 the value is exact and the gradient is s(z) - x."""
    logits = torch.tensor([-1000.0, 1000.0, -1000.0, 1000.0, 0.0], dtype=dtype, requires_grad=True)
    x = torch.tensor([0.0, 1.0, 1.0, 0.0, 0.25], dtype=dtype)
    loss = reconstruction_loss(logits, x, "bce", "sum")
    loss.backward()
    assert loss.item() == pytest.approx(2000 + math.log(2))
    torch.testing.assert_close(logits.grad, torch.tensor([0.0, 0.0, -1.0, 1.0, 0.25], dtype=dtype))


def test_sample_reduction_is_the_mean_of_log_likelihoods(g):
    """With reduction "sample" the loss is minus the mean log-likelihood of a sample."""
    logits, x = normal(g, 6, 5), torch.bernoulli(torch.full((6, 5), 0.3, dtype=torch.float64), generator=g)
    expected = -Bernoulli(logits=logits).log_prob(x).sum(1).mean()
    torch.testing.assert_close(reconstruction_loss(logits, x, "bce", "sample"), expected)


def test_loss_refuses_what_it_does_not_know(g):
    """Shapes that would broadcast, unknown kinds and unknown reductions raise ValueError."""
    x = normal(g, 3, 1)
    with pytest.raises(ValueError, match="equal shapes"):
        reconstruction_loss(x, normal(g, 3, 2))
    with pytest.raises(ValueError, match="'mae'"):
        reconstruction_loss(x, x, "mae")
    with pytest.raises(ValueError, match="'median'"):
        reconstruction_loss(x, x, reduction="median")


def test_denoising_loss_hands_each_part_the_right_tensor(g):
    """The model gets the noisy batch, the loss gets the rebuilt and the clean one."""
    x = normal(g, 4, 3)
    loss = denoising_loss(lambda v: v**2, x, lambda v: v + 1, functional.mse_loss)
    torch.testing.assert_close(loss, (((x + 1) ** 2 - x) ** 2).mean())


# --- corrupt ---


def test_gaussian_noise_has_the_moments_of_its_level(g):
    """Mean 0, standard deviation `level`, no correlation between neighbours, on 160,000 entries."""
    noise = corrupt(torch.zeros(400, 400), "gaussian", 0.3, g) / 0.3
    assert abs(noise.mean()) < 6 / 400
    assert abs((noise**2).mean() - 1) < 6 * math.sqrt(2) / 400
    assert abs((noise[1:] * noise[:-1]).mean()) < 6 / 399


@pytest.mark.parametrize("kind", ["masking", "salt_pepper"])
def test_share_of_damaged_entries(g, kind):
    """The number of damaged entries is within six standard deviations of the binomial mean."""
    x = normal(g, 400, 400)
    n, hit = x.numel(), corrupt(x, kind, 0.3, g) != x
    assert abs(hit.sum() - 0.3 * n) < 6 * math.sqrt(n * 0.3 * 0.7) + 2


def test_salt_and_pepper_uses_both_ends_equally(g):
    """Damaged entries are the smallest or largest value of the input, half of them each."""
    x = normal(g, 300, 300)
    noisy = corrupt(x, "salt_pepper", 0.5, g)
    low, high = (noisy == x.min()).sum(), (noisy == x.max()).sum()
    assert abs(low - high) < 6 * math.sqrt(0.5 * x.numel())
    # The entries that held the two values anyway may count on the left only.
    assert 0 <= low + high - (noisy != x).sum() <= 2


@pytest.mark.parametrize("kind", ["gaussian", "masking", "salt_pepper"])
def test_corrupt_is_a_function_of_its_generator(g, kind):
    """Equal generators give equal noise, the next call another; input and global state stay."""
    x = normal(g, 5, 6).float()
    before, state = x.clone(), torch.get_rng_state()
    twin = torch.Generator().set_state(g.get_state())
    first = corrupt(x, kind, 0.4, g)
    assert torch.equal(first, corrupt(x, kind, 0.4, twin))
    assert not torch.equal(first, corrupt(x, kind, 0.4, g))
    assert first.dtype == torch.float32
    assert torch.equal(x, before)
    assert torch.equal(torch.get_rng_state(), state)


def test_corrupt_refuses_impossible_levels(g):
    """Negative levels, probabilities above 1 and unknown kinds raise; strong Gaussian noise does not."""
    x = torch.zeros(2, 2)
    for kind, level in (("gaussian", -0.1), ("masking", 1.1), ("salt_pepper", 1.1), ("blur", 0.1)):
        with pytest.raises(ValueError, match="expected"):
            corrupt(x, kind, level, g)
    assert corrupt(x, "gaussian", 2.0, g).shape == (2, 2)


# --- sparsity ---


@pytest.mark.parametrize("rho", [0.05, 0.5, 0.8])
def test_sparsity_is_the_divergence_of_two_coins(g, rho):
    """kl_sparsity equals torch.distributions' divergence, and its gradient equals finite differences."""
    q = torch.rand(6, generator=g, dtype=torch.float64) * 0.9 + 0.05
    expected = kl_divergence(Bernoulli(torch.tensor(rho, dtype=torch.float64)), Bernoulli(q)).sum()
    torch.testing.assert_close(kl_sparsity(rho, q), expected)
    leaf = q.clone().requires_grad_()
    kl_sparsity(rho, leaf).backward()
    torch.testing.assert_close(leaf.grad, slope(lambda v: kl_sparsity(rho, v), q), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_sparsity_is_finite_at_the_ends(dtype):
    """Units that are always off or on give the value at the clipped mean, also in float32."""
    value = kl_sparsity(0.2, torch.tensor([0.0, 1.0], dtype=dtype))
    off = 0.2 * math.log(0.2 / 1e-6) + 0.8 * math.log(0.8 / (1 - 1e-6))
    on = 0.2 * math.log(0.2 / (1 - 1e-6)) + 0.8 * math.log(0.8 / 1e-6)
    assert value.item() == pytest.approx(off + on, rel=1e-2 if dtype == torch.float32 else 1e-9)


def test_sparsity_is_a_divergence(g):
    """It is 0 where both means agree and positive elsewhere."""
    assert kl_sparsity(0.3, torch.full((4,), 0.3, dtype=torch.float64)).item() == pytest.approx(0, abs=1e-15)
    for q in (0.01, 0.29, 0.31, 0.99):
        assert kl_sparsity(0.3, torch.tensor([q])) > 0


def test_sparse_loss_averages_over_the_batch(g):
    """The penalty is that of the column means, times beta."""
    h = torch.sigmoid(normal(g, 5, 3))
    expected = 1.5 + 0.7 * kl_sparsity(0.1, torch.stack([h[:, j].sum() / 5 for j in range(3)]))
    result = sparse_loss(torch.tensor(1.5, dtype=torch.float64), h, 0.1, 0.7, kl_sparsity)
    torch.testing.assert_close(result, expected)


# --- variational ---


def test_draws_have_the_asked_moments(g):
    """Mean mu and variance exp(logvar) within six standard deviations."""
    n, mu, logvar = 40_000, torch.tensor([1.0, -2.0]), torch.tensor([-1.0, 2.0])
    z = reparameterize(mu.repeat(n, 1), logvar.repeat(n, 1), g)
    sigma = torch.exp(logvar / 2)
    assert (abs(z.mean(0) - mu) < 6 * sigma / math.sqrt(n)).all()
    assert (abs(z.var(0) / sigma**2 - 1) < 6 * math.sqrt(2 / n)).all()


def test_gradients_pass_through_the_draw(g):
    """dz/dmu = 1 and dz/dlogvar = (z - mu) / 2."""
    mu, logvar = normal(g, 3, 4).requires_grad_(), normal(g, 3, 4).requires_grad_()
    cotangent = normal(g, 3, 4)
    z = reparameterize(mu, logvar, g)
    z.backward(cotangent)
    torch.testing.assert_close(mu.grad, cotangent)
    torch.testing.assert_close(logvar.grad, cotangent * (z - mu).detach() / 2)


def test_gauss_divergence_agrees_with_torch(g):
    """kl_gauss equals torch.distributions' divergence from the standard normal, and its gradient too."""
    mu, logvar = normal(g, 5, 3).requires_grad_(), normal(g, 5, 3).requires_grad_()
    expected = kl_divergence(Normal(mu, torch.exp(logvar / 2)), Normal(0.0, 1.0)).sum() / 5
    torch.testing.assert_close(kl_gauss(mu, logvar), expected)
    mine = torch.autograd.grad(kl_gauss(mu, logvar), (mu, logvar))
    torch.testing.assert_close(mine, (mu.detach() / 5, (torch.exp(logvar.detach()) - 1) / 10))


# --- PCA and training ---


@pytest.mark.parametrize(("N", "D", "k"), [(30, 6, 2), (5, 8, 3), (9, 4, 4), (7, 3, 1)])
def test_pca_by_numpy(N, D, k):
    """The reconstruction is the truncated singular value decomposition of the centred samples."""
    x = np.random.default_rng(5).normal(size=(N, D)) * 1.5 ** np.arange(D) + 4
    u, s, vh = np.linalg.svd(x - x.mean(0), full_matrices=False)
    expected = (u[:, :k] * s[:k]) @ vh[:k] + x.mean(0)
    np.testing.assert_allclose(pca_reconstruction(torch.tensor(x), k).numpy(), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("k", [0, 4])
def test_pca_refuses_impossible_k(k):
    """k outside 1 to min(N, D) raises ValueError."""
    with pytest.raises(ValueError, match=f"k is {k}"):
        pca_reconstruction(torch.zeros(5, 3), k)


def test_pca_error_is_the_tail_of_the_spectrum(g):
    """The mean squared error is the sum of the left-out squared singular values, divided by N D."""
    x = spots(64, g).double()
    s = np.linalg.svd((x - x.mean(0)).numpy(), compute_uv=False)
    error = functional.mse_loss(pca_reconstruction(x, 3), x).item()
    assert error == pytest.approx((s[3:] ** 2).sum() / x.numel())


@pytest.mark.parametrize("seed", range(5))
def test_linear_autoencoder_reaches_pca(seed):
    """A trained linear autoencoder ends between 1.00 and 1.10 times the error of PCA."""
    g = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    x, model = spots(256, g), Autoencoder([64, 2], "identity")
    rows = torch.randint(256, (500, 64), generator=g)
    train_autoencoder(model, x, rows, functional.mse_loss, lr=0.02)
    ratio = functional.mse_loss(model(x), x) / functional.mse_loss(pca_reconstruction(x, 2), x)
    assert 1.0 - 1e-5 <= ratio.item() <= 1.10


def test_curved_autoencoder_beats_pca(g):
    """With the same two numbers, a tanh autoencoder rebuilds the spots with a tenth of PCA's error."""
    torch.manual_seed(0)
    x, model = spots(256, g), Autoencoder([64, 32, 2], "tanh")
    train_autoencoder(model, x, torch.randint(256, (600, 64), generator=g), functional.mse_loss, lr=0.01)
    assert functional.mse_loss(model(x), x) < 0.1 * functional.mse_loss(pca_reconstruction(x, 2), x)


def test_first_step_of_training_by_hand():
    """Adam's first step is lr long, whatever the size of the gradient."""
    model = nn.Linear(1, 1, bias=False).double()
    model.weight.data.fill_(3.0)
    x, rows = torch.full((1, 1), 5.0, dtype=torch.float64), torch.zeros(1, 1, dtype=torch.int64)
    losses = train_autoencoder(model, x, rows, functional.mse_loss, lr=0.25)
    assert losses == [100.0]
    assert model.weight.item() == pytest.approx(2.75, abs=1e-8)


def test_training_draws_noise_for_each_batch():
    """The corruption is called once a step with that step's batch; the loss gets the clean batch."""
    x, seen, targets = torch.arange(6.0).reshape(6, 1), [], []

    def corruption(batch):
        seen.append(batch.clone())
        return batch + len(seen)

    def loss(x_hat, target):
        targets.append(target.clone())
        return ((x_hat - target) ** 2).mean()

    rows = torch.tensor([[0, 3], [5, 5], [1, 2]])
    train_autoencoder(nn.Linear(1, 1), x, rows, loss, lr=0.1, corruption=corruption)
    for given in (seen, targets):
        assert torch.equal(torch.stack(given), x[rows])


def test_bug_hunt_shows_the_bug():
    """On the returned input, the literal formula is not finite and the reference is."""
    logits, x = bug_hunt()
    s = torch.sigmoid(logits)
    naive = (-x * torch.log(s) - (1 - x) * torch.log(1 - s)).mean()
    assert not torch.isfinite(naive)
    assert torch.isfinite(reconstruction_loss(logits, x, "bce"))


# --- bonus ---


def test_contractive_penalty_is_the_norm_of_the_jacobian(g):
    """The closed form equals the Jacobian by finite differences, squared and summed, mean over the batch."""
    x, w, b = normal(g, 4, 5), normal(g, 3, 5), normal(g, 3)
    norms = [
        sum((slope(lambda v, j=j: torch.sigmoid(w @ v + b)[j], sample) ** 2).sum() for j in range(3))
        for sample in x
    ]
    expected = torch.stack(norms).mean()
    torch.testing.assert_close(
        contractive_penalty(torch.sigmoid(x @ w.T + b), w), expected, rtol=1e-6, atol=1e-8
    )


def test_tied_gradient_by_finite_differences(g):
    """The matrix gets the gradient of both paths."""
    model = TiedAutoencoder(4, 3).double()
    x, cotangent = normal(g, 5, 4), normal(g, 5, 4)
    (cotangent * model(x)).sum().backward()

    def value(w):
        return (
            (cotangent * (torch.sigmoid(x @ w.T + model.encoder_bias) @ w + model.decoder_bias))
            .sum()
            .detach()
        )

    torch.testing.assert_close(model.weight.grad, slope(value, model.weight.detach()), rtol=1e-6, atol=1e-7)


def test_tied_weights_stay_tied(g):
    """After training there are still three parameters, and decoding uses the transpose."""
    torch.manual_seed(1)
    x, model = spots(64, g), TiedAutoencoder(64, 8)
    train_autoencoder(model, x, torch.randint(64, (5, 16), generator=g), functional.mse_loss, lr=0.05)
    assert sorted(name for name, _ in model.named_parameters()) == ["decoder_bias", "encoder_bias", "weight"]
    h = torch.eye(8)
    torch.testing.assert_close(model.decode(h) - model.decoder_bias, model.weight)
