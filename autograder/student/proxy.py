"""``student``: what a hidden check calls.

Theory of operation
    ``student.f(x)`` is carried out twice: on the mirror (the reference, in this process,
    with its own copy of the arguments), then in the student's process. The reply is held
    against the mirror's in structure, shape and kind of dtype; values are the check's
    business. Objects that stay behind come as ``Remote`` pairs. Calls that lend a function
    are not mirrored, because the function may count its calls or carry state.
"""

from __future__ import annotations

import inspect
import itertools
import textwrap
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol

from ..base.errors import SandboxFault
from ..course import Limits
from ..inside.wire import HandleRef, MethodRef, NameRef, RecordRef
from ..results.result import Verdict
from .faults import Blocked, ReplyMismatch, StudentEnded, StudentFault
from .links import Link
from .mirror import Mirror, Unmirrored
from .remote import NOTHING, Remote
from .replies import check_reply, check_structure
from .side import Budget, Lent, Pack, Side, Unanswered

MAX_ITEMS = 10_000  # of one iteration over an object of the student's


class Subject(Protocol):
    """Whatever can stand trial: a sandboxed submission, the reference, a mistake, a mutant."""

    def connect(self, task: str, isolate: bool) -> Link:
        """A link to a host with a clean table of objects.

        Raises:
            StudentFault: the submission does not load.
            SandboxFault: the isolation failed.
        """

    def ended(self, timed_out: bool) -> tuple[Verdict, str]:
        """Clear away the process that gave no answer; how it ended, and a sentence."""

    def missing(self, name: str) -> tuple[Verdict, str] | None:
        """Why a name is not defined, where loading knows more than that it is not."""


@dataclass(frozen=True)
class Trial:
    """What one check may do, and on whose behalf."""

    task: str
    task_of: Mapping[str, str]  # name that the notebook defines -> its task
    limits: Limits
    isolate: bool = False
    mirrored: bool = True
    unrolled: bool = False  # shipped functions run here, and their calls cross one by one


@dataclass
class Call:
    """One entry of a transcript: what was asked, what came, what the mirror said."""

    kind: str
    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    reply: Any = None
    fault: StudentFault | None = None
    expected: Any = NOTHING
    target: Any = None  # the name or object that was called or asked: NameRef or HandleRef
    shared: tuple[Any, ...] = ()  # the shared arrays
    left: tuple[Any, ...] = ()  # copies of them as the call left them
    whole: bool = False  # a shipped function that is never taken apart
    heard: tuple[tuple[Any, ...], ...] = ()  # what the functions that were lent to it were given


@dataclass
class _Raised:
    """The mirror raised."""

    error: Exception


