"""Each master notebook, run once in a process from top to bottom with the reference."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache
from typing import Any

import jupytext
import matplotlib
import numpy as np

from autograder.course import Unit, load_course
from tests.support import ROOT


@dataclass(frozen=True)
class Ran:
    """What a notebook defined, and the processor's time that it took."""

    names: dict[str, Any]
    seconds: float


def cells_of(unit: Unit) -> list[Any]:
    """The cells of its master notebook."""
    cells: list[Any] = jupytext.reads(unit.master.read_text(encoding="utf-8"), fmt="py:percent").cells
    return cells


@cache
def ran(unit: str) -> Ran:
    """The notebook has run; pictures are drawn and thrown away."""
    before = matplotlib.get_backend()
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    names: dict[str, Any] = {}
    begun = time.process_time()
    try:
        with plt.rc_context(), np.printoptions():
            for cell in cells_of(load_course(ROOT).unit(unit)):
                if cell.cell_type == "code":
                    exec(cell.source, names)
                    plt.close("all")
    finally:
        matplotlib.use(before)
    return Ran(names, time.process_time() - begun)
