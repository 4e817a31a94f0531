"""GPUs of one machine: a queue in order, no device twice, nobody lost, whatever is killed when."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from autograder.base.errors import UsageError
from autograder.hub.gpus import machine
from autograder.hub.gpus.book import HOLD_SECONDS, GpuBook, Held

REQUESTS, SLOTS, KILLS = 200, 8, 5
# A hub in miniature. Servers are files, which outlive it, as processes do; each is named after its request.
HUB = f"""
import os, random, sys, time
from pathlib import Path
from autograder.hub.gpus.book import GpuBook

place = Path(sys.argv[1])
alive, done = place / "alive", place / "done"
names = [f"student-{{n:03}}" for n in range({REQUESTS})]
book = GpuBook(place / "gpus.sqlite", [str(n) for n in range({SLOTS})], boot="a")
noted = {{use.server for use in book.open_uses() if use.started}}
for each in alive.iterdir():
    if each.name not in noted:  # of a server that nobody knows of nothing is found
        each.unlink()
book.take_up([each.name for each in alive.iterdir()])
places = {{}}
for name in names:
    if not (done / name).exists() and not (alive / name).exists():
        places[name] = book.ask(name, name, 1)
while places or any(alive.iterdir()):
    for name, number in list(places.items())[:{SLOTS + 4}]:
        turn = book.turn(number)
        assert not turn.over
        if turn.devices:
            (alive / name).write_text(turn.devices[0])
            book.start(number)
            del places[name]
    running = sorted(alive.iterdir(), key=lambda each: each.stat().st_mtime)
    assert len({{each.read_text() for each in running}}) == len(running), "two servers have one device"
    for each in running[: random.randint(1, 4)]:
        each.rename(done / each.name)
        book.end(each.name, "stopped")
"""
NOTED = """
CREATE TABLE noted (n INTEGER PRIMARY KEY, what TEXT, device TEXT, place INTEGER, overtaken INTEGER);
CREATE TRIGGER given AFTER INSERT ON held BEGIN INSERT INTO noted (what, device, place, overtaken) VALUES (
    'given', NEW.device, NEW.place, (SELECT COUNT(*) FROM uses WHERE place < NEW.place AND granted IS NULL
    AND ended IS NULL)); END;
CREATE TRIGGER back AFTER DELETE ON held BEGIN INSERT INTO noted (what, device, place, overtaken) VALUES (
    'back', OLD.device, OLD.place, 0); END;
