"""Public checks: a case of each criterion, beside the examples by hand. They decide no mark."""

import math

import torch
from torch import nn

LOG3 = math.log(3)


def chance(seed=0):
    """A generator."""
    return torch.Generator().manual_seed(seed)


def number(value):
    """A tensor of shape (), as a number."""
    assert isinstance(value, torch.Tensor), f"A loss must be a tensor, not a {type(value).__name__}."
    assert value.shape == (), f"A loss must have the shape (), not {tuple(value.shape)}."
    return value.item()


def about(came, expected, what):
    """Nearly equal numbers."""
    assert math.isclose(came, expected, rel_tol=1e-4, abs_tol=1e-5), (
        f"{what}: {expected:.4f}, not {came:.4f}."
    )


def slope(loss, *logits):
    """The loss's gradient for each of some logits."""
    logits = [torch.tensor([[float(logit)]], requires_grad=True) for logit in logits]
    value = loss(*logits)
    assert value.requires_grad, "No gradient flows from your loss."
    value.backward()
    return [0.0 if logit.grad is None else logit.grad.item() for logit in logits]


def test_sample_noise(sample_noise):
    """Shape, spread, limits, the generator, another kind."""
    for kind, spread in (("normal", 1.0), ("uniform", 1 / math.sqrt(3))):
        noise = sample_noise(500, 20, chance(), kind)
        assert noise.shape == (500, 20) and noise.dtype == torch.float32, (
            f"{kind}: float32 of shape (n, dim)."
        )
        assert abs(noise.mean()) < 0.1, f"{kind}: the mean must be about 0, not {noise.mean():.2f}."
        assert abs(noise.std() - spread) < 0.1, f"{kind}: spread about {spread:.2f}, not {noise.std():.2f}."
        assert (noise == sample_noise(500, 20, chance(), kind)).all(), (
            f"{kind}: draw from the generator alone."
        )
    assert noise.abs().max() <= 1, "Uniform noise must lie between -1 and 1."
    try:
        sample_noise(2, 2, chance(), "cubic")
    except ValueError:
        return
    raise AssertionError("Another kind must be a ValueError.")


def test_discriminator_loss(discriminator_loss):
    """Both terms, means, large logits, gradients."""
    one, none = torch.tensor([LOG3]), torch.zeros(1)
    about(
        number(discriminator_loss(one, none)), math.log(8 / 3), "Real 3/4 and fake 1/2 cost log 4/3 + log 2"
    )
    about(number(discriminator_loss(none, one)), math.log(8), "Real 1/2 and fake 3/4 cost log 2 + log 4")
    logits = torch.tensor([[LOG3], [0.0], [0.0]])
    value = number(discriminator_loss(logits, torch.zeros(5, 1)))
    about(value, math.log(4 / 3) / 3 + 5 / 3 * math.log(2), "Three real samples and five fake ones")
    value = number(discriminator_loss(torch.tensor([-200.0, 200.0]), torch.tensor([200.0, -200.0])))
    about(value, 200.0, "Logits of 200 and -200, half of them wrong")
    by_real, by_fake = slope(discriminator_loss, LOG3, LOG3)
    about(by_real, -0.25, "Slope by the logit of a real sample that gets 3/4")
    about(by_fake, 0.75, "Slope by the logit of a fake sample that gets 3/4")


def test_generator_loss(generator_loss, saturating_generator_loss):
    """Values, slopes, large logits, means."""
    about(slope(generator_loss, -LOG3)[0], -0.75, "Slope where D gives the fake 1/4")
    about(slope(saturating_generator_loss, -LOG3)[0], -0.25, "Slope of the saturating loss there")
    about(number(generator_loss(torch.tensor([[-200.0], [200.0]]))), 100.0, "Logits of -200 and 200")
    about(number(saturating_generator_loss(torch.tensor([200.0, -200.0]))), -100.0, "Saturating, the same")


class Scale(nn.Module):
    """x times a number."""

    def __init__(self, number):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(float(number)))

    def forward(self, x):
        """The product."""
        return self.weight * x


def game(lr=0.5):
    """G multiplies by 2, D by 1; plain descent."""
    G, D = Scale(2), Scale(1)
    return G, D, *(torch.optim.SGD(net.parameters(), lr=lr) for net in (G, D))


LOSSES = (lambda real, fake: fake.mean() - real.mean()), (lambda fake: -fake.mean())
ONE = torch.ones(1, 1)


def test_train_step(train_step):
    """By hand: D's slope is fake - real, G's is -w z."""
    G, D, opt_g, opt_d = game()
    pair = train_step(G, D, opt_g, opt_d, 5 * ONE, ONE, 3 * ONE, LOSSES)
    assert len(pair) == 2, "Return two floats, D's loss first."
    assert all(type(loss) is float for loss in pair), "Return floats: .item() makes one of a tensor."
    about(pair[0], -3.0, "G is x2, D is x1, real 5, z_d 1: D's loss 2 - 5")
    w, a = D.weight.item(), G.weight.item()
    about(w, 2.5, "D's slope is 2 - 5, lr 0.5, so afterwards D is x2.5 (is D moved in its own part alone?)")
    about(pair[1], -15.0, "z_g 3: G's loss with the new D is -2.5 times 2 times 3")
    about(a, 5.75, "G's slope is -2.5 times 3, so G is x5.75 (-7.5 from G's part alone)")
    train_step(G, D, opt_g, opt_d, 5 * ONE, ONE, 3 * ONE, LOSSES)
    about(D.weight.item(), 2.125, "In the second step D's slope is 5.75 - 5 (old gradients do not count)")
    about(
        G.weight.item(), 8.9375, "In the second step G's slope is -2.125 times 3 (old gradients do not count)"
    )


