"""Reading a master notebook."""

from dataclasses import replace

import pytest

from autograder.base.errors import ConfigError
from autograder.unit.master import read_master

HEADER = (
    "# ---\n# jupyter:\n#   jupytext:\n#     text_representation:\n#       format_name: percent\n# ---\n\n"
)


def master(tmp_path, *cells):
    path = tmp_path / "notebook.py"
    path.write_text(HEADER + "\n\n".join(cells) + "\n")
    return read_master(path, "conv")


def test_the_kinds_of_cells_are_told_apart(tmp_path):
    """Text, code, task, given, written, scratch and instructor cells arrive as such, with their lines."""
    made = master(
        tmp_path,
        "# %% [markdown]\n# # Title",
        "# %%\nimport numpy as np",
        '# %% task="forward"\nfrom solutions.conv import forward, Cache',
        "# %% given=True\nfrom solutions.conv import col2im",
        '# %% [markdown] written="why" points=4\n# Why?',
        "# %% scratch=True\n# %matplotlib inline\n1 + 1",
        '# %% tags=["instructor"]\nLEAK_EXCEPTIONS = {"x = 1": "everybody writes this"}',
    )
    assert [cell.kind for cell in made.cells] == "text code task given written scratch instructor".split()
    assert made.cells[0].line == 8
    assert made.tasks == {"forward": ("forward", "Cache")}
    assert made.given == ("col2im",)
    assert made.cells[4].points == 4
    assert made.exceptions == (("x = 1", "everybody writes this"),)


def test_a_marking_guide_stands_directly_below_its_question(tmp_path):
    """It is an instructor's text; one that stands elsewhere, or holds code, is none."""
    ask = '# %% [markdown] written="{}" points=4\n# Why?'.format
    text, code = "# %% [markdown] instructor=True\n# Two points.", "# %% instructor=True\nx = 1"
    made = master(tmp_path, text, ask("why"), text, ask("how"), code, ask("when"), "# %%\ny = 1", text)
    assert made.guides == {"why": "Two points."}


def test_a_master_saved_in_jupyterlab_is_the_same(tmp_path):
    """What jupytext writes back after editing in JupyterLab reads as before, though True becomes true."""
    import jupytext

    cells = (
        "# %% given=True\nfrom solutions.conv import f",
        '# %% leak="shown on purpose" name="shown"\nx = 1',
    )
    before = master(tmp_path, *cells)
    path = tmp_path / "notebook.py"
    path.write_text(jupytext.writes(jupytext.read(path, fmt="py:percent"), fmt="py:percent"))
    after = read_master(path, "conv")
    assert [replace(cell, line=0) for cell in after.cells] == [replace(cell, line=0) for cell in before.cells]


def test_a_docstring_above_the_first_cell_is_for_instructors(tmp_path):
    """Text above the first marker may only be a docstring; it is no cell."""
    assert len(master(tmp_path, '"""For staff."""', "# %%\nx = 1").cells) == 1
    with pytest.raises(ConfigError, match="belongs to no cell"):
        master(tmp_path, "import numpy", "# %%\nx = 1")


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ('# %% taks="forward"\nx = 1', "did you mean task"),
        ('# %% task="forward" given=True\nfrom solutions.conv import f', "says task and given"),
        ('# %% task="two words"\nfrom solutions.conv import f', "expected a name"),
        ('# %% task="f"\nfrom solutions.lstm import f', "nothing but 'from solutions.conv import"),
        ('# %% task="f"\nfrom solutions.conv import f as g', "without 'as'"),
        ('# %% task="f"\nfrom solutions.conv import *', "without 'as'"),
        ('# %% task="f"\nfrom solutions.conv import f\nf(1)', "nothing but"),
        ('# %% [markdown] task="f"\n# text', "a task cell is code"),
        ("# %%\nfrom solutions.conv import f", "students do not have"),
        ("# %%\ndef f():\n    import autograder.compare", "students do not have"),
        ("# %%\nx = (", "not valid Python"),
        ('# %% leak="no"\nx = 1', "expected the reason"),
        ("# %% points=3\nx = 1", "points belong to a written cell"),
        ('# %% [markdown] written="why"\n# Why?', "points belong to a written cell"),
        ("# %% instructor=True\nLEAK_EXCEPTIONS = ['x']", "literal dict"),
    ],
)
def test_an_error_names_file_and_line(tmp_path, cell, said):
    """Whatever is wrong with a cell is said with its place."""
    with pytest.raises(ConfigError, match=r"notebook\.py:8: ") as caught:
        master(tmp_path, cell)
    assert said in str(caught.value)


def test_a_name_is_released_once(tmp_path):
    """Two cells of one task, or two imports of one function, are refused."""
    cell = '# %% task="{}"\nfrom solutions.conv import f'
    for second in ("a", "b"):
        with pytest.raises(ConfigError, match="occurs already in line 8"):
            master(tmp_path, cell.format("a"), cell.format(second))


def test_magics_are_no_cells(tmp_path):
    """A commented cell magic stays in its cell, and the cell still parses."""
    (cell,) = master(tmp_path, "# %%\n# %%time\nx = 1").cells
    assert cell.source.split("\n")[0] == "%%time"
