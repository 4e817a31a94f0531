"""The reference of the convolution layer against torch, and against what its own docstrings say."""

import doctest
import inspect
import re

import numpy as np
import pytest
import torch

from solutions import conv_layer as reference

SETTINGS = [
    # N, C, H, W, F, KH, KW, stride, padding, dilation
    (1, 1, 1, 3, 1, 1, 2, 1, 0, 1),
    (2, 3, 6, 7, 4, 3, 2, 1, 0, 1),
    (2, 3, 6, 7, 4, 3, 2, 1, 2, 1),
    (3, 2, 8, 5, 3, 2, 3, 2, 1, 1),
    (2, 1, 9, 9, 2, 2, 2, 3, 0, 1),  # windows with gaps between them, and a remainder
    (1, 2, 9, 8, 3, 3, 2, 2, 2, 2),
    (2, 3, 4, 4, 5, 1, 1, 1, 1, 1),
]


def drawn(seed, N, C, H, W, F, KH, KW):
    """A picture, filters and a bias."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(N, C, H, W)), rng.normal(size=(F, C, KH, KW)), rng.normal(size=F)


def torch_conv(x, w, b, dout=None, **settings):
    """torch's output and, where dout is given, gradients."""
    tensors = [None if a is None else torch.tensor(a, requires_grad=True) for a in (x, w, b)]
    out = torch.nn.functional.conv2d(*tensors, **settings)
    if dout is not None:
        out.backward(torch.tensor(dout))
    return out.detach().numpy(), [None if t is None or t.grad is None else t.grad.numpy() for t in tensors]


def test_docstring_examples_run():
    """Every example in the reference's docstrings gives what it says, and every public name has one."""
    public = [
        value
        for name, value in vars(reference).items()
        if not name.startswith("_") and getattr(value, "__module__", "") == reference.__name__
    ]
    assert len(public) == 11
    for definition in public:
        assert ">>>" in definition.__doc__, definition.__name__
        assert "Source:" in definition.__doc__, definition.__name__
    results = doctest.testmod(reference)
    assert results.failed == 0
    assert results.attempted >= len(public)


@pytest.mark.parametrize("case", SETTINGS)
def test_forward_is_torchs(case):
    """conv2d_forward and conv2d_im2col give torch's output, with and without bias."""
    *sizes, stride, padding, dilation = case
    settings = {"stride": stride, "padding": padding, "dilation": dilation}
    x, w, b = drawn(1, *sizes)
    for bias in (b, None):
        expected, _ = torch_conv(x, w, bias, **settings)
        np.testing.assert_allclose(reference.conv2d_forward(x, w, bias, **settings)[0], expected, atol=1e-12)
        np.testing.assert_allclose(reference.conv2d_im2col(x, w, bias, **settings), expected, atol=1e-12)


@pytest.mark.parametrize("case", [case for case in SETTINGS if case[-1] == 1])
def test_backward_is_torchs(case):
    """conv2d_backward gives torch's gradients in float64."""
    *sizes, stride, padding, _ = case
    x, w, b = drawn(2, *sizes)
    out, cache = reference.conv2d_forward(x, w, b, stride, padding)
    dout = np.random.default_rng(3).normal(size=out.shape)
    _, expected = torch_conv(x, w, b, dout, stride=stride, padding=padding)
    for mine, theirs in zip(reference.conv2d_backward(dout, cache), expected, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-11)


def test_backward_refuses_dilation():
    """The core backward pass says that dilation is not its task, rather than return a wrong gradient."""
    x, w, _ = drawn(4, 1, 1, 7, 7, 1, 3, 3)
    out, cache = reference.conv2d_forward(x, w, dilation=2)
    with pytest.raises(ValueError, match="conv2d_general_backward"):
        reference.conv2d_backward(out, cache)


