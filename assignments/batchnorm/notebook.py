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

# %% task="batchnorm_forward"
from solutions.batchnorm import batchnorm_forward

# %% task="batchnorm_backward"
from solutions.batchnorm import batchnorm_backward

# %% task="batchnorm_dx"
from solutions.batchnorm import batchnorm_dx

# %% task="BatchNorm"
from solutions.batchnorm import BatchNorm

# %% task="layernorm"
from solutions.batchnorm import layernorm_backward, layernorm_forward

# %% task="bug_hunt"
from solutions.batchnorm import bug_hunt

# %% task="groupnorm"
from solutions.batchnorm import groupnorm

# %% task="fold_batchnorm"
from solutions.batchnorm import fold_batchnorm
