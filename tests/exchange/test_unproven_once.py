"""Why papers are not proven is found once, and anew when a file changes that a proof speaks of."""

import os
from dataclasses import replace

import pytest

from autograder.exchange.store.releasing import unproven
from autograder.pages.report import why_unproven


@pytest.fixture
def asked(monkeypatch):
    """How often the proof was read."""
    found = []

    def read(course, unit, secret):
        found.append(unit.name)
        return f"reading {len(found)}"

    monkeypatch.setattr("autograder.prove.why_unproven", read)
    return found


def _written(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _touched(path):
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))


CHANGES = {
    "the grader": lambda course, unit: _touched(unit.grader),
    "the reference": lambda course, unit: _touched(unit.reference),
    "the mistakes": lambda course, unit: _touched(unit.mistakes),
    "the stored proof": lambda course, unit: _written(unit.proof, "{}"),
    "a proof with the course's secret": lambda course, unit: _written(
        course.data_folder / "proven" / f"{unit.name}.json", "{}"
    ),
    "the secret": lambda course, unit: _touched(course.data_folder / "secret"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_it_is_found_anew_after_a_change(course, asked, change):
    """And only then; report and release ask for the same."""
    unit = course.units[0]
    why_unproven(course, unit)  # which makes the secret
    first = why_unproven(course, unit)
    assert unproven(course, unit) == why_unproven(course, unit) == first
    CHANGES[change](course, unit)
    assert why_unproven(course, unit) != first


def test_it_is_found_anew_for_another_course(course, asked):
    """Its number of papers, for one."""
    unit = course.units[0]
    why_unproven(course, unit)
    first = why_unproven(course, unit)
    assert why_unproven(replace(course, papers=3), unit) != first
