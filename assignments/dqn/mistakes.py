"""Known mistakes of dqn, cheats, and correct variants that must pass."""

import numpy as np

from autograder.mistakes import cheat, edit, instead, mistake, variant
from solutions import dqn


def wrong(definition):
    """What makes a mistake of changes in this definition."""
    return lambda *changes, **words: mistake(edit(definition, *changes), **words)


# Said of more than one task.
GAMMA_FIRST = "gamma multiplies the reward, too; it stands before what comes later."
NOT_FROM_RNG = "You draw from NumPy's global generator, not from rng."
DRAW_ONCE = "Draw row numbers once, and use them for all five."

# --- value_iteration ---
in_iteration = wrong(dqn.value_iteration)
SWEEP = "reward + gamma * q[next_state].max(axis=2)"
AGAIN = "\n        last = reward + gamma * new[next_state].max(axis=2)"
goes_on_after_the_end = in_iteration(
    ("        new[terminal] = 0\n", ""),
    says="Your values go on after a terminal state: its own row is played, too.",
    hint="What does the state count for from which nobody moves any more?",
)
keeps_rows_of_ends = in_iteration(
    ("new[terminal] = 0", f"new[terminal] = 0{AGAIN}"),
    ("return new", "return last"),
    says="The rows of terminal states are not 0 in your table.",
)
two_hundred_sweeps = in_iteration(
    ("while True", "for _ in range(200)"),
    ("q = new\n", "q = new\n    return q\n"),
    says="You stop after a fixed number of sweeps, while values still change.",
)
discounts_reward = in_iteration(SWEEP, "gamma * (reward + q[next_state].max(axis=2))", says=GAMMA_FIRST)
mean_of_next = in_iteration(
    "max(axis", "mean(axis", says="You take the mean over the next actions; who plays well takes the best."
)

# --- q_update ---
in_table = wrong(dqn.q_update)
table_end_ignored = in_table("r if terminated else ", "", says="After an end you still count the next state.")
replaces_entry = in_table(
    "(target - q[s, a])", "target", says="You add alpha times the target. By hand, 4 moves half way to 6."
)
alpha_reversed = in_table(
    "alpha * (", "(1 - alpha) * (", says="alpha and 1 - alpha are exchanged: it moves by the rest of the way."
)
next_of_same_action = in_table(
    "[s2].max()", "[s2, a]", says="Your target counts the same action again in the next state, not the best."
)
best_of_this_state = in_table("q[s2]", "q[s]", says="Your target looks at the state that was left.")
writes_into_table = in_table(
    "np.array(q, dtype=float)", "q", says="You write into the table that was given. Make a copy first."
)

# --- epsilon_greedy ---
in_epsilon, in_greedy = wrong(dqn.epsilon_at), wrong(dqn.epsilon_greedy)
LINE, TRY = "start + share * (end - start)", "int(rng.integers(len(q)))"
epsilon_never_ends = in_epsilon(
    ("min(step / decay_steps, 1.0)", "step / decay_steps"),
    says="Your epsilon falls on after decay_steps, below its end.",
)
epsilon_reversed = in_epsilon("start + share", "end - share", says="Your epsilon begins at end and rises.")
falls_to_zero = in_epsilon(
    LINE, "max(end, start * (1 - share))", says="Your line leads to 0 and is cut off at end; it leads to end."
)
greedy_left_out = in_greedy(
    (TRY, "int((np.argmax(q) + 1 + rng.integers(len(q) - 1)) % len(q))"),
    says="When you try something, it is never the best action; all actions are meant.",
    hint="With epsilon = 1 and two actions: how often does each come?",
)
greedy_exchanged = in_greedy(
    "< epsilon", ">= epsilon", says="You are greedy with probability epsilon; the rest is meant."
)
last_of_equals = in_greedy(
    ("int(np.argmax(q))", "int(len(q) - 1 - np.argmax(q[::-1]))"),
    says="Of equally good actions you take the last; the first is meant.",
)
global_chance = in_greedy("if rng.", "if np.random.", says=NOT_FROM_RNG)

