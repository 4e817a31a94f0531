"""What the API says, as JSON values."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from ...course import Course, Unit
from ..store.blobs import Blobs
from ..store.desk import Stored
from ..store.releases import Released
from .overview import Line


def unit_json(course: Course, unit: Unit, released: Released | None) -> dict[str, Any]:
    """A unit, and what is released of it."""
    return {
        "course": course.name,
        "unit": unit.name,
        "title": unit.title,
        "due": unit.due,
        "released": None if released is None else released.moment,
        "version": None if released is None else released.version,
        "files": [] if released is None else listed(released.files),
    }


def line_json(line: Line, feedback: str | None = None, staff: bool = False) -> dict[str, Any]:
    """An attempt with its state; ``feedback`` names what could be fetched for it."""
    attempt, result = line.attempt, line.graded
    shape = {
        **{name: getattr(attempt, name) for name in ("id", "unit", "student", "number", "received")},
        "sha256": attempt.sha256,
        "size": attempt.size,
        "files": listed(attempt.files),
        "state": line.state,
        "place": line.place,
        "counts": line.counts,
        "late_percent": line.late.percent,
        "score": None if result is None else result.score,
        "max_score": None if result is None else result.max_score,
        "bonus": None if result is None else result.bonus,
        "mark": line.mark,
        "graded": None if result is None else result.graded,
        "feedback": feedback,
    }
    return shape | ({"trouble": line.trouble} if staff else {})


def listed(files: Iterable[Stored]) -> list[dict[str, Any]]:
    """Files without their contents."""
    return [asdict(file) for file in files]


def packed(blobs: Blobs, files: Iterable[Stored]) -> list[dict[str, Any]]:
    """Files with their contents, base64."""
    return [asdict(file) | {"content": base64.b64encode(blobs.get(file.sha256)).decode()} for file in files]
