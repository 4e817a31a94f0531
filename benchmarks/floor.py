"""The floor: cells, the plans' calls and the comparison in one warm process, without isolation.

Less cannot be done by anybody who runs these checks on this submission: nothing is read, packed, sent, stored
or explained. Plans are made before the clock starts, as a warm judge of the course has them.
"""

from __future__ import annotations

import time
from collections import Counter
from functools import partial
from typing import Any

from autograder.base.garbage import Collector
from autograder.course import load_course
from autograder.judge.grader import give_points
from autograder.judge.outcome import Outcome
from autograder.judge.suite import Suite
from autograder.notebook import read_release
from autograder.results.result import Verdict, totals
from autograder.student import Court
from autograder.unit.criteria import Criterion

from .direct import Direct, Namespace, passes
from .inprocess import PlainTests
from .sample import Entry, Graded, Sample, own_cells, task_of


class Floor:
    """Grades in this process."""

    def __init__(self, sample: Sample) -> None:
        course = load_course(sample.root)
        unit = course.unit(sample.unit)
        tasks = task_of(read_release(unit.released_notebook))
        self._suite = Suite(course, unit, tasks)  # on the published papers
        self._live = PlainTests(unit.grader, self._suite.papers, tasks)
        self._cases = Counter(check for check, _ in self._suite.cases)
        self._collector = Collector()
        for paper in sample.papers:
            self._make_plans(paper)

    def _make_plans(self, paper: int) -> None:
        for check, case in self._suite.cases:
            if broken := self._suite.plan(check, case, paper).broken:
                raise RuntimeError(f"{check} is broken on paper {paper}, so its time means nothing: {broken}")

    def grade(self, entry: Entry) -> Graded:
        """Run and judge one submission; its file is read before the clock starts."""
        cells = own_cells(entry.path)
        begun = time.perf_counter()
        with self._collector.after():
            namespace: Namespace = {"__name__": "notebook"}
            for number, source in enumerate(cells):
                exec(compile(source, f"cell {number}", "exec"), namespace)
            total = totals(give_points(self._suite.checks, self._outcomes(namespace, entry.paper)))
            del namespace
        return Graded(time.perf_counter() - begun, total["score"], total["bonus"])

    def gradebook(self) -> Graded:
        """The floor has none."""
        return Graded(0.0)

    def _outcomes(self, namespace: Namespace, paper: int) -> dict[str, Outcome]:
        held = {mark.id: self._holds(mark, namespace, paper) for mark in self._suite.checks}
        return {check: Outcome(Verdict.PASSED if holds else Verdict.FAILED) for check, holds in held.items()}

    def _holds(self, mark: Criterion, namespace: Namespace, paper: int) -> bool:
        stand_ins = self._live.stand_ins(mark)
        return all(
            passes(partial(self._passes, mark, case, namespace, paper), namespace, stand_ins)
            for case in range(self._cases[mark.id])
        )

    def _passes(self, mark: Criterion, case: int, namespace: Namespace, paper: int) -> bool:
        plan = self._suite.plan(mark.id, case, paper)
        if plan.live:
            return self._live.passes(mark.id, case, namespace, paper)
        answers = Direct(namespace).ask(0, plan.notes.steps)
        court = Court(self._live.terms(mark), plan.notes, answers, _nothing_more)
        return court.first_wrong() is None


def _nothing_more(name: str) -> Any:
    """Why a name is missing is not told here."""
    return None
