"""What is the same for everyone: found once, whoever asks, and never out of date."""

import json
import multiprocessing
import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from autograder.course import Course, Unit
from autograder.explain.case.programs import Attribute, Blank, Name, Program, ProgramStep, Returned, Seeded
from autograder.explain.case.smallest import Candidate
from autograder.explain.case.stored import from_data, to_data
from autograder.explain.kept import Kept, kept_for


def never():
    """What may not be called."""
    raise AssertionError("made anew")


def as_it_is(found):
    return found


@pytest.fixture
def kept(tmp_path):
    return Kept(tmp_path / "known")


def the_file(kept):
    (path,) = kept.folder.glob("*.json")
    return path


def test_found_once(kept):
    """The second who asks, in whatever process, reads it."""
    assert kept("name", lambda: ({"a": [1.5]}, True), as_it_is) == {"a": [1.5]}
    assert Kept(kept.folder)("name", never, as_it_is) == {"a": [1.5]}
    assert list(kept.folder.iterdir()) == [the_file(kept)]


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-3],
        lambda text: "",
        lambda text: "\x00" * len(text),
        lambda text: text.replace("true", "false"),
        lambda text: "[1]",
        lambda text: json.dumps({"found": False}),
        lambda text: "[" * 100_000,
    ],
    ids=["cut", "empty", "zeros", "changed", "other", "unsigned", "deep"],
)
def test_damaged_files_are_made_anew(kept, damage):
    """A finding that cannot be read, or is not as it was written, counts for nothing."""
    kept("name", lambda: (True, True), as_it_is)
    path = the_file(kept)
    path.write_text(damage(path.read_text()))
    assert kept("name", lambda: (True, True), as_it_is) is True
    assert kept("name", never, as_it_is) is True


def test_foreign_files_are_made_anew(kept, tmp_path):
    """A finding under another name, or of another version, is not this one."""
    kept("name", lambda: (1, True), as_it_is)
    text = the_file(kept).read_text()
    (kept.folder / "other.json").write_text(text)
    assert kept("other", lambda: (2, True), as_it_is) == 2
    (tmp_path / "later").mkdir()
    (tmp_path / "later" / "name.json").write_text(text)
    assert Kept(tmp_path / "later")("name", lambda: (3, True), as_it_is) == 3


def test_what_cannot_be_understood_is_made_anew(kept):
    """The reader refuses what an engine of another mind has written."""
    kept("name", lambda: ({"old": 1}, True), as_it_is)
    assert kept("name", lambda: ({"new": 2}, True), lambda found: found["new"]) == 2


def test_what_may_be_another_next_time(kept):
    """A verdict that the machine's load may have brought about is used, and made anew by the next."""
    assert kept("name", lambda: (1, False), as_it_is) == 1
    assert kept("name", lambda: (2, True), as_it_is) == 2
    assert kept("name", never, as_it_is) == 2


def test_where_nothing_can_be_written(tmp_path):
    """A full or foreign disk costs time, not explanations."""
    (tmp_path / "file").touch()
    assert Kept(tmp_path / "file" / "known")("name", lambda: (1, True), as_it_is) == 1
    assert Kept(None)("name", lambda: (2, True), as_it_is) == 2


def _slowly(folder):
    def find():
        with open(folder.parent / "made", "a") as file:
            file.write("x")
        time.sleep(0.3)
        return os.getpid(), True

    return Kept(folder)("name", find, as_it_is)


def test_two_processes_at_once(kept):
    """One makes it, the other waits for it."""
    with multiprocessing.get_context("fork").Pool(2) as pool:
        first, second = pool.map(_slowly, [kept.folder] * 2, chunksize=1)
    assert first == second
    assert (kept.folder.parent / "made").read_text() == "x"


class Suite:
    """As much of a suite as decides where findings are kept."""

    def __init__(self, course):
        self.course, self.unit, self.task_of = course, course.units[0], {"relu": "relu"}


@pytest.fixture
def suite(tmp_path):
    unit = Unit("relu", "ReLU", due="2027-01-17T12:00+00:00", hours=1, files=("data.csv",), root=tmp_path)
    for path in (unit.grader, unit.reference, unit.mistakes, unit.folder / "data.csv"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("as it was")
        os.utime(path, (1000, 1000))
    return Suite(Course("tiny", "Tiny", units=(unit,), root=tmp_path))


def folder(suite, explanation="e", loaded=2000.0):
    return kept_for(suite, explanation, loaded).folder


def test_one_folder_for_each_version(suite):
    """Another grader, reference, limit, wording or task of a name is another folder."""
    before = folder(suite)
    assert before is not None and before.is_relative_to(suite.course.data_folder / "known" / "relu")
    found = {before, folder(suite, explanation="other")}
    suite.task_of = {"relu": "other"}
    found.add(folder(suite))
    suite.course = replace(suite.course, limits=replace(suite.course.limits, calls=7))
    found.add(folder(suite))
    for path in (suite.unit.grader, suite.unit.reference, suite.unit.folder / "data.csv"):
        path.write_text("changed")
        os.utime(path, (1000, 1000))
        found.add(folder(suite))
    assert len(found) == 7


@pytest.mark.parametrize("name", ["grader", "reference", "mistakes"])
def test_files_that_changed_after_they_were_loaded(suite, name):
    """What a judge finds with the old grader is not kept for the new one."""
    assert folder(suite) is not None
    os.utime(getattr(suite.unit, name), (3000, 3000))
    assert folder(suite) is None
    assert folder(suite, loaded=4000.0) is not None


CANDIDATE = Candidate(
    Program(
        {
            0: ProgramStep(Name("Adam"), ([Blank(0, (2, 3), np.dtype("<f4"), 0.0, 1e-7)],), (("lr", 0.1),)),
            2: ProgramStep(
                Attribute(Returned(0), "step"), ((1, None), {"a": slice(None, 2), 3: "x"}, Seeded("torch"))
            ),
            5: ProgramStep(
                Returned(2, (0, "dw")), (Blank(1, (), np.dtype(bool), like=Returned(0)), float("inf"), True)
            ),
            7: ProgramStep(Returned(0), (), (), "lr"),
        },
        frozenset({0}),
        Attribute(Returned(0), "t"),
    ),
    {3: 1, 2: 2},
    "counting",
)


def test_candidates_come_back_as_they_were():
    """Through JSON, with every kind of part, the types of numbers and the order of steps."""
    found = from_data(json.loads(json.dumps(to_data((True, CANDIDATE)))))
    assert found == (True, CANDIDATE)
    assert repr(found) == repr((True, CANDIDATE))
    assert from_data(to_data((False, None))) == (False, None)


@pytest.mark.parametrize("data", [["eval", "1"], ["blank"], ["dtype", "no"], ["dict", [1]], [], [["tuple"]]])
def test_damaged_candidates_are_refused(data):
    """Only the kinds that a program is made of can come of it."""
    with pytest.raises((ValueError, TypeError, LookupError)):
        from_data(data)


def test_the_folder_is_made_when_it_is_needed(kept):
    """Asking where to keep something leaves nothing behind."""
    assert not Path(kept.folder).exists()
