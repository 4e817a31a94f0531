"""Public checks beside the docstrings' examples: the notebook's by hand, and slips that show at once.

They run in the student's notebook on the student's own functions, with messages that say what to look at.
"""

import math

import torch
from torch import nn


def same(actual, expected, message, tolerance=1e-4):
    """Fail with the message unless both are tensors of one shape with nearly equal values."""
    expected = torch.as_tensor(expected, dtype=torch.float64)
    assert isinstance(actual, torch.Tensor), f"Expected a tensor, got {type(actual).__name__}."
    assert actual.shape == expected.shape, f"Shape {tuple(actual.shape)}; expected {tuple(expected.shape)}."
    assert torch.allclose(actual.detach().double(), expected, rtol=tolerance, atol=tolerance), message


def flows(loss, *sources):
    """Fail unless gradients flow from a loss to each of these tensors."""
    assert loss.requires_grad, "No gradient flows back. Is there a .detach(), .item() or .numpy() on the way?"
    loss.backward()
    assert all(source.grad is not None and source.grad.any() for source in sources), (
        "No gradient reaches one of the inputs. Is there a .detach(), .item() or .numpy() on the way?"
    )


def test_Autoencoder(Autoencoder):
    """The network of section 2, its shapes, and its parameters."""
    model = Autoencoder([7, 5, 2])
    x = torch.randn(4, 7)
    assert model.encode(x).shape == (4, 2), "encode: 7 numbers must become a code of 2."
    assert model.decode(model.encode(x)).shape == (4, 7), "decode: a code of 2 must become 7 numbers again."
    assert len(list(model.parameters())) == 8, (
        "Four layers have four weights and four biases; the module knows "
        f"{len(list(model.parameters()))} parameters. Are all layers registered?"
    )
    hand = Autoencoder([3, 1], "identity")
    linear = [layer for layer in hand.modules() if isinstance(layer, nn.Linear)]
    assert len(linear) == 2, f"Sizes [3, 1] make two torch.nn.Linear layers; found {len(linear)}."
    with torch.no_grad():
        for layer in linear:
            layer.bias.zero_()
            layer.weight.copy_(
                torch.tensor([[0.5, 0.5, 0.0]] if layer.in_features == 3 else [[1.0], [1.0], [0.0]])
            )
    sample = torch.tensor([[2.0, 4.0, 3.0]])
    same(hand.encode(sample), [[3.0]], "The code of (2, 4, 3) is 3 with the weights of section 2.")
    same(hand(sample), [[3.0, 3.0, 0.0]], "The reconstruction of (2, 4, 3) is (3, 3, 0): see section 2.")
    code = Autoencoder([7, 40])
    assert (code.encode(torch.randn(50, 7)) < 0).any(), (
        "No code is ever negative: what follows the last layer?"
    )
    linear, x = Autoencoder([3, 4, 2], "identity"), torch.randn(5, 3)
    start = linear.encode(0 * x)
    same(
        linear.encode(2 * x) - start,
        (2 * (linear.encode(x) - start)).detach(),
        'With "identity" nothing bends: twice the input moves the code twice as far.',
    )


def test_reconstruction_loss(reconstruction_loss):
    """Section 2 by hand, both kinds, and a large logit."""
    x_hat, x = torch.tensor([[3.0, 3.0, 0.0]]), torch.tensor([[2.0, 4.0, 3.0]])
    same(
        reconstruction_loss(x_hat, x),
        11 / 3,
        "The squared errors of section 2 are 1, 1 and 9; their mean is 3.667.",
    )
    same(
        reconstruction_loss(x_hat, x, reduction="sum"), 11.0, "The squared errors of section 2 add up to 11."
    )
    zero, half = torch.zeros(2, 3), torch.full((2, 3), 0.5)
    value = reconstruction_loss(zero, half, kind="bce", reduction="sample")
    same(value, 3 * math.log(2), "Logit 0 costs log 2 per entry: a sample of three entries costs 3 log 2.")
    value = reconstruction_loss(torch.full((1, 1), 2.0), torch.ones(1, 1), kind="bce")
    same(value, math.log(1 + math.exp(-2)), "-log s(2) is 0.1269. Is the first argument used as a logit?")
    value = reconstruction_loss(torch.full((1, 1), 200.0), torch.zeros(1, 1), kind="bce")
    same(value, 200.0, "For logit 200 and target 0 the loss is 200. Simplify before you take a logarithm.")
    try:
        reconstruction_loss(torch.zeros(4, 1), torch.zeros(4, 3))
    except ValueError:
        pass
    else:
        raise AssertionError("Shapes (4, 1) and (4, 3) must be refused with ValueError.")
    x_hat = torch.ones(2, 3, requires_grad=True)
    flows(reconstruction_loss(x_hat, torch.zeros(2, 3)), x_hat)


