"""The words in which a check says what is right.

    from autograder.checks import right, close, raises, unchanged, dtype

``student.f(x)`` gives a reply: a place for an answer that is still to come. These words note what is
expected of it; all is judged together, in the order in which it was noted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .compare import is_reply
from .expectations import Close, HasDtype, IsRefused, Obeys, Right, Unchanged
from .structure import UNNAMED


def right(reply: Any, what: str = UNNAMED, **tolerance: float) -> None:
    """The reply is what the reference gives: structure, shape, kind of numbers, values.

    Args:
        reply: what a call, an attribute or a part of one gave.
        what: the subject of the sentence that the student reads, such as "dx".
        tolerance: rtol and atol, both or neither; by dtype where left out.
    """
    place = _place(reply, "right")
    reply._compared("right")
    reply._expect(Right(place, what, tolerance))


def close(reply: Any, other: Any, what: str = UNNAMED, **tolerance: float) -> None:
    """The reply is this, which was computed another way; ``other`` may be a reply, too."""
    place = _place(reply, "close")
    if is_reply(other):
        reply._expect(Close(place, other._place, what, tolerance, at_place=True))
    else:
        reply._expect(Close(place, _own(other), what, tolerance))


def raises(kind: type[Exception], *replies: Any) -> None:
    """Each of these calls is refused with an exception of this kind."""
    for reply in replies:
        step = _place(reply, "raises").step
        reply._claim(step)
        reply._expect(IsRefused(step, kind))


def dtype(reply: Any, wanted: Any, what: str = UNNAMED) -> None:
    """The reply is an array or tensor of this dtype."""
    place = _place(reply, "dtype")
    reply._expect(HasDtype(place, wanted, what))


def unchanged(student: Any, arrays: Any, what: str) -> None:
    """Nobody wrote into these arrays, which were shared.

    Args:
        student: the student.
        arrays: what ``student.share`` was given, or what it gave.
        what: their names, one word each, or one sentence's subject for all of them.
    """
    came, before = student._became(arrays)
    names = what.split() if len(what.split()) == len(before) else [what] * len(before)
    for reply, old, name in zip(came, before, names, strict=True):
        reply._expect(Unchanged(reply._place, old, name))


def obeys(reply: Any, law: Callable[..., None], *others: Any) -> None:
    """The reply obeys a law: ``law(value, *others)`` raises nothing.

    For answers of which there are many right ones, such as random draws. The law runs in the judge, once the
    answer has come.

    Args:
        reply: what a call, an attribute or a part of one gave; of the reference's structure and shapes, but
            for a call that is given nothing (a bug hunt).
        law: a function that raises AssertionError, with the sentence that the student reads.
        others: what else it is given; of a reply, its value.
    """
    _place(reply, "obeys")
    place, compared = reply._looked_at()
    rest = [each._looked_at() if is_reply(each) else (_own(each), ()) for each in others]
    fits = (*compared, *(place for _, places in rest for place in places))
    reply._expect(Obeys(place, law, tuple(each for each, _ in rest), fits))


def within(reply: Any, seconds: float, what: str = "It took too long.") -> None:
    """The call behind this reply takes at most so long, by the judge's clock; the fastest of three counts.

    Args:
        reply: what the call gave.
        seconds: generous, since other programs may be in the way.
        what: the sentence for who is slower.
    """
    place = _place(reply, "within")
    reply._timed(place.step, seconds, what)


def _place(reply: Any, word: str) -> Any:
    if not is_reply(reply):
        raise TypeError(
            f"{word}(...) is about a reply, such as student.f(x) gives; a {type(reply).__name__} came. "
            "Compare values of your own with assert."
        )
    return reply._place


def _own(value: Any) -> Any:
    """A copy, since the check may go on to change it."""
    if isinstance(value, (list, tuple)):
        return type(value)(map(_own, value))
    if isinstance(value, np.ndarray):
        return value.copy()
    return value.detach().clone() if hasattr(type(value), "detach") else value
