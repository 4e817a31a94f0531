"""Reading, loading and checking put together, as sentences for the student."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ..base.errors import Unreadable
from ..base.python import HERE, is_newer, newer_note
from ..course import Limits
from ..notebook import Release, Submission, read_submission
from ..sandbox import Sandbox
from .findings import Findings, find
from .trial import CONFINED, CheckRun, TryOut, start_strongest, try_out

NOT_TRIED = TryOut("", "not", "", {}, ())
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
        yield from (f"            {line}" for line in check.message.splitlines())


def preflight(
    path: Path,
    release: Release,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    zygote: Sandbox | None = None,
    tiers: tuple[str, ...] = CONFINED,
) -> Report:
    """Look at a notebook by the code that the server uses.

    Args:
        path: the saved notebook.
        release: what it is held against.
        limits: of reading and running it.
        zygote: a warm one to use; started and ended here where left out.
        tiers: that may be used for one that is started here, the strongest first.

    Raises:
        UsageError: no process could be started.
        SandboxFault: a step of the isolation failed.
    """
    unit, version = release.unit, release.version
    try:
        submission = read_submission(path, release, limits.notebook_mib)
    except Unreadable as error:
        return Report(unit, version, (f"the whole notebook: {error}",))
    findings = find(submission, release)
    with nullcontext(zygote) if zygote else start_strongest(release, limits, tiers) as warm:
        trial = try_out(submission, release, warm, _worth_running(findings, release))
    return _report(submission, release, findings, trial)


def as_read(submission: Submission, release: Release) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What reading alone tells beside what is not written: what would be lost, and what is ignored.

    The sentences are those of ``preflight``; nothing of the notebook runs.
    """
    findings = replace(find(submission, release), stubs={})
    report = _report(submission, release, findings, NOT_TRIED)
    return report.lost, report.ignored


def _worth_running(findings: Findings, release: Release) -> list[str]:
    """Tasks that are not wholly unwritten; the others' checks would say so once more."""
    return [task for task in release.tasks if task not in findings.stubs]


def _report(submission: Submission, release: Release, findings: Findings, trial: TryOut) -> Report:
    bonus = set(release.bonus)
    unwritten = tuple(task for task in findings.stubs if task in bonus)
    undefined = _undefined(trial, findings, release)
    told = {*bonus, *undefined, *(error.get("task") for error in findings.syntax_errors)}
    lost = (
        *(_stub(task, names) for task, names in findings.stubs.items() if task not in bonus),
        *(f"{said}{_note(error, submission)}" for error in findings.syntax_errors if (said := costly(error))),
        *_not_loaded(trial),
        *undefined.values(),
        *(
            f"{check.task}: a public check fails ({check.title})"
            for check in trial.checks
            if not check.passed and check.task not in told
        ),
    )
    return Report(
        release.unit,
        release.version,
        lost,
        unwritten,
        submission.healed,
        (
            *(
                f"{_left_out(error)}{_note(error, submission)}"
                for error in findings.syntax_errors
                if not costly(error)
            ),
            *findings.ignored,
        ),
        trial.checks,
        trial.tier,
        trial.loaded,
        tuple(map(_rebound, trial.rebound)),
        tuple(_python(release.python)),
    )


def _stub(task: str, names: tuple[str, ...]) -> str:
    return f"{task} is not written yet: {', '.join(names)} still raises NotImplementedError"


def _note(error: dict[str, Any], submission: Submission) -> str:
    """The two Pythons, where they may be why and are not told yet."""
    note = "" if error.get("older") else newer_note(submission.python)
    return f" {note}" if note else ""


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


def costly(error: dict[str, Any]) -> str:
    """What a syntax error costs, as a sentence; empty where no task needs its cell."""
    needed = ", ".join(error["needed"])
    if error.get("task"):
        costs = f"{error['task']} cannot be graded"
    elif needed:
        costs = f"{needed} {'is' if len(error['needed']) == 1 else 'are'} not there for the tasks"
    else:
        return ""
    return f"{_where(error)}, so {costs}: `{error['text']}`"


def _left_out(error: dict[str, Any]) -> str:
    """A cell of the student's own that no task needs."""
    return f"{_where(error)}, so this cell is left out: `{error['text']}`"


def _where(error: dict[str, Any]) -> str:
    return f"cell {error['cell']}, line {error['line']}: {error['message']}"


def _not_loaded(trial: TryOut) -> list[str]:
    if not trial.trouble:
        return []
    return [f"the notebook does not load by itself, from top to bottom. {trial.trouble}"]


def _undefined(trial: TryOut, findings: Findings, release: Release) -> dict[str, str]:
    """A sentence for each core task of which a name is missing for no reason told before."""
    known = {*release.bonus, *(error.get("task") for error in findings.syntax_errors)}
    found = {}
    for task, names in release.tasks.items():
        gone = [name for name in names if name in trial.undefined]
        if gone and task not in known:
            why = next(filter(None, (trial.undefined[name] for name in gone)), "")
            found[task] = f"{task}: " + (why or f"the notebook does not define {', '.join(gone)}")
    return found


def _section(head: str, lines: tuple[str, ...]) -> Iterator[str]:
    if lines:
        yield head
        yield from (f"  - {line}" for line in lines)


def _things(number: int) -> str:
    return "1 thing" if number == 1 else f"{number} things"
