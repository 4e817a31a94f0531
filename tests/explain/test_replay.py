"""``course explain``: the story of a check for staff."""

import numpy as np

from autograder.explain.replay import describe, replay
from autograder.judge.grader import judge
from autograder.judge.suite import Suite
from autograder.student.subjects import LocalSubject
from autograder.unit.mistakes.catalogue import load_catalogue, tasks_of_names
from autograder.unit.mistakes.edits import module_namespace


class Trialled:
    def __init__(self, suite, subject, paper):
        self.suite, self.subject, self.paper = suite, subject, paper
        self.checks, self.outcomes = judge(suite, subject, paper)


def test_replay_shows_calls_and_both_answers(tiny):
    """Inputs by name, paper, the student's answer and the reference's where they differ."""
    course = tiny()
    suite = Suite(course, course.units[0], tasks_of_names(course.units[0]))
    mistake = load_catalogue(course, "numbers").mistakes["stays"]
    subject = LocalSubject(module_namespace(mistake.source, "stays"))
    trialled = Trialled(suite, subject, 3)
    told = replay(trialled, "test_steps")
    assert told.startswith("test_steps (counter, 25 points): FAILED")
    assert "\n  paper 3\n" in told
    assert "lr=0.37" in told
    assert told.count("Counter.step(grads=[float64[3]") == 3
    first, *later = (
        part.split("Counter.step")[0] for part in told.split("what became of what call 1 gave[0]")[1:]
    )
    assert "the same" in first
    assert len(later) == 2
    for part in later:
        assert "the same" not in part
        assert part.count("float64[3] [") == 2


def test_small_arrays_in_full_large_ones_in_short():
    """Staff see all of a small array, and shape, range and first numbers of a large one."""
    assert describe(np.array([1.5, 2.0])) == "float64[2] [1.5, 2. ]"
    text = describe(np.arange(100.0).reshape(10, 10))
    assert text.startswith("float64[10, 10] from 0 to 99: 0., 1., 2.")
    assert len(text) < 80
