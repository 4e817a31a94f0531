"""What a test needs of the machine: skipped on a laptop that lacks it, a failure on CI."""

import os
import shutil
from typing import NoReturn

import pytest

BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
# What is right is not told element by element, which takes longer than to find it.
WCAG = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]},
    "resultTypes": ["violations"],
}


def missing(what: str) -> NoReturn:
    """End the test; what is only skipped on CI would never be seen to be untested."""
    if os.environ.get("CI"):
        pytest.fail(f"CI must have it: {what}")
    pytest.skip(what)


def chromium() -> str:
    """The path of the system's browser."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    return found or missing("a browser: apt-get install chromium")
