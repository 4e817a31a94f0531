"""What our part of JupyterLab asks a person's own server, and where JupyterLab finds that part."""

import json
import os
import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from jupyterlab.commands import get_app_dir
from jupyterlab_server.config import get_federated_extensions
from traitlets.config.loader import PyFileConfigLoader

from autograder.course import Profile, load_course
from autograder.hub.process.options import Options
from autograder.hub.servers import profiles
from autograder.hub.servers.ends import END, end_of_job, seconds_left, started_here
from autograder.hub.servers.spawners import SETTINGS, BeforeSpawn
from autograder.hub.servers.standing import standing
from tests.hub.support import ROOT

ATTEMPT = {
    "state": "graded",
    "place": None,
    "mark": 87.5,
    "out_of": 104.0,
    "on_top": 0.0,
    "late_percent": 0.0,
    "counts": True,
    "record": {"points": 87.5, "out_of": 104.0},
}


@pytest.mark.parametrize(
    ("said", "left"),
    [("+3600", 3000.0), ("1600.5", 0.5), ("+10", 0.0), ("1000", 0.0), ("", None), ("soon", None)],
)
def test_what_is_left_counts_from_the_start_or_to_a_moment(said, left):
    """Never below zero; a server without an end, or with an end that cannot be read, has none."""
    assert seconds_left({END: said} if said else {}, started=1000.0, now=1600.0) == left


def test_a_process_knows_when_it_was_started():
    """Also when it has become another program since, as a server below ``timeout`` does."""
    asked = "import time; from autograder.hub.servers.ends import started_here as s; print(time.time() - s())"
    line = ["bash", "-c", 'sleep 1.5; exec "$@"', "bash", sys.executable, "-c", asked]
    begun = time.time()
    said = float(subprocess.run(line, capture_output=True, text=True, check=True, cwd=ROOT).stdout)
    assert 1.4 < said < time.time() - begun + 0.1
    assert started_here() < time.time()


@pytest.mark.parametrize("spawner", sorted(profiles.TRANSLATIONS))
def test_every_spawner_tells_the_end_in_one_variable(spawner, tmp_path):
    """As long as the server really runs, counted from its own start."""
    course = replace(load_course(ROOT), profiles=(Profile("half", "Half an hour", hours=0.5),))
    hook = BeforeSpawn(course, course.profiles, Options(spawner=spawner))
    user = SimpleNamespace(name="student-001", groups=[])
    found = SimpleNamespace(
        user=user, name="", user_options={}, environment={}, extra_host_config={}, extra_labels={}
    )
    found.start_timeout = 120
    hook(found)
    assert found.environment[END] == "+1800"
    ends = getattr(found, "req_runtime", None) or found.cmd[3]
    assert ends == ("00:30:00" if spawner == "slurm" else "1800")


def test_a_job_ends_when_slurm_says():
    """Its time began before the server did; an older Slurm says nothing, and the hub's word stands."""
    assert end_of_job({"SLURM_JOB_END_TIME": "1900000000", END: "+60"}) == {END: "1900000000"}
    assert end_of_job({}) == end_of_job({"SLURM_JOB_END_TIME": "never"}) == {}


@pytest.mark.parametrize(
    ("change", "says", "settled"),
    [
        ({}, "Mark: 87.5 of 104 points.", True),
        ({"mark": 120.0, "on_top": 20.0}, "Mark: 120 points: 100 of 104, and 20 bonus on top.", True),
        ({"late_percent": 10.0}, "Mark: 87.5 of 104 points. It was late: 10 % are taken off.", True),
        (
            {"counts": False, "record": {"points": 90.0, "out_of": 104.0}},
            "Mark: 87.5 of 104 points. Another attempt counts: your mark is 90 of 104.",
            True,
        ),
        ({"state": "waiting", "place": 1}, "Next in line.", False),
        ({"state": "waiting", "place": 7}, "Place 7 in line.", False),
        ({"state": "waiting"}, "Waiting to be graded.", False),
        ({"state": "grading"}, "Being graded now.", False),
    ],
)
def test_where_an_attempt_stands_is_said_in_words(change, says, settled):
    """And whether anything more comes by itself."""
    assert standing(ATTEMPT | change) == {"says": says, "settled": settled}


@pytest.mark.parametrize("state", ["broken", "troubled"])
def test_a_fault_of_ours_is_no_mark(state):
    """Nobody waits for more, and nobody reads a number."""
    said = standing(ATTEMPT | {"state": state, "mark": None})
    assert said["settled"] and said["says"].startswith("Not graded yet: a fault on our side")


def test_jupyterlab_finds_our_part_of_it():
    """By the settings that every server gets; the file that is loaded first lies there, and is packed."""
    loader = PyFileConfigLoader("jupyter_server_config.py", path=str(SETTINGS / "everyone"))
    found = get_federated_extensions(loader.load_config().LabServerApp.extra_labextensions_path)
    about = found["course-tools"]
    assert (Path(about["ext_path"]) / about["jupyterlab"]["_build"]["load"]).is_file()
    assert '"hub/lab/**/*"' in (ROOT / "pyproject.toml").read_text()


def test_jupyterlab_still_shares_what_our_part_needs():
    """Each package that ``remoteEntry.js`` asks for by name is one of which JupyterLab has a single copy."""
    shared = json.loads((Path(get_app_dir()) / "static" / "package.json").read_text())
    entry = SETTINGS.parent / "lab" / "course-tools" / "static" / "remoteEntry.js"
    needed = re.findall(r'^    \w+: "(@[a-z]+/[a-z-]+)",$', entry.read_text(), re.MULTILINE)
    assert len(needed) == 6, "the list NEEDED in remoteEntry.js has another form"
    gone = sorted(set(needed) - set(shared["jupyterlab"]["singletonPackages"]))
    assert not gone, (
        f"JupyterLab {shared['jupyterlab']['version']} shares no {', '.join(gone)}: Submit, and the notice "
        "before the end, would be missing. Keep JupyterLab's version in constraints.txt, or change NEEDED in "
        "autograder/hub/lab/course-tools/static/remoteEntry.js."
    )


def test_what_our_part_loads_lies_beside_it():
    """Each module that a module of ours imports."""
    folder = SETTINGS.parent / "lab" / "course-tools" / "static"
    for file in folder.glob("*.js"):
        text = file.read_text()
        for name in re.findall(r'from "\./([\w.]+)"|new URL\("([\w.]+)"', text):
            assert (folder / "".join(name)).is_file(), (file.name, name)
    assert os.access(folder / "style.css", os.R_OK)
