"""Each page and file that tells a mark, as somebody reads it, held against the function itself."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from autograder.course import Course, load_course
from autograder.marks import Mark, open_facts, read_facts, total_of, units_over
from autograder.marks.database import Database
from tests.e2e.people import Visitor
from tests.hub.support import RunningHub
from tests.marks import views

STUDENTS = ("student-001", "student-002")
ON_TOP = re.compile(r"([\d.]+) points: ([\d.]+) of ([\d.]+), and ([\d.]+) bonus on top")
PLAIN = re.compile(r"([\d.]+) (?:of|/) ([\d.]+)")
SHOWN = 0.0051  # pages show two digits
PROJECTED = 45.0  # seconds until files and gradebook have to be there; a batch is begun every ten


FOR_STAFF = ("staff_page", "attempt_for_staff", "formgrader_submission")


@dataclass(frozen=True)
class Told:
    """What a view says of one student; None for what it does not say."""

    points: float
    out_of: float | None = None
    on_top: float | None = None
    how: str | None = None

    @classmethod
    def of(cls, text: str, how: str = "") -> Told:
        """Out of a text; ``how`` is a pattern whose group tells how the mark came about."""
        text = " ".join(text.split())
        sentence = re.search(how, text) if how else None
        said = sentence[1] if sentence else "" if how else None
        found = ON_TOP.search(text)
        if found:
            whole, core, out_of, on_top = map(float, found.groups())
            assert abs(whole - core - on_top) <= 2 * SHOWN, text
            return cls(whole, out_of, on_top, said)
        found = PLAIN.search(text)
        assert found is not None, f"no mark in {text!r}"
        return cls(float(found[1]), float(found[2]), None, said)

    def same(self, view: str, mark: Mark) -> None:
        """Hold it against the mark."""
        how = mark.how_for_staff if view in FOR_STAFF else mark.how
        expected = (mark.points, mark.out_of, mark.counting.on_top, how)
        seen = (self.points, self.out_of, self.on_top, self.how)
        for one, other in zip(seen, expected, strict=True):
            fits = one == other if isinstance(one, str) else one is None or abs(one - other) <= SHOWN
            assert fits, f"{view}: {mark.student} has {seen}, not {expected}"


class Class:
    """The people in front of their browsers, and where they look."""

    def __init__(self, hub: RunningHub, people: Mapping[str, Visitor]) -> None:
        self.hub, self.people = hub, people
        self.rows: dict[str, str] = {}  # formgrader's pages of submissions
        self.counting: dict[str, str] = {}  # ids of attempts
        self.tokens: dict[str, str] = {}
        self.marks: dict[str, Mark] = {}  # when they were compared last
        (unit,) = self.course.units
        self.unit = unit.name
        self.formgrader = f"/services/{self.course.name}/formgrader"

    @property
    def course(self) -> Course:
        """As its file says now."""
        return load_course(self.hub.course.root)

    def ask(self, name: str, path: str) -> Any:
        """What the JSON interface answers to a program of that person."""
        if name not in self.tokens:
            client = self.hub.browserless(name)
            self.tokens[name] = self.hub.token(client, name)
            client.close()
        headers = {"Authorization": f"token {self.tokens[name]}"}
        answer = httpx.get(f"{self.hub.url}/services/exchange/api/{path}", headers=headers, timeout=60)
        assert answer.is_success, answer.text
        return answer.json()

    def own(self, student: str) -> Any:
        """The unit's page of a student."""
        return self.people[student].open(f"/services/exchange/units/{self.unit}")

    def submission(self, student: str) -> Any:
        """Formgrader's page of a student's submission."""
        if student not in self.rows:
            self.rows[student] = self.formgrader_row(student).locator("a").last.get_attribute("href")
        page = self.people["ta-001"].open(self.rows[student])
        page.locator("#mark-of-record").wait_for()
        page.wait_for_load_state("networkidle")  # the points come by requests of their own
        return page

    def formgrader_row(self, student: str) -> Any:
        """The student's row in formgrader's list of submissions."""
        page = self.people["ta-001"].open(f"{self.formgrader}/gradebook/{self.unit}/{self.unit}")
        row = page.locator("#main-table tr", has=page.locator("a.name-shown", has_text=student))
        row.wait_for()
        return row


def own_page(of: Class, student: str) -> Told:
    """The student's page of the unit: its head, and the attempt that counts."""
    page = of.own(student)
    head = Told.of(page.locator("main > header").inner_text(), r"Your mark: (.*?)\.(?: |$)")
    row = Told.of(page.locator("tr.counts td").nth(1).inner_text())
    assert page.locator("tr.counts a").get_attribute("href").endswith(of.counting[student])
    assert (row.points, row.out_of, row.on_top) == (head.points, head.out_of, head.on_top)
    return head


def first_page(of: Class, student: str) -> Told:
    """The list of units."""
    page = of.people[student].open("/services/exchange/")
    return Told.of(page.locator("main > section").inner_text(), r"Your mark: (.*?)\.(?: |$)")


def attempt_page(of: Class, student: str) -> Told:
    """The student's page of the attempt that counts."""
    return _attempt(of, student, student)


def staff_page(of: Class, student: str) -> Told:
    """The student's row on the staff's page."""
    page = of.people["ta-001"].open(f"/services/exchange/staff/{of.unit}")
    row = page.locator("div[aria-label=Students] tr", has_text=student)
    assert row.locator("td a").first.get_attribute("href").endswith(of.counting[student])
    text = row.locator("td.how").inner_text()
    return Told.of(text, r"(?:bonus on top|of [\d.]+) (.*?)(?: needs a person)?$")


