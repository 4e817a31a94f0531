# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # Deep Q-learning: which move was the good one?
# Nobody tells you which move was good. The reward comes ten moves later, if at all. Q-learning spreads it backwards:
# a move is worth what it pays, and the best of what it leads to.
#
# First you compute the exact answer for a small world. Then a table learns the same numbers from experience. In the
# end a network takes the place of the table, with three tricks that keep it from chasing its own tail. It finds its
# way through a world whose places it sees as handwritten digits.
#
# **You need:** `optimizers`; tensors, modules and `backward` of PyTorch, as in `autoencoder`. **Lecture:** FAU Deep
# Learning, parts 10.2 to 10.5. **Time:** about 7 hours. Exact values 0.5, table and epsilon 1, buffer 1, targets 1.5,
# loss 1, target network 0.5, learning 1, bug hunt 0.5.
#
# **Points:** 100, and 20 for the bonus. Above each task you can read what its points are given for. The hidden checks
# use other numbers than the public ones. A mistake is charged once.
#
# **Predict, then run.** Where you read this, write your guess in place of the three dots and only then run the next
# cell. It shows your guess beside the truth. Nobody marks guesses, and a wrong one teaches most.

# %%
import importlib.util

import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.datasets import load_digits

plt.rcParams["figure.constrained_layout.use"] = True

# %% [markdown]
# ## 1. A world that is known
# If you know where each action leads and what it pays, you need no experience. The value of an action is
#
# $$q(s, a) = r(s, a) + \gamma \max_b q(s', b),$$
#
# where $s'$ is the next state. $\gamma$ makes later rewards smaller. If $s'$ is an end, nothing follows. Begin with
# zeros and apply the equation to all entries, again and again, until nothing changes.
#
# **By hand.** Two states, $\gamma = 0.5$. In state 0 one action stays and pays 0.1, the other leads to the end and pays
# 1. After the first sweep: (0.1, 1). After the second: $(0.1 + 0.5 \cdot 1, 1) = (0.6, 1)$. That stays.
# <details><summary>Hint 1: where to begin</summary>First one sweep, for all entries at once. The loop comes later.</details>
# <details><summary>Hint 2: the object</summary>q[next_state] gives the rows of all next states. Which shape?</details>
# <details><summary>Hint 3: the operation</summary>A maximum along the last axis, times gamma, plus the reward. Then set
# the rows of the ends to 0, in each sweep.</details>

# %% task="value_iteration"
from solutions.dqn import value_iteration

# %% [markdown]
# Our world has 4 x 4 places, numbered row by row. You begin at 0, in a corner. Place 15, the goal, pays 1 and place 7,
# the pit, -1; both are ends. Every other step costs 0.05. Whoever walks against a wall stays.

# %%
row, column = np.divmod(np.arange(16), 4)
MOVES = ((-1, 0), (1, 0), (0, -1), (0, 1))  # up, down, left, right
next_state = np.stack([4 * (row + d).clip(0, 3) + (column + r).clip(0, 3) for d, r in MOVES], axis=1)
reward = np.where(next_state == 15, 1.0, np.where(next_state == 7, -1.0, -0.05))
terminal = np.isin(np.arange(16), (7, 15))
exact = value_iteration(next_state, reward, terminal, 0.9)


def show(tables):
    """Tables as maps: the value of the best action, and where it leads."""
    _, axes = plt.subplots(1, len(tables), figsize=(3.2 * len(tables), 3), squeeze=False)
    for axis, (title, q) in zip(axes[0], tables.items(), strict=True):
        q = np.where(terminal[:, None], np.nan, q)
        axis.imshow(q.max(axis=1).reshape(4, 4), vmin=-1.5, vmax=1.5, cmap="RdBu")
        for place in range(16):
            spot = {"x": column[place], "y": row[place], "ha": "center", "va": "center"}
            if terminal[place]:
                axis.text(s="goal" if place == 15 else "pit", **spot)
            else:
                axis.text(s=f"{'↑↓←→'[q[place].argmax()]}\n{q[place].max():.2f}", fontsize=8, **spot)
        axis.set(title=title, xticks=[], yticks=[])
    plt.show()


# %% [markdown]
# **Predict, then run.** Five steps cost 0.05, the sixth pays 1 at the goal; $\gamma = 0.9$. How much is the start worth?

# %% scratch=True
my_guess = ...

