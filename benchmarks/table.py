"""Rows of ``results.json``, the printed table, and the figures that must hold."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

# A right submission takes at most so many floors, plus empty, plus this.
TIMES_FLOOR, EXTRA_SECONDS = 1.25, 0.005
EMPTY_SECONDS = 0.020  # on NumPy alone
TIMES_RIGHT = 1.5  # a wrong submission, explained: at most this multiple of a right one
WIDTH = 130  # of the table in a file or a pipe


@dataclass(frozen=True)
class Row:
    """One system on one unit.

    Attributes:
        submissions: how many of the sample this system graded.
        jobs: worker processes.
        seconds_per_submission: wall time without the start; the median of the rounds.
        ratio_to_floor: the same, divided by the floor's of the same run.
        peak_mib: greatest sampled PSS of all its processes together.
        start_seconds: what is paid once: imports, collecting, plans, warming up, an empty gradebook.
        total_seconds: start and all submissions.
        cpu_seconds_per_submission: user and system time of all its processes, without the start.
        same_scores: how many scores equal the floor's; the law of one mark for the same code.
        seconds_right: median over right submissions, without the gradebook; the median of the rounds.
        seconds_wrong: the same over submissions with a mistake.
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
    seconds_right: float | None = None
    seconds_wrong: float | None = None


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
    """Print the table, and how fast the batch is beside other systems."""
    rows = list(rows)
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("unit", no_wrap=True)
    table.add_column("system", no_wrap=True)
    heads = "jobs|submissions|ms each|right|wrong|CPU ms each|times floor|start s|total s|peak MiB|same score"
    for head in heads.split("|"):
        table.add_column(head, justify="right")
    for row in rows:
        table.add_row(row.unit, row.system, *_cells(row))
    Console(width=None if sys.stdout.isatty() else WIDTH).print(table)
    for sentence in ratios(rows):
        print(sentence)


def _cells(row: Row) -> tuple[str, ...]:
    return (
        str(row.jobs),
        str(row.submissions),
        _ms(row.seconds_per_submission),
        _ms(row.seconds_right),
        _ms(row.seconds_wrong),
        _ms(row.cpu_seconds_per_submission),
        f"{row.ratio_to_floor:.2f}",
        f"{row.start_seconds:.1f}",
        f"{row.total_seconds:.1f}",
        str(row.peak_mib),
        "" if row.same_scores is None else f"{row.same_scores}/{row.submissions}",
    )


def _ms(seconds: float | None) -> str:
    return "" if seconds is None else f"{1000 * seconds:.0f}"


def ratios(rows: Iterable[Row]) -> list[str]:
    """How many times as fast as each other system the batch is, or one job where there was no batch."""
    rows = list(rows)
    ours = {row.unit: row for row in rows if row.system == "course"}  # a batch stands after one job
    return [
        f"{row.unit}: {row.seconds_per_submission / ours[row.unit].seconds_per_submission:.0f} times as fast "
        f"as {row.system}, jobs: {ours[row.unit].jobs}"
        for row in rows
        if row.system in ("nbgrader", "otter") and row.unit in ours
    ]


def misses(rows: Iterable[Row], on_numpy: Collection[str]) -> list[str]:
    """A sentence for each figure that is not reached; figures without a row are left out.

    Args:
        rows: of one run.
        on_numpy: the units whose runtime is NumPy alone.
    """
    alone = [row for row in rows if row.jobs == 1]
    return [
        f"{unit}: {figure.what} takes {_exact(figure.took)}; {figure.rule}: {_exact(figure.allowed)}"
        for unit in dict.fromkeys(row.unit for row in alone)
        for figure in _figures({row.system: row for row in alone if row.unit == unit}, unit in on_numpy)
        if figure.took > figure.allowed
    ]


@dataclass(frozen=True)
class _Figure:
    """What something took, and may take, in seconds."""

    what: str
    took: float
    rule: str
    allowed: float


def _figures(rows: dict[str, Row], on_numpy: bool) -> Iterator[_Figure]:
    """The figures of one unit, as far as there are rows for them."""
    floor, empty, right = (_right(rows, system) for system in ("floor", "empty", "course"))
    if floor is not None and empty is not None and right is not None:
        rule = f"allowed are {TIMES_FLOOR:g} x floor ({_exact(floor)}) + empty ({_exact(empty)}) + "
        allowed = TIMES_FLOOR * floor + empty + EXTRA_SECONDS
        yield _Figure("a right submission", right, rule + _exact(EXTRA_SECONDS), allowed)
    if empty is not None and on_numpy:
        yield _Figure("a submission without checks", empty, "allowed are, on NumPy", EMPTY_SECONDS)
    wrong = rows["course"].seconds_wrong if "course" in rows else None
    if right is not None and wrong is not None:
        rule = f"allowed are {TIMES_RIGHT:g} x a right one ({_exact(right)})"
        yield _Figure("a wrong submission", wrong, rule, TIMES_RIGHT * right)


def _right(rows: dict[str, Row], system: str) -> float | None:
    return rows[system].seconds_right if system in rows else None


def _exact(seconds: float) -> str:
    return f"{1000 * seconds:.1f} ms"
