"""Known mistakes of dqn, cheats, and correct variants that must pass."""

import numpy as np

from autograder.mistakes import cheat, edit, instead, mistake, variant
from solutions import dqn

# Said of more than one task.
GAMMA_FIRST = "gamma multiplies the reward, too; it stands before what comes later."
NOT_FROM_RNG = "You draw from NumPy's global generator, not from rng."
DRAW_ONCE = "Draw row numbers once, and use them for all five."

# --- value_iteration ---
SWEEP = "reward + gamma * q[next_state].max(axis=2)"
AGAIN = "\n        last = reward + gamma * new[next_state].max(axis=2)"

goes_on_after_the_end = mistake(
    edit(dqn.value_iteration, "        new[terminal] = 0\n", ""),
    says="Your values go on after a terminal state: its own row is played, too.",
    hint="What does the state count for from which nobody moves any more?",
)
keeps_rows_of_ends = mistake(
    edit(
        dqn.value_iteration, ("new[terminal] = 0", f"new[terminal] = 0{AGAIN}"), ("return new", "return last")
    ),
    says="The rows of terminal states are not 0 in your table.",
)
two_hundred_sweeps = mistake(
    edit(
        dqn.value_iteration, ("while True", "for _ in range(200)"), ("q = new\n", "q = new\n    return q\n")
    ),
    says="You stop after a fixed number of sweeps, while values still change.",
)
discounts_reward = mistake(
    edit(dqn.value_iteration, SWEEP, "gamma * (reward + q[next_state].max(axis=2))"), says=GAMMA_FIRST
)
mean_of_next = mistake(
    edit(dqn.value_iteration, "max(axis=2)", "mean(axis=2)"),
    says="You take the mean over the next actions; who plays well takes the best.",
)

# --- q_update ---
table_end_ignored = mistake(
    edit(dqn.q_update, "r if terminated else ", ""),
    says="A step that terminated still counts the next state.",
)
replaces_entry = mistake(
    edit(dqn.q_update, "+= alpha * (target - q[s, a])", "+= alpha * target"),
    says="You add alpha times the target. By hand, 4 moves half of the way to 6.",
)
alpha_reversed = mistake(
    edit(dqn.q_update, "alpha * (target", "(1 - alpha) * (target"),
    says="alpha and 1 - alpha are exchanged: your entry moves by the rest of the way.",
)
next_of_same_action = mistake(
    edit(dqn.q_update, "q[s2].max()", "q[s2, a]"),
    says="Your target counts the same action again in the next state, not the best.",
)
best_of_this_state = mistake(
    edit(dqn.q_update, "q[s2].max()", "q[s].max()"), says="Your target looks at the state that was left."
)
writes_into_table = mistake(
    edit(dqn.q_update, "np.array(q, dtype=float)", "q"),
    says="You write into the table that was given. Make a copy first.",
)

# --- epsilon_greedy ---
LINE, TRY = "start + share * (end - start)", "int(rng.integers(len(q)))"

epsilon_never_ends = mistake(
    edit(dqn.epsilon_at, "min(step / decay_steps, 1.0)", "step / decay_steps"),
    says="Your epsilon falls on after decay_steps, below its end.",
)
epsilon_reversed = mistake(
    edit(dqn.epsilon_at, LINE, "end + share * (start - end)"),
    says="Your epsilon begins at its end and rises.",
)
falls_to_zero = mistake(
    edit(dqn.epsilon_at, LINE, "max(end, start * (1 - share))"),
    says="Your line leads to 0 and is cut off at end; it leads to end.",
)
greedy_left_out = mistake(
    edit(dqn.epsilon_greedy, TRY, "int((np.argmax(q) + 1 + rng.integers(len(q) - 1)) % len(q))"),
    says="When you try something, it is never the best action; all actions are meant.",
    hint="With epsilon = 1 and two actions: how often does each come?",
)
greedy_exchanged = mistake(
    edit(dqn.epsilon_greedy, "rng.random() < epsilon", "rng.random() >= epsilon"),
    says="You are greedy with probability epsilon; the rest is meant.",
)
last_of_equals = mistake(
    edit(dqn.epsilon_greedy, "int(np.argmax(q))", "int(len(q) - 1 - np.argmax(q[::-1]))"),
    says="Of equally good actions you take the last; the first is meant.",
)
global_chance = mistake(edit(dqn.epsilon_greedy, "if rng.", "if np.random."), says=NOT_FROM_RNG)

