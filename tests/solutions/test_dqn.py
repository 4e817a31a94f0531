"""The reference of dqn against torch, exact enumeration, and its docstrings."""

import copy
import doctest
from itertools import product

import numpy as np
import pytest
import torch

from solutions import dqn as reference

GIVEN = {"endless_iteration", "worlds_fit"}  # for the bug hunt; no task asks for them
PUBLIC = [
    value
    for name, value in vars(reference).items()
    if name[0] != "_" and name not in GIVEN and getattr(value, "__module__", "") == reference.__name__
]


def test_docstring_examples_run():
    """Every example in the reference's docstrings gives what it says; every public name has a source."""
    assert len(PUBLIC) == 14
    for definition in PUBLIC:
        assert "Source:" in definition.__doc__, definition.__name__
    assert doctest.testmod(reference).failed == 0


@pytest.mark.parametrize("seed", range(5))
def test_value_iteration_is_the_best_of_all_policies(seed):
    """Each policy of a small world is solved exactly; the best of them has the values of the table."""
    rng, S, gamma = np.random.default_rng(seed), 5, 0.8
    next_state, reward = rng.integers(S, size=(S, 2)), rng.normal(size=(S, 2))
    terminal = np.arange(S) == S - 1
    best = np.full(S, -np.inf)
    for policy in product(range(2), repeat=S):
        rows, to, live = np.arange(S), next_state[np.arange(S), policy], ~terminal
        system = np.eye(S)
        system[rows[live], to[live]] -= gamma
        value = np.linalg.solve(system, np.where(live, reward[rows, policy], 0))
        best = np.maximum(best, value)
    q = reference.value_iteration(next_state, reward, terminal, gamma)
    np.testing.assert_allclose(q.max(axis=1), best, atol=1e-8)
    assert not q[-1].any()


def test_experience_leads_to_the_exact_table():
    """Q-learning of random transitions ends at the values of value iteration."""
    rng, S, gamma = np.random.default_rng(0), 4, 0.7
    next_state, reward = rng.integers(S, size=(S, 2)), rng.normal(size=(S, 2))
    terminal = np.arange(S) == 3
    q = np.zeros((S, 2))
    for _ in range(3000):
        s, a = rng.integers(3), rng.integers(2)
        s2 = next_state[s, a]
        q = reference.q_update(q, s, a, reward[s, a], s2, terminal[s2], 0.3, gamma)
    np.testing.assert_allclose(q, reference.value_iteration(next_state, reward, terminal, gamma), atol=1e-6)


def test_loss_and_gradient_are_torchs():
    """torch's Huber loss of the gathered values, in value and gradient, for several delta."""
    g = torch.Generator().manual_seed(0)
    q = (3 * torch.randn(40, 3, generator=g, dtype=torch.float64)).requires_grad_()
    targets = torch.randn(40, generator=g, dtype=torch.float64, requires_grad=True)
    actions = torch.randint(3, (40,), generator=g)
    for delta in (0.5, 1.0, 2.0):
        theirs = torch.nn.functional.huber_loss(q[torch.arange(40), actions], targets.detach(), delta=delta)
        ours = reference.dqn_loss(q, actions, targets, delta)
        torch.testing.assert_close(ours, theirs)
        torch.testing.assert_close(torch.autograd.grad(ours, q), torch.autograd.grad(theirs, q))
    assert reference.dqn_loss(q, actions, targets).requires_grad
    assert torch.autograd.grad(reference.dqn_loss(q, actions, targets), targets, allow_unused=True) == (None,)


@pytest.mark.parametrize("kind", [torch.bool, torch.uint8, torch.float64])
def test_targets_row_by_row(kind):
    """A loop over transitions gives the same, for all dtypes of the ends, and no gradient flows."""
    g = torch.Generator().manual_seed(1)
    online, target = (torch.randn(30, 4, generator=g, dtype=torch.float64).requires_grad_() for _ in range(2))
    reward, ends = torch.randn(30, generator=g, dtype=torch.float64), torch.rand(30, generator=g) < 0.4
    single = reference.dqn_targets(reward, target, ends.to(kind), 0.9)
    double = reference.double_dqn_targets(reward, online, target, ends.to(kind), 0.9)
    for n in range(30):
        follows = 0.0 if ends[n] else 0.9
        best = max(target[n].tolist())
        chosen = target[n].tolist()[max(range(4), key=lambda b, n=n: online[n, b].item())]
        assert single[n].item() == pytest.approx(reward[n].item() + follows * best)
        assert double[n].item() == pytest.approx(reward[n].item() + follows * chosen)
    assert not single.requires_grad and not double.requires_grad


def test_update_target_is_load_state_dict():
    """tau = 1 does what load_state_dict does, buffers included; many small steps lead there, too."""
    torch.manual_seed(0)
    online = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 2))
    online(torch.randn(8, 3))
    for tau, times in ((1.0, 1), (0.2, 120)):
        target = copy.deepcopy(online)
        for parameter in target.parameters():
            torch.nn.init.normal_(parameter)
        target[1].reset_running_stats()
        for _ in range(times):
            reference.update_target(target, online, tau)
        for name, value in online.state_dict().items():
            torch.testing.assert_close(target.state_dict()[name], value)


def test_buffer_keeps_the_newest_and_draws_them_alike():
    """After many additions the last ones are there, each about equally often, with rows that fit."""
    buffer = reference.ReplayBuffer(5, rng=np.random.default_rng(3))
    for number in range(12):
        buffer.add(np.full(2, number), number % 3, number / 2, np.full(2, number + 1), number == 11)
    s, a, r, s2, ends = many_samples(buffer)
    assert set(s[:, 0]) == set(range(7, 12))
    assert (np.bincount(s[:, 0].astype(int))[7:] > 850).all()
    assert (s2 == s + 1).all() and (a == s[:, 0] % 3).all() and (r == s[:, 0] / 2).all()
    assert (ends == (s[:, 0] == 11)).all()
    with pytest.raises(ValueError, match="6 transitions"):
        buffer.sample(6)


def many_samples(buffer):
    """A thousand samples of five, put together."""
    return map(np.concatenate, zip(*(buffer.sample(5) for _ in range(1000)), strict=True))


def test_n_steps_are_one_step_many_times():
    """With n = 1 it is the target of Q-learning; more steps are targets of targets."""
    rng = np.random.default_rng(4)
    rewards, ends = rng.normal(size=6), np.array([False, False, False, True, False, False])
    assert reference.n_step_return(rewards[:1], ends[:1], 2.0, 0.9) == pytest.approx(rewards[0] + 1.8)
    discounts = 0.9 ** np.arange(4)
    assert reference.n_step_return(rewards, ends, np.nan, 0.9) == pytest.approx(rewards[:4] @ discounts)


def test_weights_make_up_for_priorities():
    """With beta = 1, the weighted mean under p is the plain mean, up to the common factor."""
    rng = np.random.default_rng(5)
    errors, values = rng.normal(size=9), rng.normal(size=9)
    p, w = reference.priority_weights(errors, 0.6, 1.0, 0.01)
    assert p.sum() == pytest.approx(1) and w.max() == 1
    assert (p * w * values).sum() / (p * w).sum() == pytest.approx(values.mean())
    assert reference.priority_weights(errors, 0.0, 1.0, 0.01)[0] == pytest.approx(np.full(9, 1 / 9))
