# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %%
import numpy as np
import torch

# %% task="value_iteration"
from solutions.dqn import value_iteration

# %% task="q_update"
from solutions.dqn import q_update

# %% task="epsilon_greedy"
from solutions.dqn import epsilon_at, epsilon_greedy

# %% task="ReplayBuffer"
from solutions.dqn import ReplayBuffer

# %% task="targets"
from solutions.dqn import double_dqn_targets, dqn_targets

# %% task="dqn_loss"
from solutions.dqn import dqn_loss

# %% task="update_target"
from solutions.dqn import update_target

# %% task="learn"
from solutions.dqn import DQNAgent

# %% task="bug_hunt"
from solutions.dqn import bug_hunt

# %% task="n_step_return"
from solutions.dqn import n_step_return

# %% task="dueling"
from solutions.dqn import dueling

# %% task="priority_weights"
from solutions.dqn import priority_weights