# %%
print(f"my guess: {my_guess}, yours: {exact[0].max():.3f}")
show({"exact": exact})

# %% [markdown]
# <details><summary>Figure in words</summary>A map of 4 x 4 places. Arrows lead from everywhere to the goal at the
# bottom right, around the pit on the right. The places grow bluer towards it, from 0.39 at the top left to 1.00.</details>
#
# Values above 1: something follows after the goal. Arrows into the pit: look at the maximum.
#
# **Predict, then run.** You forget the ends. How wrong is the start? In how many of 14 places is the *best action* worse?

# %% scratch=True
my_guess = {"wrong by": ..., "worse places": ...}

# %%
endless = value_iteration(next_state, reward, np.zeros(16, bool), 0.9)
chosen = exact[np.arange(16), endless.argmax(axis=1)]
worse = (chosen < exact.max(axis=1) - 1e-6)[~terminal].sum()
print(f"my guess: {my_guess}, yours: {(endless - exact)[0].max():.2f} and {worse}")

# %% [markdown]
# Remember this: who looks at behaviour alone hardly sees the mistake. The values show it at once.
#
# ## 2. Learn from what happens
# Now nobody tells you the world. You act, and see where you land. One entry of the table moves a share $\alpha$ of the
# way to what you saw, the *target* $r + \gamma \max_b q(s', b)$.
#
# **By hand.** The entry is 4, the reward 3, the best that follows 6, $\gamma = \alpha = 0.5$. The target is
# $3 + 0.5 \cdot 6 = 6$, so the entry becomes 5. If the step ended the game, the target is 3 and the entry 3.5.
# <details><summary>Hint 1: where to begin</summary>Compute the target first. There are two kinds of it.</details>
# <details><summary>Hint 2: the object</summary>You return a new table, of which one entry differs.</details>
# <details><summary>Hint 3: the operation</summary>Add alpha times the distance from the entry to the target.</details>

# %% task="q_update"
from solutions.dqn import q_update

# %% [markdown]
# Who always takes what looks best never learns what else there is. So with probability $\epsilon$ take *any* action,
# the best among them. Begin with a large $\epsilon$ and let it fall.
#
# **By hand.** From 1 to 0.5 in 4 steps: 1, 0.875, 0.75, 0.625, 0.5, and 0.5 for ever. With $\epsilon = 0.3$ and three
# actions, the best comes with probability $0.7 + 0.3 / 3 = 0.8$.
# <details><summary>Hint 1: where to begin</summary>epsilon_at needs the share of the way done, which is at most 1.</details>
# <details><summary>Hint 2: the object</summary>epsilon_greedy decides twice: whether to try, and what.</details>
# <details><summary>Hint 3: the operation</summary>A number between 0 and 1 is less than epsilon with probability
# epsilon. Both decisions draw from <code>rng</code>.</details>

# %% task="epsilon_greedy"
from solutions.dqn import epsilon_at, epsilon_greedy


# %%
def learn_table(start, end, episodes=400):
    """A table that learned, and after each episode how far it was off at the start."""
    rng, q, off = np.random.default_rng(0), np.zeros((16, 4)), []
    for episode in range(episodes):
        s, epsilon = 0, epsilon_at(episode, start, end, 200)
        for _ in range(50):
            a = epsilon_greedy(q[s], epsilon, rng)
            s2 = next_state[s, a]
            q = q_update(q, s, a, reward[s, a], s2, terminal[s2], alpha=0.3, gamma=0.9)
            s = s2
            if terminal[s]:
                break
        off.append(abs(q[0].max() - exact[0].max()))
    return q, off


# %% [markdown]
# **Predict, then run.** One table learns with $\epsilon$ from 1 to 0.1, the other is greedy. All values begin at 0, better
# than what steps cost. Which knows the start better after 400 episodes, and which knows *all* places better?

# %% scratch=True
my_guess = {"start": ..., "all places": ...}

# %%
tables = {"epsilon 1 to 0.1": learn_table(1.0, 0.1), "greedy": learn_table(0.0, 0.0)}
print(f"my guess: {my_guess}")
for name, (q, off) in tables.items():
    print(f"{name}: off by {off[-1]:.3f} at the start, by {abs(q - exact)[~terminal].max():.2f} at most")
show({"exact": exact} | {name: q for name, (q, _) in tables.items()})

