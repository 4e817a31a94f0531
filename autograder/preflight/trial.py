"""Loads a notebook as the server does, in the strongest sandbox that starts, and runs public checks."""

from __future__ import annotations

import ast
import json
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..base.errors import CourseError, UsageError
from ..course import Limits, find_root
from ..notebook import Release, Submission, to_program
from ..results.result import Verdict
from ..sandbox import TIERS, Sandbox
from ..student import Step
from ..student.faults import StudentFault, clean, raised
from ..student.session import Budget, Session, Unanswered
from ..student.subjects import RoomSubject

CONFINED = tuple(tier for tier in TIERS if tier != "none")
OWN_ONLY = (
    " Without a sandbox the notebook could read this course's reference and hidden checks. 'course doctor' "
    "says what is missing; for a notebook that you wrote yourself: 'course preflight --isolation none'."
)
BESIDE = Path(__file__).with_name("beside.py")
_UNDEFINED = re.compile(r"NameError: name '(\w+)' is not defined")


@dataclass(frozen=True)
class CheckRun:
    """One public check of a notebook."""

    task: str
    title: str
    passed: bool
    message: str = ""


@dataclass(frozen=True)
class TryOut:
    """How a notebook loaded and what its public checks say."""

    tier: str
    loaded: str  # "slice", "whole notebook" or "not"
    trouble: str  # what stopped the loading, in a sentence; else empty
    undefined: Mapping[str, str]  # names that tasks ask for; why they are not there, where it is known
    checks: tuple[CheckRun, ...]
    rebound: tuple[dict[str, Any], ...] = ()  # names that mean something else below a check


def start_strongest(
    release: Release,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    tiers: tuple[str, ...] = CONFINED,
) -> Sandbox:
    """A zygote in the strongest tier that this machine can start.

    Its tier is not certified by escape attempts: what runs in it is the student's own
    code, for the student alone.

    Args:
        release: for the libraries that are warm.
        limits: of running the notebook.
        tiers: that may be used, the strongest first; see ``tiers_beside``.

    Raises:
        UsageError: none starts, with the reasons.
    """
    reasons = []
    for tier in tiers:
        try:
            return Sandbox.start(tier, release.runtime, release.libraries, limits)
        except CourseError as error:
            reasons.append(f"{tier}: {error}")
    why = "" if "none" in tiers else OWN_ONLY
    raise UsageError(f"no process for the notebook could be started. {' '.join(reasons)}{why}")


def tiers_beside(*folders: Path) -> tuple[str, ...]:
    """The tiers that may be used where a notebook lies in one of the folders, or is looked at from there.

    In a course's folder none but sandboxes: a process without one could read the reference and the hidden
    checks. What a student has at home holds neither.
    """
    return CONFINED if any(map(_is_in_course, folders)) else TIERS


def _is_in_course(folder: Path) -> bool:
    try:
        return bool(find_root(folder))
    except UsageError:
        return False


def try_out(submission: Submission, release: Release, zygote: Sandbox, tasks: Iterable[str]) -> TryOut:
    """Load a notebook in a room of its own and run the public checks of some tasks.

    Raises:
        SandboxFault: a step of the isolation failed.
    """
    asked = tuple(tasks)
    demanding = [task for task in asked if _further_names(release, task)]
    plain = [task for task in asked if task not in demanding]
    trial = _in_room(submission, release, zygote, plain, ())
    if not demanding:
        return trial
    names = tuple(dict.fromkeys(name for task in demanding for name in _further_names(release, task)))
    more = _in_room(submission, release, zygote, demanding, names)
    order = list(release.tasks)
    checks = sorted((*trial.checks, *more.checks), key=lambda run: order.index(run.task))
    return replace(trial, checks=tuple(checks))


