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
from autograder.cli import NO_COMMANDS
from autograder.course import load_course
from autograder.results.result import Check, Result, Verdict
from autograder.results.store import result_path, write_result
from tests.batch.small import (
    COMMAND,
    UNIT,
    environment,
    in_process,
    loaded,
    overflowing,
    right,
    run,
    stored,
    submit,
)

COMMANDS = sorted({module.name for module in pkgutil.iter_modules(commands.__path__)} - NO_COMMANDS)

# Commands that need a course, with words that are right in one.
IN_A_COURSE = {
    "backup": ["backup", "aside"],
    "build": ["build"],
    "demo": ["demo", "--students", "2"],
    "explain": ["explain", UNIT, "student-001"],
    "export": ["export", "grades"],
    "extend": ["extend", UNIT, "--list"],
    "feedback": ["feedback", UNIT],
    "gpu": ["gpu", "list"],
    "grade": ["grade", UNIT, "."],
    "mark": ["mark", UNIT, "student-001"],
    "migrate": ["migrate"],
    "new": ["new", "mlp"],
    "person": ["person", "delete", "student-001"],
    "prove": ["prove"],
    "report": ["report"],
    "restore": ["restore", "."],
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
    ["extend", "softmx", "student-001", "--days", "1", "--reason", "x"],
    ["feedback", "softmx"],
    ["grade", "softmx", "."],
    ["mark", "softmx", "student-001"],
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
def test_an_optional_part_that_is_not_installed(root, words, module, part):
    """The sentence says what to install; the exit code is 2."""
    code = f"import sys; sys.modules[{module!r}] = None; from autograder.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, *words],
        cwd=root,
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert f"pip install 'course-autograder[{part}]'" in done.stderr
    assert "Traceback" not in done.stderr


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


NOISE = """
import os as _os
print("noise")
_os.system("echo noise of a program")
"""
OWN = [
    *("course_config.py", f"solutions/{UNIT}.py"),
    *(f"assignments/{UNIT}/{part}.py" for part in ("grader", "mistakes")),
]


@pytest.fixture
def noisy(root: Path) -> Path:
    """A course whose own files print, and start programs that do."""
    for name in OWN:
        path = root / name
        path.write_text(path.read_text() + NOISE)
    grader = root / "assignments" / UNIT / "grader.py"
    grader.write_text(grader.read_text().replace('"""\n    ', '"""\n    print("noise of a check")\n    '))
    return root


@pytest.mark.parametrize("words", [["units"], ["build", "--check"], ["prove", "--seeds", "1"]], ids=" ".join)
def test_what_the_course_prints_is_not_in_the_json(noisy, words, capfd, monkeypatch):
    """Standard output is one document; the rest is on standard error."""
    in_process([*words, "--json"], noisy, monkeypatch)
    printed = capfd.readouterr()
    assert json.loads(printed.out)[0]["unit"] == UNIT
    assert "noise of a program" in printed.err
    in_process(["units"], noisy, monkeypatch)
    assert "noise" in capfd.readouterr().out, "without --json everything is as it was"


@pytest.mark.parametrize("words", [["units"], ["grade", "softmx", "."], ["prove", "softmx"]], ids=" ".join)
def test_a_failure_leaves_the_json_empty(noisy, words, capfd, monkeypatch):
    """A document is printed whole, or not at all."""
    if words == ["units"]:
        (noisy / "course_config.py").write_text(NOISE + "course = 3")
    assert in_process([*words, "--json"], noisy, monkeypatch) == 2
    printed = capfd.readouterr()
    assert printed.out == ""
    assert "noise" in printed.err


@pytest.mark.sandbox
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_workers_print_nothing_into_the_json(noisy, jobs):
    """Neither this process nor a worker."""
    for name in ("a", "b"):
        submit(noisy / "submitted", name, right(noisy))
    done = run(noisy, "grade", UNIT, "submitted", "--jobs", jobs, "--json", "--no-gradebook")
    assert done.returncode == 0, done.stderr
    assert [result["score"] for result in json.loads(done.stdout)] == [100.0, 100.0]
    assert "noise of a check" in done.stderr


def test_stored_proofs_as_json(root, capfd, monkeypatch):
    """--check --json is an array; the next step is a command that every course has."""
    assert in_process(["prove", "--check", "--json"], root, monkeypatch) == 1
    (proof,) = printed_json(capfd)
    assert (proof["unit"], proof["ok"], proof["fresh"]) == (UNIT, False, False)
    assert f"course prove {UNIT} --mutants --write" in proof["reason"]
    (root / "proofs").mkdir()
    (root / "proofs" / f"{UNIT}.json").write_text("{}")
    assert in_process(["prove", "--check"], root, monkeypatch) == 1
    printed = capfd.readouterr().out
    assert "is damaged" in printed
    assert "make prove" not in printed


PLACES = [
    (["init", "/proc/x"], "/proc/x/course_config.py: No such file"),
    (["export", "grades", "--output", "/nope/x.csv"], "/nope/x.csv: No such file"),
    (["export", "grades", "--output", "."], ".: Is a directory. A folder stands where a file belongs"),
    (["export", "grades", "--output", "/dev/full"], "/dev/full: No space left on device. Free some space"),
    (["export", "gradescope", UNIT, "--output", "course_config.py/x"], "A file stands where a folder"),
]


@pytest.mark.parametrize(("words", "sentence"), PLACES, ids=[" ".join(words) for words, _ in PLACES])
def test_a_place_that_cannot_be_written(root, words, sentence, capfd, monkeypatch):
    """One sentence: the path, why, and what to do."""
    write_result(load_course(root), Result(UNIT, "student-001", 0.0, 0.0))
    assert in_process(words, root, monkeypatch) == 2
    printed = capfd.readouterr()
    assert printed.err.startswith("course: ")
    assert sentence in printed.err
    assert "Traceback" not in printed.err
    assert printed.out == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has it")
@pytest.mark.parametrize("words", [["units"], ["units", "--json"], ["--help"]], ids=" ".join)
def test_standard_output_that_is_full(root, words):
    """One sentence, also at the end of the process."""
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*COMMAND, *words], cwd=root, env=environment(), stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode == 2
    assert done.stderr.startswith("course: standard output: No space left on device.")
    assert len(done.stderr.splitlines()) == 1


