"""One story of three roles on the exchange's pages: a student, an assistant, an instructor.

The tests run in the order of this file. Numbers on pages and in files are held against the mark of record.
"""

from __future__ import annotations

import csv
import io
import json
import re
import time
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.e2e.mark_views import (
    STUDENTS,
    Class,
    attempt_for_staff,
    attempt_page,
    first_page,
    interface,
    marks_now,
    own_page,
    same_everywhere,
    staff_page,
)
from tests.e2e.marked_course import ANSWER, MILDER, NO_BIAS, NO_MOMENTUM, UNIT, changed, marked_course, wrong
from tests.e2e.people import Visitor
from tests.needs import WCAG

STAFF = f"/services/exchange/staff/{UNIT}"
WHY = "My layer adds the bias in its subclass, so I think that it is there."
READERS = (own_page, first_page, attempt_page, staff_page, attempt_for_staff, interface)
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 860}


@pytest.fixture(scope="module")
def everybody(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Class]:
    """A class whose unit was due twenty hours ago."""
    with marked_course(tmp_path_factory.mktemp("roles") / "course", chromium, hours=20, built=True) as found:
        yield found


@pytest.fixture(scope="module")
def people(everybody: Class) -> dict[str, Visitor]:
    """The same people, of whom a failed test keeps pictures."""
    return dict(everybody.people)


def test_an_instructor_releases_the_unit(everybody: Class) -> None:
    """On the unit's page; the assistant sees there whom to ask, and is refused by the address, too."""
    ta = everybody.people["ta-001"]
    page = ta.open(f"{STAFF}/manage")
    assert page.get_by_role("button", name="Release to students").count() == 0
    page = everybody.people["instructor"].open(f"{STAFF}/manage")
    page.get_by_label("Release it all the same").check()
    page.get_by_role("button", name="Release to students").click()
    page.get_by_text("Students have what is built here.").wait_for()
    page = ta.open(f"{STAFF}/extend")
    page.get_by_text("Only instructors may give more time or take it back.").wait_for()
    page.get_by_text("Ask one of them: instructor.").wait_for()


def test_students_hand_in_and_their_marks_appear(everybody: Class) -> None:
    """From the login on one click to the upload; the mark comes by itself, without a reload."""
    for student, answer in zip(STUDENTS, (ANSWER, ""), strict=True):
        page = everybody.people[student].open("/services/exchange/")
        page.get_by_role("link", name="Open Little in JupyterLab").wait_for()
        page.locator("main").get_by_role("link", name="Little", exact=True).click()
        content = json.dumps(notebook_of(everybody, student, answer)).encode()
        page.set_input_files(
            "#files", {"name": "little.ipynb", "mimeType": "application/octet-stream", "buffer": content}
        )
        page.get_by_role("button", name="Look at the file").click()
        page.get_by_role("button", name=re.compile("Hand in")).click()
        page.wait_for_url("**/attempts/*")
        page.evaluate("window.loadedOnce = true")
        page.locator("p.score", has_text=" of ").wait_for(timeout=60_000)
        assert page.evaluate("window.loadedOnce") is True
        assert "Place" not in page.locator("main").inner_text()
    on_pages(everybody)


def test_a_student_asks_to_look_again(everybody: Class) -> None:
    """At a check, with a reason."""
    page = everybody.people["student-001"].page
    form = page.locator("#again-dense_forward")
    form.locator("summary").click()
    form.get_by_label("Why the verdict is wrong").fill(WHY)
    form.get_by_role("button").click()
    page.get_by_text("You asked a person to look again").wait_for()


def test_an_assistant_marks_by_keyboard_alone(everybody: Class) -> None:
    """The answer and the request, without a click; points are on every page at once."""
    before = marks_now(everybody)["student-001"]
    ta = everybody.people["ta-001"]
    page = ta.open(f"/services/exchange/marking/{UNIT}/why")
    page.locator("#give").wait_for()
    for keys in ("g", "3", "Escape", "c", "Say of which plane.", "Control+Enter"):
        press(page, keys)
    page.get_by_role("heading", name=re.compile("Nothing|marked|done", re.I)).first.wait_for()
    ta.open("/services/exchange/marking/requests")
    follow(page, "Little: dense_forward", "**/marking/requests/*")
    tab_to(page, "#text")
    press(page, "It is not: see the first example of the task.")
    press(page, "Tab")
    press(page, f"{before.counting.cells['dense_forward'].points + 1:g}")
    press(page, "Enter")
    page.wait_for_url("**/marking/requests")
    page.get_by_text("0 wait").wait_for()
    after = on_pages(everybody)["student-001"]
    assert after.points == pytest.approx(before.points + 0.9 * 4)  # both are a day late
    assert after.waits is False


