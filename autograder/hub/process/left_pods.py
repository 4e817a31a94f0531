"""Pods of Kubernetes' that an earlier run of this hub made: see taken_up.py."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import ClientError
from kubernetes_asyncio.client import ApiException
from kubespawner.clients import shared_client
from kubespawner.slugs import is_valid_label, safe_slug

from ..servers.kube_pod import COURSE_LABEL, LABEL, RUN_LABEL
from .taken_up import RUN, SchedulerSilent, TakenUp

SECONDS = 20.0  # for an answer of the API


def labels(mark: str, course: str) -> dict[str, str]:
    """What a pod carries beside KubeSpawner's labels, which name the person."""
    return {LABEL: mark, RUN_LABEL: RUN, COURSE_LABEL: safe_slug(course, is_valid=is_valid_label)}


class PodsTakenUp(TakenUp):
    """With the hub's own account at the API."""

    async def end_unknown(self, states: list[dict[str, Any]]) -> None:
        """Delete pods that nobody waits for."""
        known = {(state.get("namespace"), state.get("pod_name")) for state in states}
        try:
            for pod in await self._earlier():
                metadata = pod["metadata"]
                if (metadata["namespace"], metadata["name"]) not in known:
                    self.hub.log.warning("Deleting pod %s, for which nobody waits", metadata["name"])
                    await self._delete(metadata)
        except (ApiException, ClientError, OSError, TimeoutError) as problem:
            raise SchedulerSilent(str(problem)) from problem

    async def _earlier(self) -> list[dict[str, Any]]:
        spawner = self.hub.spawner_class(config=self.hub.config, _mock=True)
        of_this_hub = f"{LABEL}={self.hub.job_mark},{RUN_LABEL}!={RUN}"
        answer = await spawner.api.list_namespaced_pod(
            spawner.namespace, label_selector=of_this_hub, _preload_content=False, _request_timeout=SECONDS
        )
        found: list[dict[str, Any]] = json.loads(await answer.read())["items"]
        return found

    async def _delete(self, metadata: dict[str, Any]) -> None:
        """That pod and no younger one of the same name."""
        await shared_client("CoreV1Api").delete_namespaced_pod(
            metadata["name"], metadata["namespace"], body={"preconditions": {"uid": metadata["uid"]}},
            _request_timeout=SECONDS,
        )  # fmt: skip
