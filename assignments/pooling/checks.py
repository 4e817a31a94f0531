"""Public checks: a small case of each criterion, beside the examples by hand. They decide no mark."""

import numpy as np

HAND = ((1.0, 5.0, 2.0), (3.0, 4.0, 0.0), (6.0, 0.0, 1.0))
SEVERAL = np.arange(16.0).reshape(2, 2, 2, 2)


def picture(rows):
    """One picture with one channel."""
    return np.array(rows, dtype=float)[None, None]


def equal(came, rows, what):
    """An array of one picture and one channel holds these rows."""
    assert isinstance(came, np.ndarray), f"{what} must be a NumPy array, not a {type(came).__name__}."
    rows = picture(rows)
    assert came.shape == rows.shape, f"{what} must have the shape {rows.shape}, not {came.shape}."
    assert np.allclose(came, rows), f"{what} must be {rows[0, 0].tolist()}, not {came[0, 0].tolist()}."


def two_things(answer):
    """out and cache."""
    assert isinstance(answer, (tuple, list)) and len(answer) == 2, "Return two things: out and cache."
    return answer


def refused(function, *args):
    """The call raises ValueError."""
    try:
        function(*args)
    except ValueError:
        return True
    return False


def test_max_pool2d_forward(max_pool2d_forward):
    """Overlap, gaps, the default stride, negative numbers, padding, remainder, channels and pictures."""
    x, wide = picture(HAND), picture([[1, 2, 3, 9], [4, 5, 6, 7]])
    equal(two_things(max_pool2d_forward(x, 2, 1))[0], [[5, 5], [6, 4]], "Windows of 2, stride 1: out")
    assert np.array_equal(x, picture(HAND)), "You have written into x."
    equal(max_pool2d_forward(x, 1, 2)[0], [[1, 2], [6, 1]], "Windows of 1, stride 2: out")
    equal(max_pool2d_forward(x, 2)[0], [[5]], "Windows of 2, side by side, two pixels left over: out")
    equal(max_pool2d_forward(wide, 2)[0], [[5, 9]], "2 x 4 pixels, windows of 2, side by side: out")
    equal(max_pool2d_forward(-wide, 2)[0], [[-1, -3]], "Negative pixels, windows of 2: out")
    out = max_pool2d_forward(-x, 2, 3, 1)[0]
    equal(out, [[-1, -2], [-6, -1]], "Windows of 2, stride 3, padding 1, negative pixels: out")
    out = max_pool2d_forward(SEVERAL, 2)[0]
    assert np.shape(out) == (2, 2, 1, 1), f"Two pictures of two channels: (2, 2, 1, 1), not {np.shape(out)}."
    assert np.allclose(out.ravel(), [3, 7, 11, 15]), "Each channel of each picture has a maximum of its own."
    assert max_pool2d_forward(x.astype(np.float32), 2, 1, 1)[0].dtype == np.float32, "float32 stays float32."
    assert refused(max_pool2d_forward, x, 2, 1, 2), "Padding 2 for windows of 2 must be a ValueError."
    assert refused(max_pool2d_forward, x, 4), "A window of 4 in 3 x 3 pixels must be a ValueError."


