"""Hidden checks of the autoencoder unit.

The student's modules stay in the student's process. The functions from ``set_weights`` to
``global_draw`` are shipped there by ``student.inside``: they hold no secret, and what they return is
the student's claim, which is compared with a truth computed here. Random draws are judged within six
standard deviations, so that right code fails about twice in a billion checks.
"""

import math
from functools import cache
from itertools import pairwise
from numbers import Real

import pytest
import torch
from torch.distributions import Bernoulli, Normal, kl_divergence
from torch.nn import functional

from autograder.compare import assert_close
from autograder.student import Remote, whole
from solutions import autoencoder as reference

SIGMAS = 6
TRAINING_SEEDS = (1, 2, 3)  # the same for every student; reference and variants are proven on them
ACTIVATIONS = {"relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid, "identity": lambda x: x}


# --- functions that run beside the student's code ---


@whole
def set_weights(model, weights):
    """Give all Linear layers of a shape the weight and bias of that shape; return how many found no layer."""
    layers = list(model.modules())
    for value in vars(model).values():  # layers kept in a plain list count for the values, not for training
        layers += value if isinstance(value, list) else []
    layers = [layer for layer in layers if isinstance(layer, torch.nn.Linear) and layer.bias is not None]
    missing = 0
    for weight, bias in zip(weights[::2], weights[1::2], strict=True):
        fitting = [layer for layer in layers if layer.weight.shape == weight.shape]
        missing += not fitting
        for layer in fitting:  # one in a right model; a wrong decoder may have layers like the encoder's
            layer.to(weight.dtype)
            with torch.no_grad():
                layer.weight.copy_(weight)
                layer.bias.copy_(bias)
    return missing


@whole
def set_tied(model, weight, encoder_bias, decoder_bias):
    """Give a tied autoencoder its three parameters."""
    model.to(weight.dtype)
    with torch.no_grad():
        model.weight.copy_(weight)
        model.encoder_bias.copy_(encoder_bias)
        model.decoder_bias.copy_(decoder_bias)


@whole
def module_gradients(model, x, cotangent):
    """Gradients of <cotangent, model(x)> by the parameters that the module knows, each by its name in words.

    None where the model's output has not the shape of the cotangent.
    """
    model.zero_grad()
    out = model(x)
    if not torch.is_tensor(out) or out.shape != cotangent.shape:
        return None
    if out.requires_grad:
        (cotangent * out).sum().backward()
    found = [(p.shape, p.grad) for p in model.parameters() if p.grad is not None]
    return {f"the gradient of the parameter of shape {tuple(shape)}": grad for shape, grad in found}


@whole
def value_and_gradients(function, *args):
    """What the function returns, summed, and its gradients by the float tensors among the arguments.

    Only what it returns, where no gradient can flow back from that.
    """
    args = [a.clone().requires_grad_() if torch.is_tensor(a) and a.is_floating_point() else a for a in args]
    result = function(*args)
    if not (torch.is_tensor(result) and result.requires_grad):
        return [result.sum() if torch.is_tensor(result) else result]
    result = result.sum()
    wanted = [a for a in args if torch.is_tensor(a) and a.requires_grad]
    gradients = torch.autograd.grad(result, wanted, allow_unused=True)
    return [
        result,
        *[torch.zeros_like(a) if g is None else g for a, g in zip(wanted, gradients, strict=True)],
    ]


@whole
def bce_and_gradients(loss, logits, x):
    """The cross-entropy and its gradient by the logits; only the first where no gradient can flow back."""
    logits = logits.clone().requires_grad_()
    value = loss(logits, x, kind="bce")
    if not (torch.is_tensor(value) and value.requires_grad):
        return [value]
    (gradient,) = torch.autograd.grad(value.sum(), [logits], allow_unused=True)
    return [value.detach(), torch.zeros_like(logits) if gradient is None else gradient]


@whole
def parameters_of(model):
    """The parameters of a module, in its order."""
    return [p.detach().clone() for p in model.parameters()]


@whole
def linear_autoencoder_trained(train, weights, x, rows, loss, lr, corruption, wanted):
    """A linear autoencoder with these weights is trained: the losses, its parameters after it, or both.

    Losses: PyTorch's squared error, one that looks at the output only, and one whose value is the mean square
    of the target. Corruptions: one that always does the same, and one that does something else at every call.
    """
    seen = []

    def counting(batch):
        seen.append(batch)
        return len(seen) * batch

    losses = {
        "squared error": torch.nn.functional.mse_loss,
        "energy of output": lambda x_hat, target: (x_hat**2).mean(),
        "energy of target": lambda x_hat, target: (target**2).mean() + 0 * x_hat.sum(),
    }
    corruptions = {"shrinking": lambda batch: 0.5 * batch + 0.1, "counting": counting}
    layers = [torch.nn.Linear(w.shape[1], w.shape[0], dtype=w.dtype) for w in weights[::2]]
    for parameter, value in zip([p for layer in layers for p in layer.parameters()], weights, strict=True):
        parameter.data.copy_(value)
    model = torch.nn.Sequential(*layers)
    options = {"corruption": corruptions[corruption]} if corruption else {}
    came = train(model, x, rows, losses[loss], lr, **options)
    several = isinstance(came, (list, tuple))
    parameters = [p.detach().clone() for p in model.parameters()]
    both = parameters + (list(came) if several else [came])
    return {"losses": list(came) if several else came, "parameters": parameters, "both": both}[wanted]


def each(function, calls):
    """What each of these calls returns."""
    return [function(*args) for args in calls]


def draws(function, args, generator, equal):
    """Three draws from copies of the inputs: of a generator, of an equal one, and of the first one again."""
    found = []
    for chance in (generator, equal, generator):
        own = [arg.clone() if torch.is_tensor(arg) else arg for arg in args]
        found.append(function(*own, chance))
    return found


@whole
def global_draw(function, *args):
    """Whether a call leaves PyTorch's global random state as it was."""
    before = torch.get_rng_state()
    function(*args)
    return bool((torch.get_rng_state() == before).all())


# --- what the judge computes itself ---


def layers(draw, sizes, last_bias=0.0):
    """Weights and biases [w, b, w, b, ...] for a stack of linear layers with the given sizes."""
    found = []
    for fan_in, fan_out in pairwise(sizes):
        found += [draw.tensor(fan_out, fan_in) / fan_in**0.5, draw.tensor(fan_out)]
    found[-1] = found[-1] + last_bias
    return found


def run(weights, x, activation):
    """The stack of linear layers with the activation between them."""
    for i in range(0, len(weights), 2):
        x = x @ weights[i].T + weights[i + 1]
        if i + 2 < len(weights):
            x = ACTIVATIONS[activation](x)
    return x


def autoencoder(student, draw, sizes, activation="relu", last_bias=0.0, parts=("encoder", "decoder")):
    """The student's autoencoder with weights of ours: (model, encoder weights, decoder weights).

    Only the layers of `parts` are asked for and set: a check of one half does not need the other.

    With a large bias in the last layers, code and reconstruction are positive: a ReLU after them, which has
    checks of its own, cannot be seen.
    """
    encoder = layers(draw, sizes, last_bias)
    decoder = layers(draw, sizes[::-1], 50 * last_bias)
    weights = {"encoder": encoder, "decoder": decoder}
    model = student.Autoencoder(sizes, activation)
    wanted = [array for part in parts for array in weights[part]]
    missing = student.inside(set_weights, model, wanted)
    assert missing == 0, (
        f"For sizes {sizes}, {missing} of the {len(wanted) // 2} torch.nn.Linear layers (with bias) of the "
        f"{' and the '.join(parts)} were not found."
    )
    return model, encoder, decoder


def twin(original):
    """A generator in the same state."""
    return torch.Generator().set_state(original.get_state())


def near(value, expected, deviation, what):
    """Fail unless `value` is within six standard deviations of what is expected."""
    assert abs(float(value) - expected) <= SIGMAS * deviation, f"{what} is far from what chance allows."


def scattered(hit, p, what):
    """Fail unless the booleans `hit` (rows, columns) look like independent draws with probability p."""
    hit = hit.double()
    near(hit.sum(), hit.numel() * p, math.sqrt(hit.numel() * p * (1 - p)), f"The share of {what}")
    independent((hit - p) / math.sqrt(p * (1 - p)), what)


def independent(noise, what):
    """Fail unless neighbours in rows and in columns of standardised noise are uncorrelated."""
    for a, b in ((noise[1:], noise[:-1]), (noise[:, 1:], noise[:, :-1])):
        near((a * b).mean(), 0, 1 / math.sqrt(a.numel()), f"The correlation between neighbours in {what}")


def in_words(value):
    """What kind of thing a value is that should have been a tensor."""
    if value is None:
        return "None"
    return "an object of another kind" if isinstance(value, Remote) else f"a {type(value).__name__}"


def is_tensor(result, what):
    """Fail unless a tensor came back, which autograd can go on with."""
    assert isinstance(result, torch.Tensor), (
        f"{what} returned {in_words(result)}; expected a tensor, so that gradients can flow."
    )


def tensors(results, what):
    """The results of several calls. Fail unless all are tensors: an object would be asked to compute here."""
    for result in results:
        is_tensor(result, what)
    return results


def with_gradients(came, what):
    """What a shipped function found: a value and its gradients. Fail where it found no gradients."""
    if len(came) == 1:
        is_tensor(came[0], what)
        raise AssertionError(
            f"{what} returned a tensor from which no gradient flows back. Is there a .detach(), .item() or "
            "torch.no_grad() on the way?"
        )
    return came


def as_numbers(losses):
    """The losses that training returned, as a tensor."""
    numbers = isinstance(losses, (list, tuple)) and all(isinstance(loss, Real) for loss in losses)
    finite = numbers and all(map(math.isfinite, losses))
    assert finite, "train_autoencoder must return a list of finite floats, one for each step."
    return torch.tensor(losses, dtype=torch.float64)


def gives_tensor(result, what):
    """Fail unless a tensor without axes came back, which autograd can go on with."""
    is_tensor(result, what)
    assert result.shape == (), f"{what} returned shape {tuple(result.shape)}; expected ()."


def gradient_is_right(claimed, weight):
    """Among the gradients that `module_gradients` claims there is that of a parameter, and it is right."""
    assert claimed is not None, "What the model returned has not the shape of its input."
    name = f"the gradient of the parameter of shape {tuple(weight.shape)}"
    assert name in claimed, f"No gradient reached the parameter of shape {tuple(weight.shape)}."
    assert_close(claimed[name], weight.grad, what=name[0].upper() + name[1:])


# --- Autoencoder: 18 points ---


@pytest.mark.task("Autoencoder", points=3)
def test_encode(student, draw):
    """The code is the result of all encoder layers, with the activation between them."""
    model, encoder, _ = autoencoder(student, draw, [7, 5, 4, 3], last_bias=20.0, parts=["encoder"])
    x = draw.tensor(6, 7)
    assert_close(model.encode(x), run(encoder, x, "relu"), what="The code")


@pytest.mark.task("Autoencoder", points=3)
def test_decode(student, draw):
    """The decoder leads from the code back to the size of the input."""
    model, _, decoder = autoencoder(student, draw, [7, 5, 4, 3], last_bias=20.0, parts=["decoder"])
    h = draw.tensor(6, 3)
    assert_close(model.decode(h), run(decoder, h, "relu"), what="The decoder's output")


@pytest.mark.task("Autoencoder", points=2)
def test_forward(student, draw):
    """The reconstruction is decoded from the code and from nothing else."""
    model, encoder, decoder = autoencoder(student, draw, [7, 5, 3], last_bias=20.0)
    x = draw.tensor(4, 7)
    assert_close(model(x), run(decoder, run(encoder, x, "relu"), "relu"), what="The reconstruction")


@pytest.mark.task("Autoencoder", points=2)
def test_code_takes_any_value(student, draw):
    """The last layer of the encoder is linear: a code may be negative."""
    model, encoder, _ = autoencoder(student, draw, [7, 5, 3], parts=["encoder"])
    x = draw.tensor(20, 7)
    assert_close(model.encode(x), run(encoder, x, "relu"), what="The code")


@pytest.mark.task("Autoencoder", points=2)
def test_reconstruction_takes_any_value(student, draw):
    """The last layer of the decoder is linear: a reconstruction may be negative."""
    model, _, decoder = autoencoder(student, draw, [7, 5, 3], parts=["decoder"])
    h = draw.tensor(20, 3)
    assert_close(model.decode(h), run(decoder, h, "relu"), what="The decoder's output")


@pytest.mark.task("Autoencoder", points=2)
@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "identity"])
def test_activations(student, draw, activation):
    """tanh, sigmoid and identity are used where they are asked for."""
    model, encoder, _ = autoencoder(student, draw, [6, 5, 2], activation, parts=["encoder"])
    x = draw.tensor(4, 6)
    assert_close(model.encode(x), run(encoder, x, activation), what=f"With {activation}, the code")


