"""Recurrent networks in NumPy: the Elman cell, the LSTM, and the way back through time.

Letters: N sequences, T steps, D numbers per word, H numbers of memory. Sequences are (N, T, D). In each
weight of the LSTM the four gates stand on one another in the order i, f, g, o: H rows for the input gate,
then H for the forget gate, H for the candidate and H for the output gate.
"""

import numpy as np


def _sigmoid(z):
    """1 / (1 + exp(-z)), without an exponential that could overflow."""
    return 0.5 * (1 + np.tanh(0.5 * z))


def rnn_forward(x, h0, w_ih, w_hh, b):
    """An Elman network: h_t = tanh(w_ih x_t + w_hh h_(t-1) + b), word by word.

    Args:
        x: (N, T, D) sequences, float64. No argument is changed.
        h0: (N, H) memory before the first word.
        w_ih, w_hh: (H, D) weights of the words, (H, H) weights of the memory.
        b: (H,) bias. One is enough; PyTorch has two and adds them.

    Returns:
        out: (N, T, H) memory after each word.
        cache: whatever `rnn_backward` needs. Only your own code looks into it.

    Example:
        Two words, all weights 1: tanh(log 2) = 0.6, then tanh(log 3 - 0.6 + 0.6) = 0.8.

        >>> x = np.array([[[np.log(2)], [np.log(3) - 0.6]]])
        >>> out, _ = rnn_forward(x, np.zeros((1, 1)), np.ones((1, 1)), np.ones((1, 1)), np.zeros(1))
        >>> out.round(4).tolist()
        [[[0.6], [0.8]]]

    Source:
        Elman (1990), Finding structure in time.
    """
    h, states = h0, []
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ w_ih.T + h @ w_hh.T + b)
        states.append(h)
    return np.stack(states, axis=1), (x, h0, w_ih, w_hh, states)


def rnn_backward(dout, cache):
    """Backpropagation through time for `rnn_forward`.

    Args:
        dout: (N, T, H) gradient of the loss with respect to out, each step's own part only. What reaches a
            step by way of later steps is for you to add. Not changed.
        cache: from the `rnn_forward` that made out.

    Returns:
        dx (N, T, D), dh0 (N, H), dw_ih (H, D), dw_hh (H, H), db (H,); the last three sum over batch and time.

    Example:
        The two words from above; the loss is the last memory. Slopes of tanh: 1 - 0.64 = 0.36, then 0.64.

        >>> x, one = np.array([[[np.log(2)], [np.log(3) - 0.6]]]), np.ones((1, 1))
        >>> _, cache = rnn_forward(x, np.zeros((1, 1)), one, one, np.zeros(1))
        >>> dx, dh0, dw_ih, dw_hh, db = rnn_backward(np.array([[[0.0], [1.0]]]), cache)
        >>> dx.round(4).tolist()
        [[[0.2304], [0.36]]]
        >>> dh0.round(4).item(), dw_ih.round(4).item(), dw_hh.round(4).item(), db.round(4).item()
        (0.2304, 0.3392, 0.216, 0.5904)

    Source:
        Werbos (1990), Backpropagation through time. Goodfellow, Bengio and Courville (2016), section 10.2.2.
    """
    x, h0, w_ih, w_hh, states = cache
    dx, dh = np.empty_like(x), np.zeros_like(h0)
    dw_ih, dw_hh, db = np.zeros_like(w_ih), np.zeros_like(w_hh), np.zeros(len(w_hh))
    for t in reversed(range(x.shape[1])):
        dz = (dout[:, t] + dh) * (1 - states[t] ** 2)
        dx[:, t], dh = dz @ w_ih, dz @ w_hh
        dw_ih += dz.T @ x[:, t]
        dw_hh += dz.T @ (states[t - 1] if t > 0 else h0)
        db += dz.sum(axis=0)
    return dx, dh, dw_ih, dw_hh, db


