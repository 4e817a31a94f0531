"""The units in infra/systemd: systemd knows every word of them, and finds little left to close."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.commands import hub as hub_command
from autograder.hub.process.options import Options, check
from tests import needs
from tests.hub.support import ROOT

UNITS = ROOT / "infra" / "systemd"
EXPOSED = 65  # tenths of systemd's points at most: 96 is a unit that closes nothing


@pytest.fixture
def units(tmp_path) -> Path:
    """The units with this environment's command and an existing folder, as an operator corrects them."""
    if shutil.which("systemd-analyze") is None:
        needs.missing("systemd-analyze: apt-get install systemd")
    for file in UNITS.iterdir():
        text = file.read_text().replace(
            "/opt/course/bin/course", str(Path(sys.executable).with_name("course"))
        )
        (tmp_path / file.name).write_text(text.replace("/srv/course", str(tmp_path)))
    return tmp_path


def _analyze(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *map(str, words)], capture_output=True, text=True, check=False)


def test_systemd_takes_them(units):
    """Without a warning; a word that it does not know is one."""
    done = _analyze("verify", "--man=no", units / "course-hub.socket", units / "course-hub.service")
    said = [line for line in (done.stdout + done.stderr).splitlines() if "course-hub" in line]
    assert (done.returncode, said) == (0, []), done.stderr
    unit = units / "course-hub.service"
    unit.write_text(unit.read_text().replace("ProtectHostname", "ProtectHostnames"))
    assert "ProtectHostnames" in _analyze("verify", "--man=no", unit).stderr


def test_little_is_left_open(units):
    """Of what a hub does not need; without our lines systemd counts more."""
    unit = units / "course-hub.service"
    found = _analyze("security", "--offline=yes", f"--threshold={EXPOSED}", unit)
    assert found.returncode == 0, found.stdout[-400:]
    kept = [
        line for line in unit.read_text().splitlines() if not line.startswith(("Protect", "System", "Cap"))
    ]
    unit.write_text("\n".join(kept))
    assert _analyze("security", "--offline=yes", f"--threshold={EXPOSED}", unit).returncode != 0


def test_gpus_and_homes_stay_open():
    """What would take them away from people's servers, which are children of the unit."""
    text = (UNITS / "course-hub.service").read_text()
    lines = [line.split("=")[0] for line in text.splitlines() if not line.startswith("#")]
    never = {"PrivateDevices", "DevicePolicy", "DeviceAllow", "ProtectClock", "ProtectHome", "PrivateUsers"}
    assert not never & set(lines)
    assert not {"RestrictNamespaces", "MemoryDenyWriteExecute", "ProtectProc", "PrivateNetwork"} & set(lines)


def test_its_options_hold():
    """The command is one that ``course hub`` takes, on the ports that the socket unit holds."""
    (start,) = [
        line.removeprefix("ExecStart=").split()
        for line in (UNITS / "course-hub.service").read_text().splitlines()
        if line.startswith("ExecStart=")
    ]
    context = hub_command.command.make_context("hub", start[2:])
    options = Options(**{name: value for name, value in context.params.items() if name != "config"})
    check(options)
    held = (UNITS / "course-hub.socket").read_text()
    assert f":{options.port}\n" in held and f":{options.hub_port}\n" in held
