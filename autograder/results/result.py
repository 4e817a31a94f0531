"""What a check can end in, and the result of one submission.

Glossary
    task      a function or class that the student writes
    check     one hidden test function; it belongs to one task and is worth points
    verdict   how a check ended; only PASSED earns points
    result    everything about one graded submission; the content of one JSON file
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """How a check ended."""

    PASSED = "PASSED"
    FAILED = "FAILED"  # the answer is wrong
    BLOCKED = "BLOCKED"  # cannot be judged because of another check, which the reason names
    MISSING = "MISSING"  # the name is not defined, or is still the stub
    ERROR = "ERROR"  # student code raised
    TIMEOUT = "TIMEOUT"
    MEMORY = "MEMORY"
    CRASHED = "CRASHED"  # the process ended without an answer
    BROKEN = "BROKEN"  # our fault: no score is stored


HOLDS = "This holds, but it counts only when"  # begins the reason of a law that waits for its own task
_ENCODE = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


@dataclass(frozen=True)
class Check:
    """One hidden test on one submission, as the student may see it."""

    id: str
    task: str
    title: str
    points: float
    earned: float
    verdict: Verdict
    reason: str = ""
    hint: str = ""
    mistake: str | None = None
    bonus: bool = False
    case: dict[str, Any] | None = None  # the smallest failing case on public inputs
    notes: tuple[str, ...] = ()  # for staff only


@dataclass(frozen=True)
class Result:
    """One graded submission; ``to_json`` is the file ``results/<unit>/<student>.json``."""

    unit: str
    student: str
    score: float | None  # None where a check is BROKEN: nothing is stored as a mark
    max_score: float
    checks: tuple[Check, ...] = ()
    healed: tuple[str, ...] = ()
    isolation: str = "walled"
    digest: str = ""
    explained: str = ""  # digest of what the explanations depend on
    seconds: float = 0.0
    bonus: float = 0.0  # extra points, on top of score
    max_bonus: float = 0.0
    loaded: str = "slice"  # or "whole notebook", or "not"
    submitted: str | None = None  # ISO 8601 time with zone, where known
    source: str = ""  # name of the submitted file
    flags: tuple[str, ...] = ()  # what staff should look at
    sealed: bool = False  # it ran on the sealed paper, too, which changes no mark
    answers: dict[str, str] = field(default_factory=dict)  # digests of written answers; "": left as it came

    @property
    def broken(self) -> bool:
        """True where a fault of ours leaves the submission without a score."""
        return any(check.verdict is Verdict.BROKEN for check in self.checks)

    def to_json(self) -> str:
        """The result as deterministic JSON text, a line for each field and each check."""
        fields = {name: _ENCODE(value) for name, value in vars(self).items() if name != "checks"}
        checks = ",\n".join(f"  {_ENCODE(vars(check))}" for check in self.checks)
        fields["checks"] = f"[\n{checks}\n ]" if checks else "[]"
        return "{\n" + ",\n".join(f' "{name}": {fields[name]}' for name in vars(self)) + "\n}\n"

    @classmethod
    def from_json(cls, text: str) -> Result:
        """The inverse of ``to_json``.

        Raises:
            ValueError: the text is no result, or one of a newer engine.
        """
        fields = json.loads(text)
        try:
            checks = tuple(
                Check(**{**check, "verdict": Verdict(check["verdict"]), "notes": tuple(check["notes"])})
                for check in fields.pop("checks")
            )
            lists: dict[str, Any] = {name: tuple(fields.pop(name)) for name in ("healed", "flags")}
            return cls(checks=checks, **lists, **fields)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a result file: {error}") from error

    def with_checks(self, checks: tuple[Check, ...]) -> Result:
        """The same result with other checks, and the score that follows from them."""
        return replace(self, checks=checks, **totals(checks))


def totals(checks: tuple[Check, ...]) -> dict[str, Any]:
    """Score, bonus and their maxima: the sums over the checks, or no score where one is BROKEN."""
    core = [check for check in checks if not check.bonus]
    extra = [check for check in checks if check.bonus]
    broken = any(check.verdict is Verdict.BROKEN for check in checks)
    return {
        "score": None if broken else round(sum((check.earned for check in core), 0.0), 6),
        "max_score": round(sum((check.points for check in core), 0.0), 6),
        "bonus": 0.0 if broken else round(sum((check.earned for check in extra), 0.0), 6),
        "max_bonus": round(sum((check.points for check in extra), 0.0), 6),
    }


__all__ = ["Check", "Result", "Verdict", "totals"]
