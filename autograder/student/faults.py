"""What a call of student code can end in instead of a value.

StudentFault                  carries a verdict and the reason that the student reads
├── StudentRaised             ERROR, or MISSING for a stub or an undefined name;
│                             also an instance of the builtin exception that was raised
├── StudentEnded              TIMEOUT, MEMORY, CRASHED or BROKEN: the process is gone
└── Blocked                   BLOCKED: another task's code is in the way
"""

from __future__ import annotations

from functools import cache
from typing import Any

from ..results.result import Verdict
from ..sandbox.endings import Ending
from .claims.sayings import said

# Only these may be caught by name in a grader: never AssertionError, which would look like our own.
BUILTIN = {
    kind.__name__: kind
    for kind in (
        ArithmeticError, AttributeError, IndexError, KeyError, LookupError, NotImplementedError,
        OverflowError, RecursionError, RuntimeError, TypeError, ValueError, ZeroDivisionError,
    )
}  # fmt: skip


class StudentFault(Exception):
    """A call that brought no value; ``verdict`` and ``reason`` say why.

    Attributes:
        cause: what kept a name from being there; the reason begins with it.
    """

    verdict = Verdict.ERROR
    cause = ""

    def __init__(self, reason: str, verdict: Verdict | None = None, name: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.name = name
        if verdict is not None:
            self.verdict = verdict


class StudentRaised(StudentFault):
    """Student code raised; ``claim`` is what its process told of the exception."""

    claim: dict[str, Any]


class StudentEnded(StudentFault):
    """The student's process gave no answer in time, or is gone."""

    killed = False  # by a signal that may have come from outside


def ended_at(label: str, ending: Ending) -> StudentEnded:
    """The fault of a process that ended while the call of that label was carried out."""
    where = f"{label}: " if label and ending.verdict is not Verdict.BROKEN else ""
    fault = StudentEnded(f"{where}{ending.detail}", ending.verdict, label)
    fault.killed = ending.killed
    return fault


class Blocked(StudentFault):
    """The check cannot be judged, because code of another task is in the way."""

    verdict = Verdict.BLOCKED


def raised(claim: dict[str, Any], name: str) -> StudentRaised:
    """The exception that stands for one raised by student code while ``name`` was called.

    It is also an instance of the builtin class, so that ``pytest.raises(ValueError)`` works.
    """
    bases = [base for base in claim.get("bases", ()) if isinstance(base, str)]
    builtin = next((BUILTIN[base] for base in bases if base in BUILTIN), None)
    kind = StudentRaised if builtin is None else _mixed(builtin)
    verdict, reason = _explain(claim, bases, name)
    fault = kind(reason, verdict, name)
    fault.claim = claim
    return fault


def following(fault: StudentFault, cause: str, verdict: Verdict) -> StudentFault:
    """The fault of a name that is not there, with what it follows from in front."""
    claim = getattr(fault, "claim", {})
    told = cause if claim.get("ours") else f"{cause} {fault.name} needs it{_line(claim.get('line'))}."
    found = StudentFault(told, verdict, fault.name)
    found.cause = cause
    return found


def blocked(culprit: str, fault: StudentFault, label: str = "") -> Blocked:
    """The check waits for another task, as the fault of a call shows."""
    waits = f"This cannot be judged before {culprit} works."
    rest = fault.reason.removeprefix(fault.cause).strip()
    found = Blocked(" ".join(filter(None, (fault.cause, waits, rest))), name=label)
    found.cause = fault.cause
    return found


@cache
def _mixed(builtin: type[Exception]) -> type[StudentRaised]:
    return type(f"Student{builtin.__name__}", (StudentRaised, builtin), {"__str__": Exception.__str__})


def _explain(claim: dict[str, Any], bases: list[str], name: str) -> tuple[Verdict, str]:
    kind = clean(claim.get("class", "an exception"), 60)
    if claim.get("ours") and kind == "NameMissing":
        missing = clean(claim.get("message", ""), 80)
        return Verdict.MISSING, f"{missing} is not defined in the notebook."
    line = _line(claim.get("line"))
    if "NotImplementedError" in bases:
        return Verdict.MISSING, f"{name} is not written yet: NotImplementedError was raised{line}."
    if "MemoryError" in bases:
        return Verdict.MEMORY, f"{name} asked for more memory than is allowed{line}."
    return Verdict.ERROR, f"{name} raised {kind}{line}. {_says(claim)}".rstrip()


def _line(line: Any) -> str:
    if not isinstance(line, dict):
        return ""
    where = f" in {clean(line.get('cell', ''), 20)}, line {clean(line.get('line', ''), 10)}"
    text = clean(line.get("text", ""), 120)
    return f"{where}: `{text}`" if text else where


def _says(claim: dict[str, Any]) -> str:
    """What the exception means, in a sentence of ours; never a text that student code made."""
    if claim.get("class") == "Unavailable":  # our own sentence, see ``claims``
        return clean(claim.get("message", ""), 200)
    found = said(claim)
    return found.sentence if found is not None else ""


def clean(text: Any, length: int) -> str:
    """One line of printable text of at most ``length`` characters."""
    printable = str(text)[: 4 * length]
    if not printable.isprintable():
        printable = "".join(c if c.isprintable() else " " for c in printable)
    printable = " ".join(printable.split())
    return printable if len(printable) <= length else printable[: length - 1] + "…"
