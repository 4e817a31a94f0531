"""The page "A unit in an afternoon": its code, put together, is a unit that builds and proves."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.course import load_course
from autograder.judge.suite import Suite
from autograder.prove import Proof, prove
from autograder.unit.criteria import read_criteria
from autograder.unit.mistakes.catalogue import load_catalogue, tasks_of_names
from autograder.unit.release import build, publish
from autograder.unit.scaffold import new_course, new_unit
from tests.support import failing, public_checks

PAGE = Path(__file__).parents[2] / "docs" / "instructors" / "afternoon.md"
BLOCK = re.compile(r"^<!-- file: (?P<name>\S+) -->\n```python\n(?P<text>.*?)^```$", re.M | re.S)
UNIT = "batch_norm"


def files():
    """The page's files: blocks of one name belong together, in their order."""
    found: dict[str, list[str]] = {}
    for block in BLOCK.finditer(PAGE.read_text(encoding="utf-8")):
        found.setdefault(block["name"], []).append(block["text"])
    return {name: "\n\n".join(parts) for name, parts in found.items()}


@pytest.fixture
def make(tmp_path, monkeypatch):
    """A function that makes a course with the unit of the page, some of its text changed."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delenv("COURSE_DATA", raising=False)

    def made(*changes):
        course = new_course(tmp_path / "my-course")[0]
        new_unit(course, UNIT, "Batch normalization")
        texts = files()
        for name, old, new in changes:
            assert old in texts[name]
            texts[name] = texts[name].replace(old, new)
        for name, text in texts.items():
            assert (course.root / name).is_file(), f"'course new' writes no {name}"
            (course.root / name).write_text(text, encoding="utf-8")
        course = load_course(course.root)
        return course, course.unit(UNIT)

    return made


def test_every_python_block_is_part_of_the_unit():
    """Nothing on the page escapes the tests."""
    text = PAGE.read_text(encoding="utf-8")
    assert text.count("```python") == len(BLOCK.findall(text)) == 8


def test_it_is_as_small_as_it_says(make):
    """Three tasks, eight checks, eight mistakes; checks and mistakes within 200 lines; nothing is live."""
    course, unit = make()
    assert sum(len(path.read_text().splitlines()) for path in (unit.grader, unit.mistakes)) <= 200
    marks = read_criteria(unit.grader)
    assert len({mark.task for mark in marks}) == 3
    assert len(marks) == len(load_catalogue(course, unit).mistakes) == 8
    suite = Suite(course, unit, tasks_of_names(unit))
    assert all(suite.plan(*case, 0).script is not None for case in suite.cases)


def test_it_shows_every_word_that_it_promises():
    """on=, right, raises, shared arrays, a class with state, pairs of edits, a price, a cheat, a variant."""
    text = "".join(files().values())
    for word in (
        "on=(",
        "right(",
        "raises(",
        "student.share(",
        "student.now(",
        "law=True",
        "class BatchNorm",
    ):
        assert word in text
    for word in ("unchanged(", 'edit(reference.scale_and_shift, ("', "costs=(", "cheat(", "variant(", ">>> "):
        assert word in text


def test_its_code_is_formatted(make):
    """As the course's own code is."""
    course, unit = make()
    for more in (["format", "--check"], ["check", "--select", "E,F,W,B,UP,N"]):
        line = [sys.executable, "-m", "ruff", *more, "--line-length", "110", "--isolated"]
        paths = [unit.grader, unit.mistakes, unit.reference]
        done = subprocess.run([*line, *paths], cwd=course.root, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_it_builds(make):
    """The released examples pass with the reference and fail with the stubs' sentence."""
    course, unit = make()
    publish(course, unit, build(course, unit))
    checks = public_checks(UNIT, course.root)
    names: dict = {}
    exec(unit.reference.read_text(), names)
    assert failing(checks, names) == set()
    assert failing(checks, dict.fromkeys(names, lambda *args, **options: None)) == set(checks)


@pytest.mark.slow
def test_it_is_proven_on_all_papers(make):
    """The page's claim, the sealed paper and mutants included."""
    course, unit = make()
    proof: Proof = prove(course, unit, mutants=True)
    assert proof.problems == ()
    assert proof.seeds == course.papers + 1
    assert len(proof.mistakes) == 8
    assert all(found["caught"] and found["named"] for found in proof.mistakes.values())
    assert proof.cheats["refuses_only"]["earned"] == pytest.approx(1 / 3, abs=1e-6)


def test_what_it_says_of_on_is_true(make):
    """Without it, a mistake in standardize is charged in BatchNorm as well."""
    problems = prove(*make((f"assignments/{UNIT}/grader.py", ', on=("standardize",)', "")), papers=1).problems
    charged = "of BatchNorm is FAILED, but only standardize may pay"
    assert any("mistake divides_by_variance: test_training" in each and charged in each for each in problems)


def test_what_it_says_of_errors_is_true(make):
    """The sentence that the page shows is the one that the proof prints."""
    looks = '    right(layer.running_mean, "running_mean")\n    right(layer.running_var, "running_var")\n'
    course, unit = make((f"assignments/{UNIT}/grader.py", looks, ""))
    (problem,) = prove(course, unit, papers=1).problems
    shown = re.search(r"```text\n(.*?), \.\.\.\n```", PAGE.read_text(encoding="utf-8"), re.S)
    assert shown is not None
    assert problem.startswith(" ".join(shown[1].split()))
