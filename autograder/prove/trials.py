"""One subject of a proof on trial: reference, variant, stub, trivial code, mistake or cheat."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ..course import Course, Unit
from ..explain.naming import Namer
from ..judge.grader import judge
from ..judge.outcome import Outcome
from ..judge.papers import PUBLISHED_SECRET
from ..judge.points import give_points
from ..judge.suite import Suite, reference_subject
from ..results.result import Check, Verdict
from ..student.subjects import LocalSubject
from ..unit.mistakes.catalogue import Catalogue, load_catalogue, tasks_of_names
from ..unit.mistakes.edits import module_namespace
from ..unit.mistakes.entries import Cheat, Mistake
from .trivial import TRIVIAL, stub_namespace, trivial_namespace


@dataclass(frozen=True)
class Ground:
    """What a unit's trials share."""

    course: Course
    unit: Unit
    suite: Suite
    catalogue: Catalogue
    namer: Namer

    @property
    def names(self) -> dict[str, list[str]]:
        """The names that students write, by task."""
        tasks: dict[str, list[str]] = {mark.task: [] for mark in self.suite.checks}
        for name, task in (tasks_of_names(self.unit) or {task: task for task in tasks}).items():
            tasks.setdefault(task, []).append(name)
        return tasks

    @property
    def all_names(self) -> list[str]:
        """The names that students write."""
        return [name for names in self.names.values() for name in names]


@dataclass(frozen=True)
class Entrant:
    """Who stands trial; with ``task``, only the checks of that task are run."""

    kind: str  # "reference", "stub", "trivial", "variants", "mistakes" or "cheats"
    name: str
    subject: LocalSubject
    task: str = ""
    mistake: Mistake | None = None
    cheat: Cheat | None = None


@dataclass(frozen=True)
class Fare:
    """How one subject fared on one paper."""

    earned: dict[str, float]  # points by check
    verdicts: dict[str, str]  # by check
    reasons: dict[str, str] = field(default_factory=dict)  # of what did not pass
    named: dict[str, str] = field(default_factory=dict)  # task -> the mistake that diagnosis names


def prepare(course: Course, unit: Unit, secret: bytes = PUBLISHED_SECRET) -> Ground:
    """Collect a unit's checks and mistakes. Children inherit them, so threads are kept out of here.

    Raises:
        ConfigError: the unit's files contradict themselves.
    """
    unit.read_files()  # what could not be graded is not proven either
    if unit.runtime == "torch":
        _warm_torch()
    suite = Suite(course, unit, tasks_of_names(unit), secret)
    catalogue = load_catalogue(course, unit)
    return Ground(course, unit, suite, catalogue, Namer(suite, catalogue))


def _warm_torch() -> None:
    """One step of training, so that no child has to import what torch loads lazily (a second each)."""
    import torch

    torch.set_num_threads(1)
    layer = torch.nn.Linear(2, 2)
    optimizer = torch.optim.Adam(layer.parameters())
    layer(torch.ones(1, 2)).sum().backward()
    optimizer.step()


def subjects(ground: Ground) -> list[Entrant]:
    """All subjects of a unit's proof apart from mutants."""
    return [
        Entrant("reference", "reference", reference_subject(ground.suite)),
        Entrant("stub", "stub", LocalSubject(stub_namespace(ground.unit, ground.all_names))),
        *_trivial(ground),
        *(
            Entrant("variants", name, _local(variant.source, name))
            for name, variant in ground.catalogue.variants.items()
        ),
        *(
            Entrant("mistakes", name, ground.namer.subject(mistake), mistake=mistake)
            for name, mistake in ground.catalogue.mistakes.items()
        ),
        *(
            Entrant("cheats", name, _local(each.source, name), task=each.task, cheat=each)
            for name, each in ground.catalogue.cheats.items()
        ),
    ]


def _local(source: str, name: str) -> LocalSubject:
    return LocalSubject(module_namespace(source, name))


def _trivial(ground: Ground) -> Iterator[Entrant]:
    for kind, fill in TRIVIAL.items():
        for task, names in ground.names.items():
            if names:
                namespace = trivial_namespace(ground.suite.reference, names, fill)
                yield Entrant("trivial", kind, LocalSubject(namespace), task=task)


def attempt(ground: Ground, each: Entrant, paper: int) -> dict[str, Any]:
    """The fields of the ``Fare`` of one subject on one paper, as plain data."""
    outcomes: dict[str, Outcome]
    if each.task:
        marks = tuple(mark for mark in ground.suite.checks if mark.task == each.task)
        outcomes = {mark.id: ground.suite.run(mark.id, each.subject, paper) for mark in marks}
        checks = give_points(marks, outcomes)
    else:
        checks, outcomes = judge(ground.suite, each.subject, paper)
    named = ground.namer.name(outcomes, paper) if each.mistake else {}
    return {
        "earned": {check.id: check.earned for check in checks},
        "verdicts": {check.id: check.verdict.value for check in checks},
        "reasons": {c.id: _reason(c) for c in checks if c.verdict is not Verdict.PASSED},
        "named": named,
    }


def _reason(check: Check) -> str:
    """Why a check did not pass; of a broken one only what staff are told."""
    told = check.notes if check.verdict is Verdict.BROKEN and check.notes else (check.reason, *check.notes)
    return " ".join(told)
