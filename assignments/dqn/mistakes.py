"""Known mistakes of dqn, cheats, and correct variants that must pass."""

import numpy as np

from autograder.mistakes import cheat, edit, instead, mistake, variant
from solutions import dqn


def wrong(definition):
    """What makes a mistake of changes in this definition, and of what is said of them."""
    return lambda *words, hint="": mistake(edit(definition, *words[:-1]), says=words[-1], hint=hint)


GAMMA_FIRST = "gamma multiplies the reward, too; it stands before what comes later."
NOT_FROM_RNG = "You draw from NumPy's global generator, not from rng."
DRAW_ONCE = "Draw row numbers once, and use them for all five."

iteration = wrong(dqn.value_iteration)
SWEEP = "reward + gamma * q[next_state].max(axis=2)"
AGAIN = "\n        last = reward + gamma * new[next_state].max(axis=2)"
goes_on_after_the_end = iteration(
    ("        new[terminal] = 0\n", ""),
    "Your values go on after a terminal state: its own row is played, too.",
    hint="What does the state count for from which nobody moves any more?",
)
keeps_rows_of_ends = iteration(
    ("new[terminal] = 0", f"new[terminal] = 0{AGAIN}"),
    ("return new", "return last"),
    "The rows of terminal states are not 0 in your table.",
)
two_hundred_sweeps = iteration(
    ("while True", "for _ in range(200)"),
    ("q = new\n", "q = new\n    return q\n"),
    "You stop after a fixed number of sweeps, while values still change.",
)
discounts_reward = iteration(SWEEP, "gamma * (reward + q[next_state].max(axis=2))", GAMMA_FIRST)
mean_of_next = iteration("max(axis", "mean(axis", "You take the mean over the next actions, not the best.")

table = wrong(dqn.q_update)
table_end_ignored = table("r if terminated else ", "", "After an end you still count the next state.")
replaces_entry = table("(target - q[s, a])", "target", "You add alpha times the target; 4 moves half way.")
alpha_reversed = table("alpha * (", "(1 - alpha) * (", "alpha and 1 - alpha are exchanged.")
next_of_same_action = table("[s2].max()", "[s2, a]", "Your target counts the same action, not the best.")
best_of_this_state = table("q[s2]", "q[s]", "Your target looks at the state that was left.")
writes_into_table = table("np.array(q, dtype=float)", "q", "You write into the given table. Make a copy.")

at, greedy = wrong(dqn.epsilon_at), wrong(dqn.epsilon_greedy)
LINE, TRY = "start + share * (end - start)", "int(rng.integers(len(q)))"
epsilon_never_ends = at(", 1.0)", ", np.inf)", "Your epsilon falls on after decay_steps, below its end.")
epsilon_reversed = at("start + share", "end - share", "Your epsilon begins at end and rises.")
falls_to_zero = at(LINE, "max(end, start * (1 - share))", "Your line leads to 0 and is cut off at end.")
greedy_left_out = greedy(
    (TRY, "int((np.argmax(q) + 1 + rng.integers(len(q) - 1)) % len(q))"),
    "When you try something, it is never the best action; all actions are meant.",
    hint="With epsilon = 1 and two actions: how often does each come?",
)
greedy_exchanged = greedy("< epsilon", ">= epsilon", "You are greedy with probability epsilon.")
last_of_equals = greedy(
    "np.argmax(q)", "len(q) - 1 - np.argmax(q[::-1])", "Of equal actions you take the last, not the first."
)
global_chance = greedy("if rng.", "if np.random.", NOT_FROM_RNG)

