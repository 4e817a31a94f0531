"""Checks as pytest collects and runs them: collected once, run again for every submission.

Theory of operation
    A unit's ``grader.py`` is collected with a pytest of its own: no conftest, no third-party
    plugins, none of the plugins that report. The fixtures ``student``, ``rng`` and ``draw`` read
    the current trial, and set-up, call and teardown happen as in any pytest run, without its
    reports. A check that asks for nothing but these three and its parameters is called with
    them at once: pytest's set-up would cost as much as the check. Assertions are plain, since a
    rewritten one would show hidden values in its message.
"""

from __future__ import annotations

import ast
import inspect
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _pytest.config import _prepareconfig
from _pytest.main import Session
from _pytest.python import get_direct_param_fixture_func

from ..base.errors import ConfigError
from ..checks.draws import Draw
from ..course import Unit
from ..student import Student, source_of
from ..unit.source import imports, parse_file

# Nothing that a check needs; several of them wrap every set-up, call and teardown.
QUIET = (
    "terminal logging warnings faulthandler junitxml doctest cacheprovider pastebin stepwise unittest "
    "capture skipping unraisableexception threadexception debugging setuponly setupplan"
).split()


@dataclass
class Now:
    """The trial that the fixtures read."""

    student: Student
    rng: np.random.Generator
    raised: BaseException | None = None


OURS: dict[str, Callable[[Now], Any]] = {
    "student": lambda now: now.student,
    "rng": lambda now: now.rng,
    "draw": lambda now: Draw(now.rng),
}


class _Fixtures:
    """The pytest plugin: fixtures and the mark."""

    def __init__(self) -> None:
        self.now: Now | None = None
        self.problems: list[str] = []

    def pytest_configure(self, config: pytest.Config) -> None:
        """Make the mark known."""
        config.addinivalue_line("markers", "task(name, points, ...): the task that a check belongs to")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep what went wrong while collecting."""
        if report.failed:
            self.problems.append(str(report.longrepr))

    @pytest.fixture
    def student(self) -> Student:
        """The subject on trial."""
        assert self.now is not None
        return self.now.student

    @pytest.fixture
    def rng(self) -> np.random.Generator:
        """The trial's generator."""
        assert self.now is not None
        return self.now.rng

    @pytest.fixture
    def draw(self, rng: np.random.Generator) -> Draw:
        """Named inputs from the trial's generator."""
        return Draw(rng)


class Collected:
    """The checks of one ``grader.py``.

    Attributes:
        items: each check's cases, in pytest's order; one where it has no parameters.
    """

    def __init__(self, unit: Unit, names: Iterable[str]) -> None:
        self._fixtures = _Fixtures()
        self.items = self._collect(unit, names)
        every = [item for items in self.items.values() for item in items]
        self._neighbours = _neighbours(every)
        self._plain = {item: plain for item in every if (plain := _plain(item)) is not None}

    def is_plain(self, item: pytest.Item) -> bool:
        """Whether it asks for nothing but our fixtures and its parameters."""
        return item in self._plain

    def perform(self, item: pytest.Item, now: Now) -> None:
        """Run one on the trial that its fixtures are to read; what it raises is noted there."""
        self._fixtures.now = now
        try:
            plain = self._plain.get(item)
            now.raised = _run(item, self._neighbours.get(item)) if plain is None else _call(plain, now)
            if now.raised is None:
                now.raised = _ended(now.student)
        finally:
            self._fixtures.now = None

    def _collect(self, unit: Unit, names: Iterable[str]) -> dict[str, list[pytest.Item]]:
        # pytest would take the grader of another course under the same module name.
        for name in [name for name in sys.modules if name.split(".")[0] == "assignments"]:
            del sys.modules[name]
        with _sealed():
            return self._sealed_off(unit, names)

    def _sealed_off(self, unit: Unit, names: Iterable[str]) -> dict[str, list[pytest.Item]]:
        config = _prepareconfig(
            [
                str(unit.grader),
                *(part for name in QUIET for part in ("-p", f"no:{name}")),
                *("-c", "/dev/null", "--rootdir", str(unit.root), "--noconftest"),
                *("--assert=plain", "--import-mode=importlib", "-o", "python_files=*.py"),
            ],
            [self._fixtures],
        )
        session = Session.from_config(config)
        config._do_configure()
        config.hook.pytest_sessionstart(session=session)
        try:
            session.perform_collect()
        except pytest.UsageError as error:
            self._fixtures.problems.append(str(error))
        except SystemExit as error:  # a file that ends Python would end the command without a word
            self._fixtures.problems.append(f"SystemExit: {error}")
        if self._fixtures.problems:
            raise ConfigError(f"{unit.grader} cannot be collected: {self._fixtures.problems[0]}")
        items: dict[str, list[pytest.Item]] = {name: [] for name in names}
        for item in session.items:
            _read_sources(item)
            items.setdefault(getattr(item, "originalname", item.name), []).append(item)
        return items


