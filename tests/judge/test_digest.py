"""What a mark depends on, and what it does not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from autograder.base.digest import digest_of, digest_of_file
from autograder.course import Course, Limits, Unit
from autograder.judge import digest as digests
from autograder.judge.digest import environment_digest, imported_files


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A course with one unit of three files."""
    unit = Unit("relu", "ReLU", due="2027-01-17T12:00+00:00", hours=1, files=("data.csv",), root=tmp_path)
    for path, text in ((unit.grader, "g"), (unit.reference, "r"), (unit.folder / "data.csv", "d")):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Course("tiny", "Tiny", units=(unit,), root=tmp_path)


def digest(course: Course, tier: str = "walled", secret: str = "id") -> str:
    return environment_digest(course, course.units[0], tier, secret)


def test_the_same_gives_the_same(course):
    """Nothing of a clock, a path or a process is in it."""
    assert digest(course) == digest(course)


@pytest.mark.parametrize("name", ["grader", "reference"])
def test_files_of_the_unit_count(course, name):
    """Another grader or reference may give another mark."""
    before = digest(course)
    getattr(course.units[0], name).write_text("changed")
    assert digest(course) != before


def test_helper_files_count(course):
    """A released file that student code reads may give another mark."""
    before = digest(course)
    (course.units[0].folder / "data.csv").write_text("changed")
    assert digest(course) != before


def test_explanations_do_not_count(course):
    """Another mistakes.py regrades nobody."""
    before = digest(course)
    course.units[0].mistakes.write_text("changed")
    assert digest(course) == before


IMPORTS = {
    "from assignments.relu import tools": "assignments/relu/tools.py",
    "from assignments.relu.tools import cases": "assignments/relu/tools.py",
    "import assignments.relu.tools": "assignments/relu/tools.py",
    "from . import tools": "assignments/relu/tools.py",
    "from .. import shared": "assignments/shared.py",
    "def test(): import solutions.common": "solutions/common.py",
    "from helpers import each": "helpers/__init__.py",
}


@pytest.mark.parametrize("line", IMPORTS)
def test_imported_modules_of_the_course_count(course, line):
    """What the grader imports may give another mark; also what that imports."""
    unit = course.units[0]
    deep = course.root / "solutions" / "deep.py"
    path = course.root / IMPORTS[line]
    for each in (path, deep):
        each.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("from solutions import deep\n")
    deep.write_text("import numpy, assignments.relu.grader")
    without = digest(course)
    unit.grader.write_text(line)
    assert sorted(imported_files(unit)) == sorted([path, deep])
    digests_seen = {without, digest(course)}
    for each in (path, deep):
        each.write_text(each.read_text() + "\n# changed")
        digests_seen.add(digest(course))
    assert len(digests_seen) == 4
    unit.reference.write_text("from solutions import deep")
    unit.grader.write_text("not Python (")
    assert imported_files(unit) == [deep]


def test_what_nobody_imports_does_not_count(course):
    """Nor does the engine, where it lies in the course's folder: it has a digest of its own."""
    unit = course.units[0]
    unit.grader.write_text("import numpy, autograder.compare\nfrom ........... import far\n")
    others = [unit.mistakes, unit.public_checks, unit.master, course.root / "autograder" / "compare.py"]
    before = digest(course)
    for path in others:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("changed")
    assert digest(course) == before
    assert imported_files(unit) == []


@pytest.mark.parametrize(
    "change",
    [
        {"limits": Limits(call_seconds=1.0)},
        {"runtime": "torch"},
        {"libraries": ("scipy",)},
        {"libraries": ("sklearn",)},
        {"papers": 8},
    ],
    ids=str,
)
def test_limits_libraries_and_papers_count(course, change):
    """What a submission may use, and which inputs it gets, decide how it ends."""
    before = digest(course)
    changed = replace(course, units=(replace(course.units[0], **change),))
    assert digest(changed) != before


@pytest.mark.parametrize(
    "change", [{"title": "Other"}, {"due": "2028-01-17T12:00+00:00"}, {"hours": 2}], ids=str
)
def test_words_and_dates_do_not_count(course, change):
    """A moved date changes the penalty, not the mark."""
    before = digest(course)
    assert digest(replace(course, units=(replace(course.units[0], **change),))) == before


def test_tier_and_secret_count(course):
    """Another isolation or another secret is another grading."""
    assert len({digest(course), digest(course, tier="fenced"), digest(course, secret="other")}) == 3


def test_versions_count(course, monkeypatch):
    """Another NumPy may give another mark."""
    before = digest(course)
    monkeypatch.setattr(digests, "_version", lambda name: "0")
    assert digest(course) != before


def test_torch_counts_where_it_runs(course, monkeypatch):
    """Another torch regrades no unit that does without."""
    with_torch = replace(course, units=(replace(course.units[0], runtime="torch"),))
    before = digest(course), digest(with_torch)
    real = digests._version
    monkeypatch.setattr(digests, "_version", lambda name: "0" if name == "torch" else real(name))
    assert digest(course) == before[0]
    assert digest(with_torch) != before[1]


def test_the_judging_code_is_there():
    """Every module that is named exists: a renamed one would silently count for nothing."""
    assert [name for name in digests.JUDGING if not digests.engine_files(name)] == []


def test_texts_do_not_run_together():
    """Order and borders of the texts count."""
    assert len({digest_of("a", "b"), digest_of("b", "a"), digest_of("ab"), digest_of("ab", "")}) == 4


def test_a_missing_file_has_a_mark_of_its_own(tmp_path):
    """No file is something else than an empty one."""
    (tmp_path / "empty").touch()
    assert digest_of_file(tmp_path / "none") != digest_of_file(tmp_path / "empty")


def test_a_library_s_version_counts_under_its_module_s_name(course, monkeypatch):
    """A unit names the module sklearn; the version is that of scikit-learn."""
    with_library = replace(course, units=(replace(course.units[0], libraries=("sklearn",)),))
    before = digest(with_library)
    real = digests.version
    monkeypatch.setattr(digests, "version", lambda name: "0.1" if name == "scikit-learn" else real(name))
    assert digest(with_library) != before
