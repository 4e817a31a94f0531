"""Public checks: a small case of each criterion, beside the examples by hand. They decide no mark."""

import numpy as np

NAMES = dict(enumerate(("input gate", "forget gate", "candidate", "output gate")))


def numbers(shape, seed):
    """Numbers that are easy to make again."""
    return np.random.default_rng(seed).normal(size=shape)


def equal(came, expected, what):
    """An array holds these numbers, to three digits after the point."""
    assert isinstance(came, np.ndarray), f"{what} must be a NumPy array, not a {type(came).__name__}."
    expected = np.asarray(expected)
    assert came.shape == expected.shape, f"{what} must have the shape {expected.shape}, not {came.shape}."
    assert np.allclose(came, expected, atol=6e-4), f"{what} must be {expected.tolist()}, not {came.tolist()}."


def is_slope(forward, grads, args, douts, names):
    """Each gradient is the measured slope along one direction, by its own argument."""
    assert len(grads) == len(args), f"Return {len(args)} gradients: {names}."
    for number, (grad, arg, name) in enumerate(zip(grads, args, names.split(), strict=True)):
        assert np.shape(grad) == arg.shape, f"d{name} must have the shape {arg.shape}, not {np.shape(grad)}."
        u, ends = numbers(arg.shape, 9), []
        for step in (1e-5, -1e-5):
            moved = [a + step * u if k == number else a for k, a in enumerate(args)]
            ends.append(sum((d * out).sum() for d, out in zip(douts, forward(*moved), strict=False)))
        measured, yours = (ends[0] - ends[1]) / 2e-5, float(np.sum(grad * u))
        assert abs(measured - yours) < 1e-5 * max(1.0, abs(measured)), (
            f"d{name}: along a direction the loss changes at the rate {measured:.4f}, yours says {yours:.4f}."
        )


def test_rnn(rnn_forward, rnn_backward):
    """h0 and the bias, and all five gradients for losses at every step."""
    args = [numbers((2, 3, 2), 0), *(numbers(shape, 1) for shape in ((2, 4), (4, 2), (4, 4), (4,)))]
    before = [arg.copy() for arg in args]
    out, cache = rnn_forward(*args)
    x, h, w_ih, w_hh, b = args
    for t in range(3):
        h = np.tanh(np.einsum("nd,hd->nh", x[:, t], w_ih) + np.einsum("nk,hk->nh", h, w_hh) + b)
        equal(out[:, t], h, f"h of step {t + 1}")
    dout = numbers((2, 3, 4), 2)
    is_slope(rnn_forward, rnn_backward(dout, cache), args, [dout], "x h0 w_ih w_hh b")
    for name, arg, old in zip("x h0 w_ih w_hh b".split(), args, before, strict=True):
        assert (arg == old).all(), f"You have written into {name}."


def test_lstm_cell_forward(lstm_cell_forward):
    """Each gate by itself, the weights, numbers that overflow, and float32."""
    zero, one, w = np.zeros((1, 1)), np.ones((1, 1)), np.zeros((4, 1))
    for k, (c, h) in enumerate(((1.0, 0.3808), (1.7616, 0.4713), (1.482, 0.4509), (1.0, 0.6708))):
        h_next, c_next, _ = lstm_cell_forward(zero, zero, zero + 2, w, w, 2 * np.eye(4)[k])
        equal(c_next, [[c]], f"All weights 0, c = 2, bias 2 of the {NAMES[k]}: c_next")
        equal(h_next, [[h]], f"All weights 0, c = 2, bias 2 of the {NAMES[k]}: h_next")
    for name, x, h in (("x", one, zero), ("h", zero, one)):
        _, c_next, _ = lstm_cell_forward(x, h, zero, w + 1, w + 1, np.zeros(4))
        equal(c_next, [[0.5568]], f"All weights 1, {name} = 1, all else 0: c_next")
    with np.errstate(invalid="raise", over="raise"):
        for far, c in ((800.0, 3.0), (-800.0, 0.0)):
            equal(lstm_cell_forward(zero, zero, zero + 2, w, w, np.full(4, far))[1], [[c]], "Far out: c_next")
    small = [array.astype(np.float32) for array in (zero, zero, one, w, w, np.zeros(4))]
    for state in lstm_cell_forward(*small)[:2]:
        assert state.dtype == np.float32, "float32 stays float32."


def test_lstm_cell_backward(lstm_cell_forward, lstm_cell_backward):
    """Each way by itself, then all six gradients against measured slopes."""
    args = [numbers((2, 3), 0)] + [numbers(shape, 1) for shape in ((2, 4), (2, 4), (16, 3), (16, 4), (16,))]
    for dh, dc in ((1, 0), (0, 1), (1, 1)):
        douts = [dh * numbers((2, 4), 2), dc * numbers((2, 4), 3)]
        grads = lstm_cell_backward(*douts, lstm_cell_forward(*args)[2])
        is_slope(lstm_cell_forward, grads, args, douts, "x h c w_ih w_hh b")


