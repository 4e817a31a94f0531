"""Known mistakes of dropout, cheats, and correct variants that must pass."""

import numpy as np

from autograder.mistakes import cheat, edit, instead, mistake, variant
from solutions import dropout as reference

# --- dropout_forward ---

DRAW = "rng.random(x.shape) >= p"
SCALE = "keep / (1 - p) if p < 1 else keep"
EVALUATION = "return x, None"

unscaled = mistake(
    edit(reference.dropout_forward, SCALE, "keep"),
    says="What you keep is x itself: nothing makes up for what was dropped.",
    hint="With p = 0.2, four of five numbers are left. By what must they be divided so that the sum is kept?",
)
scaled_by_p = mistake(
    edit(reference.dropout_forward, SCALE, "keep / p if p > 0 else keep"),
    says="What you keep is divided by p; the share that is left is 1 - p.",
    hint="p is the probability to be dropped. By hand: p = 0.2 makes 5 of 4.",
)
keeps_with_p = mistake(
    edit(reference.dropout_forward, DRAW, "rng.random(x.shape) < p"),
    says="You keep a share p and drop the rest; p is the probability to be dropped.",
    hint="A thousand ones with p = 0.3: about 300 zeros.",
)
shared_by_batch = mistake(
    edit(reference.dropout_forward, DRAW, "rng.random((1, *x.shape[1:])) >= p"),
    says="All samples of a batch lose the same entries: one mask is shared by the rows.",
    hint="How many numbers must be drawn for x of shape (N, D)?",
)
active_in_eval = mistake(
    edit(reference.dropout_forward, "if not training", "if False"),
    says="You drop entries in evaluation, too.",
    hint="In evaluation all are there. What does the function do with training?",
)
scales_in_eval = mistake(
    edit(reference.dropout_forward, EVALUATION, "return x * (1 - p), None"),
    says="In evaluation your out is x times 1 - p, although training was scaled already.",
    hint="Two ways exist: scale in training, or scale in evaluation. The task wants the first alone.",
)
hintons_form = mistake(
    edit(reference.dropout_forward, (SCALE, "keep"), (EVALUATION, "return x * (1 - p), None")),
    says="This is Hinton's original form: unscaled in training, times 1 - p in evaluation. "
    "The task wants the inverted form.",
    hint="Divide by 1 - p in training, and hand x on in evaluation.",
)
reseeds = mistake(
    edit(reference.dropout_forward, DRAW, "np.random.default_rng(0).random(x.shape) >= p"),
    says="You seed a generator anew in each call, so that always the same entries are dropped.",
    hint="Draw from rng, which goes on from call to call.",
)
global_generator = mistake(
    edit(reference.dropout_forward, DRAW, "np.random.random(x.shape) >= p"),
    says="You draw from NumPy's global generator, not from rng.",
)
draws_in_eval = mistake(
    edit(reference.dropout_forward, EVALUATION, "return x + 0 * rng.random(x.shape), None"),
    says="In evaluation out is right, but you draw from rng all the same.",
    hint="Look at training before you draw.",
)
nan_at_one = mistake(
    edit(reference.dropout_forward, SCALE, "keep / (1 - p)"),
    says="If p is 1, out is NaN: you compute 0 / 0.",
    hint="If all is dropped, there is nothing to scale.",
)
float64_mask = mistake(
    edit(reference.dropout_forward, "scaled.astype(x.dtype)", "scaled * 1.0"),
    says="Your out is float64 although x is float32: twice the memory.",
    hint="A mask of booleans divided by a number is float64.",
)
refuses_nothing = mistake(
    edit(reference.dropout_forward, "    p = _probability(p)\n", ""),
    says="You accept numbers p that are no probability.",
)
writes_into_x = mistake(
    edit(reference.dropout_forward, "return x * mask, mask", "x *= mask\n    return x.copy(), mask"),
    says="You write into x.",
)

# --- dropout_backward ---

SENT = "dout * cache"

