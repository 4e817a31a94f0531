"""One batch in this process: what is graded again, what stands, and what goes wrong."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.base.errors import ConfigError, CourseError, NotInstalled, SandboxFault
from autograder.batch.booking import book
from autograder.batch.grading import How, grade_all
from autograder.batch.run import Done, Todo, cool, job_for, run_batch, warm_grader
from autograder.batch.warm import this_process
from autograder.gradebook import Folders
from autograder.judge.grader import Grader
from autograder.judge.secret import course_secret
from autograder.marks import Mark, attempts, graded, open_facts, read_facts
from autograder.marks.blobs import blobs_of
from autograder.notebook.finding import Found, find_submissions
from autograder.results.result import Result, Verdict
from autograder.sandbox import Sandbox
from tests.booked import read_booked

from .small import UNIT, loaded, overflowing, right, stored, submit, with_task

# What overflows in a known mistake is no error here, as it is none in a command.
pytestmark = [pytest.mark.sandbox, pytest.mark.filterwarnings("ignore::RuntimeWarning")]


def grade(root: Path, force: bool = False) -> dict[str, Done]:
    """Grade what lies in the course's folder of submissions, as a new command would."""
    course, unit = loaded(root)
    found = find_submissions([root / "submitted"], unit)
    with open_facts(course) as database:
        batch = grade_all(course, database, unit, found, How(force=force, jobs=1))
        assert book(course, database, unit, gradebook=False) == ()
    return {done.found.student: done for done in batch.done}


def test_a_class(root, folder):
    """Right, wrong and unreadable submissions each get their result; one does not stop the others."""
    submit(folder, "right", right(root))
    submit(folder, "wrong", overflowing(root))
    submit(folder, "cut", json.dumps(right(root)).encode()[:300])
    (folder / "empty" / UNIT).mkdir(parents=True)
    (folder / "link").symlink_to(folder / "right")
    done = grade(root)
    scores = {name: item.result.score for name, item in done.items()}
    assert scores == {"right": 100.0, "wrong": 80.0, "cut": 0.0, "empty": 0.0, "link": 0.0}
    assert {check.verdict for check in done["cut"].result.checks} == {Verdict.ERROR}
    assert "symbolic link" in done["link"].result.checks[0].reason
    assert "The folder is empty" in done["empty"].result.checks[0].reason
    (large,) = [check for check in done["wrong"].result.checks if check.id == "test_forward_large"]
    assert (large.verdict, large.mistake) == (Verdict.FAILED, "overflows")
    assert {name: result["score"] for name, result in stored(root).items()} == scores


def test_from_submissions_to_the_gradebook(root, folder):
    """The whole way: by student, no sandbox left over, and in the gradebook only what it lacks."""
    submit(folder, "b", right(root))
    submit(folder, "a", overflowing(root))
    course, unit = loaded(root)
    with open_facts(course) as database:
        done = grade_all(course, database, unit, find_submissions([folder], unit)[::-1], How(jobs=1)).done
        assert [(item.found.student, item.result.score) for item in done] == [("a", 80.0), ("b", 100.0)]
        assert this_process().grader is None
        assert book(course, database, unit) == ()
    booked = {student: mark.score for student, mark in read_booked(course, UNIT).items()}
    assert booked == {"a": 80.0, "b": 100.0}
    folders = Folders(course)
    folders.autograded(UNIT, "a").unlink()
    before = folders.autograded(UNIT, "b").stat().st_mtime_ns
    with open_facts(course) as database:
        assert book(course, database, unit) == ()
    assert folders.autograded(UNIT, "a").exists()
    assert folders.autograded(UNIT, "b").stat().st_mtime_ns == before


def test_unchanged_is_not_graded_again(root, folder):
    """A second run reads the stored results, --force grades again and gives the same bytes but the time."""
    submit(folder, "right", right(root))
    submit(folder, "wrong", overflowing(root))
    first = grade(root)
    again = grade(root)
    forced = grade(root, force=True)
    assert [item.fresh for item in again.values()] == [False, False]
    assert [item.fresh for item in forced.values()] == [True, True]
    for name, item in first.items():
        assert again[name].result == item.result
        same = replace(forced[name].result, seconds=0.0).to_json()
        assert same == replace(item.result, seconds=0.0).to_json()


