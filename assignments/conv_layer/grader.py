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
"""

import time

import numpy as np
import pytest

from autograder.compare import as_array, assert_close
from autograder.laws import assert_adjoint, assert_dtype, assert_unchanged
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


# --- conv_output_size: 8 ---


@pytest.mark.task("conv_output_size", points=1)
def test_size_plain(student, rng):
    """Without options, as many windows as there are places to start."""
    for kernel_size in (2, 3, 5):
        for size in (int(rng.integers(kernel_size + 1, 40)), kernel_size):
            assert_close(student.conv_output_size(size, kernel_size), size - kernel_size + 1, what="The size")


@pytest.mark.task("conv_output_size", points=2)
def test_size_padding(student, rng):
    """Padding adds its zeros at both ends."""
    for kernel_size, padding in ((2, 1), (4, 1), (3, 2), (6, 3)):
        size = int(rng.integers(kernel_size + 1, 40))
        expected = reference.conv_output_size(size, kernel_size, padding=padding)
        assert_close(student.conv_output_size(size, kernel_size, padding=padding), expected, what="The size")


@pytest.mark.task("conv_output_size", points=1)
def test_size_stride(student, rng):
    """With a stride, where the windows fit exactly."""
    for kernel_size, stride in ((2, 2), (3, 2), (2, 3), (4, 3)):
        windows = int(rng.integers(2, 12))
        size = kernel_size + stride * (windows - 1)
        assert_close(student.conv_output_size(size, kernel_size, stride), windows, what="The size")


@pytest.mark.task("conv_output_size", points=2)
def test_size_remainder(student, rng):
    """Pixels left over at the end make no window of their own."""
    for kernel_size, stride, left_over in ((3, 3, 1), (2, 3, 2), (3, 2, 1), (2, 4, 3)):
        for windows in rng.integers(1, 6) * 2 + np.arange(2):  # one even, one odd number
            size = int(kernel_size + stride * (windows - 1) + left_over)
            assert_close(student.conv_output_size(size, kernel_size, stride), windows, what="The size")


@pytest.mark.task("conv_output_size", points=1)
def test_size_dilation(student, rng):
    """With dilation, the kernel's elements stand apart and reach further."""
    for kernel_size, dilation in ((2, 2), (3, 2), (2, 3), (4, 3)):
        windows = int(rng.integers(2, 12))
        size = dilation * (kernel_size - 1) + windows
        assert_close(student.conv_output_size(size, kernel_size, dilation=dilation), windows, what="The size")


@pytest.mark.task("conv_output_size", points=1, law=True)
def test_size_too_large(student, rng):
    """A kernel that does not fit raises ValueError."""
    size = int(rng.integers(3, 9))
    for kernel_size, padding, dilation in ((size + 1, 0, 1), (size + 3, 1, 1), (size, 0, 2)):
        for stride in (1, 2):
            with pytest.raises(ValueError):
                student.conv_output_size(size, kernel_size, stride, padding, dilation)


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


def forward_is_right(student, x, w, b=None, **settings):
    """The student's output on these inputs is the reference's."""
    out = student.conv2d_forward(x, w, b, **settings)[0]
    assert_close(out, reference.conv2d_forward(x, w, b, **settings)[0], what="out")


@pytest.mark.task("conv2d_forward", points=2)
def test_channels(student, draw):
    """Each filter sums over all channels, for every picture."""
    forward_is_right(student, draw.images(N=2, C=3, H=4, W=4), draw.normal(5, 3, 1, 1))
    forward_is_right(student, draw.images(N=3, C=1, H=4, W=4), draw.normal(2, 1, 1, 1))


@pytest.mark.task("conv2d_forward", points=6)
def test_orientation(student, draw):
    """The kernel lies on the picture as it is, not turned."""
    forward_is_right(student, draw.images(N=2, C=3, H=5, W=5), draw.normal(4, 3, 3, 3))
    forward_is_right(student, draw.images(N=1, C=2, H=4, W=4), draw.normal(3, 2, 2, 2))


@pytest.mark.task("conv2d_forward", points=3)
def test_rectangles(student, draw):
    """Pictures and kernels need not be square."""
    forward_is_right(student, draw.images(N=2, C=3, H=5, W=7), even(draw.normal(4, 3, 3, 2)))
    forward_is_right(student, draw.images(N=2, C=3, H=6, W=4), even(draw.normal(4, 3, 1, 3)))