def test_mode_coverage(mode_coverage):
    """Nearest centres, 1 % of all, kinds of numbers."""
    centres, many = torch.tensor([[0.0, 0.0], [6.0, 8.0]]), torch.zeros(300, 2)
    modes, share = mode_coverage(many, centres, 20.0)
    assert modes == 1, f"300 samples at the first of two centres, a large radius: one mode, not {modes}."
    assert type(modes) is int and type(share) is float, "Return an int and a float."
    samples = torch.cat([many[:100], 50 + many[:199], many[:1] + centres[1]])
    modes, share = mode_coverage(samples, centres, 1.0)
    assert modes == 1, f"A single sample of 300 makes no mode: 1, not {modes}."
    about(share, 101 / 300, "101 of 300 samples are hits")
    modes, _ = mode_coverage(torch.cat([many, 50 + many, centres[1:].repeat(4, 1)]), centres, 1.0)
    assert modes == 1, (
        f"4 of 604 samples make no mode, though they are more than 1 % of the hits: 1, not {modes}."
    )
    modes, share = mode_coverage(torch.tensor([[0.0, 0.6], [6.0, 8.0]]), centres, 0.5)
    assert (modes, share) == (1, 0.5), f"At distance 0.6 with radius 0.5: (1, 0.5), not {(modes, share)}."


def test_train_gan(train_gan, train_step):
    """Equal to your train_step, step by step, with Adam."""
    real, noise = torch.arange(1.0, 4).reshape(3, 1, 1), torch.arange(1.0, 7).reshape(3, 2, 1, 1)
    for options in ({}, {"lr": 0.1, "betas": (0.3, 0.7)}):
        (G, D, *_), (G2, D2, *_) = game(), game()
        lr, betas = options.get("lr", 2e-3), options.get("betas", (0.5, 0.9))
        adams = [torch.optim.Adam(net.parameters(), lr=lr, betas=betas) for net in (G2, D2)]
        wanted = [train_step(G2, D2, *adams, real[t], *noise[t], LOSSES) for t in range(3)]
        pairs = train_gan(G, D, real, noise, LOSSES, **options)
        assert len(pairs) == 3, f"Three batches make three pairs, not {len(pairs)}."
        for t, (came, right) in enumerate(zip(pairs, wanted, strict=True)):
            assert all(map(math.isclose, came, right)), (
                f"{options}, step {t}: {right} by train_step, not {came}."
            )
        about(G.weight.item(), G2.weight.item(), f"{options}: G after three steps")


def test_bug_hunt(bug_hunt, mode_coverage):
    """The form of the answer, and both numbers."""
    angle = torch.arange(8) * torch.pi / 4
    ring = 2 * torch.stack([angle.cos(), angle.sin()], dim=1)
    collapsed, scattered = bug_hunt()
    for name, samples in (("collapsed", collapsed), ("scattered", scattered)):
        assert samples.shape == (200, 2), f"{name} must have the shape (200, 2), not {tuple(samples.shape)}."
    modes, share = mode_coverage(collapsed, ring, 0.3)
    assert modes == 1 and share >= 0.95, f"collapsed: {modes} modes, share {share:.2f}."
    modes, share = mode_coverage(scattered, ring, 0.3)
    assert modes == 8 and share < 0.3, f"scattered: {modes} modes, share {share:.2f}."


def test_wgan_losses(wgan_losses):
    """Means, and signs."""
    d_loss, g_loss = wgan_losses(torch.tensor([1.0, 3.0]), torch.tensor([[5.0]]))
    about(number(d_loss), 3.0, "Real 1 and 3, fake 5: the critic's loss")
    about(number(g_loss), -5.0, "Fake 5: G's loss")


def test_gradient_penalty(gradient_penalty):
    """Slopes below 1, points on a line, gradients to the critic."""
    weight, seen = torch.tensor([[0.6], [0.0]], requires_grad=True), []

    def critic(x):
        seen.append(x.detach())
        return x @ weight

    penalty = gradient_penalty(critic, torch.ones(5, 2), torch.zeros(5, 2), chance())
    about(number(penalty), 0.16, "The slope (0.6, 0)")
    where = seen[-1]
    assert (where[:, 0] == where[:, 1]).all(), "A point lies on the line: one random number per sample."
    assert len(set(where[:, 0].tolist())) == 5, "Each sample has a random number of its own."
    assert penalty.requires_grad, "No gradient flows from the penalty to the critic."
    penalty = gradient_penalty(lambda x: (x**2).sum(dim=1), torch.ones(400, 2), torch.zeros(400, 2), chance())
    assert abs(penalty - 0.838) < 0.15, f"Critic |x|^2 between 0 and (1, 1): about 0.84, not {penalty:.2f}."
