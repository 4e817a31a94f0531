"""nginx in front of the hub, where TLS ends, at the address that containers reach."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.infra.course import until

SETTINGS = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    map $http_upgrade $connection_upgrade {{ default upgrade; '' close; }}
    server {{
        listen {address}:443 ssl;
        server_name hub.example.org *.hub.example.org;
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        client_max_body_size 64m;
        location / {{
            proxy_pass http://127.0.0.1:{port};
            proxy_http_version 1.1;
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Proto https;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
        }}
    }}
}}
"""


def make_certificate(folder: Path) -> Path:
    """A certificate of its own for the hub's names; its key is beside it, as ``key.pem``."""
    certificate = folder / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-days", "2", "-subj", "/CN=hub.example.org", "-keyout", str(folder / "key.pem"),
         "-out", str(certificate), "-addext", "subjectAltName=DNS:hub.example.org,DNS:*.hub.example.org"],
        check=True, capture_output=True,
    )  # fmt: skip
    return certificate


@contextmanager
def tls_in_front(address: str, port: int, certificate: Path, folder: Path) -> Iterator[None]:
    """Port 443 of that address leads to this machine's port.

    Args:
        address: one of this machine's.
        port: the hub's.
        certificate: in PEM format, its key ``key.pem`` beside it.
        folder: for nginx's own files.
    """
    settings = folder / "nginx.conf"
    key = certificate.with_name("key.pem")
    settings.write_text(
        SETTINGS.format(folder=folder, address=address, port=port, certificate=certificate, key=key)
    )
    nginx = subprocess.Popen(
        ["nginx", "-e", str(folder / "nginx.log"), "-c", str(settings), "-p", str(folder)]
    )
    try:
        until(lambda: _listens(address), "answer of nginx", 20)
        yield
    finally:
        nginx.terminate()
        nginx.wait(10)


def _listens(address: str) -> bool:
    try:
        socket.create_connection((address, 443), 1).close()
    except OSError:
        return False
    return True
