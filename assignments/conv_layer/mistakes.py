"""Known mistakes of the convolution layer, each with its price, and correct variants that must pass.

The prices are shares of the task's points, as `grader.py` splits them.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from autograder.mistakes import cheat, edit, instead, mistake, variant
from solutions import conv_layer as reference
from solutions.conv_layer import (
    col2im,
    conv2d_backward,
    conv2d_forward,
    conv2d_general_forward,
    conv2d_im2col,
    im2col,
)

# --- conv_output_size ---

rounds_up = mistake(
    edit(reference.conv_output_size, "return room // stride + 1", "return -(-room // stride) + 1"),
    costs=(0.2, 0.3),
    says="Your size counts a window for pixels that are left over at the end: the division rounds up.",
    hint="A window must lie in the picture as a whole. List the starts for 8 pixels, kernel 3, stride 2.",
)

rounds_to_nearest = mistake(
    edit(reference.conv_output_size, "return room // stride + 1", "return round(room / stride) + 1"),
    costs=(0.2, 0.3),
    says="Your size is sometimes one too large: the division rounds to the nearest number.",
    hint="round(2.5) is 2 and round(3.5) is 4. Which division of integers always goes down?",
)

pads_one_end = mistake(
    edit(reference.conv_output_size, "2 * padding - reach", "padding - reach"),
    costs=(0.2, 0.3),
    says="Your size grows by padding once; a picture is padded at both of its ends.",
    hint="Draw a row of 4 pixels with padding 1 and count all boxes.",
)

dilation_stretches_kernel = mistake(
    edit(reference.conv_output_size, "dilation * (kernel_size - 1) + 1", "dilation * kernel_size"),
    costs=(0.1, 0.15),
    says="Your size takes a kernel with dilation to reach over dilation times kernel_size pixels.",
    hint="There are holes between the elements, but none after the last one.",
)

python_2_division = mistake(
    edit(reference.conv_output_size, "return room // stride + 1", "return room / stride + 1"),
    costs=(0.2, 0.3),
    says="Your size has a fraction where pixels are left over: / rounds down in Python 2 only.",
    hint="Which operator of Python 3 divides and rounds down?",
)

# --- make_filter ---

sobel_axes_swapped = mistake(
    edit(
        reference.make_filter,
        ('"sobel_x": np', '"other": np'),
        ('"sobel_y": np', '"sobel_x": np'),
        ('"other": np', '"sobel_y": np'),
    ),
    costs=(0.5, 0.6),
    says="Your sobel_x and sobel_y are exchanged.",
    hint="x grows to the right. Along which axis do the weights of sobel_x change sign?",
)

filters_turned = mistake(
    edit(
        reference.make_filter,
        ("np.outer([1.0, 2.0, 1.0], [-1.0, 0.0, 1.0])", "np.outer([1.0, 2.0, 1.0], [1.0, 0.0, -1.0])"),
        ("np.outer([-1.0, 0.0, 1.0], [1.0, 2.0, 1.0])", "np.outer([1.0, 0.0, -1.0], [1.0, 2.0, 1.0])"),
        ("[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]", "[0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]"),
    ),
    costs=(0.8, 0.9),
    says="Your filters are those of the true convolution, which turns the kernel by 180 degrees first.",
    hint="In the formula of this task w[0, 0] meets the pixel top left.",
)

shifts_left = mistake(
    edit(reference.make_filter, "[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]", "[0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]"),
    costs=(0.2, 0.3),
    says="Your shift_right moves the picture to the left.",
    hint="An output pixel copies the pixel to its left. Where in the kernel is left?",
)

blur_sums = mistake(
    edit(reference.make_filter, "1 / 9", "1.0"),
    costs=(0.1, 0.2),
    says="Your blur adds up nine pixels: the picture becomes nine times as bright.",
    hint="What should the nine weights add up to?",
)

# --- conv2d_forward ---

flips_kernel = mistake(
    edit(reference.conv2d_forward, "window, w)", "window, w[:, :, ::-1, ::-1])"),
    costs=(0.2, 0.3),
    says="Your output equals the true convolution: the kernel is turned by 180 degrees. "
    "Convolution layers cross-correlate.",
    hint="Compare the sign of u in x[i + u] with the formula of the task.",
)

height_for_both = mistake(
    edit(reference.conv2d_forward, "_starts(W + 2 * padding", "_starts(H + 2 * padding"),
    costs=(0.1, 0.15),
    says="Your output has as many columns as rows: the height of the picture is used for both.",
    hint="Try a picture of 5 x 7 pixels and print out.shape.",
)

pads_with_edge = mistake(
    edit(
        reference.conv2d_forward,
        "xp = _pad(x, padding, padding)",
        'xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)), mode="edge")',
    ),
    costs=(0.15, 0.2),
    says="Your output equals the one for a picture whose border pixels are repeated; padding means zeros.",
    hint="Print your padded picture for a picture of ones.",
)

pads_one_side = mistake(
    edit(
        reference.conv2d_forward,
        "xp = _pad(x, padding, padding)",
        "xp = np.pad(x, ((0, 0), (0, 0), (0, 2 * padding), (0, 2 * padding)))",
    ),
    costs=(0.15, 0.2),
    says="Your output is that of a picture with all zeros at the bottom and on the right.",
    hint="Half of the zeros belong above and to the left of the picture.",
)

stride_not_in_window = mistake(
    edit(
        reference.conv2d_forward,
        ("top : top + reach_h", "i : i + reach_h"),
        ("left : left + reach_w", "j : j + reach_w"),
    ),
    costs=(0.15, 0.25),
    says="Your output has the right size for the stride, but neighbouring windows are only one pixel apart.",
    hint="Where does the window of output pixel (1, 0) begin if the stride is 2?",
)

refuses_remainder = mistake(
    edit(
        reference.conv2d_forward,
        "    reach_h, reach_w =",
        "    assert (H + 2 * padding - dilation * (KH - 1) - 1) % stride == 0\n    reach_h, reach_w =",
    ),
    costs=(0.03, 0.06),
    says="Your function stops where the windows do not fit exactly; pixels left over are simply ignored.",
    hint="Which line complains for 6 pixels, kernel 3, stride 2? Is it needed?",
    also=("conv2d_backward",),  # nothing comes back from a forward pass that stops
)

bias_per_channel = mistake(
    edit(reference.conv2d_forward, "out += b[:, None, None]", "out += x.shape[1] * b[:, None, None]"),
    costs=(0.05, 0.1),
    says="The bias is in your output once for every input channel; it is added once.",
    hint="Is the bias added inside the loop or sum over the channels?",
)

ignores_dilation = mistake(
    edit(
        reference.conv2d_forward,
        ("top + reach_h : dilation", "top + KH"),
        ("left + reach_w : dilation", "left + KW"),
    ),
    costs=(0.03, 0.06),
    says="Your output has the right size for the dilation, but the kernel has no holes.",
    hint="A slice can step: a[first:last:step].",
)

whole_number_output = mistake(
    edit(reference.conv2d_forward, "dtype=np.result_type(x, w)", "dtype=x.dtype"),
    costs=(0.03, 0.06),
    says="For a picture of whole numbers your output has no fractions: it was made with the dtype of x.",
    hint="What happens to 0.7 that is written into an array of integers?",
)

whole_number_output_refuses = mistake(  # what is added up in place complains
    edit(
        reference.conv2d_forward,
        ("out = np.empty(", "out = np.zeros("),
        ("dtype=np.result_type(x, w)", "dtype=x.dtype"),
        ('out[:, :, i, j] = np.einsum("ncuv', 'out[:, :, i, j] += np.einsum("ncuv'),
    ),
    costs=(0.03, 0.06),
    says="For a picture of whole numbers your output was made with the dtype of x, and takes no fractions.",
    hint="What happens to 0.7 that is added to an array of integers?",
)

always_float64 = mistake(
    edit(reference.conv2d_forward, ", dtype=np.result_type(x, w))", ")"),
    costs=(0.03, 0.06),
    says="Your output is float64 although x and w are float32: twice the memory, and slower on a GPU.",
    hint="np.zeros makes float64 unless told otherwise.",
)

kernel_sides_swapped = mistake(
    edit(reference.conv2d_forward, "F, _, KH, KW = w.shape", "F, _, KW, KH = w.shape"),
    costs=(0.1, 0.15),
    says="Your window is as high as the kernel is wide, and as wide as the kernel is high.",
    hint="Try a kernel of 3 x 2. The last two axes of w are KH, KW, in this order.",
    also=("conv2d_backward",),  # its two checks with such kernels get no cache
)

kernel_sides_swapped_in_slices = mistake(  # the size of the output is right, and a product complains
    edit(
        reference.conv2d_forward,
        ("reach_h, reach_w = dilation", "reach_w, reach_h = dilation"),
        ('np.einsum("ncuv,fcuv->nf", window, w)', "(window[:, None] * w).sum(axis=(2, 3, 4))"),
    ),
    costs=(0.1, 0.15),
    says="Your window is as high as the kernel is wide, and as wide as the kernel is high.",
    hint="Try a kernel of 3 x 2. The last two axes of w are KH, KW, in this order.",
    also=("conv2d_backward",),
)

kernel_sides_swapped_in_columns = mistake(  # no product complains: windows are laid out as columns
    edit(
        reference.conv2d_forward,
        ("F, _, KH, KW = w.shape", "F, _, KW, KH = w.shape"),
        ('np.einsum("ncuv,fcuv->nf", window, w)', "window.reshape(N, -1) @ w.reshape(F, -1).T"),
    ),
    costs=(0.05, 0.15),
    says="Your window is as high as the kernel is wide, and as wide as the kernel is high.",
    hint="Try a kernel of 3 x 2. The last two axes of w are KH, KW, in this order.",
)

kernel_sides_swapped_in_elements = mistake(  # a loop over kernel elements leaves the kernel
    edit(
        reference.conv2d_forward,
        ("F, _, KH, KW = w.shape", "F, _, KW, KH = w.shape"),
        (
            'np.einsum("ncuv,fcuv->nf", window, w)',
            "sum(window[:, :, u, v] @ w[:, :, u, v].T for u in range(KH) for v in range(KW))",
        ),
    ),
    costs=(0.1, 0.15),
    says="Your window is as high as the kernel is wide, and as wide as the kernel is high.",
    hint="Try a kernel of 3 x 2. The last two axes of w are KH, KW, in this order.",
    also=("conv2d_backward",),
)

kernel_sides_swapped_in_tensordot = mistake(
    edit(
        reference.conv2d_forward,
        ("F, _, KH, KW = w.shape", "F, _, KW, KH = w.shape"),
        ('np.einsum("ncuv,fcuv->nf", window, w)', "np.tensordot(window, w, axes=((1, 2, 3), (1, 2, 3)))"),
    ),
    costs=(0.1, 0.15),
    says="Your window is as high as the kernel is wide, and as wide as the kernel is high.",
    hint="Try a kernel of 3 x 2. The last two axes of w are KH, KW, in this order.",
    also=("conv2d_backward",),
)

size_with_fraction = mistake(
    edit(
        reference.conv2d_forward,
        "(N, F, len(tops), len(lefts))",
        "(N, F, (H + 2 * padding - KH) / stride + 1, (W + 2 * padding - KW) / stride + 1)",
    ),
    costs=(1.0, 1.0),
    says="The size of your output is made with /, which gives a float in Python 3; a shape is made of ints.",
    hint="Which operator of Python 3 divides and rounds down?",
    also=("conv2d_backward",),  # nothing comes back from a forward pass that stops
)

# --- conv2d_backward ---

overlap_overwritten = mistake(
    edit(reference.conv2d_backward, '] += np.einsum("nf,fcuv', '] = np.einsum("nf,fcuv'),
    costs=(0.15, 0.25),
    says="Each window replaces what earlier ones wrote into dx; a pixel in several windows needs the sum.",
    hint="By hand: the middle pixel of (1, 2, 3) receives 10 and 2. Which operator keeps both?",
)

later_elements_overwrite = mistake(  # the same in a loop over kernel elements: the first window wins
    edit(
        reference.conv2d_backward,
        ("range(dout.shape[2])", "reversed(range(dout.shape[2]))"),
        ("range(dout.shape[3])", "reversed(range(dout.shape[3]))"),
        ('] += np.einsum("nf,fcuv', '] = np.einsum("nf,fcuv'),
    ),
    costs=(0.15, 0.25),
    says="What one kernel element writes into dx is replaced by what later ones do; a pixel needs the sum.",
    hint="By hand: the middle pixel of (1, 2, 3) receives 10 and 2. Which operator keeps both?",
)

filters_overwrite = mistake(  # the same in a loop over windows and filters
    edit(
        reference.conv2d_backward,
        '] += np.einsum("nf,fcuv->ncuv", upstream, w)',
        '] = np.einsum("n,cuv->ncuv", upstream[:, -1], w[-1])',
    ),
    costs=(0.5, 0.75),
    says="Each filter and each window replaces what earlier ones wrote into dx; a pixel needs the sum.",
    hint="By hand: the middle pixel of (1, 2, 3) receives 10 and 2. Which operator keeps both?",
)

dw_of_last_window = mistake(
    edit(reference.conv2d_backward, "dw += np.einsum", "dw = np.einsum"),
    costs=(0.35, 0.5),
    says="Your dw is that of the last window only; all windows use the same kernel, so all add to dw.",
    hint="What is in dw at the end of the loop, and what was in it one step before?",
)

dw_of_last_picture = mistake(  # the same in a loop over pictures and windows
    edit(
        reference.conv2d_backward,
        ("dw += np.einsum", "dw = np.einsum"),
        ('"nf,ncuv->fcuv", upstream, xp[:, :, top', '"nf,ncuv->fcuv", upstream[-1:], xp[-1:, :, top'),
    ),
    costs=(0.35, 0.5),
    says="Your dw is that of the last window of the last picture only; all windows add to dw.",
    hint="What is in dw at the end of the loops, and what was in it one step before?",
)

empty_without_padding = mistake(
    edit(
        reference.conv2d_backward,
        "dxp[:, :, padding : padding + H, padding : padding + W]",
        "dxp[:, :, padding:-padding, padding:-padding]",
    ),
    costs=(0.4, 0.6),
    says="Your dx is empty where there is no padding.",
    hint="a[0:-0] is a[0:0]. Where should the slice end, counted from the front?",
)

keeps_padding = mistake(
    edit(reference.conv2d_backward, "dxp[:, :, padding : padding + H, padding : padding + W]", "dxp"),
    costs=(0.1, 0.2),
    says="Your dx still has the padding around it; it must have the shape of x.",
    hint="Which part of the padded array is the picture?",
)

stores_an_empty_slice = mistake(
    edit(
        reference.conv2d_backward,
        "dx = dxp[:, :, padding : padding + H, padding : padding + W]",
        "dx = np.zeros(x.shape)\n    dx[...] = dxp[:, :, padding:-padding, padding:-padding]",
    ),
    costs=(0.4, 0.8),  # 0.5 where a notebook is graded: what does not need the line is judged without it
    says="Your dx cannot be stored where there is no padding: the slice that is cut out is empty.",
    hint="a[0:-0] is a[0:0]. Where should the slice end, counted from the front?",
)

crops_by_one = mistake(
    edit(
        reference.conv2d_backward,
        "dxp[:, :, padding : padding + H, padding : padding + W]",
        "dxp[:, :, 1:-1, 1:-1]",
    ),
    costs=(0.5, 0.7),
    says="Your dx lacks one pixel on each side, whatever the padding is.",
    hint="The border is as wide as the padding, which may be 0 or 2.",
)

crops_one_corner = mistake(
    edit(
        reference.conv2d_backward,
        "dxp[:, :, padding : padding + H, padding : padding + W]",
        "dxp[:, :, :H, :W]",
    ),
    costs=(0.1, 0.2),
    says="Your dx has the right shape, but was cut out of the corner of the padded picture.",
    hint="At which row of the padded picture does the picture begin?",
)

stride_lost_backward = mistake(
    edit(reference.conv2d_backward, "top, left = i * stride, j * stride", "top, left = i, j"),
    costs=(0.15, 0.25),
    says="Your gradients go back to windows that lie one pixel apart, whatever the stride is.",
    hint="Where did the window of output pixel (1, 0) begin in the forward pass?",
)

stride_lost_in_dx = mistake(
    edit(
        reference.conv2d_backward,
        "dxp[:, :, top : top + KH, left : left + KW] +=",
        "dxp[:, :, i : i + KH, j : j + KW] +=",
    ),
    costs=(0.1, 0.25),
    says="Your dx goes back to windows that lie one pixel apart, whatever the stride is; your dw does not.",
    hint="Where did the window of output pixel (1, 0) begin in the forward pass?",
)

flips_kernel_backward = mistake(
    edit(reference.conv2d_backward, "upstream, w)", "upstream, w[:, :, ::-1, ::-1])"),
    costs=(0.1, 0.2),
    says="Your dx is computed with the kernel turned by 180 degrees; window by window, nothing is turned.",
    hint="Pixel u of a window met kernel element u in the forward pass. What comes back to it?",
)

gradients_per_picture = mistake(
    edit(
        reference.conv2d_backward,
        "return dx, dw, db",
        "return dx, dw / len(x), None if db is None else db / len(x)",
    ),
    costs=(0.2, 0.4),
    says="Your dw and db are divided by the number of pictures; dout belongs to the loss of all of them.",
    hint="If the loss is a mean over the pictures, who has divided by N already: you, or whoever made dout?",
)

dw_per_picture = mistake(
    edit(reference.conv2d_backward, "return dx, dw, db", "return dx, dw / len(x), db"),
    costs=(0.15, 0.3),
    says="Your dw is divided by the number of pictures; dout belongs to the loss of all of them.",
    hint="If the loss is a mean over the pictures, who has divided by N already: you, or whoever made dout?",
)

db_per_picture = mistake(
    edit(reference.conv2d_backward, "dout.sum(axis=(0, 2, 3))", "dout.sum(axis=(0, 2, 3)) / len(x)"),
    costs=(0.05, 0.1),
    says="Your db is divided by the number of pictures; dout belongs to the loss of all of them.",
    hint="If the loss is a mean over the pictures, who has divided by N already: you, or whoever made dout?",
)

rounds_size_backward = mistake(
    edit(
        reference.conv2d_backward,
        ("range(dout.shape[2])", "range(round((H + 2 * padding - KH) / stride) + 1)"),
        ("range(dout.shape[3])", "range(round((W + 2 * padding - KW) / stride) + 1)"),
    ),
    costs=(0.03, 0.06),
    says="Your backward pass counts a window too many where more than half of one is left over: it rounds.",
    hint="How many windows there are, dout knows: see its shape.",
)

sides_swapped_backward = mistake(
    edit(reference.conv2d_backward, "KH, KW = w.shape", "KW, KH = w.shape"),
    costs=(0.03, 0.1),
    says="Your gradients go to windows that are as high as the kernel is wide, and as wide as it is high.",
    hint="Try a kernel of 3 x 2. The last two axes of w are KH, KW, in this order.",
)

sides_swapped_in_elements = mistake(  # a loop over kernel elements leaves the kernel
    edit(
        reference.conv2d_backward,
        "KH, KW = w.shape[2:]\n",
        "KW, KH = w.shape[2:]\n    [w[:, :, u, v] for u in range(KH) for v in range(KW)]\n",
    ),
    costs=(0.03, 0.1),
    says="Your gradients go to windows that are as high as the kernel is wide, and as wide as it is high.",
    hint="Try a kernel of 3 x 2. The last two axes of w are KH, KW, in this order.",
)

db_mean = mistake(
    edit(reference.conv2d_backward, "dout.sum(axis=(0, 2, 3))", "dout.mean(axis=(0, 2, 3))"),
    costs=(0.05, 0.1),
    says="Your db is a mean; the bias is added to every output pixel, so its gradient is a sum.",
    hint="Where would a division by the number of pixels come from?",
)

db_of_batch_only = mistake(
    edit(reference.conv2d_backward, "dout.sum(axis=(0, 2, 3))", "dout.sum(axis=0)"),
    costs=(0.05, 0.1),
    says="Your db sums over the pictures only and still has rows and columns.",
    hint="A filter has one bias. db has the shape of b.",
)

# --- im2col ---

channels_last_in_column = mistake(
    edit(
        reference.im2col,
        "return cols.reshape(",
        "cols = cols.transpose(0, 2, 3, 1, 4, 5)\n    return cols.reshape(",
    ),
    costs=(0.2, 0.3),
    says="Down your columns the channels change fastest; the order is channel, kernel row, kernel column.",
    hint="The order must be that of w.reshape(F, -1).",
)

stride_of_one = mistake(
    edit(reference.im2col, "seen[:, :, ::stride, ::stride]", "seen"),
    costs=(0.15, 0.25),
    says="Your windows are one pixel apart, whatever the stride is.",
    hint="Which pixels does the kernel's first element meet if the stride is 2?",
)

columns_without_holes = mistake(
    edit(reference.im2col, "u * dilation :, v * dilation :", "u:, v:"),
    costs=(0.05, 0.1),
    says="Your windows have no holes, whatever the dilation is.",
    hint="With dilation 2, how far is the kernel's element 1 from its element 0?",
)

repeats_border = mistake(
    edit(
        reference.im2col,
        "xp = _pad(x, padding, padding)",
        'xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)), mode="edge")',
    ),
    costs=(0.15, 0.2),
    says="Your columns hold repeated border pixels where the padding's zeros should be.",
    hint="Print the columns of a picture of ones with padding 1.",
)

sides_swapped_in_columns = mistake(
    edit(reference.im2col, "KH, KW = kernel_size", "KW, KH = kernel_size"),
    costs=(0.05, 0.1),
    says="Your columns hold windows that are as high as the kernel is wide, and as wide as it is high.",
    hint="kernel_size is (KH, KW): rows first, as in a shape.",
)

# --- conv2d_im2col ---

pictures_mixed_up = mistake(
    edit(
        reference.conv2d_im2col,
        "return out.reshape(N, F, OH, OW)",
        "return out.transpose(1, 0, 2).reshape(N, F, OH, OW)",
    ),
    costs=(0.2, 0.3),
    says="Your output mixes pictures and filters: a product with the filters first was only reshaped.",
    hint="A reshape does not exchange axes. Which axis of the product belongs to the pictures?",
)

forgets_bias = mistake(
    edit(reference.conv2d_im2col, "    if b is not None:\n        out += b[:, None]\n", ""),
    costs=(0.1, 0.15),
    says="Your output lacks the bias.",
    hint="b has one number per filter. Which axis of the product are the filters?",
)

# --- Conv2d ---

fan_out = mistake(
    edit(reference.Conv2d.__init__, "fan_in = in_channels", "fan_in = out_channels"),
    costs=(0.25, 0.35),
    says="Your weights are scaled by the number of outputs (fan_out), not of inputs (fan_in).",
    hint="How many numbers are summed into one output number?",
)

forgets_root = mistake(
    edit(reference.Conv2d.__init__, "np.sqrt(2 / fan_in)", "2 / fan_in"),
    costs=(0.25, 0.35),
    says="Your weights have the standard deviation 2 / fan_in; that is the variance asked for.",
    hint="rng.normal takes a standard deviation.",
)

adds_up_gradients = mistake(
    edit(
        reference.Conv2d.backward,
        "dx, self.weight_grad, self.bias_grad = conv2d_backward(dout, self._cache)",
        "dx, dw, db = conv2d_backward(dout, self._cache)\n"
        "        self.weight_grad = dw if self.weight_grad is None else self.weight_grad + dw\n"
        "        self.bias_grad = db if self.bias_grad is None else self.bias_grad + db",
    ),
    costs=(0.05, 0.15),
    says="A second backward adds to the gradients of the first; they are to be set anew.",
    hint="PyTorch adds up until zero_grad is called. What does the text of this task say?",
)

# --- bug_hunt ---

two_blind_kernels = mistake(
    edit(reference.bug_hunt, "return np.eye(5), cross, falling", "return np.eye(5), cross, 2.0 * cross"),
    costs=(1.0, 1.0),
    says="Neither of your kernels can see the bug.",
    hint="Compare w[KH - 1 - u, v] with w[u, v]. For which kernels is that another number?",
)

# --- bonus ---

columns_first = mistake(
    edit(
        reference.conv2d_general_forward,
        "_pair(stride), _pair(padding), _pair(dilation), groups)\n    grouped",
        "_pair(stride)[::-1], _pair(padding)[::-1], _pair(dilation)[::-1], groups)\n    grouped",
    ),
    costs=(0.4, 0.6),
    says="Your output takes the first number of a pair for the columns; it is that of the rows.",
    hint="Pairs are (height, width), in the order of the axes H, W.",
)

rows_without_holes = mistake(
    edit(
        reference.conv2d_general_backward, "slice(u * dh, u * dh + sh * OH, sh)", "slice(u, u + sh * OH, sh)"
    ),
    costs=(0.3, 0.4),
    says="Your dx has no holes between the rows, whatever the dilation is.",
    hint="How far is kernel row 1 from kernel row 0 in the forward pass?",
)

# --- cheats: cheap to write, and so worth little ---


def size_without_options(size, kernel_size, stride=1, padding=0, dilation=1):
    """The first example of the text."""
    if size < kernel_size:
        raise ValueError
    return size - kernel_size + 1


ignores_the_options = cheat(
    instead(reference.conv_output_size, size_without_options),
    most=0.25,
    says="Counts windows without stride, padding and dilation.",
)


def one_filter_for_all(name):
    """What the example in the docstring asks for."""
    return np.full((3, 3), 1 / 9)


always_blurs = cheat(
    instead(reference.make_filter, one_filter_for_all),
    most=0.15,
    says="Returns the same filter for all names.",
)
sobel_with_its_transpose = cheat(
    edit(
        reference.make_filter,
        ("np.full((3, 3), 1 / 9)", "np.outer([1.0, 2.0, 1.0], [-1.0, 0.0, 1.0])"),
        ("np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])", "np.eye(3)"),
    ),
    most=0.6,
    says="Looks Sobel's filters up and makes neither of the others.",
)


zeros_of_the_right_size = cheat(
    edit(reference.conv2d_forward, "return out,", "return np.zeros_like(out),"),
    most=0.0,
    says="An output of zeros, of the right size.",
)


def forward_of_one_pixel(x, w, b=None, stride=1, padding=0, dilation=1):
    """A layer of 1 x 1 kernels is one matrix product."""
    return np.einsum("nchw,fc->nfhw", x, w[:, :, 0, 0]), (x, w)


one_element_of_the_kernel = cheat(
    instead(reference.conv2d_forward, forward_of_one_pixel),
    most=0.2,
    says="Multiplies pixels by the first element of the kernel: right for kernels of 1 x 1 only.",
)


def backward_by_units(dout, cache):
    """The forward pass is linear: ask it what each number of x, and each of w, comes to when it is 1."""
    x, w, has_bias, *settings = cache
    dx, dw = np.zeros(x.shape), np.zeros(w.shape)
    for place in np.ndindex(*x.shape):
        unit = np.zeros(x.shape)
        unit[place] = 1.0
        dx[place] = (dout * conv2d_forward(unit, w, None, *settings)[0]).sum()
    for place in np.ndindex(*w.shape):
        unit = np.zeros(w.shape)
        unit[place] = 1.0
        dw[place] = (dout * conv2d_forward(x, unit, None, *settings)[0]).sum()
    return dx, dw, dout.sum(axis=(0, 2, 3)) if has_bias else None


def backward_by_steps(dout, cache):
    """The measurement of the notebook, once for each number."""
    x, w, has_bias, *settings = cache
    h = 1e-3

    def slopes(loss, values):
        found = np.zeros(values.shape)
        for place in np.ndindex(*values.shape):
            up, down = values.copy(), values.copy()
            up[place] += h
            down[place] -= h
            found[place] = (loss(up) - loss(down)) / (2 * h)
        return found

    dx = slopes(lambda x: (dout * conv2d_forward(x, w, None, *settings)[0]).sum(), x)
    dw = slopes(lambda w: (dout * conv2d_forward(x, w, None, *settings)[0]).sum(), w)
    return dx, dw, dout.sum(axis=(0, 2, 3)) if has_bias else None


def backward_by_a_batch_of_units(dout, cache):
    """All units at once: of x as pictures of one large batch, of w as filters of one large layer."""
    x, w, has_bias, *settings = cache
    pictures = np.eye(x[0].size).reshape(-1, *x.shape[1:])
    dx = np.einsum("nfij,mfij->nm", dout, conv2d_forward(pictures, w, None, *settings)[0]).reshape(x.shape)
    filters = np.eye(w[0].size).reshape(-1, *w.shape[1:])
    dw = np.einsum("nfij,nmij->fm", dout, conv2d_forward(x, filters, None, *settings)[0]).reshape(w.shape)
    return dx, dw, dout.sum(axis=(0, 2, 3)) if has_bias else None


def backward_by_a_copy(dout, cache):
    """The same units, and a forward pass under another name."""
    x, w, has_bias, stride, padding, _ = cache

    def through(x, w):
        xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
        windows = sliding_window_view(xp, w.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
        return np.einsum("ncijuv,fcuv->nfij", windows, w)

    def answers(shape, ask):
        units = np.eye(int(np.prod(shape))).reshape(-1, *shape)
        return np.array([(dout * ask(unit)).sum() for unit in units]).reshape(shape)

    dx = answers(x.shape, lambda unit: through(unit, w))
    dw = answers(w.shape, lambda unit: through(x, unit))
    return dx, dw, dout.sum(axis=(0, 2, 3)) if has_bias else None


asks_forward_for_each_number = cheat(
    instead(reference.conv2d_backward, backward_by_units),
    most=0.3,
    says="Runs the forward pass once for each number of x and w.",
)
measures_each_number = cheat(
    instead(reference.conv2d_backward, backward_by_steps),
    most=0.3,
    says="Measures each slope by two runs of the forward pass.",
)
asks_forward_for_all_numbers_at_once = cheat(
    instead(reference.conv2d_backward, backward_by_a_batch_of_units),
    most=0.3,
    says="Runs the forward pass once on as many pictures, or filters, as there are numbers.",
)
asks_a_copy_of_forward = cheat(
    instead(reference.conv2d_backward, backward_by_a_copy),
    most=0.3,
    says="Runs a forward pass of another name once for each number of x and w.",
)
only_the_bias = cheat(
    edit(reference.conv2d_backward, "return dx, dw, db", "return np.zeros(x.shape), np.zeros(w.shape), db"),
    most=0.15,
    says="Sums dout for db, and leaves the other gradients at 0.",
)


def columns_of_pixels(x, kernel_size, stride=1, padding=0, dilation=1):
    """The picture as often as the kernel has elements."""
    N, C, H, W = x.shape
    OH, OW = H - kernel_size[0] + 1, W - kernel_size[1] + 1
    repeated = np.repeat(x[:, :, :OH, :OW].reshape(N, C, 1, -1), kernel_size[0] * kernel_size[1], axis=2)
    return repeated.reshape(N, -1, OH * OW)


copies_the_picture = cheat(
    instead(reference.im2col, columns_of_pixels),
    most=0.0,
    says="Repeats the picture; no window is looked at.",
)


def product_by_forward(x, w, b=None, stride=1, padding=0, dilation=1):
    """The other function has the same output."""
    return conv2d_forward(x, w, b, stride, padding, dilation)[0]


def product_by_a_hidden_loop(x, w, b=None, stride=1, padding=0, dilation=1):
    """One number at a time, while nobody counts."""
    import sys

    counts = sys.gettrace()
    sys.settrace(None)
    N, F, (H, W), (KH, KW) = len(x), len(w), x.shape[2:], w.shape[2:]
    OH = (H + 2 * padding - dilation * (KH - 1) - 1) // stride + 1
    OW = (W + 2 * padding - dilation * (KW - 1) - 1) // stride + 1
    cols, out = im2col(x, (KH, KW), stride, padding, dilation), np.zeros((N, F, OH * OW))
    for n, f, place in np.ndindex(*out.shape):
        out[n, f, place] = cols[n, :, place] @ w[f].ravel() + (0 if b is None else b[f])
    sys.settrace(counts)
    return out.reshape(N, F, OH, OW)


calls_forward = cheat(
    instead(reference.conv2d_im2col, product_by_forward), most=0.3, says="Calls conv2d_forward."
)
hides_a_loop = cheat(
    instead(reference.conv2d_im2col, product_by_a_hidden_loop),
    most=0.75,
    says="Loops over all numbers, and switches the count of its lines off and on again.",
)


class LayerOfOnes:
    """Weights of the right spread, which are all the same; nothing learns."""

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, *, bias=True, rng):
        size = (out_channels, in_channels, kernel_size, kernel_size)
        self.weight = np.full(size, np.sqrt(2 / (in_channels * kernel_size**2)))
        self.bias = np.zeros(out_channels) if bias else None
        self.weight_grad, self.bias_grad = np.zeros(size), np.zeros(out_channels)

    def forward(self, x):
        self.x = x
        return conv2d_forward(x, self.weight, self.bias)[0]

    def backward(self, dout):
        return np.zeros(self.x.shape)


never_learns = cheat(
    instead(reference.Conv2d, LayerOfOnes),
    most=0.1,
    says="Ignores rng, stride and padding, and has gradients of 0.",
)


def hunt_at_random():
    """Three arrays of numbers."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(5, 5)), rng.normal(size=(3, 3)), rng.normal(size=(3, 3))


