"""Known mistakes of dqn, cheats, and correct variants that must pass."""

import numpy as np
import torch

from autograder.mistakes import cheat, edit, instead, mistake, variant
from solutions import dqn as reference

# --- value_iteration ---

SWEEP = "reward + gamma * q[next_state].max(axis=2)"

goes_on_after_the_end = mistake(
    edit(reference.value_iteration, "        new[terminal] = 0\n", ""),
    says="Your values go on after a terminal state: its own row is played, too.",
    hint="What does the state count for from which nobody moves any more?",
)
keeps_rows_of_ends = mistake(
    edit(
        reference.value_iteration,
        (
            "new[terminal] = 0",
            "new[terminal] = 0\n        last = reward + gamma * new[next_state].max(axis=2)",
        ),
        ("return new", "return last"),
    ),
    says="The rows of terminal states are not 0 in your table.",
)
two_hundred_sweeps = mistake(
    edit(
        reference.value_iteration,
        ("while True:", "for _ in range(200):"),
        ("        q = new\n", "        q = new\n    return q\n"),
    ),
    says="You stop after a fixed number of sweeps, while values still change.",
    hint="Compare the new table with the old one.",
)
discounts_reward = mistake(
    edit(reference.value_iteration, SWEEP, "gamma * (reward + q[next_state].max(axis=2))"),
    says="gamma multiplies the reward, too; it stands before what comes later.",
)
mean_of_next = mistake(
    edit(reference.value_iteration, "max(axis=2)", "mean(axis=2)"),
    says="You take the mean over the next actions; who plays well takes the best.",
)

# --- q_update ---

table_end_ignored = mistake(
    edit(reference.q_update, "r if terminated else ", ""),
    says="A step that terminated still counts the next state.",
    hint="What may follow where the game is over?",
)
replaces_entry = mistake(
    edit(reference.q_update, "+= alpha * (target - q[s, a])", "+= alpha * target"),
    says="You add alpha times the target; the entry moves towards it.",
    hint="By hand: 4 moves half of the way to 6. Where is it then?",
)
alpha_reversed = mistake(
    edit(reference.q_update, "alpha * (target", "(1 - alpha) * (target"),
    says="alpha and 1 - alpha are exchanged: your entry moves by the rest of the way.",
)
next_of_same_action = mistake(
    edit(reference.q_update, "q[s2].max()", "q[s2, a]"),
    says="Your target counts the same action again in the next state, not the best.",
)
best_of_this_state = mistake(
    edit(reference.q_update, "q[s2].max()", "q[s].max()"),
    says="Your target looks at the state that was left.",
)
writes_into_table = mistake(
    edit(reference.q_update, "np.array(q, dtype=float)", "q"),
    says="You write into the table that was given.",
    hint="Make a copy first.",
)

# --- epsilon_greedy ---

epsilon_never_ends = mistake(
    edit(reference.epsilon_at, "min(step / decay_steps, 1.0)", "step / decay_steps"),
    says="Your epsilon falls on after decay_steps, below its end.",
)
epsilon_reversed = mistake(
    edit(reference.epsilon_at, "start + share * (end - start)", "end + share * (start - end)"),
    says="Your epsilon begins at its end and rises.",
)
falls_to_zero = mistake(
    edit(reference.epsilon_at, "start + share * (end - start)", "max(end, start * (1 - share))"),
    says="Your line leads to 0 and is cut off at end; it leads to end.",
)
greedy_left_out = mistake(
    edit(
        reference.epsilon_greedy,
        "int(rng.integers(len(q)))",
        "int((np.argmax(q) + 1 + rng.integers(len(q) - 1)) % len(q))",
    ),
    says="When you try something, it is never the best action; all actions are meant.",
    hint="With epsilon = 1 and two actions: how often does each come?",
)
greedy_exchanged = mistake(
    edit(reference.epsilon_greedy, "rng.random() < epsilon", "rng.random() >= epsilon"),
    says="You are greedy with probability epsilon; the rest is meant.",
)
last_of_equals = mistake(
    edit(reference.epsilon_greedy, "int(np.argmax(q))", "int(len(q) - 1 - np.argmax(q[::-1]))"),
    says="Of equally good actions you take the last; the first is meant.",
)
global_chance = mistake(
    edit(reference.epsilon_greedy, "if rng.random() <", "if np.random.random() <"),
    says="You draw from NumPy's global generator, not from rng.",
)

