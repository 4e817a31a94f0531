"""Hidden checks of the convolution layer.

How points are split (100, and 20 bonus)
    conv_output_size 8, make_filter 7, conv2d_forward 25, conv2d_backward 25, im2col 12, conv2d_im2col 8,
    Conv2d 10, bug_hunt 5; bonus: conv2d_general_forward 8, conv2d_general_backward 12.

One mistake, one price
    * A kernel that is turned by 180 degrees shows in `test_orientation` and `test_dx_of_one_window` only:
      everywhere else kernels are `even`, unchanged by that turn.
    * Pictures and kernels are square but for the rectangles checks; biases are absent but for the bias
      checks; windows that overlap, padding and stride each have a check in which the others are at rest.
    * Checks of the backward pass look at dx, dw and db one at a time, without the mirror, since it would
      compare the shapes of all three.
    * `conv2d_im2col` and `Conv2d` stand on other tasks. What they return is right if it is the right answer,
      or if it is what the student's own function makes of it (see `assert_built_on`).

No expected value depends on student code, apart from that last case.

Several calls, one crossing
    A call of student code costs a crossing into another process. `at_once` sends a small function there that
    makes all calls of a check; what it returns is the student's claim, as the reply to a single call is. If
    anything is wrong with it, the calls are made again one by one, and the student is told of those.
"""

import time

import numpy as np
import pytest

from autograder.compare import as_array, assert_close
from autograder.laws import assert_adjoint, assert_dtype, assert_unchanged
from autograder.student import StudentFault
from solutions import conv_layer as reference

FAST_ENOUGH = 1.5  # seconds; a matrix product takes 0.01, a loop over all output numbers more than 3


def even(w):
    """A kernel that does not change when it is turned by 180 degrees."""
    return w + w[..., ::-1, ::-1]


def alike(left, right):
    """Equal shapes and values, as a plain yes or no."""
    left, right = as_array(left), as_array(right)
    return left.shape == right.shape and np.allclose(left, right, rtol=1e-8, atol=1e-10)


def assert_built_on(actual, expected, own, sound, what):
    """`actual` is right, or is what the student's own function (`own`, a call) gives.

    A mistake in that function was charged there. `sound` (a call) says of own's answer whether it can be
    taken at its word: answers that do not depend on the inputs cannot.
    """
    if alike(actual, expected):
        return
    answer = own()
    if not sound(answer) or not alike(actual, answer):
        assert_close(actual, expected, what=what)


# --- several calls in one crossing ---


def at_once(student, judge, one_by_one, shipped, *args, quick=None):
    """Judge the list that a shipped function gives; right code crosses once.

    Args:
        judge: takes the answers in order and fails where one is wrong.
        one_by_one: the same answers from single calls, made as they are asked for. They say what is wrong, of
            which function and on which inputs. They cannot save a check whose first answers were wrong.
        shipped: runs beside the student's code on args.
        quick: judges first, where `judge` makes calls of its own; what it refuses may still be right.
    """
    try:
        answers = student.inside(shipped, *args)
    except (AssertionError, StudentFault):
        judge(one_by_one)
        raise
    try:
        (quick or judge)(answers)
    except AssertionError:
        judge(one_by_one)
        judge(answers)


def answers_of(function, calls):
    """The answer to each call (args, settings), before the next is made; shipped."""
    answers = []
    for args, settings in calls:
        answer = function(*args, **settings)
        answers.append(answer.copy() if isinstance(answer, np.ndarray) else answer)
    return answers


def are_close(expected, what):
    """A judge that holds each answer against its expected value."""

    def judge(answers):
        for actual, right in zip(answers, expected, strict=True):
            assert_close(actual, right, what=what)

    return judge


# --- conv_output_size: 8 ---


def sizes_are_right(student, calls, expected):
    """conv_output_size gives these numbers for these calls (args, settings)."""
    one_by_one = (student.conv_output_size(*args, **settings) for args, settings in calls)
    judge = are_close(expected, what="The size")
    at_once(student, judge, one_by_one, answers_of, student.conv_output_size, calls)


@pytest.mark.task("conv_output_size", points=1)
def test_size_plain(student, rng):
    """Without options, as many windows as there are places to start."""
    calls = []
    for kernel_size in (2, 3, 5):
        for size in (int(rng.integers(kernel_size + 1, 40)), kernel_size):
            calls.append(((size, kernel_size), {}))
    sizes_are_right(student, calls, [size - kernel_size + 1 for (size, kernel_size), _ in calls])


@pytest.mark.task("conv_output_size", points=2)
def test_size_padding(student, rng):
    """Padding adds its zeros at both ends."""
    calls = []
    for kernel_size, padding in ((2, 1), (4, 1), (3, 2), (6, 3)):
        calls.append(((int(rng.integers(kernel_size + 1, 40)), kernel_size), {"padding": padding}))
    sizes_are_right(student, calls, answers_of(reference.conv_output_size, calls))


@pytest.mark.task("conv_output_size", points=1)
def test_size_stride(student, rng):
    """With a stride, where the windows fit exactly."""
    calls, expected = [], []
    for kernel_size, stride in ((2, 2), (3, 2), (2, 3), (4, 3)):
        windows = int(rng.integers(2, 12))
        calls.append(((kernel_size + stride * (windows - 1), kernel_size, stride), {}))
        expected.append(windows)
    sizes_are_right(student, calls, expected)


