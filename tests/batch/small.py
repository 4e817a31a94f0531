"""A small private course, as ``course init`` makes it, and submissions to its one unit ``softmax``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from autograder.cli import main
from autograder.course import Course, Unit, load_course
from autograder.demo.solving import solved

UNIT = "softmax"
TASKS = ("softmax_forward", "softmax_backward")
COMMAND = [sys.executable, "-P", "-c", "from autograder.cli import main; main()"]


def loaded(root: Path) -> tuple[Course, Unit]:
    """The course in a folder, and its unit."""
    course = load_course(root)
    return course, course.unit(UNIT)


def released(root: Path) -> dict[str, Any]:
    """The released notebook."""
    return json.loads((root / "release" / UNIT / f"{UNIT}.ipynb").read_text(encoding="utf-8"))


def right(root: Path) -> dict[str, Any]:
    """A notebook that earns everything."""
    return solved(released(root), (root / "solutions" / f"{UNIT}.py").read_text(encoding="utf-8"))


def with_task(root: Path, task: str, source: str) -> dict[str, Any]:
    """A right notebook in which one task is written otherwise."""
    notebook = right(root)
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == task:
            cell["source"] = source
    return notebook


def with_cell(root: Path, source: str, at: int = 1) -> dict[str, Any]:
    """A right notebook with a cell of the student's own."""
    notebook = right(root)
    cell = {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": [], "source": source}
    notebook["cells"].insert(at, cell)
    return notebook


def slow(root: Path, seconds: float) -> dict[str, Any]:
    """A right notebook that takes so long to load: only what changes a name of a task is loaded with it."""
    sleep = f"import time\nsoftmax_forward.slept = time.sleep({seconds})"
    return with_cell(root, sleep, at=len(right(root)["cells"]))


def overflowing(root: Path) -> dict[str, Any]:
    """A notebook with the known mistake ``overflows``."""
    source = (root / "solutions" / f"{UNIT}.py").read_text(encoding="utf-8")
    wrong = source.replace("z - z.max(axis=1, keepdims=True)", "z")
    assert wrong != source
    return solved(released(root), wrong)


def submit(folder: Path, student: str, notebook: dict[str, Any] | bytes) -> Path:
    """Put a submission into nbgrader's layout."""
    path = folder / student / UNIT / f"{UNIT}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(notebook if isinstance(notebook, bytes) else json.dumps(notebook).encode())
    return path


def stored(root: Path) -> dict[str, dict[str, Any]]:
    """The result files by student."""
    folder = root / "data" / "results" / UNIT
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}


def without_times(results: Any) -> Any:
    """The same results without what a clock has written."""
    if isinstance(results, list):
        return [without_times(result) for result in results]
    return {name: value for name, value in results.items() if name != "seconds"}


def environment(**more: str) -> dict[str, str]:
    """The environment of a command: this one's, without another course's data folder."""
    return {**{name: value for name, value in os.environ.items() if name != "COURSE_DATA"}, **more}


def run(folder: Path, *words: str, seconds: float = 100, **more: str) -> subprocess.CompletedProcess[str]:
    """A course command in a process of its own."""
    return subprocess.run(
        [*COMMAND, *words],
        cwd=folder,
        env=environment(**more),
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def in_process(words: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """A course command in this process; its exit code."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", ["course", *words])
    try:
        main()
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0
