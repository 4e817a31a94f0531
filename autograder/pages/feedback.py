"""What a student gets back: one page that says what is right, what was seen and where to look.

A page holds only what ``disclosure`` leaves open of the result, and a result holds
no hidden input, seed or test in the first place.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ..base.files import replace_file
from ..course import Course, Unit
from ..marks import Mark, UnitFacts
from ..results.disclosure import Shown, as_student, shown
from ..results.late import parse_time
from ..results.result import HOLDS, Check, Result, Verdict
from ..results.store import safe_name
from .remarks import remarks
from .render import day, render

WORDS = {
    Verdict.PASSED: "right",
    Verdict.FAILED: "wrong result",
    Verdict.BLOCKED: "not judged yet",
    Verdict.MISSING: "not written yet",
    Verdict.ERROR: "raised an exception",
    Verdict.TIMEOUT: "took too long",
    Verdict.MEMORY: "used too much memory",
    Verdict.CRASHED: "ended without an answer",
    Verdict.BROKEN: "a fault of ours",
}
ISOLATION = {
    "walled": "in a sandbox without network, apart from the checks",
    "fenced": "in a restricted process without network, apart from the checks",
    "none": "in a process without isolation",
}
READ_AS = {"slice": "definitions and what they need", "whole notebook": "the whole notebook, run once"}


@dataclass(frozen=True)
class Finding:
    """Checks that ended alike for the same reason; the reason is told once."""

    checks: tuple[Check, ...]
    reason: str
    hint: str
    case: dict[str, str] | None


@dataclass(frozen=True)
class TaskCard:
    """All about one task."""

    name: str
    earned: float
    points: float
    passed: tuple[Check, ...]
    findings: tuple[Finding, ...]
    later: tuple[Finding, ...]  # not judged: blocked by another task, or a fault of ours
    bonus: bool = False  # all of its points are extra
    extra: float = 0.0  # what its bonus checks gave, where others make its points

    @property
    def checks(self) -> tuple[Check, ...]:
        """All of them, those that did not pass first."""
        others = (check for finding in (*self.findings, *self.later) for check in finding.checks)
        return (*others, *self.passed)

    @property
    def full(self) -> bool:
        """True where every check passed."""
        return not self.findings and not self.later

    @property
    def unwritten(self) -> bool:
        """True where nothing of it is written: one line is shown instead of all checks."""
        verdicts = {check.verdict for finding in self.findings for check in finding.checks}
        return verdicts == {Verdict.MISSING} and not self.passed

    @property
    def blocked(self) -> bool:
        """True where another task is in the way of all of it, which may be unwritten, too: the same."""
        verdicts = {check.verdict for finding in self.later for check in finding.checks}
        return verdicts == {Verdict.BLOCKED} and not (self.findings or self.passed)

    @property
    def percent(self) -> float:
        """Earned share."""
        return _percent(self.earned, self.points)

    @property
    def state(self) -> str:
        """One word or two for the card's corner."""
        if self.full:
            return "complete"
        if self.unwritten:
            return "not written yet"
        return "in part" if self.passed else ("to do" if self.findings else "not judged yet")

    @property
    def tone(self) -> str:
        """The colour that goes with the state."""
        return "good" if self.full else ("bad" if self.state == "to do" else "wait")

    @property
    def later_note(self) -> str:
        """What the student can conclude where checks could not be judged."""
        waiting = [
            check for finding in self.later for check in finding.checks if check.verdict is Verdict.BLOCKED
        ]
        if any(not check.reason.startswith(HOLDS) for check in waiting):
            return "These checks need another task first. Nothing here says that this code is wrong."
        return ""


def write_feedback(facts: UnitFacts, counted: Iterable[tuple[Mark, Result]], moment: datetime) -> list[Path]:
    """Write one page per mark into ``data/feedback/<unit>/<student>/index.html``.

    Args:
        facts: of the unit.
        counted: marks with the results of the attempts that count.
        moment: the present.
    """
    course, unit = facts.course, facts.unit
    paths = []
    for mark, result in counted:
        path = course.data_folder / "feedback" / unit.name / safe_name(mark.student) / "index.html"
        open_ = shown(course.disclosure, unit, moment, facts.opens(mark.student))
        replace_file(path, feedback_page(course, unit, result, open_, mark))
        paths.append(path)
    return paths


