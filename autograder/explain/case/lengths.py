"""How the lengths of a program's arrays are scaled together.

Arrays are made smaller by giving each of their lengths a smaller one. Some lengths are a multiple of another:
four gates of H units in one matrix, rows of C pictures of H x W pixels. Where such arrays fit in no
other way, the multiple is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

Scale = Mapping[int, int]  # each length of the hidden arrays -> the one that is tried


def capped(lengths: Sequence[int], largest: int) -> Iterator[dict[int, int]]:
    """No length above 1, then 2 ... ``largest``: each by itself, then multiples as multiples."""
    tried: list[dict[int, int]] = []
    for most in range(1, largest + 1):
        plain = {length: min(length, most) for length in lengths}
        for scale in (plain, _multiplied(plain)):
            if scale not in tried:
                tried.append(scale)
                yield scale


def shorter(scale: Scale) -> Iterator[dict[int, int]]:
    """One length made smaller, by itself and with its multiples."""
    for length, value in scale.items():
        for smaller in range(1, value):
            plain = {**scale, length: smaller}
            yield plain
            kept = _multiplied(plain)
            if kept not in (plain, scale) and all(kept[other] <= scale[other] for other in scale):
                yield kept


def _multiplied(scale: Scale) -> dict[int, int]:
    """Each length that is a multiple of another becomes the same multiple of what that became."""
    found = dict(scale)
    for length in sorted(scale):  # a multiple of a multiple comes after it
        base = max((other for other in scale if 1 < other < length and length % other == 0), default=None)
        if base is not None:
            found[length] = length // base * found[base]
    return found
