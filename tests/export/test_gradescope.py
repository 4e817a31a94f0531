"""Gradescope's autograder.zip."""

import io
import json
import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from autograder.base.errors import ConfigError
from autograder.course import Course, Disclosure, load_course
from autograder.export.gradescope import autograder_zip, config_text, derived_key, not_there
from autograder.export.on_gradescope import find_notebook, main, student_of, to_gradescope
from autograder.judge.secret import course_secret
from autograder.results.result import Check, Verdict
from tests.pages.examples import COURSE, UNIT, flipped
from tests.support import in_two_processes

ROOT = Path(__file__).parents[2]
NOW = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture
def course(monkeypatch, tmp_path) -> Course:
    """This checkout's course, with a data folder of its own."""
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "data"))
    return load_course(ROOT)


def test_the_archive_holds_one_unit_and_not_the_secret(course):
    """Engine, unit, reference and release are in; the secret and other units are not."""
    secret = course_secret(course)
    with zipfile.ZipFile(io.BytesIO(autograder_zip(course, course.unit("conv_layer")))) as archive:
        names = set(archive.namelist())
        texts = {name: archive.read(name) for name in names}
    wanted = {
        "setup.sh",
        "run_autograder",
        "course_config.py",
        "pyproject.toml",
        "autograder/judge/grader.py",
    }
    wanted |= {
        "assignments/conv_layer/grader.py",
        "solutions/conv_layer.py",
        "release/conv_layer/conv_layer.ipynb",
    }
    assert wanted <= names
    assert not [
        name for name in names if "optimizers" in name or "__pycache__" in name or name.endswith(".db")
    ]
    assert not [name for name, text in texts.items() if secret in text]
    assert texts["data/secret"].decode().strip() == derived_key(secret, "conv_layer")
    assert derived_key(secret, "conv_layer") != derived_key(secret, "gan")


@pytest.mark.parametrize(("unit", "packages"), [("conv_layer", "."), ("autoencoder", "'.[torch]'")])
def test_only_a_unit_with_torch_installs_it(course, unit, packages):
    """It is by far the largest of all packages."""
    with zipfile.ZipFile(io.BytesIO(autograder_zip(course, course.unit(unit)))) as archive:
        setup = archive.read("setup.sh").decode()
    assert f"pip install --quiet -c constraints.txt {packages}\n" in setup


def test_the_archive_is_deterministic(course):
    """The same course gives the same bytes."""
    code = (
        "import sys; from autograder.course import load_course; course = load_course(); "
        "from autograder.export.gradescope import autograder_zip; "
        "sys.stdout.buffer.write(autograder_zip(course, course.unit('conv_layer')))"
    )
    course_secret(course)
    first, second = in_two_processes(code)
    assert first == second
    assert first.startswith(b"PK")


def test_the_written_configuration_is_the_unit(tmp_path):
    """It loads, has the one unit, and no address of a gradebook."""
    course = Course("c", 'It\'s "C"', units=(UNIT,), gradebook="postgresql://user:password@host/db")
    text = config_text(course, UNIT)
    (tmp_path / "course_config.py").write_text(text)
    loaded = load_course(tmp_path)
    assert (loaded.title, loaded.units[0].due) == (course.title, UNIT.due)
    assert "password" not in text


def test_an_unbuilt_unit_is_refused(tmp_path):
    """The error says which command is missing."""
    course = Course("c", "C", units=(UNIT,), root=tmp_path)
    with pytest.raises(ConfigError, match="course build conv_layer"):
        autograder_zip(course, replace(UNIT, root=tmp_path))


def test_the_result_in_gradescopes_words():
    """Each check is a test with its points; bonus is extra credit; nothing for staff is shown."""
    base = flipped(healed=("a cell",))
    extra = Check("test_groups", "grouped", "Groups.", 4.0, 4.0, Verdict.PASSED, bonus=True)
    made = to_gradescope(COURSE, UNIT, base.with_checks((*base.checks, extra)), NOW)
    assert made["score"] == 28.0
    assert sum(test["max_score"] for test in made["tests"]) == 100.0
    assert sum(test["score"] for test in made["tests"]) == 28.0
    text = json.dumps(made)
    assert "kernel is flipped" in text
    assert "a cell" in made["output"]
    for hidden in ("seed 12345", "flips_kernel", "test_stride"):
        assert hidden not in text


