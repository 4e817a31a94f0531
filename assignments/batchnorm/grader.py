"""Hidden checks of batchnorm.

One mistake, one price
    * Where eps is not the question, x is so LARGE that eps does not count.
    * gamma is 1 and beta 0, running statistics are given, and batches are rows (N, D), but where they are asked.
    * Whether pictures are understood is asked of many pixels and ROUGHLY: n or n - 1 is another question.
    * In backward, each path has a dout that leaves the other one empty (`without`). dx may also be what the
      paths give for the xhat and 1 / std that the student's own forward pass shows: who normalises with the
      wrong variance has paid for it there.
    * `BatchNorm` stands on other tasks. Where it fails, it is tried once more on the reference's (`on=`).
"""

import numpy as np
import pytest

from autograder.checks import as_array, assert_close, close, dtype, obeys, raises, right, unchanged
from solutions import batchnorm as reference

LARGE = 1e4
ROUGHLY = {"rtol": 0.02, "atol": 0.02}
BOTH = ("batchnorm_forward", "batchnorm_backward")


def rows(draw, N=6, D=3, scale=LARGE):
    """A batch (N, D) whose features have neither mean 0 nor variance 1."""
    return scale * (
        draw.normal(N, D) * draw.uniform(D, low=0.7, high=1.5) + draw.uniform(D, low=0.5, high=1.5)
    )


def pictures(rows, N, H, W):
    """The rows (N H W, C) as pictures (N, C, H, W)."""
    return rows.reshape(N, H, W, -1).transpose(0, 3, 1, 2).copy()


def at_rest(D=3, dtype=np.float64):
    """gamma 1, beta 0, running mean 0, running variance 1."""
    return tuple(np.array([value] * D, dtype) for value in (1, 0, 0, 1))


def statistics(draw, D=3, scale=LARGE):
    """A running mean and a running variance."""
    return scale * draw.normal(D), scale**2 * draw.uniform(D, low=0.5, high=2.0)


def scales(draw, D=3):
    """gamma and beta, away from 0 and 1."""
    return draw.uniform(D, low=1.5, high=3.0), draw.uniform(D, low=0.5, high=2.0)


def is_scaled(out, plain, scale, offset, what="out"):
    """What came is this multiple of what came without it, and not nothing."""
    assert as_array(plain).any(), f"{what} is 0."
    assert_close(out, scale * as_array(plain) + offset, what=what)


# --- batchnorm_forward: 30 ---


@pytest.mark.task("batchnorm_forward", points=6)
def test_normalises(student, draw):
    """In training each feature is normalised by its batch."""
    for N, D in ((6, 3), (4, 5), (3, 1)):
        right(student.batchnorm_forward(rows(draw, N, D), *at_rest(D), True)[0], "out")


@pytest.mark.task("batchnorm_forward", points=3)
def test_gamma_and_beta(student, draw):
    """gamma scales and beta shifts, in training and in evaluation."""
    gamma, beta = scales(draw)
    for training in (True, False):
        x, running = rows(draw), statistics(draw)
        plain = student.batchnorm_forward(x, *at_rest()[:2], *running, training)[0]
        out = student.batchnorm_forward(x, gamma, beta, *running, training)[0]
        obeys(out, is_scaled, plain, gamma, beta)


@pytest.mark.task("batchnorm_forward", points=2)
def test_eps(student, draw):
    """eps is added to the variance, under the root, in training and in evaluation."""
    x = rows(draw, 80, scale=0.2)
    for training in (True, False):
        running = x.mean(axis=0), x.var(axis=0)
        right(student.batchnorm_forward(x, *at_rest()[:2], *running, training, eps=0.05)[0], "out", **ROUGHLY)


def standard(draw, N, C=3):
    """Rows of mean 0.5 and biased variance 1, exactly."""
    x = draw.normal(N, C)
    return (x - x.mean(axis=0)) / x.std(axis=0) + 0.5