def test_max_pool2d_backward(max_pool2d_forward, max_pool2d_backward):
    """One window, overlap, gaps, padding, ties, channels and pictures."""

    def sent(x, dout, *settings):
        return max_pool2d_backward(picture(dout), max_pool2d_forward(picture(x), *settings)[1])

    equal(sent(HAND, [[7]], 3), [[0, 0, 0], [0, 0, 0], [7, 0, 0]], "One window of 3, dout 7: dx")
    dx = sent(HAND, [[1, 10], [100, 1000]], 2, 1)
    equal(dx, [[0, 11, 0], [0, 1000, 0], [100, 0, 0]], "Overlapping: dx")
    equal(sent([[1, 2, 9, 4, 3]], [[5, 7]], 1, 3), [[5, 0, 0, 7, 0]], "Windows of 1, stride 3: dx")
    equal(sent([[1, 4, 2, 3], [0, 0, 5, 0]], [[5, 7]], 2), [[0, 5, 0, 0], [0, 0, 7, 0]], "Side by side: dx")
    equal(sent([[1, 4], [2, 3]], [[5]], 4, 1, 1), [[0, 5], [0, 0]], "Padding 1: dx")
    equal(sent([[7, 7], [7, 7]], [[1]], 2), [[1, 0], [0, 0]], "Four pixels of 7: dx")
    dout, (_, cache) = np.arange(1.0, 5.0).reshape(2, 2, 1, 1), max_pool2d_forward(SEVERAL, 2)
    max_pool2d_forward(-SEVERAL, 2)
    dx = max_pool2d_backward(dout, cache)
    assert np.shape(dx) == (2, 2, 2, 2), f"dx must have the shape of x, (2, 2, 2, 2), not {np.shape(dx)}."
    own = np.allclose(dx[..., 1, 1], dout[..., 0, 0])
    assert own, (
        "Two pictures of two channels: each sends its dout to its own winner, by the cache it is given."
    )
    assert np.allclose(dout.ravel(), [1, 2, 3, 4]), "You have written into dout."


def test_avg_pool2d(avg_pool2d_forward, avg_pool2d_backward):
    """Means and shares, with overlap, padding, a remainder, channels and pictures."""

    def shares(shape, dout, *settings):
        return avg_pool2d_backward(picture(dout), avg_pool2d_forward(np.ones((1, 1, *shape)), *settings)[1])

    out = two_things(avg_pool2d_forward(picture(HAND), 2, 1))[0]
    equal(out, [[3.25, 2.75], [3.25, 1.25]], "Windows of 2, stride 1: out")
    equal(avg_pool2d_forward(picture(HAND), 2)[0], [[3.25]], "Windows of 2, side by side: out")
    ones = avg_pool2d_forward(np.ones((1, 1, 2, 2)), 2, 1, 1)[0]
    equal(ones, [[0.25, 0.5, 0.25], [0.5, 1, 0.5], [0.25, 0.5, 0.25]], "2 x 2 ones, padding 1: out")
    equal(shares((3, 3), [[9]], 3), np.ones((3, 3)), "One window of 3, dout 9: dx")
    dx = shares((3, 3), [[4, 8], [12, 16]], 2, 1)
    equal(dx, [[1, 3, 2], [4, 10, 6], [3, 7, 4]], "Overlapping windows: dx")
    equal(shares((2, 2), [[4, 8], [12, 16]], 2, 2, 1), [[1, 2], [3, 4]], "Padding 1: dx")
    out, cache = avg_pool2d_forward(SEVERAL, 2)
    assert np.allclose(out.ravel(), [1.5, 5.5, 9.5, 13.5]), "Each channel of each picture has its own mean."
    assert np.allclose(avg_pool2d_backward(out, cache), out / 4), "Each pixel gets a quarter of its window's."


def test_global_avg_pool(global_avg_pool_forward, global_avg_pool_backward):
    """Two pictures of two channels, 2 x 3 pixels."""
    out, cache = two_things(global_avg_pool_forward(np.arange(24.0).reshape(2, 2, 2, 3)))
    assert np.shape(out) == (2, 2), f"Two pictures of two channels: (2, 2), not {np.shape(out)}."
    assert np.allclose(out, [[2.5, 8.5], [14.5, 20.5]]), f"Means of 0 ... 5, 6 ... 11 and so on, not {out}."
    dx = global_avg_pool_backward(np.array([[6.0, 12.0], [18.0, 24.0]]), cache)
    assert np.shape(dx) == (2, 2, 2, 3), f"dx must have the shape of x, (2, 2, 2, 3), not {np.shape(dx)}."
    assert np.allclose(dx[:, :, 1, 2], [[1, 2], [3, 4]]), "Each of the six pixels gets a sixth."


