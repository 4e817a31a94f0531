"""Marking: one written question across all students, and several people who mark at once."""

import json
import re
from shutil import copytree

import pytest
from axe_playwright_python.sync_playwright import Axe

from autograder.base.digest import digest_of
from autograder.course import load_course
from autograder.exchange.store import attempts, graded, in_hand, queue
from autograder.exchange.store.desk import stamp
from autograder.marks import by_hand
from autograder.results.result import Check, Result, Verdict, totals
from autograder.unit.release import build, publish
from tests.needs import WCAG
from tests.support import place

from .stage import files, notebook
from .test_pages import EVIL, logged_in, word_of

QUESTION = (
    "\n# %% [markdown]\n# Why does *softmax* not change under a **shift**?\n"
    '\n# %% [markdown] written="why" points=4\n# *Your answer.*\n'
    "\n# %% [markdown] instructor=True\n# **Two points** for the *shift*.\n"
)


@pytest.fixture(scope="module")
def asking(built, tmp_path_factory):
    """The small course with a written question, built once."""
    root = tmp_path_factory.mktemp("asking") / "course"
    copytree(built, root)
    unit = load_course(root).units[0]
    unit.master.write_text(unit.master.read_text() + QUESTION)
    publish(load_course(root), unit, build(load_course(root), unit))
    return root


@pytest.fixture
def course(asking, tmp_path, monkeypatch):
    """A copy for one test."""
    monkeypatch.delenv("COURSE_DATA", raising=False)
    copytree(asking, tmp_path / "course")
    return load_course(tmp_path / "course")


@pytest.fixture
def ta(stage):
    """A TA's browser."""
    with logged_in(stage, "ta-1", "formgrade-course") as found:
        yield found


def answered(stage, desk, student, text):
    """A graded attempt with that answer ("": as it came); its id."""
    content = json.loads(notebook(stage.course))
    if text:
        content["cells"][place(content, "why")]["source"] = text
    body = files(softmax_ipynb=json.dumps(content).encode())
    made = stage.student(student).post("api/units/softmax/attempts", json=body)
    assert made.status_code == 201, made.text
    checks = (Check("a", "softmax_forward", "Rows sum to one.", 100.0, 50.0, Verdict.FAILED, reason="No."),)
    noted = {"why": digest_of(text) if text else ""}
    result = Result("softmax", student, checks=checks, answers=noted, **totals(checks))
    with desk.database.write() as connection:
        entry = queue.take(connection, "w", desk.seconds(), 20.0, 3)
        graded.finish(connection, entry, attempts.find(connection, entry.attempt), result, stamp(desk.now()))
    return made.json()["id"]


def field(page, name):
    """What a hidden or a text field of a page holds."""
    return re.search(rf'name="{name}" value="([^"]*)"', page.text)[1]


def save(browser, page, points="", comment="", go="stay", **other):
    """Send the form of a page."""
    kept = {name: field(page, name) for name in ("word", "last", "answer", "names")}
    data = kept | {"points": points, "comment": comment, "go": go} | other
    return browser.post(str(page.url).partition("?")[0], data=data)


def mark(stage, student):
    """Points, of how many, and whether something waits."""
    record = stage.student(student).get("api/units/softmax/attempts").json()["record"]
    return record["points"], record["out_of"], record["waits"]


def test_answers_are_marked_one_after_another(stage, desk, ta):
    """Text, question and guide stand on one page; to save is a fact at once, and leads to the next."""
    for number, text in enumerate(("A *shift* cancels.", "I do not know.", ""), 1):
        answered(stage, desk, f"student-00{number}", text)
    page = ta.get("marking/softmax/why")
    assert "0 of 2 marked" in page.text  # who left the answer as it came is not asked for
    assert "<strong>Two points</strong>" in page.text
    assert "Why does <em>softmax</em> not change" in page.text
    student = re.search(r"<h1>(.*)</h1>", page.text)[1]
    text = "A <em>shift</em> cancels." if student == "student-001" else "I do not know."
    assert text in page.text
    page = save(ta, page, "3", "Say why.", go="next")
    assert mark(stage, student) == (53.0, 104.0, False)
    assert "1 of 2 marked" in page.text
    assert student not in re.search(r"<h1>(.*)</h1>", page.text)[1]
    page = save(ta, page, "1.5", go="next")
    assert "All answers are marked" in page.text
    assert re.search(r"softmax.*?: why.*?2 of 2.*?ta-1: 2", ta.get("marking").text, re.DOTALL)


