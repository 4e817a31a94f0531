"""The report of a unit and the index over all units, as HTML files in ``data/reports``."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from markupsafe import Markup

from ...base.files import replace_file
from ...course import Course, Unit
from ...gradebook import Folders
from ...judge.secret import course_secret
from ...prove import why_unproven
from ...results.late import lateness
from ...results.result import Result
from ...results.store import ResultFileError, read_results, unreadable_results
from ..feedback import counting
from ..figures import score_histogram, task_bars
from ..render import render
from .attention import Reason, needs_a_person, unreadable
from .items import FEW, Item, analyse
from .patterns import Pattern, clusters, named_mistakes

NAMES = 12  # students named per pattern
PATTERNS = 30  # shown of each kind; the rest is counted


@dataclass(frozen=True)
class UnitReport:
    """Everything a unit's report says."""

    unit: Unit
    results: tuple[Result, ...]
    handed_in: int  # submissions that are known, graded or not
    calls: tuple[Reason, ...]
    mistakes: tuple[Pattern, ...]
    clusters: tuple[Pattern, ...]
    items: tuple[Item, ...]
    late: int

    @property
    def scores(self) -> list[float]:
        """The scores of all graded submissions."""
        return [result.score for result in self.results if result.score is not None]

    @property
    def max_score(self) -> float:
        """Points to be had."""
        return max((result.max_score for result in self.results), default=0.0)

    @property
    def mean(self) -> float | None:
        """Mean score."""
        return statistics.fmean(self.scores) if self.scores else None

    @property
    def median(self) -> float | None:
        """Median score."""
        return statistics.median(self.scores) if self.scores else None

    @property
    def seconds(self) -> float:
        """Grading time of all submissions together, on one core."""
        return sum(result.seconds for result in self.results)

    @property
    def seconds_left(self) -> float:
        """What the ungraded submissions will take at the same pace, on one core."""
        done = len(self.results)
        return (self.handed_in - done) * self.seconds / done if done else 0.0

    @property
    def callers(self) -> int:
        """How many submissions need a person."""
        return len({call.student or call.why for call in self.calls})

    @property
    def due(self) -> datetime:
        """When the unit is due."""
        return datetime.fromisoformat(self.unit.due)

    @property
    def failed_by_strong(self) -> list[Item]:
        """Checks that strong students fail, the worst first."""
        found = [item for item in self.items if item.failed_by_strong]
        return sorted(found, key=lambda item: (-item.strong_failed / item.strong_judged, item.id))


def unit_report(
    course: Course, unit: Unit, results: Sequence[Result], damaged: Iterable[ResultFileError] = ()
) -> UnitReport:
    """Evaluate the results of one unit."""
    damaged = list(damaged)
    judged = [result for result in results if not unreadable(result)]
    unproven = why_unproven(course, unit, course_secret(course)) if results else ""
    return UnitReport(
        unit=unit,
        results=tuple(results),
        handed_in=max(len(results) + len(damaged), _submitted(course, unit)),
        calls=tuple(needs_a_person(results, damaged, unproven)),
        mistakes=tuple(named_mistakes(judged)),
        clusters=tuple(clusters(judged)),
        items=tuple(analyse(results)),
        late=sum(lateness(course.late, unit.due, result.submitted).percent > 0 for result in results),
    )


def evaluate(course: Course, unit: Unit) -> UnitReport:
    """Evaluate the stored results of one unit."""
    results, damaged = read_results(course, unit.name), unreadable_results(course, unit.name)
    return unit_report(course, unit, results, damaged)


def write_reports(course: Course, moment: datetime, unit: str | None = None) -> list[Path]:
    """Write the report of one unit or of all that have results, then the index over all; it comes last."""
    reports = [evaluate(course, one) for one in course.units]
    wanted = [report for report in reports if report.handed_in and unit in (None, report.unit.name)]
    pages = [write_report(course, report, moment) for report in wanted]
    return [*pages, write_index(course, reports, moment)] if pages else []


def write_report(course: Course, report: UnitReport, moment: datetime) -> Path:
    """Write ``data/reports/<unit>/index.html``."""
    path = course.data_folder / "reports" / report.unit.name / "index.html"
    replace_file(path, report_page(course, report, moment))
    return path


def write_index(course: Course, reports: Sequence[UnitReport], moment: datetime) -> Path:
    """Write ``data/reports/index.html``."""
    path = course.data_folder / "reports" / "index.html"
    replace_file(path, render("report/index.html", course=course, reports=reports, now=moment))
    return path


def report_page(course: Course, report: UnitReport, moment: datetime) -> str:
    """One unit's report as HTML."""
    return render(
        "report/unit.html",
        course=course,
        report=report,
        unit=report.unit,
        now=moment,
        histogram=Markup(score_histogram(report.scores, report.max_score)) if report.scores else "",
        tasks=Markup(task_bars(task_rows(report.results))) if report.scores else "",
        names=NAMES,
        most=PATTERNS,
        few=FEW,
        slowest=sorted(report.results, key=lambda result: (-result.seconds, result.student))[:3],
    )


def task_rows(results: Iterable[Result]) -> list[tuple[str, int, int, int]]:
    """For each task: its name and the students with all, some and none of its points."""
    rows: dict[str, list[int]] = {}
    for result in results:
        if result.score is None:
            continue
        for task in dict.fromkeys(check.task for check in result.checks):
            own = counting(check for check in result.checks if check.task == task)
            earned, points = sum(check.earned for check in own), sum(check.points for check in own)
            place = 2 if earned <= 0 else (0 if earned >= points - 1e-9 else 1)
            name = f"{task} (bonus)" if all(check.bonus for check in own) else task
            rows.setdefault(name, [0, 0, 0])[place] += 1
    return [(name, *counts) for name, counts in rows.items()]  # type: ignore[misc]


def _submitted(course: Course, unit: Unit) -> int:
    return sum(1 for _ in Folders(course).submitted.glob(f"*/{unit.name}/{unit.name}.ipynb"))
