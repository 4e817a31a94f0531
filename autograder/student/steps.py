"""What a check asks, as data: steps, what came of them, and what is expected of that.

Glossary
    place    a name of the notebook, what a step made or an entry of it, or a method of one of these
    twin     what the reference made in the same place
    answer   what a submission made of a step, as its process says
    event    something to be judged, in the order in which the check noted it
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..checks.expectations import Event
from ..checks.kinds import in_kind
from ..inside.wire import HandleRef, MethodRef, NameRef, PartRef, RecordRef
from .faults import StudentFault

Place = NameRef | PartRef | MethodRef


class _Nothing:
    """The mirror has no such thing."""

    def __repr__(self) -> str:
        return "NOTHING"


NOTHING = _Nothing()


@dataclass(frozen=True)
class Raised:
    """The reference raised."""

    error: Exception


class Lent:
    """An object of the judge's whose methods student code may call."""

    def __init__(self, target: Any, methods: tuple[str, ...], constants: dict[str, Any]) -> None:
        self.target = target
        self.methods = methods
        self.constants = constants


@dataclass(frozen=True, eq=False)
class Step:
    """One request: ``target(*args, **kwargs)``, or what ``kind`` says (see ``inside.objects``).

    Arguments are values, lists of them, and places.
    """

    kind: str
    target: Place | None
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""  # of an attribute, an operator or a function of the grader's
    label: str = ""  # what it is about, as the student is told: "conv2d_forward", "Adam.step"

    @property
    def lends(self) -> bool:
        """Whether it hands over a function or an object of the judge's."""
        return any(map(is_lent, leaves((self.args, dict(self.kwargs)))))


def leaves(value: Any) -> Iterator[Any]:
    """The values in lists, tuples and dicts."""
    if type(value) in (list, tuple):
        for item in value:
            yield from leaves(item)
    elif type(value) is dict:
        for item in value.values():
            yield from leaves(item)
    else:
        yield value


def objects_in(value: Any) -> list[HandleRef]:
    """What of it stays where it was made."""
    return [leaf for leaf in leaves(value) if isinstance(leaf, HandleRef)]


def changed(value: Any, change: Callable[[Any], Any]) -> Any:
    """The same lists, tuples and dicts with other leaves."""
    if type(value) in (list, tuple):
        return type(value)(changed(item, change) for item in value)
    if type(value) is dict:
        return {key: changed(item, change) for key, item in value.items()}
    return change(value)


def is_lent(value: Any) -> bool:
    """Whether it stays in the judge: a function that may count its calls, or carry state."""
    return isinstance(value, Lent) or (callable(value) and not isinstance(value, (type, *PLACES)))


PLACES = (NameRef, PartRef, MethodRef)


def where_to_raise(step: Step, advice: str) -> str:
    """What an author is told where the reference raises: this advice, but for a function of the grader's."""
    if step.kind != "beside":
        return advice
    return f"{step.name} may use its arguments, np and torch, and nothing else of the grader."


@dataclass(frozen=True, eq=False)
class Answer:
    """What came of one step: a value, with objects as ``HandleRef``, or an exception as it is claimed."""

    value: Any = None
    claim: dict[str, Any] | None = None  # of an exception
    unmade: bool = False  # the step needs what an earlier one did not make
    heard: tuple[tuple[Any, ...], ...] = ()  # what the functions that were lent to it were given

    @property
    def made(self) -> bool:
        """Whether there is a value."""
        return self.claim is None and not self.unmade


@dataclass(frozen=True, eq=False)
class Call:
    """One entry of a transcript: a step, what came of it, and what the reference makes of it."""

    step: Step
    answer: Answer
    expected: Any = NOTHING
    fault: StudentFault | None = None  # in the place of a value

    @property
    def kind(self) -> str:
        """What kind of step it is."""
        return self.step.kind

    @property
    def name(self) -> str:
        """What it is about, as the student is told."""
        return self.step.label

    @property
    def args(self) -> tuple[Any, ...]:
        """Its arguments; places stand for what earlier steps made."""
        return self.step.args

    @property
    def kwargs(self) -> Mapping[str, Any]:
        """Its keyword arguments."""
        return self.step.kwargs

    @property
    def reply(self) -> Any:
        """What came."""
        return self.answer.value

    @property
    def heard(self) -> tuple[tuple[Any, ...], ...]:
        """What the functions that were lent to it were given."""
        return self.answer.heard


@dataclass
class Notes:
    """What one check has noted so far."""

    steps: list[Step] = field(default_factory=list)
    twins: list[Any] = field(default_factory=list)  # of each step
    events: list[Event] = field(default_factory=list)
    claimed: set[int] = field(default_factory=set)  # steps that are asked to raise


def as_expected(value: Any, twin: Any) -> Any:
    """What came, in the type that the reference gives, where only that differs (see ``checks.kinds``).

    A named tuple is a tuple where the reference returns several values, and else an object.
    """
    if isinstance(value, RecordRef):
        value = value.items if isinstance(twin, (tuple, list)) else HandleRef(value.name)
    return in_kind(value, twin)
