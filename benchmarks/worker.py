"""One system in one process, which grades the submission that it is told to.

``python -m benchmarks.worker floor|empty|course SAMPLE`` reads numbers of entries from stdin, a
line each, and answers with a line of JSON: the seconds that the submission took and its
score. 0 is the warm-up; "gradebook" writes the gradebook. The benchmark takes turns
between such processes, so that all meet the same load of the machine.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Protocol, TextIO

from .engine import Empty, WithGradebook
from .files import read_sample
from .floor import Floor
from .sample import Entry, Graded, Sample


class System(Protocol):
    """Whoever grades."""

    def grade(self, entry: Entry) -> Graded:
        """Grade one submission."""

    def gradebook(self) -> Graded:
        """Write the gradebook, where there is one."""


SYSTEMS: dict[str, Callable[[Sample], System]] = {"floor": Floor, "empty": Empty, "course": WithGradebook}


def serve(system: str, sample: Sample, requests: Iterator[str], replies: TextIO) -> None:
    """Answer until stdin ends."""
    grader = SYSTEMS[system](sample)
    entries = (sample.warm_up, *sample.entries)
    for line in requests:
        word = line.strip()
        graded = grader.gradebook() if word == "gradebook" else grader.grade(entries[int(word)])
        replies.write(json.dumps(asdict(graded)) + "\n")
        replies.flush()


def main() -> None:
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what submissions print must not look like a reply
    serve(sys.argv[1], read_sample(Path(sys.argv[2])), iter(sys.stdin), replies)


if __name__ == "__main__":
    main()