# %% [markdown]
# <details><summary>Figure in words</summary>Three maps: the exact one; the one learned with epsilon, nearly the same; the
# greedy one, right along one way to the goal, elsewhere with values near 0 and arrows in all directions.</details>
#
# A map without blue places: your targets miss the next state. Two equal maps: look at `epsilon_greedy`.
#
# ## 3. A memory
# A network learns badly from steps in a row: they are alike. So remember the last ones, and learn from random ones.
#
# **By hand.** Capacity 2; rewards 1, 2, 3 come. The 1 makes place for the 3, and the length is 2.
# <details><summary>Hint 1: where to begin</summary>A list of tuples will do. What happens when it is full?</details>
# <details><summary>Hint 2: the object</summary>Environments may reuse one array. What does your list hold then?</details>
# <details><summary>Hint 3: the operation</summary>Draw row numbers once with <code>rng</code>, and use them for all
# five parts. <code>zip(*rows)</code> turns rows into columns.</details>

# %% task="ReplayBuffer"
from solutions.dqn import ReplayBuffer

# %% [markdown]
# **Predict, then run.** A buffer of 100 gets the rewards 0 to 249. What is the smallest reward in it? In a sample of 20,
# how far apart are neighbours on average: about 1, 33 or 100?

# %% scratch=True
my_guess = {"smallest": ..., "apart": ...}

# %%
memory = ReplayBuffer(100, rng=np.random.default_rng(0))
for number in range(250):
    memory.add(np.zeros(2), 0, float(number), np.zeros(2), False)
samples = [memory.sample(20)[2] for _ in range(200)]
apart = np.mean([abs(np.diff(rewards)).mean() for rewards in samples])
print(f"my guess: {my_guess}, yours: {np.min(samples):g} and {apart:.0f}")

# %% [markdown]
# ## 4. What the network should have said
# For a batch of N transitions the targets are the same as in the table, now with tensors. `terminated` says where the
# game ended. A time limit is no end: the game would have gone on.
#
# The maximum of noisy values is too large, since it picks the luckiest. *Double* DQN has two networks: the online
# network chooses the action, the target network says what it is worth.
#
# **By hand.** $\gamma = 0.5$, rewards (1, 1, -10), next values ((2, 6), (4, 0), (3, 9)), the third is an end. Targets:
# $1 + 3$, $1 + 2$ and $-10$. Double, with online ((9, 1), (0, 5), (3, 9)): it chooses actions 0 and 1, whose values are
# 2 and 0, so $1 + 1$, $1 + 0$ and $-10$.
# <details><summary>Hint 1: where to begin</summary>First as if nothing ever ended. Then decide row by row.</details>
# <details><summary>Hint 2: the object</summary>Rewards, best values, ends and targets are (N,), no columns (N, 1).</details>
# <details><summary>Hint 3: the operation</summary><code>torch.where</code> chooses. <code>max(dim=1)</code> gives
# values and places; <code>gather</code> picks one entry of each row.</details>

# %% task="targets"
from solutions.dqn import double_dqn_targets, dqn_targets

# %% [markdown]
# **Predict, then run.** All actions are worth exactly 0, rewards too, and $\gamma = 1$. Each network says 0 plus noise
# of standard deviation 1. With 10 actions, what is the target on average: single and double?

# %% scratch=True
my_guess = {"single": ..., "double": ...}

# %%
g = torch.Generator().manual_seed(0)
numbers_of_actions, bias = (1, 2, 4, 10, 20, 40), {"single": [], "double": []}
for A in numbers_of_actions:
    online, target = torch.randn(2, 4000, A, generator=g)
    nothing, never = torch.zeros(4000), torch.zeros(4000, dtype=torch.bool)
    bias["single"].append(dqn_targets(nothing, target, never, 1.0).mean().item())
    bias["double"].append(double_dqn_targets(nothing, online, target, never, 1.0).mean().item())
print(f"my guess: {my_guess}, yours: {bias['single'][3]:.2f} and {bias['double'][3]:.2f}")
_, axis = plt.subplots(figsize=(6, 3))
for name, values in bias.items():
    axis.plot(numbers_of_actions, values, "o-", label=name)
