"""The page that a student gets back."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from autograder.base.errors import UsageError
from autograder.commands.feedback import command
from autograder.course import Course, Disclosure
from autograder.marks import Due, UnitFacts, open_facts
from autograder.marks.by_hand import COMMENT, POINTS, Entry
from autograder.marks.exceptions import DAYS, Exemption
from autograder.marks.tables import SHOWN
from autograder.pages.feedback import feedback_page, task_cards, write_feedback
from autograder.results.disclosure import Shown, as_student, shown, shown_at_last
from autograder.results.result import Check, Result, Verdict, totals
from autograder.results.store import write_result
from tests.support import in_two_processes

from .examples import CHECKS, COURSE, FLIPPED, UNIT, a_result, flipped, marked

ALL = Shown(True, True, True)
BEFORE, AFTER = datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 3, 1, tzinfo=UTC)


class Outline(HTMLParser):
    """Tags, texts and attributes of a page as a browser would see them."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes, self.texts = [], [], []
        self.feed(page)
        self.text = re.sub(r"\s+", " ", " ".join(self.texts))

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.texts.append(data)


def read(result, open_=ALL, mark=None):
    """The outline of a student's page."""
    return Outline(feedback_page(COURSE, UNIT, result, open_, mark))


def test_the_page_says_what_is_right_and_what_was_seen():
    """Score, right checks, the observation, the hint and the smallest case are on the page."""
    text = read(flipped()).text
    for part in (
        "24",
        "Padding surrounds",
        "the kernel is flipped",
        "Compare the index",
        "np.arange(9.0)",
        "27. 37.",
    ):
        assert part in text
    assert text.count("the kernel is flipped") == 1  # one explanation for both checks


def test_long_lists_are_folded():
    """Of many checks with one reason the first four are open, and none is lost."""
    wrong = {name: (Verdict.FAILED, {"reason": "r"}) for name, *_ in CHECKS}
    checks = tuple(replace(check, task="one") for check in a_result("x", wrong).checks)
    outline = read(Result("conv_layer", "x", 0.0, 100.0, checks=checks))
    assert "4 more" in outline.text
    assert all(check.title.replace("`", "") in outline.text.replace(" x .", " x.") for check in checks)


def test_checks_that_could_not_be_judged_stand_apart():
    """What is blocked by another task is not shown as wrong."""
    cards = {card.name: card for card in task_cards(flipped().checks)}
    assert cards["conv2d_backward"].findings == ()
    assert len(cards["conv2d_backward"].later) == 1
    assert cards["conv2d_backward"].state == "not judged yet"
    assert cards["max_pool_forward"].state == "complete"
    assert cards["max_pool_backward"].state == "not written yet"
    assert "Nothing here says that this code is wrong" in read(flipped()).text


def test_a_task_that_is_not_written_is_one_line():
    """How many checks wait for it and why, not each in red; one that is begun shows them all."""
    stub = {"reason": "conv2d_backward is not written yet: NotImplementedError was raised."}
    wrong = dict.fromkeys(("test_dx", "test_dw"), (Verdict.MISSING, stub))
    wrong["test_values"] = (Verdict.MISSING, {"reason": "pad is not defined in the notebook."})
    text = read(a_result("x", wrong)).text
    assert f"Not written yet: 2 checks. {stub['reason']}" in text
    assert "adds up over windows" not in text
    assert "finite differences" not in text
    assert "Each output is the sum" in text


def test_a_task_that_waits_for_another_is_one_line():
    """It may be unwritten, too: nobody knows before the other one works."""
    wait = {"reason": "This cannot be judged before conv2d_forward works."}
    wrong = dict.fromkeys(("test_dx", "test_dw"), (Verdict.BLOCKED, wait))
    text = read(a_result("x", wrong)).text
    assert f"Not judged yet: 2 checks. {wait['reason']}" in text
    assert "adds up over windows" not in text and "finite differences" not in text


