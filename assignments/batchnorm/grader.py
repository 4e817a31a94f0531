"""Hidden checks of batchnorm.

One mistake, one price
    * Where eps is not the question, x is so LARGE that eps does not count.
    * gamma is 1, beta 0, and batches are rows (N, D), unless they are the question.
    * Whether pictures are understood is asked of many pixels and ROUGHLY: n or n - 1 is another question.
    * In backward, each path has a dout that leaves the other one empty (`without`). dx may also be what
      follows from the student's own xhat and 1 / std: a wrong variance has been paid for in forward.
    * `BatchNorm` stands on other tasks. Where it fails, it is tried once more on the reference's (`on=`).
"""

import numpy as np
import pytest

from autograder.checks import as_array, assert_close, close, dtype, obeys, raises, right, unchanged
from solutions import batchnorm as reference

LARGE = 1e6
ROUGHLY = {"rtol": 0.02, "atol": 0.02}


def rows(draw, N=6, D=3, scale=LARGE):
    """A batch (N, D) whose features have neither mean 0 nor variance 1."""
    spread, mean = draw.uniform(2, D, low=0.5, high=1.5)
    return scale * (draw.normal(N, D) * spread + mean)


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


def standard(draw, N):
    """Rows of mean 0.5 and biased variance 1, exactly."""
    x = draw.normal(N, 3)
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
    for N, *momentum in ((4, 0.3), (7, 0.3), (5,)):
        _, mean, var, _ = student.batchnorm_forward(rows(draw, N), *at_rest()[:2], mean, var, True, *momentum)
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
        right(new_mean, "new_mean in evaluation")
        right(new_var, "new_var in evaluation")
    x = pictures(rows(draw, 12), 2, 2, 3)
    right(student.batchnorm_forward(x, *at_rest()[:2], *statistics(draw), False)[0], "out of pictures")


@pytest.mark.task("batchnorm_forward", points=1)
def test_large_offset(student, draw):
    """A large mean and a small spread do no harm in float32."""
    x = (draw.normal(300, 2) + 1e4).astype(np.float32)
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


def either(came, own, right_value, what):
    """What came is what follows from the student's own forward pass, or it is right."""
    if not (own.any() and np.allclose(as_array(came), own, rtol=1e-8, atol=1e-9)):
        assert_close(came, right_value, what=what)


def is_dx(dx, out, given, right_dx, axis=0, training=True):
    """dx is right, or it is what the paths give for the student's own xhat and 1 / std."""
    x, dout, scale, offset = given
    centred = x - x.mean(axis=axis, keepdims=True)
    with np.errstate(all="ignore"):
        xhat = (as_array(out) - offset) / scale
        istd = (xhat * centred).sum(axis=axis, keepdims=True) / (centred**2).sum(axis=axis, keepdims=True)
        own = dout * scale * istd
        if training:
            along = xhat * (own * xhat).mean(axis=axis, keepdims=True)
            own = own - own.mean(axis=axis, keepdims=True) - along
        either(dx, own, right_dx, "dx")


def is_sum(came, out, dout, xhat, what):
    """A sum of dout times xhat; out is the student's own xhat."""
    axes = tuple(axis for axis in range(dout.ndim) if axis != (1 if what == "dgamma" else dout.ndim - 1))
    either(came, (dout * as_array(out)).sum(axis=axes), (dout * xhat).sum(axis=axes), what)


def backward(student, x, dout, gamma, beta, running, training=True, eps=1e-5):
    """dx is judged by `is_dx`."""
    given = x, gamma, beta, *running, training, 0.1, eps
    out, _, _, cache = student.batchnorm_forward(*given)
    right_dx = reference.batchnorm_backward(dout, reference.batchnorm_forward(*given)[3])[0]
    dx = student.batchnorm_backward(dout, cache)[0]
    obeys(dx, is_dx, out, (x, dout, gamma, beta), right_dx, 0, training)