@pytest.mark.parametrize(("rule", "visible"), [("after-due", "after_due_date"), ("never", "hidden")])
def test_hidden_verdicts_are_hidden_there_too(rule, visible):
    """What the course does not show now has no explanation, and Gradescope's own rule holds later."""
    course = Course("c", "C", units=(UNIT,), disclosure=Disclosure(verdicts=rule))
    made = to_gradescope(course, UNIT, flipped(), NOW)
    assert {test["visibility"] for test in made["tests"]} == {visible}
    assert {test["output"] for test in made["tests"]} == {""}


def test_the_submitter_and_the_notebook_are_found(tmp_path):
    """Odd metadata is no reason to fail; a single notebook of another name is taken; links are not."""
    assert student_of(tmp_path / "none.json") == "student"
    (tmp_path / "meta.json").write_text('{"users": [{"email": "a@b.c"}]}')
    assert student_of(tmp_path / "meta.json") == "a@b.c"
    for odd, name in (("x\\u0000y", "x\\u0000y"), ("\\ud800\\u001b[2J", "\\ud800\\u001b[2J")):
        (tmp_path / "odd.json").write_text(f'{{"users": [{{"name": "{odd}"}}]}}')
        assert student_of(tmp_path / "odd.json") == name  # written out, letter by letter
    (tmp_path / "bad.json").write_text('{"users": [7]}')
    assert student_of(tmp_path / "bad.json") == "student"
    (tmp_path / "mine.ipynb").write_text("{}")
    assert find_notebook(tmp_path, UNIT).name == "mine.ipynb"
    (tmp_path / "other.ipynb").symlink_to("/etc/hostname")
    assert find_notebook(tmp_path, UNIT).name == "mine.ipynb"


def test_a_nul_in_a_name_stops_no_grading(course, tmp_path, monkeypatch):
    """Whoever is called so is graded as anybody else."""
    monkeypatch.chdir(ROOT)
    (tmp_path / "submission").mkdir()
    (tmp_path / "submission" / "conv_layer.ipynb").write_text("{}")
    (tmp_path / "submission_metadata.json").write_text('{"users": [{"name": "a\\u0000b"}]}')
    assert main("conv_layer", tmp_path) == 0
    assert json.loads((tmp_path / "results/results.json").read_text())["score"] == 0.0


def test_hint_tokens_that_do_not_hold_are_named(course):
    """Where the course has some, and what they cost is open before the due date."""
    after = Disclosure(mistakes="after-due", smallest_case="after-due")
    (said,) = not_there(course)
    assert "Hint tokens do not hold on Gradescope" in said
    assert (
        [*not_there(replace(course, hint_tokens=None))]
        == [*not_there(replace(course, disclosure=after))]
        == []
    )


def test_an_upload_without_a_notebook_is_told_so(course, tmp_path, monkeypatch):
    """A student's slip is no fault of ours: 0 points, and what to upload."""
    monkeypatch.chdir(ROOT)
    (tmp_path / "submission").mkdir()
    (tmp_path / "submission" / "report.pdf").write_bytes(b"%PDF")
    assert main("conv_layer", tmp_path) == 0
    made = json.loads((tmp_path / "results/results.json").read_text())
    assert made["score"] == 0.0
    assert "expected conv_layer.ipynb" in made["tests"][0]["output"]


@pytest.mark.slow
@pytest.mark.sandbox
def test_the_archive_grades_on_its_own(course, tmp_path):
    """Unpacked elsewhere, without this course, it grades a submission and writes Gradescope's results."""
    source = tmp_path / "source"
    with zipfile.ZipFile(io.BytesIO(autograder_zip(course, course.unit("conv_layer")))) as archive:
        archive.extractall(source)
    (source / "data/secret").chmod(0o600)
    (tmp_path / "submission").mkdir()
    notebook = (source / "release/conv_layer/conv_layer.ipynb").read_bytes()
    (tmp_path / "submission/conv_layer.ipynb").write_bytes(notebook)
    environment = {name: value for name, value in os.environ.items() if name != "COURSE_DATA"}
    environment["PYTHONPATH"] = str(source)
    code = "import sys; from pathlib import Path; from autograder.export.on_gradescope import main; "
    code += f"sys.exit(main('conv_layer', Path({str(tmp_path)!r})))"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=source,
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    made = json.loads((tmp_path / "results/results.json").read_text())
    assert made["score"] == 0.0
    assert len(made["tests"]) > 20
    assert {test["status"] for test in made["tests"]} == {"failed"}
