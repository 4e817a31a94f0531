"""Imports run downwards: ``autograder.PACKAGES`` is the order, this test holds it."""

import ast
import re
import sys
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from autograder import PACKAGES
from autograder.base.digest import engine_files
from autograder.judge.digest import JUDGING
from autograder.prove.store import DECIDING

ENGINE = Path(__file__).parents[1] / "autograder"
# What lies beside the packages: the way in, what courses import, and a name of before.
FLAT = {"cli", "course", "mistakes", "compare", "laws", "notebook_checks", "exchange_client"}


def modules() -> list[Path]:
    return sorted(path for path in ENGINE.rglob("*.py") if path.parts[-2] != "autograder")


@cache
def imports(path: Path) -> list[str]:
    """Dotted names that a file imports, other than for type checking only; ours with their package."""
    package, found = path.relative_to(ENGINE.parent).parts[:-1], []
    for node in ast.walk(_without_type_checking(ast.parse(path.read_text()))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = [*package[: len(package) - node.level + 1]] if node.level else []
            found += [".".join([*base, *filter(None, [node.module]), alias.name]) for alias in node.names]
    return found


def _without_type_checking(tree: ast.Module) -> ast.Module:
    class Drop(ast.NodeTransformer):
        def visit_If(self, node: ast.If):
            return None if "TYPE_CHECKING" in ast.unparse(node.test) else self.generic_visit(node)

    return Drop().visit(tree)


def ours(path: Path) -> set[str]:
    """Packages and flat modules of the engine that a file imports."""
    return {name.split(".")[1] for name in imports(path) if name.startswith("autograder.")} - {"__version__"}


def test_the_map_is_complete():
    """Every package stands in the map, and beside the packages lies only what is meant for courses."""
    there = {path.name.removesuffix(".py") for path in ENGINE.iterdir() if not path.name.startswith("__")}
    assert there == {*PACKAGES, *FLAT}


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(ENGINE).as_posix())
def test_imports_run_downwards(path):
    """A module imports its own package and those above it in the map, and what stands on the ground alone."""
    package = path.relative_to(ENGINE).parts[0]
    if package == "exchange_client":
        return
    above = set(PACKAGES[: PACKAGES.index(package) + 1])
    flat = set() if package in ("base", "inside") else {"course", "notebook_checks"}
    assert ours(path) <= above | flat


def _module(name: str) -> str:
    """The module in which an imported name lies, without the engine's name; "" for a package."""
    parts = name.split(".")[1:]
    for count in range(len(parts), 1, -1):
        path = ENGINE.joinpath(*parts[:count])
        if path.with_suffix(".py").is_file() or (path / "__init__.py").is_file():
            return ".".join(parts[:count])
    return ""


def test_a_package_is_entered_by_its_face():
    """Other packages import what ``__init__`` has, and the modules that its ``FACE`` names, all of them."""
    entered: dict[str, set[str]] = {package: set() for package in PACKAGES}
    for path in ENGINE.rglob("*.py"):
        mine = path.relative_to(ENGINE).parts[0]
        for module in filter(None, map(_module, imports(path))):
            package, _, inner = module.partition(".")
            if package != mine and package in entered:
                entered[package].add(inner)
    faces = {package: import_module(f"autograder.{package}") for package in PACKAGES}
    assert {name: set(getattr(face, "FACE", ())) for name, face in faces.items()} == entered


def test_what_courses_import_is_light():
    """``course`` stands on the ground; what released notebooks import stands alone."""
    assert ours(ENGINE / "course.py") == {"base"}
    assert ours(ENGINE / "notebook_checks.py") == set()


def test_the_judge_s_end_of_the_exchange_is_not_at_the_student_s():
    """``exchange/client`` is installed on students' servers; it imports nothing of the service."""
    client = "autograder.exchange.client."
    for path in (ENGINE / "exchange" / "client").glob("*.py"):
        other = [name for name in imports(path) if name.startswith("autograder.exchange.")]
        assert not [name for name in other if not name.startswith(client)], path.name


def test_the_two_doors_of_the_exchange_do_not_know_each_other():
    """The JSON of programs and the pages of people share deeds, not routes."""
    for path in (ENGINE / "exchange" / "routes").glob("*.py"):
        other = [name for name in imports(path) if name.startswith("autograder.exchange.routes")]
        assert other == [], path.name


def test_what_runs_in_the_sandbox_stands_alone():
    """Only this folder is mounted there: the standard library, NumPy and torch, and itself."""
    for path in (ENGINE / "inside").rglob("*.py"):
        tops = {name.split(".")[0] for name in imports(path)} - {"autograder"}
        assert ours(path) <= {"inside"}, path
        assert tops <= {*sys.stdlib_module_names, "numpy", "torch"}, path


def test_where_nbgrader_is_imported():
    """Its import takes two seconds, and its API may move: in three packages and nowhere else."""
    found = {
        path.relative_to(ENGINE).parent.as_posix()
        for path in ENGINE.rglob("*.py")
        if any(name.split(".")[0] == "nbgrader" for name in imports(path))
    }
    assert {place for place in found if place.split("/")[0] != "hub"} == {"gradebook", "exchange/client"}


def test_whatever_judges_is_in_the_digest_of_a_mark():
    """A new module of the judge would else leave old marks standing."""
    judging = set(engine_files(*JUDGING))
    assert {file.parent.name for file in judging} >= {"judge", "wire", "process", "program", "student"}
    for path in judging:
        loose = {file for name in imports(path) for file in _files(name)} - judging
        assert {file.relative_to(ENGINE).parts[0] for file in loose} <= {
            "base",
            "course.py",
            "results",
            "unit",
        }


def test_whatever_names_is_in_the_digest_of_a_proof():
    """A proof says how mistakes are made, tried and named; what makes a mark is part of it."""
    assert set(DECIDING) > {*JUDGING, "prove", "unit/mistakes", "explain/naming.py"}
    assert all((ENGINE / name).exists() and engine_files(name) for name in DECIDING)


def _files(name: str) -> list[Path]:
    path = ENGINE.parent.joinpath(*name.split("."))
    return [file for file in (path.with_suffix(".py"), path.parent.with_suffix(".py")) if file.is_file()]


def test_the_map_of_the_documentation_is_true():
    """docs/architecture.md prints the tuple, with what each package is for."""
    text = (ENGINE.parent / "docs" / "architecture.md").read_text()
    source = (ENGINE / "__init__.py").read_text()
    tuple_ = source[source.index("PACKAGES = (") :].strip()
    assert re.sub(r"\s+", " ", tuple_) in re.sub(r"\s+", " ", text)


def test_a_name_means_one_thing():
    """No two classes of the packages have one name."""
    found: dict[str, set[str]] = {}
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found.setdefault(node.name, set()).add(path.relative_to(ENGINE).as_posix())
    assert {name: places for name, places in found.items() if len(places) > 1} == {}


def test_files_are_small():
    """Whoever needs more than 350 lines for one idea says why in the opening."""
    long = [path for path in modules() if len(path.read_text().splitlines()) > 350]
    assert long == []
