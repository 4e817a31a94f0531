"""What a killed process was writing is cleared by the next run, and nothing else."""

import os
import signal
import subprocess
import sys
import time

import pytest

from autograder.base.files import replaced_together
from autograder.base.leftovers import clear_leftovers

KILLED = """
import os, signal, sys
from pathlib import Path
from autograder.base.files import replaced_together

with replaced_together() as put:
    put(Path(sys.argv[1]), b"new")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_was_writing_is_cleared(tmp_path):
    """A process that ends while it writes leaves a file that the next run clears; the old one stays."""
    path = tmp_path / "student-001.json"
    path.write_text("old")
    ended = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert len(list(tmp_path.iterdir())) == 2
    clear_leftovers(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["student-001.json"]
    assert path.read_text() == "old"


def test_nobody_has_waited_for_the_killed_one(tmp_path):
    """Its number is still taken: in a container without an init, for ever."""
    path = tmp_path / "student-001.json"
    with subprocess.Popen([sys.executable, "-c", KILLED, str(path)]) as killed:
        os.waitid(os.P_PID, killed.pid, os.WEXITED | os.WNOWAIT)
        assert len(list(tmp_path.iterdir())) == 1
        clear_leftovers(tmp_path)
        assert list(tmp_path.iterdir()) == []


def test_a_number_that_another_process_has_now(tmp_path):
    """Who began days after the file was written did not write it."""
    path = tmp_path / "student-001.json"
    with replaced_together() as put:
        put(path, b"new")
        (begun,) = tmp_path.glob(".*.part")
        long_ago = time.time() - 3 * 24 * 3600
        os.utime(begun, (long_ago, long_ago))
        clear_leftovers(tmp_path)
        assert not begun.exists()
        begun.write_bytes(b"new")  # for the end of the block


def test_what_a_living_process_writes_is_not_cleared(tmp_path):
    """Another run may be at work in the same folder."""
    path = tmp_path / "student-001.json"
    with replaced_together() as put:
        put(path, b"new")
        clear_leftovers(tmp_path)
    assert path.read_text() == "new"


@pytest.mark.parametrize("name", [".elsewhere-2-x1y2z3_4.part", ".x1y2z3_4.part"])
def test_what_another_machine_writes_is_cleared_after_a_day(tmp_path, name):
    """Whether its process lives cannot be seen from here."""
    path = tmp_path / name
    path.touch()
    for hours, stays in ((23, True), (25, False)):
        moment = time.time() - hours * 3600
        os.utime(path, (moment, moment))
        clear_leftovers(tmp_path)
        assert path.exists() is stays
