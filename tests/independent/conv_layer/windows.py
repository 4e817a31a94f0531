"""The unit ``conv_layer`` solved window by window: plain loops over pictures, rows and columns."""

import numpy as np


def conv_output_size(size, kernel_size, stride=1, padding=0, dilation=1):
    """Count the places where a window fits."""
    last = size + 2 * padding - (kernel_size - 1) * dilation
    if last <= 0:
        raise ValueError("kernel too large")
    count = 0
    for _ in range(0, last, stride):
        count += 1
    return count


def make_filter(name):
    """Set the weights one by one."""
    w = np.zeros((3, 3))
    if name == "blur":
        w += 1 / 9
    elif name == "sobel_x":
        w[:, 2] = [1, 2, 1]
        w[:, 0] = [-1, -2, -1]
    elif name == "sobel_y":
        w[2] = [1, 2, 1]
        w[0] = [-1, -2, -1]
    elif name == "shift_right":
        w[1, 0] = 1
    else:
        raise ValueError("unknown filter")
    return w


def framed(picture, padding):
    """One picture (C, H, W) in a frame of zeros."""
    return np.pad(picture, [(0, 0), (padding, padding), (padding, padding)])


def conv2d_forward(x, w, b=None, stride=1, padding=0, dilation=1):
    """A product of each window with each filter."""
    N, _, H, W = x.shape
    F, _, KH, KW = w.shape
    OH = conv_output_size(H, KH, stride, padding, dilation)
    OW = conv_output_size(W, KW, stride, padding, dilation)
    out = np.zeros((N, F, OH, OW), dtype=np.result_type(x.dtype, w.dtype))
    for n in range(N):
        picture = framed(x[n], padding)
        for i in range(OH):
            rows = i * stride + np.arange(KH) * dilation
            for j in range(OW):
                columns = j * stride + np.arange(KW) * dilation
                window = picture[:, rows][:, :, columns]
                for f in range(F):
                    out[n, f, i, j] = np.vdot(window, w[f])
                    if b is not None:
                        out[n, f, i, j] += b[f]
    return out, {"x": x, "w": w, "b": b, "stride": stride, "padding": padding}


def conv2d_backward(dout, cache):
    """Each output number gives its share back."""
    x, w, stride, padding = cache["x"], cache["w"], cache["stride"], cache["padding"]
    _, _, H, W = x.shape
    F, _, KH, KW = w.shape
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for n in range(len(x)):
        picture = framed(x[n], padding)
        back = np.zeros_like(picture)
        for i in range(dout.shape[2]):
            for j in range(dout.shape[3]):
                place = np.s_[:, i * stride : i * stride + KH, j * stride : j * stride + KW]
                for f in range(F):
                    g = dout[n, f, i, j]
                    back[place] += g * w[f]
                    dw[f] += g * picture[place]
        dx[n] = back[:, padding : H + padding, padding : W + padding]
    if cache["b"] is None:
        return dx, dw, None
    db = np.array([dout[:, f].sum() for f in range(F)])
    return dx, dw, db


def im2col(x, kernel_size, stride=1, padding=0, dilation=1):
    """One column after the other."""
    KH, KW = kernel_size
    N, _, H, W = x.shape
    OH = conv_output_size(H, KH, stride, padding, dilation)
    OW = conv_output_size(W, KW, stride, padding, dilation)
    tables = []
    for n in range(N):
        picture = framed(x[n], padding)
        columns = []
        for i in range(OH):
            for j in range(OW):
                top, left = i * stride, j * stride
                window = picture[
                    :, top : top + dilation * KH : dilation, left : left + dilation * KW : dilation
                ]
                columns.append(window[:, :KH, :KW].flatten())
        tables.append(np.stack(columns, axis=1))
    return np.stack(tables)


def col2im(cols, x_shape, kernel_size, stride=1, padding=0, dilation=1):
    """Back from each column, by the places of its pixels."""
    (N, C, H, W), (KH, KW) = x_shape, kernel_size
    OW = conv_output_size(W, KW, stride, padding, dilation)
    back = np.zeros((N, C, H + 2 * padding, W + 2 * padding), dtype=cols.dtype)
    for number in range(cols.shape[2]):
        i, j = divmod(number, OW)
        rows = i * stride + dilation * np.arange(KH)
        columns = j * stride + dilation * np.arange(KW)
        back[:, :, rows[:, None], columns] += cols[:, :, number].reshape(N, C, KH, KW)
    return back[:, :, padding : padding + H, padding : padding + W]


