"""nbgrader's own commands over the exchange: list, fetch, submit, collect, feedback, release."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from autograder.base.errors import UsageError
from autograder.commands.collect import command as collect_command
from autograder.commands.release import command as release_command
from autograder.exchange.client.service import ExchangeRefused, Service, service_from_environment
from autograder.exchange.client.trees import inside, read_tree
from autograder.exchange.store import attempts, graded, queue
from autograder.notebook.finding import find_submissions
from autograder.results.audit import read_audit
from autograder.results.result import Check, Result, Verdict, totals

from .stage import ENGINE, notebook

CONFIG = """
from autograder.exchange.client.settings import configure_exchange
c = get_config()
c.CourseDirectory.course_id = "course"
configure_exchange(c, {url!r}, "USER_TOKEN")
"""
INSTRUCTOR = ("formgrade-course", "instructor-course")  # groups
RUN = "from nbgrader.apps import NbGraderApp; NbGraderApp.launch_instance()"


class Person:
    """A home folder with nbgrader's configuration, and a token."""

    def __init__(self, stage, home, token):
        self.home, self.token = home, token
        home.mkdir()
        (home / "nbgrader_config.py").write_text(CONFIG.format(url=stage.url))

    def nbgrader(self, *words, ok=True):
        """Run a command and return what it said."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTERHUB")}
        environment = kept | {
            "USER_TOKEN": self.token,
            "HOME": str(self.home),
            "PYTHONPATH": str(ENGINE),
            "JUPYTER_DATA_DIR": str(self.home / "data"),
            "PATH": f"{os.path.dirname(sys.executable)}:{kept['PATH']}",
        }
        done = subprocess.run(
            [sys.executable, "-P", "-c", RUN, *words],
            cwd=self.home,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode == 0) == ok, done.stderr
        return done.stderr


@pytest.fixture
def student(stage, tmp_path):
    """A student at his own computer."""
    return Person(stage, tmp_path / "student", stage.hub.token("student-001", "nbgrader-course"))


@pytest.fixture
def teacher(stage, tmp_path):
    """A member of staff with nbgrader's course folder."""
    return Person(stage, tmp_path / "teacher", stage.hub.token("ta-1", *INSTRUCTOR))


def _grade_by_hand(desk, points=50.0):
    """Store a result for the first entry of the queue, as a worker does."""
    with desk.database.write() as connection:
        entry = queue.take(connection, "w", desk.seconds(), 20.0, 3)
        attempt = attempts.find(connection, entry.attempt)
        check = Check("test_a", "softmax_forward", "It works.", 50.0, points, Verdict.PASSED)
        other = Check(
            "test_b", "softmax_backward", "It works, too.", 50.0, 0.0, Verdict.FAILED, "It is wrong."
        )
        result = Result("softmax", attempt.student, checks=(check, other), **totals((check, other)))
        graded.finish(connection, entry, attempt, result, "2027-01-01T00:00:00+00:00")


@pytest.mark.slow
def test_the_known_commands_work(stage, desk, student, teacher):
    """The loop by nbgrader's own words: list, fetch, submit, collect, feedback and back."""
    assert "course softmax" in student.nbgrader("list")
    student.nbgrader("fetch_assignment", "softmax")
    own = student.home / "softmax" / "softmax.ipynb"
    assert own.read_bytes() == stage.course.units[0].released_notebook.read_bytes()
    assert "already have a copy" in student.nbgrader("fetch_assignment", "softmax", ok=False)
    own.write_bytes(notebook(stage.course))
    (own.parent / "passwd").symlink_to("/etc/passwd")
    said = student.nbgrader("submit", "softmax")
    assert "attempt 1" in said
    receipt = student.home / "data" / "course_receipts" / "course" / "softmax-1.txt"
    assert receipt.read_text().count(".") == 1
    assert "(waiting)" in student.nbgrader("list", "--cached")
    _grade_by_hand(desk)
    assert "(50 of 100 points, counts)" in student.nbgrader("list", "--cached")

    teacher.nbgrader("collect", "softmax")
    folder = teacher.home / "submitted" / "student-001" / "softmax"
    assert (folder / "softmax.ipynb").read_bytes() == own.read_bytes()
    assert not (folder / "passwd").exists()
    assert "already exists" in teacher.nbgrader("collect", "softmax")
    assert "student-001" in teacher.nbgrader("list", "--inbound")

    student.nbgrader("fetch_feedback", "softmax")
    pages = list((student.home / "softmax" / "feedback").glob("*/softmax.html"))
    assert len(pages) == 1
    assert "It works." in pages[0].read_text()

    feedback = teacher.home / "feedback" / "student-001" / "softmax"
    feedback.mkdir(parents=True)
    (feedback / "softmax.html").write_text("<p>read by a person</p>")
    shutil.copy(folder / "timestamp.txt", feedback)
    teacher.nbgrader("release_feedback", "softmax")
    student.nbgrader("fetch_feedback", "softmax")
    assert pages[0].read_text() == "<p>read by a person</p>"


@pytest.mark.slow
def test_staff_commands_are_staff_s(stage, student, teacher):
    """A student cannot release or collect; staff can withdraw and release again."""
    assert "for the course staff" in student.nbgrader("collect", "softmax", ok=False)
    assert "for the course staff" in student.nbgrader("list", "--remove", ok=False)
    generated = teacher.home / "release"
    shutil.copytree(stage.course.units[0].release, generated / "softmax")
    teacher.nbgrader("list", "--remove")
    assert "not released" in student.nbgrader("fetch_assignment", "softmax", ok=False)
    teacher.nbgrader("release_assignment", "softmax")
    student.nbgrader("fetch_assignment", "softmax")


