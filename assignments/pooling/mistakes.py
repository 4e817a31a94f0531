"""Known mistakes of pooling, cheats, and correct variants that must pass."""

import numpy as np

from autograder.mistakes import cheat, edit, instead, mistake, variant
from solutions.pooling import (
    MaxPool2d,
    _spans,
    adaptive_avg_pool2d,
    avg_pool2d_backward,
    avg_pool2d_forward,
    avg_pool2d_general,
    bug_hunt,
    global_avg_pool_backward,
    global_avg_pool_forward,
    max_pool2d_backward,
    max_pool2d_forward,
    max_pool2d_with_indices,
    max_unpool2d,
)

# Said of more than one task.
SIDE_BY_SIDE = {
    "says": "Without a stride your windows are one pixel apart; they are to lie side by side.",
    "hint": "How far is it from one window to the next, if they touch?",
}
PADDING_STAYS = {
    "says": "Your dx still has the padding around it; it must have the shape of x.",
    "hint": "Which part of the padded array is the picture?",
}

# --- max_pool2d_forward ---
zeros_for_padding = mistake(
    edit(max_pool2d_forward, "-np.inf", "0.0"),
    says="Your padding holds zeros, and they win where all pixels of a window are negative.",
    hint="Which number never is the largest?",
)
starts_at_zero = mistake(
    edit(max_pool2d_forward, "window.max(axis=2)", "np.maximum(window.max(axis=2), 0)"),
    says="Your maximum is never below 0: a window of negative pixels gives 0.",
    hint="What is the first candidate for the largest pixel? It must be a pixel of the window.",
)
stride_one_by_default = mistake(
    edit(max_pool2d_forward, "stride = kernel_size if", "stride = 1 if"), **SIDE_BY_SIDE
)
STARTS = "_starts(size, kernel_size, stride, padding)"
rounds_up = mistake(
    edit(
        max_pool2d_forward,
        STARTS,
        f"{STARTS} and range(0, size + 2 * padding + min(0, stride - kernel_size), stride)",
    ),
    says="Your output has windows for pixels left over at the end: the division rounds up.",
    hint="A window must lie in the padded picture as a whole.",
)
one_winner_for_all = mistake(
    edit(max_pool2d_forward, "window.max(axis=2)", "window.max()"),
    says="Your maximum is that of all channels and pictures together.",
    hint="The window of all pictures is (N, C, k, k), and you want (N, C) maxima.",
)
height_for_both = mistake(
    edit(max_pool2d_forward, "for size in (H, W))", "for size in (H, H))"),
    says="Your output has as many columns as rows: the height of the picture is used for both.",
    hint="Try a picture of 2 x 4 pixels and print out.shape.",
    also=("max_pool2d_backward",),  # columns that are missing have no winners
)
always_float64 = mistake(
    edit(max_pool2d_forward, "len(lefts)), dtype=x.dtype)", "len(lefts)))"),
    says="Your output is float64 although x is float32: twice the memory.",
    hint="np.zeros and np.empty make float64 unless told otherwise.",
)
refuses_nothing = mistake(
    edit(max_pool2d_forward, STARTS, "range(0, max(1, size + 2 * padding - kernel_size + 1), stride)"),
    says="You accept windows that do not fit, and padding that could fill a whole window.",
    hint="Raise ValueError before you compute. The task says when.",
)
writes_into_x = mistake(
    edit(max_pool2d_forward, "    return out, (", "    x -= x.mean()\n    return out, ("),
    says="You write into x.",
    hint="Work on a new array: x belongs to the caller.",
)

# --- max_pool2d_backward ---
PLACE = "i * stride + row, j * stride + column"
CUT = "dxp[:, :, padding : HP - padding, padding : WP - padding]"

overlap_overwritten = mistake(
    edit(max_pool2d_backward, "] += dout", "] = dout"),
    says="A later window overwrites what an earlier one sent; a pixel that wins twice gets the sum.",
    hint="By hand: the 5 gets 1 and 10. Which operator keeps both?",
)
to_the_mask = edit(
    max_pool2d_backward,
    """row, column = np.divmod(winners[:, :, i, j], kernel_size)
        dxp[n, c, i * stride + row, j * stride + column] += dout[:, :, i, j]""",
    """top, left = i * stride, j * stride
        window = dxp[:, :, top : top + kernel_size, left : left + kernel_size]
        window += (winners[:, :, i, j] * dout[:, :, i, j, None]).reshape(window.shape)""",
)