@pytest.mark.task("Autoencoder", points=1)
def test_without_hidden_layers(student, draw):
    """Two sizes make one linear layer each way, also for a batch of one."""
    model, encoder, decoder = autoencoder(student, draw, [5, 2], "identity")
    x = draw.tensor(1, 5)
    expected = run(decoder, run(encoder, x, "identity"), "identity")
    assert_close(model(x), expected, what="The reconstruction")


@pytest.mark.task("Autoencoder", points=2, mirror=False)
def test_gradients_reach_all_layers(student, draw):
    """The module knows the parameters of every layer, and gradients reach all of them."""
    model, encoder, decoder = autoencoder(student, draw, [7, 5, 3], last_bias=20.0)
    x, cotangent = draw.tensor(4, 7), draw.tensor(4, 7)
    claimed = student.inside(module_gradients, model, x, cotangent)
    weights = [w.clone().requires_grad_() for w in encoder + decoder]
    (cotangent * run(weights[4:], run(weights[:4], x, "relu"), "relu")).sum().backward()
    for weight in weights[::2]:
        gradient_is_right(claimed, weight)


@pytest.mark.task("Autoencoder", points=1, law=True)
def test_unknown_activation(student):
    """An unknown activation raises ValueError."""
    with pytest.raises(ValueError):
        student.Autoencoder([4, 2], "softmix")


