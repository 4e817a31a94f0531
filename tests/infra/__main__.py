"""``python -m tests.infra``: run all trials, and write what came of them to ``infra/proof.json``.

A trial that was not run, be it because its programs could not be had, is in the proof as not run.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from tests.infra import proof
from tests.infra.course import BUILT

HERE = Path(__file__).parent
PROGRAMS = BUILT / "kubernetes"
PACKAGES = ("jupyterhub", "jupyterhub-kubespawner", "kubernetes_asyncio", "dockerspawner", "docker")
VERSIONS = {  # of what is no package of Python's
    "Kubernetes": (str(PROGRAMS / "kube-apiserver"), "--version"),
    "etcd": ("etcd", "--version"),
    "kubectl": ("kubectl", "version", "--client"),
    "Docker's engine": ("dockerd", "--version"),
    "nginx": ("nginx", "-v"),
    "Linux": ("uname", "-r"),
}

NOT_TRIED = (
    "the images are not built from infra/Dockerfile; the node is one in miniature, so that what it says of a "
    "container that fails is made up; network policies are not enforced; no GPU is there"
)


class Recorder:
    """Keeps the outcome of each trial, and what it measured."""

    def __init__(self) -> None:
        self.trials: dict[str, dict[str, Any]] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note all trials before any is run."""
        for item in session.items:
            what = (item.function.__doc__ or "").strip()  # type: ignore[attr-defined]
            self.trials[name_of(item.nodeid)] = {"outcome": "not run", "what": what}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """The worst of preparation, trial and tidying up."""
        trial = self.trials[name_of(report.nodeid)]
        if report.when == "call" or report.failed:
            trial["outcome"] = "passed" if report.passed and trial["outcome"] != "failed" else "failed"
            trial["seconds"] = round(report.duration, 1)
            trial["figures"] = dict(report.user_properties)
        elif report.skipped:
            trial["why"] = str(report.longrepr)[-300:]


def name_of(nodeid: str) -> str:
    """A trial's name: its file and its function."""
    return nodeid.rpartition("/")[2]


def main() -> int:
    """Run, and write the proof."""
    assert os.geteuid() == 0, (
        "the trials start a container engine and take other users' rights: run them as root"
    )
    begin = time.monotonic()
    subprocess.run([str(HERE / "install"), str(PROGRAMS)], check=True)
    if subprocess.run([str(HERE / "build-kubernetes"), str(PROGRAMS)]).returncode:
        print(
            f"Kubernetes was not built, so its trials are not run: see {PROGRAMS}/build.log", file=sys.stderr
        )
    recorder, before = Recorder(), proof.digests()
    built = time.monotonic()
    words = ["-q", "-m", "infra", "-p", "no:cacheprovider", str(HERE)]
    code = int(pytest.main(words, plugins=[recorder]))
    if proof.digests() != before:
        print("Files changed while the trials ran: nothing is proven. Run them again.", file=sys.stderr)
        return 1
    trials = [{"name": name, **each} for name, each in sorted(recorder.trials.items())]
    proof.write(
        {
            "made": datetime.now(UTC).isoformat(timespec="seconds"),
            "seconds": {"programs": round(built - begin), "trials": round(time.monotonic() - built)},
            "cores": os.cpu_count(),
            "versions": versions(),
            "not tried": NOT_TRIED,
            "trials": trials,
            "digests": before,
        }
    )
    print(
        f"{proof.PROOF}: {sum(each['outcome'] == 'passed' for each in trials)} of {len(trials)} trials passed"
    )
    return code


def versions() -> dict[str, str]:
    """Of everything that the trials ran."""
    found = {name: metadata.version(name) for name in PACKAGES}
    found["Python"] = platform.python_version()
    for name, command in VERSIONS.items():
        if shutil.which(command[0]):
            done = subprocess.run(command, capture_output=True, text=True)
            found[name] = (done.stdout + done.stderr).strip().splitlines()[0]
    return found


if __name__ == "__main__":
    sys.exit(main())
