"""The unit ``conv_layer`` solved by kernel elements: each one shifts and weighs the whole picture."""

from itertools import product

import numpy as np


def conv_output_size(size, kernel_size, stride=1, padding=0, dilation=1):
    """The last start, divided."""
    last_start = size + 2 * padding - 1 - dilation * (kernel_size - 1)
    if last_start < 0:
        raise ValueError("nothing fits")
    return 1 + last_start // stride


FILTERS = {
    "blur": [[1, 1, 1], [1, 1, 1], [1, 1, 1]],
    "sobel_x": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    "sobel_y": [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
    "shift_right": [[0, 0, 0], [1, 0, 0], [0, 0, 0]],
}


def make_filter(name):
    """From a table; the blur is divided by its sum."""
    try:
        weights = np.array(FILTERS[name], dtype=float)
    except KeyError:
        raise ValueError(f"no {name}") from None
    return weights / weights.sum() if name == "blur" else weights


def zero_frame(x, padding):
    """Zeros around the pictures."""
    N, C, H, W = x.shape
    frame = np.zeros((N, C, padding + H + padding, padding + W + padding), x.dtype)
    frame[:, :, padding : padding + H, padding : padding + W] = x
    return frame


def met(first, count, stride):
    """The pixels along an axis that one kernel element meets."""
    return slice(first, first + (count - 1) * stride + 1, stride)


def conv2d_forward(x, w, b=None, stride=1, padding=0, dilation=1):
    """Start with the bias; add what each kernel element sees."""
    KH, KW = w.shape[2:]
    OH = conv_output_size(x.shape[2], KH, stride, padding, dilation)
    OW = conv_output_size(x.shape[3], KW, stride, padding, dilation)
    frame = zero_frame(x, padding)
    out = np.zeros((len(x), len(w), OH, OW), dtype=(x[:1, :1, :1, :1] * w[:1, :1, :1, :1]).dtype)
    if b is not None:
        out += b[None, :, None, None]
    for u, v in product(range(KH), range(KW)):
        seen = frame[:, :, met(u * dilation, OH, stride), met(v * dilation, OW, stride)]
        out += np.einsum("ncij,fc->nfij", seen, w[:, :, u, v])
    return out, (x, w, b, stride, padding)


def conv2d_backward(dout, cache):
    """Kernel element by kernel element."""
    x, w, b, stride, padding = cache
    KH, KW = w.shape[2:]
    OH, OW = dout.shape[2:]
    frame = zero_frame(x, padding)
    dframe, dw = np.zeros_like(frame), np.empty_like(w)
    for u, v in product(range(KH), range(KW)):
        where = np.s_[:, :, met(u, OH, stride), met(v, OW, stride)]
        dw[:, :, u, v] = np.einsum("nfij,ncij->fc", dout, frame[where])
        dframe[where] += np.einsum("nfij,fc->ncij", dout, w[:, :, u, v])
    height, width = x.shape[2:]
    dx = dframe[:, :, padding:, padding:][:, :, :height, :width]
    db = None
    if b is not None:
        db = dout.sum(axis=(0, 2, 3))
    return dx, dw, db


def im2col(x, kernel_size, stride=1, padding=0, dilation=1):
    """Rows of the table, one for each channel and kernel element."""
    N, C, H, W = x.shape
    KH, KW = kernel_size
    OH = conv_output_size(H, KH, stride, padding, dilation)
    OW = conv_output_size(W, KW, stride, padding, dilation)
    frame = zero_frame(x, padding)
    rows = []
    for c, u, v in product(range(C), range(KH), range(KW)):
        row = frame[:, c, met(u * dilation, OH, stride), met(v * dilation, OW, stride)]
        rows.append(row.reshape(N, OH * OW))
    return np.stack(rows, axis=1)


def col2im(cols, x_shape, kernel_size, stride=1, padding=0, dilation=1):
    """Rows of the table, added where they came from."""
    N, C, H, W = x_shape
    KH, KW = kernel_size
    OH = conv_output_size(H, KH, stride, padding, dilation)
    OW = conv_output_size(W, KW, stride, padding, dilation)
    frame = np.zeros((N, C, H + 2 * padding, W + 2 * padding), cols.dtype)
    for row, (c, u, v) in enumerate(product(range(C), range(KH), range(KW))):
        seen = cols[:, row].reshape(N, OH, OW)
        frame[:, c, met(u * dilation, OH, stride), met(v * dilation, OW, stride)] += seen
    return frame[:, :, padding : H + padding, padding : W + padding]


def conv2d_im2col(x, w, b=None, stride=1, padding=0, dilation=1):
    """einsum over the rows of the table."""
    filters = w.reshape(len(w), -1)
    table = im2col(x, w.shape[2:], stride, padding, dilation)
    height = conv_output_size(x.shape[2], w.shape[2], stride, padding, dilation)
    out = np.einsum("fk,nkp->nfp", filters, table, optimize=True)
    if b is not None:
        out = np.add(out, b[None, :, None])
    return out.reshape(len(x), len(w), height, -1)


class Conv2d:
    """Remembers a function for the way back."""

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, *, bias=True, rng):
        self.stride, self.padding = stride, padding
        deviation = np.sqrt(2 / (in_channels * kernel_size * kernel_size))
        self.weight = rng.normal(0.0, deviation, (out_channels, in_channels, kernel_size, kernel_size))
        self.bias = None
        if bias:
            self.bias = np.zeros(out_channels)
        self.weight_grad = None
        self.bias_grad = None

    def forward(self, x):
        out, cache = conv2d_forward(x, self.weight, self.bias, self.stride, self.padding)
        self.back = lambda dout: conv2d_backward(dout, cache)
        return out

    def backward(self, dout):
        dx, self.weight_grad, self.bias_grad = self.back(dout)
        return dx


