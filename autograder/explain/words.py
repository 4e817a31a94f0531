"""What is said of a failed check beside the verdict: the mistake by name, or what was seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..inside.wire import PartRef
from ..judge.outcome import Outcome
from ..judge.suite import Suite
from ..results.result import Check, Verdict
from ..student import NOTHING, Call, Raised
from .alike import is_own, judged
from .comparison import named_arguments, pair_of
from .conditions import Row, condition
from .naming import WRONG, Naming
from .relation import relation
from .same import same_value


@dataclass
class Wording:
    """Words for the failed checks of one submission."""

    suite: Suite
    outcomes: Mapping[str, Outcome]

    def told(self, checks: Iterable[Check], names: Mapping[str, Naming]) -> tuple[Check, ...]:
        """The checks with names, or with what was seen; under which settings a task fails is told once."""
        told: list[Check] = []
        tasks: set[str] = set()  # of which the condition was told
        for check in checks:
            name = names.get(check.id)
            if check.verdict not in WRONG:
                told.append(check)
            elif name is not None:
                told.append(replace(check, reason=name.says, hint=name.hint, mistake=name.name))
            else:
                when = self._condition(check.task) if check.task not in tasks else None
                tasks.add(check.task)
                told.append(_add(check, (self._seen(check), when)))
        return tuple(told)

    def _seen(self, check: Check) -> str | None:
        """How the value that the check compares relates to the right one."""
        pair = pair_of(self.suite, self.outcomes[check.id]) if check.verdict is Verdict.FAILED else None
        return None if pair is None else relation(pair)

    def _condition(self, task: str) -> str | None:
        """What separates the task's wrong calls from its right ones."""
        mine = [outcome for name, outcome in self.outcomes.items() if self.suite.marks[name].task == task]
        return condition([row for outcome in mine for row in self._rows(task, outcome)])

    def _rows(self, task: str, outcome: Outcome) -> Iterator[Row]:
        """The task's calls in one check, each with all that was given in the check so far."""
        known: dict[str, Any] = {}
        for number, call in enumerate(outcome.transcript):
            known = known | named_arguments(self.suite, outcome.transcript, number)
            if call.kind == "call" and is_own(call, task, self.suite.task_of) and _is_known(call):
                yield Row(call.name, known, call.fault is not None or _is_wrong(outcome, number))


def _is_known(call: Call) -> bool:
    """Whether the call failed where the mirror did not, or the mirror gave a value to compare with."""
    if isinstance(call.expected, Raised):
        return False
    return call.fault is not None or call.expected is not NOTHING


def _is_wrong(outcome: Outcome, number: int) -> bool:
    """Whether a call gave another answer than the reference; where the check judges parts of it, in these."""
    court = outcome.court
    assert court is not None
    places = [place for place in judged(court) if place.step == number]
    call = outcome.transcript[number]
    if not places:
        return not same_value(call.reply, call.expected)
    return any(not same_value(_part(call.reply, place), _part(call.expected, place)) for place in places)


def _part(value: Any, place: PartRef) -> Any:
    for key in place.path:
        try:
            value = value[key]
        except (TypeError, LookupError):
            return None
    return value


def _add(check: Check, sentences: tuple[str | None, ...]) -> Check:
    said = [sentence for sentence in sentences if sentence]
    return replace(check, reason=" ".join([check.reason, *said])) if said else check
