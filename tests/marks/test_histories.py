"""Whatever happens, in which order, and wherever it is killed: all views tell one mark, nothing is lost.

A history is a sequence of rules that hypothesis draws; a failing one is shortened and printed. Grading is
not played here, only what it would have said. Steps may follow one another before anything is brought up to
date; bringing up to date may be killed before any commit and before any file takes its place.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import shutil
from contextlib import contextmanager
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine, event, make_url

from autograder.course import load_course
from autograder.exchange.store import graded as ends
from autograder.exchange.store import queue
from autograder.exchange.store.desk import open_desk
from autograder.gradebook import ensure_assignment
from autograder.gradebook.catching_up import catch_up
from autograder.gradebook.database import open_gradebook
from autograder.marks import attempts, by_hand, exceptions, graded, kept, open_facts, read_facts
from autograder.marks.by_hand import Entry
from autograder.marks.database import Database, database_url
from autograder.marks.roster import Member, add, drop, roster_file
from tests.gradebook.conftest import CONFIG
from tests.postgres import postgres  # noqa: F401 - a fixture

from .views import VIEWS, pure
from .world import DEED, FAILED, NOW, PASSED, UNIT, from_file, notebook, on_the_hub, said

STUDENTS = ("student-001", "student-002")
MOMENTS = ("2027-01-17T11:00+00:00", "2027-01-18T11:00+00:00", "2027-01-21T11:00+00:00", None)
WHERE = ("hub", "file")
GIVEN = (("days", "1"), ("hours", "30"), ("until", "2027-01-20T12:00+00:00"), ("late_day", "1"))
DUES = ("2027-01-17T12:00+00:00", "2027-01-19T12:00+00:00", "2026-01-01T12:00+00:00")
WORTH = {"forward": 60.0, "backward": 40.0, "why": 10.0}
TEXTS = ("", "a" * 64, "b" * 64)  # digests of the written answer, which a notebook's content decides

students = st.sampled_from(STUDENTS)
verdicts = st.tuples(*[st.sampled_from((PASSED, FAILED))] * 4)
names = st.sampled_from(sorted(WORTH))
quarters = st.integers(0, 4)
tolds = st.integers(0, len(TEXTS) - 1)
ANSWERS = {
    hashlib.sha256(notebook(where, str(told))).hexdigest(): text
    for where in WHERE
    for told, text in enumerate(TEXTS)
}


def graded_as(attempt, all_, digest="d"):
    """What grading would say of an attempt."""
    return said(attempt, *all_, answer=ANSWERS[attempt.notebook.sha256], digest=digest)


class Killed(BaseException):
    """The process is gone."""


@contextmanager
def killed_after(steps: int | None):
    """End before one of the next commits, or files that take their places."""
    left = itertools.count()
    put = os.replace

    def step(*_):
        if next(left) == steps:
            raise Killed

    def replaced(*paths, **more):
        step()
        put(*paths, **more)

    os.replace = replaced
    event.listen(Engine, "commit", step)
    try:
        yield
    except Killed:
        pass
    finally:
        event.remove(Engine, "commit", step)
        os.replace = put


class Histories(RuleBasedStateMachine):
    """The facts of two students at one unit, and what people gave, beside them."""

    folders = url = gradebook_url = built = None  # of the test: where, and on which databases

    @initialize()
    def begin(self):
        """A course without facts."""
        self.root = next(self.folders)
        shutil.copytree(self.built, self.root)
        self.policy = {"due": DUES[0], "percent": 10.0, "counts": "best"}
        self.databases = {"database": next(self.url), "gradebook": next(self.gradebook_url)}
        self.given = {}  # (attempt or digest of the answer, student, name, kind) -> points
        self.foreign = []  # what somebody wrote into the gradebook: student, name, points
        self.taken_in = 0  # the last fact that came from the gradebook
        self.behind = False
        self.configure()
        self.database = Database(database_url(self.course), self.course)
        add(roster_file(self.course), [Member(name, "student") for name in STUDENTS])

    def configure(self):
        """Write course_config.py as the policy is now."""
        text = CONFIG.replace('due="2027-01-17T12:00+00:00"', f'due="{self.policy["due"]}"')
        text = text.replace("import Course, Unit", "import Course, LatePolicy, Unit")
        more = (
            f'late=LatePolicy({self.policy["percent"]}, 5, 0), counts="{self.policy["counts"]}", late_days=3'
        )
        more += "".join(f", {name}={url!r}" for name, url in self.databases.items() if url)
        (self.root / "course_config.py").write_text(text.replace('"Tiny course",', f'"Tiny course", {more},'))
        self.course = load_course(self.root)

    @contextmanager
    def writing(self):
        """One transaction of facts."""
        with self.database.write() as connection:
            yield connection
        self.behind = True

    def reading(self, student):
        """The facts of one student."""
        with self.database.read() as connection:
            return read_facts(connection, self.course, self.course.unit(UNIT), student)

    # -- what students and graders do

    @rule(student=students, told=tolds)
    def hand_in_on_the_hub(self, student, told):
        """A notebook, perhaps the same once more."""
        desk = open_desk(self.course)
        try:
            on_the_hub(desk, student, notebook("hub", str(told)))
        finally:
            desk.database.close()

    @rule(student=students, told=tolds, moment=st.sampled_from(MOMENTS), all_=verdicts)
    def grade_a_file(self, student, told, moment, all_):
        """A file is an attempt, and graded at once."""
        with self.writing() as connection:
            attempt = from_file(self.course, connection, student, notebook("file", str(told)), moment)
            graded.store(connection, attempt, graded_as(attempt, all_), NOW)

    @rule(all_=verdicts)
    def a_worker_grades(self, all_):
        """The first entry of the queue."""
        with self.writing() as connection:
            entry = queue.take(connection, "worker", 0.0, 20.0, 3)
            if entry is not None:
                attempt = attempts.find(connection, entry.attempt)
                ends.finish(connection, entry, attempt, graded_as(attempt, all_), NOW)

    @rule(student=students, all_=verdicts, keep=st.booleans())
    def regrade(self, student, all_, keep):
        """All attempts of a student, to more or to less; what was shown may be kept."""
        before = self.reading(student)
        with self.writing() as connection:
            for attempt in before.attempts.get(student, ()):
                if attempt.id in before.graded:
                    if keep:
                        kept.keep(connection, attempt, before.graded[attempt.id], DEED)
                    graded.store(connection, attempt, graded_as(attempt, all_, "e"), NOW)

    # -- what staff do

    def one_graded(self, student, last):
        """An attempt with a score, and its summary."""
        facts = self.reading(student)
        sound = [each for each in facts.mark(student).attempts if each.sound]
        return (sound[-1] if last else sound[0]) if sound else None

    @rule(student=students, name=names, share=st.none() | quarters, extra=st.booleans(), last=st.booleans())
    def mark_by_hand(self, student, name, share, extra, last):
        """Points or extra credit for a task or the answer, or taken back."""
        each = self.one_graded(student, last)
        if each is None:
            return
        kind = by_hand.EXTRA if extra else by_hand.POINTS
        points = None if share is None else WORTH[name] * share / 4
        answer = each.graded.answers.get(name, "") if name == "why" else ""
        entry = Entry(
            UNIT, student, each.attempt.id, name, kind, points, "", answer, each.cells[name].automatic
        )
        with self.writing() as connection:
            by_hand.add(connection, entry, DEED)
        self.given[answer or each.attempt.id, student, name, kind] = points

    @rule(student=students, last=st.booleans())
    def lift_what_is_kept(self, student, last):
        """The latest result counts again."""
        each = self.one_graded(student, last)
        if each is not None:
            with self.writing() as connection:
                kept.lift(connection, each.attempt, DEED)

    @rule(student=st.sampled_from((*STUDENTS, "")), what=st.sampled_from(GIVEN))
    def extend(self, student, what):
        """For one or for all; late days are a student's own."""
        if what[0] == "late_day" and not student:
            return
        with self.writing() as connection:
            exceptions.add(connection, UNIT, student, *what, DEED)

    @rule(number=st.integers(0, 5))
    def lift_an_exception(self, number):
        """One of those that hold."""
        with self.writing() as connection:
            holding = [each for each in exceptions.every(connection) if each.lifted is None]
            if holding:
                exceptions.lift(connection, holding[number % len(holding)], DEED)

    @rule(due=st.sampled_from(DUES), percent=st.sampled_from((10.0, 25.0)), last=st.booleans())
    def change_the_course(self, due, percent, last):
        """Another due date, another price of a day, another attempt that counts."""
        self.policy = {"due": due, "percent": percent, "counts": "last" if last else "best"}
        self.configure()
        self.behind = True

    @rule(student=students)
    def drop_and_add_again(self, student):
        """Who leaves and comes back has what was there."""
        before = self.reading(student).mark(student)
        drop(roster_file(self.course), student)
        assert self.reading(student).mark(student) == before
        add(roster_file(self.course), [Member(student, "student")])
        assert self.reading(student).mark(student) == before

    @precondition(lambda self: not self.behind and pure(self.course, self.database))
    @rule(name=names, share=quarters)
    def write_into_the_gradebook(self, name, share):
        """A script of somebody's, by nbgrader's own means."""
        student, points = next(iter(pure(self.course, self.database))), WORTH[name] * share / 4
        cell = name if name == "why" else f"points-{name}"
        with open_gradebook(self.course) as book:
            book.find_grade(cell, UNIT, UNIT, student).manual_score = points
            book.db.commit()
        self.foreign.append((student, name, points))
        with self.writing() as connection:
            exceptions.add(
                connection, UNIT, student, "hours", "1", DEED
            )  # so that something is to be written

    # -- what has to hold

    @rule(steps=st.integers(0, 12))
    def bring_up_to_date_but_be_killed(self, steps):
        """The next run goes on where it was."""
        with killed_after(steps):
            catch_up(self.course, self.database)
        self.bring_up_to_date()

    @rule()
    def bring_up_to_date(self):
        """All views tell one mark then."""
        assert catch_up(self.course, self.database) == []
        self.behind = False
        marks = pure(self.course, self.database)
        for view in VIEWS:
            view(self.course, self.database, marks)
        self.all_foreign_points_are_facts()

    def all_foreign_points_are_facts(self):
        """What was written into the gradebook has been taken in, once."""
        with self.database.read() as connection:
            entries = by_hand.of_unit(connection, UNIT)
        for student, name, points in self.foreign:
            mine = [
                each for each in entries if (each.student, each.name, each.points) == (student, name, points)
            ]
            assert mine, f"{points} for {name} of {student}, written into the gradebook, are lost"
        for entry in entries:
            if entry.who == "gradebook" and entry.id > self.taken_in:
                self.taken_in = entry.id
                self.given[entry.answer or entry.attempt, entry.student, entry.name, entry.kind] = (
                    entry.points
                )
        self.foreign.clear()

    @invariant()
    def what_a_person_gave_holds(self):
        """In each attempt with a score: the last points for the task, or for the same answer."""
        if not hasattr(self, "given"):
            return
        marks = {student: self.reading(student).mark(student) for student in STUDENTS}
        for (where, student, name, kind), points in self.given.items():
            for each in marks[student].attempts:
                answer = each.graded.answers.get(name, "") if each.sound else None
                if points is not None and where == (answer or each.attempt.id) and answer is not None:
                    cell = each.cells[name]
                    assert (cell.extra if kind == by_hand.EXTRA else cell.points) == points, (student, name)

    def teardown(self):
        """End with everything up to date; nothing of it stays on the disk."""
        if hasattr(self, "root"):
            try:
                self.bring_up_to_date()
            finally:
                self.database.close()
                shutil.rmtree(self.root)


