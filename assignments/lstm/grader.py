"""Hidden checks of lstm.

One mistake, one price
    * The order of the gates is asked once. Elsewhere all gates have the same weights (`alike`), or the order
      is read off a call (`own_orders`).
    * The cell's slopes are asked where tanh and sigmoid agree (`EVEN`): each gate is open by sqrt(1/2), also
      a candidate that is a sigmoid. They are right by any way of arriving at c that is asked elsewhere.
    * What else the cell gives back is compared with the student's own db.
    * h0, c0 and b are 0 where they are not the question. Sequences stand on the cell (`on=`).
"""

from itertools import combinations, permutations
from types import SimpleNamespace

import numpy as np
import pytest

from autograder.checks import as_array, assert_close, chance, close, dtype, obeys, right, unchanged
from solutions import lstm as reference
from solutions.lstm import lstm_cell_backward, lstm_cell_forward

N, T, D, H = 3, 4, 2, 5
GATES = "input gate", "forget gate", "candidate", "output gate"
INPUT, FORGET, CANDIDATE, OUTPUT = range(4)
ORDERS = tuple(permutations(range(4)))  # where the rows of i, f, g and o may stand
EVEN = np.arcsinh(1.0)  # here tanh and sigmoid are both sqrt(1/2)
OPEN = np.sqrt(0.5)


def sigmoid(z):
    """For small z."""
    return 1 / (1 + np.exp(-z))


# --- what both kinds of network are asked ---
def all_right(replies, names, **tolerance):
    """Each of these is right."""
    for reply, name in zip(replies, names.split(), strict=True):
        right(reply, name, **tolerance)


def sequence(draw, steps=T, size=N):
    """Words, and states that are 0."""
    return draw.normal(size, steps, D), np.zeros((size, H))


def only(dout, step):
    """The gradient of a loss on one step alone."""
    return np.where(np.arange(T)[:, None] == step % T, dout, 0.0)


def is_derivative(grads, directions, douts, *ends):
    """Along a random direction the outputs change at the rate that the gradients say."""
    claimed = sum((as_array(grad) * u).sum() for grad, u in zip(grads, directions, strict=True))
    up, down = ends[: len(douts)], ends[len(douts) :]
    rises = [as_array(high) - as_array(low) for high, low in zip(up, down, strict=True)]
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
def rnn_weights(draw, bias=0.0):
    """w_ih, w_hh and b."""
    return draw.normal(H, D), draw.normal(H, H, scale=0.6), draw.normal(H, scale=bias)


def rnn_gradients(student, draw, step=None):
    """What comes back from random losses at every step, or at one."""
    x, h0 = sequence(draw)
    out, cache = student.rnn_forward(x, h0, *rnn_weights(draw))
    dout = draw.like(out)
    return [*student.rnn_backward(dout if step is None else only(dout, step), cache)]


@pytest.mark.task("rnn", points=3)
def test_rnn_one_step(student, draw):
    """One step, with h0 and the bias."""
    x, _ = sequence(draw, steps=1)
    out, _ = student.rnn_forward(x, draw.normal(N, H), *rnn_weights(draw, bias=1.0))
    right(out, "out")


@pytest.mark.task("rnn", points=3)
def test_rnn_steps(student, draw):
    """Several steps: each one goes on with the memory of the step before."""
    out, _ = student.rnn_forward(*sequence(draw), *rnn_weights(draw))
    right(out, "out")


@pytest.mark.task("rnn", points=4)
def test_rnn_last_loss(student, draw):
    """A loss on the last step reaches every word, and h0."""
    all_right(rnn_gradients(student, draw, step=-1)[:2], "dx dh0")


@pytest.mark.task("rnn", points=3)
def test_rnn_all_losses(student, draw):
    """Losses at every step add up on the way back."""
    all_right(rnn_gradients(student, draw)[:2], "dx dh0")


@pytest.mark.task("rnn", points=5)
def test_rnn_weights(student, draw):
    """dw_ih, dw_hh and db add up over time and batch."""
    all_right(rnn_gradients(student, draw, step=-1)[2:], "dw_ih dw_hh db")


