"""Hidden checks of pooling.

One mistake, one price
    * Pixels are pairwise distinct and positive, so that ties and zeros show only where they are asked.
    * The first checks of a task have several pictures and channels; padding, remainders and rectangles are
      asked of one channel, in windows that do not overlap.
    * Backward's checks of padding and ties have a single window, and their largest pixel is 1.
    * `MaxPool2d` stands on other tasks. Where it fails, it is tried once more on the reference's (`on=`).
"""

import numpy as np
import pytest

from autograder.checks import as_array, close, dtype, obeys, raises, right, unchanged
from solutions import pooling as reference


def positive(draw, *shape):
    """A batch of pictures whose pixels are pairwise distinct and greater than 0."""
    x = draw.distinct(*shape)
    return x - x.min() + 0.1


def one(draw, H, W=None):
    """A single positive picture with one channel, square where no width is given."""
    return positive(draw, 1, 1, H, W or H)


def peak(x, row, column):
    """The picture with its largest pixel at this place."""
    x[0, 0, row, column] = x.max() + 0.1
    return x


def forward(student, pool, x, *settings):
    """The output is right; the cache is the student's own affair."""
    out, _ = getattr(student, f"{pool}_forward")(x, *settings)
    right(out, "out")


def backward(student, draw, pool, x, *settings):
    """The gradient for a random gradient of the output."""
    out, cache = getattr(student, f"{pool}_forward")(x, *settings)
    return getattr(student, f"{pool}_backward")(draw.like(out), cache)


# --- max_pool2d_forward: 25 ---
@pytest.mark.task("max_pool2d_forward", points=5)
def test_tiles(student, draw):
    """Windows side by side, for each channel of each picture."""
    forward(student, "max_pool2d", positive(draw, 2, 3, 4, 4), 2, 2)
    forward(student, "max_pool2d", positive(draw, 3, 2, 6, 6), 3, 3)


@pytest.mark.task("max_pool2d_forward", points=3)
def test_overlap(student, draw):
    """Windows that overlap."""
    for size, kernel_size, stride in ((4, 2, 1), (5, 3, 2)):
        forward(student, "max_pool2d", positive(draw, 2, 3, size, size), kernel_size, stride)


@pytest.mark.task("max_pool2d_forward", points=2)
def test_gaps(student, draw):
    """Windows with gaps between them."""
    for size, kernel_size, stride in ((5, 2, 3), (5, 1, 2)):
        forward(student, "max_pool2d", positive(draw, 2, 3, size, size), kernel_size, stride)


@pytest.mark.task("max_pool2d_forward", points=3)
def test_default_stride(student, draw):
    """Without a stride the windows lie side by side."""
    for size, kernel_size in ((6, 2), (6, 3)):
        forward(student, "max_pool2d", one(draw, size), kernel_size)


@pytest.mark.task("max_pool2d_forward", points=3)
def test_negative(student, draw):
    """Pictures of negative numbers have negative maxima."""
    for size, kernel_size in ((6, 2), (6, 3)):
        forward(student, "max_pool2d", -one(draw, size), kernel_size, kernel_size)


@pytest.mark.task("max_pool2d_forward", points=4)
def test_padding_never_wins(student, draw):
    """The padding never wins, even if all pixels are negative."""
    for kernel_size, padding in ((2, 1), (3, 1), (4, 2)):
        forward(student, "max_pool2d", -one(draw, 4), kernel_size, kernel_size, padding)


@pytest.mark.task("max_pool2d_forward", points=2)
def test_left_over(student, draw):
    """Pixels that are left over at the end are ignored."""
    for size, kernel_size, stride in ((5, 2, 2), (8, 3, 3), (7, 2, 3)):
        forward(student, "max_pool2d", one(draw, size), kernel_size, stride)


@pytest.mark.task("max_pool2d_forward", points=1)
def test_rectangles(student, draw):
    """Pictures need not be square."""
    for H, W in ((4, 6), (6, 2)):
        forward(student, "max_pool2d", one(draw, H, W), 2, 2)


@pytest.mark.task("max_pool2d_forward", points=1, law=True)
def test_refused(student, draw):
    """Too much padding, or a picture in which no window fits, is a ValueError."""
    x = one(draw, 4)
    for kernel_size, padding in ((2, 2), (3, 2), (5, 0), (7, 1)):
        raises(ValueError, student.max_pool2d_forward(x, kernel_size, 1, padding))


