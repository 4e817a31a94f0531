"""The soak: thousands of submissions, and everything around them killed, full, late or gone.

``python -m benchmarks.soak`` runs the scenarios of ``tests/soak`` large and writes ``benchmarks/soak.json``
after each: date, machine, scale and figures. ``wrong`` says what did not hold; exit code 1 where something
did not. ``--submissions``, ``--beside``, ``--kills`` and ``--times`` make it smaller, and the file says so.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from tests import postgres
from tests.soak import scenarios
from tests.soak.notebooks import Notebooks
from tests.soak.scenarios import Scale

PATH = Path(__file__).with_name("soak.json")
Figures = dict[str, Any]
Scenario = Callable[[Notebooks, Path, Scale], Figures]


def full_disk(notebooks: Notebooks, folder: Path, scale: Scale) -> Figures:
    """On a small file system of its own."""
    with scenarios.small_disk(folder / "small") as small:
        if small is None:
            return {"left_out": "mounting is not allowed here"}
        return scenarios.full_disk(notebooks, small, scale)


def clock_jumps(notebooks: Notebooks, folder: Path, scale: Scale) -> Figures:
    """With Debian's libfaketime."""
    library = scenarios.faketime()
    if library is None:
        return {"left_out": "libfaketime is not installed"}
    return scenarios.clock_jumps(notebooks, folder, scale, library)


def database_gone(notebooks: Notebooks, folder: Path, scale: Scale) -> Figures:
    """With a PostgreSQL of its own."""
    with postgres.running() as server:
        return scenarios.database_gone(notebooks, folder, scale, server)


SCENARIOS: dict[str, Scenario] = {
    "exchange": scenarios.exchange,
    "exchange_killed": scenarios.exchange_killed,
    "batch": scenarios.batch,
    "batch_killed": scenarios.batch_killed,
    "full_disk": full_disk,
    "clock_jumps": clock_jumps,
    "database_gone": database_gone,
}


def machine() -> Figures:
    """Where it ran, and how busy that was at the start."""
    return {
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "load_at_start": round(os.getloadavg()[0], 1),
    }


def main() -> None:
    """Run the scenarios that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenarios", nargs="*", help=f"of {', '.join(SCENARIOS)}; all where left out")
    for name in ("submissions", "beside", "kills", "times", "seed"):
        parser.add_argument(f"--{name}", type=int, default=getattr(Scale(), name))
    parser.add_argument("--output", type=Path, default=PATH)
    asked = parser.parse_args()
    names = {field.name for field in fields(Scale)} & vars(asked).keys()
    scale = replace(Scale(), **{name: getattr(asked, name) for name in names})
    sys.exit(1 if run(asked.scenarios or list(SCENARIOS), scale, asked.output) else 0)


def run(names: list[str], scale: Scale, output: Path) -> bool:
    """Run and write; True where something did not hold."""
    figures: dict[str, Figures] = {}
    told = {
        "date": datetime.now(UTC).isoformat(timespec="minutes"),
        "machine": machine(),
        "scale": asdict(scale),
        "scenarios": figures,
    }
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder, "notebooks")
        made.mkdir()
        notebooks = Notebooks(made)
        for name in names:
            place = Path(folder, name)
            place.mkdir()
            print(f"{datetime.now(UTC):%H:%M:%S} {name}", file=sys.stderr)
            try:
                figures[name] = SCENARIOS[name](notebooks, place, scale)
            except Exception as fault:  # written down, and the others run
                figures[name] = {"wrong": [f"{type(fault).__name__}: {fault}"]}
            output.write_text(json.dumps(told, indent=1) + "\n")
            print(f"{name}: {figures[name].get('wrong') or 'all of it holds'}", file=sys.stderr)
    return any(each.get("wrong") for each in figures.values())


if __name__ == "__main__":
    main()
