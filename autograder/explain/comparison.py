"""Where a check went wrong: the call, the part of its answer that the check compares, and the two arrays."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..checks.expectations import Answered, HasDtype, IsRefused, Obeys, Right, Unchanged
from ..checks.structure import Compared
from ..inside.wire import NameRef, PartRef
from ..judge.outcome import Outcome
from ..judge.suite import Suite, reference_subject
from ..student import NOTHING, Answer, Call, Court, Raised, StudentRaised
from ..student.steps import leaves
from .case.signatures import arguments, default, label_of_result
from .relation import Pair, coverage
from .same import is_tensor, plain, same_value

KERNELS = ("kernel_size", "kernel", "pool_size", "window")


@dataclass(frozen=True)
class Spot:
    """Call number ``index`` of a check, and ``path`` to the part of what it gave that is wrong."""

    index: int
    path: tuple[Any, ...]
    asked_to_raise: bool = False


def spot(suite: Suite, check: str, outcome: Outcome, paper: int, known: bool = False) -> Spot | None:
    """Where a check went wrong; None where that is no single call, or must not be shown.

    Of a function that is given nothing to work on (a bug hunt) the reference's answer is one of many. So it
    is where a law alone says what is right, or chance has a part in it, unless the mistake is ``known``: then
    all that is right about it is as in the reference.
    """
    if not known and _has_other_answers(outcome):
        return None
    found = _by_event(outcome) if outcome.event is not None else _by_answers(suite, check, outcome, paper)
    if found is None or any(_is_free(suite, call) for call in outcome.transcript[: found[0] + 1]):
        return None
    index, path = found
    expected = outcome.transcript[index].expected
    return Spot(index, path, isinstance(expected, Raised))


def _has_other_answers(outcome: Outcome) -> bool:
    """Whether the reference's answer may be one of many right ones."""
    event = outcome.event
    if isinstance(event, Obeys):
        return not event.exact
    return not isinstance(event, (Right, Answered, IsRefused, HasDtype, Unchanged)) and draws(outcome)


def _by_event(outcome: Outcome) -> tuple[int, tuple[Any, ...]] | None:
    """The place of the expectation that failed."""
    event = outcome.event
    place = getattr(event, "place", None)
    if not isinstance(place, PartRef):
        return getattr(event, "step", 0), ()
    compared = getattr(outcome.error, "compared", None)
    return place.step, (*place.path, *(compared.path if compared is not None else ()))


def _by_answers(suite: Suite, check: str, outcome: Outcome, paper: int) -> tuple[int, tuple[Any, ...]] | None:
    """The first call that was answered otherwise than the reference answers it."""
    for index, (mine, right) in enumerate(in_pairs(suite, check, outcome, paper)):
        if (mine.kind, mine.name) != (right.kind, right.name):
            return None
        if mine.fault is not None or right.fault is not None or not same_value(mine.reply, right.reply):
            return index, ()
    return None


def in_pairs(suite: Suite, check: str, outcome: Outcome, paper: int) -> Iterator[tuple[Call, Call]]:
    """Each call with the same call on the reference."""
    mine = outcome.transcript
    if all(call.expected is not NOTHING for call in mine):
        yield from ((call, _on_reference(call)) for call in mine)
    else:  # a function was lent, of which the mirror knows nothing
        right = suite.run(check, reference_subject(suite), paper, case=outcome.case)
        yield from zip(mine, right.transcript, strict=False)


def _on_reference(call: Call) -> Call:
    if not isinstance(call.expected, Raised):
        return Call(call.step, Answer(call.expected), call.expected)
    kind = type(call.expected.error).__name__
    fault = StudentRaised(f"The reference raises {kind}.", name=call.name)
    fault.claim = {"class": kind}
    return Call(call.step, Answer(claim=fault.claim), call.expected, fault)


def _is_free(suite: Suite, call: Call) -> bool:
    """Whether a function of a task is given nothing: it has many right answers."""
    if call.kind != "call" or call.args or call.kwargs:
        return False
    return isinstance(call.step.target, NameRef) and inspect.isfunction(suite.reference.get(call.name))


# --- the two arrays ---


