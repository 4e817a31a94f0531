"""What staff take in: rosters, class lists, downloads of platforms, results; and released files."""

from __future__ import annotations

import json
import shutil

from hypothesis import example, given
from hypothesis import strategies as st

from autograder.base.errors import ConfigError, CourseError, UsageError
from autograder.course import LatePolicy
from autograder.exchange.store.hints import duration
from autograder.export.people import Rows
from autograder.export.tables import read_table
from autograder.hub.people.imports import changes_of, read_class_list
from autograder.marks.roster import Roster, parse, read_roster
from autograder.notebook.finding import find_submissions
from autograder.notebook.release import RELEASED, read_released
from autograder.notebook.times import read_time
from autograder.results.late import lateness, parse_time
from autograder.results.result import Check, Result, Verdict, totals
from autograder.results.store import read_results, unreadable_results
from tests.marks.world import NOW

from .bounds import bounded, fuzzed
from .strategies import json_bytes, odd_texts, spoilt_bytes

ROSTER = b"username,role,name,email\nstudent-001,student,Student One,one@example.org\nta-1,ta,,\n"
CANVAS = (
    "Student,ID,SIS Login ID,Section,Little (12)\n    Points Possible,,,,100\n"
    '"One, Student",101,student-001,A,\n'
).encode("utf-8-sig")
MOODLE = "Vorname;Nachname;Anmeldename;E-Mail-Adresse\nÄnne;Öz;student-002;two@example.org\n".encode()
TABLES = [
    ROSTER,
    CANVAS,
    MOODLE,
    MOODLE.decode().encode("utf-16"),
    MOODLE.decode().encode("cp1252"),
    b"sep=|\na|b\n",
]
CHECKS = (
    Check("a", "windows", "Whole.", 5.0, 5.0, Verdict.PASSED),
    Check("b", "windows", "None.", 5.0, 0.0, Verdict.FAILED),
)
RESULT = Result("little", "student-001", checks=CHECKS, **totals(CHECKS), submitted=NOW)
METADATA = b"""submission_1:
  :submitters:
  - :name: Student One
    :sid: '001'
  :created_at: 2027-01-17 12:00:00 UTC
"""
NAMES = (
    *(
        "onestudent_LATE_1_2_little-1.ipynb",
        "team_a_12_3_little.ipynb",
        "anon_aB3dE_567_little.ipynb",
        "little.ipynb",
    ),
    *(
        "Student One_123_assignsubmission_file_",
        "Student One_123_assignsubmission_file_x.ipynb",
        "submission_1",
    ),
    *(
        "student-001",
        "little",
        "timestamp.txt",
        ".ipynb_checkpoints",
        "__MACOSX",
        "x.zip",
        "submission_metadata.yml",
    ),
)


@fuzzed()
@given(spoilt_bytes([ROSTER]))
@example(ROSTER + b"x" * 140_000 + b",student,,\n")
@example(ROSTER + b"\0,student,,\n")
@example(ROSTER + b"a\rb,student,,\n")
def test_any_roster_is_read_or_refused(tmp_path_factory, content):
    """``data/roster.csv`` as an editor, a spreadsheet or a broken disk left it."""
    path = tmp_path_factory.getbasetemp() / "roster.csv"
    path.write_bytes(content)
    with bounded(ConfigError):
        read_roster(path)
    with bounded(ConfigError):
        parse(content.decode("utf-8", "replace"), "the roster")


@fuzzed()
@given(spoilt_bytes(TABLES), st.none() | odd_texts)
@example(ROSTER + b"x" * 140_000 + b",student,,\n", None)
@example(b"sep=\0\nusername\0role\n", None)
@example(b'sep="\nusername"role\nstudent-001"x\n', None)
def test_any_class_list_is_read_or_refused(tmp_path_factory, content, column):
    """A table of another platform, of whatever encoding, for the roster and for marks."""
    path = tmp_path_factory.getbasetemp() / "class.csv"
    path.write_bytes(content)
    with bounded(UsageError, ConfigError):
        changes_of(Roster(()), read_class_list(path, column), drop_missing=True)
    with bounded(UsageError):
        rows = Rows(read_table(path, column))
        for kind in ("login", "email", "full", "participant"):
            rows.find([kind], "student-001")


