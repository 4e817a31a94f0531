"""``make test`` runs each test once, in the part where it belongs, and fails where one fails twice."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.everything import PARTS, ROOM, first_tries
from tests.order import in_turns
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


class Noted:
    """A part that takes a moment, and notes how many processes run meanwhile."""

    def __init__(self, name: str, processes: int, passes: bool = True, busy: list[int] | None = None) -> None:
        self.name, self.processes, self.passes = name, processes, passes
        self.busy = [] if busy is None else busy

    def first(self) -> bool:
        self.busy.append(self.processes)
        self.together = sum(self.busy)
        time.sleep(0.2)
        self.busy.remove(self.processes)
        return self.passes


def test_parts_run_side_by_side_where_there_is_room() -> None:
    """In their order, and whoever has no room waits until another has ended."""
    busy: list[int] = []
    parts = [Noted("a", 3, busy=busy), Noted("b", 1, passes=False, busy=busy), Noted("c", 2, busy=busy)]
    assert [part.name for part in first_tries(parts, room=4)] == ["b"]
    assert (parts[1].together, busy) == (4, [])
    assert parts[2].together <= 4


def test_no_part_needs_more_room_than_there_is() -> None:
    assert max(part.processes for part in PARTS) <= ROOM


class Item:
    """A test of a group, as pytest shows it."""

    def __init__(self, group: str, name: str, slow: bool = False) -> None:
        self.marks = {"xdist_group": pytest.mark.xdist_group(group).mark} | ({"slow": True} if slow else {})
        self.path, self.nodeid = Path(f"test_{name}.py"), name

    def get_closest_marker(self, name: str) -> object:
        return self.marks.get(name)


def test_slow_groups_come_first_and_take_turns_with_others() -> None:
    """A group stays together; the one of most files is first, as it takes longest."""
    items = [
        Item("small", "a"),
        Item("page", "b", slow=True),
        Item("large", "c"),
        Item("hub", "d", slow=True),
        Item("large", "e"),
        Item("hub", "f"),
    ]
    assert "".join(item.nodeid for item in in_turns(items)) == "dfceba"  # type: ignore[arg-type]
