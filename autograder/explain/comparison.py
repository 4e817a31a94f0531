"""The first call in which a submission's answer is not the reference's."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..checks.structure import ORDINALS
from ..inside.wire import HandleRef, NameRef
from ..judge.outcome import Outcome
from ..judge.suite import Suite, reference_subject
from ..student import NOTHING, Answer, Call, Raised, StudentRaised
from .case.signatures import arguments, default, returned
from .relation import Pair, coverage
from .same import is_tensor, plain, same_value

# Steps that are the check's own doing, as the student is told of them.
OURS = {"beside": "a computation with your code", "now": "what was changed in place"}
KERNELS = ("kernel_size", "kernel", "pool_size", "window")


@dataclass(frozen=True)
class Disagreement:
    """Call number ``index`` of a check, as the submission and the reference answered it."""

    index: int
    mine: Call
    right: Call
    arguments: Mapping[str, Any]  # of this call and, where it names them not, of those before


def first_difference(suite: Suite, check: str, outcome: Outcome, paper: int) -> Disagreement | None:
    """The first call that was answered otherwise than the reference answers it; None where all agree.

    The reference's answer is one of many where a function is given nothing to work on (a bug hunt): that
    is no difference, and must not be shown.
    """
    known: dict[str, Any] = {}
    for index, (mine, right) in enumerate(in_pairs(suite, check, outcome, paper)):
        if (mine.kind, mine.name) != (right.kind, right.name):
            return None
        if _is_free(suite, mine):
            return None
        known |= named_arguments(suite, mine)
        if mine.fault is not None or right.fault is not None or not same_value(mine.reply, right.reply):
            return Disagreement(index, mine, right, known)
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


def pairs(suite: Suite, difference: Disagreement) -> Iterator[Pair]:
    """The arrays in which the two answers differ, each with its name."""
    mine, right = difference.mine, difference.right
    if mine.fault is not None or right.fault is not None:
        return
    windows = _windows(suite, mine.name, difference.arguments)
    names = returned(suite.reference, mine.name)
    if mine.kind == "get":
        names = (mine.step.name,)
    subject = OURS.get(mine.kind, mine.name)
    if mine.kind in OURS:
        names = (subject,)
    for what, left, other in _parts(subject, mine.reply, right.reply, names, mine.kind == "beside"):
        yield from _pair(what, left, other, difference.arguments, windows)


def named_arguments(suite: Suite, call: Call) -> dict[str, Any]:
    """A call's plain arguments by name; tensors as arrays."""
    if call.kind != "call":
        return {}
    bound = arguments(suite.reference, call.name, call.args, call.kwargs)
    return {name: plain(value) if is_tensor(value) else value for name, value in bound.items()}


def _parts(
    name: str, left: Any, right: Any, names: tuple[str, ...], shipped: bool
) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(right, (list, tuple)) and isinstance(left, (list, tuple)):
        for index, (mine, other) in enumerate(zip(left, right, strict=False)):
            told = (
                names[index]
                if len(names) == len(right)
                else f"the {ORDINALS[min(index, 98)]} value of {name}"
            )
            yield told, mine, other
    elif isinstance(right, dict) and isinstance(left, dict):
        for key in (key for key in right if key in left):
            # The keys of a shipped function are the grader's words.
            yield (str(key) if shipped else f"the value of {key!r}"), left[key], right[key]
    else:
        yield names[0] if len(names) == 1 else f"the output of {name}", left, right


def _pair(
    what: str, left: Any, right: Any, known: Mapping[str, Any], windows: np.ndarray | None
) -> Iterator[Pair]:
    if not (_numeric(left) and _numeric(right)) or same_value(left, right):
        return
    mine, other = plain(left), plain(right)
    if mine.dtype.kind in "biufc" and other.size:
        yield Pair(what, mine, other, known, windows)


def _numeric(value: Any) -> bool:
    return not isinstance(value, (HandleRef, str, bytes, type(None), list, tuple, dict))


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
