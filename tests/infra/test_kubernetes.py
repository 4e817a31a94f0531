"""The hub at a real control plane: rights, two GPUs for three students, killed hubs, failures in words."""

import os
import tempfile
import time
from pathlib import Path

import pytest
import yaml

from tests import needs
from tests.hub.support import ROOT
from tests.infra.control_plane import control_plane
from tests.infra.course import BUILT, PUBLIC, STUDENTS, PublicHub, until
from tests.infra.front import make_certificate, tls_in_front
from tests.infra.manual import commands, section
from tests.infra.small_node import SmallNode
from tests.shared_python import shared_python

SETTINGS = ROOT / "autograder" / "hub" / "server_settings"
TOLD = 10.0  # seconds within which a failure is said
FIRST, SECOND, THIRD, FOURTH = STUDENTS
SITE = f"""
exec(compile(open({str(ROOT / "infra/kubernetes/jupyterhub_config.py")!r}).read(), "infra", "exec"))
c.JupyterHub.hub_connect_ip = "127.0.0.1"  # as the cluster would resolve the service's name
c.JupyterHub.tornado_settings |= {{"slow_spawn_timeout": 0.2}}  # the API waits no longer than pages do
"""
pytestmark = pytest.mark.infra


def volume(name, size):
    return {
        "apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name},
        "spec": {
            "capacity": {"storage": size}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/none"},
        },
    }  # fmt: skip


@pytest.fixture(scope="module")
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


@pytest.fixture(scope="module")
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


@pytest.fixture(scope="module")
def python():
    with shared_python() as python:
        yield python


@pytest.fixture(scope="module")
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


def hubs_words():
    """The options of the hub's pod, as hub.yaml has them."""
    documents = yaml.safe_load_all((ROOT / "infra/kubernetes/hub.yaml").read_text())
    (pod,) = [each for each in documents if each["kind"] == "Deployment"]
    (container,) = pod["spec"]["template"]["spec"]["containers"]
    return [
        word
        for word in container["args"]
        if not word.startswith(("--config", "--port", "--hub-port", "--host="))
    ]


@pytest.fixture(scope="module")
def hub(applied, node, tmp_path_factory):
    folder = tmp_path_factory.mktemp("kubernetes")
    site = folder / "site.py"
    site.write_text(SITE)
    environment = {"COURSE_IMAGE": "course-server", "KUBECONFIG": str(applied.kubeconfig_of("hub"))}
    words = [*hubs_words(), "--config", str(site), "--trusted-proxy", "127.0.0.1"]
    with PublicHub(folder / "course", *words, environment=environment) as running:
        yield running
        running.kill()


@pytest.fixture(scope="module")
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


def uid(cluster, name):
    pod = cluster.pods().get(f"jupyter-{name}")
    return pod["metadata"]["uid"] if pod else ""


def phase(cluster, name):
    pod = cluster.pods().get(f"jupyter-{name}")
    return pod["status"].get("phase") if pod else ""


def up(hub, name):
    hub.ask_for_server(name, "gpu")
    return until(lambda: hub.answers(name), f"server of {name}")[1]


def gone(cluster, name):
    return until(lambda: not uid(cluster, name), f"end of the pod of {name}", 40)[1]


def test_the_manifests_give_the_rights_that_are_needed(applied):
    """And none beside: the hub's account makes pods and volumes, and reads no secret."""
    account = "--as=system:serviceaccount:course:hub"

    def may(*words, where="course"):
        asked = applied.kubectl("auth", "can-i", *words, account, "-n", where, check=False)
        return asked.strip() == "yes"

    until(lambda: may("create", "pods"), "right to make pods", 20)  # the API learns of it in a moment
    for verb in ("create", "delete", "list", "watch"):
        assert may(verb, "pods"), verb
    assert may("create", "persistentvolumeclaims") and may("list", "events") and may("list", "nodes")
    for words in (
        ("get", "secrets"),
        ("create", "deployments"),
        ("delete", "nodes"),
        ("create", "pods", "--subresource=exec"),
    ):
        assert not may(*words), words
    assert not may("create", "pods", where="default")


