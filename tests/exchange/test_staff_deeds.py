"""What staff do with a unit on its pages: more time, release, queue again, export."""

import csv
import io
import os
import re
import time
import zipfile

import pytest

from autograder.exchange.store import attempts, queue, releases
from autograder.marks import exceptions
from autograder.marks.roster import Member, add, roster_file
from autograder.marks.tables import SHOWN
from autograder.results.audit import read_audit
from autograder.results.late import parse_time

from .facts import WHY, ago, configure, handed_in
from .test_pages import logged_in, word_of
from .test_record import text_of


@pytest.fixture
def teacher(stage):
    """A browser of an instructor."""
    with logged_in(stage, "ta-1", "formgrade-course", "instructor-course") as found:
        yield found


def hidden(page):
    """What the last form of a page carries."""
    form = page.text[page.text.rindex("<form") :]
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))


def asked(teacher, **words):
    """The page that says what more time would change."""
    page = teacher.get("staff/softmax/extend")
    base = hidden(page) | {"whom": "one", "kind": "days", "value": "2", "why": WHY}
    return teacher.post("staff/softmax/extend", data=base | words)


def field_of(page, name):
    """The tag of a field."""
    return re.search(rf'<input id="{name}"[^>]*>', page.text)[0]


def held(desk):
    """The exceptions that hold."""
    with desk.database.read() as connection:
        found = exceptions.of_unit(connection, "softmax")
    return [(each.student, each.kind, each.value, each.who, each.why) for each in found]


def test_more_time_is_looked_at_and_then_given_once(stage, desk, teacher):
    """Dates and marks before and after; nothing changes before the second click, a third gives no more."""
    configure(desk, due=ago(desk, hours=30))
    made = handed_in(stage, desk, 80.0)
    page = asked(teacher, student="student-001")
    assert "Nothing is changed yet." in page.text and held(desk) == []
    assert "64 of 100 → 80 of 100" in text_of(page)
    sure = hidden(page)
    again = teacher.post("staff/softmax/extend", data=sure | {"go": "change"})
    assert 'value="student-001"' in field_of(again, "student") and WHY in field_of(again, "why")
    assert held(desk) == [], "to change it gives nothing"
    for _ in range(2):
        assert teacher.post("staff/softmax/extend", data=sure).status_code == 200
    assert held(desk) == [("student-001", "days", "2", "ta-1", WHY)]
    assert stage.student().get(f"api/attempts/{made}").json()["mark"] == 80.0
    (line,) = read_audit(desk.course, "softmax")
    assert (line["who"], line["note"]) == ("ta-1", f"2 days more, for student-001: {WHY}")
    page = teacher.get("staff/softmax")
    back = {"word": word_of(page), "back": re.search(r'name="back" value="(\d+)"', page.text)[1]}
    assert teacher.post("staff/softmax/take-back", data=back).status_code == 200
    assert held(desk) == []


def test_everybody_gets_more_time(stage, desk, teacher):
    """Also who has not handed in: the page counts dates and marks."""
    add(roster_file(desk.course), [Member("student-002", "student")])
    configure(desk, due=ago(desk, hours=30))
    handed_in(stage, desk, 80.0)
    until = (desk.now().replace(microsecond=0)).isoformat()
    page = asked(teacher, whom="all", kind="until", value=until)
    assert "2 dates move, and 1 mark changes" in text_of(page)
    teacher.post("staff/softmax/extend", data=hidden(page))
    assert [each[:2] for each in held(desk)] == [("", "until")]


REFUSED = (
    ({"student": "student-099"}, "Nobody is called"),
    ({"student": ""}, "Name a student"),
    ({"why": " "}, "Say why"),
    ({"value": "two"}, "is no number of days"),
    ({"value": "0"}, "is no number of days"),
    ({"value": "99999"}, "is no number of days"),
    ({"kind": "hours", "value": "nan"}, "is no number of hours"),
    ({"kind": "factor", "value": "1"}, "gives no time"),
    ({"kind": "until", "value": "2020-01-01"}, "is before the unit"),
    ({"kind": "late_day", "value": "1"}, "is no number of late_day"),
)


def test_what_cannot_be_given_is_refused_with_what_is_wrong(stage, desk, teacher):
    """Nothing is changed, whether it was only looked at or meant."""
    add(roster_file(desk.course), [Member("student-001", "student")])
    for words, said in REFUSED:
        for sure in ({}, {"sure": "1"}):
            page = asked(teacher, **({"student": "student-001"} | words | sure))
            assert page.status_code == 422
            assert said in text_of(page), words
            typed = {"student": "student-001", "value": "2", "why": WHY} | words
            for field in ("student", "value", "why"):
                assert f'value="{typed[field].strip()}"' in field_of(page, field), "what was typed stays"
    roster_file(desk.course).write_text("username,role\nstudent-001,king\n")
    assert "The roster cannot be read." in text_of(asked(teacher, student="student-001"))
    assert held(desk) == []


def test_a_unit_is_released_as_it_was_looked_at(stage, desk, teacher):
    """What is built takes the place of what was released; an unproven unit needs a tick, which is noted."""
    with desk.database.write() as connection:
        releases.withdraw(connection, "softmax")
    page = teacher.get("staff/softmax/manage")
    assert "nothing yet" in text_of(page) and "not proven" in text_of(page)
    word, version = word_of(page), re.search(r'name="version" value="(\w+)"', page.text)[1]
    for form in ({"version": "0" * 12, "unproven": "1"}, {"version": version}):
        assert teacher.post("staff/softmax/release", data={"word": word} | form).status_code == 409
    form = {"word": word, "version": version, "unproven": "1"}
    assert "Students have what is built here." in teacher.post("staff/softmax/release", data=form).text
    with desk.database.read() as connection:
        assert releases.find(connection, "softmax").by == "ta-1"
    (line,) = read_audit(desk.course, "softmax")
    assert line["who"] == "ta-1" and line["note"].startswith("released although")


