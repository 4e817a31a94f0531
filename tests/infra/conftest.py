"""Trials run by ``make test-infra`` alone; those of Kubernetes share a control plane, two nodes and a hub."""

import tempfile
from pathlib import Path

import pytest

from tests import needs
from tests.hub.support import ROOT
from tests.infra.control_plane import control_plane
from tests.infra.course import BUILT, PublicHub
from tests.infra.front import make_certificate, tls_in_front
from tests.infra.kube_course import SETTINGS, SITE, hubs_words, volume
from tests.infra.manual import commands, section
from tests.infra.small_node import SmallNode
from tests.shared_python import shared_python


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect them, unless ``-m infra`` asks for them."""
    if config.getoption("markexpr") == "infra":
        return
    trials = [item for item in items if item.get_closest_marker("infra")]
    config.hook.pytest_deselected(items=trials)
    items[:] = [item for item in items if item not in trials]


@pytest.fixture(scope="session")
def cluster():
    if not (BUILT / "kubernetes" / "kube-apiserver").exists():
        pytest.skip("Kubernetes was not built: see build.log in the folder of its programs")
    with (
        tempfile.TemporaryDirectory(prefix="kubernetes-") as name,
        control_plane(BUILT / "kubernetes", Path(name)) as cluster,
    ):
        Path(name).chmod(0o755)
        for number in range(8):  # in place of a cluster's provisioner
            cluster.call("POST", "/api/v1/persistentvolumes", volume(f"home-{number}", "5Gi"))
        cluster.call("POST", "/api/v1/persistentvolumes", volume("course", "50Gi"))
        yield cluster


@pytest.fixture(scope="session")
def applied(cluster):
    """The course's objects, by the manual's own commands; the hub is a process here, and no pod."""
    for line in commands("Kubernetes"):
        words = line.split()
        if (
            words[0] == "kubectl"
            and not {"exec", "cp", "wait", "delete"} & set(words)
            and "load.yaml" not in line
        ):
            cluster.kubectl(*[str(ROOT / word) if word.startswith("infra/") else word for word in words[1:]])
        if "--replicas=0" in line:
            break
    assert "\nkubectl apply -f infra/kubernetes/nodes.yaml\n" in section("Kubernetes")
    cluster.kubectl("apply", "-f", str(ROOT / "infra/kubernetes/nodes.yaml"))
    return cluster


@pytest.fixture(scope="session")
def python():
    with shared_python() as python:
        yield python


@pytest.fixture(scope="session")
def node(applied, python):
    names = {"/etc/course": str(SETTINGS)}  # which the image has there
    path = f"{python.parent}:/usr/bin:/bin"
    with tempfile.TemporaryDirectory(prefix="pods-") as folder:
        Path(folder).chmod(0o755)
        # The second has no GPU: where no node answers, Kubernetes takes its own network to be down, and waits
        with (
            SmallNode(applied, Path(folder), 2, names, path) as node,
            SmallNode(applied, Path(folder), 0, names, path, "node2"),
        ):
            yield node


@pytest.fixture(scope="session")
def hub(applied, node, tmp_path_factory):
    folder = tmp_path_factory.mktemp("kubernetes")
    site = folder / "site.py"
    site.write_text(SITE)
    environment = {"COURSE_IMAGE": "course-server", "KUBECONFIG": str(applied.kubeconfig_of("hub"))}
    words = [*hubs_words(), "--config", str(site), "--trusted-proxy", "127.0.0.1"]
    with PublicHub(folder / "course", *words, environment=environment) as running:
        yield running
        running.kill()


@pytest.fixture(scope="session")
def browser(hub, tmp_path_factory):
    """Chromium, for which the hub's public name is here, behind nginx."""
    from playwright.sync_api import sync_playwright

    folder = tmp_path_factory.mktemp("front")
    words = ["--no-sandbox", "--host-resolver-rules=MAP *.example.org 127.0.0.1"]
    with (
        tls_in_front("127.0.0.1", hub.port, make_certificate(folder), folder),
        sync_playwright() as playwright,
    ):
        opened = playwright.chromium.launch(executable_path=needs.chromium(), args=words)
        yield opened
        opened.close()