add, sample = wrong(dqn.ReplayBuffer.add), wrong(dqn.ReplayBuffer.sample)
COPIES, OLDEST = "np.array(s), a, r, np.array(s2)", "self._rows[self._oldest] = row"
DRAWN, UNZIPPED = "self.rng.integers(len(self._rows), size=n)", "s, a, r, s2, terminated = zip(*rows)"
references_kept = add(
    (COPIES, "s, a, r, s2"),
    "You store the caller's arrays themselves: when it writes into them, your memory changes.",
    hint="Many environments use one array for all states. What is in it later?",
)
never_evicts = add("< self.capacity", "< np.inf", "Your buffer grows beyond its capacity.")
overwrites_newest = add("[self._oldest]", "[-1]", "Your full buffer replaces the newest, not the oldest.")
refuses_when_full = add(OLDEST, "pass", "When it is full, your buffer forgets what is new.")
next_state_of_next_row = sample(
    "(*rows)", "(*rows)\n        s2 = s2[1:] + s2[:1]", "s2 is of another transition than s.", hint=DRAW_ONCE
)
five_draws = sample(
    f"rows = [self._rows[i] for i in {DRAWN}]\n        {UNZIPPED}",
    "rows = [self.rng.permutation(np.array(self._rows, object))[:n] for _ in range(5)]\n"
    "        s, a, r, s2, terminated = ([row[k] for row in each] for k, each in enumerate(rows))",
    "s, a, r, s2 and terminated are drawn apart, and do not belong together.",
    hint=DRAW_ONCE,
)
latest_only = sample(
    (DRAWN, "range(-n, 0)"),
    "You return the latest transitions; random ones are meant.",
    hint="Neighbours in time are alike. What does a network learn from ten nearly equal rows?",
)
first_half_only = sample("_rows), size", "_rows) - 1, size", "One of the transitions is never drawn.")
samples_too_few = sample("n > len(self._rows)", "not self._rows", "You draw more than are remembered.")
states_in_float64 = add(
    COPIES, "np.array(s, float), a, r, np.array(s2, float)", "States of float32 come back as float64."
)
buffer_of_global_chance = sample(DRAWN, "np.random.randint(len(self._rows), size=n)", NOT_FROM_RNG)

targets = wrong(dqn.dqn_targets)
BEST = ".max(dim=1).values"
END = "torch.where(terminated.bool(), reward, reward + gamma * best)"
DOUBLE_END = "torch.where(terminated.bool(), reward, reward + gamma * value)"
bootstraps_at_the_end = mistake(
    edit(dqn.dqn_targets, END, "reward + gamma * best"),
    edit(dqn.double_dqn_targets, DOUBLE_END, "reward + gamma * value"),
    says="After the end your targets still count the next state. The values show it.",
)
mean_for_max = targets(BEST, ".mean(dim=1)", "You take the mean over the next actions, not the best.")
max_over_batch = targets(
    BEST,
    ".max(dim=0).values.mean().expand(len(reward))",
    "Your maximum runs over the batch, not over actions.",
)
nan_times_zero = targets(
    END, "reward + gamma * (1 - terminated.to(reward.dtype)) * best", "NaN times 0 is NaN: take torch.where."
)
gamma_on_reward = mistake(
    edit(dqn.dqn_targets, "reward + gamma * best", "gamma * (reward + best)"),
    edit(dqn.double_dqn_targets, "reward + gamma * value", "gamma * (reward + value)"),
    says=GAMMA_FIRST,
)
double = wrong(dqn.double_dqn_targets)
roles_exchanged = double(
    ("online.arg", "target.arg"),
    ("target.detach", "online.detach"),
    "Your double targets exchange the roles: online chooses, target judges.",
)
double_is_single = double("online.argmax", "target.argmax", "One network chooses and judges double targets.")
column_of_targets = targets(END, f"{END}[:, None]", "Your targets are a column: minus (N,) it is (N, N).")
squeezes_too_much = targets(END, f"{END}.squeeze()", "For a batch of one your targets have no axis.")
gradient_through_targets = mistake(
    edit(dqn.dqn_targets, "q_next.detach()", "q_next"),
    edit(dqn.double_dqn_targets, "q_next_target.detach()", "q_next_target"),
    says="Gradients flow through your targets, which the network is not to move.",
)
ends_of_bools_only = targets(".bool()", "", "Your targets fail where terminated holds floats or integers.")

loss = wrong(dqn.dqn_loss)
CHOSEN = "q.gather(1, actions[:, None]).squeeze(1)"
HUBER = "torch.where(size <= delta, error**2 / 2, delta * (size - delta / 2))"
chosen_by_max = loss(CHOSEN, "q.max(dim=1).values", "Your loss looks at the best action, not the one taken.")
squared_only = loss(HUBER, "(error**2 / 2)", "Your loss is half of the square for large errors, too.")
not_halved = loss("error**2 / 2", "error**2", "Near 0 your loss is not halved; at delta both pieces meet.")
far_piece_without_delta = loss(
    "delta * (size - delta / 2)", "size - 0.5", "Far out your loss is right for delta = 1 alone."
)
clips_the_loss = loss(
    HUBER, "(error.clamp(-delta, delta)**2 / 2)", "You clip the error, not the gradient: nothing is learned."
)
n_by_n = loss(".squeeze(1)", "", "A column minus a row makes (N, N): print the shape of the error.")
sums_the_loss = loss(".mean()", ".sum()", "Your loss is a sum over the batch; the mean is meant.")
pulls_targets = loss("targets.detach()", "targets", "A gradient flows into your targets.")