@pytest.mark.task("batchnorm_forward", points=5)
def test_pictures(student, draw):
    """Pictures have one mean and one variance per channel."""
    for N, H, W in ((4, 5, 6), (5, 7, 4)):
        x = rows(draw, N * H * W)
        right(student.batchnorm_forward(pictures(x, N, H, W), *at_rest(), True)[0], "out", **ROUGHLY)
        x = pictures(standard(draw, N * H * W), N, H, W)
        _, new_mean, new_var, _ = student.batchnorm_forward(x, *at_rest(), True, 0.5)
        right(new_mean, "new_mean", **ROUGHLY)
        right(new_var, "new_var", **ROUGHLY)


def three_updates(student, draw):
    """The running statistics after three batches of different sizes."""
    mean, var = statistics(draw)
    for N in (4, 7, 5):
        _, mean, var, _ = student.batchnorm_forward(rows(draw, N), *at_rest()[:2], mean, var, True, 0.3)
    return mean, var


@pytest.mark.task("batchnorm_forward", points=4)
def test_running_mean(student, draw):
    """momentum is the weight of the new mean in the running mean."""
    right(three_updates(student, draw)[0], "new_mean")


@pytest.mark.task("batchnorm_forward", points=3)
def test_running_var(student, draw):
    """The running variance follows the unbiased variance."""
    right(three_updates(student, draw)[1], "new_var")


@pytest.mark.task("batchnorm_forward", points=4)
def test_evaluation(student, draw):
    """Evaluation uses the running statistics and leaves them as they are, also for a batch of one."""
    for N in (5, 1):
        x, running = rows(draw, N), statistics(draw)
        out, new_mean, new_var, _ = student.batchnorm_forward(x, *at_rest()[:2], *running, False, 0.3)
        right(out, "out")
        right(new_mean, "new_mean")
        right(new_var, "new_var")
    x = pictures(rows(draw, 12), 2, 2, 3)
    right(student.batchnorm_forward(x, *at_rest()[:2], *statistics(draw), False)[0], "out of pictures")


@pytest.mark.task("batchnorm_forward", points=1)
def test_large_offset(student, draw):
    """A large mean and a small spread do no harm in float32."""
    x = (draw.normal(300, 2) + LARGE).astype(np.float32)
    out = student.batchnorm_forward(x, *at_rest(2, np.float32), True)[0]
    right(out, "out", rtol=5e-3, atol=5e-3)


@pytest.mark.task("batchnorm_forward", points=1, law=True)
def test_single_number(student, draw):
    """In training, a feature of a single number is a ValueError."""
    for shape in ((1, 3), (1, 3, 1, 1)):
        raises(ValueError, student.batchnorm_forward(draw.normal(*shape), *at_rest(), True))


@pytest.mark.task("batchnorm_forward", points=1, law=True)
def test_forward_float32(student, draw):
    """float32 in, float32 out, and no argument is modified."""
    for training in (True, False):
        inputs = draw.normal(5, 3, dtype=np.float32), *at_rest(dtype=np.float32)
        shared = student.share(inputs)
        dtype(student.batchnorm_forward(*shared, training)[0], np.float32, "out")
        unchanged(student, inputs, "x gamma beta running_mean running_var")


# --- batchnorm_backward: 25 ---


def without(dout, *directions):
    """dout without its part along these directions, for each feature."""
    for along in directions:
        dout = dout - along * (dout * along).sum(axis=0) / (along * along).sum(axis=0)
    return dout


def is_dx(dx, out, what, right_dx):
    """dx is right, or it is what the paths give for the student's own xhat and 1 / std."""
    x, dout, gamma, beta, training = what
    dx, centred = as_array(dx), x - x.mean(axis=0)
    with np.errstate(all="ignore"):
        xhat = (as_array(out) - beta) / gamma
        istd = (xhat * centred).sum(axis=0) / (centred * centred).sum(axis=0)
        own = reference.batchnorm_dx(dout, xhat, gamma, istd) if training else dout * gamma * istd
        if not np.allclose(dx, own, rtol=1e-8, atol=1e-9):
            assert_close(dx, right_dx, what="dx")


