"""Submissions that do harm: what the judge gets, and that the next submission is unhurt."""

from __future__ import annotations

import platform
import re
import time

import psutil
import pytest

from autograder.sandbox import Sandbox
from autograder.sandbox.doctor.trials import EscapeAnswer, ask, program

from .hostile import HOSTILE, Hostile

pytestmark = pytest.mark.sandbox
INNOCENT = "import numpy as np\ndef attack():\n    return bool(np.allclose([1.0], [2.0]))\n"


def answer_of(zygote: Sandbox, source: str, seconds: float = 5.0) -> EscapeAnswer:
    with zygote.open(program(source)) as room, room.spawn() as process:
        return ask(process, (), seconds=seconds)


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda hostile: hostile.name)
def test_harm(hostile: Hostile, tier: Sandbox) -> None:
    """A harmful submission gets its own verdict in time, and the next one its right answer."""
    if "machine_code" in hostile.code and platform.machine() != "x86_64":
        pytest.skip("machine code of x86-64")
    start = time.monotonic()
    answer = answer_of(tier, hostile.source, hostile.seconds)
    assert re.search(hostile.answer, str(answer)), f"{hostile.name}: {answer}"
    assert time.monotonic() - start < hostile.seconds + 5, "every wait has an end"
    assert answer_of(tier, INNOCENT).value is False


def test_output_is_capped(tier: Sandbox) -> None:
    """A flood of printed text is cut at its limit; the call goes on."""
    source = "def attack():\n    for _ in range(3000): print('x' * 1000)\n    return 7\n"
    with tier.open(program(source)) as room, room.spawn() as process:
        assert ask(process, ()).value == 7
        printed = process.printed()
        assert len(printed) <= tier.limits.output_mib << 20
        assert process.finish().verdict == "CRASHED", "it was still waiting for calls"


STATE = '''
import json, os, sys
import numpy as np

def attack(what):
    """Leave something behind, or look for it."""
    places = ["left", "/tmp/left", "/dev/shm/left", "/var/tmp/left", "../left", "/scratch/left"]
    if what == "look":
        found = [place for place in places if os.path.exists(place)]
        return [*found, np.allclose.__name__, hasattr(json, "left")]
    np.allclose = np.array_equal = lambda *a, **k: True
    json.left = True
    sys.modules["left"] = json
    for place in places:
        try:
            with open(place, "w") as file:
                file.write("left")
        except OSError:
            pass
    return "left"
'''
CLEAN = ["allclose", False]


def test_no_state_between_processes(tier: Sandbox) -> None:
    """Nothing that one process leaves is there for the next of the same submission."""
    with tier.open(program(STATE)) as room:
        with room.spawn() as first:
            assert ask(first, ("leave",)).value == "left"
        with room.spawn() as second:
            assert ask(second, ("look",)).value == CLEAN


def test_no_state_between_submissions(tier: Sandbox) -> None:
    """Nothing that one submission leaves is there for the next."""
    with tier.open(program(STATE)) as room, room.spawn() as process:
        assert ask(process, ("leave",)).value == "left"
    with tier.open(program(STATE)) as room, room.spawn() as process:
        assert ask(process, ("look",)).value == CLEAN


def test_descriptors(tier: Sandbox) -> None:
    """A test process holds its input, two outputs and its own socket, nothing of ours."""
    source = """
import os
def attack():
    found = []
    for fd in range(1024):
        try:
            os.fstat(fd)
            found.append(fd)
        except OSError:
            pass
    return found
"""
    assert answer_of(tier, source).value == [0, 1, 2, 3]


def test_environment(tier: Sandbox) -> None:
    """The environment is ours, word for word; nothing of the judge's is in it."""
    source = "import os\ndef attack():\n    return sorted(os.environ)\n"
    names = answer_of(tier, source).value
    assert names == sorted(
        "HOME LANG MKL_NUM_THREADS MPLBACKEND NUMEXPR_NUM_THREADS OMP_NUM_THREADS OPENBLAS_NUM_THREADS "
        "PYTHONHASHSEED PYTHONUTF8 TMPDIR TZ".split()
        + (["PWD"] if "PWD" in names else [])
    )


def test_engine_is_not_there(tier: Sandbox) -> None:
    """Neither the engine nor the course's solutions nor pytest can be imported."""
    source = """
import importlib
def attack():
    found = []
    for name in ("autograder", "solutions", "assignments", "course_config", "pytest", "nbgrader", "torch"):
        try:
            importlib.import_module(name)
            found.append(name)
        except ImportError:
            pass
    return found
"""
    assert answer_of(tier, source).value == []


def test_forged_reply_stays_in_its_process(tier: Sandbox) -> None:
    """A reply written ahead of time answers nothing but the process's own calls."""
    source = """
import json, os, struct, time
def attack(forge):
    if forge:
        reply = {"k": "value", "v": "forged"}
        text = json.dumps({"k": "some", "replies": [[reply, 0]], "z": []}).encode()
        os.write(3, struct.pack(">II", len(text), 0) + text)
        time.sleep(0.5)  # else the honest answer may come with it, and both together are no answer
    return "honest"
"""
    with tier.open(program(source)) as room:
        with room.spawn() as first, room.spawn() as second:
            assert ask(first, (True,)).value == "forged", "a forged reply is no more than a returned value"
            assert ask(second, (False,)).value == "honest"
        with room.spawn() as third:
            assert ask(third, (False,)).value == "honest"


SOURCES = {
    "parentheses": "(" * 200_000,
    "minus": "-" * 500_000 + "1",
    "brackets": "x = " + "[" * 90 + "]" * 90,
    "nul": "\0",
    "syntax": "def attack(:",
    "name": "a" * 10_000_000,
    "digits": "x = " + "9" * 100_000,
    "sum": "x = " + " + ".join(["1"] * 50_000),
    "f-strings": "f'{" * 500,
    "surrogate": "x = '\ud800'",
    "indent": "if 1:\n" + "".join(" " * n + "if 1:\n" for n in range(1, 200)),
}


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_source_that_hurts_the_compiler(source: str, tier: Sandbox) -> None:
    """Source at which the compiler gives up or dies is a matter of that submission alone."""
    with tier.open(program(source)) as room, room.spawn() as process:
        answer = ask(process, ())
        assert answer.error or answer.ended, f"there is no attack() to call: {answer}"
        assert "BROKEN" not in answer.ended
    assert answer_of(tier, INNOCENT).value is False


def test_no_survivors(tier: Sandbox) -> None:
    """When a room is closed, nothing of it is left, whatever its processes were doing."""
    source = "import signal\ndef attack():\n    signal.signal(15, signal.SIG_IGN)\n    while True: pass\n"
    ours = psutil.Process()
    before = _below(ours)
    for _ in range(3):
        room = tier.open(program(source))
        for _ in range(3):
            room.spawn()
        assert len(_below(ours) - before) >= 4
        room.close()
    deadline = time.monotonic() + 5
    while _below(ours) - before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _below(ours) - before == set()


def _below(process: psutil.Process) -> set[int]:
    return {child.pid for child in process.children(recursive=True)}