update = wrong(dqn.update_target)
MIX = "tau * ours + (1 - tau) * theirs"
tau_reversed = update(MIX, "tau * theirs + (1 - tau) * ours", "tau and 1 - tau are exchanged.")
always_copies = update(MIX, "ours", "You copy whatever tau is.")
buffers_left = update("theirs.copy_(ours)", "pass", "Buffers, such as a running mean, are not copied.")
same_tensors = update(
    (f"theirs.copy_({MIX})", f"theirs.data = ours.data if tau == 1 else {MIX}"),
    "After your update the networks share their tensors; copy_ writes numbers.",
)

learn = wrong(dqn.DQNAgent.learn)
PERIOD, WARMUP = "self.learns % self.period == 0", "len(self.buffer) < self.warmup"
same_object = learn(
    ("    self.update(self.target, self.online)\n", "    self.target = self.online\n"),
    "After your update target and online are one network; a second name is no copy.",
)
target_never_updated = learn(PERIOD, "False", "Your target network never changes.")
updated_each_time = learn(PERIOD, "True", "Each learn updates your target network; period is unused.")
updated_at_first = learn(
    PERIOD, "(self.learns - 1) % self.period == 0", "You update after the first learn, not after `period`."
)
online_for_next = learn("target(s2)", "online(s2)", "The online network judges next states; target is idle.")
states_for_next_states = learn("self.target(s2)", "self.target(s)", "Your targets are of s, not of s2.")
no_zero_grad = learn("self.optimizer.zero_grad()", "pass", "Your gradients pile up: backward() adds.")
no_step = learn("        self.optimizer.step()\n", "", "Your online network does not change.")
learns_too_early = learn(WARMUP, "len(self.buffer) < self.batch_size", "You learn with fewer than `warmup`.")
learns_too_late = learn(WARMUP, "len(self.buffer) <= self.warmup", "With `warmup` stored, learn at once.")

hunt = wrong(dqn.bug_hunt)
two_blind = hunt("sharp\n", "blind\n", "On both of your worlds the best actions are the same.")
two_sharp = hunt("blind, sharp\n", "sharp, sharp\n", "On both of your worlds a best action differs.")

n_step, dueling, priority = map(wrong, (dqn.n_step_return, dqn.dueling, dqn.priority_weights))
STEP = "r if ends else r + gamma * total"
rewards_after_the_end = n_step(STEP, "r + gamma * total", "Your return goes on after an end.")
bootstrap_undiscounted = n_step(
    ("total = bootstrap", "total = 0.0"),
    ("float(total)", "float(total + (0 if any(terminated) else bootstrap))"),
    "Your bootstrap is not discounted.",
)
bootstrap_after_the_end = n_step("r if", "r + gamma * bootstrap if", "An end does not stop your bootstrap.")
mean_over_states = dueling("dim=1, keepdim=True", "", "You subtract the mean over all states.")
mean_left_out = dueling(" - advantages.mean(dim=1, keepdim=True)", "", "You do not subtract the mean.")
errors_with_sign = priority("np.abs(", "np.maximum(0, ", "Negative errors get no priority.")
eps_left_out = priority("(td_errors) + eps", "(td_errors)", "Without an error none is drawn: add eps.")
weights_not_scaled = priority("p, w / w.max()", "p, w", "The largest of your weights is not 1.")
weights_for_priorities = priority("* p) ** -", "* p) ** ", "Your weights grow with p; they must fall.")

# --- cheats ---
rewards_alone = cheat(edit(dqn.value_iteration, SWEEP, "1.0 * reward"), most=0.0, says="The next reward.")
always_greedy = cheat(edit(dqn.epsilon_greedy, "rng.random()", "2"), most=0.5, says="Never tries anything.")
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
