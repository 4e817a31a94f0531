"""The frozen sample: notebooks of one unit and the verdicts that they got, as JSON in gzip.

    unit         its name
    cells        every cell that occurs in the notebooks, once
    submissions  by name: the student, the notebook (its cells are places in ``cells``), and what it got

It holds all that a submission is made of, so that it stays the same when a reference, its
mistakes or a release change. The notebook of ``stub`` is the release that all were made from.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.results.result import Check, Result

FOLDER = Path(__file__).parent
SECRET = "the secret of the frozen sample, which is none" + "\n"  # seeds depend on it
UNITS = ("conv_layer", "optimizers", "autoencoder")
Notebook = dict[str, Any]


@dataclass(frozen=True)
class Frozen:
    """One submission and what it got."""

    student: str
    notebook: Notebook
    score: float
    bonus: float
    checks: dict[str, dict[str, Any]]  # by id: verdict, earned; where they say something: mistake, reason


def frozen(notebook: Notebook, result: Result) -> Frozen:
    """What is kept of a graded notebook."""
    if result.score is None:
        raise ValueError(f"{result.student} has no score, so there is nothing to freeze: {result.flags}")
    kept = {check.id: _told(check) for check in result.checks}
    return Frozen(result.student, notebook, result.score, result.bonus, kept)


def _told(check: Check) -> dict[str, Any]:
    told = {"mistake": check.mistake, "reason": check.reason}
    marked = {"verdict": str(check.verdict), "earned": check.earned}
    return marked | {name: said for name, said in told.items() if said}


def write_sample(unit: str, sample: dict[str, Frozen], folder: Path = FOLDER) -> Path:
    """Write the sample of a unit: a line for each cell and each submission. The same gives the same bytes."""
    cells: dict[str, int] = {}
    lines = {name: _line(each, cells) for name, each in sample.items()}
    text = (
        f'{{"unit": {json.dumps(unit)},\n"cells": [\n'
        + ",\n".join(cells)
        + '\n],\n"submissions": {\n'
        + ",\n".join(f"{json.dumps(name)}: {line}" for name, line in lines.items())
        + "\n}}\n"
    )
    path = folder / f"{unit}.json.gz"
    path.write_bytes(gzip.compress(text.encode(), mtime=0))
    return path


def _line(each: Frozen, cells: dict[str, int]) -> str:
    """One submission as JSON; cells that are new get their place in ``cells``."""
    texts = [json.dumps(cell, ensure_ascii=False) for cell in each.notebook["cells"]]
    places = [cells.setdefault(text, len(cells)) for text in texts]
    return json.dumps({**vars(each), "notebook": {**each.notebook, "cells": places}}, ensure_ascii=False)


def read_sample(unit: str, folder: Path = FOLDER) -> dict[str, Frozen]:
    """The sample of a unit, by the names of its submissions."""
    stored = json.loads(gzip.decompress((folder / f"{unit}.json.gz").read_bytes()))
    for each in stored["submissions"].values():
        each["notebook"]["cells"] = [stored["cells"][place] for place in each["notebook"]["cells"]]
    return {name: Frozen(**each) for name, each in stored["submissions"].items()}


def furnish(data: Path, unit: str, release: Notebook) -> None:
    """Make a course's data folder the one that the sample was graded in: its secret, and the release."""
    secret = data / "secret"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    archived = data / "releases" / unit / release["metadata"]["course"]["version"]
    archived.mkdir(parents=True)
    (archived / f"{unit}.ipynb").write_text(json.dumps(release), encoding="utf-8")
