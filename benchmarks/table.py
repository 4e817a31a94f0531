"""Rows of ``results.json``, the printed table, and the figures that must hold."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

TIMES_FLOOR, EXTRA_SECONDS = 2.0, 0.025  # course with one job: at most this multiple of the floor plus this
NBGRADER_TIMES, OTTER_TIMES = 25.0, 200.0  # throughput of the batch on all cores


@dataclass(frozen=True)
class Row:
    """One system on one unit.

    Attributes:
        submissions: how many of the sample this system graded.
        jobs: worker processes.
        seconds_per_submission: wall time without the start; the median of the rounds.
        ratio_to_floor: the same, divided by the floor's of the same run.
        peak_mib: greatest sampled PSS of all its processes together.
        start_seconds: what is paid once: imports, collecting, warming up, an empty gradebook.
        total_seconds: start and all submissions.
        cpu_seconds_per_submission: user and system time of all its processes, without the start.
        same_scores: how many scores equal the floor's; the law of one mark for the same code.
    """

    system: str
    unit: str
    submissions: int
    jobs: int
    seconds_per_submission: float
    ratio_to_floor: float
    peak_mib: int
    start_seconds: float
    total_seconds: float
    cpu_seconds_per_submission: float
    same_scores: int | None = None


def write(rows: Iterable[Row], path: Path) -> None:
    """Write the rows as JSON, rounded to what repeats."""
    text = json.dumps([_rounded(row) for row in rows], indent=1)
    path.write_text(text + "\n", encoding="utf-8")


def _rounded(row: Row) -> dict[str, object]:
    return {
        key: float(f"{value:.4g}") if isinstance(value, float) else value
        for key, value in asdict(row).items()
    }


def show(rows: Iterable[Row]) -> None:
    """Print the table."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("unit", no_wrap=True)
    table.add_column("system", no_wrap=True)
    heads = "jobs|submissions|ms each|CPU ms each|times floor|start s|total s|peak MiB|same score"
    for head in heads.split("|"):
        table.add_column(head, justify="right")
    for row in rows:
        table.add_row(row.unit, row.system, *_cells(row))
    Console().print(table)


def _cells(row: Row) -> tuple[str, ...]:
    return (
        str(row.jobs),
        str(row.submissions),
        f"{1000 * row.seconds_per_submission:.0f}",
        f"{1000 * row.cpu_seconds_per_submission:.0f}",
        f"{row.ratio_to_floor:.2f}",
        f"{row.start_seconds:.1f}",
        f"{row.total_seconds:.1f}",
        str(row.peak_mib),
        "" if row.same_scores is None else f"{row.same_scores}/{row.submissions}",
    )


def misses(rows: Iterable[Row]) -> list[str]:
    """A sentence for each figure that is not reached; figures without a row are left out."""
    rows = list(rows)
    return [
        sentence
        for unit in dict.fromkeys(row.unit for row in rows)
        for sentence in _misses_of_unit(unit, [row for row in rows if row.unit == unit])
    ]


def _misses_of_unit(unit: str, rows: list[Row]) -> Iterable[str]:
    seconds = {(row.system, row.jobs == 1): row.seconds_per_submission for row in rows}
    floor, alone = seconds.get(("floor", True)), seconds.get(("course", True))
    if floor is not None and alone is not None and alone > TIMES_FLOOR * floor + EXTRA_SECONDS:
        allowed = f"{1000 * (TIMES_FLOOR * floor + EXTRA_SECONDS):.0f} ms"
        rule = f"{TIMES_FLOOR:g} times the floor plus {1000 * EXTRA_SECONDS:g} ms"
        yield f"{unit}: one job takes {1000 * alone:.0f} ms each; {rule} ({allowed}) is allowed"
    batch = seconds.get(("course", False), alone)
    for system, wanted in (("nbgrader", NBGRADER_TIMES), ("otter", OTTER_TIMES)):
        theirs = seconds.get((system, True))
        if theirs is not None and batch is not None and theirs < wanted * batch:
            times = f"{theirs / batch:.1f} times"
            yield f"{unit}: the batch is {times} as fast as {system}; {wanted:g} times was asked for"
