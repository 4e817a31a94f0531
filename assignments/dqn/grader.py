"""Hidden checks of dqn.

Each check keeps the other difficulties at rest, so that a mistake is charged once. `learn` gets networks, a
buffer, targets, a loss and an update of the judge's, none of which is the answer to a task. Chance is judged
within six standard deviations.
"""

import numpy as np
import pytest
import torch

from autograder.checks import assert_close, chance, close, dtype, gradients, heard, obeys, raises, right, spy

NEVER = torch.zeros(8, dtype=torch.bool)  # no transition ended
SOME = torch.tensor([True, False, False, True, False, True, True, False])


def generator(rng):
    """A generator, of which each call gets a copy in the same state."""
    return np.random.default_rng(rng.integers(2**31))


def differ(one, other, sentence):
    """Two arrays are not the same."""
    assert not np.array_equal(one, other), sentence


# --- value_iteration: 8 ---
def has_values(student, gamma, next_state, reward, ends=()):
    """The table of a world is right; who stops at another change within tol is right, too."""
    terminal = np.isin(np.arange(len(reward)), ends)
    right(student.value_iteration(next_state, reward, terminal, gamma), "q", rtol=1e-6, atol=1e-7)


@pytest.mark.task("value_iteration", points=4)
def test_small_world(student, draw):
    """In a small world without ends, each action has its exact value."""
    for S, A, gamma in ((4, 3, 0.5), (3, 2, 0.8), (5, 1, 0.6)):
        has_values(student, gamma, draw.integers(0, S, S, A), draw.normal(S, A))


@pytest.mark.task("value_iteration", points=2)
def test_nothing_follows(student, draw):
    """Nothing follows a terminal state, even if its own row pays: that row is 0."""
    next_state = draw.integers(0, 6, 6, 2)
    next_state[:2, 0] = 4, 5
    has_values(student, 0.7, next_state, 1 + draw.uniform(6, 2), ends=(4, 5))


@pytest.mark.task("value_iteration", points=2)
def test_until_nothing_changes(student, draw):
    """It goes on until nothing changes, however long that takes; gamma = 1 adds up all rewards to the end."""
    has_values(student, 0.98, draw.integers(0, 3, 3, 2), 1 + draw.uniform(3, 2))
    next_state = np.minimum(np.arange(7)[:, None] + draw.integers(1, 4, 7, 2), 6)
    has_values(student, 1.0, next_state, draw.normal(7, 2) * (next_state != 6), ends=(6,))


# --- q_update: 10 ---
def new_entry(student, draw, s2, alpha, gamma, terminated=False):
    """The entry that one update of a random table changes."""
    return student.q_update(draw.normal(4, 3) - 1, 3, 1, draw.normal().item(), s2, terminated, alpha, gamma)[
        3, 1
    ]


@pytest.mark.task("q_update", points=4)
def test_moves_by_alpha(student, draw):
    """The entry moves a share alpha of the way to its target (gamma = 0)."""
    for alpha in (0.25, 0.9, 0.0):
        right(new_entry(student, draw, 2, alpha, 0.0), "The entry of the table")


@pytest.mark.task("q_update", points=3)
def test_best_next_action(student, draw):
    """The target counts the best action of the next state, times gamma (alpha = 1)."""
    for s2, gamma in ((1, 0.9), (2, 0.5), (0, 1.0)):
        right(new_entry(student, draw, s2, 1.0, gamma), "The entry of the table")


@pytest.mark.task("q_update", points=2)
def test_end_has_no_future(student, draw):
    """Of a step that terminated, the reward alone counts (alpha = 1)."""
    right(new_entry(student, draw, 2, 1.0, 0.9, terminated=True), "The entry of the table")


def one_entry(new, q, s, a):
    """Nothing else has changed."""
    others = np.arange(q.size).reshape(q.shape) != s * q.shape[1] + a
    assert_close(new[others], q[others], what="What should not have changed")


@pytest.mark.task("q_update", points=1, law=True)
def test_one_entry(student, draw):
    """One entry of the new table differs, and the given table keeps its values."""
    before = draw.normal(5, 2)
    q = student.share(before.copy())
    obeys(student.q_update(q, 3, 1, 2.0, 4, False, 0.5, 0.9), one_entry, before, 3, 1)
    right(student.now(q), "The table that was given")


