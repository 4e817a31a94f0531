"""Where no sandbox starts: in a course's folder a notebook is not run, unless that is asked for by name."""

import json
import shutil

import pytest
from click.testing import CliRunner

from autograder.base.errors import NotInstalled, UsageError
from autograder.cli import course
from autograder.preflight import companion
from autograder.sandbox import Sandbox


@pytest.fixture
def without_sandboxes(monkeypatch):
    """This machine as one that can isolate nothing."""
    start = Sandbox.start

    def only_none(tier, *arguments, **named):
        if tier != "none":
            raise NotInstalled(f"no {tier} here")
        return start(tier, *arguments, **named)

    monkeypatch.setattr(Sandbox, "start", only_none)


def spying(folder, root):
    """The notebook tells in an exception what stands in the reference."""
    reference = str(root / "solutions/softmax.py")
    return folder.write(
        softmax_forward="def softmax_forward(z):\n"
        "    import pathlib\n"
        f"    raise ValueError(pathlib.Path({reference!r}).read_text()[:150])"
    ).notebook


def run(*words):
    """The command's exit code and all that it said."""
    done = CliRunner().invoke(course, ["preflight", "softmax", *map(str, words)])
    return done.exit_code, done.output + str(done.exception or "")


def test_in_a_course_a_notebook_never_sees_the_reference(folder, released, without_sandboxes, monkeypatch):
    """Neither when looked at from the course's folder nor when it lies there; asked by name, it is run."""
    reference = (released / "solutions" / "softmax.py").read_text()[:100]
    notebook = spying(folder, released)
    inside = shutil.copytree(folder.path, released / "data" / "submitted" / "student-001" / "softmax")
    for place, file in ((released, notebook), (folder.path, inside / notebook.name)):
        monkeypatch.chdir(place)
        code, said = run(file, "--json")
        assert code != 0
        assert "could read this course's reference" in said and "course doctor" in said
        assert reference not in said and json.dumps(reference)[1:-1] not in said
    code, said = run(inside / notebook.name, "--isolation", "none")
    assert "Public checks (none sandbox" in said
    monkeypatch.setattr("sys.argv", ["companion", str(inside)])
    told = []
    monkeypatch.setattr(companion, "_say", told.append)
    companion.main()
    assert "could read this course's reference" in told[0]["trouble"]


def test_at_home_it_runs_in_what_there_is(folder, without_sandboxes, monkeypatch):
    """A released folder without a course holds nothing to hide from its student."""
    monkeypatch.chdir(folder.path)
    code, said = run(folder.notebook)
    assert code == 0, said
    assert "Public checks (none sandbox" in said


def test_a_tier_that_is_named_is_the_only_one(folder, without_sandboxes, monkeypatch):
    """No weaker one takes its place, also at home."""
    monkeypatch.chdir(folder.path)
    with pytest.raises(UsageError, match="no fenced here"):
        CliRunner().invoke(
            course,
            ["preflight", "softmax", str(folder.notebook), "--isolation", "fenced"],
            catch_exceptions=False,
        )
