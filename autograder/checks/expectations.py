"""What a check expects of the replies that it noted, as records.

Each is judged in its turn, after the replies have come: ``judge`` asks the court for what the
submission made and for what the reference made in the same place, and raises where the first is not as it
should be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..inside.wire import PartRef
from .compare import Difference, assert_close
from .laws import assert_dtype, assert_unchanged


class Evidence(Protocol):
    """Who knows what came of the steps, and whose fault it is."""

    def value(self, place: Any) -> Any:
        """What the submission made there."""

    def right(self, place: Any) -> Any:
        """What the reference made there."""

    def answered(self, number: int) -> None:
        """Raise where a step brought no value."""

    def refused(self, number: int, kind: type[Exception]) -> None:
        """Raise where a step did not end in this exception."""

    def fits(self, place: Any, what: str = "") -> None:
        """Raise where the value has another structure, shape or kind than the right one.

        ``what`` is its name in the sentence, where a function of the grader's made it.
        """

    def holds(self, place: Any) -> None:
        """Raise where a container does not hold as many values as the right one."""


class Event(Protocol):
    """Something to be judged."""

    def judge(self, court: Evidence) -> None:
        """Raise where it is not as it should be."""


@dataclass(frozen=True)
class Answered:
    """A step brings a value, unless it is asked to raise."""

    step: int

    def judge(self, court: Evidence) -> None:
        """Raise what the step ended in."""
        court.answered(self.step)


@dataclass(frozen=True)
class Unpacked:
    """There are as many values as the reference gives."""

    place: Any

    def judge(self, court: Evidence) -> None:
        """Raise where there is another number of values."""
        court.holds(self.place)


@dataclass(frozen=True)
class Right:
    """It is what the reference gives."""

    place: Any
    what: str
    tolerance: Mapping[str, float] = field(default_factory=dict)

    def judge(self, court: Evidence) -> None:
        """Compare shape, kind and values."""
        court.fits(self.place, self.what)
        value, right = court.value(self.place), court.right(self.place)
        if is_plain(right):
            if type(value) is not type(right) or value != right:
                raise Difference(
                    f"{self.what} is not {right!r}." if right is None else f"{self.what} is wrong."
                )
            return
        assert_close(value, right, **self.tolerance, what=self.what)


@dataclass(frozen=True)
class Close:
    """It is this value, or what came in another place."""

    place: Any
    other: Any
    what: str
    tolerance: Mapping[str, float] = field(default_factory=dict)
    at_place: bool = False  # the other is a place

    def judge(self, court: Evidence) -> None:
        """Compare values; both have the structure that the reference gives."""
        court.fits(self.place, self.what)
        other = self.other
        if self.at_place:
            court.fits(other)
            other = court.value(other)
        assert_close(court.value(self.place), other, **self.tolerance, what=self.what)


@dataclass(frozen=True)
class IsRefused:
    """A step ends in this exception."""

    step: int
    kind: type[Exception]

    def judge(self, court: Evidence) -> None:
        """Raise where it did not."""
        court.refused(self.step, self.kind)


@dataclass(frozen=True)
class HasDtype:
    """An array or tensor of this dtype."""

    place: Any
    dtype: Any
    what: str

    def judge(self, court: Evidence) -> None:
        """Compare the dtype."""
        court.fits(self.place, self.what)
        assert_dtype(court.value(self.place), self.dtype, self.what)


@dataclass(frozen=True)
class Unchanged:
    """Nobody wrote into it."""

    place: Any
    before: Any
    what: str

    def judge(self, court: Evidence) -> None:
        """Compare every bit of what became of it."""
        assert_unchanged(self.before, court.value(self.place), self.what)


@dataclass(frozen=True)
class Obeys:
    """A law of the grader's raises nothing when it is given what came."""

    place: Any
    law: Callable[..., None]
    others: tuple[Any, ...] = ()  # what else it is given: values and places
    fits: tuple[Any, ...] = ()  # places whose structure is that of the reference's answer
    exact: bool = False  # what the reference gives there is the one right answer

    def judge(self, court: Evidence) -> None:
        """Call the law with the values."""
        for place in self.fits:
            court.fits(place)
        others = [court.value(each) if isinstance(each, PartRef) else each for each in self.others]
        self.law(court.value(self.place), *others)


def is_plain(value: Any) -> bool:
    """Whether it is compared as it is: None or a text."""
    return value is None or isinstance(value, (str, bytes))
