"""Runs public checks beside the student's code; the text of this file is sent into the sandbox.

Public checks are no secret, and what they find is told to the student alone, so that they
may run in the student's own process, with everything that Python offers. No mark comes
from here. Imports the standard library only; answers are JSON text, which crosses by value.
"""

from __future__ import annotations

import contextlib
import io
import json
import linecache
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

SUBMISSION = "submission"  # the module that the loader makes
TEST_FILES = "otter.test_files"
MOST = 600  # characters of a message
NOTE = "Note: "  # begins what a check that passes says all the same


def defined(names: str) -> str:
    """Which of these names the notebook does not define, as JSON."""
    namespace = vars(sys.modules[SUBMISSION])
    return json.dumps([name for name in names.split() if name not in namespace])


def run_checks(text: str, filename: str) -> str:
    """Run one of the released test files; JSON list of ``[title, passed, message]``.

    A check that passes may have a note, such as that a right number is of another type than asked.
    """
    cases: list[tuple[str, Any]] = []
    sys.modules["otter"] = types.ModuleType("otter")
    sys.modules[TEST_FILES] = stand_in = types.ModuleType(TEST_FILES)

    def test_case(name: str = "", **_: Any) -> Callable[[Any], Any]:
        def keep(function: Any) -> Any:
            cases.append((name.strip('"'), function))
            return function

        return keep

    stand_in.__dict__["test_case"] = test_case
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    exec(compile(text, filename, "exec"), {"__name__": filename})
    namespace = vars(sys.modules[SUBMISSION])
    return json.dumps([[title, *_outcome(function, namespace)] for title, function in cases])


def _outcome(function: Any, namespace: dict[str, Any]) -> tuple[bool, str]:
    code = function.__code__
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    missing = [name for name in names if name not in namespace]
    if missing:
        return False, f"{', '.join(missing)}: not defined in the saved notebook."
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            function(**{name: namespace[name] for name in names})
    except NotImplementedError as error:
        return False, _cut(_text(error) or "not written yet")
    except AssertionError as error:
        return False, _cut(_text(error) or _line(error, code.co_filename))
    except BaseException as error:
        return False, _cut(f"{type(error).__name__}: {_text(error)}{_where(error, code.co_filename)}")
    notes = [line for line in printed.getvalue().splitlines() if line.startswith(NOTE)]
    return True, _cut("\n".join(notes))


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except BaseException:  # a class of the student's may refuse to be printed
        return ""


def _frames(error: BaseException) -> Iterator[tuple[str, int]]:
    trace = error.__traceback__
    while trace is not None:
        yield trace.tb_frame.f_code.co_filename, trace.tb_lineno
        trace = trace.tb_next


def _line(error: BaseException, filename: str) -> str:
    """The line of the check that does not hold, for an assertion without a text."""
    numbers = [number for name, number in _frames(error) if name == filename]
    return f"this does not hold: {linecache.getline(filename, numbers[-1]).strip()}" if numbers else ""


def _where(error: BaseException, filename: str) -> str:
    """The student's own line where there is one, else the line of the check that asked for it."""
    own = [(name, number) for name, number in _frames(error) if name.startswith("cell ")]
    if own:
        name, number = own[-1]
        return f" ({name}, line {number}: {linecache.getline(name, number).strip()})"
    numbers = [number for name, number in _frames(error) if name == filename]
    return f" (in the check: {linecache.getline(filename, numbers[-1]).strip()})" if numbers else ""


def _cut(text: str) -> str:
    return text if len(text) <= MOST else text[: MOST - 1] + "…"
