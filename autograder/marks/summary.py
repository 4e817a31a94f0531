"""What a mark needs of a result: points by task, and which written answers there are."""

from __future__ import annotations

from typing import Any

from ..results.result import Result


def summary_of(result: Result) -> dict[str, Any]:
    """``{"tasks": {task: [core, bonus]}, "answers": {question: digest, or "" as it came}}``."""
    tasks: dict[str, list[float]] = {}
    for check in result.checks:
        points = tasks.setdefault(check.task, [0.0, 0.0])
        earned = min(max(check.earned, 0.0), check.points)  # whatever a check says, it is worth no more
        points[check.bonus] = round(points[check.bonus] + earned, 6)
    return {"tasks": tasks, "answers": dict(result.answers)}