@pytest.mark.task("conv_output_size", points=2)
def test_size_remainder(student, rng):
    """Pixels left over at the end make no window of their own."""
    calls, expected = [], []
    for kernel_size, stride, left_over in ((3, 3, 1), (2, 3, 2), (3, 2, 1), (2, 4, 3)):
        for windows in rng.integers(1, 6) * 2 + np.arange(2):  # one even, one odd number
            size = int(kernel_size + stride * (windows - 1) + left_over)
            calls.append(((size, kernel_size, stride), {}))
            expected.append(windows)
    sizes_are_right(student, calls, expected)


@pytest.mark.task("conv_output_size", points=1)
def test_size_dilation(student, rng):
    """With dilation, the kernel's elements stand apart and reach further."""
    calls, expected = [], []
    for kernel_size, dilation in ((2, 2), (3, 2), (2, 3), (4, 3)):
        windows = int(rng.integers(2, 12))
        calls.append(((dilation * (kernel_size - 1) + windows, kernel_size), {"dilation": dilation}))
        expected.append(windows)
    sizes_are_right(student, calls, expected)


def value_errors(function, calls):
    """For each call whether it raises ValueError; shipped."""
    raised = []
    for args in calls:
        try:
            function(*args)
            raised.append(False)
        except ValueError:
            raised.append(True)
    return raised


def raises_value_error(function, args):
    """Whether a single call of the student's raises ValueError; fails where it does not."""
    with pytest.raises(ValueError):
        function(*args)
    return True


@pytest.mark.task("conv_output_size", points=1, law=True)
def test_size_too_large(student, rng):
    """A kernel that does not fit raises ValueError."""
    size = int(rng.integers(3, 9))
    calls = [
        (size, kernel_size, stride, padding, dilation)
        for kernel_size, padding, dilation in ((size + 1, 0, 1), (size + 3, 1, 1), (size, 0, 2))
        for stride in (1, 2)
    ]

    def judge(raised):
        for each, _ in zip(raised, calls, strict=True):
            assert each is True, "ValueError should have been raised; nothing was."

    one_by_one = (raises_value_error(student.conv_output_size, args) for args in calls)
    at_once(student, judge, one_by_one, value_errors, student.conv_output_size, calls)


# --- make_filter: 7 ---


@pytest.mark.task("make_filter", points=1)
def test_filter_blur(student):
    """blur takes the mean of the neighbourhood."""
    assert_close(student.make_filter("blur"), reference.make_filter("blur"), what="blur")


@pytest.mark.task("make_filter", points=2)
def test_filter_sobel_x(student):
    """sobel_x answers to brightness that rises from left to right."""
    assert_close(student.make_filter("sobel_x"), reference.make_filter("sobel_x"), what="sobel_x")


@pytest.mark.task("make_filter", points=2)
def test_filter_sobel_y(student):
    """sobel_y answers to brightness that rises from top to bottom."""
    assert_close(student.make_filter("sobel_y"), reference.make_filter("sobel_y"), what="sobel_y")


@pytest.mark.task("make_filter", points=2)
def test_filter_shift(student):
    """shift_right moves the picture to the right."""
    assert_close(student.make_filter("shift_right"), reference.make_filter("shift_right"), what="shift_right")


# --- conv2d_forward: 25 ---


def call(*args, **settings):
    """The inputs of one call."""
    return args, settings


def outputs(function, calls):
    """The first of the two values of each call (args, settings); shipped."""
    found = []
    for args, settings in calls:
        answer = function(*args, **settings)
        if not isinstance(answer, (tuple, list)) or len(answer) != 2:
            raise TypeError("two values were expected")
        found.append(answer[0].copy() if isinstance(answer[0], np.ndarray) else answer[0])
    return found


def judge_outputs(student, function, judge, calls):
    """Judge the outputs of a forward function of the student's."""
    one_by_one = (function(*args, **settings)[0] for args, settings in calls)
    at_once(student, judge, one_by_one, outputs, function, calls)


def forward_is_right(student, *calls):
    """The student's outputs on these inputs are the reference's."""
    judge = are_close(outputs(reference.conv2d_forward, calls), what="out")
    judge_outputs(student, student.conv2d_forward, judge, calls)


@pytest.mark.task("conv2d_forward", points=2)
def test_channels(student, draw):
    """Each filter sums over all channels, for every picture."""
    forward_is_right(
        student,
        call(draw.images(N=2, C=3, H=4, W=4), draw.normal(5, 3, 1, 1)),
        call(draw.images(N=3, C=1, H=4, W=4), draw.normal(2, 1, 1, 1)),
    )


@pytest.mark.task("conv2d_forward", points=6)
def test_orientation(student, draw):
    """The kernel lies on the picture as it is, not turned."""
    forward_is_right(
        student,
        call(draw.images(N=2, C=3, H=5, W=5), draw.normal(4, 3, 3, 3)),
        call(draw.images(N=1, C=2, H=4, W=4), draw.normal(3, 2, 2, 2)),
    )


@pytest.mark.task("conv2d_forward", points=3)
def test_rectangles(student, draw):
    """Pictures and kernels need not be square."""
    forward_is_right(
        student,
        call(draw.images(N=2, C=3, H=5, W=7), even(draw.normal(4, 3, 3, 2))),
        call(draw.images(N=2, C=3, H=6, W=4), even(draw.normal(4, 3, 1, 3))),
    )


