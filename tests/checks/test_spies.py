"""Functions that student code calls and that keep what they are given."""

import numpy as np
import pytest

from autograder.checks import heard, right, spy
from tests.student.subjects import here

RIGHT = """
import numpy as np
def penalised(loss, h, divergence): return loss + divergence(0.25, h.mean(axis=0))
"""
H = np.arange(6.0).reshape(3, 2)


def judged(body: str) -> None:
    """The check of the test below on another body of the function."""
    student = here(
        RIGHT.replace("loss + divergence(0.25, h.mean(axis=0))", body),
        RIGHT,
        task="penalised",
        task_of={"penalised": "penalised", "divergence": "other"},
    )
    divergence = spy(student, "divergence(rho, rho_hat)", np.float64(2.0))
    right(student.penalised(1.0, H, divergence), "The loss")
    rho, rho_hat = heard(divergence)
    right(rho, "The rho that divergence was given")
    right(rho_hat, "The rho_hat that divergence was given")
    student.end()


@pytest.mark.parametrize(
    "arguments",
    ["0.25, h.mean(axis=0)", "rho_hat=h.mean(axis=0), rho=0.25", "0.25, rho_hat=h.sum(axis=0) / 3"],
)
def test_it_answers_and_keeps_its_arguments(arguments):
    """By place or by name, in any order."""
    judged(f"loss + divergence({arguments})")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("loss + 2.0", "divergence was called 0 times; expected once."),
        ("loss + 0 * divergence(0.25, h[0]) + divergence(0.25, h.mean(axis=0))", "called 2 times"),
        ("loss + divergence(0.5, h.mean(axis=0))", "The rho that divergence was given is wrong"),
        ("loss + divergence(0.25, h.mean(axis=1))", r"The rho_hat .* has the wrong shape: expected \(2,\)"),
        ("loss + divergence(0.25, h[0])", "The rho_hat that divergence was given differs in 2 of 2"),
        ("loss + divergence(0.25, None)", "The rho_hat that divergence was given is None"),
        ("loss - divergence(0.25, h.mean(axis=0))", "The loss is wrong"),
        (
            "loss + divergence(0.25)",
            "penalised raised TypeError .* A function that you were handed takes other arguments",
        ),
        ("loss + divergence(0.25, rho=0.25)", "penalised raised TypeError"),
        ("loss + divergence(h, rho_hut=0.25)", "penalised raised TypeError"),
    ],
)
def test_what_is_wrong_is_told(body, says):
    """How often it was called, with what, and how it must be called; never that another task is at fault."""
    with pytest.raises(Exception, match=says) as caught:
        judged(body)
    assert type(caught.value).__name__ != "Blocked"


def test_a_check_with_a_spy_is_planned():
    """It lives beside the student's code, so nothing is called back."""
    student = here(RIGHT, subject=False)
    spied = spy(student, "divergence(rho, rho_hat)", 2.0)
    student.penalised(1.0, H, spied)
    rho, _ = heard(spied)
    right(rho)
    assert rho._twin == 0.25
    student.end()


def test_each_spy_has_its_own_memory():
    """Two spies in one call keep apart what they are given, and answer what each was made with."""
    source = "def both(x, one, two): return one(x) + two(x + 1)\n"
    student = here(source)
    one, two = spy(student, "one(x)", 3.0), spy(student, "two(x)", 4.0)
    assert student.both(1.0, one, two).value == 7.0
    assert [heard(one)[0].value, heard(two)[0].value] == [1.0, 2.0]
