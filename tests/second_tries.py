"""A pytest plugin that tells which tests needed a second try, and refuses those that need it again and again.

    pytest -p tests.second_tries --try=first || pytest -p tests.second_tries --try=second --last-failed

Such a pair is one run. What failed beside other tests and then passed alone is told at the end and
remembered in pytest's cache. A test that needs it twice in ten runs fails the run: it passes by luck.
"""

from __future__ import annotations

import re
from collections import Counter

import pytest

RUNS = 10  # that are remembered
ENOUGH = 2  # second tries of one test in these
KEY = "second_tries/runs"
FAILED = "cache/lastfailed"  # pytest's own: what --last-failed chooses
GROUP = re.compile(r"@[\w-]+$")  # xdist writes it behind the name of a test


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that says which try this is."""
    parser.addoption("--try", dest="which_try", choices=("first", "second"), help="tell second tries")


def pytest_configure(config: pytest.Config) -> None:
    """Watch the tests, in the process that all of them report to."""
    watchers = {"first": FirstTry, "second": SecondTry}
    chosen = config.getoption("which_try")
    if chosen and not hasattr(config, "workerinput"):
        config.pluginmanager.register(watchers[chosen](config.cache))


def remembered(cache: pytest.Cache, needed: list[str]) -> Counter[str]:
    """Add a run; gives in how many of the last runs each test needed a second try."""
    runs = [*cache.get(KEY, []), needed][-RUNS:]
    cache.set(KEY, runs)
    return Counter(test for run in runs for test in run)


class FirstTry:
    """All tests, beside one another."""

    def __init__(self, cache: pytest.Cache) -> None:
        self.cache = cache
        self.failed: dict[str, bool] = {}

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that cannot be read has failed."""
        self._note(report)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test that did not pass, or whose fixtures did not."""
        self._note(report)

    def _note(self, report: pytest.CollectReport | pytest.TestReport) -> None:
        if report.failed:
            self.failed[GROUP.sub("", report.nodeid)] = True

    @pytest.hookimpl(trylast=True)  # pytest's own notes lack what belongs to a group, and are written before
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Hand on what failed; where nothing did, this was the whole run."""
        self.cache.set(FAILED, self.failed)
        if exitstatus == pytest.ExitCode.OK:
            remembered(self.cache, [])


class SecondTry:
    """What failed, alone."""

    def __init__(self, cache: pytest.Cache) -> None:
        self.cache = cache
        self.passed = dict.fromkeys(cache.get(FAILED, {}), False)
        self.times: Counter[str] = Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test has passed when it, its fixtures and their end have."""
        if report.nodeid in self.passed:
            begun = report.when == "setup" or self.passed[report.nodeid]
            self.passed[report.nodeid] = begun and report.passed

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Remember who passed, and fail the run where one of them has needed it too often."""
        needed = [test for test, passed in self.passed.items() if passed]
        times = remembered(self.cache, needed)
        self.times = Counter({test: times[test] for test in needed})
        if self._lucky() and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """One line for each second try, and what to do."""
        if self.times:
            terminalreporter.section("second tries")
        for test, times in self.times.items():
            terminalreporter.line(f"{test}: passed alone only, in {times} of the last {RUNS} runs")
        if self._lucky():
            terminalreporter.line(f"{ENOUGH} are too many: find out why it fails, and mend that.", red=True)

    def _lucky(self) -> bool:
        return any(times >= ENOUGH for times in self.times.values())
