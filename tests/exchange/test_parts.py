"""The exchange's parts by themselves: tokens, queue, which attempt counts, receipts, blobs, the disk."""

import errno
import os
import shutil
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from queue import Queue

import pytest

from autograder.base.errors import SandboxFault
from autograder.base.leftovers import unfinished
from autograder.course import Disclosure, HintTokens
from autograder.exchange.grading import publisher, worker
from autograder.exchange.grading.judge import Judge, Stale
from autograder.exchange.service.rate import Buckets
from autograder.exchange.service.refusals import Refused
from autograder.exchange.store import attempts, graded, queue
from autograder.exchange.store.database import ExchangeDatabase
from autograder.exchange.store.hints import about, explains, level, opened, pay, spent
from autograder.exchange.store.receipts import ForgedReceipt, Receipt, Signer, verify_receipt
from autograder.exchange.store.uploads import File, Upload
from autograder.exchange.views.showing import view
from autograder.gradebook.folders import Folders
from autograder.marks import attempts as facts
from autograder.marks import graded as results
from autograder.marks import read_facts
from autograder.marks.blobs import Blobs
from autograder.marks.standings import behind
from autograder.results.result import Check, Result, Verdict, totals
from autograder.results.store import read_result
from autograder.sandbox import Sandbox

from .stage import notebook

TOKENS = HintTokens(start=2, per_hour=1, maximum=3)
HOUR = 3600.0
DUE = datetime(2027, 1, 17, tzinfo=UTC)


def test_tokens_are_spent_and_come_back():
    """Two at the start; one spent leaves one; an hour later there are two again, never more than three."""
    assert level(TOKENS, [], 0.0).whole == 2
    assert level(TOKENS, [0.0], 0.0).whole == 1
    assert level(TOKENS, [0.0, 1.0], 1.0).next_in == pytest.approx(HOUR - 1, abs=2)
    assert level(TOKENS, [0.0], HOUR).whole == 2
    assert level(TOKENS, [0.0], 100 * HOUR).whole == 3
    assert level(TOKENS, [0.0], 100 * HOUR).next_in is None


def test_a_clock_that_jumps_back_gives_no_tokens():
    """Time that runs backwards fills nothing."""
    assert level(TOKENS, [10 * HOUR, 10 * HOUR], 0.0).whole == 0


def test_an_explanation_is_paid_once(desk):
    """The same explanation again is free; without a token the refusal says when to come back."""
    with desk.database.write() as connection:
        pay(connection, TOKENS, "softmax", "student-001", "a", 0.0)
        pay(connection, TOKENS, "softmax", "student-001", "a", 1.0)
        pay(connection, TOKENS, "softmax", "student-001", "b", 1.0)
        with pytest.raises(Refused, match="The next one comes in 1 hour"):
            pay(connection, TOKENS, "softmax", "student-001", "c", 2.0)
        assert set(opened(connection, "softmax", "student-001")) == {"a", "b"}
        assert opened(connection, "softmax", "student-002") == frozenset()


def _check(task, verdict, **more):
    return Check(f"test_{task}", task, "It works.", 50.0, 0.0, verdict, **more)


EXPLAINED = _check(
    "forward",
    Verdict.FAILED,
    reason="The axis is wrong.",
    hint="See axis.",
    mistake="axis",
    case={"calls": "f(1)"},
)
PLAIN = _check("backward", Verdict.FAILED, reason="Expected shape (2,), got (3,).")


def _result(*checks, student="student-001"):
    return Result("softmax", student, checks=checks, **totals(checks))


def test_explanations_are_closed_until_they_are_paid(course):
    """Before the due date a token opens one task's explanation; after it all is open."""
    unit, result = course.units[0], _result(EXPLAINED, PLAIN)
    before = datetime(2020, 1, 1, tzinfo=UTC)
    closed = view(course, unit, result, (), before, DUE)
    assert closed.closed == ("forward", "backward")
    assert closed.result.checks[0].mistake is None
    assert closed.result.checks[0].case is None
    assert "axis" not in closed.result.to_json().replace("See axis", "")
    assert closed.result.checks[1].reason == closed.result.checks[0].reason
    paid = view(course, unit, result, {about("forward", result.checks)}, before, DUE)
    assert (paid.closed, paid.result.checks[0].mistake) == (("backward",), "axis")
    over = view(course, unit, result, (), datetime(2999, 1, 1, tzinfo=UTC), DUE)
    assert (over.closed, over.result.checks[0].case) == ((), {"calls": "f(1)"})


