"""The reference of the unit gan against PyTorch's own losses, finite differences and closed forms."""

import copy
import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from solutions import gan

LOSSES = gan.discriminator_loss, gan.generator_loss


@pytest.fixture
def g():
    """A generator."""
    return torch.Generator().manual_seed(7)


def normal(g, *shape):
    """Normal numbers in float64."""
    return torch.randn(*shape, generator=g, dtype=torch.float64)


def game(lr=0.1):
    """Two small networks, and plain descent for each."""
    torch.manual_seed(3)
    nets = (
        nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)),
        nn.Sequential(nn.Linear(2, 5), nn.Tanh()),
    )
    nets = nets[0].double(), nets[1].append(nn.Linear(5, 1)).double()
    return *nets, *(torch.optim.SGD(net.parameters(), lr=lr) for net in nets)


def values(net):
    """All parameters in one row."""
    return torch.cat([parameter.detach().flatten() for parameter in net.parameters()])


def bce(logits, label):
    """PyTorch's cross-entropy."""
    return functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))


@pytest.mark.parametrize("shapes", [((4, 1), (4, 1)), ((5,), (2, 3)), ((1, 2, 3), (1,))])
def test_losses_are_pytorchs(g, shapes):
    """Values and gradients of the three losses are those of the cross-entropy with logits."""
    real, fake = (6 * normal(g, *shape) for shape in shapes)
    ours = gan.discriminator_loss, gan.generator_loss, gan.saturating_generator_loss
    theirs = (lambda a, b: bce(a, 1.0) + bce(b, 0.0)), (lambda b: bce(b, 1.0)), (lambda b: -bce(b, 0.0))
    for one, other, args in zip(ours, theirs, ((real, fake), (fake,), (fake,)), strict=True):
        leaves = [[arg.clone().requires_grad_() for arg in args] for _ in range(2)]
        left, right = one(*leaves[0]), other(*leaves[1])
        assert left.shape == ()
        torch.testing.assert_close(left, right, rtol=1e-9, atol=1e-12)
        for a, b in zip(
            torch.autograd.grad(left, leaves[0]), torch.autograd.grad(right, leaves[1]), strict=True
        ):
            torch.testing.assert_close(a, b, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
def test_large_logits(kind):
    """A logit of 200 on the wrong side costs 200."""
    logits = torch.tensor([200.0, -200.0], dtype=kind)
    assert gan.discriminator_loss(logits, logits).item() == 200
    assert gan.generator_loss(logits).item() == 100
    assert gan.saturating_generator_loss(logits).item() == -100


def test_noise(g):
    """Normal noise has spread 1; uniform noise is as wide as it may be, and no wider."""
    noise, flat = gan.sample_noise(20_000, 3, g), gan.sample_noise(20_000, 3, g, "uniform")
    assert abs(noise.std() - 1) < 0.02
    assert 0.999 < flat.abs().max() <= 1
    assert abs(flat.std() - 1 / math.sqrt(3)) < 0.01


def descended(net, loss, lr=0.1, h=1e-6):
    """Where plain descent takes a network, by central differences."""
    start = values(net)
    slope = torch.zeros_like(start)
    for number in range(len(start)):
        ends = []
        for sign in (1, -1):
            moved = copy.deepcopy(net)
            moved_start = start.clone()
            moved_start[number] += sign * h
            nn.utils.vector_to_parameters(moved_start, moved.parameters())
            ends.append(loss(moved).item())
        slope[number] = (ends[0] - ends[1]) / (2 * h)
    return start - lr * slope


def test_a_step_by_finite_differences(g):
    """D moves against its loss on the old G, and then G against its own with the new D."""
    generator, discriminator, opt_g, opt_d = game()
    old, (real, z_d, z_g) = copy.deepcopy(generator), (normal(g, 5, 2), normal(g, 6, 3), normal(g, 7, 3))
    wanted_d = descended(discriminator, lambda net: LOSSES[0](net(real), net(old(z_d))))
    pair = gan.train_step(generator, discriminator, opt_g, opt_d, real, z_d, z_g, LOSSES)
    wanted_g = descended(old, lambda net: LOSSES[1](discriminator(net(z_g))))
    torch.testing.assert_close(values(discriminator), wanted_d, rtol=1e-7, atol=1e-8)
    torch.testing.assert_close(values(generator), wanted_g, rtol=1e-7, atol=1e-8)
    assert pair[1] == pytest.approx(LOSSES[1](discriminator(old(z_g))).item())


def test_adam_remembers(g):
    """Training is a loop of steps with two lasting optimizers."""
    (G, D, *_), (G2, D2, *_) = game(), game()
    real, noise = normal(g, 4, 5, 2), normal(g, 4, 2, 5, 3)
    pairs = gan.train_gan(G, D, real, noise, LOSSES, lr=0.01, betas=(0.4, 0.8))
    opt_g, opt_d = (torch.optim.Adam(net.parameters(), 0.01, (0.4, 0.8)) for net in (G2, D2))
    for pair, x, (z_d, z_g) in zip(pairs, real, noise, strict=True):
        assert pair == gan.train_step(G2, D2, opt_g, opt_d, x, z_d, z_g, LOSSES)
    assert torch.equal(values(G), values(G2))


def test_coverage_by_hand():
    """Hits, nearest centres and strays on a line."""
    centres = torch.tensor([[0.0], [3.0], [10.0]])
    samples = torch.cat([torch.full((150, 1), 1.0), torch.full((1, 1), 3.5), torch.full((49, 1), 6.0)])
    assert gan.mode_coverage(samples, centres, 2.5) == (1, 151 / 200)
    assert gan.mode_coverage(samples, centres, 0.4) == (0, 0.0)


def test_penalty_of_a_linear_critic(g):
    """(|w| - 1)^2, and its gradient by w."""
    w = normal(g, 5, 1).requires_grad_()
    penalty = gan.gradient_penalty(lambda x: x @ w, normal(g, 4, 5), normal(g, 4, 5), g)
    norm = w.detach().norm()
    assert penalty.item() == pytest.approx((norm - 1).item() ** 2)
    (slope,) = torch.autograd.grad(penalty, w)
    torch.testing.assert_close(slope, 2 * (norm - 1) * w.detach() / norm)


def test_other_losses_by_hand():
    """Least squares and Wasserstein with two real scores and one fake."""
    real, fake = torch.tensor([[1.0], [3.0]]), torch.tensor([5.0])
    assert [loss.item() for loss in gan.lsgan_losses(real, fake)] == [13.5, 8.0]
    assert [loss.item() for loss in gan.wgan_losses(real, fake)] == [3.0, -5.0]
