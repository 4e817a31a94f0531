"""Modules that a notebook writes itself can be imported and run, as in Jupyter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from autograder.inside.program.loading import Compiled, compile_program

PADS = "%%writefile pads.py\nimport numpy as np\n\ndef pad(x):\n    return np.add(x, K)\n\nK = 1"
SOLVED = (
    "%%writefile mine.py\nK = 1\n\ndef f(x):\n    return x + K\n\nif __name__ == '__main__':\n    print(f(1))"
)


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))


def program(*cells: str) -> Compiled:
    listed = [{"id": None, "task": None, "source": text, "index": at} for at, text in enumerate(cells)]
    return compile_program({"cells": listed, "names": ["f"], "libraries": []})


def load(*cells: str, mode: str = "slice") -> dict[str, Any]:
    namespace, report = program(*cells).execute(mode)
    assert report["ok"], report["error"]
    assert report["missing_modules"] == []
    return namespace


# Each entry: the cells; f(3) is 4.
WORKS = {
    "from import": [PADS, "from pads import pad", "def f(x):\n    return pad(x)"],
    "import": [PADS, "import pads", "def f(x):\n    return pads.pad(x)"],
    "import as": [PADS, "import pads as p\ndef f(x):\n    return p.pad(x)"],
    "a star": [PADS, "from pads import *", "def f(x):\n    return pad(x)"],
    "inside a function": [PADS, "def f(x):\n    from pads import pad\n    return pad(x)"],
    "guarded": [
        PADS,
        "try:\n    from pads import pad\nexcept ImportError:\n    pad = None",
        "def f(x):\n    return pad(x)",
    ],
    "by its name as a text": [PADS, "import importlib\np = importlib.import_module('pads')\nf = p.pad"],
    "other ways to name it": ["%%file ./pads.py\nK = 1", "from pads import K", "def f(x):\n    return x + K"],
    "a path in quotes": ['%%writefile "pads.py"\nK = 1', "from pads import K", "def f(x):\n    return x + K"],
    "blank lines before": [
        "\n\n%%writefile pads.py\nK = 1",
        "from pads import K",
        "def f(x):\n    return x + K",
    ],
    "in two parts": [
        "%%writefile pads.py\nK = 1\n",
        "%%writefile -a pads.py\nJ = K",
        "from pads import J\ndef f(x):\n    return x + J",
    ],
    "twice": [
        "%%writefile pads.py\nK = 9",
        "%%writefile pads.py\nK = 1",
        "import pads\ndef f(x):\n    return x + pads.K",
    ],
    "a module that imports another": [
        "%%writefile ones.py\nONE = 1",
        "%%writefile pads.py\nfrom ones import ONE",
        "from pads import ONE\ndef f(x):\n    return x + ONE",
    ],
    "in a folder": ["%%writefile src/pads.py\nK = 1", "from src.pads import K\ndef f(x):\n    return x + K"],
    "a package": [
        "%%writefile src/__init__.py\nfrom .ones import ONE",
        "%%writefile src/ones.py\nONE = 1",
        "import src\ndef f(x):\n    return x + src.ONE",
    ],
    "in a folder on the path": [
        "%%writefile src/pads.py\nK = 1",
        "import sys\nsys.path.append('src')",
        "import pads\ndef f(x):\n    return x + pads.K",
    ],
    "open and write": [
        "open('pads.py', 'w').write('K = 1')",
        "from pads import K\ndef f(x):\n    return x + K",
    ],
    "open and write in one statement": [
        "_ = open('pads.py', mode='w').write('''\nK = 1\n''')",
        "from pads import K\ndef f(x):\n    return x + K",
    ],
    "with open": [
        "with open('pads.py', 'w') as file:\n    file.write('''K = 1''')",
        "from pads import K\ndef f(x):\n    return x + K",
    ],
    "a path": [
        "from pathlib import Path\nPath('pads.py').write_text('K = 1')",
        "from pads import K\ndef f(x):\n    return x + K",
    ],
    "a text that is made up": [
        "text = 'K = ' + str(1)\nwith open('pads.py', 'w') as file:\n    file.write(text)",
        "from pads import K\ndef f(x):\n    return x + K",
    ],
    "run": [PADS, "%run pads.py", "def f(x):\n    return pad(x)"],
    "run without a percent sign": [PADS, "run pads", "def f(x):\n    return pad(x)"],
    "run with options": [PADS, "%run -i pads.py 3", "def f(x):\n    return pad(x)"],
    "the whole task, imported": [SOLVED, "from mine import f"],
    "the whole task, run": [SOLVED, "%run mine.py"],
    "a missing module in it": [
        "%%writefile pads.py\nimport pandas as pd\nimport matplotlib.pyplot as plt\nK = 1",
        "from pads import K\ndef f(x):\n    return x + K",
    ],
    "executed from the file": [
        PADS,
        "from pathlib import Path\nexec(Path('pads.py').read_text())\ndef f(x):\n    return pad(x)",
    ],
    "a file of numbers": [
        '%%writefile table.json\n{"K": 1}',
        "import json\nwith open('table.json') as file:\n    T = json.load(file)",
        "def f(x):\n    return x + T['K']",
    ],
    "below the task": [PADS, "def f(x):\n    return pad(x)", "from pads import pad"],
    "the name of a module of Python's that is not loaded": [
        "%%writefile chunk.py\nK = 1",
        "from chunk import K\ndef f(x):\n    return x + K",
    ],
}


ON_DISK = {"a text that is made up", "executed from the file", "a file of numbers"}


@pytest.mark.parametrize("mode", ["slice", "whole"])
@pytest.mark.parametrize("what", WORKS)
def test_what_the_notebook_writes_is_there(what: str, mode: str) -> None:
    """Whoever imports or runs a module that the notebook writes finds it."""
    assert load(*WORKS[what], mode=mode)["f"](3) == 4


@pytest.mark.parametrize("what", sorted(WORKS.keys() - ON_DISK))
def test_a_folder_that_cannot_be_written_to_is_no_obstacle(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In some tiers the working folder is for reading only."""

    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise PermissionError("read only")

    monkeypatch.setattr("builtins.open", refuse)
    monkeypatch.setattr("os.makedirs", refuse)
    assert load(*WORKS[what])["f"](3) == 4


