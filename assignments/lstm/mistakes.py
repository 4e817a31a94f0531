"""Known mistakes of lstm, cheats, and correct variants that must pass."""

import numpy as np

from autograder.mistakes import cheat, edit, instead, mistake, variant
from solutions.lstm import (
    _sigmoid,
    bug_hunt,
    clip_gradients,
    gru_cell_forward,
    init_lstm,
    lstm_backward,
    lstm_cell_backward,
    lstm_cell_forward,
    lstm_forward,
    lstm_forward_lengths,
    rnn_backward,
    rnn_forward,
    truncated_backward,
)

BACKWARD = ("lstm_cell_backward",)
TRUNCATED = ("truncated_backward",)

# --- rnn ---
rnn_zeros_for_h0 = mistake(
    edit(rnn_forward, "h, states = h0, []", "h, states = np.zeros_like(h0), []"),
    says="Your network begins with zeros, whatever h0 is.",
    hint="What does the first step multiply with w_hh?",
)
dh_not_carried = mistake(
    edit(rnn_backward, "dx[:, t], dh = dz @ w_ih, dz @ w_hh", "dx[:, t] = dz @ w_ih"),
    says="No gradient goes from a step back to the one before it.",
    hint="h of step t is used twice: in out, and in step t + 1.",
)
loss_of_last_step = mistake(
    edit(rnn_backward, "(dout[:, t] + dh)", "((dout[:, t] if t + 1 == x.shape[1] else 0) + dh)"),
    says="Only the loss of the last step comes back; each step may have its own.",
    hint="Two ways lead back to h of step t. What comes by them is added.",
)
weights_of_first_step = mistake(
    edit(rnn_backward, "dw_ih += dz.T", "dw_ih = dz.T"),
    says="Your dw_ih holds the part of one step; the same weight is used at each step.",
    hint="A weight that is used T times gets T parts. Which operator keeps them all?",
)
new_h_in_dw_hh = mistake(
    edit(rnn_backward, "(states[t - 1] if t > 0 else h0)", "states[t]"),
    says="dw_hh multiplies by the memory that a step made, not by the one that it was given.",
    hint="What did w_hh multiply in step t?",
)
rnn_writes_into_h0 = mistake(
    edit(rnn_forward, "    return np.stack", "    h0[...] = h\n    return np.stack"),
    edit(rnn_backward, "states[t - 1] if t > 0 else h0", "states[t - 1] if t > 0 else 0 * h0"),
    says="You write into h0.",
    hint="Work on a new array: h0 belongs to the caller.",
)

# --- lstm_cell_forward ---
order_ifog = mistake(
    edit(lstm_cell_forward, "i, f, g, o = np.split", "i, f, o, g = np.split"),
    edit(lstm_cell_backward, "[di, df, dg, do]", "[di, df, do, dg]"),
    says="Your gates stand in the order i, f, o, g.",
    hint="The candidate comes before o here.",
)
sigmoid_candidate = mistake(
    edit(lstm_cell_forward, "np.tanh(g), _sigmoid(o)", "_sigmoid(g), _sigmoid(o)"),
    edit(lstm_cell_backward, "arrives * i * (1 - g**2)", "arrives * i * g * (1 - g)"),
    says="Your candidate is a sigmoid; it is a tanh, so that memory can also be taken away.",
    hint="Which of the four is no valve?",
    also=BACKWARD,
)
c_without_tanh = mistake(
    edit(lstm_cell_forward, "return o * tanh_c,", "return o * c_next,"),
    says="Your h is the output gate times c itself, without tanh.",
    hint="By hand: c = 1, and half of tanh(1) is said.",
    also=BACKWARD,
)
bias_left_out = mistake(
    edit(lstm_cell_forward, "w_hh.T + b", "w_hh.T"),
    says="Your bias is not added.",
    hint="Set all weights to 0. Which valves does the bias open?",
    also=BACKWARD,
)
naive_sigmoid = mistake(
    edit(_sigmoid, "0.5 * (1 + np.tanh(0.5 * z))", "1 / (1 + np.exp(-z))"),
    says="Your sigmoid computes exp of a large number.",
    hint="exp(800) is infinite. A sigmoid is a tanh that was moved and shrunk.",
    task="lstm_cell_forward",
)
cell_in_float64 = mistake(
    edit(lstm_cell_forward, "return o * tanh_c, c_next", "return np.float64(1) * o * tanh_c, c_next"),
    says="Your h is float64 although x is float32: twice the memory.",
    hint="A number such as np.float64(1) makes float64 of float32; 1.0 does not.",
)

