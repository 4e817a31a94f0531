"""``course build``: write what students receive, or say whether it is up to date."""

from __future__ import annotations

import sys
from typing import Any

import click

from ..base.errors import ConfigError
from ..course import Course, Unit, load_course
from ..unit.release import build, differences, publish
from .printing import print_json


@click.command()
@click.argument("units", nargs=-1, metavar="[UNIT]...")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 where a release is stale.")
@click.option("--json", "as_json", is_flag=True, help="Print machine-readable output.")
def command(units: tuple[str, ...], check: bool, as_json: bool) -> None:
    """Write release/UNIT: student notebook, public checks, files and requirements."""
    course = load_course()
    chosen = [course.unit(name) for name in units] or list(course.units)
    rows = [_build_one(course, unit, check) for unit in chosen]
    for row in rows:
        click.echo(_sentence(row, check), err=True)
    if as_json:
        print_json(rows)
    if any(row["error"] for row in rows):
        sys.exit(2)
    sys.exit(1 if check and any(row["changed"] for row in rows) else 0)


def _build_one(course: Course, unit: Unit, check: bool) -> dict[str, Any]:
    """Build one unit; an error in it does not keep the others from being built."""
    row: dict[str, Any] = {"unit": unit.name, "version": None, "stale": None, "changed": [], "error": None}
    from ..judge.reference import load_reference  # NumPy and pytest, which --help does without

    try:
        release = build(course, unit)
        load_reference(unit)  # a release whose reference does not run could never be graded
    except ConfigError as error:
        return {**row, "error": str(error)}
    changed = differences(unit.release, release.files) if check else publish(course, unit, release)
    return {**row, "version": release.version, "stale": bool(changed) and check, "changed": changed}


def _sentence(row: dict[str, Any], check: bool) -> str:
    if row["error"]:
        return f"{row['unit']}: {row['error']}"
    names = ", ".join(row["changed"])
    if not row["changed"]:
        return f"{row['unit']}: up to date, version {row['version']}"
    if check:
        return f"{row['unit']}: stale, run 'course build {row['unit']}': {names}"
    return f"{row['unit']}: built version {row['version']}: {names}"
