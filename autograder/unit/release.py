"""Building a unit's release: exactly what students receive, equal bytes for equal input.

    release/<unit>/<unit>.ipynb       the student notebook
    release/<unit>/tests/<task>.py    the public checks, for Otter
    release/<unit>/tests/released.json  the cells as released, from which 'course preflight' heals
    release/<unit>/requirements.txt   pinned packages to work on it at home
    release/<unit>/...                the files that course_config.py allows

Each version that was ever built is kept in the data folder (``releases/<unit>/<version>``),
since a submission is healed from the version that it was made from.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from ..base.errors import ConfigError
from ..base.files import replaced_together
from ..course import Course, Unit
from ..notebook.release import RELEASED, archived
from .assemble import MadeCell, assemble, to_json
from .criteria import read_criteria
from .examples import examples_of
from .leaks import LONG, Leak, Text, find_leaks, machine_paths, secrets_of, texts_of_files
from .master import Master, python_of, read_master
from .public_checks import export_checks
from .requirements import student_requirements
from .source import imports, parse_file, read_source
from .stubs import Reference, is_given, methods

PRIVATE = ("notebook.py", "checks.py", "grader.py", "mistakes.py")
VERSION_DIGITS = 12


@dataclass(frozen=True)
class Built:
    """A built release: ``files`` maps paths inside the release to their bytes."""

    unit: str
    version: str
    files: Mapping[str, bytes]


def build(course: Course, unit: Unit) -> Built:
    """Build a unit's release in memory.

    Raises:
        ConfigError: the unit's files are missing or disagree, a released definition lacks
            its docstring, core points do not make 100, or something would leak.
    """
    master = read_master(unit.master, unit.name)
    reference = read_reference(unit)
    cells = assemble(master, reference, read_criteria(unit.grader), course.python, unit.runtime)
    available = {*master.given, *(name for names in master.tasks.values() for name in names)}
    examples = {task: examples_of(reference, names, available) for task, names in master.tasks.items()}
    checks = export_checks(unit.public_checks, examples)
    others = {f"tests/{task}.py": text.encode() for task, text in checks.items()}
    others |= released_files(unit)
    others["requirements.txt"] = student_requirements(course, unit, _modules(cells, others)).encode()
    check_leaks(course, unit, master, reference, cells, others)
    return _sealed(course, unit, master, cells, others)


def read_reference(unit: Unit) -> Reference:
    """The text of the unit's reference solution.

    Raises:
        ConfigError: it is missing, or no Python.
    """
    return Reference.parse(read_source(unit.reference), str(unit.reference))


def released_files(unit: Unit) -> dict[str, bytes]:
    """The data and helper files that the course's configuration allows, by their paths in the release.

    Raises:
        ConfigError: one is missing, leads out of the unit's folder, is a link, or is the
            instructor's own.
    """
    files: dict[str, bytes] = {}
    for name in unit.files:
        path = unit.folder / name
        pure = PurePosixPath(name)
        if pure.is_absolute() or ".." in pure.parts or pure.as_posix() in (*PRIVATE, "requirements.txt"):
            raise ConfigError(
                f"course_config.py: unit {unit.name!r}: files lists {name!r}, which is never released"
            )
        if path.is_symlink() or not path.is_file():
            raise ConfigError(
                f"course_config.py: unit {unit.name!r}: files lists {name!r}, but {path} is no file"
            )
        if path.suffix == ".py":
            parse_file(path)
        files[pure.as_posix()] = path.read_bytes()
    return files


def check_leaks(
    course: Course,
    unit: Unit,
    master: Master,
    reference: Reference,
    cells: Iterable[MadeCell],
    files: Mapping[str, bytes],
) -> None:
    """Refuse a release that shows reference code, hidden checks or paths of this machine.

    Raises:
        ConfigError: with every place found, and what can be done.
    """
    root = course.root
    sources = [
        (str(unit.reference.relative_to(root)), reference.tree),
        (str(unit.grader.relative_to(root)), parse_file(unit.grader)),
    ]
    secrets = secrets_of(
        sources, _given(master, reference), [statement for statement, _ in master.exceptions]
    )
    texts = [
        Text(
            f"{unit.name}.ipynb, cell {cell.id}",
            cell.source if cell.markdown else python_of(cell.source),
            python=not cell.markdown,
            excused=bool(cell.leak),
        )
        for cell in cells
    ]
    leaks = find_leaks([*texts, *texts_of_files(files)], secrets, machine_paths(root))
    if leaks:
        raise ConfigError(_leak_report(unit, leaks))


def publish(course: Course, unit: Unit, release: Built) -> list[str]:
    """Bring ``release/<unit>`` to the built state; returns the paths that changed there.

    The same files become nbgrader's source version, and the version joins the archive.
    """
    changed = synchronise(unit.release, release.files)
    synchronise(nbgrader_source(course, unit), release.files)
    archive(course, release)
    return changed


def synchronise(folder: Path, files: Mapping[str, bytes]) -> list[str]:
    """Make a folder hold just these files; returns the paths that were written or removed."""
    changed = differences(folder, files)
    for name in set(changed) - files.keys():
        (folder / name).unlink()
    with replaced_together() as put:
        for name in files.keys() & changed:
            put(folder / name, files[name])
    return changed


def differences(folder: Path, files: Mapping[str, bytes]) -> list[str]:
    """Paths below a folder that are missing, differ, or should not be there."""
    present = {path.relative_to(folder).as_posix(): path for path in _files(folder)}
    wrong = [
        name
        for name, content in files.items()
        if name not in present or present[name].is_symlink() or present[name].read_bytes() != content
    ]
    return sorted([*wrong, *(present.keys() - files.keys())])


def nbgrader_source(course: Course, unit: Unit) -> Path:
    """The folder from which nbgrader's ``generate_assignment`` makes its release and gradebook entries."""
    return course.data_folder / "nbgrader" / "source" / unit.name


