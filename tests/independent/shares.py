"""The shares of all entries of a unit: how many wrong ones are caught, named, shown in a smallest case."""

from __future__ import annotations

import json
import random
from functools import partial
from pathlib import Path
from typing import Any

from autograder.base.digest import digest_of
from autograder.base.files import replace_file
from autograder.course import Course, Unit
from autograder.explain.explain import explanation_digest
from autograder.prove.forks import Ended, run_forked
from autograder.prove.store import proof_digest
from autograder.prove.trials import Ground, prepare

from .solutions import Entry, entries, read_solutions
from .trial import Found, attempt

SECONDS = 60.0  # of CPU for one entry; they take well under one
ROOT = Path(__file__).parents[2]
STORE = ROOT / "proofs" / "independent.json"


def digest(course: Course, unit: Unit) -> str:
    """What the findings of a unit depend on."""
    texts = (f"{each.text}{each.slips}" for each in read_solutions(unit.name))
    return digest_of(proof_digest(unit), explanation_digest(course, unit), *texts)


def all_entries(ground: Ground) -> list[Entry]:
    """All entries of a unit."""
    task_of = {name: mistake.task for name, mistake in ground.catalogue.mistakes.items()}
    return [entry for each in read_solutions(ground.unit.name) for entry in entries(each, task_of)]


def try_all(ground: Ground, several: list[Entry]) -> dict[str, Found]:
    """What each entry comes to.

    Raises:
        RuntimeError: one did not end.
    """
    for paper in range(len(ground.suite.papers.all)):
        ground.suite.make_plans(paper)
    for mistake in ground.namer.mistakes:
        ground.namer.verdicts(mistake)
    results = run_forked([partial(attempt, ground, entry) for entry in several], cpu_seconds=SECONDS)
    for entry, result in zip(several, results, strict=True):
        if isinstance(result, Ended):
            raise RuntimeError(f"{ground.unit.name}, {entry.key}: {result.why}")
    return {entry.key: result for entry, result in zip(several, results, strict=True)}


def sums(several: list[Entry], found: dict[str, Found]) -> dict[str, Any]:
    """The figures of a unit."""
    right = [found[entry.key] for entry in several if not entry.mistakes]
    told: dict[str, Any] = {"solutions": len(right), "right": sum(not each["lost"] for each in right)}
    for word, count in (("single", 1), ("pairs", 2)):
        chosen = [(entry, found[entry.key]) for entry in several if len(entry.mistakes) == count]
        caught = [(entry, each) for entry, each in chosen if each["lost"]]
        told[word] = {
            "wrong": len(chosen),
            "caught": len(caught),
            "named": sum(_named(entry, each) for entry, each in caught),
            "falsely": sum(not entry.holds.issuperset(each["names"]) for entry, each in caught),
            "case": sum(each["case"] for _, each in caught),
            "differs": sum(each["differs"] for _, each in caught),
        }
    return told


def _named(entry: Entry, found: Found) -> bool:
    """A single one by its name and in each failed check; of two at least one."""
    if not entry.holds.issuperset(found["names"]):
        return False
    if len(entry.mistakes) == 1:
        return found["whole"] and entry.mistakes[0] in found["names"]
    return bool(found["names"])


def examine(course: Course, unit: Unit) -> dict[str, Any]:
    """All that is stored of a unit."""
    ground = prepare(course, unit)
    several = all_entries(ground)
    found = try_all(ground, several)
    return {"digest": digest(course, unit), **sums(several, found), "entries": found}


def again(course: Course, unit: Unit, stored: dict[str, Any], share: float) -> dict[str, tuple[Found, Found]]:
    """A random share of the entries once more: those that came out otherwise, as (stored, now)."""
    ground = prepare(course, unit)
    several = all_entries(ground)
    sample = random.sample(several, max(3, round(share * len(several))))
    now = try_all(ground, sample)
    return {
        key: (stored["entries"].get(key), each)
        for key, each in now.items()
        if stored["entries"].get(key) != each
    }


def read() -> dict[str, Any]:
    """What is stored, by unit."""
    return json.loads(STORE.read_text(encoding="utf-8")) if STORE.is_file() else {}


def write(found: dict[str, Any]) -> None:
    """Store it."""
    replace_file(STORE, json.dumps(found, indent=1, sort_keys=True) + "\n")
