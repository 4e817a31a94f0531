"""``course restore``: the data folder as a backup has it."""

from __future__ import annotations

from pathlib import Path

import click

from ..course import load_course
from ..keeping.restore import RestoreReport
from ..keeping.restore import restore as put_back
from .printing import print_json

MIB = 1 << 20


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def command(folder: Path, as_json: bool) -> None:
    """Fill this course's data folder from DIR, which 'course backup' made.

    The data folder must be empty or missing, and the hub stopped. Each file is compared with its SHA-256
    first; where one was changed, nothing is restored. A database on a server is not touched: the command that
    puts it back is printed.
    """
    report = put_back(load_course(), folder)
    if as_json:
        print_json(report.to_dict())
    else:
        click.echo("\n".join(_lines(report)))


def _lines(report: RestoreReport) -> list[str]:
    return [
        f"{report.folder}: {report.files} files, {report.size / MIB:.1f} MiB, as of {report.made}",
        *(f"still to do: {step}" for step in report.next_steps),
        "Homes of students were not in it. Start 'course hub', and compare 'course export grades'.",
    ]
