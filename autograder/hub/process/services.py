"""Services that the hub starts beside itself: exchange, formgrader, idle culler.

Each runs under a tether, so that none outlives a hub that was killed. What the proxy hands on to
exchange and formgrader goes through Unix sockets that only the hub's user can reach or replace.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...base import unix_sockets
from ...base.files import token
from ...course import Course
from ..people.roles import EXCHANGE
from .options import Options, hub_folder
from .origins import exchange_url, host_cookies
from .tether import tethered

TRUSTED = ("SSL_CERT_FILE", "SSL_CERT_DIR")  # where the hub's certificate is of an authority of one's own
READY_SECONDS = 120  # until a service answers; formgrader builds missing units before it does
FORMGRADER_SETTINGS = Path(__file__).parents[1] / "server_settings" / "formgrader"


def sockets(course: Course) -> Path:
    """The folder of this hub's Unix sockets."""
    return unix_sockets.socket_folder(hub_folder(course) / "sockets")


def services(course: Course, options: Options) -> list[dict[str, Any]]:
    """JupyterHub's ``services``."""
    exchange = [_exchange(course, options)] if options.exchange == "course" else []
    return [*exchange, _formgrader(course, options), _culler(options), *_outside(course)]


def _exchange(course: Course, options: Options) -> dict[str, Any]:
    return {
        "name": EXCHANGE,
        "url": unix_sockets.address(sockets(course) / "exchange"),
        "command": tethered([str(Path(sys.executable).with_name("course")), "exchange"]),
        "cwd": str(course.root),
        "environment": {
            **_environment(course, options),
            "COURSE_TRUSTED_PROXIES": ",".join(options.trusted_proxies),
        },
        "timeout": READY_SECONDS,
        "oauth_no_confirm": True,
        "display": True,
    }


def _formgrader(course: Course, options: Options) -> dict[str, Any]:
    """A single-user server without kernels and files: see formgrader.py."""
    home = hub_folder(course) / "formgrader"
    return {
        "name": course.name,  # nbgrader expects the course's name here
        "url": unix_sockets.address(sockets(course) / "formgrader"),
        "command": tethered([sys.executable, "-P", "-m", "autograder.hub.servers.formgrader"]),
        "cwd": str(course.root),
        "timeout": READY_SECONDS,
        "oauth_no_confirm": True,
        "display": True,
        "environment": {
            **_environment(course, options),
            **exchange_environment(course, options),
            "HOME": str(home),
            "JUPYTERHUB_USER": "formgrader",
            "JUPYTER_CONFIG_DIR": str(home / "config"),
            "JUPYTER_CONFIG_PATH": str(FORMGRADER_SETTINGS),
            "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        },
    }


def _culler(options: Options) -> dict[str, Any]:
    program = str(Path(sys.executable).with_name("jupyterhub-idle-culler"))
    seconds = round(options.idle_minutes * 60)
    return {
        "name": "culler",
        "command": tethered(
            [
                program,
                f"--timeout={seconds}",
                "--remove-named-servers=True",
                f"--cull-every={max(30, min(300, seconds // 2))}",
            ]
        ),
        "display": False,
    }


def _outside(course: Course) -> list[dict[str, Any]]:
    """Tokens for ``course roster`` and for Prometheus, in files of mode 0600."""
    tokens = hub_folder(course) / "tokens"
    return [
        {"name": name, "api_token": token(tokens / name), "display": False} for name in ("roster", "metrics")
    ]


def exchange_environment(course: Course, options: Options) -> dict[str, str]:
    """Where nbgrader's commands find the exchange: the service, or the shared folder."""
    if options.exchange == "shared":
        return {"COURSE_EXCHANGE_FOLDER": str(course.data_folder / "shared-exchange")}
    return {"COURSE_EXCHANGE_URL": exchange_url(options)}


def use_exchange(c: Any, environment: Mapping[str, str]) -> None:
    """Point nbgrader's commands to the exchange of this hub.

    The hub says in the environment which: ``COURSE_EXCHANGE_URL``, used with the
    server's own token, or ``COURSE_EXCHANGE_FOLDER``.
    """
    url = environment.get("COURSE_EXCHANGE_URL")
    if url:
        from ...exchange.client.settings import configure_exchange

        configure_exchange(c, url, "JUPYTERHUB_API_TOKEN")
    elif "COURSE_EXCHANGE_FOLDER" in environment:
        c.Exchange.root = environment["COURSE_EXCHANGE_FOLDER"]


def _environment(course: Course, options: Options) -> dict[str, str]:
    beside = str(Path(sys.executable).parent)
    path = os.pathsep.join([beside, os.environ.get("PATH", "/usr/bin:/bin")])
    names = ("COURSE_DATA", "COURSE_DATABASE", "COURSE_EXCHANGE_DB", "COURSE_STORED_MIB", *TRUSTED)
    kept = {name: os.environ[name] for name in names if name in os.environ}
    own = {"PATH": path, "COURSE_ROOT": str(course.root), "COURSE_NAME": course.name}
    own["COURSE_HOST_COOKIES"] = str(int(host_cookies(options)))
    return {**_postgres_environment(), **own, **kept}


def _postgres_environment() -> dict[str, str]:
    """PostgreSQL's own settings; its file of passwords by name, since services have homes of their own."""
    passwords = Path.home() / ".pgpass"
    given = {name: value for name, value in os.environ.items() if name.startswith("PG")}
    return ({"PGPASSFILE": str(passwords)} if passwords.is_file() else {}) | given
