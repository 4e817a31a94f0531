"""What must not be reached from a submission, each tried without isolation first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from autograder.sandbox import Sandbox
from autograder.sandbox.doctor import trials
from autograder.sandbox.doctor.escapes import ESCAPES, Escape

pytestmark = pytest.mark.sandbox

# These need root or a kernel option already without isolation, so their control may fail.
MAY_PROVE_NOTHING = {
    "user_namespace",
    "mount_namespace",
    "mount",
    "join_namespace",
    "change_root",
    "bpf",
    "io_uring",
    "keyring",
    "message_queue",
    "netlink",
    "perf",
    "shared_memory",
    "userfaultfd",
    "write_shared_memory",
    "write_library",
    "chmod_library",
    "ptrace",
    "copy_memory",
    "parent_memory",
}


@pytest.fixture(scope="module")
def target() -> Iterator[dict[str, Any]]:
    with trials.targets() as found:
        yield found


@pytest.mark.parametrize("escape", ESCAPES, ids=lambda escape: escape.name)
def test_escape(escape: Escape, tier: Sandbox, free: Sandbox, target: dict[str, Any]) -> None:
    """An attempt that succeeds without isolation fails in the tier."""
    control = trials.attempt(free, escape, target)
    if not control.value and escape.name in MAY_PROVE_NOTHING:
        pytest.skip(f"proves nothing here: {control}")
    assert control.value, f"the control must succeed: {control}"
    held = trials.attempt(tier, escape, target)
    assert not held.value, f"{escape.says}: {held}"
    assert not held.ended, f"a refused call is an exception, not an end: {held}"
