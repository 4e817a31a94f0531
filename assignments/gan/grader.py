"""Hidden checks of gan.

One mistake, one price
    * `train_step` is given losses of the judge's own. One of the two may be flat (slope 0), and one network
      may stand still (lr 0): then the other part is not in the way.
    * `train_gan` is right where it does what the student's own `train_step` does, batch by batch.
    * Effects are judged, never the word `detach`: who sets gradients to zero before G's part needs none.
"""

import math
from functools import partial
from itertools import pairwise

import pytest
import torch

from autograder.checks import assert_close, chance, close, dtype, gradients, obeys, parameters, raises, right
from solutions import gan as reference


# --- sample_noise: 6 ---
@pytest.mark.task("sample_noise", points=1)
def test_noise_shape(student, draw):
    """The noise is a float32 tensor (n, dim); another kind is refused."""
    for kind, n, dim in (("normal", 3, 5), ("uniform", 4, 1)):
        noise = student.sample_noise(n, dim, draw.generator(), kind)
        obeys(noise, lambda noise: None)  # the shape
        dtype(noise, torch.float32, "The noise")
    for kind in ("gamma", "white"):
        raises(ValueError, student.sample_noise(3, 5, draw.generator(), kind=kind))


@pytest.mark.task("sample_noise", points=2, law=True)
def test_normal(student, draw):
    """Normal noise has mean 0 and standard deviation 1, entry by entry."""
    obeys(student.sample_noise(400, 30, draw.generator()), chance.normal, "the noise")


def is_uniform(noise):
    """Independent draws from -1 to 1."""
    assert float(noise.abs().max()) <= 1, "Uniform noise has entries beyond -1 and 1."
    n = noise.numel()
    chance.near(noise.mean(), 0, math.sqrt(1 / 3 / n), "The mean of uniform noise")
    chance.near((noise**2).mean(), 1 / 3, math.sqrt(4 / 45 / n), "The mean square of uniform noise")
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
@pytest.mark.task("discriminator_loss", points=4)
def test_d_value(student, draw):
    """One real sample and a fake one: -log s(real) - log(1 - s(fake))."""
    for _ in range(3):
        right(student.discriminator_loss(draw.tensor(1, 1), draw.tensor(1, 1)), "The loss")


def is_less(less, more, sentence):
    """A loss is smaller than another."""
    assert float(less) < float(more), sentence


@pytest.mark.task("discriminator_loss", points=4)
def test_d_labels(student, draw):
    """The loss falls where D says "real" of real samples, and "fake" of fake ones."""
    loss, zero, sure = student.discriminator_loss, torch.zeros(4, 1).double(), draw.tensor(4, 1).abs() + 1
    obeys(loss(sure, zero), is_less, loss(-sure, zero), 'Who says "real" of real samples pays more.')
    obeys(loss(zero, -sure), is_less, loss(zero, sure), 'Who says "fake" of fake samples pays more.')


@pytest.mark.task("discriminator_loss", points=4)
def test_d_means(student, draw):
    """Real and fake samples have a mean each, also where their numbers differ."""
    for n, m in (((1,), (4, 1)), ((3, 1, 2), (2,))):
        real, fake = draw.tensor(*n), draw.tensor(*m)  # with both signs, labels make no difference
        right(student.discriminator_loss(torch.cat([real, -real]), torch.cat([fake, -fake])), "The loss")


def has_doubled(twice, once):
    """A loss that is nearly linear in large logits doubles with them."""
    assert math.isfinite(float(twice)), "With logits of 200 and -200 the loss is not finite."
    assert abs(twice) > 2, "With logits of 200 and -200 the loss is far too small."
    assert_close(abs(twice), abs(2 * once), rtol=1e-6, atol=0, what="The size of the loss with logits of 200")


