"""The course as ``course_config.py`` says it now: a changed file takes effect without a restart."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...base.errors import CourseError
from ...course import CONFIG_NAME, Course, load_course

LOG = logging.getLogger("course.exchange")
LOOK_SECONDS = 1.0  # between looks at the file
FIXED = ("name", "data", "database")  # what the exchange was opened with
Stamp = tuple[int, int, int]


class LivingCourse:
    """Gives the course, and loads it anew where its file is another; safe in several threads."""

    def __init__(self, course: Course) -> None:
        self._course, self._stamp = course, _stamp(course.root)
        self._looked = time.monotonic()
        self._lock = threading.Lock()

    def now(self, at_once: bool = False) -> Course:
        """The course; the file is looked at once a second at most, unless at once is asked for.

        A file that does not load leaves the course of before, and is logged once.
        """
        if at_once or time.monotonic() - self._looked >= LOOK_SECONDS:
            with self._lock:
                self._look()
        return self._course

    def _look(self) -> None:
        self._looked = time.monotonic()
        stamp = _stamp(self._course.root)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        if stamp is None:  # a course further up would be found in its place
            LOG.error("%s is gone: the course of before stays in force", self._course.root / CONFIG_NAME)
            return
        try:
            fresh = load_course(self._course.root)
        except CourseError as error:
            LOG.error("the course of before stays in force, until this is put right: %s", error)
            return
        fresh = self._kept(fresh)
        if fresh != self._course:
            self._course = fresh
            LOG.info("%s has changed and is in force", CONFIG_NAME)

    def _kept(self, fresh: Course) -> Course:
        """The fresh course with what only a restart can change as it was."""
        kept: dict[str, Any] = {name: getattr(self._course, name) for name in FIXED}
        for name in (name for name in FIXED if getattr(fresh, name) != kept[name]):
            LOG.warning(
                "%s: %s is now %r; that takes effect when the exchange is started again",
                CONFIG_NAME,
                name,
                getattr(fresh, name),
            )
        return replace(fresh, **kept)


def _stamp(root: Path) -> Stamp | None:
    """What changes whenever the file does; None where there is none."""
    try:
        found = (root / CONFIG_NAME).stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
