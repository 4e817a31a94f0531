"""Public checks beside the docstrings' examples: small cases of each criterion. They decide no mark."""

import numpy as np


def test_conv_output_size(conv_output_size):
    """The number of windows in small cases that can be counted on paper."""
    assert conv_output_size(8, 3) == 6, "A row of 8 pixels has 6 windows of 3: they start at 0, 1, ..., 5."
    assert conv_output_size(8, 3, padding=1) == 8, "padding=1 adds a zero at each end: 10 pixels, 8 windows."
    assert conv_output_size(7, 3, stride=2) == 3, "Windows of 3 in a row of 7, two apart, start at 0, 2, 4."
    assert conv_output_size(9, 3, stride=4) == 2, "Windows of 3 in a row of 9, four apart, start at 0 and 4."
    assert conv_output_size(9, 3, dilation=2) == 5, "Three elements with holes reach over 5 of the 9 pixels."
    try:
        size = conv_output_size(2, 3)
    except ValueError:
        return
    raise AssertionError(f"A kernel of 3 does not fit in 2 pixels: raise a ValueError (you returned {size}).")


def test_make_filter(make_filter):
    """What the filters do to a single bright pixel and to ramps of brightness."""
    for name in ("blur", "sobel_x", "sobel_y", "shift_right"):
        kernel = make_filter(name)
        assert np.shape(kernel) == (3, 3), f"{name} must be a 3 x 3 array, not {np.shape(kernel)}."
        if np.asarray(kernel).dtype != np.float64:  # right numbers count in any type, so this is no failure
            print(f"Note: {name} should hold floats: write 1.0 instead of 1.")
    row, column = np.mgrid[:3, :3]
    flat = np.full((3, 3), 7.0)
    assert np.isclose((make_filter("blur") * flat).sum(), 7), (
        "blur must leave a flat picture as bright as it is."
    )
    assert np.isclose((make_filter("sobel_x") * flat).sum(), 0), "sobel_x must give 0 on a flat picture."
    assert (make_filter("sobel_x") * column).sum() > 0, (
        "sobel_x must be positive where it gets brighter rightwards."
    )
    assert np.isclose((make_filter("sobel_x") * row).sum(), 0), (
        "sobel_x must not see that it gets brighter downwards."
    )
    assert (make_filter("sobel_y") * row).sum() > 0, (
        "sobel_y must be positive where it gets brighter downwards."
    )
    left = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    copied = (make_filter("shift_right") * left).sum()
    assert copied == 1, "To move the picture right, an output pixel copies the pixel to its left."


def test_conv2d_forward(conv2d_forward):
    """One small case for each option."""
    x, w = np.array([[[[1.0, 2.0, 3.0]]]]), np.array([[[[1.0, 10.0]]]])
    answer = conv2d_forward(x, w)
    assert isinstance(answer, (tuple, list)) and len(answer) == 2, "Return two things: out and cache."
    assert not np.allclose(answer[0], [12, 23]), "12 and 23: your kernel is turned round. Do not flip it."

    out = conv2d_forward(x, w, np.array([100.0]))[0]
    assert np.allclose(out, [121, 132]), f"A bias of 100 makes 121 and 132, not {out.ravel()}."

    # zeros around: 0 1 2 3 0, and rows of zeros above and below
    out = conv2d_forward(x, w, padding=1)[0]
    assert np.shape(out) == (1, 1, 3, 4), f"padding=1: shape (1, 1, 3, 4), not {np.shape(out)}."
    assert np.allclose(out[0, 0, 1], [10, 21, 32, 3]), f"padding=1: 10 21 32 3 by hand, not {out[0, 0, 1]}."
    assert np.allclose(out[0, 0, [0, 2]], 0), "padding=1: windows in the zeros above and below must give 0."

    row = np.array([[[[1.0, 2.0, 3.0, 4.0, 5.0]]]])
    out = conv2d_forward(row, w, stride=2)[0]
    assert np.shape(out) == (1, 1, 1, 2), f"stride=2 on five pixels: two windows, not {np.shape(out)[-1]}."
    assert np.allclose(out, [21, 43]), f"stride=2: windows (1, 2) and (3, 4), 21 and 43, not {out.ravel()}."
    column = conv2d_forward(row.reshape(1, 1, 5, 1), w.reshape(1, 1, 2, 1), stride=2)[0]
    assert np.allclose(column, [[21], [43]]), (
        f"stride=2 on a column of five pixels: 21, 43, not {column.ravel()}."
    )
    out = conv2d_forward(row, w, dilation=2)[0]
    assert np.allclose(out, [31, 42, 53]), (
        f"dilation=2: 1 meets 3, then 2 meets 4: 31 42 53, not {out.ravel()}."
    )

    whole = np.array([[[[1, 2, 3]]]])
    out = conv2d_forward(whole, np.array([[[[0.5, 0.25]]]]))[0]
    assert np.allclose(out, [1.0, 1.75]), f"A picture of whole numbers: 1.0 and 1.75, not {out.ravel()}."
    out = conv2d_forward(x.astype(np.float32), w.astype(np.float32))[0]
    assert out.dtype == np.float32, f"float32 in, float32 out; yours is {out.dtype}."

    channels = np.array([[[[1.0]], [[2.0]]], [[[3.0]], [[4.0]]]])  # two pictures, two channels, one pixel
    mix = np.array([[[[1.0]], [[10.0]]], [[[2.0]], [[0.0]]], [[[0.0]], [[1.0]]]])  # three filters
    out = conv2d_forward(channels, mix, np.array([100.0, 200.0, 300.0]))[0]
    assert np.shape(out) == (2, 3, 1, 1), f"Two pictures, three filters: (2, 3, 1, 1), not {np.shape(out)}."
    expected = [[121, 202, 302], [143, 206, 304]]
    assert np.allclose(out[:, :, 0, 0], expected), (
        "Sum over the channels, then add the bias of the filter once."
    )