@pytest.mark.task("conv2d_forward", points=2)
def test_bias(student, draw):
    """Each filter adds its own bias to every output pixel, once."""
    x, w, b = draw.images(N=2, C=3, H=4, W=4), even(draw.normal(4, 3, 2, 2)), draw.normal(4)
    assert_close(student.conv2d_forward(x, w, b)[0], reference.conv2d_forward(x, w, b)[0], what="out")


@pytest.mark.task("conv2d_forward", points=4)
def test_padding(student, draw):
    """Padding surrounds the picture with zeros."""
    x, w = draw.images(N=2, C=3, H=4, W=4), even(draw.normal(4, 3, 3, 3))
    forward_is_right(student, *(call(x, w, padding=padding) for padding in (1, 2)))


@pytest.mark.task("conv2d_forward", points=3)
def test_stride(student, draw):
    """The stride moves the window by more than one pixel."""
    forward_is_right(
        student,
        call(draw.images(N=2, C=3, H=7, W=7), even(draw.normal(4, 3, 3, 3)), stride=2),
        call(draw.images(N=2, C=3, H=8, W=8), even(draw.normal(4, 3, 2, 2)), stride=3),
    )


@pytest.mark.task("conv2d_forward", points=1)
def test_forward_remainder(student, draw):
    """Pixels that are left over at the end are ignored."""
    forward_is_right(
        student,
        call(draw.images(N=2, C=3, H=6, W=6), even(draw.normal(4, 3, 3, 3)), stride=2),
        call(draw.images(N=2, C=3, H=7, W=7), even(draw.normal(4, 3, 2, 2)), stride=3),
    )


@pytest.mark.task("conv2d_forward", points=1)
def test_dilation(student, draw):
    """Dilation puts holes between the kernel's elements."""
    x = draw.images(N=2, C=3, H=7, W=7)
    calls = [call(x, even(draw.normal(4, 3, 3, 3)), dilation=dilation) for dilation in (2, 3)]
    forward_is_right(student, *calls)


@pytest.mark.task("conv2d_forward", points=1)
def test_whole_numbers(student, draw):
    """Pictures of whole numbers give outputs with fractions."""
    x, w = draw.integers(-9, 10, 2, 3, 4, 4), even(draw.normal(4, 3, 2, 2))
    out = student.conv2d_forward(x, w)[0]
    assert_close(out, reference.conv2d_forward(x.astype(np.float64), w)[0], what="out")


@pytest.mark.task("conv2d_forward", points=1, law=True)
def test_float32(student, draw):
    """float32 in, float32 out."""
    x, w = draw.normal(2, 3, 5, 5, dtype=np.float32), even(draw.normal(4, 3, 3, 3, dtype=np.float32))
    calls = [call(x, w, b) for b in (None, draw.normal(4, dtype=np.float32))]

    def judge(outs):
        for out, _ in zip(outs, calls, strict=True):
            assert_dtype(out, np.float32, "out")

    judge_outputs(student, student.conv2d_forward, judge, calls)


@pytest.mark.task("conv2d_forward", points=1, law=True)
def test_forward_unchanged(student, draw):
    """The forward pass does not modify x, w or b."""
    inputs = [draw.images(N=2, C=3, H=5, W=5), draw.normal(4, 3, 3, 3), draw.normal(4)]
    before = [array.copy() for array in inputs]
    student.conv2d_forward(*student.share(inputs), padding=1)
    for name, old, new in zip(["x", "w", "b"], before, inputs, strict=True):
        assert_unchanged(old, new, name)


# --- conv2d_backward: 25 ---


def shape_of_out(x, w, **settings):
    """The shape that the output must have."""
    return reference.conv2d_forward(x, w, None, **settings)[0].shape


def gradients(student, dout, x, w, b=None, **settings):
    """dx, dw and db by name: the student's backward pass after the student's own forward pass."""
    forward = student.conv2d_forward(x, w, b, **settings)
    assert isinstance(forward, (tuple, list)) and len(forward) == 2, (
        "conv2d_forward must return (out, cache)."
    )
    backward = student.conv2d_backward(dout, forward[1])
    assert isinstance(backward, (tuple, list)) and len(backward) == 3, (
        "conv2d_backward must return (dx, dw, db)."
    )
    return dict(zip(["dx", "dw", "db"], backward, strict=True))


def backward_passes(forward, backward, passes):
    """dx, dw and db of each pass (dout, args, settings), one after the other in a list; shipped."""
    found = []
    for dout, args, settings in passes:
        through = forward(*args, **settings)
        if not isinstance(through, (tuple, list)) or len(through) != 2:
            raise TypeError("two values were expected")
        back = backward(dout, through[1])
        if not isinstance(back, (tuple, list)) or len(back) != 3:
            raise TypeError("three values were expected")
        found += [value.copy() if isinstance(value, np.ndarray) else value for value in back]
    return found


def upstream(draw, x, w, b=None, **settings):
    """A pass: a gradient for the output of `conv2d_forward`, and that function's inputs."""
    return draw.normal(*shape_of_out(x, w, **settings)), (x, w, b), settings


def judge_gradients(student, judge, *passes):
    """Judge dx, dw and db of each pass, in a row: the student's own forward pass, then the backward one."""
    one_by_one = (
        value
        for dout, args, settings in passes
        for value in gradients(student, dout, *args, **settings).values()
    )
    forward, backward = student.conv2d_forward, student.conv2d_backward
    at_once(student, judge, one_by_one, backward_passes, forward, backward, passes)


