"""``course exchange``: takes submissions, grades them at once, gives results back."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

import click

from ..base.errors import UsageError
from ..batch.workers import default_jobs
from ..course import Course, load_course
from ..sandbox import TIERS


@click.group(invoke_without_command=True)
@click.option("--host", help="Address to bind; the hub's, or 127.0.0.1 where left out.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port; the hub's, or 8010 where left out.")
@click.option("--workers", type=click.IntRange(1), help="Grading processes; one per core where left out.")
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
    given = urlsplit(os.environ.get("JUPYTERHUB_SERVICE_URL", ""))
    serve(
        the_course(),
        host or given.hostname or "127.0.0.1",
        port or given.port or 8010,
        isolation,
        workers or default_jobs(),
    )


@command.command()
@click.argument("receipt", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def verify(receipt: Path) -> None:
    """Check a receipt that a student shows."""
    from ..exchange.service.settings import folder
    from ..exchange.store.receipts import Signer, verify_receipt

    signer = Signer(folder(the_course()) / "receipt-key")
    found = verify_receipt(receipt.read_text(encoding="ascii", errors="replace"), signer.public_key())
    click.echo(f"{found.student} handed in {found.unit} (attempt {found.number}) at {found.received}")
    for path, sha256 in sorted(found.files.items()):
        click.echo(f"  {sha256}  {path}")


def the_course() -> Course:
    """The course in ``COURSE_ROOT``, or the one that the working directory lies in."""
    root = os.environ.get("COURSE_ROOT")
    return load_course(Path(root) if root else None)