def sent_back(student, draw):
    """For rows and for pictures: out, the right xhat, dout, and what comes back."""
    for x in (rows(draw), pictures(rows(draw, 24), 2, 3, 4)):
        out, _, _, cache = student.batchnorm_forward(x, *at_rest(), True)
        dout, xhat = draw.like(out), reference.batchnorm_forward(x, *at_rest(), True)[0]
        yield out, xhat, dout, student.batchnorm_backward(dout, cache)


@pytest.mark.task("batchnorm_backward", points=3)
def test_dgamma(student, draw):
    """dgamma is the sum of dout times xhat over a feature's numbers."""
    for out, xhat, dout, grads in sent_back(student, draw):
        obeys(grads[1], is_sum, out, dout, xhat, "dgamma")


@pytest.mark.task("batchnorm_backward", points=2)
def test_dbeta(student, draw):
    """dbeta is the sum of dout over a feature's numbers."""
    for _, _, _, grads in sent_back(student, draw):
        right(grads[2], "dbeta")


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
        apart = without(draw.normal(*x.shape), np.ones_like(x), x - 0.5)
        dout = 3 * pictures(apart + 0.02 + 0.02 * (x - 0.5), N, H, W)  # hardly shows a missing path
        far = pictures(3 * x + np.array([0.0, 9.0, -9.0]), N, H, W)
        cache = student.batchnorm_forward(far, *at_rest(), True)[3]
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
    dout, settings = draw.normal(5, 3), (*scales(draw), *at_rest()[2:], True)
    _, _, _, cache = student.batchnorm_forward(draw.normal(5, 3), *settings)
    first = student.batchnorm_backward(dout, cache)
    student.batchnorm_forward(draw.normal(5, 3), *settings)
    student.share(dout)
    again = student.batchnorm_backward(dout, cache)
    for i, name in enumerate(("dx", "dgamma", "dbeta")):
        close(again[i], first[i], f"{name} of a second backward pass")
    unchanged(student, dout, "dout")


# --- batchnorm_dx: 10 ---
def normalised(draw, N, D=3):
    """dout, and an xhat of mean 0."""
    x = draw.normal(N, D)
    return draw.normal(N, D), (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + 0.01)


@pytest.mark.task("batchnorm_dx", points=6)
def test_closed_form(student, draw):
    """dx for gamma 1, for batches and features of any number."""
    for N, D in ((6, 3), (3, 5), (12, 1), (4, 4)):
        istd = draw.uniform(D, low=0.5, high=2.0)
        right(student.batchnorm_dx(*normalised(draw, N, D), np.ones(D), istd), "dx")


@pytest.mark.task("batchnorm_dx", points=2)
def test_closed_form_gamma(student, draw):
    """dx grows with gamma, feature by feature."""
    (gamma, istd), batch = scales(draw), normalised(draw, 6)
    plain = student.batchnorm_dx(*batch, np.ones(3), istd)
    obeys(student.batchnorm_dx(*batch, gamma, istd), is_scaled, plain, gamma, 0.0, "dx")


@pytest.mark.task("batchnorm_dx", points=2, law=True)
def test_sum_is_zero(student, draw):
    """The dx of a batch add up to 0 in each feature, and no argument is modified."""
    inputs = *normalised(draw, 7), *scales(draw)
    dx = student.batchnorm_dx(*student.share(inputs))
    close(dx.sum(axis=0), np.zeros(3), "The sum of dx", rtol=0.0, atol=1e-9)
    unchanged(student, inputs, "dout xhat gamma istd")


# --- BatchNorm: 15 ---
def layer_of(student, draw, **settings):
    """A layer in training, with weights and running statistics of ours."""
    layer = student.BatchNorm(3, **settings)
    layer.training = True
    layer.weight, layer.bias = scales(draw)
    layer.running_mean, layer.running_var = statistics(draw, scale=1.0)
    return layer


