"""``course grade``: one notebook, a folder in nbgrader's layout, or a download from an LMS."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from textwrap import shorten

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ..base.errors import UsageError
from ..batch.booking import book
from ..batch.grading import Batch, How, grade_all
from ..batch.run import Done
from ..course import Unit, load_course
from ..marks import Mark, open_facts, read_facts
from ..marks.database import Database
from ..marks.identities import note, read_identities
from ..notebook.finding import Found, find_submissions
from ..notebook.found import listing
from ..notebook.left_out import remarks
from ..results.result import Result, Verdict
from ..sandbox import TIERS
from .printing import print_json, warn_unproven

_LONGEST_REMARK = 120  # characters


@click.command()
@click.argument("unit")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--student", help="Whose notebook it is; its file's stem where left out.")
@click.option(
    "--jobs",
    type=click.IntRange(1),
    help="Worker processes; where left out one per core, fewer for few notebooks.",
)
@click.option("--cluster", metavar="ADDRESS|slurm", help="A Dask scheduler, or Slurm; see below.")
@click.option("--force", is_flag=True, help="Grade and book again also what has not changed.")
@click.option("--isolation", type=click.Choice(TIERS), default="walled", show_default=True)
@click.option("--gradebook/--no-gradebook", default=True, help="Write nbgrader's gradebook as well.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON on stdout.")
def command(
    unit: str,
    paths: tuple[Path, ...],
    student: str | None,
    jobs: int | None,
    cluster: str | None,
    force: bool,
    isolation: str,
    gradebook: bool,
    as_json: bool,
) -> None:
    """Grade submissions of UNIT and store a result for each.

    PATH is a notebook, a folder of nbgrader's layout, or an unpacked download from Canvas, Moodle or
    Gradescope. Each is an attempt of its student, and the attempt with the best mark after lateness counts,
    unless the course says otherwise. What is unchanged since it was graded is not graded again; other
    attempts of these students are, where their results no longer hold. Dates and late policies that have
    changed take effect without grading. Exit code 1 where a fault of ours left a submission without a
    score; the next run tries those again.

    With --cluster, Dask's workers need this engine and the course's folder under the same path. An address
    begins with tls://, also on this machine; Dask's configuration says where the certificates lie
    (distributed.comm.tls: ca-file, client.cert, client.key). Start workers with one thread each:
    dask worker --nthreads 1. "slurm" starts --jobs Slurm jobs with certificates of their own;
    COURSE_SLURM_PARTITION, COURSE_SLURM_MEMORY and COURSE_SLURM_WALLTIME say where, and how large and long.
    """
    course = load_course()
    chosen = course.unit(unit)
    with open_facts(course) as database:
        found = _found(database, paths, chosen, student)
        if isolation == "none" and len(found) > 1:
            raise UsageError(
                "--isolation none is for one notebook of your own; a batch needs walled or fenced"
            )
        warn_unproven(course, chosen)
        begun = time.monotonic()
        how = How(isolation, force, jobs, cluster)
        batch = grade_all(course, database, chosen, found, how)
        if as_json:
            print_json([asdict(item.result) for item in batch.done])
        else:
            with database.read() as connection:
                marks = {mark.student: mark for mark in read_facts(connection, course, chosen).marks()}
            _print(batch, marks, time.monotonic() - begun, force)
        again = {item.found.student for item in batch.done} if force else ()
        refused = book(course, database, chosen, gradebook, again)
    for refusal in refused:
        click.echo(f"not written: {refusal}", err=True)
    broken = any(item.result.broken for item in (*batch.done, *batch.others))
    sys.exit(1 if refused or broken else 0)


def _found(database: Database, paths: Sequence[Path], unit: Unit, student: str | None) -> list[Found]:
    """The submissions, by the names that their students were given before; stderr says what is odd."""
    with database.read() as connection:
        identities = read_identities(connection)
    found = find_submissions(paths, unit, student, identities)
    with database.write() as connection:
        note(connection, identities)
    for sentence in remarks(paths, unit, found):
        click.echo(sentence, err=True)
    return found


def _print(batch: Batch, marks: Mapping[str, Mark], seconds: float, force: bool) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name, justify in (("student", "left"), ("score", "right"), ("", "left"), ("what to look at", "left")):
        table.add_column(name, justify=justify, overflow="fold")  # type: ignore[arg-type]
    for item in batch.done:
        result = item.result
        score = "—" if result.score is None else f"{result.score:g} / {result.max_score:g}"
        extra = f"+{result.bonus:g}" if result.bonus else ""
        another = _another_counts(marks.get(result.student), batch)
        remark = "; ".join(filter(None, (another, _remark(result))))
        table.add_row(escape(result.student), score, extra, escape(remark))
    console = Console()
    console.print(table)
    console.print(f"{_counted(batch.done, seconds, force)}; isolation: {batch.done[0].result.isolation}")
    if batch.others:
        students = sorted({item.found.student for item in batch.others})
        console.print(f"{len(batch.others)} other attempts graded anew: {escape(listing(students))}")


def _another_counts(mark: Mark | None, batch: Batch) -> str:
    """Which attempt gives the mark, where it is none of those that were just graded."""
    if mark is None or mark.counting is None or mark.counting.attempt.id in batch.attempts:
        return ""
    return f"attempt {mark.counting.attempt.number} counts, with {mark.points:g}"


def _counted(done: Sequence[Done], seconds: float, force: bool) -> str:
    """How many were graded, and how long that took; a new hint alone grades nobody."""
    fresh = sum(item.fresh for item in done)
    anew = 0 if force else sum(item.fresh and item.held for item in done)
    rate = f", {seconds / fresh:.2f} s each" if fresh else ""
    words = f"{anew} explained anew, " if anew else ""
    return f"{fresh - anew} graded, {words}{len(done) - fresh} unchanged, {seconds:.1f} s{rate}"


def _remark(result: Result) -> str:
    """The first thing to know about a submission that is not all right."""
    first = result.checks[0] if result.checks else None
    ended = {(check.verdict, check.reason) for check in result.checks}
    if first is not None and first.verdict is not Verdict.PASSED and len(ended) == 1 < len(result.checks):
        return f"{first.verdict} {shorten(first.reason, _LONGEST_REMARK, placeholder=' …')}"
    for check in result.checks:
        if check.verdict is not Verdict.PASSED:
            named = f" ({check.mistake})" if check.mistake else ""
            others = sum(c.verdict is not Verdict.PASSED for c in result.checks) - 1
            more = f" and {others} more" if others else ""
            return f"{check.verdict} {check.id}{named}{more}"
    return "; ".join(result.healed)
