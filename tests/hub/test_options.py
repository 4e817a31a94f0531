"""What may be started where, and profiles in the words of each spawner."""

from dataclasses import replace
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from starlette.requests import Request
from traitlets.config import Config

from autograder.base.errors import UsageError
from autograder.course import Profile
from autograder.exchange.service.login import Sessions
from autograder.hub.process.launch import prepare
from autograder.hub.process.left_open import UNNAMED_PROXY, left_open_by_last_start
from autograder.hub.process.options import Options, check, options_from_json
from autograder.hub.process.origins import OPEN, copy_domain, domain_of, host_cookies, service_url
from autograder.hub.process.settings import configure
from autograder.hub.servers import profiles
from tests.hub.support import LITTLE, copy_course, free_port

HUB = "https://hub.example.org"

SMALL = Profile("small", "NumPy", cpus=1.5, memory_gib=2, hours=4)
GPU = Profile("gpu", "One GPU", cpus=4, memory_gib=16, gpus=1, hours=2.5)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.1.2.3"])
def test_loopback_needs_nothing(host):
    """The default is for this machine only."""
    check(Options(host=host))


@pytest.mark.parametrize("host", ["::1", "[::1]"])
def test_an_ipv6_address_is_that_address(tmp_path, host):
    """Without brackets, a URL with it would mean every address of the machine."""
    course, config = copy_course(tmp_path, LITTLE), Config()
    configure(config, course, Options(host=host))
    assert urlsplit(config.JupyterHub.bind_url).hostname == "::1"
    assert Options(host=host).address == "http://[::1]:8000"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "hub.example.org"])
def test_a_public_address_needs_tls(host):
    """Passwords do not cross a network in clear text."""
    with pytest.raises(UsageError, match="clear text"):
        check(Options(host=host, spawner="system"))


def test_a_public_address_needs_a_spawner_that_isolates():
    """Not even behind TLS do all share one system user."""
    with pytest.raises(UsageError, match="one system user"):
        check(Options(host="0.0.0.0", behind_tls=True))
    elsewhere = {"spawner": "docker", "hub_address": "172.17.0.1"}
    check(Options(host="0.0.0.0", behind_tls=True, public_url=HUB, **elsewhere))


@pytest.mark.parametrize("public_url", ["", "https://192.0.2.7", "https://hub"])
def test_a_public_address_needs_names_below_it(public_url):
    """An address or a bare name has none, and so no origin for each server; or one says so."""
    public = Options(host="0.0.0.0", behind_tls=True, spawner="system", public_url=public_url)
    with pytest.raises(UsageError, match=r"each server needs an origin of its own.*--shared-origin"):
        check(public)
    check(replace(public, shared_origin=True))
    check(replace(public, public_url=HUB))


def test_a_hub_behind_a_proxy_of_this_machine_is_public():
    """It listens on loopback only, and yet others reach it: they are promised the same."""
    behind = Options(public_url=HUB, spawner="system")
    check(behind)
    assert behind.own_origins and Options(public_url=HUB, shared_origin=True).own_origins is False
    with pytest.raises(UsageError, match="one system user"):
        check(replace(behind, spawner="simple"))
    with pytest.raises(UsageError, match="clear text"):
        check(replace(behind, public_url="http://hub.example.org"))


def test_on_this_machine_one_origin_is_the_default():
    """With an option there are names below localhost, which browsers resolve by themselves."""
    assert not Options().own_origins
    assert Options(subdomains=True, port=8123).address == "http://hub.localhost:8123"
    assert Options(public_url="http://course.localhost:8000", subdomains=True).own_origins
    with pytest.raises(UsageError, match="opposite"):
        check(Options(subdomains=True, shared_origin=True))


def test_each_has_a_name_of_its_own():
    """One label deep, so that one wildcard in DNS and in the certificate is enough."""
    options = Options(public_url=HUB, spawner="system")
    assert service_url(options, "exchange") == "https://exchange--service.hub.example.org/services/exchange"
    assert service_url(replace(options, shared_origin=True), "exchange") == f"{HUB}/services/exchange"
    named = {
        domain_of("student-001", "hub.example.org", "user"),
        domain_of("exchange", "hub.example.org", "user"),  # a person may have any name
        domain_of("exchange--service", "hub.example.org", "user"),
        domain_of("exchange", "hub.example.org", "service"),
        copy_domain("ta-001", "look-1", "hub.example.org"),
        copy_domain("ta-001", "look-2", "hub.example.org"),
        copy_domain("ta-002", "look-1", "hub.example.org"),
    }
    assert len(named) == 7
    assert all(name.endswith(".hub.example.org") and name.count(".") == 3 for name in named)


