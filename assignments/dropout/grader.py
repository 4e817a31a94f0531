"""Hidden checks of dropout.

One mistake, one price
    * What was dropped is read off the output: x is away from 0, but where zeros are the question.
    * Rows are long, and shares counted in one row: a mask shared by the rows costs in one check only.
    * Backward is judged by what forward did, and may also be right where forward is wrong.
    * `Dropout` stands on other tasks. Where it fails, it is tried once more on the reference's (`on=`).
    * `accuracy` is given layers of the judge's own. Chance is judged within six standard deviations.
"""

import math

import numpy as np
import pytest

from autograder.checks import as_array, assert_close, chance, close, dtype, obeys, raises, right, unchanged


def generator(rng):
    """A generator, of which each call gets a copy in the same state, unless it is shared."""
    return np.random.default_rng(rng.integers(2**31))


def drops(out, what="out"):
    """Some entries are 0 and others are not."""
    zeros = as_array(out) == 0
    assert zeros.any(), f"{what}: nothing was dropped in training."
    assert not zeros.all(), f"{what}: nothing was kept in training."


def differ(one, other, sentence):
    """Two arrays are not the same."""
    assert not np.array_equal(as_array(one), as_array(other)), sentence


# --- dropout_forward: 30 ---
def is_scaled(out, x, p):
    """What was kept is x / (1 - p)."""
    drops(out)
    kept = out != 0
    assert_close(out[kept], x[kept] / (1 - p), what="What was kept")


@pytest.mark.task("dropout_forward", points=6)
def test_kept(student, draw, rng):
    """What is kept is divided by 1 - p, for x of any shape."""
    for p, shape in ((0.3, (2, 60)), (0.75, (3, 80)), (0.2, (3, 4, 3, 6))):
        x = draw.away_from_zero(*shape)
        out, _ = student.dropout_forward(x, p, True, generator(rng))
        obeys(out, is_scaled, x, p)


def has_share(out, p):
    """The share of zeros is p."""
    chance.near((out == 0).mean(), p, math.sqrt(p * (1 - p) / out.size), "The share of what was dropped")


@pytest.mark.task("dropout_forward", points=5)
def test_share(student, draw, rng):
    """The share that is dropped is p."""
    for p in (0.3, 0.8, 0.0):
        out, _ = student.dropout_forward(draw.away_from_zero(1, 8000), p, True, generator(rng))
        obeys(out, has_share, p)


def is_scattered(out):
    """Neighbours in rows and columns are dropped independently, however many are."""
    drops(out)
    zeros = out == 0
    chance.independent((zeros - zeros.mean()) / zeros.std(), "what was dropped")


@pytest.mark.task("dropout_forward", points=5)
def test_scattered(student, draw, rng):
    """Each entry is dropped by a draw of its own: rows differ, and so do columns."""
    out, _ = student.dropout_forward(draw.away_from_zero(100, 80), 0.3, True, generator(rng))
    obeys(out, is_scattered)


def draws_next(generator):
    """Beside the student's code: what a generator gives next."""
    return generator.random(3)


@pytest.mark.task("dropout_forward", points=5)
def test_evaluation(student, draw, rng):
    """In evaluation out is x and nothing is drawn; in training it is not."""
    x, shared = draw.away_from_zero(3, 60), student.share(generator(rng))
    out, _ = student.dropout_forward(x, 0.6, False, shared)
    right(out, "In evaluation, out")
    right(
        student.beside(draws_next, shared, label="dropout_forward"), "After evaluation, what rng gives next"
    )
    trained, _ = student.dropout_forward(x, 0.6, True, generator(rng))
    obeys(trained, differ, x, "In training, too, out is x.")


@pytest.mark.task("dropout_forward", points=2)
def test_new_mask(student, draw, rng):
    """Each call draws a new mask."""
    x, shared = draw.away_from_zero(3, 60), student.share(generator(rng))
    (first, _), (later, _) = (student.dropout_forward(x, 0.4, True, shared) for _ in range(2))
    obeys(first, drops)
    obeys(later, differ, first, "Two calls dropped the same entries.")


@pytest.mark.task("dropout_forward", points=3)
def test_only_rng(student, draw, rng):
    """All randomness comes from rng: equal generators drop the same, others something else."""
    x, one, two = draw.away_from_zero(3, 60), generator(rng), generator(rng)
    first, equal, other = (student.dropout_forward(x, 0.4, True, each)[0] for each in (one, one, two))
    obeys(first, drops)
    close(equal, first, "What comes of an equal generator")
    obeys(other, differ, first, "Generators with other seeds dropped the same entries.")


