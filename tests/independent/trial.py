"""One entry on trial, as a submission is: judged, and explained."""

from __future__ import annotations

import zlib
from typing import Any

from autograder.checks.compare import Difference
from autograder.explain import Diagnosis
from autograder.explain.naming import WRONG
from autograder.judge.grader import judge
from autograder.judge.outcome import Outcome
from autograder.prove.trials import Ground
from autograder.results.result import Check, Verdict
from autograder.student.subjects import LocalSubject
from autograder.unit.mistakes.edits import module_namespace

from .solutions import Entry

Found = dict[str, Any]


def attempt(ground: Ground, entry: Entry) -> Found:
    """How the tasks of its mistakes fared, as plain data.

    Returns:
        ``lost``: checks that did not pass; ``names``: what failed checks are named after; ``whole``: whether
        a failed task is told of by these names alone; ``case``: whether there is a smallest case;
        ``differs``: whether a task hears nothing but that values differ.
    """
    paper = zlib.crc32(entry.key.encode()) % len(ground.suite.papers.all)
    subject = LocalSubject(module_namespace(entry.text, entry.solution))
    checks, outcomes = judge(ground.suite, subject, paper)
    told = Diagnosis(ground.suite, ground.namer).explain(checks, outcomes, paper, subject)
    tasks = {ground.catalogue.mistakes[name].task for name in entry.mistakes}
    failed = [check for check in told if check.verdict in WRONG]
    own = [check for check in failed if check.task in tasks]
    return {
        "lost": sorted(check.id for check in told if check.verdict is not Verdict.PASSED),
        "names": sorted({name for check in failed for name in (check.mistake or "").split(" + ") if name}),
        "whole": bool(own) and all(check.mistake for check in own),
        "case": any(check.case for check in own),
        "differs": bool(own) and all(_only_differs(check, outcomes[check.id]) for check in own),
    }


def _only_differs(check: Check, outcome: Outcome) -> bool:
    """Whether the student hears that values differ, and nothing more."""
    plain = check.reason == outcome.reason and isinstance(outcome.error, Difference)
    return plain and check.mistake is None and check.case is None