def test_the_volume_can_be_loaded(applied, node):
    """The pod for it gets the hub's volume and is ready; by the manual's commands but exec and cp."""
    for begins in ("apply -f infra/kubernetes/load.yaml", "wait", "delete pod load"):
        (line,) = [line for line in commands("Kubernetes") if line.startswith(f"kubectl -n course {begins}")]
        words = [str(ROOT / word) if word.startswith("infra/") else word for word in line.split()[1:]]
        applied.kubectl(*words)
    assert "load" not in applied.pods()


def test_three_students_share_two_gpus(hub, applied, record_property):
    """The third reads why, and is let in when one of the others stops."""
    for name in (FIRST, SECOND):
        record_property(f"seconds until the server of {name} answered", up(hub, name))
    hub.ask_for_server(THIRD, "gpu")
    said = hub.told(THIRD, 12)
    assert "all 2 GPUs are taken" in said[-1] and "nobody asked before you" in said[-1], said
    assert len(said) <= 4, said  # one line that changes
    more = {"privileged": True, "image": "other", "cpu_limit": 64, "extra_pod_config": {"hostNetwork": True},
            "kubespawner_override": {"image": "other"}, "gpus": 8}  # fmt: skip
    hub.ask_for_server(FOURTH, "gpu", **more)
    said = hub.told(FOURTH, 20, "1 asked before you")
    theirs, mine = (applied.pods()[f"jupyter-{name}"]["spec"] for name in (THIRD, FOURTH))
    (theirs_inside,), (mine_inside,) = theirs["containers"], mine["containers"]
    for what in ("image", "resources", "securityContext", "args", "volumeMounts"):
        assert theirs_inside[what] == mine_inside[what], what  # a request chooses a profile, and nothing else
    assert theirs.keys() == mine.keys() and "hostNetwork" not in mine
    assert "1 asked before you" in said[-1], said
    hub.stop_server(FOURTH)
    hub.stop_server(FIRST)
    _, seconds = until(lambda: hub.answers(THIRD), "server of the third")
    record_property("seconds from a stop to the server of the third", seconds)
    limits = applied.pods()[f"jupyter-{THIRD}"]["spec"]["containers"][0]["resources"]["limits"]
    assert limits["nvidia.com/gpu"] == "1"
    hub.stop_server(THIRD)
    gone(applied, THIRD)


def test_who_waits_is_let_in_by_the_page(hub, applied, browser, record_property):
    """Without a click: the line says why, changes when somebody stops, and JupyterLab opens."""
    for name in (SECOND, THIRD):
        if not hub.answers(name):
            up(hub, name)
    page = browser.new_page(ignore_https_errors=True)
    page.goto(f"{PUBLIC}/hub/login?next=/hub/home")
    page.fill("#username_input", FOURTH)
    page.fill("#password_input", hub.passwords[FOURTH])
    page.click("#login_submit")
    page.wait_for_url("**/hub/home")
    page.goto(f"{PUBLIC}/hub/spawn")
    page.check("#profile-gpu")
    page.click("#spawn_form [type=submit]")
    line = page.locator("#progress-message", has_text="all 2 GPUs are taken")
    line.wait_for(timeout=30_000)
    record_property("what the page says", line.inner_text())
    if folder := os.environ.get("COURSE_SCREENSHOTS"):
        page.screenshot(path=f"{folder}/kubernetes-waits.png")
    hub.stop_server(SECOND)
    begin = time.monotonic()
    page.wait_for_url(f"https://{FOURTH}.hub.example.org/**/lab**", timeout=60_000)
    record_property("seconds from a stop to JupyterLab's page", round(time.monotonic() - begin, 1))
    page.close()
    hub.stop_server(FOURTH)
    gone(applied, FOURTH)


