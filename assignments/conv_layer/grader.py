"""Hidden checks of the convolution layer.

How points are split (100, and 20 bonus)
    conv_output_size 8, make_filter 7, conv2d_forward 25, conv2d_backward 25, im2col 12, conv2d_im2col 8,
    Conv2d 10, bug_hunt 5; bonus: conv2d_general_forward 8, conv2d_general_backward 12.

One mistake, one price
    * A kernel that is turned by 180 degrees shows where its task looks at directions, and nowhere else: most
      kernels are `even`, unchanged by that turn.
    * Pictures and kernels are square but for the rectangles checks; biases are absent but for the bias
      checks; windows that overlap, padding and stride each have a check in which the others are at rest.
    * Checks of the backward pass look at dx, dw and db one at a time.
    * `conv2d_im2col` and `Conv2d` stand on other tasks. Where they fail, the function below may be to blame:
      they are tried once more on the reference's (`on=`), and pass if they pass then.

No expected value depends on student code, but for the law that a cache can be used twice: to agree with
oneself is worth nothing.
"""

import numpy as np
import pytest

from autograder.checks import as_array, close, counted, dtype, obeys, raises, right, unchanged
from solutions import conv_layer as reference


def even(w):
    """A kernel that does not change when it is turned by 180 degrees."""
    return w + w[..., ::-1, ::-1]


# --- conv_output_size: 8 ---


@pytest.mark.task("conv_output_size", points=1)
def test_size_plain(student, rng):
    """Without options, as many windows as there are places to start."""
    for kernel_size in (2, 3, 5):
        for size in (int(rng.integers(kernel_size + 1, 40)), kernel_size):
            right(student.conv_output_size(size, kernel_size), "The size")


@pytest.mark.task("conv_output_size", points=2)
def test_size_padding(student, rng):
    """Padding adds its zeros at both ends."""
    for kernel_size, padding in ((2, 1), (4, 1), (3, 2), (6, 3)):
        size = int(rng.integers(kernel_size + 1, 40))
        right(student.conv_output_size(size, kernel_size, padding=padding), "The size")


@pytest.mark.task("conv_output_size", points=1)
def test_size_stride(student, rng):
    """With a stride, where the windows fit exactly."""
    for kernel_size, stride in ((2, 2), (3, 2), (2, 3), (4, 3)):
        size = kernel_size + stride * (int(rng.integers(2, 12)) - 1)
        right(student.conv_output_size(size, kernel_size, stride), "The size")


@pytest.mark.task("conv_output_size", points=2)
def test_size_remainder(student, rng):
    """Pixels left over at the end make no window of their own."""
    for kernel_size, stride, left_over in ((3, 3, 1), (2, 3, 2), (3, 2, 1), (2, 4, 3)):
        for windows in rng.integers(1, 6) * 2 + np.arange(2):  # one even, one odd number
            size = int(kernel_size + stride * (windows - 1) + left_over)
            right(student.conv_output_size(size, kernel_size, stride), "The size")


@pytest.mark.task("conv_output_size", points=1)
def test_size_dilation(student, rng):
    """With dilation, the kernel's elements stand apart and reach further."""
    for kernel_size, dilation in ((2, 2), (3, 2), (2, 3), (4, 3)):
        windows = int(rng.integers(3, 12))  # enough that a kernel taken for too long still fits
        size = dilation * (kernel_size - 1) + windows
        right(student.conv_output_size(size, kernel_size, dilation=dilation), "The size")


@pytest.mark.task("conv_output_size", points=1, law=True)
def test_size_too_large(student, rng):
    """A kernel that does not fit raises ValueError."""
    size = int(rng.integers(3, 9))
    for kernel_size, padding, dilation in ((size + 1, 0, 1), (size + 3, 1, 1), (size, 0, 2)):
        for stride in (1, 2):
            raises(ValueError, student.conv_output_size(size, kernel_size, stride, padding, dilation))


# --- make_filter: 7 ---


@pytest.mark.task("make_filter", points=1)
def test_filter_blur(student):
    """blur takes the mean of the neighbourhood."""
    right(student.make_filter("blur"), "blur")


@pytest.mark.task("make_filter", points=2)
def test_filter_sobel_x(student):
    """sobel_x answers to brightness that rises from left to right."""
    right(student.make_filter("sobel_x"), "sobel_x")