def backward(student, x, dout, gamma, beta, running, training=True, eps=1e-5):
    """dx is judged by `is_dx`."""
    given = x, gamma, beta, *running, training, 0.1, eps
    out, _, _, cache = student.batchnorm_forward(*given)
    right_dx = reference.batchnorm_backward(dout, reference.batchnorm_forward(*given)[3])[0]
    obeys(student.batchnorm_backward(dout, cache)[0], is_dx, out, (x, dout, gamma, beta, training), right_dx)


@pytest.mark.task("batchnorm_backward", points=3)
def test_dgamma(student, draw):
    """dgamma is the sum of dout times xhat over a feature's numbers."""

    def is_dgamma(dgamma, out, dout, right_dgamma):
        axes = (0, *range(2, dout.ndim))
        if not np.allclose(as_array(dgamma), (dout * as_array(out)).sum(axis=axes), rtol=1e-8):
            assert_close(dgamma, right_dgamma, what="dgamma")

    for x in (rows(draw), pictures(rows(draw, 24), 2, 3, 4)):
        out, _, _, cache = student.batchnorm_forward(x, *at_rest(), True)
        dout = draw.like(out)
        cached = reference.batchnorm_forward(x, *at_rest(), True)[3]
        dgamma = student.batchnorm_backward(dout, cache)[1]
        obeys(dgamma, is_dgamma, out, dout, reference.batchnorm_backward(dout, cached)[1])


@pytest.mark.task("batchnorm_backward", points=2)
def test_dbeta(student, draw):
    """dbeta is the sum of dout over a feature's numbers."""
    for x in (rows(draw), pictures(rows(draw, 24), 2, 3, 4)):
        out, _, _, cache = student.batchnorm_forward(x, *at_rest(), True)
        right(student.batchnorm_backward(draw.like(out), cache)[2], "dbeta")


@pytest.mark.task("batchnorm_backward", points=5)
def test_direct_path(student, draw):
    """The direct path scales by gamma and by 1 / std, with eps in it."""
    for N, training in ((6, True), (5, True), (6, False)):
        x = rows(draw, N, scale=0.2)
        dout = without(draw.normal(N, 3), np.ones((N, 3)), x - x.mean(axis=0))
        backward(student, x, dout, *scales(draw), statistics(draw, scale=0.2), training, eps=0.05)


@pytest.mark.task("batchnorm_backward", points=5)
def test_path_through_mean(student, draw):
    """The path through the mean: all samples are pushed alike."""
    for N in (6, 4):
        x = rows(draw, N)
        dout = without(LARGE * (draw.normal(N, 3) + 1), x - x.mean(axis=0))
        backward(student, x, dout, *at_rest()[:2], statistics(draw))


@pytest.mark.task("batchnorm_backward", points=5)
def test_path_through_variance(student, draw):
    """The path through the variance: each sample is pushed as far as it lies from the mean."""
    for N in (6, 4):
        x = rows(draw, N)
        dout = without(LARGE * draw.normal(N, 3), np.ones((N, 3)))
        backward(student, x, dout, *at_rest()[:2], statistics(draw))


@pytest.mark.task("batchnorm_backward", points=2)
def test_backward_pictures(student, draw):
    """In pictures all pixels of a channel share the paths."""
    for N, H, W in ((4, 5, 6), (5, 7, 4)):
        x = standard(draw, N * H * W)
        apart = without(draw.normal(N * H * W, 3), np.ones_like(x), x - 0.5)
        dout = pictures(apart + 0.02 + 0.02 * (x - 0.5), N, H, W)  # far too small to show a missing path
        _, _, _, cache = student.batchnorm_forward(pictures(x, N, H, W), *at_rest(), True)
        right(student.batchnorm_backward(dout, cache)[0], "dx", rtol=0.1, atol=0.1)


