"""Hidden checks of the autoencoder unit.

PyTorch differentiates here, so a check asks for gradients where another unit asks for a backward function.
Models get weights of ours. Of random draws many are right: these are held against laws, within six standard
deviations, so that right code fails about twice in a billion checks.
"""

import math
from functools import cache
from itertools import pairwise

import pytest
import torch
from torch.nn import functional

from autograder.checks import (
    assert_close,
    chance,
    close,
    dtype,
    fill,
    gradients,
    heard,
    obeys,
    parameters,
    raises,
    right,
    spy,
    unchanged,
)
from solutions import autoencoder as reference

TRAINING_SEEDS = (1, 2, 3)  # the same for every student; reference and variants are proven on them


def layers(draw, sizes, last_bias=0.0):
    """Weights and biases [w, b, w, b, ...] for a stack of linear layers with the given sizes."""
    found = []
    for fan_in, fan_out in pairwise(sizes):
        found += [draw.tensor(fan_out, fan_in) / fan_in**0.5, draw.tensor(fan_out)]
    found[-1] = found[-1] + last_bias
    return found


def autoencoder(student, draw, sizes, activation="relu", last_bias=0.0, parts=("encoder", "decoder")):
    """The student's autoencoder with weights of ours.

    Only the layers of `parts` are asked for and set: a check of one half does not need the other.

    With a large bias in the last layers, code and reconstruction are positive: a ReLU after them, which has
    checks of its own, cannot be seen.
    """
    weights = {
        "encoder": layers(draw, sizes, last_bias),
        "decoder": layers(draw, sizes[::-1], 50 * last_bias),
    }
    model = student.Autoencoder(sizes, activation)
    fill(model, [array for part in parts for array in weights[part]])
    return model


# --- Autoencoder: 18 points ---


@pytest.mark.task("Autoencoder", points=3)
def test_encode(student, draw):
    """The code is the result of all encoder layers, with the activation between them."""
    model = autoencoder(student, draw, [7, 5, 4, 3], last_bias=20.0, parts=["encoder"])
    right(model.encode(draw.tensor(6, 7)), "The code")


@pytest.mark.task("Autoencoder", points=3)
def test_decode(student, draw):
    """The decoder leads from the code back to the size of the input."""
    model = autoencoder(student, draw, [7, 5, 4, 3], last_bias=20.0, parts=["decoder"])
    right(model.decode(draw.tensor(6, 3)), "The decoder's output")


@pytest.mark.task("Autoencoder", points=2)
def test_forward(student, draw):
    """The reconstruction is decoded from the code and from nothing else."""
    model = autoencoder(student, draw, [7, 5, 3], last_bias=20.0)
    right(model(draw.tensor(4, 7)), "The reconstruction")


@pytest.mark.task("Autoencoder", points=2)
def test_code_takes_any_value(student, draw):
    """The last layer of the encoder is linear: a code may be negative."""
    model = autoencoder(student, draw, [7, 5, 3], parts=["encoder"])
    right(model.encode(draw.tensor(20, 7)), "The code")


@pytest.mark.task("Autoencoder", points=2)
def test_reconstruction_takes_any_value(student, draw):
    """The last layer of the decoder is linear: a reconstruction may be negative."""
    model = autoencoder(student, draw, [7, 5, 3], parts=["decoder"])
    right(model.decode(draw.tensor(20, 3)), "The decoder's output")


@pytest.mark.task("Autoencoder", points=2)
@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "identity"])
def test_activations(student, draw, activation):
    """tanh, sigmoid and identity are used where they are asked for."""
    model = autoencoder(student, draw, [6, 5, 2], activation, parts=["encoder"])
    right(model.encode(draw.tensor(4, 6)), f"With {activation}, the code")


@pytest.mark.task("Autoencoder", points=1)
def test_without_hidden_layers(student, draw):
    """Two sizes make one linear layer each way, also for a batch of one."""
    model = autoencoder(student, draw, [5, 2], "identity")
    right(model(draw.tensor(1, 5)), "The reconstruction")


@pytest.mark.task("Autoencoder", points=2)
def test_gradients_reach_all_layers(student, draw):
    """The module knows the parameters of every layer, and gradients reach all of them."""
    model = autoencoder(student, draw, [7, 5, 3], last_bias=20.0)
    _, by_model = gradients(model, draw.tensor(4, 7), by=model, cotangent=draw.tensor(4, 7))
    for shape in ((5, 7), (3, 5), (5, 3), (7, 5)):
        right(by_model[shape], f"The gradient of the parameter of shape {shape}")


