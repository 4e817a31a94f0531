"""Hidden checks of dqn.

Each check keeps the other difficulties at rest, so that a mistake is charged once. `learn` gets networks, a
buffer, targets, a loss and an update of the judge's. Chance is judged within six standard deviations.
"""

import numpy as np
import pytest
import torch

from autograder.checks import chance, close, dtype, gradients, heard, obeys, parameters, raises, right, spy
from solutions.dqn import worlds_fit

NEVER = torch.zeros(8, dtype=torch.bool)  # no transition ended
SOME = torch.tensor([True, False, False, True, False, True, True, False])
ACTIONS = torch.tensor([2, 0, 1, 1, 0, 2])  # of a batch of six
CHOSEN = torch.nn.functional.one_hot(ACTIONS).bool()  # (6, 3), where these are
ONE, OTHER = np.random.default_rng(0), np.random.default_rng(1)  # each call gets a copy in the same state


def differ(one, other, sentence):
    """Two arrays are not the same."""
    assert not np.array_equal(one, other), sentence


def by_rng(drawn):
    """Equal generators draw alike and others do not; what was drawn first."""
    first, equal, other = map(drawn, (ONE, ONE, OTHER))
    close(equal, first, "What comes of an equal generator")
    obeys(other, differ, first, "Generators with other seeds draw alike.")
    return first


def has_shares(came, things, shares, what):
    """These things came, each as often as it should, and no others."""
    counts = (came[:, None] == things).sum(axis=0)
    assert counts.sum() == len(came), f"Among the {what} is one that should not be there."
    chance.frequencies(counts, shares, f"the {what}")


def has_values(student, gamma, next_state, reward, ends=()):
    """The table of a world is right; who stops at another change within tol is right, too."""
    terminal = np.isin(np.arange(len(reward)), ends)
    right(student.value_iteration(next_state, reward, terminal, gamma), "q", rtol=1e-6, atol=1e-7)


@pytest.mark.task("value_iteration", points=4)  # of 8
def test_small_world(student, draw):
    """In a small world without ends, each action has its exact value."""
    for S, A, gamma in ((4, 3, 0.5), (3, 2, 0.8), (5, 1, 0.6)):
        has_values(student, gamma, draw.integers(0, S, S, A), draw.normal(S, A))


@pytest.mark.task("value_iteration", points=2)
def test_nothing_follows(student, draw):
    """Nothing follows a terminal state, even if its own row pays: that row is 0."""
    next_state = np.array([[4, 1], [5, 2], [0, 3], [2, 4], [1, 0], [3, 2]])
    has_values(student, 0.7, next_state, 1 + draw.uniform(6, 2), ends=(4, 5))


@pytest.mark.task("value_iteration", points=2)
def test_until_nothing_changes(student, draw):
    """It goes on until nothing changes, however long that takes; gamma = 1 adds up all rewards to the end."""
    has_values(student, 0.98, draw.integers(0, 3, 3, 2), 1 + draw.uniform(3, 2))
    next_state = np.minimum(np.arange(7)[:, None] + draw.integers(1, 4, 7, 2), 6)
    has_values(student, 1.0, next_state, draw.normal(7, 2) * (next_state != 6), ends=(6,))


@pytest.mark.task("q_update", points=4)  # of 10
def test_moves_by_alpha(student, draw):
    """The entry moves a share alpha of the way to its target (gamma = 0)."""
    for alpha in (0.25, 0.9, 0.0):
        right(student.q_update(draw.normal(4, 3), 3, 1, -0.7, 2, False, alpha, 0.0)[3, 1], "The entry")


@pytest.mark.task("q_update", points=3)
def test_best_next_action(student, draw):
    """The target counts the best action of the next state, times gamma (alpha = 1)."""
    for s2, gamma in ((1, 0.9), (2, 0.5), (0, 1.0)):
        right(student.q_update(draw.normal(4, 3) - 1, 3, 1, 0.4, s2, False, 1.0, gamma)[3, 1], "The entry")