# --- epsilon_greedy: 12 ---
@pytest.mark.task("epsilon_greedy", points=2)
def test_straight_line(student):
    """epsilon falls in a straight line."""
    for step in (0, 3, 9):
        right(student.epsilon_at(step, 1.0, 0.1, 12), f"epsilon at step {step} of 12")
        right(student.epsilon_at(10 * step, 0.75, 0.25, 100), f"epsilon at step {10 * step} of 100")


@pytest.mark.task("epsilon_greedy", points=2)
def test_stays_at_end(student):
    """epsilon stays at its end, also where that is not 0."""
    for step in (12, 13, 1000):
        right(student.epsilon_at(step, 1.0, 0.1, 12), f"epsilon at step {step} of 12")


def act_often(function, q, epsilon, rng, times):
    """Beside the student's code: many actions."""
    return np.array([int(function(q, epsilon, rng)) for _ in range(times)])


@pytest.mark.task("epsilon_greedy", points=2)
def test_greedy(student, draw, rng):
    """With epsilon 0 the action is the best, of equals the first; it is an int."""
    for q in (*draw.distinct(4, 5), np.array([0.0, 2.0, 1.0, 2.0]), -np.ones(3)):
        right(student.epsilon_greedy(q, 0.0, generator(rng)), "The action")


def has_shares(actions, best, epsilon, A):
    """Actions come as often as they should."""
    counts = np.bincount(actions, minlength=A)
    assert len(counts) == A, f"Action {len(counts) - 1} does not exist."
    chance.frequencies(counts, epsilon / A + (1 - epsilon) * (np.arange(A) == best), "the actions")


@pytest.mark.task("epsilon_greedy", points=5)
def test_any_action(student, draw, rng):
    """With probability epsilon any action comes, all alike often, the best among them."""
    for A, epsilon in ((3, 1.0), (5, 1.0), (4, 0.3), (4, 0.75)):
        q = draw.distinct(A)
        actions = student.beside(act_often, student.epsilon_greedy, q, epsilon, generator(rng), 2000)
        obeys(actions, has_shares, q.argmax(), epsilon, A)


@pytest.mark.task("epsilon_greedy", points=1, law=True)
def test_act_by_rng(student, draw, rng):
    """All chance comes from rng: equal generators act alike, others do not."""
    q, one = draw.distinct(6), generator(rng)
    act, each = student.epsilon_greedy, (one, one, generator(rng))
    first, equal, other = (student.beside(act_often, act, q, 0.8, generator, 60) for generator in each)
    close(equal, first, "What comes of an equal generator")
    obeys(other, differ, first, "Generators with other seeds act alike.")


# --- ReplayBuffer: 16 ---
def fill_buffer(ReplayBuffer, capacity, numbers, rng):
    """Beside the student's code: a buffer after transitions made of a number each, and its lengths."""
    buffer, lengths = ReplayBuffer(capacity=capacity, rng=rng), []
    for i, x in enumerate(numbers):
        buffer.add(np.array([x, -x]), i % 4, 3 * float(x), np.array([x, 2 * x]), i % 3 == 0)
        lengths.append(len(buffer))
    return buffer, np.array(lengths)


def sample_often(buffer, n, times):
    """Beside the student's code: many samples, put together."""
    return [np.concatenate(parts) for parts in zip(*(buffer.sample(n) for _ in range(times)), strict=True)]


def filled(student, rng, capacity, numbers):
    """A buffer after these transitions, and its length after each of them."""
    return student.beside(fill_buffer, student.ReplayBuffer, capacity, numbers, generator(rng))


def sampled(student, buffer, n=3, times=400):
    """Many samples of a buffer: s, a, r, s2, terminated."""
    return student.beside(sample_often, buffer, n, times, label="ReplayBuffer")


@pytest.mark.task("ReplayBuffer", points=2)
def test_length(student, draw, rng):
    """The length grows with each transition, and stops at capacity."""
    for capacity, count in ((4, 7), (6, 3)):
        right(filled(student, rng, capacity, draw.distinct(count))[1], "The length after each transition")


