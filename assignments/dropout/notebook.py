# %% [markdown]
# # Dropout

# %%
import numpy as np

# %% task="dropout_forward"
from solutions.dropout import dropout_forward

# %% task="dropout_backward"
from solutions.dropout import dropout_backward

# %% task="Dropout"
from solutions.dropout import Dropout

# %% task="accuracy"
from solutions.dropout import accuracy

# %% task="mc_dropout_predict"
from solutions.dropout import mc_dropout_predict

# %% task="bug_hunt"
from solutions.dropout import bug_hunt

# %% task="dropout2d"
from solutions.dropout import dropout2d_backward, dropout2d_forward

# %% task="dropout_penalty"
from solutions.dropout import dropout_penalty
