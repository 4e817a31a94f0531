"""Each configuration file of infra/ says only what JupyterHub and its spawners know."""

from pathlib import Path

import pytest
import yaml
from jupyterhub.app import JupyterHub
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader
from traitlets.utils.importstring import import_item

from autograder.commands import hub as hub_command
from autograder.hub.process import ports
from autograder.hub.process.options import Options, check
from autograder.hub.process.origins import exchange_url
from tests.hub.support import ROOT

FILES = sorted((ROOT / "infra").rglob("jupyterhub_config.py"), key=str)
ELSEWHERE = {  # classes that JupyterHub loads by name, and the hub itself
    "CourseHub": "autograder.hub.process.app.CourseHub",
    "FromRoster": "autograder.hub.people.authenticator.FromRoster",
    "RosterAuthenticator": "autograder.hub.people.authenticator.RosterAuthenticator",
}
KUBERNETES = {"COURSE_IMAGE": "course-server:1"}


@pytest.fixture
def read(tmp_path, monkeypatch):
    """Reads a file as JupyterHub does, for a course with an empty data folder."""

    def read(file: Path) -> Config:
        spawner = file.parent.name if file.parent.name != "infra" else "simple"
        options = Options(spawner=spawner, hub_address="127.0.0.1")
        environment = {"COURSE_ROOT": str(ROOT), "COURSE_HUB_OPTIONS": options.to_json()}
        environment |= KUBERNETES if spawner == "kubernetes" else {}
        monkeypatch.setattr(ports, "hub_port", lambda *_: 8081)  # which else is bound, and held
        for name, value in {**environment, "COURSE_DATA": str(tmp_path)}.items():
            monkeypatch.setenv(name, value)
        return PyFileConfigLoader(file.name, path=str(file.parent)).load_config()

    return read


def unknown(config: Config) -> list[str]:
    """What a configuration sets and no class has."""
    spawner = import_item(config.JupyterHub.spawner_class)
    places = {**ELSEWHERE, spawner.__name__: config.JupyterHub.spawner_class}
    known = {each.__name__: each for each in JupyterHub().classes} | {"JupyterHub": JupyterHub}
    known |= {name: import_item(place) for name, place in places.items()}
    known |= {each.__name__: each for cls in list(known.values()) for each in cls.__mro__}
    found = []
    for section, values in config.items():
        names = known[section].class_trait_names(config=True) if section in known else ()
        found += [f"{section}.{name}" for name in values if name not in names]
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.parent.relative_to(ROOT)))
def test_every_setting_is_known(file, read):
    """What JupyterHub does not know it only warns of, in a log, and goes on without."""
    config = read(file)
    assert unknown(config) == []


def test_an_unknown_setting_is_seen(read):
    """As one that stood in the file for Docker: containers ran with the right to new privileges."""
    config = read(ROOT / "infra/docker/jupyterhub_config.py")
    config.DockerSpawner.security_opt = ["no-new-privileges"]
    config.JupyterHubb.port = 8000
    assert unknown(config) == ["DockerSpawner.security_opt", "JupyterHubb.port"]


def _kinds(name):
    documents = yaml.safe_load_all((ROOT / "infra/kubernetes" / name).read_text())
    return {(each["kind"], each["metadata"]["name"]): each for each in documents}


def _hubs_options():
    """The options of the hub's pod, as its command reads them."""
    (pod,) = _kinds("hub.yaml")["Deployment", "hub"]["spec"]["template"]["spec"]["containers"]
    assert pod["command"] == ["course", "hub"]
    arguments = [word for word in pod["args"] if not word.startswith("--config=")]
    context = hub_command.command.make_context("hub", arguments)
    return Options(**{name: value for name, value in context.params.items() if name != "config"}), pod


def test_the_hubs_pod_starts_with_options_that_hold():
    """And listens where its service and its readiness look."""
    options, pod = _hubs_options()
    check(options)
    (config,) = [word.removeprefix("--config=") for word in pod["args"] if word.startswith("--config=")]
    assert (ROOT / config.removeprefix("/course/")).is_file()
    ports = {port["containerPort"] for port in pod["ports"]}
    service = _kinds("hub.yaml")["Service", options.hub_address]["spec"]
    assert ports == {options.port, options.hub_port} == {port["port"] for port in service["ports"]}


def test_users_pods_have_a_way_to_the_exchange():
    """Its address is the public one, so the way leads through the ingress; names are looked up by both."""
    options, _ = _hubs_options()
    ways = _kinds("hub.yaml")["NetworkPolicy", "servers"]["spec"]["egress"]
    assert exchange_url(options).startswith("https://")
    assert any({"port": 443, "protocol": "TCP"} in way.get("ports", ()) and way.get("to") for way in ways)
    names = {way["protocol"] for rule in ways for way in rule.get("ports", ()) if way["port"] == 53}
    assert names == {"UDP", "TCP"}


def test_the_course_is_put_onto_the_hubs_volume():
    """The pod for that holds the same volume at the same place, with the same image."""
    (load,) = _kinds("load.yaml").values()
    there = _kinds("hub.yaml")["Deployment", "hub"]["spec"]["template"]["spec"]
    assert load["spec"]["volumes"] == there["volumes"]
    for what in ("image", "volumeMounts", "workingDir"):
        assert load["spec"]["containers"][0][what] == there["containers"][0][what]
