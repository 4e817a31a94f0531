"""The report of a unit and the index over all units, as HTML files in ``data/reports``."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from markupsafe import Markup
from sqlalchemy import Connection

from ...base.files import replace_file
from ...course import Course, Unit
from ...gradebook import Folders
from ...marks import Mark, UnitFacts, counted, read_facts
from ...marks.database import Database
from ...results.result import Result
from ...results.store import ResultFileError, unreadable_results
from ..feedback import counting
from ..figures import score_histogram, task_bars
from ..render import render
from .attention import Reason, needs_a_person, unreadable
from .items import FEW, Item, analyse
from .patterns import Pattern, clusters, named_mistakes
from .unproven import why_unproven

REPORTS, FOR_OTHERS = "reports", "reports-pseudonyms"  # in the data folder
Called = Callable[[str], str]
NAMES = 12  # students named per pattern
PATTERNS = 30  # shown of each kind; the rest is counted


@dataclass(frozen=True)
class UnitReport:
    """Everything a unit's report says."""

    unit: Unit
    marks: tuple[Mark, ...]
    results: tuple[Result, ...]  # of the attempts that count
    handed_in: int  # submissions that are known, graded or not
    calls: tuple[Reason, ...]
    mistakes: tuple[Pattern, ...]
    clusters: tuple[Pattern, ...]
    items: tuple[Item, ...]

    @property
    def points(self) -> list[float]:
        """All marks that there are."""
        return [mark.points for mark in self.marks if mark.points is not None]

    @property
    def out_of(self) -> float:
        """Points to be had."""
        return max((mark.out_of for mark in self.marks if mark.out_of is not None), default=0.0)

    @property
    def mean(self) -> float | None:
        """Mean mark."""
        return statistics.fmean(self.points) if self.points else None

    @property
    def median(self) -> float | None:
        """Median mark."""
        return statistics.median(self.points) if self.points else None

    @property
    def late(self) -> int:
        """Marks that lose something for lateness."""
        return sum(mark.counting is not None and mark.counting.late.percent > 0 for mark in self.marks)

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
    course: Course,
    unit: Unit,
    pairs: Iterable[tuple[Mark, Result]],
    damaged: Iterable[ResultFileError] = (),
    submitted: int | None = None,
) -> UnitReport:
    """Evaluate the marks of one unit.

    Args:
        course: of the unit.
        unit: whose.
        pairs: marks with the results of the attempts that count.
        damaged: result files that could not be read.
        submitted: who handed in, graded or not; what lies in the folder of submissions where left out.
    """
    pairs = list(pairs)
    results, damaged = [result for _, result in pairs], list(damaged)
    judged = [result for result in results if not unreadable(result)]
    unproven = why_unproven(course, unit) if results else ""
    known = _submitted(course, unit) if submitted is None else submitted
    return UnitReport(
        unit=unit,
        marks=tuple(mark for mark, _ in pairs),
        results=tuple(results),
        handed_in=max(len(results) + len(damaged), known),
        calls=tuple(needs_a_person(results, damaged, unproven)),
        mistakes=tuple(named_mistakes(judged)),
        clusters=tuple(clusters(judged)),
        items=tuple(analyse(results)),
    )


def evaluate(course: Course, database: Database, unit: Unit, called: Called | None = None) -> UnitReport:
    """Evaluate what is known of one unit; ``called`` gives students other names."""
    with database.read() as connection:
        pairs = counted(connection, read_facts(connection, course, unit).marks())
        if called is None:
            return unit_report(course, unit, pairs, unreadable_results(course, unit.name))
        return unit_report(course, unit, (_renamed(pair, called) for pair in pairs))


def _renamed(pair: tuple[Mark, Result], called: Called) -> tuple[Mark, Result]:
    mark, result = pair
    name = called(mark.student)
    return replace(mark, student=name), replace(result, student=name)


def evaluate_facts(facts: UnitFacts, connection: Connection) -> UnitReport:
    """The same by the database alone, for who shows the report now; result files are not looked at."""
    pairs = counted(connection, facts.marks())
    return unit_report(facts.course, facts.unit, pairs, submitted=len(facts.students))


def write_reports(
    course: Course,
    database: Database,
    moment: datetime,
    unit: str | None = None,
    called: Called | None = None,
) -> list[Path]:
    """Write the report of one unit or of all that have results, then the index over all; it comes last.

    Where students are ``called`` by other names, it goes into a folder beside the usual one.
    """
    folder = REPORTS if called is None else FOR_OTHERS
    reports = [evaluate(course, database, one, called) for one in course.units]
    wanted = [report for report in reports if report.handed_in and unit in (None, report.unit.name)]
    pages = [write_report(course, report, moment, folder) for report in wanted]
    return [*pages, write_index(course, reports, moment, folder)] if pages else []


def write_report(course: Course, report: UnitReport, moment: datetime, folder: str = REPORTS) -> Path:
    """Write ``<unit>/index.html`` in a folder of the data folder."""
    path = course.data_folder / folder / report.unit.name / "index.html"
    replace_file(path, report_page(course, report, moment))
    return path


def write_index(
    course: Course, reports: Sequence[UnitReport], moment: datetime, folder: str = REPORTS
) -> Path:
    """Write ``index.html`` in a folder of the data folder."""
    path = course.data_folder / folder / "index.html"
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
        histogram=Markup(score_histogram(report.points, report.out_of)) if report.points else "",
        tasks=Markup(task_bars(task_rows(report.results))) if report.points else "",
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