@pytest.mark.task("q_update", points=2)
def test_end_has_no_future(student, draw):
    """Of a step that terminated, the reward alone counts (alpha = 1)."""
    right(student.q_update(draw.normal(4, 3), 3, 1, 0.4, 2, True, 1.0, 0.9)[3, 1], "The entry")


@pytest.mark.task("q_update", points=1, law=True)
def test_one_entry(student, draw):
    """One entry of the new table differs, and the given table keeps its values."""
    before, others = draw.normal(5, 2), np.arange(10).reshape(5, 2) != 7
    new = student.q_update(q := student.share(before.copy()), 3, 1, 2.0, 4, False, 0.5, 0.9)
    close(new[others], before[others], "What should not have changed")
    right(student.now(q), "The table that was given")


@pytest.mark.task("epsilon_greedy", points=2)  # of 12
def test_straight_line(student):
    """epsilon falls in a straight line."""
    for step in (0, 30, 90):
        right(student.epsilon_at(step, 0.75, 0.1, 120), f"epsilon at step {step} of 120")


@pytest.mark.task("epsilon_greedy", points=2)
def test_stays_at_end(student):
    """epsilon stays at its end, also where that is not 0."""
    for step in (120, 121, 1000):
        right(student.epsilon_at(step, 0.75, 0.1, 120), f"epsilon at step {step} of 120")


def often(times, function, *args):
    """Beside the student's code: what comes of many calls, as whole numbers."""
    return np.array([int(function(*args) or 0) for _ in range(times)])


@pytest.mark.task("epsilon_greedy", points=2)
def test_greedy(student, draw):
    """With epsilon 0 the action is the best, of equals the first; it is an int."""
    for q in (*draw.distinct(4, 5), np.array([0.0, 2.0, 1.0, 2.0]), -np.ones(3)):
        right(student.epsilon_greedy(q, 0.0, ONE), "The action")


@pytest.mark.task("epsilon_greedy", points=5)
def test_any_action(student, draw):
    """With probability epsilon any action comes, all alike often, the best among them."""
    for A, epsilon in ((3, 1.0), (5, 1.0), (4, 0.3), (4, 0.75)):
        actions = student.beside(often, 2000, student.epsilon_greedy, q := draw.distinct(A), epsilon, ONE)
        obeys(actions, has_shares, np.arange(A), epsilon / A + (1 - epsilon) * (q == q.max()), "actions")


@pytest.mark.task("epsilon_greedy", points=1, law=True)
def test_act_by_rng(student):
    """All chance comes from rng: equal generators act alike, others do not."""
    by_rng(lambda each: student.beside(often, 60, student.epsilon_greedy, np.arange(6.0), 0.8, each))


def remember(ReplayBuffer, capacity, rng, numbers, later=0, n=3, times=400):
    """Beside the student's code: transitions of a number each; the lengths, and many samples in one."""
    buffer, lengths = ReplayBuffer(capacity=capacity, rng=rng), []
    for x in numbers:
        states = np.array([[x, -x], [x, 2 * x]])
        buffer.add(states[0], int(x % 4), 3 * float(x), states[1], bool(x % 3 == 0))
        lengths.append(len(buffer))
        states += later
    samples = [buffer.sample(n) for _ in range(times)]
    return [np.array(lengths), *map(np.concatenate, zip(*samples, strict=True))]


@pytest.mark.task("ReplayBuffer", points=2)  # of 16
def test_length(student, draw):
    """The length grows with each transition, and stops at capacity."""
    for capacity, count in ((4, 7), (6, 3)):
        came = student.beside(remember, student.ReplayBuffer, capacity, ONE, draw.distinct(count), 0, 0, 0)
        right(came[0], "The length after each transition")


@pytest.mark.task("ReplayBuffer", points=5)
def test_newest_alike(student, draw):
    """A new transition takes the place of the oldest; those that are there are drawn alike often."""
    for count in (6, 9, 15):
        s = student.beside(remember, student.ReplayBuffer, 6, ONE, numbers := draw.distinct(count))[1]
        obeys(s[:, 0], has_shares, numbers[-6:], np.full(6, 1 / 6), "transitions")


