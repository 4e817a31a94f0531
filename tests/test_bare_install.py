"""The engine without its extras: NumPy units work, and what is missing is told in a sentence."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.batch.small import environment, right, submit
from tests.installed import closure, project
from tests.support import ROOT

pytestmark = pytest.mark.sandbox
EXTRAS = {
    "torch": ["torch"],
    "cluster": ["dask", "distributed", "dask_jobqueue"],
    "plots": ["matplotlib"],
}


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that has the engine with its plain dependencies, and nothing else."""
    folder = tmp_path_factory.mktemp("bare")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    (site,) = folder.glob("lib/python3*/site-packages")
    (engine,) = metadata.distributions(name=project()["name"], path=[sysconfig.get_path("purelib")])
    for found in [engine, *closure(project()["dependencies"])]:
        for name in {file.parts[0] for file in found.files or ()} - {"..", "__pycache__"}:
            if not (site / name).exists():
                (site / name).symlink_to(found.locate_file(name))
        for script in found.entry_points.select(group="console_scripts"):
            write_script(folder / "bin" / script.name, script)
    return folder / "bin" / "python"


def write_script(path: Path, script: metadata.EntryPoint) -> None:
    """A program of a distribution, as pip writes it."""
    path.write_text(
        f"#!{path.parent}/python\nimport sys\nfrom {script.module} import {script.attr}\n"
        f"sys.exit({script.attr}())\n"
    )
    path.chmod(0o755)


def course(python: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A command of the engine there."""
    return subprocess.run(
        [str(python), "-P", "-c", "from autograder.cli import main; main()", *words],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


@pytest.fixture(scope="module")
def made(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new course that was made and built there."""
    root = tmp_path_factory.mktemp("small") / "course"
    for folder, words in ((root.parent, ["init", str(root)]), (root, ["build"])):
        done = course(python, folder, *words)
        assert done.returncode == 0, done.stderr
    return root


@pytest.mark.parametrize("module", [module for modules in EXTRAS.values() for module in modules])
def test_the_extras_are_not_there(python: Path, module: str) -> None:
    """Else the other tests of this file would show nothing."""
    done = subprocess.run(
        [str(python), "-c", f"import {module}"], capture_output=True, text=True, check=False
    )
    assert f"No module named '{module}'" in done.stderr


def test_all_is_every_extra_of_the_engine() -> None:
    """Whoever wants everything says so in a word."""
    (everything,) = project()["optional-dependencies"]["all"]
    assert Requirement(everything).extras == set(EXTRAS)


def test_units_are_listed(python: Path) -> None:
    """Those with torch as well: nothing of them is run."""
    done = course(python, ROOT, "units", "--json")
    assert done.returncode == 0, done.stderr
    assert {unit["unit"] for unit in json.loads(done.stdout)} >= {"optimizers", "autoencoder"}


def test_a_numpy_unit_is_built(made: Path) -> None:
    """Students get requirements; of what is not installed here, and only drawn with, any version will do."""
    lines = (made / "release" / "softmax" / "requirements.txt").read_text().splitlines()[1:]
    assert lines[0] == "matplotlib"
    assert [line.partition("==")[0] for line in lines[1:]] == ["numpy", "otter-grader"]
    assert all("==" in line for line in lines[1:])


def test_a_numpy_unit_is_graded(python: Path, made: Path) -> None:
    """A right submission gets everything, in the walled tier, and its row in the gradebook."""
    submit(made / "submitted", "student-001", right(made))
    done = course(python, made, "grade", "softmax", "submitted", "--json")
    assert done.returncode == 0, done.stderr
    (result,) = json.loads(done.stdout)
    assert (result["score"], result["isolation"]) == (100.0, "walled")
    assert (made / "data" / "gradebook.db").is_file()


def test_a_numpy_unit_is_proven(python: Path, made: Path) -> None:
    """Reference, stub, trivial code, variants and mistakes."""
    done = course(python, made, "prove", "softmax", "--json")
    assert done.returncode == 0, done.stderr
    (proof,) = json.loads(done.stdout)
    assert proof["ok"]
    assert (proof["reference"], proof["stub"]) == (1.0, 0.0)


@pytest.mark.parametrize("command", ["build --check", "prove", "grade"])
def test_a_unit_with_torch_asks_for_it(python: Path, command: str) -> None:
    """By the command that installs it, and with exit code 2."""
    word, *options = command.split()
    notebook = ["release/autoencoder/autoencoder.ipynb"] if word == "grade" else []
    done = course(python, ROOT, word, "autoencoder", *notebook, *options)
    assert done.returncode == 2
    assert "torch is not installed. Run: pip install 'course-autograder[torch]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_sandbox_with_torch_asks_for_it(python: Path) -> None:
    """As a notebook on a user's server starts one, where no reference is."""
    code = "from autograder.sandbox.libraries import entries; entries('torch', ())"
    done = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=False)
    assert "NotInstalled: torch is not installed. Run: pip install" in done.stderr


def test_a_cluster_asks_for_its_packages(python: Path, made: Path) -> None:
    """Before anything is graded."""
    submit(made / "others", "student-001", right(made))
    done = course(python, made, "grade", "softmax", "others", "--cluster", "tcp://127.0.0.1:9")
    assert done.returncode == 2
    assert "distributed is not installed. Run: pip install 'course-autograder[cluster]'" in done.stderr


def test_a_report_asks_for_plots(python: Path, made: Path) -> None:
    """Its figures are drawn with matplotlib."""
    submit(made / "shown", "student-002", right(made))
    assert course(python, made, "grade", "softmax", "shown", "--no-gradebook").returncode == 0
    done = course(python, made, "report", "softmax")
    assert done.returncode == 2
    assert "matplotlib is not installed. Run: pip install 'course-autograder[plots]'" in done.stderr