def test_a_changed_submission_is_graded_again(root, folder):
    """Only what changed is graded."""
    submit(folder, "same", right(root))
    submit(folder, "changed", overflowing(root))
    grade(root)
    submit(folder, "changed", right(root))
    done = grade(root)
    assert {name: item.fresh for name, item in done.items()} == {"same": False, "changed": True}
    assert done["changed"].result.score == 100.0
    assert stored(root)["changed"]["score"] == 100.0


def test_a_worse_file_is_an_attempt_and_the_better_one_counts(root, folder):
    """What was graded last is not what counts: the result file is that of the best attempt."""
    submit(folder, "student-001", right(root))
    grade(root)
    submit(folder, "student-001", overflowing(root))
    assert grade(root)["student-001"].result.score == 80.0
    assert stored(root)["student-001"]["score"] == 100.0
    mark = mark_in(root, "student-001")
    assert (mark.points, mark.how, len(mark.attempts)) == (
        100.0,
        "attempt 1 of 2, time of handing in not known",
        2,
    )
    grade(root)
    assert len(mark_in(root, "student-001").attempts) == 2, "the same file is the same attempt"


def mark_in(root: Path, student: str) -> Mark:
    """A student's mark as the facts say."""
    course, unit = loaded(root)
    with open_facts(course) as database, database.read() as connection:
        return read_facts(connection, course, unit, student).mark(student)


def test_the_file_of_an_attempt_is_kept_as_it_was_graded(root, folder):
    """Its copy is there whatever becomes of the folder; what is no file has none, and is an attempt, too."""
    path = submit(folder, "a", right(root))
    (folder / "empty" / UNIT).mkdir(parents=True)
    grade(root)
    content = path.read_bytes()
    shutil.rmtree(folder / "a")
    (attempt,) = [each.attempt for each in mark_in(root, "a").attempts]
    course, _ = loaded(root)
    assert blobs_of(course).get(attempt.notebook.sha256) == content
    assert attempt.from_files and attempt.notebook.path == f"{UNIT}.ipynb"
    (empty,) = [each.attempt for each in mark_in(root, "empty").attempts]
    assert empty.notebook is None and mark_in(root, "empty").points == 0.0


def test_other_attempts_of_the_same_student_are_renewed(root, folder):
    """A changed check is judged on the earlier file as well, from the copy that was kept."""
    submit(folder, "student-001", right(root))
    grade(root)
    submit(folder, "student-001", overflowing(root))
    grade(root)
    grader = root / "assignments" / UNIT / "grader.py"
    grader.write_text(grader.read_text().replace("points=25", "points=35", 1))
    grade(root)
    first, second = mark_in(root, "student-001").attempts
    assert (first.final, second.final) == (110.0, 90.0)


def test_a_result_of_an_older_release_gets_its_file(root, folder):
    """A data folder of before has result files only: the same file again is that attempt, and is kept."""
    submit(folder, "student-001", right(root))
    grade(root)
    (root / "data" / "exchange" / "exchange.db").unlink()
    for name in ("exchange.db-wal", "exchange.db-shm"):
        (root / "data" / "exchange" / name).unlink(missing_ok=True)
    (before,) = mark_in(root, "student-001").attempts
    assert before.attempt.notebook is None and before.final == 100.0
    assert not grade(root)["student-001"].fresh
    (after,) = mark_in(root, "student-001").attempts
    assert after.attempt.id == before.attempt.id and after.attempt.notebook is not None


def test_a_changed_time_is_taken_over_without_grading(root, folder):
    """Lateness follows nbgrader's timestamp.txt, although the notebook is the same."""
    path = submit(folder, "late", right(root))
    grade(root)
    (path.parent / "timestamp.txt").write_text("2027-01-17 11:00:00 UTC")
    done = grade(root)["late"]
    assert not done.fresh
    assert stored(root)["late"]["submitted"] == done.result.submitted == "2027-01-17T11:00:00+00:00"


