"""The hunt of mutants: each must fail a check that the reference passes."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from ..judge.suite import reference_subject
from ..results.result import Verdict
from ..student.subjects import LocalSubject
from ..unit.mistakes.edits import module_namespace
from .forks import Ended, run_forked
from .trials import Ground

if TYPE_CHECKING:
    from ..unit.mistakes.mutants import Mutant

PAPER = 0  # that mutants meet
COLUMNS = 100  # of a line to be pasted


@dataclass(frozen=True)
class Killing:
    """Who died by which check, who lives, and why that is right."""

    killed: dict[str, str]  # mutant -> check, or how its process ended
    survivors: tuple[Mutant, ...]
    reasons: dict[str, str]  # mutants that the unit judges equivalent -> reason

    @property
    def total(self) -> int:
        """All mutants."""
        return len(self.killed) + len(self.survivors)

    @property
    def equivalent(self) -> int:
        """Survivors that the unit explains."""
        return sum(mutant.id in self.reasons for mutant in self.survivors)

    def to_dict(self) -> dict[str, Any]:
        """As ``course prove --json`` prints it."""
        survivors = [
            {"id": mutant.id, "diff": mutant.diff, "reason": self.reasons.get(mutant.id, "")}
            for mutant in self.survivors
        ]
        counts = {"total": self.total, "killed": len(self.killed), "equivalent": self.equivalent}
        return {**counts, "survivors": survivors}

    @property
    def living(self) -> tuple[Mutant, ...]:
        """Survivors that the unit does not explain."""
        return tuple(mutant for mutant in self.survivors if mutant.id not in self.reasons)

    def to_paste(self) -> str:
        """Lines for ``EQUIVALENT`` of mistakes.py with the reasons left to fill in; empty where none lives.

        By definition, each with its change as a comment.
        """
        lines = []
        for name in dict.fromkeys(mutant.definition for mutant in self.living):
            lines.append(f"    # --- {name}")
            for mutant in self.living:
                if mutant.definition == name:
                    changes = mutant.diff.splitlines()[1:]  # the first says the name
                    lines += [f"    # {line}"[:COLUMNS] for line in changes]
                    lines.append(f'    "{mutant.id}": "",')
        whole = ["EQUIVALENT = {", *lines, "}"]
        return "\n".join(lines if self.reasons or not lines else whole)

    def problems(self, asked: float, most_equivalent: float) -> Iterator[str]:
        """What is not as it must be.

        Args:
            asked: the share of mutants that are not equivalent that must die.
            most_equivalent: the share that may be judged equivalent.
        """
        if len(self.killed) < asked * (self.total - self.equivalent):
            living = self.total - self.equivalent - len(self.killed)
            yield f"mutants: {living} of {self.total - self.equivalent} live; {asked:.0%} must die"
        if self.equivalent > most_equivalent * self.total:
            judged = f"{self.equivalent} of {self.total} are judged equivalent"
            yield f"mutants: {judged}; at most {most_equivalent:.0%} may"
        for name in self.reasons:
            if name in self.killed:
                yield f"mutants: {name} is judged equivalent, but {self.killed[name]} kills it"
            elif name not in {mutant.id for mutant in self.survivors}:
                yield f"mutants: EQUIVALENT lists {name}, which is no mutant any more"


def kill_mutants(ground: Ground, tell: Callable[[str, int, int], None]) -> Killing:
    """Put every mutant of the released definitions on trial."""
    mutants = all_mutants(ground)
    results = _try_all(ground, mutants, lambda done: tell("mutants", done, len(mutants)))
    killed = {mutant.id: by for mutant, by in zip(mutants, results, strict=True) if by}
    survivors = tuple(mutant for mutant in mutants if mutant.id not in killed)
    return Killing(killed, survivors, dict(ground.catalogue.equivalent))


def differing(ground: Ground, stored: dict[str, bool], share: float) -> list[str]:
    """Try a random share of the mutants again; a sentence for each that fares otherwise than stored.

    Args:
        stored: mutant -> whether it died.
        share: 0 to 1; at least one mutant is tried.
    """
    mutants = all_mutants(ground)
    sample = random.sample(mutants, min(len(mutants), math.ceil(share * len(mutants))))
    results = _try_all(ground, sample, lambda done: None)
    return [
        f"mutant {mutant.id} is now {'killed by ' + by if by else 'alive'}:\n{mutant.diff}"
        for mutant, by in zip(sample, results, strict=True)
        if stored.get(mutant.id) is not bool(by)
    ]


def all_mutants(ground: Ground) -> tuple[Mutant, ...]:
    """The mutants of everything that students write."""
    from ..unit.mistakes.mutants import mutants_of  # needs cosmic-ray, which only those who hunt must have

    return mutants_of(ground.unit.reference, ground.all_names)


def _try_all(
    ground: Ground, mutants: list[Mutant] | tuple[Mutant, ...], on_done: Callable[[int], None]
) -> list[str]:
    """What killed each mutant: a check, TIMEOUT or CRASHED; empty where nothing did."""
    jobs = [partial(_killer, ground, mutant) for mutant in mutants]
    results = run_forked(jobs, cpu_seconds=2.0 + 4.0 * _duration(ground), on_done=on_done)
    return [result.why if isinstance(result, Ended) else result for result in results]


def _killer(ground: Ground, mutant: Mutant) -> str:
    """The first check that notices the mutant, those of its own task first."""
    try:
        subject = LocalSubject(module_namespace(mutant.source, "mutant"))
    except Exception as error:
        return f"{type(error).__name__} on loading"
    task = ground.suite.task_of.get(mutant.definition, mutant.definition)
    for mark in sorted(ground.suite.checks, key=lambda mark: mark.task != task):
        if ground.suite.run(mark.id, subject, PAPER).verdict is not Verdict.PASSED:
            return mark.id
    return ""


def _duration(ground: Ground) -> float:
    """CPU seconds of all checks on the reference, measured in a child like those of the mutants."""

    def job() -> float:
        begun = time.process_time()
        for mark in ground.suite.checks:
            ground.suite.run(mark.id, reference_subject(ground.suite), PAPER)
        return time.process_time() - begun

    (seconds,) = run_forked([job], cpu_seconds=600.0)
    return 60.0 if isinstance(seconds, Ended) else float(seconds)
