"""Hidden checks of lstm.

One mistake, one price
    * The order of the gates is asked once. Elsewhere all have the same weights, or it is read off a call.
    * The cell's slopes are asked where tanh and sigmoid agree (`EVEN`): each gate is open by sqrt(1/2), also
      a candidate that is a sigmoid. They are right by any way of arriving at c that is asked elsewhere.
    * The cell's other gradients are compared with the student's own db. Sequences stand on the cell (`on=`).
    * h0, c0 and b are 0 where they are not the question.
"""

from functools import partial
from itertools import combinations, permutations
from types import SimpleNamespace

import numpy as np
import pytest

from autograder.checks import as_array, assert_close, chance, close, dtype, obeys, right, unchanged
from solutions.lstm import lstm_backward, lstm_cell_backward, lstm_cell_forward, lstm_forward

N, T, D, H = 3, 4, 2, 5
ZERO = np.zeros((N, H))
CLIPPED = "clipped[0] clipped[1] clipped[2]"
GATES = "input gate", "forget gate", "candidate", "output gate"
ORDERS = tuple(permutations(range(4)))  # where the rows of i, f, g and o may stand
LAST = np.arange(T)[:, None] == T - 1  # of the losses, the one on the last step alone
EVEN, OPEN, SLOPE = np.arcsinh(1.0), np.sqrt(0.5), np.sqrt(0.5) - 0.5  # tanh, sigmoid and its slope at EVEN


def all_right(replies, names, **tolerance):
    """Each of these is right."""
    for reply, name in zip(replies, names.split(), strict=True):
        right(reply, name, **tolerance)


def weights(draw, gates=1, repeat=1, bias=0.0):
    """w_ih, w_hh and b of so many gates, all of them so many times; repeated, their order does not matter."""
    w_ih, w_hh = draw.normal(gates * H, D), draw.normal(gates * H, H, scale=0.6)
    return [np.concatenate([w] * repeat) for w in (w_ih, w_hh, draw.normal(gates * H, scale=bias))]


def states(draw, size=N):
    """h and c."""
    return draw.normal(size, H), draw.away_from_zero(size, H)


def is_derivative(grads, directions, douts, *ends):
    """Along a random direction the outputs change at the rate that the gradients say."""
    claimed = sum((as_array(grad) * u).sum() for grad, u in zip(grads, directions, strict=True))
    rises = [as_array(up) - as_array(down) for up, down in zip(ends, ends[len(douts) :], strict=False)]
    measured = sum((dout * rise).sum() for dout, rise in zip(douts, rises, strict=True)) / 2e-5
    fits = abs(claimed - measured) <= 1e-6 + 1e-5 * abs(measured)
    assert fits, "Along a random direction your own outputs change at another rate than your gradients say."


def derivative(student, draw, name, args, names):
    """NAME_backward is the derivative of the student's own NAME_forward; no argument is modified."""
    forward, backward = getattr(student, f"{name}_forward"), getattr(student, f"{name}_backward")
    directions = [draw.normal(*array.shape) for array in args]
    *up, _ = forward(*(array + 1e-5 * u for array, u in zip(args, directions, strict=True)))
    *down, _ = forward(*(array - 1e-5 * u for array, u in zip(args, directions, strict=True)))
    student.share(args)
    *outs, cache = forward(*args)
    douts = [draw.like(out) for out in outs]
    obeys(backward(*douts, cache), is_derivative, directions, douts, *up, *down)
    unchanged(student, args, names)


# --- rnn: 20 ---
def rnn_gradients(student, draw, by_out=1.0):
    """What comes back from random losses at every step, or at one."""
    out, cache = student.rnn_forward(draw.normal(N, T, D), ZERO, *weights(draw))
    return [*student.rnn_backward(by_out * draw.like(out), cache)]


@pytest.mark.task("rnn", points=3)
def test_rnn_one_step(student, draw):
    """One step, with h0 and the bias."""
    right(student.rnn_forward(draw.normal(N, 1, D), draw.normal(N, H), *weights(draw, bias=1.0))[0], "out")


@pytest.mark.task("rnn", points=3)
def test_rnn_steps(student, draw):
    """Several steps: each one goes on with the memory of the step before."""
    right(student.rnn_forward(draw.normal(N, T, D), ZERO, *weights(draw))[0], "out")


