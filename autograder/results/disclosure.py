"""What of a result a student may see, and from when.

The course decides for verdicts, named mistakes and smallest cases: "always",
"after-due" or "never". Notes and flags are for staff whatever it says.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime

from ..course import Disclosure, Unit
from .result import Check, Result, Verdict

UNNAMED = "The result is not the expected one."
NAMES_A_MISTAKE = (Verdict.FAILED, Verdict.ERROR)


@dataclass(frozen=True)
class Shown:
    """What is open at one moment."""

    verdicts: bool
    mistakes: bool
    smallest_case: bool

    @property
    def everything(self) -> bool:
        """True where nothing is held back."""
        return self.verdicts and self.mistakes and self.smallest_case


def shown(disclosure: Disclosure, unit: Unit, now: datetime, opens: datetime | None = None) -> Shown:
    """What is open at the time ``now``.

    Args:
        disclosure: the course's rules.
        unit: of the result.
        now: the present.
        opens: when what is shown after the due date opens for this student; the unit's date where left out.
    """
    over = now >= (opens or datetime.fromisoformat(unit.due))
    return Shown(
        **{name: rule == "always" or (rule == "after-due" and over) for name, rule in _rules(disclosure)}
    )


def shown_at_last(disclosure: Disclosure) -> Shown:
    """What is open after the due date."""
    return Shown(**{name: rule != "never" for name, rule in _rules(disclosure)})


def _rules(disclosure: Disclosure) -> list[tuple[str, str]]:
    return [(field.name, getattr(disclosure, field.name)) for field in fields(Shown)]


def as_student(result: Result, open_: Shown) -> Result:
    """The result without what is not open; a hidden verdict hides its check altogether."""
    checks = tuple(_open_check(check, open_) for check in result.checks) if open_.verdicts else ()
    return replace(result, checks=checks, flags=())


def now() -> datetime:
    """The present, in UTC."""
    return datetime.now(UTC)


def _open_check(check: Check, open_: Shown) -> Check:
    if open_.mistakes and not check.notes and (open_.smallest_case or check.case is None):
        return check  # as most are: nothing is held back, and a copy takes longer than all the rest
    check = replace(check, notes=(), case=check.case if open_.smallest_case else None)
    if open_.mistakes:
        return check
    # the sentence of a named mistake stands in the reason
    reason = UNNAMED if check.mistake and check.verdict in NAMES_A_MISTAKE else check.reason
    return replace(check, reason=reason, hint="", mistake=None)
