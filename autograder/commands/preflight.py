"""``course preflight``: what would happen to a notebook that is handed in now."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ..base.errors import Unreadable, UsageError
from ..course import Limits, find_root, load_course
from ..notebook import Release
from ..notebook.reading import read_raw
from ..preflight import beside_notebook, of_unit, preflight, tiers_beside
from ..sandbox import TIERS
from .printing import print_json


@click.command()
@click.argument("unit")
@click.argument("notebook", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--isolation",
    type=click.Choice(TIERS),
    help="Only this tier. In a course's folder 'none' must be asked for: it hides nothing there.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON on stdout.")
def command(unit: str, notebook: Path, isolation: str | None, as_json: bool) -> None:
    """Say what of NOTEBOOK would be lost, healed or ignored if it were handed in for UNIT now.

    Loads it by the same code as the server, in the strongest sandbox that starts, and runs
    the public checks. Needs the course, or the released files beside the notebook. Exit
    code 0 where nothing would be lost, 1 otherwise.
    """
    release, limits = _held_against(unit, notebook)
    tiers = (isolation,) if isolation else tiers_beside(Path.cwd(), notebook.resolve().parent)
    report = preflight(notebook, release, limits, tiers=tiers)
    if as_json:
        print_json(report.to_dict())
    else:
        click.echo("\n".join(report.lines()))
    sys.exit(0 if report.ok else 1)


def _held_against(unit: str, notebook: Path) -> tuple[Release, Limits]:
    """The course's release where there is a course, else the files beside the notebook."""
    try:
        find_root()
    except UsageError:
        return beside_notebook(notebook.resolve().parent, unit), Limits()
    course = load_course()
    chosen = course.unit(unit)
    try:
        version = read_raw(notebook, course.limits.notebook_mib).course.get("version")
    except Unreadable:
        version = None
    release = of_unit(course, chosen, version if isinstance(version, str) else None)
    return release, course.limits_of(chosen)