def gradients_are_right(student, names, *passes):
    """The named gradients of each pass are the reference's."""
    expected = backward_passes(reference.conv2d_forward, reference.conv2d_backward, passes)

    def judge(found):
        for name, value, right in zip(["dx", "dw", "db"] * len(passes), found, expected, strict=True):
            if name in names.split():
                assert_close(value, right, what=name)

    judge_gradients(student, judge, *passes)


@pytest.mark.task("conv2d_backward", points=4, mirror=False)
def test_dw(student, draw):
    """dw sums over all windows of all pictures."""
    passes = [upstream(draw, draw.images(N=N, C=2, H=5, W=5), draw.normal(4, 2, 3, 3)) for N in (1, 3)]
    gradients_are_right(student, "dw", *passes)


@pytest.mark.task("conv2d_backward", points=3, mirror=False)
def test_dx_of_one_window(student, draw):
    """Where there is a single window, dx sums over the filters."""
    x, w = draw.images(N=3, C=2, H=3, W=3), draw.normal(4, 2, 3, 3)
    gradients_are_right(student, "dx", upstream(draw, x, w))


@pytest.mark.task("conv2d_backward", points=4, mirror=False)
def test_dx_overlap(student, draw):
    """A pixel in several windows receives the sum of what they send back."""
    passes = [
        upstream(draw, draw.images(N=2, C=2, H=size, W=size), even(draw.normal(4, 2, kernel, kernel)))
        for size, kernel in ((5, 3), (4, 2))
    ]
    gradients_are_right(student, "dx", *passes)


@pytest.mark.task("conv2d_backward", points=3, mirror=False)
def test_backward_stride(student, draw):
    """With a stride, gradients go back to where the windows were."""
    passes = [
        upstream(draw, draw.images(N=2, C=2, H=size, W=size), even(draw.normal(4, 2, 3, 3)), stride=stride)
        for size, stride in ((6, 3), (7, 4))
    ]
    gradients_are_right(student, "dx dw", *passes)


@pytest.mark.task("conv2d_backward", points=3, mirror=False)
def test_dx_padding(student, draw):
    """dx has the size of x, without the padding."""
    x, w = draw.images(N=2, C=2, H=4, W=4), draw.normal(3, 2, 1, 1)
    gradients_are_right(student, "dx", *(upstream(draw, x, w, padding=padding) for padding in (1, 2)))


@pytest.mark.task("conv2d_backward", points=2, mirror=False)
def test_dw_padding(student, draw):
    """With padding, dw counts the zeros as zeros."""
    x, w = draw.images(N=1, C=2, H=3, W=3), even(draw.normal(4, 2, 3, 3))
    gradients_are_right(student, "dw", *(upstream(draw, x, w, padding=padding) for padding in (1, 2)))


@pytest.mark.task("conv2d_backward", points=1, mirror=False)
def test_backward_remainder(student, draw):
    """Pixels that no window reached have gradient 0."""
    x, w = draw.images(N=2, C=2, H=6, W=6), even(draw.normal(4, 2, 2, 2))
    gradients_are_right(student, "dx", upstream(draw, x, w, stride=3))


@pytest.mark.task("conv2d_backward", points=1, mirror=False)
def test_backward_rectangles(student, draw):
    """Gradients of pictures and kernels that are not square."""
    passes = []
    for H, W, KH, KW in ((3, 5, 3, 2), (5, 3, 2, 3)):
        x, w = draw.images(N=2, C=3, H=H, W=W), even(draw.normal(4, 3, KH, KW))
        passes.append(upstream(draw, x, w, stride=max(KH, KW)))  # windows side by side, without overlap
    gradients_are_right(student, "dx dw", *passes)


@pytest.mark.task("conv2d_backward", points=2, mirror=False)
def test_db(student, draw):
    """db sums over pictures and pixels, and is None where there was no bias."""
    x, w, b = draw.images(N=3, C=2, H=5, W=5), even(draw.normal(4, 2, 3, 3)), draw.normal(4)
    dout = draw.normal(*shape_of_out(x, w))

    def judge(found):
        _, _, db, _, _, none = found
        assert_close(db, dout.sum(axis=(0, 2, 3)), what="db")
        assert none is None, "db is None where the forward pass had no bias."

    judge_gradients(student, judge, (dout, (x, w, b), {}), (dout, (x, w), {}))


@pytest.mark.task("conv2d_backward", points=1, law=True, mirror=False)
def test_derivative(student, draw):
    """dx and dw are the derivatives of the forward pass, also with padding and stride at once."""
    x, w = draw.images(N=2, C=3, H=7, W=6), draw.normal(4, 3, 3, 2)
    settings = {"stride": 2, "padding": 1}
    dout = draw.normal(*shape_of_out(x, w, **settings))
    along = {"dx": draw.normal(*x.shape), "dw": draw.normal(*w.shape)}
    moved = {
        "dx": reference.conv2d_forward(along["dx"], w, **settings)[0],
        "dw": reference.conv2d_forward(x, along["dw"], **settings)[0],
    }

    def judge(found):
        for name, value in zip(("dx", "dw"), found, strict=False):
            shape = along[name].shape
            assert np.shape(value) == shape, f"{name} must have the shape of what it is the gradient of."
            size = np.linalg.norm(moved[name]) * np.linalg.norm(dout)
            law = f"That {name} is the derivative of the forward pass"
            assert_adjoint((moved[name] * dout).sum(), (along[name] * value).sum(), scale=size, law=law)

    judge_gradients(student, judge, (dout, (x, w), settings))


