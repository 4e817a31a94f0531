"""A student's own due dates as a calendar file (RFC 5545), to import into any calendar.

Moments are in UTC, so that no zone has to be described in the file. A unit has the same UID each time: who
imports the file again after an extension has the date moved, and not a second one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from ...course import Course
from .overview import Overview

OCTETS = 75  # of a line, by section 3.1
MEDIA_TYPE = "text/calendar"


def calendar(course: Course, views: Iterable[Overview], moment: datetime) -> str:
    """The calendar of these units' own dates.

    Args:
        course: whose units they are.
        views: of one student, at each unit.
        moment: the present.
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//course exchange//due dates//EN"]
    for view in views:
        lines += _event(course, view, moment)
    return "".join(f"{_folded(line)}\r\n" for line in (*lines, "END:VCALENDAR"))


def _event(course: Course, view: Overview, moment: datetime) -> list[str]:
    due = view.mark.due
    why = f" by {' and '.join(due.why)}" if due.own else ""
    return [
        "BEGIN:VEVENT",
        f"UID:due-{view.unit.name}@{course.name}.course.invalid",
        f"DTSTAMP:{_utc(moment)}",
        f"DTSTART:{_utc(due.moment)}",
        f"SUMMARY:{escaped(f'{view.unit.title} is due')}",
        f"DESCRIPTION:{escaped(f'{course.title}. Your own date{why}.')}",
        "TRANSP:TRANSPARENT",  # one is not busy at that moment
        "END:VEVENT",
    ]


def escaped(text: str) -> str:
    r"""Text as a value, by section 3.3.11.

    >>> escaped("a;b, c\\d\ne")
    'a\\;b\\, c\\\\d\\ne'
    """
    plain = re.sub(r"[\x00-\x09\x0b-\x1f\x7f]", " ", text.replace("\r\n", "\n"))
    return re.sub(r"([\\;,])", r"\\\1", plain).replace("\n", "\\n")


def _folded(line: str) -> str:
    """Lines of at most 75 octets; a letter of several octets is never cut."""
    parts, size = [""], 0
    for letter in line:
        octets = len(letter.encode("utf-8", "replace"))
        if size + octets > OCTETS:
            parts.append("")
            size = 1  # the space that begins what goes on
        parts[-1] += letter
        size += octets
    return "\r\n ".join(parts)


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"