def test_conv2d_backward(conv2d_forward, conv2d_backward):
    """Stride, padding and several pictures."""
    x, w = np.array([[[[1.0, 2.0, 3.0]]]]), np.array([[[[1.0, 10.0]]]])
    dout = np.array([[[[1.0, 2.0]]]])
    answer = conv2d_backward(dout, conv2d_forward(x, w, np.zeros(1))[1])
    assert isinstance(answer, (tuple, list)) and len(answer) == 3, "Return three things: dx, dw and db."
    assert conv2d_backward(dout, conv2d_forward(x, w)[1])[2] is None, "Without a bias, db is None."

    row = np.array([[[[1.0, 2.0, 3.0, 4.0, 5.0]]]])
    dx, dw, _ = conv2d_backward(dout, conv2d_forward(row, w, stride=2)[1])
    assert np.shape(dx) == row.shape, f"stride=2: dx must have the shape of x, not {np.shape(dx)}."
    assert np.allclose(dx, [1, 10, 2, 20, 0]), f"stride=2: dx is 1 10 2 20 0 by hand, not {dx.ravel()}."
    assert np.allclose(dw, [7, 10]), f"stride=2: dw is 1*1 + 2*3 and 1*2 + 2*4 by hand, not {dw.ravel()}."

    out, cache = conv2d_forward(x, w, padding=1)
    dx, dw, _ = conv2d_backward(np.ones_like(out), cache)
    assert np.shape(dx) == x.shape, (
        f"padding=1: dx has no border, its shape is {x.shape}, not {np.shape(dx)}."
    )
    assert np.allclose(dx, 11), (
        f"padding=1: each pixel is met by the 1 and by the 10, so 11, not {dx.ravel()}."
    )
    assert np.allclose(dw, 6), (
        f"padding=1: 1 and 10 both meet all three pixels, so 6 and 6, not {dw.ravel()}."
    )

    channels = np.array([[[[1.0]], [[2.0]]], [[[3.0]], [[4.0]]]])  # two pictures, two channels, one pixel
    mix = np.array([[[[1.0]], [[10.0]]], [[[2.0]], [[0.0]]], [[[0.0]], [[1.0]]]])  # three filters
    upstream = np.array([[1.0, 0.0, 2.0], [0.0, 1.0, 1.0]])[:, :, None, None]
    dx, dw, db = conv2d_backward(upstream, conv2d_forward(channels, mix, np.zeros(3))[1])
    assert np.allclose(dx[:, :, 0, 0], [[1, 12], [2, 1]]), "dx: sum over the filters, for each picture."
    assert np.allclose(dw[:, :, 0, 0], [[1, 2], [3, 4], [5, 8]]), (
        "dw: sum over the pictures, for each filter."
    )
    assert np.allclose(db, [1, 1, 3]), "db: sum over the pictures and pixels, for each filter."

    notebook, calls = getattr(conv2d_backward, "__globals__", {}), []
    out, cache = conv2d_forward(np.ones((1, 1, 6, 6)), np.ones((1, 1, 3, 3)))
    notebook["conv2d_forward"] = lambda *args, **kwargs: calls.append(args) or conv2d_forward(*args, **kwargs)
    try:
        conv2d_backward(np.ones_like(out), cache)
    finally:
        notebook["conv2d_forward"] = conv2d_forward
    assert len(calls) < 9, (
        f"The backward pass runs {len(calls)} forward passes. Go back window by window instead."
    )


