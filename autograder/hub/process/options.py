"""How one hub is run: where it listens, who logs in how, where servers start."""

from __future__ import annotations

import dataclasses
import ipaddress
import json
from dataclasses import dataclass
from pathlib import Path

from ...base.errors import UsageError, did_you_mean
from ...course import Course

LOGINS = ("password", "oidc")
EXCHANGES = ("course", "shared")
SPAWNERS = ("simple", "system", "docker", "slurm", "kubernetes")


@dataclass(frozen=True)
class Options:
    """What ``course hub`` and the files in ``infra/`` may choose."""

    host: str = "127.0.0.1"
    port: int = 8000
    login: str = "password"
    spawner: str = "simple"
    exchange: str = "course"  # or "shared": nbgrader's stock exchange, a folder that everybody can write
    database: str = ""  # SQLAlchemy URL of the hub; empty: SQLite in data/hub
    tls_key: str = ""
    tls_certificate: str = ""
    behind_tls: bool = False  # a reverse proxy in front ends TLS
    public_url: str = ""  # where people reach the hub, if not at host and port
    hub_address: str = ""  # where servers on other machines reach the hub; empty: this machine only
    idle_minutes: float = 60.0  # without activity, until a server is stopped

    @property
    def is_loopback(self) -> bool:
        """True where only this machine can connect."""
        return self.host == "localhost" or _is_loopback_address(self.host)

    @property
    def address(self) -> str:
        """The hub's address as this machine's servers and its operator's browser reach it."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host
        return self.public_url.rstrip("/") or f"{'https' if self.tls_key else 'http'}://{host}:{self.port}"

    @property
    def has_tls(self) -> bool:
        """True where what people type crosses the network encrypted."""
        return self.behind_tls or bool(self.tls_key and self.tls_certificate)

    def to_json(self) -> str:
        """For the hub's process."""
        return json.dumps(dataclasses.asdict(self))


def options_from_json(text: str) -> Options:
    """What ``to_json`` wrote."""
    return Options(**json.loads(text))


def hub_folder(course: Course) -> Path:
    """Where the hub keeps its database, passwords and tokens."""
    return course.data_folder / "hub"


def roster_file(course: Course) -> Path:
    """The roster."""
    return course.data_folder / "roster.csv"


def check(options: Options) -> None:
    """Refuse what cannot work or is not safe.

    Raises:
        UsageError: what was expected, what came and what to do.
    """
    _one_of("login", options.login, LOGINS)
    _one_of("exchange", options.exchange, EXCHANGES)
    _one_of("spawner", options.spawner, SPAWNERS)
    if not 1 <= options.port <= 65535:
        raise UsageError(f"--port is {options.port}, expected 1 to 65535")
    if bool(options.tls_key) != bool(options.tls_certificate):
        raise UsageError("--tls-key and --tls-certificate go together; one of them is missing")
    for file in (options.tls_key, options.tls_certificate):
        if file and not Path(file).is_file():
            raise UsageError(f"{file} is no file; expected a key or certificate in PEM format")
    if not options.is_loopback:
        _check_public(options)


def _check_public(options: Options) -> None:
    if not options.has_tls:
        raise UsageError(
            f"--host {options.host} can be reached from other machines; passwords and tokens would cross "
            "the network in clear text. Give --tls-key and --tls-certificate, or keep 127.0.0.1 behind a "
            "reverse proxy that ends TLS (--behind-tls where it runs elsewhere). See infra/README.md."
        )
    if options.exchange == "shared":
        raise UsageError(
            "--exchange shared is a folder in which every student can read and change the others' work; "
            "on a hub that others can reach, keep the course's own exchange."
        )
    if options.spawner == "simple":
        raise UsageError(
            f"--host {options.host} can be reached from other machines, but the spawner 'simple' runs "
            "everybody's server as one system user, so that each can read what all others have. Choose "
            "--spawner system, docker, slurm or kubernetes. See infra/README.md."
        )


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise UsageError(f"--{name} is {value!r}: {did_you_mean(value, known)}")


def _is_loopback_address(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