def test_an_error_in_a_module_is_told_with_the_line_of_its_cell() -> None:
    """As if the text stood in the cell itself."""
    _, report = program("x = 1", "%%writefile pads.py\n\nK = 1 / 0", "import pads\nf = pads").execute("slice")
    assert report["error"] == {
        "class": "ZeroDivisionError",
        "message": "division by zero",
        "cell": 2,
        "line": 3,
        "text": "K = 1 / 0",
        "names": ["pads"],
    }


def test_a_module_that_is_no_python_is_told_with_its_cell() -> None:
    """A syntax error costs what needs the module."""
    compiled = program(
        "%%writefile pads.py\n\ndef pad(x:\n    pass", "x = 1\n%run pads.py", "def f(x):\n    return x"
    )
    assert [(error["cell"], error["line"]) for error in compiled.report["syntax_errors"]] == [(1, 3)]


def test_a_module_that_nobody_imports_is_not_run() -> None:
    """A file is only a file."""
    compiled = program("%%writefile train.py\n1 / 0", "def f(x):\n    return x")
    assert not any(step.needed for step in compiled.steps[:1])


def test_a_training_loop_in_a_module_that_is_run_is_left_out() -> None:
    """Of a module that the notebook runs only what tasks need is executed, as of a cell."""
    text = "%%writefile mine.py\ndef f(x):\n    return x + 1\nwhile True:\n    f(1)"
    assert load(text, "%run mine.py")["f"](3) == 4


@pytest.mark.parametrize("name", ["numpy", "json"])
def test_a_library_stays_what_it_is(name: str) -> None:
    """A file with the name of what is loaded already takes no place, as in Jupyter."""
    namespace = load(f"%%writefile {name}.py\nK = 1", f"import {name}\ndef f(x):\n    return {name}.__file__")
    assert "packages" in namespace["f"](3) or "lib" in namespace["f"](3)


def test_another_notebook_in_the_same_process_has_its_own_modules() -> None:
    """A module of the one before is forgotten."""
    for value in (1, 2):
        cells = f"%%writefile pads.py\nK = {value}", "from pads import K\ndef f(x):\n    return K"
        assert load(*cells)["f"](0) == value