def masks(which):
    mask, winners = "mask = window == window.max(axis=2, keepdims=True)", "winners[:, :, i, j] = "
    return edit(
        max_pool2d_forward,
        ("np.empty(out.shape, dtype=int)", "np.empty((*out.shape, kernel_size**2))"),
        (f"{winners}window.argmax(axis=2)", f"{mask}\n            {winners}{which}"),
    )


all_ties = mistake(
    to_the_mask,
    masks("mask"),
    says="With several equal largest pixels, each of them gets all that the window sent.",
    hint="Four pixels of 7 and dout 1: dx must add up to 1. After a ReLU, whole windows are equal.",
)
last_of_ties = mistake(
    edit(max_pool2d_forward, "window.argmax(", "kernel_size**2 - 1 - window[:, :, ::-1].argmax("),
    says="Of several equal largest pixels your last one gets the gradient; it is the first's.",
    hint="Does a later pixel replace a winner that is as large? Compare > with >=.",
    task="max_pool2d_backward",
)
picture_index = mistake(
    edit(max_pool2d_backward, PLACE, "row, column"),
    says="The winner's place in its window is used as its place in the picture.",
    hint="Where in the picture does window (i, j) begin?",
)
times_the_maximum = mistake(
    edit(max_pool2d_backward, ("winners, (N", "(winners, out), (N"), ("] += dout", "] += (dout * out)")),
    edit(max_pool2d_forward, "(winners, xp.shape", "((winners, out), xp.shape"),
    says="Your gradient is multiplied by the maximum.",
    hint="If the largest pixel grows by a little, how much does the maximum grow?",
)
keeps_padding = mistake(edit(max_pool2d_backward, CUT, "dxp"), **PADDING_STAYS)
empty_without_padding = mistake(
    edit(max_pool2d_backward, CUT, "dxp[:, :, padding:-padding, padding:-padding]"),
    says="Your dx is empty where there is no padding.",
    hint="a[0:-0] is a[0:0]. Where should the slice end, counted from the front?",
)
ignores_stride_backward = mistake(
    edit(max_pool2d_backward, PLACE, "i + row, j + column"),
    says="Your gradients go back to windows that lie one pixel apart, whatever the stride is.",
    hint="Where did the window of output pixel (1, 0) begin in the forward pass?",
)
cache_of_last_call = mistake(
    edit(max_pool2d_backward, "= cache", "= max_pool2d_forward.cache"),
    edit(
        max_pool2d_forward,
        "return out, ",
        "max_pool2d_forward.cache = winners, xp.shape, kernel_size, stride, padding\n    return out, ",
    ),
    says="Your backward pass uses the latest forward pass, whatever cache it is given.",
    hint="Two layers of a network share your function. What does the first one find on the way back?",
)
writes_into_dout = mistake(
    edit(max_pool2d_backward, "    return dxp", "    dout *= 0\n    return dxp"),
    says="You write into dout.",
    hint="Work on a new array: dout belongs to the caller.",
)

# --- avg_pool2d ---
mean_excludes_padding = mistake(
    edit(
        avg_pool2d_forward,
        ("padding, 0.0", "padding, np.nan"),
        ("= xp", "= np.nanmean(xp"),
        (".mean(a", ", a"),
    ),
    says="Your mean leaves the zeros of the padding out; here they count.",
    hint="The mean of 2 x 2 ones with padding 1: the corner is 0.25.",
)
mean_stride_one = mistake(
    edit(avg_pool2d_forward, "stride = kernel_size if", "stride = 1 if"), **SIDE_BY_SIDE
)
share_forgotten = mistake(
    edit(avg_pool2d_backward, "dout / kernel_size**2", "dout"),
    says="Each pixel gets all that its window sent; it must get its share of it.",
    hint="If one of four pixels grows by 1, how much does the mean grow?",
)
shares_overwritten = mistake(
    edit(avg_pool2d_backward, "] += share", "] = share"),
    says="A later window overwrites the shares that an earlier one sent.",
    hint="By hand: the middle pixel gets 1 + 2 + 3 + 4.",
)
shares_keep_padding = mistake(edit(avg_pool2d_backward, CUT, "dxp"), **PADDING_STAYS)