@pytest.mark.task("conv2d_forward", points=2)
def test_bias(student, draw):
    """Each filter adds its own bias to every output pixel, once."""
    forward_is_right(student, draw.images(N=2, C=3, H=4, W=4), even(draw.normal(4, 3, 2, 2)), draw.normal(4))


@pytest.mark.task("conv2d_forward", points=4)
def test_padding(student, draw):
    """Padding surrounds the picture with zeros."""
    x, w = draw.images(N=2, C=3, H=4, W=4), even(draw.normal(4, 3, 3, 3))
    for padding in (1, 2):
        forward_is_right(student, x, w, padding=padding)


@pytest.mark.task("conv2d_forward", points=3)
def test_stride(student, draw):
    """The stride moves the window by more than one pixel."""
    forward_is_right(student, draw.images(N=2, C=3, H=7, W=7), even(draw.normal(4, 3, 3, 3)), stride=2)
    forward_is_right(student, draw.images(N=2, C=3, H=8, W=8), even(draw.normal(4, 3, 2, 2)), stride=3)


@pytest.mark.task("conv2d_forward", points=1)
def test_forward_remainder(student, draw):
    """Pixels that are left over at the end are ignored."""
    forward_is_right(student, draw.images(N=2, C=3, H=6, W=6), even(draw.normal(4, 3, 3, 3)), stride=2)
    forward_is_right(student, draw.images(N=2, C=3, H=7, W=7), even(draw.normal(4, 3, 2, 2)), stride=3)


@pytest.mark.task("conv2d_forward", points=1)
def test_dilation(student, draw):
    """Dilation puts holes between the kernel's elements."""
    x = draw.images(N=2, C=3, H=7, W=7)
    for dilation in (2, 3):
        forward_is_right(student, x, even(draw.normal(4, 3, 3, 3)), dilation=dilation)


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
    for b in (None, draw.normal(4, dtype=np.float32)):
        assert_dtype(student.conv2d_forward(x, w, b)[0], np.float32, "out")


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


def gradients_are_right(student, names, dout, x, w, b=None, **settings):
    """The named gradients are the reference's."""
    came = gradients(student, dout, x, w, b, **settings)
    expected = reference.conv2d_backward(dout, reference.conv2d_forward(x, w, b, **settings)[1])
    for name, value in zip(["dx", "dw", "db"], expected, strict=True):
        if name in names.split():
            assert_close(came[name], value, what=name)


@pytest.mark.task("conv2d_backward", points=4, mirror=False)
def test_dw(student, draw):
    """dw sums over all windows of all pictures."""
    for N in (1, 3):
        x, w = draw.images(N=N, C=2, H=5, W=5), draw.normal(4, 2, 3, 3)
        gradients_are_right(student, "dw", draw.normal(*shape_of_out(x, w)), x, w)


@pytest.mark.task("conv2d_backward", points=3, mirror=False)
def test_dx_of_one_window(student, draw):
    """Where there is a single window, dx sums over the filters."""
    x, w = draw.images(N=3, C=2, H=3, W=3), draw.normal(4, 2, 3, 3)
    gradients_are_right(student, "dx", draw.normal(3, 4, 1, 1), x, w)


@pytest.mark.task("conv2d_backward", points=4, mirror=False)
def test_dx_overlap(student, draw):
    """A pixel in several windows receives the sum of what they send back."""
    for size, kernel_size in ((5, 3), (4, 2)):
        x, w = draw.images(N=2, C=2, H=size, W=size), even(draw.normal(4, 2, kernel_size, kernel_size))
        gradients_are_right(student, "dx", draw.normal(*shape_of_out(x, w)), x, w)


@pytest.mark.task("conv2d_backward", points=3, mirror=False)
def test_backward_stride(student, draw):
    """With a stride, gradients go back to where the windows were."""
    for size, stride in ((6, 3), (7, 4)):
        x, w = draw.images(N=2, C=2, H=size, W=size), even(draw.normal(4, 2, 3, 3))
        dout = draw.normal(*shape_of_out(x, w, stride=stride))
        gradients_are_right(student, "dx dw", dout, x, w, stride=stride)