@pytest.mark.task("make_filter", points=2)
def test_filter_sobel_y(student):
    """sobel_y answers to brightness that rises from top to bottom."""
    right(student.make_filter("sobel_y"), "sobel_y")


@pytest.mark.task("make_filter", points=2)
def test_filter_shift(student):
    """shift_right moves the picture to the right."""
    right(student.make_filter("shift_right"), "shift_right")


# --- conv2d_forward: 25 ---


def forward(student, x, w, b=None, of="conv2d", **settings):
    """The output is right; the cache is the student's own affair."""
    out, _ = getattr(student, f"{of}_forward")(x, w, b, **settings)
    right(out, "out")


@pytest.mark.task("conv2d_forward", points=2)
def test_channels(student, draw):
    """Each filter sums over all channels, for every picture."""
    forward(student, draw.images(N=2, C=3, H=3, W=3), draw.normal(5, 3, 1, 1))
    forward(student, draw.images(N=3, C=1, H=3, W=3), draw.normal(2, 1, 1, 1))


@pytest.mark.task("conv2d_forward", points=6)
def test_orientation(student, draw):
    """The kernel lies on the picture as it is, not turned."""
    forward(student, draw.images(N=2, C=3, H=5, W=5), draw.normal(4, 3, 3, 3))
    forward(student, draw.images(N=1, C=2, H=4, W=4), draw.normal(3, 2, 2, 2))


@pytest.mark.task("conv2d_forward", points=3)
def test_rectangles(student, draw):
    """Pictures and kernels need not be square."""
    forward(student, draw.images(N=2, C=3, H=5, W=7), even(draw.normal(4, 3, 3, 2)))
    forward(student, draw.images(N=2, C=3, H=6, W=4), even(draw.normal(4, 3, 1, 3)))


@pytest.mark.task("conv2d_forward", points=2)
def test_bias(student, draw):
    """Each filter adds its own bias to every output pixel, once."""
    forward(student, draw.images(N=2, C=3, H=4, W=4), even(draw.normal(4, 3, 2, 2)), draw.normal(4))


@pytest.mark.task("conv2d_forward", points=4)
def test_padding(student, draw):
    """Padding surrounds the picture with zeros."""
    x, w = draw.images(N=2, C=3, H=3, W=3), even(draw.normal(4, 3, 3, 3))
    for padding in (1, 2):
        forward(student, x, w, padding=padding)


@pytest.mark.task("conv2d_forward", points=3)
def test_stride(student, draw):
    """The stride moves the window by more than one pixel."""
    forward(student, draw.images(N=2, C=3, H=7, W=7), even(draw.normal(4, 3, 3, 3)), stride=2)
    forward(student, draw.images(N=2, C=3, H=8, W=8), even(draw.normal(4, 3, 2, 2)), stride=3)


@pytest.mark.task("conv2d_forward", points=1)
def test_forward_remainder(student, draw):
    """Pixels that are left over at the end are ignored."""
    forward(student, draw.images(N=2, C=3, H=6, W=6), even(draw.normal(4, 3, 3, 3)), stride=2)
    forward(student, draw.images(N=2, C=3, H=7, W=7), even(draw.normal(4, 3, 2, 2)), stride=3)


@pytest.mark.task("conv2d_forward", points=1)
def test_dilation(student, draw):
    """Dilation puts holes between the kernel's elements."""
    x = draw.images(N=2, C=3, H=7, W=7)
    for dilation in (2, 3):
        forward(student, x, even(draw.normal(4, 3, 3, 3)), dilation=dilation)


@pytest.mark.task("conv2d_forward", points=1)
def test_whole_numbers(student, draw):
    """Pictures of whole numbers give outputs with fractions."""
    forward(student, draw.integers(-9, 10, 2, 3, 4, 4), even(draw.normal(4, 3, 2, 2)))


@pytest.mark.task("conv2d_forward", points=1, law=True)
def test_float32(student, draw):
    """float32 in, float32 out."""
    x, w = draw.normal(2, 3, 5, 5, dtype=np.float32), even(draw.normal(4, 3, 3, 3, dtype=np.float32))
    for b in (None, draw.normal(4, dtype=np.float32)):
        out, _ = student.conv2d_forward(x, w, b)
        dtype(out, np.float32, "out")


