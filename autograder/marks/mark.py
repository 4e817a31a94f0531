"""The mark: a pure function of facts and course. It reads nothing and asks no clock.

An attempt's points are, task by task, what a person gave, else what the checks gave, and what a person
gave for its written answers; bonus and extra credit come on top. Of a kept result and the latest one the
better counts. Being late takes a share of that. The attempt that counts is the one with the best mark
(``Course.counts``); an answer that waits for a person is taken at its full worth in choosing, so that it
is seen and marked, and at nothing in the mark. Of equals the last counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..course import Course, Unit
from ..results.late import Lateness, lateness, parse_time
from . import by_hand
from .attempts import Attempt
from .dates import Due
from .graded import Graded, Tasks
from .kept import KeptResult

Given = Mapping[tuple[str, str], by_hand.Entry]  # by name and kind


@dataclass(frozen=True)
class CellPoints:
    """The points of one task or one written answer."""

    automatic: float | None  # None: only a person gives points for it
    bonus: float
    points: float  # that count, without bonus
    extra: float  # that counts
    by_hand: bool
    waits: bool  # for a person


@dataclass(frozen=True)
class AttemptMark:
    """What one attempt is worth, and how that came about."""

    attempt: Attempt
    graded: Graded | None
    late: Lateness
    cells: Mapping[str, CellPoints] = field(default_factory=dict)  # by task and written question
    entries: Given = field(default_factory=dict)
    kept: KeptResult | None = None  # the earlier result whose points count
    out_of: float = 0.0
    waiting: float = 0.0  # points of written answers that wait for a person

    @property
    def sound(self) -> bool:
        """False where it is not graded, or a fault of ours left no score."""
        return self.graded is not None and self.graded.sound

    @property
    def before_lateness(self) -> float:
        """All points, bonus included."""
        return round(sum(cell.points + cell.extra for cell in self.cells.values()), 6)

    @property
    def automatic(self) -> float:
        """What the checks gave, bonus included, whatever a person said."""
        return round(sum((cell.automatic or 0.0) + cell.bonus for cell in self.cells.values()), 6)

    @property
    def penalty(self) -> float:
        """What being late takes."""
        return self.late.penalty(self.before_lateness)

    @property
    def final(self) -> float | None:
        """The mark that this attempt would give; None where it has none."""
        return round(self.before_lateness - self.penalty, 6) if self.sound else None

    @property
    def on_top(self) -> float:
        """Of ``final``, what bonus and extra credit give beside the points that ``out_of`` counts."""
        extra = sum(cell.extra for cell in self.cells.values())
        return round(extra * (1 - self.late.percent / 100), 6)

    @property
    def possible(self) -> float:
        """The mark if all that waits for a person were right."""
        points = self.before_lateness + self.waiting
        return round(points - self.late.penalty(points), 6)

    @property
    def needs_person(self) -> tuple[str, ...]:
        """Tasks and questions that a person has to look at."""
        return tuple(name for name, cell in self.cells.items() if cell.waits)


@dataclass(frozen=True)
class Mark:
    """A student's mark at a unit."""

    unit: Unit
    student: str
    due: Due
    attempts: tuple[AttemptMark, ...]  # oldest first
    counting: AttemptMark | None = None

    @property
    def points(self) -> float | None:
        """The mark of record, bonus and lateness included; None where there is none."""
        return None if self.counting is None else self.counting.final

    @property
    def chosen(self) -> AttemptMark | None:
        """The attempt that counts; where none has a mark the last one that was graded, which is BROKEN."""
        graded = [each for each in self.attempts if each.graded is not None]
        return self.counting or (graded[-1] if graded else None)

    @property
    def out_of(self) -> float | None:
        """The points of all checks and written answers, without bonus."""
        return None if self.counting is None else self.counting.out_of

    @property
    def waits(self) -> bool:
        """True where a person has to look at the attempt that counts."""
        return self.counting is not None and bool(self.counting.needs_person)

    @property
    def how(self) -> str:
        """How the mark came about, in one line for the student; empty where there is none."""
        return ", ".join(_how(self, self.counting)) if self.counting is not None else ""

    @property
    def how_for_staff(self) -> str:
        """The same, for whoever is not the student."""
        return self.how.replace("your ", "the ")


def mark_of(
    course: Course,
    unit: Unit,
    student: str,
    attempts: Sequence[Attempt],
    graded: Mapping[str, Graded],
    due: Due,
    entries: Sequence[by_hand.Entry] = (),
    kept: Mapping[str, Sequence[KeptResult]] | None = None,
    questions: Mapping[str, float] | None = None,
) -> Mark:
    """The mark of one student.

    Args:
        course: for the late policy and which attempt counts.
        unit: of the attempts.
        student: whose they are.
        attempts: all of them, oldest first.
        graded: what the latest grading said, by attempt.
        due: the student's own date.
        entries: what people gave, oldest first.
        kept: earlier results that are kept, by attempt.
        questions: points of the written questions by name.
    """
    marks = tuple(
        _attempt_mark(
            course, each, graded.get(each.id), due, entries, (kept or {}).get(each.id, ()), questions or {}
        )
        for each in attempts
    )
    return Mark(unit, student, due, marks, _counting(course, marks))