# --- ReplayBuffer ---

references_kept = mistake(
    edit(reference.ReplayBuffer.add, "np.array(s), a, r, np.array(s2)", "s, a, r, s2"),
    says="You store the caller's arrays themselves: when it writes into them, your memory changes.",
    hint="Many environments use one array for all states. What is in it later?",
)
never_evicts = mistake(
    edit(reference.ReplayBuffer.add, "len(self._rows) < self.capacity", "True"),
    says="Your buffer grows beyond its capacity.",
)
overwrites_newest = mistake(
    edit(reference.ReplayBuffer.add, "self._rows[self._oldest] = row", "self._rows[-1] = row"),
    says="When it is full, your buffer replaces the newest transition; the oldest is meant.",
)
refuses_when_full = mistake(
    edit(reference.ReplayBuffer.add, "self._rows[self._oldest] = row", "pass"),
    says="When it is full, your buffer forgets what is new.",
)
next_state_of_next_row = mistake(
    edit(
        reference.ReplayBuffer.sample,
        "s, a, r, s2, terminated = zip(*rows)",
        "s, a, r, s2, terminated = zip(*rows)\n        s2 = s2[1:] + s2[:1]",
    ),
    says="s2 comes from another transition than s.",
    hint="Draw row numbers once, and use them for all five.",
)
five_draws = mistake(
    edit(
        reference.ReplayBuffer.sample,
        ("rows = [self._rows[i] for i in self.rng.integers(len(self._rows), size=n)]\n        ", ""),
        (
            "zip(*rows)",
            "([row[k] for row in self.rng.permutation(np.array(self._rows, object))[:n]] for k in range(5))",
        ),
    ),
    says="s, a, r, s2 and terminated are drawn apart, and do not belong together.",
    hint="Draw row numbers once, and use them for all five.",
)
latest_only = mistake(
    edit(reference.ReplayBuffer.sample, "self.rng.integers(len(self._rows), size=n)", "range(-n, 0)"),
    says="You return the latest transitions; random ones are meant.",
    hint="Neighbours in time are alike. What does a network learn from ten nearly equal rows?",
)
first_half_only = mistake(
    edit(
        reference.ReplayBuffer.sample,
        "integers(len(self._rows), size=n)",
        "integers(len(self._rows) - 1, size=n)",
    ),
    says="One of the transitions is never drawn.",
)
samples_too_few = mistake(
    edit(reference.ReplayBuffer.sample, "if n > len(self._rows):", "if not self._rows:"),
    says="You draw more transitions than are remembered.",
)
states_in_float64 = mistake(
    edit(
        reference.ReplayBuffer.add,
        "np.array(s), a, r, np.array(s2)",
        "np.array(s, float), a, r, np.array(s2, float)",
    ),
    says="States of float32 come back as float64.",
)
buffer_of_global_chance = mistake(
    edit(
        reference.ReplayBuffer.sample,
        "self.rng.integers(len(self._rows), size=n)",
        "np.random.randint(len(self._rows), size=n)",
    ),
    says="You draw from NumPy's global generator, not from rng.",
)

# --- targets ---

END = "torch.where(terminated.bool(), reward, reward + gamma * best)"
DOUBLE_END = "torch.where(terminated.bool(), reward, reward + gamma * value)"

