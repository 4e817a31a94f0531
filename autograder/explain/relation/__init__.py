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

_OPENING = ("the", "what", "a", "an", "of", "in", "after", "with")


def relation(pair: Pair) -> str | None:
    """The first relation that holds, as a whole sentence; None where none does."""
    for known in (*WHOLE, *PLACES) if pair.actual.shape == pair.expected.shape else SHAPES:
        with np.errstate(all="ignore"):
            found = known(pair)
        if found:
            return f"{_at_the_beginning(pair.what)} {found}" + ("" if found.endswith("?") else ".")
    return None


def _at_the_beginning(what: str) -> str:
    """Its words as those of a sentence begin; a name of the notebook stays as it is written."""
    first = what.split(maxsplit=1)[0] if what.strip() else ""
    return what[:1].upper() + what[1:] if first.lower() in _OPENING else what


__all__ = ["Pair", "close", "coverage", "relation"]
