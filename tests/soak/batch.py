"""``course grade`` over a class, undisturbed or killed again and again, and what it has stored."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.marks import attempts, graded, open_facts
from autograder.results.store import read_results

from .beside import Beside
from .kills import kill_each, kill_one
from .notebooks import COMMAND, KINDS, UNIT, Notebooks, environment, write
from .traces import Use, nothing_left, sampled

ROLES = ("command", "worker", "sandbox")
JOBS = "2"
FIRST = 8  # submissions before memory is looked at
RUNS = 5  # that may be needed for what was killed twice
PAUSE = 0.1  # seconds that a submission takes at least, so that there is a middle to be killed in


@dataclass
class Batch:
    """A class on the disk, and the command that grades it."""

    notebooks: Notebooks
    root: Path
    submitted: Path
    temporary: str
    kinds: dict[str, str] = field(default_factory=dict)  # by student
    process: subprocess.Popen[bytes] | None = None
    runs: int = 0
    folders: int = 0  # temporary ones, left behind

    def write(self, count: int, seconds: float = 0.0) -> None:
        """Further students hand in."""
        for number in range(len(self.kinds), len(self.kinds) + count):
            student, kind = f"student-{number:05d}", KINDS[number % len(KINDS)]
            write(self.submitted, student, self.notebooks.of_kind(kind, number, seconds))
            self.kinds[student] = kind

    def pid(self) -> int:
        """The command's; 0 where none runs."""
        return self.process.pid if self.process is not None and self.process.poll() is None else 0

    def run(self) -> int:
        """Grade all to the end, or until killed; the exit code."""
        self.runs += 1
        with (self.root / "grade.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*COMMAND, "grade", UNIT, str(self.submitted), "--jobs", JOBS],
                cwd=self.root,
                env=environment(TMPDIR=self.temporary),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self.process.wait()

    def kill(self, role: str, rng: random.Random) -> bool:
        """End the command, or one process below it."""
        pid = self.pid()
        if not pid:
            return False
        if role != "command":
            return kill_one(pid, role, rng)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        return True


@contextmanager
def laid_out(notebooks: Notebooks, folder: Path, wrong: list[str], killed: bool) -> Iterator[Batch]:
    """A course in a folder; what is left behind at the end is wrong."""
    course = notebooks.course_in(folder)
    with (
        tempfile.TemporaryDirectory(prefix="soak-") as temporary,  # short: sockets lie in it
        nothing_left(Path(temporary), course.root) as left,
    ):
        made = Batch(notebooks, course.root, folder / "submitted", temporary)
        yield made
    wrong += left.wrong
    made.folders = left.folders
    if left.folders and not killed:
        wrong.append(f"{left.folders} temporary folders were left behind")


def batch(notebooks: Notebooks, folder: Path, submissions: int) -> dict[str, Any]:
    """Undisturbed: memory, files and processes."""
    wrong: list[str] = []
    with laid_out(notebooks, folder, wrong, killed=False) as made:
        made.write(FIRST)
        made.run()  # which makes the gradebook
        made.write(submissions)
        with sampled(made.pid) as use:
            code = made.run()
        wrong += [f"course grade ended with {code}"] if code else []
        wrong += [*use.wrong(), *_wrong(made)]
    return _figures(made, use, {}, wrong)


def batch_killed(
    notebooks: Notebooks, folder: Path, submissions: int, kills: int, pause: tuple[float, float], seed: int
) -> dict[str, Any]:
    """Killed at random moments: each run goes on where the one before was."""
    wrong: list[str] = []
    rng = random.Random(seed)
    with laid_out(notebooks, folder, wrong, killed=True) as made:
        roles = {role: lambda role=role: made.kill(role, rng) for role in ROLES}
        made.write(submissions, PAUSE)
        with sampled(made.pid) as use:
            beside = Beside(lambda: {"killed": kill_each(roles, kills, rng, pause)})
            while not beside.over():
                if made.run() == 0:
                    made.write(submissions, PAUSE)
            told = beside.result()
            codes = [made.run() for _ in range(RUNS) if _unfinished(made)]
        wrong += _wrong(made)
    return _figures(made, use, {**told, "last_runs": codes}, wrong)


def _unfinished(made: Batch) -> bool:
    return len(_results(made)) < len(made.kinds) or None in _results(made).values()


def _figures(made: Batch, use: Use, told: Mapping[str, Any], wrong: list[str]) -> dict[str, Any]:
    return {
        "submissions": len(made.kinds),
        "runs": made.runs,
        **use.figures(),
        "folders_of_killed": made.folders,
        **told,
        "wrong": wrong,
    }


def _wrong(made: Batch) -> Iterator[str]:
    """One attempt and one result each, as undisturbed; in the results folder, too."""
    scores, results, course = made.notebooks.scores, _results(made), made.notebooks.reload(made.root)
    with open_facts(course) as database, database.read() as connection:
        several = Counter(each.student for each in attempts.of_unit(connection, UNIT))
    written = {result.student: result.score for result in read_results(course, UNIT)}
    twice = [name for name, count in several.items() if count > 1]
    if twice:
        yield f"{len(twice)} students have several attempts, such as {twice[0]}"
    differ = [
        f"{student} ({kind}) has {results.get(student)}, in the folder {written.get(student)}, "
        f"undisturbed {scores[kind]}"
        for student, kind in made.kinds.items()
        if not results.get(student) == written.get(student) == scores[kind]
    ]
    yield from differ[:5]
    if len(differ) > 5:
        yield f"and {len(differ) - 5} more like this"


def _results(made: Batch) -> dict[str, float | None]:
    """The stored scores by student."""
    with open_facts(made.notebooks.reload(made.root)) as database, database.read() as connection:
        found = graded.of_unit(connection, UNIT)
        own = {each.id: each.student for each in attempts.of_unit(connection, UNIT)}
        return {own[name]: result.score for name, result in found.items()}