def test_a_changed_grader_regrades(root, folder):
    """Other hidden checks give another digest."""
    submit(folder, "right", right(root))
    before = grade(root)["right"].result
    grader = root / "assignments" / UNIT / "grader.py"
    grader.write_text(
        grader.read_text().replace("points=25", "points=24", 1).replace("points=20", "points=21", 1)
    )
    after = grade(root)["right"]
    assert after.fresh
    assert after.result.digest != before.digest
    assert after.result.checks[0].points == 24.0


def test_a_better_hint_explains_again_and_changes_no_mark(root, folder):
    """A changed mistakes.py gives new words, while the marks that stand are kept to the last digit."""
    submit(folder, "right", right(root))
    submit(folder, "wrong", overflowing(root))
    before = {name: item.result for name, item in grade(root).items()}
    mark_by_hand(root, "wrong", earned=7.0)
    mistakes = root / "assignments" / UNIT / "mistakes.py"
    mistakes.write_text(mistakes.read_text().replace("Large scores give NaN", "Too large scores give NaN"))
    after = grade(root)
    assert after["wrong"].result.digest == before["wrong"].digest
    assert after["wrong"].result.score == 47.0, "the stored mark stands, although grading would give another"
    said = {check.id: check.reason for check in after["wrong"].result.checks}
    assert said["test_forward_large"].startswith("Too large scores give NaN")
    assert after["right"].result.score == 100.0
    assert [item.fresh for item in grade(root).values()] == [False, False]


def mark_by_hand(root: Path, student: str, earned: float) -> None:
    """Change the first check's points and the score in a stored result, digest and all else kept."""
    course, _ = loaded(root)
    with open_facts(course) as database, database.write() as connection:
        (attempt,) = attempts.of_student(connection, UNIT, student)
        result = json.loads(graded.content_of(connection, attempt.id))
        graded.store(connection, attempt, Result.from_json(json.dumps(changed(result, earned))), "2027-01-01")


def changed(result: dict, earned: float) -> dict:
    """The result with other points."""
    result["score"] = 40.0 + earned
    result["checks"][0] = {**result["checks"][0], "earned": earned, "verdict": "FAILED"}
    result["checks"][1] = {**result["checks"][1]}
    result["checks"][2] = {**result["checks"][2], "earned": 0.0, "verdict": "BLOCKED"}
    result["checks"][4] = {**result["checks"][4], "earned": 5.0}
    return result


def test_a_damaged_result_file_is_written_again(root, folder):
    """A result file that no engine wrote is replaced, from the facts: nothing is graded."""
    submit(folder, "right", right(root))
    grade(root)
    path = root / "data" / "results" / UNIT / "right.json"
    path.write_text(path.read_text()[:100])
    assert not grade(root)["right"].fresh
    assert stored(root)["right"]["score"] == 100.0


# --- our faults ---


def broken_once(monkeypatch: pytest.MonkeyPatch, times: int) -> list[int]:
    """Let opening a room fail so many times."""
    calls: list[int] = []
    real = Sandbox.open

    def fail(self, program, files=None):
        calls.append(1)
        if len(calls) <= times:
            raise SandboxFault("a step of the isolation failed")
        return real(self, program, files)

    monkeypatch.setattr(Sandbox, "open", fail)
    return calls


def test_broken_is_tried_once_more(root, folder, monkeypatch):
    """A fault that passes costs nothing and is not seen."""
    submit(folder, "right", right(root))
    broken_once(monkeypatch, times=1)
    assert grade(root)["right"].result.score == 100.0


def test_broken_stores_no_score_and_is_retried_by_the_next_run(root, folder, monkeypatch):
    """A fault of ours is shown to staff without a score; the next run grades it."""
    submit(folder, "right", right(root))
    with monkeypatch.context() as patch:
        broken_once(patch, times=9)
        result = grade(root)["right"].result
    assert result.broken
    assert result.score is None
    assert all(check.earned == 0.0 and check.verdict is Verdict.BROKEN for check in result.checks)
    assert "a step of the isolation failed" in result.flags[0]
    assert "isolation" not in result.checks[0].reason, (
        "a student reads that it is our fault, not our internals"
    )
    assert stored(root)["right"]["score"] is None
    assert grade(root)["right"].result.score == 100.0