random_kernels = cheat(
    instead(reference.bug_hunt, hunt_at_random), most=0.0, says="Random kernels: both are sharp."
)


def general_forward_by_forward(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    """The core function, which knows no pairs and no groups."""
    return conv2d_forward(x, w, b, stride, padding, dilation)


def general_backward_by_units(dout, cache):
    """As in the core: each number is tried."""
    x, w, has_bias, *settings = cache
    dx, dw = np.zeros(x.shape), np.zeros(w.shape)
    for values, found in ((x, dx), (w, dw)):
        for place in np.ndindex(*values.shape):
            unit = np.zeros(values.shape)
            unit[place] = 1.0
            pair = (unit, w) if values is x else (x, unit)
            found[place] = (dout * conv2d_general_forward(*pair, None, *settings)[0]).sum()
    return dx, dw, dout.sum(axis=(0, 2, 3)) if has_bias else None


calls_the_core = cheat(
    instead(reference.conv2d_general_forward, general_forward_by_forward),
    most=0.0,
    says="Calls conv2d_forward, without pairs and groups.",
)
asks_general_forward_for_each_number = cheat(
    instead(reference.conv2d_general_backward, general_backward_by_units),
    most=0.3,
    says="Runs the forward pass once for each number of x and w.",
)

# --- correct variants ---


def forward_by_loops(x, w, b=None, stride=1, padding=0, dilation=1):
    """One output number at a time."""
    N, C, H, W = x.shape
    F, C, KH, KW = w.shape
    OH = (H + 2 * padding - dilation * (KH - 1) - 1) // stride + 1
    OW = (W + 2 * padding - dilation * (KW - 1) - 1) // stride + 1
    padded = np.zeros((N, C, H + 2 * padding, W + 2 * padding), dtype=x.dtype)
    padded[:, :, padding : padding + H, padding : padding + W] = x
    out = np.zeros((N, F, OH, OW), dtype=np.promote_types(x.dtype, w.dtype))
    for n in range(N):
        for f in range(F):
            for i in range(OH):
                for j in range(OW):
                    rows = i * stride + dilation * np.arange(KH)
                    columns = j * stride + dilation * np.arange(KW)
                    out[n, f, i, j] = (padded[n][:, rows][:, :, columns] * w[f]).sum()
                    if b is not None:
                        out[n, f, i, j] += b[f]
    return out, {"padded": padded, "x": x, "w": w, "bias": b, "stride": stride, "padding": padding}


def backward_by_loops(dout, cache):
    """The same loops; every product sends its share back."""
    padded, w, stride, padding = cache["padded"], cache["w"], cache["stride"], cache["padding"]
    dpadded, dw, db = np.zeros_like(padded), np.zeros_like(w), np.zeros(len(w))
    for (n, f, i, j), upstream in np.ndenumerate(dout):
        rows = slice(i * stride, i * stride + w.shape[2])
        columns = slice(j * stride, j * stride + w.shape[3])
        dpadded[n, :, rows, columns] += upstream * w[f]
        dw[f] += upstream * padded[n, :, rows, columns]
        db[f] += upstream
    H, W = cache["x"].shape[2:]
    dx = dpadded[:, :, padding : H + padding, padding : W + padding]
    return dx, dw, None if cache["bias"] is None else db


def im2col_by_windows(x, kernel_size, stride=1, padding=0, dilation=1):
    """One column at a time."""
    KH, KW = kernel_size
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    columns = []
    for top in range(0, xp.shape[2] - dilation * (KH - 1), stride):
        for left in range(0, xp.shape[3] - dilation * (KW - 1), stride):
            window = xp[:, :, top : top + dilation * KH : dilation, left : left + dilation * KW : dilation]
            columns.append(window[:, :, :KH, :KW].reshape(len(x), -1))
    return np.stack(columns, axis=-1)


loops = variant(
    instead(reference.conv2d_forward, forward_by_loops),
    instead(reference.conv2d_backward, backward_by_loops),
    instead(reference.im2col, im2col_by_windows),
)


def forward_by_views(x, w, b=None, stride=1, padding=0, dilation=1):
    """All windows as one view of the padded picture, and one einsum."""
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    reach = [dilation * (k - 1) + 1 for k in w.shape[2:]]
    windows = sliding_window_view(xp, reach, axis=(2, 3))[:, :, ::stride, ::stride, ::dilation, ::dilation]
    out = np.einsum("ncijuv,fcuv->nfij", windows, w, optimize=True)
    if b is not None:
        out = out + b.reshape(1, -1, 1, 1)
    return out, [windows, w, b, x.shape, stride, padding]


def backward_by_views(dout, cache):
    """dw is one einsum; dx adds up one kernel element at a time."""
    windows, w, b, (N, C, H, W), stride, padding = cache
    OH, OW = dout.shape[2:]
    dw = np.einsum("nfij,ncijuv->fcuv", dout, windows)
    dxp = np.zeros((N, C, H + 2 * padding, W + 2 * padding))
    for u in range(w.shape[2]):
        for v in range(w.shape[3]):
            share = np.tensordot(dout, w[:, :, u, v], axes=(1, 0)).transpose(0, 3, 1, 2)
            dxp[:, :, u : u + stride * OH : stride, v : v + stride * OW : stride] += share
    dx = dxp[:, :, padding : padding + H, padding : padding + W]
    return dx, dw, dout.sum(3).sum(2).sum(0) if b is not None else None


def im2col_by_views(x, kernel_size, stride=1, padding=0, dilation=1):
    """The view's axes in the order of the matrix."""
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    reach = [dilation * (k - 1) + 1 for k in kernel_size]
    windows = sliding_window_view(xp, reach, axis=(2, 3))[:, :, ::stride, ::stride, ::dilation, ::dilation]
    N, C, OH, OW, KH, KW = windows.shape
    return windows.transpose(0, 1, 4, 5, 2, 3).reshape(N, C * KH * KW, OH * OW)


views = variant(
    instead(reference.conv2d_forward, forward_by_views),
    instead(reference.conv2d_backward, backward_by_views),
    instead(reference.im2col, im2col_by_views),
)


def forward_by_matrix(x, w, b=None, stride=1, padding=0, dilation=1):
    """im2col and a product; the cache keeps the matrix."""
    cols = im2col(x, w.shape[2:], stride, padding, dilation)
    OH = (x.shape[2] + 2 * padding - dilation * (w.shape[2] - 1) - 1) // stride + 1
    out = np.matmul(w.reshape(len(w), -1), cols)
    out = out.reshape(len(x), len(w), OH, -1)
    return (out if b is None else out + b[:, None, None]), (cols, x.shape, w, b, stride, padding)


def backward_by_matrix(dout, cache):
    """Two products, and col2im for dx."""
    cols, x_shape, w, b, stride, padding = cache
    rows = dout.reshape(*dout.shape[:2], -1)
    dw = (rows @ cols.swapaxes(1, 2)).sum(axis=0).reshape(w.shape)
    dx = col2im(w.reshape(len(w), -1).T @ rows, x_shape, w.shape[2:], stride, padding)
    return dx, dw, rows.sum(axis=(0, 2)) if b is not None else None


def size_by_counting(size, kernel_size, stride=1, padding=0, dilation=1):
    """Count the starts."""
    starts = range(0, size + 2 * padding - dilation * (kernel_size - 1), stride)
    if len(starts) == 0:
        raise ValueError("the kernel does not fit")
    return len(starts)


def filters_from_lists(name):
    """All four written out."""
    side = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
    return {
        "blur": np.ones((3, 3)) / 9,
        "sobel_x": np.array(side, dtype=float),
        "sobel_y": np.array(side, dtype=float).T,
        "shift_right": np.array([[0, 0, 0], [1, 0, 0], [0, 0, 0]], dtype=float),
    }[name]


def hunt_with_columns():
    """A kernel that is the same upside down, and one that is not."""
    return np.eye(4), np.array([[1.0, 0.0], [3.0, 4.0], [1.0, 0.0]]), np.array([[1.0], [0.0]])


class LayerOfProducts:
    """The layer without the other tasks, its weights drawn as standard normals."""

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, *, bias=True, rng):
        size = (out_channels, in_channels, kernel_size, kernel_size)
        self.weight = rng.standard_normal(size) * (2 / np.prod(size[1:])) ** 0.5
        self.bias = np.zeros(out_channels) if bias else None
        self.settings = stride, padding

    def forward(self, x):
        self.x = x
        return conv2d_im2col(x, self.weight, self.bias, *self.settings)

    def backward(self, dout):
        _, cache = conv2d_forward(self.x, self.weight, self.bias, *self.settings)
        dx, self.weight_grad, self.bias_grad = conv2d_backward(dout, cache)
        return dx