@pytest.mark.task("Autoencoder", points=1, law=True)
def test_unknown_activation(student):
    """An unknown activation raises ValueError."""
    raises(ValueError, student.Autoencoder([4, 2], "softmix"))


# --- reconstruction_loss: 13 points ---


@pytest.mark.task("reconstruction_loss", points=3)
def test_squared_error(student, draw):
    """The squared error is averaged over all entries."""
    right(student.reconstruction_loss(draw.tensor(5, 3), draw.tensor(5, 3)), "The loss")


@pytest.mark.task("reconstruction_loss", points=2)
def test_cross_entropy(student, draw):
    """The cross-entropy takes logits."""
    logits, x = 2 * draw.tensor(5, 3), torch.sigmoid(draw.tensor(5, 3))
    right(student.reconstruction_loss(logits, x, kind="bce"), "The loss")


@pytest.mark.task("reconstruction_loss", points=3)
@pytest.mark.parametrize("kind", [torch.float64, torch.float32], ids=["float64", "float32"])
def test_large_logits(student, rng, kind):
    """The cross-entropy and its gradient are finite and right for large logits of either sign."""
    logits = torch.tensor([[-1000.0, -60.0, 60.0, 1000.0], [1000.0, 60.0, -60.0, -1000.0]], dtype=kind)
    x = torch.tensor(rng.choice([0.0, 0.25, 1.0], size=(2, 4)), dtype=kind)
    value, by_logits = gradients(student.reconstruction_loss, logits, x, kind="bce", by=logits)
    right(value, "The loss")
    right(by_logits, "The gradient with respect to the logits")


@pytest.mark.task("reconstruction_loss", points=1)
def test_sum(student, draw):
    """reduction="sum" adds up all entries."""
    loss = student.reconstruction_loss(draw.tensor(4, 6), draw.tensor(4, 6), reduction="sum")
    right(loss, "The loss")


@pytest.mark.task("reconstruction_loss", points=2)
def test_per_sample(student, draw):
    """reduction="sample" sums over a sample and averages over the batch."""
    logits, x = draw.tensor(4, 6), torch.sigmoid(draw.tensor(4, 6))
    right(student.reconstruction_loss(logits, x, kind="bce", reduction="sample"), "The loss")


@pytest.mark.task("reconstruction_loss", points=1, law=True)
def test_loss_gradient(student, draw):
    """Gradients flow through the squared error to the reconstruction."""
    x_hat, x = draw.tensor(3, 4), draw.tensor(3, 4)
    _, by_x_hat = gradients(student.reconstruction_loss, x_hat, x, by=x_hat)
    right(by_x_hat, "The gradient with respect to x_hat")


@pytest.mark.task("reconstruction_loss", points=1, law=True)
def test_loss_errors(student, draw):
    """Unequal shapes, an unknown kind and an unknown reduction raise ValueError."""
    x, wide, loss = draw.tensor(4, 1), draw.tensor(4, 3), student.reconstruction_loss
    raises(ValueError, loss(x, wide), loss(wide, x))
    raises(ValueError, *(loss(x, x, kind=kind) for kind in ("abs", "mae", "zero-one")))
    raises(ValueError, *(loss(x, x, reduction=reduction) for reduction in ("all", "median", "total")))


# --- pca_reconstruction: 7 points ---

BY_EIGENVECTORS = {"rtol": 1e-7, "atol": 1e-8}  # of the covariance matrix: right, and less exact


def stretched(draw, N, D):
    """Samples whose principal directions have clearly different variances."""
    rotation, _ = torch.linalg.qr(draw.tensor(D, D))
    scale = 1.5 ** torch.arange(D, dtype=torch.float64)
    x = (draw.tensor(N, D) * scale) @ rotation
    return x - x.mean(0)


@pytest.mark.task("pca_reconstruction", points=4)
@pytest.mark.parametrize(("N", "D", "k"), [(20, 6, 2), (5, 8, 3), (9, 4, 1)])
def test_projection(student, draw, N, D, k):
    """Centred samples are projected on the k leading directions."""
    right(student.pca_reconstruction(stretched(draw, N, D), k), "The reconstruction", **BY_EIGENVECTORS)