@pytest.mark.task("conv2d_forward", points=1, law=True)
def test_forward_unchanged(student, draw):
    """The forward pass does not modify x, w or b."""
    inputs = [draw.images(N=2, C=3, H=5, W=5), draw.normal(4, 3, 3, 3), draw.normal(4)]
    _out, _cache = student.conv2d_forward(*student.share(inputs))
    unchanged(student, inputs, "x w b")


# --- conv2d_backward: 25 ---


def backward(student, draw, names, x, w, b=None, of="conv2d", **settings):
    """The named gradients are right, for a random gradient of the output."""
    out, cache = getattr(student, f"{of}_forward")(x, w, b, **settings)
    gradients = getattr(student, f"{of}_backward")(draw.like(out), cache)
    for name, gradient in zip(("dx", "dw", "db"), gradients, strict=True):
        if name in names.split():
            right(gradient, name)


def few_passes(student, draw, of="conv2d", **settings):
    """More pixels and filters cost no more forward passes: a gradient is no experiment with each number.

    Honest loops pass, however deep: what is counted is only arrays as large as the output.
    """
    passes = []
    for filters, size in ((5, 4), (10, 7)):  # x has 33 numbers more, w 20
        x, w = draw.images(N=1, C=1, H=size, W=size), draw.normal(filters, 1, 2, 2)
        out, cache = getattr(student, f"{of}_forward")(x, w, **settings)
        dout = draw.like(out)
        _, _, arrays = counted(getattr(student, f"{of}_backward"), dout, cache, size=dout.size)
        passes.append(arrays)
    obeys(passes[1], no_more_passes, passes[0])


def no_more_passes(many, few):
    """There are as many for the larger picture as for the smaller."""
    assert many <= few + 8, (
        "The backward pass costs a few forward passes. Yours makes more arrays as large as the output, "
        "the more numbers x and w have. Does it try each of them?"
    )


@pytest.mark.task("conv2d_backward", points=4)
def test_dw(student, draw):
    """dw sums over all windows of all pictures, in a few passes."""
    for N in (1, 3):
        backward(student, draw, "dw", draw.images(N=N, C=2, H=5, W=5), draw.normal(4, 2, 3, 3))
    few_passes(student, draw)


@pytest.mark.task("conv2d_backward", points=3)
def test_dx_of_one_window(student, draw):
    """Where there is a single window, dx sums over the filters, in a few passes."""
    backward(student, draw, "dx", draw.images(N=3, C=2, H=3, W=3), draw.normal(4, 2, 3, 3))
    few_passes(student, draw)


@pytest.mark.task("conv2d_backward", points=4)
def test_dx_overlap(student, draw):
    """A pixel in several windows receives the sum of what they send back, in a few passes."""
    for size, kernel in ((5, 3), (4, 2)):
        x, w = draw.images(N=2, C=2, H=size, W=size), even(draw.normal(4, 2, kernel, kernel))
        backward(student, draw, "dx", x, w)
    few_passes(student, draw)


@pytest.mark.task("conv2d_backward", points=3)
def test_backward_stride(student, draw):
    """With a stride, gradients go back to where the windows were, in a few passes."""
    for size, stride in ((6, 3), (7, 4)):
        x, w = draw.images(N=1, C=2, H=size, W=size), even(draw.normal(4, 2, 3, 3))
        backward(student, draw, "dx dw", x, w, stride=stride)
    few_passes(student, draw)


@pytest.mark.task("conv2d_backward", points=3)
def test_dx_padding(student, draw):
    """dx has the size of x, without the padding, in a few passes."""
    x, w = draw.images(N=2, C=2, H=2, W=2), draw.normal(3, 2, 1, 1)
    for padding in (1, 2):
        backward(student, draw, "dx", x, w, padding=padding)
    few_passes(student, draw, padding=1)


@pytest.mark.task("conv2d_backward", points=2)
def test_dw_padding(student, draw):
    """With padding, dw counts the zeros as zeros, in a few passes."""
    x, w = draw.images(N=1, C=2, H=3, W=3), even(draw.normal(4, 2, 3, 3))
    for padding in (1, 2):
        backward(student, draw, "dw", x, w, padding=padding)
    few_passes(student, draw, padding=1)


