"""Frames and values: all that may cross between the judge and the student's process.

Theory of operation
    A frame is eight bytes (two big-endian lengths), a UTF-8 JSON header and raw
    buffers, each padded to full words. Arrays, tensors and bytes are buffers; everything
    else is in the header. Nothing is ever unpickled, so a forged frame is at worst a wrong value. A reader
    bounds bytes, depth, items and time before it believes anything.

Glossary
    node      the JSON form of one value
    handle    an object that stays in the student's process, told by the name of its type
    lent      a function or object of the judge's that student code may call
    part      what an earlier step of a check made, or an entry of it
"""

from .frames import SMALL, VERSION, Frames, frame_of, receive, send, send_bytes
from .packing import Packer
from .references import (
    DTYPES,
    MAX_DEPTH,
    HandleRef,
    LentRef,
    MethodRef,
    NameRef,
    PartRef,
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
    "PartRef",
    "RecordRef",
    "Unpacker",
    "Unsendable",
    "WireError",
    "frame_of",
    "receive",
    "send",
    "send_bytes",
]
