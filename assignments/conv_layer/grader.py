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
    * `conv2d_im2col` and `Conv2d` stand on other tasks. What they return is right if it is the right answer.
      Where it is not, the function below may be to blame: they run once more on a stand-in of ours for it,
      which answers every call with noise of its own, and must make of that what the reference makes of it
      (see `products_on_stand_in`, `layers_on_stand_ins`). Where they stop because the student's function
      gives nothing to work with, they cannot be judged (see `or_else`).

No expected value depends on student code: to agree with oneself is worth nothing.

Several calls, one crossing
    A call of student code costs a crossing into another process. `student.inside` ships a small function
    there, which makes all calls of a check and returns what came. A check that fails runs once more with that
    function in this process, so that the student is told of single calls.
"""

import time
from contextlib import contextmanager, suppress

import numpy as np
import pytest

from autograder.compare import Difference, as_array, assert_close
from autograder.laws import assert_adjoint, assert_dtype, assert_unchanged
from autograder.student import StudentRaised, whole
from solutions import conv_layer as reference

FAST_ENOUGH = 0.3  # seconds; a matrix product takes 0.003, a loop over all output numbers more than 0.5


def even(w):
    """A kernel that does not change when it is turned by 180 degrees."""
    return w + w[..., ::-1, ::-1]


def alike(left, right):
    """Equal shapes and values, as a plain yes or no."""
    try:
        left, right = as_array(left), as_array(right)
    except Difference:
        return False
    return left.shape == right.shape and np.allclose(left, right, rtol=1e-8, atol=1e-10)


@contextmanager
def or_else(blame):
    """Where student code raises in here, `blame` (a call) tries the functions that it stands on.

    That raises where one of them gives nothing to work with.
    """
    try:
        yield
    except StudentRaised:
        blame()
        raise


def call(*args, **settings):
    """The inputs of one call."""
    return args, settings


def answers_of(function, calls):
    """The answer to each call, as it is before the next one; shipped."""
    answers = (function(*args, **settings) for args, settings in calls)
    return [each.copy() if isinstance(each, np.ndarray) else each for each in answers]


# --- conv_output_size: 8 ---


def sizes_are_right(student, cases):
    """conv_output_size gives for each call the number that stands with it."""
    sizes = student.inside(answers_of, student.conv_output_size, [inputs for inputs, _ in cases])
    for size, (_, right) in zip(sizes, cases, strict=True):
        assert_close(size, right, what="The size")


@pytest.mark.task("conv_output_size", points=1)
def test_size_plain(student, rng):
    """Without options, as many windows as there are places to start."""
    cases = []
    for kernel_size in (2, 3, 5):
        for size in (int(rng.integers(kernel_size + 1, 40)), kernel_size):
            cases.append((call(size, kernel_size), size - kernel_size + 1))
    sizes_are_right(student, cases)


@pytest.mark.task("conv_output_size", points=2)
def test_size_padding(student, rng):
    """Padding adds its zeros at both ends."""
    cases = []
    for kernel_size, padding in ((2, 1), (4, 1), (3, 2), (6, 3)):
        size = int(rng.integers(kernel_size + 1, 40))
        expected = reference.conv_output_size(size, kernel_size, padding=padding)
        cases.append((call(size, kernel_size, padding=padding), expected))
    sizes_are_right(student, cases)


@pytest.mark.task("conv_output_size", points=1)
def test_size_stride(student, rng):
    """With a stride, where the windows fit exactly."""
    cases = []
    for kernel_size, stride in ((2, 2), (3, 2), (2, 3), (4, 3)):
        windows = int(rng.integers(2, 12))
        size = kernel_size + stride * (windows - 1)
        cases.append((call(size, kernel_size, stride), windows))
    sizes_are_right(student, cases)


@pytest.mark.task("conv_output_size", points=2)
def test_size_remainder(student, rng):
    """Pixels left over at the end make no window of their own."""
    cases = []
    for kernel_size, stride, left_over in ((3, 3, 1), (2, 3, 2), (3, 2, 1), (2, 4, 3)):
        for windows in rng.integers(1, 6) * 2 + np.arange(2):  # one even, one odd number
            size = int(kernel_size + stride * (windows - 1) + left_over)
            cases.append((call(size, kernel_size, stride), windows))
    sizes_are_right(student, cases)


@pytest.mark.task("conv_output_size", points=1)
def test_size_dilation(student, rng):
    """With dilation, the kernel's elements stand apart and reach further."""
    cases = []
    for kernel_size, dilation in ((2, 2), (3, 2), (2, 3), (4, 3)):
        windows = int(rng.integers(3, 12))  # enough that a kernel taken for too long still fits
        size = dilation * (kernel_size - 1) + windows
        cases.append((call(size, kernel_size, dilation=dilation), windows))
    sizes_are_right(student, cases)


