"""What was released of a unit: from its notebook, and from the files that students have."""

from __future__ import annotations

import shutil

import pytest

from autograder.base.errors import ConfigError
from autograder.course import Course, Unit, load_course
from autograder.notebook.release import RELEASED, archived, importable, origin, read_release, read_released

UNITS = [unit for unit in load_course().units if (unit.release / RELEASED).is_file()]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_both_readers_read_the_same(unit):
    """A student's machine knows the unit, the version, the tasks and every cell that nbgrader names."""
    notebook, files = read_release(unit.released_notebook), read_released(unit.release)
    assert (files.unit, files.version) == (notebook.unit, notebook.version)
    assert list(files.tasks.items()) == list(notebook.tasks.items())

    def named(release):
        return [(c.kind, c.source, c.grade_id, c.task, c.locked) for c in release.cells if c.grade_id]

    assert named(files) == named(notebook)
    assert len(named(files)) == len(files.cells)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_the_files_say_what_the_course_says(unit):
    """What may be imported, what is there beside the notebook, and the public checks of each task."""
    release = read_released(unit.release)
    assert (release.runtime, release.libraries) == (unit.runtime, unit.libraries)
    assert release.files == unit.read_files()
    assert release.modules == importable(unit.runtime, unit.libraries, unit.files)
    for task, text in release.checks.items():
        assert text == (unit.release / "tests" / f"{task}.py").read_text()


def test_modules_are_named_once():
    """NumPy, what is warm, libraries, and helpers without their suffix; data is no module."""
    assert importable("torch", ("scipy", "torch"), ("plots.py", "data.csv")) == (
        "numpy",
        "torch",
        "scipy",
        "plots",
    )
    assert importable("numpy", (), ()) == ("numpy",)


@pytest.mark.parametrize("damage", ["cut", "no json", "a list", "no check"])
def test_damaged_files_say_what_to_do(tmp_path, damage):
    """One sentence with the path, whatever happened to them."""
    folder = shutil.copytree(UNITS[0].release, tmp_path / "unit")
    path = folder / RELEASED
    if damage == "no check":
        (folder / "tests" / f"{next(iter(read_released(folder).tasks))}.py").unlink()
    else:
        path.write_text({"cut": path.read_text()[:200], "no json": "released", "a list": "[]"}[damage])
    with pytest.raises(ConfigError, match=r"released\.json and the files .* Fetch the assignment again"):
        read_released(folder)


def test_where_a_notebook_came_from(tmp_path):
    """Only a version that was archived; a text of a student's leads nowhere else."""
    unit = Unit("relu", "ReLU", due="2027-01-17T12:00:00+01:00", hours=1, root=tmp_path)
    course = Course("tiny", "Tiny", units=(unit,), data="data", root=tmp_path)
    archived(course, "relu", "0123456789ab").mkdir(parents=True)
    (course.data_folder / "secret.txt").touch()
    assert origin(course, unit, "0123456789ab") == tmp_path / "data/releases/relu/0123456789ab"
    for version in (None, "", "ba9876543210", "..", "../../..", "0123456789AB", "0123456789ab\n"):
        assert origin(course, unit, version) is None