bootstraps_at_the_end = mistake(
    edit(reference.dqn_targets, END, "reward + gamma * best"),
    edit(reference.double_dqn_targets, DOUBLE_END, "reward + gamma * value"),
    says="After the end your targets still count the next state.",
    hint="The policy hardly shows this mistake; the values do.",
)
mean_for_max = mistake(
    edit(reference.dqn_targets, ".max(dim=1).values", ".mean(dim=1)"),
    says="You take the mean over the next actions; the best one is meant.",
)
max_over_batch = mistake(
    edit(reference.dqn_targets, ".max(dim=1).values", ".max(dim=0).values.mean().expand(len(reward))"),
    says="Your maximum runs over the batch, not over the actions.",
    hint="q_next has shape (N, A). Which axis has the actions?",
)
nan_times_zero = mistake(
    edit(reference.dqn_targets, END, "reward + gamma * (1 - terminated.to(reward.dtype)) * best"),
    says="You multiply by 0 where it ended; NaN times 0 is NaN.",
    hint="torch.where chooses, and does not multiply.",
)
gamma_on_reward = mistake(
    edit(reference.dqn_targets, "reward + gamma * best", "gamma * (reward + best)"),
    edit(reference.double_dqn_targets, "reward + gamma * value", "gamma * (reward + value)"),
    says="gamma multiplies the reward, too.",
)
roles_exchanged = mistake(
    edit(
        reference.double_dqn_targets,
        ("q_next_online.argmax", "q_next_target.argmax"),
        ("q_next_target.detach()", "q_next_online.detach()"),
    ),
    says="In your double targets the networks have exchanged their roles.",
    hint="Online chooses, target judges.",
)
double_is_single = mistake(
    edit(reference.double_dqn_targets, "q_next_online.argmax", "q_next_target.argmax"),
    says="Your double targets let one network choose and judge.",
)
column_of_targets = mistake(
    edit(
        reference.dqn_targets,
        (".max(dim=1).values", ".max(dim=1, keepdim=True).values"),
        ("torch.where(terminated.bool()", "torch.where(terminated.bool()[:, None]"),
        ("reward, reward +", "reward[:, None], reward[:, None] +"),
    ),
    says="Your targets are a column (N, 1). Beside values of shape (N,) that makes (N, N) numbers.",
    hint="What is the shape of (N,) minus (N, 1)?",
)
squeezes_too_much = mistake(
    edit(reference.dqn_targets, END, END + ".squeeze()"),
    says="For a batch of one, your targets have no axis any more.",
    hint="squeeze(1) removes the axis 1 alone.",
)
gradient_through_targets = mistake(
    edit(reference.dqn_targets, "q_next.detach()", "q_next"),
    edit(reference.double_dqn_targets, "q_next_target.detach()", "q_next_target"),
    says="Gradients flow through your targets.",
    hint="A target is what should have been said: the network is not to move it.",
)
ends_of_bools_only = mistake(
    edit(reference.dqn_targets, "terminated.bool()", "terminated"),
    says="Your targets fail where terminated holds floats or whole numbers.",
)

# --- dqn_loss ---

CHOSEN = "q.gather(1, actions[:, None]).squeeze(1)"
HUBER = "torch.where(size <= delta, error**2 / 2, delta * (size - delta / 2))"

chosen_by_max = mistake(
    edit(reference.dqn_loss, CHOSEN, "q.max(dim=1).values"),
    says="Your loss looks at the best action, not at the one that was taken.",
    hint="Only what was done has a target.",
)
squared_only = mistake(
    edit(reference.dqn_loss, HUBER, "(error**2 / 2)"),
    says="Your loss is half of the square for large errors, too.",
)
not_halved = mistake(
    edit(reference.dqn_loss, "error**2 / 2", "error**2"),
    says="Near 0 your loss is the square of the error; half of it is meant.",
    hint="At |e| = delta both pieces must meet.",
)
far_piece_without_delta = mistake(
    edit(reference.dqn_loss, "delta * (size - delta / 2)", "size - 0.5"),
    says="Far out your loss is right for delta = 1 alone.",
)
clips_the_loss = mistake(
    edit(reference.dqn_loss, HUBER, "(error.clamp(-delta, delta)**2 / 2)"),
    says="You clip the error: far out the loss is flat, and nothing is learned from large errors.",
    hint="It is the gradient that is limited to delta.",
)
n_by_n = mistake(
    edit(reference.dqn_loss, CHOSEN, "q.gather(1, actions[:, None])"),
    says="A column minus a row makes (N, N) errors: each value is held against all targets.",
    hint="Print the shape of the error.",
)
sums_the_loss = mistake(
    edit(reference.dqn_loss, ".mean()", ".sum()"),
    says="Your loss is a sum over the batch; the mean is meant.",
)
pulls_targets = mistake(
    edit(reference.dqn_loss, "targets.detach()", "targets"),
    says="A gradient flows into your targets.",
)

# --- update_target ---

MIX = "tau * ours + (1 - tau) * theirs"
BUFFERS = (
    "        for theirs, ours in zip(target.buffers(), online.buffers()):\n            theirs.copy_(ours)\n"
)