def newest_alike(s, newest):
    """The newest are there, each as often as others, and no others are."""
    counts = (s[:, :1] == newest).sum(axis=0)
    assert counts.sum() == len(s), "A transition is there that should have been replaced."
    chance.frequencies(counts, np.full(len(newest), 1 / len(newest)), "the transitions")


@pytest.mark.task("ReplayBuffer", points=5)
def test_newest_alike(student, draw, rng):
    """A new transition takes the place of the oldest; those that are there are drawn alike often."""
    for count in (6, 9, 15):
        numbers = draw.distinct(count)
        s, *_ = sampled(student, filled(student, rng, 6, numbers)[0])
        obeys(s, newest_alike, numbers[-6:])


def add_moving(ReplayBuffer, rng, steps):
    """Beside the student's code: the caller writes into its two arrays after each add."""
    buffer, s, s2 = ReplayBuffer(20, rng=rng), np.zeros(2), np.zeros(2)
    for _ in range(steps):
        s2 += 1
        buffer.add(s, 0, float(s[0]), s2, False)
        s += 1
    s2 -= 50
    return buffer


def was_copied(states, first):
    """The states are those of the moments in which they were added."""
    assert set(states[:, 0]) <= set(range(first, first + 12)), "A stored state was changed by the caller."


@pytest.mark.task("ReplayBuffer", points=3)
def test_copies(student, rng):
    """What is stored is a copy: the caller may write into its arrays."""
    buffer = student.beside(add_moving, student.ReplayBuffer, generator(rng), 12)
    s, _, _, s2, _ = sampled(student, buffer)
    obeys(s, was_copied, 0)
    obeys(s2, was_copied, 1)


def belong_together(r, s, a, s2, terminated, numbers):
    """All five are made of one number."""
    where = np.abs(r[:, None] - 3 * numbers).argmin(axis=1)
    wanted = np.stack([3, -1, 2] * numbers[where, None], axis=1)
    assert_close(np.stack([r, s[:, 1], s2[:, 1]]), wanted, what="The numbers of a row that is found by its r")
    assert_close(np.stack([a, 3 * terminated]), [where % 4, 3 * (where % 3 == 0)], what="a and terminated")


@pytest.mark.task("ReplayBuffer", points=3)
def test_rows(student, draw, rng):
    """A sampled row belongs together: s, a, r, s2 and terminated are of one transition."""
    numbers = draw.distinct(12)
    s, a, r, s2, terminated = sampled(student, filled(student, rng, 20, numbers)[0])
    obeys(r, belong_together, s, a, s2, terminated, numbers)


@pytest.mark.task("ReplayBuffer", points=1)
@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_kinds(student, draw, rng, kind):
    """s and s2 keep shape and dtype; a is int64, r float64, terminated bool."""
    buffer = student.ReplayBuffer(4, rng=generator(rng))
    buffer.add(draw.normal(2, 3, dtype=kind), 2, 1.5, draw.normal(2, 3, dtype=kind), True)
    kinds = {"s": kind, "a": np.int64, "r": np.float64, "s2": kind, "terminated": np.bool_}
    for part, (name, wanted) in zip(buffer.sample(1), kinds.items(), strict=True):
        right(part, name)
        dtype(part, wanted, name)


@pytest.mark.task("ReplayBuffer", points=1, law=True)
def test_too_few(student, draw, rng):
    """To ask for more than is remembered is a ValueError."""
    for count in (0, 2):
        raises(ValueError, filled(student, rng, 8, draw.distinct(count))[0].sample(count + 1))


@pytest.mark.task("ReplayBuffer", points=1, law=True)
def test_sample_by_rng(student, draw, rng):
    """All chance comes from rng: equal generators draw alike, others do not, and each sample is another."""
    states, numbers, one = [], draw.distinct(30), generator(rng)
    for each in (one, one, generator(rng)):
        buffer, _ = student.beside(fill_buffer, student.ReplayBuffer, 30, numbers, each)
        states.append(sampled(student, buffer, 20, 3)[0])
    close(states[1], states[0], "What comes of an equal generator")
    obeys(states[2], differ, states[0], "Generators with other seeds draw alike.")
    obeys(states[0][:20], differ, states[0][20:40], "Two samples are alike.")