@pytest.mark.task("max_pool2d_forward", points=1, law=True)
def test_max_float32(student, draw):
    """float32 in, float32 out, and x is not modified."""
    x = positive(draw, 2, 3, 4, 4).astype(np.float32)
    out, _ = student.max_pool2d_forward(student.share(x), 2, 2, 1)
    dtype(out, np.float32, "out")
    unchanged(student, x, "x")


# --- max_pool2d_backward: 28 ---
@pytest.mark.task("max_pool2d_backward", points=6)
def test_one_window(student, draw):
    """A window sends its gradient to its largest pixel, and nothing to the others."""
    for size, *place in ((2, 0, 1), (2, 1, 0), (3, 2, 1)):
        right(backward(student, draw, "max_pool2d", peak(one(draw, size), *place), size, size), "dx")


@pytest.mark.task("max_pool2d_backward", points=4)
def test_several(student, draw):
    """Several windows side by side, channels and pictures."""
    for shape, kernel_size in (((3, 2, 4, 4), 2), ((2, 3, 6, 6), 3)):
        right(backward(student, draw, "max_pool2d", positive(draw, *shape), kernel_size, kernel_size), "dx")


@pytest.mark.task("max_pool2d_backward", points=6)
def test_overlap_adds(student, draw):
    """A pixel that is the largest of several windows gets the sum."""
    for size, middle, kernel_size in ((4, 1, 2), (5, 2, 3)):
        x = peak(one(draw, size), middle, middle)  # wins in four and in nine windows
        right(backward(student, draw, "max_pool2d", x, kernel_size, 1), "dx")


@pytest.mark.task("max_pool2d_backward", points=2)
def test_gaps_get_nothing(student, draw):
    """Pixels in gaps between windows and pixels left over get 0."""
    for size, kernel_size, stride in ((5, 2, 3), (5, 2, 2)):
        right(backward(student, draw, "max_pool2d", peak(one(draw, size), 0, 1), kernel_size, stride), "dx")


@pytest.mark.task("max_pool2d_backward", points=4)
def test_no_padding_in_dx(student, draw):
    """dx has the size of x, without the padding."""
    for size, kernel_size, padding in ((2, 4, 1), (2, 6, 2), (3, 5, 1)):
        x = peak(one(draw, size), 1, 0)
        right(backward(student, draw, "max_pool2d", x / x.max(), kernel_size, 1, padding), "dx")


def tied(rng, size, largest):
    """A picture whose largest pixels are 1, so many; they begin in row 0, column 1, unless all are 1."""
    first, *rest, low, lowest = 1 - 0.1 * np.maximum(np.arange(size * size) - largest + 1, 0)
    pixels = [low, first, *rng.permutation(rest)]
    pixels.insert(size, lowest)  # row 1, column 0
    return np.array(pixels).reshape(1, 1, size, size)


def is_what_was_sent(dx, dout, x):
    """The largest pixels of a single window share what it sent among them."""
    dx, sent = as_array(dx), dout.sum()
    where = "Where several pixels are largest, "
    assert abs(dx.sum() - sent) <= 1e-9 * abs(sent), where + "dx adds up to another number than was sent."
    assert (dx[x < 1] == 0).all(), where + "a smaller one gets a gradient."


@pytest.mark.task("max_pool2d_backward", points=3)
def test_ties_send_once(student, draw, rng):
    """With several largest pixels, what enters a window's pixels is what the window sent."""
    for size, largest in ((2, 2), (2, 4), (3, 3)):
        x = tied(rng, size, largest)
        _, cache = student.max_pool2d_forward(x, size, size)
        dout = draw.away_from_zero(1, 1, 1, 1)
        obeys(student.max_pool2d_backward(dout, cache), is_what_was_sent, dout, x)


@pytest.mark.task("max_pool2d_backward", points=1)
def test_first_of_ties(student, draw, rng):
    """Of several largest pixels the first in reading order gets all."""
    for size, largest in ((2, 2), (2, 4), (3, 3)):
        right(backward(student, draw, "max_pool2d", tied(rng, size, largest), size, size), "dx")


def adds_up(dx, dout, x=1.0, out=1.0, law="sum(dx) = sum(dout)"):
    """The gradients add up to the same number on both sides, in each channel."""
    came, sent = (as_array(dx) * x).sum(axis=(2, 3)), (as_array(out) * dout).sum(axis=(2, 3))
    assert np.allclose(came, sent, rtol=1e-9, atol=1e-9), f"In some channel {law} does not hold."


@pytest.mark.task("max_pool2d_backward", points=1, law=True)
def test_nothing_is_lost(student, draw):
    """The sum of dx is that of dout, in each channel, also of pictures that are not square."""
    out, cache = student.max_pool2d_forward(positive(draw, 2, 3, 4, 6), 2, 2)
    dout = draw.like(out)
    obeys(student.max_pool2d_backward(dout, cache), adds_up, dout)