@pytest.mark.task("discriminator_loss", points=3)
def test_d_large(student):
    """Logits of 200 and -200 cost what they should, in float32 and float64."""
    for kind in (torch.float32, torch.float64):
        logits = torch.tensor([[100.0], [-100.0]], dtype=kind)
        once = student.discriminator_loss(logits, logits)
        obeys(student.discriminator_loss(2 * logits, 2 * logits), has_doubled, once)


@pytest.mark.task("discriminator_loss", points=1, law=True)
def test_d_gradients(student, draw):
    """Gradients reach the logits of real and of fake samples."""
    real, fake = draw.tensor(3, 1), draw.tensor(4, 1)
    _, by_real, by_fake = gradients(student.discriminator_loss, real, fake, by=[real, fake])
    right(by_real, "The gradient with respect to the logits of real samples")
    right(by_fake, "The gradient with respect to the logits of fake samples")


# --- generator_loss: 16 ---
@pytest.mark.task("generator_loss", points=5)
def test_g_value(student, draw):
    """One fake sample: -log s(fake)."""
    for _ in range(3):
        right(student.generator_loss(draw.tensor(1, 1)), "The loss")


@pytest.mark.task("generator_loss", points=4)
def test_g_slope(student, draw):
    """Where D is sure of the fake, the slope is nearly -1."""
    for low in (-8.0, -4.0):
        logit = draw.tensor(1, 1).abs() / 2 + low
        _, slope = gradients(student.generator_loss, logit, by=logit)
        right(slope, "The slope of the loss")


@pytest.mark.task("generator_loss", points=2)
def test_g_large(student):
    """Logits of 200 and -200 cost what they should, in float32 and float64."""
    for kind in (torch.float32, torch.float64):
        logits = torch.tensor([[100.0], [-100.0]], dtype=kind)
        obeys(student.generator_loss(2 * logits), has_doubled, student.generator_loss(logits))


@pytest.mark.task("generator_loss", points=1, law=True)
def test_g_mean(student, draw):
    """The loss is a mean over the samples: twice the same ones cost what they cost once."""
    logits, loss = draw.tensor(6, 1), student.generator_loss
    close(loss(logits.repeat(2, 1, 1)), loss(logits), "The loss of twice the same logits")


@pytest.mark.task("generator_loss", points=4)
def test_saturating(student, draw):
    """The saturating loss is the mean of log(1 - s(fake)), and nearly flat where D is sure of the fake."""
    for logits in (draw.tensor(1), draw.tensor(5, 1), draw.tensor(1, 1) - 7):
        value, slope = gradients(student.saturating_generator_loss, logits, by=logits)
        right(value, "The saturating loss")
        right(slope, "The slope of the saturating loss")


# --- train_step: 27 ---
def make_game(weights_g, weights_d, lr_g, lr_d, betas):
    """Beside the student's code: two networks with these weights and their optimizers, SGD or Adam."""
    nets, optimizers = [], []
    kind, options = (torch.optim.Adam, {"betas": betas}) if betas else (torch.optim.SGD, {})
    for weights, lr, activation in ((weights_g, lr_g, torch.nn.Tanh), (weights_d, lr_d, torch.nn.ReLU)):
        parts = []
        for weight, bias in weights:
            layer = torch.nn.Linear(weight.shape[1], weight.shape[0])
            layer.weight.data, layer.bias.data = weight.clone(), bias.clone()
            parts += [layer, activation()]
        nets.append(torch.nn.Sequential(*parts[:-1]))
        optimizers.append(kind(nets[-1].parameters(), lr=lr, **options))
    return *nets, *optimizers


def make_losses(of_d, of_g):
    """Beside the student's code: two losses that no task asks for; times 0 they are flat."""

    def d_loss(logits_real, logits_fake):
        return of_d * ((logits_real - 1) ** 2).mean() + of_d * ((logits_fake + 1) ** 2).mean()

    return d_loss, lambda logits_fake: of_g * (logits_fake**2 / 8 - logits_fake).mean()