@pytest.mark.task("conv2d_backward", points=3, mirror=False)
def test_dx_padding(student, draw):
    """dx has the size of x, without the padding."""
    x, w = draw.images(N=2, C=2, H=4, W=4), draw.normal(3, 2, 1, 1)
    for padding in (1, 2):
        dout = draw.normal(*shape_of_out(x, w, padding=padding))
        gradients_are_right(student, "dx", dout, x, w, padding=padding)


@pytest.mark.task("conv2d_backward", points=2, mirror=False)
def test_dw_padding(student, draw):
    """With padding, dw counts the zeros as zeros."""
    x, w = draw.images(N=1, C=2, H=3, W=3), even(draw.normal(4, 2, 3, 3))
    for padding in (1, 2):
        dout = draw.normal(*shape_of_out(x, w, padding=padding))
        gradients_are_right(student, "dw", dout, x, w, padding=padding)


@pytest.mark.task("conv2d_backward", points=1, mirror=False)
def test_backward_remainder(student, draw):
    """Pixels that no window reached have gradient 0."""
    x, w = draw.images(N=2, C=2, H=6, W=6), even(draw.normal(4, 2, 2, 2))
    gradients_are_right(student, "dx", draw.normal(*shape_of_out(x, w, stride=3)), x, w, stride=3)


@pytest.mark.task("conv2d_backward", points=1, mirror=False)
def test_backward_rectangles(student, draw):
    """Gradients of pictures and kernels that are not square."""
    for H, W, KH, KW in ((3, 5, 3, 2), (5, 3, 2, 3)):
        x, w = draw.images(N=2, C=3, H=H, W=W), even(draw.normal(4, 3, KH, KW))
        stride = max(KH, KW)  # windows side by side, without overlap
        dout = draw.normal(*shape_of_out(x, w, stride=stride))
        gradients_are_right(student, "dx dw", dout, x, w, stride=stride)


@pytest.mark.task("conv2d_backward", points=2, mirror=False)
def test_db(student, draw):
    """db sums over pictures and pixels, and is None where there was no bias."""
    x, w, b = draw.images(N=3, C=2, H=5, W=5), even(draw.normal(4, 2, 3, 3)), draw.normal(4)
    dout = draw.normal(*shape_of_out(x, w))
    gradients_are_right(student, "db", dout, x, w, b)
    assert gradients(student, dout, x, w)["db"] is None, "db is None where the forward pass had no bias."


@pytest.mark.task("conv2d_backward", points=1, law=True, mirror=False)
def test_derivative(student, draw):
    """dx and dw are the derivatives of the forward pass, also with padding and stride at once."""
    x, w = draw.images(N=2, C=3, H=7, W=6), draw.normal(4, 3, 3, 2)
    settings = {"stride": 2, "padding": 1}
    dout = draw.normal(*shape_of_out(x, w, **settings))
    came = gradients(student, dout, x, w, **settings)
    for name, at, along in (("dx", x, draw.normal(*x.shape)), ("dw", w, draw.normal(*w.shape))):
        assert np.shape(came[name]) == at.shape, f"{name} must have the shape of what it is the gradient of."
        moved = reference.conv2d_forward(*((along, w) if name == "dx" else (x, along)), **settings)[0]
        size = np.linalg.norm(moved) * np.linalg.norm(dout)
        law = f"That {name} is the derivative of the forward pass"
        assert_adjoint((moved * dout).sum(), (along * came[name]).sum(), scale=size, law=law)


@pytest.mark.task("conv2d_backward", points=1, law=True, mirror=False)
def test_backward_unchanged(student, draw):
    """The backward pass does not modify dout, and a cache can be used twice."""
    x, w = draw.images(N=2, C=2, H=5, W=5), even(draw.normal(4, 2, 3, 3))
    dout = draw.normal(*shape_of_out(x, w))
    before = dout.copy()
    fresh = gradients(student, dout, x, w)
    cache = student.conv2d_forward(x, w)[1]
    student.conv2d_forward(draw.normal(*x.shape), draw.normal(*w.shape))
    for when in ("after another forward pass", "of a second backward pass"):
        again = student.conv2d_backward(student.share(dout), cache)
        assert_unchanged(before, dout, "dout")
        for name, value in zip(["dx", "dw"], again, strict=False):
            assert_close(value, fresh[name], what=f"{name} {when}")


