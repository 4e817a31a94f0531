"""The files of the unit optimizers against one another."""

import ast
import inspect
from itertools import pairwise
from pathlib import Path

import pytest

from autograder.course import load_course
from autograder.results.result import Verdict
from autograder.student.subjects import LocalSubject
from autograder.unit.criteria import points_by_task, read_criteria
from autograder.unit.mistakes.catalogue import tasks_of_names
from autograder.unit.mistakes.edits import module_namespace
from tests.independent.solutions import read_solutions

COURSE = load_course(Path(__file__).parents[2])
UNIT = COURSE.unit("optimizers")
OTHERWISE = {each.name: each.text for each in read_solutions("optimizers")}
AROUND = ("SuspectSGD", "final_places")  # defined in the notebook, around the student's SGD


@pytest.fixture(scope="module")
def public_checks():
    """The public checks by name, from the text of the file."""
    names = {}
    exec(compile(UNIT.public_checks.read_text(encoding="utf-8"), str(UNIT.public_checks), "exec"), names)
    return {name: value for name, value in names.items() if name.startswith("test_")}


def failing(public_checks, source, name):
    """The public checks that fail where a module's text stands in the place of the reference."""
    names = module_namespace(source, name)
    for shown in AROUND:
        exec(_source(shown), names)
    failed = set()
    for check, function in public_checks.items():
        try:
            function(**{argument: names[argument] for argument in inspect.signature(function).parameters})
        except Exception:
            failed.add(check)
    return failed


def _source(name):
    tree = ast.parse(UNIT.master.read_text(encoding="utf-8"))
    return next(ast.unparse(node) for node in tree.body if getattr(node, "name", "") == name)


def test_there_are_three_independent_solutions():
    """Each of them defines every task."""
    tasks = set(tasks_of_names(UNIT))
    assert len(OTHERWISE) >= 3
    for name in OTHERWISE:
        assert tasks <= module_namespace(OTHERWISE[name], name).keys(), name


@pytest.mark.parametrize("name", OTHERWISE)
def test_independent_solutions_get_full_marks(suite, public_checks, name):
    """Loops over numbers, one long vector, and generators pass every hidden check, and the public ones."""
    subject = LocalSubject(module_namespace(OTHERWISE[name], name))
    for mark in suite.checks:
        for paper in (0, 1):
            outcome = suite.run(mark.id, subject, paper)
            assert outcome.verdict is Verdict.PASSED, (mark.id, outcome.reason)
    assert failing(public_checks, OTHERWISE[name], name) == set()


def test_public_checks_pass_right_code(public_checks, catalogue):
    """Reference and variants pass every public check."""
    assert failing(public_checks, UNIT.reference.read_text(encoding="utf-8"), "reference") == set()
    for name, variant in catalogue.variants.items():
        assert failing(public_checks, variant.source, name) == set(), name


def test_public_checks_see_every_known_mistake(public_checks, catalogue):
    """In a public check or in an example of a docstring each known mistake of the core is seen."""
    for name, mistake in catalogue.mistakes.items():
        failed = failing(public_checks, mistake.source, name)
        told = any(check.removeprefix("test_").startswith(mistake.task) for check in failed)
        assert told or "test_bug_hunt" in failed or _in_an_example(mistake), name


def _in_an_example(mistake):
    """Whether the numbers of the docstring's example come out otherwise."""
    import doctest

    names = module_namespace(mistake.source, mistake.name)
    example = doctest.DocTestParser().get_doctest(names[mistake.task].__doc__, names, mistake.task, None, 0)
    return bool(doctest.DocTestRunner(verbose=False).run(example, out=lambda text: None).failed)


def test_each_figure_and_guess_is_followed_up(cells):
    """A folded description follows each figure, and a guess beside the truth each prediction."""
    for number, (cell, after) in enumerate(pairwise(cells)):
        if "plt.show()" in cell.source:
            assert after.source.startswith("<details><summary>Figure in words</summary>"), cell.source[:60]
        if cell.source.startswith("my_guess"):
            assert cell.metadata.get("scratch"), "a student can write into it"
            assert any("my_guess" in each.source for each in cells[number + 1 : number + 3])
    assert sum(cell.source.count("**Predict, then run.**") for cell in cells) == 1 + sum(
        cell.source.startswith("my_guess") for cell in cells
    )


def test_each_core_task_has_three_hints(cells):
    """Above the cell of each core task stand its three hints."""
    core = {task.name for task in points_by_task(read_criteria(UNIT.grader)) if not task.bonus}
    for number, cell in enumerate(cells):
        if cell.metadata.get("task") in core:
            above = "".join(each.source for each in cells[max(0, number - 3) : number])
            assert above.count("<summary>Hint") >= 3, cell.metadata["task"]


def test_real_data_is_read(notebook):
    """In 60 steps the better optimizers read more than nine of ten unseen digits, plain SGD fewer."""
    shares = notebook["shares"]
    assert min(share for name, share in shares.items() if name != "SGD") > 0.9 > shares["SGD"]
