"""A Kubernetes API over real HTTP that knows what a test puts into it: nodes, pods, events."""

from __future__ import annotations

import json
import queue
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from kubernetes_asyncio.config import kube_config
from kubespawner.clients import load_config

CONFIG = """
apiVersion: v1
kind: Config
clusters: [{{name: here, cluster: {{server: "http://127.0.0.1:{port}"}}}}]
users: [{{name: hub, user: {{token: none}}}}]
contexts: [{{name: here, context: {{cluster: here, user: hub}}}}]
current-context: here
"""


class KubeApi:
    """What it answers: lists by the last word of their path, such as ``nodes``."""

    def __init__(self) -> None:
        self.lists: dict[str, list[dict[str, Any]]] = {"nodes": [], "pods": [], "events": []}
        self.refuses: dict[str, int] = {}  # a status in place of a list
        self.forbidden: set[tuple[str, str]] = set()  # verb and kind, for who asks what it may do
        self.asked: list[str] = []
        self.happened: queue.Queue[dict[str, Any]] = queue.Queue()  # for who watches
        self.over = threading.Event()

    def answer(self, target: str) -> tuple[int, dict[str, Any]]:
        """Status and body for a GET."""
        url = urlsplit(target)
        kind, query = url.path.rpartition("/")[2], parse_qs(url.query)
        self.asked.append(target)
        if kind in self.refuses:
            return self.refuses[kind], {"kind": "Status", "message": f"{kind} is forbidden"}
        found = self.lists[kind]
        for term in query.get("labelSelector", [""])[0].split(","):
            name, _, value = term.partition("=")
            found = [each for each in found if not name or each["metadata"]["labels"].get(name) == value]
        for term in query.get("fieldSelector", [""])[0].split(","):
            name, _, value = term.partition("=")
            found = [each for each in found if not name or _field(each, name) == value]
        return 200, {"kind": "List", "metadata": {"resourceVersion": "1"}, "items": found}


@contextmanager
def kube_api(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KubeApi]:
    """One that answers, and is the cluster of this process and of those that it starts."""
    api = KubeApi()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            watch = "watch=true" in self.path.lower()
            status, body = api.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            if not watch or status != 200:
                self.wfile.write(json.dumps(body).encode())
            while watch and status == 200 and not api.over.is_set():
                with suppress(queue.Empty):
                    self.wfile.write(json.dumps(api.happened.get(timeout=0.02)).encode() + b"\n")

        def do_POST(self) -> None:
            review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            about = review["spec"]["resourceAttributes"]
            allowed = (about["verb"], about["resource"]) not in api.forbidden
            self.send_response(201)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps({**review, "status": {"allowed": allowed}}).encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = _Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    file = folder / "kubeconfig"
    file.write_text(CONFIG.format(port=server.server_port))
    monkeypatch.setenv("KUBECONFIG", str(file))
    monkeypatch.setattr(kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(file))
    load_config.cache_clear()  # KubeSpawner reads the file once in a process
    try:
        yield api
    finally:
        load_config.cache_clear()
        api.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    """Waits for its threads, and takes it as it is that who watches goes."""

    daemon_threads = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def _field(thing: dict[str, Any], name: str) -> object:
    for part in name.split("."):
        thing = thing.get(part, {})
    return thing
