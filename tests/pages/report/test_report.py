"""The class report."""

from dataclasses import replace
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest

from autograder.course import Course
from autograder.marks import open_facts
from autograder.pages.figures import histogram, score_histogram, task_bars
from autograder.pages.report import write_index, write_report, write_reports
from autograder.pages.report.attention import Kind, needs_a_person
from autograder.pages.report.page import report_page, task_rows, unit_report
from autograder.pages.report.patterns import clusters, named_mistakes
from autograder.results.result import Verdict
from autograder.results.store import unreadable_results, write_result
from tests.pages.examples import CASE, COURSE, UNIT, a_result, flipped, marked
from tests.pages.test_feedback import EVIL, Outline
from tests.support import in_two_processes

from .classes import a_class

NOW = datetime(2027, 1, 25, 8, 0, tzinfo=UTC)


def page(results):
    """The report of a class."""
    return report_page(COURSE, unit_report(COURSE, UNIT, map(marked, results)), NOW)


def test_who_needs_a_person():
    """Broken, unreadable, flagged and repaired submissions are listed, the most pressing first."""
    calls = needs_a_person(a_class())
    assert [(call.kind, call.student) for call in calls] == [
        (Kind.BROKEN, "student-056"),
        (Kind.UNREADABLE, "student-057"),
        (Kind.FLAGGED, "student-058"),
        (Kind.HEALED, "student-059"),
    ]
    assert "no bubblewrap" in calls[0].why


def test_damaged_result_files_are_listed(tmp_path):
    """A result that cannot be read calls for a person; so do papers that are not proven."""
    course = Course("c", "C", units=(UNIT,), data=str(tmp_path / "data"), root=tmp_path)
    write_result(course, flipped())
    (course.results("conv_layer") / "cut.json").write_text("{")
    report = unit_report(course, UNIT, [marked(flipped())], unreadable_results(course, "conv_layer"))
    assert [call.kind for call in report.calls] == [Kind.DAMAGED, Kind.UNPROVEN]
    assert report.handed_in == 2


def test_named_mistakes_are_counted_by_student():
    """Two failed checks of one student are one mistake; the smallest case is shown."""
    short = CASE | {"calls": "conv2d_forward(1)"}
    other = a_result("b", {"test_values": (Verdict.FAILED, {"mistake": "flips_kernel", "case": short})})
    off = a_result("c", {"test_pool": (Verdict.FAILED, {"mistake": "off_by_one"})})
    first, second = named_mistakes([flipped("a"), other, off])
    assert (first.name, first.count, first.students) == ("flips_kernel", 2, ("a", "b"))
    assert first.checks == ("test_values", "test_stride")
    assert first.case == short
    assert (second.name, second.count) == ("off_by_one", 1)


def test_clusters_are_equal_failures_without_a_name():
    """Same checks, same reason and same output make a cluster; a name or a single student does not."""

    def wrong(student, got, **more):
        return a_result(
            student, {"test_pool": (Verdict.FAILED, {"reason": "r", "case": CASE | {"got": got}} | more)}
        )

    results = [wrong("a", "1"), wrong("b", "1"), wrong("c", "2"), wrong("d", "1", mistake="m"), a_result("e")]
    found = clusters(results)
    assert [(pattern.task, pattern.students) for pattern in found] == [("max_pool_forward", ("a", "b"))]


def test_not_written_is_no_cluster():
    """Students who left the stub are not wrong in the same way."""
    missing = {"test_pool": (Verdict.MISSING, {"reason": "still the stub"})}
    assert clusters([a_result("a", missing), a_result("b", missing)]) == []


def test_the_page_tells_the_story():
    """State, marks, mistakes, clusters, suspicious checks and the table are all there."""
    text = Outline(page(a_class())).text
    for part in (
        "graded of 60",
        "need a person",
        "flips_kernel",
        "14 students",
        "The second maximum got the gradient",
    ):
        assert part in text
    for part in ("10 of 22", "test_dw", "Discrimination", "unreadable file", "Slowest"):
        assert part in text