def conv2d_im2col(x, w, b=None, stride=1, padding=0, dilation=1):
    """One matrix product per picture."""
    F, _, KH, KW = w.shape
    OH = conv_output_size(x.shape[2], KH, stride, padding, dilation)
    OW = conv_output_size(x.shape[3], KW, stride, padding, dilation)
    matrix = w.reshape(F, w[0].size)
    found = []
    for table in im2col(x, (KH, KW), stride, padding, dilation):
        product = np.dot(matrix, table)
        if b is not None:
            product = product + b.reshape(F, 1)
        found.append(product.reshape(F, OH, OW))
    return np.array(found)


class Conv2d:
    """Keeps what it is given."""

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, *, bias=True, rng):
        inputs = in_channels * kernel_size**2
        spread = (2.0 / inputs) ** 0.5
        self.weight = rng.normal(scale=spread, size=(out_channels, in_channels, kernel_size, kernel_size))
        self.bias = np.zeros((out_channels,)) if bias else None
        self.weight_grad = self.bias_grad = None
        self.stride, self.padding = stride, padding

    def forward(self, x):
        out, self.seen = conv2d_forward(x, self.weight, self.bias, self.stride, self.padding)
        return out

    def backward(self, dout):
        gradients = conv2d_backward(dout, self.seen)
        self.weight_grad, self.bias_grad = gradients[1], gradients[2]
        return gradients[0]


def bug_hunt():
    """Rows that read the same from below, and rows that do not."""
    blind = np.array([[1.0, 2.0], [0.0, 1.0], [1.0, 2.0]])
    return np.arange(30.0).reshape(5, 6) ** 2, blind, np.array([[1.0], [0.0]])


def both(value):
    """For rows and columns."""
    return value if isinstance(value, tuple) else (value, value)


