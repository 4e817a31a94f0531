"""The images of infra/Dockerfile are those that manual and manifests name, made of files that are there."""

import re
import shlex
import tomllib

import yaml

from tests.hub.support import ROOT
from tests.infra.manual import MANUAL

DOCKERFILE = ROOT / "infra" / "Dockerfile"
STAGE = re.compile(r"^FROM (\S+) AS (\w+)$", re.MULTILINE)


def stages():
    """The instructions of each stage, continued lines joined; comments left out."""
    text = re.sub(r"^#.*\n", "", DOCKERFILE.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    parts = STAGE.split(text)
    return {name: (base, body) for base, name, body in zip(*[iter(parts[1:])] * 3, strict=True)}


def test_the_manual_builds_each_image_from_a_target_that_is_there():
    """In every section the same command, with the name under which servers and the hub's pod ask for it."""
    lines = [line for line in MANUAL.read_text().splitlines() if line.startswith("docker build ")]
    built = {}
    for line in lines:
        words = shlex.split(line)
        assert (ROOT / words[words.index("-f") + 1]) == DOCKERFILE, line
        built[words[words.index("-t") + 1]] = words[words.index("--target") + 1]
    assert built == {"course-server": "server", "course-hub": "hub"} and len(lines) == 3
    assert set(built.values()) < stages().keys()
    for name in ("hub.yaml", "load.yaml"):
        documents = yaml.safe_load_all((ROOT / "infra/kubernetes" / name).read_text())
        assert re.findall(r"'image': '([\w-]+)'", str(list(documents))) == ["course-hub"]


def test_the_images_are_made_of_what_is_there():
    """One base with torch; files, extras and the version of torch exist; packages are the tested ones."""
    base, shared = stages()["engine"]
    assert base.startswith("python:3.11") and {stages()[name][0] for name in ("server", "hub")} == {"engine"}
    for line in re.findall(r"^COPY (.*)$", shared, re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
    assert re.search(r"^torch==\d", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    known = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for name, extras in (("server", ["all", "hub"]), ("hub", ["all", "hub", "spawners"])):
        (found,) = re.findall(
            r'pip install --no-cache-dir "/opt/engine\[([\w,]+)\]" -c \S+', stages()[name][1]
        )
        assert found.split(",") == extras and set(extras) <= known.keys()


def test_nobody_is_root_in_an_image():
    """Each target ends as a person with the number that pods and containers run as."""
    for name, person in (("server", "student"), ("hub", "hub")):
        body = stages()[name][1]
        assert f"useradd -m -u 1000 {person}" in body and f"\nUSER {person}\n" in body
