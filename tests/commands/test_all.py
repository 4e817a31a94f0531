"""Every command: exit codes, JSON alone on stdout, and sentences instead of tracebacks."""

from __future__ import annotations

import json
import pkgutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from autograder import commands
from tests.batch.small import COMMAND, UNIT, environment, in_process, overflowing, right, run, submit

COMMANDS = sorted(module.name for module in pkgutil.iter_modules(commands.__path__))

# Commands that need a course, with words that are right in one.
IN_A_COURSE = {
    "build": ["build"],
    "demo": ["demo", "--students", "2"],
    "explain": ["explain", UNIT, "student-001"],
    "export": ["export", "grades"],
    "feedback": ["feedback", UNIT],
    "grade": ["grade", UNIT, "."],
    "new": ["new", "mlp"],
    "prove": ["prove"],
    "report": ["report"],
    "units": ["units"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_help(name, tmp_path, capfd, monkeypatch):
    """Every command says what it does, also outside a course."""
    assert in_process([name, "--help"], tmp_path, monkeypatch) == 0
    printed = capfd.readouterr()
    assert printed.out.startswith("Usage: ")
    assert printed.err == ""


@pytest.mark.parametrize("name", sorted(IN_A_COURSE))
def test_outside_a_course(name, tmp_path, capfd, monkeypatch):
    """The sentence says how to make one; the exit code is 2 and stdout stays empty."""
    assert in_process(IN_A_COURSE[name], tmp_path, monkeypatch) == 2
    printed = capfd.readouterr()
    assert "make one with 'course init DIR'" in printed.err
    assert "Traceback" not in printed.err
    assert printed.out == ""


UNKNOWN = [
    ["build", "softmx"],
    ["explain", "softmx", "x"],
    ["export", "gradescope", "softmx"],
    ["feedback", "softmx"],
    ["grade", "softmx", "."],
    ["prove", "softmx"],
    ["report", "softmx"],
]


@pytest.mark.parametrize("words", UNKNOWN, ids=" ".join)
def test_an_unknown_unit(root, words, capfd, monkeypatch):
    """The nearest name is offered."""
    assert in_process(words, root, monkeypatch) == 2
    assert "did you mean softmax?" in capfd.readouterr().err


def test_an_unknown_command(tmp_path, capfd, monkeypatch):
    """The nearest command is offered."""
    assert in_process(["grad"], tmp_path, monkeypatch) == 2
    assert "did you mean grade" in capfd.readouterr().err


def printed_json(capfd: pytest.CaptureFixture[str]) -> Any:
    """What was printed on stdout, which must be JSON and nothing else."""
    return json.loads(capfd.readouterr().out)


def test_units(root, capfd, monkeypatch):
    """Units, tasks, points and dates, as the contract has them."""
    assert in_process(["units", "--json"], root, monkeypatch) == 0
    (unit,) = printed_json(capfd)
    assert (unit["unit"], unit["points"]) == (UNIT, 100.0)
    assert isinstance(unit["title"], str)
    assert isinstance(unit["due"], str)
    points = {task["name"]: task["points"] for task in unit["tasks"]}
    assert points == {"softmax_forward": 55.0, "softmax_backward": 45.0}


def test_units_from_below(root, capfd, monkeypatch):
    """The course is the nearest folder upwards."""
    assert in_process(["units", "--json"], root / "assignments" / UNIT, monkeypatch) == 0
    assert printed_json(capfd)[0]["unit"] == UNIT


def test_units_for_people(root, capfd, monkeypatch):
    """Without --json a table."""
    assert in_process(["units"], root, monkeypatch) == 0
    assert UNIT in capfd.readouterr().out


def test_build_and_check(root, capfd, monkeypatch):
    """--check exits with 1 where the release is stale, writes nothing, and 'build' mends it."""
    assert in_process(["build", "--check", "--json"], root, monkeypatch) == 0
    assert printed_json(capfd)[0]["stale"] is False
    reference = root / "solutions" / f"{UNIT}.py"
    reference.write_text(reference.read_text().replace("into probabilities", "into a distribution"))
    before = (root / "release" / UNIT / f"{UNIT}.ipynb").read_bytes()
    assert in_process(["build", "--check", "--json"], root, monkeypatch) == 1
    (row,) = printed_json(capfd)
    assert row["stale"] is True
    assert f"{UNIT}.ipynb" in row["changed"]
    assert (root / "release" / UNIT / f"{UNIT}.ipynb").read_bytes() == before
    assert in_process(["build"], root, monkeypatch) == 0
    assert in_process(["build", "--check"], root, monkeypatch) == 0


def test_a_unit_that_cannot_be_built(root, capfd, monkeypatch):
    """A unit whose points do not make 100 is an error with the sum."""
    grader = root / "assignments" / UNIT / "grader.py"
    grader.write_text(grader.read_text().replace("points=25", "points=26", 1))
    assert in_process(["build"], root, monkeypatch) == 2
    assert "101" in capfd.readouterr().err


def test_init_and_new(tmp_path, capfd, monkeypatch):
    """A new course lists what was written; a second 'init' in the same place is refused."""
    assert in_process(["init", "mine", "--json"], tmp_path, monkeypatch) == 0
    made = printed_json(capfd)
    assert "course_config.py" in made["files"]
    assert in_process(["init", "mine"], tmp_path, monkeypatch) == 2
    assert "is not empty" in capfd.readouterr().err
    assert in_process(["new", "mlp", "--json"], tmp_path / "mine", monkeypatch) == 0
    assert printed_json(capfd)["listed"] is True
    assert in_process(["new", "mlp"], tmp_path / "mine", monkeypatch) == 2
    assert in_process(["new", "My Unit"], tmp_path / "mine", monkeypatch) == 2
    assert "is no name for a unit" in capfd.readouterr().err


@pytest.mark.parametrize("title", ['The "best" unit', "Sums \\N", "two\nlines"])
@pytest.mark.parametrize("words", [["new", "mlp"], ["init", "another"]], ids=" ".join)
def test_a_title_that_cannot_stand_in_a_program(root, words, title, capfd, monkeypatch):
    """Nothing is written, and the sentence says which letters are in the way."""
    assert in_process([*words, "--title", title], root, monkeypatch) == 2
    assert "no double quotes, backslashes or line breaks" in capfd.readouterr().err
    assert not (root / "assignments" / "mlp").exists()
    assert not (root / "another").exists()


@pytest.mark.parametrize(
    ("words", "module", "part"),
    [(["collect", UNIT], "httpx", "hub"), (["prove", "--mutants", "--seeds", "1"], "cosmic_ray", "mutants")],
    ids=["collect", "prove"],
)
def test_an_optional_part_that_is_not_installed(root, words, module, part, capfd, monkeypatch):
    """The sentence says what to install; the exit code is 2."""
    for name in [
        name for name in sys.modules if name.startswith(("autograder.exchange_client", "autograder.mutants"))
    ]:
        monkeypatch.delitem(sys.modules, name)
    for name in [name for name in sys.modules if name.split(".")[0] == module] or [module]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, f"autograder.commands.{words[0]}", raising=False)
    assert in_process(words, root, monkeypatch) == 2
    assert f"pip install 'course-autograder[{part}]'" in capfd.readouterr().err


def test_the_demo_wants_isolation(root, capfd, monkeypatch):
    """It grades hostile files: not without a sandbox."""
    monkeypatch.setattr("autograder.commands.demo.strongest_tier", lambda: "none")
    assert in_process(["demo", "--students", "2"], root, monkeypatch) == 2
    assert "course doctor" in capfd.readouterr().err


def test_a_configuration_that_does_not_run(root, capfd, monkeypatch):
    """The file and the error are named."""
    (root / "course_config.py").write_text("course = 1 / 0")
    assert in_process(["units"], root, monkeypatch) == 2
    assert "course_config.py does not run: ZeroDivisionError" in capfd.readouterr().err


@pytest.mark.parametrize("words", [["feedback", UNIT], ["report", UNIT], ["export", "grades"]])
def test_before_anything_is_graded(root, words, capfd, monkeypatch):
    """The next step is to grade."""
    code = in_process(words, root, monkeypatch)
    printed = capfd.readouterr()
    assert "Traceback" not in printed.err
    assert code == 2 or words[0] == "report", printed.err
    if code == 2:
        assert "course grade" in printed.err


@pytest.mark.sandbox
@pytest.mark.slow
def test_after_grading(root, folder):
    """feedback, report, explain and export work on what 'course grade' stored."""
    submit(folder, "student-001", overflowing(root))
    for words in (
        ("grade", UNIT, str(folder)),
        ("feedback", UNIT),
        ("report",),
        ("export", "grades"),
        ("explain", UNIT, "student-001", "test_forward_large"),
    ):
        done = run(root, *words)
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
        assert done.stdout
    assert "NaN" in done.stdout or "nan" in done.stdout, "explain shows both answers"
    page = root / "data" / "feedback" / UNIT / "student-001" / "index.html"
    assert "exp(1000)" in page.read_text()
    submit(root / "data" / "nbgrader" / "submitted", "student-001", right(root))
    submit(root / "data" / "submitted", "student-001", right(root))
    again = run(root, "explain", UNIT, "student-001", "test_forward_large")
    assert (again.stdout, again.stderr) == (done.stdout, ""), "the file that was graded is explained"
    wrong = run(root, "explain", UNIT, "student-001", "test_forward_larg")
    assert wrong.returncode == 2
    assert "did you mean test_forward_large" in wrong.stderr


@pytest.mark.sandbox
@pytest.mark.slow
def test_prove(root, capfd):
    """The example unit of a new course proves; the JSON has the fields of the contract."""
    done = run(root, "prove", "--json", "--seeds", "1")
    assert done.returncode == 0, done.stderr
    (proof,) = json.loads(done.stdout)
    assert (proof["unit"], proof["ok"], proof["reference"], proof["stub"]) == (UNIT, True, 1.0, 0.0)
    assert set(proof["trivial"].values()) == {0.0}
    assert set(proof["variants"].values()) == {1.0}
    assert set(proof["mistakes"]) == {"overflows", "shift_of_batch", "forgets_sum"}
    for found in proof["mistakes"].values():
        assert found["caught"]
        assert found["named"]
        assert isinstance(found["cost"], float)
        assert found["by"]


@pytest.mark.sandbox
@pytest.mark.slow
def test_doctor(tmp_path):
    """What this machine can do, as JSON and nothing else."""
    done = run(tmp_path, "doctor", "--json")
    assert done.returncode in (0, 1), done.stderr
    diagnosis = json.loads(done.stdout)
    assert isinstance(diagnosis, dict)
    assert diagnosis["versions"]["python"]


def test_an_interrupted_command(root, capfd, monkeypatch):
    """Ctrl-C gives 130 and one sentence."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("autograder.commands.units.load_course", interrupt)
    assert in_process(["units"], root, monkeypatch) == 130
    printed = capfd.readouterr()
    assert printed.err.strip().startswith("course: interrupted")
    assert printed.out == ""


def test_a_reader_that_has_read_enough(root: Path):
    """``course units --json | head -1`` shows no traceback."""
    with subprocess.Popen(
        [*COMMAND, "units", "--json"],
        cwd=root,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()
