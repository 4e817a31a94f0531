"""The benchmark: equal tests everywhere, the shape of its file, and what it calls a miss."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import outside
from benchmarks.files import read_sample, write_sample
from benchmarks.inprocess import PlainStudent, PlainTests, cases
from benchmarks.nbgrader_side import converted
from benchmarks.otter_side import test_file as otter_test_file
from benchmarks.sample import Entry, Sample, without_demos
from benchmarks.table import Row, misses, write

PROJECT = Path(__file__).parents[1]
GRADER = '''
import pytest

@pytest.mark.task("double", points=3)
@pytest.mark.parametrize("x", [1, 2])
@pytest.mark.parametrize(("y", "z"), [(3, 4)])
def test_double(student, rng, x, y, z):
    """Twice."""
    assert student.double(x) == 2 * x and (y, z) == (3, 4) and 0 <= rng.random() < 1

@pytest.mark.task("double", points=1, law=True)
def test_pure(student):
    """Nothing is printed."""

@pytest.mark.task("more", points=5, bonus=True)
def test_refuses(student):
    """A text is refused."""
    with pytest.raises(TypeError):
        student.more("x")
'''
FLOOR = Row("floor", "u", 3, 1, 0.03, 1.0, 30, 0.5, 0.6, 0.03)


@pytest.fixture
def plain(tmp_path: Path, request: pytest.FixtureRequest) -> PlainTests:
    """The tests of a unit made up here."""
    request.config.addinivalue_line("markers", "task(name, points): the engine's mark")
    folder = tmp_path / "assignments" / "made_up_for_the_benchmark"
    folder.mkdir(parents=True)
    (folder / "grader.py").write_text(GRADER)
    return PlainTests(folder / "grader.py")


SEEDS = {"test_double": 1, "test_pure": 2, "test_refuses": 3}


def refuse(x: object) -> None:
    """Raise as the task asks."""
    raise TypeError(x)


@pytest.mark.parametrize(
    ("namespace", "score"),
    [
        ({"double": lambda x: 2 * x, "more": refuse}, (4, 5)),
        ({"double": lambda x: 2, "more": refuse}, (0, 5)),
        ({"double": lambda x: 2 * x, "more": lambda x: x}, (4, 0)),
        ({}, (0, 0)),
    ],
)
def test_points_follow_the_engines_rules(plain: PlainTests, namespace: dict, score: tuple) -> None:
    """All cases must pass, laws need a value check, a missing name costs its checks, bonus is apart."""
    assert plain.score(namespace, SEEDS) == score


def test_cases_are_the_product_of_the_parameters() -> None:
    """A parametrised test is called with each combination."""

    @pytest.mark.parametrize("a", [1, 2])
    @pytest.mark.parametrize("b", [3, pytest.param(4)])
    def function() -> None: ...

    assert sorted((case["a"], case["b"]) for case in cases(function)) == [(1, 3), (1, 4), (2, 3), (2, 4)]


def test_plain_student_has_no_boundary() -> None:
    """What is shared, lent or asked for by value is the very object."""
    array = [1]
    student = PlainStudent({"array": array})
    assert student.array is student.share(array) is student.lend(array) is student.value(array)
    assert student.same(array, array) and student.type_name(array) == "list"
    with pytest.raises(AttributeError):
        _ = student.nothing


def test_both_gives_the_reference_its_own_inputs() -> None:
    """Code that writes into its input must not spoil the right answer."""
    student = PlainStudent({"twice": lambda x: x.append(x[0]) or x}, lambda: {"twice": lambda x: x * 2})
    came, right = student.both(lambda twice, x: list(twice(x)), student.twice, [3])
    assert came == right == [3, 3]


def test_demos_are_left_out() -> None:
    """A reduced master holds imports and task cells, in order."""
    master = (
        "# ---\n# %%\nimport numpy as np\nimport matplotlib.pyplot as plt\n\n"
        '# %% task="f"\nfrom solutions.u import f\n\n# %%\nplot(f(1))\n\n# %% [markdown]\n# Words.\n'
    )
    reduced = without_demos(master)
    assert "import numpy" in reduced and 'task="f"' in reduced
    assert not any(word in reduced for word in ("plot", "Words"))


def test_other_systems_run_the_same_checks(tmp_path: Path, plain: PlainTests) -> None:
    """An autotest stands behind each task's cell; Otter has a test case for each check."""
    mark = {"grade_id": "double", "solution": True, "grade": False, "locked": False}
    cell = {"cell_type": "code", "metadata": {"nbgrader": mark}, "source": "def double(x): return 2 * x"}
    path = tmp_path / "u.ipynb"
    path.write_text(json.dumps({"cells": [cell]}))
    sources = [cell["source"] for cell in converted(path, {"double": 4.0})["cells"]]
    assert sources[0] == cell["source"] and "points('double'" in sources[1]
    text = otter_test_file("double", list(plain.marks[:2]))
    compile(text, "double.py", "exec")
    assert text.count("@test_case") == 2


def test_a_sample_survives_its_file(tmp_path: Path) -> None:
    """What a process of the benchmark reads is what was written."""
    warm_up, entry = (Entry(name, "", tmp_path / f"{name}.ipynb", {"test": 1 << 63}) for name in "ab")
    sample = Sample(tmp_path, "u", warm_up, (entry,))
    assert read_sample(write_sample(sample, tmp_path / "sample.json")) == sample


def test_misses_name_the_figure() -> None:
    """One job has a limit from the floor, the batch from the other systems; what holds is not named."""
    good = replace(FLOOR, system="course", seconds_per_submission=0.084)
    batch = replace(good, jobs=2, seconds_per_submission=0.04)
    nbgrader = replace(FLOOR, system="nbgrader", seconds_per_submission=1.1)
    assert misses([FLOOR, good, batch, nbgrader]) == []
    slow = replace(good, seconds_per_submission=0.086)
    assert len(misses([FLOOR, slow])) == 1 and "86 ms" in misses([FLOOR, slow])[0]
    assert "nbgrader" in misses([FLOOR, good, nbgrader])[0]


def test_written_figures_are_rounded(tmp_path: Path) -> None:
    """Four digits are more than repeats from run to run."""
    write([replace(FLOOR, seconds_per_submission=0.0312345678)], tmp_path / "r.json")
    assert json.loads((tmp_path / "r.json").read_text())[0]["seconds_per_submission"] == 0.03123


@pytest.mark.slow
@pytest.mark.sandbox
def test_small_run(tmp_path: Path) -> None:
    """Floor and course on three submissions: the file's shape, and one mark for the same code."""
    output = tmp_path / "results.json"
    words = f"--quick --units conv_layer --systems floor,course --submissions 3 --output {output}"
    command = [sys.executable, "-P", "-m", "benchmarks.run", *words.split()]
    done = subprocess.run(command, cwd=PROJECT, env=outside.environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    floor, course = json.loads(output.read_text())
    assert {"system": "floor", "unit": "conv_layer", "submissions": 3, "jobs": 1}.items() <= floor.items()
    assert course["system"] == "course" and floor["ratio_to_floor"] == 1.0
    numbers = "seconds_per_submission ratio_to_floor peak_mib start_seconds cpu_seconds_per_submission"
    assert all(course[name] > 0 for name in numbers.split())
    assert course["same_scores"] == 3