@pytest.mark.task("ReplayBuffer", points=3)
def test_copies(student, draw):
    """What is stored is a copy: the caller may write into its arrays."""
    _, s, _, _, s2, _ = student.beside(remember, student.ReplayBuffer, 20, ONE, np.full(12, 0.5), 1)
    right(s, "After the caller wrote into its arrays, s")
    right(s2, "After the caller wrote into its arrays, s2")


def belong_together(r, *others):
    """All five are made of one number."""
    fit = np.isclose(np.stack(others), np.stack([-r / 3, r / 3 % 4, 2 * r / 3, r / 3 % 3 == 0]))
    assert fit.all(), "s, a, r, s2 and terminated of a row are not of one transition."


@pytest.mark.task("ReplayBuffer", points=3)
def test_rows(student, draw):
    """A sampled row belongs together: s, a, r, s2 and terminated are of one transition."""
    _, s, a, r, s2, ended = student.beside(remember, student.ReplayBuffer, 20, ONE, draw.integers(0, 99, 12))
    obeys(r, belong_together, s[:, 1], a, s2[:, 1], ended)


@pytest.mark.task("ReplayBuffer", points=1)
@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_kinds(student, draw, kind):
    """s and s2 keep shape and dtype; a is int64, r float64, terminated bool."""
    buffer, kinds = student.ReplayBuffer(4, rng=ONE), (kind, np.int64, np.float64, kind, np.bool_)
    buffer.add(draw.normal(2, 3, dtype=kind), 2, 1.5, draw.normal(2, 3, dtype=kind), True)
    for part, name, wanted in zip(buffer.sample(1), "s a r s2 terminated".split(), kinds, strict=True):
        right(part, name)
        dtype(part, wanted, name)


@pytest.mark.task("ReplayBuffer", points=1, law=True)
def test_too_few(student):
    """To ask for more than is remembered is a ValueError."""
    buffer = student.ReplayBuffer(8, rng=ONE)
    buffer.add(np.zeros(2), 0, 1.0, np.ones(2), False)
    raises(ValueError, buffer.sample(2))


@pytest.mark.task("ReplayBuffer", points=1, law=True)
def test_sample_by_rng(student, draw):
    """All chance comes from rng: equal generators draw alike, others do not, and each sample is another."""
    x = draw.distinct(30)
    s = by_rng(lambda each: student.beside(remember, student.ReplayBuffer, 30, each, x, 0, 20, 3)[1])
    obeys(s[:20], differ, s[20:40], "Two samples are alike.")


@pytest.mark.task("targets", points=4)  # of 18
def test_best_follows(student, draw):
    """Without an end: the reward and gamma times the best of the next state."""
    for gamma in (0.9, 0.5):
        right(student.dqn_targets(draw.tensor(8), draw.tensor(8, 3) - 1, NEVER, gamma), "The target")


def reward_alone(function, reward, *q_next):
    """Where it ended the target is the reward, and elsewhere it is not."""
    targets = function(reward, *q_next, SOME, 0.9)
    right(targets[SOME], "The target where it ended")
    obeys(targets[~SOME], differ, reward[~SOME], "The target where it did not end is the reward alone, too.")


@pytest.mark.task("targets", points=4)
def test_reward_alone(student, draw):
    """Where it ended: the reward alone, also for double."""
    reward_alone(student.dqn_targets, draw.tensor(8), draw.tensor(8, 3))
    reward_alone(student.double_dqn_targets, draw.tensor(8), *draw.tensor(2, 8, 3))


@pytest.mark.task("targets", points=2)
def test_not_even_nan(student, draw):
    """Where it ended, q_next may be infinite or NaN."""
    q_next = draw.tensor(8, 2)
    q_next[SOME] = torch.tensor([[np.inf, 1], [np.nan, np.nan], [-np.inf, np.inf], [1, np.nan]]).double()
    reward_alone(student.dqn_targets, draw.tensor(8), q_next)


