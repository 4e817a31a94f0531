"""What a mark depends on, as one digest; what its explanation depends on, as another.

A result with the same digest need not be graded again. Explanations have a digest of
their own, so that a better hint does not regrade anyone.
"""

from __future__ import annotations

import hashlib
import json
import platform
from dataclasses import asdict
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from . import __version__
from .course import Course, Unit
from .errors import NotInstalled
from .sandbox.libraries import distribution_of

# The modules that can change a verdict; wording and pages are not among them.
JUDGING = (
    *("alarm.py", "collecting.py", "compare.py", "draws.py", "grade.py", "laws.py", "marks.py", "plugin.py"),
    *("together.py", "verdicts.py", "student", "inside", "sandbox", "notebook"),
)


def digest_of(*parts: str) -> str:
    """A hex digest of some texts; order counts, and no two lists of texts run together."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def environment_digest(course: Course, unit: Unit, tier: str, secret: str) -> str:
    """All that a mark depends on beside the submission and the release it was made from."""
    files = [unit.grader, unit.reference, *(unit.folder / name for name in sorted(unit.files))]
    return digest_of(
        __version__,
        engine_digest(),
        *(digest_of_file(path) for path in files),
        json.dumps(asdict(course.limits_of(unit)), sort_keys=True),
        json.dumps([unit.runtime, unit.libraries]),
        tier,
        "cpu",
        secret,
        platform.python_version(),
        *(_version(name) for name in ("numpy", "torch", *unit.libraries)),
    )


@cache
def engine_digest() -> str:
    """The engine's own judging code."""
    here = Path(__file__).parent
    files = [path for name in JUDGING for path in python_files(here / name)]
    return digest_of(*(digest_of_file(path) for path in files))


def digest_of_file(path: Path) -> str:
    """A hex digest of a file's bytes, or a mark of its own where there is none."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "missing"


def python_files(path: Path) -> list[Path]:
    """A module, or the modules of a package."""
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


def _version(library: str) -> str:
    """Of the distribution that brings a module: scikit-learn's for sklearn."""
    try:
        return version(distribution_of(library))
    except (NotInstalled, PackageNotFoundError):
        return "absent"
