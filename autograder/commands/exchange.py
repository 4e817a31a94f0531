"""``course exchange``: takes submissions, grades them at once, gives results back."""

from __future__ import annotations

import os
import socket
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import click

from ..base import unix_sockets
from ..base.errors import UsageError
from ..batch.workers import cores
from ..course import Course, load_course
from ..sandbox import TIERS

LEAST_WORKERS = 2  # one is left for all others where one student's attempt is slow


@click.group(invoke_without_command=True)
@click.option("--host", help="Address to bind; the hub's, or 127.0.0.1 where left out.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port; the hub's, or 8010 where left out.")
@click.option(
    "--workers",
    type=click.IntRange(1),
    help="Grading processes; one per core, and two at least, where left out.",
)
@click.option("--isolation", type=click.Choice([tier for tier in TIERS if tier != "none"]), default="walled")
@click.pass_context
def command(
    context: click.Context, host: str | None, port: int | None, workers: int | None, isolation: str
) -> None:
    """Run the exchange as a service of the hub, which starts it and tells it the rest."""
    if context.invoked_subcommand is not None:
        return
    from ..exchange.service.identity import on_hub
    from ..exchange.service.serve import serve

    if not on_hub():
        raise UsageError(
            "the exchange asks a hub who its callers are, and the hub's environment (JUPYTERHUB_API_URL, "
            "JUPYTERHUB_SERVICE_PREFIX) is missing. 'course hub' starts the exchange as its service."
        )
    workers = workers or max(LEAST_WORKERS, cores())
    serve(the_course(), partial(_listen, host, port), isolation, workers)


def _listen(host: str | None, port: int | None) -> socket.socket:
    """Where we were told to, else where the hub looks for us: a Unix socket or a port."""
    url = os.environ.get("JUPYTERHUB_SERVICE_URL", "")
    path = unix_sockets.path_of(url)
    if path is not None and not (host or port):
        return unix_sockets.listen(path)
    given = urlsplit(url) if path is None else urlsplit("")
    where = (host or given.hostname or "127.0.0.1", port or given.port or 8010)
    family = socket.AF_INET6 if ":" in where[0] else socket.AF_INET
    return socket.create_server(where, family=family, backlog=2048)


@command.command()
@click.argument("receipt", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def verify(receipt: Path) -> None:
    """Check a receipt that a student shows."""
    from ..exchange.store.receipts import Signer, verify_receipt
    from ..marks.database import folder

    signer = Signer(folder(the_course()) / "receipt-key")
    found = verify_receipt(receipt.read_text(encoding="ascii", errors="replace"), signer.public_key())
    click.echo(f"{found.student} handed in {found.unit} (attempt {found.number}) at {found.received}")
    for path, sha256 in sorted(found.files.items()):
        click.echo(f"  {sha256}  {path}")


def the_course() -> Course:
    """The course in ``COURSE_ROOT``, or the one that the working directory lies in."""
    root = os.environ.get("COURSE_ROOT")
    return load_course(Path(root) if root else None)
