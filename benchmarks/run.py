"""``python -m benchmarks.run``: floor, empty, course, nbgrader and otter on the same submissions.

    python -m benchmarks.run                     everything into benchmarks/results.json (make bench)
    python -m benchmarks.run --quick             a few submissions of one unit, in about a minute
    python -m benchmarks.run --check             exit 1 unless the figures of table.py are reached
    python -m benchmarks.run --units optimizers --systems floor,course

Conditions
    Notebooks hold only the cells that grading needs. The same hidden tests run everywhere on the
    same inputs: those of the published papers. A third of the submissions has a known mistake.
    Every process uses one thread. The course's rows include diagnosis, storing and the gradebook.
    Floor, empty and course take turns, a few submissions each, so that a busy machine slows all alike; so do
    the batch on all cores, nbgrader and otter.
    What is paid once, such as plans, is left out of seconds_per_submission for every system but otter,
    whose command grades one submission, and stands in start_seconds.
    Right and wrong submissions are also told apart: medians of what each took, without the gradebook.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, median

import click

from autograder.batch.workers import cores
from autograder.course import Course, load_course

from . import nbgrader_side, otter_side, outside, table
from .files import write_sample
from .interleaved import Round, peak_memory, run_round
from .sample import Sample, make_course, make_sample
from .table import Row

RESULTS = Path(__file__).with_name("results.json")
IN_TURN = ("floor", "empty", "course")  # with one job
SYSTEMS = (*IN_TURN, "nbgrader", "otter")


def every_unit() -> tuple[str, ...]:
    """The units of the course, in its order."""
    return tuple(unit.name for unit in load_course(outside.PROJECT).units)


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    units: tuple[str, ...] = field(default_factory=every_unit)
    systems: tuple[str, ...] = SYSTEMS  # the floor is always measured
    submissions: int = 60
    rounds: int = 3
    for_nbgrader: int = 12
    for_otter: int = 3
    jobs: int = 1  # of the batch; 1: no batch


@dataclass(frozen=True)
class Measured:
    """What later rows of a unit compare with."""

    sample: Sample
    file: Path
    floor: Row
    scores: dict[str, float]  # the floor's, bonus included


def run(plan: Plan) -> list[Row]:
    """Measure all that is planned, in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name:
        folder = Path(name)
        course = make_course(outside.PROJECT, folder, plan.units)
        return [row for unit in plan.units for row in _unit(course, unit, plan, folder)]


def _unit(course: Course, unit: str, plan: Plan, folder: Path) -> Iterator[Row]:
    sample = make_sample(course, course.unit(unit), plan.submissions)
    file = write_sample(sample, folder / f"{unit}.json")
    systems = [system for system in IN_TURN if system == "floor" or system in plan.systems]
    rounds = [
        run_round(sample, file, systems)
        for number in range(plan.rounds)
        if _say(unit, ", ".join(systems), number)
    ]
    rows = [_alone(system, sample, file, rounds) for system in systems]
    yield from rows
    totals = [(score or 0.0) + bonus for score, bonus in rounds[0]["floor"].scores]
    measured = Measured(sample, file, rows[0], dict(zip(_students(sample), totals, strict=True)))
    yield from _in_turn(course, measured, plan, folder / unit)


def _in_turn(course: Course, measured: Measured, plan: Plan, folder: Path) -> Iterator[Row]:
    """The batch, otter and nbgrader in turn, so that a machine that is slow for a while slows all of them."""
    unit, batches, nbgrader = measured.sample.unit, [], None
    few = _first(measured.sample, plan.for_otter)
    otter: dict[str, tuple[outside.Run, float]] = {}
    if "otter" in plan.systems:
        otter_side.prepare(course, few, folder / "otter")
    for number in range(plan.rounds):
        if "course" in plan.systems and plan.jobs > 1 and _say(unit, "course,", plan.jobs, "jobs", number):
            batches.append(_run_batch(measured, plan.jobs))
        for entry in few.entries[number :: plan.rounds] if "otter" in plan.systems else ():
            _say(unit, "otter", entry.student)
            otter[entry.student] = otter_side.run(folder / "otter", unit, entry)
        if number == plan.rounds // 2 and "nbgrader" in plan.systems and _say(unit, "nbgrader"):
            nbgrader = _nbgrader(course, measured, plan.for_nbgrader, folder / "nbgrader")
    if batches:
        yield _batch(measured, plan.jobs, batches)
    if nbgrader is not None:
        yield nbgrader
    if otter:
        yield _otter(measured, otter)


def _say(*words: object) -> bool:
    print(*words, file=sys.stderr, flush=True)
    return True


def _students(sample: Sample) -> list[str]:
    return [entry.student for entry in sample.entries]


def _alone(system: str, sample: Sample, file: Path, rounds: list[dict[str, Round]]) -> Row:
    """A system with one job, from rounds in which all took turns."""
    own, count = [each[system] for each in rounds], len(sample.entries)
    right, wrong = _right_and_wrong(sample)
    pairs = zip(own[0].scores, rounds[0]["floor"].scores, strict=True)
    return Row(
        system=system,
        unit=sample.unit,
        submissions=count,
        jobs=1,
        seconds_per_submission=median(each.mean for each in own),
        ratio_to_floor=median(each[system].mean / each["floor"].mean for each in rounds),
        peak_mib=round(peak_memory(system, file, min(count, 6))),
        start_seconds=median(each.start for each in own),
        total_seconds=median(each.start + each.mean * count for each in own),
        cpu_seconds_per_submission=median(each.cpu for each in own) / count,
        same_scores=None if system == "empty" else sum(a == b for a, b in pairs),
        seconds_right=median(each.middle(right) for each in own),
        seconds_wrong=median(each.middle(wrong) for each in own),
    )


