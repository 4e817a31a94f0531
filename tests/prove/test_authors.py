"""What an author does wrong is one sentence of ``course prove``: where, what, and what to write instead."""

import json
import re
import sys

import pytest
from click.testing import CliRunner

from autograder.base.errors import ConfigError
from autograder.commands.prove import command
from autograder.course import load_course
from autograder.prove import prove
from autograder.unit.scaffold import new_course

REFERENCE = '''"""Numbers."""

import numpy as np


class DataFrame:
    """No value that could cross."""


def softmax_forward(x):
    """Double.

    >>> softmax_forward(2)
    4
    """
    if x is None:
        raise ValueError("nothing to double")
    return 2 * x


def softmax_backward(kind, x=None):
    """Answers of many kinds.

    >>> softmax_backward("sum")
    3.0
    """
    answers = {
        "frame": DataFrame(),
        "texts": np.array(["a", "b"]),
        "nested": [[1.0, 2.0], [3.0]],
        "pair": (np.ones(2), DataFrame()),
        "sum": 3.0,
        "raises": None,
    }
    if kind == "raises":
        raise KeyError(kind)
    return answers[kind]
'''
GRADER = '''import numpy as np
import pytest

from autograder.checks import *


class DataFrame:
    """No value that could cross."""


def helped(x):
    return double_it(x)


@pytest.mark.task("softmax_forward", points=60)
def test_double(student, draw):
    """Doubled."""
    right(student.softmax_forward(draw.normal(3)))


@pytest.mark.task("softmax_backward", points=40{mark})
def test_it(student, draw):
    """The check that its author got wrong."""
    {check}
'''
LINE = GRADER[: GRADER.index("{check}")].count("\n") + 1  # where the author's line stands
DEF = LINE - 2  # where the check begins
CANNOT = "this kind of value cannot cross: "
OBJECT = (
    f"{CANNOT}it is an object (DataFrame) that stays with the student; name one of its attributes or items."
)
TOP_LEVEL = "runs beside the student's code is a function with a name, at the top level of the grader"
WRONG = [
    ("student.beside(lambda x: x, 1)", f"student.beside(<lambda>, ...): what {TOP_LEVEL}"),
    (
        "student.beside((lambda y: next(f for f in [lambda: y]))(1), 1)",
        f"student.beside(<lambda>, ...): what {TOP_LEVEL}",
    ),
    ("student.beside(np.sum, 1)", f"what {TOP_LEVEL}"),
    ("right(student.beside(helped, 1))", "helped may use its arguments, np and torch, and nothing else"),
    (
        'right(student.softmax_backward("sum", DataFrame()))',
        f"softmax_backward(...): {CANNOT}a DataFrame. Send",
    ),
    (
        'right(student.softmax_backward("sum", np.array(["a"])))',
        f"softmax_backward(...): {CANNOT}an array of dtype <U1. Send numbers",
    ),
    ('assert student.softmax_backward("sum", np.array(["a"])).value', f"{CANNOT}an array of dtype <U1. Send"),
    ('unchanged(student, student.share(np.array(["a"])), "x")', f"share(...): {CANNOT}an array of dtype <U1"),
    ('right(student.softmax_backward("frame"))', f"right(...) of softmax_backward: {OBJECT}"),
    ('assert student.softmax_backward("frame").value', f".value of softmax_backward: {OBJECT}"),
    ('obeys(student.softmax_backward("frame"), bool)', f".value of softmax_backward: {OBJECT}"),
    (
        'right(student.softmax_backward("texts"))',
        f"right(...) of softmax_backward: {CANNOT}an array of dtype <U1. Let",
    ),
    (
        'assert len(student.softmax_backward("texts").value)',
        f".value of softmax_backward: {CANNOT}an array of dtype",
    ),
    (
        'right(student.softmax_backward("nested"))',
        f"{CANNOT}it holds an object (list) that stays with the student",
    ),
    (
        'right(student.softmax_backward("pair"))',
        f"{CANNOT}it holds an object (DataFrame) that stays with the",
    ),
    ("right(5)", "right(...) is about a reply, such as student.f(x) gives; a int came."),
    (
        'assert student.softmax_backward("sum")',
        "is no value yet: to ask whether it is true, take reply.value",
    ),
    (
        'assert student.softmax_backward("sum") == 3',
        "is no value yet: to compute with it or compare it, take",
    ),
    ('right(student.softmax_backward("raises"))', "the reference raised KeyError: 'raises'. Use raises(...)"),
    (
        'student.softmax_backward("sum"); student.softmax_backward("raises")',
        "Write raises(...) where it should.",
    ),
    (
        'student.softmax_backward("sum")',
        "it expects nothing, so it passes whatever comes. Say what is right:",
    ),
    ("a, b = student.softmax_backward('pair')", "it expects nothing, so it passes whatever comes."),
    ("pass", "it expects nothing, so it passes whatever comes."),
    ("student.now(draw.normal(2))", "take what student.share was given, or what it gave"),
    ("right(student.softmax_backward(1 / 0))", "ZeroDivisionError: division by zero"),
    ('pytest.skip("not today")', "not today"),
]


