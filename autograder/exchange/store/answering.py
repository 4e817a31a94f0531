"""One comment for all who share a mistake: an entry by hand for each, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable

from ...course import Unit
from ...marks import Mark, by_hand, read_facts
from ...marks.by_hand import COMMENT, Entry
from ...marks.exceptions import Deed
from ...pages.report import Pattern, UnitReport, evaluate_facts
from ...results.audit import note
from ..service.refusals import Refused
from .desk import Desk, stamp

LETTERS = 2000  # of a comment


def find_pattern(report: UnitReport, key: str) -> Pattern | None:
    """The mistake of that key, named or not."""
    return next((each for each in (*report.mistakes, *report.clusters) if each.key == key), None)


def answered(report: UnitReport, pattern: Pattern) -> int:
    """How many who share a mistake have a comment on its task."""
    return sum(
        (pattern.task, COMMENT) in mark.chosen.entries for mark in _sharers(report, pattern) if mark.chosen
    )


def answer_all(desk: Desk, unit: Unit, key: str, text: str, who: str) -> int:
    """Comment on the task of everybody who shares a mistake now, in the attempt that counts.

    What somebody wrote there before stays above it; who has the comment already gets it once.

    Args:
        desk: the exchange.
        unit: where the mistake was made.
        key: of the mistake (``Pattern.key``).
        text: for the students.
        who: of the staff.

    Returns:
        how many got it.

    Raises:
        Refused: there is no text, too much of it, or nobody shares such a mistake any more.
    """
    if not 0 < len(text) <= LETTERS:
        raise Refused(422, f"Write a comment of at most {LETTERS} letters. Nobody got one.")
    with desk.database.write() as connection:
        report = evaluate_facts(read_facts(connection, desk.course, unit), connection)
        pattern = find_pattern(report, key)
        if pattern is None:
            raise Refused(409, "Nobody shares this mistake any more. Look at the report again.")
        why = f"one comment for all who share {pattern.name or 'a mistake without a name'}"
        deed, count = Deed(who, stamp(desk.now()), why), 0
        for mark in _sharers(report, pattern):
            entry = _comment(mark, pattern.task, text)
            if entry is not None:
                by_hand.add(connection, entry, deed)
                count += 1
        note(desk.course, unit.name, f"{why} in {pattern.task}: {count} students", who)
    return count


def _sharers(report: UnitReport, pattern: Pattern) -> Iterable[Mark]:
    names = set(pattern.students)
    return (mark for mark in report.marks if mark.student in names)


def _comment(mark: Mark, task: str, text: str) -> Entry | None:
    chosen = mark.chosen
    if chosen is None:
        return None
    held = chosen.entries.get((task, COMMENT))
    if held is not None and text in held.comment:
        return None
    whole = text if held is None else f"{held.comment}\n\n{text}"
    return Entry(mark.unit.name, mark.student, chosen.attempt.id, task, COMMENT, comment=whole)
