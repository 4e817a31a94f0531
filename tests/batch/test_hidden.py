"""What is hidden stays hidden: seeds, the secret and the inputs of the checks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent
from typing import Any

import numpy as np
import pytest

from autograder.explain import Explainer
from autograder.judge.grader import Grader
from autograder.judge.secret import course_secret
from autograder.judge.suite import reference_subject
from autograder.results.result import Result, Verdict
from autograder.student import Call

from .small import loaded, overflowing, right, with_task

pytestmark = [pytest.mark.sandbox, pytest.mark.filterwarnings("ignore::RuntimeWarning")]


@pytest.fixture(scope="module")
def grader(made: Path) -> Iterator[Grader]:
    with Grader(*loaded(made), explain=Explainer()) as grader:
        yield grader


def grade(grader: Grader, folder: Path, notebook: dict[str, Any], student: str = "student-001") -> Result:
    path = folder / "notebook.ipynb"
    path.write_text(json.dumps(notebook))
    return grader.grade(path, student)


def seeds(
    grader: Grader, folder: Path, notebook: dict[str, Any], student: str = "student-001"
) -> dict[str, int]:
    """The seeds of a submission, as the grader derives them."""
    path = folder / "notebook.ipynb"
    path.write_text(json.dumps(notebook))
    return grader._seeds(student, grader.read(path).digest)


def inputs(grader: Grader, drawn: dict[str, int]) -> list[np.ndarray]:
    """Every array that the checks give to student code, drawn once more with the reference."""
    calls: list[Call] = []
    for check, seed in drawn.items():
        calls += grader.suite.run(check, reference_subject(grader.suite), seed, mirrored=False).transcript
    return [arg for call in calls for arg in call.args if isinstance(arg, np.ndarray)]


# Each is a way to carry the inputs out in what is said about an error.
WAYS = {
    "own message": "raise ValueError(repr(z))",
    "int": "int(repr(z))",
    "int of digits": "int('x' + ''.join(c for c in repr(abs(z)) if c.isdigit()))",
    "float of bytes": "float(z.tobytes().hex())",
    "key": "{}[repr(z)]",
    "key of digits": "{}[int(abs(z[0, 0]) * 10**12)]",
    "attribute": "getattr(z, 'a' + z.tobytes().hex())",
    "name": "eval('a' + z.tobytes().hex())",
    "class": "raise type('E' + z.tobytes().hex(), (Exception,), {})()",
    "type": "return type('T' + z.tobytes().hex(), (), {})()",
    "index": "[][int(abs(z[0, 0]) * 10**12)]",
    "line": (
        "import linecache\n"
        "for name in list(linecache.cache):\n"
        "    if name.startswith('cell '):\n"
        "        linecache.cache[name] = (1, None, [repr(z).replace('\\n', '')] * 99, name)\n"
        "1 / 0"
    ),
    "file name": "exec(compile('1 / 0', 'cell ' + repr(z), 'exec'))",
    "assertion": "assert False, repr(z)",
    "stub": "raise NotImplementedError(repr(z))",
    "missing name": "raise type('NameMissing', (Exception,), {})(repr(z))",
    "printed": "print(z)\nraise ValueError",
    "disguised raise": "exec('ra' 'ise ValueError(z.tobytes().hex())')",
    "disguised names": "exec('ra' 'ise TypeError(repr(z.tobytes().hex()))')",
    "exit": "import sys\nsys.exit(repr(z))",
}


@pytest.mark.parametrize("way", WAYS)
def test_errors_do_not_carry_inputs_out(grader, made, tmp_path, way):
    """No text of a result holds five digits in a row of what a check gave to the student's function."""
    notebook = with_task(made, "softmax_forward", f"def softmax_forward(z):\n{indent(WAYS[way], '    ')}")
    result = grade(grader, tmp_path, notebook)
    assert result.score == 0.0
    assert not result.broken
    given = inputs(grader, seeds(grader, tmp_path, notebook))
    assert given, "the checks give arrays"
    secret = set()
    for array in given:
        numbers = " ".join(repr(float(number)) for number in array.ravel())
        secret |= set(re.findall(r"[0-9]{5}", numbers.replace("1000.", "")))
        secret |= set(re.findall(r"[0-9a-f]{8}", array.tobytes().hex()))
        secret |= {str(int(abs(number) * 10**12)) for number in array.ravel()}
    told = json.dumps([[c.title, c.reason, c.hint, c.notes] for c in result.checks]) + str(result.flags)
    assert not [digits for digits in secret if digits in told], told


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("return z @ z", "The matrices of a product do not fit"),
        ("return z.reshape(7, 7)", "The new shape has not as many elements as the array."),
        ("return z.summ()", "An array has no attribute summ."),
        ("return undefined_thing", "undefined_thing is not defined."),
        ("return softmax_forward()", "softmax_forward was called without its argument z."),
    ],
)
def test_errors_still_say_what_helps(grader, made, tmp_path, body, sentence):
    """A sentence says what it means, with the student's own names and line."""
    notebook = with_task(made, "softmax_forward", f"def softmax_forward(z):\n    {body}")
    reason = grade(grader, tmp_path, notebook).checks[0].reason
    assert sentence in reason
    assert f"`{body}`" in reason


def test_results_hold_neither_seed_nor_secret(grader, made, tmp_path):
    """What is stored about a submission, right or wrong, tells nothing of either."""
    for notebook in (right(made), overflowing(made)):
        text = grade(grader, tmp_path, notebook).to_json()
        drawn = seeds(grader, tmp_path, notebook)
        assert not [seed for seed in drawn.values() if str(seed) in text or f"{seed:x}" in text]
        assert course_secret(grader.course).decode() not in text


def test_the_same_submission_gets_the_same_numbers(grader, made, tmp_path):
    """Another student or another attempt gets others; opening and saving the notebook changes nothing."""
    notebook = right(made)
    first = seeds(grader, tmp_path, notebook)
    assert len(set(first.values())) == len(first)
    saved = json.loads(json.dumps(notebook))
    for cell in saved["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], 7
    assert seeds(grader, tmp_path, saved) == first
    assert not set(seeds(grader, tmp_path, notebook, "student-002").values()) & set(first.values())
    assert not set(seeds(grader, tmp_path, overflowing(made)).values()) & set(first.values())


def test_a_right_submission_loses_nothing_whatever_its_numbers(grader, made, tmp_path):
    """Twenty students hand in the same right notebook, and the known mistake costs all of them the same."""
    scores = {grade(grader, tmp_path, right(made), f"student-{n:03d}").score for n in range(20)}
    assert scores == {100.0}
    wrong = [grade(grader, tmp_path, overflowing(made), f"student-{n:03d}") for n in range(5)]
    assert {result.score for result in wrong} == {80.0}
    assert {c.mistake for r in wrong for c in r.checks if c.verdict is not Verdict.PASSED} == {"overflows"}
