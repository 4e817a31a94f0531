"""Public checks: a case of each criterion, beside the examples by hand. They decide no mark."""

import numpy as np
import torch

NAN = float("nan")


def rng(seed=0):
    """A generator."""
    return np.random.default_rng(seed)


def same(came, wanted, message):
    """Fail with the message unless these numbers and shapes are equal."""
    came = came.detach() if isinstance(came, torch.Tensor) else came
    came, wanted = np.asarray(came, float), np.asarray(wanted, float)
    assert came.shape == wanted.shape, f"Shape {came.shape}; expected {wanted.shape}. {message}"
    assert np.allclose(came, wanted, atol=1e-3, equal_nan=True), f"{message} Yours: {came.round(3).tolist()}."


def test_value_iteration(value_iteration):
    """Ends whose rows pay, no discount, and a world that takes many sweeps."""
    to, pays = np.array([[1, 0], [1, 1]]), np.array([[1.0, 0.0], [5.0, 5.0]])
    q = value_iteration(to, pays, np.array([False, True]), 0.9)
    same(q, [[1, 0.9], [0, 0]], "After the end, state 1, nothing follows, and its row is 0.")
    q = value_iteration(np.array([[0], [0]]), np.array([[1.0], [0.0]]), np.zeros(2, bool), 0.99)
    same(q, [[100], [99]], "1 for ever, gamma = 0.99, is worth 100: sweep until nothing changes.")
    q = value_iteration(np.array([[1], [2], [2]]), np.array([[1.0], [2.0], [0.0]]), np.arange(3) == 2, 1.0)
    same(q, [[3], [2], [0]], "gamma = 1: the rewards 1 and 2 add up to 3.")


def test_q_update(q_update):
    """The end, alpha, and the table that was given."""
    q = np.array([[4.0, 0.0], [2.0, 6.0]])
    same(q_update(q, 0, 0, 3.0, 1, True, 0.5, 0.5), [[3.5, 0], [2, 6]], "An end: from 4 half way to 3.")
    came = q_update(q, 1, 1, 1.0, 0, False, 0.25, 1.0)
    same(came, [[4, 0], [2, 5.75]], "From 6 a quarter of the way to 1 + 4.")
    same(q, [[4, 0], [2, 6]], "You have written into the table that was given.")


def test_epsilon_greedy(epsilon_at, epsilon_greedy):
    """Line and end; shares of actions; equal generators."""
    line = [epsilon_at(step, 1.0, 0.2, 4) for step in (0, 2, 4, 5)]
    same(line, [1, 0.6, 0.2, 0.2], "From 1 to 0.2 in 4 steps.")
    q = np.array([1.0, 5.0, 5.0, 0.0])
    assert epsilon_greedy(q, 0.0, rng()) == 1, "Of equally good actions the greedy choice is the first."
    for epsilon, best in ((1.0, 0.25), (0.4, 0.7)):
        actions, again = ([epsilon_greedy(q, epsilon, one) for _ in range(2000)] for one in (rng(1), rng(1)))
        share, rest = np.bincount(actions, minlength=4) / 2000, (1 - best) / 3
        fits = abs(share - [rest, best, rest, rest]) < 0.07
        assert fits.all(), f"epsilon = {epsilon}: action 1 has the share {best}, not {share[1]}."
        assert actions == again, "Draw from rng alone."


def test_ReplayBuffer(ReplayBuffer):
    """Capacity, copies, rows that belong together, shares, dtypes, refusal, equal generators."""
    one, equal = ReplayBuffer(4, rng=rng()), ReplayBuffer(4, rng=rng())
    state = np.zeros(2, np.float32)
    for number in range(6):
        for buffer in (one, equal):
            buffer.add(state, number % 2, float(number), state + 1, number == 5)
        state += 1
    assert len(one) == 4, f"Capacity 4, after 6 transitions: the length is {len(one)}."
    parts = [np.concatenate(part) for part in zip(*(one.sample(3) for _ in range(300)), strict=True)]
    s, a, r, s2, terminated = parts
    assert set(r) == {2, 3, 4, 5}, f"Rewards 0 to 5 came, 4 fit: 2 to 5 must be there, not {sorted(set(r))}."
    share = np.bincount(r.astype(int), minlength=6)[2:] / len(r)
    assert (abs(share - 0.25) < 0.1).all(), f"All must be drawn alike often; the shares are {share.round(2)}."
    assert (s[:, 0] < 6).all(), "The caller wrote into its array, and your memory changed."
    fits = (s[:, 0] == r) & (s2[:, 0] == r + 1) & (a == r % 2) & (terminated == (r == 5))
    assert fits.all(), "s, a, r, s2 and terminated of a row must be of one transition."
    kinds = [part.dtype.name for part in parts]
    assert kinds == ["float32", "int64", "float64", "float32", "bool"], f"The dtypes are {kinds}."
    others = np.concatenate([equal.sample(3)[2] for _ in range(300)])
    assert (others == r).all(), "Equal generators draw alike: draw from rng alone."
    try:
        one.sample(5)
    except ValueError:
        return
    raise AssertionError("Four are remembered: to sample five must be a ValueError.")


