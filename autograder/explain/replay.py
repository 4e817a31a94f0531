"""A check as staff may see it: every call with its inputs, the student's and the reference's answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..judge.grader import Trialled
from ..judge.suite import Suite
from ..student import Call
from .asked import Asked
from .comparison import in_pairs
from .describe import describe
from .same import same_value


def replay(trialled: Trialled, check: str) -> str:
    """The story of one check on one submission, as text. Holds hidden inputs: for staff only."""
    suite, paper = trialled.suite, trialled.paper
    outcome, mark = trialled.outcomes[check], suite.marks[check]
    lines = [
        f"{check} ({mark.task}, {mark.points:g} points): {outcome.verdict}",
        f"  {mark.title}",
        f"  paper {paper}" + (f", case {outcome.case}" if outcome.case else ""),
        *([f"  {outcome.reason}"] if outcome.reason else []),
        *(f"  for staff: {note}" for note in outcome.notes),
        "",
        *_calls(suite, in_pairs(suite, check, outcome, paper)),
    ]
    return "\n".join(lines)


def _calls(suite: Suite, several: Iterable[tuple[Call, Call]]) -> Iterator[str]:
    pairs = list(several)
    asked = Asked(suite.reference, [call for call, _ in pairs])
    for number, (call, right) in enumerate(pairs):
        other = right if right.name == call.name else None
        yield f"  {number + 1}. {asked.words(number)}"
        yield from _indented("student", _answer(call))
        if other is None:
            yield from _indented("reference", "made no such call")
        elif _answered_alike(call, other):
            yield from _indented("reference", "the same")
        else:
            yield from _indented("reference", _answer(other))


def _answer(call: Call) -> str:
    if call.fault is not None:
        return f"{call.fault.verdict}: {call.fault.reason}"
    return describe(call.reply)


def _answered_alike(mine: Call, right: Call) -> bool:
    if mine.fault is not None or right.fault is not None:
        return False
    return same_value(mine.reply, right.reply)


def _indented(who: str, text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines() or [""]):
        yield f"     {who + ':' if number == 0 else '':<10} {line}"
