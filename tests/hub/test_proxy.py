"""Node's proxy as the hub starts it, without a hub: what it streams, and who can listen where it did."""

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from autograder.base import unix_sockets
from autograder.base.errors import CourseError, UsageError
from autograder.commands.doctor import PROXY, with_proxy
from autograder.hub import install_proxy
from autograder.hub.install_proxy import LISTS, imports, node, program
from autograder.hub.process import launch
from autograder.hub.process.options import Options
from tests.hub.support import LITTLE, copy_course, free_port
from tests.sandbox.test_doctor import diagnosis

GO_ON = threading.Event()


class Slow(BaseHTTPRequestHandler):
    """A stream of events, the second after somebody said so; what is put is taken at once."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"data: one\n\n")
        GO_ON.wait(20)
        self.wfile.write(b"data: two\n\n")

    def do_PUT(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


class Proxy:
    """The proxy on a port that this process holds, with one route."""

    def __init__(self, folder, target):
        self.held = socket.create_server(("127.0.0.1", 0))
        self.port, self.api, self.target = self.held.getsockname()[1], folder / "proxy", target
        self.start()

    def start(self):
        """Start it, and wait until it knows its route."""
        self.api.unlink(missing_ok=True)
        lent = self.held.fileno()
        own = {"COURSE_LENT_SOCKET": str(lent), "CONFIGPROXY_AUTH_TOKEN": "a token"}
        self.process = subprocess.Popen(
            [node(), *imports(), program(),
             "--port", str(self.port), "--api-socket", self.api, "--default-target", self.target],
            env={**os.environ, **own}, pass_fds=[lent],
        )  # fmt: skip

    @contextmanager
    def ask(self):
        """The beginning of an answer."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            connection.request("GET", "/")
            with connection.getresponse() as answer:
                yield answer

    def read(self):
        """All of an answer."""
        with self.ask() as answer:
            return answer.read()

    def end(self):
        """Kill it."""
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="module")
def slow(tmp_path_factory):
    """The address of the slow server, on a Unix socket with capitals and a blank in its path."""

    class OnSocket(ThreadingHTTPServer):
        address_family = socket.AF_UNIX
        daemon_threads = True

        def server_bind(self):
            self.socket.bind(self.server_address)

        def get_request(self):
            return self.socket.accept()[0], ("", 0)

    path = tmp_path_factory.mktemp("S L") / "Slow.sock"
    with OnSocket(str(path), Slow) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield unix_sockets.address(path)
        server.shutdown()


@pytest.fixture(scope="module")
def proxy(tmp_path_factory, slow):
    proxy = Proxy(tmp_path_factory.mktemp("proxy"), slow)
    yield proxy
    proxy.end()
    proxy.held.close()


def test_an_answer_comes_piece_by_piece(proxy):
    """The first piece is here before the second exists."""
    GO_ON.clear()
    with proxy.ask() as answer:
        assert answer.readline() == b"data: one\n"
        GO_ON.set()
        assert answer.read() == b"\ndata: two\n\n"


def test_what_is_answered_at_once_is_answered(proxy):
    """Hundreds of small writes, and each reads what the server said."""
    with closing(http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=20)) as connection:
        for _ in range(300):
            connection.request("PUT", "/", body=b"{}")
            with connection.getresponse() as answer:
                assert answer.status == 204


def test_nobody_takes_the_port_of_a_dead_proxy(proxy):
    """And who connects meanwhile is answered by the next one."""
    GO_ON.set()
    assert proxy.read()
    proxy.end()
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(proxy.read()))
    waiting.start()
    end = time.monotonic() + 0.5
    while time.monotonic() < end:
        with pytest.raises(OSError, match="in use"):
            socket.create_server(("127.0.0.1", proxy.port), reuse_port=True)
    assert answers == []
    proxy.start()
    waiting.join(20)
    assert answers == [b"data: one\n\ndata: two\n\n"]


def test_its_lock_file_names_one_version_of_everything():
    """With a digest of each; and nothing of a registry's address."""
    lock = json.loads((LISTS / "package-lock.json").read_text())["packages"]
    wanted = json.loads((LISTS / "package.json").read_text())["dependencies"]
    assert wanted == {
        "configurable-http-proxy": lock["node_modules/configurable-http-proxy"]["version"],
    }
    packages = [package for name, package in lock.items() if name]
    assert len(packages) > 20 and all(package["integrity"] for package in packages)
    assert not any("resolved" in package for package in packages)


def test_a_hub_without_its_proxy_says_how_to_get_it(monkeypatch, tmp_path):
    """So does the doctor; and what npm could not install is not there."""
    assert with_proxy(diagnosis("walled")).programs[PROXY] == str(install_proxy.program())
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    with pytest.raises(UsageError, match=r"Run: \S+ -m autograder.hub.install_proxy$"):
        launch._check_installed(Options())
    found = with_proxy(diagnosis("walled"))
    assert found.programs[PROXY] is None
    (advice,) = [line for line in found.advice if PROXY in line]
    assert advice.endswith(f"run {install_proxy.COMMAND}.")
    monkeypatch.setattr(install_proxy, "node", lambda: tmp_path / "lib" / "bin" / "node")
    (tmp_path / "lib" / "bin").mkdir(parents=True)
    failing = tmp_path / "lib" / "bin" / "node"
    failing.write_text("#!/bin/sh\nexit 7\n")
    failing.chmod(0o755)
    with pytest.raises(CourseError, match="exit code 7"):
        install_proxy.install()
    assert install_proxy.program() is None


def test_an_operator_is_told_what_is_free_while_the_hub_is_down(tmp_path):
    """Where people have accounts on this machine."""
    course = copy_course(tmp_path / "course", LITTLE)
    for spawner, said in (("system", True), ("simple", False)):
        sentences = launch.prepare(course, Options(spawner=spawner, port=free_port()))
        assert any("--port below 1024" in sentence for sentence in sentences) == said
