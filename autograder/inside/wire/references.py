"""What stands for something that does not cross by value, and what both directions know of values."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import numpy as np

MAX_DEPTH = 24
MAX_ITEMS = 500_000  # values in one frame
MAX_INT_BITS = 8192


MAX_KEYS = (
    1_000  # of one dict that are no strings: equal hashes can be made for numbers, and then a dict is slow
)


DTYPES = {
    name: np.dtype(name)
    for name in (
        "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 complex64 complex128"
    ).split()
}


NAMES = {dtype: name for name, dtype in DTYPES.items()}  # a dtype's own ``name`` is slow to ask for
TENSOR_DTYPES = tuple("bool int8 int16 int32 int64 uint8 float16 float32 float64".split())
BIT_GENERATORS = ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")


class WireError(Exception):
    """What came is no frame or no value of version 1."""


class Unsendable(TypeError):
    """A value that does not cross by value."""


@dataclass(frozen=True)
class HandleRef:
    """An object that stays in the student's process; ``name`` is its type's name there (a claim)."""

    name: str = ""


@dataclass(frozen=True)
class RecordRef(HandleRef):
    """A named tuple, which is both: an object, and its items."""

    items: tuple[Any, ...] = ()


@dataclass(frozen=True)
class NameRef:
    """A name that the student's notebook defines."""

    name: str


@dataclass(frozen=True)
class PartRef:
    """What a step of the present check made, or an entry of it.

    ``counts`` says for each key of ``path`` how many entries there must be; -1: any number.
    """

    step: int
    path: tuple[int | str, ...] = ()
    counts: tuple[int, ...] = ()


@dataclass(frozen=True)
class MethodRef:
    """A method of one of these, which crosses as its owner and its name."""

    owner: NameRef | PartRef | MethodRef
    attribute: str


@dataclass(frozen=True)
class LentRef:
    """A function of the judge's, or an object with the given methods and constants."""

    id: int
    methods: tuple[str, ...] | None = None
    constants: tuple[tuple[str, Any], ...] = ()


def loaded_torch() -> Any:
    """The torch module where it is loaded already; the codec never loads it."""
    return sys.modules.get("torch")