def feedback_page(course: Course, unit: Unit, result: Result, open_: Shown, mark: Mark | None = None) -> str:
    """The page of one student as HTML.

    Args:
        course: for its title.
        unit: the unit that was graded.
        result: the whole result; what is not open is left out here.
        open_: what may be shown now.
        mark: the student's mark, where the result is that of the attempt that counts.
    """
    seen = as_student(result, open_)
    tasks = task_cards(seen.checks)
    return render(
        "feedback/index.html",
        course=course,
        unit=unit,
        student=result.student,
        **_points(result, mark),
        complete=sum(task.full for task in tasks if not task.bonus),
        core=sum(not task.bonus for task in tasks),
        tasks=tasks,
        remarks=remarks(unit, result, mark),
        repaired=result.healed,
        held_back=_held_back(unit, open_, mark),
        unreadable=_unreadable(seen),
        facts=_facts(unit, result, course.python, mark),
        words=WORDS,
    )


def _points(result: Result, mark: Mark | None) -> dict[str, Any]:
    """The page's number: the mark, bonus and lateness included; without one what the checks gave."""
    points, out_of, bonus = result.score, result.max_score, result.bonus
    if mark is not None and mark.counting is not None:
        points, out_of = mark.points, mark.counting.out_of
        bonus = sum(cell.extra for cell in mark.counting.cells.values())
    return {
        "score": points,
        "max_score": out_of,
        "bonus": bonus,
        "included": mark is not None,  # the bonus, in the number
        "how": mark.how if mark is not None else "",
        "percent": _percent(points or 0.0, out_of),
    }


def task_cards(checks: tuple[Check, ...]) -> list[TaskCard]:
    """One card per task, in the order of the checks."""
    tasks: dict[str, list[Check]] = {}
    for check in checks:
        tasks.setdefault(check.task, []).append(check)
    return [_card(name, own) for name, own in tasks.items()]


def _card(name: str, checks: list[Check]) -> TaskCard:
    waiting = (Verdict.BLOCKED, Verdict.BROKEN)
    counted = counting(checks)
    return TaskCard(
        name=name,
        earned=sum(check.earned for check in counted),
        points=sum(check.points for check in counted),
        passed=tuple(check for check in checks if check.verdict is Verdict.PASSED),
        findings=_findings(check for check in checks if check.verdict not in (Verdict.PASSED, *waiting)),
        later=_findings(check for check in checks if check.verdict in waiting),
        bonus=all(check.bonus for check in checks),
        extra=sum(check.earned for check in checks) - sum(check.earned for check in counted),
    )


def counting(checks: Iterable[Check]) -> list[Check]:
    """The checks that make a task's points: its core checks, or all of a task that is all bonus."""
    checks = list(checks)
    return [check for check in checks if not check.bonus] or checks


def _findings(checks: Iterable[Check]) -> tuple[Finding, ...]:
    """Checks with the same explanation together; the first smallest case speaks for all."""
    groups: dict[tuple[Any, ...], list[Check]] = {}
    for check in checks:
        groups.setdefault((check.verdict, check.mistake, check.reason, check.hint), []).append(check)
    return tuple(
        Finding(tuple(own), own[0].reason, own[0].hint, next((case_of(c) for c in own if c.case), None))
        for own in groups.values()
    )


def case_of(check: Check) -> dict[str, str]:
    """The fields of the smallest case as text, whatever is in them."""
    case = check.case or {}
    return {name: str(case.get(name) or "") for name in ("calls", "got", "expected", "note")}


def _held_back(unit: Unit, open_: Shown, mark: Mark | None) -> str:
    if open_.everything:
        return ""
    what = "Single checks are" if not open_.verdicts else "Some explanations are"
    due = day(_due(unit, mark))
    return f"{what} not shown now. Your course decides when they are; the due date is {due}."


def _due(unit: Unit, mark: Mark | None) -> datetime:
    """The student's own date."""
    return datetime.fromisoformat(unit.due) if mark is None else mark.due.moment


def _unreadable(result: Result) -> str:
    """Why no notebook could be read, where one reason stands for every check."""
    reasons = {check.reason for check in result.checks}
    if result.loaded == "not" and len(reasons) == 1 and result.score is not None:
        return reasons.pop()
    return ""


def _facts(unit: Unit, result: Result, python: str, mark: Mark | None) -> list[tuple[str, str]]:
    moment = parse_time(result.submitted)
    due = _due(unit, mark)
    why = f" ({' and '.join(mark.due.why)})" if mark is not None and mark.due.why else ""
    facts = [
        ("Handed in", day(moment.astimezone(due.tzinfo)) if moment else ""),
        ("Due", day(due) + why),
        ("File", result.source),
        ("Your code ran", ISOLATION.get(result.isolation, "") if result.loaded in READ_AS else ""),
        ("Read as", READ_AS.get(result.loaded, "")),
        ("Python", python if result.loaded in READ_AS else ""),
        ("Receipt", result.digest[:16]),
    ]
    return [(name, value) for name, value in facts if value]


def _percent(part: float, whole: float) -> float:
    return round(min(max(100 * part / whole, 0.0), 100.0), 1) if whole > 0 else 0.0
