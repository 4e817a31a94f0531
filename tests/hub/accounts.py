"""Accounts of the system for tests, which remove them again."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0 and not os.environ.get("CI"), reason="makes system users")


@contextmanager
def accounts(names: Sequence[str]) -> Iterator[None]:
    """Make them, with closed homes."""
    for name in names:
        subprocess.run(["useradd", "-m", "-K", "HOME_MODE=0700", name], check=True)
    try:
        yield
    finally:
        for name in names:
            _remove(name)


def _remove(name: str) -> None:
    # A server outlives its hub, which may be started again; an account with processes cannot be removed.
    end = time.monotonic() + 20
    while not subprocess.run(["pkill", "-KILL", "-u", name]).returncode and time.monotonic() < end:
        time.sleep(0.1)
    subprocess.run(["userdel", "-r", name], check=True, capture_output=True)