@pytest.mark.task("BatchNorm", points=2)
def test_starting_values(student):
    """weight 1, bias 0, running_mean 0, running_var 1, in training."""
    layer = student.BatchNorm(num_features=4)
    for name in ("weight", "bias", "running_mean", "running_var", "training", "weight_grad"):
        right(getattr(layer, name), name)


@pytest.mark.task("BatchNorm", points=4, on=("batchnorm_forward", "batchnorm_backward"))
def test_layer_forward(student, draw):
    """In training: out with weight, bias, momentum and eps of the layer; running statistics are kept."""
    for settings in ({"momentum": 0.3, "eps": 0.05}, {}):
        layer = layer_of(student, draw, **settings)
        for x in (rows(draw, 5, scale=1.0), rows(draw, 4, scale=1.0), draw.normal(2, 3, 2, 2)):
            right(layer.forward(x), "out")
            right(layer.running_mean, "running_mean")
            right(layer.running_var, "running_var")


@pytest.mark.task("BatchNorm", points=4, on=("batchnorm_forward", "batchnorm_backward"))
def test_layer_backward(student, draw):
    """backward returns dx and sets weight_grad and bias_grad."""
    for x in (rows(draw, 5, scale=1.0), draw.normal(2, 3, 2, 2)):
        layer = layer_of(student, draw)
        out = layer.forward(x)
        right(layer.backward(draw.like(out)), "dx")
        right(layer.weight_grad, "weight_grad")
        right(layer.bias_grad, "bias_grad")


@pytest.mark.task("BatchNorm", points=4, on=("batchnorm_forward", "batchnorm_backward"))
def test_layer_eval(student, draw):
    """eval(): the running statistics are used and stay as they are; train() switches back."""
    layer = layer_of(student, draw)
    layer.eval()
    for N in (5, 1):
        right(layer.forward(rows(draw, N, scale=1.0)), "out after eval()")
    right(layer.running_mean, "running_mean after eval()")
    right(layer.running_var, "running_var after eval()")
    layer.train()
    right(layer.forward(rows(draw, 5, scale=1.0)), "out after train()")


@pytest.mark.task("BatchNorm", points=1, law=True, on=("batchnorm_forward", "batchnorm_backward"))
def test_layer_replaces(student, draw):
    """A second backward replaces the gradients; two layers keep apart."""
    layer, other = layer_of(student, draw), layer_of(student, draw)
    for each in (layer, other):
        each.forward(draw.normal(5, 3))
        each.backward(draw.normal(5, 3))
    layer.backward(draw.normal(5, 3))
    right(layer.weight_grad, "weight_grad")


# --- layernorm: 15 ---
@pytest.mark.task("layernorm", points=5)
def test_layernorm(student, draw):
    """Each sample is normalised over its features."""
    for N, D in ((3, 6), (5, 4)):
        right(student.layernorm_forward(rows(draw, N, D), *at_rest(D)[:2])[0], "out")


@pytest.mark.task("layernorm", points=2)
def test_layernorm_weight(student, draw):
    """Each feature has its weight and its bias."""
    x, weights = rows(draw, 3, 6), scales(draw, 6)
    out, plain = (student.layernorm_forward(x, *each)[0] for each in (weights, at_rest(6)[:2]))
    obeys(out, is_scaled, plain, *weights)


@pytest.mark.task("layernorm", points=2)
def test_layernorm_axes(student, draw):
    """eps is added under the root, and any number of axes may stand before the last."""
    for shape, *eps in (((3, 100), 0.05), ((2, 3, 100), 0.05), ((2, 2, 2, 100),), ((100,),)):
        x = 0.2 * (draw.normal(*shape) + 1)
        right(student.layernorm_forward(x, *at_rest(100)[:2], *eps)[0], "out", **ROUGHLY)


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
        dx = student.layernorm_backward(dout, cache)[0]
        obeys(dx, is_dx, out, (x, dout, weight, 0.0), right_dx, -1)