@pytest.mark.task("rnn", points=2, law=True)
def test_rnn_derivative(student, draw):
    """The gradients are the derivative of the forward pass, and no argument is modified."""
    args = sequence(draw)[0], draw.normal(N, H), *rnn_weights(draw, bias=1.0)
    derivative(student, draw, "rnn", args, "x h0 w_ih w_hh b")


# --- lstm_cell_forward: 17 ---
def alike(draw, bias=0.0):
    """w_ih, w_hh and b, the same for each gate: their order does not matter."""
    w_ih, w_hh, b = rnn_weights(draw, bias)
    return np.tile(w_ih, (4, 1)), np.tile(w_hh, (4, 1)), np.tile(b, 4)


def states(draw, size=N):
    """h and c."""
    return draw.normal(size, H), draw.away_from_zero(size, H)


@pytest.mark.task("lstm_cell_forward", points=5)
@pytest.mark.parametrize("valves", [(-1, 1, -1, 1), (-1, 1, 1, -1), (1, -1, 1, -1)])
def test_order(student, draw, valves):
    """The gates stand in the order input, forget, candidate, output."""
    w_ih = np.repeat(valves, H)[:, None] * np.array([[40.0, 0.0]])  # wide open or shut, by the first input
    x = np.column_stack([np.ones(N), draw.normal(N)])
    small = 1e-4 * draw.away_from_zero(N, H)  # tanh changes nothing
    rest = np.zeros((4 * H, H)), np.zeros(4 * H)
    h_next, c_next, _ = student.lstm_cell_forward(x, np.zeros((N, H)), small, w_ih, *rest)
    all_right((c_next, h_next), "c_next h_next", rtol=1e-4, atol=1e-9)


@pytest.mark.task("lstm_cell_forward", points=4)
def test_c(student, draw):
    """c_next is forget gate times c plus input gate times candidate."""
    _, c_next, _ = student.lstm_cell_forward(draw.normal(N, D), *states(draw), *alike(draw))
    right(c_next, "c_next")


@pytest.mark.task("lstm_cell_forward", points=3)
def test_h(student, draw):
    """h_next is output gate times tanh of c_next."""
    w_ih, x = np.full((4 * H, D), EVEN / D), np.ones((N, D))
    h_next, *_ = student.lstm_cell_forward(x, *states(draw), w_ih, np.zeros((4 * H, H)), np.zeros(4 * H))
    right(h_next, "h_next")


@pytest.mark.task("lstm_cell_forward", points=2)
def test_bias(student, draw):
    """The bias counts, for each sequence of a batch."""
    shut = np.zeros((4 * H, D)), np.zeros((4 * H, H))
    _, c_next, _ = student.lstm_cell_forward(draw.normal(N, D), *states(draw), *shut, np.full(4 * H, EVEN))
    right(c_next, "c_next")


def without_warning(lstm_cell_forward, *args):
    """One step, where an overflow is an error instead of a warning."""
    with np.errstate(over="raise", invalid="raise"):
        return lstm_cell_forward(*args)[:2]


@pytest.mark.task("lstm_cell_forward", points=2)
def test_far_out(student, draw):
    """Gates that are wide open or shut: nothing overflows, also at 800 and -800."""
    c, rest = 1e-4 * draw.away_from_zero(N, H) - 1, (np.zeros((4 * H, H)), np.zeros(4 * H))
    for far in (800.0, -800.0):
        args = np.ones((N, D)), np.zeros((N, H)), c, np.full((4 * H, D), far / D), *rest
        states = student.beside(without_warning, student.lstm_cell_forward, *args)
        all_right(states, "h_next c_next", rtol=1e-4, atol=1e-9)


@pytest.mark.task("lstm_cell_forward", points=1, law=True)
def test_cell_float32(student, draw):
    """float32 stays float32."""
    args = draw.normal(N, D), *states(draw), *alike(draw, bias=1.0)
    *ends, _ = student.lstm_cell_forward(*(array.astype(np.float32) for array in args))
    for end, name in zip(ends, ("h_next", "c_next"), strict=True):
        dtype(end, np.float32, name)


# --- lstm_cell_backward: 23 ---
PROBE_Z, PROBE_C = np.array([-0.9, 0.4, 1.1, -0.2]), np.linspace(-1.0, 1.0, H)


