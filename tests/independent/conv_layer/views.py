"""The unit ``conv_layer`` solved with views of all windows at once, and tensordot."""

import math

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view


def conv_output_size(size, kernel_size, stride=1, padding=0, dilation=1):
    """The formula with math.floor."""
    reach = kernel_size + (kernel_size - 1) * (dilation - 1)
    if reach > size + padding * 2:
        raise ValueError(f"{reach} > {size} + 2 * {padding}")
    return math.floor((size + padding * 2 - reach) / stride + 1)


def make_filter(name):
    """From products of two vectors, the second of them a difference or a mean."""
    smooth, slope = np.array([[1.0], [2.0], [1.0]]), np.array([[-1.0, 0.0, 1.0]])
    match name:
        case "blur":
            return np.ones((3, 3)) / 9
        case "sobel_x":
            return smooth @ slope
        case "sobel_y":
            return (smooth @ slope).T
        case "shift_right":
            return np.roll(np.diag([0.0, 1.0, 0.0]), -1, axis=1)
    raise ValueError(name)


def all_windows(x, kernel, stride, padding, dilation):
    """(N, C, OH, OW, KH, KW), as a view of the padded pictures; pairs are (rows, columns)."""
    around = ((0, 0), (0, 0), (padding[0],) * 2, (padding[1],) * 2)
    frame = np.pad(x, around)
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    view = sliding_window_view(frame, reach, axis=(-2, -1))
    return view[:, :, :: stride[0], :: stride[1], :: dilation[0], :: dilation[1]]


def conv2d_forward(x, w, b=None, stride=1, padding=0, dilation=1):
    """One tensordot."""
    windows = all_windows(x, w.shape[2:], (stride, stride), (padding, padding), (dilation, dilation))
    out = np.tensordot(windows, w, axes=((1, 4, 5), (1, 2, 3)))
    out = np.moveaxis(out, -1, 1)
    if b is not None:
        out = out + b.reshape(1, -1, 1, 1)
    return np.ascontiguousarray(out), (x, w, stride, padding, b is None)


def conv2d_backward(dout, cache):
    """dx is a convolution of what comes back, spread out by the stride, with the turned kernel."""
    x, w, stride, padding, without_bias = cache
    N, _, H, W = x.shape
    F, _, KH, KW = w.shape
    OH, OW = dout.shape[2:]
    windows = all_windows(x, (KH, KW), (stride, stride), (padding, padding), (1, 1))
    dw = np.tensordot(dout, windows, axes=((0, 2, 3), (0, 2, 3)))
    spread = np.zeros((N, F, H + 2 * padding + KH - 1, W + 2 * padding + KW - 1), dtype=dout.dtype)
    rows, columns = KH - 1 + stride * np.arange(OH), KW - 1 + stride * np.arange(OW)
    spread[:, :, rows[:, None], columns] = dout
    turned = w[:, :, ::-1, ::-1]
    around = sliding_window_view(spread, (KH, KW), axis=(2, 3))
    dxp = np.einsum("nfhwuv,fcuv->nchw", around, turned, optimize=True)
    dx = dxp[:, :, padding : dxp.shape[2] - padding, padding : dxp.shape[3] - padding]
    return dx, dw, None if without_bias else np.einsum("nfij->f", dout)


def im2col(x, kernel_size, stride=1, padding=0, dilation=1):
    """A view with strides, laid out."""
    frame = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    (N, C, H, W), (KH, KW) = frame.shape, kernel_size
    OH, OW = conv_output_size(H, KH, stride, 0, dilation), conv_output_size(W, KW, stride, 0, dilation)
    n, c, h, v = frame.strides
    shape = (N, C, KH, KW, OH, OW)
    view = as_strided(frame, shape, (n, c, dilation * h, dilation * v, stride * h, stride * v))
    return view.reshape(N, C * KH * KW, OH * OW)