# --- im2col: 12 ---


def im2col_is_right(student, x, kernel_size, **settings):
    """The student's columns are the reference's."""
    cols = student.im2col(x, kernel_size, **settings)
    assert_close(cols, reference.im2col(x, kernel_size, **settings), what="The matrix")


@pytest.mark.task("im2col", points=3)
def test_windows(student, draw):
    """Each window is a column, in reading order."""
    im2col_is_right(student, draw.images(N=2, C=1, H=4, W=4), (2, 2))
    im2col_is_right(student, draw.images(N=1, C=1, H=5, W=5), (3, 3))


@pytest.mark.task("im2col", points=3)
def test_im2col_channels(student, draw):
    """Down a column stands one channel after the other."""
    im2col_is_right(student, draw.images(N=2, C=3, H=4, W=4), (2, 2))


@pytest.mark.task("im2col", points=2)
def test_im2col_stride(student, draw):
    """im2col with a stride, also with pixels left over."""
    im2col_is_right(student, draw.images(N=2, C=1, H=5, W=5), (3, 3), stride=2)
    im2col_is_right(student, draw.images(N=2, C=1, H=6, W=6), (3, 3), stride=2)


@pytest.mark.task("im2col", points=2)
def test_im2col_padding(student, draw):
    """im2col with zeros around the picture."""
    for padding in (1, 2):
        im2col_is_right(student, draw.images(N=2, C=1, H=3, W=3), (2, 2), padding=padding)


@pytest.mark.task("im2col", points=1)
def test_im2col_dilation(student, draw):
    """im2col with holes between the kernel's elements."""
    im2col_is_right(student, draw.images(N=2, C=1, H=6, W=6), (3, 3), dilation=2)


@pytest.mark.task("im2col", points=1)
def test_im2col_rectangles(student, draw):
    """im2col of pictures and kernels that are not square, in any memory layout."""
    for H, W, kernel_size in ((4, 6, (3, 2)), (6, 4, (1, 3))):
        for _, x in draw.layouts(draw.images(N=2, C=1, H=H, W=W)):
            im2col_is_right(student, x, kernel_size)


# --- conv2d_im2col: 8 ---


def product_is_right(student, x, w, b=None, **settings):
    """The output is right, or is w times the student's own columns."""
    expected = reference.conv2d_im2col(x, w, b, **settings)
    columns = reference.im2col(x, w.shape[2:], **settings).shape

    def own():
        cols = student.im2col(x, w.shape[2:], **settings)
        if np.shape(cols) != columns or not np.any(cols):
            return None
        out = (w.reshape(len(w), -1) @ cols).reshape(expected.shape)
        return out if b is None else out + b[:, None, None]

    out = student.conv2d_im2col(x, w, b, **settings)
    assert_built_on(out, expected, own, sound=lambda answer: answer is not None, what="out")


@pytest.mark.task("conv2d_im2col", points=2)
def test_product_of_one_picture(student, draw):
    """One matrix product gives the output of all filters."""
    product_is_right(student, draw.images(N=1, C=3, H=5, W=4), draw.normal(4, 3, 3, 2))


@pytest.mark.task("conv2d_im2col", points=2)
def test_product_of_several_pictures(student, draw):
    """Pictures of a batch do not get mixed up."""
    product_is_right(student, draw.images(N=3, C=2, H=5, W=4), draw.normal(4, 2, 3, 2))


@pytest.mark.task("conv2d_im2col", points=1)
def test_product_settings(student, draw):
    """Stride, padding and dilation are passed on."""
    x, w = draw.images(N=1, C=2, H=7, W=6), draw.normal(3, 2, 2, 3)
    for settings in ({"stride": 2}, {"padding": 1}, {"dilation": 2}):
        product_is_right(student, x, w, **settings)


@pytest.mark.task("conv2d_im2col", points=1)
def test_product_bias(student, draw):
    """The bias of each filter is added."""
    product_is_right(student, draw.images(N=1, C=2, H=5, W=4), draw.normal(4, 2, 3, 2), draw.normal(4))