class Table:
    """Two players' weights and data for a step; each game on it begins alike."""

    def __init__(self, student, normal, of_g=(3, 4, 2), of_d=(2, 6, 1), bias=1.0):
        self.student, self.real, self.z = student, normal(5, of_g[-1]), normal(5, of_g[0])
        self.weights = [
            [(normal(m, n) / n**0.5, bias * normal(m)) for n, m in pairwise(sizes)] for sizes in (of_g, of_d)
        ]

    def game(self, lr_g=0.1, lr_d=0.1, betas=None):
        """generator, discriminator, opt_g, opt_d."""
        return self.student.beside(make_game, *self.weights, lr_g, lr_d, betas, label="the game")

    def losses(self, of_d=1.0, of_g=1.0):
        """d_loss, g_loss."""
        return tuple(self.student.beside(make_losses, of_d, of_g, label="the losses"))

    def step(self, game, z_g=None, **weights):
        """A step of the student's, with the same noise for both parts unless there is other."""
        z_g = self.z if z_g is None else z_g
        return self.student.train_step(*game, self.real, self.z, z_g, self.losses(**weights))


def moved(student, draw, network, what, lr_g=0.1, lr_d=0.1, **weights):
    """The parameters of one of the networks "GD" are right after a step."""
    table = Table(student, draw.tensor)
    game = table.game(lr_g, lr_d)
    table.step(game, **weights)
    for parameter in parameters(game["GD".index(network)]):
        right(parameter, f"A parameter of {network}{what}")


@pytest.mark.task("train_step", points=6)
def test_d_moves(student, draw):
    """After a step, D is where its own loss on real and fake samples takes it."""
    moved(student, draw, "D", " after the step", lr_g=0.0, of_g=0.0)


@pytest.mark.task("train_step", points=6)
def test_g_moves(student, draw):
    """After a step, G is where its own loss takes it, through D."""
    moved(student, draw, "G", " after the step", lr_d=0.0, of_d=0.0)


@pytest.mark.task("train_step", points=4, law=True)
def test_own_network_alone(student, draw):
    """G's part does not move D, and nothing of D's part moves G."""
    moved(student, draw, "D", ", which G's part should leave alone,", of_d=0.0)
    moved(student, draw, "G", ", which D's part should leave alone,", of_g=0.0)


@pytest.mark.task("train_step", points=4, law=True)
def test_old_gradients(student, draw):
    """Gradients of an earlier step do not count."""
    table = Table(student, draw.tensor)
    later, fresh = tuple(table.game(0.0, 0.0)), tuple(table.game())
    table.step(later)
    for optimizer in later[2:]:
        optimizer.param_groups[0]["lr"] = 0.1
    for game in (later, fresh):
        table.step(game)
    for place, name in enumerate("GD"):
        for one, other in zip(parameters(later[place]), parameters(fresh[place]), strict=True):
            close(one, other, f"A parameter of {name}, after a step that did not move it and one that did,")


def both_losses(losses, of_d="", of_g=""):
    """Both losses are right; what they are of."""
    d_loss, g_loss = losses
    right(d_loss, f"d_loss{of_d}")
    right(g_loss, f"g_loss{of_g}")


@pytest.mark.task("train_step", points=3)
def test_order(student, draw):
    """D learns from the old G, and G from the new D."""
    table = Table(student, draw.tensor)
    both_losses(table.step(table.game()), ", with the old G,", ", with the new D,")


@pytest.mark.task("train_step", points=3)
def test_losses(student, draw):
    """Both losses are returned, D's first, that of z_d, and G's, that of z_g."""
    table = Table(student, draw.tensor)
    both_losses(table.step(table.game(0.0, 0.0), z_g=draw.tensor(7, 3)))


@pytest.mark.task("train_step", points=1, law=True)
def test_losses_are_floats(student, draw):
    """Both losses are Python floats, which keep no graph alive."""
    table = Table(student, draw.tensor)
    for loss in table.step(table.game()):
        dtype(loss, "float", "A loss")


