"""``course hub``: a JupyterHub for the course on this machine."""

from __future__ import annotations

from pathlib import Path

import click

from ..course import load_course
from ..hub.process.launch import become_hub, prepare
from ..hub.process.options import EXCHANGES, LOGINS, SPAWNERS, Options


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, help="Port to listen on.")
@click.option("--hub-port", default=0, help="Port where servers reach the hub itself; chosen where left out.")
@click.option("--login", type=click.Choice(LOGINS), default="password", show_default=True)
@click.option("--spawner", type=click.Choice(SPAWNERS), default="simple", show_default=True)
@click.option("--exchange", type=click.Choice(EXCHANGES), default="course", show_default=True)
@click.option("--database", default="", help="SQLAlchemy URL of the hub's database; SQLite where left out.")
@click.option("--tls-key", default="", help="Private key, a PEM file.")
@click.option("--tls-certificate", default="", help="Certificate, a PEM file.")
@click.option("--behind-tls", is_flag=True, help="A reverse proxy in front ends TLS.")
@click.option("--public-url", default="", help="Where people reach the hub, if not at host and port.")
@click.option("--subdomains", is_flag=True, help="An origin for each server, on this machine too.")
@click.option(
    "--shared-origin",
    is_flag=True,
    help="One origin for all, without wildcard DNS: a student's page can then act as who opens it.",
)
@click.option(
    "--trusted-proxy",
    "trusted_proxies",
    multiple=True,
    metavar="ADDRESS",
    help="A reverse proxy in front, which says where people come from; several times for several.",
)
@click.option("--hub-address", default="", help="Where servers on other machines reach the hub.")
@click.option(
    "--gpus", type=int, help="GPUs of this machine that servers may use; all that are found where left out."
)
@click.option(
    "--autoscaled", is_flag=True, help="Kubernetes: machines come when asked for, so no profile is too big."
)
@click.option(
    "--idle-minutes", default=60.0, show_default=True, help="Then a server without activity is stopped."
)
@click.option(
    "--config", type=click.Path(exists=True, dir_okay=False), help="A JupyterHub configuration file."
)
def command(config: str | None, **chosen: object) -> None:
    """Serve notebooks, exchange and formgrader; stop with Ctrl-C."""
    course, options = load_course(), Options(**chosen)  # type: ignore[arg-type]
    for sentence in prepare(course, options):
        click.echo(sentence)
    click.echo(f"{course.title}: {options.address}")
    become_hub(course, options, Path(config).resolve() if config else None)
