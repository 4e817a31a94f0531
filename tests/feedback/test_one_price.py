"""A mistake costs what it gets wrong, whether it raises or not, and whatever constant it is made with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from autograder.course import Limits
from autograder.results.result import Result, Verdict

from .test_wrong_notebooks import failed, grading, points
from .wrong import ADAMW, BACKWARD, FORWARD, RMSPROP, changed

pytestmark = pytest.mark.sandbox
Grade = Callable[..., Result]
CUT = "    dx = spread[:, :, padding : padding + height, padding : padding + width]\n"
DX = {"test_dx_of_one_window", "test_dx_overlap", "test_backward_stride", "test_backward_rectangles"}


@pytest.fixture(scope="module")
def conv(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grade]:
    yield from grading("conv_layer", tmp_path_factory.mktemp("conv"))


@pytest.fixture
def impatient(tmp_path: Path) -> Iterator[Grade]:
    """The whole notebook may take some seconds."""
    yield from grading("conv_layer", tmp_path, Limits(whole_seconds=4.0, memory_mib=1024))


@pytest.fixture(scope="module")
def optimizers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grade]:
    yield from grading("optimizers", tmp_path_factory.mktemp("optimizers"))


def backward(conv: Grade, *changes: tuple[str, str]) -> Result:
    """The backward pass with some changes is graded."""
    return conv(conv2d_forward=FORWARD, conv2d_backward=changed(BACKWARD, *changes))


def test_an_exception_costs_what_it_gets_wrong(conv: Grade) -> None:
    """dx cannot be stored where there is no padding; dw and db are right, as where dx is merely empty."""
    sliced = backward(conv, (CUT, "    dx = spread[:, :, padding:-padding, padding:-padding]\n"))
    stored = "    dx = np.zeros_like(x)\n    dx[...] = spread[:, :, padding:-padding, padding:-padding]\n"
    raised = backward(conv, (CUT, stored))
    assert points(sliced, "conv2d_backward") == points(raised, "conv2d_backward") == 12
    checks = failed(raised, "conv2d_backward")
    assert {check.verdict for check in checks.values()} == {Verdict.ERROR}
    assert checks.keys() == failed(sliced, "conv2d_backward").keys() > DX
    for check in checks.values():
        assert check.mistake == "stores_an_empty_slice"
    assert [note for check in raised.checks for note in check.notes if "set aside" in note]
    assert not raised.flags


def test_it_does_so_where_nothing_is_bound(conv: Grade) -> None:
    """A misspelt attribute in the line of dx: it raises always, and what stands beside it is right."""
    result = backward(conv, (CUT, "    dx = spread.sliced(padding)\n"))
    assert points(result, "conv2d_backward") == 4 + 2 + 2  # dw, dw with padding, db
    checks = failed(result, "conv2d_backward")
    assert not {"test_dw", "test_dw_padding", "test_db"} & checks.keys()
    for check in checks.values():
        assert "conv2d_backward raised AttributeError in cell" in check.reason
        assert "What does not need this line was judged without it." in check.reason


def test_what_is_wrong_as_well_costs_as_well(conv: Grade) -> None:
    """Without dx, db is still the mean."""
    both = (
        (CUT, "    dx = spread.sliced(padding)\n"),
        ("dout.sum(axis=(0, 2, 3))", "dout.mean(axis=(0, 2, 3))"),
    )
    result = backward(conv, *both)
    assert points(result, "conv2d_backward") == 4 + 2
    assert failed(result, "conv2d_backward")["test_db"].verdict is Verdict.ERROR


@pytest.mark.parametrize(
    "line",
    [
        "    size = dout.gone\n",  # all passes without it: nothing is missing
        "    print(dout.gone)\n",  # nothing could be missing
        "    if dout.gone: pass\n",
    ],
)
def test_a_line_that_nothing_needs_costs_all(conv: Grade, line: str) -> None:
    """Code that never ran as it stands earns nothing."""
    result = backward(conv, (CUT, line + CUT))
    assert points(result, "conv2d_backward") == 0
    assert not any("judged without it" in check.reason for check in result.checks)


def test_an_end_of_the_process_ends_the_second_try(impatient: Grade) -> None:
    """What loops without the line is left as it was."""
    result = backward(impatient, (CUT, "    size = dout.gone\n    while size is None: pass\n" + CUT))
    checks = failed(result, "conv2d_backward")
    assert points(result, "conv2d_backward") == 0
    assert {check.verdict for check in checks.values()} == {Verdict.ERROR}


@pytest.mark.parametrize("constant", ["1e-8", "1e-10", "np.finfo(float).eps"])
def test_eps_that_is_ignored_has_one_price(optimizers: Grade, constant: str) -> None:
    """Where ε is not the question, a small number in its place is not seen."""
    tasks = {"RMSprop": RMSPROP, "AdamW": ADAMW}
    ignored = {name: changed(source, ("+ self.eps", f"+ {constant}")) for name, source in tasks.items()}
    result = optimizers(**ignored)
    assert failed(result, "RMSprop").keys() == {"test_rmsprop_eps"}
    assert failed(result, "AdamW").keys() == {"test_adamw_without_decay"}
