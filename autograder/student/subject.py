"""Whatever can stand trial: a sandboxed submission, the reference, a mistake, a mutant."""

from __future__ import annotations

from typing import Protocol

from ..results.result import Verdict
from ..sandbox.endings import Ending
from .links import Link


class Subject(Protocol):
    """Whoever answers a check."""

    def at(self, task: str) -> Subject:
        """The same as it was where a task's check stands; for most, itself."""

    def connect(self) -> Link:
        """A link to a host that is ready for another check.

        Raises:
            StudentFault: the submission does not load.
            SandboxFault: the isolation failed.
        """

    def ended(self, timed_out: bool) -> Ending:
        """Clear away the process that gave no answer, and say how it ended."""

    def missing(self, name: str) -> tuple[Verdict, str] | None:
        """Why a name (an attribute: with a point before it) is not there, where loading knows more."""

    def renew(self) -> None:
        """End the process, if there is one: the next check gets another."""
