"""All answers to one written question, of the attempts that count, in the order in which they are marked.

The order follows from no name, so that nobody is always marked by a fresh eye or by a tired one; it is the
same for all who mark. An answer that was left as it came is not in it: it has no points already.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ...base.digest import digest_of
from ...marks import AttemptMark, Mark, UnitFacts
from ...marks.attempts import Attempt
from ...marks.by_hand import COMMENT, POINTS, Entry
from ...notebook import Question


@dataclass(frozen=True)
class PiledAnswer:
    """One student's answer, and what a person gave for it."""

    question: Question
    attempt: Attempt
    digest: str  # of its text; "" where grading has noted none
    given: Entry | None  # points that hold
    said: Entry | None  # the comment that holds
    waits: bool
    last: int = 0  # id of the last entry about it; 0: nobody has said anything
    number: int = 0  # in the pile, from 1

    @property
    def student(self) -> str:
        """Whose it is."""
        return self.attempt.student

    def entry(self, kind: str, points: float | None = None, comment: str = "") -> Entry:
        """What a person gives for it; it belongs to the text."""
        at = (self.attempt.unit, self.student, self.attempt.id, self.question.name)
        return Entry(*at, kind, points, comment, self.digest)


@dataclass(frozen=True)
class Pile:
    """The answers to one question."""

    question: Question
    answers: tuple[PiledAnswer, ...]

    @property
    def waiting(self) -> int:
        """How many have no points yet."""
        return sum(answer.waits for answer in self.answers)

    @property
    def done(self) -> int:
        """How many have points."""
        return len(self.answers) - self.waiting

    @property
    def markers(self) -> list[tuple[str, int]]:
        """Who gave the points of how many."""
        who = Counter(each.given.who for each in self.answers if each.given and not each.waits)
        return sorted(who.items())

    def find(self, attempt: str) -> PiledAnswer | None:
        """The answer in an attempt."""
        return next((each for each in self.answers if each.attempt.id == attempt), None)

    def of(self, student: str) -> PiledAnswer | None:
        """The answer of a student."""
        return next((each for each in self.answers if each.student == student), None)

    def beside(self, answer: PiledAnswer) -> tuple[PiledAnswer | None, PiledAnswer | None]:
        """The answers before and behind one."""
        place = answer.number - 1
        before = self.answers[place - 1] if place > 0 else None
        return before, self.answers[place + 1] if place + 1 < len(self.answers) else None

    def to_mark(self, after: str = "") -> list[str]:
        """The attempts whose answers wait: those behind one first, then from the beginning to itself."""
        found = self.find(after)
        place = 0 if found is None else found.number
        turned = (*self.answers[place:], *self.answers[:place])
        return [each.attempt.id for each in turned if each.waits]


def pile_of(facts: UnitFacts, question: Question, marks: Iterable[Mark] | None = None) -> Pile:
    """The answers to a question.

    Args:
        facts: of its unit.
        question: one of the unit's.
        marks: the unit's, where they were computed already.
    """
    counting = [each.counting for each in (facts.marks() if marks is None else marks)]
    answers = [answer_in(facts, each, question) for each in counting if each is not None]
    given = [answer for answer in answers if answer is not None]
    given.sort(key=lambda each: digest_of(facts.unit.name, question.name, each.student))
    numbered = (replace(each, number=number) for number, each in enumerate(given, 1))
    return Pile(question, tuple(numbered))


def answer_in(facts: UnitFacts, mark: AttemptMark, question: Question) -> PiledAnswer | None:
    """The answer in one attempt; None where it was left as it came, or there is no score."""
    if mark.graded is None or not mark.sound:
        return None
    digest = mark.graded.answers.get(question.name)
    if digest == "":
        return None
    own = (each for each in facts.entries.get(mark.attempt.student, ()) if each.name == question.name)
    about = [each.id for each in own if each.meets(mark.attempt.id, mark.graded.answers)]
    return PiledAnswer(
        question,
        mark.attempt,
        digest or "",
        mark.entries.get((question.name, POINTS)),
        mark.entries.get((question.name, COMMENT)),
        mark.cells[question.name].waits,
        max(about, default=0),
    )
