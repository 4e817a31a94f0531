"""``course explain``: replays checks for staff, with hidden inputs and both answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..course import Course, Unit, load_course
from ..errors import UsageError, did_you_mean
from ..sandbox import TIERS
from ..submissions import find_submissions
from ..verdicts import Check, Verdict

if TYPE_CHECKING:
    from ..grade import Trialled


@click.command()
@click.argument("unit")
@click.argument("student")
@click.argument("test", required=False)
@click.option(
    "--submission", type=click.Path(path_type=Path), help="The notebook, or a folder to look for it."
)
@click.option("--isolation", type=click.Choice(TIERS), default="walled", show_default=True)
def command(unit: str, student: str, test: str | None, submission: Path | None, isolation: str) -> None:
    """Replay TEST, or every failed check, of STUDENT's submission.

    Shows each call with its inputs, the student's and the reference's answer, and the seed: for staff only.
    The submission is looked for in the data folder's "submitted", unless --submission says where it is.
    """
    from ..grade import Grader

    course = load_course()
    chosen = course.unit(unit)
    path = _find(course, chosen, student, submission)
    teller = _Teller(test)
    with Grader(course, chosen, isolation, explain=teller) as grader:
        known = grader.suite.marks
        if test is not None and test not in known:
            raise UsageError(f"{unit} has no check {test!r}: {did_you_mean(test, known)}")
        result = grader.grade(path, student)
    for text in teller.texts:
        click.echo(text + "\n")
    if not teller.texts:
        reasons = {check.reason for check in result.checks if check.verdict is not Verdict.PASSED}
        click.echo(
            "\n".join(sorted(reasons))
            or f"{student}: every check of {unit} passes; there is nothing to explain"
        )


@dataclass
class _Teller:
    """Stands in for the diagnosis: keeps the story of each check that is asked about."""

    test: str | None
    texts: list[str] = field(default_factory=list)

    def __call__(self, trialled: Trialled) -> tuple[Check, ...]:
        """Called while the submission's room is still open."""
        from ..diagnose.replay import replay

        for check in trialled.checks:
            if check.id == self.test or (self.test is None and check.verdict is not Verdict.PASSED):
                self.texts.append(replay(trialled, check.id))
        return trialled.checks


def _find(course: Course, unit: Unit, student: str, place: Path | None) -> Path:
    """The student's notebook.

    Raises:
        UsageError: it is not there; the text says where it was looked for.
    """
    folder = place or course.data_folder / "submitted"
    if not folder.exists():
        raise UsageError(f"{folder} does not exist; say where the notebook is with --submission PATH")
    if folder.is_file():
        return folder
    found = {item.student: item.path for item in find_submissions([folder], unit)}
    if student not in found:
        raise UsageError(
            f"no submission of {student!r} for {unit.name} in {folder}: {did_you_mean(student, found)}"
        )
    return found[student]
