"""What a student has asked about an attempt, and what was typed into a form that was refused."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import Connection

from ...marks import requests
from ...marks.attempts import Attempt
from ...marks.requests import LookAgain


@dataclass(frozen=True)
class TypedRequest:
    """A request that was not taken, so that nothing of it is lost."""

    name: str = ""  # of the task or the written question
    check: str = ""
    why: str = ""
    trouble: str = ""  # why it was not taken


def asked_by_name(connection: Connection, attempt: Attempt) -> dict[str, list[LookAgain]]:
    """All requests about an attempt by task or written question, oldest first."""
    found: dict[str, list[LookAgain]] = defaultdict(list)
    for request in requests.of_attempt(connection, attempt.id):
        found[request.name].append(request)
    return found