# --- ReplayBuffer ---
COPIES, OLDEST = "np.array(s), a, r, np.array(s2)", "self._rows[self._oldest] = row"
DRAWN, UNZIPPED = "self.rng.integers(len(self._rows), size=n)", "s, a, r, s2, terminated = zip(*rows)"

references_kept = mistake(
    edit(dqn.ReplayBuffer.add, COPIES, "s, a, r, s2"),
    says="You store the caller's arrays themselves: when it writes into them, your memory changes.",
    hint="Many environments use one array for all states. What is in it later?",
)
never_evicts = mistake(
    edit(dqn.ReplayBuffer.add, "len(self._rows) < self.capacity", "True"),
    says="Your buffer grows beyond its capacity.",
)
overwrites_newest = mistake(
    edit(dqn.ReplayBuffer.add, OLDEST, "self._rows[-1] = row"),
    says="When it is full, your buffer replaces the newest transition; the oldest is meant.",
)
refuses_when_full = mistake(
    edit(dqn.ReplayBuffer.add, OLDEST, "pass"), says="When it is full, your buffer forgets what is new."
)
next_state_of_next_row = mistake(
    edit(dqn.ReplayBuffer.sample, UNZIPPED, f"{UNZIPPED}\n        s2 = s2[1:] + s2[:1]"),
    says="s2 comes from another transition than s.",
    hint=DRAW_ONCE,
)
five_draws = mistake(
    edit(
        dqn.ReplayBuffer.sample,
        f"rows = [self._rows[i] for i in {DRAWN}]\n        {UNZIPPED}",
        "rows = [self.rng.permutation(np.array(self._rows, object))[:n] for _ in range(5)]\n"
        "        s, a, r, s2, terminated = ([row[k] for row in each] for k, each in enumerate(rows))",
    ),
    says="s, a, r, s2 and terminated are drawn apart, and do not belong together.",
    hint=DRAW_ONCE,
)
latest_only = mistake(
    edit(dqn.ReplayBuffer.sample, DRAWN, "range(-n, 0)"),
    says="You return the latest transitions; random ones are meant.",
    hint="Neighbours in time are alike. What does a network learn from ten nearly equal rows?",
)
first_half_only = mistake(
    edit(dqn.ReplayBuffer.sample, "len(self._rows), size", "len(self._rows) - 1, size"),
    says="One of the transitions is never drawn.",
)
samples_too_few = mistake(
    edit(dqn.ReplayBuffer.sample, "if n > len(self._rows):", "if not self._rows:"),
    says="You draw more transitions than are remembered.",
)
states_in_float64 = mistake(
    edit(dqn.ReplayBuffer.add, COPIES, "np.array(s, float), a, r, np.array(s2, float)"),
    says="States of float32 come back as float64.",
)
buffer_of_global_chance = mistake(
    edit(dqn.ReplayBuffer.sample, DRAWN, "np.random.randint(len(self._rows), size=n)"), says=NOT_FROM_RNG
)

# --- targets ---
BEST = ".max(dim=1).values"
END = "torch.where(terminated.bool(), reward, reward + gamma * best)"
DOUBLE_END = "torch.where(terminated.bool(), reward, reward + gamma * value)"

