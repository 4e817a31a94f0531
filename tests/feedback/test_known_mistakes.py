"""Every known mistake of every unit is told by its name, with a case that can be copied and shows it.

Three kinds have none: bug hunts, which have many right answers; filters, of which nothing is asked but a
name, so that what is expected is the whole answer; and what shows in chance, in work or in the last digits
only.
"""

from __future__ import annotations

import ast
import os
import random
import re
import warnings
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest

from autograder.course import Course, load_course
from autograder.explain import Diagnosis, diagnosis
from autograder.explain.case.cells import show
from autograder.judge.grader import judge
from autograder.judge.suite import Suite
from autograder.results.result import Verdict
from autograder.unit.mistakes.catalogue import tasks_of_names
from tests.support import ROOT

UNITS = [path.name for path in sorted((ROOT / "assignments").iterdir()) if (path / "mistakes.py").is_file()]
WITHOUT_CASE = ("bug_hunt", "make_filter")
UNSEEN = {  # in one call with plain numbers
    "reseeds": "chance",
    "draws_in_eval": "chance",
    "layer_begins_in_eval": "chance",
    "layer_repeats_itself": "chance",
    "layer_accepts_any_p": "an exception that does not come, and chance where it should",
    "layer_with_weight": "an attribute that should not be there",
    "root_of_squares": "the last digits of large numbers",
    "mean_of_squares": "the last digits of large numbers",
    "walks_every_path": "work",
    "params_are_copies": "what becomes of another object",
    "returns_tensors": "a type that prints like the right one",
    "coverage_in_tensors": "a type that prints like the right one",
    "one_sample_makes_a_mode": "a share of a thousand samples",
    "percent_of_hits": "a share of a thousand samples",
    "references_kept": "a memory that is filled in a loop",
    "overwrites_newest": "a memory that is filled in a loop",
    "refuses_when_full": "a memory that is filled in a loop",
    "five_draws": "a memory that is filled in a loop",
    "latest_only": "a memory that is filled in a loop",
    "learns_too_late": "an agent with a memory of its own",
    "two_hundred_sweeps": "the last digits",
    "next_of_same_action": "a case that depends on which state comes next",
    "next_state_of_next_row": "chance",
    "buffer_of_global_chance": "chance",
    "nan_times_zero": "NaN among the inputs",
    "not_halved": "an error below one, of given numbers",
}
DRAWS_ANEW = (
    "global_noise",
    "global_generator",
    "fresh_mask_backward",
    "global_chance",
)  # mistakes that give other numbers each time
PAPER = 3
TRIED = {"numpy": 10, "torch": 4}  # mistakes of a unit, others each time; in torch each trains


@cache
def explained(unit: str) -> Diagnosis:
    """The unit's judge and its known mistakes."""
    course: Course = load_course(ROOT)
    return diagnosis(Suite(course, course.unit(unit), tasks_of_names(course.unit(unit))))


def tried(teller: Diagnosis) -> list[Any]:
    """The mistakes that are tried; ``EVERY_MISTAKE=1``: all of them."""
    mistakes = list(teller.namer.mistakes)
    few = min(len(mistakes), TRIED[teller.suite.unit.runtime])
    return mistakes if os.environ.get("EVERY_MISTAKE") else random.sample(mistakes, few)


def told(teller: Diagnosis) -> Iterator[tuple[Any, dict[str, Any], list[Any]]]:
    """Each mistake, its namespace, and the failed checks of its task as the student reads them."""
    for mistake in tried(teller):
        subject = teller.namer.subject(mistake)
        with np.errstate(all="ignore"):
            checks, outcomes = judge(teller.suite, subject, PAPER)
            mine = [
                check
                for check in teller.explain(checks, outcomes, PAPER, subject)
                if check.task == mistake.task
            ]
        failed = [check for check in mine if check.verdict in (Verdict.FAILED, Verdict.ERROR)]
        if failed or not mistake.copied:  # of a copy of a task, something may not be asked
            yield mistake, subject._namespace, failed


def shown(calls: str, namespace: dict[str, Any]) -> str:
    """What comes of a cell: what its last line shows, nothing where that shows nothing, or what it raised."""
    tree = ast.parse(calls)
    names = dict(namespace)
    last = tree.body[-1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # in a notebook they stand above the answer
        try:
            if not isinstance(last, ast.Expr):
                exec(calls, names)
                return ""
            exec(compile(ast.Module(tree.body[:-1], []), "cell", "exec"), names)
            return show(eval(compile(ast.Expression(last.value), "cell", "eval"), names))
        except Exception as error:
            return f"raised {type(error).__name__}"


@pytest.mark.parametrize("unit", UNITS)
def test_known_mistakes_are_named_with_a_case_to_copy(unit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cell shows what the mistake gives and, with the reference, what is expected."""
    monkeypatch.chdir(ROOT)
    teller = explained(unit)
    for mistake, namespace, failed in told(teller):
        assert {check.mistake for check in failed} == {mistake.name}, mistake.key
        cases = [check.case for check in failed if check.case is not None]
        if mistake.task in WITHOUT_CASE or mistake.name in UNSEEN:
            assert not cases, mistake.name
            continue
        (case,) = cases
        assert case["got"] != case["expected"]
        both = (namespace, case["got"]), (teller.suite.reference, case["expected"])
        for which, text in both[mistake.name in DRAWS_ANEW :]:
            with np.errstate(all="ignore"):
                came = shown(case["calls"], which)
            plain = " ".join(text.split())
            assert came in text or " ".join(came.split()) == plain or close(came, text), (
                f"{mistake.key}:\n{case['calls']}\n{came}\n{text}"
            )


def close(came: str, text: str) -> bool:
    """Whether two texts are the same but for the last digits of numbers."""
    numbers = [re.findall(r"-?[0-9]+[.]?[0-9]*(?:e-?[0-9]+)?", each) for each in (came, text)]
    words = [re.sub(r"-?[0-9]+[.]?[0-9]*(?:e-?[0-9]+)?|\s", "", each) for each in (came, text)]
    return words[0] == words[1] and np.allclose(*(np.array(each, float) for each in numbers), rtol=1e-4)
