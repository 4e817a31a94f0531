"""The proof of the trials that CI cannot run is of what is there now."""

import ast
import copy
import subprocess
import sys

import pytest

from tests.infra import proof
from tests.infra.__main__ import HERE, name_of


@pytest.fixture(scope="module")
def trials():
    """The names of all trials, collected as ``make test-infra`` does."""
    words = ["-m", "pytest", "-q", "-m", "infra", "--collect-only", "-p", "no:cacheprovider", str(HERE)]
    listed = subprocess.run([sys.executable, *words], capture_output=True, text=True, cwd=HERE.parents[1])
    found = {name_of(line) for line in listed.stdout.splitlines() if "::" in line}
    assert len(found) > 10, listed.stdout + listed.stderr
    return found


def test_the_proof_is_of_what_is_there_now(trials):
    """Each trial passed, with these files, with these commands of the manual."""
    assert "\n".join(proof.faults(proof.read(), trials)) == ""


def test_a_stale_proof_is_told(trials):
    """With the file that changed, the trial that is missing or failed, and what to do."""
    good = {"digests": proof.digests(), "trials": [{"name": name, "outcome": "passed"} for name in trials]}
    assert proof.faults(good, trials) == []
    bad = copy.deepcopy(good)
    bad["digests"]["infra/kubernetes/hub.yaml"] = "other"
    bad["trials"][0]["outcome"] = "failed"
    lost = bad["trials"].pop()["name"]
    said = "\n".join(proof.faults(bad, trials))
    assert "infra/kubernetes/hub.yaml changed since. Run 'make test-infra'" in said
    assert "is failed, expected passed" in said and f"{lost} is not run" in said


def test_all_that_the_trials_depend_on_is_there():
    """Every named file exists, and the spawners' own modules are named."""
    named = set(proof.digests())
    for name in proof.FILES:
        assert any(each == name or each.startswith(f"{name}/") for each in named), name
    assert {"infra/README.md, Docker", "infra/README.md, Kubernetes"} <= named
    pod = ast.parse((HERE.parents[1] / "autograder/hub/servers/kube_pod.py").read_text())
    for node in ast.walk(pod):
        if isinstance(node, ast.ImportFrom) and node.level == 1 and node.module:
            assert f"autograder/hub/servers/{node.module}.py" in named
    assert name_of("tests/infra/test_docker.py::test_a") == "test_docker.py::test_a"
