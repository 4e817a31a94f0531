"""What the zygote reads of a release before it forks saves time and changes nothing."""

from __future__ import annotations

import copy
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest

from autograder.inside.program.loading import MODULE, Compiled, compile_program
from autograder.inside.program.readings import FIRST_FLAGS, Given, read_release, renamed
from autograder.notebook import read_submission, to_program
from tests.honest.cases import CASES, Case
from tests.support import code, release_of, solved_notebook, write

LIBRARIES = ("numpy",)
UNIT = "conv_layer"


def read(content: dict[str, Any], folder: Path, unit: str = UNIT) -> dict[str, Any]:
    release = release_of(unit)
    return to_program(read_submission(write(folder, content), release), release, LIBRARIES)


def given_by(program: dict[str, Any]) -> Given:
    libraries = frozenset(program["libraries"])
    cells = [(f"cell {number}", text) for number, text in program["release"]]
    return {libraries: dict(read_release(cells, libraries))}


def same(left: Compiled, right: Compiled) -> None:
    assert left.report == right.report
    assert (left.starred, left.unresolved, left.names) == (right.starred, right.unresolved, right.names)
    assert steps(left) == steps(right)


def steps(compiled: Compiled) -> list[Any]:
    found = []
    for step in compiled.steps:
        placed = renamed(step.code, step.source.filename)
        found.append(
            (step.source, placed, placed.co_filename, step.line, step.binds, step.replaces, step.needed)
        )
    return found


@pytest.mark.parametrize("unit", ["conv_layer", "optimizers", "autoencoder"])
def test_a_solved_notebook(unit: str, tmp_path: Path) -> None:
    """The compiled form is the same, and so it is for the submission after it."""
    program = read(solved_notebook(unit), tmp_path, unit)
    given = given_by(program)
    for _ in range(2):
        same(compile_program(program, given), compile_program(program))


@pytest.fixture(scope="module")
def tidy(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A solved notebook."""
    return read(solved_notebook(UNIT), tmp_path_factory.mktemp("tidy"))


@pytest.fixture(scope="module")
def given(tidy: dict[str, Any]) -> Given:
    """What is read of the release, for all notebooks."""
    return given_by(tidy)


@pytest.fixture(scope="module")
def compiled_anew(tidy: dict[str, Any]) -> Compiled:
    """The solved notebook, with nothing read before."""
    return compile_program(tidy)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_messy_notebooks(
    case: Case, tmp_path: Path, tidy: dict[str, Any], given: Given, compiled_anew: Compiled
) -> None:
    """The same for every way of being messy, whatever was compiled before."""
    stubs = {cell.grade_id: cell.source for cell in release_of(UNIT).cells}
    content = copy.deepcopy({**solved_notebook(UNIT), "stubs": stubs})
    case.edit(content)
    program = read(content, tmp_path)
    assert program["release"] == tidy["release"]
    same(compile_program(program, given), compile_program(program))
    same(compile_program(tidy, given), compiled_anew)


def test_only_other_cells_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a solved notebook the task cells alone are parsed in the room."""
    program = read(solved_notebook(UNIT), tmp_path)
    given = given_by(program)
    parsed: list[str] = []
    from autograder.inside.program import readings as module

    parse = module.magics.parse
    monkeypatch.setattr(module.magics, "parse", lambda text: parsed.append(text) or parse(text))
    compile_program(program, given)
    known = {text for _, text in program["release"]}
    assert parsed == [cell["source"] for cell in program["cells"] if cell["source"] not in known]


def test_shifted_cells_keep_their_own_numbers(tmp_path: Path) -> None:
    """A cell of the release that stands elsewhere in the notebook is named by its place there."""
    content = solved_notebook(UNIT)
    program = read(content, tmp_path)
    content["cells"].insert(0, code("x = 1"))
    shifted = read(content, tmp_path)
    compiled = compile_program(shifted, given_by(program))
    same(compiled, compile_program(shifted))
    namespace, _ = compiled.execute("slice")
    functions = [value for value in namespace.values() if isinstance(value, FunctionType)]
    files = {each.__code__.co_filename for each in functions if each.__module__ == MODULE}
    defining = {f"cell {cell['index'] + 1}" for cell in shifted["cells"] if "def " in cell["source"]}
    assert files
    assert files <= defining


def test_other_features_are_read_anew() -> None:
    """``from __future__`` in a cell of the student's holds for the release's cells below it."""
    text = "def f(x: undefined):\n    return x"
    libraries = frozenset(LIBRARIES)
    given: Given = {libraries: dict(read_release([("cell 1", text)], libraries))}
    cells = [
        {"id": None, "task": None, "source": source, "index": index}
        for index, source in enumerate(["from __future__ import annotations", text])
    ]
    program = {"cells": cells, "names": ["f"], "libraries": LIBRARIES}
    assert compile_program(program, given).execute("slice")[1]["ok"]
    assert not compile_program({**program, "cells": cells[1:]}, given).execute("slice")[1]["ok"]
    assert (text, FIRST_FLAGS) in given[libraries]


def test_missing_modules_of_the_release_are_told_again() -> None:
    """A module that a given cell imports is reported, and its star import makes placeholders."""
    text = "from nowhere_to_be_found import *"
    libraries = frozenset(LIBRARIES)
    given: Given = {libraries: dict(read_release([("cell 1", text)], libraries))}
    cells = [
        {"id": None, "task": None, "source": source, "index": index}
        for index, source in enumerate([text, "def f():\n    return unknown"])
    ]
    compiled = compile_program({"cells": cells, "names": ["f"], "libraries": LIBRARIES}, given)
    assert compiled.report["missing_modules"] == ["nowhere_to_be_found"]
    assert "unknown" in compiled.unresolved