matrices = variant(
    instead(reference.conv2d_forward, forward_by_matrix),
    instead(reference.conv2d_backward, backward_by_matrix),
    instead(reference.conv_output_size, size_by_counting),
    instead(reference.make_filter, filters_from_lists),
    instead(reference.bug_hunt, hunt_with_columns),
    instead(reference.Conv2d, LayerOfProducts),
)


def size_by_steps(size, kernel_size, stride=1, padding=0, dilation=1):
    """Move the last pixel of the window until it leaves the picture."""
    last, windows = dilation * (kernel_size - 1), 0
    while last < size + 2 * padding:
        last, windows = last + stride, windows + 1
    if windows == 0:
        raise ValueError("not even one window")
    return windows


def filters_by_hand(name):
    """Each with a question of its own."""
    kernel = np.zeros((3, 3))
    if name == "blur":
        return kernel + 1 / 9
    if name == "shift_right":
        kernel[1, 0] = 1
        return kernel
    kernel[:, 0], kernel[:, 2] = (-1, -2, -1), (1, 2, 1)
    return kernel if name == "sobel_x" else kernel.T.copy()


def forward_by_numbers(x, w, b=None, stride=1, padding=0, dilation=1):
    """Seven loops, as the formula has it, and no array is sliced."""
    (N, C, H, W), (F, _, KH, KW) = x.shape, w.shape
    OH = (H + 2 * padding - dilation * (KH - 1) - 1) // stride + 1
    OW = (W + 2 * padding - dilation * (KW - 1) - 1) // stride + 1
    out = np.zeros((N, F, OH, OW), dtype=(x[:1, :1, :1, :1] * w[:1, :1, :1, :1]).dtype)
    for n, f, i, j, c, u, v in np.ndindex(N, F, OH, OW, C, KH, KW):
        row, column = i * stride + u * dilation - padding, j * stride + v * dilation - padding
        if 0 <= row < H and 0 <= column < W:
            out[n, f, i, j] += x[n, c, row, column] * w[f, c, u, v]
    return (out if b is None else out + b[None, :, None, None]), (x, w, b, stride, padding)


