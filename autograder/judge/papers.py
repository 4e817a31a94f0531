"""Question papers: which inputs a submission's checks get.

As an exam has papers A, B and C, a unit has a fixed number of papers, each with inputs for all its checks.
The same submission always gets the same paper; students and attempts differ; nobody knows the inputs, since
they follow from the course's secret. So every number that judges a student can be proven before. One more
paper is sealed: it is used after the due date only, and changes no mark.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

# The demo, the tests and the stored proofs use this one, which everybody may know.
PUBLISHED_SECRET = b"published: for demonstrations, tests and stored proofs, never for marks"


@dataclass(frozen=True)
class Papers:
    """The papers of one unit under one secret."""

    secret: bytes
    unit: str
    count: int  # without the sealed one

    @property
    def all(self) -> range:
        """Their numbers, the sealed one's last."""
        return range(self.count + 1)

    @property
    def sealed(self) -> int:
        """The number of the sealed one."""
        return self.count

    def of(self, student: str, digest: str) -> int:
        """The paper of a submission; ``digest`` is of its healed text."""
        return self._number("paper", student, digest) % self.count

    def seed(self, check: str, paper: int) -> int:
        """The seed of one check's inputs on one paper, 64 bits."""
        return self._number("seed", check, str(paper))

    def _number(self, *parts: str) -> int:
        message = "\0".join((self.unit, *parts)).encode()
        return int.from_bytes(hmac.new(self.secret, message, hashlib.sha256).digest()[:8], "big")
