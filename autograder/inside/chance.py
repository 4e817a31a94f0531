"""The global random generators, which start anew in each process and in each check."""

from __future__ import annotations

import random
import sys

import numpy as np

_SEED = 20261128


def begin_anew() -> None:
    """Seed them, so that code which draws from them repeats itself.

    What a check sees must not depend on which checks ran before it in the same process.
    """
    random.seed(_SEED)
    np.random.seed(_SEED)
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.default_generator.manual_seed(_SEED)  # torch.manual_seed takes a hundred times as long
