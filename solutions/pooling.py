"""Pooling in NumPy: maximum, mean, the mean of a whole picture, a layer class, and what PyTorch has beyond.

Letters: N pictures, C channels, H x W pixels (HP x WP with padding), OH x OW windows. Pictures are
(N, C, H, W), windows are squares of `kernel_size` pixels. Each channel of each picture is pooled by itself.
"""

import numpy as np


def _pad(x, padding, value):
    """`x` (N, C, H, W) with `padding` rows and columns of `value` on each side."""
    N, C, H, W = x.shape
    xp = np.full((N, C, H + 2 * padding, W + 2 * padding), value, dtype=x.dtype)
    xp[:, :, padding : padding + H, padding : padding + W] = x
    return xp


def _starts(size, kernel_size, stride, padding):
    """Where windows start along an axis of `size` pixels and its padding, as a range."""
    if 2 * padding > kernel_size:
        raise ValueError(f"padding {padding} is more than half of kernel_size {kernel_size}")
    starts = range(0, size + 2 * padding - kernel_size + 1, stride)
    if not starts:
        raise ValueError(f"a window of {kernel_size} pixels does not fit in {size} + 2 x {padding}")
    return starts


def max_pool2d_forward(x, kernel_size, stride=None, padding=0):
    """The largest pixel of each window.

    Args:
        x: (N, C, H, W) pictures, float32 or float64, without NaN or infinity. Not changed.
        kernel_size: height and width of a window, int >= 1.
        stride: pixels from one window to the next, int >= 1. None means kernel_size: windows side by side.
        padding: pixels around the picture that never win (as if they were -infinity), int >= 0.

    Returns:
        out: (N, C, OH, OW) with OH = floor((H + 2 padding - kernel_size) / stride) + 1, OW likewise. Pixels
            left over at the end, too few for another window, are ignored. Same dtype as x.
        cache: whatever `max_pool2d_backward` needs. Only your own code looks into it.

    Raises:
        ValueError: if padding > kernel_size / 2, or if not even one window fits.

    Example:
        Four windows of 2 x 2 pixels, one pixel apart. The 5 is the largest of two of them.

        >>> x = np.array([[[[1.0, 5.0, 2.0], [3.0, 4.0, 0.0], [6.0, 0.0, 1.0]]]])
        >>> max_pool2d_forward(x, 2, stride=1)[0].tolist()
        [[[[5.0, 5.0], [6.0, 4.0]]]]

    Source:
        Goodfellow, Bengio and Courville (2016), Deep Learning, section 9.3.
    """
    stride = kernel_size if stride is None else stride
    N, C, H, W = x.shape
    tops, lefts = (_starts(size, kernel_size, stride, padding) for size in (H, W))
    xp = _pad(x, padding, -np.inf)
    out = np.empty((N, C, len(tops), len(lefts)), dtype=x.dtype)
    winners = np.empty(out.shape, dtype=int)  # numbered within the window, in reading order
    for i, top in enumerate(tops):
        for j, left in enumerate(lefts):
            window = xp[:, :, top : top + kernel_size, left : left + kernel_size].reshape(N, C, -1)
            out[:, :, i, j] = window.max(axis=2)
            winners[:, :, i, j] = window.argmax(axis=2)  # the first, where several are largest
    return out, (winners, xp.shape, kernel_size, stride, padding)


def max_pool2d_backward(dout, cache):
    """Gradient of a loss with respect to the input of `max_pool2d_forward`, given that of its output.

    Each window sends its gradient to its largest pixel; all others get nothing from it. A pixel that is the
    largest of several windows gets the *sum*. Of equal largest pixels the first in reading order gets all.

    Args:
        dout: (N, C, OH, OW) gradient of the loss with respect to out, same dtype as out. Not changed.
        cache: from the `max_pool2d_forward` that made out.

    Returns:
        dx: (N, C, H, W), without the padding. Pixels that won nowhere have gradient 0.

    Example:
        As above. The 5 won twice and gets 1 + 10, the 6 gets 100, the 4 gets 1000.

        >>> x = np.array([[[[1.0, 5.0, 2.0], [3.0, 4.0, 0.0], [6.0, 0.0, 1.0]]]])
        >>> out, cache = max_pool2d_forward(x, 2, stride=1)
        >>> max_pool2d_backward(np.array([[[[1.0, 10.0], [100.0, 1000.0]]]]), cache).tolist()
        [[[[0.0, 11.0, 0.0], [0.0, 1000.0, 0.0], [100.0, 0.0, 0.0]]]]

    Source:
        Goodfellow, Bengio and Courville (2016), Deep Learning, sections 6.5 and 9.3. Ties as in PyTorch.
    """
    winners, (N, C, HP, WP), kernel_size, stride, padding = cache
    dxp = np.zeros((N, C, HP, WP), dtype=dout.dtype)
    n, c = np.ogrid[:N, :C]
    for i, j in np.ndindex(*dout.shape[2:]):
        row, column = np.divmod(winners[:, :, i, j], kernel_size)
        dxp[n, c, i * stride + row, j * stride + column] += dout[:, :, i, j]
    return dxp[:, :, padding : HP - padding, padding : WP - padding]


