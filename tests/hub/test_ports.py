"""A hub over TLS whose ports systemd holds: what streams, and what a stranger on this machine can take."""

import asyncio
import datetime
import fcntl
import ipaddress
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import httpx
import psutil
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tornado.httpclient import HTTPRequest

from autograder.base.errors import UsageError
from autograder.exchange.client.service import Service
from autograder.hub.process import ports
from autograder.hub.process.certificate import check_certificate
from autograder.hub.process.options import Options
from autograder.marks.roster import Member
from tests.hub.support import LITTLE, ROOT, RunningHub
from tests.hub.test_processes import _command, _descendants
from tests.hub.test_running import _headers, _logged_in
from tests.hub.websockets import websocket
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hub")]
LONG = 8  # seconds that the slow person waits for a server
SOON = 60  # seconds on a busy machine
QUICK, SLOW = "student-001", "student-002"
CONFIG = f"""
import asyncio
from jupyterhub.spawner import SimpleLocalProcessSpawner

load_subconfig({str(ROOT / "autograder/hub/process/jupyterhub_config.py")!r})

class Slow(SimpleLocalProcessSpawner):
    async def start(self):
        await asyncio.sleep({LONG} if self.user.name == {SLOW!r} else 0)
        return await super().start()

c.JupyterHub.spawner_class = Slow
"""
# What a stranger tries for some seconds: to listen on each port, to reach and to replace each socket.
TAKE = """
import errno, os, socket, sys, time
seconds, *places = sys.argv[1:]
end, said = time.monotonic() + float(seconds), set()
def trying(what, do):
    try:
        do()
        said.add(what)
    except OSError as error:
        said.add(errno.errorcode[error.errno])
while time.monotonic() < end:
    for place in places:
        on_port = place.isdigit()
        where = ("127.0.0.1", int(place)) if on_port else place
        with socket.socket(socket.AF_INET if on_port else socket.AF_UNIX) as thief:
            thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if on_port:
                trying("taken", lambda: (thief.bind(where), thief.listen()))
            else:
                trying("removed", lambda: os.unlink(place))
                trying("reached", lambda: thief.connect(where))
                trying("taken", lambda: thief.bind(where))
print(*sorted(said))
"""


class HeldHub(RunningHub):
    """A hub whose ports are another process's, as systemd's socket units are."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        members = (Member("instructor", "instructor"), Member(QUICK, "student"), Member(SLOW, "student"))
        super().__init__(folder, *arguments, members=members, original=LITTLE)
        self.sockets = [socket.create_server(("127.0.0.1", port)) for port in (self.port, 0)]
        self.own_port = self.sockets[1].getsockname()[1]
        self.passed = tuple(fcntl.fcntl(each, fcntl.F_DUPFD, 50) for each in self.sockets)
        self.url = f"https://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        """As systemd runs it: the sockets are 3 and 4."""
        one, two = self.passed
        start = f'export LISTEN_PID=$$ LISTEN_FDS=2; exec "$@" 3<&{one} 4<&{two} {one}<&- {two}<&-'
        return ["bash", "-c", start, "bash", *super().command()]

    def close(self) -> None:
        """Let the ports go."""
        for each in self.sockets:
            each.close()
        for descriptor in self.passed:
            os.close(descriptor)

    def socket_of(self, name: str) -> str:
        """The path of a service's socket."""
        return str(self.course.data_folder / "hub" / "sockets" / name)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Key and certificate of 127.0.0.1, signed by itself."""
    return _certificate(tmp_path_factory.mktemp("tls"), "127.0.0.1")


@pytest.fixture(scope="module")
def hub(certificate):
    folder = Path(tempfile.mkdtemp(prefix="ports-"))  # a stranger can enter it
    folder.chmod(0o755)
    key, cert = certificate
    (folder / "config.py").write_text(CONFIG)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(cert))
        hub = HeldHub(
            folder / "course", "--config", "../config.py",  # paths as its operator writes them
            "--tls-key", os.path.relpath(key, folder / "course"),
            "--tls-certificate", os.path.relpath(cert, folder / "course"),
        )  # fmt: skip
        with hub:
            yield hub
        hub.close()
    shutil.rmtree(folder, ignore_errors=True)  # the last processes may still write


class Waiting(threading.Thread):
    """The slow person, who presses the button and looks at the page that waits."""

    def __init__(self, hub: RunningHub) -> None:
        super().__init__(daemon=True)
        self.hub, self.events, self.statuses, self.page = hub, [], [], ""

    def run(self) -> None:
        """Read the page's stream of events; ask the page itself, too, as its script does."""
        with _logged_in(self.hub, SLOW) as client:
            self.began = time.monotonic()
            page = client.get("/hub/spawn")
            progress = json.loads('"' + re.search(r'EventSource\("([^"]+)"', page.text)[1] + '"')
            self.page = page.text
            with client.stream("GET", progress) as stream:
                for line in stream.iter_lines():
                    if line.startswith("data:"):
                        self.events.append((time.monotonic() - self.began, json.loads(line[5:])))
                        self.statuses.append(client.get(page.url, follow_redirects=False).status_code)


