"""What of the environment the sandbox gets to see."""

from __future__ import annotations

import pytest

from autograder.base.errors import SandboxFault
from autograder.sandbox.libraries import entries, python_paths


def names(runtime: str, *libraries: str) -> set[str]:
    return {path.name for path in entries(runtime, libraries)}


def test_numpy_brings_numpy_only() -> None:
    """The runtime "numpy" shows NumPy and nothing else of the environment."""
    found = names("numpy")
    assert "numpy" in found
    assert {name for name in found if not name.startswith("numpy")} == set()


def test_torch_brings_what_it_requires() -> None:
    """The runtime "torch" shows torch with its requirements, but no engine and no pytest."""
    found = names("torch")
    assert {"torch", "sympy", "typing_extensions.py", "numpy"} <= found
    assert not {"pytest", "nbgrader", "autograder", "pip"} & found


def test_a_library_by_the_name_of_its_module() -> None:
    """A unit names modules, even where the distribution is called otherwise."""
    assert "dateutil" in names("numpy", "dateutil")
    assert "sklearn" in names("numpy", "sklearn")


def test_a_library_that_is_not_installed() -> None:
    """A missing library is named, with what to do."""
    with pytest.raises(SandboxFault, match=r"'no_such_library'.*not installed"):
        entries("numpy", ("no_such_library",))


def test_python_is_found() -> None:
    """The standard library is among the interpreter's own paths."""
    assert any((path / "json").is_dir() for path in python_paths())