def test_the_same_text_keeps_its_points(stage, desk, ta):
    """A later attempt with the same answer waits for nobody; one with another answer does."""
    answered(stage, desk, "student-001", "A shift cancels.")
    save(ta, ta.get("marking/softmax/why"), "3")
    answered(stage, desk, "student-001", "A shift cancels.")
    assert mark(stage, "student-001") == (53.0, 104.0, False)
    later = answered(stage, desk, "student-001", "Since it cancels.")
    page = ta.get("marking/softmax/why")
    assert page.url.path.endswith(later)  # the attempt that counts: what waits may be worth more
    assert field(page, "points") == ""


UNFIT = (
    ("four", "", "Points are a number from 0 to 4"),
    ("nan", "", "nan points cannot be given: expected 0 to 4"),
    ("4.5", "", "4.5 points cannot be given: expected 0 to 4"),
    ("1", "x" * 4001, "The comment has 4001 letters, and 4000 are kept"),
)


def test_what_cannot_be_saved_comes_back(stage, desk, ta):
    """A sentence says what was expected, the fields hold what was typed, and nothing is stored."""
    answered(stage, desk, "student-001", "A shift cancels.")
    page = ta.get("marking/softmax/why")
    for points, comment, sentence in UNFIT:
        page = save(ta, page, points, comment or "Nearly.")
        assert page.status_code == 409
        assert sentence in page.text
        assert field(page, "points") == points
        assert f'rows="4">{comment or "Nearly."}</textarea>' in page.text
    assert mark(stage, "student-001") == (50.0, 104.0, True)


def test_nobody_writes_over_another_unseen(stage, desk, ta):
    """Who saves second is told what the first gave, and keeps what was typed; to save again is to mean it."""
    answered(stage, desk, "student-001", "A shift cancels.")
    with logged_in(stage, "ta-2", "formgrade-course") as second:
        mine, theirs = ta.get("marking/softmax/why"), None
        theirs = second.get(str(mine.url))
        assert "ta-1 is marking this answer now" in theirs.text
        save(ta, mine, "3", "Say why.")
        page = save(second, theirs, "1", "Too short.")
        assert page.status_code == 409
        assert "ta-1 has saved here meanwhile" in page.text
        assert "3 points by ta-1" in page.text and "Say why." in page.text
        assert (field(page, "points"), "Too short.</textarea>" in page.text) == ("1", True)
        assert mark(stage, "student-001")[0] == 53.0
        assert save(second, page, "1", "Too short.").status_code == 200
    assert mark(stage, "student-001")[0] == 51.0


def test_a_form_of_another_text_is_refused(stage, desk, ta):
    """Points belong to the text that was read."""
    answered(stage, desk, "student-001", "A shift cancels.")
    page = save(ta, ta.get("marking/softmax/why"), "3", answer=digest_of("Another one."))
    assert page.status_code == 409
    assert "Read it once more" in page.text


def test_saving_twice_is_one_fact_and_an_empty_field_takes_back(stage, desk, ta):
    """What does not differ from what holds is not noted again."""
    answered(stage, desk, "student-001", "A shift cancels.")
    page = save(ta, ta.get("marking/softmax/why"), "3", "Say why.")
    page = save(ta, page, "3", "Say why.")
    with desk.database.read() as connection:
        assert len(by_hand.of_unit(connection, "softmax")) == 2  # points and comment
    save(ta, page, "", "Say why.")
    assert mark(stage, "student-001") == (50.0, 104.0, True)


