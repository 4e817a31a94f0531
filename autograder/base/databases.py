"""Databases by URL: SQLite by default, PostgreSQL where an operator names one.

What keeps one from being opened becomes a sentence for the operator: what was
expected, what came, what to do next. No password is in it, wherever in the URL it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    DBAPIError,
    InterfaceError,
    NoSuchModuleError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.pool import NullPool

from .errors import ConfigError

CONNECT_SECONDS = 10  # a server behind a firewall would otherwise be waited for for minutes
NOT_LET_IN = ("password authentication failed", "no password supplied", "pg_hba.conf")
NO_ANSWER = ("refused", "timeout", "timed out", "resolve host", "No such file", "No route", "unreachable")
PORT = 5432  # PostgreSQL's own
EXAMPLE = "postgresql+psycopg://name@host:5432/database"


def identity(url: str) -> str:
    """Which database a URL means: the same under another name of user or with another password.

    >>> identity("postgresql+psycopg://course:secret@db.example.org/marks?connect_timeout=5")
    'postgresql://db.example.org:5432/marks'

    Raises:
        ConfigError: it is no URL.
    """
    parsed = _parsed(url)
    if parsed.get_backend_name() != "postgresql":
        return parsed.set(username=None, password=None, query={}).render_as_string()
    return f"postgresql://{parsed.host or ''}:{parsed.port or PORT}/{parsed.database or parsed.username}"


def bounded(url: str) -> str:
    """The URL, with a bound on the time to connect where it has none.

    Raises:
        ConfigError: it is no URL.
    """
    parsed = _parsed(url)
    if parsed.get_backend_name() != "postgresql" or "connect_timeout" in parsed.query:
        return url
    more = parsed.update_query_dict({"connect_timeout": str(CONNECT_SECONDS)})
    return more.render_as_string(hide_password=False)


def try_to_connect(url: str, what: str, where: str) -> None:
    """Connect once; ``what`` is the database and ``where`` a sentence on where its URL is set.

    Raises:
        ConfigError: that does not work.
    """
    with explained(url, what, where):
        engine = create_engine(bounded(url), poolclass=NullPool)
        engine.connect().close()


@contextmanager
def explained(url: str, what: str, where: str) -> Iterator[None]:
    """Say why the database cannot be opened.

    Raises:
        ConfigError: the database cannot be opened, or ``url`` is none.
    """
    try:
        parsed = _parsed(url)
    except ConfigError as error:
        raise ConfigError(f"{what} cannot be opened: {error} {where}") from None
    try:
        yield
    except (SQLAlchemyError, ImportError, OSError) as error:
        raise ConfigError(f"{what} cannot be opened: {_why(parsed, error)} {where}") from error


@contextmanager
def outage_explained(url: str, what: str, where: str) -> Iterator[None]:
    """The same for work on an open database: only a lost connection or a damaged file is theirs to mend."""
    try:
        yield
    except DatabaseError as error:
        if not isinstance(error, (OperationalError, InterfaceError)) and not _is_damage(error):
            raise
        raise ConfigError(f"{what} cannot be used: {_why(_parsed(url), error)} {where}") from error


def _parsed(url: str) -> URL:
    """The parts of a URL; an error does not repeat what came, since a password may stand anywhere in it."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise ConfigError(f"what was given is no database URL; expected one such as {EXAMPLE}.") from None
    if "@" in (parsed.host or ""):
        raise ConfigError(
            "its URL has more than one '@'. Write an '@' in the password as %40, or keep the password in "
            f"~/.pgpass (mode 0600) and write {EXAMPLE}."
        )
    return parsed


def _why(url: URL, error: Exception) -> str:
    if isinstance(error, ImportError):
        return _no_driver(url, error)
    if isinstance(error, NoSuchModuleError):
        return f"there is no database {url.drivername!r}. Write sqlite:///file or {EXAMPLE}."
    if isinstance(error, OSError):
        return f"{error}."
    said = _first_line(error)
    if _is_damage(error):
        return f"{url.database} is damaged ({said}). Restore it from a backup, or move it away."
    if url.get_backend_name() != "postgresql":
        return f"{said}."
    return f"{_advice(url, said)} It said: {said}."


def _is_damage(error: Exception) -> bool:
    """Whether SQLite finds that its file is none, or no longer whole: no more special error than this."""
    return type(error) is DatabaseError


def _no_driver(url: URL, error: ImportError) -> str:
    lacking = f"{url.drivername} needs a Python package that is not installed ({error})."
    if url.get_backend_name() != "postgresql":
        return f"{lacking} Install it, or use SQLite or PostgreSQL."
    return f"{lacking} Write postgresql+psycopg://... and run: pip install 'course-autograder[postgres]'."


def _advice(url: URL, said: str) -> str:
    """What to do next, by what PostgreSQL or its driver said; a server may speak another language."""
    server = f"{url.host or 'this machine'}:{url.port or PORT}"
    name = url.database or url.username
    if f'database "{name}" does not exist' in said:
        return f"PostgreSQL at {server} has no database {name!r}. Make it: createdb -O {url.username} {name}."
    if any(sign in said for sign in NOT_LET_IN):
        return (
            f"PostgreSQL at {server} does not let {url.username!r} in. Correct the name and the password, in "
            "the URL or in ~/.pgpass (mode 0600), or make the user: createuser --pwprompt."
        )
    if any(sign in said for sign in NO_ANSWER):
        return f"no PostgreSQL answers at {server}. Start it, or correct host and port."
    return f"PostgreSQL at {server} could not be used; its log may say more."


def _first_line(error: Exception) -> str:
    cause = error.orig if isinstance(error, DBAPIError) else error
    lines = str(cause).strip().splitlines()
    return " ".join(lines[0].split()).rstrip(".") if lines else type(cause).__name__