def passes_with_one_cache(forward, backward, dout, x, w, others):
    """dx and dw afresh, then twice from a cache that is older than the latest forward pass; shipped.

    dout after each of the two passes is in the list, too: a second change could undo the first.
    """
    fresh = backward(dout.copy(), forward(x.copy(), w.copy())[1])
    if not isinstance(fresh, (tuple, list)) or len(fresh) != 3:
        raise TypeError("three values were expected")
    cache = forward(x, w)[1]
    forward(*others)
    found = [np.array(fresh[0]), np.array(fresh[1])]
    for _ in range(2):
        again = backward(dout, cache)
        found += [np.array(again[0]), np.array(again[1]), dout.copy()]
    return found


@pytest.mark.task("conv2d_backward", points=1, law=True, mirror=False)
def test_backward_unchanged(student, draw):
    """The backward pass does not modify dout, and a cache can be used twice."""
    x, w = draw.images(N=2, C=2, H=5, W=5), even(draw.normal(4, 2, 3, 3))
    dout = draw.normal(*shape_of_out(x, w))
    others = draw.normal(*x.shape), draw.normal(*w.shape)
    before = dout.copy()

    def one_by_one():
        fresh = gradients(student, before, x, w)
        yield from (fresh["dx"], fresh["dw"])
        cache = student.conv2d_forward(x, w)[1]
        student.conv2d_forward(*others)
        for _ in range(2):
            again = student.conv2d_backward(student.share(dout), cache)
            yield from (again[0], again[1], dout)

    def judge(answers):
        answers = iter(answers)
        fresh = {"dx": next(answers), "dw": next(answers)}
        for when in ("after another forward pass", "of a second backward pass"):
            again = {"dx": next(answers), "dw": next(answers)}
            assert_unchanged(before, next(answers), "dout")
            for name, value in again.items():
                assert_close(value, fresh[name], what=f"{name} {when}")

    forward, backward = student.conv2d_forward, student.conv2d_backward
    at_once(student, judge, one_by_one(), passes_with_one_cache, forward, backward, dout, x, w, others)


# --- im2col: 12 ---


def im2col_is_right(student, *calls):
    """The student's columns are the reference's."""
    one_by_one = (student.im2col(*args, **settings) for args, settings in calls)
    judge = are_close(answers_of(reference.im2col, calls), what="The matrix")
    at_once(student, judge, one_by_one, answers_of, student.im2col, calls)


@pytest.mark.task("im2col", points=3)
def test_windows(student, draw):
    """Each window is a column, in reading order."""
    im2col_is_right(
        student,
        call(draw.images(N=2, C=1, H=4, W=4), (2, 2)),
        call(draw.images(N=1, C=1, H=5, W=5), (3, 3)),
    )


@pytest.mark.task("im2col", points=3)
def test_im2col_channels(student, draw):
    """Down a column stands one channel after the other."""
    im2col_is_right(student, call(draw.images(N=2, C=3, H=4, W=4), (2, 2)))


@pytest.mark.task("im2col", points=2)
def test_im2col_stride(student, draw):
    """im2col with a stride, also with pixels left over."""
    calls = [call(draw.images(N=2, C=1, H=size, W=size), (3, 3), stride=2) for size in (5, 6)]
    im2col_is_right(student, *calls)


@pytest.mark.task("im2col", points=2)
def test_im2col_padding(student, draw):
    """im2col with zeros around the picture."""
    calls = [call(draw.images(N=2, C=1, H=3, W=3), (2, 2), padding=padding) for padding in (1, 2)]
    im2col_is_right(student, *calls)


@pytest.mark.task("im2col", points=1)
def test_im2col_dilation(student, draw):
    """im2col with holes between the kernel's elements."""
    im2col_is_right(student, call(draw.images(N=2, C=1, H=6, W=6), (3, 3), dilation=2))


@pytest.mark.task("im2col", points=1)
def test_im2col_rectangles(student, draw):
    """im2col of pictures and kernels that are not square, in any memory layout."""
    calls = [
        call(x, kernel_size)
        for H, W, kernel_size in ((4, 6, (3, 2)), (6, 4, (1, 3)))
        for _, x in draw.layouts(draw.images(N=2, C=1, H=H, W=W))
    ]
    im2col_is_right(student, *calls)


# --- conv2d_im2col: 8 ---


def assert_product(student, out, x, w, b=None, **settings):
    """The output is right, or is w times the student's own columns."""
    expected = reference.conv2d_im2col(x, w, b, **settings)
    columns = reference.im2col(x, w.shape[2:], **settings).shape

    def own():
        cols = student.im2col(x, w.shape[2:], **settings)
        if np.shape(cols) != columns or not np.any(cols):
            return None
        out = (w.reshape(len(w), -1) @ cols).reshape(expected.shape)
        return out if b is None else out + b[:, None, None]

    assert_built_on(out, expected, own, sound=lambda answer: answer is not None, what="out")


def products_are_right(student, *calls):
    """All outputs are right, or what they must be with the student's own columns."""

    def judge(outs):
        for out, (args, settings) in zip(outs, calls, strict=True):
            assert_product(student, out, *args, **settings)

    one_by_one = (student.conv2d_im2col(*args, **settings) for args, settings in calls)
    quick = are_close(answers_of(reference.conv2d_im2col, calls), what="out")
    at_once(student, judge, one_by_one, answers_of, student.conv2d_im2col, calls, quick=quick)


