"""The whole proof of a unit, and what it does not find in order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ..course import Course, Unit
from ..judge.papers import PUBLISHED_SECRET
from ..results.result import Verdict
from ..unit.mistakes.catalogue import Mistake
from .forks import Ended, run_forked
from .killing import Killing, kill_mutants
from .trials import Entrant, Fare, Ground, attempt, prepare, subjects

TRIAL_SECONDS = 120.0  # CPU time of one subject on one paper
MAX_EQUIVALENT = 0.08  # the share of mutants that may be judged equivalent
Tell = Callable[[str, int, int], None]  # what, how many are done, of how many


@dataclass(frozen=True)
class Proof:
    """What a unit's trials gave; scores are fractions of all points, bonus included."""

    unit: str
    seeds: int
    reference: float
    stub: float
    trivial: dict[str, float]
    variants: dict[str, float]
    mistakes: dict[str, dict[str, Any]]
    cheats: dict[str, dict[str, float]]
    mutants: Killing | None
    problems: tuple[str, ...]
    # How the mistakes are priced: least and greatest share, or None where the stored proof says it.
    costs: dict[str, tuple[float, float] | None] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """True where nothing is wrong."""
        return not self.problems

    def to_dict(self) -> dict[str, Any]:
        """The object that ``course prove --json`` prints."""
        found: dict[str, Any] = {
            "unit": self.unit,
            "ok": self.ok,
            "reference": self.reference,
            "stub": self.stub,
            "trivial": self.trivial,
            "variants": self.variants,
            "mistakes": self.mistakes,
            "cheats": self.cheats,
        }
        if self.mutants is not None:
            found["mutants"] = self.mutants.to_dict()
        return {**found, "seeds": self.seeds, "problems": list(self.problems)}


def prove(
    course: Course,
    unit: Unit,
    *,
    papers: int | None = None,
    secret: bytes = PUBLISHED_SECRET,
    mutants: bool = False,
    tell: Tell = lambda what, done, of: None,
) -> Proof:
    """Put everything on trial that a grader must tell apart.

    Args:
        papers: how many papers each subject meets, all where left out; its marks must be the same on all.
        secret: the papers follow from it.
        mutants: whether to hunt mutants, too, which takes minutes.
        tell: told of progress.

    Raises:
        ConfigError: the unit's files contradict themselves.
    """
    ground = prepare(course, unit, secret)
    every = len(ground.suite.papers.all)
    seeds = min(papers or every, every)
    for paper in range(seeds):  # made here, so that the children need not
        ground.suite.make_plans(paper)
    reference, *others = subjects(ground)
    trials, problems = _run(ground, [reference], seeds, tell)
    problems += _problems(ground, [reference], trials)
    killing = None
    if not any("BROKEN" in trial.verdicts.values() for trial in trials[0]):
        _teach(ground)
        tried, ended = _run(ground, others, seeds, tell)
        problems += [*ended, *_problems(ground, others, tried)]
        trials += tried
        killing = kill_mutants(ground, tell) if mutants else None
    else:
        others = []  # first the checks themselves have to be mended
    if killing is not None:
        problems += killing.problems(course.mutants_killed, MAX_EQUIVALENT)
    return _found(ground, [reference, *others], trials, seeds, killing, tuple(problems))


def _found(
    ground: Ground,
    several: list[Entrant],
    trials: list[list[Fare]],
    seeds: int,
    killing: Killing | None,
    problems: tuple[str, ...],
) -> Proof:
    """What the trials gave, put together."""
    mistakes = {each.name: _mistake(ground, each, trials[index]) for index, each in _of(several, "mistakes")}
    return Proof(
        unit=ground.unit.name,
        seeds=seeds,
        **_scores(ground, several, trials),
        mistakes=mistakes,
        cheats={each.name: _cheat(ground, each, trials[index]) for index, each in _of(several, "cheats")},
        mutants=killing,
        problems=problems,
        costs={name: ground.catalogue.mistakes[name].costs for name in mistakes},
    )


