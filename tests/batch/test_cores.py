"""Each judge has a core of its own, as long as there are cores."""

import os
import subprocess
import sys

import pytest

from autograder.batch import cores
from autograder.batch.cores import Core
from autograder.batch.run import Todo, job_for, run_batch
from autograder.batch.warm import this_process
from autograder.batch.workers import LocalWorkers
from autograder.notebook.finding import find_submissions

from .small import loaded, right, submit


@pytest.fixture
def locks(tmp_path, monkeypatch):
    """Locks that no other test sees."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path / f"course-cores-{os.getuid()}"


def test_judges_have_different_cores_and_give_them_back(locks):
    """As many judges as cores hold one each; the next one holds none and may run anywhere."""
    before = os.sched_getaffinity(0)
    held, seen = [], []
    for _ in before:
        os.sched_setaffinity(0, before)  # as another process would start
        held.append(Core())
        seen.append(os.sched_getaffinity(0))
    assert all(core.held and len(own) == 1 for core, own in zip(held, seen, strict=True))
    assert set().union(*seen) == before
    os.sched_setaffinity(0, before)
    late = Core()
    assert not late.held
    assert os.sched_getaffinity(0) == before
    for core in held:
        core.release()
    assert os.sched_getaffinity(0) == before
    again = Core()
    assert again.held
    again.release()


def test_accounts_begin_with_different_cores(monkeypatch):
    """None sees the others' locks: on a machine of many cores all would share the first."""
    before = sorted(os.sched_getaffinity(0))
    monkeypatch.setattr(cores, "_locked", lambda number: os.open(os.devnull, os.O_RDONLY))
    for uid in range(1000, 1000 + len(before)):
        monkeypatch.setattr(os, "getuid", lambda uid=uid: uid)
        core = Core()
        assert core.numbers == (before[uid % len(before)],)
        core.release()


def test_a_lock_folder_of_somebody_else_is_not_used(locks):
    """A link that another user laid there would let him say where locks are made."""
    locks.symlink_to("/")
    core = Core()
    assert not core.held
    core.release()


def affinity_of_a_child():
    """The cores that a process may use which is started now."""
    program = "import os; print(*os.sched_getaffinity(0))"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True).stdout
    return {int(word) for word in said.split()}


def test_a_judge_that_is_alone_has_its_sandbox_on_another_core(locks):
    """Each computes while the other does; where only one core is free, they share it."""
    before = os.sched_getaffinity(0)
    core = Core(alone=True)
    with core.beside():
        sandbox = affinity_of_a_child()
    own = os.sched_getaffinity(0)
    assert own == {core.numbers[0]}
    assert sandbox == {core.numbers[-1]}
    assert (own != sandbox) is (len(before) > 1)
    core.release()
    assert os.sched_getaffinity(0) == before

    taken = [Core() for _ in range(len(before) - 1) if not os.sched_setaffinity(0, before)]
    os.sched_setaffinity(0, before)
    last = Core(alone=True)
    with last.beside():
        assert affinity_of_a_child() == {last.numbers[0]}
    for each in (last, *taken):
        each.release()
    os.sched_setaffinity(0, before)


def test_a_worker_among_others_takes_one_core(locks):
    """Or the first would take the second's."""
    core = Core()
    with core.beside():
        assert affinity_of_a_child() == os.sched_getaffinity(0) == {*core.numbers}
    assert len(core.numbers) == 1
    core.release()


def cores_held():
    """The cores of this process's judge."""
    return this_process().core.numbers


@pytest.mark.sandbox
def test_a_batch_takes_a_second_core_where_it_has_one_process(root, folder, locks, monkeypatch):
    """What the command grades itself is judged beside the sandbox; each of several workers has one core."""
    monkeypatch.setattr(this_process(), "alone", True)  # another test may have played a worker in here
    free = os.sched_getaffinity(0)
    submit(folder, "right", right(root))
    course, unit = loaded(root)
    job = job_for(course, unit, "walled")
    todos = [Todo(found, {}) for found in find_submissions([folder], unit)]
    (done,) = run_batch(job, todos, None)
    assert done.result.score == 100.0
    assert len(cores_held()) == min(2, len(free))
    this_process().cool()
    workers = LocalWorkers(1)
    try:
        (done,) = run_batch(job, todos, workers)
        assert done.result.score == 100.0
        assert len(workers.submit(cores_held).result(60)) <= 1
    finally:
        workers.close()
