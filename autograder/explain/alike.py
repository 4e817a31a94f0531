"""Whether two subjects fared alike in one check: what the check judges, and how calls failed.

Of a check that is planned both have the same steps, and what it judges is known: only that is compared. What
else a call returned (another gradient, a cache) may come from another mistake. How much work a call was is
another number for everyone, and not compared. Of a check that looks at values all of the task's calls
count, and so does what they gave to functions that were lent to them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..checks.expectations import Event, HasDtype, Obeys, Unchanged, Unpacked
from ..checks.laws import assert_unchanged
from ..checks.work import is_count
from ..inside.wire import HandleRef, PartRef
from ..judge.outcome import Outcome
from ..student import Call, Court, StudentFault
from ..student.claims.sayings import said
from ..student.steps import leaves
from .drawn import drawn_alike, is_drawn
from .same import is_tensor, plain, same_value


def alike(mine: Outcome, other: Outcome, task: str, task_of: Mapping[str, str]) -> bool:
    """Whether a check ended alike on two subjects, for the same reasons.

    Args:
        mine: how it ended on one of them, whose process may have ended before the other's.
        other: how it ended on the other.
        task: the check's task.
        task_of: the task of each name that the notebook defines.
    """
    left, right = mine.court, other.court
    if left is None or right is None or (mine.verdict, mine.case) != (other.verdict, other.case):
        return False
    if left.notes is not right.notes:
        return same_answers(mine.transcript, other.transcript, task, task_of)
    if left.wrong != right.wrong:
        return False
    calls = list(zip(mine.transcript, other.transcript, strict=False))
    if not all(map(_failed_alike, *zip(*calls, strict=True))):
        return False
    single = from_single(mine.transcript)
    return all(_judged_alike(event, left, right, single) for event in left.notes.events)


def _judged_alike(event: Event, left: Court, right: Court, single: bool) -> bool:
    """Whether what an expectation looks at is the same: of what must stay as it is, whether it does."""
    if isinstance(event, Unpacked):
        return _count(_there(left, event.place)) == _count(_there(right, event.place))
    places = [place for place in _places(event) if not is_count(left.notes.steps[place.step], place.path)]
    pairs = [(_there(left, place), _there(right, place)) for place in places]
    if isinstance(event, HasDtype):
        return all(_dtype(mine) == _dtype(other) for mine, other in pairs)
    if isinstance(event, Unchanged):
        return all(_kept(mine, event.before) is _kept(other, event.before) for mine, other in pairs)
    return all(same_value(mine, other, single) for mine, other in pairs) or (
        isinstance(event, Obeys) and not event.exact and _drawn_alike(event, left, right)
    )


def _drawn_alike(event: Obeys, left: Court, right: Court) -> bool:
    """Whether what a law looks at is drawn, and looks alike."""
    step = left.notes.steps[event.place.step]
    others = [(_there(left, each), _there(right, each)) for each in event.others if isinstance(each, PartRef)]
    return is_drawn(step) and drawn_alike(_there(left, event.place), _there(right, event.place), step, others)


def _count(value: Any) -> int | None:
    """Of how many values an answer is made; their values are looked at one by one."""
    return len(value) if isinstance(value, (list, tuple, dict)) else None


def _dtype(value: Any) -> str:
    return str(getattr(value, "dtype", type(value).__name__))


def _kept(value: Any, before: Any) -> bool:
    try:
        assert_unchanged(before, value, "")
    except AssertionError:
        return False
    return True


def judged(court: Court) -> Iterator[PartRef]:
    """The places of the values that a check judges."""
    events = (event for event in court.notes.events if not isinstance(event, Unpacked))
    return (place for event in events for place in _places(event))


def _places(event: Event) -> Iterator[PartRef]:
    return (place for place in leaves(tuple(vars(event).values())) if isinstance(place, PartRef))


def _there(court: Court, place: PartRef) -> Any:
    """What is in a place; all of what its step gave, where that has no such place."""
    try:
        return court.value(place)
    except (StudentFault, AssertionError, LookupError, TypeError):
        calls = court.transcript()
        return calls[place.step].reply if place.step < len(calls) else None


def from_single(transcript: tuple[Call, ...]) -> bool:
    """Whether a check gives float32 numbers, or coarser ones."""
    return any(_is_single(value) for call in transcript for value in leaves((call.args, dict(call.kwargs))))


def _is_single(value: Any) -> bool:
    if not (isinstance(value, np.ndarray) or is_tensor(value)):
        return False
    array = plain(value)
    return array.dtype.kind == "f" and array.dtype.itemsize < 8


# --- calls that raised ---


def _failed_alike(mine: Call, other: Call) -> bool:
    if mine.fault is None or other.fault is None:
        return mine.fault is None and other.fault is None
    left, right = (getattr(call.fault, "claim", None) for call in (mine, other))
    if left is None or right is None:
        return left is None and right is None and mine.fault.verdict is other.fault.verdict
    return same_raise(left, right)


def same_raise(left: Mapping[str, Any], right: Mapping[str, Any]) -> bool:
    """Whether two exceptions are of one class, say the same, and come from one function and kind of line."""
    return (
        left.get("class") == right.get("class")
        and _meaning(left) == _meaning(right)
        and _function(left) == _function(right)
        and _statement(left) == _statement(right)
    )


def _meaning(claim: Mapping[str, Any]) -> str:
    found = said(claim)
    return "" if found is None else found.kind


def _function(claim: Mapping[str, Any]) -> str:
    """The function in which an exception was raised; what has no name of its own belongs to it."""
    line = claim.get("line")
    return str(line.get("function", "")).partition(".<locals>.<")[0] if isinstance(line, dict) else ""


def _statement(claim: Mapping[str, Any]) -> str:
    """Whether the student's line raises by itself; else it is what Python was to do there."""
    line = claim.get("line")
    words = str(line.get("text", "")).split(None, 1) if isinstance(line, dict) else []
    return words[0] if words and words[0] in ("raise", "assert") else ""