def test_cookies_of_logins_are_bound_to_one_host():
    """Where there is TLS; else browsers would refuse them."""
    request = Request({"type": "http", "method": "GET", "path": "/services/exchange/", "headers": []})

    class Hub:
        def authorize_url(self, state):
            return f"{HUB}/hub/api/oauth2/authorize?state={state}"

    told = Sessions(b"key", "/services/exchange/", own_host=True).begin(request, Hub()).headers["set-cookie"]
    assert told.startswith("__Host-") and "; Path=/;" in told and "; Secure" in told and "omain" not in told
    told = Sessions(b"key", "/services/exchange/").begin(request, Hub()).headers["set-cookie"]
    assert told.startswith("course-exchange-state=") and "; Path=/services/exchange/" in told
    assert host_cookies(Options(public_url=HUB)) and not host_cookies(Options(subdomains=True))


def test_start_up_names_what_one_origin_leaves_open(tmp_path):
    """In a sentence; without the option there is none."""
    course = copy_course(tmp_path / "course", LITTLE)
    public = Options(public_url=HUB, spawner="system", port=free_port(), trusted_proxies=("127.0.0.1",))
    assert OPEN in list(prepare(course, replace(public, shared_origin=True)))
    assert OPEN in left_open_by_last_start(course)  # which course doctor says
    assert OPEN not in list(prepare(course, public))
    assert left_open_by_last_start(course) == []


def test_a_public_address_needs_the_courses_own_exchange():
    """The stock exchange is a folder that everybody can write."""
    with pytest.raises(UsageError, match="shared"):
        check(Options(host="0.0.0.0", behind_tls=True, spawner="system", exchange="shared", public_url=HUB))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (Options(port=0), "expected 1 to 65535"),
        (Options(spawner="dockr"), "did you mean docker"),
        (Options(tls_key="key.pem"), "go together"),
        (Options(trusted_proxies=("nginx",)), "--trusted-proxy nginx is no address"),
        (Options(tls_key="no-such.pem", tls_certificate="no-such.pem"), "is no file"),
    ],
)
def test_wrong_options_end_in_a_sentence(options, says):
    """What was expected, what came."""
    with pytest.raises(UsageError, match=says):
        check(options)


def test_options_reach_the_hub_unchanged():
    """They travel as JSON in the environment."""
    options = Options(host="::1", port=8123, spawner="slurm", idle_minutes=5.5, subdomains=True)
    named = ("127.0.0.1", "10.0.0.0/8")
    options = Options(host="::1", port=8123, spawner="slurm", idle_minutes=5.5, trusted_proxies=named)
    assert options_from_json(options.to_json()) == options


def test_a_proxy_without_a_name_is_said_at_the_start(tmp_path):
    """Behind it all people would be one address."""
    course = SimpleNamespace(data_folder=tmp_path, profiles=(SMALL,))
    behind = Options(login="oidc", spawner="system", port=free_port(), public_url=HUB)
    assert UNNAMED_PROXY in list(prepare(course, behind))
    named = replace(behind, trusted_proxies=("127.0.0.1",))
    assert UNNAMED_PROXY not in list(prepare(course, named))


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
    host = traits["extra_host_config"]
    assert host["device_requests"][0]["Capabilities"] == [["gpu"]]
    assert host["security_opt"] == ["no-new-privileges"] and host["cap_drop"] == ["ALL"]
    assert host["memswap_limit"] == traits["mem_limit"], "swap would be a second memory"


def test_slurm_gets_whole_cores_gres_and_a_time():
    """Rounded up, since Slurm hands out whole cores."""
    traits = profiles.slurm(GPU, ["server"])
    assert (traits["req_nprocs"], traits["req_gres"], traits["req_runtime"]) == ("4", "gpu:1", "02:30:00")
    assert profiles.slurm(SMALL, ["server"])["req_nprocs"] == "2"
    assert profiles.slurm(SMALL, ["server"])["req_gres"] == ""


def test_slurm_gets_type_partition_and_account():
    """Of a profile that says them; without, the hub's partition stays."""
    special = replace(GPU, gpu_kind="a100", partition="long", account="ml-2027")
    traits = profiles.slurm(special, ["server"])
    asked = (traits["req_gres"], traits["req_partition"], traits["req_account"])
    assert asked == ("gpu:a100:1", "long", "ml-2027")
    assert not {"req_partition", "req_account"} & profiles.slurm(GPU, ["server"]).keys()


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
    assert manifest.spec.containers[0].args[:4] == ["timeout", "--signal=TERM", "--kill-after=30", "9000"]
    assert manifest.spec.active_deadline_seconds == 9600, "its image may have to be fetched first"
    assert "nvidia.com/gpu" not in _pod(SMALL).spec.containers[0].resources.limits
    part = replace(
        GPU, gpu_kind="nvidia.com/mig-1g.5gb", node_labels=("gpu=a100",),
        tolerations=("gpu=true:NoSchedule", "batch:NoExecute"),
    )  # fmt: skip
    spec = _pod(part).spec
    limits = spec.containers[0].resources.limits
    assert limits["nvidia.com/mig-1g.5gb"] == "1" and "nvidia.com/gpu" not in limits
    assert spec.node_selector == {"gpu": "a100"}
    told = [(each.key, each.operator, each.value, each.effect) for each in spec.tolerations]
    assert ("gpu", "Equal", "true", "NoSchedule") in told and ("batch", "Exists", None, "NoExecute") in told


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
