"""Statements that a notebook is loaded without, because executing them ended the process.

One statement that never ends, or that ends the process, must cost only the tasks that
need it. Which one it was is the process's own claim (see ``inside.process.room``). A lie is of
no use: it leaves out a statement of the student's own notebook, which could have been
handed in without it, and no more than ``MOST`` times.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...results.result import Verdict
from ...sandbox.endings import At, Ending
from ..faults import clean

MOST = 3  # statements of one submission


@dataclass(frozen=True)
class LeftOut:
    """A statement that is not executed any more, and why."""

    statement: At
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
