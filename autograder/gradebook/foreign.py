"""What others wrote into the gradebook is taken in once, as facts that a person gave.

Foreign is what is neither what we wrote last nor what the facts say now. It belongs to the attempt whose
points stood there. Where no record of ours speaks of these rows, all of it is foreign: so the points of an
older data folder are taken in. What was found is noted with the facts themselves, in one transaction: a
kill before it repeats the step, a kill after it does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from sqlalchemy import Connection

from ..course import Course, Unit
from ..marks import AttemptMark, Mark, UnitFacts, by_hand, exceptions
from ..marks.by_hand import COMMENT, EXTRA, POINTS, Entry
from ..marks.database import Database
from ..marks.exceptions import Deed
from ..results.audit import note
from .cells import UNMARKED, GradeRow, fact_name
from .counted import facts_of
from .held import HeldRows, grade_of
from .rows import extension_of, handed_in
from .written import Projected, Record, keep_records, read_records

WHO = "gradebook"  # nbgrader's rows do not say who wrote them
WHY = "found in nbgrader's gradebook"
UNKNOWN = -1.0  # what no checks give: the points were given to something else, so a person has to look


def take_in(
    course: Course, database: Database, unit: Unit, rows: Mapping[str, HeldRows]
) -> dict[str, Record]:
    """Take in what others wrote into these rows; returns the records of the unit's students."""
    with database.read() as connection:
        records = read_records(connection, unit.name)
    strange = [student for student, held in rows.items() if is_strange(held, records.get(student))]
    if not strange:
        return records
    with database.write() as connection:
        records = read_records(connection, unit.name)
        facts = facts_of(connection, course, unit, strange)
        seen = {}
        for student in strange:
            found = _Found(facts[student], student, rows[student], records.get(student))
            if found.shown is not None:
                sentences = [*_take_in(connection, found)]
                for sentence in sentences:
                    note(course, unit.name, f"{student}: {sentence}, {WHY} and taken in")
                seen[student] = Record(rows[student].seen(found.shown.attempt.id, found.points))
        keep_records(connection, unit.name, seen)
    return records | seen


def is_strange(held: HeldRows, record: Record | None) -> bool:
    """Whether there is something in the rows that we did not write."""
    if held.submission is None:
        return False
    seen = held.seen()
    versions = record.of(seen.notebook) if record else []
    if versions:
        return not any(seen.same_rows(each) for each in versions)
    given = any(row.manual_score is not None or row.extra_credit for row in held.grades.values())
    return bool(given or seen.comments or seen.extension)


@dataclass(frozen=True)
class _Found:
    """One student's rows beside what we wrote and what the facts say."""

    facts: UnitFacts
    student: str
    held: HeldRows
    record: Record | None

    @cached_property
    def mark(self) -> Mark:
        return self.facts.mark(self.student)

    @cached_property
    def versions(self) -> list[Projected]:
        """What we may have written into these rows."""
        if self.record is None or self.held.notebook is None:
            return []
        return self.record.of(self.held.notebook.id)

    @cached_property
    def version(self) -> Projected | None:
        """What stood in the rows before others wrote: ``next`` after a kill where its scores stand there."""
        return _standing(self.held, self.versions)

    @cached_property
    def shown(self) -> AttemptMark | None:
        """The attempt whose points stand in the rows; None where there is no attempt at all."""
        if self.version is not None:
            named = [each for each in self.mark.attempts if each.attempt.id == self.version.attempt]
            if named:
                return named[0]
        sound = [each for each in self.mark.attempts if each.sound]
        moment = self.held.submission.timestamp
        timed = [each for each in sound if moment is not None and handed_in(each) == moment]
        return next(reversed([*sound, *filter(None, [self.mark.counting]), *timed]), None)

    @property
    def points(self) -> float | None:
        """The mark that we wrote, else the one that stands there."""
        return self.version.points if self.version is not None else self.held.points

    def owner(self, row: GradeRow) -> AttemptMark | None:
        """Whose points a row has: where an older release asked for another look, the attempt before."""
        if self.shown is None or self.versions or not _stale(row):
            return self.shown
        number = self.shown.attempt.number
        earlier = [each for each in self.mark.attempts if each.sound and each.attempt.number < number]
        return earlier[-1] if earlier else self.shown

    def written(self, cell: str) -> list[GradeRow]:
        """What we may have written into a graded cell."""
        return [each.grades.get(cell, UNMARKED) for each in self.versions] or [UNMARKED]

    def said(self, cell: str) -> list[str]:
        """The same for a person's comment."""
        return [each.comments.get(cell, "") for each in self.versions] or [""]

    def entry(self, owner: AttemptMark, name: str, kind: str) -> Entry:
        """An entry without points."""
        answers = owner.graded.answers if owner.graded else {}
        answer = answers.get(name, "") if name in self.facts.questions else ""
        return Entry(self.facts.unit.name, self.student, owner.attempt.id, name, kind, answer=answer)