backward_unscaled = mistake(
    edit(reference.dropout_backward, SENT, "dout * (cache != 0)"),
    says="Your dx is dout where x was kept, without the factor of the forward pass.",
    hint="out = 1.25 x. If x grows by 1, how much does out grow?",
)
fresh_mask_backward = mistake(
    edit(
        reference.dropout_backward,
        SENT,
        "dout * np.random.default_rng(0).permutation(cache.ravel()).reshape(dout.shape)",
    ),
    says="Your backward pass drops other entries than its forward pass did.",
    hint="Nothing is drawn on the way back: the mask is in the cache.",
)
mask_from_zeros = mistake(
    edit(reference.dropout_forward, "return x * mask, mask", "return x * mask, mask * (x != 0)"),
    says="A 0 in x is taken for dropped. The mask knows better than the output.",
    hint="After a ReLU half of x is 0. Keep the mask, and do not ask out.",
    task="dropout_backward",
)
eval_masks_gradient = mistake(
    edit(reference.dropout_forward, EVALUATION, "return x, np.random.default_rng(0).random(x.shape) >= p"),
    says="In evaluation your dx has zeros, as if entries had been dropped.",
    hint="What does the cache of a forward pass in evaluation say?",
    task="dropout_backward",
)
one_global_mask = mistake(
    edit(
        reference.dropout_forward,
        "return x * mask, mask",
        "dropout_forward.mask = mask\n    return x * mask, mask",
    ),
    edit(reference.dropout_backward, SENT, "dout * dropout_forward.mask"),
    task="dropout_backward",
    says="Your backward pass uses the latest mask, whatever cache it is given.",
    hint="A network has several dropout layers. What does the first one find on the way back?",
)
writes_into_dout = mistake(
    edit(
        reference.dropout_backward,
        "return dout if cache is None else dout * cache",
        "if cache is not None:\n        dout *= cache\n    return dout",
    ),
    says="You write into dout.",
)

# --- Dropout ---

layer_begins_in_eval = mistake(
    edit(reference.Dropout.__init__, "self.training = True", "self.training = False"),
    says="A new layer of yours is in evaluation; it begins in training.",
)
train_does_nothing = mistake(
    edit(reference.Dropout.train, "self.training = True", "pass"),
    says="train() does not switch dropping on again.",
)
eval_does_nothing = mistake(
    edit(reference.Dropout.eval, "self.training = False", "pass"),
    says="eval() does not switch dropping off.",
    hint="What does forward ask for the mode, and who changes it?",
)
layer_ignores_mode = mistake(
    edit(reference.Dropout.forward, "self.training", "True"),
    says="Your layer drops in either mode.",
)
layer_keeps_first_mask = mistake(
    edit(
        reference.Dropout.forward,
        ("out, self._cache", "out, cache"),
        ("        return out", '        self._cache = getattr(self, "_cache", cache)\n        return out'),
    ),
    says="Your layer's backward is that of its first forward.",
    hint="What is in the layer's cache after the second forward?",
)
layers_share_a_mask = mistake(
    edit(reference.Dropout.forward, "out, self._cache", "out, Dropout._cache"),
    edit(reference.Dropout.backward, "self._cache", "Dropout._cache"),
    says="All of your layers share one mask.",
    hint="Keep the cache in self, not in the class or in a global variable.",
)
layer_repeats_itself = mistake(
    edit(reference.Dropout.forward, "self.rng)", "np.random.default_rng(0))"),
    says="Your layer drops the same entries in each forward pass.",
)
layer_accepts_any_p = mistake(
    edit(reference.Dropout.__init__, "_probability(p)", "p"),
    says="A layer with a p that is no probability is made without a word.",
    hint="When should a wrong setting be told: when the layer is made, or an hour later?",
)
layer_with_weight = mistake(
    edit(reference.Dropout.__init__, "self.weight = self.bias = None", "self.weight = self.bias = 1.0"),
    says="weight and bias of your layer are not None.",
)

# --- accuracy ---

measured_in_training = mistake(
    edit(reference.accuracy, "layer.eval()", "pass"),
    says="Your accuracy is measured while layers drop.",
    hint="On match day all are there: which method says so to a layer?",
)
first_layer_only = mistake(
    edit(reference.accuracy, 'if hasattr(layer, "training")]', 'if hasattr(layer, "training")][:1]'),
    says="Only the first layer with a mode is put into evaluation.",
    hint="Go through all layers; a network has several that drop.",
)
left_in_eval = mistake(
    edit(reference.accuracy, "layer.train()", "pass"),
    says="Your accuracy leaves the layers in evaluation; training goes on without dropout.",
    hint="What does the training loop do after it has measured?",
)
all_put_into_training = mistake(
    edit(reference.accuracy, "if was_training", "if True"),
    says="Afterwards all layers are in training, also those that were not.",
    hint="Remember the mode of each layer before you change it.",
)

