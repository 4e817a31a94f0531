"""What is hidden stays hidden: papers, the secret and the inputs of the checks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent
from typing import Any

import numpy as np
import pytest

from autograder.checks import structure
from autograder.explain import Explainer
from autograder.judge.grader import Grader
from autograder.judge.secret import course_secret
from autograder.judge.suite import reference_subject
from autograder.results.result import Result, Verdict
from autograder.student import Call
from autograder.student.claims.texts import StudentText

from .small import loaded, overflowing, right, with_task

TASK = "softmax_forward"
pytestmark = [pytest.mark.sandbox, pytest.mark.filterwarnings("ignore::RuntimeWarning")]


@pytest.fixture(scope="module")
def grader(made: Path) -> Iterator[Grader]:
    with Grader(*loaded(made), explain=Explainer()) as grader:
        yield grader


def grade(grader: Grader, folder: Path, notebook: dict[str, Any], student: str = "student-001") -> Result:
    path = folder / "notebook.ipynb"
    path.write_text(json.dumps(notebook))
    return grader.grade(path, student)


def paper_of(grader: Grader, folder: Path, notebook: dict[str, Any], student: str = "student-001") -> int:
    """The paper of a submission, as the grader finds it."""
    path = folder / "notebook.ipynb"
    path.write_text(json.dumps(notebook))
    return grader.suite.papers.of(student, grader.read(path).digest)


def inputs(grader: Grader, paper: int) -> list[np.ndarray]:
    """Every array that the checks give to student code, drawn once more with the reference."""
    calls: list[Call] = []
    for check in grader.suite.marks:
        calls += grader.suite.run(check, reference_subject(grader.suite), paper).transcript
    return [arg for call in calls for arg in call.args if isinstance(arg, np.ndarray)]


LETTERS = "'T' + ''.join(chr(97 + int(c)) for c in str(int(abs(z[0, 0]) * 10**12)))"
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
    "shape": "return np.zeros((0, *(abs(z.ravel()[:2]) * 10**7).astype(int))), ()",
    "shape of many axes": "return np.zeros((0, *(abs(z.ravel()) * 1000).astype(int)[:20] % 1000)), ()",
    "count": "return [0] * int(abs(z[0, 0]) * 10**5 + 10**4)",
    "count in a value": "return ([0] * int(abs(z[0, 0]) * 10**5 + 10**4),)",
    "letters": "return type(LETTERS, (), {})()",
    "letters in a value": "return type(LETTERS, (), {})(), ()",
    "letters of a tuple": (
        "import collections\nT = collections.namedtuple(LETTERS, 'a b')\nreturn T(T(1, 2), 3)"
    ),
    "letters of an error": "raise type(LETTERS, (Exception,), {})",
    "keys": "return {repr(z): LETTERS}",
    "warning": "import warnings\nwarnings.warn(repr(z))\nreturn z.sum()",
    "fields": "return np.zeros(1, [(LETTERS, float)]), ()",
    "text": "return repr(z), LETTERS",
}


def leaked(grader: Grader, made: Path, folder: Path, way: str) -> tuple[Result, list[str]]:
    """The result of going that way, and the hidden digits or letters that its texts hold."""
    body = indent(WAYS[way].replace("LETTERS", LETTERS), "    ")
    notebook = with_task(made, TASK, f"def softmax_forward(z):\n{body}")
    result = grade(grader, folder, notebook)
    given = inputs(grader, paper_of(grader, folder, notebook))
    assert given, "the checks give arrays"
    secret = set()
    for array in given:
        numbers = " ".join(repr(float(number)) for number in array.ravel())
        secret |= set(re.findall(r"[0-9]{5}", numbers.replace("1000.", "")))
        secret |= set(re.findall(r"[0-9a-f]{8}", array.tobytes().hex()))
        secret |= {str(int(abs(number) * 10**12)) for number in array.ravel()}
        secret |= {str(int(abs(number) * 10**5 + 10**4)) for number in array.ravel() if abs(number) < 100}
        secret |= {"".join(chr(97 + int(c)) for c in str(int(abs(number) * 10**12))) for number in array.flat}
    texts = [[c.title, c.reason, c.hint, c.notes] for c in result.checks]
    told = json.dumps(texts, ensure_ascii=False) + str(result.flags)  # escaped, "±1000" ends in 11000
    return result, [digits for digits in secret if digits in told]


@pytest.mark.parametrize("way", WAYS)
def test_errors_do_not_carry_inputs_out(grader, made, tmp_path, way):
    """No text of a result holds five digits in a row of what a check gave to the student's function."""
    result, found = leaked(grader, made, tmp_path, way)
    assert not any(check.earned for check in result.checks if check.task == TASK)
    assert not result.broken
    assert not found


@pytest.mark.parametrize("way", ["shape", "count", "letters", "letters in a value", "letters of a tuple"])
def test_the_ways_out_are_there_where_all_is_told(grader, made, tmp_path, monkeypatch, way):
    """The control: with shapes, counts and names in full the same code carries its inputs out."""
    monkeypatch.setattr(structure, "LONGEST_AXIS", 10**18)
    monkeypatch.setattr(structure, "shape_told", lambda shape, expected=None: str(tuple(shape)))
    monkeypatch.setattr(StudentText, "_type", lambda self, name: name)
    _, found = leaked(grader, made, tmp_path, way)
    assert found


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
    """What is stored about a submission, right or wrong, tells nothing of either, nor of its paper."""
    papers = grader.suite.papers
    for notebook in (right(made), overflowing(made)):
        text = grade(grader, tmp_path, notebook).to_json()
        seeds = [papers.seed(check, paper) for check in grader.suite.marks for paper in papers.all]
        assert not [seed for seed in seeds if str(seed) in text or f"{seed:x}" in text]
        assert course_secret(grader.course).decode() not in text
        assert "paper" not in text


def test_the_same_submission_gets_the_same_numbers(grader, made, tmp_path):
    """Students and attempts get various papers; opening and saving the notebook changes nothing."""
    notebook = right(made)
    first = paper_of(grader, tmp_path, notebook)
    saved = json.loads(json.dumps(notebook))
    for cell in saved["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], 7
    assert paper_of(grader, tmp_path, saved) == first
    for others in (
        [paper_of(grader, tmp_path, notebook, f"student-{n:03d}") for n in range(40)],
        [paper_of(grader, tmp_path, with_task(made, TASK, f"x = {n}")) for n in range(40)],
    ):
        assert len(set(others)) > 8
        assert set(others) <= set(grader.suite.papers.all)


def test_papers_share_no_numbers(grader):
    """What an attempt with one paper is given is on no other."""
    seen: set[bytes] = set()
    for paper in grader.suite.papers.all:
        given = {array.tobytes() for array in inputs(grader, paper)}
        assert given and seen.isdisjoint(given)
        seen |= given


def test_a_right_submission_loses_nothing_whatever_its_numbers(grader, made, tmp_path):
    """Twenty students hand in the same right notebook, and the known mistake costs all of them the same."""
    scores = {grade(grader, tmp_path, right(made), f"student-{n:03d}").score for n in range(20)}
    assert scores == {100.0}
    wrong = [grade(grader, tmp_path, overflowing(made), f"student-{n:03d}") for n in range(5)]
    assert {result.score for result in wrong} == {80.0}
    assert {c.mistake for r in wrong for c in r.checks if c.verdict is not Verdict.PASSED} == {"overflows"}