def test_two_people_get_two_answers(stage, desk, ta):
    """The next answer is one that nobody else has; after two minutes without a word it is free again."""
    for number in (1, 2):
        answered(stage, desk, f"student-00{number}", f"Answer {number}.")
    mine = ta.get("marking/softmax/why")
    with logged_in(stage, "ta-2", "formgrade-course") as second:
        theirs = second.get("marking/softmax/why")
        assert theirs.url.path != mine.url.path
        with logged_in(stage, "ta-3", "formgrade-course") as third:
            page = third.get("marking/softmax/why").text
            assert "2 answers to <code>why</code> wait, before ta-1 and ta-2 now" in page
            assert "ta-1, ta-2" in third.get("marking").text
        hold = {"word": word_of(theirs)}
        assert second.post(f"{theirs.url}/hold", data=hold).status_code == 204
        assert second.post(f"{mine.url}/hold", data=hold).status_code == 409
    attempt = mine.url.path.rpartition("/")[2]
    for seconds, got in ((in_hand.SECONDS - 30, None), (in_hand.SECONDS + 1, attempt)):
        with desk.database.trial() as connection:
            assert in_hand.take(connection, "why", [attempt], "ta-3", desk.seconds() + seconds) == got


def test_names_are_hidden_on_request(stage, desk, ta):
    """The student is "Answer 1", on this page and on those that follow; no link leads to the name."""
    for number in (1, 2):
        answered(stage, desk, f"student-00{number}", f"Answer {number}.")
    page = ta.get("marking/softmax/why?names=hidden")
    assert re.search("<h1>Answer [12]</h1>", page.text)
    assert "student-00" not in page.text
    assert not re.search(r'href="[^"]*attempts/[0-9a-f]+"', page.text)
    there = re.search(r'href="([^"]*/items[^"]*)"', page.text)[1].replace("&amp;", "&")
    rubric = ta.get(page.url.join(there))
    back = re.search(r'href="([^"]*)">Back to marking', rubric.text)[1]
    assert re.search("<h1>Answer [12]</h1>", ta.get(page.url.join(back)).text)
    form = {"word": word_of(rubric), "item": "", "text": "Names it.", "points": "1", "go": "make"}
    made = ta.post(str(rubric.url), data=form | {name: field(rubric, name) for name in ("back", "names")})
    assert "Names it." in made.text and back in made.text
    page = save(ta, page, "3", go="next")
    assert re.search("<h1>Answer [12]</h1>", page.text)
    assert "student-00" not in page.text
    assert "marking/softmax/why?names=hidden" in ta.get("marking").text, "hidden before the first is seen"


def test_an_answer_that_counts_no_more_gives_back_what_was_typed(stage, desk, ta):
    """The student has handed in another text meanwhile: nothing is stored or lost, and a link leads there."""
    answered(stage, desk, "student-001", "A shift cancels.")
    page = ta.get("marking/softmax/why?names=hidden")
    later = answered(stage, desk, "student-001", "Since it cancels.")
    gone = save(ta, page, "3", "Say why & when.", new_text="Names it.")
    assert gone.status_code == 409 and "student-001" not in gone.text
    assert "3 points" in gone.text and "Say why &amp; when." in gone.text and "Names it." in gone.text
    assert mark(stage, "student-001") == (50.0, 104.0, True)
    assert f"marking/softmax/why/{later}?names=hidden" in gone.text
    # Now the first attempt counts again, which may still be worth more: the page leads there.
    other = save(ta, ta.get(f"marking/softmax/why/{later}"), "3")
    assert other.status_code == 404 and page.url.path in other.text and "you typed" not in other.text


def test_an_answer_cannot_act(stage, desk, ta):
    """HTML in an answer is text, pictures from elsewhere are not fetched, and much text is cut."""
    answered(stage, desk, "student-001", f"{EVIL} ![x](https://evil.example/x.png) $x_1$ " + "a" * 30_000)
    page = ta.get("marking/softmax/why").text
    assert EVIL not in page and "&lt;script&gt;" in page
    assert "evil.example/x.png" not in page.replace("https://evil.example/x.png&gt;", "")
    assert "$x_1$" in page
    assert "more characters" in page


