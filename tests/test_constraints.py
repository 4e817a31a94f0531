"""The pinned set is whole, and can be installed on every Python that the README promises."""

from importlib import metadata

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from autograder.unit.requirements import read_pins
from tests.installed import closure, project
from tests.support import ROOT

OLDEST = "3.11.2"  # Debian 12's
PINS = read_pins(ROOT / "constraints.txt")


def test_everything_that_is_asked_for_is_pinned() -> None:
    """By the extras as well, and by what these ask for in turn; at the version that is installed here."""
    lines = [*project()["dependencies"]]
    for extra in project()["optional-dependencies"].values():
        lines += [line for line in extra if not line.startswith(project()["name"])]
    asked = {canonicalize_name(found.name): found.version.split("+")[0] for found in closure(lines)}
    assert len(asked) > 100
    assert {name: version for name, version in asked.items() if PINS.get(name) != version} == {}


def test_pinned_versions_run_on_the_oldest_python() -> None:
    """Else `make demo` ends on a fresh Debian 12 before it has begun."""
    found = {name: metadata.distribution(name) for name in PINS}
    assert {name: each.version.split("+")[0] for name, each in found.items()} == PINS
    needs = {name: SpecifierSet(each.metadata.get("Requires-Python") or "") for name, each in found.items()}
    assert [f"{name}: {need}" for name, need in needs.items() if OLDEST not in need] == []
    assert OLDEST in SpecifierSet(project()["requires-python"])
