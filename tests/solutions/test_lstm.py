"""The reference of lstm against torch in float64, and against what its own docstrings say."""

import doctest

import numpy as np
import pytest
import torch

from solutions import lstm as reference

N, T, D, H = 3, 5, 2, 4
PUBLIC = [
    value
    for name, value in vars(reference).items()
    if not name.startswith("_") and getattr(value, "__module__", "") == reference.__name__
]


def same(left, right):
    """Equal but for rounding, in shape too."""
    right = right.detach().numpy() if isinstance(right, torch.Tensor) else right
    assert np.shape(left) == np.shape(right)
    np.testing.assert_allclose(left, right, rtol=1e-10, atol=1e-12)


def torch_net(kind, gates, seed, steps=T):
    """A network of torch, its weights with one bias, inputs, and states to begin with."""
    rng = np.random.default_rng(seed)
    weights = [rng.normal(size=(gates * H, size)) for size in (D, H)] + [rng.normal(size=gates * H)]
    net = kind(D, H, batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        for leaf, value in zip(net.parameters(), [*weights, np.zeros(gates * H)], strict=True):
            leaf.copy_(torch.tensor(value))
    x, *states = rng.normal(size=(N, steps, D)), rng.normal(size=(N, H)), rng.normal(size=(N, H))
    return net, weights, x, states, rng


def leaves(*arrays):
    """Tensors that collect gradients."""
    return [torch.tensor(array, requires_grad=True) for array in arrays]


def test_docstring_examples_run():
    """Every example in the reference's docstrings gives what it says; every public name has one."""
    assert len(PUBLIC) == 12
    for definition in PUBLIC:
        assert ">>>" in definition.__doc__, definition.__name__
        assert "Source:" in definition.__doc__, definition.__name__
    assert doctest.testmod(reference).failed == 0


@pytest.mark.parametrize("steps", [1, T])
def test_rnn_is_torchs(steps):
    """Values and all five gradients of the Elman network are torch's."""
    net, weights, x, (h0, _), rng = torch_net(torch.nn.RNN, 1, 0, steps)
    out, cache = reference.rnn_forward(x, h0, *weights)
    x_leaf, h_leaf = leaves(x, h0)
    expected, _ = net(x_leaf, h_leaf[None])
    same(out, expected)
    dout = rng.normal(size=out.shape)
    expected.backward(torch.tensor(dout))
    w_ih, w_hh, b, _ = net.parameters()
    wanted = x_leaf.grad, h_leaf.grad, w_ih.grad, w_hh.grad, b.grad
    for mine, theirs in zip(reference.rnn_backward(dout, cache), wanted, strict=True):
        same(mine, theirs)


@pytest.mark.parametrize("steps", [1, T])
def test_lstm_is_torchs(steps):
    """Values and all six gradients of the LSTM are torch's, for losses on out, h_n and c_n."""
    net, weights, x, states, rng = torch_net(torch.nn.LSTM, 4, 1, steps)
    out, h_n, c_n, cache = reference.lstm_forward(x, *states, *weights)
    x_leaf, h_leaf, c_leaf = leaves(x, *states)
    theirs, (their_h, their_c) = net(x_leaf, (h_leaf[None], c_leaf[None]))
    same(out, theirs)
    same(h_n, their_h[0])
    same(c_n, their_c[0])
    douts = [rng.normal(size=each.shape) for each in (out, h_n, c_n)]
    loss = sum(
        (each * torch.tensor(dout)).sum()
        for each, dout in zip((theirs, their_h[0], their_c[0]), douts, strict=True)
    )
    loss.backward()
    w_ih, w_hh, b, _ = net.parameters()
    wanted = x_leaf.grad, h_leaf.grad, c_leaf.grad, w_ih.grad, w_hh.grad, b.grad
    for mine, grad in zip(reference.lstm_backward(*douts, cache), wanted, strict=True):
        same(mine, grad)
    for mine, grad in zip(reference.truncated_backward(*douts, cache, T), wanted, strict=True):
        same(mine, grad)


def test_cell_is_one_step():
    """The cell and its gradients are those of a sequence of one word."""
    _, weights, x, states, rng = torch_net(torch.nn.LSTM, 4, 2, 1)
    _, h_n, c_n, cache = reference.lstm_forward(x, *states, *weights)
    h, c, cell_cache = reference.lstm_cell_forward(x[:, 0], *states, *weights)
    same(h, h_n)
    same(c, c_n)
    dh, dc = rng.normal(size=(2, N, H))
    dx, *others = reference.lstm_cell_backward(dh, dc, cell_cache)
    whole_dx, *whole = reference.lstm_backward(np.zeros((N, 1, H)), dh, dc, cache)
    same(dx, whole_dx[:, 0])
    for mine, theirs in zip(others, whole, strict=True):
        same(mine, theirs)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_truncation_is_torchs_detach(k):
    """Gradients are those of torch where the states are detached every k steps."""
    net, weights, x, states, rng = torch_net(torch.nn.LSTM, 4, 3)
    out, _, _, cache = reference.lstm_forward(x, *states, *weights)
    dout, dh_n, dc_n = (rng.normal(size=shape) for shape in (out.shape, (N, H), (N, H)))
    x_leaf, h_leaf, c_leaf = leaves(x, *states)
    h, c, loss = h_leaf[None], c_leaf[None], 0.0
    for first in range(0, T, k):
        if first:
            h, c = h.detach(), c.detach()
        piece, (h, c) = net(x_leaf[:, first : first + k], (h, c))
        loss = loss + (piece * torch.tensor(dout[:, first : first + k])).sum()
    (loss + (h[0] * torch.tensor(dh_n)).sum() + (c[0] * torch.tensor(dc_n)).sum()).backward()
    w_ih, w_hh, b, _ = net.parameters()
    wanted = x_leaf.grad, h_leaf.grad, c_leaf.grad, w_ih.grad, w_hh.grad, b.grad
    for mine, grad in zip(reference.truncated_backward(dout, dh_n, dc_n, cache, k), wanted, strict=True):
        same(mine, grad)


def test_lengths_are_torchs_packed_sequences():
    """Behind the end outputs are 0 and states stay, whatever the padding holds."""
    net, weights, x, states, _ = torch_net(torch.nn.LSTM, 4, 4)
    lengths = np.array([T, 2, 3])
    packed = torch.nn.utils.rnn.pack_padded_sequence(
        torch.tensor(x), torch.tensor(lengths), batch_first=True, enforce_sorted=False
    )
    theirs, (h_n, c_n) = net(packed, tuple(torch.tensor(state)[None] for state in states))
    padded, _ = torch.nn.utils.rnn.pad_packed_sequence(theirs, batch_first=True)
    x[np.arange(T) >= lengths[:, None]] = np.nan
    for mine, expected in zip(
        reference.lstm_forward_lengths(x, *states, *weights, lengths), (padded, h_n[0], c_n[0]), strict=True
    ):
        same(mine, expected)
    none = reference.lstm_forward_lengths(x, *states, *weights, np.zeros(N, dtype=int))
    for mine, expected in zip(none, (np.zeros((N, T, H)), *states), strict=True):
        same(mine, expected)


def test_gru_is_torchs():
    """One step of the GRU, with both biases."""
    rng = np.random.default_rng(5)
    cell = torch.nn.GRUCell(D, H, dtype=torch.float64)
    x, h = rng.normal(size=(N, D)), rng.normal(size=(N, H))
    weights = [leaf.detach().numpy() for leaf in cell.parameters()]
    same(reference.gru_cell_forward(x, h, *weights), cell(torch.tensor(x), torch.tensor(h)))


@pytest.mark.parametrize("max_norm", [1.0, 100.0])
def test_clipping_is_torchs(max_norm):
    """Norm and clipped gradients are torch's, which adds 1e-6 to the norm; the given ones stay."""
    grads = [np.random.default_rng(6).normal(size=shape) for shape in ((3, 4), (5,))]
    before = [grad.copy() for grad in grads]
    parameters = [torch.nn.Parameter(torch.zeros(grad.shape, dtype=torch.float64)) for grad in grads]
    for parameter, grad in zip(parameters, grads, strict=True):
        parameter.grad = torch.tensor(grad)
    clipped, norm = reference.clip_gradients(grads, max_norm)
    assert norm == pytest.approx(float(torch.nn.utils.clip_grad_norm_(parameters, max_norm)), rel=1e-12)
    for mine, parameter, grad, old in zip(clipped, parameters, grads, before, strict=True):
        np.testing.assert_allclose(mine, parameter.grad.numpy(), rtol=1e-5)
        assert mine is not grad
        assert (grad == old).all()
    assert reference.clip_gradients([np.zeros(2)], 1.0)[1] == 0


def test_start_is_as_told():
    """Orthogonal blocks that differ, the spread of w_ih, and a bias for the forget gate alone."""
    w_ih, w_hh, b = reference.init_lstm(400, 30, forget_bias=2.0, rng=np.random.default_rng(7))
    assert w_ih.std() == pytest.approx(1 / 20, rel=0.03)
    blocks = np.split(w_hh, 4)
    for block in blocks:
        np.testing.assert_allclose(block @ block.T, np.eye(30), atol=1e-12)
    assert min(np.abs(one - other).max() for one in blocks for other in blocks if one is not other) > 0.1
    assert b.tolist() == [0.0] * 30 + [2.0] * 30 + [0.0] * 60


def test_float32_stays_and_nothing_overflows():
    """float32 in, float32 out; parts of z of 800 in size give no NaN and no warning; arguments stay."""
    rng = np.random.default_rng(8)
    given = [
        rng.normal(size=s).astype(np.float32) for s in ((N, T, D), (N, H), (N, H), (4 * H, D), (4 * H, H))
    ]
    given.append(np.full(4 * H, 800, dtype=np.float32) * rng.choice([-1, 1], 4 * H).astype(np.float32))
    before = [array.copy() for array in given]
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        out, h_n, c_n, cache = reference.lstm_forward(*given)
        grads = reference.lstm_backward(np.ones_like(out), h_n, c_n, cache)
    for array in (out, h_n, c_n, *grads):
        assert array.dtype == np.float32
        assert np.isfinite(array).all()
    for array, old in zip(given, before, strict=True):
        assert (array == old).all()


def test_bug_hunt_numbers_of_the_design():
    """With an open forget gate the suspicious gradient of the first word is off by far more than a tenth."""
    x, blind_b, sharp_b = reference.bug_hunt()
    weights = np.full((4, 1), 0.5), np.full((4, 1), 0.3)
    zero = np.zeros((1, 1))
    for b, off in ((blind_b, False), (sharp_b, True)):
        *_, cache = reference.lstm_forward(x[None, :, None], zero, zero, *weights, b)
        right = reference.lstm_backward(np.zeros((1, len(x), 1)), zero + 1, zero, cache)[0]
        cut = cache, zero + 1, []
        for step in reversed(cut[0]):
            dx, dh, *_ = reference.lstm_cell_backward(cut[1], zero, step)
            cut = cut[0], dh, [dx.item(), *cut[2]]
        largest = np.abs(right).max()
        assert largest > 1e-3
        error = np.abs(right.ravel() - cut[2]).max() / largest
        assert error > 0.1 if off else error < 1e-6