@pytest.mark.task("batchnorm_backward", points=2)
def test_backward_evaluation(student, draw):
    """In evaluation there is the direct path alone."""
    for N in (5, 3):
        x, dout = rows(draw, N), LARGE * draw.normal(N, 3)
        backward(student, x, dout, *at_rest()[:2], statistics(draw), False)


@pytest.mark.task("batchnorm_backward", points=1, law=True)
def test_cache_serves_twice(student, draw):
    """dout is not modified, and a cache serves twice, also after another forward pass."""
    x, dout = draw.normal(5, 3), draw.normal(5, 3)
    _, _, _, cache = student.batchnorm_forward(x, *at_rest(), True)
    first = student.batchnorm_backward(dout, cache)
    student.batchnorm_forward(draw.normal(5, 3), *at_rest(), True)
    student.share(dout)
    second = student.batchnorm_backward(dout, cache)
    for name, one, two in zip(("dx", "dgamma", "dbeta"), first, second, strict=True):
        close(two, one, f"{name} of a second backward pass")
    unchanged(student, dout, "dout")


# --- batchnorm_dx: 10 ---


def normalised(draw, N, D=3):
    """dout, and an xhat of mean 0."""
    x = draw.normal(N, D)
    return draw.normal(N, D), (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + 0.01)


@pytest.mark.task("batchnorm_dx", points=5)
def test_closed_form(student, draw):
    """dx of a batch of six, for gamma 1."""
    for _ in range(2):
        istd = draw.uniform(3, low=0.5, high=2.0)
        right(student.batchnorm_dx(*normalised(draw, 6), np.ones(3), istd), "dx")


@pytest.mark.task("batchnorm_dx", points=2)
def test_closed_form_gamma(student, draw):
    """dx grows with gamma, feature by feature."""
    gamma, istd = scales(draw)
    batch = normalised(draw, 6)
    plain = student.batchnorm_dx(*batch, np.ones(3), istd)
    obeys(student.batchnorm_dx(*batch, gamma, istd), is_scaled, plain, gamma, 0.0, "dx")


@pytest.mark.task("batchnorm_dx", points=1)
def test_closed_form_sizes(student, draw):
    """Batches and features of any number."""
    for N, D in ((3, 5), (12, 1), (4, 4)):
        istd = draw.uniform(D, low=0.5, high=2.0)
        right(student.batchnorm_dx(*normalised(draw, N, D), np.ones(D), istd), "dx")


def sums_to_zero(dx):
    """Nobody can move all outputs by moving all inputs alike."""
    assert np.allclose(as_array(dx).sum(axis=0), 0, atol=1e-9), "dx of a batch does not add up to 0."


@pytest.mark.task("batchnorm_dx", points=1, law=True)
def test_sum_is_zero(student, draw):
    """The dx of a batch add up to 0 in each feature."""
    obeys(student.batchnorm_dx(*normalised(draw, 7), *scales(draw)), sums_to_zero)


@pytest.mark.task("batchnorm_dx", points=1, law=True)
def test_closed_form_leaves_arguments(student, draw):
    """No argument is modified."""
    inputs = *normalised(draw, 5), *scales(draw)
    student.batchnorm_dx(*student.share(inputs))
    unchanged(student, inputs, "dout xhat gamma istd")


# --- BatchNorm: 15 ---


def layer_of(student, draw, **settings):
    """A layer with weights and running statistics of ours."""
    layer = student.BatchNorm(3, **settings)
    layer.weight, layer.bias = scales(draw)
    layer.running_mean, layer.running_var = statistics(draw, scale=1.0)
    return layer