def test_pca_reconstruction(pca_reconstruction):
    """Samples on a line need one direction, wherever the line is."""
    steps = torch.tensor([[-2.0], [0.0], [1.0], [5.0]])
    through_origin = (steps - 1) * torch.tensor([[3.0, -1.0, 2.0]])
    same(
        pca_reconstruction(through_origin, 1),
        through_origin,
        "The samples lie on a line through their mean 0; one direction rebuilds them.",
    )
    shifted = through_origin + torch.tensor([10.0, 20.0, -5.0])
    same(
        pca_reconstruction(shifted, 1),
        shifted,
        "The line was moved away from 0: what is subtracted, what added?",
    )
    cross = torch.tensor([[3.0, 0.0], [-3.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    same(
        pca_reconstruction(cross, 1),
        [[3.0, 0.0], [-3.0, 0.0], [0.0, 0.0], [0.0, 0.0]],
        "Of the two directions of this cross, the longer one is kept.",
    )


def test_train_autoencoder(train_autoencoder):
    """Six steps of Adam by hand, and what a step sees."""
    mse = nn.functional.mse_loss

    def one_weight():
        model = nn.Linear(1, 1, bias=False)
        model.weight.data.fill_(3.0)
        return model

    model, one = one_weight(), torch.ones(1, 1)
    losses = train_autoencoder(model, one, torch.zeros(2, 1, dtype=torch.int64), mse, lr=0.5)
    assert len(losses) == 2, "Return a list with one float for each row of `rows`."
    model = one_weight()
    losses = train_autoencoder(model, one, torch.zeros(6, 1, dtype=torch.int64), mse, lr=0.5)
    message = "After six steps the weight is not where Adam takes it: which gradients does each step use?"
    same(model.weight, [[0.42500]], message)
    two = nn.Sequential(nn.Linear(2, 1), nn.Linear(1, 2))
    before = [parameter.detach().clone() for parameter in two.parameters()]
    train_autoencoder(two, torch.randn(3, 2), torch.arange(3).repeat(3, 1), mse, lr=0.1)
    moved = [not torch.equal(a, b) for a, b in zip(before, two.parameters(), strict=True)]
    assert all(moved), f"Which of weight, bias, weight, bias moved in training: {moved}."
    losses = train_autoencoder(
        one_weight(),
        one,
        torch.zeros(1, 1, dtype=torch.int64),
        mse,
        lr=0.5,
        corruption=lambda batch: 2 * batch,
    )
    same(
        torch.tensor(losses),
        [25.0],
        "Weight 3, corrupted sample 2, clean target 1: the loss is (6 - 1)^2 = 25.",
    )
    seen = []
    train_autoencoder(
        one_weight(),
        one,
        torch.zeros(3, 1, dtype=torch.int64),
        mse,
        lr=0.5,
        corruption=lambda batch: seen.append(batch) or batch,
    )
    assert len(seen) == 3, (
        f"In three steps the corruption was called {len(seen)} times; expected three times."
    )


def test_corrupt(corrupt):
    """Level 0, the extremes, and how strong the noise is."""
    g, x = torch.Generator().manual_seed(1), torch.linspace(-1, 2, 3000).reshape(30, 100)
    for kind in ("gaussian", "masking", "salt_pepper"):
        same(corrupt(x, kind, 0.0, g), x, f"Level 0 must leave the samples as they are ({kind}).")
    assert (corrupt(x, "masking", 1.0, g) == 0).all(), "Masking with level 1 sets every entry to 0."
    masked = corrupt(x, "masking", 0.3, g)
    share = float((masked == 0).double().mean())
    assert 0.2 < share < 0.4, f"Masking with level 0.3 set {share:.0%} of the entries to 0."
    kept = masked != 0
    same(masked[kept], x[kept], "Entries that are not masked stay as they are.")
    noise = corrupt(x, "gaussian", 0.3, g) - x
    spread = float(noise.std())
    assert 0.25 < spread < 0.35, f"The noise with level 0.3 has standard deviation {spread:.2f}."
    for kind in ("gaussian", "masking", "salt_pepper"):
        one, other = (corrupt(x, kind, 0.3, torch.Generator().manual_seed(3)) for _ in range(2))
        same(one, other, f"Equal generators must give equal noise ({kind}): where do your numbers come from?")
    noisy = corrupt(x, "salt_pepper", 1.0, g)
    assert ((noisy == x.min()) | (noisy == x.max())).all(), (
        "Salt and pepper: the smallest and largest value of x."
    )


def test_denoising_loss(denoising_loss):
    """Which tensor goes where, by hand."""

    def error(x_hat, target):
        return (x_hat - target).abs().sum()

    value = denoising_loss(lambda x: 10 * x, torch.ones(1, 3), lambda x: x + 1, error)
    same(
        value,
        57.0,
        "Clean 1, noisy 2, rebuilt 20: three entries differ from the clean sample by 19 each, together 57. "
        "(54: compared with the noisy one. 27: the model saw the clean one.)",
    )
    x = torch.ones(1, 3, requires_grad=True)
    flows(denoising_loss(lambda x: 10 * x, x, lambda x: x + 1, error), x)


def test_kl_sparsity(kl_sparsity):
    """More than one unit, and a unit that never fires."""
    two = torch.tensor([0.25, 0.25])
    same(kl_sparsity(0.5, two), 0.28768, "Two equal units cost twice as much as one.")
    off = kl_sparsity(0.1, torch.tensor([0.0, 1.0]))
    assert torch.isfinite(off), "A unit that never fires must give a finite value: clip first."
    two.requires_grad_()
    flows(kl_sparsity(0.5, two), two)


def test_sparse_loss(sparse_loss):
    """The mean of each unit over the batch, and the weight."""

    def distance(rho, rho_hat):
        assert rho_hat.shape == (2,), (
            f"rho_hat has shape {tuple(rho_hat.shape)}; a batch of 3 with 2 units gives (2,)."
        )
        return (rho_hat - rho).abs().sum()

    h = torch.tensor([[0.0, 1.0], [0.5, 1.0], [0.25, 1.0]])
    same(
        sparse_loss(torch.tensor(2.0), h, 0.25, 10.0, distance),
        9.5,
        "The units have the means 0.25 and 1; 2 + 10 * (0 + 0.75) = 9.5.",
    )
    h.requires_grad_()
    flows(sparse_loss(torch.tensor(2.0), h, 0.125, 10.0, distance), h)


def test_reparameterize(reparameterize):
    """Draws with mean 2 and standard deviation 3, through which gradients flow."""
    g = torch.Generator().manual_seed(2)
    mu = torch.full((4000, 1), 2.0, requires_grad=True)
    logvar = torch.full((4000, 1), math.log(9.0), requires_grad=True)
    z = reparameterize(mu, logvar, g)
    assert z.shape == mu.shape, f"Shape {tuple(z.shape)}; expected that of mu, {tuple(mu.shape)}."
    mean, spread = float(z.detach().mean()), float(z.detach().std())
    assert abs(mean - 2) < 0.4, f"The mean of the draws is {mean:.2f}; expected about 2."
    assert abs(spread - 3) < 0.4, f"The standard deviation of the draws is {spread:.2f}; expected about 3."
    beyond = float(((z.detach() - 2).abs() > 6).double().mean())
    assert 0.03 < beyond < 0.06, (
        f"{beyond:.1%} of the draws are more than two standard deviations away; of normal ones 4.6 % are."
    )
    flows(z.sum(), mu, logvar)


def test_kl_gauss(kl_gauss):
    """The hand examples of section 9."""
    one = torch.ones(1, 1)
    same(kl_gauss(one, 0 * one), 0.5, "mu = 1 and logvar = 0 give 0.5: see section 9.")
    same(kl_gauss(0 * one, one), (math.e - 2) / 2, "mu = 0 and logvar = 1 give (e - 1 - 1) / 2 = 0.359.")
    mu, logvar = torch.ones(2, 3, requires_grad=True), torch.ones(2, 3, requires_grad=True)
    flows(kl_gauss(mu, logvar), mu, logvar)


def test_bug_hunt(bug_hunt, reconstruction_loss):
    """The form of the input, and whether the two functions differ on it."""
    logits, x = bug_hunt()
    assert logits.shape == x.shape and 1 <= x.numel() <= 16, (
        "Return two tensors of one shape, at most 16 entries."
    )
    assert torch.isfinite(logits).all(), "The logits must be finite."
    assert ((x >= 0) & (x <= 1)).all(), "The targets must lie in [0, 1]."
    s = torch.sigmoid(logits)
    wrong = (-x * torch.log(s) - (1 - x) * torch.log(1 - s)).mean()
    right = reconstruction_loss(logits, x, kind="bce")
    assert not torch.allclose(wrong, right, rtol=1e-3), "On this input naive_bce agrees with your own loss."


def test_contractive_penalty(contractive_penalty):
    """The hand example of section 11."""
    h, weight = torch.tensor([[0.5], [0.5]]), torch.tensor([[4.0, 8.0]])
    same(
        contractive_penalty(h, weight),
        5.0,
        "Slope 0.25 and weights (4, 8): Jacobian (1, 2), penalty 5 per sample.",
    )


def test_TiedAutoencoder(TiedAutoencoder):
    """One matrix, two biases, and gradient on both paths."""
    model = TiedAutoencoder(3, 1)
    shapes = sorted(tuple(parameter.shape) for parameter in model.parameters())
    assert shapes == [(1,), (1, 3), (3,)], (
        f"The parameters have the shapes {shapes}; expected W, b and c only."
    )
    model.weight.data.copy_(torch.tensor([[1.0, 2.0, 0.0]]))
    same(model.encode(torch.zeros(1, 3)), [[0.5]], "With x = 0 and zero bias the code is s(0) = 0.5.")
    same(model.decode(torch.tensor([[2.0]])), [[2.0, 4.0, 0.0]], "Code 2 and W = (1, 2, 0) give (2, 4, 0).")
    model.decode(torch.tensor([[2.0]])).sum().backward()
    assert model.weight.grad is not None, "No gradient reaches the matrix from the decoder."