def test_an_instructor_gives_more_time(everybody: Class) -> None:
    """First what it would change, then it is so."""
    before = marks_now(everybody)["student-002"]
    page = everybody.people["instructor"].open(f"{STAFF}/extend?student=student-002")
    page.get_by_label("How much").fill("2")
    page.get_by_label("Reason, for staff only").fill("a stay in hospital")
    page.get_by_role("button", name="See what it would change").click()
    page.get_by_text("Nothing is changed yet.").wait_for()
    page.get_by_role("button", name="Give it").click()
    page.wait_for_url(f"**{STAFF}")
    after = on_pages(everybody)["student-002"]
    assert "late" in before.how and "on time by your extension" in after.how
    assert after.points > before.points


def test_a_mistake_that_both_made_is_answered_once_and_handed_out(everybody: Class) -> None:
    """One comment; students read it when the instructor hands the comments out."""
    page = everybody.people["instructor"].open(f"{STAFF}/report")
    form = page.locator("form", has=page.get_by_role("button", name="Comment for 2 students")).first
    form.locator("textarea").fill("Add b before you return.")
    form.get_by_role("button").click()
    page.get_by_text("2 students have the comment.").wait_for()
    student = everybody.people["student-002"]
    where = f"/services/exchange/attempts/{everybody.counting['student-002']}"
    assert "Add b before you return." not in student.open(where).content()
    page.get_by_role("link", name="Hand out the comments").click()
    page.get_by_role("button", name=re.compile("Hand out")).click()
    page.get_by_text("All comments are handed out.").wait_for()
    student.open(where).get_by_text("Add b before you return.").first.wait_for()


def test_a_regrade_is_looked_at_and_done(everybody: Class) -> None:
    """The preview comes by itself and is what then happens."""
    before = marks_now(everybody)
    grader = everybody.hub.course.root / "assignments" / UNIT / "grader.py"
    grader.write_text(changed(grader.read_text(), MILDER))
    instructor = everybody.people["instructor"]
    page = instructor.open(f"{STAFF}/manage")
    page.get_by_role("button", name="Show what would change").click()
    page.get_by_role("button", name=re.compile("Grade all 2 attempts anew")).wait_for(timeout=90_000)
    page.locator("#content").get_by_text("1 mark would rise, 0 would fall, 0 kept").wait_for()
    rows = page.locator("div[aria-label='What would change'] tbody tr", has=page.locator("th")).all()
    assert "test_sgd" in page.locator("tr.why").inner_text()
    told = {row.locator("th").inner_text(): row.locator("td").all_inner_texts() for row in rows}
    assert {name: mark.points for name, mark in marks_now(everybody).items()} == {
        name: mark.points for name, mark in before.items()
    }
    looks(everybody.people["instructor"], "roles-preview")
    page.get_by_role("button", name=re.compile("Grade all 2 attempts anew")).click()
    page.wait_for_url(f"**{STAFF}")
    ends = time.monotonic() + 60
    while page.get_by_text("0 in line").count() == 0 and time.monotonic() < ends:
        page.wait_for_timeout(300)
    after = on_pages(everybody)
    for name, (was, then, *_) in told.items():
        assert float(was) == pytest.approx(before[name].points, abs=0.01)
        assert float(then) == pytest.approx(after[name].points, abs=0.01)
    for name in set(STUDENTS) - set(told):
        assert after[name].points == before[name].points


