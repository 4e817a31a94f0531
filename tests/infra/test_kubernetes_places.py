"""``course hub`` at a real control plane holds the profiles against its nodes before it starts."""

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hub.support import ROOT, copy_course
from tests.infra.kube_course import hubs_words
from tests.infra.manual import commands

CONFIG = """
from autograder.course import Course, Profile, Unit
course = Course("little", "Little", (Unit("little", "Little", due="2030-01-01T00:00+00:00", hours=1),),
    profiles=(Profile("small", "NumPy", cpus=0.5, memory_gib=1), Profile("gpu", "GPUs", {})))
"""
GOES_ON = "cannot listen on 127.0.0.1"  # the next thing that is looked at, and is wrong here on purpose
pytestmark = pytest.mark.infra


@pytest.fixture
def said(applied, node, tmp_path):
    """What the hub says at its start with a profile, and its exit code; it never gets far."""
    course = copy_course(tmp_path / "course", ROOT / "tests" / "little")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])

        def said(profile, *words, account="hub"):
            (course.root / "course_config.py").write_text(CONFIG.format(profile))
            environment = {
                each: value for each, value in os.environ.items() if not each.startswith("COURSE_")
            }
            environment["KUBECONFIG"] = str(applied.kubeconfig_of(account))
            program = Path(sys.executable).with_name("course")
            done = subprocess.run(
                [str(program), "hub", "--port", port, *hubs_words(), *words],
                cwd=course.root, env=environment, capture_output=True, text=True, timeout=60,
            )  # fmt: skip
            assert done.returncode == 2
            return done.stdout + done.stderr

        yield said


def test_a_profile_that_fits_no_node_ends_the_start(said, record_property):
    """With a sentence; the control: what fits goes on, and so does a cluster that grows."""
    refused = said("gpus=3")
    record_property("what the hub says", refused.strip())
    assert "asks for 3 GPUs, but a node of the cluster has at most 2" in refused and GOES_ON not in refused
    assert "17 cores, but a node of the cluster has at most 16" in said("cpus=17")
    assert "65 GiB of memory, but a node of the cluster has at most 64" in said("memory_gib=65")
    assert GOES_ON in said("gpus=2, cpus=16, memory_gib=64")
    assert GOES_ON in said("gpus=3", "--autoscaled")


def test_labels_and_taints_of_nodes_are_looked_at(said, applied):
    """A label that no node has refuses, a taint that nothing tolerates is said."""
    labelled = 'gpus=1, node_labels=("gpu=a100",)'
    assert "node_labels gpu=a100, which no node of the cluster has" in said(labelled)
    applied.kubectl("label", "node", "node1", "gpu=a100")
    assert GOES_ON in (fits := said(labelled)) and "taints" not in fits
    applied.kubectl("taint", "node", "node1", "gpu=true:NoSchedule")
    try:
        closed, tolerated = said("gpus=1"), said('gpus=1, tolerations=("gpu=true:NoSchedule",)')
    finally:
        applied.kubectl("taint", "node", "node1", "gpu:NoSchedule-")
        applied.kubectl("label", "node", "node1", "gpu-")
    assert "fits only nodes with the taints gpu=true:NoSchedule" in closed and GOES_ON in closed
    assert "taints" not in tolerated and GOES_ON in tolerated


@pytest.fixture(scope="module")
def stranger(applied):
    """The name of an account without rights."""
    applied.kubectl("-n", "course", "create", "serviceaccount", "stranger")
    return "stranger"


def test_an_account_that_may_not_read_nodes_is_told(said, stranger):
    """And the hub goes on: without infra/kubernetes/nodes.yaml nobody knows."""
    unknown = said("gpus=9", account=stranger)
    assert "infra/kubernetes/nodes.yaml gives it that right" in unknown and GOES_ON in unknown


def test_the_doctor_asks_the_cluster(hub, applied, stranger):
    """With the manifests' rights all is fine; without them each right is named that is missing."""

    def looked(account):
        environment = {**os.environ, "KUBECONFIG": str(applied.kubeconfig_of(account))}
        program = str(Path(sys.executable).with_name("course"))
        done = subprocess.run(
            [program, "doctor", "--infra", "--json"], cwd=hub.course.root, env=environment,
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        found = json.loads(done.stdout)["findings"]
        return {each["what"]: (each["state"], each["says"]) for each in found}

    mine, theirs = looked("hub"), looked(stranger)
    assert mine["scheduler"][0] == mine["rights in the cluster"][0] == "fine", mine
    assert theirs["scheduler"][0] == "not tried" and theirs["rights in the cluster"][0] == "WRONG"
    for words in ("create pods", "delete pods", "create persistentvolumeclaims", "watch events"):
        assert f"may not {words} in the namespace course" in theirs["rights in the cluster"][1]


def test_an_upgrade_changes_both_images(applied):
    """By the manual's own commands, and back; the deployment has no pod meanwhile."""
    block = next(number for number in range(9) if "set image" in "".join(commands("Upgrades", number)))
    lines = [line for line in commands("Upgrades", block) if " set " in line or "--replicas=0" in line]
    assert len(lines) == 3

    def images():
        found = applied.call("GET", "/apis/apps/v1/namespaces/course/deployments/hub")
        (container,) = found["spec"]["template"]["spec"]["containers"]
        return container["image"], container["env"][0]["value"]

    before = images()
    for line in lines:
        applied.kubectl(*line.split()[1:])
    assert images() == ("registry.example.org/course-hub:2", "registry.example.org/course-server:2")
    for line in lines:
        applied.kubectl(*re.sub(r"registry.example.org/([a-z-]+):2", r"\1", line).split()[1:])
    assert images() == before