@pytest.mark.task("conv2d_im2col", points=2)
def test_product_of_one_picture(student, draw):
    """One matrix product gives the output of all filters."""
    products_are_right(student, call(draw.images(N=1, C=3, H=5, W=4), draw.normal(4, 3, 3, 2)))


@pytest.mark.task("conv2d_im2col", points=2)
def test_product_of_several_pictures(student, draw):
    """Pictures of a batch do not get mixed up."""
    products_are_right(student, call(draw.images(N=3, C=2, H=5, W=4), draw.normal(4, 2, 3, 2)))


@pytest.mark.task("conv2d_im2col", points=1)
def test_product_settings(student, draw):
    """Stride, padding and dilation are passed on."""
    x, w = draw.images(N=1, C=2, H=7, W=6), draw.normal(3, 2, 2, 3)
    products_are_right(student, call(x, w, stride=2), call(x, w, padding=1), call(x, w, dilation=2))


@pytest.mark.task("conv2d_im2col", points=1)
def test_product_bias(student, draw):
    """The bias of each filter is added."""
    x, w, b = draw.images(N=1, C=2, H=5, W=4), draw.normal(4, 2, 3, 2), draw.normal(4)
    products_are_right(student, call(x, w, b))


def lines_run(function, calls):
    """How many lines of Python run in each call (x, w); shipped."""
    import sys

    count = 0

    def trace(frame, event, arg):
        nonlocal count
        count += event == "line"
        return trace

    counts, before = [], sys.gettrace()
    for x, w in calls:
        count = 0
        sys.settrace(trace)
        try:
            function(x, w)
        finally:
            sys.settrace(before)
        counts.append(count)
    return counts


@pytest.mark.task("conv2d_im2col", points=2, law=True, mirror=False)
def test_product_is_fast(student, draw):
    """Many times faster than a loop over all output numbers."""
    # Counting is exact on a busy machine, but the student's process counts; the clock is ours, and generous.
    calls = [
        (draw.normal(size, 2, 8, 8), draw.normal(size, 2, 3, 3))
        for size in (2, 8)  # 16 times as many output numbers
    ]
    few, many = student.inside(lines_run, student.conv2d_im2col, calls)
    assert many < 8 * few, (
        "Python runs more lines, the more numbers the output has. Is there a loop over them?"
    )
    x, w = draw.normal(8, 16, 32, 32, dtype=np.float32), draw.normal(96, 16, 3, 3, dtype=np.float32)
    for _ in range(3):  # the fastest of three: another program may be in the way
        start = time.perf_counter()
        student.conv2d_im2col(x, w)
        if time.perf_counter() - start < FAST_ENOUGH:
            return
    raise AssertionError("It took as long as a loop over the output takes. Is there one left?")


# --- Conv2d: 10 ---


def made(make, calls, attribute):
    """An attribute of a new layer for each call (args, settings); shipped."""
    return [getattr(make(*args, **settings), attribute) for args, settings in calls]


def judge_new_layers(student, judge, attribute, *calls):
    """Judge an attribute of the student's layers as they are made."""
    one_by_one = (getattr(student.Conv2d(*args, **settings), attribute) for args, settings in calls)
    at_once(student, judge, one_by_one, made, student.Conv2d, calls, attribute)


@pytest.mark.task("conv2d_class", points=3)
def test_layer_weights(student, rng):
    """The weights are drawn from rng with the standard deviation sqrt(2 / fan_in)."""
    calls, expected = [], []
    for size in ((3, 8, 3), (4, 2, 2)):
        seed = int(rng.integers(2**31))
        calls.append(call(*size, rng=np.random.default_rng(seed)))
        expected.append(reference.Conv2d(*size, rng=np.random.default_rng(seed)).weight)
    judge_new_layers(student, are_close(expected, what="weight"), "weight", *calls)


@pytest.mark.task("conv2d_class", points=1, law=True)
def test_layer_bias(student, rng):
    """The bias starts at 0 and can be left out."""

    def judge(answers):
        bias, bare = answers
        assert_close(bias, np.zeros(5), what="bias")
        assert bare is None, "With bias=False the attribute bias is None."

    judge_new_layers(
        student,
        judge,
        "bias",
        call(2, 5, 3, rng=np.random.default_rng(0)),
        call(2, 5, 3, bias=False, rng=np.random.default_rng(0)),
    )


def parameters(draw):
    """Weights for a layer, known to the judge."""
    return even(draw.normal(4, 3, 3, 3)), draw.normal(4)


def make_layer(student, w, b, settings):
    """A layer of the student's with these weights."""
    layer = student.Conv2d(3, 4, 3, **settings, rng=np.random.default_rng(0))
    layer.weight, layer.bias = w, b
    return layer


def layer_outputs(make, x, layers):
    """The output of each layer (w, b, settings); shipped."""
    outs = []
    for w, b, settings in layers:
        layer = make(3, 4, 3, **settings, rng=np.random.default_rng(0))
        layer.weight, layer.bias = w, b
        out = layer.forward(x.copy())
        outs.append(out.copy() if isinstance(out, np.ndarray) else out)
    return outs


