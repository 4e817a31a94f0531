"""Hidden checks of gan.

One mistake, one price
    * `train_step` is given losses of the judge's own, so it is not charged for wrong losses. One of the two may
      be flat (slope 0) and one of the two networks may stand still (lr 0): then the other part is not in the way.
    * What must not be (a network moved by the other's part, old gradients) is asked of the student against
      himself: equal games must end alike.
    * `train_gan` is right where it does what the student's own `train_step` does, batch by batch.
    * Effects are judged, never the word `detach`: who sets gradients to zero before G's part needs none.
"""

import math
from itertools import pairwise

import pytest
import torch

from autograder.checks import (
    as_array,
    assert_close,
    chance,
    close,
    dtype,
    gradients,
    obeys,
    parameters,
    raises,
    right,
)
from solutions import gan as reference


# --- sample_noise: 6 ---
@pytest.mark.task("sample_noise", points=1)
def test_noise_shape(student, draw):
    """The noise is a float32 tensor (n, dim); another kind is refused."""
    for kind, n, dim in (("normal", 3, 5), ("uniform", 4, 1)):
        noise = student.sample_noise(n, dim, draw.generator(), kind)
        obeys(noise, lambda noise: None)  # the shape
        dtype(noise, torch.float32, "The noise")
    raises(ValueError, student.sample_noise(3, 5, draw.generator(), kind="gamma"))


@pytest.mark.task("sample_noise", points=2)
def test_normal(student, draw):
    """Normal noise has mean 0 and standard deviation 1, entry by entry."""
    obeys(student.sample_noise(400, 30, draw.generator()), chance.normal, "the noise")


def is_uniform(noise):
    """Independent draws from -1 to 1."""
    assert float(noise.abs().max()) <= 1, "Uniform noise has entries beyond -1 and 1."
    count = noise.numel()
    chance.near(noise.mean(), 0, math.sqrt(1 / 3 / count), "The mean of uniform noise")
    chance.near((noise**2).mean(), 1 / 3, math.sqrt(4 / 45 / count), "The mean square of uniform noise")
    chance.independent(math.sqrt(3) * noise, "uniform noise")


@pytest.mark.task("sample_noise", points=2)
def test_uniform(student, draw):
    """Uniform noise lies between -1 and 1, entry by entry."""
    obeys(student.sample_noise(400, 30, draw.generator(), "uniform"), is_uniform)


@pytest.mark.task("sample_noise", points=1, law=True)
@pytest.mark.parametrize("kind", ["normal", "uniform"])
def test_only_generator(student, draw, kind):
    """All chance comes from the generator: equal ones draw the same, and each call draws anew."""
    chance.same_draws(student.sample_noise, 4, 3, draw.generator(), kind)


# --- discriminator_loss: 16 ---
def single(draw):
    """One logit."""
    return draw.tensor(1, 1, scale=2.0)


@pytest.mark.task("discriminator_loss", points=4)
def test_d_value(student, draw):
    """One real sample and a fake one: -log s(real) - log(1 - s(fake))."""
    for _ in range(3):
        right(student.discriminator_loss(single(draw), single(draw)), "The loss")


def is_less(less, more, sentence):
    """A loss is smaller than another."""
    assert float(less) < float(more), sentence


@pytest.mark.task("discriminator_loss", points=4)
def test_d_labels(student, draw):
    """The loss falls where D says "real" of real samples, and "fake" of fake ones."""
    loss, zero, sure = student.discriminator_loss, torch.zeros(4, 1).double(), draw.tensor(4, 1).abs() + 1
    obeys(loss(sure, zero), is_less, loss(-sure, zero), 'Who says "real" of real samples pays more.')
    obeys(loss(zero, -sure), is_less, loss(zero, sure), 'Who says "fake" of fake samples pays more.')


@pytest.mark.task("discriminator_loss", points=3)
def test_d_means(student, draw):
    """Real and fake samples have a mean each, also where their numbers differ."""
    for n, m in ((1, 4), (3, 2)):
        real, fake = draw.tensor(n, 1), draw.tensor(m, 1)  # with both signs, labels make no difference
        right(student.discriminator_loss(torch.cat([real, -real]), torch.cat([fake, -fake])), "The loss")