def test_broken_never_takes_the_place_of_a_mark_that_holds(root, folder, monkeypatch):
    """Forcing a regrade on a machine that cannot isolate keeps the stored mark."""
    submit(folder, "right", right(root))
    grade(root)
    broken_once(monkeypatch, times=9)
    assert grade(root, force=True)["right"].result.broken
    assert stored(root)["right"]["score"] == 100.0


def test_a_zygote_that_does_not_start_is_broken_not_zero(root, folder, monkeypatch):
    """Where the sandbox cannot be had at all, every submission is BROKEN."""
    submit(folder, "right", right(root))
    submit(folder, "cut", b"{")

    def fail(*_: object, **__: object) -> Sandbox:
        raise SandboxFault("bwrap: no permissions to create a new namespace")

    monkeypatch.setattr(Sandbox, "start", fail)
    done = grade(root)
    assert [item.result.score for item in done.values()] == [None, None]
    assert "new namespace" in done["right"].result.flags[0]


def test_a_zygote_that_does_not_start_takes_no_mark_away(root, folder, monkeypatch):
    """Marks that were given on a machine that could grade stand."""
    submit(folder, "right", right(root))
    grade(root)
    before = stored(root)

    def fail(*_: object, **__: object) -> Sandbox:
        raise SandboxFault("bwrap: no permissions to create a new namespace")

    monkeypatch.setattr(Sandbox, "start", fail)
    assert grade(root)["right"].result.broken
    assert stored(root) == before


def test_a_missing_program_stops_before_anything_is_stored(root, folder, monkeypatch):
    """Without bubblewrap nothing is graded: the next step is to install it."""
    submit(folder, "right", right(root))
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(NotInstalled, match="apt install bubblewrap"):
        grade(root)
    assert stored(root) == {}


def test_an_unforeseen_error_over_one_file_does_not_stop_the_others(root, folder, monkeypatch):
    """Whatever is raised while one submission is graded makes that one BROKEN."""
    submit(folder, "a", right(root))
    submit(folder, "b", overflowing(root))
    submit(folder, "c", right(root))
    real = Grader.grade_submission

    def fail(self, submission, student, begun=None):
        if student == "b":
            raise RecursionError("a bug of ours")
        return real(self, submission, student, begun)

    monkeypatch.setattr(Grader, "grade_submission", fail)
    done = grade(root)
    assert {name: item.result.score for name, item in done.items()} == {"a": 100.0, "b": None, "c": 100.0}
    assert "RecursionError: a bug of ours" in done["b"].result.flags[0]


def test_a_broken_check_is_broken_for_everybody(root, folder):
    """A check that raises with the reference, too, costs nobody points and stores no score."""
    submit(folder, "right", right(root))
    grader = root / "assignments" / UNIT / "grader.py"
    grader.write_text(grader.read_text().replace("    z, shift = draw", "    1 / 0\n    z, shift = draw"))
    result = grade(root)["right"].result
    verdicts = {check.id: check.verdict for check in result.checks}
    assert verdicts["test_forward_shift"] is Verdict.BROKEN
    assert verdicts["test_forward_values"] is Verdict.PASSED
    assert result.score is None
    assert "ZeroDivisionError" in " ".join(result.flags)


def test_a_grader_that_cannot_be_read_stops_the_batch(root, folder):
    """What is wrong with the unit itself is an error that names the file."""
    submit(folder, "right", right(root))
    grader = root / "assignments" / UNIT / "grader.py"
    grader.write_text(grader.read_text() + "\nimport no_such_module\n")
    with pytest.raises(ConfigError, match=r"(?s)grader.py cannot be collected: .*no_such_module"):
        grade(root)