"""


def test_two_hundred_requests_and_five_kills(tmp_path):
    """Each is served once, in the order of asking, by one of eight devices that nobody else had."""
    for name in ("alive", "done"):
        (tmp_path / name).mkdir()
    GpuBook(tmp_path / "gpus.sqlite")
    with sqlite3.connect(tmp_path / "gpus.sqlite") as database:
        database.executescript(NOTED)
    chance = random.Random(16)
    for kill in range(KILLS):
        with subprocess.Popen([sys.executable, "-c", HUB, tmp_path]) as hub:
            _until_done(tmp_path, hub, (kill + 1) * REQUESTS // (KILLS + 1))
            time.sleep(chance.random() / 50)
            hub.kill()
        assert hub.returncode == -signal.SIGKILL
    subprocess.run([sys.executable, "-c", HUB, tmp_path], check=True, timeout=120)
    assert len(list((tmp_path / "done").iterdir())) == REQUESTS
    with sqlite3.connect(tmp_path / "gpus.sqlite") as database:
        noted = database.execute("SELECT what, device, place, overtaken FROM noted ORDER BY n").fetchall()
        left = database.execute("SELECT COUNT(*) FROM held").fetchone()[0]
        served = database.execute("SELECT DISTINCT server FROM uses WHERE started IS NOT NULL").fetchall()
    has: dict[str, int] = {}
    for what, device, place, overtaken in noted:
        assert overtaken == 0
        assert has.pop(device, None) == (place if what == "back" else None)
        if what == "given":
            has[device] = place
    assert left == 0 and len(served) == REQUESTS


def _until_done(place: Path, hub: subprocess.Popen[bytes], count: int) -> None:
    end = time.monotonic() + 120
    while len(list((place / "done").iterdir())) < count:
        assert hub.poll() is None and time.monotonic() < end
        time.sleep(0.005)


@pytest.fixture
def clock(monkeypatch):
    """The time of the book, which a test moves."""

    class Clock:
        now = 1000.0

    monkeypatch.setattr("autograder.hub.gpus.book.time.time", lambda: Clock.now)
    return Clock


def book_in(folder: Path, boot: str = "a", gpus: int = 2) -> GpuBook:
    return GpuBook(folder / "hub" / "gpus.sqlite", [str(number) for number in range(gpus)], boot)


def test_two_are_not_overtaken_by_one(tmp_path):
    """Who needs both devices waits for both; who came later waits behind, though one is free."""
    book = book_in(tmp_path)
    first, both, later = book.ask("a/", "a", 1), book.ask("b/", "b", 2), book.ask("c/", "c", 1)
    assert book.turn(first).devices == ("0",)
    assert (book.turn(both).before, book.turn(later).before) == (0, 1)
    assert not book.turn(both).devices and not book.turn(later).devices
    book.start(first)
    book.end("a/", "stopped")
    assert book.turn(both).devices == ("0", "1") and not book.turn(later).devices
    book.start(both)
    book.end("b/", "stopped")
    assert book.turn(later).devices == ("0",)
    assert book.ask("c/", "c", 1) == later, "who asks again keeps the place"
    book.end("d/", "ended")  # nothing: it has none
    waits = book.ask("d/", "d", 2)
    book.end("d/", "ended")
    assert not book.turn(waits).over, "a hub that starts finds no server, and the place stays"
    book.give_up(waits, "not started")
    assert book.turn(waits).over
    with pytest.raises(UsageError, match="this machine has 2"):
        book.ask("d/", "d", 3)


def test_a_hub_that_comes_back(tmp_path, clock):
    """Running servers keep their devices, granted ones come first again, dead ones end when last seen."""
    book = book_in(tmp_path)
    places = {name: book.ask(f"{name}/", name, 1) for name in "abcd"}
    for name in "ab":
        book.turn(places[name])
        book.start(places[name])
    clock.now = 1010.0
    book.beat({"a/": Held("a", 1), "b/": Held("b", 1)}, {"c/", "d/"})
    clock.now = 1020.0
    book.end("a/", "stopped")
    assert book.turn(places["c"]).devices == ("0",)  # and here the hub is killed, with b's server
    clock.now = 1500.0
    again = book_in(tmp_path)
    again.take_up([])
    assert [(use.user, use.devices) for use in again.open_uses()] == [("c", ()), ("d", ())]
    assert (again.seconds("a", 0), again.seconds("b", 0), again.seconds("c", 0)) == (20.0, 10.0, 0.0)
    clock.now = 1500.0 + HOLD_SECONDS / 2
    again.beat({}, {"d/"})
    assert again.turn(places["d"]).before == 1, "c keeps the place for some time"
    clock.now += HOLD_SECONDS
    again.beat({}, {"d/"})
    assert again.turn(places["d"]).devices == ("0",)
    assert again.turn(places["c"]).over


def test_a_machine_that_restarts(tmp_path, clock):
    """What ran is gone, although a process may have its number by now."""
    book = book_in(tmp_path)
    place = book.ask("a/", "a", 1)
    book.turn(place)
    book.start(place)
    clock.now = 1900.0
    again = book_in(tmp_path, boot="b")
    again.take_up(["a/"])
    assert again.open_uses() == [] and again.turn(again.ask("b/", "b", 2)).devices == ("0", "1")


def test_any_spawner_s_seconds(tmp_path, clock):
    """Where a scheduler hands out GPUs the book counts all the same; a server without any is not in it."""
    book = book_in(tmp_path, gpus=0)
    for clock.now in (1000.0, 1005.0, 1010.0, 1015.0):
        book.beat({"a/": Held("a", 2), "b/": Held("b", 0)}, set())
    assert book.seconds("a", since=0) == 30.0 and book.seconds("a", since=1010.0) == 10.0
    clock.now = 1020.0
    book.beat({"b/": Held("b", 0)}, set())
    clock.now = 3000.0
    assert book.seconds("a", since=0) == 30.0 and book.seconds("b", since=0) == 0.0
    assert (tmp_path / "hub" / "gpus.sqlite").stat().st_mode & 0o077 == 0


def test_devices_are_counted(tmp_path, monkeypatch):
    """As the operator says, else by the driver, else by device files; nvidiactl is no GPU."""
    assert machine.devices_here(2) == ("0", "1")
    monkeypatch.setattr(machine, "gpus", lambda: ["A100, 40 GiB", "A100, 40 GiB", "A100, 40 GiB"])
    assert machine.devices_here() == ("0", "1", "2")
    monkeypatch.setattr(machine, "gpus", list)
    monkeypatch.setattr(machine, "DEVICES", tmp_path)
    for name in ("nvidia0", "nvidia10", "nvidia2", "nvidiactl", "nvidia-uvm"):
        (tmp_path / name).touch()
    assert machine.devices_here() == ("0", "2", "10")
