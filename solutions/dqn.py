"""Q-learning: an exact table, a table learned from experience, and a network with replay and a target.

Letters: S states, A actions, N transitions in a batch. A transition (s, a, r, s2, terminated) says: in s the
action a was taken, it paid r and led to s2, and terminated tells whether s2 is an end. Where an episode was
only cut off by a time limit, terminated is False: the game would have gone on.
"""

import numpy as np
import torch


def value_iteration(next_state, reward, terminal, gamma, tol=1e-10):
    """The value of each action in each state, float array (S, A), of a known world without chance.

    q[s, a] = reward[s, a] + gamma * max over b of q[next_state[s, a], b]. After entering a terminal state
    nothing follows: the rows of terminal states are 0. Begin with zeros, and sweep until nothing changes by
    more than tol.
    Args:
        next_state: int array (S, A), where action a leads from s. reward: float array (S, A), what it pays.
        terminal: bool array (S,), which states are ends. tol: float, the change at which to stop.
        gamma: float in [0, 1], the discount. With gamma = 1, each way comes to an end.
    Source: Sutton and Barto (2018), Reinforcement learning, section 4.4 and equation 4.2.

    Action 0 stays in state 0 and pays 0.1, action 1 leads to the end, state 1, and pays 1.

    >>> world = np.array([[0, 1], [1, 1]]), np.array([[0.1, 1.0], [0.0, 0.0]]), np.array([False, True])
    >>> value_iteration(*world, gamma=0.5).round(3)  # staying once, then leaving: 0.1 + 0.5 * 1
    array([[0.6, 1. ],
           [0. , 0. ]])
    """
    q = np.zeros(reward.shape)
    while True:
        new = reward + gamma * q[next_state].max(axis=2)  # q[next_state] is (S, A, A)
        new[terminal] = 0
        if np.abs(new - q).max() <= tol:
            return new
        q = new


def q_update(q, s, a, r, s2, terminated, alpha, gamma):
    """One step of Q-learning: move one entry of the table a share alpha of the way to its target.

    Args:
        q: float array (S, A), the table. Not changed.
        s: int, the state. a: int, the action. r: float, the reward. s2: int, the next state.
        terminated: bool. If true, the target is r alone, whatever the table says of s2.
        alpha: float in [0, 1], the step. gamma: float in [0, 1], the discount.
    Returns:
        A new table, which differs from q in the entry [s, a] only.
    Source: Watkins and Dayan (1992), Q-learning, Machine Learning 8; Sutton and Barto (2018), equation 6.8.

    >>> q = np.array([[4.0, 0.0], [2.0, 6.0]])
    >>> q_update(q, 0, 0, 3.0, 1, False, alpha=0.5, gamma=0.5)  # target 3 + 0.5 * 6 = 6, half of the way
    array([[5., 0.],
           [2., 6.]])
    """
    new = np.array(q, dtype=float)
    target = r if terminated else r + gamma * q[s2].max()
    new[s, a] += alpha * (target - q[s, a])
    return new


def epsilon_at(step, start, end, decay_steps):
    """How often to try something, a float: falls in a straight line from start to end, and stays there.

    Args:
        step: int >= 0. start: float, the value at step 0. end: float, the value from step decay_steps on.
        decay_steps: int > 0.
    Source: Mnih et al. (2015), Human-level control through deep reinforcement learning, Methods.

    >>> [epsilon_at(step, 1.0, 0.5, 4) for step in (0, 1, 2, 4, 9)]
    [1.0, 0.875, 0.75, 0.5, 0.5]
    """
    share = min(step / decay_steps, 1.0)
    return start + share * (end - start)


def epsilon_greedy(q, epsilon, rng):
    """With probability epsilon any action, all alike likely and the best among them; else the best.

    Args:
        q: float array (A,), the values of the actions in one state. epsilon: float in [0, 1].
        rng: np.random.Generator, the only source of chance.
    Returns:
        int, the action. Of equally good actions the greedy choice is the first.
    Source: Sutton and Barto (2018), section 2.2.

    >>> epsilon_greedy(np.array([1.0, 3.0, 3.0]), 0.0, np.random.default_rng(0))
    1
    """
    if rng.random() < epsilon:
        return int(rng.integers(len(q)))
    return int(np.argmax(q))


