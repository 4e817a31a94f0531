"""A submission settled: what is graded, which mark stands, what is tried once more. Nothing is started."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from autograder.base.errors import NotInstalled, SandboxFault, Unreadable
from autograder.course import Unit
from autograder.judge.settle import Warm, settle
from autograder.notebook.finding import Found
from autograder.results.result import Check, Result, Verdict

GRADER = '''
import pytest

@pytest.mark.task("relu", points=100)
def test_values(student):
    """The positive part."""
'''
FOUND = Found("anna", Path("blobs/ab12"), "2027-01-17T10:00:00+00:00", called="relu.ipynb")


def a_check(verdict=Verdict.PASSED, earned=60.0, reason="", name="test_values"):
    return Check(name, "relu", "The positive part.", 60.0, earned, verdict, reason)


def a_result(*checks, **other):
    words = {"max_score": 100.0, "digest": "now", "explained": "old words", **other}
    return Result("relu", "anna", sum(check.earned for check in checks), checks=checks, **words)


BROKEN = replace(a_result(a_check(Verdict.BROKEN, 0.0)), score=None)


class Judging:
    """Stands in for a grader and for who keeps it warm; gives what it was told to, one after the other."""

    explained = "new words"

    def __init__(self, *results):
        self.results, self.cooled, self.read = list(results), 0, []

    def warm(self, unit):
        return Warm(unit, "walled", self.start, self.cool)

    def start(self):
        return self

    def cool(self):
        self.cooled += 1

    def look(self, path):
        self.read.append(path)
        return "cells"

    def digest_of(self, read, student):
        return "now" if read == "cells" else str(read)

    def grade_or_say(self, read, student, begun):
        return self.results.pop(0)


@pytest.fixture
def unit(tmp_path):
    """A unit of one check, whose grader is only read."""
    unit = Unit("relu", "ReLU", due="2027-01-17T12:00:00+01:00", hours=1, root=tmp_path)
    unit.grader.parent.mkdir(parents=True)
    unit.grader.write_text(GRADER)
    return unit


def settled(unit, judging, known=None, force=False, found=FOUND):
    return settle(found, judging.warm(unit), lambda digest: known if digest == "now" else None, force)


def test_what_is_not_known_is_graded(unit):
    """The result says what it depends on, when it was handed in, and under which name."""
    judging = Judging(a_result(a_check(), digest="", explained=""))
    done = settled(unit, judging)
    assert (done.fresh, done.result.score) == (True, 60.0)
    assert (done.result.digest, done.result.explained) == ("now", "new words")
    assert (done.result.submitted, done.result.source) == (FOUND.submitted, "relu.ipynb")
    assert judging.read == [FOUND.path]


def test_what_holds_is_not_graded_again(unit):
    """It only takes over when the same cells were handed in this time."""
    before = a_result(a_check(), explained="new words", submitted="2027-01-16", source="first.ipynb")
    done = settled(unit, Judging(), before)
    assert not done.fresh
    assert done.result == replace(before, submitted=FOUND.submitted, source="relu.ipynb")


def test_without_a_time_the_former_one_stays(unit):
    """A notebook from a download has none."""
    before = a_result(a_check(), explained="new words", submitted="2027-01-16")
    assert (
        settled(unit, Judging(), before, found=replace(FOUND, submitted=None)).result.submitted
        == "2027-01-16"
    )


def test_why_it_is_this_file_is_said_once(unit):
    """To student and staff, before what was put right in it; also where the mark is known."""
    found = replace(FOUND, note="relu.ipynb is as it was released")
    healed = ("cell 3 was edited",)
    fresh = settled(unit, Judging(a_result(a_check(), healed=healed)), found=found).result
    assert fresh.healed == ("relu.ipynb is as it was released", *healed)
    held = settled(unit, Judging(), known=replace(fresh, explained="new words"), found=found).result
    assert held.healed == fresh.healed


def test_force_grades_what_holds(unit):
    """Then the new marks count."""
    done = settled(unit, Judging(a_result(a_check(earned=30.0))), a_result(a_check()), force=True)
    assert (done.fresh, done.result.score) == (True, 30.0)


def test_new_words_change_no_mark(unit):
    """A check that ended as before is explained anew; one that would end otherwise stays what it was."""
    values = a_check(Verdict.FAILED, 0.0, "old reason")
    stride = a_check(Verdict.PASSED, 40.0, name="test_stride")
    fresh = a_result(
        replace(values, reason="new reason"), replace(stride, verdict=Verdict.FAILED, earned=0.0)
    )
    done = settled(unit, Judging(fresh), a_result(values, stride))
    assert (done.fresh, done.result.explained) == (True, "new words")
    assert done.result.checks == (replace(values, reason="new reason"), stride)
    assert done.result.score == 40.0


def test_new_words_that_cannot_be_had_leave_the_old_ones(unit):
    """A fault of ours takes no mark away."""
    before = a_result(a_check(), submitted=FOUND.submitted, source="relu.ipynb")
    judging = Judging(BROKEN)
    done = settled(unit, judging, before)
    assert (done.fresh, done.result, judging.cooled) == (False, before, 0)


def test_broken_gets_a_new_sandbox_once(unit):
    """What the second try says counts, whatever it is."""
    for second in (a_result(a_check()), BROKEN):
        judging = Judging(BROKEN, second)
        done = settled(unit, judging)
        assert (done.result.score, judging.cooled) == (second.score, 1)
        assert done.fresh


def test_a_file_that_was_found_wrong_is_not_opened(unit):
    """What is wrong with it is what the mark depends on."""
    judging = Judging(a_result(a_check(Verdict.ERROR, 0.0)))
    done = settled(unit, judging, found=replace(FOUND, wrong="The folder is empty."))
    assert (judging.read, done.result.digest) == ([], "The folder is empty.")


def test_a_disk_that_fails_is_our_fault(unit):
    """The result is BROKEN and names the file; what is no notebook is the student's."""
    judging = Judging()

    def fail(path):
        raise OSError(5, "Input/output error")

    judging.look = fail
    done = settled(unit, judging)
    assert (done.result.broken, done.result.score) == (True, None)
    assert done.result.flags == ("reading blobs/ab12: [Errno 5] Input/output error",)
    judging = Judging(a_result(a_check(Verdict.ERROR, 0.0)))
    judging.look = lambda path: Unreadable("The file is empty.")
    assert settled(unit, judging).result.score == 0.0


@pytest.mark.parametrize("fault", [SandboxFault, NotInstalled])
def test_a_sandbox_that_does_not_start(unit, fault):
    """A fault is BROKEN after a second try; a missing program is for whoever gave the command."""
    judging, tries = Judging(), []

    def fail():
        tries.append(1)
        raise fault("no namespaces")

    judging.start = fail
    if fault is NotInstalled:
        with pytest.raises(NotInstalled):
            settled(unit, judging)
        assert len(tries) == 1
        return
    done = settled(unit, judging)
    assert (len(tries), done.result.broken, done.result.flags) == (2, True, ("no namespaces",))
    assert done.result.submitted == FOUND.submitted
