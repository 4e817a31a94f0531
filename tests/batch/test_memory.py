"""A long batch does not grow: each submission leaves nothing behind in the worker."""

from __future__ import annotations

import gc
import os
import time

import psutil
import pytest

from autograder.batch.run import grade_one, job_for
from autograder.demo import simulate_class, write_class
from autograder.notebook.finding import find_submissions

from .small import loaded

pytestmark = [pytest.mark.sandbox, pytest.mark.slow, pytest.mark.filterwarnings("ignore::RuntimeWarning")]
GROWTH_MIB = 6.0
SOON = 5.0  # seconds


def test_memory_and_descriptors_stay_where_they_are(root):
    """From the 20th submission to the 60th the worker grows by a few MiB at most, and opens no file more."""
    course, unit = loaded(root)
    people = [person for person in simulate_class(course, unit, 90) if person.kind != "hostile"][:60]
    found = find_submissions([write_class(root / "submitted", unit, people)], unit)
    job, worker = job_for(course, unit, "walled"), psutil.Process(os.getpid())
    for item in found[:20]:
        grade_one(job, item)
    gc.collect()
    memory, files, children = worker.memory_info().rss, worker.num_fds(), len(worker.children(recursive=True))
    for item in found[20:]:
        grade_one(job, item)
    gc.collect()
    assert (worker.memory_info().rss - memory) / 2**20 < GROWTH_MIB
    assert worker.num_fds() <= files
    deadline = time.monotonic() + SOON
    while len(worker.children(recursive=True)) > children and time.monotonic() < deadline:
        time.sleep(0.05)  # the last room has been told to end, and its zygote collects it
    assert len(worker.children(recursive=True)) <= children
