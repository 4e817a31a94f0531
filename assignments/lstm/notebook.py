# %% [markdown]
# # Remember the first word

# %%
import numpy as np

# %% task="rnn"
from solutions.lstm import rnn_backward, rnn_forward

# %% task="lstm_cell_forward"
from solutions.lstm import lstm_cell_forward

# %% task="lstm_cell_backward"
from solutions.lstm import lstm_cell_backward

# %% task="lstm_forward"
from solutions.lstm import lstm_forward

# %% task="lstm_backward"
from solutions.lstm import lstm_backward

# %% task="init_lstm"
from solutions.lstm import init_lstm

# %% task="clip_gradients"
from solutions.lstm import clip_gradients

# %% task="bug_hunt"
from solutions.lstm import bug_hunt

# %% task="lstm_forward_lengths"
from solutions.lstm import lstm_forward_lengths

# %% task="gru_cell_forward"
from solutions.lstm import gru_cell_forward

# %% task="truncated_backward"
from solutions.lstm import truncated_backward