# --- mc_dropout_predict ---

std_with_n_minus_1 = mistake(
    edit(reference.mc_dropout_predict, "runs.std(axis=0)", "runs.std(axis=0, ddof=1)"),
    says="Your std divides by n - 1; the task wants n.",
    hint="A single run has std 0, not NaN.",
)
variance_for_std = mistake(
    edit(reference.mc_dropout_predict, "runs.std(axis=0)", "runs.var(axis=0)"),
    says="You return the variance; std is its root.",
    hint="By hand: the runs 1 and 5 are 2 away from their mean.",
)
one_run_repeated = mistake(
    edit(reference.mc_dropout_predict, "[predict(x) for _ in range(n)]", "[predict(x)] * n"),
    says="You call predict once and use its output n times: there is no spread.",
    hint="Each run needs a mask of its own.",
)
root_of_squares = mistake(
    edit(
        reference.mc_dropout_predict,
        "runs.std(axis=0)",
        "np.sqrt(np.maximum((runs**2).mean(axis=0) - runs.mean(axis=0) ** 2, 0))",
    ),
    says="Your std is the mean of squares minus the square of the mean: for large outputs nothing is left.",
    hint="Take the distances from the mean first, and then their squares.",
)

# --- bug_hunt ---

two_blind = mistake(
    edit(reference.bug_hunt, "[0.0, 1.0]", "[3.0, 1.0]"),
    says="suspicious_backward is right on both of your inputs.",
)
two_sharp = mistake(
    edit(reference.bug_hunt, "[1.0, 2.0]", "[1.0, 0.0]"),
    says="suspicious_backward is wrong on both of your inputs.",
)

# --- bonus ---

drops_pixels = mistake(
    edit(
        reference.dropout2d_forward,
        "np.ones((*x.shape[:2], 1, 1), dtype=x.dtype)",
        "np.ones(x.shape, dtype=x.dtype)",
    ),
    says="You drop single pixels; a channel is dropped as a whole.",
)
channels_shared = mistake(
    edit(reference.dropout2d_forward, "np.ones((*x.shape[:2], 1, 1)", "np.ones((1, x.shape[1], 1, 1)"),
    says="All samples lose the same channels.",
)
channels_unscaled_backward = mistake(
    edit(reference.dropout2d_backward, "dout * cache", "dout * (cache > 0)"),
    says="Your dx is dout where a channel was kept, without the factor of the forward pass.",
)
penalty_of_the_mean = mistake(
    edit(reference.dropout_penalty, ".sum()", ".sum(axis=1).mean()"),
    says="You return the mean over samples; the sum is meant.",
)
penalty_with_p_alone = mistake(
    edit(reference.dropout_penalty, "p / (1 - p)", "p * (1 - p)"),
    says="Your factor is the variance of the mask without its scale.",
)
penalty_of_the_output = mistake(
    edit(reference.dropout_penalty, "((x * w) ** 2).sum()", "((x @ w) ** 2).sum()"),
    says="You square the sum of x w; the squares of its terms are added.",
)

# --- cheats ---

never_drops = cheat(
    edit(reference.dropout_forward, DRAW, "np.ones(x.shape, bool)"),
    most=0.24,
    says="Right in evaluation; in training all is kept and scaled.",
)
drops_every_other = cheat(
    edit(reference.dropout_forward, DRAW, "(np.arange(x.size) % 5 > 1).reshape(x.shape)"),
    most=0.5,
    says="Drops without chance.",
)
gradient_handed_back = cheat(
    edit(reference.dropout_backward, SENT, "dout"), most=0.0, says="Hands dout back."
)
share_alone = cheat(
    edit(reference.accuracy, "for layer, _ in switched:", "for layer, _ in switched[:0]:"),
    most=0.6,
    says="Measures in the mode that is.",
)
mean_only = cheat(
    edit(reference.mc_dropout_predict, "runs.std(axis=0)", "0 * runs[0]"), most=0.67, says="std is always 0."
)

# --- correct variants ---


def forward_by_choice(x, p, training, rng):
    """Draws the factors themselves; the cache holds the mode."""
    if p < 0 or p > 1:
        raise ValueError("no probability")
    if not training or p == 0:
        return x.copy(), ("evaluation", 1.0)
    if p == 1:
        return np.zeros_like(x), ("training", np.zeros_like(x))
    factors = rng.choice([0, 1 / (1 - p)], size=x.shape, p=[p, 1 - p]).astype(x.dtype)
    return np.multiply(x, factors), ("training", factors)


