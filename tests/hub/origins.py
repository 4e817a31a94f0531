"""A hub whose servers have origins of their own, on names below ``hub.localhost``."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import httpx

from tests.hub.support import RunningHub


class Loopback(httpx.HTTPTransport):
    """Connects to this machine for names below ``localhost``, which the system's resolver need not know."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send to 127.0.0.1 what is for such a name."""
        if request.url.host.endswith(".localhost"):
            at = request.url.copy_with(host="127.0.0.1")
            request = httpx.Request(
                request.method,
                at,
                headers=request.headers,
                stream=request.stream,
                extensions=request.extensions,
            )
        return super().handle_request(request)


class ApartHub(RunningHub):
    """``course hub --subdomains``."""

    def __init__(self, folder: Path, *arguments: str, **more: Any) -> None:
        super().__init__(folder, "--subdomains", *arguments, **more)
        self.url = f"http://hub.localhost:{self.port}"

    def with_tls(self) -> ApartHub:
        """The same behind a certificate for these names, which nobody signed."""
        key, certificate = self.course.root / "key.pem", self.course.root / "certificate.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-days", "2", "-subj", "/CN=hub.localhost", "-keyout", str(key), "-out", str(certificate),
             "-addext", "subjectAltName=DNS:hub.localhost,DNS:*.hub.localhost"],
            check=True, capture_output=True,
        )  # fmt: skip
        self.arguments += ("--tls-key", str(key), "--tls-certificate", str(certificate))
        self.url = self.url.replace("http:", "https:")
        return self

    def origin(self, name: str) -> str:
        """The origin of a name below the hub's, such as a person's."""
        return self.url.replace("//hub.", f"//{name}.hub.")

    def service(self, name: str) -> str:
        """The address of a service."""
        return f"{self.origin(f'{name}--service')}/services/{name}"

    def client(self, **more: Any) -> httpx.Client:
        """A client for all those names."""
        return httpx.Client(transport=Loopback(verify=False), timeout=60, **more)
