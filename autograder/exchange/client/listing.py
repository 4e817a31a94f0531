"""Entries as nbgrader's list command and its pages expect them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any

from .collecting import timestamp


def outbound_entry(unit: dict[str, Any], folder: Path) -> dict[str, Any]:
    """A released unit; ``folder`` is where the student has it once it is fetched."""
    fetched = folder.is_dir()
    local = sorted(folder.glob("*.ipynb")) if fetched else []
    released = [file["path"] for file in unit["files"] if file["path"].endswith(".ipynb")]
    books = [(path.stem, str(path)) for path in local] if fetched else [(Path(p).stem, p) for p in released]
    return {
        "course_id": unit["course"],
        "assignment_id": unit["unit"],
        "status": "fetched" if fetched else "released",
        "path": str(folder) if fetched else unit["unit"],
        "notebooks": [{"notebook_id": name, "path": path} for name, path in books],
        "remark": "(already downloaded)" if fetched else "",
    }


def submitted_entries(
    unit: dict[str, Any], attempts: Iterable[dict[str, Any]], folder: Path, name_file: str
) -> list[dict[str, Any]]:
    """One entry per student with all of his attempts.

    Args:
        unit: as the exchange lists it.
        attempts: attempts at it, by student and number.
        folder: the student's own folder of the unit, with fetched feedback in it.
        name_file: the file that says which state of the feedback was fetched.
    """
    return [
        {
            "course_id": unit["course"],
            "student_id": student,
            "assignment_id": unit["unit"],
            "status": "submitted",
            "submissions": [_submission(unit, attempt, folder, name_file) for attempt in group],
        }
        for student, group in groupby(attempts, key=lambda attempt: attempt["student"])
    ]


def _submission(
    unit: dict[str, Any], attempt: dict[str, Any], folder: Path, name_file: str
) -> dict[str, Any]:
    moment = timestamp(attempt["received"])
    local = folder / "feedback" / moment
    has_local = (local / name_file).is_file()
    updated = has_local and (local / name_file).read_text(errors="replace").strip() != (
        attempt["feedback"] or ""
    )
    state = {
        "has_local_feedback": has_local,
        "has_exchange_feedback": attempt["feedback"] is not None,
        "feedback_updated": updated and attempt["feedback"] is not None,
        "local_feedback_path": str(local) if has_local else None,
    }
    books = [Path(file["path"]).stem for file in attempt["files"] if file["path"].endswith(".ipynb")]
    return state | {
        "course_id": unit["course"],
        "student_id": attempt["student"],
        "assignment_id": unit["unit"],
        "timestamp": moment,
        "status": "submitted",
        "path": attempt["id"],
        "notebooks": [_notebook(name, local, state) for name in books],
        "remark": _remark(attempt),
    }


def _notebook(name: str, local: Path, state: dict[str, Any]) -> dict[str, Any]:
    page = local / f"{name}.html"
    return (
        {"notebook_id": name, "path": name}
        | state
        | {"local_feedback_path": str(page) if page.is_file() else None}
    )


def _remark(attempt: dict[str, Any]) -> str:
    if attempt["state"] != "graded":
        return f"({attempt['state']})"
    counts = ", counts" if attempt["counts"] else ""
    return f"({attempt['mark']:g} of {attempt['out_of']:g} points{counts})"
