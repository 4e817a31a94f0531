"""The databases of a course: files in the data folder, or elsewhere by URL."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine, inspect, select
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from ..base.databases import bounded, explained
from ..base.errors import ConfigError, UsageError
from ..base.files import PRIVATE
from ..base.sqlite_copy import copy_sqlite
from ..course import Course
from ..exchange.store.tables import FEEDBACK
from ..hub.process.left_open import last_options
from ..marks.attempts import load_files
from ..marks.database import WHERE, database_url
from ..marks.tables import ATTEMPTS, RELEASES
from .manifest import private_folders

DUMP_SECONDS = 3600.0
FACTS = "facts"
NO_PG_DUMP = (
    "the {name} database is PostgreSQL, and pg_dump is not on PATH, so the backup would lack it. Install "
    "PostgreSQL's client programs (Debian: postgresql-client), of the server's version or a later one."
)


@dataclass(frozen=True)
class Elsewhere:
    """A database outside of the data folder."""

    name: str  # of the copy: "facts", "gradebook" or "hub"
    url: str

    @property
    def file(self) -> Path | None:
        """Where SQLite has it; None on a server."""
        parsed = make_url(self.url)
        return Path(parsed.database or "") if parsed.get_backend_name() == "sqlite" else None

    @property
    def copy(self) -> str:
        """The copy's file name."""
        return f"{self.name}.db" if self.file else f"{self.name}.dump"

    @property
    def put_back(self) -> str:
        """The command that restores it, with the backup's folder in front of the name."""
        if self.file:
            return f"cp {{backup}}/{self.copy} {self.file}"
        server = make_url(self.url)
        return f"pg_restore --clean --if-exists --no-owner -d {server.database} {{backup}}/{self.copy}"


def elsewhere(course: Course) -> Iterator[Elsewhere]:
    """Databases that the files of the data folder do not hold; the facts first."""
    options = last_options(course)
    urls = {
        FACTS: database_url(course),
        "gradebook": course.gradebook,
        "hub": options.database if options else None,
    }
    for name, url in urls.items():
        if url and not _is_inside(course, Elsewhere(name, url)):
            yield Elsewhere(name, url)


def copy_database(database: Elsewhere, target: Path) -> None:
    """One consistent state of it, mode 0600.

    Raises:
        UsageError: PostgreSQL's own program is missing.
        ConfigError: the database cannot be read.
    """
    if database.file:
        private_folders(target.parent)
        copy_sqlite(database.file, target)
        return
    command, environment = dump_command(database, target)
    private_folders(target.parent)
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE))
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=DUMP_SECONDS
    )
    if done.returncode:
        said = " ".join(done.stderr.split())[:500]
        raise ConfigError(f"pg_dump could not copy the {database.name} database: {said}")


def dump_command(database: Elsewhere, target: Path) -> tuple[list[str], dict[str, str]]:
    """How PostgreSQL's own program copies it; no password is on the command line, which others can read.

    Raises:
        UsageError: it is not installed.
    """
    program = shutil.which("pg_dump")
    if program is None:
        raise UsageError(NO_PG_DUMP.format(name=database.name))
    url = make_url(database.url)
    password = {"PGPASSWORD": url.password} if url.password else {}
    plain = url.set(drivername="postgresql")._replace(password=None).render_as_string()
    command = [program, "--no-password", "--format=custom", f"--file={target}", f"--dbname={plain}"]
    return command, {**os.environ, **password}


def named_blobs(url: str) -> set[str]:
    """Digests of all files that the facts in a database name: of attempts, releases and feedback.

    Raises:
        ConfigError: the database cannot be read.
    """
    found: set[str] = set()
    with explained(url, "the course's database", WHERE):
        engine = create_engine(bounded(url), poolclass=NullPool)
        with engine.connect() as connection:
            there = set(inspect(connection).get_table_names())
            for table in (ATTEMPTS, RELEASES):
                if table.name in there:
                    for text in connection.execute(select(table.c.files)).scalars():
                        found |= {file.sha256 for file in load_files(text)}
            if FEEDBACK.name in there:
                found |= set(connection.execute(select(FEEDBACK.c.sha256)).scalars())
    return found


def _is_inside(course: Course, database: Elsewhere) -> bool:
    file = database.file
    return file is not None and file.absolute().is_relative_to(course.data_folder)