@pytest.mark.task("conv2d_backward", points=1)
def test_backward_remainder(student, draw):
    """Pixels that no window reached have gradient 0."""
    w = even(draw.normal(4, 3, 2, 2))
    for size in (7, 6):  # two thirds and one third of a stride are left over
        backward(student, draw, "dx", draw.images(N=1, C=3, H=size, W=size), w, stride=3)


@pytest.mark.task("conv2d_backward", points=1)
def test_backward_rectangles(student, draw):
    """Gradients of pictures and kernels that are not square."""
    for H, W, KH, KW in ((3, 5, 3, 2), (5, 3, 2, 3)):
        x, w = draw.images(N=1, C=3, H=H, W=W), even(draw.normal(4, 3, KH, KW))
        backward(student, draw, "dx dw", x, w, stride=max(KH, KW))  # windows side by side, without overlap


@pytest.mark.task("conv2d_backward", points=2)
def test_db(student, draw):
    """db sums over pictures and pixels, and is None where there was no bias."""
    x, w = draw.images(N=3, C=2, H=5, W=5), even(draw.normal(4, 2, 3, 3))
    for b in (draw.normal(4), None):
        backward(student, draw, "db", x, w, b)


@pytest.mark.task("conv2d_backward", points=1, law=True)
def test_derivative(student, draw):
    """dx and dw are the derivatives of the forward pass, also with padding and stride at once."""
    x, w = draw.images(N=2, C=3, H=7, W=6), draw.normal(4, 3, 3, 2)
    backward(student, draw, "dx dw", x, w, stride=2, padding=1)


@pytest.mark.task("conv2d_backward", points=1, law=True)
def test_backward_unchanged(student, draw):
    """The backward pass does not modify dout, and a cache can be used twice."""
    x, w = draw.images(N=2, C=2, H=4, W=4), even(draw.normal(4, 2, 3, 3))
    out, first_cache = student.conv2d_forward(x, w)
    dout = draw.like(out)
    first = student.conv2d_backward(dout, first_cache)
    _, cache = student.conv2d_forward(x, w)
    student.conv2d_forward(draw.normal(*x.shape), draw.normal(*w.shape))
    student.share(dout)
    several = [student.conv2d_backward(dout, cache) for _ in range(2)]
    unchanged(student, dout, "dout")
    for when, again in zip(("after another forward pass", "of a second backward pass"), several, strict=True):
        for name, value, before in list(zip(("dx", "dw", "db"), again, first, strict=True))[:2]:
            close(value, before, f"{name} {when}")


# --- im2col: 12 ---


@pytest.mark.task("im2col", points=3)
def test_windows(student, draw):
    """Each window is a column, in reading order."""
    right(student.im2col(draw.images(N=2, C=1, H=4, W=4), (2, 2)), "The matrix")
    right(student.im2col(draw.images(N=1, C=1, H=5, W=5), (3, 3)), "The matrix")


@pytest.mark.task("im2col", points=3)
def test_im2col_channels(student, draw):
    """Down a column stands one channel after the other."""
    right(student.im2col(draw.images(N=2, C=3, H=4, W=4), (2, 2)), "The matrix")


@pytest.mark.task("im2col", points=2)
def test_im2col_stride(student, draw):
    """im2col with a stride, also with pixels left over."""
    for size in (5, 6):
        right(student.im2col(draw.images(N=2, C=1, H=size, W=size), (3, 3), stride=2), "The matrix")


@pytest.mark.task("im2col", points=2)
def test_im2col_padding(student, draw):
    """im2col with zeros around the picture."""
    for padding in (1, 2):
        right(student.im2col(draw.images(N=2, C=1, H=3, W=3), (2, 2), padding=padding), "The matrix")


@pytest.mark.task("im2col", points=1)
def test_im2col_dilation(student, draw):
    """im2col with holes between the kernel's elements."""
    right(student.im2col(draw.images(N=2, C=1, H=6, W=6), (3, 3), dilation=2), "The matrix")


