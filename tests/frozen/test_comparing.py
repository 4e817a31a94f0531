"""What counts as a difference from the frozen sample, and which differences are wanted."""

import gzip
from pathlib import Path

import pytest

from autograder.results.result import Check, Result, Verdict, totals
from tests.frozen.comparing import Change, Difference, differences, marks_entries, unexplained
from tests.frozen.sample import Frozen, frozen, read_sample, write_sample

NOTEBOOK = {"cells": [{"source": "x = 'größer'"}, {"source": "y"}, {"source": "y"}], "metadata": {}}
CHANGELOG = """
### Added
- A page.
- An int is a number like
  any other. (Marks.)

### Marks
- Layers keep their points.
"""


def result(**verdicts: str) -> Result:
    """A result whose checks ended so; each is worth two points."""
    checks = tuple(
        Check(name, "task", "", 2.0, 2.0 if word == "PASSED" else 0.0, Verdict(word), reason="said")
        for name, word in verdicts.items()
    )
    return Result("unit", "student", checks=checks, **totals(checks))


def before(**verdicts: str) -> Frozen:
    """What is frozen of such a result."""
    return frozen(NOTEBOOK, result(**verdicts))


def test_the_same_is_no_difference() -> None:
    """A result does not differ from what is frozen of it."""
    assert differences("stub", before(a="PASSED", b="FAILED"), result(a="PASSED", b="FAILED")) == []


def test_another_verdict_is_a_difference() -> None:
    """Also where it earns as little as before."""
    assert differences("stub", before(a="FAILED", b="PASSED"), result(a="ERROR", b="PASSED")) == [
        Difference("unit", "stub", "a", ("FAILED", 0.0), ("ERROR", 0.0), "said")
    ]


def test_other_points_are_a_difference() -> None:
    """The same verdict may not earn more or less."""
    kept = before(a="PASSED")
    kept.checks["a"]["earned"] = 1.5
    (found,) = differences("stub", kept, result(a="PASSED"))
    assert (found.before, found.now) == (("PASSED", 1.5), ("PASSED", 2.0))


def test_checks_that_come_and_go_are_differences() -> None:
    """A check that is new, or that is gone, is told."""
    new, gone = differences("stub", before(a="PASSED"), result(b="PASSED"))[::-1]
    assert (new.check, new.before) == ("b", None)
    assert (gone.check, gone.now) == ("a", None)


@pytest.mark.parametrize(
    ("change", "explains"),
    [
        (Change("unit", "a", "FAILED", "why"), True),
        (Change("unit", "a", "FAILED", "why", ["stub", "raises"]), True),
        (Change("unit", "a", "FAILED", "why", ["raises"]), False),
        (Change("unit", "a", "ERROR", "why"), False),
        (Change("unit", "a", None, "why"), False),
        (Change("unit", "b", "FAILED", "why"), False),
        (Change("other", "a", "FAILED", "why"), False),
    ],
)
def test_a_change_explains_its_own_difference_only(change: Change, explains: bool) -> None:
    """Unit, check, new verdict and submission have to be the listed ones."""
    assert change.explains(Difference("unit", "stub", "a", ("PASSED", 2.0), ("FAILED", 0.0))) is explains


def test_entries_that_can_change_a_mark() -> None:
    """They end in (Marks.), or stand under that heading."""
    assert marks_entries(CHANGELOG) == [
        "An int is a number like any other. (Marks.)",
        "Layers keep their points.",
    ]


def test_a_reason_must_stand_there() -> None:
    """A change without a reason, or whose reason is told elsewhere, is not explained."""
    reasons = ["Layers keep their points.", "a number like any other", "A page.", ""]
    changes = [Change("unit", "a", None, reason) for reason in reasons]
    assert [change.reason for change in unexplained(changes, CHANGELOG)] == ["A page.", ""]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """A sample comes back as it was, and a cell that occurs again is stored once."""
    sample = {"stub": before(a="MISSING"), "reference": before(a="PASSED")}
    path = write_sample("unit", sample, tmp_path)
    assert read_sample("unit", tmp_path) == sample
    assert gzip.decompress(path.read_bytes()).decode().count("größer") == 1


def test_no_score_is_not_frozen() -> None:
    """A fault of ours is no verdict that anybody should keep."""
    with pytest.raises(ValueError, match="student has no score"):
        before(a="BROKEN")
