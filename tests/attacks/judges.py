"""Graders that attacks are tried on."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from autograder.base.errors import SandboxFault
from autograder.course import Limits, load_course
from autograder.explain import Explainer
from autograder.judge.grader import Grader
from tests.needs import missing


@contextmanager
def judging(
    root: Path,
    limits: Limits | None = None,
    tier: str = "walled",
    explain: Explainer | None = None,
    unit: str = "little",
) -> Iterator[Grader]:
    """A unit's grader in a tier, with limits of the attack's own where they are given."""
    course = load_course(root)
    course = course if limits is None else replace(course, limits=limits)
    try:
        found = Grader(course, course.unit(unit), tier, explain=explain)
    except SandboxFault as fault:
        missing(str(fault))
    with found:
        yield found
