"""Tests of a group run in one process: what they share is started once, and no two hubs compete."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TESTS = """
import os
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("one")


@pytest.mark.parametrize("number", range(8))
def test_it(number):
    Path(f"ran-{number}").write_text(os.environ["PYTEST_XDIST_WORKER"])
"""


def test_a_group_has_one_process(tmp_path: Path) -> None:
    """A release of pytest or of pytest-xdist that no longer knows groups says nothing, and all is slower."""
    (tmp_path / "test_it.py").write_text(TESTS)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-n",
        "2",
        "--dist",
        "loadgroup",
        "-p",
        "no:cacheprovider",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout
    ran = [file.read_text() for file in tmp_path.glob("ran-*")]
    assert (len(ran), len(set(ran))) == (8, 1)
