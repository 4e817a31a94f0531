"""Reads the tables that platforms and spreadsheets write: any usual encoding, any usual delimiter."""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ..base.errors import UsageError
from .headers import FIRST, FULL, LAST, OTHER, expected_headers, field_of, folded

_DELIMITERS = (",", ";", "\t", "|")
_MARKS = (  # longest first: UTF-32 begins as UTF-16 does
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx, .ods; .xls
_NOT_IDENTIFYING = {OTHER, FIRST, LAST}


@dataclass(frozen=True)
class PlatformTable:
    """A table with one row for each person, as a platform exported it."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...] = ()  # each as long as ``columns``
    delimiter: str = ","
    encoding: str = "utf-8"  # to write a table for the same program
    id_column: int | None = None  # the one that identifies, where somebody named it
    guessed: str = ""  # the encoding, where nothing in the file says it

    @cached_property
    def fields(self) -> tuple[str | None, ...]:
        """What each column holds of a person; None where it holds something else."""
        return tuple(field_of(name) for name in self.columns)

    def indexes(self, field: str) -> list[int]:
        """The columns that hold this of a person."""
        return [index for index, each in enumerate(self.fields) if each == field]

    @property
    def identifying(self) -> list[int]:
        """The columns that stay as they are: whatever belongs to the person."""
        return [
            index for index, field in enumerate(self.fields) if field is not None or index == self.id_column
        ]


def read_table(path: Path, id_column: str | None = None) -> PlatformTable:
    """A CSV file with a column that identifies people.

    Args:
        path: of the file.
        id_column: the column that does, where its name is not known here.

    Raises:
        UsageError: it cannot be read, or has no such column.
    """
    text, encoding = read_text(path)
    columns, rows, delimiter = _rows_of(text, path)
    found = _index_of(columns, id_column, path) if id_column is not None else None
    guessed = encoding if encoding == "cp1252" else ""
    written = "utf-8" if encoding == "utf-8" else "utf-8-sig"
    table = PlatformTable(columns, rows, delimiter, written, found, guessed)
    fields = set(table.fields)
    if found is None and not (fields - {None} - _NOT_IDENTIFYING or {FIRST, LAST} <= fields):
        raise UsageError(
            f"{path} has the columns {', '.join(columns) or 'none'}; expected one of {expected_headers()}, "
            "or --id-column NAME"
        )
    return table


def read_text(path: Path) -> tuple[str, str]:
    """The text of a file, and the encoding that it has.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    if content.startswith(_WORKBOOKS):
        raise UsageError(f"{path} is a workbook, not a table as text: save it as CSV UTF-8")
    encoding = _encoding_of(content)
    try:
        return content.decode(encoding), encoding
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{path} cannot be read as {encoding} (byte {error.start}): save it as CSV UTF-8"
        ) from error


def _encoding_of(content: bytes) -> str:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return encoding
    start = content[:1000]
    if b"\0" in start:  # UTF-16 without its mark: each second byte of a Latin letter is 0
        return "utf-16-le" if start[1::2].count(0) > start[::2].count(0) else "utf-16-be"
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _rows_of(text: str, path: Path) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...], str]:
    text = text.removeprefix("\ufeff").lstrip("\r\n")
    named = None
    if text[:4].lower() == "sep=":  # Excel's own way to name the delimiter
        line, _, text = text.partition("\n")
        named = line[4:].strip("\r\n")[:1] or None
    try:
        delimiter = named or max(_DELIMITERS, key=lambda each: len(_first(text, each)))
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if any(row)]
    except csv.Error as error:
        raise UsageError(f"{path} cannot be read as a table: {error}") from error
    columns = tuple(rows[0]) if rows else ()
    return columns, tuple(_of_length(row, len(columns)) for row in rows[1:]), delimiter


def _first(text: str, delimiter: str) -> list[str]:
    return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])


def _of_length(row: list[str], length: int) -> tuple[str, ...]:
    return (*row[:length], *[""] * (length - len(row)))


def _index_of(columns: tuple[str, ...], name: str, path: Path) -> int:
    found = [index for index, each in enumerate(columns) if each == name]
    found = found or [index for index, each in enumerate(columns) if folded(each) == folded(name)]
    if len(found) != 1:
        said = "has no column" if not found else f"has {len(found)} columns"
        raise UsageError(f"{path} {said} {name!r}; its columns are {', '.join(columns) or 'none'}")
    return found[0]


def full_names(table: PlatformTable, row: tuple[str, ...]) -> list[str]:
    """A person's name in each way of writing, the usual one first: "One, Student" is Student One."""
    whole = [row[index].strip() for index in table.indexes(FULL)]
    turned = [" ".join(reversed([part.strip() for part in name.split(",")])) for name in whole]
    pairs = [
        (row[first].strip(), row[last].strip())
        for first, last in zip(table.indexes(FIRST), table.indexes(LAST), strict=False)
    ]
    names = [
        *(name for name, plain in zip(turned, whole, strict=True) if plain.count(",") == 1),
        *whole,
        *(f"{first} {last}" for first, last in pairs),
        *(f"{last} {first}" for first, last in pairs),  # as some languages say it
    ]
    return [name for name in names if name.strip()]
