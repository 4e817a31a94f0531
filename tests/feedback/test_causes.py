"""What kept a name from being there stands in front of everything that follows from it."""

from __future__ import annotations

import pytest

from autograder.pages.feedback import feedback_page
from autograder.preflight import of_unit, preflight
from autograder.results.disclosure import Shown
from autograder.results.result import HOLDS, Verdict
from tests.support import write

pytestmark = pytest.mark.sandbox

HELPER = "def product(x, w):\n    return x @ w\n"


def uses_helper(notebook):
    """The forward pass calls a function of an own cell."""
    return notebook.change("dense_forward", "out = x @ w", "out = product(x, w)")


def of_task(result, task):
    """Its checks that did not pass, without laws that only wait for them."""
    mine = [check for check in result.checks if check.task == task and check.verdict is not Verdict.PASSED]
    return [check for check in mine if not check.reason.startswith(HOLDS)]


BROKEN = {
    "a syntax error": (
        f'{HELPER}\nprint "it works"',
        "product is not defined: cell {}, where it stands, has a syntax error in line 4: ",
    ),
    "an error in the definition": (
        "def product(x, w)\n    return x @ w",
        "product is not defined: cell {}, where it stands, has a syntax error in line 1: ",
    ),
    "a name of a newer Python": (
        f"from typing import nothing_yet\n\n\n@nothing_yet\n{HELPER}",
        "product is not defined: cell {}, line 1 raised ImportError: `from typing import nothing_yet`. "
        "typing has no nothing_yet in the version that grades.",
    ),
    "a file that is not there": (
        "table = open('weights.txt').read()\nproduct = {1: lambda x, w: x @ w}[len(table)]",
        "product is not defined: cell {}, line 1 raised FileNotFoundError: "
        "`table = open('weights.txt').read()`. A file is not there while grading: only what was released is.",
    ),
    "an endless loop": (
        "while True:\n    product = 1",
        "product is not defined: cell {}, line 1: `while True:` did not end within",
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_the_cause_stands_in_front(kind, solved, grade):
    """In the reason of the task itself, of those that wait for it, and in the flags."""
    source, words = BROKEN[kind]
    cell = uses_helper(solved).above("dense_forward", source)
    result = grade(solved)
    number = solved.number("dense_forward")
    mine, waiting = of_task(result, "dense_forward"), of_task(result, "dense_backward")
    assert mine and waiting
    words = words.format(cell)
    for check in mine:
        assert words in check.reason.partition("dense_forward needs it")[0], check.reason
        assert f"dense_forward needs it in cell {number}, line " in check.reason
        assert "NameError" not in check.reason
        assert check.case is None and check.mistake is None
    for check in waiting:
        assert check.verdict is Verdict.BLOCKED
        assert words in check.reason.partition("This cannot be judged before dense_forward works.")[0]
    (flag,) = [flag for flag in result.flags if words in flag]
    assert flag.endswith("Tasks: dense_forward, dense_backward.")


def test_the_first_of_several_causes(solved, grade):
    """A statement that fails since another one did is not what is to be mended."""
    solved.change("dense_forward", "out = x @ w", "out = TABLE * (x @ w)")
    first = solved.above("dense_forward", "def scale(x)\n    return 1.0")
    solved.above("dense_forward", "HALF = scale(2) / 2")
    solved.above("dense_forward", "TABLE = 2 * HALF")
    for check in of_task(grade(solved), "dense_forward"):
        assert check.reason.startswith(
            f"scale is not defined: cell {first}, where it stands, has a syntax error in line 1: "
        )
        assert " So TABLE is not defined either. dense_forward needs it in cell " in check.reason


def test_a_name_that_is_there_has_no_cause(solved, grade):
    """A helper that was bound before the statement that failed is there; nothing is blamed."""
    uses_helper(solved).above("dense_forward", f"{HELPER}product = [product][1]")
    result = grade(solved)
    assert result.score == 100.0
    assert not result.flags


def test_a_misspelt_name_has_no_cause(solved, grade):
    """What nobody was to define is told as it is, although another cell is broken."""
    solved.change("dense_forward", "out = x @ w", "out = prodct(x, w)").above(
        "dense_forward", f"{HELPER}print 1"
    )
    check = of_task(grade(solved), "dense_forward")[0]
    assert check.verdict is Verdict.ERROR
    assert check.reason.endswith("`out = prodct(x, w)`. prodct is not defined.")


def test_the_page_and_preflight_tell_it(little, solved, grade, tmp_path, here):
    """The student reads it before and after he hands in."""
    cell = uses_helper(solved).above("dense_forward", BROKEN["a syntax error"][0])
    result = grade(solved)
    unit = little.unit("little")
    page = feedback_page(little, unit, result, Shown(True, True, True))
    assert f"product is not defined: cell {cell}, where it stands, has a syntax error in line 4" in page
    report = preflight(write(tmp_path, solved.content), of_unit(little, unit))
    lost = next(sentence for sentence in report.lost if sentence.startswith(f"cell {cell}, line 4: "))
    assert "so product is not there for the tasks" in lost
    assert not [sentence for sentence in report.ignored if f"cell {cell}," in sentence]
    failed = [check for check in report.checks if not check.passed]
    assert {check.task for check in failed} == {"dense_forward", "dense_backward", "dense_class"}
    assert all(check.message.startswith("product is not defined: cell") for check in failed)


def test_a_broken_cell_that_no_task_needs_costs_nothing(little, solved, grade, tmp_path, here):
    """Preflight lists it with what is ignored."""
    cell = solved.above("dense_forward", 'def other(x):\n    return x\n\nprint "it works"')
    report = preflight(write(tmp_path, solved.content), of_unit(little, little.unit("little")))
    assert report.ok
    assert any(sentence.startswith(f"cell {cell}, line 4") for sentence in report.ignored)
    assert grade(solved).score == 100.0


def test_the_task_that_is_missing_is_named(solved, grade):
    """A layer whose forward pass calls what another task should define waits for that task."""
    solved.cell("dense_forward")["source"] = "forward = 1"
    solved.change("dense_backward", "x, w = cache", "dense_forward(dout, cache[1].T)\n    x, w = cache")
    for task in ("dense_backward", "dense_class"):
        for check in of_task(grade(solved), task):
            assert check.verdict is Verdict.BLOCKED
            assert "This cannot be judged before dense_forward works." in check.reason
            assert "dense_forward is not defined" in check.reason


def test_a_stub_behind_two_others_is_named(solved, grade):
    """The layer calls the forward pass, which calls the count of windows, which is not written."""
    solved.change("windows", "if stride < 1", "raise NotImplementedError\n    if stride < 1")
    solved.change("dense_forward", "out = x @ w", "windows(9, 3)\n    out = x @ w")
    for check in of_task(grade(solved), "dense_backward"):
        assert check.verdict is Verdict.BLOCKED
        assert "This cannot be judged before windows works." in check.reason


def test_a_method_that_a_missing_library_was_to_add(solved, grade):
    """A decorator of d2l puts nothing into the class; the AttributeError follows from that."""
    source = solved.cell("dense_class")["source"]
    head, _, method = source.partition("    def backward")
    solved.cell("dense_class")["source"] = (
        "from d2l import torch as d2l\n"
        + head
        + "\n\n@d2l.add_to_class(Dense)\ndef backward"
        + method.replace("\n    ", "\n")
    )
    reasons = [check.reason for check in of_task(grade(solved), "dense_class")]
    assert any(
        reason.startswith("backward is not defined: d2l is not there while grading") for reason in reasons
    )