def layer_passes(make, w, b, settings, passes):
    """dx, weight_grad and bias_grad after each pass (x, dout) through one layer; shipped."""
    layer = make(3, 4, 3, **settings, rng=np.random.default_rng(0))
    layer.weight, layer.bias = w, b
    found = []
    for x, dout in passes:
        layer.forward(x)
        dx = layer.backward(dout)
        now = dx, getattr(layer, "weight_grad", None), getattr(layer, "bias_grad", None)
        found += [value.copy() if isinstance(value, np.ndarray) else value for value in now]
    return found


@pytest.mark.task("conv2d_class", points=2, mirror=False)
def test_layer_forward(student, draw):
    """forward uses the layer's weight, bias, stride and padding."""
    x, other = draw.images(N=2, C=3, H=7, W=7), draw.normal(4, 3, 3, 3)
    layers = [
        (*parameters(draw), settings)
        for settings in ({"stride": 2}, {"padding": 1}, {"stride": 2, "padding": 1})
    ]
    expected = [reference.conv2d_forward(x, w, b, **settings)[0] for w, b, settings in layers]

    def judge(outs):
        for out, right, (w, b, settings) in zip(outs, expected, layers, strict=True):

            def own(w=w, b=b, settings=settings):
                return student.conv2d_forward(x, w, b, **settings)[0]

            sound = lambda answer, own=own: not alike(answer, own(w=other))  # noqa: E731
            assert_built_on(out, right, own, sound, what="out")

    one_by_one = (make_layer(student, w, b, settings).forward(x) for w, b, settings in layers)
    quick = are_close(expected, what="out")
    at_once(student, judge, one_by_one, layer_outputs, student.Conv2d, x, layers, quick=quick)


@pytest.mark.task("conv2d_class", points=1, mirror=False)
def test_layer_dx(student, draw):
    """backward returns dx."""
    settings = {"stride": 2, "padding": 1}
    w, b = parameters(draw)
    x, other = draw.images(N=2, C=3, H=7, W=7), draw.normal(4, 3, 3, 3)
    dout = draw.normal(*shape_of_out(x, w, **settings))
    expected = reference.conv2d_backward(dout, reference.conv2d_forward(x, w, b, **settings)[1])[0]

    def own(w=w):
        return gradients(student, dout, x, w, b, **settings)["dx"]

    def quick(answers):
        assert_close(answers[0], expected, what="dx")

    def judge(answers):
        dx = next(iter(answers))
        assert_built_on(dx, expected, own, lambda answer: not alike(answer, own(w=other)), what="dx")

    def one_by_one():
        layer = make_layer(student, w, b, settings)
        layer.forward(x)
        yield layer.backward(dout)

    at_once(
        student, judge, one_by_one(), layer_passes, student.Conv2d, w, b, settings, [(x, dout)], quick=quick
    )


@pytest.mark.task("conv2d_class", points=2, mirror=False)
def test_layer_gradients(student, draw):
    """backward leaves the gradients in weight_grad and bias_grad."""
    layer_gradients_are_right(student, draw, 1, stride=2)


@pytest.mark.task("conv2d_class", points=1, law=True, mirror=False)
def test_layer_twice(student, draw):
    """A second backward replaces the gradients of the first."""
    layer_gradients_are_right(student, draw, 2, padding=1)


def layer_gradients_are_right(student, draw, times, **settings):
    """After each of several passes, weight_grad and bias_grad are as they should be."""
    w, b = parameters(draw)
    passes, expected = [], []
    for _ in range(times):
        x = draw.images(N=2, C=3, H=7, W=7)
        passes.append((x, draw.normal(*shape_of_out(x, w, **settings))))
        cache = reference.conv2d_forward(x, w, b, **settings)[1]
        expected.append(reference.conv2d_backward(passes[-1][1], cache)[1:])

    def quick(answers):
        for place, (dw, db) in enumerate(expected):
            assert_close(answers[3 * place + 1], dw, what="weight_grad")
            assert_close(answers[3 * place + 2], db, what="bias_grad")

    def judge(answers):
        answers = iter(answers)
        for (x, dout), right in zip(passes, expected, strict=True):
            next(answers)  # dx
            assert_layer_gradients(student, answers, right, dout, x, w, b, **settings)

    def one_by_one():
        layer = make_layer(student, w, b, settings)
        for x, dout in passes:
            layer.forward(x)
            yield layer.backward(dout)
            yield layer.weight_grad
            yield layer.bias_grad

    at_once(student, judge, one_by_one(), layer_passes, student.Conv2d, w, b, settings, passes, quick=quick)


def assert_layer_gradients(student, answers, expected, dout, x, w, b, **settings):
    """The next two answers are the right gradients, or those of the student's own functions."""

    def sound(_):
        dw = gradients(student, dout, x, w, b, **settings)["dw"]
        return np.shape(dw) == w.shape and not alike(dw, gradients(student, dout, -x, w, b, **settings)["dw"])

    for short, what, value in zip(("dw", "db"), ("weight_grad", "bias_grad"), expected, strict=True):

        def own(short=short):
            return gradients(student, dout, x, w, b, **settings)[short]

        assert_built_on(next(answers), value, own, sound, what=what)


# --- bug_hunt: 5 ---


def suspicious_conv2d(x, w):
    """The wrong code of the notebook: it turns the kernel upside down, though not left to right."""
    KH, KW = w.shape
    out = np.zeros((x.shape[0] - KH + 1, x.shape[1] - KW + 1))
    for u in range(KH):
        for v in range(KW):
            out += x[u : u + out.shape[0], v : v + out.shape[1]] * w[KH - 1 - u, v]
    return out


