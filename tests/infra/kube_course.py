"""What trials at a control plane have in common: the hub's words, and what becomes of somebody's pod."""

import yaml

from tests.hub.support import ROOT
from tests.infra.course import until

SETTINGS = ROOT / "autograder" / "hub" / "server_settings"
SITE = f"""
exec(compile(open({str(ROOT / "infra/kubernetes/jupyterhub_config.py")!r}).read(), "infra", "exec"))
c.JupyterHub.hub_connect_ip = "127.0.0.1"  # as the cluster would resolve the service's name
c.JupyterHub.tornado_settings |= {{"slow_spawn_timeout": 0.2}}  # the API waits no longer than pages do
"""


def volume(name, size):
    return {
        "apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name},
        "spec": {
            "capacity": {"storage": size}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/none"},
        },
    }  # fmt: skip


def hubs_words():
    """The options of the hub's pod, as hub.yaml has them."""
    documents = yaml.safe_load_all((ROOT / "infra/kubernetes/hub.yaml").read_text())
    (pod,) = [each for each in documents if each["kind"] == "Deployment"]
    (container,) = pod["spec"]["template"]["spec"]["containers"]
    return [
        word
        for word in container["args"]
        if not word.startswith(("--config", "--port", "--hub-port", "--host="))
    ]


def uid(cluster, name):
    pod = cluster.pods().get(f"jupyter-{name}")
    return pod["metadata"]["uid"] if pod else ""


def phase(cluster, name):
    pod = cluster.pods().get(f"jupyter-{name}")
    return pod["status"].get("phase") if pod else ""


def up(hub, name):
    hub.ask_for_server(name, "gpu")
    return until(lambda: hub.answers(name), f"server of {name}")[1]


def gone(cluster, name):
    return until(lambda: not uid(cluster, name), f"end of the pod of {name}", 40)[1]


def gpus_of(cluster, node):
    """How many GPUs the cluster believes a node to have."""
    has = cluster.call("GET", f"/api/v1/nodes/{node.name}")["status"]["allocatable"]
    return has["nvidia.com/gpu"]
