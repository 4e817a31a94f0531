"""Notebooks of the formats 2 and 3, as format 4 has them.

nbformat does that, too, and takes 0.15 ms for each output: half a minute for a file that a student made for
the purpose. What is shown needs less: texts and pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_KINDS = {"png": "image/png", "jpeg": "image/jpeg", "text": "text/plain"}


def upgraded(notebook: dict[str, Any]) -> dict[str, Any]:
    """The notebook with its cells in one list; as it is, where it has a newer format.

    Args:
        notebook: JSON of any shape.
    """
    sheets = notebook.get("worksheets")
    if isinstance(notebook.get("cells"), list) or not isinstance(sheets, list):
        return notebook
    cells = (cell for sheet in sheets if isinstance(sheet, dict) for cell in _list(sheet.get("cells")))
    return {"cells": [_cell(cell) for cell in cells if isinstance(cell, dict)]}


def _cell(cell: dict[str, Any]) -> dict[str, Any]:
    kind, found = cell.get("cell_type"), {"metadata": cell.get("metadata")}
    if kind == "code":
        return found | {
            "cell_type": "code",
            "source": cell.get("input"),
            "outputs": list(_outputs(cell.get("outputs"))),
        }
    text = cell.get("source")
    if kind == "heading":
        level = cell.get("level")
        marks = "#" * (level if isinstance(level, int) and 0 < level < 7 else 1)
        words = "".join(part for part in text if isinstance(part, str)) if isinstance(text, list) else text
        return found | {"cell_type": "markdown", "source": f"{marks} {words}"}
    return found | {"cell_type": kind, "source": text}


def _outputs(outputs: Any) -> Iterator[dict[str, Any]]:
    for output in _list(outputs):
        if isinstance(output, dict):
            data = {new: output[old] for old, new in _KINDS.items() if old in output}
            yield {"output_type": "display_data", "data": data}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