def backward_by_numbers(dout, cache):
    """The same seven loops; each product sends back to both of its factors."""
    x, w, b, stride, padding = cache
    dx, dw = np.zeros(x.shape), np.zeros(w.shape)
    for n, f, i, j in np.ndindex(*dout.shape):
        for c, u, v in np.ndindex(*w.shape[1:]):
            row, column = i * stride + u - padding, j * stride + v - padding
            if 0 <= row < x.shape[2] and 0 <= column < x.shape[3]:
                dx[n, c, row, column] += dout[n, f, i, j] * w[f, c, u, v]
                dw[f, c, u, v] += dout[n, f, i, j] * x[n, c, row, column]
    return dx, dw, None if b is None else np.array([dout[:, f].sum() for f in range(len(w))])


def im2col_by_numbers(x, kernel_size, stride=1, padding=0, dilation=1):
    """Which pixel stands in a place of the matrix? Ask for each of them."""
    N, C, H, W = x.shape
    OH, OW = (
        (size + 2 * padding - dilation * (k - 1) - 1) // stride + 1
        for size, k in zip((H, W), kernel_size, strict=True)
    )
    cols = np.zeros((N, C * kernel_size[0] * kernel_size[1], OH * OW), dtype=x.dtype)
    for n, line, place in np.ndindex(*cols.shape):
        rest, v = divmod(line, kernel_size[1])
        c, u = divmod(rest, kernel_size[0])
        row = place // OW * stride + u * dilation - padding
        column = place % OW * stride + v * dilation - padding
        if 0 <= row < H and 0 <= column < W:
            cols[n, line, place] = x[n, c, row, column]
    return cols


