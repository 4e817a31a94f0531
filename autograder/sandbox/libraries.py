"""Which files of the environment the sandbox gets: named distributions and what they require.

The whole of site-packages would also hold nbgrader, pytest and the engine. So the
sandbox sees a folder with one entry per top-level name of the distributions that
the unit may use.
"""

from __future__ import annotations

import re
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from ..base.errors import NotInstalled, not_installed


@lru_cache(maxsize=32)
def entries(runtime: str, libraries: tuple[str, ...]) -> tuple[Path, ...]:
    """The files and folders to show, as they lie in the environment.

    Args:
        runtime: "numpy" or "torch".
        libraries: further modules or distributions by name.

    Raises:
        NotInstalled: one of them is not installed.
    """
    names = ["numpy", *map(distribution_of, (*(["torch"] if runtime == "torch" else []), *libraries))]
    found: dict[Path, None] = {}
    for distribution in _closure(names):
        for path in _top_level(distribution):
            found[path] = None
    return tuple(found)


def python_paths() -> tuple[Path, ...]:
    """The interpreter's own files: its standard library and its shared library."""
    paths = [
        Path(
            sysconfig.get_path(
                key,
                vars={
                    "base": sys.base_prefix,
                    "platbase": sys.base_prefix,
                    "installed_base": sys.base_prefix,
                },
            )
        )
        for key in ("stdlib", "platstdlib")
    ]
    shared = sysconfig.get_config_var("LIBDIR"), sysconfig.get_config_var("INSTSONAME")
    if all(shared) and (library := Path(*shared)).exists():
        paths.append(library)
    return tuple(dict.fromkeys(path for path in paths if path.exists()))


@lru_cache(maxsize=64)
def distribution_of(name: str) -> str:
    """The distribution of that name, or the one that brings a module of that name.

    Raises:
        NotInstalled: there is none.
    """
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        owners = metadata.packages_distributions().get(name.split(".")[0])
        if not owners:
            raise NotInstalled(
                not_installed(name)
                or f"the library {name!r}, which the unit may use, is not installed. "
                "Install it in the environment of the course, or take it out of the unit's libraries."
            ) from None
        return owners[0]
    return name


def _closure(names: Iterable[str]) -> Iterator[metadata.Distribution]:
    waiting, seen = list(names), set()
    while waiting:
        name = _normal(waiting.pop())
        if name in seen:
            continue
        seen.add(name)
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # required on another platform only
        yield distribution
        waiting += [need for need in map(_required, distribution.requires or ()) if need]


def _required(line: str) -> str | None:
    """The name in one requirement, or None where it belongs to an extra."""
    requirement, _, marker = line.partition(";")
    match = re.match(r"[A-Za-z0-9._-]+", requirement.strip())
    return None if "extra" in marker or match is None else match.group()


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _top_level(distribution: metadata.Distribution) -> Iterator[Path]:
    tops = dict.fromkeys(file.parts[0] for file in distribution.files or ())
    for top in tops:
        if top not in ("..", "__pycache__") and not top.endswith(".pth"):
            path = Path(str(distribution.locate_file(top)))
            if path.exists():
                yield path
