"""The course of the soak, its kinds of notebooks, and what an undisturbed run gives for each."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from functools import cached_property
from pathlib import Path
from typing import Any

from autograder.course import Course, load_course
from autograder.unit.release import build, publish
from tests.support import LITTLE, ROOT, code, place, source_of

UNIT = "little"
KINDS = ("right", "wrong", "right", "untouched", "right", "wrong", "ends_its_process", "no_notebook")
PAPERS = 2  # so that a worker that was killed is soon warm again
COMMAND = [sys.executable, "-P", "-c", "from autograder.cli import main; main()"]
_EDITS = {"wrong": ("dense_forward", "out = out + b", "out = out - b")}
_CELLS = {"ends_its_process": ("windows", "import os\n\ndef windows(*a, **k):\n    os._exit(3)\n")}


class Notebooks:
    """A course of one light unit in a folder, and submissions to it; made once for all scenarios."""

    def __init__(self, folder: Path) -> None:
        self.root = shutil.copytree(LITTLE, folder / "course")
        config = self.root / "course_config.py"
        text = config.read_text()
        assert text.count('Course("little", "Little",') == 1
        config.write_text(text.replace('"Little",', f'"Little", papers={PAPERS}, units=', 1))
        self.course: Course = load_course(self.root)
        publish(self.course, self.course.unit(UNIT), build(self.course, self.course.unit(UNIT)))
        self._folder = folder

    def course_in(self, folder: Path) -> Course:
        """A copy of the course, with data of its own."""
        return self.reload(shutil.copytree(self.root, folder / "course"))

    def reload(self, root: Path) -> Course:
        """The course of a folder, with the data folder that lies there."""
        return load_course(root)

    def of_kind(self, kind: str, number: int, seconds: float = 0.0) -> bytes:
        """A notebook that no other number has; ``seconds`` is how long it takes to load at least."""
        if kind == "no_notebook":
            return f"%PDF-1.7 {number}".encode()
        content = json.loads(self._made[kind])
        own = f"# number {number}" + (
            f"\nimport time\nwindows.slept = time.sleep({seconds})" if seconds else ""
        )
        content["cells"].append(code(own))
        return json.dumps(content).encode()

    @cached_property
    def scores(self) -> dict[str, float]:
        """What each kind gets where nothing disturbs."""
        copied = shutil.copytree(self.root, self._folder / "undisturbed")
        submitted = self._folder / "one-of-each"
        for number, kind in enumerate(sorted(set(KINDS))):
            write(submitted, kind, self.of_kind(kind, number))
        done = subprocess.run(
            [*COMMAND, "grade", UNIT, str(submitted), "--jobs", "1", "--json", "--no-gradebook"],
            cwd=copied,
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        found = {result["student"]: float(result["score"]) for result in json.loads(done.stdout)}
        assert found["right"] == 100.0 > found["wrong"] > found["untouched"] == 0.0, found
        return found

    @cached_property
    def _made(self) -> dict[str, str]:
        return {kind: json.dumps(self._content(kind)) for kind in {*KINDS} - {"no_notebook"}}

    def _content(self, kind: str) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.course.unit(UNIT).released_notebook.read_text())
        if kind == "untouched":
            return content
        reference = (self.root / "solutions" / f"{UNIT}.py").read_text()
        for task, names in content["metadata"]["course"]["tasks"].items():
            source = "import numpy as np\n\n" + source_of(reference, tuple(names))
            edited, old, new = _EDITS.get(kind, ("", "", ""))
            assert task != edited or source.count(old) == 1
            replaced, whole = _CELLS.get(kind, ("", ""))
            source = whole if task == replaced else source.replace(old, new) if task == edited else source
            content["cells"][place(content, task)]["source"] = source
        return content


def write(folder: Path, student: str, content: bytes) -> None:
    """Put a submission into nbgrader's layout."""
    path = folder / student / UNIT / f"{UNIT}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def environment(**more: str) -> dict[str, str]:
    """This process's environment without another course's data, database or hub."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("COURSE_", "JUPYTERHUB"))
    }
    return {**kept, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", **more}