def bug_hunt():
    """A kernel of one row's height above its mirror, and a row above nothing."""
    x = np.outer([1.0, 4.0, 9.0, 16.0], [1.0, 0.0, 2.0, 5.0])
    return x, np.array([[1.0, 0.0], [7.0, 2.0], [1.0, 0.0]]), np.array([[2.0, 2.0], [0.0, 0.0]])


def two(value):
    """(rows, columns)."""
    return list(value) if np.ndim(value) else [value, value]


def conv2d_general_forward(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    """A kernel element shifts the whole picture; filters of other groups have weights of 0."""
    (sh, sw), (ph, pw), (dh, dv) = two(stride), two(padding), two(dilation)
    KH, KW = w.shape[2:]
    OH, OW = conv_output_size(x.shape[2], KH, sh, ph, dh), conv_output_size(x.shape[3], KW, sw, pw, dv)
    frame = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    full = spread_out(w, groups)
    out = 0
    for u, v in product(range(KH), range(KW)):
        seen = frame[:, :, met(u * dh, OH, sh), met(v * dv, OW, sw)]
        out = out + np.einsum("ncij,fc->nfij", seen, full[:, :, u, v])
    if b is not None:
        out = out + b[:, None, None]
    return out, (x, w, b is not None, (sh, sw, ph, pw, dh, dv), groups)


def spread_out(w, groups):
    """Filters for all channels: 0 for those of other groups."""
    F, CG, KH, KW = w.shape
    full = np.zeros((F, CG * groups, KH, KW), dtype=w.dtype)
    for f in range(F):
        group = f * groups // F
        full[f, group * CG : (group + 1) * CG] = w[f]
    return full


def conv2d_general_backward(dout, cache):
    """With the same filters of all channels, of which the own ones are kept."""
    x, w, with_bias, (sh, sw, ph, pw, dh, dv), groups = cache
    F, CG, KH, KW = w.shape
    H, W = x.shape[2:]
    OH, OW = dout.shape[2:]
    frame = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    full = spread_out(w, groups)
    dframe, dfull = np.zeros_like(frame), np.zeros_like(full)
    for u, v in product(range(KH), range(KW)):
        where = np.s_[:, :, met(u * dh, OH, sh), met(v * dv, OW, sw)]
        dfull[:, :, u, v] = np.einsum("nfij,ncij->fc", dout, frame[where])
        dframe[where] += np.einsum("nfij,fc->ncij", dout, full[:, :, u, v])
    dw = np.stack([dfull[f, f * groups // F * CG :][:CG] for f in range(F)])
    return dframe[:, :, ph : ph + H, pw : pw + W], dw, dout.sum((0, 2, 3)) if with_bias else None


SLIPS = {
    "rounds_up": [
        ("return 1 + last_start // stride", "return 1 + int(np.ceil(last_start / stride))"),
    ],
    "rounds_to_nearest": [
        ("return 1 + last_start // stride", "return 1 + round(last_start / stride)"),
    ],
    "pads_one_end": [
        ("last_start = size + 2 * padding", "last_start = size + padding"),
    ],
    "dilation_stretches_kernel": [
        ("2 * padding - 1 - dilation * (kernel_size - 1)", "2 * padding - dilation * kernel_size"),
    ],
    "python_2_division": [
        ("return 1 + last_start // stride", "return 1 + last_start / stride"),
    ],
    "sobel_axes_swapped": [
        ('    "sobel_x":', '    "upright":'),
        ('    "sobel_y":', '    "sobel_x":'),
        ('    "upright":', '    "sobel_y":'),
    ],
    "filters_turned": [
        ("[[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]", "[[1, 0, -1], [2, 0, -2], [1, 0, -1]]"),
        ("[[-1, -2, -1], [0, 0, 0], [1, 2, 1]]", "[[1, 2, 1], [0, 0, 0], [-1, -2, -1]]"),
        ("[1, 0, 0], [0, 0, 0]]", "[0, 0, 1], [0, 0, 0]]"),
    ],
    "shifts_left": [
        ("[1, 0, 0], [0, 0, 0]]", "[0, 0, 1], [0, 0, 0]]"),
    ],
    "blur_sums": [
        ('return weights / weights.sum() if name == "blur" else weights', "return weights"),
    ],
    "flips_kernel": [
        (
            '"ncij,fc->nfij", seen, w[:, :, u, v])',
            '"ncij,fc->nfij", seen, w[:, :, KH - 1 - u, KW - 1 - v])',
        ),
    ],
    "height_for_both": [
        (
            "OW = conv_output_size(x.shape[3], KW, stride, padding, dilation)",
            "OW = conv_output_size(x.shape[2], KW, stride, padding, dilation)",
        ),
    ],
    "pads_with_edge": [
        (
            "    frame = zero_frame(x, padding)\n    out =",
            "    around = (padding, padding)\n"
            '    frame = np.pad(x, ((0, 0), (0, 0), around, around), mode="edge")\n    out =',
        ),
    ],
    "pads_one_side": [
        (
            "    frame = zero_frame(x, padding)\n    out =",
            "    frame = np.roll(zero_frame(x, padding), (-padding, -padding), axis=(2, 3))\n    out =",
        ),
    ],
    "stride_not_in_window": [
        (
            "seen = frame[:, :, met(u * dilation, OH, stride), met(v * dilation, OW, stride)]\n"
            "        out += np",
            "seen = frame[:, :, met(u * dilation, OH, 1), met(v * dilation, OW, 1)]\n        out += np",
        ),
    ],
    "refuses_remainder": [
        (
            "    frame = zero_frame(x, padding)\n    out =",
            "    assert (x.shape[2] + 2 * padding - dilation * (KH - 1) - 1) % stride == 0\n"
            "    frame = zero_frame(x, padding)\n    out =",
        ),
    ],
    "ignores_dilation": [
        (
            "seen = frame[:, :, met(u * dilation, OH, stride), met(v * dilation, OW, stride)]\n"
            "        out += np",
            "seen = frame[:, :, met(u, OH, stride), met(v, OW, stride)]\n        out += np",
        ),
    ],
    "whole_number_output_refuses": [
        ("dtype=(x[:1, :1, :1, :1] * w[:1, :1, :1, :1]).dtype)", "dtype=x.dtype)"),
    ],
    "always_float64": [
        (", dtype=(x[:1, :1, :1, :1] * w[:1, :1, :1, :1]).dtype)", ")"),
    ],
    "kernel_sides_swapped_in_elements": [
        (
            "    KH, KW = w.shape[2:]\n    OH = conv_output_size(x.shape[2], KH, stride",
            "    KW, KH = w.shape[2:]\n    OH = conv_output_size(x.shape[2], KH, stride",
        ),
    ],
    "size_with_fraction": [
        ("return 1 + last_start // stride", "return 1 + last_start / stride"),
    ],
    "later_elements_overwrite": [
        (
            'dframe[where] += np.einsum("nfij,fc->ncij", dout, w[',
            'dframe[where] = np.einsum("nfij,fc->ncij", dout, w[',
        ),
    ],
    "empty_without_padding": [
        (
            "dframe[:, :, padding:, padding:][:, :, :height, :width]",
            "dframe[:, :, padding:-padding, padding:-padding]",
        ),
    ],
    "keeps_padding": [
        ("dframe[:, :, padding:, padding:][:, :, :height, :width]", "dframe"),
    ],
    "stores_an_empty_slice": [
        (
            "    dx = dframe[:, :, padding:, padding:][:, :, :height, :width]\n",
            "    dx = np.empty_like(x)\n    dx[:, :] = dframe[:, :, padding:-padding, padding:-padding]\n",
        ),
    ],
    "crops_by_one": [
        ("dframe[:, :, padding:, padding:][:, :, :height, :width]", "dframe[:, :, 1:-1, 1:-1]"),
    ],
    "crops_one_corner": [
        ("dframe[:, :, padding:, padding:][:, :, :height", "dframe[:, :, :height"),
    ],
    "stride_lost_backward": [
        ("np.s_[:, :, met(u, OH, stride), met(v, OW, stride)]", "np.s_[:, :, u : u + OH, v : v + OW]"),
    ],
    "flips_kernel_backward": [
        ("dout, w[:, :, u, v])\n    height", "dout, w[:, :, KH - 1 - u, KW - 1 - v])\n    height"),
    ],
    "gradients_per_picture": [
        (
            'dout, frame[where])\n        dframe[where] += np.einsum("nfij,fc->ncij", dout, w',
            'dout, frame[where]) / len(x)\n        dframe[where] += np.einsum("nfij,fc->ncij", dout, w',
        ),
        ("db = dout.sum(axis=(0, 2, 3))\n", "db = dout.sum(axis=(0, 2, 3)) / len(x)\n"),
    ],
    "dw_per_picture": [
        (
            'dout, frame[where])\n        dframe[where] += np.einsum("nfij,fc->ncij", dout, w',
            'dout, frame[where]) / len(x)\n        dframe[where] += np.einsum("nfij,fc->ncij", dout, w',
        ),
    ],
    "db_per_picture": [
        ("db = dout.sum(axis=(0, 2, 3))\n", "db = dout.sum(axis=(0, 2, 3)) / len(x)\n"),
    ],
    "sides_swapped_in_elements": [
        (
            "    KH, KW = w.shape[2:]\n    OH, OW = dout.shape[2:]\n    frame = zero_frame",
            "    KW, KH = w.shape[2:]\n    OH, OW = dout.shape[2:]\n    frame = zero_frame",
        ),
    ],
    "db_mean": [
        ("db = dout.sum(axis=(0, 2, 3))\n", "db = dout.mean(axis=(0, 2, 3))\n"),
    ],
    "db_of_batch_only": [
        ("db = dout.sum(axis=(0, 2, 3))\n", "db = dout.sum(axis=0)\n"),
    ],
    "channels_last_in_column": [
        (
            "    for c, u, v in product(range(C), range(KH), range(KW)):\n        row =",
            "    for u, v, c in product(range(KH), range(KW), range(C)):\n        row =",
        ),
    ],
    "stride_of_one": [
        (
            "row = frame[:, c, met(u * dilation, OH, stride), met(v * dilation, OW, stride)]",
            "row = frame[:, c, met(u * dilation, OH, 1), met(v * dilation, OW, 1)]",
        ),
    ],
    "columns_without_holes": [
        (
            "row = frame[:, c, met(u * dilation, OH, stride), met(v * dilation, OW, stride)]",
            "row = frame[:, c, met(u, OH, stride), met(v, OW, stride)]",
        ),
    ],
    "repeats_border": [
        (
            "    frame = zero_frame(x, padding)\n    rows = []\n",
            "    around = (padding, padding)\n"
            '    frame = np.pad(x, ((0, 0), (0, 0), around, around), mode="edge")\n    rows = []\n',
        ),
    ],
    "sides_swapped_in_columns": [
        (
            "    N, C, H, W = x.shape\n    KH, KW = kernel_size\n",
            "    N, C, H, W = x.shape\n    KW, KH = kernel_size\n",
        ),
    ],
    "pictures_mixed_up": [
        ('"fk,nkp->nfp"', '"fk,nkp->fnp"'),
        ("np.add(out, b[None, :, None])", "np.add(out, b[:, None, None])"),
    ],
    "forgets_bias": [
        ("    if b is not None:\n        out = np.add(out, b[None, :, None])\n", ""),
    ],
    "fan_out": [
        ("np.sqrt(2 / (in_channels *", "np.sqrt(2 / (out_channels *"),
    ],
    "forgets_root": [
        (
            "np.sqrt(2 / (in_channels * kernel_size * kernel_size))",
            "2 / (in_channels * kernel_size * kernel_size)",
        ),
    ],
    "adds_up_gradients": [
        (
            "        dx, self.weight_grad, self.bias_grad = self.back(dout)\n",
            "        dx, *found = self.back(dout)\n"
            "        before = self.weight_grad, self.bias_grad\n"
            "        self.weight_grad, self.bias_grad = (\n"
            "            new if old is None else old + new for old, new in zip(before, "
            "found, strict=True)\n        )\n",
        ),
    ],
    "columns_first": [
        (
            "    (sh, sw), (ph, pw), (dh, dv) = two(stride), two(padding), two(dilation)\n",
            "    (sw, sh), (pw, ph), (dv, dh) = two(stride), two(padding), two(dilation)\n",
        ),
    ],
}
