"""What one exchange may take."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

from ...base.errors import ConfigError
from ...course import Course

STORED = "COURSE_STORED_MIB"  # the variable that sets ``stored_mib``


@dataclass(frozen=True)
class ServiceLimits:
    """What one request and one person may ask of the exchange."""

    body_mib: float = 48.0  # one request, as it comes over the wire
    unpacked_mib: float = 64.0  # all files of a submission together
    files: int = 60  # of a submission
    path_letters: int = 200
    path_depth: int = 6
    uploads_per_minute: float = 6.0  # of one person, refused ones included
    upload_burst: int = 12
    uploads_per_day: int = 240  # the same in the long run; as many may come at once, less the burst above
    uploads_together_mib: float = 256.0  # bodies of all people that are in memory at a time
    attempts: int = 1000  # of one person at one unit
    stored_mib: float = 1024.0  # of one person's attempts, each file counted once
    last_mib: float = 64.0  # of these, which are kept for uploads of at most `small_mib`
    small_mib: float = 1.0  # any notebook without its outputs
    drafts_mib: float = 192.0  # that one person has looked at and not handed in
    requests_waiting: int = 20  # of one person, to look again, that nobody has answered yet
    draft_seconds: int = 3600  # between looking at a file and handing it in
    requests_per_second: float = 20.0  # of one person
    request_burst: int = 100
    at_once: int = 4  # requests of one person that are answered at a time; others wait
    lease_seconds: float = 20.0  # how long a silent worker keeps an entry of the queue
    tries: int = 3  # how often an entry may kill its worker before staff must look


def limits_here() -> ServiceLimits:
    """The limits, with what the operator says of them in the environment.

    Raises:
        ConfigError: it is no number of MiB.
    """
    said, limits = os.environ.get(STORED, ""), ServiceLimits()
    if not said:
        return limits
    if not said.isdecimal() or int(said) <= limits.last_mib:
        raise ConfigError(
            f"{STORED} is {said!r}; expected MiB that are stored of one student, as a whole number over "
            f"{limits.last_mib:g}, such as 2048"
        )
    return replace(limits, stored_mib=float(said))


def groups(course: Course) -> tuple[str, str]:
    """The hub's groups of this course: staff and students."""
    return f"formgrade-{course.name}", f"nbgrader-{course.name}"


def instructors(course: Course) -> str:
    """The hub's group of those among the staff who are no assistants."""
    return f"instructor-{course.name}"