def test_the_assignment_list_s_entries(stage, desk, student, monkeypatch):
    """JupyterLab's list gets the fields that it reads, before and after feedback is fetched."""
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.exchange import ExchangeFactory
    from traitlets.config import Config

    from autograder.exchange.client.settings import configure_exchange

    monkeypatch.setenv("USER_TOKEN", student.token)
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(student.home / "data"))
    config = Config()
    configure_exchange(config, stage.url, "USER_TOKEN")
    config.CourseDirectory.course_id = "course"
    config.Exchange.assignment_dir = str(student.home)
    factory = ExchangeFactory(config=config)

    def ask(kind, **more):
        coursedir = CourseDirectory(config=config, assignment_id=more.pop("unit", ""))
        return getattr(factory, kind)(coursedir=coursedir, authenticator=None, config=config, **more).start()

    (released,) = ask("List")
    assert (released["status"], released["notebooks"][0]["notebook_id"]) == ("released", "softmax")
    ask("FetchAssignment", unit="softmax")
    (fetched,) = ask("List")
    assert fetched["status"] == "fetched"
    assert os.path.isfile(fetched["notebooks"][0]["path"])
    ask("Submit", unit="softmax")
    (line,) = ask("List", cached=True)[0]["submissions"]
    assert (line["has_exchange_feedback"], line["local_feedback_path"]) == (False, None)
    _grade_by_hand(desk)
    (line,) = ask("List", cached=True)[0]["submissions"]
    assert (line["has_exchange_feedback"], line["has_local_feedback"]) == (True, False)
    ask("FetchFeedback", unit="softmax")
    (line,) = ask("List", cached=True)[0]["submissions"]
    assert (line["has_local_feedback"], line["feedback_updated"]) == (True, False)
    assert os.path.isdir(line["local_feedback_path"])


def test_course_release_and_collect(stage, desk, student, tmp_path, monkeypatch):
    """The same by ``course``: what is collected is what ``course grade`` finds."""
    from click.testing import CliRunner

    monkeypatch.chdir(stage.course.root)
    monkeypatch.setenv("COURSE_EXCHANGE_URL", stage.url)
    monkeypatch.setenv("COURSE_EXCHANGE_TOKEN", stage.hub.token("ta-1", *INSTRUCTOR))
    with pytest.raises(UsageError, match="run 'course prove softmax', or release it all the same"):
        CliRunner().invoke(release_command, ["softmax"], catch_exceptions=False)
    done = CliRunner().invoke(release_command, ["softmax", "--unproven"], catch_exceptions=False)
    assert "softmax is released" in done.output
    assert "released although the papers of softmax are not proven" in str(
        read_audit(stage.course, "softmax")[0]["note"]
    )
    service = Service(stage.url, student.token)
    service.submit("softmax", {"softmax.ipynb": notebook(stage.course)})
    _grade_by_hand(desk)
    service.submit("softmax", {"softmax.ipynb": notebook(stage.course, "softmax_forward")})
    for words in ("1 new or changed", "0 new or changed"):
        done = CliRunner().invoke(collect_command, ["softmax"], catch_exceptions=False)
        assert f"1 students in {stage.course.data_folder / 'nbgrader' / 'submitted'}: {words}" in done.output
    (found,) = find_submissions([stage.course.data_folder / "nbgrader" / "submitted"], stage.course.units[0])
    assert found.path.read_bytes() == notebook(stage.course)  # the graded one counts, not the last
    assert found.submitted == service.attempts("softmax")[0]["received"]


def test_without_an_exchange_the_sentence_says_what_to_set(course, monkeypatch):
    """No address or no token: which variable, and where to get it."""
    for name in ("COURSE_EXCHANGE_URL", "COURSE_EXCHANGE_TOKEN", "JUPYTERHUB_API_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UsageError, match="COURSE_EXCHANGE_URL is not set"):
        service_from_environment()
    monkeypatch.setenv("COURSE_EXCHANGE_URL", "http://127.0.0.1:9/")
    with pytest.raises(UsageError, match="COURSE_EXCHANGE_TOKEN"):
        service_from_environment()


def test_an_exchange_that_is_away_is_said(monkeypatch):
    """A client that reaches nobody says so after a few tries."""
    monkeypatch.setattr("autograder.exchange.client.service.time.sleep", lambda seconds: None)
    with pytest.raises(ExchangeRefused, match="does not answer"):
        Service("http://127.0.0.1:9/", "t").units()


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x", "", "link/x", "a\\..\\x"])
def test_files_from_the_exchange_stay_in_their_folder(tmp_path, path):
    """Neither a path nor a link leads a write out of the folder."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path)
    with pytest.raises(ExchangeRefused, match="leads out of"):
        inside(folder, path)


def test_links_and_caches_are_not_handed_in(tmp_path):
    """Only regular files below the folder are read."""
    (tmp_path / "u.ipynb").write_text("{}")
    (tmp_path / "link").symlink_to("/etc/passwd")
    (tmp_path / "folder").symlink_to("/etc")
    (tmp_path / ".ipynb_checkpoints").mkdir()
    (tmp_path / ".ipynb_checkpoints" / "u.ipynb").write_text(json.dumps({}))
    os.mkfifo(tmp_path / "pipe")
    assert list(read_tree(tmp_path)) == ["u.ipynb"]