def test_nothing_for_staff_is_on_the_page():
    """Notes, flags and names of tests and mistakes stay inside."""
    page = feedback_page(COURSE, UNIT, flipped(flags=("the judge was rerun",)), ALL)
    for hidden in ("seed 12345", "the judge was rerun", "flips_kernel", "test_stride", "test_padding"):
        assert hidden not in page


EVIL = [
    "<script>alert(1)</script>",
    "</pre><img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "{{ 7*7 }}{% raw %}",
    "`<script>alert(1)</script>`",
    "javascript:alert(1)",
]


@pytest.mark.parametrize("evil", EVIL)
def test_what_students_wrote_stays_text(evil):
    """In every field that a student can reach, markup is shown and not obeyed."""
    case = dict.fromkeys(("calls", "got", "expected", "note"), evil)
    fields = {"reason": evil, "hint": evil, "case": case}
    result = a_result(
        evil, {"test_values": (Verdict.ERROR, fields)}, healed=(evil,), source=evil, submitted=evil
    )
    clean, dirty = read(a_result("x", {"test_values": (Verdict.ERROR, FLIPPED)}, healed=("x",))), read(result)
    assert set(dirty.tags) <= set(clean.tags)
    assert dirty.tags.count("script") == 1
    assert not [name for name, _ in dirty.attributes if name.startswith("on")]
    assert not [value for _, value in dirty.attributes if value and value.startswith("javascript")]
    assert "49" not in dirty.text.replace("2049", "")
    assert evil.strip("`") in " ".join(dirty.texts)


def test_deceiving_and_huge_text_is_shown_as_such():
    """Direction marks are written out, and a million characters do not make a million on the page."""
    reason = "abc\u202edef\u200b" + "x" * 1_000_000
    page = feedback_page(
        COURSE, UNIT, a_result("s\u2066", {"test_values": (Verdict.ERROR, {"reason": reason})}), ALL
    )
    assert "\\u202e" in page
    assert not set("\u202e\u200b\u2066") & set(page)
    assert len(page) < 60_000


def test_the_policy_lets_nothing_foreign_run_or_load():
    """The page's own policy allows one script, by digest, and no address; the page has no links out."""
    outline = read(flipped())
    policy = next(value for name, value in outline.attributes if name == "content" and "default-src" in value)
    assert "default-src 'none'" in policy
    assert re.search(r"script-src 'sha256-[\w+/]{43}='", policy)
    assert not [value for name, value in outline.attributes if name in ("src", "href")]


def test_the_same_result_gives_the_same_bytes():
    """Pages do not depend on when or where they were made."""
    first, second = in_two_processes(
        "from tests.pages.test_feedback import *; print(feedback_page(COURSE, UNIT, flipped(), ALL))"
    )
    assert first == second
    assert b"<html" in first


@pytest.mark.parametrize(
    ("rule", "now", "open_"),
    [
        ("always", BEFORE, True),
        ("after-due", BEFORE, False),
        ("after-due", AFTER, True),
        ("never", AFTER, False),
    ],
)
def test_the_course_decides_when_something_is_shown(rule, now, open_):
    """A rule opens its own part and no other, before or after the due date."""
    for name in ("verdicts", "mistakes", "smallest_case"):
        state = vars(shown(Disclosure(**{name: rule}), UNIT, now))
        assert state == {"verdicts": True, "mistakes": True, "smallest_case": True} | {name: open_}


def test_hidden_mistakes_leave_no_trace():
    """Without named mistakes neither sentence, hint nor name is left, but the check and its case are."""
    page = feedback_page(COURSE, UNIT, flipped(), Shown(True, False, True))
    assert "flipped" not in page
    assert "Compare the index" not in page
    assert "not the expected one" in page
    assert "27. 37." in page
    assert "27. 37." not in feedback_page(COURSE, UNIT, flipped(), Shown(True, True, False))


def test_hidden_verdicts_leave_only_the_mark():
    """Without verdicts the page has the score and the due date, and no check."""
    outline = read(flipped(), Shown(False, True, True))
    assert "24" in outline.text
    assert "24 January 2027" in outline.text
    assert "conv2d_forward" not in outline.text
    assert as_student(flipped(), Shown(False, True, True)).checks == ()