bootstraps_at_the_end = mistake(
    edit(dqn.dqn_targets, END, "reward + gamma * best"),
    edit(dqn.double_dqn_targets, DOUBLE_END, "reward + gamma * value"),
    says="After the end your targets still count the next state. The values show it.",
)
mean_for_max = mistake(
    edit(dqn.dqn_targets, BEST, ".mean(dim=1)"),
    says="You take the mean over the next actions; the best one is meant.",
)
max_over_batch = mistake(
    edit(dqn.dqn_targets, BEST, ".max(dim=0).values.mean().expand(len(reward))"),
    says="Your maximum runs over the batch; the actions are on axis 1.",
)
nan_times_zero = mistake(
    edit(dqn.dqn_targets, END, "reward + gamma * (1 - terminated.to(reward.dtype)) * best"),
    says="You multiply by 0 where it ended; NaN times 0 is NaN. torch.where chooses.",
)
gamma_on_reward = mistake(
    edit(dqn.dqn_targets, "reward + gamma * best", "gamma * (reward + best)"),
    edit(dqn.double_dqn_targets, "reward + gamma * value", "gamma * (reward + value)"),
    says=GAMMA_FIRST,
)
roles_exchanged = mistake(
    edit(dqn.double_dqn_targets, ("online.arg", "target.arg"), ("target.detach", "online.detach")),
    says="Your double targets exchange the roles: online chooses, target judges.",
)
double_is_single = mistake(
    edit(dqn.double_dqn_targets, "q_next_online.argmax", "q_next_target.argmax"),
    says="Your double targets let one network choose and judge.",
)
column_of_targets = mistake(
    edit(dqn.dqn_targets, END, f"{END}[:, None]"),
    says="Your targets are a column (N, 1). What is the shape of (N,) minus (N, 1)?",
)
squeezes_too_much = mistake(
    edit(dqn.dqn_targets, END, f"{END}.squeeze()"),
    says="For a batch of one, your targets have no axis: squeeze(1) removes one alone.",
)
gradient_through_targets = mistake(
    edit(dqn.dqn_targets, "q_next.detach()", "q_next"),
    edit(dqn.double_dqn_targets, "q_next_target.detach()", "q_next_target"),
    says="Gradients flow through your targets, which the network is not to move.",
)
ends_of_bools_only = mistake(
    edit(dqn.dqn_targets, "terminated.bool()", "terminated"),
    says="Your targets fail where terminated holds floats or whole numbers.",
)

# --- dqn_loss ---
CHOSEN = "q.gather(1, actions[:, None]).squeeze(1)"
HUBER = "torch.where(size <= delta, error**2 / 2, delta * (size - delta / 2))"

chosen_by_max = mistake(
    edit(dqn.dqn_loss, CHOSEN, "q.max(dim=1).values"),
    says="Your loss looks at the best action; only the one that was taken has a target.",
)
squared_only = mistake(
    edit(dqn.dqn_loss, HUBER, "(error**2 / 2)"), says="Your loss is half of the square for large errors, too."
)
not_halved = mistake(
    edit(dqn.dqn_loss, "error**2 / 2", "error**2"),
    says="Near 0 your loss is not halved; at |e| = delta both pieces must meet.",
)
far_piece_without_delta = mistake(
    edit(dqn.dqn_loss, "delta * (size - delta / 2)", "size - 0.5"),
    says="Far out your loss is right for delta = 1 alone.",
)
clips_the_loss = mistake(
    edit(dqn.dqn_loss, HUBER, "(error.clamp(-delta, delta)**2 / 2)"),
    says="You clip the error: far out nothing is learned. It is the gradient that is limited.",
)
n_by_n = mistake(
    edit(dqn.dqn_loss, CHOSEN, CHOSEN.removesuffix(".squeeze(1)")),
    says="A column minus a row makes (N, N) errors: print the shape of the error.",
)
sums_the_loss = mistake(
    edit(dqn.dqn_loss, ".mean()", ".sum()"), says="Your loss is a sum over the batch; the mean is meant."
)
pulls_targets = mistake(
    edit(dqn.dqn_loss, "targets.detach()", "targets"), says="A gradient flows into your targets."
)

# --- update_target ---
MIX = "tau * ours + (1 - tau) * theirs"

tau_reversed = mistake(
    edit(dqn.update_target, MIX, "tau * theirs + (1 - tau) * ours"),
    says="tau and 1 - tau are exchanged: with tau = 1 nothing is copied.",
)
always_copies = mistake(edit(dqn.update_target, MIX, "ours"), says="You copy whatever tau is.")
buffers_left = mistake(
    edit(dqn.update_target, "theirs.copy_(ours)", "pass"),
    says="Buffers, such as the running mean of a batch norm, are not copied.",
)
same_tensors = mistake(
    edit(dqn.update_target, f"theirs.copy_({MIX})", f"theirs.data = ours.data if tau == 1 else {MIX}"),
    says="After your update the networks share their tensors; copy_ writes numbers.",
)

# --- learn ---
PERIOD, WARMUP = "self.learns % self.period == 0", "len(self.buffer) < self.warmup"

