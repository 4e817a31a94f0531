# %% [markdown]
# # Little
#
# A dense layer and its optimizer.

# %% instructor=True
import sys
from pathlib import Path

sys.path.insert(0, str(Path.cwd()))

# %%
import numpy as np

# %% [markdown]
# ## Windows

# %% task="windows"
from solutions.little import windows

# %% [markdown]
# ## Dense

# %% task="dense_forward"
from solutions.little import dense_forward

# %% task="dense_backward"
from solutions.little import dense_backward

# %% [markdown]
# ## Layer

# %% task="dense_class"
from solutions.little import Dense

# %% [markdown]
# ## Optimizer

# %% task="sgd"
from solutions.little import SGD