FAULTS = {
    'raise RuntimeError("boom")': "RuntimeError: boom",
    "import nothing_of_that_name": "ModuleNotFoundError: No module named",
    "import sys\nsys.exit('x')": "SystemExit: x",
    "def f(:": "invalid syntax",
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(
    "words",
    [["grade", UNIT, "submitted"], ["prove"], ["explain", UNIT, "a", "--submission", "submitted"], ["build"]],
    ids=lambda words: words[0],
)
def test_a_reference_that_does_not_run(root, words, fault, capfd, monkeypatch):
    """The file and the error are named before anything is graded."""
    submit(root / "submitted", "a", right(root))
    path = root / "solutions" / f"{UNIT}.py"
    path.write_text(f"{path.read_text()}\n{fault}\n")
    assert in_process(words, root, monkeypatch) == 2
    printed = capfd.readouterr()
    assert f"solutions/{UNIT}.py" in printed.err
    assert FAULTS[fault] in printed.err
    assert "Traceback" not in printed.err
    assert stored(root) == {}


@pytest.mark.parametrize(
    "words",
    [["grade", UNIT, "submitted"], ["prove"], ["explain", UNIT, "a", "--submission", "submitted"], ["build"]],
    ids=lambda words: words[0],
)
def test_a_file_of_the_unit_that_is_missing(root, words, capfd, monkeypatch):
    """The same for a name in files=(...)."""
    submit(root / "submitted", "a", right(root))
    config = root / "course_config.py"
    config.write_text(config.read_text().replace("hours=1", 'hours=1, files=("a.csv",)'))
    assert in_process(words, root, monkeypatch) == 2
    printed = capfd.readouterr()
    assert "files lists 'a.csv'" in printed.err
    assert f"assignments/{UNIT}/a.csv" in printed.err
    assert stored(root) == {}


@pytest.mark.sandbox
@pytest.mark.parametrize("what", ["reference", "grader", "file"])
def test_a_worker_ends_the_batch_with_the_sentence(root, what):
    """What is the same for every submission is said once, and no submission is BROKEN."""
    for name in ("a", "b", "c"):
        submit(root / "submitted", name, right(root))
    config = root / "course_config.py"
    path = root / ("solutions" if what == "reference" else f"assignments/{UNIT}")
    path /= f"{UNIT}.py" if what == "reference" else "grader.py"
    if what == "file":
        config.write_text(config.read_text().replace("hours=1", 'hours=1, files=("a.csv",)'))
    else:
        path.write_text(path.read_text() + "\nimport sys\nsys.exit('boom')\n")
    done = run(root, "grade", UNIT, "submitted", "--jobs", "2", "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert ("a.csv" if what == "file" else "boom") in done.stderr
    assert "a worker is gone" not in done.stderr
    assert stored(root) == {}


@pytest.mark.sandbox
def test_a_result_file_that_cannot_be_written_is_said(root):
    """A full disk or a file in the way is said once; what was graded is a fact, and is not graded again."""
    for name in ("a", "b", "c"):
        submit(root / "submitted", name, right(root))
    (root / "data" / "results").mkdir()
    (root / "data" / "results" / UNIT).write_text("a file")
    for jobs in ("1", "2"):
        done = run(root, "grade", UNIT, "submitted", "--jobs", jobs, "--json")
        assert done.returncode == 2
        assert [result["score"] for result in json.loads(done.stdout)] == [100.0] * 3
        assert done.stderr.count("cannot be stored") == 1
        assert "a worker is gone" not in done.stderr
        assert "Traceback" not in done.stderr
    (root / "data" / "results" / UNIT).unlink()
    assert "0 graded, 3 unchanged" in run(root, "grade", UNIT, "submitted").stdout
    assert len(stored(root)) == 3


def test_damaged_results_are_told(root, capfd, monkeypatch):
    """feedback and report say which, and go on with the others."""
    course, _ = loaded(root)
    check = Check("test_x", "softmax_forward", "X.", 100.0, 50.0, Verdict.PASSED)
    for name in ("student-001", "student-002"):
        write_result(course, Result(UNIT, name, 50.0, 100.0).with_checks((check,)))
    path = result_path(course, UNIT, "student-001")
    path.write_text(path.read_text().replace("student-001", "student-009"))
    for words in (["feedback", UNIT], ["report", UNIT]):
        assert in_process(words, root, monkeypatch) == 0
        printed = capfd.readouterr()
        assert "student-001.json: it is of student 'student-009'" in printed.err, words
        assert printed.out
