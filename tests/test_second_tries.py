"""Second tries are told, and refused where a test needs them again and again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.second_tries import KEY, RUNS
from tests.support import ROOT

TESTS = '''
from pathlib import Path

import pytest


def bad_luck(name):
    """Fail as often as the file of that name says."""
    times = int(Path(name).read_text()) if Path(name).exists() else 0
    Path(name).write_text(str(times - 1))
    assert times <= 0


def test_plain():
    bad_luck("plain")


@pytest.mark.xdist_group("together")
@pytest.mark.parametrize("name", ["me@example.org"])
def test_grouped(name):
    bad_luck("grouped")


@pytest.fixture
def room():
    yield
    bad_luck("room")


def test_with_a_fixture(room):
    pass


def test_unconcerned():
    pass
'''
PLAIN = "test_luck.py::test_plain"
GROUPED = "test_luck.py::test_grouped[me@example.org]"
ROOM = "test_luck.py::test_with_a_fixture"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Tests that fail as often as they are told to."""
    (tmp_path / "test_luck.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -p xdist.plugin -p tests.second_tries\n")
    return tmp_path


def one(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """One call of pytest in the folder."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def both(folder: Path, **failures: int) -> subprocess.CompletedProcess[str]:
    """One run as the Makefile makes it; some tests fail that often at first. Gives its last call."""
    for name, times in failures.items():
        (folder / name).write_text(str(times))
    first = one(folder, "--try=first", "-n", "1", "--dist", "loadgroup")
    return first if first.returncode == 0 else one(folder, "--try=second", "--last-failed")


def runs(folder: Path) -> list[list[str]]:
    """What is remembered."""
    return json.loads((folder / ".pytest_cache" / "v" / KEY).read_text())


def test_a_second_try_is_told(folder: Path) -> None:
    """Whoever passes alone lets the run pass, and is named; the others are not tried again."""
    ended = both(folder, plain=1, grouped=1, room=1)
    assert ended.returncode == 0, ended.stdout
    for test in (PLAIN, GROUPED, ROOM):
        assert f"{test}: passed alone only, in 1 of the last 10 runs" in ended.stdout
    assert "3 passed" in ended.stdout
    assert [sorted(run) for run in runs(folder)] == [sorted([PLAIN, GROUPED, ROOM])]


def test_who_fails_alone_is_no_second_try(folder: Path) -> None:
    """It has just failed, also where its fixture's end did."""
    ended = both(folder, plain=2, room=2, grouped=1)
    assert ended.returncode == 1
    assert runs(folder) == [[GROUPED]]


def test_twice_in_ten_runs_fails(folder: Path) -> None:
    """Another test's second try does not count, nor does a run without one pardon."""
    assert both(folder, plain=1).returncode == 0
    assert both(folder, room=1).returncode == 0
    assert both(folder).returncode == 0
    ended = both(folder, plain=1)
    assert ended.returncode == 1
    assert f"{PLAIN}: passed alone only, in 2 of the last 10 runs" in ended.stdout
    assert "find out why" in ended.stdout
    assert both(folder).returncode == 0
    assert runs(folder) == [[PLAIN], [ROOM], [], [PLAIN], []]


@pytest.mark.parametrize(("since", "code"), [(RUNS - 2, 1), (RUNS - 1, 0)])
def test_old_runs_are_forgotten(folder: Path, since: int, code: int) -> None:
    """Only the last ten runs count, this one among them."""
    stored = folder / ".pytest_cache" / "v" / KEY
    stored.parent.mkdir(parents=True)
    stored.write_text(json.dumps([[PLAIN], *[[]] * since]))
    assert both(folder, plain=1).returncode == code
    assert len(runs(folder)) == RUNS


def test_a_failure_of_long_ago_is_not_tried_again(folder: Path) -> None:
    """What failed both times in the run before is nothing to this one."""
    assert both(folder, grouped=2).returncode == 1
    ended = both(folder, plain=1)
    assert "1 passed" in ended.stdout
    assert runs(folder)[-1] == [PLAIN]


def test_without_the_option_nothing_is_remembered(folder: Path) -> None:
    """Whoever runs a few tests by hand is left alone."""
    (folder / "plain").write_text("1")
    assert one(folder).returncode == 1
    assert one(folder, "--last-failed").returncode == 0
    assert not (folder / ".pytest_cache" / "v" / KEY).exists()