@fuzzed()
@given(json_bytes(json.loads(RESULT.to_json())))
@example(b"[" * 100_000)
@example(RESULT.to_json().replace("10.0", "NaN").encode())
def test_any_result_file_is_a_result_or_damaged(course, tmp_path_factory, content):
    """What lies in the results folder; a result that is read adds up."""
    folder = course.results("little")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "student-001.json").write_bytes(content)
    with bounded():
        good, bad = read_results(course, "little"), unreadable_results(course, "little")
        assert len(good) + len(bad) == 1
        assert all(abs(each.max_score - totals(each.checks)["max_score"]) < 1e-5 for each in good)


@fuzzed(25)
@given(data=st.data())
def test_any_released_json_is_read_or_refused(course, tmp_path_factory, data):
    """What a student's folder holds of the release."""
    here = tmp_path_factory.getbasetemp() / "released"
    if not here.exists():
        shutil.copytree(course.unit("little").release, here)
        (here / "whole.json").write_bytes((here / RELEASED).read_bytes())
    (here / RELEASED).write_bytes(data.draw(json_bytes(json.loads((here / "whole.json").read_bytes()))))
    # Nesting beyond Python's recursion stays an error of Python's: the folder is the student's own.
    with bounded(ConfigError, RecursionError):
        read_released(here)


@st.composite
def downloads(draw: st.DrawFn) -> list[tuple[str, bytes | None]]:
    """Paths of a folder with what lies there; None: a folder."""
    name = st.sampled_from(NAMES) | odd_texts
    paths = st.lists(name, min_size=1, max_size=3).map("/".join)
    content = st.none() | spoilt_bytes([METADATA, b"2027-01-17 12:00:00 UTC", b"{}", b'{"cells": []}'])
    return draw(st.lists(st.tuples(paths, content), max_size=6))


@fuzzed()
@given(downloads())
@example([("submission_metadata.yml", b"&a [*a, *a]"), ("submission_1", None)])
@example([("submission_metadata.yml", b"x: " + b"[" * 20_000), ("submission_1", None)])
@example([("submission_metadata.yml", b"? [a]\n: {}\n"), ("submission_1/little.ipynb", b"{}")])
def test_any_download_is_found_or_refused(course, tmp_path_factory, laid):
    """A folder of Canvas, Moodle, Gradescope or nbgrader, or of nobody."""
    root = tmp_path_factory.mktemp("download", numbered=True)
    for path, content in laid:
        _lay(root, path, content)
    with bounded(UsageError):
        for found in find_submissions([root], course.unit("little")):
            found.student.encode()
            assert found.student
            lateness(LatePolicy(), course.unit("little").due, found.submitted, found.stated_late)
    shutil.rmtree(root)


def _lay(root, path, content):
    """Make a file or a folder below the root, as far as the system has such names."""
    target = root.joinpath(*(part for part in path.split("/") if part not in ("", ".", "..")))
    try:
        if not target.resolve().is_relative_to(root.resolve()):
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        target.mkdir(exist_ok=True) if content is None else target.write_bytes(content)
    except (OSError, ValueError):
        return


@fuzzed()
@given(
    odd_texts
    | spoilt_bytes([b"2027-01-17 12:00:00.000001 UTC", NOW.encode()]).map(lambda each: each.decode("latin-1"))
)
@example("0001-01-01T00:00:00+14:00")
@example("9999-12-31 23:59 HST")
@example("2027-01-17 12:00 ../../etc/passwd")
def test_any_time_is_a_time_or_none(text):
    """Of a platform, of a client's clock; and what follows from it."""
    due = "2027-01-17T12:00+01:00"
    with bounded():
        for moment in (read_time(text, due), parse_time(text)):
            if moment is not None:
                assert lateness(LatePolicy(), due, moment.isoformat()).percent >= 0
                duration(abs((moment - parse_time(due)).total_seconds()))


def test_a_damaged_result_says_what_to_do(course):
    """Also where it is nested more deeply than Python reads."""
    path = course.results("little") / "student-001.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("[" * 100_000)
    (damaged,) = unreadable_results(course, "little")
    assert isinstance(damaged, CourseError)
    assert "--force" in str(damaged)
    path.unlink()
