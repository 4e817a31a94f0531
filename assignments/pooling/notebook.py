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

# %% [markdown]
# # Pooling

# %% task="max_pool2d_forward"
from solutions.pooling import max_pool2d_forward

# %% task="max_pool2d_backward"
from solutions.pooling import max_pool2d_backward

# %% task="avg_pool2d"
from solutions.pooling import avg_pool2d_backward, avg_pool2d_forward

# %% task="global_avg_pool"
from solutions.pooling import global_avg_pool_backward, global_avg_pool_forward

# %% task="MaxPool2d"
from solutions.pooling import MaxPool2d

# %% task="bug_hunt"
from solutions.pooling import bug_hunt

# %% task="max_unpool2d"
from solutions.pooling import max_pool2d_with_indices, max_unpool2d

# %% task="avg_pool2d_general"
from solutions.pooling import avg_pool2d_general

# %% task="adaptive_avg_pool2d"
from solutions.pooling import adaptive_avg_pool2d