@pytest.mark.task("pca_reconstruction", points=2)
def test_away_from_origin(student, draw):
    """The mean of the samples is taken off before and added after."""
    x = stretched(draw, 20, 6) + 5 + draw.tensor(6)
    right(student.pca_reconstruction(x, 2), "The reconstruction", **BY_EIGENVECTORS)


@pytest.mark.task("pca_reconstruction", points=1, law=True)
def test_range_of_k(student, draw):
    """k may be min(N, D), which changes nothing; more, or less than 1, raises ValueError."""
    x = draw.tensor(6, 3)
    x, pca = x - x.mean(0), student.pca_reconstruction
    close(pca(x, 3), x, "With all directions, the reconstruction", **BY_EIGENVECTORS)
    raises(ValueError, pca(x, 0), pca(x, 4), pca(x[:2], 3))


# --- train_autoencoder: 13 points ---


def linear_autoencoder(weights):
    """A stack of linear layers with these weights, for student code to train."""
    pairs = list(zip(weights[::2], weights[1::2], strict=True))
    model = torch.nn.Sequential(*(torch.nn.Linear(*w.T.shape, dtype=w.dtype) for w, _ in pairs))
    for layer, (w, b) in zip(model, pairs, strict=True):
        layer.weight.data, layer.bias.data = w, b
    return model


def loss_named(name):
    """PyTorch's squared error, or a loss that looks at the output only, or whose value is the target's."""
    return {
        "squared error": torch.nn.functional.mse_loss,
        "energy of output": lambda x_hat, target: (x_hat**2).mean(),
        "energy of target": lambda x_hat, target: (target**2).mean() + 0 * x_hat.sum(),
    }[name]


def corruption_named(name):
    """A corruption that always does the same, or one that does something else at every call."""
    calls = []

    def counting(batch):
        calls.append(batch)
        return len(calls) * batch

    return {"shrinking": lambda batch: 0.5 * batch + 0.1, "counting": counting}[name]


def trained(student, weights, x, rows, loss="squared error", lr=0.05, corruption=None):
    """A linear autoencoder with these weights, trained by the student: (model, losses)."""
    model = student.beside(linear_autoencoder, weights)
    options = {"corruption": student.beside(corruption_named, corruption)} if corruption else {}
    return model, student.train_autoencoder(model, x, rows, student.beside(loss_named, loss), lr, **options)


def training(student, draw, rng, steps=8, **options):
    """A small task for it: a linear autoencoder 5 -> 2 -> 5, and batches of 4 of 12 samples."""
    weights = layers(draw, [5, 2, 5])
    rows = torch.tensor(rng.integers(12, size=(steps, 4)))
    return trained(student, weights, draw.tensor(12, 5), rows, **options)


def trains(student, draw, rng):
    """A training moves the decoder: what is seen of a corruption counts only beside that."""
    weights = layers(draw, [5, 2, 5])
    rows = torch.tensor(rng.integers(12, size=(2, 4)))
    model, _ = trained(student, weights, draw.tensor(12, 5), rows)
    obeys(parameters(model)[1], has_moved, weights[2])


def has_moved(weight, before):
    """A weight is not what it was."""
    assert not torch.allclose(weight, before), "After training, the model's weights are as they were."


@pytest.mark.task("train_autoencoder", points=3)
def test_losses(student, draw, rng):
    """The list holds the loss of every step, taken before its update."""
    _, losses = training(student, draw, rng)
    right(losses, "The list of losses", rtol=1e-6, atol=1e-8)


@pytest.mark.task("train_autoencoder", points=2)
def test_weights_after_training(student, draw, rng):
    """After training, all weights are where Adam takes them."""
    model, _ = training(student, draw, rng)
    for parameter in parameters(model):
        right(parameter, "A parameter after training", rtol=1e-5, atol=1e-7)


@pytest.mark.task("train_autoencoder", points=2)
def test_model_sees_corruption(student, draw, rng):
    """If a corruption is given, the model that is trained sees the corrupted batch."""
    trains(student, draw, rng)
    _, losses = training(student, draw, rng, 1, loss="energy of output", lr=0.0, corruption="shrinking")
    right(losses, "The loss of the model's output")


@pytest.mark.task("train_autoencoder", points=2)
def test_target_is_clean(student, draw, rng):
    """The target of training is the clean batch, with or without corruption."""
    trains(student, draw, rng)
    _, losses = training(student, draw, rng, 3, loss="energy of target", lr=0.1, corruption="shrinking")
    right(losses, "A loss that looks at the target only")