@pytest.mark.task("rnn", points=4)
def test_rnn_last_loss(student, draw):
    """A loss on the last step reaches every word, and h0."""
    all_right(rnn_gradients(student, draw, LAST)[:2], "dx dh0")


@pytest.mark.task("rnn", points=3)
def test_rnn_all_losses(student, draw):
    """Losses at every step add up on the way back."""
    all_right(rnn_gradients(student, draw)[:2], "dx dh0")


@pytest.mark.task("rnn", points=5)
def test_rnn_weights(student, draw):
    """dw_ih, dw_hh and db add up over time and batch."""
    all_right(rnn_gradients(student, draw, LAST)[2:], "dw_ih dw_hh db")


@pytest.mark.task("rnn", points=2, law=True)
def test_rnn_derivative(student, draw):
    """The gradients are the derivative of the forward pass, and no argument is modified."""
    args = draw.normal(N, T, D), draw.normal(N, H), *weights(draw, bias=1.0)
    derivative(student, draw, "rnn", args, "x h0 w_ih w_hh b")


# --- lstm_cell_forward: 17 ---
def step(forward, z, c):
    """One step, in which these four numbers are in the gates, however many sequences c has."""
    rest = np.zeros((len(c), H)), c, np.repeat(np.array(z) / D, H * D).reshape(4 * H, D)
    return forward(np.ones((len(c), D)), *rest, np.zeros((4 * H, H)), np.zeros(4 * H))


@pytest.mark.task("lstm_cell_forward", points=5)
@pytest.mark.parametrize("valves", [(-1, 1, -1, 1), (-1, 1, 1, -1), (1, -1, 1, -1)])
def test_order(student, draw, valves):
    """The gates stand in the order input, forget, candidate, output."""
    small = 1e-4 * draw.away_from_zero(N, H)  # tanh changes nothing
    h_next, c_next, _ = step(student.lstm_cell_forward, 40.0 * np.array(valves), small)  # open or shut
    all_right((c_next, h_next), "c_next h_next", rtol=1e-4, atol=1e-9)


@pytest.mark.task("lstm_cell_forward", points=4)
def test_c(student, draw):
    """c_next is forget gate times c plus input gate times candidate."""
    _, c_next, _ = student.lstm_cell_forward(draw.normal(N, D), *states(draw), *weights(draw, repeat=4))
    right(c_next, "c_next")


@pytest.mark.task("lstm_cell_forward", points=3)
def test_h(student, draw):
    """h_next is output gate times tanh of c_next."""
    right(step(student.lstm_cell_forward, [EVEN] * 4, states(draw)[1])[0], "h_next")


@pytest.mark.task("lstm_cell_forward", points=2)
def test_bias(student, draw):
    """The bias counts, for each sequence of a batch."""
    args = draw.normal(N, D), *states(draw), np.zeros((4 * H, D)), np.zeros((4 * H, H)), np.full(4 * H, EVEN)
    right(student.lstm_cell_forward(*args)[1], "c_next")


def without_warning(lstm_cell_forward, *args):
    """One step, where an overflow is an error instead of a warning."""
    with np.errstate(over="raise", invalid="raise"):
        return lstm_cell_forward(*args)[:2]


@pytest.mark.task("lstm_cell_forward", points=2)
def test_far_out(student, draw):
    """Gates that are wide open or shut: nothing overflows, also at 800 and -800."""
    strict = partial(student.beside, without_warning, student.lstm_cell_forward)
    for far in (800.0, -800.0):
        ends = step(strict, [far] * 4, 1e-4 * draw.away_from_zero(N, H) - 1)
        all_right(ends, "h_next c_next", rtol=1e-4, atol=1e-9)


@pytest.mark.task("lstm_cell_forward", points=1, law=True)
def test_cell_float32(student, draw):
    """float32 stays float32."""
    args = draw.normal(N, D), *states(draw), *weights(draw, repeat=4, bias=1.0)
    dtype(student.lstm_cell_forward(*(each.astype(np.float32) for each in args))[0], np.float32, "h_next")


# --- lstm_cell_backward: 23 ---
PROBE_Z, PROBE_C = np.array([-0.9, 0.4, 1.1, -0.2]), np.linspace(-1.0, 1.0, H)[None]