@pytest.mark.task("targets", points=2)
def test_kinds_of_ends(student, draw):
    """terminated may be of bools, whole numbers or floats."""
    for kind in (torch.uint8, torch.float64, torch.float32, torch.bool):
        right(student.dqn_targets(draw.tensor(8), draw.tensor(8, 2), SOME.to(kind), 0.8), f"With {kind} it")


@pytest.mark.task("targets", points=4)
def test_double(student, draw):
    """double: the online network chooses, the target network judges."""
    for A in (3, 4):
        right(student.double_dqn_targets(draw.tensor(8), *draw.tensor(2, 8, A), NEVER, 0.9), "The target")


@pytest.mark.task("targets", points=1)
def test_one_row(student, draw):
    """The shape is (N,), also for a batch of one and for a single action."""
    for N, A in ((1, 3), (4, 1), (1, 1)):
        reward, q = draw.tensor(N), draw.tensor(N, A)  # one network: who chooses is another check
        right(student.dqn_targets(reward, q, NEVER[:N], 0.9), "The target")
        right(student.double_dqn_targets(reward, q, q, NEVER[:N], 0.9), "The double target")


@pytest.mark.task("targets", points=1, law=True)
def test_no_gradient(student, draw):
    """No gradient flows through targets."""
    reward, q = draw.tensor(8), draw.tensor(8, 3).requires_grad_()
    right(student.dqn_targets(reward, q, SOME, 0.9).requires_grad, "Whether a gradient flows")
    right(student.double_dqn_targets(reward, q, q, SOME, 0.9).requires_grad, "Whether a gradient flows")


@pytest.mark.task("dqn_loss", points=3)  # of 11
def test_chosen_action(student, draw):
    """The value of the action that was taken counts, and no other."""
    exact = torch.where(CHOSEN, (targets := draw.tensor(6))[:, None], 3 + draw.tensor(6, 3).abs())
    right(student.dqn_loss(exact, ACTIONS, targets), "The loss of values that equal their targets")
    loss = student.dqn_loss(exact + 0.5, ACTIONS, targets)
    obeys(loss, differ, 0.0, "Values that differ from their targets cost nothing.")
    other = student.dqn_loss(torch.where(CHOSEN, exact + 0.5, draw.tensor(6, 3)), ACTIONS, targets)
    close(other, loss, "The loss after the actions that were not taken got other values")


@pytest.mark.task("dqn_loss", points=2)
def test_near(student, draw):
    """An error of up to delta costs half of its square."""
    for error, *delta in ((0.25,), (-0.8, 1.0), (0.4, 0.5), (-2.5, 3.0)):
        loss = student.dqn_loss((t := draw.tensor(1))[:, None] + error, torch.tensor([0]), t, *delta)
        right(loss, "The loss of a small error")


@pytest.mark.task("dqn_loss", points=2)
def test_far(student, draw):
    """A larger error e costs delta (|e| - delta / 2)."""
    for error, *delta in ((3.0,), (-40.0, 1.0), (0.8, 0.5), (-9.0, 3.0)):
        loss = student.dqn_loss((t := draw.tensor(1))[:, None] + error, torch.tensor([0]), t, *delta)
        right(loss, "The loss of a large error")


@pytest.mark.task("dqn_loss", points=1, law=True)
def test_mean_of_rows(student, draw):
    """The loss is a mean: equal rows cost together what one of them costs."""
    q, action, target = 2 * draw.tensor(1, 3), torch.tensor([1]), draw.tensor(1)
    one, five = student.dqn_loss(q, action, target), (q.repeat(5, 1), action.repeat(5), target.repeat(5))
    close(student.dqn_loss(*five), one, "The loss of 5 equal rows")


def pulls_at(by_q, most):
    """The gradient is at the chosen entries, and nowhere more than this."""
    assert not by_q[~CHOSEN].any(), "There is a gradient at actions that were not taken."
    assert (by_q[CHOSEN] != 0).all(), "At an action that was taken there is no gradient."
    assert by_q.abs().max() <= most * (1 + 1e-9), "A gradient is larger than delta / N."