def test_targets(dqn_targets, double_dqn_targets):
    """Ends of three dtypes, NaN after an end, a batch of one, no gradient, and who chooses."""
    reward, never = torch.tensor([1.0, 2.0]), torch.tensor([False])
    q = torch.tensor([[4.0, 6.0], [NAN, NAN]], requires_grad=True)
    for kind in (torch.bool, torch.uint8, torch.float32):
        ends = torch.tensor([0, 1]).to(kind)
        for came in (dqn_targets(reward, q, ends, 0.5), double_dqn_targets(reward, q, q, ends, 0.5)):
            same(came, [4, 2], f"1 + 0.5 * 6, and the reward 2 alone, also beside NaN (ends of {kind}).")
            assert not came.requires_grad, "No gradient may flow through targets."
    same(dqn_targets(reward[:1], q[:1], never, 1.0), [7], "A batch of one.")
    double = double_dqn_targets(reward[:1], torch.tensor([[9.0, 0.0]]), q[:1], never, 1.0)
    same(double, [5], "Online chooses action 0, of which target says 4.")


def test_dqn_loss(dqn_loss):
    """Both pieces, the mean, and gradients."""
    q = torch.tensor([[9.0, 3.0], [1.5, 7.0]], requires_grad=True)
    targets = torch.tensor([0.0, 1.0], requires_grad=True)
    for delta, wanted, slope in ((1.0, 1.3125, 0.5), (2.0, 2.0625, 1.0), (0.25, 0.4063, 0.125)):
        q.grad = targets.grad = None
        loss = dqn_loss(q, torch.tensor([1, 0]), targets, delta)
        same(loss, wanted, f"Errors 3 and 0.5, delta = {delta}: {wanted}.")
        loss.backward()
        same(q.grad, [[0, slope], [min(0.25, delta / 2), 0]], f"delta = {delta}: the gradient.")
        assert targets.grad is None or not targets.grad.any(), "A gradient flows into the targets."


def test_update_target(update_target):
    """Parameters, buffers, and two networks that stay two."""
    target, online = torch.nn.BatchNorm1d(2), torch.nn.BatchNorm1d(2)
    online.weight.data.fill_(9.0)
    online.running_mean.fill_(3.0)
    update_target(target, online, tau=0.25)
    same(target.weight, [3, 3], "1 and 9, tau = 0.25: a quarter of 9 and the rest of 1.")
    update_target(target, online)
    same(target.weight, [9, 9], "tau = 1 copies.")
    same(target.running_mean, [3, 3], "Buffers are copied.")
    online.weight.data.fill_(5.0)
    same(target.weight, [9, 9], "Target changed when online did: they share their tensors.")


def test_learn(DQNAgent):
    """Which network sees what, functions that were exchanged, period, warmup, gradients."""
    seen, calls, slopes = {"online": [], "target": []}, [], iter((1.5, -0.5, -0.5, -0.5))

    class Net(torch.nn.Module):
        def __init__(self, name):
            super().__init__()
            self.w, self.name = torch.nn.Parameter(torch.tensor(1.0)), name

        def forward(self, x):
            seen[self.name].append(x[0, 0].item())
            return self.w * x

    class Two:
        def __len__(self):
            return 2

        def sample(self, n):
            return np.full((1, 1), 10.0), np.array([0]), np.ones(1), np.full((1, 1), 20.0), np.array([False])

    options = {"rng": None, "gamma": 0.9, "lr": 0.25, "batch_size": 1, "warmup": 2, "period": 2}
    agent = DQNAgent(Net("online"), Net("target"), Two(), **options)
    agent.targets = lambda r, q_next, ends, gamma: q_next[:, 0] * 0 + r
    agent.loss = lambda q, a, targets: next(slopes) * (q[:, 0] - targets).mean()
    agent.update = lambda target, online: calls.append(len(seen["online"]))
    losses = [agent.learn() for _ in range(4)]
    assert seen == {"online": [10.0] * 4, "target": [20.0] * 4}, f"online sees s, target s2: {seen}."
    assert isinstance(losses[0], float), f"learn returns a float, not {losses[0]}."
    same(losses[0], 13.5, "The loss is that of self.loss and self.targets, before the step: 13.5.")
    assert calls == [2, 4], f"period 2: self.update comes after learns 2 and 4, not {calls}."
    w = agent.online.w.item()
    assert abs(w - 0.646) < 0.01, f"w after 4 steps is 0.646, not {w:.3f}: which gradients does a step use?"
    agent.warmup = 3
    assert agent.learn() is None, "2 of 3 transitions: learn returns None."
    assert len(seen["online"]) == 4, "2 of 3 transitions: nothing may happen."


def test_bug_hunt(bug_hunt, worlds_fit):
    """The form of the worlds, and what both iterations say of them."""
    worlds_fit(bug_hunt())


def test_n_step_return(n_step_return):
    """An end inside."""
    came = n_step_return(np.array([1.0, 2.0, 4.0]), np.array([False, True, False]), 100.0, 0.5)
    same(came, 2.0, "1 + 0.5 * 2, and after the end nothing.")
    same(n_step_return(np.ones(2), np.zeros(2, bool), 100.0, 0.5), 26.5, "1 + 0.5 + 0.25 * 100.")


def test_dueling(dueling):
    """Two states."""
    came = dueling(torch.tensor([[10.0], [0.0]]), torch.tensor([[1.0, 3.0], [5.0, 5.0]]))
    same(came, [[9, 11], [0, 0]], "Each state has a mean of its own.")


def test_priority_weights(priority_weights):
    """Signs, eps, powers."""
    p, w = priority_weights(np.array([0.0, -3.0]), 0.5, 0.5, 1.0)
    same(p, [1 / 3, 2 / 3], "|0| + 1 and |-3| + 1, to the power 0.5, are 1 and 2.")
    same(w, [1, 0.5**0.5], "w falls with p, to the power beta; the largest is 1.")
