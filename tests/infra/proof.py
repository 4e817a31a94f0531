"""``infra/proof.json``: what came of the trials that CI cannot run, and of which files it is a proof."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from tests.hub.support import ROOT
from tests.infra.manual import section

PROOF = ROOT / "infra" / "proof.json"
AGAIN = "Run 'make test-infra' (as root; five minutes, ten more the first time) and commit infra/proof.json."
SECTIONS = ("Docker", "Kubernetes")  # of the manual, whose commands are run
FILES = (  # all that the trials depend on; of a folder, the files directly in it
    "infra/Dockerfile",
    "infra/docker",
    "infra/kubernetes",
    "tests/infra",
    "autograder/hub/doctor/cluster.py",
    "autograder/hub/gpus/containers.py",
    "autograder/hub/gpus/page.py",
    "autograder/hub/gpus/pod_times.py",
    "autograder/hub/gpus/taking_turns.py",
    "autograder/hub/gpus/watch.py",
    "autograder/hub/process/app.py",
    "autograder/hub/process/left_pods.py",
    "autograder/hub/process/options.py",
    "autograder/hub/process/settings.py",
    "autograder/hub/process/taken_up.py",
    "autograder/hub/servers/choice.py",
    "autograder/hub/servers/in_pod.py",
    "autograder/hub/servers/kube_nodes.py",
    "autograder/hub/servers/kube_places.py",
    "autograder/hub/servers/kube_pod.py",
    "autograder/hub/servers/kube_words.py",
    "autograder/hub/servers/node_kind.py",
    "autograder/hub/servers/places.py",
    "autograder/hub/servers/profiles.py",
    "autograder/hub/servers/spawners.py",
    "autograder/hub/servers/waited_for.py",
)


def digests() -> dict[str, str]:
    """Of each file, and of each section of the manual, that the trials depend on."""
    found = {f"infra/README.md, {title}": _digest(section(title).encode()) for title in SECTIONS}
    for name in FILES:
        path = ROOT / name
        for file in sorted(path.iterdir()) if path.is_dir() else [path]:
            if file.is_file():
                found[file.relative_to(ROOT).as_posix()] = _digest(file.read_bytes())
    return found


def faults(proof: dict[str, Any], trials: set[str]) -> list[str]:
    """Why a proof is none of what is there now; each a sentence.

    Args:
        proof: the content of the file.
        trials: the names of all trials.
    """
    now, then = digests(), proof["digests"]
    changed = sorted(name for name in now.keys() | then.keys() if now.get(name) != then.get(name))
    found = [f"infra/proof.json is stale: {', '.join(changed)} changed since. {AGAIN}"] if changed else []
    outcomes = {each["name"]: each["outcome"] for each in proof["trials"]}
    for name in sorted(trials | outcomes.keys()):
        outcome = outcomes.get(name, "not run") if name in trials else "no longer there"
        if outcome != "passed":
            found.append(f"infra/proof.json: the trial {name} is {outcome}, expected passed. {AGAIN}")
    return found


def read() -> dict[str, Any]:
    """The proof."""
    found: dict[str, Any] = json.loads(PROOF.read_text())
    return found


def write(proof: dict[str, Any], path: Path = PROOF) -> None:
    """Store a proof."""
    path.write_text(json.dumps(proof, indent=1, ensure_ascii=False) + "\n")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