@pytest.mark.task("dqn_loss", points=3)
def test_gradient(student, draw):
    """The gradient is at the actions that were taken alone, at most delta / N, and none in the targets."""
    targets, q = draw.tensor(6), 8 * draw.tensor(6, 3) - 30 * CHOSEN  # the best action was never taken
    _, by_q, by_targets = gradients(student.dqn_loss, q, ACTIONS, targets, 2.0, by=[q, targets])
    obeys(by_q, pulls_at, 2.0 / 6)
    right(by_targets, "The gradient with respect to targets")


def updated(update_target, numbers, later, *tau):
    """Beside the student's code: target and online as numbers, four of parameters, three of buffers."""
    nets = [torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.BatchNorm1d(1)).double() for _ in numbers]
    for net, row in zip(nets, numbers, strict=True):
        for value, x in zip(net.state_dict().values(), row, strict=True):
            value.copy_(x)
    update_target(*nets, *tau)
    nets[1][0].weight.data += later
    return np.array([[value.item() for value in net.state_dict().values()] for net in nets])


@pytest.mark.task("update_target", points=2)  # of 5
def test_copies_all(student, draw):
    """tau = 1, which is the default, copies parameters and buffers."""
    came = student.beside(updated, student.update_target, 20 * draw.tensor(2, 7), 0)
    right(came[0], "Of target the parameters and buffers")


@pytest.mark.task("update_target", points=2)
def test_mixes(student, draw):
    """A smaller tau mixes the parameters: tau of online, the rest of target."""
    came = student.beside(updated, student.update_target, 20 * draw.tensor(2, 7), 0, 0.25)
    right(came[0, :4], "Of target the parameters")


@pytest.mark.task("update_target", points=1, law=True)
def test_two_networks(student, draw):
    """online keeps its values, and the two networks stay two."""
    came = student.beside(updated, student.update_target, 20 * draw.tensor(2, 7), 1)
    right(came[:, :4], "After online was changed, the parameters of target and online")


def make_agent(DQNAgent, rng, size, options):
    """Beside the student's code: an agent with all it needs, in a world of 16 states, two of them ends."""
    nn, nets, places = torch.nn, [], np.eye(16)
    for _ in range(2):
        nets.append(nn.Sequential(nn.Linear(16, 32, bias=False), nn.Tanh(), nn.Linear(32, 4, bias=False)))
        for w in nets[-1].parameters():
            w.data = torch.from_numpy(rng.normal(0, 0.3, w.shape))
    s, a, s2 = np.repeat(np.arange(14), 4), np.tile(np.arange(4), 14), rng.integers(0, 16, 56)
    table = places[s], a, rng.normal(0, 0.3, 56), places[s2], s2 >= 14
    samples = ([part[rows] for part in table] for rows in rng.integers(0, 56, (600, 32)))
    buffer = type("Table", (), {"__len__": lambda self: size, "sample": lambda self, n: next(samples)})()
    options = {"gamma": 0.9, "lr": 0.05, "batch_size": 32, "warmup": 50, "period": 100} | options
    agent = DQNAgent(*nets, buffer, rng=None, **options)
    agent.targets = lambda r, q_next, ended, gamma: r + gamma * (1 - ended.to(r.dtype)) * q_next.mean(1)
    agent.loss = lambda q, a, targets: torch.nn.functional.mse_loss(q[torch.arange(len(a)), a], targets)
    agent.update = lambda target, online: target.load_state_dict(online.state_dict())
    return agent


@pytest.mark.task("learn", points=4)  # of 15
def test_parameters(student, rng):
    """Each learn is one step of Adam on one batch (gamma = 0)."""
    agent = student.beside(make_agent, student.DQNAgent, rng, 56, {"gamma": 0.0})
    for _ in range(4):
        agent.learn()
        right(parameters(agent.online)[0], "A weight of online", rtol=1e-6, atol=1e-8)


