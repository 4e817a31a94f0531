"""Putting right what happened to the released cells, and saying so.

Students drag, copy, split, merge, retype and delete cells, and some tools throw the
metadata away. Healing finds the released cells again by ``grade_id``, or by what
they contain where it is lost:

    locked      a released cell that students do not edit; its text comes from the release
    task cell   where a solution belongs; filled in means: not the text of the stub
    own cell    everything else; kept as it is

Whatever is kept stays in the student's order, since a notebook means what it does
when it is run from top to bottom.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..base.errors import Unreadable
from ..base.text import capped
from .cells import Cell, Submission
from .reading import MAX_NAME, RawNotebook, read_raw
from .release import Release
from .stubs_left import is_stub, same_text

NOT_PROGRAM = ("check-", "points-")  # cells that show or hold points; no part of the student's work
MAX_SENTENCES = 40


def read_submission(path: Path, release: Release, max_mib: int = 20) -> Submission:
    """Read a student's notebook and heal it from the release.

    Raises:
        Unreadable: the file is no notebook, or another unit's; the text is for the student.
    """
    raw = read_raw(path, max_mib)
    _refuse_other_unit(raw, release)
    version = raw.course.get("version")
    version = version if isinstance(version, str) and len(version) <= MAX_NAME else None
    cells, healed = heal(raw.cells, release, other_release=version not in (None, release.version))
    sentences = (*raw.notes, *_foreign(raw.course, version, release), *healed)
    said = tuple(capped(sentences, MAX_SENTENCES, "of the kind"))
    return Submission(cells, said, version, _digest(cells), raw.python)


def _refuse_other_unit(raw: RawNotebook, release: Release) -> None:
    """The wrong file was handed in: to put back all cells of this unit would help nobody."""
    unit = raw.course.get("unit")
    if not isinstance(unit, str) or unit == release.unit:
        return
    tasks, names = _of_this_unit_only(raw.course.get("tasks"), release)
    code = [cell for cell in raw.cells if cell.kind == "code"]
    here = any(cell.grade_id in tasks for cell in raw.cells)
    if not here and not any(_defines(cell.source, name) for cell in code for name in names):
        raise Unreadable(
            f"This is the notebook of {unit[:MAX_NAME]!r}, handed in for {release.unit!r}. "
            f"Submit {release.unit}.ipynb."
        )


def _of_this_unit_only(others: Any, release: Release) -> tuple[set[str], set[str]]:
    """Tasks and names of this unit that the other unit does not have as well.

    All of them where the other has every one: then it is this unit under another name.
    """
    known = others if isinstance(others, dict) else {}
    theirs = {name for names in known.values() if isinstance(names, list) for name in map(str, names)}
    tasks = set(release.tasks) - set(known)
    return (tasks, set(release.names) - theirs) if tasks else (set(release.tasks), set(release.names))


def heal(
    cells: Iterable[Cell], release: Release, other_release: bool = False
) -> tuple[tuple[Cell, ...], tuple[str, ...]]:
    """The healed cells and one sentence for each thing that was put right.

    Args:
        cells: the student's cells, in order.
        release: what they were released from.
        other_release: True where the notebook was made from another version, so that
            a locked cell may differ without anybody having edited it.
    """
    patient = _Patient(release, other_release)
    healed = patient.recognise(list(cells))
    healed = patient.restore_locked(healed)
    healed = patient.settle_tasks(healed)
    healed = patient.put_back(healed)
    patient.look_for_missing(healed)
    return tuple(healed), tuple(patient.said)


class _Patient:
    """One notebook on its way through the steps of healing; collects what was done."""

    def __init__(self, release: Release, other_release: bool) -> None:
        self.release = release
        self.other_release = other_release
        self.released = {cell.grade_id: cell for cell in release.cells if cell.grade_id}
        self.said: list[str] = []

    def recognise(self, cells: list[Cell]) -> list[Cell]:
        """Give each cell the identity that the release knows; unknown ids are nobody's."""
        known = [self._identify(cell) for cell in cells]
        found = {cell.grade_id for cell in known}
        lost = {cell.plain: cell for cell in self.released.values() if cell.grade_id not in found}
        recovered = [self._by_text(cell, lost) for cell in known]
        lost_tasks = [task for task in self.release.tasks if task not in found]
        recovered = self._by_names(recovered, lost_tasks)
        if not found & set(self.released) and any(cell.grade_id for cell in recovered):
            self.said.append(
                "the cells have lost their names (nbgrader metadata); they were found by content"
            )
        return recovered

    def _identify(self, cell: Cell) -> Cell:
        released = self.released.get(cell.grade_id or "")
        if released is None:
            return _changed(cell, grade_id=None, task=None, locked=False)
        return _changed(cell, task=released.task, locked=released.locked)

    def _by_text(self, cell: Cell, lost: dict[str, Cell]) -> Cell:
        """A cell without a name that has the very text of a released cell is that cell."""
        if not lost or cell.grade_id or not cell.source.strip():
            return cell
        released = lost.get(cell.plain)
        if released is None:
            return cell
        return replace(cell, grade_id=released.grade_id, task=released.task, locked=released.locked)

    def _by_names(self, cells: list[Cell], tasks: list[str]) -> list[Cell]:
        """An own cell that defines a name of a lost task becomes the cell of that task.

        The last one above the task's check, which is the one that stands there; else the last with
        a ``def`` or ``class``; else the last.
        """
        for task in tasks:
            if any(cell.task == task and not self._is_stub(cell) for cell in cells):
                continue
            places = [at for at, cell in enumerate(cells) if not cell.grade_id and self._defines(cell, task)]
            checks = [at for at, cell in enumerate(cells) if cell.grade_id == f"check-{task}"]
            above = [at for at in places if checks and at < checks[0]]
            written = [at for at in places if self._defines(cells[at], task, _HEAD)]
            if places:
                at = (above or written or places)[-1]
                cells[at] = replace(cells[at], grade_id=task, task=task)
        return cells

    def restore_locked(self, cells: list[Cell]) -> list[Cell]:
        """Locked cells get the released text, once each."""
        kept: list[Cell] = []
        seen: set[str | None] = set()
        for cell in cells:
            if not cell.locked:
                kept.append(cell)
            elif cell.grade_id in seen:
                self.said.append(f"{cell.label} stands there twice; the repetition was left out")
            else:
                seen.add(cell.grade_id)
                kept.append(self._released_text(cell))
        return kept

    def _released_text(self, cell: Cell) -> Cell:
        released = self.released[str(cell.grade_id)]
        edited = not same_text(cell, released) or cell.kind != released.kind
        if edited and not self.other_release:
            self.said.append(f"{cell.label} was edited; the released text was used")
        return _changed(cell, source=released.source, kind=released.kind)

    def settle_tasks(self, cells: list[Cell]) -> list[Cell]:
        """Task cells count as code; a stub goes where something filled in stands beside it."""
        cells = [self._as_code(cell) for cell in cells]
        for task in self.release.tasks:
            cells = self._settle(task, cells)
        return cells

    def _as_code(self, cell: Cell) -> Cell:
        if cell.task is None or cell.kind == "code":
            return cell
        self.said.append(f"{cell.label} was turned into a {cell.kind} cell; its text was used as code")
        return replace(cell, kind="code", source=_without_fence(cell.source))

    def _settle(self, task: str, cells: list[Cell]) -> list[Cell]:
        own = [cell for cell in cells if cell.task == task]
        stubs = [cell for cell in own if self._is_stub(cell)]
        dropped = {cell.index for cell in stubs}
        filled = [cell for cell in own if cell.index not in dropped]
        if len(filled) > 1:
            numbers = _listing([str(cell.index + 1) for cell in filled])
            self.said.append(f"cells {numbers} are all marked as {task}; they were run in this order")
        if stubs and (filled or self._elsewhere(task, cells)):
            for stub in stubs:
                self.said.append(
                    f"{stub.label} still holds the stub, which another cell replaces; it was left out"
                )
            cells = [cell for cell in cells if cell.index not in dropped]
            return cells if filled else self._by_names(cells, [task])
        return cells

    def _elsewhere(self, task: str, cells: list[Cell]) -> bool:
        """True where cells that are not the task's define all of its names."""
        others = [cell for cell in cells if cell.task != task and cell.kind == "code" and not cell.locked]
        names = self.release.tasks[task]
        return bool(names) and all(any(_defines(cell.source, name) for cell in others) for name in names)

    def put_back(self, cells: list[Cell]) -> list[Cell]:
        """Locked cells that are gone return behind the released cell that they followed."""
        present = {cell.grade_id for cell in cells}
        before: str | None = None
        for released in self.release.cells:
            if released.locked and released.grade_id and released.grade_id not in present:
                at = _place_after(cells, before)
                index = cells[at - 1].index if at else 0
                cells.insert(at, replace(released, index=index))
                self._say_put_back(released)
            before = released.grade_id or before
        return cells

    def _say_put_back(self, released: Cell) -> None:
        if not str(released.grade_id).startswith(NOT_PROGRAM):
            self.said.append(f"the released cell {released.grade_id} was deleted; it was put back")

    def look_for_missing(self, cells: list[Cell]) -> None:
        """Say which tasks have no cell any more."""
        for task in self.release.tasks:
            if any(cell.task == task for cell in cells):
                continue
            if self._elsewhere(task, cells):
                self.said.append(
                    f"the cell of {task} was deleted or merged; another cell defines what it asks for"
                )
            else:
                self.said.append(
                    f"the cell of {task} was deleted, and no other cell defines what it asks for"
                )

    def _is_stub(self, cell: Cell) -> bool:
        return is_stub(cell, self.released.get(cell.grade_id or ""))

    def _defines(self, cell: Cell, task: str, how: str = "") -> bool:
        names = self.release.tasks[task]
        return cell.kind == "code" and any(_defines(cell.source, name, how or _ANYHOW) for name in names)