@pytest.mark.task("layernorm", points=2)
def test_layernorm_sums(student, draw):
    """dweight and dbias are sums over all axes but the last."""

    for shape in ((4, 5), (2, 3, 5)):
        x = LARGE * draw.normal(*shape)
        out, cache = student.layernorm_forward(x, *at_rest(5)[:2])
        dout = draw.like(out)
        _, dweight, dbias = student.layernorm_backward(dout, cache)
        obeys(dweight, is_sum, out, dout, reference.layernorm_forward(x, *at_rest(5)[:2])[0], "dweight")
        right(dbias, "dbias")


# --- bug_hunt: 5 ---
def suspicious_backward(dout, xhat, gamma, istd):
    """The wrong code of the notebook: the path through the variance is missing."""
    dcentred = dout * gamma * istd
    return dcentred - dcentred.mean(axis=0)


def hunts(answer):
    """The gradients are as asked; blind misses the mistake and sharp shows it."""
    assert isinstance(answer, (tuple, list)) and len(answer) == 2, "bug_hunt must return (blind, sharp)."
    for name, dout in zip(("blind", "sharp"), answer, strict=True):
        dout = as_array(dout).astype(np.float64)
        assert dout.shape == (4,), f"{name} must have the shape (4,)."
        assert np.isin(dout, np.arange(-9, 10)).all(), f"{name} must hold whole numbers from -9 to 9."
        assert name == "sharp" or np.ptp(dout) > 0, "The four numbers of blind are all equal."
        batch = dout[:, None], np.array([[-1.0], [-1.0], [1.0], [1.0]]), np.array([10.0]), np.array([0.5])
        found = (
            "right" if np.allclose(suspicious_backward(*batch), reference.batchnorm_dx(*batch)) else "wrong"
        )
        assert (found == "right") == (name == "blind"), f"{name}: suspicious_backward is {found} for it."


@pytest.mark.task("bug_hunt", points=5)
def test_bug_hunt(student):
    """`suspicious_backward` is right for blind, whose numbers are not all equal, and wrong for sharp."""
    obeys(student.bug_hunt(), hunts)


# --- bonus: 20 ---
@pytest.mark.task("BatchNorm", points=6, bonus=True, on=("batchnorm_forward", "batchnorm_backward"))
def test_mean_of_all_batches(student, draw):
    """With momentum None, running statistics are means over all batches in training."""
    layer = layer_of(student, draw, momentum=None)
    for switch in (layer.train, layer.train, layer.eval, layer.train):
        switch()
        layer.forward(rows(draw, 5))
    right(layer.running_mean, "running_mean")
    right(layer.running_var, "running_var")


@pytest.mark.task("groupnorm", points=5, bonus=True)
def test_groups(student, draw):
    """Neighbouring channels of each picture are normalised together; weight and bias per channel."""
    for C, groups, *eps in ((6, 2, 0.05), (4, 4), (6, 3, 0.05), (3, 1)):
        x = draw.normal(2, C, 3, 4) * draw.uniform(C, 1, 1, low=0.5) + draw.normal(C, 1, 1)
        right(student.groupnorm(x, groups, *scales(draw, C), *eps), "out")


@pytest.mark.task("groupnorm", points=1, law=True, bonus=True)
def test_uneven_groups(student, draw):
    """Channels that do not make equal groups are a ValueError."""
    raises(ValueError, student.groupnorm(draw.normal(2, 6, 2, 2), 4, *at_rest(6)[:2]))


@pytest.mark.task("fold_batchnorm", points=8, bonus=True)
def test_folded(student, draw):
    """w2 and b2 of a linear layer and of a convolution, with a bias and without one."""
    for F, *shape in ((4, 3), (3, 3), (4, 3, 2, 2)):
        for b, *eps in ((draw.normal(F), 0.05), (None,)):
            given = *scales(draw, F), *statistics(draw, F, scale=1.0)
            w2, b2 = student.fold_batchnorm(draw.normal(F, *shape), b, *given, *eps)
            right(w2, "w2")
            right(b2, "b2")
