"""What a look at one thing found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

CLOSED, OPEN, UNTRIED = "closed", "OPEN", "not tried"


@dataclass(frozen=True)
class HubFinding:
    """One thing, and a sentence: what was tried, and what to do where it is open."""

    state: str  # CLOSED, OPEN or UNTRIED
    what: str
    says: str

    def to_dict(self) -> dict[str, Any]:
        """An entry of ``course doctor --hub --json``."""
        return {"state": self.state, "what": self.what, "says": self.says}


def finding(what: str, faults: list[str], says: str) -> HubFinding:
    """Open with the faults, or closed with the sentence."""
    return HubFinding(OPEN, what, "; ".join(faults)) if faults else HubFinding(CLOSED, what, says)
