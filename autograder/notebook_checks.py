"""``grader`` in a student's notebook where the engine is installed, such as on the course's server.

``grader.check("task")`` and ``grader.check_all()`` run the public checks on the notebook *as
it is saved*, loaded by the same code that grades, in a fresh process: what is left over
in the kernel from deleted cells cannot help, and cannot harm. The work is done by a warm
companion (``autograder.preflight.companion``), so that an answer takes a fraction of a
second. Where that cannot be had, plain Otter checks what the kernel holds, and says so.

Imported into the student's kernel: standard library only, and nothing is written or sent.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

DECIDES = "Public checks only. The hidden checks decide the mark."
WARM_SECONDS = 60.0  # importing torch on a busy machine
ANSWER_SECONDS = 180.0  # loading and checking a notebook that computes a lot
RELEASED = Path("tests/released.json")


class Unavailable(Exception):
    """The saved notebook cannot be checked here; the text says why."""


class Companion:
    """The process that loads and checks; started at once, so that it is warm when it is asked."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "autograder.preflight.companion", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
            cwd="/",
            start_new_session=True,  # Ctrl-C in the notebook is not meant for it
        )
        self._buffer = b""
        self._warm = False

    @property
    def ended(self) -> bool:
        """It goes when it has not been asked for a while."""
        return self._process.poll() is not None

    def ask(self, notebook: Path, tasks: tuple[str, ...]) -> dict[str, Any]:
        """The companion's answer.

        Raises:
            Unavailable: there is none, and why.
        """
        try:
            return self._ask(notebook, tasks)
        except KeyboardInterrupt:  # an answer that comes later must not be taken for the next one
            self._process.kill()
            self.close()
            raise

    def _ask(self, notebook: Path, tasks: tuple[str, ...]) -> dict[str, Any]:
        if not self._warm:
            ready = self._read(WARM_SECONDS)
            if "ready" not in ready:
                raise Unavailable(ready.get("trouble", "the process that checks did not start"))
            self._warm = True
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(
                json.dumps({"notebook": str(notebook), "tasks": tasks}).encode() + b"\n"
            )
            self._process.stdin.flush()
        except OSError as error:
            raise Unavailable("the process that checks has ended; run this cell again") from error
        answer = self._read(ANSWER_SECONDS)
        if answer.get("trouble"):
            raise Unavailable(str(answer["trouble"]))
        return answer

    def close(self) -> None:
        """End it; it ends by itself when the kernel does."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _read(self, seconds: float) -> dict[str, Any]:
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        deadline = time.monotonic() + seconds
        while b"\n" not in self._buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([descriptor], [], [], left)[0]:
                self.close()
                raise Unavailable(f"no answer within {seconds:g} s")
            part = os.read(descriptor, 1 << 16)
            if not part:
                raise Unavailable("the process that checks has ended")
            self._buffer += part
        line, _, self._buffer = self._buffer.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer


class Executed:
    """What was run in this kernel, and when: to tell unsaved work from saved work."""

    def __init__(self) -> None:
        self._runs: dict[str, float] = {}  # text of a cell -> when it was last run

    def note(self, source: str) -> None:
        """A cell is run."""
        self._runs[_plain(source)] = time.time()

    def watch(self) -> None:
        """Note every cell that this kernel runs from now on; nothing outside IPython."""
        shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
        if shell is not None:
            shell.events.register("pre_run_cell", lambda info: self.note(info.raw_cell))

    def unsaved(self, path: Path, sources: list[str]) -> bool:
        """True where something that defines a name was run after the file was saved and is not in it."""
        saved = {_plain(source) for source in sources}
        moment = path.stat().st_mtime
        return any(
            when > moment and text not in saved and ("def " in text or "class " in text)
            for text, when in self._runs.items()
        )


class Grader:
    """Has the two calls of ``otter.Notebook`` that released notebooks use."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = (folder or Path.cwd()).resolve()
        self.executed = Executed()
        self._otter: Any = None
        self._companion: Companion | None = None
        if (self.folder / RELEASED).is_file():
            self._companion = Companion(self.folder)

    def check(self, *tasks: str) -> None:
        """Run the public checks of some tasks on the saved notebook and print what they say."""
        try:
            path = self.notebook()
            answer = self._ask(path, tasks)
        except (Unavailable, OSError) as error:
            self._fall_back(str(error), tasks)
            return
        print("\n".join(_lines(answer, path, self.executed.unsaved(path, answer["sources"]))))

    def check_all(self) -> None:
        """The public checks of all tasks."""
        self.check()

    def notebook(self) -> Path:
        """The file of the notebook that this kernel runs.

        Raises:
            Unavailable: it cannot be found.
        """
        named = os.environ.get("JPY_SESSION_NAME", "")
        if named.endswith(".ipynb") and Path(named).is_file() and Path(named).resolve().parent == self.folder:
            return Path(named)
        try:
            with (self.folder / RELEASED).open(encoding="utf-8") as file:
                unit = json.load(file)["unit"]
        except (OSError, ValueError, KeyError) as error:
            raise Unavailable(f"{RELEASED} is not beside the notebook") from error
        path = self.folder / f"{unit}.ipynb"
        others = sorted(self.folder.glob("*.ipynb"))
        if path.is_file():
            return path
        if len(others) == 1:
            return others[0]
        raise Unavailable(f"the saved notebook was not found; expected {path.name} in this folder")

    def close(self) -> None:
        """End the companion."""
        if self._companion is not None:
            self._companion.close()
            self._companion = None

    def _ask(self, path: Path, tasks: tuple[str, ...]) -> dict[str, Any]:
        if self._companion is None or self._companion.ended:
            self.close()
            self._companion = Companion(self.folder)
        return self._companion.ask(path, tasks)

    def _fall_back(self, why: str, tasks: tuple[str, ...]) -> None:
        """Plain Otter in this kernel: what was run counts there, not what is saved."""
        print(f"The saved notebook cannot be checked here: {why}")
        try:
            if self._otter is None:
                import otter

                self._otter = otter.Notebook()
        except ImportError:
            print("Otter is not installed either: pip install -r requirements.txt, then restart the kernel.")
            return
        print(
            f"Checked by Otter in this kernel: what you have run, which may differ from the file. {DECIDES}"
        )
        for result in [self._otter.check(task) for task in tasks] if tasks else [self._otter.check_all()]:
            print(result)