# --- lstm_cell_backward ---
no_tanh_path = mistake(
    edit(lstm_cell_backward, "dc_next + dh_next * o * (1 - tanh_c**2)", "dc_next + 0 * dh_next"),
    says="What comes with dh_next does not reach c.",
    hint="h_next = o tanh(c_next). If c_next grows by a little, does h_next grow?",
)
incoming_dc_lost = mistake(
    edit(lstm_cell_backward, "dc_next + dh_next", "dh_next"),
    says="dc_next is not used.",
    hint="c_next is used twice: in h_next, and by the next step.",
)
dc_without_f = mistake(
    edit(lstm_cell_backward, "arrives * f, dz.T", "arrives, dz.T"),
    says="Your dc is what arrives at c_next, without the forget gate.",
    hint="c_next = f c + i g. What is its slope by c?",
)
new_c_in_forget = mistake(
    edit(lstm_cell_forward, "c_next, (x, h, c,", "c_next, (x, h, c_next,"),
    says="The slope of your forget gate multiplies by c_next, not by c.",
    hint="What did the forget gate multiply?",
    task="lstm_cell_backward",
)
candidate_slope_of_sigmoid = mistake(
    edit(lstm_cell_backward, "(1 - g**2)", "g * (1 - g)"),
    says="The slope of your candidate is that of a sigmoid; it is a tanh.",
    hint="The slope of tanh is 1 minus its square.",
)
output_gate_without_tanh = mistake(
    edit(lstm_cell_backward, "do = dh_next * tanh_c * o", "do = dh_next * np.arctanh(tanh_c) * o"),
    says="The slope of your output gate multiplies by c_next, not by tanh of it.",
    hint="What did the output gate multiply?",
)
order_on_the_way_back = mistake(
    edit(lstm_cell_backward, "[di, df, dg, do]", "[di, df, do, dg]"),
    says="On the way back your gates stand in another order than on the way forward.",
    hint="Row k of db belongs to row k of b.",
)
mean_of_batch = mistake(
    edit(lstm_cell_backward, "dz.T @ x, dz.T @ h, dz.sum", "dz.T @ x / len(x), dz.T @ h / len(x), dz.mean"),
    says="The gradients of your weights are means over the batch; they are sums.",
    hint="The loss was averaged already, if it was. dh_next knows.",
)

# --- lstm_forward ---
zeros_for_states = mistake(
    edit(lstm_forward, "= h0, c0, [", "= 0 * h0, 0 * c0, ["),
    says="Your sequence begins with zeros, whatever h0 and c0 are.",
    hint="Which h and c does the first step get?",
    also=("lstm_backward", "truncated_backward"),
)
one_array_for_all = mistake(
    edit(lstm_forward, "np.stack(states, axis=1)", "np.stack([h for _ in states], axis=1)"),
    says="All steps of your out hold the last h.",
    hint="Is the same array filled again at each step? Then a list of it holds one array T times.",
    also=("lstm_backward",),
)

# --- lstm_backward ---
WALK = "reversed(range(dout.shape[1]))"
STEP = "lstm_cell_backward(dout[:, t] + dh, dc, cache[t])"

