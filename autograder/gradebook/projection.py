"""From the facts to everything nbgrader needs: rows, notebooks and times.

    what others wrote is taken in  →  marks are read  →  notebooks and times are written
        →  what is to stand in the rows is noted  →  audit  →  rows  →  it is noted that they stand there

A kill at any step leaves work to the next projection, which does it once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..base.errors import CourseError
from ..base.files import replaced_together
from ..course import Course, Unit
from ..marks.database import Database
from ..marks.graded import marked_students
from ..results.audit import Change, read_audit, record
from . import cells
from .assignment import ensure_assignment
from .counted import Counted, read_counted
from .database import gradebook_exists, one_writer, open_tables
from .folders import Folders
from .foreign import is_strange, standing, take_in
from .held import HeldRows, Template, find_template, read_rows, read_template
from .rows import BookedEntry, Sending, plan
from .shown import NotebookPages
from .written import Projected, Record, keep_records, read_records

AT_ONCE = 50  # students whose files wait for the disk together; a kill leaves that many half done


@dataclass(frozen=True)
class Summary:
    """What a projection did."""

    written: int = 0  # students whose rows are as their facts
    changed: int = 0  # marks that changed; each is in the audit record
    refused: tuple[str, ...] = ()  # why a mark was not written


def project(
    course: Course, database: Database, unit: Unit, students: Iterable[str], who: str = ""
) -> Summary:
    """Let the gradebook say of these students what their facts say, in one transaction.

    First, what others wrote into their rows is taken in. A mark that the gradebook cannot hold is refused,
    without keeping the others back. A student without a mark gets no rows, and what rows there are emptied.

    Args:
        course: for everything that marks depend on.
        database: the facts.
        unit: of the marks.
        students: whose rows may be behind.
        who: causes it, for the audit record; the user of this process where left out.

    Raises:
        ConfigError: the assignment cannot be made, or a database cannot be reached.
    """
    names = sorted(set(students))
    with database.read() as connection:
        known = read_records(connection, unit.name)
        marked = marked_students(connection, unit.name)
    if not (marked | known.keys()) & set(names):
        return Summary()
    ensure_assignment(course, unit)
    with one_writer(course), open_tables(course) as db:
        template = read_template(db, unit.name)
        rows = read_rows(db, template, names)
        records = take_in(course, database, unit, rows)
        with database.read() as connection:
            counted = read_counted(connection, course, unit, names)
        entries, refused = _entries(course, unit, template, rows, counted)
        sending = Sending()
        planned = {entry.mark.student: plan(sending, template, entry) for entry in entries}
        moved = {name: each for name, each in planned.items() if records.get(name) != Record(each)}
        changes = [_change(course, unit, entry, records, planned) for entry in entries]
        with database.write() as connection:
            keep_records(connection, unit.name, _under_way(rows, records, moved))
        # before the rows: rather a line that a kill leaves alone than a mark that moved without one
        changed = record(course, unit.name, [change for change in changes if change is not None], who)
        sending.send(db)
        db.commit()
        with database.write() as connection:
            keep_records(connection, unit.name, {name: Record(each) for name, each in moved.items()})
    return Summary(len(entries), changed, refused)


def lacking(course: Course, database: Database, unit: Unit) -> set[str]:
    """Students whose rows are not what we wrote, or were never written: somebody or a kill was there."""
    with database.read() as connection:
        records = read_records(connection, unit.name)
        marked = marked_students(connection, unit.name)
    if not gradebook_exists(course):
        return marked
    with open_tables(course) as db:
        template = find_template(db, unit.name)
        rows = read_rows(db, template, sorted(marked | set(records))) if template else {}
    strange = {name for name in rows.keys() - marked if is_strange(rows[name], records[name])}
    return strange | {
        name for name in marked if _lacks(course, unit, name, rows.get(name), records.get(name))
    }


def _lacks(course: Course, unit: Unit, student: str, held: HeldRows | None, known: Record | None) -> bool:
    if held is None or known is None or known.next is not None:
        return True
    return (
        not held.seen().same_rows(known.last) or not Folders(course).autograded(unit.name, student).exists()
    )


def _entries(
    course: Course,
    unit: Unit,
    template: Template,
    rows: Mapping[str, HeldRows],
    counted: Mapping[str, Counted],
) -> tuple[list[BookedEntry], tuple[str, ...]]:
    """What is to be written, after the notebooks were; and what is refused."""
    entries: list[BookedEntry] = []
    refused: list[str] = []
    pages = NotebookPages.of(course, unit)
    students = list(counted.values())
    for start in range(0, len(students), AT_ONCE):
        with replaced_together() as put:
            for each in students[start : start + AT_ONCE]:
                held = rows[each.mark.student]
                if each.mark.counting is None and held.notebook is None:
                    continue  # no mark, and no rows that say otherwise
                try:
                    grades = cells.grades(each.mark, template.graded)
                except CourseError as error:
                    refused.append(str(error))
                    continue
                if each.mark.counting is not None:
                    pages.show(each, put)
                checks = cells.by_task(pages.seen(each)) if each.mark.counting is not None else {}
                entries.append(BookedEntry(each.mark, held, grades, checks))
    return entries, tuple(refused)


def _under_way(
    rows: Mapping[str, HeldRows], records: Mapping[str, Record], moved: Mapping[str, Projected]
) -> dict[str, Record]:
    """What stands in the rows, and what will."""
    found = {}
    for name, projected in moved.items():
        known = standing(rows[name], records.get(name)) or _lost(records.get(name))
        now = rows[name].seen(known.attempt, known.points)
        found[name] = Record(now, projected)
    return found


def _lost(record: Record | None) -> Projected:
    """Rows of another gradebook are gone; the mark that was told last is not."""
    return record.last if record else Projected()


def _change(
    course: Course,
    unit: Unit,
    entry: BookedEntry,
    records: Mapping[str, Record],
    planned: Mapping[str, Projected],
) -> Change | None:
    """The mark before and after; None where a killed projection has told of it already."""
    name = entry.mark.student
    record = records.get(name)
    known = standing(entry.rows, record)
    old = (known or record.last).points if record else entry.rows.points
    change = Change(name, old, planned[name].points, entry.mark.how or "no attempt has a score")
    if record is not None and record.next is not None and _told(course, unit, change):
        return None
    return change


def _told(course: Course, unit: Unit, change: Change) -> bool:
    told = [line for line in read_audit(course, unit.name) if line.get("student") == change.student]
    return bool(told) and (told[-1]["old"], told[-1]["new"]) == (change.old, change.new)