# --- checks that look at values ---


def same_answers(
    left: tuple[Call, ...], right: tuple[Call, ...], task: str, task_of: Mapping[str, str]
) -> bool:
    """Whether the answers to all of the task's own calls in one transcript are those in another.

    The other may go on after that, where the process of the one ended.
    """
    calls = list(_own_calls(left, task, task_of)), list(_own_calls(right, task, task_of))
    single = from_single(left)
    return len(calls[0]) <= len(calls[1]) and all(
        _same_call(mine, other, single) for mine, other in zip(*calls, strict=False)
    )


def _own_calls(transcript: tuple[Call, ...], task: str, task_of: Mapping[str, str]) -> Iterator[Call]:
    """The calls that are not of another task's functions, without those that fetch an object."""
    for call in transcript:
        if is_own(call, task, task_of) and not (call.kind == "get" and isinstance(call.reply, HandleRef)):
            yield call


def is_own(call: Call, task: str, task_of: Mapping[str, str]) -> bool:
    """Whether a call is not of another task's function."""
    return task_of.get(call.name.split(".")[0], task) == task


def _same_call(left: Call, right: Call, single: bool) -> bool:
    if (left.kind, left.name) != (right.kind, right.name) or not _failed_alike(left, right):
        return False
    return left.fault is not None or (
        same_value(left.reply, right.reply, single)
        and _all_among(left.heard, right.heard)
        and _all_among(right.heard, left.heard)
    )


def _all_among(some: tuple[Any, ...], others: tuple[Any, ...]) -> bool:
    """Whether a lent function was given nothing in one call that it was not given in the other.

    In whatever order and however often: a loop may run the other way.
    """
    return all(any(same_value(args, other) for other in others) for args in some)
