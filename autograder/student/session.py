"""One check's way to one subject."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..base.memory_limit import memory_limit
from ..base.time_limit import JudgeTimeout, alarm
from ..inside import wire
from ..inside.wire import LentRef, Packer, Unpacker
from .faults import StudentFault
from .links import Link
from .scripts import Frame, Reply, Script, answer_of, packed, unsendable
from .steps import Answer, Lent, Step

MOST_HEARD = 100  # calls of lent functions in one step that are remembered
LENT_MIB = 1024  # that one call of a lent function may take
AT_ONCE = 1e-3  # seconds


class Unanswered(Exception):
    """The process gave no proper answer; ``timed_out`` tells a timeout from an end.

    Attributes:
        answers: to the steps before.
    """

    def __init__(self, timed_out: bool, detail: str) -> None:
        super().__init__(detail)
        self.timed_out = timed_out
        self.answers: list[Answer] = []


@dataclass
class Budget:
    """What is left of a check's calls and time."""

    calls: int
    deadline: float  # of time.monotonic

    def spend(self, count: int = 1) -> None:
        """Count calls or call-backs.

        Raises:
            Unanswered: there were too many.
        """
        self.calls -= count
        if self.calls < 0:
            raise Unanswered(True, "more calls than are allowed")


class Session:
    """One check's way to one subject; calls of lent functions are answered here.

    ``stand_ins`` are functions that the subject's code finds under some of its names.
    """

    def __init__(
        self, link: Link, budget: Budget, seconds: float, stand_ins: Mapping[str, Any] | None = None
    ) -> None:
        self._link = link
        self._budget = budget
        self._seconds = seconds  # for one step
        self._lent: dict[int, Any] = {}
        self._numbers = itertools.count(1)
        self._heard: list[tuple[Any, ...]] = []
        self._failures: list[BaseException] = []
        packer = Packer(self._foreign)
        self._on = {name: packer.pack(_Reference(each)) for name, each in (stand_ins or {}).items()}

    def ask(self, first: int, steps: Sequence[Step], one_by_one: bool = False) -> list[Answer]:
        """Let steps cross; their answers in order.

        Raises:
            Unanswered: a step brought none; the answers before it are there.
            Exception: what a lent function raised, if that ended the step.
        """
        answers: list[Answer] = []
        size = max(1 if one_by_one else len(steps), 1)
        for start in range(0, len(steps), size):
            part = steps[start : start + size]
            try:
                self._budget.spend(len(part))
                for answer in self._crossing(packed(first + start, part, self._foreign)):
                    answers.append(answer)
            except Unanswered as error:
                # Where more came than was asked for, what came last is no answer either.
                error.answers = answers[: start + len(part) - 1]
                raise
        return answers

    def _crossing(self, script: Script) -> Iterator[Answer]:
        script = Script(script.first, script.steps, script.counts, script.buffers, self._on)
        try:
            for reply in self._link.run(
                [script], self._budget.deadline, self._seconds, self._answer_callback
            ):
                yield self._answer(reply)
        except TimeoutError as error:
            raise Unanswered(True, str(error)) from error
        except (EOFError, OSError) as error:
            raise Unanswered(False, str(error)) from error
        except (wire.WireError, KeyError, TypeError, ValueError, AttributeError) as error:
            if isinstance(error, StudentFault) or error in self._failures:
                raise
            raise Unanswered(False, f"its answer was no answer: {error}") from error

    def _answer(self, reply: Reply) -> Answer:
        answer = answer_of(reply)
        claim = answer.claim or {}
        if self._failures and claim.get("class") == "LentFunctionFailed":
            raise self._failures[-1]
        heard, self._heard = tuple(self._heard), []
        return Answer(answer.value, answer.claim, answer.unmade, heard)

    # --- what is lent ---

    def _foreign(self, packer: Packer, value: Any) -> Any:
        if isinstance(value, Lent):
            return packer.pack(LentRef(self._lend(value), value.methods, tuple(value.constants.items())))
        if callable(value):
            return packer.pack(LentRef(self._lend(value)))
        raise wire.Unsendable(unsendable(value))

    def _lend(self, target: Any) -> int:
        number = next(self._numbers)
        self._lent[number] = target
        return number

    def _answer_callback(self, message: dict[str, Any], buffers: list[memoryview]) -> Frame:
        """Call what was lent, as the process asks; a call of anything else is no answer to a step."""
        self._budget.spend()
        unpacker = Unpacker(buffers)
        if type(message["id"]) is not int or message["id"] not in self._lent:
            raise wire.WireError("a call of what was not lent")
        target = self._lent[message["id"]]
        function = _lent_function(target, message.get("method"))
        args = [unpacker.unpack(node) for node in message["a"]]
        kwargs = {str(key): unpacker.unpack(node) for key, node in message["w"].items()}
        if len(self._heard) < MOST_HEARD:
            self._heard.append((*args, *kwargs.values()))
        packer = Packer(self._foreign)
        try:
            return {"k": "answer", "v": packer.pack(self._called(function, args, kwargs))}, packer.buffers
        except JudgeTimeout as error:
            raise Unanswered(True, "a function that it was given took too long") from error
        except Exception as error:
            if isinstance(target, _Reference):
                return {"k": "raised", "class": type(error).__name__}, []
            self._failures.append(error)
            return {"k": "failed", "message": f"{type(error).__name__}: {error}"}, []

    def _called(self, function: Callable[..., Any], args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Call what was lent, in bounds: what it is given is the student's, and may be of any size."""
        left = max(self._budget.deadline - time.monotonic(), AT_ONCE)
        with alarm(min(self._seconds, left)), memory_limit(LENT_MIB):
            return function(*args, **kwargs)


@dataclass(frozen=True)
class _Reference:
    """A function of the reference in the place of the student's; student code may catch what it raises."""

    function: Callable[..., Any]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)


def _lent_function(target: Any, method: Any) -> Callable[..., Any]:
    if not isinstance(target, Lent):
        function: Callable[..., Any] = target
        return function
    name = "__call__" if method is None else method
    if name not in target.methods:
        raise wire.WireError("a method that was not lent")
    method_of_target: Callable[..., Any] = getattr(target.target, name)
    return method_of_target