@pytest.mark.task("train_autoencoder", points=1)
def test_fresh_noise(student, draw, rng):
    """The corruption is drawn afresh in every step of training, once for its batch."""
    trains(student, draw, rng)
    _, losses = training(student, draw, rng, 4, loss="energy of output", lr=0.0, corruption="counting")
    right(losses, "With another corruption in every step, the list of losses")


def planted(seed):
    """Samples near a subspace of 3 of 12 dimensions, and first weights: the same for every student."""
    g = torch.Generator().manual_seed(seed)
    basis = torch.linalg.qr(torch.randn(12, 3, generator=g, dtype=torch.float64))[0].T
    x = 2 * torch.randn(64, 3, generator=g, dtype=torch.float64) @ basis
    x = x + 0.6 * torch.randn(64, 12, generator=g, dtype=torch.float64) + 0.5
    weights = [
        0.3 * torch.randn(s, generator=g, dtype=torch.float64) for s in ((3, 12), (3,), (12, 3), (12,))
    ]
    return x, weights


@cache
def optimum_and_losses(seed, steps):
    """Of a planted task: the error of PCA, and the right losses before each step and after the last."""
    x, weights = planted(seed)
    rows = torch.arange(64).repeat(steps + 1, 1)
    losses = reference.train_autoencoder(linear_autoencoder(weights), x, rows, functional.mse_loss, lr=0.1)
    optimum = float(((reference.pca_reconstruction(x, 3) - x) ** 2).mean())
    return optimum, torch.tensor(losses, dtype=torch.float64)


def is_near_optimum(encoder, decoder, encoder_bias, decoder_bias, x, optimum):
    """What was trained rebuilds the samples nearly as well as PCA."""
    x_hat = (x @ encoder.T + encoder_bias) @ decoder.T + decoder_bias
    assert float(((x_hat - x) ** 2).mean()) <= 1.10 * optimum, (
        "After 50 steps the linear autoencoder is far above the error of PCA."
    )


def leads_there(losses, optimum, truth):
    """Who knows the optimum need not train to be there; the losses tell of the way.

    Whether they are taken before or after the update, test_losses asks.
    """
    losses = torch.tensor(losses, dtype=torch.float64)
    assert float(losses.min()) >= 0.999 * optimum, (
        "A loss below the optimum was reported: it is not the mean over the batch."
    )
    on_the_way = any(torch.allclose(losses[:10], truth[at : at + 10], rtol=1e-3) for at in (0, 1))
    assert on_the_way, (
        "The losses of the first ten steps are not those of Adam from the model's first weights."
    )
    assert torch.allclose(losses[-1], truth[-1], rtol=0.1), (
        "The last loss is not the one that training ends with."
    )


@pytest.mark.task("train_autoencoder", points=3)
@pytest.mark.parametrize("seed", TRAINING_SEEDS)
def test_as_good_as_pca(student, seed):
    """A linear autoencoder ends within 10 % of the best linear reconstruction, and never below it."""
    x, weights = planted(seed)
    model, losses = trained(student, weights, x, torch.arange(64).repeat(50, 1), lr=0.1)
    optimum, truth = optimum_and_losses(seed, 50)
    obeys(parameters(model)[0], is_near_optimum, *parameters(model)[1:], x, optimum)
    obeys(losses, leads_there, optimum, truth)


# --- corrupt: 12 points ---


def is_gaussian(noisy, x, level):
    """Normal noise of this standard deviation was added."""
    chance.normal((noisy - x) / level, "the noise")


def is_masked(noisy, x, level):
    """This share of the entries is 0, and the others are as they were."""
    hit = noisy == 0
    chance.scattered(hit, level, "masked entries")
    assert_close(noisy[~hit], x[~hit], what="What was not masked")


def is_salt_and_pepper(noisy, x, level):
    """This share of the entries is the smallest or the largest value, and the others are as they were."""
    low, high = noisy == x.min(), noisy == x.max()
    chance.scattered(low | high, level, "replaced entries")
    deviation = math.sqrt(level * x.numel())
    chance.near(low.sum() - high.sum(), 0, deviation, "The difference of the two values' numbers")
    untouched = ~(low | high)
    assert_close(noisy[untouched], x[untouched], what="What was not replaced")