same_object = mistake(
    edit(
        dqn.DQNAgent.learn, "    self.update(self.target, self.online)\n", "    self.target = self.online\n"
    ),
    says="After your update target and online are one network; a second name is no copy.",
)
target_never_updated = mistake(
    edit(dqn.DQNAgent.learn, PERIOD, "False"), says="Your target network never changes."
)
updated_each_time = mistake(
    edit(dqn.DQNAgent.learn, PERIOD, "True"),
    says="Your target network is updated after each learn; period is not used.",
)
updated_at_first = mistake(
    edit(dqn.DQNAgent.learn, PERIOD, "(self.learns - 1) % self.period == 0"),
    says="Your first update of the target network comes after the first learn, not after `period` learns.",
)
online_for_next = mistake(
    edit(dqn.DQNAgent.learn, "self.target(s2)", "self.online(s2)"),
    says="The online network judges the next states: the target network is not used.",
)
states_for_next_states = mistake(
    edit(dqn.DQNAgent.learn, "self.target(s2)", "self.target(s)"),
    says="Your targets are made of the states, not of the next states.",
)
no_zero_grad = mistake(
    edit(dqn.DQNAgent.learn, "        self.optimizer.zero_grad()\n", ""),
    says="Each of your steps uses the sum of all gradients so far: backward() adds.",
)
no_step = mistake(
    edit(dqn.DQNAgent.learn, "        self.optimizer.step()\n", ""),
    says="Your online network does not change.",
)
learns_too_early = mistake(
    edit(dqn.DQNAgent.learn, WARMUP, "len(self.buffer) < self.batch_size"),
    says="You learn before `warmup` transitions are remembered.",
)
learns_too_late = mistake(
    edit(dqn.DQNAgent.learn, WARMUP, "len(self.buffer) <= self.warmup"),
    says="With exactly `warmup` transitions you do not learn yet.",
)

# --- bug_hunt ---
two_blind = mistake(
    edit(dqn.bug_hunt, "blind, sharp\n", "blind, blind\n"),
    says="On both of your worlds the best actions are the same.",
)
two_sharp = mistake(
    edit(dqn.bug_hunt, "blind, sharp\n", "sharp, sharp\n"),
    says="On both of your worlds a best action differs.",
)

# --- bonus ---
STEP = "r if ends else r + gamma * total"

rewards_after_the_end = mistake(
    edit(dqn.n_step_return, STEP, "r + gamma * total"), says="Your return goes on after an end."
)
bootstrap_undiscounted = mistake(
    edit(
        dqn.n_step_return,
        ("total = bootstrap", "total = 0.0"),
        ("float(total)", "float(total + (0 if any(terminated) else bootstrap))"),
    ),
    says="Your bootstrap is not discounted.",
)
bootstrap_after_the_end = mistake(
    edit(dqn.n_step_return, STEP, "r + gamma * bootstrap if ends else r + gamma * total"),
    says="An end stops your rewards, but the bootstrap still counts.",
)
mean_over_states = mistake(
    edit(dqn.dueling, "mean(dim=1, keepdim=True)", "mean()"), says="You subtract the mean over all states."
)
mean_left_out = mistake(
    edit(dqn.dueling, " - advantages.mean(dim=1, keepdim=True)", ""),
    says="You do not subtract the mean of the advantages.",
)
errors_with_sign = mistake(
    edit(dqn.priority_weights, "np.abs(td_errors)", "np.maximum(td_errors, 0)"),
    says="Negative errors get no priority; their size is meant.",
)
eps_left_out = mistake(
    edit(dqn.priority_weights, "(td_errors) + eps", "(td_errors)"),
    says="A transition without an error is never drawn: eps is missing.",
)
weights_not_scaled = mistake(
    edit(dqn.priority_weights, "p, w / w.max()", "p, w"), says="The largest of your weights is not 1."
)
weights_for_priorities = mistake(
    edit(dqn.priority_weights, "* p) ** -beta", "* p) ** beta"),
    says="Your weights grow with p; they must make up for it.",
)

# --- cheats ---
rewards_alone = cheat(
    edit(dqn.value_iteration, SWEEP, "1.0 * reward"), most=0.0, says="Looks at the next reward only."
)
always_greedy = cheat(
    edit(dqn.epsilon_greedy, "rng.random() < epsilon", "False"), most=0.5, says="Never tries anything."
)
first_rows = cheat(edit(dqn.ReplayBuffer.sample, DRAWN, "range(n)"), most=0.63, says="Draws without chance.")
ends_everywhere = cheat(
    edit(dqn.dqn_targets, END, "1.0 * reward"),
    edit(dqn.double_dqn_targets, DOUBLE_END, "1.0 * reward"),
    most=0.0,
    says="The reward is all.",
)
learns_nothing = cheat(
    edit(dqn.DQNAgent.learn, ("        loss.backward()\n", ""), ("        self.optimizer.step()\n", "")),
    most=0.47,
    says="Reports a loss, and leaves the network alone.",
)