@pytest.fixture(scope="module")
def waiting(hub):
    thread = Waiting(hub)
    thread.start()
    return thread


@pytest.fixture(scope="module")
def token(hub, waiting):
    """The quick person's, whose server has started."""
    with _logged_in(hub, QUICK) as client:
        token = hub.token(client, QUICK)
    assert _post(hub, token, f"/hub/api/users/{QUICK}/server").is_success
    until(lambda: _has_server(hub, token), "server", SOON)
    return token


def test_login_page_and_exchange_are_behind_tls(hub, token):
    """The certificate is checked; in clear text there is nothing; servers trust the same certificate."""
    assert httpx.get(f"{hub.url}/hub/login").status_code == 200
    assert Service(f"{hub.url}/services/exchange", token).units() == []
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://127.0.0.1:{hub.port}/hub/login")
    with pytest.raises(httpx.ConnectError, match="verify failed"):
        httpx.get(f"{hub.url}/hub/login", verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))


def test_a_kernel_answers_over_wss(hub, token):
    """And the protocol of its websocket is the one that Jupyter's pages ask for."""
    base = f"/user/{QUICK}"
    environments = b"".join(
        Path(f"/proc/{pid}/environ").read_bytes() for pid in _descendants(hub.process.pid) if _command(pid)
    )
    assert f"SSL_CERT_FILE={os.environ['SSL_CERT_FILE']}".encode() in environments
    answer = _post(hub, token, f"{base}/api/kernels")
    address = f"wss://127.0.0.1:{hub.port}{base}/api/kernels/{answer.json()['id']}/channels"
    assert asyncio.run(_first_message(address, token)) == "v1.kernel.websocket.jupyter.org"


def test_what_a_dead_exchange_leaves_nobody_can_take(hub, token):
    """A stranger can neither reach, replace nor remove its socket, and the next exchange answers there."""
    (exchange,) = [pid for pid in _descendants(hub.process.pid) if b"course exchange" in _command(pid)]
    os.kill(exchange, signal.SIGKILL)
    places = [hub.socket_of(name) for name in ("exchange", "formgrader", "proxy")]
    assert all(Path(place).is_socket() for place in places)
    assert _stranger(2, *places) == "EACCES"
    until(lambda: _health(hub) == 200, "next exchange", SOON)


def test_a_page_that_waits_lets_its_user_in(hub, waiting):
    """Its events come when they happen, not when all of them have; and whoever asks the page is sent on."""
    waiting.join(SOON)
    (first, begun), *_, (last, ready) = waiting.events
    assert first < LONG / 2 and not begun.get("ready")
    assert last > LONG and ready["ready"]
    assert waiting.statuses[0] == 200 and waiting.statuses[-1] == 302
    assert "setTimeout(again" in waiting.page  # tests/e2e/test_pending_page.py


def test_nothing_of_the_hub_listens_on_other_ports(hub):
    """Two ports that others reach, and sockets in a folder of mode 0700."""
    folder = Path(hub.socket_of("proxy")).parent
    assert folder.stat().st_mode & 0o777 == 0o700
    pids = [pid for pid in _descendants(hub.process.pid) if b"singleuser" not in _command(pid)]
    pids = [pid for pid in pids if b"ipykernel" not in _command(pid) and b"timeout" not in _command(pid)]
    assert any(b"configurable-http-proxy" in _command(pid) for pid in pids)
    assert {port for pid in (hub.process.pid, *pids) for port in _listening(pid)} == {hub.port, hub.own_port}


def test_the_port_of_a_dead_proxy_cannot_be_taken(hub):
    """Whoever connects meanwhile waits for the next proxy."""
    (node,) = [
        pid for pid in _descendants(hub.process.pid)
        if b"lent_port.mjs" in _command(pid) and b"tether" not in _command(pid)
    ]  # fmt: skip
    os.kill(node, signal.SIGKILL)
    asked = threading.Thread(target=lambda: answers.append(_health(hub)))
    answers: list[int] = []
    asked.start()
    assert _stranger(1, str(hub.port)) == "EADDRINUSE"
    asked.join(SOON)
    # The next one learns its routes right after it is there; until then the hub sends below /hub/.
    assert answers and answers[0] in (200, 302, 404, 503)
    until(lambda: _health(hub) == 200, "way to the exchange", SOON)


