"""A top-level statement that never ends, or ends the process, costs the tasks that need it only."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from autograder.course import Limits
from autograder.judge.grader import Grader
from autograder.results.result import Result, Verdict
from autograder.student.claims.left_out import MOST
from tests.attacks.judges import judging
from tests.support import code, place, shortest, solved_notebook, write

pytestmark = pytest.mark.sandbox
TASK = "windows"
LIMITS = Limits(
    call_seconds=2.0, cpu_seconds=20, memory_mib=256, load_seconds=1.5, whole_seconds=8, reply_mib=16
)

# What stands in a cell above the task, which needs TABLE; and what the student reads.
CELLS = {
    "endless": (
        "def fill():\n    while True: pass\nTABLE = fill()",
        r"`TABLE = fill\(\)` did not end within 1.5 s",
    ),
    "sleeps": ("import time\nTABLE = time.sleep(600)", r"did not end within 1.5 s"),
    "exit": ("import os\nTABLE = os._exit(0)", r"ended the process \(.*os\._exit or sys\.exit\)"),
    "forged_exit": ("import os\nTABLE = os._exit(120)", r"ended the process \(.*os\._exit or sys\.exit\)"),
    "killed": ("import os\nTABLE = os.kill(os.getpid(), 6)", r"ended the process \(.*SIGABRT"),
    "recursion": (
        """
        import sys
        def nest():
            sys.setrecursionlimit(1 << 30)
            deep = []
            for _ in range(1 << 20):
                deep = [deep]
            return repr(deep)
        TABLE = nest()
        """,
        r"ended the process \(.*recursion|did not end within",
    ),
    "fork_bomb": (
        """
        import os
        def bomb():
            while True:
                try:
                    os.fork()
                except OSError:
                    pass
        TABLE = bomb()
        """,
        r"did not end within 1.5 s",
    ),
    "closes_everything": (
        "import os, time\nTABLE = os.closerange(0, 64), time.sleep(600)",
        r"ended the process",
    ),
    "memory_at_once": ("TABLE = [0] * 10**10", r"MemoryError in cell"),
    "memory_in_steps": ("TABLE = [bytearray(1 << 22) for _ in range(1 << 20)]", r"MemoryError in cell"),
    "one_fork": ("import os\nTABLE = os.fork()", r"PermissionError in cell"),
    "exception": ("TABLE = 1 / 0", r"ZeroDivisionError in cell"),
    "sys_exit": ("import sys\nTABLE = sys.exit(0)", r"SystemExit in cell"),
}  # fmt: skip


@pytest.fixture(scope="module", params=["walled", "fenced"])
def grader(request: pytest.FixtureRequest, little: Path) -> Iterator[Grader]:
    with judging(little, LIMITS, request.param) as found:
        yield found


@pytest.fixture(scope="module")
def solved(little: Path) -> dict[str, Any]:
    return solved_notebook("little", little)


def needing(solved: dict[str, Any], *cells: str, name: str = "TABLE") -> dict[str, Any]:
    """The solved notebook with cells above the task, which needs a name that they bind."""
    content = copy.deepcopy(solved)
    at = place(content, TASK)
    content["cells"][at]["source"] = content["cells"][at]["source"].replace("):\n", f"):\n    {name}\n", 1)
    content["cells"][at:at] = [code(dedent(cell).strip("\n")) for cell in cells]
    return content


def told(result: Result) -> list[str]:
    return [f"{check.id}: {check.verdict} {check.reason}" for check in result.checks if not check.earned]


def only_one_task_lost(result: Result) -> None:
    assert {check.task for check in result.checks if check.earned < check.points} == {TASK}, told(result)
    assert sum(check.earned for check in result.checks if check.task == TASK) == 0
    assert not result.broken


@pytest.mark.parametrize("name", CELLS)
def test_only_the_task_that_needs_it_loses(
    name: str, grader: Grader, solved: dict[str, Any], tmp_path: Path
) -> None:
    """The task that needs the statement earns nothing and says why; the others keep every point."""
    cell, says = CELLS[name]
    result = grader.grade(write(tmp_path, needing(solved, cell)), "student-001")
    only_one_task_lost(result)
    lost = [check for check in result.checks if check.task == TASK]
    assert {check.verdict for check in lost} <= {Verdict.MISSING, Verdict.ERROR, Verdict.BLOCKED}, told(
        result
    )
    if name not in ("memory_at_once", "memory_in_steps", "one_fork", "exception", "sys_exit"):
        at = place(solved, TASK) + 1
        reasons = [check.reason for check in lost if check.verdict is Verdict.MISSING]
        assert any(f"TABLE is not defined: cell {at}, line" in reason for reason in reasons), told(result)
        assert re.search(says, reasons[0]), reasons[0]


@pytest.mark.parametrize(
    "cell", ["def windows(size, kernel, stride=[0 for _ in iter(int, 1) if _]):\n    return 1"]
)
def test_the_task_itself(cell: str, grader: Grader, solved: dict[str, Any], tmp_path: Path) -> None:
    """A definition that never ends is the task's own loss."""
    content = copy.deepcopy(solved)
    content["cells"][place(content, TASK)]["source"] = cell
    result = grader.grade(write(tmp_path, content), "student-001")
    only_one_task_lost(result)
    assert any("windows is not defined: cell" in check.reason for check in result.checks), told(result)