# --- targets: 18 ---
@pytest.mark.task("targets", points=4)
def test_best_follows(student, draw):
    """Without an end: the reward and gamma times the best of the next state."""
    for gamma in (0.9, 0.5):
        right(student.dqn_targets(draw.tensor(8), draw.tensor(8, 3) - 1, NEVER, gamma), "The target")


def reward_alone(student, draw, q_next, *networks):
    """Where it ended the target is the reward, and elsewhere it is not."""
    function = student.double_dqn_targets if networks else student.dqn_targets
    reward = draw.tensor(8)
    targets = function(reward, q_next, *networks, SOME, 0.9)
    right(targets[SOME], "The target where it ended")
    obeys(targets[~SOME], differ, reward[~SOME], "The target where it did not end is the reward alone, too.")


@pytest.mark.task("targets", points=4)
def test_reward_alone(student, draw):
    """Where it ended: the reward alone, also for double."""
    reward_alone(student, draw, draw.tensor(8, 3))
    reward_alone(student, draw, *draw.tensor(2, 8, 3))


@pytest.mark.task("targets", points=2)
def test_not_even_nan(student, draw):
    """Where it ended, q_next may be infinite or NaN."""
    q_next = draw.tensor(8, 2)
    q_next[SOME] = q_next[SOME] / torch.tensor([[0.0, 1.0], [np.nan, np.nan], [0.0, 0.0], [1.0, np.nan]])
    reward_alone(student, draw, q_next)


@pytest.mark.task("targets", points=2)
def test_kinds_of_ends(student, draw):
    """terminated may be of bools, whole numbers or floats."""
    for kind in ("uint8", "float64", "float32", "bool"):
        ends = SOME.to(getattr(torch, kind))
        targets = student.dqn_targets(draw.tensor(8), draw.tensor(8, 2), ends, 0.8)
        right(targets, f"The target for terminated of {kind}")


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


def asks_gradient(function, reward, values, ends):
    """Beside the student's code: whether gradients would flow to the values of the networks."""
    return bool(function(reward, *(q.clone().requires_grad_() for q in values), ends, 0.9).requires_grad)


@pytest.mark.task("targets", points=1, law=True)
def test_no_gradient(student, draw):
    """No gradient flows through targets."""
    for function, networks in ((student.dqn_targets, 1), (student.double_dqn_targets, 2)):
        flows = student.beside(asks_gradient, function, draw.tensor(8), draw.tensor(networks, 8, 3), SOME)
        right(flows, "Whether a gradient flows through the targets")


# --- dqn_loss: 11 ---
def taken(draw, N):
    """Actions that were taken, one of three in each row, and where they are."""
    actions = draw.integers(0, 3, N)
    return torch.tensor(actions), torch.tensor(actions[:, None] == np.arange(3))


def same_and_positive(loss, other):
    """A loss that does not hang on other actions, and is more than 0."""
    assert float(loss) > 0, "Values that differ from their targets cost nothing."
    assert_close(other, loss, what="The loss after the actions that were not taken got other values")


@pytest.mark.task("dqn_loss", points=3)
def test_chosen_action(student, draw):
    """The value of the action that was taken counts, and no other."""
    (actions, chosen), targets = taken(draw, 6), draw.tensor(6)
    exact = torch.where(chosen, targets[:, None], 3 + draw.tensor(6, 3).abs())
    right(student.dqn_loss(exact, actions, targets), "The loss of values that equal their targets")
    others = student.dqn_loss(torch.where(chosen, exact + 0.5, draw.tensor(6, 3)), actions, targets)
    obeys(student.dqn_loss(exact + 0.5, actions, targets), same_and_positive, others)


def costs(student, draw, errors, what):
    """The losses of single values that are off by so much; delta is 1 unless it is given."""
    for error, *delta in errors:
        loss = student.dqn_loss((t := draw.tensor(1))[:, None] + error, torch.tensor([0]), t, *delta)
        right(loss, f"delta = {delta[0] if delta else 1}: the loss of {what}")


@pytest.mark.task("dqn_loss", points=2)
def test_near(student, draw):
    """An error of up to delta costs half of its square."""
    costs(student, draw, ((0.25,), (-0.8, 1.0), (0.4, 0.5), (-2.5, 3.0)), "a small error")


