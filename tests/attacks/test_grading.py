"""Submissions that want points they did not earn: the whole way from file to marks.

Each puts hostile code in place of one right answer of an otherwise solved
``little``. It must earn nothing for that task, and the tasks that stand on
their own keep every point.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from textwrap import dedent, indent

import pytest

from autograder.course import Limits
from autograder.judge.grader import Grader
from autograder.results.result import Result, Verdict
from tests.attacks.judges import judging
from tests.support import place, solved_notebook, write

pytestmark = pytest.mark.sandbox
TASK = "dense_forward"
UNTOUCHED = ("windows", "sgd")
LIMITS = Limits(
    call_seconds=1.5, cpu_seconds=10, memory_mib=256, load_seconds=5, whole_seconds=5, reply_mib=16
)

# name -> body of dense_forward, and the verdicts that may come of it
BODIES: dict[str, tuple[str, set[str]]] = {
    "patched_numpy": (
        """
        import numpy.testing
        np.allclose = np.array_equal = np.isclose = lambda *a, **k: True
        numpy.testing.assert_allclose = numpy.testing.assert_array_equal = lambda *a, **k: None
        return np.zeros((1, 1)), None
        """,
        {"FAILED"},
    ),
    "patched_builtins": (
        """
        import builtins
        builtins.all = builtins.isinstance = builtins.abs = lambda *a, **k: True
        builtins.AssertionError = builtins.Warning
        return np.zeros((1, 1)), None
        """,
        {"FAILED", "ERROR", "CRASHED"},
    ),
    "array_subclass": (
        """
        class Always(np.ndarray):
            def __eq__(self, other): return True
            def __sub__(self, other): return np.zeros(3)
            __rsub__ = __sub__
            shape = property(lambda self: (3, 4))
        return np.zeros((3, 4)).view(Always), None
        """,
        {"FAILED", "ERROR", "CRASHED"},
    ),
    "equal_to_everything": (
        """
        class Equal:
            def __getattr__(self, name): return self
            def __call__(self, *a, **k): return self
            def __eq__(self, other): return True
            def __bool__(self): return True
            def __iter__(self): return iter([self, self])
        return Equal(), Equal()
        """,
        {"FAILED", "ERROR"},
    ),
    "not_a_number": ("return np.full((1, 1), np.nan), None", {"FAILED"}),
    "huge_broadcast": ("return np.zeros((1, 300_000)), None", {"FAILED"}),
    "giant_reply": ("return np.zeros(1 << 24), None", {"FAILED", "MEMORY", "ERROR", "CRASHED"}),
    "exit_0": ("import os; os._exit(0)", {"CRASHED"}),
    "forged_exit_status": ("import os; os._exit(120)", {"CRASHED"}),
    "system_exit": ("raise SystemExit(0)", {"ERROR", "CRASHED"}),
    "skip": (
        """
        class Skipped(BaseException): pass
        Skipped.__module__ = "_pytest.outcomes"
        raise Skipped("passed")
        """,
        {"ERROR"},
    ),
    "assertion": ("raise AssertionError('passed')", {"ERROR", "FAILED"}),
    "prints_verdict": ("print('PASSED 100 %'); return None", {"FAILED"}),
    "segmentation_fault": ("import ctypes; ctypes.string_at(1)", {"CRASHED"}),
    "endless": ("while True: pass", {"TIMEOUT"}),
    "endless_ignoring": (
        """
        while True:
            try:
                while True: pass
            except BaseException: pass
        """,
        {"TIMEOUT"},
    ),
    "endless_generator": ("import itertools; return itertools.count()", {"FAILED", "ERROR", "TIMEOUT"}),
    "memory": ("return [bytearray(1 << 24) for _ in range(1 << 20)]", {"MEMORY", "ERROR"}),
    "recursion": ("return dense_forward(x, w, b)", {"ERROR"}),
    "forged_reply": (
        """
        import json, os, struct
        reply = {"k": "value", "v": None, "verdict": "PASSED"}
        text = json.dumps({"k": "some", "replies": [[reply, 0]] * 3, "z": []}).encode()
        os.write(3, (struct.pack(">II", len(text), 0) + text) * 50)
        return None
        """,
        {"FAILED", "ERROR", "CRASHED", "TIMEOUT"},
    ),
    "forged_error": (
        """
        import json, os, struct
        reply = {"k": "error", "class": "X", "bases": [], "message": "", "line": None, "ours": True}
        text = json.dumps({"k": "some", "replies": [[reply, 0]], "z": []}).encode()
        os.write(3, (struct.pack(">II", len(text), 0) + text) * 50)
        return None
        """,
        {"FAILED", "ERROR", "CRASHED", "TIMEOUT", "MISSING"},
    ),
    "rubbish": ("import os; os.write(3, b'rubbish' * 1000)", {"FAILED", "ERROR", "CRASHED", "TIMEOUT"}),
    "patched_json": (
        "import json; json.dumps = lambda *a, **k: '[' * 100_000; return None",
        {"FAILED", "ERROR", "CRASHED", "TIMEOUT"},
    ),
    "looks_for_the_answer": (
        """
        import gc, sys
        for found in gc.get_objects():
            named = callable(found) and getattr(found, "__name__", "") == "dense_forward"
            if named and found is not dense_forward:
                return found(x, w, b)
        from solutions.little import dense_forward as reference
        return reference(x, w, b)
        """,
        {"FAILED", "ERROR"},
    ),
}


@pytest.fixture(scope="module", params=["walled", "fenced"])
def grader(request: pytest.FixtureRequest, little: Path) -> Iterator[Grader]:
    with judging(little, LIMITS, request.param) as found:
        yield found


@pytest.fixture(scope="module")
def solved(little: Path) -> dict:
    return solved_notebook("little", little)


def graded(grader: Grader, solved: dict, body: str, folder: Path) -> Result:
    cells = list(solved["cells"])
    at = place(solved, TASK)
    code = "def dense_forward(x, w, b=None):\n" + indent(dedent(body).strip("\n"), "    ") + "\n"
    cells[at] = {**cells[at], "source": code}
    return grader.grade(write(folder, {**solved, "cells": cells}), "student-001")


@pytest.mark.parametrize("name", BODIES)
def test_no_undeserved_point(name: str, grader: Grader, solved: dict, tmp_path: Path) -> None:
    """Hostile code earns nothing for its task and takes nothing from the others."""
    body, verdicts = BODIES[name]
    result = graded(grader, solved, body, tmp_path)
    found = [check for check in result.checks if check.task == TASK]
    assert sum(check.earned for check in found) == 0.0
    told = {str(check.verdict) for check in found} - {"BLOCKED"}
    assert told <= verdicts, [(check.id, check.verdict, check.reason, check.notes) for check in found]
    for check in result.checks:
        if check.task in UNTOUCHED:
            assert check.verdict is Verdict.PASSED, f"{check.id}: {check.reason} {check.notes}"
    assert not result.broken, "a student cannot make a fault of ours"


def test_a_folder_that_is_closed_and_full_is_the_student_s(
    grader: Grader, solved: dict, tmp_path: Path
) -> None:
    """What a process leaves behind cannot keep the next one from starting."""
    body = """
    import os
    os.mkdir("keep", 0o300)
    try:
        for number in range(1 << 20):
            open(f"keep/{number}", "w").close()
    except OSError:
        pass
    os._exit(0)
    """
    result = graded(grader, solved, body, tmp_path)
    assert not result.broken
    assert {check.verdict for check in result.checks if check.task in UNTOUCHED} == {Verdict.PASSED}


def test_slow_calls_end_with_the_submission_s_time(little: Path, solved: dict, tmp_path: Path) -> None:
    """Each call is within its own limit; all together are not."""
    body = """
    import time
    time.sleep(0.8)
    return np.zeros((1, 1)), None
    """
    with judging(little, replace(LIMITS, submission_seconds=4.0)) as strict:
        begun = time.monotonic()
        result = graded(strict, solved, body, tmp_path)
        assert time.monotonic() - begun < 20
    assert Verdict.TIMEOUT in {check.verdict for check in result.checks}
    assert not result.broken


def test_the_honest_one_still_gets_everything(grader: Grader, solved: dict, tmp_path: Path) -> None:
    """After all of these the same zygote gives a right submission its full marks."""
    result = grader.grade(write(tmp_path, solved), "student-002")
    assert result.score == result.max_score == 100.0, [
        (check.id, check.verdict, check.reason)
        for check in result.checks
        if check.verdict is not Verdict.PASSED
    ]
