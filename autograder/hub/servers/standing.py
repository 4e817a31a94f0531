"""Where an attempt stands, in words: what JupyterLab says after handing in, until the mark is there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...pages.render import number

OURS = (
    "Not graded yet: a fault on our side kept us from grading this attempt. You lose no points; the course "
    "staff can see it."
)
SETTLED = ("graded", "broken", "troubled")  # states after which nothing comes by itself


def standing(attempt: Mapping[str, Any]) -> dict[str, Any]:
    """What there is to say now: ``says``, and ``settled`` where nothing more comes by itself.

    Args:
        attempt: as the exchange answers for it.
    """
    return {"says": _says(attempt), "settled": attempt["state"] in SETTLED}


def _says(attempt: Mapping[str, Any]) -> str:
    state, place = attempt["state"], attempt["place"]
    if state == "graded":
        return " ".join(filter(None, (f"Mark: {_mark(attempt)}.", _lateness(attempt), _record(attempt))))
    if state in SETTLED:
        return OURS
    if state == "grading":
        return "Being graded now."
    if place is None:
        return "Waiting to be graded."
    return "Next in line." if place == 1 else f"Place {place} in line."


def _mark(attempt: Mapping[str, Any]) -> str:
    mark, out_of, on_top = attempt["mark"], attempt["out_of"], attempt["on_top"]
    if on_top:
        core = f"{number(mark - on_top)} of {number(out_of)}"
        return f"{number(mark)} points: {core}, and {number(on_top)} bonus on top"
    return f"{number(mark)} of {number(out_of)} points"


def _lateness(attempt: Mapping[str, Any]) -> str:
    percent = attempt["late_percent"]
    return f"It was late: {number(percent)} % are taken off." if percent else ""


def _record(attempt: Mapping[str, Any]) -> str:
    """Whether it is this attempt that counts."""
    record = attempt["record"]
    if attempt["counts"] or record["points"] is None:
        return ""
    return f"Another attempt counts: your mark is {number(record['points'])} of {number(record['out_of'])}."