def refusals(function, calls):
    """Whether each call raises ValueError; shipped."""
    refused = []
    for args in calls:
        try:
            function(*args)
            refused.append(False)
        except ValueError:
            refused.append(True)
    return refused


@pytest.mark.task("conv_output_size", points=1, law=True)
def test_size_too_large(student, rng):
    """A kernel that does not fit raises ValueError."""
    size = int(rng.integers(3, 9))
    calls = [
        (size, kernel_size, stride, padding, dilation)
        for kernel_size, padding, dilation in ((size + 1, 0, 1), (size + 3, 1, 1), (size, 0, 2))
        for stride in (1, 2)
    ]
    answers = student.inside(refusals, student.conv_output_size, calls)
    assert all(answers), "ValueError should have been raised; nothing was."


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


def outputs(forward, calls):
    """The first of the two values of each call, as it is before the next one; shipped."""
    outs = (forward(*args, **settings)[0] for args, settings in calls)
    return [out.copy() if isinstance(out, np.ndarray) else out for out in outs]


def forward_is_right(student, *calls, of="conv2d_forward"):
    """The student's outputs on these inputs are the reference's."""
    outs, expected = student.both(outputs, getattr(student, of), calls)
    for out, right in zip(outs, expected, strict=True):
        assert_close(out, right, what="out")


@pytest.mark.task("conv2d_forward", points=2)
def test_channels(student, draw):
    """Each filter sums over all channels, for every picture."""
    first = call(draw.images(N=2, C=3, H=3, W=3), draw.normal(5, 3, 1, 1))
    second = call(draw.images(N=3, C=1, H=3, W=3), draw.normal(2, 1, 1, 1))
    forward_is_right(student, first, second)


@pytest.mark.task("conv2d_forward", points=6)
def test_orientation(student, draw):
    """The kernel lies on the picture as it is, not turned."""
    first = call(draw.images(N=2, C=3, H=5, W=5), draw.normal(4, 3, 3, 3))
    second = call(draw.images(N=1, C=2, H=4, W=4), draw.normal(3, 2, 2, 2))
    forward_is_right(student, first, second)


@pytest.mark.task("conv2d_forward", points=3)
def test_rectangles(student, draw):
    """Pictures and kernels need not be square."""
    first = call(draw.images(N=2, C=3, H=5, W=7), even(draw.normal(4, 3, 3, 2)))
    second = call(draw.images(N=2, C=3, H=6, W=4), even(draw.normal(4, 3, 1, 3)))
    forward_is_right(student, first, second)


@pytest.mark.task("conv2d_forward", points=2)
def test_bias(student, draw):
    """Each filter adds its own bias to every output pixel, once."""
    x, w, b = draw.images(N=2, C=3, H=4, W=4), even(draw.normal(4, 3, 2, 2)), draw.normal(4)
    forward_is_right(student, call(x, w, b))


@pytest.mark.task("conv2d_forward", points=4)
def test_padding(student, draw):
    """Padding surrounds the picture with zeros."""
    x, w = draw.images(N=2, C=3, H=3, W=3), even(draw.normal(4, 3, 3, 3))
    forward_is_right(student, *(call(x, w, padding=padding) for padding in (1, 2)))


@pytest.mark.task("conv2d_forward", points=3)
def test_stride(student, draw):
    """The stride moves the window by more than one pixel."""
    first = call(draw.images(N=2, C=3, H=7, W=7), even(draw.normal(4, 3, 3, 3)), stride=2)
    second = call(draw.images(N=2, C=3, H=8, W=8), even(draw.normal(4, 3, 2, 2)), stride=3)
    forward_is_right(student, first, second)