def test_MaxPool2d(MaxPool2d):
    """Settings, the default stride, backward of the last forward, no parameters."""
    layer, other = MaxPool2d(2, stride=1), MaxPool2d(2, stride=1)
    equal(layer.forward(-picture(HAND)), [[-1, 0], [0, 0]], "stride=1: out")
    equal(layer.forward(picture(HAND)), [[5, 5], [6, 4]], "stride=1: out")
    other.forward(-picture(HAND))
    dx = layer.backward(picture([[1, 10], [100, 1000]]))
    equal(dx, [[0, 11, 0], [0, 1000, 0], [100, 0, 0]], "After the forward of another layer: dx")
    equal(MaxPool2d(2).forward(picture(HAND)), [[5]], "Without a stride: out")
    out = MaxPool2d(2, 3, padding=1).forward(-picture(HAND))
    equal(out, [[-1, -2], [-6, -1]], "stride=3, padding=1: out")
    assert layer.weight is None and layer.bias is None, "weight and bias must be None: nothing is learned."


def test_bug_hunt(bug_hunt, suspicious_backward, max_pool2d_forward, max_pool2d_backward):
    """The form of the answer, and what suspicious_backward makes of it."""
    answer = bug_hunt()
    assert isinstance(answer, (tuple, list)) and len(answer) == 2, "Return two pictures: blind, sharp."
    for name, x in zip(("blind", "sharp"), answer, strict=True):
        assert np.ndim(x) == 2 and set(np.shape(x)) <= {2, 4, 6, 8}, f"{name}: H and W even, at most 8."
        assert np.isin(x, range(10)).all(), f"{name} must hold whole numbers from 0 to 9."
        dout = 1.0 + np.arange(np.size(x) // 4).reshape(np.shape(x)[0] // 2, -1)
        right = max_pool2d_backward(picture(dout), max_pool2d_forward(picture(x), 2)[1])[0, 0]
        same = np.allclose(suspicious_backward(np.asarray(x), dout), right)
        assert same == (name == "blind"), f"{name}: suspicious_backward is {'right' if same else 'wrong'}."
    windows = np.asarray(answer[0]).reshape(len(answer[0]) // 2, 2, -1, 2).swapaxes(1, 2).reshape(-1, 4)
    equals = min(len(set(window)) for window in windows.tolist()) < 4
    assert equals, "No window of blind holds two equal pixels."


def test_max_unpool2d(max_pool2d_with_indices, max_unpool2d):
    """Places, a dilation, and the way back."""
    out, indices = max_pool2d_with_indices(picture(HAND), 2, 1)
    equal(indices, [[1, 1], [6, 4]], "indices")
    equal(max_unpool2d(out, indices, (3, 3)), [[0, 5, 0], [0, 4, 0], [6, 0, 0]], "The picture")
    equal(max_pool2d_with_indices(picture([[1, 2, 3, 5], [4, 0, 6, 0]]), 2, 1)[1], [[4, 6, 6]], "indices")
    equal(max_pool2d_with_indices(picture(HAND), 2, 1, dilation=2)[0], [[6]], "dilation 2, the corners: out")


def test_avg_pool2d_general(avg_pool2d_general):
    """Each switch by itself."""
    equal(avg_pool2d_general(picture(HAND), 2, ceil_mode=True), [[3.25, 1], [3, 1]], "ceil_mode: out")
    ones = np.ones((1, 1, 2, 2))
    equal(avg_pool2d_general(ones, 2, 2, 1), [[0.25, 0.25], [0.25, 0.25]], "padding 1: out")
    out = avg_pool2d_general(ones, 2, 2, 1, count_include_pad=False)
    equal(out, [[1, 1], [1, 1]], "padding 1, count_include_pad=False: out")


def test_adaptive_avg_pool2d(adaptive_avg_pool2d):
    """Three rows and columns in two parts each."""
    equal(adaptive_avg_pool2d(picture(HAND), (2, 2)), [[3.25, 2.75], [3.25, 1.25]], "(2, 2): out")
    equal(adaptive_avg_pool2d(picture(HAND), (1, 3)), [[10 / 3, 3, 1]], "(1, 3): out")