def avg_pool2d_forward(x, kernel_size, stride=None, padding=0):
    """The mean of each window.

    Args:
        x: (N, C, H, W) pictures, float32 or float64. Not changed.
        kernel_size, stride, padding: as in `max_pool2d_forward`, and refused as there. But the padding holds
            zeros, and they count: each sum is divided by kernel_size * kernel_size.

    Returns:
        out: (N, C, OH, OW), as in `max_pool2d_forward`; same dtype as x.
        cache: whatever `avg_pool2d_backward` needs.

    Example:
        The first window is (1 + 5 + 3 + 4) / 4 = 3.25.

        >>> x = np.array([[[[1.0, 5.0, 2.0], [3.0, 4.0, 0.0], [6.0, 0.0, 1.0]]]])
        >>> avg_pool2d_forward(x, 2, stride=1)[0].tolist()
        [[[[3.25, 2.75], [3.25, 1.25]]]]

    Source:
        LeCun et al. (1998), Gradient-based learning applied to document recognition. Padding as in PyTorch.
    """
    stride = kernel_size if stride is None else stride
    N, C, H, W = x.shape
    tops, lefts = (_starts(size, kernel_size, stride, padding) for size in (H, W))
    xp = _pad(x, padding, 0.0)
    out = np.empty((N, C, len(tops), len(lefts)), dtype=x.dtype)
    for i, top in enumerate(tops):
        for j, left in enumerate(lefts):
            out[:, :, i, j] = xp[:, :, top : top + kernel_size, left : left + kernel_size].mean(axis=(2, 3))
    return out, (xp.shape, kernel_size, stride, padding)


def avg_pool2d_backward(dout, cache):
    """Gradient of a loss with respect to the input of `avg_pool2d_forward`, given that of its output.

    Args:
        dout, cache: as in `max_pool2d_backward`, of the `avg_pool2d_forward` that made out.

    Returns:
        dx: (N, C, H, W), without the padding. A pixel of several windows gets a share from each.

    Example:
        Each pixel of a window gets a quarter: 1, 2, 3 and 4. The middle one is in all four windows.

        >>> _, cache = avg_pool2d_forward(np.zeros((1, 1, 3, 3)), 2, stride=1)
        >>> avg_pool2d_backward(np.array([[[[4.0, 8.0], [12.0, 16.0]]]]), cache).tolist()
        [[[[1.0, 3.0, 2.0], [4.0, 10.0, 6.0], [3.0, 7.0, 4.0]]]]

    Source:
        The chain rule: the slope of a mean of n numbers for each of them is 1 / n.
    """
    (N, C, HP, WP), kernel_size, stride, padding = cache
    dxp = np.zeros((N, C, HP, WP), dtype=dout.dtype)
    share = dout / kernel_size**2
    for i, j in np.ndindex(*dout.shape[2:]):
        top, left = i * stride, j * stride
        dxp[:, :, top : top + kernel_size, left : left + kernel_size] += share[:, :, i, j, None, None]
    return dxp[:, :, padding : HP - padding, padding : WP - padding]


def global_avg_pool_forward(x):
    """The mean of each channel: one number for each feature, whatever the size of the picture.

    Args:
        x: (N, C, H, W) pictures, float32 or float64. Not changed.

    Returns:
        out: (N, C), same dtype as x.
        cache: whatever `global_avg_pool_backward` needs.

    Example:
        >>> x = np.array([[[[1.0, 5.0], [3.0, 3.0]], [[0.0, 0.0], [0.0, 2.0]]]])
        >>> global_avg_pool_forward(x)[0].tolist()
        [[3.0, 0.5]]

    Source:
        Lin, Chen and Yan (2014), Network in network, section 3.2.
    """
    return x.mean(axis=(2, 3)), x.shape