# --- ReplayBuffer ---
in_add, in_sample = wrong(dqn.ReplayBuffer.add), wrong(dqn.ReplayBuffer.sample)
COPIES, OLDEST = "np.array(s), a, r, np.array(s2)", "self._rows[self._oldest] = row"
DRAWN, UNZIPPED = "self.rng.integers(len(self._rows), size=n)", "s, a, r, s2, terminated = zip(*rows)"
references_kept = in_add(
    (COPIES, "s, a, r, s2"),
    says="You store the caller's arrays themselves: when it writes into them, your memory changes.",
    hint="Many environments use one array for all states. What is in it later?",
)
never_evicts = in_add("< self.capacity", "< np.inf", says="Your buffer grows beyond its capacity.")
overwrites_newest = in_add(
    "[self._oldest]", "[-1]", says="Your full buffer replaces the newest transition; the oldest is meant."
)
refuses_when_full = in_add(OLDEST, "pass", says="When it is full, your buffer forgets what is new.")
next_state_of_next_row = in_sample(
    (UNZIPPED, f"{UNZIPPED}\n        s2 = s2[1:] + s2[:1]"),
    says="s2 comes from another transition than s.",
    hint=DRAW_ONCE,
)
five_draws = in_sample(
    f"rows = [self._rows[i] for i in {DRAWN}]\n        {UNZIPPED}",
    "rows = [self.rng.permutation(np.array(self._rows, object))[:n] for _ in range(5)]\n"
    "        s, a, r, s2, terminated = ([row[k] for row in each] for k, each in enumerate(rows))",
    says="s, a, r, s2 and terminated are drawn apart, and do not belong together.",
    hint=DRAW_ONCE,
)
latest_only = in_sample(
    (DRAWN, "range(-n, 0)"),
    says="You return the latest transitions; random ones are meant.",
    hint="Neighbours in time are alike. What does a network learn from ten nearly equal rows?",
)
first_half_only = in_sample(
    "len(self._rows), size", "len(self._rows) - 1, size", says="One of the transitions is never drawn."
)
samples_too_few = in_sample(
    "if n > len(self._rows):", "if not self._rows:", says="You draw more transitions than are remembered."
)
states_in_float64 = in_add(
    COPIES, "np.array(s, float), a, r, np.array(s2, float)", says="States of float32 come back as float64."
)
buffer_of_global_chance = in_sample(DRAWN, "np.random.randint(len(self._rows), size=n)", says=NOT_FROM_RNG)

# --- targets ---
in_targets = wrong(dqn.dqn_targets)
BEST = ".max(dim=1).values"
END = "torch.where(terminated.bool(), reward, reward + gamma * best)"
DOUBLE_END = "torch.where(terminated.bool(), reward, reward + gamma * value)"
bootstraps_at_the_end = mistake(
    edit(dqn.dqn_targets, END, "reward + gamma * best"),
    edit(dqn.double_dqn_targets, DOUBLE_END, "reward + gamma * value"),
    says="After the end your targets still count the next state. The values show it.",
)
mean_for_max = in_targets(BEST, ".mean(dim=1)", says="You take the mean over the next actions, not the best.")
max_over_batch = in_targets(
    (BEST, ".max(dim=0).values.mean().expand(len(reward))"),
    says="Your maximum runs over the batch; the actions are on axis 1.",
)
nan_times_zero = in_targets(
    (END, "reward + gamma * (1 - terminated.to(reward.dtype)) * best"),
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
    edit(dqn.double_dqn_targets, "online.argmax", "target.argmax"),
    says="Your double targets let one network choose and judge.",
)
column_of_targets = in_targets(
    END, f"{END}[:, None]", says="Your targets are a column (N, 1). What is the shape of (N,) minus (N, 1)?"
)
squeezes_too_much = in_targets(
    END, f"{END}.squeeze()", says="For a batch of one your targets have no axis: squeeze(1) removes just one."
)
gradient_through_targets = mistake(
    edit(dqn.dqn_targets, "q_next.detach()", "q_next"),
    edit(dqn.double_dqn_targets, "q_next_target.detach()", "q_next_target"),
    says="Gradients flow through your targets, which the network is not to move.",
)
ends_of_bools_only = in_targets(
    ".bool()", "", says="Your targets fail where terminated holds floats or whole numbers."
)

# --- dqn_loss ---
in_loss = wrong(dqn.dqn_loss)
CHOSEN = "q.gather(1, actions[:, None]).squeeze(1)"
HUBER = "torch.where(size <= delta, error**2 / 2, delta * (size - delta / 2))"
chosen_by_max = in_loss(
    CHOSEN, "q.max(dim=1).values", says="Your loss looks at the best action; only the one taken has a target."
)
squared_only = in_loss(HUBER, "(error**2 / 2)", says="Your loss is half of the square for large errors, too.")
not_halved = in_loss(
    "error**2 / 2", "error**2", says="Near 0 your loss is not halved; at |e| = delta both pieces must meet."
)
far_piece_without_delta = in_loss(
    "delta * (size - delta / 2)", "size - 0.5", says="Far out your loss is right for delta = 1 alone."
)
clips_the_loss = in_loss(
    (HUBER, "(error.clamp(-delta, delta)**2 / 2)"),
    says="You clip the error: far out nothing is learned. It is the gradient that is limited.",
)
n_by_n = in_loss(".squeeze(1)", "", says="A column minus a row makes (N, N): print the shape of the error.")
sums_the_loss = in_loss(".mean()", ".sum()", says="Your loss is a sum over the batch; the mean is meant.")
pulls_targets = in_loss("targets.detach()", "targets", says="A gradient flows into your targets.")