# --- reconstruction_loss: 13 points ---


@pytest.mark.task("reconstruction_loss", points=3)
def test_squared_error(student, draw):
    """The squared error is averaged over all entries."""
    x_hat, x = draw.tensor(5, 3), draw.tensor(5, 3)
    assert_close(student.reconstruction_loss(x_hat, x), functional.mse_loss(x_hat, x), what="The loss")


@pytest.mark.task("reconstruction_loss", points=2)
def test_cross_entropy(student, draw):
    """The cross-entropy takes logits."""
    logits, x = 2 * draw.tensor(5, 3), torch.sigmoid(draw.tensor(5, 3))
    expected = functional.binary_cross_entropy_with_logits(logits, x)
    assert_close(student.reconstruction_loss(logits, x, kind="bce"), expected, what="The loss")


@pytest.mark.task("reconstruction_loss", points=3, mirror=False)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=["float64", "float32"])
def test_large_logits(student, rng, dtype):
    """The cross-entropy and its gradient are finite and right for large logits of either sign."""
    logits = torch.tensor([[-1000.0, -60.0, 60.0, 1000.0], [1000.0, 60.0, -60.0, -1000.0]], dtype=dtype)
    x = torch.tensor(rng.choice([0.0, 0.25, 1.0], size=(2, 4)), dtype=dtype)
    came = student.inside(bce_and_gradients, student.reconstruction_loss, logits, x)
    value, by_logits = with_gradients(came, "reconstruction_loss")
    truth = logits.clone().requires_grad_()
    expected = functional.binary_cross_entropy_with_logits(truth, x)
    expected.backward()
    assert_close(value, expected.detach(), what="The loss")
    assert_close(by_logits, truth.grad, what="The gradient with respect to the logits")


@pytest.mark.task("reconstruction_loss", points=1)
def test_sum(student, draw):
    """reduction="sum" adds up all entries."""
    x_hat, x = draw.tensor(4, 6), draw.tensor(4, 6)
    loss = student.reconstruction_loss(x_hat, x, reduction="sum")
    assert_close(loss, ((x_hat - x) ** 2).sum(), what="The loss")


