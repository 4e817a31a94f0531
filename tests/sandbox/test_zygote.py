"""Zygotes, rooms and processes as the judge uses them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

from autograder.base.errors import SandboxFault, UsageError
from autograder.course import Limits
from autograder.inside import wire
from autograder.results.result import Verdict
from autograder.sandbox import Sandbox, tiers
from autograder.sandbox.doctor.trials import ask, program

pytestmark = pytest.mark.sandbox
LIMITS = Limits(memory_mib=256, load_seconds=5)
ANSWER = "def attack(*args):\n    return 42\n"


@pytest.fixture(scope="module", params=tiers.TIERS)
def zygote(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with Sandbox.start(request.param, limits=LIMITS) as found:
        yield found


def test_a_call(zygote: Sandbox) -> None:
    """A submission is compiled, loaded in a fresh process, and answers."""
    with zygote.open(program(ANSWER)) as room, room.spawn() as process:
        assert isinstance(room.compiled, dict)
        assert ask(process, ()).value == 42


def test_memory_and_versions_are_known(zygote: Sandbox) -> None:
    """A zygote says what it holds and which NumPy it loaded."""
    assert 10 < zygote.memory_mib["rss"] < 500
    assert zygote.versions["numpy"] == np.__version__


def test_rooms_side_by_side(zygote: Sandbox) -> None:
    """Two submissions may be open at once, and end in any order."""
    first, second = zygote.open(program(ANSWER)), zygote.open(program(ANSWER.replace("42", "43")))
    with first.spawn() as one, second.spawn() as two, second.spawn() as three:
        assert [ask(process, ()).value for process in (two, one, three)] == [43, 42, 43]
    first.close()
    with second.spawn() as again:
        assert ask(again, ()).value == 43
    second.close()


def test_finish_is_idempotent(zygote: Sandbox) -> None:
    """The same ending is told however often it is asked for, and after close."""
    with zygote.open(program("import os\ndef attack():\n    os._exit(7)\n")) as room:
        process = room.spawn()
        ask(process, ())
        ending = process.finish()
        assert ending.verdict is Verdict.CRASHED
        assert (
            ending.detail == "the process was ended by os._exit or sys.exit"
        )  # no status: it could carry inputs
        process.close()
        assert process.finish() is ending
        closed = room.spawn()
        closed.close()
        assert closed.finish().verdict is Verdict.CRASHED
        assert ask(room.spawn(), ()).ended, "the room is still there"


def test_released_files(zygote: Sandbox) -> None:
    """The unit's files lie in the working folder and can be imported; a change reaches no other process."""
    source = """
import helper
def attack(write):
    try:
        if write:
            open("data/numbers.txt", "w").write("other")
    except OSError:
        pass
    return [helper.VALUE, open("data/numbers.txt").read()]
"""
    files = {"helper.py": b"VALUE = 5\n", "data/numbers.txt": b"1 2 3"}
    notebook = {**program(source), "libraries": ["helper"]}
    with zygote.open(notebook, files) as room:
        with room.spawn() as process:
            ask(process, (True,))
        with room.spawn() as process:
            assert ask(process, (False,)).value == [5, "1 2 3"]


def test_files_do_not_shadow_modules(zygote: Sandbox) -> None:
    """A file that is called like a library does not take its place."""
    source = "import numpy, json\ndef attack():\n    return [numpy.__name__, hasattr(json, 'dumps')]\n"
    with zygote.open(program(source), {"json.py": b"", "numpy.py": b""}) as room, room.spawn() as process:
        assert ask(process, ()).value == ["numpy", True]


def test_unseeded_draws_repeat(zygote: Sandbox) -> None:
    """Global random generators start alike in every process, so that a regrade draws the same numbers."""
    source = (
        "import numpy as np, random\ndef attack():\n    return [float(np.random.rand()), random.random()]\n"
    )
    with zygote.open(program(source)) as room:
        answers = [ask(room.spawn(), ()).value for _ in range(2)]
    assert answers[0] == answers[1] is not None


