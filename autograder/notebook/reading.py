"""From a file to cells, whatever the file is.

A submitted file is hostile until it has been read: it may be a pipe, a link, a
gigabyte, half a notebook or no notebook. Every way of being wrong ends in
``Unreadable`` with a sentence for the student; nothing else is ever raised. Plain
JSON is read here, since nbformat takes a hundred times as long to import.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..base.errors import Unreadable
from ..base.python import short
from .cells import Cell

MAX_CELLS = 5_000
MAX_CODE_MIB = 2
MAX_NAME = 200  # characters of a grade_id, a version or the name of a unit
AGAIN = "Open it in Jupyter, save it and submit it again."
KINDS = ("code", "markdown", "raw")


@dataclass(frozen=True)
class RawNotebook:
    """Cells and the course's metadata, before healing."""

    cells: tuple[Cell, ...]
    course: dict[str, Any]
    notes: tuple[str, ...]  # what had to be put right to read the file
    python: str = ""  # that saved it, such as "3.13"


def read_raw(path: Path, max_mib: int) -> RawNotebook:
    """Read a notebook of nbformat 4, or of the older 2 and 3.

    Raises:
        Unreadable: the file is no notebook; the text says what it is instead.
    """
    text, notes = _decode(_content(path, max_mib))
    notebook = _parse(text)
    listed, upgraded = _listed_cells(notebook)
    if len(listed) > MAX_CELLS:
        raise Unreadable(f"The notebook has {len(listed)} cells; at most {MAX_CELLS} are read.")
    cells = tuple(_cell(raw, index, upgraded) for index, raw in enumerate(listed))
    _check_code(cells)
    if upgraded:
        notes = (*notes, "the notebook has the old format 3 (or 2); it was read as format 4")
    return RawNotebook(cells, _course(notebook), notes, _python(notebook))