@pytest.mark.parametrize(
    ("verdict", "reason", "free"),
    [
        (Verdict.FAILED, "It has the wrong shape.", "The result is not the expected one."),
        (Verdict.ERROR, "f raised ValueError in line 2: `x[3]`.", "Your code raised an exception."),
    ],
)
def test_who_makes_an_unknown_mistake_learns_no_more_for_free(course, verdict, reason, free):
    """With a known mistake and without one the same is shown, and both can be opened."""
    before = datetime(2020, 1, 1, tzinfo=UTC)
    known = replace(EXPLAINED, verdict=verdict)
    unknown = replace(EXPLAINED, verdict=verdict, reason=reason, hint="", mistake=None)
    seen = [view(course, course.units[0], _result(each), (), before, DUE) for each in (known, unknown)]
    assert seen[0].result.checks == seen[1].result.checks
    assert [each.closed for each in seen] == [("forward",)] * 2
    assert seen[0].result.checks[0].reason == free


def test_what_kept_the_notebook_from_loading_is_free(course):
    """A syntax error is no riddle, and nothing is sold where nothing more would be told."""
    reason = "forward is not defined: cell 3, where it stands, has a syntax error in line 2."
    broken, stub = (_check("forward", v, reason=reason) for v in (Verdict.ERROR, Verdict.MISSING))
    for check in (broken, stub):
        seen = view(course, course.units[0], _result(check), (), datetime(2020, 1, 1, tzinfo=UTC), DUE)
        assert (seen.closed, seen.result.checks) == ((), (check,))


def test_the_same_mistake_is_not_sold_twice(course, desk):
    """What an opening has shown is open in a later attempt, where fewer checks show it, or others, too."""
    unit, before = course.units[0], datetime(2020, 1, 1, tzinfo=UTC)
    also = replace(EXPLAINED, id="test_more")
    other = replace(EXPLAINED, id="test_other", mistake="sign", reason="The sign is wrong.")
    first = _result(EXPLAINED, also)
    with desk.database.write() as connection:
        shows = [explains(check) for check in first.checks]
        pay(connection, TOKENS, unit.name, "student-001", about("forward", first.checks), 1.0, shows)
        paid = opened(connection, unit.name, "student-001")
        assert len(spent(connection, unit.name, "student-001")) == 1
    again = view(course, unit, _result(also), paid, before, DUE)
    assert (again.closed, again.result.checks[0].reason) == ((), "The axis is wrong.")
    mixed = view(course, unit, _result(also, other), paid, before, DUE)
    assert mixed.closed == ("forward",)
    assert [check.mistake for check in mixed.result.checks] == ["axis", None]


def test_what_the_course_never_shows_cannot_be_bought(course):
    """A token opens no more than the course discloses, also after the due date."""
    hidden = replace(course, disclosure=Disclosure(mistakes="never", smallest_case="never"))
    for year in (2020, 2999):
        seen = view(hidden, course.units[0], _result(EXPLAINED), (), datetime(year, 1, 1, tzinfo=UTC), DUE)
        assert (seen.closed, seen.result.checks[0].mistake) == ((), None)


def test_without_tokens_explanations_are_free(course):
    """A course may choose to have none."""
    free = replace(course, hint_tokens=None)
    seen = view(free, course.units[0], _result(EXPLAINED), (), datetime(2020, 1, 1, tzinfo=UTC), DUE)
    assert (seen.closed, seen.result.checks[0].mistake) == ((), "axis")


def _handed_in(desk, student="student-001", content=b"{}"):
    unit = desk.course.units[0]
    return attempts.accept(desk, unit, student, Upload((File("softmax.ipynb", content),)))[0]


def test_the_queue_gives_each_entry_to_one_worker(desk):
    """An entry that is held is nobody else's, until its lease has run out."""
    _handed_in(desk)
    with desk.database.write() as connection:
        entry = queue.take(connection, "w1", 100.0, 20.0, 3)
        assert entry.attempt
        assert queue.take(connection, "w2", 110.0, 20.0, 3) is None
        assert queue.renew(connection, entry, 140.0)
        assert queue.take(connection, "w2", 130.0, 20.0, 3) is None
        again = queue.take(connection, "w2", 141.0, 20.0, 3)
        assert (again.attempt, again.worker, again.tries) == (entry.attempt, "w2", 2)
        assert not queue.renew(connection, entry, 200.0)


