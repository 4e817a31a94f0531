"""Servers as pods; the hub runs as a pod too (hub.yaml), with the course folder on a volume."""

import os
from pathlib import Path

from autograder.course import load_course
from autograder.hub.options import Options, check
from autograder.hub.settings import configure

c = get_config()  # noqa: F821 - JupyterHub provides it
options = Options(
    host="0.0.0.0",
    port=8000,
    spawner="kubernetes",
    login=os.environ.get("COURSE_LOGIN", "password"),
    behind_tls=True,  # the ingress ends it
    public_url=os.environ["HUB_URL"],
    hub_address="hub",
)
check(options)
configure(c, load_course(Path(os.environ["COURSE_ROOT"])), options)

c.JupyterHub.hub_port = 8081  # as the service in hub.yaml says
c.KubeSpawner.namespace = os.environ.get("COURSE_NAMESPACE", "course")
c.KubeSpawner.image = os.environ["COURSE_IMAGE"]
c.KubeSpawner.uid = c.KubeSpawner.gid = c.KubeSpawner.fs_gid = 1000
c.KubeSpawner.allow_privilege_escalation = False
c.KubeSpawner.automount_service_account_token = False
c.KubeSpawner.storage_pvc_ensure = True
c.KubeSpawner.storage_capacity = "5Gi"
c.KubeSpawner.volumes = [{"name": "home", "persistentVolumeClaim": {"claimName": "{pvc_name}"}}]
c.KubeSpawner.volume_mounts = [{"name": "home", "mountPath": "/home/student"}]
