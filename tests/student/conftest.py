"""Subjects of every kind: in this process, and in the sandbox."""

import pytest

from autograder.student import Student, Terms
from autograder.student.subjects import LocalSubject, RoomSubject
from tests.student.subjects import LIMITS, namespace_of, program_of


@pytest.fixture(scope="session")
def zygotes():
    """Zygotes by (tier, runtime), started when first asked for."""
    from autograder.sandbox import Sandbox

    warm: dict = {}

    def start(tier: str, runtime: str = "numpy"):
        if (tier, runtime) not in warm:
            warm[tier, runtime] = Sandbox.start(tier, runtime, (), LIMITS)
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