def has_doubled(twice, once):
    """A loss that is nearly linear in large logits doubles with them."""
    assert math.isfinite(float(twice)), "With logits of 200 and -200 the loss is not finite."
    assert abs(float(once)) > 1, "With logits of 100 and -100 the loss is far too small."
    assert_close(abs(twice), abs(2 * once), rtol=1e-6, atol=0, what="The size of the loss with logits of 200")


@pytest.mark.task("discriminator_loss", points=3)
@pytest.mark.parametrize("kind", [torch.float64, torch.float32], ids=["float64", "float32"])
def test_d_large(student, kind):
    """Logits of 200 and -200 cost what they should."""
    logits, loss = torch.tensor([[100.0], [-100.0]], dtype=kind), student.discriminator_loss
    obeys(loss(2 * logits, 2 * logits), has_doubled, loss(logits, logits))


def is_not_zero(slope, what):
    """Some gradient arrived."""
    assert as_array(slope).any(), f"No gradient reaches {what}."


@pytest.mark.task("discriminator_loss", points=1, law=True)
def test_d_gradients(student, draw):
    """Gradients reach the logits of real and of fake samples."""
    real, fake = draw.tensor(3, 1), draw.tensor(4, 1)
    _, by_real, by_fake = gradients(student.discriminator_loss, real, fake, by=[real, fake])
    obeys(by_real, is_not_zero, "the logits of the real samples")
    obeys(by_fake, is_not_zero, "the logits of the fake samples")


@pytest.mark.task("discriminator_loss", points=1, law=True)
def test_d_single_number(student, draw):
    """The loss is a single number for logits of any shape."""
    for real, fake in (((3,), (2, 1)), ((2, 3, 1), (4, 2))):
        obeys(student.discriminator_loss(draw.tensor(*real), draw.tensor(*fake)), lambda loss: None)


# --- generator_loss: 16 ---
@pytest.mark.task("generator_loss", points=5)
def test_g_value(student, draw):
    """One fake sample: -log s(fake)."""
    for _ in range(3):
        right(student.generator_loss(single(draw)), "The loss")


@pytest.mark.task("generator_loss", points=4)
def test_g_slope(student, draw):
    """Where D is sure of the fake, the slope is nearly -1."""
    for low in (-8.0, -4.0):
        logit = draw.tensor(1, 1).abs() * 0.5 + low
        _, slope = gradients(student.generator_loss, logit, by=logit)
        right(slope, "The slope of the loss")


@pytest.mark.task("generator_loss", points=2)
@pytest.mark.parametrize("kind", [torch.float64, torch.float32], ids=["float64", "float32"])
def test_g_large(student, kind):
    """Logits of 200 and -200 cost what they should."""
    logits = torch.tensor([[100.0], [-100.0]], dtype=kind)
    obeys(student.generator_loss(2 * logits), has_doubled, student.generator_loss(logits))


def is_a_mean(of_many, of_one):
    """Of equal logits, many cost what one does: log 2 if D cannot tell."""
    assert_close(abs(of_one), math.log(2), what="With the logit 0, the size of the loss")
    assert_close(of_many, of_one, what="The loss of many equal logits")


@pytest.mark.task("generator_loss", points=1)
def test_g_mean(student):
    """The loss is a mean over the samples."""
    zeros, loss = torch.zeros(6, 1).double(), student.generator_loss
    obeys(loss(zeros), is_a_mean, loss(zeros[:1]))


@pytest.mark.task("generator_loss", points=2)
def test_saturating_value(student, draw):
    """The saturating loss is the mean of log(1 - s(fake))."""
    for n in (1, 5):
        right(student.saturating_generator_loss(draw.tensor(n, 1)), "The saturating loss")


