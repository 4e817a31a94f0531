"""What one student may store: drafts expire, attempts never, and each is told what to do."""

import os
import time
from contextlib import closing
from dataclasses import replace

import pytest

from autograder.base.errors import ConfigError
from autograder.exchange.service.refusals import Refused
from autograder.exchange.store import attempts
from autograder.exchange.store.desk import open_desk
from autograder.exchange.store.drafts import keep_draft
from autograder.exchange.store.tidying import tidy
from autograder.exchange.store.uploads import File, Upload

from .stage import notebook, packed
from .test_pages import hand_in, logged_in, word_of

HOUR = 3600.0
LIMITS = {"stored_mib": 4.0, "last_mib": 1.0, "small_mib": 0.5, "drafts_mib": 2.0}


@pytest.fixture
def small(desk):
    """An exchange that stores 4 MiB of a student, the last of them for uploads of half a MiB."""
    return replace(desk, limits=replace(desk.limits, **LIMITS))


def test_what_was_only_looked_at_goes_after_an_hour(desk):
    """With its row; an attempt with the same or another file keeps its own, whatever its age."""
    unit, shared = desk.course.units[0], File("data.csv", b"1,2")
    looked = keep_draft(desk, unit, "student-001", [File("softmax.ipynb", b"looked at"), shared], looked=True)
    kept = _hand_in(desk, "student-002", b"handed in", shared)
    _age(desk, 0.9 * HOUR)
    assert tidy(desk) == 0
    assert _stored(desk) == {file.sha256 for file in (*looked.files, *kept.files)}
    _age(desk, 2 * HOUR)
    assert tidy(desk) == 1
    assert _stored(desk) == {file.sha256 for file in kept.files}
    _age(desk, 1000 * HOUR)
    assert tidy(desk) == 0
    assert _stored(desk) == {file.sha256 for file in kept.files}
    with pytest.raises(Refused, match="too long ago"):
        attempts.accept_draft(desk, unit, looked, "key")


def test_what_has_a_receipt_stays_whatever_the_database_says(desk):
    """After a restore the database may know a draft and not its attempt: the file stays, read-only."""
    from autograder.exchange.store.tables import DRAFTS
    from autograder.marks.attempts import dump_files
    from autograder.marks.tables import ATTEMPTS

    kept = _hand_in(desk, "student-001", b"handed in after the backup")
    row = {"id": "d", "student": "student-001", "unit": "softmax", "moment": 0.0}
    with desk.database.write() as connection:
        connection.execute(ATTEMPTS.delete())
        connection.execute(DRAFTS.insert().values(row | {"files": dump_files(kept.files)}))
    _age(desk, 2 * HOUR)
    assert tidy(desk) == 0
    assert desk.blobs.get(kept.files[0].sha256) == b"handed in after the backup"


def test_a_file_that_is_stored_once_more_is_young_again(desk):
    """``course grade`` stores files without a draft: one that a draft had, too, stays for it."""
    unit = desk.course.units[0]
    keep_draft(desk, unit, "student-001", [File("softmax.ipynb", b"both")], looked=True)
    _age(desk, 2 * HOUR)
    with desk.blobs.together() as put:
        name = put(b"both")
    assert tidy(desk) == 0
    assert desk.blobs.get(name) == b"both"


def test_looking_over_and_over_fills_no_disk(small):
    """Past the limit another look is refused with what to do; the same file again costs nothing."""
    unit = small.course.units[0]
    first = os.urandom(2**20)
    for content in (first, os.urandom(2**20 - 10), first, first):
        keep_draft(small, unit, "student-001", [File("softmax.ipynb", content)], looked=True)
    with pytest.raises(Refused, match="Hand one of them in, or look again in 60 minutes") as refused:
        keep_draft(small, unit, "student-001", [File("softmax.ipynb", os.urandom(100))], looked=True)
    assert refused.value.status == 429
    assert len(_stored(small)) == 2
    keep_draft(small, unit, "student-002", [File("softmax.ipynb", os.urandom(100))], looked=True)
    attempts.accept(small, unit, "student-001", Upload((File("softmax.ipynb", os.urandom(100)),)))


