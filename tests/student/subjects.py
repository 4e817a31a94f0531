"""Code on trial, in this process or in a sandbox."""

import linecache
import textwrap

from autograder.course import Limits
from autograder.student import Student, Terms
from autograder.student.subjects import LocalSubject

LIMITS = Limits(call_seconds=2, test_seconds=6, load_seconds=6, whole_seconds=6, memory_mib=512)


def program_of(source: str, names: list[str], runtime: str) -> dict:
    cells = [{"id": "cell", "task": "task", "source": textwrap.dedent(source), "index": 0}]
    return {"cells": cells, "tasks": {"task": names}, "names": names, "libraries": ["numpy", runtime]}


def namespace_of(source: str) -> dict:
    namespace: dict = {"__name__": "trusted"}
    text = textwrap.dedent(source)
    linecache.cache["cell 1"] = (len(text), None, text.splitlines(keepends=True), "cell 1")
    exec(compile(text, "cell 1", "exec"), namespace)
    return namespace


def here(source: str, reference: str | None = None, subject: bool = True, **terms) -> Student:
    """A student in this process; without a subject its notes are a plan."""
    right = namespace_of(source if reference is None else reference)
    names = [name for name in right if not name.startswith("_")]
    terms = {"task": names[0], "task_of": {name: name for name in names}, "limits": LIMITS, **terms}
    return Student(Terms(**terms), right, LocalSubject(namespace_of(source)) if subject else None)
