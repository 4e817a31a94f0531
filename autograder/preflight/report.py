"""Reading, loading and checking put together, as sentences for the student."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..base.errors import Unreadable
from ..base.python import HERE, is_newer, newer_note
from ..notebook import Submission, read_submission
from ..sandbox import Zygote
from .findings import Findings, find
from .given import Given
from .trial import CheckRun, Trial, start_strongest, try_out

DECIDES = "These are the public checks. The hidden checks decide the mark."


@dataclass(frozen=True)
class Report:
    """What would happen to a notebook that is handed in now."""

    unit: str
    version: str  # of the release that it was held against
    lost: tuple[str, ...]  # what would cost points, one sentence each
    unwritten: tuple[str, ...] = ()  # bonus tasks that are still stubs
    healed: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    checks: tuple[CheckRun, ...] = ()
    tier: str = ""
    loaded: str = "not"
    rebound: tuple[str, ...] = ()  # names that mean something else below a check
    python: tuple[str, ...] = ()  # what comes of another Python than the one that grades

    @property
    def ok(self) -> bool:
        """True where nothing would be lost, as far as can be known without the hidden checks."""
        return not self.lost

    def to_dict(self) -> dict[str, Any]:
        """Plain data for ``--json``."""
        return {"ok": self.ok, **asdict(self)}

    def lines(self) -> Iterator[str]:
        """The report as text."""
        yield from _section("Would be lost", self.lost)
        yield from _section("Put right while reading", self.healed)
        yield from _section("Ignored while grading, which costs nothing", self.ignored)
        yield from _section(
            "Given another meaning below a check; what stood at the check counts", self.rebound
        )
        yield from _section("Python", self.python)
        yield from _section("Bonus, not written", self.unwritten)
        if self.checks:
            yield f"Public checks ({self.tier} sandbox, {self.loaded})"
            yield from check_lines(self.checks)
            yield DECIDES
        yield "Nothing would be lost." if self.ok else f"{_things(len(self.lost))} would be lost."


def check_lines(checks: tuple[CheckRun, ...]) -> Iterator[str]:
    """One line for each check, and what it says where it failed."""
    for check in checks:
        yield f"  {'passed' if check.passed else 'FAILED'}  {check.task}: {check.title}"
        if not check.passed:
            yield from (f"            {line}" for line in check.message.split("\n"))


def preflight(path: Path, given: Given, zygote: Zygote | None = None) -> Report:
    """Look at a notebook by the code that the server uses.

    Args:
        path: the saved notebook.
        given: the release that it is held against.
        zygote: a warm one to use; started and ended here where left out.

    Raises:
        UsageError: no process could be started.
        SandboxFault: a step of the isolation failed.
    """
    unit, version = given.release.unit, given.release.version
    try:
        submission = read_submission(path, given.release, given.limits.notebook_mib)
    except Unreadable as error:
        return Report(unit, version, (f"the whole notebook: {error}",))
    findings = find(submission, given)
    with nullcontext(zygote) if zygote else start_strongest(given) as warm:
        trial = try_out(submission, given, warm, _worth_running(findings, given))
    return _report(submission, given, findings, trial)


def _worth_running(findings: Findings, given: Given) -> list[str]:
    """Tasks that are not wholly unwritten; the others' checks would say so once more."""
    return [task for task in given.release.tasks if task not in findings.stubs]


def _report(submission: Submission, given: Given, findings: Findings, trial: Trial) -> Report:
    bonus = set(given.bonus)
    unwritten = tuple(task for task in findings.stubs if task in bonus)
    undefined = _undefined(trial, findings, given)
    told = {*bonus, *undefined, *(error.get("task") for error in findings.syntax_errors)}
    lost = (
        *(_stub(task, names) for task, names in findings.stubs.items() if task not in bonus),
        *(_syntax(error, submission) for error in findings.syntax_errors if error.get("task")),
        *_not_loaded(trial),
        *undefined.values(),
        *(
            f"{check.task}: a public check fails ({check.title})"
            for check in trial.checks
            if not check.passed and check.task not in told
        ),
    )
    return Report(
        given.release.unit,
        given.release.version,
        lost,
        unwritten,
        submission.healed,
        (
            *(_left_out(error, submission) for error in findings.syntax_errors if not error.get("task")),
            *findings.ignored,
        ),
        trial.checks,
        trial.tier,
        trial.loaded,
        tuple(map(_rebound, trial.rebound)),
        tuple(_python(given.python)),
    )


def _stub(task: str, names: tuple[str, ...]) -> str:
    return f"{task} is not written yet: {', '.join(names)} still raises NotImplementedError"


def _syntax(error: dict[str, Any], submission: Submission) -> str:
    what = f"{_where(error)}, so {error['task']} cannot be graded: `{error['text']}`"
    return _with_version(what, error, submission)


def _left_out(error: dict[str, Any], submission: Submission) -> str:
    """A cell of the student's own: what a task needs of it shows in the checks."""
    return _with_version(f"{_where(error)}, so this cell is left out: `{error['text']}`", error, submission)


def _with_version(what: str, error: dict[str, Any], submission: Submission) -> str:
    """With the two Pythons, where they may be why and are not told yet."""
    note = "" if error.get("older") else newer_note(submission.python)
    return f"{what} {note}".rstrip()


def _python(grading: str) -> Iterator[str]:
    """What this Python cannot see, where an older one grades."""
    if is_newer(HERE, grading):
        yield f"grading runs Python {grading}, and this is {HERE}: what only this one has fails there"


def _rebound(found: dict[str, Any]) -> str:
    """A name that is bound anew below the check of a task that uses it."""
    other, counts = found["other"], found["counts"]
    stands = "Python's own" if counts is None else f"that of cell {counts['cell']}, line {counts['line']}"
    where = f"cell {other['cell']}, line {other['line']}"
    return f"{where}: `{other['text']}`; for {', '.join(found['tasks'])} {found['name']} is {stands}"


def _where(error: dict[str, Any]) -> str:
    return f"cell {error['cell']}, line {error['line']}: {error['message']}"


def _not_loaded(trial: Trial) -> list[str]:
    if not trial.trouble:
        return []
    return [f"the notebook does not load by itself, from top to bottom. {trial.trouble}"]


def _undefined(trial: Trial, findings: Findings, given: Given) -> dict[str, str]:
    """A sentence for each core task of which a name is missing for no reason told before."""
    known = {*given.bonus, *(error.get("task") for error in findings.syntax_errors)}
    found = {}
    for task, names in given.release.tasks.items():
        gone = [name for name in names if name in trial.undefined]
        if gone and task not in known:
            found[task] = f"{task}: the notebook does not define {', '.join(gone)}"
    return found


def _section(head: str, lines: tuple[str, ...]) -> Iterator[str]:
    if lines:
        yield head
        yield from (f"  - {line}" for line in lines)


def _things(number: int) -> str:
    return "1 thing" if number == 1 else f"{number} things"