@pytest.mark.task("conv2d_forward", points=1)
def test_forward_remainder(student, draw):
    """Pixels that are left over at the end are ignored."""
    first = call(draw.images(N=2, C=3, H=6, W=6), even(draw.normal(4, 3, 3, 3)), stride=2)
    second = call(draw.images(N=2, C=3, H=7, W=7), even(draw.normal(4, 3, 2, 2)), stride=3)
    forward_is_right(student, first, second)


@pytest.mark.task("conv2d_forward", points=1)
def test_dilation(student, draw):
    """Dilation puts holes between the kernel's elements."""
    x = draw.images(N=2, C=3, H=7, W=7)
    forward_is_right(student, *(call(x, even(draw.normal(4, 3, 3, 3)), dilation=n) for n in (2, 3)))


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
    for out in student.inside(outputs, student.conv2d_forward, calls):
        assert_dtype(out, np.float32, "out")


@pytest.mark.task("conv2d_forward", points=1, law=True)
def test_forward_unchanged(student, draw):
    """The forward pass does not modify x, w or b."""
    inputs = [draw.images(N=2, C=3, H=5, W=5), draw.normal(4, 3, 3, 3), draw.normal(4)]
    before = [array.copy() for array in inputs]
    student.conv2d_forward(*student.share(inputs))
    for name, old, new in zip(["x", "w", "b"], before, inputs, strict=True):
        assert_unchanged(old, new, name)


# --- conv2d_backward: 25 ---


def shape_of_out(x, w, groups=1, **settings):
    """The shape that the output must have."""
    pairs = {name: value if isinstance(value, tuple) else (value, value) for name, value in settings.items()}
    sizes = [
        reference.conv_output_size(
            x.shape[2 + axis], w.shape[2 + axis], **{k: v[axis] for k, v in pairs.items()}
        )
        for axis in (0, 1)
    ]
    return len(x), len(w), *sizes


def upstream(draw, x, w, b=None, **settings):
    """A pass: a gradient for the output, and the inputs of the forward pass."""
    return draw.normal(*shape_of_out(x, w, **settings)), (x, w, b), settings


def gradients(backward, forward, passes):
    """dx, dw and db of each pass (dout, args, settings), one after the other in a list; shipped.

    Where a function does not return as many values as it should, the function's kind.
    """
    found = []
    for dout, args, settings in passes:
        through = forward(*args, **settings)
        if not isinstance(through, (tuple, list)) or len(through) != 2:
            return "forward"
        back = backward(dout, through[1])
        if not isinstance(back, (tuple, list)) or len(back) != 3:
            return "backward"
        found += [value.copy() if isinstance(value, np.ndarray) else value for value in back]
    return found


def usable(student, came, of="conv2d"):
    """What a shipped function found, unless it stopped at a function that returned something else."""
    if isinstance(came, str) and came == "forward":
        raise student.unusable(f"{of}_forward", "must return (out, cache).")
    if isinstance(came, str):
        raise student.unusable(f"{of}_backward", "must return (dx, dw, db).")
    return came


def own_output(student, *args, **settings):
    """The output of the student's forward pass."""
    through = student.conv2d_forward(*args, **settings)
    pair = isinstance(through, (tuple, list)) and len(through) == 2
    return usable(student, through[0] if pair else "forward")


def own_gradients(student, *passes):
    """The gradients of the student's backward pass after the student's own forward pass."""
    came = student.inside(gradients, student.conv2d_backward, student.conv2d_forward, passes)
    return usable(student, came)


def gradients_are_right(student, names, *passes, of="conv2d"):
    """The named gradients of each pass are the reference's; db counts only where there was a bias."""
    backward, forward = getattr(student, f"{of}_backward"), getattr(student, f"{of}_forward")
    came, expected = student.both(gradients, backward, forward, passes)
    came = usable(student, came, of)
    for name, value, right in zip(["dx", "dw", "db"] * len(passes), came, expected, strict=True):
        if name in names.split() and right is not None:
            assert_close(value, right, what=name)


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
    x, w = draw.images(N=2, C=2, H=2, W=2), draw.normal(3, 2, 1, 1)
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
    _, _, db, _, _, none = own_gradients(student, (dout, (x, w, b), {}), (dout, (x, w), {}))
    assert_close(db, dout.sum(axis=(0, 2, 3)), what="db")
    assert none is None, "db is None where the forward pass had no bias."