def test_an_entry_that_kills_its_workers_is_set_aside(desk):
    """Tried again at once, then behind the others; after three silent ends staff must look."""
    first, second = _handed_in(desk), _handed_in(desk, "student-002")
    with desk.database.write() as connection:
        for at in (0.0, 100.0):
            taken = queue.take(connection, "w", at + 1, 20.0, 3)
            assert taken.attempt == first.id
        assert queue.ahead(connection, taken, at + 50) == 1
        other = queue.take(connection, "w", 201.0, 20.0, 3)
        assert other.attempt == second.id
        assert queue.end(connection, other)
        assert queue.take(connection, "w", 301.0, 20.0, 3).attempt == first.id
        assert queue.take(connection, "w", 401.0, 20.0, 3) is None
        assert [entry.attempt for entry in queue.troubled(connection)] == [first.id]
        queue.add(connection, first.id)
        assert queue.troubled(connection) == []


def test_places_in_line_count_from_the_front(desk):
    """Who came first is served first, whoever it is."""
    made = [_handed_in(desk, f"student-{n}") for n in range(3)]
    with desk.database.read() as connection:
        entries = [queue.find(connection, attempt.id) for attempt in made]
        assert [queue.ahead(connection, entry, 1.0) for entry in entries] == [0, 1, 2]


def test_a_second_end_of_an_entry_changes_nothing(desk):
    """Two workers that graded the same attempt leave one result and one change of standing."""
    attempt = _handed_in(desk)
    with desk.database.write() as connection:
        entry = queue.take(connection, "w1", 1.0, 1.0, 3)
        assert graded.finish(connection, entry, attempt, _result(PLAIN), "2027")
        assert not graded.finish(connection, entry, attempt, _result(EXPLAINED), "2028")
        assert results.result_of(connection, attempt.id).checks == (PLAIN,)
        assert len(behind(connection, "written", ["softmax"])) == 1
    publisher.write_results(desk, desk.course)
    with desk.database.read() as connection:
        assert behind(connection, "written", ["softmax"]) == []
    assert read_result(desk.course, "softmax", "student-001").checks == (PLAIN,)


def test_a_worker_s_regrade_takes_back_nothing_that_was_shown(desk):
    """What an attempt of the hub had is kept where it is graded anew and the checks give less."""
    attempt = _handed_in(desk)
    full = replace(_check("forward", Verdict.PASSED), earned=50.0)
    for check, digest in ((full, "a"), (PLAIN, "b")):
        with desk.database.write() as connection:
            queue.add(connection, attempt.id)
            entry = queue.take(connection, "w", 1.0, 1.0, 3)
            assert graded.finish(connection, entry, attempt, replace(_result(check), digest=digest), "2027")
    with desk.database.read() as connection:
        mark = read_facts(connection, desk.course, desk.course.units[0], attempt.student).mark(
            attempt.student
        )
    assert mark.points == 50.0 and mark.counting.kept is not None


def test_a_result_with_half_characters_is_kept(desk):
    """What student code raised may hold text that UTF-8 cannot."""
    attempt = _handed_in(desk)
    odd = replace(PLAIN, reason="\ud800 and \0")
    with desk.database.write() as connection:
        graded.finish(connection, queue.take(connection, "w", 1.0, 1.0, 3), attempt, _result(odd), "2027")
        assert results.result_of(connection, attempt.id).checks[0].reason == odd.reason


def test_every_attempt_is_kept(desk):
    """Numbers run from one per student; an attempt handed in twice is two attempts with one blob."""
    numbers = [_handed_in(desk).number for _ in range(3)] + [_handed_in(desk, "student-002").number]
    assert numbers == [1, 2, 3, 1]
    assert len([path for path in desk.blobs.folder.rglob("*") if path.is_file()]) == 1


def test_a_publisher_clears_what_a_killed_one_had_begun(desk):
    """Result files and what formgrader shows; what a living process writes stays."""
    course = desk.course
    folders = course.results("softmax"), Folders(course).autograded("softmax", "student-001").parent
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    written = [unfinished(folder / "file") for folder in folders]
    begun = [path.with_name(path.name.replace(f"-{os.getpid()}-", f"-{dead.pid}-")) for path in written]
    for path in (*begun, *written):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    publisher.publish(desk, parent=-1)  # who is gone
    assert not any(path.exists() for path in begun)
    assert all(path.exists() for path in written)


RECEIPT = Receipt("c", "u", "s", "a", 1, "2027-01-01T00:00:00+00:00", "0" * 64, 3, {"u.ipynb": "1" * 64})


