"""The notebook that formgrader shows: the submission in the frame of the release.

Locked cells are the release's, each answer cell stands exactly once, what the
student added stays as plain cells. Nothing in it can run in a reader's browser:
of the outputs only text and pixel pictures are kept. A file that cannot be read
is shown as the empty release.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..verdicts import Result
from . import cells

Cell = dict[str, Any]
Notebook = dict[str, Any]
OUTPUT_BYTES = 2_000_000  # kept of one cell's outputs
_KINDS = ("code", "markdown", "raw")
_SHOWN = ("image/png", "image/jpeg", "text/plain")


def present(release: Notebook, submitted: Notebook | None, result: Result) -> Notebook:
    """The submitted notebook with the release's locked cells and the result in its graded cells."""
    frame = {_grade_id(cell): cell for cell in release["cells"] if _grade_id(cell)}
    merged = _insert_missing(list(_healed(submitted or release, frame)), release, frame)
    for number, cell in enumerate(merged):
        cell["id"] = f"cell-{number}"
        _show_result(cell, result)
    return {
        "cells": merged,
        "metadata": {
            name: release["metadata"][name]
            for name in ("kernelspec", "course")
            if name in release["metadata"]
        },
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
        if isinstance(notebook, dict) and notebook.get("nbformat") == 3:
            import nbformat

            notebook = nbformat.convert(nbformat.reads(text, as_version=3), 4)
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
        return file.read(limit_bytes).decode("utf-8-sig")


def unanswered(cell: Cell, release_cell: Cell) -> bool:
    """True where a written answer is still the text of the release."""
    return source(cell).strip() == source(release_cell).strip()


def answers(notebook: Notebook) -> dict[str, Cell]:
    """Cells by ``grade_id``."""
    return {_grade_id(cell): cell for cell in notebook["cells"] if _grade_id(cell)}


def _healed(submitted: Mapping[str, Any], frame: Mapping[str, Cell]) -> Iterator[Cell]:
    seen: set[str] = set()
    for cell in submitted["cells"]:
        if not isinstance(cell, dict):
            continue
        name = _grade_id(cell)
        if name in frame and name not in seen:
            seen.add(name)
            yield _framed(cell, frame[name])
        else:
            yield _cell(cell.get("cell_type"), source(cell), {}, cell)


def _framed(cell: Cell, release_cell: Cell) -> Cell:
    mark = release_cell["metadata"]["nbgrader"]
    text = source(release_cell) if mark.get("locked") else source(cell)
    return _cell(
        release_cell["cell_type"], text, {"nbgrader": dict(mark)}, {} if mark.get("locked") else cell
    )


def _insert_missing(found: list[Cell], release: Notebook, frame: Mapping[str, Cell]) -> list[Cell]:
    """Put each cell of the release that the submission lacks behind its neighbour."""
    present_names = {_grade_id(cell) for cell in found}
    before: str = ""
    for release_cell in release["cells"]:
        name = _grade_id(release_cell)
        if name and name not in present_names:
            places = [i + 1 for i, cell in enumerate(found) if _grade_id(cell) == before]
            found.insert(places[0] if places else 0, _framed(release_cell, frame[name]))
        before = name or before
    return found


def _cell(kind: Any, text: str, metadata: dict[str, Any], shown: Cell) -> Cell:
    kind = kind if kind in _KINDS else "raw"
    cell: Cell = {"cell_type": kind, "source": text, "metadata": metadata}
    if kind == "code":
        cell |= {"execution_count": None, "outputs": list(_harmless(shown.get("outputs")))}
    elif pictures := _pictures(shown.get("attachments")):
        cell["attachments"] = pictures
    return cell


def _harmless(outputs: Any) -> Iterator[Cell]:
    """Text and pixel pictures; HTML, SVG, JavaScript and widgets are dropped."""
    room = OUTPUT_BYTES
    for output in outputs if isinstance(outputs, list) else []:
        if not isinstance(output, dict):
            continue
        found = output.get("data")
        data: Cell = found if isinstance(found, dict) else {}
        kept = {kind: _joined(data[kind]) for kind in _SHOWN if kind in data}
        if output.get("output_type") == "stream":
            kept = {"text/plain": _joined(output.get("text"))}
        room -= sum(map(len, kept.values()))
        if kept and room > 0:
            yield {"output_type": "display_data", "data": kept, "metadata": {}}


def _pictures(attachments: Any) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for name, bundle in attachments.items() if isinstance(attachments, dict) else ():
        kept = (
            {k: _joined(v) for k, v in bundle.items() if k in _SHOWN[:2]} if isinstance(bundle, dict) else {}
        )
        if kept:
            found[str(name)] = kept
    return found


def _show_result(cell: Cell, result: Result) -> None:
    name = _grade_id(cell)
    if name.startswith(cells.PREFIX) and cell["cell_type"] == "code":
        text = cells.summary(result, name.removeprefix(cells.PREFIX))
        # nbgrader's score ignores display_data, its pages show it
        cell["outputs"] = [{"output_type": "display_data", "data": {"text/plain": text}, "metadata": {}}]


def _grade_id(cell: Any) -> str:
    metadata = cell.get("metadata") if isinstance(cell, dict) else None
    mark = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    name = mark.get("grade_id") if isinstance(mark, dict) else None
    return name if isinstance(name, str) else ""


def source(cell: Cell) -> str:
    """A cell's text, which notebooks hold as a string or as lines."""
    return _joined(cell.get("source"))


def _joined(text: Any) -> str:
    if isinstance(text, list):
        return "".join(part for part in text if isinstance(part, str))
    return text if isinstance(text, str) else ""