def lines_run(function, x, w):
    """How many lines of Python run in one call; shipped to the student's process."""
    import sys

    count = 0

    def trace(frame, event, arg):
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function(x, w)
    finally:
        sys.settrace(before)
    return count


@pytest.mark.task("conv2d_im2col", points=2, law=True, mirror=False)
def test_product_is_fast(student, draw):
    """Many times faster than a loop over all output numbers."""
    # Counting is exact on a busy machine, but the student's process counts; the clock is ours, and generous.
    few, many = (
        student.inside(
            lines_run, student.conv2d_im2col, draw.normal(size, 2, 8, 8), draw.normal(size, 2, 3, 3)
        )
        for size in (2, 8)  # 16 times as many output numbers
    )
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


def make_layer(student, draw, **settings):
    """A layer of the student's with weights that the judge knows, and those weights."""
    layer = student.Conv2d(3, 4, 3, **settings, rng=np.random.default_rng(0))
    w, b = even(draw.normal(4, 3, 3, 3)), draw.normal(4)
    layer.weight, layer.bias = w, b
    return layer, w, b


@pytest.mark.task("conv2d_class", points=3)
def test_layer_weights(student, rng):
    """The weights are drawn from rng with the standard deviation sqrt(2 / fan_in)."""
    for channels, filters, kernel_size in ((3, 8, 3), (4, 2, 2)):
        seed = int(rng.integers(2**31))
        layer = student.Conv2d(channels, filters, kernel_size, rng=np.random.default_rng(seed))
        expected = reference.Conv2d(channels, filters, kernel_size, rng=np.random.default_rng(seed))
        assert_close(layer.weight, expected.weight, what="weight")


@pytest.mark.task("conv2d_class", points=1, law=True)
def test_layer_bias(student, rng):
    """The bias starts at 0 and can be left out."""
    layer = student.Conv2d(2, 5, 3, rng=np.random.default_rng(0))
    assert_close(layer.bias, np.zeros(5), what="bias")
    bare = student.Conv2d(2, 5, 3, bias=False, rng=np.random.default_rng(0))
    assert bare.bias is None, "With bias=False the attribute bias is None."


@pytest.mark.task("conv2d_class", points=2, mirror=False)
def test_layer_forward(student, draw):
    """forward uses the layer's weight, bias, stride and padding."""
    x, other = draw.images(N=2, C=3, H=7, W=7), draw.normal(4, 3, 3, 3)
    for settings in ({"stride": 2}, {"padding": 1}, {"stride": 2, "padding": 1}):
        layer, w, b = make_layer(student, draw, **settings)

        def own(w=w, b=b, settings=settings):
            return student.conv2d_forward(x, w, b, **settings)[0]

        assert_built_on(
            layer.forward(x),
            reference.conv2d_forward(x, w, b, **settings)[0],
            own,
            sound=lambda answer, own=own: not alike(answer, own(w=other)),
            what="out",
        )


@pytest.mark.task("conv2d_class", points=1, mirror=False)
def test_layer_dx(student, draw):
    """backward returns dx."""
    settings = {"stride": 2, "padding": 1}
    layer, w, b = make_layer(student, draw, **settings)
    x, other = draw.images(N=2, C=3, H=7, W=7), draw.normal(4, 3, 3, 3)
    dout = draw.normal(*shape_of_out(x, w, **settings))
    layer.forward(x)

    def own(w=w):
        return gradients(student, dout, x, w, b, **settings)["dx"]

    expected = reference.conv2d_backward(dout, reference.conv2d_forward(x, w, b, **settings)[1])[0]
    sound = lambda answer: not alike(answer, own(w=other))  # noqa: E731
    assert_built_on(layer.backward(dout), expected, own, sound, what="dx")


@pytest.mark.task("conv2d_class", points=2, mirror=False)
def test_layer_gradients(student, draw):
    """backward leaves the gradients in weight_grad and bias_grad."""
    layer, w, b = make_layer(student, draw, stride=2)
    layer_gradients_are_right(student, draw, layer, w, b, stride=2)


@pytest.mark.task("conv2d_class", points=1, law=True, mirror=False)
def test_layer_twice(student, draw):
    """A second backward replaces the gradients of the first."""
    layer, w, b = make_layer(student, draw, padding=1)
    for _ in range(2):
        layer_gradients_are_right(student, draw, layer, w, b, padding=1)


