"""Building a release."""

import json
import shutil
import subprocess
import sys

import nbformat
import pytest
from click.testing import CliRunner

from autograder.base.errors import ConfigError
from autograder.commands.build import command as build_command
from autograder.commands.units import command as units_command
from autograder.course import load_course
from autograder.notebook.release import archived
from autograder.unit.release import build, differences, nbgrader_source, publish
from autograder.unit.requirements import read_pins


def notebook_of(release):
    return nbformat.reads(release.files[f"{release.unit}.ipynb"].decode(), as_version=4)


def run(command, course, *args):
    """A command in the course's folder."""
    runner = CliRunner()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(course.root)
        return runner.invoke(command, args)


def test_two_builds_give_equal_bytes(course, unit, tmp_path):
    """The same unit gives the same files, also from another folder."""
    first, second = build(course, unit), build(course, unit)
    assert first == second
    shutil.copytree(course.root, tmp_path / "elsewhere")
    other = load_course(tmp_path / "elsewhere")
    assert build(other, other.unit("softmax")).files == first.files


def test_the_version_follows_everything_released(course, unit, change):
    """A word in the text, an example or a public check makes a new version; the grader's code does not."""
    first = build(course, unit).version
    assert len(first) == 12
    change(
        unit.grader,
        "_ = student.softmax_forward(draw.normal(3, 5))\n    right(out",
        "_ = 1, 2\n    right(out",
    )
    assert build(course, unit).version == first
    unit.public_checks.write_text(
        'def test_softmax_forward(softmax_forward):\n    """A word."""\n    assert 1\n'
    )
    versions = {first, build(course, unit).version}
    change(unit.master, "## By hand first", "## First by hand")
    versions.add(build(course, unit).version)
    change(unit.reference, "array([[1., 0.]])", "array([[1, 0]])")
    versions.add(build(course, unit).version)
    assert len(versions) == 4


def test_the_notebook_is_as_documented(course, unit):
    """Around each task stand criteria, stub, public check and the graded cell; all but the stub is locked."""
    notebook = notebook_of(build(course, unit))
    nbformat.validate(notebook)
    meta = {cell.id: cell.metadata.nbgrader for cell in notebook.cells}
    ids = [cell.id for cell in notebook.cells]
    start = ids.index("criteria-softmax_forward")
    task = "softmax_forward"
    assert ids[start : start + 4] == [f"criteria-{task}", task, f"check-{task}", f"points-{task}"]
    assert {name for name, each in meta.items() if not each.locked} == {"softmax_forward", "softmax_backward"}
    assert [name for name, each in meta.items() if each.grade] == [
        "points-softmax_forward",
        "points-softmax_backward",
    ]
    assert meta["points-softmax_forward"].points == 55
    assert all(each.grade_id == name for name, each in meta.items())
    assert notebook.metadata.course.tasks == {
        "softmax_forward": [task],
        "softmax_backward": ["softmax_backward"],
    }
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)


def test_the_graded_cell_gives_nothing_by_itself(course, unit):
    """Its source ends in a literal 0.0, so that nbgrader alone gives no points."""
    cells = {cell.id: cell.source for cell in notebook_of(build(course, unit)).cells}
    assert cells["points-softmax_forward"].splitlines()[-1] == "0.0"
    assert cells["check-softmax_forward"] == 'grader.check("softmax_forward")'


def test_criteria_are_published(course, unit):
    """The sentence and the points of each hidden check stand above its task; laws say on what they depend."""
    cells = {cell.id: cell.source for cell in notebook_of(build(course, unit)).cells}
    text = cells["criteria-softmax_forward"]
    assert "20 points: Scores of ±1000 give finite probabilities." in text
    assert "10 points: Adding one number to all scores of a row changes nothing. \\*" in text
    assert "only if a check of the values" in text


