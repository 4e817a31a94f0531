"""How much there is in a JSON text, told before it is parsed.

A text of 48 MiB may hold ten million empty lists, of which each becomes an object of 56 bytes and more. So
what becomes objects is counted first, outside of strings, and the count ends where it is too much. (Parsers
that stream give each piece of a long string another look: they are slowest just where uploads are long.)
"""

from __future__ import annotations

import json
import re
from typing import Any

# A whole string, also one that is cut off, so that no byte is looked at twice; else what begins a value.
_PIECE = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[{,]', re.DOTALL)
_FOREIGN = re.compile(rb"[\x80-\xff]+")


class TooMuch(ValueError):
    """There is more in a JSON text than is read."""


def parse_bounded(text: bytes, most: int, most_foreign: int) -> Any:
    """The value of a JSON text (UTF-8).

    Args:
        text: of any content.
        most: how many strings, lists, objects and commas it may hold together.
        most_foreign: bytes of letters beyond ASCII; with one of them a whole text takes four bytes a letter.

    Raises:
        TooMuch: it holds more.
        ValueError: it is no JSON; RecursionError where it is nested too deeply.
    """
    for count, _ in enumerate(_PIECE.finditer(text)):
        if count >= most:
            raise TooMuch(f"more than {most} values")
    return json.loads(text if text.isascii() else _escaped(text, most_foreign))


def _escaped(text: bytes, most: int) -> bytes:
    """The same JSON in ASCII, with letters beyond it as escapes."""
    if len(text) - len(text.translate(None, bytes(range(128, 256)))) > most:
        raise TooMuch(f"more than {most} bytes of letters beyond ASCII")
    return _FOREIGN.sub(lambda found: json.dumps(found.group().decode())[1:-1].encode(), text)