def conv2d_general_forward(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    """Window by window, all filters of a group at once."""
    (sh, sw), (ph, pw), (dh, dw) = both(stride), both(padding), both(dilation)
    N, _, H, W = x.shape
    F, CG, KH, KW = w.shape
    OH, OW = conv_output_size(H, KH, sh, ph, dh), conv_output_size(W, KW, sw, pw, dw)
    frame = np.pad(x, [(0, 0), (0, 0), (ph, ph), (pw, pw)])
    out = np.zeros((N, F, OH, OW), dtype=np.result_type(x, w))
    FG = F // groups
    for i in range(OH):
        for j in range(OW):
            rows, columns = i * sh + dh * np.arange(KH), j * sw + dw * np.arange(KW)
            window = frame[:, :, rows[:, None], columns]
            for k in range(groups):
                mine = window[:, k * CG : (k + 1) * CG].reshape(N, -1)
                out[:, k * FG : (k + 1) * FG, i, j] = mine @ w[k * FG : (k + 1) * FG].reshape(FG, -1).T
    if b is not None:
        out += b.reshape(1, F, 1, 1)
    return out, (x, w, b, stride, padding, dilation, groups)


def conv2d_general_backward(dout, cache):
    """The same way back."""
    x, w, b, stride, padding, dilation, groups = cache
    (sh, sw), (ph, pw), (dh, dv) = both(stride), both(padding), both(dilation)
    H, W = x.shape[2:]
    F, CG, KH, KW = w.shape
    FG = F // groups
    frame = np.pad(x, [(0, 0), (0, 0), (ph, ph), (pw, pw)])
    back, dw = np.zeros_like(frame), np.zeros_like(w)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            rows, columns = i * sh + dh * np.arange(KH), j * sw + dv * np.arange(KW)
            for k in range(groups):
                c, f = slice(k * CG, (k + 1) * CG), slice(k * FG, (k + 1) * FG)
                g = dout[:, f, i, j]
                window = frame[:, c][:, :, rows[:, None], columns]
                dw[f] += np.tensordot(g, window, axes=(0, 0))
                back[:, c][:, :, rows[:, None], columns] += np.tensordot(g, w[f], axes=1)
    db = None if b is None else dout.sum(axis=3).sum(axis=2).sum(axis=0)
    return back[:, :, ph : ph + H, pw : pw + W], dw, db


SLIPS = {
    "pads_one_end": [
        ("last = size + 2 * padding -", "last = size + padding -"),
    ],
    "dilation_stretches_kernel": [
        (
            "last = size + 2 * padding - (kernel_size - 1) * dilation",
            "last = size + 2 * padding - kernel_size * dilation + 1",
        ),
    ],
    "sobel_axes_swapped": [
        ('    elif name == "sobel_x":', '    elif name == "sobel_upright":'),
        ('    elif name == "sobel_y":', '    elif name == "sobel_x":'),
        ('    elif name == "sobel_upright":', '    elif name == "sobel_y":'),
    ],
    "filters_turned": [
        (
            "w[:, 2] = [1, 2, 1]\n        w[:, 0] = [-1, -2, -1]",
            "w[:, 0] = [1, 2, 1]\n        w[:, 2] = [-1, -2, -1]",
        ),
        ("w[2] = [1, 2, 1]\n        w[0] = [-1, -2, -1]", "w[0] = [1, 2, 1]\n        w[2] = [-1, -2, -1]"),
        ("w[1, 0] = 1", "w[1, 2] = 1"),
    ],
    "shifts_left": [
        ("w[1, 0] = 1", "w[1, 2] = 1"),
    ],
    "blur_sums": [
        ("w += 1 / 9", "w += 1"),
    ],
    "flips_kernel": [
        ("np.vdot(window, w[f])", "np.vdot(window, w[f, :, ::-1, ::-1])"),
    ],
    "height_for_both": [
        (
            "OW = conv_output_size(W, KW, stride, padding, dilation)\n"
            "    out = np.zeros((N, F, OH, OW), dtype=np.result_type(x.dtype",
            "OW = conv_output_size(H, KW, stride, padding, dilation)\n"
            "    out = np.zeros((N, F, OH, OW), dtype=np.result_type(x.dtype",
        ),
    ],
    "pads_with_edge": [
        (
            "        picture = framed(x[n], padding)\n        for i in range(OH):\n            rows",
            "        picture = np.pad(x[n], [(0, 0), (padding, padding), (padding, "
            'padding)], "edge")\n        for i in range(OH):\n            rows',
        ),
    ],
    "pads_one_side": [
        (
            "        picture = framed(x[n], padding)\n        for i in range(OH):\n            rows",
            "        picture = np.pad(x[n], [(0, 0), (0, 2 * padding), (0, 2 * padding)])\n"
            "        for i in range(OH):\n            rows",
        ),
    ],
    "stride_not_in_window": [
        ("rows = i * stride + np.arange(KH) * dilation", "rows = i + np.arange(KH) * dilation"),
        ("columns = j * stride + np.arange(KW) * dilation", "columns = j + np.arange(KW) * dilation"),
    ],
    "refuses_remainder": [
        (
            "    N, _, H, W = x.shape\n    F, _, KH, KW = w.shape\n",
            "    N, _, H, W = x.shape\n    F, _, KH, KW = w.shape\n"
            "    assert (H + 2 * padding - dilation * (KH - 1) - 1) % stride == 0\n",
        ),
    ],
    "bias_per_channel": [
        (
            "                    out[n, f, i, j] = np.vdot(window, w[f])\n"
            "                    if b is not None:\n"
            "                        out[n, f, i, j] += b[f]\n",
            "                    for c in range(len(window)):\n"
            "                        out[n, f, i, j] += np.vdot(window[c], w[f, c])\n"
            "                        if b is not None:\n"
            "                            out[n, f, i, j] += b[f]\n",
        ),
    ],
    "ignores_dilation": [
        ("np.arange(KH) * dilation\n", "np.arange(KH)\n"),
        ("np.arange(KW) * dilation\n", "np.arange(KW)\n"),
    ],
    "whole_number_output": [
        ("dtype=np.result_type(x.dtype, w.dtype)", "dtype=x.dtype"),
    ],
    "always_float64": [
        (", dtype=np.result_type(x.dtype, w.dtype))", ")"),
    ],
    "kernel_sides_swapped_in_columns": [
        (
            "    N, _, H, W = x.shape\n    F, _, KH, KW = w.shape\n",
            "    N, _, H, W = x.shape\n    F, _, KW, KH = w.shape\n",
        ),
    ],
    "size_with_fraction": [
        (
            "    OH = conv_output_size(H, KH, stride, padding, dilation)\n"
            "    OW = conv_output_size(W, KW, stride, padding, dilation)\n"
            "    out = np.zeros((N, F, OH, OW), dtype=np.result_type(x.dtype",
            "    OH = (H + 2 * padding - KH) / stride + 1\n"
            "    OW = (W + 2 * padding - KW) / stride + 1\n"
            "    out = np.zeros((N, F, OH, OW), dtype=np.result_type(x.dtype",
        ),
    ],
    "filters_overwrite": [
        ("back[place] += g * w[f]", "back[place] = g * w[f]"),
    ],
    "dw_of_last_picture": [
        ("dw[f] += g * picture[place]", "dw[f] = g * picture[place]"),
    ],
    "stores_an_empty_slice": [
        (
            "back[:, padding : H + padding, padding : W + padding]",
            "back[:, padding:-padding, padding:-padding]",
        ),
    ],
    "crops_one_corner": [
        ("back[:, padding : H + padding, padding : W + padding]", "back[:, :H, :W]"),
    ],
    "stride_lost_backward": [
        (
            "np.s_[:, i * stride : i * stride + KH, j * stride : j * stride + KW]",
            "np.s_[:, i : i + KH, j : j + KW]",
        ),
    ],
    "flips_kernel_backward": [
        ("+= g * w[f]\n", "+= g * np.flip(w[f], (1, 2))\n"),
    ],
    "gradients_per_picture": [
        ('    if cache["b"] is None:\n', '    dw = dw / len(x)\n    if cache["b"] is None:\n'),
        ("dout[:, f].sum() for f", "dout[:, f].sum() / len(x) for f"),
    ],
    "dw_per_picture": [
        ('    if cache["b"] is None:\n', '    dw = dw / len(x)\n    if cache["b"] is None:\n'),
    ],
    "db_per_picture": [
        ("dout[:, f].sum() for f", "dout[:, f].sum() / len(x) for f"),
    ],
    "rounds_size_backward": [
        (
            "        for i in range(dout.shape[2]):\n            for j in range(dout.shape[3]):\n"
            "                place",
            "        for i in range(round((H + 2 * padding - KH) / stride) + 1):\n"
            "            for j in range(round((W + 2 * padding - KW) / stride) + 1):\n"
            "                place",
        ),
    ],
    "sides_swapped_backward": [
        (
            "    _, _, H, W = x.shape\n    F, _, KH, KW = w.shape\n",
            "    _, _, H, W = x.shape\n    F, _, KW, KH = w.shape\n",
        ),
    ],
    "db_mean": [
        ("dout[:, f].sum() for f", "dout[:, f].mean() for f"),
    ],
    "db_of_batch_only": [
        ("dout[:, f].sum() for f", "dout[:, f].sum(axis=0) for f"),
    ],
    "channels_last_in_column": [
        ("window[:, :KH, :KW].flatten()", "window[:, :KH, :KW].transpose(1, 2, 0).flatten()"),
    ],
    "stride_of_one": [
        ("top, left = i * stride, j * stride", "top, left = i, j"),
    ],
    "columns_without_holes": [
        (
            "                    :, top : top + dilation * KH : dilation, left : left + "
            "dilation * KW : dilation\n",
            "                    :, top : top + KH, left : left + KW\n",
        ),
    ],
    "repeats_border": [
        (
            "        picture = framed(x[n], padding)\n        columns = []\n",
            "        picture = np.pad(x[n], [(0, 0), (padding, padding), (padding, "
            'padding)], "edge")\n        columns = []\n',
        ),
    ],
    "sides_swapped_in_columns": [
        (
            "    KH, KW = kernel_size\n    N, _, H, W = x.shape\n",
            "    KW, KH = kernel_size\n    N, _, H, W = x.shape\n",
        ),
    ],
    "forgets_bias": [
        ("        if b is not None:\n            product = product + b.reshape(F, 1)\n", ""),
    ],
    "fan_out": [
        ("inputs = in_channels * kernel_size**2", "inputs = out_channels * kernel_size**2"),
    ],
    "forgets_root": [
        ("spread = (2.0 / inputs) ** 0.5", "spread = 2.0 / inputs"),
    ],
    "adds_up_gradients": [
        (
            "        self.weight_grad, self.bias_grad = gradients[1], gradients[2]\n",
            "        if self.weight_grad is None:\n"
            "            self.weight_grad, self.bias_grad = gradients[1], gradients[2]\n"
            "        else:\n            self.weight_grad += gradients[1]\n"
            "            if self.bias is not None:\n"
            "                self.bias_grad += gradients[2]\n",
        ),
    ],
    "columns_first": [
        (
            "(sh, sw), (ph, pw), (dh, dw) = both(stride), both(padding), both(dilation)",
            "(sw, sh), (pw, ph), (dw, dh) = both(stride), both(padding), both(dilation)",
        ),
    ],
}
