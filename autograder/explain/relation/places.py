"""Where an array is wrong, when the rest of it is right."""

from __future__ import annotations

import numpy as np

from .pair import Pair, along, partly, place_of


def _in_windows(pair: Pair) -> str | None:
    wrong = pair.mismatched
    if pair.windows is None or wrong.ndim < 2 or wrong.shape[-2:] != pair.windows.shape or not partly(wrong):
        return None
    counts = np.broadcast_to(pair.windows, wrong.shape)
    if not wrong[counts < 2].any() and wrong[counts >= 2].all():
        return "is wrong only at pixels that lie in two or more windows, where contributions add up"
    if not wrong[counts > 0].any():
        return "is wrong only at pixels that no window reaches"
    return None


def _at_the_border(pair: Pair) -> str | None:
    wrong = pair.mismatched
    if wrong.ndim < 2 or min(wrong.shape[-2:]) < 4 or not partly(wrong):
        return None
    inside = wrong[..., 1:-1, 1:-1]
    rim = wrong.sum() - inside.sum()
    if inside.any() or not rim:
        return None
    sides = {
        "first row": wrong[..., 0, :],
        "last row": wrong[..., -1, :],
        "first column": wrong[..., 0],
        "last column": wrong[..., -1],
    }
    hit = [name for name, values in sides.items() if values.any()]
    whole = [name for name in hit if _only(wrong, name)]
    return f"is wrong only in the {whole[0]}" if whole else "is wrong only at the border and right inside"


def _at_one_index(pair: Pair) -> str | None:
    wrong = pair.mismatched
    if not partly(wrong):
        return None
    for axis in range(wrong.ndim):
        length = wrong.shape[axis]
        places = np.flatnonzero(wrong.any(axis=tuple(other for other in range(wrong.ndim) if other != axis)))
        if length > 2 and len(places) == 1:
            return f"is wrong only at {place_of(int(places[0]), length)} of {along(axis, wrong.ndim)}"
    return None


def _where_argument(pair: Pair) -> str | None:
    """Wrong exactly where an argument of the same shape is negative, positive or zero."""
    wrong = pair.mismatched
    if not partly(wrong):
        return None
    for name, value in pair.arguments.items():
        if not isinstance(value, np.ndarray) or value.shape != wrong.shape or value.dtype.kind not in "biuf":
            continue
        for mask, words in ((value == 0, "exactly 0"), (value < 0, "negative"), (value > 0, "positive")):
            if mask.any() and not mask.all() and not wrong[~mask].any() and wrong[mask].mean() > 0.5:
                return f"is wrong only where {name} is {words}"
    return None


def _only(wrong: np.ndarray, name: str) -> bool:
    index = 0 if name.startswith("first") else -1
    rows = np.moveaxis(wrong, -2 if name.endswith("row") else -1, 0)
    return bool(wrong.sum() == rows[index].sum())


PLACES = (_in_windows, _where_argument, _at_the_border, _at_one_index)