def own_orders(h_next, c_next):
    """The orders of the gates in which the answer to the probe is right; all where it is wrong anyway."""
    answers = {order: step(lstm_cell_forward, PROBE_Z[list(order)], PROBE_C) for order in ORDERS}
    own = [o for o, (h, c, _) in answers.items() if np.allclose(h_next, h) and np.allclose(c_next, c)]
    return own or ORDERS


def is_one_of(came, answers, what="dc is"):
    """One of the arrays that came is one of the answers that are right here."""
    fits = any(np.allclose(one, each, rtol=1e-6, atol=1e-10) for one in as_array(came) for each in answers)
    assert fits, f"{what} wrong, for a single sequence."


def is_slope(db, h_next, c_next, gate, answers):
    """The gate's rows of db are one of the right answers."""
    own = [order[GATES.index(gate)] for order in own_orders(h_next, c_next)]
    is_one_of(as_array(db).reshape(4, H)[own], answers, f"In db the rows of the {gate} are")


def even(student, draw, by_h=1.0, by_c=1.0):
    """What comes back to a cell of one sequence with all gates open by sqrt(1/2)."""
    c, dh, dc = draw.away_from_zero(3, 1, H) * np.array([1, by_h, by_c])[:, None, None]
    tanh_c = np.tanh(OPEN * c + OPEN**2)
    by_tanh = dh * OPEN * (1 - tanh_c**2)
    cache = step(student.lstm_cell_forward, [EVEN] * 4, c)[2]
    _, _, dc_came, _, _, db = student.lstm_cell_backward(dh, dc, cache)
    *probe, _ = step(student.lstm_cell_forward, PROBE_Z, PROBE_C)
    arrivals = [each for each in (by_tanh + dc, by_tanh, dc, dh * OPEN + dc) if each.any()]
    return SimpleNamespace(c=c, dc=dc_came, db=db, do=dh * tanh_c, arrivals=arrivals, probe=probe)


@pytest.mark.task("lstm_cell_backward", points=4)
def test_dc(student, draw):
    """dc is the forget gate times what arrives at c_next."""
    cell = even(student, draw)
    obeys(cell.dc, is_one_of, [OPEN * each for each in cell.arrivals])


@pytest.mark.task("lstm_cell_backward", points=4)
def test_by_tanh(student, draw):
    """dh_next reaches c through the output gate and tanh."""
    cell = even(student, draw, by_c=0.0)
    obeys(cell.dc, is_one_of, [OPEN * cell.arrivals[0], cell.arrivals[0]])


@pytest.mark.task("lstm_cell_backward", points=2)
def test_by_c(student, draw):
    """dc_next counts, also where dh_next is 0."""
    cell = even(student, draw, by_h=0.0)
    obeys(cell.dc, is_one_of, [OPEN * cell.arrivals[0], cell.arrivals[0]])


@pytest.mark.task("lstm_cell_backward", points=3)
def test_forget_slope(student, draw):
    """The slope of the forget gate."""
    cell = even(student, draw)
    obeys(cell.db, is_slope, *cell.probe, "forget gate", [each * cell.c * SLOPE for each in cell.arrivals])


@pytest.mark.task("lstm_cell_backward", points=2)
def test_candidate_slope(student, draw):
    """The slopes of the candidate and of the input gate."""
    cell = even(student, draw)
    for gate, slope in (("candidate", OPEN * (1 - OPEN**2)), ("input gate", OPEN * SLOPE)):
        obeys(cell.db, is_slope, *cell.probe, gate, [each * slope for each in cell.arrivals])


@pytest.mark.task("lstm_cell_backward", points=3)
def test_output_slope(student, draw):
    """The slope of the output gate."""
    cell = even(student, draw)
    obeys(cell.db, is_slope, *cell.probe, "output gate", [cell.do * SLOPE])


def sent_back(student, given, dh, dc, *inputs):
    """dx, dh, dc, dw_ih, dw_hh and db."""
    return [*student.lstm_cell_backward(dh, dc, student.lstm_cell_forward(*inputs, *given)[2])]


def is_made_of_db(came, name, factor, *dbs):
    """A gradient is the student's own db of each sequence times weights or inputs."""
    rows = np.stack([as_array(db) for db in dbs])
    assert np.ptp(rows) > 0, "All numbers of db are the same."
    assert_close(came, (rows if len(factor) == 4 * H else rows.T) @ factor, what=name)