tau_reversed = mistake(
    edit(reference.update_target, MIX, "tau * theirs + (1 - tau) * ours"),
    says="tau and 1 - tau are exchanged: with tau = 1 nothing is copied.",
)
always_copies = mistake(
    edit(reference.update_target, MIX, "ours"),
    says="You copy whatever tau is.",
)
buffers_left = mistake(
    edit(reference.update_target, BUFFERS, ""),
    says="Buffers, such as the running mean of a batch norm, are not copied.",
)
same_tensors = mistake(
    edit(
        reference.update_target,
        "theirs.copy_(" + MIX + ")",
        "theirs.data = ours.data if tau == 1 else " + MIX,
    ),
    says="After your update the two networks share their tensors: target moves with online.",
    hint="copy_ writes numbers; an assignment to .data makes one tensor of two.",
)

# --- learn ---

Q_NEXT = "            q_next = self.target(s2)\n"
PERIOD = "self.learns % self.period == 0"

same_object = mistake(
    edit(
        reference.DQNAgent.learn,
        "    self.update(self.target, self.online)\n        return",
        "    self.target = self.online\n        return",
    ),
    says="After your update target and online are one network.",
    hint="A second name is no copy.",
)
target_never_updated = mistake(
    edit(reference.DQNAgent.learn, PERIOD, "False"),
    says="Your target network never changes.",
)
updated_each_time = mistake(
    edit(reference.DQNAgent.learn, PERIOD, "True"),
    says="Your target network is updated after each learn; period is not used.",
)
updated_at_first = mistake(
    edit(
        reference.DQNAgent.learn,
        ("        self.learns += 1\n", ""),
        ("        return loss.item()", "        self.learns += 1\n        return loss.item()"),
    ),
    says="Your first update of the target network comes after the first learn, not after `period` learns.",
)
online_for_next = mistake(
    edit(reference.DQNAgent.learn, "self.target(s2)", "self.online(s2)"),
    says="The online network judges the next states: the target network is not used.",
)
states_for_next_states = mistake(
    edit(reference.DQNAgent.learn, "self.target(s2)", "self.target(s)"),
    says="Your targets are made of the states, not of the next states.",
)
no_zero_grad = mistake(
    edit(reference.DQNAgent.learn, "        self.optimizer.zero_grad()\n", ""),
    says="Each of your steps uses the sum of all gradients so far.",
    hint="backward() adds to the gradients that are there.",
)
no_step = mistake(
    edit(reference.DQNAgent.learn, "        self.optimizer.step()\n", ""),
    says="Your online network does not change.",
)
learns_too_early = mistake(
    edit(reference.DQNAgent.learn, "len(self.buffer) < self.warmup", "len(self.buffer) < self.batch_size"),
    says="You learn before `warmup` transitions are remembered.",
)
learns_too_late = mistake(
    edit(reference.DQNAgent.learn, "len(self.buffer) < self.warmup", "len(self.buffer) <= self.warmup"),
    says="With exactly `warmup` transitions you do not learn yet.",
)
# --- bug_hunt ---

two_blind = mistake(
    edit(reference.bug_hunt, "return blind, sharp", "return blind, blind"),
    says="On both of your worlds the best actions are the same.",
)
two_sharp = mistake(
    edit(reference.bug_hunt, "return blind, sharp", "return sharp, sharp"),
    says="On both of your worlds a best action differs.",
)

# --- bonus ---

rewards_after_the_end = mistake(
    edit(reference.n_step_return, "r if ends else r + gamma * total", "r + gamma * total"),
    says="Your return goes on after an end.",
)
bootstrap_undiscounted = mistake(
    edit(
        reference.n_step_return,
        ("total = bootstrap", "total, ended = 0.0, any(terminated)"),
        ("float(total)", "float(total + (0 if ended else bootstrap))"),
    ),
    says="Your bootstrap is not discounted.",
)
bootstrap_after_the_end = mistake(
    edit(
        reference.n_step_return,
        "r if ends else r + gamma * total",
        "r + gamma * bootstrap if ends else r + gamma * total",
    ),
    says="An end stops your rewards, but the bootstrap still counts.",
)
mean_over_states = mistake(
    edit(reference.dueling, "mean(dim=1, keepdim=True)", "mean()"),
    says="You subtract the mean over all states.",
)
mean_left_out = mistake(
    edit(reference.dueling, " - advantages.mean(dim=1, keepdim=True)", ""),
    says="You do not subtract the mean of the advantages.",
)
errors_with_sign = mistake(
    edit(reference.priority_weights, "np.abs(td_errors)", "np.maximum(td_errors, 0)"),
    says="Negative errors get no priority; their size is meant.",
)
eps_left_out = mistake(
    edit(reference.priority_weights, "np.abs(td_errors) + eps", "np.abs(td_errors)"),
    says="A transition without an error is never drawn: eps is missing.",
)
weights_not_scaled = mistake(
    edit(reference.priority_weights, "return p, w / w.max()", "return p, w"),
    says="The largest of your weights is not 1.",
)
weights_for_priorities = mistake(
    edit(reference.priority_weights, "(len(p) * p) ** -beta", "(len(p) * p) ** beta"),
    says="Your weights grow with p; they must make up for it.",
)