def _right_and_wrong(sample: Sample) -> tuple[list[int], list[int]]:
    """The numbers of the submissions without and with a mistake."""
    right = [number for number, entry in enumerate(sample.entries) if not entry.mistake]
    return right, [number for number in range(len(sample.entries)) if number not in right]


def _run_batch(measured: Measured, jobs: int) -> tuple[outside.Run, dict[str, float]]:
    """One run of the batch, and what it says of itself."""
    command = [sys.executable, "-P", "-m", "benchmarks.batch", str(measured.file), str(jobs)]
    done = outside.run(command, measured.file.parent, {})
    return done, json.loads(done.output.splitlines()[-1])


def _batch(measured: Measured, jobs: int, batches: list[tuple[outside.Run, dict[str, float]]]) -> Row:
    """The course with several jobs; the peak of memory is that of the last round."""
    count, runs, found = len(measured.sample.entries), *zip(*batches, strict=True)
    each = median(batch["grading"] + batch["gradebook"] for batch in found) / count
    return Row(
        system="course",
        unit=measured.sample.unit,
        submissions=count,
        jobs=jobs,
        seconds_per_submission=each,
        ratio_to_floor=each / measured.floor.seconds_per_submission,
        peak_mib=round(runs[-1].peak_mib),
        start_seconds=median(batch["start"] for batch in found),
        total_seconds=median(each.wall for each in runs),
        cpu_seconds_per_submission=median(batch["cpu"] for batch in found) / count,
    )


def _nbgrader(course: Course, measured: Measured, count: int, folder: Path) -> Row:
    sample = _first(measured.sample, count)
    done = nbgrader_side.run(nbgrader_side.prepare(course, sample, folder), sample.unit)
    number = len(sample.entries)
    each = (done.wall - done.start) / number
    return Row(
        system="nbgrader",
        unit=sample.unit,
        submissions=number,
        jobs=1,
        seconds_per_submission=each,
        ratio_to_floor=each / measured.floor.seconds_per_submission,
        peak_mib=round(done.peak_mib),
        start_seconds=done.start,
        total_seconds=done.wall,
        cpu_seconds_per_submission=(done.cpu - done.start_cpu) / number,
        same_scores=_agreed(nbgrader_side.scores(folder), measured),
    )


def _otter(measured: Measured, graded: dict[str, tuple[outside.Run, float]]) -> Row:
    runs = [done for done, _ in graded.values()]
    each = fmean(done.wall for done in runs)
    return Row(
        system="otter",
        unit=measured.sample.unit,
        submissions=len(runs),
        jobs=1,
        seconds_per_submission=each,
        ratio_to_floor=each / measured.floor.seconds_per_submission,
        peak_mib=round(max(done.peak_mib for done in runs)),
        start_seconds=0.0,
        total_seconds=each * len(runs),
        cpu_seconds_per_submission=fmean(done.cpu for done in runs),
        same_scores=_agreed({student: score for student, (_, score) in graded.items()}, measured),
    )


def _first(sample: Sample, count: int) -> Sample:
    return Sample(sample.root, sample.unit, sample.warm_up, sample.entries[:count])


def _agreed(scores: dict[str, float], measured: Measured) -> int:
    """How many scores, bonus included, are the floor's."""
    return sum(abs(score - measured.scores[student]) < 1e-6 for student, score in scores.items())


@click.command()
@click.option("--quick", is_flag=True, help="Few submissions of conv_layer, one round; about a minute.")
@click.option("--check", is_flag=True, help="Exit 1 unless the figures are reached.")
@click.option("--units", help="Separated by commas; all where left out.")
@click.option("--systems", help=f"Separated by commas, of {', '.join(SYSTEMS)}.")
@click.option("--submissions", type=click.IntRange(3), help="How many of each unit.")
@click.option("--rounds", type=click.IntRange(1))
@click.option("--output", type=click.Path(path_type=Path), help="Where the JSON goes.")
def main(
    quick: bool,
    check: bool,
    units: str | None,
    systems: str | None,
    submissions: int | None,
    rounds: int | None,
    output: Path | None,
) -> None:
    """Measure floor, empty, course, nbgrader and otter on the same submissions."""
    os.environ.update(outside.environment())  # inherited by every process that measures
    plan = Plan(("conv_layer",), SYSTEMS, 6, 1, 3, 1, 1) if quick else Plan(jobs=cores())
    plan = Plan(
        tuple(units.split(",")) if units else plan.units,
        tuple(systems.split(",")) if systems else plan.systems,
        submissions or plan.submissions,
        rounds or plan.rounds,
        plan.for_nbgrader,
        plan.for_otter,
        plan.jobs,
    )
    rows = run(plan)
    if output or not quick:
        table.write(rows, output or RESULTS)
    table.show(rows)
    missed = table.misses(rows, _on_numpy(plan.units))
    for sentence in missed:
        print(sentence, file=sys.stderr)
    sys.exit(1 if check and missed else 0)


def _on_numpy(units: tuple[str, ...]) -> set[str]:
    course = load_course(outside.PROJECT)
    return {unit for unit in units if course.unit(unit).runtime == "numpy"}


if __name__ == "__main__":
    main()