def test_instructor_cells_stay_at_home(course, unit):
    """Nothing of an instructor cell, the graders or the solutions is in the release."""
    release = build(course, unit)
    everything = b"".join(release.files.values()).decode()
    everything = everything.replace("from autograder.notebook_checks import grader", "")
    for word in ("not released", "solutions", "keepdims", "draw.normal", "assert_close", "autograder"):
        assert word not in everything


def test_the_notebook_runs_without_otter(course, unit, capsys, monkeypatch):
    """Where neither the engine nor Otter is installed, the set-up cell says so and check cells go on."""
    for module in ("otter", "autograder.notebook_checks"):
        monkeypatch.setitem(__import__("sys").modules, module, None)
    cells = {cell.id: cell.source for cell in notebook_of(build(course, unit)).cells}
    scope = {}
    for name in ("setup", "check-softmax_forward"):
        exec(cells[name], scope)
    assert "need otter-grader" in capsys.readouterr().out


def test_requirements_are_pinned(course, unit, change):
    """Versions come from constraints.txt; what a cell imports is added to what everyone needs."""
    pins = read_pins(course.root / "constraints.txt")
    lines = build(course, unit).files["requirements.txt"].decode().splitlines()[1:]
    assert lines == [f"{name}=={pins[name]}" for name in ("matplotlib", "numpy", "otter-grader")]
    change(unit.master, "import numpy as np", "import numpy as np\nimport torch")
    assert f"torch=={pins['torch']}" in build(course, unit).files["requirements.txt"].decode()
    change(unit.master, "import torch", "import no_such_package")
    with pytest.raises(ConfigError, match=r"no_such_package.*constraints"):
        build(course, unit)


@pytest.mark.parametrize(
    ("part", "old", "new", "said"),
    [
        (
            "grader",
            "points=25)\ndef test_forward",
            "points=24)\ndef test_forward",
            "core points make 99, expected 100",
        ),
        (
            "master",
            '# %% task="softmax_backward"',
            "# %% instructor=True",
            "gives points for softmax_backward",
        ),
        ("master", '# %% task="softmax_backward"', '# %% task="other"', "gives points for softmax_backward"),
        ("reference", '"""Turn each row of scores into probabilities.', '"""', "passes"),
        ("master", "import numpy as np\n", "", "passes"),
        ("reference", "def softmax_forward(z):", "def softmax_forward(z: np.ndarray):", "passes"),
        (
            "master",
            "s = np.linspace(-5, 5, 101)",
            "e = np.exp(shifted)\nout = e / e.sum(axis=1, keepdims=True)",
            "cell code-02",
        ),
        (
            "reference",
            "    Source: Goodfellow, Bengio and Courville 2016, Deep Learning, equation (6.29).",
            "    >>> z, shift = draw.normal(3, 4), draw.normal(3, 1)\n    >>> draw = 1",
            "the examples of softmax_forward use 'draw'",
        ),
        ("master", "# ## By hand first", "# ## By hand first (see /home/ada/notes)", "shows '/home/ada'"),
    ],
)
def test_what_would_go_wrong_is_refused(course, unit, change, part, old, new, said):
    """A build that would mislead students or give something away stops, and says where."""
    change(getattr(unit, part), old, new)
    if said == "passes":
        assert build(course, unit)
        return
    with pytest.raises(ConfigError) as caught:
        build(course, unit)
    assert said in str(caught.value)


def test_a_stub_needs_names_that_the_notebook_defines(course, unit, change):
    """A type hint whose module no cell imports would fail in the student's hands."""
    change(unit.reference, "def softmax_forward(z):", "def softmax_forward(z: np.ndarray):")
    change(unit.master, "import numpy as np\n", "")
    with pytest.raises(ConfigError, match="softmax_forward uses 'np', which the notebook does not define"):
        build(course, unit)


