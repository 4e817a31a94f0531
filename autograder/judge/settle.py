"""One submission settled: the mark that holds, or a new one.

A mark holds as long as everything that it depends on is the same (``Grader.digest_of``). Where
only the wording is another, the submission is graded for new explanations, and the mark stands to
the last digit. BROKEN is tried once more with a new sandbox. What goes wrong over one file is
BROKEN as well, so that it neither costs its student points nor stops the others.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from ..base.errors import NotInstalled, SandboxFault, Unreadable
from ..course import Unit
from ..notebook.finding import Found
from ..results.result import Result
from .grader import Grader
from .points import broken_unit_result

Known = Callable[[str], Result | None]  # digest -> what is stored for it; not BROKEN


@dataclass(frozen=True)
class Warm:
    """A unit's grader that a process keeps warm."""

    unit: Unit
    tier: str
    grader: Callable[[], Grader]  # started at first use
    cool: Callable[[], None]  # end it; the next use starts another


@dataclass(frozen=True)
class Settled:
    """What became of a submission."""

    result: Result
    fresh: bool  # False where the known result still holds


def settle(found: Found, warm: Warm, known: Known, force: bool = False, sealed: bool = False) -> Settled:
    """The result of a submission.

    Args:
        found: what was handed in.
        warm: who grades it.
        known: gives results that are stored.
        force: grade also where a stored result holds.
        sealed: hold it against the sealed paper as well, once; staff see where that disagrees.

    Raises:
        NotInstalled: nothing can be graded on this machine.
        CourseError: the unit cannot be graded at all, whoever submitted.
    """
    settled = _settle(found, warm, known, force)
    if settled.result.broken:
        warm.cool()
        settled = _settle(found, warm, known, force)
    if sealed and not (settled.result.sealed or settled.result.broken):
        settled = _against_sealed(settled, found, warm)
    return replace(settled, result=dated(settled.result, found))


def _against_sealed(settled: Settled, found: Found, warm: Warm) -> Settled:
    read = None if found.wrong else warm.grader().look(found.path)
    if read is None or isinstance(read, Unreadable):
        return settled
    flags = warm.grader().sealed_flags(read, settled.result)
    result = replace(settled.result, flags=(*settled.result.flags, *flags), sealed=True)
    return Settled(result, fresh=True)


def dated(result: Result, found: Found) -> Result:
    """The result with the time and the name of what was handed in, and why it is this file."""
    notes = () if not found.note or found.note in result.healed else (found.note,)
    return replace(
        result,
        submitted=found.submitted or result.submitted,
        source=found.name,
        healed=(*notes, *result.healed),
    )


def _settle(found: Found, warm: Warm, known: Known, force: bool) -> Settled:
    try:
        grader = warm.grader()
    except NotInstalled:
        raise
    except SandboxFault as fault:
        return _broken(found, warm, str(fault))
    begun = time.perf_counter()
    try:
        read = Unreadable(found.wrong) if found.wrong else grader.look(found.path)
    except OSError as error:  # the disk's or the network's, not the student's
        return _broken(found, warm, f"reading {found.path}: {error}")
    digest = grader.digest_of(read, found.student)
    holds = known(digest)
    if holds is not None and holds.explained == grader.explained and not force:
        return Settled(holds, fresh=False)
    result = grader.grade_or_say(read, found.student, begun)
    result = replace(result, digest=digest, explained=grader.explained)
    if holds is None or force:
        return Settled(result, fresh=True)
    return Settled(holds, fresh=False) if result.broken else Settled(_marks_of(holds, result), fresh=True)


def _broken(found: Found, warm: Warm, why: str) -> Settled:
    return Settled(broken_unit_result(warm.unit, warm.tier, found.student, why), fresh=True)


def _marks_of(holds: Result, result: Result) -> Result:
    """The marks that stand, with the new explanations of those checks that ended as before."""
    before = {check.id: check for check in holds.checks}
    checks = tuple(
        check if (check.verdict, check.earned) == (old.verdict, old.earned) else old
        for check in result.checks
        for old in (before[check.id],)
    )
    return result.with_checks(checks)