axis.set(xlabel="number of actions, all worth 0", ylabel="mean of the targets")
axis.legend()
plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>The single targets rise from 0 for one action to 1.5 for ten and 2.2 for
# forty. The double targets stay at 0.</details>
#
# If both curves rise, one network chooses and judges. If neither does, look for the maximum.
#
# ## 5. The loss
# Only the action that was taken has a target. The Huber loss is half of the squared error near 0, and a straight line
# far out, so that one surprise does not throw everything over.
#
# **By hand.** $\delta = 1$: an error of 0.5 costs $0.125$, one of 3 costs $1 \cdot (3 - 0.5) = 2.5$. The mean is 1.3125.
# <details><summary>Hint 1: where to begin</summary>Pick the value of the action taken: one for each row.</details>
# <details><summary>Hint 2: the object</summary>The error has shape (N,). Print its shape before you go on.</details>
# <details><summary>Hint 3: the operation</summary><code>gather</code> wants a column of action numbers and gives a
# column back. <code>torch.where</code> joins the two pieces.</details>

# %% task="dqn_loss"
from solutions.dqn import dqn_loss

# %% [markdown]
# **Predict, then run.** $\delta = 1$, two actions. The value of the one taken is off by 100. What gradients have both?

# %% scratch=True
my_guess = {"taken": ..., "other": ...}

# %%
q = torch.tensor([[100.0, 50.0]], requires_grad=True)
dqn_loss(q, torch.tensor([0]), torch.tensor([0.0])).backward()
print(f"my guess: {my_guess}, yours: {q.grad[0, 0]:g} and {q.grad[0, 1]:g}")
errors = torch.linspace(-4, 4, 161)
_, axis = plt.subplots(figsize=(6, 3))
for delta in (0.5, 1.0, 2.0):
    losses = [dqn_loss(e[None, None], torch.tensor([0]), torch.zeros(1), delta).item() for e in errors]
    axis.plot(errors, losses, label=f"delta = {delta:g}")
axis.plot(errors, errors**2 / 2, "k:", label="half of the square")
axis.set(xlabel="error", ylabel="loss", ylim=(0, 6))
axis.legend()
plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>Three valleys with their floor at error 0. Near it all follow the dotted
# parabola; at delta each goes on as a straight line, without a kink or a jump. A smaller delta has a flatter line.</details>
#
# A jump or a kink: the pieces do not meet at delta. A flat end: the error was clipped, and nothing is learned there.
#
# ## 6. A target that stands still
# The network that learns would chase its own tail. So a second one says the targets: a copy, renewed at times, or slowly.
#
# **By hand.** Target 0, online 8, $\tau = 0.25$: target becomes 2, then 3.5. With $\tau = 1$ it is 8 at once.
# <details><summary>Hint 1: where to begin</summary>Go through the parameters of both networks in pairs.</details>
# <details><summary>Hint 2: the object</summary>A module has buffers, too, such as a running mean in batch norm.</details>
# <details><summary>Hint 3: the operation</summary><code>copy_</code> writes numbers into a tensor. Under
# <code>torch.no_grad()</code> you may use it on parameters.</details>

# %% task="update_target"
from solutions.dqn import update_target

# %% [markdown]
# **Predict, then run.** $\tau = 0.1$, ten times. What share of the way has the target network gone?

# %% scratch=True
my_guess = ...

# %%
target, online = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1)
with torch.no_grad():
    target.weight.fill_(0.0)
    online.weight.fill_(1.0)
for _ in range(10):
    update_target(target, online, 0.1)
print(f"my guess: {my_guess}, yours: {target.weight.item():.2f}")

# %% [markdown]
# ## 7. All together
# The agent acts and remembers. `learn` is yours: a sample, targets, loss, a step of Adam, at times a new target network.
#
# **By hand.** All weights are 0, reward 2, $\gamma = 0.5$: value 0, target $2 + 0.5 \cdot 0$, Huber loss $2 - 0.5 = 1.5$.
# <details><summary>Hint 1: where to begin</summary>Are there enough transitions? Then take self.batch().</details>
# <details><summary>Hint 2: the object</summary>Of the two networks, one sees s and the other s2.
# <code>self.targets</code>, <code>self.loss</code> and <code>self.update</code> are functions.</details>
# <details><summary>Hint 3: the operation</summary>Zero gradients, backward, step; then count, modulo the period.</details>

# %% task="learn"
from solutions.dqn import DQNAgent

# %% [markdown]
# First it learns from *all* 56 transitions of the grid, without luck in acting. It sees a place as 16 numbers, one a 1.


# %%
def network(inputs, units, outputs):
    """A small network of float64."""
    layers = torch.nn.Linear(inputs, units), torch.nn.ReLU(), torch.nn.Linear(units, outputs)
    return torch.nn.Sequential(*layers).double()