def previewed(teacher):
    """The page with what a regrade would change, when it is there."""
    word = word_of(teacher.get("staff/softmax/manage"))
    page = teacher.post("staff/softmax/preview", data={"word": word})
    ends = time.monotonic() + 300
    while "is under way" in text_of(page) and time.monotonic() < ends:
        assert "data-live" in page.text  # the page looks again by itself
        time.sleep(0.3)
        page = teacher.get("staff/softmax/manage")
    return page


def test_a_regrade_is_looked_at_before_it_is_done(stage, desk, teacher):
    """The preview grades and changes nothing; the button is for what was looked at, by checks as they are."""
    for student in ("student-001", "student-002"):
        handed_in(stage, desk, 80.0, student=student)
    page = teacher.get("staff/softmax/manage")
    word = word_of(page)
    assert "softmax/regrade" not in page.text
    for name in ({}, {"preview": "0" * 16}):
        assert teacher.post("staff/softmax/regrade", data={"word": word} | name).status_code == 409
    page = previewed(teacher)
    text = text_of(page)
    assert "2 of 2 attempts graded anew: 2 marks would rise, 0 would fall" in text
    row = re.search(r"student-001\s*80\s*(1\d\d)\s*\+(\d+)\s*attempt 1, ", text)
    assert row is not None and int(row[1]) == 80 + int(row[2])
    assert "data-live" not in page.text
    assert stage.student().get("api/units/softmax/attempts").json()["record"]["points"] == 80.0
    looked_at = hidden_in(page, "regrade")
    grader = desk.course.units[0].grader
    before = grader.stat()
    grader.write_text(grader.read_text() + "\n")
    assert "softmax/regrade" not in teacher.get("staff/softmax/manage").text
    refused = teacher.post("staff/softmax/regrade", data=looked_at)
    assert (refused.status_code, "does not hold any more" in refused.text) == (409, True)
    grader.write_text(grader.read_text()[:-1])
    os.utime(grader, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert teacher.post("staff/softmax/regrade", data=looked_at).status_code == 200
    with desk.database.read() as connection:
        assert queue.length(connection) == 2


def test_a_preview_that_cannot_be_made_says_why(stage, desk, teacher):
    """In the sentence that the command would end with; nothing can be queued by it."""
    handed_in(stage, desk, 80.0)
    desk.course.units[0].grader.write_text("raise ValueError('no')\n")
    page = previewed(teacher)
    assert "no preview" in text_of(page) and "ValueError" in text_of(page)
    assert "softmax/regrade" not in page.text


def hidden_in(page, form):
    """What one form of a page carries."""
    found = re.search(rf'<form method="post" action="[^"]*/{form}".*?</form>', page.text, re.S)[0]
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', found))


def test_the_files_that_count_are_collected(stage, desk, teacher):
    """One attempt of each student, in the layout that nbgrader and ``course grade`` take."""
    handed_in(stage, desk, 60.0)
    best = handed_in(stage, desk, 80.0)
    handed_in(stage, desk, 70.0)
    handed_in(stage, desk, 50.0, student="student-002")
    answer = teacher.get("staff/softmax/collect")
    assert answer.headers["content-disposition"] == 'attachment; filename="softmax-submitted.zip"'
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    students = ("student-001", "student-002")
    names = {f"{who}/softmax/{file}" for who in students for file in ("softmax.ipynb", "timestamp.txt")}
    assert set(archive.namelist()) == names
    with desk.database.read() as connection:
        counting = attempts.find(connection, best)
    assert archive.read("student-001/softmax/softmax.ipynb") == desk.blobs.get(counting.files[0].sha256)
    when = archive.read("student-001/softmax/timestamp.txt").decode()
    assert parse_time(when.strip()) == parse_time(counting.submitted)
    desk.blobs.remove(counting.files[0].sha256)
    archive = zipfile.ZipFile(io.BytesIO(teacher.get("staff/softmax/collect").content))
    assert "student-001/softmax/softmax.ipynb" in archive.read("files-that-are-gone.txt").decode()


def test_marks_are_exported_and_count_as_shown(stage, desk, teacher):
    """The same numbers as on the page, as a download."""
    add(roster_file(desk.course), [Member("student-001", "student", "Student One", "one@example.org")])
    handed_in(stage, desk, 80.0)
    word = word_of(teacher.get("staff/softmax/manage"))
    answer = teacher.post("staff/softmax/export", data={"word": word, "style": "canvas"})
    assert answer.headers["content-disposition"] == 'attachment; filename="softmax-canvas.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["SIS Login ID"], row["Softmax"]) for row in rows[1:]] == [("student-001", "80")]
    with desk.database.read() as connection:
        assert len(connection.execute(SHOWN.select()).all()) == 1
    assert teacher.post("staff/softmax/export", data={"word": word, "style": "x"}).status_code == 422


def test_students_do_none_of_it(stage):
    """Each address is for staff, and forms need the session's word."""
    paths = ("extend", "release", "regrade", "export", "take-back", "requeue", "late-day")
    with logged_in(stage, "student-001", "nbgrader-course") as browser:
        word = word_of(browser.get("units/softmax"))
        for path in paths:
            assert browser.post(f"staff/softmax/{path}", data={"word": word}).status_code == 403
        assert browser.get("staff/softmax/manage").status_code == 403
    with logged_in(stage, "ta-1", "formgrade-course", "instructor-course") as teacher:
        for path in paths:
            assert teacher.post(f"staff/softmax/{path}", data={"sure": "1"}).status_code == 403
