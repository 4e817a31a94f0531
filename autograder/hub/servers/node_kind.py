"""What a place where servers start has: the words in which places.py holds profiles against it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

from ...course import Profile

SECONDS = 20.0  # for a place to say what it has


@dataclass(frozen=True)
class NodeKind:
    """What one server can get at most, on one kind of machine."""

    name: str
    cpus: float = inf
    memory_gib: float = inf
    gpus: float = inf
    hours: float = inf
    kinds: Mapping[str, float] | None = None  # GPUs of each type; None where the place has no types

    def has(self, name: str, profile: Profile) -> float:
        """The most of something that a server of this profile can get here."""
        if name == "gpus" and profile.gpu_kind and self.kinds is not None:
            return self.kinds.get(profile.gpu_kind, 0)
        return float(getattr(self, name))


class Unknown(Exception):
    """A place does not say what it has; the text is its own."""


class MayNot(Unknown):
    """It would say it to somebody with more rights, which the hub can do without."""
