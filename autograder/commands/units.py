"""``course units``: the units, their tasks, points and due dates."""

from __future__ import annotations

from typing import Any

import click

from ..course import Unit, load_course
from ..results.late import parse_time
from ..unit.criteria import points_by_task, read_criteria
from .printing import print_json


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print machine-readable output.")
def command(as_json: bool) -> None:
    """List the units, their tasks, points and due dates."""
    units = [describe(unit) for unit in load_course().units]
    for unit in units:
        if not unit["tasks"]:
            click.echo(f"{unit['unit']}: no grader.py yet, so no tasks and no points", err=True)
    if as_json:
        print_json(units)
    else:
        _print_table(units)


def describe(unit: Unit) -> dict[str, Any]:
    """One unit as plain data; a unit whose grader is still to be written has no tasks.

    Raises:
        ConfigError: the grader's marks are wrong.
    """
    tasks = points_by_task(read_criteria(unit.grader)) if unit.grader.is_file() else ()
    return {
        "unit": unit.name,
        "title": unit.title,
        "points": round(sum((task.points for task in tasks), 0.0), 6),
        "max_bonus": round(sum((task.max_bonus for task in tasks), 0.0), 6),
        "due": unit.due,
        "hours": unit.hours,
        "runtime": unit.runtime,
        "tasks": [
            {"name": task.name, "points": task.points, "bonus": task.bonus, "max_bonus": task.max_bonus}
            for task in tasks
        ],
    }


def _print_table(units: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("unit", "task", "points", "due", title="Units")
    for unit in units:
        table.add_section()
        due = _day_and_hour(unit["due"])
        table.add_row(f"[bold]{unit['unit']}[/]", unit["title"], _points(unit), due, style="bold")
        for task in unit["tasks"]:
            table.add_row("", task["name"], _points(task), "")
    Console().print(table)


def _day_and_hour(due: str) -> str:
    """A time in the course's zone, short enough for a narrow terminal; the zone stands in ``--json``."""
    moment = parse_time(due)
    return due if moment is None else f"{moment:%Y-%m-%d %H:%M}"


def _points(row: dict[str, Any]) -> str:
    extra = f"+{row['max_bonus']:g} bonus" if row["max_bonus"] else ""
    core = f"{row['points']:g}" if row["points"] or not extra else ""
    return f"{core} {extra}".strip()
