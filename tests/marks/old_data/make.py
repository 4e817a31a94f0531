"""Makes the data folder of an older release that stands beside this file.

Run with that release, in a checkout of it (version 1 of the database: commit 5ac9fd0)::

    PYTHONPATH=<its checkout> python <this file>

It needs the sandbox. Databases become SQL, and what can be made again is left out.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
LITTLE = HERE.parents[1] / "little"
QUESTION = """
# %% [markdown] written="why" points=4
# Why? *Double-click here and write your answer in place of this line.*

# %% [markdown] instructor=True
# Four points for a reason.
"""
COURSE = [sys.executable, "-P", "-c", "from autograder.cli import main; main()"]


def course_with_a_question(root: Path) -> None:
    """The course of tests/little, with one written question."""
    shutil.copytree(LITTLE, root)
    text = root / "assignments" / "little" / "notebook.py"
    text.write_text(text.read_text() + QUESTION)


def notebook(root: Path, tasks: list[str], answer: str = "") -> dict:
    """A notebook with these tasks solved, and an answer."""
    from autograder.demo.solving import solved

    release = json.loads((root / "release/little/little.ipynb").read_text())
    made = solved(release, (root / "solutions/little.py").read_text(), tasks)
    for cell in made["cells"]:
        if answer and cell["metadata"].get("nbgrader", {}).get("grade_id") == "why":
            cell["source"] = answer
    return made


def as_file(root: Path, student: str, made: dict, moment: str) -> Path:
    """Lay it where nbgrader's layout has it."""
    path = root / "data/submitted" / student / "little/little.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(made))
    path.with_name("timestamp.txt").write_text(f"{moment}\n")
    return path


def command(root: Path, *words: str) -> None:
    """Run a course command."""
    done = subprocess.run([*COURSE, *words], cwd=root, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        raise SystemExit(done.stdout + done.stderr)


def on_the_hub(root: Path, student: str, *several: dict) -> None:
    """Hand these in, one after the other, and let a worker and the publisher do their part."""
    from autograder.course import load_course
    from autograder.exchange.grading.judge import Judge
    from autograder.exchange.grading.publisher import project_all, write_results
    from autograder.exchange.grading.worker import step
    from autograder.exchange.store.attempts import accept
    from autograder.exchange.store.desk import open_desk
    from autograder.exchange.store.uploads import File, Upload

    course = load_course(root)
    desk = open_desk(course)
    judge = Judge(course, desk.blobs, "walled")
    for made in several:
        upload = Upload((File("little.ipynb", json.dumps(made).encode()),))
        accept(desk, course.unit("little"), student, upload)
        while step(desk, judge, "worker"):
            pass
    judge.close()
    write_results(desk)
    project_all(desk)


def by_people(root: Path) -> None:
    """What people wrote into the gradebook, as formgrader stores it: points, a comment, extra credit.

    And an extension, by nbgrader's API.
    """
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{root}/data/gradebook.db") as book:
        for cell, student, points in (("points-windows", "student-001", 12.5), ("why", "student-002", 3.0)):
            grade = book.find_grade(cell, "little", "little", student)
            grade.manual_score, grade.needs_manual_grade = points, False
        book.find_comment("why", "little", "little", "student-002").manual_comment = "Well said."
        book.find_grade("points-sgd", "little", "little", "student-003").extra_credit = 2.0
        book.grant_extension("little", "student-004", days=3)
        book.db.commit()


def marks(root: Path) -> dict[str, float]:
    """The marks as this release told them, after its 'course grade --force'."""
    from autograder.course import load_course
    from autograder.gradebook import read_booked

    return {name: mark.final for name, mark in sorted(read_booked(load_course(root), "little").items())}


def store(root: Path) -> None:
    """Keep what counts as text."""
    data = root / "data"
    for name in ("exchange/exchange.db", "gradebook.db"):
        with sqlite3.connect(data / name) as database:
            text = "\n".join(database.iterdump()) + "\n"
        (HERE / f"{Path(name).stem}.sql").write_text(text)
    for name in ("results", "nbgrader/written", "exchange/blobs"):
        target = HERE / "data" / name
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(data / name, target)
    (HERE / "marks.json").write_text(json.dumps(marks(root), indent=1) + "\n")


def main() -> None:
    """Make it anew."""
    everything = ["windows", "dense_forward", "dense_backward", "dense_class", "sgd"]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "course"
        course_with_a_question(root)
        command(root, "build")
        as_file(root, "student-001", notebook(root, everything[1:]), "2030-01-01 20:00:00 UTC")
        as_file(root, "student-004", notebook(root, everything), "2030-01-03 20:00:00 UTC")
        command(root, "grade", "little", "data/submitted")
        on_the_hub(
            root, "student-002", notebook(root, everything[:2]), notebook(root, everything, "Because.")
        )
        on_the_hub(root, "student-003", notebook(root, everything[:4]))
        as_file(root, "student-003", notebook(root, everything), "2029-12-31 20:00:00 UTC")
        command(root, "grade", "little", "data/submitted/student-003")
        by_people(root)
        command(root, "grade", "little", "data/submitted", "--force")
        store(root)


if __name__ == "__main__":
    main()