def _counting(course: Course, marks: Iterable[AttemptMark]) -> AttemptMark | None:
    sound = [each for each in marks if each.sound]
    if course.counts == "last":
        return sound[-1] if sound else None
    return max(sound, key=lambda each: (each.possible, each.attempt.number), default=None)


def _attempt_mark(
    course: Course,
    attempt: Attempt,
    graded: Graded | None,
    due: Due,
    entries: Sequence[by_hand.Entry],
    kept: Sequence[KeptResult],
    questions: Mapping[str, float],
) -> AttemptMark:
    late = lateness(course.late, due.moment, attempt.submitted, attempt.stated_late)
    if graded is None or not graded.sound:
        return AttemptMark(attempt, graded, late)
    given = by_hand.holding(entries, attempt.id, graded.answers)
    best, earlier = graded.tasks, None
    for each in kept:
        if _sum(_tasks(each.tasks, given)) > _sum(_tasks(best, given)):
            best, earlier = each.tasks, each
    answers = {name: _answer(name, graded.answers.get(name), given) for name in questions}
    return AttemptMark(
        attempt=attempt,
        graded=graded,
        late=late,
        cells=_tasks(best, given) | answers,
        entries=given,
        kept=earlier,
        out_of=round(graded.max_score + sum(questions.values()), 6),
        waiting=sum(points for name, points in questions.items() if answers[name].waits),
    )


def _tasks(tasks: Tasks, given: Given) -> dict[str, CellPoints]:
    return {task: _task(task, core, bonus, given) for task, (core, bonus) in tasks.items()}


def _task(task: str, core: float, bonus: float, given: Given) -> CellPoints:
    """A person's points stand in place of the checks'; where those have changed, for another look."""
    points, extra = given.get((task, by_hand.POINTS)), given.get((task, by_hand.EXTRA))
    changed = points is not None and points.automatic is not None and points.automatic != core
    return CellPoints(core, bonus, _or(points, core), _or(extra, bonus), bool(points or extra), changed)


def _answer(name: str, digest: str | None, given: Given) -> CellPoints:
    """A written answer has a person's points, or none yet; one that was left as it came waits for nobody."""
    points, extra = given.get((name, by_hand.POINTS)), given.get((name, by_hand.EXTRA))
    waits = points is None and digest != ""
    return CellPoints(None, 0.0, _or(points, 0.0), _or(extra, 0.0), bool(points or extra), waits)


def _or(entry: by_hand.Entry | None, otherwise: float) -> float:
    return otherwise if entry is None or entry.points is None else entry.points


def _sum(cells: Mapping[str, CellPoints]) -> float:
    return round(sum(cell.points + cell.extra for cell in cells.values()), 6)


def _how(mark: Mark, counting: AttemptMark) -> Iterable[str]:
    number, count = counting.attempt.number, len(mark.attempts)
    yield f"attempt {number} of {count}" if count > 1 else "one attempt"
    yield _in_time(mark, counting)
    yield from _parts(counting)
    if counting.waiting:
        yield f"{_points(counting.waiting)} more wait for a person"


def _in_time(mark: Mark, counting: AttemptMark) -> str:
    by = f" by {' and '.join(mark.due.why)}" if mark.due.why else ""
    if counting.late.percent:
        when = f"late: minus {counting.late.percent:g} %"
        return f"{when}, with {' and '.join(mark.due.why)}" if mark.due.why else when
    if counting.attempt.submitted is None and not counting.attempt.stated_late:
        return "time of handing in not known"
    return f"on time{by if _needed(mark, counting) else ''}"


def _needed(mark: Mark, counting: AttemptMark) -> bool:
    """Whether it would have been late by the unit's own date."""
    moment = parse_time(counting.attempt.submitted)
    return moment is not None and moment > mark.due.unit


def _parts(counting: AttemptMark) -> Iterable[str]:
    by_hand_points = round(counting.before_lateness - counting.automatic, 6)
    whole = f"{counting.automatic:g}"
    if counting.kept is not None:
        whole += " kept of an earlier grading"
    if any(cell.by_hand for cell in counting.cells.values()):
        sign = "+" if by_hand_points >= 0 else "−"
        yield f"{whole} {sign} {abs(by_hand_points):g} by hand"
    elif counting.kept is not None or counting.late.percent:
        yield whole


def _points(count: float) -> str:
    return f"{count:g} point{'' if count == 1 else 's'}"
