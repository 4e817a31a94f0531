"""What this course's pods do where Kubernetes goes away; with it, in tests/infra/test_kubernetes.py."""

import asyncio
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace

import pytest
from kubernetes_asyncio.config import kube_config

from autograder.hub.servers import in_pod
from autograder.hub.servers.kube_pod import GONE_SECONDS, CourseKubeSpawner
from tests.hub.pods import NO_CLUSTER
from tests.hub.support import free_port


class Reflector:
    """What KubeSpawner keeps of the cluster; this one never asks it."""

    def __init__(self, pods=None, ended=False):
        self.pods = self.resources = pods or {}
        self.first_load_future = asyncio.get_running_loop().create_future()
        self.first_load_future.set_result(None)
        self.watch_task = SimpleNamespace(done=lambda: ended)


@pytest.fixture
def within(tmp_path, monkeypatch):
    """Runs a test's coroutine with a spawner, and with no cluster behind it."""
    (tmp_path / "kubeconfig").write_text(NO_CLUSTER)
    monkeypatch.setattr(kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "kubeconfig"))
    monkeypatch.setattr(CourseKubeSpawner, "reflectors", {})

    def within(body):
        async def run():
            person = SimpleNamespace(name="student-001", id=1, url="/user/student-001/")
            spawner = CourseKubeSpawner(_mock=True, user=person, namespace="course")
            async with spawner.api.api_client:
                return await body(spawner)

        return asyncio.run(run())

    return within


@pytest.mark.parametrize(("late", "status"), [(-20.0, None), (GONE_SECONDS + 5, 1)])
def test_a_pod_on_a_machine_that_died_is_over(within, late, status):
    """Kubernetes keeps it for as long as the machine is silent; the control: it still has time to end."""
    due = (datetime.now(UTC) - timedelta(seconds=late)).strftime("%Y-%m-%dT%H:%M:%SZ")
    state = {"running": {"startedAt": "2027-01-10T12:00:00Z"}}
    pod = {
        "metadata": {"name": "jupyter-student-001", "deletionTimestamp": due},
        "status": {"phase": "Running", "podIP": "127.0.9.1",
                   "containerStatuses": [{"name": "notebook", "ready": True, "state": state}]},
    }  # fmt: skip

    async def poll(spawner):
        spawner.reflectors["pods", "course"] = Reflector({"course/jupyter-student-001": pod})
        return await spawner.poll()

    assert within(poll) == status


@pytest.mark.parametrize("ended", [True, False])
def test_watching_begins_again_where_kubespawner_gave_up(within, ended):
    """Else the hub is blind until somebody restarts it; the control: one that still watches is kept."""

    async def watch(spawner):
        known = spawner.reflectors["pods", "course"] = Reflector(ended=ended)
        with suppress(OSError):  # nobody is there to be watched
            await spawner._start_watching_pods()
        now = spawner.reflectors["pods", "course"]
        assert (now.first_load_future.exception() is None) == (now is known)
        return now is known

    assert within(watch) == (not ended)


class Hub(BaseHTTPRequestHandler):
    """Answers what a hub's API answers to strangers."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


def test_a_pod_waits_for_a_hub_that_is_being_replaced():
    """It goes on when the hub answers; with a sentence where none ever does."""
    port = free_port()
    address = f"http://127.0.0.1:{port}/hub/api"
    with pytest.raises(SystemExit, match="did not answer for 0 seconds"):
        in_pod.wait_for(address, 0)
    servers = []

    def start_late():
        time.sleep(1.5)
        servers.append(HTTPServer(("127.0.0.1", port), Hub))
        servers[0].serve_forever()

    late = threading.Thread(target=start_late)
    late.start()
    begin = time.monotonic()
    in_pod.wait_for(address, 60)
    assert time.monotonic() - begin > 1
    servers[0].shutdown()
    servers[0].server_close()
    late.join()