def _content(path: Path, max_mib: int) -> bytes:
    """The bytes of a regular file, opened without following a link or waiting for a pipe."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise Unreadable(_why_not_opened(path, error)) from error
    with contextlib.ExitStack() as cleanup:
        cleanup.callback(os.close, handle)
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise Unreadable(_why_not_regular(found.st_mode))
        with os.fdopen(handle, "rb", closefd=False) as file:
            content = file.read(max_mib * 2**20 + 1)
    if len(content) > max_mib * 2**20:
        raise Unreadable(
            f"The file has {max(found.st_size, len(content)) / 2**20:.0f} MiB; at most {max_mib} are read. "
            "Clear the outputs (Edit, Clear Outputs of All Cells), save and submit again."
        )
    return content


def _why_not_opened(path: Path, error: Exception) -> str:
    try:
        mode = path.lstat().st_mode
    except (OSError, ValueError):
        return "There is no such file."
    if stat.S_ISLNK(mode):
        return "Expected a notebook file, found a symbolic link. Submit the file itself."
    if not stat.S_ISREG(mode):
        return _why_not_regular(mode)
    return f"The file cannot be opened ({getattr(error, 'strerror', None) or type(error).__name__})."


def _why_not_regular(mode: int) -> str:
    kind = "a folder" if stat.S_ISDIR(mode) else "a pipe or device"
    return f"Expected a notebook file, found {kind}. Submit the .ipynb file itself."


def _decode(content: bytes) -> tuple[str, tuple[str, ...]]:
    if not content.strip(b" \t\r\n\0"):
        raise Unreadable(f"The file is empty ({len(content)} bytes, no text). {AGAIN}")
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            return _decode_as(content, encoding)
    try:
        return content.decode("utf-8"), ()
    except UnicodeDecodeError as error:
        if not content.lstrip().startswith(b"{"):
            raise Unreadable(_not_text(content, error)) from error
        return content.decode("latin-1"), (_latin_note(content, error),)


def _decode_as(content: bytes, encoding: str) -> tuple[str, tuple[str, ...]]:
    try:
        return content.decode(encoding), ()
    except UnicodeDecodeError as error:
        raise Unreadable(_not_text(content, error)) from error


def _not_text(content: bytes, error: UnicodeDecodeError) -> str:
    what = "a ZIP archive" if content.startswith(b"PK") else "a PDF" if content.startswith(b"%PDF") else ""
    what = what or f"byte 0x{content[error.start]:02x} at position {error.start}"
    return f"Expected a notebook (UTF-8 text), found {what}. {AGAIN}"


def _latin_note(content: bytes, error: UnicodeDecodeError) -> str:
    return (
        f"the file is not UTF-8 (byte 0x{content[error.start]:02x} at position {error.start}); "
        "it was read as Latin-1, so letters beyond ASCII may be wrong"
    )


def _parse(text: str) -> dict[str, Any]:
    try:
        notebook = json.loads(text)
    except json.JSONDecodeError as error:
        raise Unreadable(_why_no_json(text, error)) from error
    except RecursionError as error:
        raise Unreadable(f"The file is nested too deeply to be a notebook. {AGAIN}") from error
    except (ValueError, MemoryError) as error:
        raise Unreadable(f"The file holds a number that no notebook has. {AGAIN}") from error
    if not isinstance(notebook, dict):
        raise Unreadable(f"Expected a notebook, found JSON of another kind ({_json_kind(notebook)}). {AGAIN}")
    return notebook


def _why_no_json(text: str, error: json.JSONDecodeError) -> str:
    start = text.lstrip()[:1]
    if start != "{":
        return (
            f"Expected a notebook (JSON text), found a file that starts with {text.lstrip()[:20]!r}. {AGAIN}"
        )
    if error.pos >= len(text.rstrip()) - 1 or error.msg.startswith("Unterminated string"):
        return f"The file is cut off: it ends inside the notebook, at line {error.lineno}. {AGAIN}"
    where = f"line {error.lineno}, column {error.colno}"
    return f"The file is no valid notebook: {error.msg} at {where}. {AGAIN}"


def _json_kind(value: Any) -> str:
    kinds = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number")


def _listed_cells(notebook: dict[str, Any]) -> tuple[list[Any], bool]:
    """The list of cells, and whether it came from the worksheets of format 2 or 3."""
    if isinstance(notebook.get("cells"), list):
        return notebook["cells"], False
    sheets = notebook.get("worksheets")
    if isinstance(sheets, list):
        return list(_worksheet_cells(sheets)), True
    raise Unreadable(f"The file is JSON but no notebook: it has no list of cells. {AGAIN}")


def _worksheet_cells(sheets: list[Any]) -> Iterator[Any]:
    for sheet in sheets:
        if isinstance(sheet, dict) and isinstance(sheet.get("cells"), list):
            yield from sheet["cells"]


def _cell(raw: Any, index: int, upgraded: bool) -> Cell:
    if not isinstance(raw, dict):
        raise Unreadable(f"Cell {index + 1} is no cell but {_json_kind(raw)}. {AGAIN}")
    kind = raw.get("cell_type")
    kind = kind if kind in KINDS else "markdown"  # "heading" of format 3, or unknown
    source = raw.get("input", raw.get("source", "")) if upgraded else raw.get("source", "")
    metadata = _dict(_dict(raw.get("metadata")).get("nbgrader"))
    name = metadata.get("grade_id")
    grade_id = name if isinstance(name, str) and 0 < len(name) <= MAX_NAME else None
    locked = metadata.get("locked") is True
    return Cell(kind, _text(source, index), grade_id, None, locked, index)


def _text(source: Any, index: int) -> str:
    """A cell's source as one text with plain newlines that UTF-8 can carry."""
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        raise Unreadable(f"Cell {index + 1} has a source that is no text ({_json_kind(source)}). {AGAIN}")
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    return source.encode("utf-8", "replace").decode("utf-8")  # lone surrogates become question marks


def _check_code(cells: tuple[Cell, ...]) -> None:
    code = [cell for cell in cells if cell.kind == "code"]
    if not any(cell.source.strip() for cell in code):
        raise Unreadable(f"The notebook has {len(cells)} cells and no code in them. Is it the right file?")
    size = sum(len(cell.source) for cell in cells if cell.kind == "code" or cell.grade_id)
    if size > MAX_CODE_MIB * 2**20:
        raise Unreadable(f"The cells hold {size / 2**20:.0f} MiB of code; at most {MAX_CODE_MIB} are read.")


def _course(notebook: dict[str, Any]) -> dict[str, Any]:
    return _dict(_dict(notebook.get("metadata")).get("course"))


def _python(notebook: dict[str, Any]) -> str:
    return short(_dict(_dict(notebook.get("metadata")).get("language_info")).get("version"))


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
