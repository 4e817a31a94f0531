"""What a check calls: ``student``, whoever that is."""

from .court import Court, Terms
from .faults import Blocked, StudentEnded, StudentFault, StudentRaised
from .reply import Reply
from .scripts import Answer, Script, framed, packed, source_of
from .steps import NOTHING, Call, Notes, Raised, Step
from .student import Looks, Student
from .subject import Subject

# Modules of this package that other packages import.
FACE = ("claims.sayings", "claims.texts", "faults", "scripts", "session", "steps", "subjects")

__all__ = [
    "NOTHING",
    "Answer",
    "Blocked",
    "Call",
    "Court",
    "Looks",
    "Notes",
    "Raised",
    "Reply",
    "Script",
    "Step",
    "Student",
    "StudentEnded",
    "StudentFault",
    "StudentRaised",
    "Subject",
    "Terms",
    "framed",
    "packed",
    "source_of",
]
