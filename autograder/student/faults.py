"""What a call of student code can end in instead of a value.

StudentFault                  carries a verdict and the reason that the student reads
├── StudentRaised             ERROR, or MISSING for a stub or an undefined name;
│                             also an instance of the builtin exception that was raised
├── StudentEnded              TIMEOUT, MEMORY, CRASHED or BROKEN: the process is gone
└── Blocked                   BLOCKED: another task's code is in the way
"""

from __future__ import annotations

import itertools
import re
from typing import Any

from ..results.result import Verdict

# Only these may be caught by name in a grader: never AssertionError, which would look like our own.
BUILTIN = {
    kind.__name__: kind
    for kind in (
        ArithmeticError, AttributeError, IndexError, KeyError, LookupError, NotImplementedError,
        OverflowError, RecursionError, RuntimeError, TypeError, ValueError, ZeroDivisionError,
    )
}  # fmt: skip


class StudentFault(Exception):
    """A call that brought no value; ``verdict`` and ``reason`` say why."""

    verdict = Verdict.ERROR

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
    return Verdict.ERROR, f"{name} raised {kind}{line}.{_message(claim)}"


def _line(line: Any) -> str:
    if not isinstance(line, dict):
        return ""
    where = f" in {clean(line.get('cell', ''), 20)}, line {clean(line.get('line', ''), 10)}"
    text = clean(line.get("text", ""), 120)
    return f"{where}: `{text}`" if text else where


def _message(claim: dict[str, Any]) -> str:
    """What Python or NumPy said; never a text that the student's own ``raise`` made.

    Hidden inputs are visible to the student's function by nature, so a message is a way
    to carry them out (``int(repr(x))``): it is short, of what is quoted only names stay,
    and of numbers only the first few, and of these short ones such as sizes.
    """
    line = claim.get("line")
    if claim.get("class") == "Unavailable":  # our own sentence, see ``claims``
        return f" {clean(claim.get('message', ''), 200)}".rstrip()
    text = str(line.get("text", "")) if isinstance(line, dict) else ""
    own_raise = isinstance(line, dict) and (not text or "raise" in text or "assert" in text)
    kind = claim.get("class")
    if own_raise or kind not in BUILTIN.keys() | {"UnboundLocalError", "NameError"}:
        return ""
    told = itertools.count(1)
    quoted = _QUOTED.sub(_names_only, clean(claim.get("message", ""), 160))
    message = _NUMBER.sub(lambda number: _size(number[0]) if next(told) <= _MOST_SIZES else "…", quoted)
    return f" Python says: {message}" if message and kind != "KeyError" else ""


_MOST_SIZES = 10  # of a message: two shapes with four axes, and two more
# From a quotation mark to the next of its kind, or to the end where the text was cut.
_QUOTED = re.compile(r"""(?<!\w)(['"]).*?(?:\1|$)""")
_NAME = re.compile(r"[A-Za-z_][A-Za-z_.]{0,40}[0-9]{0,2}(\(\))?")
_NUMBER = re.compile(r"-?[0-9]+(?:[.][0-9]*)?(?:e[-+]?[0-9]+)?")


def _names_only(quoted: re.Match[str]) -> str:
    return quoted[0] if _NAME.fullmatch(quoted[0].strip(quoted[1])) else "…"


def _size(number: str) -> str:
    return number if re.fullmatch(r"-?[0-9]{1,3}", number) else "…"


def clean(text: Any, length: int) -> str:
    """One line of printable text of at most ``length`` characters."""
    printable = "".join(c if c.isprintable() else " " for c in str(text)[: 4 * length])
    printable = " ".join(printable.split())
    return printable if len(printable) <= length else printable[: length - 1] + "…"