# --- cheats ---

rewards_alone = cheat(
    edit(reference.value_iteration, SWEEP, "1.0 * reward"), most=0.0, says="Looks at the next reward only."
)
always_greedy = cheat(
    edit(reference.epsilon_greedy, "rng.random() < epsilon", "False"), most=0.5, says="Never tries anything."
)
first_rows = cheat(
    edit(reference.ReplayBuffer.sample, "self.rng.integers(len(self._rows), size=n)", "range(n)"),
    most=0.63,
    says="Draws without chance.",
)
ends_everywhere = cheat(
    edit(reference.dqn_targets, END, "1.0 * reward"),
    edit(reference.double_dqn_targets, DOUBLE_END, "1.0 * reward"),
    most=0.0,
    says="The reward is all.",
)
learns_nothing = cheat(
    edit(
        reference.DQNAgent.learn, ("        loss.backward()\n", ""), ("        self.optimizer.step()\n", "")
    ),
    most=0.47,
    says="Reports a loss, and leaves the network alone.",
)

# --- correct variants ---


def by_policies(next_state, reward, terminal, gamma, tol=1e-10):
    """Solves the equations of one policy after another; without a discount sweeps in place."""
    q, live = np.zeros(reward.shape), np.flatnonzero(~terminal)
    if gamma == 1:
        for _ in range(len(q) + 1):
            for s in live:
                q[s] = reward[s] + q[next_state[s]].max(axis=1)
        return q
    for _ in range(100):
        best, system = q.argmax(axis=1), np.eye(len(q))
        system[live, next_state[live, best[live]]] -= gamma
        pays = np.where(terminal, 0, reward[np.arange(len(q)), best])
        q = np.where(terminal[:, None], 0, reward + gamma * np.linalg.solve(system, pays)[next_state])
    return q


def update_in_parts(q, s, a, r, s2, terminated, alpha, gamma):
    new = q.copy()
    new[s, a] = (1 - alpha) * q[s, a] + alpha * (r + (not terminated) * gamma * np.max(q[s2]))
    return new


def epsilon_by_interp(step, start, end, decay_steps):
    return float(np.interp(step, [0, decay_steps], [start, end]))


def greedy_by_choice(q, epsilon, rng):
    """One draw, with the probability of each action."""
    shares = np.full(len(q), epsilon / len(q))
    shares[np.flatnonzero(q == q.max())[0]] += 1 - epsilon
    return rng.choice(len(q), p=shares)


class RingBuffer:
    """Arrays that are made when the first transition comes; draws without repetition."""

    def __init__(self, capacity, *, rng):
        self.capacity, self.rng, self.seen, self.arrays = capacity, rng, 0, None

    def __len__(self):
        return min(self.seen, self.capacity)

    def add(self, *transition):
        kinds = [np.asarray(transition[0]).dtype, np.int64, np.float64, np.asarray(transition[3]).dtype, bool]
        if self.arrays is None:
            self.arrays = [
                np.zeros((self.capacity, *np.shape(x)), k) for x, k in zip(transition, kinds, strict=True)
            ]
        for array, x in zip(self.arrays, transition, strict=True):
            array[self.seen % self.capacity] = x
        self.seen += 1

    def sample(self, n):
        if len(self) < n:
            raise ValueError("too few")
        rows = self.rng.choice(len(self), n, replace=False)
        return [array[rows] for array in self.arrays]


