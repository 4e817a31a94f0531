"""Profiles and addresses that cannot work where servers start are refused before anything is started."""

import os
import stat
from dataclasses import replace

import pytest

from autograder.base.errors import ConfigError, UsageError
from autograder.course import Profile, load_course
from autograder.hub.process.options import Options, check
from autograder.hub.servers import places
from autograder.hub.servers.places import check_profiles, slurm_places
from tests.batch.small import in_process
from tests.hub.support import LITTLE, copy_course

SMALL = Profile("small", "NumPy", cpus=1, memory_gib=2, hours=4)
GPU = Profile("gpu", "One GPU", cpus=4, memory_gib=16, gpus=1, hours=2)
SINFO = """course|8|64000|8:00:00|(null)
course|4|15000|8:00:00|gpu:a100:4(S:0-1),gpu:v100:2
long|128|1000000|infinite|(null)
test|128|1000000|30:00|gpu:8
days|8|64000|1-12:00:00|(null)
"""
HUB = "https://hub.example.org"


@pytest.fixture
def sinfo(tmp_path, monkeypatch):
    """A ``sinfo`` that prints what a test gives it, since no test has such a cluster."""

    def prints(text, code=0):
        program = tmp_path / "sinfo"
        program.write_text(f"#!/bin/sh\ncat <<'END'\n{text}END\necho 'no controller' >&2\nexit {code}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    return prints


def test_what_slurm_says_of_its_nodes():
    """Times and GPUs are read in all forms that sinfo has."""
    assert [(place.hours, place.gpus) for place in slurm_places(SINFO, "")] == [
        (8, 0), (8, 6), (float("inf"), 0), (0.5, 8), (36, 0),
    ]  # fmt: skip
    assert {place.name for place in slurm_places(SINFO, "course")} == {"partition course"}


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        (replace(SMALL, cpus=9), "9 cores, but partition course has at most 8"),
        (replace(SMALL, memory_gib=63), "63 GiB of memory.*at most 62.5"),
        (replace(SMALL, hours=12), "12 hours.*at most 8"),
        (replace(SMALL, gpus=7), "7 GPUs.*at most 6"),
        (GPU, "at once"),  # the nodes with GPUs have less memory
    ],
)
def test_a_profile_that_can_never_start_is_refused(sinfo, monkeypatch, profile, said):
    """With what it asks for and what there is; the control: less starts."""
    monkeypatch.delenv(places.PARTITION, raising=False)
    sinfo(SINFO)
    with pytest.raises(UsageError, match=said):
        list(check_profiles((SMALL, profile), "slurm"))
    assert list(check_profiles((SMALL, replace(GPU, memory_gib=14)), "slurm")) == []


def test_type_and_partition_are_looked_at(sinfo, monkeypatch):
    """A type that no node of the partition has, a partition that is not there; the control: what is there."""
    monkeypatch.delenv(places.PARTITION, raising=False)
    sinfo(SINFO)
    fits = replace(GPU, memory_gib=14, gpu_kind="v100", gpus=2)
    assert list(check_profiles((SMALL, fits, replace(SMALL, partition="long", hours=99)), "slurm")) == []
    with pytest.raises(UsageError, match="4 GPUs of type 'v100', but partition course has at most 2"):
        list(check_profiles((SMALL, replace(fits, gpus=4)), "slurm"))
    with pytest.raises(UsageError, match=r"1 GPUs of type 'h200'.*at most 0"):
        list(check_profiles((SMALL, replace(fits, gpus=1, gpu_kind="h200")), "slurm"))
    with pytest.raises(UsageError, match=r"says partition 'lnog': did you mean long"):
        list(check_profiles((replace(SMALL, partition="lnog"),), "slurm"))


def test_what_a_spawner_does_not_know_is_said(sinfo):
    """The hub starts; the same file may be for a cluster."""
    sinfo(SINFO)
    (said,) = check_profiles((replace(SMALL, partition="long", tolerations=("gpu:NoExecute",)),), "simple")
    assert "says partition, tolerations, which the spawner 'simple' does not know" in said
    (said,) = check_profiles((replace(SMALL, node_labels=("gpu=a100",)),), "slurm")
    assert "says node_labels" in said
    asked = (replace(SMALL, node_labels=("gpu=a100",)),)
    assert list(check_profiles(asked, "kubernetes", autoscaled=True)) == []


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        ("account='a b'", "expected an account's name"),
        ("partition='x\\n#SBATCH --uid=root'", "expected a partition's name"),
        ("gpu_kind='a100:9'", "expected a type such as"),
        ("node_labels=('gpu',)", "expected a text such as 'gpu=a100'"),
        ("tolerations=('gpu=true:Sometimes',)", "expected a text such as 'gpu=true:NoSchedule'"),
    ],
)
def test_what_becomes_part_of_a_script_is_a_word(tmp_path, says, expected):
    """A line break would be a further line of the job's script."""
    (tmp_path / "course_config.py").write_text(
        f"from autograder.course import Course, Profile\n"
        f"course = Course('tiny', 'Tiny', (), profiles=(Profile('small', 'NumPy', {says}),))\n"
    )
    with pytest.raises(ConfigError, match=expected):
        load_course(tmp_path)


def test_a_place_that_does_not_answer_is_named(sinfo):
    """The hub starts: Slurm may be back before anybody asks for a server."""
    sinfo("", code=1)
    (said,) = check_profiles((SMALL,), "slurm")
    assert "not checked" in said and "no controller" in said


def test_this_machine_is_looked_at_too():
    """For servers that start on it."""
    with pytest.raises(UsageError, match="this machine has at most"):
        list(check_profiles((replace(SMALL, memory_gib=1e6),), "system"))
    assert list(check_profiles((SMALL,), "simple")) == []


def test_course_hub_says_it_and_ends_with_2(sinfo, tmp_path, monkeypatch, capsys):
    """Before anything is made."""
    sinfo("course|8|1000|8:00:00|(null)\n")
    course = copy_course(tmp_path / "course", LITTLE)
    words = ["hub", "--spawner", "slurm", "--hub-address", "127.0.0.1"]
    assert in_process(words, course.root, monkeypatch) == 2
    assert "asks for 2 GiB of memory" in capsys.readouterr().err
    assert not (course.root / "data").exists()


@pytest.mark.parametrize("spawner", ["docker", "slurm", "kubernetes"])
def test_servers_elsewhere_get_addresses_that_they_reach(spawner):
    """This machine's loopback is their own there: neither hub nor exchange would answer."""
    with pytest.raises(UsageError, match="expected --hub-address"):
        check(Options(spawner=spawner, public_url=HUB))
    with pytest.raises(UsageError, match=r"the exchange is at http://127\.0\.0\.1:8000"):
        check(Options(spawner=spawner, hub_address="hub.cluster"))
    check(Options(spawner=spawner, hub_address="hub.cluster", public_url=HUB))


def test_loopback_is_for_one_node_slurm_alone():
    """Its jobs run on this machine; containers have a loopback of their own."""
    check(Options(spawner="slurm", hub_address="127.0.0.1"))
    with pytest.raises(UsageError, match=r"came 127\.0\.0\.1"):
        check(Options(spawner="docker", hub_address="127.0.0.1", public_url=HUB))
