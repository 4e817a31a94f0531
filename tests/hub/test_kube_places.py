"""Profiles are held against the nodes of a cluster at the hub's start; the API is one over real HTTP."""

from dataclasses import replace

import pytest
from traitlets.config import Config

from autograder.base.errors import UsageError
from autograder.course import Profile, load_course
from autograder.hub.process.options import Options, check
from autograder.hub.servers.places import check_profiles
from autograder.hub.servers.spawners import configure_spawner
from tests.batch.small import in_process
from tests.hub.kube_api import kube_api
from tests.hub.support import LITTLE, copy_course

SMALL = Profile("small", "NumPy", cpus=1, memory_gib=2, hours=4)
GPU = Profile("gpu", "One GPU", cpus=4, memory_gib=16, gpus=1, hours=2)
MIG = replace(GPU, name="slice", gpu_kind="nvidia.com/mig-1g.5gb")
HUB = ["hub", "--spawner", "kubernetes", "--hub-address", "hub", "--public-url", "https://hub.example.org"]


def node(name, cpu="8", memory="32Gi", labels=None, taints=(), **gpus):
    has = {"cpu": cpu, "memory": memory, "pods": "110"}
    has |= {f"nvidia.com/{kind.replace('_', '-').replace('-5gb', '.5gb')}": n for kind, n in gpus.items()}
    return {
        "metadata": {"name": name, "labels": labels or {}},
        "spec": {"taints": [dict(zip(("key", "value", "effect"), each, strict=True)) for each in taints]},
        "status": {"allocatable": has},
    }


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    """One node without a GPU that has many cores, one with two GPUs and few."""
    with kube_api(tmp_path, monkeypatch) as api:
        api.lists["nodes"] = [node("a", "63500m", "128Gi"), node("b", "7900m", "31000000Ki", gpu="2")]
        yield api


def said(*profiles, **more):
    return list(check_profiles((SMALL, *profiles), "kubernetes", **more))


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        (replace(SMALL, cpus=64), "64 cores, but a node of the cluster has at most 63.5"),
        (replace(SMALL, memory_gib=129), "129 GiB of memory.*at most 128"),
        (replace(GPU, gpus=3), "3 GPUs, but a node of the cluster has at most 2"),
        (MIG, r"1 GPUs of type 'nvidia.com/mig-1g.5gb'.*at most 0"),
        (replace(GPU, cpus=8), "at once"),  # the node with GPUs has 7.9
        (replace(GPU, node_labels=("gpu=a100",)), "node_labels gpu=a100, which no node of the cluster has"),
    ],
)
def test_a_profile_that_fits_no_node_is_refused(cluster, profile, expected):
    """With what it asks for and what there is, and with the way out where the cluster grows."""
    with pytest.raises(UsageError, match=expected) as refused:
        said(profile)
    assert "--autoscaled" in str(refused.value)


def test_what_fits_some_node_is_taken(cluster):
    """All at once, on a node with its labels; slices of a GPU by the name of their resource."""
    assert said(GPU, replace(GPU, cpus=7.9, gpus=2, memory_gib=29.5), replace(SMALL, cpus=63.5)) == []
    cluster.lists["nodes"].append(node("c", labels={"gpu": "a100"}, mig_1g_5gb="7"))
    assert said(replace(MIG, gpus=7, node_labels=("gpu=a100",))) == []
    with pytest.raises(UsageError, match="at most 0"):  # the node of that label has slices only
        said(replace(GPU, node_labels=("gpu=a100",)))


def test_a_node_that_is_closed_by_a_taint_is_said(cluster):
    """Not refused, since clusters add tolerations to pods; one in the profile is looked at."""
    cluster.lists["nodes"] = [
        node("a"),
        node("b", gpu="2", taints=[("gpu", "true", "NoSchedule")]),
    ]
    (sentence,) = said(GPU)
    assert "'gpu' in course_config.py fits only nodes with the taints gpu=true:NoSchedule" in sentence
    assert said(replace(GPU, tolerations=("gpu=true:NoSchedule",))) == []
    away = [("node.kubernetes.io/unreachable", "", "NoSchedule")]  # it comes back
    cluster.lists["nodes"] = [node("b", gpu="2", taints=away)]
    assert said(GPU) == []


def test_a_cluster_that_grows_is_not_asked(cluster):
    """By an option of its own; who waits there is never told that no machine is of their kind."""
    assert said(replace(GPU, gpus=8), autoscaled=True) == [] and cluster.asked == []
    check(Options(spawner="kubernetes", hub_address="hub", public_url=HUB[-1], autoscaled=True))
    with pytest.raises(UsageError, match="--autoscaled is for --spawner kubernetes"):
        check(Options(spawner="slurm", hub_address="hub", public_url=HUB[-1], autoscaled=True))


@pytest.mark.parametrize("autoscaled", [True, False])
def test_the_option_reaches_who_waits(tmp_path, autoscaled):
    """The spawner decides by the nodes that are there only where no others come."""
    course = copy_course(tmp_path / "course", LITTLE)
    options = Options(spawner="kubernetes", hub_address="hub", public_url=HUB[-1], autoscaled=autoscaled)
    config = Config()
    configure_spawner(config, load_course(course.root), options)
    assert config.CourseKubeSpawner.fixed_nodes is not autoscaled


@pytest.mark.parametrize(
    ("refusal", "expected"),
    [(403, "infra/kubernetes/nodes.yaml gives it that right"), (500, "Kubernetes says nodes is forbidden")],
)
def test_nodes_that_cannot_be_read_are_said(cluster, refusal, expected):
    """And the hub starts; so it does where no node is there."""
    cluster.refuses["nodes"] = refusal
    (sentence,) = said(replace(GPU, gpus=9))
    assert "was not checked" in sentence and expected in sentence
    cluster.refuses.clear()
    cluster.lists["nodes"] = []
    (sentence,) = said(replace(GPU, gpus=9))
    assert "no node at the moment" in sentence


def test_a_cluster_that_does_not_answer_is_said(cluster, tmp_path):
    """Nor does a hub without a cluster end for that: it may come."""
    file = tmp_path / "kubeconfig"
    file.write_text(file.read_text().replace("127.0.0.1:", "127.0.0.2:"))
    (sentence,) = said(GPU)
    assert "Kubernetes does not answer" in sentence
    file.unlink()
    (sentence,) = said(GPU)
    assert "no way to a cluster" in sentence


def test_course_hub_says_it_and_ends_with_2(cluster, tmp_path, monkeypatch, capsys):
    """Before anything is made."""
    cluster.lists["nodes"] = [node("a", memory="1Gi")]
    course = copy_course(tmp_path / "course", LITTLE)
    assert in_process(HUB, course.root, monkeypatch) == 2
    assert "asks for 2 GiB of memory, but a node of the cluster has at most 1" in capsys.readouterr().err
    assert not (course.root / "data").exists()
