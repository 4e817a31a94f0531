"""Right code gets full marks whatever numbers are drawn: the reference and every variant, 200 gradings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autograder.course import load_course
from autograder.demo.solving import solved
from autograder.judge.grader import Grader, judge
from autograder.judge.secret import seed_for
from autograder.judge.suite import Suite
from autograder.results.result import Verdict
from autograder.student.subjects import LocalSubject
from autograder.unit.mistakes.catalogue import load_catalogue
from tests.support import ROOT

GRADINGS = 200
UNIT = "conv_layer"


@pytest.mark.slow
def test_no_right_answer_loses_a_point_in_200_gradings(tmp_path: Path) -> None:
    """Two hundred students, each with seeds of their own, hand in the reference or a variant."""
    course = load_course(ROOT)
    unit = course.unit(UNIT)
    suite = Suite(course, unit)
    catalogue = load_catalogue(course, unit)
    texts = [unit.reference.read_text(), *(variant.source for variant in catalogue.variants.values())]
    subjects = []
    for text in texts:
        namespace: dict[str, object] = {"__name__": "solutions.conv_layer"}
        exec(compile(text, "a right answer", "exec"), namespace)
        subjects.append(LocalSubject(namespace))
    for number in range(GRADINGS):
        student = f"student-{number:03d}"
        seeds = {mark.id: seed_for(b"5" * 64, UNIT, student, mark.id, "") for mark in suite.checks}
        checks, _ = judge(suite, subjects[number % len(subjects)], seeds, mirrored=False)
        lost = [(c.id, c.reason, c.notes) for c in checks if c.verdict is not Verdict.PASSED]
        assert not lost, (student, lost)


@pytest.mark.sandbox
def test_the_sandbox_gives_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reference and every variant as notebooks, three students each."""
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    course = load_course(ROOT)
    unit = course.unit(UNIT)
    release = json.loads(unit.released_notebook.read_text())
    variants = load_catalogue(course, unit).variants.values()
    with Grader(course, unit) as grader:
        for text in (unit.reference.read_text(), *(variant.source for variant in variants)):
            path = tmp_path / "notebook.ipynb"
            path.write_text(json.dumps(solved(release, text)))
            for number in range(3):
                result = grader.grade(path, f"student-{number}")
                lost = [(c.id, c.reason, c.notes) for c in result.checks if c.verdict is not Verdict.PASSED]
                assert not lost
                assert result.score == 100.0
