"""Pods as this course's spawner asks for them, without a cluster."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from kubernetes_asyncio.client import ApiClient
from kubernetes_asyncio.config import kube_config
from traitlets.config import Config
from traitlets.utils.importstring import import_item

NO_CLUSTER = """
apiVersion: v1
kind: Config
clusters: [{name: none, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: nobody, user: {token: none}}]
contexts: [{name: none, context: {cluster: none, user: nobody}}]
current-context: none
"""


def plain(thing: Any) -> dict[str, Any]:
    """An object of Kubernetes' client as the API would send it."""

    async def sent() -> dict[str, Any]:
        async with ApiClient() as client:
            return dict(client.sanitize_for_serialization(thing))

    return asyncio.run(sent())


def manifests(config: Config, folder: Path, user: str, profile: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Pod and volume of somebody's server, by the configuration and the hook before each start."""
    no_cluster = folder / "kubeconfig"
    no_cluster.write_text(NO_CLUSTER)

    async def make() -> Any:
        person = SimpleNamespace(name=user, id=1, url=f"/user/{user}/", groups=[])
        spawner = import_item(config.JupyterHub.spawner_class)(config=config, _mock=True, user=person)
        spawner.user_options = {"profile": profile}
        config.Spawner.pre_spawn_hook(spawner)
        async with spawner.api.api_client:
            return await spawner.get_pod_manifest(), spawner.get_pvc_manifest()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(no_cluster))
        pod, claim = asyncio.run(make())
    return plain(pod), plain(claim)