class ReplayBuffer:
    """Remembers the last `capacity` transitions, and gives random ones of them.

    Args:
        capacity: int > 0. When it is full, a new transition takes the place of the oldest.
        rng: np.random.Generator, the only source of chance.
    Source: Lin (1992), Self-improving reactive agents, Machine Learning 8; Mnih et al. (2015), algorithm 1.

    >>> buffer = ReplayBuffer(2, rng=np.random.default_rng(0))
    >>> for r in (1.0, 2.0, 3.0):
    ...     buffer.add(np.array([r, 0.0]), 1, r, np.array([r + 1, 0.0]), r == 3.0)
    >>> len(buffer)  # 1.0 is forgotten
    2
    >>> s, a, r, s2, terminated = buffer.sample(2)
    >>> s.shape, a.shape, r.shape, s2.shape, terminated.shape
    ((2, 2), (2,), (2,), (2, 2), (2,))
    """

    def __init__(self, capacity, *, rng):
        self.capacity, self.rng = capacity, rng
        self._rows, self._oldest = [], 0

    def __len__(self):
        """How many transitions are remembered."""
        return len(self._rows)

    def add(self, s, a, r, s2, terminated):
        """Remember a transition, with *copies* of s and s2: the caller may write into its arrays afterwards.

        Args:
            s: float array of any shape, the same for all. a: int. r: float. s2: as s. terminated: bool.
        """
        row = np.array(s), a, r, np.array(s2), terminated
        if len(self._rows) < self.capacity:
            self._rows.append(row)
        else:
            self._rows[self._oldest] = row
            self._oldest = (self._oldest + 1) % self.capacity

    def sample(self, n):
        """Draw n of the remembered transitions, each of them equally likely, with or without repetition.

        Args:
            n: int > 0.
        Returns:
            Five arrays whose entries belong together: s (n, ...) and s2 (n, ...) with the dtype that was
                added, a (n,) int64, r (n,) float64, terminated (n,) bool.
        Raises:
            ValueError: if fewer than n transitions are remembered.
        """
        if n > len(self._rows):
            raise ValueError(f"{n} transitions are wanted, and {len(self._rows)} are remembered")
        rows = [self._rows[i] for i in self.rng.integers(len(self._rows), size=n)]
        s, a, r, s2, terminated = zip(*rows)
        numbers = np.array(a, np.int64), np.array(r, float)
        return np.array(s), *numbers, np.array(s2), np.array(terminated, bool)


def dqn_targets(reward, q_next, terminated, gamma):
    """What the network should have said: the reward, and gamma times the best that may follow.

    Args:
        reward: float tensor (N,). gamma: float.
        q_next: float tensor (N, A), the next states' values. May be infinite or NaN where it terminated.
        terminated: tensor (N,), bool, uint8 or float (0 or 1). Where true, the target is the reward alone.
    Returns:
        Float tensor (N,), through which no gradient flows.
    Source: Mnih et al. (2015), algorithm 1 (y_j).

    >>> reward, ends = torch.tensor([1.0, 1.0, -10.0]), torch.tensor([False, False, True])
    >>> dqn_targets(reward, torch.tensor([[2.0, 6.0], [4.0, 0.0], [3.0, 9.0]]), ends, 0.5)
    tensor([  4.,   3., -10.])
    """
    best = q_next.detach().max(dim=1).values
    return torch.where(terminated.bool(), reward, reward + gamma * best)