def own_orders(h_next, c_next):
    """The orders of the gates in which the answer to the probe is right; all where it is wrong anyway."""

    def fits(order):
        i, f, g, o = PROBE_Z[list(order)]
        c = sigmoid(f) * PROBE_C + sigmoid(i) * np.tanh(g)
        return np.allclose(c_next, c) and np.allclose(h_next, sigmoid(o) * np.tanh(c))

    return [*filter(fits, ORDERS)] or ORDERS


def is_one_of(came, answers, what="dc is"):
    """One of the arrays that came is one of the answers that are right here."""
    fits = any(np.allclose(one, each, rtol=1e-6, atol=1e-10) for one in as_array(came) for each in answers)
    assert fits, f"{what} wrong, for a single sequence."


def is_slope(db, h_next, c_next, gate, answers):
    """The gate's rows of db are one of the right answers."""
    rows = [as_array(db).reshape(4, H)[order[gate]] for order in own_orders(h_next, c_next)]
    is_one_of(rows, answers, f"In db the rows of the {GATES[gate]} are")


def even(student, draw, by_h=1.0, by_c=1.0):
    """What comes back to a cell of one sequence with all gates open by sqrt(1/2)."""
    x, zero, rest = np.ones((1, D)), np.zeros((1, H)), (np.zeros((4 * H, H)), np.zeros(4 * H))
    c, dh, dc = draw.away_from_zero(3, 1, H) * np.array([1, by_h, by_c])[:, None, None]
    tanh_c = np.tanh(OPEN * c + OPEN**2)
    by_tanh = dh * OPEN * (1 - tanh_c**2)
    *_, cache = student.lstm_cell_forward(x, zero, c, np.full((4 * H, D), EVEN / D), *rest)
    _, _, dc_came, _, _, db = student.lstm_cell_backward(dh, dc, cache)
    probe_w = np.repeat(PROBE_Z / D, H * D).reshape(4 * H, D)
    *probe, _ = student.lstm_cell_forward(x, zero, PROBE_C[None], probe_w, *rest)
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
    answers = [each * cell.c * OPEN * (1 - OPEN) for each in cell.arrivals]
    obeys(cell.db, is_slope, *cell.probe, FORGET, answers)


@pytest.mark.task("lstm_cell_backward", points=2)
def test_candidate_slope(student, draw):
    """The slopes of the candidate and of the input gate."""
    cell = even(student, draw)
    obeys(cell.db, is_slope, *cell.probe, CANDIDATE, [each * OPEN * (1 - OPEN**2) for each in cell.arrivals])
    obeys(cell.db, is_slope, *cell.probe, INPUT, [each * OPEN * OPEN * (1 - OPEN) for each in cell.arrivals])


@pytest.mark.task("lstm_cell_backward", points=3)
def test_output_slope(student, draw):
    """The slope of the output gate."""
    cell = even(student, draw)
    obeys(cell.db, is_slope, *cell.probe, OUTPUT, [cell.do * OPEN * (1 - OPEN)])


def cell_gradients(student, weights, dh, dc, *given):
    """dx, dh, dw_ih, dw_hh and db."""
    *_, cache = student.lstm_cell_forward(*given, *weights)
    dx, dh, _, *others = student.lstm_cell_backward(dh, dc, cache)
    return dx, dh, *others


def is_made_of_db(came, name, factor, *dbs):
    """A gradient is the student's own db of each sequence times weights or inputs."""
    rows = np.stack([as_array(db) for db in dbs])
    assert np.ptp(rows) > 0, "All numbers of db are the same."
    assert_close(came, (rows if len(factor) == 4 * H else rows.T) @ factor, what=name)


@pytest.mark.task("lstm_cell_backward", points=2)
def test_cell_inputs(student, draw):
    """dx and dh go back through the weights of all gates."""
    weights = draw.normal(4 * H, D), draw.normal(4 * H, H), draw.normal(4 * H)
    sent = *draw.normal(2, 1, H), draw.normal(1, D), *states(draw, 1)
    dx, dh, _, _, db = cell_gradients(student, weights, *sent)
    obeys(dx, is_made_of_db, "dx", weights[0], db)
    obeys(dh, is_made_of_db, "dh", weights[1], db)