def _lines(answer: dict[str, Any], path: Path, unsaved: bool) -> Iterator[str]:
    moment = datetime.fromtimestamp(path.stat().st_mtime).strftime("%H:%M:%S")
    if unsaved:
        yield "NOT SAVED: you have run code that is not in the file. Save (Ctrl+S) and run this cell again."
        yield f"What follows is about {path.name} as it was saved at {moment}.\n"
    for error in answer["syntax_errors"]:
        what = error["task"] or ", ".join(error["needed"])
        yield f"FAILED  {what}: cell {error['cell']}, line {error['line']}: {error['message']}"
    if answer["loaded"]:
        yield f"The notebook does not run by itself from top to bottom. {answer['loaded']}"
    for task in answer["stubs"]:
        yield f"to do   {task}: {', '.join(answer['stubs'][task])} still raises NotImplementedError"
    for check in answer["checks"]:
        yield f"{'passed' if check['passed'] else 'FAILED'}  {check['task']}: {check['title']}"
        yield from (f"        {line}" for line in check["message"].splitlines())
    yield f"{DECIDES} (saved {moment}; fresh process, same loader as grading)"


def _plain(source: str) -> str:
    return "\n".join(line.rstrip() for line in source.strip().split("\n"))


@cache
def grader_in(folder: Path) -> Grader:
    """One grader for a kernel and folder, also where the set-up cell is run again."""
    made = Grader(folder)
    made.executed.watch()
    return made


def __getattr__(name: str) -> Any:
    """``from autograder.notebook_checks import grader`` gives the one for the notebook's folder."""
    if name == "grader":
        return grader_in(Path.cwd().resolve())
    raise AttributeError(name)
