"""A batch that is killed, interrupted or loses a worker: nothing half-written, nothing left over."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from autograder.marks import open_facts
from autograder.marks.attempts import of_unit
from autograder.marks.graded import results_of
from autograder.results.result import Result
from tests.booked import read_booked
from tests.waiting import until

from .small import COMMAND, UNIT, environment, loaded, right, run, slow, stored, submit, with_task

pytestmark = pytest.mark.sandbox
STUDENTS = 30
PAUSE = 0.2  # seconds that each submission takes at least, so that there is a middle to be killed in


@pytest.fixture
def slow_class(root: Path, folder: Path) -> Path:
    """Thirty right submissions that take a moment to load."""
    for number in range(STUDENTS):
        submit(folder, f"student-{number:03d}", slow(root, PAUSE))
    return folder


@pytest.fixture
def begun(root: Path, slow_class: Path) -> Iterator[subprocess.Popen[str]]:
    """``course grade --jobs 2`` in a process group of its own, when it has stored a few results."""
    with start(root, str(slow_class)) as process:
        try:
            until(lambda: len(known(root)) >= 5, "first results", pause=0.02)
            assert min(result.seconds for result in known(root).values()) > PAUSE
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def heard() -> None:
    """Ctrl-C counts, also where these tests run in the background of a shell, which ignores it for them."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def start(root: Path, *words: str) -> subprocess.Popen[str]:
    """Begin grading with two workers, with a mark in the environment by which its processes are known."""
    return subprocess.Popen(
        [*COMMAND, "grade", UNIT, *words, "--jobs", "2", "--json"],
        cwd=root,
        env=environment(COURSE_TEST=str(root)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heard,
        start_new_session=True,
    )


def known(root: Path) -> dict[str, Result]:
    """The results that a batch has stored as facts so far, by student."""
    course, _ = loaded(root)
    if not (course.data_folder / "exchange" / "exchange.db").exists():
        return {}
    with open_facts(course) as database, database.read() as connection:
        attempts = {each.id: each.student for each in of_unit(connection, UNIT)}
        return {attempts[name]: result for name, result in results_of(connection, attempts).items()}


def processes_of(root: Path) -> list[psutil.Process]:
    """What was started for this course: the command, its workers, and bubblewrap below them."""
    found = []
    for process in psutil.process_iter():
        try:
            ours = process.environ().get("COURSE_TEST") == str(root)
            if ours and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def tree(process: psutil.Process) -> list[psutil.Process]:
    """A process and all below it, the sandbox's processes too, whose environment is another one."""
    return [process, *process.children(recursive=True)]


def gone(processes: list[psutil.Process]) -> bool:
    return not any(is_alive(process) for process in processes)


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:  # it ended between the two questions
        return False


def half_written(root: Path) -> list[Path]:
    return list((root / "data" / "results" / UNIT).glob(".*"))


def test_kill_9_of_everything(root, begun, slow_class):
    """After kill -9 of the whole group results are whole, no process is left, the next run does the rest."""
    processes = tree(psutil.Process(begun.pid))
    os.killpg(begun.pid, signal.SIGKILL)
    begun.wait()
    until(lambda: gone(processes) and not processes_of(root), "end of all processes", 20)
    before = known(root)
    assert 5 <= len(before) < STUDENTS
    assert all(result.score == 100.0 for result in before.values())

    done = run(root, "grade", UNIT, str(slow_class), "--jobs", "2")
    assert done.returncode == 0, done.stderr
    assert f"{STUDENTS - len(before)} graded, {len(before)} unchanged" in done.stdout
    after = known(root)
    assert {name: after[name] for name in before} == before, "nothing that was stored is graded again"
    assert len(stored(root)) == STUDENTS
    course, unit = loaded(root)
    assert {mark.score for mark in read_booked(course, unit.name).values()} == {100.0}
    assert len(read_booked(course, unit.name)) == STUDENTS
    assert half_written(root) == []


def test_kill_9_of_the_command_only(root, begun, slow_class):
    """Workers and sandboxes end with their command; what one was writing is cleared by the next run."""
    processes = tree(psutil.Process(begun.pid))
    assert len(processes) > 5
    begun.kill()
    begun.wait()
    until(lambda: gone(processes) and not processes_of(root), "end of all processes", 20)
    assert all(result.score == 100.0 for result in known(root).values())

    done = run(root, "grade", UNIT, str(slow_class), "--jobs", "2", "--no-gradebook")
    assert done.returncode == 0, done.stderr
    assert half_written(root) == []


def test_interrupted(root, begun):
    """Ctrl-C ends with 130, one sentence, whole results and no process left over."""
    processes = tree(psutil.Process(begun.pid))
    os.killpg(begun.pid, signal.SIGINT)
    out, err = begun.communicate(timeout=30)
    assert begun.returncode == 130, err
    assert out == ""
    assert "interrupted" in err
    assert "Traceback" not in err
    until(lambda: gone(processes), "end of all processes", 20)
    assert 5 <= len(known(root)) < STUDENTS
    assert half_written(root) == []


def test_a_worker_that_dies_costs_only_its_submission(root, folder):
    """What kills the judge's own process twice is BROKEN; all others are graded."""
    grader = root / "assignments" / UNIT / "grader.py"
    head = r'def test_forward_values\(student, draw\):\n    """.*?"""\n'
    kills = "    if (student.softmax_forward(draw.normal(1, 2))[0].value == 42.0).all():\n"
    kills += "        import os\n        os._exit(9)\n"
    text, found = re.subn(head, lambda met: met[0] + kills, grader.read_text())
    assert found == 1
    grader.write_text(text)
    for number in range(12):
        submit(folder, f"student-{number:03d}", right(root))
    answer = "import numpy as np\ndef softmax_forward(z):\n    return np.full(z.shape, 42.0), (z,)"
    submit(folder, "student-005", with_task(root, "softmax_forward", answer))
    done = run(root, "grade", UNIT, str(folder), "--jobs", "2", "--no-gradebook")
    assert done.returncode == 1, done.stderr
    scores = {name: result["score"] for name, result in stored(root).items()}
    assert scores.pop("student-005") is None
    assert set(scores.values()) == {100.0}
    assert len(scores) == 11


def test_no_folder_is_left_in_the_temporary_folder(root, folder, request):
    """Workers clear away what their zygotes needed; the locks of the cores stay for the next."""
    temporary = Path(tempfile.mkdtemp(prefix="t"))  # short: sockets lie in it, whose paths have 108 bytes
    request.addfinalizer(lambda: shutil.rmtree(temporary, ignore_errors=True))
    for name in ("a", "b", "c"):
        submit(folder, name, right(root))
    done = run(root, "grade", UNIT, str(folder), "--jobs", "2", "--no-gradebook", TMPDIR=str(temporary))
    assert done.returncode == 0, done.stderr
    assert [path.name for path in temporary.iterdir() if not path.name.startswith("course-cores-")] == []
