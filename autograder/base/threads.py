"""A calm judge: one thread for its arithmetic, as in the sandbox.

Both sides must add in the same order to be bit-identical, and many workers with many
threads each slow one another down. Must run before NumPy is imported.
"""

from __future__ import annotations

import os
import sys

VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def use_one_thread() -> None:
    """Ask for one thread; what the user has set stays."""
    for name in VARIABLES:
        os.environ.setdefault(name, "1")


def calm_torch() -> None:
    """One thread for torch, where it is loaded."""
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(1)