@pytest.mark.task("im2col", points=1)
def test_im2col_rectangles(student, draw):
    """im2col of pictures and kernels that are not square, in any memory layout."""
    for H, W, kernel_size in ((4, 6, (3, 2)), (6, 4, (1, 3))):
        for _, x in draw.layouts(draw.images(N=2, C=1, H=H, W=W)):
            right(student.im2col(x, kernel_size), "The matrix")


# --- conv2d_im2col: 8 ---


def product(student, x, w, b=None, **settings):
    """The output is right, also while conv2d_forward is not there to be asked."""
    right(student.conv2d_im2col(x, w, b, **settings), "out")
    right(student.beside(without_forward, student.conv2d_im2col, x, w, b, settings), "out")


def without_forward(conv2d_im2col, x, w, b, settings):
    """The output, while the notebook has no conv2d_forward."""
    names = getattr(conv2d_im2col, "__globals__", {})
    taken = {name: names.pop(name) for name in ("conv2d_forward",) if name in names}
    try:
        return conv2d_im2col(x, w, b, **settings)
    finally:
        names.update(taken)


@pytest.mark.task("conv2d_im2col", points=2, on=("im2col",))
def test_product_of_one_picture(student, draw):
    """One matrix product gives the output of all filters, without conv2d_forward."""
    product(student, draw.images(N=1, C=3, H=5, W=4), draw.normal(4, 3, 3, 2))


@pytest.mark.task("conv2d_im2col", points=2, on=("im2col",))
def test_product_of_several_pictures(student, draw):
    """Pictures of a batch do not get mixed up in the product."""
    product(student, draw.images(N=3, C=2, H=5, W=4), draw.normal(4, 2, 3, 2))


@pytest.mark.task("conv2d_im2col", points=1, on=("im2col",))
def test_product_settings(student, draw):
    """Stride, padding and dilation are passed on to the product."""
    x, w = draw.images(N=1, C=2, H=7, W=6), draw.normal(3, 2, 2, 3)
    for settings in ({"stride": 2}, {"padding": 1}, {"dilation": 2}):
        product(student, x, w, **settings)


@pytest.mark.task("conv2d_im2col", points=1, on=("im2col",))
def test_product_bias(student, draw):
    """The bias of each filter is added to the product."""
    product(student, draw.images(N=1, C=2, H=5, W=4), draw.normal(4, 2, 3, 2), draw.normal(4))


@pytest.mark.task("conv2d_im2col", points=2, law=True, on=("im2col",))
def test_product_is_fast(student, draw):
    """Many times faster than a loop over all output numbers."""
    x, w = draw.normal(1, 2, 12, 14), draw.normal(18, 2, 2, 2)  # of one picture: a batch has its own check
    student.conv2d_im2col(x, w[:2])  # the first call may have to import something
    _, few, _ = counted(student.conv2d_im2col, x, w[:2])
    out, more, _ = counted(student.conv2d_im2col, x, w)  # im2col, which sees no filters, runs the same lines
    right(out, "out")
    obeys(more, no_loop_over_outputs, few, 16 * 11 * 13)


def no_loop_over_outputs(more, few, numbers):
    """More filters run no more lines of Python."""
    each = round((more - few) / numbers)
    assert each == 0, f"Each further output number costs {each} Python lines. Is there a loop over them?"


# --- Conv2d: 10 ---


@pytest.mark.task("conv2d_class", points=3)
def test_layer_weights(student, rng):
    """The weights are drawn from rng with the standard deviation sqrt(2 / fan_in)."""
    for size in ((3, 8, 3), (4, 2, 2)):
        seed = int(rng.integers(2**31))
        right(student.Conv2d(*size, rng=np.random.default_rng(seed)).weight, "weight")


@pytest.mark.task("conv2d_class", points=1, law=True)
def test_layer_bias(student):
    """The bias starts at 0 and can be left out."""
    right(student.Conv2d(2, 5, 3, rng=np.random.default_rng(0)).bias, "bias")
    right(student.Conv2d(2, 5, 3, bias=False, rng=np.random.default_rng(0)).bias, "With bias=False, bias")


def layer(student, draw, **settings):
    """A layer with weights of ours."""
    conv = student.Conv2d(3, 4, 3, **settings, rng=np.random.default_rng(0))
    conv.weight, conv.bias = even(draw.normal(4, 3, 3, 3)), draw.normal(4)
    return conv


