"""The shipped files for one machine with Slurm: a job opens its own GPUs, and no other job's."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import pytest

from tests.hub.accounts import NEEDS_ROOT, accounts
from tests.slurm import running_slurm
from tests.waiting import until

NAMES = tuple(f"slm-{os.getpid()}-{number}" for number in (6, 7))
GPUS = 2  # infra/slurm/gres.conf
TRIES = """#!/usr/bin/python3
import os, sys, time
for number in range(2):
    try:
        os.close(os.open(f"{sys.argv[1]}/nvidia{number}", os.O_RDWR))
        print(0)
    except OSError as error:
        print(error.errno)
print(os.environ.get("CUDA_VISIBLE_DEVICES", ""), flush=True)
time.sleep(float(sys.argv[2]))
"""
CGROUPS = Path("/sys/fs/cgroup/devices")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("slurm"),
    NEEDS_ROOT,
    pytest.mark.skipif(not CGROUPS.is_dir(), reason="Slurm 22.05 outside systemd needs cgroups of version 1"),
]


@pytest.fixture(scope="module")
def slurm():
    with accounts(NAMES), running_slurm(GPUS, shipped=True) as slurm:
        (slurm.folder / "tries").write_text(TRIES)
        (slurm.folder / "tries").chmod(0o755)
        yield slurm


def _submit(slurm, name, *options, seconds=0.0):
    """A job that tries all devices; the file of what it prints."""
    output = slurm.folder / "log" / f"{name}-{time.monotonic_ns()}"
    output.touch()
    output.chmod(0o666)
    words = ["sbatch", "--parsable", f"--uid={name}", "--chdir=/", f"--output={output}", "--mem=100M"]
    wrapped = f"--wrap=srun {slurm.folder}/tries {slurm.folder} {seconds:g}"
    assert slurm.ask(*words, *options, wrapped), "the job is not taken"
    return output


def _printed(output):
    return until(lambda: lines if len(lines := output.read_text().split("\n")) > 3 else None, "job's words")[
        :3
    ]


def test_a_job_opens_its_own_gpu_alone(slurm):
    """No driver answers behind its own (ENXIO); the other is forbidden (EPERM), without a GPU both are."""
    own, forbidden = str(errno.ENXIO), str(errno.EPERM)
    first = _printed(_submit(slurm, NAMES[0], "--gres=gpu:1", seconds=30))
    second = _printed(_submit(slurm, NAMES[1], "--gres=gpu:1"))
    none = _printed(_submit(slurm, NAMES[1]))
    assert sorted((tuple(first[:2]), tuple(second[:2]))) == [(forbidden, own), (own, forbidden)]
    assert none == [forbidden, forbidden, ""], none
    with pytest.raises(OSError, match="No such device or address"):  # the control: outside of jobs both open
        (slurm.folder / "nvidia0").open("rb").close()