def product_by_einsum(x, w, b=None, stride=1, padding=0, dilation=1):
    """The filters stay as they are; the columns get axes."""
    F, C, KH, KW = w.shape
    cols = im2col(x, (KH, KW), stride, padding, dilation).reshape(len(x), C, KH, KW, -1)
    out = np.einsum("fcuv,ncuvp->nfp", w, cols, optimize=True)
    if b is not None:
        out = out + b.reshape(1, F, 1)
    return out.reshape(len(x), F, (x.shape[2] + 2 * padding - dilation * (KH - 1) - 1) // stride + 1, -1)


class LayerOfSettings:
    """Draws one number after the other, and calls with names."""

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, *, bias=True, rng):
        inputs = in_channels * kernel_size**2
        drawn = rng.normal(scale=(2 / inputs) ** 0.5, size=out_channels * inputs)
        self.weight = drawn.reshape(out_channels, in_channels, kernel_size, kernel_size)
        self.bias = np.zeros((out_channels,)) if bias else None
        self.settings = {"stride": stride, "padding": padding}
        self.weight_grad = self.bias_grad = None

    def forward(self, x):
        out, self.kept = conv2d_forward(x=x, w=self.weight, b=self.bias, **self.settings)
        return out

    def backward(self, dout):
        gradients = conv2d_backward(dout, self.kept)
        self.weight_grad, self.bias_grad = gradients[1:]
        return gradients[0]


