"""What ``pyproject.toml`` asks for, and what of it is installed here."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from importlib import metadata
from typing import Any

from packaging.requirements import Requirement

from tests.support import ROOT


def project() -> dict[str, Any]:
    """The table of that name in ``pyproject.toml``."""
    return dict(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"])


def closure(lines: Iterable[str]) -> Iterator[metadata.Distribution]:
    """The installed distributions that these requirements ask for, directly or not."""
    waiting, seen = [(Requirement(line), "") for line in lines], set()
    while waiting:
        wanted, extra = waiting.pop()
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": extra}):
            continue
        found = metadata.distribution(wanted.name)
        for part in {"", *wanted.extras}:
            if (found.name, part) not in seen:
                seen.add((found.name, part))
                waiting += [(Requirement(line), part) for line in found.requires or ()]
                yield found