@pytest.mark.task("corrupt", points=4)
@pytest.mark.parametrize("level", [0.3, 1.7])
def test_gaussian(student, draw, level):
    """Gaussian noise has standard deviation `level` and is independent for every entry."""
    x = draw.tensor(200, 60)
    obeys(student.corrupt(x, "gaussian", level, draw.generator()), is_gaussian, x, level)


@pytest.mark.task("corrupt", points=3)
def test_masking(student, draw):
    """Masking sets a share `level` of the entries to 0 and leaves the others as they are."""
    x = draw.tensor(200, 60)
    obeys(student.corrupt(x, "masking", 0.3, draw.generator()), is_masked, x, 0.3)


@pytest.mark.task("corrupt", points=3)
def test_salt_and_pepper(student, draw):
    """Salt and pepper puts the smallest or the largest value, equally often, on a share `level`."""
    x = draw.tensor(200, 60)
    obeys(student.corrupt(x, "salt_pepper", 0.3, draw.generator()), is_salt_and_pepper, x, 0.3)


@pytest.mark.task("corrupt", points=1, law=True)
@pytest.mark.parametrize("kind", ["gaussian", "masking", "salt_pepper"])
def test_corrupt_generator(student, draw, kind):
    """Equal generators give equal noise, each call draws fresh noise, and nothing else is random."""
    chance.same_draws(student.corrupt, draw.tensor(8, 9), kind, 0.4, draw.generator())


@pytest.mark.task("corrupt", points=1, law=True)
@pytest.mark.parametrize("kind", ["gaussian", "masking", "salt_pepper"])
def test_corrupt_limits(student, draw, kind):
    """The input stays as it is, level 0 changes nothing, and levels that make no sense raise ValueError."""
    x, g, corrupt = draw.tensor(6, 7).float(), draw.generator(), student.corrupt
    student.share(x)
    dtype(corrupt(x, kind, 0.9, g), torch.float32, "What came of a float32 tensor")
    unchanged(student, x, "x")
    close(corrupt(x, kind, 0.0, g), x, "With level 0, the output")
    corrupt(x, kind, 1.0, g)
    raises(ValueError, corrupt(x, kind, -0.1, g))
    raises(ValueError, corrupt(x, "gaussian", -1.0, g) if kind == "masking" else corrupt(x, "blur", 0.5, g))
    if kind != "gaussian":
        raises(ValueError, corrupt(x, kind, 1.1, g))


# --- denoising_loss: 6 points ---


@pytest.mark.task("denoising_loss", points=2)
def test_model_sees_noise(student, draw):
    """The model sees the corrupted sample, corrupted once."""
    x = draw.tensor(4, 3)
    corruption, model = spy(student, "corruption(batch)", 2 * x + 1), spy(student, "model(batch)", x)
    loss = spy(student, "loss(x_hat, target)", torch.tensor(1.5))
    right(student.denoising_loss(model, x, corruption, loss), "What denoising_loss returned")
    heard(corruption)
    right(heard(model)[0], "The batch that model was given")


def function_named(name):
    """Functions that let gradients through: a model, a corruption, a loss, a divergence."""
    return {
        "triple": lambda batch: 3 * batch,
        "nothing": lambda batch: batch.clone(),
        "energy of output": lambda x_hat, target: (x_hat**2).mean(),
        "sum of means": lambda rho, rho_hat: rho_hat.sum(),
    }[name]


@pytest.mark.task("denoising_loss", points=2, law=True)
def test_denoising_gradient(student, draw):
    """Gradients of the loss reach the model."""
    words = {"model": "triple", "corruption": "nothing", "loss": "energy of output"}
    model, corruption, loss = (
        student.beside(function_named, function, label=f"the function {name}")
        for name, function in words.items()
    )
    x = draw.tensor(4, 3)
    _, by_x = gradients(student.denoising_loss, model, x, corruption, loss, by=x)
    right(by_x, "The gradient that went through the model")


@pytest.mark.task("denoising_loss", points=2)
def test_loss_compares_with_clean(student, draw):
    """The loss compares what the model returned with the clean sample, and is returned."""
    x, rebuilt = draw.tensor(4, 3), draw.tensor(4, 3)
    corruption, model = spy(student, "corruption(batch)", x + 1), spy(student, "model(batch)", rebuilt)
    loss = spy(student, "loss(x_hat, target)", torch.tensor(2.5, dtype=torch.float64))
    result = student.denoising_loss(model, x, corruption, loss)
    x_hat, target = heard(loss)
    right(target, "The target that loss was given")
    right(x_hat, "The reconstruction that loss was given")
    right(result, "What denoising_loss returned")


