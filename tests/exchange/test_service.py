"""The whole service: real processes, real HTTP, real grading, and what survives a kill."""

import json
import os
import signal
import time
from dataclasses import replace

import pytest

from autograder.course import load_course
from autograder.exchange.service.settings import ServiceLimits
from autograder.exchange.store.receipts import verify_receipt
from autograder.results.store import read_result
from autograder.unit.release import build, publish
from autograder.unit.scaffold import new_unit
from benchmarks.deadline import rehearse
from tests.booked import read_booked
from tests.support import code
from tests.waiting import until

from .stage import children, files, notebook, release, settle

pytestmark = [pytest.mark.sandbox, pytest.mark.xdist_group("exchange-service")]


def test_a_submission_is_graded_at_once(service):
    """A student hands in, gets a receipt, then the mark; the result lies where the course looks."""
    stage = service.stage
    student = stage.student()
    answer = student.post("api/units/softmax/attempts", json=files(softmax_ipynb=notebook(stage.course)))
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["number"] == 1
    assert made["state"] in ("waiting", "grading")
    key = student.get("api/receipt-key").json()["public_key"]
    assert verify_receipt(made["receipt"], key).sha256 == made["sha256"]
    done = settle(student, made["id"])
    assert (done["state"], done["score"], done["counts"]) == ("graded", 100.0, True)
    until(lambda: _result(stage) is not None, "result where the course looks")
    assert read_result(stage.course, "softmax", "student-001").submitted == made["received"]


def test_the_best_attempt_counts_and_reaches_the_gradebook(service):
    """A worse attempt after a better one changes nothing; the gradebook has the better one."""
    stage = service.stage
    student = stage.student()
    for content in (notebook(stage.course), notebook(stage.course, "softmax_forward")):
        made = student.post("api/units/softmax/attempts", json=files(softmax_ipynb=content)).json()
        settle(student, made["id"])
    lines = student.get("api/units/softmax/attempts").json()["attempts"]
    assert [line["counts"] for line in lines] == [True, False]
    assert lines[1]["score"] < lines[0]["score"] == 100.0
    until(lambda: "student-001" in _marks(stage.course), "mark in the gradebook")
    assert _marks(stage.course)["student-001"].final == 100.0
    assert read_result(stage.course, "softmax", "student-001").score == 100.0


def test_a_killed_worker_loses_no_submission_and_no_mark(service):
    """Workers that die while they grade: every attempt still gets one mark, and soon."""
    stage = service.stage
    made = _hand_in_many(stage, 12, seconds=0.5)
    killed = 0
    while killed < 3:
        for pid in children(service.process.pid, "worker") if _being_graded(stage) else ():
            os.kill(pid, signal.SIGKILL)
            killed += 1
        time.sleep(0.02)
    _all_graded(stage, made)


def test_a_killed_service_loses_no_submission_and_no_mark(service):
    """The service dies in the middle and is started again: what had a receipt has its mark."""
    stage = service.stage
    made = _hand_in_many(stage, 8, seconds=0.5)
    until(lambda: _being_graded(stage), "attempt that is being graded")
    service.kill()
    service.start()
    _all_graded(stage, made)


def test_who_is_told_to_end_leaves_the_attempt_as_it_was(service):
    """Workers that are stopped while they read a grader: it has not ended Python, and no try is counted."""
    stage = service.stage
    grader, reading = stage.course.units[0].grader, stage.course.root / "reading"
    slow = f"import pathlib, select\npathlib.Path({str(reading)!r}).touch()\nselect.select([], [], [], 2)\n"
    grader.write_text(f"{grader.read_text()}\n{slow}")
    student = stage.student()
    body = files(softmax_ipynb=notebook(stage.course))
    made = student.post("api/units/softmax/attempts", json=body).json()
    for _ in range(ServiceLimits().tries + 1):
        until(reading.exists, "worker that reads the grader")
        reading.unlink()
        for pid in children(service.process.pid, "worker"):
            os.kill(pid, signal.SIGTERM)
    assert settle(student, made["id"])["score"] == 100.0


def test_a_changed_unit_is_graded_by_its_new_checks(service):
    """An instructor who mends a check and queues again gets marks by the mended check."""
    stage = service.stage
    student, staff = stage.student(), stage.staff()
    body = files(softmax_ipynb=notebook(stage.course, "softmax_forward"))
    made = student.post("api/units/softmax/attempts", json=body).json()
    before = settle(student, made["id"])
    until(lambda: _result(stage) is not None, "result")
    digest, old = _result(stage).digest, _workers(service)
    unit = stage.course.units[0]
    unit.grader.write_text(unit.grader.read_text() + "\n# mended\n")
    # Workers look at the units' files every few seconds, and end where these have changed.
    until(lambda: _workers(service) and _workers(service).isdisjoint(old), "new worker")
    assert staff.post(f"api/attempts/{made['id']}/requeue").status_code == 200
    after = settle(student, made["id"])
    assert after["graded"] > before["graded"]
    assert after["score"] == before["score"]
    until(lambda: _result(stage).digest != digest, "result by the mended check")


def test_a_new_unit_is_graded_without_a_restart(service):
    """Written, built and released while the exchange runs: web server and workers know it."""
    root = service.stage.course.root
    new_unit(service.stage.course, "relu")
    course = load_course(root)
    unit = course.unit("relu")
    publish(course, unit, build(course, unit))
    stage = replace(service.stage, course=replace(course, units=(unit,)))
    until(lambda: "relu" in [each["unit"] for each in stage.staff().get("api/units").json()], "new unit")
    release(stage)
    student, body = stage.student(), files(relu_ipynb=notebook(stage.course))
    made = student.post("api/units/relu/attempts", json=body).json()
    assert settle(student, made["id"])["score"] == 100.0
    until(lambda: read_result(stage.course, "relu", "student-001") is not None, "result")


def _marks(course):
    return read_booked(course, "softmax") if (course.data_folder / "gradebook.db").exists() else {}


def _workers(service):
    return set(children(service.process.pid, "worker"))


def _result(stage):
    return read_result(stage.course, "softmax", "student-001")


def _hand_in_many(stage, count, seconds):
    """Attempts by token, so that each client can ask for its own; each takes that long to grade, at least."""
    sleep = f"import time\nsoftmax_forward.slept = time.sleep({seconds})"
    made = {}
    for number in range(count):
        student = stage.student(f"student-{number:03d}")
        content = json.loads(notebook(stage.course))
        content["cells"].append(code(f"{sleep}  # student {number}"))
        answer = student.post(
            "api/units/softmax/attempts", json=files(softmax_ipynb=json.dumps(content).encode())
        )
        made[answer.json()["id"]] = student
    return made


def _being_graded(stage):
    lines = stage.staff().get("api/units/softmax/submissions").json()
    assert any(line["state"] in ("waiting", "grading") for line in lines), "all was graded before the kills"
    return any(line["state"] == "grading" for line in lines)


def _all_graded(stage, made):
    for attempt, student in made.items():
        settled = settle(student, attempt)
        assert settled["score"] == 100.0, repr(settled)
    lines = stage.staff().get("api/units/softmax/submissions").json()
    assert sorted(line["id"] for line in lines) == sorted(made)
    assert [line["number"] for line in lines] == [1] * len(made)
    students = [line["student"] for line in lines]
    until(lambda: all(read_result(stage.course, "softmax", name) is not None for name in students), "results")


@pytest.mark.slow
def test_a_small_deadline():
    """A class of thirty in twenty seconds, with a worker killed on the way: all accepted, each once."""
    figures = rehearse(students=30, minutes=1 / 3, workers=2, kills=1)
    assert figures.good, figures