@pytest.mark.task("dqn_loss", points=2)
def test_far(student, draw):
    """A larger error e costs delta (|e| - delta / 2)."""
    costs(student, draw, ((3.0,), (-40.0, 1.0), (0.8, 0.5), (-9.0, 3.0)), "a large error")


@pytest.mark.task("dqn_loss", points=1, law=True)
def test_mean_of_rows(student, draw):
    """The loss is a mean: equal rows cost together what one of them costs."""
    q, action, target = 2 * draw.tensor(1, 3), torch.tensor([1]), draw.tensor(1)
    one, five = student.dqn_loss(q, action, target), (q.repeat(5, 1), action.repeat(5), target.repeat(5))
    close(student.dqn_loss(*five), one, "The loss of 5 equal rows")


def pulls_at(by_q, chosen, most):
    """The gradient is at the chosen entries, and nowhere more than this."""
    assert_close(by_q[~chosen], 0 * by_q[~chosen], what="The gradient at actions that were not taken")
    assert (by_q[chosen] != 0).all(), "At an action that was taken there is no gradient."
    assert by_q.abs().max() <= most * (1 + 1e-9), "A gradient is larger than delta / N."


@pytest.mark.task("dqn_loss", points=3)
def test_gradient(student, draw):
    """The gradient is at the actions that were taken alone, at most delta / N, and none in the targets."""
    (actions, chosen), targets = taken(draw, 6), draw.tensor(6)
    q = 8 * draw.tensor(6, 3) - 30 * chosen  # the best action was never taken
    _, by_q, by_targets = gradients(student.dqn_loss, q, actions, targets, 2.0, by=[q, targets])
    obeys(by_q, pulls_at, chosen, 2.0 / 6)
    right(by_targets, "The gradient with respect to targets")


# --- update_target: 5 ---
def make_net(w, count):
    """Beside the student's code: a small network."""
    net = torch.nn.Sequential(torch.nn.Linear(2, 3, bias=False), torch.nn.BatchNorm1d(3)).double()
    net[0].weight.data, net[1].running_mean, net[1].num_batches_tracked.data = w, w[:, 0].clone(), count
    return net


def inside(net):
    """Beside the student's code: all parameters, and all buffers."""
    return [torch.cat([w.detach().flatten() for w in parts]) for parts in (net.parameters(), net.buffers())]


def shift(net):
    """Beside the student's code: change a network in place."""
    for value in net.state_dict().values():
        value.add_(1)


def pair(student, draw):
    """target and online."""
    counts = torch.tensor(draw.integers(1, 50, 2))
    return [student.beside(make_net, draw.tensor(3, 2), n, label="update_target") for n in counts]


@pytest.mark.task("update_target", points=2)
def test_copies_all(student, draw):
    """tau = 1, which is the default, copies parameters and buffers."""
    target, online = pair(student, draw)
    student.update_target(target, online)
    for part, name in enumerate(("parameters", "buffers")):
        right(student.beside(inside, target, label="update_target")[part], f"Of target the {name}")


@pytest.mark.task("update_target", points=2)
def test_mixes(student, draw):
    """A smaller tau mixes the parameters: tau of online, the rest of target."""
    for tau in (0.25, 0.01):
        target, online = pair(student, draw)
        student.update_target(target, online, tau)
        right(student.beside(inside, target, label="update_target")[0], "Of target the parameters")


@pytest.mark.task("update_target", points=1, law=True)
def test_two_networks(student, draw):
    """online keeps its values, and the two networks stay two."""
    target, online = pair(student, draw)
    student.update_target(target, online)
    right(student.beside(inside, online, label="update_target")[0], "Of online the parameters")
    student.beside(shift, online, label="update_target")
    right(student.beside(inside, target, label="update_target")[0], "After online was changed, target")


