"""The simulated class: the same from the same seed, every kind in it, and each does what its kind says."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import replace
from datetime import datetime

import pytest

from autograder.batch.run import Todo, cool, job_for, run_batch
from autograder.demo import KINDS, simulate_class, write_class
from autograder.demo.mess import HOSTILE_LINES, MESSY_CELLS, make_hostile
from autograder.demo.solving import solved, task_cells
from autograder.notebook.finding import find_submissions
from autograder.unit.mistakes.catalogue import load_catalogue
from tests.batch.small import UNIT, loaded, released, right

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def test_the_same_seed_gives_the_same_bytes(root):
    """Benchmarks of two days grade the same files; another seed gives another class."""
    first, second = (simulate_class(*loaded(root), 40) for _ in range(2))
    assert first == second
    assert simulate_class(*loaded(root), 40, seed=1) != first
    assert simulate_class(*loaded(root), 20) == first[:20], "a larger class begins with the smaller one"


def test_a_small_class_has_every_kind(root):
    """Twenty students are enough; nobody has a name but student-001 and so on."""
    people = simulate_class(*loaded(root), 20)
    assert {person.kind for person in people} == set(KINDS)
    assert [person.student for person in people] == [f"student-{n:03d}" for n in range(1, 21)]


def test_a_unit_with_one_task_and_without_known_mistakes(root):
    """Nothing in a unit is taken for granted but its tasks."""
    course, unit = loaded(root)
    unit.mistakes.write_text('"""None yet."""\n')
    path = unit.released_notebook
    content = json.loads(path.read_text())
    del content["metadata"]["course"]["tasks"]["softmax_backward"]
    path.write_text(json.dumps(content))
    assert len(simulate_class(course, unit, 20)) == 20


def test_they_are_found_as_written(root):
    """The class lies in nbgrader's layout with times around the due date, some of them late."""
    course, unit = loaded(root)
    people = simulate_class(course, unit, 60)
    found = find_submissions([write_class(root / "submitted", unit, people)], unit)
    assert [item.student for item in found] == [person.student for person in people]
    assert [item.path.read_bytes() for item in found] == [person.content for person in people]
    late = [datetime.fromisoformat(item.submitted) > datetime.fromisoformat(unit.due) for item in found]
    assert 0 < sum(late) < len(late) / 2


def test_solving_some_tasks_leaves_the_others_stubs(root):
    """A half-finished notebook has the released stub where nothing was written."""
    module = (root / "solutions" / f"{UNIT}.py").read_text()
    half = solved(released(root), module, ["softmax_forward"])
    first, second = task_cells(half)
    assert "NotImplementedError" not in "".join(first["source"])
    assert "raise NotImplementedError" in "".join(second["source"])


@pytest.mark.parametrize("kind", sorted(HOSTILE_LINES))
def test_hostile_cells_are_python(root, kind):
    """An attack that does not compile would test nothing."""
    notebook = make_hostile(right(root), kind, random.Random(0))
    compile(task_cells(notebook)[0]["source"], kind, "exec")


def test_mess_is_what_students_write():
    """Plots, magics, a missing import and an unfinished thought."""
    text = "\n".join(MESSY_CELLS)
    for part in ("%matplotlib", "%%time", "!pip", "undefined_variable", "import seaborn"):
        assert part in text


@pytest.mark.sandbox
@pytest.mark.slow
def test_each_kind_gets_what_it_deserves(root):
    """Right notebooks earn everything, mistakes their price and their name, the others less."""
    course, unit = loaded(root)
    people = {person.student: person for person in simulate_class(course, unit, 40)}
    found = find_submissions([write_class(root / "submitted", unit, people.values())], unit)
    catalogue = load_catalogue(course, unit)
    job = job_for(course, unit, "walled")
    named: Counter[bool] = Counter()
    for done in run_batch(job, map(Todo, found), None):
        person, result = people[done.found.student], done.result
        assert not result.broken
        if person.kind in ("solved", "mess", "variant"):
            assert result.score == 100.0, (person, [check.reason for check in result.checks])
        elif person.kind == "broken":
            assert result.score == 0.0
        elif person.kind == "mistake":
            low, high = catalogue.mistakes[person.detail].costs
            own = [c for c in result.checks if c.task == catalogue.mistakes[person.detail].task]
            lost = sum(c.points - c.earned for c in own) / sum(c.points for c in own)
            assert low <= round(lost, 6) <= high
            named[person.detail in {check.mistake for check in result.checks}] += 1
        else:
            assert result.score < 100.0, person.detail
    cool(replace(job, force=False))
    assert named[True] > 0
    assert named[False] == 0