def new_agent(seed, *sizes, **options):
    """An agent with two equal networks and an empty memory."""
    torch.manual_seed(seed)
    online, target = network(*sizes), network(*sizes)
    update_target(target, online)
    rng = np.random.default_rng(seed)
    options = {"gamma": 0.9, "lr": 0.01, "batch_size": 32, "warmup": 100, "period": 20} | options
    return DQNAgent(online, target, ReplayBuffer(2000, rng=rng), rng=rng, **options)


def learn_grid(period, learns=600):
    """The table that the network says in the end, and how far it was off on the way."""
    agent, off, places = new_agent(0, 16, 32, 4, period=period, warmup=56), [], np.eye(16)
    for s, a in np.argwhere(~terminal[:, None] & (next_state >= 0)):
        s2 = next_state[s, a]
        agent.buffer.add(places[s], a, reward[s, a], places[s2], terminal[s2])
    for _ in range(learns):
        agent.learn()
        q = agent.online(torch.as_tensor(places)).detach().numpy()
        off.append(abs(q - exact)[~terminal].max())
    return q, off


# %% [markdown]
# **Predict, then run.** Target is renewed after 1, 20 or 300 learns. Which is nearest to the exact table after 600 learns?

# %% scratch=True
my_guess = ...

# %%
grids = {period: learn_grid(period) for period in (1, 20, 300)}
ends = {period: off[-1] for period, (_, off) in grids.items()}
print(f"my guess: {my_guess}, yours: {min(ends, key=ends.get)}")
_, axis = plt.subplots(figsize=(6, 3))
for period, (_, off) in grids.items():
    axis.semilogy(off, label=f"period {period}")
axis.set(xlabel="learns", ylabel="largest error of a value")
axis.legend()
plt.show()
show({"exact": exact, "network, period 20": grids[20][0]})

# %% [markdown]
# <details><summary>Figure in words</summary>Errors over learns, on a logarithmic axis. With period 20 the error falls
# from 1 to about 0.01. With period 1 it falls to 0.1 and goes up and down from there. With period 300 it stays near
# 0.8, and drops a little once, after 300 learns. Below, two maps that hardly differ.</details>
#
# All three curves are one: the target network is not used, or its period is not. A curve that ends above 1: what follows
# after an end still counts, or the batch learns from the wrong states.
#
# ## 8. A world of handwritten digits
# Now the agent does not know where it is: it *sees* a picture of scikit-learn's handwritten digits. From digit $d$ one
# action leads to $d + 1$, the other to $2d$, both modulo 10. The 7 pays 1, the 4 pays -1, and both are ends. Other steps
# cost 0.05. Each time the agent comes to a digit, it sees another picture of it.

# %%
digits = load_digits()
pictures, labels = digits.data / 16, digits.target
digit, shown = np.arange(10), np.arange(1797) < 1200
seen, unseen = ([np.flatnonzero((labels == d) & half) for d in digit] for half in (shown, ~shown))
to = np.stack([(digit + 1) % 10, 2 * digit % 10], axis=1)
pays, over = np.where(to == 7, 1.0, np.where(to == 4, -1.0, -0.05)), np.isin(digit, (4, 7))
truth = value_iteration(to, pays, over, 0.9)


def right_actions(agent):
    """The share of pictures that it has never seen on which it takes the best action."""
    shown = np.concatenate([unseen[d] for d in digit[~over]])
    with torch.no_grad():
        chosen = agent.online(torch.as_tensor(pictures[shown])).argmax(dim=1).numpy()
    return (chosen == truth[labels[shown]].argmax(axis=1)).mean()


agent, rng, steps, scores = new_agent(1, 64, 64, 2, lr=0.003, period=50), np.random.default_rng(1), 0, []
while steps < 3000:
    d = rng.choice(digit[~over])
    s = pictures[rng.choice(seen[d])]  # some picture of this digit
    for _ in range(20):  # a time limit, which is no end
        a = agent.act(s, epsilon_at(steps, 1.0, 0.1, 1500))
        d2 = to[d, a]
        s2 = pictures[rng.choice(seen[d2])]
        agent.buffer.add(s, a, pays[d, a], s2, over[d2])
        agent.learn()
        d, s, steps = d2, s2, steps + 1
        if steps % 100 == 0:
            scores.append(right_actions(agent))
        if over[d]:
            break

