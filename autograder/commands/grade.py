"""``course grade``: one notebook, a folder in nbgrader's layout, or a download from an LMS."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict
from pathlib import Path
from textwrap import shorten

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ..base.errors import UsageError
from ..batch.run import Done, book, grade_all
from ..course import load_course
from ..judge.secret import course_secret
from ..notebook.finding import find_submissions, left_out
from ..prove import why_unproven
from ..results.result import Result, Verdict
from ..sandbox import TIERS
from .printing import print_json

_LONGEST_REMARK = 120  # characters


@click.command()
@click.argument("unit")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--student", help="Whose notebook it is; its file's stem where left out.")
@click.option("--jobs", type=click.IntRange(1), help="Worker processes; one per core where left out.")
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
    Gradescope. What is unchanged since it was graded is not graded again. Exit code 1 where a fault of ours
    left a submission without a score; the next run tries those again.

    With --cluster, Dask's workers need this engine and the course's folder under the same path. An address
    beyond this machine begins with tls://; Dask's configuration says where the certificates lie
    (distributed.comm.tls: ca-file, client.cert, client.key). Start workers with one thread each:
    dask worker --nthreads 1. "slurm" starts --jobs Slurm jobs with certificates of their own;
    COURSE_SLURM_PARTITION, COURSE_SLURM_MEMORY and COURSE_SLURM_WALLTIME say where, and how large and long.
    """
    course = load_course()
    chosen = course.unit(unit)
    found = find_submissions(paths, chosen, student)
    for sentence in left_out(paths, chosen, found):
        click.echo(sentence, err=True)
    if isolation == "none" and len(found) > 1:
        raise UsageError("--isolation none is for one notebook of your own; a batch needs walled or fenced")
    if why := why_unproven(course, chosen, course_secret(course)):
        click.echo(f"course: {why}; until then nobody knows that these checks are right on them", err=True)
    begun = time.monotonic()
    done = grade_all(course, chosen, found, isolation, force, jobs, cluster)
    results = [item.result for item in done]
    if as_json:
        print_json([asdict(result) for result in results])
    else:
        _print(done, time.monotonic() - begun, force)
    refused = book(course, chosen, done, everything=force) if gradebook else ()
    for refusal in refused:
        click.echo(f"gradebook: {refusal}", err=True)
    sys.exit(1 if refused or any(result.broken for result in results) else 0)


def _print(done: list[Done], seconds: float, force: bool) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name, justify in (("student", "left"), ("score", "right"), ("", "left"), ("what to look at", "left")):
        table.add_column(name, justify=justify, overflow="fold")  # type: ignore[arg-type]
    for item in done:
        result = item.result
        score = "—" if result.score is None else f"{result.score:g} / {result.max_score:g}"
        extra = f"+{result.bonus:g}" if result.bonus else ""
        table.add_row(escape(result.student), score, extra, escape(_remark(result)))
    console = Console()
    console.print(table)
    console.print(f"{_counted(done, seconds, force)}; isolation: {done[0].result.isolation}")


def _counted(done: list[Done], seconds: float, force: bool) -> str:
    """How many were graded, and how long that took; a new hint alone grades nobody."""
    fresh = sum(item.fresh for item in done)
    anew = 0 if force else sum(_only_explained(item) for item in done)
    rate = f", {seconds / fresh:.2f} s each" if fresh else ""
    words = f"{anew} explained anew, " if anew else ""
    return f"{fresh - anew} graded, {words}{len(done) - fresh} unchanged, {seconds:.1f} s{rate}"


def _only_explained(item: Done) -> bool:
    """The mark still held: what a mark depends on is the same as before."""
    before = item.previous
    return item.fresh and before is not None and not before.broken and before.digest == item.result.digest


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