@pytest.fixture
def unit_with(tmp_path, monkeypatch):
    """A function that makes a course whose unit has this check; gives course and unit."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delenv("COURSE_DATA", raising=False)

    def make(check, mark=""):
        unit = new_course(tmp_path / "my-course")[0].unit("softmax")
        unit.reference.write_text(REFERENCE)
        unit.grader.write_text(GRADER.replace("{check}", check).replace("{mark}", mark))
        unit.mistakes.unlink()
        course = load_course(tmp_path / "my-course")
        return course, course.unit("softmax")

    return make


@pytest.mark.parametrize(("check", "said"), WRONG, ids=[check for check, _ in WRONG])
def test_a_wrong_check_is_one_problem(unit_with, check, said):
    """It names file, line and check, once for all papers; nothing else is tried before that is mended."""
    proof = prove(*unit_with(check), papers=2)
    (problem,) = proof.problems
    place = rf"assignments/softmax/grader\.py:({DEF}|{LINE}): test_it: "
    assert re.match(f"reference: test_it is BROKEN: {place}", problem)
    assert said in problem
    assert "\n" not in problem
    assert proof.trivial == proof.mistakes == {}
    assert not proof.ok


@pytest.mark.parametrize(
    ("check", "line"), [("right(5)", LINE), ("x = 1\n    right(\n        5)", LINE + 1), ("pass", DEF)]
)
def test_the_line_is_the_one_that_went_wrong(unit_with, check, line):
    """Where the whole check is wrong, it is the one in which it begins."""
    (problem,) = prove(*unit_with(check), papers=1).problems
    assert f"grader.py:{line}: " in problem


@pytest.mark.parametrize(
    ("check", "mark", "said"),
    [
        (
            "pass",
            ', on=("softmax_forwrd",)',
            "test_it stands on 'softmax_forwrd', expected the name of a function",
        ),
        ("pass", ', on=("softmax_forwrd",)', "did you mean softmax_forward"),
        ("pass", ', on=("DataFrame",)', "test_it stands on 'DataFrame'"),
        (
            "pass",
            ", mirror=False",
            "mirror= is gone, since only what right(...), close(...), dtype(...) or .value",
        ),
        ("pass", ", isolate=True", "isolate= is gone, since what is passed on goes by value"),
        ("import time", "", "a check has no clock of its own"),
        ("from time import perf_counter", "", "write within(reply, seconds) from autograder.checks"),
    ],
)
def test_what_a_file_says_wrong_is_a_sentence(unit_with, check, mark, said):
    """Before anything runs, with the file and the line."""
    with pytest.raises(ConfigError, match=rf"grader\.py:({DEF}|{LINE}): ") as caught:
        prove(*unit_with(check, mark))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("as_json", [False, True])
def test_the_command_prints_no_traceback(unit_with, monkeypatch, as_json):
    """The problem is printed, and the exit code says that something is wrong."""
    course, _ = unit_with('right(student.softmax_backward("texts"))')
    monkeypatch.chdir(course.root)
    done = CliRunner().invoke(command, ["--papers", "1", *(["--json"] if as_json else [])])
    assert done.exit_code == 1
    assert isinstance(done.exception, SystemExit)
    if as_json:
        (found,) = json.loads(done.stdout)
        assert (found["ok"], found["reference"], found["stub"], found["mistakes"]) == (False, 0.6, 0.0, {})
        assert CANNOT in found["problems"][0]
    else:
        assert "test_it is BROKEN" in done.stdout
        assert "1 problems" in done.stdout