# --- global_avg_pool ---
mean_over_batch = mistake(
    edit(global_avg_pool_forward, "x.mean(axis=(2, 3))", "np.tile(x.mean(axis=(0, 2, 3)), (len(x), 1))"),
    edit(global_avg_pool_backward, "(H * W)", "(N * H * W)"),
    says="Your mean runs over the pictures, too; each picture keeps its own.",
    hint="Which two of the four axes disappear?",
)
whole_share = mistake(
    edit(global_avg_pool_backward, " / (H * W)", ""),
    says="Each pixel gets all of dout; it must get its share.",
    hint="If one of six pixels grows by 1, how much does the mean grow?",
)
share_of_output = mistake(
    edit(global_avg_pool_backward, "(H * W)", "dout.size"),
    says="Your share divides by the number of outputs, not by the number of pixels.",
    hint="By how many numbers is the sum of a channel divided?",
)

# --- MaxPool2d ---
layer_default_stride = mistake(
    edit(MaxPool2d.__init__, "stride=None", "stride=1"),
    says="Without a stride the windows of your layer are one pixel apart; they are to lie side by side.",
    hint="Which default has max_pool2d_forward?",
)
layer_forgets_padding = mistake(
    edit(MaxPool2d.forward, ", self.padding)", ")"),
    says="Your layer pools without its padding.",
    hint="Which of the layer's settings does forward hand on?",
)
layers_share_a_cache = mistake(
    edit(MaxPool2d.forward, "out, self._cache", "out, MaxPool2d._cache"),
    edit(MaxPool2d.backward, "self._cache", "MaxPool2d._cache"),
    says="All of your layers share one cache.",
    hint="Keep the cache in self, not in the class or in a global variable.",
)
layer_without_weight = mistake(
    edit(MaxPool2d.__init__, "self.weight = self.bias = None", "self.weight = self.bias = 0.0"),
    says="weight and bias of your layer are not None.",
    hint="What tells an optimizer that there is nothing to learn?",
)

# --- bug_hunt ---
two_blind = mistake(
    edit(bug_hunt, "np.zeros((2, 2))", "np.diag([5.0, 0.0])"),
    says="suspicious_backward is right on both of your pictures.",
    hint="Which pixels does window == window.max() name?",
)
two_sharp = mistake(
    edit(bug_hunt, "[0.0, 9.0]", "[9.0, 9.0]"),
    says="suspicious_backward is wrong on both of your pictures.",
    hint="Do equal pixels matter that are not the largest?",
)

# --- bonus ---
index_in_window = mistake(
    edit(max_pool2d_with_indices, "numbers[rows, columns].ravel()[", "np.arange(reach**2)["),
    says="Your indices count the pixels of the window, not those of the picture.",
)
windows_without_holes = mistake(
    edit(max_pool2d_with_indices, "numbers = np", "dilation, reach = 1, kernel_size\n    numbers = np"),
    says="Your windows have the right number for the dilation, but no holes.",
)
unpool_adds = mistake(
    edit(max_unpool2d, "x[n, c, rows, columns] = y", "np.add.at(x, (n, c, rows, columns), y)"),
    says="Where two windows have the same winner, its value is put back twice as large.",
)
ceil_mode_ignored = mistake(
    edit(_spans, "-(-room // stride) if ceil_mode else room // stride", "room // stride"),
    says="Your ceil_mode changes nothing.",
    task="avg_pool2d_general",
)
divides_by_kernel = mistake(
    edit(avg_pool2d_general, "counts[row, column].sum()", "kernel_size**2"),
    says="Your sums are always divided by the number of pixels of a whole window.",
)
padding_always_counts = mistake(
    edit(avg_pool2d_general, "constant_values=count_include_pad", "constant_values=1"),
    says="Your count_include_pad changes nothing: the padding always counts.",
)
part_ends_early = mistake(
    edit(
        adaptive_avg_pool2d,
        ("-(-(i + 1) * H // OH)", "max((i + 1) * H // OH, i * H // OH + 1)"),
        ("-(-(j + 1) * W // OW)", "max((j + 1) * W // OW, j * W // OW + 1)"),
    ),
    says="The ends of your windows are rounded down; they are rounded up.",
)


