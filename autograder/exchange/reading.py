"""Reading a stranger's notebooks: small ones here, large ones in a process of its own with limits.

A notebook of 20 MiB may become a gigabyte of small objects, and while it is parsed no other request of this
process is answered. ``python -m autograder.exchange.reading TASK ...`` is that other process: it prints JSON.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..base.errors import CourseError, Unreadable
from ..course import Unit, load_course
from ..notebook import is_answered, read_questions, read_release, read_submission, tasks_left
from ..notebook.several import only_worked_on

SMALL = 1 << 20  # bytes of notebooks that are read in this process: some hundredths of a second
MEMORY = 2 << 30  # bytes that the other process may map
CPU_SECONDS = 10
PATIENCE = 60.0  # seconds, on a machine that has other work
AT_ONCE = threading.BoundedSemaphore(2)  # a constant of the process: so many others run beside it
CLOSELY_AT_ONCE = threading.BoundedSemaphore(1)  # of what can be left out where many ask
CLOSELY_WAIT = 3.0  # seconds until it is left out
TOO_MUCH = "The notebook holds more than can be looked at. Clear the outputs, save and upload it again."


def facts_of(unit: Unit, content: bytes, most_mib: int) -> dict[str, Any]:
    """What there is to say of a notebook: ``healed``, ``stubs`` and ``unanswered``, lists of texts.

    Raises:
        Unreadable: it is no notebook, or takes too long.
    """
    with _as_files([content]) as paths:
        if len(content) <= SMALL:
            return _facts(unit, paths[0], most_mib)
        found = _aside(unit, "facts", [*paths, Path(str(most_mib))])
    if "unreadable" in found:
        raise Unreadable(found["unreadable"])
    return found


def read_closely(unit: Unit, content: bytes, most_mib: int) -> dict[str, Any]:
    """What preflight says after reading: ``lost`` and ``ignored``, sentences; always in the other process.

    It parses the student's Python, and runs nothing of it.

    Raises:
        Unreadable: it takes too long, or too many are read at the moment.
    """
    if not CLOSELY_AT_ONCE.acquire(timeout=CLOSELY_WAIT):
        raise Unreadable(TOO_MUCH)  # no page of others waits for this
    try:
        with _as_files([content]) as paths:
            found = _aside(unit, "closely", [*paths, Path(str(most_mib))])
    finally:
        CLOSELY_AT_ONCE.release()
    if "unreadable" in found:
        raise Unreadable(found["unreadable"])
    return found


def one_worked_on(unit: Unit, contents: Sequence[bytes]) -> int | None:
    """Which of several notebooks alone is not as it was released; None where that cannot be told."""
    with _as_files(contents) as paths:
        if sum(map(len, contents)) <= SMALL:
            return _worked_on(unit, paths)["place"]
        try:
            place: int | None = _aside(unit, "worked-on", paths)["place"]
        except Unreadable:
            return None
        return place


def _facts(unit: Unit, path: Path, most_mib: int) -> dict[str, Any]:
    release = read_release(unit.released_notebook)
    submission = read_submission(path, release, most_mib)
    asked = read_questions(unit.released_notebook)
    return {
        "healed": list(submission.healed),
        "stubs": list(tasks_left(submission, release)),
        "unanswered": [each.name for each in asked if not is_answered(each, submission, release)],
    }


def _closely(unit: Unit, path: Path, most_mib: int) -> dict[str, Any]:
    from ..preflight import as_read  # only this process needs it

    release = read_release(unit.released_notebook)
    lost, ignored = as_read(read_submission(path, release, most_mib), release)
    return {"lost": list(lost), "ignored": list(ignored)}


def _worked_on(unit: Unit, paths: Sequence[Path]) -> dict[str, int | None]:
    found = only_worked_on(paths, unit)
    return {"place": None if found is None else list(paths).index(found)}


@contextmanager
def _as_files(contents: Sequence[bytes]) -> Iterator[list[Path]]:
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, f"{number}.ipynb") for number in range(len(contents))]
        for path, content in zip(paths, contents, strict=True):
            path.write_bytes(content)
        yield paths


def _aside(unit: Unit, task: str, arguments: Sequence[Path]) -> dict[str, Any]:
    """Do a task in the other process.

    Raises:
        Unreadable: it took more than it may.
    """
    command = [sys.executable, "-P", "-m", __name__, task, str(unit.root), unit.name, *map(str, arguments)]
    engine = str(Path(__file__).parents[2])
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTERHUB_")}
    environment = kept | {"PYTHONPATH": os.pathsep.join(filter(None, [engine, kept.get("PYTHONPATH")]))}
    with AT_ONCE:
        try:
            done = subprocess.run(
                command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE
            )
        except subprocess.TimeoutExpired as error:
            raise Unreadable(TOO_MUCH) from error
    if done.returncode:
        raise Unreadable(TOO_MUCH)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def main(task: str, root: str, name: str, *arguments: str) -> None:
    """Do one task within limits, and print what came of it."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    unit = load_course(Path(root)).unit(name)
    try:
        if task in ("facts", "closely"):
            read = _facts if task == "facts" else _closely
            found = read(unit, Path(arguments[0]), int(arguments[1]))
        else:
            found = _worked_on(unit, [Path(argument) for argument in arguments])
    except Unreadable as error:
        found = {"unreadable": str(error)}
    except CourseError:
        raise SystemExit(1) from None
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
