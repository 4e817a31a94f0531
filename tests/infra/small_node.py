"""A node of a cluster in miniature: it offers GPUs that are not there, and its pods are processes of this
machine.

It says to the API what a kubelet says, so that scheduler, controllers and hub act as with a real one. What
only a kubelet and its network do is not tried with it: images, cgroups, volumes, network policies.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.infra.control_plane import Cluster

MERGE = "application/merge-patch+json"
LAST_LINES = 2048  # bytes of a program's output that a node keeps, with "FallbackToLogsOnError"
USER = 1000  # as the pods' security context says


@dataclass
class _Running:
    process: subprocess.Popen[bytes]
    log: Path
    since: float = field(default_factory=time.monotonic)


class SmallNode:
    """Runs what the scheduler binds to it, in a thread.

    Args:
        cluster: where it belongs.
        folder: for the pods' homes and logs.
        gpus: how many it offers.
        name: the node's.
        names: texts in the pods' environment that mean something else here, such as names of services.
        path: where the pods' programs are.
    """

    def __init__(
        self,
        cluster: Cluster,
        folder: Path,
        gpus: int,
        names: Mapping[str, str],
        path: str,
        name: str = "node1",
    ) -> None:
        self.cluster, self.folder, self.gpus, self.names, self.path = cluster, folder, gpus, names, path
        self.name = name
        self.images = {"course-server", "course-hub"}
        self.broken = ""  # a shell's words that run in place of each pod's program
        self.silent = False  # a node that died: nothing is said, nothing is run
        self._running: dict[str, _Running] = {}
        self._last_beat, self._addresses = 0.0, iter(range(2, 250))
        self._network = f"127.0.{9 + sum(name.encode()) % 100}"  # of this node alone
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._live, daemon=True)

    def __enter__(self) -> SmallNode:
        node = {"metadata": {"name": self.name, "labels": {"kubernetes.io/hostname": self.name}}}
        self.cluster.call("POST", "/api/v1/nodes", node)
        self._beat()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(30)
        for uid in list(self._running):
            self._kill(uid)

    def evict(self, name: str) -> None:
        """As a node does whose memory runs out."""
        pod = self.cluster.pods()[name]
        message = "The node was low on resource: memory. Container notebook was using 9Gi."
        (container,) = pod["spec"]["containers"]
        state = {"terminated": {"exitCode": 137, "reason": "Error", "finishedAt": _now()}}
        self._say(
            pod, phase="Failed", reason="Evicted", message=message, conditions=_conditions(pod, "False"),
            containerStatuses=[_container(container, state, ready=False)],
        )  # fmt: skip
        self._kill(pod["metadata"]["uid"])

    def kill(self, name: str) -> None:
        """End a pod's program, as the kernel does for its memory."""
        with suppress(ProcessLookupError):
            os.killpg(self._running[self.cluster.pods()[name]["metadata"]["uid"]].process.pid, signal.SIGKILL)

    def _live(self) -> None:
        while not self._over.wait(0.3):
            if self.silent:
                continue
            try:
                if time.monotonic() - self._last_beat > 3:
                    self._beat()
                self._look()
            except (OSError, KeyError, ValueError) as problem:
                print("small node:", repr(problem), flush=True)

    def _beat(self) -> None:
        self._last_beat = time.monotonic()
        has = {"cpu": "16", "memory": "64Gi", "pods": "30", "nvidia.com/gpu": str(self.gpus)}
        ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "lastHeartbeatTime": _now()}
        status = {"capacity": has, "allocatable": has, "conditions": [ready],
                  "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}]}  # fmt: skip
        self.cluster.call("PATCH", f"/api/v1/nodes/{self.name}/status", {"status": status}, MERGE)

    def _look(self) -> None:
        mine = self.cluster.call("GET", f"/api/v1/pods?fieldSelector=spec.nodeName%3D{self.name}")["items"]
        for pod in mine:
            uid = pod["metadata"]["uid"]
            if pod["metadata"].get("deletionTimestamp"):
                if uid in self._running:
                    self._tell(pod, "Killing", "Stopping container notebook")
                self._kill(uid)
                self.cluster.call("DELETE", _address(pod), {"gracePeriodSeconds": 0})
            elif uid in self._running:
                self._look_after(pod, self._running[uid])
            elif pod["status"].get("phase") == "Pending":
                self._begin(pod)
        for uid in self._running.keys() - {pod["metadata"]["uid"] for pod in mine}:
            self._kill(uid)

    def _begin(self, pod: dict[str, Any]) -> None:
        (container,) = pod["spec"]["containers"]
        if container["image"] not in self.images:
            message = f'Back-off pulling image "{container["image"]}"'
            state = {"waiting": {"reason": "ImagePullBackOff", "message": message}}
            self._say(pod, containerStatuses=[_container(container, state, ready=False)])
            return
        uid, address = pod["metadata"]["uid"], f"{self._network}.{next(self._addresses)}"
        self._running[uid] = self._run(pod, container, address)
        self._say(
            pod, phase="Running", podIP=address, podIPs=[{"ip": address}], hostIP="127.0.0.1",
            startTime=_now(),
            conditions=_conditions(pod, "True"),
            containerStatuses=[_container(container, {"running": {"startedAt": _now()}}, ready=True)],
        )  # fmt: skip

    def _run(self, pod: dict[str, Any], container: dict[str, Any], address: str) -> _Running:
        home = self.folder / f"{pod['metadata']['name']}-{address}"
        home.mkdir(mode=0o700)
        os.chown(home, USER, USER)
        environment = {each["name"]: each.get("value", "") for each in container.get("env", ())}
        for name, value in environment.items():
            for text, meant in {**self.names, "0.0.0.0": address}.items():
                value = value.replace(text, meant)
            environment[name] = value
        command = [*container.get("command", ()), *container.get("args", ())]
        log = home.with_suffix(".log")
        with log.open("wb") as written:
            process = subprocess.Popen(
                ["sh", "-c", self.broken] if self.broken else command,
                stdout=written, stderr=written, cwd=home,
                env={**environment, "PATH": self.path, "HOME": str(home)}, start_new_session=True,
                user=USER, group=USER, extra_groups=[],
            )  # fmt: skip
        return _Running(process, log)

    def _look_after(self, pod: dict[str, Any], running: _Running) -> None:
        limit = pod["spec"].get("activeDeadlineSeconds")
        if limit and time.monotonic() - running.since > limit:
            self._kill(pod["metadata"]["uid"])
            self._say(pod, phase="Failed", reason="DeadlineExceeded")
        elif running.process.poll() is not None:
            (container,) = pod["spec"]["containers"]
            text = running.log.read_bytes()[-LAST_LINES:].decode(errors="replace")
            wanted = container.get("terminationMessagePolicy") == "FallbackToLogsOnError"
            code = running.process.returncode
            end = {
                "exitCode": code if code >= 0 else 128 - code,
                "reason": "Error" if code else "Completed",
                "finishedAt": _now(),
                "message": text if wanted and code else "",
            }
            assert pod["spec"]["restartPolicy"] == "Never"  # nothing is started again here
            self._say(
                pod, phase="Failed" if code else "Succeeded", conditions=_conditions(pod, "False"),
                containerStatuses=[_container(container, {"terminated": end}, ready=False)],
            )  # fmt: skip
            del self._running[pod["metadata"]["uid"]]

    def _say(self, pod: dict[str, Any], **status: Any) -> None:
        self.cluster.call("PATCH", f"{_address(pod)}/status", {"status": status}, MERGE)

    def _tell(self, pod: dict[str, Any], reason: str, message: str) -> None:
        metadata = pod["metadata"]
        about = {
            "kind": "Pod",
            "apiVersion": "v1",
            **{each: metadata[each] for each in ("namespace", "name", "uid")},
        }
        event = {
            "metadata": {"generateName": f"{metadata['name']}."}, "involvedObject": about, "type": "Normal",
            "reason": reason, "message": message, "firstTimestamp": _now(), "lastTimestamp": _now(),
        }  # fmt: skip
        self.cluster.call("POST", f"/api/v1/namespaces/{metadata['namespace']}/events", event)

    def _kill(self, uid: str) -> None:
        running = self._running.pop(uid, None)
        if running is not None:
            with suppress(ProcessLookupError):
                os.killpg(running.process.pid, signal.SIGKILL)
            running.process.wait()


def _container(container: Mapping[str, Any], state: Mapping[str, Any], ready: bool) -> dict[str, Any]:
    return {"name": container["name"], "ready": ready, "restartCount": 0, "image": container["image"],
            "imageID": "", "state": state}  # fmt: skip


def _conditions(pod: Mapping[str, Any], ready: str) -> list[dict[str, Any]]:
    """Those of the pod with a node's own; the scheduler's stays as it is."""
    kept = [each for each in pod["status"].get("conditions", ()) if each["type"] == "PodScheduled"]
    own = {"Initialized": "True", "Ready": ready, "ContainersReady": ready}
    return kept + [
        {"type": kind, "status": status, "lastTransitionTime": _now()} for kind, status in own.items()
    ]


def _address(pod: Mapping[str, Any]) -> str:
    return f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}"


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
