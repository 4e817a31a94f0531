"""NVIDIA's management library in tests: a stand-in that is compiled where there is no GPU."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from tests import needs

SOURCE = Path(__file__).with_name("stand_in.c")
Device = tuple[str, int, int, int]  # identifier, percent, MiB used, MiB in all


class StandIn:
    """A compiled library, and the file that its devices are read from."""

    def __init__(self, folder: Path, *devices: Device) -> None:
        compiler = shutil.which("gcc") or needs.missing("a C compiler: apt-get install gcc libc6-dev")
        self.folder, self.file = folder, folder / "devices"
        self.library = folder / "libnvidia-ml.so.1"
        subprocess.run(
            [compiler, "-shared", "-fPIC", "-Wall", "-Werror", "-o", self.library, SOURCE], check=True
        )
        self.say(devices)

    @property
    def environment(self) -> dict[str, str]:
        """With which a process finds it in place of NVIDIA's."""
        return {"STAND_IN_NVML": str(self.file), "LD_LIBRARY_PATH": str(self.folder)}

    def say(self, devices: Iterable[Device]) -> None:
        """What the devices are from now on."""
        new = self.file.with_suffix(".new")
        new.write_text("".join(" ".join(map(str, each)) + "\n" for each in devices))
        new.replace(self.file)