@pytest.mark.task("max_pool2d_backward", points=1, law=True)
def test_cache_serves_twice(student, draw):
    """dout is not modified, and a cache serves twice, also after another forward pass."""
    x = positive(draw, 2, 3, 4, 4)
    out, cache = student.max_pool2d_forward(x, 2, 2)
    dout = draw.like(out)
    first = student.max_pool2d_backward(dout, cache)
    student.max_pool2d_forward(positive(draw, 2, 3, 4, 4), 2, 2)
    student.share(dout)
    for when in ("after another forward pass", "of a second backward pass"):
        close(student.max_pool2d_backward(dout, cache), first, f"dx {when}")
    unchanged(student, dout, "dout")


# --- avg_pool2d: 22 ---
@pytest.mark.task("avg_pool2d", points=4)
def test_means(student, draw):
    """The mean of each window, for each channel of each picture."""
    forward(student, "avg_pool2d", draw.normal(2, 3, 4, 4), 2, 2)
    forward(student, "avg_pool2d", draw.normal(3, 2, 6, 6), 3, 3)


@pytest.mark.task("avg_pool2d", points=2)
def test_means_overlap(student, draw):
    """Means of windows that overlap, and the default stride."""
    forward(student, "avg_pool2d", draw.normal(1, 1, 5, 5), 3, 1)
    forward(student, "avg_pool2d", draw.normal(1, 1, 4, 4), 2)


@pytest.mark.task("avg_pool2d", points=3)
def test_zeros_count(student, draw):
    """The zeros of the padding count in the mean."""
    for kernel_size, padding in ((2, 1), (3, 1), (4, 2)):
        forward(student, "avg_pool2d", draw.away_from_zero(1, 1, 4, 4), kernel_size, kernel_size, padding)


@pytest.mark.task("avg_pool2d", points=1)
def test_means_left_over(student, draw):
    """Pixels left over are ignored, also in pictures that are not square."""
    for H, W, kernel_size, stride in ((5, 7, 2, 2), (8, 4, 3, 3), (7, 5, 2, 3)):
        forward(student, "avg_pool2d", draw.normal(1, 1, H, W), kernel_size, stride)


@pytest.mark.task("avg_pool2d", points=5)
def test_share(student, draw):
    """Each pixel of a window gets its share of the gradient."""
    for shape, kernel_size in (((2, 3, 4, 4), 2), ((3, 2, 3, 6), 3)):
        right(backward(student, draw, "avg_pool2d", draw.normal(*shape), kernel_size, kernel_size), "dx")


@pytest.mark.task("avg_pool2d", points=3)
def test_shares_add(student, draw):
    """A pixel of several windows gets the sum of its shares."""
    for size, kernel_size, stride in ((4, 2, 1), (5, 3, 2)):
        x = draw.normal(1, 1, size, size)
        right(backward(student, draw, "avg_pool2d", x, kernel_size, stride), "dx")


@pytest.mark.task("avg_pool2d", points=2)
def test_padding_is_cut_off(student, draw):
    """dx has the size of x, without the padding."""
    for kernel_size, padding in ((2, 1), (3, 1), (4, 2)):
        x = draw.normal(1, 1, 4, 4)
        right(backward(student, draw, "avg_pool2d", x, kernel_size, kernel_size, padding), "dx")


@pytest.mark.task("avg_pool2d", points=1, law=True)
def test_adjoint(student, draw):
    """sum(out * dout) = sum(x * dx), as for each linear layer."""
    x = draw.normal(2, 3, 6, 6)
    out, cache = student.avg_pool2d_forward(x, 3, 3)
    dout = draw.like(out)
    obeys(student.avg_pool2d_backward(dout, cache), adds_up, dout, x, out, "sum(x * dx) = sum(out * dout)")


@pytest.mark.task("avg_pool2d", points=1, law=True)
def test_avg_float32(student, draw):
    """float32 in, float32 out, both ways; x and dout are not modified."""
    inputs = [draw.normal(2, 3, size, size, dtype=np.float32) for size in (4, 2)]
    x, dout = student.share(inputs)
    out, cache = student.avg_pool2d_forward(x, 2, 2)
    dtype(out, np.float32, "out")
    dtype(student.avg_pool2d_backward(dout, cache), np.float32, "dx")
    unchanged(student, inputs, "x dout")


# --- global_avg_pool: 10 ---
@pytest.mark.task("global_avg_pool", points=3)
def test_global_mean(student, draw):
    """The mean over all pixels of each picture."""
    forward(student, "global_avg_pool", draw.normal(3, 1, 4, 4))


