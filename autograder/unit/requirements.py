"""The packages that a student needs to work on a unit at home, each at one version.

Versions come from the course's ``constraints.txt``, so that what is graded is what
students have; where a course has none, from what is installed.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ..base.errors import ConfigError
from ..course import Course, Unit

ALWAYS = ("numpy", "matplotlib", "otter-grader")
UNGRADED = ("matplotlib",)  # nothing is graded with it: where no version of it is known, any will do
DISTRIBUTIONS = {
    "sklearn": "scikit-learn",
    "otter": "otter-grader",
    "PIL": "pillow",
    "mpl_toolkits": "matplotlib",
}
WITH_JUPYTER = ("IPython", "ipywidgets")  # come with any notebook server


def student_requirements(course: Course, unit: Unit, modules: Iterable[str]) -> str:
    """The text of the released ``requirements.txt``.

    Args:
        course: for its ``constraints.txt``.
        unit: its runtime and libraries are always needed.
        modules: what released code imports.

    Raises:
        ConfigError: a package has no known version.
    """
    roots = {*modules, *unit.libraries, *(["torch"] if unit.runtime == "torch" else [])}
    foreign = roots - sys.stdlib_module_names - set(WITH_JUPYTER)
    names = sorted({*ALWAYS, *(DISTRIBUTIONS.get(root, root) for root in foreign)})
    pins = read_pins(course.root / "constraints.txt")
    lines = [_pinned(name, pins.get(_normal(name)) or _installed(name, unit)) for name in names]
    title = f"{unit.title}, graded with Python {course.python}"
    head = f"# Packages of the unit {title}: pip install -r requirements.txt"
    return "\n".join([head, *lines, ""])


def read_pins(path: Path) -> dict[str, str]:
    """``{name: version}`` of the lines ``name==version`` of a constraints file; empty where there is none."""
    if not path.is_file():
        return {}
    pairs = (
        line.split("#")[0].strip().partition("==") for line in path.read_text(encoding="utf-8").splitlines()
    )
    return {_normal(name): pinned for name, sign, pinned in pairs if sign}


def _pinned(name: str, version: str | None) -> str:
    return f"{name}=={version}" if version else name


def _installed(name: str, unit: Unit) -> str | None:
    try:
        return version(name).split("+")[0]  # without the tag of a local build
    except PackageNotFoundError:
        if name in UNGRADED:
            return None
        raise ConfigError(
            f"{unit.name}: released code needs {name!r}, which constraints.txt does not pin and which is not "
            "installed. Pin it, or list a helper file in the unit's files."
        ) from None


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