def test_the_first_process_may_be_another_one(zygote: Sandbox) -> None:
    """One is started with the room, for the usual way of loading; who asks for another gets another."""
    source = "def attack():\n    return sorted(globals().keys() & {'a', 'b'})\na = 1\nb = 2\n"
    with zygote.open(program(source)) as room:
        first, second = room.spawn("whole"), room.spawn("whole", without=[1])
        assert ask(first, ()).value == ["a", "b"]
        assert ask(second, ()).value == ["b"]


def test_a_release_that_was_read_before(zygote: Sandbox) -> None:
    """A cell that the zygote read answers as one that the room read, and every room has its own."""
    given = "KEPT = []\ndef keep(x):\n    KEPT.append(x)\n    return len(KEPT)"
    source = "def attack(x):\n    return [keep(x), keep.__code__.co_filename]"
    notebook = program(source)
    notebook["cells"] = [
        {"id": None, "task": None, "source": given, "index": 3},
        {**notebook["cells"][0], "index": 4},
    ]
    for release in ((), ((1, given),), ((1, given),), ((1, "def keep(:"),)):
        with zygote.open({**notebook, "release": release}) as room, room.spawn() as process:
            assert ask(process, (1,)).value == [1, "cell 4"]


@pytest.mark.parametrize("tier", tiers.TIERS)
def test_killed_judge_leaves_nothing(tier: str) -> None:
    """When the judge is killed, its zygote and all below it end."""
    code = f"""
import sys
from autograder.sandbox import Sandbox
from autograder.sandbox.doctor.trials import ask, program
room = Sandbox.start({tier!r}).open(program("def attack():\\n    while True: pass"))
idle, busy = room.spawn(), room.spawn()
busy.finish = lambda timed_out: room  # leave it running
try:
    ask(busy, (), seconds=0.3)
except AttributeError:
    print("ready", flush=True)
sys.stdin.read()
"""
    judge = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert judge.stdin is not None
    assert judge.stdout is not None
    with judge.stdin, judge.stdout:
        assert judge.stdout.readline() == b"ready\n"
        below = psutil.Process(judge.pid).children(recursive=True)
        assert len(below) >= 4
        judge.kill()
        judge.wait()
    _gone, alive = psutil.wait_procs(below, timeout=5)
    assert alive == []


def test_closing_ends_a_stopped_zygote() -> None:
    """A zygote that does not react is killed, with all of bubblewrap."""
    before = set(psutil.Process().children(recursive=True))
    zygote = Sandbox.start("walled", limits=LIMITS)
    below = [process for process in psutil.Process().children(recursive=True) if process not in before]
    for process in below:
        if "python" in process.name():
            process.send_signal(signal.SIGSTOP)
    start = time.monotonic()
    zygote.close()
    assert time.monotonic() - start < 10
    _gone, alive = psutil.wait_procs(below, timeout=5)
    assert alive == []


@pytest.mark.parametrize("said", ["", '{ "child-pid": 1', '{ "child-pid": 999999999 }'])
def test_bubblewrap_killed_while_it_makes_a_sandbox(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it has begun waits for it for ever and holds our pipe; we do not, and nobody is left."""
    child = "import subprocess, sys, os, signal, time; os.write(int(sys.argv[1]), sys.argv[2].encode());"
    child += "subprocess.Popen(['sleep', '1000'], close_fds=False); os.kill(os.getpid(), signal.SIGKILL)"
    real = tiers.launch

    def launch(*args: object) -> tiers.Launch:
        return replace(real(*args), command=(sys.executable, "-c", child, "{info}", said, "{sock}"))  # type: ignore[arg-type]

    monkeypatch.setattr(tiers, "launch", launch)
    before = set(psutil.Process().children(recursive=True)) | set(_sleeping())
    start = time.monotonic()
    with pytest.raises(SandboxFault, match="its first process ended with -9"):
        Sandbox.start("walled", limits=LIMITS)
    assert time.monotonic() - start < 10
    _gone, alive = psutil.wait_procs(set(_sleeping()) - before, timeout=5)
    assert alive == []


def _sleeping() -> list[psutil.Process]:
    return [each for each in psutil.process_iter(["cmdline"]) if each.info["cmdline"] == ["sleep", "1000"]]


def test_unknown_tier() -> None:
    """An unknown tier is refused with the nearest name; no weaker one is taken."""
    with pytest.raises(UsageError, match="did you mean walled"):
        Sandbox.start("waled")


def test_no_bubblewrap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without bubblewrap tier "walled" is a fault that says how to get it."""
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SandboxFault, match="apt install bubblewrap"):
        Sandbox.start("walled")