forwards_in_time = mistake(
    edit(lstm_backward, (WALK, "range(dout.shape[1])"), ("dx[::-1]", "dx")),
    says="Your backward pass runs from the first step to the last.",
    hint="Which step's gradient is known first?",
    also=TRUNCATED,
)
weights_of_last_step = mistake(
    edit(lstm_backward, "(sum(each) for each in", "(each[-1] for each in"),
    says="Your weight gradients hold the part of one step; the same weights are used at each step.",
    hint="A weight that is used T times gets T parts.",
    also=TRUNCATED,
)
dout_replaces_dh = mistake(
    edit(lstm_backward, STEP, "lstm_cell_backward(dout[:, t] + dh * (not weights), dc, cache[t])"),
    says="dout takes the place of what came from the step behind; both are added.",
    hint="h of step t is used twice: in out, and in step t + 1.",
    also=TRUNCATED,
)
dcn_forgotten = mistake(
    edit(lstm_backward, "= dh_n, dc_n, [], []", "= dh_n, np.zeros_like(dc_n), [], []"),
    says="dc_n is not used: your walk begins with zeros for dc.",
    hint="What comes from behind the last step?",
    also=TRUNCATED,
)
dc_not_handed_on = mistake(
    edit(lstm_backward, "dx_t, dh, dc, *own =", "dx_t, dh, _, *own ="),
    says="Each of your steps gets dc_n; dc must go from step to step.",
    hint="Two things go back from step to step, as two went forward.",
    also=TRUNCATED,
)

# --- init_lstm, clip_gradients ---
forget_bias_on_input_gate = mistake(
    edit(init_lstm, "b[hidden_size : 2 * hidden_size]", "b[:hidden_size]"),
    says="Your forget bias stands at the input gate.",
    hint="Which rows does the forget gate have?",
)
blocks_of_noise = mistake(
    edit(init_lstm, ("np.linalg.qr(", "("), ("))[0] for", ")) for")),
    says="The blocks of your w_hh are not orthogonal.",
    hint="A QR decomposition makes an orthogonal matrix of any other.",
)
spread_of_one = mistake(
    edit(init_lstm, "1 / np.sqrt(input_size)", "1 / input_size"),
    says="The spread of your w_ih is 1 / D; it is 1 / sqrt(D).",
    hint="Standard deviation or variance?",
)
clips_each = mistake(
    edit(clip_gradients, "[grad * factor", "[grad * min(1.0, max_norm / (np.linalg.norm(grad) or 1.0))"),
    says="You clip each array by itself; that changes the direction.",
    hint="All arrays together are one gradient. By how many numbers is it multiplied?",
)
norm_after = mistake(
    edit(clip_gradients, "for grad in grads], norm", "for grad in grads], min(norm, max_norm)"),
    says="Your norm is the one after clipping.",
    hint="Whoever watches the training wants to see the explosion.",
)

# --- bug_hunt ---
all_blind = mistake(
    edit(bug_hunt, "np.zeros(4)", "shut"),
    says="suspicious_backward is right with both of your biases.",
    hint="What must the forget gate do so that there is a gradient along c to forget?",
)
all_sharp = mistake(
    edit(bug_hunt, "-60 *", "-1 *"),
    says="suspicious_backward is wrong with both of your biases.",
    hint="By how much is the gradient along c multiplied at each step? Can that be nothing?",
)

# --- bonus ---
nothing_masked = mistake(
    edit(
        lstm_forward_lengths, ("counts, h_next, h)", "True, h_next, h)"), ("counts, c_next", "True, c_next")
    ),
    says="Padding changes your h and c.",
)
outputs_stay = mistake(
    edit(lstm_forward_lengths, "np.where(counts, h, 0)", "h"),
    says="Behind the end of a sequence your out repeats the last h; it is 0.",
)
reset_before = mistake(
    edit(
        gru_cell_forward,
        ("r, z =", "(r, z), H = (_sigmoid(x_r + h_r), _sigmoid(x_z + h_z)), h.shape[1]\n    r, z ="),
        ("np.tanh(x_n + r * h_n)", "np.tanh(x_n + (r * h) @ w_hh[2 * H :].T + b_hh[2 * H :])"),
    ),
    says="Your r multiplies h before w_hn does; here it multiplies afterwards.",
)
z_turned_round = mistake(
    edit(gru_cell_forward, ("(1 - z) *", "z *"), ("+ z * h", "+ (1 - z) * h")),
    says="z is the share of the candidate; here it is the share of h that stays.",
)
pieces_from_the_end = mistake(
    edit(
        truncated_backward,
        ("reversed(range(0, dout.shape[1], k))", "range(dout.shape[1] - k, -k, -k)"),
        ("slice(first, first + k)", "slice(max(first, 0), first + k)"),
    ),
    says="Your pieces are counted from the end; the first one begins at step 0.",
)