def test_a_hub_that_is_down_leaves_no_port_free(hub, token, waiting):
    """With systemd's sockets: people's servers find the next hub where the last one was."""
    waiting.join(SOON)
    hub.kill()
    assert _stranger(1, str(hub.port), str(hub.own_port)) == "EADDRINUSE"
    hub.start()
    until(lambda: _has_server(hub, token), "server for the next hub", SOON)


@pytest.mark.skipif(os.geteuid() != 0 and not os.environ.get("CI"), reason="only root has ports below 1024")
def test_the_hubs_own_port_is_one_that_only_root_has(tmp_path):
    """The same at every start; while the hub is down, others may not listen there."""
    if ports._first_unprivileged() < 1024:
        pytest.skip("on this machine every port is for everybody (net.ipv4.ip_unprivileged_port_start)")
    code = (
        "import sys; from pathlib import Path; from autograder.hub.process import ports\n"
        "print(ports.hub_port(Path(sys.argv[1]), '127.0.0.1', 0, 8000))"
    )
    found = {_python(code, str(tmp_path / "kept")) for _ in range(2)}
    (port,) = found
    assert int(port) in ports.PRIVILEGED and not ports.anybody_may_take(int(port))
    assert _stranger(0.1, port) == "EACCES"
    assert ports.anybody_may_take(8000)


@pytest.mark.parametrize(
    ("of", "more", "says"),
    [
        ("127.0.0.1", {}, None),
        ("*.example.org", {"public_url": "https://hub.example.org:8000", "shared_origin": True}, None),
        (
            "*.example.org",
            {"public_url": "https://hub.example.org"},
            r"for hub.example.org and \*.hub.example.org",
        ),
        ("hub.example.org", {}, r"is for hub.example.org; .* --public-url https://hub.example.org:8000"),
        ("*.example.org", {"public_url": "https://example.org"}, "is for"),
        ("127.0.0.1", {"tls_key": __file__}, "no certificate and its key"),
    ],
)
def test_a_certificate_is_for_the_address_that_people_use(tmp_path, of, more, says):
    """Else every server of the hub would be refused by the exchange."""
    key, cert = _certificate(tmp_path, of)
    options = Options(**{"tls_key": str(key), "tls_certificate": str(cert), **more})
    if says is None:
        check_certificate(options)
    else:
        with pytest.raises(UsageError, match=says):
            check_certificate(options)


async def _first_message(address, token):
    """The protocol that was agreed on, once the kernel has said something."""
    request = HTTPRequest(address, headers=_headers(token), ca_certs=os.environ["SSL_CERT_FILE"])
    async with websocket(request, subprotocols=["v1.kernel.websocket.jupyter.org"]) as connection:
        assert await asyncio.wait_for(connection.read_message(), SOON)
        return connection.selected_subprotocol


def _certificate(folder, name):
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    whose = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a hub in a test")])
    as_address = name[0].isdigit()
    named = x509.IPAddress(ipaddress.ip_address(name)) if as_address else x509.DNSName(name)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(whose)
        .issuer_name(whose)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([named]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    (folder / "cert.pem").write_bytes(certificate.public_bytes(pem))
    return folder / "key.pem", folder / "cert.pem"


def _stranger(seconds, *places):
    """What another account of this machine gets, in words of the system."""
    python = shutil.which("python3", path="/usr/bin:/bin") or sys.executable
    other = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
    done = subprocess.run(
        [python, "-c", TAKE, str(seconds), *places],
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
        **other,
    )
    return done.stdout.strip()


def _listening(pid):
    try:
        found = psutil.Process(pid).net_connections("inet")
    except psutil.Error:
        return set()  # it has ended
    return {where.laddr.port for where in found if where.status == psutil.CONN_LISTEN}


def _python(code, *arguments):
    command = [sys.executable, "-P", "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _post(hub, token, path):
    return httpx.post(hub.url + path, headers=_headers(token), json={}, timeout=SOON)


def _has_server(hub, token):
    path = f"/user/{QUICK}/api/status"
    return httpx.get(hub.url + path, headers=_headers(token), timeout=SOON).status_code == 200


def _health(hub):
    try:
        return httpx.get(f"{hub.url}/services/exchange/api/health", timeout=SOON).status_code
    except httpx.TransportError:
        return 0
