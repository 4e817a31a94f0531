"""Servers in Docker containers: ``course hub --spawner docker --config`` with this file."""

import os
from pathlib import Path

from autograder.course import load_course
from autograder.hub.options import options_from_json
from autograder.hub.settings import configure

c = get_config()  # noqa: F821 - JupyterHub provides it
configure(
    c, load_course(Path(os.environ["COURSE_ROOT"])), options_from_json(os.environ["COURSE_HUB_OPTIONS"])
)

c.DockerSpawner.image = os.environ.get("COURSE_IMAGE", "course-server")
c.DockerSpawner.network_name = os.environ.get("COURSE_NETWORK", "course")
c.DockerSpawner.use_internal_ip = True
c.DockerSpawner.remove = True  # a container is thrown away, its volume stays
c.DockerSpawner.notebook_dir = "/home/student"
c.DockerSpawner.volumes = {"course-home-{username}": "/home/student"}
c.DockerSpawner.extra_create_kwargs = {"user": "1000:1000"}
c.Spawner.ip = "0.0.0.0"  # inside the container's own network
