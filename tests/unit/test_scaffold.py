"""New courses and units."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from autograder.base.errors import UsageError
from autograder.commands.init import command as init_command
from autograder.commands.new import command as new_command
from autograder.course import load_course
from autograder.judge.suite import Suite
from autograder.prove import prove
from autograder.unit.release import build, publish
from autograder.unit.scaffold import new_course, new_unit
from tests.support import failing, public_checks

WHOLE = """\
import sys
sys.path.insert(0, {root!r})
import matplotlib
matplotlib.use("Agg")
import jupytext
for cell in jupytext.read({path!r}).cells:
    if cell.cell_type == "code":
        exec(cell.source, globals())
"""


def test_a_new_course_builds(course):
    """What 'course init' makes is a course whose example unit makes 100 points and a release."""
    assert [unit.name for unit in course.units] == ["softmax"]
    assert build(course, course.unit("softmax")).files["softmax.ipynb"]


def test_the_master_runs_with_the_reference(course, unit):
    """An instructor can run the master notebook from top to bottom."""
    text = WHOLE.format(root=str(course.root), path=str(unit.master))
    done = subprocess.run(
        [sys.executable, "-c", text], cwd=unit.folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_examples_pass_with_the_reference(course, unit):
    """The docstrings of the example say enough: there is no checks.py, and the reference does as they say."""
    assert not unit.public_checks.exists()
    publish(course, unit, build(course, unit))
    solution = {}
    exec(unit.reference.read_text(), solution)
    checks = public_checks(unit.name, course.root)
    assert set(checks) == {"softmax_forward", "softmax_backward"}
    assert failing(checks, solution) == set()
    assert failing(checks, dict.fromkeys(checks, lambda *args: args)) == set(checks)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # two known mistakes overflow
def test_a_new_unit_proves_at_once(course):
    """On all its papers, with the words of the day: nothing live, nothing unstated."""
    new_unit(course, "second_one")
    again = load_course(course.root)
    proof = prove(again, again.unit("second_one"), mutants=True)
    assert proof.problems == ()
    assert proof.seeds == again.papers + 1  # one is sealed
    suite = Suite(again, again.unit("second_one"))
    assert not any(suite.plan(*case, 0).live for case in suite.cases)


def test_generated_code_is_formatted(course):
    """What the templates become passes ruff, as the engine does."""
    ruff = [sys.executable, "-m", "ruff"]
    for more in (["format", "--check"], ["check", "--select", "E,F,W,B,UP"]):
        line = [
            *ruff,
            *more,
            "--line-length",
            "110",
            "--isolated",
            "assignments",
            "solutions",
            "course_config.py",
        ]
        ignore = ["--ignore", "E402"] if more[0] == "check" else []
        done = subprocess.run([*line, *ignore], cwd=course.root, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_a_new_unit_is_listed(course):
    """The unit's line goes to the end of units=(...), a week after the last, and the unit builds."""
    made = new_unit(course, "second_one", "The second")
    assert made.listed
    again = load_course(course.root)
    assert [unit.name for unit in again.units] == ["softmax", "second_one"]
    assert again.units[1].title == "The second"
    assert again.units[1].due > again.units[0].due
    assert build(again, again.unit("second_one"))


@pytest.mark.parametrize(
    "shape", ["units=UNITS,", 'units=(Unit("a", "A", due="2027-01-01T00:00+00:00", hours=1),),']
)
def test_an_unusual_configuration_is_left_alone(course, shape):
    """Where units=(...) has another shape, nothing is changed and the line is given to be added by hand."""
    config = course.root / "course_config.py"
    text = config.read_text()
    start, end = text.index("    units=("), text.index("    data=")
    config.write_text(text[:start] + f"    {shape}\n" + text[end:])
    before = config.read_text()
    made = new_unit(course, "second")
    assert not made.listed
    assert made.line.startswith('Unit("second", "Second", due=')
    assert config.read_text() == before


def test_nothing_is_overwritten(course, tmp_path):
    """A taken name, a wrong name and a folder that is not empty are refused."""
    with pytest.raises(UsageError, match="exists already"):
        new_unit(course, "softmax")
    with pytest.raises(UsageError, match="no name for a unit"):
        new_unit(course, "Soft-Max")
    with pytest.raises(UsageError, match="not empty"):
        new_course(course.root)


@pytest.mark.slow
def test_nbgrader_s_own_commands_work_in_a_new_course(tmp_path):
    """It finds a configuration there that hands it the course's values."""
    course, _ = new_course(tmp_path / "c")
    publish(course, course.unit("softmax"), build(course, course.unit("softmax")))
    for name in ("generate_assignment", "generate_feedback"):
        done = subprocess.run(
            [sys.executable, "-m", "nbgrader", name, "softmax"],
            cwd=course.root,
            env=os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
        )
        if name == "generate_assignment":
            assert done.returncode == 0, done.stderr
            assert (course.data_folder / "nbgrader" / "release" / "softmax" / "softmax.ipynb").is_file()
        else:
            assert str(course.data_folder / "nbgrader" / "autograded") in done.stderr, "nothing is graded yet"


def test_the_commands_print_json_only(tmp_path, monkeypatch):
    """With --json, standard output holds one JSON document; what was done goes to standard error."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    runner = CliRunner()
    done = runner.invoke(init_command, [str(tmp_path / "c"), "--title", "A good course", "--json"])
    assert done.exit_code == 0
    assert json.loads(done.stdout)["course"] == "c"
    monkeypatch.chdir(tmp_path / "c")
    done = runner.invoke(new_command, ["other", "--json"])
    assert json.loads(done.stdout)["listed"] is True
    assert "course build other" in done.stderr
    ast.parse((tmp_path / "c" / "course_config.py").read_text())