@pytest.mark.task("lstm_cell_backward", points=2)
def test_cell_inputs(student, draw):
    """dx and dh go back through the weights of all gates."""
    given = weights(draw, 4, bias=1.0)
    dx, dh, *_, db = sent_back(student, given, *draw.normal(2, 1, H), draw.normal(1, D), *states(draw, 1))
    obeys(dx, is_made_of_db, "dx", given[0], db)
    obeys(dh, is_made_of_db, "dh", given[1], db)


@pytest.mark.task("lstm_cell_backward", points=2)
def test_cell_weights(student, draw):
    """dw_ih, dw_hh and db sum over the batch."""
    given, sent = weights(draw, 4, bias=1.0), (*draw.normal(2, N, H), draw.normal(N, D), *states(draw))
    alone = [sent_back(student, given, *(each[n : n + 1] for each in sent))[-1] for n in range(N)]
    grads = sent_back(student, given, *sent)[3:]
    for grad, name, factor in zip(
        grads, ("dw_ih", "dw_hh", "db"), (sent[2], sent[3], np.ones(N)), strict=True
    ):
        obeys(grad, is_made_of_db, name, factor, *alone)


@pytest.mark.task("lstm_cell_backward", points=1, law=True)
def test_cell_derivative(student, draw):
    """The gradients are the derivative of the forward pass, and no argument is modified."""
    args = draw.normal(N, D), *states(draw), *weights(draw, 4, bias=1.0)
    derivative(student, draw, "lstm_cell", args, "x h c w_ih w_hh b")


# --- lstm_forward: 10 ---
def forward(student, draw, steps=T):
    """out, h_n, c_n and the cache of a network that begins with zeros."""
    return [*student.lstm_forward(draw.normal(N, steps, D), ZERO, ZERO, *weights(draw, repeat=4))]


@pytest.mark.task("lstm_forward", points=4, on=("lstm_cell_forward",))
def test_out(student, draw):
    """out holds h of every step."""
    right(forward(student, draw)[0], "out")


@pytest.mark.task("lstm_forward", points=3, on=("lstm_cell_forward",))
def test_last_states(student, draw):
    """h_n and c_n are those of the last step."""
    all_right(forward(student, draw)[1:3], "h_n c_n")


@pytest.mark.task("lstm_forward", points=2, on=("lstm_cell_forward",))
def test_first_states(student, draw):
    """h0 and c0 are where it starts, and the bias counts."""
    right(student.lstm_forward(draw.normal(N, T, D), *states(draw), *weights(draw, 1, 4, 1.0))[0], "out")


@pytest.mark.task("lstm_forward", points=1, law=True, on=("lstm_cell_forward",))
def test_cut_in_two(student, draw):
    """A sequence that is cut in two gives the same, if h_n and c_n are handed on."""
    x, start, same = draw.normal(N, T, D), states(draw), weights(draw, repeat=4)
    _, h_n, c_n, _ = student.lstm_forward(x, *start, *same)
    _, h, c, _ = student.lstm_forward(x[:, :1], *start, *same)
    _, h, c, _ = student.lstm_forward(x[:, 1:], h, c, *same)
    close(h, h_n, "h_n")
    close(c, c_n, "c_n")


# --- lstm_backward: 15 ---
def lstm_gradients(student, draw, by_out=0.0, by_h=0.0, by_c=0.0):
    """What comes back from losses on out (at every step, or at one), on h_n and on c_n."""
    out, h_n, c_n, cache = forward(student, draw)
    douts = by_out * draw.like(out), by_h * draw.like(h_n), by_c * draw.like(c_n)
    return [*student.lstm_backward(*douts, cache)]


@pytest.mark.task("lstm_backward", points=4, on=("lstm_cell_forward", "lstm_cell_backward"))
def test_losses_of_every_step(student, draw):
    """Losses at every step add up on the way back."""
    right(lstm_gradients(student, draw, by_out=1.0)[0], "dx")


@pytest.mark.task("lstm_backward", points=3, on=("lstm_cell_forward", "lstm_cell_backward"))
def test_loss_on_c(student, draw):
    """A loss on c_n alone reaches every word."""
    right(lstm_gradients(student, draw, by_c=1.0)[0], "dx")


