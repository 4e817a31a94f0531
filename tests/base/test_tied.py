"""A process ends with the one that started it, also where that was gone before it looked."""

import os
import signal
import subprocess
import sys
import time

from tests.support import ROOT

CHILD = (
    "import sys, time; from autograder.base.tied import end_with; end_with(int(sys.argv[1])); time.sleep(60)"
)
PARENT = f"""
import subprocess, sys, os, time
child = subprocess.Popen([sys.executable, "-c", {CHILD!r}, str(os.getpid())])
print(child.pid, flush=True)
time.sleep(60)
"""


def test_an_orphan_that_is_still_starting_ends_at_once():
    """It would take whoever has it now for its parent, and wait for that one to end."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    ended = subprocess.run([sys.executable, "-c", CHILD, str(gone.pid)], cwd=ROOT, timeout=30, check=False)
    assert ended.returncode == 1


def test_it_ends_wherever_it_waits():
    """The parent is killed: what waits for a lock or sleeps does not wait on."""
    with subprocess.Popen([sys.executable, "-c", PARENT], cwd=ROOT, stdout=subprocess.PIPE) as parent:
        child = int(parent.stdout.readline())
        time.sleep(0.3)
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        end = time.monotonic() + 30
        while _runs(child):
            assert time.monotonic() < end
            time.sleep(0.02)


def _runs(pid):
    try:
        os.kill(pid, 0)
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
