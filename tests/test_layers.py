"""Imports run downwards: docs/architecture.md draws the layers, this test holds them."""

import ast
import re
from itertools import pairwise
from pathlib import Path

import pytest

from autograder.digests import JUDGING, python_files
from autograder.prove.store import DECIDING

ENGINE = Path(__file__).parents[1] / "autograder"

# From the bottom up; a module may import its own layer and those below.
LAYERS = [
    {
        "errors",
        "verdicts",
        "course",
        "inside",
        "requirements",
        "threads",
        "machine",
        "notebook_checks",
        "alarm",
    }
    | {"databases", "cores", "collector", "typed", "printing"},
    {"marks", "master", "stubs", "leaks", "otter_checks", "student_notebook", "notebook", "release", "edits"}
    | {"mistakes", "array_operators", "mutants", "results", "secret", "late", "sanitize", "audit"},
    {"compare", "laws", "draws", "sandbox"},
    {"student"},
    {"plugin", "together", "collecting", "digests"},
    {"grade", "relations", "naming", "diagnose", "cases"},
    {"doctor", "prove", "submissions", "engines", "progress", "warm", "batch", "simulation"},
    {
        "gradebook",
        "disclosure",
        "pages",
        "feedback",
        "report",
        "figures",
        "export",
        "hub",
        "exchange",
        "exchange_client",
        "preflight",
        "templates",
        "scaffold",
    },
    {"demo"},
    {"commands"},
    {"cli"},
]
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}


def modules() -> list[Path]:
    return sorted(path for path in ENGINE.rglob("*.py") if "templates" not in path.parts)


def part_of(path: Path) -> str:
    """The module or package directly below the engine that a file belongs to."""
    return path.relative_to(ENGINE).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """Parts of the engine that a file imports, other than for type checking only."""
    package = path.relative_to(ENGINE.parent).parts[:-1]
    found = set()
    for node in ast.walk(_without_type_checking(ast.parse(path.read_text()))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = [*package[: len(package) - node.level + 1], *(node.module or "").split(".")]
            names = [alias.name for alias in node.names] if len(base) < 2 or not base[1] else [base[1]]
            found.update(names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("autograder."):
            found.add(node.module.split(".")[1])
    return found - {"", "__version__", "commands"}


def _without_type_checking(tree: ast.Module) -> ast.Module:
    class Drop(ast.NodeTransformer):
        def visit_If(self, node: ast.If):
            return None if "TYPE_CHECKING" in ast.unparse(node.test) else self.generic_visit(node)

    return Drop().visit(tree)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ENGINE)))
def test_imports_run_downwards(path):
    """A module imports its own layer or those below."""
    part = part_of(path)
    if part == "__init__":
        return
    assert part in LEVEL, f"{part} has no place in the layers"
    for other in imports(path) - {part}:
        assert other in LEVEL, f"{path.name} imports {other}, which has no place in the layers"
        assert LEVEL[other] <= LEVEL[part], f"{path.name} ({part}) imports {other} from above"


@pytest.mark.parametrize("path", sorted((ENGINE / "inside").glob("*.py")), ids=lambda path: path.name)
def test_what_runs_in_the_sandbox_imports_nothing_else_of_ours(path):
    """Only this folder is mounted there."""
    assert imports(path) <= {"inside"}


def test_the_map_of_the_layers_is_true():
    """docs/architecture.md names every part of the engine once, those above first."""
    text = (ENGINE.parent / "docs" / "architecture.md").read_text()
    table = text.split("| layer | modules | what |")[1].split("\n\n")[0]
    rows = [re.findall(r"[a-z_]+", row.split("|")[2]) for row in table.strip().split("\n")[1:]]
    assert sorted(name for row in rows for name in row) == sorted(LEVEL)
    for above, below in pairwise(rows):
        assert min(LEVEL[name] for name in above) >= max(LEVEL[name] for name in below), (above, below)


def test_where_nbgrader_is_imported():
    """Its import takes two seconds, and its API may move: in three packages and nowhere else."""
    parts = {part_of(path) for path in modules() if _imports_package(path, "nbgrader")}
    assert parts == {"gradebook", "hub", "exchange_client"}


def _imports_package(path: Path, package: str) -> bool:
    for node in ast.walk(ast.parse(path.read_text())):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if any(name.split(".")[0] == package for name in names):
            return True
    return False


# What a judge uses besides, and which can change no mark that is not in the digest by itself.
HARMLESS = {"course", "errors", "secret", "threads", "digests", "collector"}


def test_whatever_judges_is_in_the_digest_of_a_mark():
    """A new module of the judge would else leave old marks standing."""
    judging = reached_from(["grade", "plugin"], HARMLESS)
    assert judging <= {name.removesuffix(".py") for name in JUDGING}


def reached_from(waiting: list[str], harmless: set[str]) -> set[str]:
    """Parts of the engine that these import, directly or not, without the harmless ones."""
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in found | harmless:
            found.add(name)
            waiting += [part for file in python_files(_file_of(name)) for part in imports(file)]
    return found


def _file_of(name: str) -> Path:
    path = ENGINE / f"{name}.py"
    return path if path.is_file() else ENGINE / name


# What a proof uses besides: wording, and what of a submission it does not have.
NOT_PROVEN = HARMLESS | {"sandbox", "notebook", "diagnose", "cases", "relations", "together"}


def test_whatever_decides_in_a_proof_is_in_its_digest():
    """A new module would else leave old proofs standing."""
    deciding = reached_from(["prove"], NOT_PROVEN)
    assert deciding <= {name.split("/")[0].removesuffix(".py") for name in DECIDING}