def _neighbours(items: list[pytest.Item]) -> dict[pytest.Item, pytest.Item]:
    """Another item for each: torn down towards it, an item goes and its module stays."""
    return {
        item: other for item, other in zip(items, [*items[1:], *items[:1]], strict=True) if item is not other
    }


@dataclass(frozen=True)
class _Plain:
    """A check without fixtures but ours, as it is called."""

    function: Callable[..., Any]
    names: tuple[str, ...]  # of our fixtures
    parameters: dict[str, Any]


def _plain(item: pytest.Item) -> _Plain | None:
    """How a check can be called without pytest's set-up; None where it asks for more."""
    if not isinstance(item, pytest.Function) or item.cls is not None:
        return None
    call = getattr(item, "callspec", None)
    parameters = {} if call is None else dict(call.params)
    if not {*OURS, *parameters}.issuperset(item.fixturenames):
        return None
    for definitions in item._fixtureinfo.name2fixturedefs.values():
        if definitions[-1].baseid and definitions[-1].func is not get_direct_param_fixture_func:
            return None  # the grader has a fixture of its own under that name
    names = tuple(name for name in item._fixtureinfo.argnames if name not in parameters)
    return _Plain(item.obj, names, parameters)


def _call(plain: _Plain, now: Now) -> BaseException | None:
    """Call a check with our fixtures; what was raised."""
    try:
        plain.function(**{name: OURS[name](now) for name in plain.names}, **plain.parameters)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return error
    return None


def _ended(student: Student) -> BaseException | None:
    """What comes of judging what a check noted last."""
    try:
        student.end()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return error
    return None


def _run(item: pytest.Item, neighbour: pytest.Item | None) -> BaseException | None:
    """Set-up, call and teardown in pytest's order, without reports; what was raised first."""
    state = item.session._setupstate
    item._initrequest()  # type: ignore[attr-defined]
    raised: BaseException | None = None
    for step in (lambda: state.setup(item), item.runtest, lambda: state.teardown_exact(neighbour)):
        if raised is not None and step == item.runtest:
            continue
        try:
            step()
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raised = raised or error
    return raised


def _read_sources(item: pytest.Item) -> None:
    """Read the functions that ``student.beside`` may ship, while the file is what was collected."""
    module = getattr(item, "module", None)
    for function in vars(module).values() if module is not None else ():
        if inspect.isfunction(function) and function.__module__ == getattr(module, "__name__", ""):
            with suppress(TypeError, OSError):  # a lambda, say, which is told where a check ships it
                source_of(function)


def is_eager(grader: Path) -> bool:
    """Whether a grader catches exceptions: then each of its calls crosses at once.

    Raises:
        ConfigError: it asks for the time, which a plan has not; or it is no Python.
    """
    tree = parse_file(grader)
    for line, module in imports(tree):
        if module.split(".")[0] in ("time", "timeit"):
            raise ConfigError(
                f"{grader}:{line}: a check has no clock of its own, since its calls "
                "cross later; write within(reply, seconds) from autograder.checks"
            )
    return any(
        isinstance(node, ast.ExceptHandler)
        or (isinstance(node, ast.Attribute) and ast.unparse(node) == "pytest.raises")
        or (isinstance(node, ast.Name) and node.id == "suppress")
        for node in ast.walk(tree)
    )


@contextmanager
def _sealed() -> Iterator[None]:
    """Collect without third-party plugins, options from the environment, or bytecode beside the grader."""
    bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    before = {name: os.environ.pop(name, None) for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")}
    autoload = os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        yield
    finally:
        sys.dont_write_bytecode = bytecode
        before["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = autoload
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