@pytest.mark.task("dropout_forward", points=2)
def test_all_dropped(student, draw, rng):
    """If p is 1, all is 0."""
    out, _ = student.dropout_forward(draw.away_from_zero(3, 60), 1.0, True, generator(rng))
    right(out, "If p is 1, out")
    kept, _ = student.dropout_forward(draw.away_from_zero(3, 60), 0.4, True, generator(rng))
    obeys(kept, drops, "p = 0.4")


@pytest.mark.task("dropout_forward", points=1, law=True)
def test_refused(student, draw, rng):
    """A p below 0 or above 1 is a ValueError, in training and in evaluation."""
    for p, training in ((-0.2, True), (1.3, True), (-1.0, False), (2, False)):
        raises(ValueError, student.dropout_forward(draw.normal(3), p, training, generator(rng)))


@pytest.mark.task("dropout_forward", points=1, law=True)
def test_float32(student, draw, rng):
    """float32 stays float32, and x is not modified."""
    x = student.share(draw.away_from_zero(4, 5).astype(np.float32))
    out, _ = student.dropout_forward(x, 0.3, True, generator(rng))
    dtype(out, np.float32, "out")
    unchanged(student, x, "x")


# --- dropout_backward: 20 ---
def is_sent_back(dx, dout, x, out, p):
    """Nothing where out is 0; elsewhere dout / (1 - p), or what the factor in out says."""
    drops(out, "The out to go back from")
    kept = out != 0
    assert_close(dx[~kept], np.zeros((~kept).sum()), what="dx where x was dropped")
    if not np.allclose(dx, dout * out / x, rtol=1e-8, atol=1e-10):
        assert_close(dx[kept], dout[kept] / (1 - p), what="dx where x was kept")


@pytest.mark.task("dropout_backward", points=8)
def test_sent_back(student, draw, rng):
    """dx is 0 where x was dropped, and dout / (1 - p) where it was kept."""
    for p, shape in ((0.3, (2, 60)), (0.75, (3, 80)), (0.2, (3, 4, 3, 6))):
        x, dout = draw.away_from_zero(*shape), draw.away_from_zero(*shape)
        out, cache = student.dropout_forward(x, p, True, generator(rng))
        obeys(student.dropout_backward(dout, cache), is_sent_back, dout, x, out, p)


def half_of_the_zeros(dx, x):
    """With p = 0.5, the gradient goes to about half of the zeros of x."""
    reached = dx[x == 0] != 0
    assert reached.any(), "Where x is 0, dx is always 0: a 0 that was kept is taken for dropped."
    chance.near(reached.mean(), 0.5, 0.5 / math.sqrt(reached.size), "The share of kept zeros with a gradient")


@pytest.mark.task("dropout_backward", points=4)
def test_zeros(student, draw, rng):
    """Entries of x that are 0 are not taken for dropped."""
    x = draw.away_from_zero(1, 600) * (draw.uniform(1, 600) < 0.5)
    _, cache = student.dropout_forward(x, 0.5, True, generator(rng))
    obeys(student.dropout_backward(draw.away_from_zero(1, 600), cache), half_of_the_zeros, x)


def is_handed_back(dx, dout, x, out):
    """dx is dout, or what the factor in out says."""
    if not np.allclose(dx, dout * out / x, rtol=1e-8, atol=1e-10):
        assert_close(dx, dout, what="In evaluation, dx")


@pytest.mark.task("dropout_backward", points=4)
def test_backward_evaluation(student, draw, rng):
    """In evaluation dx is dout; in training it is not."""
    x, dout, p = draw.away_from_zero(3, 60), draw.away_from_zero(3, 60), 0.4
    _, cache = student.dropout_forward(x, p, True, generator(rng))
    obeys(student.dropout_backward(dout, cache), differ, dout, "In training, too, dx is dout.")
    out, cache = student.dropout_forward(x, p, False, generator(rng))
    obeys(student.dropout_backward(dout, cache), is_handed_back, dout, x, out)


def same_zeros(dx, out):
    """dx is 0 where out is, and nowhere else."""
    drops(out, "The out to go back from")
    assert ((dx == 0) == (out == 0)).all(), "dx is not that of the forward pass whose cache was given."


