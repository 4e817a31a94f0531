"""``course regrade``: all attempts of a unit by its checks as they are now, with a preview of the marks."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ..base.errors import UsageError, did_you_mean
from ..batch.booking import book
from ..batch.changes import why
from ..batch.grading import How, Regraded, regrade, summary
from ..course import Course, Unit, load_course
from ..marks import attempts, kept, open_facts
from ..marks.database import Database
from ..notebook.found import listing
from ..results.audit import note
from .effects import deed
from .printing import print_json, warn_unproven


@click.command()
@click.argument("unit")
@click.option("--preview", is_flag=True, help="Change nothing; say which marks would rise and fall, and why.")
@click.option("--student", "students", multiple=True, help="Only this student; may be given several times.")
@click.option("--force", is_flag=True, help="Grade also what has not changed.")
@click.option("--jobs", type=click.IntRange(1), help="Worker processes; as for course grade.")
@click.option("--cluster", metavar="ADDRESS|slurm", help="A Dask scheduler, or Slurm; see 'course grade'.")
@click.option("--isolation", type=click.Choice(("walled", "fenced")), default="walled", show_default=True)
@click.option("--gradebook/--no-gradebook", default=True, help="Write nbgrader's gradebook as well.")
@click.option("--lift", metavar="STUDENT", help="Let the latest results of STUDENT count; grades nothing.")
@click.option("--reason", help="Why, with --lift; only staff see it.")
@click.option("--json", "as_json", is_flag=True, help="Print the changes as JSON on stdout.")
def command(
    unit: str,
    preview: bool,
    students: tuple[str, ...],
    force: bool,
    jobs: int | None,
    cluster: str | None,
    isolation: str,
    gradebook: bool,
    lift: str | None,
    reason: str | None,
    as_json: bool,
) -> None:
    """Grade all attempts at UNIT whose results no longer hold, from the hub and from files.

    The attempt that counts is chosen anew. Where the checks give an attempt fewer points than before, and
    its mark was shown (on the hub, by 'course feedback' or 'course export grades'), its earlier result is
    kept and counts; --lift STUDENT --reason TEXT takes that back. Exit code 1 where a fault of ours left an
    attempt without a score.
    """
    course = load_course()
    chosen = course.unit(unit)
    _check(preview, lift, reason)
    with open_facts(course) as database:
        _check_names(database, unit, [*students, *([lift] if lift else [])])
        if lift is not None:
            _lift(course, database, chosen, lift, reason or "", gradebook)
            return
        warn_unproven(course, chosen)
        how = How(isolation, force, jobs, cluster)
        regraded = regrade(course, database, chosen, how, students or None, preview)
        if as_json:
            print_json(_as_data(unit, regraded, preview))
        else:
            _print(regraded, preview)
        refused = (
            () if preview else book(course, database, chosen, gradebook, again=students if force else ())
        )
    _complain(regraded, refused)
    sys.exit(1 if refused or regraded.broken else 0)


def _check(preview: bool, lift: str | None, reason: str | None) -> None:
    if reason is not None and lift is None:
        raise UsageError("--reason goes with --lift STUDENT")
    if lift is not None and (preview or not (reason or "").strip()):
        raise UsageError("--lift STUDENT wants --reason TEXT, which is kept on record, and no --preview")


def _check_names(database: Database, unit: str, names: list[str]) -> None:
    with database.read() as connection:
        known = {attempt.student for attempt in attempts.of_unit(connection, unit)} if names else set()
    for name in names:
        if name not in known:
            hint = did_you_mean(name, sorted(known)) if known else "there are no attempts yet"
            raise UsageError(f"{name!r} has no attempt at {unit}: {hint}")


def _lift(course: Course, database: Database, unit: Unit, student: str, reason: str, gradebook: bool) -> None:
    done = deed(reason)
    with database.write() as connection:
        own = attempts.of_student(connection, unit.name, student)
        lifted = sum(kept.lift(connection, attempt, done) for attempt in own)
    if not lifted:
        click.echo(f"{student} has no earlier result at {unit.name} that is kept")
        return
    note(course, unit.name, f"{student}: results that were kept no longer count: {reason}")
    for refusal in book(course, database, unit, gradebook):
        click.echo(f"not written: {refusal}", err=True)
    click.echo(f"{student}: the latest results count now; lifted: {lifted}")


def _as_data(unit: str, regraded: Regraded, preview: bool) -> dict[str, Any]:
    return {
        "unit": unit,
        "preview": preview,
        "attempts": regraded.attempts,
        "graded": regraded.graded,
        "broken": regraded.broken,
        "without_file": regraded.without_file,
        "changes": [asdict(change) | {"by": change.by} for change in regraded.changes],
    }


def _print(regraded: Regraded, preview: bool) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    columns = (("student", "left"), ("mark", "right"), ("then", "right"), ("by", "right"), ("why", "left"))
    for name, justify in columns:
        table.add_column(name, justify=justify, overflow="fold")  # type: ignore[arg-type]
    for change in regraded.changes:
        by = f"{change.by:+g}" if change.by else ""
        marks = (_number(change.before), _number(change.after))
        table.add_row(escape(change.student), *marks, by, escape("\n".join(why(change))))
    console = Console()
    if regraded.changes:
        console.print(table)
    console.print(summary(regraded, preview))


def _number(mark: float | None) -> str:
    return "—" if mark is None else f"{mark:g}"


def _complain(regraded: Regraded, refused: tuple[str, ...]) -> None:
    for refusal in refused:
        click.echo(f"not written: {refusal}", err=True)
    if regraded.broken:
        names = listing(regraded.broken)
        click.echo(f"course: a fault of ours left attempts without a score: {names}; run it again", err=True)
    if regraded.without_file:
        count = regraded.without_file
        which = "1 attempt" if count == 1 else f"{count} attempts"
        click.echo(
            f"course: of {which} an older release left only the result; "
            "grade the same files with 'course grade' once, and they are kept",
            err=True,
        )