# --- kl_sparsity: 8 points ---
# A wanted activation is a Python float, which honest code may put into a float32 tensor: float32 holds the
# numbers below exactly, and what is computed of them alone is rounded to its digits.

SCALAR_IN_FLOAT32 = {"rtol": 1e-6, "atol": 1e-7}


@pytest.mark.task("kl_sparsity", points=3)
@pytest.mark.parametrize("rho", [0.0625, 0.3125])
def test_sparsity_divergence(student, draw, rho):
    """The divergence goes from the wanted to the observed activation, summed over the units."""
    right(student.kl_sparsity(rho, torch.sigmoid(draw.tensor(6))), "The divergence", **SCALAR_IN_FLOAT32)


@pytest.mark.task("kl_sparsity", points=3)
def test_units_always_on_or_off(student):
    """A unit that is always on or always off gives the finite value of the clipped mean."""
    for mean, unit in ((0.0, "off"), (1.0, "on")):
        divergence = student.kl_sparsity(0.25, torch.tensor([mean, 0.25], dtype=torch.float64))
        right(divergence, f"The divergence of a unit that is always {unit}", **SCALAR_IN_FLOAT32)


@pytest.mark.task("kl_sparsity", points=2, law=True)
def test_sparsity_gradient(student, draw):
    """Gradients reach the observed activations."""
    rho_hat = torch.sigmoid(draw.tensor(5))
    _, by_rho_hat = gradients(student.kl_sparsity, 0.125, rho_hat, by=rho_hat)
    right(by_rho_hat, "The gradient with respect to rho_hat", **SCALAR_IN_FLOAT32)


# --- sparse_loss: 5 points ---

RECONSTRUCTION = torch.tensor(2.0, dtype=torch.float64)


@pytest.mark.task("sparse_loss", points=2)
def test_mean_over_batch(student, draw):
    """The activation that is compared is the mean over the batch, one number for each unit."""
    h = torch.sigmoid(draw.tensor(5, 3))
    divergence = spy(student, "divergence(rho, rho_hat)", torch.tensor(1.0, dtype=torch.float64))
    right(student.sparse_loss(RECONSTRUCTION, h, 0.125, 1.0, divergence), "The loss")
    rho, rho_hat = heard(divergence)
    right(rho, "The rho that divergence was given")
    right(rho_hat, "The rho_hat that divergence was given")


@pytest.mark.task("sparse_loss", points=1)
@pytest.mark.parametrize("beta", [0.0, 0.75, 3.0])
def test_weight_of_penalty(student, draw, beta):
    """beta weighs the divergence, and only the divergence."""
    h = torch.sigmoid(draw.tensor(4, 2))
    divergence = spy(student, "divergence(rho, rho_hat)", torch.tensor(1.5, dtype=torch.float64))
    right(student.sparse_loss(RECONSTRUCTION, h, 0.125, beta, divergence), "The loss")


@pytest.mark.task("sparse_loss", points=2, law=True)
def test_sparse_gradients(student, draw):
    """Gradients reach the reconstruction and, by way of the divergence, the code."""
    divergence = student.beside(function_named, "sum of means", label="the function divergence")
    h, error = torch.sigmoid(draw.tensor(3, 3)), RECONSTRUCTION.clone()  # as many samples as units
    _, by_error, by_h = gradients(student.sparse_loss, error, h, 0.125, 1.0, divergence, by=[error, h])
    right(by_error, "The gradient with respect to the reconstruction")
    right(by_h, "The gradient with respect to h")


# --- reparameterize: 7 points ---


def is_spread(z, logvar):
    """Draws around 0 are normal, have these variances, and are independent."""
    noise = z / torch.exp(logvar / 2)
    for unit, variance in enumerate((noise**2).mean(0)):
        what = f"The variance for logvar {float(logvar[0, unit])}"
        chance.near(variance, 1, math.sqrt(2 / len(noise)), what)
    chance.normal(noise, "the noise")


@pytest.mark.task("reparameterize", points=3)
def test_spread(student, draw):
    """The draws are normal with standard deviation exp(logvar / 2), independently for every entry."""
    logvar = torch.tensor([-2.0, 0.5, 1.5], dtype=torch.float64).repeat(4000, 1)
    obeys(student.reparameterize(torch.zeros_like(logvar), logvar, draw.generator()), is_spread, logvar)


