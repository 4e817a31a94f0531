"""Servers as pods; ``course hub`` runs with this file in a pod of its own (hub.yaml)."""

import os
from pathlib import Path

from autograder.course import load_course
from autograder.hub.options import options_from_json
from autograder.hub.settings import configure

c = get_config()  # noqa: F821 - JupyterHub provides it
configure(
    c, load_course(Path(os.environ["COURSE_ROOT"])), options_from_json(os.environ["COURSE_HUB_OPTIONS"])
)

c.KubeSpawner.namespace = os.environ.get("COURSE_NAMESPACE", "course")
c.KubeSpawner.image = os.environ["COURSE_IMAGE"]
c.KubeSpawner.uid = c.KubeSpawner.gid = c.KubeSpawner.fs_gid = 1000
c.KubeSpawner.allow_privilege_escalation = False
c.KubeSpawner.container_security_context = {  # as a namespace with Pod Security "restricted" asks for
    "runAsNonRoot": True,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}
c.KubeSpawner.automount_service_account_token = False
c.KubeSpawner.storage_pvc_ensure = True
c.KubeSpawner.storage_capacity = "5Gi"
c.KubeSpawner.volumes = [{"name": "home", "persistentVolumeClaim": {"claimName": "{pvc_name}"}}]
c.KubeSpawner.volume_mounts = [{"name": "home", "mountPath": "/home/student"}]
# What a server's program wrote last, for its owner to read where it ends before it is up
c.KubeSpawner.extra_container_config = {"terminationMessagePolicy": "FallbackToLogsOnError"}
