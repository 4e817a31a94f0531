"""Whether the certificate of ``--tls-certificate`` will be believed where people and servers connect."""

from __future__ import annotations

import ipaddress
import os
import ssl
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509

from ...base.errors import UsageError
from .options import Options


def check_certificate(options: Options) -> None:
    """Refuse a certificate that does not fit its key, is over, or names another host.

    Raises:
        UsageError: what was expected, what came and what to do.
    """
    _check_pair(options)
    certificate = x509.load_pem_x509_certificate(Path(options.tls_certificate).read_bytes())
    if certificate.not_valid_after_utc < datetime.now(UTC):
        raise UsageError(f"{options.tls_certificate} ended on {certificate.not_valid_after_utc:%d %B %Y}")
    names, hosts = _names(certificate), _hosts(options)
    if not all(any(_covers(name, host) for name in names) for host in hosts):
        wanted = " and ".join(hosts).replace("any.", "*.")
        example = names[0] if names else "hub.example.org"
        raise UsageError(
            f"{options.tls_certificate} is for {', '.join(names) or 'nobody'}; expected one for {wanted}, "
            "where people and their servers connect. Get such a certificate, or give --public-url with a "
            f"name of this one, such as --public-url https://{example}:{options.port}"
        )


def _hosts(options: Options) -> list[str]:
    """Names under which people and servers connect; of those below the hub's one stands for all."""
    host = urlsplit(options.address).hostname or ""
    return [host, f"any.{host}"] if options.own_origins else [host]


def _check_pair(options: Options) -> None:
    """As the proxy will load them, with the passphrase that it is told, so that nobody is asked for one."""
    passphrase = os.environ.get("CONFIGPROXY_SSL_KEY_PASSPHRASE", "")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
            options.tls_certificate, options.tls_key, passphrase
        )
    except (ssl.SSLError, OSError) as error:
        raise UsageError(
            f"{options.tls_certificate} and {options.tls_key} are no certificate and its key, in PEM format: "
            f"{error.strerror or error}. The passphrase of a key is CONFIGPROXY_SSL_KEY_PASSPHRASE."
        ) from error


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    addresses = [str(address) for address in names.get_values_for_type(x509.IPAddress)]
    return [*names.get_values_for_type(x509.DNSName), *addresses]


def _covers(name: str, host: str) -> bool:
    """Whether a name of a certificate is that host; a star stands for one part of a name."""
    try:
        return ipaddress.ip_address(name) == ipaddress.ip_address(host)
    except ValueError:
        pass
    rest = host.partition(".")[2]
    return name.lower() == host or (bool(rest) and name.lower() == f"*.{rest}")