def is_moved(moved, around_zero, mu):
    """An equal generator draws the same around another mean."""
    assert float(around_zero.abs().max()) > 0.01, "With logvar = 0 the draws hardly differ from mu."
    assert_close(moved, mu + around_zero, what="The draw around mu with an equal generator")


@pytest.mark.task("reparameterize", points=2)
def test_centre(student, draw):
    """mu moves the draws and does nothing else."""
    mu, logvar, g = draw.tensor(5, 4), torch.zeros(5, 4, dtype=torch.float64), draw.generator()
    around_zero = student.reparameterize(torch.zeros_like(mu), logvar, g)
    obeys(student.reparameterize(mu, logvar, g), is_moved, around_zero, mu)


def is_slope(claimed, above, below, h, what):
    """A gradient is what central differences say."""
    assert_close(claimed, (above - below) / (2 * h), rtol=1e-6, atol=1e-7, what=what)


@pytest.mark.task("reparameterize", points=1, law=True)
def test_draw_gradients(student, draw):
    """Gradients reach mu and logvar, and are the derivatives of the draws."""
    mu, logvar, g, h = draw.tensor(3, 4), draw.tensor(3, 4), draw.generator(), 1e-5
    sample = student.reparameterize
    z, by_mu, by_logvar = gradients(sample, mu, logvar, g, by=[mu, logvar])
    close(z, sample(mu, logvar, g), "What an equal generator draws")
    above, below = sample(mu + h, logvar, g), sample(mu - h, logvar, g)
    obeys(by_mu, is_slope, above, below, h, "The gradient with respect to mu")
    above, below = sample(mu, logvar + h, g), sample(mu, logvar - h, g)
    obeys(by_logvar, is_slope, above, below, h, "The gradient with respect to logvar")


def is_standard_normal(z):
    """One long row of draws around 0 with variance 1."""
    chance.normal(z.reshape(40, 100), "the noise")


@pytest.mark.task("reparameterize", points=1, law=True)
def test_draw_generator(student, draw):
    """Equal generators give equal normal draws, each call draws afresh, and nothing else is random."""
    zeros = torch.zeros(1, 4000, dtype=torch.float64)
    obeys(student.reparameterize(zeros, zeros, draw.generator()), is_standard_normal)
    mu, logvar = draw.tensor(3, 4).float(), draw.tensor(3, 4).float()
    z = chance.same_draws(student.reparameterize, mu, logvar, draw.generator())
    dtype(z, torch.float32, "What came of float32 tensors")


# --- kl_gauss: 6 points ---


@pytest.mark.task("kl_gauss", points=2)
def test_gauss_divergence(student, draw):
    """For one sample and one unit the divergence is that of two normal distributions."""
    zero = torch.zeros(1, 1)
    right(student.kl_gauss(zero, zero), "For mu = 0 and logvar = 0, the divergence")
    for mu, logvar in zip(draw.tensor(6, 1, 1), draw.tensor(6, 1, 1), strict=True):
        right(student.kl_gauss(mu, logvar), "The divergence")


@pytest.mark.task("kl_gauss", points=2)
def test_sum_and_mean(student, draw):
    """The divergence is summed over the code units and averaged over the samples."""
    right(student.kl_gauss(draw.tensor(5, 3), draw.tensor(5, 3)), "The divergence")


@pytest.mark.task("kl_gauss", points=2, law=True)
def test_gauss_gradients(student, draw):
    """Gradients reach mu and logvar."""
    mu, logvar = draw.tensor(1, 1), draw.tensor(1, 1)
    _, by_mu, by_logvar = gradients(student.kl_gauss, mu, logvar, by=[mu, logvar])
    right(by_mu, "The gradient with respect to mu")
    right(by_logvar, "The gradient with respect to logvar")


# --- bug_hunt: 5 points ---


def naive_bce(logits, x):
    """The wrong function that the notebook shows."""
    s = torch.sigmoid(logits)
    return (-x * torch.log(s) - (1 - x) * torch.log(1 - s)).mean()