def attempt_for_staff(of: Class, student: str) -> Told:
    """The same attempt, as staff look at it."""
    return _attempt(of, "ta-001", student)


def _attempt(of: Class, reader: str, student: str) -> Told:
    page = of.people[reader].open(f"/services/exchange/attempts/{of.counting[student]}")
    head = page.locator("main > header").inner_text()
    assert "mark is that of this attempt" in head
    return Told.of(head, r"mark is that of this attempt: (.*?)\. The (?:best|last)")


def formgrader_list(of: Class, student: str) -> Told:
    """Formgrader's list of submissions."""
    return Told.of(of.formgrader_row(student).locator("td.score").inner_text())


def formgrader_student(of: Class, student: str) -> Told:
    """Formgrader's page of a student."""
    page = of.people["ta-001"].open(f"{of.formgrader}/manage_students/{student}")
    return Told.of(page.locator("#main-table td.score").first.inner_text())


def formgrader_submission(of: Class, student: str) -> Told:
    """The page on which a submission is marked: its sentence, and the sum of its fields less lateness."""
    page = of.submission(student)
    said = Told.of(page.locator("#mark-of-record").inner_text(), r"\((.*)\)$")
    fields = page.locator("input.score, input.extra-credit").all()
    total = sum(float(each.input_value() or each.get_attribute("placeholder") or 0) for each in fields)
    late = re.search(r"late: minus (\d+) %", said.how)
    assert abs(total * (1 - int(late[1]) / 100 if late else 1) - said.points) <= SHOWN
    return said


def interface(of: Class, student: str) -> Told:
    """The JSON interface: the student's record, and the staff's list."""
    record = of.ask(student, f"units/{of.unit}/attempts")["record"]
    marks = of.ask("ta-001", f"units/{of.unit}/marks")
    (seen,) = (each for each in marks if each["student"] == student)
    names = ("points", "out_of", "on_top", "how")
    assert [seen[name] for name in names] == [record[name] for name in names]
    return Told(*(record[name] for name in names))


def feedback(of: Class, student: str) -> Told:
    """The page of ``course feedback``."""
    path = of.course.data_folder / "feedback" / of.unit / student / "index.html"
    page = of.people["ta-001"].page
    page.goto(path.as_uri())
    return Told.of(page.locator("main > header").inner_text(), r"How this mark came about: (.*?)\.( |$)")


READERS: tuple[Callable[[Class, str], Told], ...] = (
    own_page,
    first_page,
    attempt_page,
    staff_page,
    attempt_for_staff,
    formgrader_list,
    formgrader_student,
    formgrader_submission,
    interface,
    feedback,
)


def marks_now(of: Class) -> dict[str, Mark]:
    """What the pure function says, without a look at any view."""
    with open_facts(of.course) as database:
        return views.pure(of.course, database)


def same_everywhere(of: Class) -> dict[str, Mark]:
    """Every view shows what the pure function says; returns that."""
    course = of.course
    with open_facts(course) as database:
        marks = views.pure(course, database)
        assert sorted(marks) == sorted(STUDENTS)
        of.counting = {name: mark.counting.attempt.id for name, mark in marks.items()}
        _projected(course, database, marks)
        views.printed(course, "feedback", of.unit)
        for view in views.VIEWS:  # those for which nobody needs a browser, files and commands among them
            view(course, database, marks)
        _total(of, course, database, marks)
    for reader in READERS:
        for student, mark in marks.items():
            reader(of, student).same(reader.__name__, mark)
    report(of, marks)
    of.marks = marks
    return marks


def report(of: Class, marks: Mapping[str, Mark]) -> None:
    """The numbers on the class report."""
    views.printed(of.course, "report", of.unit)
    page = of.people["ta-001"].page
    page.goto((of.course.data_folder / "reports" / of.unit / "index.html").as_uri())
    seen = {
        tile.locator("span").inner_text(): tile.locator("b").inner_text()
        for tile in page.locator(".tile").all()
    }
    points = [mark.points for mark in marks.values()]
    out_of = next(name for name in seen if name.startswith("mean of"))
    assert out_of == f"mean of {max(mark.out_of for mark in marks.values()):g}"
    assert abs(float(seen[out_of]) - statistics.fmean(points)) <= SHOWN
    assert abs(float(seen["median"]) - statistics.median(points)) <= SHOWN
    assert int(seen["late"]) == sum(mark.counting.late.percent > 0 for mark in marks.values())


def _total(of: Class, course: Course, database: Database, marks: Mapping[str, Mark]) -> None:
    """The total on the first page."""
    (unit,) = course.units
    with database.read() as connection:
        facts = read_facts(connection, course, unit)
    for student, mark in marks.items():
        over = units_over([facts], {student}, datetime.now(UTC))
        text = of.people[student].open("/services/exchange/").locator("main > header").inner_text()
        seen = float(re.search(r"([\d.]+) % in total", text)[1])
        assert abs(seen - total_of(course, {unit.name: mark}, over).percent) <= SHOWN


def _projected(course: Course, database: Database, marks: dict[str, Mark]) -> None:
    """Wait for result files and gradebook, which are written behind the facts."""
    end = time.monotonic() + PROJECTED
    while True:
        try:
            views.result_files(course, database, marks)
            views.gradebook(course, database, marks)
            return
        except (AssertionError, KeyError):
            if time.monotonic() > end:
                raise
            time.sleep(0.5)
