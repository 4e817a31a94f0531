"""A copy of an SQLite database while others write to it: one state of it, in one file."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from .errors import ConfigError
from .files import PRIVATE
from .leftovers import unfinished

OPENING = b"SQLite format 3\0"  # what every file of SQLite begins with, by its documentation
COMPANIONS = ("-wal", "-shm", "-journal")  # beside another copy of the database they destroy it


def is_sqlite(path: Path) -> bool:
    """Whether a file is a database of SQLite, whatever its name; an empty one is not."""
    with path.open("rb") as file:
        return file.read(len(OPENING)) == OPENING


def copy_sqlite(source: Path, target: Path) -> None:
    """A whole copy under its name (mode 0600), or none; it needs no companion of the original.

    Raises:
        ConfigError: the original is damaged.
    """
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = unfinished(target)
    os.close(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE))
    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as there,
            closing(sqlite3.connect(fresh)) as copy,
        ):
            there.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
            said = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
        if said != "ok":
            raise ConfigError(f"{source} is damaged ({said}). Restore it from an earlier backup.")
        os.replace(fresh, target)
    except sqlite3.DatabaseError as error:
        raise ConfigError(
            f"{source} cannot be copied: {error}. Where it is damaged, restore it from an earlier backup."
        ) from error
    finally:
        fresh.unlink(missing_ok=True)