@pytest.mark.task("conv2d_backward", points=1, law=True, mirror=False)
def test_derivative(student, draw):
    """dx and dw are the derivatives of the forward pass, also with padding and stride at once."""
    x, w = draw.images(N=2, C=3, H=7, W=6), draw.normal(4, 3, 3, 2)
    settings = {"stride": 2, "padding": 1}
    dout = draw.normal(*shape_of_out(x, w, **settings))
    dx, dw, _ = own_gradients(student, (dout, (x, w), settings))
    for name, came, at in (("dx", dx, x), ("dw", dw, w)):
        along = draw.normal(*at.shape)
        came = as_array(came)
        assert came.shape == at.shape, f"{name} must have the shape of what it is the gradient of."
        moved = reference.conv2d_forward(*((along, w) if name == "dx" else (x, along)), **settings)[0]
        size = np.linalg.norm(moved) * np.linalg.norm(dout)
        law = f"That {name} is the derivative of the forward pass"
        assert_adjoint((moved * dout).sum(), (along * came).sum(), scale=size, law=law)


def gradients_of_one_cache(backward, forward, inputs, others, dout):
    """dx and dw of its own cache, then of one after another forward pass, and again; and dout; shipped.

    Where a function does not return as many values as it should, the function's kind.
    """
    found = []
    for number in range(3):
        if number < 2:
            through = forward(*[value.copy() for value in inputs])
            if not isinstance(through, (tuple, list)) or len(through) != 2:
                return "forward"
        if number == 1:
            forward(*others)
        back = backward(dout if number else dout.copy(), through[1])
        if not isinstance(back, (tuple, list)) or len(back) != 3:
            return "backward"
        found += [np.array(value) for value in back[:2]]
    return [*found, dout]


@pytest.mark.task("conv2d_backward", points=1, law=True, mirror=False)
def test_backward_unchanged(student, draw):
    """The backward pass does not modify dout, and a cache can be used twice."""
    x, w = draw.images(N=2, C=2, H=4, W=4), even(draw.normal(4, 2, 3, 3))
    dout, others = draw.normal(*shape_of_out(x, w)), (draw.normal(*x.shape), draw.normal(*w.shape))
    before = dout.copy()
    functions = student.conv2d_backward, student.conv2d_forward
    inputs = (x, w), others, student.share(dout, shipped=False)
    *came, after = usable(student, student.inside(gradients_of_one_cache, *functions, *inputs))
    assert_unchanged(before, after, "dout")
    for when, again in (("after another forward pass", came[2:4]), ("of a second backward pass", came[4:])):
        for name, value, first in zip(["dx", "dw"], again, came, strict=False):
            assert_close(value, first, what=f"{name} {when}")


# --- im2col: 12 ---


def im2col_is_right(student, *calls):
    """The student's columns are the reference's."""
    matrices, expected = student.both(answers_of, student.im2col, calls)
    for cols, right in zip(matrices, expected, strict=True):
        assert_close(cols, right, what="The matrix")


@pytest.mark.task("im2col", points=3)
def test_windows(student, draw):
    """Each window is a column, in reading order."""
    first = call(draw.images(N=2, C=1, H=4, W=4), (2, 2))
    second = call(draw.images(N=1, C=1, H=5, W=5), (3, 3))
    im2col_is_right(student, first, second)


@pytest.mark.task("im2col", points=3)
def test_im2col_channels(student, draw):
    """Down a column stands one channel after the other."""
    im2col_is_right(student, call(draw.images(N=2, C=3, H=4, W=4), (2, 2)))


@pytest.mark.task("im2col", points=2)
def test_im2col_stride(student, draw):
    """im2col with a stride, also with pixels left over."""
    im2col_is_right(student, *(call(draw.images(N=2, C=1, H=n, W=n), (3, 3), stride=2) for n in (5, 6)))


@pytest.mark.task("im2col", points=2)
def test_im2col_padding(student, draw):
    """im2col with zeros around the picture."""
    im2col_is_right(student, *(call(draw.images(N=2, C=1, H=3, W=3), (2, 2), padding=n) for n in (1, 2)))


@pytest.mark.task("im2col", points=1)
def test_im2col_dilation(student, draw):
    """im2col with holes between the kernel's elements."""
    im2col_is_right(student, call(draw.images(N=2, C=1, H=6, W=6), (3, 3), dilation=2))