@pytest.mark.task("BatchNorm", points=2)
def test_starting_values(student):
    """weight 1, bias 0, running_mean 0, running_var 1, in training."""
    layer = student.BatchNorm(4)
    for name in ("weight", "bias", "running_mean", "running_var", "training"):
        right(getattr(layer, name), name)


@pytest.mark.task("BatchNorm", points=4, on=BOTH)
def test_layer_forward(student, draw):
    """In training: out with weight, bias, momentum and eps of the layer; running statistics are kept."""
    layer = layer_of(student, draw, momentum=0.3, eps=0.05)
    for x in (rows(draw, 5, scale=1.0), rows(draw, 4, scale=1.0), draw.normal(2, 3, 2, 2)):
        right(layer.forward(x), "out")
        right(layer.running_mean, "running_mean")
        right(layer.running_var, "running_var")


@pytest.mark.task("BatchNorm", points=4, on=BOTH)
def test_layer_backward(student, draw):
    """backward returns dx and sets weight_grad and bias_grad."""
    for x in (rows(draw, 5, scale=1.0), draw.normal(2, 3, 2, 2)):
        layer = layer_of(student, draw)
        out = layer.forward(x)
        right(layer.backward(draw.like(out)), "dx")
        right(layer.weight_grad, "weight_grad")
        right(layer.bias_grad, "bias_grad")


@pytest.mark.task("BatchNorm", points=3, on=BOTH)
def test_layer_eval(student, draw):
    """After eval(), the running statistics are used and stay as they are."""
    layer = layer_of(student, draw)
    layer.eval()
    for N in (5, 1):
        right(layer.forward(rows(draw, N, scale=1.0)), "out")
    right(layer.running_mean, "running_mean")
    right(layer.running_var, "running_var")


@pytest.mark.task("BatchNorm", points=1, on=BOTH)
def test_layer_train(student, draw):
    """train() switches back to training."""
    layer = layer_of(student, draw)
    layer.eval()
    layer.train()
    right(layer.forward(rows(draw, 5, scale=1.0)), "out")


@pytest.mark.task("BatchNorm", points=1, law=True, on=BOTH)
def test_layer_replaces(student, draw):
    """A second backward replaces the gradients; two layers keep apart."""
    layer, other = layer_of(student, draw), layer_of(student, draw)
    for each in (layer, other):
        each.forward(draw.normal(5, 3))
        each.backward(draw.normal(5, 3))
    layer.backward(draw.normal(5, 3))
    right(layer.weight_grad, "weight_grad")
    right(layer.bias_grad, "bias_grad")


# --- layernorm: 15 ---


def plain(D):
    """weight 1, bias 0."""
    return np.ones(D), np.zeros(D)


@pytest.mark.task("layernorm", points=4)
def test_layernorm(student, draw):
    """Each sample is normalised over its features."""
    for N, D in ((3, 6), (5, 4)):
        right(student.layernorm_forward(rows(draw, N, D), *plain(D))[0], "out")


@pytest.mark.task("layernorm", points=2)
def test_layernorm_weight(student, draw):
    """Each feature has its weight and its bias."""
    x, (weight, bias) = rows(draw, 3, 6), scales(draw, 6)
    out, without_them = (student.layernorm_forward(x, *each)[0] for each in ((weight, bias), plain(6)))
    obeys(out, is_scaled, without_them, weight, bias)


@pytest.mark.task("layernorm", points=1)
def test_layernorm_eps(student, draw):
    """eps is added to the variance, under the root."""
    x = rows(draw, 3, 100, scale=0.2)
    right(student.layernorm_forward(x, *plain(100), eps=0.05)[0], "out", **ROUGHLY)


@pytest.mark.task("layernorm", points=1)
def test_layernorm_axes(student, draw):
    """Any number of axes may stand before the last, or none."""
    for shape in ((3, 4, 100), (2, 2, 2, 100), (100,)):
        right(student.layernorm_forward(LARGE * draw.normal(*shape), *plain(100))[0], "out", **ROUGHLY)


