"""A real PostgreSQL for tests: one server per test process that asks for it, in a folder of its own.

The server listens on a free port of the loopback address and asks for passwords, as an
operator's does; nothing of the machine's own clusters is touched. PostgreSQL refuses to
run as root, so root hands it to the system user that Debian's package makes.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests import needs

BINARIES = "/usr/lib/postgresql/*/bin/postgres"  # Debian's place; elsewhere the search path counts
USERS = ("postgres", "nobody")
NAME = "course"
# Nothing of a test has to survive a power cut.
SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "60"}
SERVER = pytest.StashKey["Server"]()
SECONDS = 30.0  # to start or to stop


@dataclass
class Server:
    """A running server and its one user, who may make databases."""

    folder: Path
    binaries: Path
    user: str | None  # of the system; None: the user who runs the tests
    password: str
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    def url(self, database: str, password: str | None = None) -> str:
        """The database as an operator would write it for SQLAlchemy."""
        word = self.password if password is None else password
        return f"postgresql+psycopg://{NAME}:{word}@127.0.0.1:{self.port}/{database}"

    def fresh(self, name: str = "", template: str = "template1") -> str:
        """The URL of a new database, empty or a copy of another; one of that name is removed."""
        name = name or f"test_{secrets.token_hex(6)}"
        self.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        made = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        self.execute(made.format(sql.Identifier(name), sql.Identifier(template)))
        return self.url(name)

    def execute(self, statement: sql.Composable) -> None:
        """Run one statement as the server's operator."""
        with self._connect() as connection:
            connection.execute(statement)

    def start(self) -> None:
        """Start on the port of before, or on a free one.

        Raises:
            AssertionError: it does not answer in time; the text holds its log.
        """
        self.port = self.port or _free_port()
        settings = SETTINGS | {"port": str(self.port), "listen_addresses": "127.0.0.1"}
        settings["unix_socket_directories"] = ""
        command = [str(self.binaries / "postgres"), "-D", str(self.data)]
        command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, **self.how)
        self._wait()

    def stop(self) -> None:
        """Stop; connections that are open are ended."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)  # PostgreSQL's "fast" shutdown
            self.process.wait(SECONDS)

    def make(self) -> None:
        """Make the server's files."""
        passwords = self.folder / "password"
        passwords.write_text(self.password)
        command = [str(self.binaries / "initdb"), "-D", str(self.data), "-U", NAME, "--no-sync"]
        command += ["--auth=scram-sha-256", f"--pwfile={passwords}", "--encoding=UTF8", "--locale=C.UTF-8"]
        done = subprocess.run(command, capture_output=True, text=True, **self.how)
        assert done.returncode == 0, done.stderr

    @property
    def data(self) -> Path:
        """The server's own files."""
        return self.folder / "data"

    @cached_property
    def how(self) -> dict:
        """In which place, as which user and with which environment its programs run."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        as_user = {} if self.user is None else {"user": self.user, "group": _group(self.user)}
        return {"cwd": self.folder, "env": kept, **as_user} | ({"extra_groups": []} if as_user else {})

    @property
    def _log(self) -> Path:
        return self.folder / "log"

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user=NAME, password=self.password,
            dbname="postgres", autocommit=True, connect_timeout=5,
        )  # fmt: skip

    def _wait(self) -> None:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end and self.process is not None and self.process.poll() is None:
            try:
                self._connect().close()
                return
            except psycopg.OperationalError:
                time.sleep(0.02)
        raise AssertionError(f"PostgreSQL did not start:\n{self._log.read_text()[-4000:]}")


def installed() -> Path:
    """The folder of the newest server's programs."""
    found = sorted(Path("/").glob(BINARIES.lstrip("/")), key=lambda path: float(path.parts[4]))
    beside = shutil.which("postgres")
    paths = [*([Path(beside).resolve()] if beside else []), *found]
    return paths[-1].parent if paths else needs.missing("PostgreSQL: apt-get install postgresql")


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest) -> Server:
    """The server; it starts with the first test that asks for it, also where several files import this."""
    config = request.config
    if SERVER not in config.stash:
        stack = ExitStack()
        config.stash[SERVER] = stack.enter_context(running())
        config.add_cleanup(stack.close)
    return config.stash[SERVER]


@contextmanager
def running() -> Iterator[Server]:
    """A server in a new folder, which is removed at the end."""
    binaries, user = installed(), _unprivileged()
    # Not pytest's own folder: that one is closed to other users.
    folder = Path(tempfile.mkdtemp(prefix="course-postgres-"))
    if user is not None:
        os.chown(folder, pwd.getpwnam(user).pw_uid, _group(user))
    server = Server(folder, binaries, user, secrets.token_hex(8))
    try:
        server.make()
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged() -> str | None:
    """Who runs the server where the tests run as root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in USERS if name in known), None) or needs.missing(
        f"a system user for PostgreSQL, which refuses root: {' or '.join(USERS)}"
    )


def _group(user: str) -> int:
    return pwd.getpwnam(user).pw_gid


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