@pytest.mark.task("generator_loss", points=1)
def test_saturating_slope(student, draw):
    """Where D is sure of the fake, the slope of the saturating loss is nearly 0."""
    logit = draw.tensor(1, 1) - 7
    _, slope = gradients(student.saturating_generator_loss, logit, by=logit)
    right(slope, "The slope of the saturating loss")


@pytest.mark.task("generator_loss", points=1, law=True)
def test_g_single_number(student, draw):
    """Both losses are single numbers for logits of any shape."""
    for loss in (student.generator_loss, student.saturating_generator_loss):
        obeys(loss(draw.tensor(2, 3, 1)), lambda loss: None)


# --- train_step: 27 ---
def layers(draw, *sizes):
    """Weights and biases of linear layers of these sizes."""
    return [(draw.tensor(out, fan_in), draw.tensor(out)) for fan_in, out in pairwise(sizes)]


def make_game(weights_g, weights_d, lr_g, lr_d, betas):
    """Beside the student's code: two networks with these weights and their optimizers, SGD or Adam."""

    def network(weights, activation):
        parts = []
        for weight, bias in weights:
            layer = torch.nn.Linear(weight.shape[1], weight.shape[0]).to(weight.dtype)
            layer.weight.data, layer.bias.data = weight.clone(), bias.clone()
            parts += [layer, activation()]
        return torch.nn.Sequential(*parts[:-1])

    def optimizer(network, lr):
        if betas is None:
            return torch.optim.SGD(network.parameters(), lr=lr)
        return torch.optim.Adam(network.parameters(), lr=lr, betas=betas)

    generator, discriminator = network(weights_g, torch.nn.Tanh), network(weights_d, torch.nn.ReLU)
    return generator, discriminator, optimizer(generator, lr_g), optimizer(discriminator, lr_d)


def make_losses(of_d, of_g):
    """Beside the student's code: two losses that no task asks for; times 0 they are flat."""

    def d_loss(logits_real, logits_fake):
        return of_d * ((logits_real - 1) ** 2).mean() + of_d * ((logits_fake + 1) ** 2).mean()

    def g_loss(logits_fake):
        return of_g * (logits_fake**2 / 8 - logits_fake).mean()

    return d_loss, g_loss


class Table:
    """Two players' weights and data for a step; each game on it begins alike."""

    def __init__(self, student, draw):
        self.student, self.data = student, (draw.tensor(5, 2), draw.tensor(5, 3))
        self.weights = layers(draw, 3, 4, 2), layers(draw, 2, 6, 1)

    def game(self, lr_g=0.1, lr_d=0.1, betas=None):
        """generator, discriminator, opt_g, opt_d."""
        return self.student.beside(make_game, *self.weights, lr_g, lr_d, betas, label="the game")

    def losses(self, of_d=1.0, of_g=1.0):
        """d_loss, g_loss."""
        return tuple(self.student.beside(make_losses, of_d, of_g, label="the losses"))

    def step(self, game, z_g=None, **weights):
        """A step of the student's, with the same noise for both parts unless there is other."""
        real, z = self.data
        return self.student.train_step(*game, real, z, z if z_g is None else z_g, self.losses(**weights))


@pytest.mark.task("train_step", points=6)
def test_d_moves(student, draw):
    """After a step, D is where its own loss on real and fake samples takes it."""
    table = Table(student, draw)
    game = table.game(lr_g=0.0)
    table.step(game, of_g=0.0)
    for parameter in parameters(game[1]):
        right(parameter, "A parameter of D after the step")


@pytest.mark.task("train_step", points=6)
def test_g_moves(student, draw):
    """After a step, G is where its own loss takes it, through D."""
    table = Table(student, draw)
    game = table.game(lr_d=0.0)
    table.step(game, of_d=0.0)
    for parameter in parameters(game[0]):
        right(parameter, "A parameter of G after the step")


@pytest.mark.task("train_step", points=4, law=True)
def test_own_network_alone(student, draw):
    """G's part does not move D, and D's part does not move G."""
    table = Table(student, draw)
    for place, name, other, weights in ((1, "D", "G", {"of_d": 0.0}), (0, "G", "D", {"of_g": 0.0})):
        game = table.game()
        table.step(game, **weights)
        for parameter in parameters(game[place]):
            right(parameter, f"A parameter of {name}, which {other}'s part should leave alone,")