def sequences():
    """Arguments of lstm_forward."""
    return [numbers(shape, 1) for shape in ((2, 3, 3), (2, 4), (2, 4), (16, 3), (16, 4), (16,))]


def test_lstm_forward(lstm_forward, lstm_cell_forward):
    """Step by step what the cell gives, and h_n and c_n at the end."""
    x, h, c, *weights = sequences()
    out, h_n, c_n, _ = lstm_forward(x, h, c, *weights)
    for t in range(3):
        h, c, _ = lstm_cell_forward(x[:, t], h, c, *weights)
        equal(out[:, t], h, f"out of step {t + 1}")
    equal(h_n, h, "h_n")
    equal(c_n, c, "c_n")


def test_lstm_backward(lstm_forward, lstm_backward):
    """All six gradients against measured slopes: a loss on out, on h_n, on c_n."""
    args = sequences()
    for where in np.eye(3):
        shapes = ((2, 3, 4), (2, 4), (2, 4))
        douts = [share * numbers(shape, 2) for share, shape in zip(where, shapes, strict=True)]
        grads = lstm_backward(*douts, lstm_forward(*args)[3])
        is_slope(lstm_forward, grads, args, douts, "x h0 c0 w_ih w_hh b")


def test_init_lstm(init_lstm):
    """Shapes, spread, blocks, and the generator."""
    rng = np.random.default_rng(0)
    w_ih, w_hh, b = init_lstm(25, 8, forget_bias=3.0, rng=rng)
    assert np.shape(w_ih) == (32, 25) and np.shape(w_hh) == (32, 8), "w_ih is (4H, D), w_hh is (4H, H)."
    equal(b, np.repeat([0.0, 3.0, 0.0, 0.0], 8), "With forget_bias 3, b")
    assert 0.15 < np.std(w_ih) < 0.25, "For D = 25 the standard deviation of w_ih must be about 0.2."
    for k in range(4):
        block = w_hh[8 * k : 8 * k + 8]
        assert np.allclose(block @ block.T, np.eye(8)), f"The block of the {NAMES[k]} is not orthogonal."
    assert not np.allclose(w_hh[:8], w_hh[8:16]), "Two gates begin with the same block."
    assert not np.allclose(init_lstm(25, 8, rng=rng)[0], w_ih), "Two calls must draw different weights."


def test_clip_gradients(clip_gradients):
    """Long ones, short ones, and the arrays that were given."""
    grads = [np.array([3.0, 0.0]), np.array([[4.0]])]
    for max_norm, first in ((2.5, [1.5, 0]), (10.0, [3, 0])):
        equal(clip_gradients(grads, max_norm)[0][0], first, f"(3, 0) and (4), max_norm {max_norm}: (3, 0)")
    assert grads[0][0] == 3, "You have written into the arrays that were given."


def test_bug_hunt(bug_hunt, suspicious_backward, lstm_forward, lstm_backward):
    """The form of the answer, and what suspicious_backward makes of it."""
    answer = bug_hunt()
    assert isinstance(answer, (tuple, list)) and len(answer) == 3, "Return x, blind_b, sharp_b."
    x, zero, w = np.asarray(answer[0], dtype=float), np.zeros((1, 1)), np.ones((4, 1))
    assert x.ndim == 1 and 3 <= len(x) <= 6, "x must have the shape (T,), with T from 3 to 6."
    for name, b in zip(("blind_b", "sharp_b"), answer[1:], strict=True):
        assert np.shape(b) == (4,), f"{name} must have the shape (4,)."
        *_, cache = lstm_forward(x[None, :, None], zero, zero, 0.5 * w, 0.3 * w, np.asarray(b))
        right = lstm_backward(np.zeros((1, len(x), 1)), zero + 1, zero, cache)[0].ravel()
        off, largest = np.abs(suspicious_backward(x, np.asarray(b)) - right).max(), np.abs(right).max()
        fits = largest > 1e-3 and off < 1e-6 * largest if name == "blind_b" else off > 0.1 * largest
        assert fits, f"{name}: the largest slope is {largest:.2g}, suspicious_backward is off by {off:.2g}."


def test_gru_cell_forward(gru_cell_forward):
    """Where r stands, and what z keeps."""
    two, w, b = np.full((1, 1), 2.0), np.zeros((3, 1)), np.zeros(3)
    last = np.eye(3)[2]
    out = gru_cell_forward(0 * two, two, w, last[:, None], b, last)
    equal(out, [[1.4526]], "h = 2, w_hn = b_hn = 1, all else 0: (tanh(0.5 (2 + 1)) + 2) / 2, h_next")
    equal(gru_cell_forward(0 * two, two, w, w, 2 * np.eye(3)[1], b), [[1.7616]], "h = 2, bias 2 of z: h_next")