@pytest.mark.parametrize("case", SETTINGS)
def test_im2col_is_unfold_and_col2im_is_fold(case):
    """im2col and col2im are torch's unfold and fold."""
    N, C, H, W, F, KH, KW, stride, padding, dilation = case
    x, _, _ = drawn(5, N, C, H, W, F, KH, KW)
    settings = {"stride": stride, "padding": padding, "dilation": dilation}
    cols = reference.im2col(x, (KH, KW), **settings)
    unfolded = torch.nn.functional.unfold(torch.tensor(x), (KH, KW), **settings)
    np.testing.assert_array_equal(cols, unfolded.numpy())
    folded = torch.nn.functional.fold(unfolded, (H, W), (KH, KW), **settings)
    np.testing.assert_allclose(
        reference.col2im(cols, x.shape, (KH, KW), **settings), folded.numpy(), atol=1e-12
    )


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(
    "settings",
    [
        {"stride": 2, "padding": 1},
        {"stride": (2, 1), "padding": (0, 3)},
        {"dilation": (1, 2)},
        {"groups": 3},
        {"stride": (1, 3), "padding": (2, 1), "dilation": (2, 1), "groups": 3},
    ],
)
def test_general_case_is_torchs(settings, bias):
    """conv2d_general_forward and _backward give torch's values for pairs, dilation and groups."""
    rng = np.random.default_rng(6)
    x = rng.normal(size=(2, 6, 7, 9))
    w = rng.normal(size=(9, 6 // settings.get("groups", 1), 3, 2))
    b = rng.normal(size=9) if bias else None
    out, cache = reference.conv2d_general_forward(x, w, b, **settings)
    dout = rng.normal(size=out.shape)
    expected, gradients = torch_conv(x, w, b, dout, **settings)
    np.testing.assert_allclose(out, expected, atol=1e-12)
    for mine, theirs in zip(reference.conv2d_general_backward(dout, cache), gradients, strict=True):
        if theirs is None:
            assert mine is None
        else:
            np.testing.assert_allclose(mine, theirs, atol=1e-11)


def test_output_size_is_torchs():
    """conv_output_size agrees with the size of torch's output, or raises where torch does."""
    for size in range(1, 9):
        for kernel, stride, padding, dilation in np.ndindex(4, 3, 3, 2):
            arguments = kernel + 1, stride + 1, padding, dilation + 1
            row, ones = torch.zeros(1, 1, size), torch.ones(1, 1, kernel + 1)
            try:
                expected = torch.nn.functional.conv1d(row, ones, None, *arguments[1:]).shape[-1]
            except RuntimeError:
                with pytest.raises(ValueError, match="does not fit"):
                    reference.conv_output_size(size, *arguments)
            else:
                assert reference.conv_output_size(size, *arguments) == expected


def test_layer_is_torchs():
    """Conv2d with torch's weights gives torch's output and gradients, and draws weights of He's spread."""
    rng = np.random.default_rng(7)
    layer = reference.Conv2d(3, 4, 3, stride=2, padding=1, rng=rng)
    x = rng.normal(size=(2, 3, 7, 8))
    out = layer.forward(x)
    dout = rng.normal(size=out.shape)
    expected, (dx, dw, db) = torch_conv(x, layer.weight, layer.bias, dout, stride=2, padding=1)
    np.testing.assert_allclose(out, expected, atol=1e-12)
    np.testing.assert_allclose(layer.backward(dout), dx, atol=1e-12)
    np.testing.assert_allclose(layer.weight_grad, dw, atol=1e-12)
    np.testing.assert_allclose(layer.bias_grad, db, atol=1e-12)

    weight = reference.Conv2d(32, 64, 5, rng=rng).weight
    oracle = torch.nn.init.kaiming_normal_(
        torch.empty(64, 32, 5, 5), generator=torch.Generator().manual_seed(0)
    )
    assert weight.std() == pytest.approx(oracle.numpy().std(), rel=0.02)


def test_layer_draws_from_its_rng_only():
    """Equal generators give equal weights, a second layer gets others, the global state is not touched."""
    before = np.random.get_state()[1].copy()
    rng = np.random.default_rng(8)
    first, second = reference.Conv2d(1, 2, 3, rng=rng), reference.Conv2d(1, 2, 3, rng=rng)
    again = reference.Conv2d(1, 2, 3, rng=np.random.default_rng(8))
    np.testing.assert_array_equal(first.weight, again.weight)
    assert not np.allclose(first.weight, second.weight)
    np.testing.assert_array_equal(before, np.random.get_state()[1])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept(dtype):
    """float32 stays float32 on every path."""
    x, w, b = (array.astype(dtype) for array in drawn(9, 2, 4, 5, 6, 2, 3, 2))
    out, cache = reference.conv2d_forward(x, w, b)
    answers = [out, *reference.conv2d_backward(out, cache), reference.conv2d_im2col(x, w, b)]
    out, cache = reference.conv2d_general_forward(x, w[:, :2], b, groups=2)
    answers += [out, *reference.conv2d_general_backward(out, cache), reference.im2col(x, (2, 2))]
    assert {answer.dtype for answer in answers} == {np.dtype(dtype)}


def test_filters_do_what_their_names_say():
    """Sobel filters answer to ramps, blur keeps a flat picture, shift_right moves one pixel to the right."""
    picture = np.random.default_rng(10).normal(size=(1, 1, 5, 6))
    shifted, _ = reference.conv2d_forward(
        picture, reference.make_filter("shift_right")[None, None], padding=1
    )
    np.testing.assert_array_equal(shifted[..., 1:], picture[..., :-1])
    row, column = np.mgrid[:3, :3]
    answers = {name: reference.make_filter(name) for name in ("blur", "sobel_x", "sobel_y")}
    assert answers["blur"].sum() == pytest.approx(1)
    assert [(answers["sobel_x"] * ramp).sum() for ramp in (row, column)] == [0, 8]
    assert [(answers["sobel_y"] * ramp).sum() for ramp in (row, column)] == [8, 0]
    with pytest.raises(ValueError, match="sobel_x"):
        reference.make_filter("sobel")


@pytest.mark.parametrize("function", ["conv2d_forward", "conv2d_im2col", "conv2d_general_forward"])
def test_kernel_that_does_not_fit(function):
    """A kernel larger than the padded picture raises ValueError."""
    x, w = np.zeros((1, 1, 2, 9)), np.zeros((1, 1, 3, 3))
    with pytest.raises(ValueError, match=r"fit|window"):
        getattr(reference, function)(x, w)


def test_shapes_in_docstrings():
    """The shapes that the docstrings of the forward functions name are the shapes that come."""
    sizes = {"N": 2, "C": 4, "H": 6, "W": 7, "F": 8, "KH": 3, "KW": 2, "OH": 4, "OW": 6, "groups": 1}
    x, w, b = drawn(11, 2, 4, 6, 7, 8, 3, 2)
    out, cache = reference.conv2d_forward(x, w, b)
    dx, dw, db = reference.conv2d_backward(out, cache)
    named = {
        "conv2d_forward": {"x": x, "w": w, "b": b, "out": out},
        "conv2d_backward": {"dout": out, "dx": dx, "dw": dw, "db": db},
        "conv2d_im2col": {"x": x, "w": w, "b": b, "out": reference.conv2d_im2col(x, w, b)},
        "conv2d_general_forward": {"out": reference.conv2d_general_forward(x, w, b)[0]},
        "im2col": {"x": x},
    }
    for function, arrays in named.items():
        text = inspect.getdoc(getattr(reference, function))
        for name, array in arrays.items():
            shape = re.search(rf"^\s*{name}: \(([^)]*)\)", text, re.MULTILINE)
            assert shape, f"{function}: no shape for {name}"
            letters = [letter.strip() for letter in shape[1].split(",") if letter.strip()]
            assert tuple(sizes[letter] for letter in letters) == array.shape, f"{function}: {name}"
    cols = reference.im2col(x, (3, 2))
    assert "(N, C * KH * KW, OH * OW)" in reference.im2col.__doc__
    assert cols.shape == (2, 4 * 3 * 2, 4 * 6)
