"""Where the check of a task stands, whatever happened to the cells around it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from autograder.notebook import Release, read_release, to_program
from autograder.notebook.healing import read_submission
from tests.support import SOLUTIONS, code, place, small_release, solved_small, write

ABOVE = {"double": 2, "Layer": 3}  # program cells above the checks of a tidy notebook: given, double, Layer


@pytest.fixture
def release(tmp_path: Path) -> Release:
    return read_release(write(tmp_path, small_release(), "small.ipynb"))


def above(content: dict[str, Any], release: Release, folder: Path) -> dict[str, int]:
    """How many program cells stand above each task's check."""
    found: dict[str, int] = to_program(read_submission(write(folder, content), release), release, ())[
        "checks"
    ]
    return found


def test_a_check_stands_below_its_task(release: Release, tmp_path: Path) -> None:
    """In a notebook that is as it was released."""
    assert above(solved_small(), release, tmp_path) == ABOVE


def test_own_cells_before_the_check_stand_above_it(release: Release, tmp_path: Path) -> None:
    """What a student writes between the task and its check belongs to the task; what is below does not."""
    content = solved_small()
    content["cells"].insert(place(content, "check-double"), code("helper = 1"))
    content["cells"].insert(place(content, "check-double") + 1, code("helper = 2"))
    assert above(content, release, tmp_path) == {"double": 3, "Layer": 5}


def test_a_check_that_was_moved_or_deleted_stands_where_the_release_has_it(
    release: Release, tmp_path: Path
) -> None:
    """Right below the cell that it follows there."""
    moved, deleted = solved_small(), solved_small()
    for content in (moved, deleted):
        content["cells"].append(code("double = 2"))
        check = content["cells"].pop(place(content, "check-double"))
    moved["cells"].append(check)
    assert above(moved, release, tmp_path) == above(deleted, release, tmp_path) == ABOVE


def test_a_task_that_was_moved_takes_its_check_with_it(release: Release, tmp_path: Path) -> None:
    """A check above its task would find nothing."""
    content = solved_small()
    content["cells"].append(content["cells"].pop(place(content, "double")))
    assert above(content, release, tmp_path) == {"double": 3, "Layer": 2}


def test_a_solution_below_the_check_of_its_stub_is_above_its_check(release: Release, tmp_path: Path) -> None:
    """The check stands below the cell that takes the place of the stub, not below one that uses its name."""
    content = small_release()
    content["cells"] += [code(SOLUTIONS["double"]), code("double = double(4)")]
    assert above(content, release, tmp_path)["double"] == 3


def test_of_two_solutions_beside_a_stub_the_one_above_the_check_is_the_tasks(
    release: Release, tmp_path: Path
) -> None:
    """It is the one that stands there."""
    content = small_release()
    content["cells"].insert(place(content, "double"), code(SOLUTIONS["double"]))
    content["cells"].append(code("def double(x):\n    return None"))
    assert above(content, release, tmp_path)["double"] == 2


def test_a_task_without_a_cell_is_checked_where_the_check_stands(release: Release, tmp_path: Path) -> None:
    """Its solution may be in the cell of another task."""
    content = solved_small()
    del content["cells"][place(content, "Layer")]
    content["cells"][place(content, "double")]["source"] += f"\n\n{SOLUTIONS['Layer']}"
    assert above(content, release, tmp_path) == {"double": 2, "Layer": 2}


def test_a_copy_of_a_task_at_the_end_moves_no_check(release: Release, tmp_path: Path) -> None:
    """Jupyter copies a cell with its name."""
    content = solved_small()
    content["cells"].append(dict(content["cells"][place(content, "double")]))
    assert above(content, release, tmp_path) == ABOVE