@pytest.mark.task("dropout_backward", points=2)
def test_two_caches(student, draw, rng):
    """Each cache belongs to its forward pass, also after another one."""
    x, shared = draw.away_from_zero(3, 60), student.share(generator(rng))
    passes = [student.dropout_forward(x, p, True, shared) for p in (0.4, 0.6)]
    for out, cache in map(tuple, passes):
        obeys(student.dropout_backward(draw.away_from_zero(3, 60), cache), same_zeros, out)


@pytest.mark.task("dropout_backward", points=2, law=True)
def test_cache_serves_twice(student, draw, rng):
    """dout is not modified, and a second backward with the same cache gives the same."""
    _, cache = student.dropout_forward(draw.away_from_zero(6, 7), 0.4, True, generator(rng))
    dout = student.share(draw.away_from_zero(6, 7))
    first = student.dropout_backward(dout, cache)
    close(student.dropout_backward(dout, cache), first, "dx of a second backward pass")
    unchanged(student, dout, "dout")


# --- Dropout: 20 ---
@pytest.mark.task("Dropout", points=5, on=("dropout_forward", "dropout_backward"))
def test_layer_forward(student, draw, rng):
    """In training, forward drops with the layer's p and generator, and scales what is kept."""
    for p, shape in ((0.3, (6, 10)), (0.75, (3, 2, 4, 5))):
        x, layers = draw.away_from_zero(*shape), [student.Dropout(p, rng=generator(rng)) for _ in range(2)]
        for layer in layers:
            layer.train()
        first, other = (layer.forward(x) for layer in layers)
        obeys(first, is_scaled, x, p)
        obeys(other, differ, first, "Layers with generators of different seeds dropped the same entries.")


@pytest.mark.task("Dropout", points=5, on=("dropout_forward", "dropout_backward"))
def test_layer_backward(student, draw, rng):
    """backward is that of the layer's last forward, whatever another layer did."""
    trained, other, switched = (student.Dropout(p, rng=generator(rng)) for p in (0.4, 0.5, 0.6))
    x, dout = draw.away_from_zero(6, 10), draw.away_from_zero(6, 10)
    for layer in (trained, other, switched):
        layer.train()
        layer.forward(draw.away_from_zero(6, 10))
    out = trained.forward(x)
    other.forward(x)
    obeys(trained.backward(dout), is_sent_back, dout, x, out, 0.4)
    switched.eval()
    out = switched.forward(x)
    obeys(switched.backward(dout), is_handed_back, dout, x, out)


@pytest.mark.task("Dropout", points=4, on=("dropout_forward", "dropout_backward"))
def test_layer_evaluation(student, draw, rng):
    """After eval(), forward hands x on and backward hands dout back."""
    layer, trained = (student.Dropout(0.6, rng=generator(rng)) for _ in range(2))
    x, dout = draw.away_from_zero(5, 8), draw.away_from_zero(5, 8)
    layer.eval()
    right(layer.forward(x), "out")
    right(layer.backward(dout), "dx")
    right(layer.training, "training after eval()")
    trained.train()
    obeys(trained.forward(x), drops)


@pytest.mark.task("Dropout", points=2, on=("dropout_forward", "dropout_backward"))
def test_layer_train(student, draw, rng):
    """train() switches dropping on again."""
    layer = student.Dropout(0.5, rng=generator(rng))
    layer.eval()
    layer.train()
    obeys(layer.forward(draw.away_from_zero(6, 10)), drops, "After eval() and train(), out")
    right(layer.training, "training after train()")


@pytest.mark.task("Dropout", points=2, on=("dropout_forward", "dropout_backward"))
def test_layer_begins(student, draw, rng):
    """A new layer is in training."""
    layer = student.Dropout(0.5, rng=generator(rng))
    right(layer.training, "training of a new layer")
    obeys(layer.forward(draw.away_from_zero(6, 10)), drops, "Out of a new layer")


@pytest.mark.task("Dropout", points=1, law=True)
def test_layer_refuses(student, rng):
    """A layer with a p below 0 or above 1 is a ValueError."""
    for p in (-0.1, 1.2):
        raises(ValueError, student.Dropout(p, rng=generator(rng)))


def has_no_parameters(layer):
    """Beside the student's code: weight and bias are None or absent."""
    return [getattr(layer, name, None) is None for name in ("weight", "bias")]


@pytest.mark.task("Dropout", points=1, law=True)
def test_layer_has_no_parameters(student, rng):
    """There is no weight and no bias."""
    layer = student.Dropout(p=0.3, rng=generator(rng))
    right(student.beside(has_no_parameters, layer), "That weight and bias are None or absent")