def global_avg_pool_backward(dout, cache):
    """Gradient of a loss with respect to the input of `global_avg_pool_forward`.

    Args:
        dout: (N, C) gradient of the loss with respect to out, same dtype as out. Not changed.
        cache: from the `global_avg_pool_forward` that made out.

    Returns:
        dx: (N, C, H, W).

    Example:
        >>> _, cache = global_avg_pool_forward(np.zeros((1, 1, 2, 3)))
        >>> global_avg_pool_backward(np.array([[12.0]]), cache).tolist()
        [[[[2.0, 2.0, 2.0], [2.0, 2.0, 2.0]]]]

    Source:
        Lin, Chen and Yan (2014), see above.
    """
    N, C, H, W = cache
    dx = np.empty((N, C, H, W), dtype=dout.dtype)
    dx[...] = dout[:, :, None, None] / (H * W)
    return dx


class MaxPool2d:
    """Max pooling as a layer, which keeps its cache between forward and backward.

    Args:
        kernel_size, stride, padding: ints, as in `max_pool2d_forward`; stride None means kernel_size.

    Attributes:
        weight, bias: None. There is nothing to learn here.

    Example:
        >>> layer = MaxPool2d(2)
        >>> layer.forward(np.array([[[[1.0, 5.0], [3.0, 4.0]]]])).tolist()
        [[[[5.0]]]]
        >>> layer.backward(np.array([[[[7.0]]]])).tolist()
        [[[[0.0, 7.0], [0.0, 0.0]]]]

    Source:
        The interface of torch.nn.MaxPool2d, with a backward pass of its own.
    """

    def __init__(self, kernel_size, stride=None, padding=0):
        """Keep the settings."""
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding
        self.weight = self.bias = None

    def forward(self, x):
        """x (N, C, H, W) -> out (N, C, OH, OW), by `max_pool2d_forward`."""
        out, self._cache = max_pool2d_forward(x, self.kernel_size, self.stride, self.padding)
        return out

    def backward(self, dout):
        """dout (N, C, OH, OW) -> dx (N, C, H, W), by `max_pool2d_backward`, for the last `forward`."""
        return max_pool2d_backward(dout, self._cache)


def bug_hunt():
    """Two pictures that test `suspicious_backward` of the notebook: one blind, one sharp.

    The windows are 2 x 2 pixels, side by side. A gradient is *right* if the first largest pixel of each
    window gets all that the window sends, as in `max_pool2d_backward`.

    Returns:
        blind: picture on which suspicious_backward is right, although some window holds two equal pixels.
        sharp: picture on which suspicious_backward is wrong.

        Both (H, W), float64, whole numbers from 0 to 9, H and W even and at most 8.

    Example:
        >>> blind, sharp = bug_hunt()
        >>> blind.ndim, sharp.ndim
        (2, 2)

    Source:
        Read the code of suspicious_backward, and ask which equal pixels matter to it.
    """
    blind = np.diag([0.0, 9.0])  # three equal pixels, none of them the largest
    sharp = np.zeros((2, 2))  # as after a ReLU
    return blind, sharp


def max_pool2d_with_indices(x, kernel_size, stride=None, dilation=1):
    """The largest pixel of each window, and where it was.

    Args:
        x: (N, C, H, W) pictures, float32 or float64. Not changed.
        kernel_size, stride: ints, as in `max_pool2d_forward`.
        dilation: pixels from one element of a window to the next, int >= 1. A window reaches over
            dilation (kernel_size - 1) + 1 pixels.

    Returns:
        out: (N, C, OH, OW), same dtype as x.
        indices: (N, C, OH, OW) ints; pixel (row, column) of the picture has the index row * W + column. Of
            equal largest pixels the first in reading order.

    Example:
        >>> x = np.array([[[[1.0, 5.0, 2.0], [3.0, 4.0, 0.0], [6.0, 0.0, 1.0]]]])
        >>> max_pool2d_with_indices(x, 2, stride=1)[1].tolist()
        [[[[1, 1], [6, 4]]]]

    Source:
        torch.nn.functional.max_pool2d with return_indices=True.
    """
    stride = kernel_size if stride is None else stride
    N, C, H, W = x.shape
    reach = dilation * (kernel_size - 1) + 1
    tops, lefts = _starts(H, reach, stride, 0), _starts(W, reach, stride, 0)
    numbers = np.arange(H * W).reshape(H, W)
    out = np.empty((N, C, len(tops), len(lefts)), dtype=x.dtype)
    indices = np.empty(out.shape, dtype=int)
    for i, top in enumerate(tops):
        for j, left in enumerate(lefts):
            rows, columns = slice(top, top + reach, dilation), slice(left, left + reach, dilation)
            window = x[:, :, rows, columns].reshape(N, C, -1)
            out[:, :, i, j] = window.max(axis=2)
            indices[:, :, i, j] = numbers[rows, columns].ravel()[window.argmax(axis=2)]
    return out, indices