@dataclass
class Student:
    """The student as one check sees him; every attribute is a name of the notebook."""

    _subject: Subject
    _trial: Trial
    _reference: dict[str, Any] | None = None  # the mirror's namespace; None: no mirror
    transcript: list[Call] = field(default_factory=list)
    fatal: StudentFault | None = None  # an end of the process, which no check can swallow

    def __post_init__(self) -> None:
        self._budget = self._whole_budget()
        self._own: Side | None = None
        mirrored = self._reference is not None and self._trial.mirrored
        self._mirror = self._new_mirror() if mirrored else None
        self._methods = itertools.count(-1, -1)  # numbers of methods, which no host gives

    def __getattr__(self, name: str) -> Remote:
        if name.startswith("_"):
            raise AttributeError(f"{name} is not a name that a notebook is asked for")
        return Remote(self, NameRef(name), NameRef(name), name)

    def begin(self) -> bool:
        """Load the submission; only then does the check's time run. False where it does not load."""
        try:
            self._side()
        except StudentFault:
            return False  # remembered as fatal
        self._budget = self._whole_budget()
        return True

    def _whole_budget(self) -> Budget:
        limits = self._trial.limits
        return Budget(limits.calls, time.monotonic() + limits.test_seconds)

    # --- what else a check may ask for ---

    def share(self, arrays: Any, *, shipped: bool = True) -> Any:
        """Mark arrays or tensors whose in-place changes come back after every call.

        Args:
            arrays: one, or a list, tuple or dict of them; returned as it is.
            shipped: also after a function that is shipped. One that returns all that the check needs is
                spared the way back, and needs it only where its calls cross one by one.
        """
        if not shipped and not self._trial.unrolled:
            return arrays
        every = arrays.values() if isinstance(arrays, dict) else arrays
        every = every if isinstance(every, (list, tuple)) or isinstance(arrays, dict) else [arrays]
        self._side().share(every)
        if self._mirror is not None:
            self._mirror.share(every)
        return arrays

    def lend(self, target: Any) -> Lent:
        """An object whose public methods student code may call, such as an environment."""
        public = [name for name in dir(target) if not name.startswith("_") or name == "__call__"]
        methods = tuple(name for name in public if callable(getattr(target, name)))
        constants = {n: v for n in public if isinstance(v := getattr(target, n), (bool, int, float, str))}
        return Lent(target, methods, constants)

    def inside(self, function: Callable[..., Any], *args: Any) -> Any:
        """Run a small function of the grader beside the student's code; its result is a claim.

        Its source is shipped: it may hold no secret, uses only its arguments, ``np`` and
        ``torch``, and closes over nothing. What goes wrong is told of the first object of the
        student's among its arguments: ``student.inside(walk, student.SGD, ...)`` is about SGD.

        Many calls in one crossing are cheap, but one reply to all of them explains nothing. So a
        check that fails runs once more with its shipped functions unrolled (see ``Suite``), but
        for those that stay ``whole``.
        """
        if self._trial.unrolled and not is_whole(function):
            return function(*(self._side().as_sent(arg) for arg in args))
        remote, source = self._shipped(function, args)
        return self._request("inside", remote, args, {}, name=source, whole=is_whole(function))

    def both(self, function: Callable[..., Any], *args: Any) -> tuple[Any, Any]:
        """As ``inside``, and on the reference with copies of the inputs: (student's result, right one).

        A check that needs the right result of what it ships asks for it here: the mirror has it anyway.
        Of the student's, only names may be among the arguments.
        """
        if self._mirror is not None and not self._trial.unrolled:
            came = self.inside(function, *args)
            return came, _right(self.transcript[-1].expected)
        remote, source = self._shipped(function, args)
        right = self._new_mirror().ask("inside", remote, args, {}, source)
        return self.inside(function, *args), right

    def _shipped(self, function: Callable[..., Any], args: tuple[Any, ...]) -> tuple[Remote, str]:
        """What stands for a function of the grader's in a request, and its source."""
        if function.__closure__:
            raise TypeError(f"{function.__name__} uses variables around it; pass them as arguments")
        about = next((arg._origin for arg in args if isinstance(arg, Remote)), function.__name__)
        name = NameRef(function.__name__)
        return Remote(self, name, name, about), source_of(function)

    def _new_mirror(self) -> Mirror:
        return Mirror(self._reference or {}, self._twin_of)

    def value(self, remote: Any) -> Any:
        """A copy of an object of the student's by value, lists in lists included."""
        return self._request("value", remote, (), {}) if isinstance(remote, Remote) else remote

    def same(self, left: Remote, right: Remote) -> bool:
        """Whether two of the student's objects are one."""
        return bool(self._request("same", left, (left, right), {}))

    def type_name(self, remote: Remote) -> str:
        """The name of the type of an object of the student's."""
        return str(self._request("type", remote, (), {}))

    def unusable(self, name: str, reason: str) -> Exception:
        """What a check raises where an answer cannot be worked with; ``reason`` goes on from the name.

        FAILED where the function is of the check's own task; BLOCKED where it is another task's.
        """
        culprit = self._culprit(name)
        return ReplyMismatch(f"{name} {reason}") if culprit is None else _blocked(culprit, f"{name} {reason}")

    # --- one request ---

    def _request(
        self,
        kind: str,
        remote: Remote,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        name: str = "",
        whole: bool = False,
    ) -> Any:
        label = _label(kind, remote, name)
        call = Call(kind, label, args, kwargs, target=remote._ref, whole=whole)
        if self._trial.unrolled:  # a shipped function may go on to change what it has sent
            call.args = tuple(map(self._side().as_sent, args))
        self.transcript.append(call)

        def build(pack: Pack) -> dict[str, Any]:
            return _message(pack, kind, remote, args, kwargs, name)

        twin = self._ask_mirror(kind, remote, args, kwargs, name)
        call.expected = twin
        if kind == "get" and isinstance(twin, HandleRef) and self._is_method(remote, name):
            call.reply = MethodRef(next(self._methods), "method", remote._ref, name)
            call.shared, call.left = self._side().snapshot()
            return Remote(self, call.reply, twin, label, owner=remote)
        try:
            value = self._ask_student(build, label)
        except StudentFault as fault:
            call.fault = fault
            raise
        finally:
            call.heard = tuple(self._own.heard) if self._own is not None else ()
        value = call.reply = _as_expected(value, twin)
        call.shared, call.left = self._side().snapshot()
        if kind in ("call", "inside"):
            self._check(value, twin, label)
        return self._wrap(value, twin, _origin(kind, remote, label))

    def _ask_mirror(
        self, kind: str, remote: Remote, args: tuple[Any, ...], kwargs: dict[str, Any], name: str
    ) -> Any:
        if self._mirror is None:
            return NOTHING
        try:
            return self._mirror.ask(kind, remote, args, kwargs, name)
        except Unmirrored:
            return NOTHING
        except Exception as error:
            return _Raised(error)

    def _is_method(self, remote: Remote, name: str) -> bool:
        """A method is not fetched, it crosses with its call; any other attribute is asked for at once."""
        return self._mirror is not None and self._mirror.is_method(remote, name)

    def _ask_student(self, build: Any, label: str) -> Any:
        try:
            return self._side().request(build, label, self._budget, self._trial.limits.call_seconds)
        except Unanswered as error:
            verdict, detail = self._subject.ended(error.timed_out)
            raise self._remember(StudentEnded(_ending(verdict, label, detail), verdict, label)) from error
        except StudentFault as fault:
            raise self._judged(fault, label) from None

    def _side(self) -> Side:
        if self._own is None:
            try:
                link = self._subject.connect(self._trial.task, self._trial.isolate)
            except StudentFault as fault:
                raise self._remember(fault) from None
            except SandboxFault as fault:
                raise self._remember(StudentEnded(str(fault), Verdict.BROKEN)) from fault
            self._own = Side(link, self._reference_on)
        return self._own

    def _remember(self, fault: StudentFault) -> StudentFault:
        self.fatal = self.fatal or fault
        return fault

    def _reference_on(self, value: Any, side: Side) -> tuple[bool, Any]:
        return (True, value._ref) if isinstance(value, Remote) else (False, None)

    def _twin_of(self, value: Any) -> tuple[bool, Any]:
        if not isinstance(value, Remote):
            return False, None
        if value._twin is NOTHING:
            raise Unmirrored
        return True, value._twin

    # --- verdict of one reply ---

    def _culprit(self, label: str) -> str | None:
        """The other task that a name belongs to; None where it is of the check's own task, or of none."""
        task = self._trial.task_of.get(label.split(".")[0])
        return None if task == self._trial.task else task

    def _judged(self, fault: StudentFault, label: str) -> StudentFault:
        """The fault as it counts for this check: another task's code in the way is BLOCKED."""
        claim = getattr(fault, "claim", {})
        if claim.get("ours") and claim.get("class") == "NameMissing":
            known = self._subject.missing(str(claim.get("message", "")))
            if known is not None:
                fault = StudentFault(known[1], known[0], label)
        about = label
        if fault.verdict is Verdict.MISSING and isinstance(claim.get("line"), dict):
            function = str(claim["line"].get("function", ""))
            about = function if function.split(".")[0] in self._trial.task_of else label
        culprit = self._culprit(about)
        return fault if culprit is None else _blocked(culprit, fault.reason, label)

    def _check(self, value: Any, twin: Any, label: str) -> None:
        if twin is NOTHING or isinstance(twin, _Raised):
            return
        culprit = self._culprit(label)
        if culprit is None:
            check_reply(value, twin, label)
            return
        try:
            check_structure(value, twin, label)
        except ReplyMismatch as error:
            raise _blocked(culprit, str(error), label) from None

    # --- what the check gets ---

    def _wrap(self, value: Any, twin: Any, origin: str) -> Any:
        if isinstance(value, HandleRef):
            return Remote(self, value, _twin(twin), origin)
        if isinstance(value, (list, tuple)):
            twins = (
                twin
                if isinstance(twin, (list, tuple)) and len(twin) == len(value)
                else [NOTHING] * len(value)
            )
            return type(value)(
                self._wrap(item, other, origin) for item, other in zip(value, twins, strict=True)
            )
        if isinstance(value, dict):
            known = twin if isinstance(twin, dict) else {}
            return {key: self._wrap(item, known.get(key, NOTHING), origin) for key, item in value.items()}
        return value

    def _forget(self, ref: Any, twin: Any) -> None:
        if self._own is not None and type(ref) is HandleRef:
            self._own.forget(ref.id)
        if self._mirror is not None and isinstance(twin, HandleRef):
            self._mirror.forget(twin.id)


