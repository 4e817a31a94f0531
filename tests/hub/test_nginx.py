"""The shipped configuration of nginx, in a real one in front of a hub: login, spawn, kernel, over TLS."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import ssl
import subprocess
import time
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from tornado.httpclient import HTTPRequest
from tornado.netutil import OverrideResolver, Resolver

from tests import needs
from tests.hub.origins import ApartHub
from tests.hub.support import LITTLE, ROOT, free_port
from tests.hub.websockets import websocket

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hub")]
WHO = "student-001"
SHIPPED = ROOT / "infra" / "nginx" / "course-hub.conf"
AROUND = """
user root;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{}}
http {{
    access_log off;
    {temporary}
    include {folder}/course-hub.conf;
}}
"""
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


class Named(httpx.HTTPTransport):
    """Connects to this machine whatever the name, and wants a certificate for that name."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send it."""
        at = request.url.copy_with(host="127.0.0.1")
        extensions = {**request.extensions, "sni_hostname": request.url.host}
        return super().handle_request(
            httpx.Request(
                request.method, at, headers=request.headers, stream=request.stream, extensions=extensions
            )
        )


class BehindNginx(ApartHub):
    """A hub that people reach through nginx alone."""

    def __init__(self, folder: Path, certificate: Path, front: int, plain: int) -> None:
        where = f"https://hub.localhost:{front}"
        options = ("--public-url", where, "--trusted-proxy", "127.0.0.1")
        trusted = {"SSL_CERT_FILE": str(certificate)}
        super().__init__(folder, *options, original=LITTLE, environment=trusted)
        self.url, self.front, self.plain, self.certificate = where, front, plain, certificate

    def client(self, **more: object) -> httpx.Client:
        """A client that trusts the certificate, and no other."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        return httpx.Client(transport=Named(verify=context), timeout=60, **more)


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    nginx = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if nginx is None:
        needs.missing("nginx: apt-get install nginx")
    folder = tmp_path_factory.mktemp("nginx")
    key, certificate = _certificate(folder)
    hub = BehindNginx(folder / "course", certificate, free_port(), free_port())
    _configure(folder, hub, key)
    checked = subprocess.run([nginx, "-t", "-c", folder / "nginx.conf"], capture_output=True, text=True)
    assert checked.returncode == 0 and "[warn]" not in checked.stderr, checked.stderr
    with subprocess.Popen([nginx, "-c", folder / "nginx.conf"]) as front:
        try:
            with hub:
                yield hub
        finally:
            front.terminate()


def _certificate(folder: Path) -> tuple[Path, Path]:
    key, certificate = folder / "key.pem", folder / "fullchain.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-days", "2", "-subj", "/CN=hub.localhost", "-keyout", str(key), "-out", str(certificate),
         "-addext", "subjectAltName=DNS:hub.localhost,DNS:*.hub.localhost"],
        check=True, capture_output=True,
    )  # fmt: skip
    return key, certificate


def _configure(folder: Path, hub: BehindNginx, key: Path) -> None:
    """The shipped file with this test's ports, names and certificate; nothing else is changed."""
    text = SHIPPED.read_text()
    for old, new in (
        (r"listen \[::\].*\n", ""), (r"listen 80;", f"listen 127.0.0.1:{hub.plain};"),
        (r"listen 443 ", f"listen 127.0.0.1:{hub.front} "), (r"hub\.example\.org", "hub.localhost"),
        (r"127\.0\.0\.1:8000", f"127.0.0.1:{hub.port}"), (r"/srv/course/tls/key\.pem", str(key)),
        (r"/srv/course/tls/fullchain\.pem", str(hub.certificate)),
        (r"https://\$host\$", f"https://$host:{hub.front}$"),
    ):  # fmt: skip
        text, count = re.subn(old, new, text)
        assert count, old
    (folder / "course-hub.conf").write_text(text)
    temporary = " ".join(f"{name}_temp_path {folder}/{name};" for name in TEMPORARY)
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder, temporary=temporary))


def test_login_spawn_and_kernel(hub):
    """With the certificate checked; each server on a name of its own; a kernel's websocket answers."""
    with closing(hub.browserless(WHO)) as client:
        page = client.get("/hub/spawn")
        assert page.status_code == 200 and page.url.host.endswith("hub.localhost")
        token = {"Authorization": f"token {hub.token(client, WHO)}"}
        end = time.monotonic() + 90
        while (
            not client.get(f"/hub/api/users/{WHO}", headers=token).json()["servers"].get("", {}).get("ready")
        ):
            assert time.monotonic() < end, hub.log.read_text()[-3000:]
            time.sleep(0.3)
        own = hub.origin(WHO)
        lab = client.get(f"{own}/user/{WHO}/lab")
        assert lab.status_code == 200 and lab.url.host == f"{WHO}.hub.localhost", lab.url
        assert client.get(hub.service("exchange") + "/").status_code == 200
        kernel = client.post(f"{own}/user/{WHO}/api/kernels", headers=token, json={}).json()["id"]
    address = f"{own.replace('https', 'wss')}/user/{WHO}/api/kernels/{kernel}/channels"
    assert asyncio.run(_answer(hub, address, token)) == "status"


async def _answer(hub, address, token):
    request = HTTPRequest(address, headers=token, ca_certs=str(hub.certificate), connect_timeout=60)
    resolver = OverrideResolver(Resolver(), {f"{WHO}.hub.localhost": "127.0.0.1"})
    async with websocket(request, resolver=resolver) as connection:
        message = await asyncio.wait_for(connection.read_message(), 60)
        return json.loads(message)["msg_type"]


def test_plain_requests_lead_to_tls(hub):
    """And browsers are told to come by TLS from then on."""
    headers = {"Host": "hub.localhost"}
    answer = httpx.get(f"http://127.0.0.1:{hub.plain}/hub/login", headers=headers)
    assert (answer.status_code, answer.headers["location"]) == (301, f"{hub.url}/hub/login")
    with hub.client() as client:
        said = client.get(f"{hub.url}/hub/login")
    assert "max-age" in said.headers["strict-transport-security"]
    assert "secure" in said.headers["set-cookie"].lower()


def test_nobody_chooses_their_address(hub):
    """What a browser claims of where it comes from reaches nobody: nginx writes it."""
    with hub.client(base_url=hub.url, headers={"X-Forwarded-For": "203.0.113.7"}) as client:
        hub.log_in(client, "ta-001", "wrong")
    said = hub.log.read_text()
    assert "ta-001" in said and "203.0.113.7" not in said
