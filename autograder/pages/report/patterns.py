"""What many students got wrong in the same way.

A mistake has a name where the grader found exactly one known mistake that fits.
Equal wrong outputs without a name are candidates for ``mistakes.py``, or a hint
that the assignment's text misleads.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ...base.digest import digest_of
from ...results.result import Check, Result, Verdict

WRONG = (Verdict.FAILED, Verdict.ERROR, Verdict.TIMEOUT, Verdict.MEMORY, Verdict.CRASHED)


@dataclass(frozen=True)
class Pattern:
    """One way to be wrong, and who was."""

    task: str
    name: str  # of the mistake; empty in a cluster without a name
    students: tuple[str, ...]
    checks: tuple[str, ...]  # the ids of the failed checks
    reason: str
    case: dict[str, str] | None  # the smallest case of the first student who has one
    key: str = ""  # names it, whoever is wrong in this way

    @property
    def count(self) -> int:
        """How many students."""
        return len(self.students)


def named_mistakes(results: Iterable[Result]) -> list[Pattern]:
    """Known mistakes by how many students made them."""
    groups: dict[tuple[str, ...], list[tuple[str, list[Check]]]] = {}
    for student, task, failed in _failures(results):
        for name in sorted({check.mistake for check in failed if check.mistake}):
            own = [check for check in failed if check.mistake == name]
            groups.setdefault((task, name), []).append((student, own))
    return _sorted([_pattern(key[0], key[1], members, key) for key, members in groups.items()])


def clusters(results: Iterable[Result], least: int = 2) -> list[Pattern]:
    """Students whose unnamed failures of a task look the same: failed checks, reason and output."""
    groups: dict[tuple[object, ...], list[tuple[str, list[Check]]]] = {}
    for student, task, failed in _failures(results):
        if any(check.mistake for check in failed):
            continue
        outputs = tuple(str((check.case or {}).get("got", "")) for check in failed)
        key = (task, tuple(check.id for check in failed), tuple(check.reason for check in failed), outputs)
        groups.setdefault(key, []).append((student, failed))
    found = [
        _pattern(str(key[0]), "", members, key) for key, members in groups.items() if len(members) >= least
    ]
    return _sorted(found)


def _failures(results: Iterable[Result]) -> Iterable[tuple[str, str, list[Check]]]:
    for result in results:
        tasks = dict.fromkeys(check.task for check in result.checks)
        for task in tasks:
            failed = [check for check in result.checks if check.task == task and check.verdict in WRONG]
            if failed:
                yield result.student, task, failed


def _pattern(
    task: str, name: str, members: list[tuple[str, list[Check]]], key: tuple[object, ...]
) -> Pattern:
    checks = [check for _, failed in members for check in failed]
    cases = [check.case for check in checks if check.case]
    smallest = min(cases, key=lambda case: (len(str(case.get("calls", ""))), str(case)), default=None)
    return Pattern(
        task=task,
        name=name,
        students=tuple(student for student, _ in members),
        checks=tuple(dict.fromkeys(check.id for check in checks)),
        reason=next((check.reason for check in checks if check.reason), ""),
        case={name: str(value) for name, value in smallest.items()} if smallest else None,
        key=digest_of(repr(key)),
    )


def _sorted(patterns: list[Pattern]) -> list[Pattern]:
    return sorted(patterns, key=lambda p: (-p.count, p.task, p.name, p.checks, p.students))
