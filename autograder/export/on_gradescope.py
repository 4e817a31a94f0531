"""What runs on Gradescope: grade the one submission and write ``results.json``.

Called by ``run_autograder`` as ``python -m autograder.export.on_gradescope UNIT``. A
fault of ours writes no results and exits with 1, which Gradescope shows as a failed
autograder to staff instead of as a mark of 0.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from ..base.text import SHORT, plain
from ..course import Course, Disclosure, Unit, load_course
from ..judge.points import unreadable_result
from ..notebook.folders import notebook_in
from ..notebook.found import Found
from ..results.disclosure import as_student, now, shown
from ..results.result import Check, Result, Verdict
from ..results.store import read_result

BASE = Path("/autograder")
TIER = "fenced"
NO_NOTEBOOK = "What was uploaded cannot be graded: expected {}. {} Upload the .ipynb file itself."
_VISIBLE = {"always": "visible", "after-due": "after_due_date", "never": "hidden"}
_COMMAND = [sys.executable, "-P", "-c", "from autograder.cli import main; main()"]


def main(unit_name: str, base: Path = BASE, tier: str = TIER) -> int:
    """Grade the submission below ``base``; returns the exit code."""
    course = load_course()
    unit = course.unit(unit_name)
    student = student_of(base / "submission_metadata.json")
    found = find_notebook(base / "submission", unit)
    words = [
        "grade",
        unit.name,
        str(found.path),
        "--student",
        student,
        "--isolation",
        tier,
        "--no-gradebook",
        "--jobs",
        "1",
    ]
    if not found.wrong and os.path.lexists(found.path):
        done = subprocess.run([*_COMMAND, *words], cwd=course.root, capture_output=True, text=True)
        result = read_result(course, unit.name, student)
        if result is None or result.score is None:
            print(f"grading failed by no fault of the student: {done.stderr[-4000:]}", file=sys.stderr)
            return 1
    else:
        why = NO_NOTEBOOK.format(f"{unit.name}.ipynb", found.wrong)
        result = unreadable_result(unit, tier, student, why)
    if found.note:
        result = replace(result, healed=(found.note, *result.healed))
    target = base / "results" / "results.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(to_gradescope(course, unit, result, now()), indent=1), encoding="utf-8")
    return 0


def to_gradescope(course: Course, unit: Unit, result: Result, moment: datetime) -> dict[str, Any]:
    """The result in Gradescope's format; bonus checks are extra credit there."""
    disclosure: Disclosure = course.disclosure
    seen = as_student(result, shown(disclosure, unit, moment))
    explained = {check.id: check for check in seen.checks}
    visible = _VISIBLE[disclosure.verdicts]
    lines = [f"Repaired in your notebook: {plain(line)}" for line in result.healed]
    return {
        "score": round((result.score or 0.0) + result.bonus, 4),
        "execution_time": round(result.seconds),
        "output": "\n".join(lines) or "Graded.",
        "output_format": "text",
        "visibility": "visible",
        "tests": [_test(check, explained.get(check.id), visible) for check in result.checks],
    }


def student_of(path: Path) -> str:
    """The submitter: e-mail address or name from Gradescope's metadata, else "student"."""
    try:
        users = json.loads(path.read_text(encoding="utf-8"))["users"]
        said = str(users[0].get("email") or users[0].get("name") or "student")
        return plain(said, SHORT)  # no command line and no database takes a NUL or half a character
    except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError):
        return "student"  # seeds differ by submission all the same


def find_notebook(folder: Path, unit: Unit) -> Found:
    """What ``course grade`` finds in a student's folder: the notebook, or what is wrong instead."""
    return notebook_in(folder, unit)


def _test(check: Check, explained: Check | None, visible: str) -> dict[str, Any]:
    parts = [plain(explained.reason), plain(explained.hint)] if explained else []
    return {
        "name": f"{check.task}: {plain(check.title, 200)}",
        "score": check.earned,
        "max_score": 0.0 if check.bonus else check.points,
        "status": "passed" if check.verdict is Verdict.PASSED else "failed",
        "output": "\n".join(part for part in parts if part),
        "output_format": "text",
        "visibility": visible,
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
