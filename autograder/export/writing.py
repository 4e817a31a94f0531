"""Writes a table that no spreadsheet runs.

Names come from students, who choose their folders' names, and from platforms. A cell that begins as a
formula is preceded by an apostrophe, also after blanks and quotes, and so is what would begin a cell for a
spreadsheet that separates by another character. Control characters, which no platform takes, become question
marks of their kind. Numbers are ours and stay numbers.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

Value = str | float | None

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_DROPPED = '\\s"\ufeff\u200b\u200c\u200d\u2060\u00ad'  # what a spreadsheet may drop at a cell's begin
_FORMULA = "=+\\-@＝＋－＠"
_SEPARATORS = ",;\t|"  # of cells somewhere
_LINES = "\r\n\u2028\u2029"


def csv_text(header: Sequence[str], rows: Iterable[Sequence[Value]], delimiter: str = ",") -> str:
    """The table as CSV text with Windows' line ends."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow([harmless(cell, delimiter) for cell in header])
    writer.writerows([_written(cell, delimiter) for cell in row] for row in rows)
    return buffer.getvalue()


def harmless(cell: str, delimiter: str = ",") -> str:
    """A text that no spreadsheet takes for a formula.

    >>> harmless(" =HYPERLINK(1)")
    "' =HYPERLINK(1)"
    """
    cell = _CONTROL.sub("\ufffd", cell)
    ends = re.escape("".join(mark for mark in _SEPARATORS if mark != delimiter)) + _LINES
    begins = re.match(rf"[\t\r\n]|[{_DROPPED}]*[{_FORMULA}]", cell)
    safe = re.sub(rf"([{ends}])((?:(?![{ends}])[{_DROPPED}])*[{_FORMULA}])", r"\1'\2", cell)
    return f"'{safe}" if begins else safe


def number(mark: float | None) -> str:
    """A mark with at most four digits behind the point; empty where there is none."""
    return "" if mark is None else f"{mark:.4f}".rstrip("0").rstrip(".")


def _written(cell: Value, delimiter: str) -> str:
    return harmless(cell, delimiter) if isinstance(cell, str) else number(cell)