# --- learn: 15 ---
def make_agent(DQNAgent, weights, table, rows, size, options):
    """Beside the student's code: an agent with networks, a buffer, targets, a loss and an update of ours."""
    nets = []
    for first, second in weights:
        layers = [torch.nn.Linear(*w.T.shape, bias=False) for w in (first, second)]
        layers[0].weight.data, layers[1].weight.data = first.clone(), second.clone()
        nets.append(torch.nn.Sequential(layers[0], torch.nn.Tanh(), layers[1]))

    class Table:
        def __init__(self):
            self.rows = iter(rows)

        def __len__(self):
            return size

        def sample(self, n):
            chosen = next(self.rows)
            return [part[chosen] for part in table]

    options = {"rng": None, "batch_size": len(rows[0])} | options
    agent = DQNAgent(online=nets[0], target=nets[1], buffer=Table(), **options)
    agent.targets = lambda r, q_next, ended, gamma: r + gamma * (1 - ended.to(r.dtype)) * q_next.mean(1)
    agent.loss = lambda q, a, targets: torch.nn.functional.mse_loss(q[torch.arange(len(a)), a], targets)
    agent.update = lambda target, online: target.load_state_dict(online.state_dict())
    return agent


def learn_often(agent, times):
    """Beside the student's code: the weights of online and target after each learn."""
    weights = []
    for _ in range(times):
        agent.learn()
        for net in (agent.online, agent.target):
            weights.append(torch.cat([w.detach().flatten() for w in net.parameters()]))
    return torch.stack(weights[::2]), torch.stack(weights[1::2])


def agent_of(student, draw, size=21, **options):
    """An agent that learns from random transitions between states of three numbers."""
    s, s2, ended = draw.normal(20, 3), draw.normal(20, 3), draw.uniform(20) < 0.3
    table = [s, draw.integers(0, 2, 20), draw.normal(20), s2, ended]
    weights, rows = [(draw.tensor(4, 3), draw.tensor(2, 4)) for _ in range(2)], draw.integers(0, 20, 20, 5)
    options = {"gamma": 0.9, "warmup": 20, "lr": 0.05, "period": 100} | options
    return student.beside(make_agent, student.DQNAgent, weights, table, rows, size, options)


def followed(student, agent, times):
    """The weights of online and target after each learn."""
    return student.beside(learn_often, agent, times, label="DQNAgent")


@pytest.mark.task("learn", points=4)
def test_parameters(student, draw):
    """Each learn is one step of Adam on one batch (gamma = 0)."""
    online, _ = followed(student, agent_of(student, draw, gamma=0.0), 4)
    right(online, "The weights of online", rtol=1e-6, atol=1e-8)


@pytest.mark.task("learn", points=3, law=True)
def test_target_network_judges(student, draw):
    """The targets are made of the target network's values of the next states."""
    agent = agent_of(student, draw, gamma=0.75)
    agent.targets = targets = spy(student, "targets(reward, q_next, terminated, gamma)", draw.tensor(5))
    agent.learn()
    for part, name in zip(heard(targets), ("reward", "q_next", "terminated", "gamma"), strict=True):
        right(part, f"{name}, which targets was given,")


def follows(target, online, period):
    """After every so many learns target equals online, and in between it stays."""
    for n in range(1, len(target)):
        due = (n + 1) % period == 0
        assert torch.equal(target[n], online[n] if due else target[n - 1]), (
            f"period {period}: after learn {n + 1} target must {'equal online' if due else 'stay as it was'}."
        )


@pytest.mark.task("learn", points=3)
def test_period(student, draw):
    """The target network is updated after every `period` learns, and not in between."""
    for period in (2, 3):
        online, target = followed(student, agent_of(student, draw, period=period), 8)
        obeys(target, follows, online, period)


@pytest.mark.task("learn", points=1)
def test_warmup(student, draw):
    """Before `warmup` transitions nothing happens, and None is returned; with them it learns."""
    for size in (19, 20):
        agent = agent_of(student, draw, size, gamma=0.0)
        right(agent.learn(), f"What learn returned with {size} of 20 transitions")
        right(followed(student, agent, 1)[0], f"With {size} of 20 transitions, the weights of online")


@pytest.mark.task("learn", points=2)
def test_losses(student, draw):
    """learn returns the loss before its step, a float."""
    agent = agent_of(student, draw, period=4)
    for number in range(20):
        right(agent.learn(), f"The loss of learn {number + 1}", rtol=1e-6, atol=1e-8)


def says(agent, times, states):
    """Beside the student's code: what the network says of these states after so many learns."""
    for _ in range(times):
        agent.learn()
    return agent.online(states).detach()


