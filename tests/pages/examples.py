"""Results as the grader writes them, for tests of what people see."""

from autograder.course import Course, Unit
from autograder.marks.attempts import FILES, Attempt
from autograder.marks.dates import due_of
from autograder.marks.graded import Graded
from autograder.marks.mark import mark_of
from autograder.marks.summary import summary_of
from autograder.results.result import Check, Result, Verdict, totals

UNIT = Unit("conv_layer", "Convolution layer", due="2027-01-24T23:59+01:00", hours=9)
COURSE = Course("deep-learning", "Deep Learning", units=(UNIT,))

CHECKS = (
    ("test_shape", "conv2d_forward", "The output has N, F and the sizes of the formula.", 4.0),
    ("test_values", "conv2d_forward", "Each output is the sum over one window of `x`.", 10.0),
    ("test_stride", "conv2d_forward", "Stride 2 skips every other window.", 6.0),
    ("test_padding", "conv2d_forward", "Padding surrounds the image with zeros.", 5.0),
    ("test_dx", "conv2d_backward", "The gradient of the input adds up over windows.", 20.0),
    ("test_dw", "conv2d_backward", "The gradient of the kernel agrees with finite differences.", 20.0),
    ("test_pool", "max_pool_forward", "The maximum of each window.", 15.0),
    ("test_pool_ties", "max_pool_backward", "Ties send the gradient to the first maximum.", 20.0),
)
CASE = {
    "calls": "import numpy as np\nx = np.arange(9.0).reshape(1, 1, 3, 3)\n"
    "w = np.array([[[[1.0, 2.0], [3.0, 4.0]]]])\n"
    "conv2d_forward(x, w, np.zeros(1))[0]",
    "got": "[[[[13. 23.]\n   [43. 53.]]]]",
    "expected": "[[[[27. 37.]\n   [57. 67.]]]]",
    "note": "All four numbers differ.",
}
FLIPPED = {
    "mistake": "flips_kernel",
    "reason": "Your output equals the true convolution: the kernel is flipped. "
    "Convolution layers cross-correlate.",
    "hint": "Compare the index of `w` with the index of `x` in the formula.",
    "case": CASE,
}


def a_result(student="student-001", more=None, **fields):
    """A result in which all checks passed but those in ``more``: check -> (verdict, fields)."""
    checks = []
    for name, task, title, points in CHECKS:
        verdict, extra = (more or {}).get(name, (Verdict.PASSED, {}))
        earned = points if verdict is Verdict.PASSED else 0.0
        checks.append(Check(name, task, title, points, earned, verdict, **extra))
    given = {"digest": "4f2ac1e09b7d" * 5, "seconds": 0.05, "submitted": "2027-01-24T21:10:00+00:00"}
    given |= {"source": f"{student}/conv_layer/conv_layer.ipynb"}
    return Result("conv_layer", student, checks=tuple(checks), **(totals(tuple(checks)) | given | fields))


def flipped(student="student-001", **fields):
    """The kernel is flipped: two checks fail for one named reason, gradients wait, ties are missing."""
    blocked = "It calls your conv2d_forward, and test_values says that its values are not right yet."
    return a_result(
        student,
        {
            "test_values": (Verdict.FAILED, FLIPPED | {"notes": ("seed 12345",)}),
            "test_stride": (Verdict.FAILED, FLIPPED),
            "test_dx": (Verdict.BLOCKED, {"reason": blocked}),
            "test_dw": (Verdict.BLOCKED, {"reason": blocked}),
            "test_pool_ties": (Verdict.MISSING, {"reason": "max_pool_backward is still the stub."}),
        },
        **fields,
    )


def marked(result, course=COURSE, unit=UNIT, **facts):
    """The mark of a student with this one result, and the result; ``facts`` as ``mark_of`` takes them."""
    attempt = Attempt(
        "a1", unit.name, result.student, 1, "", "", 0, (), origin=FILES, submitted=result.submitted
    )
    tasks = {task: tuple(points) for task, points in summary_of(result)["tasks"].items()}
    points = (result.score, result.max_score, result.bonus)
    graded = {"a1": Graded("a1", "", *points, result.digest, tasks, result.answers)}
    due = facts.pop("due", None) or due_of(course, unit)
    return mark_of(course, unit, result.student, [attempt], graded, due, **facts), result