def double_dqn_targets(reward, q_next_online, q_next_target, terminated, gamma):
    """Targets of double DQN: the online network chooses the next action, the target network says its value.

    Args:
        reward, terminated, gamma: as for `dqn_targets`.
        q_next_online: float tensor (N, A), the online network's values of the next states.
        q_next_target: float tensor (N, A), the target network's.
    Returns:
        Float tensor (N,), through which no gradient flows.
    Source: van Hasselt, Guez and Silver (2016), Deep reinforcement learning with double Q-learning.

    >>> reward, ends = torch.tensor([1.0, 1.0, -10.0]), torch.tensor([False, False, True])
    >>> online = torch.tensor([[9.0, 1.0], [0.0, 5.0], [3.0, 9.0]])  # chooses 0, 1 and 1
    >>> target = torch.tensor([[2.0, 6.0], [4.0, 0.0], [3.0, 9.0]])  # says 2, 0 and 9 of these
    >>> double_dqn_targets(reward, online, target, ends, 0.5)
    tensor([  2.,   1., -10.])
    """
    chosen = q_next_online.argmax(dim=1, keepdim=True)  # (N, 1)
    value = q_next_target.detach().gather(1, chosen).squeeze(1)
    return torch.where(terminated.bool(), reward, reward + gamma * value)


def dqn_loss(q, actions, targets, delta=1.0):
    """Huber loss of the values of the actions that were taken, mean over the batch: a tensor of shape ().

    For an error e = q[n, actions[n]] - targets[n] it is e^2 / 2 where |e| <= delta, and beyond
    delta (|e| - delta / 2), so that no transition pulls with more than delta.
    Args:
        q: float tensor (N, A), the online network's values.
        actions: int64 tensor (N,), what was done. delta: float > 0.
        targets: float tensor (N,). No gradient flows to them.
    Source: Huber (1964), Robust estimation of a location parameter; Mnih et al. (2015), Methods.

    >>> dqn_loss(torch.tensor([[5.0, 3.0], [0.5, 7.0]]), torch.tensor([1, 0]), torch.tensor([0.0, 0.0]))
    tensor(1.3125)

    The errors are 3 and 0.5, which cost 2.5 and 0.125.
    """
    error = q.gather(1, actions[:, None]).squeeze(1) - targets.detach()
    size = error.abs()
    return torch.where(size <= delta, error**2 / 2, delta * (size - delta / 2)).mean()


def update_target(target, online, tau=1.0):
    """Bring the target network nearer to the online network, in place.

    Each parameter becomes tau * online + (1 - tau) * target. Buffers, such as the running mean of a batch
    norm, are copied. The networks stay two: what happens to one later does not change the other.
    Args:
        target: torch.nn.Module, changed in place. tau: float in [0, 1]; 1 copies.
        online: torch.nn.Module of the same structure, not changed.
    Source: Mnih et al. (2015), algorithm 1 (tau = 1); Lillicrap et al. (2016), Continuous control with deep
    reinforcement learning, section 3 (small tau).

    >>> target, online = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1)
    >>> _ = torch.nn.init.constant_(target.weight, 0.0), torch.nn.init.constant_(online.weight, 8.0)
    >>> update_target(target, online, tau=0.25)
    >>> target.weight.item(), online.weight.item()
    (2.0, 8.0)
    """
    with torch.no_grad():
        for theirs, ours in zip(target.parameters(), online.parameters()):
            theirs.copy_(tau * ours + (1 - tau) * theirs)
        for theirs, ours in zip(target.buffers(), online.buffers()):
            theirs.copy_(ours)