def test_an_excused_cell_may_show_reference_code(course, unit, change):
    """With a reason on the cell, as for a bug hunt, or with the statement and its reason listed."""
    leak = "e = np.exp(shifted)\nout = e / e.sum(axis=1, keepdims=True)"
    change(unit.master, "# %%\ns = np.linspace(-5, 5, 101)", f'# %% leak="the bug hunt shows it"\n{leak}')
    assert build(course, unit)
    change(unit.master, ' leak="the bug hunt shows it"', "")
    listed = '{"out = e / e.sum(axis=1, keepdims=True)": "shown on purpose"}'
    change(unit.master, "import sys\n", f"import sys\nLEAK_EXCEPTIONS = {listed}\n")
    assert build(course, unit)


def test_given_written_and_scratch_cells(course, unit, change):
    """Given code is locked and complete, a written answer is marked by hand, a scratch cell is free."""
    extra = (
        "\n# %% given=True\nfrom solutions.softmax import SCALE, helper\n"
        '\n# %% [markdown] written="why" points=4\n# Why is the shift harmless?\n'
        "\n# %% scratch=True\nhelper(1)\n"
    )
    unit.master.write_text(unit.master.read_text() + extra)
    helper = "\n\nSCALE = 2.0\n\n\ndef helper(x):\n    y = x * SCALE\n    return y\n"
    unit.reference.write_text(unit.reference.read_text() + helper)
    cells = {cell.id: cell for cell in notebook_of(build(course, unit)).cells}
    assert cells["given-SCALE"].source == "SCALE = 2.0\n\n\ndef helper(x):\n    y = x * SCALE\n    return y"
    assert cells["given-SCALE"].metadata.nbgrader.locked
    written = cells["why"].metadata.nbgrader
    assert (written.grade, written.solution, written.locked, written.points) == (True, True, False, 4)
    (scratch,) = [cell for cell in cells.values() if cell.source == "helper(1)"]
    assert "nbgrader" not in scratch.metadata


def test_places_for_points_are_folded(course, unit):
    """A cell that only keeps the points' place in the gradebook hides its source; no other cell does."""
    hidden = {
        cell.id
        for cell in notebook_of(build(course, unit)).cells
        if cell.metadata.get("jupyter", {}).get("source_hidden")
    }
    assert hidden == {"points-softmax_forward", "points-softmax_backward"}


def test_bonus_points_are_extra(course, unit, change):
    """A bonus task's graded cell has 0 points, so that nbgrader's maximum stays 100."""
    change(
        unit.grader,
        'task("softmax_forward", points=10, law=True)',
        'task("softmax_forward", points=10, bonus=True)',
    )
    with pytest.raises(ConfigError, match="core points make 90"):
        build(course, unit)
    change(unit.grader, "points=25)\ndef test_forward_values", "points=35)\ndef test_forward_values")
    cells = {cell.id: cell for cell in notebook_of(build(course, unit)).cells}
    assert cells["points-softmax_forward"].metadata.nbgrader.points == 55
    assert "55 points and up to 10 points extra" in cells["criteria-softmax_forward"].source


def test_files_are_released_by_allow_list(course, unit, change):
    """Listed files travel; the instructor's own, links and paths out of the folder do not."""
    (unit.folder / "data.csv").write_text("1,2\n")
    (unit.folder / "link.csv").symlink_to(unit.grader)
    config = course.root / "course_config.py"
    before = config.read_text()
    for files, said in [
        ("data.csv", ""),
        ("grader.py", "never released"),
        ("../x", "never"),
        ("link.csv", "no file"),
    ]:
        config.write_text(before.replace("hours=1)", f"hours=1, files=({files!r},))"))
        changed = load_course(course.root)
        if not said:
            assert build(changed, changed.unit("softmax")).files["data.csv"] == b"1,2\n"
            continue
        with pytest.raises(ConfigError, match=said):
            build(changed, changed.unit("softmax"))


def test_publishing_makes_the_folder_exactly_the_release(course, unit):
    """Stale files go, hidden ones stay; nbgrader's source and the archive get the same files."""
    release = build(course, unit)
    assert publish(course, unit, release) == sorted(release.files)
    (unit.release / "old.txt").write_text("x")
    (unit.release / ".OTTER_LOG").write_text("x")
    unit.released_notebook.write_text("{}")
    assert differences(unit.release, release.files) == ["old.txt", "softmax.ipynb"]
    assert publish(course, unit, release) == ["old.txt", "softmax.ipynb"]
    assert (unit.release / ".OTTER_LOG").exists()
    for folder in (unit.release, nbgrader_source(course, unit), archived(course, "softmax", release.version)):
        assert differences(folder, release.files) == []