def test_the_warm_grader_is_kept_for_one_job(root, folder):
    """A second submission uses the same zygote; another grader file makes another one, and ends the first."""
    course, unit = loaded(root)
    first = warm_grader(job_for(course, unit, "walled"))
    assert warm_grader(job_for(course, unit, "walled", force=True)) is first
    unit.grader.write_text(unit.grader.read_text() + "\n# changed\n")
    second = warm_grader(job_for(course, unit, "walled"))
    assert second is not first
    with pytest.raises(SandboxFault):
        first.zygote.open({"cells": [], "libraries": []})


def test_a_worker_with_other_files_refuses(root):
    """A worker that would judge by something else than the command says so."""
    course, unit = loaded(root)
    job = replace(job_for(course, unit, "walled"), made_from="0" * 64)
    with pytest.raises(Exception, match=r"a worker has other versions .* restart the workers"):
        warm_grader(job)


def test_the_memory_limit_of_the_judge_does_not_stay(root, folder):
    """Grading in this process leaves its limits as they were."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    submit(folder, "right", right(root))
    grade(root)
    assert resource.getrlimit(resource.RLIMIT_AS) == before


def test_an_unimplemented_task_is_missing(root, folder):
    """A stub earns nothing; what stands on it is judged on the reference, or BLOCKED where no on= says so."""
    stub = "def softmax_forward(z):\n    raise NotImplementedError"
    submit(folder, "half", with_task(root, "softmax_forward", stub))
    result = grade(root)["half"].result
    assert result.score == 45.0
    verdicts = {check.task: check.verdict for check in result.checks}
    assert verdicts == {"softmax_forward": Verdict.MISSING, "softmax_backward": Verdict.PASSED}
    grader = root / "assignments" / UNIT / "grader.py"
    grader.write_text(grader.read_text().replace(', on=("softmax_forward",)', ""))
    result = grade(root)["half"].result
    assert result.score == 0.0
    verdicts = {check.task: check.verdict for check in result.checks}
    assert verdicts == {"softmax_forward": Verdict.MISSING, "softmax_backward": Verdict.BLOCKED}


class Breaking:
    """Workers in this process, whose pool breaks so many times before it takes a call."""

    at_once = 2

    def __init__(self, breaks: list[int]) -> None:
        self.breaks = breaks  # numbers of calls to ``submit`` that find the pool broken
        self.calls = 0

    def submit(self, function, *args):
        """Carry out the call at once, or say that a worker died meanwhile."""
        self.calls += 1
        if self.calls in self.breaks:
            raise BrokenProcessPool("a child process terminated abruptly")
        future = Future()
        future.set_result(function(*args))
        return future

    def renew(self):
        """As good as new."""
        return True


@pytest.mark.parametrize("breaks", [[1], [2], [1, 2], [3]], ids=str)
def test_a_pool_that_breaks_between_two_submissions_costs_nobody_a_mark(root, folder, breaks):
    """A worker may die while the batch hands out the next submission: all are graded all the same."""
    for name in ("a", "b", "c"):
        submit(folder, name, right(root))
    course, unit = loaded(root)
    job = job_for(course, unit, "walled")
    found = find_submissions([folder], unit)
    try:
        done = list(run_batch(job, map(Todo, found), Breaking(breaks)))
    finally:
        cool(job)
    assert {item.found.student: item.result.score for item in done} == dict.fromkeys("abc", 100.0)


def test_a_file_that_cannot_be_read_to_its_end_is_our_fault(root):
    """An error of the disk or the network costs no points and does not stop the batch."""
    course, unit = loaded(root)
    job = job_for(course, unit, "walled")
    try:
        (done,) = run_batch(job, [Todo(Found("a", Path("/proc/self/mem")))], None)
    finally:
        cool(job)
    assert done.result.broken
    assert "reading /proc/self/mem" in done.result.flags[0]


def test_a_grader_that_cannot_be_made_leaves_no_zygote(root, monkeypatch):
    """What is started is started last."""
    course, unit = loaded(root)
    course_secret(course)
    (course.data_folder / "secret").chmod(0o644)
    monkeypatch.setattr(Sandbox, "start", lambda *_: pytest.fail("started too early"))
    with pytest.raises(CourseError, match="secret"):
        Grader(course, unit)