def learn_from_now_on(*optimizers):
    """Beside the student's code: set lr to 0.1."""
    for optimizer in optimizers:
        optimizer.param_groups[0]["lr"] = 0.1


@pytest.mark.task("train_step", points=4, law=True)
def test_old_gradients(student, draw):
    """Gradients of an earlier step, or of the other part, do not count."""
    table = Table(student, draw)
    later, fresh = table.game(0.0, 0.0), table.game()
    table.step(later)
    student.beside(learn_from_now_on, later[2], later[3], label="the game")
    for game in (later, fresh):
        table.step(game)
    for place, name in enumerate("GD"):
        for one, other in zip(parameters(later[place]), parameters(fresh[place]), strict=True):
            close(one, other, f"A parameter of {name}, after a step that did not move it and one that did,")
    apart, flat = table.game(lr_d=0.0), table.game(lr_d=0.0)
    table.step(apart)
    table.step(flat, of_d=0.0)
    for one, other in zip(parameters(apart[0]), parameters(flat[0]), strict=True):
        close(one, other, "A parameter of G, with another loss for D,")


@pytest.mark.task("train_step", points=3)
def test_order(student, draw):
    """D learns from the old G, and G from the new D."""
    table = Table(student, draw)
    d_loss, g_loss = table.step(table.game())
    right(d_loss, "d_loss, with the old G,")
    right(g_loss, "g_loss, with the new D,")


@pytest.mark.task("train_step", points=1)
def test_losses(student, draw):
    """Both losses are returned, D's first."""
    table = Table(student, draw)
    d_loss, g_loss = table.step(table.game(0.0, 0.0))
    right(d_loss, "d_loss")
    right(g_loss, "g_loss")


def are(values, kinds):
    """Beside the student's code: whether values are of these types."""
    return [type(value).__name__ == kind for value, kind in zip(values, kinds, strict=True)]


@pytest.mark.task("train_step", points=1, law=True)
def test_losses_are_floats(student, draw):
    """Both losses are Python floats, which keep no graph alive."""
    table = Table(student, draw)
    came = student.beside(are, table.step(table.game()), ["float", "float"])
    right(came, "That the two losses are floats")


@pytest.mark.task("train_step", points=2)
def test_two_noises(student, draw):
    """D's part uses z_d, and G's part z_g."""
    table = Table(student, draw)
    d_loss, g_loss = table.step(table.game(0.0, 0.0), z_g=draw.tensor(7, 3))
    right(d_loss, "d_loss")
    right(g_loss, "g_loss")


# --- mode_coverage: 12 ---
CENTRES = torch.tensor([[0.0, 0.0], [9.0, 1.0], [2.0, 8.0], [-7.0, 3.0], [1.0, -9.0]], dtype=torch.float64)


def near(draw, counts, far=0):
    """So many samples within 0.5 of each centre, and some that are far from all; in any order."""
    angle = torch.arange(sum(counts), dtype=torch.float64)
    samples = CENTRES.repeat_interleave(torch.tensor(counts), dim=0)
    samples = samples + 0.4 * torch.stack([angle.cos(), angle.sin()], dim=1)
    samples = torch.cat([samples, 50 + draw.tensor(far, 2)])
    return samples[torch.from_numpy(draw.distinct(len(samples))).argsort()]


@pytest.mark.task("mode_coverage", points=3)
def test_coverage_share(student, draw):
    """The share is that of the samples within the radius of a centre."""
    for samples, radius in (
        (near(draw, [20, 0, 30, 7, 0], 43), 0.5),
        (near(draw, [5, 5, 5, 5, 5]), 0.3),
        (CENTRES.repeat(4, 1) + draw.tensor(20, 2), 1.0),
    ):
        _, share = student.mode_coverage(samples, CENTRES, radius)
        right(share, "The share")