def targets_by_mask(reward, q_next, terminated, gamma):
    with torch.no_grad():
        targets = reward.clone()
        going_on = terminated == 0
        targets[going_on] += gamma * torch.amax(q_next[going_on], dim=1)
        return targets


def double_by_index(reward, q_next_online, q_next_target, terminated, gamma):
    rows = torch.arange(len(reward))
    later = q_next_target[rows, q_next_online.max(dim=-1)[1]].detach()
    return reward + gamma * later.masked_fill(terminated.to(torch.bool), 0.0)


def loss_by_torch(q, actions, targets, delta=1.0):
    chosen = (q * torch.nn.functional.one_hot(actions, q.shape[1])).sum(1)
    return torch.nn.functional.huber_loss(chosen, targets.detach(), delta=delta)


def loss_by_clamp(q, actions, targets, delta=1.0):
    error = (q[torch.arange(len(q)), actions] - targets.detach()).abs()
    near = error.clamp(max=delta)
    return (near * error - 0.5 * near * near).mean()


def update_by_state(target, online, tau=1.0):
    ours, theirs = online.state_dict(), target.state_dict()
    names = {name for name, _ in online.named_parameters()}
    mixed = {n: tau * v + (1 - tau) * theirs[n] if n in names else v for n, v in ours.items()}
    target.load_state_dict(mixed)


def update_by_lerp(target, online, tau=1.0):
    for theirs, ours in zip(target.parameters(), online.parameters(), strict=True):
        theirs.data.lerp_(ours.data, tau)
    for name, buffer in online.named_buffers():
        target.get_buffer(name).data.copy_(buffer)


def learn_in_other_words(self):
    """Gradients are cleared afterwards; the sample is used without batch()."""
    if self.warmup > len(self.buffer):
        return None
    s, a, r, s2, ends = map(torch.from_numpy, self.buffer.sample(self.batch_size))
    loss = self.loss(self.online(s), a, self.targets(r, self.target(s2).detach(), ends, self.gamma))
    loss.backward()
    self.optimizer.step()
    self.optimizer.zero_grad(set_to_none=False)
    self.learns += 1
    if not self.learns % self.period:
        self.update(self.target, self.online)
    return float(loss.detach())


def n_steps_forward(rewards, terminated, bootstrap, gamma):
    total, discount = 0.0, 1.0
    for k in range(len(rewards)):
        total, discount = total + discount * rewards[k], discount * gamma
        if terminated[k]:
            return total
    return total + discount * bootstrap


in_numpy = variant(
    instead(reference.value_iteration, by_policies),
    instead(reference.q_update, update_in_parts),
    instead(reference.epsilon_at, epsilon_by_interp),
    instead(reference.epsilon_greedy, greedy_by_choice),
    instead(reference.ReplayBuffer, RingBuffer),
    instead(reference.n_step_return, n_steps_forward),
)
in_torch = variant(
    instead(reference.dqn_targets, targets_by_mask),
    instead(reference.double_dqn_targets, double_by_index),
    instead(reference.dqn_loss, loss_by_torch),
    instead(reference.update_target, update_by_state),
    instead(reference.DQNAgent.learn, learn_in_other_words),
)
by_other_words = variant(
    instead(reference.dqn_loss, loss_by_clamp),
    instead(reference.update_target, update_by_lerp),
    edit(reference.value_iteration, "np.abs(new - q).max() <= tol", "np.allclose(new, q, rtol=0, atol=tol)"),
    edit(reference.bug_hunt, "0.5), terminal", "0.7), terminal"),
)

EQUIVALENT = {
    "495bc61bd3": "a change that is exactly tol is as small as one that is a little less",
    "057df9aec3": "where the sweeps end does not hang on where they begin",
    "8057ddc891": "it stops later, at a smaller change",
    "5d72cebbb6": "a draw that equals epsilon has the probability 2^-53",
    "7c0ffa5207": "a length that is not the capacity is less",
    "2caf0fbdf9": "where the error is delta, both pieces are the same",
    "10ad7dd176": "a remainder is never less than 0",
    "327bf437ab": "the bug hunt has many answers: where the end leads does not matter to right values",
    "c883af84fd": "the same, for the other action",
    "d5baa8ce55": "twice the rewards, and the same best actions",
    "f7afa55377": "-n is a multiple of the period where n is",
}
