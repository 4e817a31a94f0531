"""A subject on which no shipped function runs, so that a check makes its calls one by one.

A grader may ask for many answers in one crossing and, where anything is wrong with them, ask
again call by call. Right code never comes to that; to compare the single calls, the
reference is made to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..student import Subject
from ..student.links import Link, OnCallback
from ..verdicts import Verdict

REFUSAL = {"k": "error", "class": "RuntimeError", "bases": ["RuntimeError"], "message": "", "line": None}


@dataclass(frozen=True)
class CallByCall:
    """Another subject, without shipped functions."""

    subject: Subject

    def connect(self, task: str, isolate: bool) -> Link:
        """The subject's link, which refuses shipped functions."""
        return _Refusing(self.subject.connect(task, isolate))

    def ended(self, timed_out: bool) -> tuple[Verdict, str]:
        """What the subject says."""
        return self.subject.ended(timed_out)

    def missing(self, name: str) -> tuple[Verdict, str] | None:
        """What the subject says."""
        return self.subject.missing(name)


@dataclass(frozen=True)
class _Refusing:
    """A link that answers a shipped function with an exception."""

    link: Link

    def request(
        self, header: dict[str, Any], buffers: list[Any], deadline: float, on_callback: OnCallback
    ) -> tuple[dict[str, Any], list[memoryview]]:
        """Pass everything else on."""
        if header["k"] == "inside":
            return dict(REFUSAL), []
        return self.link.request(header, buffers, deadline, on_callback)
