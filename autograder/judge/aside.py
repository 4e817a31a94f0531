"""One exception, one price.

A line that raises takes along what stands beside it: where dx cannot be cut out, dw and db do not come
either. So checks of a task that one assignment ended are tried once more, in a room of their own, with that
assignment set aside (``inside.program.aside``). What passes there passes; the exception costs the checks
that still fail. Where all pass, nothing changes: no result is missing, so it is the line that is wrong.
Laws are not tried: a result that is missing may well agree with itself.

Nobody gains what he could not have: a submission may have such a ``try`` of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from itertools import islice

from ..base.errors import SandboxFault
from ..results.result import Verdict
from ..student import StudentRaised, Subject
from .outcome import Outcome
from .suite import Suite

ORDINARY = (Verdict.PASSED, Verdict.FAILED, Verdict.ERROR, Verdict.MISSING, Verdict.BLOCKED)
NO_ASSIGNMENT = frozenset("return raise assert if elif for while with yield del await print".split())
MOST = 2  # lines of a submission that are set aside, one at a time
CHARGED = "What does not need this line was judged without it."

Line = tuple[int, int]  # number of a cell, and of a line in it
Without = Callable[[Line], AbstractContextManager[Subject]]  # the submission with a line set aside


def charged_once(
    suite: Suite, outcomes: Mapping[str, Outcome], paper: int, without: Without
) -> dict[str, Outcome]:
    """The outcomes, with each exception charged to what needs the line that raised it.

    Args:
        suite: the collected checks.
        outcomes: how each ended on the submission.
        paper: the inputs that it got.
        without: starts the submission with a line set aside.

    Raises:
        SandboxFault: it could not be started, or judged.
    """
    found = dict(outcomes)
    for line, checks in islice(_raised(suite, outcomes), MOST):
        with without(line) as subject:
            tried = [check for check in checks if not suite.marks[check].law]
            passed = _passed(suite, tried, subject, paper)
            if 0 < len(passed) < len(tried):
                found |= {check: _told(outcomes[check], line, check in passed) for check in checks}
    return found


def _raised(suite: Suite, outcomes: Mapping[str, Outcome]) -> Iterator[tuple[Line, list[str]]]:
    """Lines at which several checks of a task ended, with these."""
    groups: dict[tuple[str, Line], list[str]] = {}
    for check, outcome in outcomes.items():
        line = _line(outcome)
        if line is not None:
            groups.setdefault((suite.marks[check].task, line), []).append(check)
    return ((line, checks) for (_, line), checks in groups.items() if len(checks) > 1)


def _line(outcome: Outcome) -> Line | None:
    """The line of the submission that raised what ended a check."""
    error = outcome.error
    if outcome.verdict is not Verdict.ERROR or not isinstance(error, StudentRaised):
        return None
    line = error.claim.get("line") or {}
    cell = re.fullmatch(r"cell ([0-9]{1,4})", str(line.get("cell", "")))
    if cell is None or str(line.get("text", "")).split(None, 1)[0] in NO_ASSIGNMENT:
        return None
    return int(cell[1]), int(line["line"])


def _passed(suite: Suite, checks: Sequence[str], subject: Subject, paper: int) -> set[str]:
    """Which of the checks pass; after an end of the process, none of the others is tried.

    Raises:
        SandboxFault: our fault, not the submission's.
    """
    passed = set()
    for check in checks:
        verdict = suite.run(check, subject, paper).verdict
        if verdict is Verdict.PASSED:
            passed.add(check)
        elif verdict is Verdict.BROKEN:
            raise SandboxFault(f"with a line set aside, {check} could not be judged")
        elif verdict not in ORDINARY:
            break
    return passed


def _told(outcome: Outcome, line: Line, passed: bool) -> Outcome:
    if not passed:
        return replace(outcome, reason=f"{outcome.reason} {CHARGED}")
    note = f"passed with line {line[1]} of cell {line[0]} set aside, which raised"
    return Outcome(Verdict.PASSED, notes=(note,), court=outcome.court)
