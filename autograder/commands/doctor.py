"""``course doctor``: what this machine can do."""

from __future__ import annotations

import sys

import click

from ..sandbox.doctor.certificates import MachineReport, examine
from .printing import print_json


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
@click.option("--trials", is_flag=True, help="Show every escape attempt.")
def command(as_json: bool, trials: bool) -> None:
    """Say what this machine can do, which isolation can be trusted on it, and what is missing.

    Exits with 0 where submissions can be graded in the default tier, else with 1.
    """
    diagnosis = examine()
    if as_json:
        print_json(diagnosis.to_dict())
    else:
        click.echo("\n".join(_lines(diagnosis, trials)))
    sys.exit(0 if diagnosis.ok else 1)


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


def _table(values: object) -> list[str]:
    assert hasattr(values, "items")
    return [f"  {name:24} {value or 'not installed'}" for name, value in values.items()]
