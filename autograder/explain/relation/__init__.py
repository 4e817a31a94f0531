"""How a wrong array relates to the right one, in a sentence that a student can act on.

Each relation is a function of one ``Pair`` that returns what completes "dw ...", or None. The
first that fits is told. A sentence names sizes, axes and places, never an expected value.
"""

from __future__ import annotations

import numpy as np

from .pair import Pair, close, coverage
from .places import PLACES
from .shapes import SHAPES
from .whole import WHOLE


def relation(pair: Pair) -> str | None:
    """The first relation that holds, as a whole sentence; None where none does."""
    for known in (*WHOLE, *PLACES) if pair.actual.shape == pair.expected.shape else SHAPES:
        with np.errstate(all="ignore"):
            found = known(pair)
        if found:
            subject = pair.what if pair.what.isidentifier() else pair.what[:1].upper() + pair.what[1:]
            return f"{subject} {found}" + ("" if found.endswith("?") else ".")
    return None


__all__ = ["Pair", "close", "coverage", "relation"]