REFUSALS = {
    "namespaces": ("cloning", "def fork_into(namespaces): raise Denied(1, 'refused by the test')"),
    "scratch": ("linux", "def mount_tmpfs(*a): raise Denied(1, 'refused by the test')"),
    "landlock": ("landlock", "def restrict(*a): raise Denied(1, 'refused by the test')"),
    "capabilities": ("linux", "def drop_capabilities(): raise Denied(1, 'refused by the test')"),
    "limits": ("confine", "def _limit(c): raise linux.Denied(1, 'refused by the test')"),
    "filter": ("seccomp", "def load(program): raise Denied(1, 'refused by the test')"),
    "filter_built": ("seccomp", "def build(): raise Denied(1, 'refused by the test')"),
    "root": ("confine", "def become_unprivileged(uid): raise linux.Denied(1, 'refused by the test')"),
    "one_thread": ("linux", "def thread_count(): return 2"),
}
ONLY_WALLED = ("namespaces", "scratch", "root")


@pytest.mark.parametrize("step", REFUSALS)
@pytest.mark.parametrize("tier", ["walled", "fenced"])
def test_a_refused_step_runs_nothing(tier: str, step: str, tmp_path: Path) -> None:
    """If any step of the isolation fails, no code of the student runs and it is a fault of ours."""
    if tier == "fenced" and step in ONLY_WALLED:
        pytest.skip("the tier has no such step")
    if step == "root" and os.geteuid() != 0:
        pytest.skip("there is no root to give up")
    module, override = REFUSALS[step]
    inside = tmp_path / "inside"
    shutil.copytree(tiers.INSIDE, inside)
    inside.chmod(0o755)
    with (inside / "process" / f"{module}.py").open("a") as file:
        file.write(f"\n\n{override}\n")
    with (
        pytest.raises(SandboxFault, match=r"refused by the test|2 threads"),
        Sandbox.start(tier, limits=LIMITS, inside=inside) as zygote,
        zygote.open(program(ANSWER)) as room,
    ):
        room.spawn()


@pytest.mark.slow
@pytest.mark.parametrize("tier", ["walled", "fenced"])
def test_torch_computes_the_same_bits(tier: str) -> None:
    """Under lock torch takes the same code paths as in the judge: results agree to the last bit."""
    import torch

    source = """
import torch
def attack(x):
    torch.manual_seed(0)
    conv = torch.nn.Conv2d(3, 8, 3)
    optimizer = torch.optim.Adam(conv.parameters())
    for _ in range(3):
        loss = torch.tanh(conv(x)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return conv(x).detach()
"""
    x = torch.randn(4, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    scope: dict = {}
    exec(source, scope)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        expected = scope["attack"](x)
    finally:
        torch.set_num_threads(threads)
    notebook = {**program(source), "libraries": ["torch"]}
    with (
        Sandbox.start(tier, "torch", limits=Limits()) as zygote,
        zygote.open(notebook) as room,
        room.spawn() as process,
    ):
        deadline = time.monotonic() + 20
        wire.receive(process.sock, 1 << 20, deadline)
        packer = wire.Packer()
        step = {"k": "call", "o": packer.pack(wire.NameRef("attack")), "a": [packer.pack(x)]}
        request = {"k": "run", "scripts": [{"n": 0, "s": [step], "b": [1]}], "sources": []}
        wire.send(process.sock, request, packer.buffers, deadline)
        frame, buffers = wire.receive(process.sock, 1 << 24, deadline)
    ((reply, _),) = frame["replies"]
    assert reply["k"] == "value", reply
    assert bytes(buffers[0]) == expected.numpy().tobytes()
