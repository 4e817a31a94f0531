"""Changes of a definition's text, line by line: moved to a copy of the definition, or several at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise


@dataclass(frozen=True)
class Hunk:
    """Lines ``first`` to ``last`` (from 0, ``last`` excluded) of a text, and what stands in their place."""

    first: int
    last: int
    new: tuple[str, ...]


def hunks(base: str, changed: str) -> list[Hunk]:
    """What was changed, in order."""
    old, new = _lines(base), _lines(changed)
    codes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return [Hunk(i, j, tuple(new[k:end])) for tag, i, j, k, end in codes if tag != "equal"]


def with_all(base: str, several: Iterable[str]) -> str | None:
    """The text with the changes of several texts in it; None where two of them change the same lines."""
    lines = _lines(base)
    changes = sorted(
        (hunk for changed in several for hunk in hunks(base, changed)),
        key=lambda hunk: (hunk.first, hunk.last),
    )
    for hunk, following in pairwise(changes):
        if following.first < hunk.last or following.first == hunk.first:
            return None
    for hunk in reversed(changes):
        lines[hunk.first : hunk.last] = hunk.new
    return "".join(lines)


def moved(base: str, changed: str, copy: str) -> str | None:
    """A copy of the text with the same changes in it.

    None where some changed line is not there exactly once, below or above the line that it is next to.
    """
    lines, old = _lines(copy), _lines(base)
    for hunk in reversed(hunks(base, changed)):
        below, above = max(hunk.first - 1, 0), hunk.last + 1
        for first, last in ((below, hunk.last), (hunk.first, above)):
            wanted, new = old[first:last], [*old[first : hunk.first], *hunk.new, *old[hunk.last : last]]
            places = [at for at in range(len(lines)) if lines[at : at + len(wanted)] == wanted]
            if len(places) == 1:
                lines[places[0] : places[0] + len(wanted)] = new
                break
        else:
            return None
    return "".join(lines)


def likeness(one: str, other: str) -> float:
    """The share of the shorter text's lines, blank ones apart, that stand in the other one in this order."""
    left, right = ([line for line in _lines(text) if line.strip()] for text in (one, other))
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    common = sum(block.size for block in matcher.get_matching_blocks())
    return common / max(min(len(left), len(right)), 1)


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)