@pytest.mark.task("mode_coverage", points=4)
def test_modes(student, draw):
    """The number of modes that have samples within the radius."""
    for counts, radius in (([20, 0, 30, 7, 0], 0.5), ([9, 9, 9, 9, 9], 0.5), ([20, 20, 0, 0, 0], 0.3)):
        modes, _ = student.mode_coverage(near(draw, counts, 10), CENTRES, radius)
        right(modes, "The number of modes")


@pytest.mark.task("mode_coverage", points=2)
def test_nearest(student, draw):
    """A sample counts for its nearest centre only."""
    modes, _ = student.mode_coverage(near(draw, [0, 40, 0, 0, 0]), CENTRES, 30.0)
    right(modes, "With a large radius, the number of modes")


@pytest.mark.task("mode_coverage", points=2)
def test_stray_samples(student, draw):
    """Fewer than 1 % of all samples make no mode."""
    modes, _ = student.mode_coverage(near(draw, [400, 8, 0, 13, 1], 578), CENTRES, 0.5)
    right(modes, "With a few stray samples, the number of modes")


@pytest.mark.task("mode_coverage", points=1, law=True)
def test_coverage_types(student, draw):
    """The number of modes is an int and the share a float."""
    came = student.beside(
        are, student.mode_coverage(near(draw, [9, 9, 0, 0, 0]), CENTRES, 0.5), ["int", "float"]
    )
    right(came, "That the number of modes is an int and the share a float")


# --- train_gan: 18 ---
def everything(*networks):
    """Beside the student's code: all parameters in one row."""
    return torch.cat([p.detach().flatten() for network in networks for p in network.parameters()])


def is_either(came, truth, what, *own):
    """What came is what the student's own train_step makes, or what a right one does."""
    came, own = as_array(came), as_array(own[0] if len(own) == 1 else own)
    if came.shape != own.shape or not torch.allclose(
        *map(torch.as_tensor, (came, own)), rtol=1e-6, atol=1e-9
    ):
        assert_close(came, truth, rtol=1e-6, atol=1e-9, what=what)


def trained(student, draw, mixed=False, lr=0.01, betas=(0.9, 0.999), **options):
    """Pairs and parameters thrice: of train_gan, of train_step after train_step, and the truth."""
    table = Table(student, draw)
    if mixed:
        real, noise = draw.tensor(5, 4, 2), draw.tensor(5, 2, 4, 3)
    else:
        real, noise = draw.tensor(4, 2).repeat(5, 1, 1), draw.tensor(4, 3).repeat(5, 2, 1, 1)
    game, other = table.game(), table.game(lr, lr, betas)
    pairs = student.train_gan(game[0], game[1], real, noise, table.losses(), **options)
    own = [
        student.train_step(*other, batch, *zs, table.losses()) for batch, zs in zip(real, noise, strict=True)
    ]
    generator, discriminator, _, _ = make_game(*table.weights, 0.1, 0.1, None)
    truth = reference.train_gan(generator, discriminator, real, noise, make_losses(1.0, 1.0), **options)
    ends = [student.beside(everything, each[0], each[1], label="the game") for each in (game, other)]
    return pairs, own, truth, *ends, everything(generator, discriminator)


TORCHS = {"lr": 0.01, "betas": (0.9, 0.999)}


@pytest.mark.task("train_gan", points=5)
def test_pairs(student, draw):
    """The list holds the two losses of each step."""
    pairs, own, truth, *_ = trained(student, draw, **TORCHS)
    obeys(pairs, is_either, truth, "The list of pairs", *own)


@pytest.mark.task("train_gan", points=4)
def test_networks(student, draw):
    """After five steps both networks are where Adam takes them."""
    *_, came, own, truth = trained(student, draw, **TORCHS)
    obeys(came, is_either, truth, "The networks after five steps", own)


@pytest.mark.task("train_gan", points=2)
def test_lr_and_betas(student, draw):
    """lr and betas are those that are asked for, in both optimizers."""
    options = {"lr": 0.03, "betas": (0.3, 0.7)}
    *_, came, own, truth = trained(student, draw, **options)
    obeys(came, is_either, truth, "With other lr and betas, the networks after five steps", own)