def test_a_killed_hub_takes_the_same_pod_up(hub, applied, record_property):
    """So does one that is ended; the owner is let in, and a pod that nobody knows of is deleted."""
    for name in (SECOND, THIRD):
        if not hub.answers(name):
            up(hub, name)
    hub.ask_for_server(FIRST, "gpu")
    assert "all 2 GPUs are taken" in hub.told(FIRST, 20, "all 2 GPUs")[-1]
    before = uid(applied, FIRST)
    hub.kill()
    stray = applied.pods()[f"jupyter-{FIRST}"]
    stray = {
        "metadata": {"name": "stray", "labels": stray["metadata"]["labels"]},
        "spec": {"containers": [{"name": "notebook", "image": "course-server", "args": ["sleep", "600"]}]},
    }
    applied.call("POST", "/api/v1/namespaces/course/pods", stray)
    until(lambda: "stray" in applied.pods(), "stray pod")
    hub.start()
    said = hub.told(FIRST, 20, "all 2 GPUs")
    assert "all 2 GPUs are taken" in said[-1], said
    _, seconds = until(lambda: "stray" not in applied.pods(), "end of the stray pod", 30)
    record_property("seconds from the hub's start to the end of a pod without an owner", seconds)
    assert uid(applied, FIRST) == before
    hub.process.terminate()  # as an upgrade does; the turn comes meanwhile
    hub.process.wait(30)
    applied.kubectl("-n", "course", "delete", "pod", f"jupyter-{SECOND}")
    until(lambda: phase(applied, FIRST) == "Running", "turn of who waits")
    hub.start()
    _, seconds = until(lambda: hub.answers(FIRST), "server that was taken up")
    record_property("seconds from the hub's start to the server that was taken up", seconds)
    assert uid(applied, FIRST) == before
    for name in (FIRST, THIRD):
        hub.stop_server(name)
        gone(applied, name)


@pytest.mark.parametrize(
    ("what", "said"),
    [("image", "image of servers cannot be fetched"), ("program", "no room is left"),
     ("evicted", "ran short of memory"), ("too big", "No machine is of the kind")],
)  # fmt: skip
def test_a_failure_is_told_in_time(hub, node, applied, record_property, what, said):
    """With its reason, on the page of who waits."""
    node.images = {"course-hub"} if what == "image" else {"course-server"}
    node.broken = {"program": "echo no room is left >&2; exit 3", "evicted": "sleep 60"}.get(what, "")
    hub.ask_for_server(SECOND, "many" if what == "too big" else "gpu")
    if what == "evicted":
        until(lambda: phase(applied, SECOND) == "Running", "pod")
        node.evict(f"jupyter-{SECOND}")
    page, seconds = until(lambda: hub.failure(SECOND), "failure on the page", 30)
    record_property("seconds until it was told", seconds)
    node.broken, node.images = "", {"course-server"}
    assert said in page and seconds <= TOLD, page
    gone(applied, SECOND)


def test_a_machine_that_dies_keeps_no_server(hub, node, applied, record_property):
    """The hub notices; its owner starts another, and reads what is waited for until a machine is back."""
    up(hub, FIRST)
    before = uid(applied, FIRST)
    node.silent = True
    _, seconds = until(lambda: not hub.has_server(FIRST), "word of the hub that the server is gone", 150)
    record_property("seconds from a machine's death until the hub noticed", seconds)
    hub.ask_for_server(FIRST, "gpu")
    said = hub.told(FIRST, 30, "does not answer")
    node.silent = False
    assert "no machine with GPUs is open at the moment; a machine does not answer" in said[-1], said
    _, seconds = until(lambda: hub.answers(FIRST), "server on the machine that is back")
    record_property("seconds until the server answered on a machine that is back", seconds)
    assert uid(applied, FIRST) not in ("", before)
    hub.stop_server(FIRST)
    gone(applied, FIRST)