def test_ungraded_submissions_are_counted(tmp_path):
    """What was handed in and not graded yet shows in the state, with the time it will take."""
    course = Course("c", "C", units=(UNIT,), data=str(tmp_path), root=tmp_path)
    for student in ("student-001", "student-002", "student-003"):
        path = tmp_path / "nbgrader/submitted" / student / "conv_layer/conv_layer.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text("{}")
    report = unit_report(course, UNIT, [marked(flipped(seconds=2.0))])
    assert report.handed_in == 3
    assert report.seconds_left == 4.0
    assert "2 submissions are not graded yet" in Outline(report_page(course, report, NOW)).text


@pytest.mark.parametrize("evil", EVIL)
def test_what_students_wrote_stays_text(evil):
    """In names, reasons, outputs and flags, markup is shown and not obeyed."""
    fields = {"reason": evil, "case": dict.fromkeys(("calls", "got", "expected", "note"), evil)}
    results = [
        a_result(f"{evil} {i}", {"test_pool": (Verdict.ERROR, fields)}, flags=(evil,)) for i in range(3)
    ]
    tame = [
        a_result(f"x {i}", {"test_pool": (Verdict.ERROR, {"reason": "x", "case": CASE})}, flags=("x",))
        for i in range(3)
    ]
    dirty, clean = Outline(page(results)), Outline(page(tame))
    assert [tag for tag in dirty.tags if tag != "code"] == [tag for tag in clean.tags if tag != "code"]
    assert not [name for name, _ in dirty.attributes if name.startswith("on")]
    assert {value for name, value in dirty.attributes if name == "href"} == {"../index.html"} | {
        value for name, value in clean.attributes if name == "href"
    }


def test_the_same_results_give_the_same_bytes():
    """Reports differ in their date only, plots included."""
    first, second = in_two_processes("from tests.pages.report.test_report import *; print(page(a_class()))")
    assert first == second
    assert b"<html" in first


def test_reports_and_index_are_written(tmp_path):
    """One page per unit and an index that links to those with results."""
    course = Course(
        "c", "C", units=(UNIT, replace(UNIT, name="gan", title="GAN")), data=str(tmp_path), root=tmp_path
    )
    full, empty = unit_report(course, UNIT, map(marked, a_class())), unit_report(course, course.units[1], [])
    path = write_report(course, full, NOW)
    assert path == tmp_path / "reports/conv_layer/index.html"
    index = write_index(course, [full, empty], NOW).read_text()
    assert 'href="conv_layer/index.html"' in index
    assert 'href="gan' not in index


def test_stored_results_become_reports(tmp_path):
    """The command's work: a page for each unit with results, and the index; nothing where there are none."""
    course = Course("c", "C", units=(UNIT,), data=str(tmp_path), root=tmp_path)
    write_result(course, flipped())  # by a release that knew no facts
    with open_facts(replace(course, data=str(tmp_path / "empty"))) as database:
        assert write_reports(course, database, NOW) == []
    with open_facts(course) as database:
        index = write_reports(course, database, NOW)[-1]
    assert 'href="conv_layer/index.html"' in index.read_text()
    assert "flips_kernel" in (index.parent / "conv_layer/index.html").read_text()


def test_a_thousand_students_are_no_problem():
    """A large class with many ways to fail gives a page of bounded size."""
    assert len(page(a_class(1000))) < 400_000


def test_histogram_counts_every_student_once():
    """Classes of ten points; full marks belong to the last."""
    assert histogram([0, 9.99, 10, 89.9, 90, 100], 100) == [2, 1, 0, 0, 0, 0, 0, 0, 1, 2]
    assert histogram([30.0, 0.0], 0) == [2, *[0] * 9]


def test_task_rows_tell_full_part_and_none():
    """A task is complete, begun or worth nothing, for each student with a score."""
    rows = task_rows([flipped(), a_result("b")])
    assert rows[0] == ("conv2d_forward", 1, 1, 0)
    assert rows[1] == ("conv2d_backward", 1, 0, 1)


def test_plots_are_small_svg_with_a_text():
    """A plot is well-formed, says in words what it shows, takes the page's colours and loads nothing."""
    for svg in (score_histogram([1, 50, 100], 100), task_bars([("a<b", 3, 2, 1), ("$x$", 0, 0, 0)])):
        root = ElementTree.fromstring(svg)
        assert root.get("role") == "img"
        assert len(root.get("aria-label")) > 20
        assert "var(--" in svg
        assert "#0102" not in svg
        assert "<style" not in svg
        assert "http" not in svg.replace("http://www.w3.org", "")
