"""What a student's process says is a claim: it earns nothing by itself, and carries nothing out."""

from __future__ import annotations

import json
import re
from pathlib import Path
from textwrap import dedent

import pytest

from autograder.explain import Explainer
from autograder.judge.grader import Grader
from autograder.judge.suite import reference_subject
from autograder.results.result import Result, Verdict
from tests.attacks.judges import judging
from tests.support import place, solved_notebook, write

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
    def conv2d_forward(x, w, b=None, stride=1, padding=0, dilation=1):
        if x.shape == (2, 3, 3, 3):  # of the first hidden check, not of the notebook's examples
            seen.append(x.ravel().copy())
        rows = (x.shape[2] + 2 * padding - dilation * (w.shape[2] - 1) - 1) // stride + 1
        columns = (x.shape[3] + 2 * padding - dilation * (w.shape[3] - 1) - 1) // stride + 1
        return np.resize(seen[0] if seen else 7.0, (len(x), len(w), rows, columns)), (x, w, b)
"""


def graded(unit: str, task: str, code: str, folder: Path) -> tuple[Grader, Result]:
    """A solved notebook with ``code`` in place of one task, and its grader, closed but still readable."""
    content = solved_notebook(unit)
    content["cells"][place(content, task)]["source"] = dedent(code)
    with judging(unit, explain=Explainer()) as grader:
        return grader, grader.grade(write(folder, content), "student-001")


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
    _, result = graded("autoencoder", "train_autoencoder", code, tmp_path)
    found = [check for check in result.checks if check.task == "train_autoencoder"]
    assert [check.id for check in found if check.verdict is Verdict.PASSED] == []
    assert not result.broken


def test_case_does_not_give_hidden_inputs_back(tmp_path: Path) -> None:
    """A function that answers with what it was first given tells nothing that a hidden check gave it."""
    grader, result = graded("conv_layer", "conv2d_forward", REMEMBERS, tmp_path)
    shown = json.dumps([check.case for check in result.checks if check.case])
    assert shown != "[]", "there is a smallest case"
    seeds = grader._seeds("student-001", grader.read(tmp_path / "student-001.ipynb").digest)
    first = next(check.id for check in result.checks if check.task == "conv2d_forward")
    reference = reference_subject(grader.suite)
    calls = grader.suite.run(first, reference, seeds[first], mirrored=False, unrolled=True).transcript
    assert calls[0].args[0].shape == (2, 3, 3, 3), "the check that the code above waits for"
    hidden = {f"{abs(value):.4g}" for value in calls[0].args[0].ravel()}
    assert not hidden & {f"{abs(float(number)):.4g}" for number in re.findall(r"-?[0-9]+\.[0-9]{3,}", shown)}
