"""A hub whose servers are containers, by the manual's commands, on an engine of its own."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.hub.support import ROOT
from tests.infra.course import BUILT, PublicHub
from tests.infra.engine import base_image, make_image, mounts, running_engine
from tests.infra.front import make_certificate, tls_in_front
from tests.infra.manual import command

IMAGE = "course-server"
SITE = f"""
exec(compile(open({str(ROOT / "infra/docker/jupyterhub_config.py")!r}).read(), "infra", "exec"))
c.DockerSpawner.read_only_volumes = {{here: there for here, there in @MOUNTS@.items()}}
names = ["hub.example.org", "exchange--service.hub.example.org"]  # which a site's DNS knows
c.DockerSpawner.extra_host_config = {{"extra_hosts": dict.fromkeys(names, "@GATEWAY@")}}
c.Spawner.environment["SSL_CERT_FILE"] = "/etc/ssl/course-ca.pem"  # the authority that signed for them
c.JupyterHub.tornado_settings |= {{"slow_spawn_timeout": 0.2}}  # the API waits no longer than pages do
"""


@contextmanager
def engine_with_image(first: Path | None = None) -> Iterator[str]:
    """The address of an engine that has the image of servers; ``first`` as in ``running_engine``."""
    with tempfile.TemporaryDirectory(prefix="docker-") as name:
        folder = Path(name)
        certificate = make_certificate(folder)
        base = base_image(BUILT / "docker")
        with running_engine(folder, first) as socket:
            make_image(base, IMAGE, socket, certificate)
            yield socket


@contextmanager
def hub_on(engine: str, folder: Path, gpus: int) -> Iterator[PublicHub]:
    """The hub, by the manual's command, behind TLS; ``gpus`` are said to be there."""
    words = _manuals_words(engine)
    gateway = words[words.index("--hub-address") + 1]
    site = folder / "site.py"
    site.write_text(SITE.replace("@MOUNTS@", repr(mounts())).replace("@GATEWAY@", gateway))
    words[words.index("--config") + 1] = str(site)
    environment = {"DOCKER_HOST": engine, "COURSE_IMAGE": IMAGE}
    running = PublicHub(folder / "course", *words, "--gpus", str(gpus), environment=environment)
    certificate = Path(engine.removeprefix("unix://")).parent / "certificate.pem"
    with tls_in_front(gateway, running.port, certificate, folder), running:
        yield running
        running.kill()


def container(name: str) -> str:
    """As DockerSpawner names it."""
    return f"jupyter-{name.replace('-', '-2d')}"


def _manuals_words(engine: str) -> list[str]:
    """The manual's commands: the network is made, and the hub's command as a shell hands it on."""
    environment = {**os.environ, "DOCKER_HOST": engine}
    made = command("Docker", "docker network create")
    subprocess.run(made, shell=True, check=True, env=environment, capture_output=True)
    told = command("Docker", "course hub")
    shown = subprocess.run(
        ["bash", "-c", f"printf '%s\\0' {told}"], env=environment, capture_output=True, text=True
    )
    assert shown.returncode == 0, shown.stderr
    return shown.stdout.split("\0")[2:-1]  # without "course hub"