def _run(
    ground: Ground, several: list[Entrant], seeds: int, tell: Tell
) -> tuple[list[list[Fare]], list[str]]:
    """The trials of each subject, paper by paper, and a problem for each that did not end."""
    every = [partial(attempt, ground, each, number) for each in several for number in range(seeds)]
    results = run_forked(
        every, cpu_seconds=TRIAL_SECONDS, on_done=lambda done: tell("subjects", done, len(every))
    )
    problems = []
    trials: list[list[Fare]] = [[] for _ in several]
    for number, result in enumerate(results):
        each = several[number // seeds]
        if isinstance(result, Ended):
            problems.append(f"{_title(each)}: paper {number % seeds}: {result.why}")
        else:
            trials[number // seeds].append(Fare(**result))
    return trials, problems


def _teach(ground: Ground) -> None:
    """Try each mistake once in a child, so that no other child has to in order to name one."""
    mistakes = ground.namer.mistakes
    results = run_forked([partial(ground.namer.verdicts, m) for m in mistakes], cpu_seconds=TRIAL_SECONDS)
    for mistake, verdicts in zip(mistakes, results, strict=True):
        if not isinstance(verdicts, Ended):
            ground.namer.learn(mistake, {check: Verdict(value) for check, value in verdicts.items()})


def _of(several: list[Entrant], kind: str) -> Iterator[tuple[int, Entrant]]:
    return ((index, each) for index, each in enumerate(several) if each.kind == kind)


def _scores(ground: Ground, several: list[Entrant], trials: list[list[Fare]]) -> dict[str, Any]:
    total = sum(mark.points for mark in ground.suite.checks) or 1.0
    best: dict[tuple[str, str], list[float]] = {}
    for each, mine in zip(several, trials, strict=True):
        worst_case = min if each.kind in ("reference", "variants") else max
        sums = [sum(trial.earned.values()) for trial in mine] or [0.0]
        best.setdefault((each.kind, each.name), []).append(worst_case(sums) / total)
    share = {key: round(sum(values), 6) for key, values in best.items()}
    return {
        "reference": share["reference", "reference"],
        "stub": share.get(("stub", "stub"), 0.0),
        "trivial": {name: value for (kind, name), value in share.items() if kind == "trivial"},
        "variants": {name: value for (kind, name), value in share.items() if kind == "variants"},
    }


def prove_again(ground: Ground, names: Collection[str], paper: int) -> dict[str, dict[str, Any]]:
    """Some mistakes and cheats again, on one paper: as in ``Proof.mistakes`` and ``Proof.cheats``."""
    found = {"mistakes": _mistake, "cheats": _cheat}
    several = [each for each in subjects(ground) if each.kind in found and each.name in names]
    results = run_forked(
        [partial(attempt, ground, each, paper) for each in several], cpu_seconds=TRIAL_SECONDS
    )
    trials = [[] if isinstance(result, Ended) else [Fare(**result)] for result in results]
    return {
        each.name: found[each.kind](ground, each, mine) for each, mine in zip(several, trials, strict=True)
    }


# --- what is wrong ---


def _problems(ground: Ground, several: list[Entrant], trials: list[list[Fare]]) -> Iterator[str]:
    for each, mine in zip(several, trials, strict=True):
        found = dict.fromkeys(_FAULTS.get(each.kind, _earning)(ground, each, mine))
        yield from (f"{_title(each)}: {problem}" for problem in found)
        if each.kind != "cheats":  # a guess is right on some papers
            yield from (f"{_title(each)}: {problem}" for problem in _unsteady(mine))


def _not_full(ground: Ground, each: Entrant, mine: list[Fare]) -> Iterator[str]:
    papers: dict[tuple[str, str, str], list[str]] = {}
    for number, trial in enumerate(mine):
        for check, verdict in trial.verdicts.items():
            if verdict != "PASSED":
                papers.setdefault((check, verdict, trial.reasons.get(check, "")), []).append(str(number))
    for (check, verdict, reason), numbers in papers.items():
        where = "" if len(numbers) == len(mine) else f" (paper {', '.join(numbers)})"
        yield f"{check} is {verdict}{where}: {reason}"


def _earning(ground: Ground, each: Entrant, mine: list[Fare]) -> Iterator[str]:
    for trial in mine:
        for check, points in trial.earned.items():
            if points > 0:
                yield f"earns {points:g} points in {check}; the check pays for nothing, or should be a law"


def _mispriced(ground: Ground, each: Entrant, mine: list[Fare]) -> Iterator[str]:
    assert each.mistake is not None
    low, high = each.mistake.costs or (0.0, 1.0)
    task = each.mistake.task
    for trial in mine:
        cost, told = _cost(ground, task, trial), trial.named.get(task)
        if cost == 0:
            yield f"is not caught by any check of {task}"
        elif not low - 1e-9 <= cost <= high + 1e-9:
            yield f"costs {cost:.3g} of {task}, its price is {low:g} to {high:g}; by {_failed(trial)}"
        elif told != each.name:
            yield f"diagnosis names {told}" if told else "diagnosis cannot tell it from another mistake"
        yield from _collateral(ground, each.mistake, trial)


def _overpaid(ground: Ground, each: Entrant, mine: list[Fare]) -> Iterator[str]:
    assert each.cheat is not None
    for number, trial in enumerate(mine):
        earned = 1.0 - _cost(ground, each.task, trial)
        if earned > each.cheat.most + 1e-9:
            by = ", ".join(check for check, points in trial.earned.items() if points)
            yield f"earns {earned:.3g} on paper {number}, at most {each.cheat.most:g} was allowed; by {by}"


def _collateral(ground: Ground, mistake: Mistake, trial: Fare) -> Iterator[str]:
    """Checks that fail and should not: one mistake, one price."""
    for check in _failed(trial):
        task, verdict, reason = ground.suite.marks[check].task, trial.verdicts[check], trial.reasons[check]
        if verdict == "BROKEN":
            yield f"{check} is BROKEN: {reason}"
        elif task not in (mistake.task, *mistake.also):
            yield f"{check} of {task} is {verdict}, but only {mistake.task} may pay: {reason}"


_FAULTS = {"reference": _not_full, "variants": _not_full, "mistakes": _mispriced, "cheats": _overpaid}


def _unsteady(mine: list[Fare]) -> Iterator[str]:
    """The same code must get the same marks whatever the inputs."""
    for check in mine[0].earned if mine else ():
        verdicts = [trial.verdicts[check] for trial in mine]
        if len({verdict == "PASSED" for verdict in verdicts}) > 1:
            yield f"{check} depends on the paper: {', '.join(verdicts)}"


def _mistake(ground: Ground, each: Entrant, mine: list[Fare]) -> dict[str, Any]:
    assert each.mistake is not None
    task = each.mistake.task
    costs = [_cost(ground, task, trial) for trial in mine]
    return {
        "caught": bool(mine) and all(cost > 0 for cost in costs),
        "named": bool(mine) and all(trial.named.get(task) == each.name for trial in mine),
        "cost": round(max(costs, default=0.0), 6),
        "by": _failed(mine[0]) if mine else [],
    }


def _cheat(ground: Ground, each: Entrant, mine: list[Fare]) -> dict[str, float]:
    assert each.cheat is not None
    earned = [1.0 - _cost(ground, each.task, trial) for trial in mine]
    return {"earned": round(max(earned, default=0.0), 6), "most": each.cheat.most}


def _cost(ground: Ground, task: str, trial: Fare) -> float:
    """The share of a task's points that is lost."""
    points = {mark.id: mark.points for mark in ground.suite.checks if mark.task == task}
    return 1.0 - sum(trial.earned[check] for check in points) / sum(points.values())


def _failed(trial: Fare) -> list[str]:
    return [check for check, verdict in trial.verdicts.items() if verdict != "PASSED"]


def _title(each: Entrant) -> str:
    if each.kind in ("reference", "stub"):
        return each.name
    task = f" in {each.task}" if each.task else ""
    return f"{each.kind.removesuffix('s')} {each.name}{task}"
