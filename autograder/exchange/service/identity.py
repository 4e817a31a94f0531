"""Who asks, and what they may: the hub's answer to their token, and nothing else."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Protocol

from tornado.web import HTTPError

from ...course import RIGHTS, Course
from .refusals import Refused
from .rights import rights_of
from .settings import groups, instructors

CACHE_SECONDS = 20  # how long the hub's answer is believed
TOKEN_LETTERS = 512


@dataclass(frozen=True)
class Caller:
    """A member of this course."""

    name: str
    staff: bool
    student: bool
    instructor: bool = False
    rights: frozenset[str] = frozenset()  # of ``RIGHTS``

    def may(self, *rights: str) -> bool:
        """Whether they have one of these rights; pages hide what nobody with none of them can do."""
        return not self.rights.isdisjoint(rights)

    def may_see(self, owner: str) -> bool:
        """Whether what a student handed in may be shown."""
        return self.staff or owner == self.name


class Identity(Protocol):
    """Answers who a token belongs to."""

    async def model(self, token: str) -> dict[str, Any] | None:
        """The hub's model of the token's owner, or None."""


class HubIdentity:
    """Asks the hub each time; needs the environment that the hub gives to its services."""

    def __init__(self) -> None:
        from jupyterhub.services.auth import HubAuth  # half a second that workers do not need

        self._hub = HubAuth()

    async def model(self, token: str) -> dict[str, Any] | None:
        """The hub's model of the token's owner, or None where it knows no such token.

        Raises:
            Refused: the hub does not answer.
        """
        try:
            model: dict[str, Any] | None = await self._hub.user_for_token(token, use_cache=False, sync=False)
        except HTTPError as error:
            raise Refused(
                503, "The hub does not answer, so nobody can be let in. Try again soon.", retry_after=5
            ) from error
        needed = self._hub.access_scopes
        if model is None or (needed and not self._hub.check_scopes(needed, model)):
            return None  # a token that was made for something else
        return model


def caller_of(course: Course, model: dict[str, Any] | None) -> Caller:
    """What the owner of a token is in this course.

    Raises:
        Refused: no valid token (401), or no member of this course (403).
    """
    if model is None:
        raise Refused(401, "No valid token. Log in at the hub, or restart your server there.")
    name, member_of = model.get("name"), set(model.get("groups") or ())
    if model.get("kind") == "service" and name == course.name:  # formgrader, whose buttons staff press
        return Caller(f"service {name}", staff=True, student=False, rights=frozenset(RIGHTS))
    if model.get("kind") != "user" or not isinstance(name, str) or not name:
        raise Refused(403, "Only people can use the exchange, and this token is another service's.")
    staff, students = groups(course)
    instructor = instructors(course) in member_of
    rights = rights_of(course, staff in member_of, instructor)
    caller = Caller(name, staff in member_of, students in member_of, instructor, rights)
    if not (caller.staff or caller.student):
        raise Refused(403, f"You are no member of {course.title}. If you should be, tell the course staff.")
    return caller


def token_of(header: str | None) -> str | None:
    """The token of an ``Authorization: token ...`` (or ``Bearer``) header."""
    scheme, _, token = (header or "").partition(" ")
    token = token.strip()
    good = scheme.lower() in ("token", "bearer") and token.isascii() and token.isprintable()
    return token if good and 0 < len(token) <= TOKEN_LETTERS else None


def on_hub() -> bool:
    """True where the hub started this process."""
    return bool(os.environ.get("JUPYTERHUB_SERVICE_PREFIX") and os.environ.get("JUPYTERHUB_API_URL"))
