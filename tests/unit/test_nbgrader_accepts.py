"""nbgrader's own tools accept what a build makes."""

import os
import sys
from pathlib import Path

import nbformat
import pytest

from autograder.unit.release import build, nbgrader_source, publish

STEPS = ("LockCells", "ClearOutput", "CheckCellMetadata", "ComputeChecksums", "SaveCells")

pytestmark = pytest.mark.filterwarnings("ignore")  # nbgrader's and its dependencies'


@pytest.fixture
def generated(course, unit, monkeypatch):
    """nbgrader's generate_assignment on the built source: (its release folder, gradebook URL)."""
    from nbgrader.converters import GenerateAssignment
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import Config

    monkeypatch.setenv(
        "PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    )  # alembic
    publish(course, unit, build(course, unit))
    root = nbgrader_source(course, unit).parents[1]
    config = Config()
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.db_url = f"sqlite:///{root / 'gradebook.db'}"
    config.GenerateAssignment.preprocessors = [f"nbgrader.preprocessors.{step}" for step in STEPS]
    folder = CourseDirectory(config=config)
    folder.assignment_id = unit.name
    GenerateAssignment(coursedir=folder, config=config).start()
    return root / "release" / unit.name, config.CourseDirectory.db_url


def test_generate_assignment_takes_the_source(generated, unit):
    """Its release equals ours but for the checksums that it adds, and brings the public checks along."""
    folder, _ = generated
    theirs = nbformat.read(folder / "softmax.ipynb", as_version=4)
    ours = nbformat.read(unit.released_notebook, as_version=4)
    for cell in theirs.cells:
        assert len(cell.metadata.nbgrader.pop("checksum")) == 32
        assert cell.metadata.nbgrader.pop("cell_type") == cell.cell_type
    assert theirs.cells == ours.cells
    assert theirs.metadata.course == ours.metadata.course
    assert (folder / "tests" / "softmax_forward.py").is_file()


def test_the_gradebook_has_the_points(generated):
    """One graded cell per task, with the task's core points as its maximum."""
    from nbgrader.api import Gradebook

    with Gradebook(generated[1]) as gradebook:
        notebook = gradebook.find_notebook("softmax", "softmax")
        points = {cell.name: cell.max_score for cell in notebook.grade_cells}
        solutions = {cell.name for cell in notebook.solution_cells}
    assert points == {"points-softmax_forward": 55.0, "points-softmax_backward": 45.0}
    assert solutions == {"softmax_forward", "softmax_backward"}


def test_stock_grading_gives_nothing(course, unit):
    """nbgrader reads the output of the graded cell as the mark: executed, it is 0."""
    from nbformat.v4 import new_output
    from nbgrader.utils import determine_grade

    notebook = nbformat.reads(build(course, unit).files["softmax.ipynb"].decode(), as_version=4)
    cell = next(cell for cell in notebook.cells if cell.id == "points-softmax_forward")
    shown = repr(eval(cell.source.splitlines()[-1]))
    cell.outputs = [new_output("execute_result", data={"text/plain": shown})]
    assert determine_grade(cell) == (0.0, 55.0)
