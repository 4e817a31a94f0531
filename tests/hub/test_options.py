"""What may be started where, and profiles in the words of each spawner."""

import pytest

from autograder.base.errors import UsageError
from autograder.course import Profile
from autograder.hub.process.options import Options, check, options_from_json
from autograder.hub.servers import profiles

SMALL = Profile("small", "NumPy", cpus=1.5, memory_gib=2, hours=4)
GPU = Profile("gpu", "One GPU", cpus=4, memory_gib=16, gpus=1, hours=2.5)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.1.2.3"])
def test_loopback_needs_nothing(host):
    """The default is for this machine only."""
    check(Options(host=host))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "hub.example.org"])
def test_a_public_address_needs_tls(host):
    """Passwords do not cross a network in clear text."""
    with pytest.raises(UsageError, match="clear text"):
        check(Options(host=host, spawner="system"))


def test_a_public_address_needs_a_spawner_that_isolates():
    """Not even behind TLS do all share one system user."""
    with pytest.raises(UsageError, match="one system user"):
        check(Options(host="0.0.0.0", behind_tls=True))
    check(Options(host="0.0.0.0", behind_tls=True, spawner="docker"))


def test_a_public_address_needs_the_courses_own_exchange():
    """The stock exchange is a folder that everybody can write."""
    with pytest.raises(UsageError, match="shared"):
        check(Options(host="0.0.0.0", behind_tls=True, spawner="system", exchange="shared"))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (Options(port=0), "expected 1 to 65535"),
        (Options(spawner="dockr"), "did you mean docker"),
        (Options(tls_key="key.pem"), "go together"),
        (Options(tls_key="no-such.pem", tls_certificate="no-such.pem"), "is no file"),
    ],
)
def test_wrong_options_end_in_a_sentence(options, says):
    """What was expected, what came."""
    with pytest.raises(UsageError, match=says):
        check(options)


def test_options_reach_the_hub_unchanged():
    """They travel as JSON in the environment."""
    options = Options(host="::1", port=8123, spawner="slurm", idle_minutes=5.5)
    assert options_from_json(options.to_json()) == options


def test_gpu_profiles_are_hidden_without_a_gpu():
    """On one machine; Slurm and Kubernetes know better, and queue."""
    assert profiles.offered((SMALL, GPU), "simple", gpus=0) == (SMALL,)
    assert profiles.offered((SMALL, GPU), "docker", gpus=1) == (SMALL, GPU)
    assert profiles.offered((SMALL, GPU), "slurm", gpus=0) == (SMALL, GPU)
    with pytest.raises(UsageError, match="asks for a GPU"):
        profiles.offered((GPU,), "simple", gpus=0)


def test_local_servers_end_in_time_and_have_a_memory_limit():
    """By programs of the system, as the spawner itself has no limits."""
    traits = profiles.local(SMALL, ["server"])
    assert traits["cmd"] == [
        "timeout", "--signal=TERM", "--kill-after=30", "14400", "prlimit", f"--data={2 << 30}", "server",
    ]  # fmt: skip
    assert traits["environment"]["OMP_NUM_THREADS"] == "1"


def test_docker_gets_quota_cgroup_and_devices():
    """A GPU is asked for as a device request, which Docker refuses where it has none."""
    traits = profiles.docker(GPU, ["server"])
    assert (traits["cpu_limit"], traits["mem_limit"]) == (4, "16384M")
    assert traits["extra_host_config"]["device_requests"][0]["Capabilities"] == [["gpu"]]


def test_slurm_gets_whole_cores_gres_and_a_time():
    """Rounded up, since Slurm hands out whole cores."""
    traits = profiles.slurm(GPU, ["server"])
    assert (traits["req_nprocs"], traits["req_gres"], traits["req_runtime"]) == ("4", "gpu:1", "02:30:00")
    assert profiles.slurm(SMALL, ["server"])["req_nprocs"] == "2"
    assert profiles.slurm(SMALL, ["server"])["req_gres"] == ""


KUBECONFIG = """{apiVersion: v1, kind: Config, current-context: c,
 clusters: [{name: c, cluster: {server: "http://127.0.0.1:1"}}],
 contexts: [{name: c, context: {cluster: c, user: u}}], users: [{name: u, user: {}}]}"""


def test_the_pod_has_limits_gpu_and_deadline(tmp_path, monkeypatch):
    """KubeSpawner makes of the traits what the profile says."""
    (tmp_path / "kubeconfig").write_text(KUBECONFIG)
    monkeypatch.setattr(
        "kubernetes_asyncio.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "kubeconfig")
    )
    manifest = _pod(GPU)
    resources = manifest.spec.containers[0].resources
    assert resources.limits["nvidia.com/gpu"] == resources.requests["nvidia.com/gpu"] == "1"
    assert resources.limits["memory"] == 16 << 30 and float(resources.limits["cpu"]) == 4
    assert manifest.spec.active_deadline_seconds == 9000
    assert "nvidia.com/gpu" not in _pod(SMALL).spec.containers[0].resources.limits


def test_the_form_offers_each_profile_once():
    """With its limits; titles are text, never markup; one profile needs no form."""
    evil = Profile("evil", "<script>alert(1)</script>")
    page = profiles.form((SMALL, GPU, evil))
    assert page.count('type="radio"') == 3 and page.count(" checked") == 1
    assert "1 GPU" in page and "<script>" not in page
    assert profiles.form((SMALL,)) == ""


def test_an_unknown_profile_is_refused():
    """What is not offered cannot be asked for through the address line."""
    with pytest.raises(UsageError, match="no profile 'gpu'"):
        profiles.find((SMALL,), "gpu")


def _pod(profile):
    import asyncio

    import kubespawner

    traits = profiles.kubernetes(profile, ["server"])
    traits.pop("environment")

    async def manifest():
        spawner = kubespawner.KubeSpawner(_mock=True)
        for name, value in traits.items():
            setattr(spawner, name, value)
        return await spawner.get_pod_manifest()

    return asyncio.run(manifest())
