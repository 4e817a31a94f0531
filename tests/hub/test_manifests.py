"""What Kubernetes is asked for is what Kubernetes knows: its own schemas, strictly, without a cluster."""

import copy

import kubernetes_validate
import pytest
import yaml

from autograder.course import load_course
from autograder.hub.servers.profiles import FETCH_SECONDS
from tests.hub.pods import manifests
from tests.hub.support import ROOT
from tests.hub.test_infra_files import read  # noqa: F401 - a fixture

FOLDER = ROOT / "infra" / "kubernetes"
MANIFESTS = {
    f"{file.stem}-{each['kind']}-{each['metadata']['name']}": each
    for file in sorted(FOLDER.glob("*.yaml"))
    for each in yaml.safe_load_all(file.read_text())
}
PROFILES = {profile.name: profile for profile in load_course(ROOT).profiles}
VERSIONS = ("1.25", "1.37")  # the oldest and the newest that are meant to work


def check(thing, version):
    kubernetes_validate.validate(thing, version, strict=True)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", MANIFESTS)
def test_manifests_are_kubernetes(name, version):
    """The hub's account, volume, pod, service and policy, and the pod that loads the volume."""
    check(MANIFESTS[name], version)


@pytest.fixture
def asked(read, tmp_path):  # noqa: F811
    """Pod and volume of each profile, by its name, with image and settings as infra/ says."""
    config = read(FOLDER / "jupyterhub_config.py")
    return {name: manifests(config, tmp_path, "student-001", name) for name in PROFILES}


@pytest.fixture
def pods(asked):
    return {name: pod for name, (pod, _) in asked.items()}


@pytest.mark.parametrize("version", VERSIONS)
def test_every_profiles_pod_is_kubernetes(pods, version):
    """And has what the profile says: requests equal to limits, GPUs, the time after which it ends."""
    for name, pod in pods.items():
        check(pod, version)
        (container,), profile = pod["spec"]["containers"], PROFILES[name]
        assert container["resources"]["limits"] == container["resources"]["requests"]
        gpus = container["resources"]["limits"].get("nvidia.com/gpu")
        assert gpus == (str(profile.gpus) if profile.gpus else None)
        assert pod["spec"]["activeDeadlineSeconds"] == profile.hours * 3600 + FETCH_SECONDS
        assert pod["spec"]["restartPolicy"] == "Never"  # a server that ends at its time stays ended


@pytest.mark.parametrize("version", VERSIONS)
def test_a_home_is_a_volume_of_kubernetes(asked, version):
    """Which the pod names."""
    for pod, claim in asked.values():
        check(claim, version)
        (volume,) = pod["spec"]["volumes"]
        assert volume["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]


def test_a_users_pod_is_what_pod_security_restricted_asks_for(pods):
    """The standard's points for a container without init containers."""
    for pod in pods.values():
        (container,) = pod["spec"]["containers"]
        safe = container["securityContext"]
        assert safe["runAsNonRoot"] and safe["runAsUser"] == 1000 and not safe["allowPrivilegeEscalation"]
        assert safe["capabilities"] == {"drop": ["ALL"]}
        assert safe["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["spec"]["automountServiceAccountToken"] is False
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod["spec"])
        assert {next(iter(set(volume) - {"name"})) for volume in pod["spec"]["volumes"]} == {
            "persistentVolumeClaim"
        }


def test_a_pod_says_whose_it_is(pods):
    """The hub's next run finds it by its labels; people read the annotation."""
    for pod in pods.values():
        labels, said = pod["metadata"]["labels"], pod["metadata"]["annotations"]
        assert labels["course"] == "deep-learning" and len(labels["course-hub"]) == 16
        assert labels["course-hub-run"] and said["hub.jupyter.org/username"] == "student-001"


BROKEN = {
    "an unknown field": lambda pod: pod["spec"]["containers"][0].update(privilege=False),
    "a word for a number": lambda pod: pod["spec"].update(activeDeadlineSeconds="two hours"),
    "a list for a map": lambda pod: pod["metadata"].update(labels=["course"]),
    "a name left out": lambda pod: pod["spec"]["containers"][0].pop("name"),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_manifest_is_seen(pods, broken):
    """The control: the same pod with one fault."""
    pod = copy.deepcopy(pods["gpu"])
    BROKEN[broken](pod)
    with pytest.raises(kubernetes_validate.ValidationError):
        check(pod, VERSIONS[-1])
