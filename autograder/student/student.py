"""``student``: what a hidden check calls.

Theory of operation
    ``student.f(x)`` is noted, and carried out at once on the mirror (the reference, in this process,
    with its own copy of the arguments). So the check goes on with replies: places of answers that are
    still to come. ``right(reply)`` and the other words of ``checks`` note what is expected.
    All that was noted crosses in one frame when the check ends, or when it looks at a value; then
    it is judged in the order in which the check noted it.

    Without a subject nothing crosses: what was noted is the check's plan, for anybody. A check
    that looks at a value, or lends a function, has none (``Looks``) and runs anew for each subject.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any

from ..base.errors import SandboxFault
from ..checks.expectations import Answered, Event, Unpacked
from ..checks.structure import ReplyMismatch
from ..inside.objects import own
from ..inside.wire import HandleRef, NameRef, PartRef
from ..results.result import Verdict
from .court import Court, Terms, latest
from .faults import StudentEnded, StudentFault, ended_at
from .mirror import PLAIN, Mirror
from .reply import Reply
from .scripts import source_of
from .session import Budget, Session, Unanswered
from .steps import NOTHING, Answer, Lent, Notes, Place, Raised, Step, objects_in
from .subject import Subject

TRIES = 3  # at being fast: another program may be in the way


class Looks(BaseException):
    """A check needs an answer before it can go on: it has no plan."""


class Student:
    """The student as one check sees him; every attribute is a name of the notebook."""

    def __init__(
        self,
        terms: Terms,
        reference: dict[str, Any],
        subject: Subject | None = None,
        stand_ins: Mapping[str, Any] | None = None,
        one_by_one: bool = False,
    ) -> None:
        self._terms = terms
        self._one_by_one = one_by_one  # what crosses together is answered together, or not at all
        self._stand_ins = stand_ins  # functions that student code finds under some of its names
        self._subject = subject  # None: a plan is being made
        self._mirror = Mirror(reference)
        self._notes = Notes()
        self._answers: list[Answer] = []
        self._judged = 0  # events
        self._unpacked_places: list[Place] = []
        self._session: Session | None = None
        self._places: dict[int, PartRef] = {}  # of shared arrays and lists of them, by id
        self._copies: dict[int, tuple[Any, Any]] = {}  # of arguments, by the id of the original
        self._kept: list[Any] = []  # what was shared: their ids must not be given to others
        self.fatal: StudentFault | None = None  # an end of the process, which no check can swallow
        self.unclear = False  # during which step it ended

    def __getattr__(self, name: str) -> Reply:
        if name.startswith("_"):
            raise AttributeError(f"{name} is not a name that a notebook is asked for")
        return Reply(self, NameRef(name), HandleRef("name"), name)

    # --- what else a check may ask for ---

    def share(self, arrays: Any) -> Any:
        """Arrays, tensors or generators that student code may change: they live there.

        Args:
            arrays: one, or a list, tuple or dict of them.

        Returns:
            The reply that stands for them. The arrays themselves may be passed on as well; what became of
            them is what ``now`` gives, and not what they hold here.
        """
        reply = self._note("share", None, (arrays,), label="")
        assert isinstance(reply._place, PartRef)
        self._kept.append(arrays)
        self._places[id(arrays)] = reply._place
        for key, array in _several(arrays):
            self._places[id(array)] = PartRef(reply._place.step, (key,), (len(arrays),))
        return reply

    def now(self, arrays: Any) -> Reply:
        """What became of shared arrays, as values; takes what ``share`` took or gave."""
        return self._note("now", _asked(self._place_of(arrays), self), label="")

    def beside(self, function: Callable[..., Any], *args: Any, label: str = "") -> Reply:
        """Run a small function of the grader's beside the student's code; what it returns is a claim.

        Only for what cannot be said in calls, such as a walk through the modules of a model. Its source
        crosses: it may hold no secret, uses only its arguments, ``np`` and ``torch``, and closes over
        nothing. What goes wrong is told of ``label``, else of the first reply among its arguments.
        """
        source = source_of(function)
        about = label or _about(args, function.__name__)
        return self._note("beside", None, (source, *args), name=function.__name__, label=about)

    def same(self, left: Any, right: Any) -> Reply:
        """Whether two of the student's objects, or what was shared, are one."""
        return self._note("same", None, (left, right), label=_about((left, right)))

    def lend(self, target: Any) -> Lent:
        """An object whose public methods student code may call, such as an environment."""
        public = [name for name in dir(target) if not name.startswith("_") or name == "__call__"]
        methods = tuple(name for name in public if callable(getattr(target, name)))
        constants = {n: v for n in public if isinstance(v := getattr(target, n), (bool, int, float, str))}
        return Lent(target, methods, constants)

    # --- for the judge ---

    @property
    def notes(self) -> Notes:
        """What was noted."""
        return self._notes

    def begin(self) -> bool:
        """Load the submission; only then does the check's time run. False where it does not load."""
        try:
            self._begun()
        except StudentFault:
            return False  # remembered as fatal
        return True

    def end(self) -> None:
        """Let cross what is left, and judge it.

        Raises:
            StudentFault, AssertionError: the first thing that is not as it should be.
        """
        if self._subject is not None:
            self._settle()

    @cached_property
    def court(self) -> Court:
        """Who judges what was noted, by the answers that have come."""
        missing = (lambda name: None) if self._subject is None else self._subject.missing
        return Court(self._terms, self._notes, self._answers, missing)

    # --- noting ---

    def _note(
        self,
        kind: str,
        target: Reply | None,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
        name: str = "",
        label: str | None = None,
    ) -> Reply:
        label = (target._label if target is not None else "") if label is None else label
        place = None if target is None else target._place
        own_kwargs = {key: self._frozen(value) for key, value in (kwargs or {}).items()}
        step = Step(kind, place, tuple(map(self._frozen, args)), own_kwargs, name, label)
        number = len(self._notes.steps)
        twin = self._mirror.ask(number, step)
        self._notes.steps.append(step)
        self._notes.twins.append(twin)
        self._notes.events.append(Answered(number))
        if step.lends or self._terms.eager:
            self._settle()
        return Reply(self, PartRef(number), twin, label)

    def _frozen(self, value: Any) -> Any:
        """An argument as it is now, with places for replies and for what is shared."""
        place = self._places.get(id(value))
        if place is not None:
            return place
        if type(value) in (list, tuple):
            return type(value)(map(self._frozen, value))
        if type(value) is dict:
            return {key: self._frozen(item) for key, item in value.items()}
        return value._place if isinstance(value, Reply) else self._copy(value)

    def _copy(self, value: Any) -> Any:
        """A copy; the same one as before where a value has not changed: its uses are seen to be one."""
        if isinstance(value, PLAIN):
            return value
        original, copy = self._copies.get(id(value), (None, None))
        if original is not value or not _unchanged(value, copy):
            copy = own(value)
            self._copies[id(value)] = value, copy
        return copy

    def _place_of(self, arrays: Any) -> Place:
        if isinstance(arrays, Reply):
            return arrays._place
        if id(arrays) not in self._places:
            raise TypeError("now(...) and unchanged(...) take what student.share was given, or what it gave.")
        return self._places[id(arrays)]

    def _became(self, arrays: Any) -> tuple[list[Reply], list[Any]]:
        """What became of shared arrays one by one, and what they were."""
        place = self._place_of(arrays)
        assert isinstance(place, PartRef)
        before = self._notes.steps[place.step].args[0]
        for key in place.path:
            before = before[key]
        came = self.now(arrays)
        if isinstance(before, dict):
            return [came[key] for key in before], list(before.values())
        return (list(came), list(before)) if isinstance(before, (list, tuple)) else ([came], [before])

    def _is_method(self, place: Place, name: str) -> bool:
        return self._mirror.is_method(place, name)

    def _unpacked(self, reply: Reply) -> None:
        if all(place != reply._place for place in self._unpacked_places):
            self._unpacked_places.append(reply._place)
            self._expect(Unpacked(reply._place))

    def _expect(self, event: Event) -> None:
        self._notes.events.append(event)

    def _claim(self, step: int) -> None:
        self._notes.claimed.add(step)

    # --- looking ---

    def _value(self, reply: Reply) -> Any:
        """The answer itself, compared in structure with the reference's."""
        deep, compared = self._looked_at(reply)
        self._settle()
        for place in compared:
            self.court.fits(place)
        return self.court.value(deep)

    def _looked_at(self, reply: Reply) -> tuple[PartRef, tuple[PartRef, ...]]:
        """The place of all of an answer, and what of it must have the structure of the reference's.

        A call that is given nothing to work on (a bug hunt) has many right answers: it is not compared.
        """
        place = reply._place
        if not isinstance(place, PartRef):
            raise TypeError(f"{reply!r} is a name of the notebook; call it, or take one of its attributes")
        step = self._notes.steps[place.step]
        free = step.kind == "call" and not (step.args or step.kwargs)
        deep = self._note("value", reply) if free or objects_in(reply._twin) else reply
        assert isinstance(deep._place, PartRef)
        if deep is reply or isinstance(deep._twin, HandleRef):
            deep._crosses(".value")
        known = not isinstance(reply._twin, (HandleRef, Raised)) and reply._twin is not NOTHING
        return deep._place, (place,) if known and not free else ()

    def _timed(self, step: int, seconds: float, what: str) -> None:
        if self._subject is None:
            raise Looks
        last = self._notes.steps[step]
        if step != len(self._notes.steps) - 1 or step < len(self._answers):
            raise TypeError("within(reply, seconds) stands right after the call that it is about")
        self._settle(but_last=True)
        for number in range(step, step + TRIES):
            start = time.perf_counter()
            self._settle()
            if time.perf_counter() - start < seconds:
                return
            if number < step + TRIES - 1:
                self._again(last)
        raise ReplyMismatch(what)

    def _again(self, step: Step) -> None:
        number = len(self._notes.steps)
        self._notes.steps.append(step)
        self._notes.twins.append(self._mirror.ask(number, step))
        self._notes.events.append(Answered(number))

    # --- crossing ---

    def _settle(self, but_last: bool = False) -> None:
        """Let cross what has not, and judge what has not been judged."""
        if self._subject is None:
            raise Looks
        first = len(self._answers)
        fresh = self._notes.steps[first : len(self._notes.steps) - but_last]
        try:
            if fresh:
                self._answers += self._begun().ask(first, fresh, self._one_by_one)
        except Unanswered as error:
            self.unclear = not self._one_by_one and len(fresh) - len(error.answers) > 1
            self._answers += error.answers
            self._judge_up_to(len(self._answers))
            label = self._notes.steps[len(self._answers)].label
            raise self._remember(ended_at(label, self._subject.ended(error.timed_out))) from error
        self._judge_up_to(len(self._answers))

    def _judge_up_to(self, answered: int) -> None:
        """Judge the events that wait for no later answer."""
        court, events = self.court, self._notes.events
        while self._judged < len(events) and latest(events[self._judged]) < answered:
            self._judged += 1
            court.judge(self._judged - 1)

    def _begun(self) -> Session:
        if self._session is None:
            assert self._subject is not None
            try:
                link = self._subject.connect()
            except StudentFault as fault:
                raise self._remember(fault) from None
            except SandboxFault as fault:
                raise self._remember(StudentEnded(str(fault), Verdict.BROKEN)) from fault
            limits = self._terms.limits
            budget = Budget(limits.calls, time.monotonic() + limits.test_seconds)
            self._session = Session(link, budget, limits.call_seconds, self._stand_ins)
        return self._session

    def _remember(self, fault: StudentFault) -> StudentFault:
        self.fatal = self.fatal or fault
        return fault


def _unchanged(value: Any, copy: Any) -> bool:
    if not hasattr(value, "shape"):
        return False  # a generator has another state after each use
    left, right = (each.detach().numpy() if hasattr(each, "detach") else each for each in (value, copy))
    return bool(left.shape == right.shape and left.tobytes() == right.tobytes())


def _several(arrays: Any) -> Iterable[tuple[Any, Any]]:
    """What is shared in a list, tuple or dict, each with its place there."""
    if isinstance(arrays, dict):
        return arrays.items()
    return enumerate(arrays) if isinstance(arrays, (list, tuple)) else ()


def _about(args: Iterable[Any], otherwise: str = "") -> str:
    """What a step is told of: the first reply among its arguments."""
    return next((arg._label for arg in args if isinstance(arg, Reply)), otherwise)


def _asked(place: Place, student: Student) -> Reply:
    return Reply(student, place, HandleRef("shared"), "")