def test_a_quota_leaves_room_for_a_notebook_without_outputs(small):
    """Nearly full: large uploads are refused, small ones taken; full: all are, with the way out."""
    for _ in range(3):
        _hand_in(small, "student-001", os.urandom(2**20 - 100))
    with pytest.raises(Refused, match="clear the outputs of the notebook") as refused:
        _hand_in(small, "student-001", os.urandom(2**20))
    assert refused.value.status == 413
    again = os.urandom(2**19)
    for _ in range(3):
        _hand_in(small, "student-001", again)  # the same file is stored once
    _hand_in(small, "student-001", os.urandom(2**19 - 100))
    with pytest.raises(Refused, match="Tell the course staff"):
        _hand_in(small, "student-001", os.urandom(2**19))
    _hand_in(small, "student-002", os.urandom(2**20))
    assert len(_stored(small)) == 6


def test_the_operator_sets_the_quota(course, monkeypatch):
    """By an environment variable of the hub; what is no number is said at the start."""
    monkeypatch.setenv("COURSE_STORED_MIB", "2048")
    opened = open_desk(course)
    with closing(opened.database):
        assert opened.limits.stored_mib == 2048.0
    monkeypatch.setenv("COURSE_STORED_MIB", "2 GiB")
    with pytest.raises(ConfigError, match="such as 2048"):
        open_desk(course)


def test_attempts_at_one_unit_are_many_and_not_without_end(desk):
    """Each look at a unit goes through all of them."""
    few = replace(desk, limits=replace(desk.limits, attempts=2))
    for _ in range(2):
        _hand_in(few, "student-001", b"{}")
    with pytest.raises(Refused, match="handed in softmax 2 times"):
        _hand_in(few, "student-001", b"{}")


def test_a_refused_upload_leaves_nothing(stage, desk):
    """Over HTTP: the sentence, no attempt, no file."""
    stage.app.state.desk = tiny = replace(desk, limits=replace(desk.limits, stored_mib=0.0001))
    upload = {"files": [packed("softmax.ipynb", notebook(stage.course))]}
    before = _stored(tiny)
    answer = stage.student().post("api/units/softmax/attempts", json=upload)
    assert (answer.status_code, "Tell the course staff" in answer.json()["error"]) == (413, True)
    assert _stored(tiny) == before
    assert stage.student().get("api/units/softmax/attempts").json()["attempts"] == []


def test_a_draft_that_has_expired_says_so(stage, desk):
    """Who comes back to the page the next day uploads again; an attempt made of it is found again."""
    with logged_in(stage, "student-001", "nbgrader-course") as browser:
        look, page = hand_in(stage, browser, notebook(stage.course))
        _age(desk, 2 * HOUR)
        tidy(desk)
        draft = look.text.split('name="draft" value="')[1].split('"')[0]
        again = browser.post("units/softmax/hand-in", data={"word": word_of(look), "draft": draft})
        assert again.url == page.url
        upload = {"files": ("softmax.ipynb", b"{}", "application/octet-stream")}
        late = browser.post("units/softmax/look", data={"word": word_of(look)}, files=upload)
        _age(desk, 2 * HOUR)
        tidy(desk)
        draft = late.text.split('name="draft" value="')[1].split('"')[0]
        answer = browser.post("units/softmax/hand-in", data={"word": word_of(look), "draft": draft})
        assert (answer.status_code, "too long ago" in answer.text) == (422, True)


def _hand_in(desk, student, content, *others):
    upload = Upload((File("softmax.ipynb", content), *others))
    return attempts.accept(desk, desk.course.units[0], student, upload)[0]


def _stored(desk):
    return {path.name for path in desk.blobs.folder.rglob("*") if path.is_file()}


def _age(desk, seconds):
    """Let all that was stored be so old."""
    from autograder.exchange.store.tables import DRAFTS

    moment = time.time() - seconds
    for path in desk.blobs.folder.rglob("*"):
        os.utime(path, (moment, moment))
    with desk.database.write() as connection:
        connection.execute(DRAFTS.update().values(moment=moment))