def layer_gradients_are_right(student, draw, layer, w, b, **settings):
    """weight_grad and bias_grad after one pass are right, or those of the student's own functions."""
    x = draw.images(N=2, C=3, H=7, W=7)
    dout = draw.normal(*shape_of_out(x, w, **settings))
    layer.forward(x)
    layer.backward(dout)
    expected = reference.conv2d_backward(dout, reference.conv2d_forward(x, w, b, **settings)[1])

    def sound(_):
        dw = gradients(student, dout, x, w, b, **settings)["dw"]
        return np.shape(dw) == w.shape and not alike(dw, gradients(student, dout, -x, w, b, **settings)["dw"])

    for name, value in (("weight", expected[1]), ("bias", expected[2])):
        short = "dw" if name == "weight" else "db"

        def own(short=short):
            return gradients(student, dout, x, w, b, **settings)[short]

        assert_built_on(getattr(layer, f"{name}_grad"), value, own, sound, what=f"{name}_grad")


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


def general_forward_is_right(student, x, w, b=None, **settings):
    """The student's output on these inputs is the reference's."""
    out = student.conv2d_general_forward(x, w, b, **settings)[0]
    assert_close(out, reference.conv2d_general_forward(x, w, b, **settings)[0], what="out")


def general_gradients_are_right(student, draw, x, w, b=None, **settings):
    """All three gradients after the student's own forward pass are the reference's."""
    out, cache = reference.conv2d_general_forward(x, w, b, **settings)
    dout = draw.normal(*out.shape)
    own_cache = student.conv2d_general_forward(x, w, b, **settings)[1]
    came = student.conv2d_general_backward(dout, own_cache)
    for name, left, right in zip(
        ["dx", "dw", "db"], came, reference.conv2d_general_backward(dout, cache), strict=True
    ):
        if right is not None:
            assert_close(left, right, what=name)


@pytest.mark.task("conv2d_general_forward", points=4, bonus=True)
def test_pairs(student, draw):
    """Settings may differ between rows and columns."""
    x, w, b = draw.images(N=2, C=3, H=8, W=9), draw.normal(4, 3, 3, 2), draw.normal(4)
    for settings in (
        {"stride": (2, 1)},
        {"padding": (0, 2)},
        {"dilation": (1, 3)},
        {"stride": 2, "padding": 1},
    ):
        general_forward_is_right(student, x, w, b, **settings)


@pytest.mark.task("conv2d_general_forward", points=4, bonus=True)
def test_groups(student, draw):
    """Filters of a group see the channels of that group only."""
    general_forward_is_right(student, draw.images(N=2, C=6, H=4, W=5), draw.normal(9, 2, 2, 3), groups=3)
    general_forward_is_right(student, draw.images(N=2, C=3, H=4, W=5), draw.normal(6, 1, 2, 3), groups=3)


@pytest.mark.task("conv2d_general_backward", points=4, bonus=True)
def test_backward_pairs(student, draw):
    """Gradients where stride and padding differ between rows and columns."""
    x, w, b = draw.images(N=2, C=3, H=6, W=7), draw.normal(4, 3, 3, 2), draw.normal(4)
    general_gradients_are_right(student, draw, x, w, b, stride=(2, 1), padding=(0, 1))
    general_gradients_are_right(student, draw, x, w, None, stride=(1, 3), padding=(2, 0))


@pytest.mark.task("conv2d_general_backward", points=4, bonus=True)
def test_backward_dilation(student, draw):
    """Gradients with dilation."""
    x, w = draw.images(N=2, C=3, H=7, W=8), draw.normal(4, 3, 3, 2)
    for dilation in (2, (1, 3)):
        general_gradients_are_right(student, draw, x, w, dilation=dilation)


@pytest.mark.task("conv2d_general_backward", points=4, bonus=True)
def test_backward_groups(student, draw):
    """Gradients with groups."""
    x, w, b = draw.images(N=2, C=6, H=4, W=5), draw.normal(9, 2, 2, 3), draw.normal(9)
    general_gradients_are_right(student, draw, x, w, b, groups=3)