def _standing(held: HeldRows, versions: list[Projected]) -> Projected | None:
    """Of ``last`` and ``next`` the one that stands in the rows."""
    if len(versions) < 2:
        return versions[0] if versions else None
    last, following = versions
    if not _same_scores(held, following):
        return last
    return following if held.points == following.points or not _same_scores(held, last) else last


def _same_scores(held: HeldRows, version: Projected) -> bool:
    """Of the checks, which others hardly write."""
    return all(
        version.grades.get(cell, UNMARKED).auto_score == row.auto_score for cell, row in held.grades.items()
    )


def standing(held: HeldRows, record: Record | None) -> Projected | None:
    """What stands in the rows by our record; None where it does not speak of them."""
    if record is None or held.notebook is None:
        return None
    return _standing(held, record.of(held.notebook.id))


def _stale(row: GradeRow) -> bool:
    return row.needs_manual_grade and row.manual_score is not None


def _take_in(connection: Connection, found: _Found) -> Iterator[str]:
    """Write facts; yields a sentence for each."""
    deed = Deed.now(WHO, WHY)
    for entry in [*_points(found), *_comments(found)]:
        try:
            by_hand.add(connection, entry, deed)
        except ValueError as error:
            yield f"{error}: not taken in"
        else:
            yield _sentence(entry)
    wanted = timedelta(seconds=found.held.seen().extension)
    written = [each.extension for each in found.versions] or [0.0]
    more = wanted - extension_of(found.mark.due)
    if wanted.total_seconds() not in written and abs(more) >= timedelta(seconds=1):
        kind, value = _length(more)
        exceptions.add(connection, found.facts.unit.name, found.student, kind, value, deed)
        yield f"an extension of {value} {kind}"


def _points(found: _Found) -> Iterator[Entry]:
    for cell, raw in sorted(found.held.grades.items()):
        row, name, written = grade_of(raw), fact_name(cell), found.written(cell)
        owner = found.owner(row)
        if owner is None:
            continue
        given = owner.entries.get((name, POINTS))
        points, facts = found.entry(owner, name, POINTS), given.points if given else None
        changed = row.manual_score not in [each.manual_score for each in written]
        confirmed = row.manual_score is not None and _confirmed(row, written, owner, name)
        if (changed and row.manual_score != facts) or confirmed:
            automatic = UNKNOWN if _stale(row) and not found.versions else row.auto_score
            yield _with(points, row.manual_score, automatic)
        cell_now = owner.cells.get(name)
        facts_extra = (cell_now.extra if cell_now else 0.0) or None
        if row.extra_credit in [each.extra_credit for each in written] or row.extra_credit == facts_extra:
            continue
        if raw.extra_credit is not None or (name, EXTRA) in owner.entries:
            yield _with(found.entry(owner, name, EXTRA), raw.extra_credit, None)


def _confirmed(row: GradeRow, written: list[GradeRow], owner: AttemptMark, name: str) -> bool:
    """Whether somebody looked at points that waited for another look, and left them."""
    waited = all(each.needs_manual_grade and each.manual_score == row.manual_score for each in written)
    return waited and not row.needs_manual_grade and name in owner.needs_person


def _comments(found: _Found) -> Iterator[Entry]:
    for cell, row in sorted(found.held.comments.items()):
        shown, comment = found.shown, row.manual_comment or ""
        if shown is None or comment in found.said(cell):
            continue
        given = shown.entries.get((cell, COMMENT))
        if comment != (given.comment if given else ""):
            entry = found.entry(shown, cell, COMMENT)
            yield Entry(**vars(entry) | {"comment": comment})


def _with(entry: Entry, points: float | None, automatic: float | None) -> Entry:
    return Entry(**vars(entry) | {"points": points, "automatic": automatic})


def _length(more: timedelta) -> tuple[str, str]:
    if more % timedelta(days=1):
        return exceptions.HOURS, f"{more / timedelta(hours=1):.6g}"
    return exceptions.DAYS, str(more // timedelta(days=1))


def _sentence(entry: Entry) -> str:
    if entry.kind == COMMENT:
        return f"a comment on {entry.name}" if entry.comment else f"no comment on {entry.name}"
    what = "extra credit" if entry.kind == EXTRA else "points by hand"
    if entry.points is None:
        return f"{what} for {entry.name} taken back"
    return f"{entry.points:g} {what} for {entry.name}"
