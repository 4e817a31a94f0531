"""What a student's process may say about an exception without being a way out for hidden inputs.

A function sees its inputs by nature, and what its process says reaches the student. So
nothing in an error is repeated that the process could have made up: a quoted line must
stand in the submitted notebook where it is said to, a class must be one that the notebook names or that
Python and NumPy raise, and a message becomes a sentence of ours (``sayings``). The same holds of the types
of objects. (Verdicts and short shapes remain: a patient student can learn a few bits.)
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ...inside.wire import MAX_DEPTH
from .sayings import LONGEST_MESSAGE, meaning
from .sentences import KINDS


def _raised(name: str) -> bool:
    kind = getattr(builtins, name, None)
    return isinstance(kind, type) and issubclass(kind, BaseException)


LIBRARY = {"LinAlgError", "AxisError", "TooHardError", "ComplexWarning", "OutOfMemoryError", "EinopsError"}
TYPES = {name for name, kind in vars(builtins).items() if isinstance(kind, type)} | KINDS.keys()
KNOWN = LIBRARY | {name for name in TYPES if _raised(name)}
# The engine's own: what the host beside the student's code raises.
OURS = {"NameMissing", "LentFunctionFailed", "Unavailable", "Unsendable", "WireError"}
LONGEST_LINE = 200  # characters that the host sends
_NESTED = ("t", "d", "s")  # nodes that hold others


class StudentText:
    """The lines and words of a submission as it went into the sandbox.

    Args:
        cells: the text of each cell by its number in the notebook, from 1.
        missing: libraries that it imports and the sandbox lacks.
        names: that its tasks ask for, whether it uses them or not.
    """

    def __init__(
        self, cells: Mapping[int, str], missing: Iterable[str] = (), names: Iterable[str] = ()
    ) -> None:
        self._cells = cells
        self._missing = frozenset(missing)
        self._names = frozenset(names)

    def line(self, cell: int, number: int) -> str:
        """A line without its indentation, as far as the host sends it; empty where there is none."""
        lines = self._cells.get(cell, "").split("\n")
        return lines[number - 1].strip()[:LONGEST_LINE] if 0 < number <= len(lines) else ""

    def __contains__(self, word: object) -> bool:
        """Whether it is a name that is asked for or used."""
        if word in self._names:
            return True
        return isinstance(word, str) and word.isidentifier() and any(self._uses(word))

    def _uses(self, name: str) -> Iterator[bool]:
        """Of each cell; to take every name from them would cost more than most checks."""
        whole = rf"\b{name}\b"
        return (name in text and re.search(whole, text) is not None for text in self._cells.values())

    def believable(self, reply: dict[str, Any]) -> dict[str, Any]:
        """A reply without what the process may have made up: words of errors, and names of types."""
        if reply.get("k") == "value":
            value = reply.get("v")
            named = self._named(value, MAX_DEPTH)
            return reply if named is value else {**reply, "v": named}
        if reply.get("k") != "error":
            return reply
        kind, line = reply.get("class"), reply.get("line")
        known = isinstance(kind, str) and (kind in KNOWN or kind in OURS or kind in self)
        return {
            **reply,
            "class": kind if known else "an exception",
            "message": self._message(kind, reply.get("message")),
            "said": meaning(kind, reply.get("message"), self),
            "line": self._line(line) if isinstance(line, dict) else None,
        }

    def _named(self, node: Any, depth: int) -> Any:
        """The node of a value whose objects are of types that the libraries or the notebook name."""
        kind = type(node)
        if kind not in (dict, list) or depth < 0:  # what is too deep is refused where it is unpacked
            return node
        if kind is list:
            return [self._named(item, depth - 1) for item in node]
        for tag, content in node.items():
            if tag in _NESTED:
                return {**node, tag: self._named(content, depth - 1)}
            if tag == "h":
                return node if (known := self._type(content)) is content else {**node, tag: known}
            if tag == "r" and type(content) is list and len(content) == 2:
                return {**node, tag: [self._type(content[0]), self._named(content[1], depth - 1)]}
        return node

    def _type(self, name: Any) -> Any:
        kind = name.partition(" ")[0] if type(name) is str else ""
        return name if kind in TYPES or kind in self else "object"

    def _message(self, kind: Any, message: Any) -> str:
        """Of our own exceptions the sentence; of others nothing, since ``said`` holds what they mean."""
        if not isinstance(message, str):
            return ""
        if kind == "NameMissing":
            return message if message in self else "A name that the check calls"
        if kind == "Unavailable":
            return self._unavailable(message[:LONGEST_MESSAGE])
        return ""

    def _unavailable(self, message: str) -> str:
        """Our own sentence about a library that is known to be missing."""
        found = re.match(r"\w+(?= is not available)", message)
        if found is None or found[0] not in self._missing:
            return ""
        return (
            f"{found[0]} is not available while grading. "
            "Use NumPy or plain Python here, or keep it out of the code of the task."
        )

    def _line(self, line: dict[str, Any]) -> dict[str, Any] | None:
        """The place of a line that stands there; None where it does not."""
        cell, number = re.fullmatch(r"cell ([0-9]{1,4})", str(line.get("cell", ""))), line.get("line")
        if cell is None or type(number) is not int or not line.get("text"):
            return None
        return dict(line) if line["text"] == self.line(int(cell[1]), number) else None


def text_of(program: Mapping[str, Any], missing: Iterable[str] = ()) -> StudentText:
    """The text of the program that goes into a room, and the libraries that are missing for it."""
    cells = {int(cell["index"]) + 1: str(cell["source"]) for cell in program["cells"]}
    return StudentText(cells, missing, program["names"])
