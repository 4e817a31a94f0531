"""``course export``: marks for a learning platform, and an autograder for Gradescope."""

from __future__ import annotations

from pathlib import Path

import click

from ..base.errors import UsageError, naming
from ..course import load_course
from ..export.grades import FORMATS, Column, column_of, grades_csv, read_roster
from ..export.gradescope import autograder_zip


@click.group()
def command() -> None:
    """Hand marks or graders to another system."""


@command.command()
@click.argument("units", nargs=-1, metavar="[UNIT]...")
@click.option("--format", "style", type=click.Choice(FORMATS), default="canvas", show_default=True)
@click.option(
    "--roster", type=click.Path(path_type=Path), help="The gradebook exported from the platform, as CSV."
)
@click.option("--output", type=click.Path(path_type=Path), help="A file; stdout where left out.")
def grades(units: tuple[str, ...], style: str, roster: Path | None, output: Path | None) -> None:
    """Print the final marks of UNIT, or of all graded units, as CSV for Canvas or Moodle."""
    course = load_course()
    chosen = [course.unit(name) for name in units] or list(course.units)
    columns = [
        column
        for column in (column_of(course, unit) for unit in chosen)
        if column.marks or column.damaged or units
    ]
    if not any(column.marks for column in columns):
        raise UsageError("no marks to export. Run 'course grade UNIT PATH' first.")
    table = grades_csv(style, columns, read_roster(roster) if roster else None)
    for line in _remarks(columns, table.missing):
        click.echo(line, err=True)
    if output is None:
        click.echo(table.text, nl=False)
    else:
        with naming(output):
            output.write_text(table.text, encoding="utf-8", newline="")


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


def _remarks(columns: list[Column], missing: tuple[str, ...]) -> list[str]:
    lines = [f"not in the roster: {', '.join(missing)}"] if missing else []
    for column in columns:
        lines += column.damaged
        if column.waiting:
            lines.append(
                f"{column.title}: a person still has to mark {len(column.waiting)}, first {column.waiting[0]}"
            )
        if column.unscored:
            lines.append(f"{column.title}: no mark by a fault of ours: {', '.join(column.unscored)}")
    return lines