@pytest.mark.task("lstm_cell_backward", points=2)
def test_cell_weights(student, draw):
    """dw_ih, dw_hh and db sum over the batch."""
    weights = draw.normal(4 * H, D), draw.normal(4 * H, H), draw.normal(4 * H)
    sent = *draw.normal(2, N, H), draw.normal(N, D), *states(draw)
    _, _, dw_ih, dw_hh, db = cell_gradients(student, weights, *sent)
    alone = [cell_gradients(student, weights, *(each[n : n + 1] for each in sent))[4] for n in range(N)]
    obeys(dw_ih, is_made_of_db, "dw_ih", sent[2], *alone)
    obeys(dw_hh, is_made_of_db, "dw_hh", sent[3], *alone)
    obeys(db, is_made_of_db, "db", np.ones(N), *alone)


@pytest.mark.task("lstm_cell_backward", points=1, law=True)
def test_cell_derivative(student, draw):
    """The gradients are the derivative of the forward pass, and no argument is modified."""
    weights = draw.normal(4 * H, D), draw.normal(4 * H, H), draw.normal(4 * H)
    args = draw.normal(N, D), *states(draw), *weights
    derivative(student, draw, "lstm_cell", args, "x h c w_ih w_hh b")


# --- lstm_forward: 10 ---
@pytest.mark.task("lstm_forward", points=4, on=("lstm_cell_forward",))
def test_out(student, draw):
    """out holds h of every step."""
    x, zero = sequence(draw)
    right(student.lstm_forward(x, zero, zero, *alike(draw))[0], "out")


@pytest.mark.task("lstm_forward", points=2, on=("lstm_cell_forward",))
def test_last_states(student, draw):
    """h_n and c_n are those of the last step."""
    x, zero = sequence(draw)
    all_right([*student.lstm_forward(x, zero, zero, *alike(draw))][1:3], "h_n c_n")


@pytest.mark.task("lstm_forward", points=2, on=("lstm_cell_forward",))
def test_first_states(student, draw):
    """h0 and c0 are where it starts, and the bias counts."""
    x, _ = sequence(draw)
    right(student.lstm_forward(x, *states(draw), *alike(draw, bias=1.0))[0], "out")


@pytest.mark.task("lstm_forward", points=2, law=True, on=("lstm_cell_forward",))
def test_cut_in_two(student, draw):
    """A sequence that is cut in two gives the same, if h_n and c_n are handed on."""
    x, _ = sequence(draw)
    start, weights = states(draw), alike(draw)
    _, h_n, c_n, _ = student.lstm_forward(x, *start, *weights)
    _, h, c, _ = student.lstm_forward(x[:, :1], *start, *weights)
    _, h, c, _ = student.lstm_forward(x[:, 1:], h, c, *weights)
    close(h, h_n, "h_n")
    close(c, c_n, "c_n")


# --- lstm_backward: 15 ---
def lstm_gradients(student, draw, by_out=0.0, by_h=0.0, by_c=0.0, step=None):
    """What comes back from losses on out (at every step, or at one), on h_n and on c_n."""
    x, zero = sequence(draw)
    out, h_n, c_n, cache = student.lstm_forward(x, zero, zero, *alike(draw))
    dout, dh_n, dc_n = by_out * draw.like(out), by_h * draw.like(h_n), by_c * draw.like(c_n)
    return [*student.lstm_backward(dout if step is None else only(dout, step), dh_n, dc_n, cache)]


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
    all_right(lstm_gradients(student, draw, by_out=1.0, step=-1)[3:], "dw_ih dw_hh db")


@pytest.mark.task("lstm_backward", points=4, on=("lstm_cell_forward", "lstm_cell_backward"))
def test_loss_on_h(student, draw):
    """A loss on h_n alone reaches h0 and c0."""
    all_right(lstm_gradients(student, draw, by_h=1.0)[1:3], "dh0 dc0")


