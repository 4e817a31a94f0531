"""Frames and values: all that may cross between the judge and the student's process.

Theory of operation
    A frame is eight bytes (two big-endian lengths), a UTF-8 JSON header and raw
    buffers, each padded to full words. Arrays, tensors and bytes are buffers; everything
    else is in the header. Nothing is ever unpickled, so a forged frame is at worst a wrong value. A reader
    bounds bytes, depth, items and time before it believes anything.

Glossary
    node      the JSON form of one value
    handle    an object that stays in the student's process, known to the judge by a number
    lent      a function or object of the judge's that student code may call
    shared    an array whose in-place changes come back after every call
"""

from .frames import SMALL, VERSION, Frames, receive, send
from .packing import Packer
from .references import (
    DTYPES,
    MAX_DEPTH,
    HandleRef,
    LentRef,
    MethodRef,
    NameRef,
    RecordRef,
    Unsendable,
    WireError,
)
from .unpacking import Unpacker

__all__ = [
    "DTYPES",
    "MAX_DEPTH",
    "SMALL",
    "VERSION",
    "Frames",
    "HandleRef",
    "LentRef",
    "MethodRef",
    "NameRef",
    "Packer",
    "RecordRef",
    "Unpacker",
    "Unsendable",
    "WireError",
    "receive",
    "send",
]
