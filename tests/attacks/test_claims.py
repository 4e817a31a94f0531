"""What a student's process says is a claim: it earns nothing by itself, and carries nothing out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent

import pytest

from autograder.explain import Explainer
from autograder.judge.grader import Grader
from autograder.judge.suite import reference_subject
from autograder.results.result import Result, Verdict
from autograder.student.subjects import RoomSubject
from tests.attacks.judges import judging
from tests.support import ROOT, place, solved_notebook, write

pytestmark = pytest.mark.sandbox

OBLIGING = """
    class Obliging:
        def answer(self, *args, **kwargs): return self
        __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __pow__ = __matmul__ = __rmatmul__ = answer
        mean = detach = clone = answer
        T = property(answer)
        def __float__(self): return 0.0
        def __le__(self, other): return True
        __lt__ = __ge__ = __gt__ = __eq__ = __le__
        __hash__ = object.__hash__
"""
REMEMBERS = """
    seen = []
    def dense_forward(x, w, b=None):
        if x.shape == (3, 5):  # of the first hidden check, not of the notebook's examples
            seen.append(x.ravel().copy())
        return np.resize(seen[0] if seen else 7.0, (len(x), w.shape[1])), (x, w)
"""


@contextmanager
def graded(root: Path, unit: str, task: str, code: str, folder: Path) -> Iterator[tuple[Grader, Result, int]]:
    """A solved notebook with ``code`` in place of one task: its grader, its result and its paper."""
    content = solved_notebook(unit, root)
    content["cells"][place(content, task)]["source"] = dedent(code)
    with judging(root, explain=Explainer(), unit=unit) as grader:
        path = write(folder, content)
        paper = grader.suite.papers.of("student-001", grader.read(path).digest)
        yield grader, grader.grade(path, "student-001"), paper


@pytest.mark.parametrize(
    "losses", ["[10.0] * len(rows)", "[Obliging()]", "Obliging()", "[float('inf')]", "[float('nan')] * 300"]
)
def test_parameters_that_answer_as_they_like(losses: str, tmp_path: Path) -> None:
    """A model whose parameters are objects that agree with everything has not been trained."""
    code = f"""
    {OBLIGING}
    def train_autoencoder(model, x, rows, loss, lr, corruption=None):
        object.__setattr__(model, "parameters", lambda *args: [Obliging() for _ in range(4)])
        return {losses}
    """
    with graded(ROOT, "autoencoder", "train_autoencoder", code, tmp_path) as (_, result, _):
        pass
    found = [check for check in result.checks if check.task == "train_autoencoder"]
    assert [check.id for check in found if check.verdict is Verdict.PASSED] == []
    assert not result.broken


def test_case_does_not_give_hidden_inputs_back(little: Path, tmp_path: Path) -> None:
    """A function that answers with what it was first given tells nothing that a hidden check gave it."""
    with graded(little, "little", "dense_forward", REMEMBERS, tmp_path) as (grader, result, paper):
        calls = grader.suite.run("test_forward", reference_subject(grader.suite), paper).transcript
    shown = json.dumps([check.case for check in result.checks if check.case])
    assert shown != "[]", "there is a smallest case"
    assert calls[0].args[0].shape == (3, 5), "the check that the code above waits for"
    hidden = {f"{abs(value):.4g}" for value in calls[0].args[0].ravel()}
    assert not hidden & {f"{abs(float(number)):.4g}" for number in re.findall(r"-?[0-9]+\.[0-9]{3,}", shown)}


def test_the_process_that_is_asked_for_a_case_is_a_new_one(
    little: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: asked in the process that has seen the check, the same code shows what it was given."""
    for ends in ("renew", "close"):
        monkeypatch.setattr(RoomSubject, ends, lambda self: None)
    with graded(little, "little", "dense_forward", REMEMBERS, tmp_path) as (grader, result, paper):
        calls = grader.suite.run("test_forward", reference_subject(grader.suite), paper).transcript
    shown = json.dumps([check.case for check in result.checks if check.case])
    hidden = {f"{abs(value):.3g}" for value in calls[0].args[0].ravel()}
    assert hidden & {f"{abs(float(number)):.3g}" for number in re.findall(r"-?[0-9]+\.[0-9]{3,}", shown)}
