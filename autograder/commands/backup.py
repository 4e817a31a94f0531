"""``course backup``: a copy of all that cannot be built again."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ..course import load_course
from ..keeping.backup import BackupReport, make_backup
from .printing import print_json

MIB = 1 << 20
ELSEWHERE = (
    "not in it: homes on people's machines and volumes, keys and certificates for TLS, and the course's own "
    "files (course_config.py, assignments, solutions), which belong in a repository."
)


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def command(folder: Path, as_json: bool) -> None:
    """Copy the data folder and the course's databases to DIR, which is made; the hub may run.

    Attempts with their files, marks by hand, people, passwords and keys, each as of one moment. PostgreSQL
    is copied by its own pg_dump. DIR holds the secret and everybody's work: nobody else may read it. Homes of
    students are not in it. Exits with 1 where a file that the facts name is missing or damaged; the rest is
    there.
    """
    report = make_backup(load_course(), folder)
    for problem in report.problems:
        click.echo(f"course: {problem}", err=True)
    if as_json:
        print_json(report.to_dict())
    else:
        click.echo("\n".join(_lines(report)))
    sys.exit(1 if report.problems else 0)


def _lines(report: BackupReport) -> list[str]:
    return [
        f"{report.folder}: {report.files} files, {report.size / MIB:.1f} MiB",
        f"databases: {', '.join(report.databases) or 'none yet'}",
        f"files that the facts name: {report.blobs}",
        *(f"left out: {name} ({why})" for name, why in report.left_out.items()),
        ELSEWHERE,
        "Put back with: course restore " + str(report.folder),
    ]