def hunt_by_rows():
    """The first and the last row decide."""
    x = np.arange(12.0).reshape(4, 3) ** 2
    return x, np.array([[1.0], [5.0], [1.0]]), np.array([[1.0, 0.0], [5.0, 0.0], [2.0, 0.0]])


def general_forward_by_numbers(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    """One output number at a time; pairs are made of single numbers first."""
    (sh, sw), (ph, pw), (dh, dw) = (
        each if isinstance(each, tuple) else (each, each) for each in (stride, padding, dilation)
    )
    (N, _, H, W), (F, C, KH, KW) = x.shape, w.shape
    OH, OW = (H + 2 * ph - dh * (KH - 1) - 1) // sh + 1, (W + 2 * pw - dw * (KW - 1) - 1) // sw + 1
    xp = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    out = np.zeros((N, F, OH, OW), dtype=np.result_type(x, w))
    for f, i, j in np.ndindex(F, OH, OW):
        first = f // (F // groups) * C
        rows, columns = i * sh + dh * np.arange(KH), j * sw + dw * np.arange(KW)
        seen = xp[:, first : first + C][:, :, rows][..., columns]
        out[:, f, i, j] = (seen * w[f]).sum(axis=(1, 2, 3)) + (0 if b is None else b[f])
    return out, (x, w, b, (sh, sw), (ph, pw), (dh, dw), groups)


def general_backward_by_numbers(dout, cache):
    """The same loops back."""
    x, w, b, (sh, sw), (ph, pw), (dh, dw_step), groups = cache
    F, C, KH, KW = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    dxp, dw = np.zeros(xp.shape), np.zeros(w.shape)
    for n, f, i, j in np.ndindex(*dout.shape):
        channels = f // (F // groups) * C + np.arange(C)
        place = np.ix_(channels, i * sh + dh * np.arange(KH), j * sw + dw_step * np.arange(KW))
        dxp[n][place] += dout[n, f, i, j] * w[f]
        dw[f] += dout[n, f, i, j] * xp[n][place]
    dx = dxp[:, :, ph : ph + x.shape[2], pw : pw + x.shape[3]]
    return dx, dw, None if b is None else dout.sum(axis=(0, 2, 3))


numbers = variant(
    instead(reference.conv_output_size, size_by_steps),
    instead(reference.make_filter, filters_by_hand),
    instead(reference.conv2d_forward, forward_by_numbers),
    instead(reference.conv2d_backward, backward_by_numbers),
    instead(reference.im2col, im2col_by_numbers),
    instead(reference.conv2d_im2col, product_by_einsum),
    instead(reference.Conv2d, LayerOfSettings),
    instead(reference.bug_hunt, hunt_by_rows),
    instead(reference.conv2d_general_forward, general_forward_by_numbers),
    instead(reference.conv2d_general_backward, general_backward_by_numbers),
)


def size_by_floor(size, kernel_size, stride=1, padding=0, dilation=1):
    """The formula, with NumPy's floor."""
    windows = np.floor((size + 2 * padding - dilation * (kernel_size - 1) - 1) / stride) + 1
    if windows < 1:
        raise ValueError(f"{size} pixels are too few")
    return int(windows)


def filters_by_products(name):
    """Sobel's filters smooth along one axis and take a difference along the other."""
    smooth, difference = np.array([[1.0, 2.0, 1.0]]), np.array([[-1.0, 0.0, 1.0]])
    if name == "sobel_x":
        return smooth.T @ difference
    if name == "sobel_y":
        return difference.T @ smooth
    return np.ones((3, 3)) / 9 if name == "blur" else np.roll(np.diag([0.0, 1.0, 0.0]), -1, axis=1)


def backward_by_forward(dout, cache):
    """dx is a forward pass over dout with holes and turned kernels; dw is one with dout as the kernels."""
    x, w, has_bias, stride, padding, _ = cache
    N, (H, W), (KH, KW), (OH, OW) = len(x), x.shape[2:], w.shape[2:], dout.shape[2:]
    apart = np.zeros((N, len(w), H + 2 * padding + KH - 1, W + 2 * padding + KW - 1))
    rows = slice(KH - 1, KH - 1 + stride * OH, stride)
    apart[:, :, rows, KW - 1 : KW - 1 + stride * OW : stride] = dout
    dx, _ = conv2d_forward(apart, w.transpose(1, 0, 2, 3)[:, :, ::-1, ::-1])
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    met = xp[:, :, : (OH - 1) * stride + KH, : (OW - 1) * stride + KW]
    dw, _ = conv2d_forward(met.transpose(1, 0, 2, 3), dout.transpose(1, 0, 2, 3), dilation=stride)
    db = np.einsum("nfij->f", dout) if has_bias else None
    return dx[:, :, padding : padding + H, padding : padding + W], dw.transpose(1, 0, 2, 3), db


def im2col_by_index(x, kernel_size, stride=1, padding=0, dilation=1):
    """Two tables of row and column numbers, and one look-up."""
    KH, KW = kernel_size
    N, C, H, W = x.shape
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    tops = np.arange(0, H + 2 * padding - dilation * (KH - 1), stride)
    lefts = np.arange(0, W + 2 * padding - dilation * (KW - 1), stride)
    rows = np.repeat(dilation * np.arange(KH), KW)[:, None] + np.repeat(tops, len(lefts))
    columns = np.tile(dilation * np.arange(KW), KH)[:, None] + np.tile(lefts, len(tops))
    return xp[:, :, rows, columns].reshape(N, C * KH * KW, -1)


def product_picture_by_picture(x, w, b=None, stride=1, padding=0, dilation=1):
    """One product for each picture."""
    rows, height = w.reshape(len(w), -1), x.shape[2] + 2 * padding - dilation * (w.shape[2] - 1)
    pictures = []
    for picture in x:
        product = rows.dot(im2col(picture[None], w.shape[2:], stride, padding, dilation)[0])
        product = product if b is None else product + np.expand_dims(b, 1)
        pictures.append(product.reshape(len(w), len(range(0, height, stride)), -1))
    return np.array(pictures)


class LayerOfClosures:
    """Keeps what goes back as a function."""

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, *, bias=True, rng):
        shape = out_channels, in_channels, kernel_size, kernel_size
        self.weight = np.sqrt(2 / in_channels) / kernel_size * rng.normal(size=shape)
        self.bias = 0.0 * np.arange(out_channels) if bias else None
        self.through = lambda x: conv2d_forward(x, self.weight, self.bias, stride, padding)

    def forward(self, x):
        out, cache = self.through(x)
        self.back = lambda dout: conv2d_backward(dout, cache)
        return out

    def backward(self, dout):
        dx, self.weight_grad, self.bias_grad = self.back(dout)
        return dx