def test_old_versions_are_kept(course, unit, change):
    """A later build does not touch the version that submissions were made from."""
    first = build(course, unit)
    publish(course, unit, first)
    change(unit.master, "## By hand first", "## First by hand")
    publish(course, unit, build(course, unit))
    assert differences(archived(course, "softmax", first.version), first.files) == []


def test_the_command_tells_fresh_from_stale(course, unit, change):
    """Exit code 1 and the differing files where --check finds a stale release; it writes nothing."""
    assert run(build_command, course, "--check").exit_code == 1
    assert not unit.release.exists()
    assert run(build_command, course).exit_code == 0
    assert run(build_command, course, "--check").exit_code == 0
    change(unit.master, "## By hand first", "## First by hand")
    done = run(build_command, course, "softmax", "--check", "--json")
    assert done.exit_code == 1
    (row,) = json.loads(done.stdout)
    assert row["stale"] is True
    assert row["changed"] == ["softmax.ipynb", "tests/released.json"]
    assert "stale, run 'course build softmax'" in done.stderr


def test_one_broken_unit_does_not_keep_the_others(course, unit, change):
    """The command builds what it can, and ends with 2."""
    from autograder.unit.scaffold import new_unit

    new_unit(course, "second")
    change(unit.grader, "points=25)\ndef test_forward", "points=24)\ndef test_forward")
    done = run(build_command, course, "--json")
    assert done.exit_code == 2
    first, second = json.loads(done.stdout)
    assert "core points make 99" in first["error"]
    assert second["error"] is None
    assert (course.root / "release" / "second" / "second.ipynb").is_file()


def test_units_prints_the_contract(course):
    """Unit, title, points, due date and tasks; a unit without a grader has no points and no tasks."""
    done = run(units_command, course, "--json")
    assert done.exit_code == 0
    (row,) = json.loads(done.stdout)
    assert (row["unit"], row["title"], row["points"], row["max_bonus"]) == ("softmax", "Softmax", 100.0, 0.0)
    assert row["tasks"][0] == {"name": "softmax_forward", "points": 55.0, "bonus": False, "max_bonus": 0.0}
    course.units[0].grader.unlink()
    done = run(units_command, course, "--json")
    assert json.loads(done.stdout)[0]["tasks"] == []
    assert "no grader.py yet" in done.stderr
    assert "softmax" in run(units_command, course).stdout


@pytest.mark.parametrize("part", ["master", "public_checks", "grader", "reference"])
def test_a_file_that_is_no_text_is_named(course, unit, part):
    """A file that is no UTF-8 text ends in a sentence with its name."""
    path = getattr(unit, part)
    path.write_bytes(b"\xff\xfe x = 1")
    with pytest.raises(ConfigError, match=rf"{path.name} is not UTF-8"):
        build(course, unit)


@pytest.mark.parametrize("part", ["master", "grader", "reference"])
def test_a_missing_file_is_named(course, unit, part):
    """A unit needs all of its files but checks.py."""
    path = getattr(unit, part)
    path.unlink()
    with pytest.raises(ConfigError, match=rf"{path.name} is missing"):
        build(course, unit)


def test_units_is_fast(course):
    """Listing the units imports none of the large libraries."""
    script = (
        "import sys\nfrom autograder.cli import course\ncourse(['units', '--json'], standalone_mode=False)\n"
        "print({'numpy', 'torch', 'jupytext', 'nbgrader', 'otter'} & set(sys.modules), file=sys.stderr)"
    )
    line = [sys.executable, "-c", script]
    done = subprocess.run(line, cwd=course.root, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)
    assert done.stderr.strip() == "set()"