class DQNAgent:
    """Acts, remembers and learns. Only `learn` is left to you.

    Args:
        online, target: two torch.nn.Module of one structure, from states (N, ...) to values (N, A).
        buffer: a ReplayBuffer. rng: np.random.Generator, for acting. gamma: float. lr: float, Adam's rate.
        batch_size: int. warmup: int, so many transitions must be remembered before it learns.
        period: int, after so many learns the target network is updated, again and again.
    Attributes:
        targets, loss, update: `dqn_targets`, `dqn_loss` and `update_target`, unless you exchange them.
        optimizer: Adam over the parameters of online. learns: int, how often it has learned.
    Source: Mnih et al. (2015), Human-level control through deep reinforcement learning, algorithm 1.
    """

    def __init__(self, online, target, buffer, *, rng, gamma, lr, batch_size, warmup, period):  # given
        self.online, self.target, self.buffer, self.rng = online, target, buffer, rng
        self.gamma, self.batch_size, self.warmup, self.period = gamma, batch_size, warmup, period
        self.targets, self.loss, self.update = dqn_targets, dqn_loss, update_target
        self.optimizer = torch.optim.Adam(online.parameters(), lr=lr)
        self.learns = 0

    def act(self, s, epsilon):  # given
        """An action in the state s, by `epsilon_greedy`."""
        with torch.no_grad():
            q = self.online(torch.as_tensor(s)[None])
        return epsilon_greedy(q.numpy().ravel(), epsilon, self.rng)

    def batch(self):  # given
        """A sample of the buffer as five tensors: s, a, r, s2, terminated."""
        return [torch.as_tensor(array) for array in self.buffer.sample(self.batch_size)]

    def learn(self):
        """One step of Adam on one batch, and from time to time an update of the target network.

        The targets are `self.targets` of the *target* network's values of the next states, the loss is
        `self.loss` of the *online* network's values. The gradients are those of this batch alone. After every
        `period` learns `self.update` gets the target and the online network. All three can be exchanged.
        Returns:
            None, and nothing happens, if fewer than `warmup` transitions are remembered. Else the loss before
            the step, a float.
        Source: Mnih et al. (2015), algorithm 1.

        One state, one action: q = 0, and the target is 2 + 0.5 * 0. The loss of the error 2 is 1.5.

        >>> online, target = torch.nn.Linear(1, 1).double(), torch.nn.Linear(1, 1).double()
        >>> for parameter in (*online.parameters(), *target.parameters()):
        ...     _ = torch.nn.init.zeros_(parameter)
        >>> buffer = ReplayBuffer(9, rng=np.random.default_rng(0))
        >>> options = {"rng": None, "gamma": 0.5, "lr": 0.5, "batch_size": 1, "warmup": 1, "period": 9}
        >>> agent = DQNAgent(online, target, buffer, **options)
        >>> agent.learn() is None  # nothing is remembered yet
        True
        >>> buffer.add(np.ones(1), 0, 2.0, np.ones(1), False)
        >>> agent.learn(), round(online.weight.item(), 3), target.weight.item()
        (1.5, 0.5, 0.0)
        """
        if len(self.buffer) < self.warmup:
            return None
        s, a, r, s2, terminated = self.batch()
        with torch.no_grad():
            q_next = self.target(s2)
        loss = self.loss(self.online(s), a, self.targets(r, q_next, terminated, self.gamma))
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.learns += 1
        if self.learns % self.period == 0:
            self.update(self.target, self.online)
        return loss.item()


def endless_iteration(next_state, reward, terminal, gamma):
    """Value iteration. There is a mistake in here."""
    q = np.zeros(reward.shape)
    for _ in range(400):
        q = reward + gamma * q[next_state].max(axis=2)
    return q


def worlds_fit(answer):
    """What the checks ask of an answer to the bug hunt."""
    assert isinstance(answer, (tuple, list)) and len(answer) == 2, "bug_hunt must return (blind, sharp)."
    for name, world in zip(("blind", "sharp"), answer):
        assert isinstance(world, (tuple, list)) and len(world) == 3, f"{name} is not a world of three arrays."
        to, reward, ends = map(np.asarray, world)
        S, shapes = ends.size, (to.shape, reward.shape, ends.shape)
        assert 2 <= S <= 6 and shapes == ((S, 2), (S, 2), (S,)), f"{name} has the wrong shapes: {shapes}."
        assert ends.dtype == bool and not ends[0], f"{name}: terminal holds bools, and state 0 is no end."
        assert np.isin(to, np.arange(S)).all(), f"{name}: next_state must hold states."
        assert (np.abs(reward) <= 10).all(), f"{name}: rewards lie between -10 and 10."
        q, hers = (f(to.astype(int), reward, ends, 0.9)[~ends] for f in (value_iteration, endless_iteration))
        best, chosen = (np.where(np.abs(v[:, 0] - v[:, 1]) > 1e-3, v.argmax(1), 9) for v in (q, hers))
        assert name == "sharp" or np.abs(q - hers)[0].max() > 0.1, "blind: her values of state 0 are right."
        assert name == "sharp" or (9 not in best and (best == chosen).all()), "blind: one move is wrong."
        assert name == "blind" or {best[0], chosen[0]} == {0, 1}, "sharp: her action in state 0 is right."


