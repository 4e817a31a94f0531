"""An exception as it is told to the judge: its class, its message and the student's own line."""

from __future__ import annotations

import linecache
from typing import Any

from .objects import NameMissing


class LentFunctionFailed(Exception):
    """The judge's function raised; the judge knows why."""


def describe(error: BaseException) -> dict[str, Any]:
    """Class, bases, message and the student's own line of an exception; all of it a claim."""
    kind = type(error)
    bases = [base.__name__ for base in kind.__mro__ if base.__module__ == "builtins"]
    return {
        "class": kind.__name__[:100],
        "bases": bases,
        "message": _text(error)[:500],
        "line": student_line(error),
        "ours": isinstance(error, (NameMissing, LentFunctionFailed)),
    }


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except BaseException:  # a student's __str__ may raise anything; the class is told all the same
        return ""


def student_line(error: BaseException) -> dict[str, Any] | None:
    """The deepest line of the student's own that an exception went through."""
    found = None
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if name.startswith("cell "):
            found = (name, trace.tb_lineno, trace.tb_frame.f_code.co_qualname, trace.tb_next is None)
        trace = trace.tb_next
    if found is None:
        return None
    name, number, function, deepest = found
    text = linecache.getline(name, number).strip()[:200]
    return {"cell": name, "line": number, "text": text, "function": function[:200], "deepest": deepest}
