"""All looks at a hub, from the options of its last start."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ...course import Course
from ..process.left_open import left_open, options_of_last_start
from ..process.options import Options, hub_folder
from .answers import answers
from .files import files
from .finding import OPEN, UNTRIED, HubFinding, finding
from .listeners import beyond_loopback


@dataclass(frozen=True)
class HubReport:
    """What was found."""

    address: str
    findings: tuple[HubFinding, ...]

    @property
    def ok(self) -> bool:
        """True where nothing is open."""
        return not any(each.state == OPEN for each in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """The object that ``course doctor --hub --json`` prints."""
        found = [each.to_dict() for each in self.findings]
        return {"address": self.address, "ok": self.ok, "findings": found}


def examine_hub(course: Course) -> HubReport:
    """Try the hub of this course from outside, and its files as a stranger.

    Raises:
        UsageError: no hub of this course was ever started.
    """
    options = options_of_last_start(course)
    found = [*_chosen(options), *files(course), *_ports(course, options), *answers(course, options)]
    return HubReport(options.address, tuple(found))


def _chosen(options: Options) -> Iterator[HubFinding]:
    """What the operator chose, by the sentences of each start."""
    said = list(left_open(options))
    yield from (HubFinding(OPEN, "options of the last start", sentence) for sentence in said)
    if not said:
        yield finding("options of the last start", [], "they leave nothing open")


def _ports(course: Course, options: Options) -> Iterator[HubFinding]:
    what, file = "ports beyond this machine", hub_folder(course) / "jupyterhub.pid"
    pid = int(file.read_text()) if file.exists() else 0
    if not pid or not os.path.isdir(f"/proc/{pid}"):
        yield HubFinding(UNTRIED, what, "the hub does not run")
        return
    if options.hub_address:
        yield HubFinding(
            UNTRIED,
            what,
            f"servers on other machines reach the hub at {options.hub_address}; see to a firewall",
        )
        return
    found = beyond_loopback(pid, options.port)
    faults = (
        [f"other machines reach {', '.join(found)}: only {options.port} is meant for them"] if found else []
    )
    yield finding(what, faults, f"none but {options.port}")
