"""Which student a downloaded file belongs to: a name that holds for ever, whoever else is in the folder.

A platform's number is the student; its name is what people read. The first number that comes with a name
gets the name as it is, a later one of the same name gets its number behind it, and what was given once
stays: ``Identities`` knows what was given before, and says what is new so that it can be kept
(``marks/identities.py``). Of several that are first seen together the lowest number gets the bare name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..base.text import printable
from .found import Found
from .platforms import PlatformName, Submitter


@dataclass(frozen=True)
class KnownAs:
    """Which student a platform's number is."""

    platform: str
    unit: str  # in which alone the number holds; "" for all
    id: str
    student: str
    called: str  # the platform's own name; empty where it names nobody
    people: tuple[Submitter, ...] = ()  # who handed it in, where the platform says so


class Identities:
    """What platforms' numbers are called; without ``known`` nothing was given before.

    Args:
        known: what was given before.
        students: who has attempts already, whose names an older release made.
    """

    def __init__(self, known: Iterable[KnownAs] = (), students: Iterable[str] = ()) -> None:
        self._by_id: dict[tuple[str, str, str], KnownAs] = {}
        self._by_people: dict[tuple[str, ...], str] = {}
        self._taken: dict[tuple[str, str], set[str]] = {}
        self._students = set(students)
        self.new: list[KnownAs] = []  # not kept yet
        for each in known:
            self._note(each)

    def all_named(self, found: Iterable[Found]) -> list[Found]:
        """The same submissions, each with its student's name."""
        listed = list(found)
        students = {
            each.named: self._student(each.named, each.people)
            for each in sorted(listed, key=lambda item: _by_number(item.named))
            if each.named is not None
        }
        return [
            replace(each, student=printable(students[each.named] if each.named else each.student))
            for each in listed
        ]

    def of_student(self, student: str, unit: str) -> list[KnownAs]:
        """What platforms know a student by, as far as it holds for a unit."""
        return [each for each in self._by_id.values() if each.student == student and each.unit in ("", unit)]

    def _student(self, named: PlatformName, people: tuple[Submitter, ...]) -> str:
        key = (named.platform, named.unit, named.id)
        before = self._by_id.get(key)
        student = before.student if before else self._first_name(named, people)
        known = KnownAs(
            *key, student, "" if named.nobody else named.who, people or (before.people if before else ())
        )
        if known != before:
            self._note(known)
            self.new.append(known)
        return student

    def _first_name(self, named: PlatformName, people: tuple[Submitter, ...]) -> str:
        same_people = self._by_people.get(_key_of(people)) if people else None
        if same_people is not None:
            return same_people
        if named.nobody or named.full in self._students:
            return named.full
        taken = self._taken.get((named.platform, named.unit), set())
        return named.full if named.who in taken else named.who

    def _note(self, known: KnownAs) -> None:
        self._by_id[known.platform, known.unit, known.id] = known
        self._taken.setdefault((known.platform, known.unit), set()).add(known.student)
        if key := _key_of(known.people):
            self._by_people.setdefault(key, known.student)


def _by_number(named: PlatformName | None) -> tuple[int, str]:
    if named is None:
        return (0, "")
    return (int(named.id), named.id) if named.id.isdecimal() else (0, named.id)


def _key_of(people: Iterable[Submitter]) -> tuple[str, ...]:
    """Who they are, by the university's numbers or else by e-mail; nothing where one has neither."""
    keys = [each.sid or each.email.casefold() for each in people]
    return tuple(sorted(keys)) if all(keys) else ()
