"""Gradescope's ``submission_metadata.yml``: who handed in what, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .platforms import METADATA, Submitter

_MOST_BYTES = 200_000_000  # of a whole class with all that its autograder ever said


@dataclass(frozen=True)
class StatedSubmission:
    """What the file says of one submission."""

    people: tuple[Submitter, ...] = ()
    created: str = ""  # as it is written


def read_metadata(folder: Path) -> dict[str, StatedSubmission]:
    """What stands there, by the name of the submission's folder; nothing where there is no such file.

    Raises:
        ValueError: it cannot be read.
    """
    file = folder / METADATA
    if not file.is_file():
        return {}
    import yaml  # here, since few downloads have one

    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # every scalar as text: '0012' keeps its zeros
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise ValueError(f"more than {_MOST_BYTES // 1_000_000} MB")
        content = yaml.load(file.read_bytes(), Loader=loader)
    except (OSError, yaml.YAMLError, ValueError, RecursionError) as error:
        said = " ".join(str(error).split())[:200]
        raise ValueError(f"{file} cannot be read: {said}") from error
    if not isinstance(content, Mapping):
        raise ValueError(f"{file} cannot be read: expected a list of submissions")
    return {str(name): _stated(entry) for name, entry in content.items() if isinstance(entry, Mapping)}


def _stated(entry: Mapping[Any, Any]) -> StatedSubmission:
    fields = _without_colons(entry)
    listed = fields.get("submitters")
    people = [_submitter(each) for each in listed if isinstance(each, Mapping)] if listed else []
    created = fields.get("created_at", "")
    return StatedSubmission(tuple(people), created if isinstance(created, str) else "")


def _submitter(entry: Mapping[Any, Any]) -> Submitter:
    fields = {name: value for name, value in _without_colons(entry).items() if isinstance(value, str)}
    return Submitter(*(fields.get(name, "").strip() for name in ("name", "sid", "email")))


def _without_colons(entry: Mapping[Any, Any]) -> dict[str, Any]:
    """Ruby writes ``:name:`` for a name."""
    return {str(name).removeprefix(":"): value for name, value in entry.items()}
