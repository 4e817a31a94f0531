"""Gradescope's ``autograder.zip``: the engine and one unit, so that the same checks run there.

The archive holds hidden checks and the reference, as every Gradescope autograder
does; it does not hold the course secret. Seeds there follow from a key that is
derived from it for this one unit, and nothing of the secret follows from the key.
The configuration is written anew, since ``course_config.py`` may hold a password.

In Gradescope's containers namespaces are forbidden, so the tier is ``fenced``.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

from ..base.errors import ConfigError
from ..course import CONFIG_NAME, Course, Unit
from ..judge.secret import course_secret

ENGINE = Path(__file__).parents[1]
ENGINE_FILES = ("pyproject.toml", "constraints.txt", "README.md", "LICENSE")
_LEFT_OUT = {"__pycache__", ".ipynb_checkpoints"}

SETUP = """#!/usr/bin/env bash
# Run once by Gradescope, as root, when the image is built.
set -euo pipefail
cd /autograder/source
apt-get update
apt-get install -y libseccomp2
python=$(command -v python3.13 || command -v python3.12 || command -v python3.11 || true)
if [ -z "$python" ]; then apt-get install -y python3.11 python3.11-venv; python=python3.11; fi
"$python" -m venv .venv
.venv/bin/python -m pip install --quiet -c constraints.txt {packages}
chmod 600 data/secret
chmod 700 /autograder/source
"""
RUN = """#!/usr/bin/env bash
# Run by Gradescope for each submission.
set -euo pipefail
cd /autograder/source
exec .venv/bin/python -P -m autograder.export.on_gradescope {unit}
"""


def autograder_zip(course: Course, unit: Unit) -> bytes:
    """The archive; the same course gives the same bytes.

    Raises:
        ConfigError: the unit was not built, or this engine was installed without its project file.
    """
    if not unit.released_notebook.is_file():
        raise ConfigError(f"{unit.released_notebook} is missing. Run 'course build {unit.name}' first.")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(_files(course, unit)):
            entry = zipfile.ZipInfo(name, date_time=(2026, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = _mode(name) << 16
            archive.writestr(entry, content)
    return buffer.getvalue()


def not_there(course: Course) -> Iterator[str]:
    """What this course has and the archive leaves out, since nothing is kept there between submissions."""
    if course.hint_tokens is not None and "always" in (
        course.disclosure.mistakes,
        course.disclosure.smallest_case,
    ):
        yield (
            "Hint tokens do not hold on Gradescope: named mistakes and smallest cases are shown with each "
            'submission, at no cost. To keep them back: Disclosure(mistakes="after-due", '
            'smallest_case="after-due").'
        )


def derived_key(secret: bytes, unit: str) -> str:
    """A key for one unit elsewhere, from which the secret cannot be found."""
    return hmac.new(secret, f"gradescope {unit}".encode(), hashlib.sha256).hexdigest()


def config_text(course: Course, unit: Unit) -> str:
    """A course of this one unit as the text of its ``course_config.py``."""
    return (
        '"""Written by course export gradescope."""\n\n'
        "from autograder.course import Course, Disclosure, Limits, Unit\n\n"
        f"course = Course(\n    {course.name!r},\n    {course.title!r},\n    units=({unit!r},),\n"
        f"    limits={course.limits!r},\n    disclosure={course.disclosure!r},\n)\n"
    )


def _files(course: Course, unit: Unit) -> Iterator[tuple[str, bytes]]:
    yield "setup.sh", SETUP.format(packages="'.[torch]'" if unit.runtime == "torch" else ".").encode()
    yield "run_autograder", RUN.format(unit=unit.name).encode()
    yield CONFIG_NAME, config_text(course, unit).encode()
    yield "data/secret", (derived_key(course_secret(course), unit.name) + "\n").encode()
    yield from _project()
    yield from _tree(ENGINE, "autograder")
    yield from _tree(unit.folder, f"assignments/{unit.name}")
    yield from _tree(unit.release, f"release/{unit.name}")
    yield from _tree(course.data_folder / "releases" / unit.name, f"data/releases/{unit.name}")
    for path in (unit.reference.with_name("__init__.py"), unit.reference):
        if path.is_file():
            yield f"solutions/{path.name}", path.read_bytes()


def _project() -> Iterator[tuple[str, bytes]]:
    for name in ENGINE_FILES:
        path = ENGINE.parent / name
        if path.is_file():
            yield name, path.read_bytes()
        elif name in ("pyproject.toml", "constraints.txt"):
            raise ConfigError(f"{path} is missing; export from a checkout of the engine (pip install -e)")


def _tree(folder: Path, name: str) -> Iterator[tuple[str, bytes]]:
    for path in folder.rglob("*"):
        inside = path.relative_to(folder)
        if path.is_file() and not path.is_symlink() and not _LEFT_OUT & set(inside.parts):
            yield f"{name}/{inside.as_posix()}", path.read_bytes()


def _mode(name: str) -> int:
    if name in ("setup.sh", "run_autograder"):
        return 0o100755
    return 0o100600 if name == "data/secret" else 0o100644