@pytest.mark.task("train_gan", points=2)
def test_each_batch_once(student, draw):
    """Each batch and each pair of noises is used once, in order."""
    *_, came, own, truth = trained(student, draw, mixed=True, **TORCHS)
    obeys(came, is_either, truth, "With other data in each step, the networks after five steps", own)


def samples_of(generator, z):
    """Beside the student's code: what the trained generator makes."""
    return generator(z).detach()


def are_learned(*samples):
    """At least two of three generators make numbers with about this mean and spread."""
    good = [abs(float(s.mean()) - 3) < 0.5 and 0.2 < float(s.std()) < 1.2 for s in samples]
    assert sum(good) >= 2, (
        f"Real numbers have mean 3 and standard deviation 0.5. After 400 steps, {sum(good)} of three generators "
        "make numbers with about this mean and spread."
    )


@pytest.mark.task("train_gan", points=5)
def test_learns(student):
    """After 400 steps, G makes numbers with about the mean 3 and spread of the real ones, for two of three seeds."""
    came = []
    for seed in range(3):  # the same for every student; right are means 2.8 to 3.2, spreads 0.3 to 0.7
        g = torch.Generator().manual_seed(seed)

        def normal(*shape, g=g):
            return torch.randn(*shape, generator=g)

        weights = [
            [(normal(16, n) / n**0.5, torch.zeros(16)), (normal(1, 16) / 4, torch.zeros(1))] for n in (2, 1)
        ]
        real, noise = 3 + 0.5 * normal(400, 64, 1), normal(400, 2, 64, 2)
        game = student.beside(make_game, *weights, 0.0, 0.0, None, label="the game")
        losses = tuple(student.beside(make_losses, 1.0, 1.0, label="the losses"))
        student.train_gan(game[0], game[1], real, noise, losses, lr=5e-3, betas=(0.5, 0.9))
        came.append(student.beside(samples_of, game[0], normal(1000, 2), label="the game"))
    obeys(came[0], are_learned, *came[1:])


# --- bug_hunt: 5 ---
def fools_each_number(found):
    """One set has a high share and one mode, the other all modes and a low share."""
    assert isinstance(found, (tuple, list)) and len(found) == 2, (
        "bug_hunt must return (collapsed, scattered)."
    )
    angle = torch.arange(8) * torch.pi / 4
    centres, numbers = 2 * torch.stack([angle.cos(), angle.sin()], dim=1), []
    for name, samples in zip(("collapsed", "scattered"), found, strict=True):
        assert isinstance(samples, torch.Tensor), f"{name} must be a tensor."
        assert samples.shape == (200, 2), f"{name} must have the shape (200, 2)."
        assert torch.isfinite(samples).all(), f"{name} must be finite."
        numbers.append(reference.mode_coverage(samples.double(), centres.double(), 0.3))
    (modes, share), (all_modes, low) = numbers
    assert share >= 0.95, "collapsed: its share is below 0.95."
    assert modes == 1, f"collapsed: it has {modes} modes, not one."
    assert all_modes == 8, f"scattered: it has {all_modes} modes, not all eight."
    assert low < 0.3, "scattered: its share is not below 0.3."


@pytest.mark.task("bug_hunt", points=5)
def test_bug_hunt(student):
    """`collapsed` fools the share, and `scattered` the number of modes."""
    obeys(student.bug_hunt(), fools_each_number)


# --- bonus: lsgan_losses 5, wgan_losses 3, gradient_penalty 12 ---
@pytest.mark.task("lsgan_losses", points=3, bonus=True)
def test_lsgan_d(student, draw):
    """D's loss with least squares."""
    right(student.lsgan_losses(draw.tensor(3, 1), draw.tensor(5, 1))[0], "d_loss")


@pytest.mark.task("lsgan_losses", points=2, bonus=True)
def test_lsgan_g(student, draw):
    """G's loss with least squares."""
    right(student.lsgan_losses(draw.tensor(3, 1), draw.tensor(5, 1))[1], "g_loss")


