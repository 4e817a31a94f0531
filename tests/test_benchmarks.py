"""The benchmark: equal tests everywhere, the shape of its file, and what it calls a miss."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.batch.run import cool, job_for, warm_grader
from autograder.checks.expect import raises, right
from autograder.course import Course, Limits
from autograder.judge.grader import judge
from autograder.judge.papers import PUBLISHED_SECRET, Papers
from autograder.judge.suite import Suite
from autograder.marks import graded
from autograder.notebook import read_release
from autograder.results.result import totals
from autograder.student import Terms
from autograder.student.subjects import LocalSubject
from autograder.unit.criteria import read_criteria
from benchmarks import inprocess, outside
from benchmarks.direct import DirectStudent, passes
from benchmarks.engine import Empty, Engine, job_of
from benchmarks.files import read_sample, write_sample, write_spec
from benchmarks.floor import Floor
from benchmarks.inprocess import PlainTests, cases
from benchmarks.nbgrader_side import converted
from benchmarks.otter_side import test_file as otter_test_file
from benchmarks.sample import Entry, Sample, make_course, make_sample, own_cells, task_of, without_demos
from benchmarks.table import Row, misses, ratios, write

PROJECT = Path(__file__).parents[1]
LITTLE = PROJECT / "tests" / "little"
SOLUTION = """
def double(x):
    return 2 * x

def more(x):
    if isinstance(x, str):
        raise TypeError("a text")
    return double(x) + 1
