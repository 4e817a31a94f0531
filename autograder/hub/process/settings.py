"""JupyterHub's configuration, from the course and the options."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ...base import unix_sockets
from ...base.files import private_folder
from ...course import Course
from ...marks.roster import roster_file
from ..people.roles import EXCHANGE, roles
from ..servers.copies import links
from ..servers.spawners import configure_spawner
from . import ports
from .elsewhere import service_links
from .landing import Landing
from .options import Options, hub_folder, in_url
from .origins import configure_origins, service_url
from .services import services, sockets

TEMPLATES = Path(__file__).parents[1] / "templates"
REFRESH_SECONDS = 60  # how long somebody who was dropped can still act
UNBUFFERED = {"X-Accel-Buffering": "no"}  # nginx would keep back what who waits should read
PROXY_SECONDS = 1  # until the hub looks again whether its proxy runs


def configure(c: Any, course: Course, options: Options) -> None:
    """Fill JupyterHub's configuration object ``c``.

    A file in ``infra/`` calls this and then sets what is special to its place.
    """
    folder = private_folder(hub_folder(course))
    scheme = "https" if options.tls_key else "http"
    c.JupyterHub.bind_url = f"{scheme}://{in_url(options.host)}:{options.port}"
    c.JupyterHub.db_url = options.database or f"sqlite:///{folder / 'jupyterhub.sqlite'}"
    c.JupyterHub.cookie_secret_file = str(folder / "cookie_secret")
    c.JupyterHub.pid_file = str(folder / "jupyterhub.pid")
    c.JupyterHub.template_paths = [str(TEMPLATES)]
    c.JupyterHub.template_vars = {"course_title": course.title, "own_passwords": options.login == "password"}
    if options.exchange == "course":
        c.JupyterHub.default_url = Landing(course.name, service_url(options, EXCHANGE))
    c.JupyterHub.cleanup_servers = False  # a restarted hub finds the servers as they were
    c.JupyterHub.allow_named_servers = True
    c.JupyterHub.named_server_limit_per_user = 3  # copies that a staff member looks at
    c.JupyterHub.authenticate_prometheus = True
    c.JupyterHub.concurrent_spawn_limit = 20
    c.JupyterHub.extra_handlers = [*links(course.name), *service_links(options, (EXCHANGE, course.name))]
    c.CourseHub.trusted_proxies = list(options.trusted_proxies)
    c.JupyterHub.tornado_settings = {"headers": UNBUFFERED}
    if options.behind_tls or options.address.startswith("https:"):
        c.JupyterHub.tornado_settings["cookie_options"] = {"secure": True}
    _addresses(c, course, options)
    configure_origins(c, options)
    _proxy(c, course)
    c.JupyterHub.services = services(course, options)
    running = {service["name"] for service in c.JupyterHub.services}
    c.JupyterHub.load_roles = [
        role for role in roles(course.name) if running >= set(role.get("services", ()))
    ]
    configure_login(c, course, options)
    configure_spawner(c, course, options)


def configure_login(c: Any, course: Course, options: Options) -> None:
    """Who may log in, and how they prove who they are."""
    names = {"password": "RosterAuthenticator", "oidc": "RosterOAuthenticator"}
    c.JupyterHub.authenticator_class = f"autograder.hub.people.authenticator.{names[options.login]}"
    c.Authenticator.auth_refresh_age = REFRESH_SECONDS
    c.Authenticator.auth_refresh_strict = True
    c.Authenticator.refresh_pre_spawn = True
    c.FromRoster.course_name = course.name
    c.FromRoster.roster_file = c.CourseHub.roster_file = str(roster_file(course))
    c.CourseHub.secret_file = str(course.data_folder / "secret")
    c.RosterAuthenticator.passwords_file = str(hub_folder(course) / "passwords")
    if options.login == "oidc":
        _oidc(c)


def _oidc(c: Any) -> None:
    """The provider comes from the environment, since a client's secret belongs in no file of the course."""
    login = c.RosterOAuthenticator
    login.login_service = os.environ.get("OIDC_NAME", "your university")
    login.client_id = os.environ["OIDC_CLIENT_ID"]
    login.client_secret = os.environ["OIDC_CLIENT_SECRET"]
    login.authorize_url = os.environ["OIDC_AUTHORIZE_URL"]
    login.token_url = os.environ["OIDC_TOKEN_URL"]
    login.userdata_url = os.environ["OIDC_USERDATA_URL"]
    login.username_claim = os.environ.get("OIDC_USERNAME_CLAIM", "preferred_username")
    login.scope = ["openid", "profile", "email"]
    login.enable_pkce = True
    if "OIDC_CALLBACK_URL" in os.environ:
        login.oauth_callback_url = os.environ["OIDC_CALLBACK_URL"]


def _addresses(c: Any, course: Course, options: Options) -> None:
    if options.hub_address:
        c.JupyterHub.hub_ip = "0.0.0.0"
        c.JupyterHub.hub_connect_ip = options.hub_address
    else:
        c.JupyterHub.hub_ip = "127.0.0.1"
    kept = hub_folder(course) / "ports" / "hub"
    c.JupyterHub.hub_port = ports.hub_port(kept, c.JupyterHub.hub_ip, options.hub_port, options.port)
    if options.public_url:
        c.JupyterHub.public_url = options.public_url
    if options.tls_key:
        c.JupyterHub.ssl_key, c.JupyterHub.ssl_cert = options.tls_key, options.tls_certificate


def _proxy(c: Any, course: Course) -> None:
    """Node's proxy, whose routes only the hub's user can ask for and change."""
    c.JupyterHub.proxy_class = "autograder.hub.process.proxy.CourseProxy"
    c.ConfigurableHTTPProxy.api_url = unix_sockets.address(sockets(course) / "proxy")
    c.ConfigurableHTTPProxy.pid_file = str(hub_folder(course) / "jupyterhub-proxy.pid")
    c.ConfigurableHTTPProxy.check_running_interval = PROXY_SECONDS