def small_world():
    """First weights, a world of 16 states, two of them ends, and rows for 600 learns: the same for all."""
    rng, shapes = np.random.default_rng(0), ((32, 16), (4, 32))
    weights = [[torch.from_numpy(rng.normal(0, 0.3, shape)) for shape in shapes] for _ in range(2)]
    s, a, s2 = np.repeat(np.arange(14), 4), np.tile(np.arange(4), 14), rng.integers(0, 16, 56)
    table = [np.eye(16)[s], a, rng.normal(0, 0.3, 56), np.eye(16)[s2], s2 >= 14]
    return weights, table, rng.integers(0, 56, (600, 32))


@pytest.mark.task("learn", points=2)
def test_world_is_learned(student):
    """After 600 learns from all transitions of a small world, each value is right within 0.06."""
    options = {"warmup": 50, "lr": 0.01, "period": 20, "gamma": 0.9}
    agent = student.beside(make_agent, student.DQNAgent, *small_world(), 56, options)
    live = torch.eye(16, dtype=torch.float64)[:14]
    right(student.beside(says, agent, 600, live, label="DQNAgent"), "The table", rtol=0.0, atol=0.06)


# --- bug_hunt: 5 ---
def endless_iteration(next_state, reward, terminal, gamma):
    """The wrong code of the notebook: the game goes on after a terminal state."""
    q = np.zeros(reward.shape)
    for _ in range(400):
        q = reward + gamma * q[next_state].max(axis=2)
    return q


def values_of(name, world):
    """Of a world that is as asked: how far the endless values of state 0 are off, and which actions lead."""
    assert isinstance(world, (tuple, list)) and len(world) == 3, f"{name} is not a world of three arrays."
    next_state, reward, terminal = map(np.asarray, world)
    S, shapes = terminal.size, (next_state.shape, reward.shape, terminal.shape)
    assert 2 <= S <= 6 and shapes == ((S, 2), (S, 2), (S,)), f"{name} has the wrong shapes: {shapes}."
    assert terminal.dtype == bool and not terminal[0], f"{name}: terminal holds bools, and state 0 is no end."
    assert np.isin(next_state, np.arange(S)).all(), f"{name}: next_state must hold states."
    assert (np.abs(reward) <= 10).all(), f"{name}: rewards lie between -10 and 10."
    next_state, q = next_state.astype(int), np.zeros((S, 2))
    endless = endless_iteration(next_state, reward, terminal, 0.9)
    for _ in range(400):
        q = reward + 0.9 * (~terminal * q.max(axis=1))[next_state]
    best = [np.where(np.abs(v[:, 0] - v[:, 1]) > 1e-3, v.argmax(axis=1), 9)[~terminal] for v in (q, endless)]
    return np.abs(q - endless)[0].max(), *best


def hunts(answer):
    """blind hides the mistake from all best actions, sharp shows it in state 0."""
    assert isinstance(answer, (tuple, list)) and len(answer) == 2, "bug_hunt must return (blind, sharp)."
    (off, best, endless), (_, sharp, wrong) = map(values_of, ("blind", "sharp"), answer)
    assert off > 0.1, "blind: the values of state 0 differ by 0.1 or less."
    assert 9 not in best and (best == endless).all(), "blind: some best action is not the same."
    assert {sharp[0], wrong[0]} == {0, 1}, "sharp: the best action of state 0 is the same."


@pytest.mark.task("bug_hunt", points=5)
def test_bug_hunt(student):
    """On blind, endless values hide in right best actions; on sharp, the best action of state 0 is wrong."""
    obeys(student.bug_hunt(), hunts)


# --- bonus: 20 ---
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
        errors = np.append(draw.normal(6), 0.0)
        right(student.priority_weights(errors, alpha, 0.5, eps)[0], "p")


def makes_up(w, p, beta):
    """w is (N p)^-beta, the largest 1."""
    assert_close(w, (p / p.min()) ** -beta, what="w, beside p,")


@pytest.mark.task("priority_weights", points=4, bonus=True)
def test_weights(student, draw):
    """w makes up for p, to the power beta; its largest is 1."""
    for beta in (0.4, 1.0):
        p, w = student.priority_weights(draw.away_from_zero(7), 0.7, beta, 0.01)
        obeys(w, makes_up, p, beta)
