"""Tests of a group run in one process: what they share is started once, and no two hubs compete."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import ROOT

TESTS = """
import os
from pathlib import Path

import pytest

pytestmark = {mark}


@pytest.fixture
def chromium():
    pass


@pytest.mark.parametrize("number", range(8))
def test_it(number, {fixture}):
    Path(f"ran-{{number}}").write_text(os.environ["PYTEST_XDIST_WORKER"])
"""
CONFTEST = "from tests.conftest import pytest_collection_modifyitems"
MARKED = {"mark": 'pytest.mark.xdist_group("one")', "fixture": "tmp_path"}
IN_A_BROWSER = {"mark": "[]", "fixture": "chromium"}


@pytest.mark.parametrize("group", [MARKED, IN_A_BROWSER], ids=["marked", "in a browser"])
def test_a_group_has_one_process(group: dict[str, str], tmp_path: Path) -> None:
    """Where pytest-xdist knows no groups, or reads them before they are made, nobody says so."""
    (tmp_path / "test_it.py").write_text(TESTS.format(**group))
    (tmp_path / "conftest.py").write_text(CONFTEST)
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadgroup"]
    own = os.environ | {"PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": "-p no:cacheprovider"}
    done = subprocess.run(command, cwd=tmp_path, env=own, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout
    ran = [file.read_text() for file in tmp_path.glob("ran-*")]
    assert (len(ran), len(set(ran))) == (8, 1)
