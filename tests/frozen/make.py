"""How the sample was made: ``python -m tests.frozen.make``.

Its verdicts are those of the engine that makes it, so making it anew forgets what the
engine before gave: do it only to add submissions, with an engine that passes the old sample.
"""

from __future__ import annotations

import copy
import json
import os
import re
import tempfile
from pathlib import Path

from autograder.course import Course, load_course
from autograder.demo.solving import solved, task_cells
from autograder.explain.explain import Explainer
from autograder.judge.grader import Grader
from autograder.unit.mistakes.catalogue import load_catalogue
from tests.frozen.sample import UNITS, Frozen, Notebook, frozen, furnish, write_sample
from tests.honest.cases import CASES, put
from tests.support import ROOT, solved_notebook, write

NOT_WRITTEN = re.compile(r"raise NotImplementedError\(.*\)")

SPOILING = '''
import functools

def own(value):
    """The same numbers in other arrays."""
    if isinstance(value, (list, tuple)):
        return type(value)(own(item) for item in value)
    return value.clone() if hasattr(value, "zero_") else value.copy() if hasattr(value, "fill") else value

def wipe(value):
    """Fill all arrays with zeros."""
    if isinstance(value, (list, tuple)):
        for item in value:
            wipe(item)
    elif hasattr(value, "zero_"):
        value.detach().zero_()
    elif hasattr(value, "fill"):
        value.fill(0)

def spoiling(thing):
    """A function, or a class with methods, that is right and then writes into what it was given."""
    if isinstance(thing, type):
        for name, method in list(vars(thing).items()):
            if callable(method) and not name.startswith("_"):
                setattr(thing, name, spoiling(method))
        return thing

    @functools.wraps(thing)
    def spoils(*args, **kwargs):
        out = thing(*own(args), **kwargs)
        wipe(args)
        return out

    return spoils
'''


def main() -> None:
    """Write the samples of all units."""
    for unit in UNITS:
        release = released(unit)
        with tempfile.TemporaryDirectory() as folder:
            os.environ["COURSE_DATA"] = folder
            furnish(Path(folder), unit, release)
            course = load_course(ROOT)
            notebooks = submissions(course, unit, release)
            path = write_sample(unit, graded(course, unit, notebooks, Path(folder)))
        print(f"{path}: {len(notebooks)} submissions, {path.stat().st_size / 2**20:.2f} MiB")


def released(unit: str) -> Notebook:
    """The committed release of a unit."""
    notebook: Notebook = json.loads((ROOT / "release" / unit / f"{unit}.ipynb").read_text(encoding="utf-8"))
    return notebook


def submissions(course: Course, unit: str, release: Notebook) -> dict[str, Notebook]:
    """What is frozen of a unit, by name."""
    catalogue = load_catalogue(course, unit)
    reference = course.unit(unit).reference.read_text(encoding="utf-8")
    return {
        "reference": solved(release, reference),
        "stub": release,
        "raises": written(release, 'raise RuntimeError("not today")'),
        "returns_none": written(release, "return None"),
        "writes_into_inputs": spoiled(solved(release, reference)),
        **{f"variant:{name}": solved(release, each.source) for name, each in catalogue.variants.items()},
        **{f"mistake:{name}": solved(release, each.source) for name, each in catalogue.mistakes.items()},
        **(honest(release) if unit == "conv_layer" else {}),
    }


def written(release: Notebook, statement: str) -> Notebook:
    """The release with one statement as the body of everything that is asked for."""
    notebook = copy.deepcopy(release)
    for cell in task_cells(notebook):
        cell["source"] = NOT_WRITTEN.sub(statement, "".join(cell["source"]))
    return notebook


def spoiled(notebook: Notebook) -> Notebook:
    """A right notebook whose functions overwrite the arrays that they are given."""
    tasks = notebook["metadata"]["course"]["tasks"]
    for cell in task_cells(notebook):
        names = tasks[cell["metadata"]["nbgrader"]["grade_id"]]
        cell["source"] += "".join(f"\n\n\n{name} = spoiling({name})" for name in names)
    put(notebook, SPOILING, before=next(iter(task_cells(notebook)))["metadata"]["nbgrader"]["grade_id"])
    return notebook


def honest(release: Notebook) -> dict[str, Notebook]:
    """The messy but honest notebooks of ``tests/honest``, but for the one without a list of cells."""
    stubs = {cell["id"]: "".join(cell["source"]) for cell in task_cells(release)}
    found = {}
    for case in (case for case in CASES if case.name != "the_old_format"):
        content = {**solved_notebook("conv_layer"), "stubs": stubs}
        case.edit(content)
        del content["stubs"]
        found[f"honest:{case.name}"] = content
    return found


def graded(course: Course, unit: str, notebooks: dict[str, Notebook], folder: Path) -> dict[str, Frozen]:
    """Each notebook with its verdicts, explained."""
    sample = {}
    with Grader(course, course.unit(unit), "walled", explain=Explainer()) as grader:
        for number, (name, notebook) in enumerate(notebooks.items(), 1):
            result = grader.grade(write(folder, notebook), f"student-{number:03}")
            sample[name] = frozen(notebook, result)
    return sample


if __name__ == "__main__":
    main()
