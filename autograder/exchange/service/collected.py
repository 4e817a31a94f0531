"""The files of the attempts that count as one archive, written as the browser takes it.

The layout is nbgrader's (``<student>/<unit>/<file>``, beside it ``timestamp.txt``), which ``course grade``
takes, too.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator

from ...marks import UnitFacts
from ...marks.attempts import Attempt
from ...marks.blobs import Blobs
from ...results.store import safe_name
from ..client.collecting import TIMESTAMP, timestamp

LOST = "files-that-are-gone.txt"


def to_collect(facts: UnitFacts) -> list[Attempt]:
    """One attempt per student, of those whose files are kept: the one that counts, else the last."""
    chosen = []
    for mark in facts.marks():
        kept = [each.attempt for each in mark.attempts if each.attempt.files]
        counting = None if mark.counting is None else mark.counting.attempt
        if kept:
            chosen.append(counting if counting in kept else kept[-1])
    return [each for each in chosen if each is not None]


def as_zip(blobs: Blobs, unit: str, attempts: list[Attempt]) -> Iterator[bytes]:
    """The archive in pieces, a file each; one whose content is gone is named in a file at its end."""
    written, lost = _Taken(), []
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for attempt in attempts:
            folder = f"{safe_name(attempt.student)}/{unit}"
            if attempt.submitted:
                archive.writestr(f"{folder}/{TIMESTAMP}", timestamp(attempt.submitted) + "\n")
            for file in attempt.files:
                try:
                    archive.writestr(f"{folder}/{file.path}", blobs.get(file.sha256))
                except OSError:
                    lost.append(f"{folder}/{file.path}")
                yield written.take()
        if lost:
            archive.writestr(LOST, "\n".join(lost) + "\n")
    yield written.take()


class _Taken(io.RawIOBase):
    """What was written since it was last asked for; nobody can seek in it, so that nothing is kept."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        """It can be written to."""
        return True

    def write(self, content: object) -> int:
        """Keep it until it is taken."""
        part = bytes(content)  # type: ignore[call-overload]
        self._parts.append(part)
        return len(part)

    def take(self) -> bytes:
        """All of it."""
        found = b"".join(self._parts)
        self._parts.clear()
        return found
