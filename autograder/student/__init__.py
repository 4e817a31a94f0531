"""The proxy through which graders see a student."""

from .faults import Blocked, ReplyMismatch, StudentEnded, StudentFault, StudentRaised
from .proxy import Call, Student, Subject, Trial, source_of, whole
from .remote import NOTHING, Remote

__all__ = [
    "NOTHING",
    "Blocked",
    "Call",
    "Remote",
    "ReplyMismatch",
    "Student",
    "StudentEnded",
    "StudentFault",
    "StudentRaised",
    "Subject",
    "Trial",
    "source_of",
    "whole",
]
