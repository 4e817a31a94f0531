"""Right code gets full marks in the sandbox as in the proof, which tries every paper: reference and variants."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autograder.course import load_course
from autograder.demo.solving import solved
from autograder.judge.grader import Grader
from autograder.results.result import Verdict
from autograder.unit.mistakes.catalogue import load_catalogue
from tests.support import ROOT

UNIT = "conv_layer"


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