@pytest.mark.task("im2col", points=1)
def test_im2col_rectangles(student, draw):
    """im2col of pictures and kernels that are not square, in any memory layout."""
    calls = []
    for H, W, kernel_size in ((4, 6, (3, 2)), (6, 4, (1, 3))):
        layouts = draw.layouts(draw.images(N=2, C=1, H=H, W=W))
        calls += [call(x, kernel_size) for _, x in layouts]
    im2col_is_right(student, *calls)


# --- conv2d_im2col: 8 ---


@whole
def products_on_stand_in(conv2d_im2col, calls, directions, seed):
    """The output of each call, multiplied with the directions one after the other, on our im2col; shipped.

    Ours gives noise that depends on all it is given.
    """
    import zlib

    def columns(x, kernel_size, stride=1, padding=0, dilation=1):
        KH, KW = kernel_size
        settings = KH, KW, stride, padding, dilation
        given = [np.ascontiguousarray(each, dtype=float).tobytes() for each in (x, settings)]
        noise = np.random.default_rng([seed, zlib.crc32(b"".join(given))])
        (N, C), sizes = x.shape[:2], zip(x.shape[2:], (KH, KW), strict=True)
        OH, OW = ((n + 2 * padding - dilation * (k - 1) - 1) // stride + 1 for n, k in sizes)
        return noise.standard_normal((N, C * KH * KW, OH * OW)).astype(x.dtype)

    scope = getattr(conv2d_im2col, "__globals__", {})
    before = {name: scope[name] for name in ("im2col",) if name in scope}
    scope.update(im2col=columns)
    try:
        found = []
        for args, settings in calls:
            out = np.array(conv2d_im2col(*args, **settings))
            fits = out.shape[:1:-1] == tuple(map(len, directions))
            for direction in directions if fits else ():
                out = out @ direction
            found.append(out)
        return found
    finally:
        del scope["im2col"]
        scope.update(before)


def products_are_right(student, rng, *calls):
    """Each output is right, or all of them are w times what im2col returns."""
    with or_else(lambda: [own_columns(student, *args, **settings) for args, settings in calls]):
        outs, expected = student.both(answers_of, student.conv2d_im2col, calls)
    if all(map(alike, outs, expected)):
        return
    inputs = calls, (), int(rng.integers(2**31))
    with suppress(StudentRaised):
        came = student.inside(products_on_stand_in, student.conv2d_im2col, *inputs)
        if all(map(alike, came, products_on_stand_in(reference.conv2d_im2col, *inputs))):
            return
    for out, right in zip(outs, expected, strict=True):
        assert_close(out, right, what="out")


def own_columns(student, x, w, b=None, **settings):
    """The student's own matrix; one of another shape is nothing to multiply with."""
    cols = student.im2col(x, w.shape[2:], **settings)
    right = reference.im2col(x, w.shape[2:], **settings).shape
    if not isinstance(cols, np.ndarray) or cols.shape != right:
        raise student.unusable("im2col", f"must return a matrix of shape {right} here.")
    return cols


@pytest.mark.task("conv2d_im2col", points=2)
def test_product_of_one_picture(student, draw, rng):
    """One matrix product gives the output of all filters."""
    products_are_right(student, rng, call(draw.images(N=1, C=3, H=5, W=4), draw.normal(4, 3, 3, 2)))


@pytest.mark.task("conv2d_im2col", points=2)
def test_product_of_several_pictures(student, draw, rng):
    """Pictures of a batch do not get mixed up."""
    products_are_right(student, rng, call(draw.images(N=3, C=2, H=5, W=4), draw.normal(4, 2, 3, 2)))


@pytest.mark.task("conv2d_im2col", points=1)
def test_product_settings(student, draw, rng):
    """Stride, padding and dilation are passed on."""
    x, w = draw.images(N=1, C=2, H=7, W=6), draw.normal(3, 2, 2, 3)
    products_are_right(student, rng, call(x, w, stride=2), call(x, w, padding=1), call(x, w, dilation=2))


@pytest.mark.task("conv2d_im2col", points=1)
def test_product_bias(student, draw, rng):
    """The bias of each filter is added."""
    x, w, b = draw.images(N=1, C=2, H=5, W=4), draw.normal(4, 2, 3, 2), draw.normal(4)
    products_are_right(student, rng, call(x, w, b))


def lines_run(function, calls):
    """How many lines of Python run in each call; shipped."""
    import sys

    count = 0

    def trace(frame, event, arg):
        nonlocal count
        count += event == "line"
        return trace

    counts = []
    before = sys.gettrace()
    for x, w in calls:
        count = 0
        sys.settrace(trace)
        try:
            function(x, w)
        finally:
            sys.settrace(before)
        counts.append(count)
    return counts


@whole
def projected(function, x, w, directions):
    """The output, which may be large itself, multiplied with the directions one after the other; shipped.

    None where it has another shape than they have.
    """
    out = np.asarray(function(x, w))
    if out.shape[:1:-1] != tuple(map(len, directions)):
        return None
    for direction in directions:
        out = out @ direction
    return out


def in_time(student, *shipped):
    """What a shipped function finds. Fail where it takes long."""
    for _ in range(3):  # the fastest of three: another program may be in the way
        start = time.perf_counter()
        came = student.inside(*shipped)
        if time.perf_counter() - start < FAST_ENOUGH:
            return came
    raise AssertionError("It took as long as a loop over the output takes. Is there one left?")


def same_projection(came, right):
    """Whether float32 rounding is all that lies between a projection and the right one."""
    if came is None:
        return False
    came = as_array(came)
    return came.shape == right.shape and np.linalg.norm(came - right) <= 1e-4 * np.linalg.norm(right)


@pytest.mark.task("conv2d_im2col", points=2, law=True, mirror=False)
def test_product_is_fast(student, draw, rng):
    """Many times faster than a loop over all output numbers."""
    # Counting is exact on a busy machine, but the student's process counts; the clock is ours, and generous.
    sizes = (2, 8)  # 16 times as many output numbers
    calls = [(draw.normal(size, 2, 8, 8), draw.normal(size, 2, 3, 3)) for size in sizes]
    with or_else(lambda: [own_columns(student, *inputs) for inputs in calls]):
        few, many = map(as_array, student.inside(lines_run, student.conv2d_im2col, calls))
    assert many < 8 * few, (
        "Python runs more lines, the more numbers the output has. Is there a loop over them?"
    )
    # What is timed must be right: of one picture, since mixed up pictures have a check of their own.
    x, w = draw.normal(1, 16, 44, 46, dtype=np.float32), draw.normal(96, 16, 3, 3, dtype=np.float32)
    directions = draw.normal(44), draw.normal(42)
    came = in_time(student, projected, student.conv2d_im2col, x, w, directions)
    if same_projection(came, projected(reference.conv2d_im2col, x, w, directions)):
        return
    inputs = [call(x, w)], directions, int(rng.integers(2**31))
    (came,) = in_time(student, products_on_stand_in, student.conv2d_im2col, *inputs)
    (right,) = products_on_stand_in(reference.conv2d_im2col, *inputs)
    assert same_projection(came, right), "On a larger picture, the output is wrong."


# --- Conv2d: 10 ---


def parameters(Conv2d, name, calls):
    """The named attribute of a new layer for each call; shipped."""
    return [getattr(Conv2d(*args, **settings), name) for args, settings in calls]


@pytest.mark.task("conv2d_class", points=3)
def test_layer_weights(student, rng):
    """The weights are drawn from rng with the standard deviation sqrt(2 / fan_in)."""
    calls, expected = [], []
    for size in ((3, 8, 3), (4, 2, 2)):
        seed = int(rng.integers(2**31))
        calls.append(call(*size, rng=np.random.default_rng(seed)))
        expected.append(reference.Conv2d(*size, rng=np.random.default_rng(seed)).weight)
    weights = student.inside(parameters, student.Conv2d, "weight", calls)
    for weight, right in zip(weights, expected, strict=True):
        assert_close(weight, right, what="weight")


@pytest.mark.task("conv2d_class", points=1, law=True)
def test_layer_bias(student, rng):
    """The bias starts at 0 and can be left out."""
    calls = [call(2, 5, 3, **bias, rng=np.random.default_rng(0)) for bias in ({}, {"bias": False})]
    bias, bare = student.inside(parameters, student.Conv2d, "bias", calls)
    assert_close(bias, np.zeros(5), what="bias")
    assert bare is None, "With bias=False the attribute bias is None."


def layers_at_work(Conv2d, jobs, names):
    """Of each pass the output, dx and the named attributes that it leaves, in one flat list; shipped."""

    def as_it_is(value):
        return value.copy() if isinstance(value, np.ndarray) else value

    found = []
    for w, b, settings, passes in jobs:
        layer = Conv2d(3, 4, 3, **settings, rng=np.random.default_rng(0))
        layer.weight, layer.bias = w, b
        for x, dout in passes:
            found.append(as_it_is(layer.forward(x)))
            found.append(None if dout is None else as_it_is(layer.backward(dout)))
            found += [as_it_is(getattr(layer, name)) for name in names]
    return found


def some_weights(draw):
    """w and b for a layer."""
    return even(draw.normal(4, 3, 3, 3)), draw.normal(4)


@whole
def layers_on_stand_ins(Conv2d, jobs, names, seed):
    """What `layers_at_work` finds while conv2d_forward and conv2d_backward are ours; shipped.

    They give noise that depends on all they are given.
    """
    import zlib

    def noise(*given):
        given = [None if each is None else np.ascontiguousarray(each, dtype=float) for each in given]
        given = b"".join(b"none" if each is None else each.tobytes() for each in given)
        return np.random.default_rng([seed, zlib.crc32(given)])

    def forward(x, w, b=None, stride=1, padding=0, dilation=1):
        sizes = zip(x.shape[2:], w.shape[2:], strict=True)
        OH, OW = ((n + 2 * padding - dilation * (k - 1) - 1) // stride + 1 for n, k in sizes)
        given = noise(x, w, b, stride, padding, dilation)
        out = given.standard_normal((len(x), len(w), OH, OW))
        return out, (given.random(), x.shape, w.shape, None if b is None else b.shape)

    def backward(dout, cache):
        number, *shapes = cache
        given = noise(dout, number)
        return tuple(None if shape is None else given.standard_normal(shape) for shape in shapes)

    own = [each for kind in getattr(Conv2d, "__mro__", ()) for each in vars(kind).values()]
    scope = next((each.__globals__ for each in (Conv2d, *own) if hasattr(each, "__globals__")), {})
    before = {name: scope[name] for name in ("conv2d_forward", "conv2d_backward") if name in scope}
    scope.update(conv2d_forward=forward, conv2d_backward=backward)
    try:
        found = []
        for w, b, settings, passes in jobs:
            layer = Conv2d(3, 4, 3, **settings, rng=np.random.default_rng(0))
            layer.weight, layer.bias = w, b
            for x, dout in passes:
                found.append(np.array(layer.forward(x)))
                found.append(None if dout is None else np.array(layer.backward(dout)))
                found += [np.array(getattr(layer, name)) for name in names]
        return found
    finally:
        del scope["conv2d_forward"], scope["conv2d_backward"]
        scope.update(before)


def layer_is_right(student, rng, jobs, wanted, names=()):
    """What the layer finds is right, or is what it must make of the functions that it stands on.

    `wanted` says what is looked at: for each place in a pass (out, dx, then the named attributes) what it is.
    """

    def blame():
        for w, b, settings, passes in jobs:
            for x, dout in passes:
                own_output(student, x, w, b, **settings)
                if dout is not None:
                    own_gradients(student, (dout, (x, w, b), settings))

    def picked(found):
        return [each for at, each in enumerate(found) if at % (2 + len(names)) in wanted]

    with or_else(blame):
        came, expected = student.both(layers_at_work, student.Conv2d, jobs, names)
    came, expected = picked(came), picked(expected)
    if all(map(alike, came, expected)):
        return
    inputs = jobs, names, int(rng.integers(2**31))
    with suppress(StudentRaised):
        again = student.inside(layers_on_stand_ins, student.Conv2d, *inputs)
        if all(map(alike, picked(again), picked(layers_on_stand_ins(reference.Conv2d, *inputs)))):
            return
    for number, (value, right) in enumerate(zip(came, expected, strict=True)):
        assert_close(value, right, what=list(wanted.values())[number % len(wanted)])


@pytest.mark.task("conv2d_class", points=2, mirror=False)
def test_layer_forward(student, draw, rng):
    """forward uses the layer's weight, bias, stride and padding."""
    x = draw.images(N=2, C=3, H=5, W=5)
    several = {"stride": 2}, {"padding": 1}, {"stride": 2, "padding": 1}
    jobs = [(*some_weights(draw), settings, [(x, None)]) for settings in several]
    layer_is_right(student, rng, jobs, {0: "out"})


@pytest.mark.task("conv2d_class", points=1, mirror=False)
def test_layer_dx(student, draw, rng):
    """backward returns dx."""
    settings = {"stride": 2, "padding": 1}
    w, b = some_weights(draw)
    x = draw.images(N=2, C=3, H=5, W=5)
    dout = draw.normal(*shape_of_out(x, w, **settings))
    layer_is_right(student, rng, [(w, b, settings, [(x, dout)])], {1: "dx"})


@pytest.mark.task("conv2d_class", points=2, mirror=False)
def test_layer_gradients(student, draw, rng):
    """backward leaves the gradients in weight_grad and bias_grad."""
    layer_gradients_are_right(student, draw, rng, size=5, times=1, stride=2)


@pytest.mark.task("conv2d_class", points=1, law=True, mirror=False)
def test_layer_twice(student, draw, rng):
    """A second backward replaces the gradients of the first."""
    layer_gradients_are_right(student, draw, rng, size=4, times=2)


def layer_gradients_are_right(student, draw, rng, size, times, **settings):
    """weight_grad and bias_grad are right after each pass."""
    w, b = some_weights(draw)
    passes = []
    for _ in range(times):
        x = draw.images(N=2, C=3, H=size, W=size)
        passes.append((x, draw.normal(*shape_of_out(x, w, **settings))))
    names = "weight_grad", "bias_grad"
    layer_is_right(student, rng, [(w, b, settings, passes)], {2: names[0], 3: names[1]}, names)


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


@pytest.mark.task("conv2d_general_forward", points=4, bonus=True)
def test_pairs(student, draw):
    """Settings may differ between rows and columns."""
    x, w, b = draw.images(N=2, C=3, H=8, W=9), draw.normal(4, 3, 3, 2), draw.normal(4)
    several = ({"stride": (2, 1)}, {"padding": (0, 2)}, {"dilation": (1, 3)}, {"stride": 2, "padding": 1})
    calls = [call(x, w, b, **settings) for settings in several]
    forward_is_right(student, *calls, of="conv2d_general_forward")


@pytest.mark.task("conv2d_general_forward", points=4, bonus=True)
def test_groups(student, draw):
    """Filters of a group see the channels of that group only."""
    first = call(draw.images(N=2, C=6, H=4, W=5), draw.normal(9, 2, 2, 3), groups=3)
    second = call(draw.images(N=2, C=3, H=4, W=5), draw.normal(6, 1, 2, 3), groups=3)
    forward_is_right(student, first, second, of="conv2d_general_forward")


@pytest.mark.task("conv2d_general_backward", points=4, bonus=True, mirror=False)
def test_backward_pairs(student, draw):
    """Gradients where stride and padding differ between rows and columns."""
    x, w, b = draw.images(N=2, C=3, H=6, W=7), draw.normal(4, 3, 3, 2), draw.normal(4)
    first = upstream(draw, x, w, b, stride=(2, 1), padding=(0, 1))
    second = upstream(draw, x, w, None, stride=(1, 3), padding=(2, 0))
    gradients_are_right(student, "dx dw db", first, second, of="conv2d_general")


@pytest.mark.task("conv2d_general_backward", points=4, bonus=True, mirror=False)
def test_backward_dilation(student, draw):
    """Gradients with dilation."""
    x, w = draw.images(N=2, C=3, H=7, W=8), draw.normal(4, 3, 3, 2)
    passes = [upstream(draw, x, w, dilation=dilation) for dilation in (2, (1, 3))]
    gradients_are_right(student, "dx dw db", *passes, of="conv2d_general")


@pytest.mark.task("conv2d_general_backward", points=4, bonus=True, mirror=False)
def test_backward_groups(student, draw):
    """Gradients with groups."""
    x, w, b = draw.images(N=2, C=6, H=4, W=5), draw.normal(9, 2, 2, 3), draw.normal(9)
    one = upstream(draw, x, w, b, groups=3)
    gradients_are_right(student, "dx dw db", one, of="conv2d_general")