def play(histories, examples: int, steps: int) -> None:
    """Histories of so many steps, each on a course of its own."""
    run_state_machine_as_test(
        histories,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            database=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        ),
    )


def folders_in(path):
    """A new folder each time."""
    return (path / f"history-{number}" for number in itertools.count())


def test_every_history_gives_one_mark(built, tmp_path, monkeypatch):
    """On SQLite."""
    monkeypatch.delenv("COURSE_DATA", raising=False)
    nowhere = itertools.repeat(None)
    play(_on(built, tmp_path, nowhere, nowhere), examples=12, steps=14)


def test_every_history_gives_one_mark_on_postgresql(built, tmp_path, monkeypatch, postgres):  # noqa: F811
    """Facts and gradebook on a server."""
    monkeypatch.delenv("COURSE_DATA", raising=False)
    folder, template = tmp_path / "built", postgres.fresh()
    shutil.copytree(built, folder)
    course = replace(load_course(folder), gradebook=template)
    ensure_assignment(course, course.unit(UNIT))
    made = (postgres.fresh() for _ in itertools.count())
    name = make_url(template).database
    postgres.fresh("kept", template=name)
    books = (postgres.fresh(name, template="kept") for _ in itertools.count())  # the URL decides what is made
    play(_on(folder, tmp_path, made, books), examples=4, steps=12)


def _on(folder, path, urls, gradebook_urls):
    class OnThese(Histories):
        folders, url, gradebook_url, built = folders_in(path), urls, gradebook_urls, folder

    return OnThese


@pytest.mark.parametrize("steps", range(4))
def test_a_kill_is_a_kill(built, tmp_path, monkeypatch, steps):
    """The way in which histories are killed does end the writing: something is still behind."""
    monkeypatch.delenv("COURSE_DATA", raising=False)
    shutil.copytree(built, tmp_path / "course")
    course = load_course(tmp_path / "course")
    with open_facts(course) as database, database.write() as connection:
        attempt = from_file(course, connection, "student-001", notebook("1"), MOMENTS[0])
        graded.store(connection, attempt, said(attempt), NOW)
    finished = False
    with killed_after(steps), open_facts(course) as database:
        catch_up(course, database)
        finished = True
    assert not finished