@pytest.mark.task("reconstruction_loss", points=2)
def test_per_sample(student, draw):
    """reduction="sample" sums over a sample and averages over the batch."""
    logits, x = draw.tensor(4, 6), torch.sigmoid(draw.tensor(4, 6))
    expected = functional.binary_cross_entropy_with_logits(logits, x, reduction="sum") / 4
    loss = student.reconstruction_loss(logits, x, kind="bce", reduction="sample")
    assert_close(loss, expected, what="The loss")


@pytest.mark.task("reconstruction_loss", points=1, law=True, mirror=False)
def test_loss_gradient(student, draw):
    """Gradients flow through the squared error to the reconstruction."""
    x_hat, x = draw.tensor(3, 4), draw.tensor(3, 4)
    came = student.inside(value_and_gradients, student.reconstruction_loss, x_hat, x)
    _, by_x_hat, _ = with_gradients(came, "reconstruction_loss")
    assert_close(by_x_hat, 2 * (x_hat - x) / 12, what="The gradient with respect to x_hat")


@pytest.mark.task("reconstruction_loss", points=1, law=True, mirror=False)
def test_loss_errors(student, draw):
    """Unequal shapes, an unknown kind and an unknown reduction raise ValueError."""
    x, wide = draw.tensor(4, 1), draw.tensor(4, 3)
    for left, right in ((x, wide), (wide, x)):
        with pytest.raises(ValueError):
            student.reconstruction_loss(left, right)
    for kind in ("abs", "mae", "zero-one"):
        with pytest.raises(ValueError):
            student.reconstruction_loss(x, x, kind=kind)
    for reduction in ("all", "median", "total"):
        with pytest.raises(ValueError):
            student.reconstruction_loss(x, x, reduction=reduction)


# --- pca_reconstruction: 7 points ---


def best_linear(x, k):
    """The optimum by another way: projection on eigenvectors of the covariance matrix."""
    mean = x.mean(0)
    _, vectors = torch.linalg.eigh((x - mean).T @ (x - mean))
    top = vectors[:, -k:]
    return mean + (x - mean) @ top @ top.T


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
    x = stretched(draw, N, D)
    came = student.pca_reconstruction(x, k)
    assert_close(came, best_linear(x, k), rtol=1e-7, atol=1e-8, what="The reconstruction")


@pytest.mark.task("pca_reconstruction", points=2)
def test_away_from_origin(student, draw):
    """The mean of the samples is taken off before and added after."""
    x = stretched(draw, 20, 6) + 5 + draw.tensor(6)
    came = student.pca_reconstruction(x, 2)
    assert_close(came, best_linear(x, 2), rtol=1e-7, atol=1e-8, what="The reconstruction")


@pytest.mark.task("pca_reconstruction", points=1, law=True, mirror=False)
def test_range_of_k(student, draw):
    """k may be min(N, D), which changes nothing; more, or less than 1, raises ValueError."""
    x = draw.tensor(6, 3)
    x = x - x.mean(0)
    came = student.pca_reconstruction(x, 3)
    assert_close(came, x, rtol=1e-7, atol=1e-8, what="With all directions, the reconstruction")
    for k in (0, 4):
        with pytest.raises(ValueError):
            student.pca_reconstruction(x, k)
    with pytest.raises(ValueError):
        student.pca_reconstruction(x[:2], 3)


# --- train_autoencoder: 13 points ---


def training(draw, rng, steps=8):
    """A small task: weights of a linear autoencoder 5 -> 2 -> 5, samples, rows."""
    weights = layers(draw, [5, 2, 5])
    rows = torch.tensor(rng.integers(12, size=(steps, 4)))
    return weights, draw.tensor(12, 5), rows


def trained(student, weights, x, rows, loss, lr, corruption=None, wanted="losses"):
    """The student's training of a linear autoencoder with these weights, and the reference's."""
    inputs = weights, x, rows, loss, lr, corruption, wanted
    return student.both(linear_autoencoder_trained, student.train_autoencoder, *inputs)


@pytest.mark.task("train_autoencoder", points=3)
def test_losses(student, draw, rng):
    """The list holds the loss of every step, taken before its update."""
    weights, x, rows = training(draw, rng)
    losses, expected = map(as_numbers, trained(student, weights, x, rows, "squared error", 0.05))
    assert_close(losses, expected, rtol=1e-6, atol=1e-8, what="The list of losses")


@pytest.mark.task("train_autoencoder", points=2)
def test_weights_after_training(student, draw, rng):
    """After training, all weights are where Adam takes them."""
    weights, x, rows = training(draw, rng)
    after, expected = trained(student, weights, x, rows, "squared error", 0.05, wanted="parameters")
    for value, truth in zip(after, expected, strict=True):
        assert_close(value, truth, rtol=1e-5, atol=1e-7, what="A parameter after training")


@pytest.mark.task("train_autoencoder", points=2)
def test_model_sees_corruption(student, draw, rng):
    """If a corruption is given, the model sees the corrupted batch."""
    weights, x, rows = training(draw, rng, steps=1)
    losses, _ = trained(student, weights, x, rows, "energy of output", 0.0, "shrinking")
    expected = (run(weights, 0.5 * x[rows[0]] + 0.1, "identity") ** 2).mean()
    assert_close(as_numbers(losses), expected[None], what="The loss of the model's output")