"""
GRADER = '''
import pytest
from autograder.checks import raises, right

@pytest.mark.task("double", points=3)
@pytest.mark.parametrize("x", [1, 2])
@pytest.mark.parametrize(("y", "z"), [(3, 4)])
def test_double(student, rng, x, y, z):
    """Twice."""
    assert (y, z) == (3, 4) and 0 <= rng.random() < 1
    right(student.double(x))

@pytest.mark.task("double", points=1, law=True)
def test_pure(student):
    """Nothing is asked."""

@pytest.mark.task("more", points=5, bonus=True)
def test_refuses(student):
    """A text is refused."""
    raises(TypeError, student.more("x"))

@pytest.mark.task("more", points=7, on=("double",))
def test_more(student):
    """One more than twice."""
    right(student.more(3))
'''
FLOOR = Row("floor", "u", 3, 1, 0.03, 1.0, 30, 0.5, 0.6, 0.03, seconds_right=0.02, seconds_wrong=0.02)
EMPTY = replace(FLOOR, system="empty", seconds_right=0.015)
COURSE = replace(FLOOR, system="course", seconds_right=0.044, seconds_wrong=0.065)


@pytest.fixture
def plain(tmp_path: Path, request: pytest.FixtureRequest) -> PlainTests:
    """The tests of a unit made up here."""
    request.config.addinivalue_line("markers", "task(name, points): the engine's mark")
    unit = "made_up_for_the_benchmark"
    grader = tmp_path / "assignments" / unit / "grader.py"
    solutions = tmp_path / "solutions"
    grader.parent.mkdir(parents=True)
    solutions.mkdir()
    grader.write_text(GRADER)
    (solutions / "__init__.py").touch()
    (solutions / f"{unit}.py").write_text(SOLUTION)
    for name in [name for name in sys.modules if name.split(".")[0] == "solutions"]:
        del sys.modules[name]
    return PlainTests(grader, Papers(PUBLISHED_SECRET, unit, 3), {})


def test_points_follow_the_engines_rules(plain: PlainTests) -> None:
    """All cases must pass, laws need a value check, a missing name costs its checks."""

    def points(old: str, new: str) -> list[float]:
        names: dict[str, Any] = {}
        exec(SOLUTION.replace(old, new), names)
        return [plain.points_of(task, names, 0) for task in ("double", "more")]

    assert points("", "") == [4, 12]
    assert points("2 * x", "2") == [0, 12]  # `more` is judged on the reference's `double`
    assert points('raise TypeError("a text")', "return 0") == [4, 7]
    assert points("def more", "def less") == [4, 0]
    assert points("+ 1", "+ 2") == [4, 5]


def test_cases_are_the_product_of_the_parameters() -> None:
    """A parametrised test is called with each combination."""

    @pytest.mark.parametrize("a", [1, 2])
    @pytest.mark.parametrize("b", [3, pytest.param(4)])
    def function() -> None: ...

    assert sorted((case["a"], case["b"]) for case in cases(function)) == [(1, 3), (1, 4), (2, 3), (2, 4)]


# --- a check without a boundary ---

TERMS = Terms("task", {}, Limits())


def direct(student: dict[str, Any], reference: dict[str, Any] | None = None) -> DirectStudent:
    """A student of these names."""
    return DirectStudent(TERMS, student if reference is None else reference, student)


def test_a_direct_student_is_judged_by_what_was_noted() -> None:
    """The first thing that is not as the reference has it is raised at the end."""
    student = direct({"f": lambda x: (x + 1, x)}, {"f": lambda x: (x, x)})
    _, same = student.f(np.ones(2))
    right(same)
    student.end()
    other, _ = student.f(np.ones(2))
    right(other)
    with pytest.raises(AssertionError):
        student.end()


def test_a_direct_student_who_returns_another_structure_is_wrong() -> None:
    """A step that needs what is not there brings nothing, and the check fails."""
    student = direct({"f": lambda: None, "g": abs}, {"f": lambda: (1, 2), "g": abs})
    first, _ = student.f()
    right(student.g(first))
    with pytest.raises(AssertionError):
        student.end()


def test_a_direct_student_may_raise() -> None:
    """An exception of the kind that is asked for is right, and another one is not."""

    def refuses(x: object) -> None:
        raise ValueError(x)

    student = direct({"f": refuses})
    raises(ValueError, student.f(1))
    student.end()
    raises(TypeError, student.f(1))
    with pytest.raises(Exception, match="f raised ValueError"):
        student.end()


def test_a_direct_student_calls_what_is_lent_itself() -> None:
    """A function, and an object with its methods; and arrays go by value all the same."""

    class Counter:
        count = 0

        def up(self) -> int:
            self.count += 1
            return self.count

    def work(function: Any, counter: Any, x: Any) -> Any:
        x[:] = 0
        return function(counter.up())

    counter, x = Counter(), np.ones(2)
    student = direct({"work": work})
    assert student.work(lambda n: n + 10, student.lend(counter), x).value == 11
    assert counter.count == 1 and x.tolist() == [1, 1]


def test_stand_ins_are_there_for_one_case_only() -> None:
    """A case that fails is tried once more with them; then the names are the submission's own again."""
    names: dict[str, Any] = {"f": "own"}
    seen: list[Any] = []

    def case() -> bool:
        seen.append((names["f"], names.get("g")))
        return len(seen) == 2

    assert passes(case, names, {"f": "other", "g": "new"})
    assert seen == [("own", None), ("other", "new")] and names == {"f": "own"}
    seen.clear()
    assert not passes(case, names, {})
    assert len(seen) == 1


# --- systems on a small unit ---


@pytest.fixture
def little(tmp_path: Path, request: pytest.FixtureRequest) -> tuple[Course, Sample]:
    """A course of the benchmark's with a small unit, and a sample with each of its mistakes but one."""
    request.config.addinivalue_line("markers", "task(name, points): the engine's mark")
    course = make_course(LITTLE, tmp_path, ("little",))
    return course, make_sample(course, course.unit("little"), 12)


def namespace_of(entry: Entry) -> dict[str, Any]:
    """The cells of a submission, executed."""
    names: dict[str, Any] = {"__name__": "notebook"}
    exec("\n\n".join(own_cells(entry.path)), names)
    return names


def test_the_floor_gives_the_engines_marks(little: tuple[Course, Sample]) -> None:
    """Planned checks, one that looks at values, cases, laws, and checks that stand on other tasks."""
    course, sample = little
    suite = Suite(course, course.unit("little"), task_of_unit(course))
    floor = Floor(sample)
    scores = []
    for entry in (sample.warm_up, *sample.entries):
        graded = floor.grade(entry)
        checks, _ = judge(suite, LocalSubject(namespace_of(entry)), entry.paper)
        expected = totals(checks)
        assert (graded.score, graded.bonus) == (expected["score"], expected["bonus"]), entry
        assert graded.seconds > 0
        scores.append((bool(entry.mistake), graded.score))
    assert {score for wrong, score in scores if not wrong} == {100.0}
    assert all(score < 100 for wrong, score in scores if wrong)
    assert sum(wrong for wrong, _ in scores) == 5