# --- mode_coverage: 12 ---
CENTRES = torch.tensor([[0.0, 0.0], [9.0, 1.0], [2.0, 8.0], [-7.0, 3.0], [1.0, -9.0]], dtype=torch.float64)


def near(draw, counts, far=0):
    """So many samples at distance 0.4 of each centre, and some that are far from all; in any order."""
    angle = torch.arange(sum(counts), dtype=torch.float64)
    samples = CENTRES.repeat_interleave(torch.tensor(counts), dim=0)
    samples += 0.4 * torch.stack([angle.cos(), angle.sin()], 1)
    samples = torch.cat([samples, 50 + draw.tensor(far, 2)])
    return samples[torch.from_numpy(draw.distinct(len(samples))).argsort()]


@pytest.mark.task("mode_coverage", points=3)
def test_coverage_share(student, draw):
    """The share is that of the samples within the radius of a centre."""
    for samples in (near(draw, [20, 0, 30, 7, 0], 43), CENTRES.repeat(4, 1) + draw.tensor(20, 2)):
        right(student.mode_coverage(samples, CENTRES, 0.5)[1], "The share")


@pytest.mark.task("mode_coverage", points=4)
def test_modes(student, draw):
    """The number of modes that have samples within the radius."""
    for counts, radius in (([20, 0, 30, 7, 0], 0.5), ([9, 9, 9, 9, 9], 0.5), ([20, 20, 0, 0, 0], 0.3)):
        right(student.mode_coverage(near(draw, counts, 10), CENTRES, radius)[0], "The number of modes")


@pytest.mark.task("mode_coverage", points=2)
def test_nearest(student, draw):
    """A sample counts for its nearest centre only."""
    for counts in ([0, 40, 0, 0, 0], [20, 0, 30, 7, 0]):
        modes = student.mode_coverage(near(draw, counts), CENTRES, 30.0)[0]
        right(modes, "With a large radius, the number of modes")


@pytest.mark.task("mode_coverage", points=2)
def test_stray_samples(student, draw):
    """Fewer than 1 % of all samples make no mode."""
    modes, _ = student.mode_coverage(near(draw, [400, 8, 0, 13, 1], 578), CENTRES, 0.5)
    right(modes, "With a few stray samples, the number of modes")


@pytest.mark.task("mode_coverage", points=1, law=True)
def test_coverage_types(student, draw):
    """The number of modes is an int and the share a float."""
    modes, share = student.mode_coverage(near(draw, [9, 9, 0, 0, 0]), CENTRES, 0.5)
    dtype(modes, "int", "The number of modes")
    dtype(share, "float", "The share")


# --- train_gan: 18 ---
def everything(*networks):
    """Beside the student's code: all parameters in one row."""
    return torch.cat([p.detach().flatten() for network in networks for p in network.parameters()])


def is_either(came, truth, what, *own):
    """What came is what the student's own train_step makes, or what a right one does."""
    came, truth, own = map(torch.as_tensor, (came, truth, own if len(own) > 1 else own[0]))
    if not torch.allclose(came, own, rtol=1e-6, atol=1e-9):
        assert_close(came, truth, rtol=1e-6, atol=1e-9, what=what)


def trained(student, draw, mixed=False, lr=0.01, betas=(0.9, 0.999), default=False):
    """Pairs and parameters thrice: of train_gan, of train_step after train_step, and the truth."""
    table = Table(student, draw.tensor)
    real, noise = draw.tensor(5, 4, 2), draw.tensor(5, 2, 4, 3)
    if not mixed:
        real, noise = real[:1].expand_as(real), noise[:1, :1].expand_as(noise)
    game, other, mine = table.game(), table.game(lr, lr, betas), make_game(*table.weights, 0.1, 0.1, None)
    options = {} if default else {"lr": lr, "betas": betas}
    pairs = student.train_gan(game[0], game[1], real, noise, table.losses(), **options)
    own = [student.train_step(*other, x, *zs, table.losses()) for x, zs in zip(real, noise, strict=True)]
    truth = reference.train_gan(*mine[:2], real, noise, make_losses(1.0, 1.0), **options)
    ends = [student.beside(everything, each[0], each[1], label="the game") for each in (game, other)]
    return (pairs, truth, own), (ends[0], everything(*mine[:2]), ends[1])