@pytest.mark.task("train_autoencoder", points=2)
def test_target_is_clean(student, draw, rng):
    """The target is the clean batch, with or without corruption."""
    weights, x, rows = training(draw, rng, steps=3)
    losses, _ = trained(student, weights, x, rows, "energy of target", 0.1, "shrinking")
    expected = (x[rows] ** 2).mean(dim=(1, 2))
    assert_close(as_numbers(losses), expected, what="A loss that looks at the target only")


@pytest.mark.task("train_autoencoder", points=1)
def test_fresh_noise(student, draw, rng):
    """The corruption is drawn afresh in every step, once for its batch."""
    weights, x, rows = training(draw, rng, steps=4)
    losses, _ = trained(student, weights, x, rows, "energy of output", 0.0, "counting")
    seen = [(step + 1) * x[index] for step, index in enumerate(rows)]
    expected = torch.stack([(run(weights, batch, "identity") ** 2).mean() for batch in seen])
    assert_close(
        as_numbers(losses), expected, what="With another corruption in every step, the list of losses"
    )


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
def right_losses(seed, steps):
    """The losses of the reference on a planted task, of every step and after the last: always the same."""
    x, weights = planted(seed)
    inputs = weights, x, torch.arange(64).repeat(steps + 1, 1), "squared error", 0.1, None, "losses"
    return torch.tensor(linear_autoencoder_trained(reference.train_autoencoder, *inputs), dtype=torch.float64)


@pytest.mark.task("train_autoencoder", points=3, mirror=False)
@pytest.mark.parametrize("seed", TRAINING_SEEDS)
def test_as_good_as_pca(student, seed):
    """A linear autoencoder ends within 10 % of the best linear reconstruction, and never below it."""
    x, weights = planted(seed)
    rows = torch.arange(64).repeat(50, 1)
    inputs = weights, x, rows, "squared error", 0.1, None, "both"
    came = student.inside(linear_autoencoder_trained, student.train_autoencoder, *inputs)
    parameters, losses = came[: len(weights)], came[len(weights) :]
    optimum = float(((best_linear(x, 3) - x) ** 2).mean())
    # An object of the student's in place of a number would answer the comparisons below as it likes.
    tensors = all(isinstance(value, torch.Tensor) for value in parameters)
    assert tensors, "The model's parameters are no tensors."
    losses = as_numbers(losses)
    assert losses.shape == (50,), f"Expected 50 losses, one for each step; {len(losses)} came."
    reached = float(((run(parameters, x, "identity") - x) ** 2).mean())
    assert reached <= 1.10 * optimum, "After 50 steps the linear autoencoder is far above the error of PCA."
    assert float(losses.min()) >= 0.999 * optimum, (
        "A loss below the optimum was reported: it is not the mean over the batch."
    )
    # Who knows the optimum need not train to be there; the losses tell of the way. Whether they are taken
    # before or after the update, test_losses asks.
    right = right_losses(seed, 50)
    on_the_way = any(torch.allclose(losses[:10], right[at : at + 10], rtol=1e-3) for at in (0, 1))
    assert on_the_way, (
        "The losses of the first ten steps are not those of Adam from the model's first weights."
    )
    assert torch.allclose(losses[-1], right[-1], rtol=0.1), (
        "The last loss is not the one that training ends with."
    )


# --- corrupt: 12 points ---


@pytest.mark.task("corrupt", points=4)
@pytest.mark.parametrize("level", [0.3, 1.7])
def test_gaussian(student, draw, level):
    """Gaussian noise has standard deviation `level` and is independent for every entry."""
    x = draw.tensor(200, 60)
    noise = (student.corrupt(x, "gaussian", level, draw.generator()) - x) / level
    n = noise.numel()
    near(noise.mean(), 0, 1 / math.sqrt(n), "The mean of the noise")
    near((noise**2).mean(), 1, math.sqrt(2 / n), "The variance of the noise")
    tail = math.erfc(2 / math.sqrt(2))  # of a normal variable beyond two standard deviations
    near((noise.abs() > 2).double().mean(), tail, math.sqrt(tail / n), "The share of large noise")
    independent(noise, "the noise")


@pytest.mark.task("corrupt", points=3)
def test_masking(student, draw):
    """Masking sets a share `level` of the entries to 0 and leaves the others as they are."""
    x = draw.tensor(200, 60)
    masked = student.corrupt(x, "masking", 0.3, draw.generator())
    hit = masked == 0
    scattered(hit, 0.3, "masked entries")
    assert_close(masked[~hit], x[~hit], what="What was not masked")


@pytest.mark.task("corrupt", points=3)
def test_salt_and_pepper(student, draw):
    """Salt and pepper puts the smallest or the largest value, equally often, on a share `level`."""
    x = draw.tensor(200, 60)
    noisy = student.corrupt(x, "salt_pepper", 0.3, draw.generator())
    low, high = noisy == x.min(), noisy == x.max()
    scattered(low | high, 0.3, "replaced entries")
    near(low.sum() - high.sum(), 0, math.sqrt(0.3 * x.numel()), "The difference of the two values' numbers")
    untouched = ~(low | high)
    assert_close(noisy[untouched], x[untouched], what="What was not replaced")


@pytest.mark.task("corrupt", points=1, law=True, mirror=False)
@pytest.mark.parametrize("kind", ["gaussian", "masking", "salt_pepper"])
def test_corrupt_generator(student, draw, kind):
    """Equal generators give equal noise, each call draws fresh noise, and nothing else is random."""
    x, g = draw.tensor(8, 9), draw.generator()
    first, equal, later = tensors(
        student.inside(draws, student.corrupt, (x, kind, 0.4), g, twin(g)), "corrupt"
    )
    assert_close(equal, first, what="What an equal generator gives")
    assert not torch.equal(later, first), "Two calls gave the same noise."
    assert student.inside(global_draw, student.corrupt, x, kind, 0.4, g), "The global generator was used."


