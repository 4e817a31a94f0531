"""Percent text read without jupytext, which is the judge of it."""

from __future__ import annotations

import sys
from subprocess import run

import jupytext
import pytest

from autograder.base.errors import ConfigError
from autograder.course import load_course
from autograder.unit.master import read_master, read_tasks
from autograder.unit.percent import raw_cells

UNITS = [unit for unit in load_course().units if unit.master.is_file()]

LINES = [
    "# %%",
    "#%%",
    "# %% A title",
    "# %% [markdown]",
    "# %% [md] A title [with brackets]",
    '# %% task="conv2d_forward"',
    "# %% given=True scratch=false",
    '# %% [markdown] written="why" points=4',
    "# %% points=2.5",
    '# %% leak="a reason, with = and [markdown] in it"',
    '# %% tags=["instructor", "slow"] name="x"',
    "# %% Title with words leak='it is said' given=true",
]


@pytest.mark.parametrize("line", LINES)
def test_a_marker_is_read_as_jupytext_reads_it(line):
    """The kind of the cell and its options, whatever stands beside them."""
    (cell,) = raw_cells(f"{line}\n# x = 1\n")
    (other,) = jupytext.reads(f"{line}\n# x = 1\n", fmt="py:percent").cells
    noted = ("title", "cell_marker", "region_name")
    options = {name: value for name, value in other.metadata.items() if name not in noted}
    assert cell.options == options
    assert cell.markdown == (other.cell_type == "markdown")
    assert (cell.source, cell.line) == ("# x = 1", 1)


def test_text_is_cut_at_markers():
    """A commented cell magic is none; what stands above the first one is in no cell."""
    text = '"""For staff."""\n# %%\n# %%time\nx = 1\n\n# %% [markdown]\n# # Title\n# %%\n'
    cells = raw_cells(text)
    assert [cell.line for cell in cells] == [2, 6, 8]
    assert [cell.source for cell in cells] == ["# %%time\nx = 1\n", "# # Title", ""]
    assert raw_cells('"""Nothing yet."""\n') == []


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_the_tasks_of_the_course_s_units(unit):
    """Whoever grades reads the tasks that the release was built with."""
    assert read_tasks(unit.master, unit.name) == read_master(unit.master, unit.name).tasks


def test_only_task_cells_are_looked_at(tmp_path):
    """An instructor's cell is none, and what is wrong elsewhere is for the next build to say."""
    path = tmp_path / "notebook.py"
    path.write_text(
        '# %% nonsense=1\nx = (\n# %% task="f"\nfrom solutions.conv import f, g\n'
        '# %% task="h" instructor=True\nx = 1\n'
    )
    assert read_tasks(path, "conv") == {"f": ("f", "g")}
    path.write_text('# %%\n# %% task="f"\nx = 1\n')
    with pytest.raises(ConfigError, match=r"notebook\.py:2: expected the cell to be nothing but"):
        read_tasks(path, "conv")


def test_a_line_that_can_be_read_in_two_ways_is_refused(tmp_path):
    """JupyterLab would show another notebook than students receive."""
    path = tmp_path / "notebook.py"
    path.write_text('# %%\nx = 1\n# %% {"task": "f"}\nfrom solutions.conv import f\n')
    with pytest.raises(ConfigError, match=r"notebook\.py:3: jupytext reads this line as a code cell with"):
        read_master(path, "conv")


def test_whoever_grades_does_not_wait_for_jupytext():
    """Its import takes half a second, in every worker."""
    code = (
        "import sys\nfrom autograder.course import load_course\n"
        "from autograder.unit.mistakes.catalogue import tasks_of_names\n"
        "assert tasks_of_names(load_course().units[0])\nassert 'jupytext' not in sys.modules\n"
    )
    assert run([sys.executable, "-c", code], check=False).returncode == 0