@pytest.mark.task("train_gan", points=5)
def test_pairs(student, draw):
    """The list holds the two losses of each step."""
    pairs, truth, own = trained(student, draw)[0]
    obeys(pairs, is_either, truth, "The list of pairs", *own)


@pytest.mark.task("train_gan", points=4)
def test_networks(student, draw):
    """After five steps both networks are where Adam takes them."""
    end, truth, own = trained(student, draw)[1]
    obeys(end, is_either, truth, "After five steps, all parameters", own)


@pytest.mark.task("train_gan", points=2)
def test_lr_and_betas(student, draw):
    """lr and betas are those that are asked for, in both optimizers."""
    for lr, betas, default in ((0.03, (0.3, 0.7), False), (2e-3, (0.5, 0.9), True)):
        end, truth, own = trained(student, draw, lr=lr, betas=betas, default=default)[1]
        obeys(end, is_either, truth, f"With lr {lr} and betas {betas}, all parameters", own)


@pytest.mark.task("train_gan", points=2)
def test_each_batch_once(student, draw):
    """Each batch and each pair of noises is used once, in order."""
    end, truth, own = trained(student, draw, mixed=True)[1]
    obeys(end, is_either, truth, "With other data in each step, all parameters", own)


def are_learned(*samples):
    """At least two of three generators make numbers with about this mean and spread."""
    good = sum(abs(s.mean() - 3) < 0.5 and 0.2 < s.std() < 1.2 for s in map(torch.detach, samples))
    assert good >= 2, f"Real numbers: mean 3, deviation 0.5. Of three generators, {good} make such numbers."


@pytest.mark.task("train_gan", points=5)
def test_learns(student):
    """After 400 steps, mean and spread of what G makes are near the real ones, for two of three seeds."""
    came = []
    for seed in range(3):  # the same for every student
        normal = partial(torch.randn, generator=torch.Generator().manual_seed(seed))
        table = Table(student, normal, (2, 16, 1), (1, 16, 1), bias=0.0)
        real, noise, game = 3 + normal(400, 64, 1) / 2, normal(400, 2, 64, 2), table.game()
        student.train_gan(game[0], game[1], real, noise, table.losses(), lr=5e-3, betas=(0.5, 0.9))
        came.append(game[0](normal(1000, 2)))
    obeys(came[0], are_learned, *came[1:])


# --- bug_hunt: 5 ---
def fools_each_number(found):
    """One set has a high share and one mode, the other all modes and a low share."""
    several = isinstance(found, (tuple, list)) and len(found) == 2
    assert several, "bug_hunt must return (collapsed, scattered)."
    turns, numbers = torch.arange(8) * (torch.pi / 4), []
    for name, samples in zip(("collapsed", "scattered"), found, strict=True):
        fits = isinstance(samples, torch.Tensor) and samples.shape == (200, 2)
        assert fits, f"{name} must be a tensor of shape (200, 2)."
        assert torch.isfinite(samples).all(), f"{name} must be finite."
        centres = 2 * torch.stack([turns.cos(), turns.sin()], dim=1)
        numbers += reference.mode_coverage(samples.double(), centres.double(), 0.3)
    assert numbers[1] >= 0.95, "collapsed: its share is below 0.95."
    assert numbers[0] == 1, f"collapsed: it has {numbers[0]} modes, not one."
    assert numbers[2] == 8, f"scattered: it has {numbers[2]} modes, not all eight."
    assert numbers[3] < 0.3, "scattered: its share is not below 0.3."