# --- accuracy: 10 ---
def make_layers(modes, weight):
    """Beside the student's code: a linear layer, and layers that in training move answers on by a class."""

    class Turns:
        def __init__(self, training):
            self.training = training

        def train(self):
            self.training = True

        def eval(self):
            self.training = False

        def forward(self, x):
            return np.roll(x, 1, axis=1) if self.training else x

    linear = type("Linear", (), {"forward": lambda self, x: x @ weight})()
    return [linear, *map(Turns, modes)]


def measured(student, draw, *modes):
    """The accuracy of layers in these modes, where most answers are right, and the layers."""
    x, weight = draw.normal(25, 3), draw.normal(3, 4)
    labels = (x @ weight).argmax(axis=1)
    labels[: draw.integers(3, 9)] += 1
    layers = student.beside(make_layers, modes, weight, label="accuracy")
    return student.accuracy(layers, x, labels % 4), layers


@pytest.mark.task("accuracy", points=3)
def test_share_of_right_answers(student, draw):
    """The share of right answers, as a float."""
    for modes in ((), (False,), (False, False)):
        share, _ = measured(student, draw, *modes)
        right(share, "Of layers in evaluation, the accuracy")


@pytest.mark.task("accuracy", points=4)
def test_measured_in_evaluation(student, draw):
    """Meanwhile all layers are in evaluation."""
    for modes in ((True,), (False, True), (True, False, True)):
        share, _ = measured(student, draw, *modes)
        right(share, "Of layers in training, the accuracy")


@pytest.mark.task("accuracy", points=3, law=True)
def test_modes_are_put_back(student, draw):
    """Afterwards each layer is in the mode that it was in, also where these differ."""
    for modes in ((True,), (False,), (True, False, True, False)):
        _, layers = measured(student, draw, *modes)
        for layer in list(layers)[1:]:
            right(layer.training, "Afterwards, training of a layer")


# --- mc_dropout_predict: 15 ---
def make_predict(outputs):
    """Beside the student's code: gives one output after another and keeps what it is given."""

    class Predict:
        def __init__(self):
            self.heard = []

        def __call__(self, x):
            self.heard.append(x)
            return outputs[(len(self.heard) - 1) % len(outputs)].copy()

    return Predict()


def predicted(student, draw, outputs, n=None):
    """Mean and std of so many runs with these outputs."""
    predict = student.beside(make_predict, outputs, label="mc_dropout_predict")
    return tuple(student.mc_dropout_predict(predict, draw.normal(2), n or len(outputs)))


@pytest.mark.task("mc_dropout_predict", points=4)
def test_mean(student, draw):
    """The mean over the runs, entry by entry."""
    for n in (1, 2, 5):
        right(predicted(student, draw, draw.normal(n, 3))[0], "mean")


@pytest.mark.task("mc_dropout_predict", points=5)
def test_std(student, draw):
    """The standard deviation over the runs, which divides by n: for a single run it is 0."""
    for n in (1, 2, 5):
        right(predicted(student, draw, 3 * draw.normal(n, 3))[1], "std")


@pytest.mark.task("mc_dropout_predict", points=3)
def test_calls(student, draw):
    """predict is called n times, each time with x."""
    for n in (1, 4):
        predict = student.beside(make_predict, draw.normal(9, 2), label="mc_dropout_predict")
        student.mc_dropout_predict(predict, draw.normal(3), n)
        right(predict.heard, "What predict was given, call by call")


@pytest.mark.task("mc_dropout_predict", points=2)
def test_shapes(student, draw):
    """Outputs of any shape."""
    for shape in ((3, 1), (2, 3, 4)):
        mean, std = predicted(student, draw, draw.normal(5, *shape))
        right(mean, "mean")
        right(std, "std", rtol=0.0, atol=1e9)  # its shape


@pytest.mark.task("mc_dropout_predict", points=1, law=True)
def test_offset(student, draw):
    """Large outputs that are close to one another have the same std as small ones."""
    outputs = draw.integers(-9, 9, 6, 3).astype(float)
    small, large = (predicted(student, draw, each)[1] for each in (outputs, outputs + 1e8))
    close(large, small, "std of outputs near 1e8")


# --- bug_hunt: 5 ---

P_HUNT = 0.25
MASKS = np.random.default_rng(4).random((5, 16)) >= P_HUNT  # each entry is kept by at least one