def lstm_cell_forward(x, h, c, w_ih, w_hh, b):
    """One step of an LSTM: three valves, a candidate, and a memory that is a sum.

    z = w_ih x + w_hh h + b has four parts of H numbers. i, f and o are the sigmoid of theirs, g is the tanh
    of its own. Then c_next = f c + i g and h_next = o tanh(c_next). z up to 800 in size must not overflow.

    Args:
        x: (N, D) one word of each sequence, float32 or float64. No argument is changed.
        h: (N, H) what the cell said last.
        c: (N, H) what the cell remembers.
        w_ih: (4H, D) weights of the word, with the gates' rows in the order i, f, g, o.
        w_hh: (4H, H) weights of h, likewise.
        b: (4H,) bias, likewise.

    Returns:
        h_next, c_next: (N, H), same dtype as x.
        cache: whatever `lstm_cell_backward` needs.

    Example:
        All weights 0: each valve is half open, the candidate is 0. One half of c = 2 stays.

        >>> zero, w = np.zeros((1, 1)), np.zeros((4, 1))
        >>> h, c, _ = lstm_cell_forward(zero, zero, zero + 2, w, w, np.zeros(4))
        >>> c.item(), h.round(4).item()
        (1.0, 0.3808)

    Source:
        Hochreiter and Schmidhuber (1997), Long short-term memory; with the forget gate of Gers, Schmidhuber
        and Cummins (2000), Learning to forget. Order of the gates as in torch.nn.LSTM.
    """
    z = x @ w_ih.T + h @ w_hh.T + b
    i, f, g, o = np.split(z, 4, axis=1)
    i, f, g, o = _sigmoid(i), _sigmoid(f), np.tanh(g), _sigmoid(o)
    c_next = f * c + i * g
    tanh_c = np.tanh(c_next)
    return o * tanh_c, c_next, (x, h, c, w_ih, w_hh, i, f, g, o, tanh_c)


def lstm_cell_backward(dh_next, dc_next, cache):
    """Gradients of one step of an LSTM.

    Args:
        dh_next: (N, H) gradient of the loss with respect to h_next. Not changed.
        dc_next: (N, H) gradient that reaches c_next by itself, not through h_next. Not changed.
        cache: from the `lstm_cell_forward` that made them.

    Returns:
        dx (N, D), dh (N, H), dc (N, H), dw_ih (4H, D), dw_hh (4H, H), db (4H,). Weights and bias sum over N.

    Example:
        As above, dh_next = 1 and dc_next = 0. Through tanh, 0.5 * (1 - tanh(1)^2) = 0.21 arrives at c.

        >>> zero, w = np.zeros((1, 1)), np.zeros((4, 1))
        >>> *_, cache = lstm_cell_forward(zero, zero, zero + 2, w, w, np.zeros(4))
        >>> _, _, dc, _, _, db = lstm_cell_backward(zero + 1, zero, cache)
        >>> dc.round(3).tolist(), db.round(3).tolist()
        ([[0.105]], [0.0, 0.105, 0.105, 0.19])
        >>> lstm_cell_backward(zero, zero + 1, cache)[2].tolist()
        [[0.5]]

    Source:
        Gers, Schmidhuber and Cummins (2000), see above; here the full gradient.
    """
    x, h, c, w_ih, w_hh, i, f, g, o, tanh_c = cache
    arrives = dc_next + dh_next * o * (1 - tanh_c**2)  # at c_next, by both ways
    di = arrives * g * i * (1 - i)
    df = arrives * c * f * (1 - f)
    dg = arrives * i * (1 - g**2)
    do = dh_next * tanh_c * o * (1 - o)
    dz = np.concatenate([di, df, dg, do], axis=1)
    return dz @ w_ih, dz @ w_hh, arrives * f, dz.T @ x, dz.T @ h, dz.sum(axis=0)


def lstm_forward(x, h0, c0, w_ih, w_hh, b):
    """An LSTM over whole sequences.

    Args:
        x: (N, T, D) sequences, float32 or float64. No argument is changed.
        h0, c0: (N, H) before the first word.
        w_ih, w_hh, b: as in `lstm_cell_forward`, the same for each step.

    Returns:
        out: (N, T, H) h after each step.
        h_n, c_n: (N, H) after the last step.
        cache: whatever `lstm_backward` needs.

    Example:
        All weights 0: c is halved at each step.

        >>> zero, w = np.zeros((1, 1)), np.zeros((4, 1))
        >>> out, h_n, c_n, _ = lstm_forward(np.zeros((1, 2, 1)), zero, zero + 2, w, w, np.zeros(4))
        >>> out.round(4).tolist(), c_n.item()
        ([[[0.3808], [0.2311]]], 0.5)

    Source:
        torch.nn.LSTM with batch_first=True and one layer.
    """
    h, c, states, caches = h0, c0, [], []
    for t in range(x.shape[1]):
        h, c, cache = lstm_cell_forward(x[:, t], h, c, w_ih, w_hh, b)
        states.append(h)
        caches.append(cache)
    return np.stack(states, axis=1), h, c, caches


