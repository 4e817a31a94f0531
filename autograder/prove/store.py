"""Stored proofs: ``proofs/<unit>.json``, valid while nothing that they speak of has changed."""

from __future__ import annotations

import ast
import io
import json
import math
import random
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ..base.digest import digest_of, engine_files
from ..base.files import replace_file
from ..course import Course, Unit
from ..judge.digest import JUDGING, imported_files
from ..unit.source import parse_file
from .killing import differing
from .proof import Proof, prove_again
from .trials import Ground, prepare

SAMPLE = 0.05  # the share of a stored proof that a check of it repeats
# What decides in a proof: what decides a mark, and how the mistakes are made, tried and named.
DECIDING = (
    *JUDGING,
    "unit/mistakes",
    "unit/stubs.py",
    "explain/naming.py",
    "explain/alike.py",
    "explain/drawn.py",
    "explain/same.py",
    "prove",
)
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")  # of statements, where they hold others


def proof_digest(unit: Unit) -> str:
    """What a proof depends on: the code of the unit and of the engine, without comments and docstrings."""
    files = [unit.reference, unit.grader, unit.mistakes, unit.master, *imported_files(unit)]
    files += engine_files(*DECIDING)
    return digest_of(*(_meaning(path, path.stat().st_mtime_ns) for path in files if path.is_file()))


@cache
def _meaning(path: Path, changed: int) -> str:
    """The lines of a file without comments, docstrings and blank lines; the same under every Python.

    The units of a course share the engine's files, which are read once for all of them.
    """
    tree = parse_file(path)  # first: a file that is no Python is said to be none
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for first, last in _docstrings(tree):
        lines[first - 1 : last] = [""] * (last - first + 1)
    return "\n".join(line.rstrip() for line in lines if line.strip())


def _docstrings(tree: ast.Module) -> Iterator[tuple[int, int]]:
    waiting: list[ast.AST] = [tree]
    while waiting:  # through statements only: most nodes are expressions, and hold none
        node = waiting.pop()
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            yield node.body[0].lineno, node.body[0].end_lineno or node.body[0].lineno
        waiting += [inner for part in _BLOCKS for inner in getattr(node, part, ())]


def write_proof(unit: Unit, proof: Proof) -> Path:
    """Store a full proof, atomically and byte by byte the same for the same findings."""
    assert proof.mutants is not None
    stored = {
        "digest": proof_digest(unit),
        **proof.to_dict(),
        "killed_by": dict(sorted(proof.mutants.killed.items())),
    }
    replace_file(unit.proof, json.dumps(stored, indent=1, ensure_ascii=False) + "\n")
    return unit.proof


@dataclass(frozen=True)
class StoredProof:
    """How a stored proof stands."""

    unit: str
    fresh: bool  # it is there, and nothing that it speaks of has changed since
    problems: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """True where it is fresh, says that all is well, and its sample came out the same."""
        return not self.problems

    def to_dict(self) -> dict[str, Any]:
        """The object that ``course prove --check --json`` prints."""
        return {"unit": self.unit, "ok": self.ok, "fresh": self.fresh, "reason": "; ".join(self.problems)}


def check_stored(course: Course, unit: Unit) -> list[str]:
    """What is wrong with a stored proof: missing, stale, failing, or otherwise in a random 5 %."""
    return [f"{unit.name}: {problem}" for problem in examine_stored(course, unit).problems]


def examine_stored(course: Course, unit: Unit) -> StoredProof:
    """Is a stored proof there, fresh and good, and does a random 5 % come out the same?"""
    why, stored = _fresh(unit)
    if why:
        renew = f"run 'course prove {unit.name} --mutants --write'"
        return StoredProof(unit.name, False, (f"{why}; {renew}",))
    if not stored["ok"]:
        return StoredProof(unit.name, True, tuple(stored["problems"]))
    ground = prepare(course, unit)
    fates = dict.fromkeys(stored["killed_by"], True) | {
        survivor["id"]: False for survivor in stored["mutants"]["survivors"]
    }
    found = differing(ground, fates, SAMPLE)
    again = prove_again(ground, _sample(ground, stored), paper=random.randrange(stored["seeds"]))
    for name, now in again.items():
        found += _compare(name, stored, now)
    return StoredProof(unit.name, True, tuple(found))


def proven_papers(unit: Unit) -> int:
    """On how many papers of the published secret a fresh stored proof found all well; else 0."""
    why, stored = _fresh(unit)
    return 0 if why or not stored["ok"] else int(stored["seeds"])


def _sample(ground: Ground, stored: dict[str, Any]) -> list[str]:
    """Mistakes and cheats to be tried again: some, and all whose price the stored proof alone says."""
    names = sorted([*stored["mistakes"], *stored.get("cheats", ())])
    unpriced = [name for name, mistake in ground.catalogue.mistakes.items() if not mistake.costs]
    return sorted({*unpriced, *random.sample(names, math.ceil(SAMPLE * len(names)))})


def repriced(unit: Unit, proof: Proof) -> tuple[str, ...]:
    """What mistakes without ``costs`` cost now and did not before, a sentence each.

    Their price is what the stored proof says, so that a check which doubles it cannot pass unseen.
    """
    try:
        before = json.loads(unit.proof.read_text(encoding="utf-8"))["mistakes"]
        old = {
            name: before[name]["cost"] for name, costs in proof.costs.items() if not costs and name in before
        }
    except (OSError, ValueError, LookupError, TypeError):
        return ()  # nothing is stored yet, or nothing that could be read: --check says so
    return tuple(
        f"mistake {name}: costs {now:.3g} of its task, {cost:.3g} in the stored proof"
        for name, cost in old.items()
        if (now := proof.mistakes[name]["cost"]) != cost
    )


def _fresh(unit: Unit) -> tuple[str, dict[str, Any]]:
    """Why the stored proof says nothing (empty: it does), and what it holds."""
    if not unit.proof.is_file():
        return f"{unit.proof.name} is missing", {}
    try:
        stored = json.loads(unit.proof.read_text(encoding="utf-8"))
        same = stored["digest"] == proof_digest(unit)
    except (ValueError, LookupError, TypeError) as error:
        return f"{unit.proof.name} is damaged ({error})", {}
    return ("" if same else "the stored proof is stale"), stored


def _compare(name: str, stored: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Mistakes fare alike on every paper; what a cheat earned is the most of all papers."""
    kind = "mistake" if name in stored["mistakes"] else "cheat"
    before = stored.get(f"{kind}s", {}).get(name, {})
    same = before == now if kind == "mistake" else now["earned"] <= before.get("earned", 0.0)
    return [] if same else [f"{kind} {name}: stored {before}, now {now}"]
