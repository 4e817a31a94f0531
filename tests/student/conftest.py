"""Subjects of every kind: in this process, and in the sandbox."""

import linecache
import textwrap

import pytest

from autograder.course import Limits
from autograder.student import Student, Terms
from autograder.student.subjects import LocalSubject, RoomSubject

LIMITS = Limits(call_seconds=2, test_seconds=6, load_seconds=6, whole_seconds=6, memory_mib=512)


def program_of(source: str, names: list[str], runtime: str) -> dict:
    cells = [{"id": "cell", "task": "task", "source": textwrap.dedent(source), "index": 0}]
    return {"cells": cells, "tasks": {"task": names}, "names": names, "libraries": ["numpy", runtime]}


@pytest.fixture(scope="session")
def zygotes():
    """Zygotes by (tier, runtime), started when first asked for."""
    from autograder.sandbox import Zygote

    warm: dict = {}

    def start(tier: str, runtime: str = "numpy"):
        if (tier, runtime) not in warm:
            warm[tier, runtime] = Zygote.start(tier, runtime, (), LIMITS)
        return warm[tier, runtime]

    yield start
    for zygote in warm.values():
        zygote.close()


@pytest.fixture(params=["here", "walled", "fenced", "none"])
def make(request, zygotes):
    """Make a student of a source text: ``make(source, names, reference=..., runtime=...)``."""
    rooms = []

    def student(source: str, names: list[str], reference: str | None = None, runtime: str = "numpy", **terms):
        terms = {"task": names[0], "task_of": {name: name for name in names}, "limits": LIMITS, **terms}
        right = namespace_of(source if reference is None else reference)
        return Student(Terms(**terms), right, subject_of(source, names, runtime))

    def subject_of(source: str, names: list[str], runtime: str):
        if request.param == "here":
            return LocalSubject(namespace_of(source))
        room = zygotes(request.param, runtime).open(program_of(source, names, runtime), {})
        subject = RoomSubject(room, LIMITS)
        rooms.extend([subject, room])
        return subject

    yield student
    for room in rooms:
        room.close()


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
