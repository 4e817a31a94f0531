"""Statements that a notebook is loaded without, because executing them ended the process.

One statement that never ends, or that ends the process, must cost only the tasks that
need it. Which one it was is the process's own claim (see ``inside.process.room``). A lie is of
no use: it leaves out a statement of the student's own notebook, which could have been
handed in without it, and no more than ``MOST`` times.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...results.result import Verdict
from ...sandbox.endings import Ending, Statement
from ..faults import clean
from .texts import StudentText

MOST = 3  # statements of one submission
_UNDEFINED = re.compile(r"name '(\w+)' is not defined")


@dataclass(frozen=True)
class LeftOut:
    """A statement that is not executed any more, and why."""

    statement: Statement
    ending: Ending
    seconds: float  # that it was given

    @property
    def reason(self) -> str:
        """A sentence for the student."""
        found = self.statement
        where = f"cell {found.cell}, line {found.line}: `{clean(found.text, 100)}`"
        return f"{where} {self._did()}, so what it defines is not there."

    @property
    def error(self) -> dict[str, Any]:
        """The same as the error that a report of loading tells first."""
        found = self.statement
        where = {"cell": found.cell, "line": found.line, "text": found.text}
        return {"class": str(self.ending.verdict), "message": self._did(), **where}

    def _did(self) -> str:
        if self.ending.verdict is Verdict.TIMEOUT:
            return f"did not end within {self.seconds:g} s"
        if self.ending.verdict is Verdict.MEMORY:
            return "asked for more memory than is allowed and ended the process"
        return f"ended the process ({clean(self.ending.detail, 160)})"


class WithoutSome(StudentText):
    """A submission's text, where a name that a left-out statement binds counts as not defined.

    The judge asks the subject about a name that is not defined, and so the student reads
    why it is not, instead of a ``NameError`` in code that is right.
    """

    def __init__(self, text: StudentText | None, left_out: Sequence[LeftOut]) -> None:
        super().__init__(())
        self._text = text
        self._names = frozenset(name for each in left_out for name in each.statement.names)

    def believable(self, reply: dict[str, Any]) -> dict[str, Any]:
        """An ``error`` reply as it may be believed."""
        if self._text is not None:
            reply = self._text.believable(reply)
        if reply.get("k") != "error" or reply.get("class") != "NameError":
            return reply
        found = _UNDEFINED.match(str(reply.get("message", "")))
        if found is None or found[1] not in self._names:
            return reply
        return {**reply, "class": "NameMissing", "ours": True, "message": found[1]}
