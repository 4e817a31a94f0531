"""What a regrade of a unit would change: found by a process of its own, kept as long as the service runs.

It grades, which may take as long as the regrade itself; so it is begun by one request, and looked at by
others. One runs at a time, on one core, beside the workers. What it has found holds while the files that
decide are the same: a regrade is asked for with the preview that was looked at.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import threading
from dataclasses import asdict, dataclass, field

from ...base.errors import CourseError
from ...course import Course, Unit, load_course
from ...judge.digest import imported_files
from ...marks import open_facts
from ..service.refusals import Refused
from ..store.desk import Desk, stamp

MOST_ERROR = 2000  # characters
BEHIND = 10  # how much a preview stands back behind the workers
SILENT = "It ended without an answer; the log of the exchange may say why."
UNDER_WAY = "A preview of {} is under way, which {} began. Wait until it has ended."
NO_MORE = "Nothing was queued: that preview does not hold any more. Make one, look at it, and ask again."


@dataclass(frozen=True)
class ChangedMark:
    """One mark that would be another."""

    student: str
    before: float | None
    after: float | None
    by: float
    why: list[str]


@dataclass(frozen=True)
class Preview:
    """One preview, under way or finished."""

    id: str
    unit: str
    who: str
    began: str  # ISO 8601, UTC
    files: object  # those that decide, as they were
    ended: str = ""
    summary: str = ""
    changes: tuple[ChangedMark, ...] = ()
    broken: tuple[str, ...] = ()  # students with an attempt that would have no score
    error: str = ""  # why it ended without an answer

    @property
    def runs(self) -> bool:
        """Whether it is under way."""
        return not self.ended


@dataclass
class Previews:
    """The previews of a service, the last one of each unit."""

    tier: str = "walled"
    _last: dict[str, Preview] = field(default_factory=dict)
    _process: subprocess.Popen[bytes] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, desk: Desk, unit: Unit, who: str) -> None:
        """Begin a preview.

        Raises:
            Refused: another one is under way.
        """
        with self._lock:
            other = next((each for each in self._last.values() if each.runs), None)
            if other is not None:
                raise Refused(
                    409, f"A preview of {other.unit} is under way, which {other.who} began. Wait for it."
                )
            made = Preview(secrets.token_hex(8), unit.name, who, stamp(desk.now()), deciding(unit))
            self._last[unit.name] = made
            self._process = _started(desk.course, unit, self.tier)
        threading.Thread(target=self._wait, args=(desk, made, self._process), daemon=True).start()

    def last(self, unit: Unit) -> Preview | None:
        """The last one of a unit; None where there is none, or the files that decide are others since."""
        found = self._last.get(unit.name)
        return found if found is not None and (found.runs or found.files == deciding(unit)) else None

    def demand(self, unit: Unit, name: str) -> Preview:
        """The finished preview of that id.

        Raises:
            Refused: there is none, or it does not hold any more.
        """
        found = self.last(unit)
        if found is None or found.id != name or found.runs or found.error:
            raise Refused(409, NO_MORE)
        return found

    def close(self) -> None:
        """End the one that is under way."""
        with self._lock:
            if self._process is not None and self._process.poll() is None:
                self._process.terminate()
                self._process.wait()

    def _wait(self, desk: Desk, made: Preview, process: subprocess.Popen[bytes]) -> None:
        said, wrong = process.communicate()
        ended = stamp(desk.now())
        try:
            found = json.loads(said)
        except ValueError:
            found = {"error": wrong.decode("utf-8", "replace").strip()[-MOST_ERROR:] or SILENT}
        known = {name: getattr(made, name) for name in ("id", "unit", "who", "began", "files")}
        if "error" in found:
            self._last[made.unit] = Preview(**known, ended=ended, error=found["error"])
            return
        changes = tuple(ChangedMark(**each) for each in found["changes"])
        self._last[made.unit] = Preview(
            **known, ended=ended, summary=found["summary"], changes=changes, broken=tuple(found["broken"])
        )


def deciding(unit: Unit) -> tuple[tuple[str, int, int], ...]:
    """What changes whenever a file of the unit that decides a mark does."""
    files = [unit.grader, unit.reference, unit.mistakes, unit.released_notebook, *imported_files(unit)]
    seen = [(str(path), path.stat()) for path in files if path.is_file()]
    return tuple((name, each.st_mtime_ns, each.st_size) for name, each in seen)


def write_preview(unit: str, tier: str) -> None:
    """Find what a regrade would change and print it as JSON; nothing is stored.

    What grades is imported here, in the process of its own: the service starts without.
    """
    from ...batch.changes import why
    from ...batch.grading import How, regrade, summary

    os.nice(BEHIND)
    try:
        course = load_course()
        with open_facts(course) as database:
            found = regrade(course, database, course.unit(unit), How(tier, jobs=1), None, preview=True)
    except CourseError as error:
        print(json.dumps({"error": str(error)}))
        return
    marks = [ChangedMark(each.student, each.before, each.after, each.by, why(each)) for each in found.changes]
    told = {"summary": summary(found, True), "broken": found.broken, "changes": list(map(asdict, marks))}
    print(json.dumps(told))


def _started(course: Course, unit: Unit, tier: str) -> subprocess.Popen[bytes]:
    from ..service.serve import child_environment, child_line

    line = child_line("preview", unit.name, tier)
    return subprocess.Popen(
        line,
        cwd=course.root,
        env=child_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