@pytest.mark.task("learn", points=3, law=True)
def test_target_network_judges(student, draw, rng):
    """The targets are made of the target network's values of the next states."""
    agent = student.beside(make_agent, student.DQNAgent, rng, 56, {"gamma": 0.75})
    agent.targets = targets = spy(student, "targets(reward, q_next, terminated, gamma)", draw.tensor(32))
    agent.learn()
    for part, name in zip(heard(targets), "reward q_next terminated gamma".split(), strict=True):
        right(part, f"{name}, which targets was given,")


@pytest.mark.task("learn", points=3)
def test_period(student, rng):
    """The target network is updated after every `period` learns, and not in between."""
    agent = student.beside(make_agent, student.DQNAgent, rng, 56, {"period": 3})
    before = parameters(agent.target)[0]
    for n in range(1, 8):
        agent.learn()
        target, online = parameters(agent.target)[0], parameters(agent.online)[0]
        close(target, before if n % 3 else online, f"Period 3: after learn {n} target")
        before = target


@pytest.mark.task("learn", points=1)
def test_warmup(student, rng):
    """Before `warmup` transitions nothing happens, and None is returned; with them it learns."""
    for size in (49, 50):
        agent = student.beside(make_agent, student.DQNAgent, rng, size, {"gamma": 0.0})
        right(agent.learn(), f"What learn returned with {size} of 50 transitions")
        agent.learn()
        right(parameters(agent.online)[0], f"With {size} of 50 transitions, a weight of online")


@pytest.mark.task("learn", points=2)
def test_losses(student, rng):
    """learn returns the loss before its step, a float."""
    agent = student.beside(make_agent, student.DQNAgent, rng, 56, {"period": 4})
    for number in range(20):
        right(agent.learn(), f"The loss of learn {number + 1}", rtol=1e-6, atol=1e-8)


@pytest.mark.task("learn", points=2)
def test_world_is_learned(student):
    """After 600 learns from all transitions of a small world, each value is right within 0.06."""
    agent = student.beside(make_agent, student.DQNAgent, ONE, 56, {"lr": 0.01, "period": 20})
    student.beside(often, 600, agent.learn)
    right(agent.online(torch.eye(16).double()[:14]), "The table", rtol=0.0, atol=0.06)


@pytest.mark.task("bug_hunt", points=5)  # of 5
def test_bug_hunt(student):
    """On blind, endless values hide in right best actions; on sharp, the best action of state 0 is wrong."""
    obeys(student.bug_hunt(), worlds_fit)


@pytest.mark.task("n_step_return", points=4, bonus=True)
def test_discounted(student, draw):
    """Rewards are discounted and summed; the bootstrap counts gamma^n."""
    for n in (1, 4):
        right(student.n_step_return(draw.normal(n), np.zeros(n, bool), 2.5, 0.8), "The return")


@pytest.mark.task("n_step_return", points=2, bonus=True)
def test_end_inside(student, draw):
    """After an end nothing counts, neither rewards nor bootstrap."""
    for end in (0, 2, 4):
        right(student.n_step_return(draw.normal(5), np.arange(5) == end, 3.0, 0.7), "The return")


@pytest.mark.task("dueling", points=5, bonus=True)
def test_dueling(student, draw):
    """The value and the advantages of each state, less the mean of these advantages."""
    right(student.dueling(draw.tensor(1, 1), draw.tensor(1, 4)), "The values of one state")
    right(student.dueling(draw.tensor(5, 1), draw.tensor(5, 3)), "The values of several states")


@pytest.mark.task("priority_weights", points=5, bonus=True)
def test_priorities(student, draw):
    """p grows with the size of the error plus eps, to the power alpha, and sums to 1."""
    for alpha, eps in ((0.6, 0.01), (1.0, 0.2), (0.0, 0.1)):
        right(student.priority_weights(np.append(draw.normal(6), 0.0), alpha, 0.5, eps)[0], "p")


@pytest.mark.task("priority_weights", points=4, bonus=True)
def test_weights(student, draw):
    """w makes up for p, to the power beta; its largest is 1."""
    for beta in (0.4, 1.0):
        right(student.priority_weights(draw.uniform(7, low=0.1), 1.0, beta, 0.0)[1], "w")