def pair_of(suite: Suite, outcome: Outcome) -> Pair | None:
    """The arrays that a check compared and found different, with all that a relation may speak of."""
    compared: Compared | None = getattr(outcome.error, "compared", None)
    if compared is None or outcome.court is None:
        return None
    place = getattr(outcome.event, "place", None)
    known, name, step = _known(suite, outcome.transcript), "", None
    if isinstance(place, PartRef):
        known = _known(suite, outcome.transcript[: place.step + 1])
        name = outcome.transcript[place.step].name
        step = _of_the_step(outcome.court, place, compared)
    what, actual, expected = step or (compared.what, compared.actual, compared.expected)
    if actual.dtype.kind not in "biufc" or not expected.size:
        return None
    return Pair(what, actual, expected, known, _windows(suite, name, known), compared.limits)


def _of_the_step(
    court: Court, place: PartRef, compared: Compared
) -> tuple[str, np.ndarray, np.ndarray] | None:
    """Of an array that is changed in place the change: what a step adds, not where it ends."""
    if court.notes.steps[place.step].kind != "now":
        return None
    before = _before(court, place.step)
    for key in (*place.path, *compared.path):
        before = before[key] if isinstance(before, (list, tuple, dict)) else None
    if before is None or np.shape(plain(before)) != compared.actual.shape:
        return None
    start = plain(before)
    when, _, rest = compared.what.rpartition(", ")
    what = f"{when}, the change of {rest}" if when else f"The change of {rest}"
    return what, compared.actual - start, compared.expected - start


def _before(court: Court, number: int) -> Any:
    """What shared arrays were when the check looked last, or made them; None where it wrote into them."""
    target = court.notes.steps[number].target
    assert isinstance(target, PartRef)
    for earlier in range(number - 1, target.step, -1):
        step = court.notes.steps[earlier]
        if step.kind == "now" and step.target == target:
            return court.notes.twins[earlier]
        if step.kind == "assign" and isinstance(step.target, PartRef) and step.target.step == target.step:
            return None
    given = court.notes.steps[target.step].args[0]
    for key in target.path:
        given = given[key]
    return given


def _known(suite: Suite, transcript: tuple[Call, ...]) -> dict[str, Any]:
    known: dict[str, Any] = {}
    for number in range(len(transcript)):
        known |= named_arguments(suite, transcript, number)
    return known


def named_arguments(suite: Suite, transcript: Sequence[Call], number: int) -> dict[str, Any]:
    """A call's plain arguments by name; tensors as arrays."""
    call = transcript[number]
    if call.kind != "call":
        return {}
    target, label = call.step.target, call.name
    if isinstance(target, PartRef) and transcript[target.step].kind != "get":
        label = "" if target.path else label_of_result(suite.reference, label)
    bound = arguments(suite.reference, label, call.args, call.kwargs)
    return {name: plain(value) if is_tensor(value) else value for name, value in bound.items()}


def draws(outcome: Outcome) -> bool:
    """Whether a check gives away a source of chance: then the reference's draws are some of many."""
    given = (value for call in outcome.transcript for value in leaves((call.args, dict(call.kwargs))))
    return any(type(value).__name__ == "Generator" for value in given)


def _windows(suite: Suite, name: str, known: Mapping[str, Any]) -> np.ndarray | None:
    """How many windows each pixel of x lies in, where the arguments tell of windows."""
    x = known.get("x")
    kernel = next((known[key] for key in KERNELS if known.get(key) is not None), None)
    w = known.get("w")
    if kernel is None and isinstance(w, np.ndarray) and w.ndim == 4:
        kernel = w.shape[-2:]
    if (
        not isinstance(x, np.ndarray)
        or x.ndim != 4
        or kernel is None
        or known.get("dilation", 1) not in (1, (1, 1))
    ):
        return None
    stride = known.get("stride", default(suite.reference, name, "stride"))
    sizes = [_both(kernel), _both(kernel if stride is None else stride), _both(known.get("padding", 0))]
    return None if None in sizes else coverage(x.shape[-2:], *sizes)  # type: ignore[arg-type]


def _both(value: Any) -> tuple[int, int] | None:
    """A size or a pair of sizes as a pair."""
    several = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    return several if len(several) == 2 and all(isinstance(item, int) for item in several) else None