def test_im2col(im2col):
    """Order, channels and options."""
    numbered = np.arange(9.0).reshape(1, 1, 3, 3)
    cols = im2col(numbered, (2, 2))
    assert np.allclose(cols[0, :, 0], [0, 1, 3, 4]), (
        "The first column is the window top left, row by row: 0 1 3 4."
    )
    assert np.allclose(cols[0, :, 1], [1, 2, 4, 5]), "The second column is the window to its right: 1 2 4 5."
    assert np.allclose(cols[0, :, 2], [3, 4, 6, 7]), (
        "The third column is the first window of the next row: 3 4 6 7."
    )

    two = np.stack([numbered[0, 0], 10 + numbered[0, 0]])[None]  # two channels
    cols = im2col(two, (2, 2))
    assert np.shape(cols) == (1, 8, 4), f"Two channels: shape (1, 8, 4), not {np.shape(cols)}."
    assert np.allclose(cols[0, :4, 0], [0, 1, 3, 4]), "Down a column: first all of channel 0."
    assert np.allclose(cols[0, 4:, 0], [10, 11, 13, 14]), "Down a column: after channel 0, all of channel 1."

    row = np.array([[[[1.0, 2.0, 3.0, 4.0, 5.0]]]])
    assert np.allclose(im2col(row, (1, 2), stride=2), [[1, 3], [2, 4]]), (
        "stride=2: windows (1, 2) and (3, 4)."
    )
    assert np.allclose(im2col(row, (1, 3), dilation=2), [[1], [3], [5]]), "dilation=2: one window, 1 3 5."
    padded = im2col(row[..., :3], (1, 2), padding=1)
    assert np.shape(padded) == (1, 2, 12), f"padding=1: shape (1, 2, 12), not {np.shape(padded)}."
    assert np.allclose(padded[0, :, 4:8], [[0, 1, 2, 3], [1, 2, 3, 0]]), "padding=1: zeros left and right."


def test_conv2d_im2col(conv2d_im2col):
    """Bias, stride and two pictures with two filters."""
    x, w = np.array([[[[1.0, 2.0, 3.0]]]]), np.array([[[[1.0, 10.0]]]])
    assert np.allclose(conv2d_im2col(x, w, np.array([100.0])), [121, 132]), "A bias of 100 makes 121 and 132."
    row = np.array([[[[1.0, 2.0, 3.0, 4.0, 5.0]]]])
    assert np.allclose(conv2d_im2col(row, w, stride=2), [21, 43]), "stride=2: 21 and 43."
    two, filters = (
        np.array([[[[1.0, 2.0, 3.0]]], [[[4.0, 5.0, 6.0]]]]),
        np.array([[[[1.0, 10.0]]], [[[1.0, 0.0]]]]),
    )
    out = conv2d_im2col(two, filters)
    assert np.shape(out) == (2, 2, 1, 2), f"Two pictures, two filters: (2, 2, 1, 2), not {np.shape(out)}."
    assert np.allclose(out[0, :, 0], [[21, 32], [1, 2]]), "The first picture's outputs are 21 32 and 1 2."
    assert np.allclose(out[1, :, 0], [[54, 65], [4, 5]]), "The second picture's outputs are 54 65 and 4 5."

    def refuse(*args, **kwargs):
        raise AssertionError(
            "Write the product with im2col. conv2d_forward is not there while this is judged."
        )

    notebook = getattr(conv2d_im2col, "__globals__", {})
    forward = notebook.get("conv2d_forward", refuse)
    notebook["conv2d_forward"] = refuse
    try:
        conv2d_im2col(x, w)
    finally:
        notebook["conv2d_forward"] = forward


