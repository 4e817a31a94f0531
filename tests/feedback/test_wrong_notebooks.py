"""What students read of wrong notebooks: the mistake by its name, what was seen, a case that shows it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from autograder.course import Limits
from autograder.explain import Explainer
from autograder.results.result import Check, Result, Verdict
from tests.attacks.judges import judging
from tests.support import ROOT, place, write

from .wrong import ADAMW, BACKWARD, CORRUPT, FORWARD, LOSS, RMSPROP, changed

pytestmark = pytest.mark.sandbox
Grade = Callable[..., Result]


def grading(unit: str, folder: Path, limits: Limits | None = None) -> Iterator[Grade]:
    """Grade a released notebook with some tasks written."""
    path = ROOT / "release" / unit / f"{unit}.ipynb"
    with judging(ROOT, limits, explain=Explainer(), unit=unit) as grader:

        def grade(**tasks: str) -> Result:
            content = json.loads(path.read_text(encoding="utf-8"))
            for task, source in tasks.items():
                content["cells"][place(content, task)]["source"] = source
            return grader.grade(write(folder, content), "student-001")

        yield grade


@pytest.fixture(scope="module")
def conv(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grade]:
    yield from grading("conv_layer", tmp_path_factory.mktemp("conv"))


@pytest.fixture(scope="module")
def optimizers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grade]:
    yield from grading("optimizers", tmp_path_factory.mktemp("optimizers"))


@pytest.fixture(scope="module")
def autoencoder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grade]:
    yield from grading("autoencoder", tmp_path_factory.mktemp("autoencoder"))


def failed(result: Result, task: str) -> dict[str, Check]:
    """The checks of a task that went wrong."""
    wrong = (Verdict.FAILED, Verdict.ERROR)
    return {check.id: check for check in result.checks if check.task == task and check.verdict in wrong}


def names(result: Result, task: str) -> set[str | None]:
    """What they are named after."""
    return {check.mistake for check in failed(result, task).values()}


def points(result: Result, task: str) -> float:
    """What the task earned."""
    return sum(check.earned for check in result.checks if check.task == task)


# --- names ---


def test_right_code_is_told_nothing(conv: Grade, optimizers: Grade) -> None:
    """The controls: without the mistakes below everything passes."""
    result = conv(conv2d_forward=FORWARD, conv2d_backward=BACKWARD)
    assert points(result, "conv2d_forward") == points(result, "conv2d_backward") == 25
    result = optimizers(AdamW=ADAMW, RMSprop=RMSPROP)
    assert points(result, "AdamW") == 10 and points(result, "RMSprop") == 15


def test_values_that_come_from_float32_are_rounded(conv: Grade) -> None:
    """The output is float64, but its values are those of float32 inputs, summed in another order."""
    forward = changed(FORWARD, (", dtype=np.result_type(x, w))", ")"))
    assert names(conv(conv2d_forward=forward), "conv2d_forward") == {"always_float64"}


def test_two_mistakes_in_one_task_are_named_one_by_one(conv: Grade) -> None:
    """Each check after the mistake that it shows, also where a call returns both wrong."""
    backward = changed(
        BACKWARD,
        ("spread[:, :, padding : padding + height, padding : padding + width]", "spread"),
        ("dout.sum(axis=(0, 2, 3))", "dout.mean(axis=(0, 2, 3))"),
    )
    checks = failed(conv(conv2d_forward=FORWARD, conv2d_backward=backward), "conv2d_backward")
    told = {name: check.mistake for name, check in checks.items()}
    assert told == {
        "test_dx_padding": "keeps_padding",
        "test_db": "db_mean",
        "test_derivative": "keeps_padding",
    }
    assert [name for name, check in checks.items() if check.case] == ["test_dx_padding", "test_db"]


def test_two_mistakes_at_work_in_one_check_are_named_together(optimizers: Grade) -> None:
    """Where both change one number, neither explains it alone; where ε is tiny, only one is seen."""
    adamw = changed(
        ADAMW,
        ("slow, fast = self.betas", "fast, slow = self.betas"),
        ("np.sqrt(v / (1 - fast**self.steps)) + self.eps", "np.sqrt(v / (1 - fast**self.steps) + self.eps)"),
    )
    checks = failed(optimizers(AdamW=adamw), "AdamW")
    assert {name: check.mistake for name, check in checks.items()} == {
        "test_adamw_without_decay": "swaps_betas + adam_eps_under_root",
        "test_adamw_defaults": "swaps_betas",
    }
    both = checks["test_adamw_without_decay"].reason
    assert "β₁ and β₂ have changed places." in both and "ε stands under the root." in both


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("self.steps = 0", "self.steps = 1", "starts_at_two"),
        ("slow, fast = self.betas", "fast, slow = self.betas", "swaps_betas"),
        ("steady = np.sqrt(v / (1 - fast**self.steps)) + self.eps",
         "steady = np.sqrt(v / (1 - fast**self.steps) + self.eps)", "adam_eps_under_root"),
    ],
)  # fmt: skip
def test_a_copy_has_the_mistakes_of_what_it_copies(optimizers: Grade, old: str, new: str, name: str) -> None:
    """AdamW is Adam but for the decay, and so are the ways to get it wrong."""
    result = optimizers(AdamW=changed(ADAMW, (old, new)))
    assert names(result, "AdamW") == {name}
    assert sum(check.case is not None for check in failed(result, "AdamW").values()) == 1


def test_an_exception_is_not_named_after_another_one(conv: Grade) -> None:
    """Kernel sides exchanged raise where the height is used for both sides, and have a name of their own."""
    swapped = changed(
        FORWARD,
        ("    for i in range(rows):\n", "    kernel = w.transpose(0, 1, 3, 2)\n    for i in range(rows):\n"),
        ("pixel @ w[:, :, u, v].T", "pixel @ kernel[:, :, u, v].T"),
        ("(kh - 1) - 1) // stride", "(kw - 1) - 1) // stride"),
        ("range(columns)", "range((width + 2 * padding - dilation * (kh - 1) - 1) // stride + 1)"),
    )
    assert names(conv(conv2d_forward=swapped), "conv2d_forward") == {None, "kernel_sides_swapped_in_elements"}


# --- what was seen ---


def test_relations_speak_of_the_value_that_the_check_compares(conv: Grade) -> None:
    """dw is too large and so is db, by another factor; nothing is said of dw where db is looked at."""
    backward = changed(BACKWARD, ("    dx = spread", "    dw, db = dw / 4, None\n    dx = spread"))
    backward = changed(backward, ("dout.sum(axis=(0, 2, 3))", "1.5 * dout.sum(axis=(0, 2, 3))"))
    checks = failed(conv(conv2d_forward=FORWARD, conv2d_backward=backward), "conv2d_backward")
    assert "dw equals the right one divided by 4" in checks["test_dw"].reason
    assert "dw" not in checks["test_db"].reason
    assert "db equals the right one times 1.5." in checks["test_db"].reason
    told = [check.reason for check in checks.values()]
    assert sum("In these checks" in reason for reason in told) <= 1, "no sentence twice"


def test_the_parts_of_an_answer_are_called_by_their_names(conv: Grade) -> None:
    """Not "the 1st value that conv2d_backward returned"."""
    backward = changed(BACKWARD, ("padding : padding + height, padding : padding + width", "2:-1, 1:-2"))
    reasons = [
        c.reason
        for c in failed(conv(conv2d_forward=FORWARD, conv2d_backward=backward), "conv2d_backward").values()
    ]
    assert any(reason.startswith("dx has the wrong shape: expected (") for reason in reasons)
    assert not [reason for reason in reasons if "1st" in reason or "array that was" in reason]


def test_of_an_optimizer_the_step_is_compared(optimizers: Grade) -> None:
    """Twice the step is no relation between parameters; and what is tiny is not taken for float32."""
    twice = changed(RMSPROP, ("p -= self.lr * g", "p -= 2 * self.lr * g"))
    check = failed(optimizers(RMSprop=twice), "RMSprop")["test_rmsprop_path"]
    assert "After step 1, the change of params[0] equals the right one times 2" in check.reason
    halved = changed(RMSPROP, ("(np.sqrt(v) + self.eps)", "(np.sqrt(v) + self.eps / 2)"))
    reasons = " ".join(check.reason for check in failed(optimizers(RMSprop=halved), "RMSprop").values())
    assert "After step 1, params[0] differs in" in reasons and "float32" not in reasons


def test_a_number_is_related_too(autoencoder: Grade) -> None:
    """A sum where a mean is asked; a mean where a sum is."""
    summed = changed(LOSS, (" / len(x)", ""))
    (check,) = failed(autoencoder(reconstruction_loss=summed), "reconstruction_loss").values()
    assert "the length of axis 0 of" in check.reason and "(the batch)" in check.reason
    assert "summed instead of averaged?" in check.reason


def test_a_share_is_told(autoencoder: Grade) -> None:
    """Of what was drawn: how much of it came, how much was expected, and what that looks like."""
    kept = changed(CORRUPT, ("torch.where(chance < level, 0.0, x)", "torch.where(chance < level, x, 0.0)"))
    check = failed(autoencoder(corrupt=kept), "corrupt")["test_masking"]
    assert check.mistake == "mask_inverted"


# --- cases ---


def test_a_case_keeps_the_setting_that_shows_the_mistake(optimizers: Grade) -> None:
    """With the default ε of 1e-8 nobody sees that ε is ignored."""
    ignored = changed(RMSPROP, ("(np.sqrt(v) + self.eps)", "(np.sqrt(v) + np.finfo(float).eps)"))
    (check,) = failed(optimizers(RMSprop=ignored), "RMSprop").values()
    assert check.case is not None
    assert "eps=0.1" in check.case["calls"] and check.case["calls"].count(".step(") == 1
    assert check.case["got"] == "array([[-1.]])" and check.case["expected"] == "array([[0.]])"


def test_a_case_shows_the_value_that_is_wrong_and_no_other_calls(conv: Grade) -> None:
    """One pass, of which dw is looked at."""
    backward = changed(BACKWARD, ("    dx = spread", "    dw = dw / len(x)\n    dx = spread"))
    check = failed(conv(conv2d_forward=FORWARD, conv2d_backward=backward), "conv2d_backward")["test_dw"]
    assert check.case is not None
    lines = check.case["calls"].splitlines()
    assert lines[-1] == "dw" and sum("conv2d_forward(" in line for line in lines) == 1
