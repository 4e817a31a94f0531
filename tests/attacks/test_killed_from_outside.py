"""Another program ends a process of the sandbox: no student loses a point by it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from autograder.base.errors import SandboxFault
from autograder.course import Limits
from autograder.judge.grader import Grader
from autograder.results.result import Verdict
from autograder.sandbox.endings import TRIES
from tests.attacks.judges import judging
from tests.soak.traces import nothing_left
from tests.support import code, place, solved_notebook, write
from tests.waiting import meanwhile

pytestmark = pytest.mark.sandbox
TASK = "windows"
LIMITS = Limits(memory_mib=256, load_seconds=5)
FIRST_CALL = "    if not SLEPT:\n        SLEPT.append(time.sleep(0.6))\n"
TEST_PROCESS = {"walled": 4, "fenced": 2}  # processes from the sandbox's first one down to it


@pytest.fixture(scope="module", params=TEST_PROCESS)
def grader(request: pytest.FixtureRequest, little: Path) -> Iterator[Grader]:
    with judging(little, LIMITS, request.param) as found:
        yield found


@contextmanager
def killing(grader: Grader, times: int) -> Iterator[list[int]]:
    """Kill so many test processes, each when it is 0.3 s old; those that were."""
    killed: list[int] = []
    top = psutil.Process(grader.zygote._program.pid)

    def look(done: threading.Event) -> None:
        while len(killed) < times and not done.wait(0.02):
            for process in _test_processes(top, TEST_PROCESS[grader.tier]):
                if not done.wait(0.3):
                    with suppress(psutil.NoSuchProcess):
                        process.kill()
                        killed.append(process.pid)

    with meanwhile(look):
        yield killed


def _test_processes(top: psutil.Process, depth: int) -> list[psutil.Process]:
    found = [top]
    for _ in range(depth):
        below = []
        for process in found:
            with suppress(psutil.NoSuchProcess):
                below += process.children()
        found = below
    return found


def slow(little: Path, *, loads: bool) -> dict:
    """The solved notebook, with a definition that is slow to load or with a slow first call."""
    content = solved_notebook("little", little)
    at = place(content, TASK)
    needs = "    SLEPT\n" if loads else FIRST_CALL
    content["cells"][at]["source"] = content["cells"][at]["source"].replace("):\n", f"):\n{needs}", 1)
    first = "import time\nSLEPT = [time.sleep(0.6)]" if loads else "import time\nSLEPT = []"
    content["cells"].insert(at, code(first))
    return content


@pytest.mark.parametrize("when", ["loads", "is called"])
def test_a_killed_process_costs_nothing(when: str, grader: Grader, little: Path, tmp_path: Path) -> None:
    """It is tried again: while it loads, and while it is called."""
    path = write(tmp_path, slow(little, loads=when == "loads"))
    with killing(grader, TRIES - 1) as killed:
        result = grader.grade(path, "student-001")
    assert len(killed) == TRIES - 1
    told = [f"{check.id}: {check.verdict} {check.reason}" for check in result.checks if not check.earned]
    assert result.score == result.max_score, told


def test_who_kills_himself_gains_nothing(grader: Grader, little: Path, tmp_path: Path) -> None:
    """Tried again, it ends as before; the others keep their points."""
    content = solved_notebook("little", little)
    at = place(content, TASK)
    content["cells"][at]["source"] = "import os\ndef windows(*args, **kwargs):\n    os.kill(os.getpid(), 9)"
    result = grader.grade(write(tmp_path, content), "student-001")
    assert {check.task for check in result.checks if check.earned < check.points} == {TASK}
    lost = {check.verdict for check in result.checks if check.task == TASK}
    assert lost == {Verdict.MEMORY}


def test_a_sandbox_that_is_gone_is_told(grader: Grader, little: Path, tmp_path: Path) -> None:
    """Without its room nothing is judged: BROKEN, which is tried with a new sandbox, and no loss."""
    path = write(tmp_path, slow(little, loads=False))
    top = psutil.Process(grader.zygote._program.pid)
    timer = threading.Timer(
        0.4, lambda: [each.kill() for each in _test_processes(top, TEST_PROCESS[grader.tier] - 1)]
    )
    timer.start()
    result = grader.grade(path, "student-001")
    timer.join()
    assert result.broken and result.score is None


def test_a_line_set_aside_that_cannot_be_tried(
    grader: Grader, little: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where its sandbox fails, the checks that might have passed without the line are BROKEN, not lost."""
    content = solved_notebook("little", little)
    at = place(content, TASK)
    source = content["cells"][at]["source"]
    content["cells"][at]["source"] = source.replace("):\n", "):\n    unused = [][1]\n", 1)
    path = write(tmp_path, content)
    lost = grader.grade(path, "student-001")
    assert {check.verdict for check in lost.checks if check.task == TASK} >= {Verdict.ERROR}
    opened = grader.zygote.open

    def fails(program, files):
        if "aside" in program:
            raise SandboxFault("somebody killed it")
        return opened(program, files)

    monkeypatch.setattr(grader.zygote, "open", fails)
    assert grader.grade(path, "student-001").broken


JUDGE = "from autograder.sandbox.zygote import Sandbox; Sandbox.start('walled')"
KILLS_FIRST = """#!/bin/sh
kill -9 $PPID
while kill -0 $PPID 2>&-; do sleep 0.01; done
echo $$ > "{told}"
exec {bwrap} "$@"
"""


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="needs bubblewrap")
def test_a_judge_killed_while_its_sandbox_is_made_leaves_nobody(tmp_path: Path) -> None:
    """Before bubblewrap has told it of the namespace: all that was begun still ends."""
    temporary, told, program = tmp_path / "temporary", tmp_path / "pid", tmp_path / "bin" / "bwrap"
    temporary.mkdir()
    program.parent.mkdir()
    program.write_text(KILLS_FIRST.format(told=told, bwrap=shutil.which("bwrap")))
    program.chmod(0o755)
    there = os.environ | {"PATH": f"{program.parent}:{os.environ['PATH']}", "TMPDIR": str(temporary)}
    with nothing_left(temporary, tmp_path, seconds=20) as left:
        assert subprocess.run([sys.executable, "-c", JUDGE], env=there, check=False).returncode == -9
    assert told.read_text().strip().isdigit() and left.folders == 1
    assert not left.wrong