@pytest.mark.task("lstm_backward", points=1, law=True, on=("lstm_cell_forward", "lstm_cell_backward"))
def test_lstm_derivative(student, draw):
    """The gradients are the derivative of the forward pass, and no argument is modified."""
    weights = draw.normal(4 * H, D), draw.normal(4 * H, H, scale=0.6), draw.normal(4 * H)
    args = sequence(draw)[0], *states(draw), *weights
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
    for block in blocks:
        fits = np.allclose(block @ block.T, np.eye(len(block)), atol=1e-6)
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
def gradient_list(draw):
    """Three arrays of different shapes and sizes."""
    return [draw.normal(3, 4), draw.normal(5, scale=3.0), draw.normal(2, 1, 2, scale=0.1)]


@pytest.mark.task("clip_gradients", points=2)
def test_one_factor(student, draw):
    """Long gradients are shortened to max_norm, all of them by one factor."""
    clipped, _ = student.clip_gradients(gradient_list(draw), 1.5)
    for number, array in enumerate(clipped):
        right(array, f"Array {number}", rtol=1e-5, atol=1e-8)


@pytest.mark.task("clip_gradients", points=1, law=True)
def test_short_ones_stay(student, draw):
    """Gradients that are not too long keep their values, also if all are 0."""
    for grads in (gradient_list(draw), [np.zeros(3)]):
        clipped, _ = student.clip_gradients(grads, 100.0)
        for number, array in enumerate(clipped):
            right(array, f"Array {number}")


@pytest.mark.task("clip_gradients", points=2)
def test_norm_before(student, draw):
    """The norm is that of all numbers before clipping, and no array is modified."""
    for max_norm in (1.5, 100.0):
        grads = gradient_list(draw)
        student.share(grads)
        right(student.clip_gradients(grads, max_norm)[1], "norm")
        unchanged(student, grads, "A gradient that was given")


# --- bug_hunt: 5 ---
def suspicious_backward(x, b):
    """The wrong code of the notebook: what comes back along c is forgotten between the steps."""
    w_ih, w_hh = np.full((4, 1), 0.5), np.full((4, 1), 0.3)
    h, c, caches, dx = np.zeros((1, 1)), np.zeros((1, 1)), [], []
    for word in x:
        h, c, cache = lstm_cell_forward(np.full((1, 1), word), h, c, w_ih, w_hh, b)
        caches.append(cache)
    dh = np.ones((1, 1))
    for cache in reversed(caches):
        dx_t, dh, *_ = lstm_cell_backward(dh, np.zeros((1, 1)), cache)
        dx.append(dx_t.item())
    return np.array(dx[::-1])


def error(x, b):
    """By how much suspicious_backward is off, in shares of the largest slope, and that slope."""
    w_ih, w_hh, zero = np.full((4, 1), 0.5), np.full((4, 1), 0.3), np.zeros((1, 1))
    *_, cache = reference.lstm_forward(x[None, :, None], zero, zero, w_ih, w_hh, b)
    dx = reference.lstm_backward(np.zeros((1, len(x), 1)), zero + 1, zero, cache)[0].ravel()
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
        x, _ = sequence(draw)
        x[np.arange(T) >= np.array(lengths)[:, None]] = padding
        args = x, *states(draw), *alike(draw, bias=1.0), np.array(lengths)
        all_right(student.lstm_forward_lengths(*args), "out h_n c_n")


@pytest.mark.task("gru_cell_forward", points=7, bonus=True)
def test_gru(student, draw):
    """Gates, candidate and mixture of a GRU."""
    weights = draw.normal(3 * H, D), draw.normal(3 * H, H), draw.normal(3 * H), draw.normal(3 * H)
    right(student.gru_cell_forward(draw.normal(N, D), draw.normal(N, H), *weights), "h_next")


@pytest.mark.task("truncated_backward", points=6, bonus=True, on=("lstm_cell_forward", "lstm_backward"))
def test_truncated(student, draw):
    """No gradient passes from a piece into the one before it; the last piece may be shorter."""
    for k in (1, 2, 3, 9):
        x, zero = sequence(draw, steps=7)
        out, h_n, c_n, cache = student.lstm_forward(x, zero, zero, *alike(draw))
        douts = draw.like(out), draw.like(h_n), draw.like(c_n)
        all_right(student.truncated_backward(*douts, cache, k), "dx dh0 dc0 dw_ih dw_hh db")
