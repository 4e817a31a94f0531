"""The hub at a real control plane: rights, two GPUs for three students, killed hubs, failures in words."""

import os
import time

import pytest

from tests.hub.support import ROOT
from tests.infra.course import PUBLIC, STUDENTS, until
from tests.infra.kube_course import gone, gpus_of, phase, uid, up
from tests.infra.manual import commands

TOLD = 10.0  # seconds within which a failure is said
FIRST, SECOND, THIRD, FOURTH = STUDENTS
pytestmark = pytest.mark.infra


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
     ("evicted", "ran short of memory"), ("no GPU", "No machine is of the kind")],
)  # fmt: skip
def test_a_failure_is_told_in_time(hub, node, applied, record_property, what, said):
    """With its reason, on the page of who waits."""
    node.images = {"course-hub"} if what == "image" else {"course-server"}
    node.broken = {"program": "echo no room is left >&2; exit 3", "evicted": "sleep 60"}.get(what, "")
    if what == "no GPU":  # as after a card was taken out
        node.gpus = 0
        until(lambda: gpus_of(applied, node) == "0", "word of the node", 20)
    hub.ask_for_server(SECOND, "gpu")
    if what == "evicted":
        until(lambda: phase(applied, SECOND) == "Running", "pod")
        node.evict(f"jupyter-{SECOND}")
    page, seconds = until(lambda: hub.failure(SECOND), "failure on the page", 30)
    record_property("seconds until it was told", seconds)
    node.broken, node.images, node.gpus = "", {"course-server"}, 2
    until(lambda: gpus_of(applied, node) == "2", "word of the node", 20)
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