@pytest.mark.task("global_avg_pool", points=4)
def test_global_share(student, draw):
    """Each pixel gets an equal share."""
    for shape in ((2, 3, 3, 3), (3, 2, 2, 5)):
        right(backward(student, draw, "global_avg_pool", draw.normal(*shape)), "dx")


@pytest.mark.task("global_avg_pool", points=2)
def test_global_channels(student, draw):
    """Means of several channels, of pictures that are not square."""
    forward(student, "global_avg_pool", draw.normal(2, 3, 4, 5))


@pytest.mark.task("global_avg_pool", points=1, law=True)
def test_global_float32(student, draw):
    """float32 in, float32 out, both ways."""
    out, cache = student.global_avg_pool_forward(draw.normal(2, 3, 4, 4, dtype=np.float32))
    dtype(out, np.float32, "out")
    dout = draw.normal(2, 3, dtype=np.float32)
    dtype(student.global_avg_pool_backward(dout, cache), np.float32, "dx")


# --- MaxPool2d: 10 ---
@pytest.mark.task("MaxPool2d", points=3, on=("max_pool2d_forward", "max_pool2d_backward"))
def test_layer_forward(student, draw):
    """forward uses the layer's kernel_size, stride and padding."""
    for settings in ((2, 2, 0), (3, 2, 0), (2, 3, 1), (3, 1, 1)):
        right(student.MaxPool2d(*settings).forward(-positive(draw, 2, 3, 6, 6)), "out")


@pytest.mark.task("MaxPool2d", points=3, on=("max_pool2d_forward", "max_pool2d_backward"))
def test_layer_backward(student, draw):
    """backward returns dx."""
    for settings in ((2, 2), (3, 2)):
        layer = student.MaxPool2d(*settings)
        out = layer.forward(positive(draw, 2, 3, 6, 6))
        right(layer.backward(draw.like(out)), "dx")


@pytest.mark.task("MaxPool2d", points=2, on=("max_pool2d_forward", "max_pool2d_backward"))
def test_layer_default_stride(student, draw):
    """Without a stride the layer's windows lie side by side."""
    for kernel_size in (2, 3):
        right(student.MaxPool2d(kernel_size).forward(positive(draw, 2, 3, 6, 6)), "out")


@pytest.mark.task("MaxPool2d", points=1, law=True)
def test_layer_has_no_parameters(student):
    """weight and bias are None."""
    for name in ("weight", "bias"):
        right(getattr(student.MaxPool2d(3, 2), name), name)


@pytest.mark.task("MaxPool2d", points=1, law=True, on=("max_pool2d_forward", "max_pool2d_backward"))
def test_layer_cache(student, draw):
    """backward is that of the layer's last forward, whatever another layer did."""
    layer, other = student.MaxPool2d(2, 2), student.MaxPool2d(2, 2)
    for each in (layer, layer, other):
        each.forward(positive(draw, 2, 3, 4, 4))
    right(layer.backward(draw.normal(2, 3, 2, 2)), "dx")


# --- bug_hunt: 5 ---
def suspicious_backward(x, dout):
    """The wrong code of the notebook: all largest pixels get what the window sends."""
    dx = np.zeros(x.shape)
    for i, j in np.ndindex(*dout.shape):
        window = x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
        dx[2 * i : 2 * i + 2, 2 * j : 2 * j + 2] = (window == window.max()) * dout[i, j]
    return dx


