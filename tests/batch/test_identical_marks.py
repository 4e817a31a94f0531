"""Right code gets full marks on every paper: the reference and every variant, here and in the sandbox."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autograder.course import load_course
from autograder.demo.solving import solved
from autograder.judge.grader import Grader, judge
from autograder.judge.suite import Suite
from autograder.results.result import Result, Verdict
from autograder.student.subjects import LocalSubject
from autograder.unit.mistakes.catalogue import load_catalogue, tasks_of_names

UNIT = "little"


def right_answers(root: Path) -> list[str]:
    """The texts of the reference and of the variants."""
    course = load_course(root)
    unit = course.unit(UNIT)
    variants = load_catalogue(course, unit).variants.values()
    return [unit.reference.read_text(), *(variant.source for variant in variants)]


def lost(result: Result) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(c.id, c.reason, c.notes) for c in result.checks if c.verdict is not Verdict.PASSED]


def test_no_right_answer_loses_a_point_on_any_paper(little: Path) -> None:
    """The sealed one included: there are no other inputs that a student could be judged by."""
    course = load_course(little)
    unit = course.unit(UNIT)
    suite = Suite(course, unit, tasks_of_names(unit))
    for text in right_answers(little):
        namespace: dict[str, object] = {"__name__": "solutions.little"}
        exec(compile(text, "a right answer", "exec"), namespace)
        for paper in suite.papers.all:
            checks, _ = judge(suite, LocalSubject(namespace), paper)
            assert not [(c.id, c.reason) for c in checks if c.verdict is not Verdict.PASSED], paper


@pytest.mark.sandbox
def test_the_sandbox_gives_the_same(little: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reference and every variant as notebooks, of as many students as it takes to meet all papers."""
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    course = load_course(little)
    release = json.loads(course.unit(UNIT).released_notebook.read_text())
    path = tmp_path / "notebook.ipynb"
    with Grader(course, course.unit(UNIT)) as grader:
        for text in right_answers(little):
            path.write_text(json.dumps(solved(release, text)))
            read = grader.read(path)
            met: set[int] = set()
            for number in range(200):
                paper = grader.suite.papers.of(f"student-{number}", read.digest)
                if paper not in met:
                    result = grader.grade_submission(read, f"student-{number}")
                    assert not lost(result), paper
                    assert result.score == result.max_score == 100.0
                met.add(paper)
            assert met == set(range(grader.suite.papers.count))
