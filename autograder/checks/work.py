"""Work: what a call costs, counted and not timed, so that every machine counts the same.

What counts is how the work grows from one size to another; compare two counts in a law (see ``obeys``). An
honest loop over all numbers grows as its input does.

Lines are counted in the student's process. Who stops the count is seen by an audit hook, which nothing can
take away again; who starts a thread is, too, since its lines are not counted. What remains is a loop that is
no Python, such as ``map`` of a function of C over all numbers. To see that one would need a clock, and then
marks would depend on what else the machine does.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .compare import Difference
from .expectations import Obeys


def counted(function: Any, *args: Any, size: int = 1) -> tuple[Any, Any, Any]:
    """Call a function of the student's and count its work.

    Args:
        function: a reply: what is called.
        args: its arguments.
        size: how many numbers an array must have to be counted.

    Returns:
        Three replies: what it gave; the lines of Python that ran; and how many arrays of this size its
        functions returned, NumPy's that are written in Python among them. A larger array counts as as many as
        fit into it.
    """
    came = function._student.beside(_counted, function, list(args), size)
    stopped = came[3]
    stopped._expect(Obeys(stopped._place, _never_stopped, (function._label,)))
    return came[0], came[1], came[2]


def is_count(step: Any, path: tuple[Any, ...]) -> bool:
    """Whether this part of what a step gave is how much work it was."""
    return step.name == _counted.__name__ and path[:1] in ((1,), (2,))


def _counted(function: Any, args: list[Any], size: int) -> list[Any]:
    """Beside the student's code: the answer, the lines, the arrays, and whether the count was stopped."""
    import sys
    import threading

    lines = arrays = 0
    start = threading.Thread.start.__code__  # before Python 3.12 there is no event for it
    ways_out = ("sys.settrace", "sys._getframe", "_thread.start_new_thread", "_thread.start_joinable_thread")
    frames = ("tb_frame", "gi_frame", "cr_frame", "ag_frame")

    def trace(frame: Any, event: str, arg: Any) -> Any:
        nonlocal lines, arrays
        lines += event == "line"
        watch["stopped"] |= frame.f_code is start
        if event == "return" and not frame.f_code.co_name.endswith("_dispatcher"):  # NumPy's, of arguments
            for item in arg if type(arg) is tuple else (arg,):
                arrays += item.size // size if isinstance(item, np.ndarray) else 0
        return trace

    def hook(event: str, about: Any) -> None:
        if watch["on"] and (event in ways_out or (event == "object.__getattr__" and about[1] in frames)):
            watch["stopped"] = True

    known = "_work_is_counted" in sys.__dict__
    watch: dict[str, bool] = sys.__dict__.setdefault("_work_is_counted", {"on": False})
    if not known:  # a hook stays for as long as its process: one is enough
        sys.addaudithook(hook)
    before = sys.gettrace()
    watch["stopped"] = False
    sys.settrace(trace)
    watch["on"] = True
    try:
        answer = function(*args)
    finally:
        watch["on"] = False
        watch["stopped"] |= sys.gettrace() is not trace
        sys.settrace(before)
    return [answer, lines, arrays, watch["stopped"]]


def _never_stopped(stopped: Any, label: str) -> None:
    if stopped is not False:
        raise Difference(
            f"The Python lines of {label} could not be counted: it stops that, or starts threads."
        )


__all__ = ["counted", "is_count"]