def is_layernorm_dx(dx, out, x, dout, weight, right_dx):
    """dx is right, or it is what the paths give for the student's own xhat and 1 / std."""
    with np.errstate(all="ignore"):
        xhat, centred = as_array(out) / weight, x - x.mean(axis=-1, keepdims=True)
        istd = (xhat * centred).sum(axis=-1, keepdims=True) / (centred**2).sum(axis=-1, keepdims=True)
        own = reference.layernorm_backward(dout, (xhat, istd, weight))[0]
        if not np.allclose(as_array(dx), own, rtol=1e-8, atol=1e-9):
            assert_close(dx, right_dx, what="dx")


@pytest.mark.task("layernorm", points=4)
def test_layernorm_dx(student, draw):
    """dx: three paths within each sample."""
    for shape in ((3, 6), (2, 3, 5)):
        D = shape[-1]
        x, weight = LARGE * (draw.normal(*shape) + 1), scales(draw, D)[0]
        out, cache = student.layernorm_forward(x, weight, np.zeros(D))
        dout = LARGE * draw.like(out)
        cached = reference.layernorm_forward(x, weight, np.zeros(D))[1]
        right_dx = reference.layernorm_backward(dout, cached)[0]
        obeys(student.layernorm_backward(dout, cache)[0], is_layernorm_dx, out, x, dout, weight, right_dx)


@pytest.mark.task("layernorm", points=2)
def test_layernorm_sums(student, draw):
    """dweight and dbias are sums over all axes but the last."""

    def is_dweight(dweight, out, dout, right_dweight):
        if not np.allclose(as_array(dweight), (dout * as_array(out)).reshape(-1, 5).sum(axis=0), rtol=1e-8):
            assert_close(dweight, right_dweight, what="dweight")

    for shape in ((4, 5), (2, 3, 5)):
        x = LARGE * draw.normal(*shape)
        out, cache = student.layernorm_forward(x, *plain(5))
        dout = draw.like(out)
        _, dweight, dbias = student.layernorm_backward(dout, cache)
        cached = reference.layernorm_forward(x, *plain(5))[1]
        obeys(dweight, is_dweight, out, dout, reference.layernorm_backward(dout, cached)[1])
        right(dbias, "dbias")


def is_alone(out, other):
    """The first sample's output is the same in both batches."""
    assert_close(as_array(out)[0], as_array(other)[0], what="out of a sample in another batch")


@pytest.mark.task("layernorm", points=1, law=True)
def test_layernorm_alone(student, draw):
    """A sample's output does not depend on the others."""
    x = draw.normal(3, 6)
    moved = x * np.array([[1.0], [3.0], [-2.0]])
    out, other = (student.layernorm_forward(each, *plain(6))[0] for each in (x, moved))
    obeys(out, is_alone, other)


# --- bug_hunt: 5 ---

XHAT, GAMMA, ISTD = np.array([[-1.0], [-1.0], [1.0], [1.0]]), np.array([10.0]), np.array([0.5])


def suspicious_backward(dout, xhat, gamma, istd):
    """The wrong code of the notebook: the path through the variance is missing."""
    dcentred = dout * gamma * istd
    return dcentred - dcentred.mean(axis=0)


def is_seen(dout):
    """Whether suspicious_backward is wrong for this dout."""
    dout = dout[:, None]
    wrong, right = (f(dout, XHAT, GAMMA, ISTD) for f in (suspicious_backward, reference.batchnorm_dx))
    return not np.allclose(wrong, right)