# --- cheats ---
forward_only = cheat(
    edit(rnn_backward, "dz = (dout[:, t] + dh)", "dz = 0 * (dout[:, t] + dh)"), most=0.31, says="No gradient."
)
no_slopes = cheat(
    edit(lstm_cell_backward, "np.concatenate([di, df, dg, do], axis=1)", "np.ones((len(x), len(w_ih)))"),
    most=0.44,
    says="dc alone is right.",
)
backward_of_zeros = cheat(
    edit(lstm_backward, STEP, "lstm_cell_backward(0 * dout[:, t], 0 * dc, cache[t])"),
    most=0.0,
    says="No gradient.",
)


# --- correct variants ---
def cell_by_one_matrix(x, h, c, w_ih, w_hh, b):
    def sigmoid(z):
        small = np.exp(-np.abs(z))
        return np.where(z < 0, small, 1) / (1 + small)

    size, w = h.shape[1], np.hstack([w_ih, w_hh])
    both = np.hstack([x, h])
    z = both @ w.T + b
    (i, f, _, o), g = np.split(sigmoid(z), 4, axis=1), np.tanh(z[:, 2 * size : 3 * size])
    c_next = c * f + g * i
    return o * np.tanh(c_next), c_next, {"w": w, "both": both, "gates": (i, f, g, o), "c": (c, c_next)}


def cell_back_by_one_matrix(dh_next, dc_next, cache):
    (i, f, g, o), (c, c_next), both = cache["gates"], cache["c"], cache["both"]
    dc = dc_next + dh_next * o / np.cosh(c_next) ** 2
    slopes = [dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g * g)]
    dz = np.hstack([*slopes, dh_next * np.tanh(c_next) * o * (1 - o)])
    size = both.shape[1] - c.shape[1]
    inputs, weights = dz @ cache["w"], dz.T @ both
    return inputs[:, :size], inputs[:, size:], dc * f, weights[:, :size], weights[:, size:], dz.sum(0)


def start_by_svd(input_size, hidden_size, *, forget_bias=1.0, rng):
    blocks = [np.linalg.svd(rng.standard_normal((hidden_size, hidden_size)))[0] for _ in range(4)]
    w_ih = rng.standard_normal((4 * hidden_size, input_size)) / input_size**0.5
    return w_ih, np.vstack(blocks), np.repeat([0, forget_bias, 0, 0.0], hidden_size)


others = variant(
    instead(lstm_cell_forward, cell_by_one_matrix),
    instead(lstm_cell_backward, cell_back_by_one_matrix),
    instead(init_lstm, start_by_svd),
    edit(bug_hunt, "np.zeros(4)", "np.array([1.0, 2.0, 0.0, 1.0])"),
)
like_torch = variant(edit(clip_gradients, "max_norm / norm if", "max_norm / (norm + 1e-6) if"))

# --- mutants of the reference that are right answers too ---
EQUIVALENT = {
    "5d9fa05f9b": "t is never negative",
    "5502789a71": "each step has three gradients, so zip never ends early",
    "8423292a9d": "each piece has three gradients, so zip never ends early",
    "31bc1a8e4b": "a QR decomposition of uniform numbers gives an orthogonal matrix, too",
    "6573ee9212": "where the norm is max_norm, the factor is 1 either way",
    "49349dd1a9": "the bug hunt has many answers: the forget gate may be shut more",
    "a5b9908c70": "the bug hunt has many answers: the forget gate may be shut less",
    "46b01a252b": "the bug hunt has many answers: four words",
    "8773f661ac": "the bug hunt has many answers: words of 0",
    "537febc127": "the bug hunt has many answers: other gates may be open wider",
    "a4b936c81f": "what padding is replaced with counts for nothing",
    "d9fb3fda86": "what padding is replaced with counts for nothing",
}
