"""How busy a server's own GPUs are: by a stand-in for NVIDIA's library, and by the real one where it is."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from autograder.hub.gpus.nvml import GpuReading, Nvml, NvmlSilent
from tests.hub.nvml import StandIn
from tests.waiting import until

FIRST, SECOND, MIG = ("GPU-8f2a", 97, 4000, 80000), ("GPU-41c0", 0, 3, 80000), ("MIG-77aa", -1, 12, 10000)
READ = {each[0]: GpuReading(None if each[1] < 0 else each[1], *each[2:]) for each in (FIRST, SECOND, MIG)}


@pytest.fixture
def nvml(tmp_path, monkeypatch):
    stand_in = StandIn(tmp_path, FIRST, SECOND, MIG)
    monkeypatch.setenv("STAND_IN_NVML", str(stand_in.file))
    nvml = Nvml(str(stand_in.library))
    yield nvml
    nvml.close()


@pytest.mark.parametrize(
    ("visible", "names"),
    [
        (None, ["GPU-8f2a", "GPU-41c0", "MIG-77aa"]),
        ("", []),
        ("1", ["GPU-41c0"]),
        ("1, 0", ["GPU-41c0", "GPU-8f2a"]),
        ("GPU-41c0", ["GPU-41c0"]),
        ("GPU-4", ["GPU-41c0"]),
        ("GPU-", []),  # two begin so
        ("MIG-77aa", ["MIG-77aa"]),
        ("0,7,1", ["GPU-8f2a"]),  # as CUDA does: what comes after a device that is not there is not seen
        ("-1,0", []),
    ],
)
def test_its_own_gpus(nvml, visible, names):
    """Those of CUDA_VISIBLE_DEVICES, as CUDA reads it; what does not say how busy it is, is None."""
    assert nvml.readings(visible) == [READ[name] for name in names]


def test_without_nvidia(tmp_path, monkeypatch):
    """No library, or one that finds no driver: a sentence, and no number."""
    with pytest.raises(NvmlSilent, match="no-such-library"):
        Nvml("no-such-library.so.1")
    library = str(StandIn(tmp_path).library)
    monkeypatch.delenv("STAND_IN_NVML", raising=False)
    with pytest.raises(NvmlSilent, match="nvmlInit_v2 returned 9"):
        Nvml(library)
    with pytest.raises(NvmlSilent, match="too old"):
        Nvml("libc.so.6")


COMPUTES = """
import torch
x = torch.randn(4096, 4096, device="cuda")
print("ready", flush=True)
while True:
    x = (x @ x).tanh()
"""


@pytest.mark.gpu
@pytest.mark.skipif(shutil.which("nvidia-smi") is None, reason="not run: this machine has no NVIDIA GPU")
def test_a_real_gpu_is_read_as_nvidia_smi_reads_it():
    """The same devices and memory; idle before, busy while another process computes, and idle afterwards."""
    asked = ["nvidia-smi", "--query-gpu=memory.total,memory.used", "--format=csv,noheader,nounits"]
    listed = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.splitlines()
    nvml = Nvml()
    read = nvml.readings(None)
    assert len(read) == len(listed)
    for reading, line in zip(read, listed, strict=True):
        total, used = map(int, line.split(","))
        assert abs(reading.total_mib - total) <= 1 and abs(reading.used_mib - used) <= 1024
    assert nvml.readings("0") == read[:1] or nvml.readings("0")[0].total_mib == read[0].total_mib
    assert nvml.readings("") == []
    with subprocess.Popen([sys.executable, "-c", COMPUTES], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None and other.stdout.readline() == "ready\n"
        until(lambda: (nvml.readings("0")[0].busy or 0) > 50, "work on the GPU", 30)
        held = nvml.readings("0")[0].used_mib
        other.kill()
    until(lambda: nvml.readings("0")[0].busy == 0, "end of its work", 30)
    assert nvml.readings("0")[0].used_mib < held
    nvml.close()