def test_students_are_kept_out(stage, desk):
    """Every address of marking is for staff, and nothing is stored for others."""
    attempt = answered(stage, desk, "student-001", "A shift cancels.")
    with logged_in(stage, "student-001", "nbgrader-course") as browser:
        word = word_of(browser.get("units/softmax"))
        for path in (
            "marking",
            "marking/softmax/why",
            "marking/softmax/why/items",
            f"marking/softmax/why/{attempt}",
        ):
            assert browser.get(path).status_code == 403
        for path in (f"marking/softmax/why/{attempt}", f"marking/softmax/why/{attempt}/hold"):
            assert browser.post(path, data={"word": word, "points": "4"}).status_code == 403
    assert mark(stage, "student-001") == (50.0, 104.0, True)


def test_what_is_not_there_is_said(stage, desk, ta):
    """No such question, no such attempt; a question that nobody has answered."""
    assert "No answer yet" in ta.get("marking/softmax/why").text
    assert ta.get("marking/softmax/other").status_code == 404
    assert ta.get("marking/softmax/why/0123").status_code == 404


def items(page):
    """Names of the rubric's items, by text."""
    found = re.findall(r'value="([0-9a-f]{16})" [^>]*data-text="([^"]*)"', page.text)
    return {text: item for item, text in found}


def test_items_of_the_rubric_give_points_and_comment(stage, desk, ta):
    """Made while marking, ticked for the next; the fields are filled from what is ticked, unless typed."""
    for number in (1, 2, 3):
        answered(stage, desk, f"student-00{number}", f"Answer {number}.")
    page = ta.get("marking/softmax/why")
    first = re.search(r"<h1>(.*)</h1>", page.text)[1]
    page = save(ta, page, new_text="Names the shift.", new_points="2", go="next")
    assert mark(stage, first) == (52.0, 104.0, False)
    second = re.search(r"<h1>(.*)</h1>", page.text)[1]
    page = save(ta, page, new_text="No reason.", new_points="-1", items=[items(page)["Names the shift."]])
    assert mark(stage, second)[0] == 51.0
    assert "Names the shift.\nNo reason.</textarea>" in page.text
    assert page.text.count("checked") == 2
    again = save(ta, page, "1", "Names the shift.\nNo reason.", items=[items(page)["No reason."]])
    assert again.text.count("checked") == 1
    page = save(ta, ta.get("marking/softmax/why"), items=[items(again)["No reason."]])
    assert field(page, "points") == "3"  # one off the full points


def test_a_changed_item_changes_no_mark_until_it_is_given_again(stage, desk, ta):
    """The page says how many answers have the earlier wording; points that were set by hand stay."""
    for number in (1, 2):
        answered(stage, desk, f"student-00{number}", f"Answer {number}.")
    page = ta.get("marking/softmax/why")
    first = re.search(r"<h1>(.*)</h1>", page.text)[1]
    page = save(ta, page, new_text="Names the shift.", new_points="2", go="next")
    second = re.search(r"<h1>(.*)</h1>", page.text)[1]
    item = items(page)["Names the shift."]
    save(ta, page, "4", "Names the shift. Very good.", items=[item])
    form = {"word": word_of(page), "item": item, "text": "Names the shift", "points": "3", "go": "change"}
    page = ta.post("marking/softmax/why/items", data=form)
    assert "Give it again to 2 with an earlier wording" in page.text
    assert (mark(stage, first)[0], mark(stage, second)[0]) == (52.0, 54.0)
    page = ta.post("marking/softmax/why/items", data=form | {"go": "again"})
    assert "2 answers changed. Of 1 the points stayed" in page.text
    assert "earlier wording" not in page.text
    assert (mark(stage, first)[0], mark(stage, second)[0]) == (53.0, 54.0)
    page = ta.post("marking/softmax/why/items", data=form | {"go": "withdraw"})
    assert "Item 1" not in page.text
    assert mark(stage, first)[0] == 53.0
    for text, points, sentence in (
        ("", "1", "An item is a text of 1 to 400 letters"),
        ("x", "five", "An item has points from -4 to 4"),
        ("x", "-5", "An item has points from -4 to 4"),
    ):
        page = ta.post(
            "marking/softmax/why/items",
            data=form | {"item": "", "go": "make", "text": text, "points": points},
        )
        assert page.status_code == 409
        assert sentence in page.text
        assert f'name="points" value="{points}"' in page.text


