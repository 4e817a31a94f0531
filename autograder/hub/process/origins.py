"""An origin for each: the hub, exchange, formgrader, every person's server, every copy.

A page may read, and act on, whatever shares its origin. So what a student wrote has an origin on which
nothing is that is not the student's:

    hub.example.org                      the hub: login, tokens
    exchange--service.hub.example.org    the exchange
    COURSE--service.hub.example.org      formgrader
    student-001.hub.example.org          a person's own server
    0123456789abcdef--copy.hub...        a copy that a staff member opened, each at a name of its own

All names are one label deep, so that one wildcard in DNS and one in the certificate fit. Pages below one
name may set cookies for all of them; behind TLS the cookies that say who one is have the prefix
``__Host-``, for which browsers allow no such thing.
"""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import urlsplit

from ..people.roles import EXCHANGE
from .options import Options

OPEN = (
    "One origin for all (--shared-origin): a page on a student's server, opened by somebody else who is "
    "logged in, can read what that person may read in the exchange and in formgrader, hand in for them and, "
    "where a TA opens it, change marks; so can a copy of a submission that staff run. Open no link to "
    "another person's server. Wildcard DNS closes this: see infra/README.md."
)


def configure_origins(c: Any, options: Options) -> None:
    """Fill JupyterHub's configuration object ``c``."""
    if not options.own_origins:
        return
    from .copies_apart import keep_copies_apart

    c.JupyterHub.subdomain_host = options.address
    c.JupyterHub.subdomain_hook = domain_of
    c.JupyterHub.cookie_host_prefix_enabled = host_cookies(options)
    keep_copies_apart()


def domain_of(name: str, domain: str, kind: str) -> str:
    """JupyterHub's ``subdomain_hook``; services have names that no user can have."""
    from jupyterhub.utils import subdomain_hook_idna

    return str(subdomain_hook_idna(name, domain, kind))


def copy_domain(user: str, server: str, domain: str) -> str:
    """Where a named server is: apart from its owner's own server, and from other copies."""
    digest = hashlib.sha256(f"{user}/{server}".encode()).hexdigest()
    return f"{digest[:16]}--copy.{domain}"


def service_url(options: Options, name: str) -> str:
    """The address of a service, without a slash at its end."""
    at = urlsplit(options.address)
    if options.own_origins:
        domain = domain_of(name, at.hostname or "", "service")
        at = at._replace(netloc=f"{domain}:{at.port}" if at.port else domain)
    return f"{at.scheme}://{at.netloc}/services/{name}"


def exchange_url(options: Options) -> str:
    """Where nbgrader's commands reach the exchange."""
    return service_url(options, EXCHANGE)


def host_cookies(options: Options) -> bool:
    """Whether cookies of logins are bound to one host; browsers ask for TLS then."""
    return options.own_origins and urlsplit(options.address).scheme == "https"
