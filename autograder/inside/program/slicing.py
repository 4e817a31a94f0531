"""Which top-level statements of a notebook the tasks need.

The notebook is read as if run from top to bottom. Starting from the names of the
tasks, the slice collects backwards whatever bound or changed a needed name: at the
end of the notebook for what functions use when they are called, and at its own
place for what a statement uses while it runs. A binding that surely replaces the
earlier ones ends the search. Imports and set-up calls always stay. Statements are
kept or dropped whole, and nothing is executed here.

A released demonstration may bind a name that the student took for a helper. In the
notebook the check of a task runs before the demonstrations below it, in the sandbox
all checks run at the end. So what a given statement below binds is not the student's
name any more: see ``_taken_over``.
"""

from __future__ import annotations

import ast
import builtins
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence

from .effects import Changes, defines
from .imports import STAND_IN
from .placeholders import KERNEL_NAMES
from .statements import Statement

GIVEN = frozenset(dir(builtins)) | KERNEL_NAMES | {STAND_IN, "__name__"}  # there without being bound
LOOKUPS = frozenset({"globals", "locals", "vars", "eval", "exec"})  # find names by text


class Slice:
    """The statements that the tasks need."""

    def __init__(self, statements: Sequence[Statement]) -> None:
        self.statements = statements
        rebinding = [set(s.binds) if _plainly_given(s) else set() for s in statements]
        self.changes = Changes(statements)  # which adds to what they bind
        self.events: dict[str, list[int]] = defaultdict(list)  # places that bind or change a name
        self.deferring: dict[str, list[int]] = defaultdict(list)  # of these, what needs names later
        self._searched: dict[str, tuple[int, int]] = {}  # the last search: where it ended and began
        for place, statement in enumerate(statements):
            self.changes.add_to(statement)
            for name in statement.binds | statement.touches:
                self.events[name].append(place)
                if statement.later:
                    self.deferring[name].append(place)
        self.foreign = self._taken_over(rebinding)

    def _taken_over(self, rebinding: Sequence[set[str]]) -> dict[str, set[int]]:
        """For each name places that do not count at the end of the notebook.

        From a given statement on that rebinds a name of the student's, the name means another
        object, until it is bound anew by the student or by a definition. Names that given functions
        use keep what the release gives them.
        """
        relied = (s.later for s in self.statements if s.given and defines(s.node))
        foreign: dict[str, set[int]] = {}
        for name in set().union(*rebinding).difference(*relied):
            own = taken = False
            for place in self.events[name]:
                statement = self.statements[place]
                if name in rebinding[place]:
                    taken = own
                elif name in statement.binds - statement.touches and not _plainly_given(statement):
                    own, taken = not statement.given, False
                if taken:
                    foreign.setdefault(name, set()).add(place)
        return foreign

    def needed(self, names: Iterable[str]) -> set[int]:
        """Places of the statements that these names need at the end of the notebook."""
        end = len(self.statements)
        kept: set[int] = set()
        seen: set[tuple[str, int]] = set()
        waiting = [(name, end) for name in names]
        for place, statement in enumerate(self.statements):
            if statement.always:
                waiting += self._keep(place, place, kept)
        self._follow(waiting, seen, kept)
        if any(name not in self.events and name not in GIVEN for name, _ in seen):
            self._follow(self._unseen_binders(kept), seen, kept)
        return kept

    def _follow(self, waiting: list[tuple[str, int]], seen: set[tuple[str, int]], kept: set[int]) -> None:
        while waiting:
            need = waiting.pop()
            if need not in seen:
                seen.add(need)
                waiting += self._reaching(*need, kept)

    def _unseen_binders(self, kept: set[int]) -> list[tuple[str, int]]:
        """A needed name is bound nowhere: keep the statements that may bind names by text."""
        needs: list[tuple[str, int]] = []
        for place, statement in enumerate(self.statements):
            if statement.now & (LOOKUPS | {"__name__"}):
                needs += self._keep(place, place, kept)
        return needs

    def _reaching(self, name: str, at: int, kept: set[int]) -> list[tuple[str, int]]:
        """Keep what gave ``name`` its value before place ``at``; returns what that needs."""
        needs: list[tuple[str, int]] = []
        foreign = self.foreign.get(name, set()) if at == len(self.statements) else set()
        first, last = (0, 0) if foreign else self._searched.get(name, (0, 0))
        known = first < at <= last  # all that matters below was kept, for a later place
        places = self.deferring.get(name, []) if known else self.events.get(name, [])
        reached = 0
        for place in reversed(places[: bisect_left(places, at)]):
            if place in foreign:
                continue
            needs += self._keep(place, at, kept)
            if name in self.statements[place].replaces:
                reached = place
                break
        if not known and not foreign:
            self._searched[name] = (reached, at)
        return needs

    def _keep(self, place: int, at: int, kept: set[int]) -> list[tuple[str, int]]:
        statement = self.statements[place]
        needs = [(name, at) for name in statement.later]
        if place in kept:
            return needs
        kept.add(place)
        needs += [(name, place) for name in statement.now]
        needs += [(name, len(self.statements)) for name in statement.later]
        if (statement.now | statement.later) & LOOKUPS:
            needs += [(name, len(self.statements)) for name in self._looked_up(statement)]
        return needs

    def _looked_up(self, statement: Statement) -> set[str]:
        """What code that looks names up by text may mean: texts that are names, and every definition."""
        parts = (part.value for part in ast.walk(statement.node) if isinstance(part, ast.Constant))
        texts = {text for text in parts if isinstance(text, str) and text != "_"}
        return {text for text in texts if text in self.events} | set(self.changes.definitions)


def _plainly_given(statement: Statement) -> bool:
    """A demonstration: what the release holds, definitions and imports apart."""
    return statement.given and not defines(statement.node)
