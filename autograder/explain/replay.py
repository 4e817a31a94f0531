"""A check as staff may see it: every call with its inputs, the student's and the reference's answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from ..inside.wire import HandleRef, MethodRef, NameRef
from ..judge.grader import Trialled
from ..judge.suite import Suite
from ..student import Call
from ..student.faults import clean
from ..student.steps import PLACES
from .case.signatures import arguments
from .comparison import in_pairs
from .same import is_tensor, plain, same_value

SHOWN = 24  # numbers of an array that are written out
WIDTH = 100


def replay(trialled: Trialled, check: str) -> str:
    """The story of one check on one submission, as text. Holds hidden inputs: for staff only."""
    suite, paper = trialled.suite, trialled.paper
    outcome, mark = trialled.outcomes[check], suite.marks[check]
    lines = [
        f"{check} ({mark.task}, {mark.points:g} points): {outcome.verdict}",
        f"  {mark.title}",
        f"  paper {paper}" + (f", case {outcome.case}" if outcome.case else ""),
        *([f"  {outcome.reason}"] if outcome.reason else []),
        *(f"  for staff: {note}" for note in outcome.notes),
        "",
        *_calls(suite, in_pairs(suite, check, outcome, paper)),
    ]
    return "\n".join(lines)


def _calls(suite: Suite, several: Iterable[tuple[Call, Call]]) -> Iterator[str]:
    for number, (call, right) in enumerate(several):
        other = right if right.name == call.name else None
        yield f"  {number + 1}. {_request(suite, call)}"
        yield from _indented("student", _answer(call))
        if other is None:
            yield from _indented("reference", "made no such call")
        elif _answered_alike(call, other):
            yield from _indented("reference", "the same")
        else:
            yield from _indented("reference", _answer(other))


def _request(suite: Suite, call: Call) -> str:
    if call.kind == "get":
        return f"reads {call.name}"
    if call.kind == "now":
        return f"what became of {_place(call.step.target)}"
    named = arguments(suite.reference, call.name, call.args, call.kwargs)
    values = list((named or call.kwargs).items())
    shown = ", ".join(
        [
            *([] if named else map(describe, call.args)),
            *(f"{name}={describe(value)}" for name, value in values),
        ]
    )
    verb = {
        "call": "",
        "set": "sets ",
        "beside": "runs beside the student's code ",
        "share": "lays out ",
    }.get(call.kind, f"{call.kind} ")
    return f"{verb}{call.name}({shown})"


def _answer(call: Call) -> str:
    if call.fault is not None:
        return f"{call.fault.verdict}: {call.fault.reason}"
    return describe(call.reply)


def _answered_alike(mine: Call, right: Call) -> bool:
    if mine.fault is not None or right.fault is not None:
        return False
    return same_value(mine.reply, right.reply)


def describe(value: Any) -> str:
    """A value in full where it is small, else its shape, range and first numbers."""
    if isinstance(value, HandleRef):
        return f"<{clean(value.name, 60)}>"
    if isinstance(value, PLACES):
        return _place(value)
    if isinstance(value, np.ndarray) or is_tensor(value):
        return _array(plain(value))
    if type(value) in (list, tuple):
        items = ", ".join(describe(item) for item in value)
        return f"[{items}]" if type(value) is list else f"({items})"
    if type(value) is dict:
        return "{" + ", ".join(f"{key!r}: {describe(item)}" for key, item in value.items()) + "}"
    return clean(repr(value), 200)


def _place(place: Any) -> str:
    """Where an argument comes from: ``conv2d_forward``, ``what call 1 gave [1]``."""
    if isinstance(place, NameRef):
        return place.name
    if isinstance(place, MethodRef):
        return f"{_place(place.owner)}.{place.attribute}"
    return f"what call {place.step + 1} gave{''.join(f'[{key!r}]' for key in place.path)}"


def _array(array: np.ndarray) -> str:
    kind = f"{array.dtype}{list(array.shape)}"
    if array.size <= SHOWN:
        return f"{kind} {' '.join(np.array2string(array, separator=', ', precision=6).split())}"
    first = " ".join(np.array2string(array.ravel()[:6], separator=", ", precision=6)[1:-1].split())
    if array.dtype.kind not in "fiu":
        return f"{kind} {first}, ..."
    return f"{kind} from {np.nanmin(array):.4g} to {np.nanmax(array):.4g}: {first}, ..."


def _indented(who: str, text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines() or [""]):
        yield f"     {who + ':' if number == 0 else '':<10} {line}"