@pytest.mark.task("corrupt", points=1, law=True, mirror=False)
@pytest.mark.parametrize("kind", ["gaussian", "masking", "salt_pepper"])
def test_corrupt_limits(student, draw, kind):
    """The input stays as it is, level 0 changes nothing, and levels that make no sense raise ValueError."""
    x, g = draw.tensor(6, 7).float(), draw.generator()
    before = x.clone()
    student.share([x])
    noisy = student.corrupt(x, kind, 0.9, g)
    is_tensor(noisy, "corrupt")
    assert noisy.dtype == torch.float32, f"float32 came back as {noisy.dtype}."
    assert torch.equal(x, before), "corrupt wrote into its input."
    assert_close(student.corrupt(x, kind, 0.0, g), before, what="With level 0, the output")
    student.corrupt(x, kind, 1.0, g)
    with pytest.raises(ValueError):
        student.corrupt(x, kind, -0.1, g)
    with pytest.raises(ValueError):
        student.corrupt(x, "gaussian" if kind == "masking" else "blur", -1.0 if kind == "masking" else 0.5, g)
    if kind != "gaussian":
        with pytest.raises(ValueError):
            student.corrupt(x, kind, 1.1, g)


# --- denoising_loss: 6 points ---


@pytest.mark.task("denoising_loss", points=3)
def test_model_sees_noise(student, draw):
    """The model sees the corrupted sample, corrupted once."""
    x, seen, calls = draw.tensor(4, 3), [], []

    def corruption(batch):
        calls.append(batch)
        return 2 * batch + len(calls)

    def model(batch):
        seen.append(batch)
        return batch

    result = student.denoising_loss(model, x, corruption, lambda x_hat, target: torch.tensor(1.5))
    assert_close(result, torch.tensor(1.5), what="What denoising_loss returned")
    assert len(calls) == 1, f"corruption was called {len(calls)} times; expected once."
    assert len(seen) == 1, f"model was called {len(seen)} times; expected once."
    assert_close(seen[0], 2 * x + 1, what="The batch that model was given")


@pytest.mark.task("denoising_loss", points=3)
def test_loss_compares_with_clean(student, draw):
    """The loss compares what the model returned with the clean sample, and is returned."""
    x, rebuilt, compared = draw.tensor(4, 3), draw.tensor(4, 3), []

    def loss(x_hat, target):
        compared.append((x_hat, target))
        return torch.tensor(2.5, dtype=torch.float64)

    result = student.denoising_loss(lambda batch: rebuilt, x, lambda batch: batch + 1, loss)
    assert len(compared) == 1, f"loss was called {len(compared)} times; expected once."
    assert_close(compared[0][1], x, what="The target that loss was given")
    assert_close(compared[0][0], rebuilt, what="The reconstruction that loss was given")
    gives_tensor(result, "denoising_loss")
    assert_close(result, torch.tensor(2.5, dtype=torch.float64), what="What denoising_loss returned")


# --- kl_sparsity: 8 points ---
# A wanted activation is a Python float, which honest code may put into a float32 tensor: float32 holds the
# numbers below exactly, and what is computed of them alone is rounded to its digits.

SCALAR_IN_FLOAT32 = {"rtol": 1e-6, "atol": 1e-7}


@pytest.mark.task("kl_sparsity", points=5)
@pytest.mark.parametrize("rho", [0.0625, 0.3125])
def test_sparsity_divergence(student, draw, rho):
    """The divergence goes from the wanted to the observed activation, summed over the units."""
    rho_hat = torch.sigmoid(draw.tensor(6))
    expected = kl_divergence(Bernoulli(torch.tensor(rho, dtype=torch.float64)), Bernoulli(rho_hat)).sum()
    assert_close(student.kl_sparsity(rho, rho_hat), expected, **SCALAR_IN_FLOAT32, what="The divergence")


@pytest.mark.task("kl_sparsity", points=3)
def test_units_always_on_or_off(student):
    """A unit that is always on or always off gives the finite value of the clipped mean."""
    rho, edge = torch.tensor(0.25, dtype=torch.float64), torch.tensor([1e-6, 1 - 1e-6], dtype=torch.float64)
    expected = kl_divergence(Bernoulli(rho), Bernoulli(edge))
    calls = [(0.25, torch.tensor([value, 0.25], dtype=torch.float64)) for value in (0.0, 1.0)]
    came = student.inside(each, student.kl_sparsity, calls)
    for value, right, unit in zip(came, expected, ("off", "on"), strict=True):
        assert_close(
            value, right, **SCALAR_IN_FLOAT32, what=f"The divergence of a unit that is always {unit}"
        )


# --- sparse_loss: 5 points ---


@pytest.mark.task("sparse_loss", points=3)
def test_mean_over_batch(student, draw):
    """The activation that is compared is the mean over the batch, one number for each unit."""
    h, observed = torch.sigmoid(draw.tensor(5, 3)), []

    def divergence(rho, rho_hat):
        observed.append((rho, rho_hat))
        return torch.tensor(1.0, dtype=torch.float64)

    rho, reconstruction = 0.125, torch.tensor(2.0, dtype=torch.float64)
    result = student.sparse_loss(reconstruction, h, rho, 1.0, divergence)
    assert_close(result, 3.0, what="The loss")
    assert len(observed) == 1, f"divergence was called {len(observed)} times; expected once."
    assert_close(observed[0][0], rho, what="The rho that divergence was given")
    assert isinstance(observed[0][1], torch.Tensor), "The rho_hat that divergence was given is no tensor."
    assert observed[0][1].shape == (3,), f"rho_hat has shape {tuple(observed[0][1].shape)}; expected (3,)."
    assert_close(observed[0][1], h.sum(0) / 5, what="The rho_hat that divergence was given")


