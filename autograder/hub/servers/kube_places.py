"""What a cluster's nodes have for the profiles, asked at the hub's start with the hub's own account.

A profile fits where some node has its labels and all that it asks for. Taints alone refuse nothing here: a
site's configuration and some clusters add tolerations to pods, of which course_config.py says nothing.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from typing import Any

from aiohttp import ClientError
from kubernetes_asyncio.client import ApiClient, ApiException, Configuration, CoreV1Api
from kubernetes_asyncio.config import ConfigException, load_incluster_config, load_kube_config

from ...base.errors import UsageError
from ...course import Profile
from .kube_nodes import could_hold, quantity
from .node_kind import SECONDS, MayNot, NodeKind, Unknown
from .profiles import GIB, NVIDIA, kubernetes

_MAY_NOT = (401, 403)
_RIGHT = (
    "The hub's account may not read the cluster's nodes: infra/kubernetes/nodes.yaml gives it that right. "
    "Where machines are switched on when somebody asks for one, --autoscaled says so."
)

Node = Mapping[str, Any]


class Cluster:
    """Its nodes, asked for once."""

    def __init__(self) -> None:
        """Ask.

        Raises:
            Unknown: the API does not say.
        """
        self.nodes = asyncio.run(_nodes())
        if not self.nodes:
            raise Unknown("the cluster has no node at the moment.")

    def places(self, profile: Profile) -> list[NodeKind]:
        """What the nodes have on which servers of this profile may start.

        Raises:
            UsageError: none has its labels.
        """
        labelled = [node for node in self.nodes if could_hold(_open(node), _pod(profile), {})]
        if not labelled:
            raise UsageError(
                f"the profile {profile.name!r} in course_config.py asks for node_labels "
                f"{', '.join(profile.node_labels)}, which no node of the cluster has: nobody's server could "
                "ever start. 'kubectl get nodes --show-labels' prints what they have."
            )
        return [_kind(node) for node in labelled]

    def closed(self, profile: Profile) -> Iterator[str]:
        """A sentence where all nodes that have enough are closed by taints."""
        asked, pod = asked_by(profile), _pod(profile)
        enough = [node for node in self.nodes if could_hold(_open(node), pod, asked)]
        if any(could_hold(node, pod, asked) for node in enough):
            return
        taints = {
            f"{taint['key']}{'=' + taint['value'] if taint.get('value') else ''}:{taint['effect']}"
            for node in enough
            for taint in node["spec"].get("taints") or ()
        }
        yield (
            f"The profile {profile.name!r} in course_config.py fits only nodes with the taints "
            f"{', '.join(sorted(taints))}. Unless this cluster or the hub's configuration adds a toleration "
            f"to its pods, nobody's server starts. In the profile: tolerations=({sorted(taints)[0]!r},)"
        )


def asked_by(profile: Profile) -> dict[str, str]:
    """What a pod of this profile asks for, in Kubernetes' quantities."""
    traits = kubernetes(profile, [])
    memory = f"{traits['mem_guarantee']}i"  # KubeSpawner's M are Kubernetes' Mi
    return {"cpu": str(traits["cpu_guarantee"]), "memory": memory, **traits["extra_resource_guarantees"]}


async def _nodes() -> list[Node]:
    try:
        async with ApiClient(await configuration()) as client:
            api: Any = CoreV1Api(client)
            answer = await api.list_node(_preload_content=False, _request_timeout=SECONDS)
            body = json.loads(await answer.read())
    except ConfigException as error:
        raise Unknown(f"there is no way to a cluster: {error}") from error
    except (ApiException, ClientError, OSError, ValueError) as error:
        raise Unknown(f"Kubernetes does not answer ({error}).") from error
    if answer.status in _MAY_NOT:
        raise MayNot(_RIGHT)
    if answer.status != 200:
        raise Unknown(f"Kubernetes says {str(body.get('message', answer.status))[:200]}")
    found: list[Node] = body["items"]
    return found


async def configuration() -> Configuration:
    """As KubeSpawner does: the pod's own account, else ~/.kube/config or KUBECONFIG."""
    found = Configuration()
    try:
        load_incluster_config(found)
    except ConfigException:
        await load_kube_config(client_configuration=found)
    return found


def _pod(profile: Profile) -> dict[str, Any]:
    traits = kubernetes(profile, [])
    return {
        "spec": {
            "nodeSelector": traits.get("node_selector", {}),
            "tolerations": traits.get("tolerations", []),
        }
    }


def _open(node: Node) -> Node:
    """The node without its taints."""
    return {**node, "spec": {**node["spec"], "taints": []}}


def _kind(node: Node) -> NodeKind:
    has = {name: quantity(amount) for name, amount in (node["status"].get("allocatable") or {}).items()}
    return NodeKind(
        "a node of the cluster",
        has.get("cpu", 0),
        has.get("memory", 0) / GIB,
        has.get(NVIDIA, 0),
        kinds=has,
    )
