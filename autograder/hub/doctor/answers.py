"""What the running hub answers to somebody whom it does not know."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from ...course import Course
from ..people.roles import EXCHANGE
from ..process.options import Options
from .finding import OPEN, UNTRIED, HubFinding, finding

SECONDS = 10.0
SOON = timedelta(days=14)  # before a certificate ends
REFUSED = (302, 401, 403, 404, 405)  # to the login page, or no


def answers(course: Course, options: Options) -> Iterator[HubFinding]:
    """Ask as an outsider, with no cookie and no token."""
    try:
        health = httpx.get(f"{options.address}/hub/health", verify=_trust(options), timeout=SECONDS)
    except (httpx.HTTPError, ssl.SSLError) as error:
        yield HubFinding(UNTRIED, "the running hub", f"{options.address} does not answer: {error}")
        return
    if health.status_code != 200:
        yield HubFinding(OPEN, "the running hub", f"/hub/health answers {health.status_code}, expected 200")
    client = httpx.Client(base_url=options.address, verify=_trust(options), timeout=SECONDS)
    with client:
        yield finding(
            "pages and interfaces", list(_let_in(client, course)), "an outsider is asked to log in everywhere"
        )
        yield finding("made-up tokens", list(_believed(client, course)), "are refused everywhere")
    if options.tls_certificate:
        yield _certificate(Path(options.tls_certificate))


def _trust(options: Options) -> ssl.SSLContext | bool:
    """The operator's own certificate is believed here, whoever signed it."""
    return ssl.create_default_context(cafile=options.tls_certificate) if options.tls_certificate else True


def _paths(course: Course) -> list[str]:
    exchange, formgrader = f"/services/{EXCHANGE}", f"/services/{course.name}"
    unit = course.units[0].name
    of_hub = ["/hub/api/users", "/hub/api/proxy", "/hub/metrics", "/hub/admin", "/hub/home"]
    api = (
        "me",
        "units",
        f"units/{unit}/submissions",
        f"units/{unit}/marks",
        "attempts/1",
        "attempts/1/files",
    )
    pages = ("", f"units/{unit}", "staff", f"staff/{unit}", "attempts/1", "attempts/1/receipt.txt")
    of_exchange = [*(f"{exchange}/api/{name}" for name in api), *(f"{exchange}/{name}" for name in pages)]
    return [*of_hub, *of_exchange, f"{formgrader}/", f"{formgrader}/formgrader/gradebook"]


def _let_in(client: httpx.Client, course: Course) -> Iterator[str]:
    for path in _paths(course):
        status = client.get(path).status_code
        if status not in REFUSED:
            yield f"{path} answers {status} to an outsider, expected one of {', '.join(map(str, REFUSED))}"


def _believed(client: httpx.Client, course: Course) -> Iterator[str]:
    for path in _paths(course):
        status = client.get(path, headers={"Authorization": "token made-up"}).status_code
        if status not in (*REFUSED, 429):
            yield f"{path} answers {status} to a made-up token"


def _certificate(file: Path) -> HubFinding:
    from cryptography import x509

    ends = x509.load_pem_x509_certificate(file.read_bytes()).not_valid_after_utc
    left = ends - datetime.now(UTC)
    faults = [f"{file} ends on {ends:%Y-%m-%d}: renew it"] if left < SOON else []
    return finding("certificate", faults, f"valid until {ends:%Y-%m-%d}")