@pytest.mark.task("sparse_loss", points=2)
@pytest.mark.parametrize("beta", [0.0, 0.75, 3.0])
def test_weight_of_penalty(student, draw, beta):
    """beta weighs the divergence, and only the divergence."""
    h = torch.sigmoid(draw.tensor(4, 2))
    reconstruction, penalty = torch.tensor(2.0, dtype=torch.float64), torch.tensor(1.5, dtype=torch.float64)
    result = student.sparse_loss(reconstruction, h, 0.125, beta, lambda rho, rho_hat: penalty)
    gives_tensor(result, "sparse_loss")
    assert_close(result, reconstruction + beta * penalty, what="The loss")


# --- reparameterize: 7 points ---


@pytest.mark.task("reparameterize", points=3)
def test_spread(student, draw):
    """The standard deviation of the draws is exp(logvar / 2), independently for every entry."""
    logvar, n = torch.tensor([-2.0, 0.5, 1.5], dtype=torch.float64), 4000
    table = logvar.repeat(n, 1)
    z = student.reparameterize(torch.zeros_like(table), table, draw.generator())
    noise = z / torch.exp(logvar / 2)
    near(noise.mean(), 0, 1 / math.sqrt(3 * n), "The mean of the noise")
    for unit in range(3):
        near(
            (noise[:, unit] ** 2).mean(),
            1,
            math.sqrt(2 / n),
            f"The variance for logvar {float(logvar[unit])}",
        )
    independent(noise, "the draws")


@pytest.mark.task("reparameterize", points=2)
def test_centre(student, draw):
    """mu moves the draws and does nothing else."""
    mu, logvar, g = draw.tensor(5, 4), torch.zeros(5, 4, dtype=torch.float64), draw.generator()
    calls = [(centre, logvar, twin(g)) for centre in (torch.zeros_like(mu), mu)]
    around_zero, moved = student.inside(each, student.reparameterize, calls)
    assert float(around_zero.abs().max()) > 0.01, "With logvar = 0 the draws hardly differ from mu."
    assert_close(moved, mu + around_zero, what="The draw around mu with an equal generator")


@pytest.mark.task("reparameterize", points=1, law=True, mirror=False)
def test_draw_gradients(student, draw):
    """Gradients reach mu and logvar, and are the derivatives of the draws."""
    mu, logvar, g, h = draw.tensor(3, 4), draw.tensor(3, 4), draw.generator(), 1e-5
    came = student.inside(value_and_gradients, student.reparameterize, mu, logvar, twin(g))
    total, by_mu, by_logvar = with_gradients(came, "reparameterize")
    steps = (0.0, 0.0), (h, 0.0), (-h, 0.0), (0.0, h), (0.0, -h)
    calls = [(mu + a, logvar + b, twin(g)) for a, b in steps]
    still, *moved = tensors(student.inside(each, student.reparameterize, calls), "reparameterize")
    assert_close(total, still.sum(), what="The sum of what an equal generator draws")
    for name, claimed, above, below in (("mu", by_mu, *moved[:2]), ("logvar", by_logvar, *moved[2:])):
        what = f"The gradient with respect to {name}"
        assert_close(claimed, (above - below) / (2 * h), rtol=1e-6, atol=1e-7, what=what)


@pytest.mark.task("reparameterize", points=1, law=True, mirror=False)
def test_draw_generator(student, draw):
    """Equal generators give equal draws, each call draws afresh, and nothing else is random."""
    mu, logvar, g = draw.tensor(3, 4).float(), draw.tensor(3, 4).float(), draw.generator()
    first, equal, later = tensors(
        student.inside(draws, student.reparameterize, (mu, logvar), g, twin(g)), "reparameterize"
    )
    assert first.dtype == torch.float32, f"float32 came back as {first.dtype}."
    assert_close(equal, first, what="What an equal generator draws")
    assert not torch.equal(later, first), "Two calls gave the same draw."
    assert student.inside(global_draw, student.reparameterize, mu, logvar, g), (
        "The global generator was used."
    )


# --- kl_gauss: 6 points ---


def gauss_divergence(mu, logvar):
    """PyTorch's divergence of every entry from the standard normal."""
    return kl_divergence(Normal(mu, torch.exp(logvar / 2)), Normal(torch.zeros_like(mu), torch.ones_like(mu)))


@pytest.mark.task("kl_gauss", points=4)
def test_gauss_divergence(student, draw):
    """For one sample and one unit the divergence is that of two normal distributions."""
    zero = torch.zeros(1, 1)
    calls = [(zero, zero), *zip(draw.tensor(6, 1, 1), draw.tensor(6, 1, 1), strict=True)]
    came = student.inside(each, student.kl_gauss, calls)
    assert_close(came[0], torch.tensor(0.0), what="For mu = 0 and logvar = 0, the divergence")
    for value, (mu, logvar) in zip(came[1:], calls[1:], strict=True):
        assert_close(value, gauss_divergence(mu, logvar).sum(), what="The divergence")