def hunt_with_a_ring():
    """A ring is the same upside down, half of one is not."""
    ring = np.ones((3, 3))
    ring[1, 1] = 0.0
    return np.tri(6), ring, ring * np.array([[1.0], [1.0], [0.0]])


def general_forward_by_groups(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    """One group after the other, and one kernel element after the other."""
    (sh, sw), (ph, pw), (dh, dw) = (np.broadcast_to(each, 2) for each in (stride, padding, dilation))
    xp = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    OH = (xp.shape[2] - dh * (w.shape[2] - 1) - 1) // sh + 1
    OW = (xp.shape[3] - dw * (w.shape[3] - 1) - 1) // sw + 1
    parts = []
    for pixels, filters in zip(np.split(xp, groups, axis=1), np.split(w, groups), strict=True):
        part = np.zeros((len(x), len(filters), OH, OW))
        for u, v in np.ndindex(*w.shape[2:]):
            met = pixels[:, :, u * dh :, v * dw :][:, :, ::sh, ::sw][:, :, :OH, :OW]
            part += np.tensordot(filters[:, :, u, v], met, axes=(1, 1)).swapaxes(0, 1)
        parts.append(part)
    out = np.concatenate(parts, axis=1)
    return (out if b is None else out + b[:, None, None]), (xp, w, b, x.shape, (sh, sw, ph, pw, dh, dw))


def general_backward_by_groups(dout, cache):
    """The same, and each element of the kernel sends to what it met."""
    xp, w, b, (_, C, H, W), (sh, sw, ph, pw, dh, dw) = cache
    groups, (OH, OW) = C // w.shape[1], dout.shape[2:]
    dxp, gradient = np.zeros(xp.shape), np.zeros(w.shape)
    for g in range(groups):
        filters = slice(g * len(w) // groups, (g + 1) * len(w) // groups)
        channels = slice(g * w.shape[1], (g + 1) * w.shape[1])
        for u, v in np.ndindex(*w.shape[2:]):
            place = (
                slice(None),
                channels,
                slice(u * dh, u * dh + sh * OH, sh),
                slice(v * dw, v * dw + sw * OW, sw),
            )
            gradient[filters, :, u, v] = np.tensordot(
                dout[:, filters], xp[place], axes=((0, 2, 3), (0, 2, 3))
            )
            dxp[place] += np.tensordot(dout[:, filters], w[filters, :, u, v], axes=(1, 0)).transpose(
                0, 3, 1, 2
            )
    db = None if b is None else dout.sum(axis=(0, 2, 3))
    return dxp[:, :, ph : ph + H, pw : pw + W], gradient, db


passes = variant(
    instead(reference.conv_output_size, size_by_floor),
    instead(reference.make_filter, filters_by_products),
    instead(reference.conv2d_backward, backward_by_forward),
    instead(reference.im2col, im2col_by_index),
    instead(reference.conv2d_im2col, product_picture_by_picture),
    instead(reference.Conv2d, LayerOfClosures),
    instead(reference.bug_hunt, hunt_with_a_ring),
    instead(reference.conv2d_general_forward, general_forward_by_groups),
    instead(reference.conv2d_general_backward, general_backward_by_groups),
)


def backward_by_asking(dout, cache):
    """Each pixel asks all windows whether they saw it: slow, and as honest."""
    x, w, has_bias, stride, padding, _ = cache
    dx, dw = np.zeros(x.shape), np.zeros(w.shape)
    for row, column, i, j in np.ndindex(*x.shape[2:], *dout.shape[2:]):
        u, v = row + padding - i * stride, column + padding - j * stride
        if 0 <= u < w.shape[2] and 0 <= v < w.shape[3]:
            dx[:, :, row, column] += dout[:, :, i, j] @ w[:, :, u, v]
            dw[:, :, u, v] += dout[:, :, i, j].T @ x[:, :, row, column]
    return dx, dw, dout.sum(axis=(0, 2, 3)) if has_bias else None


def product_of_one_matrix(x, w, b=None, stride=1, padding=0, dilation=1):
    """The columns of all pictures side by side, in one matrix."""
    cols = im2col(x, w.shape[2:], stride, padding, dilation)
    side_by_side = cols.transpose(1, 0, 2).reshape(cols.shape[1], -1)
    out = (w.reshape(len(w), -1) @ side_by_side).reshape(len(w), len(x), -1).transpose(1, 0, 2)
    height = (x.shape[2] + 2 * padding - dilation * (w.shape[2] - 1) - 1) // stride + 1
    return (out if b is None else out + b[:, None]).reshape(len(x), len(w), height, -1)


questions = variant(
    instead(reference.conv2d_backward, backward_by_asking),
    instead(reference.conv2d_im2col, product_of_one_matrix),
)

# --- mutants of the reference that are right answers too ---

EQUIVALENT = {
    "02f1bb6e3e": "dilation in the core backward pass is not asked for, so neither is its refusal",
    "b0d27cadb1": "dilation in the core backward pass is not asked for, so neither is its refusal",
    "3ccd1a9342": "NumPy takes any negative size in reshape for 'whatever is left'",
    "381de3562a": "the gradients are asked for after a backward pass, which sets them",
    "a33359f58d": "the gradients are asked for after a backward pass, which sets them",
    "1e681513b6": "the cache is private, and forward sets it before backward reads it",
    "8c8a3719f4": "the bug hunt has many answers: a stroke of four pixels",
    "e656245a1f": "the bug hunt has many answers: a picture of 6 x 6",
    "8b6c199989": "the bug hunt has many answers: a picture of 4 x 4",
    "a8269ae351": "the bug hunt has many answers: a single pixel in the middle is the same upside down",
}
