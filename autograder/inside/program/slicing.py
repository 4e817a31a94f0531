"""Which top-level statements of a notebook the tasks need.

The notebook is read as if run from top to bottom. Starting from the names of the
tasks, the slice collects backwards whatever bound or changed a needed name: where the
checks stand for what functions use when they are called, and at its own
place for what a statement uses while it runs. A binding that surely replaces the
earlier ones ends the search. Imports and set-up calls always stay. Statements are
kept or dropped whole, and nothing is executed here.

Where the checks stand is the notebook's end, or a place above it (see ``views``): then
what is bound there keeps its meaning, and what is missing there comes from below.

A released demonstration may bind a name that the student took for a helper. In the
notebook the check of a task runs before the demonstrations below it. So what a given
statement below binds is not the student's name any more: see ``_taken_over``.
"""

from __future__ import annotations

import ast
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence

from .effects import BUILTINS, Changes, defines
from .imports import STAND_IN
from .magics import RUN, WRITE
from .placeholders import KERNEL_NAMES
from .statements import Statement
from .unfinished import replaced_stubs

GIVEN = BUILTINS | KERNEL_NAMES | {STAND_IN, WRITE, RUN, "__name__"}  # there without being bound
LOOKUPS = frozenset({"globals", "locals", "vars", "eval", "exec"})  # find names by text


class Slice:
    """The statements of a notebook, and where they bind or change names.

    Attributes:
        direct: for each statement what it binds itself, and not a function that it calls.
        events: for each name the places that bind or change it.
        foreign: for each name places that do not count where the checks stand.
        stubs: places of stubs that are replaced; they count nowhere.
    """

    def __init__(self, statements: Sequence[Statement], names: Iterable[str] = ()) -> None:
        self.statements = statements
        self.stubs = replaced_stubs(statements, frozenset(names))
        self.direct = [frozenset(statement.binds) for statement in statements]
        self.changes = Changes(statements)  # which adds to what they bind
        self.events: dict[str, list[int]] = defaultdict(list)
        self.deferring: dict[str, list[int]] = defaultdict(list)  # of these, what needs names later
        for place, statement in enumerate(statements):
            self.changes.add_to(statement)
            if place not in self.stubs:
                self._note(place, statement)
        self.foreign = self._taken_over()

    def _note(self, place: int, statement: Statement) -> None:
        for name in statement.binds | statement.touches:
            self.events[name].append(place)
            if statement.later:
                self.deferring[name].append(place)

    def _taken_over(self) -> dict[str, set[int]]:
        """For each name places that do not count where the checks stand.

        From a given statement on that rebinds a name of the student's, the name means another
        object, until it is bound anew by the student or by a definition. Names that given functions
        use keep what the release gives them.
        """
        relied = (s.later for s in self.statements if s.given and defines(s.node))
        shown = (names for names, s in zip(self.direct, self.statements, strict=True) if _shows(s))
        foreign: dict[str, set[int]] = {}
        for name in set().union(*shown).difference(*relied):
            own = taken = False
            for place in self.events[name]:
                statement = self.statements[place]
                if _shows(statement) and name in self.direct[place]:
                    taken = own
                elif name in statement.binds - statement.touches and not _shows(statement):
                    own, taken = not statement.given, False
                if taken:
                    foreign.setdefault(name, set()).add(place)
        return foreign

    def is_bound(self, name: str, end: int) -> bool:
        """Whether a statement before place ``end`` binds the name."""
        places = self.events.get(name, [])
        foreign = self.foreign.get(name, ())
        return any(
            name in self.statements[place].binds and place not in foreign
            for place in places[: bisect_left(places, end)]
        )


class Reach:
    """What some names need where their checks stand.

    Attributes:
        kept: places of the statements.
        late: names that are looked up when the checks run.
    """

    def __init__(self, slice_: Slice, names: Iterable[str], end: int | None = None) -> None:
        self._slice = slice_
        self._statements = slice_.statements
        self._checks = len(self._statements)  # the time at which checks run: after everything
        self._end = self._checks if end is None else end  # where they stand
        self._seen: set[tuple[str, int]] = set()
        self._searched: dict[str, tuple[int, int]] = {}  # the last search: where it ended and began
        self.kept: set[int] = set()
        self._search([(name, self._checks) for name in names])
        self.late = {name for name, at in self._seen if at == self._checks}

    def _search(self, waiting: list[tuple[str, int]]) -> None:
        for place, statement in enumerate(self._statements):
            if statement.always and (place < self._end or defines(statement.node)):
                waiting += self._keep(place, place)
        self._follow(waiting)
        if any(name not in self._slice.events and name not in GIVEN for name, _ in self._seen):
            self._follow(self._unseen_binders())

    def _follow(self, waiting: list[tuple[str, int]]) -> None:
        while waiting:
            need = waiting.pop()
            if need not in self._seen:
                self._seen.add(need)
                waiting += self._reaching(*need)

    def _unseen_binders(self) -> list[tuple[str, int]]:
        """A needed name is bound nowhere: keep the statements that may bind names by text."""
        needs: list[tuple[str, int]] = []
        for place, statement in enumerate(self._statements):
            if statement.now & (LOOKUPS | {"__name__"}):
                needs += self._keep(place, place)
        return needs

    def _reaching(self, name: str, at: int) -> list[tuple[str, int]]:
        """Keep what gave ``name`` its value before place ``at``; returns what that needs."""
        needs: list[tuple[str, int]] = []
        foreign = self._slice.foreign.get(name, set()) if at == self._checks else set()
        before = self._end if at == self._checks and self._is_there(name) else at
        first, last = (0, 0) if foreign else self._searched.get(name, (0, 0))
        known = first < before <= last  # all that matters below was kept, for a later place
        places = self._slice.deferring.get(name, []) if known else self._slice.events.get(name, [])
        reached = 0
        for place in reversed(places[: bisect_left(places, before)]):
            if place in foreign:
                continue
            needs += self._keep(place, at)
            if name in self._statements[place].replaces:
                reached = place
                break
        if not known and not foreign:
            self._searched[name] = (reached, before)
        return needs

    def _is_there(self, name: str) -> bool:
        """Whether a name has a meaning where the checks stand, so that what is below does not count."""
        if self._end == self._checks:
            return False
        return name in BUILTINS or self._slice.is_bound(name, self._end)

    def _keep(self, place: int, at: int) -> list[tuple[str, int]]:
        statement = self._statements[place]
        needs = [(name, at) for name in statement.later]
        if place in self.kept:
            return needs
        self.kept.add(place)
        needs += [(name, place) for name in statement.now]
        needs += [(name, self._checks) for name in statement.later]
        if (statement.now | statement.later) & LOOKUPS:
            needs += [(name, self._checks) for name in self._looked_up(statement)]
        return needs

    def _looked_up(self, statement: Statement) -> set[str]:
        """What code that looks names up by text may mean: texts that are names, and every definition."""
        parts = (part.value for part in ast.walk(statement.node) if isinstance(part, ast.Constant))
        texts = {text for text in parts if isinstance(text, str) and text != "_"}
        return {text for text in texts if text in self._slice.events} | set(self._slice.changes.definitions)


def _shows(statement: Statement) -> bool:
    """A demonstration: what the release holds, definitions and imports apart."""
    return statement.given and not defines(statement.node)
