"""``course doctor``: what this machine can do."""

from __future__ import annotations

import dataclasses
import sys
from typing import TYPE_CHECKING

import click

from ..base.errors import CourseError
from ..course import load_course
from ..hub import install_proxy
from ..hub.process.left_open import left_open_by_last_start
from ..sandbox.doctor.certificates import MachineReport, examine
from .printing import print_json

if TYPE_CHECKING:
    from ..hub.doctor import HubReport, InfraReport

PROXY = "configurable-http-proxy"


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
@click.option("--trials", is_flag=True, help="Show every escape attempt.")
@click.option(
    "--hub", "of_hub", is_flag=True, help="Try this course's hub instead: what is open, and to whom."
)
@click.option(
    "--infra", "of_infra", is_flag=True, help="Look at what the servers of this course's hub need instead."
)
def command(as_json: bool, trials: bool, of_hub: bool, of_infra: bool) -> None:
    """Say what this machine can do, which isolation can be trusted on it, and what is missing.

    Exits with 0 where submissions can be graded in the default tier (with --hub: where nothing is open; with
    --infra: where nothing is missing), else with 1.
    """
    if of_hub or of_infra:
        (_hub if of_hub else _infra)(as_json)
        return
    diagnosis = with_proxy(examine())
    if as_json:
        print_json(diagnosis.to_dict())
    else:
        click.echo("\n".join([*_lines(diagnosis, trials), *_left_open()]))
    sys.exit(0 if diagnosis.ok else 1)


def with_proxy(diagnosis: MachineReport) -> MachineReport:
    """The same, with the hub's proxy as ``course hub`` finds it: at the version that was tested."""
    found = install_proxy.program()
    advice = [line for line in diagnosis.advice if not line.startswith(f"{PROXY} ")]
    if found is None:
        advice.append(f"{PROXY} is not installed (for course hub): run {install_proxy.COMMAND}.")
    programs = {**diagnosis.programs, PROXY: str(found) if found else None}
    return dataclasses.replace(diagnosis, programs=programs, advice=tuple(advice))


def _hub(as_json: bool) -> None:
    from ..hub.doctor import examine_hub

    report = examine_hub(load_course())
    _tell(report, f"The hub at {report.address}", as_json)


def _infra(as_json: bool) -> None:
    from ..hub.doctor import examine_infra

    report = examine_infra(load_course())
    _tell(report, f"What servers need, with the spawner {report.spawner}", as_json)


def _tell(report: HubReport | InfraReport, title: str, as_json: bool) -> None:
    if as_json:
        print_json(report.to_dict())
    else:
        click.echo(title)
        click.echo("\n".join(f"  {each.state:10} {each.what}: {each.says}" for each in report.findings))
    sys.exit(0 if report.ok else 1)


def _lines(diagnosis: MachineReport, trials: bool) -> list[str]:
    lines = ["Isolation (every escape is tried without it first)"]
    for each in diagnosis.certificates:
        lines.append(f"  {each.tier:8} {'certified' if each.certified else 'NO':10} {each.reason}")
        if trials:
            lines += [f"    {trial.state:15} {trial.says}: {trial.answer}" for trial in each.trials]
    lines += ["Versions", *_table(diagnosis.versions)]
    cores, memory = diagnosis.resources["cores"], diagnosis.resources["memory_gib"]
    lines += ["Machine", f"  {cores:g} cores, {memory:g} GiB"]
    lines += [f"  GPU: {gpu}" for gpu in diagnosis.gpus] or ["  no GPU"]
    lines += ["Programs", *_table(diagnosis.programs)]
    lines.append("Memory of a zygote in MiB")
    for runtime, memory_mib in diagnosis.zygotes.items():
        told = ", ".join(f"{kind} {mib:g}" for kind, mib in memory_mib.items())
        lines.append(f"  {runtime:24} {told or 'could not be started'}")
    return lines + [f"- {advice}" for advice in diagnosis.advice]


def _left_open() -> list[str]:
    """What the hub of this course leaves open as it was started last; nothing outside a course."""
    try:
        found = left_open_by_last_start(load_course())
    except CourseError:
        return []
    return (
        ["Left open by the hub, as it was started last", *(f"- {sentence}" for sentence in found)]
        if found
        else []
    )


def _table(values: object) -> list[str]:
    assert hasattr(values, "items")
    return [f"  {name:24} {value or 'not installed'}" for name, value in values.items()]
