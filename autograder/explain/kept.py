"""What is the same for everyone who fails a unit: found once, kept in the course's data folder.

How each known mistake fares in each check, and its smallest case, depend on the unit and on
the engine, not on a submission. Each finding is a JSON file, in a folder named by a digest
of all that it depends on, so that none is ever out of date. It is made when a submission
first needs it; whoever needs it at the same time waits for the one that makes it. A file
that is damaged or not ours is made anew. No mark depends on any of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..base.digest import digest_of
from ..base.files import replace_file, turn
from ..base.leftovers import clear_leftovers
from ..judge.digest import environment_digest
from ..judge.suite import Suite
from ..results.store import safe_name
from .naming import Find, Found, at_once

DAMAGED = (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError)


@dataclass(frozen=True)
class Kept:
    """Findings on the disk; without a folder each is made anew."""

    folder: Path | None

    def __call__(self, name: str, find: Find, read: Callable[[Any], Found]) -> Found:
        """What ``read`` makes of the finding ``name``, which is made where it is not known yet.

        Where it may be another next time, or the disk cannot be written to, it is only not kept.
        """
        if self.folder is None:
            return at_once(name, find, read)
        path = self.folder / f"{safe_name(name)}.json"
        with suppress(*DAMAGED):
            return read(self._content(path))
        with _turn(path):
            with suppress(*DAMAGED):  # another process may have made it meanwhile
                return read(self._content(path))
            clear_leftovers(self.folder)
            found, lasting = find()
            if lasting:
                with suppress(OSError):
                    replace_file(path, json.dumps({"digest": self._digest(path, found), "found": found}))
        return read(found)

    def _content(self, path: Path) -> Any:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored["digest"] != self._digest(path, stored["found"]):
            raise ValueError("damaged, or copied here from another folder or name")
        return stored["found"]

    def _digest(self, path: Path, found: Any) -> str:
        return digest_of(path.parent.name, path.name, json.dumps(found))


def kept_for(suite: Suite, explanation: str, loaded: float) -> Kept:
    """The findings about the suite's unit as it is loaded.

    Args:
        suite: the collected checks.
        explanation: digest of what explanations depend on.
        loaded: when the unit's files were read at the latest (``time.time``). A file that was written
            after that is not what this process works with, and what it finds may not be kept.
    """
    course, unit = suite.course, suite.unit
    files = (unit.grader, unit.reference, unit.mistakes, *(unit.folder / name for name in unit.files))
    if any(path.stat().st_mtime >= loaded for path in files if path.exists()):
        return Kept(None)
    environment = environment_digest(course, unit, tier="", secret="")
    tasks = json.dumps(suite.task_of, sort_keys=True)
    return Kept(course.data_folder / "known" / unit.name / digest_of(environment, explanation, tasks)[:32])


@contextmanager
def _turn(path: Path) -> Iterator[None]:
    """Wait for those who make the same finding; without locks on this file system it is made twice."""
    lock = path.with_suffix(".lock")
    with ExitStack() as held:
        with suppress(OSError):
            held.enter_context(turn(lock))
        try:
            yield
        finally:
            with suppress(OSError):
                lock.unlink()
