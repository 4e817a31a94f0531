"""The releases of this course's own units."""

import ast
import os
import resource
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from autograder.course import load_course
from autograder.unit.master import python_of, read_master
from autograder.unit.release import build, differences, read_reference
from autograder.unit.stubs import stub

COURSE = load_course(Path(__file__).parents[2])
KEPT = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
MINUTE = 60.0  # seconds of processor time, whatever else the machine does
UNITS = [unit for unit in COURSE.units if unit.folder.is_dir()]

RUN = """\
import sys, warnings
sys.path.insert(0, {root!r})
import matplotlib
matplotlib.use("Agg")
from pathlib import Path
from autograder.unit.master import python_of, read_master
for cell in read_master(Path({path!r}), {unit!r}).cells:
    if not cell.markdown:
        exec(compile(python_of(cell.source), f"cell in line {{cell.line}}", "exec"), globals())
"""

each_unit = pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)


@each_unit
def test_the_committed_release_is_up_to_date(unit):
    """release/<unit> is what 'course build' makes; every change to it is reviewed."""
    assert differences(unit.release, build(COURSE, unit).files) == [], f"run 'course build {unit.name}'"


@each_unit
def test_nbformat_accepts_the_notebook(unit):
    """The notebook is valid, and all its code parses."""
    notebook = nbformat.reads(build(COURSE, unit).files[f"{unit.name}.ipynb"].decode(), as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            ast.parse(python_of(cell.source))


@each_unit
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # raised while Otter imports its dependencies
def test_the_public_checks_pass_the_reference_and_fail_the_stub(unit):
    """Otter runs each task's file: all green with the reference, none with the stubs."""
    from otter.test_files.exception_test import ExceptionTestFile

    files = build(COURSE, unit).files
    right, unwritten = _names(unit, solved=True), _names(unit, solved=False)
    for task in read_master(unit.master, unit.name).tasks:
        test_file = ExceptionTestFile.from_string(files[f"tests/{task}.py"].decode())
        test_file.run(right)
        assert test_file.passed_all, test_file.summary()
        test_file.run(unwritten)
        assert not any(result.passed for result in test_file.test_case_results), task


@each_unit
@pytest.mark.slow
def test_the_master_runs_with_the_reference(unit):
    """The master notebook runs from top to bottom, in less than a minute of one core."""
    text = RUN.format(root=str(COURSE.root), path=str(unit.master), unit=unit.name)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-c", text],
        cwd=unit.folder,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < MINUTE


def _names(unit, *, solved):
    """What a student's notebook defines: the reference or its stubs, and the definitions of other cells."""
    reference, master = read_reference(unit), read_master(unit.master, unit.name)
    scope = {"__name__": "notebook"}
    exec(reference.source, scope)
    if not solved:
        for names in master.tasks.values():
            for name in names:
                exec(stub(reference, name), scope)
    for cell in master.cells:
        if cell.kind in ("code", "scratch"):
            tree = ast.parse(python_of(cell.source))
            tree.body = [node for node in tree.body if isinstance(node, KEPT)]
            exec(compile(tree, unit.name, "exec"), scope)
    return scope
