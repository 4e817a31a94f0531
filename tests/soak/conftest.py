"""The course of the scenarios, made once."""

import pytest

from .notebooks import Notebooks


@pytest.fixture(scope="package")
def notebooks(tmp_path_factory):
    """The course, and what an undisturbed run gives for each kind of notebook."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("COURSE_DATA", "COURSE_DATABASE", "COURSE_EXCHANGE_DB"):
            patch.delenv(name, raising=False)
        return Notebooks(tmp_path_factory.mktemp("soak"))