def max_unpool2d(y, indices, output_shape):
    """Put each value back to where it came from; all other pixels are 0.

    Args:
        y: (N, C, OH, OW) values, float32 or float64. Not changed.
        indices: (N, C, OH, OW) ints, from `max_pool2d_with_indices`. Where an index occurs twice in a
            channel, both have the same value, which is put there once.
        output_shape: (H, W) of the picture.

    Returns:
        (N, C, H, W) array, same dtype as y.

    Example:
        >>> max_unpool2d(np.array([[[[5.0]]]]), np.array([[[[1]]]]), (2, 2)).tolist()
        [[[[0.0, 5.0], [0.0, 0.0]]]]

    Source:
        Zeiler and Fergus (2014), Visualizing and understanding convolutional networks, section 2.1.
    """
    x = np.zeros((*y.shape[:2], *output_shape), dtype=y.dtype)
    n, c, _, _ = np.ogrid[tuple(map(slice, y.shape))]
    rows, columns = np.divmod(indices, output_shape[1])
    x[n, c, rows, columns] = y
    return x


def avg_pool2d_general(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    """The mean of each window, with PyTorch's two switches.

    Args:
        x: (N, C, H, W) pictures, float32 or float64. Not changed.
        kernel_size, stride, padding: ints, as in `avg_pool2d_forward`.
        ceil_mode: bool; if True, pixels left over at the end get a window, too, which may reach beyond the
            padding (OH and OW are rounded up). A window must start in the picture or the padding before it.
        count_include_pad: bool; if True, a sum is divided by the number of pixels of the window that lie in
            the picture or the padding; if False, by the number of those in the picture.

    Returns:
        (N, C, OH, OW) array, same dtype as x.

    Example:
        Each row and column has one pixel left over. The window of the 6s holds two pixels: (6 + 6) / 2.

        >>> x = np.array([[[[2.0, 4.0, 6.0], [2.0, 4.0, 6.0], [8.0, 8.0, 9.0]]]])
        >>> avg_pool2d_general(x, 2, ceil_mode=True).tolist()
        [[[[3.0, 6.0], [8.0, 9.0]]]]

    Source:
        torch.nn.AvgPool2d.
    """
    stride = kernel_size if stride is None else stride
    H, W = x.shape[2:]
    rows, columns = (_spans(size, kernel_size, stride, padding, ceil_mode) for size in (H, W))
    xp = _pad(x, padding, 0.0)
    counts = np.pad(np.ones((H, W)), padding, constant_values=count_include_pad)  # 1 for what is counted
    out = np.empty((*x.shape[:2], len(rows), len(columns)), dtype=x.dtype)
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            out[:, :, i, j] = xp[:, :, row, column].sum(axis=(2, 3)) / counts[row, column].sum()
    return out


def _spans(size, kernel_size, stride, padding, ceil_mode):
    """The windows along a padded axis as slices; with ceil_mode the last may reach beyond its end."""
    room = size + 2 * padding - kernel_size
    last = -(-room // stride) if ceil_mode else room // stride
    if last * stride >= padding + size:  # it would start behind the picture
        last -= 1
    return [slice(i * stride, i * stride + kernel_size) for i in range(last + 1)]


def adaptive_avg_pool2d(x, output_size):
    """Means of windows that divide the picture, so that the output has a given size.

    Args:
        x: (N, C, H, W) pictures, float32 or float64. Not changed.
        output_size: (OH, OW), a tuple of two ints.

    Returns:
        (N, C, OH, OW) array, same dtype as x. Window i of the rows begins with row floor(i H / OH) and ends
        before row ceil((i + 1) H / OH); columns likewise. Windows may overlap by a pixel.

    Example:
        Three pixels, two windows: (1, 2) and (2, 6).

        >>> adaptive_avg_pool2d(np.array([[[[1.0, 2.0, 6.0]]]]), (1, 2)).tolist()
        [[[[1.5, 4.0]]]]

    Source:
        torch.nn.AdaptiveAvgPool2d; He, Zhang, Ren and Sun (2014), Spatial pyramid pooling, section 2.2.
    """
    OH, OW = output_size
    H, W = x.shape[2:]
    out = np.empty((*x.shape[:2], OH, OW), dtype=x.dtype)
    for i, j in np.ndindex(OH, OW):
        rows = slice(i * H // OH, -(-(i + 1) * H // OH))
        columns = slice(j * W // OW, -(-(j + 1) * W // OW))
        out[:, :, i, j] = x[:, :, rows, columns].mean(axis=(2, 3))
    return out