def test_a_receipt_is_signed_and_cannot_be_changed(tmp_path):
    """Any changed letter, a cut, or another exchange's key is noticed."""
    signer = Signer(tmp_path / "key")
    text = signer.sign(RECEIPT)
    assert verify_receipt(text, signer.public_key()) == RECEIPT
    assert verify_receipt(text[:50] + "\n" + text[50:], signer.public_key()) == RECEIPT
    changed = [
        text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :] for at in range(0, len(text) - 1, 7)
    ]
    for forged in (*changed, text[:-9], text.partition(".")[0], "", "a.b.c", "ü.ü"):
        with pytest.raises(ForgedReceipt):
            verify_receipt(forged, signer.public_key())
    with pytest.raises(ForgedReceipt):
        verify_receipt(text, Signer(tmp_path / "other").public_key())


def test_a_full_disk_is_said_and_leaves_nothing(desk, monkeypatch):
    """A write that fails for lack of room stores no blob, no attempt and no entry of the queue."""

    def full(handle):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Refused, match="no room left") as refused:
        _handed_in(desk)
    assert refused.value.status == 507
    assert not [path for path in desk.blobs.folder.rglob("*") if path.is_file()]
    with desk.database.read() as connection:
        assert facts.of_unit(connection, "softmax") == []
        assert queue.length(connection) == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_a_really_full_disk(tmp_path, desk):
    """On a file system of one megabyte blobs and database refuse with the sentence, and recover."""
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", small], check=False).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        database = ExchangeDatabase(f"sqlite:///{small / 'x.db'}")
        there = replace(desk, blobs=Blobs(small / "blobs"), database=database)
        (small / "ballast").write_bytes(bytes(shutil.disk_usage(small).free))
        with pytest.raises(Refused, match="no room left"):
            attempts.keep(there, [File("softmax.ipynb", os.urandom(200_000))])
        with pytest.raises(Refused, match="no room left"):
            _fill(database)
        (small / "ballast").unlink()
        (kept,) = attempts.keep(there, [File("softmax.ipynb", b"there is room again")])
        assert there.blobs.get(kept.sha256) == b"there is room again"
        with database.write() as connection:
            assert queue.length(connection) == 0
        database.close()
    finally:
        subprocess.run(["umount", small], check=True)


def _fill(database):
    with database.write() as connection:
        queue.add(connection, *(f"{number:032d}" for number in range(2000)))


def test_buckets_empty_and_fill():
    """A burst is taken, then the rate; others are not held back."""
    now = [0.0]
    buckets = Buckets(1.0, 3.0, clock=lambda: now[0])
    for _ in range(3):
        buckets.take("a", "uploads")
    with pytest.raises(Refused, match="Too many uploads") as refused:
        buckets.take("a", "uploads")
    assert (refused.value.status, refused.value.retry_after) == (429, 1.0)
    buckets.take("b", "uploads")
    now[0] = 1.0
    buckets.take("a", "uploads")


def test_a_sandbox_that_does_not_start_is_tried_once_more(desk, monkeypatch):
    """Then the attempt is BROKEN: without a score, and kept for staff."""
    attempt = _handed_in(desk)
    tries = []

    def fail(*_):
        tries.append(1)
        raise SandboxFault("bwrap: no permissions to create a new namespace")

    monkeypatch.setattr(Sandbox, "start", fail)
    judge = Judge(desk.course, desk.blobs, "walled")
    result = judge.grade(attempt, lambda digest: None)
    assert (len(tries), result.broken, result.score) == (2, True, None)
    assert "new namespace" in result.flags[0]


def test_a_blob_that_is_gone_is_set_aside_for_staff(desk):
    """It is no submission without a notebook: its student gets no result that says so."""
    attempt = _handed_in(desk)
    desk.blobs.path(attempt.notebook.sha256).unlink()
    worker.step(desk, Judge(desk.course, desk.blobs, "walled"), "worker")
    with desk.database.read() as connection:
        (entry,) = queue.troubled(connection)
        assert results.result_of(connection, attempt.id) is None
    assert entry.trouble.startswith("FileNotFoundError")