def whole(function: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a shipped function that works beside the student's objects only: it looks into them.

    Modules of torch are an example: in the judge there are only proxies of them.
    """
    vars(function)["whole"] = True
    return function


def is_whole(function: Callable[..., Any]) -> bool:
    """Whether a shipped function must not be taken apart."""
    return bool(vars(function).get("whole"))


@cache
def source_of(function: Callable[..., Any]) -> str:
    """The text of a grader's function, read once: the file may change while a judge is warm."""
    source = textwrap.dedent(inspect.getsource(function))
    return source[source.index("def ") :]  # what marks it means nothing beside the student's code


def _message(
    pack: Pack, kind: str, remote: Remote, args: tuple[Any, ...], kwargs: dict[str, Any], name: str
) -> dict[str, Any]:
    packed = [pack(arg) for arg in args]
    if kind == "call":
        return {"k": kind, "f": pack(remote), "a": packed, "w": {key: pack(v) for key, v in kwargs.items()}}
    if kind == "inside":
        return {"k": kind, "source": name, "name": remote._ref.name, "a": packed}
    if kind == "op":
        return {"k": kind, "op": name, "a": packed}
    if kind == "same":
        return {"k": kind, "a": packed}
    message = {"k": kind, "o": pack(remote)}
    if kind in ("get", "set"):
        message["name"] = name
    if kind == "items":
        message["n"] = MAX_ITEMS
    message.update(zip({"set": "v", "index": "i", "assign": "iv"}.get(kind, ""), packed, strict=True))
    return message


def _blocked(culprit: str, reason: str, label: str = "") -> Blocked:
    """The check waits for another task."""
    return Blocked(f"This cannot be judged before {culprit} works. {reason}", name=label)


def _label(kind: str, remote: Remote, name: str) -> str:
    return f"{remote._origin}.{name}" if kind in ("get", "set") else remote._origin


def _origin(kind: str, remote: Remote, label: str) -> str:
    return label if kind == "get" else remote._origin


def _twin(twin: Any) -> Any:
    return NOTHING if isinstance(twin, _Raised) else twin


def _as_expected(value: Any, twin: Any) -> Any:
    """A named tuple is a tuple where the reference returns several values, and else an object."""
    if not isinstance(value, RecordRef):
        return value
    return value.items if isinstance(twin, (tuple, list)) else HandleRef(value.id, value.name)


def _right(twin: Any) -> Any:
    """The mirror's answer to what a check needs the right answer of.

    Raises:
        Exception: what the reference raised.
        TypeError: the mirror was not asked.
    """
    if isinstance(twin, _Raised):
        raise twin.error
    if twin is NOTHING:
        raise TypeError(
            "student.both needs the reference's answer, and there is none: what is lent to a call?"
        )
    return twin


def _ending(verdict: Verdict, label: str, detail: str) -> str:
    where = f"{label}: " if label else ""
    return detail if verdict is Verdict.BROKEN else f"{where}{detail}"