def right_conv2d(x, w):
    """The same of one picture and one kernel, right."""
    return reference.conv2d_forward(x[None, None], w[None, None])[0][0, 0]


@pytest.mark.task("bug_hunt", points=5, mirror=False)
def test_bug_hunt(student):
    """The blind kernel misses the bug, the sharp one shows it."""
    answer = student.bug_hunt()
    assert isinstance(answer, (tuple, list)) and len(answer) == 3, "bug_hunt must return (x, blind, sharp)."
    x, blind, sharp = (as_array(student.value(array)).astype(np.float64) for array in answer)
    for name, array in (("x", x), ("blind", blind), ("sharp", sharp)):
        assert array.ndim == 2 and array.size > 0 and max(array.shape) <= 32, (
            f"{name} must be 2-D, at most 32 x 32."
        )
        assert np.isfinite(array).all() and np.abs(array).max() < 1e6, f"{name} must hold ordinary numbers."
    for name, kernel in (("blind", blind), ("sharp", sharp)):
        fits = kernel.shape[0] <= x.shape[0] and kernel.shape[1] <= x.shape[1]
        assert fits, f"{name} must not be larger than the picture."
    assert not (blind == blind[0]).all(), "The rows of blind are all equal."
    out = right_conv2d(x, blind)
    assert np.abs(out).max() > 1e-6, "With blind the output is 0 everywhere: no test could fail on that."
    assert np.allclose(suspicious_conv2d(x, blind), out), "blind is not blind: the two outputs differ."
    same = np.allclose(suspicious_conv2d(x, sharp), right_conv2d(x, sharp), rtol=1e-6, atol=1e-6)
    assert not same, "sharp is not sharp: the two outputs are equal."


# --- bonus: 20 ---


def general_forward_is_right(student, *calls):
    """The student's outputs on these inputs are the reference's."""
    judge = are_close(outputs(reference.conv2d_general_forward, calls), what="out")
    judge_outputs(student, student.conv2d_general_forward, judge, calls)


def general_pass(draw, x, w, b=None, **settings):
    """A pass: a gradient for the output of `conv2d_general_forward`, and that function's inputs."""
    out = reference.conv2d_general_forward(x, w, b, **settings)[0]
    return draw.normal(*out.shape), (x, w, b), settings


def general_gradients_are_right(student, *passes):
    """All three gradients after the student's own forward pass are the reference's."""
    forward, backward = student.conv2d_general_forward, student.conv2d_general_backward
    expected = backward_passes(reference.conv2d_general_forward, reference.conv2d_general_backward, passes)

    def judge(found):
        for name, left, right in zip(["dx", "dw", "db"] * len(passes), found, expected, strict=True):
            if right is not None:
                assert_close(left, right, what=name)

    one_by_one = (
        value for dout, args, settings in passes for value in backward(dout, forward(*args, **settings)[1])
    )
    at_once(student, judge, one_by_one, backward_passes, forward, backward, passes)


@pytest.mark.task("conv2d_general_forward", points=4, bonus=True)
def test_pairs(student, draw):
    """Settings may differ between rows and columns."""
    x, w, b = draw.images(N=2, C=3, H=8, W=9), draw.normal(4, 3, 3, 2), draw.normal(4)
    general_forward_is_right(
        student,
        call(x, w, b, stride=(2, 1)),
        call(x, w, b, padding=(0, 2)),
        call(x, w, b, dilation=(1, 3)),
        call(x, w, b, stride=2, padding=1),
    )


@pytest.mark.task("conv2d_general_forward", points=4, bonus=True)
def test_groups(student, draw):
    """Filters of a group see the channels of that group only."""
    general_forward_is_right(
        student,
        call(draw.images(N=2, C=6, H=4, W=5), draw.normal(9, 2, 2, 3), groups=3),
        call(draw.images(N=2, C=3, H=4, W=5), draw.normal(6, 1, 2, 3), groups=3),
    )


@pytest.mark.task("conv2d_general_backward", points=4, bonus=True)
def test_backward_pairs(student, draw):
    """Gradients where stride and padding differ between rows and columns."""
    x, w, b = draw.images(N=2, C=3, H=6, W=7), draw.normal(4, 3, 3, 2), draw.normal(4)
    general_gradients_are_right(
        student,
        general_pass(draw, x, w, b, stride=(2, 1), padding=(0, 1)),
        general_pass(draw, x, w, None, stride=(1, 3), padding=(2, 0)),
    )


@pytest.mark.task("conv2d_general_backward", points=4, bonus=True)
def test_backward_dilation(student, draw):
    """Gradients with dilation."""
    x, w = draw.images(N=2, C=3, H=7, W=8), draw.normal(4, 3, 3, 2)
    passes = [general_pass(draw, x, w, dilation=dilation) for dilation in (2, (1, 3))]
    general_gradients_are_right(student, *passes)


@pytest.mark.task("conv2d_general_backward", points=4, bonus=True)
def test_backward_groups(student, draw):
    """Gradients with groups."""
    x, w, b = draw.images(N=2, C=6, H=4, W=5), draw.normal(9, 2, 2, 3), draw.normal(9)
    general_gradients_are_right(student, general_pass(draw, x, w, b, groups=3))
