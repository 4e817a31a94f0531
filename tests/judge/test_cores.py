"""Each judge has a core of its own, as long as there are cores."""

import os

import pytest

from autograder.judge.cores import Core


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Locks that no other test sees."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path / f"course-cores-{os.getuid()}"


def test_judges_have_different_cores_and_give_them_back(folder):
    """As many judges as cores hold one each; the next one holds none and may run anywhere."""
    before = os.sched_getaffinity(0)
    cores, seen = [], []
    for _ in before:
        os.sched_setaffinity(0, before)  # as another process would start
        cores.append(Core())
        seen.append(os.sched_getaffinity(0))
    assert all(core.held and len(own) == 1 for core, own in zip(cores, seen, strict=True))
    assert set().union(*seen) == before
    os.sched_setaffinity(0, before)
    late = Core()
    assert not late.held
    assert os.sched_getaffinity(0) == before
    for core in cores:
        core.release()
    assert os.sched_getaffinity(0) == before
    again = Core()
    assert again.held
    again.release()


def test_a_lock_folder_of_somebody_else_is_not_used(folder):
    """A link that another user laid there would let him say where locks are made."""
    folder.symlink_to("/")
    core = Core()
    assert not core.held
    core.release()