def col2im(cols, x_shape, kernel_size, stride=1, padding=0, dilation=1):
    """Pixels are numbered, laid out like the pictures, and added up with add.at."""
    N, C, H, W = x_shape
    numbers = np.arange(1, C * H * W + 1).reshape(1, C, H, W)
    targets = im2col(numbers, kernel_size, stride, padding, dilation)[0]
    flat = np.zeros((N, C * H * W + 1), dtype=cols.dtype)  # the first one collects the padding
    for n in range(N):
        np.add.at(flat[n], targets, cols[n])
    return flat[:, 1:].reshape(N, C, H, W)


def conv2d_im2col(x, w, b=None, stride=1, padding=0, dilation=1):
    """A product with the columns of all pictures side by side."""
    F, _, KH, KW = w.shape
    (N, _, H, W), settings = x.shape, (stride, padding, dilation)
    columns = im2col(x, (KH, KW), *settings)
    side_by_side = np.concatenate(list(columns), axis=1)
    product = w.reshape(F, -1) @ side_by_side
    if b is not None:
        product += b[:, np.newaxis]
    out = product.reshape(F, N, conv_output_size(H, KH, *settings), conv_output_size(W, KW, *settings))
    return out.transpose(1, 0, 2, 3)


class Conv2d:
    """Settings in a dict."""

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, *, bias=True, rng):
        shape = out_channels, in_channels, kernel_size, kernel_size
        self.weight = rng.normal(0, math.sqrt(2 / math.prod(shape[1:])), shape)
        self.bias = np.zeros(out_channels) if bias else None
        self.settings = {"stride": stride, "padding": padding}
        self.weight_grad, self.bias_grad = None, None

    def forward(self, x):
        out, self.cache = conv2d_forward(x, self.weight, self.bias, **self.settings)
        return out

    def backward(self, dout):
        dx, dw, db = conv2d_backward(dout, self.cache)
        self.weight_grad, self.bias_grad = dw, db
        return dx


def bug_hunt():
    """A flat kernel between two others, and one that falls."""
    x = np.random.default_rng(1).normal(size=(7, 7))
    return x, np.array([[3.0, 1.0], [0.0, 5.0], [3.0, 1.0]]), np.array([[1.0, 0.0], [0.0, -1.0]])


def pair(value):
    """The same twice, unless there are two."""
    return tuple(np.broadcast_to(value, 2).tolist())