def task_of_unit(course: Course) -> dict[str, str]:
    """The names of the small unit, and their tasks."""
    return task_of(read_release(course.unit("little").released_notebook))


@pytest.fixture
def kernel(
    little: tuple[Course, Sample], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[Entry], dict[str, Any]]]:
    """The names of a kernel of another system that has run a submission's cells."""
    monkeypatch.setenv(inprocess.SPEC, str(write_spec(*little, tmp_path / "spec.json")))
    inprocess._spec.cache_clear()
    yield lambda entry: {**namespace_of(entry), "STUDENT": entry.student}
    inprocess._spec.cache_clear()


def test_kernels_of_other_systems_give_the_same_marks(
    little: tuple[Course, Sample], kernel: Callable[[Entry], dict[str, Any]]
) -> None:
    """What an autotest cell and an Otter test compute from the spec."""
    course, sample = little
    marks, floor = read_criteria(course.unit("little").grader), Floor(sample)
    for entry in sample.entries[1:4]:
        names = kernel(entry)
        score = sum(inprocess.points(task, names) for task in dict.fromkeys(mark.task for mark in marks))
        passed = sum(mark.points for mark in marks if inprocess.check(mark.id, names))
        assert score == floor.grade(entry).score <= passed


def test_each_submission_is_asked_its_own_paper(
    little: tuple[Course, Sample],
    kernel: Callable[[Entry], dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The floor takes the plans of that paper, a kernel its seeds."""
    floor, asked = Floor(little[1]), set()
    plan, seed = Suite.plan, Papers.seed

    def planned(self: Suite, check: str, case: int, paper: int) -> Any:
        asked.add(paper)
        return plan(self, check, case, paper)

    def seeded(self: Papers, check: str, paper: int) -> int:
        asked.add(paper)
        return seed(self, check, paper)

    monkeypatch.setattr(Suite, "plan", planned)
    monkeypatch.setattr(Papers, "seed", seeded)
    for entry in little[1].entries[:3]:
        for ask in (partial(floor.grade, entry), partial(inprocess.points, "windows", kernel(entry))):
            asked.clear()
            ask()
            assert asked == {entry.paper}


def test_a_check_that_is_broken_has_no_time(little: tuple[Course, Sample]) -> None:
    """The floor refuses to begin, since what cannot be judged takes no time."""
    course, sample = little
    grader = course.unit("little").grader
    grader.write_text(grader.read_text().replace('right(out, "out")', "right(1)", 1))
    with pytest.raises(RuntimeError, match=r"test_forward is broken on paper \d"):
        Floor(sample)


@pytest.mark.sandbox
def test_papers_are_the_engines(little: tuple[Course, Sample]) -> None:
    """The engine gives each submission the paper that the sample says, and the score of the floor."""
    _, sample = little
    engine, floor = Engine(sample), Floor(sample)
    grader = warm_grader(engine.job)
    for entry in sample.entries[:3]:
        digest = grader.read(entry.path).digest
        assert entry.paper == grader.suite.papers.of(entry.student, digest)
        graded = engine.grade(entry)
        assert replace(graded, seconds=0.0) == replace(floor.grade(entry), seconds=0.0)
    assert len(sample.papers) > 1
    cool(engine.job)


def test_the_calendar_changes_no_figure(little: tuple[Course, Sample]) -> None:
    """After the due date a submission is held against the sealed paper as well; the benchmark grades once."""
    course, _ = little
    late = replace(course.unit("little"), due="2020-01-01T00:00+00:00")
    course = replace(course, units=(late,))
    assert job_for(course, late, "walled").sealed
    assert not job_of(course, "little").sealed


@pytest.mark.sandbox
def test_empty_asks_for_nothing(little: tuple[Course, Sample]) -> None:
    """It loads the same notebook in the same runtime, and passes whatever it finds there."""
    _, sample = little
    system = Empty(sample)
    wrong = next(entry for entry in sample.entries if entry.mistake)
    assert system.grade(wrong).score == 100
    system.gradebook()  # which stores what waits
    with system.database.read() as connection:
        stored = next(iter(graded.of_student(connection, "little", wrong.student).values()))
        result = graded.result_of(connection, stored.attempt)
    assert stored.score == 100
    (check,) = result.checks
    assert check.id == "test_nothing" and result.loaded == "slice" and not result.healed
    cool(system.job)


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
    text = otter_test_file("double", list(plain.marks.values())[:2])
    compile(text, "double.py", "exec")
    assert text.count("@test_case") == 2


def test_a_sample_survives_its_file(tmp_path: Path) -> None:
    """What a process of the benchmark reads is what was written."""
    warm_up, entry = (Entry(name, "", tmp_path / f"{name}.ipynb", 5) for name in "ab")
    sample = Sample(tmp_path, "u", warm_up, (entry,))
    assert read_sample(write_sample(sample, tmp_path / "sample.json")) == sample


# --- the table ---


def test_figures_that_hold_are_not_named() -> None:
    """A right submission has 1.25 floors, empty and 5 ms; empty 20 ms; a wrong one 1.5 right ones."""
    assert misses([FLOOR, EMPTY, COURSE], {"u"}) == []
    assert misses([], {"u"}) == misses([FLOOR], {"u"}) == misses([COURSE], {"u"}) == []


def test_misses_name_the_figure() -> None:
    """Each with what it took and what is allowed."""
    slow = replace(COURSE, seconds_right=0.0452)
    (sentence,) = misses([FLOOR, EMPTY, slow], {"u"})
    assert "a right submission takes 45.2 ms" in sentence and sentence.endswith(": 45.0 ms")
    (sentence,) = misses([FLOOR, EMPTY, replace(COURSE, seconds_wrong=0.0665)], {"u"})
    assert "a wrong submission takes 66.5 ms" in sentence and sentence.endswith(": 66.0 ms")
    heavy = replace(EMPTY, seconds_right=0.0205)
    (sentence,) = misses([FLOOR, heavy, COURSE], {"u"})
    assert "without checks takes 20.5 ms" in sentence and sentence.endswith(": 20.0 ms")
    assert misses([FLOOR, heavy, COURSE], set()) == []  # torch


def test_a_batch_is_no_figure_of_one_job() -> None:
    """Rows with several jobs are compared with other systems only."""
    batch = replace(COURSE, jobs=2, seconds_per_submission=0.02, seconds_right=9.0, seconds_wrong=None)
    nbgrader = replace(FLOOR, system="nbgrader", seconds_per_submission=1.1, seconds_right=None)
    rows = [FLOOR, EMPTY, COURSE, batch, nbgrader]
    assert misses(rows, {"u"}) == []
    assert ratios(rows) == ["u: 55 times as fast as nbgrader, jobs: 2"]
    assert ratios([FLOOR, nbgrader]) == []


def test_written_figures_are_rounded(tmp_path: Path) -> None:
    """Four digits are more than repeats from run to run."""
    write([replace(FLOOR, seconds_per_submission=0.0312345678)], tmp_path / "r.json")
    (row,) = json.loads((tmp_path / "r.json").read_text())
    assert row["seconds_per_submission"] == 0.03123 and row["seconds_right"] == 0.02


@pytest.mark.slow
@pytest.mark.sandbox
def test_small_run(tmp_path: Path) -> None:
    """Floor, empty and course on three submissions: the file's shape, and one mark for the same code."""
    output = tmp_path / "results.json"
    words = f"--quick --units optimizers --systems floor,empty,course --submissions 3 --output {output}"
    command = [sys.executable, "-P", "-m", "benchmarks.run", *words.split()]
    done = subprocess.run(command, cwd=PROJECT, env=outside.environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    floor, empty, course = json.loads(output.read_text())
    assert {"system": "floor", "unit": "optimizers", "submissions": 3, "jobs": 1}.items() <= floor.items()
    assert course["system"] == "course" and floor["ratio_to_floor"] == 1.0
    numbers = "seconds_per_submission ratio_to_floor peak_mib start_seconds cpu_seconds_per_submission"
    for row in (floor, empty, course):
        assert all(row[name] > 0 for name in f"{numbers} seconds_right seconds_wrong".split())
    assert course["same_scores"] == 3 and empty["same_scores"] is None