@pytest.mark.task("lstm_backward", points=3, on=("lstm_cell_forward", "lstm_cell_backward"))
def test_weights_add_over_time(student, draw):
    """dw_ih, dw_hh and db add up over time and batch."""
    all_right(lstm_gradients(student, draw, by_out=LAST)[3:], "dw_ih dw_hh db")


@pytest.mark.task("lstm_backward", points=4, on=("lstm_cell_forward", "lstm_cell_backward"))
def test_loss_on_h(student, draw):
    """A loss on h_n alone reaches h0 and c0."""
    all_right(lstm_gradients(student, draw, by_h=1.0)[1:3], "dh0 dc0")


@pytest.mark.task("lstm_backward", points=1, law=True, on=("lstm_cell_forward", "lstm_cell_backward"))
def test_lstm_derivative(student, draw):
    """The gradients are the derivative of the forward pass, and no argument is modified."""
    args = draw.normal(N, T, D), *states(draw), *weights(draw, 4, bias=1.0)
    derivative(student, draw, "lstm", args, "x h0 c0 w_ih w_hh b")


# --- init_lstm: 5 ---
@pytest.mark.task("init_lstm", points=2)
def test_forget_bias(student, rng):
    """The forget gate begins with forget_bias, 1 unless asked otherwise; all other biases are 0."""
    right(student.init_lstm(D, H, rng=rng)[2], "b")
    right(student.init_lstm(D, H, forget_bias=2.5, rng=rng)[2], "b")


def is_orthogonal(w_hh):
    """Each of the four blocks is orthogonal, and no two are the same."""
    blocks = as_array(w_hh).reshape(4, w_hh.shape[1], -1)
    fits = np.allclose(blocks @ blocks.swapaxes(1, 2), np.eye(w_hh.shape[1]), atol=1e-6)
    assert fits, "A block of H rows of w_hh is not orthogonal: w @ w.T is not the identity."
    apart = [np.abs(one - other).max() for one, other in combinations(blocks, 2)]
    assert min(apart) > 1e-3, "Two gates begin with the same block of w_hh."


@pytest.mark.task("init_lstm", points=2)
def test_orthogonal(student, rng):
    """The four blocks of w_hh are orthogonal, and each is drawn by itself."""
    obeys(student.init_lstm(D, 6, rng=rng)[1], is_orthogonal)


def is_spread(w_ih, later):
    """w_ih is normal, with mean 0 and standard deviation 1 / sqrt(D), and another one at the next call."""
    chance.normal(as_array(w_ih) * np.sqrt(w_ih.shape[1]), "w_ih times sqrt(D)")
    assert not np.allclose(w_ih, later), "Two calls draw the same w_ih."


@pytest.mark.task("init_lstm", points=1)
def test_spread(student, rng):
    """w_ih has standard deviation 1 / sqrt(D), and rng is the only source of chance."""
    equal = student.init_lstm(40, 20, rng=rng)  # of a copy
    student.share(rng)
    first, later = student.init_lstm(40, 20, rng=rng), student.init_lstm(40, 20, rng=rng)
    obeys(first[0], is_spread, later[0])
    close(equal[0], first[0], "With an equal generator w_ih")
    close(equal[1], first[1], "With an equal generator w_hh")


# --- clip_gradients: 5 ---
def gradient_list(draw, scale=1.0):
    """Three arrays of different shapes and sizes."""
    return [draw.normal(*shape, scale=scale) for shape in ((3, 4), (5,), (2, 1, 2))]


@pytest.mark.task("clip_gradients", points=2)
def test_one_factor(student, draw):
    """Long gradients are shortened to max_norm, all of them by one factor."""
    all_right(student.clip_gradients(gradient_list(draw), 1.5)[0], CLIPPED, rtol=1e-5, atol=1e-8)


@pytest.mark.task("clip_gradients", points=1, law=True)
def test_short_ones_stay(student, draw):
    """Gradients that are not too long keep their values, also if all are 0."""
    for factor in (1.0, 0.0):
        all_right(student.clip_gradients(gradient_list(draw, factor), 100.0)[0], CLIPPED)