def suspicious_backward(dout, out, p):
    """The wrong code of the notebook: what is 0 in out is taken for dropped."""
    return dout * (out != 0) / (1 - p)


def wrong_masks(x):
    """For how many masks suspicious_backward is wrong."""
    dout = 1.0 + np.arange(x.size)
    factors = [mask[: x.size] / (1 - P_HUNT) for mask in MASKS]
    return sum(not np.allclose(suspicious_backward(dout, x * f, P_HUNT), dout * f) for f in factors)


def hunts(answer):
    """The inputs are as asked; blind misses the mistake and sharp shows it."""
    assert isinstance(answer, (tuple, list)) and len(answer) == 2, "bug_hunt must return (blind, sharp)."
    blind, sharp = (as_array(x).astype(np.float64) for x in answer)
    for name, x in (("blind", blind), ("sharp", sharp)):
        assert x.ndim == 1 and 2 <= x.size <= 16, f"{name} must be 1-D, with 2 to 16 numbers."
        assert np.isin(x, np.arange(-9, 10)).all(), f"{name} must hold whole numbers from -9 to 9."
        assert len(set(x.tolist())) > 1, f"The numbers of {name} are all equal."
    wrong = wrong_masks(blind)
    assert wrong == 0, f"blind is not blind: suspicious_backward is wrong for {wrong} of 5 masks."
    assert wrong_masks(sharp), "sharp is not sharp: suspicious_backward is right for all 5 masks."


@pytest.mark.task("bug_hunt", points=5)
def test_bug_hunt(student):
    """`suspicious_backward` is right on blind for five masks, and wrong on sharp for at least one of them."""
    obeys(student.bug_hunt(), hunts)


# --- bonus: 20 ---
def is_scaled_by_channel(out, x, p):
    """Each channel of each sample is 0, or x / (1 - p), as a whole."""
    drops(out)
    kept = (out != 0).any(axis=(2, 3))
    assert_close(out[kept], x[kept] / (1 - p), what="A channel of which something was kept")


@pytest.mark.task("dropout2d", points=5, bonus=True, on=("dropout_forward",))
def test_channels(student, draw, rng):
    """A channel is dropped as a whole, or divided by 1 - p as a whole; in evaluation out is x."""
    for p, shape in ((0.3, (40, 30, 2, 1)), (0.75, (30, 40, 1, 3))):
        x = draw.away_from_zero(*shape)
        out, _ = student.dropout2d_forward(x, p, True, generator(rng))
        obeys(out, is_scaled_by_channel, x, p)
        right(student.dropout2d_forward(x, p, False, generator(rng))[0], "In evaluation, out")


def is_scattered_by_channel(out, p):
    """Channels of all samples are dropped independently, a share p of them."""
    drops(out)
    chance.scattered((out == 0).all(axis=(2, 3)), p, "dropped channels")


@pytest.mark.task("dropout2d", points=3, bonus=True, on=("dropout_forward",))
def test_channels_scattered(student, draw, rng):
    """A share p of the channels, each of each sample by a draw of its own."""
    out, _ = student.dropout2d_forward(draw.away_from_zero(70, 50, 2, 1), 0.3, True, generator(rng))
    obeys(out, is_scattered_by_channel, 0.3)


@pytest.mark.task("dropout2d", points=4, bonus=True, on=("dropout_forward",))
def test_channels_backward(student, draw, rng):
    """dx of a dropped channel is 0, that of others dout / (1 - p)."""
    x, dout = draw.away_from_zero(40, 30, 2, 1), draw.away_from_zero(40, 30, 2, 1)
    out, cache = student.dropout2d_forward(x, 0.3, True, generator(rng))
    obeys(student.dropout2d_backward(dout, cache), is_sent_back, dout, x, out, 0.3)


@pytest.mark.task("dropout_penalty", points=4, bonus=True)
def test_penalty_of_one_sample(student, draw):
    """The growth for one sample, for several p."""
    for p in (0.2, 0.5, 0.9):
        right(student.dropout_penalty(draw.normal(1, 4), draw.normal(4), p), "The growth")


@pytest.mark.task("dropout_penalty", points=4, bonus=True)
def test_penalty_of_several(student, draw):
    """The sum over several samples, and 0 for p = 0."""
    right(student.dropout_penalty(draw.normal(5, 3), draw.normal(3), 0.3), "The growth")
    right(student.dropout_penalty(draw.normal(5, 3), draw.normal(3), 0.0), "For p = 0, the growth")