def conv2d_general_forward(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    """Group by group."""
    settings = pair(stride), pair(padding), pair(dilation)
    parts = [
        np.einsum("ncijuv,fcuv->nfij", all_windows(mine, w.shape[2:], *settings), filters, optimize=True)
        for mine, filters in zip(np.split(x, groups, axis=1), np.split(w, groups), strict=True)
    ]
    out = np.concatenate(parts, axis=1)
    return out if b is None else out + b[:, None, None], (x, w, b, settings, groups)


def conv2d_general_backward(dout, cache):
    """Group by group; every kernel element gives back along a slice."""
    x, w, b, settings, groups = cache
    (sh, sw), (ph, pw), (dh, dv) = settings
    KH, KW = w.shape[2:]
    H, W = x.shape[2:]
    OH, OW = dout.shape[2:]
    dx, dw = [], []
    for mine, filters, up in zip(
        np.split(x, groups, 1), np.split(w, groups, 0), np.split(dout, groups, 1), strict=True
    ):
        dw.append(np.einsum("nfij,ncijuv->fcuv", up, all_windows(mine, (KH, KW), *settings), optimize=True))
        back = np.zeros((*mine.shape[:2], H + 2 * ph, W + 2 * pw), dtype=mine.dtype)
        for u, v in np.ndindex(KH, KW):
            rows, columns = u * dh + sh * np.arange(OH), v * dv + sw * np.arange(OW)
            back[:, :, rows[:, None], columns] += np.tensordot(up, filters[:, :, u, v], (1, 0)).transpose(
                0, 3, 1, 2
            )
        dx.append(back[:, :, ph : ph + H, pw : pw + W])
    return np.concatenate(dx, 1), np.concatenate(dw), None if b is None else dout.sum((0, 2, 3))


SLIPS = {
    "rounds_up": [
        (
            "math.floor((size + padding * 2 - reach) / stride + 1)",
            "math.ceil((size + padding * 2 - reach) / stride + 1)",
        ),
    ],
    "rounds_to_nearest": [
        (
            "math.floor((size + padding * 2 - reach) / stride + 1)",
            "round((size + padding * 2 - reach) / stride) + 1",
        ),
    ],
    "pads_one_end": [
        ("reach > size + padding * 2", "reach > size + padding"),
        ("math.floor((size + padding * 2 - reach)", "math.floor((size + padding - reach)"),
    ],
    "dilation_stretches_kernel": [
        ("kernel_size + (kernel_size - 1) * (dilation - 1)", "kernel_size * dilation"),
    ],
    "python_2_division": [
        (
            "math.floor((size + padding * 2 - reach) / stride + 1)",
            "(size + padding * 2 - reach) / stride + 1",
        ),
    ],
    "sobel_axes_swapped": [
        ("return smooth @ slope\n", "return (smooth @ slope).transpose()\n"),
        ("return (smooth @ slope).T\n", "return smooth @ slope\n"),
    ],
    "filters_turned": [
        ("np.array([[-1.0, 0.0, 1.0]])", "np.array([[1.0, 0.0, -1.0]])"),
        ("-1, axis=1)", "1, axis=1)"),
    ],
    "shifts_left": [
        ("-1, axis=1)", "1, axis=1)"),
    ],
    "blur_sums": [
        ("np.ones((3, 3)) / 9", "np.ones((3, 3))"),
    ],
    "flips_kernel": [
        ("np.tensordot(windows, w, axes", "np.tensordot(windows, w[:, :, ::-1, ::-1], axes"),
    ],
    "pads_with_edge": [
        (
            "    windows = all_windows(x, w.shape[2:], (stride, stride), (padding, padding), "
            "(dilation, dilation))\n",
            "    frame = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)), "
            'mode="edge")\n'
            "    windows = all_windows(frame, w.shape[2:], (stride, stride), (0, 0), "
            "(dilation, dilation))\n",
        ),
    ],
    "pads_one_side": [
        ("(padding[0],) * 2, (padding[1],) * 2)", "(0, 2 * padding[0]), (0, 2 * padding[1]))"),
    ],
    "refuses_remainder": [
        (
            "    windows = all_windows(x, w.shape[2:], (stride",
            "    assert (x.shape[2] + 2 * padding - dilation * (w.shape[2] - 1) - 1) % "
            "stride == 0\n    windows = all_windows(x, w.shape[2:], (stride",
        ),
    ],
    "whole_number_output": [
        ("np.ascontiguousarray(out)", "out.astype(x.dtype)"),
    ],
    "always_float64": [
        ("np.ascontiguousarray(out)", "np.array(out, dtype=float)"),
    ],
    "kernel_sides_swapped_in_tensordot": [
        (
            "    windows = all_windows(x, w.shape[2:], (stride",
            "    KW, KH = w.shape[2:]\n    windows = all_windows(x, (KH, KW), (stride",
        ),
    ],
    "empty_without_padding": [
        (
            "padding : dxp.shape[2] - padding, padding : dxp.shape[3] - padding",
            "padding:-padding, padding:-padding",
        ),
    ],
    "keeps_padding": [
        ("dxp[:, :, padding : dxp.shape[2] - padding, padding : dxp.shape[3] - padding]", "dxp"),
    ],
    "crops_by_one": [
        ("padding : dxp.shape[2] - padding, padding : dxp.shape[3] - padding", "1:-1, 1:-1"),
    ],
    "crops_one_corner": [
        ("padding : dxp.shape[2] - padding, padding : dxp.shape[3] - padding", ":H, :W"),
    ],
    "stride_lost_in_dx": [
        (
            "rows, columns = KH - 1 + stride * np.arange(OH), KW - 1 + stride * np.arange(OW)",
            "rows, columns = KH - 1 + np.arange(OH), KW - 1 + np.arange(OW)",
        ),
    ],
    "flips_kernel_backward": [
        ("turned = w[:, :, ::-1, ::-1]", "turned = w"),
    ],
    "gradients_per_picture": [
        ("axes=((0, 2, 3), (0, 2, 3)))\n", "axes=((0, 2, 3), (0, 2, 3))) / N\n"),
        ('np.einsum("nfij->f", dout)\n', 'np.einsum("nfij->f", dout) / N\n'),
    ],
    "dw_per_picture": [
        ("axes=((0, 2, 3), (0, 2, 3)))\n", "axes=((0, 2, 3), (0, 2, 3))) / N\n"),
    ],
    "db_per_picture": [
        ('np.einsum("nfij->f", dout)\n', 'np.einsum("nfij->f", dout) / N\n'),
    ],
    "sides_swapped_backward": [
        ("    F, _, KH, KW = w.shape\n    OH, OW", "    F, _, KW, KH = w.shape\n    OH, OW"),
    ],
    "db_mean": [
        ('np.einsum("nfij->f", dout)\n', "dout.mean(axis=(0, 2, 3))\n"),
    ],
    "db_of_batch_only": [
        ('np.einsum("nfij->f", dout)\n', 'np.einsum("nfij->fij", dout)\n'),
    ],
    "channels_last_in_column": [
        ("shape = (N, C, KH, KW, OH, OW)", "shape = (N, KH, KW, C, OH, OW)"),
        ("(n, c, dilation * h, dilation * v, stride", "(n, dilation * h, dilation * v, c, stride"),
    ],
    "stride_of_one": [
        ("stride * h, stride * v))", "h, v))"),
    ],
    "columns_without_holes": [
        ("(n, c, dilation * h, dilation * v, stride", "(n, c, h, v, stride"),
    ],
    "repeats_border": [
        (
            "(0, 0), (padding, padding), (padding, padding)))\n    (N,",
            '(0, 0), (padding, padding), (padding, padding)), mode="edge")\n    (N,',
        ),
    ],
    "sides_swapped_in_columns": [
        ("(N, C, H, W), (KH, KW) = frame.shape", "(N, C, H, W), (KW, KH) = frame.shape"),
    ],
    "pictures_mixed_up": [
        ("product.reshape(F, N, conv", "product.reshape(N, F, conv"),
        ("    return out.transpose(1, 0, 2, 3)\n", "    return out\n"),
    ],
    "forgets_bias": [
        ("    if b is not None:\n        product += b[:, np.newaxis]\n", ""),
    ],
    "fan_out": [
        ("math.prod(shape[1:])", "math.prod((shape[0], *shape[2:]))"),
    ],
    "forgets_root": [
        ("math.sqrt(2 / math.prod(shape[1:]))", "2 / math.prod(shape[1:])"),
    ],
    "adds_up_gradients": [
        (
            "        self.weight_grad, self.bias_grad = dw, db\n",
            "        if self.weight_grad is not None:\n            dw = dw + self.weight_grad\n"
            "            db = None if db is None else db + self.bias_grad\n"
            "        self.weight_grad, self.bias_grad = dw, db\n",
        ),
    ],
    "columns_first": [
        (
            "    settings = pair(stride), pair(padding), pair(dilation)\n",
            "    settings = pair(stride)[::-1], pair(padding)[::-1], pair(dilation)[::-1]\n",
        ),
    ],
    "rows_without_holes": [
        ("rows, columns = u * dh + sh", "rows, columns = u + sh"),
    ],
}