@pytest.mark.task("clip_gradients", points=2)
def test_norm_before(student, draw):
    """The norm is that of all numbers before clipping, and no array is modified."""
    for max_norm in (1.5, 100.0):
        grads = student.share(gradient_list(draw))
        right(student.clip_gradients(grads, max_norm)[1], "norm")
        unchanged(student, grads, "A gradient that was given")


# --- bug_hunt: 5 ---
def suspicious_backward(x, b):
    """The wrong code of the notebook: what comes back along c is forgotten between the steps."""
    one, caches, dx = np.ones((1, 1)), [], []
    h, c, dh, w_ih, w_hh = 0 * one, 0 * one, one, np.full((4, 1), 0.5), np.full((4, 1), 0.3)
    for word in x:
        h, c, cache = lstm_cell_forward(word * one, h, c, w_ih, w_hh, b)
        caches.append(cache)
    for cache in reversed(caches):
        dx_t, dh, *_ = lstm_cell_backward(dh, 0 * one, cache)
        dx.append(dx_t.item())
    return np.array(dx[::-1])


def error(x, b):
    """By how much suspicious_backward is off, in shares of the largest slope, and that slope."""
    zero = np.zeros((1, 1))
    *_, cache = lstm_forward(x[None, :, None], zero, zero, np.full((4, 1), 0.5), np.full((4, 1), 0.3), b)
    dx = lstm_backward(np.zeros((1, len(x), 1)), zero + 1, zero, cache)[0].ravel()
    largest = np.abs(dx).max()
    return np.abs(suspicious_backward(x, b) - dx).max() / (largest or 1.0), largest


def hunts(answer):
    """The numbers are as asked; blind_b hides the mistake and sharp_b shows it."""
    three = isinstance(answer, (tuple, list)) and len(answer) == 3
    assert three, "bug_hunt must return (x, blind_b, sharp_b)."
    x, blind, sharp = (as_array(array).astype(np.float64) for array in answer)
    fits = x.ndim == 1 and 3 <= len(x) <= 6 and (np.abs(x) <= 10).all()
    assert fits, "x must have the shape (T,), with T from 3 to 6, and numbers from -10 to 10."
    for name, b in (("blind_b", blind), ("sharp_b", sharp)):
        assert b.shape == (4,) and (np.abs(b) <= 100).all(), f"{name} must be 4 numbers from -100 to 100."
    off, largest = error(x, blind)
    assert largest > 1e-3, "With blind_b no slope is larger than 0.001."
    assert off < 1e-6, "blind_b is not blind: suspicious_backward is wrong with it."
    assert error(x, sharp)[0] > 0.1, "sharp_b is not sharp: suspicious_backward is nearly right with it."


@pytest.mark.task("bug_hunt", points=5)
def test_bug_hunt(student):
    """`suspicious_backward` is right with blind_b, and off by more than a tenth with sharp_b."""
    obeys(student.bug_hunt(), hunts)


# --- bonus: 20 ---
@pytest.mark.task("lstm_forward_lengths", points=7, bonus=True, on=("lstm_cell_forward",))
def test_lengths(student, draw):
    """Behind the end of a sequence out is 0, and h and c stay; padding may hold anything."""
    for padding, lengths in ((1.0, (T, 1, 3)), (np.nan, (2, 0, T))):
        x = draw.normal(N, T, D)
        x[np.arange(T) >= np.array(lengths)[:, None]] = padding
        args = x, *states(draw), *weights(draw, repeat=4, bias=1.0), np.array(lengths)
        all_right(student.lstm_forward_lengths(*args), "out h_n c_n")


@pytest.mark.task("gru_cell_forward", points=7, bonus=True)
def test_gru(student, draw):
    """Gates, candidate and mixture of a GRU."""
    given = *weights(draw, 3, bias=1.0), draw.normal(3 * H)
    right(student.gru_cell_forward(draw.normal(N, D), draw.normal(N, H), *given), "h_next")


@pytest.mark.task("truncated_backward", points=6, bonus=True, on=("lstm_cell_forward", "lstm_backward"))
def test_truncated(student, draw):
    """No gradient passes from a piece into the one before it; the last piece may be shorter."""
    for k in (1, 2, 3, 9):
        *outs, cache = forward(student, draw, steps=7)
        grads = student.truncated_backward(*map(draw.like, outs), cache, k)
        all_right(grads, "dx dh0 dc0 dw_ih dw_hh db")
