"""The notebook as it was where the check of a task stands.

Theory of operation. In the student's notebook the check of a task runs below the task's cell, and a name
means there what the cells above gave it. Here all checks run at the end. For most notebooks that is
the same. Where a name that a task uses comes to mean something else below its check, the
notebook is loaded once more for that task, cut at a place between the two: what is bound there
keeps its meaning, and only names that are missing there come from below. One such load serves
all tasks whose place it can be. So a notebook is loaded a second time only if it binds anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .effects import BUILTINS
from .rebinding import Rebinding
from .slicing import Reach, Slice


@dataclass(frozen=True)
class Load:
    """One way to load a notebook."""

    end: int  # place of the first statement below
    kept: frozenset[int]  # places of the statements that are executed
    tasks: frozenset[str]  # whose checks are asked there


@dataclass(frozen=True)
class Rebound:
    """A name that a task uses and that means something else below its check."""

    name: str
    counts: int | None  # place of what gave it its object at the check; None for a builtin
    other: int  # place where it is bound anew, or changed
    tasks: tuple[str, ...]


@dataclass(frozen=True)
class Views:
    """All loads of a notebook; the first is what its first process does."""

    views: tuple[Load, ...]
    rebound: tuple[Rebound, ...] = ()

    @property
    def kept(self) -> frozenset[int]:
        """What is executed in any of them."""
        return frozenset().union(*(view.kept for view in self.views))

    @property
    def numbers(self) -> dict[str, int]:
        """Which one each task has."""
        return {task: number for number, view in enumerate(self.views) for task in view.tasks}


def views_of(
    slice_: Slice, names: Sequence[str], tasks: Mapping[str, Sequence[str]], checks: Mapping[str, int]
) -> Views:
    """The loads that a notebook needs.

    Args:
        slice_: its statements.
        names: that all tasks define.
        tasks: the names of each.
        checks: for each task the place of the first statement below its check.
    """
    whole = Reach(slice_, names)
    end = len(slice_.statements)
    found = _Affected(slice_, names, tasks, checks)
    affected = found.tasks(whole.late)
    rest = Load(end, frozenset(whole.kept), frozenset(tasks) - affected.keys())
    cuts = [
        Load(cut, frozenset(Reach(slice_, names, cut).kept), frozenset(group))
        for cut, group in _cuts({task: (checks[task], last) for task, last in affected.items()})
    ]
    return Views((rest, *cuts) if rest.tasks or not cuts else tuple(cuts), found.rebound(affected))


class _Affected:
    """Finds the tasks for which a name means something else below their check."""

    def __init__(
        self,
        slice_: Slice,
        names: Sequence[str],
        tasks: Mapping[str, Sequence[str]],
        checks: Mapping[str, int],
    ) -> None:
        self._slice = slice_
        self._names = names
        self._tasks = tasks
        self._checks = checks
        self._rebinding = Rebinding(slice_)
        self._late: dict[str, set[str]] = {}

    def tasks(self, late: Iterable[str]) -> dict[str, int]:
        """For each of them the last place at which the notebook may be cut for it.

        Args:
            late: names that any task looks up; where none of them changes, no task is affected.
        """
        first = min(self._checks.values(), default=len(self._slice.statements))
        places = (*self._rebinding.settings, *(at for name in late for at in self._rebinding.of(name)))
        if all(place < first for place in places):
            return {}
        limits = {task: self._limit(task) for task in self._tasks if task in self._checks}
        return {task: limit for task, limit in limits.items() if limit is not None}

    def rebound(self, affected: Iterable[str]) -> tuple[Rebound, ...]:
        """What makes these tasks affected, by name and place."""
        told: dict[tuple[str, int | None, int], list[str]] = {}
        for task in affected:
            for name in sorted(self._late[task]):
                other = self._changed(name, self._checks[task])
                if other is not None:
                    counts = self._rebinding.last_bound(name, self._checks[task])
                    told.setdefault((name, counts, other), []).append(task)
        return tuple(Rebound(*key, tuple(tasks)) for key, tasks in told.items())

    def _limit(self, task: str) -> int | None:
        """The first place below a task's check at which a name that it uses changes; None where none does."""
        end = self._checks[task]
        here = [name for name in self._names if self._slice.is_bound(name, end)]
        late = self._late[task] = Reach(self._slice, {*here, *self._tasks[task]}, end).late
        changes = [self._changed(name, end) for name in late]
        changes += [place for place in self._rebinding.settings if place >= end][:1]
        found = [place for place in changes if place is not None]
        return min([*found, *self._bound_below(late, end)]) if found else None

    def _changed(self, name: str, end: int) -> int | None:
        if name not in BUILTINS and not self._slice.is_bound(name, end):
            return None
        return next((place for place in self._rebinding.of(name) if place >= end), None)

    def _bound_below(self, late: Iterable[str], end: int) -> list[int]:
        """First places of names that are missing at the check and change below: of these the last counts."""
        missing = (name for name in late if name not in BUILTINS and not self._slice.is_bound(name, end))
        return [self._slice.events[name][0] for name in missing if self._rebinding.of(name)]


def _cuts(intervals: Mapping[str, tuple[int, int]]) -> list[tuple[int, list[str]]]:
    """As few places as may be, so that one lies in the interval of each task; with the tasks of each."""
    found: list[tuple[int, list[str]]] = []
    for task, (first, last) in sorted(intervals.items(), key=lambda item: item[1][1]):
        if found and first <= found[-1][0]:
            found[-1][1].append(task)
        else:
            found.append((last, [task]))
    return found
