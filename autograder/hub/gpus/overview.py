"""Who holds GPUs and how busy, who waits, and what everybody used this week: for the page and the command."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from ...course import Course
from .book import GpuBook, Use
from .loads import Loads, NotedLoad
from .share import clock, share_of, week_of

SILENT_SECONDS = 120.0  # after which a report is an old one
SILENT = "says nothing"


@dataclass(frozen=True)
class GpuRow:
    """One server that holds GPUs, or waits for some."""

    use: Use
    load: NotedLoad | None

    @property
    def holds(self) -> bool:
        """False where it waits."""
        return self.use.granted is not None

    @property
    def what(self) -> str:
        """Numbers of the devices; where a scheduler hands them out, how many."""
        if self.use.devices:
            return f"GPU {', '.join(self.use.devices)}"
        return f"{self.use.gpus} GPU{'s' * (self.use.gpus != 1)}"

    def busy(self, now: float) -> str:
        """How busy they are, in words.

        Args:
            now: seconds since 1970.
        """
        load = self.load
        if load is None or load.moment < now - SILENT_SECONDS:
            return SILENT
        memory = f"{load.used_mib / 1024:.1f} of {load.total_mib / 1024:.0f} GiB"
        if load.busy is None:
            return f"does not say; {memory}"
        idle = (load.idle_seconds or 0) + now - load.moment
        unused = f", not used for {clock(idle)}" if idle >= 60 else ""
        return f"{load.busy} %; {memory}{unused}"


@dataclass(frozen=True)
class PersonsWeek:
    """What one person used, in seconds of one GPU."""

    user: str
    used: float
    left: float | None  # None: this course sets no limit


@dataclass(frozen=True)
class GpuOverview:
    """All of it, as of one moment."""

    now: float
    rows: tuple[GpuRow, ...]  # in the order of the queue
    people: tuple[PersonsWeek, ...]

    def to_dict(self) -> dict[str, Any]:
        """The object that ``course gpu list --json`` prints."""
        uses = [
            {**asdict(row.use), "until": row.use.until, "load": asdict(row.load) if row.load else None}
            for row in self.rows
        ]
        return {"uses": uses, "people": [asdict(each) for each in self.people]}


def overview(course: Course, book: GpuBook) -> GpuOverview:
    """How it is now."""
    now, loads = datetime.now(UTC), Loads(book.path)
    since = week_of(course, now)[0].timestamp()
    rows = tuple(GpuRow(use, loads.of(use.server, use.granted or use.asked)) for use in book.open_uses())
    people = tuple(_week_of_person(course, book, name, since) for name in book.users(since))
    return GpuOverview(now.timestamp(), rows, people)


def _week_of_person(course: Course, book: GpuBook, name: str, since: float) -> PersonsWeek:
    limit = course.gpu_hours_per_week
    left = None if limit is None else share_of(course, limit, book, name).left
    return PersonsWeek(name, book.seconds(name, since), left)