def lstm_backward(dout, dh_n, dc_n, cache):
    """Backpropagation through time for `lstm_forward`.

    Args:
        dout: (N, T, H) gradient of the loss with respect to out. No argument is changed.
        dh_n, dc_n: (N, H) gradients of the loss with respect to h_n and c_n. The last step of out and h_n are
            the same numbers: what comes by either of them is added.
        cache: from the `lstm_forward` that made them.

    Returns:
        dx (N, T, D), dh0 (N, H), dc0 (N, H), dw_ih (4H, D), dw_hh (4H, H), db (4H,); the last three sum over
        batch and time.

    Example:
        Two steps with all weights 0: what arrives at c_n is halved twice.

        >>> zero, w = np.zeros((1, 1)), np.zeros((4, 1))
        >>> *_, cache = lstm_forward(np.zeros((1, 2, 1)), zero, zero + 2, w, w, np.zeros(4))
        >>> lstm_backward(np.zeros((1, 2, 1)), zero, zero + 1, cache)[2].tolist()
        [[0.25]]

    Source:
        Werbos (1990), Backpropagation through time.
    """
    dh, dc, dx, weights = dh_n, dc_n, [], []
    for t in reversed(range(dout.shape[1])):
        dx_t, dh, dc, *own = lstm_cell_backward(dout[:, t] + dh, dc, cache[t])
        dx.append(dx_t)
        weights.append(own)
    dw_ih, dw_hh, db = (sum(each) for each in zip(*weights, strict=True))
    return np.stack(dx[::-1], axis=1), dh, dc, dw_ih, dw_hh, db


def init_lstm(input_size, hidden_size, *, forget_bias=1.0, rng):
    """Weights to begin with.

    Args:
        input_size, hidden_size: D and H, ints.
        forget_bias: where the forget gate's bias begins. With 1, its valve is sigmoid(1) = 0.73 open.
        rng: np.random.Generator, the only source of chance.

    Returns:
        w_ih: (4H, D), normal with mean 0 and standard deviation 1 / sqrt(D).
        w_hh: (4H, H), four random orthogonal matrices (H, H) on one another, drawn one by one.
        b: (4H,), forget_bias for the forget gate (the second H numbers), else 0.

    Example:
        >>> w_ih, w_hh, b = init_lstm(3, 2, rng=np.random.default_rng(0))
        >>> w_ih.shape, b.tolist()
        ((8, 3), [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0])
        >>> bool(np.allclose(w_hh[2:4] @ w_hh[2:4].T, np.eye(2)))
        True

    Source:
        Orthogonal: Saxe, McClelland and Ganguli (2014). Forget bias: Gers, Schmidhuber and Cummins (2000).
    """
    w_ih = rng.normal(0, 1 / np.sqrt(input_size), (4 * hidden_size, input_size))
    blocks = [np.linalg.qr(rng.normal(size=(hidden_size, hidden_size)))[0] for _ in range(4)]
    b = np.zeros(4 * hidden_size)
    b[hidden_size : 2 * hidden_size] = forget_bias
    return w_ih, np.concatenate(blocks), b


def clip_gradients(grads, max_norm):
    """Shorten a gradient that is too long, and keep its direction.

    Args:
        grads: list of arrays of any shapes. Not changed.
        max_norm: float > 0.

    Returns:
        clipped: list of new arrays. If the norm is larger than max_norm, all of them are multiplied by *one*
            factor, max_norm / norm; else they have the old values.
        norm: float, the root of the sum of the squares of *all* numbers, before clipping.

    Example:
        The norm of (3, 4) is 5, whichever arrays the numbers are in.

        >>> clipped, norm = clip_gradients([np.array([3.0]), np.array([[4.0]])], 2.5)
        >>> clipped[0].tolist(), clipped[1].tolist(), float(norm)
        ([1.5], [[2.0]], 5.0)

    Source:
        Pascanu, Mikolov and Bengio (2013), On the difficulty of training recurrent neural networks.
    """
    norm = float(np.sqrt(sum((grad**2).sum() for grad in grads)))
    factor = max_norm / norm if norm > max_norm else 1.0
    return [grad * factor for grad in grads], norm


def bug_hunt():
    """A sequence and two biases that test `suspicious_backward` of the notebook: one blind, one sharp.

    All is of size 1: each word and each state is one number, w_ih is 0.5 and w_hh is 0.3 for each gate. The
    loss is the last h. A gradient is *right* if it is that of `lstm_backward`.

    Returns:
        x: (T,) words, T from 3 to 6, each from -10 to 10.
        blind_b: (4,) biases of the gates i, f, g, o, with which suspicious_backward is right: no number of
            its dx is off by more than a millionth of the largest slope, and that is larger than 0.001.
        sharp_b: (4,) biases with which some number is off by more than a tenth of the largest slope.

        Biases are from -100 to 100.

    Example:
        >>> x, blind_b, sharp_b = bug_hunt()
        >>> 3 <= len(x) <= 6, len(blind_b), len(sharp_b)
        (True, 4, 4)

    Source:
        Read the code of suspicious_backward, and ask when the forgotten path is closed.
    """
    shut = -60 * np.eye(4)[1]  # nothing is remembered: nothing goes back along c
    return np.ones(3), shut, np.zeros(4)


