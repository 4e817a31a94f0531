"""What a graded submission got beside what is frozen of it, and which differences are wanted.

``changes.json`` lists the wanted ones: unit, check, the new verdict (null: there is no such check any
more), the reason as it stands in the changelog, and the submissions (all of the unit, where left out).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from autograder.results.result import Result
from tests.frozen.sample import FOLDER, Frozen


@dataclass(frozen=True)
class Difference:
    """A check that ended otherwise than it did; None where there was or is no such check."""

    unit: str
    submission: str
    check: str
    before: tuple[str, float] | None  # verdict and earned points
    now: tuple[str, float] | None
    why: str = ""  # what the student is told now


@dataclass(frozen=True)
class Change:
    """A difference that is wanted."""

    unit: str
    check: str
    verdict: str | None
    reason: str
    submissions: list[str] | None = None

    def explains(self, found: Difference) -> bool:
        """Whether this is the difference that was wanted."""
        listed = self.submissions is None or found.submission in self.submissions
        verdict = found.now[0] if found.now else None
        return listed and (self.unit, self.check, self.verdict) == (found.unit, found.check, verdict)


def read_changes() -> tuple[Change, ...]:
    """The wanted differences."""
    listed = json.loads((FOLDER / "changes.json").read_text(encoding="utf-8"))
    return tuple(Change(**each) for each in listed)


def differences(name: str, before: Frozen, now: Result) -> list[Difference]:
    """Every check of a submission that ended otherwise."""
    old = {check: (kept["verdict"], kept["earned"]) for check, kept in before.checks.items()}
    new = {check.id: (str(check.verdict), check.earned) for check in now.checks}
    reasons = {check.id: check.reason for check in now.checks}
    return [
        Difference(now.unit, name, check, old.get(check), new.get(check), reasons.get(check, ""))
        for check in {**old, **new}
        if old.get(check) != new.get(check)
    ]


def marks_entries(changelog: str) -> list[str]:
    """The entries that can change a mark, each in one line: those under Marks, or that end in (Marks.)."""
    found = []
    for section in changelog.split("\n### "):
        entries = re.findall(r"^- (.*(?:\n  .*)*)", section, flags=re.MULTILINE)
        lines = [" ".join(entry.split()) for entry in entries]
        found += [line for line in lines if section.startswith("Marks") or line.endswith("(Marks.)")]
    return found


def unexplained(changes: Iterable[Change], changelog: str) -> list[Change]:
    """Changes without a reason, or with one that the changelog does not give under Marks."""
    entries = marks_entries(changelog)
    return [each for each in changes if not any(each.reason and each.reason in line for line in entries)]