@pytest.mark.task("conv2d_class", points=2, on=("conv2d_forward", "conv2d_backward"))
def test_layer_forward(student, draw):
    """forward uses the layer's weight, bias, stride and padding."""
    x = draw.images(N=2, C=3, H=5, W=5)
    for settings in ({"stride": 2}, {"padding": 1}, {"stride": 2, "padding": 1}):
        right(layer(student, draw, **settings).forward(x), "out")


@pytest.mark.task("conv2d_class", points=1, on=("conv2d_forward", "conv2d_backward"))
def test_layer_dx(student, draw):
    """backward returns dx."""
    conv = layer(student, draw, stride=2, padding=1)
    out = conv.forward(draw.images(N=2, C=3, H=5, W=5))
    right(conv.backward(draw.like(out)), "dx")


@pytest.mark.task("conv2d_class", points=2, on=("conv2d_forward", "conv2d_backward"))
def test_layer_gradients(student, draw):
    """backward leaves the gradients in weight_grad and bias_grad."""
    layer_gradients(draw, layer(student, draw, stride=2), size=5)


@pytest.mark.task("conv2d_class", points=1, law=True, on=("conv2d_forward", "conv2d_backward"))
def test_layer_twice(student, draw):
    """A second backward replaces the gradients of the first."""
    conv = layer(student, draw)
    for _ in range(2):
        layer_gradients(draw, conv, size=4)


def layer_gradients(draw, conv, size):
    """weight_grad and bias_grad are right after a pass."""
    out = conv.forward(draw.images(N=2, C=3, H=size, W=size))
    conv.backward(draw.like(out))
    right(conv.weight_grad, "weight_grad")
    right(conv.bias_grad, "bias_grad")


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


@pytest.mark.task("bug_hunt", points=5)
def test_bug_hunt(student):
    """The blind kernel misses the bug, the sharp one shows it."""
    answer = student.bug_hunt().value  # one of many right ones
    assert isinstance(answer, (tuple, list)) and len(answer) == 3, "bug_hunt must return (x, blind, sharp)."
    x, blind, sharp = (as_array(array).astype(np.float64) for array in answer)
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
    for settings in (
        {"stride": (2, 1)},
        {"padding": (0, 2)},
        {"dilation": (1, 3)},
        {"stride": 2, "padding": 1},
    ):
        forward(student, x, w, b, of="conv2d_general", **settings)


@pytest.mark.task("conv2d_general_forward", points=4, bonus=True)
def test_groups(student, draw):
    """Filters of a group see the channels of that group only."""
    for C, w in ((6, draw.normal(9, 2, 2, 3)), (3, draw.normal(6, 1, 2, 3))):
        forward(student, draw.images(N=2, C=C, H=4, W=5), w, of="conv2d_general", groups=3)


@pytest.mark.task("conv2d_general_backward", points=4, bonus=True)
def test_backward_pairs(student, draw):
    """Gradients where stride and padding differ between rows and columns, in a few passes."""
    x, w, b = draw.images(N=2, C=3, H=6, W=7), draw.normal(4, 3, 3, 2), draw.normal(4)
    backward(student, draw, "dx dw db", x, w, b, of="conv2d_general", stride=(2, 1), padding=(0, 1))
    backward(student, draw, "dx dw", x, w, of="conv2d_general", stride=(1, 3), padding=(2, 0))
    few_passes(student, draw, of="conv2d_general")


@pytest.mark.task("conv2d_general_backward", points=4, bonus=True)
def test_backward_dilation(student, draw):
    """Gradients with dilation, in a few passes."""
    x, w = draw.images(N=2, C=3, H=7, W=8), draw.normal(4, 3, 3, 2)
    for dilation in (2, (1, 3)):
        backward(student, draw, "dx dw", x, w, of="conv2d_general", dilation=dilation)
    few_passes(student, draw, of="conv2d_general")


@pytest.mark.task("conv2d_general_backward", points=4, bonus=True)
def test_backward_groups(student, draw):
    """Gradients with groups, in a few passes."""
    x, w, b = draw.images(N=2, C=6, H=4, W=5), draw.normal(9, 2, 2, 3), draw.normal(9)
    backward(student, draw, "dx dw db", x, w, b, of="conv2d_general", groups=3)
    few_passes(student, draw, of="conv2d_general")
