"""Kubernetes' own control plane on loopback: etcd, API server, scheduler, controllers; no node of its own."""

from __future__ import annotations

import base64
import json
import os
import secrets
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.hub.support import free_port
from tests.infra.course import until

CONTROLLERS = "*,-attachdetach,-csrsigning,-csrapproving,-csrcleaner,-cloud-node-lifecycle,-service,-route"
CONFIG = """apiVersion: v1
kind: Config
clusters: [{{name: here, cluster: {{server: "{api}", insecure-skip-tls-verify: true}}}}]
users: [{{name: user, user: {{token: "{token}"}}}}]
contexts: [{{name: here, context: {{cluster: here, user: user, namespace: course}}}}]
current-context: here
"""


class Cluster:
    """The API, as its administrator reaches it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.token = folder, secrets.token_hex(16)
        self.api = f"https://127.0.0.1:{free_port()}"
        self.admin = folder / "admin.kubeconfig"
        self.admin.write_text(CONFIG.format(api=self.api, token=self.token))
        self._tls = ssl._create_unverified_context()  # the API's certificate is its own

    def call(self, method: str, path: str, body: Any = None, kind: str = "application/json") -> Any:
        """The API's answer; a dictionary with ``code`` where it refuses."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": kind}
        sent = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.api + path, sent, headers, method=method)
        try:
            with urllib.request.urlopen(request, context=self._tls, timeout=10) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return {"code": error.code, "message": error.read().decode(errors="replace")}

    def kubectl(self, *words: str, check: bool = True) -> str:
        """What kubectl prints; as the administrator."""
        done = subprocess.run(
            ["kubectl", "--kubeconfig", str(self.admin), *words], capture_output=True, text=True
        )
        assert done.returncode == 0 or not check, f"kubectl {' '.join(words)}: {done.stderr}"
        return done.stdout

    def pods(self) -> dict[str, Any]:
        """All pods of the course, by name."""
        return {
            pod["metadata"]["name"]: pod
            for pod in self.call("GET", "/api/v1/namespaces/course/pods")["items"]
        }

    def kubeconfig_of(self, account: str) -> Path:
        """A configuration with the token that Kubernetes made for an account of the course."""

        def token() -> str:
            for each in self.call("GET", "/api/v1/namespaces/course/secrets")["items"]:
                notes = each["metadata"].get("annotations") or {}
                if notes.get("kubernetes.io/service-account.name") == account and "token" in each["data"]:
                    return base64.b64decode(each["data"]["token"]).decode()
            return ""

        found, _ = until(token, f"token of the account {account}", 30)
        file = self.folder / f"{account}.kubeconfig"
        file.write_text(CONFIG.format(api=self.api, token=found))
        return file


@contextmanager
def control_plane(programs: Path, folder: Path) -> Iterator[Cluster]:
    """A cluster without nodes, its programs from ``build-kubernetes``; ended afterwards."""
    cluster = Cluster(folder)
    (folder / "tokens.csv").write_text(f'{cluster.token},admin,admin,"system:masters"\n')
    _key(folder)
    etcd, peer = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    with ExitStack() as stack:
        start = _Starter(stack, folder)
        start(
            "etcd", "--data-dir", folder / "etcd",
            "--listen-client-urls", etcd, "--advertise-client-urls", etcd,
            "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
            "--initial-cluster", f"default={peer}",
        )  # fmt: skip
        start(
            programs / "kube-apiserver", f"--etcd-servers={etcd}",
            f"--secure-port={cluster.api.rpartition(':')[2]}",
            "--bind-address=127.0.0.1", "--advertise-address=192.0.2.2", f"--cert-dir={folder}/api",
            "--service-cluster-ip-range=10.97.0.0/24", f"--token-auth-file={folder}/tokens.csv",
            "--authorization-mode=RBAC", "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={folder}/key.pem",
            f"--service-account-signing-key-file={folder}/key.pem",
            "--default-unreachable-toleration-seconds=2", "--default-not-ready-toleration-seconds=2",
        )  # fmt: skip
        until(lambda: _ready(cluster, start), "answer of the API", 60)
        common = (
            f"--kubeconfig={cluster.admin}",
            "--leader-elect=false",
            "--port=0",
            "--bind-address=127.0.0.1",
        )
        start(programs / "kube-scheduler", *common, f"--secure-port={free_port()}", f"--cert-dir={folder}/s")
        start(
            programs / "kube-controller-manager", *common, f"--secure-port={free_port()}",
            f"--cert-dir={folder}/c",
            f"--service-account-private-key-file={folder}/key.pem", f"--controllers={CONTROLLERS}",
            "--use-service-account-credentials=false", "--node-monitor-grace-period=8s",
        )  # fmt: skip
        yield cluster


class _Starter:
    """Starts programs of the cluster, each with a log of its own, and ends them in the other order."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self.stack, self.folder = stack, folder
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def __call__(self, program: object, *arguments: object) -> None:
        name = Path(str(program)).name
        log = self.stack.enter_context((self.folder / f"{name}.log").open("wb"))
        process = subprocess.Popen(
            [str(program), *map(str, arguments)], stdout=log, stderr=log, cwd=self.folder,
            env={**os.environ, "HOME": str(self.folder)},
        )  # fmt: skip
        self.running[name] = process
        self.stack.callback(self._end, process)

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        process.kill()  # nobody needs the cluster again
        process.wait()


def _ready(cluster: Cluster, start: _Starter) -> bool:
    for name, process in start.running.items():
        log = (cluster.folder / f"{name}.log").read_text(errors="replace")
        assert process.poll() is None, f"{name} ended:\n{log[-2000:]}"
    try:
        return not isinstance(answer := cluster.call("GET", "/api/v1/namespaces"), dict) or "items" in answer
    except (OSError, ValueError):
        time.sleep(0.2)
        return False


def _key(folder: Path) -> None:
    subprocess.run(
        ["openssl", "genrsa", "-out", str(folder / "key.pem"), "2048"], check=True, capture_output=True
    )