def _in_room(
    submission: Submission, release: Release, zygote: Sandbox, tasks: Iterable[str], further: tuple[str, ...]
) -> TryOut:
    """Load what the tasks, and ``further`` names, need, and run the tasks' public checks."""
    program = to_program(submission, release, release.modules)
    program["names"] += further
    with zygote.open(program, release.files) as room:
        subject = RoomSubject(room, zygote.limits, python=submission.python)
        try:
            seconds = zygote.limits.test_seconds
            loaded, undefined, trouble = _load(subject, release.names, seconds)
            checks = [
                run
                for task in tasks
                for run in _checks(subject.at(task), task, release.checks[task], seconds)
            ]
            rebound = tuple(room.compiled.get("rebound", ()))
            return TryOut(zygote.tier, loaded, trouble, undefined, tuple(checks), rebound)
        finally:
            subject.close()


def _further_names(release: Release, task: str) -> tuple[str, ...]:
    """Names of the notebook that a public check asks for and no task defines."""
    functions = [
        node
        for node in ast.parse(release.checks[task]).body
        if isinstance(node, ast.FunctionDef) and node.decorator_list
    ]
    arguments = [arg.arg for node in functions for arg in (*node.args.args, *node.args.kwonlyargs)]
    return tuple(name for name in dict.fromkeys(arguments) if name not in release.names)


def _load(subject: RoomSubject, names: tuple[str, ...], seconds: float) -> tuple[str, dict[str, str], str]:
    try:
        answer = _ask(subject, seconds, "defined", " ".join(names))
    except StudentFault as fault:
        return "not", dict.fromkeys(names, ""), fault.reason
    undefined = {str(name): _why(subject, str(name)) for name in answer}
    return subject.loaded, undefined, _trouble(subject.report.get("error"))


def _why(subject: RoomSubject, name: str) -> str:
    """Why a name is not there, as a sentence; empty where it is not known."""
    known = subject.missing(name)
    return "" if known is None else known[1]


def _trouble(error: Any) -> str:
    if not isinstance(error, dict):
        return ""
    where = f"cell {clean(error.get('cell', '?'), 10)}, line {clean(error.get('line', '?'), 10)}"
    return (
        f"{where}: running `{clean(error.get('text', ''), 100)}` stops with "
        f"{clean(error.get('class', 'an error'), 60)}: {clean(error.get('message', ''), 200)}"
    )


def _checks(subject: RoomSubject, task: str, text: str, seconds: float) -> list[CheckRun]:
    try:
        answer = _ask(subject, seconds, "run_checks", text, f"tests/{task}.py")
        return [
            CheckRun(task, str(title), passed is True, _caused(subject, str(message)))
            for title, passed, message in answer
        ]
    except StudentFault as fault:
        return [CheckRun(task, "The public checks", False, fault.reason)]
    except (ValueError, TypeError):
        return [CheckRun(task, "The public checks", False, "the notebook's process gave no proper answer")]


def _caused(subject: RoomSubject, message: str) -> str:
    """What a check says, with what a name's absence follows from in front."""
    name = _UNDEFINED.match(message)
    cause = _why(subject, name[1]) if name is not None else ""
    return f"{cause}\n{message}" if cause else message


def _ask(subject: RoomSubject, seconds: float, function: str, *args: str) -> list[Any]:
    """Call one of ``beside``'s functions in the student's process.

    Raises:
        StudentFault: it brought no value.
    """
    session = Session(subject.connect(), Budget(1, time.monotonic() + seconds), seconds)
    step = Step("beside", None, (BESIDE.read_text(encoding="utf-8"), *args), name=function, label=function)
    try:
        (answer,) = session.ask(0, [step])
    except Unanswered as error:
        raise _ended(subject, error.timed_out) from error
    if answer.claim is not None:
        raise raised(answer.claim, function)
    try:
        found = json.loads(answer.value)
    except (TypeError, ValueError) as error:
        raise _ended(subject, False) from error
    return found if isinstance(found, list) else []


def _ended(subject: RoomSubject, timed_out: bool) -> StudentFault:
    end = subject.ended(timed_out)
    ours = "a fault of ours: " if end.verdict is Verdict.BROKEN else ""
    return StudentFault(f"{ours}{end.detail}", end.verdict)