def test_comments_are_handed_out_with_one_button(stage, desk, ta):
    """Points are shown at once, a comment when it is handed out, a changed one when that is done again."""
    attempt = answered(stage, desk, "student-001", "A shift cancels.")
    page = save(ta, ta.get("marking/softmax/why"), "3", f"Say why. {EVIL}")
    assert "no student has seen" in ta.get("marking").text
    groups = ("formgrade-course", "instructor-course")
    with (
        logged_in(stage, "student-001", "nbgrader-course") as student,
        logged_in(stage, "teacher-1", *groups) as teacher,
    ):
        button = {"word": word_of(teacher.get("marking"))}
        assert (
            student.post("marking/softmax/hand-out", data={"word": word_of(student.get(""))}).status_code
            == 403
        )

        def read():
            text = student.get(f"attempts/{attempt}").text
            assert "3 by hand" in text
            return text

        assert "Say why." not in read()
        handed = teacher.post("marking/softmax/hand-out", data=button).text
        assert "All comments are handed out" in handed
        assert "Say why. &lt;script&gt;" in read()
        page = save(ta, page, "3", "Say more.")
        assert "Say why." in read()
        teacher.post("marking/softmax/hand-out", data=button)
        assert "Say more." in read()
        save(ta, page, "3", "")  # taken back: gone at once
        assert "Say more." not in read()


@pytest.mark.browser
def test_marking_by_keyboard_alone(chromium, stage, desk):
    """Items by number, saved and on to the next; what was typed is offered again; WCAG 2.1 AA on a phone."""
    for number in (1, 2, 3):
        answered(stage, desk, f"student-00{number}", f"Answer {number}, which is *long*. " * 40)
    stage.hub.next_login = stage.hub.token("ta-1", "formgrade-course")
    for scheme, width in (("dark", 375), ("light", 1280)):
        context = chromium.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})
        context.set_default_timeout(20_000)
        page, errors = context.new_page(), []
        page.on("pageerror", lambda error: errors.append(str(error)))  # noqa: B023
        page.goto(f"{stage.url}marking/softmax/why")
        for path in ("", "/items", None):
            page.goto(f"{stage.url}marking" + ("" if path is None else f"/softmax/why{path}"))
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            found = Axe().run(page, options=WCAG)
            assert found.violations_count == 0, found.generate_report()
        assert errors == []
    page.goto(f"{stage.url}marking/softmax/why")
    first = page.locator("h1").inner_text()
    page.locator("summary", has_text="New item").click()
    page.fill("#new_text", "Names the shift.")
    page.fill("#new_points", "2")
    page.keyboard.press("Control+Enter")
    page.locator("progress[value='1']").wait_for()
    second = page.locator("h1").inner_text()
    page.keyboard.press("1")
    assert page.locator("#points").input_value() == "2"
    page.keyboard.press("c")
    page.keyboard.press("End")
    page.keyboard.type(" 1s")  # in a field, keys are letters
    assert page.locator("#comment").input_value() == "Names the shift. 1s"
    page.on("dialog", lambda dialog: dialog.accept())
    page.keyboard.press("Escape")
    page.keyboard.press("n" if page.locator("a[data-press=n]").count() else "p")
    page.wait_for_function("name => document.querySelector('h1').innerText !== name", arg=second)
    page.go_back()
    page.locator("#unsaved button[data-do=put]").click()
    assert page.locator("#comment").input_value() == "Names the shift. 1s"
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    page.get_by_text("2 points by ta-1").wait_for()
    assert page.locator("#unsaved").is_hidden()
    context.close()
    assert (mark(stage, first)[0], mark(stage, second)[0]) == (52.0, 52.0)