def is_routed_rightly(x):
    """Whether suspicious_backward is right on a picture, with a gradient of its own for each window."""
    dout = 1.0 + np.arange(x.size // 4).reshape(x.shape[0] // 2, x.shape[1] // 2)
    _, cache = reference.max_pool2d_forward(x[None, None], 2)
    dx = reference.max_pool2d_backward(dout[None, None], cache)[0, 0]
    return np.array_equal(suspicious_backward(x, dout), dx)


def hunts(answer):
    """The pictures are as asked; blind misses the mistake and sharp shows it."""
    assert isinstance(answer, (tuple, list)) and len(answer) == 2, "bug_hunt must return (blind, sharp)."
    blind, sharp = (as_array(picture).astype(np.float64) for picture in answer)
    for name, x in (("blind", blind), ("sharp", sharp)):
        assert x.ndim == 2 and set(x.shape) <= {2, 4, 6, 8}, f"{name} must be (H, W), both even, at most 8."
        assert np.isin(x, np.arange(10)).all(), f"{name} must hold whole numbers from 0 to 9."
    windows = blind.reshape(len(blind) // 2, 2, -1, 2).swapaxes(1, 2).reshape(-1, 4)
    assert any(len(set(w)) < 4 for w in windows.tolist()), "No window of blind holds two equal pixels."
    assert is_routed_rightly(blind), "blind is not blind: suspicious_backward is wrong on it."
    assert not is_routed_rightly(sharp), "sharp is not sharp: suspicious_backward is right on it."


@pytest.mark.task("bug_hunt", points=5)
def test_bug_hunt(student):
    """`suspicious_backward` is right on blind, which has equal pixels in a window, and wrong on sharp."""
    obeys(student.bug_hunt(), hunts)


# --- bonus: 20 ---
def with_indices(student, x, *settings):
    """Values and indices are right."""
    out, indices = student.max_pool2d_with_indices(x, *settings)
    right(out, "out")
    right(indices, "indices")


@pytest.mark.task("max_unpool2d", points=3, bonus=True)
def test_indices(student, draw):
    """The largest pixel of each window, and its place in the picture."""
    for shape, settings in (((2, 3, 4, 6), (2,)), ((1, 2, 5, 4), (2, 1)), ((1, 1, 7, 5), (2, 3))):
        with_indices(student, -positive(draw, *shape), *settings)


@pytest.mark.task("max_unpool2d", points=2, bonus=True)
def test_dilated_windows(student, draw):
    """Windows with holes."""
    for kernel_size, stride, dilation in ((2, 1, 2), (3, 2, 2), (2, 2, 3)):
        with_indices(student, positive(draw, 1, 2, 7, 8), kernel_size, stride, dilation)


@pytest.mark.task("max_unpool2d", points=1, bonus=True)
def test_first_index_of_ties(student, rng):
    """Of several largest pixels, the index of the first in reading order."""
    for size, largest in ((2, 2), (2, 4), (3, 3)):
        with_indices(student, tied(rng, size, largest), size)


@pytest.mark.task("max_unpool2d", points=2, bonus=True)
def test_unpool(student, draw):
    """Each value goes back to its place, once; all other pixels are 0."""
    for H, W, kernel_size, stride in ((4, 6, 2, 2), (5, 4, 3, 1)):
        y, indices = reference.max_pool2d_with_indices(positive(draw, 2, 3, H, W), kernel_size, stride)
        right(student.max_unpool2d(y, indices, (H, W)), "The picture")


def general(student, draw, sizes, **switches):
    """Means are right for each (H, W, kernel_size, stride, padding)."""
    for H, W, *settings in sizes:
        x = draw.away_from_zero(1, 2, H, W)
        right(student.avg_pool2d_general(x, *settings, **switches), "out")


@pytest.mark.task("avg_pool2d_general", points=2, bonus=True)
def test_ceil_mode(student, draw):
    """With ceil_mode, pixels left over get a window of their own, if it starts before the picture's end."""
    general(student, draw, ((5, 4, 2), (5, 7, 3, 2), (6, 8, 2, 5), (3, 7, 2, 4)), ceil_mode=True)


@pytest.mark.task("avg_pool2d_general", points=2, bonus=True)
def test_padding_not_counted(student, draw):
    """Without count_include_pad, a sum is divided by the number of the picture's pixels."""
    general(student, draw, ((4, 6, 2, 2, 1), (5, 8, 3, 2, 1), (7, 4, 4, 2, 2)), count_include_pad=False)


@pytest.mark.task("avg_pool2d_general", points=2, bonus=True)
def test_ceil_mode_and_padding(student, draw):
    """ceil_mode with padding, counted or not."""
    sizes = (6, 5, 3, 2, 1), (5, 8, 2, 3, 1), (7, 6, 4, 3, 2)
    for switches in ({}, {"count_include_pad": False}):
        general(student, draw, sizes, ceil_mode=True, **switches)


@pytest.mark.task("adaptive_avg_pool2d", points=2, bonus=True)
def test_even_parts(student, draw):
    """Windows of equal size, where the output's size divides the picture's."""
    for size in ((2, 3), (1, 1), (4, 6)):
        right(student.adaptive_avg_pool2d(draw.normal(2, 3, 4, 6), size), "out")


@pytest.mark.task("adaptive_avg_pool2d", points=4, bonus=True)
def test_uneven_parts(student, draw):
    """Windows that share a pixel where it does not, and more windows than pixels."""
    for H, W, size in ((5, 7, (2, 3)), (7, 5, (4, 4)), (8, 9, (5, 2)), (2, 3, (3, 7))):
        right(student.adaptive_avg_pool2d(draw.normal(1, 2, H, W), size), "out")
