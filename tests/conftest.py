"""What every test starts from: this repository's course, and nothing of the test before."""

import os
import sys

import pytest


def _solutions() -> dict:
    return {name: module for name, module in sys.modules.items() if name.split(".")[0] == "solutions"}


@pytest.fixture(autouse=True)
def _leave_no_course_behind():
    """Loading another course changes what ``solutions`` means; put it back."""
    before, path, folder = _solutions(), list(sys.path), os.environ.get("COURSE_DATA")
    yield
    for name in _solutions():
        del sys.modules[name]
    sys.modules.update(before)
    sys.path[:] = path
    os.environ.pop("COURSE_DATA", None)
    if folder is not None:
        os.environ["COURSE_DATA"] = folder
