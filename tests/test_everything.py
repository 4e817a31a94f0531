"""``make test`` runs each test once, in the part where it belongs, and fails where one fails twice."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import ROOT

TEST = """
from pathlib import Path

import pytest


{mark}def test_it():
    with Path({name!r}).open("a") as file:
        file.write("tried ")
    assert not Path({name!r} + "-fails").exists()
"""
PLACES = {
    "rest": "tests/test_rest.py",
    "proofs": "tests/prove/test_proofs.py",
    "browsers": "tests/test_browsers.py",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A test of each part, which notes that it was tried."""
    for part, place in PLACES.items():
        mark = "@pytest.mark.browser\n" if part == "browsers" else ""
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(TEST.format(name=part, mark=mark))
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = browser\n")
    for module in ("everything", "second_tries"):
        (tmp_path / "tests" / f"{module}.py").symlink_to(ROOT / "tests" / f"{module}.py")
    return tmp_path


def everything(folder: Path) -> subprocess.CompletedProcess[str]:
    """``make test`` there."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COURSE"))}
    command = [sys.executable, "-m", "tests.everything"]
    return subprocess.run(command, cwd=folder, env=own, capture_output=True, text=True, check=False)


def test_what_fails_twice_fails_it(folder: Path) -> None:
    """The other parts run all the same, each test once, and each part says how long it took."""
    (folder / "proofs-fails").touch()
    done = everything(folder)
    assert done.returncode == 1 and "failed: proofs" in done.stderr
    assert all(f"\n{part}: " in done.stdout for part in PLACES)
    tried = {part: len((folder / part).read_text().split()) for part in PLACES}
    assert tried == {"rest": 1, "proofs": 2, "browsers": 1}
