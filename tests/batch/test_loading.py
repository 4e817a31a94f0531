"""Submissions that are slow, heavy or end their process: what it costs them, and how long it takes."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from autograder.judge.grader import Grader
from autograder.results.result import Result, Verdict
from autograder.sandbox import Room

from .small import TASKS, loaded, right, with_cell, with_task

pytestmark = [pytest.mark.sandbox, pytest.mark.filterwarnings("ignore::RuntimeWarning")]


@pytest.fixture(scope="module")
def grader(made: Path) -> Iterator[Grader]:
    """One warm grader: each submission also shows that those before it did no harm."""
    with Grader(*loaded(made)) as grader:
        yield grader


def grade(grader: Grader, folder: Path, notebook: dict[str, Any]) -> Result:
    path = folder / "student-001.ipynb"
    path.write_text(json.dumps(notebook))
    return grader.grade(path, "student-001")


def verdicts(result: Result) -> dict[str, set[str]]:
    return {task: {str(c.verdict) for c in result.checks if c.task == task} for task in TASKS}


def spawned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The modes in which processes are started from now on."""
    modes: list[str] = []
    real = Room.spawn

    def spawn(self: Room, mode: str = "slice", without: Iterable[int] = (), view: int = 0) -> Any:
        modes.append(mode)
        return real(self, mode, without, view)

    monkeypatch.setattr(Room, "spawn", spawn)
    return modes


def test_the_slice_is_enough(grader, made, tmp_path, monkeypatch):
    """A right notebook is graded from its definitions, in one process of its own."""
    modes = spawned(monkeypatch)
    result = grade(grader, tmp_path, right(made))
    assert (result.score, result.loaded) == (100.0, "slice")
    assert modes == ["slice"]


# Nothing tells the slicer that printing defines a name.
HIDDEN = "import sys\nprint(sys._getframe().f_globals.setdefault('helper', lambda z: z))"
BACKWARD = """
def softmax_backward(dout, cache):
    (out,) = cache
    return alias(out * (dout - (dout * out).sum(axis=1, keepdims=True)))
"""


def needs_all(root: Path, first: str) -> dict[str, Any]:
    """A right notebook whose slice does not load, since the first cell defines what it seems not to."""
    notebook = with_task(root, "softmax_backward", BACKWARD)
    cell = {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": []}
    notebook["cells"][1:1] = [{**cell, "source": first}, {**cell, "source": "alias = helper"}]
    return notebook


def test_where_the_slice_fails_the_whole_notebook_is_run(grader, made, tmp_path, monkeypatch):
    """What only a run from top to bottom defines is found by one, in one process for all tasks."""
    modes = spawned(monkeypatch)
    result = grade(grader, tmp_path, needs_all(made, HIDDEN))
    assert (result.score, result.loaded) == (100.0, "whole notebook"), [c.reason for c in result.checks]
    assert modes == ["slice", "whole"]


def test_a_slow_whole_run_is_loading_and_not_the_check(made, tmp_path):
    """Loading may take longer than a check is allowed: it counts against no check, and is done once."""
    course, unit = loaded(made)
    limits = replace(course.limits, test_seconds=1.0, whole_seconds=8.0)
    notebook = needs_all(made, HIDDEN + "\nimport time\ntime.sleep(2.5)")
    begun = time.monotonic()
    with Grader(replace(course, limits=limits), unit) as patient:
        result = grade(patient, tmp_path, notebook)
    assert (result.score, result.loaded) == (100.0, "whole notebook"), [c.reason for c in result.checks]
    assert 2.5 < time.monotonic() - begun < 9.0


def test_what_the_slice_loaded_counts_where_the_whole_run_never_ends(grader, made, tmp_path, monkeypatch):
    """A helper that fails and a loop without end below: the definitions earn what they are worth."""
    notebook = with_cell(made, "BROKEN_TABLE = undefined_name + 1\n", at=1)
    use = "def softmax_backward(dout, cache):\n    return BROKEN_TABLE"
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "softmax_backward":
            cell["source"] = use
    notebook["cells"].append({**notebook["cells"][1], "source": "while True:\n    pass"})
    modes = spawned(monkeypatch)
    result = grade(grader, tmp_path, notebook)
    assert result.loaded == "slice"
    forward = [check for check in result.checks if check.task == "softmax_forward"]
    assert {check.verdict for check in forward} == {Verdict.PASSED}, [check.reason for check in forward]
    assert result.score == 55.0
    assert modes.count("whole") == 1, "a run that never ends is tried once, not once per task"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import time\ntime.sleep(60)\nREADY = 1", {"TIMEOUT"}),
        ("READY = 0\nwhile True:\n    READY += 1", {"TIMEOUT"}),
        ("import os\nos._exit(0)\nREADY = 1", {"CRASHED"}),
        ("import ctypes\nctypes.string_at(1)\nREADY = 1", {"CRASHED"}),
        ("READY = [bytearray(1 << 24) for _ in range(1 << 12)]", {"MEMORY", "ERROR", "MISSING", "CRASHED"}),
    ],
    ids=["sleeps", "loops", "exits", "segfault", "memory"],
)
def test_a_submission_that_does_not_load(grader, made, tmp_path, source, expected):
    """It earns nothing where the tasks need what fails, in bounded time, and is no fault of ours."""
    notebook = with_cell(made, source, at=1)
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") in TASKS:
            name = cell["metadata"]["nbgrader"]["grade_id"]
            cell["source"] = f"def {name}(*args):\n    return READY"
    begun = time.monotonic()
    result = grade(grader, tmp_path, notebook)
    assert result.score == 0.0
    assert not result.broken
    assert time.monotonic() - begun < 8.0
    told = set().union(*verdicts(result).values()) - {"BLOCKED"}
    assert told <= expected | {"FAILED"}, [check.reason for check in result.checks]


def test_after_two_time_outs_of_a_task_its_other_checks_are_not_run(grader, made, tmp_path):
    """A function without end costs two waits, and the sentence says why the rest was not run."""
    body = "import time\ndef softmax_forward(z):\n    time.sleep(60)"
    begun = time.monotonic()
    result = grade(grader, tmp_path, with_task(made, "softmax_forward", body))
    forward = [check for check in result.checks if check.task == "softmax_forward"]
    assert {check.verdict for check in forward} == {Verdict.TIMEOUT}
    assert forward[2].reason == "Not run: softmax_forward was too slow in 2 checks already."
    assert time.monotonic() - begun < 8.0


def test_sleeping_in_every_task_ends_in_time(made, tmp_path):
    """All checks together have a budget of wall time."""
    course, unit = loaded(made)
    limits = replace(course.limits, call_seconds=1.5, submission_seconds=1.0)
    notebook = right(made)
    for cell in notebook["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if name in TASKS:
            cell["source"] = f"import time\ndef {name}(*args):\n    time.sleep(60)"
    with Grader(replace(course, limits=limits), unit) as strict:
        begun = time.monotonic()
        result = grade(strict, tmp_path, notebook)
    assert time.monotonic() - begun < 5.0
    assert {check.verdict for check in result.checks} == {Verdict.TIMEOUT}
    assert any("The whole submission took more than 1 s" in check.reason for check in result.checks)


def test_the_next_submission_is_not_touched(grader, made, tmp_path):
    """After all of these the same grader gives a right submission everything."""
    assert grade(grader, tmp_path, right(made)).score == 100.0