def test_a_worker_that_hangs_ends_itself(desk, monkeypatch):
    """Its parent starts another; until then its attempt would wait for ever, and so would the next one."""
    _handed_in(desk)
    soon = replace(desk, limits=replace(desk.limits, lease_seconds=0.1))
    ended = Queue()
    monkeypatch.setattr(worker, "HANGS", 0)
    monkeypatch.setattr(worker.os, "_exit", ended.put)

    class Hanging:
        def grade(self, *_):
            assert ended.get(timeout=20) == worker.STUCK
            raise RuntimeError("ended")

    worker.step(soon, Hanging(), "worker")
    with desk.database.read() as connection:
        (entry,) = queue.troubled(connection)
    assert entry.trouble == "RuntimeError: ended"


def test_of_two_notebooks_the_only_one_with_work_in_it_is_graded(desk):
    """Also where the other has the unit's name; it is said in the result, and nothing is thrown away."""
    unit = desk.course.units[0]
    given = unit.released_notebook.read_bytes()
    upload = Upload((File("softmax (1).ipynb", notebook(desk.course)), File("softmax.ipynb", given)))
    attempt, _ = attempts.accept(desk, unit, "student-001", upload)
    with desk.database.read() as connection:
        kept = attempts.find(connection, attempt.id)
    assert kept.notebook.path == "softmax (1).ipynb"
    assert {file.path for file in kept.files} == {"softmax (1).ipynb", "softmax.ipynb"}
    with closing(Judge(desk.course, desk.blobs, "walled")) as judge:
        result = judge.grade(kept, lambda digest: None)
    assert result.score == 100.0
    assert any("softmax.ipynb is as it was released" in line for line in (*result.flags, *result.healed))


def test_of_two_notebooks_with_work_in_them_the_one_with_the_unit_s_name_is_graded(desk):
    """As where nothing can be told; two with other names are refused."""
    unit = desk.course.units[0]
    work = notebook(desk.course), notebook(desk.course, "softmax_forward")
    files = (File("softmax (1).ipynb", work[0]), File("softmax.ipynb", work[1]))
    attempt, _ = attempts.accept(desk, unit, "student-001", Upload(files))
    assert attempt.notebook.path == "softmax.ipynb"
    others = (File("a.ipynb", work[0]), File("b.ipynb", work[1]))
    with pytest.raises(Refused, match="found 'a\\.ipynb', 'b\\.ipynb'"):
        attempts.accept(desk, unit, "student-001", Upload(others))


def test_the_last_result_for_the_same_cells_is_known(desk):
    """By whichever words it was explained; that of other cells or of another student is not."""
    first, second = _handed_in(desk), _handed_in(desk)
    result = Result("softmax", "student-001", 70.0, 100.0, digest="d", explained="old words")
    for number, (attempt, given) in enumerate(((first, result), (second, replace(result, explained="new")))):
        with desk.database.write() as connection:
            entry = queue.find(connection, attempt.id)
            graded.finish(connection, entry, attempt, given, f"2027-01-1{number}")
    with desk.database.read() as connection:
        assert results.same_digest(connection, "softmax", "student-001", "d").explained == "new"
        assert results.same_digest(connection, "softmax", "student-001", "e") is None
        assert results.same_digest(connection, "softmax", "student-002", "d") is None


@pytest.mark.parametrize("part", ["grader", "mistakes", "reference", "released_notebook"])
def test_a_judge_knows_when_its_unit_has_changed(course, desk, part):
    """A warm grader holds what it has read; its process ends and another reads anew."""
    judge = Judge(course, desk.blobs, "walled")
    assert not judge.stale()
    path = getattr(course.units[0], part)
    path.write_text(path.read_text() + "\n")
    assert judge.stale()


def test_a_judge_knows_when_a_helper_file_has_changed(course, desk):
    """Files that students receive are in the sandbox as they were read."""
    unit = replace(course.units[0], files=("data.csv",))
    changed = replace(course, units=(unit,))
    (unit.folder / "data.csv").write_text("1")
    judge = Judge(changed, desk.blobs, "walled")
    (unit.folder / "data.csv").write_text("2")
    assert judge.stale()


def test_what_is_handed_in_after_a_change_is_not_judged_by_old_files(course, desk):
    """A worker looks at all units every few seconds; at the one of an attempt it looks before each."""
    attempt, judge = _handed_in(desk), Judge(course, desk.blobs, "walled")
    grader = course.units[0].grader
    grader.write_text(grader.read_text() + "\n")
    with pytest.raises(Stale):
        worker.step(desk, judge, "worker")
    with desk.database.read() as connection:
        entry = queue.find(connection, attempt.id)
    assert (entry.worker, entry.tries) == ("", 0)