def shows_the_bug(found):
    """A pair of inputs is as it was asked for, and naive_bce is wrong on it."""
    assert isinstance(found, (tuple, list)) and len(found) == 2, "bug_hunt returns a pair (logits, x)."
    logits, x = found
    for name, value in (("logits", logits), ("x", x)):
        assert isinstance(value, torch.Tensor) and value.is_floating_point(), f"{name} is not a float tensor."
        precise = value.dtype in (torch.float32, torch.float64)  # in others any number shows their rounding
        assert precise, f"{name} has the dtype {value.dtype}; expected torch.float32 or torch.float64."
        assert 1 <= value.numel() <= 16, f"{name} has {value.numel()} entries; expected 1 to 16."
        assert torch.isfinite(value).all(), f"{name} is not finite."
    assert logits.shape == x.shape, f"logits has shape {tuple(logits.shape)}, x has {tuple(x.shape)}."
    assert ((x >= 0) & (x <= 1)).all(), "x has entries outside [0, 1]."
    truth = float(reference.reconstruction_loss(logits.double(), x.double(), kind="bce"))
    wrong = float(naive_bce(logits, x))
    differs = not math.isfinite(wrong) or abs(wrong - truth) > 1e-3 * abs(truth)
    assert differs, "On this input naive_bce agrees with the right loss."


@pytest.mark.task("bug_hunt", points=5)
def test_bug_hunt(student):
    """On the input that you return, naive_bce differs from the right loss."""
    obeys(student.bug_hunt(), shows_the_bug)


# --- bonus: contractive_penalty 10, TiedAutoencoder 10 ---


@pytest.mark.task("contractive_penalty", points=5, bonus=True)
def test_jacobian_norm(student, draw):
    """For one sample the penalty is the squared norm of the Jacobian of the encoder."""
    x, weight, bias = draw.tensor(5), draw.tensor(3, 5), draw.tensor(3)
    right(student.contractive_penalty(torch.sigmoid(weight @ x + bias)[None], weight), "The penalty")


@pytest.mark.task("contractive_penalty", points=2, bonus=True)
def test_penalty_of_batch(student, draw):
    """The penalty is averaged over the samples."""
    x, weight, bias = draw.tensor(4, 5), draw.tensor(3, 5), draw.tensor(3)
    right(student.contractive_penalty(torch.sigmoid(x @ weight.T + bias), weight), "The penalty")


@pytest.mark.task("contractive_penalty", points=3, bonus=True, law=True)
def test_penalty_gradients(student, draw):
    """Gradients reach the code and the weight."""
    h, weight = torch.sigmoid(draw.tensor(1, 3)), draw.tensor(3, 5)
    _, by_h, by_weight = gradients(student.contractive_penalty, h, weight, by=[h, weight])
    right(by_h, "The gradient with respect to h")
    right(by_weight, "The gradient with respect to weight")


def tied(student, draw):
    """The student's tied autoencoder 5 -> 3 -> 5 with parameters of ours."""
    model = student.TiedAutoencoder(5, 3)
    shapes = {"weight": (3, 5), "encoder_bias": (3,), "decoder_bias": (5,)}
    fill(model, {name: draw.tensor(*shape) for name, shape in shapes.items()})
    return model


@pytest.mark.task("TiedAutoencoder", points=2, bonus=True)
def test_tied_encode(student, draw):
    """The code is a sigmoid of the linear layer."""
    right(tied(student, draw).encode(draw.tensor(4, 5)), "The code")


@pytest.mark.task("TiedAutoencoder", points=3, bonus=True)
def test_tied_decode(student, draw):
    """The decoder uses the same matrix the other way, and adds its own bias."""
    right(tied(student, draw).decode(draw.tensor(4, 3)), "The reconstruction")


def is_drawn_with_variance(matrix, variance):
    """The mean square of many entries is this."""
    mean_square = (matrix.double() ** 2).mean() / variance
    chance.near(mean_square, 1, math.sqrt(2 / matrix.numel()), "The variance of the matrix")


@pytest.mark.task("TiedAutoencoder", points=2, bonus=True, law=True)
def test_tied_start(student, draw):
    """There are three parameters: biases that begin at 0, and a matrix drawn with variance 1/D."""
    matrix, *biases = parameters(student.TiedAutoencoder(400, 50))
    obeys(matrix, is_drawn_with_variance, 1 / 400)
    for bias in biases:
        right(bias, "A new bias")


@pytest.mark.task("TiedAutoencoder", points=3, bonus=True)
def test_tied_gradient(student, draw):
    """The matrix gets gradient from the encoder and from the decoder."""
    model = tied(student, draw)
    _, by_model = gradients(model, draw.tensor(4, 5), by=model, cotangent=draw.tensor(4, 5))
    right(by_model[3, 5], "The gradient of the matrix")