def backward_by_mode(dout, cache):
    """Looks at the mode."""
    mode, factors = cache
    return factors * dout if mode == "training" else dout.copy()


def forward_by_loops(x, p, training, rng):
    """One entry at a time; a list of what was kept."""
    if not 0 <= p <= 1:
        raise ValueError("no probability")
    out, kept = np.array(x), []
    for place in np.ndindex(*x.shape):
        if training and rng.random() < p:
            out[place] = 0
        else:
            kept.append(place)
            if training:
                out[place] /= 1 - p
    return out, {"kept": kept, "p": p if training else 0}


def backward_by_loops(dout, cache):
    """The same entries."""
    dx = np.zeros_like(dout)
    for place in cache["kept"]:
        dx[place] = dout[place] / (1 - cache["p"])
    return dx


class LayerByItself:
    """A layer without the other tasks, weight and bias; in evaluation its mask is 1."""

    def __init__(self, p, *, rng):
        if not 0 <= p <= 1:
            raise ValueError("no probability")
        self.p, self.draw = p, rng
        self.train()

    def train(self, mode=True):
        self.training = mode
        return self

    def eval(self):
        return self.train(False)

    def forward(self, x):
        self.mask = np.ones_like(x)
        if self.training:
            self.mask[self.draw.random(x.shape, dtype=np.float32) < self.p] = 0
            self.mask /= max(1 - self.p, 1e-300)
        return x * self.mask

    def backward(self, dout):
        return dout * self.mask


def accuracy_by_counting(layers, x, labels):
    """Modes are set and put back as attributes."""
    modes = [getattr(layer, "training", None) for layer in layers]
    for layer, mode in zip(layers, modes, strict=True):
        if mode is not None:
            layer.training = False
        x = layer.forward(x)
        if mode is not None:
            layer.training = mode
    return sum(int(np.argmax(row)) == label for row, label in zip(x, labels, strict=True)) / len(labels)


def mc_by_welford(predict, x, n):
    """One run at a time, none is kept."""
    mean = squares = 0.0
    for count in range(1, n + 1):
        run = predict(x)
        step = run - mean
        mean = mean + step / count
        squares = squares + step * (run - mean)
    return mean, np.sqrt(squares / n)


def channels_by_binomial(x, p, training, rng):
    """Draws what is kept."""
    if not training:
        return x, np.ones((1, 1, 1, 1), x.dtype)
    mask = rng.binomial(1, 1 - p, x.shape[:2]) / (1 - p if p < 1 else 1)
    mask = np.repeat(mask[:, :, None], x[0, 0].size, axis=2).reshape(x.shape).astype(x.dtype)
    return mask * x, mask


by_choice = variant(
    instead(reference.dropout_forward, forward_by_choice),
    instead(reference.dropout_backward, backward_by_mode),
    instead(reference.Dropout, LayerByItself),
    instead(reference.mc_dropout_predict, mc_by_welford),
    instead(reference.dropout2d_forward, channels_by_binomial),
    instead(reference.accuracy, accuracy_by_counting),
)
by_loops = variant(
    instead(reference.dropout_forward, forward_by_loops),
    instead(reference.dropout_backward, backward_by_loops),
    edit(reference.bug_hunt, "[0.0, 1.0]", "[-3, 0, 0, 9]"),
)
by_where = variant(
    edit(
        reference.dropout_forward,
        ("keep = rng.random(x.shape) >= p", "keep = rng.random(x.shape, dtype=np.float32) > p"),
        (SCALE, "np.where(keep, 1 / max(1 - p, 1e-300), 0)"),
    ),
)
by_binomial = variant(
    edit(reference.dropout_forward, DRAW, "rng.binomial(1, 1 - p, x.shape).astype(bool)"),
    edit(reference.mc_dropout_predict, "runs.std(axis=0)", "((runs - runs.mean(0)) ** 2).mean(0) ** 0.5"),
)

# --- mutants of the reference that are right answers too ---

EQUIVALENT = {
    "d1372864ea": "a probability that is not less than 1 is 1",
    "1732f60601": "a draw that is equal to p has the probability 2^-53",
    "5a97241e4d": "weight and bias may be absent, too",
    "88dd51db59": "the bug hunt has many answers: any numbers but 0",
    "1326e07ada": "the bug hunt has many answers: any number beside the 0",
}