def test_files_and_marks_are_downloaded(everybody: Class) -> None:
    """The archive has the attempts that count, the table the marks of record."""
    page = everybody.people["ta-001"].open(f"{STAFF}/manage")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download the files of 2 students").click()
    names = zipfile.ZipFile(io.BytesIO(waiting.value.path().read_bytes())).namelist()
    assert {f"{student}/{UNIT}/{UNIT}.ipynb" for student in STUDENTS} <= set(names)
    page = everybody.people["instructor"].open(f"{STAFF}/manage")
    page.get_by_label("For").select_option("canvas")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download").click()
    rows = list(csv.DictReader(io.StringIO(waiting.value.path().read_text())))
    marks = marks_now(everybody)
    told = {row["SIS Login ID"]: float(row["Little"]) for row in rows if row["SIS Login ID"] in marks}
    assert told == {name: pytest.approx(mark.points, abs=1e-4) for name, mark in marks.items()}


PAGES = (
    ("ta-001", STAFF),
    ("instructor", STAFF),
    ("ta-001", f"{STAFF}/manage"),
    ("instructor", f"{STAFF}/manage"),
    ("instructor", f"{STAFF}/extend"),
    ("instructor", f"{STAFF}/report"),
    ("instructor", "/services/exchange/marking"),
    ("student-001", "/services/exchange/"),
)


@pytest.mark.parametrize(("name", "path"), PAGES)
def test_pages_are_for_everybody(everybody: Class, name: str, path: str) -> None:
    """WCAG 2.1 AA as far as a program can tell, on a phone and in the dark; keyboards reach all of it."""
    visitor = everybody.people[name]
    visitor.open(path)
    looks(
        visitor,
        f"roles-{name}-{path.strip('/').rpartition('exchange')[2].strip('/').replace('/', '-') or 'home'}",
    )


def test_every_page_and_file_has_the_mark_of_record(everybody: Class) -> None:
    """Formgrader, feedback, report, result files and commands among them.

    After the looks at pages: files and gradebook, written some seconds behind the facts, are there.
    """
    same_everywhere(everybody)


def test_the_logs_name_no_student(everybody: Class) -> None:
    """Of hub, exchange and formgrader, which all of this went through; no student has started a server."""
    text = everybody.hub.log.read_text()
    assert [student for student in STUDENTS if student in text] == []
    assert "ta-001" in text and "person-" in text


def notebook_of(of: Class, student: str, answer: str) -> dict[str, Any]:
    """Both share a mistake; the second student has another one, which a milder check forgives."""
    mistakes = [NO_BIAS] if student == STUDENTS[0] else [NO_BIAS, NO_MOMENTUM]
    return wrong(of, *mistakes, answer=answer)


def looks(visitor: Visitor, shot: str) -> None:
    """Hold what is seen now against the rules, wide and narrow, light and dark."""
    page = visitor.page
    try:
        for size, scheme in ((DESK, "light"), (PHONE, "dark")):
            page.set_viewport_size(size)
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found = Axe().run(page, options=WCAG).response["violations"]
            wrong = [(each["id"], [node["html"][:120] for node in each["nodes"]]) for each in found]
            assert wrong == [], (size, scheme)
            wide = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert wide <= 0, (size, "wider than the window by", wide)
            visitor.shot(f"{shot}-{scheme}", full_page=True)
    finally:
        page.set_viewport_size(DESK)
        page.emulate_media(color_scheme="light", reduced_motion="reduce")


def on_pages(of: Class) -> dict[str, Any]:
    """The marks of record, after each page was held against them."""
    marks = marks_now(of)
    of.counting = {name: mark.counting.attempt.id for name, mark in marks.items()}
    for reader in READERS:
        for student, mark in marks.items():
            reader(of, student).same(reader.__name__, mark)
    return marks


def press(page: Any, keys: str) -> None:
    """One key by its name, or a text."""
    if len(keys) == 1 or re.fullmatch(r"Escape|Enter|Tab|Control\+\w+", keys):
        page.keyboard.press(keys)
    else:
        page.keyboard.type(keys)


def tab_to(page: Any, selector: str) -> None:
    """Tab until an element has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("at => document.activeElement.matches(at)", selector):
            return
    raise AssertionError(f"Tab never reaches {selector}")


def follow(page: Any, name: str, leads_to: str) -> None:
    """Tab to a link of that name, press Enter, and be there."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == name:
            page.keyboard.press("Enter")
            page.wait_for_url(leads_to)
            return
    raise AssertionError(f"Tab never reaches {name!r}")
