"""``course explain``: replays checks for staff, with hidden inputs and both answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..base.errors import Unreadable, UsageError, did_you_mean
from ..course import Course, Unit, load_course
from ..gradebook import Folders
from ..marks import open_facts
from ..marks.identities import read_identities
from ..notebook import Submission
from ..notebook.finding import submissions_in
from ..results.result import Check, Verdict
from ..sandbox import TIERS

if TYPE_CHECKING:
    from ..judge.grader import Grader, Trialled


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
    The submission is looked for in data/nbgrader/submitted, data/submitted and submitted, where
    'course collect', the demo and nbgrader keep them, unless --submission says where it is. Of several files
    that the student has there, the one that counts is taken.
    """
    from ..judge.grader import Grader

    course = load_course()
    chosen = course.unit(unit)
    paths = _find(course, chosen, student, submission)
    teller = _Teller(test)
    with Grader(course, chosen, isolation, explain=teller) as grader:
        known = grader.suite.marks
        if test is not None and test not in known:
            raise UsageError(f"{unit} has no check {test!r}: {did_you_mean(test, known)}")
        read = _graded(grader, student, paths)
        result = grader.grade_read(read, student)
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
        from ..explain.replay import replay

        for check in trialled.checks:
            if check.id == self.test or (self.test is None and check.verdict is not Verdict.PASSED):
                self.texts.append(replay(trialled, check.id))
        return trialled.checks


def _graded(grader: Grader, student: str, paths: list[Path]) -> Submission | Unreadable:
    """Of the files that may be the student's, the one that counts, else the first."""
    from ..marks import open_facts, read_facts

    with open_facts(grader.course) as database, database.read() as connection:
        counting = read_facts(connection, grader.course, grader.unit, student).mark(student).counting
    looks = [grader.look(path) for path in paths]
    if counting is None or counting.graded is None:
        return looks[0]
    for read in looks:
        if grader.digest_of(read, student) == counting.graded.digest:
            return read
    click.echo(
        f"note: {paths[0]} is not the attempt that counts, or the unit has changed since; "
        "this is how it fares now",
        err=True,
    )
    return looks[0]


def _find(course: Course, unit: Unit, student: str, place: Path | None) -> list[Path]:
    """Files that may be the student's notebook.

    Raises:
        UsageError: there is none; the text says where it was looked for.
    """
    if place is not None and place.is_file():
        return [place]
    usual = (Folders(course).submitted, course.data_folder / "submitted", course.root / "submitted")
    places = [place] if place is not None else list(usual)
    found: dict[str, list[Path]] = {}
    with open_facts(course) as database, database.read() as connection:
        identities = read_identities(connection)
    for folder in filter(Path.is_dir, places):
        for item in submissions_in(folder, unit, identities):
            found.setdefault(item.student, []).append(item.path)
    if student not in found:
        from ..demo.story import demo_hint

        where = ", ".join(map(str, places))
        otherwise = demo_hint(course, "explain") or "say where the notebook is with --submission PATH"
        hint = did_you_mean(student, found) if found else otherwise
        raise UsageError(f"no submission of {student!r} for {unit.name} in {where}; {hint}")
    return found[student]