# %% [markdown]
# **Predict, then run.** On what share of *new* pictures is its action the best after 3000 steps? Nobody told it the digits.

# %% scratch=True
my_guess = ...

# %%
print(f"my guess: {my_guess}, yours: {scores[-1]:.0%}")
_, axis = plt.subplots(figsize=(6, 3))
axis.plot(100 * np.arange(1, len(scores) + 1), scores)
axis.axhline(0.5, color="black", linestyle=":", label="by chance")
axis.set(xlabel="steps", ylabel="best actions on new pictures", ylim=(0, 1.05))
axis.legend()
plt.show()

# %% [markdown]
# <details><summary>Figure in words</summary>One curve begins below the dotted line at one half, is above 0.8 after a
# few hundred steps, and then rises slowly to about 0.9.</details>
#
# A curve that stays at one half: check what is remembered. A curve that rises and falls again: the target network.
#
# ## Bug hunt
# A colleague's value iteration knows no ends: the game goes on. "My agent behaves well," she says. Find a *blind* world
# where her values are wrong and all her best actions right, and a *sharp* one where her best action in state 0 is wrong.
# <details><summary>Hint 1: where to begin</summary>Two states are enough: the first, and an end.</details>
# <details><summary>Hint 2: the object</summary>What the row of an end pays counts for her, for ever.</details>
# <details><summary>Hint 3: the operation</summary>A row that pays 1 for ever is worth 10 to her. Let the other action
# pay more than the end does, and less than that.</details>

# %% given=True
from solutions.dqn import endless_iteration, worlds_fit  # noqa: F401

# %% task="bug_hunt"
from solutions.dqn import bug_hunt

# %%
for name, world in zip(("blind", "sharp"), bug_hunt(), strict=True):
    world = tuple(map(np.asarray, world))
    ours, hers = value_iteration(*world, 0.9)[0], endless_iteration(*world, 0.9)[0]
    print(f"{name}, state 0: yours {ours.round(2).tolist()}, hers {hers.round(2).tolist()}")

# %% [markdown]
# ## A pole to balance
# The same agent where gymnasium is installed: a pole must not fall, each step pays 1. After 500 steps it is cut off, no end.

# %%
if importlib.util.find_spec("gymnasium") is None:
    print("gymnasium is not installed here, which is fine: this is only a demonstration.")
else:
    env, returns, steps = importlib.import_module("gymnasium").make("CartPole-v1"), [], 0
    pole = new_agent(2, 4, 64, 2, gamma=0.99, lr=0.001, batch_size=64, warmup=500, period=200)
    while steps < 10_000:
        s, _ = env.reset(seed=steps)
        total, ended = 0.0, False
        while not ended:
            a = pole.act(s.astype(float), epsilon_at(steps, 1.0, 0.05, 4000))
            s2, r, terminated, truncated, _ = env.step(a)
            pole.buffer.add(s.astype(float), a, r, s2.astype(float), terminated)
            pole.learn()
            s, total, steps, ended = s2, total + r, steps + 1, terminated or truncated
        returns.append(total)
    first, last = np.mean(returns[:20]), np.mean(returns[-10:])
    print(f"steps upright: {first:.0f} in the first 20 games, {last:.0f} in the last 10")

# %% [markdown]
# ## Bonus
# 20 points beyond the 100. Look several steps ahead before you trust the network; split a value into what the state and
# what the action is worth; and learn more often from what surprised you.

# %% task="n_step_return"
from solutions.dqn import n_step_return

# %% task="dueling"
from solutions.dqn import dueling

# %% task="priority_weights"
from solutions.dqn import priority_weights

# %%
print(n_step_return(np.array([4.0, 2.0]), np.array([False, False]), 8.0, 0.5))
print(dueling(torch.tensor([[10.0]]), torch.tensor([[1.0, 3.0]])))
p, w = priority_weights(np.array([1.0, -3.0]), alpha=1.0, beta=1.0, eps=0.0)
print(f"p {p}, w {w.round(2)}; p times w is the same for all: {(p * w).round(2)}")

# %% [markdown]
# ## To take along
# * A move is worth its reward and the best of what follows; after an end nothing follows.
# * Good behaviour is no proof of right values: compare with the exact table of a small world.
# * A network learns from random memories, towards a target that stands still for a while.
#
# **This was the last unit.** One question goes on: what if the best behaviour is a game of chance, as in poker? Then no
# table of values is enough, and one learns the *policy* itself.
