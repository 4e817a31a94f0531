"""What ``course doctor --infra`` asks a scheduler: whether profiles fit, and what the hub may do there."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from typing import Any

from ...base.errors import UsageError
from ...course import Course
from ..process.options import Options
from ..servers.node_kind import SECONDS, MayNot, Unknown
from ..servers.places import fits

CLUSTERS = ("slurm", "kubernetes")
NAMESPACE = "COURSE_NAMESPACE"  # infra/kubernetes/jupyterhub_config.py reads it, too
NEEDED = {  # what infra/kubernetes/hub.yaml gives the hub's account
    "pods": ("get", "list", "watch", "create", "delete"),
    "persistentvolumeclaims": ("get", "create"),
    "events": ("list", "watch"),
}


def scheduler(course: Course, options: Options) -> Iterator[str]:
    """scheduler: it answers, and some machine has what each profile asks for"""
    if options.spawner not in CLUSTERS:
        return
    try:
        yield from fits(course.profiles, options.spawner, options.autoscaled)
    except MayNot as problem:
        raise UsageError(str(problem)) from problem  # which is no fault: the hub works without
    except (Unknown, UsageError) as problem:
        yield str(problem)


def rights_there(course: Course, options: Options) -> Iterator[str]:
    """rights in the cluster: the hub makes pods and volumes, and watches them"""
    if options.spawner != "kubernetes":
        return
    namespace = os.environ.get(NAMESPACE, "course")
    for verb, kind in asyncio.run(_missing(namespace)):
        yield (
            f"this account may not {verb} {kind} in the namespace {namespace}: "
            "apply infra/kubernetes/hub.yaml, and give this command in the hub's pod"
        )


async def _missing(namespace: str) -> list[tuple[str, str]]:
    from aiohttp import ClientError
    from kubernetes_asyncio.client import ApiClient, ApiException, AuthorizationV1Api
    from kubernetes_asyncio.config import ConfigException

    from ..servers.kube_places import configuration

    try:
        async with ApiClient(await configuration()) as client:
            api: Any = AuthorizationV1Api(client)
            found = []
            for kind, verbs in NEEDED.items():
                for verb in verbs:
                    asked = {"namespace": namespace, "verb": verb, "resource": kind}
                    review = {
                        "kind": "SelfSubjectAccessReview",
                        "apiVersion": "authorization.k8s.io/v1",
                        "spec": {"resourceAttributes": asked},
                    }
                    answer = await api.create_self_subject_access_review(review, _request_timeout=SECONDS)
                    if not answer.status.allowed:
                        found.append((verb, kind))
            return found
    except (ApiException, ClientError, ConfigException) as error:
        raise UsageError(f"Kubernetes could not be asked: {error!r}"[:300]) from error