def hunts(answer):
    """The gradients are as asked; blind misses the mistake and sharp shows it."""
    assert isinstance(answer, (tuple, list)) and len(answer) == 2, "bug_hunt must return (blind, sharp)."
    blind, sharp = (as_array(dout).astype(np.float64) for dout in answer)
    for name, dout in (("blind", blind), ("sharp", sharp)):
        assert dout.shape == (4,), f"{name} must have the shape (4,)."
        assert np.isin(dout, np.arange(-9, 10)).all(), f"{name} must hold whole numbers from -9 to 9."
    assert np.ptp(blind) > 0, "The four numbers of blind are all equal."
    assert not is_seen(blind), "blind is not blind: suspicious_backward is wrong for it."
    assert is_seen(sharp), "sharp is not sharp: suspicious_backward is right for it."


@pytest.mark.task("bug_hunt", points=5)
def test_bug_hunt(student):
    """`suspicious_backward` is right for blind, whose numbers are not all equal, and wrong for sharp."""
    obeys(student.bug_hunt(), hunts)


# --- bonus: 20 ---


@pytest.mark.task("BatchNorm", points=3, bonus=True, on=BOTH)
def test_mean_of_all_batches(student, draw):
    """With momentum None, running_mean is the mean of the means of all batches."""
    layer = student.BatchNorm(3, momentum=None)
    for N in (4, 6, 5):
        layer.forward(rows(draw, N))
        right(layer.running_mean, "running_mean")


@pytest.mark.task("BatchNorm", points=3, bonus=True, on=BOTH)
def test_mean_of_training_batches(student, draw):
    """running_var likewise; batches in evaluation do not count."""
    layer = student.BatchNorm(3, momentum=None)
    for switch in (layer.train, layer.eval, layer.train):
        switch()
        layer.forward(rows(draw, 5))
    right(layer.running_var, "running_var")


@pytest.mark.task("groupnorm", points=3, bonus=True)
def test_groups(student, draw):
    """Each group of neighbouring channels of each picture is normalised by itself."""
    for C, groups in ((6, 2), (4, 4), (6, 3), (3, 1)):
        x = LARGE * (draw.normal(2, C, 3, 4) * draw.uniform(C, 1, 1) + draw.normal(C, 1, 1))
        right(student.groupnorm(x, groups, *plain(C)), "out")


@pytest.mark.task("groupnorm", points=2, bonus=True)
def test_group_weights(student, draw):
    """Each channel has its own weight and bias."""
    x, (weight, bias) = draw.normal(2, 6, 3, 4), scales(draw, 6)
    out, without_them = (student.groupnorm(x, 2, *each, 0.05) for each in ((weight, bias), plain(6)))
    obeys(out, is_scaled, without_them, weight[:, None, None], bias[:, None, None])


@pytest.mark.task("groupnorm", points=1, law=True, bonus=True)
def test_uneven_groups(student, draw):
    """Channels that do not make equal groups are a ValueError."""
    raises(ValueError, student.groupnorm(draw.normal(2, 6, 2, 2), 4, *plain(6)))


def folded(student, draw, *shape, bias=True):
    """w2 and b2 for weights of this shape."""
    F = shape[0]
    b = draw.normal(F) if bias else None
    given = *scales(draw, F), *statistics(draw, F, scale=1.0)
    return student.fold_batchnorm(draw.normal(*shape), b, *given, 0.05)


@pytest.mark.task("fold_batchnorm", points=3, bonus=True)
def test_folded_weights(student, draw):
    """w2 of a linear layer."""
    right(folded(student, draw, 4, 3)[0], "w2")
    right(folded(student, draw, 3, 3)[0], "w2")


@pytest.mark.task("fold_batchnorm", points=3, bonus=True)
def test_folded_bias(student, draw):
    """b2 of a linear layer."""
    right(folded(student, draw, 4, 3)[1], "b2")


@pytest.mark.task("fold_batchnorm", points=2, bonus=True)
def test_folded_convolution(student, draw):
    """A convolution, with a bias and without one."""
    right(folded(student, draw, 4, 3, 2, 2)[0], "w2")
    right(folded(student, draw, 4, 4, 3, 3, bias=False)[1], "b2")
