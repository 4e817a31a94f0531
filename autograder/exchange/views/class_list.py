"""The class at one unit: everybody on the roster and everybody with an attempt, found and sorted.

    q      letters of a name or a username
    show   a part of the class, see ``PARTS``
    sort   a column, see ``ORDERS``; with a "-" before it downwards
    page   of ``PAGE`` students, from 1

All of it stands in the address, so a list can be linked, kept and read without any script.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Connection

from ...base.errors import ConfigError, in_words
from ...course import Course
from ...marks import UnitFacts, requests
from ...marks.exceptions import ALL
from ...marks.roster import Member, read_roster, roster_file
from ..store.desk import Desk
from .overview import Overview, everyone

PAGE = 200  # students on one page
LETTERS = 100  # of what is looked for
Test = Callable[["ClassRow"], bool]


@dataclass(frozen=True)
class ClassRow:
    """One student of the class at a unit."""

    view: Overview
    member: Member | None  # on the roster
    requests: int  # that wait for an answer

    @property
    def student(self) -> str:
        """The username."""
        return self.view.student

    @property
    def name(self) -> str:
        """As the roster has it; empty where it has none."""
        return self.member.name if self.member else ""

    @property
    def handed_in(self) -> bool:
        """Whether there is an attempt."""
        return bool(self.view.lines)

    @property
    def late(self) -> bool:
        """Whether the mark loses something for lateness."""
        counting = self.view.mark.counting
        return counting is not None and counting.late.percent > 0

    @property
    def by_hand(self) -> bool:
        """Whether a person gave points that count."""
        counting = self.view.mark.counting
        return counting is not None and any(cell.by_hand for cell in counting.cells.values())

    @property
    def last(self) -> str:
        """When the last attempt was handed in; empty where nobody knows."""
        return (self.view.lines[-1].attempt.submitted or "") if self.view.lines else ""

    def in_state(self, *states: str) -> bool:
        """Whether an attempt is in one of these."""
        return any(line.state in states for line in self.view.lines)


# What can be looked at: its words, and who belongs to it.
PARTS: Mapping[str, tuple[str, Test]] = {
    "all": ("everybody", lambda row: True),
    "in": ("handed in", lambda row: row.handed_in),
    "missing": ("not handed in", lambda row: not row.handed_in),
    "late": ("late", lambda row: row.late),
    "person": ("needs a person", lambda row: row.view.mark.waits),
    "asked": ("asks to look again", lambda row: row.requests > 0),
    "by-hand": ("points by hand", lambda row: row.by_hand),
    "line": ("in line", lambda row: row.in_state("waiting", "grading")),
    "no-score": ("no score", lambda row: row.in_state("broken", "troubled")),
}
# What can be sorted by: the key, and whether the greatest comes first at the first click.
ORDERS: Mapping[str, Callable[[ClassRow], Any]] = {
    "student": lambda row: row.student,
    "name": lambda row: (not row.name, row.name.casefold()),
    "mark": lambda row: -1.0 if row.view.mark.points is None else row.view.mark.points,
    "attempts": lambda row: len(row.view.lines),
    "due": lambda row: row.view.mark.due.moment,
    "last": lambda row: row.last,
}


@dataclass(frozen=True)
class ListWanted:
    """What of the class is asked for."""

    q: str = ""
    show: str = "all"
    sort: str = "student"
    down: bool = False
    page: int = 1

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> ListWanted:
        """From the parameters of an address; what cannot be is what it is without them."""
        sort, page = asked.get("sort", ""), asked.get("page", "")
        known = sort.removeprefix("-")
        return cls(
            asked.get("q", "").strip()[:LETTERS],
            show if (show := asked.get("show", "")) in PARTS else "all",
            known if known in ORDERS else "student",
            known in ORDERS and sort.startswith("-"),
            int(page) if page.isdecimal() and page.isascii() and 0 < len(page) < 7 else 1,
        )

    def link(self, **other: Any) -> str:
        """The address of another look."""
        return "?" + urlencode(replace(self, **other).parameters())

    def parameters(self) -> dict[str, str]:
        """Those of its address; what is as always is left out."""
        sort = f"{'-' if self.down else ''}{self.sort}"
        said = {"q": self.q, "show": self.show, "sort": sort, "page": str(self.page)}
        usual = {"q": "", "show": "all", "sort": "student", "page": "1"}
        return {name: value for name, value in said.items() if value != usual[name]}

    def by(self, column: str) -> str:
        """The address of the list by a column; the other way round where it is sorted by it."""
        return self.link(sort=column, down=column == self.sort and not self.down, page=1)

    def way(self, column: str) -> str:
        """How a column is sorted, for ``aria-sort``."""
        return "none" if column != self.sort else "descending" if self.down else "ascending"


@dataclass(frozen=True)
class ClassAtUnit:
    """The class at a unit, and the page of it that is shown."""

    everybody: Sequence[ClassRow]
    wanted: ListWanted
    trouble: str = ""  # why the roster cannot be read

    @property
    def parts(self) -> list[tuple[str, str, int]]:
        """Name, words and size of each part that somebody belongs to, and of the one that is shown."""
        sizes = [(name, words, sum(map(test, self.everybody))) for name, (words, test) in PARTS.items()]
        return [part for part in sizes if part[2] or part[0] in ("all", "in", "missing", self.wanted.show)]

    @cached_property
    def found(self) -> list[ClassRow]:
        """Who is asked for, in order."""
        test, sought = PARTS[self.wanted.show][1], _folded(self.wanted.q)
        rows = [row for row in self.everybody if test(row) and _met(row, sought)]
        return sorted(rows, key=ORDERS[self.wanted.sort], reverse=self.wanted.down)

    @property
    def pages(self) -> int:
        """How many pages they fill."""
        return max(1, -(-len(self.found) // PAGE))

    @property
    def page(self) -> int:
        """The one that is shown, from 1."""
        return max(1, min(self.wanted.page, self.pages))

    @property
    def rows(self) -> list[ClassRow]:
        """Its rows."""
        return self.found[(self.page - 1) * PAGE : self.page * PAGE]


def class_list(desk: Desk, connection: Connection, facts: UnitFacts, wanted: ListWanted) -> ClassAtUnit:
    """The class at a unit: students of the roster, and whoever has an attempt or an own date."""
    members, trouble = members_of(desk.course)
    enrolled = [name for name, member in members.items() if not member.is_staff]
    waiting = Counter(each.student for each in requests.waiting(connection, facts.unit.name))
    exempted = [each.student for each in facts.exemptions if each.student != ALL]
    views = everyone(desk, connection, facts, [*enrolled, *exempted])
    rows = [ClassRow(view, members.get(view.student), waiting[view.student]) for view in views]
    return ClassAtUnit(rows, wanted, trouble)


def members_of(course: Course) -> tuple[dict[str, Member], str]:
    """Everybody on the roster by username, and why it cannot be read; neither where there is none."""
    path = roster_file(course)
    try:
        return ({member.username: member for member in read_roster(path)} if path.exists() else {}), ""
    except ConfigError as error:
        return {}, str(error)
    except OSError as error:
        return {}, in_words(error)


def _met(row: ClassRow, sought: Iterable[str]) -> bool:
    """Whether each word that is looked for stands in the name or the username."""
    text = f"{' '.join(_folded(row.name))} {' '.join(_folded(row.student))}"
    return all(word in text for word in sought)


def _folded(text: str) -> list[str]:
    """Its words without case and accents, so that nobody has to type them."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).split()
