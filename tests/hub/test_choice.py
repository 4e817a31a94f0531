"""What a person may choose for a server, whatever the API is given."""

import asyncio
from types import SimpleNamespace

import pytest
from kubernetes_asyncio.config import kube_config
from kubespawner import KubeSpawner
from tornado.web import HTTPError

from autograder.course import load_course
from autograder.hub.process.options import Options
from autograder.hub.servers.choice import from_form, only_choices
from autograder.hub.servers.spawners import BeforeSpawn
from tests.hub.support import ROOT

KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: here
contexts: [{name: here, context: {cluster: here, user: here}}]
clusters: [{name: here, cluster: {server: "http://127.0.0.1:9"}}]
users: [{name: here, user: {}}]
"""  # nothing is asked of it


def spawner(**traits):
    return SimpleNamespace(orm_spawner=SimpleNamespace(user_options=None), user_options=None, **traits)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({}, {}),
        ({"profile": "gpu"}, {"profile": "gpu"}),
        ({"profile": "gpu", "runtime": "07:59:00", "cmd": ["sh"]}, {"profile": "gpu"}),
        ({"profile": "", "copy": None}, {}),
        (["profile"], {}),
    ],
)
def test_nothing_but_the_choices_is_kept(given, kept):
    """Neither for this start nor for the next."""
    one = spawner()
    only_choices(one, given)
    assert one.user_options == one.orm_spawner.user_options == kept


@pytest.mark.parametrize("value", [7, ["gpu"], {"a": 1}, True, "a\nb", "x" * 3000])
def test_a_choice_is_a_word(value):
    """What is none is refused, and not stored either: the next start would be refused, too."""
    one = spawner()
    with pytest.raises(HTTPError, match="must be a text"):
        only_choices(one, {"profile": value})
    assert one.user_options == one.orm_spawner.user_options == {}


def test_a_form_gives_the_same():
    """As does the query of a link."""
    assert from_form({"profile": ["gpu"], "memory": ["99G"], "copy": [""]}) == {"profile": "gpu"}


def test_kubernetes_starts_a_profile(tmp_path, monkeypatch):
    """KubeSpawner has an option 'profile' of its own and would look for it in a list that is empty."""
    (tmp_path / "config").write_text(KUBECONFIG)
    monkeypatch.setattr(kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "config"))
    course = load_course(ROOT)
    hook = BeforeSpawn(course, course.profiles, Options(spawner="kubernetes"))

    async def start():
        pod = KubeSpawner(_mock=True)
        pod.user.groups, pod.user_options = [], {"profile": "gpu"}
        with pytest.raises(ValueError, match="No such profile"):
            await pod.load_user_options()  # the control
        hook(pod)
        await pod.load_user_options()
        return pod

    assert asyncio.run(start()).extra_resource_limits == {"nvidia.com/gpu": "1"}
