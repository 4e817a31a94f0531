"""Zygotes that all attacks of one tier share: a later attack also shows that an earlier one did no harm."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from autograder.base.errors import SandboxFault
from autograder.course import Limits
from autograder.sandbox import Sandbox
from tests.needs import missing

LIMITS = Limits(memory_mib=256, cpu_seconds=3, scratch_mib=4, output_mib=1, reply_mib=8, load_seconds=5)


@pytest.fixture(scope="session", params=["walled", "fenced"])
def tier(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    try:
        zygote = Sandbox.start(request.param, limits=LIMITS)
    except SandboxFault as fault:
        missing(str(fault))
    with zygote:
        yield zygote


@pytest.fixture(scope="session")
def free() -> Iterator[Sandbox]:
    with Sandbox.start("none", limits=LIMITS) as zygote:
        yield zygote
