"""Releases of what is built in this course's folder, as ``course release`` sends it."""

from __future__ import annotations

import json

from ...course import Course, Unit
from ...pages.report import why_unproven
from ...results.audit import note
from ..client.trees import read_tree
from ..service.refusals import Refused
from . import releases
from .desk import Desk
from .uploads import File, Upload, checked


def built_version(unit: Unit) -> str:
    """The version that is built; empty where nothing is."""
    try:
        metadata = json.loads(unit.released_notebook.read_text(encoding="utf-8"))["metadata"]
        return str(metadata["course"]["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def unproven(course: Course, unit: Unit) -> str:
    """Why the unit's papers are not proven; empty where they are, or nothing is built."""
    return why_unproven(course, unit) if built_version(unit) else ""


def release_built(desk: Desk, unit: Unit, version: str, who: str, although: bool) -> None:
    """Release what is built, in place of what was released before.

    Args:
        desk: the exchange.
        unit: whose.
        version: that was looked at.
        who: of the staff.
        although: release it also where its papers are not proven; the record says so.

    Raises:
        Refused: nothing is built, or another version than was looked at, or it is not proven.
    """
    if not version or built_version(unit) != version:
        raise Refused(
            409, "Another version is built now than the page said. Look again; nothing was released."
        )
    why = unproven(desk.course, unit)
    if why and not although:
        raise Refused(409, f"Nothing was released: {why}, or say that you release it all the same.")
    files = [File(path, content) for path, content in read_tree(unit.release).items()]
    upload = Upload(checked(files, desk.limits))
    if why:
        note(desk.course, unit.name, f"released although {why}", who)
    releases.release(desk, unit, upload, who, force=True)
