"""Judges what a check noted: which answer is wrong, and whose fault it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..checks.structure import ORDINALS, UNNAMED, ReplyMismatch, check_part, check_structure
from ..course import Limits
from ..inside.wire import HandleRef, PartRef
from ..results.result import Verdict
from .claims.sayings import missing_name
from .faults import StudentEnded, StudentFault, blocked, following, raised
from .steps import NOTHING, Answer, Call, Notes, Raised, Step, as_expected, leaves

Missing = Callable[[str], tuple[Verdict, str] | None]  # why a name is not there, where loading knows


@dataclass(frozen=True)
class Terms:
    """On whose behalf a check asks, and what it may do."""

    task: str
    task_of: Mapping[str, str]  # name that the notebook defines -> its task
    limits: Limits
    eager: bool = False  # each call crosses at once


class Court:
    """What came of one check's steps.

    Attributes:
        notes: what the check asked and expected.
        wrong: the number of the event that was not as it should be; None where none was, or where the check
            itself said so, after it had looked at a value.
    """

    def __init__(
        self,
        terms: Terms,
        notes: Notes,
        answers: Sequence[Answer],
        missing: Missing,
    ) -> None:
        self.notes = notes
        self.wrong: int | None = None
        self._terms = terms
        self._answers = answers
        self._missing = missing
        self._values: dict[int, Any] = {}  # of steps, in the type that is asked for

    # --- what the expectations ask (see ``checks.expectations.Court``) ---

    def value(self, place: PartRef) -> Any:
        """What the submission made there."""
        return _entry(self._made(place.step), place)

    def right(self, place: PartRef) -> Any:
        """What the reference made there."""
        return _entry(self.notes.twins[place.step], place)

    def answered(self, number: int) -> None:
        """Raise what a step ended in, unless it is asked to raise."""
        if number not in self.notes.claimed and (fault := self.fault(number)) is not None:
            raise fault

    def refused(self, number: int, kind: type[Exception]) -> None:
        """Raise where a step did not end in this exception."""
        fault = self.fault(number)
        if fault is None:
            self.blame(self._label(number), f"{kind.__name__} should have been raised; nothing was.")
        elif not self._raises(number, kind):
            raise fault

    def fits(self, place: PartRef, what: str = "") -> None:
        """Raise where the value has another structure, shape or kind of dtype than the right one."""
        right = self.right(place)
        if right is NOTHING:
            return
        what, verb = _in_words(self.notes.steps[place.step], place.path, what)
        self._blaming(self._label(place.step), lambda: check_part(self.value(place), right, what, verb))

    def holds(self, place: PartRef) -> None:
        """Raise where a container does not hold as many values as the right one."""
        label = self._label(place.step)
        self._blaming(label, lambda: check_structure(self.value(place), self.right(place), label))

    # --- whose fault ---

    def fault(self, number: int) -> StudentFault | None:
        """What stands in the place of a step's value; None where there is one."""
        answer, label = self._answers[number], self._label(number)
        if answer.claim is not None:
            return self._judged(raised(answer.claim, label), label)
        if answer.unmade:
            return StudentEnded(f"{label}: no proper answer.", Verdict.CRASHED, label)
        return None

    def first_wrong(self) -> BaseException | None:
        """What the first event raises that is not as it should be, as far as there are answers."""
        whole = len(self._answers) == len(self.notes.steps)
        for number, event in enumerate(self.notes.events):
            if not whole and latest(event) >= len(self._answers):
                return None
            try:
                self.judge(number)
            except Exception as error:
                return error
        return None

    def judge(self, number: int) -> None:
        """Judge one event.

        Raises:
            StudentFault, AssertionError: it is not as it should be.
        """
        try:
            self.notes.events[number].judge(self)
        except Exception:
            self.wrong = number
            raise

    def transcript(self) -> tuple[Call, ...]:
        """The steps that were answered, with what came of them."""
        several = zip(self.notes.steps, self.notes.twins, self._answers, strict=False)
        return tuple(
            Call(step, _expected(answer, twin), twin, self.fault(number))
            for number, (step, twin, answer) in enumerate(several)
        )

    def blame(self, label: str, reason: str) -> None:
        """Raise: FAILED where it is the check's own task, BLOCKED where it is another's."""
        culprit = self._culprit(label)
        raise ReplyMismatch(reason) if culprit is None else blocked(culprit, StudentFault(reason), label)

    def _blaming(self, label: str, check: Callable[[], None]) -> None:
        try:
            check()
        except ReplyMismatch as error:
            if self._culprit(label) is None:
                raise
            self.blame(label, str(error))

    def _culprit(self, label: str) -> str | None:
        """The other task that a name belongs to; None where it is of the check's own task, or of none."""
        task = self._terms.task_of.get(label.split(".")[0])
        return None if task == self._terms.task else task

    def _judged(self, fault: StudentFault, label: str) -> StudentFault:
        """The fault as it counts for this check: another task's code in the way is BLOCKED."""
        claim, about = getattr(fault, "claim", {}), label
        name = missing_name(claim)
        known = self._missing(name) if name else None
        if known is not None:
            fault = following(fault, known[1], known[0])
        if name in self._terms.task_of:
            about = name
        elif fault.verdict is Verdict.MISSING and isinstance(claim.get("line"), dict):
            function = str(claim["line"].get("function", ""))
            about = function if function.split(".")[0] in self._terms.task_of else label
        culprit = self._culprit(about)
        return fault if culprit is None else blocked(culprit, fault, label)

    # --- answers ---

    def _raises(self, number: int, kind: type[Exception]) -> bool:
        """Whether the notebook's code raised this; what was not made, or is not there, raised nothing."""
        claim = self._answers[number].claim
        return claim is not None and not claim.get("ours") and isinstance(raised(claim, ""), kind)

    def _label(self, number: int) -> str:
        return self.notes.steps[number].label

    def _made(self, number: int) -> Any:
        answer = self._answers[number]
        if not answer.made:
            fault = self.fault(number)
            assert fault is not None
            raise fault
        if number not in self._values:
            self._values[number] = as_expected(answer.value, self.notes.twins[number])
        return self._values[number]


def _expected(answer: Answer, twin: Any) -> Answer:
    value = as_expected(answer.value, twin)
    return answer if value is answer.value else Answer(value, heard=answer.heard)


def _entry(value: Any, place: PartRef) -> Any:
    """An entry of what came. It is a container of that many values: an ``Unpacked`` was judged before."""
    for key in place.path:
        if isinstance(value, Raised) or value is NOTHING:
            return NOTHING
        if isinstance(value, HandleRef) or not isinstance(value, (list, tuple, dict)):
            raise ReplyMismatch("an entry of what is no container")
        value = value[key]  # type: ignore[index]
    return NOTHING if isinstance(value, Raised) else value


def latest(event: Any) -> int:
    """The last step that an event speaks of."""
    steps = [place.step for place in leaves(tuple(vars(event).values())) if isinstance(place, PartRef)]
    return max([*steps, getattr(event, "step", 0)])


def _in_words(step: Step, path: tuple[Any, ...], called: str = "") -> tuple[str, str]:
    """What stands in a place, and the verb that goes on; ``called`` is the check's own name for it."""
    if called and called != UNNAMED and (path or step.kind in ("beside", "now")):
        return called, " is "
    if step.kind == "get":
        return step.label, " is "
    if step.kind in ("now", "share"):
        return "what was changed in place", " is "
    if not path:
        return step.label, " returned "
    which = f"the {ORDINALS[min(path[0], 98)]} value" if type(path[0]) is int else f"the value of {path[0]!r}"
    return f"{which} that {step.label} returned", " is "