def bug_hunt():
    """Two worlds for a value iteration in which the game goes on after a terminal state.

    A world is (next_state, reward, terminal), as for `value_iteration`: 2 to 6 states, 2 actions, rewards
    from -10 to 10, state 0 no end. gamma is 0.9.
    Returns:
        A pair (blind, sharp) of worlds. On blind, `endless_iteration` of the notebook is wrong by more than
        0.1 about a value of state 0, and yet its best action is right in each state that is no end. On sharp,
        its best action in state 0 is wrong. (A best action leads the other by more than 0.001.)
    Source: Sutton and Barto (2018), section 3.4 (episodic and continuing tasks, and absorbing states).
    """
    # Action 0 leads to the end, state 1, and pays 1; action 1 stays. The row of the end pays 1 for ever.
    next_state, terminal = np.array([[1, 0], [1, 1]]), np.array([False, True])
    blind = next_state, 1.0 * next_state, terminal  # to stay pays nothing, and to be late costs
    sharp = next_state, np.maximum(next_state, 0.5), terminal  # to stay pays 0.5, which is worth 5
    return blind, sharp


def n_step_return(rewards, terminated, bootstrap, gamma):
    """The discounted sum of n rewards, and of what is thought to follow, a float.

    r_0 + gamma r_1 + ... + gamma^(n-1) r_(n-1) + gamma^n * bootstrap. If a step terminated, its reward is the
    last that counts, and neither later rewards nor bootstrap do.
    Args:
        rewards: float array (n,). terminated: bool array (n,).
        bootstrap: float, the value of the state after the n steps. gamma: float.
    Source: Sutton and Barto (2018), equation 7.1; Mnih et al. (2016), Asynchronous methods.

    >>> n_step_return(np.array([4.0, 2.0]), np.array([False, False]), 8.0, 0.5)  # 4 + 1 + 2
    7.0
    >>> n_step_return(np.array([4.0, 2.0]), np.array([True, False]), 8.0, 0.5)
    4.0
    """
    total = bootstrap
    for r, ends in zip(rewards[::-1], terminated[::-1]):
        total = r if ends else r + gamma * total
    return float(total)


def dueling(value, advantages):
    """Values of actions from the value of the state and the advantages of the actions, less their mean.

    Args:
        value: float tensor (N, 1). advantages: float tensor (N, A), the shape of what is returned, too.
    Source: Wang et al. (2016), Dueling network architectures, equation 9.

    >>> dueling(torch.tensor([[10.0]]), torch.tensor([[1.0, 3.0]]))
    tensor([[ 9., 11.]])
    """
    return value + advantages - advantages.mean(dim=1, keepdim=True)


def priority_weights(td_errors, alpha, beta, eps):
    """How likely transitions are drawn that surprise, and the weights that make up for it.

    p_i is proportional to (|td_errors_i| + eps)^alpha. w_i is (N p_i)^(-beta), divided by the largest.
    Args:
        td_errors: float array (N,), of either sign. alpha, beta: floats in [0, 1]. eps: float >= 0.
    Returns:
        p: float array (N,), sums to 1. w: float array (N,), the largest is 1.
    Source: Schaul et al. (2016), Prioritized experience replay, sections 3.3 and 3.4.

    >>> p, w = priority_weights(np.array([1.0, -3.0]), alpha=1.0, beta=1.0, eps=0.0)
    >>> p, w.round(3)
    (array([0.25, 0.75]), array([1.   , 0.333]))
    """
    priority = (np.abs(td_errors) + eps) ** alpha
    p = priority / priority.sum()
    w = (len(p) * p) ** -beta
    return p, w / w.max()