def test_what_is_open_at_last_ignores_the_date():
    """For pages that are handed out after the due date only "never" hides."""
    assert shown_at_last(Disclosure("after-due", "never", "always")) == Shown(True, False, True)


def test_a_broken_result_says_that_it_is_our_fault():
    """A fault of ours shows no score and takes no points."""
    broken = flipped().with_checks(
        tuple(replace(check, verdict=Verdict.BROKEN, earned=0.0, reason="") for check in flipped().checks)
    )
    text = read(broken).text
    assert "Not graded yet" in text
    assert "lost no points" in text


def test_an_unreadable_file_is_explained_once():
    """The reason stands once instead of once per check."""
    why = "The file ends in the middle of a cell; it was probably cut off while uploading."
    checks = tuple(
        replace(check, verdict=Verdict.ERROR, earned=0.0, reason=why) for check in a_result().checks
    )
    text = read(Result("conv_layer", "student-001", checks=checks, loaded="not", **totals(checks))).text
    assert text.count(why) == 1
    assert "could not be read as a notebook" in text
    assert "Your code ran" not in text


def by_hand(name, kind=POINTS, points=None, **more):
    """What a person gave to a task of the one attempt, or to an answer."""
    return Entry("conv_layer", "student-001", "a1", name, kind, points, **more)


def test_the_page_shows_the_mark_and_how_it_came_about():
    """The number is the mark: lateness and a person's points are in it, out of all that can be had."""
    mark, late = marked(
        flipped(submitted="2027-01-25T21:10:00+00:00"),
        entries=[
            by_hand("conv2d_forward", points=20.0),
            by_hand("conv2d_forward", COMMENT, comment="Nearly."),
        ],
    )
    assert (mark.points, mark.out_of) == (31.5, 100.0)
    text = read(late, mark=mark).text
    assert "31.5 of 100 points" in text
    assert "one attempt, late: minus 10 %, 24 + 11 by hand" in text
    assert "3.5 points are taken off" in text
    assert "conv2d_forward : 20 points by a person" in text and "Nearly." in text


def test_the_student_s_own_date_is_shown():
    """With an extension the page names it, and nothing is late."""
    own = datetime.fromisoformat("2027-01-26T23:59+01:00")
    due = Due(own, datetime.fromisoformat(UNIT.due), ("your extension",))
    mark, result = marked(flipped(submitted="2027-01-25T21:10:00+00:00"), due=due)
    text = read(result, mark=mark).text
    assert "26 January 2027, 23:59 UTC+01:00 (your extension)" in text
    assert "taken off" not in text and "on time by your extension" in text


def test_explanations_open_after_the_student_s_own_date(tmp_path):
    """Whoever has more time sees them later; with "last-due" everybody waits for that student."""
    unit = replace(UNIT, root=tmp_path)
    longer = Exemption(1, unit.name, "student-002", DAYS, "2", "staff", "", "")
    day_after = datetime.fromisoformat("2027-01-25T12:00+01:00")

    def pages(after):
        rules = Disclosure(mistakes="after-due", after=after)
        course = Course("c", "C", units=(unit,), data=str(tmp_path / "data"), root=tmp_path, disclosure=rules)
        facts = UnitFacts(course, unit, {}, {}, {}, [longer], {})
        pairs = [marked(flipped(name)) for name in ("student-001", "student-002")]
        return [
            "the kernel is flipped" in path.read_text() for path in write_feedback(facts, pairs, day_after)
        ]

    assert pages("own-due") == [True, False]
    assert pages("last-due") == [False, False]


