"""The convolution layer in NumPy: forward, backward, im2col, a layer class, and the general case.

Letters, as in PyTorch: N pictures, C channels, F filters, H x W pixels, KH x KW kernel, OH x OW output.
Pictures are (N, C, H, W), kernels (F, C, KH, KW). Offsets inside a window are u (rows) and v (columns).

Each function stands alone and calls no other task, with two exceptions that are the point of their task:
`conv2d_im2col` is built on `im2col`, and `Conv2d` on `conv2d_forward` and `conv2d_backward`.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def _pad(x, rows, columns):
    """`x` (N, C, H, W) with zeros around its last two axes."""
    N, C, H, W = x.shape
    xp = np.zeros((N, C, H + 2 * rows, W + 2 * columns), dtype=x.dtype)  # np.pad takes ten times as long
    xp[:, :, rows : rows + H, columns : columns + W] = x
    return xp


def _starts(size, kernel_size, stride, dilation):
    """Where windows start along an axis of `size` pixels (padding included), as a range."""
    starts = range(0, size - dilation * (kernel_size - 1), stride)
    if not starts:
        raise ValueError(f"a kernel of {kernel_size} with dilation {dilation} does not fit in {size} pixels")
    return starts


def conv_output_size(size, kernel_size, stride=1, padding=0, dilation=1):
    """Number of windows that fit along one axis of a picture.

    Pixels that are left over at the end, too few for another window, are ignored (the division rounds down).

    Args:
        size: pixels of the picture along this axis, int >= 1.
        kernel_size: pixels of the kernel along this axis, int >= 1.
        stride: pixels from the start of one window to the start of the next, int >= 1.
        padding: zeros added at *each* of the two ends, int >= 0.
        dilation: pixels from one kernel element to the next, int >= 1 (1: no holes).

    Returns:
        int, floor((size + 2 padding - dilation (kernel_size - 1) - 1) / stride) + 1.

    Raises:
        ValueError: if not even one window fits.

    Example:
        Windows of 3 pixels in a row of 8, two apart, start at 0, 2 and 4. Pixel 7 is left over.

        >>> conv_output_size(8, 3, stride=2)
        3

    Source:
        Dumoulin and Visin (2016), A guide to convolution arithmetic for deep learning, relationships 6 and 15
        (arXiv:1603.07285).
    """
    reach = dilation * (kernel_size - 1) + 1
    room = size + 2 * padding - reach
    if room < 0:
        raise ValueError(f"a kernel that reaches over {reach} pixels does not fit in {size} + 2 x {padding}")
    return room // stride + 1


def make_filter(name):
    """A 3 x 3 kernel, designed by hand, for cross-correlation: out[i, j] = sum_uv x[i + u, j + v] w[u, v].

    Args:
        name: str, one of

            * "blur": each output pixel is the mean of its 3 x 3 neighbourhood.
            * "sobel_x": responds to brightness that rises from left to right, with a positive number.
              Its rows are (-1, 0, 1), weighted 1, 2, 1 from top to bottom.
            * "sobel_y": the same for brightness that rises from top to bottom.
            * "shift_right": with padding 1 moves the picture by one pixel to the right.

    Returns:
        (3, 3) array, float64.

    Raises:
        ValueError: if there is no filter of that name.

    Example:
        The blur kernel weighs all nine pixels alike.

        >>> float(make_filter("blur")[0, 2] * 9)
        1.0

    Source:
        Gonzalez and Woods, Digital Image Processing, spatial filtering (smoothing, Sobel operators).
    """
    filters = {
        "blur": np.full((3, 3), 1 / 9),
        "sobel_x": np.outer([1.0, 2.0, 1.0], [-1.0, 0.0, 1.0]),
        "sobel_y": np.outer([-1.0, 0.0, 1.0], [1.0, 2.0, 1.0]),
        "shift_right": np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]),
    }
    if name not in filters:
        raise ValueError(f"no filter named {name!r}; there are {', '.join(filters)}")
    return filters[name]


def conv2d_forward(x, w, b=None, stride=1, padding=0, dilation=1):
    """Slide every filter over every picture: cross-correlation, the convolution of deep learning.

    out[n, f, i, j] = b[f] + sum over c, u, v of
                      xp[n, c, i stride + u dilation, j stride + v dilation] w[f, c, u, v]

    where xp is x with `padding` rows and columns of zeros on each side. The kernel is *not* flipped.

    Args:
        x: (N, C, H, W) pictures, float32 or float64 (whole numbers work too). Not changed.
        w: (F, C, KH, KW) filters, same dtype. Not changed.
        b: (F,) bias, one number per filter, or None.
        stride: pixels between neighbouring windows, in both directions, int >= 1.
        padding: zeros on each of the four sides, int >= 0.
        dilation: pixels between neighbouring kernel elements, int >= 1.

    Returns:
        out: (N, F, OH, OW) with OH and OW as in `conv_output_size`; float32 if x and w are.
        cache: whatever `conv2d_backward` needs. Only your own code looks into it.

    Raises:
        ValueError: if the kernel does not fit in the padded picture.

    Example:
        One row of three pixels, a kernel of two: 1*1 + 10*2 = 21, 1*2 + 10*3 = 32.

        >>> x, w = np.array([[[[1.0, 2.0, 3.0]]]]), np.array([[[[1.0, 10.0]]]])
        >>> conv2d_forward(x, w)[0].tolist()
        [[[[21.0, 32.0]]]]

    Source:
        Goodfellow, Bengio and Courville (2016), Deep Learning, eq. 9.6 (cross-correlation), 9.8 (stride).
    """
    N, _, H, W = x.shape
    F, _, KH, KW = w.shape
    xp = _pad(x, padding, padding)
    tops = _starts(H + 2 * padding, KH, stride, dilation)
    lefts = _starts(W + 2 * padding, KW, stride, dilation)
    reach_h, reach_w = dilation * (KH - 1) + 1, dilation * (KW - 1) + 1
    out = np.empty((N, F, len(tops), len(lefts)), dtype=np.result_type(x, w))
    for i, top in enumerate(tops):
        for j, left in enumerate(lefts):
            window = xp[:, :, top : top + reach_h : dilation, left : left + reach_w : dilation]
            out[:, :, i, j] = np.einsum("ncuv,fcuv->nf", window, w)  # all pictures, all filters
    if b is not None:
        out += b[:, None, None]
    return out, (x, w, b is not None, stride, padding, dilation)


def conv2d_backward(dout, cache):
    """Gradients of a loss with respect to the inputs of `conv2d_forward`, given that of its output.

    A pixel of x is seen by every window that covers it, so its gradient is a *sum* over those windows.
    A kernel element meets every window of every picture, and a bias is added to every output pixel of its
    filter: their gradients are sums too. Dilation 1 is enough here; other dilations are a bonus task.

    Loops are fine. But all together must cost no more than a few forward passes: to try out each number of
    x and w, one forward pass for each, is no backward pass.

    Args:
        dout: (N, F, OH, OW) gradient of the loss with respect to out, same dtype as out. Not changed.
        cache: from the `conv2d_forward` that made out, called with dilation 1.

    Returns:
        dx: (N, C, H, W), without the padding. Pixels that no window reached have gradient 0.
        dw: (F, C, KH, KW).
        db: (F,), or None if the forward pass had no bias.

    Example:
        x = (1, 2, 3), w = (1, 10) as in `conv2d_forward`, dout = (1, 2). The middle pixel is in both windows.
        dx = (1*1, 1*10 + 2*1, 2*10); dw = (1*1 + 2*2, 1*2 + 2*3); db = 1 + 2.

        >>> x, w, b = np.array([[[[1.0, 2.0, 3.0]]]]), np.array([[[[1.0, 10.0]]]]), np.zeros(1)
        >>> out, cache = conv2d_forward(x, w, b)
        >>> dx, dw, db = conv2d_backward(np.array([[[[1.0, 2.0]]]]), cache)
        >>> dx.tolist(), dw.tolist(), db.tolist()
        ([[[[1.0, 12.0, 20.0]]]], [[[[5.0, 8.0]]]], [3.0])

    Source:
        Goodfellow, Bengio and Courville (2016), Deep Learning, eq. 9.11 (kernel) and 9.12 to 9.13 (input).
    """
    x, w, has_bias, stride, padding, dilation = cache
    if dilation != 1:
        raise ValueError(f"dilation {dilation}: use conv2d_general_forward and conv2d_general_backward")
    H, W = x.shape[2:]
    KH, KW = w.shape[2:]
    xp = _pad(x, padding, padding)
    dxp = np.zeros(xp.shape, dtype=np.result_type(dout, w))
    dw = np.zeros(w.shape, dtype=np.result_type(dout, x))
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            top, left = i * stride, j * stride
            upstream = dout[:, :, i, j]  # (N, F)
            dxp[:, :, top : top + KH, left : left + KW] += np.einsum("nf,fcuv->ncuv", upstream, w)
            dw += np.einsum("nf,ncuv->fcuv", upstream, xp[:, :, top : top + KH, left : left + KW])
    dx = dxp[:, :, padding : padding + H, padding : padding + W]
    db = dout.sum(axis=(0, 2, 3)) if has_bias else None
    return dx, dw, db


def im2col(x, kernel_size, stride=1, padding=0, dilation=1):
    """Write every window of a picture as a column, so that a convolution becomes one matrix product.

    Args:
        x: (N, C, H, W) pictures, any dtype. Not changed.
        kernel_size: (KH, KW), a tuple of two ints.
        stride, padding, dilation: ints, as in `conv2d_forward`.

    Returns:
        (N, C * KH * KW, OH * OW) array, same dtype as x. Down a column: channel first, then kernel row, then
        kernel column, the order of `w.reshape(F, -1)`. From left to right: the windows in reading order.

    Raises:
        ValueError: if the kernel does not fit in the padded picture.

    Example:
        The windows (1, 2) and (2, 3) of the row (1, 2, 3) stand upright side by side.

        >>> im2col(np.array([[[[1.0, 2.0, 3.0]]]]), (1, 2)).tolist()
        [[[1.0, 2.0], [2.0, 3.0]]]

    Source:
        Chellapilla, Puri and Simard (2006), High performance convolutional neural networks for document
        processing (unrolling convolution). Same order as torch.nn.functional.unfold.
    """
    N, C, H, W = x.shape
    KH, KW = kernel_size
    xp = _pad(x, padding, padding)
    OH = len(_starts(H + 2 * padding, KH, stride, dilation))
    OW = len(_starts(W + 2 * padding, KW, stride, dilation))
    cols = np.empty((N, C, KH, KW, OH, OW), dtype=x.dtype)
    for u in range(KH):
        for v in range(KW):
            seen = xp[:, :, u * dilation :, v * dilation :]  # what element (u, v) meets as the kernel slides
            cols[:, :, u, v] = seen[:, :, ::stride, ::stride][:, :, :OH, :OW]
    return cols.reshape(N, C * KH * KW, OH * OW)


def col2im(cols, x_shape, kernel_size, stride=1, padding=0, dilation=1):
    """The way back from `im2col`: add every column to the pixels that it was read from.

    A pixel that several windows share receives the *sum* of its copies, so col2im(im2col(x)) is not x.

    Args:
        cols: (N, C * KH * KW, OH * OW), laid out as by `im2col`.
        x_shape: (N, C, H, W) of the picture.
        kernel_size: (KH, KW).
        stride, padding, dilation: ints, as in `conv2d_forward`.

    Returns:
        (N, C, H, W) array, same dtype as cols.

    Example:
        The middle pixel of (1, 2, 3) is in both windows: 2 + 2 = 4.

        >>> cols = im2col(np.array([[[[1.0, 2.0, 3.0]]]]), (1, 2))
        >>> col2im(cols, (1, 1, 1, 3), (1, 2)).tolist()
        [[[[1.0, 4.0, 3.0]]]]

    Source:
        The transpose of `im2col`; same order as torch.nn.functional.fold.
    """
    N, C, H, W = x_shape
    KH, KW = kernel_size
    OH = (H + 2 * padding - dilation * (KH - 1) - 1) // stride + 1
    OW = (W + 2 * padding - dilation * (KW - 1) - 1) // stride + 1
    windows = cols.reshape(N, C, KH, KW, OH, OW)
    xp = np.zeros((N, C, H + 2 * padding, W + 2 * padding), dtype=cols.dtype)
    for u in range(KH):
        for v in range(KW):
            rows = slice(u * dilation, u * dilation + stride * OH, stride)
            columns = slice(v * dilation, v * dilation + stride * OW, stride)
            xp[:, :, rows, columns] += windows[:, :, u, v]
    return xp[:, :, padding : padding + H, padding : padding + W]


def conv2d_im2col(x, w, b=None, stride=1, padding=0, dilation=1):
    """The same output as `conv2d_forward`, by `im2col` and a matrix product.

    Leave the sums to the matrix product: it must be many times faster than a Python loop over all output
    numbers. (Loops over the places of a window, as in `im2col`, are fine.) `conv2d_forward` is not there
    while this is judged.

    Args:
        x: (N, C, H, W) pictures, float32 or float64. Not changed.
        w: (F, C, KH, KW) filters, same dtype. Not changed.
        b: (F,) bias or None.
        stride, padding, dilation: ints, as in `conv2d_forward`.

    Returns:
        out: (N, F, OH, OW), as from `conv2d_forward` (the output only, no cache).

    Raises:
        ValueError: if the kernel does not fit in the padded picture.

    Example:
        (1, 10) times the columns (1, 2) and (2, 3).

        >>> conv2d_im2col(np.array([[[[1.0, 2.0, 3.0]]]]), np.array([[[[1.0, 10.0]]]])).tolist()
        [[[[21.0, 32.0]]]]

    Source:
        Chellapilla, Puri and Simard (2006), see `im2col`.
    """
    N, _, H, W = x.shape
    F, _, KH, KW = w.shape
    OH = len(_starts(H + 2 * padding, KH, stride, dilation))
    OW = len(_starts(W + 2 * padding, KW, stride, dilation))
    cols = im2col(x, (KH, KW), stride, padding, dilation)
    out = w.reshape(F, -1) @ cols  # (F, C KH KW) @ (N, C KH KW, OH OW) -> (N, F, OH OW)
    if b is not None:
        out += b[:, None]
    return out.reshape(N, F, OH, OW)


class Conv2d:
    """A layer that keeps its parameters and, between forward and backward, its cache.

    Args:
        in_channels: C, int.
        out_channels: F, int.
        kernel_size: KH = KW, int.
        stride, padding: ints, as in `conv2d_forward`.
        bias: bool; without a bias, `bias` and `bias_grad` are None.
        rng: numpy.random.Generator, the only source of randomness.

    Attributes:
        weight: (F, C, KH, KW) float64, drawn by one `rng.normal` with mean 0 and standard deviation
            sqrt(2 / fan_in), where fan_in = C KH KW is the number of inputs of one output number.
        bias: (F,) float64 zeros, or None.
        weight_grad, bias_grad: gradients from the last `backward`, shaped as weight and bias.

    Example:
        >>> layer = Conv2d(3, 8, kernel_size=5, rng=np.random.default_rng(0))
        >>> layer.weight.shape, layer.bias.shape
        ((8, 3, 5, 5), (8,))

    Source:
        He, Zhang, Ren and Sun (2015), Delving deep into rectifiers, eq. 10 (initialisation).
    """

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, *, bias=True, rng):
        """Draw the weights and set the bias to 0."""
        shape = (out_channels, in_channels, kernel_size, kernel_size)
        fan_in = in_channels * kernel_size * kernel_size
        self.weight = rng.normal(0.0, np.sqrt(2 / fan_in), size=shape)
        self.bias = np.zeros(out_channels) if bias else None
        self.stride = stride
        self.padding = padding
        self.weight_grad = None
        self.bias_grad = None
        self._cache = None

    def forward(self, x):
        """x (N, C, H, W) -> out (N, F, OH, OW), by `conv2d_forward`."""
        out, self._cache = conv2d_forward(x, self.weight, self.bias, self.stride, self.padding)
        return out

    def backward(self, dout):
        """dout (N, F, OH, OW) -> dx (N, C, H, W), by `conv2d_backward`; sets the gradients anew."""
        dx, self.weight_grad, self.bias_grad = conv2d_backward(dout, self._cache)
        return dx


def bug_hunt():
    """A picture and two kernels that test `suspicious_conv2d` of the notebook: one blind, one sharp.

    A test only finds a bug that its input can show. Find two kernels:

    * `blind`, on which suspicious_conv2d(x, blind) equals the right output although the code is wrong. To
      make it interesting, the rows of `blind` must not all be equal, and the output must not be all 0.
    * `sharp`, on which suspicious_conv2d(x, sharp) differs from the right output.

    Returns:
        x: (H, W) picture, float64, at most 32 x 32.
        blind: (KH, KW) kernel, float64, no larger than the picture.
        sharp: (KH, KW) kernel, float64, no larger than the picture.

    Example:
        >>> x, blind, sharp = bug_hunt()
        >>> x.ndim, blind.ndim, sharp.ndim
        (2, 2, 2)

    Source:
        Read the code of suspicious_conv2d, and ask for which kernels its mistake changes nothing.
    """
    falling = np.eye(3)  # a stroke from top left to bottom right
    cross = np.maximum(falling, falling[::-1])  # the same upside down
    return np.eye(5), cross, falling


def _pair(value):
    """(height, width) of an int or a pair of ints."""
    return (value, value) if isinstance(value, int) else tuple(value)


def conv2d_general_forward(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    """Convolution with everything: settings per direction, dilation, and groups of channels.

    Groups split the channels of x and the filters into `groups` equal, consecutive parts. Filters of a part
    see only the channels of the same part. With groups = C every channel has filters of its own (depthwise).

    Args:
        x: (N, C, H, W) pictures, float32 or float64. Not changed.
        w: (F, C / groups, KH, KW) filters, same dtype. Not changed.
        b: (F,) bias or None.
        stride, padding, dilation: int, or a pair of ints (for the rows, for the columns).
        groups: int that divides C and F.

    Returns:
        out: (N, F, OH, OW) with OH and OW as in `conv_output_size`, each with its own settings.
        cache: whatever `conv2d_general_backward` needs.

    Raises:
        ValueError: if the kernel does not fit in the padded picture.

    Example:
        Two channels, two groups: the first filter sees the 3, the second the 5.

        >>> x, w = np.array([[[[3.0]], [[5.0]]]]), np.array([[[[1.0]]], [[[10.0]]]])
        >>> conv2d_general_forward(x, w, groups=2)[0].tolist()
        [[[[3.0]], [[50.0]]]]

    Source:
        Yu and Koltun (2016), Multi-scale context aggregation by dilated convolutions, eq. 2 (dilation);
        Krizhevsky, Sutskever and Hinton (2012), section 3.2 (groups).
    """
    N, F = x.shape[0], w.shape[0]
    windows = _grouped_windows(x, w.shape[2:], _pair(stride), _pair(padding), _pair(dilation), groups)
    grouped = w.reshape(groups, F // groups, *w.shape[1:])
    out = np.einsum("ngcijuv,gfcuv->ngfij", windows, grouped)
    out = out.reshape(N, F, *out.shape[3:])
    if b is not None:
        out += b[:, None, None]
    return out, (x, w, b is not None, _pair(stride), _pair(padding), _pair(dilation), groups)


def _grouped_windows(x, kernel_size, stride, padding, dilation, groups):
    """All windows of x as a view, (N, groups, C / groups, OH, OW, KH, KW)."""
    N, C = x.shape[:2]
    reach = tuple(d * (k - 1) + 1 for k, d in zip(kernel_size, dilation, strict=True))
    windows = sliding_window_view(_pad(x, *padding), reach, axis=(2, 3))
    windows = windows[:, :, :: stride[0], :: stride[1], :: dilation[0], :: dilation[1]]
    return windows.reshape(N, groups, C // groups, *windows.shape[2:])


def conv2d_general_backward(dout, cache):
    """Gradients of a loss with respect to the inputs of `conv2d_general_forward`, in a few passes.

    Args:
        dout: (N, F, OH, OW) gradient of the loss with respect to out, same dtype as out. Not changed.
        cache: from the `conv2d_general_forward` that made out.

    Returns:
        dx: (N, C, H, W), without the padding.
        dw: (F, C / groups, KH, KW).
        db: (F,), or None if the forward pass had no bias.

    Example:
        A kernel of two with dilation 2 meets pixels 0 and 2 of three: the middle one gets no gradient.

        >>> x, w = np.array([[[[1.0, 2.0, 3.0]]]]), np.array([[[[1.0, 10.0]]]])
        >>> out, cache = conv2d_general_forward(x, w, dilation=(1, 2))
        >>> dx, dw, db = conv2d_general_backward(np.array([[[[2.0]]]]), cache)
        >>> dx.tolist(), dw.tolist(), db
        ([[[[2.0, 0.0, 20.0]]]], [[[[2.0, 6.0]]]], None)

    Source:
        Goodfellow, Bengio and Courville (2016), Deep Learning, eq. 9.11 to 9.13, applied to each group.
    """
    x, w, has_bias, stride, padding, dilation, groups = cache
    N, C, H, W = x.shape
    F, _, KH, KW = w.shape
    OH, OW = dout.shape[2:]
    (sh, sw), (ph, pw), (dh, dw_step) = stride, padding, dilation
    upstream = dout.reshape(N, groups, F // groups, OH, OW)
    windows = _grouped_windows(x, (KH, KW), stride, padding, dilation, groups)
    dw = np.einsum("ngfij,ngcijuv->gfcuv", upstream, windows).reshape(w.shape)
    grouped = w.reshape(groups, F // groups, *w.shape[1:])
    dxp = np.zeros((N, groups, C // groups, H + 2 * ph, W + 2 * pw), dtype=np.result_type(dout, w))
    for u in range(KH):
        for v in range(KW):
            rows = slice(u * dh, u * dh + sh * OH, sh)
            columns = slice(v * dw_step, v * dw_step + sw * OW, sw)
            dxp[..., rows, columns] += np.einsum("ngfij,gfc->ngcij", upstream, grouped[..., u, v])
    dx = dxp.reshape(N, C, H + 2 * ph, W + 2 * pw)[:, :, ph : ph + H, pw : pw + W]
    db = dout.sum(axis=(0, 2, 3)) if has_bias else None
    return dx, dw, db
