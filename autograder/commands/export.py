"""``course export``: marks for a learning platform, and an autograder for Gradescope."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy import Connection

from ..base.errors import UsageError, naming
from ..course import Course, Unit, load_course
from ..export.grades import FORMATS, Column, Table, column_of, grades_csv, people_of
from ..export.gradescope import autograder_zip, not_there
from ..export.tables import PlatformTable, read_table
from ..marks import open_facts, read_facts
from ..marks.shown import note_shown
from ..results.disclosure import now
from .effects import take_in_others


@click.group()
def command() -> None:
    """Hand marks or graders to another system."""


@command.command()
@click.argument("units", nargs=-1, metavar="[UNIT]...")
@click.option("--format", "style", type=click.Choice(FORMATS), default="canvas", show_default=True)
@click.option(
    "--roster", type=click.Path(path_type=Path), help="The table exported from the platform, as CSV."
)
@click.option("--id-column", metavar="NAME", help="The roster's column that says who a row is.")
@click.option("--total", is_flag=True, help="Add the weighted total, where there are several units.")
@click.option("--output", type=click.Path(path_type=Path), help="A file; stdout where left out.")
def grades(
    units: tuple[str, ...],
    style: str,
    roster: Path | None,
    id_column: str | None,
    total: bool,
    output: Path | None,
) -> None:
    """Print the marks of UNIT, or of all graded units, as CSV for Canvas, Moodle or Gradescope.

    With --roster the table has the roster's rows and identifiers, whatever --format says. Marks that have
    no row or column of their own are left out, and listed on stderr.
    """
    course = load_course()
    if id_column is not None and roster is None:
        raise UsageError("--id-column names a column of --roster FILE; give both")
    chosen = [course.unit(name) for name in units] or list(course.units)
    with _facts_to_show(course, chosen) as connection:
        columns = [column_of(read_facts(connection, course, unit)) for unit in chosen]
        people = people_of(connection, course)
    kept = [number for number, column in enumerate(columns) if column.of or units]
    columns, shown = [columns[number] for number in kept], [chosen[number] for number in kept]
    if not any(column.marks for column in columns):
        raise UsageError("no marks to export. Run 'course grade UNIT PATH' first.")
    platform = read_table(roster, id_column) if roster else None
    table = grades_csv(style, columns, platform, people, now() if total and len(columns) > 1 else None)
    for line in _remarks(columns, table, platform, roster):
        click.echo(line, err=True)
    if output is None:
        click.echo(table.text, nl=False)
    else:
        with naming(output):
            output.write_text(table.text, encoding=table.encoding, newline="")
    with open_facts(course) as database, database.write() as connection:
        for column, unit in zip(columns, shown, strict=True):
            if column.marks:
                note_shown(connection, course, unit, now().isoformat(timespec="microseconds"))


@contextmanager
def _facts_to_show(course: Course, units: list[Unit]) -> Iterator[Connection]:
    """The facts, with what others wrote into the gradebook meanwhile."""
    with open_facts(course) as database:
        take_in_others(course, database, units)
        with database.read() as connection:
            yield connection


@command.command()
@click.argument("unit")
@click.option(
    "--output", type=click.Path(path_type=Path), help="Where to write; data/export/UNIT-autograder.zip."
)
def gradescope(unit: str, output: Path | None) -> None:
    """Write an autograder.zip that grades UNIT on Gradescope, with a key of its own."""
    course = load_course()
    content = autograder_zip(course, course.unit(unit))
    path = output or course.data_folder / "export" / f"{unit}-autograder.zip"
    with naming(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    click.echo(
        f"{path} ({len(content) / 1e6:.1f} MB). It holds the hidden checks: give it to Gradescope only."
    )
    for line in not_there(course):
        click.echo(line)


def _remarks(
    columns: list[Column], table: Table, roster: PlatformTable | None, path: Path | None
) -> list[str]:
    lines = []
    if roster is not None and roster.guessed:
        lines.append(f"{path} does not say its encoding; it was read as Windows-1252")
    if table.missing:
        where = "the roster" if roster is not None else "the table (no login, SID or e-mail is known)"
        lines.append(f"not in {where}: {', '.join(table.missing)}")
    lines += table.remarks
    for column in columns:
        if column.waiting:
            lines.append(
                f"{column.title}: a person still has to mark {len(column.waiting)}, first {column.waiting[0]}"
            )
        if column.unscored:
            lines.append(f"{column.title}: no mark by a fault of ours: {', '.join(column.unscored)}")
    return lines
