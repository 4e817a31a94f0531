"""What a notebook accepts beyond Python."""

from __future__ import annotations

import ast

import pytest

from autograder.inside.program import magics

# Each entry: the cell, and what is left of it as Python (None: nothing of it is for us).
CELLS = {
    "plain Python": ("x = 1", "x = 1"),
    "a line magic": ("%matplotlib inline\nx = 1", "pass\nx = 1"),
    "two line magics": ("%load_ext autoreload\n%autoreload 2\nx = 1", "pass\npass\nx = 1"),
    "time of a statement": ("%time x = f(1)", "x = f(1)"),
    "timeit": ("%timeit -n 3 f(1)", "pass"),
    "a shell line": ("!pip install numpy\nx = 1", "pass\nx = 1"),
    "a shell line over two lines": ("!pip install \\\n    numpy\nx = 1", "pass\nx = 1"),
    "a shell line with a quote": ("!echo it's\nx = 1", "pass\nx = 1"),
    "the output of a shell line": ("files = !ls\nx = 1", "files = None\nx = 1"),
    "the output of a magic": ("here = %pwd", "here = None"),
    "time in an assignment": ("y = %time f(1)", "y = f(1)"),
    "help": ("np.sum?\nx = 1", "pass\nx = 1"),
    "much help": ("np.sum??", "pass"),
    "help before": ("?np.sum", "pass"),
    "a magic as the only line of a block": ("if x:\n    %matplotlib inline\ny = 1", "if x:\n    pass\ny = 1"),
    "a shell line in a block": ("for i in x:\n    !ls {i}", "for i in x:\n    pass"),
    "magics without percent signs": ("pip install numpy\nx = 1", "pass\nx = 1"),
    "time of a cell": ("%%time\nx = 1", "x = 1"),
    "time of a cell, after blank lines": ("\n\n%%time\nx = 1", "x = 1"),
    "two cell magics": ("%%capture out\n%%time\nx = 1", "x = 1"),
    "a cell magic and a line magic": ("%%time\n%matplotlib inline\nx = 1", "pass\nx = 1"),
    "only a cell magic": ("%%time", ""),
    "a shell cell": ("%%bash\nrm -rf x", None),
    "an HTML cell": ("%%html\n<b>x</b>", None),
    "a file": ("%%writefile other.py\nx = 1", "__write__('other.py', 'x = 1', False, 2)"),
    "a file that grows": ("\n%%writefile -a a.py\nx = 1", "__write__('a.py', 'x = 1', True, 3)"),
    "a file of a name that is computed": ("%%writefile {name}.py\nx = 1", None),
    "a module that is run": ("%run other.py\nx = 1", "__run__('other.py')\nx = 1"),
    "a module that is run without a percent sign": ("run other", "__run__('other.py')"),
    "the remainder at the start of a line": ("x = (7\n% 4)", "x = 7 % 4"),
    "a percent sign in a string": ('"""\n%time x\n!ls\n"""', '"""\n%time x\n!ls\n"""'),
    "a percent sign in a string beside a magic": (
        '%pwd\ns = """\n%time x\n"""',
        'pass\ns = """\n%time x\n"""',
    ),
    "a byte order mark": ("\ufeffx = 1", "x = 1"),
    "prompts of IPython": ("In [3]: def f():\n   ...:     pass", "def f():\n    pass"),
}


@pytest.mark.parametrize("what", CELLS)
def test_a_cell_is_read_as_a_notebook_reads_it(what: str) -> None:
    """Magics go, line by line, and Python stays."""
    text, left = CELLS[what]
    tree = magics.parse(text)
    assert (tree and ast.dump(tree)) == (None if left is None else ast.dump(ast.parse(left)))


@pytest.mark.parametrize("text", ["%%time\n\nx = 1", "%pwd\n!ls\nx = 1", "\n\nx = 1", "!a \\\n b\nx = 1"])
def test_line_numbers_stay(text: str) -> None:
    """A magic loses its line, and the lines below keep their numbers."""
    tree = magics.parse(text)
    assert tree is not None
    assert tree.body[-1].lineno == 3


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("x = 1\ndef f(:\n    pass", 2),
        ("x = (1,\n", 1),
        ("%pwd\nx = = 1", 2),
        ("a\0b", 1),
        ("(" * 5000, 1),
        ("x\nif y:\nz", 3),
    ],
)
def test_what_is_no_python_says_where(text: str, line: int) -> None:
    """Every way of not being Python is one error with a line."""
    with pytest.raises(magics.NoPython) as caught:
        magics.parse(text)
    assert caught.value.lineno == line


def test_a_flood_of_magics_ends() -> None:
    """Thousands of magics do not take quadratic time."""
    tree = magics.parse("!x\n" * 20_000 + "y = 1")
    assert tree is not None
    assert len(tree.body) == 20_001