_HEAD = r"^[ \t]*(?:(?:async[ \t]+)?def|class)[ \t]+NAME\b"
_ANYHOW = rf"{_HEAD}|^NAME[ \t]*(?::[^=\n]+)?=(?!=)"


def _defines(source: str, name: str, how: str = _ANYHOW) -> bool:
    """True where a line of the source defines the name, as far as text can tell."""
    return bool(re.search(how.replace("NAME", re.escape(name)), source, re.M))


def _changed(cell: Cell, **values: Any) -> Cell:
    """The cell with these values; itself where it has them, as most cells do."""
    same = all(getattr(cell, name) == value for name, value in values.items())
    return cell if same else replace(cell, **values)


def _without_fence(source: str) -> str:
    """The code between Markdown fences, with its line numbers, or the text itself."""
    fenced = re.match(r"\s*```[a-zA-Z0-9]*[ \t]*\n(.*?)\n?```\s*\Z", source, re.S)
    return "\n" * source[: fenced.start(1)].count("\n") + fenced.group(1) if fenced else source


def _place_after(cells: list[Cell], grade_id: str | None) -> int:
    places = [at for at, cell in enumerate(cells) if grade_id is not None and cell.grade_id == grade_id]
    if places:
        return places[-1] + 1
    return 0 if grade_id is None else len(cells)


def _foreign(course: dict[str, Any], version: str | None, release: Release) -> list[str]:
    unit = course.get("unit")
    if isinstance(unit, str) and unit != release.unit:
        return [f"the file is the notebook of {unit[:MAX_NAME]}, not of {release.unit}"]
    if version not in (None, release.version):
        return [
            f"the notebook was made from release {version}; "
            f"the given cells of release {release.version} were used"
        ]
    return []


def _listing(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _digest(cells: tuple[Cell, ...]) -> str:
    content = [(cell.kind, cell.grade_id, cell.index, cell.source) for cell in cells]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()