# --- cheats ---
def tiles_only(x, kernel_size, stride=None, padding=0):
    N, C, H, W = x.shape
    tiles = x[:, :, : H - H % kernel_size, : W - W % kernel_size]
    tiles = tiles.reshape(N, C, H // kernel_size, kernel_size, W // kernel_size, kernel_size)
    return tiles.max(axis=(3, 5)), None


every_kth_pixel = cheat(
    edit(max_pool2d_forward, "window.max(axis=2)", "window[:, :, 0]"),
    most=0.0,
    says="Takes the first pixel of each window.",
)
reshape_alone = cheat(
    instead(max_pool2d_forward, tiles_only), most=0.5, says="Right for windows side by side without padding."
)
one_pixel_for_all = cheat(
    edit(max_pool2d_backward, ("winners[:, :, i, j]", "winners[:, :, 0, 0]"), (PLACE, "row, column")),
    most=0.58,
    says="Right for a single window: its winner gets all.",
)


# --- correct variants ---
def max_by_loops(x, kernel_size, stride=None, padding=0):
    stride = stride or kernel_size
    N, C, H, W = x.shape
    OH, OW = ((size + 2 * padding - kernel_size) // stride + 1 for size in (H, W))
    if padding > kernel_size / 2 or OH < 1 or OW < 1:
        raise ValueError("no such windows")
    out, places = np.full((N, C, OH, OW), -np.inf, dtype=x.dtype), {}
    for n, c, i, j in np.ndindex(*out.shape):
        for u, v in np.ndindex(kernel_size, kernel_size):
            row, column = i * stride + u - padding, j * stride + v - padding
            if 0 <= row < H and 0 <= column < W and x[n, c, row, column] > out[n, c, i, j]:
                out[n, c, i, j] = x[n, c, row, column]
                places[n, c, i, j] = n, c, row, column
    return out, {"places": places, "shape": x.shape}


def max_back_by_loops(dout, cache):
    dx = np.zeros(cache["shape"], dtype=dout.dtype)
    for window, place in cache["places"].items():
        dx[place] += dout[window]
    return dx


loops = variant(instead(max_pool2d_forward, max_by_loops), instead(max_pool2d_backward, max_back_by_loops))


def max_by_views(x, kernel_size, stride=None, padding=0):
    stride = kernel_size if stride is None else stride
    if 2 * padding > kernel_size or min(x.shape[2:]) + 2 * padding < kernel_size:
        raise ValueError("no such windows")
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)), constant_values=-np.inf)
    windows = np.lib.stride_tricks.sliding_window_view(xp, (kernel_size, kernel_size), axis=(2, 3))
    windows = windows[:, :, ::stride, ::stride]
    flat = windows.reshape(*windows.shape[:4], -1)
    return np.amax(windows, axis=(4, 5)), [flat.argmax(-1), xp.shape, kernel_size, stride, padding]


def max_back_by_views(dout, cache):
    winners, (N, C, HP, WP), kernel_size, stride, padding = cache
    n, c, i, j = np.ogrid[tuple(slice(size) for size in dout.shape)]
    dxp = np.zeros((N, C, HP, WP), dtype=dout.dtype)
    np.add.at(dxp, (n, c, i * stride + winners // kernel_size, j * stride + winners % kernel_size), dout)
    return dxp[:, :, padding : HP - padding, padding : WP - padding]


def avg_by_einsum(x, kernel_size, stride=None, padding=0):
    stride = kernel_size if stride is None else stride
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(xp, (kernel_size, kernel_size), axis=(2, 3))
    kernel = np.full((kernel_size, kernel_size), 1 / kernel_size**2, dtype=x.dtype)
    out = np.einsum("ncijuv,uv->ncij", windows[:, :, ::stride, ::stride], kernel)
    return out, (xp.shape, kernel_size, stride, padding)


def avg_back_by_offsets(dout, cache):
    shape, kernel_size, stride, padding = cache
    dxp = np.zeros(shape, dtype=dout.dtype)
    OH, OW = dout.shape[2:]
    for u, v in np.ndindex(kernel_size, kernel_size):
        dxp[:, :, u : u + stride * OH : stride, v : v + stride * OW : stride] += dout / kernel_size**2
    return dxp[:, :, padding : shape[2] - padding, padding : shape[3] - padding].copy()


views = variant(
    instead(max_pool2d_forward, max_by_views),
    instead(max_pool2d_backward, max_back_by_views),
    instead(avg_pool2d_forward, avg_by_einsum),
    instead(avg_pool2d_backward, avg_back_by_offsets),
)
masked = variant(
    to_the_mask,
    masks("mask * (mask.cumsum(axis=2) == 1)"),
    edit(bug_hunt, "np.zeros((2, 2))", "np.tile([1.0, 0.0], (4, 2))"),
)

# --- mutants of the reference that are right answers too ---
EQUIVALENT = {
    "36e9a8257f": "NumPy takes any negative size in reshape for 'whatever is left'",
    "ca4269156b": "NumPy takes any negative size in reshape for 'whatever is left'",
    "a3108251b5": "the bug hunt has many answers: three equal pixels of 1 beside a larger one",
    "fbc6cfbd6b": "the bug hunt has many answers: a largest pixel of 8",
    "0619dcbd7d": "the bug hunt has many answers: four pixels of 1",
}