def test_conv2d_class(Conv2d):
    """Shapes, spread of the weights, and the example by hand as a layer."""
    layer = Conv2d(16, 32, kernel_size=5, rng=np.random.default_rng(0))
    assert np.shape(layer.weight) == (32, 16, 5, 5), (
        f"weight must be (F, C, KH, KW), not {np.shape(layer.weight)}."
    )
    spread = layer.weight.std() / np.sqrt(2 / (16 * 5 * 5))
    assert 0.95 < spread < 1.05, f"The spread of the weights is {spread:.3g} times what it should be."
    again = Conv2d(16, 32, kernel_size=5, rng=np.random.default_rng(0))
    assert np.allclose(layer.weight, again.weight), "Two equal rngs must give equal weights: use only rng."
    assert np.allclose(layer.bias, np.zeros(32)), "bias must be 32 zeros."
    assert Conv2d(1, 1, kernel_size=1, bias=False, rng=np.random.default_rng(0)).bias is None, (
        "bias=False: None."
    )

    layer = Conv2d(1, 1, kernel_size=1, stride=2, rng=np.random.default_rng(0))
    layer.weight, layer.bias = np.array([[[[10.0]]]]), np.array([100.0])
    out = layer.forward(np.array([[[[1.0, 2.0, 3.0]]]]))
    assert np.allclose(out, [110, 130]), f"10 x + 100 at every second pixel: 110 130, not {np.ravel(out)}."
    dx = layer.backward(np.array([[[[1.0, 2.0]]]]))
    assert np.allclose(dx, [10, 0, 20]), f"backward must return dx, here 10 0 20, not {dx}."
    assert np.allclose(layer.weight_grad, 7), "weight_grad must be 1*1 + 2*3 = 7 after backward."
    assert np.allclose(layer.bias_grad, 3), "bias_grad must be 1 + 2 = 3 after backward."
    layer.forward(np.array([[[[1.0, 2.0, 3.0]]]]))
    layer.backward(np.array([[[[1.0, 2.0]]]]))
    assert np.allclose(layer.weight_grad, 7), "A second backward must replace weight_grad, not add to it."


def test_bug_hunt(bug_hunt, suspicious_conv2d, correlate_slowly):
    """The form of the answer, and what the two kernels see."""
    answer = bug_hunt()
    assert isinstance(answer, (tuple, list)) and len(answer) == 3, "Return three arrays: x, blind, sharp."
    for name, array in zip(["x", "blind", "sharp"], answer, strict=True):
        assert max(np.shape(array)) <= 32, f"{name} must be at most 32 x 32."
    x, blind, sharp = answer
    for name, kernel in [("blind", blind), ("sharp", sharp)]:
        assert np.all(np.shape(kernel) <= np.array(np.shape(x))), (
            f"{name} must not be larger than the picture."
        )
    assert not np.all(blind == blind[0]), "The rows of blind must not all be equal."
    right = correlate_slowly(x, blind, padding=0)
    assert np.abs(right).max() > 1e-6, "With blind the output must not be 0 everywhere."
    assert np.allclose(suspicious_conv2d(x, blind), right), "blind is not blind: it shows the bug."
    right = correlate_slowly(x, sharp, padding=0)
    assert not np.allclose(suspicious_conv2d(x, sharp), right), "sharp is not sharp: it cannot see the bug."


def test_conv2d_general_forward(conv2d_general_forward):
    """A pair as stride."""
    x = np.array([[[[1.0, 2.0, 3.0, 4.0]]]])
    w = np.array([[[[1.0, 10.0]]]])
    out = conv2d_general_forward(x, w, stride=(1, 2))[0]
    assert np.shape(out) == (1, 1, 1, 2), f"stride (1, 2): shape (1, 1, 1, 2), not {np.shape(out)}."
    assert np.allclose(out, [21, 43]), f"stride (1, 2): 1 for the rows, 2 for the columns; not {out.ravel()}."


def test_conv2d_general_backward(conv2d_general_forward, conv2d_general_backward):
    """Two groups."""
    two, filters = np.array([[[[3.0]], [[5.0]]]]), np.array([[[[1.0]]], [[[10.0]]]])
    _, cache = conv2d_general_forward(two, filters, groups=2)
    dx, dw, _ = conv2d_general_backward(np.array([[[[1.0]], [[2.0]]]]), cache)
    assert np.allclose(np.ravel(dx), [1, 20]), f"Two groups: dx is 1*1 and 2*10, not {np.ravel(dx)}."
    assert np.allclose(np.ravel(dw), [3, 10]), f"Two groups: dw is 1*3 and 2*5, not {np.ravel(dw)}."

    column, kernel = np.array([1.0, 2.0, 3.0]).reshape(1, 1, 3, 1), np.array([1.0, 10.0]).reshape(1, 1, 2, 1)
    _, cache = conv2d_general_forward(column, kernel, dilation=(2, 1))
    dx, dw, _ = conv2d_general_backward(np.array([[[[2.0]]]]), cache)
    assert np.allclose(np.ravel(dx), [2, 0, 20]), (
        f"dilation (2, 1) on a column: dx is 2 0 20, not {np.ravel(dx)}."
    )
    assert np.allclose(np.ravel(dw), [2, 6]), (
        f"dilation (2, 1) on a column: dw is 2*1, 2*3, not {np.ravel(dw)}."
    )
