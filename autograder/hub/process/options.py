"""How one hub is run: where it listens, who logs in how, where servers start."""

from __future__ import annotations

import dataclasses
import ipaddress
import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ...base.errors import UsageError, did_you_mean
from ...base.forwarded import named_proxies
from ...course import Course

LOGINS = ("password", "oidc")
EXCHANGES = ("course", "shared")
SPAWNERS = ("simple", "system", "docker", "slurm", "kubernetes")
ELSEWHERE = ("docker", "slurm", "kubernetes")  # servers that do not share this machine's loopback


@dataclass(frozen=True)
class Options:
    """What ``course hub`` and the files in ``infra/`` may choose."""

    host: str = "127.0.0.1"
    port: int = 8000
    hub_port: int = 0  # where servers reach the hub itself; 0: chosen once, and kept
    login: str = "password"
    spawner: str = "simple"
    exchange: str = "course"  # or "shared": nbgrader's stock exchange, a folder that everybody can write
    database: str = ""  # SQLAlchemy URL of the hub; empty: SQLite in data/hub
    tls_key: str = ""
    tls_certificate: str = ""
    behind_tls: bool = False  # a reverse proxy in front ends TLS
    public_url: str = ""  # where people reach the hub, if not at host and port
    trusted_proxies: tuple[str, ...] = ()  # addresses or networks of reverse proxies in front
    hub_address: str = ""  # where servers on other machines reach the hub; empty: this machine only
    gpus: int | None = None  # of this machine, that its servers may use; None: all that are found
    autoscaled: bool = False  # Kubernetes: a machine that a server needs may not be there yet
    idle_minutes: float = 60.0  # without activity, until a server is stopped
    subdomains: bool = False  # an origin for each server also where only this machine connects
    shared_origin: bool = (
        False  # one origin for all where others connect: see origins.py for what is open then
    )

    @property
    def is_loopback(self) -> bool:
        """True where only this machine can connect."""
        return _stays_here(self.host)

    @property
    def is_public(self) -> bool:
        """True where people on other machines reach the hub, be it through a reverse proxy on this one."""
        return not self.is_loopback or not _stays_here(urlsplit(self.public_url).hostname or "localhost")

    @property
    def own_origins(self) -> bool:
        """True where every server and every service has a sub-domain, so an origin, of its own."""
        return (self.is_public or self.subdomains) and not self.shared_origin

    @property
    def address(self) -> str:
        """The hub's address as this machine's servers and its operator's browser reach it."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else in_url(self.host)
        if self.own_origins and not self.is_public:
            host = "hub.localhost"  # browsers take every name below localhost for this machine
        return self.public_url.rstrip("/") or f"{'https' if self.tls_key else 'http'}://{host}:{self.port}"

    @property
    def has_tls(self) -> bool:
        """True where what people type crosses the network encrypted."""
        in_front = self.is_loopback and urlsplit(self.public_url).scheme == "https"
        return self.behind_tls or in_front or bool(self.tls_key and self.tls_certificate)

    def to_json(self) -> str:
        """For the hub's process, which works in another folder."""
        files = {name: getattr(self, name) for name in ("tls_key", "tls_certificate")}
        absolute = {name: str(Path(file).absolute()) for name, file in files.items() if file}
        return json.dumps(dataclasses.asdict(self) | absolute)


def options_from_json(text: str) -> Options:
    """What ``to_json`` wrote."""
    given = json.loads(text)
    return Options(**given | {"trusted_proxies": tuple(given.get("trusted_proxies", ()))})


def in_url(host: str) -> str:
    """A host as a URL has it: an IPv6 address in brackets, without which it would mean every address."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def hub_folder(course: Course) -> Path:
    """Where the hub keeps its database, passwords and tokens."""
    return course.data_folder / "hub"


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
    if not 0 <= options.hub_port <= 65535 or options.hub_port == options.port:
        raise UsageError(f"--hub-port is {options.hub_port}, expected 1 to 65535 and another than --port")
    if options.gpus is not None and not 0 <= options.gpus <= 1024:
        raise UsageError(f"--gpus is {options.gpus}, expected how many of this machine servers may use")
    if bool(options.tls_key) != bool(options.tls_certificate):
        raise UsageError("--tls-key and --tls-certificate go together; one of them is missing")
    for file in (options.tls_key, options.tls_certificate):
        if file and not Path(file).is_file():
            raise UsageError(f"{file} is no file; expected a key or certificate in PEM format")
    if options.autoscaled and options.spawner != "kubernetes":
        raise UsageError(f"--autoscaled is for --spawner kubernetes, came --spawner {options.spawner}")
    if options.subdomains and options.shared_origin:
        raise UsageError("--subdomains and --shared-origin say opposite things; expected one of them")
    named_proxies(options.trusted_proxies)
    if options.is_public:
        _check_public(options)
    if options.spawner in ELSEWHERE:
        _check_elsewhere(options)


def _check_public(options: Options) -> None:
    where = f"--host {options.host}" if not options.is_loopback else f"--public-url {options.public_url}"
    if not options.has_tls:
        raise UsageError(
            f"{where} can be reached from other machines; passwords and tokens would cross "
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
            f"{where} can be reached from other machines, but the spawner 'simple' runs "
            "everybody's server as one system user, so that each can read what all others have. Choose "
            "--spawner system, docker, slurm or kubernetes. See infra/README.md."
        )
    if options.own_origins and not _has_subdomains(urlsplit(options.address).hostname or ""):
        raise UsageError(
            "each server needs an origin of its own, or a student's page could act as whoever opens it: "
            f"expected a name with sub-domains, came {options.address}. Give --public-url "
            "https://hub.example.org, where *.hub.example.org leads here too and stands in the certificate. "
            "Only where wildcard DNS cannot be had, --shared-origin. See infra/README.md."
        )


def _check_elsewhere(options: Options) -> None:
    """Servers on other machines, or in containers, reach hub and exchange at the addresses they get."""
    one_machine = options.spawner == "slurm" and _stays_here(options.hub_address)
    if not options.hub_address or (_stays_here(options.hub_address) and not one_machine):
        raise UsageError(
            f"--spawner {options.spawner} starts servers that are not on this machine's loopback; expected "
            f"--hub-address with this machine's name or address as they reach it, came "
            f"{options.hub_address or 'none'}. See infra/README.md."
        )
    if options.exchange == "course" and not one_machine and not options.is_public:
        raise UsageError(
            f"servers of --spawner {options.spawner} would be told that the exchange is at "
            f"{options.address}, which is their own machine there: nobody could hand in. Give --public-url "
            "https://hub.example.org, where TLS ends. With Slurm on this machine alone, --hub-address "
            "127.0.0.1. See infra/README.md."
        )


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise UsageError(f"--{name} is {value!r}: {did_you_mean(value, known)}")


def _stays_here(host: str) -> bool:
    """Whether a name or address never leaves this machine."""
    return host == "localhost" or host.endswith(".localhost") or _is_loopback_address(host)


def _has_subdomains(host: str) -> bool:
    """Whether there can be names below this one: it is no address, and no bare name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "." in host
    return False


def _is_loopback_address(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