@pytest.mark.task("bug_hunt", points=5)
def test_bug_hunt(student):
    """`collapsed` fools the share, and `scattered` the number of modes."""
    obeys(student.bug_hunt(), fools_each_number)


# --- bonus: lsgan_losses 5, wgan_losses 3, gradient_penalty 12 ---
@pytest.mark.task("lsgan_losses", points=5, bonus=True)
def test_lsgan(student, draw):
    """Both losses with least squares."""
    both_losses(student.lsgan_losses(draw.tensor(3, 1), draw.tensor(5, 1)))


@pytest.mark.task("wgan_losses", points=3, bonus=True)
def test_wgan(student, draw):
    """Both losses of the Wasserstein GAN."""
    both_losses(student.wgan_losses(draw.tensor(3, 1), draw.tensor(5, 1)))


def make_critic(weight, curved):
    """Beside the student's code: a critic, linear or curved, that keeps what it is given."""

    class Critic(torch.nn.Linear):
        def forward(self, x):
            self.seen = x.detach().clone()
            return super().forward(x) + curved * (x**2).sum(dim=1, keepdim=True)

    critic = Critic(weight.shape[1], 1, dtype=weight.dtype)
    critic.weight.data = weight.clone()
    return critic


def penalised(student, draw, curved, scale=1.0):
    """A critic's weight, real and fake samples, the penalty, and where the critic was asked."""
    weight, real, fake = draw.tensor(1, 6, scale=scale), draw.tensor(8, 6), draw.tensor(8, 6) + 3
    critic = student.beside(make_critic, weight, curved, label="the critic")
    penalty = student.gradient_penalty(critic, real, fake, draw.generator())
    return weight, real, fake, penalty, critic


@pytest.mark.task("gradient_penalty", points=4, bonus=True)
def test_linear_critic(student, draw):
    """The slope of a linear critic is its weight, everywhere."""
    for scale in (1.0, 0.1):
        right(penalised(student, draw, 0.0, scale)[3], "The penalty of a linear critic")


def fits(penalty, points, weight, real, fake):
    """Points between real and fake, where one number per sample says; and the penalty of the slopes there."""
    where = (points - fake) / (real - fake)
    alike = where[:, :1].expand_as(where)
    assert_close(where, alike, what="Where between the two the entries of a sample lie")
    assert ((where > 0) & (where < 1)).all(), "A point does not lie between its real and its fake sample."
    assert where.std() > 1e-3, "All samples of a batch share one random number."
    wanted = (((weight + points).norm(dim=1) - 1) ** 2).mean()
    assert_close(penalty, wanted, what="The penalty of a curved critic")


@pytest.mark.task("gradient_penalty", points=5, bonus=True)
def test_points_between(student, draw):
    """Each sample has its own slope, at a random point of its own between real and fake."""
    weight, real, fake, penalty, critic = penalised(student, draw, 0.5)
    obeys(penalty, fits, critic.seen, weight, real, fake)


@pytest.mark.task("gradient_penalty", points=2, bonus=True)
def test_second_derivative(student, draw):
    """Gradients of the penalty reach the critic's parameters."""
    x, critic = draw.tensor(8, 6), student.beside(make_critic, draw.tensor(1, 6), 0.0, label="the critic")
    _, by_critic = gradients(student.gradient_penalty, critic, x, -x, draw.generator(), by=critic)
    right(by_critic[1, 6], "The gradient with respect to the weight of a linear critic")


@pytest.mark.task("gradient_penalty", points=1, bonus=True, law=True)
def test_penalty_generator(student, draw):
    """All chance comes from the generator."""
    critic = student.beside(make_critic, draw.tensor(1, 6), 0.5, label="the critic")
    real, fake = draw.tensor(2, 4, 6)
    chance.same_draws(student.gradient_penalty, critic, real, fake, draw.generator())