def archive(course: Course, release: Built) -> Path:
    """Keep this version in the data folder; one that is there already is left alone."""
    target = archived(course, release.unit, release.version)
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".building-") as folder:
        whole = Path(folder) / release.version
        with replaced_together() as put:
            for name, content in release.files.items():
                put(whole / name, content)
        try:
            os.rename(whole, target)
        except OSError:
            if not target.is_dir():  # else another build was first with the same bytes
                raise
    return target


def _sealed(
    course: Course, unit: Unit, master: Master, cells: tuple[MadeCell, ...], others: Mapping[str, bytes]
) -> Built:
    """Put the digest of everything released into the notebook, as its version."""
    metadata = {
        "unit": unit.name,
        "version": "",
        "python": course.python,
        "tasks": {task: list(names) for task, names in master.tasks.items()},
    }
    name = f"{unit.name}.ipynb"

    def files(version: str) -> dict[str, bytes]:
        sealed = {**metadata, "version": version}
        return {name: to_json(cells, sealed), RELEASED: _released(unit, cells, sealed), **others}

    version = _digest(files(""))
    return Built(unit.name, version, dict(sorted(files(version).items())))


def _released(unit: Unit, cells: tuple[MadeCell, ...], metadata: Mapping[str, Any]) -> bytes:
    """What healing and loading need, for students who have no course: one cell per line."""
    known = [cell for cell in cells if not cell.plain]
    head = {
        **metadata,
        "runtime": unit.runtime,
        "libraries": unit.libraries,
        "bonus": [task for task in metadata["tasks"] if _worth_nothing(task, known)],
        "files": unit.files,
    }
    lines = [
        json.dumps(
            {
                "grade_id": cell.id,
                "kind": "markdown" if cell.markdown else "code",
                "locked": cell.locked,
                "source": cell.source,
            },
            ensure_ascii=False,
        )
        for cell in known
    ]
    text = json.dumps(head, ensure_ascii=False)[:-1]
    return (text + ', "cells": [\n' + ",\n".join(lines) + "\n]}\n").encode()


def _worth_nothing(task: str, cells: Iterable[MadeCell]) -> bool:
    """True for a bonus task: what it earns is extra credit."""
    return any(cell.id == f"points-{task}" and not cell.points for cell in cells)


def _digest(files: Mapping[str, bytes]) -> str:
    total = hashlib.sha256()
    for name, content in sorted(files.items()):
        total.update(f"{name}\0{len(content)}\0".encode() + content)
    return total.hexdigest()[:VERSION_DIGITS]


def _modules(cells: Iterable[MadeCell], files: Mapping[str, bytes]) -> set[str]:
    """Modules that released code imports, without those that are released with it."""
    sources = [python_of(cell.source) for cell in cells if not cell.markdown]
    sources += [content.decode("utf-8") for name, content in files.items() if name.endswith(".py")]
    modules = [module for source in sources for _, module in imports(ast.parse(source))]
    roots = {module.split(".")[0] for module in modules if not module.startswith(".")}
    return roots - {"autograder"} - {PurePosixPath(name).stem for name in files if "/" not in name}


def _given(master: Master, reference: Reference) -> Iterator[ast.stmt]:
    for name in master.given:
        yield reference.statement(name)
    for names in master.tasks.values():
        for name in names:
            node = reference.definition(name)
            if isinstance(node, ast.ClassDef):
                yield from (method for method in methods(node) if is_given(reference, method))


def _leak_report(unit: Unit, leaks: tuple[Leak, ...]) -> str:
    lines = "\n".join(f"  {leak}" for leak in leaks)
    return (
        f"{unit.name}: the release would give away {len(leaks)} thing{'s' if len(leaks) > 1 else ''} "
        f"(two consecutive statements, or one of {LONG} characters or more):\n{lines}\n"
        'Change the notebook or the checks. What is shown on purpose says so: leak="reason" on its first '
        'line, or LEAK_EXCEPTIONS = {"statement": "reason"} in a cell with instructor=True.'
    )


def _files(folder: Path) -> Iterator[Path]:
    """Files below a folder, without hidden ones and caches, which running a notebook leaves behind."""
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        parts = path.relative_to(folder).parts
        if (path.is_file() or path.is_symlink()) and not any(
            p.startswith(".") or p == "__pycache__" for p in parts
        ):
            yield path