# --- update_target ---
in_update = wrong(dqn.update_target)
MIX = "tau * ours + (1 - tau) * theirs"
tau_reversed = in_update(
    MIX, "tau * theirs + (1 - tau) * ours", says="tau and 1 - tau are exchanged: tau = 1 copies nothing."
)
always_copies = in_update(MIX, "ours", says="You copy whatever tau is.")
buffers_left = in_update(
    "theirs.copy_(ours)", "pass", says="Buffers, such as the running mean of a batch norm, are not copied."
)
same_tensors = in_update(
    (f"theirs.copy_({MIX})", f"theirs.data = ours.data if tau == 1 else {MIX}"),
    says="After your update the networks share their tensors; copy_ writes numbers.",
)

# --- learn ---
in_learn = wrong(dqn.DQNAgent.learn)
PERIOD, WARMUP = "self.learns % self.period == 0", "len(self.buffer) < self.warmup"
same_object = in_learn(
    ("    self.update(self.target, self.online)\n", "    self.target = self.online\n"),
    says="After your update target and online are one network; a second name is no copy.",
)
target_never_updated = in_learn(PERIOD, "False", says="Your target network never changes.")
updated_each_time = in_learn(PERIOD, "True", says="Each learn updates your target network; period is unused.")
updated_at_first = in_learn(
    (PERIOD, "(self.learns - 1) % self.period == 0"),
    says="Your first update of the target network comes after the first learn, not after `period` learns.",
)
online_for_next = in_learn(
    "target(s2)", "online(s2)", says="The online network judges the next states: the target network is idle."
)
states_for_next_states = in_learn(
    "self.target(s2)", "self.target(s)", says="Your targets are made of the states, not of the next states."
)
no_zero_grad = in_learn(
    ("        self.optimizer.zero_grad()\n", ""),
    says="Each of your steps uses the sum of all gradients so far: backward() adds.",
)
no_step = in_learn("        self.optimizer.step()\n", "", says="Your online network does not change.")
learns_too_early = in_learn(
    WARMUP, "len(self.buffer) < self.batch_size", says="You learn before `warmup` transitions are remembered."
)
learns_too_late = in_learn(
    WARMUP, "len(self.buffer) <= self.warmup", says="With exactly `warmup` transitions you do not learn yet."
)

# --- bug_hunt ---
in_hunt = wrong(dqn.bug_hunt)
two_blind = in_hunt("sharp\n", "blind\n", says="On both of your worlds the best actions are the same.")
two_sharp = in_hunt("blind, sharp\n", "sharp, sharp\n", says="On both of your worlds a best action differs.")

# --- bonus ---
in_return, in_dueling, in_priorities = map(wrong, (dqn.n_step_return, dqn.dueling, dqn.priority_weights))
STEP = "r if ends else r + gamma * total"
rewards_after_the_end = in_return(STEP, "r + gamma * total", says="Your return goes on after an end.")
bootstrap_undiscounted = in_return(
    ("total = bootstrap", "total = 0.0"),
    ("float(total)", "float(total + (0 if any(terminated) else bootstrap))"),
    says="Your bootstrap is not discounted.",
)
bootstrap_after_the_end = in_return(
    "r if ends", "r + gamma * bootstrap if ends", says="An end stops your rewards, but not the bootstrap."
)
mean_over_states = in_dueling("dim=1, keepdim=True", "", says="You subtract the mean over all states.")
mean_left_out = in_dueling(
    " - advantages.mean(dim=1, keepdim=True)", "", says="You do not subtract the mean of the advantages."
)
errors_with_sign = in_priorities(
    "np.abs(", "np.maximum(0, ", says="Negative errors get no priority; their size is meant."
)
eps_left_out = in_priorities(
    "(td_errors) + eps", "(td_errors)", says="A transition without an error is never drawn: eps is missing."
)
weights_not_scaled = in_priorities("p, w / w.max()", "p, w", says="The largest of your weights is not 1.")
weights_for_priorities = in_priorities(
    "* p) ** -beta", "* p) ** beta", says="Your weights grow with p; they must make up for it."
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
