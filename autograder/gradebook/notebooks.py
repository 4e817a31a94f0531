"""The notebook that formgrader shows: the submission in the frame of the release.

Locked cells are the release's, each answer cell stands exactly once, what the
student added stays as plain cells. Nothing in it can run in a reader's browser:
of the outputs only text and pixel pictures are kept. A file that cannot be read
is shown as the empty release. Whatever a file holds, the work is bounded: by the limits
of grading, and by what a person looks at; what is left out is said.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..base.text import legible
from ..notebook.reading import MAX_CELLS
from ..results.result import Check, Result
from . import cells
from .old_format import upgraded

Cell = dict[str, Any]
Notebook = dict[str, Any]
OUTPUT_BYTES = 2_000_000  # kept of one cell's outputs
OUTPUT_TEXT = 20_000  # characters of one output
OUTPUTS = 100  # of one cell
OWN_CELLS = 500  # that a student added
_KINDS = ("code", "markdown", "raw")
_PASTED = ("image/png", "image/jpeg", "image/gif")
_SHOWN = ("image/png", "image/jpeg", "text/plain")


@dataclass(frozen=True)
class Frame:
    """The release of a unit, prepared once for all submissions."""

    release: Notebook
    cells: Mapping[str, Cell]  # by grade_id, in the order of the release
    locked: Mapping[str, Cell]  # those that every student is shown alike, as they are shown
    metadata: Mapping[str, Any]

    @classmethod
    def of(cls, release: Notebook) -> Frame:
        """The frame of a release."""
        named = answers(release)
        metadata = release["metadata"]
        return cls(
            release=release,
            cells=named,
            locked={
                name: _framed(cell, {})
                for name, cell in named.items()
                if cell["metadata"]["nbgrader"].get("locked")
            },
            metadata={name: metadata[name] for name in ("kernelspec", "course") if name in metadata},
        )

    def cell(self, name: str, submitted: Cell) -> Cell:
        """The cell of that name with what the student may write in it."""
        locked = self.locked.get(name)
        return _framed(self.cells[name], submitted) if locked is None else dict(locked)


def present(frame: Frame, submitted: Notebook | None, result: Result) -> Notebook:
    """The submitted notebook with the release's locked cells and the result in its graded cells."""
    merged = _insert_missing(list(_healed(submitted or frame.release, frame)), frame)
    tasks = cells.by_task(result)
    for number, (name, cell) in enumerate(merged):
        cell["id"] = f"cell-{number}"
        if name.startswith(cells.PREFIX) and cell["cell_type"] == "code":
            _show_result(cell, tasks.get(name.removeprefix(cells.PREFIX)), result)
    return {
        "cells": [cell for _, cell in merged],
        "metadata": dict(frame.metadata),
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def read_submitted(path: Path, limit_bytes: int) -> Notebook | None:
    """The notebook in a submitted file, or None where the file holds none.

    Links are not followed and no more than ``limit_bytes`` are read.
    """
    try:
        text = _read_regular(path, limit_bytes)
        notebook = json.loads(text)
        if isinstance(notebook, dict):
            notebook = upgraded(notebook)
    except Exception:  # any damage means the same: the empty release is shown, the result says why
        return None
    found = isinstance(notebook, dict) and isinstance(notebook.get("cells"), list)
    return notebook if found else None


def _read_regular(path: Path, limit_bytes: int) -> str:
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with open(handle, "rb") as file:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or status.st_size > limit_bytes:
            raise ValueError("no regular file of a bounded size")
        return file.read(status.st_size).decode("utf-8-sig")  # asked for 20 MiB, it would make room for them


def unanswered(cell: Cell, release_cell: Cell) -> bool:
    """True where a written answer is empty, or still the text of the release."""
    return source(cell).strip() in ("", source(release_cell).strip())


def answers(notebook: Notebook) -> dict[str, Cell]:
    """Cells by ``grade_id``."""
    return {_grade_id(cell): cell for cell in notebook["cells"] if _grade_id(cell)}


def _healed(submitted: Mapping[str, Any], frame: Frame) -> Iterator[tuple[str, Cell]]:
    """Each cell with its name; what the student added, and a name's second cell, have none."""
    seen: set[str] = set()
    own = 0
    for cell in submitted["cells"][:MAX_CELLS]:  # of more, none is graded
        if not isinstance(cell, dict):
            continue
        name = _grade_id(cell)
        if name in frame.cells and name not in seen:
            seen.add(name)
            yield name, frame.cell(name, cell)
            continue
        own += 1
        if own <= OWN_CELLS:
            yield "", _cell(cell.get("cell_type"), source(cell), {}, cell)
    left = own - OWN_CELLS + max(len(submitted["cells"]) - MAX_CELLS, 0)
    if left > 0:
        yield "", _cell("markdown", f"*{left:,} more cells are in the file, and are not shown here.*", {}, {})


def _framed(release_cell: Cell, cell: Cell) -> Cell:
    """The release's cell; where it is not locked, with the text and the outputs of ``cell``."""
    mark = release_cell["metadata"]["nbgrader"]
    shown = {"source": source(release_cell)} if mark.get("locked") else cell
    return _cell(release_cell["cell_type"], source(shown), {"nbgrader": dict(mark)}, shown)


def _insert_missing(found: list[tuple[str, Cell]], frame: Frame) -> list[tuple[str, Cell]]:
    """Put each cell of the release that the submission lacks behind its neighbour."""
    present_names = {name for name, _ in found}
    before = ""
    for name, release_cell in frame.cells.items():
        if name not in present_names:
            places = [i + 1 for i, (other, _) in enumerate(found) if other == before]
            found.insert(places[0] if places else 0, (name, frame.cell(name, release_cell)))
        before = name
    return found


def _cell(kind: Any, text: str, metadata: dict[str, Any], shown: Cell) -> Cell:
    kind = kind if kind in _KINDS else "raw"
    cell: Cell = {"cell_type": kind, "source": legible(text), "metadata": metadata}
    if kind == "code":
        cell |= {"execution_count": None, "outputs": list(_harmless(shown.get("outputs")))}
    elif pictures := _pictures(shown.get("attachments")):
        cell["attachments"] = pictures
    return cell


def _harmless(outputs: Any) -> Iterator[Cell]:
    """Text and pixel pictures; HTML, SVG, JavaScript and widgets are dropped."""
    room, left = OUTPUT_BYTES, 0
    for number, output in enumerate(outputs if isinstance(outputs, list) else []):
        if number >= OUTPUTS or room <= 0:
            left += 1
        elif kept := _kept(output):
            room -= sum(map(len, kept.values()))
            if room > 0:
                yield _output(kept)
            else:
                left += 1
    if left:
        yield _output({"text/plain": f"(more outputs, not shown here: {left:,})"})


def _kept(output: Any) -> dict[str, str]:
    """Of one output, by kind."""
    if not isinstance(output, dict):
        return {}
    data = output.get("data")
    kept = {kind: _joined(data[kind]) for kind in _SHOWN if kind in data} if isinstance(data, dict) else {}
    if output.get("output_type") == "stream":
        kept = {"text/plain": _joined(output.get("text"))}
    if "text/plain" in kept:
        kept["text/plain"] = _cut(legible(kept["text/plain"]))
    return kept


def _cut(text: str) -> str:
    left = len(text) - OUTPUT_TEXT
    return f"{text[:OUTPUT_TEXT]} … ({left:,} more characters)" if left > 0 else text


def _output(data: dict[str, str]) -> Cell:
    return {"output_type": "display_data", "data": data, "metadata": {}}


def _pictures(attachments: Any) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for name, bundle in attachments.items() if isinstance(attachments, dict) else ():
        kept = {k: _joined(bundle[k]) for k in _PASTED if k in bundle} if isinstance(bundle, dict) else {}
        if kept:
            found[legible(name)] = kept
    return found


def _show_result(cell: Cell, checks: list[Check] | None, result: Result) -> None:
    text = cells.summary(checks) if checks else cells.reasons(result)
    # nbgrader's score ignores display_data, its pages show it
    cell["outputs"] = [_output({"text/plain": text})]


def _grade_id(cell: Any) -> str:
    metadata = cell.get("metadata") if isinstance(cell, dict) else None
    mark = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    name = mark.get("grade_id") if isinstance(mark, dict) else None
    return name if isinstance(name, str) else ""


def source(cell: Cell) -> str:
    """A cell's text, which notebooks hold as a string or as lines."""
    return _joined(cell.get("source"))


def _joined(text: Any) -> str:
    if isinstance(text, str):
        return text
    if not isinstance(text, list):
        return ""
    try:
        return "".join(text)
    except TypeError:  # a student may have put anything between the lines
        return "".join(part for part in text if isinstance(part, str))