def test_it_is_not_needed_after_all(grader: Grader, solved: dict[str, Any], tmp_path: Path) -> None:
    """Left out, a loop that only changes what the tasks need costs nothing."""
    loop = "TABLE = {}\nwhile True:\n    TABLE['n'] = len(TABLE)"
    result = grader.grade(write(tmp_path, needing(solved, loop)), "student-001")
    assert result.score == result.max_score, told(result)


def test_time_of_one_loop(grader: Grader, solved: dict[str, Any], tmp_path: Path) -> None:
    """One endless loop costs the time of one statement, once, and not a run of everything."""
    usual = shortest(lambda: grader.grade(write(tmp_path, solved), "student-001"), enough=0.0)
    endless = needing(solved, CELLS["endless"][0])
    limit = usual + 2 * LIMITS.load_seconds
    assert shortest(lambda: grader.grade(write(tmp_path, endless), "student-001"), enough=limit) < limit


def test_several_slow_statements_are_not_one_endless(
    grader: Grader, solved: dict[str, Any], tmp_path: Path
) -> None:
    """The time is one statement's: slow ones after each other are all loaded."""
    slow = "import time\nTABLE = []\n" + "TABLE.append(time.sleep(0.9))\n" * 3
    result = grader.grade(write(tmp_path, needing(solved, slow)), "student-001")
    assert result.score == result.max_score, told(result)
    assert result.loaded == "slice"


@pytest.mark.parametrize(
    "statement", ["TABLE = [0] * 10**10", "TABLE = 1 / 0", "import os\nTABLE = os._exit(0)"]
)
def test_in_the_cell_of_another_task(
    statement: str, grader: Grader, solved: dict[str, Any], tmp_path: Path
) -> None:
    """A task keeps its points although a statement above it in its cell fails, if it does not need it."""
    content = needing(solved)
    cell = content["cells"][place(content, "dense_forward")]
    cell["source"] = f"{statement}\n{cell['source']}"
    only_one_task_lost(grader.grade(write(tmp_path, content), "student-001"))


def test_what_follows_from_it(grader: Grader, solved: dict[str, Any], tmp_path: Path) -> None:
    """A name that is not there because a left-out one is missing gets the first cause as its reason."""
    cell = "import os\nBASE = os._exit(0)\nTABLE = [BASE]"
    result = grader.grade(write(tmp_path, needing(solved, cell)), "student-001")
    only_one_task_lost(result)
    content = needing(solved, cell)
    task = content["cells"][place(content, TASK)]
    task["source"] = "def windows(size, kernel, stride=1, table=TABLE):\n    return table"
    result = grader.grade(write(tmp_path, content), "student-001")
    only_one_task_lost(result)
    assert any("line 2: `BASE = os._exit(0)`" in check.reason for check in result.checks), told(result)


@pytest.mark.parametrize("count", [MOST, MOST + 1])
def test_how_many(count: int, grader: Grader, solved: dict[str, Any], tmp_path: Path) -> None:
    """So many statements may be left out; with one more nothing can be loaded, and it is said."""
    cells = [f"import os\nTABLE_{n} = os._exit(0)" for n in range(count)]
    content = needing(solved, *cells, name="; ".join(f"TABLE_{n}" for n in range(count)))
    result = grader.grade(write(tmp_path, content), "student-001")
    if count == MOST:
        only_one_task_lost(result)
    else:
        assert result.score == 0
        assert {check.verdict for check in result.checks} <= {Verdict.CRASHED, Verdict.BLOCKED}
    assert not result.broken


FORGED = """
import gc, mmap, os, struct
def forge():
    for found in gc.get_objects():
        if type(found).__name__ == "Progress":
            found.tell = lambda place: None
            struct.pack_into("=qd", found._page, 0, {place}, {begun})
    os._exit(0)
TABLE = forge()
"""


@pytest.mark.parametrize("place", ["0", "5", "-5", "1 << 40"])
@pytest.mark.parametrize("begun", ["0.0", "float('nan')", "1e300"])
def test_a_forged_place(
    place: str, begun: str, grader: Grader, solved: dict[str, Any], tmp_path: Path
) -> None:
    """To name another statement gains no point and makes no fault of ours."""
    result = grader.grade(
        write(tmp_path, needing(solved, FORGED.format(place=place, begun=begun))), "student-001"
    )
    assert sum(check.earned for check in result.checks if check.task == TASK) == 0, told(result)
    assert not result.broken


def test_the_next_submission(grader: Grader, solved: dict[str, Any], tmp_path: Path) -> None:
    """After all of these a right submission gets its full marks from the same zygote."""
    result = grader.grade(write(tmp_path, solved), "student-002")
    assert result.score == result.max_score == 100.0, told(result)