def test_written_answers_are_told_apart_from_the_score(tmp_path):
    """The page says what a person still reads, and counts it once it has points: of one denominator."""
    asked = {"grade_id": "why", "grade": True, "solution": True, "points": 4}
    unit = replace(UNIT, root=tmp_path)
    unit.release.mkdir(parents=True)
    cells = [{"metadata": {}}, {"metadata": {"nbgrader": asked}}]
    unit.released_notebook.write_text(json.dumps({"cells": cells}))

    def text(mark):
        return Outline(feedback_page(COURSE, unit, flipped(), ALL, mark)).text

    assert "read by a person, for up to 4 points more" in text(None)
    answered, questions = flipped(answers={"why": "d1"}), {"why": 4.0}
    waiting = text(marked(answered, questions=questions)[0])
    assert "24 of 104 points" in waiting
    assert re.search(r"A person still reads your written answers \( ?why ?, up to 4 points more\)", waiting)
    done = text(marked(answered, questions=questions, entries=[by_hand("why", points=3.0, answer="d1")])[0])
    assert "27 of 104 points" in done
    assert "still reads" not in done


def test_bonus_tasks_stand_apart():
    """A task of bonus checks shows its extra points and is not counted among the tasks."""
    base = flipped()
    extra = Check("test_groups", "grouped", "Groups of channels.", 4.0, 4.0, Verdict.PASSED, bonus=True)
    more = Check("test_fast", "max_pool_forward", "Fast.", 2.0, 0.0, Verdict.FAILED, bonus=True)
    text = read(base.with_checks((*base.checks, extra, more))).text
    assert "0 of 4 tasks complete. 4 bonus points on top." in text
    assert "of 4 bonus" in text
    assert "Fast. (bonus)" in text
    gave = Check("test_small", "max_pool_forward", "Small.", 3.0, 3.0, Verdict.PASSED, bonus=True)
    (card,) = (each for each in task_cards((*base.checks, more, gave)) if each.name == "max_pool_forward")
    assert card.extra == 3.0
    assert f"of {card.points:g}, and 3 bonus" in read(base.with_checks((*base.checks, more, gave))).text
    mark, result = marked(base.with_checks((*base.checks, extra, more)))
    text = read(result, mark=mark).text
    assert "28 of 100 points" in text and "4 bonus points on top, which are included." in text


def test_pages_are_written_per_student(tmp_path):
    """Each student has a folder of a safe name; odd results do not stop the others."""
    course = Course("c", "C", units=(UNIT,), data=str(tmp_path / "data"), root=tmp_path)
    empty = Result("conv_layer", "a/b", 0.0, 0.0)
    odd = a_result("odd").with_checks((Check("t", "", "", 0.0, 0.0, Verdict.CRASHED, case={"got": 3}),))
    facts = UnitFacts(course, UNIT, {}, {}, {}, [], {})
    paths = write_feedback(facts, map(marked, [flipped(), empty, odd]), AFTER)
    assert [path.parent.name for path in paths] == ["student-001", "a%2Fb", "odd"]
    assert all(path.read_text().startswith("<!DOCTYPE html>") for path in paths)


def test_the_command_writes_stored_results(tmp_path, monkeypatch):
    """All stored results of the unit, or one student's, become pages; without any, the next step is named."""
    monkeypatch.delenv("COURSE_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "course_config.py").write_text(
        "from autograder.course import Course, Unit\n"
        "conv = Unit('conv_layer', 'Conv', due='2027-01-24T23:59+01:00', hours=1)\n"
        "course = Course('c', 'C', units=(conv,))\n"
    )
    empty = {"COURSE_DATA": str(tmp_path / "empty")}
    with pytest.raises(UsageError, match="course grade conv_layer"):
        CliRunner(env=empty).invoke(command, ["conv_layer"], catch_exceptions=False)
    course = Course("c", "C", units=(UNIT,), root=tmp_path)
    for student in ("student-001", "student-002"):
        write_result(course, flipped(student))
    assert "1 page in" in CliRunner().invoke(command, ["conv_layer", "--student", "student-002"]).output
    assert "2 pages in" in CliRunner().invoke(command, ["conv_layer"]).output
    assert (course.data_folder / "feedback/conv_layer/student-001/index.html").is_file()
    with open_facts(course) as database, database.read() as connection:
        shown_to = connection.execute(select(SHOWN.c.student)).scalars().all()
    assert shown_to == ["student-002", ""], "that marks were shown is a fact"
