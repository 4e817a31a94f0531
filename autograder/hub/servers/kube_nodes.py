"""What the cluster's nodes have, where the hub may read it (``infra/kubernetes/nodes.yaml``).

Where machines are switched on when somebody asks for one (``--autoscaled``), a node that could hold a pod may
not be there yet, and nothing is decided by what is there.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from typing import Any

from aiohttp import ClientError
from kubernetes_asyncio.client import ApiException

SECONDS = 5.0  # between two looks
_OWN = "node.kubernetes.io/"  # taints that come and go with the state of a node
_SIZES = {
    **{f"{letter}i": 1024.0**power for power, letter in enumerate("KMGTP", 1)},
    **{letter: 1000.0**power for power, letter in enumerate("kMGTP", 1)},
    "m": 0.001,
}


class ClusterNodes:
    """The nodes, looked at no more often than once in a while, for all who wait."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self.seconds = seconds
        self._looked = -seconds
        self._nodes: list[Any] = []

    async def now(self, api: Any) -> list[Any]:
        """All nodes, as the API gives them; none where they may not be read, or nothing answers.

        Args:
            api: a ``CoreV1Api``.
        """
        if time.monotonic() - self._looked >= self.seconds:
            self._looked = time.monotonic()
            try:
                answer = await api.list_node(_preload_content=False, _request_timeout=self.seconds)
                self._nodes = json.loads(await answer.read())["items"] if answer.status == 200 else []
            except (ApiException, ClientError, OSError, ValueError):
                self._nodes = []
        return self._nodes


def everything(nodes: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """What all nodes have together that answer and are open, by resource."""
    total: dict[str, float] = {}
    for node in nodes:
        if any(taint["key"].startswith(_OWN) for taint in node["spec"].get("taints") or ()):
            continue
        for name, amount in (node["status"].get("allocatable") or {}).items():
            total[name] = total.get(name, 0) + quantity(amount)
    return total


def could_hold(node: Mapping[str, Any], pod: Mapping[str, Any], asked: Mapping[str, str]) -> bool:
    """Whether a pod fits on a node when nothing else is there; a node that is closed may open again.

    Args:
        node: the node.
        pod: the pod.
        asked: resources that the pod asks for.
    """
    has = node["status"].get("allocatable") or {}
    labels = node["metadata"].get("labels") or {}
    wanted = pod["spec"].get("nodeSelector") or {}
    return (
        all(quantity(amount) <= quantity(has.get(name, "0")) for name, amount in asked.items())
        and all(labels.get(name) == value for name, value in wanted.items())
        and all(_tolerated(taint, pod) for taint in node["spec"].get("taints") or ())
    )


def quantity(text: str) -> float:
    """A number of Kubernetes'.

    >>> quantity("2Gi"), quantity("500m"), quantity("4")
    (2147483648.0, 0.5, 4.0)
    """
    for end, size in _SIZES.items():
        if text.endswith(end):
            return float(text.removesuffix(end)) * size
    return float(text)


def _tolerated(taint: Mapping[str, Any], pod: Mapping[str, Any]) -> bool:
    if taint["key"].startswith(_OWN) or taint["effect"] == "PreferNoSchedule":
        return True
    return any(
        toleration.get("key") in (taint["key"], None)
        and toleration.get("effect") in (taint["effect"], None, "")
        and (toleration.get("operator") == "Exists" or toleration.get("value") == taint.get("value"))
        for toleration in pod["spec"].get("tolerations") or ()
    )
