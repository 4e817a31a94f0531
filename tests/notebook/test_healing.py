"""Released cells are found again and put right, and every repair is said."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from autograder.base.errors import Unreadable
from autograder.inside.program.loading import compile_program
from autograder.notebook import Release, Submission, read_release, read_submission, to_program
from tests.support import code, locked, markdown, notebook, place, small_release, solved_small, task, write


@pytest.fixture
def release(tmp_path: Path) -> Release:
    folder = tmp_path / "release"
    folder.mkdir()
    return read_release(write(folder, small_release(), "small.ipynb"))


def graded(content: dict[str, Any], folder: Path, release: Release) -> tuple[Submission, dict[str, Any]]:
    """The healed submission and the namespace of its slice, in which both tasks must work."""
    submission = read_submission(write(folder, content), release)
    namespace, report = compile_program(to_program(submission, release, ())).execute("slice")
    assert report["ok"], report["error"]
    assert namespace["double"](3) == 6
    assert namespace["Layer"]().forward(3) == 7
    return submission, namespace


def test_a_solved_notebook_needs_no_healing(tmp_path: Path, release: Release) -> None:
    """Nothing is said about a notebook in which only solutions were written."""
    submission, _ = graded(solved_small(), tmp_path, release)
    assert submission.healed == ()
    assert submission.version == "v1"
    assert release.tasks == {"double": ("double",), "Layer": ("Layer",)}


def test_checks_and_points_are_no_part_of_the_program(tmp_path: Path, release: Release) -> None:
    """``grader.check(...)`` and the cells that hold points are not executed."""
    submission, _ = graded(solved_small(), tmp_path, release)
    program = to_program(submission, release, ("torch",))
    assert [cell["id"] for cell in program["cells"]] == ["given", "double", "Layer"]
    assert [cell["task"] for cell in program["cells"]] == [None, "double", "Layer"]
    assert program["names"] == ["double", "Layer"]
    assert program["libraries"] == ["torch"]


def _edit_given(content: dict[str, Any]) -> None:
    content["cells"][1]["source"] = "FACTOR = 1000"


def _unlock_given(content: dict[str, Any]) -> None:
    _edit_given(content)
    content["cells"][1]["metadata"]["nbgrader"]["locked"] = False


def _delete_given(content: dict[str, Any]) -> None:
    del content["cells"][1]


def _given_becomes_text(content: dict[str, Any]) -> None:
    content["cells"][1]["cell_type"] = "markdown"


def _repeat_given(content: dict[str, Any]) -> None:
    content["cells"].append(locked("FACTOR = 1000", "given"))


def _repeat_stub(content: dict[str, Any]) -> None:
    content["cells"].append(copy.deepcopy(small_release()["cells"][2]))


def _repeat_solution(content: dict[str, Any]) -> None:
    wrong = task("def double(x):\n    return None", "double")
    content["cells"].insert(1, wrong)


def _retype_task(content: dict[str, Any]) -> None:
    content["cells"][2]["cell_type"] = "raw"


def _retype_task_in_a_fence(content: dict[str, Any]) -> None:
    cell = content["cells"][2]
    cell["cell_type"], cell["source"] = "markdown", f"```python\n{cell['source']}\n```"


def _split_task(content: dict[str, Any]) -> None:
    content["cells"][2:3] = [
        task("def half_of_it(x):\n    return x", "double"),
        code("def double(x):\n    return 2 * half_of_it(x)"),
    ]


def _split_with_metadata(content: dict[str, Any]) -> None:
    content["cells"][2:3] = [task("TWO = 2", "double"), task("def double(x):\n    return TWO * x", "double")]


def _solve_elsewhere(content: dict[str, Any]) -> None:
    solution = content["cells"][2]["source"]
    content["cells"][2] = small_release()["cells"][2]
    content["cells"].insert(2, code(solution))


def _delete_task_cell(content: dict[str, Any]) -> None:
    content["cells"][2] = code(content["cells"][2]["source"])
    content["cells"][2]["source"] += "\nprint(double(2))"


def _merge_tasks(content: dict[str, Any]) -> None:
    at = place(content, "Layer")
    content["cells"][2]["source"] += "\n\n" + content["cells"][at]["source"]
    del content["cells"][at]


def _lose_metadata(content: dict[str, Any]) -> None:
    content["metadata"] = {}
    for cell in content["cells"]:
        cell["metadata"] = {}


def _lose_metadata_and_keep_a_stub(content: dict[str, Any]) -> None:
    content["cells"].append(copy.deepcopy(small_release()["cells"][2]))
    _lose_metadata(content)


def _older_release(content: dict[str, Any]) -> None:
    content["metadata"]["course"]["version"] = "v0"
    content["cells"][1]["source"] = "import numpy as np\nFACTOR = 3"


def _reorder(content: dict[str, Any]) -> None:
    content["cells"].reverse()


def _forge(content: dict[str, Any]) -> None:
    content["cells"].append(locked("FACTOR = 1000", "no-such-cell"))
    content["cells"][-1]["source"] = "print(1)"


def _whitespace(content: dict[str, Any]) -> None:
    content["cells"][1]["source"] += "   \n\n"


def _delete_checks(content: dict[str, Any]) -> None:
    del content["cells"][3:5]


REPAIRS = {
    _edit_given: ["cell 2 (given) was edited; the released text was used"],
    _unlock_given: ["cell 2 (given) was edited; the released text was used"],
    _delete_given: ["the released cell given was deleted; it was put back"],
    _given_becomes_text: ["cell 2 (given) was edited; the released text was used"],
    _repeat_given: ["cell 8 (given) stands there twice; the repetition was left out"],
    _repeat_stub: ["cell 8 (double) still holds the stub, which another cell replaces; it was left out"],
    _repeat_solution: ["cells 2 and 4 are all marked as double; they were run in this order"],
    _retype_task: ["cell 3 (double) was turned into a raw cell; its text was used as code"],
    _retype_task_in_a_fence: ["cell 3 (double) was turned into a markdown cell; its text was used as code"],
    _split_task: [],
    _split_with_metadata: ["cells 3 and 4 are all marked as double; they were run in this order"],
    _solve_elsewhere: ["cell 4 (double) still holds the stub, which another cell replaces; it was left out"],
    _delete_task_cell: [],
    _merge_tasks: ["the cell of Layer was deleted or merged; another cell defines what it asks for"],
    _lose_metadata: ["the cells have lost their names (nbgrader metadata); they were found by content"],
    _lose_metadata_and_keep_a_stub: [
        "the cells have lost their names (nbgrader metadata); they were found by content",
        "cell 8 (double) still holds the stub, which another cell replaces; it was left out",
    ],
    _older_release: ["the notebook was made from release v0; the given cells of release v1 were used"],
    _reorder: [],
    _forge: [],
    _whitespace: [],
    _delete_checks: [],
}


@pytest.mark.parametrize("damage", REPAIRS, ids=lambda f: f.__name__.strip("_"))
def test_a_damaged_notebook_is_healed(damage: Any, tmp_path: Path, release: Release) -> None:
    """The tasks work as in the undamaged notebook, and each repair is one sentence."""
    content = solved_small()
    damage(content)
    submission, _ = graded(content, tmp_path, release)
    assert list(submission.healed) == REPAIRS[damage]


@pytest.mark.parametrize("damage", REPAIRS, ids=lambda f: f.__name__.strip("_"))
def test_every_released_cell_is_there_once(damage: Any, tmp_path: Path, release: Release) -> None:
    """The gradebook finds each cell that counts exactly once, with the released text."""
    content = solved_small()
    damage(content)
    submission = read_submission(write(tmp_path, content), release)
    for released in release.cells:
        if released.locked:
            found = [cell for cell in submission.cells if cell.grade_id == released.grade_id]
            assert [cell.source for cell in found] == [released.source]


def test_a_deleted_task_is_said(tmp_path: Path, release: Release) -> None:
    """A task whose cell is gone, with nothing in its place, is named."""
    content = solved_small()
    del content["cells"][2]
    submission = read_submission(write(tmp_path, content), release)
    assert submission.healed == (
        "the cell of double was deleted, and no other cell defines what it asks for",
    )


def test_the_notebook_of_another_unit_is_said(tmp_path: Path, release: Release) -> None:
    """Somebody who hands in the wrong notebook reads it at once."""
    content = solved_small()
    content["metadata"]["course"]["unit"] = "gan"
    submission = read_submission(write(tmp_path, content), release)
    assert submission.healed == ("the file is the notebook of gan, not of small",)


def test_the_notebook_of_another_unit_is_refused(tmp_path: Path, release: Release) -> None:
    """Without a single task of this unit it is the wrong file, and nothing is put back into it."""
    course = {"unit": "gan", "version": "1", "tasks": {"gan": ["gan"], "Layer": ["Layer"]}}
    cells = [task("def gan():\n    return 1", "gan"), task("class Layer:\n    pass", "Layer")]
    other = notebook(cells, course=course)  # both units have a task Layer
    path = write(tmp_path, other)
    with pytest.raises(Unreadable, match=r"notebook of 'gan', handed in for 'small'. Submit small.ipynb."):
        read_submission(path, release)


@pytest.mark.parametrize(
    "cell",
    [task("x = 1", "double"), code("def double(x):\n    return 2 * x"), code("double = lambda x: 2 * x")],
    ids=["by name", "a function", "a lambda"],
)
def test_one_task_of_this_unit_is_enough(cell: Any, tmp_path: Path, release: Release) -> None:
    """A notebook that holds anything of this unit is graded, whatever its metadata say."""
    submission = read_submission(write(tmp_path, notebook([cell], course={"unit": "gan"})), release)
    assert submission.healed[0] == "the file is the notebook of gan, not of small"


def test_own_cells_stay(tmp_path: Path, release: Release) -> None:
    """Cells of the student's own are part of the program, wherever they stand."""
    content = solved_small()
    content["cells"].insert(2, code("HELP = 1"))
    content["cells"].insert(0, markdown("my notes"))
    submission, _ = graded(content, tmp_path, release)
    cells = to_program(submission, release, ())["cells"]
    assert [(cell["id"], cell["source"], cell["index"]) for cell in cells if cell["id"] is None] == [
        (None, "HELP = 1", 3)
    ]


def test_an_untouched_notebook_keeps_its_stubs(tmp_path: Path, release: Release) -> None:
    """A stub without anything in its place stays, so that the check can say so."""
    submission = read_submission(write(tmp_path, small_release()), release)
    namespace, _ = compile_program(to_program(submission, release, ())).execute("slice")
    with pytest.raises(NotImplementedError):
        namespace["double"](3)
    assert submission.healed == ()


def test_the_digest_is_of_the_healed_cells_only(tmp_path: Path, release: Release) -> None:
    """Outputs, execution counts, and an edit that healing takes back change no digest; a solution does."""

    def digest(change: Any) -> str:
        content = solved_small()
        change(content)
        return read_submission(write(tmp_path, content), release).digest

    def run(content: dict[str, Any]) -> None:
        content["cells"][1].update(
            execution_count=9, outputs=[{"output_type": "stream", "name": "stdout", "text": "x"}]
        )

    def solve(content: dict[str, Any]) -> None:
        content["cells"][2]["source"] += "  # twice"

    plain = digest(lambda content: None)
    assert digest(run) == digest(_edit_given) == plain
    assert digest(solve) != plain
    assert len(plain) == 64
