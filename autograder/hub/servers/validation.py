"""nbgrader's *validate* says what the public checks say.

Stock validation runs the notebook and looks at the graded cells. Ours hold a literal
``0.0`` (hidden checks give the points), so that it would complain about every task.
Here the saved notebook is checked as ``grader.check`` does it, in a fresh process with
the server's loader, and each graded cell gets the outcome of its task: the full points
where all public checks passed, else an error with what they said. Nothing of this is
ever a mark.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbformat.v4 import new_output
from nbgrader.preprocessors import CheckCellMetadata, ClearOutput, NbGraderPreprocessor
from nbgrader.validator import Validator

from ...notebook_checks import Companion, Unavailable


class FromPublicChecks(NbGraderPreprocessor):
    """Gives each ``points-<task>`` cell the outcome of the task's public checks."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Set the outputs of the graded code cells; nbgrader has made the notebook's folder current."""
        try:
            answer = _ask(nb, Path.cwd())
        except Unavailable as error:
            answer = {"trouble": f"The public checks cannot be run here: {error}"}
        for cell in nb.cells:
            about = cell.metadata.get("nbgrader", {})
            if cell.cell_type == "code" and about.get("grade"):
                task = about["grade_id"].removeprefix("points-")
                cell.outputs = [_outcome(task, list(complaints(task, answer)), about["points"])]
        return nb, resources


def follow_public_checks(c: Any) -> None:
    """Let nbgrader's button and command use it; for ``nbgrader_config.py``.

    The list of steps is no setting in nbgrader 0.9.6, so it is made one here.
    """
    Validator.class_traits()["preprocessors"].tag(config=True)
    c.Validator.preprocessors = [CheckCellMetadata, ClearOutput, FromPublicChecks]


def complaints(task: str, answer: dict[str, Any]) -> Iterator[str]:
    """What the public checks have against a task; nothing where all passed."""
    if answer.get("trouble"):
        yield answer["trouble"]
        return
    for error in answer["syntax_errors"]:
        if error["task"] == task:
            yield f"cell {error['cell']}, line {error['line']}: {error['message']}"
    if task in answer["stubs"]:
        yield f"{', '.join(answer['stubs'][task])} still raises NotImplementedError"
    for check in answer["checks"]:
        if check["task"] == task and not check["passed"]:
            yield f"{check['title']}: {check['message']}"


def _ask(nb: Any, folder: Path) -> dict[str, Any]:
    companion = Companion(folder)
    try:
        with tempfile.NamedTemporaryFile("w", suffix=".ipynb", encoding="utf-8") as file:
            json.dump(nb, file)
            file.flush()
            return companion.ask(Path(file.name), ())
    finally:
        companion.close()


def _outcome(task: str, wrong: list[str], points: float) -> Any:
    if wrong:
        return new_output(
            "error", ename="PublicCheck", evalue=task, traceback=[f"{task}: {line}" for line in wrong]
        )
    return new_output("execute_result", data={"text/plain": repr(float(points))}, execution_count=1)