# --- correct variants ---


def by_policies(next_state, reward, terminal, gamma, tol=1e-10):
    """Solves the equations of one policy after another; without a discount sweeps in place."""
    q, live = np.zeros(reward.shape), np.flatnonzero(~terminal)
    for _ in range(100):
        if gamma == 1:
            for s in live:
                q[s] = reward[s] + q[next_state[s]].max(axis=1)
        else:
            best, system = q.argmax(axis=1), np.eye(len(q))
            system[live, next_state[live, best[live]]] -= gamma
            pays = np.where(terminal, 0, reward[np.arange(len(q)), best])
            q = np.where(terminal[:, None], 0, reward + gamma * np.linalg.solve(system, pays)[next_state])
    return q


class RingBuffer:
    """Arrays that are made when the first transition comes; draws without repetition."""

    def __init__(self, capacity, *, rng):
        self.capacity, self.rng, self.seen, self.arrays = capacity, rng, 0, None

    def __len__(self):
        return min(self.seen, self.capacity)

    def add(self, *transition):
        if self.arrays is None:
            row = [np.array(x)[None] for x in transition]
            self.arrays = [np.repeat(x, self.capacity, axis=0) for x in row]
        for array, x in zip(self.arrays, transition, strict=True):
            array[self.seen % self.capacity] = x
        self.seen += 1

    def sample(self, n):
        if len(self) < n:
            raise ValueError("too few")
        rows = self.rng.choice(len(self), n, replace=False)
        return [array[rows] for array in self.arrays]


def update_by_state(target, online, tau=1.0):
    theirs, names = target.state_dict(), dict(online.named_parameters())
    mixed = {n: tau * v + (1 - tau) * theirs[n] if n in names else v for n, v in online.state_dict().items()}
    target.load_state_dict(mixed)


in_numpy = variant(
    instead(dqn.value_iteration, by_policies),
    edit(dqn.q_update, "alpha * (target - q[s, a])", "alpha * target - alpha * q[s, a]"),
    edit(dqn.epsilon_at, LINE, "float(np.interp(step, [0, decay_steps], [start, end]))"),
    edit(dqn.epsilon_greedy, "rng.random() < epsilon", "rng.choice(2, p=[1 - epsilon, epsilon])"),
    instead(dqn.ReplayBuffer, RingBuffer),
    edit(dqn.n_step_return, STEP, "r + (not ends) * gamma * total"),
)
in_torch = variant(
    edit(dqn.dqn_targets, END, "reward + gamma * best.masked_fill(terminated > 0, 0.0)"),
    edit(
        dqn.double_dqn_targets,
        ("q_next_online.argmax(dim=1, keepdim=True)", "q_next_online.max(dim=-1)[1]"),
        (".gather(1, chosen).squeeze(1)", "[torch.arange(len(reward)), chosen]"),
        (DOUBLE_END, "reward + gamma * value.masked_fill(terminated.to(torch.bool), 0.0)"),
    ),
    edit(
        dqn.dqn_loss,
        (CHOSEN, "(q * torch.nn.functional.one_hot(actions, q.shape[1])).sum(1)"),
        (f"{HUBER}.mean()", "torch.nn.functional.huber_loss(error, 0 * error, delta=delta)"),
    ),
    instead(dqn.update_target, update_by_state),
    edit(
        dqn.DQNAgent.learn,
        ("self.batch()", "map(torch.from_numpy, self.buffer.sample(self.batch_size))"),
        ("        self.optimizer.zero_grad()\n", ""),
        ("optimizer.step()", "optimizer.step()\n        self.optimizer.zero_grad(set_to_none=False)"),
        ("loss.item()", "float(loss.detach())"),
    ),
)
by_other_words = variant(
    edit(
        dqn.dqn_loss,
        (CHOSEN, "q[torch.arange(len(q)), actions]"),
        ("size = error.abs()", "size, near = error.abs(), error.abs().clamp(max=delta)"),
        (HUBER, "(near * size - 0.5 * near * near)"),
    ),
    edit(dqn.update_target, f"theirs.copy_({MIX})", "theirs.data.lerp_(ours.data, tau)"),
    edit(dqn.value_iteration, "np.abs(new - q).max() <= tol", "np.allclose(new, q, rtol=0, atol=tol)"),
    edit(dqn.bug_hunt, "0.5), terminal", "0.7), terminal"),
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