def lstm_forward_lengths(x, h0, c0, w_ih, w_hh, b, lengths):
    """An LSTM over sequences of different lengths that are padded to the same T.

    Args:
        x: (N, T, D), of sequence n only the first lengths[n] words count. The others hold anything, also NaN.
            No argument is changed.
        h0, c0, w_ih, w_hh, b: as in `lstm_forward`.
        lengths: (N,) ints from 0 to T.

    Returns:
        out: (N, T, H), 0 behind the end of each sequence.
        h_n, c_n: (N, H) after the last word that counts; h0 and c0 where there is none.

    Example:
        c is halved by each word: twice in the first sequence, once in the second.

        >>> zero, w = np.zeros((2, 1)), np.zeros((4, 1))
        >>> start = np.zeros((2, 2, 1)), zero, zero + 2, w, w, np.zeros(4)
        >>> out, h_n, c_n = lstm_forward_lengths(*start, np.array([2, 1]))
        >>> c_n.tolist(), out.round(4).tolist()
        ([[0.5], [1.0]], [[[0.3808], [0.2311]], [[0.3808], [0.0]]])

    Source:
        torch.nn.utils.rnn.pack_padded_sequence.
    """
    h, c, states = h0, c0, []
    for t in range(x.shape[1]):
        counts = (t < lengths)[:, None]
        h_next, c_next, _ = lstm_cell_forward(np.where(counts, x[:, t], 0), h, c, w_ih, w_hh, b)
        h, c = np.where(counts, h_next, h), np.where(counts, c_next, c)
        states.append(np.where(counts, h, 0))
    return np.stack(states, axis=1), h, c


def gru_cell_forward(x, h, w_ih, w_hh, b_ih, b_hh):
    """One step of a gated recurrent unit, with the gates r, z, n.

    r and z are sigmoids of w_ih x + b_ih + w_hh h + b_hh, each with its own rows. The candidate is
    n = tanh(w_in x + b_in + r (w_hn h + b_hn)). Then h_next = (1 - z) n + z h.

    Args:
        x: (N, D), float64. No argument is changed.
        h: (N, H).
        w_ih, w_hh: (3H, D) and (3H, H), rows in the order r, z, n.
        b_ih, b_hh: (3H,), likewise. Here two are needed: r multiplies one of them.

    Returns:
        h_next: (N, H).

    Example:
        All weights 0: the candidate is 0, and half of h stays.

        >>> w, b = np.zeros((3, 1)), np.zeros(3)
        >>> gru_cell_forward(np.zeros((1, 1)), np.array([[2.0]]), w, w, b, b).tolist()
        [[1.0]]

    Source:
        Cho et al. (2014), Learning phrase representations using RNN encoder-decoder; as in torch.nn.GRU.
    """
    x_r, x_z, x_n = np.split(x @ w_ih.T + b_ih, 3, axis=1)
    h_r, h_z, h_n = np.split(h @ w_hh.T + b_hh, 3, axis=1)
    r, z = _sigmoid(x_r + h_r), _sigmoid(x_z + h_z)
    return (1 - z) * np.tanh(x_n + r * h_n) + z * h


def truncated_backward(dout, dh_n, dc_n, cache, k):
    """`lstm_backward` in pieces: no gradient passes from one piece of k steps back into the piece before it.

    Args:
        dout, dh_n, dc_n, cache: as in `lstm_backward`.
        k: int >= 1. Pieces begin at the steps 0, k, 2k, ...; the last one may be shorter. States are carried
            forward from piece to piece, as always; only gradients are cut.

    Returns:
        dx, dh0, dc0, dw_ih, dw_hh, db as in `lstm_backward`.

    Example:
        Three steps with all weights 0, a loss on the second h: with pieces of 1 it does not reach c0.

        >>> zero, w, dout = np.zeros((1, 1)), np.zeros((4, 1)), np.array([[[0.0], [1.0], [0.0]]])
        >>> *_, cache = lstm_forward(np.zeros((1, 3, 1)), zero, zero + 2, w, w, np.zeros(4))
        >>> [truncated_backward(dout, zero, zero, cache, k)[2].round(4).item() for k in (1, 2)]
        [0.0, 0.0983]

    Source:
        Williams and Peng (1990), An efficient gradient-based algorithm for on-line training.
    """
    dh, dc, dx, weights = dh_n, dc_n, [], []
    for first in reversed(range(0, dout.shape[1], k)):
        piece = slice(first, first + k)
        dx_piece, dh0, dc0, *own = lstm_backward(dout[:, piece], dh, dc, cache[piece])
        dx.append(dx_piece)
        weights.append(own)
        dh, dc = np.zeros_like(dh), np.zeros_like(dc)
    dw_ih, dw_hh, db = (sum(each) for each in zip(*weights, strict=True))
    return np.concatenate(dx[::-1], axis=1), dh0, dc0, dw_ih, dw_hh, db
