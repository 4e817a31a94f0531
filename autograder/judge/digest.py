"""What a mark depends on, as one digest; what its explanation depends on, as another.

A result with the same digest need not be graded again. Explanations have a digest of
their own, so that a better hint does not regrade anyone.
"""

from __future__ import annotations

import ast
import json
import platform
from collections.abc import Iterator
from dataclasses import asdict
from functools import cache, lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from .. import __version__
from ..base.digest import digest_of, digest_of_file, engine_files
from ..base.errors import NotInstalled
from ..course import Course, Unit
from ..sandbox.libraries import distribution_of

# What can change a verdict; wording and pages are not among it. Folders, so that no new file is forgotten.
JUDGING = (
    *("inside", "sandbox", "student", "notebook", "checks", "judge"),
    *(
        "results/result.py",
        "unit/criteria.py",
        "unit/source.py",
        "base/time_limit.py",
        "base/memory_limit.py",
    ),
)


def environment_digest(course: Course, unit: Unit, tier: str, secret: str) -> str:
    """All that a mark depends on beside the submission and the release it was made from."""
    files = [unit.grader, unit.reference, *(unit.folder / name for name in sorted(unit.files))]
    helpers = imported_files(unit)
    return digest_of(
        __version__,
        engine_digest(),
        *(digest_of_file(path) for path in files),
        json.dumps([[path.relative_to(unit.root).as_posix(), digest_of_file(path)] for path in helpers]),
        json.dumps(asdict(course.limits_of(unit)), sort_keys=True),
        json.dumps([unit.runtime, unit.libraries, course.papers_of(unit)]),
        tier,
        "cpu",
        secret,
        platform.python_version(),
        *(_version(name) for name in dict.fromkeys(("numpy", unit.runtime, *unit.libraries))),
    )


def imported_files(unit: Unit) -> list[Path]:
    """Modules of the course that the grader or the reference import, directly or not.

    Read from their import statements, without running them; sorted, without these two themselves.
    """
    waiting, found = [unit.grader, unit.reference], {unit.grader, unit.reference}
    while waiting:
        path = waiting.pop()
        fresh = {file for names in _imports(path) for file in _modules(unit.root, path, *names)} - found
        found |= fresh
        waiting += fresh
    return sorted(found - {unit.grader, unit.reference})


def _imports(path: Path) -> tuple[tuple[int, str], ...]:
    """What a file imports, as (leading dots, dotted name); a file that is no Python fails elsewhere."""
    try:
        return _imports_in(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return ()


@lru_cache(maxsize=256)
def _imports_in(text: bytes) -> tuple[tuple[int, str], ...]:
    found: list[tuple[int, str]] = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found += [(0, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):  # what is imported from a package may be a module
            found += [(node.level, f"{node.module or ''}.{alias.name}".strip(".")) for alias in node.names]
    return tuple(dict.fromkeys(found))


def _modules(root: Path, importer: Path, level: int, name: str) -> Iterator[Path]:
    """The files below the course's root that importing a name runs: packages on the way, and the module."""
    parts = name.split(".")
    if level == 0 and parts[0] == "autograder":
        return  # the engine has a digest of its own, also where it lies in the course's folder
    place = [root, *importer.parents][min(level, len(importer.parents))]
    for part in parts:
        place = place / part
        for path in (place.with_name(f"{part}.py"), place / "__init__.py"):
            if path.is_file() and root in path.parents:
                yield path


@cache
def engine_digest() -> str:
    """The engine's own judging code."""
    return digest_of(*map(digest_of_file, engine_files(*JUDGING)))


def _version(library: str) -> str:
    """Of the distribution that brings a module: scikit-learn's for sklearn."""
    try:
        return version(distribution_of(library))
    except (NotInstalled, PackageNotFoundError):
        return "absent"