@pytest.mark.task("wgan_losses", points=2, bonus=True)
def test_wgan_d(student, draw):
    """The critic's loss of the Wasserstein GAN."""
    right(student.wgan_losses(draw.tensor(3, 1), draw.tensor(5, 1))[0], "d_loss")


@pytest.mark.task("wgan_losses", points=1, bonus=True)
def test_wgan_g(student, draw):
    """G's loss of the Wasserstein GAN."""
    right(student.wgan_losses(draw.tensor(3, 1), draw.tensor(5, 1))[1], "g_loss")


def make_critic(weight, curved):
    """Beside the student's code: a critic, linear or curved, that keeps what it is given."""

    class Critic(torch.nn.Linear):
        def forward(self, x):
            self.seen = x.detach().clone()
            return super().forward(x) + curved * (x**2).sum(dim=1, keepdim=True)

    critic = Critic(weight.shape[1], 1, dtype=weight.dtype)
    critic.weight.data = weight.clone()
    return critic


def seen_by(critic):
    """Beside the student's code: what the critic was given."""
    return critic.seen


def penalised(student, draw, curved):
    """A critic's weight, real and fake samples, the penalty, and where the critic was asked."""
    weight, real, fake = draw.tensor(1, 6), draw.tensor(8, 6), draw.tensor(8, 6) + 3
    critic = student.beside(make_critic, weight, curved, label="the critic")
    penalty = student.gradient_penalty(critic, real, fake, draw.generator())
    return weight, real, fake, penalty, student.beside(seen_by, critic, label="the critic")


@pytest.mark.task("gradient_penalty", points=4, bonus=True)
def test_linear_critic(student, draw):
    """The slope of a linear critic is its weight, everywhere."""
    right(penalised(student, draw, 0.0)[3], "The penalty of a linear critic")


def fits(penalty, points, weight):
    """The penalty is that of the points at which the critic was asked."""
    wanted = (((weight + points).norm(dim=1) - 1) ** 2).mean()
    assert_close(penalty, wanted, what="The penalty of a curved critic")


@pytest.mark.task("gradient_penalty", points=3, bonus=True)
def test_curved_critic(student, draw):
    """Each sample has a slope of its own, at its own point."""
    weight, _, _, penalty, points = penalised(student, draw, 0.5)
    obeys(penalty, fits, points, weight)


def are_between(points, real, fake):
    """One number per sample, from 0 to 1, says where the point lies."""
    where = (points - fake) / (real - fake)
    assert_close(
        where, where[:, :1].expand_as(where), what="The entries of a sample: where between the two they lie"
    )
    assert ((where > 0) & (where < 1)).all(), "A point does not lie between its real and its fake sample."
    assert float(where.std()) > 1e-3, "All samples of a batch share one random number."


@pytest.mark.task("gradient_penalty", points=2, bonus=True)
def test_points_between(student, draw):
    """The critic is asked at a random point between each pair, one number per sample."""
    _, real, fake, _, points = penalised(student, draw, 0.0)
    obeys(points, are_between, real, fake)


@pytest.mark.task("gradient_penalty", points=2, bonus=True)
def test_second_derivative(student, draw):
    """Gradients of the penalty reach the critic's parameters."""
    weight, x, g = draw.tensor(1, 6), draw.tensor(8, 6), draw.generator()
    critic = student.beside(make_critic, weight, 0.0, label="the critic")
    _, by_critic = gradients(student.gradient_penalty, critic, x, -x, g, by=critic)
    right(by_critic[1, 6], "The gradient with respect to the weight of a linear critic")


@pytest.mark.task("gradient_penalty", points=1, bonus=True, law=True)
def test_penalty_generator(student, draw):
    """All chance comes from the generator."""
    critic = student.beside(make_critic, draw.tensor(1, 6), 0.5, label="the critic")
    chance.same_draws(
        student.gradient_penalty, critic, draw.tensor(4, 6), draw.tensor(4, 6), draw.generator()
    )