@pytest.mark.task("kl_gauss", points=2)
def test_sum_and_mean(student, draw):
    """The divergence is summed over the code units and averaged over the samples."""
    mu, logvar = draw.tensor(5, 3), draw.tensor(5, 3)
    expected = gauss_divergence(mu, logvar).sum() / 5
    assert_close(student.kl_gauss(mu, logvar), expected, what="The divergence")


# --- bug_hunt: 5 points ---


def naive_bce(logits, x):
    """The wrong function that the notebook shows."""
    s = torch.sigmoid(logits)
    return (-x * torch.log(s) - (1 - x) * torch.log(1 - s)).mean()


@pytest.mark.task("bug_hunt", points=5, mirror=False)
def test_bug_hunt(student):
    """On the input that you return, naive_bce differs from the right loss."""
    found = student.bug_hunt()
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
    right = float(reference.reconstruction_loss(logits.double(), x.double(), kind="bce"))
    wrong = float(naive_bce(logits, x))
    differs = not math.isfinite(wrong) or abs(wrong - right) > 1e-3 * abs(right)
    assert differs, "On this input naive_bce agrees with the right loss."


# --- bonus: contractive_penalty 10, TiedAutoencoder 10 ---


def jacobian_norm(x, weight, bias):
    """Squared Frobenius norm of the Jacobian of s(x W^T + b) for one sample, by autograd."""
    encode = torch.autograd.functional.jacobian(lambda v: torch.sigmoid(weight @ v + bias), x)
    return (encode**2).sum()


@pytest.mark.task("contractive_penalty", points=6, bonus=True)
def test_jacobian_norm(student, draw):
    """For one sample the penalty is the squared norm of the Jacobian of the encoder."""
    x, weight, bias = draw.tensor(5), draw.tensor(3, 5), draw.tensor(3)
    h = torch.sigmoid(weight @ x + bias)[None]
    expected = jacobian_norm(x, weight, bias)
    assert_close(student.contractive_penalty(h, weight), expected, what="The penalty")


@pytest.mark.task("contractive_penalty", points=2, bonus=True)
def test_penalty_of_batch(student, draw):
    """The penalty is averaged over the samples."""
    x, weight, bias = draw.tensor(4, 5), draw.tensor(3, 5), draw.tensor(3)
    expected = torch.stack([jacobian_norm(sample, weight, bias) for sample in x]).sum() / 4
    penalty = student.contractive_penalty(torch.sigmoid(x @ weight.T + bias), weight)
    assert_close(penalty, expected, what="The penalty")


@pytest.mark.task("contractive_penalty", points=2, bonus=True, law=True, mirror=False)
def test_penalty_gradients(student, draw):
    """Gradients reach the code and the weight."""
    h, weight = torch.sigmoid(draw.tensor(1, 3)), draw.tensor(3, 5)
    came = student.inside(value_and_gradients, student.contractive_penalty, h, weight)
    _, by_h, by_weight = with_gradients(came, "contractive_penalty")
    slope, size = h * (1 - h), (weight**2).sum(1)
    assert_close(by_h, 2 * slope * (1 - 2 * h) * size, what="The gradient with respect to h")
    assert_close(by_weight, 2 * slope.T**2 * weight, what="The gradient with respect to weight")


def tied(student, draw):
    """The student's tied autoencoder 5 -> 3 -> 5 with parameters of ours: (model, w, b, c)."""
    parameters = draw.tensor(3, 5), draw.tensor(3), draw.tensor(5)
    model = student.TiedAutoencoder(5, 3)
    student.inside(set_tied, model, *parameters)
    return model, *parameters


@pytest.mark.task("TiedAutoencoder", points=2, bonus=True)
def test_tied_encode(student, draw):
    """The code is a sigmoid of the linear layer."""
    model, w, b, _ = tied(student, draw)
    x = draw.tensor(4, 5)
    assert_close(model.encode(x), torch.sigmoid(x @ w.T + b), what="The code")


@pytest.mark.task("TiedAutoencoder", points=3, bonus=True)
def test_tied_decode(student, draw):
    """The decoder uses the same matrix the other way, and adds its own bias."""
    model, w, _, c = tied(student, draw)
    h = draw.tensor(4, 3)
    assert_close(model.decode(h), h @ w + c, what="The reconstruction")


@pytest.mark.task("TiedAutoencoder", points=2, bonus=True, law=True)
def test_tied_start(student, draw):
    """There are three parameters: biases that begin at 0, and a matrix drawn with variance 1/D."""
    parameters = student.inside(parameters_of, student.TiedAutoencoder(400, 50))
    shapes = sorted(tuple(p.shape) for p in parameters)
    assert shapes == [(50,), (50, 400), (400,)], f"The parameters have the shapes {shapes}."
    for parameter in parameters:
        if parameter.ndim == 1:
            assert_close(parameter, torch.zeros_like(parameter), what="A new bias")
        else:
            n = parameter.numel()
            near((parameter.double() ** 2).mean() * 400, 1, math.sqrt(2 / n), "The variance of the matrix")


@pytest.mark.task("TiedAutoencoder", points=3, bonus=True, mirror=False)
def test_tied_gradient(student, draw):
    """The matrix gets gradient from the encoder and from the decoder."""
    model, w, b, c = tied(student, draw)
    x, cotangent = draw.tensor(4, 5), draw.tensor(4, 5)
    claimed = student.inside(module_gradients, model, x, cotangent)
    truth = w.clone().requires_grad_()
    (cotangent * (torch.sigmoid(x @ truth.T + b) @ truth + c)).sum().backward()
    gradient_is_right(claimed, truth)
