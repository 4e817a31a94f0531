"""Which papers are proven: a student is judged by no number that was not.

A proof with the course's own secret, on all papers, leaves a line in ``data/proven/<unit>.json``. For the
published secret the stored proof in ``proofs/`` says as much.
"""

from __future__ import annotations

import json
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ..base.digest import digest_of
from ..base.files import replace_file
from ..course import Course, Unit
from ..judge.papers import PUBLISHED_SECRET
from ..judge.secret import secret_id
from .proof import Proof
from .store import proof_digest, proven_papers


def remember(course: Course, unit: Unit, proof: Proof, secret: bytes) -> Path | None:
    """Note that a unit's papers are proven; None where the proof fails, or leaves papers out."""
    if not proof.ok or proof.seeds <= course.papers_of(unit):  # one more is sealed
        return None
    path = _path(course, unit)
    found = {
        "digest": papers_digest(course, unit, secret),
        "papers": proof.seeds,
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    replace_file(path, json.dumps(found, indent=1) + "\n")
    return path


def why_unproven(course: Course, unit: Unit, secret: bytes) -> str:
    """Why the papers that follow from a secret are not proven, and what to run; empty where they are."""
    if secret == PUBLISHED_SECRET and proven_papers(unit) > course.papers_of(unit):
        return ""
    stored = _read(_path(course, unit))  # first: the digest takes half a second
    if not stored:
        why = "are not proven"
    elif stored.get("digest") != papers_digest(course, unit, secret):
        why = "have changed since they were proven"
    else:
        return ""
    return f"the papers of {unit.name} {why}; run 'course prove {unit.name}'"


def papers_digest(course: Course, unit: Unit, secret: bytes) -> str:
    """What a proof of the papers depends on: unit, engine, secret, number, and the libraries' versions."""
    libraries = ("numpy", "torch") if unit.runtime == "torch" else ("numpy",)
    return digest_of(
        proof_digest(unit),
        secret_id(secret),
        str(course.papers_of(unit)),
        platform.python_version(),
        *map(version, libraries),
    )


def _path(course: Course, unit: Unit) -> Path:
    return course.data_folder / "proven" / f"{unit.name}.json"


def _read(path: Path) -> dict[str, Any]:
    """What is stored; nothing where the file is missing or damaged: then the unit is proven again."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
